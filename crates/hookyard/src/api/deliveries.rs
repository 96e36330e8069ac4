//! Deliveries and their attempts.

use axum::Json as Answer;
use axum::extract::State;
use hookyard_model::{Attempt, Delivery, DeliveryFilter, DeliveryId, DeliveryState};
use serde::Serialize;
use serde_json::{Value, json};

use super::bulk::Deed;
use super::read::{Json, Named, Params};
use super::selection::{List, Selection};
use super::show::{Body, Headers};
use super::{Api, Entry, Shared, get, post};
use crate::problem::{Kind, Problem};

pub(super) fn routes() -> Vec<Entry> {
    vec![
        get("/api/v1/deliveries", list),
        get("/api/v1/deliveries/{id}", show),
        post("/api/v1/deliveries/{id}/redeliver", redeliver),
        post("/api/v1/deliveries/{id}/cancel", cancel),
        post("/api/v1/deliveries/cancel", cancel_many),
    ]
}

/// A delivery as it stands in a list.
#[derive(Debug, Serialize)]
struct Row<'a> {
    id: String,
    event: String,
    source: &'a str,
    r#type: Option<&'a str>,
    destination: &'a str,
    state: &'static str,
    /// When it may next be taken up; null when its state is final.
    due_at: Option<String>,
    /// Whether an attempt may be under way.
    in_flight: bool,
    attempt_count: u32,
    /// Why it was given up.
    reason: Option<&'static str>,
    created_at: String,
    finished_at: Option<String>,
}

impl<'a> Row<'a> {
    fn new(delivery: &'a Delivery) -> Self {
        Self {
            id: delivery.id.to_string(),
            event: delivery.id.event.to_string(),
            source: delivery.source.as_str(),
            r#type: delivery.event_type.as_deref(),
            destination: delivery.destination.as_str(),
            state: delivery.state.as_str(),
            due_at: delivery.due_at.map(|at| at.to_string()),
            in_flight: delivery.leased,
            attempt_count: delivery.attempts,
            reason: delivery.reason.map(hookyard_model::DeadLetterReason::as_str),
            created_at: delivery.created_at.to_string(),
            finished_at: delivery.finished_at.map(|at| at.to_string()),
        }
    }
}

/// A delivery with all that is known of it.
#[derive(Debug, Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    row: Row<'a>,
    /// The oldest first.
    attempts: Vec<Tried>,
}

/// An attempt.
#[derive(Debug, Serialize)]
struct Tried {
    number: u32,
    started_at: String,
    duration_ms: u64,
    /// Whether any of the request may have reached the destination.
    maybe_sent: bool,
    /// The status of the answer, if there was one.
    status: Option<u16>,
    failure: Option<Failed>,
    response: Option<Answered>,
}

/// Why an attempt failed.
#[derive(Debug, Serialize)]
struct Failed {
    kind: &'static str,
    detail: String,
}

/// What the destination answered.
#[derive(Debug, Serialize)]
struct Answered {
    #[serde(flatten)]
    headers: Headers,
    body: Body,
}

impl Tried {
    fn new(attempt: &Attempt) -> Self {
        Self {
            number: attempt.number,
            started_at: attempt.started_at.to_string(),
            duration_ms: u64::try_from(attempt.duration.as_millis()).unwrap_or(u64::MAX),
            maybe_sent: attempt.maybe_sent,
            status: attempt.response.as_ref().map(|response| response.status),
            failure: attempt.failure.as_ref().map(|failure| Failed {
                kind: failure.kind.as_str(),
                detail: failure.detail.clone(),
            }),
            response: attempt.response.as_ref().map(|response| Answered {
                headers: Headers::new(&response.headers, &[]),
                body: Body::new(&response.body, response.truncated),
            }),
        }
    }
}

async fn list(
    State(api): State<Shared>,
    Params(list): Params<List>,
) -> Result<Answer<Value>, Problem> {
    page(&api, &list, "deliveries").await
}

/// A page of deliveries under a name.
pub(super) async fn page(api: &Api, list: &List, name: &str) -> Result<Answer<Value>, Problem> {
    let (filter, wanted) = list.read(api.app.now())?;
    let found = api.app.store.deliveries(filter, wanted.of_the_store()).await;
    let found = found.map_err(|error| api.failed(&error))?;
    let show = |delivery: &Delivery| json!(Row::new(delivery));
    Ok(Answer(wanted.answer(name, found, show, |delivery| delivery.id.to_string())))
}

impl Api {
    async fn delivery(&self, id: DeliveryId) -> Result<(Delivery, Vec<Attempt>), Problem> {
        let found = self.app.store.delivery(id).await.map_err(|error| self.failed(&error))?;
        found.ok_or_else(|| Problem::new(Kind::NotFound, "There is no delivery with this id."))
    }
}

async fn show(
    State(api): State<Shared>,
    Named(id): Named<DeliveryId>,
) -> Result<Answer<Value>, Problem> {
    let (delivery, attempts) = api.delivery(id).await?;
    let attempts = attempts.iter().map(Tried::new).collect();
    Ok(Answer(json!(Whole { row: Row::new(&delivery), attempts })))
}

async fn redeliver(
    State(api): State<Shared>,
    Named(id): Named<DeliveryId>,
) -> Result<Answer<Value>, Problem> {
    let (delivery, _) = api.delivery(id).await?;
    if delivery.state == DeliveryState::Pending {
        return Err(Problem::new(Kind::Conflict, "The delivery is pending already."));
    }
    if !api.app.config().destinations.contains_key(&delivery.destination) {
        return Err(Problem::new(
            Kind::Conflict,
            "The configuration no longer names this delivery's destination.",
        ));
    }
    let only = DeliveryFilter { id: Some(id), ..DeliveryFilter::default() };
    let count =
        api.app.store.redeliver(only, api.app.now()).await.map_err(|error| api.failed(&error))?;
    if delivery.state == DeliveryState::DeadLetter {
        api.app.metrics.revived(&delivery.destination, count);
    } else {
        api.app.metrics.queued(&delivery.destination, count);
    }
    api.app.engine.wake(&delivery.destination);
    Ok(Answer(json!({ "delivery": id.to_string(), "state": DeliveryState::Pending.as_str() })))
}

async fn cancel(
    State(api): State<Shared>,
    Named(id): Named<DeliveryId>,
) -> Result<Answer<Value>, Problem> {
    let (delivery, _) = api.delivery(id).await?;
    let only = DeliveryFilter { id: Some(id), ..DeliveryFilter::default() };
    let count =
        api.app.store.cancel(only, api.app.now()).await.map_err(|error| api.failed(&error))?;
    if count == 0 {
        return Err(Problem::new(Kind::Conflict, "Only a pending delivery can be cancelled."));
    }
    api.app.metrics.cancelled(&delivery.destination, count);
    Ok(Answer(json!({ "delivery": id.to_string(), "state": DeliveryState::Cancelled.as_str() })))
}

async fn cancel_many(
    State(api): State<Shared>,
    Json(body): Json<Selection>,
) -> Result<Answer<Value>, Problem> {
    let which = body.confirmed(api.app.now())?;
    api.to_many(Deed::Cancel, which, body.dry_run).await.map(Answer)
}
