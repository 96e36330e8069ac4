//! The circuit breaker of a destination: it holds deliveries back, it never drops one.
//!
//! ```text
//!            failures                 time is up                probe succeeded
//!  closed ─────────────▶ open ─────────────────▶ half-open ──────────────────▶ recovering ──▶ closed
//!                          ▲                         │ probe failed                 │ failures
//!                          └─────────────────────────┴──────────────────────────────┘
//! ```

use std::time::Duration;

use crate::Timestamp;
use crate::planted::{Bug, is_planted};

/// When a circuit opens and how it closes again.
#[derive(Clone, Debug, PartialEq)]
pub struct CircuitPolicy {
    /// Opens after so many failures one after the other; 0 switches the breaker off.
    pub failures: u32,
    /// Opens when at least this share of the attempts in `window` failed, from 0 to 1 …
    pub failure_rate: f64,
    /// … and there were at least so many of them.
    pub min_attempts: u32,
    /// The time over which the rate is taken.
    pub window: Duration,
    /// How long it stays open at first; doubles each time a probe fails, up to `hold_max`.
    pub hold: Duration,
    /// The longest that it stays open before the next probe.
    pub hold_max: Duration,
    /// How often the number of attempts at once doubles while recovering.
    pub ramp: Duration,
}

impl Default for CircuitPolicy {
    fn default() -> Self {
        Self {
            failures: 5,
            failure_rate: 0.5,
            min_attempts: 20,
            window: Duration::from_mins(1),
            hold: Duration::from_secs(10),
            hold_max: Duration::from_mins(10),
            ramp: Duration::from_secs(5),
        }
    }
}

/// What a person is shown of a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CircuitState {
    /// Attempts are made as they come.
    Closed,
    /// Deliveries are held until this time.
    Open(Timestamp),
    /// One attempt is made to find out.
    HalfOpen,
    /// Attempts are made, at most so many at once.
    Recovering(u32),
}

/// Whether an attempt may be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Make it, as long as fewer than this many are under way.
    UpTo(u32),
    /// Hold everything until this time.
    HoldUntil(Timestamp),
}

/// The circuit breaker of one destination.
#[derive(Clone, Debug)]
pub struct Circuit {
    policy: CircuitPolicy,
    phase: Phase,
    consecutive_failures: u32,
    window: Window,
    /// How long the next opening lasts.
    next_hold: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Closed,
    Open { until: Timestamp },
    HalfOpen,
    Recovering { since: Timestamp },
}

/// Counts over a time that starts anew when it has passed: cheap, and precise enough to open a circuit.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    since: Timestamp,
    attempts: u32,
    failures: u32,
}

impl Circuit {
    /// A closed circuit.
    pub fn new(policy: CircuitPolicy) -> Self {
        let next_hold = policy.hold;
        let window = Window::default();
        Self { policy, phase: Phase::Closed, consecutive_failures: 0, window, next_hold }
    }

    /// Whether an attempt may start at `now`.
    pub fn admit(&mut self, now: Timestamp) -> Admission {
        match self.phase {
            Phase::Closed => Admission::UpTo(u32::MAX),
            Phase::Open { until } if now < until => Admission::HoldUntil(until),
            Phase::Open { .. } => {
                self.phase = Phase::HalfOpen;
                Admission::UpTo(1)
            }
            Phase::HalfOpen => Admission::UpTo(1),
            Phase::Recovering { since } => {
                let limit = self.ramp(since, now);
                if limit >= 1 << 10 {
                    self.phase = Phase::Closed;
                }
                Admission::UpTo(limit)
            }
        }
    }

    /// Takes note that an attempt succeeded. True when the circuit has left its half-open state.
    pub fn succeeded(&mut self, now: Timestamp) -> bool {
        self.consecutive_failures = 0;
        self.count(now, false);
        if matches!(self.phase, Phase::HalfOpen) && !is_planted(Bug::CircuitNeverCloses) {
            self.next_hold = self.policy.hold;
            self.window = Window { since: now, ..Window::default() };
            self.phase = Phase::Recovering { since: now };
            return true;
        }
        false
    }

    /// Takes note that an attempt failed. True when that opened the circuit.
    pub fn failed(&mut self, now: Timestamp) -> bool {
        self.consecutive_failures = self.consecutive_failures.saturating_add(1);
        self.count(now, true);
        let opens = match self.phase {
            // What was under way when it opened says nothing new.
            Phase::Open { .. } => false,
            Phase::HalfOpen => true,
            Phase::Closed | Phase::Recovering { .. } => self.has_failed_enough(),
        };
        if opens {
            self.phase = Phase::Open { until: now.plus(self.next_hold) };
            self.next_hold = self.next_hold.saturating_mul(2).min(self.policy.hold_max);
            self.consecutive_failures = 0;
            self.window = Window { since: now, ..Window::default() };
        }
        opens
    }

    /// A probe ended without telling anything about the destination: the next one is let through.
    pub fn probe_again(&mut self, now: Timestamp) {
        if matches!(self.phase, Phase::HalfOpen) {
            self.phase = Phase::Open { until: now };
        }
    }

    /// Begins again with a probe, whatever was before: after a destination has been switched off.
    /// Does nothing when the breaker is switched off.
    pub fn probe_first(&mut self, now: Timestamp) {
        if self.policy.failures > 0 {
            self.phase = Phase::Open { until: now };
        }
    }

