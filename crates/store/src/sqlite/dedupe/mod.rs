//! By what repeats are told.
//!
//! Keys come in random order, and an index on disk in random order is what makes a store slow
//! down as it grows: every insert dirties another page. So no such index is ever written to:
//!
//! - A new key is **appended** to `dedupe`, in the event's own transaction, and kept in memory in
//!   a map from its hash to its row: about 24 to 48 bytes a key. At start the map is read from the table.
//! - There are two generations of them. When the young one is full it becomes the old one, and
//!   the old one is **sealed**: another thread sorts its keys, the writer appends them, a few with
//!   each batch, as a segment of `dedupe_segment_key`, so that nothing waits for it. Then its rows
//!   in `dedupe` are deleted, a few at a time, and it leaves the memory.
//! - A sealed segment is found by a Bloom filter in memory, 10 bits a key; only where that says
//!   "maybe", about once in a hundred, the segment is asked. When its last key has expired it is
//!   deleted, a few keys at a time; but not before it is certain what the time is: [`clock`].
//!
//! Every step is part of a transaction, and a segment counts only from the transaction that
//! completes it, so a key can be found whenever the process dies.

mod bloom;
mod clock;
mod segment;

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

use hookyard_model::{Accepted, DedupeKey, EventId, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row, Statement, params};

use super::cell::{event_id, time};
use super::fault::{Fault, unreadable};
use clock::LateClock;
use segment::{Sealing, Segments, collect};

