//! Requests that failed verification: keeping them within their room, and letting them in.
//!
//! What each source has there stands in a table of its own, which every change of a row keeps
//! right in the same transaction; so that making room costs nothing but what is deleted.

use bytes::Bytes;
use hookyard_model::{
    Accepted, EventId, Failpoint, HeaderList, Name, NewBatch, NewEvent, QuarantineChange,
    QuarantineFilter, QuarantineId, QuarantineLimits, QuarantineSummary, QuarantineTotals,
    Quarantined, Reason, Standing, StoreError, Timestamp,
};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};

use super::cell::{Octets, address, event_id, int, time, timestamp, uint};
use super::fault::{Fault, unreadable};
use super::inbox::Lane;
use super::names;
use super::reader::Reader;
use super::writer::{Core, Verb};

/// How many are forgotten at most in one transaction.
const FORGET: usize = 512;

const ADD: &str = "
    INSERT INTO quarantine (id, random, source, received_at, weight, body_len, peer, method, origin,
        target, code, sentence, request_id)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
const ADD_PAYLOAD: &str =
    "INSERT INTO quarantine_payload (request, headers, body) VALUES (?1, ?2, ?3)";
const TALLY: &str = "
    INSERT INTO quarantine_tally (source, held, bytes) VALUES (?1, ?2, ?3)
    ON CONFLICT (source) DO UPDATE SET held = held + ?2, bytes = bytes + ?3";
const TALLY_LESS: &str =
    "UPDATE quarantine_tally SET held = held + ?2, bytes = bytes + ?3 WHERE source = ?1";
const TOTALS: &str = "SELECT coalesce(sum(held), 0), coalesce(sum(bytes), 0) FROM quarantine_tally";
/// Of sources that have as much, always the same one.
const FULLEST: &str = "
    SELECT q.id, q.source, q.weight, q.event IS NULL FROM quarantine q
    WHERE q.source = (SELECT source FROM quarantine_tally ORDER BY bytes DESC, source LIMIT 1)
    ORDER BY q.id LIMIT 1";
const OLDEST: &str =
    "SELECT id, source, weight, event IS NULL, received_at FROM quarantine ORDER BY id LIMIT ?1";
const FORGET_REQUEST: &str = "DELETE FROM quarantine WHERE id = ?1";
const FORGET_PAYLOAD: &str = "DELETE FROM quarantine_payload WHERE request = ?1";
const FORGET_TALLY: &str = "DELETE FROM quarantine_tally WHERE source = ?1 AND bytes = 0";
const STANDING: &str = "
    SELECT q.source, q.event, q.event_random, coalesce(length(p.headers) + length(p.body), 0)
    FROM quarantine q LEFT JOIN quarantine_payload p ON p.request = q.id
    WHERE q.id = ?1 AND q.random = ?2";
const RELEASE: &str =
    "UPDATE quarantine SET event = ?2, event_random = ?3, weight = weight - ?4 WHERE id = ?1";
const STILL: &str = "
    UPDATE quarantine SET code = ?3, sentence = ?4 WHERE id = ?1 AND random = ?2 AND event IS NULL";
const ONE: &str = "
    SELECT q.*, p.headers, p.body
    FROM quarantine q LEFT JOIN quarantine_payload p ON p.request = q.id
    WHERE q.id = ?1 AND q.random = ?2";
const LIST: &str = "
    SELECT * FROM quarantine
    WHERE id < :after
      AND (:source IS NULL OR source = :source)
      AND (:code IS NULL OR (code = :code AND event IS NULL))
      AND (:request_id IS NULL OR request_id = :request_id)
      AND (:released IS NULL OR (event IS NOT NULL) = :released)
      AND received_at >= :since AND received_at < :until
    ORDER BY id DESC LIMIT :limit";

fn row_of(id: QuarantineId) -> Option<i64> {
    i64::try_from(id.sequence()).ok()
}

fn totals(conn: &Connection) -> Result<QuarantineTotals, Fault> {
    let (held, bytes): (i64, i64) =
        conn.prepare_cached(TOTALS)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(QuarantineTotals { held: uint(held), bytes: uint(bytes) })
}

