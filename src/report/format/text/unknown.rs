//! The limits of an audit, at a terminal: coverage, warnings, undecided checks, and gaps. It must not know violations.

use std::io;

use super::paint::{ALARM, BOLD, DIM, PLAIN};
use crate::report::escape::terminal::visible;
use crate::report::facts::Facts;
use crate::report::page::Page;
use crate::report::words;

/// Number of stages without rules that are named; a fleet may have thousands of them by intent.
const UNGOVERNED: usize = 5;

/// The stages and rules that have nothing to do with each other.
pub(super) fn coverage(facts: &Facts<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let coverage = &facts.results.coverage;
    if !coverage.ungoverned.is_empty() || !coverage.unused_rules.is_empty() {
        page.blank()?;
    }
    if !coverage.ungoverned.is_empty() {
        let total = coverage.ungoverned.len();
        let mut names: Vec<String> = coverage
            .ungoverned
            .iter()
            .take(UNGOVERNED)
            .map(|stage| words::stage_name(stage))
            .collect();
        if total > UNGOVERNED {
            let more = (total - UNGOVERNED) as u64;
            names.push(format!(
                "{} more, all of them in --report json",
                words::number(more)
            ));
        }
        let head = format!(
            "{} that no rule governs: ",
            words::count(total as u64, "stage")
        );
        page.paragraph(
            0,
            2,
            &[(BOLD, &head), (PLAIN, &visible(&words::list(&names)))],
        )?;
    }
    if !coverage.unused_rules.is_empty() {
        let total = coverage.unused_rules.len() as u64;
        let head = format!("{} that governed no stage: ", words::count(total, "rule"));
        page.paragraph(
            0,
            2,
            &[
                (BOLD, &head),
                (PLAIN, &visible(&words::list(&coverage.unused_rules))),
            ],
        )?;
    }
    Ok(())
}

/// The warnings.
pub(super) fn warnings(facts: &Facts<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let warnings = &facts.results.warnings;
    if warnings.is_empty() {
        return Ok(());
    }
    page.blank()?;
    page.paragraph(
        0,
        2,
        &[(BOLD, &words::count(warnings.len() as u64, "warning"))],
    )?;
    for warning in warnings {
        let place = about(
            warning.account.as_deref(),
            warning.region.as_deref(),
            warning.api_id.as_deref(),
            warning.stage.as_deref(),
        );
        let (kind, message) = (visible(&warning.kind), visible(&warning.message));
        let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
        page.paragraph(
            2,
            4,
            &[
                (PLAIN, &kind),
                (PLAIN, ": "),
                (PLAIN, &message),
                (DIM, &visible(&place)),
            ],
        )?;
    }
    Ok(())
}

/// The undecided checks, and their reasons.
pub(super) fn undecided(facts: &Facts<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let results = facts.results;
    if results.undecided.is_empty() {
        return Ok(());
    }
    page.blank()?;
    let head = format!(
        "{} could not be decided",
        words::count(results.summary.undecided, "check")
    );
    page.paragraph(0, 2, &[(ALARM, &head)])?;
    for stage in results
        .undecided
        .chunk_by(|a, b| a.stage.order(&b.stage).is_eq())
    {
        if let [first, ..] = stage {
            let name = words::stage_name(&first.stage) + &words::details(&first.stage, None);
            page.paragraph(2, 4, &[(BOLD, &visible(&name))])?;
        }
        for one in stage {
            let rule = results
                .rule(one.rule)
                .map_or("unknown rule", |rule| &rule.name);
            let path = one
                .path
                .as_deref()
                .map(|path| format!(", {path}"))
                .unwrap_or_default();
            let route = one
                .route
                .as_deref()
                .map(|route| format!(" for {route}"))
                .unwrap_or_default();
            page.paragraph(
                4,
                6,
                &[
                    (PLAIN, &visible(rule)),
                    (PLAIN, &visible(&path)),
                    (PLAIN, &visible(&route)),
                    (PLAIN, ": "),
                    (PLAIN, &visible(&one.reason)),
                ],
            )?;
        }
    }
    for hint in words::hints(&results.undecided) {
        page.paragraph(2, 4, &[(BOLD, "hint: "), (PLAIN, &hint.replace('`', ""))])?;
    }
    Ok(())
}

/// Everything that could not be read, with the reason and a hint.
pub(super) fn unchecked(facts: &Facts<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let gaps = &facts.results.gaps;
    if gaps.is_empty() {
        return Ok(());
    }
    page.blank()?;
    let head = format!(
        "{} could not be read; nothing is known about this",
        words::count(gaps.len() as u64, "thing")
    );
    page.paragraph(0, 2, &[(ALARM, &head)])?;
    for gap in gaps {
        let place = about(
            gap.account.as_deref(),
            gap.region.as_deref(),
            gap.api_id.as_deref(),
            gap.stage.as_deref(),
        );
        let place = place.unwrap_or_else(|| "the whole source".to_owned());
        page.paragraph(2, 4, &[(ALARM, &visible(&place))])?;
        let parts: Vec<&str> = [&gap.operation, &gap.code, &gap.message]
            .into_iter()
            .map(String::as_str)
            .filter(|s| !s.is_empty())
            .collect();
        page.paragraph(4, 6, &[(PLAIN, &visible(&parts.join(": ")))])?;
        for line in gap.hint.lines() {
            page.paragraph(4, 6, &[(BOLD, "hint: "), (PLAIN, &visible(line))])?;
        }
    }
    Ok(())
}

/// The subject of a gap or a warning; `None` if it is about nothing in particular.
fn about(
    account: Option<&str>,
    region: Option<&str>,
    api: Option<&str>,
    stage: Option<&str>,
) -> Option<String> {
    let mut parts: Vec<String> = [account, region]
        .into_iter()
        .flatten()
        .map(str::to_owned)
        .collect();
    parts.extend(api.map(|api| format!("API {api}")));
    parts.extend(stage.map(|stage| format!("stage {stage}")));
    (!parts.is_empty()).then(|| parts.join(" "))
}
