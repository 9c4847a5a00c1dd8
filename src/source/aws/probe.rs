//! What can be read from here, and what is missing: at most four small calls for each account and Region, by the same
//! pacer as an audit's. It must not know how that is told.

use std::sync::Arc;

use aws_config::SdkConfig;
use futures_util::stream::{self, StreamExt as _};
use tokio::sync::{Semaphore, mpsc};

use crate::model::document::partition_of;
use crate::model::feed::{Read, Selection, Warning};
use crate::source::aws::access::accounts::{self, Inventory};
use crate::source::aws::access::caller::{self, HOME};
use crate::source::aws::access::environment::Environment;
use crate::source::aws::access::iam::{AUDIT_ACCOUNT, everybody_in};
use crate::source::aws::access::regions::{Origin, is_opt_in};
use crate::source::aws::access::session::Session;
use crate::source::aws::call::control_plane::{ControlPlane, id_of, name_of};
use crate::source::aws::call::failure::{Failure, FailureKind, Operation, Subject};
use crate::source::aws::call::permission::{Blame, Permission, role_arn};
use crate::source::aws::call::retry::RetryPolicy;
use crate::source::aws::call::stop::{Canceller, Stop};
use crate::source::aws::survey::disabled::RegionStatus;
use crate::source::aws::survey::progress::{Limits, Progress};
use crate::source::aws::survey::walk::Survey;
use crate::source::aws::{Error, Request};

/// Somebody waits for the answer, and what passes after longer than this is worth telling.
const RETRIES: RetryPolicy = RetryPolicy { attempts: 3, unreachable: 2, ..RetryPolicy::STANDARD };
/// How many APIs or stages are asked for: one is looked at.
const FEW: u32 = 5;
/// In how many APIs a stage is looked for.
const APIS: usize = 2;
/// How many accounts are looked at at once.
const OPEN_ACCOUNTS: usize = 64;
/// How many Regions of an account are looked at at once.
const OPEN_REGIONS: usize = 32;

/// What was found.
#[derive(Debug, Default)]
pub struct Examination {
    /// What an audit would run in.
    pub environment: Environment,
    /// Who asks.
    pub caller: Option<String>,
    /// Everybody in the account of the caller, as a principal.
    pub principal: String,
    /// By how many seconds this machine's clock is ahead of AWS's; `None` where no answer had a date.
    pub clock_ahead: Option<i64>,
    /// The accounts that were looked at, by id.
    pub accounts: Vec<AccountExamined>,
    /// How many accounts are left out: by a flag, or since nobody can look into them.
    pub excluded_accounts: usize,
    /// What is wrong before any account is looked at.
    pub troubles: Vec<Trouble>,
    /// What else there is to say.
    pub warnings: Vec<Warning>,
    /// Why nobody could be asked anything.
    pub failed: Option<Error>,
    /// Whether AWS knows the credentials in no Region of any account.
    pub unknown_credentials: bool,
}

/// What was found in an account.
#[derive(Debug, Default)]
pub struct AccountExamined {
    /// Its id, where it is known.
    pub id: Option<String>,
    /// The ARN of the role that was assumed; none for the caller's own account.
    pub role: Option<String>,
    /// What is wrong before any Region is looked at.
    pub troubles: Vec<Trouble>,
    /// The Regions that were looked at, by name.
    pub regions: Vec<RegionExamined>,
    /// The Regions that are not enabled.
    pub disabled: Vec<String>,
    /// Whether AWS knows the credentials in none of its Regions.
    pub unknown_credentials: bool,
}

/// What was found in a Region of an account.
#[derive(Debug)]
pub struct RegionExamined {
    /// Its name.
    pub name: String,
    /// The calls that were answered.
    pub answered: Vec<&'static str>,
    /// What is wrong.
    pub troubles: Vec<Trouble>,
}

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The call, by AWS's name.
    pub operation: &'static str,
    /// AWS's code, or ours where no answer of AWS came.
    pub code: String,
    /// What was said.
    pub message: String,
    /// What to do about it.
    pub hint: String,
    /// Why it failed.
    pub cause: Cause,
    /// What IAM would have to allow, where that is the cause.
    pub permission: Option<Permission>,
    /// Whether an audit with the same flags needs the call.
    pub needed: bool,
}

