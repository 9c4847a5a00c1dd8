//! A rule that expects something of every protocol, and whose `assert` reads what one of them lacks: there the rule does
//! not apply, and what it expects is never tested.

use super::rules::SplitRule;
use super::warning::{Lint, LintKind};
use crate::model::protocol::Protocol;

pub fn warnings(rules: &[SplitRule<'_>]) -> Vec<Lint> {
    let mut found = Vec::new();
    for rule in rules {
        let Some(assertion) = &rule.rule.assertion else {
            continue;
        };
        let left_out = |protocol: &Protocol| {
            !assertion.applies(*protocol)
                && rule.rule.expects_something_on(*protocol)
                && rule
                    .rule
                    .may_select(rule.policy.selection.as_ref(), *protocol)
        };
        let Some(protocol) = Protocol::ALL.into_iter().find(left_out) else {
            continue;
        };
        let name = protocol.name();
        let title = format!(
            "{} does not apply to {name} APIs, whatever it expects",
            rule.rule.facts.name
        );
        let lacking = assertion.lacks(protocol).join(", ");
        let help = format!(
            "`assert` reads {lacking}, which they lack; make two rules of it, or let `match` leave them out"
        );
        let diagnostic = rule.diagnostic(
            &rule.rule.id_span,
            title,
            "its `expect` is not asked there",
            vec![help],
        );
        found.push(Lint {
            kind: LintKind::ExpectationLeftOut,
            diagnostic,
            beside: None,
        });
    }
    found
}
