//! Policies and a feed become an outcome: decoding and checking run on rayon's threads, one order comes out. Pure;
//! it must not know where stages come from.

mod asserted;
mod ledger;
mod options;
mod reasons;
mod routes;
mod rules;
mod verdict;
mod waive;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, channel};

use self::ledger::Ledger;
pub use self::options::{Inheritance, Options};
pub use self::reasons::{Reason, reasons, why_ungoverned};
use self::rules::Rules;
pub use self::verdict::{Verdict, verdict, violates};
use crate::model::Outcome;
use crate::model::feed::{Chunk, Feed, Unusable};
use crate::model::wanted::Wanted;
use crate::policy::Policies;
use crate::policy::read::waiver::Waivers;

/// How many chunks are under way for each thread. More keeps threads busier, fewer keeps less in memory.
const CHUNKS_A_THREAD: usize = 3;

/// Checks every stage of a feed.
///
/// # Errors
/// When the input turns out to be unusable; nothing of it is kept then.
pub fn run(
    policies: &Policies,
    waivers: &Waivers,
    mut feed: Box<dyn Feed>,
    options: Options,
) -> Result<Outcome, Unusable> {
    let most = rayon::current_num_threads() * CHUNKS_A_THREAD;
    let rules = &Rules::new(policies, waivers, options);
    let wanted = &policies.fields().and(waivers.fields()).wanted();
    let ledger = rayon::in_place_scope(|scope| -> Result<Ledger, Unusable> {
        let mut ledger = Ledger::new(rules);
        let (sender, results) = channel();
        // Chunks are checked in any order and added up in theirs.
        let mut early = BTreeMap::new();
        let (mut given, mut added) = (0_usize, 0);
        loop {
            while given - added < most {
                let chunk = if given == added { feed.next() } else { feed.ready() };
                let Some(chunk) = chunk else { break };
                let (number, sender) = (given, sender.clone());
                given += 1;
                scope.spawn(move |_| {
                    // A chunk whose check panics is waited for as well.
                    let checked = catch_unwind(AssertUnwindSafe(|| check(rules, &chunk, wanted)));
                    // After a damaged line nobody listens any more.
                    let _ = sender.send((number, checked));
                });
            }
            if given == added {
                return Ok(ledger);
            }
            let Some((number, result)) = wait(&results) else { return Ok(ledger) };
            early.insert(number, result);
            while let Some(checked) = early.remove(&added) {
                ledger.add(checked.unwrap_or_else(|panic| resume_unwind(panic))?);
                added += 1;
            }
        }
    })?;
    Ok(ledger.close(rules, waivers, feed.close()?))
}

/// The next result. On a thread of the pool, which may be its only one, the work that is waited for is done here.
fn wait<T>(results: &Receiver<T>) -> Option<T> {
    loop {
        if let Ok(result) = results.try_recv() {
            return Some(result);
        }
        if rayon::yield_now() != Some(rayon::Yield::Executed) {
            return results.recv().ok();
        }
    }
}

fn check(rules: &Rules<'_>, chunk: &Chunk, wanted: &Wanted) -> Result<Ledger, Unusable> {
    let mut ledger = Ledger::new(rules);
    chunk.decode(wanted, |document| ledger.stage(rules, document))?;
    Ok(ledger)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::model::feed::{Close, Given};

    /// The number of its line does not fit, which only a build that checks its sums notices.
    #[cfg(debug_assertions)]
    #[test]
    fn a_chunk_that_panics_ends_the_check() {
        let line =
            br#"{"account":null,"region":null,"api":{"ApiId":"a","ProtocolType":"HTTP"},"stage":{"StageName":"prod"}}"#
                .to_vec();
        let chunk = |first| Chunk::Lines { name: "fleet".into(), bytes: line.clone(), first, register: Arc::default() };
        let feed = Given::new(vec![chunk(2), chunk(u64::MAX), chunk(3)], Close::default());
        let (sender, ended) = channel();
        std::thread::spawn(move || {
            let check = || run(&Policies::default(), &Waivers::default(), Box::new(feed), Options::default());
            sender.send(catch_unwind(AssertUnwindSafe(check)).is_err()).unwrap();
        });
        assert_eq!(ended.recv_timeout(Duration::from_mins(1)), Ok(true));
    }
}
