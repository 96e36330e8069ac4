//! The clock of the machine is set to another time while the hub works.
#![expect(clippy::print_stdout, reason = "the table is its output")]

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use hookyard_bench::hub::HubProgram;
use hookyard_bench::ledger;
use hookyard_bench::outcome::Outcome;
use hookyard_bench::random::{Random, seed};
use hookyard_bench::report::progress;
use hookyard_bench::trial::{Load, Trial};
use hookyard_bench::verify::Verdict;

/// Loads a hub whose every first attempt fails, so that there is always something that waits to
/// be tried again, and sets its clock back and forth: an hour, ten years, to 1970. Events have to
/// be accepted and delivered all the same, under ids that are unique and go on. Needs Debian's
/// package faketime, which `cargo xtask clock` installs: only the hub's clock is set, not the
/// machine's, and not the one that only ever goes on.
#[derive(Parser)]
struct Arguments {
    /// How often all jumps are made.
    #[arg(long, default_value_t = 1)]
    rounds: u32,
    /// Brings the same events back.
    #[arg(long)]
    seed: Option<u64>,
    /// The hub; the one built beside this program if not said.
    #[arg(long)]
    hub: Option<PathBuf>,
    /// Write the record to this file, for `torture`.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Where the clock is set to, in seconds from the true time. Libfaketime adds them.
const JUMPS: &[(&str, &str)] = &[
    ("an hour back", "-3600"),
    ("an hour on", "+3600"),
    ("ten years on", "+315576000"),
    ("to 1970", "@1970-01-01 00:06:40"),
];
/// How long the hub may take to deliver what came after a jump.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let seed = seed(arguments.seed);
    progress(format_args!("seed {seed}; --seed {seed} brings it back"));
    let outcome = jump(&arguments, seed)?.seeded(seed);
    println!("{outcome}");
    outcome.finish(arguments.json.as_deref())
}

/// What all jumps together have shown.
#[derive(Default)]
struct Found {
    verdict: Verdict,
    refused: u64,
    repeated_ids: usize,
    ids_out_of_order: usize,
    waited_out: usize,
    delivered_at_once: usize,
}

fn jump(arguments: &Arguments, seed: u64) -> Result<Outcome> {
    let library =
        library().context("there is no libfaketime: install Debian's package faketime")?;
    let mut random = Random::new(seed);
    let mut found = Found::default();
    for _ in 0..arguments.rounds {
        for (what, to) in JUMPS {
            once(arguments, &library, to, random.next(), &mut found).with_context(|| *what)?;
            progress(format_args!("{what}: in all {} lost", found.verdict.lost));
        }
    }
    let jumps = arguments.rounds * u32::try_from(JUMPS.len())?;
    let mut outcome = Outcome::new(jumps, "times the clock was set to another time under load");
    outcome.judged(&found.verdict);
    outcome.exactly("events refused or not answered", usize::try_from(found.refused)?, 0);
    outcome.exactly("ids given twice", found.repeated_ids, 0);
    outcome.exactly("ids after the jump that sort before it", found.ids_out_of_order, 0);
    let number = usize::try_from(jumps)?;
    outcome.exactly("all delivered that came after the jump", found.delivered_at_once, number);
    outcome.count("retries that a clock set back has made late", found.waited_out);
    Ok(outcome)
}

fn once(
    arguments: &Arguments,
    library: &Path,
    to: &str,
    seed: u64,
    found: &mut Found,
) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("hookyard-clock-").tempdir()?;
    let time = folder.path().join("time");
    std::fs::write(&time, "+0\n")?;
    let mut program = HubProgram::find(arguments.hub.as_deref(), None)?;
    program.environment = vec![
        ("LD_PRELOAD", library.into()),
        ("FAKETIME_TIMESTAMP_FILE", time.clone().into()),
        ("FAKETIME_NO_CACHE", "1".into()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
    ];
    // Every first attempt fails, so the circuit would open and hold everything.
    let trial = Trial::new(folder.path(), &folder.path().join("hookyard.db"), "/fail?first=1")?
        .with_destination("circuit = false");
    let mut hub = trial.start(&program)?;
    let load = Load { rate: 100.0, connections: 16, seed };
    let mut before = 0;
    let report = trial.strike(&mut hub, load, Duration::from_secs(2), |_| {
        std::fs::write(&time, format!("{to}\n"))?;
        before = trial.acknowledged()?.len();
        std::thread::sleep(Duration::from_secs(3));
        Ok(())
    })?;
    found.refused += report.errors + report.refused.values().sum::<u64>();
    let acknowledged = trial.acknowledged()?;
    ensure!(acknowledged.len() > before, "nothing was accepted after the clock was set");
    count_ids(&acknowledged, before, found);
    if let Some(waiting) = deliver(&trial, &acknowledged, before)? {
        found.delivered_at_once += 1;
        found.waited_out += waiting;
    }
    // What waits for a time that the clock was set back from is delivered once it is right again.
    std::fs::write(&time, "+0\n")?;
    hub.drain(PATIENCE)?;
    hub.stop()?;
    found.verdict.add(&trial.recover(&program, Duration::ZERO)?.verdict);
    Ok(())
}

/// Looks at the ids of the events, in the order in which they were acknowledged.
fn count_ids(acknowledged: &[ledger::Entry], before: usize, found: &mut Found) {
    let ids: HashSet<_> = acknowledged.iter().map(|entry| &entry.event_id).collect();
    found.repeated_ids += acknowledged.len() - ids.len();
    // Sixteen connections are answered in some order or other; so what is close to the jump is
    // left out.
    let (old, new) = acknowledged.split_at(before);
    let last = old.iter().map(|entry| &entry.event_id).max();
    let new = new.iter().skip(32).map(|entry| &entry.event_id);
    found.ids_out_of_order += new.filter(|id| Some(*id) < last).count();
}

/// Waits until what came after the jump is delivered; then how much of what came before is not.
/// Nothing if it is not all delivered in time.
fn deliver(trial: &Trial, acknowledged: &[ledger::Entry], before: usize) -> Result<Option<usize>> {
    let started = Instant::now();
    let (old, new) = acknowledged.split_at(before);
    while started.elapsed() < PATIENCE {
        let delivered: HashSet<_> = trial.delivered()?;
        let is_missing = |entry: &&ledger::Entry| !delivered.contains(&entry.event_id);
        if !new.iter().skip(32).any(|entry| is_missing(&entry)) {
            return Ok(Some(old.iter().filter(is_missing).count()));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(None)
}

/// Where the library is that shows a program another time.
fn library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.filter_map(Result::ok);
    let files = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    files.into_iter().find(|file| file.exists())
}
