//! Reading deliveries and their attempts, and counting them.

use std::time::Duration;

use bytes::Bytes;
use hookyard_model::{
    Attempt, Counts, DeadLetterReason, Delivery, DeliveryFilter, DeliveryId, Failure, FailureKind,
    HeaderList, Name, Page, Response, Timestamp,
};
use rusqlite::{Connection, Row, named_params, params};

use super::cell::{
    DEAD_LETTER, PENDING, event_id, event_row, int, small, state, state_code, time, timestamp,
    uint, word,
};
use super::fault::{Fault, unreadable};
use super::names;
use super::queue::Change;
use super::reader::Reader;

/// Deliveries, newest first. `$from` says by which index they are found; the rest is the same.
macro_rules! select_deliveries {
    ($from:literal) => {
        concat!(
            "SELECT d.event, d.ordinal, e.random, e.source, e.event_type, d.destination, d.state,
                d.due_at, d.leased, d.attempts, d.reason, d.created_at, d.finished_at
            FROM delivery d ",
            $from,
            " CROSS JOIN event e ON e.id = d.event
            WHERE d.event BETWEEN :first AND :last
              AND (d.event, d.ordinal) < (:after_event, :after_ordinal)
              AND (:ordinal IS NULL OR d.ordinal = :ordinal)
              AND (:random IS NULL OR e.random = :random)
              AND (:destination IS NULL OR d.destination = :destination)
              AND (:state IS NULL OR d.state = :state)
              AND (NOT :final OR d.due_at IS NULL)
              AND e.received_at >= :since AND e.received_at < :until"
        )
    };
}

const ANY: &str =
    concat!(select_deliveries!(""), " ORDER BY d.event DESC, d.ordinal DESC LIMIT :limit");
const FEW_PENDING: &str = concat!(
    select_deliveries!("INDEXED BY delivery_due"),
    " AND d.due_at IS NOT NULL ORDER BY d.event DESC, d.ordinal DESC LIMIT :limit"
);
const DEAD: &str = concat!(
    select_deliveries!("INDEXED BY delivery_dead"),
    " AND d.state = 2 ORDER BY d.event DESC, d.ordinal DESC LIMIT :limit"
);
/// The index of pending deliveries is in order of time due, so a page of it has to be sorted. When
/// there are more than these, walking the table in its own order finds a page sooner.
const ARE_FEW_PENDING: &str = "
    SELECT count(*) < 20000 FROM
        (SELECT 1 FROM delivery INDEXED BY delivery_due WHERE due_at IS NOT NULL LIMIT 20000)";
const ATTEMPTS: &str = "
    SELECT number, started_at, duration, maybe_sent, status, headers, body, truncated, failure,
        detail
    FROM attempt WHERE event = ?1 AND ordinal = ?2 ORDER BY number";
const NEXT_DUE: &str = "
    SELECT id, due_at FROM (
        SELECT n.id, (
            SELECT min(d.due_at) FROM delivery d INDEXED BY delivery_due
            WHERE d.destination = n.id AND d.due_at IS NOT NULL
        ) AS due_at FROM name n
    ) WHERE due_at IS NOT NULL";
const COUNT_EVENTS: &str = "SELECT count(*) FROM event";
const COUNT_PENDING: &str = "
    SELECT destination, count(*) FROM delivery INDEXED BY delivery_due
    WHERE due_at IS NOT NULL GROUP BY destination";
const COUNT_DEAD: &str = "
    SELECT destination, count(*) FROM delivery INDEXED BY delivery_dead
    WHERE state = 2 GROUP BY destination";

/// A filter, for reading.
struct Selection<'f> {
    filter: &'f DeliveryFilter,
    destination: Option<i64>,
    state: Option<i64>,
    /// Only those that are final.
    is_final: bool,
    after: (i64, i64),
    limit: usize,
}

impl Selection<'_> {
    /// Reads what is selected, row by row.
    fn read(
        &self,
        conn: &Connection,
        mut each: impl FnMut(&Row<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let few_pending = self.state == Some(PENDING)
            && conn.prepare_cached(ARE_FEW_PENDING)?.query_row([], |row| row.get(0))?;
        let query = match self.state {
            _ if few_pending => FEW_PENDING,
            Some(DEAD_LETTER) => DEAD,
            _ => ANY,
        };
        let filter = self.filter;
        let event = filter.id.map(|id| id.event).or(filter.event);
        let row = event.and_then(event_row);
        // An id that no row can have selects nothing, and so do two that differ.
        let contradicts = filter.id.zip(filter.event).is_some_and(|(id, event)| id.event != event);
        if event.is_some() != row.is_some() || contradicts {
            return Ok(());
        }
        let mut statement = conn.prepare_cached(query)?;
        let mut rows = statement.query(named_params! {
            ":first": row.unwrap_or(0),
            ":last": row.unwrap_or(i64::MAX).min(self.after.0),
            ":after_event": self.after.0,
            ":after_ordinal": self.after.1,
            ":ordinal": filter.id.map(|id| id.ordinal),
            ":random": event.map(|event| event.random().cast_signed()),
            ":destination": self.destination,
            ":state": self.state,
            ":final": self.is_final,
            ":since": filter.since.map_or(0, time),
            ":until": filter.until.map_or(i64::MAX, time),
            ":limit": int(self.limit),
        })?;
        while let Some(row) = rows.next()? {
            each(row)?;
        }
        Ok(())
    }
}

