//! Natural numbers of a fixed size, and powers modulo an odd one: as much as it takes to make the
//! RSA keys of tests and to sign with SHA-1 by them, neither of which `ring` does.
//!
//! Nothing here runs in constant time, so nothing here may see a key that anybody relies on.
//! Numbers are limbs of 64 bits, the least first; those that belong together have the same count
//! of limbs.

/// A number from its bytes, the most significant first.
pub(crate) fn from_bytes(bytes: &[u8]) -> Vec<u64> {
    let limb = |chunk: &[u8]| chunk.iter().fold(0, |limb, &byte| limb << 8 | u64::from(byte));
    bytes.rchunks(8).map(limb).collect()
}

/// The bytes of a number, the most significant first, with the zeros before it.
pub(crate) fn to_bytes(number: &[u64]) -> Vec<u8> {
    number.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect()
}

/// Numbers modulo an odd one, by Montgomery's way of multiplying.
pub(crate) struct Modulus {
    number: Vec<u64>,
    /// `-1/number` modulo 2^64.
    inverse: u64,
    /// The square of 2 to the power of all bits.
    square: Vec<u64>,
}

impl Modulus {
    pub(crate) fn new(number: &[u64]) -> Self {
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
    pub(crate) fn power(&self, base: &[u64], exponent: &[u64]) -> Vec<u64> {
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

    pub(crate) fn square(&self, number: &[u64]) -> Vec<u64> {
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
    for (limb, &other) in sum.iter_mut().zip(number) {
        (*limb, carry) = factor.carrying_mul_add(other, *limb, carry);
    }
    for limb in sum.iter_mut().skip(number.len()) {
        let is_over;
        (*limb, is_over) = limb.overflowing_add(carry);
        carry = u64::from(is_over);
    }
}

pub(crate) fn product(one: &[u64], other: &[u64]) -> Vec<u64> {
    let mut sum = vec![0; one.len() + other.len()];
    for (place, &limb) in one.iter().enumerate() {
        add_product(sum.get_mut(place..).unwrap_or_default(), limb, other);
    }
    sum
}

pub(crate) fn remainder(number: &[u64], divisor: u64) -> u64 {
    let divide = |rest: u64, limb: &u64| {
        low((u128::from(rest) << 64 | u128::from(*limb)) % u128::from(divisor))
    };
    number.iter().rev().fold(0, divide)
}

/// `(number + 1) / divisor`, of which nothing is left over.
pub(crate) fn successor_divided(mut number: Vec<u64>, divisor: u64) -> Vec<u64> {
    let mut carry = true;
    for limb in &mut number {
        (*limb, carry) = limb.overflowing_add(u64::from(carry));
    }
    let mut rest = 0;
    for limb in number.iter_mut().rev() {
        let part = u128::from(rest) << 64 | u128::from(*limb);
        *limb = low(part / u128::from(divisor));
        rest = low(part % u128::from(divisor));
    }
    number
}

/// A number of one limb, in as many as are wanted.
pub(crate) fn small(value: u64, limbs: usize) -> Vec<u64> {
    let mut number = vec![0; limbs];
    if let Some(first) = number.first_mut() {
        *first = value;
    }
    number
}

pub(crate) fn without_one(number: &[u64]) -> Vec<u64> {
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

pub(crate) fn less(one: &[u64], other: &[u64]) -> bool {
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

pub(crate) fn halve(number: &mut [u64]) {
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bytes_and_limbs_are_the_same_number() {
        let number = from_bytes(&[1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(number, [0x0203_0405_0607_0809, 1]);
        assert_eq!(to_bytes(&number), [0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }

    /// By the way that everybody learns, for numbers that leave room.
    fn power(base: u64, mut exponent: u64, modulus: u64) -> u64 {
        let times =
            |one: u64, other: u64| low(u128::from(one) * u128::from(other) % u128::from(modulus));
        let (mut result, mut base) = (1 % modulus, base % modulus);
        while exponent > 0 {
            if exponent & 1 == 1 {
                result = times(result, base);
            }
            base = times(base, base);
            exponent >>= 1;
        }
        result
    }

    proptest! {
        #[test]
        fn powers_are_those_of_the_textbook(base: u64, exponent: u64, half in 1..u64::MAX / 2) {
            let number = 2 * half + 1;
            let modulus = Modulus::new(&[number]);
            prop_assert_eq!(modulus.power(&[base % number], &[exponent])[0], power(base, exponent, number));
            prop_assert_eq!(modulus.square(&[base % number])[0], power(base, 2, number));
        }
    }

    #[test]
    fn a_power_of_a_power_is_the_power_by_the_product() {
        // Two primes of NIST's curves, of four limbs and of three.
        let p256 = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
        let p192 = "fffffffffffffffffffffffffffffffeffffffffffffffff";
        for prime in [p256, p192] {
            let prime = crate::Encoding::Hex.decode(prime.as_bytes()).unwrap();
            let number = from_bytes(prime.as_slice());
            let modulus = Modulus::new(&number);
            let base = small(0x1234_5678_9abc_def1, number.len());
            let (one, other) = ([3, 5, 7], [11, 13]);
            let twice = modulus.power(&modulus.power(&base, &one), &other);
            assert_eq!(twice, modulus.power(&base, &product(&one, &other)));
            // Fermat.
            assert_eq!(modulus.power(&base, &number), base);
        }
    }
}
