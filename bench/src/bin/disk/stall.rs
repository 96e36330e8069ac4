//! The disk stands still for a while, and then goes on.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use hookyard_bench::disk::Disk;
use hookyard_bench::hub::Hub;
use hookyard_bench::outcome::Outcome;
use hookyard_bench::report::progress;
use hookyard_bench::trial::{Found, Trial};
use hookyard_bench::verify::Verdict;

use crate::{Rounds, first_accepted, is_proper, outcome, worst};

/// The longest that an answer may take: the hub's `ack_timeout`, and a half.
const ANSWER: f64 = 3.0;
/// How long it may take until an event is accepted again, and what is pending to be delivered.
const PATIENCE: Duration = Duration::from_secs(40);

/// The figure that a hub misses which acknowledges what the disk has not taken.
pub(crate) const IMPROPER: &str = "answered otherwise than 503 with Retry-After";

/// What the rounds have seen.
#[derive(Default)]
struct Seen {
    verdict: Verdict,
    /// How long each answer during a stall took, in seconds; nothing if none came.
    answers: Vec<Option<f64>>,
    improper: usize,
    accepted_again: Vec<Option<f64>>,
}

pub(crate) fn run(rounds: &mut Rounds, stall: Duration) -> Result<Outcome> {
    let mut seen = Seen::default();
    for number in 1..=rounds.number {
        once(rounds, stall, &mut seen).with_context(|| format!("round {number}"))?;
        let (acknowledged, lost) = (seen.verdict.acknowledged, seen.verdict.lost);
        progress(format_args!("round {number}: in all {acknowledged} acknowledged, {lost} lost"));
    }
    let of = format!("times the disk stood still for {:.0} s", stall.as_secs_f64());
    let mut outcome = outcome(rounds, &of);
    outcome.judged(&seen.verdict);
    outcome.count("events sent meanwhile, looked at", seen.answers.len());
    outcome.at_most("answered after, s, slowest", worst(&seen.answers), ANSWER);
    outcome.exactly(IMPROPER, seen.improper, 0);
    outcome.at_most("first 2xx once it goes on, s, slowest", worst(&seen.accepted_again), 2.0);
    Ok(outcome)
}

fn once(rounds: &mut Rounds, stall: Duration, seen: &mut Seen) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("hookyard-stall-").tempdir()?;
    let mut disk = Disk::new(folder.path(), 512 << 20)?;
    disk.mount_stalling()?;
    let trial = Trial::new(folder.path(), &disk.mounted().join("hookyard.db"), "/ok")?;
    let mut hub = trial.start(&rounds.program)?;
    let (load, moment) = (rounds.load(200.0), rounds.moment());
    trial.strike(&mut hub, load, moment, |hub| {
        let mut ids = 0;
        disk.stall()?;
        let struck = Instant::now();
        // The last one has to be answered before the disk goes on.
        while struck.elapsed() + Duration::from_secs_f64(ANSWER) < stall {
            look(&trial, hub, &mut ids, seen)?;
        }
        std::thread::sleep(stall.saturating_sub(struck.elapsed()));
        disk.resume()?;
        seen.accepted_again.push(first_accepted(&trial, hub, PATIENCE, &mut ids)?);
        Ok(())
    })?;
    hub.drain(PATIENCE)?;
    hub.stop()?;
    let Found { verdict, .. } = trial.recover(&rounds.program, moment)?;
    seen.verdict.add(&verdict);
    Ok(())
}

/// Sends an event to a hub whose disk stands still.
fn look(trial: &Trial, hub: &Hub, ids: &mut u64, seen: &mut Seen) -> Result<()> {
    *ids += 1;
    let (answer, took) = trial.probe(hub, *ids)?;
    seen.answers.push(answer.as_ref().map(|_| took.as_secs_f64()));
    seen.improper += usize::from(!answer.is_some_and(|answer| is_proper(&answer)));
    Ok(())
}
