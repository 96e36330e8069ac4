//! Where webhooks come in.
//!
//! A connection is accepted by `listener`, guarded against slow and malformed senders by
//! `connection`, and its requests are taken by `road`: who is it for and may they
//! (`head`, `host`, `peer`, `gate`) → read the very bytes (`body`) → verify → store → answer.
//! What is no event but a provider's question (`question`) is answered and not stored.
//!
//! Nothing is answered with a 2xx before the store has said that it is on disk.

mod answer;
mod batch;
mod body;
mod connection;
mod dedupe;
mod gate;
mod handed_over;
mod head;
mod host;
mod keep;
mod listener;
mod open;
mod peer;
mod quarantine;
mod question;
mod refusals;
mod road;
#[cfg(test)]
mod tests;

pub use listener::{Ingest, Listening, TlsSetting};
