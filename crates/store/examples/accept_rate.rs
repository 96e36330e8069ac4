//! Measures how many events a store takes, with one delivery each that is settled afterwards.
//!
//! `cargo run --release -p hookyard-store --example accept_rate -- [EVENTS] [SUBMITTERS…]`, in a
//! folder on the disk to be measured: each round makes a store there and removes it again.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hookyard_model::{
    Accepted, Attempt, DedupeKey, DeliveryId, Event, EventId, HeaderList, Held, IdSequence, Name,
    NewDelivery, NewEvent, Next, Response, Settlement, Store, Timestamp, Verification,
};
use hookyard_store::{Options, SqliteStore};
use sha2::{Digest as _, Sha256};

const BODY: usize = 2048;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let events: u64 = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let mut submitters: Vec<u64> = arguments.map(|text| text.parse()).collect::<Result<_, _>>()?;
    if submitters.is_empty() {
        submitters = vec![64, 256];
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    for count in submitters {
        let folder = tempfile::tempdir_in(".")?;
        runtime.block_on(round(folder.path(), events, count))?;
    }
    Ok(())
}

/// What all submitters share.
struct Load {
    store: SqliteStore,
    ids: IdSequence,
    left: AtomicU64,
    events: u64,
    from: Instant,
    headers: HeaderList,
    source: Name,
    destination: Name,
}

async fn round(folder: &Path, events: u64, count: u64) -> Result<(), Box<dyn Error>> {
    let path = folder.join("rate.db");
    let load = Arc::new(Load {
        store: SqliteStore::open(Options::new(&path))?,
        ids: IdSequence::after(0),
        left: AtomicU64::new(events),
        events,
        from: Instant::now(),
        headers: [
            ("content-type", "application/json"),
            ("user-agent", "GitHub-Hookshot/044aadd"),
            ("x-github-event", "push"),
            (
                "x-hub-signature-256",
                "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
            ),
        ]
        .into_iter()
        .collect(),
        source: Name::new("github")?,
        destination: Name::new("ci")?,
    });
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..count {
        tasks.spawn(submit(Arc::clone(&load)));
    }
    let (mut accepts, mut settles) = (Vec::new(), Vec::new());
    while let Some(done) = tasks.join_next().await {
        let (accept, settle) = done??;
        accepts.extend(accept);
        settles.extend(settle);
    }
    let took = load.from.elapsed();
    let log = std::fs::metadata(folder.join("rate.db-wal"))?.len() >> 20;
    let closing = Instant::now();
    load.store.close().await?;
    let closing = closing.elapsed();
    let size = std::fs::metadata(&path)?.len() >> 20;
    report(&format!("{events} events, {count} submitters: {:.1} s", took.as_secs_f64()), "");
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = events as f64 / took.as_secs_f64();
    report("  accepted and settled", &format!("{rate:.0}/s each"));
    report("  accept", &percentiles(accepts));
    report("  settle", &percentiles(settles));
    report("  database, log", &format!("{size} MiB, {log} MiB; closed in {closing:.1?}"));
    let opening = Instant::now();
    let store = SqliteStore::open(Options::new(&path))?;
    report("  opened again in", &format!("{:.0?}", opening.elapsed()));
    let counting = Instant::now();
    let counts = store.counts().await?;
    report("  counted in", &format!("{:.0?}: {} events", counting.elapsed(), counts.events));
    store.close().await?;
    Ok(())
}

/// Accepts and settles one event after the other; gives back how long each took.
async fn submit(
    load: Arc<Load>,
) -> Result<(Vec<Duration>, Vec<Duration>), hookyard_model::StoreError> {
    let (mut accepts, mut settles) = (Vec::new(), Vec::new());
    while let Ok(left) =
        load.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
    {
        let new = load.event(load.events - left);
        let (id, at) = (new.event.id, new.event.received_at);
        let started = Instant::now();
        let accepted = load.store.accept(new).await?;
        accepts.push(started.elapsed());
        assert_eq!(accepted, Accepted::New, "{id}");
        let started = Instant::now();
        let settled = load.store.settle(settlement(id, at)).await?;
        settles.push(started.elapsed());
        assert!(settled, "{id}");
    }
    Ok((accepts, settles))
}

impl Load {
    fn event(&self, number: u64) -> NewEvent {
        let since = u64::try_from(self.from.elapsed().as_millis()).unwrap_or_default();
        let now = Timestamp::from_millis(1_795_464_951_042 + since);
        let digest = Sha256::digest(number.to_le_bytes());
        let mut hash = [0; 16];
        hash.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        let id = EventId::new(self.ids.next(now), u64::from_le_bytes([hash[0]; 8]) ^ number);
        let event = Event {
            id,
            source: self.source.clone(),
            received_at: now,
            peer: Some([192, 30, 252, 1].into()),
            method: "POST".to_owned(),
            target: "/webhook/github".to_owned(),
            headers: self.headers.clone(),
            body: vec![b'x'; BODY].into(),
            item: None,
            verification: Verification::Verified,
            provider_event_id: Some(format!("{:032x}", u128::from_le_bytes(hash))),
            event_type: Some("push".to_owned()),
        };
        let expires_at = now.plus(Duration::from_hours(168));
        NewEvent {
            event: Arc::new(event),
            dedupe: Some(DedupeKey { hash, body: [0; 8], expires_at }),
            deliveries: vec![NewDelivery {
                destination: self.destination.clone(),
                leased_until: Some(now.plus(Duration::from_secs(60))),
            }],
        }
    }
}

fn settlement(event: EventId, at: Timestamp) -> Settlement {
    let response = Response {
        status: 200,
        headers: HeaderList::default(),
        body: "ok".into(),
        truncated: false,
    };
    Settlement {
        held: Held { id: DeliveryId { event, ordinal: 0 }, lease: 1 },
        attempt: Some(Attempt {
            number: 1,
            started_at: at,
            duration: Duration::from_millis(12),
            maybe_sent: true,
            response: Some(response),
            failure: None,
        }),
        counts: true,
        next: Next::Succeeded,
        at,
    }
}

fn percentiles(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 1000).copied().unwrap_or_default();
    let max = times.last().copied().unwrap_or_default();
    format!("p50 {:.1?}, p99 {:.1?}, p99.9 {:.1?}, max {max:.1?}", at(500), at(990), at(999))
}

#[expect(clippy::print_stdout, reason = "what the program is for")]
fn report(what: &str, figure: &str) {
    println!("{what:24}{figure}");
}
