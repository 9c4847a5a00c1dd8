//! The whole fetch: every account, every Region of it, each in the end one tally. It must not know how a Region is
//! read.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use futures_util::stream::{self, StreamExt as _};
use tokio::sync::{Semaphore, mpsc};

use super::disabled::{RegionStatus, is_doubtful, settle};
use super::fetch::Region;
use super::progress::Progress;
use super::tally::ScopeTally;
use crate::model::feed::{Chunk, Read, Scope, Warning};
use crate::source::aws::Request;
use crate::source::aws::access::accounts::{self, Inventory};
use crate::source::aws::access::regions::{self, Found, Origin, RegionFound};
use crate::source::aws::access::role::AssumedRole;
use crate::source::aws::access::session::{Session, api_gateway};
use crate::source::aws::call::control_plane::ControlPlane;
use crate::source::aws::call::failure::{Failure, FailureKind, Operation, Subject};
use crate::source::aws::call::pace::Pacer;
use crate::source::aws::call::stop::{Reason, Stop};

/// How many accounts are open at once, so that memory does not grow with their number. A slow Region keeps its account
/// open, so there are more of them than requests in flight.
const OPEN_ACCOUNTS: usize = 256;
/// How many Regions are read at once: at the default pace as many keep all requests in flight.
pub const OPEN_SCOPES: usize = 256;
/// How many APIs of a Region are read at once where there are many Regions.
const LEAST_WIDTH: usize = 4;
/// How many Regions an account has that are enabled by themselves: what an account is taken to have before it is asked.
const USUAL_REGIONS: usize = 17;

/// What a fetch needs to know, the same for all its parts.
pub struct Survey {
    pub request: Request,
    pub session: Session,
    /// The account of the caller; `None` when STS did not say.
    pub caller: Option<Arc<str>>,
    /// A Region in which STS knows the caller.
    pub home: Arc<str>,
    /// The Regions, where they are known before an account is looked at.
    pub regions: Option<Vec<Arc<str>>>,
    pub stop: Stop,
    pub progress: Arc<Progress>,
    pub chunks: mpsc::Sender<Chunk>,
    /// The places of all requests in flight.
    pub in_flight: Arc<Semaphore>,
    /// The places of all Regions that are read.
    pub open: Arc<Semaphore>,
}

/// What became of the whole fetch.
pub struct Surveyed {
    pub tallies: Vec<ScopeTally>,
    /// How many tallies there have to be.
    pub meant: usize,
    pub warnings: Vec<Warning>,
    /// What AWS says where it knows the credentials in no Region of any account.
    pub unknown: Option<Failure>,
}

/// What became of one account.
#[derive(Default)]
struct Account {
    tallies: Vec<ScopeTally>,
    /// How many tallies there have to be: counted where the Regions are decided on.
    meant: usize,
    warnings: Vec<Warning>,
    unknown: Option<Failure>,
}

