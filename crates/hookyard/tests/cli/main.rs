//! The command line, tested through the real binary.
//!
//! `reference` keeps `docs/reference/cli.md` current, `basics` has what needs no hub, `trigger`
//! sends to a server in the test.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod basics;
mod reference;
mod support;
mod trigger;