/// Takes away from what a source has; both numbers are negative.
fn tally_less(conn: &Connection, source: i64, held: i64, bytes: i64) -> Result<(), Fault> {
    conn.prepare_cached(TALLY_LESS)?.execute([source, held, bytes])?;
    conn.prepare_cached(FORGET_TALLY)?.execute([source])?;
    Ok(())
}

/// A request that is to be forgotten.
struct Old {
    id: i64,
    source: i64,
    weight: i64,
    is_held: bool,
}

impl Old {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (id, source) = (row.get(0)?, row.get(1)?);
        Ok(Self { id, source, weight: row.get(2)?, is_held: row.get(3)? })
    }

    fn forget(&self, conn: &Connection) -> Result<(), Fault> {
        for statement in [FORGET_REQUEST, FORGET_PAYLOAD] {
            conn.prepare_cached(statement)?.execute([self.id])?;
        }
        tally_less(conn, self.source, -i64::from(self.is_held), -self.weight)
    }
}

/// Forgets from the source that has most until there is not too much, or enough was done for once.
fn make_room(core: &Core<'_>, limits: QuarantineLimits) -> Result<QuarantineChange, Fault> {
    let mut change = QuarantineChange::default();
    let mut totals = totals(core.conn)?;
    for _ in 0..FORGET {
        if totals.bytes <= limits.max_bytes {
            break;
        }
        let fullest = core.conn.prepare_cached(FULLEST)?.query_row([], Old::read).optional()?;
        let Some(old) = fullest else { break };
        old.forget(core.conn)?;
        totals.bytes = totals.bytes.saturating_sub(uint(old.weight));
        if old.is_held {
            totals.held = totals.held.saturating_sub(1);
            count(core, &mut change.evicted, old.source);
        }
    }
    change.more = totals.bytes > limits.max_bytes;
    change.totals = totals;
    Ok(change)
}

fn count(core: &Core<'_>, evicted: &mut Vec<(Name, u64)>, source: i64) {
    let Some(name) = core.names.name(source) else { return };
    match evicted.iter_mut().find(|(found, _)| found == name) {
        Some((_, count)) => *count += 1,
        None => evicted.push((name.clone(), 1)),
    }
}

/// [`hookyard_model::Store::quarantine`].
pub(super) struct Keep {
    pub(super) requests: Vec<Quarantined>,
    pub(super) limits: QuarantineLimits,
}

impl Verb for Keep {
    type Answer = QuarantineChange;
    const LANE: Lane = Lane::Background;
    const NEEDS_ROOM: bool = true;

    fn apply(&self, core: &mut Core<'_>) -> Result<QuarantineChange, Fault> {
        for request in &self.requests {
            add(core, request)?;
        }
        Failpoint::InQuarantine.pass();
        make_room(core, self.limits)
    }

    fn bytes(&self) -> usize {
        let weight: u64 = self.requests.iter().map(Quarantined::weight).sum();
        usize::try_from(weight).unwrap_or(usize::MAX)
    }
}

fn add(core: &mut Core<'_>, request: &Quarantined) -> Result<(), Fault> {
    let Standing::Held(reason) = &request.standing else { return Ok(()) };
    let id = row_of(request.id).ok_or_else(|| {
        StoreError::Unavailable(format!("{} is out of range: is the clock right?", request.id))
    })?;
    let source = core.names.id(core.conn, &request.source)?;
    let peer = request.peer.map(Octets::of);
    let weight = int(request.weight());
    core.conn.prepare_cached(ADD)?.execute(params![
        id,
        request.id.random().cast_signed(),
        source,
        time(request.received_at),
        weight,
        int(request.body.len()),
        peer.as_ref().map(Octets::as_slice),
        request.method,
        request.origin,
        request.target,
        reason.code,
        reason.sentence,
        request.request_id,
    ])?;
    let headers: &[u8] = request.headers.as_bytes();
    core.conn.prepare_cached(ADD_PAYLOAD)?.execute(params![id, headers, &*request.body])?;
    core.sequence = core.sequence.max(request.id.sequence());
    core.conn.prepare_cached(TALLY)?.execute([source, 1, weight])?;
    Ok(())
}

