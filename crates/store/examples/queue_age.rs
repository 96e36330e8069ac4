//! Measures what it costs to ask a store how it is, which every scrape of the metrics does, when
//! it keeps very much and very much of that is pending.
//!
//! `cargo run --release -p hookyard-store --example queue_age -- [EVENTS] [PENDING]`, in a folder
//! on the disk to be measured: it makes a store there and removes it again.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use hookyard_model::{DeliveryFilter, DeliveryId, EventId, Store, Timestamp};
use hookyard_store::{Options, SqliteStore};
use rusqlite::{Connection, params};

/// When the first event came; the others come a millisecond after one another.
const FIRST: u64 = 1_795_464_951_042;

const FILL: &str = "
    INSERT INTO name (id, text) VALUES (1, 'github'), (2, 'ci'), (3, 'chat');
    CREATE TEMP TABLE n AS
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :events)
        SELECT i FROM n;";
const EVENTS: &str = "
    INSERT INTO event SELECT (?1 + i) << 16, i, 1, ?1 + i, 1, 'verified', NULL, 'POST', '/', NULL,
        NULL FROM n";
/// Pending ones are due in no order, as after many failed attempts.
const DELIVERIES: &str = "
    INSERT INTO delivery SELECT (?1 + i) << 16, 0, 2 + i % 2, 2048, (i < ?2),
        iif(i < ?2, NULL, ?1 + 60000 + i * 7919 % 3600000), 0, 1, 1, 1, 1, 0, NULL, ?1 + i,
        iif(i < ?2, ?1 + i, NULL) FROM n";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let events = arguments.next().unwrap_or(Ok(5_000_000))?;
    let pending = arguments.next().unwrap_or(Ok(1_000_000))?.min(events);
    let folder = tempfile::tempdir_in(".")?;
    let path = folder.path().join("age.db");
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(SqliteStore::open(Options::new(&path))?.close())?;
    let filling = Instant::now();
    fill(&path, events, events - pending)?;
    report(&format!("{events} events, {pending} pending: made in"), filling);
    runtime.block_on(measure(&path, events - pending))
}

fn fill(path: &Path, events: u64, done: u64) -> rusqlite::Result<()> {
    let conn = Connection::open(path)?;
    conn.execute_batch(&FILL.replace(":events", &events.to_string()))?;
    conn.execute(EVENTS, [FIRST.cast_signed()])?;
    conn.execute(DELIVERIES, params![FIRST.cast_signed(), done.cast_signed()])?;
    Ok(())
}

async fn measure(path: &Path, done: u64) -> Result<(), Box<dyn Error>> {
    let store = SqliteStore::open(Options::new(path))?;
    ask(&store, "the first time", done).await?;
    for _ in 0..3 {
        ask(&store, "again", done).await?;
    }
    for more in [1_000, 50_000] {
        let until = Some(Timestamp::from_millis(FIRST + done + more));
        let oldest = DeliveryFilter { until, ..DeliveryFilter::default() };
        store.cancel(oldest, Timestamp::from_millis(FIRST)).await?;
        ask(&store, &format!("after the oldest up to {more} were done"), done + more).await?;
    }
    let event = EventId::new(FIRST << 16, 0);
    let first = DeliveryId { event, ordinal: 0 };
    let first = DeliveryFilter { id: Some(first), ..DeliveryFilter::default() };
    store.redeliver(first.clone(), Timestamp::from_millis(FIRST)).await?;
    ask(&store, "after the very first was asked for again", 0).await?;
    store.cancel(first, Timestamp::from_millis(FIRST)).await?;
    ask(&store, "after that was done", done + 50_000).await?;
    ask(&store, "again", done + 50_000).await?;
    store.close().await?;
    Ok(())
}

async fn ask(store: &SqliteStore, when: &str, expected: u64) -> Result<(), Box<dyn Error>> {
    let asking = Instant::now();
    let condition = store.condition().await?;
    report(when, asking);
    assert_eq!(condition.oldest_pending, Some(Timestamp::from_millis(FIRST + expected)));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what the program is for")]
fn report(what: &str, since: Instant) {
    println!("{what:48}{:.1?}", since.elapsed());
}
