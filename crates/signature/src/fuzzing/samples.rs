//! What the targets sign with: secrets that stand nowhere in what the fuzzer makes.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};

use crate::jwt::{JwsAlgorithm, JwtKey, KeyRing};
use crate::{
    Encoding, Options, PROVIDERS, Provider, Received, Secret, SigningError, UnixSeconds, Verifier,
};

/// When the samples are signed.
pub(super) const NOW: UnixSeconds = UnixSeconds(1_700_000_000);
/// The id that they are signed with.
pub(super) const ID: &str = "made-up-id";
/// A text that is secret enough, has a colon as HTTP basic authentication wants it, and is neither
/// base64 nor hexadecimal.
pub(super) const TEXT: &str = "a-secret:only-for-fuzzing-E2BB1C7A-55D0";

/// A provider with a secret.
pub(super) struct Sample {
    pub(super) provider: &'static Provider,
    pub(super) secrets: Vec<Secret>,
    pub(super) options: Options,
    pub(super) verifier: Verifier,
    /// Without a secret, where the provider publishes its keys.
    pub(super) fetching: Option<Verifier>,
}

/// The provider that is called so, or else the next one in the table: so an input in the corpus
/// goes on to mean the same provider when others are added.
pub(super) fn provider_at(slug: &[u8]) -> &'static Provider {
    let at = PROVIDERS.partition_point(|provider| provider.slug.as_bytes() < slug);
    PROVIDERS.get(at).copied().unwrap_or(PROVIDERS[0])
}

/// That provider with a secret; `None` for one that signs nothing.
pub(super) fn sample_at(slug: &[u8]) -> Option<&'static Sample> {
    static SAMPLES: OnceLock<Vec<Sample>> = OnceLock::new();
    let provider = provider_at(slug);
    let samples =
        SAMPLES.get_or_init(|| PROVIDERS.iter().copied().filter_map(Sample::of).collect());
    samples.iter().find(|sample| sample.provider.slug == provider.slug)
}

impl Sample {
    fn of(provider: &'static Provider) -> Option<Self> {
        let setting = |name: &'static str| match name {
            "topic_arn" => "arn:aws:sns:us-east-1:123456789012:made-up",
            "header" => "x-made-up-token",
            _ => "https://example.com/made-up",
        };
        let required = provider.settings.iter().filter(|setting| setting.required);
        let settings: BTreeMap<_, _> =
            required.map(|known| (known.name.to_owned(), setting(known.name).to_owned())).collect();
        let options = Options { tolerance: None, settings };
        let fetching = provider.verifier(Vec::new(), &options).ok();
        let (secrets, verifier) = secret_texts().iter().find_map(|text| {
            let secrets = vec![Secret::new(text.clone()).ok()?];
            let verifier = provider.verifier(secrets.clone(), &options).ok()?;
            can_sign(&verifier).then_some((secrets, verifier))
        })?;
        Some(Self { provider, secrets, options, verifier, fetching })
    }
}

/// Whether the secret is not a public key.
fn can_sign(verifier: &Verifier) -> bool {
    let headers: [(&str, &str); 0] = [];
    let request =
        Received { method: "POST", url: "https://example.com/", headers: &headers, body: b"{}" };
    verifier.sign(&request, ID, NOW) != Err(SigningError::NoPrivateKey)
}

/// A secret in each form that a scheme may want.
fn secret_texts() -> &'static [String] {
    static TEXTS: OnceLock<Vec<String>> = OnceLock::new();
    TEXTS.get_or_init(|| {
        let base64 = |bytes: &[u8]| Encoding::Base64.encode(bytes);
        let random = SystemRandom::new();
        let ed25519 = Ed25519KeyPair::generate_pkcs8(&random).ok();
        vec![
            TEXT.to_owned(),
            Encoding::Hex.encode(&[0xa7; 32]),
            base64(&[0xa7; 32]),
            base64(&p256_pkcs8()),
            base64(ed25519.as_ref().map_or(&[][..], AsRef::as_ref)),
            include_str!("../../tests/proof/keys/test-only-rsa-1.pem").to_owned(),
        ]
    })
}

fn p256_pkcs8() -> Vec<u8> {
    let key =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new()).ok();
    key.as_ref().map_or(&[][..], AsRef::as_ref).to_vec()
}

/// A public key on P-256, and a signature of this message by it.
pub(super) fn p256_signature(message: &[u8]) -> (Vec<u8>, Vec<u8>) {
    static PAIR: OnceLock<Option<EcdsaKeyPair>> = OnceLock::new();
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let pair =
        PAIR.get_or_init(|| EcdsaKeyPair::from_pkcs8(algorithm, &p256_pkcs8(), &random).ok());
    let signed = pair.as_ref().and_then(|pair| {
        let signature = pair.sign(&random, message).ok()?;
        Some((pair.public_key().as_ref().to_vec(), signature.as_ref().to_vec()))
    });
    signed.unwrap_or_default()
}

/// A key for tokens that nobody knows.
pub(super) fn jwt_key() -> &'static JwtKey {
    static RING: OnceLock<KeyRing> = OnceLock::new();
    let ring = RING.get_or_init(|| {
        let secrets: Vec<_> = Secret::new(TEXT).into_iter().collect();
        KeyRing::from_secrets(&secrets, &[JwsAlgorithm::Hs256])
            .unwrap_or_else(|_| KeyRing::from_document(b"", &[]))
    });
    ring.first().map_or_else(|| unreachable!("the secret is a shared one"), |(key, _)| key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scheme;

    #[test]
    fn every_provider_that_signs_has_a_sample() {
        for provider in PROVIDERS {
            let has = sample_at(provider.slug.as_bytes()).is_some();
            assert_eq!(has, provider.scheme != Scheme::Unsigned, "{}", provider.slug);
        }
    }
}
