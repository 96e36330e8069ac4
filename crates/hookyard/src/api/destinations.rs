//! Destinations: how they are doing; pausing and resuming them.

use std::convert::Infallible;
use std::str::FromStr;

use axum::Json as Answer;
use axum::extract::State;
use hookyard_model::{CircuitState, Destination, DestinationStatus, Name};
use serde::Serialize;
use serde_json::{Value, json};

use super::read::Named;
use super::show;
use super::{Api, Entry, Shared, get, post};
use crate::problem::{Kind, Problem};
use crate::telemetry::circuit_word;

pub(super) fn routes() -> Vec<Entry> {
    vec![
        get("/api/v1/destinations", list),
        post("/api/v1/destinations/{name}/pause", pause),
        post("/api/v1/destinations/{name}/resume", resume),
    ]
}

/// A destination.
#[derive(Debug, Serialize)]
struct Row<'a> {
    name: &'a str,
    /// Its URL, without what may be a secret.
    url: String,
    status: &'static str,
    circuit: Circuit,
    /// Attempts under way.
    in_flight: u32,
    /// Deliveries that wait in memory.
    queued: usize,
    /// All deliveries that are pending.
    pending: u64,
    dead_letters: u64,
    concurrency: u32,
    /// Whether what is sent is signed.
    signed: bool,
}

/// A circuit breaker.
#[derive(Debug, Serialize)]
pub(super) struct Circuit {
    state: &'static str,
    /// Until when an open one holds deliveries back.
    open_until: Option<String>,
}

impl Circuit {
    pub(super) fn new(state: CircuitState) -> Self {
        let open_until =
            if let CircuitState::Open(until) = state { Some(until.to_string()) } else { None };
        Self { state: circuit_word(state), open_until }
    }
}

async fn list(State(api): State<Shared>) -> Answer<Value> {
    let (config, lanes) = (api.app.config(), api.app.engine.lanes());
    let row = |destination: &Destination| {
        let lane = lanes.iter().find(|lane| lane.name == destination.name);
        let counted = api.app.metrics.counted(&destination.name);
        json!(Row {
            name: destination.name.as_str(),
            url: show::url(&destination.url),
            status: lane.map_or(DestinationStatus::Active, |lane| lane.status).as_str(),
            circuit: Circuit::new(lane.map_or(CircuitState::Closed, |lane| lane.circuit)),
            in_flight: lane.map_or(0, |lane| lane.in_flight),
            queued: lane.map_or(0, |lane| lane.queued),
            pending: counted.pending,
            dead_letters: counted.dead_letters,
            concurrency: destination.concurrency.get(),
            signed: !destination.secrets.is_empty(),
        })
    };
    let rows: Vec<Value> =
        config.destinations.values().map(|destination| row(destination)).collect();
    Answer(json!({ "destinations": rows }))
}

/// A name in a path. One that cannot be a name is simply not the name of anything.
struct Text(String);

impl FromStr for Text {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

async fn pause(
    State(api): State<Shared>,
    Named(name): Named<Text>,
) -> Result<Answer<Value>, Problem> {
    api.set_status(&name, DestinationStatus::Paused).await
}

/// Resumes a destination that was paused and enables one that we have disabled.
async fn resume(
    State(api): State<Shared>,
    Named(name): Named<Text>,
) -> Result<Answer<Value>, Problem> {
    api.set_status(&name, DestinationStatus::Active).await
}

impl Api {
    async fn set_status(
        &self,
        name: &Text,
        status: DestinationStatus,
    ) -> Result<Answer<Value>, Problem> {
        let found = Name::new(&name.0)
            .ok()
            .filter(|name| self.app.config().destinations.contains_key(name));
        let name = found.ok_or_else(|| {
            Problem::new(Kind::NotFound, "The configuration names no such destination.")
        })?;
        let set = self.app.engine.set_status(name.clone(), status).await;
        set.map_err(|error| self.failed(&error))?;
        tracing::info!(destination = %name, status = status.as_str(), "a person set a destination's status");
        Ok(Answer(json!({ "destination": name.as_str(), "status": status.as_str() })))
    }
}
