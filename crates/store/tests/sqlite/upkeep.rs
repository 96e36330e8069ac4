//! What the writer does beside its jobs, and that jobs do not suffer when it fails.

#![cfg(target_os = "linux")]

use std::time::Duration;

use hookyard_model::{Accepted, Store as _};
use hookyard_store::SqliteStore;

use crate::place::{Folder, new_event, repeat, repeat_of};

/// How long this process has been on a processor; the operating system counts in hundredths of a second.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks = fields.split_whitespace().skip(11).take(2);
    Duration::from_millis(ticks.map(|ticks| ticks.parse::<u64>().unwrap() * 10).sum())
}

fn open(folder: &Folder) -> SqliteStore {
    let mut options = folder.options();
    options.dedupe_keys_in_memory = 8;
    SqliteStore::open(options).unwrap()
}

#[tokio::test]
async fn that_fails_holds_up_nobody_and_rests() {
    let folder = Folder::new();
    let store = open(&folder);
    folder
        .sqlite()
        .execute_batch(
            "CREATE TRIGGER fails BEFORE INSERT ON dedupe_segment_key
             BEGIN SELECT RAISE(ABORT, 'no'); END",
        )
        .unwrap();
    for number in 0..100 {
        assert_eq!(store.accept(new_event(number, 10)).await, Ok(Accepted::New));
    }
    let before = processor_time();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let used = processor_time().saturating_sub(before);
    assert!(
        used < Duration::from_millis(300),
        "it worked for {used:?} while there was nothing to do"
    );
    for number in 0..100 {
        assert_eq!(store.accept(repeat(number, 1000)).await, Ok(repeat_of(number)));
    }
    store.close().await.unwrap();

    folder.sqlite().execute_batch("DROP TRIGGER fails").unwrap();
    let store = open(&folder);
    for number in 100..400 {
        assert_eq!(store.accept(new_event(number, 10)).await, Ok(Accepted::New));
    }
    store.close().await.unwrap();
    let sealed = "SELECT count(*) FROM dedupe_segment_key";
    let sealed: i64 = folder.sqlite().query_row(sealed, [], |row| row.get(0)).unwrap();
    assert!(sealed > 100, "{sealed}");
}
