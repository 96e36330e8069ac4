//! The quarantine: requests that failed verification, why, and letting them in after all.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hookyard_model::{
    EventId, HeaderList, QuarantineFilter, QuarantineId, Quarantined, Reason, Standing, Timestamp,
};
use hookyard_signature::{Case, Explanation, OtherSecret, Received, UnixSeconds, explain};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::answer::invalid;
use super::page::{MOST, limit};
use super::read::{Json, Named, Params, field};
use super::selection::{name, time};
use super::show::{Body, Headers, credential_headers, target};
use super::{Api, Entry, Shared, get, post};
use crate::config::{Config, Evidence, Source, public_url};
use crate::explanation::Why;
use crate::problem::{Kind, Problem};
use crate::quarantine::Released;

/// How many releases are under way at once: they share the flushes of the disk.
const AT_ONCE: usize = 64;

pub(super) fn routes() -> Vec<Entry> {
    vec![
        get("/api/v1/quarantine", list),
        post("/api/v1/quarantine/release", release_many),
        get("/api/v1/quarantine/{id}", show),
        get("/api/v1/quarantine/{id}/raw", raw),
        get("/api/v1/quarantine/{id}/explain", explain_one),
        post("/api/v1/quarantine/{id}/release", release),
    ]
}

/// The parameters of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    source: Option<String>,
    reason: Option<String>,
    request: Option<String>,
    state: Option<String>,
    since: Option<String>,
    until: Option<String>,
    limit: Option<String>,
    after: Option<String>,
}

/// A request as it stands in a list.
#[derive(Debug, Serialize)]
struct Row<'a> {
    id: String,
    /// By what its refusal is found in the log.
    request_id: Option<&'a str>,
    source: &'a str,
    received_at: String,
    /// `held` or `released`.
    state: &'static str,
    /// The code and the sentence of the latest verification, while it is held.
    reason: Option<&'a str>,
    detail: Option<&'a str>,
    /// What it became, once it is released.
    event: Option<String>,
    method: &'a str,
    target: String,
    /// The length of the body when it came, in bytes.
    size: u64,
}

impl<'a> Row<'a> {
    fn new(request: &'a Quarantined, size: u64) -> Self {
        let (state, reason, event) = match &request.standing {
            Standing::Held(reason) => ("held", Some(reason), None),
            Standing::Released(event) => ("released", None, Some(event.to_string())),
        };
        Self {
            id: request.id.to_string(),
            request_id: request.request_id.as_deref(),
            source: request.source.as_str(),
            received_at: request.received_at.to_string(),
            state,
            reason: reason.map(|reason| reason.code.as_str()),
            detail: reason.map(|reason| reason.sentence.as_str()),
            event,
            method: &request.method,
            target: target(&request.target),
            size,
        }
    }
}

/// A request with all that is known of it.
#[derive(Debug, Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    row: Row<'a>,
    /// The address that it came from.
    peer: Option<String>,
    /// Scheme and authority under which it reached us.
    origin: &'a str,
    #[serde(flatten)]
    headers: Headers,
    body: Body,
}

async fn list(
    State(api): State<Shared>,
    Params(list): Params<List>,
) -> Result<Answer<Value>, Problem> {
    let now = api.app.now();
    let released = match list.state.as_deref() {
        None => None,
        Some("held") => Some(false),
        Some("released") => Some(true),
        Some(_) => return Err(invalid("`state`: expected one of held, released.")),
    };
    let filter = QuarantineFilter {
        source: name("source", list.source.as_deref())?,
        code: list.reason,
        request_id: list.request,
        released,
        since: time("since", list.since.as_deref(), now)?,
        until: time("until", list.until.as_deref(), now)?,
    };
    let limit = limit(list.limit.as_deref())?;
    let after: Option<QuarantineId> = field("after", list.after.as_deref())?;
    let found = api.app.store.quarantine_list(filter, after, limit + 1).await;
    let mut found = found.map_err(|error| api.failed(&error))?;
    let is_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| is_more).map(|last| last.request.id.to_string());
    let rows: Vec<Value> =
        found.iter().map(|found| json!(Row::new(&found.request, found.body_len))).collect();
    Ok(Answer(json!({ "quarantine": rows, "next": next })))
}

impl Api {
    async fn quarantined(&self, id: QuarantineId) -> Result<Quarantined, Problem> {
        let found = self.app.store.quarantined(id).await.map_err(|error| self.failed(&error))?;
        found.ok_or_else(gone)
    }
}

