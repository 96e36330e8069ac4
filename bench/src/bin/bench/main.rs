//! Every figure that we publish, measured in one run: a list of cases, run in turn, round by round.
#![expect(clippy::print_stdout, reason = "the tables are its output")]

mod accept;
mod cases;
mod deliver;
mod grow;
mod peers;
mod setup;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use clap::builder::{PossibleValue, PossibleValuesParser};
use hookyard_bench::published;
use hookyard_bench::report::progress;
use hookyard_bench::results::Results;

use cases::CASES;
use setup::{Bench, FULL, QUICK};

/// Where the results lie that the documents are made from.
const PUBLISHED: &str = "bench/results";
/// Where those go that do not count.
const UNPUBLISHED: &str = "target/bench";

/// Runs the cases in alternation, round by round, on loopback, and writes `bench.json` and
/// `bench.md`: medians, with the lowest and the highest round beside them. Keep the machine idle
/// meanwhile. A whole run takes about an hour and 30 GB of disk.
#[derive(Parser)]
struct Arguments {
    /// Only these cases. The results go to `target/bench`, as they are not all there is.
    #[arg(long, num_args = 1.., value_name = "CASE", value_parser = names())]
    only: Vec<String>,
    /// A smoke run of under two minutes. Its figures do not count and go to `target/bench`.
    #[arg(long)]
    quick: bool,
    /// Rounds; 3 if not said, 1 with `--quick`.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    /// Where the stores lie while they are measured; the system's folder for temporary files if
    /// not said.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// The hub; the one built beside this program if not said.
    #[arg(long)]
    hub: Option<PathBuf>,
    /// Where the peers were installed.
    #[arg(long, default_value = "target/peers")]
    peers: PathBuf,
    /// Where the results are written. Those of a whole run go to `bench/results`, and the
    /// documents are made from them.
    #[arg(long)]
    results: Option<PathBuf>,
}

fn names() -> PossibleValuesParser {
    CASES
        .iter()
        .map(|case| PossibleValue::new(case.name).help(case.shows))
        .collect::<Vec<_>>()
        .into()
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let is_published = arguments.results.is_none() && arguments.only.is_empty() && !arguments.quick;
    let place = if is_published { PUBLISHED } else { UNPUBLISHED };
    let place = arguments.results.clone().unwrap_or_else(|| place.into());
    let scale = if arguments.quick { QUICK } else { FULL };
    let folder = arguments.folder.unwrap_or_else(std::env::temp_dir);
    let bench = Bench::new(arguments.hub.as_deref(), scale, folder, arguments.peers)?;

    warn_if_busy();
    let mut results = Results::here(arguments.quick);
    let mut has_failed = false;
    for round in 1..=arguments.rounds.unwrap_or(scale.rounds) {
        for case in CASES {
            if !arguments.only.is_empty() && !arguments.only.iter().any(|name| name == case.name) {
                continue;
            }
            progress(format_args!("round {round}: {}", case.name));
            let found = results.case(case.name, case.shows);
            // What the other cases show is not to be lost with it.
            if let Err(error) = (case.run)(&bench, round, found) {
                progress(format_args!("{} failed: {error:#}", case.name));
                found.missing(&format!("A round failed: {error:#}"));
                has_failed = true;
            }
        }
        results.rounds = round;
        results.write(&place)?;
        std::fs::write(place.join("bench.md"), published::page(&results))?;
    }
    println!("{}", published::page(&results));
    if is_published {
        published::update(".".as_ref(), &results)?;
    }
    Ok(if has_failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Says so if others use the machine: what is measured then is worth little.
fn warn_if_busy() {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().and_then(|load| load.parse::<f64>().ok());
    if let Some(load) = load.filter(|load| *load > 1.0) {
        progress(format_args!(
            "This machine is not idle: {load} processes were running in the last minute. \
             The figures will be low and far apart."
        ));
    }
}
