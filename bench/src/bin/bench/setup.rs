//! What the cases have in common: programs, sizes, and one way to send as fast as can be.

use std::cell::OnceCell;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use hookyard_bench::hub::{Destination, Hub, HubProgram, Sink, configuration};
use hookyard_bench::load::{Plan, Report, count, run};
use hookyard_bench::process::{Memory, Process};
use hookyard_bench::random;
use hookyard_bench::scheme::Scheme;
use tempfile::TempDir;

use crate::grow::Filled;

/// The options of a destination that takes part in a measurement of accepting: there is a
/// delivery to store for every event, but next to none to make.
pub(crate) const HELD: &str = "concurrency = 1\nrate = \"1/s\"\ntimeout = \"5s\"";
/// The options of a destination that takes what it gets.
pub(crate) const OPEN: &str = "concurrency = 32\ntimeout = \"5s\"";

/// The bytes of a body where nothing else is said.
pub(crate) const SIZE: usize = 2048;

/// How long and how much.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) rounds: u32,
    /// Seconds of one measurement of a rate.
    pub(crate) seconds: f64,
    /// Seconds, and events, of a sustained one at least.
    pub(crate) sustained: (f64, u64),
    /// Deliveries of a measurement from end to end.
    pub(crate) deliveries: u64,
    /// Seconds of a measurement at a fixed rate.
    pub(crate) paced: u64,
    /// How often an empty hub is started.
    pub(crate) starts: u32,
    /// Events of the store in which all are pending.
    pub(crate) pending: u64,
    /// Events of the store in which all are delivered.
    pub(crate) stored: u64,
    /// How long a peer may take to deliver what it has accepted.
    pub(crate) patience: Duration,
}

/// What counts.
pub(crate) const FULL: Scale = Scale {
    rounds: 3,
    seconds: 10.0,
    sustained: (60.0, 1_000_000),
    deliveries: 200_000,
    paced: 20,
    starts: 5,
    pending: 1_000_000,
    stored: 5_000_000,
    patience: Duration::from_secs(15),
};

/// What shows that everything works.
pub(crate) const QUICK: Scale = Scale {
    rounds: 1,
    seconds: 1.0,
    sustained: (2.0, 0),
    deliveries: 10_000,
    paced: 2,
    starts: 2,
    pending: 10_000,
    stored: 20_000,
    patience: Duration::from_secs(3),
};

/// What is measured, and with what.
pub(crate) struct Bench {
    hub: HubProgram,
    pub(crate) scale: Scale,
    folder: PathBuf,
    /// Where the peers are.
    pub(crate) peers: PathBuf,
    /// The large stores, which are filled once for all rounds.
    pub(crate) with_pending: OnceCell<Filled>,
    pub(crate) with_stored: OnceCell<Filled>,
}

/// What is sent as fast as it is answered.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) size: usize,
    pub(crate) scheme: Scheme,
    pub(crate) seconds: f64,
    /// The fewest requests.
    pub(crate) at_least: u64,
    /// The most requests.
    pub(crate) count: Option<u64>,
    /// Whether the growth of memory is looked at from half of the seconds on.
    pub(crate) watched: bool,
}

impl Load {
    /// GitHub's events of 2 KiB, for so many seconds.
    pub(crate) const fn of(connections: usize, seconds: f64) -> Self {
        Self {
            connections,
            size: SIZE,
            scheme: Scheme::Github,
            seconds,
            at_least: 0,
            count: None,
            watched: false,
        }
    }

    /// So many of GitHub's events of 2 KiB over 64 connections.
    pub(crate) const fn events(count: u64) -> Self {
        Self { count: Some(count), ..Self::of(64, 3600.0) }
    }

    /// The same as a plan for the load generator. No two runs send the same ids.
    pub(crate) fn plan(self, address: SocketAddr) -> Result<Plan> {
        Ok(Plan {
            path: self.scheme.path(),
            secret: self.scheme.secret().to_owned(),
            scheme: self.scheme,
            connections: self.connections,
            size: self.size,
            unique: false,
            seed: random::seed(None),
            limit: Duration::try_from_secs_f64(self.seconds)?,
            at_least: self.at_least,
            count: self.count,
            threads: if self.connections == 1 { 1 } else { 2 },
            ..Plan::to(address, "")
        })
    }
}