/// Why a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// AWS knows who asks, and refuses.
    Denied(Blame),
    /// AWS does not know the credentials, or no longer.
    Credentials,
    /// The signature is wrong.
    Signature,
    /// Nobody answered.
    Unreachable,
    /// There was no time left, or somebody stopped it.
    Stopped,
    /// Anything else.
    Other,
}

impl Trouble {
    fn of(operation: Operation, failure: &Failure, account: Option<&str>, region: Option<&str>, needed: bool) -> Self {
        let at = Subject { account, region, api_id: None, stage: None };
        let cause = match failure.kind {
            FailureKind::Denied => Cause::Denied(Blame::of(&failure.message)),
            FailureKind::Expired | FailureKind::UnknownCredentials | FailureKind::Credentials => Cause::Credentials,
            FailureKind::Signature => Cause::Signature,
            FailureKind::Connection
            | FailureKind::Unreachable
            | FailureKind::Unresolved
            | FailureKind::Tls
            | FailureKind::Proxy
            | FailureKind::Slow => Cause::Unreachable,
            FailureKind::Stopped(_) => Cause::Stopped,
            FailureKind::Throttled(_)
            | FailureKind::Server
            | FailureKind::Broken
            | FailureKind::Missing
            | FailureKind::Endless
            | FailureKind::TwoAnswers
            | FailureKind::TooLarge
            | FailureKind::Other => Cause::Other,
        };
        let permission = matches!(cause, Cause::Denied(_)).then(|| failure.permission(operation, at));
        let gap = failure.gap(operation, at);
        Self {
            operation: operation.name(),
            code: gap.code,
            message: gap.message,
            hint: gap.hint,
            cause,
            permission,
            needed,
        }
    }
}

/// Looks at everything that the request names; the canceller ends it, and what was found until then is told.
///
/// # Errors
/// When there is nothing to look at: no Region, or a setting that cannot be meant.
pub fn examine(request: Request) -> (Canceller, impl Future<Output = Result<Examination, Error>>) {
    let (canceller, stop) = Canceller::new();
    let (request, timeout) = (Request { retry: RETRIES, ..request }, request.timeout);
    (canceller.clone(), canceller.within(timeout, examination(request, stop)))
}

async fn examination(request: Request, stop: Stop) -> Result<Examination, Error> {
    let session = match Box::pin(stop.unless(Session::open(&request))).await {
        Ok(session) => session?,
        Err(reason) => return Ok(Examination::stopped(&Failure::stopped(reason, None))),
    };
    let (all, homes) = (request.regions.all, caller::homes(&request.regions, session.region())?);
    let home = homes.first().map_or(HOME, |home| home);
    let environment = Environment::of(&request, &session, home).await;
    let asked = stop.unless(caller::caller(&session, &homes, request.profile.as_deref())).await;
    let clock_ahead = session.clock().ahead();
    let caller = match asked {
        Ok(Ok(caller)) => caller,
        Ok(Err(error)) => {
            return Ok(Examination { environment, clock_ahead, failed: Some(error), ..Examination::default() });
        }
        Err(reason) => {
            let stopped = Examination::stopped(&Failure::stopped(reason, None));
            return Ok(Examination { environment, clock_ahead, ..stopped });
        }
    };
    let mut found = Examination { environment, clock_ahead, caller: caller.arn, ..Examination::default() };
    let account = match caller.account {
        caller::Account::Known(account) => Some(account),
        caller::Account::Unknown(warning) => {
            found.warnings.push(warning);
            None
        }
    };
    found.principal = everybody_in(partition_of(&caller.home), account.as_deref().unwrap_or(AUDIT_ACCOUNT));
    // Nothing is read but what these few calls say, so nobody takes chunks.
    let (chunks, _) = mpsc::channel(1);
    let survey = Survey {
        in_flight: Arc::new(Semaphore::new(request.concurrency.clamp(1, Semaphore::MAX_PERMITS))),
        open: Survey::places(),
        regions: (!all).then_some(homes),
        home: caller.home,
        caller: account,
        stop,
        progress: Arc::new(Progress::new(Limits::of(&request))),
        chunks,
        session,
        request,
    };
    let Inventory { accounts, tallies, warnings, failures } = accounts::inventory(&survey).await;
    found.excluded_accounts = tallies.iter().filter(|tally| tally.scope.outcome == Read::Excluded).count();
    found.warnings.extend(warnings);
    found.troubles = failures.iter().map(|(call, failure)| Trouble::of(*call, failure, None, None, true)).collect();
    let survey = &survey;
    found.accounts =
        stream::iter(accounts).map(|id| account_of(survey, id)).buffer_unordered(OPEN_ACCOUNTS).collect().await;
    found.accounts.sort_by(|a, b| a.id.cmp(&b.id));
    found.unknown_credentials =
        !found.accounts.is_empty() && found.accounts.iter().all(|account| account.unknown_credentials);
    Ok(found)
}

