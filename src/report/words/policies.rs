//! The policies that were read and what was changed of them, in plain words. It must not know any format.

use std::collections::BTreeSet;

use super::{count, number, shortened};
use crate::model::finding::{PolicyFacts, RuleFacts, Setting};
use crate::report::facts::Facts;

/// Lines that a report for people has of each kind; the JSON result has all.
const MOST: usize = 20;

/// Characters of a value that a report for people shows.
const SHOWN: usize = 120;

/// The policies, one a line: why each was read, its rules, the stages that it governed. Those that governed none come
/// first where not all can be named. `show` escapes names, `prose` sentences.
pub(in crate::report) fn policies(
    facts: &Facts<'_>,
    show: impl Fn(&str) -> String,
    prose: impl Fn(&str) -> String,
) -> Vec<String> {
    let results = facts.results;
    let mut all: Vec<&PolicyFacts> = results.policies.iter().collect();
    if all.len() > MOST {
        all.sort_by_key(|policy| policy.stages > 0);
    }
    let off = |policy: &PolicyFacts| {
        let of_it = |rule: &&RuleFacts| {
            let rule_of = rule.name.split_once('/').map(|(policy, _)| policy);
            rule.is_off() && rule_of == Some(&*policy.name)
        };
        results.rules.iter().filter(of_it).count() as u64
    };
    let line = |policy: &PolicyFacts| {
        let mut reasons = vec![policy.why.clone()];
        reasons.retain(|reason| !reason.is_empty());
        let replaced = policy.replaces.as_ref();
        reasons.extend(replaced.map(|pack| format!("replaces {pack}")));
        let why = if reasons.is_empty() {
            String::new()
        } else {
            format!(" {}", prose(&format!("({})", reasons.join(", "))))
        };
        let rules = match off(policy) {
            0 => count(policy.rules as u64, "rule"),
            off => format!(
                "{}, {} off",
                count(policy.rules as u64, "rule"),
                number(off)
            ),
        };
        let stages = match policy.stages {
            0 => "governs no stage".to_owned(),
            stages => format!("governs {}", count(stages, "stage")),
        };
        format!("{}{why}: {rules}, {stages}", show(&policy.file))
    };
    shown(all.into_iter().map(line).collect())
}

/// The changes of rules and values, one a line.
pub(in crate::report) fn tuned(facts: &Facts<'_>, show: impl Fn(&str) -> String) -> Vec<String> {
    let mut lines = Vec::new();
    let mut values: BTreeSet<&str> = BTreeSet::new();
    for rule in &facts.results.rules {
        let Some(tuned) = &rule.tuned else { continue };
        values.extend(tuned.values.iter().map(String::as_str));
        if let Some(setting) = tuned.setting {
            let change = format!("{}={}", rule.name, setting.name());
            let written = match setting {
                Setting::Severity(severity) if severity == tuned.written => "as written".to_owned(),
                _ => format!("{} as written", tuned.written),
            };
            lines.push(format!("{} ({written})", show(&change)));
        }
    }
    lines.extend(
        values
            .into_iter()
            .map(|value| match shortened(value, SHOWN) {
                (value, 0) => show(value),
                (value, more) => format!(
                    "{} and {} more",
                    show(value),
                    count(more as u64, "character")
                ),
            }),
    );
    shown(lines)
}

/// The lines that there is room for, and the number of the others.
fn shown(mut lines: Vec<String>) -> Vec<String> {
    if lines.len() > MOST {
        let more = number((lines.len() - MOST) as u64);
        lines.truncate(MOST);
        lines.push(format!("{more} more, all of them in --report json"));
    }
    lines
}
