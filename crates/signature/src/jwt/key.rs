//! Keys for tokens: shared secrets, PEM, and JSON Web Keys (RFC 7517) one by one or in sets.

use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair,
    RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::Value;

use super::JwsAlgorithm;
use crate::encoding::{decode_base64url, decode_lenient};
use crate::public_key::{EcdsaKey, Ed25519Key, RsaKey, without_armour};
use crate::scheme::Algorithm;
use crate::{ConfigurationError, Secret, SigningError};

/// More keys than this are in no known set.
const MOST_KEYS: usize = 32;
/// The first byte of every key in DER.
const DER_SEQUENCE: u8 = 0x30;
/// An x or y coordinate on P-256.
const COORDINATE: usize = 32;

const NOT_SHARED: ConfigurationError = ConfigurationError::SecretMalformed {
    expected: "a shared secret: this is a public or private key, which this provider does not use",
};
const NO_KEY: ConfigurationError = ConfigurationError::SecretMalformed {
    expected: "a key for this provider's tokens: PEM, a JSON Web Key or a set of them",
};

/// A key of one kind. Which algorithms it can be used with follows from the kind.
pub(crate) enum JwtKey {
    Shared(Box<SharedKey>),
    /// An uncompressed point on P-256, and the private key if there is one.
    Ec {
        point: Vec<u8>,
        pair: Option<EcdsaKeyPair>,
    },
    Rsa(RsaKey),
    /// Modulus and exponent, as a JSON Web Key has them.
    RsaPublic(RsaPublicKeyComponents<Vec<u8>>),
    Ed25519(Ed25519Key),
}

/// A shared secret, ready for each hash.
pub(crate) struct SharedKey {
    hs256: hmac::Key,
    hs384: hmac::Key,
    hs512: hmac::Key,
}

impl SharedKey {
    fn by(&self, algorithm: JwsAlgorithm) -> &hmac::Key {
        match algorithm {
            JwsAlgorithm::Hs384 => &self.hs384,
            JwsAlgorithm::Hs512 => &self.hs512,
            _ => &self.hs256,
        }
    }
}

impl JwtKey {
    fn shared(secret: &[u8]) -> Self {
        Self::Shared(Box::new(SharedKey {
            hs256: hmac::Key::new(hmac::HMAC_SHA256, secret),
            hs384: hmac::Key::new(hmac::HMAC_SHA384, secret),
            hs512: hmac::Key::new(hmac::HMAC_SHA512, secret),
        }))
    }

    pub(crate) const fn fits(&self, algorithm: JwsAlgorithm) -> bool {
        match self {
            Self::Shared(_) => algorithm.is_shared(),
            Self::Ec { .. } => matches!(algorithm, JwsAlgorithm::Es256),
            Self::Rsa(_) | Self::RsaPublic(_) => matches!(algorithm, JwsAlgorithm::Rs256),
            Self::Ed25519(_) => matches!(algorithm, JwsAlgorithm::EdDsa),
        }
    }

    pub(super) fn verify(&self, algorithm: JwsAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        if !self.fits(algorithm) {
            return false;
        }
        match self {
            Self::Shared(key) => hmac::verify(key.by(algorithm), message, signature).is_ok(),
            Self::Ec { point, .. } => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                .verify(message, signature)
                .is_ok(),
            Self::Rsa(key) => key.verify(message, signature),
            Self::RsaPublic(key) => {
                key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
            }
            Self::Ed25519(key) => key.verify(message, signature),
        }
    }

