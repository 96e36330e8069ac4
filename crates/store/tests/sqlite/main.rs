//! The store on real SQLite files: the promises of every store, and those that only a file can break.

#![allow(clippy::doc_markdown, reason = "SQLite is written so, and is no identifier")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, and what they share")]

mod batches;
mod child;
mod crash;
mod deadline;
mod full;
mod open;
mod place;
mod sealing;
mod unreadable;
mod upkeep;

mod conformance {
    use super::place::Folder;

    hookyard_store::conformance_suite!(Folder::new());
}
