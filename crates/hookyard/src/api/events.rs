//! Events: what arrived, and sending it on its way again.

use axum::Json as Answer;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use hookyard_model::{
    Delivery, DeliveryFilter, DeliveryId, DeliveryState, Event, EventFilter, EventId, EventSummary,
    Name, Page, route,
};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

use super::answer::invalid;
use super::page::{MOST, Wanted};
use super::read::{Json, Named, Params, field};
use super::selection::{name, time};
use super::show::{Body, Headers, credential_headers, target};
use super::{Api, Entry, Shared, get, post};
use crate::problem::{Kind, Problem};

pub(super) fn routes() -> Vec<Entry> {
    vec![
        get("/api/v1/events", list),
        get("/api/v1/events/{id}", show),
        get("/api/v1/events/{id}/raw", raw),
        get("/api/v1/events/{id}/request", request),
        post("/api/v1/events/{id}/replay", replay),
    ]
}

/// The parameters of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    source: Option<String>,
    r#type: Option<String>,
    since: Option<String>,
    until: Option<String>,
    provider_event_id: Option<String>,
    limit: Option<String>,
    after: Option<String>,
}

/// An event as it stands in a list.
#[derive(Debug, Serialize)]
struct Row<'a> {
    id: String,
    source: &'a str,
    r#type: Option<&'a str>,
    provider_event_id: Option<&'a str>,
    /// Which of several events of one request it is: `2/5`.
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<String>,
    received_at: String,
    verification: &'static str,
    /// The length of the body, in bytes.
    size: u64,
    deliveries: Vec<Going>,
}

/// One of an event's deliveries.
#[derive(Debug, Serialize)]
struct Going {
    id: String,
    destination: String,
    state: &'static str,
}

impl Going {
    fn new(id: DeliveryId, destination: &Name, state: DeliveryState) -> Self {
        Self { id: id.to_string(), destination: destination.to_string(), state: state.as_str() }
    }
}

impl<'a> Row<'a> {
    fn new(event: &'a Event, size: u64, deliveries: Vec<Going>) -> Self {
        Self {
            id: event.id.to_string(),
            source: event.source.as_str(),
            r#type: event.event_type.as_deref(),
            provider_event_id: event.provider_event_id.as_deref(),
            item: event.item.map(|item| item.to_string()),
            received_at: event.received_at.to_string(),
            verification: event.verification.as_str(),
            size,
            deliveries,
        }
    }
}

/// An event with all that is known of it.
#[derive(Debug, Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    row: Row<'a>,
    method: &'a str,
    target: String,
    /// The address that it came from.
    peer: Option<String>,
    #[serde(flatten)]
    headers: Headers,
    body: Body,
    body_sha256: String,
}

async fn list(
    State(api): State<Shared>,
    Params(list): Params<List>,
) -> Result<Answer<Value>, Problem> {
    let now = api.app.now();
    let after: Option<EventId> = field("after", list.after.as_deref())?;
    let wanted =
        Wanted::new(list.limit.as_deref(), after.map(|event| DeliveryId { event, ordinal: 0 }))?;
    let filter = EventFilter {
        source: name("source", list.source.as_deref())?,
        since: time("since", list.since.as_deref(), now)?,
        until: time("until", list.until.as_deref(), now)?,
        event_type: list.r#type,
        provider_event_id: list.provider_event_id,
    };
    let found = api
        .app
        .store
        .events(filter, wanted.of_the_store())
        .await
        .map_err(|error| api.failed(&error))?;
    let show = |summary: &EventSummary| {
        let deliveries =
            summary.deliveries.iter().map(|(id, to, state)| Going::new(*id, to, *state)).collect();
        json!(Row::new(&summary.event, summary.body_len, deliveries))
    };
    Ok(Answer(wanted.answer("events", found, show, |summary| summary.event.id.to_string())))
}

impl Api {
    async fn event(&self, id: EventId) -> Result<Arc<Event>, Problem> {
        let found = self.app.store.event(id).await.map_err(|error| self.failed(&error))?;
        found.ok_or_else(no_event)
    }
}

