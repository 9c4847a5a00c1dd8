//! `driftgate policy schema`: the JSON Schema of policies, waivers and run files, for editors.

use serde_json::{Value, json};

use crate::cli::args::{Schema, SchemaKind};
use crate::cli::run_file::kinds::schema_of_either;
use crate::cli::run_file::schema as run_schema;
use crate::cli::stop::Stop;
use crate::cli::terminal::output;
use crate::gate;
use crate::policy::schema::{DRAFT, policy, waivers};

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

/// A schema that tells the three kinds apart.
fn any() -> Value {
    let mut definitions = json!({});
    let mut add = |name: &str, mut schema: Value| {
        if let Some(own) = schema["definitions"].as_object_mut() {
            for (name, definition) in std::mem::take(own) {
                definitions[name] = definition;
            }
        }
        if let Some(keys) = schema.as_object_mut() {
            keys.retain(|key, _| key != "definitions" && key != "$schema");
        }
        definitions[name] = schema;
        json!({"$ref": format!("#/definitions/{name}")})
    };
    let (policy, waivers, run) =
        (add("policy-file", policy()), add("waivers-file", waivers()), add("run-file", run_schema::schema()));
    let mut either = schema_of_either(&policy, &waivers, &run);
    either["$schema"] = json!(DRAFT);
    either["title"] = json!("A file of driftgate");
    either["description"] = json!("A policy, waivers, or a run file.");
    either["type"] = json!("object");
    either["definitions"] = definitions;
    either
}
