//! Fetches what providers publish: the keys they sign with, and the pages that they ask to be
//! visited to confirm a subscription.
//!
//! A request that nobody has verified yet makes this happen, so everything about it is bounded:
//! where it goes (the signature crate names the host), how long it takes, how much is read, how
//! often a source causes it and how much is remembered. What is fetched is kept for as long as it
//! holds, a failure for a little while, and the same thing is fetched once at a time.

mod cache;

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use hookyard_delivery::{
    Answer, BodyEnd, Clock as _, HttpClient, Outbound, ResponseLimit, check_url,
};
use hookyard_model::{Name, Rate, RateLimiter, Reach, Timeouts};
use hookyard_signature::Fetch;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method};
use tokio::time::Instant;
use url::Url;

use self::cache::{Cache, Kept, Known, Place};
use crate::clock::SystemClock;
use crate::config::Source;
use crate::telemetry::Metrics;

/// The longest answer that is read.
const LONGEST: usize = 64 << 10;
/// A provider waits for its answer meanwhile, and few wait for longer than ten seconds.
const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_secs(3),
    head: Duration::from_secs(4),
    total: Duration::from_secs(5),
};
/// For how long a failure is remembered, and what the provider is told to wait.
const FAILURE_HOLDS: Duration = Duration::from_secs(30);
/// A key that did not fit is fetched anew when it is older than this: the provider may have changed
/// it meanwhile.
const WORTH_ANOTHER_LOOK: Duration = Duration::from_secs(60);
/// What one source may cause in a minute, on average and at once. A key that was fetched before is
/// not counted when its time is over, so that whoever uses this up with keys that do not exist
/// keeps none of the provider's from being known.
const FETCHES: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// Fetches keys and remembers them. Survives a change of the configuration.
pub(crate) struct Keys {
    client: HttpClient,
    cache: Cache,
    limiters: Mutex<HashMap<Name, RateLimiter>>,
    metrics: Arc<Metrics>,
}

/// A key, and whether it may be worth another look.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// What was fetched.
    pub(crate) bytes: Bytes,
    fetched_at: Instant,
}

impl Found {
    /// Whether it is old enough that the provider may have another one by now.
    pub(crate) fn is_worth_another_look(&self) -> bool {
        self.fetched_at.elapsed() >= WORTH_ANOTHER_LOOK
    }
}

/// Why nothing could be fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub(crate) struct Unavailable {
    /// A sentence for the operator; it holds nothing secret.
    why: String,
    /// When it is worth while to ask again.
    pub(crate) retry_after: Duration,
}

impl Unavailable {
    fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), retry_after: FAILURE_HOLDS }
    }
}

impl Keys {
    /// Nothing has been fetched yet.
    pub(crate) fn new(client: HttpClient, metrics: Arc<Metrics>) -> Self {
        Self { client, cache: Cache::default(), limiters: Mutex::default(), metrics }
    }

    /// What stands there: as it is remembered, or fetched for `source`.
    pub(crate) async fn get(&self, source: &Source, fetch: &Fetch) -> Result<Found, Unavailable> {
        self.look(source, fetch, |found| found.fetched_at.elapsed().as_secs() < fetch.max_age).await
    }

    /// The same, but fetched anew, unless that has just been done.
    pub(crate) async fn get_again(
        &self,
        source: &Source,
        fetch: &Fetch,
    ) -> Result<Found, Unavailable> {
        self.look(source, fetch, |found| !found.is_worth_another_look()).await
    }

    /// Visits a page, to confirm a subscription. Nothing of the answer is kept.
    pub(crate) async fn visit(&self, source: &Source, page: &Fetch) -> Result<(), Unavailable> {
        self.take_turn(&source.name)?;
        self.fetch(source, page).await.map(drop)
    }

    async fn look(
        &self,
        source: &Source,
        fetch: &Fetch,
        is_good: impl Fn(&Found) -> bool,
    ) -> Result<Found, Unavailable> {
        let slot = self.cache.slot(&Place::new(source, fetch));
        // Whoever comes while it is being fetched waits here, and finds what came of it.
        let mut known = slot.known.lock().await;
        let is_fresh = match &known.kept {
            Kept::Nothing => false,
            Kept::Found(found) if is_good(found) => return Ok(found.clone()),
            Kept::Found(found) => found.fetched_at.elapsed().as_secs() < fetch.max_age,
            Kept::Failed(failure, at) => match FAILURE_HOLDS.checked_sub(at.elapsed()) {
                Some(rest) => return Err(Unavailable { retry_after: rest, ..failure.clone() }),
                None => false,
            },
        };
        // Another look at what is still good is somebody's wish, and counted as such.
        if is_fresh || !known.was_found {
            self.take_turn(&source.name)?;
        }
        let fetched = self.fetch(source, fetch).await;
        let fetched_at = Instant::now();
        match fetched {
            Ok(bytes) => {
                let found = Found { bytes, fetched_at };
                *known = Known { kept: Kept::Found(found.clone()), was_found: true };
                Ok(found)
            }
            Err(failure) => {
                // A key whose time is not over is good, whether or not there is a newer one.
                if !is_fresh {
                    known.kept = Kept::Failed(failure.clone(), fetched_at);
                }
                Err(failure)
            }
        }
    }

