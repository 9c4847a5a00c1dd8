//! Values that a setting is compared with.

use crate::model::catalogue::{Field, Kind};
use crate::policy::language::glob::Glob;
use crate::policy::language::operators::equals::Literal;
use crate::policy::language::template::Template;
use crate::policy::language::value::compared;
use crate::policy::text::diagnostic::{Problems, suggestions};
use crate::policy::text::scalar::{is_bare_number, quoted};
use crate::policy::text::yaml::{Data, Node};

/// The form to write in place of a pattern that demands nothing.
pub const NO_VALUE: &str = "to demand that there is no value, write `{present: false}`";

/// A value that a setting is compared with. `called` is the name of the setting in messages.
pub fn literal(
    node: &Node,
    field: &Field,
    called: &str,
    star_is_text: bool,
    problems: &mut Problems,
) -> Option<Literal> {
    match (&node.data, field.kind) {
        (Data::Boolean(value), Kind::Boolean) => Some(Literal::Boolean(*value)),
        (Data::Number(value), Kind::Integer) if value.fract() != 0.0 => {
            let title = format!("`{}` is a whole number", field.name);
            let help = "a range of numbers is written so: `{min: 1, max: 2}`".to_owned();
            problems.note(&node.span, title, "never equal to this", [help]);
            None
        }
        (Data::Number(value), Kind::Number) if !value.is_finite() => {
            let title = format!("`{}` is a number, and never this", field.name);
            problems.note(&node.span, title, "not a number to compare with", []);
            None
        }
        #[expect(clippy::cast_precision_loss, reason = "limits are far below 2^53")]
        (Data::Integer(value), Kind::Integer | Kind::Number) => {
            Some(Literal::Number(*value as f64))
        }
        (Data::Number(value), Kind::Integer | Kind::Number) => Some(Literal::Number(*value)),
        // YAML 1.1 tools write OFF as false.
        (Data::Boolean(false), Kind::OneOf(names)) if names.contains(&"OFF") => {
            Template::of("OFF").ok().map(Literal::Text)
        }
        (Data::Text(text), Kind::OneOf(names)) if !names.contains(&text.as_str()) => {
            let (mut label, help) = suggestions(text, names.iter().copied());
            // Words that YAML 1.1 reads as false, and that people use for no level.
            let off =
                ["no", "false", "none", "never"].contains(&text.to_ascii_lowercase().as_str());
            if names.contains(&"OFF") && off {
                "did you mean `OFF`?".clone_into(&mut label);
            }
            problems.note(
                &node.span,
                format!("`{}` is never `{text}`", field.name),
                label,
                help,
            );
            None
        }
        (Data::Text(text), Kind::Text | Kind::OneOf(_)) => {
            text_literal(text, node, field, called, star_is_text, problems).map(Literal::Text)
        }
        _ => {
            wrong_type(node, field, called, problems);
            None
        }
    }
}

fn text_literal(
    text: &str,
    node: &Node,
    field: &Field,
    called: &str,
    star_is_text: bool,
    problems: &mut Problems,
) -> Option<Template> {
    if is_nothing(node, NO_VALUE, problems) {
        return None;
    }
    if is_bare_number(text, node, problems) {
        let title = format!("`{called}` is a text, and this reads as a number");
        problems.note(&node.span, title, "without quotes", [quoted(called, text)]);
        return None;
    }
    if compared(field, text).contains('*') && !star_is_text {
        let help = if Glob::fits_all(text) {
            "to demand that there is a value, write `{present: true}`".to_owned()
        } else {
            format!("for a glob write `{{like: \"{text}\"}}`")
        };
        let title = "a `*` is not a wildcard in a text compared by equality";
        problems.note(
            &node.span,
            title,
            "fits only this text, with its `*`",
            [help],
        );
        return None;
    }
    Template::read(text, node, problems)
}

fn wrong_type(node: &Node, field: &Field, called: &str, problems: &mut Problems) {
    let written = problems.written(&node.span).to_owned();
    match (&node.data, field.kind) {
        (Data::Boolean(_) | Data::Integer(_) | Data::Number(_), Kind::Text) => {
            let title = format!("`{called}` is a text, and this is {}", node.kind());
            problems.note(&node.span, title, "not a text", [quoted(called, &written)]);
        }
        (data, kind) => {
            let title = format!(
                "`{called}` is {}, and this is {}",
                kind.words(),
                node.kind()
            );
            let help = match data {
                Data::Map(_) => Some(
                    "a list holds values; put tests beside values in `any-of: [PATTERN, …]`"
                        .to_owned(),
                ),
                Data::Null => Some(NO_VALUE.to_owned()),
                _ => as_meant(data, &written, field),
            };
            problems.note(&node.span, title, "wrong type", help);
        }
    }
}

/// A null or empty pattern demands nothing, which no one means.
pub fn is_nothing(node: &Node, instead: &str, problems: &mut Problems) -> bool {
    let title = match &node.data {
        Data::Null => "a pattern is missing here",
        Data::Text(text) if text.is_empty() => "an empty text is not a pattern",
        Data::List(elements) if elements.is_empty() => "an empty list is not a pattern",
        Data::Map(entries) if entries.is_empty() => "an empty mapping is not a pattern",
        _ => return false,
    };
    problems.note(
        &node.span,
        title,
        "this demands nothing",
        [instead.to_owned()],
    );
    true
}

/// The form in which a scalar would have to be written for a field, where that can be known.
pub fn as_meant(data: &Data, written: &str, field: &Field) -> Option<String> {
    let plainly = match data {
        Data::Text(text) => text.to_ascii_lowercase(),
        _ => written.to_ascii_lowercase(),
    };
    match field.kind {
        Kind::Boolean => match plainly.as_str() {
            "true" | "yes" | "on" | "y" | "1" => Some("write `true`".to_owned()),
            "false" | "no" | "off" | "n" | "0" => Some("write `false`".to_owned()),
            _ => None,
        },
        Kind::Integer | Kind::Number
            if matches!(data, Data::Text(_))
                && plainly.parse::<f64>().is_ok_and(f64::is_finite) =>
        {
            let number = match plainly.trim_start_matches('0') {
                "" => "0",
                // A zero before another digit makes it a text, as some YAML readers take it for an octal number.
                rest if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
                _ => &plainly,
            };
            Some(format!(
                "write it without quotes or a leading zero: `{number}`"
            ))
        }
        Kind::OneOf(names) => Some(format!("allowed here: {}", names.join(", "))),
        _ => None,
    }
}
