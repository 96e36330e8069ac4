//! Ed25519 (`v1a` of Standard Webhooks), ECDSA on P-256 and RSA, on top of `ring`. What is signed
//! with SHA-1 it only verifies, or not even that: then it is done here, for tests.

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey, VerificationAlgorithm,
};
use zeroize::Zeroizing;

use crate::der;
use crate::encoding::{Octets, decode_hex_secret, decode_lenient};
use crate::rsa_sha1::RsaSha1TestKey;
use crate::scheme::Algorithm;
use crate::{ConfigurationError, SigningError, p256};

const ED25519_PUBLIC: ConfigurationError =
    ConfigurationError::SecretMalformed { expected: "an Ed25519 public key of 32 bytes" };
const ED25519_PRIVATE: ConfigurationError = ConfigurationError::SecretMalformed {
    expected: "an Ed25519 private key: 32 bytes of seed, or seed and public key",
};
const ED25519_EITHER: ConfigurationError = ConfigurationError::SecretMalformed {
    expected: "an Ed25519 public key (32 bytes in hexadecimal or base64, or SPKI), or a private key (PKCS#8)",
};
const RSA: ConfigurationError = ConfigurationError::SecretMalformed {
    expected: "an RSA public key (SPKI, PKCS#1 or a certificate) in PEM or base64, or a private key (PKCS#8)",
};
const P256: ConfigurationError = ConfigurationError::SecretMalformed {
    expected: "a P-256 public key (SPKI) in base64 or PEM, or a private key (PKCS#8)",
};

/// An Ed25519 key. Only the private one signs.
pub(crate) struct Ed25519Key {
    public: [u8; 32],
    pair: Option<Ed25519KeyPair>,
}

impl Ed25519Key {
    pub(crate) fn public(bytes: &[u8]) -> Result<Self, ConfigurationError> {
        Ok(Self { public: bytes.try_into().map_err(|_| ED25519_PUBLIC)?, pair: None })
    }

    /// Takes the seed alone, or the seed with the public key after it, as libsodium has it.
    pub(crate) fn private(bytes: &[u8]) -> Result<Self, ConfigurationError> {
        let pair = match bytes.split_at_checked(32) {
            Some((seed, [])) => Ed25519KeyPair::from_seed_unchecked(seed),
            Some((seed, public)) => Ed25519KeyPair::from_seed_and_public_key(seed, public),
            None => return Err(ED25519_PRIVATE),
        };
        let pair = pair.map_err(|_| ED25519_PRIVATE)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| ED25519_PRIVATE)?;
        Ok(Self { public, pair: Some(pair) })
    }

    /// Takes a public key as 32 bytes in hexadecimal or base64, or as SPKI; or a private one as
    /// PKCS#8. Each may be PEM.
    pub(crate) fn parse(secret: &[u8]) -> Result<Self, ConfigurationError> {
        let text = without_armour(secret);
        let der = match decode_hex_secret(&text).filter(|bytes| bytes.len() == 32) {
            Some(bytes) => bytes,
            None => decode_lenient(&text).ok_or(ED25519_EITHER)?,
        };
        let der = Zeroizing::new(der);
        if let Some(public) =
            der.strip_prefix(ED25519_SPKI_HEAD).or(Some(&**der)).filter(|key| key.len() == 32)
        {
            return Self::public(public);
        }
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map_err(|_| ED25519_EITHER)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| ED25519_EITHER)?;
        Ok(Self { public, pair: Some(pair) })
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.public).verify(message, signature).is_ok()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Octets, SigningError> {
        let pair = self.pair.as_ref().ok_or(SigningError::NoPrivateKey)?;
        Ok(Octets::new(pair.sign(message).as_ref()))
    }
}

/// What stands before the 65 bytes of an uncompressed P-256 point in its SPKI form (RFC 5480).
pub(crate) const SPKI_HEAD: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// What stands before the 32 bytes of an Ed25519 key in its SPKI form (RFC 8410).
pub(crate) const ED25519_SPKI_HEAD: &[u8] =
    &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// The first byte of an uncompressed point.
const UNCOMPRESSED: u8 = 4;
const POINT: usize = 65;

/// A P-256 key. Only the private one signs.
pub(crate) struct EcdsaKey {
    point: Vec<u8>,
    pair: Option<EcdsaKeyPair>,
}

impl EcdsaKey {
    pub(crate) fn parse(secret: &[u8]) -> Result<Self, ConfigurationError> {
        Self::read(&decoded(secret, P256)?)
    }

    fn read(der: &[u8]) -> Result<Self, ConfigurationError> {
        if let Some(point) = der.strip_prefix(SPKI_HEAD) {
            let well_formed = point.len() == POINT && point.first() == Some(&UNCOMPRESSED);
            return if well_formed {
                Ok(Self { point: point.to_vec(), pair: None })
            } else {
                Err(P256)
            };
        }
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der, &SystemRandom::new());
        let pair = pair.map_err(|_| P256)?;
        Ok(Self { point: pair.public_key().as_ref().to_vec(), pair: Some(pair) })
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.point)
            .verify(message, signature)
            .is_ok()
    }

    /// The uncompressed point that is the public key.
    pub(crate) fn into_point(self) -> Vec<u8> {
        self.point
    }

    /// A place where this crate needs randomness: an ECDSA signature has a random part, and
    /// `ring` takes it from nothing but the system. Verification is without.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Octets, SigningError> {
        let pair = self.pair.as_ref().ok_or(SigningError::NoPrivateKey)?;
        let signature =
            pair.sign(&SystemRandom::new(), message).map_err(|_| SigningError::Failed)?;
        Ok(Octets::new(signature.as_ref()))
    }
}

