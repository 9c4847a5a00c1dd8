//! The documentation is true: pages made from the packs are up to date, policies in guides hold, commands in
//! guides print what the guide shows.
//!
//! After a change that is meant, `DRIFTGATE_UPDATE_DOCS=1 cargo test --test docs` writes the pages again; read them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics has failed, as it should"
)]

mod cookbook;
mod guides;
mod language;
mod packs;
mod rules;

use std::fs;
use std::sync::Arc;

use driftgate::check::{Options, Verdict, verdict};
use driftgate::policy::read::example::{Example, Expected};
use driftgate::policy::text::diagnostic::SourceText;
use driftgate::policy::{Policy, Rule, load};

/// A page that people read.
struct Page {
    path: String,
    text: String,
}

/// A block of YAML on a page.
struct Block<'p> {
    /// The heading above it.
    heading: &'p str,
    /// The line of the page on which its text begins, counted from 0.
    line: usize,
    text: String,
}

impl Page {
    fn read(name: &str) -> Self {
        let path = format!("{}/{name}", env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(&path).unwrap();
        Self { path, text }
    }

    /// The blocks of YAML on the page that this build can read: `assert` is a feature of its own.
    fn yaml(&self) -> Vec<Block<'_>> {
        let mut blocks = Vec::new();
        let (mut heading, mut lines) = ("", self.text.lines().enumerate());
        while let Some((at, line)) = lines.next() {
            if let Some(title) = line
                .trim_start_matches('#')
                .strip_prefix(' ')
                .filter(|_| line.starts_with('#'))
            {
                heading = title;
            } else if let Some(kind) = line.strip_prefix("```") {
                let text: Vec<&str> = lines
                    .by_ref()
                    .map(|(_, line)| line)
                    .take_while(|line| *line != "```")
                    .collect();
                let readable = cfg!(feature = "cel")
                    || !text
                        .iter()
                        .any(|line| line.trim_start().starts_with("assert:"));
                if kind == "yaml" && readable {
                    blocks.push(Block {
                        heading,
                        line: at + 1,
                        text: text.join("\n") + "\n",
                    });
                }
            }
        }
        blocks
    }

    /// The page is as it should be, or is written again on request.
    fn must_be(&self, expected: &str) {
        if std::env::var_os("DRIFTGATE_UPDATE_DOCS").is_some() {
            fs::write(&self.path, expected).unwrap();
            return;
        }
        let lines = || {
            self.text
                .lines()
                .chain([""])
                .zip(expected.lines().chain([""]))
                .enumerate()
        };
        if let Some((at, (is, should))) = lines().find(|(_, (is, should))| is != should) {
            panic!(
                "{}:{} is out of date\n  it says    {is}\n  it should  {should}\n\
                 write it anew with: DRIFTGATE_UPDATE_DOCS=1 cargo test --test docs",
                self.path,
                at + 1
            );
        }
        assert_eq!(self.text, expected);
    }
}

/// The only policy of a text.
fn policy(name: &str, text: &str) -> Policy {
    let text = SourceText {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    let policies = load(vec![Arc::new(text)]).unwrap_or_else(|found| panic!("{name}: {found:#?}"));
    policies.policies.into_iter().next().unwrap()
}

fn verdict_of(policy: &Policy, rule: &Rule, example: &Example) -> Verdict {
    verdict(
        policy.selection.as_ref(),
        rule,
        &example.document(),
        Options::default(),
    )
}

/// The tests of a policy that fail.
fn failures(policy: &Policy) -> Vec<String> {
    let mut found = Vec::new();
    for example in &policy.tests {
        let verdicts: Vec<_> = policy
            .rules
            .iter()
            .map(|rule| (rule, verdict_of(policy, rule, example)))
            .collect();
        let mut violated: Vec<&str> = verdicts
            .iter()
            .filter(|(_, verdict)| matches!(verdict, Verdict::Violates(_)))
            .map(|(rule, _)| rule.id.as_str())
            .collect();
        violated.sort_unstable();
        let good = match &example.expected {
            Expected::Ungoverned => verdicts.iter().all(|(_, verdict)| {
                matches!(verdict, Verdict::NotGoverned | Verdict::NotApplicable)
            }),
            Expected::Violates(ids) => {
                let mut ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                ids.sort_unstable();
                violated == ids
                    && (!ids.is_empty()
                        || verdicts
                            .iter()
                            .any(|(_, verdict)| matches!(verdict, Verdict::Conforms)))
            }
        };
        if !good {
            let verdicts: Vec<_> = verdicts
                .iter()
                .map(|(rule, verdict)| (&rule.id, verdict))
                .collect();
            found.push(format!("{}: {}: {verdicts:#?}", policy.name, example.name));
        }
    }
    found
}

/// The rules that no test violates, or that hold in none.
fn untried(policy: &Policy) -> Vec<String> {
    let mut found = Vec::new();
    for rule in &policy.rules {
        let verdicts: Vec<_> = policy
            .tests
            .iter()
            .map(|example| verdict_of(policy, rule, example))
            .collect();
        if !verdicts
            .iter()
            .any(|verdict| matches!(verdict, Verdict::Violates(_)))
        {
            found.push(format!("{}: no test violates it", rule.facts.name));
        }
        if !verdicts
            .iter()
            .any(|verdict| matches!(verdict, Verdict::Conforms))
        {
            found.push(format!("{}: it holds in no test", rule.facts.name));
        }
    }
    found
}
