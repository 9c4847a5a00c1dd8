//! JSON to values, by the rows of the catalogue. It knows both spellings of AWS's names and nothing of files.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};

use super::catalogue::{API_FIELD, Field, Kind};
use super::json::{EachOnce, Key, ObjectKeys, kind_of};
use super::projection::Members;
use super::value::Value;

/// Reads one value by its row of the catalogue: `null` and `""` are unset, unknown members are passed over. A
/// member that is there twice is an error, in any spelling, projected or not.
#[derive(Clone, Copy)]
pub struct Decode<'w> {
    field: &'static Field,
    projection: Members<'w>,
    /// The place of the value.
    above: Option<&'w Above<'w>>,
}

/// The members and keys on the way to a value.
struct Above<'w> {
    name: &'w str,
    above: Option<&'w Self>,
}

impl Above<'_> {
    fn path(&self, below: &str) -> String {
        let path = if below.is_empty() {
            self.name.to_owned()
        } else {
            format!("{}.{below}", self.name)
        };
        self.above
            .map_or_else(|| path.clone(), |above| above.path(&path))
    }
}

impl<'w> Decode<'w> {
    /// Reads a value whole.
    #[must_use]
    pub const fn whole(field: &'static Field) -> Self {
        Self {
            field,
            projection: Members::ALL,
            above: None,
        }
    }

    /// Reads only some members of a struct. The others are not stated, and a caller that reads one all the same sees so.
    #[must_use]
    pub const fn only(field: &'static Field, projection: Members<'w>) -> Self {
        Self {
            field,
            projection,
            above: None,
        }
    }

    /// The path of the value itself, or of a member of it.
    fn path(&self, member: &str) -> String {
        match self.way() {
            Some(way) => way.path(member),
            None if member.is_empty() => self.field.name.to_owned(),
            None => member.to_owned(),
        }
    }

    /// The way to the value. As in a policy, a path of the document names the API, and not the stage.
    fn way(&self) -> Option<&Above<'_>> {
        static API_ROOT: Above<'static> = Above {
            name: API_FIELD.name,
            above: None,
        };
        let is_api = self.above.is_none() && self.field.name == API_FIELD.name;
        if is_api { Some(&API_ROOT) } else { self.above }
    }

    fn wrong<E: Error>(self, found: &Unexpected<'_>) -> E {
        E::custom(format!(
            "{}: expected {}, found {}",
            self.path(""),
            expected(self.field.kind),
            kind_of(found)
        ))
    }

    fn twice<E: Error>(self, member: &str) -> E {
        E::custom(format!("{} is there twice", self.path(member)))
    }
}

const fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Boolean => "a boolean",
        Kind::Integer => "a whole number",
        Kind::Number => "a number",
        Kind::Text | Kind::OneOf(_) => "a text",
        Kind::Struct(_) | Kind::Map(_) => "an object",
        Kind::List(_) => "a list",
    }
}

