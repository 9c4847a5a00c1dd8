//! Changes each good example one setting at a time, and finds the changes that no rule notices.

use std::collections::{BTreeMap, BTreeSet};

use super::run::{TestRun, Tested};
use crate::check::{Options, Verdict, verdict};
use crate::policy::author::mutation::{Mutation, mutations};
use crate::policy::language::fields::below;
use crate::policy::read::example::Expected;

/// Largest number of verdicts: some seconds of work.
const MOST_VERDICTS: usize = 5_000_000;

/// The outcome of all changes.
#[derive(Default)]
pub struct Mutants<'p> {
    /// Number of good examples that were changed.
    pub examples: usize,
    /// Number of changes of settings that a rule has demands on; equal ones of several examples count once.
    pub changes: usize,
    /// Number of changes that a rule noticed.
    pub noticed: usize,
    /// The changes that no rule noticed, by setting.
    pub survivors: Vec<Survivors<'p>>,
    /// The settings that no rule has demands on.
    pub unread: BTreeSet<String>,
    /// True if there were more changes than can be tried.
    pub cut: bool,
}

/// The changes of one setting that no rule of a policy notices.
pub struct Survivors<'p> {
    pub policy: &'p str,
    pub path: String,
    /// The changes of the setting, in words.
    pub changes: Vec<String>,
    /// The rules that demand something of it.
    pub rules: Vec<&'p str>,
}

/// A change: setting and words.
type Change = (String, String);

impl<'p> Mutants<'p> {
    pub fn of(tested: &[Tested<'p>]) -> Self {
        let mut all = Self::default();
        let mut left = MOST_VERDICTS;
        let mut read = BTreeSet::new();
        for tested in tested {
            all.policy(tested, &mut left, &mut read);
        }
        all.unread.retain(|field| !read.contains(field));
        all
    }

    fn policy(&mut self, tested: &Tested<'p>, left: &mut usize, read: &mut BTreeSet<String>) {
        // In the order in which the examples come to them.
        let mut order: Vec<Change> = Vec::new();
        let mut seen: BTreeMap<Change, (bool, BTreeSet<&'p str>)> = BTreeMap::new();
        let good = |run: &&TestRun<'_>| matches!(&run.example.expected, Expected::Violates(none) if none.is_empty());
        for run in tested.runs.iter().filter(good).filter(|run| run.passed()) {
            self.examples += 1;
            let readers = Readers::of(run);
            for mutation in mutations(run.example) {
                let Some(rest) = left.checked_sub(run.verdicts.len()) else {
                    self.cut = true;
                    break;
                };
                *left = rest;
                let noticed = is_noticed(run, &mutation);
                let by = readers.of_field(&mutation.field);
                if by.is_empty() && !noticed {
                    self.unread.insert(mutation.field);
                    continue;
                }
                read.insert(mutation.field);
                let change = (mutation.path, mutation.change.into_owned());
                if !seen.contains_key(&change) {
                    order.push(change.clone());
                }
                let (known, rules) = seen.entry(change).or_default();
                *known |= noticed;
                rules.extend(by);
            }
        }
        self.changes += order.len();
        for change in order {
            match seen.remove(&change) {
                Some((false, rules)) => self.survives(&tested.policy.name, change, rules),
                _ => self.noticed += 1,
            }
        }
    }

    fn survives(&mut self, policy: &'p str, (path, change): Change, rules: BTreeSet<&'p str>) {
        let known = self
            .survivors
            .iter_mut()
            .find(|known| known.policy == policy && known.path == path);
        match known {
            Some(known) => known.changes.push(change),
            None => {
                let rules = rules.into_iter().collect();
                self.survivors.push(Survivors {
                    policy,
                    path,
                    changes: vec![change],
                    rules,
                });
            }
        }
    }
}

/// True if the change makes an example violate another rule.
fn is_noticed(run: &TestRun<'_>, mutation: &Mutation) -> bool {
    let changed = mutation.of(run.example);
    let document = mutation.document(run.example, &changed);
    run.verdicts.iter().any(|(rule, before)| {
        let after = || {
            verdict(
                run.policy.selection.as_ref(),
                rule,
                &document,
                Options::default(),
            )
        };
        !matches!(before, Verdict::Violates(_)) && matches!(after(), Verdict::Violates(_))
    })
}

/// The rules that conform on an example, and the settings that they make demands of.
struct Readers<'p>(Vec<(&'p str, Vec<String>)>);

impl<'p> Readers<'p> {
    fn of(run: &TestRun<'p>) -> Self {
        let conforming = run
            .verdicts
            .iter()
            .filter(|(_, verdict)| *verdict == Verdict::Conforms);
        Self(
            conforming
                .map(|(rule, _)| {
                    (
                        rule.facts.name.as_str(),
                        rule.demanded_fields().tested().map(str::to_owned).collect(),
                    )
                })
                .collect(),
        )
    }

    fn of_field(&self, field: &str) -> BTreeSet<&'p str> {
        let reads = |paths: &[String]| {
            paths
                .iter()
                .any(|path| below(path, field).is_some() || below(field, path).is_some())
        };
        self.0
            .iter()
            .filter(|(_, paths)| reads(paths))
            .map(|(rule, _)| *rule)
            .collect()
    }
}