fn gone() -> Problem {
    Problem::new(
        Kind::NotFound,
        "There is no request with this id in quarantine; it may have been too old to keep.",
    )
}

async fn show(
    State(api): State<Shared>,
    Named(id): Named<QuarantineId>,
) -> Result<Answer<Value>, Problem> {
    let request = api.quarantined(id).await?;
    let credentials = credential_headers(&api.app.config(), &request.source);
    let size = u64::try_from(request.body.len()).unwrap_or(u64::MAX);
    Ok(Answer(json!(Whole {
        row: Row::new(&request, size),
        peer: request.peer.map(|peer| peer.to_string()),
        origin: &request.origin,
        headers: Headers::new(&request.headers, &credentials),
        body: Body::new(&request.body, false),
    })))
}

/// The very bytes, as a file: whatever a browser would make of them, it must not show them.
async fn raw(
    State(api): State<Shared>,
    Named(id): Named<QuarantineId>,
) -> Result<Response, Problem> {
    let request = api.quarantined(id).await?;
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{id}.bin\"")),
    ];
    Ok((headers, request.body).into_response())
}

/// Why a request is refused, found out by today's configuration.
async fn explain_one(
    State(api): State<Shared>,
    Named(id): Named<QuarantineId>,
) -> Result<Answer<Value>, Problem> {
    let request = api.quarantined(id).await?;
    let Standing::Held(reason) = request.standing.clone() else {
        return Err(Problem::new(
            Kind::Conflict,
            "The request was released, so there is nothing to explain.",
        ));
    };
    let config = api.app.config();
    // Some hundred verifications, of a body of up to a few MiB: not for a thread that answers.
    let explained = tokio::task::spawn_blocking(move || explained(&config, &request, reason)).await;
    explained.map(|explained| Answer(json!(explained))).map_err(|error| {
        tracing::error!(%error, "explaining a request hit a bug");
        Problem::new(Kind::Internal, "This is a bug in Hookyard; the log says more.")
    })
}

/// What was found out.
#[derive(Debug, Serialize)]
struct Explained {
    id: String,
    request_id: Option<String>,
    source: String,
    /// The code of the refusal.
    reason: String,
    /// Whether today's configuration would let it in.
    verifies_now: bool,
    #[serde(flatten)]
    why: Why,
}

fn explained(config: &Config, request: &Quarantined, reason: Reason) -> Explained {
    let found = config.sources.get(&request.source).and_then(|source| {
        let evidence = source.evidence.as_ref()?;
        Some(why_refused(config, source, evidence, request))
    });
    let answer = Explained {
        id: request.id.to_string(),
        request_id: request.request_id.clone(),
        source: request.source.to_string(),
        reason: reason.code,
        verifies_now: matches!(found, Some(None)),
        // What the last verification said, where nothing verifies today.
        why: Why::of_detail(&reason.sentence),
    };
    match found.flatten() {
        None => answer,
        Some(found) => {
            let reason = found.refusal.code().to_owned();
            Explained { reason, why: found.into(), ..answer }
        }
    }
}

/// Why a request is refused by today's configuration; `None` where it is not.
fn why_refused(
    config: &Config,
    source: &Source,
    evidence: &Evidence,
    request: &Quarantined,
) -> Option<Explanation> {
    let labels = labels(config, source);
    let others = labels.iter().flat_map(|(label, other)| {
        let secrets = other.evidence.iter().flat_map(|evidence| &evidence.secrets);
        secrets.map(|secret| OtherSecret { label, secret, is_former: false })
    });
    let others: Vec<OtherSecret<'_>> = others.collect();
    let case = Case {
        scheme: &evidence.scheme,
        provider: source.provider,
        secrets: &evidence.secrets,
        options: &evidence.options,
        others: &others,
        fetched: None,
    };
    let url = public_url(config, source, &request.target, || request.origin.clone());
    let headers = KeptHeaders(&request.headers);
    let received =
        Received { method: &request.method, url: &url, headers: &headers, body: &request.body };
    explain(&case, &received, seconds(request.received_at))
}

/// The other sources, with what their secrets are called in a finding.
fn labels<'c>(config: &'c Config, source: &Source) -> Vec<(String, &'c Arc<Source>)> {
    let others = config.sources.values().filter(|other| other.name != source.name);
    others.map(|other| (format!("source `{}`", other.name), other)).collect()
}

const fn seconds(at: Timestamp) -> UnixSeconds {
    UnixSeconds(at.as_seconds())
}

