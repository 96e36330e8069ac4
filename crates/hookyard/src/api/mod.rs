//! The admin API, health and metrics.
//!
//! Each resource has a file with its routes, what they read and what they answer. A route is one
//! line in its file's `routes`; whether it needs the token follows from its path, and the tests
//! walk the same list. `docs/reference/api.md` explains it to callers.

mod admit;
mod answer;
mod bulk;
mod dead_letters;
mod deliveries;
mod destinations;
mod events;
mod health;
mod page;
mod quarantine;
mod read;
mod selection;
mod serve;
mod show;
mod sources;
mod token;
mod when;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{self, MethodRouter};
use hookyard_delivery::Clock as _;
use hookyard_model::StoreError;

pub use self::serve::serve;
pub(crate) use self::token::reachable;
pub use self::token::{AdminFile, AdminFileError, AdminToken, Bound};
use crate::app::App;
use crate::problem::{Kind, Problem};
use crate::quarantine::Release;

/// Everything under this needs the token.
const PREFIX: &str = "/api/";

/// What the handlers share.
struct Api {
    app: Arc<App>,
    token: token::Fingerprint,
    failures: admit::Failures,
    asked: health::Asked,
    releases: Arc<dyn Release>,
}

type Shared = Arc<Api>;

impl Api {
    /// What a caller is told when the store did not do as asked.
    fn failed(&self, error: &StoreError) -> Problem {
        self.app.metrics.store_failed(error);
        self.app.report(error);
        Problem::from_store(error, self.app.clock.jitter())
    }
}

/// A method, a path and what answers there.
struct Entry {
    method: &'static str,
    path: &'static str,
    handler: MethodRouter<Shared>,
}

fn get<H, T>(path: &'static str, handler: H) -> Entry
where
    H: Handler<T, Shared>,
    T: 'static,
{
    Entry { method: "GET", path, handler: routing::get(handler) }
}

fn post<H, T>(path: &'static str, handler: H) -> Entry
where
    H: Handler<T, Shared>,
    T: 'static,
{
    Entry { method: "POST", path, handler: routing::post(handler) }
}

fn entries() -> impl Iterator<Item = Entry> {
    [
        health::routes(),
        events::routes(),
        deliveries::routes(),
        dead_letters::routes(),
        quarantine::routes(),
        destinations::routes(),
        sources::routes(),
    ]
    .into_iter()
    .flatten()
}

/// Every route: its method and its path, with the variable parts in braces.
pub fn routes() -> Vec<(&'static str, &'static str)> {
    entries().map(|entry| (entry.method, entry.path)).collect()
}

/// The admin API of a running hub.
#[expect(clippy::needless_pass_by_value, reason = "the caller has no more use for the token")]
pub fn router(app: Arc<App>, token: AdminToken, releases: Arc<dyn Release>) -> Router {
    let api: Shared = Arc::new(Api {
        app,
        token: token.fingerprint(),
        failures: admit::Failures::default(),
        asked: health::Asked::default(),
        releases,
    });
    let (mut open, mut closed) = (Router::new(), Router::new());
    for Entry { path, handler, .. } in entries() {
        let router = if path.starts_with(PREFIX) { &mut closed } else { &mut open };
        *router = std::mem::take(router).route(path, handler);
    }
    let closed = closed
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(Arc::clone(&api), admit::admit));
    open.method_not_allowed_fallback(method_not_allowed)
        .merge(closed)
        .fallback(not_found)
        .layer(from_fn(answer::finish))
        .with_state(api)
}

async fn method_not_allowed() -> Problem {
    Problem::new(Kind::MethodNotAllowed, "`Allow` says which methods there are.")
}

async fn not_found(State(api): State<Shared>, request: Request) -> Problem {
    if request.uri().path().starts_with(PREFIX)
        && let Err(problem) = admit::check(&api, &request)
    {
        return problem;
    }
    Problem::new(
        Kind::NotFound,
        "There is no such path; the API is under `/api/v1/`, health at `/health`.",
    )
}
