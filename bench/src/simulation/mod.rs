//! Deterministic simulation of the scheduler, the leases and the group commit.
//!
//! The real engine runs over the real store in a world that is made up: time passes only when
//! everybody waits, the network and the disk do what the dice say, providers send again what was
//! not acknowledged, people pause destinations, and the process dies at any await. A judge looks
//! on from outside. The dice have a seed, and nothing else decides anything: the same seed is the
//! same run, step by step.
//!
//! The database is not simulated, but a real file; and of ingest's road only the end is played:
//! reserve, accept, hand over.

mod judge;
mod network;
mod process;
mod scenario;
mod watched;
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use hookyard_model::Name;
use hookyard_model::planted::{self, Bug};

use self::world::World;

/// Processes that one run has at most: more means that they die of something else than misfortune.
const LIVES: u32 = 200;

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// What brings it back.
    pub seed: u64,
    /// What was not as it has to be.
    pub finding: Option<String>,
    /// How many steps it had …
    pub steps: u64,
    /// … and all of them as one number: that of the same run is the same.
    pub hash: u64,
    /// How often the process died.
    pub deaths: u32,
    /// Events that were kept, and their deliveries.
    pub events: usize,
    /// Deliveries.
    pub deliveries: usize,
    /// How much time has passed in it.
    pub time: Duration,
    /// The steps, if they were asked for.
    pub trace: Vec<String>,
}

/// Plays the run of a seed, with a bug or without.
pub fn run(seed: u64, bug: Option<Bug>, traced: bool) -> Result<Run> {
    planted::plant(bug);
    let played = play(seed, traced);
    planted::plant(None);
    played.with_context(|| format!("seed {seed}"))
}

fn play(seed: u64, traced: bool) -> Result<Run> {
    let folder = folder()?;
    let file = folder.path().join("hookyard.db");
    let world = Arc::new(World::new(Name::new("provider")?, seed, traced));
    let mut misfortunes = world.scenario.misfortunes.clone().into_iter().peekable();
    for _ in 0..LIVES {
        let now = world.lock().now();
        while misfortunes.next_if(|misfortune| misfortune.at <= now).is_some() {}
        let misfortune = misfortunes.peek().copied();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()?;
        let done = runtime.block_on(async {
            world.begin_life();
            process::live(&world, &file, misfortune).await
        })?;
        drop(runtime);
        if done || world.lock().judge.finding().is_some() {
            break;
        }
        let down = misfortune.map_or(Duration::from_secs(1), |misfortune| misfortune.down);
        world.skip(down);
    }
    let mut state = world.lock();
    let (steps, hash) = state.steps();
    let (events, deliveries) = state.judge.counts();
    Ok(Run {
        seed,
        finding: state.judge.finding().map(str::to_owned),
        steps,
        hash,
        deaths: state.deaths,
        events,
        deliveries,
        time: state.now().since(scenario::BEGIN),
        trace: state.take_lines(),
    })
}

/// A folder for the store; in memory where that can be had, since no power is cut here.
fn folder() -> Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("hookyard-simulation-");
    let memory = std::path::Path::new("/dev/shm");
    let made = if memory.is_dir() { builder.tempdir_in(memory) } else { builder.tempdir() };
    made.context("cannot make a folder for the store")
}

/// Plays the runs of many seeds on as many threads as there are processors, and gives them to
/// `each` in no order, until it says `false`.
pub fn run_all(
    seeds: std::ops::Range<u64>,
    bug: Option<Bug>,
    each: impl Fn(Result<Run>) -> bool + Sync,
) {
    let next = AtomicU64::new(seeds.start);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    if !each(run(seed, bug, false)) {
                        next.store(seeds.end, Ordering::Relaxed);
                    }
                }
            });
        }
    });
}
