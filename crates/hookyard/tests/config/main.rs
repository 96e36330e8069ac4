//! The configuration file, right and wrong, as an operator meets it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod good;
