//! The disk is full, and then it has room again.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use hookyard_bench::disk::Disk;
use hookyard_bench::hub::Hub;
use hookyard_bench::outcome::Outcome;
use hookyard_bench::report::progress;
use hookyard_bench::trial::{Found, Trial};
use hookyard_bench::verify::Verdict;

use crate::{Rounds, first_accepted, is_proper, is_sound, outcome, worst};

/// The disk's size in bytes …
const SIZE: u64 = 96 << 20;
/// … of which something else takes so many, and gives them back in the end.
const BALLAST: usize = 32 << 20;
/// How many refusals are looked at.
const REFUSALS: u64 = 20;
/// How long the disk may take to fill, and what is pending to be delivered.
const PATIENCE: Duration = Duration::from_secs(50);

/// What the rounds have seen.
#[derive(Default)]
struct Seen {
    verdict: Verdict,
    proper: usize,
    other_statuses: usize,
    sound: usize,
    accepted_again: Vec<Option<f64>>,
    delivered_while_full: usize,
}

/// The rounds take turns: the hub keeps some room free, as it does unless it is told otherwise,
/// and it keeps none, so that the database meets the very end of the disk.
pub(crate) fn run(rounds: &mut Rounds) -> Result<Outcome> {
    let mut seen = Seen::default();
    let mut with_room = 0;
    for number in 1..=rounds.number {
        let keeps_room = number % 2 == 1;
        with_room += usize::from(keeps_room && rounds.is_good);
        once(rounds, keeps_room, &mut seen).with_context(|| format!("round {number}"))?;
        let (acknowledged, lost) = (seen.verdict.acknowledged, seen.verdict.lost);
        progress(format_args!("round {number}: in all {acknowledged} acknowledged, {lost} lost"));
    }
    let number = usize::try_from(rounds.number)?;
    let mut outcome = outcome(rounds, "times the disk was filled");
    outcome.judged(&seen.verdict);
    let looked_at = number * usize::try_from(REFUSALS)?;
    outcome.exactly("refused with 503 or 507 and Retry-After", seen.proper, looked_at);
    outcome.exactly("refused in other ways", seen.other_statuses, 0);
    outcome.exactly(
        "delivered all while full, room kept free",
        seen.delivered_while_full,
        with_room,
    );
    outcome.at_most("first 2xx after there is room, s, slowest", worst(&seen.accepted_again), 2.0);
    outcome.exactly("sound by PRAGMA integrity_check", seen.sound, number);
    Ok(outcome)
}

fn once(rounds: &mut Rounds, keeps_room: bool, seen: &mut Seen) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("hookyard-full-").tempdir()?;
    let mut disk = Disk::new(folder.path(), SIZE)?;
    disk.mount_repaired()?;
    let (store, ballast) = (disk.mounted().join("hookyard.db"), disk.mounted().join("ballast"));
    std::fs::write(&ballast, vec![1; BALLAST])?;
    let keep = if keeps_room { "keep_free = \"16MiB\"" } else { "keep_free = \"0B\"" };
    let trial = Trial::new(folder.path(), &store, "/gate")?.with_store(keep);
    let mut hub = trial.start(&rounds.program)?;
    let load = rounds.load(4000.0);
    let report = trial.strike(&mut hub, load, Duration::ZERO, |hub| {
        let mut ids = 0;
        fill(hub)?;
        for _ in 0..REFUSALS {
            ids += 1;
            let (answer, _) = trial.probe(hub, ids)?;
            seen.proper += usize::from(answer.is_some_and(|answer| is_proper(&answer)));
        }
        trial.open_gate()?;
        // A hub that acknowledges without storing is sent more and more meanwhile.
        if keeps_room && rounds.is_good {
            seen.delivered_while_full += usize::from(hub.drain(PATIENCE).is_ok());
        }
        std::fs::remove_file(&ballast)?;
        seen.accepted_again.push(first_accepted(&trial, hub, PATIENCE, &mut ids)?);
        Ok(())
    })?;
    let other = report.refused.iter().filter(|(status, _)| !matches!(status, 503 | 507));
    seen.other_statuses += usize::try_from(other.map(|(_, count)| count).sum::<u64>())?;
    hub.drain(PATIENCE)?;
    hub.stop()?;
    let Found { verdict, .. } = trial.recover(&rounds.program, Duration::ZERO)?;
    seen.verdict.add(&verdict);
    seen.sound += usize::from(is_sound(&store)?);
    Ok(())
}

/// Waits until the hub says that it cannot take events.
fn fill(hub: &Hub) -> Result<()> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if hub.health()?.get("status").is_some_and(|status| status == "failing") {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    bail!("the disk is not full after {PATIENCE:?}")
}
