//! Stages from AWS, through its SDK, whose types stay in this module. It must not know policies or reports: what to
//! fetch is a value.
//!
//! ```text
//! open: session ─► inventory (Regions, account) ─► fetch, one Region each ─► call ─► pace
//!                                                    │                        ├─► gap, retry
//!                                                    │                        └─► convert
//!                                                    └─► chunks, then ledger ─► Close
//! ```
//!
//! GetApis and GetStages return the whole of what GetApi and GetStage do, tags included (botocore's model has the same
//! members in both), so a Region costs one call for each page of APIs and one for each page of an API's stages.

mod call;
#[cfg(test)]
mod canned;
mod convert;
mod error;
mod fetch;
mod gap;
mod inventory;
mod ledger;
#[cfg_attr(not(test), expect(dead_code, reason = "the inventory of an organization will call it"))]
mod organization;
mod pace;
#[cfg_attr(not(test), expect(dead_code, unused_imports, reason = "the inventory of an organization will call it"))]
mod regions;
mod retry;
#[cfg_attr(not(test), expect(dead_code, reason = "the inventory of an organization will call it"))]
mod selector;
mod session;
mod stop;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::{Semaphore, mpsc, oneshot};

pub use self::error::Error;
pub use self::selector::{NotASelector, Selector};
pub use self::stop::Canceller;

use self::call::ControlPlane;
use self::fetch::Region;
use self::gap::{Failure, Operation};
use self::inventory::Account;
use self::ledger::Ledger;
use self::pace::Pacer;
use self::session::Session;
use self::stop::Reason;
use crate::model::Document;
use crate::model::feed::{Chunk, Close, Feed, Selection, Warning};

/// Chunks that may wait to be checked. More would only fill memory: a chunk is checked faster than it is fetched.
const WAITING_CHUNKS: usize = 64;

/// What to fetch, and how.
pub struct Request {
    /// The profile of the AWS configuration; `None` is the SDK's default chain.
    pub profile: Option<String>,
    /// The Regions; when empty, the one of the SDK's chain.
    pub regions: Vec<String>,
    /// Where every call goes instead of AWS's endpoints.
    pub endpoint_url: Option<String>,
    /// Fixed keys; `None` is the SDK's default chain.
    pub credentials: Option<Keys>,
    /// The APIs and stages that are wanted.
    pub selection: Arc<Selection>,
    /// Whether a rule can match a stage of an API; only then are its stages fetched. The stage is not stated yet.
    pub may_match: Arc<dyn Fn(&Document<'_>) -> bool + Send + Sync>,
    /// Requests a second for each account and Region, at most; 0 switches the pacer off, adaptation included.
    pub rate: f64,
    /// Requests at once for each account and Region, at most.
    pub burst: u32,
    /// Requests in flight overall, at most.
    pub concurrency: usize,
    /// The time for the whole fetch; what was not reached then becomes gaps.
    pub timeout: Option<Duration>,
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
    let session = Session::open(&request).await?;
    let regions = inventory::regions(&request.regions, session.region())?;
    let mut warnings: Vec<Warning> = session.plain_http_endpoints().iter().map(|url| plain_http(url)).collect();
    let account = match inventory::account(&session, &regions, request.profile.as_deref()).await? {
        Account::Known(account) => Some(account),
        Account::Unknown(warning) => {
            warnings.push(warning);
            None
        }
    };

    let (canceller, stop) = Canceller::new();
    let in_flight = Arc::new(Semaphore::new(request.concurrency.clamp(1, Semaphore::MAX_PERMITS)));
    let read = |name: &Arc<str>| Region {
        account: account.clone(),
        name: Arc::clone(name),
        control_plane: ControlPlane::new(
            Arc::clone(name),
            session.api_gateway(name),
            Pacer::new(request.rate, request.burst),
            Arc::clone(&in_flight),
            stop.clone(),
        ),
        selection: Arc::clone(&request.selection),
        may_match: Arc::clone(&request.may_match),
        width: request.concurrency,
    };
    let plan: Vec<Region> = regions.iter().map(read).collect();
    let (sender, chunks) = mpsc::channel(WAITING_CHUNKS);
    let (closing, close) = oneshot::channel();
    let fetch = fetch(plan, sender, canceller.clone(), request.timeout);
    let selection = request.selection;
    let of_all = Arc::clone(&selection);
    tokio::spawn(async move {
        let ledgers = fetch.await;
        // The feed may be gone, and nobody asks any more.
        let _ = closing.send(ledger::close(ledgers, warnings, &of_all));
    });
    Ok(AwsFeed { account, regions, selection, chunks, close, canceller })
}

/// Reads all Regions at once, until they are done or the time is over.
async fn fetch(
    plan: Vec<Region>,
    chunks: mpsc::Sender<Chunk>,
    canceller: Canceller,
    timeout: Option<Duration>,
) -> Vec<Ledger> {
    let all = async {
        // The last sender goes with the last Region: that ends the chunks.
        let regions: Vec<_> = plan.into_iter().map(|region| region.read(chunks.clone())).collect();
        drop(chunks);
        join_all(regions).await
    };
    let mut all = std::pin::pin!(all);
    if let Some(timeout) = timeout {
        tokio::select! {
            ledgers = &mut all => return ledgers,
            () = tokio::time::sleep(timeout) => canceller.stop(Reason::Timeout),
        }
    }
    // Once stopped, every call fails at once, and the ledgers say what was not reached.
    all.await
}

fn plain_http(url: &str) -> Warning {
    let message = format!("{url} is not encrypted: signed requests and what they return can be read on the way");
    Warning { kind: "plain-http".to_owned(), message, ..Warning::default() }
}

/// The stages of an account, one chunk an API, in the order of the APIs' identifiers within a Region.
///
/// Its methods block, so they belong on an ordinary thread, never on one of the runtime's. Dropping it stops the fetch.
pub struct AwsFeed {
    account: Option<Arc<str>>,
    regions: Vec<Arc<str>>,
    selection: Arc<Selection>,
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

    /// The account of the credentials; `None` when STS did not say.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// The Regions that are read.
    pub fn regions(&self) -> impl Iterator<Item = &str> {
        self.regions.iter().map(|region| &**region)
    }

    /// What is said when the fetch itself ended without a word: nothing is known to be read.
    fn lost(&self) -> Close {
        let lost = |region: &Arc<str>| {
            let mut ledger = Ledger::new(self.account.clone(), Arc::clone(region));
            let failure = Failure::internal("the fetch ended before its time");
            ledger.unlisted(Operation::GetApis, failure, None, false);
            ledger
        };
        ledger::close(self.regions.iter().map(lost).collect(), Vec::new(), &self.selection)
    }
}

impl Feed for AwsFeed {
    fn next(&mut self) -> Option<Chunk> {
        self.chunks.blocking_recv()
    }

    fn ready(&mut self) -> Option<Chunk> {
        self.chunks.try_recv().ok()
    }

    fn close(mut self: Box<Self>) -> Result<Close, crate::model::feed::Unusable> {
        // After the last chunk this changes nothing; before it, what is left shall not be waited for.
        self.canceller.cancel();
        self.chunks.close();
        while self.chunks.blocking_recv().is_some() {}
        let (_, never) = oneshot::channel();
        let close = std::mem::replace(&mut self.close, never);
        Ok(close.blocking_recv().unwrap_or_else(|_| self.lost()))
    }
}

impl Drop for AwsFeed {
    fn drop(&mut self) {
        self.canceller.cancel();
    }
}
