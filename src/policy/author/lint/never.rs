//! A rule whose `match` and that of its policy exclude each other: it looks at no stage.

use super::{Kind, Read, Warning, together};

pub fn warnings(read: &[Read<'_>]) -> Vec<Warning> {
    let nowhere = read.iter().filter(|rule| together::excludes_itself(rule));
    let warning = |rule: &Read<'_>| {
        let title = format!("{} looks at no stage", rule.rule.facts.name);
        let help = "the `match` of the policy and that of the rule must both hold on one stage".to_owned();
        let said = rule.said(&rule.id, title, "no stage is in its `match`", vec![help]);
        Warning { kind: Kind::NeverMatches, said, beside: None }
    };
    nowhere.map(warning).collect()
}
