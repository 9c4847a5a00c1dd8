//! docs/guide/cookbook.md: every recipe is one policy that loads, and its tests hold and try each rule both ways.

use std::collections::HashSet;

use super::{Page, policy, shortcomings};

/// One recipe: its heading, and each of its policies. The lines before a policy are empty, so that mistakes name the
/// line of the page.
struct Recipe {
    heading: String,
    policies: Vec<String>,
}

fn recipes(page: &str) -> Vec<Recipe> {
    let mut recipes: Vec<Recipe> = Vec::new();
    let mut block: Option<String> = None;
    for (at, line) in page.lines().enumerate() {
        match &mut block {
            Some(text) if line == "```" => {
                recipes.last_mut().unwrap().policies.push(std::mem::take(text));
                block = None;
            }
            Some(text) => *text += &format!("{line}\n"),
            None if line == "```yaml" => block = Some("\n".repeat(at + 1)),
            None => {
                if let Some(heading) = line.strip_prefix("### ") {
                    recipes.push(Recipe { heading: heading.to_owned(), policies: Vec::new() });
                }
            }
        }
    }
    assert!(block.is_none(), "a block of the page has no end");
    recipes
}

#[test]
fn every_recipe_is_a_policy_that_its_tests_prove() {
    let page = Page::read("guide/cookbook.md");
    let recipes = recipes(&page.text);
    assert!(recipes.len() >= 30, "{}", recipes.len());
    let mut names = HashSet::new();
    let mut found = Vec::new();
    for recipe in &recipes {
        let [text] = recipe.policies.as_slice() else {
            panic!("{}: {} policies", recipe.heading, recipe.policies.len())
        };
        let policy = policy(&page.path, text);
        found.extend(shortcomings(&policy));
        assert!(names.insert(policy.name.clone()), "{}: a second policy {}", recipe.heading, policy.name);
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