    /// Counts a fetch against what a source may cause.
    fn take_turn(&self, source: &Name) -> Result<(), Unavailable> {
        let now = SystemClock.now();
        let mut limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
        let limiter = limiters.entry(source.clone()).or_insert_with(|| {
            let rate = Rate { count: FETCHES, period: Duration::from_secs(60) };
            RateLimiter::new(rate, FETCHES)
        });
        limiter.take(now).map_err(|wait| {
            self.metrics.key_fetched(source, "limited");
            let why = "too many different keys were asked for within a minute".to_owned();
            Unavailable { why, retry_after: wait.max(Duration::from_secs(1)) }
        })
    }

    /// Fetches, once. Every failure is counted and written to the log.
    async fn fetch(&self, source: &Source, fetch: &Fetch) -> Result<Bytes, Unavailable> {
        let fetched = self.send(source, fetch).await;
        match &fetched {
            Ok(_) => self.metrics.key_fetched(&source.name, "fetched"),
            Err(failure) => {
                self.metrics.key_fetched(&source.name, "failed");
                log(source, failure);
            }
        }
        fetched
    }

    async fn send(&self, source: &Source, fetch: &Fetch) -> Result<Bytes, Unavailable> {
        let outbound = outbound(source, fetch)?;
        let sent = self.client.send(outbound).await;
        let answer = sent.map_err(|error| Unavailable::new(error.to_string()))?;
        read(answer)
    }
}

/// The failure is the operator's business, and nobody else's.
fn log(source: &Source, failure: &Unavailable) {
    tracing::warn!(
        source = %source.name,
        why = %failure,
        "a key of the provider could not be fetched; its requests are answered 503 until it can be"
    );
}

fn outbound(source: &Source, fetch: &Fetch) -> Result<Outbound, Unavailable> {
    let (url, reach) = match &source.keys_url {
        None if fetch.url.starts_with("https://") => (fetch.url.clone(), Reach::Public),
        None => return Err(Unavailable::new("keys are fetched over https alone")),
        Some(mirror) => (mirrored(mirror, &fetch.url)?, Reach::Operator { metadata: false }),
    };
    let mut headers = HeaderMap::new();
    let agent = concat!("Hookyard/", env!("CARGO_PKG_VERSION"));
    headers.insert(USER_AGENT, HeaderValue::from_static(agent));
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    if let Some(authorization) = &fetch.authorization {
        let mut value = HeaderValue::from_str(authorization).map_err(|_| {
            Unavailable::new("the token for the key server cannot stand in a header")
        })?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    if fetch.body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Ok(Outbound {
        method: if fetch.body.is_some() { Method::POST } else { Method::GET },
        url,
        headers,
        body: fetch.body.clone().unwrap_or_default().into(),
        timeouts: TIMEOUTS,
        reach,
        limit: ResponseLimit::whole(LONGEST),
    })
}

/// The same path at the operator's mirror.
fn mirrored(mirror: &str, url: &str) -> Result<String, Unavailable> {
    let failed = |_| Unavailable::new("the URL of the key is not one");
    let url: Url = check_url(url, &Reach::Public).map_err(failed)?;
    let query = url.query().map_or(String::new(), |query| format!("?{query}"));
    Ok(format!("{mirror}{}{query}", url.path()))
}

fn read(answer: Answer) -> Result<Bytes, Unavailable> {
    // Redirects are not followed, so they end here as well.
    if !answer.status.is_success() {
        let status = answer.status.as_u16();
        return Err(Unavailable::new(format!("the key server answered {status}")));
    }
    match answer.end {
        BodyEnd::Complete => Ok(answer.body),
        BodyEnd::TooLong => Err(Unavailable::new("the key server's answer is longer than 64 KiB")),
        BodyEnd::Broken => Err(Unavailable::new("the key server's answer broke off")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_has_the_same_paths() {
        let mirrored = |url| mirrored("http://127.0.0.1:9000/keys", url).unwrap();
        assert_eq!(
            mirrored("https://api.mailchannels.net/tx/v1/webhook/public-key?id=mckey"),
            "http://127.0.0.1:9000/keys/tx/v1/webhook/public-key?id=mckey"
        );
        assert_eq!(
            mirrored("https://sns.us-east-1.amazonaws.com/a.pem"),
            "http://127.0.0.1:9000/keys/a.pem"
        );
    }
}
