//! What lists and look-ups promise.

use std::sync::Arc;

use hookyard_model::{
    Accepted, Attempt, DeliveryFilter, DeliveryId, DeliveryState, Event, EventFilter, EventId,
    EventSummary, FailureKind, HeaderList, Name, NewEvent, Next, Page, Response, Settlement, Store,
};

use super::{
    EXHAUSTED, Place, accept_some, at, event, event_id, failure, first_delivery, lease, lease_one,
    name, new_event, odd_headers, settle, settlement, success,
};

async fn all_deliveries(
    store: &Arc<dyn Store>,
    which: &DeliveryFilter,
    limit: usize,
) -> Vec<DeliveryId> {
    let mut found = Vec::new();
    loop {
        let page = Page { after: found.last().copied(), limit };
        let next = store.deliveries(which.clone(), page).await.unwrap();
        assert!(next.len() <= limit);
        if next.is_empty() {
            return found;
        }
        found.extend(next.iter().map(|delivery| delivery.id));
    }
}

async fn all_events(store: &Arc<dyn Store>, which: &EventFilter, limit: usize) -> Vec<u64> {
    let mut found: Vec<EventSummary> = Vec::new();
    loop {
        let after = found.last().map(|last| DeliveryId { event: last.event.id, ordinal: 0 });
        let next = store.events(which.clone(), Page { after, limit }).await.unwrap();
        assert!(next.len() <= limit);
        if next.is_empty() {
            let since = |found: &EventSummary| found.event.received_at.since(at(0)).as_secs();
            return found.iter().map(since).collect();
        }
        found.extend(next);
    }
}

/// Page by page everything comes once, the newest first, though more is added meanwhile.
pub async fn pages_without_gaps(place: &impl Place) {
    let store = place.open().await;
    for number in 0..25 {
        let new = new_event(number, &["a", "b", "c"]);
        assert_eq!(store.accept(new).await, Ok(Accepted::New));
    }
    let mut expected: Vec<_> = (0..25)
        .flat_map(|number| [0, 1, 2].map(|ordinal| DeliveryId { event: event_id(number), ordinal }))
        .collect();
    expected.reverse();
    let any = DeliveryFilter::default();
    for limit in [1, 2, 7, 75, 100] {
        assert_eq!(all_deliveries(&store, &any, limit).await, expected, "{limit}");
    }
    let pending = DeliveryFilter { state: Some(DeliveryState::Pending), ..any.clone() };
    assert_eq!(all_deliveries(&store, &pending, 7).await, expected);
    let page = Page { after: None, limit: 3 };
    let last = store.deliveries(any.clone(), page).await.unwrap()[2].id;
    assert_eq!(store.accept(new_event(30, &["a"])).await, Ok(Accepted::New));
    let page = Page { after: Some(last), limit: 3 };
    let next = store.deliveries(any, page).await.unwrap();
    assert!(next.iter().map(|delivery| delivery.id).eq(expected[3..6].iter().copied()));
    let newest_first: Vec<u64> = std::iter::once(30).chain((0..25).rev()).collect();
    for limit in [1, 4, 100] {
        assert_eq!(all_events(&store, &EventFilter::default(), limit).await, newest_first);
    }
}

/// Events are found by what they are, and shown with how long they are and where they go.
pub async fn filters_events(place: &impl Place) {
    let store = place.open().await;
    for number in 0..6 {
        let kind = if number % 2 == 0 { "even" } else { "odd" };
        let event = Event {
            source: name(if number < 3 { "github" } else { "stripe" }),
            event_type: (number != 5).then(|| kind.to_owned()),
            ..event(number)
        };
        let new = NewEvent { event: Arc::new(event), ..new_event(number, &["ci"]) };
        assert_eq!(store.accept(new).await, Ok(Accepted::New));
    }
    let any = EventFilter::default();
    let even = Some("even".to_owned());
    let cases = [
        (EventFilter { source: Some(name("stripe")), ..any.clone() }, vec![5, 4, 3]),
        (EventFilter { source: Some(name("nobody")), ..any.clone() }, vec![]),
        (EventFilter { event_type: even.clone(), ..any.clone() }, vec![4, 2, 0]),
        (EventFilter { event_type: even, source: Some(name("github")), ..any.clone() }, vec![2, 0]),
        (EventFilter { since: Some(at(4)), ..any.clone() }, vec![5, 4]),
        (EventFilter { until: Some(at(2)), ..any.clone() }, vec![1, 0]),
        (EventFilter { provider_event_id: Some("provider-3".to_owned()), ..any }, vec![3]),
    ];
    for (which, expected) in cases {
        assert_eq!(all_events(&store, &which, 2).await, expected, "{which:?}");
    }
    let page = Page { after: None, limit: 1 };
    let found = store.events(EventFilter::default(), page).await.unwrap();
    let bare = Event {
        headers: HeaderList::default(),
        body: bytes::Bytes::new(),
        source: name("stripe"),
        event_type: None,
        ..event(5)
    };
    let summary = EventSummary {
        body_len: event(5).body.len() as u64,
        event: bare,
        deliveries: vec![(first_delivery(5), name("ci"), DeliveryState::Pending)],
    };
    assert_eq!(found, [summary]);
}

