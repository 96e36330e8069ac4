//! Fetches what providers publish: the keys they sign with, and the pages that they ask to be
//! visited to confirm a subscription.
//!
//! A request that nobody has verified yet makes this happen, so everything about it is bounded:
//! where it goes (the signature crate names the host), how long it takes, how much is read, how
//! often a source causes it and how much is remembered. What is fetched is kept for as long as it
//! holds, a failure for a little while, and the same thing is fetched once at a time. Nobody waits
//! for a key that is in memory, whoever has it looked at again.

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

use self::cache::{Cache, Place};
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
/// What one source may cause in a minute for each [`Errand`], on average and at once. A key that
/// was fetched before is not counted when its time is over, so that whoever uses this up with keys
/// that do not exist keeps none of the provider's from being known.
const FETCHES: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// Fetches keys and remembers them. Survives a change of the configuration.
pub(crate) struct Keys {
    client: HttpClient,
    cache: Cache,
    limiters: Mutex<HashMap<(Name, Errand), RateLimiter>>,
    metrics: Arc<Metrics>,
}

/// What a source has fetched. Each is counted by itself: anybody can ask for keys, and must not
/// thereby keep the provider's subscriptions from being confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Errand {
    /// A key, for a request that nobody has verified yet.
    Key,
    /// A page, for a request that was verified.
    Visit,
}

/// A key, and whether it may be worth another look.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// What was fetched.
    pub(crate) bytes: Bytes,
    fetched_at: Instant,
}

