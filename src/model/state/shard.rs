//! A part of the accounts and Regions, for runs on more than one machine. It must not know who runs the others.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// One of several parts of the work.
///
/// Which part a scope belongs to hangs on its own name alone, so it stays where it is when accounts and Regions come
/// and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    count: u32,
}

impl Shard {
    /// The `index`-th part of `count`, counted from 1; `None` where there is no such part.
    #[must_use]
    pub const fn new(index: u32, count: u32) -> Option<Self> {
        if index >= 1 && index <= count {
            Some(Self { index, count })
        } else {
            None
        }
    }

    /// Which part it is, from 1.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.index
    }

    /// Number of parts.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.count
    }

    /// True if an account's Region belongs to this part; an unknown account counts as one account.
    #[must_use]
    pub fn holds(self, account: Option<&str>, region: &str) -> bool {
        let mut hash = Sha256::new();
        hash.update(account.unwrap_or_default());
        hash.update([0]);
        hash.update(region);
        // The first eight bytes, as a number.
        let number = hash
            .finalize()
            .iter()
            .take(8)
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        number % u64::from(self.count) == u64::from(self.index - 1)
    }
}

/// As the flag has it: `I/N`.
impl fmt::Display for Shard {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.index, self.count)
    }
}

impl Serialize for Shard {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Shard {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let parts = text
            .split_once('/')
            .and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
        parts
            .and_then(|(index, count)| Self::new(index, count))
            .ok_or_else(|| D::Error::custom("not a shard I/N"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_part_nought_and_none_beyond_the_last() {
        assert!(
            Shard::new(0, 4).is_none() && Shard::new(5, 4).is_none() && Shard::new(1, 0).is_none()
        );
        assert!(Shard::new(1, 1).is_some() && Shard::new(4, 4).is_some());
    }

    #[test]
    fn every_scope_is_in_exactly_one_part_and_parts_are_about_as_large() {
        let mut sizes = [0; 4];
        for account in 0..500 {
            for region in ["us-east-1", "eu-west-1", "ap-south-1"] {
                let account = format!("{:012}", 111_122_223_333_u64 + account);
                let holding: Vec<u32> = (1..=4)
                    .filter(|index| Shard::new(*index, 4).unwrap().holds(Some(&account), region))
                    .collect();
                assert_eq!(holding.len(), 1, "{account} {region}");
                sizes[holding[0] as usize - 1] += 1;
            }
        }
        assert!(
            sizes.iter().all(|size| (300..450).contains(size)),
            "{sizes:?}"
        );
    }

    #[test]
    fn where_a_scope_belongs_is_part_of_the_promise() {
        let of = |account, region| {
            (1..=8).find(|index| Shard::new(*index, 8).unwrap().holds(account, region))
        };
        let places = [
            of(Some("111122223333"), "us-east-1"),
            of(Some("111122223333"), "eu-west-1"),
            of(None, "us-east-1"),
        ];
        assert_eq!(places, [Some(3), Some(3), Some(1)]);
    }
}
