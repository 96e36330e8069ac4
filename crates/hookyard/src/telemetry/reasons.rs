//! Counters of one source or destination that differ by a reason.
//!
//! They are kept by their word, so that counting does not put a set of labels together, and so
//! that they can be taken off the page when the source or the destination goes: a family of
//! `prometheus-client` cannot say which labels it has.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use prometheus_client::metrics::counter::Counter;

/// Counters by a word from the code.
#[derive(Debug, Default)]
pub(super) struct Reasons(RwLock<HashMap<&'static str, Counter>>);

impl Reasons {
    /// Counts one more; `make` gives the counter when the word is new.
    pub(super) fn count(&self, reason: &'static str, make: impl FnOnce() -> Counter) {
        self.count_all(reason, 1, make);
    }

    /// Counts so many more.
    pub(super) fn count_all(
        &self,
        reason: &'static str,
        count: u64,
        make: impl FnOnce() -> Counter,
    ) {
        let counters = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = counters.get(reason) {
            counter.inc_by(count);
            return;
        }
        drop(counters);
        let mut counters = self.0.write().unwrap_or_else(PoisonError::into_inner);
        counters.entry(reason).or_insert_with(make).inc_by(count);
    }

    /// The words that were counted.
    pub(super) fn words(&self) -> Vec<&'static str> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }
}