impl<'de> DeserializeSeed<'de> for Decode<'_> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value<'de>, D::Error> {
        // The format describes itself, so the visitor gets the value's type and can name it when it is wrong.
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Decode<'_> {
    type Value = Value<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} for {}", expected(self.field.kind), self.path(""))
    }

    fn visit_unit<E: Error>(self) -> Result<Value<'de>, E> {
        Ok(Value::Unset)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value<'de>, E> {
        match self.field.kind {
            Kind::Boolean => Ok(Value::Boolean(value)),
            _ => Err(self.wrong(&Unexpected::Bool(value))),
        }
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value<'de>, E> {
        match self.field.kind {
            Kind::Integer => Ok(Value::Integer(value)),
            #[expect(clippy::cast_precision_loss, reason = "rates are far below 2^53")]
            Kind::Number => Ok(Value::Number(value as f64)),
            _ => Err(self.wrong(&Unexpected::Signed(value))),
        }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value<'de>, E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => Err(E::custom(format!(
                "{}: the number is too large",
                self.path("")
            ))),
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "only values that are whole and small are converted"
    )]
    fn visit_f64<E: Error>(self, value: f64) -> Result<Value<'de>, E> {
        match self.field.kind {
            Kind::Number => Ok(Value::Number(value)),
            // Some tools write every number with a fraction.
            Kind::Integer if value.fract() == 0.0 && value.abs() < 1e15 => {
                Ok(Value::Integer(value as i64))
            }
            _ => Err(self.wrong(&Unexpected::Float(value))),
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
            return Err(self.wrong(&Unexpected::Seq));
        };
        let mut elements = Vec::new();
        while let Some(value) = from.next_element_seed(Decode {
            above: self.above,
            ..Decode::whole(element)
        })? {
            elements.push(value);
        }
        Ok(Value::List(elements.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, from: A) -> Result<Value<'de>, A::Error> {
        match self.field.kind {
            Kind::Struct(fields) => self.members(fields, from),
            Kind::Map(field) => self.entries(field, from),
            Kind::Text if self.field.sensitive => {
                let digest = serde::Deserialize::deserialize(
                    serde::de::value::MapAccessDeserializer::new(from),
                )
                .map_err(|error: A::Error| {
                    A::Error::custom(format!("{}: {error}", self.path("")))
                })?;
                Ok(Value::Digest(Box::new(digest)))
            }
            _ => Err(self.wrong(&Unexpected::Map)),
        }
    }
}

impl Decode<'_> {
    fn members<'de, A: MapAccess<'de>>(
        self,
        fields: &'static [Field],
        from: A,
    ) -> Result<Value<'de>, A::Error> {
        let mut members: Box<[Value<'de>]> = fields.iter().map(|_| Value::Unset).collect();
        self.each_member(fields, from, |at, member, from| {
            members[at] = if self.projection.include(at) {
                from.next_value_seed(member)?
            } else {
                from.next_value_seed(Skip(member))
                    .map(|()| Value::NotStated)?
            };
            Ok(())
        })?;
        Ok(Value::Struct(members))
    }

    /// Hands each member of a struct to `take`, which reads its value. Members without a row are passed over.
    fn each_member<'de, A: MapAccess<'de>>(
        self,
        fields: &'static [Field],
        mut from: A,
        mut take: impl FnMut(usize, Decode<'_>, &mut A) -> Result<(), A::Error>,
    ) -> Result<(), A::Error> {
        let mut seen = 0_u64;
        let mut unknown = ObjectKeys::default();
        // Writers keep one order, so the next key is nearly always the row after the last one.
        let mut guess = 0;
        while let Some(name) = from.next_key_seed(Member { fields, guess })? {
            let (at, field) = match name {
                Name::Row(at, field) => (at, field),
                Name::Unknown(name) => {
                    from.next_value_seed(EachOnce::EXACT)?;
                    unknown.add(name);
                    continue;
                }
            };
            if seen & (1 << at) != 0 {
                return Err(self.twice(field.name));
            }
            seen |= 1 << at;
            let here = Above {
                name: field.name,
                above: self.way(),
            };
            take(
                at,
                Decode {
                    field,
                    projection: self.projection.below(at),
                    above: Some(&here),
                },
                &mut from,
            )?;
            guess = at + 1;
        }
        unknown
            .twice_in_any_spelling()
            .map_or(Ok(()), |name| Err(self.twice(&name)))
    }

    fn entries<'de, A: MapAccess<'de>>(
        self,
        field: &'static Field,
        mut from: A,
    ) -> Result<Value<'de>, A::Error> {
        let mut entries: Vec<(Cow<'de, str>, Value<'de>)> =
            Vec::with_capacity(from.size_hint().unwrap_or(4));
        while let Some(key) = from.next_key_seed(Key)? {
            let value = {
                let here = Above {
                    name: &key,
                    above: self.above,
                };
                from.next_value_seed(Decode {
                    above: Some(&here),
                    ..Decode::whole(field)
                })?
            };
            entries.push((key, value));
        }
        // Writers sort, so this is nearly always one look at each.
        if !entries.is_sorted_by(|a, b| a.0 < b.0) {
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            if let Some(pair) = entries.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                return Err(self.twice(&pair[0].0));
            }
        }
        Ok(Value::Map(entries.into()))
    }

    fn text<E: Error>(self, text: Cow<'_, str>) -> Result<Value<'_>, E> {
        match self.field.kind {
            Kind::Text | Kind::OneOf(_) => Ok(Value::text(text)),
            // "" is how some tools write what AWS left out.
            _ if text.is_empty() => Ok(Value::Unset),
            _ => Err(self.wrong(&Unexpected::Str(&text))),
        }
    }
}

