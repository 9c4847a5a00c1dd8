//! driftgate's verdicts against those of an interpreter that was written from the guide alone, on random rules and
//! random stages. A longer run is `ORACLE_PAIRS=1000000 cargo test --test oracle`; `ORACLE_SEED=N` is one pair of it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics has failed, as it should"
)]

mod accept;
mod document;
mod generate;
mod judge;
mod projection;
mod schema;
mod sources;
mod values;
mod waive;

use std::collections::BTreeMap;
use std::sync::Arc;

use driftgate::check::{self, Inheritance, Options};
use driftgate::policy::text::diagnostic::SourceText;
use driftgate::policy::{Policies, load};
use serde_json::{Value as Json, json};

use generate::Random;
use judge::{Rule, Verdict};

/// Number of stages that each rule is tried on.
const STAGES: u64 = 8;

/// A rule under its policy's `match`, and a stage.
#[derive(Clone)]
struct Case {
    rule: Rule,
    document: Json,
}

impl Case {
    /// The rule of a seed, and one of its stages.
    fn of(seed: u64) -> Self {
        let rule = generate::rule(&mut Random::new(seed / STAGES));
        Self {
            rule,
            document: generate::document(&mut Random::new(!seed)),
        }
    }

    /// The policy; YAML takes JSON as it is.
    fn policy(&self) -> String {
        let mut rule =
            json!({"id": "r", "title": "t", "severity": "low", "expect": self.rule.expect});
        let mut policy = json!({"policy": "p"});
        for (of, matches) in [
            (&mut rule, &self.rule.rule_match),
            (&mut policy, &self.rule.policy_match),
        ] {
            if !matches.is_null() {
                of["match"] = matches.clone();
            }
        }
        policy["rules"] = json!([rule]);
        policy.to_string()
    }

    /// The policy as driftgate reads it, unless it is refused.
    fn loaded(&self) -> Option<Policies> {
        load(vec![Arc::new(SourceText {
            name: "p.yaml".into(),
            text: self.policy(),
        })])
        .ok()
    }

    /// Verdict of driftgate.
    fn driftgate(&self, policies: &Policies) -> check::Verdict {
        let policy = &policies.policies[0];
        let inheritance = match self.rule.inherits {
            [true] => Inheritance::Inherit,
            [false] => Inheritance::Replace,
            _ => Inheritance::Both,
        };
        let options = Options {
            inheritance,
            ..Options::default()
        };
        document::read(&self.document, |document| {
            check::verdict(
                policy.selection.as_ref(),
                &policy.rules[0],
                document,
                options,
            )
        })
    }

    fn oracle(&self) -> Verdict {
        judge::verdict(&self.rule, &self.document)
    }

    /// Disagreements of the two.
    fn disagreement(&self, ours: &check::Verdict) -> Option<String> {
        let theirs = self.oracle();
        let agree = match (ours, &theirs) {
            (check::Verdict::NotGoverned, Verdict::NotGoverned)
            | (check::Verdict::Conforms, Verdict::Conforms)
            | (check::Verdict::NotApplicable, Verdict::NotApplicable)
            | (check::Verdict::Undecided(_), Verdict::Undecided) => true,
            (check::Verdict::Violates(ours), Verdict::Violates(theirs)) => {
                let same = |path: &str, finding: &judge::Finding| {
                    path == finding.path || (finding.or_below && path.starts_with(&finding.path))
                };
                // Which of several findings at one place are left of two protocols, paths alone do not tell.
                let known = ["HTTP", "WEBSOCKET"]
                    .iter()
                    .any(|name| self.document["api"]["ProtocolType"] == *name);
                ours.iter().all(|failure| {
                    theirs
                        .iter()
                        .any(|finding| same(failure.path.text(), finding))
                }) && (!known
                    || theirs.iter().all(|finding| {
                        ours.iter()
                            .any(|failure| same(failure.path.text(), finding))
                    }))
            }
            _ => false,
        };
        (!agree).then(|| {
            let ours = match ours {
                check::Verdict::Violates(failures) => {
                    format!(
                        "Violates({:?})",
                        failures
                            .iter()
                            .map(|failure| failure.path.text())
                            .collect::<Vec<_>>()
                    )
                }
                other => format!("{other:?}"),
            };
            format!("driftgate: {ours}\n   oracle: {theirs:?}")
        })
    }

