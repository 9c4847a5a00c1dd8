//! How much of each part of the report there is room for. It must not know what the parts say.

use crate::report::words;

/// GitHub drops a job summary of more than a mebibyte as a whole. The rooms below stay within a million bytes
/// together, with some left for headings.
pub(super) const ALERT: usize = 150_000;
pub(super) const VIOLATIONS: usize = 300_000;
pub(super) const WAIVED: usize = 50_000;
pub(super) const RULES: usize = 100_000;
pub(super) const DETAILS: usize = 250_000;
pub(super) const UNDECIDED: usize = 50_000;
pub(super) const WARNINGS: usize = 25_000;
pub(super) const SCOPES: usize = 40_000;
pub(super) const COVERAGE: usize = 20_000;

/// Appends the text of each item while it fits. Returns how many did.
pub(super) fn fill<T>(
    page: &mut String,
    room: usize,
    items: impl IntoIterator<Item = T>,
    mut text: impl FnMut(T) -> String,
) -> usize {
    let end = page.len() + room;
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

/// Says how many are left out and where they are; nothing if all are there. `prefix` stands before each line.
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
    fn the_rooms_are_less_than_a_million_bytes() {
        let all = [ALERT, VIOLATIONS, RULES, DETAILS, UNDECIDED, WARNINGS, SCOPES, COVERAGE];
        assert!(all.iter().sum::<usize>() < 990_000);
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let mut page = String::new();
        let shown = fill(&mut page, 5, ["ab", "cd", "ef"], str::to_owned);
        left_out(&mut page, "> ", 3, shown, "thing");
        assert!(page.starts_with("abcd>\n> **1 more of 3 things would not fit here;**"), "{page}");
    }
}
