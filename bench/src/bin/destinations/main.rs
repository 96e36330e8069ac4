//! Delivers to destinations that fail in every way we know, and looks at what the hub makes of it.
#![expect(clippy::print_stdout, reason = "the table is its output")]

mod faults;
mod judge;
mod server;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use hookyard_bench::clock;
use hookyard_bench::hub::{Destination, Hub, HubProgram, SECRET, configuration};
use hookyard_bench::load::{Plan, count, run};
use hookyard_bench::outcome::Outcome;
use hookyard_bench::process;
use hookyard_bench::random::seed;
use hookyard_bench::report::progress;

use faults::{Expected, Fault};
use judge::{deliveries, is_settled, wrong};
use server::{Behaviour, Server, Then};

/// Sends events to a hub with one destination for each fault: refused and lost connections, slow
/// and endless answers, redirects, `Retry-After`, what is no HTTP and no TLS. The hub's own record
/// of its attempts has to say what the destination did, within the time that it has for it.
#[derive(Parser)]
struct Arguments {
    /// How many events go to every destination. The first goes alone.
    #[arg(long, default_value_t = 4)]
    events: u64,
    /// Brings the same events back.
    #[arg(long)]
    seed: Option<u64>,
    /// The hub; the one built beside this program if not said.
    #[arg(long)]
    hub: Option<PathBuf>,
    /// Break a promise on purpose (late: the hub is given three times the time that it is said
    /// to have): then the exit code is 0 only if the harness noticed.
    #[arg(long)]
    control: Option<String>,
    /// Write the record to this file, for `torture`.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// What an attempt may take in all, in seconds.
const TIMEOUT: u64 = 2;
/// How many attempts a delivery gets.
const ATTEMPTS: usize = 2;
/// How long the hub may take to make all of them.
const PATIENCE: Duration = Duration::from_secs(60);
/// The figure that a hub misses which waits too long.
const LATE: &str = "slowest attempt beyond its timeout, ms";

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let seed = seed(arguments.seed);
    progress(format_args!("seed {seed}; --seed {seed} brings it back"));
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).enable_all().build()?;
    let (trap, scenes) = runtime.block_on(scenes())?;
    let outcome = deliver(&arguments, seed, &trap, &scenes)?.seeded(seed);
    let outcome = outcome.controlled(arguments.control.as_deref(), LATE);
    println!("{outcome}");
    outcome.finish(arguments.json.as_deref())
}

/// A fault and the destination that commits it.
struct Scene {
    name: String,
    fault: Fault,
    server: Server,
}

/// Starts a destination for each fault, and one that redirects lead to.
async fn scenes() -> Result<(Server, Vec<Scene>)> {
    let trap = Server::start(Behaviour::Says(Vec::new(), Then::Hold)).await?;
    let in_two_minutes = clock::micros() / 1_000_000 + 120;
    let soon = format!("--date=@{in_two_minutes}");
    let format = "+%a, %d %b %Y %H:%M:%S GMT";
    let soon = process::run("env", &["LC_ALL=C", "date", "-u", &soon, format].map(AsRef::as_ref))?;
    let late = Duration::from_millis(TIMEOUT * 1000 + 500);
    let mut scenes = Vec::new();
    for (number, fault) in faults::all(trap.address, &soon, late).into_iter().enumerate() {
        let server = Server::start(fault.behaviour.clone()).await?;
        scenes.push(Scene { name: format!("d{number}"), fault, server });
    }
    Ok((trap, scenes))
}

