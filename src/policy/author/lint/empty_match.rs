//! A rule whose `match` and that of its policy exclude each other: it looks at no stage.

use super::overlap;
use super::rules::SplitRule;
use super::warning::{Lint, LintKind};

pub fn warnings(rules: &[SplitRule<'_>]) -> Vec<Lint> {
    let nowhere = rules.iter().filter(|rule| overlap::excludes_itself(rule));
    let warning = |rule: &SplitRule<'_>| {
        let title = format!("{} looks at no stage", rule.rule.facts.name);
        let help =
            "the `match` of the policy and that of the rule must both hold on one stage".to_owned();
        let diagnostic = rule.diagnostic(
            &rule.rule.id_span,
            title,
            "no stage is in its `match`",
            vec![help],
        );
        Lint {
            kind: LintKind::NeverMatches,
            diagnostic,
            beside: None,
        }
    };
    nowhere.map(warning).collect()
}
