//! The visitor of `doctor`: at most four small calls in each account and Region, by the pacer of an audit, which show what
//! can be read and what is missing. It must not know how that is shown.

use std::sync::Arc;

use super::access::caller::{self, HOME};
use super::access::environment::Environment;
use super::access::error::Error;
use super::access::iam::{AUDIT_ACCOUNT, everybody_in};
use super::access::regions::Origin;
use super::access::session::Session;
use super::call::{
    Blame, Canceller, Failure, FailureKind, Operation, Permission, RetryPolicy, Stop, Subject,
    role_arn,
};
use super::kind::{ControlPlane, id_of, name_of, protocol_of};
use super::request::Request;
use super::survey::walk::{AccountVisited, OpenRegion, Survey, Visitor};
use crate::model::document::partition_of;
use crate::model::state::{Selection, Warning};

/// A user waits for the answer, and a failure that lasts longer than this is worth reporting.
const RETRIES: RetryPolicy = RetryPolicy {
    attempts: 3,
    unreachable: 2,
    ..RetryPolicy::STANDARD
};
/// APIs or stages that are requested; the first is looked at.
const FEW: u32 = 5;
/// APIs in which a stage is looked for.
const APIS: usize = 2;

/// The result of an examination.
#[derive(Debug, Default)]
pub struct Examination {
    /// The environment of an audit.
    pub environment: Environment,
    /// The caller's ARN.
    pub caller: Option<String>,
    /// The principal that means the caller's account.
    pub principal: String,
    /// Seconds by which this machine's clock is ahead of AWS's; `None` if no answer had a date.
    pub clock_ahead: Option<i64>,
    /// The accounts that were looked at, by id.
    pub accounts: Vec<AccountExamined>,
    /// Number of accounts that are left out, by a flag or because they are suspended.
    pub excluded_accounts: usize,
    /// Troubles that come before any account.
    pub troubles: Vec<Trouble>,
    /// Warnings.
    pub warnings: Vec<Warning>,
    /// The error that ended the examination.
    pub failed: Option<Error>,
    /// True if AWS knows the credentials in no Region of any account.
    pub unknown_credentials: bool,
}

/// The result for an account.
#[derive(Debug, Default)]
pub struct AccountExamined {
    /// Its id, where it is known.
    pub id: Option<String>,
    /// The ARN of the role that was assumed; none for the caller's own account.
    pub role: Option<String>,
    /// Troubles that come before any Region.
    pub troubles: Vec<Trouble>,
    /// The Regions that were looked at, by name.
    pub regions: Vec<RegionExamined>,
    /// The Regions that are not enabled.
    pub disabled: Vec<String>,
    /// True if AWS knows the credentials in none of its Regions.
    pub unknown_credentials: bool,
}

/// The result for a Region of an account.
#[derive(Debug)]
pub struct RegionExamined {
    /// Its name.
    pub name: String,
    /// The calls that were answered.
    pub answered: Vec<&'static str>,
    /// The calls that failed.
    pub troubles: Vec<Trouble>,
}

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The call, by AWS's name.
    pub operation: &'static str,
    /// AWS's code, or ours where no answer of AWS came.
    pub code: String,
    /// The message.
    pub message: String,
    /// The advice on what to do.
    pub hint: String,
    /// The cause.
    pub cause: Cause,
    /// The permission that is missing, if that is the cause.
    pub permission: Option<Permission>,
    /// True if an audit with the same flags needs the call.
    pub needed: bool,
}

/// The cause of a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// AWS knows the caller, and refuses.
    Denied(Blame),
    /// AWS does not know the credentials, or no longer.
    Credentials,
    /// The signature is wrong.
    Signature,
    /// There was no answer.
    Unreachable,
    /// The time was over, or the examination was stopped.
    Stopped,
    /// Anything else.
    Other,
}

impl Cause {
    fn of(failure: &Failure) -> Self {
        match failure.kind {
            FailureKind::Denied => Self::Denied(Blame::of(&failure.message)),
            FailureKind::Expired
            | FailureKind::SessionOver
            | FailureKind::UnknownCredentials
            | FailureKind::Credentials => Self::Credentials,
            FailureKind::Signature => Self::Signature,
            FailureKind::Connection | FailureKind::Slow => Self::Unreachable,
            kind if kind.never_connected() => Self::Unreachable,
            FailureKind::Stopped(_) => Self::Stopped,
            _ => Self::Other,
        }
    }
}

