//! Writes refusals to the log, but not as many as somebody might like to cause.

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hookyard_model::{Name, Rate, RateLimiter, Timestamp};

use crate::problem::Problem;

/// Lines a second, on average and at once.
const LINES: NonZeroU32 = NonZeroU32::new(20).unwrap();
const LINES_AT_ONCE: NonZeroU32 = NonZeroU32::new(100).unwrap();

/// The log of refusals. All of them are counted in the metrics.
pub(super) struct Refusals(Mutex<State>);

struct State {
    limiter: RateLimiter,
    /// Refusals since the last line, for which there was none.
    unlogged: u64,
}

/// What is written of a refusal.
pub(super) struct Refused<'r> {
    pub(super) source: Option<&'r Name>,
    pub(super) problem: &'r Problem,
    pub(super) request_id: &'r str,
    /// Whom the request looks like. Asked only for what is written down.
    pub(super) looks_like: &'r dyn Fn() -> Option<String>,
}

impl Default for Refusals {
    fn default() -> Self {
        let rate = Rate { count: LINES, period: Duration::from_secs(1) };
        let limiter = RateLimiter::new(rate, LINES_AT_ONCE);
        Self(Mutex::new(State { limiter, unlogged: 0 }))
    }
}

impl Refusals {
    /// Writes a refusal down, unless there are too many of them just now.
    pub(super) fn log(&self, now: Timestamp, refused: &Refused<'_>) {
        let Some(unlogged) = self.take(now) else { return };
        let Refused { source, problem, request_id, .. } = refused;
        let source = source.map(tracing::field::display);
        let status = problem.kind.status().as_u16();
        let (code, detail) = (problem.code, problem.detail.as_str());
        let quarantined = problem.quarantined.map(tracing::field::display);
        let looks_like = (refused.looks_like)();
        // How many before this one were not written down, where that is so.
        let unlogged = (unlogged > 0).then_some(unlogged);
        tracing::info!(
            source,
            status,
            code,
            request_id,
            quarantined,
            detail,
            looks_like,
            unlogged,
            "refused"
        );
    }

    /// Whether a line may be written, and how many refusals went without one before.
    fn take(&self, now: Timestamp) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.limiter.take(now).is_err() {
            state.unlogged += 1;
            return None;
        }
        Some(std::mem::take(&mut state.unlogged))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_gets_few_lines_and_a_number() {
        let refusals = Refusals::default();
        let at = Timestamp::from_millis(1_000_000);
        let lines = (0..1000).filter(|_| refusals.take(at).is_some()).count();
        assert_eq!(lines, 100);
        assert_eq!(refusals.take(at.plus(Duration::from_secs(1))), Some(900));
    }
}
