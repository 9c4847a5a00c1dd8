//! The outcome of a check: the totals of all stages, and what the source knows at its end.

use rayon::prelude::*;

use super::rules::Rules;
use super::totals::Totals;
use super::unread::unread_fields;
use crate::model::Outcome;
use crate::model::consistency::inconsistency;
use crate::model::finding::Violation;
use crate::model::state::{Close, Explained, Gap, GapCode};
use crate::policy::Rule;

/// The outcome of everything, in the order of reports.
pub fn close(totals: Totals, audit: &Rules<'_>, mut close: Close) -> Outcome {
    let Totals { mut outcome, scopes, used, waivers_used, ordered, .. } = totals;
    if !ordered {
        outcome.violations.par_iter_mut().for_each(|list| list.sort_by(Violation::order));
    }
    let rules: Vec<&Rule> = audit.in_order.iter().map(|(_, rule)| *rule).collect();
    outcome.rules = rules.iter().map(|rule| rule.facts.clone()).collect();
    outcome.waivers = audit.waiving.facts();

    let counted = close.handed_on.is_some();
    outcome.failed = close.failed.take().or_else(|| scopes.difference(&close).map(|wrong| unbalanced(&wrong)));
    outcome.scopes = scopes.scopes(&mut close);
    outcome.asked = close.asked;
    outcome.narrowing = close.narrowing;
    if audit.options.sharded {
        // The result has its shard beside the narrowing, and the merged result has none.
        outcome.narrowing.shard = None;
    }
    outcome.gaps = close.gaps;
    outcome.unfound = close.unfound;
    if !counted {
        explain_unread(&mut outcome);
    }
    if outcome.failed.is_none() {
        outcome.failed = inconsistency(&outcome).map(|wrong| {
            if counted { unbalanced(&wrong) } else { format!("the source contradicts itself: {wrong}. Take it again") }
        });
    }

    let unused = rules.iter().zip(used).filter(|(_, used)| !used);
    outcome.coverage.unused_rules = unused.map(|(rule, _)| rule.facts.name.clone()).collect();
    outcome.coverage.unused_rules.sort();
    outcome.coverage.unread_fields = unread_fields(audit.policies);
    let (warnings, unneeded) = audit.waiving.warnings(&waivers_used, &outcome, audit.options);
    outcome.warnings = close.warnings;
    outcome.warnings.extend(warnings);
    outcome.unneeded = unneeded;
    if !audit.options.sharded {
        outcome.warnings.extend(outcome.unused_policies());
    }
    outcome.sort_others();
    outcome
}

fn unbalanced(wrong: &str) -> String {
    format!("the counts do not agree: {wrong}. This is a bug of driftgate; please report it")
}

/// Adds a gap for each scope of a saved source that was not read whole and has none.
fn explain_unread(outcome: &mut Outcome) {
    let missing = Explained::of(&outcome.gaps);
    let unexplained = outcome.scopes.iter().filter(|scope| scope.is_unread() && !missing.covers(scope));
    let gaps: Vec<Gap> = unexplained
        .map(|scope| Gap {
            account: scope.account.clone(),
            region: scope.region.clone(),
            operation: "read".to_owned(),
            code: GapCode::Incomplete.into(),
            message: format!("the source marks it {} and gives no reason", scope.outcome.name()),
            hint: "take it again".to_owned(),
            ..Gap::default()
        })
        .collect();
    outcome.gaps.extend(gaps);
}
