//! A setting's value in its three states: a value, unset, or not stated. It must not know where it came from.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::catalogue::{Field, Kind};
use super::digest::Digest;

/// A value, or why there is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value<'a> {
    /// AWS returned none: absent, null or `""`.
    #[default]
    Unset,
    /// The source cannot tell.
    NotStated,
    /// Set, but the source does not say to what.
    SomeValue,
    /// A boolean.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number that may have a fraction.
    Number(f64),
    /// A text that is not empty.
    Text(Cow<'a, str>),
    /// The digest of a stage variable, from a snapshot.
    Digest(Box<Digest>),
    /// The members of a struct, in the order of the catalogue.
    Struct(Box<[Self]>),
    /// The entries of a map, in byte order of the keys.
    Map(Box<[(Cow<'a, str>, Self)]>),
    /// The elements of a list.
    List(Box<[Self]>),
}

/// The value of what is not there.
pub static UNSET: Value<'static> = Value::Unset;
/// The value of what the source cannot tell.
pub static NOT_STATED: Value<'static> = Value::NotStated;
/// The value of what is set to something that the source does not say.
pub static SOME_VALUE: Value<'static> = Value::SomeValue;

impl<'a> Value<'a> {
    /// A text; the empty one is unset.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        if text.is_empty() {
            Self::Unset
        } else {
            Self::Text(text)
        }
    }

    /// A map; the entries are brought into order, and of equal keys the last one stays.
    #[must_use]
    pub fn map(mut entries: Vec<(Cow<'a, str>, Self)>) -> Self {
        if !entries.is_sorted_by(|a, b| a.0 < b.0) {
            entries.reverse();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            entries.dedup_by(|later, kept| later.0 == kept.0);
        }
        Self::Map(entries.into())
    }

    /// A struct in which nothing is set.
    #[must_use]
    pub fn empty_struct(members: &[Field]) -> Self {
        Self::Struct(members.iter().map(|_| Self::Unset).collect())
    }

    /// True if there is no value: absent, or a struct, list or map without content.
    #[must_use]
    pub fn is_unset(&self) -> bool {
        match self {
            Self::Unset => true,
            Self::Struct(members) => members.iter().all(Self::is_unset),
            Self::Map(entries) => entries.is_empty(),
            Self::List(elements) => elements.is_empty(),
            _ => false,
        }
    }

    /// The member at a place of the catalogue.
    #[must_use]
    pub fn member(&self, at: usize) -> &Self {
        match self {
            Self::Struct(members) => members.get(at).unwrap_or(&Value::Unset),
            Self::NotStated | Self::SomeValue => &Value::NotStated,
            _ => &Value::Unset,
        }
    }

    /// The value of a key of a map.
    #[must_use]
    pub fn entry(&self, key: &str) -> &Self {
        match self {
            Self::Map(entries) => {
                match entries.binary_search_by(|(name, _)| name.as_ref().cmp(key)) {
                    Ok(at) => &entries[at].1,
                    Err(_) => &Value::Unset,
                }
            }
            Self::NotStated | Self::SomeValue => &Value::NotStated,
            _ => &Value::Unset,
        }
    }

    /// The entries of a map; none for every other value.
    #[must_use]
    pub fn entries(&self) -> &[(Cow<'a, str>, Self)] {
        match self {
            Self::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The text of a text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number of an integer or a number.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "limits are 32-bit in AWS's model; an i64 holds them to spare"
    )]
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(*number as f64),
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The same value, independent of what it was read from.
    #[must_use]
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Unset => Value::Unset,
            Self::NotStated => Value::NotStated,
            Self::SomeValue => Value::SomeValue,
            Self::Boolean(value) => Value::Boolean(value),
            Self::Integer(value) => Value::Integer(value),
            Self::Number(value) => Value::Number(value),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Digest(digest) => Value::Digest(digest),
            Self::Struct(members) => {
                Value::Struct(members.into_iter().map(Self::into_owned).collect())
            }
            Self::Map(entries) => Value::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| (Cow::Owned(key.into_owned()), value.into_owned()))
                    .collect(),
            ),
            Self::List(elements) => {
                Value::List(elements.into_iter().map(Self::into_owned).collect())
            }
        }
    }
}

impl Value<'static> {
    /// The value of a stage variable when values are not to be shown: a digest instead of a text.
    #[must_use]
    pub fn hidden(self, account: Option<&str>, name: &str) -> Self {
        match self {
            Self::Text(text) => Self::Digest(Box::new(Digest::of(account, name, &text))),
            other => other,
        }
    }

    /// Puts a value where a path of members and keys leads, or takes out what is there. A path that the field does not
    /// have leads nowhere.
    pub fn put(&mut self, field: &Field, path: &[String], value: Option<Self>) {
        let Some((segment, rest)) = path.split_first() else {
            *self = value.unwrap_or_default();
            return;
        };
        match field.kind {
            Kind::Struct(members) => {
                if !matches!(self, Self::Struct(_)) {
                    *self = Self::empty_struct(members);
                }
                let place = members.iter().position(|member| member.name == segment);
                if let (Self::Struct(values), Some(place)) = (self, place) {
                    values[place].put(&members[place], rest, value);
                }
            }
            Kind::Map(of) => {
                let mut entries = self.entries().to_vec();
                let mut inner = self.entry(segment).clone();
                entries.retain(|(key, _)| key != segment);
                if value.is_some() || !rest.is_empty() {
                    inner.put(of, rest, value);
                    entries.push((segment.clone().into(), inner));
                }
                *self = Self::map(entries);
            }
            _ => {}
        }
    }
}

