//! Kills the hub under load, again and again, and counts what that cost.
#![expect(clippy::print_stdout, reason = "the table is its output")]

mod failpoints;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Parser;
use hookyard_bench::hub::HubProgram;
use hookyard_bench::outcome::LOST;
use hookyard_bench::random::{Random, seed};
use hookyard_bench::report::progress;
use hookyard_bench::trial::{Found, Load, Series, Trial, turn};

/// Starts the hub, loads it, kills it with SIGKILL at a random moment, starts it again, waits
/// until nothing is pending and compares what was acknowledged with what arrived. Exit code 1
/// says that an event was lost, altered, or repeated without its id and flag.
#[derive(Parser)]
struct Arguments {
    /// How often.
    #[arg(long, default_value_t = 25)]
    runs: u32,
    /// Brings the same moments and events back.
    #[arg(long)]
    seed: Option<u64>,
    /// Requests a second; 400 if not said, and 8000 for a control: what an early answer puts at
    /// risk is only what has not yet reached the kernel, and that is little unless it queues.
    #[arg(long)]
    rate: Option<f64>,
    /// Connections.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// The kill comes at a random moment from 0.2 s into the load to this many seconds.
    #[arg(long, default_value_t = 4.0)]
    latest: f64,
    /// The path of the sink that is delivered to, such as /fail?first=1. Otherwise runs take
    /// turns: to a destination that answers, and to one that hangs until after the kill.
    #[arg(long)]
    path: Option<String>,
    /// The hub; the one built beside this program if not said.
    #[arg(long)]
    hub: Option<PathBuf>,
    /// Break a promise on purpose (ack-before-commit): then the exit code is 0 only if the
    /// harness saw the loss.
    #[arg(long)]
    control: Option<String>,
    /// Write the record of the runs to this file, for `torture`.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Instead, kill it at each of the named points that it passes, at the first passage and at
    /// later ones; a part of a name takes the points that have it. Exit code 1 also if one is
    /// never passed.
    #[arg(long, value_name = "PART", num_args = 0..=1, default_missing_value = "")]
    failpoints: Option<String>,
    /// At most so many passages of each of these points.
    #[arg(long, default_value_t = usize::MAX, hide_default_value = true)]
    passages: usize,
    /// Keep the folder of every run.
    #[arg(long)]
    keep: bool,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let seed = seed(arguments.seed);
    progress(format_args!("seed {seed}; --seed {seed} brings it back"));
    let rate = arguments.rate.unwrap_or(if arguments.control.is_some() { 8000.0 } else { 400.0 });
    if let Some(filter) = &arguments.failpoints {
        let load = Load { rate, connections: arguments.connections, seed };
        return at_failpoints(&arguments, filter, load);
    }
    let program = HubProgram::find(arguments.hub.as_deref(), arguments.control.as_deref())?;
    let latest = Duration::try_from_secs_f64(arguments.latest)?.as_millis().max(200).try_into()?;
    let mut random = Random::new(seed);
    let mut series = Series::default();
    for number in 1..=arguments.runs {
        let moment = Duration::from_millis(random.between(200, latest));
        let load = Load { rate, connections: arguments.connections, seed: random.next() };
        let path = arguments.path.as_deref().unwrap_or(turn(number));
        let found = once(&program, path, load, moment, arguments.keep);
        let found = found.with_context(|| format!("run {number}"))?;
        let (acknowledged, lost) = (found.verdict.acknowledged, found.verdict.lost);
        progress(format_args!("run {number}: {acknowledged} acknowledged, {lost} lost"));
        series.add(number, &found);
    }
    println!("{}\nseed {seed}, {rate} requests a second", series.summary());
    let outcome = series.outcome("kills under load").seeded(seed);
    outcome.controlled(arguments.control.as_deref(), LOST).finish(arguments.json.as_deref())
}

fn at_failpoints(arguments: &Arguments, filter: &str, load: Load) -> Result<ExitCode> {
    let control = arguments.control.as_deref();
    let program = HubProgram::find_faulty(arguments.hub.as_deref())?;
    let program = HubProgram { fault: control.map(str::to_owned), ..program };
    let (seed, rate) = (load.seed, load.rate);
    let (series, unreached) = failpoints::run_all(&program, filter, arguments.passages, load)?;
    println!("{}\nseed {seed}, {rate} requests a second", series.summary());
    let mut outcome = series.outcome("kills at named points").seeded(seed);
    outcome.exactly("points never passed", unreached, 0);
    outcome.controlled(control, LOST).finish(arguments.json.as_deref())
}

fn once(
    program: &HubProgram,
    path: &str,
    load: Load,
    moment: Duration,
    keep: bool,
) -> Result<Found> {
    let mut folder = tempfile::Builder::new().prefix("hookyard-kill-").tempdir()?;
    folder.disable_cleanup(keep);
    let trial = Trial::new(folder.path(), &folder.path().join("hookyard.db"), path)?;
    let mut hub = trial.start(program)?;
    trial.strike(&mut hub, load, moment, |hub| hub.process.kill())?;
    trial.recover(program, moment)
}
