//! Numbers of things in words.

use std::fmt::Display;

/// Writes a number of things: `1 policy`, `2 policies`.
pub fn plural(count: impl Display, word: &str) -> String {
    let count = count.to_string();
    match word.strip_suffix('y') {
        _ if count == "1" => format!("1 {word}"),
        Some(stem) => format!("{count} {stem}ies"),
        None => format!("{count} {word}s"),
    }
}