/// Reads the name of a member of a struct.
struct Member {
    fields: &'static [Field],
    guess: usize,
}

/// The name of a member.
enum Name<'de> {
    /// The place of its row, and the row.
    Row(usize, &'static Field),
    /// A name without a row.
    Unknown(Cow<'de, str>),
}

impl Member {
    fn row<'de>(&self, key: &str) -> Option<Name<'de>> {
        if let Some(field) = self
            .fields
            .get(self.guess)
            .filter(|field| field.is_spelt(key))
        {
            return Some(Name::Row(self.guess, field));
        }
        let (at, field) = self
            .fields
            .iter()
            .enumerate()
            .find(|(_, field)| field.is_spelt(key))?;
        Some(Name::Row(at, field))
    }
}

impl<'de> DeserializeSeed<'de> for Member {
    type Value = Name<'de>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Member {
    type Value = Name<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a member's name")
    }

    fn visit_borrowed_str<E: Error>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(self.row(key).unwrap_or(Name::Unknown(Cow::Borrowed(key))))
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self
            .row(key)
            .unwrap_or_else(|| Name::Unknown(Cow::Owned(key.to_owned()))))
    }
}

/// Checks an unread value as strictly as [`Decode`] does, and builds none.
struct Skip<'w>(Decode<'w>);

