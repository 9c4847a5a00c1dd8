//! The JSON Schema (draft 07) of policies and waivers, for editors: made from the catalogue and the list of tests.
//!
//! It accepts what the loader accepts and refuses wrong keys and types; what a schema cannot say, such as that a range
//! is impossible, is left to the loader.

use serde_json::{Map, Value, json};

use crate::model::Severity;
use crate::model::catalogue::ours::{EACH_ROUTE, IN_FORCE};
use crate::model::catalogue::{API_FIELD, Field, Kind, STAGE};
use crate::policy::author::describe::{about, sample};
use crate::policy::language::operator::{definition, reference};
use crate::policy::language::operators::OPERATORS;
use crate::policy::language::pattern::Top;
use crate::policy::read::builtin::PACKS;

/// The draft that YAML language servers handle best.
pub const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

/// The schema of a policy, or of a file with a policy's tests.
#[must_use]
pub fn policy() -> Value {
    let mut schema = json!({
        "$schema": DRAFT,
        "title": "A driftgate policy",
        "description": "The demands on a good stage; or, in NAME_test.yaml, more tests of a policy.",
        "type": "object",
        "additionalProperties": false,
        "required": ["policy"],
        "if": {"required": ["rules"]},
        "else": {"required": ["tests"], "propertyNames": {"enum": ["policy", "tests"]}},
        "properties": {
            "policy": {
                "title": "policy",
                "description": "The name, in kebab-case; unique among the policies of a run.",
                "$ref": "#/definitions/name",
            },
            "replaces": titled(
                json!({"enum": PACKS.map(|(name, _)| format!("builtin:{name}"))}),
                "replaces",
                "The pack of the same name that this copy replaces.",
            ),
            "description": text("description", "What the policy is for."),
            "values": {
                "title": "values",
                "description": "Names for texts, numbers, lists and patterns: ${values.NAME} stands for one in this \
                                file, and --set POLICY/NAME=VALUE replaces it for a run.",
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": "^[A-Za-z][A-Za-z0-9_-]*$"},
                "additionalProperties": {"not": {"type": "null"}},
            },
            "match": pattern_of("match", "Which stages the policy is about; every stage when left out.", "stage"),
            "rules": {
                "title": "rules",
                "description": "What must hold. One rule at least.",
                "type": "array",
                "minItems": 1,
                "items": {"$ref": "#/definitions/rule"},
            },
            "tests": {
                "title": "tests",
                "description": "Stages, and which rules they violate; run by `driftgate policy test`.",
                "type": "array",
                "items": {"$ref": "#/definitions/test"},
            },
        },
    });
    let mut definitions = patterns();
    definitions.insert("rule".into(), rule());
    definitions.insert("test".into(), test());
    definitions.insert("given".into(), given());
    definitions.values_mut().for_each(or_a_value);
    definitions.insert("name".into(), name());
    schema["definitions"] = Value::Object(definitions);
    schema
}

/// Allows `${values.NAME}` in place of whatever a schema takes, and of everything below it.
fn or_a_value(schema: &mut Value) {
    const USE: &str = "^[$][{]values[.][A-Za-z][A-Za-z0-9_-]*[}]$";
    let Some(keys) = schema.as_object_mut() else {
        return;
    };
    for (key, below) in keys.iter_mut() {
        match (key.as_str(), below) {
            ("properties", Value::Object(members)) => members.values_mut().for_each(or_a_value),
            ("anyOf", Value::Array(schemas)) => schemas.iter_mut().for_each(or_a_value),
            ("items" | "additionalProperties", below) => or_a_value(below),
            _ => {}
        }
    }
    let kinds: Vec<Value> = match keys.get("type") {
        Some(Value::Array(kinds)) => kinds.clone(),
        Some(kind) => vec![kind.clone()],
        None => Vec::new(),
    };
    let only = |key: &str| keys.get(key).map(|value| json!({key: value}));
    if !kinds.is_empty() && !kinds.contains(&json!("string")) {
        let more = [kinds, vec![json!("string")]].concat();
        keys.insert("type".into(), json!(more));
        keys.insert("pattern".into(), json!(USE));
    } else if let Some(one) = only("enum").or_else(|| only("const")) {
        keys.retain(|key, _| key != "enum" && key != "const");
        let value = json!({"type": "string", "pattern": USE});
        keys.insert("anyOf".into(), json!([one, value]));
    }
}

