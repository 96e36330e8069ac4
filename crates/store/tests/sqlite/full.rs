//! A disk that is full: events are refused, everything else goes on, and nothing is lost.

use std::time::{Duration, Instant};

use hookyard_model::{Accepted, Lease, Name, Next, Retention, Settlement, Store as _, StoreError};
use hookyard_store::SqliteStore;

use crate::place::{Folder, at, event_id, new_event};

const NOTHING_STAYS: Retention =
    Retention { delivered: Duration::ZERO, dead_letters: Duration::ZERO, max_bytes: None };

/// Accepts until there is no room; gives back how many were kept.
async fn fill(store: &SqliteStore, from: u64) -> u64 {
    for number in from..100_000 {
        match store.accept(new_event(number, 20_000)).await {
            Ok(accepted) => assert_eq!(accepted, Accepted::New),
            Err(StoreError::Full(_)) => return number,
            Err(error) => panic!("{error}"),
        }
    }
    panic!("never full");
}

/// Settles everything that is due.
async fn settle_all(store: &SqliteStore) {
    let lease = Lease {
        destination: Name::new("ci").unwrap(),
        limit: 50,
        bytes: usize::MAX,
        now: at(200_000),
        until: at(300_000),
    };
    loop {
        let leased = store.lease(lease.clone()).await.unwrap().leased;
        if leased.is_empty() {
            return;
        }
        for leased in leased {
            let settlement = Settlement {
                held: leased.held,
                attempt: None,
                counts: false,
                next: Next::Succeeded,
                at: at(200_000),
            };
            assert_eq!(store.settle(settlement).await, Ok(true));
        }
    }
}

async fn forget_all(store: &SqliteStore) {
    while store.prune(NOTHING_STAYS, at(300_000)).await.unwrap().more {}
}

/// Fills a store, sees that it still works off what it has, makes room and goes on.
async fn fills_and_goes_on(store: SqliteStore, folder: &Folder) {
    let kept = fill(&store, 0).await;
    assert!(kept > 50, "{kept}");
    for number in 0..kept {
        assert!(store.event(event_id(number)).await.unwrap().is_some(), "event {number} is lost");
    }
    settle_all(&store).await;
    forget_all(&store).await;
    let room = Instant::now();
    while store.accept(new_event(kept, 20_000)).await.is_err() {
        assert!(room.elapsed() < Duration::from_secs(20), "does not notice that there is room");
        tokio::task::yield_now().await;
    }
    let again = fill(&store, kept + 1).await;
    assert!(again > kept + kept / 2, "the room is used again: {kept}, then {again}");
    store.close().await.unwrap();
    folder.assert_integrity();
}

#[tokio::test]
async fn goes_on_when_the_file_may_not_grow() {
    let folder = Folder::new();
    let mut options = folder.options();
    options.max_pages = Some(400);
    // Settling needs a little room too, which on a disk is what is kept free.
    let store = SqliteStore::open(options).unwrap();
    let kept = fill(&store, 0).await;
    assert!(kept > 50, "{kept}");
    store.close().await.unwrap();
    folder.assert_integrity();
    let store = folder.open_store();
    assert_eq!(store.counts().await.unwrap().events, kept);
    settle_all(&store).await;
    forget_all(&store).await;
    store.close().await.unwrap();
    let mut options = folder.options();
    options.max_pages = Some(400);
    let store = SqliteStore::open(options).unwrap();
    assert!(fill(&store, kept).await > kept + kept / 2);
}

#[tokio::test]
async fn keeps_room_to_settle_and_to_clean_up() {
    let Some(folder) = Folder::on_small_disk(48) else {
        eprintln!("no disk can be mounted here; the limit on the file's pages was tested instead");
        return;
    };
    let mut options = folder.options();
    options.keep_free_bytes = 16 << 20;
    let store = SqliteStore::open(options).unwrap();
    fills_and_goes_on(store, &folder).await;
}

#[tokio::test]
async fn loses_nothing_on_a_disk_without_any_room() {
    let Some(folder) = Folder::on_small_disk(24) else {
        eprintln!("no disk can be mounted here; the limit on the file's pages was tested instead");
        return;
    };
    let mut options = folder.options();
    options.keep_free_bytes = 0;
    let store = SqliteStore::open(options).unwrap();
    let kept = fill(&store, 0).await;
    for number in 0..kept {
        assert!(store.event(event_id(number)).await.unwrap().is_some(), "event {number} is lost");
    }
    store.close().await.unwrap();
    folder.assert_integrity();
}

#[tokio::test]
async fn notices_room_that_another_made() {
    let Some(folder) = Folder::on_small_disk(48) else {
        eprintln!("no disk can be mounted here; the limit on the file's pages was tested instead");
        return;
    };
    let mut options = folder.options();
    options.keep_free_bytes = 16 << 20;
    let store = SqliteStore::open(options).unwrap();
    store.accept(new_event(0, 100)).await.unwrap();
    std::fs::write(folder.path("filler"), vec![1; 36 << 20]).unwrap();
    let kept = fill(&store, 1).await;
    assert!(matches!(store.probe().await, Err(StoreError::Full(_))));
    std::fs::remove_file(folder.path("filler")).unwrap();
    let room = Instant::now();
    while store.accept(new_event(kept, 100)).await.is_err() {
        assert!(room.elapsed() < Duration::from_secs(20), "does not notice that there is room");
        tokio::task::yield_now().await;
    }
    store.probe().await.unwrap();
}
