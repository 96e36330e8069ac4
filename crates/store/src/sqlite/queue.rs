//! The turns of a delivery: taken, settled, given back; and what people do to it.

use std::borrow::Cow;

use hookyard_model::planted::{Bug, is_planted};
use hookyard_model::{
    Attempt, DeliveryId, EventId, Failpoint, Held, Lease, Name, NewDelivery, Next, Settlement,
    StoreError, Timestamp,
};
use rusqlite::{OptionalExtension as _, params};

use super::accept::DeliveryRow;
use super::cell::{
    CANCELLED, DEAD_LETTER, PENDING, SUCCEEDED, event_id, event_row, int, small, time, timestamp,
    uint,
};
use super::fault::Fault;
use super::inbox::Lane;
use super::writer::{Core, Verb};

// No RETURNING here: SQLite makes a temporary table for it each time.
const DUE: &str = "
    SELECT event, ordinal, lease, attempts, step, maybe_sent | leased, replayed, bytes FROM delivery INDEXED BY delivery_due
    WHERE destination = ?1 AND due_at IS NOT NULL AND due_at <= ?2
    ORDER BY due_at, event, ordinal LIMIT ?3";
const NEXT: &str = "
    SELECT min(due_at) FROM delivery INDEXED BY delivery_due
    WHERE destination = ?1 AND due_at IS NOT NULL AND due_at > ?2";
const TAKE: &str = "
    UPDATE delivery SET leased = 1, lease = lease + 1, due_at = ?3, maybe_sent = maybe_sent | leased
    WHERE event = ?1 AND ordinal = ?2";
const HELD: &str = "
    SELECT attempts FROM delivery
    WHERE event = ?1 AND ordinal = ?2 AND lease = ?3 AND leased = 1";
const SETTLE: &str = "
    UPDATE delivery SET state = ?3, due_at = ?4, leased = 0, attempts = attempts + ?5,
        step = step + ?6, maybe_sent = maybe_sent | ?7, reason = ?8, finished_at = ?9
    WHERE event = ?1 AND ordinal = ?2";
const ADD_ATTEMPT: &str = "
    INSERT INTO attempt (event, ordinal, number, started_at, duration, maybe_sent, status, headers,
        body, truncated, failure, detail)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
const RELEASE: &str = "
    UPDATE delivery SET leased = 0, due_at = ?4
    WHERE event = ?1 AND ordinal = ?2 AND lease = ?3 AND leased = 1";
const RECOVER: &str = "
    UPDATE delivery INDEXED BY delivery_due SET due_at = ?2
    WHERE destination = ?1 AND due_at IS NOT NULL AND due_at > ?2 AND leased = 1";
const FORGET_RETRIES: &str = "
    UPDATE delivery SET due_at = due_at << 10
    WHERE destination = ?1 AND due_at IS NOT NULL AND leased = 0 AND attempts > 0";
const COUNT_PENDING: &str =
    "SELECT count(*) FROM delivery INDEXED BY delivery_due WHERE due_at IS NOT NULL";
const REDELIVER: &str = "
    UPDATE delivery SET state = 0, due_at = ?3, leased = 0, step = 0,
        maybe_sent = maybe_sent | (attempts > 0), replayed = 1, reason = NULL, finished_at = NULL
    WHERE event = ?1 AND ordinal = ?2 AND state <> 0";
const CANCEL: &str = "
    UPDATE delivery SET state = 3, due_at = NULL, leased = 0, maybe_sent = maybe_sent | leased,
        finished_at = ?3
    WHERE event = ?1 AND ordinal = ?2 AND state = 0";
const PURGE: &str = "DELETE FROM delivery WHERE event = ?1 AND ordinal = ?2 AND state = 2";
const PURGE_ATTEMPTS: &str = "DELETE FROM attempt WHERE event = ?1 AND ordinal = ?2";
const BODY_LEN: &str = "
    SELECT length(body) FROM payload WHERE event = ?1
    UNION ALL SELECT length FROM item WHERE event = ?1";
const TAKE_ORDINALS: &str = "
    UPDATE event SET ordinals = ordinals + ?3 WHERE id = ?1 AND random = ?2
    RETURNING ordinals - ?3";

/// The statement, with another condition in the place of one if the bug is planted.
fn planted(sql: &'static str, bug: Bug, condition: &str, other: &str) -> Cow<'static, str> {
    if is_planted(bug) { sql.replace(condition, other).into() } else { sql.into() }
}

/// A delivery that was taken, without its event: that is read elsewhere, so that reading it does
/// not hold up those who write.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    pub(super) event: i64,
    pub(super) ordinal: u16,
    pub(super) lease: u32,
    pub(super) attempts: u32,
    pub(super) step: u32,
    pub(super) maybe_sent: bool,
    pub(super) replayed: bool,
}

impl Taken {
    /// Enough to release it; the random half of the event's id is not known here.
    pub(super) fn held(&self) -> Held {
        let id = DeliveryId { event: event_id(self.event, 0), ordinal: self.ordinal };
        Held { id, lease: self.lease }
    }
}

