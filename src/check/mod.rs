//! Policies and a feed become an outcome: decoding and checking run on rayon's threads, one order comes out. Pure;
//! it must not know where stages come from.

mod asserted;
mod ledger;
mod reasons;
mod routes;
mod verdict;
mod waive;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, channel};

use self::ledger::Ledger;
pub use self::reasons::{Reason, reasons, why_ungoverned};
pub use self::routes::Inheritance;
use self::verdict::Selection;
pub use self::verdict::{Verdict, verdict};
use self::waive::Waiving;
use crate::model::feed::{Chunk, Feed, Unusable};
use crate::model::wanted::Wanted;
use crate::model::{Document, Outcome, digest};
use crate::policy::fields::Fields;
use crate::policy::waiver::Waivers;
use crate::policy::{Policies, Policy, Rule};

/// How many chunks are under way for each thread. More keeps threads busier, fewer keeps less in memory.
const CHUNKS_A_THREAD: usize = 3;

/// What a check may show, and how it reads what AWS leaves open.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// How partial entries of `RouteSettings` are read.
    pub inheritance: Inheritance,
    /// Whether this is a part of a run, cut by account and Region: what it did not need, another part may.
    pub sharded: bool,
    /// Show the values of stage variables, and what looks like a secret, instead of digests.
    pub show_values: bool,
}

/// What stages are checked against.
struct Rules<'r> {
    policies: &'r Policies,
    /// Every rule with its policy, in the order of reports: what is found is mostly sorted then.
    in_order: Vec<(&'r Policy, &'r Rule)>,
    waiving: Waiving<'r>,
    options: Options,
}

impl Rules<'_> {
    /// A text of a document as a report may show it.
    fn shown<'t>(&self, document: &Document<'_>, text: &'t str) -> Cow<'t, str> {
        if self.options.show_values { text.into() } else { digest::shown(document.account, None, text) }
    }
}

fn in_order<'p>(policies: &'p Policies) -> Vec<(&'p Policy, &'p Rule)> {
    let of_one = |policy: &'p Policy| policy.rules.iter().map(move |rule| (policy, rule));
    let mut rules: Vec<_> = policies.policies.iter().flat_map(of_one).collect();
    rules.sort_by_key(|(_, rule)| rule.number);
    rules
}

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
    let rules = &Rules {
        policies,
        in_order: in_order(policies),
        waiving: Waiving::new(policies, waivers, options.inheritance),
        options,
    };
    let wanted = &Fields::of(policies, waivers).wanted();
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

/// Whether a rule is violated on a stage, waived or not.
#[must_use]
pub fn violates(policies: &Policies, options: Options, document: &Document<'_>) -> bool {
    policies.policies.iter().any(|policy| {
        let selects = match Selection::of(policy.selection.as_ref(), document) {
            Selection::Nothing => return false,
            Selection::Everything => None,
            Selection::Open => policy.selection.as_ref(),
        };
        let violated = |rule| matches!(verdict(selects, rule, document, options), Verdict::Violates(_));
        policy.rules.iter().any(violated)
    })
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
