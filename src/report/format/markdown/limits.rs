//! The limits of an audit, in Markdown: the alert below the verdict, undecided checks, warnings, scopes and coverage.
//! It must not know violations.

use super::budget;
use super::inline::{setting, short, stage};
use crate::model::state::{Gap, Scope, ScopeOutcome};
use crate::report::escape::markdown::{cell, code, prose};
use crate::report::facts::Facts;
use crate::report::words;

/// Characters of a message from AWS.
const MESSAGE: usize = 500;

/// The alert below the verdict, which lists everything that could not be read.
pub(super) fn alert(facts: &Facts<'_>, page: &mut String) {
    let (results, judged) = (facts.results, facts.judgement);
    let mut paragraphs = Vec::new();
    if let Some(signal) = judged.signal {
        paragraphs.push(format!(
            "**Interrupted by {}:** what follows was known until then.",
            signal.name()
        ));
    }
    if judged.nothing_governed {
        paragraphs.push(format!(
            "**Nothing was verified:** {}.",
            words::looked_at(facts)
        ));
    }
    if let Some(unknown) = words::unknown(results.gaps.len(), results.summary.undecided) {
        let listed = if results.gaps.is_empty() {
            ""
        } else {
            " Nothing is known about:"
        };
        paragraphs.push(format!("**This audit is incomplete:** {unknown}.{listed}"));
    }
    if paragraphs.is_empty() {
        return;
    }
    page.push_str("\n> [!WARNING]\n");
    for (at, paragraph) in paragraphs.iter().enumerate() {
        page.push_str(if at == 0 { "" } else { ">\n" });
        page.push_str(&format!("> {paragraph}\n"));
    }
    if !results.gaps.is_empty() {
        page.push_str(">\n");
        let shown = budget::fill(page, budget::ALERT, &results.gaps, |gap| {
            format!("> - {}\n", unread(gap))
        });
        budget::left_out(page, "> ", results.gaps.len(), shown, "thing");
    }
}

fn unread(gap: &Gap) -> String {
    let mut entry = about(
        gap.account.as_deref(),
        gap.region.as_deref(),
        gap.api_id.as_deref(),
        gap.stage.as_deref(),
    )
    .unwrap_or_else(|| "the whole source".to_owned());
    for text in [&gap.operation, &gap.code, &gap.message] {
        if !text.is_empty() {
            entry.push_str(&format!(": {}", short(text, MESSAGE)));
        }
    }
    if !gap.hint.is_empty() {
        entry.push_str(&format!(". Hint: {}", prose(&gap.hint)));
    }
    entry
}

