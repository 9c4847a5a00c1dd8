//! What was found so far, and how it is added up into one outcome in one order.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::rules::Rules;
use super::verdict::{Selection, Verdict, undecided_beside, verdict};
use super::waive::Ruling;
use crate::model::catalogue::{API, API_FIELD, Field, Kind, Protocol, STAGE};
use crate::model::consistency::inconsistency;
use crate::model::finding::{ApiName, Place, StageName, Undecided, Violation, Waived};
use crate::model::outcome::Coverage;
use crate::model::state::{Close, Explained, Gap, Scope, ScopeOutcome};
use crate::model::{Document, Outcome, Path};
use crate::policy::language::explain::{Failure, Open};
use crate::policy::language::fields::Fields;
use crate::policy::read::waiver::Waivers;
use crate::policy::{Policies, Policy, Rule};

/// The sum of some stages.
pub struct Ledger {
    outcome: Outcome,
    /// What was seen in each account and Region.
    places: BTreeMap<Place, Seen>,
    /// Rules that governed a stage.
    used: Vec<bool>,
    /// Waivers that covered a violation.
    waivers_used: Vec<bool>,
    /// Texts that many findings share.
    texts: BTreeSet<Arc<str>>,
    /// Paths that many findings share.
    paths: BTreeSet<Arc<Path>>,
    /// The place and the API of the last stage: its neighbours mostly share them.
    last: Option<(Arc<Place>, Arc<ApiName>)>,
    /// The first and the last stage with violations.
    ends: Option<(Arc<StageName>, Arc<StageName>)>,
    /// Whether the violations are in the order of reports. They are when the source yields its stages in order.
    ordered: bool,
}

/// What was seen of one account and Region. The stages of an API stand together, so APIs are counted where one ends.
#[derive(Default)]
struct Seen {
    stages: u64,
    apis: u64,
    first_api: Option<Box<str>>,
    last_api: Option<Box<str>>,
}

impl Seen {
    fn stage(&mut self, api: Option<&str>) {
        self.stages += 1;
        if self.apis == 0 || self.last_api.as_deref() != api {
            self.apis += 1;
            self.last_api = api.map(Box::from);
            if self.apis == 1 {
                self.first_api.clone_from(&self.last_api);
            }
        }
    }

    fn add(&mut self, later: Self) {
        if self.apis == 0 {
            *self = later;
            return;
        }
        self.stages += later.stages;
        self.apis += later.apis - u64::from(self.last_api == later.first_api);
        self.last_api = later.last_api;
    }
}

impl Ledger {
    /// Nothing yet.
    pub fn new(rules: &Rules<'_>) -> Self {
        Self {
            outcome: Outcome::default(),
            places: BTreeMap::new(),
            used: vec![false; rules.policies.rules],
            waivers_used: vec![false; rules.waiving.len()],
            texts: BTreeSet::new(),
            paths: BTreeSet::new(),
            last: None,
            ends: None,
            ordered: true,
        }
    }

    /// Checks one stage against every rule.
    pub fn stage(&mut self, rules: &Rules<'_>, document: &Document<'_>) {
        self.outcome.stages += 1;
        self.count_place(document);
        let before = self.outcome.violations.each_ref().map(Vec::len);
        let mut governed = false;
        let mut name: Option<Arc<StageName>> = None;
        let mut last: Option<(&Policy, Selection)> = None;
        for (policy, rule) in &rules.in_order {
            // The rules of a policy stand together, and its own `match` says the same for all of them.
            let selection = match last {
                Some((known, selection)) if std::ptr::eq(known, *policy) => selection,
                _ => last.insert((policy, Selection::of(policy.selection.as_ref(), document))).1,
            };
            let selects = match selection {
                Selection::Nothing => continue,
                Selection::Everything => None,
                Selection::Open => policy.selection.as_ref(),
            };
            match verdict(selects, rule, document, rules.options) {
                Verdict::NotGoverned => continue,
                Verdict::NotApplicable => self.outcome.not_applicable += 1,
                Verdict::Conforms => governed = self.governs(rule),
                Verdict::Violates(findings) => {
                    governed = self.governs(rule);
                    let name = Arc::clone(name.get_or_insert_with(|| self.name(rules, document)));
                    self.violations(rules, (policy, rule), &name, findings, document);
                }
                Verdict::Undecided(questions) => {
                    governed = self.governs(rule);
                    self.outcome.undecided_checks += 1;
                    let name = Arc::clone(name.get_or_insert_with(|| self.name(rules, document)));
                    self.undecided(rule, &name, questions);
                }
            }
            self.outcome.checks += 1;
        }
        self.sort_since(before);
        if governed {
            self.outcome.governed += 1;
        } else {
            let name = name.unwrap_or_else(|| self.name(rules, document));
            self.outcome.coverage.ungoverned.push(name);
        }
    }