impl<'de> DeserializeSeed<'de> for Skip<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Skip<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(out)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.0.visit_bool(value).map(drop)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.0.visit_i64(value).map(drop)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.0.visit_u64(value).map(drop)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.0.visit_f64(value).map(drop)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.0.text(Cow::Borrowed(text)).map(drop)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        let Kind::List(element) = self.0.field.kind else {
            return Err(self.0.wrong(&Unexpected::Seq));
        };
        while from
            .next_element_seed(Skip(Decode {
                field: element,
                ..self.0
            }))?
            .is_some()
        {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        match self.0.field.kind {
            Kind::Struct(fields) => self.0.each_member(fields, from, |_, member, from| {
                from.next_value_seed(Skip(member))
            }),
            Kind::Map(field) => {
                let mut keys = ObjectKeys::default();
                while let Some(key) = from.next_key_seed(Key)? {
                    let here = Above {
                        name: &key,
                        above: self.0.above,
                    };
                    from.next_value_seed(Skip(Decode {
                        above: Some(&here),
                        ..Decode::whole(field)
                    }))?;
                    keys.add(key);
                }
                keys.twice().map_or(Ok(()), |key| Err(self.0.twice(&key)))
            }
            // A digest has no parts that take memory.
            _ => self.0.visit_map(from).map(drop),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::catalogue::{api, stage};
    use crate::model::value::Written;

    static STAGE_FIELD: Field = crate::model::catalogue::STAGE_FIELD;

    fn decode(json: &str) -> Result<Value<'_>, String> {
        let mut from = serde_json::Deserializer::from_str(json);
        Decode::whole(&STAGE_FIELD)
            .deserialize(&mut from)
            .map_err(|error| error.to_string())
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
        let tags = cli.member(stage::TAGS.at);
        assert_eq!(tags.entry("b").as_text(), Some("2"));
        assert!(tags.entry("a").is_unset() && tags.entries().len() == 2);
    }

    #[test]
    fn a_wrong_type_names_the_member_and_quotes_nothing() {
        for (json, expected) in [
            (
                r#"{"DefaultRouteSettings":{"ThrottlingBurstLimit":"s3cret"}}"#,
                "DefaultRouteSettings.ThrottlingBurstLimit: expected a whole number, found a text",
            ),
            (
                r#"{"Tags":["s3cret"]}"#,
                "Tags: expected an object, found a list",
            ),
            (
                r#"{"Tags":{"owner":7777}}"#,
                "Tags.owner: expected a text, found a number",
            ),
            (
                r#"{"RouteSettings":{"DetailedMetricsEnabled":true}}"#,
                "RouteSettings.DetailedMetricsEnabled: expected an object, found a boolean",
            ),
            (
                r#"{"RouteSettings":{"GET /a":{"LoggingLevel":{}}}}"#,
                "RouteSettings.GET /a.LoggingLevel: expected a text, found an object",
            ),
            (
                r#"{"DeploymentId":99999999999999999999}"#,
                "DeploymentId: expected a text, found a number",
            ),
            (
                r#"{"StageVariables":{"key":{"sha256":"s3cret","looks-secret":false}}}"#,
                "StageVariables.key: sha256 is not 64 hex digits",
            ),
            (r#"["s3cret"]"#, "stage: expected an object, found a list"),
        ] {
            let error = decode(json).unwrap_err();
            assert!(
                error.starts_with(expected) && !error.contains("7777") && !error.contains("s3cret"),
                "{error}"
            );
        }
        let json = r#"{"CorsConfiguration":{"AllowOrigins":[true]}}"#;
        let mut from = serde_json::Deserializer::from_str(json);
        let error = Decode::whole(&API_FIELD)
            .deserialize(&mut from)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with(
                "api.CorsConfiguration.AllowOrigins: expected a text, found a boolean"
            ),
            "{error}"
        );
    }

    #[test]
    fn what_is_there_twice_is_refused_in_whatever_spelling() {
        for (json, path) in [
            (r#"{"AutoDeploy":true,"autoDeploy":false}"#, "AutoDeploy"),
            (
                r#"{"AutoDeploy":true,"Description":"x","AutoDeploy":true}"#,
                "AutoDeploy",
            ),
            (
                r#"{"AutoDeploy":null,"Auto\u0044eploy":true}"#,
                "AutoDeploy",
            ),
            (
                r#"{"DefaultRouteSettings":{"LoggingLevel":"OFF","loggingLevel":"INFO"}}"#,
                "DefaultRouteSettings.LoggingLevel",
            ),
            (r#"{"Tags":{"b":"1","a":"2","b":"1"}}"#, "Tags.b"),
            (r#"{"tags":{"a":"1","a":"2"}}"#, "Tags.a"),
            (
                r#"{"RouteSettings":{"GET /":{},"GET /":{}}}"#,
                "RouteSettings.GET /",
            ),
        ] {
            let error = decode(json).unwrap_err();
            assert!(
                error.starts_with(&format!("{path} is there twice")),
                "{error}"
            );
        }
        assert!(
            decode(r#"{"Tags":{"a":"1","A":"2"}}"#).is_ok(),
            "keys of maps are what they are"
        );
    }

    #[test]
    fn what_is_written_is_read_back() {
        let json = r#"{"AutoDeploy":true,"DefaultRouteSettings":{"DetailedMetricsEnabled":false,"ThrottlingRateLimit":10.5},"RouteSettings":{"GET /":{}},"StageName":"$default","StageVariables":{"a":{"sha256":"00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff","looks-secret":true}},"Tags":{"empty":""}}"#;
        let value = decode(json).unwrap();
        let written = serde_json::to_string(&Written {
            field: &STAGE_FIELD,
            value: &value,
        })
        .unwrap();
        assert_eq!(written, json);
        assert_eq!(decode(&written).unwrap(), value);
    }

    #[test]
    fn an_api_is_read_by_its_own_rows() {
        let json = r#"{"apiId":"a1","corsConfiguration":{"allowOrigins":["*"],"allowCredentials":true},"protocolType":"HTTP"}"#;
        let mut from = serde_json::Deserializer::from_str(json);
        let api = Decode::whole(&API_FIELD).deserialize(&mut from).unwrap();
        let cors = api.member(api::CORS_CONFIGURATION.at);
        assert_eq!(cors.member(3), &Value::List([Value::text("*")].into()));
    }
}
