//! Kills the hub where it hurts most: at each of the points that `hookyard_model::Failpoint` names,
//! the first time that it is passed and at later times.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use hookyard_bench::hub::{Hub, HubProgram, SECRET};
use hookyard_bench::ledger;
use hookyard_bench::load::{Plan, run};
use hookyard_bench::random::Random;
use hookyard_bench::report::progress;
use hookyard_bench::trial::{Found, Load, Series, Trial};
use hookyard_model::Failpoint;
use rustix::process::{Pid, Signal, kill_process};

/// How long a hub may take to pass its point.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a hub is loaded before the one that is killed.
const BEFORE: Duration = Duration::from_millis(700);
/// The secret that the source has as long as requests are to be refused.
const OTHER_SECRET: &str = "not the secret that signs";

/// What leads a hub past a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scene {
    /// A start without a store.
    FirstStart,
    /// A start after a kill, and load, on a store with a backlog.
    Load,
    /// A start on a store with events that are done with.
    Retention,
    /// Requests whose signature is wrong, among others.
    Refusals,
    /// What was refused is released.
    Release,
    /// An orderly end under load.
    Stop,
}

/// Where a point is passed, and at which passages the process is killed there.
const fn scene(point: Failpoint) -> (Scene, &'static [u32]) {
    match point {
        Failpoint::StoreMade | Failpoint::StoreNamed => (Scene::FirstStart, &[1]),
        // Each migration, and there are three at least.
        Failpoint::InMigration | Failpoint::Migrated => (Scene::FirstStart, &[1, 2, 3]),
        Failpoint::InRecovery | Failpoint::Recovered => (Scene::Load, &[1]),
        Failpoint::BeforeAccept
        | Failpoint::GroupTaken
        | Failpoint::InGroup
        | Failpoint::BeforeCommit
        | Failpoint::AfterCommit
        | Failpoint::AfterAnswers
        | Failpoint::BeforeAnswer
        | Failpoint::BeforeSend
        | Failpoint::AfterSend
        | Failpoint::InSettle
        | Failpoint::Settled => (Scene::Load, &[1, 10, 200]),
        // No more than the backlog, and than the events that are done with.
        Failpoint::Leased => (Scene::Load, &[1, 10, 50]),
        Failpoint::InRetention => (Scene::Retention, &[1, 10, 50]),
        Failpoint::BeforeCheckpoint | Failpoint::AfterCheckpoint | Failpoint::LogCopied => {
            (Scene::Load, &[1, 2, 3])
        }
        Failpoint::InQuarantine => (Scene::Refusals, &[1, 2, 4]),
        Failpoint::InRelease | Failpoint::Released => (Scene::Release, &[1, 10, 40]),
        Failpoint::BeforeClose | Failpoint::Closed => (Scene::Stop, &[1]),
    }
}

/// The trials at all points whose name contains `filter`, `most` passages of each: what they found,
/// and how many passages never came.
pub(crate) fn run_all(
    program: &HubProgram,
    filter: &str,
    most: usize,
    load: Load,
) -> Result<(Series, usize)> {
    let mut random = Random::new(load.seed);
    let mut series = Series::default();
    let mut unreached = 0;
    for &point in Failpoint::ALL.iter().filter(|point| point.as_str().contains(filter)) {
        let (scene, passages) = scene(point);
        for passage in passages.iter().take(most) {
            let name = format!("{}:{passage}", point.as_str());
            let load = Load { seed: random.next(), ..load };
            let faults = [program.fault.clone(), Some(format!("kill-at={name}"))];
            let fault = faults.into_iter().flatten().collect::<Vec<_>>().join(",");
            let armed = HubProgram { fault: Some(fault), ..program.clone() };
            let found = Visit { program, armed, scene, load }.make();
            let found = found.with_context(|| name.clone())?;
            let Some(found) = found else {
                progress(format_args!("{name}: never passed"));
                unreached += 1;
                continue;
            };
            let (acknowledged, lost) = (found.verdict.acknowledged, found.verdict.lost);
            progress(format_args!("{name}: {acknowledged} acknowledged, {lost} lost"));
            series.add(name, &found);
        }
    }
    Ok((series, unreached))
}

/// A trial at one passage of a point.
struct Visit<'p> {
    program: &'p HubProgram,
    armed: HubProgram,
    scene: Scene,
    load: Load,
}

