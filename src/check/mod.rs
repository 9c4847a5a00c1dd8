//! Policies and a feed become an outcome: decoding and checking run on rayon's threads, one order comes out. Pure;
//! it must not know where stages come from.

mod ledger;
mod verdict;

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use self::ledger::Ledger;
pub use self::verdict::{Verdict, verdict};
use crate::model::feed::{Chunk, Feed, Unusable};
use crate::model::{Document, Outcome};
use crate::policy::Policies;

/// How many chunks each thread is given at a time. More keeps threads busier, fewer keeps less in memory.
const CHUNKS_A_THREAD: usize = 4;

/// What a check may show.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Show the values of stage variables instead of digests.
    pub show_values: bool,
}

/// Checks every stage of a feed.
///
/// # Errors
/// When the input turns out to be unusable; nothing of it is kept then.
pub fn run(policies: &Policies, mut feed: Box<dyn Feed>, options: Options) -> Result<Outcome, Unusable> {
    let mut ledger = Ledger::new(policies);
    let most = rayon::current_num_threads() * CHUNKS_A_THREAD;
    let damaged = AtomicBool::new(false);
    while let Some(first) = feed.next() {
        let mut chunks = vec![first];
        while chunks.len() < most
            && let Some(chunk) = feed.ready()
        {
            chunks.push(chunk);
        }
        let parts: Vec<Result<Ledger, Unusable>> =
            chunks.into_par_iter().map(|chunk| check(policies, &chunk, options, &damaged)).collect();
        for part in parts {
            ledger.add(part?);
        }
    }
    Ok(ledger.close(policies, feed.close()?))
}

fn check(policies: &Policies, chunk: &Chunk, options: Options, damaged: &AtomicBool) -> Result<Ledger, Unusable> {
    let mut ledger = Ledger::new(policies);
    if damaged.load(Ordering::Relaxed) {
        return Ok(ledger);
    }
    chunk
        .decode(|document| ledger.stage(policies, document, options))
        .inspect_err(|_| damaged.store(true, Ordering::Relaxed))?;
    Ok(ledger)
}

/// Checks one stage, as `policy test` does with examples.
#[must_use]
pub fn one(policies: &Policies, document: &Document<'_>) -> Outcome {
    let mut ledger = Ledger::new(policies);
    ledger.stage(policies, document, Options::default());
    ledger.close(policies, crate::model::feed::Close::default())
}