/// The schema of a file of waivers.
#[must_use]
pub fn waivers() -> Value {
    let waiver = json!({
        "title": "A waiver",
        "description": "Violations that are known and tolerated until a day.",
        "type": "object",
        "additionalProperties": false,
        "required": ["rule", "match", "reason", "owner", "expires"],
        "properties": {
            "rule": {
                "title": "rule",
                "description": "The rule, as POLICY/ID. A glob is every rule that fits it.",
                "type": "string",
                "examples": ["production/throttling", "production/*"],
            },
            "match": pattern_of(
                "match", "Which stages, and with `route` which routes.", "selection",
            ),
            "accept": pattern_of(
                "accept", "What is tolerated. Left out, all violations of the rule are.", "expectation",
            ),
            "reason": text("reason", "Why this is tolerated, and until when or what."),
            "owner": text("owner", "Who answers for it."),
            "expires": {
                "title": "expires",
                "description": "The last day on which the waiver holds, in UTC.",
                "type": "string",
                "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
                "patternErrorMessage": "A day, written 2027-01-31.",
                "examples": ["2027-01-31"],
            },
        },
    });
    let mut definitions = patterns();
    definitions.insert("waiver".into(), waiver);
    json!({
        "$schema": DRAFT,
        "title": "driftgate waivers",
        "description": "Violations that are known and tolerated until a day. Named with --waivers.",
        "type": "object",
        "additionalProperties": false,
        "required": ["waivers"],
        "properties": {
            "waivers": {
                "title": "waivers",
                "description": "One waiver that is in force is enough for a violation.",
                "type": "array",
                "items": {"$ref": "#/definitions/waiver"},
            },
        },
        "definitions": definitions,
    })
}

/// The definitions of patterns: at the document, and at every field below it.
fn patterns() -> Map<String, Value> {
    let mut into = Map::new();
    let each_route = EACH_ROUTE;
    for (_, field) in Top::all() {
        define(field, &mut into);
    }
    define(each_route, &mut into);

    let all: Vec<&Field> = Top::all().map(|(_, field)| field).collect();
    let (route, stage): (Vec<&Field>, Vec<&Field>) =
        all.iter().partition(|field| field.name == "route");
    let mut members_of = |name: &str, title: &str, fields: &[&Field], within: &str| {
        let mut all = members(fields);
        everywhere(within, &mut all);
        into.insert(name.into(), object(title, &all));
    };
    members_of("stage", "A pattern for a stage", &stage, "stage");
    // `each-route` is allowed only at the top; below `not` and `any-of` there is none.
    members_of(
        "expectation",
        "What must hold",
        &[&stage[..], &[each_route]].concat(),
        "stage",
    );
    members_of(
        "selection",
        "Which stages and routes",
        &[stage, route].concat(),
        "selection",
    );
    if let Some(members) = into["expectation"]["properties"].as_object_mut() {
        let routes = json!({
            "type": "object",
            "minProperties": 1,
            "additionalProperties": reference(each_route),
        });
        let about = "The settings in force for routes that are named, each with an entry of its own or without.";
        members.insert(IN_FORCE.into(), titled(routes, IN_FORCE, about));
    }
    into
}

/// Adds the pattern of a field, and those below it.
fn define(field: &'static Field, into: &mut Map<String, Value>) {
    let name = definition(field);
    if into.contains_key(name) {
        return;
    }
    // Before what is below, which may come back here.
    into.insert(name.into(), Value::Null);
    let pattern = match field.kind {
        Kind::Struct(of) => {
            for field in of {
                define(field, into);
            }
            let mut all = members(&of.iter().collect::<Vec<_>>());
            all.insert("present".into(), present());
            everywhere(name, &mut all);
            object(&format!("A pattern for `{}`", field.name), &all)
        }
        Kind::Map(of) => {
            define(of, into);
            map(name, of)
        }
        Kind::List(of) => {
            define(of, into);
            object("A pattern for a list", &tests(field, name))
        }
        _ => scalar(field, name),
    };
    into.insert(name.into(), pattern);
}