impl Visit<'_> {
    /// What was found, unless the point was never passed.
    fn make(&self) -> Result<Option<Found>> {
        let folder = tempfile::Builder::new().prefix("hookyard-failpoint-").tempdir()?;
        let path = if self.scene == Scene::Retention { "/ok" } else { "/gate" };
        let trial = Trial::new(folder.path(), &folder.path().join("hookyard.db"), path)?;
        let trial = self.prepare(trial)?;
        trial.open_gate()?;
        let started = Instant::now();
        let status = match trial.start_or_end(&self.armed)? {
            Ok(hub) => self.lead(&trial, hub)?,
            Err(status) => Some(status),
        };
        let struck_after = started.elapsed();
        if status.and_then(|status| status.signal()) != Some(Signal::KILL.as_raw()) {
            return Ok(None);
        }
        let hub = trial.start(self.program).context("the hub does not start again")?;
        if self.scene == Scene::Release {
            ensure!(self.release(&trial)?, "what was broken off cannot be released again");
        }
        trial.finish(hub, struck_after).map(Some)
    }

    /// Makes the store that the hub finds.
    fn prepare(&self, mut trial: Trial) -> Result<Trial> {
        match self.scene {
            Scene::FirstStart => {}
            Scene::Load | Scene::Stop | Scene::Refusals => {
                let mut hub = trial.start(self.program)?;
                trial.strike(&mut hub, self.load_before(), BEFORE, |hub| hub.process.kill())?;
            }
            Scene::Retention => {
                trial = trial.with_store("retention = { delivered = \"1ms\" }");
                let mut hub = trial.start(self.program)?;
                trial.strike(&mut hub, self.load_before(), BEFORE, |_| Ok(()))?;
                hub.drain(PATIENCE)?;
                hub.process.kill()?;
            }
            Scene::Release => {
                let right = trial.configuration.clone();
                trial.configuration = right.replace(SECRET, OTHER_SECRET);
                quarantine(&trial, &trial.start(self.program)?, self.load_before())?;
                trial.configuration = right;
            }
        }
        Ok(trial)
    }

    /// Leads the hub on until it is killed; gives back how it ended, if it did.
    fn lead(&self, trial: &Trial, mut hub: Hub) -> Result<Option<ExitStatus>> {
        let mut status = None;
        let stop = Arc::new(AtomicBool::new(false));
        let refused = (self.scene == Scene::Refusals).then(|| {
            let plan = Plan { ledger: None, sent: None, ..trial.plan(&hub, self.load) };
            let plan = Plan { secret: OTHER_SECRET.to_owned(), limit: PATIENCE, ..plan };
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || run(&plan, &stop))
        });
        trial.strike(&mut hub, self.load, Duration::ZERO, |hub| {
            match self.scene {
                Scene::Release => drop(self.release(trial)?),
                Scene::Stop => {
                    std::thread::sleep(BEFORE);
                    let id = i32::try_from(hub.process.id()).ok().and_then(Pid::from_raw);
                    kill_process(id.context("no process id")?, Signal::TERM)?;
                }
                _ => {}
            }
            status = hub.process.exited(PATIENCE)?;
            Ok(())
        })?;
        stop.store(true, Ordering::Relaxed);
        if let Some(Err(_)) = refused.map(std::thread::JoinHandle::join) {
            bail!("the load that is refused failed");
        }
        Ok(status)
    }

    /// The load on the hub before: other events than those of the hub that is killed.
    fn load_before(&self) -> Load {
        Load { seed: self.load.seed.wrapping_add(1), ..self.load }
    }

    /// Has the hub release what is in quarantine. Whether all went well.
    fn release(&self, trial: &Trial) -> Result<bool> {
        let mut command = Command::new(&self.program.program);
        command.args(["quarantine", "release", "--source", "github", "--config"]);
        let output = command.arg(trial.configuration_file()).output()?;
        Ok(output.status.success())
    }
}

/// Sends requests that are refused, and promises what the hub says that it holds: all of them.
fn quarantine(trial: &Trial, hub: &Hub, load: Load) -> Result<()> {
    let sent = 60;
    let plan = Plan { count: Some(sent), ledger: None, ..trial.plan(hub, load) };
    let report = run(&plan, &Arc::default())?;
    ensure!(report.refused.get(&401) == Some(&sent), "not refused as expected: {report:?}");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let health = hub.health()?;
        if health.pointer("/quarantine/held").and_then(serde_json::Value::as_u64) == Some(sent) {
            break;
        }
        ensure!(Instant::now() < deadline, "not all are in quarantine: {health}");
        std::thread::sleep(Duration::from_millis(20));
    }
    let sent = plan.sent.context("nothing is written down")?;
    fs::copy(sent, &trial.acknowledged)?;
    ensure!(!ledger::read(&trial.acknowledged)?.is_empty(), "nothing was sent");
    Ok(())
}
