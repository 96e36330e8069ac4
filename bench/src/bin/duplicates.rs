//! Sends each event on many connections at the same moment: one of it is kept.
#![expect(clippy::print_stdout, reason = "the table is its output")]

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use clap::Parser;
use hookyard_bench::client::{Answer, Connection};
use hookyard_bench::github::{self, Github};
use hookyard_bench::hub::{Destination, Hub, HubProgram, SECRET, Sink, configuration};
use hookyard_bench::outcome::Outcome;
use hookyard_bench::random::{Random, seed};
use hookyard_bench::report::progress;
use tokio::task::JoinSet;

/// Sends every event on all connections at once, as a provider does that has lost its patience:
/// one of the answers says that it was accepted, all name the same event, and one delivery
/// arrives. Then the hub is killed, started again, and sent some of them once more.
#[derive(Parser)]
struct Arguments {
    /// How many events.
    #[arg(long, default_value_t = 1000)]
    events: u64,
    /// Connections on which each is sent.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// How many of them are sent once more after the kill.
    #[arg(long, default_value_t = 200)]
    again: u64,
    /// Brings the same events back.
    #[arg(long)]
    seed: Option<u64>,
    /// The hub; the one built beside this program if not said.
    #[arg(long)]
    hub: Option<PathBuf>,
    /// Break a promise on purpose (dedupe-off): then the exit code is 0 only if the harness
    /// noticed.
    #[arg(long)]
    control: Option<String>,
    /// Write the record to this file, for `torture`.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// The longest that the hub may take to deliver everything.
const DRAIN: Duration = Duration::from_secs(120);
/// The figure that a hub misses which keeps a repeat.
const SEVERAL: &str = "events kept more than once";

/// What the answers to one event said.
#[derive(Debug, Default)]
struct Answers {
    accepted: usize,
    duplicates: usize,
    ids: HashSet<String>,
}

impl Answers {
    fn add(&mut self, answer: &Answer) {
        match answer.text("status") {
            Some("accepted") => self.accepted += 1,
            Some("duplicate") => self.duplicates += 1,
            _ => return,
        }
        self.ids.insert(answer.text("event_id").unwrap_or("-").to_owned());
    }
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let seed = seed(arguments.seed);
    progress(format_args!("seed {seed}; --seed {seed} brings it back"));
    let outcome = run(&arguments, seed)?.seeded(seed);
    let outcome = outcome.controlled(arguments.control.as_deref(), SEVERAL);
    println!("{outcome}");
    outcome.finish(arguments.json.as_deref())
}

fn run(arguments: &Arguments, seed: u64) -> Result<Outcome> {
    // The control is an option of the hub's, so that every hub can be the control.
    let program = HubProgram::find(arguments.hub.as_deref(), None)?;
    let folder = tempfile::Builder::new().prefix("hookyard-duplicates-").tempdir()?;
    let sink = Sink::start(folder.path())?;
    let text = settings(folder.path(), &sink, arguments.control.as_deref());
    let mut hub = program.start(folder.path(), &text)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (all, connections) = (arguments.events, arguments.connections);
    let first = runtime.block_on(send(hub.ingest, seed, 0..all, connections))?;
    hub.process.kill()?;
    let hub = program.start(folder.path(), &text)?;
    let from = all.saturating_sub(arguments.again);
    let again = runtime.block_on(send(hub.ingest, seed, from..all, 1))?;
    let arrived = arrivals(hub, &sink)?;

    let number = usize::try_from(all)?;
    let told = |wanted: &dyn Fn(&Answers) -> bool| first.iter().filter(|it| wanted(it)).count();
    let of = format!("events, each sent on {connections} connections at once");
    let mut outcome = Outcome::new(all, &of);
    let all_answered = |it: &Answers| it.accepted + it.duplicates == connections;
    outcome.exactly("events of which all were answered with 2xx", told(&all_answered), number);
    outcome.exactly("accepted once, all else repeats", told(&|it| it.accepted == 1), number);
    outcome.exactly("told the same id by all answers", told(&|it| it.ids.len() == 1), number);
    outcome.exactly(SEVERAL, arrived.values().filter(|ids| ids.len() > 1).count(), 0);
    outcome.exactly("events that arrived", arrived.len(), number);
    let is_told = |(before, after): &(&Answers, &Answers)| {
        after.duplicates == 1 && before.ids.is_superset(&after.ids)
    };
    let remembered = first.iter().skip(usize::try_from(from)?).zip(&again).filter(is_told).count();
    outcome.exactly("told as a repeat after a kill, by the same id", remembered, again.len());
    Ok(outcome)
}

fn settings(folder: &Path, sink: &Sink, control: Option<&str>) -> String {
    let destination = Destination {
        name: "sink".to_owned(),
        url: sink.url("/ok"),
        options: "concurrency = 32\ntimeout = \"5s\"".to_owned(),
    };
    let text = configuration(&folder.join("hookyard.db"), &[destination]);
    let off = "provider = \"github\"\ndedupe = { key = \"off\" }";
    if control == Some("dedupe-off") {
        text.replacen("provider = \"github\"", off, 1)
    } else {
        text
    }
}

/// Sends each event on all connections at once, one event after the other.
async fn send(
    address: SocketAddr,
    seed: u64,
    numbers: std::ops::Range<u64>,
    connections: usize,
) -> Result<Vec<Answers>> {
    let github = Github::new(&address.to_string(), "/webhook/github", SECRET);
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(Connection::open(address).await.context("the hub takes no connection")?);
    }
    let mut random = Random::new(seed);
    let mut all = Vec::new();
    for number in numbers {
        let id = github::delivery_id(seed, number);
        let size = usize::try_from(random.between(200, 4000))?;
        let request = github.request("push", &id, &github::body(&id, size));
        let mut sending = JoinSet::new();
        for mut connection in open.drain(..) {
            let request = request.clone();
            sending.spawn(async move {
                let answer = connection.exchange(&request).await;
                (connection, answer)
            });
        }
        let mut answers = Answers::default();
        while let Some(sent) = sending.join_next().await {
            let (connection, answer) = sent.map_err(|_| anyhow!("a connection failed"))?;
            answers.add(&answer.with_context(|| format!("event {number} was not answered"))?);
            open.push(connection);
        }
        all.push(answers);
    }
    Ok(all)
}

/// Under which ids each body has arrived once everything is delivered.
fn arrivals(hub: Hub, sink: &Sink) -> Result<HashMap<String, HashSet<String>>> {
    let drained = hub.drain(DRAIN)?;
    progress(format_args!("drained after {:.1} s", drained.as_secs_f64()));
    hub.stop()?;
    let mut arrived: HashMap<_, HashSet<_>> = HashMap::new();
    for record in sink.records()? {
        arrived.entry(record.sha256).or_default().insert(record.webhook_id);
    }
    Ok(arrived)
}
