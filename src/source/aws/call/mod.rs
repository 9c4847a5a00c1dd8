//! One call: when it may be sent, whether it is sent again, and what a failure means. It must not know which calls a
//! survey needs.

pub mod control_plane;
pub mod failure;
pub mod pace;
pub mod permission;
pub mod retry;
pub mod sent;
pub mod stop;