    /// Brings what one stage added into order, and notes whether it follows what was there.
    fn sort_since(&mut self, before: [usize; 5]) {
        let mut stage = None;
        for (list, before) in self.outcome.violations.iter_mut().zip(before) {
            let added = &mut list[before..];
            added.sort_by(Violation::order_on_a_stage);
            stage = added.first().map(|violation| Arc::clone(&violation.stage)).or(stage);
        }
        if let Some(stage) = stage {
            self.follow((Arc::clone(&stage), stage));
        }
    }

    /// Notes that stages were added, given the first and the last of them.
    fn follow(&mut self, (first, last): (Arc<StageName>, Arc<StageName>)) {
        self.ends = Some(match self.ends.take() {
            None => (first, last),
            Some((start, end)) => {
                self.ordered &= end.order(&first) == Ordering::Less;
                (start, last)
            }
        });
    }

    fn governs(&mut self, rule: &Rule) -> bool {
        if let Some(used) = self.used.get_mut(rule.number as usize) {
            *used = true;
        }
        true
    }

    fn count_place(&mut self, document: &Document<'_>) {
        // One place has thousands of stages in a row, so the last entry is nearly always the right one.
        if let Some((key, seen)) = self.places.iter_mut().next_back()
            && key.account.as_deref() == document.account
            && key.region.as_deref() == document.region
        {
            return seen.stage(document.api_id());
        }
        let key = Place { account: document.account.map(Box::from), region: document.region.map(Box::from) };
        self.places.entry(key).or_default().stage(document.api_id());
    }

    fn name(&mut self, rules: &Rules<'_>, document: &Document<'_>) -> Arc<StageName> {
        let known = self.last.as_ref().filter(|(place, api)| {
            place.account.as_deref() == document.account
                && place.region.as_deref() == document.region
                && api.id.as_deref() == document.api_id()
                && api.name.as_deref() == document.api_name()
                && api.protocol.as_deref() == document.protocol_name()
        });
        let (place, api) = match known {
            Some((place, api)) => (Arc::clone(place), Arc::clone(api)),
            None => {
                let same_place = self.last.as_ref().map(|(place, _)| place).filter(|place| {
                    place.account.as_deref() == document.account && place.region.as_deref() == document.region
                });
                let place = same_place.cloned().unwrap_or_else(|| {
                    Arc::new(Place { account: document.account.map(Box::from), region: document.region.map(Box::from) })
                });
                let api = Arc::new(ApiName {
                    id: document.api_id().map(Box::from),
                    name: document.api_name().map(|name| rules.shown(document, name).into()),
                    protocol: document.protocol_name().map(|name| match Protocol::from_name(name) {
                        Some(known) => Cow::Borrowed(known.name()),
                        None => Cow::Owned(name.to_owned()),
                    }),
                });
                self.last = Some((Arc::clone(&place), Arc::clone(&api)));
                (place, api)
            }
        };
        Arc::new(StageName { place, api, name: document.stage_name().map(Box::from) })
    }

    /// The same text as it may be held already: many findings share a route, a path or a demand.
    fn shared(&mut self, text: Arc<str>) -> Arc<str> {
        // The compiled policy holds most texts, and shares them itself.
        if Arc::strong_count(&text) > 1 {
            return text;
        }
        if let Some(known) = self.texts.get(&text) {
            return Arc::clone(known);
        }
        self.texts.insert(Arc::clone(&text));
        text
    }

    /// The same path as it may be held already.
    fn shared_path(&mut self, path: Arc<Path>) -> Arc<Path> {
        if Arc::strong_count(&path) > 1 {
            return path;
        }
        if let Some(known) = self.paths.get(&path) {
            return Arc::clone(known);
        }
        self.paths.insert(Arc::clone(&path));
        path
    }

