//! A destination that writes down what it receives, or counts it, and misbehaves as its path says.
#![expect(clippy::print_stdout, reason = "it says where it listens")]

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use clap::Parser;
use hookyard_bench::record::Record;
use hookyard_bench::{clock, github};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Receives deliveries and appends what it received to a file, a line each. Without a file it is
/// as fast as can be: it only counts. GET /count says how many it has answered with a 2xx, and when
/// the first and the last of them came.
///
/// The first part of the path says how it behaves: /ok answers 200, /hang never answers,
/// /slow?ms=N answers after N milliseconds, /fail?first=N answers 500 to the first N requests
/// with the same webhook-id, /status/N answers N, /gone answers 410, /gate is /hang until the
/// gate's file exists and then /ok.
#[derive(Parser)]
struct Arguments {
    /// The file to append to.
    #[arg(long)]
    records: Option<PathBuf>,
    /// The file that opens the gate.
    #[arg(long)]
    gate: Option<PathBuf>,
}

struct Sink {
    records: Option<File>,
    gate: Option<PathBuf>,
    tally: Tally,
    /// How often each id came, for `/fail`.
    seen: Mutex<HashMap<String, u64>>,
}

/// What was answered with a 2xx: how often, and when first and last, in microseconds since the Unix
/// epoch.
#[derive(Default)]
struct Tally {
    count: AtomicU64,
    first: AtomicU64,
    last: AtomicU64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let Arguments { records, gate } = Arguments::parse();
    let open = |path| OpenOptions::new().create(true).append(true).open(path);
    let records = records.map(open).transpose()?;
    let sink = Arc::new(Sink { records, gate, tally: Tally::default(), seen: Mutex::default() });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let sink = Arc::clone(&sink);
        tokio::spawn(async move {
            let service = service_fn(|request| receive(&sink, request));
            let http = hyper::server::conn::http1::Builder::new();
            // A hub that goes away is what some of the tests are about.
            drop(http.serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

async fn receive(sink: &Sink, request: Request<Incoming>) -> Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    if head.uri.path() == "/count" {
        return Ok(Response::new(sink.tally.json().into()));
    }
    // A request that breaks off before its end was not received.
    let body = body.collect().await?.to_bytes();
    let behaviour = match Behaviour::of(&head.uri) {
        Behaviour::Gate if sink.is_open() => Behaviour::Answer(200),
        Behaviour::Gate => Behaviour::Hang,
        other => other,
    };
    let id = || header(&head.headers, "webhook-id");
    let status = behaviour.status(|| sink.count(&id()));
    if let Some(mut records) = sink.records.as_ref() {
        let record = Record { status, ..record(&head.uri, &head.headers, &body) };
        records.write_all(record.line().as_bytes())?;
    }
    if matches!(status, 200..=299) {
        sink.tally.add(clock::micros());
    }
    let wait = behaviour.wait();
    // A timer takes up to a millisecond, however short it is.
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::from_u16(status)?;
    Ok(response)
}

impl Tally {
    fn add(&self, now: u64) {
        if self.count.fetch_add(1, Ordering::Relaxed) == 0 {
            self.first.store(now, Ordering::Relaxed);
        }
        self.last.store(now, Ordering::Relaxed);
    }

    fn json(&self) -> String {
        let get = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let (count, first, last) = (get(&self.count), get(&self.first), get(&self.last));
        format!(r#"{{"count":{count},"first":{first},"last":{last}}}"#)
    }
}

impl Sink {
    fn is_open(&self) -> bool {
        self.gate.as_ref().is_none_or(|gate| gate.exists())
    }

    /// How often this id has come, this time included.
    fn count(&self, id: &str) -> u64 {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let count = seen.entry(id.to_owned()).or_default();
        *count += 1;
        *count
    }
}

fn header(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("-");
    value.replace('\t', " ")
}

fn record(uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Record {
    Record {
        time: clock::micros(),
        status: 0,
        path: uri.path().to_owned(),
        webhook_id: header(headers, "webhook-id"),
        attempt: header(headers, "hookyard-attempt"),
        redelivery: header(headers, "hookyard-redelivery"),
        event_type: header(headers, "hookyard-event-type"),
        sha256: github::sha256(body),
    }
}

/// What a path asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behaviour {
    Answer(u16),
    Hang,
    Gate,
    Slow(Duration),
    Fail { first: u64 },
}

impl Behaviour {
    fn of(uri: &Uri) -> Self {
        let number = |key: &str| {
            let pairs = uri.query().unwrap_or_default().split('&');
            pairs
                .filter_map(|pair| pair.split_once('='))
                .find(|(name, _)| *name == key)?
                .1
                .parse()
                .ok()
        };
        let mut parts = uri.path().split('/').skip(1);
        match parts.next().unwrap_or_default() {
            "hang" => Self::Hang,
            "gate" => Self::Gate,
            "slow" => Self::Slow(Duration::from_millis(number("ms").unwrap_or(1000))),
            "fail" => Self::Fail { first: number("first").unwrap_or(1) },
            "gone" => Self::Answer(410),
            "status" => Self::Answer(parts.next().and_then(|it| it.parse().ok()).unwrap_or(500)),
            _ => Self::Answer(200),
        }
    }

    fn status(self, count: impl FnOnce() -> u64) -> u16 {
        match self {
            Self::Answer(status) => status,
            Self::Hang | Self::Gate => 0,
            Self::Slow(_) => 200,
            Self::Fail { first } => {
                if count() <= first {
                    500
                } else {
                    200
                }
            }
        }
    }

    const fn wait(self) -> Duration {
        match self {
            Self::Hang | Self::Gate => Duration::MAX,
            Self::Slow(wait) => wait,
            Self::Answer(_) | Self::Fail { .. } => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_say_how_to_behave() {
        let cases = [
            ("/ok", Behaviour::Answer(200)),
            ("/ok/7", Behaviour::Answer(200)),
            ("/hang/7", Behaviour::Hang),
            ("/gate", Behaviour::Gate),
            ("/slow?ms=20", Behaviour::Slow(Duration::from_millis(20))),
            ("/fail?a=1&first=3", Behaviour::Fail { first: 3 }),
            ("/status/503", Behaviour::Answer(503)),
            ("/gone", Behaviour::Answer(410)),
        ];
        for (path, expected) in cases {
            assert_eq!(Behaviour::of(&path.parse().unwrap()), expected, "{path}");
        }
        let fail = Behaviour::Fail { first: 2 };
        assert_eq!([1, 2, 3].map(|count| fail.status(|| count)), [500, 500, 200]);
    }
}
