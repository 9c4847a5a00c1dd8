//! Overlap of rules: one stage can be in the `match` of both. It needs a proof: one `match` is a part of the other, or
//! here is a stage that is in both.

use std::collections::BTreeMap;

use super::conjuncts::Conjunct;
use super::limits::nothing_left;
use super::rules::WrittenRule;
use crate::model::Document;
use crate::model::catalogue::{API, API_FIELD, Field, Kind, STAGE, STAGE_FIELD, api};
use crate::model::protocol::Protocol;
use crate::model::value::Value;
use crate::policy::language::context::{At, EXAMPLE_ACCOUNT, EXAMPLE_REGION};
use crate::policy::language::glob::Glob;
use crate::policy::language::pattern::Pattern;
use crate::policy::language::truth::{Truth, Use};
use crate::policy::text::yaml::{Data, Node};

/// Stages that are tried for two rules.
const MOST: usize = 100;

/// True if a stage of one of these protocols can be in the `match` of both.
pub fn can_be(one: &WrittenRule<'_>, other: &WrittenRule<'_>, protocols: &[Protocol]) -> bool {
    let part = one.is_as_wide_as(other) || other.is_as_wide_as(one);
    // A `match` that excludes itself selects nothing.
    if !may_be(one, other) || excludes_itself(one) || excludes_itself(other) {
        return false;
    }
    let protocols: Vec<Protocol> =
        protocols.iter().copied().filter(|protocol| takes(one, *protocol) && takes(other, *protocol)).collect();
    if part { !protocols.is_empty() } else { protocols.iter().any(|protocol| a_stage(one, other, *protocol)) }
}

/// True if the `match` of a rule and that of its policy leave no stage.
pub fn excludes_itself(rule: &WrittenRule<'_>) -> bool {
    !may_be(rule, rule)
}

/// True if no setting that both look at excludes the one or the other. Cheap, for the many pairs that name different
/// stages.
fn may_be(one: &WrittenRule<'_>, other: &WrittenRule<'_>) -> bool {
    one.conditions.iter().all(|condition| {
        let same = || other.conditions.iter().filter(|other| other.path == condition.path);
        condition.of_each_key || same().next().is_none() || !nothing_left(same().chain([condition]))
    })
}

/// The patterns of a rule's `match` and its policy's.
fn selections<'r>(rule: &'r WrittenRule<'_>) -> impl Iterator<Item = &'r Pattern> {
    rule.policy.selection.iter().chain(&rule.rule.selection)
}

/// True if a rule takes stages of a protocol.
fn takes(rule: &WrittenRule<'_>, protocol: Protocol) -> bool {
    rule.rule.may_select(rule.policy.selection.as_ref(), protocol)
}

/// True if a stage that is made of the values in both `match`es is in both.
fn a_stage(one: &WrittenRule<'_>, other: &WrittenRule<'_>, protocol: Protocol) -> bool {
    let mut settings: BTreeMap<&[String], Vec<Value<'static>>> = BTreeMap::new();
    for condition in one.conditions.iter().chain(&other.conditions) {
        let values = settings.entry(&condition.path).or_default();
        values.extend(candidates(condition));
        values.push(Value::Unset);
    }
    let ways: usize = settings.values().fold(1, |ways, values| ways.saturating_mul(values.len()));
    (0..ways.min(MOST)).any(|way| {
        let mut rest = way;
        let mut stage = StageDraft::new(protocol);
        for (path, values) in &settings {
            stage.set(path, values[rest % values.len()].clone());
            rest /= values.len();
        }
        let document = Document {
            account: Some(&stage.account),
            region: Some(&stage.region),
            api: &stage.api,
            stage: &stage.stage,
        };
        let at = At::top(&document, protocol, Use::Match);
        selections(one).chain(selections(other)).all(|pattern| pattern.truth(&stage.stage, &at) == Truth::True)
    })
}

/// A stage in the making.
struct StageDraft {
    account: String,
    region: String,
    api: Value<'static>,
    stage: Value<'static>,
}

