//! A mistake in JSON, in words that never quote a value: what others wrote may be a secret.

use serde::de::Unexpected;

/// The kind of a value, in JSON's words.
#[must_use]
pub const fn kind_of(found: &Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "a number",
        Unexpected::Char(_) | Unexpected::Str(_) | Unexpected::Bytes(_) => "a text",
        Unexpected::Unit | Unexpected::Option => "null",
        Unexpected::Seq => "a list",
        Unexpected::Map => "an object",
        _ => "something else",
    }
}

/// Describes an error without its position and without the value it is about.
#[must_use]
pub fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let (line, column) = (error.line(), error.column());
    let text = text
        .strip_suffix(&format!(" at line {line} column {column}"))
        .unwrap_or(&text);
    for start in [
        "invalid type: ",
        "invalid value: ",
        "unknown variant ",
        "invalid length ",
        "unknown field ",
    ] {
        let Some(rest) = text.strip_prefix(start) else {
            continue;
        };
        // The value comes first and may hold any words.
        let Some((value, expected)) = rest.rsplit_once(", expected ") else {
            return start.trim_end().to_owned();
        };
        let expected = in_words(expected);
        let found = ["invalid type: ", "invalid value: "]
            .contains(&start)
            .then(|| kind_in_words(value));
        return match found.flatten() {
            Some(found) => format!("expected {expected}, found {found}"),
            None => format!("expected {expected}"),
        };
    }
    text.to_owned()
}

/// An expectation of serde in JSON's words: no user knows a type of Rust.
fn in_words(expected: &str) -> &str {
    match expected {
        "a string" | "string" | "str" | "a borrowed string" => "a text",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number",
        "i32" | "i64" | "f64" => "a number",
        "a sequence" => "a list",
        "a map" => "an object",
        _ if expected.starts_with("struct ") => "an object",
        _ => expected,
    }
}

/// The kind of a value that serde names and quotes.
fn kind_in_words(value: &str) -> Option<&'static str> {
    const KINDS: [(&str, &str); 9] = [
        ("boolean", "a boolean"),
        ("integer", "a number"),
        ("floating point", "a number"),
        ("character", "a text"),
        ("string", "a text"),
        ("null", "null"),
        ("unit", "null"),
        ("sequence", "a list"),
        ("map", "an object"),
    ];
    KINDS
        .iter()
        .find(|(name, _)| value.starts_with(name))
        .map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[serde(default, rename = "number")]
        _number: u8,
        #[serde(default, rename = "text")]
        _text: String,
        #[serde(default, rename = "word")]
        _word: Option<Word>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Word {
        One,
        Two,
    }

    #[test]
    fn no_value_is_quoted() {
        for (json, expected) in [
            (
                r#"{"number":"s3cret, expected a s3cret"}"#,
                "expected a whole number, found a text",
            ),
            (
                r#"{"number":-77}"#,
                "expected a whole number, found a number",
            ),
            (
                r#"{"number":77.5}"#,
                "expected a whole number, found a number",
            ),
            (r#"{"text":true}"#, "expected a text, found a boolean"),
            (r#"{"text":null}"#, "expected a text, found null"),
            (r#"{"text":["s3cret"]}"#, "expected a text, found a list"),
            (
                r#"{"text":{"s3cret":1}}"#,
                "expected a text, found an object",
            ),
            (r#"{"word":"s3cret"}"#, "expected `one` or `two`"),
            (
                r#"{"s3cret":1}"#,
                "expected one of `number`, `text`, `word`",
            ),
            (r#"{"number":1,"number":2}"#, "duplicate field `number`"),
            (r#"{"text":"s3cret"#, "EOF while parsing a string"),
            (r#"{"text" "s3cret"}"#, "expected `:`"),
        ] {
            let message = describe(&serde_json::from_str::<Sample>(json).unwrap_err());
            assert_eq!(message, expected, "{json}");
        }
    }
}
