//! The engine over a real store, with a transport that does what the test says. Waits for what
//! the engine tells its observer, never for a time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what the tests are made of may panic like the tests do"
)]

mod flow;
mod hold;
mod load;
mod scene;
mod stop;
mod wire;
