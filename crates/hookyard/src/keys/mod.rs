//! Fetches what providers publish: the keys they sign with, and the pages that they ask to be
//! visited to confirm a subscription.
//!
//! A request that nobody has verified yet makes this happen, so everything about it is bounded:
//! where it goes (the signature crate names the host), how long it takes, how much is read, how
//! often a source causes it and how much is remembered. What is fetched is kept for as long as it
//! holds, a failure for a little while, and the same thing is fetched once at a time. Nobody waits
//! for a key that is in memory, whoever has it looked at again.

mod cache;
mod token;

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use hookyard_delivery::{
    Answer, BodyEnd, Clock as _, HttpClient, Outbound, ResponseLimit, check_url,
};
use hookyard_model::{Name, Rate, RateLimiter, Reach, Timeouts};
use hookyard_signature::{Authorization, Fetch};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
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

impl Errand {
    /// Who is asked, in a sentence.
    const fn server(self) -> &'static str {
        match self {
            Self::Key => "key server",
            Self::Visit => "page of the subscription",
        }
    }
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
        self.fetch(source, page, Errand::Visit).await.map(drop)
    }

    async fn look(
        &self,
        source: &Source,
        fetch: &Fetch,
        is_good: impl Fn(&Found) -> bool,
    ) -> Result<Found, Unavailable> {
        let slot = self.cache.slot(&Place::new(source, fetch));
        let may_fetch = || {
            // A key whose time is over is not one of those that somebody makes up. Another look
            // at what is still good is somebody's wish, and counted as such.
            let is_over = slot.found().is_some_and(|found| !found.is_fresh(fetch));
            if is_over { Ok(()) } else { self.take_turn(&source.name, Errand::Key) }
        };
        slot.once(is_good, may_fetch, self.fetch(source, fetch, Errand::Key)).await
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
    async fn fetch(
        &self,
        source: &Source,
        fetch: &Fetch,
        errand: Errand,
    ) -> Result<Bytes, Unavailable> {
        // Boxed, since few requests come this far, and every one would have the room for it.
        let fetched = Box::pin(self.send(source, fetch, errand)).await;
        match &fetched {
            Ok(_) => self.metrics.key_fetched(&source.name, "fetched"),
            Err(failure) => {
                self.metrics.key_fetched(&source.name, "failed");
                log(source, errand, failure);
            }
        }
        fetched
    }

    async fn send(
        &self,
        source: &Source,
        fetch: &Fetch,
        errand: Errand,
    ) -> Result<Bytes, Unavailable> {
        let answer = match &fetch.authorization {
            None => self.exchange(source, fetch, None).await?,
            Some(Authorization::Value(value)) => self.exchange(source, fetch, Some(value)).await?,
            Some(Authorization::Token(token)) => {
                let value = self.token(source, token).await?;
                let answer = self.exchange(source, fetch, Some(&value)).await?;
                if answer.status == StatusCode::UNAUTHORIZED {
                    self.forget_token(source, token);
                }
                answer
            }
        };
        read(answer, errand.server())
    }

    async fn exchange(
        &self,
        source: &Source,
        fetch: &Fetch,
        authorization: Option<&str>,
    ) -> Result<Answer, Unavailable> {
        let outbound = outbound(source, fetch, authorization)?;
        let sent = self.client.send(outbound).await;
        sent.map_err(|error| Unavailable::new(error.to_string()))
    }
}

/// The failure is the operator's business, and nobody else's.
fn log(source: &Source, errand: Errand, failure: &Unavailable) {
    let source = &source.name;
    match errand {
        Errand::Key => tracing::warn!(
            %source,
            why = %failure,
            "a key of the provider could not be fetched; its requests are answered 503 until it can be"
        ),
        Errand::Visit => tracing::warn!(
            %source,
            why = %failure,
            "the page by which a subscription is confirmed could not be visited; the provider was told to try again"
        ),
    }
}

