//! Cuts the power of the hub's disk under load, again and again, and counts what that cost.
//!
//! A kill loses nothing that a process has written: the kernel has it. Only a disk that forgets
//! what was not flushed shows whether an acknowledgement waited for the flush.
#![expect(clippy::print_stdout, reason = "the table is its output")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use hookyard_bench::disk::Disk;
use hookyard_bench::hub::HubProgram;
use hookyard_bench::outcome::LOST;
use hookyard_bench::process::is_there;
use hookyard_bench::random::{Random, seed};
use hookyard_bench::report::progress;
use hookyard_bench::trial::{Found, Load, Series, Trial, turn};

/// Runs the hub on an ext4 whose disk has a volatile cache, cuts the power under load, repairs
/// the file system as a boot does, starts the hub on what is left and compares what was
/// acknowledged with what arrived. Needs root and the programs nbdkit, nbdfuse and fusermount3;
/// `cargo xtask power` installs them.
#[derive(Parser)]
struct Arguments {
    /// How often.
    #[arg(long, default_value_t = 10)]
    runs: u32,
    /// Brings the same moments and events back.
    #[arg(long)]
    seed: Option<u64>,
    /// Requests a second.
    #[arg(long, default_value_t = 200.0)]
    rate: f64,
    /// Connections.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// The hub; the one built beside this program if not said.
    #[arg(long)]
    hub: Option<PathBuf>,
    /// Break a promise on purpose (synchronous-off, ack-before-commit): then the exit code is 0
    /// only if the harness saw the loss.
    #[arg(long)]
    control: Option<String>,
    /// Write the record of the cuts to this file, for `torture`.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// The programs it needs and the Debian packages that have them.
const PROGRAMS: &[(&str, &str)] = &[
    ("nbdkit", "nbdkit"),
    ("nbdfuse", "libnbd-bin"),
    ("fusermount3", "fuse3"),
    ("mkfs.ext4", "e2fsprogs"),
    ("losetup", "mount"),
];

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let missing: Vec<_> = PROGRAMS.iter().filter(|it| !is_there(it.0)).map(|it| it.1).collect();
    ensure!(missing.is_empty(), "missing Debian packages: {}", missing.join(" "));
    let program = HubProgram::find(arguments.hub.as_deref(), arguments.control.as_deref())?;
    let seed = seed(arguments.seed);
    progress(format_args!("seed {seed}; --seed {seed} brings it back"));
    let mut random = Random::new(seed);
    let mut series = Series::default();
    for number in 1..=arguments.runs {
        let moment = Duration::from_millis(random.between(200, 4000));
        let load =
            Load { rate: arguments.rate, connections: arguments.connections, seed: random.next() };
        let found =
            once(&program, turn(number), load, moment).with_context(|| format!("run {number}"))?;
        let (acknowledged, lost) = (found.verdict.acknowledged, found.verdict.lost);
        progress(format_args!("run {number}: {acknowledged} acknowledged, {lost} lost"));
        series.add(number, &found);
    }
    println!("{}\nseed {seed}, {} requests a second", series.summary(), arguments.rate);
    let outcome = series.outcome("power cuts under load").seeded(seed);
    outcome.controlled(arguments.control.as_deref(), LOST).finish(arguments.json.as_deref())
}

fn once(program: &HubProgram, path: &str, load: Load, moment: Duration) -> Result<Found> {
    let folder = tempfile::Builder::new().prefix("hookyard-power-").tempdir()?;
    let mut disk = Disk::new(folder.path(), 512 << 20)?;
    disk.mount_volatile()?;
    let trial = Trial::new(folder.path(), &disk.mounted().join("hookyard.db"), path)?;
    let mut hub = trial.start(program)?;
    trial.strike(&mut hub, load, moment, |hub| {
        disk.cut()?;
        hub.process.kill()
    })?;
    drop(hub);
    disk.unmount();
    disk.mount_repaired()?;
    match trial.recover(program, moment) {
        Ok(found) => Ok(found),
        Err(error) => {
            // A store that cannot be opened has lost what had not arrived before.
            progress(format_args!("{error:#}"));
            let (ready_again, drained) = (None, Duration::ZERO);
            Ok(Found { struck_after: moment, ready_again, drained, verdict: trial.judge()? })
        }
    }
}