/// Headers as the signature crate reads them.
struct KeptHeaders<'h>(&'h HeaderList);

impl hookyard_signature::Headers for KeptHeaders<'_> {
    fn value(&self, name: &str, index: usize) -> Option<&[u8]> {
        self.0.iter().filter(|(found, _)| *found == name).nth(index).map(|(_, value)| value)
    }
}

async fn release(
    State(api): State<Shared>,
    Named(id): Named<QuarantineId>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Answer<Value>, Problem> {
    match api.releases.release(id).await? {
        Released::As { event, duplicate } => Ok(released(id, event, duplicate, false)),
        Released::Before(event) => Ok(released(id, event, true, true)),
        Released::Refused { sentence, .. } => Err(Problem::new(
            Kind::Conflict,
            format!("It is still refused and stays in quarantine. {sentence}"),
        )),
        Released::Gone => Err(gone()),
    }
}

/// What became of one, now or `before`.
fn released(id: QuarantineId, event: EventId, duplicate: bool, before: bool) -> Answer<Value> {
    Answer(json!({
        "id": id.to_string(),
        "event": event.to_string(),
        "duplicate": duplicate,
        "released_before": before,
    }))
}

/// A body that says nothing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Which requests are to be released.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Many {
    source: Option<String>,
    reason: Option<String>,
    since: Option<String>,
    until: Option<String>,
    /// Has to be true where nothing narrows the selection, so that nobody means all by mistake.
    all: bool,
    /// Only says how many there are.
    dry_run: bool,
}

async fn release_many(
    State(api): State<Shared>,
    Json(many): Json<Many>,
) -> Result<Answer<Value>, Problem> {
    let narrows = [&many.source, &many.reason, &many.since, &many.until];
    if !many.all && narrows.into_iter().all(Option::is_none) {
        return Err(invalid(
            "Say which: `source`, `reason`, `since` or `until`; or `\"all\": true` for all of them.",
        ));
    }
    let now = api.app.now();
    let filter = QuarantineFilter {
        source: name("source", many.source.as_deref())?,
        code: many.reason,
        request_id: None,
        released: Some(false),
        since: time("since", many.since.as_deref(), now)?,
        until: time("until", many.until.as_deref(), now)?,
    };
    let ids = api.held(&filter).await?;
    if many.dry_run {
        return Ok(Answer(json!({ "count": ids.len(), "dry_run": true })));
    }
    let (mut released, mut refused) = (0_u64, 0_u64);
    let mut why = std::collections::BTreeMap::<&'static str, u64>::new();
    for some in ids.chunks(AT_ONCE) {
        for outcome in api.release_some(some).await? {
            match outcome {
                Released::As { .. } => released += 1,
                Released::Refused { code, .. } => {
                    refused += 1;
                    *why.entry(code).or_default() += 1;
                }
                // Forgotten meanwhile, or released by somebody else.
                Released::Gone | Released::Before(_) => {}
            }
        }
    }
    Ok(Answer(json!({ "released": released, "refused": refused, "reasons": why })))
}

impl Api {
    /// The ids of those that are held, oldest first. All of them: the quarantine is small.
    async fn held(&self, filter: &QuarantineFilter) -> Result<Vec<QuarantineId>, Problem> {
        let (mut ids, mut after): (Vec<QuarantineId>, _) = (Vec::new(), None);
        loop {
            let page = self.app.store.quarantine_list(filter.clone(), after, MOST).await;
            let page = page.map_err(|error| self.failed(&error))?;
            ids.extend(page.iter().map(|found| found.request.id));
            after = page.last().map(|found| found.request.id);
            if page.len() < MOST {
                ids.reverse();
                return Ok(ids);
            }
        }
    }

    /// Releases these at once.
    async fn release_some(&self, ids: &[QuarantineId]) -> Result<Vec<Released>, Problem> {
        let mut releases = JoinSet::new();
        for &id in ids {
            let road = Arc::clone(&self.releases);
            releases.spawn(async move { road.release(id).await });
        }
        let mut outcomes = Vec::with_capacity(ids.len());
        while let Some(ended) = releases.join_next().await {
            let ended = ended.map_err(|error| {
                tracing::error!(%error, "releasing a request hit a bug");
                Problem::new(Kind::Internal, "This is a bug in Hookyard; the log says more.")
            })?;
            outcomes.push(ended?);
        }
        Ok(outcomes)
    }
}
