//! Scalars that must be texts: numbers without quotes are refused, with the form to write.

use super::diagnostic::Problems;
use super::yaml::{Data, Node};

/// True if a text is written without quotes and is all digits: a number to most YAML readers, and to some an octal one.
pub fn is_bare_number(text: &str, node: &Node, problems: &Problems) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && problems.written(&node.span) == text
}

/// The text of a node that must be one.
pub fn text_of<'n>(node: &'n Node, problems: &mut Problems) -> Option<&'n str> {
    match &node.data {
        Data::Text(text) if is_bare_number(text, node, problems) && !text.is_empty() => {
            let help = format!("quote it: \"{text}\"");
            problems.note(
                &node.span,
                "a text is needed, and this reads as a number",
                "without quotes",
                [help],
            );
            None
        }
        Data::Text(text) if !text.is_empty() => Some(text),
        Data::Boolean(_) | Data::Integer(_) | Data::Number(_) => {
            let written = problems.written(&node.span).to_owned();
            let title = format!("a text is needed, and this is {}", node.kind());
            problems.note(
                &node.span,
                title,
                "not a text",
                [format!("quote it: \"{written}\"")],
            );
            None
        }
        Data::Text(_) => {
            problems.note(
                &node.span,
                "a text is needed, and this one is empty",
                "an empty text",
                [],
            );
            None
        }
        _ => {
            problems.note(
                &node.span,
                format!("a text is needed, not {}", node.kind()),
                "not a text",
                [],
            );
            None
        }
    }
}

/// The quoted form of a text that would be read as something else.
pub fn quoted(name: &str, written: &str) -> String {
    // The element of a list has no key.
    if name == "element" {
        format!("quote it: `\"{written}\"`")
    } else {
        format!("quote it: `{name}: \"{written}\"`")
    }
}

/// A text as it is written in YAML, with quotes where it needs some.
pub fn written(text: &str) -> String {
    const RESERVED: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || "_/$".contains(c))
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-./$@+".contains(c))
        && !RESERVED.contains(&text.to_ascii_lowercase().as_str());
    if plain {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}

/// A list of texts as it is written in YAML.
pub fn written_list<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let texts: Vec<String> = texts.into_iter().map(written).collect();
    format!("[{}]", texts.join(", "))
}
