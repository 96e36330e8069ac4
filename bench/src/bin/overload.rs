//! More requests than are allowed, or than can be taken.
#![expect(clippy::print_stdout, reason = "the table is its output")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use clap::{Parser, ValueEnum};
use hookyard_bench::client;
use hookyard_bench::github::{self, Github};
use hookyard_bench::hub::{Destination, Hub, HubProgram, SECRET, Sink, configuration};
use hookyard_bench::ledger;
use hookyard_bench::load::{Plan, Report, count, run};
use hookyard_bench::outcome::Outcome;
use hookyard_bench::random::seed;
use hookyard_bench::report::progress;
use hookyard_bench::verify::judge;

/// `flood`: one source sends twenty times what it may. It is told 429 and when to come back, gets
/// its share and no more, and another source beside it notices nothing.
///
/// `storm`: three times as much comes as the hub can take, on four times as many connections.
/// What is acknowledged arrives, the hub stays small, and is itself again soon after.
#[derive(Parser)]
struct Arguments {
    /// What is too much.
    #[arg(value_enum)]
    kind: Kind,
    /// How long it lasts, in seconds.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Brings the same events back.
    #[arg(long)]
    seed: Option<u64>,
    /// The hub; the one built beside this program if not said.
    #[arg(long)]
    hub: Option<PathBuf>,
    /// Break a promise on purpose (unlimited, of `flood`: the source has no rate): then the exit
    /// code is 0 only if the harness noticed.
    #[arg(long)]
    control: Option<String>,
    /// Write the record to this file, for `torture`.
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// From one source.
    Flood,
    /// For the hub.
    Storm,
}

/// What the flooding source may send in a second.
const ALLOWED: f64 = 50.0;
/// The figure that a hub misses which lets the flood in.
const SHARE: &str = "accepted of the flood, a second";
/// How long the hub may take to deliver everything.
const DRAIN: Duration = Duration::from_secs(240);

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let seed = seed(arguments.seed);
    progress(format_args!("seed {seed}; --seed {seed} brings it back"));
    let limit = Duration::try_from_secs_f64(arguments.seconds)?;
    let outcome = match arguments.kind {
        Kind::Flood => flood(&arguments, seed, limit)?,
        Kind::Storm => storm(&arguments, seed, limit)?,
    };
    let outcome = outcome.seeded(seed).controlled(arguments.control.as_deref(), SHARE);
    println!("{outcome}");
    outcome.finish(arguments.json.as_deref())
}

fn settings(folder: &std::path::Path, sink: &Sink) -> String {
    let destination = Destination {
        name: "sink".to_owned(),
        url: sink.url("/ok"),
        options: "concurrency = 32\ntimeout = \"5s\"".to_owned(),
    };
    configuration(&folder.join("hookyard.db"), &[destination])
}

fn flood(arguments: &Arguments, seed: u64, limit: Duration) -> Result<Outcome> {
    let program = HubProgram::find(arguments.hub.as_deref(), None)?;
    let folder = tempfile::Builder::new().prefix("hookyard-flood-").tempdir()?;
    let sink = Sink::start(folder.path())?;
    let text = settings(folder.path(), &sink);
    let rate = format!("provider = \"github\"\nrate = \"{ALLOWED}/s\"");
    let text = match arguments.control.as_deref() {
        Some("unlimited") => text,
        _ => text.replacen("provider = \"github\"", &rate, 1),
    };
    let calm = format!("[sources.calm]\nprovider = \"github\"\nsecret = \"{SECRET}\"\n");
    let hub = program.start(folder.path(), &(text + &calm))?;
    let plan = Plan { connections: 32, seed, limit, ..Plan::to(hub.ingest, SECRET) };
    let flood = Plan { rate: Some(20.0 * ALLOWED), ..plan.clone() };
    let path = "/webhook/calm".to_owned();
    let calm = Plan { rate: Some(ALLOWED), seed: seed + 1, connections: 8, path, ..plan };
    let flood = std::thread::spawn(move || run(&flood, &Arc::default()));
    let beside = run(&calm, &Arc::default())?;
    let flood = flood.join().map_err(|_| anyhow!("the flood failed"))??;
    let told = is_told_to_wait(&hub)?;
    hub.drain(DRAIN)?;
    hub.stop()?;

    let mut outcome = Outcome::new(flood.accepted + refused(&flood), "requests of the flood");
    outcome.at_most(SHARE, flood.per_second, ALLOWED * 1.5);
    outcome.at_least("of which a second were its due", flood.per_second, ALLOWED * 0.9);
    let other = refused(&flood) - flood.refused.get(&429).copied().unwrap_or_default();
    outcome.exactly("refused otherwise than with 429", usize::try_from(other + flood.errors)?, 0);
    outcome.exactly("429 says when to come back", usize::from(told), 1);
    let unwell = refused(&beside) + beside.errors + beside.unsent;
    outcome.count("events of the other source", usize::try_from(beside.accepted)?);
    outcome.exactly("of which refused or not answered", usize::try_from(unwell)?, 0);
    outcome.figure("their p99, ms", beside.latency.p99);
    Ok(outcome)
}

