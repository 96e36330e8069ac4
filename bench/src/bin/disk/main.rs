//! What the hub does when its disk is full, fails, or stands still.
#![expect(clippy::print_stdout, reason = "the table is its output")]

mod errors;
mod full;
mod stall;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::{Parser, ValueEnum};
use hookyard_bench::client::Answer;
use hookyard_bench::hub::{Hub, HubProgram};
use hookyard_bench::outcome::{LOST, Outcome};
use hookyard_bench::process::run;
use hookyard_bench::random::{Random, seed};
use hookyard_bench::report::progress;
use hookyard_bench::trial::{Load, Trial};

/// Runs the hub on an ext4 of its own, spoils its disk under load, puts the disk right, and
/// compares what was acknowledged with what arrived. Needs root and the programs nbdkit, nbdfuse,
/// fusermount3 and sqlite3; `cargo xtask disk` installs them.
#[derive(Parser)]
struct Arguments {
    /// What is wrong with the disk.
    #[arg(value_enum)]
    kind: Kind,
    /// How often.
    #[arg(long, default_value_t = 4)]
    rounds: u32,
    /// Brings the same moments and events back.
    #[arg(long)]
    seed: Option<u64>,
    /// How long the disk stands still, in seconds.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// The hub; the one built beside this program if not said.
    #[arg(long)]
    hub: Option<PathBuf>,
    /// Break a promise on purpose (synchronous-off, ack-before-commit): then the exit code is 0
    /// only if the harness noticed.
    #[arg(long)]
    control: Option<String>,
    /// Write the record of the rounds to this file, for `torture`.
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// It has no room left.
    Full,
    /// It fails every write.
    Errors,
    /// It does nothing that it is asked.
    Stall,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let seed = seed(arguments.seed);
    progress(format_args!("seed {seed}; --seed {seed} brings it back"));
    let program = HubProgram::find(arguments.hub.as_deref(), arguments.control.as_deref())?;
    let (random, is_good) = (Random::new(seed), arguments.control.is_none());
    let mut rounds = Rounds { program, random, number: arguments.rounds, is_good };
    let stall = Duration::try_from_secs_f64(arguments.seconds)?;
    let (outcome, misses) = match arguments.kind {
        Kind::Full => (full::run(&mut rounds)?, LOST),
        Kind::Errors => (errors::run(&mut rounds)?, LOST),
        Kind::Stall => (stall::run(&mut rounds, stall)?, stall::IMPROPER),
    };
    let outcome = outcome.seeded(seed).controlled(arguments.control.as_deref(), misses);
    println!("{outcome}");
    outcome.finish(arguments.json.as_deref())
}

/// What every kind of round needs.
struct Rounds {
    program: HubProgram,
    random: Random,
    number: u32,
    /// Whether no promise is broken on purpose.
    is_good: bool,
}

impl Rounds {
    /// A load of this rate.
    const fn load(&mut self, rate: f64) -> Load {
        Load { rate, connections: 64, seed: self.random.next() }
    }

    /// A moment to strike at.
    const fn moment(&mut self) -> Duration {
        Duration::from_millis(self.random.between(500, 2000))
    }
}

/// Whether a refusal is as it should be: our own trouble, with a word on when to come back.
const fn is_proper(refusal: &Answer) -> bool {
    matches!(refusal.status, 503 | 507) && refusal.retry_after.is_some()
}

/// Sends events until one is accepted: after what time. Nothing if none is within the limit.
fn first_accepted(trial: &Trial, hub: &Hub, limit: Duration, ids: &mut u64) -> Result<Option<f64>> {
    let started = Instant::now();
    while started.elapsed() < limit {
        *ids += 1;
        let (answer, _) = trial.probe(hub, *ids)?;
        if answer.is_some_and(|answer| answer.is_success()) {
            return Ok(Some(started.elapsed().as_secs_f64()));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(None)
}

/// Whether `SQLite` finds nothing wrong in a database that nobody has open.
fn is_sound(database: &Path) -> Result<bool> {
    let arguments = [database.as_ref(), "PRAGMA integrity_check".as_ref()];
    Ok(run("sqlite3", &arguments).context("the store cannot be checked")? == "ok")
}

/// The worst of some times, in seconds; nothing if one never came.
fn worst(times: &[Option<f64>]) -> Option<f64> {
    times.iter().copied().try_fold(0.0, |worst: f64, time| time.map(|time| worst.max(time)))
}

/// An outcome of so many rounds.
fn outcome(rounds: &Rounds, of: &str) -> Outcome {
    Outcome::new(rounds.number, of)
}