/// A value written as the AWS CLI prints it: the catalogue's names, and nothing for what is unset.
#[derive(Clone, Copy)]
pub struct Written<'v> {
    /// The row of the value.
    pub field: &'static Field,
    /// The value.
    pub value: &'v Value<'v>,
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Value::Unset | Value::NotStated | Value::SomeValue => match self.field.kind {
                Kind::Struct(_) | Kind::Map(_) => serializer.serialize_map(Some(0))?.end(),
                _ => serializer.serialize_none(),
            },
            Value::Boolean(value) => serializer.serialize_bool(*value),
            Value::Integer(value) => serializer.serialize_i64(*value),
            Value::Number(value) => serializer.serialize_f64(*value),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Digest(digest) => digest.serialize(serializer),
            Value::Struct(members) => {
                let mut out = serializer.serialize_map(None)?;
                for (field, value) in self.field.members().iter().zip(members) {
                    if !matches!(value, Value::Unset | Value::NotStated) {
                        out.serialize_entry(field.name, &Written { field, value })?;
                    }
                }
                out.end()
            }
            Value::Map(entries) => {
                let Kind::Map(field) = self.field.kind else {
                    return serializer.serialize_none();
                };
                let mut out = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    // An empty tag is a tag: the key stays.
                    match value {
                        Value::Unset if matches!(field.kind, Kind::Text) => {
                            out.serialize_entry(key.as_ref(), "")?;
                        }
                        value => out.serialize_entry(key.as_ref(), &Written { field, value })?,
                    }
                }
                out.end()
            }
            Value::List(elements) => {
                let Kind::List(field) = self.field.kind else {
                    return serializer.serialize_none();
                };
                let mut out = serializer.serialize_seq(Some(elements.len()))?;
                for value in elements {
                    out.serialize_element(&Written { field, value })?;
                }
                out.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_three_words() {
        // A stage is some twenty of them, and a hundred thousand stages pass through.
        assert_eq!(size_of::<Value<'_>>(), 24);
    }

    #[test]
    fn a_map_is_ordered_and_the_last_of_equal_keys_stays() {
        let text = |text: &'static str| Value::text(text);
        let map = Value::map(vec![
            ("b".into(), text("1")),
            ("a".into(), text("2")),
            ("b".into(), text("3")),
        ]);
        assert_eq!(
            map.entries(),
            [("a".into(), text("2")), ("b".into(), text("3"))]
        );
        assert_eq!(map.entry("b"), &text("3"));
        assert!(map.entry("c").is_unset());
    }

    #[test]
    fn values_are_put_where_a_path_leads() {
        use crate::model::catalogue::STAGE_FIELD;

        let mut stage = Value::Unset;
        let mut put = |path: &str, value| {
            stage.put(
                &STAGE_FIELD,
                &path.split('.').map(str::to_owned).collect::<Vec<_>>(),
                value,
            );
            serde_json::to_string(&Written {
                field: &STAGE_FIELD,
                value: &stage,
            })
            .unwrap()
        };
        assert_eq!(
            put("AutoDeploy", Some(Value::Boolean(true))),
            r#"{"AutoDeploy":true}"#
        );
        assert_eq!(put("AutoDeploy", None), "{}");
        assert_eq!(put("Nothing.Here", Some(Value::Boolean(true))), "{}");
        assert_eq!(
            put("Tags.b", Some(Value::text("1"))),
            r#"{"Tags":{"b":"1"}}"#
        );
        assert_eq!(
            put("Tags.a", Some(Value::Unset)),
            r#"{"Tags":{"a":"","b":"1"}}"#
        );
        assert_eq!(put("Tags.b", None), r#"{"Tags":{"a":""}}"#);
        assert_eq!(
            put(
                "RouteSettings.GET /.ThrottlingBurstLimit",
                Some(Value::Integer(5))
            ),
            r#"{"RouteSettings":{"GET /":{"ThrottlingBurstLimit":5}},"Tags":{"a":""}}"#
        );
    }

    #[test]
    fn empty_is_unset_at_every_depth() {
        assert!(Value::text("").is_unset());
        assert!(Value::map(vec![]).is_unset());
        assert!(Value::empty_struct(super::super::catalogue::STAGE).is_unset());
        assert!(!Value::Boolean(false).is_unset());
        assert!(!Value::NotStated.is_unset());
    }
}
