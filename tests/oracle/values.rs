//! Values of the oracle: what unset means, whether there is one, and globs.

use serde_json::{Value as Json, json};

use crate::document::not_stated;
use crate::schema::Type;

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    No,
    Open,
    Yes,
}

use Answer::{No, Open, Yes};

/// A text that is a credential by its shape. No other text of a generated stage is one.
pub const SECRET: &str = "AKIAIOSFODNN7EXAMPLE";

impl Answer {
    pub fn not(self) -> Self {
        match self {
            Yes => No,
            Open => Open,
            No => Yes,
        }
    }

    pub fn of(yes: bool) -> Self {
        if yes { Yes } else { No }
    }
}

pub fn is_not_stated(value: &Json) -> bool {
    *value == not_stated()
}

/// The key of a route that is not stated: there is one, and no more is known of it.
pub fn some_key() -> Json {
    json!({"?": "some key"})
}

pub fn is_digest(value: &Json) -> bool {
    value.get("?") == Some(&json!("digest"))
}

/// True if AWS returned no value.
pub fn is_unset(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(elements) => elements.is_empty(),
        _ => false,
    }
}

/// A value with what unset means filled in.
pub fn meaning(value: &Json, of: Type) -> Json {
    match of {
        _ if !is_unset(value) => value.clone(),
        Type::Boolean => json!(false),
        Type::Level(_) => json!("OFF"),
        Type::List => json!([]),
        Type::Struct(_) | Type::Map(_) => json!({}),
        _ => Json::Null,
    }
}

/// True if there is a value. A struct is there when a member is.
pub fn presence(value: &Json, of: Type) -> Answer {
    if is_not_stated(value) {
        return Open;
    }
    match of {
        Type::Struct(members) => {
            let members = members
                .iter()
                .map(|(name, of, _)| presence(value.get(name).unwrap_or(&Json::Null), *of));
            members.max().unwrap_or(No)
        }
        // Some key that fits `*`, which no tag of AWS's own does, is not empty.
        Type::Map(of) => fitting("*", value)
            .iter()
            .map(|(_, value)| presence(value, *of))
            .max()
            .unwrap_or(No),
        _ if *value == empty_text() => No,
        _ => Answer::of(!is_unset(value)),
    }
}

/// A text without the `:*` behind a log group.
pub fn short(value: &Json, of: Type) -> String {
    let text = value.as_str().unwrap_or_default();
    match of {
        Type::Text { arn: true } => text.strip_suffix(":*").unwrap_or(text).to_owned(),
        _ => text.to_owned(),
    }
}

/// The empty text at a key that fits a glob: a text there, and not an unset value.
pub fn empty_text() -> Json {
    json!({"?": "empty"})
}

/// The keys of a map that fit a glob, and their values. A tag of AWS's own fits only a glob that begins so.
pub fn fitting(glob: &str, value: &Json) -> Vec<(String, Json)> {
    let entries = value.as_object().into_iter().flatten();
    let fit = entries.filter(|(key, _)| key_fits(glob, key));
    fit.map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// True if a key fits a glob.
pub fn key_fits(glob: &str, key: &str) -> bool {
    let pattern: Vec<(char, bool)> = glob.chars().map(|c| (c, false)).collect();
    (!key.starts_with("aws:") || glob.starts_with("aws:"))
        && fits(&pattern, &key.chars().collect::<Vec<_>>())
}

/// A member of a struct, or the value of a key.
pub fn value_of<'v>(value: &'v Json, key: &str) -> &'v Json {
    if is_not_stated(value) {
        value
    } else {
        value.get(key).unwrap_or(&Json::Null)
    }
}

/// True if a glob fits a whole text; a marked character is literal.
pub fn fits(glob: &[(char, bool)], text: &[char]) -> bool {
    match glob {
        [] => text.is_empty(),
        [('*', false), rest @ ..] => (0..=text.len()).any(|skipped| fits(rest, &text[skipped..])),
        [('?', false), rest @ ..] => !text.is_empty() && fits(rest, &text[1..]),
        [(c, _), rest @ ..] => text.first() == Some(c) && fits(rest, &text[1..]),
    }
}