    /// The smallest case of this one that the two still disagree on.
    fn smallest(mut self) -> Self {
        'again: loop {
            let rule = &self.rule;
            let parts = [
                &rule.policy_match,
                &rule.rule_match,
                &rule.expect,
                &self.document,
            ]
            .map(Clone::clone);
            for (at, part) in parts.iter().enumerate() {
                for smaller in smaller(part) {
                    let mut parts = parts.clone();
                    parts[at] = smaller;
                    let [policy_match, rule_match, expect, document] = parts;
                    let inherits = self.rule.inherits;
                    let case = Self {
                        rule: Rule {
                            policy_match,
                            rule_match,
                            expect,
                            inherits,
                        },
                        document,
                    };
                    if case.loaded().is_some_and(|policies| {
                        case.disagreement(&case.driftgate(&policies)).is_some()
                    }) {
                        self = case;
                        continue 'again;
                    }
                }
            }
            return self;
        }
    }
}

/// The same without one entry or element, at any depth.
fn smaller(json: &Json) -> Vec<Json> {
    let mut out = Vec::new();
    match json {
        Json::Object(entries) if !entries.contains_key("?") => {
            for (key, value) in entries {
                // A document without a protocol is of another kind.
                if !["ProtocolType", "api", "account", "region", "partition"]
                    .contains(&key.as_str())
                {
                    let mut fewer = entries.clone();
                    fewer.remove(key);
                    out.push(Json::Object(fewer));
                }
                for value in smaller(value) {
                    let mut entries = entries.clone();
                    entries.insert(key.clone(), value);
                    out.push(Json::Object(entries));
                }
            }
            if entries.contains_key("expect") {
                out.push(Json::Null);
            }
        }
        Json::Array(elements) => {
            for (at, element) in elements.iter().enumerate() {
                let mut fewer = elements.clone();
                fewer.remove(at);
                out.push(Json::Array(fewer));
                for element in smaller(element) {
                    let mut elements = elements.clone();
                    elements[at] = element;
                    out.push(Json::Array(elements));
                }
            }
        }
        _ => {}
    }
    out
}

#[test]
fn driftgate_says_what_the_guide_says() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let seeds = match number("ORACLE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("ORACLE_PAIRS").unwrap_or(40_000),
    };
    let pairs = seeds.end - seeds.start;
    let mut verdicts: BTreeMap<&str, u64> = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut loaded = None;
    for seed in seeds {
        let case = Case::of(seed);
        if loaded.is_none() || seed % STAGES == 0 {
            loaded = Some(case.loaded());
        }
        let Some(Some(policies)) = &loaded else {
            *verdicts.entry("refused").or_default() += 1;
            continue;
        };
        let verdict = case.driftgate(policies);
        let name = match &verdict {
            check::Verdict::NotGoverned => "not governed",
            check::Verdict::Conforms => "conforms",
            check::Verdict::Violates(_) => "violates",
            check::Verdict::NotApplicable => "not applicable",
            check::Verdict::Undecided(_) => "undecided",
        };
        *verdicts.entry(name).or_default() += 1;
        if case.disagreement(&verdict).is_some() {
            let case = case.smallest();
            let problem = case
                .loaded()
                .and_then(|policies| case.disagreement(&case.driftgate(&policies)));
            let (policy, document) = (case.policy(), &case.document);
            wrong.push(format!(
                "seed {seed}\n   policy: {policy}\n document: {document}\n{}",
                problem.unwrap_or_default()
            ));
            if wrong.len() == 8 {
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{verdicts:?}\n\n{}", wrong.join("\n\n"));
    // All of it was tried, not only what is easily reached.
    for verdict in [
        "not governed",
        "conforms",
        "violates",
        "not applicable",
        "undecided",
    ] {
        let share = verdicts.get(verdict).copied().unwrap_or_default() * 100 / pairs;
        assert!(
            pairs < 1_000 || share >= 1,
            "{verdict}: {share} %, {verdicts:?}"
        );
    }
}
