//! Sealed segments: keys that were sorted once and are only read from then on.

use std::ops::RangeInclusive;

use hookyard_model::{Accepted, DedupeKey, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::bloom::Bloom;
use super::{First, Hash};
use crate::sqlite::cell::{time, timestamp};
use crate::sqlite::fault::{Fault, unreadable};

const LOAD: &str =
    "SELECT id, state, last_position, expires_at, filter FROM dedupe_segment ORDER BY id";
const COLLECT: &str = "
    SELECT event, random, body, expires_at, hash, position FROM dedupe
    WHERE position BETWEEN ?1 AND ?2";
const BEGIN: &str = "
    INSERT INTO dedupe_segment (id, state, last_position, expires_at, filter)
    VALUES (?1, 0, ?2, ?3, ?4)";
const ADD_KEY: &str = "
    INSERT INTO dedupe_segment_key (segment, hash, body, event, random, expires_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const COMPLETE: &str = "UPDATE dedupe_segment SET state = 1 WHERE id = ?1";
const EXPIRE: &str = "UPDATE dedupe_segment SET state = 2 WHERE id = ?1";
const FIND: &str = "
    SELECT event, random, body, expires_at FROM dedupe_segment_key
    WHERE segment = ?1 AND hash = ?2";
const DROP_KEYS: &str = "
    DELETE FROM dedupe_segment_key WHERE segment = ?1 AND hash IN
        (SELECT hash FROM dedupe_segment_key WHERE segment = ?1 ORDER BY hash LIMIT ?2)";
const DROP: &str = "DELETE FROM dedupe_segment WHERE id = ?1";

/// States of a segment; one that was being written when the process died is as good as dropped.
const SEALED: i64 = 1;
const DROPPING: i64 = 2;

/// How many bytes of filters are kept in memory: 50 million keys. Segments beyond, the oldest, are
/// asked without a filter.
const FILTER_BYTES: usize = 64 << 20;

/// A segment that can be asked.
struct Segment {
    id: i64,
    expires_at: Timestamp,
    filter: Option<Bloom>,
}

/// All segments.
pub(super) struct Segments {
    /// The oldest first.
    sealed: Vec<Segment>,
    dropping: Vec<i64>,
    last_id: i64,
}

impl Segments {
    /// Reads the segments; with them up to where `dedupe` is void, and the last position that any knows.
    pub(super) fn load(conn: &Connection) -> Result<(Self, i64, i64), Fault> {
        let mut all = Self { sealed: Vec::new(), dropping: Vec::new(), last_id: 0 };
        let (mut sealed_to, mut last) = (0, 0);
        let mut statement = conn.prepare(LOAD)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (id, state, position): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            all.last_id = id;
            last = position.max(last);
            if matches!(state, SEALED | DROPPING) {
                sealed_to = position.max(sealed_to);
            }
            if state == SEALED {
                let filter = row.get_ref(4)?.as_blob().ok().and_then(Bloom::from_bytes);
                let filter = Some(filter.ok_or_else(|| unreadable("a filter"))?);
                all.sealed.push(Segment { id, expires_at: timestamp(row.get(3)?), filter });
            } else {
                all.dropping.push(id);
            }
        }
        all.bound_filters();
        Ok((all, sealed_to, last))
    }

    /// What is told to a repeat, the newest segment first.
    pub(super) fn find(
        &self,
        conn: &Connection,
        key: &DedupeKey,
        now: Timestamp,
    ) -> Result<Option<Accepted>, Fault> {
        for segment in self.sealed.iter().rev() {
            if segment.expires_at <= now
                || segment.filter.as_ref().is_some_and(|filter| !filter.may_hold(&key.hash))
            {
                continue;
            }
            let first = conn
                .prepare_cached(FIND)?
                .query_row(params![segment.id, key.hash], First::read)
                .optional()?;
            if let Some(first) = first.filter(|first| first.tells_repeats(now)) {
                return Ok(Some(first.answer(key)));
            }
        }
        Ok(None)
    }

    pub(super) fn next_id(&self) -> i64 {
        self.last_id + 1
    }

    pub(super) fn add(&mut self, sealing: Sealing) {
        let Sealing { id, expires_at, filter, .. } = sealing;
        self.sealed.push(Segment { id, expires_at, filter: Some(filter) });
        self.last_id = self.last_id.max(id);
        self.bound_filters();
    }

    pub(super) fn expired(&self, now: Timestamp) -> Option<i64> {
        self.sealed.iter().find(|segment| segment.expires_at <= now).map(|segment| segment.id)
    }

    pub(super) fn expire(&mut self, id: i64) {
        self.sealed.retain(|segment| segment.id != id);
        self.dropping.push(id);
    }

    pub(super) fn dropping(&self) -> Option<i64> {
        self.dropping.first().copied()
    }

    pub(super) fn forget(&mut self, id: i64) {
        self.dropping.retain(|&dropping| dropping != id);
    }

    fn bound_filters(&mut self) {
        let mut room = FILTER_BYTES;
        for segment in self.sealed.iter_mut().rev() {
            let needs = segment.filter.as_ref().map_or(0, |filter| filter.as_bytes().len());
            match room.checked_sub(needs) {
                Some(rest) => room = rest,
                None => segment.filter = None,
            }
        }
    }
}

/// A key on its way into a segment.
struct Key {
    hash: Hash,
    position: i64,
    first: First,
}

/// A segment that is being written.
pub(super) struct Sealing {
    id: i64,
    last_position: i64,
    expires_at: Timestamp,
    filter: Bloom,
    /// Sorted by hash.
    keys: Vec<Key>,
    written: usize,
}

/// Reads and sorts the keys of some rows of `dedupe`, but those that have expired.
pub(super) fn collect(
    conn: &Connection,
    id: i64,
    rows: RangeInclusive<i64>,
    now: Timestamp,
) -> Result<Sealing, Fault> {
    let mut keys = Vec::new();
    let mut statement = conn.prepare(COLLECT)?;
    let mut found = statement.query([rows.start(), rows.end()])?;
    while let Some(row) = found.next()? {
        let hash = row.get_ref(4)?.as_blob().ok().and_then(|hash| hash.try_into().ok());
        let key = Key {
            hash: hash.ok_or_else(|| unreadable("a dedupe key"))?,
            position: row.get(5)?,
            first: First::read(row)?,
        };
        if key.first.tells_repeats(now) {
            keys.push(key);
        }
    }
    // Of a key that expired and came again the last one counts.
    keys.sort_unstable_by_key(|key| (key.hash, std::cmp::Reverse(key.position)));
    keys.dedup_by_key(|key| key.hash);
    let mut filter = Bloom::for_keys(keys.len());
    for key in &keys {
        filter.insert(&key.hash);
    }
    let expires_at = timestamp(keys.iter().map(|key| key.first.expires_at).max().unwrap_or(0));
    Ok(Sealing { id, last_position: *rows.end(), expires_at, filter, keys, written: 0 })
}

impl Sealing {
    pub(super) const fn last_position(&self) -> i64 {
        self.last_position
    }

    /// Writes the next keys; gives back how many are written then.
    pub(super) fn write(&self, conn: &Connection, chunk: usize) -> Result<usize, Fault> {
        if self.written == 0 {
            conn.prepare_cached(BEGIN)?.execute(params![
                self.id,
                self.last_position,
                time(self.expires_at),
                self.filter.as_bytes()
            ])?;
        }
        let mut add = conn.prepare_cached(ADD_KEY)?;
        let mut written = self.written;
        for key in self.keys.iter().skip(self.written).take(chunk) {
            let First { event, random, body, expires_at } = key.first;
            add.execute(params![self.id, key.hash, body, event, random, expires_at])?;
            written += 1;
        }
        if self.is_done(written) {
            conn.prepare_cached(COMPLETE)?.execute([self.id])?;
        }
        Ok(written)
    }

    pub(super) fn is_done(&self, written: usize) -> bool {
        written >= self.keys.len()
    }

    pub(super) fn advance(&mut self, written: usize) {
        self.written = written;
    }
}

/// Marks a segment whose last key has expired.
pub(super) fn expire(conn: &Connection, id: i64) -> Result<(), Fault> {
    conn.prepare_cached(EXPIRE)?.execute([id])?;
    Ok(())
}

/// Deletes some keys of a segment, and in the end the segment; `true` when it is gone.
pub(super) fn drop_some(conn: &Connection, id: i64, chunk: usize) -> Result<bool, Fault> {
    let chunk = crate::sqlite::cell::int(chunk);
    if conn.prepare_cached(DROP_KEYS)?.execute([id, chunk])? > 0 {
        return Ok(false);
    }
    conn.prepare_cached(DROP)?.execute([id])?;
    Ok(true)
}
