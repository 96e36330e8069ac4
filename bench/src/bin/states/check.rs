//! What the store makes of a state: whether it opens it, and has what was acknowledged.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use hookyard_bench::clock;
use hookyard_bench::github;
use hookyard_bench::ledger::Entry;
use hookyard_bench::random::Random;
use hookyard_model::{
    DeliveryId, DeliveryState, EventFilter, EventSummary, Page, Store as _, Timestamp,
};
use hookyard_store::{Options, SqliteStore};
use rusqlite::{Connection, OpenFlags};
use tokio::runtime::Runtime;

use crate::disk::upto;
use crate::record::{DESTINATIONS, FORGOTTEN_AFTER, Recording};

/// How many of the last acknowledged events are read whole, and how many of all.
const LAST: usize = 20;
const ANY: usize = 10;
/// How many findings are told in full.
const SAID: usize = 10;
/// How many events are asked for at a time.
const PAGE: usize = 1000;

/// What one state, or all of them, came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    pub(crate) states: usize,
    /// States that have lost an acknowledged event or one of its deliveries.
    pub(crate) lossy: usize,
    /// How many events they have lost, together and at most.
    pub(crate) lost: usize,
    pub(crate) worst: usize,
    /// States that the store does not open, or does not work with.
    pub(crate) unopenable: usize,
    /// States where something is there and wrong: a body, a delivery that never happened, or what
    /// SQLite's own check finds.
    pub(crate) corrupt: usize,
    /// States with an event whose acknowledgement had not been read: that is right, and why a
    /// repeat has to be told across a cut.
    pub(crate) unread: usize,
    /// How many states were checked by SQLite.
    pub(crate) checked: usize,
    /// Acknowledged events that were looked for.
    pub(crate) looked_for: usize,
    /// The longest that the store took to open one.
    pub(crate) slowest: Duration,
    /// The first few that were not as they should be, for the person who looks into it.
    pub(crate) said: Vec<String>,
}

impl Findings {
    pub(crate) fn add(&mut self, other: Self) {
        self.states += other.states;
        self.lossy += other.lossy;
        self.lost += other.lost;
        self.worst = self.worst.max(other.worst);
        self.unopenable += other.unopenable;
        self.corrupt += other.corrupt;
        self.unread += other.unread;
        self.checked += other.checked;
        self.looked_for += other.looked_for;
        self.slowest = self.slowest.max(other.slowest);
        let room = SAID.saturating_sub(self.said.len());
        self.said.extend(other.said.into_iter().take(room));
    }

    /// Notes that a state has lost so many events.
    pub(crate) fn has_lost(&mut self, events: usize) {
        (self.lost, self.worst) = (events, events);
        self.lossy = usize::from(events > 0);
    }
}

/// Looks at states.
pub(crate) struct Checker<'r> {
    recording: &'r Recording,
    runtime: Runtime,
}

impl<'r> Checker<'r> {
    pub(crate) fn new(recording: &'r Recording) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { recording, runtime })
    }

    /// Looks at the store in a folder, which was left by a cut at this time. `thoroughly` has
    /// SQLite check the file as well.
    pub(crate) fn check(
        &self,
        folder: &Path,
        cut: u64,
        thoroughly: bool,
        random: &mut Random,
    ) -> Findings {
        let path = folder.join("hookyard.db");
        let mut found =
            Findings { states: 1, checked: usize::from(thoroughly), ..Findings::default() };
        let began = Instant::now();
        let opened = SqliteStore::open(Options::new(&path));
        found.slowest = began.elapsed();
        let looked = match opened {
            Ok(store) => self.runtime.block_on(self.look(&store, cut, random, &mut found)),
            Err(error) => Err(error.into()),
        };
        if let Err(error) = looked {
            found.unopenable = 1;
            found.said.push(format!("{error:#}"));
        }
        if thoroughly && let Err(error) = integrity(&path) {
            found.corrupt = 1;
            found.said.push(format!("{error:#}"));
        }
        if found.unopenable > 0 {
            found.has_lost(self.acknowledged(cut).len());
        }
        found
    }

