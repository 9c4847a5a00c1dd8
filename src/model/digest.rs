//! The digest that replaces a stage variable's value, and whether the value looked like a secret.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use super::json::{EachOnce, Key, ObjectKeys};
use super::secret::looks_secret;

/// A stage variable's value as a snapshot keeps it.
///
/// It hides from a glance, not from guessing: short values can be tried one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    /// SHA-256 over account, name and value.
    pub sha256: [u8; 32],
    /// True if the value looked like a secret.
    pub looks_secret: bool,
}

impl Digest {
    /// The digest of a variable. The account and the name are part of it, so that equal values of two accounts or
    /// two variables do not show that they are equal.
    #[must_use]
    pub fn of(account: Option<&str>, name: &str, value: &str) -> Self {
        Self {
            sha256: Self::hash(account, name, value),
            looks_secret: looks_secret(name, value),
        }
    }

    /// A digest as a snapshot writes it; `None` if these are not 64 hex digits.
    #[must_use]
    pub fn from_hex(hex: &str, looks_secret: bool) -> Option<Self> {
        bytes(hex).map(|sha256| Self {
            sha256,
            looks_secret,
        })
    }

    /// True if it is the digest of a value.
    #[must_use]
    pub fn is_of(&self, account: Option<&str>, name: &str, value: &str) -> bool {
        self.sha256 == Self::hash(account, name, value)
    }

    fn hash(account: Option<&str>, name: &str, value: &str) -> [u8; 32] {
        // None of the three can contain a NUL, so the parts cannot run into each other.
        sha256(&[account.unwrap_or_default(), "\0", name, "\0", value])
    }

    /// The form in reports: `sha256:` and 12 hex digits.
    #[must_use]
    pub fn short(&self) -> String {
        format!("sha256:{}", hex(&self.sha256[..6]))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Digest", 2)?;
        out.serialize_field("sha256", &hex(&self.sha256))?;
        out.serialize_field("looks-secret", &self.looks_secret)?;
        out.end()
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Members)
    }
}

/// Reads the members of a digest; others are passed over.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Digest;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object with sha256 and looks-secret")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Digest, A::Error> {
        #[derive(Deserialize)]
        struct Text<'t>(#[serde(borrow)] Cow<'t, str>);

        let (mut sha256, mut looks_secret, mut others) = (None, None, ObjectKeys::default());
        while let Some(key) = from.next_key_seed(Key)? {
            match &*key {
                "sha256" if sha256.is_none() => {
                    let Text(digits) = from.next_value()?;
                    sha256 = Some(
                        bytes(&digits)
                            .ok_or_else(|| A::Error::custom("sha256 is not 64 hex digits"))?,
                    );
                }
                "looks-secret" if looks_secret.is_none() => looks_secret = Some(from.next_value()?),
                "sha256" | "looks-secret" => {
                    return Err(A::Error::custom(format!("{key} is there twice")));
                }
                _ => {
                    from.next_value_seed(EachOnce::EXACT)?;
                    others.add(key);
                }
            }
        }
        if let Some(key) = others.twice() {
            return Err(A::Error::custom(format!("{key} is there twice")));
        }
        let missing = A::Error::missing_field;
        Ok(Digest {
            sha256: sha256.ok_or_else(|| missing("sha256"))?,
            looks_secret: looks_secret.ok_or_else(|| missing("looks-secret"))?,
        })
    }
}

/// A text as anyone may see it: a digest in place of what looks like a secret, given the key that it has in a map.
///
/// Every text of a source goes through here on its way to a report, whatever its field.
#[must_use]
pub fn shown<'t>(account: Option<&str>, key: Option<&str>, text: &'t str) -> Cow<'t, str> {
    let key = key.unwrap_or_default();
    if looks_secret(key, text) {
        Digest::of(account, key, text).short().into()
    } else {
        Cow::Borrowed(text)
    }
}

/// SHA-256 over the parts.
#[must_use]
pub fn sha256(parts: &[&str]) -> [u8; 32] {
    // One text of some hundred bytes is hashed faster than its many parts.
    Sha256::digest(parts.concat()).into()
}

/// Bytes as lower-case hex digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)]);
        text.push(DIGITS[usize::from(byte & 15)]);
    }
    text
}

/// The bytes of 64 hex digits.
fn bytes(hex: &str) -> Option<[u8; 32]> {
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    };
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let mut bytes = [0; 32];
    if pairs.len() != bytes.len() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_depends_on_account_name_and_value() {
        let one = Digest::of(Some("111122223333"), "a", "value");
        assert_eq!(one, Digest::of(Some("111122223333"), "a", "value"));
        for other in [
            Digest::of(Some("444455556666"), "a", "value"),
            Digest::of(Some("111122223333"), "b", "value"),
            Digest::of(Some("111122223333"), "a", "other"),
            Digest::of(Some("111122223333"), "av", "alue"),
        ] {
            assert_ne!(one.sha256, other.sha256);
        }
        assert_eq!(one.short().len(), "sha256:".len() + 12);
        let json = serde_json::to_string(&one).unwrap();
        assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), one);
        for wrong in ["00ff", &"g".repeat(64), &"é".repeat(32)] {
            assert!(
                serde_json::from_str::<Digest>(&format!(
                    r#"{{"sha256":"{wrong}","looks-secret":false}}"#
                ))
                .is_err()
            );
        }
        // A value that was not examined may be a secret.
        let without = json.replace(r#","looks-secret":false"#, "");
        assert!(
            without != json && serde_json::from_str::<Digest>(&without).is_err(),
            "{without}"
        );
    }
}
