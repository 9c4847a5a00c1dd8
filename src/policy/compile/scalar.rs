//! The patterns of scalars and lists: values that a setting is compared with, and its tests.

use super::{Compiler, all, kind_words, setting};
use crate::model::catalogue::{Field, Kind};
use crate::policy::diagnostic::{Problems, suggestions};
use crate::policy::operator::equals::{Equals, Literal};
use crate::policy::operator::{OPERATORS, Reading, Test, foreign};
use crate::policy::pattern::Pattern;
use crate::policy::template::{self, Template};
use crate::policy::yaml::{Data, Entry, Node};

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
        self.check_range(entries);
        if !tests.is_empty() {
            parts.insert(0, tests.into_iter().collect::<Option<Vec<_>>>().map(setting));
        }
        all(parts)
    }

    pub(super) fn test(&mut self, entry: &Entry, field: &'static Field) -> Option<Box<dyn Test>> {
        let names = || {
            let fitting = OPERATORS.iter().filter(|operator| (operator.on)(&field.kind)).map(|operator| operator.name);
            fitting.chain(["not", "any-of"])
        };
        let Some(operator) = OPERATORS.iter().find(|operator| operator.name == entry.key) else {
            let (label, mut help) = suggestions(&entry.key, names());
            let label = match foreign(&entry.key) {
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
            let title =
                format!("`{}` cannot be asked of `{}`, which is {}", operator.name, field.name, kind_words(field));
            let help = format!("tests that can: {}", names().collect::<Vec<_>>().join(", "));
            self.problems.note(&entry.key_span, title, operator.about, [help]);
            return None;
        }
        if matches!(&entry.value.data, Data::Null) {
            let title = format!("`{}` takes {}", operator.name, operator.takes);
            self.problems.note(&entry.key_span, title, "nothing stands here", []);
            return None;
        }
        (operator.read)(&mut Reading { field, problems: self.problems }, &entry.value)
    }

    /// A range into which no number falls.
    fn check_range(&mut self, entries: &[Entry]) {
        let bound = |names: [&str; 2]| {
            entries.iter().filter(|entry| names.contains(&entry.key.as_str())).find_map(|entry| {
                #[expect(clippy::cast_precision_loss, reason = "limits are far below 2^53")]
                let number = match entry.value.data {
                    Data::Integer(number) => number as f64,
                    Data::Number(number) => number,
                    _ => return None,
                };
                Some((number, entry))
            })
        };
        let (Some((low, lower)), Some((high, upper))) = (bound(["min", "above"]), bound(["max", "below"])) else {
            return;
        };
        let inclusive = lower.key == "min" && upper.key == "max";
        if low > high || (low >= high && !inclusive) {
            self.problems.note(
                &lower.value.span,
                format!("no number fits `{}: {low}` and `{}: {high}`", lower.key, upper.key),
                "an impossible range",
                [],
            );
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
                self.problems.note(&node.span, title, "never equal to this", []);
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
                let (label, help) = suggestions(text, names.iter().copied());
                self.problems.note(&node.span, format!("`{}` is never `{text}`", field.name), label, help);
                None
            }
            (Data::Text(text), Kind::Text | Kind::OneOf(_)) => {
                if self.is_nothing(node) {
                    return None;
                }
                let starred = if field.log_group_arn { text.strip_suffix(":*").unwrap_or(text) } else { text };
                if starred.contains('*') && !star_is_text {
                    self.problems.note(
                        &node.span,
                        "a `*` in a text that is compared by equality is a `*`",
                        "no value has one",
                        [format!("for a glob write `{}: {{like: \"{text}\"}}`", field.name)],
                    );
                    return None;
                }
                read_template(text, node, self.problems).map(Literal::Text)
            }
            (Data::Boolean(_) | Data::Integer(_) | Data::Number(_), Kind::Text | Kind::OneOf(_)) => {
                let written = self.written(node);
                self.problems.note(
                    &node.span,
                    format!("`{}` is a text, and this is {}", field.name, node.kind()),
                    "not a text",
                    [format!("quote it: `{}: \"{written}\"`", field.name)],
                );
                None
            }
            _ => {
                let title = format!("`{}` is {}, and this is {}", field.name, kind_words(field), node.kind());
                self.problems.note(&node.span, title, "wrong type", []);
                None
            }
        }
    }
}

/// The text of a node that must be one.
pub fn text_of<'n>(node: &'n Node, problems: &mut Problems) -> Option<&'n str> {
    match &node.data {
        Data::Text(text) if !text.is_empty() => Some(text),
        Data::Boolean(_) | Data::Integer(_) | Data::Number(_) => {
            let written = problems.file.text.get(node.span.clone()).unwrap_or_default().to_owned();
            let title = format!("a text is needed, and this is {}", node.kind());
            problems.note(&node.span, title, "not a text", [format!("quote it: \"{written}\"")]);
            None
        }
        _ => {
            let what = if matches!(node.data, Data::Text(_)) { "an empty text" } else { node.kind() };
            problems.note(&node.span, format!("a text is needed, not {what}"), "not a text", []);
            None
        }
    }
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
            let at = problems.file.text[node.span.clone()].find(&format!("${{{path}}}"));
            let span =
                at.map_or_else(|| node.span.clone(), |at| node.span.start + at..node.span.start + at + path.len() + 3);
            problems.note(&span, format!("`${{{path}}}` names no value of a stage"), label, help);
            None
        }
    }
}
