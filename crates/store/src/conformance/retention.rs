//! What [`Store::prune`] promises.

use std::sync::Arc;
use std::time::Duration;

use hookyard_model::{
    Accepted, DeliveryFilter, Event, EventFilter, NewEvent, Next, Page, Retention, Store, Timestamp,
};

use super::{
    EXHAUSTED, Place, accept_some, at, event, event_id, first_delivery, lease, lease_one, name,
    new_event, settle,
};

const DAY: Duration = Duration::from_hours(24);
const BY_AGE: Retention = Retention { delivered: DAY, dead_letters: WEEK, max_bytes: None };
use super::WEEK;

/// Prunes until there is nothing more to do; gives back how many events went.
async fn prune(store: &Arc<dyn Store>, retention: Retention, now: Timestamp) -> u64 {
    let mut events = 0;
    for _ in 0..1000 {
        let pruned = store.prune(retention, now).await.unwrap();
        events += pruned.events;
        if !pruned.more {
            return events;
        }
    }
    panic!("pruning never ends");
}

async fn left(store: &Arc<dyn Store>) -> Vec<u64> {
    let page = Page { after: None, limit: 100 };
    let found = store.events(EventFilter::default(), page).await.unwrap();
    found.iter().rev().map(|found| found.event.received_at.since(at(0)).as_secs()).collect()
}

/// What succeeded goes after one time, dead letters after another; what goes, goes whole.
pub async fn forgets_by_age(place: &impl Place) {
    let store = place.open().await;
    accept_some(&store, 4, "ci").await;
    assert_eq!(store.accept(new_event(8, &[])).await, Ok(Accepted::New));
    let leased = lease(&store, "ci", 3, 4).await;
    let ends = [(EXHAUSTED, 4), (Next::Succeeded, 5), (EXHAUSTED, 6), (Next::Succeeded, 7)];
    for (leased, (next, seconds)) in leased.iter().zip(ends) {
        settle(&store, leased.held, next, seconds).await;
    }
    assert_eq!(prune(&store, BY_AGE, at(4).plus(DAY)).await, 0);
    assert_eq!(prune(&store, BY_AGE, at(5).plus(DAY)).await, 1);
    assert_eq!(left(&store).await, [0, 2, 3, 8]);
    assert_eq!(prune(&store, BY_AGE, at(7).plus(DAY)).await, 1);
    assert_eq!(left(&store).await, [0, 2, 8]);
    assert_eq!(prune(&store, BY_AGE, at(8).plus(DAY)).await, 1);
    assert_eq!(left(&store).await, [0, 2]);
    assert_eq!(store.delivery(first_delivery(1)).await, Ok(None));
    assert_eq!(store.event(event_id(1)).await, Ok(None));
    assert_eq!(prune(&store, BY_AGE, at(4).plus(WEEK)).await, 1);
    assert_eq!(left(&store).await, [2]);
    assert_eq!(prune(&store, BY_AGE, at(9).plus(WEEK)).await, 1);
    assert_eq!(store.counts().await, Ok(hookyard_model::Counts::default()));
}

/// The age of what was worked on late counts from then, not from when the event came.
pub async fn spares_what_ended_lately(place: &impl Place) {
    let store = place.open().await;
    accept_some(&store, 2, "ci").await;
    let leased = lease(&store, "ci", 1, 2).await;
    let later = 2 * WEEK.as_secs();
    settle(&store, leased[0].held, EXHAUSTED, later).await;
    settle(&store, leased[1].held, Next::Succeeded, 1).await;
    // One that succeeded long ago goes anew to where it failed lately.
    let made = store.replay(event_id(1), vec![name("other")], at(later)).await;
    assert_eq!(made.unwrap().unwrap().len(), 1);
    let leased = lease_one(&store, "other", later).await;
    settle(&store, leased.held, EXHAUSTED, later + 1).await;
    assert_eq!(prune(&store, BY_AGE, at(later + 60)).await, 0);
    assert_eq!(prune(&store, BY_AGE, at(later).plus(WEEK)).await, 1);
    assert_eq!(prune(&store, BY_AGE, at(later + 1).plus(WEEK)).await, 1);
}

