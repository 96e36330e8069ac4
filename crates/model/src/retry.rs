//! When a delivery that failed is tried again.

use std::time::Duration;

use crate::{DeadLetterReason, Next, Outcome, Timestamp};

const SECOND: u64 = 1;
const MINUTE: u64 = 60;
const HOUR: u64 = 3600;

/// The waits between the ten attempts that Standard Webhooks recommends, 75 hours in all
/// (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).
const STANDARD_WAITS: [u64; 9] = [
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
];

/// However long a destination asks us to wait, we ask again after a day.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * HOUR);

/// How often a delivery is tried, and how long is waited in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetryPolicy {
    /// One wait after each failed attempt but the last; so there is one attempt more than waits.
    Schedule(Vec<Duration>),
    /// Waits that double: `base`, 2 × `base`, 4 × `base` …, never more than `max`.
    Exponential {
        /// How many attempts in all, at least 1.
        attempts: u32,
        /// The first wait.
        base: Duration,
        /// The longest wait.
        max: Duration,
    },
}

impl Default for RetryPolicy {
    /// The ten attempts that Standard Webhooks recommends.
    fn default() -> Self {
        Self::Schedule(STANDARD_WAITS.map(Duration::from_secs).to_vec())
    }
}

impl RetryPolicy {
    /// How many attempts a delivery gets before it becomes a dead letter.
    pub fn attempts(&self) -> u32 {
        match self {
            Self::Schedule(waits) => {
                u32::try_from(waits.len()).unwrap_or(u32::MAX).saturating_add(1)
            }
            Self::Exponential { attempts, .. } => (*attempts).max(1),
        }
    }

    /// The wait after the `step`-th failed attempt, counted from 1; `None` when that was the last one.
    fn wait(&self, step: u32) -> Option<Duration> {
        let index = step.checked_sub(1)?;
        match self {
            Self::Schedule(waits) => waits.get(usize::try_from(index).ok()?).copied(),
            Self::Exponential { attempts, base, max } => {
                let factor = 2_u32.checked_pow(index).unwrap_or(u32::MAX);
                (step < *attempts).then(|| base.saturating_mul(factor).min(*max))
            }
        }
    }

    /// Decides what becomes of a delivery after an attempt, the `step`-th of this schedule.
    ///
    /// `jitter`, from 0 to 1, is how far along the extra fifth of the wait to go, so that
    /// deliveries that failed together do not come back together. It only ever adds: a
    /// destination that asked us to stay away for a minute is left alone for a minute.
    pub fn next(&self, outcome: &Outcome, step: u32, now: Timestamp, jitter: f64) -> Next {
        let retry_after = match outcome {
            Outcome::Succeeded => return Next::Succeeded,
            Outcome::Gone => return Next::DeadLetter(DeadLetterReason::Gone),
            Outcome::Refused => return Next::DeadLetter(DeadLetterReason::AddressRefused),
            Outcome::Failed { retry_after } => retry_after.unwrap_or_default(),
        };
        let Some(wait) = self.wait(step) else {
            return Next::DeadLetter(DeadLetterReason::Exhausted);
        };
        let wait =
            wait.max(retry_after.min(RETRY_AFTER_MAX)).mul_f64(1.0 + jitter.clamp(0.0, 1.0) / 5.0);
        Next::RetryAt(now.plus(wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn failed(retry_after: Option<u64>) -> Outcome {
        Outcome::Failed { retry_after: retry_after.map(Duration::from_secs) }
    }

    fn retry_in(seconds: u64) -> Next {
        Next::RetryAt(NOW.plus(Duration::from_secs(seconds)))
    }

    #[test]
    fn follows_the_schedule() {
        let exhausted = Next::DeadLetter(DeadLetterReason::Exhausted);
        let cases = [
            (Outcome::Succeeded, 1, 0.5, Next::Succeeded),
            (Outcome::Gone, 1, 0.5, Next::DeadLetter(DeadLetterReason::Gone)),
            (Outcome::Refused, 1, 0.5, Next::DeadLetter(DeadLetterReason::AddressRefused)),
            (failed(None), 1, 0.0, retry_in(5)),
            (failed(None), 1, 1.0, retry_in(6)),
            (failed(None), 9, 0.0, retry_in(24 * HOUR)),
            (failed(None), 10, 0.0, exhausted.clone()),
            (failed(Some(120)), 1, 0.0, retry_in(120)),
            (failed(Some(1)), 1, 0.0, retry_in(5)),
            (failed(Some(1_000_000_000)), 2, 0.0, retry_in(24 * HOUR)),
            (failed(Some(120)), 10, 0.0, exhausted),
        ];
        for (outcome, step, jitter, expected) in cases {
            let next = RetryPolicy::default().next(&outcome, step, NOW, jitter);
            assert_eq!(next, expected, "{outcome:?} at step {step}");
        }
        assert_eq!(RetryPolicy::default().attempts(), 10);
    }

    #[test]
    fn doubles_up_to_the_longest_wait() {
        let policy = RetryPolicy::Exponential {
            attempts: 50,
            base: Duration::from_secs(5),
            max: Duration::from_secs(60),
        };
        let waits = [5, 10, 20, 40, 60, 60];
        for (step, seconds) in (1..).zip(waits) {
            assert_eq!(policy.next(&failed(None), step, NOW, 0.0), retry_in(seconds));
        }
        assert_eq!(policy.next(&failed(None), 49, NOW, 0.0), retry_in(60));
        assert!(matches!(policy.next(&failed(None), 50, NOW, 0.0), Next::DeadLetter(_)));
    }
}
