//! A time to delete by.

use std::time::{Duration, Instant};

use hookyard_model::Timestamp;

/// Believes the clock late, because what is deleted does not come back: a clock that is set wrong
/// and put right again, as it happens when a machine starts, must not void the keys of a month.
///
/// The time is the lowest of at least two readings over a while, so it stands still until that
/// while is over, and a later one corrects it in either direction.
pub(super) struct LateClock {
    doubt: Duration,
    /// When the first reading of this while was taken, and the lowest since.
    lowest: Option<(Instant, Timestamp)>,
    believed: Timestamp,
}

impl LateClock {
    pub(super) const fn new(doubt: Duration) -> Self {
        Self { doubt, lowest: None, believed: Timestamp::EPOCH }
    }

    /// The clock was read.
    pub(super) fn saw(&mut self, reading: Timestamp, at: Instant) {
        let Some((since, lowest)) = self.lowest else {
            self.lowest = Some((at, reading));
            return;
        };
        let lowest = lowest.min(reading);
        if at.duration_since(since) >= self.doubt {
            self.believed = lowest;
            self.lowest = Some((at, reading));
        } else {
            self.lowest = Some((since, lowest));
        }
    }

    /// The time that is believed; the epoch as long as none is.
    pub(super) const fn now(&self) -> Timestamp {
        self.believed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn believes_what_lasts() {
        let (hour, start) = (Duration::from_hours(1), Instant::now());
        let (right, wrong) = (Timestamp::from_millis(1_000), Timestamp::from_millis(9_000));
        let mut clock = LateClock::new(hour);
        // Minutes, what was read, what is believed then.
        let readings = [
            (70, wrong, Timestamp::EPOCH),
            (71, right, Timestamp::EPOCH),
            (129, wrong, Timestamp::EPOCH),
            (130, wrong, right),
            (140, wrong, right),
            (190, wrong, wrong),
            (200, right, wrong),
            (250, right, right),
        ];
        for (minutes, reading, believed) in readings {
            clock.saw(reading, start + Duration::from_mins(minutes));
            assert_eq!(clock.now(), believed, "after {minutes} minutes");
        }
    }
}
