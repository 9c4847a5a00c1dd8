//! The survey of accounts and Regions: the walk over them, what is read in each, and the tally of it.

pub mod disabled;
pub mod fetch;
pub mod progress;
pub mod recheck;
pub mod tally;
pub mod walk;
