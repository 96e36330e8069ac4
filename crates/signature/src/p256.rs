//! ECDSA on P-256 with SHA-1, for the one provider that signs so (eBay).
//!
//! `ring` has the curve, but only together with SHA-256 and SHA-384, and takes no hash that was
//! made elsewhere. The crates that do bring fifteen packages along. So the arithmetic modulo the
//! two primes is `fiat-crypto`'s, which is proven correct, and the few lines of curve on top of it
//! are here, held against `ring` by the tests.
//!
//! Nothing here takes a constant time. Where it verifies, everything is public: key, message and
//! signature. Where it signs, the key is one that was made for a test ([`crate::TestKeyPair`]): no
//! private key that anybody relies on may ever come near.

use std::cmp::Ordering;

use fiat_crypto::{p256_64 as field, p256_scalar_64 as scalar};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::{Digest as _, Sha1};

use crate::der;

/// A number of 256 bits, the most significant byte first.
pub(crate) type Number = [u8; 32];

/// The prime of the field (FIPS 186-5 and SEC 2, as all constants here).
const P: Number = *b"\xff\xff\xff\xff\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
/// The order of the group.
const N: Number = *b"\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51";
/// The constant of the curve y² = x³ - 3x + b.
const B: Number = *b"\x5a\xc6\x35\xd8\xaa\x3a\x93\xe7\xb3\xeb\xbd\x55\x76\x98\x86\xbc\x65\x1d\x06\xb0\xcc\x53\xb0\xf6\x3b\xce\x3c\x3e\x27\xd2\x60\x4b";
/// The generator.
const GENERATOR: (Number, Number) = (
    *b"\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96",
    *b"\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5",
);
const ZERO: Number = [0; 32];

/// Whether `signature`, in DER, is one over `message` by the key with this uncompressed point.
pub(crate) fn verify_sha1(point: &[u8], message: &[u8], signature: &[u8]) -> bool {
    verify_hash(point, &Sha1::digest(message), signature).is_some()
}

/// FIPS 186-5, section 6.4.2.
pub(crate) fn verify_hash(point: &[u8], hash: &[u8], signature: &[u8]) -> Option<()> {
    let key = Point::read(point)?;
    let (r, s) = der::ecdsa_signature(signature)?;
    let (r, s) = (padded(r)?, padded(s)?);
    if r == ZERO || s == ZERO || r >= N || s >= N {
        return None;
    }
    let inverse = Scalar::new(&s).inverse();
    let of_generator = Scalar::new(&reduced(padded(hash)?)).times(&inverse).number();
    let of_key = Scalar::new(&r).times(&inverse).number();
    let x = sum(&of_generator, &Point::generator(), &of_key, &key).x()?;
    (reduced(x) == r).then_some(())
}

/// A signature over `message` by the private key of a test, in DER. The random number in it is the
/// one of RFC 6979, so that the same is always signed alike. `None` where this is no private key.
pub(crate) fn sign_sha1(private: &Number, message: &[u8]) -> Option<Vec<u8>> {
    if *private == ZERO || *private >= N {
        return None;
    }
    let hash = reduced(padded(&Sha1::digest(message))?);
    Nonces::new(private, &hash)?.find_map(|nonce| sign_once(private, &hash, &nonce))
}

/// FIPS 186-5, section 6.4.1. `None` where another random number is needed.
fn sign_once(private: &Number, hash: &Number, nonce: &Number) -> Option<Vec<u8>> {
    if *nonce == ZERO || *nonce >= N {
        return None;
    }
    let generator = Point::generator();
    let r = reduced(sum(nonce, &generator, &ZERO, &generator).x()?);
    let of_key = Scalar::new(&r).times(&Scalar::new(private));
    let s = Scalar::new(nonce).inverse().times(&Scalar::new(hash).plus(&of_key)).number();
    let is_good = r != ZERO && s != ZERO;
    is_good.then(|| der::sequence(&[der::integer(&r), der::integer(&s)].concat()))
}

