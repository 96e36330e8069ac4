//! A hub in this process, and a caller that writes its requests by hand.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hookyard::api::AdminFile;
use hookyard::config::Config;
use hookyard::run::{self, Running};
use hookyard_delivery::ClientSettings;
use hookyard_model::{
    Attempt, DeadLetterReason, DeliveryId, DestinationStatus, Event, EventId, Failure, FailureKind,
    HeaderList, Lease, Name, NewDelivery, NewEvent, Next, Response, Settlement, Verification,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Two destinations that are held from the start, so that nothing moves but by the test.
const HELD: &[&str] = &["ci", "chat"];

/// A hub that ends with the test.
pub(crate) struct Hub {
    pub(crate) running: Running,
    pub(crate) token: String,
    folder: TempDir,
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

impl Hub {
    pub(crate) async fn start() -> Self {
        Self::start_with("", "").await
    }

    /// Starts a hub with more lines for `[store]` and more sections.
    pub(crate) async fn start_with(store: &str, more: &str) -> Self {
        Self::start_dialling(ClientSettings::default(), store, more).await
    }

    /// The same, with a client of its own.
    pub(crate) async fn start_dialling(client: ClientSettings, store: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // A section can be there once: a test that says something else brings its own.
        let admin =
            if more.contains("[admin]") { "" } else { "[admin]\nlisten = \"127.0.0.1:0\"\n" };
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n{admin}[store]\nurl = \"sqlite:hub.db\"\n{store}\n\
             [sources.github]\nprovider = \"github\"\nsecret = \"canary-of-the-source\"\n\
             [sources.shop]\nprovider = \"generic\"\nverify = \"none\"\n\
             [destinations.ci]\nurl = \"http://127.0.0.1:9/hooks?key=canary\"\n\
             [destinations.chat]\nurl = \"http://127.0.0.1:9/services/0canary0canary0canary0\"\n\
             [[routes]]\nfrom = \"github\"\nto = \"ci\"\n{more}\n"
        );
        let path = folder.path().join("hookyard.toml");
        std::fs::write(&path, text).unwrap();
        let (config, _) =
            Config::load(&path, &|_| None).map_err(|errors| errors.render(false)).unwrap();
        let running = run::start_with(config, client).await.unwrap();
        for held in HELD {
            let status = DestinationStatus::Paused;
            running.app.engine.set_status(name(held), status).await.unwrap();
        }
        let token =
            AdminFile::read(&folder.path().join("hub.db")).unwrap().token.reveal().to_owned();
        Self { running, token, folder }
    }

    pub(crate) fn store_path(&self) -> PathBuf {
        self.folder.path().join("hub.db")
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Keeps an event with deliveries, as if it had come in.
    pub(crate) async fn event(&self, body: &'static [u8], to: &[&str]) -> EventId {
        let app = &self.running.app;
        let now = app.now();
        let event = Event {
            id: app.ids.next(now),
            source: name("github"),
            received_at: now,
            peer: Some([192, 0, 2, 1].into()),
            method: "POST".to_owned(),
            target: "/webhook/github?token=canary&x=1".to_owned(),
            headers: [
                ("content-type", b"application/json".as_slice()),
                ("authorization", b"canary"),
                ("x-odd", b"\xff"),
            ]
            .into_iter()
            .collect(),
            body: Bytes::from_static(body),
            item: None,
            verification: Verification::Verified,
            provider_event_id: Some(format!("gh-{}", app.ids.next(now))),
            event_type: Some("push".to_owned()),
        };
        let id = event.id;
        let deliveries =
            to.iter().map(|to| NewDelivery { destination: name(to), leased_until: None }).collect();
        app.store
            .accept(NewEvent { event: Arc::new(event), dedupe: None, deliveries })
            .await
            .unwrap();
        for to in to {
            app.metrics.queued(&name(to), 1);
        }
        id
    }

    /// Makes an attempt at everything that is due to a destination, and gives it up.
    pub(crate) async fn give_up(&self, destination: &str) -> Vec<DeliveryId> {
        let app = &self.running.app;
        let now = app.now();
        let until = now.plus(Duration::from_secs(60));
        let lease =
            Lease { destination: name(destination), limit: 1000, bytes: usize::MAX, now, until };
        let mut ids = Vec::new();
        for leased in app.store.lease(lease).await.unwrap().leased {
            let headers: HeaderList =
                [("set-cookie", "canary"), ("x-why", "busy")].into_iter().collect();
            let body = Bytes::from_static(b"busy\xff");
            let attempt = Attempt {
                number: leased.attempts + 1,
                started_at: now,
                duration: Duration::from_millis(12),
                maybe_sent: true,
                response: Some(Response { status: 503, headers, body, truncated: true }),
                failure: Some(Failure {
                    kind: FailureKind::Status,
                    detail: "it answered 503".to_owned(),
                }),
            };
            let next = Next::DeadLetter(DeadLetterReason::Exhausted);
            let (held, attempt) = (leased.held, Some(attempt));
            let settlement = Settlement { held, attempt, counts: true, next, at: now };
            assert!(app.store.settle(settlement).await.unwrap());
            ids.push(leased.held.id);
        }
        app.metrics.start_from(&app.store.counts().await.unwrap());
        ids
    }

    /// Asks with the token.
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &self.bearer(), "").await
    }

    /// Posts JSON with the token.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Reply {
        let headers = format!("{}content-type: application/json\r\n", self.bearer());
        self.send("POST", path, &headers, body).await
    }

    pub(crate) fn bearer(&self) -> String {
        format!("authorization: Bearer {}\r\n", self.token)
    }

    /// Asks as it is told.
    pub(crate) async fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> Reply {
        let host = if headers.contains("host:") {
            String::new()
        } else {
            format!("host: {}\r\n", self.running.admin)
        };
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{host}connection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        );
        Reply::to(self.running.admin, request.as_bytes()).await
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) async fn to(address: SocketAddr, request: &[u8]) -> Self {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(request).await.unwrap();
        let mut bytes = Vec::new();
        timeout(Duration::from_secs(20), socket.read_to_end(&mut bytes)).await.unwrap().unwrap();
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a whole head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head: head.to_lowercase(), body: bytes[end + 4..].to_vec() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The JSON of an answer that has to be a good one.
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }

    /// The sentence of a refusal with this status and code.
    pub(crate) fn refused(&self, status: u16, code: &str) -> String {
        let problem = self.json();
        assert_eq!((self.status, &problem["code"]), (status, &Value::from(code)), "{problem}");
        assert!(self.head.contains("content-type: application/problem+json"), "{}", self.head);
        assert!(
            self.head
                .contains(&format!("x-request-id: {}", problem["request_id"].as_str().unwrap()))
        );
        problem["detail"].as_str().unwrap().to_owned()
    }
}
