//! The results of tests as JUnit's XML: a suite for each policy, a case for each test. Without any test, a case in each
//! suite fails, since CI systems show the file and not the exit code.

use std::borrow::Cow;
use std::io;

use super::results::{NO_TESTS, Results};
use super::run::TestRun;
use super::text;
use crate::report::visible;

/// Writes the results.
pub fn write(results: &Results<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let unproved = results.runs().next().is_none();
    let failed =
        |runs: &mut dyn Iterator<Item = &TestRun<'_>>| runs.filter(|run| !run.passed()).count();
    let (tests, failures) = if unproved {
        (results.tested.len(), results.tested.len())
    } else {
        (results.runs().count(), failed(&mut results.runs()))
    };
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(
        out,
        r#"<testsuites name="driftgate policy test" tests="{tests}" failures="{failures}">"#
    )?;
    for tested in &results.tested {
        let name = attribute(&tested.policy.name);
        let (tests, failures) = if unproved {
            (1, 1)
        } else {
            (tested.runs.len(), failed(&mut tested.runs.iter()))
        };
        writeln!(
            out,
            r#"  <testsuite name="{name}" tests="{tests}" failures="{failures}">"#
        )?;
        if unproved {
            let file = attribute(&tested.policy.file.name);
            writeln!(
                out,
                r#"    <testcase name="no tests" classname="{name}" file="{file}">"#
            )?;
            writeln!(
                out,
                "      <failure message=\"no tests\">{}</failure>\n    </testcase>",
                escaped(NO_TESTS)
            )?;
        }
        for run in &tested.runs {
            case(run, out)?;
        }
        let strength = text::plain(|page| {
            text::strength(results, std::slice::from_ref(tested), page).map(drop)
        });
        if !strength.is_empty() {
            writeln!(out, "    <system-out>{}</system-out>", escaped(&strength))?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

fn case(run: &TestRun<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let (name, class) = (attribute(&run.example.name), attribute(&run.policy.name));
    let (file, line) = (attribute(&run.example.file.name), run.example.line());
    write!(
        out,
        r#"    <testcase name="{name}" classname="{class}" file="{file}" line="{line}""#
    )?;
    if run.passed() {
        return writeln!(out, "/>");
    }
    let details = text::plain(|page| text::details(run, page));
    let wrong: Vec<&str> = run
        .wrong()
        .iter()
        .map(|(rule, ..)| rule.id.as_str())
        .collect();
    let message = format!("another verdict than expected: {}", wrong.join(", "));
    writeln!(
        out,
        ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>",
        attribute(&message),
        escaped(&details)
    )
}

/// Text as the value of an attribute, on one line.
fn attribute(text: &str) -> String {
    escaped(&visible(text)).into_owned()
}

/// Text in which XML finds no markup; what XML 1.0 (section 2.2) cannot hold is shown as an escape.
fn escaped(text: &str) -> Cow<'_, str> {
    let allowed = |c: char| matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    if text.chars().all(|c| allowed(c) && !"&<>\"'".contains(c)) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            c if allowed(c) => safe.push(c),
            c => safe.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_shown() {
        assert_eq!(escaped("plain ünïcode 漢字\n"), "plain ünïcode 漢字\n");
        assert_eq!(
            escaped("<a b='c'>\"&\u{1}\u{fffe}\u{9b}"),
            "&lt;a b=&apos;c&apos;&gt;&quot;&amp;\\u{1}\\u{fffe}\\u{9b}"
        );
        assert_eq!(attribute("a\n\t##[b]"), "a\\n\\t\\u{23}#[b]");
    }
}
