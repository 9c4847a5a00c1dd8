//! YAML as text: every text quoted that needs it, short things on one line. It must not know what a policy is.

/// Width of a line; longer lists and mappings are spread over several.
const WIDTH: usize = 100;

/// A value to write.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Yaml {
    /// A number or a boolean, as it is written.
    Bare(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Yaml>),
    /// A mapping.
    Map(Vec<(String, Yaml)>),
}

impl From<bool> for Yaml {
    fn from(value: bool) -> Self {
        Self::Bare(value.to_string())
    }
}

impl From<i64> for Yaml {
    fn from(value: i64) -> Self {
        Self::Bare(value.to_string())
    }
}

impl From<f64> for Yaml {
    fn from(value: f64) -> Self {
        if value.abs() < 1e15 {
            return Self::Bare(value.to_string());
        }
        // Digits without end are no number for every reader, nor is `1e300` without a point.
        let text = format!("{value:e}");
        Self::Bare(if text.contains('.') {
            text
        } else {
            text.replacen('e', ".0e", 1)
        })
    }
}

impl From<&str> for Yaml {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Yaml {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

/// A value that is neither a list nor a mapping.
pub(super) fn scalar(value: impl Into<Yaml>) -> Yaml {
    value.into()
}

/// A mapping of one key.
pub(super) fn map(key: &str, value: Yaml) -> Yaml {
    Yaml::Map(vec![(key.to_owned(), value)])
}

impl Yaml {
    /// The value on one line.
    pub(super) fn flow(&self) -> String {
        match self {
            Self::Bare(text) => text.clone(),
            Self::Text(text) => quoted(text),
            Self::List(elements) => {
                format!(
                    "[{}]",
                    elements
                        .iter()
                        .map(Self::flow)
                        .collect::<Vec<_>>()
                        .join(", ")
                )
            }
            Self::Map(entries) => {
                let entry =
                    |(key, value): &(String, Self)| format!("{}: {}", quoted(key), value.flow());
                format!(
                    "{{{}}}",
                    entries.iter().map(entry).collect::<Vec<_>>().join(", ")
                )
            }
        }
    }

    /// The entries of a mapping on lines of their own, each indented so far.
    pub(super) fn block(&self, indent: usize) -> String {
        let Self::Map(entries) = self else {
            return format!("{}{}\n", " ".repeat(indent), self.flow());
        };
        let mut out = String::new();
        for (key, value) in entries {
            let line = format!("{}{}: {}", " ".repeat(indent), quoted(key), value.flow());
            out += &match value {
                Self::Map(below) if !below.is_empty() && line.chars().count() > WIDTH => {
                    format!(
                        "{}{}:\n{}",
                        " ".repeat(indent),
                        quoted(key),
                        value.block(indent + 2)
                    )
                }
                Self::List(elements) if line.chars().count() > WIDTH => {
                    let mut lines = format!("{}{}:\n", " ".repeat(indent), quoted(key));
                    for element in elements {
                        lines += &format!("{}- {}\n", " ".repeat(indent + 2), element.flow());
                    }
                    lines
                }
                _ => line + "\n",
            };
        }
        out
    }
}

/// A text as every reader of YAML takes it: plain where that is certain, in double quotes otherwise.
fn quoted(text: &str) -> String {
    // Words that YAML 1.1 or 1.2 does not read as texts.
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && !text.ends_with(' ')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || " /._-".contains(c))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if plain {
        return text.to_owned();
    }
    // A text with quotes of its own, such as a template of JSON, stays readable.
    if text.contains(['"', '\\']) && text.chars().all(|c| (' '..='~').contains(&c) && c != '\'') {
        return format!("'{text}'");
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out += "\\n",
            '\t' => out += "\\t",
            ' '..='~' => out.push(c),
            // Letters are there to be read; all else may be invisible, or turn the line round.
            _ if c.is_alphabetic() => out.push(c),
            _ if u32::from(c) > 0xffff => out += &format!("\\U{:08X}", u32::from(c)),
            _ => out += &format!("\\u{:04X}", u32::from(c)),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::policy::text::diagnostic::{Problems, SourceText};
    use crate::policy::text::yaml::{self, Data};

    /// The text as a reader sees it as an element, in a list and as a key; the same each time.
    fn read_back(text: &str) -> Data {
        let written = format!("- {0}\n- [{0}]\n- {{{0}: x}}\n", quoted(text));
        let mut problems = Problems::new(Arc::new(SourceText {
            name: "x".into(),
            text: written.clone(),
        }));
        let root = yaml::read(&mut problems);
        assert!(problems.is_empty(), "{written}: {problems:?}");
        let Data::List(places) = root.unwrap().data else {
            panic!("{written}")
        };
        let (Data::List(list), Data::Map(map)) = (&places[1].data, &places[2].data) else {
            panic!("{written}")
        };
        assert_eq!(list[0].data, places[0].data, "{written}");
        assert_eq!(Data::Text(map[0].key.clone()), places[0].data, "{written}");
        places[0].data.clone()
    }

    #[test]
    fn hostile_texts_are_read_back_as_they_were() {
        for text in [
            "a\nb: c",
            "\"",
            "'",
            "\\",
            "# x",
            "a # b",
            "a: b",
            "a:",
            "*x",
            "!x",
            "&x",
            "no",
            "No",
            "OFF",
            "1",
            "1.5",
            "0x1f",
            "1e3",
            "~",
            "null",
            "-",
            "- a",
            "? a",
            "%a",
            "@a",
            "`a",
            "|",
            ">",
            "{",
            "}",
            "[a]",
            "a, b",
            " a",
            "a ",
            "\t",
            "\r\n",
            "\u{0}",
            "\u{7f}",
            "\u{85}",
            "\u{2028}",
            "\u{feff}",
            "\u{202e}x",
            "👩‍💻",
            "größe",
            "${account}",
            "---",
            "...",
            "=",
            "2027-01-31",
            "0o7",
            ".inf",
            "<<!",
            "支払い",
            "$context.requestId",
        ] {
            assert_eq!(
                read_back(text),
                Data::Text(text.to_owned()),
                "{}",
                quoted(text)
            );
        }
    }

    #[test]
    fn what_is_plain_stays_readable() {
        for text in ["prod", "GET /pets", "access-log.v2", "/apigw/x"] {
            assert_eq!(quoted(text), text);
        }
        assert_eq!(quoted("größe"), "\"größe\"");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_read_back_as_it_was(text in "\\PC{1,12}|.{1,12}|[ -~\\n\\t]{1,20}") {
            prop_assume!(text != "<<");
            prop_assert_eq!(read_back(&text), Data::Text(text.clone()));
        }
    }
}
