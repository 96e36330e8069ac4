//! The disk fails every write from some moment on.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use hookyard_bench::disk::Disk;
use hookyard_bench::outcome::Outcome;
use hookyard_bench::report::progress;
use hookyard_bench::trial::{Trial, turn};
use hookyard_bench::verify::Verdict;

use crate::{Rounds, is_sound, outcome, worst};

/// How long the hub is given to end by itself.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn run(rounds: &mut Rounds) -> Result<Outcome> {
    let (mut verdict, mut ended, mut sound) = (Verdict::default(), Vec::new(), 0);
    for number in 1..=rounds.number {
        let round = once(rounds, number).with_context(|| format!("round {number}"))?;
        progress(format_args!(
            "round {number}: {} acknowledged, {} lost, ended after {:?} s",
            round.verdict.acknowledged, round.verdict.lost, round.ended
        ));
        verdict.add(&round.verdict);
        ended.push(round.ended);
        sound += usize::from(round.is_sound);
    }
    let mut outcome = outcome(rounds, "times the disk failed every write");
    outcome.judged(&verdict);
    outcome.at_most("ended with an error after, s, slowest", worst(&ended), 5.0);
    outcome.exactly("sound by PRAGMA integrity_check", sound, usize::try_from(rounds.number)?);
    Ok(outcome)
}

struct Round {
    verdict: Verdict,
    /// How long the hub took to end with an error, in seconds; nothing if it did not.
    ended: Option<f64>,
    is_sound: bool,
}

fn once(rounds: &mut Rounds, number: u32) -> Result<Round> {
    let folder = tempfile::Builder::new().prefix("hookyard-errors-").tempdir()?;
    let mut disk = Disk::new(folder.path(), 512 << 20)?;
    let switch = folder.path().join("fails");
    disk.mount_failing(&switch)?;
    let store = disk.mounted().join("hookyard.db");
    let trial = Trial::new(folder.path(), &store, turn(number))?;
    let mut hub = trial.start(&rounds.program)?;
    let mut ended = None;
    let (load, moment) = (rounds.load(200.0), rounds.moment());
    trial.strike(&mut hub, load, moment, |hub| {
        std::fs::write(&switch, "")?;
        let struck = Instant::now();
        let status = hub.process.exited(PATIENCE)?;
        ended = status.filter(|it| !it.success()).map(|_| struck.elapsed().as_secs_f64());
        Ok(())
    })?;
    // Ends it, if it has not ended, before the disk can write again: what the kernel still holds
    // must not get there after all.
    drop(hub);
    disk.unmount();
    std::fs::remove_file(&switch)?;
    disk.mount_repaired()?;
    let verdict = match trial.recover(&rounds.program, moment) {
        Ok(found) => found.verdict,
        Err(error) => {
            progress(format_args!("{error:#}"));
            trial.judge()?
        }
    };
    Ok(Round { verdict, ended, is_sound: is_sound(&store).unwrap_or(false) })
}
