//! Examples of the language in README and guides load, and their tests hold.

use std::sync::Arc;

use driftgate::policy::read::waiver;
use driftgate::policy::text::diagnostic::SourceText;
use jiff::civil::date;

use super::{Page, failures, policy};

/// A fragment of a policy as the whole that it is a part of; tests are those of the page's first policy.
fn whole(fragment: &str, first: &str) -> String {
    let rule = |keys: &str| {
        format!("policy: p\nrules:\n  - id: r\n    title: t\n    severity: low\n{keys}")
    };
    let indented = |by: &str| {
        fragment
            .lines()
            .flat_map(|line| [by, line, "\n"])
            .collect::<String>()
    };
    let key = fragment
        .lines()
        .find(|line| !line.starts_with('#'))
        .and_then(|line| line.split(':').next());
    match key.unwrap() {
        "policy" => fragment.to_owned(),
        "rules" => format!("policy: p\n{fragment}"),
        "- id" => format!("policy: p\nrules:\n{}", indented("  ")),
        "match" if !fragment.contains("\nexpect:") => rule(&format!(
            "{}    expect: {{each-route: {{DetailedMetricsEnabled: true}}}}\n",
            indented("    ")
        )),
        "match" | "expect" | "assert" => rule(&indented("    ")),
        "tests" => format!("{first}{fragment}"),
        other => panic!("a fragment that begins with `{other}`"),
    }
}

#[test]
fn every_fragment_of_a_policy_loads_and_every_test_holds() {
    for (name, least) in [("README.md", 1), ("docs/guide/policies.md", 8)] {
        let page = Page::read(name);
        let blocks = page.yaml();
        assert!(blocks.len() >= least, "{name}: {}", blocks.len());
        for block in &blocks {
            let policy = policy(
                &format!("{name}, below «{}»", block.heading),
                &whole(&block.text, &blocks[0].text),
            );
            let failed = failures(&policy);
            assert!(failed.is_empty(), "{name}, {}: {failed:#?}", block.heading);
        }
    }
}

#[test]
fn every_waiver_of_the_guide_loads() {
    let page = Page::read("docs/guide/waivers.md");
    let blocks = page.yaml().into_iter();
    let texts: Vec<_> = blocks
        .map(|block| {
            Arc::new(SourceText {
                name: page.path.clone(),
                text: block.text,
            })
        })
        .collect();
    let waivers =
        waiver::load(&texts, date(2026, 1, 1)).unwrap_or_else(|found| panic!("{found:#?}"));
    assert!(!waivers.waivers.is_empty());
}