impl Survey {
    /// The places for Regions.
    pub fn places() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(OPEN_SCOPES))
    }

    /// Reads everything that is asked for.
    pub async fn run(self) -> Surveyed {
        let survey = Arc::new(self);
        let Inventory { accounts, mut tallies, mut warnings, .. } = accounts::inventory(&survey).await;
        let mut meant = tallies.len();
        let per_account = survey.regions.as_ref().map_or(USUAL_REGIONS, Vec::len);
        let width = width(survey.request.concurrency, accounts.len().saturating_mul(per_account));
        survey.progress.plan(accounts.len(), per_account);
        let read = accounts.into_iter().map(|account| {
            let (survey, id) = (Arc::clone(&survey), account.clone());
            async move {
                let task = tokio::spawn(async move { survey.account(account, width).await });
                task.await.unwrap_or_else(|error| {
                    let failure = (Operation::GetApis, Failure::internal(error.to_string()));
                    Account::closed(id.as_deref(), &[], &failure)
                })
            }
        });
        let mut read = std::pin::pin!(stream::iter(read).buffer_unordered(OPEN_ACCOUNTS));
        let (mut unknown, mut known) = (None, false);
        while let Some(account) = read.next().await {
            tallies.extend(account.tallies);
            meant += account.meant;
            warnings.extend(account.warnings);
            match account.unknown {
                Some(failure) => unknown = Some(failure),
                None => known = true,
            }
        }
        warnings.extend(survey.nowhere_excluded(&tallies));
        survey.replay(&mut tallies).await;
        warnings.extend(survey.request.spool.iter().flat_map(|spool| spool.warnings()));
        Surveyed { tallies, meant, warnings, unknown: unknown.filter(|_| !known) }
    }

    /// The Regions that a flag leaves out and that no account has: most likely mistyped. A part of a run cannot know.
    fn nowhere_excluded(&self, tallies: &[ScopeTally]) -> Vec<Warning> {
        let unopened = |it: &ScopeTally| it.scope.region.is_none() && it.scope.outcome == Read::Unchecked;
        let whole = self.request.shard.is_none() && !tallies.iter().any(unopened);
        let has = |name: &str| tallies.iter().any(|tally| tally.scope.region.as_deref() == Some(name));
        let lost = self.request.regions.excluded.iter().filter(|name| whole && !has(name));
        let warning = |name: &String| Warning {
            kind: "nothing-excluded".to_owned(),
            message: format!("--exclude-region {name} is none of the Regions that were to be read"),
            ..Warning::default()
        };
        lost.map(warning).collect()
    }

    /// Hands on what earlier runs have read. It comes last, when it is known what is wanted of it, and to its end even
    /// if the fetch was stopped: it takes no calls.
    async fn replay(&self, tallies: &mut [ScopeTally]) {
        let Some(spool) = self.request.spool.clone() else { return };
        let chunks = self.chunks.clone();
        let replay = move || spool.replay(|chunk| chunks.blocking_send(chunk).is_ok());
        let (mut handed, failed) = match tokio::task::spawn_blocking(replay).await {
            Ok((handed, failed)) => (handed, failed.map(|error| Failure::not_kept(&error))),
            // Nothing is known of what was handed on, so the books will not balance, and the run says so.
            Err(error) => (HashMap::new(), Some(Failure::internal(error.to_string()))),
        };
        let Some(why) = failed else { return };
        for tally in tallies {
            let (Some(account), Some(region)) = (&tally.scope.account, &tally.scope.region) else { continue };
            let handed = handed.remove(&(account.clone(), region.clone()));
            if let Some(stages) = handed.filter(|stages| *stages < tally.scope.stages) {
                tally.cut_short(stages, &why);
            }
        }
    }

    /// The tallies of the Regions that an earlier run has read, and the Regions that are left.
    fn resumed(&self, account: Option<&str>, regions: Vec<Arc<str>>) -> (Vec<ScopeTally>, Vec<Arc<str>>) {
        let Some(spool) = &self.request.spool else { return (Vec::new(), regions) };
        let (mut read, mut left) = (Vec::new(), Vec::new());
        for region in regions {
            match spool.take(account, &region) {
                Some(tally) => {
                    self.progress.resumed(tally.scope.stages);
                    read.push(tally);
                }
                None => left.push(region),
            }
        }
        (read, left)
    }

    /// Reads an account.
    async fn account(self: Arc<Self>, id: Option<Arc<str>>, width: usize) -> Account {
        let mut tallies = Vec::new();
        let (mut known, mut meant) = (None, 0);
        if let Some(regions) = &self.regions {
            let (wanted, excluded) = self.wanted(id.as_deref(), regions.clone());
            meant = wanted.len() + excluded.len();
            tallies.extend(excluded);
            let (read, wanted) = self.resumed(id.as_deref(), wanted);
            tallies.extend(read);
            if wanted.is_empty() {
                self.progress.enter(0);
                return Account { tallies, meant, ..Account::default() };
            }
            known = Some(wanted);
        }
        let closed = |regions: &[Arc<str>], mut tallies: Vec<ScopeTally>, failure| {
            self.progress.enter(0);
            let mut account = Account::closed(id.as_deref(), regions, &failure);
            account.tallies.append(&mut tallies);
            // Where the Regions are not known the account is one scope.
            Account { meant: meant.max(1), ..account }
        };
        let config = match self.enter(id.as_deref()).await {
            Ok(config) => config,
            Err(failure) => return closed(known.as_deref().unwrap_or_default(), tallies, failure),
        };
        if let Some(wanted) = known {
            return Account { meant, ..self.read(id, &config, wanted, tallies, (width, None)).await };
        }
        let found = match self.regions_of(&config).await {
            Ok(found) => found,
            Err(reason) => return closed(&[], tallies, (Operation::ListRegions, Failure::stopped(reason, None))),
        };
        let mine = |region: &&RegionFound| self.holds(id.as_deref(), &region.name);
        let (on, off): (Vec<_>, Vec<_>) = found.regions.iter().filter(mine).partition(|region| region.enabled);
        let (wanted, excluded) =
            self.wanted(id.as_deref(), on.iter().map(|region| region.name.as_str().into()).collect());
        let meant = wanted.len() + excluded.len() + off.len();
        tallies.extend(excluded);
        let (read, wanted) = self.resumed(id.as_deref(), wanted);
        tallies.extend(read);
        tallies.extend(off.iter().map(|region| ScopeTally::excluded(id.as_deref(), Some(&region.name))));
        let unlisted = unlisted(id.as_deref(), &found);
        let meant = meant + usize::from(unlisted.is_some());
        tallies.extend(unlisted);
        let said = Some(RegionStatus::of(&found));
        let mut account = self.read(id.clone(), &config, wanted, tallies, (width, said)).await;
        account.warnings.extend(guessed(id.as_deref(), &found));
        Account { meant, ..account }
    }

    /// Whether a Region of an account is this run's business.
    fn holds(&self, account: Option<&str>, region: &str) -> bool {
        self.request.shard.is_none_or(|shard| shard.holds(account, region))
    }

    /// The Regions that are read, and a tally for each that a flag leaves out.
    pub fn wanted(&self, account: Option<&str>, regions: Vec<Arc<str>>) -> (Vec<Arc<str>>, Vec<ScopeTally>) {
        let mine = |region: &Arc<str>| self.holds(account, region);
        let left_out = |region: &Arc<str>| self.request.regions.excluded.iter().any(|name| **name == **region);
        let (excluded, wanted): (Vec<_>, Vec<_>) = regions.into_iter().filter(mine).partition(left_out);
        (wanted, excluded.iter().map(|region| ScopeTally::excluded(account, Some(region))).collect())
    }

    /// The Regions of an account; one place in flight serves the few attempts to list them.
    pub async fn regions_of(&self, config: &SdkConfig) -> Result<Found, Reason> {
        let listed = async {
            let _place = self.in_flight.acquire().await;
            regions::of_account(config, &self.home).await
        };
        self.stop.unless(listed).await
    }

    /// The credentials in an account.
    pub async fn enter(&self, account: Option<&str>) -> Result<SdkConfig, (Operation, Failure)> {
        let (Some(role), Some(account)) = (self.request.accounts.whose.role(), account) else {
            return Ok(self.session.config().clone());
        };
        let (client, retry) = (self.session.sts_for_roles(&self.home), self.request.retry);
        let assume = AssumedRole::assume(client, retry, &self.in_flight, &self.home, account, role);
        let assumed = match self.stop.unless(assume).await {
            Ok(assumed) => assumed,
            Err(reason) => Err(Failure::stopped(reason, None)),
        };
        let role = assumed.map_err(|failure| (Operation::AssumeRole, failure))?;
        Ok(self.session.config_with(SharedCredentialsProvider::new(role)))
    }

    /// Reads the Regions of an account, besides those of which there are `tallies` already. `said` is what AWS said about
    /// them, if it was asked.
    async fn read(
        self: &Arc<Self>,
        account: Option<Arc<str>>,
        config: &SdkConfig,
        regions: Vec<Arc<str>>,
        mut tallies: Vec<ScopeTally>,
        (width, said): (usize, Option<RegionStatus>),
    ) -> Account {
        self.progress.enter(regions.len());
        let mut fresh = Vec::with_capacity(regions.len());
        let mut tasks = Vec::new();
        for name in regions {
            let place = match Arc::clone(&self.open).acquire_owned().await {
                Ok(place) => place,
                Err(error) => {
                    tallies.push(lost(account.as_deref(), &name, &error));
                    continue;
                }
            };
            let region = self.region(account.clone(), &name, config, width);
            let survey = Arc::clone(self);
            let task = tokio::spawn(async move {
                let progress = Arc::clone(&region.progress);
                let read = tokio::spawn(region.read()).await;
                drop(place);
                survey.progress.close(&progress);
                read
            });
            tasks.push((name, task));
        }
        for (name, task) in tasks {
            let read = task.await.and_then(|read| read);
            fresh.push(read.unwrap_or_else(|error| lost(account.as_deref(), &name, &error)));
        }
        let said = match said {
            Some(said) => said,
            None if is_doubtful(&fresh) => {
                self.regions_of(config).await.map(|found| RegionStatus::of(&found)).unwrap_or_default()
            }
            None => RegionStatus::default(),
        };
        // What an earlier run has read says nothing about the credentials of this one.
        let (fresh, unknown) = settle(fresh, &said);
        tallies.extend(fresh);
        Account { tallies, unknown, ..Account::default() }
    }

    pub fn region(&self, account: Option<Arc<str>>, name: &Arc<str>, config: &SdkConfig, width: usize) -> Region {
        let request = &self.request;
        let pacer = Arc::new(Pacer::new(request.rate, request.burst));
        let progress = self.progress.open(&pacer);
        Region {
            account,
            name: Arc::clone(name),
            control_plane: ControlPlane::new(
                Arc::clone(name),
                api_gateway(config, name),
                pacer,
                Arc::clone(&self.in_flight),
                self.stop.clone(),
                request.retry,
                Arc::clone(&progress),
            ),
            selection: Arc::clone(&request.selection),
            may_match: Arc::clone(&request.may_match),
            confirm: request.confirm.clone(),
            width,
            chunks: self.chunks.clone(),
            spool: request.spool.clone(),
            progress,
        }
    }
}