    pub(crate) fn sign(
        &self,
        algorithm: JwsAlgorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, SigningError> {
        match self {
            Self::Shared(key) => Ok(hmac::sign(key.by(algorithm), message).as_ref().to_vec()),
            Self::Ec { pair, .. } => {
                let pair = pair.as_ref().ok_or(SigningError::NoPrivateKey)?;
                let signature = pair.sign(&SystemRandom::new(), message);
                Ok(signature.map_err(|_| SigningError::Failed)?.as_ref().to_vec())
            }
            Self::Rsa(key) => key.sign(message).map(|signature| signature.as_slice().to_vec()),
            Self::RsaPublic(_) => Err(SigningError::NoPrivateKey),
            Self::Ed25519(key) => key.sign(message).map(|signature| signature.as_slice().to_vec()),
        }
    }

    /// A public or private key of one of these kinds, in PEM or in base64 without its armour.
    fn asymmetric(secret: &[u8]) -> Option<Self> {
        let text = without_armour(secret);
        if let Ok(key) = EcdsaKey::parse(&text) {
            let der = decode_lenient(&text)?;
            let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
            let pair = EcdsaKeyPair::from_pkcs8(algorithm, &der, &random).ok();
            return Some(Self::Ec { point: key.into_point(), pair });
        }
        if let Ok(key) = RsaKey::parse(&text, Algorithm::RsaSha256) {
            return Some(Self::Rsa(key));
        }
        // 32 bytes alone, in base64 or hexadecimal, may be a shared secret as well as a key. In DER,
        // whose first byte no hexadecimal has when it is read as base64, they are a key.
        let is_der = decode_lenient(&text).is_some_and(|der| der.first() == Some(&DER_SEQUENCE));
        Ed25519Key::parse(&text).ok().filter(|_| is_der).map(Self::Ed25519)
    }

    /// The public key in a JSON Web Key. `None` if it is of another kind, is not for signatures,
    /// or has expired (`expired_at`, which Plaid adds).
    fn from_jwk(jwk: &Value) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let bytes = |name: &str| decode_base64url(text(name)?.as_bytes());
        let has_expired = jwk.get("expired_at").is_some_and(|time| !time.is_null());
        if has_expired || text("use").is_some_and(|usage| usage != "sig") {
            return None;
        }
        let (key, algorithm) = match (text("kty")?, text("crv")) {
            ("EC", Some("P-256")) => {
                let (x, y) = (bytes("x")?, bytes("y")?);
                let fits = x.len() == COORDINATE && y.len() == COORDINATE;
                let point = fits.then(|| [&[4][..], &x, &y].concat())?;
                (Self::Ec { point, pair: None }, JwsAlgorithm::Es256)
            }
            ("RSA", None) => {
                let components = RsaPublicKeyComponents { n: bytes("n")?, e: bytes("e")? };
                (Self::RsaPublic(components), JwsAlgorithm::Rs256)
            }
            ("OKP", Some("Ed25519")) => {
                (Self::Ed25519(Ed25519Key::public(&bytes("x")?).ok()?), JwsAlgorithm::EdDsa)
            }
            _ => return None,
        };
        text("alg").is_none_or(|name| name == algorithm.name()).then_some(key)
    }
}

/// Keys, some of which have names.
pub(crate) struct KeyRing(Vec<NamedKey>);

struct NamedKey {
    id: Option<String>,
    /// The index of the secret that it comes from.
    secret: usize,
    key: JwtKey,
}

impl KeyRing {
    /// The keys in the secrets, for a scheme that allows these algorithms.
    pub(crate) fn from_secrets(
        secrets: &[Secret],
        allowed: &[JwsAlgorithm],
    ) -> Result<Self, ConfigurationError> {
        let mut keys = Vec::new();
        for (index, secret) in secrets.iter().enumerate() {
            let found = read(secret.bytes(), allowed)?;
            keys.extend(found.into_iter().map(|(id, key)| NamedKey { id, secret: index, key }));
        }
        Ok(Self(keys))
    }

