//! The road of a request: from its head to our answer.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout};

use hookyard_delivery::{Clock, Reservation};
use hookyard_model::{
    Accepted, DedupeKey, Event, EventId, HeaderList, Held, Leased, Name, NewDelivery, NewEvent,
    StoreError, Timestamp, Verification, route,
};
use hookyard_signature::{Headers, Received, UnixSeconds};

use super::body::{self, Allowance, Memory};
use super::connection::{Phase, Progress};
use super::gate::Gate;
use super::open::open_source;
use super::{dedupe, head, peer};
use crate::app::App;
use crate::config::{Config, Source};
use crate::feed::Happening;
use crate::problem::{Kind, Problem};

/// What the requests of all connections share.
pub(super) struct Road {
    pub(super) app: Arc<App>,
    pub(super) gate: Gate,
    pub(super) memory: Memory,
}

/// What is known of a connection.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) peer: IpAddr,
    pub(super) tls: bool,
    pub(super) progress: Arc<Progress>,
}

type Answer = Response<Full<Bytes>>;

/// What a request turns out to be.
enum Read {
    /// The provider asks whether we are there; nothing is to be kept.
    Question(Answer),
    Event(Box<Event>),
}

/// What the store made of an event.
struct Kept {
    id: EventId,
    duplicate: bool,
    id_conflict: bool,
}

impl Road {
    /// Takes a request down the road and answers it, whatever happens.
    pub(super) async fn take(
        self: Arc<Self>,
        connection: Connection,
        request: Request<Incoming>,
    ) -> Answer {
        connection.progress.enter(Phase::Handling);
        let started = Instant::now();
        let request_id = request_id();
        let (parts, incoming) = request.into_parts();
        let source = head::source_name(parts.uri.path());
        let result = self.accept(&connection, &parts, incoming, started).await;
        let mut answer = match result {
            Ok((source, answer)) => {
                self.app.metrics.answered(&source.name, started.elapsed());
                answer
            }
            Err(problem) => {
                self.note(source, &problem, &request_id);
                if problem.closes() {
                    connection.progress.leave_unread();
                }
                problem.response(&request_id)
            }
        };
        if let Ok(value) = HeaderValue::from_str(&request_id) {
            answer.headers_mut().insert("x-request-id", value);
        }
        connection.progress.enter(Phase::Answering);
        answer
    }

    async fn accept(
        &self,
        connection: &Connection,
        parts: &Parts,
        incoming: Incoming,
        started: Instant,
    ) -> Result<(Arc<Source>, Answer), Problem> {
        head::check(parts)?;
        if *self.app.stopping.borrow() {
            let detail = "The server is about to stop. Nothing was stored; send it again.";
            return Err(
                Problem::new(Kind::ShuttingDown, detail).retry_after(Duration::from_secs(2))
            );
        }
        let config = self.app.config();
        let source = find_source(&config, parts)?;
        let from =
            peer::client_address(connection.peer, &parts.headers, &config.server.trusted_proxies);
        self.gate.check(&source, parts, from, self.app.now())?;
        let limits = config.server.limits;
        let allowed = Allowance {
            limit: source.body_limit,
            pause: limits.body_timeout,
            deadline: started + limits.request_timeout,
        };
        let whole = body::read(incoming, &allowed, &self.memory).await?;
        let arrived = Arrived {
            config: &config,
            source: &source,
            connection,
            parts,
            from,
            body: &whole.bytes,
        };
        let answer = self.verify_and_store(&arrived, limits.ack_timeout).await?;
        Ok((source, answer))
    }

    async fn verify_and_store(
        &self,
        arrived: &Arrived<'_>,
        ack_timeout: Duration,
    ) -> Result<Answer, Problem> {
        let event = match self.read(arrived)? {
            Read::Question(answer) => return Ok(answer),
            Read::Event(event) => *event,
        };
        let Ok(kept) = timeout(ack_timeout, self.store(arrived, event)).await else {
            let detail = "It was not stored in time. If it is stored after all, a repeat is told as a duplicate.";
            return Err(Problem::new(Kind::AckTimeout, detail).retry_after(Duration::from_secs(5)));
        };
        kept.map(|kept| answer(&kept))
    }

    /// Verifies a request and finds out what it is.
    fn read(&self, arrived: &Arrived<'_>) -> Result<Read, Problem> {
        let now = self.app.now();
        let url = arrived.public_url();
        let headers = HeaderAccess(&arrived.parts.headers);
        let received = Received {
            method: arrived.parts.method.as_str(),
            url: &url,
            headers: &headers,
            body: arrived.body,
        };
        let verification = verify(arrived.source, &received, now)?;
        let question = arrived.source.provider.and_then(|provider| provider.handshake(&received));
        Ok(match question {
            Some(answer) => Read::Question(plain_answer(&answer)),
            None => Read::Event(Box::new(self.make_event(arrived, &received, verification, now))),
        })
    }

