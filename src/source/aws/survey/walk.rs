//! The walk over accounts and their Regions, the same for an audit and for `doctor`. It must not know what is done in a
//! Region.

use std::sync::Arc;

use aws_config::SdkConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use futures_util::stream::{self, StreamExt as _};
use tokio::sync::Semaphore;

use super::progress::{Limits, Progress};
use crate::source::aws::access::accounts::{self, Inventory};
use crate::source::aws::access::organization::Organization;
use crate::source::aws::access::regions::{self, RegionList, RegionStatus, is_opt_in};
use crate::source::aws::access::role::AssumedRole;
use crate::source::aws::access::session::Session;
use crate::source::aws::call::{Channel, Failure, Meter, Operation, Pacer, Reason, Stop};
use crate::source::aws::kind::ControlPlane;
use crate::source::aws::request::Request;

/// Accounts that are open at once, so that memory does not grow with their number. A slow Region keeps its account open,
/// so there are more of them than requests in flight.
const OPEN_ACCOUNTS: usize = 256;
/// Regions that are open at once: at the default pace as many keep all requests in flight.
const OPEN_REGIONS: usize = 256;
/// Regions that every account has: the estimate for an account whose Regions are not listed yet.
const USUAL_REGIONS: usize = 17;

/// The context of a walk, the same for all its parts.
pub struct Survey {
    pub request: Arc<Request>,
    pub session: Session,
    /// The account of the caller, if STS returned it.
    pub caller: Option<Arc<str>>,
    /// A Region in which STS knows the caller.
    pub home: Arc<str>,
    /// The Regions, where they are known before an account is entered.
    pub regions: Option<Vec<Arc<str>>>,
    pub stop: Stop,
    pub progress: Arc<Progress>,
    /// The slots of all requests in flight.
    in_flight: Arc<Semaphore>,
    pub open: Arc<Semaphore>,
}

pub struct OpenRegion {
    pub account: Option<Arc<str>>,
    pub name: Arc<str>,
    pub control_plane: ControlPlane,
    pub meter: Arc<Meter>,
}

/// The work that is done in each Region.
pub trait Visitor: Send + Sync + 'static {
    type Found: Send + 'static;

    /// Returns the result of an earlier run, which saves the visit.
    fn resume(
        &self,
        _survey: &Survey,
        _account: Option<&str>,
        _region: &str,
    ) -> Option<Self::Found> {
        None
    }

    fn visit(
        &self,
        survey: &Survey,
        region: OpenRegion,
    ) -> impl Future<Output = Self::Found> + Send;

    /// Returns the result for a Region whose visit did not end as it should.
    fn lost(&self, account: Option<&str>, region: &str, why: &Failure) -> Self::Found;

    /// True if AWS did not know the credentials, before anything was read.
    fn was_refused(found: &Self::Found) -> bool;
}

pub struct AccountVisited<F> {
    pub id: Option<Arc<str>>,
    pub regions: Vec<(Arc<str>, F)>,
    /// The results of Regions that an earlier run had visited.
    pub resumed: Vec<F>,
    /// The Regions that a flag leaves out.
    pub excluded: Vec<Arc<str>>,
    pub disabled: Vec<String>,
    /// The number of Regions, counted where they are decided on.
    pub expected: usize,
    pub listed: Option<RegionList>,
    pub status: RegionStatus,
    /// The failure that kept the account closed, and the Regions that were to be visited, if they are known.
    pub closed: Option<(Operation, Failure, Vec<Arc<str>>)>,
}

impl<F> AccountVisited<F> {
    fn new(id: Option<Arc<str>>) -> Self {
        Self {
            id,
            regions: Vec::new(),
            resumed: Vec::new(),
            excluded: Vec::new(),
            disabled: Vec::new(),
            expected: 0,
            listed: None,
            status: RegionStatus::default(),
            closed: None,
        }
    }
}

impl Survey {
    /// The context for a request; `homes` are the Regions to read, unless all are.
    pub fn new(
        request: Request,
        session: Session,
        homes: Vec<Arc<str>>,
        caller: (Option<Arc<str>>, Arc<str>),
        stop: Stop,
    ) -> Arc<Self> {
        let Request {
            rate,
            burst,
            concurrency,
            ..
        } = request;
        let limits = Limits {
            rate,
            burst,
            concurrency,
            scopes: OPEN_REGIONS,
        };
        Arc::new(Self {
            regions: (!request.regions.all).then_some(homes),
            caller: caller.0,
            home: caller.1,
            stop,
            progress: Arc::new(Progress::new(limits)),
            in_flight: Arc::new(Semaphore::new(concurrency.clamp(1, Semaphore::MAX_PERMITS))),
            open: Arc::new(Semaphore::new(OPEN_REGIONS)),
            session,
            request: Arc::new(request),
        })
    }

