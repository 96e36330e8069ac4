//! Secrets made ready: HMAC states that already hold the key, and parsed public keys.
//!
//! Built once when the configuration is loaded, so that a request costs hashing and nothing else.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use zeroize::Zeroizing;

use crate::encoding::{Octets, decode_lenient};
use crate::public_key::{EcdsaKey, Ed25519Key};
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
}

impl Key {
    pub(crate) fn new(
        secret: &Secret,
        form: KeyForm,
        algorithm: Algorithm,
    ) -> Result<Self, ConfigurationError> {
        match form {
            KeyForm::Text => Ok(Self::Mac(MacKey::new(algorithm, secret.bytes())?)),
            KeyForm::StandardWebhooks => Self::standard_webhooks(secret.bytes(), algorithm),
            KeyForm::EcdsaP256 => Ok(Self::Ecdsa(EcdsaKey::parse(secret.bytes())?)),
        }
    }

    /// The prefixes are those of the specification, section "Signature scheme"
    /// (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).
    fn standard_webhooks(secret: &[u8], algorithm: Algorithm) -> Result<Self, ConfigurationError> {
        let secret = secret.trim_ascii();
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

    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Mac(_) | Self::Ecdsa(_) => Kind::Main,
            Self::Ed25519(_) => Kind::Ed25519,
        }
    }

    /// Whether any of `signatures` is one by this key over what `feed` says.
    pub(crate) fn made_any(&self, signatures: &[(Kind, Octets)], feed: &dyn Fn(Sink<'_>)) -> bool {
        let mut mine = signatures
            .iter()
            .filter(|(kind, _)| *kind == self.kind())
            .map(|(_, signature)| signature);
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
        }
    }

    pub(crate) fn sign(&self, feed: &dyn Fn(Sink<'_>)) -> Result<Octets, SigningError> {
        match self {
            Self::Mac(key) => Ok(key.tag(feed)),
            Self::Ed25519(key) => key.sign(&collect(feed)),
            Self::Ecdsa(key) => key.sign(&collect(feed)),
        }
    }
}

/// Public-key signatures are over one piece of memory.
fn collect(feed: &dyn Fn(Sink<'_>)) -> Vec<u8> {
    let mut message = Vec::new();
    feed(&mut |piece| message.extend_from_slice(piece));
    message
}

/// An HMAC state that holds the key. Boxed, since the states differ much in size.
pub(crate) enum MacKey {
    Sha1(Box<Hmac<Sha1>>),
    Sha256(Box<Hmac<Sha256>>),
    Sha512(Box<Hmac<Sha512>>),
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
            Algorithm::EcdsaP256Sha256 => {
                Err(ConfigurationError::Settings("ECDSA needs a key of the form `EcdsaP256`"))
            }
        }
    }

    /// The MAC over what `feed` says. The keyed state is copied, so no key is set up again.
    pub(crate) fn tag(&self, feed: &dyn Fn(Sink<'_>)) -> Octets {
        match self {
            Self::Sha1(state) => tag(&**state, feed),
            Self::Sha256(state) => tag(&**state, feed),
            Self::Sha512(state) => tag(&**state, feed),
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
