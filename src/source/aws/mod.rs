//! Stages from AWS, through its SDK, whose types stay in this module. It must not know policies or reports: what to
//! fetch is a value.
//!
//! ```text
//! open: session (http, credentials) ─► inventory (who asks, and where) ─► survey
//! survey: accounts ─► role ─► regions ─► fetch, one Region each ─► call ─► pace
//!                                          │    └─► confirm         ├─► gap, retry
//!                                          │                        └─► convert
//!                                          └─► chunks, then ledger ─► settle, an account each ─► Close
//!                                                └─► spool, from which a later run takes both
//! probe: the same up to regions, then at most four calls in each; permission and iam say what IAM has to allow
//! ```
//!
//! GetApis and GetStages return the whole of what GetApi and GetStage do, tags included (botocore's model has the same
//! members in both), so a Region costs one call for each page of APIs and one for each page of an API's stages.

mod accounts;
mod apart;
mod call;
#[cfg(test)]
mod canned;
mod clock;
mod confirm;
mod convert;
mod credentials;
mod error;
mod fetch;
mod gap;
mod http;
pub mod iam;
mod inventory;
mod ledger;
mod organization;
mod pace;
mod permission;
pub mod probe;
mod progress;
mod regions;
mod retry;
mod role;
mod selector;
mod sent;
mod session;
mod settle;
mod spool;
mod stop;
mod surroundings;
mod survey;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, mpsc, oneshot};

pub use self::accounts::{Accounts, Whose};
pub use self::error::Error;
pub use self::permission::{Blame, Permission};
pub use self::progress::{Progress, Standing};
pub use self::retry::Patience;
pub use self::role::Role;
pub use self::selector::{NotASelector, Selector, is_account_id};
pub use self::spool::{Asked, End, Error as SpoolError, Spool};
pub use self::stop::Canceller;
pub use self::surroundings::{Endpoint, Setting, Surroundings, without_password};

use self::inventory::Account;
use self::progress::Limits;
use self::session::Session;
use self::stop::Reason;
use self::survey::{Survey, Surveyed};
use crate::model::Document;
use crate::model::feed::{Chunk, Close, Feed, Gap, Selection, Unusable, Warning};
use crate::model::narrowing::Narrowing;
use crate::model::shard::Shard;

/// Chunks that may wait to be checked. More would only fill memory: a chunk is checked faster than it is fetched.
const WAITING_CHUNKS: usize = 64;

/// Where STS and Organizations are asked when all Regions are read and no Region is named anywhere.
const HOME: &str = "us-east-1";

