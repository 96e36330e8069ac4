//! What a store promises about the delivery that has been pending longest.

use std::sync::Arc;

use hookyard_model::{
    Accepted, DeliveryFilter, DeliveryState, Event, EventId, Lease, NewEvent, Next, Page,
    Retention, Store, Timestamp,
};

use super::{
    EXHAUSTED, Place, accept_some, at, event, event_id, first_delivery, lease, lease_one, name,
    new_event, settle,
};

async fn oldest(store: &Arc<dyn Store>) -> Option<Timestamp> {
    store.condition().await.unwrap().oldest_pending
}

async fn accept(store: &Arc<dyn Store>, number: u64, destinations: &[&str]) {
    assert_eq!(store.accept(new_event(number, destinations)).await, Ok(Accepted::New));
}

/// The first delivery of the n-th event.
fn first(number: u64) -> DeliveryFilter {
    DeliveryFilter { id: Some(first_delivery(number)), ..DeliveryFilter::default() }
}

/// It counts from when the event came, and neither a lease nor a wait hides it.
pub async fn counts_whatever_holds_it(place: &impl Place) {
    let store = place.open().await;
    assert_eq!(oldest(&store).await, None);
    accept(&store, 3, &[]).await;
    assert_eq!(oldest(&store).await, None, "an event without deliveries keeps nobody waiting");
    accept(&store, 7, &["a", "b"]).await;
    accept(&store, 5, &["c"]).await;
    assert_eq!(oldest(&store).await, Some(at(5)));
    let leased = lease_one(&store, "c", 5).await;
    assert_eq!(oldest(&store).await, Some(at(5)), "leased");
    settle(&store, leased.held, Next::RetryAt(at(90_000)), 6).await;
    assert_eq!(oldest(&store).await, Some(at(5)), "due tomorrow");
    let condition = store.condition().await.unwrap();
    assert_eq!(condition.oldest_due, Some(at(7)), "that is another question");
    let leased = lease_one(&store, "c", 90_000).await;
    settle(&store, leased.held, EXHAUSTED, 90_001).await;
    assert_eq!(oldest(&store).await, Some(at(7)));
    let leased = lease_one(&store, "a", 90_000).await;
    settle(&store, leased.held, Next::Succeeded, 90_001).await;
    assert_eq!(oldest(&store).await, Some(at(7)), "the other of its deliveries is pending");
    let to_b = DeliveryFilter { destination: Some(name("b")), ..DeliveryFilter::default() };
    assert_eq!(store.cancel(to_b, at(90_002)).await, Ok(1));
    assert_eq!(oldest(&store).await, None);
}

/// What a person asks for again is as old as its event, and so is what comes late.
pub async fn goes_back_to_what_is_asked_for_again(place: &impl Place) {
    let store = place.open().await;
    for number in [1, 4, 9] {
        accept(&store, number, &["ci"]).await;
    }
    for leased in lease(&store, "ci", 5, 2).await {
        settle(&store, leased.held, EXHAUSTED, 5).await;
    }
    assert_eq!(oldest(&store).await, Some(at(9)));
    assert_eq!(store.redeliver(first(4), at(10)).await, Ok(1));
    assert_eq!(oldest(&store).await, Some(at(4)));
    store.replay(event_id(1), vec![name("new")], at(11)).await.unwrap().unwrap();
    assert_eq!(oldest(&store).await, Some(at(1)));
    assert_eq!(store.cancel(first(4), at(12)).await, Ok(1));
    let leased = lease_one(&store, "new", 12).await;
    settle(&store, leased.held, Next::Succeeded, 12).await;
    assert_eq!(oldest(&store).await, Some(at(9)));
    // The store may have been asked to keep a later event first.
    accept(&store, 2, &["ci"]).await;
    assert_eq!(oldest(&store).await, Some(at(2)));
}

/// It is known again after a restart.
pub async fn is_known_after_reopening(place: &impl Place) {
    let store = place.open().await;
    accept_some(&store, 5, "ci").await;
    for leased in lease(&store, "ci", 5, 3).await {
        settle(&store, leased.held, EXHAUSTED, 5).await;
    }
    assert_eq!(oldest(&store).await, Some(at(3)));
    store.close().await.unwrap();
    let store = place.open().await;
    assert_eq!(oldest(&store).await, Some(at(3)));
    assert_eq!(store.redeliver(first(1), at(10)).await, Ok(1));
    store.close().await.unwrap();
    assert_eq!(oldest(&place.open().await).await, Some(at(1)));
}

