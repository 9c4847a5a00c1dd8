//! Escapes text for one line of a terminal or a log. It must not know the report.

use std::borrow::Cow;
use std::fmt::Write as _;

/// True for a character that could act on a terminal rather than be seen: controls, and characters that are invisible
/// or turn the direction of writing.
pub(in crate::report) fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// The start of a command of GitHub's runner anywhere in a line.
pub(in crate::report) const ANYWHERE: &str = "##[";

/// The escape of a colon.
pub(in crate::report) const COLON: &str = "\\u{3a}";

/// Text of one line that shows characters instead of obeying them: an escape becomes `\u{1b}`, `##[` becomes
/// `\u{23}#[`.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hostile) && !text.contains(ANYWHERE) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        match c {
            '#' if text[at..].starts_with(ANYWHERE) => shown.push_str("\\u{23}"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if is_hostile(c) => {
                // Writing to a String cannot fail.
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
            }
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// The place of the colon that makes a line a command of GitHub's runner: `::name::` after any white space.
pub(in crate::report) fn command(line: &str) -> Option<usize> {
    let start = line.len() - line.trim_start().len();
    line[start..].starts_with("::").then_some(start)
}

/// A whole line that is escaped but for its start, with a start that is not a command.
pub(in crate::report) fn line(line: &str) -> Cow<'_, str> {
    match command(line) {
        None => Cow::Borrowed(line),
        Some(colon) => Cow::Owned(format!("{}{COLON}{}", &line[..colon], &line[colon + 1..])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_escapes_and_direction_marks_are_shown() {
        assert_eq!(visible("plain ünïcode 漢字 🙂"), "plain ünïcode 漢字 🙂");
        assert_eq!(visible("a\u{1b}[31mred\u{7}"), "a\\u{1b}[31mred\\u{7}");
        assert_eq!(visible("a\nb\r\tc"), "a\\nb\\r\\tc");
        assert_eq!(
            visible("\u{9b}31m \u{202e}gnp \u{200b} \u{feff} \u{e0041}"),
            { "\\u{9b}31m \\u{202e}gnp \\u{200b} \\u{feff} \\u{e0041}" }
        );
    }

    #[test]
    fn commands_of_a_runner_are_shown() {
        assert_eq!(visible("##[error]a ##[x]"), "\\u{23}#[error]a \\u{23}#[x]");
        assert_eq!(visible("###[x] ##"), "#\\u{23}#[x] ##");
        assert_eq!(line("::error file=a::b"), "\\u{3a}:error file=a::b");
        assert_eq!(line(" \u{a0}\u{3000}:::x"), " \u{a0}\u{3000}\\u{3a}::x");
        for plain in [
            "",
            ":",
            ": :a",
            "a ::b",
            "arn:aws:apigateway:eu-west-1::/apis",
        ] {
            assert_eq!(line(plain), plain);
        }
    }
}
