//! Requests and answers as they go over the wire. It does not know the fleet.

mod paging;
mod refusal;
mod reply;
mod request;
pub mod signature;

pub use self::paging::{List, Paging};
pub use self::refusal::{Refusal, Why};
pub use self::reply::{Reply, STS, escaped};
pub use self::request::{Call, Operation, RawRequest, Resource};
pub use self::signature::Caller;
