//! Counts what the delivery engine tells.

use std::sync::Arc;

use hookyard_delivery::Observer;
use hookyard_model::{Attempt, CircuitState, Leased, Name, Next, StoreError};

use super::Metrics;

/// Writes what happens to deliveries into the metrics.
#[derive(Clone, Debug)]
pub struct Recorder(pub Arc<Metrics>);

impl Observer for Recorder {
    fn attempt(&self, leased: &Leased, attempt: &Attempt, next: &Next) {
        self.0.attempted(leased, attempt, next);
    }

    fn circuit(&self, destination: &Name, state: CircuitState) {
        self.0.circuit_changed(destination, state);
    }

    fn store_failed(&self, error: &StoreError) {
        self.0.store_failed(error);
    }
}
