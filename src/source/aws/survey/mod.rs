//! The survey of accounts and Regions: the walk over them, the reading of each, and the tally of it.

mod disabled;
pub mod fetch;
mod pages;
pub mod progress;
mod read;
mod recheck;
mod region;
pub mod tally;
pub mod walk;
