//! What a destination's lane has to keep to.

use std::time::Duration;

use hookyard_model::{CircuitState, Destination, Name, Timestamp};

/// How long a lane may take to begin with something that is due.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// What is seen of a lane.
pub(super) struct Lane {
    concurrency: u32,
    /// The least time between two attempts.
    gap: Duration,
    /// Counts the lanes that the destination has had.
    number: u32,
    under_way: u32,
    last_begun: Option<Timestamp>,
    /// When something last began or ended.
    active_at: Timestamp,
    /// Until when nothing may begin, but what was begun with as the circuit opened.
    open_until: Timestamp,
    opened_at: Timestamp,
    half_open_since: Option<Timestamp>,
    /// Probes that succeeded while the circuit stayed half-open.
    probes: u32,
    stopped: bool,
    removed: bool,
}

impl Lane {
    pub(super) fn new(destination: &Destination) -> Self {
        let rate = destination.rate;
        Self {
            concurrency: destination.concurrency.get(),
            gap: rate.map_or(Duration::ZERO, |rate| rate.period / rate.count.get()),
            number: 0,
            under_way: 0,
            last_begun: None,
            active_at: Timestamp::EPOCH,
            open_until: Timestamp::EPOCH,
            opened_at: Timestamp::EPOCH,
            half_open_since: None,
            probes: 0,
            stopped: false,
            removed: false,
        }
    }

    /// An attempt begins. Gives back the lane's number, and what is wrong with it.
    pub(super) fn begins(&mut self, name: &Name, now: Timestamp) -> (u32, Option<String>) {
        self.under_way += 1;
        self.active_at = now;
        // A millisecond is as much as a limiter may round off.
        let least = self.gap.saturating_sub(Duration::from_millis(1));
        let early = self.last_begun.is_some_and(|last| now.since(last) < least);
        self.last_begun = Some(now);
        let wrong = if self.under_way > self.concurrency {
            Some(format!("{} attempts at {name} are under way at once", self.under_way))
        } else if early {
            Some(format!("attempts at {name} begin more often than its rate allows"))
        } else if now > self.opened_at && now < self.open_until {
            Some(format!("an attempt at {name} begins while its circuit is open"))
        } else {
            None
        };
        (self.number, wrong)
    }

    pub(super) fn ends(&mut self, number: u32, now: Timestamp) {
        if number == self.number {
            self.under_way = self.under_way.saturating_sub(1);
            self.active_at = now;
        }
    }

    pub(super) fn circuit(&mut self, state: CircuitState, now: Timestamp) {
        self.open_until = Timestamp::EPOCH;
        if let CircuitState::Open(until) = state {
            (self.opened_at, self.open_until) = (now, until);
        }
        self.half_open_since = (state == CircuitState::HalfOpen).then_some(now);
        self.probes = 0;
        self.active_at = now;
    }

    /// An attempt that began then has succeeded. Gives back what is wrong with that.
    pub(super) fn succeeded(&mut self, began: Timestamp) -> Option<String> {
        let probed = self.half_open_since.is_some_and(|since| began >= since);
        self.probes += u32::from(probed);
        (self.probes > 1).then(|| "probes succeed and the circuit stays half-open".to_owned())
    }

    /// The process has died, and another one starts.
    pub(super) fn restarted(&mut self, now: Timestamp) {
        let (stopped, removed) = (self.stopped, self.removed);
        self.begin_anew(now);
        (self.stopped, self.removed) = (stopped, removed);
    }

    pub(super) fn set_stopped(&mut self, stopped: bool, now: Timestamp) {
        self.stopped = stopped;
        self.active_at = now;
    }

    pub(super) fn set_removed(&mut self, removed: bool, now: Timestamp) {
        self.begin_anew(now);
        self.removed = removed;
    }

    /// Whether it has not touched something that could have begun then.
    pub(super) fn is_idle(&self, since: Timestamp, now: Timestamp) -> bool {
        let last = since.max(self.active_at).max(self.open_until);
        let may = !self.stopped && !self.removed && self.under_way == 0;
        may && now >= last.plus(GRACE).plus(self.gap * 2)
    }

    fn begin_anew(&mut self, now: Timestamp) {
        self.number += 1;
        self.under_way = 0;
        self.last_begun = None;
        self.active_at = now;
        self.open_until = Timestamp::EPOCH;
        self.half_open_since = None;
        self.probes = 0;
    }
}
