//! The road of a delivery: taken over or leased, attempted, retried, settled.

use std::sync::Arc;
use std::time::Duration;

use hookyard_delivery::{Clock, TransportError};
use hookyard_model::{
    DeadLetterReason, DeliveryFilter, DeliveryId, DeliveryState, FailureKind, Held, Lease, Next,
    RetryPolicy, Store, StoreError,
};

use crate::scene::{Scene, Told, answer, destination, failure, name, until};

#[tokio::test]
async fn a_delivery_that_was_handed_over_is_made_and_settled() {
    let mut scene = Scene::new();
    let (engine, transport) =
        scene.start(vec![destination("ci")], |_, _| async { answer(200) }).await;
    let reservation = engine.reserve(&name("ci"));
    assert!(reservation.is_some_and(|place| {
        let lease = place.leased_until().since(Clock::now(&*scene.clock));
        lease >= Duration::from_secs(119)
    }));
    let id = scene.accept(&engine, "ci").await;
    let (told, attempt, next) = scene.attempt().await;
    assert_eq!((told, attempt.number, &next), (id, 1, &Next::Succeeded));
    let (delivery, attempts) = scene.delivery(id).await;
    assert_eq!((delivery.state, delivery.due_at), (DeliveryState::Succeeded, None));
    assert_eq!(attempts, [attempt]);
    assert_eq!(attempts[0].response.as_ref().unwrap().body.as_ref(), b"ok");
    let sent = transport.sent.lock().unwrap();
    assert_eq!((sent.len(), sent[0].url.as_str()), (1, "http://ci.example/hooks"));
    assert_eq!(sent[0].body.as_ref(), b"{\"number\": 1}");
}

#[tokio::test]
async fn a_delivery_that_waits_in_the_store_is_found() {
    let mut scene = Scene::new();
    // One from before the start, one after a wake-up, one that nobody told us of.
    scene.store(&[("ci", None)]).await;
    let (engine, _) = scene.start(vec![destination("ci")], |_, _| async { answer(204) }).await;
    scene.ended(1).await;
    scene.store(&[("ci", None)]).await;
    engine.wake(&name("ci"));
    scene.ended(1).await;
    scene.store(&[("ci", None)]).await;
    scene.ended(1).await;
    assert_eq!(scene.count(DeliveryState::Succeeded).await, 3);
}

#[tokio::test]
async fn what_a_dead_process_had_in_hand_is_made_when_its_lease_ends_and_says_so() {
    let mut scene = Scene::new();
    let soon = Clock::now(&*scene.clock).plus(Duration::from_millis(50));
    scene.store(&[("ci", Some(soon))]).await;
    let (_engine, transport) =
        scene.start(vec![destination("ci")], |_, _| async { answer(200) }).await;
    scene.ended(1).await;
    let sent = transport.sent.lock().unwrap();
    assert_eq!(sent[0].headers["hookyard-redelivery"], "possible");
}

#[tokio::test]
async fn failures_are_tried_again_until_one_succeeds() {
    let mut scene = Scene::new();
    let play = |_, number| async move {
        match number {
            1 => failure(FailureKind::ConnectRefused, false),
            2 => failure(FailureKind::ResponseTimeout, true),
            3 => answer(503),
            _ => answer(200),
        }
    };
    let (engine, transport) = scene.start(vec![destination("ci")], play).await;
    let id = scene.accept(&engine, "ci").await;
    assert_eq!(scene.ended(1).await[&id], 4);
    let (delivery, attempts) = scene.delivery(id).await;
    assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Succeeded, 4));
    let kinds: Vec<_> = attempts.iter().map(|a| a.failure.as_ref().map(|f| f.kind)).collect();
    let timeout = Some(FailureKind::ResponseTimeout);
    assert_eq!(
        kinds,
        [Some(FailureKind::ConnectRefused), timeout, Some(FailureKind::Status), None]
    );

    let sent = transport.sent.lock().unwrap();
    let header = |name: &str| -> Vec<Option<String>> {
        let text = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
        sent.iter().map(|outbound| outbound.headers.get(name).map(text)).collect()
    };
    assert_eq!(header("webhook-id"), vec![Some(id.event.to_string()); 4]);
    assert_eq!(header("hookyard-attempt"), ["1", "2", "3", "4"].map(|n| Some(n.to_owned())));
    // Nothing of the first attempt had left; of the second it had.
    let possible = || Some("possible".to_owned());
    assert_eq!(header("hookyard-redelivery"), [None, None, possible(), possible()]);
}

#[tokio::test]
async fn a_delivery_that_keeps_failing_becomes_a_dead_letter_and_can_be_asked_for_again() {
    let mut scene = Scene::new();
    let play = |_, number| async move { answer(if number <= 4 { 500 } else { 200 }) };
    let (engine, transport) = scene.start(vec![destination("ci")], play).await;
    let id = scene.accept(&engine, "ci").await;
    scene.ended(1).await;
    let (delivery, attempts) = scene.delivery(id).await;
    assert_eq!((delivery.state, attempts.len()), (DeliveryState::DeadLetter, 4));
    assert_eq!(delivery.reason, Some(DeadLetterReason::Exhausted));

    let which = DeliveryFilter { id: Some(id), ..DeliveryFilter::default() };
    let now = Clock::now(&*scene.clock);
    assert_eq!(scene.store.redeliver(which, now).await, Ok(1));
    engine.wake(&name("ci"));
    let (_, attempt, next) = scene.attempt().await;
    assert_eq!((attempt.number, next), (5, Next::Succeeded));
    let sent = transport.sent.lock().unwrap();
    assert_eq!(sent[4].headers["hookyard-replay"], "true");
    assert_eq!(sent[4].headers["webhook-id"], sent[0].headers["webhook-id"]);
}

