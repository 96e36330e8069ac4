//! The configuration file, right and wrong, as an operator meets it.

#![cfg(test)]

mod good;
mod reload;
