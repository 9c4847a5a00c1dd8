//! docs/guide/cookbook.md: every recipe is one policy that loads, and its tests hold and try each rule both ways.

use std::collections::HashSet;

use super::{Page, failures, policy, untried};

#[test]
fn every_recipe_is_a_policy_that_its_tests_prove() {
    let page = Page::read("docs/guide/cookbook.md");
    let headings: Vec<&str> = page
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    let blocks = page.yaml();
    assert!(blocks.len() >= 30, "{}", blocks.len());
    let tried: Vec<&str> = blocks.iter().map(|block| block.heading).collect();
    if cfg!(feature = "cel") {
        assert_eq!(tried, headings, "one policy for each heading");
    }
    let (mut names, mut found) = (HashSet::new(), Vec::new());
    for block in &blocks {
        // With empty lines in front, a mistake names the line of the page.
        let policy = policy(&page.path, &("\n".repeat(block.line) + &block.text));
        found.extend(failures(&policy));
        found.extend(untried(&policy));
        assert!(
            names.insert(policy.name.clone()),
            "{}: a second policy {}",
            block.heading,
            policy.name
        );
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