const LOAD: &str = "SELECT position, hash FROM dedupe WHERE position > ?1 ORDER BY position";
const ENDS: &str = "SELECT min(position), max(position) FROM dedupe";
/// What a new key is added by.
pub(super) const ADD: &str = "
    INSERT INTO dedupe (position, hash, body, event, random, expires_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const GET: &str = "SELECT event, random, body, expires_at FROM dedupe WHERE position = ?1";
const TRIM: &str = "DELETE FROM dedupe WHERE position BETWEEN ?1 AND ?2";

/// The hash of a key.
type Hash = [u8; 16];

/// Makes further connections to the same file, to read.
pub(in crate::sqlite) type Connect = Box<dyn Fn() -> rusqlite::Result<Connection> + Send>;

/// How many keys are moved in one transaction, and how many more for each event that it accepts:
/// more than one, so that the moving gains on what comes in.
const CHUNK: usize = 256;
const CHUNK_PER_ACCEPT: usize = 4;

/// Keys in memory: each with its row in `dedupe`, counted from the first.
struct Generation {
    first: i64,
    rows: HashMap<Hash, u32>,
}

impl Generation {
    fn from(first: i64) -> Self {
        Self { first, rows: HashMap::new() }
    }

    fn position(&self, hash: &Hash) -> Option<i64> {
        self.rows.get(hash).map(|&offset| self.first + i64::from(offset))
    }

    fn insert(&mut self, hash: Hash, position: i64) -> Option<u32> {
        self.rows.insert(hash, u32::try_from(position - self.first).unwrap_or(u32::MAX))
    }
}

/// What a transaction changes beyond new keys; becomes true when it is committed.
enum Step {
    Wrote(usize),
    Sealed,
    Trimmed(i64),
    Expired(i64),
    Dropped(i64),
}

/// All keys that are known.
pub(super) struct Dedupe {
    young: Generation,
    old: Option<Generation>,
    /// How many keys make a generation.
    full: usize,
    next_position: i64,
    /// `dedupe` is void up to here.
    sealed_to: i64,
    /// The first row of `dedupe` that may still stand there though it is void.
    void_from: i64,
    segments: Segments,
    collecting: Option<Receiver<Sealing>>,
    sealing: Option<Sealing>,
    connect: Connect,
    /// By what expired keys are deleted.
    clock: LateClock,
    /// What this transaction put into the young generation, and what was there before.
    added: Vec<(Hash, Option<u32>)>,
    step: Option<Step>,
}

impl Dedupe {
    /// Reads what is known. At most about `keys_in_memory` keys are kept in memory. None is deleted
    /// until the clock has said for `clock_doubt` that it has expired.
    pub(super) fn load(
        conn: &Connection,
        keys_in_memory: usize,
        clock_doubt: Duration,
        connect: Connect,
    ) -> Result<Self, Fault> {
        let (segments, sealed_to, last_of_segments) = Segments::load(conn)?;
        let (first, last): (Option<i64>, Option<i64>) =
            conn.query_row(ENDS, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut young = Generation::from(sealed_to + 1);
        let mut statement = conn.prepare(LOAD)?;
        let mut rows = statement.query([sealed_to])?;
        while let Some(row) = rows.next()? {
            let hash = row.get_ref(1)?.as_blob().ok().and_then(|hash| hash.try_into().ok());
            young.insert(hash.ok_or_else(|| unreadable("a dedupe key"))?, row.get(0)?);
        }
        Ok(Self {
            young,
            old: None,
            full: (keys_in_memory / 2).max(1),
            next_position: last.unwrap_or(0).max(last_of_segments) + 1,
            sealed_to,
            void_from: first.unwrap_or(sealed_to + 1),
            segments,
            collecting: None,
            sealing: None,
            connect,
            clock: LateClock::new(clock_doubt),
            added: Vec::new(),
            step: None,
        })
    }

    /// What is told to a repeat: the event that first came with this key, if it has not expired.
    pub(super) fn find(
        &mut self,
        conn: &Connection,
        key: &DedupeKey,
        now: Timestamp,
    ) -> Result<Option<Accepted>, Fault> {
        self.saw(now);
        for generation in std::iter::once(&self.young).chain(&self.old) {
            if let Some(position) = generation.position(&key.hash) {
                let first =
                    conn.prepare_cached(GET)?.query_row([position], First::read).optional()?;
                if let Some(first) = first.filter(|first| first.tells_repeats(now)) {
                    return Ok(Some(first.answer(key)));
                }
            }
        }
        self.segments.find(conn, key, now)
    }

    /// Remembers a key, by [`ADD`]. It has been looked for before.
    pub(super) fn add(
        &mut self,
        statement: &mut Statement<'_>,
        key: &DedupeKey,
        event: EventId,
    ) -> Result<(), Fault> {
        let position = self.next_position;
        statement.execute(params![
            position,
            key.hash,
            i64::from_be_bytes(key.body),
            super::cell::int(event.sequence()),
            event.random().cast_signed(),
            time(key.expires_at),
        ])?;
        self.next_position += 1;
        self.added.push((key.hash, self.young.insert(key.hash, position)));
        Ok(())
    }

    /// Takes note of the time, by which segments expire.
    pub(super) fn saw(&mut self, now: Timestamp) {
        self.clock.saw(now, Instant::now());
    }

    /// Whether there is something to move though nobody asks for anything.
    pub(super) fn has_upkeep(&mut self) -> bool {
        self.receive_collected();
        self.sealing.is_some()
            || self.void_from <= self.sealed_to
            || self.segments.dropping().is_some()
            || self.segments.expired(self.clock.now()).is_some()
    }

    /// Moves some keys, as part of a transaction that accepts so many events.
    pub(super) fn upkeep(&mut self, conn: &Connection, accepts: usize) -> Result<(), Fault> {
        let chunk = self.full.div_ceil(8).min(CHUNK) + CHUNK_PER_ACCEPT * accepts;
        self.step = if let Some(sealing) = &self.sealing {
            let written = sealing.write(conn, chunk)?;
            Some(if sealing.is_done(written) { Step::Sealed } else { Step::Wrote(written) })
        } else if self.void_from <= self.sealed_to {
            let to = self.sealed_to.min(self.void_from + super::cell::int(chunk));
            conn.prepare_cached(TRIM)?.execute([self.void_from, to])?;
            Some(Step::Trimmed(to + 1))
        } else if let Some(id) = self.segments.expired(self.clock.now()) {
            segment::expire(conn, id)?;
            Some(Step::Expired(id))
        } else if let Some(id) = self.segments.dropping() {
            segment::drop_some(conn, id, chunk)?.then_some(Step::Dropped(id))
        } else {
            None
        };
        Ok(())
    }

    /// The transaction was committed.
    pub(super) fn committed(&mut self) {
        self.added.clear();
        match self.step.take() {
            None => {}
            Some(Step::Wrote(keys)) => {
                if let Some(sealing) = &mut self.sealing {
                    sealing.advance(keys);
                }
            }
            Some(Step::Sealed) => {
                if let Some(sealing) = self.sealing.take() {
                    self.sealed_to = sealing.last_position();
                    self.segments.add(sealing);
                    self.old = None;
                }
            }
            Some(Step::Trimmed(next)) => self.void_from = next,
            Some(Step::Expired(id)) => self.segments.expire(id),
            Some(Step::Dropped(id)) => self.segments.forget(id),
        }
        if self.old.is_none() && self.young.rows.len() >= self.full {
            let young = Generation::from(self.next_position);
            self.old = Some(std::mem::replace(&mut self.young, young));
        }
        if self.old.is_some() && self.sealing.is_none() && self.collecting.is_none() {
            self.start_collecting();
        }
    }

    /// The transaction was undone.
    pub(super) fn rolled_back(&mut self) {
        self.step = None;
        self.next_position -= super::cell::int(self.added.len());
        for (hash, before) in self.added.drain(..).rev() {
            match before {
                Some(offset) => self.young.rows.insert(hash, offset),
                None => self.young.rows.remove(&hash),
            };
        }
    }

    /// Has another thread read and sort the old generation.
    fn start_collecting(&mut self) {
        let (from, to) = (self.sealed_to + 1, self.young.first - 1);
        let (id, now) = (self.segments.next_id(), self.clock.now());
        let (send, receive) = sync_channel(1);
        let started = (self.connect)().map_err(Fault::from).and_then(|conn| {
            let work = move || match collect(&conn, id, from..=to, now) {
                // The writer may have ended meanwhile.
                Ok(sealing) => drop(send.send(sealing)),
                Err(fault) => {
                    let error = fault.into_error();
                    tracing::warn!(%error, "old dedupe keys could not be read; tried again");
                }
            };
            let thread = std::thread::Builder::new().name("store-seal".to_owned());
            thread.spawn(work).map_err(|error| {
                Fault::Store(hookyard_model::StoreError::Unavailable(error.to_string()))
            })
        });
        match started {
            Ok(_detached) => self.collecting = Some(receive),
            Err(fault) => {
                let error = fault.into_error();
                tracing::warn!(%error, "old dedupe keys stay in memory; tried again");
            }
        }
    }

    fn receive_collected(&mut self) {
        match self.collecting.as_ref().map(Receiver::try_recv) {
            None | Some(Err(TryRecvError::Empty)) => {}
            Some(Ok(sealing)) => {
                self.sealing = Some(sealing);
                self.collecting = None;
            }
            Some(Err(TryRecvError::Disconnected)) => self.collecting = None,
        }
    }
}

/// What is kept with a key: what the first event with it was.
struct First {
    event: i64,
    random: i64,
    body: i64,
    expires_at: i64,
}

impl First {
    /// From a row of event, random half, hash of the body and expiry.
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            event: row.get(0)?,
            random: row.get(1)?,
            body: row.get(2)?,
            expires_at: row.get(3)?,
        })
    }

    /// A repeat is told until, but not at, the time when its key expires.
    fn tells_repeats(&self, now: Timestamp) -> bool {
        self.expires_at > time(now)
    }

    fn answer(&self, repeat: &DedupeKey) -> Accepted {
        Accepted::Duplicate {
            id: event_id(self.event, self.random),
            same_body: self.body == i64::from_be_bytes(repeat.body),
        }
    }
}
