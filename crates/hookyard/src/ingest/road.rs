//! The road of a request: from its head to our answer.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::ORIGIN;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout};

use hookyard_model::{Event, HeaderList, Name, Timestamp, Verification};
use hookyard_signature::{Fetch, Headers, Provider, Received, Rejection, UnixSeconds, suggest};

use super::batch::Arrival;
use super::body::{self, Allowance, Memory};
use super::connection::{Phase, Progress};
use super::gate::{self, Gate};
use super::keep::{Parcel, Stored};
use super::open::open_source;
use super::question::{self, Answered};
use super::refusals::{Refusals, Refused};
use super::{dedupe, head, host, peer};
use crate::app::App;
use crate::bug;
use crate::config::{Config, Source, public_url};
use crate::feed::Happening;
use crate::keys::Unavailable;
use crate::problem::{Kind, Problem};

/// What the requests of all connections share.
pub(super) struct Road {
    pub(super) app: Arc<App>,
    pub(super) gate: Gate,
    pub(super) memory: Memory,
    pub(super) refusals: Refusals,
}

/// What is known of a connection.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) peer: IpAddr,
    pub(super) tls: bool,
    pub(super) progress: Arc<Progress>,
}

/// One request.
struct Call {
    /// By what a person finds it in the log.
    id: String,
    started: Instant,
}

type Answer = Response<Full<Bytes>>;

/// What a request turns out to be.
enum Read {
    /// The provider asks whether we are there; nothing is to be kept.
    Question(Box<Answered>),
    Event(Box<Arrival>),
}

impl Road {
    /// Takes a request down the road and answers it, whatever happens. A result, as hyper wants
    /// one: what would wrap this future would make it twice as large.
    pub(super) async fn take(
        self: Arc<Self>,
        connection: Connection,
        request: Request<Incoming>,
    ) -> Result<Answer, Infallible> {
        connection.progress.enter(Phase::Handling);
        let call = Call { id: request_id(), started: Instant::now() };
        let (parts, incoming) = request.into_parts();
        let source = head::source_name(parts.uri.path());
        // What handles a request works on bytes from outside: should a part of it ever panic, this
        // request alone is refused.
        let handled = bug::caught(pin!(self.accept(&connection, &parts, incoming, &call))).await;
        let result = handled.unwrap_or_else(|panic| {
            tracing::error!(
                request_id = call.id,
                panic,
                "a request hit a bug; the sender was told to try again"
            );
            Err(internal())
        });
        let (mut answer, is_bodiless) = match result {
            Ok((source, answer)) => {
                self.app.metrics.answered(&source.name, call.started.elapsed());
                (answer, source.is_bodiless())
            }
            Err(problem) => {
                let is_bodiless = source.as_ref().is_some_and(|name| self.is_bodiless(name));
                self.note(source, &problem, &call.id, Some(&parts.headers));
                if problem.closes() {
                    connection.progress.leave_unread();
                }
                (problem.response(&call.id), is_bodiless)
            }
        };
        if is_bodiless {
            question::without_body(&mut answer);
        }
        if let Ok(value) = HeaderValue::from_str(&call.id) {
            answer.headers_mut().insert("x-request-id", value);
        }
        connection.progress.enter(Phase::Answering);
        Ok(answer)
    }

    async fn accept(
        self: &Arc<Self>,
        connection: &Connection,
        parts: &Parts,
        incoming: Incoming,
        call: &Call,
    ) -> Result<(Arc<Source>, Answer), Problem> {
        #[cfg(any(test, feature = "fault-injection"))]
        crate::fault::panic_at("head", target(parts));
        let config = self.app.config();
        head::check(parts, &config.server.hosts)?;
        if *self.app.stopping.borrow() {
            let detail = "The server is about to stop. Nothing was stored; send it again.";
            return Err(
                Problem::new(Kind::ShuttingDown, detail).retry_after(Duration::from_secs(2))
            );
        }
        let source = find_source(&config, parts)?;
        let from =
            peer::client_address(connection.peer, &parts.headers, &config.server.trusted_proxies);
        gate::check(&source, parts, from)?;
        let limits = config.server.limits;
        let allowed = Allowance {
            limit: source.body_limit,
            pause: limits.body_timeout,
            deadline: call.started + limits.request_timeout,
        };
        let mut whole = body::read(incoming, &allowed, &self.memory).await?;
        let reached = || origin(&config, connection, parts);
        let arrived = Arrived {
            config: &config,
            source: &source,
            connection,
            parts,
            from,
            body: &whole.bytes,
            url: public_url(&config, &source, target(parts), reached),
        };
        let read = self.read(&arrived).await;
        let arrival = match read.map_err(|problem| self.quarantine(&arrived, &call.id, problem))? {
            Read::Question(answered) => {
                // Boxed for the same reason as in `read`.
                let answer = Box::pin(self.reply(&source, parts, *answered, call)).await?;
                return Ok((source, answer));
            }
            Read::Event(arrival) => *arrival,
        };
        self.gate.check_rate(&source, self.app.now())?;
        whole.count(arrival.memory(), &self.memory)?;
        arrival.warn_if_not_split(&source, &call.id);
        let Arrival { event, items, acknowledgement, .. } = arrival;
        let parcel = Parcel {
            config,
            parts: self.parts(&source, &event, items),
            told_by: dedupe::value(&source, &event),
            source: Arc::clone(&source),
            event: Arc::new(event),
            request_id: call.id.clone(),
            quarantined: None,
            whole,
        };
        let stored = self.keep_in_time(parcel, limits.ack_timeout).await?;
        Ok((source, stored.response(acknowledgement)))
    }

