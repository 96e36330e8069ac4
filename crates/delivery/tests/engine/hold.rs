//! Destinations that are held back: by their circuit, by a person, by themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use hookyard_model::{
    CircuitPolicy, CircuitState, DeadLetterReason, DeliveryState, DestinationStatus, Next,
    RetryPolicy, Store,
};

use crate::scene::{Scene, Told, answer, destination, name, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_circuit_holds_deliveries_and_lets_one_probe_through() {
    let mut scene = Scene::new();
    let mut flaky = destination("ci");
    flaky.circuit = CircuitPolicy {
        hold: Duration::from_millis(300),
        ramp: Duration::from_millis(100),
        ..CircuitPolicy::default()
    };
    flaky.retry = RetryPolicy::Schedule(vec![Duration::from_millis(50); 20]);
    let up = Arc::new(AtomicBool::new(false));
    let is_up = Arc::clone(&up);
    let play = move |_, _| {
        let up = is_up.load(Ordering::SeqCst);
        async move { answer(if up { 200 } else { 500 }) }
    };
    let (engine, transport) = scene.start(vec![flaky], play).await;
    for _ in 0..5 {
        scene.accept(&engine, "ci").await;
    }
    while !matches!(scene.told().await, Told::Circuit(CircuitState::Open(_))) {}
    // What comes while it is open is kept, and waits in the store.
    assert!(engine.reserve(&name("ci")).is_none());
    for _ in 0..20 {
        scene.accept(&engine, "ci").await;
    }
    let before = transport.sent.lock().unwrap().len();
    while !matches!(scene.told().await, Told::Circuit(CircuitState::HalfOpen)) {}
    while !matches!(scene.told().await, Told::Circuit(CircuitState::Open(_))) {}
    assert_eq!(transport.sent.lock().unwrap().len(), before + 1, "one probe");
    assert_eq!(scene.count(DeliveryState::Pending).await, 25);
    up.store(true, Ordering::SeqCst);
    assert_eq!(scene.ended(25).await.len(), 25);
    assert_eq!(scene.count(DeliveryState::Succeeded).await, 25);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_destination_that_is_gone_is_disabled_and_its_deliveries_held() {
    let mut scene = Scene::new();
    let mut leaving = destination("ci");
    leaving.concurrency = std::num::NonZeroU32::MIN;
    let play = |_, number| async move { answer(if number == 1 { 410 } else { 200 }) };
    for _ in 0..3 {
        scene.store(&[("ci", None)]).await;
    }
    let (engine, transport) = scene.start(vec![leaving.clone()], play).await;
    assert!(matches!(scene.told().await, Told::Disabled(who) if who == name("ci")));
    let (_, _, next) = scene.attempt().await;
    assert_eq!(next, Next::DeadLetter(DeadLetterReason::Gone));
    until(|| engine.lanes()[0].status == DestinationStatus::Disabled).await;
    // New ones are kept, and nothing more is sent.
    assert!(engine.reserve(&name("ci")).is_none());
    scene.accept(&engine, "ci").await;
    engine.shutdown(Duration::from_secs(5)).await;
    assert_eq!(transport.sent.lock().unwrap().len(), 1);
    assert_eq!(scene.count(DeliveryState::Pending).await, 3);

    // It is remembered over a restart, until a person says otherwise.
    scene.reopen().await;
    let (engine, _) = scene.start(vec![leaving], |_, _| async { answer(200) }).await;
    assert_eq!(engine.lanes()[0].status, DestinationStatus::Disabled);
    engine.set_status(name("ci"), DestinationStatus::Active).await.unwrap();
    scene.ended(3).await;
    assert_eq!(scene.store.statuses().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_holds_and_a_resume_goes_on() {
    let mut scene = Scene::new();
    let (engine, transport) =
        scene.start(vec![destination("ci")], |_, _| async { answer(200) }).await;
    engine.set_status(name("ci"), DestinationStatus::Paused).await.unwrap();
    until(|| engine.lanes()[0].status == DestinationStatus::Paused).await;
    for _ in 0..10 {
        scene.accept(&engine, "ci").await;
    }
    assert_eq!(engine.lanes()[0].queued, 0);
    assert!(transport.sent.lock().unwrap().is_empty());
    engine.set_status(name("ci"), DestinationStatus::Active).await.unwrap();
    assert_eq!(scene.ended(10).await.len(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_keeps_what_is_pending_for_a_removed_destination() {
    let mut scene = Scene::new();
    let both = || vec![destination("ci"), destination("log")];
    let (engine, transport) = scene.start(both(), |_, _| async { answer(200) }).await;
    engine.set_destinations(vec![Arc::new(destination("log"))]);
    assert_eq!(engine.lanes().len(), 1);
    assert!(engine.reserve(&name("ci")).is_none());
    scene.accept(&engine, "ci").await;
    scene.accept(&engine, "log").await;
    scene.ended(1).await;
    assert_eq!(scene.count(DeliveryState::Pending).await, 1);
    let mut moved = destination("ci");
    moved.url = "http://moved.example/".to_owned();
    engine.set_destinations(vec![Arc::new(moved.clone()), Arc::new(destination("log"))]);
    scene.ended(1).await;
    moved.url = "http://again.example/".to_owned();
    engine.set_destinations(vec![Arc::new(moved), Arc::new(destination("log"))]);
    scene.accept(&engine, "ci").await;
    scene.ended(1).await;
    let sent = transport.sent.lock().unwrap();
    let urls: Vec<&str> = sent.iter().map(|outbound| outbound.url.as_str()).collect();
    assert_eq!(
        urls,
        ["http://log.example/hooks", "http://moved.example/", "http://again.example/"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hanging_destination_takes_nothing_from_the_others() {
    let mut scene = Scene::new();
    let names: Vec<String> = (0..20).map(|number| format!("d{number}")).collect();
    let hanging = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&hanging);
    let play = move |outbound: hookyard_delivery::Outbound, _| {
        let count = Arc::clone(&count);
        async move {
            if outbound.url.contains("//d0.") {
                count.fetch_add(1, Ordering::SeqCst);
                std::future::pending::<()>().await;
            }
            answer(200)
        }
    };
    let all = names.iter().map(|name| destination(name)).collect();
    let (engine, _) = scene.start(all, play).await;
    for _ in 0..50 {
        for to in &names {
            scene.accept(&engine, to).await;
        }
    }
    // All the others are served while the first still hangs with all it may have.
    assert_eq!(scene.ended(19 * 50).await.len(), 19 * 50);
    assert_eq!(hanging.load(Ordering::SeqCst), 8);
    assert_eq!(engine.lanes()[0].in_flight, 8);
}