impl Bench {
    pub(crate) fn new(
        hub: Option<&Path>,
        scale: Scale,
        folder: PathBuf,
        peers: PathBuf,
    ) -> Result<Self> {
        Ok(Self {
            hub: HubProgram::find(hub, None)?,
            scale,
            folder,
            peers,
            with_pending: OnceCell::new(),
            with_stored: OnceCell::new(),
        })
    }

    /// A new folder for a store.
    pub(crate) fn folder(&self) -> Result<TempDir> {
        let folder = tempfile::Builder::new().prefix("hookyard-bench-").tempdir_in(&self.folder);
        folder.with_context(|| format!("cannot make a folder in {}", self.folder.display()))
    }

    /// Starts the hub on the store in this folder.
    pub(crate) fn start(&self, folder: &Path, destinations: &[Destination]) -> Result<Hub> {
        let store = store(folder);
        std::fs::create_dir_all(&store)?;
        self.hub.start(folder, &configuration(&store.join("hookyard.db"), destinations))
    }
}

/// Where the hub keeps everything that counts as its store.
pub(crate) fn store(folder: &Path) -> PathBuf {
    folder.join("store")
}

/// One destination, at this path of the sink.
pub(crate) fn destination(sink: &Sink, name: &str, path: &str, options: &str) -> Destination {
    Destination { name: name.to_owned(), url: sink.url(path), options: options.to_owned() }
}

/// A rate that was measured.
pub(crate) struct Measured {
    pub(crate) report: Report,
    /// Microseconds of processor time for each event.
    pub(crate) cpu: f64,
    /// MiB by which memory grew for a million events, if that was watched.
    pub(crate) growth: Option<f64>,
}

/// Sends as fast as it is answered. A run in which anything was refused does not count.
pub(crate) fn flat_out(process: &Process, address: SocketAddr, load: Load) -> Result<Measured> {
    let before = process.cpu()?;
    let early = load.watched.then(|| Early::read(process.id(), load.seconds / 2.0)).transpose()?;
    let report = run(&load.plan(address)?, &Arc::default())?;
    ensure!(
        report.duplicates == 0 && report.refused.is_empty() && report.errors == 0,
        "a run that does not count: {report:?}"
    );
    let cpu = per_event(process.cpu()?.saturating_sub(before), report.accepted);
    let growth = early.map(|early| early.growth(process, &report)).transpose()?;
    Ok(Measured { report, cpu, growth })
}

/// The memory of a process some time into a run.
struct Early {
    seconds: f64,
    memory: JoinHandle<Result<Memory>>,
}

impl Early {
    /// Reads it after so many seconds.
    fn read(id: u32, seconds: f64) -> Result<Self> {
        let wait = Duration::try_from_secs_f64(seconds)?;
        let memory = std::thread::spawn(move || {
            std::thread::sleep(wait);
            Memory::of(id)
        });
        Ok(Self { seconds, memory })
    }

    /// MiB by which it has grown since for a million events; they came evenly.
    fn growth(self, process: &Process, report: &Report) -> Result<f64> {
        let early = self.memory.join().map_err(|_| anyhow!("nobody watched the memory"))??;
        let events = report.per_second * (report.seconds - self.seconds);
        Ok((process.memory()?.now - early.now) / events * 1e6)
    }
}

/// Microseconds for each event.
pub(crate) fn per_event(taken: Duration, events: u64) -> f64 {
    taken.as_secs_f64() * 1e6 / count(events)
}

/// Measures the two that are compared, each round in the other order than the one before: the
/// machine is shared and has moods.
pub(crate) fn both<T>(
    round: u32,
    first: impl FnOnce() -> Result<T>,
    second: impl FnOnce() -> Result<T>,
) -> Result<[T; 2]> {
    if round % 2 == 1 {
        let first = first()?;
        Ok([first, second()?])
    } else {
        let second = second()?;
        Ok([first()?, second])
    }
}
