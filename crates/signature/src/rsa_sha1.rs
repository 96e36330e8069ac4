//! Signs by RSA with SHA-1, as Travis CI and old topics of Amazon SNS do, which `ring` verifies and
//! does not make.
//!
//! For test events alone: what signs here is a key that was made for a test
//! ([`crate::TestKeyPair`]), since nobody but the provider has the provider's own. That is why
//! nothing here has to take a constant time, and why it may not be used for anything else.

use sha1::{Digest as _, Sha1};
use zeroize::Zeroizing;

use crate::der;
use crate::modular::{Modulus, from_bytes, to_bytes};

/// What stands before a SHA-1 in a signature (RFC 8017, section 9.2, note 1).
const DIGEST_INFO: &[u8] =
    &[0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14];

/// The private key of a test.
pub(crate) struct RsaSha1TestKey {
    modulus: Vec<u8>,
    exponent: Zeroizing<Vec<u64>>,
}

impl RsaSha1TestKey {
    /// Reads PKCS#8. Whether the numbers are those of a key is for the caller to find out.
    pub(crate) fn read(pkcs8: &[u8]) -> Option<Self> {
        let (modulus, exponent) = der::rsa_private_key(pkcs8)?;
        Some(Self { modulus: modulus.to_vec(), exponent: Zeroizing::new(from_bytes(exponent)) })
    }

    /// RSASSA-PKCS1-v1_5 (RFC 8017, section 8.2.1). `None` where the key is too short.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let length = self.modulus.len();
        let hash = Sha1::digest(message);
        let padding = length.checked_sub(3 + DIGEST_INFO.len() + hash.len())?;
        let padding = vec![0xff; padding];
        let encoded = [&[0, 1][..], &padding, &[0], DIGEST_INFO, &hash].concat();
        let power =
            Modulus::new(&from_bytes(&self.modulus)).power(&from_bytes(&encoded), &self.exponent);
        let bytes = to_bytes(&power);
        Some(bytes.get(bytes.len().checked_sub(length)?..)?.to_vec())
    }
}
