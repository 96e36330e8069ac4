//! Whether the hub works: for load balancers, for people, for Prometheus. No token is needed, so
//! nothing here can be made expensive by asking often.

use std::time::{Duration, Instant};

use axum::Json as Answer;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hookyard_delivery::LaneState;
use hookyard_model::{
    CircuitState, Condition, DestinationStatus, StoreError, StoreFuture, Timestamp,
};
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use serde_json::json;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::{Api, Entry, Shared, get};
use crate::problem::{Kind, Problem};
use crate::stranded;
use crate::telemetry::Scrape;

/// How long what the store said is told to others who ask.
const FRESH: Duration = Duration::from_secs(1);
/// How long the store may take to say how it is.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn routes() -> Vec<Entry> {
    vec![
        get("/health", health),
        get("/livez", livez),
        get("/readyz", readyz),
        get("/metrics", metrics),
    ]
}

/// What the store is asked, once a second however many want to know.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// How the last write that was made to see whether writing works has ended.
    probe: Recent<Result<(), StoreError>>,
    condition: Recent<Option<Condition>>,
}

/// The last answer to a question, and when it came.
#[derive(Debug)]
struct Recent<T>(Mutex<Option<(Instant, T)>>);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone> Recent<T> {
    /// The last answer if it is still fresh, else a new one, for which all wait that want it.
    async fn or_ask(&self, fresh: Duration, ask: impl Future<Output = T>) -> T {
        let mut last = self.0.lock().await;
        if let Some((at, said)) = &*last
            && at.elapsed() < fresh
        {
            return said.clone();
        }
        let said = ask.await;
        *last = Some((Instant::now(), said.clone()));
        said
    }
}

/// The answer of `/health`.
#[derive(Debug, Serialize)]
struct Health {
    /// `ok`; `degraded`: events are taken, but a destination is in trouble or
    /// missing; `failing`: they are not.
    status: &'static str,
    version: &'static str,
    uptime_seconds: u64,
    pending: u64,
    dead_letters: u64,
    /// Requests that failed verification and wait for a person.
    quarantine: QuarantineHealth,
    /// How long ago the event came whose delivery has been pending longest, whatever holds it.
    oldest_pending_seconds: u64,
    /// How long the delivery that was due first has been due.
    overdue_seconds: u64,
    store: StoreHealth,
    destinations: Troubled,
    /// Destinations with pending deliveries that the configuration does not name.
    unconfigured_destinations: Vec<String>,
}

#[derive(Debug, Serialize)]
struct QuarantineHealth {
    held: u64,
    bytes: u64,
}

#[derive(Debug, Serialize)]
struct StoreHealth {
    engine: Option<String>,
    bytes: Option<u64>,
    free_bytes: Option<u64>,
}

/// The destinations that get nothing at present.
#[derive(Debug, Serialize)]
struct Troubled {
    open_circuits: Vec<String>,
    paused: Vec<String>,
    disabled: Vec<String>,
}

impl Troubled {
    fn new(lanes: &[LaneState]) -> Self {
        let named = |is_meant: &dyn Fn(&LaneState) -> bool| {
            lanes.iter().filter(|lane| is_meant(lane)).map(|lane| lane.name.to_string()).collect()
        };
        Self {
            open_circuits: named(&|lane| {
                matches!(lane.circuit, CircuitState::Open(_) | CircuitState::HalfOpen)
            }),
            paused: named(&|lane| lane.status == DestinationStatus::Paused),
            disabled: named(&|lane| lane.status == DestinationStatus::Disabled),
        }
    }
}

async fn in_time<T>(asked: StoreFuture<'_, T>) -> Result<T, StoreError> {
    let late = |_| Err(StoreError::Unavailable("it does not answer".to_owned()));
    timeout(PATIENCE, asked).await.unwrap_or_else(late)
}

impl Api {
    /// Whether an event could be kept now.
    async fn can_accept(&self) -> Result<(), Problem> {
        if *self.app.stopping.borrow() {
            return Err(Problem::new(Kind::ShuttingDown, "The server is about to stop."));
        }
        let probe = in_time(self.app.store.probe());
        let outcome = self.asked.probe.or_ask(FRESH, probe).await;
        outcome.map_err(|error| self.failed(&error))
    }

    async fn condition(&self) -> Option<Condition> {
        let condition = async { in_time(self.app.store.condition()).await.ok() };
        self.asked.condition.or_ask(FRESH, condition).await
    }
}

async fn health(State(api): State<Shared>) -> Response {
    let refusal = api.can_accept().await.err();
    let condition = api.condition().await.unwrap_or_default();
    let destinations = Troubled::new(&api.app.engine.lanes());
    let counted = api.app.metrics.counted_overall();
    let quarantined = api.app.metrics.in_quarantine();
    let now = api.app.now();
    let since = |at: Option<Timestamp>| at.map_or(0, |at| now.since(at).as_secs());
    let unconfigured: Vec<String> =
        stranded::list(&api.app).into_iter().map(|(name, _)| name.to_string()).collect();
    let is_degraded = !destinations.open_circuits.is_empty()
        || !destinations.disabled.is_empty()
        || !unconfigured.is_empty();
    let health = Health {
        status: match &refusal {
            Some(_) => "failing",
            None if is_degraded => "degraded",
            None => "ok",
        },
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: api.app.metrics.uptime(now).as_secs(),
        pending: counted.pending,
        dead_letters: counted.dead_letters,
        quarantine: QuarantineHealth { held: quarantined.held, bytes: quarantined.bytes },
        oldest_pending_seconds: since(condition.oldest_pending),
        overdue_seconds: since(condition.oldest_due),
        store: StoreHealth {
            engine: Some(condition.engine).filter(|engine| !engine.is_empty()),
            bytes: condition.bytes,
            free_bytes: condition.free_bytes,
        },
        destinations,
        unconfigured_destinations: unconfigured,
    };
    let mut response = Answer(json!(health)).into_response();
    if let Some(problem) = refusal {
        *response.status_mut() = problem.kind.status();
    }
    response
}

/// The process answers; whether it can do its work is another question.
async fn livez() -> &'static str {
    "alive\n"
}

async fn readyz(State(api): State<Shared>) -> Result<&'static str, Problem> {
    api.can_accept().await.map(|()| "ready\n")
}

async fn metrics(State(api): State<Shared>) -> Response {
    let condition = api.condition().await;
    let lanes = api.app.engine.lanes();
    let scrape = Scrape { lanes: &lanes, condition: condition.as_ref(), now: api.app.now() };
    let mut response = api.app.metrics.render(scrape).into_response();
    let kind =
        HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn an_answer_is_given_again_while_it_is_fresh() {
        let (recent, asked) = (Recent::default(), Cell::new(0));
        let ask = || async {
            asked.set(asked.get() + 1);
            asked.get()
        };
        let hour = Duration::from_secs(3600);
        assert_eq!(recent.or_ask(hour, ask()).await, 1);
        assert_eq!(recent.or_ask(hour, ask()).await, 1);
        assert_eq!(recent.or_ask(Duration::ZERO, ask()).await, 2);
        assert_eq!((recent.or_ask(hour, ask()).await, asked.get()), (2, 2));
    }
}