    /// Answers a question, unless there are too many of them.
    async fn reply(
        &self,
        source: &Source,
        parts: &Parts,
        answered: Answered,
        call: &Call,
    ) -> Result<Answer, Problem> {
        let now = self.app.now();
        if answered.is_proved {
            self.gate.check_rate(source, now)?;
        } else {
            self.gate.check_question_rate(source, now)?;
        }
        if let Some(page) = &answered.answer.visit {
            let visited = self.app.keys.visit(source, page).await;
            visited.map_err(|failure| unconfirmed(&failure))?;
        }
        if let Some(handed_over) = answered.handed_over {
            question::keep(source, handed_over).await?;
        }
        self.app.metrics.asked(&source.name);
        self.app.feed.tell(|| Happening::Asked {
            source: source.name.clone(),
            method: parts.method.as_str().to_owned(),
        });
        let (name, method) = (&source.name, parts.method.as_str());
        let status = answered.answer.status;
        tracing::info!(source = %name, method, status, request_id = call.id, "handshake answered");
        Ok(question::response(answered.answer))
    }

    /// Has a parcel kept, and waits for that as long as the sender can be made to wait.
    ///
    /// In a task of its own: what is stored late is handed over all the same, and its memory is
    /// counted until then.
    async fn keep_in_time(
        self: &Arc<Self>,
        parcel: Parcel,
        limit: Duration,
    ) -> Result<Stored, Problem> {
        let request_id = parcel.request_id.clone();
        match timeout(limit, tokio::spawn(Arc::clone(self).keep(parcel))).await {
            Ok(Ok(stored)) => stored,
            Ok(Err(error)) => {
                tracing::error!(%error, request_id, "a request hit a bug while it was stored; the sender was told to try again");
                Err(internal())
            }
            Err(_) => {
                let detail = "It was not stored in time. If it is stored after all, a repeat is told as a duplicate.";
                Err(Problem::new(Kind::AckTimeout, detail).retry_after(Duration::from_secs(5)))
            }
        }
    }

    /// Verifies a request and finds out what it is, with the key that the provider publishes, if
    /// it has to be fetched.
    async fn read(&self, arrived: &Arrived<'_>) -> Result<Read, Problem> {
        let fetch = match key_to_fetch(arrived) {
            Ok(Some(fetch)) => fetch,
            Ok(None) => return self.read_with(arrived, None),
            // It may still be a question, which need not be signed.
            Err(rejection) => {
                return self.read_with(arrived, None).map_err(|problem| match problem.kind {
                    Kind::KeyUnavailable => Problem::from(&rejection),
                    _ => problem,
                });
            }
        };
        // Boxed because it is large and seldom: it would be a part of every request's future.
        Box::pin(self.read_with_fetched(arrived, &fetch)).await
    }

    async fn read_with_fetched(
        &self,
        arrived: &Arrived<'_>,
        fetch: &Fetch,
    ) -> Result<Read, Problem> {
        let (keys, source) = (&self.app.keys, arrived.source);
        let found = keys.get(source, fetch).await.map_err(|failure| unavailable(&failure))?;
        let read = self.read_with(arrived, Some(&found.bytes));
        let is_doubtful = read.as_ref().is_err_and(|problem| DOUBTFUL.contains(&problem.code));
        if is_doubtful && found.is_worth_another_look() {
            // If there is nothing new, what has been found out stays as it is.
            if let Ok(newer) = keys.get_again(source, fetch).await {
                return self.read_with(arrived, Some(&newer.bytes));
            }
        }
        read
    }

