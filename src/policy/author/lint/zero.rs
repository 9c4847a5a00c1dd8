//! A throttling limit with an upper bound and no lower one: 0 passes, and 0 blocks all traffic.

use std::collections::BTreeMap;

use super::conjuncts::Conjunct;
use super::rules::WrittenRule;
use super::warning::{Lint, LintKind};
use crate::model::Document;
use crate::model::catalogue::ours::EACH_ROUTE;
use crate::model::catalogue::{Field, Kind, ROUTE_SETTINGS, Row, STAGE, stage};
use crate::model::document::api_stated_by;
use crate::model::protocol::Protocol;
use crate::model::value::Value;
use crate::policy::language::context::At;
use crate::policy::language::glob::Glob;
use crate::policy::language::truth::{Truth, Use};
use crate::policy::text::yaml::{Data, Node};

/// Limit on the rules that are tried with a limit of 0: about a second of work. What is not tried is taken to be right.
const MOST_ASKED: usize = 1_000_000;

pub fn warnings(read: &[WrittenRule<'_>]) -> Vec<Lint> {
    let mut found = Vec::new();
    let mut keepers = Keepers { read, of: BTreeMap::new(), asked: 0 };
    for rule in read {
        for conjunct in &rule.demands {
            let Some((field, zeros)) = zeros(conjunct) else { continue };
            if zeros.iter().all(|zero| keepers.keep_out(zero, rule)) {
                continue;
            }
            let bound = if matches!(field.kind, Kind::Integer) { "min: 1" } else { "above: 0" };
            let written = rule.policy.file.text.get(conjunct.span.clone()).unwrap_or_default();
            let help = format!("0 blocks all traffic; to keep it out, write `{{{bound}, {written}}}`");
            found.push(Lint {
                kind: LintKind::ZeroPasses,
                said: rule.diagnostic(
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
type Limit = (Option<String>, &'static str);

/// The rules that keep a 0 out, by where it is: many rules are about the same few places.
struct Keepers<'r, 'p> {
    read: &'r [WrittenRule<'p>],
    of: BTreeMap<Limit, Vec<&'r WrittenRule<'p>>>,
    asked: usize,
}

impl Keepers<'_, '_> {
    /// True if a rule that looks at the stages of this one, at least, keeps a 0 out.
    fn keep_out(&mut self, zero: &Zero, rule: &WrittenRule<'_>) -> bool {
        if !self.of.contains_key(&zero.limit) {
            self.asked += self.read.len();
            if self.asked > MOST_ASKED {
                return true;
            }
            let keepers = self.read.iter().filter(|other| zero.is_kept_out_by(other)).collect();
            self.of.insert(zero.limit.clone(), keepers);
        }
        self.of.get(&zero.limit).is_some_and(|keepers| keepers.iter().any(|other| other.is_as_wide_as(rule)))
    }
}

/// A stage about which nothing is known but that one of its limits is 0.
struct Zero {
    limit: Limit,
    stage: Value<'static>,
    /// The settings of the default or the route that has it.
    settings: Value<'static>,
}

/// True if a test is a bound above which nothing passes, by itself or under `any-of` or `not`. One under which nothing
/// but 0 is left was meant.
fn is_upper_bound(test: &str, node: &Node) -> bool {
    let patterns = match &node.data {
        Data::List(patterns) => patterns.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let some = |bounds: fn(&str, &Node) -> bool| {
        patterns.iter().any(|pattern| match &pattern.data {
            Data::Map(entries) => entries.iter().any(|entry| bounds(&entry.key, &entry.value)),
            _ => false,
        })
    };
    match test {
        "max" | "below" => is_above_0(node),
        "any-of" => some(is_upper_bound),
        "not" => some(|test, node| ["min", "above"].contains(&test) && is_above_0(node)),
        _ => false,
    }
}

fn is_above_0(node: &Node) -> bool {
    match node.data {
        Data::Integer(number) => number > 0,
        Data::Number(number) => number > 0.0,
        _ => false,
    }
}

/// The limit that an upper bound is about, and the stages on which it is 0; `None` when the test is not such a bound.
fn zeros(conjunct: &Conjunct) -> Option<(&'static Field, Vec<Zero>)> {
    if !is_upper_bound(&conjunct.test, &conjunct.node) {
        return None;
    }
    let field = conjunct.field.filter(|field| field.zero_blocks)?;
    let in_default = || Zero::at(stage::DEFAULT_ROUTE, None, field);
    // A key that the glob fits.
    let in_route = |key: &str| Zero::at(stage::ROUTES, Some(key.replace('*', "").replace('?', "x")), field);
    let path: Vec<&str> = conjunct.path.iter().map(String::as_str).collect();
    let zeros = match path.as_slice() {
        [place, _] if *place == EACH_ROUTE.name => vec![in_default(), in_route("$default")],
        [place, _] if *place == stage::DEFAULT_ROUTE.name => vec![in_default()],
        [place, key, _] if *place == stage::ROUTES.name => {
            vec![in_route(if Glob::of(key).fits("$default") { "$default" } else { key })]
        }
        _ => return None,
    };
    Some((field, zeros))
}

impl Zero {
    fn at(place: Row, route: Option<String>, field: &'static Field) -> Self {
        let setting = |of: &Field| if of.name == field.name { Value::Integer(0) } else { Value::NotStated };
        let settings = Value::Struct(ROUTE_SETTINGS.iter().map(setting).collect());
        let mut stage = vec![Value::NotStated; STAGE.len()];
        stage[place.at] = match &route {
            Some(key) => Value::map(vec![(key.clone().into(), settings.clone())]),
            None => settings.clone(),
        };
        Self { limit: (route, field.name), stage: Value::Struct(stage.into()), settings }
    }

    /// True if the rule is violated whatever else the stage is, or has demands on it that are not understood here.
    fn is_kept_out_by(&self, other: &WrittenRule<'_>) -> bool {
        other.other_keys.contains(self.limit.1)
            || Protocol::ALL.into_iter().any(|protocol| {
                let api = api_stated_by(None, Some(protocol));
                let document = Document { account: None, region: None, api: &api, stage: &self.stage };
                let top = At::top(&document, protocol, Use::Expect);
                let routes = At { field: EACH_ROUTE, ..top };
                let parts = other.rule.each_route.iter().flat_map(|each| &each.parts);
                parts.map(|part| part.pattern.truth(&self.settings, &routes)).any(|truth| truth == Truth::False)
                    || other.rule.expect.iter().any(|expect| expect.truth(&self.stage, &top) == Truth::False)
            })
    }
}
