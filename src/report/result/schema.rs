//! The JSON Schema (draft 07) of the result, for other tools. Keys may be added within a version, so it takes those that
//! it does not know.

use serde_json::{Map, Value, json};

use super::types::{FORMAT, FORMAT_VERSION, NEVER};
use crate::model::Severity;

/// The JSON Schema of the JSON result.
#[must_use]
pub fn schema() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A result of driftgate",
        "description": "What `driftgate audit --report json` writes. Keys may be added within a version, none are removed.",
        "allOf": [object(members())],
        "definitions": {
            "severity": {"enum": Severity::WORST_FIRST.map(Severity::name)},
            "stage": described("A stage; what the source does not state is null.", object([
                ("account", text_or_null()), ("region", text_or_null()), ("api_id", text_or_null()),
                ("api_name", text_or_null()), ("protocol", text_or_null()), ("name", text_or_null()),
                ("arn", text_or_null()),
            ])),
            "place": object([("file", text()), ("line", count())]),
            "waiver": waiver(),
            "violation": violation(),
            "warning": object(warning()),
        },
    })
}

fn members() -> Vec<(&'static str, Value)> {
    let mut waived = object([("waiver", reference("waiver"))]);
    waived["allOf"] = json!([reference("violation")]);
    let gate = object([
        ("fail_on", json!({"anyOf": [reference("severity"), {"const": NEVER}]})),
        ("allow_incomplete", flag()),
        ("allow_empty", flag()),
        ("min_coverage", json!({"type": ["number", "null"], "minimum": 0, "maximum": 100})),
    ]);
    let mut unused = warning();
    unused.push(("in_scope", described("Whether the waiver can be about anything in this shard.", flag())));
    let shard = object([
        ("index", json!({"type": "integer", "minimum": 1})),
        ("count", json!({"type": "integer", "minimum": 1})),
        ("of", described("Of flags, policies and waivers; the same in all shards of one run.", text())),
        (
            "where",
            described(
                "Of the caller and the Regions, likewise; null where the shard did not come to know them.",
                text_or_null(),
            ),
        ),
        ("unused", list("Waivers that this shard did not need.", object(unused))),
        (
            "unfound",
            list(
                "APIs and stages that flags name and this shard did not find; unchecked if no shard did.",
                unchecked(),
            ),
        ),
    ]);
    let run = object([
        ("generated_at", json!({"type": ["string", "null"], "format": "date-time"})),
        ("duration_seconds", json!({"type": ["number", "null"], "minimum": 0})),
        ("version", text()),
        ("command_line", json!({"type": ["array", "null"], "items": text()})),
        ("source", text()),
    ]);
    let open = object([
        ("rule", text()),
        ("stage", reference("stage")),
        ("route", text_or_null()),
        ("path", text_or_null()),
        ("reason", text()),
    ]);
    let coverage = object([
        ("ungoverned", list("Stages that no rule governs.", reference("stage"))),
        ("unused_rules", list("Rules that governed no stage.", text())),
        ("unread_fields", list("Fields that no rule reads.", text())),
    ]);
    vec![
        ("format", json!({"const": FORMAT})),
        ("version", json!({"const": FORMAT_VERSION})),
        ("verdict", json!({"enum": ["conforms", "violations", "incomplete"]})),
        ("exit", described("The exit code of the audit.", json!({"enum": [0, 1, 3, 4, 130, 143]}))),
        ("failed?", described("Why the run as a whole failed; not there when it did not.", text())),
        ("gate", described("What the audit tolerated.", gate)),
        ("shard?", described("Which part of a run this is; not there for a whole one.", shard)),
        ("source", described("Where the stages came from: AWS, or the name of a file.", text())),
        ("narrowing?", narrowing()),
        ("summary", summary()),
        ("rules", list("The rules of the audit.", rule())),
        (
            "waivers",
            list(
                "The waivers of the audit.",
                json!({
                    "allOf": [reference("waiver")], "required": ["rule"], "properties": {"rule": text()},
                }),
            ),
        ),
        ("scopes", list("Each account and Region, and how far it was read.", scope())),
        ("violations", list("Worst first.", reference("violation"))),
        ("waived", list("Violations that a waiver tolerates.", waived)),
        ("undecided", list("What hangs on a value that is not known.", open)),
        ("unchecked", list("What could not be read.", unchecked())),
        ("fixed", list("Not used yet.", json!({}))),
        ("warnings", list("What is worth knowing besides.", reference("warning"))),
        ("coverage", described("What the policies do not cover.", coverage)),
        ("history", list("Not used yet.", json!({}))),
        ("run?", described("The circumstances; not there with --reproducible.", run)),
    ]
}

