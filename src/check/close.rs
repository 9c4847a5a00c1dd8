//! The results of a check: the totals of all stages, and what the source knows at its end.

use rayon::prelude::*;

use super::rules::Rules;
use super::totals::Totals;
use super::unread::unread_fields;
use crate::model::Results;
use crate::model::consistency::inconsistency;
use crate::model::finding::{PolicyFacts, Violation};
use crate::model::state::{Close, Explained, Gap, GapCode};
use crate::policy::{Policies, Policy, Rule};

/// The results of everything, in the order of reports.
pub fn close(totals: Totals, audit: &Rules<'_>, mut close: Close) -> Results {
    let Totals {
        mut results,
        scopes,
        used,
        governed_by,
        waivers_used,
        ordered,
        ..
    } = totals;
    if !ordered {
        results
            .violations
            .par_iter_mut()
            .for_each(|list| list.sort_by(Violation::order));
    }
    let rules: Vec<&Rule> = audit.in_order.iter().map(|(_, rule)| *rule).collect();
    results.policies = policy_facts(audit.policies, &governed_by);
    let facts = rules.iter().map(|rule| &rule.facts);
    results.rules = facts.chain(&audit.policies.off).cloned().collect();
    results.waivers = audit.waiving.facts();

    let counted = close.handed_on.is_some();
    results.failed = close
        .failed
        .take()
        .or_else(|| scopes.difference(&close).map(|wrong| unbalanced(&wrong)));
    results.scopes = scopes.scopes(&mut close);
    results.resolved_request = close.resolved_request;
    results.narrowing = close.narrowing;
    if audit.options.sharded {
        // The result has its shard beside the narrowing, and the merged result has none.
        results.narrowing.shard = None;
    }
    results.gaps = close.gaps;
    results.unfound = close.unfound;
    if !counted {
        explain_unread(&mut results);
    }
    if results.failed.is_none() {
        results.failed = inconsistency(&results).map(|wrong| {
            if counted {
                unbalanced(&wrong)
            } else {
                format!("the source contradicts itself: {wrong}. Take it again")
            }
        });
    }

    let unused = rules.iter().zip(used).filter(|(_, used)| !used);
    results.coverage.unused_rules = unused.map(|(rule, _)| rule.facts.name.clone()).collect();
    results.coverage.unused_rules.sort();
    results.coverage.unread_fields = unread_fields(audit.policies);
    let (warnings, unneeded) = audit
        .waiving
        .warnings(&waivers_used, &results, audit.options);
    results.warnings = close.warnings;
    results.warnings.extend(warnings);
    results.unneeded = unneeded;
    if !audit.options.sharded {
        results.warnings.extend(results.unused_policies());
    }
    results.sort_others();
    results
}

/// The policies as reports show them, by name: the order of the command line must not show in a report.
fn policy_facts(policies: &Policies, governed_by: &[u64]) -> Vec<PolicyFacts> {
    let facts = |(policy, stages): (&Policy, &u64)| PolicyFacts {
        name: policy.name.clone(),
        file: policy.file.name.clone(),
        why: policies.why.clone(),
        replaces: policy.replaces.clone(),
        rules: policy.rules.len(),
        stages: *stages,
    };
    let all = policies.policies.iter().zip(governed_by);
    let mut all: Vec<PolicyFacts> = all.map(facts).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

fn unbalanced(wrong: &str) -> String {
    format!("the counts do not agree: {wrong}. This is a bug of driftgate; please report it")
}

/// Adds a gap for each scope of a saved source that was not read whole and has none.
fn explain_unread(results: &mut Results) {
    let missing = Explained::of(&results.gaps);
    let unexplained = results
        .scopes
        .iter()
        .filter(|scope| scope.is_unread() && !missing.covers(scope));
    let gaps: Vec<Gap> = unexplained
        .map(|scope| Gap {
            account: scope.account.clone(),
            region: scope.region.clone(),
            operation: "read".to_owned(),
            code: GapCode::Incomplete.into(),
            message: format!(
                "the source marks it {} and gives no reason",
                scope.outcome.name()
            ),
            hint: "take it again".to_owned(),
            ..Gap::default()
        })
        .collect();
    results.gaps.extend(gaps);
}