/// [`hookyard_model::Store::prune_quarantine`].
pub(super) struct Prune {
    pub(super) limits: QuarantineLimits,
    pub(super) now: Timestamp,
}

impl Verb for Prune {
    type Answer = QuarantineChange;
    const LANE: Lane = Lane::Background;

    fn apply(&self, core: &mut Core<'_>) -> Result<QuarantineChange, Fault> {
        let latest = time(self.now.minus(self.limits.keep));
        let mut oldest = Vec::new();
        let mut statement = core.conn.prepare_cached(OLDEST)?;
        let mut rows = statement.query([int(FORGET)])?;
        while let Some(row) = rows.next()? {
            if row.get::<_, i64>(4)? > latest {
                break;
            }
            oldest.push(Old::read(row)?);
        }
        drop(rows);
        drop(statement);
        for old in &oldest {
            old.forget(core.conn)?;
        }
        let change = make_room(core, self.limits)?;
        Ok(QuarantineChange { more: change.more || oldest.len() == FORGET, ..change })
    }
}

/// [`hookyard_model::Store::still_quarantined`].
pub(super) struct Still {
    pub(super) id: QuarantineId,
    pub(super) reason: Reason,
}

impl Verb for Still {
    type Answer = bool;
    const LANE: Lane = Lane::Background;

    fn apply(&self, core: &mut Core<'_>) -> Result<bool, Fault> {
        let Some(id) = row_of(self.id) else { return Ok(false) };
        let changed = core.conn.prepare_cached(STILL)?.execute(params![
            id,
            self.id.random().cast_signed(),
            self.reason.code,
            self.reason.sentence,
        ])?;
        Ok(changed > 0)
    }
}

/// [`hookyard_model::Store::accept_quarantined`], and the same of a batch.
pub(super) struct AcceptQuarantined<A> {
    pub(super) id: QuarantineId,
    pub(super) accept: A,
}

/// What a kept request becomes: an event, or those of a batch.
pub(super) trait Becomes: Verb {
    /// The answer where the request had become this event before.
    fn repeated(&self, event: EventId) -> Self::Answer;

    /// The event as which the request is released by this answer, if it is.
    fn released_as(&self, accepted: &Self::Answer) -> Option<EventId>;
}

impl Becomes for NewEvent {
    fn repeated(&self, event: EventId) -> Accepted {
        Accepted::Duplicate { id: event, same_body: true }
    }

    fn released_as(&self, accepted: &Accepted) -> Option<EventId> {
        match accepted {
            Accepted::New | Accepted::Conflict => Some(self.event.id),
            Accepted::Duplicate { id, same_body } => same_body.then_some(*id),
        }
    }
}

impl Becomes for NewBatch {
    fn repeated(&self, event: EventId) -> Vec<Accepted> {
        vec![Accepted::Duplicate { id: event, same_body: true }; self.items.len()]
    }

    /// The first of them stands for all.
    fn released_as(&self, accepted: &Vec<Accepted>) -> Option<EventId> {
        match accepted.first()? {
            Accepted::New | Accepted::Conflict => Some(self.items.first()?.new.event.id),
            Accepted::Duplicate { id, .. } => Some(*id),
        }
    }
}

impl<A: Becomes> Verb for AcceptQuarantined<A> {
    type Answer = A::Answer;
    const LANE: Lane = A::LANE;

    fn apply(&self, core: &mut Core<'_>) -> Result<A::Answer, Fault> {
        let standing = standing(core.conn, self.id)?;
        if let Some(KeptRow { released: Some(event), .. }) = standing {
            return Ok(self.accept.repeated(event));
        }
        let accepted = self.accept.apply(core)?;
        Failpoint::InRelease.pass();
        if let (Some(kept), Some(event)) = (standing, self.accept.released_as(&accepted)) {
            kept.release(core.conn, event)?;
        }
        Ok(accepted)
    }

    fn bytes(&self) -> usize {
        self.accept.bytes()
    }

    fn order(&self) -> u64 {
        self.accept.order()
    }

    fn events(&self) -> usize {
        self.accept.events()
    }
}

/// How a request stands that is there.
struct KeptRow {
    id: i64,
    source: i64,
    released: Option<EventId>,
    /// How long headers and body are.
    payload: i64,
}