impl Trouble {
    fn of(
        operation: Operation,
        failure: &Failure,
        account: Option<&str>,
        region: Option<&str>,
        needed: bool,
    ) -> Self {
        let at = Subject {
            account,
            region,
            ..Subject::default()
        };
        let cause = Cause::of(failure);
        let permission =
            matches!(cause, Cause::Denied(_)).then(|| failure.permission(operation, at));
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

/// Examines everything that the request names. The canceller ends it with the results so far.
///
/// # Errors
/// When there is nothing to look at: no Region, or an invalid setting.
pub fn examine(request: Request) -> (Canceller, impl Future<Output = Result<Examination, Error>>) {
    let (canceller, stop) = Canceller::new();
    let (request, timeout) = (
        Request {
            retry: RETRIES,
            ..request
        },
        request.timeout,
    );
    (
        canceller.clone(),
        canceller.within(timeout, examination(request, stop)),
    )
}

async fn examination(request: Request, stop: Stop) -> Result<Examination, Error> {
    let session = match Box::pin(stop.unless(Session::open(&request))).await {
        Ok(session) => session?,
        Err(reason) => return Ok(Examination::stopped(&Failure::stopped(reason, None))),
    };
    let homes = caller::homes(&request.regions, session.region())?;
    let home = homes.first().map_or(HOME, |home| home);
    let environment = Environment::of(&request, &session, home).await;
    let called = stop
        .unless(caller::caller(&session, &homes, request.profile.as_deref()))
        .await;
    let mut found = match &called {
        Err(reason) => Examination::stopped(&Failure::stopped(*reason, None)),
        Ok(_) => Examination::default(),
    };
    found.environment = environment;
    found.clock_ahead = session.clock().ahead();
    let caller = match called {
        Ok(Ok(caller)) => caller,
        Ok(Err(error)) => {
            found.failed = Some(error);
            return Ok(found);
        }
        Err(_) => return Ok(found),
    };
    found.caller = caller.arn;
    let account = match caller.account {
        caller::Account::Known(account) => Some(account),
        caller::Account::Unknown(warning) => {
            found.warnings.push(warning);
            None
        }
    };
    found.principal = everybody_in(
        partition_of(&caller.home),
        account.as_deref().unwrap_or(AUDIT_ACCOUNT),
    );
    let survey = Survey::new(request, session, homes, (account, caller.home), stop);
    found.look_at(survey).await;
    Ok(found)
}

impl Examination {
    fn stopped(failure: &Failure) -> Self {
        let trouble = Trouble::of(Operation::GetCallerIdentity, failure, None, None, true);
        Self {
            troubles: vec![trouble],
            ..Self::default()
        }
    }

    /// Looks at every account and Region of a survey.
    async fn look_at(&mut self, survey: Arc<Survey>) {
        let inventory = survey.accounts().await;
        self.excluded_accounts = inventory.excluded.len();
        self.warnings.extend(inventory.warnings);
        let troubles = inventory
            .failures
            .iter()
            .map(|(call, failure)| Trouble::of(*call, failure, None, None, true));
        self.troubles = troubles.collect();
        let (role, partition) = (
            survey.request.accounts.source.role(),
            partition_of(&survey.home),
        );
        let role_of = |account: &str| role.map(|role| role_arn(partition, account, &role.name));
        Arc::clone(&survey)
            .walk(Arc::new(Probe), inventory.accounts, |account| {
                self.accounts.push(examined(account, role_of));
            })
            .await;
        self.accounts.sort_by(|a, b| a.id.cmp(&b.id));
        self.unknown_credentials = !self.accounts.is_empty()
            && self
                .accounts
                .iter()
                .all(|account| account.unknown_credentials);
    }
}

/// Makes a few calls in each Region.
struct Probe;

impl Visitor for Probe {
    type Found = Look;

    async fn visit(&self, survey: &Survey, region: OpenRegion) -> Look {
        let mut look = Look::new(region.account.as_deref(), &region.name);
        look.at(&region.control_plane, &survey.request.selection)
            .await;
        look
    }

    fn lost(&self, account: Option<&str>, region: &str, why: &Failure) -> Look {
        let mut look = Look::new(account, region);
        look.found.troubles.push(Trouble::of(
            Operation::GetApis,
            why,
            account,
            Some(region),
            true,
        ));
        look
    }

    fn was_refused(look: &Look) -> bool {
        look.refused
    }
}

/// Sums up what was found in an account.
fn examined(
    visited: AccountVisited<Look>,
    role_of: impl Fn(&str) -> Option<String>,
) -> AccountExamined {
    let id = visited.id.as_deref();
    let mut found = AccountExamined {
        id: id.map(str::to_owned),
        role: id.and_then(role_of),
        disabled: visited.disabled,
        ..AccountExamined::default()
    };
    if let Some((call, failure, _)) = &visited.closed {
        found.unknown_credentials = failure.kind == FailureKind::UnknownCredentials;
        found
            .troubles
            .push(Trouble::of(*call, failure, id, None, true));
        return found;
    }
    // One of the two calls is enough; without either a newer Region would be missed.
    if let Some(listed) = visited
        .listed
        .as_ref()
        .filter(|listed| listed.from == Origin::BuiltIn)
    {
        let troubles = listed
            .failures
            .iter()
            .map(|(call, failure)| Trouble::of(*call, failure, id, None, true));
        found.troubles.extend(troubles);
    }
    let status = &visited.status;
    let (off, mut on): (Vec<_>, Vec<_>) = visited
        .regions
        .into_iter()
        .partition(|(name, look)| look.refused && status.is_disabled(name));
    on.sort_by(|(a, _), (b, _)| a.cmp(b));
    let refusals = on.iter().map(|(name, look)| (&**name, look.refused));
    found.unknown_credentials = status.proves_bad_credentials(refusals);
    found
        .disabled
        .extend(off.into_iter().map(|(name, _)| name.to_string()));
    found.disabled.sort();
    found.regions = on.into_iter().map(|(_, look)| look.found).collect();
    found
}

/// The calls in a Region, and their results so far.
struct Look {
    account: Option<String>,
    found: RegionExamined,
    /// True if AWS did not know the credentials.
    refused: bool,
}

impl Look {
    fn new(account: Option<&str>, region: &str) -> Self {
        let found = RegionExamined {
            name: region.to_owned(),
            answered: Vec::new(),
            troubles: Vec::new(),
        };
        Self {
            account: account.map(str::to_owned),
            found,
            refused: false,
        }
    }

    async fn at(&mut self, control_plane: &ControlPlane, selection: &Selection) {
        // With one stage an audit uses GetStage; otherwise only --confirm does.
        let one_stage = match selection.stages.as_slice() {
            [one] => Some(one.as_str()),
            _ => None,
        };
        let listed = control_plane.first_apis(FEW).await;
        let apis = self
            .took(Operation::GetApis, listed, true)
            .map(|page| page.items)
            .unwrap_or_default();
        let ids: Vec<&str> = if selection.apis.is_empty() {
            apis.iter()
                .filter(|api| selection.has_protocol(protocol_of(api)))
                .filter_map(id_of)
                .collect()
        } else {
            selection.apis.iter().map(String::as_str).collect()
        };
        // A call that fails for the whole Region fails for each API as well.
        if self
            .found
            .troubles
            .iter()
            .any(|trouble| !matches!(trouble.cause, Cause::Denied(_)))
        {
            return;
        }
        for id in ids.into_iter().take(APIS) {
            let listed = control_plane.first_stages(id, FEW).await;
            let stages = self
                .took(Operation::GetStages, listed, one_stage.is_none())
                .map(|page| page.items);
            let stage = stages.iter().flatten().find_map(name_of);
            let denied = self
                .found
                .troubles
                .iter()
                .any(|trouble| trouble.operation == "GetStages");
            // If stages cannot be listed, try the stage name that most HTTP APIs have.
            let Some(stage) = one_stage.or(stage).or(denied.then_some("$default")) else {
                continue;
            };
            let read = control_plane.get_stage(id, stage).await;
            self.took(Operation::GetStage, read, one_stage.is_some());
            return;
        }
    }

    /// Notes an answer or a failure.
    fn took<T>(
        &mut self,
        operation: Operation,
        answer: Result<T, Failure>,
        needed: bool,
    ) -> Option<T> {
        match answer {
            Ok(answer) => {
                if !self.found.answered.contains(&operation.name()) {
                    self.found.answered.push(operation.name());
                }
                Some(answer)
            }
            // A missing API or stage tells nothing about permissions.
            Err(failure)
                if failure.kind == FailureKind::Missing && operation != Operation::GetApis =>
            {
                None
            }
            Err(failure) => {
                self.refused |= failure.kind == FailureKind::UnknownCredentials;
                let (account, region) = (self.account.as_deref(), Some(self.found.name.as_str()));
                let trouble = Trouble::of(operation, &failure, account, region, needed);
                self.found.troubles.push(trouble);
                None
            }
        }
    }
}