/// The random numbers of RFC 6979, section 3.2, one after the other, with HMAC-SHA1.
struct Nonces {
    key: [u8; 20],
    value: [u8; 20],
}

impl Nonces {
    fn new(private: &Number, hash: &Number) -> Option<Self> {
        let mut nonces = Self { key: [0; 20], value: [1; 20] };
        for step in [0, 1] {
            nonces.step(&[&[step], private, hash])?;
        }
        Some(nonces)
    }

    /// A new key from the value and `more`, and a new value by it.
    fn step(&mut self, more: &[&[u8]]) -> Option<()> {
        let value = self.value;
        self.key = self.mac(&[&[&value[..]], more].concat())?;
        self.value = self.mac(&[&value])?;
        Some(())
    }

    fn mac(&self, pieces: &[&[u8]]) -> Option<[u8; 20]> {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.key).ok()?;
        for piece in pieces {
            mac.update(piece);
        }
        Some(mac.finalize().into_bytes().into())
    }
}

impl Iterator for Nonces {
    type Item = Number;

    fn next(&mut self) -> Option<Number> {
        self.value = self.mac(&[&self.value])?;
        let first = self.value;
        self.value = self.mac(&[&first])?;
        let nonce = first.iter().chain(&self.value).copied();
        let mut number = ZERO;
        number.iter_mut().zip(nonce).for_each(|(to, from)| *to = from);
        self.step(&[&[0]])?;
        Some(number)
    }
}

/// At most 32 bytes as a number.
fn padded(bytes: &[u8]) -> Option<Number> {
    let mut number = ZERO;
    let start = number.len().checked_sub(bytes.len())?;
    number.get_mut(start..)?.copy_from_slice(bytes);
    Some(number)
}

/// A number below 2²⁵⁶, which is less than twice the order, modulo the order.
fn reduced(number: Number) -> Number {
    if number.cmp(&N) == Ordering::Less {
        return number;
    }
    let mut difference = ZERO;
    let mut borrow = false;
    for ((to, &from), &less) in difference.iter_mut().zip(&number).zip(&N).rev() {
        let (once, first) = from.overflowing_sub(less);
        let (twice, second) = once.overflowing_sub(u8::from(borrow));
        (*to, borrow) = (twice, first || second);
    }
    difference
}

/// The bits of a number, the most significant first.
fn bits(number: &Number) -> impl Iterator<Item = bool> {
    number.iter().flat_map(|&byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1))
}

/// `fiat-crypto` has the least significant byte first.
fn turned(mut number: Number) -> Number {
    number.reverse();
    number
}

/// An integer modulo the order.
#[derive(Clone, Copy)]
struct Scalar(scalar::fiat_p256_scalar_montgomery_domain_field_element);

impl Scalar {
    const EMPTY: scalar::fiat_p256_scalar_montgomery_domain_field_element =
        scalar::fiat_p256_scalar_montgomery_domain_field_element([0; 4]);

    /// Of a number below the order.
    fn new(number: &Number) -> Self {
        let mut plain = scalar::fiat_p256_scalar_non_montgomery_domain_field_element([0; 4]);
        scalar::fiat_p256_scalar_from_bytes(&mut plain.0, &turned(*number));
        let mut out = Self::EMPTY;
        scalar::fiat_p256_scalar_to_montgomery(&mut out, &plain);
        Self(out)
    }

    fn number(&self) -> Number {
        let mut plain = scalar::fiat_p256_scalar_non_montgomery_domain_field_element([0; 4]);
        scalar::fiat_p256_scalar_from_montgomery(&mut plain, &self.0);
        let mut bytes = ZERO;
        scalar::fiat_p256_scalar_to_bytes(&mut bytes, &plain.0);
        turned(bytes)
    }

    fn times(&self, other: &Self) -> Self {
        let mut out = Self::EMPTY;
        scalar::fiat_p256_scalar_mul(&mut out, &self.0, &other.0);
        Self(out)
    }

