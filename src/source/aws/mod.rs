//! Stages from AWS, through its SDK, whose types stay in this module. It must not know policies or reports: what to
//! fetch is a value.
//!
//! ```text
//! state: session (http, credentials) ─► caller (identity, and Regions to ask in) ─► survey
//! survey: accounts ─► role ─► regions ─► fetch, one Region each ─► kind ─► call: pace, retry, failure
//!                                          │    └─► recheck
//!                                          └─► batches, then a tally of each Region ─► disabled ─► Close
//!                                                └─► spool, from which a later run takes both
//! probe: the same up to regions, then at most four calls in each
//! ```
//!
//! GetApis and GetStages return the whole of what GetApi and GetStage do, tags included (botocore's model has the same
//! members in both), so a Region costs one call for each page of APIs and one for each page of an API's stages.

mod access;
mod call;
mod kind;
pub mod probe;
mod request;
mod selector;
mod spool;
mod state;
#[cfg(test)]
mod stub;
mod survey;

pub use self::access::environment::{Endpoint, EnvSetting, Environment};
pub use self::access::error::Error;
pub use self::access::iam;
pub use self::access::url::masked_url;
pub use self::call::{Blame, Canceller, Permission, RetryPolicy};
pub use self::request::{
    AccountSource, Accounts, Predicate, Regions, Request, Role, StaticCredentials,
};
pub use self::selector::{NotASelector, Selector, is_account_id};
pub use self::spool::{End, Error as SpoolError, RunKey, Spool};
pub use self::state::{AwsState, open};
pub use self::survey::progress::{Estimate, Progress};
