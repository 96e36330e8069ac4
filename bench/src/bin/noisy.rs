//! One destination hangs: what do the others notice?
#![expect(clippy::print_stdout, reason = "the table is its output")]

use std::collections::HashMap;
use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;
use hookyard_bench::hub::{Destination, HubProgram, SECRET, Sink, configuration};
use hookyard_bench::latency::{Latencies, Percentiles, median};
use hookyard_bench::ledger;
use hookyard_bench::load::{Plan, run};
use hookyard_bench::outcome::Outcome;
use hookyard_bench::report::{Table, progress};

/// Every event goes to all destinations. Each round is run twice, with one destination that never
/// answers within its timeout and without, and each round in the other order than the one before,
/// since the disk is shared and has moods. Latency is from the request to the hub until its arrival
/// at a destination that answers.
///
/// With `--folder` on a file system in memory the disk is taken out of the comparison.
#[derive(Parser)]
struct Arguments {
    /// How many destinations.
    #[arg(long, default_value_t = 20)]
    destinations: u32,
    /// Rounds of each kind, in alternation.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Seconds of a round.
    #[arg(long, default_value_t = 20.0)]
    seconds: f64,
    /// Events a second.
    #[arg(long, default_value_t = 50.0)]
    rate: f64,
    /// The timeout of every destination, in seconds.
    #[arg(long, default_value_t = 5)]
    timeout: u32,
    /// Where the store lies; the system's folder for temporary files if not said.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// The hub; the one built beside this program if not said.
    #[arg(long)]
    hub: Option<PathBuf>,
    /// The most that the p99 of the others may grow, as a ratio, when one hangs.
    #[arg(long, default_value_t = 1.1)]
    most: f64,
    /// Write the record of the rounds to this file, for `torture`.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// What one round showed of the destinations that answer.
struct Round {
    arrived: usize,
    expected: usize,
    latency: Percentiles,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let hub = HubProgram::find(arguments.hub.as_deref(), None)?;
    let mut table = Table::new(&[
        "round",
        "one hangs",
        "arrived at the others",
        "of",
        "p50 ms",
        "p99 ms",
        "max ms",
    ]);
    let (mut arrived, mut expected) = (0, 0);
    let mut p99 = HashMap::from([(false, Vec::new()), (true, Vec::new())]);
    for round in 1..=arguments.rounds {
        for hangs in if round % 2 == 1 { [false, true] } else { [true, false] } {
            progress(format_args!(
                "round {round}, {}",
                if hangs { "one hangs" } else { "none hangs" }
            ));
            let seen = once(&arguments, &hub, hangs)?;
            p99.entry(hangs).or_default().push(seen.latency.p99);
            arrived += seen.arrived;
            expected += seen.expected;
            let Percentiles { p50, p99, max, .. } = seen.latency;
            table.row(&[
                &round,
                &if hangs { "yes" } else { "no" },
                &seen.arrived,
                &seen.expected,
                &p50,
                &p99,
                &max,
            ]);
        }
    }
    println!("{table}");
    let [alone, beside] = [false, true].map(|hangs| Spread::of(p99.remove(&hangs)));
    println!("p99 of the others, median (lowest to highest), in ms:");
    println!("none hangs: {alone}");
    println!("one hangs:  {beside}");
    let ratio = beside.median / alone.median;
    println!("ratio of the medians: {ratio:.2}");
    let mut outcome = Outcome::new(arguments.rounds, "rounds with one of the destinations hanging");
    outcome.exactly("arrived at the others", arrived, expected);
    outcome.figure("p99 of the others with none hanging, ms", alone.median);
    outcome.figure("with one, ms", beside.median);
    outcome.at_most("ratio", ratio, arguments.most);
    outcome.finish(arguments.json.as_deref())
}

/// A figure of all rounds of one kind.
struct Spread {
    median: f64,
    lowest: f64,
    highest: f64,
}

impl Spread {
    fn of(figures: Option<Vec<f64>>) -> Self {
        let figures = figures.unwrap_or_default();
        Self {
            lowest: figures.iter().copied().fold(f64::INFINITY, f64::min),
            highest: figures.iter().copied().fold(0.0, f64::max),
            median: median(figures),
        }
    }
}

impl Display for Spread {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} ({:.2} to {:.2})", self.median, self.lowest, self.highest)
    }
}

fn once(arguments: &Arguments, program: &HubProgram, hangs: bool) -> Result<Round> {
    let mut folder = tempfile::Builder::new();
    folder.prefix("hookyard-noisy-");
    let folder = match &arguments.folder {
        Some(place) => folder.tempdir_in(place)?,
        None => folder.tempdir()?,
    };
    let sink = Sink::start(folder.path())?;
    let destinations: Vec<_> = (0..arguments.destinations)
        .map(|number| Destination {
            name: format!("d{number}"),
            url: sink
                .url(&format!("/{}/{number}", if hangs && number == 0 { "hang" } else { "ok" })),
            options: format!(
                "concurrency = 8\ntimeout = \"{}s\"\n\
                 retry = {{ attempts = 20, base = \"200ms\", max = \"2s\" }}",
                arguments.timeout
            ),
        })
        .collect();
    let text = configuration(&folder.path().join("hookyard.db"), &destinations);
    let hub = program.start(folder.path(), &text)?;
    let acknowledged = folder.path().join("ledger");
    let limit = Duration::try_from_secs_f64(arguments.seconds)?;
    let plan = Plan {
        connections: 16,
        rate: Some(arguments.rate),
        limit,
        ledger: Some(acknowledged.clone()),
        ..Plan::to(hub.ingest, SECRET)
    };
    run(&plan, &Arc::default())?;
    let sent: HashMap<_, _> = ledger::read(&acknowledged)?
        .into_iter()
        .map(|entry| (entry.event_id, entry.sent))
        .collect();
    // The first destination is left out in both kinds of round, so that they compare.
    let expected = sent.len() * (destinations.len() - 1);
    let mut round = Round { arrived: 0, expected, latency: Percentiles::default() };
    for _ in 0..100 {
        (round.arrived, round.latency) = arrivals(&sink, &sent)?;
        if round.arrived >= expected {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(round)
}

/// How many first arrivals the others had, and how late.
fn arrivals(sink: &Sink, sent: &HashMap<String, u64>) -> Result<(usize, Percentiles)> {
    let mut latencies = Latencies::default();
    for record in sink.records()? {
        let is_first = record.attempt == "1" && !record.path.ends_with("/0");
        if let Some(sent) = sent.get(&record.webhook_id).filter(|_| is_first) {
            latencies.push(Duration::from_micros(record.time.saturating_sub(*sent)));
        }
    }
    Ok((latencies.count(), latencies.percentiles()))
}
