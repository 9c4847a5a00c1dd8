//! What tells a run file from a policy and from waivers: for files that are read, and for the schema of all three.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::flags::{Flags, command};
use crate::policy::diagnostic::{Problems, SourceText};
use crate::policy::files::identity;
use crate::policy::load::is_test_file;
use crate::policy::waiver::{OF_A_POLICY, holds_waivers};
use crate::policy::yaml::{self, Data, Entry};

/// The run file that is read when none is named.
pub const DEFAULT: &str = "driftgate.yaml";

/// What the path of a policy has and its name has not.
const OF_A_PATH: &str = r"[/:]|[.]ya?ml$";

/// The kind of a text among policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A policy. What cannot be told is taken for one, and the loader says what is wrong with it.
    Policy,
    /// Tests of a policy, by the name of the file.
    Tests,
    /// Waivers and nothing of a policy.
    Waivers,
    /// A run file: a flag, and no key of a policy.
    Run,
}

impl Kind {
    /// The kind of a text. A name at `policy`, which is the name of a policy elsewhere, is a flag only in a file of the
    /// usual name.
    pub fn of(text: &Arc<SourceText>) -> Self {
        if is_test_file(&text.name) {
            return Self::Tests;
        }
        // Most policies are told at a glance.
        if text.text.lines().any(|line| line.starts_with("rules:")) {
            return Self::Policy;
        }
        let root = yaml::read(&mut Problems::new(Arc::clone(text)));
        let Some(Data::Map(entries)) = root.map(|root| root.data) else { return Self::Policy };
        let has = |key: &str| entries.iter().any(|entry| entry.key == key);
        let waives = entries.iter().any(holds_waivers);
        if OF_A_POLICY.iter().any(|key| has(key)) || (waives && has("policy")) {
            return Self::Policy;
        }
        if waives {
            return Self::Waivers;
        }
        if is_run_file(text, &entries) { Self::Run } else { Self::Policy }
    }
}

fn is_run_file(text: &SourceText, entries: &[Entry]) -> bool {
    let waives = |entry: &Entry| match &entry.value.data {
        Data::List(nodes) => entry.key == "waivers" && nodes.iter().any(|node| matches!(node.data, Data::Map(_))),
        _ => false,
    };
    if entries.iter().any(waives) {
        return false;
    }
    let usual = Path::new(&text.name).file_name().is_some_and(|name| name == DEFAULT);
    let command = command();
    let flags = Flags::of(&command);
    entries.iter().any(|entry| match (entry.key.as_str(), &entry.value.data) {
        ("policy", Data::Text(name)) => usual || is_path(name),
        (key, _) => !flags.named(key).is_empty(),
    })
}

/// Whether two names are of one file.
pub fn is_same_file(one: &str, other: &str) -> bool {
    let identity = |name| identity(Path::new(name));
    one == other || identity(one).is_some_and(|one| identity(other) == Some(one))
}

fn is_path(text: &str) -> bool {
    text.contains(['/', ':']) || text.ends_with(".yaml") || text.ends_with(".yml")
}

/// The schemas of the three as one, which tells them apart by what is in them, as `Kind::of` does.
pub fn schema_of_either(policy: &Value, waivers: &Value, run: &Value) -> Value {
    let command = command();
    let flags: Vec<&str> = Flags::of(&command).keys().into_iter().filter(|key| *key != "policy").collect();
    let mut of_a_policy: Vec<Value> = OF_A_POLICY.iter().map(|key| json!({"required": [key]})).collect();
    of_a_policy.push(json!({
        "required": ["policy"],
        "properties": {"policy": {"type": "string", "not": {"pattern": OF_A_PATH}}},
        "propertyNames": {"not": {"enum": flags}},
    }));
    json!({
        "if": {"anyOf": of_a_policy},
        "then": policy,
        "else": {
            "if": {
                "required": ["waivers"],
                "properties": {"waivers": {"type": "array", "contains": {"type": "object"}}},
            },
            "then": waivers,
            "else": run,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::schema;

    #[test]
    fn policies_have_the_keys_that_are_named_here_and_run_files_only_one_of_them() {
        let command = command();
        let flags = Flags::of(&command);
        let schema = schema::policy();
        let keys: Vec<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys.len(), OF_A_POLICY.len() + 1);
        for key in keys {
            assert_eq!(OF_A_POLICY.contains(&key), flags.named(key).is_empty(), "{key}");
        }
    }
}
