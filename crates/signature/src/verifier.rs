//! A scheme with its secrets, built once and used for every request, in both directions.

use std::fmt;

use crate::key::Key;
use crate::scheme::{Covers, Scheme, Text, Token};
use crate::signed::KeyedScheme;
use crate::token::Tokens;
use crate::twilio::Twilio;
use crate::{ConfigurationError, Received, Rejection, Secret, SigningError, UnixSeconds};

/// What a user may set for any scheme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// How far a signed timestamp may be from now, in seconds and in both directions, instead of
    /// what the scheme says. Without effect where the scheme signs no timestamp.
    pub tolerance: Option<u64>,
}

/// What is known of an accepted request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Which of the configured secrets made the signature, counted from 0. When the old secret
    /// of a rotation is no longer seen here, it can be removed.
    pub secret: usize,
    /// When the request was signed, for schemes that sign the time.
    pub signed_at: Option<UnixSeconds>,
}

/// What makes a request a signed one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Headers to add, names in lower case.
    pub headers: Vec<(Text, String)>,
    /// The URL to use instead, where the scheme puts something into it (Twilio's `bodySHA256`).
    pub url: Option<String>,
}

/// A scheme with its secrets. Holds HMAC states that are already keyed, so that a request costs
/// one hash over what is signed. Shared between threads as it is.
pub struct Verifier {
    covers: Covers,
    tolerance: Option<u64>,
    secrets: usize,
    inner: Inner,
}

enum Inner {
    Signed(Box<KeyedScheme>),
    Token(Token, Tokens),
    Basic(Tokens),
    Twilio(Twilio),
}

impl Verifier {
    /// Makes the keys ready. Several secrets are live at once while one is being rotated out; the
    /// first is the one to sign with.
    ///
    /// # Errors
    ///
    /// A secret that is missing, or that does not have the form which the scheme needs.
    pub fn new(
        scheme: &Scheme,
        secrets: Vec<Secret>,
        options: Options,
    ) -> Result<Self, ConfigurationError> {
        if secrets.is_empty() {
            return Err(ConfigurationError::NoSecret);
        }
        let covers = scheme.covers();
        let tolerance =
            if covers.timestamp { options.tolerance.or(scheme.tolerance()) } else { None };
        let count = secrets.len();
        let inner = match scheme {
            Scheme::Signed(signed) => {
                let keys =
                    secrets.iter().map(|secret| Key::new(secret, signed.key, signed.algorithm));
                let keys = keys.collect::<Result<_, _>>()?;
                Inner::Signed(Box::new(KeyedScheme { scheme: signed.clone(), keys, tolerance }))
            }
            Scheme::Token(token) => Inner::Token(token.clone(), Tokens::new(secrets)),
            Scheme::Basic => Inner::Basic(Tokens::basic(secrets)?),
            Scheme::Twilio => Inner::Twilio(Twilio::new(&secrets)?),
        };
        Ok(Self { covers, tolerance, secrets: count, inner })
    }

    /// Accepts the request if any of the secrets signed it and, where the time is signed, it is
    /// recent at `now`. Never panics, whatever the request holds.
    ///
    /// # Errors
    ///
    /// What is wrong with the request.
    pub fn verify(&self, request: &Received<'_>, now: UnixSeconds) -> Result<Verified, Rejection> {
        match &self.inner {
            Inner::Signed(keyed) => keyed.verify(request, now),
            Inner::Token(token, tokens) => tokens.verify(token, request),
            Inner::Basic(tokens) => tokens.verify_basic(request),
            Inner::Twilio(twilio) => twilio.verify(request),
        }
    }

    /// Signs a request as the provider would, at `now`. `id` is used by schemes that sign one;
    /// whatever headers `request` has that the proof also has are to be replaced.
    ///
    /// Signatures that come as a list are made with every secret, others with the first.
    ///
    /// # Errors
    ///
    /// There is no private key, the id cannot be signed, or a header that is signed is missing.
    pub fn sign(
        &self,
        request: &Received<'_>,
        id: &str,
        now: UnixSeconds,
    ) -> Result<Proof, SigningError> {
        match &self.inner {
            Inner::Signed(keyed) => keyed.sign(request, id, now),
            Inner::Token(token, tokens) => tokens.sign(token),
            Inner::Basic(tokens) => Ok(tokens.sign_basic()),
            Inner::Twilio(twilio) => Ok(twilio.sign(request)),
        }
    }

    /// What the proof protects.
    pub const fn covers(&self) -> Covers {
        self.covers
    }

    /// How far a signed timestamp may be from now, in seconds. `None` means that requests never
    /// grow too old, so that duplicates must be remembered for longer.
    pub const fn tolerance(&self) -> Option<u64> {
        self.tolerance
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("secrets", &self.secrets)
            .field("tolerance", &self.tolerance)
            .field("covers", &self.covers)
            .finish_non_exhaustive()
    }
}
