//! Forgetting what is done with.
//!
//! A reader walks over the events from the oldest and says which may go, the writer deletes them,
//! so that what is old and must stay never holds up those who write. The walk goes on where it
//! stopped, until it comes to what is too young, and then begins again: so the few that stay cost
//! one look in each round. The file does not shrink: what is free in it is used again first.

use std::collections::HashMap;

use hookyard_model::{Failpoint, Name, Retention, Timestamp};
use rusqlite::{Connection, params};

use super::cell::{int, time, uint};
use super::fault::Fault;
use super::inbox::Lane;
use super::items;
use super::reader::Reader;
use super::writer::{Core, Verb};

/// How many events are looked at and how many are deleted at most at a time.
const LOOK_AT: usize = 8192;
const DELETE: usize = 512;

const WALK: &str = "
    SELECT e.id, e.received_at,
        EXISTS (SELECT 1 FROM delivery d WHERE d.event = e.id AND d.state = 0) AS pending,
        EXISTS (SELECT 1 FROM delivery d WHERE d.event = e.id AND d.state = 2) AS dead,
        (SELECT max(d.finished_at) FROM delivery d WHERE d.event = e.id) AS finished_at
    FROM event e WHERE e.id > ?1 ORDER BY e.id LIMIT ?2";
const FORGET_EVENT: &str = "
    DELETE FROM event WHERE id = ?1
        AND NOT EXISTS (SELECT 1 FROM delivery WHERE event = ?1 AND state = 0)";
const DEAD_LETTERS: &str = "
    SELECT destination, count(*) FROM delivery INDEXED BY delivery_dead
    WHERE event = ?1 AND state = 2 GROUP BY destination";
const FORGET_PAYLOAD: &str = "DELETE FROM payload WHERE event = ?1";
const FORGET_DELIVERIES: &str = "DELETE FROM delivery WHERE event = ?1";
const FORGET_ATTEMPTS: &str = "DELETE FROM attempt WHERE event = ?1";
const KEEP_SEQUENCE: &str =
    "UPDATE ledger SET last_sequence = max(last_sequence, ?1) WHERE last_sequence < ?1";

/// Bytes in use, in the database. What is in quarantine does not count, or those who fill that
/// could push out events; it has its own limit.
const USED: &str = "
    SELECT max(0, (page_count - freelist_count) * page_size
        - (SELECT coalesce(sum(bytes), 0) FROM quarantine_tally))
    FROM pragma_page_count, pragma_freelist_count, pragma_page_size";

fn used_bytes(conn: &Connection) -> Result<u64, Fault> {
    Ok(uint(conn.prepare_cached(USED)?.query_row([], |row| row.get(0))?))
}

/// Where the walk is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Walk {
    /// The last event that was looked at.
    pub(super) after: i64,
    /// Whether there was too much, so that age did not matter.
    for_room: bool,
}

/// What a stretch of the walk has found.
pub(super) struct Found {
    /// What may go: the oldest first.
    pub(super) events: Vec<i64>,
    /// Whether there is too much.
    pub(super) for_room: bool,
    /// The last event that was looked at.
    pub(super) after: i64,
    /// Whether what follows is too young, or nothing follows.
    pub(super) end: bool,
}

impl Reader {
    /// Walks on.
    pub(super) fn forgettable(
        &mut self,
        walk: Walk,
        retention: Retention,
        now: Timestamp,
    ) -> Result<Found, Fault> {
        let for_room = match retention.max_bytes {
            None => false,
            Some(max) => used_bytes(&self.conn)? > max,
        };
        // What was spared for its age has to be looked at again when there is too much.
        let after = if for_room && !walk.for_room { 0 } else { walk.after };
        let delivered = time(now.minus(retention.delivered));
        let dead_letters = time(now.minus(retention.dead_letters));
        let mut found = Found { events: Vec::new(), for_room, after, end: true };
        let mut statement = self.conn.prepare_cached(WALK)?;
        let mut rows = statement.query(params![after, int(LOOK_AT)])?;
        let mut looked_at = 0;
        while let Some(row) = rows.next()? {
            let (id, received_at): (i64, i64) = (row.get(0)?, row.get(1)?);
            if !for_room && received_at > delivered.max(dead_letters) {
                return Ok(found);
            }
            let (pending, dead): (bool, bool) = (row.get(2)?, row.get(3)?);
            let done_at = row.get::<_, Option<i64>>(4)?.unwrap_or(0).max(received_at);
            let old = done_at <= if dead { dead_letters } else { delivered };
            if !pending && (for_room || old) {
                found.events.push(id);
            }
            found.after = id;
            looked_at += 1;
            if found.events.len() == DELETE {
                found.end = false;
                return Ok(found);
            }
        }
        found.end = looked_at < LOOK_AT;
        Ok(found)
    }
}

/// Deletes events that a walk has found.
pub(super) struct Forget {
    pub(super) events: Vec<i64>,
    /// Stop as soon as there is not more than this.
    pub(super) until_bytes: Option<u64>,
    pub(super) now: Timestamp,
}

/// What was deleted.
#[derive(Default)]
pub(super) struct Forgotten {
    pub(super) events: u64,
    /// By destination.
    pub(super) dead_letters: Vec<(Name, u64)>,
    /// The last event that was dealt with, if there is room before all of them were.
    pub(super) room_after: Option<i64>,
}

impl Verb for Forget {
    type Answer = Forgotten;
    const LANE: Lane = Lane::Background;

    fn apply(&self, core: &mut Core<'_>) -> Result<Forgotten, Fault> {
        core.dedupe.saw(self.now);
        let mut forgotten = Forgotten::default();
        let mut dead_letters: HashMap<i64, u64> = HashMap::new();
        for (index, &event) in self.events.iter().enumerate() {
            // Pages come free one by one: looking after each event would only cost time.
            if index % 16 == 0
                && let Some(max) = self.until_bytes
                && used_bytes(core.conn)? <= max
            {
                forgotten.room_after = Some(event - 1);
                break;
            }
            if core.conn.prepare_cached(FORGET_EVENT)?.execute([event])? == 0 {
                continue;
            }
            let mut dead = core.conn.prepare_cached(DEAD_LETTERS)?;
            let mut rows = dead.query([event])?;
            while let Some(row) = rows.next()? {
                *dead_letters.entry(row.get(0)?).or_default() += uint(row.get(1)?);
            }
            if core.conn.prepare_cached(FORGET_PAYLOAD)?.execute([event])? == 0 {
                items::forget(core.conn, event)?;
            }
            for statement in [FORGET_DELIVERIES, FORGET_ATTEMPTS] {
                core.conn.prepare_cached(statement)?.execute([event])?;
            }
            core.conn.prepare_cached(KEEP_SEQUENCE)?.execute([event])?;
            forgotten.events += 1;
            Failpoint::InRetention.pass();
        }
        let named = dead_letters.into_iter();
        let named = named.filter_map(|(id, count)| Some((core.names.name(id)?.clone(), count)));
        forgotten.dead_letters = named.collect();
        Ok(forgotten)
    }
}

impl Walk {
    /// Where the walk goes on, and whether there is more to do now.
    pub(super) fn next(found: &Found, forgotten: &Forgotten) -> (Self, bool) {
        if let Some(after) = forgotten.room_after {
            return (Self { after, for_room: true }, false);
        }
        if found.end {
            return (Self::default(), false);
        }
        (Self { after: found.after, for_room: found.for_room }, true)
    }
}