    /// The state at `now`.
    pub fn state(&self, now: Timestamp) -> CircuitState {
        match self.phase {
            Phase::Closed => CircuitState::Closed,
            Phase::Open { until } => CircuitState::Open(until),
            Phase::HalfOpen => CircuitState::HalfOpen,
            Phase::Recovering { since } => CircuitState::Recovering(self.ramp(since, now)),
        }
    }

    /// Twice as many at once after each step of the ramp, from 1.
    fn ramp(&self, since: Timestamp, now: Timestamp) -> u32 {
        let step = self.policy.ramp.as_millis().max(1);
        let steps = now.since(since).as_millis() / step;
        1_u32.checked_shl(u32::try_from(steps).unwrap_or(u32::MAX)).unwrap_or(u32::MAX)
    }

    fn has_failed_enough(&self) -> bool {
        if self.policy.failures == 0 {
            return false;
        }
        let rate = f64::from(self.window.failures) / f64::from(self.window.attempts.max(1));
        self.consecutive_failures >= self.policy.failures
            || self.window.attempts >= self.policy.min_attempts && rate >= self.policy.failure_rate
    }

    fn count(&mut self, now: Timestamp, failed: bool) {
        if now.since(self.window.since) > self.policy.window {
            self.window = Window { since: now, ..Window::default() };
        }
        self.window.attempts = self.window.attempts.saturating_add(1);
        self.window.failures = self.window.failures.saturating_add(u32::from(failed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000_000 + seconds * 1000)
    }

    fn open_after_five_failures() -> Circuit {
        let mut circuit = Circuit::new(CircuitPolicy::default());
        let opened: Vec<bool> = (0..5).map(|_| circuit.failed(at(0))).collect();
        assert_eq!(opened, [false, false, false, false, true]);
        circuit
    }

    #[test]
    fn opens_after_consecutive_failures_and_holds() {
        let mut circuit = open_after_five_failures();
        assert_eq!(circuit.admit(at(9)), Admission::HoldUntil(at(10)));
        assert_eq!(circuit.state(at(9)), CircuitState::Open(at(10)));
    }

    #[test]
    fn a_success_between_starts_the_count_anew() {
        let mut circuit = Circuit::new(CircuitPolicy::default());
        for _ in 0..4 {
            assert!(!circuit.failed(at(0)));
        }
        circuit.succeeded(at(0));
        assert!((0..4).all(|_| !circuit.failed(at(0))));
    }

    #[test]
    fn opens_at_the_failure_rate() {
        let mut circuit = Circuit::new(CircuitPolicy::default());
        let opened = (0..30)
            .map(|n| if n % 2 == 0 { circuit.failed(at(1)) } else { circuit.succeeded(at(1)) });
        assert_eq!(opened.filter(|&opened| opened).count(), 1);
    }

    #[test]
    fn forgets_failures_that_are_older_than_the_window() {
        let mut circuit = Circuit::new(CircuitPolicy::default());
        for minute in 0..40 {
            assert!(!circuit.failed(at(minute * 61)));
            circuit.succeeded(at(minute * 61));
        }
    }

    #[test]
    fn probes_once_then_ramps_up() {
        let mut circuit = open_after_five_failures();
        assert_eq!(circuit.admit(at(10)), Admission::UpTo(1));
        assert_eq!(circuit.state(at(10)), CircuitState::HalfOpen);
        assert!(circuit.succeeded(at(11)));
        let ramp: Vec<Admission> = [11, 16, 21, 26].map(|second| circuit.admit(at(second))).into();
        assert_eq!(ramp, [1, 2, 4, 8].map(Admission::UpTo));
        circuit.admit(at(11 + 50));
        assert_eq!(circuit.state(at(100)), CircuitState::Closed);
    }

    #[test]
    fn holds_longer_each_time_a_probe_fails() {
        let mut circuit = open_after_five_failures();
        let mut now = 10;
        for hold in [20, 40, 80, 160, 320, 600, 600] {
            assert_eq!(circuit.admit(at(now)), Admission::UpTo(1));
            assert!(circuit.failed(at(now)));
            assert_eq!(circuit.state(at(now)), CircuitState::Open(at(now + hold)));
            now += hold;
        }
    }

    #[test]
    fn a_failure_that_was_under_way_does_not_lengthen_the_hold() {
        let mut circuit = open_after_five_failures();
        assert!(!circuit.failed(at(5)));
        assert_eq!(circuit.state(at(5)), CircuitState::Open(at(10)));
    }

    #[test]
    fn can_begin_with_a_probe() {
        let mut circuit = Circuit::new(CircuitPolicy::default());
        circuit.probe_first(at(0));
        assert_eq!(circuit.admit(at(0)), Admission::UpTo(1));
        assert!(circuit.succeeded(at(1)));
        assert_eq!(circuit.state(at(1)), CircuitState::Recovering(1));
    }

    #[test]
    fn can_be_switched_off() {
        let mut circuit = Circuit::new(CircuitPolicy { failures: 0, ..CircuitPolicy::default() });
        circuit.probe_first(at(0));
        assert!((0..100).all(|_| !circuit.failed(at(0))));
    }
}