    /// The keys in a document that was fetched: a set, a single key, or a single key under `key`.
    /// Keys that cannot be used are left out.
    pub(crate) fn from_document(document: &[u8], allowed: &[JwsAlgorithm]) -> Self {
        let keys = document_keys(document, allowed).into_iter();
        Self(keys.map(|(id, key)| NamedKey { id, secret: 0, key }).collect())
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any of the keys can be used so.
    pub(crate) fn fits(&self, algorithm: JwsAlgorithm) -> bool {
        self.0.iter().any(|named| named.key.fits(algorithm))
    }

    /// The keys that may have made a token that names this one, each with the index of its
    /// secret. A key without a name may be any.
    pub(crate) fn candidates(
        &self,
        algorithm: JwsAlgorithm,
        id: Option<&str>,
    ) -> impl Iterator<Item = (usize, &JwtKey)> {
        let is_meant = move |named: &&NamedKey| {
            let other = id.is_some_and(|id| named.id.as_deref().is_some_and(|own| own != id));
            !other && named.key.fits(algorithm)
        };
        self.0.iter().filter(is_meant).map(|named| (named.secret, &named.key))
    }

    /// The key to sign with, and its name.
    pub(crate) fn first(&self) -> Option<(&JwtKey, Option<&str>)> {
        self.0.first().map(|named| (&named.key, named.id.as_deref()))
    }
}

/// The keys in one secret. A public key is never taken for a shared secret, since everyone who
/// knows it could then sign.
fn read(
    secret: &[u8],
    allowed: &[JwsAlgorithm],
) -> Result<Vec<(Option<String>, JwtKey)>, ConfigurationError> {
    let takes_shared = allowed.iter().any(|algorithm| algorithm.is_shared());
    let fits = |key: &JwtKey| allowed.iter().any(|&algorithm| key.fits(algorithm));
    if secret.trim_ascii().starts_with(b"{") {
        let keys = document_keys(secret, allowed);
        return if keys.is_empty() { Err(NO_KEY) } else { Ok(keys) };
    }
    match JwtKey::asymmetric(secret) {
        Some(key) if fits(&key) => Ok(vec![(None, key)]),
        Some(_) if takes_shared => Err(NOT_SHARED),
        None if takes_shared && !secret.trim_ascii().starts_with(b"-----BEGIN ") => {
            Ok(vec![(None, JwtKey::shared(secret))])
        }
        _ => Err(NO_KEY),
    }
}

fn document_keys(document: &[u8], allowed: &[JwsAlgorithm]) -> Vec<(Option<String>, JwtKey)> {
    let Ok(document) = serde_json::from_slice::<Value>(document) else { return Vec::new() };
    let single = document.get("key").unwrap_or(&document);
    let keys = match document.get("keys") {
        Some(Value::Array(keys)) => keys.as_slice(),
        Some(_) => &[],
        None => std::slice::from_ref(single),
    };
    let read = |jwk: &Value| {
        let key = JwtKey::from_jwk(jwk)?;
        let id = jwk.get("kid").and_then(Value::as_str).map(str::to_owned);
        allowed.iter().any(|&algorithm| key.fits(algorithm)).then_some((id, key))
    };
    keys.iter().take(MOST_KEYS).filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, Ed25519KeyPair, KeyPair as _};

    use super::*;
    use crate::encoding::{Encoding, encode_base64url};

    const ANY: &[JwsAlgorithm] = &JwsAlgorithm::ALL;
    const SHARED: &[JwsAlgorithm] = &[JwsAlgorithm::Hs256];

    fn ring(secret: &str, allowed: &[JwsAlgorithm]) -> Result<KeyRing, ConfigurationError> {
        KeyRing::from_secrets(&[Secret::new(secret).unwrap()], allowed)
    }

