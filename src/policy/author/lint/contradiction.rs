//! Two rules that demand of the same stages what no stage can meet. Only what is proved is reported: that nothing meets
//! both demands, and that a stage can be in the `match` of both.

use std::collections::{BTreeMap, BTreeSet};

use super::bounds::{Remaining, nothing_left};
use super::conjuncts::Conjunct;
use super::overlap;
use super::rules::SplitRule;
use super::warning::{Lint, LintKind};
use crate::model::catalogue::ours::EACH_ROUTE;
use crate::model::catalogue::stage;
use crate::model::protocol::Protocol;

/// Limits on the pairs of demands that are compared, and on those for which a stage is looked for: a few
/// seconds of work. What is not compared is taken to be right.
const MOST_COMPARED: usize = 2_000_000;
const MOST_LOOKED_FOR: usize = 20_000;

/// One rule's tests of one setting.
type OfSetting<'r> = (usize, Vec<&'r Conjunct<'r>>);

pub fn warnings(rules: &[SplitRule<'_>]) -> Vec<Lint> {
    let mut pairs = Pairs {
        rules,
        compared: 0,
        looked_for: 0,
        reported: BTreeSet::new(),
        found: Vec::new(),
    };
    pairs.of_one_setting();
    pairs.of_something_and_nothing();
    pairs.of_a_pattern_and_its_not();
    pairs.found
}

/// The demands of a rule that can be compared: those on every stage of its `match`.
fn demands<'r>(rule: &'r SplitRule<'_>) -> impl Iterator<Item = (Vec<&'r str>, &'r Conjunct<'r>)> {
    let comparable = rule
        .demands
        .iter()
        .filter(|conjunct| !conjunct.place.of_each_key && !rule.rule.by_route);
    comparable.map(|conjunct| {
        let mut path = conjunct.place.path.clone();
        // A demand on each route is one on the stage's default.
        if path.first() == Some(&EACH_ROUTE.name) {
            path[0] = stage::DEFAULT_ROUTE.name;
        }
        (path, conjunct)
    })
}

fn remaining<'r>(tests: &[&'r Conjunct<'r>]) -> impl Iterator<Item = &'r Remaining<'r>> {
    tests.iter().map(|test| &test.remaining)
}

struct Pairs<'r, 'p> {
    rules: &'r [SplitRule<'p>],
    compared: usize,
    looked_for: usize,
    /// The pairs of rules and the settings at which they were reported.
    reported: BTreeSet<(usize, usize, String)>,
    found: Vec<Lint>,
}

impl Pairs<'_, '_> {
    /// Two demands on one setting that leave nothing of it. Each is reported beside the first that it contradicts.
    fn of_one_setting(&mut self) {
        let mut by_path: BTreeMap<Vec<&str>, Vec<OfSetting<'_>>> = BTreeMap::new();
        for (at, rule) in self.rules.iter().enumerate() {
            for (path, conjunct) in demands(rule) {
                let demands = by_path.entry(path).or_default();
                match demands.last_mut() {
                    Some((last, conjuncts)) if *last == at => conjuncts.push(conjunct),
                    _ => demands.push((at, vec![conjunct])),
                }
            }
        }
        for demands in by_path.into_values() {
            // A demand that cannot be met by itself is not a matter of two rules.
            let demands: Vec<_> = demands
                .into_iter()
                .filter(|(_, tests)| !nothing_left(remaining(tests)))
                .collect();
            for (at, (second, tests)) in demands.iter().enumerate() {
                for (first, others) in &demands[..at] {
                    self.compared += 1;
                    if self.compared > MOST_COMPARED {
                        return;
                    }
                    if nothing_left(remaining(tests).chain(remaining(others)))
                        && self.tell((*first, others[0]), (*second, tests[0]))
                    {
                        break;
                    }
                }
            }
        }
    }