impl Examination {
    fn stopped(failure: &Failure) -> Self {
        let trouble = Trouble::of(Operation::GetCallerIdentity, failure, None, None, true);
        Self { troubles: vec![trouble], ..Self::default() }
    }
}

async fn account_of(survey: &Survey, id: Option<Arc<str>>) -> AccountExamined {
    let account = id.as_deref();
    let role = survey.request.accounts.whose.role().zip(account);
    let mut found = AccountExamined {
        id: account.map(str::to_owned),
        role: role.map(|(role, account)| role_arn(partition_of(&survey.home), account, &role.name)),
        ..AccountExamined::default()
    };
    let known = survey.regions.clone().map(|regions| survey.wanted(account, regions).0);
    if known.as_ref().is_some_and(Vec::is_empty) {
        return found;
    }
    let config = match survey.enter(account).await {
        Ok(config) => config,
        Err((call, failure)) => {
            found.unknown_credentials = failure.kind == FailureKind::UnknownCredentials;
            found.troubles.push(Trouble::of(call, &failure, account, None, true));
            return found;
        }
    };
    let (wanted, said) = match known {
        Some(wanted) => (wanted, None),
        None => listed(survey, &config, &mut found).await,
    };
    let regions = stream::iter(wanted).map(|name| region_of(survey, id.clone(), &config, name));
    let mut regions: Vec<(RegionExamined, bool)> = regions.buffer_unordered(OPEN_REGIONS).collect().await;
    regions.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    // As an audit settles it.
    let said = match said {
        Some(said) => said,
        None if regions.iter().any(|(region, unknown)| *unknown && is_opt_in(&region.name)) => {
            survey.regions_of(&config).await.map(|found| RegionStatus::of(&found)).unwrap_or_default()
        }
        None => RegionStatus::default(),
    };
    let (off, rest): (Vec<_>, Vec<_>) =
        regions.into_iter().partition(|(region, unknown)| *unknown && said.is_disabled(&region.name));
    found.unknown_credentials = rest.iter().all(|(_, unknown)| *unknown)
        && said.proves_bad_credentials(rest.iter().map(|(region, _)| region.name.as_str()));
    found.disabled.extend(off.into_iter().map(|(region, _)| region.name));
    found.regions.extend(rest.into_iter().map(|(region, _)| region));
    found.disabled.sort();
    found
}

