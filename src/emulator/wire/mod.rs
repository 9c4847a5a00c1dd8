//! Requests and answers as they go over the wire. It does not know the fleet.

pub mod paging;
pub mod refusal;
pub mod reply;
pub mod request;
pub mod signature;
