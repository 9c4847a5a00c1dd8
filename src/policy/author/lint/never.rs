//! A rule whose `match` and that of its policy exclude each other: it looks at no stage.

use super::rules::WrittenRule;
use super::together;
use super::warning::{Lint, LintKind};

pub fn warnings(read: &[WrittenRule<'_>]) -> Vec<Lint> {
    let nowhere = read.iter().filter(|rule| together::excludes_itself(rule));
    let warning = |rule: &WrittenRule<'_>| {
        let title = format!("{} looks at no stage", rule.rule.facts.name);
        let help = "the `match` of the policy and that of the rule must both hold on one stage".to_owned();
        let said = rule.diagnostic(&rule.id, title, "no stage is in its `match`", vec![help]);
        Lint { kind: LintKind::NeverMatches, said, beside: None }
    };
    nowhere.map(warning).collect()
}
