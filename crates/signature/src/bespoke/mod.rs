//! Schemes that are not data: canonical requests, tokens of their own, keys that are fetched.

pub(crate) mod adyen;
mod assembled;
pub(crate) mod box_com;
pub(crate) mod braintree;
pub(crate) mod contentful;
pub(crate) mod ebay;
pub(crate) mod fal;
pub(crate) mod hook0;
pub(crate) mod hygraph;
pub(crate) mod jwt;
pub(crate) mod keygen;
pub(crate) mod mailchannels;
pub(crate) mod mercado_pago;
pub(crate) mod microsoft_graph;
pub(crate) mod named_header;
pub(crate) mod paypal;
pub(crate) mod plivo;
mod published;
pub(crate) mod segment;
pub(crate) mod sinch_voice;
pub(crate) mod sns;
pub(crate) mod travis_ci;
pub(crate) mod twilio;

use std::fmt;

use crate::scheme::Covers;
use crate::verifier::{Proof, Verified};
use crate::{
    ConfigurationError, Fetch, Options, Received, Rejection, Secret, SigningError, UnixSeconds,
};

/// A way of signing that one provider has for itself. What it does lies in code; what it promises
/// is data as for every other scheme.
pub struct Bespoke {
    /// What it is called, for people.
    pub name: &'static str,
    /// What the proof is: a signature over what, in which form. It stands in a sentence before
    /// the headers.
    pub about: &'static str,
    /// The headers that belong to the proof, in lower case, the signature's first. Empty where it
    /// stands elsewhere. By these a request is told that has lost some, or came to the wrong place.
    pub headers: &'static [&'static str],
    /// What a proof protects.
    pub covers: Covers,
    /// How far a signed time may be from now, in seconds.
    pub tolerance: Option<u64>,
    /// Whether the provider publishes its keys, so that it can be verified without a secret: the
    /// keys are then fetched from where [`crate::Verifier::fetch`] says.
    pub publishes_keys: bool,
    /// Makes the keys ready.
    pub(crate) build: Build,
}

/// Makes the keys of a scheme ready. There are no secrets only where [`Bespoke::publishes_keys`].
pub(crate) type Build = fn(Vec<Secret>, &Options) -> Result<Box<dyn Prove>, ConfigurationError>;

/// What such a scheme can do, with its keys.
pub(crate) trait Prove: Send + Sync {
    /// As [`crate::Verifier::verify`]. `fetched` is what was found where [`Prove::fetch`] said.
    fn verify(
        &self,
        request: &Received<'_>,
        now: UnixSeconds,
        fetched: Option<&[u8]>,
    ) -> Result<Verified, Rejection>;

    /// As [`crate::Verifier::sign`].
    fn sign(
        &self,
        request: &Received<'_>,
        id: &str,
        now: UnixSeconds,
    ) -> Result<Proof, SigningError>;

    /// As [`crate::Verifier::fetch`].
    fn fetch(&self, _: &Received<'_>) -> Result<Option<Fetch>, Rejection> {
        Ok(None)
    }
}

impl PartialEq for Bespoke {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Bespoke {}

impl fmt::Debug for Bespoke {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bespoke").field("name", &self.name).finish_non_exhaustive()
    }
}
