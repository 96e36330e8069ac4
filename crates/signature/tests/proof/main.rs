//! Tests through the public API: tampering, properties, naive ways, and what is found in requests.

#![cfg(test)]

mod bespoke;
mod facts;
mod items;
mod jwt;
mod naive;
mod properties;
mod published;
mod settings;
mod support;
mod tampering;
