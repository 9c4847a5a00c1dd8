//! A document as JSON, with marks for what is not stated and for digests, and the same as driftgate has it.

use driftgate::model::catalogue::{API, Field, Kind, STAGE_FIELD};
use driftgate::model::digest::Digest;
use driftgate::model::moment::Moment;
use driftgate::model::{Document, Value};
use serde_json::{Value as Json, json};

/// The time at which every document was read.
pub const READ_AT: &str = "2026-06-15T12:00:00Z";

/// Facts that the source does not state.
pub fn not_stated() -> Json {
    json!({"?": "not stated"})
}

/// The digest of a text.
pub fn digest_of(text: &str) -> Json {
    json!({"?": "digest", "of": text})
}

/// Hands a document to `then`: a stage with `account`, `region` and `api` beside its members.
pub fn read<T>(json: &Json, then: impl FnOnce(&Document<'_>) -> T) -> T {
    let account = json["account"].as_str();
    let api = struct_of(&json["api"], API, account);
    let stage = value(json, &STAGE_FIELD, "", account);
    then(&Document {
        read_at: Moment::of(READ_AT),
        account,
        region: json["region"].as_str(),
        api: &api,
        stage: &stage,
    })
}

fn value(json: &Json, field: &Field, key: &str, account: Option<&str>) -> Value<'static> {
    if *json == not_stated() {
        return Value::NotStated;
    }
    if let Some(of) = json.get("of").filter(|_| json.get("?").is_some()) {
        return Value::Digest(Box::new(Digest::of(account, key, of.as_str().unwrap())));
    }
    match (json, field.kind) {
        (Json::Null, _) => Value::Unset,
        (Json::Bool(value), _) => Value::Boolean(*value),
        (Json::Number(number), Kind::Integer) => Value::Integer(number.as_i64().unwrap()),
        (Json::Number(number), _) => Value::Number(number.as_f64().unwrap()),
        (Json::String(text), _) => Value::text(text.clone()),
        (Json::Object(_), Kind::Struct(members)) => struct_of(json, members, account),
        (Json::Object(entries), Kind::Map(of)) => Value::map(
            entries
                .iter()
                .map(|(key, json)| (key.clone().into(), value(json, of, key, account)))
                .collect(),
        ),
        (Json::Array(elements), Kind::List(of)) => Value::List(
            elements
                .iter()
                .map(|element| value(element, of, "", account))
                .collect(),
        ),
        _ => panic!("{json} is no {}", field.name),
    }
}

fn struct_of(json: &Json, members: &[Field], account: Option<&str>) -> Value<'static> {
    Value::Struct(
        members
            .iter()
            .map(|field| value(&json[field.name], field, "", account))
            .collect(),
    )
}
