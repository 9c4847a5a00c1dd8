//! A policy's examples: a stage, and which rules it violates. Read here, run by `driftgate policy test`.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use crate::model::Document;
use crate::model::catalogue::{API, API_FIELD, Field, Kind, STAGE, api};
use crate::model::moment::Moment;
use crate::model::value::Value;
use crate::policy::language::context::{EXAMPLE_ACCOUNT, EXAMPLE_REGION};
use crate::policy::read::compile::as_meant;
use crate::policy::text::aliases;
use crate::policy::text::diagnostic::{
    Diagnostic, Problems, SourceText, nearest, plain, suggestions,
};
use crate::policy::text::keys::Keys;
use crate::policy::text::scalar::{is_bare_number, quoted, written, written_list};
use crate::policy::text::yaml::{self, Data, Entry, Node};

/// One example.
#[derive(Debug)]
pub struct Example {
    /// Its name.
    pub name: String,
    /// The file that holds it: that of the policy, or one of tests.
    pub file: Arc<SourceText>,
    /// Its bytes in the file.
    pub span: Range<usize>,
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// The API.
    pub api: Value<'static>,
    /// The stage.
    pub stage: Value<'static>,
    /// The time of the reading, if it is given.
    pub read_at: Option<Moment>,
    /// The expected result.
    pub expected: Expected,
}

impl Example {
    /// The line on which it begins.
    #[must_use]
    pub fn line(&self) -> usize {
        self.file.position(self.span.start).0
    }

    /// The example as rules see it.
    #[must_use]
    pub fn document(&self) -> Document<'_> {
        Document {
            account: Some(&self.account),
            region: Some(&self.region),
            api: &self.api,
            stage: &self.stage,
            read_at: self.read_at,
        }
    }
}

/// The expected result of an example.
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
        problems.note(
            &node.span,
            title,
            "not a list",
            ["each test begins with `- name: …`".to_owned()],
        );
        return Vec::new();
    };
    nodes
        .iter()
        .filter_map(|node| example(node, rules, problems))
        .collect()
}

fn example(node: &Node, rules: &[String], problems: &mut Problems) -> Option<Example> {
    const KEYS: [&str; 4] = ["name", "given", "violates", "ungoverned"];
    let keys = Keys::of(node, "a test", &KEYS, problems)?;
    let name = keys
        .text("name", node, "the test", problems)
        .map(|(name, _)| name.to_owned());
    let expected = match (keys.get("violates"), keys.get("ungoverned")) {
        (Some(entry), None) => violates(entry, rules, problems),
        (None, Some(entry)) if entry.value.data == Data::Boolean(true) => {
            Some(Expected::Ungoverned)
        }
        (None, Some(entry)) => {
            let help =
                "what should come of a stage that is governed: `violates: [RULE, …]`, or `violates: []`".to_owned();
            problems.note(
                &entry.value.span,
                "`ungoverned` is `true` or left out",
                "not `true`",
                [help],
            );
            None
        }
        (None, None) if keys.is_misspelt("violates") || keys.is_misspelt("ungoverned") => None,
        (violates, _) => {
            let help =
                "`violates: [RULE, …]`, `violates: []` for a good stage, or `ungoverned: true`"
                    .to_owned();
            let (title, label) = match violates {
                Some(_) => (
                    "the test has both `violates` and `ungoverned`",
                    "one of them is needed",
                ),
                None => (
                    "the test has neither `violates` nor `ungoverned`",
                    "what should come of it is needed",
                ),
            };
            problems.note(&node.span, title, label, [help]);
            None
        }
    };
    let given = match keys.get("given") {
        Some(entry) => given(entry, problems),
        None if keys.is_misspelt("given") => None,
        None => {
            let help = "for a bare stage: `given: {StageName: prod}`".to_owned();
            problems.note(
                &node.span,
                "the test has no `given`",
                "the stage is needed",
                [help],
            );
            None
        }
    };
    let Given {
        account,
        region,
        api,
        stage,
        read_at,
    } = given?;
    let file = Arc::clone(&problems.file);
    Some(Example {
        name: name?,
        file,
        span: node.span.clone(),
        account,
        region,
        api,
        stage,
        read_at,
        expected: expected?,
    })
}