    fn plus(&self, other: &Self) -> Self {
        let mut out = Self::EMPTY;
        scalar::fiat_p256_scalar_add(&mut out, &self.0, &other.0);
        Self(out)
    }

    /// The power by the order less two (Fermat).
    fn inverse(&self) -> Self {
        let mut exponent = N;
        if let Some(last) = exponent.last_mut() {
            *last -= 2;
        }
        let mut one = ZERO;
        if let Some(last) = one.last_mut() {
            *last = 1;
        }
        bits(&exponent).fold(Self::new(&one), |power, bit| {
            let squared = power.times(&power);
            if bit { squared.times(self) } else { squared }
        })
    }
}

/// An element of the field.
#[derive(Clone, Copy)]
struct Element(field::fiat_p256_montgomery_domain_field_element);

impl Element {
    const EMPTY: field::fiat_p256_montgomery_domain_field_element =
        field::fiat_p256_montgomery_domain_field_element([0; 4]);

    fn zero() -> Self {
        Self(Self::EMPTY)
    }

    fn one() -> Self {
        let mut out = Self::EMPTY;
        field::fiat_p256_set_one(&mut out);
        Self(out)
    }

    /// Of a number below the prime.
    fn new(number: &Number) -> Option<Self> {
        if *number >= P {
            return None;
        }
        let mut plain = field::fiat_p256_non_montgomery_domain_field_element([0; 4]);
        field::fiat_p256_from_bytes(&mut plain.0, &turned(*number));
        let mut out = Self::EMPTY;
        field::fiat_p256_to_montgomery(&mut out, &plain);
        Some(Self(out))
    }

    fn number(&self) -> Number {
        let mut plain = field::fiat_p256_non_montgomery_domain_field_element([0; 4]);
        field::fiat_p256_from_montgomery(&mut plain, &self.0);
        let mut bytes = ZERO;
        field::fiat_p256_to_bytes(&mut bytes, &plain.0);
        turned(bytes)
    }

    fn is_zero(&self) -> bool {
        let mut out = 0;
        field::fiat_p256_nonzero(&mut out, &self.0.0);
        out == 0
    }

    fn times(&self, other: &Self) -> Self {
        let mut out = Self::EMPTY;
        field::fiat_p256_mul(&mut out, &self.0, &other.0);
        Self(out)
    }

    fn squared(&self) -> Self {
        self.times(self)
    }

    fn plus(&self, other: &Self) -> Self {
        let mut out = Self::EMPTY;
        field::fiat_p256_add(&mut out, &self.0, &other.0);
        Self(out)
    }

    fn minus(&self, other: &Self) -> Self {
        let mut out = Self::EMPTY;
        field::fiat_p256_sub(&mut out, &self.0, &other.0);
        Self(out)
    }

    fn doubled(&self) -> Self {
        self.plus(self)
    }

    /// The power by the prime less two (Fermat).
    fn inverse(&self) -> Self {
        let mut exponent = P;
        if let Some(last) = exponent.last_mut() {
            *last -= 2;
        }
        bits(&exponent).fold(Self::one(), |power, bit| {
            let squared = power.squared();
            if bit { squared.times(self) } else { squared }
        })
    }
}

/// A point as x = X/Z², y = Y/Z³; infinity where Z is 0.
#[derive(Clone, Copy)]
struct Point {
    x: Element,
    y: Element,
    z: Element,
}

impl Point {
    fn infinity() -> Self {
        Self { x: Element::one(), y: Element::one(), z: Element::zero() }
    }

    fn generator() -> Self {
        Self::new(&GENERATOR.0, &GENERATOR.1).unwrap_or_else(Self::infinity)
    }

