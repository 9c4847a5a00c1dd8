//! Facts that a snapshot states twice, compared: scopes requested and answered, counts and lines.

use std::collections::BTreeMap;

use super::envelope::Trailer;
use super::index::IndexedStages;
use crate::model::state::{Scope, ScopeName, ScopeOutcome};

/// The first disagreement between the header, the trailer, and the lines between them.
pub fn contradiction(
    requested: Option<&[ScopeName]>,
    trailer: &Trailer,
    indexed: &IndexedStages,
) -> Option<String> {
    if let Some((one, other)) = indexed.twice() {
        return Some(format!("lines {one} and {other} are the same stage"));
    }
    if let Some((one, other)) = indexed.described_in_two_ways() {
        return Some(format!(
            "lines {one} and {other} describe one API in two ways"
        ));
    }
    let scopes = trailer.scopes.as_deref().unwrap_or_default();
    if trailer.complete && !trailer.unchecked.is_empty() {
        return Some(
            "the trailer lists what was not read, and calls the snapshot complete".to_owned(),
        );
    }
    if let Some(scope) = scopes
        .iter()
        .find(|scope| trailer.complete && scope.is_unread())
    {
        let outcome = scope.outcome.name();
        return Some(format!(
            "the trailer calls {} {outcome}, and the snapshot complete",
            scope.name()
        ));
    }
    if let Some(requested) = requested {
        let wrong = unanswered(
            &counted(requested.iter().cloned()),
            &counted(scopes.iter().map(Scope::name)),
        );
        if wrong.is_some() {
            return wrong;
        }
    }
    trailer.scopes.as_ref()?;
    let there = indexed.apis();
    counts(scopes, indexed).or_else(|| scopes.iter().find_map(|scope| apis(scope, &there)))
}

fn counted(names: impl Iterator<Item = ScopeName>) -> BTreeMap<ScopeName, u64> {
    let mut counts = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    counts
}

/// Scopes in the header or the trailer alone.
fn unanswered(
    requested: &BTreeMap<ScopeName, u64>,
    answered: &BTreeMap<ScopeName, u64>,
) -> Option<String> {
    // An account that could not be read, or that is excluded, may have several lines without a Region.
    if let Some((at, _)) = answered
        .iter()
        .find(|(name, count)| name.region.is_some() && **count > 1)
    {
        return Some(format!("the trailer has {at} twice"));
    }
    if let Some(at) = requested.keys().find(|at| !answered.contains_key(*at)) {
        return Some(format!(
            "the header asks for {at}, and the trailer does not answer"
        ));
    }
    let at = answered.keys().find(|at| !requested.contains_key(*at))?;
    Some(format!(
        "the trailer answers for {at}, and the header does not ask for it"
    ))
}

/// Stages that are counted for a scope and not there, or the other way round.
fn counts(scopes: &[Scope], indexed: &IndexedStages) -> Option<String> {
    let mut stages: BTreeMap<ScopeName, (u64, u64)> = BTreeMap::new();
    for scope in scopes {
        let (counted, _) = stages.entry(scope.name()).or_default();
        *counted = counted.saturating_add(scope.stages);
    }
    for (at, there) in indexed.stages() {
        match stages.get_mut(at) {
            Some((_, lines)) => *lines = there,
            None => {
                return Some(format!(
                    "there are stages of {at}, which the trailer does not list"
                ));
            }
        }
    }
    let differs = stages.iter().find(|(_, (counted, lines))| counted != lines);
    if let Some((at, (counted, lines))) = differs {
        return Some(format!(
            "the trailer counts {counted} stages of {at}, and {lines} are there"
        ));
    }
    let read =
        |scope: &&Scope| matches!(scope.outcome, ScopeOutcome::Checked | ScopeOutcome::Partial);
    let scope = scopes
        .iter()
        .filter(|scope| scope.stages > 0)
        .find(|scope| !read(scope))?;
    Some(format!(
        "the trailer calls {} {}, and its stages are there",
        scope.name(),
        scope.outcome.name()
    ))
}

/// APIs of a scope that are not accounted for.
fn apis(scope: &Scope, there: &BTreeMap<&ScopeName, u64>) -> Option<String> {
    let counts = [
        scope.checked_apis,
        scope.skipped_apis,
        scope.deleted_apis,
        scope.unchecked_apis,
    ];
    let sum = counts.into_iter().fold(0, u64::saturating_add);
    let (at, apis) = (scope.name(), scope.apis);
    if sum > 0 && sum != apis {
        return Some(format!(
            "the trailer lists {apis} APIs of {at} and accounts for {sum}"
        ));
    }
    let there = there.get(&at).copied().unwrap_or_default();
    (apis > 0 && there > apis)
        .then(|| format!("the trailer lists {apis} APIs of {at}, and stages of {there} are there"))
}
