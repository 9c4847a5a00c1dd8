//! The JSON Schema (draft 07) of the result, for other tools. Keys may be added within a version, so it takes those that
//! it does not know.

use serde_json::{Value, json};

use super::document::Document;
use super::records::{Finding, Location, Stage, WaiverOf, Warning};

/// The JSON Schema of the JSON result.
#[must_use]
pub fn schema() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A result of driftgate",
        "description": "What `driftgate audit --report json` writes. Keys may be added within a version, none are removed.",
        "allOf": [Document::object()],
        "definitions": {
            "stage": Stage::object(),
            "place": Location::object(),
            "waiver": WaiverOf::object(),
            "violation": Finding::object(),
            "warning": Warning::object(),
        },
    })
}

#[cfg(test)]
mod tests {
    use jsonschema::Validator;

    use super::*;
    use crate::model::Results;
    use crate::report::sample::{self, Sample};
    use crate::report::{ShardInfo, Style};

    fn samples() -> Vec<Value> {
        let mut sharded = sample::rich();
        sharded.run.shard = Some(ShardInfo {
            index: 2,
            count: 3,
            of: "sha256:0".to_owned(),
            found: None,
        });
        let unneeded = |warning: &crate::model::state::Warning| crate::model::results::Unneeded {
            warning: warning.clone(),
            in_scope: true,
        };
        sharded.results.failed = Some("no Region".to_owned());
        sharded.results.unfound = sharded.results.gaps.clone();
        sharded.results.narrowing.api = vec!["a1".to_owned()];
        sharded.results.unneeded = sharded.results.warnings.iter().map(unneeded).collect();
        let empty = Sample {
            results: Results::default(),
            ..sample::nothing_governed()
        };
        [
            sample::rich(),
            sample::rich_reproducible(),
            sharded,
            sample::conforming(),
            sample::interrupted(),
            empty,
        ]
        .iter()
        .map(|sample| {
            let json = sample.render(
                "json",
                Style {
                    colour: false,
                    width: 80,
                },
            );
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
            let errors: Vec<String> = validator
                .iter_errors(&result)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{errors:#?}");
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
                list.iter()
                    .enumerate()
                    .for_each(|(at_list, value)| members(value, &format!("{at}/{at_list}"), into));
            }
            _ => {}
        }
    }

    #[test]
    fn the_schema_knows_every_member() {
        const MAY_BE_MISSING: [&str; 9] = [
            "failed",
            "shard",
            "narrowing",
            "api",
            "run",
            "segments",
            "reading",
            "waiver_expired",
            "expired_waiver",
        ];
        let validator = validator();
        for result in samples() {
            let mut all = Vec::new();
            members(&result, "", &mut all);
            for pointer in all {
                let (above, name) = pointer.rsplit_once('/').unwrap();
                let mut without = result.clone();
                without
                    .pointer_mut(above)
                    .unwrap()
                    .as_object_mut()
                    .unwrap()
                    .remove(name);
                assert_eq!(
                    validator.is_valid(&without),
                    MAY_BE_MISSING.contains(&name),
                    "without {pointer}"
                );
                if !["actual", "commands", "fixed", "history"].contains(&name) {
                    let mut odd = result.clone();
                    *odd.pointer_mut(&pointer).unwrap() = serde_json::json!([{"odd": 1}]);
                    assert!(!validator.is_valid(&odd), "something odd at {pointer}");
                }
            }
        }
    }
}
