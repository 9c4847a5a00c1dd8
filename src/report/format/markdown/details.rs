//! The violations of each API, folded: for each of its stages a diff of the settings found and expected.

use super::{budget, diff};
use crate::model::finding::{StageName, Violation};
use crate::report::escape::html::html;
use crate::report::escape::markdown::{code, fence};
use crate::report::facts::Facts;
use crate::report::words;

/// Settings of one stage that are shown.
const SETTINGS: usize = 60;

/// A section for each API with violations.
pub(super) fn by_api(facts: &Facts<'_>, page: &mut String) {
    let mut all: Vec<&Violation> = facts
        .results
        .violations()
        .map(|(_, violation)| violation)
        .collect();
    if all.is_empty() {
        return;
    }
    // Stable, so that on each stage the worst stay first.
    all.sort_by(|a, b| a.stage.order(&b.stage));
    let apis: Vec<&[&Violation]> = all.chunk_by(|a, b| same_api(&a.stage, &b.stage)).collect();
    page.push_str("\n## Details by API\n");
    let shown = budget::fill(page, budget::DETAILS, &apis, |api| section(facts, api));
    budget::left_out(page, "", apis.len(), shown, "API");
}

fn same_api(a: &StageName, b: &StageName) -> bool {
    a.place == b.place && a.api.id == b.api.id
}

fn section(facts: &Facts<'_>, violations: &[&Violation]) -> String {
    let [first, ..] = violations else {
        return String::new();
    };
    let stage = &first.stage;
    let protocol = stage
        .api
        .protocol
        .as_deref()
        .map(|name| format!(" <code>{}</code>", html(name)))
        .unwrap_or_default();
    let mut section = format!(
        "\n<details>\n<summary><code>{}</code>{protocol} in <code>{}</code>: {}</summary>\n",
        html(&words::api(stage)),
        html(&words::place(
            stage.place.account.as_deref(),
            stage.place.region.as_deref()
        )),
        words::count(violations.len() as u64, "violation"),
    );
    for stage in violations.chunk_by(|a, b| a.stage.order(&b.stage).is_eq()) {
        section.push_str(&one_stage(facts, stage));
    }
    section.push_str("\n</details>\n");
    section
}

fn one_stage(facts: &Facts<'_>, violations: &[&Violation]) -> String {
    let [first, ..] = violations else {
        return String::new();
    };
    let mut rules: Vec<String> = Vec::new();
    for rule in violations
        .iter()
        .filter_map(|violation| facts.results.rule(violation.rule))
    {
        let name = code(&rule.name);
        if !rules.contains(&name) {
            rules.push(name);
        }
    }
    let (shown, rest) = violations.split_at(violations.len().min(SETTINGS));
    let diff = diff::diff(shown);
    let fence = fence(&diff);
    let mut text = format!(
        "\nStage {}, against {}:\n",
        code(words::stage(&first.stage)),
        words::list(&rules)
    );
    text.push_str(&format!("\n{fence}diff\n{diff}{fence}\n"));
    budget::left_out(
        &mut text,
        "",
        violations.len(),
        violations.len() - rest.len(),
        "violation",
    );
    text
}