    pub async fn accounts(&self) -> Inventory {
        let organization = Organization::new(
            self.session.config(),
            self.request.retry,
            &self.in_flight,
            &self.home,
        );
        accounts::inventory(
            &self.request.accounts,
            self.caller.clone(),
            &organization,
            &self.stop,
        )
        .await
    }

    /// The number of Regions of an account, as far as it is known beforehand.
    pub fn regions_each(&self) -> usize {
        self.regions.as_ref().map_or(USUAL_REGIONS, Vec::len)
    }

    /// Visits every Region of the accounts. `each` takes the results of one account at a time, in any order.
    pub async fn walk<V: Visitor>(
        self: Arc<Self>,
        visitor: Arc<V>,
        accounts: Vec<Option<Arc<str>>>,
        mut each: impl FnMut(AccountVisited<V::Found>),
    ) {
        self.progress.plan(accounts.len(), self.regions_each());
        let visits = accounts.into_iter().map(|id| {
            let (survey, visitor, account) = (Arc::clone(&self), Arc::clone(&visitor), id.clone());
            async move {
                let visit = tokio::spawn(async move { survey.account(&visitor, account).await });
                visit.await.unwrap_or_else(|error| AccountVisited {
                    closed: Some((
                        Operation::GetApis,
                        Failure::internal(error.to_string()),
                        Vec::new(),
                    )),
                    ..AccountVisited::new(id)
                })
            }
        });
        let mut visits = std::pin::pin!(stream::iter(visits).buffer_unordered(OPEN_ACCOUNTS));
        while let Some(visited) = visits.next().await {
            each(visited);
        }
    }

    async fn account<V: Visitor>(
        self: Arc<Self>,
        visitor: &Arc<V>,
        id: Option<Arc<str>>,
    ) -> AccountVisited<V::Found> {
        let mut account = AccountVisited::new(id);
        let mut left = Vec::new();
        if let Some(regions) = &self.regions {
            left = self.choose(&**visitor, &mut account, regions.clone());
            if left.is_empty() {
                self.progress.enter(0);
                return account;
            }
        }
        let config = match self.enter(account.id.as_deref()).await {
            Ok(config) => config,
            Err((operation, failure)) => return self.close(account, operation, failure, left),
        };
        if self.regions.is_none() {
            let listed = match self.regions_of(&config).await {
                Ok(listed) => listed,
                Err(reason) => {
                    return self.close(
                        account,
                        Operation::ListRegions,
                        Failure::stopped(reason, None),
                        left,
                    );
                }
            };
            left = self.choose_listed(&**visitor, &mut account, listed);
        }
        account.regions = self
            .visit_all(visitor, account.id.as_ref(), &config, left)
            .await;
        let doubtful =
            |(region, found): &(Arc<str>, V::Found)| V::was_refused(found) && is_opt_in(region);
        // A Region that has to be enabled and refuses the credentials may be disabled.
        if account.listed.is_none() && account.regions.iter().any(doubtful) {
            account.status = self
                .regions_of(&config)
                .await
                .map(|found| RegionStatus::of(&found))
                .unwrap_or_default();
        }
        account
    }

    fn close<F>(
        &self,
        account: AccountVisited<F>,
        operation: Operation,
        failure: Failure,
        left: Vec<Arc<str>>,
    ) -> AccountVisited<F> {
        self.progress.enter(0);
        AccountVisited {
            closed: Some((operation, failure, left)),
            ..account
        }
    }

    /// Returns the Regions to visit, and notes the others: those that a flag leaves out or that an earlier run visited.
    fn choose<V: Visitor>(
        &self,
        visitor: &V,
        account: &mut AccountVisited<V::Found>,
        regions: Vec<Arc<str>>,
    ) -> Vec<Arc<str>> {
        let id = account.id.clone();
        let left_out = |region: &Arc<str>| {
            self.request
                .regions
                .excluded
                .iter()
                .any(|name| **name == **region)
        };
        let mut left = Vec::new();
        for region in regions
            .into_iter()
            .filter(|region| self.holds(id.as_deref(), region))
        {
            account.expected += 1;
            if left_out(&region) {
                account.excluded.push(region);
            } else if let Some(found) = visitor.resume(self, id.as_deref(), &region) {
                account.resumed.push(found);
            } else {
                left.push(region);
            }
        }
        left
    }

