//! Counters, gauges and histograms, as Prometheus reads them.

use std::time::Duration;

use hookyard_model::Name;

/// What is counted.
#[derive(Debug, Default)]
pub struct Metrics {}

impl Metrics {
    /// An event was stored.
    pub fn accepted(&self, _source: &Name) {}

    /// A repeat of a stored event was told.
    pub fn duplicate(&self, _source: &Name) {}

    /// A request was refused with this problem code.
    pub fn rejected(&self, _source: Option<&Name>, _code: &'static str) {}

    /// From the first byte of a request to its answer.
    pub fn answered(&self, _source: &Name, _took: Duration) {}
}