fn standing(conn: &Connection, id: QuarantineId) -> Result<Option<KeptRow>, Fault> {
    let Some(row_id) = row_of(id) else { return Ok(None) };
    let read = |row: &Row<'_>| {
        let event: Option<i64> = row.get(1)?;
        let random: Option<i64> = row.get(2)?;
        let released = event.zip(random).map(|(id, random)| event_id(id, random));
        Ok(KeptRow { id: row_id, source: row.get(0)?, released, payload: row.get(3)? })
    };
    let mut statement = conn.prepare_cached(STANDING)?;
    Ok(statement.query_row(params![row_id, id.random().cast_signed()], read).optional()?)
}

impl KeptRow {
    fn release(&self, conn: &Connection, event: EventId) -> Result<(), Fault> {
        let random = event.random().cast_signed();
        conn.prepare_cached(RELEASE)?.execute(params![
            self.id,
            int(event.sequence()),
            random,
            self.payload
        ])?;
        conn.prepare_cached(FORGET_PAYLOAD)?.execute([self.id])?;
        tally_less(conn, self.source, -1, -self.payload)
    }
}

impl Reader {
    /// A kept request, whole.
    pub(super) fn quarantined(&mut self, id: QuarantineId) -> Result<Option<Quarantined>, Fault> {
        let Some(row_id) = row_of(id) else { return Ok(None) };
        let mut statement = self.conn.prepare_cached(ONE)?;
        let mut rows = statement.query(params![row_id, id.random().cast_signed()])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let mut request = without_payload(row, self.names.name(&self.conn, row.get("source")?)?)?;
        let blob = |column| {
            let blob = row.get_ref(column)?.as_blob_or_null();
            blob.map(Option::unwrap_or_default).map_err(|_| unreadable("a payload"))
        };
        request.headers = HeaderList::from_wire(Bytes::copy_from_slice(blob("headers")?));
        request.body = Bytes::copy_from_slice(blob("body")?);
        Ok(Some(request))
    }

    /// A part of the list of kept requests.
    pub(super) fn quarantine_list(
        &mut self,
        which: &QuarantineFilter,
        after: Option<QuarantineId>,
        limit: usize,
    ) -> Result<Vec<QuarantineSummary>, Fault> {
        let source = match &which.source {
            None => None,
            Some(name) => match names::lookup(&self.conn, name)? {
                None => return Ok(Vec::new()),
                found => found,
            },
        };
        let mut statement = self.conn.prepare_cached(LIST)?;
        let mut rows = statement.query(named_params! {
            ":after": after.map_or(i64::MAX, |after| int(after.sequence())),
            ":source": source,
            ":code": which.code,
            ":request_id": which.request_id,
            ":released": which.released,
            ":since": which.since.map_or(0, time),
            ":until": which.until.map_or(i64::MAX, time),
            ":limit": int(limit),
        })?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let request = without_payload(row, self.names.name(&self.conn, row.get("source")?)?)?;
            found.push(QuarantineSummary { request, body_len: uint(row.get("body_len")?) });
        }
        Ok(found)
    }

    /// How much is kept.
    pub(super) fn quarantine_totals(&mut self) -> Result<QuarantineTotals, Fault> {
        totals(&self.conn)
    }
}

fn without_payload(row: &Row<'_>, source: Name) -> Result<Quarantined, Fault> {
    let peer = row.get_ref("peer")?.as_blob_or_null().map_err(|_| unreadable("an address"))?;
    let event: Option<i64> = row.get("event")?;
    let random: Option<i64> = row.get("event_random")?;
    let standing = match event.zip(random) {
        Some((id, random)) => Standing::Released(event_id(id, random)),
        None => Standing::Held(Reason { code: row.get("code")?, sentence: row.get("sentence")? }),
    };
    Ok(Quarantined {
        id: QuarantineId::new(event_id(row.get("id")?, row.get("random")?)),
        source,
        received_at: timestamp(row.get("received_at")?),
        request_id: row.get("request_id")?,
        peer: peer.map(address).transpose()?,
        method: row.get("method")?,
        origin: row.get("origin")?,
        target: row.get("target")?,
        headers: HeaderList::default(),
        body: Bytes::new(),
        standing,
    })
}
