//! A scheme with its secrets, built once and used for every request, in both directions.

use std::collections::BTreeMap;
use std::fmt;

use crate::bespoke::Prove;
use crate::key::Key;
use crate::scheme::{Covers, Scheme, Text, Token};
use crate::signed::KeyedScheme;
use crate::token::Tokens;
use crate::{ConfigurationError, Fetch, Received, Rejection, Secret, SigningError, UnixSeconds};

/// What a user may set beside the secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// How far a signed timestamp may be from now, in seconds and in both directions, instead of
    /// what the scheme says. Without effect where the scheme signs no timestamp.
    pub tolerance: Option<u64>,
    /// What the provider needs beside the secret, by name ([`crate::Provider::settings`]).
    pub settings: BTreeMap<String, String>,
}

impl Options {
    /// A setting that is there and not blank.
    pub(crate) fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Headers to add, names in lower case.
    pub headers: Vec<(Text, String)>,
    /// The URL to use instead, where the scheme puts something into it (Twilio's `bodySHA256`).
    pub url: Option<String>,
    /// The body to send instead, where the scheme puts something into it.
    pub body: Option<Vec<u8>>,
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
    Bespoke(Box<dyn Prove>),
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
        options: &Options,
    ) -> Result<Self, ConfigurationError> {
        if secrets.is_empty() && scheme.needs_secret() {
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
            Scheme::Bespoke(bespoke) => Inner::Bespoke((bespoke.build)(secrets, options)?),
            Scheme::Unsigned => return Err(ConfigurationError::Unsigned),
        };
        Ok(Self { covers, tolerance, secrets: count, inner })
    }

    /// Accepts the request if any of the secrets signed it and, where the time is signed, it is
    /// recent at `now`. Never panics, whatever the request holds.
    ///
    /// # Errors
    ///
    /// What is wrong with the request.
    ///
    /// A scheme whose keys are fetched refuses with [`Rejection::KeyUnavailable`] here; see
    /// [`Verifier::fetch`].
    pub fn verify(&self, request: &Received<'_>, now: UnixSeconds) -> Result<Verified, Rejection> {
        self.verify_with(request, now, None)
    }

    /// As [`Verifier::verify`], with what was found where [`Verifier::fetch`] said.
    ///
    /// # Errors
    ///
    /// What is wrong with the request, or with what was fetched.
    pub fn verify_with(
        &self,
        request: &Received<'_>,
        now: UnixSeconds,
        fetched: Option<&[u8]>,
    ) -> Result<Verified, Rejection> {
        match &self.inner {
            Inner::Signed(keyed) => keyed.verify(request, now),
            Inner::Token(token, tokens) => tokens.verify(token, request),
            Inner::Basic(tokens) => tokens.verify_basic(request),
            Inner::Bespoke(bespoke) => bespoke.verify(request, now, fetched),
        }
    }

    /// The key to fetch before this request can be verified, for schemes whose keys the provider
    /// publishes. `None` where the keys are configured.
    ///
    /// # Errors
    ///
    /// The request does not say which key, or says one that is not the provider's.
    pub fn fetch(&self, request: &Received<'_>) -> Result<Option<Fetch>, Rejection> {
        match &self.inner {
            Inner::Bespoke(bespoke) => bespoke.fetch(request),
            _ => Ok(None),
        }
    }

    /// Signs a request as the provider would, at `now`. `id` is used by schemes that sign one;
    /// whatever headers `request` has that the proof also has are to be replaced.
    ///
    /// Signatures that come as a list are made with every secret, others with the first.
    ///
    /// For tests where the provider signs with a private key, which nobody else has: a
    /// [`crate::TestKeyPair`] takes its place. Signatures with SHA-1 by one (eBay, Travis CI) are
    /// not made in constant time.
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
            Inner::Token(token, tokens) => tokens.sign(token, request),
            Inner::Basic(tokens) => Ok(tokens.sign_basic()),
            Inner::Bespoke(bespoke) => bespoke.sign(request, id, now),
        }
    }

    /// What the proof protects.
    pub const fn covers(&self) -> Covers {
        self.covers
    }

    /// How many secrets are live. With more than one, [`Verified::secret`] says which are still in
    /// use.
    pub const fn secrets(&self) -> usize {
        self.secrets
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