/// A value, a list of values, or tests.
fn scalar(field: &'static Field, name: &str) -> Value {
    let value = match field.kind {
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Integer => json!({"type": "integer"}),
        Kind::Number => json!({"type": "number"}),
        // YAML 1.1 tools write OFF as false.
        Kind::OneOf(names) if names.contains(&"OFF") => {
            json!({"anyOf": [{"enum": names}, {"const": false}]})
        }
        Kind::OneOf(names) => json!({"enum": names}),
        _ => json!({"type": "string", "minLength": 1}),
    };
    let several = json!({"minItems": 1, "items": value, "minProperties": 1, "additionalProperties": false,
                         "properties": tests(field, name)});
    // In one schema where there is one type of value: an editor then reports mistakes within a mapping.
    let schema = match value.get("type") {
        Some(kind) => with(
            with(several, "type", json!([kind, "array", "object"])),
            "minLength",
            json!(1),
        ),
        None => json!({"anyOf": [value, with(several, "type", json!(["array", "object"]))]}),
    };
    let words =
        "A value: equal to it. A list: equal to one of them. A mapping: tests, all of which hold.";
    titled(
        schema,
        &format!("A pattern for {}", field.kind.words()),
        words,
    )
}

/// Keys that are there, or a pattern for each key.
fn map(name: &str, of: &'static Field) -> Value {
    let here = json!({"$ref": format!("#/definitions/{name}")});
    let key = json!({"type": "string", "minLength": 1});
    let key_or_pattern = json!({"anyOf": [key, here]});
    json!({
        "title": "A pattern for a map",
        "description": "A list: these keys are there and not empty; a glob: one such key at least. A mapping: a \
                        pattern for each key; under a glob, for every key that fits it.",
        "type": ["array", "object"],
        "minItems": 1,
        "items": key_or_pattern,
        "minProperties": 1,
        "properties": {
            "present": present(),
            "not": titled(one_or_several(&key_or_pattern), "not", NOT),
            "any-of": titled(several(&key_or_pattern), "any-of", ANY_OF),
        },
        "additionalProperties": reference(of),
    })
}

/// The tests that can be used at a field.
fn tests(field: &'static Field, name: &str) -> Map<String, Value> {
    let fitting = OPERATORS.iter().filter(|operator| operator.fits(field));
    let mut all: Map<String, Value> = fitting
        .map(|operator| {
            let schema = titled((operator.schema)(field), operator.name, operator.about);
            let examples: Vec<Value> = sample(operator.name, operator.example.rule)
                .into_iter()
                .collect();
            (
                operator.name.to_owned(),
                with(schema, "examples", json!(examples)),
            )
        })
        .collect();
    everywhere(name, &mut all);
    all
}

const NOT: &str = "A pattern that does not hold. A list: none of these.";
const ANY_OF: &str = "Patterns, at least one of which must hold.";

/// `not` and `any-of`, over patterns of the same place.
fn everywhere(name: &str, into: &mut Map<String, Value>) {
    let here = json!({"$ref": format!("#/definitions/{name}")});
    into.insert("not".into(), titled(one_or_several(&here), "not", NOT));
    into.insert("any-of".into(), titled(several(&here), "any-of", ANY_OF));
}

fn several(of: &Value) -> Value {
    json!({"type": "array", "minItems": 1, "items": of})
}

fn one_or_several(of: &Value) -> Value {
    json!({"anyOf": [several(of), of]})
}

fn present() -> Value {
    let operator = &crate::policy::language::operators::present::OPERATOR;
    titled(json!({"type": "boolean"}), operator.name, operator.about)
}

/// Named members, each with what it is.
fn members(of: &[&Field]) -> Map<String, Value> {
    of.iter()
        .map(|field| {
            (
                field.name.to_owned(),
                titled(reference(field), field.name, &about(field)),
            )
        })
        .collect()
}

/// A mapping of these keys and no others, not empty.
fn object(title: &str, properties: &Map<String, Value>) -> Value {
    json!({
        "title": title,
        "type": "object",
        "minProperties": 1,
        "additionalProperties": false,
        "properties": properties,
    })
}

fn pattern_of(title: &str, words: &str, definition: &str) -> Value {
    titled(
        json!({"$ref": format!("#/definitions/{definition}")}),
        title,
        words,
    )
}

/// A text that is more than blanks.
fn text(title: &str, words: &str) -> Value {
    titled(json!({"type": "string", "pattern": "\\S"}), title, words)
}

/// A schema with what an editor shows beside it.
fn titled(schema: Value, title: &str, words: &str) -> Value {
    with(
        with(schema, "title", json!(title)),
        "description",
        json!(words),
    )
}

fn with(mut schema: Value, key: &str, value: Value) -> Value {
    schema[key] = value;
    schema
}

