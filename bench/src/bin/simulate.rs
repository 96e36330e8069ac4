//! Simulates the hub with the seeds of a row, and with each planted bug until it is found.
#![expect(clippy::print_stdout, reason = "the table is its output")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Parser;
use hookyard_bench::outcome::Outcome;
use hookyard_bench::report::{Table, progress};
use hookyard_bench::simulation::{self, Run};
use hookyard_model::planted::Bug;

/// Plays the real engine over the real store in a world that is made up, where time, the network,
/// the disk and the deaths of the process follow from a seed alone. No run may find anything
/// wrong; and then each planted bug has to be found by one of as many runs. Exit code 1 says that
/// something was found, or a bug was not.
#[derive(Parser)]
struct Arguments {
    /// How many seeds.
    #[arg(long, default_value_t = 500)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Play this seed alone and show its steps, each with its second.
    #[arg(long)]
    seed: Option<u64>,
    /// Plant this bug, in the one run or in all, instead of none and then each in turn.
    #[arg(long, value_name = "BUG", value_parser = bug)]
    plant: Option<Bug>,
    /// Break a promise on purpose by the bug of this name: then the exit code is 0 only if it is
    /// found.
    #[arg(long, value_name = "BUG", value_parser = bug)]
    control: Option<Bug>,
    /// Write the record of the runs to this file, for `torture`.
    #[arg(long)]
    json: Option<PathBuf>,
}

fn bug(word: &str) -> Result<Bug, String> {
    let words = || Bug::ALL.iter().map(|bug| bug.as_str()).collect::<Vec<_>>().join(", ");
    Bug::parse(word).ok_or_else(|| format!("there is no such bug; there are {}", words()))
}

/// The figure that says whether anything was found where nothing was planted.
const FINDINGS: &str = "runs that found something wrong";

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if let Some(seed) = arguments.seed {
        return Ok(show(&simulation::run(seed, arguments.plant, true)?, arguments.plant));
    }
    let planted = arguments.control.or(arguments.plant);
    let row = Row::play(&arguments, planted, false)?;
    println!("{}", row.says());
    for finding in &row.findings {
        println!("{}", line(finding, planted));
    }
    let mut outcome = Outcome::new(row.runs, "simulated runs").seeded(arguments.first);
    outcome.exactly(FINDINGS, row.findings.len(), 0);
    outcome.figure("hours simulated", row.time.as_secs_f64() / 3600.0);
    outcome.figure("steps", u32::try_from(row.steps).ok().map(f64::from));
    outcome.figure("deaths of the process", f64::from(row.deaths));
    outcome.count("deliveries", row.deliveries);
    if planted.is_none() {
        let (found, table) = hunt(&arguments)?;
        println!("\n{table}");
        outcome.exactly("planted bugs found", found, Bug::ALL.len());
    }
    outcome
        .controlled(arguments.control.map(Bug::as_str), FINDINGS)
        .finish(arguments.json.as_deref())
}

/// Looks for each planted bug until it is found; how many were, and by which seed.
fn hunt(arguments: &Arguments) -> Result<(usize, Table)> {
    let mut table = Table::new(&["planted bug", "seed", "found"]);
    let mut found = 0;
    for &bug in Bug::ALL {
        let row = Row::play(arguments, Some(bug), true)?;
        if let Some(run) = row.findings.first() {
            found += 1;
            let finding = run.finding.as_deref().unwrap_or_default();
            table.row(&[&bug.as_str(), &run.seed, &finding]);
        } else {
            table.row(&[&bug.as_str(), &"-", &format_args!("not in {} runs", row.runs)]);
        }
    }
    Ok((found, table))
}

/// What the runs of a row of seeds came to.
#[derive(Default)]
struct Row {
    runs: u32,
    findings: Vec<Run>,
    steps: u64,
    deaths: u32,
    deliveries: usize,
    time: Duration,
    took: Duration,
    broken: Option<anyhow::Error>,
}

impl Row {
    fn play(arguments: &Arguments, bug: Option<Bug>, until_found: bool) -> Result<Self> {
        let began = Instant::now();
        let row = Mutex::new(Self::default());
        let seeds = arguments.first..arguments.first.saturating_add(arguments.seeds);
        simulation::run_all(seeds, bug, |run| {
            let mut row = row.lock().unwrap_or_else(PoisonError::into_inner);
            row.add(run, bug);
            row.broken.is_none() && (!until_found || row.findings.is_empty())
        });
        let mut row = row.into_inner().unwrap_or_else(PoisonError::into_inner);
        row.findings.sort_by_key(|run| run.seed);
        row.took = began.elapsed();
        match row.broken.take() {
            Some(error) => Err(error).context("a run came to no end"),
            None => Ok(row),
        }
    }

    fn add(&mut self, run: Result<Run>, bug: Option<Bug>) {
        match run {
            Err(error) => self.broken = Some(error),
            Ok(run) => {
                self.runs += 1;
                self.steps += run.steps;
                self.deaths += run.deaths;
                self.deliveries += run.deliveries;
                self.time += run.time;
                if run.finding.is_some() {
                    progress(line(&run, bug));
                    self.findings.push(run);
                }
            }
        }
    }

    fn says(&self) -> String {
        let Self { runs, steps, deaths, deliveries, .. } = self;
        let (hours, took) = (self.time.as_secs() / 3600, self.took.as_secs_f64());
        let findings = self.findings.len();
        format!(
            "{runs} runs of {hours} h in {took:.0} s: {deliveries} deliveries, {deaths} deaths, \
             {steps} steps; something wrong in {findings}"
        )
    }
}

fn line(run: &Run, bug: Option<Bug>) -> String {
    let finding = run.finding.as_deref().unwrap_or("nothing wrong");
    let planted = bug.map(|bug| format!(" --plant {}", bug.as_str())).unwrap_or_default();
    format!("seed {}: {finding}; --seed {}{planted} shows how", run.seed, run.seed)
}

/// The steps of one run.
fn show(run: &Run, bug: Option<Bug>) -> ExitCode {
    for step in &run.trace {
        println!("{step}");
    }
    println!("{}, {} steps, hash {:016x}", line(run, bug), run.steps, run.hash);
    if run.finding.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
