//! What tells a run file from a policy and from waivers: for files that are read, and for the schema of all three.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::reading::Flags;
use super::{DEFAULT, command};
use crate::policy::diagnostic::{Problems, SourceText};
use crate::policy::yaml::{self, Data, Entry};

/// Keys that only policies have. The fifth, `policy`, is a name there, and a path or several in a run file.
const OF_A_POLICY: [&str; 4] = ["rules", "tests", "match", "description"];

/// What the path of a policy has and its name has not.
const OF_A_PATH: &str = r"[/:]|[.]ya?ml$";

/// Whether a text is a run file rather than a policy or waivers: `in_use` is the run file of this run. Others hold a
/// flag and no key of a policy; a name at `policy` is a flag only in a file of the usual name.
pub fn is_run_file(text: &Arc<SourceText>, in_use: Option<&str>) -> bool {
    if in_use.is_some_and(|name| is_same_file(name, &text.name)) {
        return true;
    }
    // Most policies are told at a glance.
    if text.text.lines().any(|line| line.starts_with("rules:")) {
        return false;
    }
    let root = yaml::read(&mut Problems::new(Arc::clone(text)));
    let Some(Data::Map(entries)) = root.map(|root| root.data) else { return false };
    let waives = |entry: &Entry| match &entry.value.data {
        Data::List(nodes) => entry.key == "waivers" && nodes.iter().any(|node| matches!(node.data, Data::Map(_))),
        _ => false,
    };
    if entries.iter().any(|entry| OF_A_POLICY.contains(&entry.key.as_str()) || waives(entry)) {
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
    let real = |name| fs::canonicalize(name).ok();
    one == other || real(one).is_some_and(|one| real(other) == Some(one))
}

fn is_path(text: &str) -> bool {
    text.contains(['/', ':']) || text.ends_with(".yaml") || text.ends_with(".yml")
}

/// The schemas of the three as one, which tells them apart by what is in them, as `is_run_file` does.
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
