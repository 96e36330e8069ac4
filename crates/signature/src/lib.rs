#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! [`provider`] finds a provider in the table [`PROVIDERS`]; a [`Verifier`] is a [`Scheme`] with
//! its [`Secret`]s; [`Rejection`] says what is wrong with a request; [`Generic`] builds a scheme
//! from settings; [`explain()`] finds out which mistake made a verification fail, [`suggest`] whom
//! an unknown request looks like; [`Fact`] says what is found in a request once it is verified; a
//! [`Responder`] answers what is no event but a provider's question ([`Handshake`]); an
//! [`Acknowledgement`] is what some want to hear when an event is kept.

mod acknowledgement;
mod bespoke;
mod carrier;
mod der;
mod encoding;
mod explain;
mod fact;
mod fetch;
mod form;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod generic;
mod handshake;
mod items;
mod json;
mod jwt;
mod key;
mod message;
mod modular;
mod p256;
mod place;
mod provider;
mod public_key;
mod received;
mod rejection;
mod rsa_sha1;
mod scheme;
mod secret;
mod signed;
mod suggestion;
mod template;
mod test_key;
mod time;
mod token;
pub mod vectors;
mod verifier;
mod words;
mod writing;

pub use acknowledgement::Acknowledgement;
pub use bespoke::Bespoke;
pub use encoding::Encoding;
pub use explain::{Case, Certainty, Explanation, Finding, Mistake, OtherSecret, Refusal, explain};
pub use fact::{Fact, Piece};
pub use fetch::{AccessToken, Authorization, Fetch, FetchBody};
pub use generic::Generic;
pub use handshake::{
    Alphabet, Answer, Asked, Body, Challenge, Handshake, Mark, Question, Reply, Responder, Said,
    Trust, Unanswered,
};
pub use items::{Item, ItemBody, Items, NotSplit};
pub use provider::{Category, Confidence, PROVIDERS, Provider, Setting, provider};
pub use received::{Headers, Received, UnixSeconds};
pub use rejection::{ConfigurationError, Credential, Rejection, SigningError};
pub use scheme::{
    Algorithm, Carrier, Covers, Format, KeyForm, Part, Place, Scheme, Signed, Text, Timestamp,
    Token, Unit,
};
pub use secret::Secret;
pub use suggestion::{Suggestion, suggest};
pub use template::{TemplateError, TemplateProblem, parse_template};
pub use test_key::TestKeyPair;
pub use verifier::{Options, Proof, Verified, Verifier};
