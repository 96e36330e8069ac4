//! Shutdown: what is under way may end, the rest goes back, and nothing is lost.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hookyard_delivery::Clock as _;
use hookyard_model::{DeliveryState, FailureKind, Lease, Next, Store as _};
use tokio::sync::Semaphore;

use crate::scene::{Scene, answer, destination, name, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_under_way_may_end() {
    let mut scene = Scene::new();
    let may_end = Arc::new(Semaphore::new(0));
    let waiting = Arc::clone(&may_end);
    let play = move |_, _| {
        let waiting = Arc::clone(&waiting);
        async move {
            waiting.acquire().await.unwrap().forget();
            answer(200)
        }
    };
    let (engine, transport) = scene.start(vec![destination("ci")], play).await;
    for _ in 0..20 {
        scene.accept(&engine, "ci").await;
    }
    until(|| transport.sent.lock().unwrap().len() == 8).await;
    let stopping = tokio::spawn({
        let engine = engine.clone();
        async move { engine.shutdown(Duration::from_secs(10)).await }
    });
    until(|| engine.lanes().is_empty()).await;
    may_end.add_permits(20);
    stopping.await.unwrap();
    assert_eq!(scene.ended(8).await.len(), 8);
    assert_eq!(scene.count(DeliveryState::Succeeded).await, 8);
    assert!(engine.reserve(&name("ci")).is_none() && engine.lanes().is_empty());

    // The others are due at once, and known not to have been sent.
    scene.reopen().await;
    let (_engine, transport) =
        scene.start(vec![destination("ci")], |_, _| async { answer(200) }).await;
    assert_eq!(scene.ended(12).await.len(), 12);
    let sent = transport.sent.lock().unwrap();
    assert!(sent.iter().all(|outbound| !outbound.headers.contains_key("hookyard-redelivery")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_that_do_not_end_are_broken_off_and_made_again() {
    let mut scene = Scene::new();
    let play = |_, _| std::future::pending();
    let (engine, transport) = scene.start(vec![destination("ci")], play).await;
    let id = scene.accept(&engine, "ci").await;
    until(|| transport.sent.lock().unwrap().len() == 1).await;
    let began = Instant::now();
    engine.shutdown(Duration::from_millis(100)).await;
    assert!(began.elapsed() < Duration::from_secs(20), "waits for attempts that never end");
    let (_, attempt, next) = scene.attempt().await;
    assert_eq!(attempt.failure.unwrap().kind, FailureKind::Interrupted);
    assert!(attempt.maybe_sent && matches!(next, Next::RetryAt(_)));

    scene.reopen().await;
    let now = scene.clock.now();
    let lease = Lease { destination: name("ci"), limit: 1, bytes: 1, now, until: now };
    assert_eq!(scene.store.lease(lease).await.unwrap().leased[0].step, 0, "no step is used up");
    let (_engine, transport) =
        scene.start(vec![destination("ci")], |_, _| async { answer(200) }).await;
    assert_eq!(scene.ended(1).await[&id], 2);
    let sent = transport.sent.lock().unwrap();
    assert_eq!(sent[0].headers["hookyard-redelivery"], "possible");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_that_comes_while_it_stops_goes_back() {
    let mut scene = Scene::new();
    let (engine, _) = scene.start(vec![destination("ci")], |_, _| async { answer(200) }).await;
    let reservation = engine.reserve(&name("ci")).unwrap();
    let until = reservation.leased_until();
    let stopping = tokio::spawn({
        let engine = engine.clone();
        async move { engine.shutdown(Duration::from_secs(10)).await }
    });
    crate::scene::until(|| engine.lanes().is_empty()).await;
    let event = scene.store(&[("ci", Some(until))]).await;
    let id = hookyard_model::DeliveryId { event: event.id, ordinal: 0 };
    reservation.hand_over(hookyard_model::Leased {
        held: hookyard_model::Held { id, lease: 1 },
        event,
        destination: name("ci"),
        until,
        attempts: 0,
        step: 0,
        maybe_sent: false,
        replayed: false,
    });
    stopping.await.unwrap();
    let (delivery, attempts) = scene.delivery(id).await;
    assert_eq!((delivery.state, delivery.leased), (DeliveryState::Pending, false));
    assert_eq!(attempts, []);
    scene.reopen().await;
    let (_engine, _) = scene.start(vec![destination("ci")], |_, _| async { answer(200) }).await;
    scene.ended(1).await;
}