/// A P-256 key whose signatures are over SHA-1, which one provider uses and `ring` does not have.
/// Only the private one signs, which is a test's.
pub(crate) struct EcdsaSha1Key {
    point: Vec<u8>,
    private: Option<Zeroizing<p256::Number>>,
}

impl EcdsaSha1Key {
    pub(crate) fn parse(secret: &[u8]) -> Result<Self, ConfigurationError> {
        let der = decoded(secret, P256)?;
        // `ring` looks whether it is a good one.
        let EcdsaKey { point, pair } = EcdsaKey::read(&der)?;
        let number = || der::ec_private_key(&der)?.try_into().ok().map(Zeroizing::new);
        let private = pair.map(|_| number().ok_or(P256)).transpose()?;
        Ok(Self { point, private })
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        p256::verify_sha1(&self.point, message, signature)
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Octets, SigningError> {
        let private = self.private.as_ref().ok_or(SigningError::NoPrivateKey)?;
        let signature = p256::sign_sha1(private, message).ok_or(SigningError::Failed)?;
        Ok(Octets::new(&signature))
    }
}

/// An RSA key. Only the private one signs.
pub(crate) struct RsaKey {
    /// `RSAPublicKey` of PKCS#1.
    public: Vec<u8>,
    sha1: bool,
    private: Option<RsaPrivateKey>,
}

enum RsaPrivateKey {
    Sha256(Box<RsaKeyPair>),
    /// `ring` does not sign with SHA-1.
    Sha1(RsaSha1TestKey),
}

impl RsaKey {
    pub(crate) fn parse(secret: &[u8], algorithm: Algorithm) -> Result<Self, ConfigurationError> {
        let sha1 = algorithm == Algorithm::RsaSha1;
        let der = decoded(secret, RSA)?;
        let spki = der::certificate_key(&der).unwrap_or(&der);
        if let Some(public) = der::rsa_public_key(spki) {
            return Ok(Self { public: public.to_vec(), sha1, private: None });
        }
        let pair = RsaKeyPair::from_pkcs8(&der).map_err(|_| RSA)?;
        let public = pair.public_key().as_ref().to_vec();
        let private = if sha1 {
            RsaPrivateKey::Sha1(RsaSha1TestKey::read(&der).ok_or(RSA)?)
        } else {
            RsaPrivateKey::Sha256(Box::new(pair))
        };
        Ok(Self { public, sha1, private: Some(private) })
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let algorithm: &'static dyn VerificationAlgorithm = if self.sha1 {
            &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY
        } else {
            &RSA_PKCS1_2048_8192_SHA256
        };
        UnparsedPublicKey::new(algorithm, &self.public).verify(message, signature).is_ok()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Octets, SigningError> {
        let signature = match self.private.as_ref().ok_or(SigningError::NoPrivateKey)? {
            RsaPrivateKey::Sha256(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
                    .map_err(|_| SigningError::Failed)?;
                signature
            }
            RsaPrivateKey::Sha1(key) => {
                // Whether the exponents fit each other, `ring` has not looked.
                let signature = key.sign(message).filter(|made| self.verify(message, made));
                signature.ok_or(SigningError::Failed)?
            }
        };
        Ok(Octets::new(&signature))
    }
}

/// The DER of a key that is written in PEM or base64; `malformed` where it is not.
fn decoded(
    secret: &[u8],
    malformed: ConfigurationError,
) -> Result<Zeroizing<Vec<u8>>, ConfigurationError> {
    decode_lenient(&without_armour(secret)).map(Zeroizing::new).ok_or(malformed)
}

/// The base64 of a key, without the lines around it that PEM has, and without line breaks; some
/// services hand out PEM as one line.
pub(crate) fn without_armour(secret: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(secret.trim_ascii().to_vec());
    if text.starts_with(b"-----BEGIN ") {
        // Between the dashes: the label, the base64, the label of the end.
        let inner = text.split(|&byte| byte == b'-').filter(|piece| !piece.is_empty()).nth(1);
        text = Zeroizing::new(inner.unwrap_or_default().to_vec());
    }
    text.retain(|byte| !byte.is_ascii_whitespace());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPKI: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==";

    #[test]
    fn p256_keys_come_bare_and_in_armour() {
        let (head, tail) = SPKI.split_at(64);
        let armoured = format!(
            "-----BEGIN PUBLIC KEY-----\r\n{head}\r\n{tail}\r\n-----END PUBLIC KEY-----\r\n"
        );
        let bare = EcdsaKey::parse(SPKI.as_bytes()).unwrap();
        assert_eq!(bare.point, EcdsaKey::parse(armoured.as_bytes()).unwrap().point);
        assert_eq!(bare.sign(b"x").err(), Some(SigningError::NoPrivateKey));
    }

    #[test]
    fn other_keys_are_refused() {
        for secret in ["", "x", "AAAA", SPKI.split_at(80).0, &SPKI.replace("AQcDQgAE", "AQcDQgAC")]
        {
            assert_eq!(EcdsaKey::parse(secret.as_bytes()).err(), Some(P256), "{secret}");
        }
        for length in [0, 31, 33, 64] {
            assert!(Ed25519Key::public(&vec![1; length]).is_err(), "{length}");
        }
        for length in [0, 31, 33, 63, 64, 65] {
            assert!(Ed25519Key::private(&vec![1; length]).is_err(), "{length}");
        }
    }
}
