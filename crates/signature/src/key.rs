//! Secrets made ready: HMAC states that already hold the key, and parsed public keys.
//!
//! Built once when the configuration is loaded, so that a request costs hashing and nothing else.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};
use zeroize::Zeroizing;

use crate::carrier::Claims;
use crate::encoding::{Octets, decode_hex_secret, decode_lenient};
use crate::public_key::{EcdsaKey, Ed25519Key, RsaKey};
use crate::scheme::{Algorithm, KeyForm};
use crate::{ConfigurationError, Secret, SigningError};

/// Takes what is signed, piece by piece.
pub(crate) type Sink<'a> = &'a mut dyn FnMut(&[u8]);

/// Which signatures of a list a key can have made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// By the scheme's own algorithm.
    Main,
    /// By Ed25519, the second algorithm of Standard Webhooks.
    Ed25519,
}

/// A key that is ready to use.
pub(crate) enum Key {
    Mac(MacKey),
    Ed25519(Ed25519Key),
    Ecdsa(EcdsaKey),
    Rsa(RsaKey),
}

impl Key {
    pub(crate) fn new(
        secret: &Secret,
        form: KeyForm,
        algorithm: Algorithm,
    ) -> Result<Self, ConfigurationError> {
        let bytes = secret.bytes();
        let malformed = |expected| move || ConfigurationError::SecretMalformed { expected };
        match form {
            KeyForm::Text => Ok(Self::Mac(MacKey::new(algorithm, bytes)?)),
            KeyForm::TextWithoutPrefix => {
                let known = [&b"sk_"[..], b"pk_"];
                let bare = known.iter().find_map(|prefix| bytes.strip_prefix(*prefix));
                Ok(Self::Mac(MacKey::new(algorithm, bare.unwrap_or(bytes))?))
            }
            KeyForm::Hex => {
                let key = decode_hex_secret(bytes.trim_ascii()).map(Zeroizing::new);
                let key = key.ok_or_else(malformed("hexadecimal"))?;
                Ok(Self::Mac(MacKey::new(algorithm, &key)?))
            }
            KeyForm::Base64 => {
                let key = decode_lenient(bytes.trim_ascii()).map(Zeroizing::new);
                let key = key.ok_or_else(malformed("base64"))?;
                Ok(Self::Mac(MacKey::new(algorithm, &key)?))
            }
            KeyForm::StandardWebhooks => Self::standard_webhooks(bytes, algorithm),
            KeyForm::Public => match algorithm {
                Algorithm::EcdsaP256Sha256 => Ok(Self::Ecdsa(EcdsaKey::parse(bytes)?)),
                Algorithm::Ed25519 => Ok(Self::Ed25519(Ed25519Key::parse(bytes)?)),
                Algorithm::RsaSha256 | Algorithm::RsaSha1 => {
                    Ok(Self::Rsa(RsaKey::parse(bytes, algorithm)?))
                }
                _ => Err(ConfigurationError::Settings("an HMAC has no public key")),
            },
        }
    }

    /// The prefixes are those of the specification, section "Signature scheme"
    /// (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).
    fn standard_webhooks(secret: &[u8], algorithm: Algorithm) -> Result<Self, ConfigurationError> {
        let secret = secret.trim_ascii();
        let secret = secret.strip_prefix(b"v1,").unwrap_or(secret);
        let decode = |rest: &[u8], expected| {
            let bytes = decode_lenient(rest).map(Zeroizing::new);
            bytes.ok_or(ConfigurationError::SecretMalformed { expected })
        };
        if let Some(rest) = secret.strip_prefix(b"whpk_") {
            let bytes = decode(rest, "`whpk_` and base64 of an Ed25519 public key")?;
            return Ok(Self::Ed25519(Ed25519Key::public(&bytes)?));
        }
        if let Some(rest) = secret.strip_prefix(b"whsk_") {
            let bytes = decode(rest, "`whsk_` and base64 of an Ed25519 private key")?;
            return Ok(Self::Ed25519(Ed25519Key::private(&bytes)?));
        }
        let rest = secret.strip_prefix(b"whsec_").unwrap_or(secret);
        let bytes = decode(rest, "base64, with or without `whsec_` before it")?;
        Ok(Self::Mac(MacKey::new(algorithm, &bytes)?))
    }