    fn violations(
        &mut self,
        rules: &Rules<'_>,
        (policy, rule): (&Policy, &Rule),
        stage: &Arc<StageName>,
        failures: Vec<Failure>,
        document: &Document<'_>,
    ) {
        let mut all_waived = true;
        for failure in failures {
            let ruling = rules.waiving.ruling(rule.number, &failure, document, &mut self.waivers_used);
            let Failure { path, expected, actual, origin, reading, .. } = failure;
            let violation = Violation {
                rule: rule.number,
                origin,
                reading,
                expired: if let Ruling::Expired(waiver) = ruling { Some(waiver) } else { None },
                stage: Arc::clone(stage),
                route: path.route().map(|route| self.shared(route.into())),
                path: (!path.is_whole()).then(|| self.shared_path(path)),
                expected: self.shared(expected),
                actual,
            };
            if let Ruling::Waived(waiver) = ruling {
                self.outcome.waived.push(Waived { violation, waiver });
            } else {
                all_waived = false;
                self.outcome.violations[rule.facts.severity.rank()].push(violation);
            }
        }
        // What fails stands for the rule, and what is not known beside it can wait. What is waived does not.
        if all_waived {
            let questions = undecided_beside(policy.selection.as_ref(), rule, document, rules.options);
            self.outcome.undecided_checks += u64::from(!questions.is_empty());
            self.undecided(rule, stage, questions);
        }
    }

    fn undecided(&mut self, rule: &Rule, stage: &Arc<StageName>, questions: Vec<Open>) {
        for Open { route, path, reason } in questions {
            let undecided = Undecided {
                rule: rule.number,
                stage: Arc::clone(stage),
                route: route.map(|route| self.shared(route)),
                path: (!path.is_empty()).then(|| self.shared(path)),
                reason: self.shared(reason),
            };
            self.outcome.undecided.push(undecided);
        }
    }

    /// Adds the sum of other stages, which came later.
    pub fn add(&mut self, other: Self) {
        let (mine, theirs) = (&mut self.outcome, other.outcome);
        mine.stages += theirs.stages;
        mine.governed += theirs.governed;
        mine.checks += theirs.checks;
        mine.not_applicable += theirs.not_applicable;
        mine.undecided_checks += theirs.undecided_checks;
        for (mine, theirs) in mine.violations.iter_mut().zip(theirs.violations) {
            mine.extend(theirs);
        }
        mine.waived.extend(theirs.waived);
        mine.undecided.extend(theirs.undecided);
        mine.coverage.ungoverned.extend(theirs.coverage.ungoverned);
        for (place, seen) in other.places {
            self.places.entry(place).or_default().add(seen);
        }
        for (mine, theirs) in self.used.iter_mut().zip(other.used) {
            *mine |= theirs;
        }
        for (mine, theirs) in self.waivers_used.iter_mut().zip(other.waivers_used) {
            *mine |= theirs;
        }
        self.ordered &= other.ordered;
        if let Some(ends) = other.ends {
            self.follow(ends);
        }
    }

