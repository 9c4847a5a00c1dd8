//! `driftgate policy schema`: prints the JSON Schema of policies, waivers and run files, for editors.

use serde_json::{Value, json};

use crate::cli::args::{Schema, SchemaKind};
use crate::cli::run_file::schema as run_schema;
use crate::cli::stop::Stop;
use crate::cli::terminal::output;
use crate::gate;
use crate::policy::author::schema::{DRAFT, policy, waivers};
use crate::policy::read::waiver::OF_A_POLICY;

/// Runs the command.
pub fn run(command: &Schema) -> Result<u8, Stop> {
    let schema = of(command.kind);
    output::write(&output::Target::Stdout, |out| writeln!(out, "{schema:#}"))?;
    Ok(gate::CONFORMS)
}

/// The schema of one kind of file; of all three without.
pub fn of(kind: Option<SchemaKind>) -> Value {
    match kind {
        Some(SchemaKind::Policy) => policy(),
        Some(SchemaKind::Waivers) => waivers(),
        Some(SchemaKind::Run) => run_schema::schema(),
        None => any(),
    }
}

/// The schema of all three kinds.
fn any() -> Value {
    let mut definitions = json!({});
    let mut add = |name: &str, mut schema: Value| {
        if let Some(own) = schema["definitions"].as_object_mut() {
            for (name, definition) in std::mem::take(own) {
                // Those of policies take the names of values as well, and come first.
                if definitions.get(&name).is_none() {
                    definitions[name] = definition;
                }
            }
        }
        if let Some(keys) = schema.as_object_mut() {
            keys.retain(|key, _| key != "definitions" && key != "$schema");
        }
        definitions[name] = schema;
        json!({"$ref": format!("#/definitions/{name}")})
    };
    let (policy, waivers, run) = (
        add("policy-file", policy()),
        add("waivers-file", waivers()),
        add("run-file", run_schema::schema()),
    );
    let mut schema = either(&policy, &waivers, &run);
    schema["$schema"] = json!(DRAFT);
    schema["title"] = json!("A file of driftgate");
    schema["description"] = json!("A policy, waivers, or a run file.");
    schema["type"] = json!("object");
    schema["definitions"] = definitions;
    schema
}

/// The three schemas as one, which chooses by the keys: it does not know the name of the file.
fn either(policy: &Value, waivers: &Value, run: &Value) -> Value {
    let flags: Vec<String> = run_schema::flags()
        .into_iter()
        .map(|flag| flag.name)
        .filter(|name| name != "policy")
        .collect();
    let mut of_a_policy: Vec<Value> = OF_A_POLICY
        .iter()
        .map(|key| json!({"required": [key]}))
        .collect();
    of_a_policy.push(json!({
        "required": ["policy"],
        "properties": {"policy": {"type": "string", "not": {"pattern": "[/:]|[.]ya?ml$"}}},
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

    #[test]
    fn only_the_key_policy_is_of_policies_and_of_run_files() {
        let flags: Vec<String> = run_schema::flags()
            .into_iter()
            .map(|flag| flag.name)
            .collect();
        let schema = policy();
        let keys: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        assert_eq!(keys.len(), OF_A_POLICY.len() + 1);
        for key in keys {
            assert_eq!(
                OF_A_POLICY.contains(&key.as_str()),
                !flags.contains(key),
                "{key}"
            );
        }
    }
}