/// What [`Lease`] took, and when the next one is due.
#[derive(Default)]
pub(super) struct TakenDue {
    pub(super) taken: Vec<Taken>,
    pub(super) next: Option<Timestamp>,
}

impl Verb for Lease {
    type Answer = TakenDue;
    const LANE: Lane = Lane::Work;

    fn apply(&self, core: &mut Core<'_>) -> Result<TakenDue, Fault> {
        let Some(destination) = core.names.known(&self.destination) else {
            return Ok(TakenDue::default());
        };
        let mut taken = Vec::with_capacity(self.limit.min(1024));
        let mut statement = core.conn.prepare_cached(DUE)?;
        let mut rows = statement.query(params![destination, time(self.now), int(self.limit)])?;
        let mut bytes = 0_u64;
        while bytes < self.bytes as u64 || taken.is_empty() {
            let Some(row) = rows.next()? else { break };
            bytes = bytes.saturating_add(uint(row.get(7)?));
            taken.push(Taken {
                event: row.get(0)?,
                ordinal: small(row.get(1)?)?,
                lease: small(row.get::<_, i64>(2)? + 1)?,
                attempts: small(row.get(3)?)?,
                step: small(row.get(4)?)?,
                maybe_sent: row.get(5)? && !is_planted(Bug::UnflaggedRepeat),
                replayed: row.get(6)?,
            });
        }
        // Before these are taken: the ends of their own leases tell nothing new.
        let next: Option<i64> = core
            .conn
            .prepare_cached(NEXT)?
            .query_row(params![destination, time(self.now)], |row| row.get(0))?;
        let mut take = core.conn.prepare_cached(TAKE)?;
        for taken in &taken {
            let until = if is_planted(Bug::LeaseGivenTwice) { self.now } else { self.until };
            take.execute(params![taken.event, taken.ordinal, time(until)])?;
        }
        Ok(TakenDue { taken, next: next.map(timestamp) })
    }
}

impl Verb for Settlement {
    type Answer = bool;
    const LANE: Lane = Lane::Work;

    fn apply(&self, core: &mut Core<'_>) -> Result<bool, Fault> {
        let Some(event) = event_row(self.held.id.event) else { return Ok(false) };
        let ordinal = self.held.id.ordinal;
        let at = Some(time(self.at));
        let (state, due_at, reason, finished_at) = match &self.next {
            Next::Succeeded => (SUCCEEDED, None, None, at),
            Next::RetryAt(due) => (PENDING, Some(time(*due)), None, None),
            Next::DeadLetter(reason) => (DEAD_LETTER, None, Some(reason.as_str()), at),
        };
        let maybe_sent = self.attempt.as_ref().is_some_and(|attempt| attempt.maybe_sent);
        let attempts: Option<i64> = core
            .conn
            .prepare_cached(&planted(HELD, Bug::MissingFence, "lease = ?3", "?3 > 0"))?
            .query_row(params![event, ordinal, self.held.lease], |row| row.get(0))
            .optional()?;
        let Some(attempts) = attempts else { return Ok(false) };
        let settle = planted(SETTLE, Bug::SettlesAnothers, "ordinal = ?2", "?2 >= 0");
        core.conn.prepare_cached(&settle)?.execute(params![
            event,
            ordinal,
            state,
            due_at,
            self.attempt.is_some(),
            self.counts,
            maybe_sent,
            reason,
            finished_at
        ])?;
        Failpoint::InSettle.pass();
        if let Some(attempt) = &self.attempt {
            add_attempt(core, (event, ordinal), attempts + 1, attempt)?;
        }
        Ok(true)
    }

    fn bytes(&self) -> usize {
        let response = self.attempt.as_ref().and_then(|attempt| attempt.response.as_ref());
        512 + response.map_or(0, |response| response.body.len() + response.headers.as_bytes().len())
    }

    fn order(&self) -> u64 {
        self.held.id.event.sequence()
    }
}

fn add_attempt(
    core: &Core<'_>,
    (event, ordinal): (i64, u16),
    number: i64,
    attempt: &Attempt,
) -> Result<(), Fault> {
    let response = attempt.response.as_ref();
    let headers = response.map(|response| -> &[u8] { response.headers.as_bytes() });
    let body = response.map(|response| -> &[u8] { &response.body });
    let failure = attempt.failure.as_ref();
    core.conn.prepare_cached(ADD_ATTEMPT)?.execute(params![
        event,
        ordinal,
        number,
        time(attempt.started_at),
        int(attempt.duration.as_nanos()),
        attempt.maybe_sent,
        response.map(|response| response.status),
        headers,
        body,
        response.map(|response| response.truncated),
        failure.map(|failure| failure.kind.as_str()),
        failure.map(|failure| failure.detail.as_str()),
    ])?;
    Ok(())
}

/// [`hookyard_model::Store::release`].
pub(super) struct Release {
    pub(super) held: Vec<Held>,
    pub(super) due_at: Timestamp,
}