fn name() -> Value {
    json!({
        "type": "string",
        "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$",
        "patternErrorMessage": "Lower-case letters, digits and single hyphens.",
    })
}

fn rule() -> Value {
    let severities: Vec<&str> = Severity::WORST_FIRST
        .map(Severity::name)
        .into_iter()
        .rev()
        .collect();
    json!({
        "title": "A rule",
        "type": "object",
        "additionalProperties": false,
        "required": ["id", "title", "severity"],
        "anyOf": [{"required": ["expect"]}, {"required": ["assert"]}],
        "properties": {
            "id": pattern_of("id", "In kebab-case, unique within the policy; reports show POLICY/ID.", "name"),
            "title": text("title", "What holds when all is well, in one line."),
            "severity": {
                "title": "severity",
                "description": "How bad a violation is; --fail-on names the lowest that fails.",
                "enum": severities,
            },
            "why": text("why", "Why it matters; shown in reports."),
            "fix": text("fix", "What to do about a violation; shown in reports."),
            "references": {
                "title": "references",
                "description": "Rules of other tools, or addresses, that say the same.",
                "type": "array",
                "items": {"type": "string", "minLength": 1},
            },
            "match": pattern_of(
                "match", "Which of the policy's stages, and with `route` which routes.", "selection",
            ),
            "expect": pattern_of("expect", "What must hold.", "expectation"),
            "assert": text("assert", "A CEL expression that must be true, for what a pattern cannot say."),
        },
    })
}

fn test() -> Value {
    json!({
        "title": "A test",
        "description": "A stage, and what should come of it.",
        "type": "object",
        "additionalProperties": false,
        "required": ["name", "given"],
        "oneOf": [{"required": ["violates"]}, {"required": ["ungoverned"]}],
        "properties": {
            "name": {"title": "name", "description": "What the test shows.", "type": "string", "minLength": 1},
            "given": pattern_of("given", "The stage. What is left out is unset.", "given"),
            "violates": {
                "title": "violates",
                "description": "Exactly these rules of the policy are violated; with [], one at least conforms.",
                "type": "array",
                "items": {"$ref": "#/definitions/name"},
            },
            "ungoverned": {
                "title": "ungoverned",
                "description": "No rule of the policy governs the stage.",
                "const": true,
            },
        },
    })
}

/// A stage as tests give it: values in place of patterns.
fn given() -> Value {
    let ours = Top::all()
        .filter(|(top, _)| matches!(top, Top::Account | Top::Region))
        .map(|(_, field)| {
            (
                field.name.to_owned(),
                titled(json!({"type": "string"}), field.name, &about(field)),
            )
        });
    let stage = STAGE
        .iter()
        .chain([&API_FIELD])
        .map(|field| (field.name.to_owned(), value(field)));
    let read_at = titled(
        json!({"type": "string"}),
        "read-at",
        "The time at which AWS returned the stage, which ages are counted to: a date, or a time as in RFC 3339. Left out, \
         the time of the test.",
    );
    let members: Map<String, Value> = stage
        .chain(ours)
        .chain([("read-at".to_owned(), read_at)])
        .collect();
    json!({
        "title": "A stage",
        "type": "object",
        "additionalProperties": false,
        "properties": members,
    })
}

fn value(field: &Field) -> Value {
    let schema = match field.kind {
        Kind::Boolean => json!({"type": ["boolean", "null"]}),
        Kind::Integer => json!({"type": ["integer", "null"]}),
        Kind::Number => json!({"type": ["number", "null"]}),
        Kind::Text => json!({"type": ["string", "null"]}),
        Kind::OneOf(names) if names.contains(&"OFF") => {
            json!({"anyOf": [{"enum": names}, {"type": ["string", "null"]}, {"const": false}]})
        }
        Kind::OneOf(names) => json!({"anyOf": [{"enum": names}, {"type": ["string", "null"]}]}),
        Kind::Struct(of) => {
            let members: Map<String, Value> = of
                .iter()
                .map(|field| (field.name.to_owned(), value(field)))
                .collect();
            json!({"type": ["object", "null"], "additionalProperties": false, "properties": members})
        }
        Kind::Map(of) => json!({"type": ["object", "null"], "additionalProperties": value(of)}),
        Kind::List(of) => json!({"type": ["array", "null"], "items": value(of)}),
    };
    titled(schema, field.name, &about(field))
}
