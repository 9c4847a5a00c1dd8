//! The request for a fetch: which accounts, Regions, APIs and stages, and how fast. It must not know how any of it is
//! done.

use std::sync::Arc;
use std::time::Duration;

use super::call::retry::RetryPolicy;
use super::selector::Selector;
use super::spool::Spool;
use crate::model::Document;
use crate::model::feed::Selection;
use crate::model::shard::Shard;

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
    pub retry: RetryPolicy,
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

/// The accounts that are asked for.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    /// Whose accounts they are.
    pub whose: Whose,
    /// Which of them are left out.
    pub excluded: Vec<Selector>,
}

/// Whose accounts are read, and in which role.
#[derive(Debug, Clone, Default)]
pub enum Whose {
    /// The caller's own account, as the caller.
    #[default]
    Callers,
    /// These accounts, by their ids.
    Named(Vec<String>, Role),
    /// Those accounts of the organization that any of these selects, or all of them where there is none.
    Organization(Vec<Selector>, Role),
}

impl Whose {
    /// The role that is assumed in each account.
    pub(crate) const fn role(&self) -> Option<&Role> {
        match self {
            Self::Callers => None,
            Self::Named(_, role) | Self::Organization(_, role) => Some(role),
        }
    }
}

/// The role to assume in each account.
#[derive(Debug, Clone)]
pub struct Role {
    /// Its name, after the path if it has one.
    pub name: String,
    /// What its trust policy may ask for.
    pub external_id: Option<String>,
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
