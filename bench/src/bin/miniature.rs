//! A hub in miniature, on which the harness itself is tested: it keeps the promises, or breaks
//! them when told, with a log file and nothing else.
#![expect(clippy::print_stderr, reason = "it says where it listens, as the hub does")]

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use clap::Parser;
use hookyard_bench::client::Connection;
use hookyard_bench::github::Github;
use hookyard_bench::hub::SECRET;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Takes the hub's arguments.
#[derive(Parser)]
struct Arguments {
    /// Only `serve`.
    command: String,
    #[arg(long)]
    config: PathBuf,
}

struct Miniature {
    log: Mutex<File>,
    github: Github,
    destination: String,
    pending: AtomicUsize,
    acknowledges_first: bool,
    is_synchronous: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let text = std::fs::read_to_string(Arguments::parse().config)?;
    let quoted = |start: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(start)?.strip_suffix('"'));
        line.with_context(|| format!("the configuration has no {start}"))
    };
    let store = quoted("url = \"sqlite:")?;
    let left = unsettled(&std::fs::read_to_string(store).unwrap_or_default());
    let fault = std::env::var_os("HOOKYARD_FAULT").unwrap_or_default();
    let hub = Arc::new(Miniature {
        log: Mutex::new(OpenOptions::new().create(true).append(true).open(store)?),
        github: Github::new("", "", SECRET),
        destination: quoted("url = \"http://")?.to_owned(),
        pending: AtomicUsize::new(left.len()),
        acknowledges_first: fault == "ack-before-commit",
        is_synchronous: fault != "synchronous-off",
    });
    for (id, body) in left {
        tokio::spawn(Arc::clone(&hub).deliver(id, body, true));
    }
    let [ingest, admin] =
        [TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?];
    let mut terminate = signal(SignalKind::terminate())?;
    let (first, second) = (ingest.local_addr()?, admin.local_addr()?);
    eprintln!(r#"{{"message":"listening","ingest":"{first}","admin":"{second}"}}"#);
    tokio::spawn(listen(Arc::clone(&hub), ingest));
    tokio::spawn(listen(hub, admin));
    terminate.recv().await;
    Ok(())
}

/// The events of a log that were accepted and not settled. A torn last line was not accepted.
fn unsettled(log: &str) -> BTreeMap<String, String> {
    let mut left = BTreeMap::new();
    for line in log.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
        match line.split_once('\t') {
            Some((id, body)) => drop(left.insert(id.to_owned(), body.to_owned())),
            None => drop(left.remove(line)),
        }
    }
    left
}

async fn listen(hub: Arc<Miniature>, listener: TcpListener) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let hub = Arc::clone(&hub);
        tokio::spawn(async move {
            let service = service_fn(|request| Arc::clone(&hub).answer(request));
            let http = hyper::server::conn::http1::Builder::new();
            drop(http.serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

impl Miniature {
    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>> {
        let (head, body) = request.into_parts();
        if head.uri.path() == "/health" {
            let pending = self.pending.load(Ordering::Relaxed);
            return Ok(Response::new(format!(r#"{{"pending":{pending}}}"#).into()));
        }
        let body = body.collect().await?.to_bytes();
        let header = |name| head.headers.get(name).map_or(&[][..], |value| value.as_bytes());
        let mut response = Response::new(Full::default());
        if !self.github.accepts(&body, header("x-hub-signature-256")) {
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            return Ok(response);
        }
        let id = format!("evt_{}", String::from_utf8_lossy(header("x-github-delivery")));
        *response.body_mut() = format!(r#"{{"status":"accepted","event_id":"{id}"}}"#).into();
        let accepted = Arc::clone(&self).accept(id, String::from_utf8(body.to_vec())?);
        if self.acknowledges_first {
            tokio::spawn(accepted);
        } else {
            accepted.await?;
        }
        Ok(response)
    }

    async fn accept(self: Arc<Self>, id: String, body: String) -> Result<()> {
        if self.acknowledges_first {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.pending.fetch_add(1, Ordering::Relaxed);
        self.write(format!("{id}\t{body}\n")).await?;
        tokio::spawn(Arc::clone(&self).deliver(id, body, false));
        Ok(())
    }

    async fn deliver(self: Arc<Self>, id: String, body: String, is_repeat: bool) -> Result<()> {
        let (address, path) = self.destination.split_once('/').context("a URL without a path")?;
        let address: SocketAddr = address.parse()?;
        let flag = if is_repeat { "hookyard-redelivery: possible\r\n" } else { "" };
        let request = format!(
            "POST /{path} HTTP/1.1\r\nHost: {address}\r\nwebhook-id: {id}\r\n{flag}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        Connection::open(address).await?.exchange(request.as_bytes()).await?;
        self.write(format!("{id}\n")).await?;
        self.pending.fetch_sub(1, Ordering::Relaxed);
        Ok(())
    }

    async fn write(self: &Arc<Self>, line: String) -> Result<()> {
        let hub = Arc::clone(self);
        let write = move || {
            let mut log = hub.log.lock().unwrap_or_else(PoisonError::into_inner);
            log.write_all(line.as_bytes())?;
            if hub.is_synchronous { log.sync_data() } else { Ok(()) }
        };
        Ok(tokio::task::spawn_blocking(write).await??)
    }
}
