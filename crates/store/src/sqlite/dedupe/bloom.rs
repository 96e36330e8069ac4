//! A Bloom filter: says "no" for certain, or "maybe".

use super::Hash;

/// Bits a key: with seven of them set, about one in a hundred keys that are not there gets a "maybe".
const BITS: usize = 10;
const PROBES: u64 = 7;

/// The filter; kept in the store as its bytes.
pub(super) struct Bloom(Box<[u8]>);

impl Bloom {
    pub(super) fn for_keys(keys: usize) -> Self {
        Self(vec![0; (keys * BITS).div_ceil(8).max(1)].into())
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        (!bytes.is_empty()).then(|| Self(bytes.into()))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn insert(&mut self, hash: &Hash) {
        for (byte, bit) in probes(hash, self.0.len()) {
            if let Some(byte) = self.0.get_mut(byte) {
                *byte |= bit;
            }
        }
    }

    pub(super) fn may_hold(&self, hash: &Hash) -> bool {
        probes(hash, self.0.len())
            .all(|(byte, bit)| self.0.get(byte).is_some_and(|byte| byte & bit != 0))
    }
}

/// The bits of a key. Its hash is evenly spread already, so its halves serve as the two hash
/// functions that any number of others can be made of (Kirsch and Mitzenmacher).
fn probes(hash: &Hash, bytes: usize) -> impl Iterator<Item = (usize, u8)> {
    let whole = u128::from_le_bytes(*hash);
    #[expect(clippy::cast_possible_truncation, reason = "one half each")]
    let (first, second) = (whole as u64, (whole >> 64) as u64 | 1);
    let bits = (bytes as u64).saturating_mul(8).max(1);
    (0..PROBES).map(move |index| {
        let bit = first.wrapping_add(index.wrapping_mul(second)) % bits;
        (usize::try_from(bit / 8).unwrap_or(usize::MAX), 1 << (bit % 8))
    })
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    fn hash(number: u32) -> Hash {
        let digest = Sha256::digest(number.to_le_bytes());
        std::array::from_fn(|index| digest[index])
    }

    #[test]
    fn never_denies_what_is_there_and_rarely_claims_what_is_not() {
        let mut bloom = Bloom::for_keys(10_000);
        (0..10_000).for_each(|number| bloom.insert(&hash(number)));
        let bloom = Bloom::from_bytes(bloom.as_bytes()).unwrap();
        assert!((0..10_000).all(|number| bloom.may_hold(&hash(number))));
        let wrong = (10_000..20_000).filter(|&number| bloom.may_hold(&hash(number))).count();
        assert!(wrong < 200, "{wrong} of 10,000");
    }
}
