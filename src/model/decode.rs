//! JSON to values, by the rows of the catalogue. It knows both spellings of AWS's names and nothing of files.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::catalogue::{Field, Kind};
use super::digest::Digest;
use super::value::Value;
use super::wanted::Members;

/// Reads one value as its row of the catalogue says: `null` and `""` are unset, unknown members are passed over.
#[derive(Clone, Copy)]
pub struct Decode<'w> {
    field: &'static Field,
    wanted: Members<'w>,
}

impl<'w> Decode<'w> {
    /// Reads a value whole.
    #[must_use]
    pub const fn whole(field: &'static Field) -> Self {
        Self { field, wanted: Members::ALL }
    }

    /// Reads only some members of a struct. The others are not stated: whoever asks for one all the same is told so.
    #[must_use]
    pub const fn only(field: &'static Field, wanted: Members<'w>) -> Self {
        Self { field, wanted }
    }
}

impl<'de> DeserializeSeed<'de> for Decode<'_> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value<'de>, D::Error> {
        // The format describes itself, so the visitor is told what stands there and can name it when it is wrong.
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Decode<'_> {
    type Value = Value<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.field.name;
        match self.field.kind {
            Kind::Boolean => write!(out, "true or false for {name}"),
            Kind::Integer => write!(out, "a whole number for {name}"),
            Kind::Number => write!(out, "a number for {name}"),
            Kind::Text | Kind::OneOf(_) => write!(out, "a text for {name}"),
            Kind::Struct(_) | Kind::Map(_) => write!(out, "an object for {name}"),
            Kind::List(_) => write!(out, "a list for {name}"),
        }
    }

    fn visit_unit<E: Error>(self) -> Result<Value<'de>, E> {
        Ok(Value::Unset)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value<'de>, E> {
        match self.field.kind {
            Kind::Boolean => Ok(Value::Boolean(value)),
            _ => Err(E::invalid_type(serde::de::Unexpected::Bool(value), &self)),
        }
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value<'de>, E> {
        match self.field.kind {
            Kind::Integer => Ok(Value::Integer(value)),
            #[expect(clippy::cast_precision_loss, reason = "rates are far below 2^53")]
            Kind::Number => Ok(Value::Number(value as f64)),
            _ => Err(E::invalid_type(serde::de::Unexpected::Signed(value), &self)),
        }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value<'de>, E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => Err(E::invalid_value(serde::de::Unexpected::Unsigned(value), &self)),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "only values that are whole and small are converted")]
    fn visit_f64<E: Error>(self, value: f64) -> Result<Value<'de>, E> {
        match self.field.kind {
            Kind::Number => Ok(Value::Number(value)),
            // Some tools write every number with a fraction.
            Kind::Integer if value.fract() == 0.0 && value.abs() < 1e15 => Ok(Value::Integer(value as i64)),
            _ => Err(E::invalid_type(serde::de::Unexpected::Float(value), &self)),
        }
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Value<'de>, E> {
        self.text(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value<'de>, E> {
        self.text(Cow::Owned(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value<'de>, E> {
        self.text(Cow::Owned(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value<'de>, A::Error> {
        let Kind::List(element) = self.field.kind else {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Seq, &self));
        };
        let mut elements = Vec::new();
        while let Some(value) = from.next_element_seed(Decode::whole(element))? {
            elements.push(value);
        }
        Ok(Value::List(elements.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value<'de>, A::Error> {
        match self.field.kind {
            Kind::Struct(fields) => {
                let mut members: Box<[Value<'de>]> = fields.iter().map(|_| Value::Unset).collect();
                // Writers keep one order, so the next key is nearly always the row after the last one.
                let mut guess = 0;
                while let Some(at) = from.next_key_seed(Member { fields, guess })? {
                    match at.and_then(|at| Some((at, fields.get(at)?))) {
                        Some((at, field)) => {
                            members[at] = if self.wanted.include(at) {
                                from.next_value_seed(Decode::only(field, self.wanted.below(at)))?
                            } else {
                                from.next_value::<IgnoredAny>().map(|_| Value::NotStated)?
                            };
                            guess = at + 1;
                        }
                        None => drop(from.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(Value::Struct(members))
            }
            Kind::Map(field) => {
                let mut entries = Vec::with_capacity(from.size_hint().unwrap_or(4));
                while let Some(key) = from.next_key_seed(Key)? {
                    entries.push((key, from.next_value_seed(Decode::whole(field))?));
                }
                Ok(Value::map(entries))
            }
            Kind::Text if self.field.sensitive => {
                let digest = serde::Deserialize::deserialize(serde::de::value::MapAccessDeserializer::new(from))?;
                Ok(Value::Digest(Box::new(digest)))
            }
            _ => Err(A::Error::invalid_type(serde::de::Unexpected::Map, &self)),
        }
    }
}

impl Decode<'_> {
    fn text<E: Error>(self, text: Cow<'_, str>) -> Result<Value<'_>, E> {
        match self.field.kind {
            Kind::Text | Kind::OneOf(_) => Ok(Value::text(text)),
            // "" is how some tools write what AWS left out.
            _ if text.is_empty() => Ok(Value::Unset),
            _ => Err(E::invalid_type(serde::de::Unexpected::Str(&text), &self)),
        }
    }
}

/// A key of a struct, as its place among the rows.
struct Member {
    fields: &'static [Field],
    guess: usize,
}

impl<'de> DeserializeSeed<'de> for Member {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Member {
    type Value = Option<usize>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a member's name")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        if self.fields.get(self.guess).is_some_and(|field| field.is_spelt(key)) {
            return Ok(Some(self.guess));
        }
        Ok(self.fields.iter().position(|field| field.is_spelt(key)))
    }
}

/// A key of a map, borrowed where it can be.
struct Key;

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

impl Digest {
    /// What `value` of the variable `name` becomes when values are not to be shown.
    #[must_use]
    pub fn hide(account: Option<&str>, name: &str, value: Value<'_>) -> Value<'static> {
        match value {
            Value::Text(text) => Value::Digest(Box::new(Self::of(account, name, &text))),
            other => other.into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::catalogue::{self, STAGE, position};
    use crate::model::value::Written;

    static STAGE_FIELD: Field = crate::model::document::STAGE_FIELD;

    fn decode(json: &str) -> Result<Value<'_>, String> {
        let mut from = serde_json::Deserializer::from_str(json);
        Decode::whole(&STAGE_FIELD).deserialize(&mut from).map_err(|error| error.to_string())
    }

    #[test]
    fn both_spellings_nulls_and_unknown_members() {
        let cli = decode(
            r#"{"StageName":"prod","Description":null,"DefaultRouteSettings":{"ThrottlingRateLimit":2000},
                "RouteSettings":{"GET /pets":{"ThrottlingBurstLimit":100.0}},"Tags":{"b":"2","a":""},"New":{"x":[1]}}"#,
        )
        .unwrap();
        let wire = decode(
            r#"{"tags":{"a":"","b":"2"},"routeSettings":{"GET /pets":{"throttlingBurstLimit":100}},
                "defaultRouteSettings":{"throttlingRateLimit":2000.0},"stageName":"prod","clientCertificateId":""}"#,
        )
        .unwrap();
        assert_eq!(cli, wire);
        let tags = cli.member(const { position(STAGE, "Tags") });
        assert_eq!(tags.entry("b").as_text(), Some("2"));
        assert!(tags.entry("a").is_unset() && tags.entries().len() == 2);
    }

    #[test]
    fn a_wrong_type_names_the_field() {
        let error = decode(r#"{"DefaultRouteSettings":{"ThrottlingBurstLimit":"many"}}"#).unwrap_err();
        assert!(error.contains("a whole number for ThrottlingBurstLimit"), "{error}");
        assert!(decode(r#"{"Tags":["a"]}"#).unwrap_err().contains("an object for Tags"));
    }

    #[test]
    fn what_is_written_is_read_back() {
        let json = r#"{"AutoDeploy":true,"DefaultRouteSettings":{"DetailedMetricsEnabled":false,"ThrottlingRateLimit":10.5},"RouteSettings":{"GET /":{}},"StageName":"$default","StageVariables":{"a":{"sha256":"00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff","looks-secret":true}},"Tags":{"empty":""}}"#;
        let value = decode(json).unwrap();
        let written = serde_json::to_string(&Written { field: &STAGE_FIELD, value: &value }).unwrap();
        assert_eq!(written, json);
        assert_eq!(decode(&written).unwrap(), value);
    }

    #[test]
    fn an_api_is_read_by_its_own_rows() {
        let json = r#"{"apiId":"a1","corsConfiguration":{"allowOrigins":["*"],"allowCredentials":true},"protocolType":"HTTP"}"#;
        let mut from = serde_json::Deserializer::from_str(json);
        let api = Decode::whole(&catalogue::API_FIELD).deserialize(&mut from).unwrap();
        let cors = api.member(position(catalogue::API, "CorsConfiguration"));
        assert_eq!(cors.member(position(catalogue::CORS, "AllowOrigins")), &Value::List([Value::text("*")].into()));
    }
}
