//! A YAML tree: values, and where they are in the text.

use std::ops::Range;

/// A value and its place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Node {
    /// Its bytes in the text; for a block, those of its first line.
    pub span: Range<usize>,
    /// The value.
    pub data: Data,
}

/// The value of a node.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Data {
    /// Nothing: an empty value, `null` or `~`.
    #[default]
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Number(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping.
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key's text.
    pub key: String,
    /// The bytes of the key.
    pub key_span: Range<usize>,
    /// Its value.
    pub value: Node,
}

impl Node {
    /// The kind of value, in words.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.data {
            Data::Null => "nothing",
            Data::Boolean(_) => "a boolean",
            Data::Integer(_) | Data::Number(_) => "a number",
            Data::Text(_) => "a text",
            Data::List(_) => "a list",
            Data::Map(_) => "a mapping",
        }
    }

    /// The value on one line, as it can be written anywhere.
    #[must_use]
    pub fn flow(&self) -> String {
        match &self.data {
            Data::Null => "null".to_owned(),
            Data::Boolean(value) => value.to_string(),
            Data::Integer(value) => value.to_string(),
            Data::Number(value) => value.to_string(),
            Data::Text(text) => scalar(text),
            Data::List(nodes) => {
                let nodes: Vec<String> = nodes.iter().map(Self::flow).collect();
                format!("[{}]", nodes.join(", "))
            }
            Data::Map(entries) => {
                let entries: Vec<String> = entries
                    .iter()
                    .map(|entry| format!("{}: {}", scalar(&entry.key), entry.value.flow()))
                    .collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }

    /// The number of nodes, with those below.
    #[must_use]
    pub fn size(&self) -> usize {
        1 + match &self.data {
            Data::List(nodes) => nodes.iter().map(Self::size).sum(),
            Data::Map(entries) => entries.iter().map(|entry| entry.value.size()).sum(),
            _ => 0,
        }
    }

    /// The same value at another place, with everything below it.
    #[must_use]
    pub fn at(mut self, span: &Range<usize>) -> Self {
        self.span = span.clone();
        match &mut self.data {
            Data::List(nodes) => {
                for node in nodes {
                    *node = std::mem::take(node).at(span);
                }
            }
            Data::Map(entries) => {
                for entry in entries {
                    entry.key_span = span.clone();
                    entry.value = std::mem::take(&mut entry.value).at(span);
                }
            }
            _ => {}
        }
        self
    }
}

impl Entry {
    /// The bytes from the key to the end of the value.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.key_span.start..self.value.span.end
    }
}

/// A text without quotes where every reader takes it as one.
fn scalar(text: &str) -> String {
    const OTHERWISE: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
        && !OTHERWISE.contains(&text.to_ascii_lowercase().as_str());
    if plain {
        text.to_owned()
    } else {
        serde_json::to_string(text).unwrap_or_default()
    }
}
