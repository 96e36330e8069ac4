//! Keeping an event with its dedupe decision and its deliveries.

use hookyard_model::planted::{Bug, is_planted};
use hookyard_model::{Accepted, DedupeKey, Event, NewDelivery, NewEvent, StoreError};
use rusqlite::{Connection, PrepFlags, Statement, params};

use super::cell::{Octets, event_row, int, time};
use super::dedupe;
use super::fault::Fault;
use super::inbox::Lane;
use super::writer::{Core, Verb};

const ADD_EVENT: &str = "
    INSERT INTO event (id, random, source, received_at, ordinals, verification, peer, method,
        target, event_type, provider_event_id)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
const ADD_PAYLOAD: &str = "INSERT INTO payload (event, headers, body) VALUES (?1, ?2, ?3)";
const ADD_DELIVERY: &str = "
    INSERT INTO delivery (event, ordinal, destination, bytes, state, due_at, leased, lease,
        attempts, step, maybe_sent, replayed, reason, created_at, finished_at)
    VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?6, 0, 0, 0, ?7, NULL, ?8, NULL)";

/// The statements that every event goes through. To look them up by their text, as the others
/// are, is a part of what an accept costs that can be measured.
pub(super) struct Inserts<'c> {
    event: Statement<'c>,
    payload: Statement<'c>,
    delivery: Statement<'c>,
    pub(super) key: Statement<'c>,
}

impl<'c> Inserts<'c> {
    pub(super) fn prepare(conn: &'c Connection) -> rusqlite::Result<Self> {
        let prepare = |sql| conn.prepare_with_flags(sql, PrepFlags::SQLITE_PREPARE_PERSISTENT);
        Ok(Self {
            event: prepare(ADD_EVENT)?,
            payload: prepare(ADD_PAYLOAD)?,
            delivery: prepare(ADD_DELIVERY)?,
            key: prepare(dedupe::ADD)?,
        })
    }
}

impl Verb for NewEvent {
    type Answer = Accepted;
    const LANE: Lane = Lane::Accept;

    fn apply(&self, core: &mut Core<'_>) -> Result<Accepted, Fault> {
        keep(core, self, self.dedupe.as_ref(), &mut |core, id| {
            let headers: &[u8] = self.event.headers.as_bytes();
            let body: &[u8] = &self.event.body;
            core.inserts.payload.execute(params![id, headers, body])?;
            Ok(())
        })
    }

    fn bytes(&self) -> usize {
        512 + self.event.body.len() + self.event.headers.as_bytes().len()
    }

    fn order(&self) -> u64 {
        self.event.id.sequence()
    }
}

/// Keeps an event with its deliveries and its key, unless that is known. `payload` keeps headers
/// and body.
pub(super) fn keep<'c>(
    core: &mut Core<'c>,
    new: &NewEvent,
    dedupe: Option<&DedupeKey>,
    payload: &mut dyn FnMut(&mut Core<'c>, i64) -> Result<(), Fault>,
) -> Result<Accepted, Fault> {
    let event = &*new.event;
    if let Some(key) = dedupe
        && let Some(repeat) = core.dedupe.find(core.conn, key, event.received_at)?
    {
        return Ok(repeat);
    }
    let id = event_row(event.id).ok_or_else(|| {
        StoreError::Unavailable(format!("{} is out of range: is the clock right?", event.id))
    })?;
    if let Some(key) = dedupe {
        core.dedupe.add(&mut core.inserts.key, key, event.id)?;
        if is_planted(Bug::DedupeFirst) {
            core.conn.execute_batch("COMMIT; BEGIN IMMEDIATE")?;
            core.dedupe.committed();
        }
    }
    add_event(core, id, event, new.deliveries.len())?;
    payload(core, id)?;
    for (ordinal, delivery) in new.deliveries.iter().enumerate() {
        let (ordinal, bytes) = (int(ordinal), int(event.body.len()));
        let row = DeliveryRow { event: id, ordinal, bytes, replayed: false };
        row.add(core, delivery, time(event.received_at))?;
    }
    core.sequence = core.sequence.max(event.id.sequence());
    Ok(Accepted::New)
}

fn add_event(core: &mut Core<'_>, id: i64, event: &Event, ordinals: usize) -> Result<(), Fault> {
    let peer = event.peer.map(Octets::of);
    let source = core.names.id(core.conn, &event.source)?;
    core.inserts.event.execute(params![
        id,
        event.id.random().cast_signed(),
        source,
        time(event.received_at),
        int(ordinals),
        event.verification.as_str(),
        peer.as_ref().map(Octets::as_slice),
        event.method,
        event.target,
        event.event_type,
        event.provider_event_id,
    ])?;
    Ok(())
}

/// A delivery to be added.
pub(super) struct DeliveryRow {
    pub(super) event: i64,
    pub(super) ordinal: i64,
    /// How long the event's body is.
    pub(super) bytes: i64,
    pub(super) replayed: bool,
}

impl DeliveryRow {
    pub(super) fn add(
        &self,
        core: &mut Core<'_>,
        new: &NewDelivery,
        now: i64,
    ) -> Result<(), Fault> {
        let destination = core.names.id(core.conn, &new.destination)?;
        core.inserts.delivery.execute(params![
            self.event,
            self.ordinal,
            destination,
            self.bytes,
            new.leased_until.map_or(now, time),
            new.leased_until.is_some(),
            self.replayed,
            now,
        ])?;
        core.pending = core.pending.min(self.event);
        Ok(())
    }
}
