//! The one place that reads the clock and draws random numbers.

use std::cell::RefCell;
use std::time::{SystemTime, UNIX_EPOCH};

use hookyard_delivery::Clock;
use hookyard_model::{EventId, IdSequence, Timestamp};

/// The machine's clock and its random numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    fn now(&self) -> Timestamp {
        // A clock before 1970 is a clock that was never set; the epoch is as good a guess as any.
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a share between 0 and 1 needs no more precision"
    )]
    fn jitter(&self) -> f64 {
        (random_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// How many random bytes are fetched at once.
const FETCHED: usize = 1024;

thread_local! {
    /// Random bytes that were fetched and not yet used: a system call for each id would cost
    /// more than all else that is done to make it.
    static UNUSED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// 64 random bits from the operating system; each is given out once.
///
/// # Panics
///
/// When the operating system gives no random numbers.
pub fn random_u64() -> u64 {
    UNUSED.with_borrow_mut(|unused| {
        if unused.len() < size_of::<u64>() {
            unused.clear();
            unused.extend_from_slice(&random_bytes::<FETCHED>());
        }
        let rest = unused.len().saturating_sub(size_of::<u64>());
        unused.drain(rest..).fold(0, |number, byte| (number << 8) | u64::from(byte))
    })
}

/// Random bytes from the operating system, for secrets and tokens.
///
/// Where it cannot give any, the process has no business signing or naming things; the system
/// call has not failed on any supported kernel since 2014, so ending the process is fine.
///
/// # Panics
///
/// When the operating system gives no random numbers.
#[expect(clippy::expect_used, reason = "without random numbers nothing here is safe")]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random numbers");
    bytes
}

/// Gives out event ids.
#[derive(Debug)]
pub struct EventIds(IdSequence);

impl EventIds {
    /// Goes on after what the store has seen.
    pub const fn after(last_sequence: u64) -> Self {
        Self(IdSequence::after(last_sequence))
    }

    /// A new id.
    pub fn next(&self, now: Timestamp) -> EventId {
        EventId::new(self.0.next(now), random_u64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_numbers_do_not_repeat() {
        let numbers: std::collections::HashSet<u64> = (0..10_000).map(|_| random_u64()).collect();
        assert_eq!(numbers.len(), 10_000);
    }
}
