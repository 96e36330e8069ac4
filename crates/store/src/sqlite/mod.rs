//! Everything in one SQLite file.
//!
//! How it is made, and why:
//!
//! - One thread writes, in groups: [`writer`]. Three read: [`reader`]. Another moves the log into the
//!   database: [`checkpoint`]. None of them is a thread of the runtime.
//! - The log is flushed at every commit (`synchronous = FULL`); grouping makes that cheap.
//! - Events are appended in the order of their ids, and there is no index in random order; how
//!   repeats are told nevertheless is said in [`dedupe`].
//! - The queue is the table of deliveries with an index of those that are pending: [`queue`]. How
//!   the oldest of them is found without a second one: [`oldest`].
//! - After a failed disk the writer stops for good: [`fault`].

mod accept;
#[cfg(feature = "fault-injection")]
mod by_hand;
mod cell;
mod checkpoint;
mod dedupe;
mod delivery;
mod event;
mod fault;
mod inbox;
mod items;
mod lock;
mod migrate;
mod names;
mod oldest;
mod open;
mod quarantine;
mod queue;
mod reader;
mod retention;
mod space;
mod status;
mod store;
mod writer;

#[cfg(feature = "fault-injection")]
pub use by_hand::{Disk, ReaderByHand, WriterByHand};
pub use open::{OpenError, Options};
pub use store::SqliteStore;