    /// The point with these coordinates, if it is on the curve.
    fn new(x: &Number, y: &Number) -> Option<Self> {
        let (x, y, b) = (Element::new(x)?, Element::new(y)?, Element::new(&B)?);
        let right = x.squared().times(&x).minus(&x.doubled().plus(&x)).plus(&b);
        y.squared().minus(&right).is_zero().then_some(Self { x, y, z: Element::one() })
    }

    /// Reads an uncompressed point (SEC 1, section 2.3.4).
    fn read(bytes: &[u8]) -> Option<Self> {
        let coordinates = bytes.strip_prefix(&[4])?;
        let (x, y) = coordinates.split_at_checked(32)?;
        Self::new(x.try_into().ok()?, y.try_into().ok()?)
    }

    /// The first coordinate, where it is not infinity.
    fn x(&self) -> Option<Number> {
        let inverse = self.z.inverse();
        (!self.z.is_zero()).then(|| self.x.times(&inverse.squared()).number())
    }

    /// <https://hyperelliptic.org/EFD/g1p/auto-shortw-jacobian-3.html#doubling-dbl-2001-b>
    fn doubled(&self) -> Self {
        let delta = self.z.squared();
        let gamma = self.y.squared();
        let beta = self.x.times(&gamma);
        let product = self.x.minus(&delta).times(&self.x.plus(&delta));
        let alpha = product.doubled().plus(&product);
        let four_beta = beta.doubled().doubled();
        let x = alpha.squared().minus(&four_beta.doubled());
        let z = self.y.plus(&self.z).squared().minus(&gamma).minus(&delta);
        let eight = gamma.squared().doubled().doubled().doubled();
        let y = alpha.times(&four_beta.minus(&x)).minus(&eight);
        Self { x, y, z }
    }

    /// <https://hyperelliptic.org/EFD/g1p/auto-shortw-jacobian-3.html#addition-add-1998-cmo-2>,
    /// with the cases that it leaves out.
    fn plus(&self, other: &Self) -> Self {
        if self.z.is_zero() {
            return *other;
        }
        if other.z.is_zero() {
            return *self;
        }
        let (z1, z2) = (self.z.squared(), other.z.squared());
        let (u1, u2) = (self.x.times(&z2), other.x.times(&z1));
        let (s1, s2) = (self.y.times(&z2).times(&other.z), other.y.times(&z1).times(&self.z));
        let (across, up) = (u2.minus(&u1), s2.minus(&s1));
        if across.is_zero() {
            return if up.is_zero() { self.doubled() } else { Self::infinity() };
        }
        let squared = across.squared();
        let cubed = squared.times(&across);
        let shifted = u1.times(&squared);
        let x = up.squared().minus(&cubed).minus(&shifted.doubled());
        let y = up.times(&shifted.minus(&x)).minus(&s1.times(&cubed));
        let z = across.times(&self.z).times(&other.z);
        Self { x, y, z }
    }
}

