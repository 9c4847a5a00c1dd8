//! The violations at a terminal: what is wrong on each stage, and what to do about it.

use std::io;

use anstyle::AnsiColor;

use super::paint::{ALARM, BOLD, DIM, INDENT, PLAIN, paint};
use crate::model::Severity;
use crate::model::finding::{StageName, Violation};
use crate::report::escape::terminal::visible;
use crate::report::facts::Facts;
use crate::report::page::Page;
use crate::report::words;

/// A stage's name as the heading of what was found on it.
fn heading(stage: &StageName, page: &mut Page<'_>) -> io::Result<()> {
    let (name, details) = (
        words::stage_name(stage),
        words::details(stage, stage.api.protocol.as_deref()),
    );
    page.paragraph(0, 2, &[(BOLD, &visible(&name)), (DIM, &visible(&details))])
}

/// Writes what fails on each stage, stage by stage.
pub(super) fn violations(facts: &Facts<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let mut all: Vec<(Severity, &Violation)> = facts.results.violations().collect();
    // Stable, so that on each stage the worst stay first.
    all.sort_by(|(_, a), (_, b)| a.stage.order(&b.stage));
    for stage in all.chunk_by(|(_, a), (_, b)| a.stage.order(&b.stage).is_eq()) {
        page.blank()?;
        if let [(_, first), ..] = stage {
            heading(&first.stage, page)?;
        }
        // Within a severity the order is by route, so that a rule may come up again: it is shown once, with all settings.
        let mut rules: Vec<(Severity, u32)> = Vec::new();
        for (severity, violation) in stage {
            if !rules.contains(&(*severity, violation.rule)) {
                rules.push((*severity, violation.rule));
            }
        }
        for (severity, rule) in rules {
            rule_line(facts, severity, rule, page)?;
            for (_, violation) in stage.iter().filter(|(_, violation)| violation.rule == rule) {
                setting(facts, violation, page)?;
            }
        }
    }
    Ok(())
}

fn rule_line(
    facts: &Facts<'_>,
    severity: Severity,
    rule: u32,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let (name, title) = facts
        .results
        .rule(rule)
        .map_or(("unknown rule", ""), |rule| (&*rule.name, &*rule.title));
    let (label, name) = (format!("{severity:8}"), visible(name));
    page.paragraph(
        2,
        INDENT,
        &[
            (paint(severity), &label),
            (PLAIN, "  "),
            (BOLD, &name),
            (PLAIN, ": "),
            (PLAIN, &visible(title)),
        ],
    )
}

/// Writes one setting that fails.
pub(super) fn setting(
    facts: &Facts<'_>,
    violation: &Violation,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let path = violation.path_text().unwrap_or("the stage as a whole");
    let found = match words::value(&violation.actual) {
        None => words::no_value(violation).to_owned(),
        Some(value) => visible(&value).into_owned(),
    };
    let origin = words::origin(violation)
        .map(|origin| format!(" ({origin})"))
        .unwrap_or_default();
    page.paragraph(
        INDENT,
        INDENT + 2,
        &[
            (PLAIN, &visible(path)),
            (PLAIN, ": found "),
            (AnsiColor::Red.on_default(), &found),
            (DIM, &origin),
            (PLAIN, ", expected "),
            (AnsiColor::Green.on_default(), &visible(&violation.expected)),
            (
                ALARM,
                &words::expired(facts, violation)
                    .map(|remark| format!(" ({remark})"))
                    .unwrap_or_default(),
            ),
        ],
    )
}

/// Writes the rules that are violated, how often, and their fix: the title of a rule that has none.
pub(super) fn what_to_do(facts: &Facts<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let rules = words::violated_rules(facts);
    if rules.is_empty() {
        return Ok(());
    }
    page.blank()?;
    page.paragraph(0, 2, &[(BOLD, "What to do")])?;
    for (rule, count) in rules {
        let (label, name) = (format!("{:8}", rule.severity), visible(&rule.name));
        let count = format!(", {}", words::count(count, "violation"));
        page.paragraph(
            2,
            INDENT,
            &[
                (paint(rule.severity), &label),
                (PLAIN, "  "),
                (BOLD, &name),
                (PLAIN, &count),
            ],
        )?;
        let fix = rule.fix.as_deref().filter(|fix| !fix.is_empty());
        for line in fix.unwrap_or(&rule.title).lines() {
            page.paragraph(INDENT, INDENT, &[(PLAIN, &visible(line))])?;
        }
        let place = format!("{}:{}", visible(&rule.file), rule.line);
        page.paragraph(INDENT, INDENT, &[(DIM, &place)])?;
    }
    Ok(())
}
