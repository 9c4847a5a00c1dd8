//! The patterns of scalars and lists: values that a setting is compared with, and its tests.

use super::{Compiler, NO_VALUE, all, kind_words, setting};
use crate::model::catalogue::{Field, Kind};
use crate::policy::language::operators::equals::{Equals, Literal};
use crate::policy::language::operators::{OPERATORS, Reading, Test};
use crate::policy::language::pattern::Pattern;
use crate::policy::language::template::{self, Template};
use crate::policy::text::aliases;
use crate::policy::text::diagnostic::{Problems, suggestions};
use crate::policy::text::yaml::{Data, Entry, Node};

impl Compiler<'_> {
    /// The tests of one setting, all of which must hold.
    pub(super) fn tests(&mut self, entries: &[Entry], field: &'static Field) -> Option<Pattern> {
        let star_is_text = self.star_is_text;
        let again = |compiler: &mut Self, node: &Node| {
            compiler.star_is_text = star_is_text;
            compiler.field(node, field)
        };
        let mut tests: Vec<Option<Box<dyn Test>>> = Vec::new();
        let mut parts: Vec<Option<Pattern>> = Vec::new();
        for entry in entries {
            match (entry.key.as_str(), &entry.value.data) {
                // "None of these values" reads best as one test.
                ("not", Data::List(elements))
                    if !matches!(field.kind, Kind::List(_))
                        && !elements.is_empty()
                        && !elements.iter().any(|element| matches!(element.data, Data::Map(_))) =>
                {
                    let inner = self.literals(elements, field).map(|of| setting(vec![Box::new(Equals(of))]));
                    parts.push(inner.map(|inner| Pattern::Not(Box::new(inner))));
                }
                ("not", _) => parts.push(self.not(entry, again)),
                ("any-of", _) => parts.push(self.any_of(entry, again)),
                _ => tests.push(self.test(entry, field)),
            }
        }
        self.check_range(entries, field);
        if !tests.is_empty() {
            parts.insert(0, tests.into_iter().collect::<Option<Vec<_>>>().map(setting));
        }
        all(parts)
    }

    pub(super) fn test(&mut self, entry: &Entry, field: &'static Field) -> Option<Box<dyn Test>> {
        let names = || {
            let fitting = OPERATORS.iter().filter(|operator| operator.fits(field)).map(|operator| operator.name);
            fitting.chain(["not", "any-of"])
        };
        let Some(operator) = OPERATORS.iter().find(|operator| operator.name == entry.key) else {
            let (label, mut help) = suggestions(&entry.key, names());
            let label = match aliases::test(&entry.key) {
                Some(ours) => {
                    help.insert(0, ours.to_owned());
                    "a word of other tools".to_owned()
                }
                None => label,
            };
            self.problems.note(&entry.key_span, format!("there is no test `{}`", entry.key), label, help);
            return None;
        };
        if !(operator.on)(&field.kind) {
            let title = format!(
                "`{}` cannot be asked of `{}`, which is {}",
                operator.name,
                self.called(field),
                kind_words(field)
            );
            let help = format!("tests that can: {}", names().collect::<Vec<_>>().join(", "));
            let takes = format!("`{}` takes {}", operator.name, operator.takes);
            self.problems.note(&entry.key_span, title, takes, [help]);
            return None;
        }
        if matches!(&entry.value.data, Data::Null) {
            let title = format!("`{}` takes {}", operator.name, operator.takes);
            self.problems.note(&entry.key_span, title, "nothing stands here", []);
            return None;
        }
        let before = self.problems.len();
        let test = (operator.read)(&mut Reading { field, problems: self.problems }, &entry.value);
        self.problems.advise(before, &format!("`{}` takes {}", operator.name, operator.takes));
        test
    }

    /// A range into which no number falls.
    fn check_range(&mut self, entries: &[Entry], field: &Field) {
        #[expect(clippy::cast_precision_loss, reason = "limits are far below 2^53")]
        let number = |entry: &Entry| match entry.value.data {
            Data::Integer(number) => Some(number as f64),
            Data::Number(number) => Some(number).filter(|number| number.is_finite()),
            _ => None,
        };
        let whole = matches!(field.kind, Kind::Integer);
        let (mut lowest, mut highest): (Option<Bound<'_>>, Option<Bound<'_>>) = (None, None);
        for entry in entries {
            let Some(written) = number(entry) else { continue };
            // The nearest number that fits, and whether it does itself: only whole numbers have neighbours.
            let (at, fits) = match (entry.key.as_str(), whole) {
                ("min", true) => (written.ceil(), true),
                ("above", true) => (written.floor() + 1.0, true),
                ("max", true) => (written.floor(), true),
                ("below", true) => (written.ceil() - 1.0, true),
                ("min" | "max", false) => (written, true),
                _ => (written, false),
            };
            let bound = Bound { at, fits, written, entry };
            match entry.key.as_str() {
                "min" | "above" if lowest.as_ref().is_none_or(|low| (low.at, !low.fits) < (at, !fits)) => {
                    lowest = Some(bound);
                }
                "max" | "below" if highest.as_ref().is_none_or(|high| (at, fits) < (high.at, high.fits)) => {
                    highest = Some(bound);
                }
                _ => {}
            }
        }
        let (Some(low), Some(high)) = (lowest, highest) else { return };
        if low.at > high.at || (low.at >= high.at && !(low.fits && high.fits)) {
            let (one, other) =
                if low.entry.key_span.start < high.entry.key_span.start { (&low, &high) } else { (&high, &low) };
            let number = if whole && low.written < high.written { "whole number" } else { "number" };
            let title = format!(
                "no {number} fits `{}: {}` and `{}: {}`",
                one.entry.key, one.written, other.entry.key, other.written
            );
            let span = one.entry.key_span.start..other.entry.value.span.end;
            let help = "`min` and `max` include their number, `above` and `below` do not".to_owned();
            self.problems.note(&span, title, "an impossible range", [help]);
        }
    }

    pub(super) fn literals(&mut self, nodes: &[Node], field: &'static Field) -> Option<Vec<Literal>> {
        let literals: Vec<Option<Literal>> = nodes.iter().map(|node| self.literal(node, field, true)).collect();
        literals.into_iter().collect()
    }

    /// A value that a setting is compared with.
    pub(super) fn literal(&mut self, node: &Node, field: &'static Field, star_is_text: bool) -> Option<Literal> {
        match (&node.data, field.kind) {
            (Data::Boolean(value), Kind::Boolean) => Some(Literal::Boolean(*value)),
            (Data::Number(value), Kind::Integer) if value.fract() != 0.0 => {
                let title = format!("`{}` is a whole number", field.name);
                let help = "a range of numbers is written so: `{min: 1, max: 2}`".to_owned();
                self.problems.note(&node.span, title, "never equal to this", [help]);
                None
            }
            (Data::Number(value), Kind::Number) if !value.is_finite() => {
                let title = format!("`{}` is a number, and never this", field.name);
                self.problems.note(&node.span, title, "not a number to compare with", []);
                None
            }
            #[expect(clippy::cast_precision_loss, reason = "limits are far below 2^53")]
            (Data::Integer(value), Kind::Integer | Kind::Number) => Some(Literal::Number(*value as f64)),
            (Data::Number(value), Kind::Integer | Kind::Number) => Some(Literal::Number(*value)),
            // YAML 1.1 tools write OFF as false.
            (Data::Boolean(false), Kind::OneOf(names)) if names.contains(&"OFF") => {
                Template::of("OFF").ok().map(Literal::Text)
            }
            (Data::Text(text), Kind::OneOf(names)) if !names.contains(&text.as_str()) => {
                let (mut label, help) = suggestions(text, names.iter().copied());
                // What YAML 1.1 reads as false, and what people call no level.
                if names.contains(&"OFF")
                    && ["no", "false", "none", "never"].contains(&text.to_ascii_lowercase().as_str())
                {
                    "did you mean `OFF`?".clone_into(&mut label);
                }
                self.problems.note(&node.span, format!("`{}` is never `{text}`", field.name), label, help);
                None
            }
            (Data::Text(text), Kind::Text | Kind::OneOf(_)) => {
                if self.is_nothing(node, NO_VALUE) {
                    return None;
                }
                if is_bare_number(text, node, self.problems) {
                    let title = format!("`{}` is a text, and this reads as a number", self.called(field));
                    let help = quoted(&self.called(field), text);
                    self.problems.note(&node.span, title, "without quotes", [help]);
                    return None;
                }
                let starred = if field.log_group_arn { text.strip_suffix(":*").unwrap_or(text) } else { text };
                if starred.contains('*') && !star_is_text {
                    let help = if is_all_stars(text) {
                        "to demand that there is a value, write `{present: true}`".to_owned()
                    } else {
                        format!("for a glob write `{{like: \"{text}\"}}`")
                    };
                    let title = "a `*` is no wildcard in a text that stands by itself";
                    self.problems.note(&node.span, title, "fits only this text, with its `*`", [help]);
                    return None;
                }
                read_template(text, node, self.problems).map(Literal::Text)
            }
            (Data::Boolean(_) | Data::Integer(_) | Data::Number(_), Kind::Text) => {
                let (name, written) = (self.called(field), self.written(node));
                let title = format!("`{name}` is a text, and this is {}", node.kind());
                self.problems.note(&node.span, title, "not a text", [quoted(&name, &written)]);
                None
            }
            (data, _) => {
                let title = format!("`{}` is {}, and this is {}", self.called(field), kind_words(field), node.kind());
                let help = match data {
                    Data::Map(_) => {
                        Some("a list holds values; tests beside values stand in `any-of: [PATTERN, …]`".to_owned())
                    }
                    Data::Null => Some(NO_VALUE.to_owned()),
                    _ => as_meant(data, &self.written(node), field),
                };
                self.problems.note(&node.span, title, "wrong type", help);
                None
            }
        }
    }
}

