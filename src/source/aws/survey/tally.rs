//! The tally of one Region: what was listed, read, skipped, and not read. It must not know how anything was read.

use crate::model::Value;
use crate::model::state::{
    Close, FoundNames, Gap, Narrowing, Scope, ScopeOutcome, Selection, Warning, WarningKind,
    missing_names,
};
use crate::source::aws::call::{Failure, FailureKind, Operation, Subject};
use crate::source::aws::kind::{id_of, name_of};

#[derive(Debug)]
pub struct ScopeTally {
    pub scope: Scope,
    pub gaps: Vec<Gap>,
    pub warnings: Vec<Warning>,
    /// The names of flags that were found.
    pub found: FoundNames,
    /// AWS's refusal of the credentials, if it came before anything was read.
    pub refusal: Option<Failure>,
}

impl ScopeTally {
    pub fn new(account: Option<&str>, region: &str) -> Self {
        let scope = Scope {
            account: account.map(str::to_owned),
            region: Some(region.to_owned()),
            outcome: ScopeOutcome::Checked,
            ..Scope::default()
        };
        Self::of(scope, Vec::new(), Vec::new())
    }

    /// The tally of a scope that is left out; without a Region, of an account.
    pub fn excluded(account: Option<&str>, region: Option<&str>) -> Self {
        let (account, region) = (account.map(str::to_owned), region.map(str::to_owned));
        let scope = Scope {
            account,
            region,
            requests: Some(0),
            outcome: ScopeOutcome::Excluded,
            ..Scope::default()
        };
        Self::of(scope, Vec::new(), Vec::new())
    }

    pub fn of(scope: Scope, gaps: Vec<Gap>, warnings: Vec<Warning>) -> Self {
        Self {
            scope,
            gaps,
            warnings,
            found: FoundNames::default(),
            refusal: None,
        }
    }

    /// The tally of a scope that an earlier run read whole.
    pub fn resumed(scope: Scope, warnings: Vec<Warning>, found: FoundNames) -> Self {
        Self {
            found,
            ..Self::of(scope, Vec::new(), warnings)
        }
    }

    /// Only so many stages could be handed on after all.
    pub fn cut_short(&mut self, stages: u64, why: &Failure) {
        self.scope.outcome = if stages > 0 {
            ScopeOutcome::Partial
        } else {
            ScopeOutcome::Unchecked
        };
        self.scope.stages = stages;
        self.scope.unchecked_apis += std::mem::take(&mut self.scope.checked_apis);
        self.gap(Operation::GetStages, why, None, None);
    }

    /// The APIs could not be listed, or only in part, or the one requested API could not be read.
    pub fn unlisted(
        &mut self,
        operation: Operation,
        why: &Failure,
        api_id: Option<&str>,
        in_part: bool,
    ) {
        self.scope.outcome = if in_part {
            ScopeOutcome::Partial
        } else {
            ScopeOutcome::Unchecked
        };
        if why.kind == FailureKind::UnknownCredentials && !in_part {
            self.refusal = Some(why.clone());
        }
        self.gap(operation, why, api_id, None);
    }

    pub fn found_apis(&mut self, apis: &[Value<'static>], selection: &Selection) {
        apis.iter()
            .filter_map(id_of)
            .for_each(|id| self.found.api(selection, id));
    }

    pub fn found_stages(&mut self, stages: &[Value<'static>], selection: &Selection) {
        stages
            .iter()
            .filter_map(name_of)
            .for_each(|name| self.found.stage(selection, name));
    }

    /// The stages of an API could not be read, or only in part.
    pub fn unread(
        &mut self,
        operation: Operation,
        why: &Failure,
        api_id: &str,
        stage: Option<&str>,
    ) {
        self.scope.unchecked_apis += 1;
        self.scope.outcome = ScopeOutcome::Partial;
        self.gap(operation, why, Some(api_id), stage);
    }

    /// Stages of an API that is read were lost, or not read a second time.
    pub fn lost(&mut self, api_id: &str, stage: Option<&str>, why: &Failure) {
        self.scope.outcome = ScopeOutcome::Partial;
        self.gap(Operation::GetStage, why, Some(api_id), stage);
    }

    /// An API was deleted after it was listed.
    pub fn deleted(&mut self, api_id: &str) {
        self.scope.deleted_apis += 1;
        self.warn(
            WarningKind::Deleted,
            format!("API {api_id} was deleted during the audit"),
            api_id,
            None,
        );
    }

    pub fn warn(&mut self, kind: WarningKind, message: String, api_id: &str, stage: Option<&str>) {
        self.warnings.push(Warning {
            account: self.scope.account.clone(),
            region: self.scope.region.clone(),
            api_id: Some(api_id.to_owned()),
            stage: stage.map(str::to_owned),
            ..Warning::new(kind, message)
        });
    }

    pub fn gap(
        &mut self,
        operation: Operation,
        why: &Failure,
        api_id: Option<&str>,
        stage: Option<&str>,
    ) {
        let Scope {
            account, region, ..
        } = &self.scope;
        let at = Subject {
            account: account.as_deref(),
            region: region.as_deref(),
            api_id,
            stage,
        };
        self.gaps.push(why.gap(operation, at));
    }
}

/// Merges the tallies of all scopes, in one order whatever the order of their ends; so many tallies are expected.
pub fn close(
    tallies: Vec<ScopeTally>,
    meant: usize,
    warnings: Vec<Warning>,
    selection: &Selection,
    narrowing: Narrowing,
) -> Close {
    let handed_on = tallies.iter().map(|tally| tally.scope.stages).sum();
    let mut close = Close {
        warnings,
        handed_on: Some(handed_on),
        scopes_meant: Some(meant as u64),
        narrowing,
        ..Close::default()
    };
    let mut found = FoundNames::default();
    for tally in tallies {
        found.add(tally.found);
        close.scopes.push(tally.scope);
        close.gaps.extend(tally.gaps);
        close.warnings.extend(tally.warnings);
    }
    let missing = missing_names(selection, &Narrowing::default(), &found, &close.gaps);
    // A name that one shard did not find may be in another.
    if close.narrowing.shard.is_some() {
        &mut close.unfound
    } else {
        &mut close.gaps
    }
    .extend(missing);
    close
        .scopes
        .sort_by(|a, b| (&a.account, &a.region).cmp(&(&b.account, &b.region)));
    close.gaps.sort();
    close.warnings.sort();
    close
}
