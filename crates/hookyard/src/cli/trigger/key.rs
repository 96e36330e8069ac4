//! Secrets for those who give none: made up, in the form that the provider has them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookyard_signature::{KeyForm, Provider, Scheme};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};

use super::rsa;
use crate::cli::secret::generate;
use crate::clock::random_u64;

/// What stands before an uncompressed P-256 point in a public key of the usual form (RFC 5480).
const P256_HEAD: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// The same before an Ed25519 key (RFC 8410).
const ED25519_HEAD: &[u8] =
    &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A secret to sign with, and what the source has to be told to accept it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MadeUp {
    /// Signs.
    pub(super) signing: String,
    /// Verifies: the same, or the public half of it.
    pub(super) verifying: String,
}

/// A new secret of the first kind that `fits`: text, or a pair of keys on P-256, for Ed25519 or
/// for RSA. `None` where none does. Who finds out that no kind could ever do says so by an error.
pub(super) fn make_up<E>(
    provider: &Provider,
    mut fits: impl FnMut(&str) -> Result<bool, E>,
) -> Result<Option<MadeUp>, E> {
    let kinds: [&dyn Fn() -> Option<MadeUp>; 4] =
        [&|| Some(text(provider)), &p256, &ed25519, &|| Some(rsa())];
    for kind in kinds {
        let Some(made_up) = kind() else { continue };
        if fits(&made_up.signing)? {
            return Ok(Some(made_up));
        }
    }
    Ok(None)
}

fn text(provider: &Provider) -> MadeUp {
    let secret = match &provider.scheme {
        Scheme::Signed(signed) if signed.key == KeyForm::StandardWebhooks => generate(32),
        Scheme::Basic => format!("hookyard:{:016x}", random_u64()),
        // It is hexadecimal and base64 as well, for those that want such.
        _ => format!("{:016x}{:016x}", random_u64(), random_u64()),
    };
    MadeUp { signing: secret.clone(), verifying: secret }
}

fn p256() -> Option<MadeUp> {
    let random = SystemRandom::new();
    let private = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).ok()?;
    let private = private.as_ref();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, private, &random).ok()?;
    Some(pair_of(private, &[P256_HEAD, pair.public_key().as_ref()].concat()))
}

fn ed25519() -> Option<MadeUp> {
    let private = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).ok()?;
    let pair = Ed25519KeyPair::from_pkcs8(private.as_ref()).ok()?;
    Some(pair_of(private.as_ref(), &[ED25519_HEAD, pair.public_key().as_ref()].concat()))
}

fn rsa() -> MadeUp {
    let pair = rsa::generate();
    pair_of(&pair.private, &pair.public)
}

fn pair_of(private: &[u8], public: &[u8]) -> MadeUp {
    MadeUp { signing: STANDARD.encode(private), verifying: STANDARD.encode(public) }
}