fn deliver(arguments: &Arguments, seed: u64, trap: &Server, scenes: &[Scene]) -> Result<Outcome> {
    let program = HubProgram::find(arguments.hub.as_deref(), None)?;
    let folder = tempfile::Builder::new().prefix("hookyard-destinations-").tempdir()?;
    let store = folder.path().join("hookyard.db");
    let is_late = arguments.control.as_deref() == Some("late");
    let text = settings(&store, scenes, if is_late { 3 * TIMEOUT } else { TIMEOUT });
    let hub = program.start(folder.path(), &text)?;
    send(&hub, seed, 1)?;
    settle(&hub, &store, scenes, 1)?;
    let before = hub.process.memory()?.now;
    send(&hub, seed + 1, arguments.events.saturating_sub(1))?;
    let events = usize::try_from(arguments.events)?;
    settle(&hub, &store, scenes, events)?;
    let grown = hub.process.memory()?.peak - before;

    let of = "ways in which a destination fails";
    let mut outcome = Outcome::new(scenes.len() as u64, of);
    let (mut as_expected, mut slowest) = (0, 0.0_f64);
    for Scene { name, fault, server } in scenes {
        let deliveries = deliveries(&hub, &store, name)?;
        let found = wrong(&deliveries, &server.seen(), fault.expected, ATTEMPTS);
        match found {
            None => as_expected += 1,
            Some(wrong) => progress(format_args!("{}: {wrong}", fault.what)),
        }
        let attempts = deliveries.iter().flat_map(|delivery| &delivery.attempts);
        slowest = attempts.map(|attempt| attempt.duration_ms).fold(slowest, f64::max);
        ensure!(deliveries.len() == events, "{} deliveries to {name}", deliveries.len());
    }
    hub.stop()?;
    outcome.figure("events to each", count(arguments.events));
    outcome.exactly("ways dealt with as they should be", as_expected, scenes.len());
    let limit = count(TIMEOUT * 1000);
    outcome.at_most(LATE, (slowest - limit).max(0.0), 250.0);
    outcome.exactly("connections to where redirects lead", trap.seen().connections, 0);
    outcome.at_most("memory grown by endless answers, MiB", grown, 24.0);
    Ok(outcome)
}

fn settings(store: &Path, scenes: &[Scene], timeout: u64) -> String {
    let destination = |scene: &Scene| Destination {
        name: scene.name.clone(),
        url: scene.fault.url.replace("{}", &scene.server.address.to_string()),
        options: format!(
            "timeout = \"{timeout}s\"\ntimeouts = {{ connect = \"{}s\" }}\ncircuit = false\n\
             retry = {{ attempts = {ATTEMPTS}, base = \"300ms\", max = \"1s\" }}",
            timeout / 2
        ),
    };
    configuration(store, &scenes.iter().map(destination).collect::<Vec<_>>())
}

fn send(hub: &Hub, seed: u64, events: u64) -> Result<()> {
    let plan = Plan { connections: 1, seed, count: Some(events), ..Plan::to(hub.ingest, SECRET) };
    let report = run(&plan, &std::sync::Arc::default())?;
    ensure!(report.accepted == events, "not all events were accepted: {report:?}");
    Ok(())
}

/// Waits until the hub has done with every destination what there is to do.
fn settle(hub: &Hub, store: &Path, scenes: &[Scene], events: usize) -> Result<()> {
    let started = Instant::now();
    for Scene { name, fault, .. } in scenes {
        let is_done = || {
            let deliveries = deliveries(hub, store, name)?;
            // Where a destination has to be left alone, only the first is looked at.
            let done = deliveries.iter().filter(|it| is_settled(it, fault.expected)).count();
            anyhow::Ok(done >= events)
        };
        while !is_done().context("the API does not say")? && started.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(100));
        }
        let stopped = fault.expected == Expected::Stopped;
        if stopped && events == 1 {
            wait_for_attempt(hub, store, name, started)?;
        }
    }
    Ok(())
}

/// Waits until the first event has been tried.
fn wait_for_attempt(hub: &Hub, store: &Path, name: &str, started: Instant) -> Result<()> {
    while started.elapsed() < PATIENCE {
        if deliveries(hub, store, name)?.iter().any(|delivery| !delivery.attempts.is_empty()) {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}