/// What can be said of a document before it is handed on.
pub type Predicate = Arc<dyn Fn(&Document<'_>) -> bool + Send + Sync>;

/// What to fetch, and how.
pub struct Request {
    /// The profile of the AWS configuration; `None` is the SDK's default chain.
    pub profile: Option<String>,
    /// Where every call goes instead of AWS's endpoints.
    pub endpoint_url: Option<String>,
    /// Fixed keys; `None` is the SDK's default chain.
    pub credentials: Option<Keys>,
    /// The accounts.
    pub accounts: Accounts,
    /// The Regions of each of them.
    pub regions: Regions,
    /// The part of the accounts' Regions that is read; `None` is all.
    pub shard: Option<Shard>,
    /// The APIs and stages that are wanted.
    pub selection: Arc<Selection>,
    /// Whether a rule can match a stage of an API; only then are its stages fetched. The stage is not stated yet.
    pub may_match: Predicate,
    /// Which stages are read again with GetStage before they are handed on; `None` is none.
    pub confirm: Option<Predicate>,
    /// Requests a second for each account and Region, at most; 0 switches the pacer off, adaptation included.
    pub rate: f64,
    /// Requests at once for each account and Region, at most.
    pub burst: u32,
    /// Requests in flight overall, at most.
    pub concurrency: usize,
    /// The time for the whole fetch; what was not reached then becomes gaps.
    pub timeout: Option<Duration>,
    /// Where what is read is kept, and what an earlier run has read already.
    pub spool: Option<Arc<Spool>>,
    /// How long what fails is borne with.
    pub patience: Patience,
}

impl Default for Request {
    /// Everything in the Region and with the credentials of the SDK's chain, one request at a time and unpaced.
    fn default() -> Self {
        Self {
            profile: None,
            endpoint_url: None,
            credentials: None,
            accounts: Accounts::default(),
            regions: Regions::default(),
            shard: None,
            selection: Arc::default(),
            may_match: Arc::new(|_| true),
            confirm: None,
            rate: 0.0,
            burst: 1,
            concurrency: 1,
            timeout: None,
            spool: None,
            patience: Patience::STANDARD,
        }
    }
}

/// Which Regions of an account are read.
#[derive(Debug, Clone, Default)]
pub struct Regions {
    /// By name; when empty, the one of the SDK's chain.
    pub named: Vec<String>,
    /// All that are enabled for the account, instead.
    pub all: bool,
    /// Those that are left out.
    pub excluded: Vec<String>,
}

/// Fixed keys. They have no `Debug`, so that no log can hold them.
#[derive(Clone)]
pub struct Keys {
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token of temporary keys.
    pub session_token: Option<String>,
}

/// Finds the credentials, the Regions and the account, and starts to fetch on the current tokio runtime.
///
/// # Errors
/// When nothing can be fetched: no Region, no credentials, credentials that AWS refuses, or a setting that cannot be
/// meant. What fails later is a gap in the feed.
pub async fn open(request: Request) -> Result<AwsFeed, Error> {
    let started = Instant::now();
    let session = match request.timeout {
        None => Session::open(&request).await?,
        Some(timeout) => tokio::time::timeout(timeout, Session::open(&request)).await.map_err(|_| Error::TooLate)??,
    };
    let (all, homes) = (request.regions.all, inventory::homes(&request.regions, session.region())?);
    let mut services = vec!["ApiGatewayV2", "STS"];
    services.extend(all.then_some("Account"));
    services.extend(matches!(request.accounts.whose, Whose::Organization(..)).then_some("Organizations"));
    let mut warnings: Vec<Warning> =
        session.plain_http_endpoints(&services).iter().map(|url| plain_http(url)).collect();
    let caller = inventory::caller(&session, &homes, request.profile.as_deref());
    let caller = match request.timeout {
        None => caller.await?,
        Some(timeout) => match tokio::time::timeout(timeout.saturating_sub(started.elapsed()), caller).await {
            Ok(caller) => caller?,
            Err(_) => inventory::Caller::too_late(&homes),
        },
    };
    let callers = matches!(request.accounts.whose, Whose::Callers);
    let account = match caller.account {
        Account::Known(account) => Some(account),
        // Parts are cut by account, and this one would be cut unlike the others.
        Account::Unknown(why) if callers && request.shard.is_some() => {
            return Err(Error::AccountUnknown { why: why.message });
        }
        Account::Unknown(warning) => {
            warnings.push(warning);
            None
        }
    };

    // Parts of a run on several machines may find another Region there, and other credentials: whose they are matters
    // where it says which account is read.
    let regions = if all { "all".to_owned() } else { homes.join(" ") };
    let whose = account.as_deref().filter(|_| callers).unwrap_or("-");
    let asked = Some(format!("{whose} {regions}"));

    let (canceller, stop) = Canceller::new();
    let (sender, chunks) = mpsc::channel(WAITING_CHUNKS);
    let (closing, close) = oneshot::channel();
    let progress = Arc::new(Progress::new(Limits::of(&request)));
    let timeout = request.timeout.map(|timeout| timeout.saturating_sub(started.elapsed()));
    let (selection, spool) = (Arc::clone(&request.selection), request.spool.clone());
    let narrowing = Narrowing::of(&selection, request.shard);
    let survey = Survey {
        in_flight: Arc::new(Semaphore::new(request.concurrency.clamp(1, Semaphore::MAX_PERMITS))),
        open: Survey::places(),
        regions: (!all).then_some(homes),
        home: caller.home,
        caller: account,
        stop,
        progress: Arc::clone(&progress),
        chunks: sender,
        session,
        request,
    };
    let fetch = Box::pin(within(timeout, canceller.clone(), survey.run()));
    tokio::spawn(async move {
        let Surveyed { ledgers, meant, warnings: more, unknown } = fetch.await;
        warnings.extend(more);
        let failed = unknown.map(|failure| {
            format!(
                "AWS refused the credentials in every Region ({}: {}).\nCheck the access key, or renew the session.",
                failure.code, failure.message
            )
        });
        let close = Close { failed, asked, ..ledger::close(ledgers, meant, warnings, &selection, narrowing) };
        if let Some(spool) = spool {
            spool.closed(&close);
        }
        // The feed may be gone, and nobody asks any more.
        let _ = closing.send(close);
    });
    Ok(AwsFeed { progress, chunks, close, canceller })
}

/// Lets a fetch go on until it is done or the time is over.
async fn within<T>(timeout: Option<Duration>, canceller: Canceller, fetch: impl Future<Output = T>) -> T {
    let mut fetch = std::pin::pin!(fetch);
    if let Some(timeout) = timeout {
        tokio::select! {
            biased;
            () = tokio::time::sleep(timeout) => canceller.stop(Reason::Timeout),
            done = &mut fetch => return done,
        }
    }
    // Once stopped, every call fails at once, and the ledgers say what was not reached.
    fetch.await
}

fn plain_http(url: &str) -> Warning {
    let url = without_password(url);
    let message = format!("{url} is not encrypted: signed requests and what they return can be read on the way");
    Warning { kind: "plain-http".to_owned(), message, ..Warning::default() }
}

/// The stages of all accounts, one chunk an API, in the order of the APIs' identifiers within a Region.
///
/// Its methods block, so they belong on an ordinary thread, never on one of the runtime's. Dropping it stops the fetch.
pub struct AwsFeed {
    progress: Arc<Progress>,
    chunks: mpsc::Receiver<Chunk>,
    close: oneshot::Receiver<Close>,
    canceller: Canceller,
}

impl AwsFeed {
    /// What stops the fetch from another thread. The feed goes on to its end, which then comes soon.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        self.canceller.clone()
    }

    /// What tells how far the fetch has come.
    #[must_use]
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }
}