    fn make_event(
        &self,
        arrived: &Arrived<'_>,
        received: &Received<'_>,
        verification: Verification,
        now: Timestamp,
    ) -> Event {
        let provider = arrived.source.provider;
        let target = arrived.parts.uri.path_and_query().map_or("/", |target| target.as_str());
        let headers =
            arrived.parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        Event {
            id: self.app.ids.next(now),
            source: arrived.source.name.clone(),
            received_at: now,
            peer: Some(arrived.from),
            method: arrived.parts.method.as_str().to_owned(),
            target: target.to_owned(),
            headers: headers.collect::<HeaderList>(),
            body: arrived.body.clone(),
            verification,
            provider_event_id: provider.and_then(|provider| provider.event_id(received)),
            event_type: provider.and_then(|provider| provider.event_type(received)),
        }
    }

    /// Stores an event, unless it is a repeat.
    ///
    /// The same id with another body is not a repeat: both are kept, because losing one is worse
    /// than telling two apart that are the same to the provider.
    async fn store(&self, arrived: &Arrived<'_>, event: Event) -> Result<Kept, Problem> {
        let source = arrived.source;
        let now = event.received_at;
        let id = event.provider_event_id.as_deref();
        let value = dedupe::value(source, id, &arrived.parts.headers, arrived.body);
        let event = Arc::new(event);
        let key = value.as_deref().map(|value| dedupe::key(source, value, now));
        let kept = self.keep(arrived.config, &event, key).await?;
        let (Some(value), true) = (value, kept.duplicate) else { return Ok(kept) };
        let first =
            self.app.store.event(kept.id).await.map_err(|error| self.store_problem(&error))?;
        if first.is_none_or(|first| first.body == event.body) {
            return Ok(kept);
        }
        let key = dedupe::conflict_key(source, &value, arrived.body, now);
        let kept = self.keep(arrived.config, &event, Some(key)).await?;
        tracing::warn!(
            source = %source.name, event = %kept.id, provider_event_id = event.provider_event_id,
            "the provider sent another body under an id it had used before; both events are kept"
        );
        Ok(Kept { id_conflict: !kept.duplicate, ..kept })
    }

    async fn keep(
        &self,
        config: &Config,
        event: &Arc<Event>,
        dedupe: Option<DedupeKey>,
    ) -> Result<Kept, Problem> {
        let event_type = event.event_type.as_deref();
        let to: Vec<Name> = route::destinations(&config.routes, &event.source, event_type)
            .into_iter()
            .cloned()
            .collect();
        let reserved: Vec<Option<Reservation>> =
            to.iter().map(|name| self.app.engine.reserve(name)).collect();
        let leased_until =
            |place: &Option<Reservation>| place.as_ref().map(Reservation::leased_until);
        let deliveries = to.iter().zip(&reserved).map(|(destination, place)| NewDelivery {
            destination: destination.clone(),
            leased_until: leased_until(place),
        });
        let new = NewEvent { event: Arc::clone(event), dedupe, deliveries: deliveries.collect() };
        let accepted = self.commit(new).await.map_err(|error| self.store_problem(&error))?;
        let (id, duplicate) = match accepted {
            Accepted::New => (event.id, false),
            Accepted::Duplicate(first) => (first, true),
        };
        if duplicate {
            self.app.metrics.duplicate(&event.source);
        } else {
            self.app.metrics.accepted(&event.source);
            self.hand_over(event, &to, reserved);
        }
        self.app.feed.tell(|| Happening::Received { event: Arc::clone(event), duplicate, to });
        Ok(Kept { id, duplicate, id_conflict: false })
    }

    #[cfg(not(feature = "fault-injection"))]
    async fn commit(&self, new: NewEvent) -> Result<Accepted, StoreError> {
        self.app.store.accept(new).await
    }

    /// As above; or, so that the tests can be seen to find it, without waiting for the disk.
    #[cfg(feature = "fault-injection")]
    async fn commit(&self, new: NewEvent) -> Result<Accepted, StoreError> {
        if !crate::fault::is_on(crate::fault::ACK_BEFORE_COMMIT) {
            return self.app.store.accept(new).await;
        }
        let store = Arc::clone(&self.app.store);
        drop(tokio::spawn(async move { store.accept(new).await }));
        Ok(Accepted::New)
    }

    /// Gives stored deliveries to the engine: in memory where it has kept a place, else it is told
    /// that the store has some.
    fn hand_over(&self, event: &Arc<Event>, to: &[Name], reserved: Vec<Option<Reservation>>) {
        for ((ordinal, destination), place) in (0..).zip(to).zip(reserved) {
            self.app.metrics.queued(destination, 1);
            let Some(place) = place else {
                self.app.engine.wake(destination);
                continue;
            };
            let id = hookyard_model::DeliveryId { event: event.id, ordinal };
            let until = place.leased_until();
            place.hand_over(Leased {
                held: Held { id, lease: 1 },
                event: Arc::clone(event),
                destination: destination.clone(),
                until,
                attempts: 0,
                step: 0,
                maybe_sent: false,
                replayed: false,
            });
        }
    }

