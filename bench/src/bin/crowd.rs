//! Thousands of connections that send next to nothing, and a sender beside them who does.
#![expect(clippy::print_stdout, reason = "the table is its output")]

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use hookyard_bench::client;
use hookyard_bench::hub::{Destination, Hub, HubProgram, SECRET, Sink, configuration};
use hookyard_bench::load::{Plan, Report, count, run};
use hookyard_bench::outcome::Outcome;
use hookyard_bench::report::progress;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Holds connections open that say nothing, or send their head or their body a byte at a time,
/// each anew when the hub closes it. Beside them, events come at a fixed rate: what do they
/// notice, and what does the hub need? Then more connections are made than it allows.
#[derive(Parser)]
struct Arguments {
    /// How many connections are held.
    #[arg(long, default_value_t = 10_000)]
    connections: usize,
    /// How long events come, in seconds.
    #[arg(long, default_value_t = 15.0)]
    seconds: f64,
    /// Events a second.
    #[arg(long, default_value_t = 200.0)]
    rate: f64,
    /// The hub; the one built beside this program if not said.
    #[arg(long)]
    hub: Option<PathBuf>,
    /// Break a promise on purpose (few: the hub allows only half as many connections): then the
    /// exit code is 0 only if the harness noticed.
    #[arg(long)]
    control: Option<String>,
    /// Write the record to this file, for `torture`.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Connections that the hub allows beside those that are held: the sender's, and those that it has
/// closed and whose end it waits for.
const BESIDE: usize = 2000;
/// Connections that are made beyond what the hub allows.
const BEYOND: usize = 1000;
/// How long it may take until all are held.
const PATIENCE: Duration = Duration::from_secs(60);
/// The figure that a hub misses which cannot hold them.
const HELD: &str = "slow connections held, by the hub's own count";

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    raise_limit(arguments.connections + 2 * BESIDE + BEYOND + 500)?;
    let outcome = crowd(&arguments)?.controlled(arguments.control.as_deref(), HELD);
    println!("{outcome}");
    outcome.finish(arguments.json.as_deref())
}

/// Sees to it that this process, and the hub, which inherits it, may have so many files open.
fn raise_limit(files: usize) -> Result<()> {
    let wanted = files as u64;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let is_possible = maximum.is_none_or(|maximum| maximum >= wanted);
    ensure!(
        is_possible,
        "{wanted} open files are needed, and {maximum:?} are allowed: `ulimit -n`"
    );
    if current.is_some_and(|current| current < wanted) {
        setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?;
    }
    Ok(())
}

fn crowd(arguments: &Arguments) -> Result<Outcome> {
    let program = HubProgram::find(arguments.hub.as_deref(), None)?;
    let folder = tempfile::Builder::new().prefix("hookyard-crowd-").tempdir()?;
    let sink = Sink::start(folder.path())?;
    let destination = Destination {
        name: "sink".to_owned(),
        url: sink.url("/ok"),
        options: "concurrency = 32".to_owned(),
    };
    let is_few = arguments.control.as_deref() == Some("few");
    let allowed = arguments.connections / if is_few { 2 } else { 1 } + BESIDE;
    let text = configuration(&folder.path().join("hookyard.db"), &[destination]);
    let limits = format!("[server]\nlimits = {{ connections = {allowed} }}\n");
    let hub = program.start(folder.path(), &text.replacen("[server]\n", &limits, 1))?;

    let alone = send(&hub, arguments, 1)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    // A few more, since those that the hub closes take a while to come back.
    let held = hold(&runtime, hub.ingest, arguments.connections * 21 / 20);
    let by_the_hub = wait_until_held(&hub, arguments.connections)?;
    progress(format_args!("{by_the_hub} connections are held"));
    let beside = send(&hub, arguments, 2)?;
    let memory = hub.process.memory()?.peak;
    let refused = runtime.block_on(go_beyond(hub.ingest, BESIDE + BEYOND));
    drop(held);
    drop(runtime);
    hub.drain(PATIENCE)?;
    hub.stop()?;

    let mut outcome = Outcome::new(arguments.connections as u64, "slow connections at once");
    outcome.at_least(HELD, count(by_the_hub as u64), count(arguments.connections as u64));
    outcome.at_most("memory, MiB, at most", memory, 300.0);
    outcome.figure("p99 of events without them, ms", alone.latency.p99);
    outcome.at_most("p99 of events beside them, ms", beside.latency.p99, 200.0);
    outcome.count("events beside them", usize::try_from(beside.accepted)?);
    let unwell = beside.errors + beside.unsent + beside.refused.values().sum::<u64>();
    outcome.exactly("of which refused or not answered", usize::try_from(unwell)?, 0);
    outcome.at_least(
        "connections beyond the limit told 503 with Retry-After",
        count(refused),
        count(BEYOND as u64) / 2.0,
    );
    Ok(outcome)
}

