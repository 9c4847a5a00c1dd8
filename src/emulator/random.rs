//! A seeded sequence of numbers (SplitMix64): the same everywhere, and good for nothing secret.

/// A deterministic sequence; two with the same seed are the same.
pub struct Sequence(u64);

impl Sequence {
    /// A sequence of its own for each place of each item.
    pub fn within(seed: u64, item: u64, place: u64) -> Sequence {
        Sequence(mix(
            mix(seed.wrapping_add(item.wrapping_mul(STEP))).wrapping_add(place.wrapping_mul(STEP))
        ))
    }

    pub fn next(&mut self) -> u64 {
        let value = mix(self.0);
        self.0 = self.0.wrapping_add(STEP);
        value
    }

    /// A number below `end`, which must not be 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// One of `choices`, which must not be empty.
    pub fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.place(choices.len())]
    }

    /// An identifier of lower-case letters and digits, as API Gateway makes them.
    pub fn identifier(&mut self, length: usize) -> String {
        const ALPHABET: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        (0..length)
            .map(|_| char::from(ALPHABET[self.place(ALPHABET.len())]))
            .collect()
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the remainder is smaller than a usize was"
    )]
    fn place(&mut self, of: usize) -> usize {
        (self.next() % of as u64) as usize
    }
}

/// The `index`-th draw of the sequence `seed`, at least 0 and below 1, without the draws before it.
#[expect(
    clippy::cast_precision_loss,
    reason = "53 of the bits are taken, as many as an f64 holds"
)]
pub fn fraction(seed: u64, index: u64) -> f64 {
    let bits = mix(seed.wrapping_add(index.wrapping_mul(STEP)));
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(STEP);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_spread_evenly() {
        let low = (0..10_000)
            .filter(|index| fraction(1, *index) < 0.2)
            .count();
        assert!((1_800..2_200).contains(&low), "{low}");
    }
}
