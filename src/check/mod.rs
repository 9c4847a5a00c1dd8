//! Policies and a state become an outcome: decoding and checking run on rayon's threads, one order comes out. Pure;
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
use crate::model::projection::Projection;
use crate::model::state::{Batch, State, Unusable};
use crate::policy::Policies;
use crate::policy::read::waiver::Waivers;

/// How many batches are under way for each thread. More keeps threads busier, fewer keeps less in memory.
const CHUNKS_A_THREAD: usize = 3;

/// Checks every stage of a state.
///
/// # Errors
/// When the input turns out to be unusable; nothing of it is kept then.
pub fn run(
    policies: &Policies,
    waivers: &Waivers,
    mut state: Box<dyn State>,
    options: Options,
) -> Result<Outcome, Unusable> {
    let most = rayon::current_num_threads() * CHUNKS_A_THREAD;
    let rules = &Rules::new(policies, waivers, options);
    let wanted = &policies.fields().and(waivers.fields()).projection();
    let ledger = rayon::in_place_scope(|scope| -> Result<Ledger, Unusable> {
        let mut ledger = Ledger::new(rules);
        let (sender, results) = channel();
        // Batches are checked in any order and added up in theirs.
        let mut early = BTreeMap::new();
        let (mut given, mut added) = (0_usize, 0);
        loop {
            while given - added < most {
                let batch = if given == added { state.next() } else { state.ready() };
                let Some(batch) = batch else { break };
                let (number, sender) = (given, sender.clone());
                given += 1;
                scope.spawn(move |_| {
                    // A batch whose check panics is waited for as well.
                    let checked = catch_unwind(AssertUnwindSafe(|| check(rules, &batch, wanted)));
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
    Ok(ledger.close(rules, waivers, state.close()?))
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

fn check(rules: &Rules<'_>, batch: &Batch, wanted: &Projection) -> Result<Ledger, Unusable> {
    let mut ledger = Ledger::new(rules);
    batch.decode(wanted, |document| ledger.stage(rules, document))?;
    Ok(ledger)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::model::state::{Close, VecState};

    /// The number of its line does not fit, which only a build that checks its sums notices.
    #[cfg(debug_assertions)]
    #[test]
    fn a_chunk_that_panics_ends_the_check() {
        let line =
            br#"{"account":null,"region":null,"api":{"ApiId":"a","ProtocolType":"HTTP"},"stage":{"StageName":"prod"}}"#
                .to_vec();
        let batch = |first| Batch::Lines { name: "fleet".into(), bytes: line.clone(), first, register: Arc::default() };
        let state = VecState::new(vec![batch(2), batch(u64::MAX), batch(3)], Close::default());
        let (sender, ended) = channel();
        std::thread::spawn(move || {
            let check = || run(&Policies::default(), &Waivers::default(), Box::new(state), Options::default());
            sender.send(catch_unwind(AssertUnwindSafe(check)).is_err()).unwrap();
        });
        assert_eq!(ended.recv_timeout(Duration::from_mins(1)), Ok(true));
    }
}