    /// What had been acknowledged at a time.
    fn acknowledged(&self, at: u64) -> &'r [Entry] {
        let ledger = &self.recording.ledger;
        let count = ledger.partition_point(|entry| entry.acknowledged < at);
        ledger.get(..count).unwrap_or_default()
    }

    async fn look(
        &self,
        store: &SqliteStore,
        cut: u64,
        random: &mut Random,
        found: &mut Findings,
    ) -> Result<()> {
        let acknowledged = self.acknowledged(cut);
        let mut events = all(store).await?;
        let mut wrong = Vec::new();
        found.looked_for = acknowledged.len();
        let mut lost = 0;
        for entry in acknowledged {
            match events.remove(&entry.event_id) {
                Some(event) => wrong.extend(self.wrong_deliveries(entry, &event)),
                None if self.may_be_forgotten(entry, cut) => {}
                None => {
                    lost += 1;
                    found.said.extend((lost == 1).then(|| format!("{} is lost", entry.event_id)));
                }
            }
        }
        found.unread = usize::from(!events.is_empty());
        for entry in some(acknowledged, random) {
            wrong.extend(self.wrong_body(store, entry).await?);
        }
        // What the hub does next, and the log copied into the database.
        store.recover(Timestamp::from_millis(clock::micros() / 1000)).await?;
        store.probe().await?;
        store.close().await?;
        found.has_lost(lost);
        found.corrupt = usize::from(!wrong.is_empty());
        found.said.extend(wrong.into_iter().take(1));
        Ok(())
    }

    /// When an event arrived at each destination.
    fn arrivals(&self, event: &str) -> [Option<u64>; 2] {
        DESTINATIONS.map(|(_, url)| {
            let path = url.split('?').next().unwrap_or(url).to_owned();
            self.recording.arrivals.get(&(event.to_owned(), path)).copied()
        })
    }

    /// Whether the hub may have forgotten an event: both destinations had it long enough before.
    fn may_be_forgotten(&self, entry: &Entry, cut: u64) -> bool {
        let [Some(first), Some(second)] = self.arrivals(&entry.event_id) else { return false };
        // Times of the store are whole milliseconds.
        u128::from(first.max(second)) + FORGOTTEN_AFTER.as_micros() <= u128::from(cut) + 2000
    }

    /// What is wrong with an event's deliveries: there is one to each destination, pending unless
    /// that has the event.
    fn wrong_deliveries(&self, entry: &Entry, event: &EventSummary) -> Option<String> {
        let arrivals = self.arrivals(&entry.event_id);
        let is_right = event.deliveries.len() == DESTINATIONS.len()
            && DESTINATIONS.iter().zip(arrivals).all(|((name, _), arrived)| {
                let mut deliveries = event.deliveries.iter();
                let delivery = deliveries.find(|(_, to, _)| to.as_str() == *name);
                delivery.is_some_and(|(_, _, state)| match state {
                    DeliveryState::Pending => true,
                    DeliveryState::Succeeded => arrived.is_some(),
                    _ => false,
                })
            });
        (!is_right).then(|| format!("{}: deliveries {:?}", entry.event_id, event.deliveries))
    }

    /// What is wrong with an event's body.
    async fn wrong_body(&self, store: &SqliteStore, entry: &Entry) -> Result<Option<String>> {
        let id = entry.event_id.parse()?;
        let event = match store.event(id).await {
            Ok(Some(event)) => event,
            Ok(None) => return Ok(None),
            Err(error) => return Ok(Some(format!("{id}: {error}"))),
        };
        let is_right = github::sha256(&event.body) == entry.sha256;
        Ok((!is_right).then(|| format!("{id}: another body")))
    }
}

/// The last ones, and some of all.
fn some<'e>(entries: &'e [Entry], random: &mut Random) -> Vec<&'e Entry> {
    let mut chosen: Vec<_> = entries.iter().rev().take(LAST).collect();
    for _ in 0..ANY {
        chosen.extend(entries.get(upto(entries.len().saturating_sub(1), random)));
    }
    chosen
}

/// Every event in a store, by its id.
async fn all(store: &SqliteStore) -> Result<HashMap<String, EventSummary>> {
    let mut events = HashMap::new();
    let mut after = None;
    loop {
        let page = store.events(EventFilter::default(), Page { after, limit: PAGE }).await?;
        let (last, count) = (page.last().map(|summary| summary.event.id), page.len());
        events.extend(page.into_iter().map(|summary| (summary.event.id.to_string(), summary)));
        after = last.map(|event| DeliveryId { event, ordinal: 0 });
        if count < PAGE {
            return Ok(events);
        }
    }
}

/// SQLite's own check of a file.
fn integrity(path: &Path) -> Result<()> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let says: String = conn.query_row("PRAGMA integrity_check(5)", [], |row| row.get(0))?;
    ensure!(says == "ok", "integrity_check: {says}");
    conn.close().map_err(|(_, error)| error).context("cannot close the file")
}