    fn read_with(&self, arrived: &Arrived<'_>, key: Option<&[u8]>) -> Result<Read, Problem> {
        #[cfg(any(test, feature = "fault-injection"))]
        crate::fault::panic_at("verify", target(arrived.parts));
        let now = self.app.now();
        let headers = HeaderAccess(&arrived.parts.headers);
        let received = arrived.received(&headers);
        if let Some(answered) = question::answered(arrived.source, &received, now, key)? {
            return Ok(Read::Question(Box::new(answered)));
        }
        gate::check_event_method(arrived.source, arrived.parts)?;
        let Proved { verification, secret } = verify(arrived.source, &received, now, key)?;
        question::check_event(arrived.source, &received)?;
        if let Some(secret) = secret {
            self.app.metrics.verified_by(&arrived.source.name, secret);
        }
        let event = self.make_event(arrived, &received, verification, now);
        Ok(Read::Event(Box::new(Arrival::new(arrived.source, event, &received))))
    }

    fn make_event(
        &self,
        arrived: &Arrived<'_>,
        received: &Received<'_>,
        verification: Verification,
        now: Timestamp,
    ) -> Event {
        let provider = arrived.source.provider;
        Event {
            id: self.app.ids.next(now),
            source: arrived.source.name.clone(),
            received_at: now,
            peer: Some(arrived.from),
            method: arrived.parts.method.as_str().to_owned(),
            target: target(arrived.parts).to_owned(),
            headers: arrived.headers(),
            body: arrived.body.clone(),
            item: None,
            verification,
            provider_event_id: provider.and_then(|provider| provider.event_id(received)),
            event_type: provider.and_then(|provider| provider.event_type(received)),
        }
    }

    /// Whether no answer to this source's provider may have a body.
    fn is_bodiless(&self, name: &Name) -> bool {
        self.app.config().sources.get(name).is_some_and(|source| source.is_bodiless())
    }

    /// Counts a refusal and writes it down. Names that are not sources are kept out of the
    /// metrics, or anybody could make up as many as they like.
    pub(super) fn note(
        &self,
        name: Option<Name>,
        problem: &Problem,
        request_id: &str,
        headers: Option<&HeaderMap>,
    ) {
        let config = self.app.config();
        let is_source = |name: &Name| config.open_sources || config.sources.contains_key(name);
        let source = name.filter(is_source);
        self.app.metrics.rejected(source.as_ref(), problem.code);
        let provider = source.as_ref().and_then(|name| config.sources.get(name)?.provider);
        let looks_like = || looks_like(problem, headers?, provider);
        let source_name = source.as_ref();
        let refused = Refused { source: source_name, problem, request_id, looks_like: &looks_like };
        self.refusals.log(self.app.now(), &refused);
        self.app.feed.tell(|| Happening::Rejected {
            source,
            code: problem.code,
            detail: problem.detail.clone(),
        });
    }
}

/// Whom a request looks like that came to no source or to another provider's, for the person who
/// reads the log. Nothing else follows from it.
fn looks_like(
    problem: &Problem,
    headers: &HeaderMap,
    expected: Option<&'static Provider>,
) -> Option<String> {
    if problem.kind != Kind::SourceNotFound && !problem.kind.is_unproved() {
        return None;
    }
    let found = suggest(&HeaderAccess(headers));
    let slugs: Vec<_> = found.iter().map(|suggestion| suggestion.provider.slug).collect();
    let is_as_expected = expected.is_some_and(|provider| slugs.contains(&provider.slug));
    (!slugs.is_empty() && !is_as_expected).then(|| slugs.join(" or "))
}

/// A request that has arrived whole.
pub(super) struct Arrived<'r> {
    pub(super) config: &'r Config,
    pub(super) source: &'r Arc<Source>,
    connection: &'r Connection,
    pub(super) parts: &'r Parts,
    pub(super) from: IpAddr,
    pub(super) body: &'r Bytes,
    /// The URL as the provider knows it.
    url: String,
}

impl Arrived<'_> {
    /// The request as the signature crate reads it.
    pub(super) fn received<'a>(&'a self, headers: &'a HeaderAccess<'a>) -> Received<'a> {
        let (method, url) = (self.parts.method.as_str(), self.url.as_str());
        Received { method, url, headers, body: self.body }
    }

    /// The headers as they are kept.
    pub(super) fn headers(&self) -> HeaderList {
        let headers = &self.parts.headers;
        headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
    }

    /// Scheme and authority under which it reached us.
    pub(super) fn origin(&self) -> String {
        origin(self.config, self.connection, self.parts)
    }
}

fn origin(config: &Config, connection: &Connection, parts: &Parts) -> String {
    let trusted = &config.server.trusted_proxies;
    let https = peer::is_forwarded_https(connection.peer, &parts.headers, trusted);
    let scheme = if https.unwrap_or(connection.tls) { "https" } else { "http" };
    let host = host::authority(parts).unwrap_or_default();
    format!("{scheme}://{host}")
}