/// A bound of a range.
struct Bound<'n> {
    /// The outermost number.
    at: f64,
    /// Whether that number is within.
    fits: bool,
    /// The number as it was written.
    written: f64,
    entry: &'n Entry,
}

/// How a scalar would have to be written for a field, where that can be told.
pub fn as_meant(data: &Data, written: &str, field: &Field) -> Option<String> {
    let plainly = match data {
        Data::Text(text) => text.to_ascii_lowercase(),
        _ => written.to_ascii_lowercase(),
    };
    match field.kind {
        Kind::Boolean => match plainly.as_str() {
            "true" | "yes" | "on" | "y" | "1" => Some("write it so: `true`".to_owned()),
            "false" | "no" | "off" | "n" | "0" => Some("write it so: `false`".to_owned()),
            _ => None,
        },
        Kind::Integer | Kind::Number
            if matches!(data, Data::Text(_)) && plainly.parse::<f64>().is_ok_and(f64::is_finite) =>
        {
            let number = match plainly.trim_start_matches('0') {
                "" => "0",
                // A zero before another digit makes it a text, as some YAML readers take it for an octal number.
                rest if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
                _ => &plainly,
            };
            Some(format!("write it without quotes or a leading zero: `{number}`"))
        }
        Kind::OneOf(names) => Some(format!("allowed here: {}", names.join(", "))),
        _ => None,
    }
}

