//! Reading events.

use std::sync::Arc;

use bytes::Bytes;
use hookyard_model::{
    DeliveryId, Event, EventFilter, EventId, EventSummary, HeaderList, Held, Lease, Leased, Name,
    Page, StoreError, Verification,
};
use rusqlite::{Connection, Row, named_params};

use super::cell::{address, event_id, event_row, int, small, state, time, timestamp, uint, word};
use super::fault::{Fault, only_reading, unreadable};
use super::items::{self, LastRequest};
use super::names::{self, KnownNames};
use super::queue::Taken;
use super::reader::Reader;

const ONE: &str = "
    SELECT e.id, e.random, e.source, e.received_at, e.verification, e.peer, e.method, e.target,
        e.event_type, e.provider_event_id, p.headers, p.body
    FROM event e LEFT JOIN payload p ON p.event = e.id
    WHERE e.id = :id AND (:random IS NULL OR e.random = :random)";
const LIST: &str = "
    SELECT e.id, e.random, e.source, e.received_at, e.verification, e.peer, e.method, e.target,
        e.event_type, e.provider_event_id,
        (SELECT length(p.body) FROM payload p WHERE p.event = e.id) AS body_len
    FROM event e
    WHERE e.id < :after
      AND (:source IS NULL OR e.source = :source)
      AND (:event_type IS NULL OR e.event_type = :event_type)
      AND (:provider_event_id IS NULL OR e.provider_event_id = :provider_event_id)
      AND e.received_at >= :since AND e.received_at < :until
    ORDER BY e.id DESC LIMIT :limit";
const DELIVERIES: &str =
    "SELECT ordinal, destination, state FROM delivery WHERE event = ?1 ORDER BY ordinal";

/// Deliveries that were taken, with their events.
#[derive(Default)]
pub(super) struct Loaded {
    pub(super) leased: Vec<Leased>,
    /// Those whose event cannot be read, and why.
    pub(super) bad: Vec<(Taken, StoreError)>,
}

impl Reader {
    /// An event, whole.
    pub(super) fn event(&mut self, id: EventId) -> Result<Option<Event>, Fault> {
        let Some(row) = event_row(id) else { return Ok(None) };
        let last = &mut LastRequest::default();
        event_at(&self.conn, &mut self.names, (row, Some(id.random().cast_signed())), last)
    }

    /// Puts the events to deliveries that were taken.
    pub(super) fn leased(&mut self, taken: &[Taken], lease: &Lease) -> Result<Loaded, Fault> {
        // One view of the database for all of them: to open one for each costs more than to read.
        let view = self.conn.unchecked_transaction()?;
        let mut request = LastRequest::default();
        let mut leased: Vec<Leased> = Vec::with_capacity(taken.len());
        let mut bad = Vec::new();
        for &taken in taken {
            let last = leased.last().map(|last| &last.event);
            let event = match last.filter(|event| event_row(event.id) == Some(taken.event)) {
                Some(event) => Arc::clone(event),
                None => match whole_event(&view, &mut self.names, taken.event, &mut request) {
                    Ok(event) => Arc::new(event),
                    Err(fault) => match only_reading(fault.into_error()) {
                        error @ StoreError::Unreadable(_) => {
                            bad.push((taken, error));
                            continue;
                        }
                        error => return Err(Fault::Store(error)),
                    },
                },
            };
            let id = DeliveryId { event: event.id, ordinal: taken.ordinal };
            leased.push(Leased {
                held: Held { id, lease: taken.lease },
                event,
                destination: lease.destination.clone(),
                until: lease.until,
                attempts: taken.attempts,
                step: taken.step,
                maybe_sent: taken.maybe_sent,
                replayed: taken.replayed,
            });
        }
        Ok(Loaded { leased, bad })
    }

    /// A part of the list of events.
    pub(super) fn events(
        &mut self,
        which: &EventFilter,
        page: Page,
    ) -> Result<Vec<EventSummary>, Fault> {
        // Events and their deliveries as of one moment.
        let view = self.conn.unchecked_transaction()?;
        let source = match &which.source {
            None => None,
            Some(name) => match names::lookup(&view, name)? {
                None => return Ok(Vec::new()),
                found => found,
            },
        };
        let mut statement = view.prepare_cached(LIST)?;
        let mut rows = statement.query(named_params! {
            ":after": page.after.map_or(i64::MAX, |after| int(after.event.sequence())),
            ":source": source,
            ":event_type": which.event_type,
            ":provider_event_id": which.provider_event_id,
            ":since": which.since.map_or(0, time),
            ":until": which.until.map_or(i64::MAX, time),
            ":limit": int(page.limit),
        })?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let mut event = without_payload(row, self.names.name(&view, row.get("source")?)?)?;
            let mut body_len: Option<i64> = row.get("body_len")?;
            if body_len.is_none()
                && let Some((item, length)) = items::item(&view, row.get("id")?)?
            {
                (event.item, body_len) = (Some(item), Some(length));
            }
            let mut summary =
                EventSummary { body_len: uint(body_len.unwrap_or(0)), event, deliveries: vec![] };
            let mut deliveries = view.prepare_cached(DELIVERIES)?;
            let mut rows = deliveries.query([row.get::<_, i64>("id")?])?;
            while let Some(row) = rows.next()? {
                let id = DeliveryId { event: summary.event.id, ordinal: small(row.get(0)?)? };
                let destination = self.names.name(&view, row.get(1)?)?;
                summary.deliveries.push((id, destination, state(row.get(2)?)?));
            }
            found.push(summary);
        }
        Ok(found)
    }
}

fn whole_event(
    conn: &Connection,
    names: &mut KnownNames,
    id: i64,
    request: &mut LastRequest,
) -> Result<Event, Fault> {
    event_at(conn, names, (id, None), request)?.ok_or_else(|| unreadable("the event of a delivery"))
}

/// The event in this row, if the other half of its id is this one, where that is known.
fn event_at(
    conn: &Connection,
    names: &mut KnownNames,
    (id, random): (i64, Option<i64>),
    request: &mut LastRequest,
) -> Result<Option<Event>, Fault> {
    let mut statement = conn.prepare_cached(ONE)?;
    let mut rows = statement.query(named_params! { ":id": id, ":random": random })?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let source = names.name(conn, row.get("source")?)?;
    let mut event = without_payload(row, source)?;
    let blob = |column| row.get_ref(column)?.as_blob_or_null().map_err(|_| unreadable("a payload"));
    if let (Some(headers), Some(body)) = (blob("headers")?, blob("body")?) {
        event.headers = HeaderList::from_wire(Bytes::copy_from_slice(headers));
        event.body = Bytes::copy_from_slice(body);
        return Ok(Some(event));
    }
    let payload = items::payload(conn, id, request)?;
    Ok(payload.map(|(item, headers, body)| Event { item: Some(item), headers, body, ..event }))
}

fn without_payload(row: &Row<'_>, source: Name) -> Result<Event, Fault> {
    let peer = row.get_ref("peer")?.as_blob_or_null().map_err(|_| unreadable("an address"))?;
    Ok(Event {
        id: event_id(row.get("id")?, row.get("random")?),
        source,
        received_at: timestamp(row.get("received_at")?),
        peer: peer.map(address).transpose()?,
        method: row.get("method")?,
        target: row.get("target")?,
        headers: HeaderList::default(),
        body: Bytes::new(),
        item: None,
        verification: word(row, "verification", Verification::parse)?
            .ok_or_else(|| unreadable("what was verified"))?,
        provider_event_id: row.get("provider_event_id")?,
        event_type: row.get("event_type")?,
    })
}
