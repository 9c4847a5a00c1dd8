//! The JSON Schema of the run file `driftgate.yaml`: its keys are the long flags of the commands, as clap knows them.

use std::any::TypeId;
use std::time::Duration;

use clap::{Arg, ArgAction, Command};
use serde_json::{Map, Value, json};

use super::flags::{NOT_KEYS, OF_RESULTS, OF_THE_AUDIT, command, is_text};
use crate::policy::schema::DRAFT;

/// The schema of the run file.
pub fn schema() -> Value {
    let keys: Map<String, Value> = flags().into_iter().map(|flag| (flag.name.clone(), flag.schema())).collect();
    json!({
        "$schema": DRAFT,
        "title": "A run file of driftgate",
        "description": "What flags hold: a key for each long flag. Flags on the command line win. Paths are relative \
                        to this file.",
        "type": "object",
        "additionalProperties": false,
        "properties": keys,
    })
}

/// A long flag, and the commands that have it.
pub struct Flag {
    /// Its name, without the hyphens before it.
    pub name: String,
    /// What it does.
    pub about: String,
    /// The commands that have it, such as `policy test`; none for a flag of every command.
    pub commands: Vec<String>,
    /// What it takes.
    pub takes: Takes,
}

/// What a flag takes.
#[derive(Clone, PartialEq)]
pub struct Takes {
    /// The type in JSON Schema; `value` for what only the flag itself can read.
    pub kind: &'static str,
    /// The values that there are, when they can be counted.
    pub values: Vec<String>,
    /// Whether it may be repeated.
    pub several: bool,
}

/// Every long flag once, by name.
pub fn flags() -> Vec<Flag> {
    let mut flags: Vec<Flag> = Vec::new();
    collect(&command(), "", &mut flags);
    flags.sort_by(|a, b| a.name.cmp(&b.name));
    flags
}

fn collect(command: &Command, path: &str, into: &mut Vec<Flag>) {
    for arg in command.get_arguments() {
        let Some(name) = arg.get_long() else { continue };
        let of_results = path.split(' ').next() == Some(OF_RESULTS);
        if NOT_KEYS.contains(&name) || (of_results && OF_THE_AUDIT.contains(&name)) {
            continue;
        }
        let commands: Vec<String> = (!arg.is_global_set()).then(|| path.to_owned()).into_iter().collect();
        match into.iter_mut().find(|flag| flag.name == name) {
            Some(known) => {
                known.commands.extend(commands);
                let more = Takes::of(arg).values.into_iter().filter(|value| !known.takes.values.contains(value));
                known.takes.values.extend(more.collect::<Vec<_>>());
            }
            None => into.push(Flag { name: name.to_owned(), about: about(arg), commands, takes: Takes::of(arg) }),
        }
    }
    for command in command.get_subcommands().filter(|command| command.get_name() != "help") {
        let path = format!("{path} {}", command.get_name());
        collect(command, path.trim_start(), into);
    }
}

/// The help of a flag, with what holds without it.
fn about(arg: &Arg) -> String {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    match arg.get_default_values() {
        [default] if arg.get_action().takes_values() => format!("{help} [default: {}]", default.to_string_lossy()),
        _ => help,
    }
}

impl Takes {
    fn of(arg: &Arg) -> Self {
        let id = arg.get_value_parser().type_id();
        let is = |types: &[TypeId]| types.iter().any(|one| id == *one);
        let kind = if matches!(arg.get_action(), ArgAction::SetTrue) {
            "boolean"
        } else if is(&[TypeId::of::<u16>(), TypeId::of::<u32>(), TypeId::of::<u64>(), TypeId::of::<usize>()]) {
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
                _ => values.iter().map(|value| value.get_name().to_owned()).collect(),
            },
            several: matches!(arg.get_action(), ArgAction::Append),
        }
    }
}

impl Flag {
    fn schema(&self) -> Value {
        let one = match (self.takes.kind, self.takes.values.as_slice()) {
            (_, values @ [_, ..]) => json!({"enum": values}),
            ("string", _) => json!({"type": "string", "minLength": 1}),
            ("value", _) => json!({"type": ["string", "number"], "minLength": 1}),
            ("boolean", _) => json!({"type": "boolean"}),
            // A number in quotes is taken too.
            (number, _) => json!({"type": [number, "string"], "pattern": "^[0-9]+([.][0-9]+)?$"}),
        };
        let list = json!({"type": "array", "minItems": 1, "items": one});
        let mut schema = if self.takes.several { json!({"anyOf": [one, list]}) } else { one };
        schema["title"] = json!(self.name);
        schema["description"] = json!(format!("{}.", self.about));
        schema
    }
}