fn narrowing() -> Value {
    let names = || json!({"type": "array", "items": text()});
    described(
        "The flags that leave out a part of the fleet, of the audit or of its snapshot; not there where none does.",
        object([
            ("api?", names()),
            ("stage?", names()),
            ("protocol?", names()),
            ("shard?", text()),
            ("from?", described("The kind of file that holds one API or one stage.", text())),
        ]),
    )
}

fn summary() -> Value {
    let counts = ["stages", "governed", "ungoverned", "rules", "checks", "not_applicable", "undecided"];
    let mut members: Vec<_> = counts.into_iter().map(|name| (name, count())).collect();
    let violations = object(Severity::WORST_FIRST.map(|severity| (severity.name(), count())));
    members.extend([("violations", violations), ("waived", count()), ("unchecked", count())]);
    object(members)
}

fn rule() -> Value {
    object([
        ("rule", text()),
        ("title", text()),
        ("severity", reference("severity")),
        ("why", text_or_null()),
        ("fix", text_or_null()),
        ("references", json!({"type": "array", "items": text()})),
        ("policy", reference("place")),
    ])
}

fn waiver() -> Value {
    object([
        ("reason", text()),
        ("owner", text()),
        ("expires", json!({"type": "string", "format": "date"})),
        ("file", text()),
        ("line", count()),
    ])
}

fn scope() -> Value {
    let outcome = json!({"enum": ["checked", "partial", "unchecked", "excluded"]});
    object([
        ("account", text_or_null()),
        ("region", text_or_null()),
        ("apis", count()),
        ("skipped_apis", count()),
        ("checked_apis", count()),
        ("deleted_apis", count()),
        ("unchecked_apis", count()),
        ("stages", count()),
        ("requests", json!({"type": ["integer", "null"], "minimum": 0})),
        ("outcome", outcome),
    ])
}

fn violation() -> Value {
    let absent = "Not there when there is nothing to say.";
    object([
        ("rule", text()),
        ("severity", reference("severity")),
        ("title", text()),
        ("stage", reference("stage")),
        ("route", text_or_null()),
        ("path", described("Null for the stage as a whole.", text_or_null())),
        ("segments?", list("The members and keys of the path, for tools: a key may hold dots.", text())),
        ("expected", text()),
        ("actual", json!({"description": "The value that was found, with its type; null when there is none."})),
        ("origin", json!({"enum": ["route", "stage", "api", "implied", "unset"]})),
        ("reading?", described(absent, json!({"enum": ["inherit", "replace"]}))),
        ("waiver_expired?", described(absent, json!({"type": "string", "format": "date"}))),
        ("expired_waiver?", described(absent, reference("waiver"))),
        ("status", json!({"enum": ["new", "persisting", null]})),
        ("first_seen", text_or_null()),
        ("fingerprint", described("The same as long as rule, stage, route and setting are.", text())),
        ("policy", reference("place")),
        ("fix", text_or_null()),
        ("commands", json!({"type": "array"})),
    ])
}

fn unchecked() -> Value {
    object([
        ("account", text_or_null()),
        ("region", text_or_null()),
        ("api_id", text_or_null()),
        ("stage", text_or_null()),
        ("operation", text()),
        ("code", text()),
        ("message", text()),
        ("hint", text()),
    ])
}

fn warning() -> Vec<(&'static str, Value)> {
    vec![
        ("kind", text()),
        ("message", text()),
        ("account", text_or_null()),
        ("region", text_or_null()),
        ("api_id", text_or_null()),
        ("stage", text_or_null()),
    ]
}

