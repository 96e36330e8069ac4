//! Into quarantine, and out of it by the same road that every other request takes.

use std::pin::Pin;
use std::sync::Arc;

use hookyard_delivery::Clock as _;
use hookyard_model::{
    Event, Failpoint, HeaderList, QuarantineId, Quarantined, Reason, Standing, StoreError,
    Timestamp,
};
use hookyard_signature::{Fetch, Headers, Received};

use super::batch::Arrival;
use super::body::Whole;
use super::dedupe;
use super::gate;
use super::keep::Parcel;
use super::question;
use super::road::{Arrived, HeaderAccess, Road, request_id, target, unavailable, verify};
use crate::config::{Config, Source, public_url};
use crate::problem::{Kind, Problem};
use crate::quarantine::{Offer, Release, Released};

impl Road {
    /// Offers a request whose verification failed to the quarantine. The problem then says under
    /// which id.
    pub(super) fn quarantine(
        &self,
        arrived: &Arrived<'_>,
        request_id: &str,
        problem: Problem,
    ) -> Problem {
        if !problem.kind.is_unproved() || problem.code == question::CHALLENGE_AS_EVENT {
            return problem;
        }
        let headers = HeaderAccess(&arrived.parts.headers);
        if question::is_asked(arrived.source, &arrived.received(&headers)) {
            return problem;
        }
        let now = self.app.now();
        let headers = &arrived.parts.headers;
        let headers = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
        let around = target(arrived.parts).len() + 2048;
        let quarantined = self.app.offer(
            arrived.config.store.quarantine,
            Offer {
                source: &arrived.source.name,
                code: problem.code,
                body: arrived.body.len(),
                bytes: arrived.body.len() + headers.sum::<usize>() + around,
                make: || self.make_quarantined(arrived, now, request_id, &problem),
            },
        );
        Problem { quarantined, ..problem }
    }

    fn make_quarantined(
        &self,
        arrived: &Arrived<'_>,
        now: Timestamp,
        request_id: &str,
        problem: &Problem,
    ) -> Quarantined {
        Quarantined {
            id: QuarantineId::new(self.app.ids.next(now)),
            source: arrived.source.name.clone(),
            received_at: now,
            request_id: Some(request_id.to_owned()),
            peer: Some(arrived.from),
            method: arrived.parts.method.as_str().to_owned(),
            origin: arrived.origin(),
            target: target(arrived.parts).to_owned(),
            headers: arrived.headers(),
            // A copy: the original may be a part of a larger piece of memory, which is counted
            // only as long as the request is being answered.
            body: bytes::Bytes::copy_from_slice(arrived.body),
            standing: Standing::Held(reason(problem)),
        }
    }

    async fn release_one(self: Arc<Self>, id: QuarantineId) -> Result<Released, Problem> {
        let found = self.app.store.quarantined(id).await;
        let Some(request) = found.map_err(|error| self.not_released(&error))? else {
            return Ok(Released::Gone);
        };
        if let Standing::Released(event) = request.standing {
            return Ok(Released::Before(event));
        }
        let config = self.app.config();
        let key = match key_to_fetch(&config, &request) {
            None => None,
            Some((source, fetch)) => {
                let found = self.app.keys.get(source, &fetch).await;
                Some(found.map_err(|failure| unavailable(&failure))?.bytes)
            }
        };
        match self.judge(&config, &request, key.as_deref()) {
            Ok((source, arrival)) => self.let_in(config, source, arrival, id).await,
            Err(problem) => {
                let reason = reason(&problem);
                let sentence = reason.sentence.clone();
                let kept = self.app.store.still_quarantined(id, reason).await;
                kept.map_err(|error| self.not_released(&error))?;
                Ok(Released::Refused { code: problem.code, sentence })
            }
        }
    }

