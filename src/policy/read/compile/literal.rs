//! Values that a setting is compared with.

use super::cure::{NO_VALUE, no_value};
use crate::model::catalogue::{Field, Kind};
use crate::policy::language::dialect;
use crate::policy::language::glob::Glob;
use crate::policy::language::holdable::{Demand, Holdable};
use crate::policy::language::operators::equals::Literal;
use crate::policy::language::template::Template;
use crate::policy::language::value::compared;
use crate::policy::text::diagnostic::{Problems, suggestions};
use crate::policy::text::scalar::{is_bare_number, quoted, written, written_list};
use crate::policy::text::yaml::{Data, Node};

/// A value that a setting is compared with, alone or among others. `called` is the name of the setting in messages.
pub fn literal(
    node: &Node,
    field: &Field,
    called: &str,
    among: &[Node],
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
            text_literal(text, node, field, called, among, problems).map(Literal::Text)
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
    among: &[Node],
    problems: &mut Problems,
) -> Option<Template> {
    if is_nothing(node, NO_VALUE, problems) {
        return None;
    }
    if is_bare_number(text, node, problems) {
        let title = format!("`{called}` is a text, and this reads as a number");
        problems.note(
            &node.span,
            title,
            "without quotes",
            [as_text(field, called, text)],
        );
        return None;
    }
    let holdable = Holdable::of(field, called);
    let is_held = Template::of(text)
        .is_ok_and(|text| holdable.is_limited() && holdable.may_meet(Demand::Is(&text)));
    // Where AWS's own values have a `*`, it is one of theirs.
    if compared(field, text).contains('*') && !is_held {
        let title = "a `*` is not a wildcard in a text compared by equality";
        problems.note(
            &node.span,
            title,
            "fits only this text, with its `*`",
            [instead_of_star(text, among)],
        );
        return None;
    }
    let template = Template::read(text, node, problems)?;
    holdable
        .check(Demand::Is(&template), &node.span, problems)
        .then_some(template)
}

/// The quoted form of a text that reads as something else, or what the field holds where it cannot hold that.
fn as_text(field: &Field, called: &str, written: &str) -> String {
    let holdable = Holdable::of(field, called);
    let is_held = Template::of(written).is_ok_and(|text| holdable.may_meet(Demand::Is(&text)));
    let words = holdable.words().filter(|_| !is_held);
    words.unwrap_or_else(|| quoted(called, written))
}

/// The form to write instead of a text with a `*`, or of the list that it is in.
fn instead_of_star(text: &str, among: &[Node]) -> String {
    if Glob::fits_all(text) {
        return "to demand that there is a value, write `{present: true}`".to_owned();
    }
    if let Some(dialect) = dialect::of_text(text) {
        return format!("write `{{{}}}`", dialect.instead);
    }
    let texts: Option<Vec<&str>> = among
        .iter()
        .map(|node| match &node.data {
            Data::Text(text) if !Glob::fits_all(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    let globs = match texts.as_deref() {
        None | Some([_] | []) => written(text),
        Some(texts) => written_list(texts.iter().copied()),
    };
    format!("for a glob write `{{like: {globs}}}`")
}

fn wrong_type(node: &Node, field: &Field, called: &str, problems: &mut Problems) {
    let written = problems.written(&node.span).to_owned();
    match (&node.data, field.kind) {
        (Data::Boolean(_) | Data::Integer(_) | Data::Number(_), Kind::Text) => {
            let title = format!("`{called}` is a text, and this is {}", node.kind());
            problems.note(
                &node.span,
                title,
                "not a text",
                [as_text(field, called, &written)],
            );
        }
        (data, kind) => {
            let title = format!(
                "`{called}` is {}, and this is {}",
                kind.words(),
                node.kind()
            );
            let help = match data {
                Data::Map(_) => Some(
                    "a list holds values; tests and values go together in `any-of: [PATTERN, …]`"
                        .to_owned(),
                ),
                Data::Null => Some(no_value(field, called)),
                _ => as_meant(data, &written, field),
            };
            problems.note(&node.span, title, "wrong type", help);
        }
    }
}

/// True for a null or empty pattern, which demands nothing. It is noted, unless the reader of the text noted an entry that
/// it left out.
pub fn is_nothing(node: &Node, instead: &str, problems: &mut Problems) -> bool {
    let is_written_empty = || {
        let written = problems.written(&node.span);
        written.is_empty() || written.chars().all(|c| "{} ".contains(c))
    };
    let title = match &node.data {
        Data::Map(entries) if entries.is_empty() && !is_written_empty() => return true,
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
        Kind::Integer | Kind::Number if comparison(&plainly).is_some() => {
            comparison(&plainly).map(|pattern| format!("write `{pattern}`"))
        }
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

/// The pattern that `>= 1` stands for.
fn comparison(text: &str) -> Option<String> {
    const SIGNS: [(&str, &str); 7] = [
        (">=", "min"),
        ("<=", "max"),
        (">", "above"),
        ("<", "below"),
        ("!=", "not"),
        ("==", ""),
        ("=", ""),
    ];
    let (sign, test) = SIGNS.iter().find(|(sign, _)| text.starts_with(sign))?;
    let number = text[sign.len()..].trim();
    let is_number = number.parse::<f64>().is_ok_and(f64::is_finite);
    is_number.then(|| match *test {
        "" => number.to_owned(),
        test => format!("{{{test}: {number}}}"),
    })
}