impl Account {
    /// An account that nobody could look into; the Regions where they are known.
    fn closed(id: Option<&str>, regions: &[Arc<str>], (operation, failure): &(Operation, Failure)) -> Self {
        let scope = |region: Option<&str>| {
            let scope = Scope { account: id.map(str::to_owned), region: region.map(str::to_owned), ..Scope::default() };
            ScopeTally::of(scope, Vec::new(), Vec::new())
        };
        let mut tallies: Vec<ScopeTally> = regions.iter().map(|region| scope(Some(region))).collect();
        if tallies.is_empty() {
            tallies.push(scope(None));
        }
        // It is one failure, however many Regions it keeps closed.
        let at = Subject { account: id, region: None, api_id: None, stage: None };
        tallies[0].gaps.push(failure.gap(*operation, at));
        let unknown = (failure.kind == FailureKind::UnknownCredentials).then(|| failure.clone());
        Self { meant: tallies.len(), tallies, unknown, ..Self::default() }
    }
}

/// The tally of the Regions that AWS did not name: a newer one than those of the built-in list would not be read.
fn unlisted(account: Option<&str>, found: &Found) -> Option<ScopeTally> {
    let (operation, why) = found.failures.last().filter(|_| matches!(found.from, Origin::BuiltIn))?;
    let at = Subject { account, region: None, api_id: None, stage: None };
    let scope = Scope { account: account.map(str::to_owned), ..Scope::default() };
    Some(ScopeTally::of(scope, vec![why.gap(*operation, at)], Vec::new()))
}