fn outbound(
    source: &Source,
    fetch: &Fetch,
    authorization: Option<&str>,
) -> Result<Outbound, Unavailable> {
    let (url, reach) = match &source.keys_url {
        None if fetch.url.starts_with("https://") => (fetch.url.clone(), Reach::Public),
        None => return Err(Unavailable::new("keys are fetched over https alone")),
        Some(mirror) => (mirrored(mirror, &fetch.url)?, Reach::Operator { metadata: false }),
    };
    let mut headers = HeaderMap::new();
    let agent = concat!("Hookyard/", env!("CARGO_PKG_VERSION"));
    headers.insert(USER_AGENT, HeaderValue::from_static(agent));
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    if let Some(authorization) = authorization {
        let mut value = HeaderValue::from_str(authorization).map_err(|_| {
            Unavailable::new("the token for the key server cannot stand in a header")
        })?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    let body = fetch.body.as_ref();
    if let Some(body) = body {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(body.content_type()));
    }
    Ok(Outbound {
        method: if body.is_some() { Method::POST } else { Method::GET },
        url,
        headers,
        body: body.map_or(Bytes::new(), |body| Bytes::copy_from_slice(body.as_bytes())),
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

/// What a server has answered, which is called so.
fn read(answer: Answer, server: &str) -> Result<Bytes, Unavailable> {
    // Redirects are not followed, so they end here as well.
    if !answer.status.is_success() {
        let status = answer.status.as_u16();
        return Err(Unavailable::new(format!("the {server} answered {status}")));
    }
    let why = match answer.end {
        BodyEnd::Complete => return Ok(answer.body),
        BodyEnd::TooLong => "is longer than 64 KiB",
        BodyEnd::Broken => "broke off",
    };
    Err(Unavailable::new(format!("what the {server} answered {why}")))
}

#[cfg(test)]
mod tests {
    use hookyard_delivery::ClientSettings;
    use hookyard_signature::FetchBody;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio::sync::{mpsc, oneshot};
    use tokio::task::JoinHandle;
    use tokio::time::timeout;

    use super::*;
    use crate::config::Config;

    /// How a key server that was asked says what for, and is then told to answer.
    type Asked = (String, oneshot::Sender<&'static str>);

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
                    tell.send((String::from_utf8(head).unwrap(), answer)).unwrap();
                    socket.write_all(told.await.unwrap().as_bytes()).await.unwrap();
                });
            }
        });
        (url, asked)
    }

    /// Waits until the key server is asked.
    async fn next(asked: &mut mpsc::UnboundedReceiver<Asked>) -> oneshot::Sender<&'static str> {
        next_for(asked, "").await
    }

    /// Waits until the key server is asked for this, whatever the letters' case.
    async fn next_for(
        asked: &mut mpsc::UnboundedReceiver<Asked>,
        wanted: &str,
    ) -> oneshot::Sender<&'static str> {
        let next = timeout(Duration::from_secs(30), asked.recv()).await;
        let (head, answer) = next.expect("nothing was asked").unwrap();
        assert!(head.to_lowercase().contains(&wanted.to_lowercase()), "{wanted} in {head}");
        answer
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

    const TOKEN: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 43\r\n\r\n{\"access_token\":\"first\", \"expires_in\":7200}";
    const NEXT_TOKEN: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 43\r\n\r\n{\"access_token\":\"other\", \"expires_in\":7200}";
    const UNAUTHORIZED: &str = "HTTP/1.1 401 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

    #[tokio::test]
    async fn a_token_is_renewed_before_it_ends_and_when_it_is_refused() {
        let (url, mut asked) = key_server().await;
        let (keys, (source, _)) = (keys(), source(&url));
        let token = Fetch {
            url: "https://example.com/token".to_owned(),
            body: Some(FetchBody::Form("grant_type=client_credentials")),
            authorization: Some(Authorization::Value("Basic eDp5".to_owned())),
            max_age: 7200,
        };
        let key = |name: &str| Fetch {
            url: format!("https://example.com/{name}"),
            body: None,
            authorization: Some(Authorization::Token(Box::new(token.clone()))),
            max_age: 3600,
        };
        let look = |name: &str| {
            let (keys, source, fetch) = (Arc::clone(&keys), Arc::clone(&source), key(name));
            tokio::spawn(async move { keys.get(&source, &fetch).await.map(|found| found.bytes) })
        };
        // Two at once wait for one token.
        let both = [look("a"), look("b")];
        next_for(&mut asked, "POST /token").await.send(TOKEN).unwrap();
        for _ in 0..2 {
            next_for(&mut asked, "authorization: bearer first").await.send(KEY).unwrap();
        }
        for key in both {
            assert_eq!(key.await.unwrap().unwrap(), "key");
        }

        // Shortly before its end another is fetched; where there is none, it is good to its end.
        age(&keys, &source, &token, Duration::from_secs(7200 - 59));
        let third = look("c");
        next_for(&mut asked, "authorization: basic edp5").await.send(ERROR).unwrap();
        next_for(&mut asked, "authorization: bearer first").await.send(KEY).unwrap();
        assert_eq!(third.await.unwrap().unwrap(), "key");

        age(&keys, &source, &token, FAILURE_HOLDS);
        let fourth = look("d");
        next_for(&mut asked, "POST /token").await.send(NEXT_TOKEN).unwrap();
        next_for(&mut asked, "authorization: bearer other").await.send(UNAUTHORIZED).unwrap();
        assert_eq!(fourth.await.unwrap().unwrap_err().to_string(), "the key server answered 401");

        // The key server takes it no more, so that the next key is fetched with a new one.
        let fifth = look("e");
        next_for(&mut asked, "POST /token").await.send(TOKEN).unwrap();
        next_for(&mut asked, "authorization: bearer first").await.send(KEY).unwrap();
        assert_eq!(fifth.await.unwrap().unwrap(), "key");
        assert!(asked.try_recv().is_err(), "nothing else was asked for");
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