/// Deliveries are found by what they are.
pub async fn filters_deliveries(place: &impl Place) {
    let store = place.open().await;
    for number in 0..4 {
        assert_eq!(store.accept(new_event(number, &["a", "b"])).await, Ok(Accepted::New));
    }
    let leased = lease(&store, "a", 3, 3).await;
    settle(&store, leased[0].held, EXHAUSTED, 3).await;
    settle(&store, leased[1].held, Next::Succeeded, 3).await;
    let id = |number, ordinal| DeliveryId { event: event_id(number), ordinal };
    let any = DeliveryFilter::default();
    let state = |state| DeliveryFilter { state: Some(state), ..DeliveryFilter::default() };
    let to = |text: &str| -> Option<Name> { Some(name(text)) };
    let cases = [
        (DeliveryFilter { id: Some(id(2, 1)), ..any.clone() }, vec![id(2, 1)]),
        (DeliveryFilter { id: Some(id(2, 1)), event: Some(event_id(1)), ..any.clone() }, vec![]),
        (DeliveryFilter { event: Some(event_id(1)), ..any.clone() }, vec![id(1, 1), id(1, 0)]),
        (
            DeliveryFilter { destination: to("b"), since: Some(at(2)), ..any.clone() },
            vec![id(3, 1), id(2, 1)],
        ),
        (DeliveryFilter { destination: to("nobody"), ..any.clone() }, vec![]),
        (state(DeliveryState::DeadLetter), vec![id(0, 0)]),
        (state(DeliveryState::Succeeded), vec![id(1, 0)]),
        (state(DeliveryState::Cancelled), vec![]),
        (
            DeliveryFilter { destination: to("a"), ..state(DeliveryState::Pending) },
            vec![id(3, 0), id(2, 0)],
        ),
        (DeliveryFilter { until: Some(at(1)), ..any }, vec![id(0, 1), id(0, 0)]),
    ];
    for (which, expected) in cases {
        assert_eq!(all_deliveries(&store, &which, 3).await, expected, "{which:?}");
    }
    let (held, _) = store.delivery(id(2, 0)).await.unwrap().unwrap();
    assert!(held.leased);
    let (waiting, _) = store.delivery(id(3, 0)).await.unwrap().unwrap();
    assert!(!waiting.leased);
}

/// Attempts come back as they were, the oldest first.
pub async fn shows_attempts_as_they_were(place: &impl Place) {
    let store = place.open().await;
    accept_some(&store, 1, "ci").await;
    let odd = Response {
        status: 503,
        headers: odd_headers(),
        body: vec![0, 255, 128].into(),
        truncated: true,
    };
    let status = hookyard_model::Failure { kind: FailureKind::Status, detail: "503".to_owned() };
    let attempts = [
        failure(1),
        Attempt { response: Some(odd), failure: Some(status), ..success(2) },
        success(3),
    ];
    let next = [Next::RetryAt(at(0)), Next::RetryAt(at(0)), Next::Succeeded];
    for (attempt, next) in attempts.clone().into_iter().zip(next) {
        let leased = lease_one(&store, "ci", 0).await;
        let settlement = Settlement { attempt: Some(attempt), ..settlement(leased.held, next, 7) };
        assert_eq!(store.settle(settlement).await, Ok(true));
    }
    store.close().await.unwrap();
    let store = place.open().await;
    let (delivery, found) = store.delivery(first_delivery(0)).await.unwrap().unwrap();
    assert_eq!(found, attempts);
    assert_eq!((delivery.attempts, delivery.finished_at), (3, Some(at(7))));
    assert_eq!(delivery.event_type.as_deref(), Some("push"));
    assert_eq!(delivery.source, name("github"));
}

/// An id is both its halves.
pub async fn knows_no_strangers(place: &impl Place) {
    let store = place.open().await;
    accept_some(&store, 1, "ci").await;
    let near = EventId::new(event_id(0).sequence(), event_id(0).random() ^ 2);
    for event in [near, event_id(1), EventId::new(u64::MAX, 0), EventId::new(0, 0)] {
        let id = DeliveryId { event, ordinal: 0 };
        assert_eq!(store.event(event).await, Ok(None));
        assert_eq!(store.delivery(id).await, Ok(None));
        let which = DeliveryFilter { id: Some(id), ..DeliveryFilter::default() };
        assert_eq!(store.cancel(which, at(1)).await, Ok(0));
    }
    let none = DeliveryId { event: event_id(0), ordinal: 1 };
    assert_eq!(store.delivery(none).await, Ok(None));
}