/// `first` times `one` and `second` times `other`, added (Shamir's trick).
fn sum(first: &Number, one: &Point, second: &Number, other: &Point) -> Point {
    let both = one.plus(other);
    bits(first).zip(bits(second)).fold(Point::infinity(), |sum, bits| {
        let sum = sum.doubled();
        match bits {
            (true, true) => sum.plus(&both),
            (true, false) => sum.plus(one),
            (false, true) => sum.plus(other),
            (false, false) => sum,
        }
    })
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
    use sha2::Sha256;

    use super::*;

    fn verify_sha256(point: &[u8], message: &[u8], signature: &[u8]) -> bool {
        verify_hash(point, &Sha256::digest(message), signature).is_some()
    }

    #[test]
    fn what_ring_signs_is_accepted_and_nothing_else() {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        for round in 0_u32..4 {
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
            let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
            let point = pair.public_key().as_ref();
            let message = round.to_be_bytes();
            let signature = pair.sign(&random, &message).unwrap();
            let signature = signature.as_ref();
            assert!(verify_sha256(point, &message, signature));
            assert!(!verify_sha256(point, b"other", signature));
            assert!(!verify_sha1(point, &message, signature));
            for index in 0..signature.len() {
                let mut changed = signature.to_vec();
                changed[index] ^= 1;
                assert!(!verify_sha256(point, &message, &changed), "byte {index}");
            }
            for index in 0..point.len() {
                let mut changed = point.to_vec();
                changed[index] ^= 1;
                assert!(!verify_sha256(&changed, &message, signature), "byte {index} of the key");
            }
            for length in 0..signature.len() {
                assert!(!verify_sha256(point, &message, &signature[..length]));
            }
            assert!(!verify_sha256(point, &message, &[signature, &[0]].concat()));
        }
    }

    fn hexadecimal(text: &str) -> Vec<u8> {
        crate::Encoding::Hex.decode(text.as_bytes()).unwrap().as_slice().to_vec()
    }

    /// RFC 6979, appendix A.2.5.
    #[test]
    fn signatures_are_those_of_the_standard() {
        let number = |text: &str| -> Number { hexadecimal(text).try_into().unwrap() };
        let private = number("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
        let point = hexadecimal(
            "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
        );
        for (message, r, s) in [
            (
                &b"sample"[..],
                "61340c88c3aaebeb4f6d667f672ca9759a6ccaa9fa8811313039ee4a35471d32",
                "6d7f147dac089441bb2e2fe8f7a3fa264b9c475098fdcf6e00d7c996e1b8b7eb",
            ),
            (
                b"test",
                "0cbcc86fd6abd1d99e703e1ec50069ee5c0b4ba4b9ac60e409e8ec5910d81a89",
                "01b9d7b73dfaa60d5651ec4591a0136f87653e0fd780c3b1bc872ffdeae479b1",
            ),
        ] {
            let signature = sign_sha1(&private, message).unwrap();
            assert_eq!(der::ecdsa_signature(&signature), Some((&number(r)[..], &number(s)[..])));
            assert!(verify_sha1(&point, message, &signature));
            assert!(!verify_sha1(&point, b"other", &signature));
        }
        assert_eq!((sign_sha1(&ZERO, b""), sign_sha1(&N, b"")), (None, None));
    }

    #[test]
    fn the_group_is_the_one_of_the_standard() {
        let generator = Point::generator();
        // The order times the generator is infinity, and one less is its negative.
        assert!(sum(&N, &generator, &ZERO, &generator).z.is_zero());
        let mut last = N;
        last[31] -= 1;
        let negative = sum(&last, &generator, &ZERO, &generator);
        assert_eq!(negative.x(), Some(GENERATOR.0));
        assert!(negative.plus(&generator).z.is_zero());
        assert_eq!(generator.plus(&generator).x(), generator.doubled().x());
        assert_eq!(generator.plus(&Point::infinity()).x(), generator.x());
        assert_eq!(Point::infinity().plus(&generator).x(), generator.x());
        assert_eq!(reduced(N), ZERO);
    }

    #[test]
    fn numbers_out_of_range_and_other_points_are_refused() {
        let point = [&[4][..], &GENERATOR.0, &GENERATOR.1].concat();
        assert!(Point::read(&point).is_some());
        for bad in [&point[..64], &[&point[..], &[0]].concat(), &[&[2][..], &GENERATOR.0].concat()]
        {
            assert!(Point::read(bad).is_none());
        }
        assert!(Point::new(&P, &GENERATOR.1).is_none());
        let one = [0x02, 0x01, 0x01];
        let order = [&[0x02, 0x21, 0x00][..], &N].concat();
        let zero = [0x02, 0x01, 0x00];
        for (r, s) in [(&one[..], &zero[..]), (&zero, &one), (&one, &order), (&order, &one)] {
            let content = [r, s].concat();
            let length = u8::try_from(content.len()).unwrap();
            let signature = [&[0x30, length][..], &content].concat();
            assert!(!verify_sha1(&point, b"", &signature));
        }
    }
}
