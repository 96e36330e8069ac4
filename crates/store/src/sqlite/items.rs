//! Events that came several in one request: keeping them, reading them, forgetting them.
//!
//! The request is kept once. Its bytes are read once as well for all of its events that are taken
//! at a time, and only what belongs to an event is copied out of them: whoever holds one event
//! does not hold all the others in memory.

use bytes::Bytes;
use hookyard_model::{Accepted, EventId, HeaderList, Item, NewBatch, NewItem};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::accept::keep;
use super::cell::{event_row, int, small};
use super::fault::{Fault, unreadable};
use super::inbox::Lane;
use super::reader::Reader;
use super::writer::{Core, Verb};

const ADD_REQUEST: &str = "INSERT INTO request (id, headers, body) VALUES (?1, ?2, ?3)";
const ADD_ITEM: &str = "
    INSERT INTO item (event, request, number, total, start, length, body)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const ITEM: &str = "SELECT number, total, length FROM item WHERE event = ?1";
const PAYLOAD: &str =
    "SELECT request, number, total, start, length, body FROM item WHERE event = ?1";
const REQUEST: &str = "SELECT headers, body FROM request WHERE id = ?1";
const BODY: &str = "
    SELECT p.body FROM event e JOIN payload p ON p.event = e.id WHERE e.id = ?1 AND e.random = ?2
    UNION ALL
    SELECT r.body FROM event e JOIN item i ON i.event = e.id JOIN request r ON r.id = i.request
    WHERE e.id = ?1 AND e.random = ?2";
const REQUEST_OF: &str = "SELECT request FROM item WHERE event = ?1";
const FORGET_ITEM: &str = "DELETE FROM item WHERE event = ?1";
const FORGET_REQUEST: &str = "
    DELETE FROM request WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM item WHERE request = ?1)";

impl Verb for NewBatch {
    type Answer = Vec<Accepted>;
    const LANE: Lane = Lane::Accept;

    fn apply(&self, core: &mut Core<'_>) -> Result<Vec<Accepted>, Fault> {
        let total = self.items.len();
        let mut request = None;
        let mut add = |core: &mut Core<'_>, event: i64, (number, item): (usize, &NewItem)| {
            let headers = &item.new.event.headers;
            let request = match request {
                Some(request) => request,
                None => *request.insert(add_request(core, event, headers, &self.body)?),
            };
            let body = &item.new.event.body;
            let own: Option<&[u8]> = item.start.is_none().then_some(body);
            let start = item.start.map(int);
            let length = int(body.len());
            core.conn.prepare_cached(ADD_ITEM)?.execute(params![
                event,
                request,
                int(number),
                int(total),
                start,
                length,
                own
            ])?;
            Ok(())
        };
        let mut accepted = Vec::with_capacity(total);
        for (number, item) in (1..).zip(&self.items) {
            let new = &item.new;
            let mut add = |core: &mut Core<'_>, event| add(core, event, (number, item));
            let first = keep(core, new, new.dedupe.as_ref(), &mut add)?;
            accepted.push(match (first, &item.conflict) {
                (Accepted::Duplicate { same_body: false, .. }, Some(key)) => {
                    match keep(core, new, Some(key), &mut add)? {
                        Accepted::New => Accepted::Conflict,
                        repeat => repeat,
                    }
                }
                (first, _) => first,
            });
        }
        Ok(accepted)
    }

    fn bytes(&self) -> usize {
        let own = |item: &NewItem| if item.start.is_none() { item.new.event.body.len() } else { 0 };
        let items: usize = self.items.iter().map(|item| 512 + own(item)).sum();
        self.body.len() + items
    }

    fn order(&self) -> u64 {
        self.items.first().map_or(0, |item| item.new.event.id.sequence())
    }

    fn events(&self) -> usize {
        self.items.len()
    }
}

/// Keeps a request under the key of the first event that is kept of it.
fn add_request(core: &Core<'_>, id: i64, headers: &HeaderList, body: &[u8]) -> Result<i64, Fault> {
    let headers: &[u8] = headers.as_bytes();
    core.conn.prepare_cached(ADD_REQUEST)?.execute(params![id, headers, body])?;
    Ok(id)
}

/// The request that was read last.
#[derive(Default)]
pub(super) struct LastRequest(Option<(i64, HeaderList, Bytes)>);

/// The rest of an event that has no payload of its own; `None` if it is no item either.
pub(super) fn payload(
    conn: &Connection,
    event: i64,
    last: &mut LastRequest,
) -> Result<Option<(Item, HeaderList, Bytes)>, Fault> {
    let mut statement = conn.prepare_cached(PAYLOAD)?;
    let mut rows = statement.query([event])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let id: i64 = row.get(0)?;
    if last.0.as_ref().is_none_or(|(known, ..)| *known != id) {
        last.0 = request(conn, id)?.map(|(headers, body)| (id, headers, body));
    }
    let (_, headers, whole) = last.0.as_ref().ok_or_else(|| unreadable("a request"))?;
    let body = match row.get::<_, Option<i64>>(3)? {
        None => row.get_ref(5)?.as_blob().map_err(|_| unreadable("an item"))?,
        Some(start) => {
            let (start, length): (usize, usize) = (small(start)?, small(row.get(4)?)?);
            let end = start.saturating_add(length);
            whole.get(start..end).ok_or_else(|| unreadable("an item"))?
        }
    };
    let item = Item { number: small(row.get(1)?)?, of: small(row.get(2)?)? };
    Ok(Some((item, headers.clone(), Bytes::copy_from_slice(body))))
}

fn request(conn: &Connection, id: i64) -> Result<Option<(HeaderList, Bytes)>, Fault> {
    let mut statement = conn.prepare_cached(REQUEST)?;
    let mut rows = statement.query([id])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let blob = |column| {
        let bytes = row.get_ref(column)?.as_blob().map_err(|_| unreadable("a request"))?;
        Ok::<_, Fault>(Bytes::copy_from_slice(bytes))
    };
    Ok(Some((HeaderList::from_wire(blob(0)?), blob(1)?)))
}

/// Which item an event is and how long its body is; `None` if it is none.
pub(super) fn item(conn: &Connection, event: i64) -> Result<Option<(Item, i64)>, Fault> {
    let mut statement = conn.prepare_cached(ITEM)?;
    let mut rows = statement.query([event])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let item = Item { number: small(row.get(0)?)?, of: small(row.get(1)?)? };
    Ok(Some((item, row.get(2)?)))
}

impl Reader {
    /// [`hookyard_model::Store::request_body`].
    pub(super) fn request_body(&mut self, id: EventId) -> Result<Option<Bytes>, Fault> {
        let Some(event) = event_row(id) else { return Ok(None) };
        let mut statement = self.conn.prepare_cached(BODY)?;
        let mut rows = statement.query(params![event, id.random().cast_signed()])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let bytes = row.get_ref(0)?.as_blob().map_err(|_| unreadable("a request"))?;
        Ok(Some(Bytes::copy_from_slice(bytes)))
    }
}

/// Forgets that an event was an item, and its request with the last of them.
pub(super) fn forget(conn: &Connection, event: i64) -> Result<(), Fault> {
    let request: Option<i64> =
        conn.prepare_cached(REQUEST_OF)?.query_row([event], |row| row.get(0)).optional()?;
    let Some(request) = request else { return Ok(()) };
    conn.prepare_cached(FORGET_ITEM)?.execute([event])?;
    conn.prepare_cached(FORGET_REQUEST)?.execute([request])?;
    Ok(())
}
