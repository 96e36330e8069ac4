//! Which pending delivery is the oldest, whatever holds it.
//!
//! No index has the pending deliveries in order of age: each settle would have to write to it. So
//! the answer is looked for. When few are pending, among all of those. When many are, in the table
//! itself, which is in order of age, from where the oldest was found the last time: what lies
//! before that is done with, and is passed over once. Should more have been done with since than
//! is looked at in one go, the index of what is pending is read from end to end, once, and the
//! search goes on from there.
//!
//! For that to be right, whatever makes a delivery pending of an event that was passed over, as
//! redelivering does, has to say so: [`Oldest::added`].

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use hookyard_model::Timestamp;
use rusqlite::{Connection, params};

use super::cell::{int, timestamp};
use super::fault::Fault;
use super::reader::Reader;

/// Said of a transaction that made nothing pending.
pub(super) const NOTHING: i64 = i64::MAX;

const FEW: &str = "
    SELECT count(*), min(event) FROM
        (SELECT event FROM delivery INDEXED BY delivery_due WHERE due_at IS NOT NULL LIMIT ?1)";
const WALK: &str = "
    SELECT event, due_at IS NOT NULL FROM delivery WHERE event >= ?1
    ORDER BY event, ordinal LIMIT ?2";
const ALL: &str =
    "SELECT min(event) FROM delivery INDEXED BY delivery_due WHERE due_at IS NOT NULL";
/// A delivery without its event is damage, which is not to be found out here.
const CAME_AT: &str = "
    SELECT coalesce((SELECT received_at FROM event WHERE id = ?1),
        (SELECT min(created_at) FROM delivery WHERE event = ?1))";

/// How many rows are looked at.
#[derive(Clone, Copy, Debug)]
struct Reach {
    /// So many pending deliveries are few.
    few: usize,
    /// In the table, at a time.
    walk: usize,
}

/// Measured with a million pending of five million, unoptimised, by `examples/queue_age.rs`: where
/// the oldest stands at the cursor a call takes 0.4 ms, with a walk over 50,000 rows 7 ms, with the
/// whole index 50 ms.
const REACH: Reach = Reach { few: 1024, walk: 65_536 };

/// Where to look for the oldest pending delivery.
#[derive(Debug)]
pub(super) struct Oldest {
    /// No older event had a pending delivery when the last search began. Held while one searches.
    from: Mutex<i64>,
    /// The oldest event that was given a pending delivery since then.
    added: AtomicI64,
    reach: Reach,
}

impl Default for Oldest {
    fn default() -> Self {
        Self { from: Mutex::new(0), added: AtomicI64::new(NOTHING), reach: REACH }
    }
}

impl Oldest {
    /// Says that a transaction gave a pending delivery to this event. To be called after the
    /// commit, or a search between the two would miss the delivery and forget the event; and
    /// before anyone is told of the commit.
    pub(super) fn added(&self, event: i64) {
        self.added.fetch_min(event, Ordering::AcqRel);
    }

    /// The oldest event that has a pending delivery.
    fn search(&self, conn: &Connection) -> Result<Option<i64>, Fault> {
        let mut from = self.from.lock().unwrap_or_else(PoisonError::into_inner);
        *from = (*from).min(self.added.swap(NOTHING, Ordering::AcqRel));
        // What is committed from here on is said after this, and looked at the next time.
        let view = conn.unchecked_transaction()?;
        let found = self.find(&view, *from)?;
        if let Some(event) = found {
            *from = event;
        }
        Ok(found)
    }

    fn find(&self, conn: &Connection, from: i64) -> Result<Option<i64>, Fault> {
        let Reach { few, walk } = self.reach;
        let (count, oldest): (i64, Option<i64>) = conn
            .prepare_cached(FEW)?
            .query_row([int(few)], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if count < int(few) {
            return Ok(oldest);
        }
        let mut statement = conn.prepare_cached(WALK)?;
        let mut rows = statement.query(params![from, int(walk)])?;
        while let Some(row) = rows.next()? {
            if row.get(1)? {
                return Ok(Some(row.get(0)?));
            }
        }
        Ok(conn.prepare_cached(ALL)?.query_row([], |row| row.get(0))?)
    }
}

impl Reader {
    /// When the oldest event came that has a pending delivery.
    pub(super) fn oldest_pending(&mut self, oldest: &Oldest) -> Result<Option<Timestamp>, Fault> {
        let Some(event) = oldest.search(&self.conn)? else { return Ok(None) };
        let came_at: Option<i64> =
            self.conn.prepare_cached(CAME_AT)?.query_row([event], |row| row.get(0))?;
        Ok(came_at.map(timestamp))
    }
}

#[cfg(test)]
mod tests {
    use super::super::migrate::{MIGRATIONS, migrate};
    use super::*;

    /// As small as can be, so that every way of searching is taken.
    const SMALL: Reach = Reach { few: 3, walk: 5 };

    const ADD: &str = "
        INSERT OR REPLACE INTO delivery (event, ordinal, destination, bytes, state, due_at, leased,
            lease, attempts, step, maybe_sent, replayed, reason, created_at, finished_at)
        VALUES (?1, 0, ?1 % 3, 0, 0, ?1 * 7919 % 1000, 0, 0, 0, 0, 0, 0, NULL, 0, NULL)";
    const END: &str =
        "UPDATE delivery SET state = 1, due_at = NULL, finished_at = 0 WHERE event = ?1";

    #[test]
    fn every_way_of_searching_finds_the_same() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn, MIGRATIONS).unwrap();
        let oldest = Oldest { reach: SMALL, ..Oldest::default() };
        let (mut dice, mut searches) = (1_u64, [0; 2]);
        for step in 0..5000 {
            dice = dice.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
            let event = i64::try_from(dice >> 33).unwrap() % 40;
            // Sometimes few are pending, sometimes many, and sometimes much happens unseen.
            if i64::try_from(dice >> 60).unwrap() < 1 + 11 * (step / 500 % 2) {
                conn.execute(ADD, [event]).unwrap();
                oldest.added(event);
            } else {
                conn.execute(END, [event]).unwrap();
            }
            if dice >> 40 & 7 != 0 {
                continue;
            }
            let expected: Option<i64> = conn.query_row(ALL, [], |row| row.get(0)).unwrap();
            assert_eq!(oldest.search(&conn).unwrap(), expected, "step {step}");
            searches[usize::from(expected.is_some())] += 1;
        }
        assert!(searches.iter().all(|&count| count > 10), "{searches:?}");
    }
}
