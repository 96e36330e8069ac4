//! How many things may happen in a span of time.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::Timestamp;

/// So many in each period: `50/s` is 50 in each second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: NonZeroU32,
    /// In what time.
    pub period: Duration,
}

impl std::str::FromStr for Rate {
    type Err = &'static str;

    /// Reads `50/s`, `100/m` and `1000/h`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str =
            "expected a whole number from 1, `/` and `s`, `m` or `h`, such as \"50/s\"";
        let (count, unit) = text.split_once('/').ok_or(FORM)?;
        let seconds = match unit.trim() {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            _ => return Err(FORM),
        };
        Ok(Self {
            count: count.trim().parse().map_err(|_| FORM)?,
            period: Duration::from_secs(seconds),
        })
    }
}

/// Lets things through at a [`Rate`], evenly, with a burst after a pause.
///
/// The generic cell rate algorithm: one number says when the next thing would be due if all so
/// far had been spread evenly; how far that may lie ahead of `now` is the burst.
#[derive(Clone, Debug)]
pub struct RateLimiter {
    /// Microseconds from one thing to the next.
    gap: u64,
    /// Microseconds that a burst may run ahead.
    burst: u64,
    /// When the next thing would be due, in microseconds since the epoch.
    due: u64,
}

impl RateLimiter {
    /// A limiter whose burst is `burst` things; 1 spreads them evenly from the start.
    pub fn new(rate: Rate, burst: NonZeroU32) -> Self {
        let period = u64::try_from(rate.period.as_micros()).unwrap_or(u64::MAX);
        let gap = (period / u64::from(rate.count.get())).max(1);
        let burst = gap.saturating_mul(u64::from(burst.get() - 1));
        Self { gap, burst, due: 0 }
    }

    /// Takes one place now, or says how long to wait for one.
    pub fn take(&mut self, now: Timestamp) -> Result<(), Duration> {
        let now = now.as_millis().saturating_mul(1000);
        // A clock that was set back must not close the gate for as long as it was set back.
        let most = now.saturating_add(self.burst).saturating_add(self.gap);
        let due = self.due.clamp(now, most);
        let early = due.saturating_sub(now).saturating_sub(self.burst);
        // Whole milliseconds: a caller that waits a part of one would ask again too early.
        if early >= 1000 {
            return Err(Duration::from_millis(early.div_ceil(1000)));
        }
        self.due = due.saturating_add(self.gap);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(text: &str, burst: u32) -> RateLimiter {
        RateLimiter::new(text.parse().unwrap(), NonZeroU32::new(burst).unwrap())
    }

    #[test]
    fn reads_rates() {
        assert_eq!("50/s".parse::<Rate>().unwrap().period, Duration::from_secs(1));
        assert_eq!("7/m".parse::<Rate>().unwrap().count.get(), 7);
        for text in ["0/s", "-1/s", "5", "5/d", "/s", "1.5/s", ""] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }

    #[test]
    fn spreads_evenly_after_the_burst() {
        let mut limiter = limiter("10/s", 3);
        let at = |millis: u64| Timestamp::from_millis(1_000_000 + millis);
        for _ in 0..3 {
            assert_eq!(limiter.take(at(0)), Ok(()));
        }
        assert_eq!(limiter.take(at(0)), Err(Duration::from_millis(100)));
        assert_eq!(limiter.take(at(100)), Ok(()));
        assert_eq!(limiter.take(at(100)), Err(Duration::from_millis(100)));
        for _ in 0..3 {
            assert_eq!(limiter.take(at(10_000)), Ok(()));
        }
        assert!(limiter.take(at(10_000)).is_err());
    }

    #[test]
    fn a_second_lets_through_what_the_rate_says() {
        for (rate, per_second) in [("50/s", 50), ("3000/s", 3000), ("60/m", 1)] {
            let mut limiter = limiter(rate, 1);
            let taken = (0..10_000).filter(|&millis| {
                (0..5).fold(false, |any, _| {
                    limiter.take(Timestamp::from_millis(1_000_000 + millis)).is_ok() | any
                })
            });
            let expected = if per_second > 1000 { 10_000 } else { per_second * 10 };
            assert!(taken.count().abs_diff(expected) <= 1 + expected / 100, "{rate}");
        }
    }

    #[test]
    fn survives_a_clock_that_is_set_back() {
        let mut limiter = limiter("1/s", 1);
        assert_eq!(limiter.take(Timestamp::from_millis(10_000_000)), Ok(()));
        assert!(limiter.take(Timestamp::from_millis(1_000)).unwrap_err() <= Duration::from_secs(1));
    }
}
