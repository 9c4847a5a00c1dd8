//! Escapes text for Markdown, as GitHub renders it. It must not know the report.

use super::terminal::{ANYWHERE, is_hostile, visible};

/// A Markdown code span, in which nothing is markup, a link or a mention.
pub(in crate::report) fn code(text: &str) -> String {
    let text = visible(text);
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let ticks = "`".repeat(longest_run(&text, '`') + 1);
    // Without padding, outer backticks would lengthen the fence and a pair of outer spaces would be stripped.
    let outer = |c: char| c == '`' || c == ' ';
    let pad = if text.starts_with(outer) || text.ends_with(outer) {
        " "
    } else {
        ""
    };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// Sentences as inline Markdown. What the author put between backticks is code; of the rest, words that Markdown or
/// GitHub could take for markup, a link, a mention or an issue become code as well, to stay readable and do nothing.
pub(in crate::report) fn prose(text: &str) -> String {
    let mut inline = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(open) = rest.find('`') {
        let after = &rest[open + 1..];
        let Some(close) = after.find('`').filter(|close| *close > 0) else {
            break;
        };
        words(&rest[..open], &mut inline);
        push_code(&after[..close], &mut inline);
        rest = &after[close + 1..];
    }
    words(rest, &mut inline);
    inline.trim().to_owned()
}

/// Copies words, those with special characters as code, and makes every run of white space one space.
fn words(text: &str, inline: &mut String) {
    const SPECIAL: [char; 17] = [
        '\\', '`', '*', '_', '{', '}', '[', ']', '<', '>', '|', '~', '$', '&', '@', '#', '^',
    ];
    let space = |inline: &mut String| {
        if !inline.is_empty() && !inline.ends_with(' ') {
            inline.push(' ');
        }
    };
    if text.starts_with(char::is_whitespace) {
        space(inline);
    }
    for word in text.split_whitespace() {
        let special = |word: &str| {
            let lower = word.to_ascii_lowercase();
            word.contains(SPECIAL)
                || word.contains(is_hostile)
                || word.matches(':').count() > 1
                || ["://", "www.", "gh-", "mailto:", "xmpp:"]
                    .iter()
                    .any(|link| lower.contains(link))
                || word.starts_with(['-', '+', '=', '!'])
                || (inline.is_empty() && word.starts_with(|c: char| c.is_ascii_digit()))
        };
        if special(word) {
            // Punctuation around a word is the sentence's, not the word's.
            let core = word.trim_start_matches(['(', '"', '\'']);
            let (before, core) = (&word[..word.len() - core.len()], core);
            let kept = core.trim_end_matches(['.', ',', ';', ':', ')', '"', '\'', '?']);
            let (core, after) = (kept, &core[kept.len()..]);
            inline.push_str(before);
            if !core.is_empty() {
                push_code(core, inline);
            }
            inline.push_str(after);
        } else {
            inline.push_str(word);
        }
        inline.push(' ');
    }
    if !text.ends_with(char::is_whitespace) && inline.ends_with(' ') {
        inline.pop();
    }
}

fn push_code(text: &str, inline: &mut String) {
    // Two spans that touch would be read as one.
    if inline.ends_with('`') {
        inline.push(' ');
    }
    inline.push_str(&code(text));
}

/// Finished inline Markdown as the content of a table cell.
pub(in crate::report) fn cell(inline: &str) -> String {
    // Parsers disagree on a backslash before an escaped pipe, so that pair is spelt out.
    inline.replace("\\|", "\\u{7c}").replace('|', "\\|")
}

/// The fence of a Markdown code block that its text cannot close.
pub(in crate::report) fn fence(text: &str) -> String {
    "`".repeat((longest_run(text, '`') + 1).max(3))
}

/// The address, if it is a plain web address that can be written between `<` and `>`.
pub(in crate::report) fn web_address(text: &str) -> Option<&str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c);
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))?;
    (!host.is_empty() && host.chars().all(plain) && !host.contains(ANYWHERE)).then_some(text)
}

fn longest_run(text: &str, of: char) -> usize {
    text.split(|c| c != of)
        .map(|run| run.chars().count())
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_span_cannot_be_left() {
        assert_eq!(code("$default"), "`$default`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("``"), "``` `` ```");
        assert_eq!(code(" a"), "`  a `");
        assert_eq!(code(""), "(empty)");
        assert_eq!(code("a\n\n# b"), "`a\\n\\n# b`");
    }

    #[test]
    fn prose_reads_as_written_and_is_inert() {
        assert_eq!(
            prose("Access logs are delivered, 100 % of them."),
            "Access logs are delivered, 100 % of them."
        );
        assert_eq!(
            prose("Set `MinCompression` here."),
            "Set `MinCompression` here."
        );
        assert_eq!(
            prose("Log $context.status, please"),
            "Log `$context.status`, please"
        );
        assert_eq!(
            prose("ask @octocat (see #12)."),
            "ask `@octocat` (see `#12`)."
        );
        assert_eq!(
            prose("<img src=x> **b** [a](http://b)"),
            "`<img` `src=x>` `**b**` `[a](http://b`)"
        );
        assert_eq!(prose("two\n\nlines\u{1b}[2J"), "two `lines\\u{1b}[2J`");
        assert_eq!(prose("- item"), "`-` item");
        assert_eq!(prose("1. item"), "`1`. item");
        assert_eq!(prose("a ` b"), "a `` ` `` b");
        assert_eq!(prose("a ``` b ``` c"), "a ```` ``` ```` b ```` ``` ```` c");
        assert_eq!(prose("use`x`now"), "use`x`now");
        assert_eq!(prose("*a*`b``c`*d*"), "`*a*` `b` `c` `*d*`");
        assert_eq!(
            prose("##[x] and `##[y]`"),
            "`\\u{23}#[x]` and `\\u{23}#[y]`"
        );
    }

    #[test]
    fn a_cell_keeps_its_pipes() {
        assert_eq!(cell("`a|b`"), "`a\\|b`");
        assert_eq!(cell("`a\\|b`"), "`a\\u{7c}b`");
    }

    #[test]
    fn fences_outgrow_their_text() {
        assert_eq!(fence("plain"), "```");
        assert_eq!(fence("a ```` b"), "`````");
    }

    #[test]
    fn only_plain_web_addresses_are_links() {
        assert_eq!(
            web_address("https://docs.aws.amazon.com/a?b=c#d"),
            Some("https://docs.aws.amazon.com/a?b=c#d")
        );
        for text in [
            "javascript:alert(1)",
            "https://",
            "https://a b",
            "https://a>b",
            "https://a\u{202e}",
            "https://##[a]",
            "AWS FSBP",
        ] {
            assert_eq!(web_address(text), None);
        }
    }
}