/// An object with these members; one whose name ends in `?` may be left out.
fn object(members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for (name, schema) in members {
        let given = name.trim_end_matches('?');
        if given == name {
            required.push(name);
        }
        properties.insert(given.to_owned(), schema);
    }
    json!({"type": "object", "required": required, "properties": properties})
}

fn list(about: &str, items: impl Into<Value>) -> Value {
    json!({"description": about, "type": "array", "items": items.into()})
}

fn described(about: &str, mut schema: Value) -> Value {
    // Draft 07 passes over what stands beside a reference.
    if schema.get("$ref").is_some() {
        schema = json!({"allOf": [schema]});
    }
    schema["description"] = json!(about);
    schema
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/definitions/{name}")})
}

fn text() -> Value {
    json!({"type": "string"})
}

fn text_or_null() -> Value {
    json!({"type": ["string", "null"]})
}

fn count() -> Value {
    json!({"type": "integer", "minimum": 0})
}

fn flag() -> Value {
    json!({"type": "boolean"})
}

#[cfg(test)]
mod tests {
    use jsonschema::Validator;

    use super::*;
    use crate::model::Outcome;
    use crate::report::sample::{self, Sample};
    use crate::report::{Part, Style};

    fn samples() -> Vec<Value> {
        let mut sharded = sample::rich();
        sharded.run.shard = Some(Part { index: 2, count: 3, of: "sha256:0".to_owned(), found: None });
        let unneeded = |warning: &crate::model::state::Warning| crate::model::outcome::Unneeded {
            warning: warning.clone(),
            in_scope: true,
        };
        sharded.outcome.failed = Some("no Region".to_owned());
        sharded.outcome.unfound = sharded.outcome.gaps.clone();
        sharded.outcome.narrowing.api = vec!["a1".to_owned()];
        sharded.outcome.unneeded = sharded.outcome.warnings.iter().map(unneeded).collect();
        let empty = Sample { outcome: Outcome::default(), ..sample::nothing_governed() };
        [sample::rich(), sample::rich_reproducible(), sharded, sample::conforming(), sample::interrupted(), empty]
            .iter()
            .map(|sample| {
                let json = sample.render("json", Style { colour: false, width: 80 });
                serde_json::from_str(&json).unwrap()
            })
            .collect()
    }

    fn validator() -> Validator {
        jsonschema::validator_for(&schema()).unwrap()
    }

    #[test]
    fn results_are_as_the_schema_says() {
        let validator = validator();
        for result in samples() {
            let said: Vec<String> =
                validator.iter_errors(&result).map(|error| format!("{}: {error}", error.instance_path())).collect();
            assert!(said.is_empty(), "{said:#?}");
        }
    }

    /// The place of every member of every object, as a JSON pointer.
    fn members(value: &Value, at: &str, into: &mut Vec<String>) {
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                    into.push(at.clone());
                    // What was found is what it is.
                    if key != "actual" {
                        members(value, &at, into);
                    }
                }
            }
            Value::Array(list) => {
                list.iter().enumerate().for_each(|(at_list, value)| members(value, &format!("{at}/{at_list}"), into));
            }
            _ => {}
        }
    }

    #[test]
    fn the_schema_knows_every_member() {
        const MAY_BE_MISSING: [&str; 9] =
            ["failed", "shard", "narrowing", "api", "run", "segments", "reading", "waiver_expired", "expired_waiver"];
        let validator = validator();
        for result in samples() {
            let mut all = Vec::new();
            members(&result, "", &mut all);
            for pointer in all {
                let (above, name) = pointer.rsplit_once('/').unwrap();
                let mut without = result.clone();
                without.pointer_mut(above).unwrap().as_object_mut().unwrap().remove(name);
                assert_eq!(validator.is_valid(&without), MAY_BE_MISSING.contains(&name), "without {pointer}");
                if !["actual", "commands", "fixed", "history"].contains(&name) {
                    let mut odd = result.clone();
                    *odd.pointer_mut(&pointer).unwrap() = serde_json::json!([{"odd": 1}]);
                    assert!(!validator.is_valid(&odd), "something odd at {pointer}");
                }
            }
        }
    }
}
