//! One call: its pace, its retries, and the meaning of its failures. It must not know which calls a
//! survey needs.

mod channel;
mod failure;
mod failure_kind;
mod gap;
mod meter;
mod operation;
mod pace;
mod page_tokens;
mod permission;
mod retry;
mod sdk_error;
mod stop;

pub use self::channel::Channel;
pub use self::failure::Failure;
pub use self::failure_kind::FailureKind;
pub use self::meter::{Counts, Meter};
pub use self::operation::{Operation, Subject};
pub use self::pace::{Pace, Pacer};
pub use self::page_tokens::PageTokens;
pub use self::permission::{Blame, Permission, role_arn};
pub use self::retry::RetryPolicy;
pub use self::sdk_error::{LARGEST_ANSWER, TooLarge, causes, credentials_error};
pub use self::stop::{Canceller, Reason, Stop};