    /// A struct or map that must not be there, and something in it that must.
    fn of_something_and_nothing(&mut self) {
        let mut absent: BTreeMap<Vec<&str>, (usize, &Conjunct<'_>)> = BTreeMap::new();
        for (at, rule) in self.rules.iter().enumerate() {
            for (path, conjunct) in demands(rule) {
                if !conjunct.remaining.set {
                    absent.entry(path).or_insert((at, conjunct));
                }
            }
        }
        for (at, rule) in self.rules.iter().enumerate() {
            for (path, conjunct) in demands(rule).filter(|(_, conjunct)| !conjunct.remaining.unset)
            {
                // The tags of AWS's own do not count as something.
                for length in (1..path.len()).filter(|length| !path[*length].starts_with("aws:")) {
                    if let Some((other, nothing)) = absent
                        .get(&path[..length])
                        .filter(|(other, _)| *other != at)
                    {
                        self.tell((*other, nothing), (at, conjunct));
                    }
                }
            }
        }
    }

    /// A pattern that must hold, and one that must not and is the same or a part of it.
    fn of_a_pattern_and_its_not(&mut self) {
        let mut demanded: BTreeMap<&str, Vec<(usize, &Conjunct<'_>)>> = BTreeMap::new();
        for (at, rule) in self.rules.iter().enumerate() {
            for (_, conjunct) in demands(rule) {
                demanded
                    .entry(&conjunct.form)
                    .or_default()
                    .push((at, conjunct));
            }
        }
        for (at, rule) in self.rules.iter().enumerate() {
            for (_, not) in demands(rule) {
                for denied in &not.denied {
                    let Some(holders) = denied
                        .first()
                        .and_then(|first| demanded.get(first.as_str()))
                    else {
                        continue;
                    };
                    let all = |holder: usize| {
                        let holds = |part: &String| {
                            demanded
                                .get(part.as_str())
                                .is_some_and(|by| by.iter().any(|(rule, _)| *rule == holder))
                        };
                        denied.iter().all(holds)
                    };
                    for (holder, conjunct) in holders
                        .iter()
                        .filter(|(holder, _)| *holder != at && all(*holder))
                    {
                        self.tell((*holder, conjunct), (at, not));
                    }
                }
            }
        }
    }

    /// Tells of two demands that exclude each other, if one stage can be in the `match` of both rules. Whether it did.
    fn tell(&mut self, one: (usize, &Conjunct<'_>), other: (usize, &Conjunct<'_>)) -> bool {
        let (first, second) = if one.0 < other.0 {
            (one, other)
        } else {
            (other, one)
        };
        let (rule, earlier) = (&self.rules[second.0], &self.rules[first.0]);
        let apply = |protocol: &Protocol| {
            [rule, earlier]
                .iter()
                .all(|one| one.rule.assert_applies(*protocol))
        };
        let protocols: Vec<Protocol> = first
            .1
            .place
            .on
            .and(second.1.place.on)
            .iter()
            .filter(apply)
            .collect();
        self.looked_for += 1;
        if self.looked_for > MOST_LOOKED_FOR || !overlap::can_be(rule, earlier, &protocols) {
            return false;
        }
        let path = second.1.place.path.join(".");
        // The marked text alone does not show it.
        let place = if path.is_empty() {
            String::new()
        } else {
            format!(" on {path}")
        };
        if !self.reported.insert((first.0, second.0, path)) {
            return true;
        }
        let (one, other) = (&earlier.rule.facts.name, &rule.rule.facts.name);
        let help = "no stage that both match conforms to both; change one, or narrow its `match`"
            .to_owned();
        self.found.push(Lint {
            kind: LintKind::Contradiction,
            diagnostic: rule.diagnostic(
                &second.1.span,
                format!("{one} and {other} contradict each other{place}"),
                "cannot hold beside the other",
                vec![help],
            ),
            beside: Some(earlier.place(&first.1.span, "the other")),
        });
        true
    }
}
