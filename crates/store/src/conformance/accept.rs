//! What [`Store::accept`](hookyard_model::Store::accept) promises.

use std::sync::Arc;
use std::time::Duration;

use hookyard_model::{
    Accepted, DedupeKey, DeliveryFilter, DeliveryId, Event, NewDelivery, NewEvent, Page, Retention,
    Verification,
};

use super::{
    Place, WEEK, accept_some, at, event, event_id, keyed_event, lease_one, name, new_event,
    odd_headers, repeat_of, settle,
};
use hookyard_model::Next;

/// Bodies, headers and everything else come back as they were.
pub async fn keeps_every_byte(place: &impl Place) {
    let store = place.open().await;
    let every_byte: Vec<u8> = (0..=255).collect();
    let bodies: [Vec<u8>; 4] = [
        vec![],
        every_byte,
        vec![0xff; 17],
        (0..1 << 20).map(|i: u32| i.to_le_bytes()[1]).collect(),
    ];
    for (number, body) in (0..).zip(bodies) {
        let kept = Event {
            body: body.into(),
            headers: odd_headers(),
            peer: Some([192, 0, 2, 1].into()),
            method: "PUT".to_owned(),
            target: "/webhook/github?a=%00&b=\u{e9}".to_owned(),
            verification: Verification::ALL[usize::try_from(number).unwrap() % 3],
            ..event(number)
        };
        let new = NewEvent { event: Arc::new(kept.clone()), ..new_event(number, &["ci"]) };
        assert_eq!(store.accept(new).await, Ok(Accepted::New));
        assert_eq!(*store.event(kept.id).await.unwrap().unwrap(), kept);
    }
    let bare = Event {
        peer: Some("2001:db8::1".parse().unwrap()),
        provider_event_id: None,
        event_type: None,
        ..event(9)
    };
    let new = NewEvent { event: Arc::new(bare.clone()), ..new_event(9, &[]) };
    assert_eq!(store.accept(new).await, Ok(Accepted::New));
    store.close().await.unwrap();
    let store = place.open().await;
    assert_eq!(*store.event(bare.id).await.unwrap().unwrap(), bare);
    assert_eq!(store.event(event_id(3)).await.unwrap().unwrap().body.len(), 1 << 20);
}

/// An event that cannot be kept leaves nothing behind, and hurts none of those that came with it.
pub async fn keeps_all_or_nothing(place: &impl Place) {
    let store = place.open().await;
    accept_some(&store, 1, "ci").await;
    // The same id again, with another key and other deliveries: not possible.
    let clash = NewEvent {
        dedupe: Some(DedupeKey { hash: [7; 16], body: [7; 8], expires_at: at(0).plus(WEEK) }),
        ..new_event(0, &["x", "y"])
    };
    let (clashed, kept) = tokio::join!(store.accept(clash), store.accept(new_event(1, &["ci"])));
    assert!(clashed.is_err(), "{clashed:?}");
    assert_eq!(kept, Ok(Accepted::New));
    let all = Page { after: None, limit: 10 };
    let deliveries = store.deliveries(DeliveryFilter::default(), all).await.unwrap();
    assert!(deliveries.iter().all(|delivery| delivery.destination == name("ci")), "{deliveries:?}");
    assert_eq!(deliveries.len(), 2);
    assert_eq!(store.accept(keyed_event(2, 7)).await, Ok(Accepted::New), "its key was not kept");
}

/// A repeat is told, and nothing of it is kept.
pub async fn tells_repeats(place: &impl Place) {
    let store = place.open().await;
    assert_eq!(store.accept(keyed_event(0, 1)).await, Ok(Accepted::New));
    assert_eq!(store.accept(keyed_event(1, 2)).await, Ok(Accepted::New));
    assert_eq!(store.accept(keyed_event(2, 1)).await, Ok(repeat_of(0)));
    assert_eq!(store.event(event_id(2)).await, Ok(None));
    let of_repeat = DeliveryFilter { event: Some(event_id(2)), ..DeliveryFilter::default() };
    let page = Page { after: None, limit: 10 };
    assert_eq!(store.deliveries(of_repeat, page).await, Ok(vec![]));
    assert_eq!(store.counts().await.unwrap().events, 2);
}

/// Of many that come at once one is new, and the others are told its id.
pub async fn tells_repeats_that_come_at_once(place: &impl Place) {
    let store = place.open().await;
    for round in 0..20_u8 {
        let mut tasks = tokio::task::JoinSet::new();
        for index in 0..64 {
            let (store, new) =
                (Arc::clone(&store), keyed_event(u64::from(round) * 64 + index, round));
            tasks.spawn(async move { (new.event.id, store.accept(new).await.unwrap()) });
        }
        let answers = tasks.join_all().await;
        let new: Vec<_> = answers.iter().filter(|(_, answer)| *answer == Accepted::New).collect();
        assert_eq!(new.len(), 1);
        let first = Accepted::Duplicate { id: new[0].0, same_body: true };
        let repeats = answers.iter().filter(|(_, answer)| *answer == first);
        assert_eq!(repeats.count(), 63);
    }
    assert_eq!(store.counts().await.unwrap().events, 20);
}

