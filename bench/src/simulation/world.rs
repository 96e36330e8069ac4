//! What outlives a process of the hub: the time, the dice, the judge, what is still to happen,
//! and the trace of what has.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hookyard_delivery::Clock;
use hookyard_model::{Destination, Name, Timestamp};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::judge::Judge;
use super::scenario::{Act, BEGIN, Scenario};
use crate::random::Random;

/// The world. One thread alone is ever in it; the lock is for the compiler.
pub(super) struct World {
    pub(super) scenario: Scenario,
    state: Mutex<State>,
    /// Tells that the process is dead.
    died: Notify,
}

pub(super) struct State {
    pub(super) dice: Random,
    pub(super) judge: Judge,
    /// What is still to happen.
    pub(super) agenda: BTreeSet<(Timestamp, Act)>,
    /// Batches that the writer has taken.
    pub(super) batches: u64,
    pub(super) deaths: u32,
    /// Acts that have begun and not come to an end.
    pub(super) under_way: u32,
    /// Destinations that are not in the configuration.
    removed: BTreeSet<Name>,
    time: Time,
    trace: Trace,
    dead: bool,
    /// At which step it dies.
    last_step: u64,
    /// Whether it dies as soon as something is on disk.
    pub(super) dies_after_commit: bool,
}

#[derive(Clone, Copy)]
enum Time {
    /// It was then, when the runtime's clock said that.
    Running(Timestamp, Instant),
    /// No process is running.
    Still(Timestamp),
}

/// All steps as one number, by which two runs are compared, and as text if somebody reads it.
struct Trace {
    steps: u64,
    hash: u64,
    lines: Option<Vec<String>>,
}

impl World {
    pub(super) fn new(source: Name, seed: u64, traced: bool) -> Self {
        let mut dice = Random::new(seed);
        let scenario = Scenario::new(source, &mut dice);
        let judge = Judge::new(&scenario.destinations);
        let agenda = scenario.acts.iter().cloned().collect();
        let state = State {
            dice,
            judge,
            agenda,
            batches: 0,
            deaths: 0,
            under_way: 0,
            removed: BTreeSet::new(),
            time: Time::Still(BEGIN),
            trace: Trace { steps: 0, hash: 0, lines: traced.then(Vec::new) },
            dead: true,
            last_step: u64::MAX,
            dies_after_commit: false,
        };
        Self { scenario, state: Mutex::new(state), died: Notify::new() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A process is born, on a runtime of its own.
    pub(super) fn begin_life(&self) {
        let mut state = self.lock();
        state.time = Time::Running(state.now(), Instant::now());
        (state.dead, state.last_step, state.dies_after_commit) = (false, u64::MAX, false);
    }

    /// The process dies where it is. Nothing that it does from now on counts.
    pub(super) fn die(&self) {
        let mut state = self.lock();
        if !state.dead {
            state.time = Time::Still(state.now());
            state.dead = true;
            state.deaths += 1;
            self.died.notify_one();
        }
    }

    /// Dies so many steps from now.
    pub(super) fn die_in(&self, steps: u64) {
        let mut state = self.lock();
        state.last_step = state.trace.steps.saturating_add(steps);
    }

    pub(super) async fn died(&self) {
        while !self.lock().dead {
            self.died.notified().await;
        }
    }

    /// Goes on if the process lives.
    pub(super) async fn alive(&self) {
        if self.lock().dead {
            std::future::pending::<()>().await;
        }
    }

    /// Time passes without a process.
    pub(super) fn skip(&self, time: Duration) {
        let mut state = self.lock();
        state.time = Time::Still(state.now().plus(time));
    }

    /// Tells the judge something, and the time. Nothing that a dead process still does.
    pub(super) fn judge<R>(&self, tell: impl FnOnce(&mut Judge, Timestamp) -> R) -> Option<R> {
        let mut state = self.lock();
        let now = state.now();
        (!state.dead).then(|| tell(&mut state.judge, now))
    }

    /// Notes a step, and dies if it is the last one.
    pub(super) fn step(&self, says: fmt::Arguments<'_>) {
        let mut state = self.lock();
        if state.dead {
            return;
        }
        let now = state.now();
        state.trace.add(now, says);
        if state.trace.steps >= state.last_step || state.judge.finding().is_some() {
            drop(state);
            self.die();
        }
    }

    /// Waits for some milliseconds.
    pub(super) async fn pause(&self, least: u64, most: u64) {
        let wait = self.lock().dice.between(least, most);
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }

    /// The next thing to happen, if its time has come.
    pub(super) fn next_act(&self, now: Timestamp) -> Option<Act> {
        let mut state = self.lock();
        let (at, act) = state.agenda.first().filter(|(at, _)| *at <= now).cloned()?;
        state.agenda.remove(&(at, act.clone()));
        Some(act)
    }

    /// When the next thing happens.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.lock().agenda.first().map(|(at, _)| *at)
    }

    /// The destinations that are in the configuration.
    pub(super) fn configured(&self) -> Vec<Arc<Destination>> {
        let state = self.lock();
        let all = self.scenario.destinations.values();
        all.filter(|it| !state.removed.contains(&it.name)).cloned().map(Arc::new).collect()
    }

    /// Takes a destination out of the configuration, or puts it back. Whether that changes it.
    pub(super) fn set_removed(&self, name: &Name, removed: bool) -> bool {
        let mut state = self.lock();
        if removed { state.removed.insert(name.clone()) } else { state.removed.remove(name) }
    }

    pub(super) fn chance(&self, percent: u64) -> bool {
        self.lock().dice.chance(percent)
    }
}

impl State {
    pub(super) fn now(&self) -> Timestamp {
        match self.time {
            Time::Running(at, since) => at.plus(since.elapsed()),
            Time::Still(at) => at,
        }
    }

    /// How many steps there have been, and all of them as one number.
    pub(super) const fn steps(&self) -> (u64, u64) {
        (self.trace.steps, self.trace.hash)
    }

    pub(super) fn take_lines(&mut self) -> Vec<String> {
        self.trace.lines.take().unwrap_or_default()
    }
}

impl Trace {
    fn add(&mut self, now: Timestamp, says: fmt::Arguments<'_>) {
        self.steps += 1;
        // Cannot fail: the hasher takes everything.
        let _infallible = write!(Fnv(&mut self.hash), "{} {says}", now.as_millis());
        if let Some(lines) = &mut self.lines {
            let since = now.since(BEGIN);
            lines.push(format!("{:>12.3} {says}", since.as_secs_f64()));
        }
    }
}

/// FNV-1a, for text.
struct Fnv<'h>(&'h mut u64);

impl fmt::Write for Fnv<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            *self.0 = (*self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Ok(())
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        self.lock().now()
    }

    fn jitter(&self) -> f64 {
        f64::from(u32::try_from(self.lock().dice.between(0, 1 << 20)).unwrap_or(0))
            / f64::from(1 << 20)
    }
}
