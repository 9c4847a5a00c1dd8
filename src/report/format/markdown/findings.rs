//! The tables of violations and the list of the rules that they violate.

use super::budget;
use super::inline::{VALUE, setting, short, stage};
use crate::model::Severity;
use crate::model::finding::{RuleFacts, Violation, Waived, WaiverFacts};
use crate::report::escape::markdown::{cell, code, prose, web_address};
use crate::report::facts::Facts;
use crate::report::words;

/// The number of violations of each severity.
pub(super) fn severities(facts: &Facts<'_>, page: &mut String) {
    if facts.results.total() == 0 {
        return;
    }
    page.push_str("\n| Severity | Violations |\n| --- | ---: |\n");
    for severity in Severity::WORST_FIRST {
        page.push_str(&format!(
            "| {severity} | {} |\n",
            words::number(facts.results.count(severity) as u64)
        ));
    }
}

/// Every violation, worst first.
pub(super) fn violations(facts: &Facts<'_>, page: &mut String) {
    let results = facts.results;
    if results.total() == 0 {
        return;
    }
    page.push_str("\n## Violations\n\n| Severity | Rule | Stage | Setting | Found | Expected |\n");
    page.push_str("| --- | --- | --- | --- | --- | --- |\n");
    let shown = budget::fill(
        page,
        budget::VIOLATIONS,
        results.violations(),
        |(severity, violation)| {
            let rule = results
                .rule(violation.rule)
                .map_or("unknown", |rule| &rule.name);
            format!(
                "| {severity} | {} | {} | {} | {} | {} |\n",
                cell(&code(rule)),
                cell(&stage(&violation.stage)),
                cell(&setting(violation.path_text())),
                cell(&found(facts, violation)),
                cell(&short(&violation.expected, VALUE)),
            )
        },
    );
    budget::left_out(page, "", results.total(), shown, "violation");
}

fn found(facts: &Facts<'_>, violation: &Violation) -> String {
    let value = words::value(&violation.actual).map_or_else(
        || words::no_value(violation).to_owned(),
        |value| short(&value, VALUE),
    );
    let notes: Vec<String> = words::origin(violation)
        .map(str::to_owned)
        .into_iter()
        .chain(words::expired(facts, violation))
        .collect();
    if notes.is_empty() {
        value
    } else {
        format!("{value} ({})", notes.join("; "))
    }
}

/// The waived violations, with owner, reason and last day.
pub(super) fn waived(facts: &Facts<'_>, page: &mut String) {
    let results = facts.results;
    if results.waived.is_empty() {
        return;
    }
    page.push_str("\n## Waived\n\n| Rule | Stage | Setting | Found | Until | Owner | Reason |\n");
    page.push_str("| --- | --- | --- | --- | --- | --- | --- |\n");
    let shown = budget::fill(
        page,
        budget::WAIVED,
        &results.waived,
        |Waived { violation, waiver }| {
            let rule = results
                .rule(violation.rule)
                .map_or("unknown", |rule| &rule.name);
            let waiver = results.waivers.get(*waiver as usize);
            let of_waiver = |of: fn(&WaiverFacts) -> &str| {
                waiver.map(|waiver| prose(of(waiver))).unwrap_or_default()
            };
            format!(
                "| {} | {} | {} | {} | {} | {} | {} |\n",
                cell(&code(rule)),
                cell(&stage(&violation.stage)),
                cell(&setting(violation.path_text())),
                cell(&found(facts, violation)),
                cell(&of_waiver(|waiver| &waiver.expires)),
                cell(&of_waiver(|waiver| &waiver.owner)),
                cell(&of_waiver(|waiver| &waiver.reason)),
            )
        },
    );
    budget::left_out(page, "", results.waived.len(), shown, "waived violation");
}

/// The rules that are violated, each once: why it should hold and how to put it right.
pub(super) fn rules(facts: &Facts<'_>, page: &mut String) {
    let violated = words::violated_rules(facts);
    if violated.is_empty() {
        return;
    }
    page.push_str("\n## What to do\n\n");
    let shown = budget::fill(page, budget::RULES, &violated, |(rule, count)| {
        rule_entry(rule, *count)
    });
    budget::left_out(page, "", violated.len(), shown, "rule");
}

fn rule_entry(rule: &RuleFacts, count: u64) -> String {
    let place = code(&format!("{}:{}", rule.file, rule.line));
    let count = words::count(count, "violation");
    let mut entry = format!(
        "- **{}** {}: {} ({count}, {place})\n",
        rule.severity,
        code(&rule.name),
        prose(&rule.title)
    );
    for (label, text) in [("Why", &rule.why), ("Fix", &rule.fix)] {
        if let Some(text) = text {
            entry.push_str(&format!("  - {label}: {}\n", prose(text)));
        }
    }
    if !rule.references.is_empty() {
        let links: Vec<String> = rule
            .references
            .iter()
            .map(|text| {
                web_address(text).map_or_else(|| prose(text), |address| format!("<{address}>"))
            })
            .collect();
        entry.push_str(&format!("  - References: {}\n", links.join(", ")));
    }
    entry
}
