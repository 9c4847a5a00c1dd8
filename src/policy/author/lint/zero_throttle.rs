//! A throttling limit with an upper bound and no lower one: 0 passes, and 0 blocks all traffic.

use std::collections::BTreeMap;

use super::conjuncts::Conjunct;
use super::rules::SplitRule;
use super::warning::{Lint, LintKind};
use crate::model::Document;
use crate::model::catalogue::ours::{EACH_ROUTE, IN_FORCE};
use crate::model::catalogue::{Field, Kind, ROUTE_SETTINGS, Row, STAGE, stage};
use crate::model::document::api_stated_by;
use crate::model::protocol::Protocol;
use crate::model::value::Value;
use crate::policy::language::context::Context;
use crate::policy::language::glob::Glob;
use crate::policy::language::truth::{Truth, Use};
use crate::policy::read::values;

/// Limit on the rules that are tried with a limit of 0: about a second of work. What is not tried is taken to be right.
const MOST_ASKED: usize = 1_000_000;

pub fn warnings(rules: &[SplitRule<'_>]) -> Vec<Lint> {
    let mut found = Vec::new();
    let mut keepers = Keepers {
        rules,
        of: BTreeMap::new(),
        asked: 0,
    };
    for rule in rules {
        for conjunct in &rule.demands {
            let Some((field, zeros)) = zeros(conjunct) else {
                continue;
            };
            if zeros.iter().all(|zero| keepers.keep_out(zero, rule)) {
                continue;
            }
            let bound = if matches!(field.kind, Kind::Integer) {
                "min: 1"
            } else {
                "above: 0"
            };
            let written = rule
                .policy
                .file
                .text
                .get(conjunct.span.clone())
                .unwrap_or_default();
            let cure = if written.contains(values::USE) {
                format!("write `{bound}` in the value too")
            } else {
                format!("write `{{{bound}, {written}}}`")
            };
            let help = format!("0 blocks all traffic; to keep it out, {cure}");
            found.push(Lint {
                kind: LintKind::ZeroPasses,
                diagnostic: rule.diagnostic(
                    &conjunct.span,
                    format!("{} lets a {} of 0 pass", rule.rule.facts.name, field.name),
                    "0 passes",
                    vec![help],
                ),
                beside: None,
            });
        }
    }
    found
}

/// A limit, and the key of its route; that of the default has none.
type ZeroLimit = (Option<String>, &'static str);

/// The rules that keep a 0 out, by where it is: many rules are about the same few places.
struct Keepers<'r, 'p> {
    rules: &'r [SplitRule<'p>],
    of: BTreeMap<ZeroLimit, Vec<&'r SplitRule<'p>>>,
    asked: usize,
}

impl Keepers<'_, '_> {
    /// True if a rule that looks at the stages of this one, at least, keeps a 0 out.
    fn keep_out(&mut self, zero: &Zero, rule: &SplitRule<'_>) -> bool {
        if !self.of.contains_key(&zero.limit) {
            self.asked += self.rules.len();
            if self.asked > MOST_ASKED {
                return true;
            }
            let keepers = self
                .rules
                .iter()
                .filter(|other| zero.is_kept_out_by(other))
                .collect();
            self.of.insert(zero.limit.clone(), keepers);
        }
        self.of
            .get(&zero.limit)
            .is_some_and(|keepers| keepers.iter().any(|other| other.is_as_wide_as(rule)))
    }
}

/// A stage about which nothing is known but that one of its limits is 0.
struct Zero {
    limit: ZeroLimit,
    stage: Value<'static>,
    /// The settings of the default or the route that has it.
    settings: Value<'static>,
}

/// True if nothing above some number passes, but 0 and what is next to it do. Where nothing but 0 is left, it was meant.
fn is_upper_bound(conjunct: &Conjunct<'_>) -> bool {
    let fails = |number: f64| {
        conjunct
            .place
            .fails(conjunct.demand, &Value::Number(number))
    };
    fails(f64::MAX) && !fails(0.0) && !fails(f64::MIN_POSITIVE)
}

/// The limit that an upper bound is about, and the stages on which it is 0; `None` when the demand is not such a bound.
fn zeros(conjunct: &Conjunct<'_>) -> Option<(&'static Field, Vec<Zero>)> {
    let field = conjunct.place.field;
    if !field.zero_blocks || !is_upper_bound(conjunct) {
        return None;
    }
    let in_default = || Zero::at(stage::DEFAULT_ROUTE, None, field);
    // A key that the glob fits.
    let in_route = |key: &str| {
        Zero::at(
            stage::ROUTES,
            Some(key.replace('*', "").replace('?', "x")),
            field,
        )
    };
    let zeros = match conjunct.place.path.as_slice() {
        [place, _] if *place == EACH_ROUTE.name => vec![in_default(), in_route("$default")],
        [place, key, _] if *place == IN_FORCE => vec![in_route(key)],
        [place, _] if *place == stage::DEFAULT_ROUTE.name => vec![in_default()],
        [place, key, _] if *place == stage::ROUTES.name => {
            vec![in_route(if Glob::of(key).fits("$default") {
                "$default"
            } else {
                key
            })]
        }
        _ => return None,
    };
    Some((field, zeros))
}

impl Zero {
    fn at(place: Row, route: Option<String>, field: &'static Field) -> Self {
        let setting = |of: &Field| {
            if of.name == field.name {
                Value::Integer(0)
            } else {
                Value::NotStated
            }
        };
        let settings = Value::Struct(ROUTE_SETTINGS.iter().map(setting).collect());
        let mut stage = vec![Value::NotStated; STAGE.len()];
        stage[place.at] = match &route {
            Some(key) => Value::map(vec![(key.clone().into(), settings.clone())]),
            None => settings.clone(),
        };
        Self {
            limit: (route, field.name),
            stage: Value::Struct(stage.into()),
            settings,
        }
    }

    /// True if the rule is violated whatever else the stage is, or has demands on it that are not understood here.
    fn is_kept_out_by(&self, other: &SplitRule<'_>) -> bool {
        other.assertion().contains(self.limit.1)
            || Protocol::ALL.into_iter().any(|protocol| {
                let api = api_stated_by(None, Some(protocol));
                let document = Document {
                    read_at: None,
                    account: None,
                    region: None,
                    api: &api,
                    stage: &self.stage,
                };
                let top = Context::top(&document, protocol, Use::Expect);
                let routes = Context {
                    field: EACH_ROUTE,
                    ..top
                };
                let of_it = other.rule.routes.iter().filter(|demands| {
                    demands.route.is_none() || demands.route.as_deref() == self.limit.0.as_deref()
                });
                let parts = of_it.flat_map(|demands| &demands.parts);
                parts
                    .map(|part| part.pattern.truth(&self.settings, &routes))
                    .any(|truth| truth == Truth::False)
                    || other
                        .rule
                        .expect
                        .iter()
                        .any(|expect| expect.truth(&self.stage, &top) == Truth::False)
            })
    }
}
