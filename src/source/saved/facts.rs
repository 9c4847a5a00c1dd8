//! Facts that a snapshot states twice, compared: scopes requested and answered, counts and lines.

use std::collections::BTreeMap;

use super::snapshot::{Asked, Trailer};
use crate::model::register::{Noted, Place};
use crate::model::state::{Scope, ScopeOutcome};

/// The first disagreement between the header, the trailer, and the lines between them.
pub(super) fn disagreement(asked: Option<&[Asked]>, trailer: &Trailer, noted: &Noted) -> Option<String> {
    if let Some((one, other)) = noted.twice() {
        return Some(format!("lines {one} and {other} are the same stage"));
    }
    if let Some((one, other)) = noted.described_in_two_ways() {
        return Some(format!("lines {one} and {other} describe one API in two ways"));
    }
    let scopes = trailer.scopes.as_deref().unwrap_or_default();
    if trailer.complete && !trailer.unchecked.is_empty() {
        return Some("the trailer lists what was not read, and calls the snapshot complete".to_owned());
    }
    if let Some(scope) = scopes.iter().find(|scope| trailer.complete && scope.is_unread()) {
        let outcome = scope.outcome.name();
        return Some(format!("the trailer calls {} {outcome}, and the snapshot complete", place(&of(scope))));
    }
    if let Some(asked) = asked {
        let asked = asked.iter().map(|asked| (asked.account.clone(), asked.region.clone()));
        if let Some(wrong) = unanswered(&counted(asked), &counted(scopes.iter().map(of))) {
            return Some(wrong);
        }
    }
    trailer.scopes.as_ref()?;
    let there = noted.apis();
    counts(scopes, noted).or_else(|| scopes.iter().find_map(|scope| apis(scope, &there)))
}

fn of(scope: &Scope) -> Place {
    (scope.account.clone(), scope.region.clone())
}

fn counted(places: impl Iterator<Item = Place>) -> BTreeMap<Place, u64> {
    let mut counts = BTreeMap::new();
    for place in places {
        *counts.entry(place).or_default() += 1;
    }
    counts
}

/// Scopes in the header or the trailer alone.
fn unanswered(asked: &BTreeMap<Place, u64>, answered: &BTreeMap<Place, u64>) -> Option<String> {
    // An account that nobody could look into, or that is left out, may have several lines without a Region.
    if let Some((at, _)) = answered.iter().find(|((_, region), count)| region.is_some() && **count > 1) {
        return Some(format!("the trailer has {} twice", place(at)));
    }
    if let Some(at) = asked.keys().find(|at| !answered.contains_key(*at)) {
        return Some(format!("the header asks for {}, and the trailer does not answer", place(at)));
    }
    let at = answered.keys().find(|at| !asked.contains_key(*at))?;
    Some(format!("the trailer answers for {}, and the header does not ask for it", place(at)))
}

/// Stages that are counted for a scope and not there, or the other way round.
fn counts(scopes: &[Scope], noted: &Noted) -> Option<String> {
    let mut stages: BTreeMap<Place, (u64, u64)> = BTreeMap::new();
    for scope in scopes {
        let (counted, _) = stages.entry(of(scope)).or_default();
        *counted = counted.saturating_add(scope.stages);
    }
    for (at, there) in noted.stages() {
        match stages.get_mut(at) {
            Some((_, lines)) => *lines = there,
            None => return Some(format!("there are stages of {}, which the trailer does not list", place(at))),
        }
    }
    let differs = stages.iter().find(|(_, (counted, lines))| counted != lines);
    if let Some((at, (counted, lines))) = differs {
        return Some(format!("the trailer counts {counted} stages of {}, and {lines} are there", place(at)));
    }
    let read = |scope: &&Scope| matches!(scope.outcome, ScopeOutcome::Checked | ScopeOutcome::Partial);
    let scope = scopes.iter().filter(|scope| scope.stages > 0).find(|scope| !read(scope))?;
    Some(format!("the trailer calls {} {}, and its stages are there", place(&of(scope)), scope.outcome.name()))
}

/// APIs of a scope that are not accounted for.
fn apis(scope: &Scope, there: &BTreeMap<&Place, u64>) -> Option<String> {
    let counts = [scope.checked_apis, scope.skipped_apis, scope.deleted_apis, scope.unchecked_apis];
    let sum = counts.into_iter().fold(0, u64::saturating_add);
    let (at, apis) = (of(scope), scope.apis);
    if sum > 0 && sum != apis {
        return Some(format!("the trailer lists {apis} APIs of {} and accounts for {sum}", place(&at)));
    }
    let there = there.get(&at).copied().unwrap_or_default();
    (apis > 0 && there > apis)
        .then(|| format!("the trailer lists {apis} APIs of {}, and stages of {there} are there", place(&at)))
}

/// An account and a Region as messages have them.
fn place((account, region): &Place) -> String {
    let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "null".to_owned());
    format!("{} {}", part(account), part(region))
}
