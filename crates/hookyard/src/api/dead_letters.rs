//! Dead letters: deliveries that were given up and wait for a person.

use axum::Json as Answer;
use axum::extract::State;
use hookyard_model::DeliveryState;
use serde_json::Value;

use super::bulk::Deed;
use super::deliveries;
use super::read::{Json, Params};
use super::selection::{List, Selection};
use super::{Entry, Shared, get, post};
use crate::problem::Problem;

pub(super) fn routes() -> Vec<Entry> {
    vec![
        get("/api/v1/dead-letters", list),
        post("/api/v1/dead-letters/redeliver", redeliver),
        post("/api/v1/dead-letters/purge", purge),
    ]
}

async fn list(
    State(api): State<Shared>,
    Params(list): Params<List>,
) -> Result<Answer<Value>, Problem> {
    deliveries::page(&api, &list.of(DeliveryState::DeadLetter)?, "dead_letters").await
}

async fn redeliver(
    State(api): State<Shared>,
    Json(body): Json<Selection>,
) -> Result<Answer<Value>, Problem> {
    let which = body.confirmed(api.app.now())?;
    api.to_many(Deed::Redeliver, which, body.dry_run).await.map(Answer)
}

async fn purge(
    State(api): State<Shared>,
    Json(body): Json<Selection>,
) -> Result<Answer<Value>, Problem> {
    let which = body.confirmed(api.app.now())?;
    api.to_many(Deed::Purge, which, body.dry_run).await.map(Answer)
}
