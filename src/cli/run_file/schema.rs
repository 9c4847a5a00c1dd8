//! The JSON Schema of the run file, from the flags of all commands.

use std::any::TypeId;
use std::time::Duration;

use clap::{Arg, ArgAction};
use serde_json::{Map, Value, json};

use super::flags::{Flags, command, is_in_result, is_text};
use crate::model::Severity;
use crate::policy::author::schema::DRAFT;

/// The schema of the run file.
pub fn schema() -> Value {
    let keys: Map<String, Value> = flags()
        .into_iter()
        .map(|flag| (flag.name.clone(), flag.schema()))
        .collect();
    json!({
        "$schema": DRAFT,
        "title": "A run file of driftgate",
        "description": "Defaults for command-line flags: a key for each long flag. Flags on the command line win. \
                        Paths are relative to this file.",
        "type": "object",
        "additionalProperties": false,
        "properties": keys,
    })
}

/// A long flag, and the commands that have it.
pub struct Flag {
    /// The name without hyphens before it.
    pub name: String,
    /// The help text.
    pub about: String,
    /// The commands that have the flag, such as `policy test`; none for a flag of every command.
    pub commands: Vec<String>,
    /// The values.
    pub takes: Takes,
}

/// The values that a flag takes.
#[derive(Clone, PartialEq)]
pub struct Takes {
    /// The type in JSON Schema; `value` for a syntax of its own.
    pub kind: &'static str,
    /// The allowed values, if they can be listed.
    pub values: Vec<String>,
    /// True if the flag may be repeated.
    pub several: bool,
}

/// Every key of a run file, by name.
pub fn flags() -> Vec<Flag> {
    let command = command();
    let all = Flags::of(&command);
    let mut flags: Vec<Flag> = all
        .keys()
        .into_iter()
        .filter_map(|key| Flag::of(key, all.named(key)))
        .collect();
    flags.sort_by(|a, b| a.name.cmp(&b.name));
    flags
}

/// The help of a flag, with its default.
fn about(arg: &Arg) -> String {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    match arg.get_default_values() {
        [default] if arg.get_action().takes_values() => {
            format!("{help} [default: {}]", default.to_string_lossy())
        }
        _ => help,
    }
}

impl Takes {
    fn of(arg: &Arg) -> Self {
        let id = arg.get_value_parser().type_id();
        let is = |types: &[TypeId]| types.iter().any(|one| id == *one);
        let kind = if matches!(arg.get_action(), ArgAction::SetTrue) {
            "boolean"
        } else if is(&[
            TypeId::of::<u16>(),
            TypeId::of::<u32>(),
            TypeId::of::<u64>(),
            TypeId::of::<usize>(),
        ]) {
            "integer"
        } else if is(&[TypeId::of::<f64>(), TypeId::of::<Duration>()]) {
            "number"
        } else if is_text(arg) {
            "string"
        } else {
            "value"
        };
        let values = arg.get_possible_values();
        Self {
            kind,
            values: match kind {
                "boolean" => Vec::new(),
                _ => values
                    .iter()
                    .map(|value| value.get_name().to_owned())
                    .collect(),
            },
            several: matches!(arg.get_action(), ArgAction::Append),
        }
    }
}

impl Flag {
    fn of(key: &str, mut commands: Vec<(&[&str], &Arg)>) -> Option<Self> {
        commands.retain(|(words, _)| !is_in_result(words, key));
        let (_, first) = commands.first()?;
        let mut takes = Takes::of(first);
        for value in commands.iter().flat_map(|(_, arg)| Takes::of(arg).values) {
            if !takes.values.contains(&value) {
                takes.values.push(value);
            }
        }
        let names = commands
            .iter()
            .filter(|(_, arg)| !arg.is_global_set())
            .map(|(words, _)| words[1..].join(" "));
        Some(Self {
            name: key.to_owned(),
            about: about(first),
            commands: names.collect(),
            takes,
        })
    }

    fn schema(&self) -> Value {
        if let Some(changes) = changes(&self.name) {
            let mut schema = changes;
            schema["title"] = json!(self.name);
            schema["description"] = json!(format!("{}.", self.about));
            return schema;
        }
        let one = match (self.takes.kind, self.takes.values.as_slice()) {
            (_, values @ [_, ..]) => json!({"enum": values}),
            ("string", _) => json!({"type": "string", "minLength": 1}),
            ("value", _) => json!({"type": ["string", "number"], "minLength": 1}),
            ("boolean", _) => json!({"type": "boolean"}),
            // A number in quotes is taken too.
            (number, _) => json!({"type": [number, "string"], "pattern": "^[0-9]+([.][0-9]+)?$"}),
        };
        let list = json!({"type": "array", "minItems": 1, "items": one});
        let mut schema = if self.takes.several {
            json!({"anyOf": [one, list]})
        } else {
            one
        };
        schema["title"] = json!(self.name);
        schema["description"] = json!(format!("{}.", self.about));
        schema
    }
}

/// The schema of a key that changes policies: a mapping of names, or texts as the flag takes them.
fn changes(key: &str) -> Option<Value> {
    let (value, flag) = match key {
        "rule" => {
            let severities = Severity::WORST_FIRST.into_iter().rev().map(Severity::name);
            let all: Vec<&str> = ["off"].into_iter().chain(severities).collect();
            (json!({"enum": all}), "^[^=]+=.")
        }
        "set" => (json!({"not": {"type": "null"}}), "^[^=/]+/[^=]+=."),
        _ => return None,
    };
    let names = if key == "set" { "^[^/]+/" } else { "." };
    let text = json!({"type": "string", "pattern": flag});
    Some(json!({"anyOf": [
        {"type": "object", "minProperties": 1, "propertyNames": {"pattern": names}, "additionalProperties": value},
        text,
        {"type": "array", "minItems": 1, "items": text},
    ]}))
}
