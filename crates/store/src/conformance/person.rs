//! What a person may ask for: redeliver, replay, cancel, purge.

use hookyard_model::{
    Accepted, DeadLetterReason, DeliveryFilter, DeliveryId, DeliveryState, EventId, Next, Page,
};

use super::{
    EXHAUSTED, Place, accept_some, at, event_id, first_delivery, lease, lease_one, name, new_event,
    settle, settlement,
};

fn everything() -> DeliveryFilter {
    DeliveryFilter::default()
}

/// What is asked for again is due, its schedule begins anew, it says so, and its attempts stay.
pub async fn redelivers_from_the_beginning(place: &impl Place) {
    let store = place.open().await;
    accept_some(&store, 1, "ci").await;
    let first = lease_one(&store, "ci", 0).await;
    settle(&store, first.held, EXHAUSTED, 1).await;
    let (delivery, _) = store.delivery(first.held.id).await.unwrap().unwrap();
    assert_eq!(delivery.reason, Some(DeadLetterReason::Exhausted));
    assert!(lease(&store, "ci", 100, 1).await.is_empty());

    let which = DeliveryFilter { state: Some(DeliveryState::DeadLetter), ..everything() };
    assert_eq!(store.redeliver(which, at(200)).await, Ok(1));
    let (delivery, attempts) = store.delivery(first.held.id).await.unwrap().unwrap();
    assert_eq!((delivery.state, delivery.due_at), (DeliveryState::Pending, Some(at(200))));
    assert_eq!((delivery.reason, delivery.finished_at, attempts.len()), (None, None, 1));
    assert!(lease(&store, "ci", 199, 1).await.is_empty());
    let again = lease_one(&store, "ci", 200).await;
    assert_eq!((again.attempts, again.step), (1, 0));
    assert!(again.replayed && again.maybe_sent);
    assert!(again.held.lease > first.held.lease);
    assert_eq!(store.settle(settlement(first.held, Next::Succeeded, 201)).await, Ok(false));
}

/// What is pending is left alone; what was never tried cannot have been sent.
pub async fn redelivers_only_what_is_final(place: &impl Place) {
    let store = place.open().await;
    accept_some(&store, 3, "ci").await;
    let leased = lease(&store, "ci", 0, 1).await;
    settle(&store, leased[0].held, Next::Succeeded, 1).await;
    let third = DeliveryFilter { id: Some(first_delivery(2)), ..everything() };
    assert_eq!(store.cancel(third, at(2)).await, Ok(1));
    let pending = DeliveryFilter { state: Some(DeliveryState::Pending), ..everything() };
    assert_eq!(store.redeliver(pending, at(3)).await, Ok(0));
    assert_eq!(store.redeliver(everything(), at(3)).await, Ok(2));
    let mut due = lease(&store, "ci", 3, 10).await;
    due.sort_by_key(|leased| leased.held.id);
    let flags: Vec<_> = due.iter().map(|leased| (leased.replayed, leased.maybe_sent)).collect();
    assert_eq!(flags, [(true, true), (false, false), (true, false)]);
}

/// An event gets further deliveries, with ordinals that were never given before.
pub async fn replays_to_other_destinations(place: &impl Place) {
    let store = place.open().await;
    accept_some(&store, 1, "ci").await;
    let event = event_id(0);
    let leased = lease_one(&store, "ci", 0).await;
    settle(&store, leased.held, EXHAUSTED, 1).await;
    assert_eq!(store.purge(everything()).await, Ok(1));
    let made = store.replay(event, vec![name("ci"), name("new")], at(50)).await.unwrap().unwrap();
    let expected = [1, 2].map(|ordinal| DeliveryId { event, ordinal });
    assert_eq!(made, expected);
    let leased = lease_one(&store, "new", 50).await;
    assert_eq!((leased.held.id, leased.replayed, leased.maybe_sent), (expected[1], true, false));
    let (delivery, _) = store.delivery(expected[0]).await.unwrap().unwrap();
    assert_eq!((delivery.created_at, delivery.due_at), (at(50), Some(at(50))));
    assert_eq!(store.replay(event, vec![], at(50)).await, Ok(Some(vec![])));
    assert_eq!(store.replay(event_id(1), vec![name("ci")], at(50)).await, Ok(None));
    let stranger = EventId::new(event.sequence(), event.random() ^ 2);
    assert_eq!(store.replay(stranger, vec![name("ci")], at(50)).await, Ok(None));
}

