//! What the engine is told once, at its start.

use std::time::Duration;

use hookyard_model::Timeouts;

/// How the engine treats its own resources. What concerns one destination stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long a delivery belongs to this process once it has taken it. Lengthened for a
    /// destination whose attempts may take longer.
    pub lease: Duration,
    /// How much of a lease has to be left, beside the longest time that an attempt may take, for
    /// an attempt to begin: to settle it before somebody else takes it up.
    pub slack: Duration,
    /// How many deliveries to one destination wait in memory.
    pub queue: usize,
    /// How many bytes of bodies wait in memory for one destination.
    pub queue_bytes: usize,
    /// How often the store is asked for what nobody told us about: what a dead process left.
    pub sweep: Duration,
    /// What we call ourselves towards destinations.
    pub user_agent: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(120),
            slack: Duration::from_secs(10),
            queue: 1024,
            queue_bytes: 16 * 1024 * 1024,
            sweep: Duration::from_secs(30),
            user_agent: concat!("Hookyard/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

impl Settings {
    /// What has to be left of a lease for an attempt to begin.
    pub(crate) fn needed(&self, timeouts: &Timeouts) -> Duration {
        timeouts.total.saturating_add(self.slack)
    }

    /// How long deliveries to a destination are leased: so long that each can wait its turn
    /// through at least one full attempt before it.
    pub(crate) fn lease_for(&self, timeouts: &Timeouts) -> Duration {
        self.lease.max(self.needed(timeouts).saturating_mul(2))
    }
}
