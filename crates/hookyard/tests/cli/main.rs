//! The command line, tested through the real binary.
//!
//! `reference` keeps `docs/reference/cli.md` current and `pages` `docs/providers`, `basics` has what
//! needs no hub, `trigger` sends to a server in the test, `configured` to the hub of a folder and
//! `every_provider` to a hub, `verify` asks no one, `dev` and `serve` start hubs, `asking` asks one.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod asking;
mod basics;
mod configured;
mod dev;
mod every_provider;
mod pages;
mod published;
mod reference;
mod serve;
mod support;
mod trigger;
mod verify;