/// A repeat is told until its key expires, and no longer; then it becomes the first.
pub async fn tells_repeats_until_they_expire(place: &impl Place) {
    let store = place.open().await;
    assert_eq!(store.accept(keyed_event(0, 1)).await, Ok(Accepted::New));
    let week = WEEK.as_secs();
    let just_before = Event { received_at: at(week).minus(Duration::from_millis(1)), ..event(5) };
    let early = NewEvent { event: Arc::new(just_before), ..keyed_event(5, 1) };
    assert_eq!(store.accept(early).await, Ok(repeat_of(0)));
    assert_eq!(store.accept(keyed_event(week, 1)).await, Ok(Accepted::New));
    let repeat = store.accept(keyed_event(week + 1, 1)).await;
    assert_eq!(repeat, Ok(repeat_of(week)));
}

/// A repeat is told after a restart.
pub async fn tells_repeats_after_reopening(place: &impl Place) {
    let store = place.open().await;
    for key in 0..200 {
        assert_eq!(store.accept(keyed_event(u64::from(key), key)).await, Ok(Accepted::New));
    }
    store.close().await.unwrap();
    let store = place.open().await;
    for key in 0..200 {
        let first = repeat_of(u64::from(key));
        assert_eq!(store.accept(keyed_event(1000 + u64::from(key), key)).await, Ok(first));
    }
}

/// A repeat is told, with the same id, though the event was forgotten meanwhile.
pub async fn tells_repeats_of_forgotten_events(place: &impl Place) {
    let store = place.open().await;
    assert_eq!(store.accept(keyed_event(0, 1)).await, Ok(Accepted::New));
    let leased = lease_one(&store, "ci", 1).await;
    settle(&store, leased.held, Next::Succeeded, 2).await;
    let retention =
        Retention { delivered: Duration::ZERO, dead_letters: Duration::ZERO, max_bytes: None };
    assert_eq!(store.prune(retention, at(3)).await.unwrap().events, 1);
    assert_eq!(store.event(event_id(0)).await, Ok(None));
    assert_eq!(store.accept(keyed_event(4, 1)).await, Ok(repeat_of(0)));
}

/// The same key with another body is told, and told apart, before and after a restart; the first
/// body stays the one that counts.
pub async fn tells_another_body(place: &impl Place) {
    let with_body = |number, body| {
        let mut new = keyed_event(number, 1);
        new.dedupe = new.dedupe.map(|key| DedupeKey { body, ..key });
        new
    };
    let other = Accepted::Duplicate { id: event_id(0), same_body: false };
    let store = place.open().await;
    assert_eq!(store.accept(with_body(0, [0xff; 8])).await, Ok(Accepted::New));
    assert_eq!(store.accept(with_body(1, [0x7f; 8])).await, Ok(other));
    assert_eq!(store.accept(with_body(2, [0xff; 8])).await, Ok(repeat_of(0)));
    store.close().await.unwrap();
    let store = place.open().await;
    assert_eq!(store.accept(with_body(3, [0x7f; 8])).await, Ok(other));
    assert_eq!(store.accept(with_body(4, [0xff; 8])).await, Ok(repeat_of(0)));
}

/// Without a key everything is new.
pub async fn keeps_every_arrival_without_a_key(place: &impl Place) {
    let store = place.open().await;
    for number in 0..3 {
        let same = Event { body: "same".into(), ..event(number) };
        let new = NewEvent { event: Arc::new(same), ..new_event(number, &["ci"]) };
        assert_eq!(store.accept(new).await, Ok(Accepted::New));
    }
    assert_eq!(store.counts().await.unwrap().events, 3);
}

/// Many at once, in any order, to several destinations, and each is there with all its deliveries.
pub async fn takes_many_at_once(place: &impl Place) {
    let store = place.open().await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in (0..1000).rev() {
        let store = Arc::clone(&store);
        let mut new = new_event(number, &["a", "b"]);
        new.deliveries.push(NewDelivery { destination: name("c"), leased_until: Some(at(5000)) });
        tasks.spawn(async move { store.accept(new).await });
    }
    assert!(tasks.join_all().await.iter().all(|accepted| *accepted == Ok(Accepted::New)));
    assert_eq!(store.last_sequence(), event_id(999).sequence());
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.events, counts.pending.len()), (1000, 3));
    assert!(counts.pending.iter().all(|(_, count)| *count == 1000), "{counts:?}");
    let last = DeliveryId { event: event_id(999), ordinal: 2 };
    let (delivery, attempts) = store.delivery(last).await.unwrap().unwrap();
    assert_eq!((delivery.destination, delivery.leased), (name("c"), true));
    assert_eq!((delivery.due_at, attempts.len()), (Some(at(5000)), 0));
}
