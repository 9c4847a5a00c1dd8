//! The waived violations at a terminal, with owner, reason and last day.

use std::io;

use super::paint::{BOLD, DIM, INDENT, PLAIN, paint};
use super::violations::setting;
use crate::model::Severity;
use crate::model::finding::Waived;
use crate::report::escape::terminal::visible;
use crate::report::facts::Facts;
use crate::report::page::Page;
use crate::report::words;

/// Writes the violations that are waived, if there are any.
pub(super) fn waived(facts: &Facts<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let results = facts.results;
    if results.waived.is_empty() {
        return Ok(());
    }
    page.blank()?;
    page.paragraph(
        0,
        2,
        &[(
            BOLD,
            &format!(
                "{} waived",
                words::count(results.waived.len() as u64, "violation")
            ),
        )],
    )?;
    let together = |a: &Waived, b: &Waived| {
        let key = |one: &Waived| (one.violation.rule, one.waiver);
        key(a) == key(b) && a.violation.stage.order(&b.violation.stage).is_eq()
    };
    for of_one in results.waived.chunk_by(together) {
        let [Waived { violation, waiver }, ..] = of_one else {
            continue;
        };
        let severity = results
            .rule(violation.rule)
            .map_or(Severity::Info, |rule| rule.severity);
        let rule = results
            .rule(violation.rule)
            .map_or("unknown rule", |rule| &rule.name);
        let (label, name) = (format!("{severity:8}"), words::stage_name(&violation.stage));
        page.paragraph(
            2,
            INDENT,
            &[
                (paint(severity), &label),
                (PLAIN, "  "),
                (BOLD, &visible(rule)),
                (PLAIN, " on "),
                (PLAIN, &visible(&name)),
                (DIM, &visible(&words::details(&violation.stage, None))),
            ],
        )?;
        for Waived { violation, .. } in of_one {
            setting(facts, violation, page)?;
        }
        if let Some(waiver) = results.waivers.get(*waiver as usize) {
            let until = format!("until {}, {}: ", waiver.expires, visible(&waiver.owner));
            page.paragraph(
                INDENT,
                INDENT + 2,
                &[(DIM, &until), (PLAIN, &visible(&waiver.reason))],
            )?;
        }
    }
    Ok(())
}