fn violates(entry: &Entry, rules: &[String], problems: &mut Problems) -> Option<Expected> {
    let Data::List(nodes) = &entry.value.data else {
        let help = match &entry.value.data {
            Data::Text(rule) => format!("write `violates: {}`", written_list([rule.as_str()])),
            _ => "name the rules; for a good stage write `violates: []`".to_owned(),
        };
        problems.note(
            &entry.value.span,
            "`violates` is a list of rule ids",
            "not a list",
            [help],
        );
        return None;
    };
    let mut named = Vec::new();
    for node in nodes {
        match &node.data {
            Data::Text(id) if rules.contains(id) => named.push(id.clone()),
            Data::Text(id) => {
                // Reports show `POLICY/RULE`; here the policy is known.
                let written = id.rsplit('/').next().unwrap_or(id);
                // A duplicate id is a mistake of its own.
                let mut seen = BTreeSet::new();
                let ids = rules
                    .iter()
                    .map(String::as_str)
                    .filter(|id| seen.insert(*id));
                let (label, help) = suggestions(written, ids);
                problems.note(
                    &node.span,
                    format!("the policy has no rule `{id}`"),
                    label,
                    help,
                );
            }
            _ => problems.note(&node.span, "the id of a rule is a text", "not a text", []),
        }
    }
    Some(Expected::Violates(named))
}

/// The stage of an example.
struct Given {
    account: String,
    region: String,
    api: Value<'static>,
    stage: Value<'static>,
    read_at: Option<Moment>,
}

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
    let (mut account, mut region) = (EXAMPLE_ACCOUNT.to_owned(), EXAMPLE_REGION.to_owned());
    let mut api = Value::empty_struct(API);
    let mut stage = vec![Value::Unset; STAGE.len()];
    let mut read_at = None;
    for entry in entries {
        match entry.key.as_str() {
            "account" | "region" => match &entry.value.data {
                Data::Text(text) if !is_bare_number(text, &entry.value, problems) => {
                    if entry.key == "account" {
                        &mut account
                    } else {
                        &mut region
                    }
                    .clone_from(text);
                }
                _ => wrong(&entry.value, &entry.key, "a text", None, problems),
            },
            "api" => api = value(&entry.value, &API_FIELD, "api", problems),
            "read-at" => read_at = moment(&entry.value, problems),
            "partition" | "arn" | "each-route" | "route" => {
                let help = match entry.key.as_str() {
                    "partition" | "arn" => {
                        "it follows from `region`, `StageName` and `api: {ApiId: …}`"
                    }
                    _ => {
                        "routes are given as AWS returns them: `DefaultRouteSettings` and `RouteSettings`"
                    }
                };
                let title = format!("`{}` is worked out, not given", entry.key);
                problems.note(
                    &entry.key_span,
                    title,
                    "not part of what AWS returns",
                    [help.to_owned()],
                );
            }
            key => match STAGE.iter().position(|field| field.name == key) {
                Some(at) => stage[at] = value(&entry.value, &STAGE[at], key, problems),
                None => {
                    let names = STAGE
                        .iter()
                        .map(|field| field.name)
                        .chain(["account", "region", "api", "read-at"]);
                    let (label, mut help) = suggestions(key, names);
                    help.splice(0..0, aliases::setting(key).map(str::to_owned));
                    problems.note(
                        &entry.key_span,
                        format!("a stage has no setting `{key}`"),
                        label,
                        help,
                    );
                }
            },
        }
    }
    if let Value::Struct(members) = &mut api {
        let protocol = &mut members[api::PROTOCOL.at];
        if matches!(protocol, Value::Unset) {
            *protocol = Value::text("HTTP");
        }
    }
    Some(Given {
        account,
        region,
        api,
        stage: Value::Struct(stage.into()),
        read_at,
    })
}

/// The time at which the stage of an example was read.
fn moment(node: &Node, problems: &mut Problems) -> Option<Moment> {
    let moment = match &node.data {
        Data::Text(text) => Moment::of(text),
        _ => None,
    };
    if moment.is_none() {
        problems.note(
            &node.span,
            "`read-at` needs a date or a time as in RFC 3339",
            "neither",
            ["write `read-at: 2026-01-31` or `read-at: 2026-01-31T12:00:00Z`".to_owned()],
        );
    }
    moment
}

/// Notes a value of the wrong type.
fn wrong(node: &Node, called: &str, kind: &str, meant: Option<String>, problems: &mut Problems) {
    let help = match node.data {
        Data::Map(_) => {
            Some("`given` is a stage, not a pattern: write the value that it has".to_owned())
        }
        Data::List(ref keys) if kind == "a map" => {
            let key = keys.iter().find_map(|node| match &node.data {
                Data::Text(key) if !key.is_empty() => Some(written(key)),
                _ => None,
            });
            let key = key.unwrap_or_else(|| "owner".to_owned());
            Some(format!("a key has a value: write `{called}: {{{key}: x}}`"))
        }
        Data::Boolean(_) | Data::Integer(_) | Data::Number(_) | Data::Text(_)
            if kind == "a text" =>
        {
            Some(quoted(called, problems.written(&node.span)))
        }
        _ => meant,
    };
    let this = if matches!(node.data, Data::Text(_)) && kind == "a text" {
        "a number"
    } else {
        node.kind()
    };
    problems.note(
        &node.span,
        format!("`{called}` is {kind}, and this is {this}"),
        "wrong type",
        help,
    );
}