/// However old it is and however much there is, what is pending stays; and it hides nothing behind it.
pub async fn never_touches_what_is_undelivered(place: &impl Place) {
    let store = place.open().await;
    accept_some(&store, 20, "ci").await;
    // Pending beside a delivery that is done counts as pending.
    assert_eq!(store.accept(new_event(20, &["other", "ci"])).await, Ok(Accepted::New));
    let leased = lease(&store, "other", 100, 1).await;
    settle(&store, leased[0].held, EXHAUSTED, 100).await;
    let leased = lease(&store, "ci", 19, 20).await;
    settle(&store, leased[10].held, Next::Succeeded, 100).await;
    let all =
        Retention { delivered: Duration::ZERO, dead_letters: Duration::ZERO, max_bytes: Some(0) };
    assert_eq!(prune(&store, all, at(100).plus(WEEK)).await, 1);
    assert_eq!(left(&store).await.len(), 20);
    assert_eq!(prune(&store, all, at(100).plus(WEEK)).await, 0);
    settle(&store, leased[0].held, Next::Succeeded, 100).await;
    assert_eq!(prune(&store, all, at(100).plus(WEEK)).await, 1, "it is found when it is done");
}

/// The dead letters that go are told, by destination, so that gauges can follow.
pub async fn tells_the_dead_letters_that_go(place: &impl Place) {
    let store = place.open().await;
    for number in 0..3 {
        assert_eq!(store.accept(new_event(number, &["a", "b", "c"])).await, Ok(Accepted::New));
    }
    for (destination, next) in [("a", EXHAUSTED), ("b", Next::Succeeded), ("c", EXHAUSTED)] {
        for leased in lease(&store, destination, 3, 3).await {
            settle(&store, leased.held, next.clone(), 3).await;
        }
    }
    let one = DeliveryFilter { event: Some(event_id(0)), ..DeliveryFilter::default() };
    let one = DeliveryFilter { destination: Some(name("c")), ..one };
    assert_eq!(store.purge(one).await, Ok(1));
    let mut pruned = store.prune(BY_AGE, at(3).plus(WEEK)).await.unwrap();
    pruned.dead_letters.sort();
    assert_eq!(pruned.dead_letters, [(name("a"), 3), (name("c"), 2)]);
    assert_eq!(store.prune(BY_AGE, at(3).plus(WEEK)).await.unwrap().dead_letters, []);
}

/// The oldest go first, until there is room.
pub async fn forgets_by_size(place: &impl Place) {
    let store = place.open().await;
    for number in 0..600 {
        let event = Event { body: vec![b'x'; 20_000].into(), ..event(number) };
        let to: &[&str] = if number == 3 { &["ci"] } else { &[] };
        let new = NewEvent { event: Arc::new(event), ..new_event(number, to) };
        assert_eq!(store.accept(new).await, Ok(Accepted::New));
    }
    let by_size = Retention { max_bytes: Some(6_000_000), ..BY_AGE };
    let gone = prune(&store, by_size, at(700)).await;
    assert!((250..450).contains(&gone), "{gone}");
    assert!(store.event(event_id(0)).await.unwrap().is_none());
    assert!(store.event(event_id(3)).await.unwrap().is_some());
    assert!(store.event(event_id(599)).await.unwrap().is_some());
    assert_eq!(prune(&store, by_size, at(700)).await, 0);
}

/// Ids go on after those of events that were forgotten.
pub async fn never_gives_a_sequence_twice(place: &impl Place) {
    let store = place.open().await;
    for number in [0, 9] {
        assert_eq!(store.accept(new_event(number, &[])).await, Ok(Accepted::New));
    }
    assert_eq!(prune(&store, BY_AGE, at(100).plus(WEEK)).await, 2);
    store.close().await.unwrap();
    let store = place.open().await;
    assert_eq!(store.last_sequence(), event_id(9).sequence());
}
