//! A policy's examples: a stage, and which rules it violates. Read here, run by `driftgate policy test`.

use std::ops::Range;

use super::compile::kind_words;
use super::diagnostic::{Problems, suggestions};
use super::yaml::{Data, Entry, Node};
use crate::model::catalogue::{API, API_FIELD, Field, Kind, STAGE, position};
use crate::model::value::Value;

/// The account of an example that names none: AWS's own example account.
pub const ACCOUNT: &str = "111122223333";
/// The Region of an example that names none.
pub const REGION: &str = "us-east-1";

/// One example.
#[derive(Debug)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// Where it stands.
    pub span: Range<usize>,
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// The API.
    pub api: Value<'static>,
    /// The stage.
    pub stage: Value<'static>,
    /// What should come of it.
    pub expected: Expected,
}

/// What should come of an example.
#[derive(Debug, PartialEq, Eq)]
pub enum Expected {
    /// Exactly these rules are violated; with none, one at least conforms.
    Violates(Vec<String>),
    /// No rule governs the stage.
    Ungoverned,
}

/// Reads the list of examples of a policy whose rules have these identifiers.
pub fn read(node: &Node, rules: &[String], problems: &mut Problems) -> Vec<Example> {
    let Data::List(nodes) = &node.data else {
        let title = format!("`tests` is a list, and this is {}", node.kind());
        problems.note(&node.span, title, "not a list", ["each test begins with `- name: …`".to_owned()]);
        return Vec::new();
    };
    nodes.iter().filter_map(|node| example(node, rules, problems)).collect()
}

fn example(node: &Node, rules: &[String], problems: &mut Problems) -> Option<Example> {
    const KEYS: [&str; 4] = ["name", "given", "violates", "ungoverned"];
    let Data::Map(entries) = &node.data else {
        problems.note(&node.span, format!("a test is a mapping, and this is {}", node.kind()), "not a mapping", []);
        return None;
    };
    for entry in entries.iter().filter(|entry| !KEYS.contains(&entry.key.as_str())) {
        let (label, help) = suggestions(&entry.key, KEYS);
        problems.note(&entry.key_span, format!("a test has no key `{}`", entry.key), label, help);
    }
    let get = |key: &str| entries.iter().find(|entry| entry.key == key);
    let name = match get("name").map(|entry| &entry.value.data) {
        Some(Data::Text(name)) if !name.is_empty() => Some(name.clone()),
        _ => {
            problems.note(&node.span, "the test has no `name`", "a text is needed: what does it show?", []);
            None
        }
    };
    let expected = match (get("violates"), get("ungoverned")) {
        (Some(entry), None) => violates(entry, rules, problems),
        (None, Some(entry)) if entry.value.data == Data::Boolean(true) => Some(Expected::Ungoverned),
        (None, Some(entry)) => {
            problems.note(&entry.value.span, "`ungoverned` is `true` or left out", "not `true`", []);
            None
        }
        _ => {
            let help = "`violates: [RULE, …]`, `violates: []` for a good stage, or `ungoverned: true`".to_owned();
            problems.note(&node.span, "a test says one thing that should come of it", "none, or two", [help]);
            None
        }
    };
    let given = match get("given") {
        Some(entry) => given(entry, problems),
        None => {
            problems.note(&node.span, "the test has no `given`", "the stage is needed", []);
            None
        }
    };
    let (account, region, api, stage) = given?;
    Some(Example { name: name?, span: node.span.clone(), account, region, api, stage, expected: expected? })
}

fn violates(entry: &Entry, rules: &[String], problems: &mut Problems) -> Option<Expected> {
    let Data::List(nodes) = &entry.value.data else {
        problems.note(&entry.value.span, "`violates` is a list of rule ids", "not a list", []);
        return None;
    };
    let mut named = Vec::new();
    for node in nodes {
        match &node.data {
            Data::Text(id) if rules.contains(id) => named.push(id.clone()),
            Data::Text(id) => {
                let (label, help) = suggestions(id, rules.iter().map(String::as_str));
                problems.note(&node.span, format!("the policy has no rule `{id}`"), label, help);
            }
            _ => problems.note(&node.span, "the id of a rule is a text", "not a text", []),
        }
    }
    Some(Expected::Violates(named))
}

