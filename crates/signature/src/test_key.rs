//! Pairs of keys for tests, made at run time: as those providers have that sign with a private key.

use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};

use crate::der::{self, bit_string, integer, octet_string, sequence};
use crate::encoding::Encoding;
use crate::modular::{
    Modulus, halve, less, product, remainder, small, successor_divided, to_bytes, without_one,
};
use crate::public_key::{ED25519_SPKI_HEAD, SPKI_HEAD};

/// The public exponent that everybody uses.
const E: u64 = 65_537;
/// A prime of 1024 bits.
const LIMBS: usize = 16;
/// Primes below this are tried by division before the costly test.
const SMALL: u64 = 1_024;
/// Rounds of Miller and Rabin's test; FIPS 186-5, table B.1, wants 5 for primes of this length.
const ROUNDS: usize = 5;

/// A new pair of keys, to have test events signed as a provider signs whose private key nobody
/// else has.
///
/// For tests alone: RSA keys are not made in constant time, and what is signed with SHA-1 by such
/// keys is not either.
pub struct TestKeyPair {
    /// What signs: PKCS#8 in base64, as [`crate::Secret`] takes it.
    pub private: String,
    /// What verifies: SPKI in base64, as [`crate::Secret`] takes it.
    pub public: String,
}

impl TestKeyPair {
    /// On the curve P-256. `None` where the operating system has no random numbers, as for the
    /// others.
    pub fn p256() -> Option<Self> {
        let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_ASN1_SIGNING);
        let private = EcdsaKeyPair::generate_pkcs8(algorithm, &random).ok()?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, private.as_ref(), &random).ok()?;
        Some(Self::new(private.as_ref(), &[SPKI_HEAD, pair.public_key().as_ref()].concat()))
    }

    /// For Ed25519.
    pub fn ed25519() -> Option<Self> {
        let private = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).ok()?;
        let pair = Ed25519KeyPair::from_pkcs8(private.as_ref()).ok()?;
        Some(Self::new(private.as_ref(), &[ED25519_SPKI_HEAD, pair.public_key().as_ref()].concat()))
    }

    /// For RSA, of 2048 bits.
    pub fn rsa() -> Option<Self> {
        loop {
            let (one, other) = (prime()?, prime()?);
            // The larger is called p, as PKCS#1 and `ring` have it.
            let (p, q) = if less(&one, &other) { (other, one) } else { (one, other) };
            let (p_1, q_1) = (without_one(&p), without_one(&q));
            let n = product(&p, &q);
            let exponents =
                (inverse_of_e(&product(&p_1, &q_1)), inverse_of_e(&p_1), inverse_of_e(&q_1));
            // q^(p-2) is 1/q, by Fermat.
            let inverse = Modulus::new(&p).power(&q, &without_one(&p_1));
            if let (Some(d), Some(d_p), Some(d_q)) = exponents {
                return Some(Self::of_rsa(&n, &d, [&p, &q, &d_p, &d_q, &inverse]));
            }
        }
    }

    /// `factors` are p, q, d modulo p-1 and q-1, and 1/q modulo p.
    fn of_rsa(modulus: &[u64], private: &[u64], factors: [&[u64]; 5]) -> Self {
        let number = |limbs: &[u64]| integer(&to_bytes(limbs));
        let version = number(&[0]);
        let public = [number(modulus), number(&[E])].concat();
        let factors = factors.map(number).concat();
        let key = sequence(&[version.clone(), public.clone(), number(private), factors].concat());
        let algorithm = sequence(der::RSA);
        let private = sequence(&[version, algorithm.clone(), octet_string(&key)].concat());
        Self::new(&private, &sequence(&[algorithm, bit_string(&sequence(&public))].concat()))
    }

    fn new(private: &[u8], public: &[u8]) -> Self {
        let text = |der| Encoding::Base64.encode(der);
        Self { private: text(private), public: text(public) }
    }
}

