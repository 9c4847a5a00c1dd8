//! Overlap of rules: one stage can be in the `match` of both. It needs a proof: one `match` is a part of the other, or
//! here is a stage that is in both.

use std::collections::BTreeMap;

use super::bounds::nothing_left;
use super::conjuncts::{Conjunct, Demand};
use super::rules::SplitRule;
use crate::model::Document;
use crate::model::catalogue::{API, API_FIELD, Field, Kind, STAGE, STAGE_FIELD, api};
use crate::model::protocol::Protocol;
use crate::model::value::Value;
use crate::policy::language::context::{Context, EXAMPLE_ACCOUNT, EXAMPLE_REGION};
use crate::policy::language::pattern::Pattern;
use crate::policy::language::test::{Passing, Test};
use crate::policy::language::truth::{Truth, Use};

/// Stages that are tried for two rules.
const MOST: usize = 100;

/// True if a stage of one of these protocols can be in the `match` of both.
pub fn can_be(one: &SplitRule<'_>, other: &SplitRule<'_>, protocols: &[Protocol]) -> bool {
    let part = one.is_as_wide_as(other) || other.is_as_wide_as(one);
    // A `match` that excludes itself selects nothing.
    if !may_be(one, other) || excludes_itself(one) || excludes_itself(other) {
        return false;
    }
    let protocols: Vec<Protocol> = protocols
        .iter()
        .copied()
        .filter(|protocol| takes(one, *protocol) && takes(other, *protocol))
        .collect();
    if part {
        !protocols.is_empty()
    } else {
        protocols
            .iter()
            .any(|protocol| a_stage(one, other, *protocol))
    }
}

/// True if the `match` of a rule and that of its policy leave no stage.
pub fn excludes_itself(rule: &SplitRule<'_>) -> bool {
    !may_be(rule, rule)
}

/// True if no setting that both look at excludes the one or the other. Cheap, for the many pairs that name different
/// stages.
fn may_be(one: &SplitRule<'_>, other: &SplitRule<'_>) -> bool {
    one.conditions.iter().all(|condition| {
        let is_same = |other: &&Conjunct<'_>| {
            !other.place.of_each_key && other.place.path == condition.place.path
        };
        let same = || other.conditions.iter().filter(is_same);
        condition.place.of_each_key
            || same().next().is_none()
            || !nothing_left(same().chain([condition]).map(|one| &one.remaining))
    })
}

/// True if a rule takes stages of a protocol.
fn takes(rule: &SplitRule<'_>, protocol: Protocol) -> bool {
    rule.rule
        .may_select(rule.policy.selection.as_ref(), protocol)
}

/// True if a stage that is made of the values in both `match`es is in both.
fn a_stage(one: &SplitRule<'_>, other: &SplitRule<'_>, protocol: Protocol) -> bool {
    let mut settings: BTreeMap<&[&str], Vec<Value<'static>>> = BTreeMap::new();
    for condition in one.conditions.iter().chain(&other.conditions) {
        let values = settings.entry(&condition.place.path).or_default();
        values.extend(candidates(condition));
        values.push(Value::Unset);
    }
    let ways: usize = settings
        .values()
        .fold(1, |ways, values| ways.saturating_mul(values.len()));
    (0..ways.min(MOST)).any(|way| {
        let mut rest = way;
        let mut stage = StageDraft::new(protocol);
        for (path, values) in &settings {
            stage.set(path, values[rest % values.len()].clone());
            rest /= values.len();
        }
        let document = Document {
            read_at: None,
            account: Some(&stage.account),
            region: Some(&stage.region),
            api: &stage.api,
            stage: &stage.stage,
        };
        let at = Context::top(&document, protocol, Use::Match);
        one.selections()
            .chain(other.selections())
            .all(|pattern| pattern.truth(&stage.stage, &at) == Truth::True)
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
        Self {
            account,
            region,
            api: Value::Struct(api.into()),
            stage: Value::empty_struct(STAGE),
        }
    }

    fn set(&mut self, path: &[&str], value: Value<'static>) {
        let name = |value: &Value<'_>, kept: &str| value.as_text().unwrap_or(kept).to_owned();
        let owned = |path: &[&str]| path.iter().map(ToString::to_string).collect::<Vec<_>>();
        match path {
            ["account"] => self.account = name(&value, EXAMPLE_ACCOUNT),
            ["region"] => self.region = name(&value, EXAMPLE_REGION),
            // Nothing is the other way to be, and every stage begins so.
            _ if value.is_unset() => {}
            ["api", path @ ..] => self.api.put(&API_FIELD, &owned(path), Some(value)),
            path => self.stage.put(&STAGE_FIELD, &owned(path), Some(value)),
        }
    }
}

/// Values that a condition may have been written for.
fn candidates(condition: &Conjunct<'_>) -> Vec<Value<'static>> {
    let field = condition.place.field;
    let of_test = |test: &dyn Test| match test.passing(field) {
        Passing::Only(values) | Passing::Perhaps(values) => {
            values.into_iter().map(Value::into_owned).collect()
        }
        Passing::Within(limit) => vec![Value::Number(
            limit.outermost(matches!(field.kind, Kind::Integer)),
        )],
        Passing::Every(_) | Passing::Aged(_) => Vec::new(),
    };
    let found: Vec<Value<'static>> = match condition.demand {
        Demand::Test(test) => of_test(test),
        Demand::Pattern(Pattern::Any(of, _)) => {
            let tests = of.iter().flat_map(|one| {
                if let Pattern::Tests(of) = one {
                    of.tests.as_slice()
                } else {
                    &[]
                }
            });
            tests.flat_map(|one| of_test(&*one.test)).collect()
        }
        Demand::Pattern(_) => Vec::new(),
    };
    if found.is_empty() { any(field) } else { found }
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
