//! Secrets for those who give none: made up, in the form that the provider has them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookyard_signature::{Algorithm, KeyForm, Provider, Scheme};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

use crate::cli::failure::Failure;
use crate::cli::secret::generate;
use crate::clock::random_u64;

/// What stands before an uncompressed P-256 point in a public key of the usual form (RFC 5480).
const SPKI_HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A secret to sign with, and what the source has to be told to accept it.
pub(super) struct MadeUp {
    /// Signs.
    pub(super) signing: String,
    /// Verifies: the same, or the public half of it.
    pub(super) verifying: String,
}

/// A new secret in the form that `provider` has them.
pub(super) fn make_up(provider: &Provider) -> Result<MadeUp, Failure> {
    let secret = match &provider.scheme {
        Scheme::Signed(signed) if signed.algorithm == Algorithm::EcdsaP256Sha256 => return pair(),
        Scheme::Signed(signed) if signed.key == KeyForm::StandardWebhooks => generate(32),
        Scheme::Basic => format!("hookyard:{:016x}", random_u64()),
        _ => format!("{:016x}{:016x}", random_u64(), random_u64()),
    };
    Ok(MadeUp { signing: secret.clone(), verifying: secret })
}

/// A new pair of keys on P-256.
fn pair() -> Result<MadeUp, Failure> {
    let make = || {
        let random = SystemRandom::new();
        let private =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).ok()?;
        let private = private.as_ref();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, private, &random).ok()?;
        let public = [&SPKI_HEAD, pair.public_key().as_ref()].concat();
        Some(MadeUp { signing: STANDARD.encode(private), verifying: STANDARD.encode(public) })
    };
    make().ok_or_else(|| Failure::new("cannot make a pair of keys"))
}
