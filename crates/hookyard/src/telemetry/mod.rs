//! What people and machines are told about a running hub: metrics and logs.

mod metrics;

pub use metrics::Metrics;