    /// Chooses among listed Regions, and notes the list.
    fn choose_listed<V: Visitor>(
        &self,
        visitor: &V,
        account: &mut AccountVisited<V::Found>,
        listed: RegionList,
    ) -> Vec<Arc<str>> {
        let (on, off): (Vec<_>, Vec<_>) = listed.regions.iter().partition(|region| region.enabled);
        let left = self.choose(
            visitor,
            account,
            on.iter()
                .map(|region| region.name.as_str().into())
                .collect(),
        );
        let off = off
            .iter()
            .filter(|region| self.holds(account.id.as_deref(), &region.name));
        account.disabled = off.map(|region| region.name.clone()).collect();
        account.expected += account.disabled.len();
        account.status = RegionStatus::of(&listed);
        account.listed = Some(listed);
        left
    }

    /// True if a Region of an account is in this shard.
    fn holds(&self, account: Option<&str>, region: &str) -> bool {
        self.request
            .shard
            .is_none_or(|shard| shard.holds(account, region))
    }

    /// Lists the Regions of an account; one slot in flight serves the few attempts.
    async fn regions_of(&self, config: &SdkConfig) -> Result<RegionList, Reason> {
        let listed = async {
            let _slot = self.in_flight.acquire().await;
            regions::of_account(config, &self.home).await
        };
        self.stop.unless(listed).await
    }

    /// Finds the credentials for an account.
    async fn enter(&self, account: Option<&str>) -> Result<SdkConfig, (Operation, Failure)> {
        let (Some(role), Some(account)) = (self.request.accounts.source.role(), account) else {
            return Ok(self.session.config().clone());
        };
        let (client, retry) = (self.session.sts_for_roles(&self.home), self.request.retry);
        let assume = AssumedRole::assume(client, retry, &self.in_flight, &self.home, account, role);
        let assumed = match self.stop.unless(assume).await {
            Ok(assumed) => assumed,
            Err(reason) => Err(Failure::stopped(reason, None)),
        };
        let role = assumed.map_err(|failure| (Operation::AssumeRole, failure))?;
        Ok(self
            .session
            .config_with(SharedCredentialsProvider::new(role)))
    }

    /// Visits Regions of an account, each in a task of its own.
    async fn visit_all<V: Visitor>(
        self: &Arc<Self>,
        visitor: &Arc<V>,
        account: Option<&Arc<str>>,
        config: &SdkConfig,
        regions: Vec<Arc<str>>,
    ) -> Vec<(Arc<str>, V::Found)> {
        self.progress.enter(regions.len());
        let id = account.map(|id| &**id);
        let (mut found, mut visits) = (Vec::with_capacity(regions.len()), Vec::new());
        for name in regions {
            let slot = match Arc::clone(&self.open).acquire_owned().await {
                Ok(slot) => slot,
                Err(error) => {
                    let lost = visitor.lost(id, &name, &Failure::internal(error.to_string()));
                    found.push((name, lost));
                    continue;
                }
            };
            let region = self.region(account.cloned(), &name, config);
            let (survey, visitor) = (Arc::clone(self), Arc::clone(visitor));
            let visit = tokio::spawn(async move {
                let (meter, progress) = (Arc::clone(&region.meter), Arc::clone(&survey.progress));
                // A task of its own, so that a panic is known here.
                let visit = tokio::spawn(async move { visitor.visit(&survey, region).await }).await;
                drop(slot);
                progress.close(&meter);
                visit
            });
            visits.push((name, visit));
        }
        for (name, visit) in visits {
            let visited = visit.await.and_then(|visit| visit);
            let visited = visited.unwrap_or_else(|error| {
                visitor.lost(id, &name, &Failure::internal(error.to_string()))
            });
            found.push((name, visited));
        }
        found
    }

    fn region(&self, account: Option<Arc<str>>, name: &Arc<str>, config: &SdkConfig) -> OpenRegion {
        let Request {
            rate, burst, retry, ..
        } = *self.request;
        let pacer = Arc::new(Pacer::new(rate, burst));
        let meter = self.progress.open(&pacer);
        let (in_flight, stop) = (Arc::clone(&self.in_flight), self.stop.clone());
        let channel = Channel::new(
            Arc::clone(name),
            pacer,
            in_flight,
            stop,
            retry,
            Arc::clone(&meter),
        );
        OpenRegion {
            account,
            name: Arc::clone(name),
            control_plane: ControlPlane::new(config, channel),
            meter,
        }
    }
}
