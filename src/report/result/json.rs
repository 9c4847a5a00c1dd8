//! One declaration makes an object of the result: its members in their order, from which it is read, written and
//! described. It must not know which objects there are.

use std::borrow::Cow;
use std::io::Write as _;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use crate::report::escape::json as escape;

/// A value of the result in JSON Schema.
pub trait Described {
    /// True if a member with such a value may be left out.
    const OPTIONAL: bool = false;

    /// The JSON Schema of the value.
    fn schema() -> Value;
}

/// A value that is written to the result.
pub trait Json: Described {
    /// Appends the value as JSON.
    fn push(&self, out: &mut Vec<u8>);

    /// True if the member that holds the value is left out.
    fn is_absent(&self) -> bool {
        false
    }
}

/// Declares objects that are read and described: `/// About. Name<'a> as "definition" { member: Type = {schema}, }`.
///
/// A member that only writers need is marked `#[serde(skip_deserializing)]`. `as "key"` gives a member another key than
/// its name, and an object a name among the definitions of the schema. The text above a member is its description.
macro_rules! read {
    ($($(#[doc = $about:literal])* $(#[expect($($expect:tt)*)])? $(#[derive($derive:ident)])?
    $name:ident $(<$life:lifetime>)? $(as $definition:literal)? {
        $($(#[doc = $doc:literal])* $(#[serde($($serde:tt)*)])*
            $member:ident $(as $key:literal)? : $type:ty $(= {$($schema:tt)*})?,)*
    })*) => {$(
        $(#[doc = $about])*
        $(#[expect($($expect)*)])?
        $(#[derive($derive)])?
        #[derive(Deserialize)]
        pub struct $name $(<$life>)? {
            $($(#[doc = $doc])* $(#[serde($($serde)*)])* $(#[serde(rename = $key)])? pub $member: $type,)*
        }

        impl $(<$life>)? $name $(<$life>)? {
            /// The object in JSON Schema.
            pub fn object() -> serde_json::Value {
                let mut object = $crate::report::result::json::Object::default();
                $(object.member::<$type>(
                    key!($member $($key)?),
                    concat!($($doc),*),
                    serde_json::json!({$($($schema)*)?}),
                );)*
                object.schema()
            }
        }

        impl $(<$life>)? Described for $name $(<$life>)? {
            fn schema() -> serde_json::Value {
                let definition: Option<&str> = None $(.or(Some($definition)))?;
                definition.map_or_else(Self::object, $crate::report::result::json::reference)
            }
        }
    )*};
}

/// Declares objects that are read, described and written.
macro_rules! objects {
    ($($tokens:tt)*) => {
        read! { $($tokens)* }
        written! { $($tokens)* }
    };
}

macro_rules! written {
    ($($(#[doc = $about:literal])* $(#[derive($derive:ident)])? $name:ident $(<$life:lifetime>)? $(as $definition:literal)? {
        $($(#[doc = $doc:literal])* $(#[serde($($serde:tt)*)])*
            $member:ident $(as $key:literal)? : $type:ty $(= {$($schema:tt)*})?,)*
    })*) => {$(
        impl $(<$life>)? Json for $name $(<$life>)? {
            fn push(&self, out: &mut Vec<u8>) {
                let start = out.len();
                $($crate::report::result::json::push_member(
                    concat!(",\"", key!($member $($key)?), "\":"),
                    &self.$member,
                    out,
                );)*
                // In place of the first comma.
                if let Some(first) = out.get_mut(start) {
                    *first = b'{';
                }
                out.push(b'}');
            }
        }
    )*};
}

macro_rules! key {
    ($member:ident) => {
        stringify!($member)
    };
    ($member:ident $key:literal) => {
        $key
    };
}

/// Appends a member, whose key has its comma and quotes.
pub fn push_member(key: &str, value: &impl Json, out: &mut Vec<u8>) {
    if !value.is_absent() {
        out.extend_from_slice(key.as_bytes());
        value.push(out);
    }
}

/// The JSON Schema of an object, member by member. It takes members that it does not know.
#[derive(Default)]
pub struct Object {
    required: Vec<&'static str>,
    properties: Map<String, Value>,
}

impl Object {
    /// Adds a member, with keywords beside those of its type.
    pub fn member<T: Described>(&mut self, key: &'static str, about: &str, keywords: Value) {
        let mut schema = T::schema();
        if let (Value::Object(schema), Value::Object(keywords)) = (&mut schema, keywords) {
            schema.extend(keywords);
        }
        if !about.is_empty() {
            // Draft 07 passes over what is beside a reference.
            if schema.get("$ref").is_some() {
                schema = json!({"allOf": [schema]});
            }
            schema["description"] = json!(about.trim());
        }
        if !T::OPTIONAL {
            self.required.push(key);
        }
        self.properties.insert(key.to_owned(), schema);
    }

    /// The schema.
    pub fn schema(self) -> Value {
        json!({"type": "object", "required": self.required, "properties": self.properties})
    }
}

/// A reference to a definition of the schema.
pub fn reference(definition: &str) -> Value {
    json!({"$ref": format!("#/definitions/{definition}")})
}

/// A text, borrowed where the file has it as it is.
#[derive(Deserialize, Debug, Default, Clone, PartialEq, Eq, Hash)]
#[serde(transparent)]
pub struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

impl<'a, T: AsRef<str> + ?Sized> From<&'a T> for Text<'a> {
    fn from(text: &'a T) -> Self {
        Self(Cow::Borrowed(text.as_ref()))
    }
}

impl Text<'_> {
    /// The text by itself.
    pub fn into_owned(self) -> String {
        self.0.into_owned()
    }
}

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Sixteen bytes, as 32 hex digits.
#[derive(Default)]
pub struct Hex(pub [u8; 16]);

/// A member that is left out where there is nothing to report.
#[derive(Deserialize, Default)]
#[serde(transparent)]
pub struct Maybe<T>(pub Option<T>);

/// A value that neighbouring elements share: by itself, or as the JSON that one of them was written with.
pub enum Shareable<'a, T> {
    /// The value.
    Value(T),
    /// Its JSON.
    Json(&'a [u8]),
}

impl<T: Default> Default for Shareable<'_, T> {
    fn default() -> Self {
        Self::Value(T::default())
    }
}

impl<T> Shareable<'_, T> {
    /// The value; `None` if it is only known as JSON, which is never so for one that was read.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Json(_) => None,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Shareable<'_, T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        T::deserialize(from).map(Self::Value)
    }
}

impl<T: Described> Described for Shareable<'_, T> {
    fn schema() -> Value {
        T::schema()
    }
}

impl<T: Json> Json for Shareable<'_, T> {
    fn push(&self, out: &mut Vec<u8>) {
        match self {
            Self::Value(value) => value.push(out),
            Self::Json(json) => out.extend_from_slice(json),
        }
    }
}

/// An element of a list that is not used yet, so that there is none.
pub enum Unspecified {}

/// A value that is always null in this version.
#[derive(Default)]
pub struct Null;

/// A value of a fixed set that is written by its name.
pub trait Named: Copy + 'static {
    /// The values, in the order in which the schema lists them.
    const ALL: &'static [Self];

    /// The name of one.
    fn name(self) -> &'static str;
}