#[tokio::test]
async fn an_address_that_is_refused_ends_a_delivery_at_once() {
    let mut scene = Scene::new();
    let play = |_, _| async { failure(FailureKind::AddressRefused, false) };
    let (engine, _) = scene.start(vec![destination("ci")], play).await;
    let id = scene.accept(&engine, "ci").await;
    let (_, _, next) = scene.attempt().await;
    assert_eq!(next, Next::DeadLetter(DeadLetterReason::AddressRefused));
    assert_eq!(scene.delivery(id).await.0.state, DeliveryState::DeadLetter);
}

#[tokio::test]
async fn retry_after_is_honoured() {
    let mut scene = Scene::new();
    let play = |_, _| async {
        let mut answer = answer(429)?;
        answer.headers.insert("retry-after", http::HeaderValue::from_static("120"));
        Ok::<_, TransportError>(answer)
    };
    let (engine, _) = scene.start(vec![destination("ci")], play).await;
    scene.accept(&engine, "ci").await;
    let (_, attempt, next) = scene.attempt().await;
    let Next::RetryAt(at) = next else { panic!("{next:?}") };
    let wait = at.since(attempt.started_at).as_secs();
    assert!((120..=122).contains(&wait), "{wait}");
}

#[tokio::test]
async fn settings_that_make_no_request_fail_without_sending() {
    let mut scene = Scene::new();
    let mut broken = destination("ci");
    broken.secrets = vec![hookyard_model::Secret::new("   ".to_owned())];
    broken.retry = RetryPolicy::Schedule(Vec::new());
    let (engine, transport) = scene.start(vec![broken], |_, _| async { answer(200) }).await;
    scene.accept(&engine, "ci").await;
    let (_, attempt, _) = scene.attempt().await;
    assert_eq!(attempt.failure.unwrap().kind, FailureKind::Request);
    assert!(!attempt.maybe_sent && transport.sent.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_panic_in_a_transport_costs_one_lease_and_nothing_else() {
    let mut scene = Scene::new();
    scene.settings.lease = Duration::from_millis(1);
    scene.settings.slack = Duration::from_millis(1);
    let mut fragile = destination("ci");
    fragile.timeouts.total = Duration::from_millis(150);
    let play = |_, number| async move {
        assert!(number > 1, "the first one, as the test says");
        answer(200)
    };
    let (engine, transport) = scene.start(vec![fragile], play).await;
    scene.accept(&engine, "ci").await;
    until(|| !transport.sent.lock().unwrap_or_else(std::sync::PoisonError::into_inner).is_empty())
        .await;
    scene.accept(&engine, "ci").await;
    assert_eq!(scene.ended(2).await.len(), 2);
}

#[tokio::test]
async fn an_attempt_that_could_not_be_kept_is_made_again_when_its_lease_ends() {
    let mut scene = Scene::new();
    scene.settings.lease = Duration::from_millis(1);
    scene.settings.slack = Duration::from_millis(1);
    scene.settings.sweep = Duration::from_secs(3600);
    let mut quick = destination("ci");
    quick.timeouts.total = Duration::from_millis(150);
    let (store, clock) = (Arc::clone(&scene.store), Arc::clone(&scene.clock));
    let play = move |_, number| {
        let (store, clock) = (Arc::clone(&store), Arc::clone(&clock));
        async move {
            if number == 1 {
                // Another worker takes it, and soon gives it up.
                let until = clock.now().plus(Duration::from_millis(10));
                let now = clock.now().plus(Duration::from_secs(3600));
                let lease = Lease { destination: name("ci"), limit: 1, bytes: 1, now, until };
                assert_eq!(store.lease(lease).await.unwrap().leased.len(), 1);
            }
            answer(200)
        }
    };
    let (engine, transport) = scene.start(vec![quick], play).await;
    scene.accept(&engine, "ci").await;
    assert_eq!(scene.ended(1).await.len(), 1);
    assert_eq!(transport.sent.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn retries_that_an_earlier_process_left_are_all_made_in_time() {
    let mut scene = Scene::new();
    scene.settings.sweep = Duration::from_secs(3600);
    let now = scene.clock.now();
    let mut due = Vec::new();
    for wait in [200, 500, 800] {
        let event = scene.store(&[("ci", Some(now))]).await;
        let held = Held { id: DeliveryId { event: event.id, ordinal: 0 }, lease: 1 };
        let at = now.plus(Duration::from_millis(wait));
        scene.store.release(vec![held], at).await.unwrap();
        due.push((held.id, at));
    }
    let (_engine, _) = scene.start(vec![destination("ci")], |_, _| async { answer(200) }).await;
    // The store names the first alone at the start, and nobody sweeps.
    for (id, at) in due {
        let (made, attempt, _) = scene.attempt().await;
        assert_eq!(made, id);
        assert!(attempt.started_at >= at);
    }
}

#[tokio::test]
async fn a_store_that_fails_is_told() {
    let mut scene = Scene::new();
    let (engine, _) = scene.start(vec![destination("ci")], |_, _| async { answer(200) }).await;
    scene.store.close().await.unwrap();
    engine.wake(&name("ci"));
    assert!(matches!(scene.told().await, Told::StoreFailed(StoreError::Closed)));
}
