//! Sends signed webhooks over kept-alive connections, at a fixed rate or as fast as answers come.
//!
//! At a fixed rate a request's latency counts from when it was due, not from when a connection
//! was free for it: a server that stalls does not hide the requests it kept waiting.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::thread::set_current_timer_slack;
use serde::Serialize;
use tokio::sync::Semaphore;

use crate::client::{Answer, Connection};
use crate::clock;
use crate::github;
use crate::latency::{Latencies, Percentiles};
use crate::ledger::{Entry, Ledger};
use crate::scheme::{Scheme, Signer};

/// The longest that an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// What to send.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The server.
    pub address: SocketAddr,
    /// The path of the source.
    pub path: String,
    /// The source's secret.
    pub secret: String,
    /// How requests are signed.
    pub scheme: Scheme,
    /// How many connections are used at once.
    pub connections: usize,
    /// Requests a second; as fast as possible if there is none.
    pub rate: Option<f64>,
    /// The size of a body in bytes.
    pub size: usize,
    /// Whether each body differs. Equal ones are made once, and signed once where nothing but
    /// the body is signed, which leaves the machine to the server.
    pub unique: bool,
    /// What ids are made from.
    pub seed: u64,
    /// The longest the run takes, unless `at_least` demands more.
    pub limit: Duration,
    /// The most requests to send.
    pub count: Option<u64>,
    /// The fewest, where there is no rate: until so many were sent, the run goes on beyond
    /// `limit`.
    pub at_least: u64,
    /// Where acknowledged events are written down.
    pub ledger: Option<PathBuf>,
    /// Where every request is written down before it is sent.
    pub sent: Option<PathBuf>,
    /// Threads of the generator.
    pub threads: usize,
}

impl Plan {
    /// Requests to this server for the source `github`, with everything else as is usual.
    pub fn to(address: SocketAddr, secret: &str) -> Self {
        Self {
            address,
            path: "/webhook/github".to_owned(),
            secret: secret.to_owned(),
            scheme: Scheme::Github,
            connections: 64,
            rate: None,
            size: 2048,
            unique: true,
            seed: 0,
            limit: Duration::from_secs(10),
            count: None,
            at_least: 0,
            ledger: None,
            sent: None,
            threads: 1,
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Answers that were 2xx.
    pub accepted: u64,
    /// Of these, those that said the event was a duplicate.
    pub duplicates: u64,
    /// Other answers, by status.
    pub refused: BTreeMap<u16, u64>,
    /// Requests without a whole answer.
    pub errors: u64,
    /// Requests that were due but for which no connection was free before the end.
    pub unsent: u64,
    /// How long it took.
    pub seconds: f64,
    /// Accepted requests a second.
    pub per_second: f64,
    /// Of the accepted requests, in milliseconds.
    pub latency: Percentiles,
}

/// Runs the plan to its end, or until `stop` is set.
pub fn run(plan: &Plan, stop: &Arc<AtomicBool>) -> Result<Report> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(plan.threads).enable_all().build()?;
    runtime.block_on(drive(plan, stop))
}

async fn drive(plan: &Plan, stop: &Arc<AtomicBool>) -> Result<Report> {
    // Connecting is not what is measured. A connection that fails is made again for its request.
    let mut connections = Vec::new();
    for _ in 0..plan.connections {
        connections.push(Connection::open(plan.address).await.ok());
    }
    let shared = Arc::new(Shared::new(plan, stop)?);
    let pacer = shared.plan.rate.map(|rate| {
        let shared = Arc::clone(&shared);
        std::thread::spawn(move || shared.pace(rate))
    });
    let mut workers = tokio::task::JoinSet::new();
    for connection in connections {
        workers.spawn(Arc::clone(&shared).work(connection));
    }
    let mut total = Tally::default();
    while let Some(tally) = workers.join_next().await {
        total.add(tally.context("a worker of the load generator failed")??);
    }
    let seconds = shared.start.elapsed().as_secs_f64();
    let dispatched = pacer.map_or(Ok(0), std::thread::JoinHandle::join);
    let dispatched = dispatched.map_err(|_| anyhow::anyhow!("the pacer failed"))?;
    let taken = shared.next.load(Ordering::Relaxed);
    Ok(Report {
        accepted: total.accepted,
        duplicates: total.duplicates,
        refused: total.refused,
        errors: total.errors,
        unsent: dispatched.saturating_sub(taken),
        seconds,
        per_second: count(total.accepted) / seconds,
        latency: total.latencies.percentiles(),
    })
}

/// A count as a figure to calculate with.
#[expect(clippy::cast_precision_loss, reason = "no run counts to 2^53")]
pub const fn count(number: u64) -> f64 {
    number as f64
}

#[derive(Debug, Default)]
struct Tally {
    accepted: u64,
    duplicates: u64,
    refused: BTreeMap<u16, u64>,
    errors: u64,
    latencies: Latencies,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.duplicates += other.duplicates;
        self.errors += other.errors;
        for (status, count) in other.refused {
            *self.refused.entry(status).or_default() += count;
        }
        self.latencies.extend(other.latencies);
    }
}