/// Path and query.
pub(super) fn target(parts: &Parts) -> &str {
    parts.uri.path_and_query().map_or("/", |target| target.as_str())
}

/// Headers as the signature crate reads them.
pub(super) struct HeaderAccess<'h>(pub(super) &'h HeaderMap);

impl Headers for HeaderAccess<'_> {
    fn value(&self, name: &str, index: usize) -> Option<&[u8]> {
        self.0.get_all(name).iter().nth(index).map(HeaderValue::as_bytes)
    }
}

fn internal() -> Problem {
    Problem::new(
        Kind::Internal,
        "Something broke here, and it is not known to be stored. Send it again.",
    )
}

/// The source that a request is for. What is not there, what is switched off and what has no form
/// gets the same answer.
fn find_source(config: &Config, parts: &Parts) -> Result<Arc<Source>, Problem> {
    let not_found = || {
        Problem::new(Kind::SourceNotFound, "There is no source at this path. Nothing was stored.")
    };
    let name = head::source_name(parts.uri.path()).ok_or_else(not_found)?;
    if config.open_sources && is_cross_site(parts) {
        let detail =
            "A page of another site cannot send webhooks to `hookyard dev`. Nothing was stored.";
        return Err(Problem::new(Kind::CrossSite, detail));
    }
    let known = config.sources.get(&name).cloned();
    let source = known.or_else(|| config.open_sources.then(|| Arc::new(open_source(name))));
    source.filter(|source| source.enabled).ok_or_else(not_found)
}

/// Whether a browser sends this on behalf of a page. Without a signature to check, any page that a
/// developer has open could otherwise send events to their machine.
fn is_cross_site(parts: &Parts) -> bool {
    parts.headers.contains_key(ORIGIN)
        || parts.headers.get("sec-fetch-site").is_some_and(|site| site != "none")
}

/// What is said of a request when the provider may have another key by now.
const DOUBTFUL: [&str; 3] = ["signature_mismatch", "key_unavailable", "key_foreign"];

/// The key that has to be fetched to verify a request, if it has to be.
fn key_to_fetch(arrived: &Arrived<'_>) -> Result<Option<Fetch>, Rejection> {
    let Some(verifier) = &arrived.source.verifier else { return Ok(None) };
    verifier.fetch(&arrived.received(&HeaderAccess(&arrived.parts.headers)))
}

pub(super) fn unavailable(failure: &Unavailable) -> Problem {
    let detail = "The provider's key, without which this cannot be verified, could not be fetched. Nothing was stored; send it again later.";
    Problem::new(Kind::KeyUnavailable, detail).retry_after(failure.retry_after)
}

fn unconfirmed(failure: &Unavailable) -> Problem {
    let detail = "It is verified, but the page by which the subscription is confirmed could not be visited. Nothing was stored; send it again later.";
    Problem::new(Kind::SubscriptionUnconfirmed, detail).retry_after(failure.retry_after)
}

/// What verifying a request has shown.
pub(super) struct Proved {
    pub(super) verification: Verification,
    /// Which of several secrets made the signature, counted from 0.
    secret: Option<usize>,
}

pub(super) fn verify(
    source: &Source,
    received: &Received<'_>,
    now: Timestamp,
    key: Option<&[u8]>,
) -> Result<Proved, Problem> {
    let is_awaited = source.awaits_secret.is_some();
    let Some(verifier) = &source.verifier else {
        let unverified = Proved { verification: Verification::Unverified, secret: None };
        return if is_awaited { Err(secret_awaited()) } else { Ok(unverified) };
    };
    let shown = verifier.verify_with(received, UnixSeconds(now.as_seconds()), key);
    let shown = shown.map_err(|rejection| match rejection {
        // It may be signed with the one that is about to come, or has come just now.
        Rejection::SignatureMismatch { .. } if is_awaited => secret_awaited(),
        rejection => Problem::from(&rejection),
    })?;
    let covers_body = verifier.covers().body;
    let verification =
        if covers_body { Verification::Verified } else { Verification::Authenticated };
    Ok(Proved { verification, secret: (verifier.secrets() > 1).then_some(shown.secret) })
}

fn secret_awaited() -> Problem {
    let detail = "The provider has not yet handed over the secret that its requests are checked with. Nothing was stored; send it again later.";
    Problem::new(Kind::SecretAwaited, detail).retry_after(Duration::from_secs(30))
}

/// An id by which a person finds a request in the log.
pub(super) fn request_id() -> String {
    format!("req_{:016x}", crate::clock::random_u64())
}
