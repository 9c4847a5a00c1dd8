//! The audit's visitor: reads each Region and tallies all of them. It must not know how a Region is read.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::disabled::resolve_disabled;
use super::region::Region;
use super::tally::ScopeTally;
use super::walk::{AccountVisited, OpenRegion, Survey, Visitor};
use crate::model::state::{Batch, Scope, ScopeOutcome, Warning, WarningKind};
use crate::source::aws::access::regions::{Origin, RegionList};
use crate::source::aws::call::{Failure, FailureKind, Operation, Subject};

/// APIs of a Region that are read at once where there are many Regions.
const LEAST_WIDTH: usize = 4;

#[derive(Default)]
pub struct Fetched {
    pub tallies: Vec<ScopeTally>,
    /// The number of tallies, counted where the Regions are decided on.
    pub expected: usize,
    pub warnings: Vec<Warning>,
    /// AWS's refusal, if it knows the credentials in no Region of any account.
    pub refusal: Option<Failure>,
}

struct Fetch {
    /// Number of APIs of a Region that are read at once.
    width: usize,
    batches: mpsc::Sender<Box<dyn Batch>>,
}

impl Visitor for Fetch {
    type Found = ScopeTally;

    fn resume(&self, survey: &Survey, account: Option<&str>, region: &str) -> Option<ScopeTally> {
        let (scope, warnings, found) = survey.request.spool.as_ref()?.take(account, region)?;
        survey.progress.resumed(scope.stages);
        Some(ScopeTally::resumed(scope, warnings, found))
    }

    async fn visit(&self, survey: &Survey, region: OpenRegion) -> ScopeTally {
        let OpenRegion {
            account,
            name,
            control_plane,
            meter,
        } = region;
        let (request, batches) = (Arc::clone(&survey.request), self.batches.clone());
        let region = Region {
            account,
            name,
            control_plane,
            request,
            width: self.width,
            batches,
            meter,
        };
        region.read().await
    }

    fn lost(&self, account: Option<&str>, region: &str, why: &Failure) -> ScopeTally {
        let mut tally = ScopeTally::new(account, region);
        tally.unlisted(Operation::GetApis, why, None, false);
        tally
    }

    fn was_refused(tally: &ScopeTally) -> bool {
        tally.refusal.is_some()
    }
}

/// Reads everything that is requested, and hands the stages on in batches.
pub async fn fetch(survey: Arc<Survey>, batches: mpsc::Sender<Box<dyn Batch>>) -> Fetched {
    let inventory = survey.accounts().await;
    let mut tallies: Vec<ScopeTally> = inventory
        .excluded
        .iter()
        .map(|id| ScopeTally::excluded(Some(id), None))
        .collect();
    let gaps: Vec<_> = inventory
        .failures
        .iter()
        .map(|(operation, failure)| failure.gap(*operation, Subject::default()))
        .collect();
    if !gaps.is_empty() {
        // Accounts that the list may lack are a scope without a name.
        tallies.push(ScopeTally::of(Scope::default(), gaps, Vec::new()));
    }
    let mut fetched = Fetched {
        expected: tallies.len(),
        tallies,
        warnings: inventory.warnings,
        refusal: None,
    };
    let scopes = inventory
        .accounts
        .len()
        .saturating_mul(survey.regions_each());
    let visitor = Arc::new(Fetch {
        width: width(survey.request.concurrency, scopes),
        batches: batches.clone(),
    });
    let (mut refusal, mut known) = (None, false);
    let each = |account| match fetched.add(account) {
        Some(failure) => refusal = Some(failure),
        None => known = true,
    };
    Arc::clone(&survey)
        .walk(visitor, inventory.accounts, each)
        .await;
    fetched.refusal = refusal.filter(|_| !known);
    fetched
        .warnings
        .extend(nothing_excluded(&survey, &fetched.tallies));
    replay(&survey, batches, &mut fetched.tallies).await;
    fetched.warnings.extend(
        survey
            .request
            .spool
            .iter()
            .flat_map(|spool| spool.warnings()),
    );
    fetched
}

impl Fetched {
    /// Adds the tallies of an account. Returns AWS's refusal if the credentials are bad there.
    fn add(&mut self, account: AccountVisited<ScopeTally>) -> Option<Failure> {
        let id = account.id.as_deref();
        self.expected += account.expected;
        self.tallies.extend(
            account
                .excluded
                .iter()
                .map(|region| ScopeTally::excluded(id, Some(region))),
        );
        self.tallies.extend(
            account
                .disabled
                .iter()
                .map(|region| ScopeTally::excluded(id, Some(region))),
        );
        self.tallies.extend(account.resumed);
        if let Some((operation, failure, regions)) = account.closed {
            // An account whose Regions are unknown is one scope.
            self.expected += usize::from(account.expected == 0);
            self.tallies
                .extend(closed(id, &regions, operation, &failure));
            return (failure.kind == FailureKind::UnknownCredentials).then_some(failure);
        }
        if let Some(listed) = account
            .listed
            .as_ref()
            .filter(|listed| matches!(listed.from, Origin::BuiltIn))
        {
            let unlisted = unlisted(id, listed);
            self.expected += usize::from(unlisted.is_some());
            self.tallies.extend(unlisted);
            self.warnings.push(from_built_in_list(id, listed));
        }
        let read = account
            .regions
            .into_iter()
            .map(|(_, tally)| tally)
            .collect();
        // Regions that an earlier run has read prove nothing about the credentials of this run.
        let (read, refusal) = resolve_disabled(read, &account.status);
        self.tallies.extend(read);
        refusal
    }
}

