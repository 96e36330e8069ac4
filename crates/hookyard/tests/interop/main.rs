//! The providers' own packages against the real program: what they sign is accepted here, what we
//! sign is accepted by them, and neither accepts what was tampered with.
//!
//! `cargo xtask test` installs the packages; nothing of them is in this repository. To add one: a
//! case in `node/packages.mjs` or `python/packages.py`, and a line in the list of what to install.

#![allow(unreachable_pub, reason = "the support is written as a library would be")]

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod outgoing;
#[cfg(test)]
mod packages;
#[cfg(test)]
#[path = "../hub/support/mod.rs"]
#[allow(dead_code, reason = "it is written for the tests of the hub, which use all of it")]
mod support;
#[cfg(test)]
mod triggered;
