//! What people and machines are told about a running hub: metrics and logs.

mod escape;
mod handles;
pub mod log;
mod metrics;
mod process;
mod reasons;
mod recorder;
mod roster;
mod table;

pub(crate) use metrics::circuit_word;
pub use metrics::{Counted, Metrics, OpenConnection, Scrape};
pub use recorder::Recorder;
pub use table::reference;
