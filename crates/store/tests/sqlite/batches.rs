//! Requests with several events, in the file.

use hookyard_model::{Accepted, Retention, Store as _};
use std::time::Duration;

use crate::child::{BATCH, Child};
use crate::place::{Folder, at, event_id, new_batch};

fn rows(folder: &Folder, sql: &str) -> i64 {
    folder.sqlite().query_row(sql, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_request_is_on_disk_once_and_as_long_as_it_is_needed() {
    let folder = Folder::new();
    let store = folder.open_store();
    let accepted = store.accept_batch(new_batch(0, 5, 100_000)).await;
    assert_eq!(accepted, Ok(vec![Accepted::New; 5]));
    let all = store.accept_batch(new_batch(0, 5, 100_000)).await.unwrap();
    assert!(all.iter().all(|one| matches!(one, Accepted::Duplicate { same_body: true, .. })));
    store.close().await.unwrap();
    assert_eq!(rows(&folder, "SELECT count(*) FROM request"), 1, "not of repeats alone");
    assert_eq!(rows(&folder, "SELECT count(*) FROM item WHERE body IS NULL"), 5);
    assert_eq!(rows(&folder, "SELECT count(*) FROM payload"), 0);
    assert!(std::fs::metadata(folder.database()).unwrap().len() < 2 * 500_000);

    folder
        .sqlite()
        .execute("UPDATE delivery SET state = 3, due_at = NULL, finished_at = 1", [])
        .unwrap();
    let store = folder.open_store();
    let none =
        Retention { delivered: Duration::ZERO, dead_letters: Duration::ZERO, max_bytes: None };
    assert_eq!(store.prune(none, at(3)).await.unwrap().events, 4);
    assert!(store.event(event_id(4)).await.unwrap().is_some());
    assert_eq!(store.prune(none, at(4)).await.unwrap().events, 1);
    store.close().await.unwrap();
    for table in ["request", "item", "event", "delivery"] {
        assert_eq!(rows(&folder, &format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
}

#[tokio::test]
async fn a_batch_is_there_whole_or_not_at_all_when_it_is_killed() {
    let folder = Folder::new();
    for round in 0..10_u64 {
        let first = round * 1_000_000;
        let mut child = Child::start_from("accept batches", &folder, first);
        let mut acks = vec![child.next_ack().unwrap()];
        // The moment is the point of it: the child is somewhere in a batch or a flush.
        std::thread::sleep(Duration::from_millis(round.wrapping_mul(2_654_435_761) % 60));
        acks.extend(child.kill());
        let store = folder.open_store();
        for ack in acks {
            let last = event_id(ack + BATCH - 1);
            assert!(store.event(last).await.unwrap().is_some(), "round {round}: {ack} is lost");
        }
        store.close().await.unwrap();
        folder.assert_integrity();
        let parts = "SELECT count(*) FROM request r WHERE
            (SELECT count(*) FROM item i WHERE i.request = r.id)
            <> (SELECT max(total) FROM item i WHERE i.request = r.id)";
        assert_eq!(rows(&folder, parts), 0, "round {round}: a part of a batch");
    }
    assert!(rows(&folder, "SELECT count(*) FROM request") >= 10);
    let strays = "SELECT (SELECT count(*) FROM event) - (SELECT count(*) FROM item)";
    assert_eq!(rows(&folder, strays), 0);
}
