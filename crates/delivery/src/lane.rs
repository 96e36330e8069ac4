//! What one destination's lane does next. Pure: it is told the time and what happened, and says
//! what to do; `worker` does it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use hookyard_model::planted::{Bug, is_planted};
use hookyard_model::{
    Admission, Circuit, CircuitState, Destination, DestinationStatus, Due, Held, Leased, Next,
    Outcome, RateLimiter, Timestamp,
};

use crate::due::DueTimes;
use crate::settings::Settings;

/// How many deliveries are leased at once for each attempt that may be under way: enough to keep
/// the places busy while the store is asked again.
const LEASED_PER_PLACE: usize = 4;
/// How long a lane waits after the store did not answer.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// How many attempts may wait for the store to keep them: so many may be made again if the
/// process is killed now, beside those under way.
const SETTLING_MAX: u32 = 128;

/// What a lane wants done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Make an attempt.
    Start(Leased),
    /// Ask the store for so many due deliveries.
    Lease(usize),
    /// Give deliveries back to the store.
    Release(Vec<Leased>, Timestamp),
    /// Nothing until this time, or until something happens.
    Wait(Option<Timestamp>),
}

/// One destination's lane.
pub(crate) struct Lane {
    destination: Arc<Destination>,
    settings: Settings,
    status: DestinationStatus,
    circuit: Circuit,
    limiter: Option<RateLimiter>,
    /// Leased deliveries that wait for a place, in order.
    queue: VecDeque<Leased>,
    due: DueTimes,
    under_way: u32,
    /// Attempts that have ended and wait for the store to keep them.
    settling: u32,
    leasing: bool,
    /// Whether the store gave as much as it was asked for, and so probably has more.
    behind: bool,
    stopping: bool,
}

impl Lane {
    pub(crate) fn new(
        destination: Arc<Destination>,
        settings: Settings,
        status: DestinationStatus,
    ) -> Self {
        Self {
            circuit: Circuit::new(destination.circuit.clone()),
            limiter: limiter(&destination),
            destination,
            settings,
            status,
            queue: VecDeque::new(),
            due: DueTimes::default(),
            under_way: 0,
            settling: 0,
            leasing: false,
            behind: false,
            stopping: false,
        }
    }

    /// What to do now. To be asked again after everything that is not [`Step::Wait`].
    pub(crate) fn step(&mut self, now: Timestamp) -> Step {
        if self.stopping || self.status != DestinationStatus::Active {
            return self.release_all(now).unwrap_or(Step::Wait(None));
        }
        if let Some(release) = self.release_stale(now) {
            return release;
        }
        match self.circuit.admit(now) {
            Admission::HoldUntil(until) => {
                self.release_all(until).unwrap_or(Step::Wait(self.due.first().map(|_| until)))
            }
            Admission::UpTo(limit) => {
                // Equal counts: a destination that takes one at a time is probed with one, too.
                let ramping = limit <= self.destination.concurrency.get();
                self.work(limit.min(self.destination.concurrency.get()), ramping, now)
            }
        }
    }

    fn work(&mut self, limit: u32, ramping: bool, now: Timestamp) -> Step {
        let mut waits = [None; 4];
        // Attempts that cannot be kept must not go on being made.
        let has_place = self.under_way < limit && self.settling < SETTLING_MAX;
        if has_place && !self.queue.is_empty() {
            match self.limiter.as_mut().map_or(Ok(()), |limiter| limiter.take(now)) {
                Ok(()) => {
                    if let Some(leased) = self.queue.pop_front() {
                        self.under_way += 1;
                        return Step::Start(leased);
                    }
                }
                Err(wait) => waits[0] = Some(now.plus(wait)),
            }
        }
        if let Some(wanted) = self.wanted(limit, ramping).filter(|_| !self.leasing) {
            if self.due.take(now) {
                self.leasing = true;
                return Step::Lease(wanted);
            }
            waits[1] = self.due.first();
        }
        // The ramp rises with time, so time alone may open a place.
        if ramping && (!self.queue.is_empty() || self.due.has_come(now)) {
            waits[2] = Some(now.plus(self.destination.circuit.ramp));
        }
        waits[3] = self.queue.front().map(|leased| leased.until.minus(self.needed()));
        Step::Wait(waits.into_iter().flatten().min())
    }

    /// How many deliveries to ask the store for, if any: as many as can start soon.
    fn wanted(&self, limit: u32, ramping: bool) -> Option<usize> {
        let places = usize::try_from(limit).unwrap_or(usize::MAX);
        let under_way = usize::try_from(self.under_way).unwrap_or(usize::MAX);
        let wanted = if ramping {
            // A probe that waits behind others is none: only what starts at once.
            places.saturating_sub(under_way).saturating_sub(self.queue.len())
        } else if self.queue.len() < places {
            let most = places.saturating_mul(LEASED_PER_PLACE).min(self.capacity());
            most.saturating_sub(self.queue.len())
        } else {
            0
        };
        (wanted > 0).then_some(wanted)
    }

    /// How many deliveries may wait in memory: no more than start before their lease runs short.
    pub(crate) fn capacity(&self) -> usize {
        let Some(rate) = &self.destination.rate else { return self.settings.queue.max(1) };
        let half = self.settings.lease_for(&self.destination.timeouts) / 2;
        let started = half.as_millis().saturating_mul(u128::from(rate.count.get()))
            / rate.period.as_millis().max(1);
        usize::try_from(started).unwrap_or(usize::MAX).clamp(1, self.settings.queue.max(1))
    }