fn no_event() -> Problem {
    let detail = "There is no event with this id; it may have been too old to keep.";
    Problem::new(Kind::NotFound, detail)
}

async fn show(
    State(api): State<Shared>,
    Named(id): Named<EventId>,
) -> Result<Answer<Value>, Problem> {
    let event = api.event(id).await?;
    let filter = DeliveryFilter { event: Some(id), ..DeliveryFilter::default() };
    let page = Page { after: None, limit: MOST };
    let mut deliveries =
        api.app.store.deliveries(filter, page).await.map_err(|error| api.failed(&error))?;
    deliveries.sort_by_key(|delivery| delivery.id);
    let going =
        |delivery: &Delivery| Going::new(delivery.id, &delivery.destination, delivery.state);
    let config = api.app.config();
    let size = u64::try_from(event.body.len()).unwrap_or(u64::MAX);
    Ok(Answer(json!(Whole {
        row: Row::new(&event, size, deliveries.iter().map(going).collect()),
        method: &event.method,
        target: target(&event.target),
        peer: event.peer.map(|peer| peer.to_string()),
        headers: Headers::new(&event.headers, &credential_headers(&config, &event.source)),
        body: Body::new(&event.body, false),
        body_sha256: hex(&Sha256::digest(&event.body)),
    })))
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit =
        |value: u8| DIGITS.get(usize::from(value & 15)).map_or('0', |digit| char::from(*digit));
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

/// The very bytes of an event.
async fn raw(State(api): State<Shared>, Named(id): Named<EventId>) -> Result<Response, Problem> {
    Ok(file(id, api.event(id).await?.body.clone()))
}

/// The very bytes of the request that an event came in by, with all the events in it.
async fn request(
    State(api): State<Shared>,
    Named(id): Named<EventId>,
) -> Result<Response, Problem> {
    let found = api.app.store.request_body(id).await.map_err(|error| api.failed(&error))?;
    Ok(file(id, found.ok_or_else(no_event)?))
}

/// Bytes as a file: whatever a browser would make of them, it must not show them.
fn file(id: EventId, bytes: Bytes) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{id}.bin\"")),
    ];
    (headers, bytes).into_response()
}

/// The body of a replay.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Replay {
    /// Where to; today's routes say it where this is left out.
    to: Option<Vec<String>>,
}

async fn replay(
    State(api): State<Shared>,
    Named(id): Named<EventId>,
    Json(body): Json<Replay>,
) -> Result<Answer<Value>, Problem> {
    let event = api.event(id).await?;
    let to = destinations(&api, &event, body.to)?;
    let replayed = api.app.store.replay(id, to.clone(), api.app.now()).await;
    let ids = replayed
        .map_err(|error| api.failed(&error))?
        .ok_or_else(|| Problem::new(Kind::NotFound, "The event was forgotten just now."))?;
    for name in &to {
        api.app.metrics.queued(name, 1);
        api.app.engine.wake(name);
    }
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    Ok(Answer(json!({ "deliveries": ids })))
}

fn destinations(
    api: &Api,
    event: &Event,
    named: Option<Vec<String>>,
) -> Result<Vec<Name>, Problem> {
    let config = api.app.config();
    let Some(named) = named else {
        let to = route::destinations(&config.routes, &event.source, event.event_type.as_deref());
        let to: Vec<Name> = to.into_iter().cloned().collect();
        if to.is_empty() {
            return Err(Problem::new(
                Kind::Conflict,
                "No route takes this event today; name destinations in `to`.",
            ));
        }
        return Ok(to);
    };
    let mut to = Vec::new();
    for text in named {
        let name = Name::new(&text).map_err(|error| invalid(format!("`to`: {error}.")))?;
        if !config.destinations.contains_key(&name) {
            return Err(invalid(format!("`to`: the configuration names no destination `{name}`.")));
        }
        if !to.contains(&name) {
            to.push(name);
        }
    }
    if to.is_empty() { Err(invalid("`to`: name at least one destination.")) } else { Ok(to) }
}