    /// Which entries of a list of versions are this key's.
    pub(crate) fn kind(&self, algorithm: Algorithm) -> Kind {
        let second = matches!(self, Self::Ed25519(_)) && algorithm != Algorithm::Ed25519;
        if second { Kind::Ed25519 } else { Kind::Main }
    }

    /// Whether any of the signatures is one by this key over what `feed` says.
    pub(crate) fn made_any(
        &self,
        claims: &Claims<'_>,
        algorithm: Algorithm,
        feed: &dyn Fn(Sink<'_>),
    ) -> bool {
        let mut mine = claims.of(self.kind(algorithm));
        match self {
            Self::Mac(key) => {
                let expected = key.tag(feed);
                mine.any(|signature| signature.equals(&expected))
            }
            Self::Ed25519(key) => {
                let message = collect(feed);
                mine.any(|signature| key.verify(&message, signature.as_slice()))
            }
            Self::Ecdsa(key) => {
                let message = collect(feed);
                mine.any(|signature| key.verify(&message, signature.as_slice()))
            }
            Self::Rsa(key) => {
                let message = collect(feed);
                mine.any(|signature| key.verify(&message, signature.as_slice()))
            }
        }
    }

    pub(crate) fn sign(&self, feed: &dyn Fn(Sink<'_>)) -> Result<Octets, SigningError> {
        match self {
            Self::Mac(key) => Ok(key.tag(feed)),
            Self::Ed25519(key) => key.sign(&collect(feed)),
            Self::Ecdsa(key) => key.sign(&collect(feed)),
            Self::Rsa(key) => key.sign(&collect(feed)),
        }
    }
}

/// Public-key signatures are over one piece of memory.
fn collect(feed: &dyn Fn(Sink<'_>)) -> Vec<u8> {
    let mut length = 0;
    feed(&mut |piece| length += piece.len());
    let mut message = Vec::with_capacity(length);
    feed(&mut |piece| message.extend_from_slice(piece));
    message
}

/// An HMAC state that holds the key. Boxed, since the states differ much in size.
pub(crate) enum MacKey {
    Sha1(Box<Hmac<Sha1>>),
    Sha256(Box<Hmac<Sha256>>),
    Sha512(Box<Hmac<Sha512>>),
    /// The plain hash with the secret before everything.
    Concatenated(Box<Sha256>),
}

impl MacKey {
    pub(crate) fn new(algorithm: Algorithm, key: &[u8]) -> Result<Self, ConfigurationError> {
        // A secret such as `whsec_` is not blank, and yet its key is.
        if key.is_empty() {
            return Err(ConfigurationError::SecretEmpty);
        }
        match algorithm {
            Algorithm::HmacSha1 => keyed(key).map(Self::Sha1),
            Algorithm::HmacSha256 => keyed(key).map(Self::Sha256),
            Algorithm::HmacSha512 => keyed(key).map(Self::Sha512),
            Algorithm::SecretThenSha256 => {
                Ok(Self::Concatenated(Box::new(Sha256::new_with_prefix(key))))
            }
            Algorithm::EcdsaP256Sha256
            | Algorithm::Ed25519
            | Algorithm::RsaSha256
            | Algorithm::RsaSha1 => {
                Err(ConfigurationError::Settings("a signature by a private key needs a public key"))
            }
        }
    }

    /// The MAC over what `feed` says. The keyed state is copied, so no key is set up again.
    pub(crate) fn tag(&self, feed: &dyn Fn(Sink<'_>)) -> Octets {
        match self {
            Self::Sha1(state) => tag(&**state, feed),
            Self::Sha256(state) => tag(&**state, feed),
            Self::Sha512(state) => tag(&**state, feed),
            Self::Concatenated(state) => {
                let mut hash = (**state).clone();
                feed(&mut |piece| hash.update(piece));
                Octets::new(&hash.finalize())
            }
        }
    }
}

fn keyed<M: KeyInit>(key: &[u8]) -> Result<Box<M>, ConfigurationError> {
    M::new_from_slice(key)
        .map(Box::new)
        .map_err(|_| ConfigurationError::SecretMalformed { expected: "a key that HMAC can use" })
}

fn tag<M: Mac + Clone>(state: &M, feed: &dyn Fn(Sink<'_>)) -> Octets {
    let mut mac = state.clone();
    feed(&mut |piece| mac.update(piece));
    Octets::new(&mac.finalize().into_bytes())
}