/// The same where so many are pending that not all of them can be looked at each time.
pub async fn is_found_among_very_many(place: &impl Place) {
    const MANY: u64 = 6000;
    let store = place.open().await;
    accept_some(&store, MANY, "ci").await;
    assert_eq!(oldest(&store).await, Some(at(0)));
    let mut done = lease(&store, "ci", MANY, 300).await;
    let last = done.pop().unwrap();
    for leased in done {
        settle(&store, leased.held, EXHAUSTED, MANY).await;
    }
    assert_eq!(oldest(&store).await, Some(at(299)));
    settle(&store, last.held, Next::Succeeded, MANY).await;
    assert_eq!(oldest(&store).await, Some(at(300)));
    assert_eq!(store.redeliver(first(40), at(MANY)).await, Ok(1));
    assert_eq!(oldest(&store).await, Some(at(40)));
    assert_eq!(store.cancel(first(40), at(MANY)).await, Ok(1));
    assert_eq!(oldest(&store).await, Some(at(300)));
    let of_first = store.replay(event_id(0), vec![name("new")], at(MANY)).await;
    assert_eq!(of_first.unwrap().unwrap().len(), 1);
    assert_eq!(oldest(&store).await, Some(at(0)));
    let to_new = DeliveryFilter { destination: Some(name("new")), ..DeliveryFilter::default() };
    assert_eq!(store.cancel(to_new, at(MANY)).await, Ok(1));
    assert_eq!(oldest(&store).await, Some(at(300)));
    let id = EventId::new(event_id(299).sequence() + 1, 1);
    let late = Event { id, ..event(299) };
    let late = NewEvent { event: Arc::new(late), ..new_event(299, &["late"]) };
    assert_eq!(store.accept(late).await, Ok(Accepted::New));
    assert_eq!(oldest(&store).await, Some(at(299)));

    // Whoever asks while this happens must not make the store forget it.
    let asking = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            loop {
                oldest(&store).await;
            }
        })
    };
    for number in (50..250).rev() {
        assert_eq!(store.redeliver(first(number), at(MANY)).await, Ok(1));
        assert_eq!(oldest(&store).await, Some(at(number)));
        assert_eq!(store.cancel(first(number + 20), at(MANY)).await, Ok(u64::from(number < 230)));
    }
    asking.abort();
    assert_eq!(oldest(&store).await, Some(at(50)));
}

/// Numbers that look like dice.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        (self.0 >> 33) % bound
    }
}

/// Whatever has happened, it is the oldest event of those in the list of pending deliveries.
pub async fn agrees_with_the_list(place: &impl Place) {
    let mut store = place.open().await;
    for seed in 0..4_u64 {
        let mut dice = Dice(seed);
        for step in 0..60 {
            let number = seed * 100 + dice.below(100);
            let now = at(1000 + step);
            match dice.below(9) {
                0..=2 => drop(store.accept(new_event(number, &["a", "b"])).await),
                3 => drop(store.redeliver(first(number), now).await),
                4 => drop(store.replay(event_id(number), vec![name("a")], now).await),
                5 => drop(store.cancel(first(number), now).await),
                6 => drop(store.purge(first(number)).await),
                7 => work(&store, &mut dice, now).await,
                _ if dice.below(8) == 0 => {
                    store.close().await.unwrap();
                    store = place.open().await;
                }
                _ => forget(&store, now).await,
            }
            let page = Page { after: None, limit: 100_000 };
            let state = Some(DeliveryState::Pending);
            let which = DeliveryFilter { state, ..DeliveryFilter::default() };
            let pending = store.deliveries(which, page).await.unwrap();
            let event = pending.last().map(|delivery| delivery.id.event);
            let came_at = match event {
                Some(event) => store.event(event).await.unwrap().map(|event| event.received_at),
                None => None,
            };
            assert_eq!(oldest(&store).await, came_at, "seed {seed}, step {step}");
        }
    }
}

/// Takes some and ends each in one way or another, or not at all.
async fn work(store: &Arc<dyn Store>, dice: &mut Dice, now: Timestamp) {
    let destination = name(if dice.below(2) == 0 { "a" } else { "b" });
    let until = at(5000);
    let wish = Lease { destination, limit: 4, bytes: usize::MAX, now, until };
    for leased in store.lease(wish).await.unwrap().leased {
        let next = match dice.below(4) {
            0 => EXHAUSTED,
            1 => Next::RetryAt(now),
            2 => continue,
            _ => Next::Succeeded,
        };
        settle(store, leased.held, next, 2000).await;
    }
}

async fn forget(store: &Arc<dyn Store>, now: Timestamp) {
    let age = std::time::Duration::ZERO;
    let nothing_stays = Retention { delivered: age, dead_letters: age, max_bytes: None };
    while store.prune(nothing_stays, now).await.unwrap().more {}
}
