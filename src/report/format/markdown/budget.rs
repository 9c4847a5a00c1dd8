//! The size that each part of the report may have. It must not know the contents of the parts.

use crate::report::words;

/// GitHub drops a job summary of more than a mebibyte as a whole. All budgets together are less than a million bytes,
/// with some left for headings.
pub(super) const ALERT: usize = 150_000;
pub(super) const VIOLATIONS: usize = 300_000;
pub(super) const WAIVED: usize = 50_000;
pub(super) const RULES: usize = 100_000;
pub(super) const DETAILS: usize = 250_000;
pub(super) const UNDECIDED: usize = 50_000;
pub(super) const WARNINGS: usize = 25_000;
pub(super) const SCOPES: usize = 40_000;
pub(super) const COVERAGE: usize = 20_000;

/// Appends the text of each item while it fits. Returns the number of those that did.
pub(super) fn fill<T>(
    page: &mut String,
    budget: usize,
    items: impl IntoIterator<Item = T>,
    mut text: impl FnMut(T) -> String,
) -> usize {
    let end = page.len() + budget;
    let mut shown = 0;
    for item in items {
        let text = text(item);
        if page.len() + text.len() > end {
            break;
        }
        page.push_str(&text);
        shown += 1;
    }
    shown
}

/// Appends how many items are left out and where to find them; nothing if all are there. `prefix` begins each line.
pub(super) fn left_out(page: &mut String, prefix: &str, all: usize, shown: usize, noun: &str) {
    if shown < all {
        let more = words::number((all - shown) as u64);
        let all = words::count(all as u64, noun);
        page.push_str(&format!(
            "{}\n{prefix}**{more} more of {all} would not fit here;** the JSON report (`--report json=PATH`) has all of them.\n",
            prefix.trim_end()
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budgets_are_less_than_a_million_bytes() {
        let all = [
            ALERT, VIOLATIONS, RULES, DETAILS, UNDECIDED, WARNINGS, SCOPES, COVERAGE,
        ];
        assert!(all.iter().sum::<usize>() < 990_000);
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let mut page = String::new();
        let shown = fill(&mut page, 5, ["ab", "cd", "ef"], str::to_owned);
        left_out(&mut page, "> ", 3, shown, "thing");
        assert!(
            page.starts_with("abcd>\n> **1 more of 3 things would not fit here;**"),
            "{page}"
        );
    }
}
