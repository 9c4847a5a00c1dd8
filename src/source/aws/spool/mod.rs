//! The spool: a file that keeps fetched stages, so that a run can resume an earlier one that was killed. It must not know
//! how stages are fetched, nor what is done with them.
//!
//! The file holds one JSON value a line, and only grows:
//!
//! ```text
//! {"format":"driftgate.spool","version":2,"begun":…,"asked":{…}}        the time, and the settings of the run
//! {"account":…,"region":…,"api":{…},"stage":{…}}                a stage, as in a snapshot, its values in clear text
//! {"scope":{…},"warnings":[…],"found":{…},"lines":2,"sha256":…} an account's Region was read whole, in so many lines
//! {"ended":true,"sha256":…}                                     the run came to its own end, and left gaps
//! {"run":2,"sha256":…}                                          from here on another run wrote
//! ```
//!
//! A digest is over everything before it, from the first byte of the file: any change before it is noticed.
//!
//! Regions are read in parallel, so their lines are mixed. Only a closing line marks a Region as read; a Region without
//! one is read again, and its earlier lines are skipped, as they belong to an earlier run than the closing line.
//!
//! Its stages were deployed when they were read, and grow old: it serves the runs of one night, and not of the next.

mod error;
mod exclusive;
mod file;
mod line;
mod read;
mod write;

pub use self::error::Error;
pub use self::file::{End, Spool};
pub use self::line::RunKey;

#[cfg(test)]
mod tests;
