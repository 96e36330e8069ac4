//! Makes RSA keys, which `ring` only reads: for test events alone, whose keys live for one run.
//!
//! Nothing here runs in constant time, and nobody but the caller can watch. Numbers are limbs of
//! 64 bits, the least first; those that belong together have the same count of limbs.

use crate::clock::{random_bytes, random_u64};

/// The public exponent that everybody uses.
const E: u64 = 65_537;
/// A prime of 1024 bits.
const LIMBS: usize = 16;
/// Primes below this are tried by division before the costly test.
const SMALL: u64 = 8_192;
/// Rounds of Miller and Rabin's test; FIPS 186-5, table B.1, wants 5 for primes of this length.
const ROUNDS: usize = 5;

/// A private key of 2048 bits as PKCS#8 (RFC 5958), and its public half as SPKI (RFC 5280).
pub(super) struct RsaPair {
    pub(super) private: Vec<u8>,
    pub(super) public: Vec<u8>,
}

/// A new pair of keys.
pub(super) fn generate() -> RsaPair {
    loop {
        let (one, other) = (prime(), prime());
        // The larger is called p, as PKCS#1 and `ring` have it.
        let (p, q) = if less(&one, &other) { (other, one) } else { (one, other) };
        let (p_1, q_1) = (without_one(&p), without_one(&q));
        let n = product(&p, &q);
        let exponents =
            (inverse_of_e(&product(&p_1, &q_1)), inverse_of_e(&p_1), inverse_of_e(&q_1));
        // q^(p-2) is 1/q, by Fermat.
        let inverse = Modulus::new(&p).power(&q, &without_one(&p_1));
        if let (Some(d), Some(d_p), Some(d_q)) = exponents {
            return encode(&n, &d, [&p, &q, &d_p, &d_q, &inverse]);
        }
    }
}

/// `factors` are p, q, d modulo p-1 and q-1, and 1/q modulo p.
fn encode(modulus: &[u64], private: &[u64], factors: [&[u64]; 5]) -> RsaPair {
    let version = integer(&[0]);
    let public = [integer(modulus), integer(&[E])].concat();
    let factors = factors.map(integer).concat();
    let key = sequence(&[version.clone(), public.clone(), integer(private), factors].concat());
    let public = sequence(&public);
    // rsaEncryption, 1.2.840.113549.1.1.1, and its parameters, which are NULL.
    let algorithm = [0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 0x05, 0];
    let algorithm = sequence(&algorithm);
    RsaPair {
        private: sequence(&[version, algorithm.clone(), tagged(0x04, &key)].concat()),
        public: sequence(&[algorithm, tagged(0x03, &[&[0][..], &public].concat())].concat()),
    }
}

/// A number in DER: without zeros before it, but for one where it would seem negative.
fn integer(number: &[u64]) -> Vec<u8> {
    let bytes: Vec<u8> = number.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect();
    let start = bytes.iter().position(|&byte| byte != 0).unwrap_or(bytes.len());
    let digits = bytes.get(start..).unwrap_or_default();
    let pad = digits.first().is_none_or(|&byte| byte >= 0x80);
    tagged(0x02, &[if pad { &[0][..] } else { &[] }, digits].concat())
}

fn sequence(inner: &[u8]) -> Vec<u8> {
    tagged(0x30, inner)
}

fn tagged(tag: u8, inner: &[u8]) -> Vec<u8> {
    let length = inner.len().to_be_bytes();
    let start = length.iter().position(|&byte| byte != 0).unwrap_or(length.len() - 1);
    let length = length.get(start..).unwrap_or_default();
    let is_long = length.len() > 1 || length.first().is_some_and(|&byte| byte >= 0x80);
    let count = u8::try_from(length.len()).unwrap_or_default();
    let head = if is_long { vec![tag, 0x80 | count] } else { vec![tag] };
    [&head, length, inner].concat()
}

/// A random prime whose two highest bits are set, so that the product of two has all its bits, and
/// which is no multiple of [`E`] but for one.
fn prime() -> Vec<u64> {
    loop {
        let bytes = random_bytes::<{ LIMBS * 8 }>();
        let (limbs, _) = bytes.as_chunks::<8>();
        let mut number: Vec<u64> = limbs.iter().map(|limb| u64::from_le_bytes(*limb)).collect();
        if let Some(low) = number.first_mut() {
            *low |= 1;
        }
        if let Some(high) = number.last_mut() {
            *high |= 0b11 << 62;
        }
        let has_small = (3..SMALL).step_by(2).any(|small| remainder(&number, small) == 0);
        if !has_small && remainder(&number, E) != 1 && is_probably_prime(&number) {
            return number;
        }
    }
}

