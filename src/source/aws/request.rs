//! The request for a fetch: accounts, Regions, APIs, stages and limits. It must not know how they are read.

use std::sync::Arc;
use std::time::Duration;

use super::call::RetryPolicy;
use super::selector::Selector;
use super::spool::Spool;
use crate::model::Document;
use crate::model::state::{Selection, Shard};

/// A test of documents before they are handed on.
pub type Predicate = Arc<dyn Fn(&Document<'_>) -> bool + Send + Sync>;

/// The request for a fetch.
pub struct Request {
    /// The profile of the AWS configuration; `None` is the SDK's default chain.
    pub profile: Option<String>,
    /// The endpoint of every call, in place of AWS's.
    pub endpoint_url: Option<String>,
    /// Fixed keys; `None` is the SDK's default chain.
    pub credentials: Option<StaticCredentials>,
    /// The accounts.
    pub accounts: Accounts,
    /// The Regions of each of them.
    pub regions: Regions,
    /// The part of the accounts' Regions that is read; `None` is all.
    pub shard: Option<Shard>,
    /// The selected APIs and stages.
    pub selection: Arc<Selection>,
    /// True if a rule can match a stage of an API; only then are its stages fetched. The stage is not stated yet.
    pub may_match: Predicate,
    /// True for a stage that is read again with GetStage before it is handed on; `None` for no stage.
    pub confirm: Option<Predicate>,
    /// Requests a second for each account and Region, at most; 0 switches the pacer off, adaptation included.
    pub rate: f64,
    /// Requests at once for each account and Region, at most.
    pub burst: u32,
    /// Requests in flight overall, at most.
    pub concurrency: usize,
    /// The time for the whole fetch; the rest becomes gaps.
    pub timeout: Option<Duration>,
    /// The file that keeps fetched stages, and has those of an earlier run.
    pub spool: Option<Arc<Spool>>,
    /// Limits of retries and of time.
    pub retry: RetryPolicy,
}

impl Request {
    /// The usual requests a second: half of AWS's quota of 10, which cannot be raised. The rest is for deployments.
    pub const RATE: f64 = 5.0;
    /// The usual requests at once: half of AWS's 40.
    pub const BURST: u32 = 20;
    /// The usual requests in flight overall.
    pub const CONCURRENCY: u32 = 64;
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
            retry: RetryPolicy::STANDARD,
        }
    }
}

#[cfg(test)]
impl Request {
    /// A request with fixed keys, to which the environment does not matter.
    pub fn isolated(endpoint_url: Option<String>) -> Self {
        let keys = StaticCredentials {
            access_key_id: "a".into(),
            secret_access_key: "b".into(),
            session_token: None,
        };
        Self {
            endpoint_url,
            credentials: Some(keys),
            ..Self::default()
        }
    }
}

/// The requested accounts.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    /// The accounts that are included.
    pub source: AccountSource,
    /// The accounts that are left out.
    pub excluded: Vec<Selector>,
}

/// The accounts that are included, and the role in them.
#[derive(Debug, Clone, Default)]
pub enum AccountSource {
    /// The caller's own account, as the caller.
    #[default]
    Own,
    /// These accounts, by their ids.
    Named(Vec<String>, Role),
    /// The accounts of the organization that any selector selects; without selectors, all.
    Organization(Vec<Selector>, Role),
}

impl AccountSource {
    /// The role that is assumed in each account.
    pub(crate) const fn role(&self) -> Option<&Role> {
        match self {
            Self::Own => None,
            Self::Named(_, role) | Self::Organization(_, role) => Some(role),
        }
    }
}

/// The role to assume in each account.
#[derive(Debug, Clone)]
pub struct Role {
    /// Its name, after the path if it has one.
    pub name: String,
    /// The external id that its trust policy may require.
    pub external_id: Option<String>,
}

impl Role {
    /// The usual name: that of the template that `driftgate doctor --iam-policy` prints.
    pub const NAME: &str = "DriftgateAudit";
}

/// The Regions of an account that are read.
#[derive(Debug, Clone, Default)]
pub struct Regions {
    /// The names; if empty, the Region of the SDK's chain.
    pub named: Vec<String>,
    /// All Regions that are enabled for the account, instead.
    pub all: bool,
    /// The Regions that are left out.
    pub excluded: Vec<String>,
}

/// Fixed keys. They have no `Debug`, so that no log can hold them.
#[derive(Clone)]
pub struct StaticCredentials {
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token of temporary keys.
    pub session_token: Option<String>,
}