    fn needed(&self) -> Duration {
        self.settings.needed(&self.destination.timeouts)
    }

    fn release_all(&mut self, due_at: Timestamp) -> Option<Step> {
        let all = std::mem::take(&mut self.queue);
        (!all.is_empty()).then(|| Step::Release(all.into(), due_at))
    }

    /// Gives back what has waited so long that an attempt might outlive its lease.
    fn release_stale(&mut self, now: Timestamp) -> Option<Step> {
        let least = now.plus(self.needed());
        if self.queue.front()?.until > least {
            return None;
        }
        let (stale, fresh): (Vec<_>, Vec<_>) =
            self.queue.drain(..).partition(|leased| leased.until <= least);
        self.queue = fresh.into();
        Some(Step::Release(stale, now))
    }

    /// A delivery was born leased, or leased from the store.
    pub(crate) fn take_over(&mut self, leased: Leased) {
        self.queue.push_back(leased);
    }

    /// The store has, or will have, something due.
    pub(crate) fn heard(&mut self, at: Timestamp, now: Timestamp) {
        if at <= now {
            self.due.add_now(now);
        } else {
            self.due.add(at);
        }
    }

    /// The store answered a [`Step::Lease`]; `None` when it failed.
    pub(crate) fn leased(&mut self, wanted: usize, got: Option<Due>, now: Timestamp) {
        self.leasing = false;
        if is_planted(Bug::LostWakeUp) {
            self.due.take(now);
        }
        let Some(Due { leased: got, next }) = got else {
            self.due.add(now.plus(STORE_PAUSE));
            return;
        };
        let bytes: usize = got.iter().map(|leased| leased.event.body.len()).sum();
        self.behind = got.len() >= wanted || bytes >= self.settings.queue_bytes;
        if self.behind {
            self.due.add_now(now);
        }
        if let Some(at) = next {
            self.due.add(at);
        }
        self.queue.extend(got);
    }

    /// A job of the lane's failed, and with it perhaps a lease.
    pub(crate) fn broken(&mut self, now: Timestamp) {
        self.leasing = false;
        self.due.add(now.plus(STORE_PAUSE));
    }

    /// An attempt has ended and is to be settled. True when the destination is gone, and so
    /// disabled.
    pub(crate) fn ended(&mut self, outcome: Option<&Outcome>, now: Timestamp) -> bool {
        self.under_way = self.under_way.saturating_sub(1);
        self.settling = self.settling.saturating_add(1);
        match outcome {
            Some(Outcome::Succeeded) => drop(self.circuit.succeeded(now)),
            Some(Outcome::Failed { .. }) => drop(self.circuit.failed(now)),
            Some(Outcome::Gone) => {
                let first = self.status == DestinationStatus::Active;
                self.circuit.probe_again(now);
                self.status = DestinationStatus::Disabled;
                return first;
            }
            Some(Outcome::Refused) | None => self.circuit.probe_again(now),
        }
        false
    }

    /// An attempt was settled; `None` when it could not be kept.
    pub(crate) fn settled(&mut self, next: Option<&Next>) {
        self.settling = self.settling.saturating_sub(1);
        if let Some(Next::RetryAt(at)) = next {
            self.due.add(*at);
        }
    }

    /// A person, or an earlier run of ours, has changed the destination's status.
    pub(crate) fn set_status(&mut self, status: DestinationStatus, now: Timestamp) {
        let was = std::mem::replace(&mut self.status, status);
        if status == DestinationStatus::Active && was != status {
            if was == DestinationStatus::Disabled {
                // It said that it wanted no more: one delivery asks whether that has changed.
                self.circuit.probe_first(now);
            }
            self.due.add_now(now);
        }
    }

    /// The destination's settings have changed. The circuit keeps its state unless its own have.
    pub(crate) fn set_destination(&mut self, destination: Arc<Destination>) {
        if destination.circuit != self.destination.circuit {
            self.circuit = Circuit::new(destination.circuit.clone());
        }
        if destination.rate != self.destination.rate {
            self.limiter = limiter(&destination);
        }
        self.destination = destination;
    }

    /// Starts nothing any more.
    pub(crate) fn stop(&mut self) {
        self.stopping = true;
    }

    /// Whether deliveries may be born into this lane's memory. Not while older ones wait in the
    /// store, which they would overtake for as long as there is more than can be delivered.
    pub(crate) fn is_open(&self, now: Timestamp) -> bool {
        let flows =
            matches!(self.circuit.state(now), CircuitState::Closed | CircuitState::Recovering(_));
        let active = self.status == DestinationStatus::Active && !self.stopping;
        active && flows && !self.behind && !self.due.has_come(now)
    }

    /// Whether nothing is left to be done before a stop.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopping && self.queue.is_empty()
    }

    pub(crate) fn destination(&self) -> &Arc<Destination> {
        &self.destination
    }

    pub(crate) const fn status(&self) -> DestinationStatus {
        self.status
    }

    pub(crate) fn circuit(&self, now: Timestamp) -> CircuitState {
        self.circuit.state(now)
    }

    pub(crate) const fn under_way(&self) -> u32 {
        self.under_way
    }

    pub(crate) fn queued(&self) -> usize {
        self.queue.len()
    }
}

fn limiter(destination: &Destination) -> Option<RateLimiter> {
    destination.rate.map(|rate| RateLimiter::new(rate, std::num::NonZeroU32::MIN))
}

/// What to settle or release deliveries with.
pub(crate) fn held(leased: &[Leased]) -> Vec<Held> {
    leased.iter().map(|leased| leased.held).collect()
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
