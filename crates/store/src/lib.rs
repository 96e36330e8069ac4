//! Where Hookyard keeps events and deliveries.
//!
//! [`SqliteStore`] keeps them in one file, with nothing to install. It keeps the promises of
//! [`hookyard_model::Store`], which the suite in `conformance` (a feature) checks for any store.
//!
//! All SQL of the project is in this crate.

#![allow(clippy::doc_markdown, reason = "SQLite is written so, and is no identifier")]

#[cfg(feature = "conformance")]
pub mod conformance;
mod sqlite;

#[cfg(feature = "fault-injection")]
pub use sqlite::{Disk, ReaderByHand, WriterByHand};
pub use sqlite::{OpenError, Options, SqliteStore};