/// The warning that the built-in list stands in for the Regions of an account.
fn guessed(account: Option<&str>, found: &Found) -> Option<Warning> {
    let why = |(operation, failure): &(Operation, Failure)| format!("{}: {}", operation.name(), failure.code);
    matches!(found.from, Origin::BuiltIn).then(|| Warning {
        kind: "regions-from-list".to_owned(),
        message: format!(
            "which Regions the account has could not be asked ({}): those that driftgate knows are read, and a newer \
             one would be missed",
            found.failures.iter().map(why).collect::<Vec<_>>().join(", ")
        ),
        account: account.map(str::to_owned),
        ..Warning::default()
    })
}

/// A Region whose reading ended without a word.
fn lost(account: Option<&str>, region: &str, why: &dyn Error) -> ScopeTally {
    let mut tally = ScopeTally::new(account, region);
    tally.unlisted(Operation::GetApis, &Failure::internal(why.to_string()), None, false);
    tally
}

/// How many APIs of a Region are read at once: as many as may be in flight where there is one Region, fewer where others
/// fill the places too, since whatever waits needs memory.
fn width(concurrency: usize, scopes: usize) -> usize {
    (concurrency.saturating_mul(LEAST_WIDTH) / scopes.max(1)).clamp(LEAST_WIDTH.min(concurrency), concurrency)
}

#[cfg(test)]
mod tests {
    use super::super::progress::Limits;
    use super::*;
    use crate::model::feed::Read;
    use crate::source::aws::Keys;
    use crate::source::aws::call::stop::Canceller;

    #[tokio::test]
    async fn a_region_that_nobody_reads_is_there_all_the_same() {
        let keys = Keys { access_key_id: "a".into(), secret_access_key: "b".into(), session_token: None };
        let request = Request { credentials: Some(keys), ..Request::default() };
        let (_canceller, stop) = Canceller::new();
        let regions: Vec<Arc<str>> = vec!["us-east-1".into(), "us-west-2".into()];
        let survey = Arc::new(Survey {
            session: Session::open(&request).await.unwrap(),
            caller: None,
            home: "us-east-1".into(),
            regions: Some(regions),
            stop,
            progress: Arc::new(Progress::new(Limits::of(&request))),
            chunks: mpsc::channel(1).0,
            in_flight: Arc::new(Semaphore::new(1)),
            open: Survey::places(),
            request,
        });
        survey.open.close();
        let Account { tallies, meant, .. } = survey.account(None, 1).await;
        assert_eq!((tallies.len(), meant), (2, 2));
        for ScopeTally { scope, gaps, .. } in &tallies {
            assert_eq!((scope.outcome, gaps.len(), &*gaps[0].code), (Read::Unchecked, 1, "InternalError"));
        }
    }

    #[test]
    fn one_region_may_fill_all_places_and_many_share_them() {
        assert_eq!((width(64, 1), width(64, 4), width(64, 16), width(64, 8500)), (64, 64, 16, 4));
        assert_eq!((width(1, 1), width(2, 100)), (1, 2));
    }
}