impl Verb for Release {
    type Answer = ();
    const LANE: Lane = Lane::Work;

    fn apply(&self, core: &mut Core<'_>) -> Result<(), Fault> {
        let mut statement = core.conn.prepare_cached(RELEASE)?;
        for held in &self.held {
            let Some(event) = event_row(held.id.event) else { continue };
            statement.execute(params![event, held.id.ordinal, held.lease, time(self.due_at)])?;
        }
        Ok(())
    }
}

/// [`hookyard_model::Store::recover`].
pub(super) struct Recover(pub(super) Timestamp);

impl Verb for Recover {
    type Answer = u64;
    const LANE: Lane = Lane::Background;

    /// What is due already keeps its place before the rest, and what waits for its next attempt
    /// goes on waiting.
    fn apply(&self, core: &mut Core<'_>) -> Result<u64, Fault> {
        for destination in core.names.ids() {
            core.conn.prepare_cached(RECOVER)?.execute(params![destination, time(self.0)])?;
            if is_planted(Bug::RetryForgotten) {
                core.conn.execute(FORGET_RETRIES, [destination])?;
            }
        }
        Failpoint::InRecovery.pass();
        let pending: i64 = core.conn.query_row(COUNT_PENDING, [], |row| row.get(0))?;
        Ok(pending.unsigned_abs())
    }
}

/// What a person does to deliveries that were selected.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    /// [`hookyard_model::Store::redeliver`].
    Redeliver(Timestamp),
    /// [`hookyard_model::Store::cancel`].
    Cancel(Timestamp),
    /// [`hookyard_model::Store::purge`].
    Purge,
}

impl Change {
    /// In which states a delivery has to be for it.
    pub(super) const fn states(self) -> &'static [i64] {
        match self {
            Self::Redeliver(_) => &[SUCCEEDED, DEAD_LETTER, CANCELLED],
            Self::Cancel(_) => &[PENDING],
            Self::Purge => &[DEAD_LETTER],
        }
    }
}

/// A change to some deliveries, given as event and ordinal. The states are looked at again,
/// because the selection was read before.
pub(super) struct ChangeSome {
    pub(super) change: Change,
    pub(super) rows: Vec<(i64, i64)>,
}

impl Verb for ChangeSome {
    type Answer = u64;
    const LANE: Lane = Lane::Background;

    fn apply(&self, core: &mut Core<'_>) -> Result<u64, Fault> {
        let mut changed = 0;
        for &(event, ordinal) in &self.rows {
            let conn = core.conn;
            changed += match self.change {
                Change::Redeliver(now) => {
                    core.pending = core.pending.min(event);
                    conn.prepare_cached(REDELIVER)?.execute(params![event, ordinal, time(now)])?
                }
                Change::Cancel(now) => {
                    conn.prepare_cached(CANCEL)?.execute(params![event, ordinal, time(now)])?
                }
                Change::Purge => {
                    let purged = conn.prepare_cached(PURGE)?.execute(params![event, ordinal])?;
                    if purged > 0 {
                        conn.prepare_cached(PURGE_ATTEMPTS)?.execute(params![event, ordinal])?;
                    }
                    purged
                }
            } as u64;
        }
        Ok(changed)
    }
}

/// [`hookyard_model::Store::replay`].
pub(super) struct Replay {
    pub(super) event: EventId,
    pub(super) to: Vec<Name>,
    pub(super) now: Timestamp,
}

impl Verb for Replay {
    type Answer = Option<Vec<DeliveryId>>;
    const LANE: Lane = Lane::Background;

    fn apply(&self, core: &mut Core<'_>) -> Result<Option<Vec<DeliveryId>>, Fault> {
        let Some(event) = event_row(self.event) else { return Ok(None) };
        let random = self.event.random().cast_signed();
        let first: Option<i64> = core
            .conn
            .prepare_cached(TAKE_ORDINALS)?
            .query_row(params![event, random, int(self.to.len())], |row| row.get(0))
            .optional()
            .map_err(|error| too_many(error, &self.event))?;
        let Some(first) = first else { return Ok(None) };
        let bytes: Option<i64> =
            core.conn.prepare_cached(BODY_LEN)?.query_row([event], |row| row.get(0)).optional()?;
        let bytes = bytes.unwrap_or(0);
        let mut added = Vec::with_capacity(self.to.len());
        for (ordinal, name) in (first..).zip(&self.to) {
            let row = DeliveryRow { event, ordinal, bytes, replayed: true };
            let new = NewDelivery { destination: name.clone(), leased_until: None };
            row.add(core, &new, time(self.now))?;
            added.push(DeliveryId { event: self.event, ordinal: small(ordinal)? });
        }
        Ok(Some(added))
    }
}

/// The one CHECK that a person can run into, said in words.
fn too_many(error: rusqlite::Error, event: &EventId) -> Fault {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::ConstraintViolation) => {
            let text = format!("{event} cannot have more than 65536 deliveries");
            Fault::Store(StoreError::Unavailable(text))
        }
        _ => Fault::Sql(error),
    }
}
