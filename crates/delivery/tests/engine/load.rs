//! Much at once: bounded memory, bounded concurrency, nothing lost and nothing twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hookyard_delivery::Settings;
use hookyard_model::DeliveryState;

use crate::scene::{Scene, answer, destination, name, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_in_memory_is_taken_and_given_back() {
    let mut scene = Scene::new();
    scene.settings.queue = 4;
    let (engine, _) = scene.start(vec![destination("ci")], |_, _| async { answer(200) }).await;
    let places: Vec<_> = std::iter::from_fn(|| engine.reserve(&name("ci"))).take(100).collect();
    assert_eq!(places.len(), 4);
    drop(places);
    assert!(engine.reserve(&name("ci")).is_some());
    assert!(engine.reserve(&name("nobody")).is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_is_worked_off_once_each() {
    let mut scene = Scene::new();
    for _ in 0..1000 {
        scene.store(&[("ci", None)]).await;
    }
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counters = (Arc::clone(&now), Arc::clone(&most));
    let play = move |_, _| {
        let (now, most) = (Arc::clone(&counters.0), Arc::clone(&counters.1));
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            now.fetch_sub(1, Ordering::SeqCst);
            answer(200)
        }
    };
    let (engine, transport) = scene.start(vec![destination("ci")], play).await;
    let attempts = scene.ended(1000).await;
    assert!(attempts.len() == 1000 && attempts.values().all(|&number| number == 1));
    assert_eq!(transport.sent.lock().unwrap().len(), 1000);
    assert!(most.load(Ordering::SeqCst) <= 8);
    assert_eq!(scene.count(DeliveryState::Succeeded).await, 1000);
    // All places in memory are free again.
    until(|| {
        let places: Vec<_> =
            std::iter::from_fn(|| engine.reserve(&name("ci"))).take(9999).collect();
        places.len() == Settings::default().queue
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_memory_holds_goes_through_the_store() {
    let mut scene = Scene::new();
    scene.settings.queue = 16;
    let play = |_, _| async {
        tokio::task::yield_now().await;
        answer(200)
    };
    let (engine, _) = scene.start(vec![destination("ci")], play).await;
    for _ in 0..10 {
        let accepts = (0..50).map(|_| scene.accept(&engine, "ci"));
        for accept in accepts {
            accept.await;
        }
    }
    assert_eq!(scene.ended(500).await.len(), 500);
    assert_eq!(scene.count(DeliveryState::Succeeded).await, 500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_in_memory_are_bounded_in_bytes() {
    let mut scene = Scene::new();
    scene.settings.queue_bytes = 20;
    let mut slow = destination("ci");
    slow.concurrency = std::num::NonZeroU32::MIN;
    let play = |_, _| std::future::pending();
    let (engine, transport) = scene.start(vec![slow], play).await;
    scene.accept(&engine, "ci").await;
    until(|| transport.sent.lock().unwrap().len() == 1).await;
    for _ in 0..2 {
        scene.accept(&engine, "ci").await;
    }
    assert!(engine.reserve(&name("ci")).is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rate_is_kept() {
    let mut scene = Scene::new();
    let mut limited = destination("ci");
    limited.rate = Some("20/s".parse().unwrap());
    let (engine, _) = scene.start(vec![limited], |_, _| async { answer(200) }).await;
    let began = Instant::now();
    for _ in 0..11 {
        scene.accept(&engine, "ci").await;
    }
    scene.ended(11).await;
    assert!(began.elapsed() >= Duration::from_millis(495), "{:?}", began.elapsed());
}