impl Reader {
    /// A part of the list of deliveries.
    pub(super) fn deliveries(
        &mut self,
        filter: &DeliveryFilter,
        page: Page,
    ) -> Result<Vec<Delivery>, Fault> {
        let view = self.conn.unchecked_transaction()?;
        let end = (i64::MAX, i64::MAX);
        let selection = Selection {
            filter,
            destination: destination(&view, filter)?,
            state: filter.state.map(state_code),
            is_final: false,
            after: page.after.map_or(end, |id| (int(id.event.sequence()), i64::from(id.ordinal))),
            limit: page.limit,
        };
        let mut found = Vec::new();
        selection.read(&view, |row| {
            let source = self.names.name(&view, row.get("source")?)?;
            let destination = self.names.name(&view, row.get("destination")?)?;
            found.push(delivery(row, source, destination)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// Which rows a person's change would meet, the newest first, after a row.
    pub(super) fn changeable(
        &mut self,
        filter: &DeliveryFilter,
        change: Change,
        after: (i64, i64),
        limit: usize,
    ) -> Result<Vec<(i64, i64)>, Fault> {
        let states = change.states();
        let wanted = filter.state.map(state_code);
        if wanted.is_some_and(|state| !states.contains(&state)) {
            return Ok(Vec::new());
        }
        let selection = Selection {
            filter,
            destination: destination(&self.conn, filter)?,
            state: wanted.or_else(|| states.first().copied().filter(|_| states.len() == 1)),
            is_final: !states.contains(&PENDING),
            after,
            limit,
        };
        let mut found = Vec::new();
        selection.read(&self.conn, |row| {
            found.push((row.get("event")?, row.get("ordinal")?));
            Ok(())
        })?;
        Ok(found)
    }

    /// A delivery and its attempts.
    pub(super) fn delivery(
        &mut self,
        id: DeliveryId,
    ) -> Result<Option<(Delivery, Vec<Attempt>)>, Fault> {
        let filter = DeliveryFilter { id: Some(id), ..DeliveryFilter::default() };
        let found = self.deliveries(&filter, Page { after: None, limit: 1 })?;
        let Some(delivery) = found.into_iter().next() else { return Ok(None) };
        let mut statement = self.conn.prepare_cached(ATTEMPTS)?;
        let mut rows = statement.query(params![event_row(id.event), id.ordinal])?;
        let mut attempts = Vec::new();
        while let Some(row) = rows.next()? {
            attempts.push(attempt(row)?);
        }
        Ok(Some((delivery, attempts)))
    }

    /// When the first delivery to each destination is due.
    pub(super) fn next_due(&mut self) -> Result<Vec<(Name, Timestamp)>, Fault> {
        let due = self.by_destination(NEXT_DUE)?;
        Ok(due.into_iter().map(|(name, due_at)| (name, Timestamp::from_millis(due_at))).collect())
    }

    /// How much there is of everything.
    pub(super) fn counts(&mut self) -> Result<Counts, Fault> {
        let events: i64 = self.conn.query_row(COUNT_EVENTS, [], |row| row.get(0))?;
        Ok(Counts {
            events: uint(events),
            pending: self.by_destination(COUNT_PENDING)?,
            dead_letters: self.by_destination(COUNT_DEAD)?,
        })
    }

    /// A number for each destination.
    fn by_destination(&mut self, query: &str) -> Result<Vec<(Name, u64)>, Fault> {
        let mut statement = self.conn.prepare_cached(query)?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push((self.names.name(&self.conn, row.get(0)?)?, uint(row.get(1)?)));
        }
        Ok(found)
    }
}

/// The number of the destination that a filter names, if it names one.
fn destination(conn: &Connection, filter: &DeliveryFilter) -> Result<Option<i64>, Fault> {
    /// No name has this number.
    const NOWHERE: i64 = -1;
    let Some(name) = &filter.destination else { return Ok(None) };
    Ok(Some(names::lookup(conn, name)?.unwrap_or(NOWHERE)))
}

fn delivery(row: &Row<'_>, source: Name, destination: Name) -> Result<Delivery, Fault> {
    let event = event_id(row.get("event")?, row.get("random")?);
    let due_at: Option<i64> = row.get("due_at")?;
    let finished_at: Option<i64> = row.get("finished_at")?;
    Ok(Delivery {
        id: DeliveryId { event, ordinal: small(row.get("ordinal")?)? },
        source,
        event_type: row.get("event_type")?,
        destination,
        state: state(row.get("state")?)?,
        due_at: due_at.map(timestamp),
        leased: row.get("leased")?,
        attempts: small(row.get("attempts")?)?,
        reason: word(row, "reason", DeadLetterReason::parse)?,
        created_at: timestamp(row.get("created_at")?),
        finished_at: finished_at.map(timestamp),
    })
}

fn attempt(row: &Row<'_>) -> Result<Attempt, Fault> {
    let status: Option<i64> = row.get("status")?;
    let bytes = |column| -> Result<Bytes, Fault> {
        let blob = row.get_ref(column)?.as_blob().map_err(|_| unreadable("a response"))?;
        Ok(Bytes::copy_from_slice(blob))
    };
    let response = match status {
        None => None,
        Some(status) => Some(Response {
            status: small(status)?,
            headers: HeaderList::from_wire(bytes("headers")?),
            body: bytes("body")?,
            truncated: row.get("truncated")?,
        }),
    };
    let failure = match word(row, "failure", FailureKind::parse)? {
        None => None,
        Some(kind) => Some(Failure { kind, detail: row.get("detail")? }),
    };
    Ok(Attempt {
        number: small(row.get("number")?)?,
        started_at: timestamp(row.get("started_at")?),
        duration: Duration::from_nanos(uint(row.get("duration")?)),
        maybe_sent: row.get("maybe_sent")?,
        response,
        failure,
    })
}