impl Found {
    /// Whether it still holds.
    fn is_fresh(&self, fetch: &Fetch) -> bool {
        self.fetched_at.elapsed().as_secs() < fetch.max_age
    }

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
        self.look(source, fetch, |found| found.is_fresh(fetch)).await
    }

    /// The same, but fetched anew, unless that has just been done or has just failed.
    pub(crate) async fn get_again(
        &self,
        source: &Source,
        fetch: &Fetch,
    ) -> Result<Found, Unavailable> {
        self.look(source, fetch, |found| !found.is_worth_another_look()).await
    }

    /// Visits a page, to confirm a subscription. Nothing of the answer is kept.
    pub(crate) async fn visit(&self, source: &Source, page: &Fetch) -> Result<(), Unavailable> {
        self.take_turn(&source.name, Errand::Visit)?;
        self.fetch(source, page).await.map(drop)
    }

    async fn look(
        &self,
        source: &Source,
        fetch: &Fetch,
        is_good: impl Fn(&Found) -> bool,
    ) -> Result<Found, Unavailable> {
        let slot = self.cache.slot(&Place::new(source, fetch));
        if let Some(answer) = slot.answer(&is_good) {
            return answer;
        }
        // Whoever comes while it is being fetched waits here, and finds what came of it.
        let _fetching = slot.fetching.lock().await;
        if let Some(answer) = slot.answer(&is_good) {
            return answer;
        }
        // A key whose time is over is not one of those that somebody makes up. Another look at
        // what is still good is somebody's wish, and counted as such.
        let is_over = slot.found().is_some_and(|found| !found.is_fresh(fetch));
        if !is_over {
            self.take_turn(&source.name, Errand::Key)?;
        }
        let fetched = self.fetch(source, fetch).await;
        let now = Instant::now();
        let fetched = fetched.map(|bytes| Found { bytes, fetched_at: now });
        slot.keep(&fetched, now);
        fetched
    }

    /// Counts a fetch against what a source may cause.
    fn take_turn(&self, source: &Name, errand: Errand) -> Result<(), Unavailable> {
        let now = SystemClock.now();
        let mut limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
        let limiter = limiters.entry((source.clone(), errand)).or_insert_with(|| {
            let rate = Rate { count: FETCHES, period: Duration::from_secs(60) };
            RateLimiter::new(rate, FETCHES)
        });
        limiter.take(now).map_err(|wait| {
            self.metrics.key_fetched(source, "limited");
            let why = match errand {
                Errand::Key => "too many different keys were asked for within a minute",
                Errand::Visit => "too many subscriptions were to be confirmed within a minute",
            };
            Unavailable { why: why.to_owned(), retry_after: wait.max(Duration::from_secs(1)) }
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
    use hookyard_delivery::ClientSettings;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio::sync::{mpsc, oneshot};
    use tokio::task::JoinHandle;
    use tokio::time::timeout;

    use super::*;
    use crate::config::Config;

    /// How a key server that was asked says so, and is then told to answer.
    type Asked = oneshot::Sender<&'static str>;

    /// A real key server, and what it is asked. It answers only when it is told to.
    async fn key_server() -> (String, mpsc::UnboundedReceiver<Asked>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (tell, asked) = mpsc::unbounded_channel::<Asked>();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let tell = tell.clone();
                tokio::spawn(async move {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        head.push(socket.read_u8().await.unwrap());
                    }
                    let (answer, told) = oneshot::channel();
                    tell.send(answer).unwrap();
                    socket.write_all(told.await.unwrap().as_bytes()).await.unwrap();
                });
            }
        });
        (url, asked)
    }

    /// Waits until the key server is asked.
    async fn next(asked: &mut mpsc::UnboundedReceiver<Asked>) -> Asked {
        timeout(Duration::from_secs(30), asked.recv()).await.expect("nothing was asked").unwrap()
    }

    const KEY: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 3\r\n\r\nkey";
    const NEWER: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nnewer";
    const ERROR: &str = "HTTP/1.1 500 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

    fn keys() -> Arc<Keys> {
        let client = HttpClient::new(ClientSettings::default());
        Arc::new(Keys::new(client, Arc::new(Metrics::new())))
    }

    /// A source with a mirror at this address, and what its provider has fetched.
    fn source(mirror: &str) -> (Arc<Source>, Fetch) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hookyard.toml");
        let text = format!("[sources.fal]\nprovider = \"fal-ai\"\nkeys_url = \"{mirror}\"\n");
        std::fs::write(&file, text).unwrap();
        let (config, _) = Config::load(&file, &|_| None).unwrap();
        let url = "https://example.com/key".to_owned();
        let fetch = Fetch { url, body: None, authorization: None, max_age: 24 * 3600 };
        (Arc::clone(config.sources.values().next().unwrap()), fetch)
    }

    /// As if what is known had been found out longer ago.
    fn age(keys: &Keys, source: &Source, fetch: &Fetch, by: Duration) {
        keys.cache.slot(&Place::new(source, fetch)).age(by);
    }

    #[tokio::test]
    async fn a_known_key_is_handed_out_while_it_is_looked_at_again() {
        let (url, mut asked) = key_server().await;
        let (keys, (source, fetch)) = (keys(), source(&url));
        let look = |again: bool| {
            let (keys, source, fetch) = (Arc::clone(&keys), Arc::clone(&source), fetch.clone());
            tokio::spawn(async move {
                let found = if again {
                    keys.get_again(&source, &fetch).await
                } else {
                    keys.get(&source, &fetch).await
                };
                found.map(|found| found.bytes)
            })
        };
        let first = look(false);
        next(&mut asked).await.send(KEY).unwrap();
        assert_eq!(first.await.unwrap().unwrap(), "key");

        age(&keys, &source, &fetch, WORTH_ANOTHER_LOOK);
        let again = [look(true), look(true)];
        let hanging = next(&mut asked).await;
        for _ in 0..3 {
            assert_eq!(look(false).await.unwrap().unwrap(), "key");
        }
        assert!(!again.iter().any(JoinHandle::is_finished), "they wait for the server");
        hanging.send(ERROR).unwrap();
        for again in again {
            again.await.unwrap().unwrap_err();
        }
        let failure = look(true).await.unwrap().unwrap_err();
        assert!(failure.retry_after <= FAILURE_HOLDS, "{failure:?}");
        assert_eq!(look(false).await.unwrap().unwrap(), "key");
        assert!(asked.try_recv().is_err(), "a failure is remembered");

        age(&keys, &source, &fetch, FAILURE_HOLDS);
        let again = look(true);
        next(&mut asked).await.send(NEWER).unwrap();
        assert_eq!(again.await.unwrap().unwrap(), "newer");
        assert_eq!(look(false).await.unwrap().unwrap(), "newer");
    }

    #[tokio::test]
    async fn keys_that_somebody_makes_up_keep_no_subscription_from_being_confirmed() {
        let (url, mut asked) = key_server().await;
        let (keys, (source, page)) = (keys(), source(&url));
        while keys.take_turn(&source.name, Errand::Key).is_ok() {}
        let visiting = tokio::spawn(async move { keys.visit(&source, &page).await });
        next(&mut asked).await.send(KEY).unwrap();
        visiting.await.unwrap().unwrap();
    }

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
