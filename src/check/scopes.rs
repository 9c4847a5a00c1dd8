//! The stages and APIs that were checked in each account and Region.

use std::collections::BTreeMap;

use crate::model::Document;
use crate::model::finding::RegionName;
use crate::model::state::{Close, Scope, ScopeOutcome};

/// The counts of each account and Region.
#[derive(Default)]
pub struct ScopeCounts(BTreeMap<RegionName, Counts>);

/// The counts of one account and Region. The stages of an API follow each other, so APIs are counted where one ends.
#[derive(Default)]
struct Counts {
    stages: u64,
    apis: u64,
    first_api: Option<Box<str>>,
    last_api: Option<Box<str>>,
}

impl Counts {
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

impl ScopeCounts {
    /// Counts one stage.
    pub fn stage(&mut self, document: &Document<'_>) {
        // One place has thousands of stages in a row, so the last entry is nearly always the right one.
        if let Some((place, counts)) = self.0.iter_mut().next_back()
            && place.account.as_deref() == document.account
            && place.region.as_deref() == document.region
        {
            return counts.stage(document.api_id());
        }
        let place = RegionName {
            account: document.account.map(Box::from),
            region: document.region.map(Box::from),
        };
        self.0.entry(place).or_default().stage(document.api_id());
    }

    /// Adds the counts of stages that came later.
    pub fn add(&mut self, later: Self) {
        for (place, counts) in later.0 {
            self.0.entry(place).or_default().add(counts);
        }
    }

    /// The difference between these counts and those of a source that counts the stages it hands on, if there is one.
    pub fn difference(&self, close: &Close) -> Option<String> {
        if let Some(meant) = close
            .scopes_meant
            .filter(|meant| *meant != close.scopes.len() as u64)
        {
            return Some(format!(
                "{meant} scopes were meant, and {} are there",
                close.scopes.len()
            ));
        }
        let handed_on = close.handed_on?;
        let mut counted: BTreeMap<(Option<&str>, Option<&str>), u64> = BTreeMap::new();
        for scope in &close.scopes {
            *counted
                .entry((scope.account.as_deref(), scope.region.as_deref()))
                .or_default() += scope.stages;
        }
        let checked: u64 = self.0.values().map(|counts| counts.stages).sum();
        let differs = self.0.iter().any(|(place, counts)| {
            let place = (place.account.as_deref(), place.region.as_deref());
            counted.get(&place).copied().unwrap_or_default() != counts.stages
        });
        (checked != handed_on || differs)
            .then(|| format!("{handed_on} stages were read and {checked} checked"))
    }

    /// The scopes of a source with these counts.
    pub fn scopes(mut self, close: &mut Close) -> Vec<Scope> {
        let mut scopes = std::mem::take(&mut close.scopes);
        for scope in &mut scopes {
            let place = RegionName {
                account: scope.account.as_deref().map(Box::from),
                region: scope.region.as_deref().map(Box::from),
            };
            let counts = self.0.remove(&place).unwrap_or_default();
            scope.stages = counts.stages;
            if close.handed_on.is_some() {
                continue;
            }
            // A source that does not know how many APIs there are leaves the number at 0.
            scope.apis = scope.apis.max(counts.apis);
            let others = scope.skipped_apis + scope.deleted_apis + scope.unchecked_apis;
            scope.checked_apis = scope.checked_apis.max(scope.apis.saturating_sub(others));
        }
        // Stages in a place that the source does not list as a scope are counted where they are.
        scopes.extend(self.0.into_iter().map(
            |(RegionName { account, region }, Counts { stages, apis, .. })| Scope {
                account: account.map(String::from),
                region: region.map(String::from),
                apis,
                checked_apis: apis,
                stages,
                outcome: ScopeOutcome::Checked,
                ..Scope::default()
            },
        ));
        scopes
    }
}
