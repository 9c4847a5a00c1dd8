//! The ledger of one Region: what was listed, read, skipped, and not read. It must not know how anything was read.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::call::id_of;
use super::gap::{Failure, Operation, Place};
use crate::model::Value;
use crate::model::feed::{Close, Gap, Read, Scope, Selection, Warning};

/// What a Region has to say at its end.
#[derive(Debug)]
pub(super) struct Ledger {
    account: Option<Arc<str>>,
    region: Arc<str>,
    scope: Scope,
    gaps: Vec<Gap>,
    warnings: Vec<Warning>,
    /// The identifiers of the APIs that were found.
    found: BTreeSet<String>,
    /// Whether all APIs in scope were listed.
    listed: bool,
}

impl Ledger {
    pub(super) fn new(account: Option<Arc<str>>, region: Arc<str>) -> Self {
        let scope = Scope {
            account: account.as_deref().map(str::to_owned),
            region: Some(region.to_string()),
            apis: 0,
            skipped_apis: 0,
            stages: 0,
            requests: None,
            outcome: Read::Checked,
        };
        Self { account, region, scope, gaps: Vec::new(), warnings: Vec::new(), found: BTreeSet::new(), listed: true }
    }

    /// The APIs could not be listed, or not all of them, or the one that was asked for could not be read.
    pub(super) fn unlisted(&mut self, operation: Operation, why: Failure, api_id: Option<&str>, in_part: bool) {
        self.listed = false;
        self.scope.outcome = if in_part { Read::Partial } else { Read::Unchecked };
        self.gap(operation, why, api_id, None);
    }

    /// The APIs that were found.
    pub(super) fn listed(&mut self, apis: &[Value<'static>]) {
        self.scope.apis = apis.len() as u64;
        self.found.extend(apis.iter().filter_map(id_of).map(str::to_owned));
    }

    /// One of them is not read, because no rule can match its stages.
    pub(super) fn skipped(&mut self) {
        self.scope.skipped_apis += 1;
    }

    /// So many stages were read and handed on.
    pub(super) fn read(&mut self, stages: usize) {
        self.scope.stages += stages as u64;
    }

    /// The stages of an API could not be read, or not all of them.
    pub(super) fn unread(&mut self, operation: Operation, why: Failure, api_id: &str, stage: Option<&str>) {
        self.scope.outcome = Read::Partial;
        self.gap(operation, why, Some(api_id), stage);
    }

    /// An API was deleted after it was listed.
    pub(super) fn deleted(&mut self, api_id: &str) {
        self.warnings.push(Warning {
            kind: "deleted".to_owned(),
            message: format!("API {api_id} was deleted during the audit"),
            account: self.scope.account.clone(),
            region: self.scope.region.clone(),
            api_id: Some(api_id.to_owned()),
            stage: None,
        });
    }

    /// So many requests were sent.
    pub(super) fn requests(&mut self, requests: u64) {
        self.scope.requests = Some(requests);
    }

    fn gap(&mut self, operation: Operation, why: Failure, api_id: Option<&str>, stage: Option<&str>) {
        let at = Place { account: self.account.as_deref(), region: Some(&self.region), api_id, stage };
        self.gaps.push(why.gap(operation, at));
    }
}

/// The ledgers of all Regions as one, in one order, whatever the order in which they came to an end.
pub(super) fn close(ledgers: Vec<Ledger>, mut warnings: Vec<Warning>, selection: &Selection) -> Close {
    if ledgers.iter().all(|ledger| ledger.listed) {
        let lost = |id: &&String| !ledgers.iter().any(|ledger| ledger.found.contains(*id));
        warnings.extend(selection.apis.iter().filter(lost).map(|id| Warning {
            kind: "api-not-found".to_owned(),
            message: format!("API {id} was asked for and is in none of the Regions that were read"),
            api_id: Some(id.clone()),
            ..Warning::default()
        }));
    }
    let mut close = Close { warnings, ..Close::default() };
    for ledger in ledgers {
        close.scopes.push(ledger.scope);
        close.gaps.extend(ledger.gaps);
        close.warnings.extend(ledger.warnings);
    }
    close.scopes.sort_by(|a, b| (&a.account, &a.region).cmp(&(&b.account, &b.region)));
    close.gaps.sort();
    close.warnings.sort();
    close
}