/// The Regions of an account that are to be looked at, and what AWS said about them.
async fn listed(
    survey: &Survey,
    config: &SdkConfig,
    found: &mut AccountExamined,
) -> (Vec<Arc<str>>, Option<RegionStatus>) {
    let account = found.id.clone();
    let account = account.as_deref();
    let listed = match survey.regions_of(config).await {
        Ok(listed) => listed,
        Err(reason) => {
            let failure = Failure::stopped(reason, None);
            found.troubles.push(Trouble::of(Operation::ListRegions, &failure, account, None, true));
            return (Vec::new(), None);
        }
    };
    let said = Some(RegionStatus::of(&listed));
    // One of the two calls is enough; without either a newer Region would be missed.
    if listed.from == Origin::BuiltIn {
        let troubles = listed.failures.iter().map(|(call, failure)| Trouble::of(*call, failure, account, None, true));
        found.troubles.extend(troubles);
    }
    let (on, off): (Vec<_>, Vec<_>) = listed.regions.into_iter().partition(|region| region.enabled);
    found.disabled = off.into_iter().map(|region| region.name).collect();
    (survey.wanted(account, on.into_iter().map(|region| region.name.into()).collect()).0, said)
}

/// A Region, and whether AWS does not know the credentials there.
async fn region_of(
    survey: &Survey,
    account: Option<Arc<str>>,
    config: &SdkConfig,
    name: Arc<str>,
) -> (RegionExamined, bool) {
    let control_plane = survey.region(account.clone(), &name, config, 1).control_plane;
    let mut look =
        Look { account: account.as_deref(), region: &name, answered: Vec::new(), troubles: Vec::new(), unknown: false };
    look.at(&control_plane, &survey.request.selection).await;
    let Look { answered, troubles, unknown, .. } = look;
    (RegionExamined { name: name.to_string(), answered, troubles }, unknown)
}

/// A look at a Region, and what came of it so far.
struct Look<'a> {
    account: Option<&'a str>,
    region: &'a str,
    answered: Vec<&'static str>,
    troubles: Vec<Trouble>,
    unknown: bool,
}

impl Look<'_> {
    async fn at(&mut self, control_plane: &ControlPlane, selection: &Selection) {
        // With one stage, each API is asked for that one; otherwise only --confirm asks for single stages.
        let one_stage = match selection.stages.as_slice() {
            [one] => Some(one.as_str()),
            _ => None,
        };
        let listed = control_plane.first_apis(FEW).await;
        let apis = self.took(Operation::GetApis, listed, true).map(|page| page.items).unwrap_or_default();
        let ids: Vec<&str> = if selection.apis.is_empty() {
            apis.iter().filter_map(id_of).collect()
        } else {
            selection.apis.iter().map(String::as_str).collect()
        };
        // What API Gateway does not answer as a whole, it does not answer API by API either.
        if self.troubles.iter().any(|trouble| !matches!(trouble.cause, Cause::Denied(_))) {
            return;
        }
        for id in ids.into_iter().take(APIS) {
            let listed = control_plane.first_stages(id, FEW).await;
            let stages = self.took(Operation::GetStages, listed, one_stage.is_none()).map(|page| page.items);
            let stage = stages.iter().flatten().find_map(name_of);
            let denied = self.troubles.iter().any(|trouble| trouble.operation == "GetStages");
            // Where stages cannot be listed, the name that most HTTP APIs have is tried.
            let Some(stage) = one_stage.or(stage).or(denied.then_some("$default")) else { continue };
            let read = control_plane.get_stage(id, stage).await;
            self.took(Operation::GetStage, read, one_stage.is_some());
            return;
        }
    }

    /// What was answered; a failure is noted.
    fn took<T>(&mut self, operation: Operation, answer: Result<T, Failure>, needed: bool) -> Option<T> {
        match answer {
            Ok(answer) => {
                if !self.answered.contains(&operation.name()) {
                    self.answered.push(operation.name());
                }
                Some(answer)
            }
            // The API or the stage is not here; that says nothing about permissions.
            Err(failure) if failure.kind == FailureKind::Missing && operation != Operation::GetApis => None,
            Err(failure) => {
                self.unknown |= failure.kind == FailureKind::UnknownCredentials;
                self.troubles.push(Trouble::of(operation, &failure, self.account, Some(self.region), needed));
                None
            }
        }
    }
}
