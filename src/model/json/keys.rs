//! The names of members in JSON, and JSON in which no member is there twice.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A key of a map, borrowed where it can be.
#[derive(Clone, Copy, Debug)]
pub struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a key")
    }

    fn visit_borrowed_str<E: Error>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}

/// Skips JSON without a row in the catalogue. No member may be there twice in its objects.
#[derive(Clone, Copy, Debug)]
pub struct EachOnce {
    /// The members whose keys are their users' texts. In all others the names are AWS's, in either of its spellings.
    texts: fn(&str) -> bool,
    /// True if the keys of this value are texts.
    here: bool,
}

impl EachOnce {
    /// JSON in which every key is taken as it is.
    pub const EXACT: Self = Self {
        texts: |_| true,
        here: true,
    };

    /// An object of AWS's: names that differ in the case of their first letter are one name, but for the keys in
    /// members for which `texts` is true.
    pub fn named_by_aws(texts: fn(&str) -> bool) -> Self {
        Self { texts, here: false }
    }
}

impl<'de> DeserializeSeed<'de> for EachOnce {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for EachOnce {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        while from.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        let mut keys = ObjectKeys::default();
        while let Some(key) = from.next_key_seed(Key)? {
            from.next_value_seed(Self {
                here: (self.texts)(&key),
                ..self
            })?;
            keys.add(key);
        }
        let twice = if self.here {
            keys.twice()
        } else {
            keys.twice_in_any_spelling()
        };
        twice.map_or(Ok(()), |key| {
            Err(A::Error::custom(format!("{key} is there twice")))
        })
    }
}

/// The keys of one object.
#[derive(Debug, Default)]
pub struct ObjectKeys<'de>(Vec<Cow<'de, str>>);

impl<'de> ObjectKeys<'de> {
    /// Adds a key.
    pub fn add(&mut self, key: Cow<'de, str>) {
        self.0.push(key);
    }

    /// A key that is there twice.
    #[must_use]
    pub fn twice(self) -> Option<Cow<'de, str>> {
        self.twice_as(|key| (None, key.as_bytes()))
    }

    /// A name that is there twice, in AWS's two spellings or in one of them.
    #[must_use]
    pub fn twice_in_any_spelling(self) -> Option<Cow<'de, str>> {
        self.twice_as(|key| match key.as_bytes() {
            [first, rest @ ..] => (Some(first.to_ascii_lowercase()), rest),
            [] => (None, &[]),
        })
    }

    fn twice_as(mut self, name: fn(&str) -> (Option<u8>, &[u8])) -> Option<Cow<'de, str>> {
        // Writers sort, so this is nearly always one look at each.
        if self.0.is_sorted_by(|a, b| name(a) < name(b)) {
            return None;
        }
        self.0.sort_by(|a, b| name(a).cmp(&name(b)));
        let at = self
            .0
            .windows(2)
            .position(|pair| name(&pair[0]) == name(&pair[1]))?;
        Some(self.0.swap_remove(at + 1))
    }
}