    /// The outcome of everything, in the order of reports.
    pub fn close(self, audit: &Rules<'_>, waivers: &Waivers, close: Close) -> Outcome {
        let Self { mut outcome, mut places, used, waivers_used, ordered, .. } = self;
        let policies = audit.policies;
        let mut rules: Vec<&Rule> = policies.rules().collect();
        rules.sort_by_key(|rule| rule.number);
        outcome.rules = rules.iter().map(|rule| rule.facts.clone()).collect();
        if !ordered {
            outcome.violations.par_iter_mut().for_each(|list| list.sort_by(Violation::order));
        }
        outcome.waivers = waivers.waivers.iter().map(|waiver| waiver.facts.clone()).collect();
        outcome.failed = close.failed.clone().or_else(|| unaccounted(&close, &places));
        outcome.asked = close.asked;
        outcome.narrowing = close.narrowing;
        if audit.options.sharded {
            // The part that this run is stands in the result as a whole, and is gone once all parts are merged.
            outcome.narrowing.shard = None;
        }
        outcome.scopes = close.scopes;
        for scope in &mut outcome.scopes {
            let key = Place {
                account: scope.account.as_deref().map(Box::from),
                region: scope.region.as_deref().map(Box::from),
            };
            let seen = places.remove(&key).unwrap_or_default();
            scope.stages = seen.stages;
            if close.handed_on.is_some() {
                continue;
            }
            // A source that does not know how many APIs there are leaves the number at 0.
            scope.apis = scope.apis.max(seen.apis);
            let others = scope.skipped_apis + scope.deleted_apis + scope.unchecked_apis;
            scope.checked_apis = scope.checked_apis.max(scope.apis.saturating_sub(others));
        }
        // A stage of a place that the source did not name as a scope: it is counted where it is.
        for (Place { account, region }, Seen { stages, apis, .. }) in places {
            outcome.scopes.push(Scope {
                account: account.map(String::from),
                region: region.map(String::from),
                apis,
                checked_apis: apis,
                stages,
                outcome: ScopeOutcome::Checked,
                ..Scope::default()
            });
        }
        outcome.gaps = close.gaps;
        outcome.unfound = close.unfound;
        if close.handed_on.is_none() {
            explain(&mut outcome);
        }
        if let (None, Some(wrong)) = (&outcome.failed, inconsistency(&outcome)) {
            outcome.failed = Some(if close.handed_on.is_some() {
                unbalanced(&wrong)
            } else {
                format!("the source contradicts itself: {wrong}. Take it again")
            });
        }
        outcome.warnings = close.warnings;
        let (warnings, unneeded) = audit.waiving.warnings(&waivers_used, &outcome, audit.options);
        outcome.warnings.extend(warnings);
        outcome.unneeded = unneeded;

        let Coverage { unused_rules, unread_fields, .. } = &mut outcome.coverage;
        *unused_rules =
            rules.iter().zip(used).filter(|(_, used)| !used).map(|(rule, _)| rule.facts.name.clone()).collect();
        unused_rules.sort();
        *unread_fields = unread(policies);
        if !audit.options.sharded {
            outcome.warnings.extend(outcome.unused_policies());
        }
        outcome.sort_others();
        outcome
    }
}

/// What the source has counted and the check has not seen, or nobody: then the verdict rests on nothing.
fn unaccounted(close: &Close, places: &BTreeMap<Place, Seen>) -> Option<String> {
    if let Some(meant) = close.scopes_meant.filter(|meant| *meant != close.scopes.len() as u64) {
        return Some(unbalanced(&format!("{meant} scopes were meant, and {} are there", close.scopes.len())));
    }
    let handed_on = close.handed_on?;
    let mut counted: BTreeMap<(Option<&str>, Option<&str>), u64> = BTreeMap::new();
    for scope in &close.scopes {
        *counted.entry((scope.account.as_deref(), scope.region.as_deref())).or_default() += scope.stages;
    }
    let checked: u64 = places.values().map(|seen| seen.stages).sum();
    let differs = places.iter().any(|(place, seen)| {
        counted.get(&(place.account.as_deref(), place.region.as_deref())).copied().unwrap_or_default() != seen.stages
    });
    (checked != handed_on || differs)
        .then(|| unbalanced(&format!("{handed_on} stages were read and {checked} checked")))
}

fn unbalanced(wrong: &str) -> String {
    format!("the books do not balance: {wrong}. This is a bug of driftgate; please report it")
}

/// Adds a gap for each scope of a saved source that was not read whole and has none.
fn explain(outcome: &mut Outcome) {
    let missing = Explained::of(&outcome.gaps);
    let mut unsaid = Vec::new();
    for scope in outcome.scopes.iter().filter(|scope| scope.is_unread() && !missing.covers(scope)) {
        unsaid.push(Gap {
            account: scope.account.clone(),
            region: scope.region.clone(),
            operation: "read".to_owned(),
            code: "Incomplete".to_owned(),
            message: format!("the source calls it {} and does not say why", scope.outcome.name()),
            hint: "take it again".to_owned(),
            ..Gap::default()
        });
    }
    outcome.gaps.extend(unsaid);
}

/// The paths of fields that no rule reads, in the order of the catalogue.
fn unread(policies: &Policies) -> Vec<String> {
    let reads = policies.fields();
    let mut unread = Vec::new();
    leaves(STAGE, "", &reads, &mut unread);
    leaves(API, &format!("{}.", API_FIELD.name), &reads, &mut unread);
    unread
}

fn leaves(fields: &[Field], prefix: &str, reads: &Fields, unread: &mut Vec<String>) {
    for field in fields {
        let path = format!("{prefix}{}", field.name);
        if reads.is_tested(&path) {
            continue;
        }
        match field.kind {
            Kind::Struct(members) => leaves(members, &format!("{path}."), reads, unread),
            _ if reads.is_looked_into(&path) => {}
            _ => unread.push(path),
        }
    }
}
