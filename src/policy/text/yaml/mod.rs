//! YAML text to a tree that knows where everything is. It must not know what a policy is.
//!
//! Two readers look at the text. granit-parser's events give every place, and stop what must not reach the second
//! one: deep nesting, alias bombs, several documents. serde_yaml then decides what each scalar is. The two agree on
//! the shape, which `tests/policies.rs` tries with many texts; where they do not, it is an error.

mod node;
mod places;
mod values;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use self::places::{Located, LocatedData, MERGE_KEY, Places};
use self::values::Raw;
use crate::policy::text::diagnostic::Problems;

pub use self::node::{Data, Entry, Node};
pub use self::places::{DEEPEST, MOST_BYTES, MOST_NODES};

/// Reads a text; `None` when it cannot be read at all. What is wrong is noted either way.
pub fn read(problems: &mut Problems) -> Option<Node> {
    let file = Arc::clone(&problems.file);
    // YAML 1.1 ends a line at these and YAML 1.2 does not; a lone carriage return is a line end that people do not see.
    let line_end = |(at, c): &(usize, char)| match c {
        '\u{85}' | '\u{2028}' | '\u{2029}' => true,
        '\r' => !file.text[at + 1..].starts_with('\n'),
        _ => false,
    };
    if let Some((at, character)) = file.text.char_indices().find(line_end) {
        let code = format!("U+{:04X}", u32::from(character));
        problems.note(
            &(at..at + character.len_utf8()),
            format!("{code} ends a line for some YAML readers, and is text for others"),
            "an invisible line end",
            ["end the line with a plain newline; in a text write it as an escape, in double quotes".to_owned()],
        );
        return None;
    }
    // A last line without its end is read in two ways.
    let text = if file.text.ends_with('\n') {
        Cow::from(&file.text)
    } else {
        Cow::from(format!("{}\n", file.text))
    };
    let shape = Places::of(&text, problems)?;
    let values: Raw = match serde_yaml::from_str(&text) {
        Ok(values) => values,
        // The first reader has noted the mistake, and the second would repeat it in its own words.
        Err(_) if !problems.is_empty() => return None,
        Err(error) => {
            let at = error.location().map_or(0, |location| location.index());
            let message = error.to_string();
            // The place is shown already.
            let message = message.split(" at line ").next().unwrap_or_default();
            problems.note(&(at..at + 1), "this is not YAML", message, []);
            return None;
        }
    };
    Some(join(shape, values, problems))
}

fn join(shape: Located, values: Raw, problems: &mut Problems) -> Node {
    let span = shape.span;
    let data = match (shape.data, values) {
        (LocatedData::List(shapes), Raw::List(values)) if shapes.len() == values.len() => {
            Data::List(
                shapes
                    .into_iter()
                    .zip(values)
                    .map(|(shape, value)| join(shape, value, problems))
                    .collect(),
            )
        }
        (LocatedData::Map(shapes), Raw::Map(values)) if shapes.len() == values.len() => {
            let entry = |((key, shape), (raw_key, value)): ((Located, Located), (Raw, Raw))| {
                // Other keys and merge keys were noted when they were read.
                let LocatedData::Scalar(text) = key.data else {
                    return None;
                };
                if text == MERGE_KEY {
                    return None;
                }
                if matches!(&raw_key, Raw::Scalar(Data::Text(raw)) if *raw != text) {
                    disagreement(&key.span, problems);
                }
                Some(Entry {
                    key: text,
                    key_span: key.span,
                    value: join(shape, value, problems),
                })
            };
            Data::Map(shapes.into_iter().zip(values).filter_map(entry).collect())
        }
        (LocatedData::Scalar(text), Raw::Scalar(data)) => {
            if matches!(&data, Data::Text(raw) if *raw != text) {
                disagreement(&span, problems);
            }
            // A whole number is an integer, unless it is beyond all of them.
            if matches!(data, Data::Number(_))
                && text
                    .trim_start_matches(['-', '+'])
                    .bytes()
                    .all(|c| c.is_ascii_digit())
            {
                let help = "write a smaller number; quote it if it is a text".to_owned();
                problems.note(
                    &span,
                    "the number is too large",
                    "no setting can be so large",
                    [help],
                );
            }
            data
        }
        // An empty value is not an event for one of the readers.
        (_, Raw::Scalar(Data::Null)) => Data::Null,
        _ => {
            disagreement(&span, problems);
            Data::Null
        }
    };
    Node { span, data }
}

/// Two readers that see different things are one too many to trust either.
fn disagreement(at: &Range<usize>, problems: &mut Problems) {
    let help = "write it in a plainer way: quote texts, and put each entry on a line of its own"
        .to_owned();
    problems.note(
        at,
        "YAML readers do not agree on this",
        "read in two ways",
        [help],
    );
}

#[cfg(test)]
mod tests;