/// Whether one request too many is told 429 and when to come back.
fn is_told_to_wait(hub: &Hub) -> Result<bool> {
    let github = Github::new(&hub.ingest.to_string(), "/webhook/github", SECRET);
    for number in 0..10_000 {
        let id = github::delivery_id(u64::MAX, number);
        let request = github.request("push", &id, &github::body(&id, 300));
        let answer = client::send(hub.ingest, &request, Duration::from_secs(10))?;
        if answer.status == 429 {
            return Ok(answer.retry_after.is_some());
        }
    }
    Ok(false)
}

fn refused(report: &Report) -> u64 {
    report.refused.values().sum()
}

fn storm(arguments: &Arguments, seed: u64, limit: Duration) -> Result<Outcome> {
    let program = HubProgram::find(arguments.hub.as_deref(), None)?;
    let folder = tempfile::Builder::new().prefix("hookyard-storm-").tempdir()?;
    let sink = Sink::start(folder.path())?;
    let hub = program.start(folder.path(), &settings(folder.path(), &sink))?;
    let (acknowledged, sent) = (folder.path().join("ledger"), folder.path().join("sent"));
    let plan = Plan {
        connections: 256,
        seed,
        limit: Duration::from_secs(5),
        ledger: Some(acknowledged.clone()),
        sent: Some(sent.clone()),
        ..Plan::to(hub.ingest, SECRET)
    };
    let sustained = run(&plan, &Arc::default())?.per_second;
    let rate = Some(3.0 * sustained);
    let heavy = Plan { connections: 1024, rate, seed: seed + 1, limit, ..plan.clone() };
    let storm = run(&heavy, &Arc::default())?;
    let over = Instant::now();
    let normal = Plan {
        connections: 8,
        rate: Some(20.0),
        seed: seed + 2,
        limit: Duration::from_secs(1),
        ..plan
    };
    let mut normal_again = None;
    for round in 0..20 {
        let report = run(&Plan { seed: seed + 2 + round, ..normal.clone() }, &Arc::default())?;
        if report.errors + refused(&report) == 0 && report.latency.p99 < 250.0 {
            normal_again = Some(over.elapsed().as_secs_f64() - report.seconds);
            break;
        }
    }
    let memory = hub.process.memory()?.peak;
    hub.drain(DRAIN)?;
    hub.stop()?;
    let verdict =
        judge(&ledger::read(&acknowledged)?, Some(&ledger::read(&sent)?), &sink.records()?);

    let trials = storm.accepted + refused(&storm) + storm.errors + storm.unsent;
    let mut outcome = Outcome::new(trials, "requests due in the storm");
    outcome.judged(&verdict);
    outcome.figure("accepted a second before it", sustained);
    outcome.figure("accepted a second in it", storm.per_second);
    outcome.figure("refused in it", count(refused(&storm)));
    let improper = storm.refused.iter().filter(|(status, _)| **status != 503);
    let improper: u64 = improper.map(|(_, count)| count).sum();
    outcome.exactly("refused otherwise than with 503", usize::try_from(improper)?, 0);
    outcome.at_most("normal again after, s", normal_again, 5.0);
    outcome.at_most("memory, MiB, at most", memory, 256.0);
    Ok(outcome)
}
