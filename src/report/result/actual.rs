//! A value that was found, as a result holds it: any JSON. Structs, maps and lists stay text, in their own order.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Value, json};

use super::json::{Described, Json};
use crate::model::finding::Actual;
use crate::report::escape::json as escape;

/// The value.
pub struct ActualValue<'a>(pub Cow<'a, Actual>);

impl<'de> Deserialize<'de> for ActualValue<'_> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Any)
            .map(|actual| Self(Cow::Owned(actual)))
    }
}

impl Described for ActualValue<'_> {
    fn schema() -> Value {
        json!({})
    }
}

impl Json for ActualValue<'_> {
    fn push(&self, out: &mut Vec<u8>) {
        escape::actual(out, &self.0);
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Actual;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the value of a setting")
    }

    fn visit_unit<E: Error>(self) -> Result<Actual, E> {
        Ok(Actual::Unset)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Actual, E> {
        Ok(Actual::Boolean(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Actual, E> {
        Ok(Actual::Integer(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Actual, E> {
        i64::try_from(value)
            .map(Actual::Integer)
            .map_err(|_| E::custom(format!("{value} is too large a number")))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Actual, E> {
        Ok(Actual::Number(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Actual, E> {
        Ok(Actual::Text(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, from: A) -> Result<Actual, A::Error> {
        let mut json = String::new();
        Copied(&mut json).visit_seq(from)?;
        Ok(Actual::Json(json.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, from: A) -> Result<Actual, A::Error> {
        let mut json = String::new();
        Copied(&mut json).visit_map(from)?;
        Ok(Actual::Json(json.into()))
    }
}

/// Copies a value as JSON.
struct Copied<'j>(&'j mut String);

impl Copied<'_> {
    fn push<E: Error>(self, scalar: &impl serde::Serialize) -> Result<(), E> {
        self.0
            .push_str(&serde_json::to_string(scalar).map_err(E::custom)?);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Copied<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Copied<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.push(&())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.push(&value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.push(&value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.push(&value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.push(&value)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.push(&value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        self.0.push('[');
        let start = self.0.len();
        loop {
            let end = self.0.len();
            if end > start {
                self.0.push(',');
            }
            if from.next_element_seed(Copied(self.0))?.is_none() {
                self.0.truncate(end);
                self.0.push(']');
                return Ok(());
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        self.0.push('{');
        let start = self.0.len();
        while let Some(key) = from.next_key::<String>()? {
            if self.0.len() > start {
                self.0.push(',');
            }
            Copied(self.0).push(&key)?;
            self.0.push(':');
            from.next_value_seed(Copied(self.0))?;
        }
        self.0.push('}');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_keeps_its_type_and_its_order() {
        let read = |json: &str| {
            serde_json::from_str::<ActualValue<'_>>(json).map(|value| value.0.into_owned())
        };
        for (json, actual) in [
            ("null", Actual::Unset),
            ("false", Actual::Boolean(false)),
            ("-5000", Actual::Integer(-5000)),
            ("1000.0", Actual::Number(1000.0)),
            (r#""\u202e\"""#, Actual::Text("\u{202e}\"".into())),
        ] {
            assert_eq!(read(json).unwrap(), actual, "{json}");
        }
        for (json, text) in [
            ("[]", "[]"),
            (" { } ", "{}"),
            (
                r#"{"b": [1, 2.0, [], {}], "a": null, "c": "x\n\u202e\u0023", "d": {"e": true, "f": -1}}"#,
                "{\"b\":[1,2.0,[],{}],\"a\":null,\"c\":\"x\\n\u{202e}#\",\"d\":{\"e\":true,\"f\":-1}}",
            ),
        ] {
            assert_eq!(read(json).unwrap(), Actual::Json(text.into()), "{json}");
        }
        assert!(read("18446744073709551615").is_err());
    }
}