/// A value of a field; unset where it is wrong, which is noted.
fn value(
    node: &Node,
    field: &'static Field,
    called: &str,
    problems: &mut Problems,
) -> Value<'static> {
    match (&node.data, field.kind) {
        (Data::Null, _) => Value::Unset,
        (Data::Boolean(value), Kind::Boolean) => Value::Boolean(*value),
        (Data::Integer(value), Kind::Integer) => Value::Integer(*value),
        #[expect(clippy::cast_precision_loss, reason = "limits are far below 2^53")]
        (Data::Integer(value), Kind::Number) => Value::Number(*value as f64),
        (Data::Number(value), Kind::Number) => Value::Number(*value),
        (Data::Text(text), Kind::OneOf(names)) => {
            // AWS may add to the names, but not in another case.
            if let Some(meant) = nearest(text, names.iter().copied())
                .filter(|name| name != text && plain(name) == plain(text))
            {
                let title = format!("`{called}` is never `{text}`");
                let help = format!("allowed here: {}", names.join(", "));
                problems.note(
                    &node.span,
                    title,
                    format!("did you mean `{meant}`?"),
                    [help],
                );
            }
            Value::text(text.clone())
        }
        (Data::Text(text), Kind::Text)
            if text.is_empty() || !is_bare_number(text, node, problems) =>
        {
            Value::text(text.clone())
        }
        (Data::Boolean(false), Kind::OneOf(names)) if names.contains(&"OFF") => Value::text("OFF"),
        (Data::Map(entries), Kind::Struct(_)) => members(entries, field, problems),
        (Data::Map(entries), Kind::Map(of)) => Value::map(
            entries
                .iter()
                .map(|entry| {
                    (
                        entry.key.clone().into(),
                        value(&entry.value, of, &entry.key, problems),
                    )
                })
                .collect(),
        ),
        (Data::List(elements), Kind::List(of)) => Value::List(
            elements
                .iter()
                .map(|element| value(element, of, called, problems))
                .collect(),
        ),
        (data, _) => {
            let written = problems.written(&node.span).to_owned();
            wrong(
                node,
                called,
                &field.kind.words(),
                as_meant(data, &written, field),
                problems,
            );
            Value::Unset
        }
    }
}

fn members(entries: &[Entry], field: &'static Field, problems: &mut Problems) -> Value<'static> {
    let fields = field.members();
    let mut members = vec![Value::Unset; fields.len()];
    for entry in entries {
        match fields.iter().position(|field| field.name == entry.key) {
            Some(at) => {
                members[at] = value(&entry.value, &fields[at], fields[at].name, problems);
            }
            None => {
                let (label, help) = suggestions(&entry.key, fields.iter().map(|field| field.name));
                let title = format!("`{}` has no setting `{}`", field.name, entry.key);
                problems.note(&entry.key_span, title, label, help);
            }
        }
    }
    Value::Struct(members.into())
}

/// Mistakes in the keys of a file of tests, for commands that do not run the tests: rules in it would be enforced by
/// none of them.
#[must_use]
pub fn mistaken_file(file: &Arc<SourceText>) -> Vec<Diagnostic> {
    let mut problems = Problems::new(Arc::clone(file));
    if let Some(root) = yaml::read(&mut problems) {
        keys_of_file(&root, &mut problems);
    }
    problems.into_sorted()
}

/// True if a file of tests has what only a policy has.
fn is_a_policy(root: &Node) -> bool {
    let of_a_policy =
        |entry: &Entry| ["rules", "match", "description"].contains(&entry.key.as_str());
    matches!(&root.data, Data::Map(entries) if entries.iter().any(of_a_policy))
}

/// The keys of a file of tests.
pub fn keys_of_file<'n>(root: &'n Node, problems: &mut Problems) -> Option<Keys<'n>> {
    let before = problems.len();
    let keys = Keys::of(root, "a file of tests", &["policy", "tests"], problems);
    let name = &problems.file.name;
    if let Some((stem, ending)) = name.rsplit_once("_test.").filter(|_| is_a_policy(root)) {
        let help = format!(
            "a file named *_test.yaml holds only tests; if it is a policy: `mv {name} {stem}.{ending}`"
        );
        problems.advise_also(before, &help);
    }
    keys
}
