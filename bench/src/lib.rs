//! What the harness's programs share. None of it comes from the hub: it signs, sends, receives
//! and counts with its own code, so that a mistake of the hub's is not made twice.
#![expect(clippy::print_stderr, reason = "the programs tell on stderr what they are doing")]

pub mod client;
pub mod clock;
pub mod disk;
pub mod document;
pub mod github;
pub mod hub;
pub mod latency;
pub mod ledger;
pub mod load;
pub mod outcome;
pub mod process;
pub mod provenance;
pub mod published;
pub mod random;
pub mod record;
pub mod report;
pub mod results;
pub mod scheme;
#[cfg(feature = "simulation")]
pub mod simulation;
pub mod trial;
pub mod verify;
