//! Static tokens and HTTP basic authentication: the sender shows the secret itself.
//!
//! They say who sends and protect nothing of the request; see [`crate::Covers`].

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::place;
use crate::scheme::{Place, Text, Token};
use crate::verifier::{Proof, Verified};
use crate::{ConfigurationError, Credential, Received, Rejection, Secret, SigningError};

const AUTHORIZATION: Place = Place::Header(Text::Borrowed("authorization"));

/// Secrets with their hashes. Hashes are compared, since they all have one length: comparing the
/// texts would tell how long the secret is.
pub(crate) struct Tokens(Vec<(Secret, [u8; 32])>);

impl Tokens {
    pub(crate) fn new(secrets: Vec<Secret>) -> Self {
        let hash = |secret: Secret| {
            let digest = Sha256::digest(secret.bytes()).into();
            (secret, digest)
        };
        Self(secrets.into_iter().map(hash).collect())
    }

    /// As [`Tokens::new`], and every secret is a user and a password.
    pub(crate) fn basic(secrets: Vec<Secret>) -> Result<Self, ConfigurationError> {
        if secrets.iter().any(|secret| !secret.bytes().contains(&b':')) {
            return Err(ConfigurationError::SecretMalformed { expected: "`user:password`" });
        }
        // Some services show a key as the user and no password; but nobody's is nothing at all.
        let is_blank = |secret: &Secret| {
            secret.bytes().iter().all(|byte| *byte == b':' || byte.is_ascii_whitespace())
        };
        if secrets.iter().any(is_blank) {
            return Err(ConfigurationError::SecretEmpty);
        }
        Ok(Self::new(secrets))
    }

    /// Which of the secrets this is.
    pub(crate) fn position(&self, shown: &[u8]) -> Option<usize> {
        let shown = Sha256::digest(shown);
        self.0.iter().position(|(_, digest)| bool::from(digest.ct_eq(&shown)))
    }

    /// Whether what was shown is one of them.
    pub(crate) fn has(&self, shown: &[u8]) -> bool {
        self.position(shown).is_some()
    }

    /// The secret to sign with.
    pub(crate) fn first(&self) -> &[u8] {
        self.0.first().map(|(secret, _)| secret.bytes()).unwrap_or_default()
    }

    pub(crate) fn verify(
        &self,
        token: &Token,
        request: &Received<'_>,
    ) -> Result<Verified, Rejection> {
        let what = Credential::Token;
        let malformed =
            |why| Rejection::CredentialMalformed { what, at: token.place.described(), why };
        let value = value(what, &token.place, request)?;
        let shown = value.strip_prefix(token.prefix.as_bytes());
        let shown = shown.ok_or_else(|| malformed("it does not begin as it should"))?;
        if shown.is_empty() {
            return Err(malformed("it is empty"));
        }
        self.judge(what, &token.place, shown)
    }

    pub(crate) fn verify_basic(&self, request: &Received<'_>) -> Result<Verified, Rejection> {
        let what = Credential::Password;
        let malformed = || Rejection::CredentialMalformed {
            what,
            at: AUTHORIZATION.described(),
            why: "it is not `Basic` and padded base64 of `user:password`",
        };
        let value = value(what, &AUTHORIZATION, request)?;
        let (kind, rest) = value.split_at_checked(6).ok_or_else(malformed)?;
        if !kind.eq_ignore_ascii_case(b"basic ") {
            return Err(malformed());
        }
        let shown = Zeroizing::new(STANDARD.decode(rest).map_err(|_| malformed())?);
        if !shown.contains(&b':') {
            return Err(malformed());
        }
        self.judge(what, &AUTHORIZATION, &shown)
    }

    fn judge(&self, what: Credential, place: &Place, shown: &[u8]) -> Result<Verified, Rejection> {
        match self.position(shown) {
            Some(secret) => Ok(Verified { secret, signed_at: None }),
            None => Err(Rejection::CredentialMismatch { what, at: place.described() }),
        }
    }

    pub(crate) fn sign(
        &self,
        token: &Token,
        request: &Received<'_>,
    ) -> Result<Proof, SigningError> {
        let text = std::str::from_utf8(self.first()).map_err(|_| SigningError::NotText)?;
        let mut proof = Proof::default();
        place::put(&mut proof, request, &token.place, format!("{}{text}", token.prefix))?;
        Ok(proof)
    }

    pub(crate) fn sign_basic(&self) -> Proof {
        let value = format!("Basic {}", STANDARD.encode(self.first()));
        Proof { headers: vec![(Text::Borrowed("authorization"), value)], ..Proof::default() }
    }
}

fn value<'a>(
    what: Credential,
    place: &Place,
    request: &Received<'a>,
) -> Result<Cow<'a, [u8]>, Rejection> {
    let at = place.described();
    match request.at(place)? {
        None => Err(Rejection::CredentialMissing { what, at }),
        Some(value) if value.is_empty() => {
            Err(Rejection::CredentialMalformed { what, at, why: "it is empty" })
        }
        Some(value) => Ok(value),
    }
}
