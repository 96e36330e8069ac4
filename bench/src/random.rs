//! Random numbers that a printed seed brings back: splitmix64.

/// A generator.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The generator of this seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// The next number in `low..=high`.
    pub const fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    /// Whether something happens that does in `percent` of a hundred cases.
    pub const fn chance(&mut self, percent: u64) -> bool {
        self.between(1, 100) <= percent
    }
}

/// The seed that was asked for, or a fresh one, short enough to type.
pub fn seed(asked: Option<u64>) -> u64 {
    asked.unwrap_or_else(|| getrandom::u64().unwrap_or(1) % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_brings_the_same_numbers_back() {
        let (mut one, mut other) = (Random::new(7), Random::new(7));
        for _ in 0..100 {
            let number = one.between(200, 4000);
            assert_eq!(number, other.between(200, 4000));
            assert!((200..=4000).contains(&number));
        }
    }
}