impl StageDraft {
    fn new(protocol: Protocol) -> Self {
        let mut api = vec![Value::Unset; API.len()];
        api[api::PROTOCOL.at] = Value::text(protocol.name());
        let (account, region) = (EXAMPLE_ACCOUNT.to_owned(), EXAMPLE_REGION.to_owned());
        Self { account, region, api: Value::Struct(api.into()), stage: Value::empty_struct(STAGE) }
    }

    fn set(&mut self, path: &[String], value: Value<'static>) {
        let name = |value: &Value<'_>, kept: &str| value.as_text().unwrap_or(kept).to_owned();
        match path {
            [own] if own == "account" => self.account = name(&value, EXAMPLE_ACCOUNT),
            [own] if own == "region" => self.region = name(&value, EXAMPLE_REGION),
            // Nothing is the other way to be, and every stage begins so.
            _ if value.is_unset() => {}
            [api, path @ ..] if api == "api" => self.api.put(&API_FIELD, path, Some(value)),
            path => self.stage.put(&STAGE_FIELD, path, Some(value)),
        }
    }
}

/// Values that a condition may have been written for.
fn candidates(condition: &Conjunct) -> Vec<Value<'static>> {
    let Some(field) = condition.field else { return Vec::new() };
    let nodes = match &condition.node.data {
        Data::List(nodes) => nodes.as_slice(),
        _ => std::slice::from_ref(&condition.node),
    };
    match condition.test.as_str() {
        "present" | "not" | "matches" => any(field),
        "like" => nodes
            .iter()
            .filter_map(|node| match &node.data {
                // A glob fits the text that leaves its stars out.
                Data::Text(glob) if Glob::is_glob(glob) => Some(Value::text(glob.replace('*', "").replace('?', "x"))),
                _ => literal(node, field),
            })
            .collect(),
        "above" | "below" => nodes.iter().flat_map(|node| nearby(node, field)).collect(),
        "contains" if matches!(field.kind, Kind::List(_)) => {
            let elements = nodes.iter().filter_map(|node| match &node.data {
                Data::Text(text) => Some(Value::List(Box::from([Value::text(text.clone())]))),
                _ => None,
            });
            elements.collect()
        }
        _ => nodes.iter().filter_map(|node| literal(node, field)).collect(),
    }
}

/// Some values of a field.
fn any(field: &Field) -> Vec<Value<'static>> {
    match field.kind {
        Kind::Boolean => vec![Value::Boolean(true), Value::Boolean(false)],
        Kind::Integer => vec![Value::Integer(1)],
        Kind::Number => vec![Value::Number(1.0)],
        Kind::Text => vec![Value::text("x")],
        Kind::OneOf(names) => names.iter().map(|name| Value::text(*name)).collect(),
        Kind::Struct(_) | Kind::Map(_) | Kind::List(_) => Vec::new(),
    }
}

fn nearby(node: &Node, field: &Field) -> Vec<Value<'static>> {
    let by = |step: i64| match node.data {
        Data::Integer(number) => Some(Node { data: Data::Integer(number.saturating_add(step)), ..node.clone() }),
        _ => None,
    };
    [by(1), by(-1)].into_iter().flatten().filter_map(|node| literal(&node, field)).collect()
}

fn literal(node: &Node, field: &Field) -> Option<Value<'static>> {
    match (&node.data, field.kind) {
        (Data::Boolean(value), Kind::Boolean) => Some(Value::Boolean(*value)),
        (Data::Boolean(false), Kind::OneOf(_)) => Some(Value::text("OFF")),
        (Data::Integer(number), Kind::Integer) => Some(Value::Integer(*number)),
        #[expect(clippy::cast_precision_loss, reason = "limits are far below 2^53")]
        (Data::Integer(number), Kind::Number) => Some(Value::Number(*number as f64)),
        (Data::Number(number), Kind::Number) => Some(Value::Number(*number)),
        (Data::Text(text), Kind::Text | Kind::OneOf(_)) => Some(Value::text(text.clone())),
        _ => None,
    }
}
