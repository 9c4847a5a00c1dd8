//! The state of a fetch: opens the session, starts the survey on the runtime, and hands its batches over. It must not know
//! how a Region is read.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::access::caller::{self, Account, Caller};
use super::access::error::Error;
use super::access::session::Session;
use super::access::url::plain_http;
use super::call::Canceller;
use super::request::{AccountSource, Request};
use super::survey::fetch::{Fetched, fetch};
use super::survey::progress::Progress;
use super::survey::tally;
use super::survey::walk::Survey;
use crate::model::state::{Batch, Close, Gap, GapCode, Narrowing, State, Unusable, Warning};

/// Batches that may wait to be checked. More would only fill memory: a batch is checked faster than it is fetched.
const WAITING_BATCHES: usize = 64;

/// Finds the credentials, the Regions and the account, and starts to fetch on the current tokio runtime.
///
/// # Errors
/// When nothing can be fetched: no Region, no credentials, credentials that AWS refuses, or an invalid setting.
/// Later failures are gaps in the state.
pub async fn open(request: Request) -> Result<AwsState, Error> {
    let started = Instant::now();
    let session = match request.timeout {
        None => Session::open(&request).await?,
        Some(timeout) => tokio::time::timeout(timeout, Session::open(&request))
            .await
            .map_err(|_| Error::TooLate)??,
    };
    let homes = caller::homes(&request.regions, session.region())?;
    let mut warnings = unencrypted(&request, &session);
    let left = |timeout: Duration| timeout.saturating_sub(started.elapsed());
    let caller = find_caller(&request, &session, &homes, request.timeout.map(left)).await?;
    let account = match caller.account {
        Account::Known(account) => Some(account),
        Account::Unknown(warning) => {
            warnings.push(warning);
            None
        }
    };

    let resolved_request = Some(resolved(&request, &homes, account.as_deref()));
    let (canceller, stop) = Canceller::new();
    let (sender, batches) = mpsc::channel(WAITING_BATCHES);
    let (closing, close) = oneshot::channel();
    let timeout = request.timeout.map(left);
    let (selection, spool) = (Arc::clone(&request.selection), request.spool.clone());
    let narrowing = Narrowing::of(&selection, request.shard);
    let survey = Survey::new(request, session, homes, (account, caller.home), stop);
    let progress = Arc::clone(&survey.progress);
    let fetch = Box::pin(canceller.clone().within(timeout, fetch(survey, sender)));
    tokio::spawn(async move {
        let Fetched {
            tallies,
            expected,
            warnings: more,
            refusal,
        } = fetch.await;
        warnings.extend(more);
        let failed = refusal.map(|failure| {
            format!(
                "AWS refused the credentials in every Region ({}: {}).\nCheck the access key, or renew the session.",
                failure.code, failure.message
            )
        });
        let close = Close {
            failed,
            resolved_request,
            ..tally::close(tallies, expected, warnings, &selection, narrowing)
        };
        if let Some(spool) = spool {
            spool.closed(&close);
        }
        // The state may be gone.
        let _ = closing.send(close);
    });
    Ok(AwsState {
        progress,
        batches,
        close,
        canceller,
    })
}

/// The warnings about endpoints to which requests go unencrypted.
fn unencrypted(request: &Request, session: &Session) -> Vec<Warning> {
    let organization = matches!(request.accounts.source, AccountSource::Organization(..));
    let mut services = vec!["ApiGatewayV2", "STS"];
    services.extend(request.regions.all.then_some("Account"));
    services.extend(organization.then_some("Organizations"));
    let endpoints = session.plain_http_endpoints(&services);
    endpoints.iter().map(|url| plain_http(url)).collect()
}

/// The account and the Regions that a request means. Shards on several machines may find another Region there, and other
/// credentials. The account matters where it is the one that is read.
fn resolved(request: &Request, homes: &[Arc<str>], account: Option<&str>) -> String {
    let reads_own = matches!(request.accounts.source, AccountSource::Own);
    let account = account.filter(|_| reads_own).unwrap_or("-");
    let regions = if request.regions.all {
        "all".to_owned()
    } else {
        homes.join(" ")
    };
    format!("{account} {regions}")
}

/// Finds the caller in the time that is left.
async fn find_caller(
    request: &Request,
    session: &Session,
    homes: &[Arc<str>],
    left: Option<Duration>,
) -> Result<Caller, Error> {
    let found = caller::caller(session, homes, request.profile.as_deref());
    let found = match left {
        None => found.await?,
        Some(left) => match tokio::time::timeout(left, found).await {
            Ok(caller) => caller?,
            Err(_) => Caller::too_late(homes),
        },
    };
    match found.account {
        // Shards are cut by account, and this account would be cut unlike the others.
        Account::Unknown(why)
            if matches!(request.accounts.source, AccountSource::Own) && request.shard.is_some() =>
        {
            Err(Error::AccountUnknown(why.message))
        }
        _ => Ok(found),
    }
}

/// The stages of all accounts, one batch an API, in the order of the APIs' identifiers within a Region.
///
/// Its methods block, so they belong on an ordinary thread, never on one of the runtime's. Dropping it stops the fetch.
pub struct AwsState {
    progress: Arc<Progress>,
    batches: mpsc::Receiver<Box<dyn Batch>>,
    close: oneshot::Receiver<Close>,
    canceller: Canceller,
}

impl AwsState {
    /// The handle that stops the fetch from another thread. The state then ends soon.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        self.canceller.clone()
    }

    /// The counters of the fetch.
    #[must_use]
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }
}

/// The close of a fetch that ended without one: nothing is known to be read.
fn lost() -> Close {
    let message = "the fetch ended early";
    let gap = Gap {
        operation: "GetApis".to_owned(),
        code: GapCode::InternalError.into(),
        message: message.to_owned(),
        hint: "this is a bug of driftgate: please report it".to_owned(),
        ..Gap::default()
    };
    Close {
        gaps: vec![gap],
        failed: Some(format!(
            "{message}. This is a bug of driftgate; please report it"
        )),
        ..Close::default()
    }
}

impl State for AwsState {
    fn next(&mut self) -> Option<Box<dyn Batch>> {
        self.batches.blocking_recv()
    }

    fn ready(&mut self) -> Option<Box<dyn Batch>> {
        self.batches.try_recv().ok()
    }

    fn close(mut self: Box<Self>) -> Result<Close, Unusable> {
        // Before the last batch, this saves the wait for the others.
        self.canceller.cancel();
        self.batches.close();
        while self.batches.blocking_recv().is_some() {}
        let (_, never) = oneshot::channel();
        let close = std::mem::replace(&mut self.close, never);
        Ok(close.blocking_recv().unwrap_or_else(|_| lost()))
    }
}

impl Drop for AwsState {
    fn drop(&mut self) {
        self.canceller.cancel();
    }
}