    /// Verifies a kept request as of the time when it came, by today's configuration.
    fn judge(
        &self,
        config: &Config,
        request: &Quarantined,
        key: Option<&[u8]>,
    ) -> Result<(Arc<Source>, Arrival), Problem> {
        let source = config.sources.get(&request.source).filter(|source| source.enabled);
        let Some(source) = source else {
            let detail = "The configuration has no such source that is switched on.";
            return Err(Problem::new(Kind::SourceNotFound, detail));
        };
        if source.verifier.is_none() {
            let detail = "The source verifies nothing today, so nothing is proved of the request.";
            return Err(Problem::new(Kind::Conflict, detail));
        }
        if request.peer.is_some_and(|from| !gate::is_allowed(source, from)) {
            let detail = "It came from an address that the source does not take requests from.";
            return Err(Problem::new(Kind::AddressNotAllowed, detail));
        }
        let url = known_url(config, source, request);
        let headers = KeptHeaders(&request.headers);
        let received = received(request, &url, &headers);
        let at = request.received_at;
        if question::is_asked(source, &received) {
            let detail = "It is a question of the provider's, not an event; nobody waits for the answer any more.";
            return Err(Problem::new(Kind::Conflict, detail));
        }
        let verification = verify(source, &received, at, key)?.verification;
        question::check_event(source, &received)?;
        let provider = source.provider;
        let event = Event {
            id: self.app.ids.next(self.app.now()),
            source: source.name.clone(),
            received_at: at,
            peer: request.peer,
            method: request.method.clone(),
            target: request.target.clone(),
            headers: request.headers.clone(),
            body: request.body.clone(),
            item: None,
            verification,
            provider_event_id: provider.and_then(|provider| provider.event_id(&received)),
            event_type: provider.and_then(|provider| provider.event_type(&received)),
        };
        Ok((Arc::clone(source), Arrival::new(source, event, &received)))
    }

    async fn let_in(
        self: Arc<Self>,
        config: Arc<Config>,
        source: Arc<Source>,
        arrival: Arrival,
        id: QuarantineId,
    ) -> Result<Released, Problem> {
        let Arrival { event, items, .. } = arrival;
        let name = source.name.clone();
        let parcel = Parcel {
            config,
            parts: self.parts(&source, &event, items),
            told_by: dedupe::value(&source, &event),
            source,
            request_id: request_id(),
            quarantined: Some(id),
            whole: Whole::of_the_store(event.body.clone()),
            event: Arc::new(event),
        };
        let app = Arc::clone(&self.app);
        let stored = self.keep(parcel).await?;
        Failpoint::Released.pass();
        // Of several events the first stands for all.
        let Some(kept) = stored.events().first() else { return Ok(Released::Gone) };
        app.metrics.quarantine_released(&name);
        if let Ok(totals) = app.store.quarantine_totals().await {
            app.metrics.quarantine_holds(totals);
        }
        let (event, (_, duplicates)) = (kept.id, stored.counts());
        let items = stored.events().len();
        tracing::info!(source = %name, quarantined = %id, %event, items, duplicates, "released from quarantine");
        Ok(Released::As { event, duplicate: kept.duplicate })
    }

    fn not_released(&self, error: &StoreError) -> Problem {
        self.app.metrics.store_failed(error);
        self.app.report(error);
        Problem::from_store(error, self.app.clock.jitter())
    }
}

/// The URL as the provider knows it, by today's configuration.
fn known_url(config: &Config, source: &Source, request: &Quarantined) -> String {
    public_url(config, source, &request.target, || request.origin.clone())
}

/// Headers of a kept request as the signature crate reads them.
struct KeptHeaders<'h>(&'h HeaderList);

impl Headers for KeptHeaders<'_> {
    fn value(&self, name: &str, index: usize) -> Option<&[u8]> {
        self.0.iter().filter(|(found, _)| *found == name).nth(index).map(|(_, value)| value)
    }
}

/// A kept request as the signature crate reads it.
fn received<'r>(
    request: &'r Quarantined,
    url: &'r str,
    headers: &'r KeptHeaders<'r>,
) -> Received<'r> {
    Received { method: &request.method, url, headers, body: &request.body }
}

/// The key that has to be fetched to verify a request, if it has to be. What cannot be said of
/// that is found out again by verifying.
fn key_to_fetch<'c>(config: &'c Config, request: &Quarantined) -> Option<(&'c Source, Fetch)> {
    let source = config.sources.get(&request.source)?;
    let url = known_url(config, source, request);
    let headers = KeptHeaders(&request.headers);
    let fetch = source.verifier.as_ref()?.fetch(&received(request, &url, &headers)).ok()??;
    Some((source, fetch))
}

/// A problem as the quarantine remembers it.
fn reason(problem: &Problem) -> Reason {
    Reason { code: problem.code.to_owned(), sentence: problem.detail.clone() }
}

impl Release for Arc<Road> {
    fn release(
        &self,
        id: QuarantineId,
    ) -> Pin<Box<dyn Future<Output = Result<Released, Problem>> + Send + '_>> {
        Box::pin(Arc::clone(self).release_one(id))
    }
}