/// A random prime whose two highest bits are set, so that the product of two has all its bits, and
/// which is no multiple of [`E`] but for one.
fn prime() -> Option<Vec<u64>> {
    loop {
        let mut number = random::<LIMBS>()?.to_vec();
        if let Some(low) = number.first_mut() {
            *low |= 1;
        }
        if let Some(high) = number.last_mut() {
            *high |= 0b11 << 62;
        }
        let has_small = (3..SMALL).step_by(2).any(|small| remainder(&number, small) == 0);
        if !has_small && remainder(&number, E) != 1 && is_probably_prime(&number)? {
            return Some(number);
        }
    }
}

/// Miller and Rabin's test by random bases.
fn is_probably_prime(number: &[u64]) -> Option<bool> {
    let modulus = Modulus::new(number);
    let (one, minus_one) = (small(1, number.len()), without_one(number));
    let twos = minus_one.iter().take_while(|&&limb| limb == 0).count();
    let within = minus_one.get(twos).map_or(0, |limb| limb.trailing_zeros());
    let twos = twos * 64 + usize::try_from(within).unwrap_or_default();
    let mut odd = minus_one.clone();
    for _ in 0..twos {
        halve(&mut odd);
    }
    for _ in 0..ROUNDS {
        let [base] = random::<1>()?;
        let mut power = modulus.power(&small(base | 2, number.len()), &odd);
        if power == one || power == minus_one {
            continue;
        }
        let is_minus_one = |_| {
            power = modulus.square(&power);
            power == minus_one
        };
        if !(1..twos).any(is_minus_one) {
            return Some(false);
        }
    }
    Some(true)
}

/// `1/E` modulo `number`; `None` where there is none. It is `(1 + k·number)/E`, with the `k` below
/// `E` by which that can be divided.
fn inverse_of_e(number: &[u64]) -> Option<Vec<u64>> {
    let rest = remainder(number, E);
    let k = (1..E).find(|k| (1 + k * rest).is_multiple_of(E))?;
    Some(successor_divided(product(number, &[k]), E))
}

/// Random limbs from the operating system.
fn random<const COUNT: usize>() -> Option<[u64; COUNT]> {
    let mut limbs = [0; COUNT];
    for limb in &mut limbs {
        let mut bytes = [0; 8];
        SystemRandom::new().fill(&mut bytes).ok()?;
        *limb = u64::from_le_bytes(bytes);
    }
    Some(limbs)
}

#[cfg(test)]
mod tests {
    use ring::signature::{
        RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RsaKeyPair, UnparsedPublicKey,
    };

    use super::*;
    use crate::encoding::decode_lenient;
    use crate::rsa_sha1::RsaSha1TestKey;

    #[test]
    fn ring_takes_the_rsa_key_and_accepts_what_is_signed_with_sha1() {
        let pair = TestKeyPair::rsa().unwrap();
        let decoded = |text: &str| decode_lenient(text.as_bytes()).unwrap();
        let (private, public) = (decoded(&pair.private), decoded(&pair.public));
        // Checks that all numbers of the key fit each other.
        let key = RsaKeyPair::from_pkcs8(&private).unwrap();
        assert_eq!(key.public().modulus_len(), 256);
        let point = key.public_key().as_ref();
        assert!(public.ends_with(point));
        let signer = RsaSha1TestKey::read(&private).unwrap();
        let judge = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, point);
        for message in [&b""[..], b"x", &[0xff; 200]] {
            let signature = signer.sign(message).unwrap();
            assert_eq!(signature.len(), 256);
            judge.verify(message, &signature).unwrap();
            judge.verify(b"another", &signature).unwrap_err();
        }
    }

    #[test]
    fn primes_are_told_from_others() {
        for (number, expected) in [
            (1_000_000_007_u64, true),
            (18_446_744_073_709_551_557, true),
            (1_000_000_007 * 998_244_353, false),
            // A Carmichael number.
            (3_215_031_751, false),
        ] {
            assert_eq!(is_probably_prime(&[number]), Some(expected), "{number}");
        }
    }
}
