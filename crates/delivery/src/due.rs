//! When the store has work for a lane, as far as the lane has heard.

use std::collections::BTreeSet;

use hookyard_model::Timestamp;

/// Times closer together than this are one: waking up for each alone would gain nothing.
const GRAIN_MILLIS: u64 = 128;
/// More times than this are not remembered; the sweep finds what comes of it.
const REMEMBERED: usize = 4096;

/// The times at which deliveries in the store become due.
#[derive(Debug, Default)]
pub(crate) struct DueTimes(BTreeSet<u64>);

impl DueTimes {
    /// Something is due at `at`, or a moment later.
    pub(crate) fn add(&mut self, at: Timestamp) {
        self.0.insert(at.as_millis().div_ceil(GRAIN_MILLIS));
        if self.0.len() > REMEMBERED {
            self.0.pop_last();
        }
    }

    /// Something is due at once.
    pub(crate) fn add_now(&mut self, now: Timestamp) {
        self.0.insert(now.as_millis() / GRAIN_MILLIS);
    }

    /// The first time, which may have passed.
    pub(crate) fn first(&self) -> Option<Timestamp> {
        self.0.first().map(|grain| Timestamp::from_millis(grain.saturating_mul(GRAIN_MILLIS)))
    }

    /// Whether the first time has come.
    pub(crate) fn has_come(&self, now: Timestamp) -> bool {
        self.first().is_some_and(|first| first <= now)
    }

    /// Forgets the times that have come: the store is about to be asked. Whatever is heard while
    /// it answers counts anew.
    pub(crate) fn take(&mut self, now: Timestamp) -> bool {
        let had = self.has_come(now);
        self.0 = self.0.split_off(&(now.as_millis() / GRAIN_MILLIS + 1));
        had
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_what_has_come_and_keeps_the_rest() {
        let at = Timestamp::from_millis;
        let mut due = DueTimes::default();
        assert!(!due.has_come(at(u64::MAX)) && !due.take(at(u64::MAX)));
        due.add(at(1000));
        assert!(!due.has_come(at(1000)));
        assert_eq!(due.first(), Some(at(1024)));
        due.add_now(at(1000));
        assert!(due.has_come(at(1000)));
        assert!(due.take(at(1000)));
        assert!(!due.take(at(1000)));
        assert!(due.take(at(1024)));
        assert_eq!(due.first(), None);
    }

    #[test]
    fn is_bounded_and_keeps_the_soonest() {
        let mut due = DueTimes::default();
        for second in (0..10_000).rev() {
            due.add(Timestamp::from_millis(second * 1000));
        }
        assert_eq!(due.0.len(), REMEMBERED);
        assert_eq!(due.first(), Some(Timestamp::EPOCH));
    }
}