type Given = (String, String, Value<'static>, Value<'static>);

fn given(entry: &Entry, problems: &mut Problems) -> Option<Given> {
    let Data::Map(entries) = &entry.value.data else {
        let title = format!("`given` is a mapping, and this is {}", entry.value.kind());
        problems.note(
            &entry.value.span,
            title,
            "not a mapping",
            ["for a bare stage: `given: {StageName: prod}`".to_owned()],
        );
        return None;
    };
    let (mut account, mut region) = (ACCOUNT.to_owned(), REGION.to_owned());
    let mut api = Value::empty_struct(API);
    let mut stage = vec![Value::Unset; STAGE.len()];
    for entry in entries {
        match entry.key.as_str() {
            "account" | "region" => match &entry.value.data {
                Data::Text(text) if entry.key == "account" => account.clone_from(text),
                Data::Text(text) => region.clone_from(text),
                _ => {
                    let written = problems.file.text.get(entry.value.span.clone()).unwrap_or_default().to_owned();
                    let help = format!("quote it: `{}: \"{written}\"`", entry.key);
                    problems.note(&entry.value.span, format!("`{}` is a text", entry.key), "not a text", [help]);
                }
            },
            "api" => api = value(&entry.value, &API_FIELD, problems),
            key => match STAGE.iter().position(|field| field.name == key) {
                Some(at) => stage[at] = value(&entry.value, &STAGE[at], problems),
                None => {
                    let names = STAGE.iter().map(|field| field.name).chain(["account", "region", "api"]);
                    let (label, help) = suggestions(key, names);
                    problems.note(&entry.key_span, format!("a stage has no setting `{key}`"), label, help);
                }
            },
        }
    }
    if let Value::Struct(members) = &mut api {
        let protocol = &mut members[const { position(API, "ProtocolType") }];
        if matches!(protocol, Value::Unset) {
            *protocol = Value::text("HTTP");
        }
    }
    Some((account, region, api, Value::Struct(stage.into())))
}

/// A value of a field; unset where it is wrong, which is noted.
fn value(node: &Node, field: &'static Field, problems: &mut Problems) -> Value<'static> {
    match (&node.data, field.kind) {
        (Data::Null, _) => Value::Unset,
        (Data::Boolean(value), Kind::Boolean) => Value::Boolean(*value),
        (Data::Integer(value), Kind::Integer) => Value::Integer(*value),
        #[expect(clippy::cast_precision_loss, reason = "limits are far below 2^53")]
        (Data::Integer(value), Kind::Number) => Value::Number(*value as f64),
        (Data::Number(value), Kind::Number) => Value::Number(*value),
        (Data::Text(text), Kind::Text | Kind::OneOf(_)) => Value::text(text.clone()),
        (Data::Boolean(false), Kind::OneOf(names)) if names.contains(&"OFF") => Value::text("OFF"),
        (Data::Map(entries), Kind::Struct(fields)) => {
            let mut members = vec![Value::Unset; fields.len()];
            for entry in entries {
                match fields.iter().position(|field| field.name == entry.key) {
                    Some(at) => members[at] = value(&entry.value, &fields[at], problems),
                    None => {
                        let (label, help) = suggestions(&entry.key, fields.iter().map(|field| field.name));
                        let title = format!("`{}` has no setting `{}`", field.name, entry.key);
                        problems.note(&entry.key_span, title, label, help);
                    }
                }
            }
            Value::Struct(members.into())
        }
        (Data::Map(entries), Kind::Map(of)) => Value::map(
            entries.iter().map(|entry| (entry.key.clone().into(), value(&entry.value, of, problems))).collect(),
        ),
        (Data::List(elements), Kind::List(of)) => {
            Value::List(elements.iter().map(|element| value(element, of, problems)).collect())
        }
        _ => {
            let title = format!("`{}` is {}, and this is {}", field.name, kind_words(field), node.kind());
            problems.note(&node.span, title, "wrong type", []);
            Value::Unset
        }
    }
}