    fn p256() -> (String, Vec<u8>) {
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let der = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, der.as_ref(), &SystemRandom::new()).unwrap();
        (Encoding::Base64.encode(der.as_ref()), pair.public_key().as_ref().to_vec())
    }

    fn jwk(point: &[u8], more: &str) -> String {
        let (x, y) = (encode_base64url(&point[1..33]), encode_base64url(&point[33..]));
        format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"{more}}}"#)
    }

    #[test]
    fn keys_sign_and_verify_by_their_own_algorithm_alone() {
        let (p256, _) = p256();
        let ed25519 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let ed25519 = Encoding::Base64.encode(ed25519.as_ref());
        for (secret, fitting) in [
            (
                "a shared secret",
                &[JwsAlgorithm::Hs256, JwsAlgorithm::Hs384, JwsAlgorithm::Hs512][..],
            ),
            (&*p256, &[JwsAlgorithm::Es256]),
            (&ed25519, &[JwsAlgorithm::EdDsa]),
        ] {
            let ring = ring(secret, ANY).unwrap();
            let (key, _) = ring.first().unwrap();
            for &algorithm in ANY {
                assert_eq!(key.fits(algorithm), fitting.contains(&algorithm), "{algorithm:?}");
            }
            for &algorithm in fitting {
                let signature = key.sign(algorithm, b"message").unwrap();
                for &other in ANY {
                    let is_right = other == algorithm;
                    assert_eq!(key.verify(other, b"message", &signature), is_right, "{other:?}");
                }
                assert!(!key.verify(algorithm, b"other", &signature));
                assert!(!key.verify(algorithm, b"message", &signature[1..]));
                assert!(!key.verify(algorithm, b"message", b""));
            }
        }
    }

    #[test]
    fn a_public_key_is_never_a_shared_secret() {
        let (private, point) = p256();
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{private}\n-----END PRIVATE KEY-----\n");
        for secret in [&private, &pem, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"]
        {
            assert!(ring(secret, SHARED).is_err(), "{secret}");
        }
        assert!(ring(&jwk(&point, ""), SHARED).is_err());
        let oct = r#"{"kty":"oct","k":"AAAA"}"#;
        assert!(ring(oct, ANY).is_err() && KeyRing::from_document(oct.as_bytes(), ANY).is_empty());
        // What only looks a little like a key is a secret.
        for secret in [Encoding::Base64.encode(&[7; 32]), Encoding::Hex.encode(&[7; 32])] {
            assert!(ring(&secret, ANY).unwrap().fits(JwsAlgorithm::Hs256), "{secret}");
        }
    }

    #[test]
    fn sets_hold_keys_of_many_kinds() {
        let (_, point) = p256();
        let set = |keys: &[String]| format!(r#"{{"keys":[{}]}}"#, keys.join(","));
        let usable = jwk(&point, r#","kid":"a","alg":"ES256","use":"sig","expired_at":null"#);
        for other in [
            jwk(&point, r#","use":"enc""#),
            jwk(&point, r#","alg":"HS256""#),
            jwk(&point, r#","expired_at":1700000000"#),
            jwk(&[point.clone(), vec![0]].concat(), ""),
            r#"{"kty":"RSA","n":"AQAB"}"#.to_owned(),
            r#"{"kty":"EC","crv":"P-384","x":"","y":""}"#.to_owned(),
            "null".to_owned(),
            "[]".to_owned(),
        ] {
            assert!(
                KeyRing::from_document(set(std::slice::from_ref(&other)).as_bytes(), ANY)
                    .is_empty(),
                "{other}"
            );
            let both = KeyRing::from_document(set(&[other, usable.clone()]).as_bytes(), ANY);
            let count = |id| both.candidates(JwsAlgorithm::Es256, id).count();
            assert_eq!((count(Some("a")), count(None), count(Some("b"))), (1, 1, 0));
        }
        let plaid = format!(r#"{{"key":{usable},"request_id":"x"}}"#);
        assert!(!KeyRing::from_document(plaid.as_bytes(), ANY).is_empty());
        for document in ["", "{}", "[]", "nul", r#"{"keys":{}}"#, r#"{"keys":[]}"#, r#"{"key":1}"#]
        {
            assert!(KeyRing::from_document(document.as_bytes(), ANY).is_empty(), "{document}");
        }
        let many = vec![usable; MOST_KEYS + 1];
        let many = KeyRing::from_document(set(&many).as_bytes(), ANY);
        assert_eq!(many.candidates(JwsAlgorithm::Es256, None).count(), MOST_KEYS);
    }
}
