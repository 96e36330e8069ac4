//! Dedupe keys on their way from memory into sealed segments, wherever the way is interrupted.

use std::time::Duration;

use hookyard_model::{Accepted, Store as _};
use hookyard_store::SqliteStore;
use proptest::prelude::*;

use crate::place::{Folder, KEY_LIFE, event_id, new_event, repeat, repeat_of};

fn open(folder: &Folder, keys_in_memory: usize) -> SqliteStore {
    let mut options = folder.options();
    options.dedupe_keys_in_memory = keys_in_memory;
    options.clock_doubt = Duration::ZERO;
    SqliteStore::open(options).unwrap()
}

async fn assert_known(store: &SqliteStore, numbers: impl Iterator<Item = u64>) {
    for number in numbers {
        let mut again = repeat(number, 1_000_000);
        assert_eq!(store.accept(again.clone()).await, Ok(repeat_of(number)));
        if let Some(key) = &mut again.dedupe {
            key.body[0] ^= 0x80;
        }
        let other = Accepted::Duplicate { id: event_id(number), same_body: false };
        assert_eq!(store.accept(again).await, Ok(other));
    }
}

/// How many rows of `dedupe`, keys of segments, and segments in each state.
fn sizes(folder: &Folder) -> (i64, i64, [i64; 3]) {
    let conn = folder.sqlite();
    let count = |sql: &str| conn.query_row(sql, [], |row| row.get(0)).unwrap();
    let segments =
        |state| count(&format!("SELECT count(*) FROM dedupe_segment WHERE state = {state}"));
    (
        count("SELECT count(*) FROM dedupe"),
        count("SELECT count(*) FROM dedupe_segment_key"),
        [0, 1, 2].map(segments),
    )
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// The store is opened again after every few events, so that each step of sealing is one day
    /// the last that was committed.
    #[test]
    fn every_key_is_found_wherever_sealing_stops(
        keys_in_memory in 2..60_usize,
        lives in proptest::collection::vec(1..90_u64, 1..12),
    ) {
        runtime().block_on(async {
            let folder = Folder::new();
            let mut next = 0;
            for life in lives {
                let store = open(&folder, keys_in_memory);
                assert_known(&store, 0..next).await;
                for number in next..next + life {
                    assert_eq!(store.accept(new_event(number, 10)).await, Ok(Accepted::New));
                    assert_known(&store, (0..=number).rev().step_by(5).take(9)).await;
                }
                next += life;
            }
            let store = open(&folder, keys_in_memory);
            assert_known(&store, 0..next).await;
        });
    }
}

#[test]
fn keys_leave_memory_and_go_when_they_have_expired() {
    runtime().block_on(async {
        let folder = Folder::new();
        let store = open(&folder, 100);
        for number in 0..2000 {
            assert_eq!(store.accept(new_event(number, 10)).await, Ok(Accepted::New));
        }
        assert_known(&store, 0..2000).await;
        store.close().await.unwrap();
        let (rows, keys, [_, sealed, _]) = sizes(&folder);
        assert!(sealed >= 5, "{sealed} segments");
        assert!(rows < 1000 && rows + keys >= 2000, "{rows} rows and {keys} keys");

        let store = open(&folder, 100);
        let later = 2000 + KEY_LIFE.as_secs() * 1000;
        assert_eq!(store.accept(repeat(5, later)).await, Ok(Accepted::New));
        let again = Ok(repeat_of(later));
        assert_eq!(store.accept(repeat(5, later + 1)).await, again);
        // Each probe is a transaction, with which some keys go.
        for _ in 0..1000 {
            store.probe().await.unwrap();
        }
        store.close().await.unwrap();
        let (_, keys, [_, sealed, dropping]) = sizes(&folder);
        assert_eq!((sealed, dropping), (0, 0), "{keys} keys are left");
        let store = open(&folder, 100);
        assert_eq!(store.accept(repeat(5, later + 2)).await, again);
        assert_eq!(store.accept(repeat(6, later + 3)).await, Ok(Accepted::New));
    });
}

#[test]
fn a_clock_that_was_wrong_for_a_moment_voids_nothing() {
    runtime().block_on(async {
        let folder = Folder::new();
        let mut options = folder.options();
        options.dedupe_keys_in_memory = 100;
        let store = SqliteStore::open(options).unwrap();
        for number in 0..1000 {
            assert_eq!(store.accept(new_event(number, 10)).await, Ok(Accepted::New));
        }
        let far = KEY_LIFE.as_secs() * 1000 * 500;
        for number in far..far + 10 {
            assert_eq!(store.accept(new_event(number, 10)).await, Ok(Accepted::New));
        }
        for number in 1000..2000 {
            assert_eq!(store.accept(new_event(number, 10)).await, Ok(Accepted::New));
        }
        assert_known(&store, 0..2000).await;
        store.close().await.unwrap();
        let (_, _, [_, sealed, dropping]) = sizes(&folder);
        assert!(sealed >= 5 && dropping == 0, "{sealed} segments, and {dropping} dropped");
    });
}
