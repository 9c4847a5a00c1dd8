//! One call: when it may be sent, whether it is sent again, and what a failure means. It must not know which calls a
//! survey needs.

pub mod channel;
pub mod failure;
pub mod failure_kind;
mod gap;
pub mod meter;
pub mod operation;
pub mod pace;
pub mod permission;
pub mod retry;
pub mod sdk_error;
mod sent;
pub mod stop;