/// The name of such a value.
pub struct Name<T>(pub T);

impl<'de, T: Named> Deserialize<'de> for Name<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Text(name) = Text::deserialize(from)?;
        let names = || {
            T::ALL
                .iter()
                .map(|value| format!("`{}`", value.name()))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let known = T::ALL.iter().copied().find(|value| value.name() == name);
        known
            .map(Self)
            .ok_or_else(|| D::Error::custom(format!("expected one of {}", names())))
    }
}

impl<T: Named> Described for Name<T> {
    fn schema() -> Value {
        json!({"enum": T::ALL.iter().map(|value| value.name()).collect::<Vec<_>>()})
    }
}

impl<T: Named> Json for Name<T> {
    fn push(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        out.extend_from_slice(self.0.name().as_bytes());
        out.push(b'"');
    }
}

macro_rules! scalars {
    ($($type:ty: $schema:tt, $value:ident, $out:ident => $push:expr;)*) => {$(
        impl Described for $type {
            fn schema() -> Value {
                json!($schema)
            }
        }

        impl Json for $type {
            fn push(&self, $out: &mut Vec<u8>) {
                let $value = self;
                $push
            }
        }
    )*};
}

scalars! {
    bool: {"type": "boolean"}, value, out => out.extend_from_slice(if *value { b"true" } else { b"false" });
    u32: {"type": "integer", "minimum": 0}, value, out => digits(u64::from(*value), out);
    u64: {"type": "integer", "minimum": 0}, value, out => digits(*value, out);
    usize: {"type": "integer", "minimum": 0}, value, out => digits(*value as u64, out);
    f64: {"type": "number"}, value, out => {
        // Writing to a Vec cannot fail.
        let _ = serde_json::to_writer(&mut *out, value);
    };
    Text<'_>: {"type": "string"}, value, out => escape::text(out, &value.0);
    Hex: {"type": "string"}, value, out => {
        out.push(b'"');
        out.extend(value.0.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| b"0123456789abcdef"[usize::from(digit)]));
        out.push(b'"');
    };
    Null: {}, _value, out => out.extend_from_slice(b"null");
    Unspecified: {}, value, _out => match *value {};
}

fn digits(number: u64, out: &mut Vec<u8>) {
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{number}");
}

impl<T: Described> Described for Option<T> {
    fn schema() -> Value {
        let mut schema = T::schema();
        match schema.get("type").cloned() {
            Some(name) => schema["type"] = json!([name, "null"]),
            None => schema = json!({"anyOf": [schema, {"type": "null"}]}),
        }
        schema
    }
}

impl<T: Json> Json for Option<T> {
    fn push(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.push(out),
            None => out.extend_from_slice(b"null"),
        }
    }
}

impl<T: Described> Described for Maybe<T> {
    const OPTIONAL: bool = true;

    fn schema() -> Value {
        T::schema()
    }
}

impl<T: Json> Json for Maybe<T> {
    fn push(&self, out: &mut Vec<u8>) {
        self.0.push(out);
    }

    fn is_absent(&self) -> bool {
        self.0.is_none()
    }
}

impl<T: Described> Described for Vec<T> {
    fn schema() -> Value {
        json!({"type": "array", "items": T::schema()})
    }
}

impl<T: Json> Json for Vec<T> {
    fn push(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for (at, element) in self.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            element.push(out);
        }
        out.push(b']');
    }
}
