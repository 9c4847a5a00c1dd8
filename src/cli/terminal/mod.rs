//! The terminal and the files of a command: messages on stderr, outputs, progress, signals. It must not know what a
//! command does.

pub mod diagnostics;
pub mod interrupt;
pub mod output;
pub mod progress;
mod replace;
mod stderr;
pub mod wait;

pub use self::replace::Access;
