//! A `match` that names routes in full: where such a route has no entry of its own, the rule looks at nothing.

use super::conjuncts::{Conjunct, Demand};
use super::rules::SplitRule;
use super::warning::{Lint, LintKind};
use crate::model::catalogue::ours::{EACH_ROUTE, IN_FORCE};
use crate::model::value::Value;
use crate::policy::language::test::Passing;

pub fn warnings(rules: &[SplitRule<'_>]) -> Vec<Lint> {
    let by_route = rules.iter().filter(|rule| rule.rule.by_route);
    let found = by_route.flat_map(|rule| {
        let conditions = rule.conditions.iter();
        conditions.filter_map(move |condition| warning(rule, condition))
    });
    found.collect()
}

fn warning(rule: &SplitRule<'_>, condition: &Conjunct<'_>) -> Option<Lint> {
    let Demand::Test(test) = condition.demand else {
        return None;
    };
    if condition.place.path != ["route"] {
        return None;
    }
    let Passing::Only(values) = test.passing(condition.place.field) else {
        return None;
    };
    let keys: Option<Vec<String>> = values
        .iter()
        .map(|value| match value {
            Value::Text(key) => Some(format!("{key:?}: …")),
            _ => None,
        })
        .collect();
    let title = format!(
        "{} looks at nothing where the route has no entry",
        rule.rule.facts.name
    );
    let help = format!(
        "to look at the settings in force, with an entry or without, leave it out of `match` and write `{IN_FORCE}: {{{}}}` \
         in place of `{}`",
        keys?.join(", "),
        EACH_ROUTE.name
    );
    let label = "a route that only the stage default covers has no key here";
    Some(Lint {
        kind: LintKind::LiteralRoute,
        diagnostic: rule.diagnostic(&condition.span, title, label, vec![help]),
        beside: None,
    })
}
