//! Hookyard receives webhooks, keeps them safe and delivers them.
//!
//! This crate is the program's wiring and the library's face. The road of a request: [`ingest`]
//! reads and verifies it, the store keeps it, the delivery engine takes it on; [`api`] and
//! [`cli`] let people look and act; [`telemetry`] tells what happens.

pub mod api;
pub mod app;
mod bug;
pub mod cli;
pub mod clock;
pub mod config;
mod explanation;
#[cfg(any(test, feature = "fault-injection"))]
pub mod fault;
pub mod feed;
pub mod ingest;
mod keys;
pub mod problem;
pub mod quarantine;
pub mod reload;
mod retention;
pub mod run;
pub mod sample;
mod stranded;
pub mod telemetry;
