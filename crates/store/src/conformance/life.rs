//! What a store promises about itself.

use hookyard_model::{
    Counts, DeliveryFilter, DestinationStatus, EventFilter, Next, Page, StoreError,
};

use super::{
    EXHAUSTED, Place, accept_some, at, event, event_id, first_delivery, lease, name, new_event,
    settle,
};

/// What was answered for is there after a restart.
pub async fn remembers_over_reopening(place: &impl Place) {
    let store = place.open().await;
    assert_eq!(store.last_sequence(), 0);
    accept_some(&store, 10, "ci").await;
    let leased = lease(&store, "ci", 0, 1).await;
    settle(&store, leased[0].held, Next::Succeeded, 1).await;
    store.close().await.unwrap();
    for _ in 0..3 {
        let store = place.open().await;
        assert_eq!(store.last_sequence(), event_id(9).sequence());
        assert_eq!(*store.event(event_id(4)).await.unwrap().unwrap(), event(4));
        let (delivery, attempts) = store.delivery(first_delivery(0)).await.unwrap().unwrap();
        assert_eq!((delivery.finished_at, attempts.len()), (Some(at(1)), 1));
        store.close().await.unwrap();
    }
}

/// A destination that was paused stays so until someone says otherwise.
pub async fn remembers_statuses(place: &impl Place) {
    let store = place.open().await;
    assert_eq!(store.statuses().await, Ok(vec![]));
    store.set_status(name("a"), DestinationStatus::Paused).await.unwrap();
    store.set_status(name("b"), DestinationStatus::Disabled).await.unwrap();
    store.set_status(name("c"), DestinationStatus::Paused).await.unwrap();
    store.set_status(name("a"), DestinationStatus::Disabled).await.unwrap();
    store.set_status(name("c"), DestinationStatus::Active).await.unwrap();
    store.close().await.unwrap();
    let store = place.open().await;
    let mut statuses = store.statuses().await.unwrap();
    statuses.sort_by_key(|(name, _)| name.clone());
    let disabled = DestinationStatus::Disabled;
    assert_eq!(statuses, [(name("a"), disabled), (name("b"), disabled)]);
}

/// The gauges start from what is there.
pub async fn counts(place: &impl Place) {
    let store = place.open().await;
    assert_eq!(store.counts().await, Ok(Counts::default()));
    accept_some(&store, 10, "a").await;
    assert_eq!(store.accept(new_event(20, &["b", "c"])).await, Ok(hookyard_model::Accepted::New));
    let leased = lease(&store, "a", 9, 5).await;
    settle(&store, leased[0].held, Next::Succeeded, 9).await;
    settle(&store, leased[1].held, EXHAUSTED, 9).await;
    settle(&store, leased[2].held, EXHAUSTED, 9).await;
    settle(&store, leased[3].held, Next::RetryAt(at(50)), 9).await;
    let mut counts = store.counts().await.unwrap();
    counts.pending.sort();
    let expected = Counts {
        events: 11,
        pending: vec![(name("a"), 7), (name("b"), 1), (name("c"), 1)],
        dead_letters: vec![(name("a"), 2)],
    };
    assert_eq!(counts, expected);
}

/// It says what it is, and since when the oldest has been due; and a probe works.
pub async fn tells_its_condition(place: &impl Place) {
    let store = place.open().await;
    store.probe().await.unwrap();
    let condition = store.condition().await.unwrap();
    assert!(!condition.engine.is_empty());
    assert_eq!(condition.oldest_due, None);
    for (number, to) in [(7, "a"), (5, "b")] {
        assert!(store.accept(new_event(number, &[to])).await.is_ok());
    }
    assert_eq!(store.condition().await.unwrap().oldest_due, Some(at(5)));
    assert_eq!(store.counts().await.unwrap().events, 2, "a probe leaves nothing behind");
}

/// After it was closed, everything fails with that, and the files can be opened again.
pub async fn ends_when_closed(place: &impl Place) {
    let store = place.open().await;
    let waiting: Vec<_> = (0..50).map(|number| store.accept(new_event(number, &["ci"]))).collect();
    let mut tasks = Vec::new();
    for accept in waiting {
        tasks.push(accept.await);
    }
    assert!(tasks.iter().all(Result::is_ok));
    store.close().await.unwrap();
    let page = Page { after: None, limit: 1 };
    assert_eq!(store.accept(new_event(99, &[])).await, Err(StoreError::Closed));
    assert_eq!(store.event(event_id(0)).await, Err(StoreError::Closed));
    assert_eq!(store.events(EventFilter::default(), page).await, Err(StoreError::Closed));
    assert_eq!(store.cancel(DeliveryFilter::default(), at(0)).await, Err(StoreError::Closed));
    assert_eq!(store.probe().await, Err(StoreError::Closed));
    assert_eq!(store.close().await, Err(StoreError::Closed));
    let again = place.open().await;
    assert_eq!(again.counts().await.unwrap().events, 50);
}