/// Miller and Rabin's test by random bases.
fn is_probably_prime(number: &[u64]) -> bool {
    let modulus = Modulus::new(number);
    let (one, minus_one) = (small(1, number.len()), without_one(number));
    let twos = minus_one.iter().take_while(|&&limb| limb == 0).count();
    let within = minus_one.get(twos).map_or(0, |limb| limb.trailing_zeros());
    let twos = twos * 64 + usize::try_from(within).unwrap_or_default();
    let mut odd = minus_one.clone();
    for _ in 0..twos {
        halve(&mut odd);
    }
    (0..ROUNDS).all(|_| {
        let mut power = modulus.power(&small(random_u64() | 2, number.len()), &odd);
        if power == one || power == minus_one {
            return true;
        }
        (1..twos).any(|_| {
            power = modulus.square(&power);
            power == minus_one
        })
    })
}

/// `1/E` modulo `number`; `None` where there is none. It is `(1 + k·number)/E`, with the `k` below
/// `E` by which that can be divided.
fn inverse_of_e(number: &[u64]) -> Option<Vec<u64>> {
    let rest = remainder(number, E);
    let k = (1..E).find(|k| (1 + k * rest).is_multiple_of(E))?;
    let mut sum = product(number, &[k]);
    let mut carry = true;
    for limb in &mut sum {
        (*limb, carry) = limb.overflowing_add(u64::from(carry));
    }
    let mut rest = 0;
    for limb in sum.iter_mut().rev() {
        let part = u128::from(rest) << 64 | u128::from(*limb);
        *limb = low(part / u128::from(E));
        rest = low(part % u128::from(E));
    }
    Some(sum)
}

/// Numbers modulo an odd one, by Montgomery's way of multiplying.
struct Modulus {
    number: Vec<u64>,
    /// `-1/number` modulo 2^64.
    inverse: u64,
    /// The square of 2 to the power of all bits.
    square: Vec<u64>,
}

impl Modulus {
    fn new(number: &[u64]) -> Self {
        let first = number.first().copied().unwrap_or(1);
        // Each step doubles how many of the lowest bits are right.
        let inverse =
            (0..6).fold(first, |x, _| x.wrapping_mul(2_u64.wrapping_sub(first.wrapping_mul(x))));
        let mut square = small(1, number.len());
        for _ in 0..number.len() * 128 {
            double(&mut square, number);
        }
        Self { number: number.to_vec(), inverse: inverse.wrapping_neg(), square }
    }

    /// `base` to the power of `exponent`.
    fn power(&self, base: &[u64], exponent: &[u64]) -> Vec<u64> {
        let one = small(1, self.number.len());
        let base = self.multiply(base, &self.square);
        let mut result = self.multiply(&one, &self.square);
        for limb in exponent.iter().rev() {
            for bit in (0..64).rev() {
                result = self.multiply(&result, &result);
                if limb >> bit & 1 == 1 {
                    result = self.multiply(&result, &base);
                }
            }
        }
        self.multiply(&result, &one)
    }

    fn square(&self, number: &[u64]) -> Vec<u64> {
        self.multiply(&self.multiply(number, number), &self.square)
    }

    /// `one · other / 2^bits`.
    fn multiply(&self, one: &[u64], other: &[u64]) -> Vec<u64> {
        let mut sum = vec![0; self.number.len() + 2];
        for &limb in one {
            add_product(&mut sum, limb, other);
            let factor = sum.first().map_or(0, |first| first.wrapping_mul(self.inverse));
            add_product(&mut sum, factor, &self.number);
            // The lowest limb is zero now.
            sum.rotate_left(1);
        }
        let is_over = sum.get(self.number.len()).is_some_and(|&limb| limb != 0);
        sum.truncate(self.number.len());
        if is_over || !less(&sum, &self.number) {
            subtract(&mut sum, &self.number);
        }
        sum
    }
}