struct Shared {
    plan: Plan,
    signer: Signer,
    /// The body and its SHA-256, where all requests have the same.
    same: Option<(Vec<u8>, String)>,
    /// GitHub's signature of it.
    signature: String,
    ledger: Option<Ledger>,
    sent: Option<Ledger>,
    stop: Arc<AtomicBool>,
    start: Instant,
    next: AtomicU64,
    due: Semaphore,
}

impl Shared {
    fn new(plan: &Plan, stop: &Arc<AtomicBool>) -> Result<Self> {
        let signer = Signer::new(plan.scheme, &plan.address.to_string(), &plan.path, &plan.secret);
        // An event of Stripe's has its id in the body, so that no two are equal.
        let may_be_same = plan.scheme != Scheme::Stripe && !plan.unique;
        let same = may_be_same.then(|| {
            let body = plan.scheme.body("the-same", plan.size);
            let sha256 = github::sha256(&body);
            (body, sha256)
        });
        let signature = match (&signer, &same) {
            (Signer::Github(github), Some((body, _))) => github.signature(body),
            _ => String::new(),
        };
        Ok(Self {
            signer,
            same,
            signature,
            ledger: plan.ledger.as_deref().map(Ledger::open).transpose()?,
            sent: plan.sent.as_deref().map(Ledger::open).transpose()?,
            stop: Arc::clone(stop),
            start: Instant::now(),
            next: AtomicU64::new(0),
            due: Semaphore::new(0),
            plan: plan.clone(),
        })
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn is_over(&self) -> bool {
        let is_due = || self.next.load(Ordering::Relaxed) >= self.plan.at_least;
        self.stop.load(Ordering::Relaxed) || (self.start.elapsed() >= self.plan.limit && is_due())
    }

    /// Lets requests go when they are due. A thread of its own sleeps more exactly than the
    /// runtime's timer, which counts whole milliseconds.
    fn pace(&self, rate: f64) -> u64 {
        // The kernel may end a sleep 50 µs late, which would count as the server's. Where it
        // cannot be told otherwise, it does.
        set_current_timer_slack(NonZeroU64::new(1)).unwrap_or_default();
        let most = self.plan.count.unwrap_or(u64::MAX);
        let mut dispatched = 0;
        while dispatched < most && !self.is_over() {
            let wait =
                (self.start + offset(dispatched, rate)).saturating_duration_since(Instant::now());
            std::thread::sleep(wait.min(Duration::from_millis(50)));
            if wait <= Duration::from_millis(50) {
                self.due.add_permits(1);
                dispatched += 1;
            }
        }
        // A permit that was given but not yet taken would be lost.
        while self.next.load(Ordering::Relaxed) < dispatched && !self.is_over() {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.due.close();
        dispatched
    }

    /// The number of the next request and when it was due.
    async fn next(&self) -> Option<(u64, Instant)> {
        if let Some(rate) = self.plan.rate {
            self.due.acquire().await.ok()?.forget();
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            return Some((number, self.start + offset(number, rate)));
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let is_owed = number < self.plan.at_least && !self.is_stopped();
        let is_more = number < self.plan.count.unwrap_or(u64::MAX) && !self.is_over();
        (is_owed || is_more).then(|| (number, Instant::now()))
    }

    async fn work(self: Arc<Self>, mut connection: Option<Connection>) -> Result<Tally> {
        let mut tally = Tally::default();
        while let Some((number, due)) = self.next().await {
            let delivery = github::delivery_id(self.plan.seed, number);
            let (request, sha256) = self.request(&delivery);
            let sent = clock::micros().saturating_sub(micros(due.elapsed()));
            let event_id = "-".to_owned();
            let mut entry = Entry { event_id, delivery, sha256, sent, acknowledged: 0 };
            if let Some(sent) = &self.sent {
                sent.append(&entry)?;
            }
            let Some(answer) = self.exchange(&mut connection, &request).await else {
                tally.errors += 1;
                if self.is_over() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            };
            if !answer.is_success() {
                *tally.refused.entry(answer.status).or_default() += 1;
                continue;
            }
            tally.latencies.push(due.elapsed());
            tally.accepted += 1;
            tally.duplicates += u64::from(answer.text("status") == Some("duplicate"));
            if let Some(ledger) = &self.ledger {
                entry.acknowledged = clock::micros();
                answer.text("event_id").unwrap_or("-").clone_into(&mut entry.event_id);
                ledger.append(&entry)?;
            }
        }
        Ok(tally)
    }

    /// The request with this id, and the SHA-256 of its body if that is written down.
    fn request(&self, delivery: &str) -> (Vec<u8>, String) {
        match (&self.same, &self.signer) {
            (Some((body, sha256)), Signer::Github(github)) => {
                (github.request_signed("push", delivery, body, &self.signature), sha256.clone())
            }
            (Some((body, sha256)), signer) => (signer.request(delivery, body), sha256.clone()),
            (None, signer) => {
                let body = self.plan.scheme.body(delivery, self.plan.size);
                let is_kept = self.ledger.is_some() || self.sent.is_some();
                let sha256 = if is_kept { github::sha256(&body) } else { String::new() };
                (signer.request(delivery, &body), sha256)
            }
        }
    }

    /// The answer, or nothing if the connection failed. It is made again for the next request.
    async fn exchange(&self, kept: &mut Option<Connection>, request: &[u8]) -> Option<Answer> {
        let exchange = async {
            let mut connection = match kept.take() {
                Some(connection) => connection,
                None => Connection::open(self.plan.address).await?,
            };
            let answer = connection.exchange(request).await?;
            *kept = Some(connection).filter(|_| !answer.closes);
            Ok::<_, std::io::Error>(answer)
        };
        tokio::time::timeout(PATIENCE, exchange).await.ok()?.ok()
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// How long after the start the request of this number is due.
fn offset(number: u64, rate: f64) -> Duration {
    Duration::try_from_secs_f64(count(number) / rate).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;
    use crate::ledger;

    /// A server that answers so many requests, each after a wait, and then closes.
    fn server(answers: usize, wait: Duration) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for number in 0..answers {
                let mut request = [0; 4096];
                if stream.read(&mut request).unwrap() == 0 {
                    return;
                }
                std::thread::sleep(wait);
                let body = format!(r#"{{"status":"accepted","event_id":"evt_{number}"}}"#);
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
                stream.write_all((head + &body).as_bytes()).unwrap();
            }
        });
        address
    }

    fn plan(address: SocketAddr) -> Plan {
        Plan { connections: 1, size: 100, limit: Duration::from_secs(20), ..Plan::to(address, "s") }
    }

    #[test]
    fn the_ledger_has_what_was_acknowledged() {
        let folder = tempfile::tempdir().unwrap();
        let (acknowledged, sent) = (folder.path().join("ledger"), folder.path().join("sent"));
        let plan = Plan {
            count: Some(5),
            limit: Duration::from_millis(300),
            ledger: Some(acknowledged.clone()),
            sent: Some(sent.clone()),
            ..plan(server(3, Duration::ZERO))
        };
        let report = run(&plan, &Arc::default()).unwrap();
        assert_eq!((report.accepted, report.errors), (3, 2));
        let entries = ledger::read(&acknowledged).unwrap();
        assert_eq!(entries.len(), 3);
        assert_eq!(entries[2].event_id, "evt_2");
        assert_eq!(ledger::read(&sent).unwrap().len(), 5);
    }

    #[test]
    fn a_stall_is_counted_from_when_requests_were_due() {
        let plan = Plan {
            rate: Some(1000.0),
            count: Some(10),
            ..plan(server(10, Duration::from_millis(20)))
        };
        let report = run(&plan, &Arc::default()).unwrap();
        assert_eq!((report.accepted, report.unsent), (10, 0));
        // The tenth was due after 9 ms and answered after 200.
        assert!(report.latency.max >= 190.0, "{report:?}");
    }

    #[test]
    fn a_run_goes_on_until_enough_was_sent() {
        let plan = Plan {
            at_least: 5,
            limit: Duration::ZERO,
            ..plan(server(9, Duration::from_millis(1)))
        };
        let report = run(&plan, &Arc::default()).unwrap();
        assert_eq!(report.accepted, 5);
    }

    #[test]
    fn a_run_stops_when_told() {
        let stop = Arc::new(AtomicBool::new(true));
        let report = run(&plan(server(1, Duration::ZERO)), &stop).unwrap();
        assert_eq!(report.accepted, 0);
    }
}
