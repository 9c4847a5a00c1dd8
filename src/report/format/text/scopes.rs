//! The accounts and Regions that were read, at a terminal. It must not know what was found.

use std::io;

use super::paint::{ALARM, BOLD, DIM, PLAIN};
use crate::model::state::{Scope, ScopeOutcome};
use crate::report::escape::terminal::visible;
use crate::report::facts::Facts;
use crate::report::page::Page;
use crate::report::words;

/// Number of scopes of each outcome that are named one by one. The accounting above them counts all.
const MOST_SCOPES: usize = 20;

/// Writes the source, and how far each account and Region was read.
pub(super) fn scopes(facts: &Facts<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let source = words::source(facts, |text| visible(text).into_owned());
    page.paragraph(0, 2, &[(BOLD, "Read from "), (BOLD, &source)])?;
    let scopes = &facts.results.scopes;
    if scopes.is_empty() {
        return page.paragraph(2, 6, &[(PLAIN, "no account or Region")]);
    }
    if let Some(accounting) = words::accounting(facts) {
        page.paragraph(2, 4, &[(PLAIN, &accounting)])?;
    }
    let left_out = one_by_one(scopes, page)?;
    let more = if scopes.iter().all(is_empty) {
        ""
    } else {
        "more "
    };
    let empty = scopes.iter().filter(|scope| is_empty(scope));
    if let Some(regions) = words::regions(empty, more) {
        let line = format!("{regions} {}: no API", words::read_whole(facts));
        page.paragraph(2, 6, &[(DIM, &line)])?;
    }
    if let Some(regions) = words::regions(left_out, "more ") {
        let line = format!("{regions} not named here; --report json has them all");
        page.paragraph(2, 6, &[(DIM, &line)])?;
    }
    excluded(scopes, page)
}

/// True for a Region without APIs. Most Regions of an organization's accounts are empty; one line counts them all.
fn is_empty(scope: &Scope) -> bool {
    let nothing = scope.apis == 0 && scope.skipped_apis == 0 && scope.stages == 0;
    scope.outcome == ScopeOutcome::Checked && nothing && scope.region.is_some()
}

/// Writes the scopes to be named, each on a line, and returns those for which there is no room.
fn one_by_one<'s>(scopes: &'s [Scope], page: &mut Page<'_>) -> io::Result<Vec<&'s Scope>> {
    let mut left_out = Vec::new();
    for outcome in [
        ScopeOutcome::Unchecked,
        ScopeOutcome::Partial,
        ScopeOutcome::Checked,
    ] {
        let of_it: Vec<_> = scopes
            .iter()
            .filter(|scope| scope.outcome == outcome && !is_empty(scope))
            .collect();
        let (named, more) = of_it.split_at(of_it.len().min(MOST_SCOPES));
        for scope in named {
            one_scope(scope, page)?;
        }
        left_out.extend(more);
    }
    Ok(left_out)
}

fn excluded(scopes: &[Scope], page: &mut Page<'_>) -> io::Result<()> {
    let names: Vec<String> = scopes
        .iter()
        .filter(|scope| scope.outcome == ScopeOutcome::Excluded)
        .map(|scope| words::place(scope.account.as_deref(), scope.region.as_deref()))
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    let (named, more) = names.split_at(names.len().min(MOST_SCOPES));
    let mut line = format!("Excluded: {}", visible(&named.join(", ")));
    if !more.is_empty() {
        line.push_str(&format!(", and {} more", words::number(more.len() as u64)));
    }
    page.paragraph(2, 6, &[(DIM, &line)])
}

fn one_scope(scope: &Scope, page: &mut Page<'_>) -> io::Result<()> {
    let place = words::place(scope.account.as_deref(), scope.region.as_deref());
    let mut counts = format!(
        ": {} of {}",
        words::count(scope.stages, "stage"),
        words::count(scope.apis, "API")
    );
    if scope.skipped_apis > 0 {
        counts.push_str(&format!(
            ", {} that no rule can match skipped",
            words::count(scope.skipped_apis, "API")
        ));
    }
    let (paint, outcome) = match scope.outcome {
        ScopeOutcome::Checked | ScopeOutcome::Excluded => (PLAIN, ""),
        ScopeOutcome::Partial => (ALARM, ", read in part"),
        ScopeOutcome::Unchecked => (ALARM, ": not read"),
    };
    if scope.outcome == ScopeOutcome::Unchecked {
        counts.clear();
    }
    page.paragraph(
        2,
        6,
        &[
            (PLAIN, &visible(&place)),
            (PLAIN, &counts),
            (paint, outcome),
        ],
    )
}