/// The tallies of an account that could not be entered: one failure, however many Regions it keeps closed.
fn closed(
    id: Option<&str>,
    regions: &[Arc<str>],
    operation: Operation,
    failure: &Failure,
) -> Vec<ScopeTally> {
    let tally = |region: Option<&str>| {
        let scope = Scope {
            account: id.map(str::to_owned),
            region: region.map(str::to_owned),
            ..Scope::default()
        };
        ScopeTally::of(scope, Vec::new(), Vec::new())
    };
    let mut tallies: Vec<ScopeTally> = regions.iter().map(|region| tally(Some(region))).collect();
    if tallies.is_empty() {
        tallies.push(tally(None));
    }
    tallies[0]
        .gaps
        .push(failure.gap(operation, Subject::account(id)));
    tallies
}

/// The tally of the Regions that AWS did not list: Regions newer than the built-in list are not read.
fn unlisted(account: Option<&str>, found: &RegionList) -> Option<ScopeTally> {
    let (operation, why) = found.failures.last()?;
    let scope = Scope {
        account: account.map(str::to_owned),
        ..Scope::default()
    };
    Some(ScopeTally::of(
        scope,
        vec![why.gap(*operation, Subject::account(account))],
        Vec::new(),
    ))
}

/// The warning that an account's Regions are those of the built-in list.
fn from_built_in_list(account: Option<&str>, found: &RegionList) -> Warning {
    let why = |(operation, failure): &(Operation, Failure)| {
        format!("{}: {}", operation.name(), failure.code)
    };
    let message = format!(
        "the account's Regions could not be listed ({}): the Regions known to driftgate are read, and a newer one \
         would be missed",
        found
            .failures
            .iter()
            .map(why)
            .collect::<Vec<_>>()
            .join(", ")
    );
    Warning {
        account: account.map(str::to_owned),
        ..Warning::new(WarningKind::RegionsFromList, message)
    }
}

/// Warnings about the Regions that a flag leaves out and that no account has: most likely mistyped. A shard cannot know.
fn nothing_excluded(survey: &Survey, tallies: &[ScopeTally]) -> Vec<Warning> {
    let closed = |tally: &ScopeTally| {
        tally.scope.region.is_none() && tally.scope.outcome == ScopeOutcome::Unchecked
    };
    if survey.request.shard.is_some() || tallies.iter().any(closed) {
        return Vec::new();
    }
    let has = |name: &str| {
        tallies
            .iter()
            .any(|tally| tally.scope.region.as_deref() == Some(name))
    };
    let warning = |name: &String| {
        let message = format!("--exclude-region {name} is not one of the Regions to read");
        Warning::new(WarningKind::NothingExcluded, message)
    };
    survey
        .request
        .regions
        .excluded
        .iter()
        .filter(|name| !has(name))
        .map(warning)
        .collect()
}

/// Hands on the stages that earlier runs have read. It comes last, when all tallies are known, and runs to its end even
/// if the fetch was stopped: it takes no calls.
async fn replay(
    survey: &Survey,
    batches: mpsc::Sender<Box<dyn Batch>>,
    tallies: &mut [ScopeTally],
) {
    let Some(spool) = survey.request.spool.clone() else {
        return;
    };
    let replay = move || spool.replay(|batch| batches.blocking_send(Box::new(batch)).is_ok());
    let (mut handed, failed) = match tokio::task::spawn_blocking(replay).await {
        Ok((handed, failed)) => (handed, failed.map(|error| not_kept(&error))),
        // It is unknown what was handed on, so the counts will not agree, and the run reports it.
        Err(error) => (HashMap::new(), Some(Failure::internal(error.to_string()))),
    };
    let Some(why) = failed else { return };
    for tally in tallies {
        let (Some(account), Some(region)) = (&tally.scope.account, &tally.scope.region) else {
            continue;
        };
        let handed = handed.remove(&(account.clone(), region.clone()));
        if let Some(stages) = handed.filter(|stages| *stages < tally.scope.stages) {
            tally.cut_short(stages, &why);
        }
    }
}

fn not_kept(why: &std::io::Error) -> Failure {
    Failure::new(
        FailureKind::Spool,
        format!("the --resume file could not be read: {why}"),
    )
}

/// Number of APIs of a Region that are read at once: as many as may be in flight for one Region, fewer where other
/// Regions use the slots too, since each waiting API needs memory.
fn width(concurrency: usize, scopes: usize) -> usize {
    (concurrency.saturating_mul(LEAST_WIDTH) / scopes.max(1))
        .clamp(LEAST_WIDTH.min(concurrency), concurrency)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::aws::access::session::Session;
    use crate::source::aws::call::Canceller;
    use crate::source::aws::request::Request;

    #[tokio::test]
    async fn a_region_that_cannot_be_opened_is_unchecked() {
        let request = Request::isolated(None);
        let (_canceller, stop) = Canceller::new();
        let session = Session::open(&request).await.unwrap();
        let regions = vec!["us-east-1".into(), "us-west-2".into()];
        let survey = Survey::new(request, session, regions, (None, "us-east-1".into()), stop);
        survey.open.close();
        let Fetched {
            tallies, expected, ..
        } = fetch(survey, mpsc::channel(1).0).await;
        assert_eq!((tallies.len(), expected), (2, 2));
        for ScopeTally { scope, gaps, .. } in &tallies {
            assert_eq!(
                (scope.outcome, gaps.len(), &*gaps[0].code),
                (ScopeOutcome::Unchecked, 1, "InternalError")
            );
        }
    }

    #[test]
    fn one_region_may_fill_all_slots_and_many_share_them() {
        assert_eq!(
            (width(64, 1), width(64, 4), width(64, 16), width(64, 8500)),
            (64, 64, 16, 4)
        );
        assert_eq!((width(1, 1), width(2, 100)), (1, 2));
    }
}