/// What is cancelled is not tried any more, and who holds it cannot settle it.
pub async fn cancels_what_is_pending(place: &impl Place) {
    let store = place.open().await;
    accept_some(&store, 3, "ci").await;
    assert_eq!(store.accept(new_event(5, &["other"])).await, Ok(Accepted::New));
    let leased = lease(&store, "ci", 1, 2).await;
    settle(&store, leased[0].held, Next::Succeeded, 1).await;
    let which = DeliveryFilter { destination: Some(name("ci")), ..everything() };
    assert_eq!(store.cancel(which, at(9)).await, Ok(2));
    assert_eq!(store.settle(settlement(leased[1].held, Next::Succeeded, 9)).await, Ok(false));
    assert!(lease(&store, "ci", 1000, 10).await.is_empty());
    let (delivery, _) = store.delivery(leased[1].held.id).await.unwrap().unwrap();
    assert_eq!((delivery.state, delivery.finished_at), (DeliveryState::Cancelled, Some(at(9))));
    assert!(!delivery.leased);
    assert_eq!(lease(&store, "other", 1000, 10).await.len(), 1);
    // The one in hand may have been sent all the same.
    let which = DeliveryFilter { state: Some(DeliveryState::Cancelled), ..everything() };
    assert_eq!(store.redeliver(which, at(10)).await, Ok(2));
    let mut again = lease(&store, "ci", 10, 10).await;
    again.sort_by_key(|leased| leased.held.id);
    let sent: Vec<_> = again.iter().map(|leased| leased.maybe_sent).collect();
    assert_eq!(sent, [true, false]);
}

/// Dead letters go, with their attempts; nothing else does.
pub async fn purges_dead_letters(place: &impl Place) {
    let store = place.open().await;
    accept_some(&store, 4, "ci").await;
    for (leased, next) in
        lease(&store, "ci", 2, 3).await.iter().zip([EXHAUSTED, Next::Succeeded, EXHAUSTED])
    {
        settle(&store, leased.held, next, 3).await;
    }
    let one = DeliveryFilter { id: Some(first_delivery(0)), ..everything() };
    assert_eq!(store.purge(one).await, Ok(1));
    let succeeded = DeliveryFilter { state: Some(DeliveryState::Succeeded), ..everything() };
    assert_eq!(store.purge(succeeded).await, Ok(0));
    assert_eq!(store.delivery(first_delivery(0)).await, Ok(None));
    assert!(store.event(event_id(0)).await.unwrap().is_some());
    assert_eq!(store.purge(everything()).await, Ok(1));
    let page = Page { after: None, limit: 10 };
    let left = store.deliveries(everything(), page).await.unwrap();
    let states: Vec<_> = left.iter().map(|delivery| delivery.state).collect();
    assert_eq!(states, [DeliveryState::Pending, DeliveryState::Succeeded]);
    assert_eq!(store.counts().await.unwrap().dead_letters, []);
}

/// A change meets everything that is selected, however much that is.
pub async fn changes_more_than_a_page(place: &impl Place) {
    let store = place.open().await;
    accept_some(&store, 2500, "ci").await;
    let half = DeliveryFilter { since: Some(at(1000)), until: Some(at(2300)), ..everything() };
    assert_eq!(store.cancel(half, at(5000)).await, Ok(1300));
    assert_eq!(store.cancel(everything(), at(5000)).await, Ok(1200));
    assert_eq!(store.redeliver(everything(), at(5001)).await, Ok(2500));
    assert_eq!(lease(&store, "ci", 5001, 3000).await.len(), 2500);
}