/// The subject of a gap or a warning, as inline Markdown.
fn about(
    account: Option<&str>,
    region: Option<&str>,
    api: Option<&str>,
    stage: Option<&str>,
) -> Option<String> {
    let mut parts = Vec::new();
    if account.is_some() || region.is_some() {
        parts.push(code(&words::place(account, region)));
    }
    parts.extend(api.map(|api| format!("API {}", code(api))));
    parts.extend(stage.map(|stage| format!("stage {}", code(stage))));
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// The undecided checks, and their reasons.
pub(super) fn undecided(facts: &Facts<'_>, page: &mut String) {
    let results = facts.results;
    if results.undecided.is_empty() {
        return;
    }
    page.push_str("\n## Could not be decided\n\n| Rule | Stage | Setting | Why |\n| --- | --- | --- | --- |\n");
    let shown = budget::fill(page, budget::UNDECIDED, &results.undecided, |one| {
        let rule = results.rule(one.rule).map_or("unknown", |rule| &rule.name);
        let mut path = setting(one.path.as_deref());
        if let Some(route) = &one.route {
            path.push_str(&format!(" for {}", code(route)));
        }
        format!(
            "| {} | {} | {} | {} |\n",
            cell(&code(rule)),
            cell(&stage(&one.stage)),
            cell(&path),
            cell(&prose(&one.reason))
        )
    });
    budget::left_out(page, "", results.undecided.len(), shown, "setting");
    for hint in words::hints(&results.undecided) {
        page.push_str(&format!("\nHint: {hint}\n"));
    }
}

/// The warnings.
pub(super) fn warnings(facts: &Facts<'_>, page: &mut String) {
    let warnings = &facts.results.warnings;
    if warnings.is_empty() {
        return;
    }
    page.push_str("\n## Warnings\n\n");
    let shown = budget::fill(page, budget::WARNINGS, warnings, |warning| {
        let about = about(
            warning.account.as_deref(),
            warning.region.as_deref(),
            warning.api_id.as_deref(),
            warning.stage.as_deref(),
        );
        let about = about.map(|about| format!(" ({about})")).unwrap_or_default();
        format!(
            "- {}: {}{about}\n",
            code(&warning.kind),
            prose(&warning.message)
        )
    });
    budget::left_out(page, "", warnings.len(), shown, "warning");
}

/// The accounts and Regions, and how far each was read.
pub(super) fn scopes(facts: &Facts<'_>, page: &mut String) {
    let scopes = &facts.results.scopes;
    if scopes.is_empty() {
        return;
    }
    page.push_str(
        "\n## Regions\n\n| Account | Region | Outcome | APIs | APIs skipped | Stages |\n",
    );
    page.push_str("| --- | --- | --- | ---: | ---: | ---: |\n");
    // Scopes that were not read come first, empty ones last, where they may be left out.
    let mut scopes: Vec<&Scope> = scopes.iter().collect();
    scopes.sort_by_key(|scope| match scope.outcome {
        ScopeOutcome::Partial | ScopeOutcome::Unchecked => 0,
        ScopeOutcome::Checked if scope.apis > 0 || scope.stages > 0 => 1,
        ScopeOutcome::Checked => 2,
        ScopeOutcome::Excluded => 3,
    });
    let all = scopes.len();
    let shown = budget::fill(page, budget::SCOPES, scopes, |scope| {
        let outcome = match scope.outcome {
            ScopeOutcome::Checked | ScopeOutcome::Excluded => scope.outcome.name().to_owned(),
            ScopeOutcome::Partial | ScopeOutcome::Unchecked => {
                format!("**{}**", scope.outcome.name())
            }
        };
        // An account that was not looked into has no Regions here.
        let of_account = |scope: &Scope| {
            scope.region.is_none()
                && matches!(
                    scope.outcome,
                    ScopeOutcome::Unchecked | ScopeOutcome::Excluded
                )
        };
        let name = |name: &Option<String>| {
            name.as_deref()
                .map_or_else(|| "not stated".to_owned(), code)
        };
        format!(
            "| {} | {} | {outcome} | {} | {} | {} |\n",
            cell(&name(&scope.account)),
            if of_account(scope) {
                "all".to_owned()
            } else {
                cell(&name(&scope.region))
            },
            words::number(scope.apis),
            words::number(scope.skipped_apis),
            words::number(scope.stages)
        )
    });
    budget::left_out(page, "", all, shown, "Region");
}

/// The stages and fields that the policies do not cover.
pub(super) fn coverage(facts: &Facts<'_>, page: &mut String) {
    let coverage = &facts.results.coverage;
    let mut entries = Vec::new();
    if !coverage.ungoverned.is_empty() {
        let count = words::count(coverage.ungoverned.len() as u64, "stage");
        entries.push(format!(
            "- {count} that no rule governs, named in the JSON report.\n"
        ));
    }
    for (names, noun, what) in [
        (&coverage.unused_rules, "rule", "governed no stage"),
        (&coverage.unread_fields, "field", "no rule reads"),
    ] {
        if !names.is_empty() {
            let codes: Vec<String> = names.iter().map(|name| code(name)).collect();
            entries.push(format!(
                "- {} that {what}: {}.\n",
                words::count(names.len() as u64, noun),
                words::list(&codes)
            ));
        }
    }
    if entries.is_empty() {
        return;
    }
    page.push_str("\n## Coverage\n\n");
    let shown = budget::fill(page, budget::COVERAGE, &entries, Clone::clone);
    budget::left_out(page, "", entries.len(), shown, "list");
}
