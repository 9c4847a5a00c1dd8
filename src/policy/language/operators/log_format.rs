//! `log-format`: The template of an access log that has this format, with these `$context` variables in it.

use serde_json::json;

use crate::model::value::Value;
use crate::policy::language::access_log::{
    Break, Format, VARIABLES, misspelt, variable_name, variables,
};
use crate::policy::language::context::Context;
use crate::policy::language::operator::{Example, Operator, OperatorContext, is_text};
use crate::policy::language::test::{Test, in_any_order};
use crate::policy::language::truth::Truth;
use crate::policy::text::diagnostic::suggestions;
use crate::policy::text::keys::Keys;
use crate::policy::text::scalar::text_of;
use crate::policy::text::yaml::{Data, Node};

/// The test as the loader knows it.
pub static OPERATOR: Operator = Operator {
    name: "log-format",
    about: "The template of an access log that has this format, with these `$context` variables in it.",
    takes: "`is: json|clf|xml|csv`, or `context: [requestId, …]`, or both",
    on: is_text,
    schema: |_| {
        json!({
            "type": "object",
            "minProperties": 1,
            "additionalProperties": false,
            "properties": {
                "is": {
                    "title": "is",
                    "description": "The format of the template.",
                    "enum": Format::ALL.map(Format::name),
                },
                "context": {
                    "title": "context",
                    "description": "The `$context` variables that must appear, without `$context.`.",
                    "type": "array",
                    "minItems": 1,
                    "items": {"anyOf": [{"enum": VARIABLES}, {"type": "string", "minLength": 1}]},
                },
            },
        })
    },
    example: Example {
        rule: "expect: {AccessLogSettings: {Format: {log-format: {is: json, context: [requestId, status]}}}}",
        passes: "{AccessLogSettings: {Format: '{\"id\": \"$context.requestId\", \"status\": $context.status}'}}",
        fails: "{AccessLogSettings: {Format: '$context.requestId $context.status'}}",
    },
    read,
};

#[derive(Debug)]
struct LogFormat {
    is: Option<Format>,
    context: Vec<Box<str>>,
}

fn read(context: &mut OperatorContext<'_>, node: &Node) -> Option<Box<dyn Test>> {
    const KEYS: [&str; 2] = ["is", "context"];
    let before = context.problems.len();
    if let Some(key) = missing_key(node) {
        let title = format!("`log-format` is a mapping, and this is {}", node.kind());
        let help = format!(
            "write `{{{key}: {}}}`",
            context.problems.written(&node.span)
        );
        context
            .problems
            .note(&node.span, title, "not a mapping", [help]);
        return None;
    }
    let keys = Keys::of(node, "`log-format`", &KEYS, context.problems)?;
    let is = keys
        .get("is")
        .and_then(|entry| format(context, &entry.value));
    let names = keys
        .get("context")
        .map(|entry| names(context, &entry.value))
        .unwrap_or_default();
    if context.problems.len() > before {
        return None;
    }
    if is.is_none() && names.is_empty() {
        let title = format!("`log-format` takes {}", OPERATOR.takes);
        context
            .problems
            .note(&node.span, title, "this demands nothing", []);
        return None;
    }
    Some(Box::new(LogFormat { is, context: names }))
}

/// The key that a bare format, or a bare list of variables, belongs under.
fn missing_key(node: &Node) -> Option<&'static str> {
    match &node.data {
        Data::Text(text) => Format::ALL
            .iter()
            .any(|format| format.name() == text)
            .then_some("is"),
        Data::List(names) => (!names.is_empty()).then_some("context"),
        _ => None,
    }
}

fn format(context: &mut OperatorContext<'_>, node: &Node) -> Option<Format> {
    let text = text_of(node, context.problems)?;
    let format = Format::ALL.into_iter().find(|format| format.name() == text);
    if format.is_none() {
        let (label, help) = suggestions(text, Format::ALL.map(Format::name));
        context.problems.note(
            &node.span,
            format!("there is no log format `{text}`"),
            label,
            help,
        );
    }
    format
}

/// The names of `$context` variables, without `$context.`.
fn names(context: &mut OperatorContext<'_>, node: &Node) -> Vec<Box<str>> {
    let nodes = match &node.data {
        Data::List(nodes) if !nodes.is_empty() => nodes.as_slice(),
        _ => {
            let help = "write `context: [requestId, status]`".to_owned();
            context.problems.note(
                &node.span,
                "`context` takes a list of `$context` variables",
                "no such list",
                [help],
            );
            return Vec::new();
        }
    };
    nodes
        .iter()
        .filter_map(|node| variable(context, node))
        .collect()
}

fn variable(context: &mut OperatorContext<'_>, node: &Node) -> Option<Box<str>> {
    let text = text_of(node, context.problems)?;
    let Some(name) = variable_name(text) else {
        let help = "write `requestId` for `$context.requestId`".to_owned();
        let title = format!("`{text}` is not the name of a `$context` variable");
        let label = "letters, digits and `_`, with dots between; below `authorizer.` what claims hold, such as `:` and `/`";
        context.problems.note(&node.span, title, label, [help]);
        return None;
    };
    if let Some(meant) = misspelt(&name) {
        let title = format!("there is no variable `$context.{name}`");
        context
            .problems
            .note(&node.span, title, format!("did you mean `{meant}`?"), []);
        return None;
    }
    Some(name.into())
}

impl LogFormat {
    /// The place at which a template leaves the format, and the variables that it lacks.
    fn judge(&self, template: &str) -> (Option<Break>, Vec<&str>) {
        let broken = self.is.and_then(|format| format.check(template).err());
        let lacks = |name: &&str| variables(template).all(|found| found.name != *name);
        (
            broken,
            self.context
                .iter()
                .map(AsRef::as_ref)
                .filter(lacks)
                .collect(),
        )
    }
}

/// A format and variables in words.
fn in_words(is: Option<Format>, context: &[&str]) -> String {
    let format = format!("{} log format", is.map_or("a", Format::words));
    if context.is_empty() {
        return format;
    }
    let context: Vec<String> = context
        .iter()
        .map(|name| format!("$context.{name}"))
        .collect();
    format!("{format} with {}", context.join(", "))
}

impl Test for LogFormat {
    fn holds(&self, value: &Value<'_>, _: &Context<'_>) -> Truth {
        value
            .as_text()
            .is_some_and(|template| self.judge(template) == (None, Vec::new()))
            .into()
    }

    fn words(&self) -> Option<String> {
        Some(in_words(
            self.is,
            &self.context.iter().map(AsRef::as_ref).collect::<Vec<_>>(),
        ))
    }

    fn missed(&self, value: &Value<'_>) -> Option<String> {
        let template = value.as_text()?;
        let (broken, lacking) = self.judge(template);
        let words = in_words(self.is.filter(|_| broken.is_some()), &lacking);
        match broken {
            Some(broken) => Some(format!("{words} ({})", broken.words(template))),
            None => (!lacking.is_empty()).then_some(words),
        }
    }

    fn form(&self) -> String {
        format!(
            "{:?} {}",
            self.is,
            in_any_order(self.context.iter().map(ToString::to_string))
        )
    }
}
