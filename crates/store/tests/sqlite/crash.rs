//! What is there after a process was killed, and after a disk has failed.

use std::time::Duration;

use hookyard_model::{Failpoint, Store as _};

use crate::child::{Child, KEYS_IN_MEMORY};
use crate::place::{Folder, event_id, repeat, repeat_of};

/// How long the child lives after its first acknowledgement: different each time, the same in each run.
fn life(round: u64) -> Duration {
    Duration::from_millis(round.wrapping_mul(2_654_435_761) % 150)
}

/// Kills a child at work; gives back what it had acknowledged.
fn kill_at_work(task: &str, folder: &Folder, first: u64, life: Duration) -> Vec<u64> {
    let mut child = Child::start_from(task, folder, first);
    let mut acks = vec![child.next_ack().unwrap()];
    // The moment is the point of it: the child is somewhere in a batch, a flush or a sealing.
    std::thread::sleep(life);
    acks.extend(child.kill());
    acks
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_when_it_is_killed() {
    let folder = Folder::new();
    let mut acks: Vec<u64> = Vec::new();
    for round in 0..15 {
        acks.extend(kill_at_work("accept", &folder, round * 1_000_000, life(round)));
        let mut options = folder.options();
        options.dedupe_keys_in_memory = KEYS_IN_MEMORY;
        let store = hookyard_store::SqliteStore::open(options).unwrap();
        for &number in acks.iter().rev().take(3000) {
            let kept = store.event(event_id(number)).await.unwrap();
            assert!(kept.is_some(), "round {round}: event {number} is lost");
        }
        // Any key of any round is still known, wherever sealing was.
        for &number in acks.iter().step_by(7).take(500) {
            let answer = store.accept(repeat(number, 99_000_000)).await;
            let first = repeat_of(number);
            assert_eq!(answer, Ok(first), "round {round}: key {number} is lost");
        }
        store.close().await.unwrap();
        folder.assert_integrity();
    }
    let counts = folder.open_store().counts().await.unwrap();
    assert!(counts.events >= acks.len() as u64);
}

/// The points that a store passes while it is made, accepts and copies its log, and at which
/// passages it dies there.
const POINTS: &[(Failpoint, &[u32])] = &[
    (Failpoint::StoreMade, &[1]),
    (Failpoint::StoreNamed, &[1]),
    (Failpoint::InMigration, &[1, 2, 3]),
    (Failpoint::Migrated, &[1, 2, 3]),
    (Failpoint::GroupTaken, &[1, 5]),
    (Failpoint::InGroup, &[1, 2, 50]),
    (Failpoint::BeforeCommit, &[1, 5]),
    (Failpoint::AfterCommit, &[1, 5]),
    (Failpoint::AfterAnswers, &[1, 5]),
    (Failpoint::BeforeCheckpoint, &[1, 2]),
    (Failpoint::AfterCheckpoint, &[1, 2]),
    (Failpoint::LogCopied, &[1, 2]),
];

#[tokio::test]
async fn nothing_acknowledged_is_lost_wherever_it_dies() {
    for &(point, passages) in POINTS {
        for &passage in passages {
            let folder = Folder::new();
            let child = Child::start_to_end_at("accept", &folder, (point, passage));
            let (acks, code) = child.wait();
            assert_eq!(code, None, "{point:?} was not passed {passage} times");
            let store = folder.open_store();
            for &number in acks.iter().rev().take(500) {
                let kept = store.event(event_id(number)).await.unwrap();
                assert!(kept.is_some(), "{point:?} {passage}: event {number} is lost");
                let answer = store.accept(repeat(number, 99_000_000)).await;
                assert_eq!(answer, Ok(repeat_of(number)), "{point:?} {passage}: key {number}");
            }
            assert!(store.counts().await.unwrap().events >= acks.len() as u64);
            store.close().await.unwrap();
            folder.assert_integrity();
        }
    }
}

/// If this harness could not see a loss, the test above would say nothing.
#[tokio::test]
async fn the_harness_sees_a_loss() {
    let folder = Folder::new();
    for round in 0..100 {
        let acks = kill_at_work("acknowledge too early", &folder, round * 1_000_000, life(round));
        let store = folder.open_store();
        for number in acks {
            if store.event(event_id(number)).await.unwrap().is_none() {
                return;
            }
        }
    }
    panic!("events were acknowledged before they were stored, and none was found missing");
}

#[tokio::test]
async fn a_failed_disk_ends_it_and_loses_nothing() {
    let folder = Folder::new();
    let (acks, code) = Child::start_limited("accept", &folder, 4096).wait();
    assert_eq!(code, Some(3), "every call after the failure says so");
    assert!(!acks.is_empty());
    let store = folder.open_store();
    for number in acks {
        assert!(store.event(event_id(number)).await.unwrap().is_some(), "event {number} is lost");
    }
    store.close().await.unwrap();
    folder.assert_integrity();
}