/// Adds `factor · number`; `sum` has room for what is carried.
fn add_product(sum: &mut [u64], factor: u64, number: &[u64]) {
    let mut carry = 0;
    let mut limbs = sum.iter_mut();
    for (limb, other) in limbs.by_ref().zip(number.iter().copied().map(Some).chain([None, None])) {
        let part = u128::from(factor) * u128::from(other.unwrap_or(0)) + u128::from(carry);
        let part = part + u128::from(*limb);
        (*limb, carry) = (low(part), low(part >> 64));
    }
}

fn product(one: &[u64], other: &[u64]) -> Vec<u64> {
    let mut sum = vec![0; one.len() + other.len()];
    for (place, &limb) in one.iter().enumerate() {
        add_product(sum.get_mut(place..).unwrap_or_default(), limb, other);
    }
    sum
}

fn remainder(number: &[u64], divisor: u64) -> u64 {
    let divide = |rest: u64, limb: &u64| {
        low((u128::from(rest) << 64 | u128::from(*limb)) % u128::from(divisor))
    };
    number.iter().rev().fold(0, divide)
}

fn small(value: u64, limbs: usize) -> Vec<u64> {
    let mut number = vec![0; limbs];
    if let Some(first) = number.first_mut() {
        *first = value;
    }
    number
}

fn without_one(number: &[u64]) -> Vec<u64> {
    let mut less = number.to_vec();
    subtract(&mut less, &[1]);
    less
}

fn subtract(number: &mut [u64], other: &[u64]) {
    let mut borrow = false;
    for (limb, other) in number.iter_mut().zip(other.iter().copied().chain(std::iter::repeat(0))) {
        let (less, first) = limb.overflowing_sub(other);
        let (less, second) = less.overflowing_sub(u64::from(borrow));
        (*limb, borrow) = (less, first || second);
    }
}

fn less(one: &[u64], other: &[u64]) -> bool {
    one.iter().rev().lt(other.iter().rev())
}

/// Twice the number, modulo another.
fn double(number: &mut [u64], modulus: &[u64]) {
    let mut carry = 0;
    for limb in number.iter_mut() {
        (*limb, carry) = (*limb << 1 | carry, *limb >> 63);
    }
    if carry == 1 || !less(number, modulus) {
        subtract(number, modulus);
    }
}

fn halve(number: &mut [u64]) {
    let mut carry = 0;
    for limb in number.iter_mut().rev() {
        (*limb, carry) = (*limb >> 1 | carry << 63, *limb & 1);
    }
}

fn low(number: u128) -> u64 {
    u64::try_from(number & u128::from(u64::MAX)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};

    use super::*;

    #[test]
    fn ring_takes_the_key_and_signs_with_it() {
        let pair = generate();
        // Checks that all numbers of the key fit each other.
        let key = RsaKeyPair::from_pkcs8(&pair.private).unwrap();
        assert_eq!(key.public().modulus_len(), 256);
        let public = key.public_key().as_ref();
        assert!(pair.public.ends_with(public), "{:?}", pair.public);
        let mut signature = vec![0; 256];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), b"x", &mut signature).unwrap();
    }

    #[test]
    fn powers_and_primes() {
        let modulus = Modulus::new(&[1_000_000_007]);
        assert_eq!(modulus.power(&[3], &[200]), [136_318_165]);
        for (number, expected) in [
            (1_000_000_007_u64, true),
            (18_446_744_073_709_551_557, true),
            (1_000_000_007 * 998_244_353, false),
            // A Carmichael number.
            (3_215_031_751, false),
        ] {
            assert_eq!(is_probably_prime(&[number]), expected, "{number}");
        }
    }

    #[test]
    fn numbers_are_written_as_der_wants_them() {
        assert_eq!(integer(&[0]), [2, 1, 0]);
        assert_eq!(integer(&[0x80, 0]), [2, 2, 0, 0x80]);
        assert_eq!(integer(&[E]), [2, 3, 1, 0, 1]);
        assert_eq!(tagged(4, &[7; 127])[..3], [4, 127, 7]);
        assert_eq!(tagged(4, &[7; 128])[..4], [4, 0x81, 128, 7]);
        assert_eq!(tagged(4, &[7; 256])[..5], [4, 0x82, 1, 0, 7]);
    }
}