/// Sends events at the fixed rate.
fn send(hub: &Hub, arguments: &Arguments, seed: u64) -> Result<Report> {
    let limit = Duration::try_from_secs_f64(arguments.seconds)?;
    let (connections, rate) = (16, Some(arguments.rate));
    run(&Plan { connections, rate, seed, limit, ..Plan::to(hub.ingest, SECRET) }, &Arc::default())
}

/// Keeps so many slow connections open until what it gives back is dropped.
fn hold(runtime: &tokio::runtime::Runtime, address: SocketAddr, number: usize) -> JoinSet<()> {
    let mut held = JoinSet::new();
    for index in 0..number {
        held.spawn_on(
            async move {
                // Not all in the same moment: that is what the queue of the listener is for.
                tokio::time::sleep(Duration::from_micros(index as u64 * 500)).await;
                loop {
                    // The hub closes it sooner or later, which is its right.
                    drop(slow(address, index).await);
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            runtime.handle(),
        );
    }
    held
}

/// One slow connection, to its end.
async fn slow(address: SocketAddr, index: usize) -> io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let head = "POST /webhook/github HTTP/1.1\r\nHost: hub\r\n";
    let (start, wait) = match index % 3 {
        0 => (String::new(), Duration::from_secs(3600)),
        1 => (format!("{head}X-Slow: "), Duration::from_secs(1)),
        _ => (format!("{head}Content-Length: 2000\r\n\r\n"), Duration::from_secs(5)),
    };
    stream.write_all(start.as_bytes()).await?;
    let mut answer = [0; 256];
    loop {
        tokio::select! {
            read = stream.read(&mut answer) => if read? == 0 { return Ok(()) },
            () = tokio::time::sleep(wait) => stream.write_all(b"x").await?,
        }
    }
}

/// Waits until the hub counts so many connections; how many it was in the end.
fn wait_until_held(hub: &Hub, number: usize) -> Result<usize> {
    let started = Instant::now();
    let mut most = 0;
    while most < number && started.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(500));
        most = most.max(connections(hub)?);
    }
    Ok(most)
}

/// How many connections the hub says that it has.
fn connections(hub: &Hub) -> Result<usize> {
    let page = client::get(hub.admin, "/metrics")?;
    let page = String::from_utf8(page.body)?;
    let line = page.lines().find_map(|line| line.strip_prefix("hookyard_ingest_connections "));
    let number: f64 = line.context("the metrics have no connections")?.trim().parse()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a count")]
    Ok(number as usize)
}

/// Makes so many connections at once, and counts those that are told 503 and when to come back.
async fn go_beyond(address: SocketAddr, number: usize) -> u64 {
    let mut all = JoinSet::new();
    for _ in 0..number {
        all.spawn(async move {
            let mut stream = TcpStream::connect(address).await?;
            let mut said = vec![0; 2048];
            let read = tokio::time::timeout(Duration::from_secs(2), stream.read(&mut said));
            // One that is let in is told nothing.
            let length = read.await.unwrap_or(Ok(0))?;
            said.truncate(length);
            let said = String::from_utf8_lossy(&said).to_ascii_lowercase();
            let told = said.contains(" 503 ") && said.contains("retry-after: ");
            // It stays open until all have been looked at.
            Ok::<_, io::Error>((stream, told))
        });
    }
    let told = all.join_all().await;
    told.iter().filter(|told| matches!(told, Ok((_, true)))).count() as u64
}
