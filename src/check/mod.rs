//! Policies and a state become results: decoding and checking run on rayon's threads, one order comes out. Pure;
//! it must not know where stages come from.

mod asserted;
mod close;
mod names;
mod options;
mod reasons;
mod routes;
mod rules;
mod scopes;
mod totals;
mod unread;
mod verdict;
mod waive;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, channel};

use self::close::close;
pub use self::options::{Inheritance, Options};
pub use self::reasons::{Reason, reasons, why_ungoverned};
use self::rules::Rules;
use self::totals::Totals;
pub use self::verdict::{Verdict, verdict, violates};
use crate::model::Results;
use crate::model::projection::Projection;
use crate::model::state::{Batch, State, Unusable};
use crate::policy::Policies;
use crate::policy::read::waiver::Waivers;

/// Batches under way for each thread. More keeps threads busier, fewer takes less memory.
const BATCHES_A_THREAD: usize = 3;

/// Checks every stage of a state.
///
/// # Errors
/// If the input turns out to be unusable; nothing of it is kept then.
pub fn run(
    policies: &Policies,
    waivers: &Waivers,
    mut state: Box<dyn State>,
    options: Options,
) -> Result<Results, Unusable> {
    let most = rayon::current_num_threads() * BATCHES_A_THREAD;
    let rules = &Rules::new(policies, waivers, options);
    let projection = &policies.fields().and(waivers.fields()).projection();
    let totals = rayon::in_place_scope(|scope| -> Result<Totals, Unusable> {
        let mut totals = Totals::new(rules);
        let (sender, results) = channel();
        // Batches are checked in any order and added up in theirs.
        let mut early = BTreeMap::new();
        let (mut given, mut added) = (0_usize, 0);
        loop {
            while given - added < most {
                let batch = if given == added {
                    state.next()
                } else {
                    state.ready()
                };
                let Some(batch) = batch else { break };
                let (number, sender) = (given, sender.clone());
                given += 1;
                scope.spawn(move |_| {
                    // A batch whose check panics is waited for as well.
                    let checked =
                        catch_unwind(AssertUnwindSafe(|| check(rules, &*batch, projection)));
                    // After a damaged line the receiver is gone.
                    let _ = sender.send((number, checked));
                });
            }
            if given == added {
                return Ok(totals);
            }
            let Some((number, result)) = wait(&results) else {
                return Ok(totals);
            };
            early.insert(number, result);
            while let Some(checked) = early.remove(&added) {
                totals.add(checked.unwrap_or_else(|panic| resume_unwind(panic))?);
                added += 1;
            }
        }
    })?;
    Ok(close(totals, rules, state.close()?))
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

fn check(
    rules: &Rules<'_>,
    batch: &dyn Batch,
    projection: &Projection,
) -> Result<Totals, Unusable> {
    let mut totals = Totals::new(rules);
    batch.decode(projection, &mut |document| totals.stage(rules, document))?;
    Ok(totals)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::Document;
    use crate::model::state::{Close, VecState};

    struct Panics;

    impl Batch for Panics {
        fn decode(&self, _: &Projection, _: &mut dyn FnMut(&Document<'_>)) -> Result<(), Unusable> {
            panic!("a bug")
        }
    }

    #[test]
    fn a_batch_that_panics_ends_the_check() {
        let state = VecState::new(vec![Panics, Panics, Panics], Close::default());
        let (sender, ended) = channel();
        std::thread::spawn(move || {
            let check = || {
                run(
                    &Policies::default(),
                    &Waivers::default(),
                    Box::new(state),
                    Options::default(),
                )
            };
            sender
                .send(catch_unwind(AssertUnwindSafe(check)).is_err())
                .unwrap();
        });
        assert_eq!(ended.recv_timeout(Duration::from_mins(1)), Ok(true));
    }
}