/// Whether a text is written without quotes and is all digits: a number to most YAML readers, and to some an octal one.
pub fn is_bare_number(text: &str, node: &Node, problems: &Problems) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && problems.file.text.get(node.span.clone()) == Some(text)
}

/// The text of a node that must be one.
pub fn text_of<'n>(node: &'n Node, problems: &mut Problems) -> Option<&'n str> {
    match &node.data {
        Data::Text(text) if is_bare_number(text, node, problems) && !text.is_empty() => {
            let help = format!("quote it: \"{text}\"");
            problems.note(&node.span, "a text is needed, and this reads as a number", "without quotes", [help]);
            None
        }
        Data::Text(text) if !text.is_empty() => Some(text),
        Data::Boolean(_) | Data::Integer(_) | Data::Number(_) => {
            let written = problems.file.text.get(node.span.clone()).unwrap_or_default().to_owned();
            let title = format!("a text is needed, and this is {}", node.kind());
            problems.note(&node.span, title, "not a text", [format!("quote it: \"{written}\"")]);
            None
        }
        Data::Text(_) => {
            problems.note(&node.span, "a text is needed, and this one is empty", "an empty text", []);
            None
        }
        _ => {
            problems.note(&node.span, format!("a text is needed, not {}", node.kind()), "not a text", []);
            None
        }
    }
}

/// How a text is written that would be read as something else.
pub fn quoted(name: &str, written: &str) -> String {
    // The element of a list has no key.
    if name == "element" { format!("quote it: `\"{written}\"`") } else { format!("quote it: `{name}: \"{written}\"`") }
}

/// Whether a glob fits every text.
pub fn is_all_stars(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte == b'*')
}

/// A text with `${PATH}` in it.
pub fn read_template(text: &str, node: &Node, problems: &mut Problems) -> Option<Template> {
    match Template::of(text) {
        Ok(template) => Some(template),
        Err(None) => {
            let help = "write `$${` for the two characters themselves".to_owned();
            problems.note(&node.span, "`${` without a closing brace", "never closed", [help]);
            None
        }
        Err(Some(path)) => {
            let (label, help) = suggestions(&path, template::PATHS);
            let written = format!("${{{path}}}");
            let span = problems.part_of(&node.span, &written, &(0..written.len()));
            problems.note(&span, format!("`${{{path}}}` names no value of a stage"), label, help);
            None
        }
    }
}