    fn store_problem(&self, error: &StoreError) -> Problem {
        self.app.metrics.store_failed(error);
        self.app.report(error);
        tracing::error!(%error, "an event could not be stored; the sender was told to try again");
        Problem::from_store(error, self.app.clock.jitter())
    }

    /// Counts a refusal and writes it down. Names that are not sources are kept out of the
    /// metrics, or anybody could make up as many as they like.
    fn note(&self, name: Option<Name>, problem: &Problem, request_id: &str) {
        let source = name.filter(|name| self.app.config().sources.contains_key(name));
        self.app.metrics.rejected(source.as_ref(), problem.code);
        let shown = source.as_ref().map(tracing::field::display);
        let status = problem.kind.status().as_u16();
        tracing::info!(
            source = shown,
            status,
            code = problem.code,
            request_id,
            detail = problem.detail,
            "refused"
        );
        self.app.feed.tell(|| Happening::Rejected {
            source,
            code: problem.code,
            detail: problem.detail.clone(),
        });
    }
}

/// A request that has arrived whole.
struct Arrived<'r> {
    config: &'r Config,
    source: &'r Arc<Source>,
    connection: &'r Connection,
    parts: &'r Parts,
    from: IpAddr,
    body: &'r Bytes,
}

impl Arrived<'_> {
    /// The URL as the provider knows it.
    fn public_url(&self) -> String {
        let target = self.parts.uri.path_and_query().map_or("/", |target| target.as_str());
        if let Some(url) = &self.source.public_url {
            let query = self.parts.uri.query().filter(|_| !url.contains('?'));
            return query.map_or_else(|| url.clone(), |query| format!("{url}?{query}"));
        }
        if let Some(base) = &self.config.server.public_url {
            return format!("{}{target}", base.trim_end_matches('/'));
        }
        let trusted = &self.config.server.trusted_proxies;
        let https = peer::is_forwarded_https(self.connection.peer, &self.parts.headers, trusted);
        let scheme = if https.unwrap_or(self.connection.tls) { "https" } else { "http" };
        let host = self
            .parts
            .headers
            .get(http::header::HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or_default();
        format!("{scheme}://{host}{target}")
    }
}

/// Headers as the signature crate reads them.
struct HeaderAccess<'h>(&'h HeaderMap);

impl Headers for HeaderAccess<'_> {
    fn value(&self, name: &str, index: usize) -> Option<&[u8]> {
        self.0.get_all(name).iter().nth(index).map(HeaderValue::as_bytes)
    }
}

/// The source that a request is for. What is not there, what is switched off and what has no form
/// gets the same answer.
fn find_source(config: &Config, parts: &Parts) -> Result<Arc<Source>, Problem> {
    let not_found = || {
        Problem::new(Kind::SourceNotFound, "There is no source at this path. Nothing was stored.")
    };
    let name = head::source_name(parts.uri.path()).ok_or_else(not_found)?;
    let known = config.sources.get(&name).cloned();
    let source = known.or_else(|| config.open_sources.then(|| Arc::new(open_source(name))));
    source.filter(|source| source.enabled).ok_or_else(not_found)
}

fn verify(
    source: &Source,
    received: &Received<'_>,
    now: Timestamp,
) -> Result<Verification, Problem> {
    let Some(verifier) = &source.verifier else { return Ok(Verification::Unverified) };
    verifier
        .verify(received, UnixSeconds(now.as_seconds()))
        .map_err(|rejection| Problem::from(&rejection))?;
    Ok(if verifier.covers().body { Verification::Verified } else { Verification::Authenticated })
}

/// The answer to an event that is on disk.
fn answer(kept: &Kept) -> Answer {
    let status = if kept.duplicate { "duplicate" } else { "accepted" };
    let mut body = format!(r#"{{"status":"{status}","event_id":"{}""#, kept.id);
    if kept.id_conflict {
        body.push_str(r#","id_conflict":true"#);
    }
    body.push('}');
    with_type(StatusCode::OK, "application/json", body.into())
}

fn plain_answer(answer: &hookyard_signature::Answer) -> Answer {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = with_type(status, answer.content_type, answer.body.clone().into());
    response.headers_mut().insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    response
}

fn with_type(status: StatusCode, content_type: &'static str, body: Bytes) -> Answer {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// An id by which a person finds a request in the log.
pub(super) fn request_id() -> String {
    format!("req_{:016x}", crate::clock::random_u64())
}