/// What is said when the fetch itself ended without a word: nothing is known to be read.
fn lost() -> Close {
    let message = "the fetch ended before its time";
    let gap = Gap {
        operation: "GetApis".to_owned(),
        code: "InternalError".to_owned(),
        message: message.to_owned(),
        hint: "this is a bug of driftgate: please report it".to_owned(),
        ..Gap::default()
    };
    Close {
        gaps: vec![gap],
        failed: Some(format!("{message}. This is a bug of driftgate; please report it")),
        ..Close::default()
    }
}

impl Feed for AwsFeed {
    fn next(&mut self) -> Option<Chunk> {
        self.chunks.blocking_recv()
    }

    fn ready(&mut self) -> Option<Chunk> {
        self.chunks.try_recv().ok()
    }

    fn close(mut self: Box<Self>) -> Result<Close, Unusable> {
        // After the last chunk this changes nothing; before it, what is left shall not be waited for.
        self.canceller.cancel();
        self.chunks.close();
        while self.chunks.blocking_recv().is_some() {}
        let (_, never) = oneshot::channel();
        let close = std::mem::replace(&mut self.close, never);
        Ok(close.blocking_recv().unwrap_or_else(|_| lost()))
    }
}

impl Drop for AwsFeed {
    fn drop(&mut self) {
        self.canceller.cancel();
    }
}
