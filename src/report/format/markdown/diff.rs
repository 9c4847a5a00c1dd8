//! The settings of a stage as found and as expected, as a unified diff. It must not know Markdown.

use std::collections::BTreeMap;

use similar::{ChangeTag, TextDiff};

use crate::model::finding::Violation;
use crate::model::path::Segment;
use crate::report::escape::terminal::{self, visible};
use crate::report::page;
use crate::report::words;

/// Characters of a value that stays on one line.
const LINE: usize = 96;
/// Lines of one value; the JSON report has all of it.
const LINES: usize = 60;

/// One setting: the value found, and everything that was expected of it.
struct SettingDiff<'v> {
    is: String,
    expected: Vec<&'v str>,
}

/// The difference between the settings found and expected, as lines that start with a minus, a plus or a space.
pub(super) fn diff(violations: &[&Violation]) -> String {
    let mut settings: BTreeMap<Vec<&str>, SettingDiff<'_>> = BTreeMap::new();
    for violation in violations {
        let setting = settings
            .entry(segments(violation))
            .or_insert_with(|| SettingDiff {
                is: found(violation),
                expected: Vec::new(),
            });
        if !setting.expected.contains(&&*violation.expected) {
            setting.expected.push(&violation.expected);
        }
    }
    let mut text = String::new();
    let mut above: &[&str] = &[];
    for (path, setting) in &settings {
        let Some((key, parents)) = path.split_last() else {
            continue;
        };
        let shared = parents
            .iter()
            .zip(above)
            .take_while(|(a, b)| a == b)
            .count();
        for (depth, parent) in parents.iter().enumerate().skip(shared) {
            // A line that begins with a space begins with its text.
            let parent = format!("{}:", visible(parent));
            text.push_str(&format!(
                " {:indent$}{}\n",
                "",
                terminal::line(&parent),
                indent = depth * 2
            ));
        }
        above = parents;
        let is = rendered(parents.len() * 2, key, &setting.is);
        let expected = rendered(parents.len() * 2, key, &setting.expected.join("; "));
        difference(&is, &expected, &mut text);
    }
    text
}

/// The lines of one setting, found and expected. They share lines only if both are long, so that a value made to look
/// like the expectation still has a line of its own.
fn difference(is: &str, expected: &str, text: &mut String) {
    let long = |text: &str| text.lines().nth(1).is_some();
    let mut line = |sign, line: &str| {
        let line = line.trim_end_matches('\n');
        text.push(sign);
        text.push_str(&if sign == ' ' {
            terminal::line(line)
        } else {
            line.into()
        });
        text.push('\n');
    };
    if is != expected && long(is) && long(expected) {
        for change in TextDiff::from_lines(is, expected).iter_all_changes() {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            line(sign, change.value());
        }
    } else {
        is.lines().for_each(|is| line('-', is));
        expected.lines().for_each(|expected| line('+', expected));
    }
}

fn found(violation: &Violation) -> String {
    let value = words::value(&violation.actual);
    match (value, words::origin(violation)) {
        (None, _) => format!("({})", words::no_value(violation)),
        (Some(value), None) => value.into_owned(),
        (Some(value), Some(origin)) => format!("{value} ({origin})"),
    }
}

/// One setting as lines.
fn rendered(indent: usize, key: &str, value: &str) -> String {
    let mut text = format!("{:indent$}{}:", "", visible(key));
    match lines(value).as_slice() {
        [line] => text.push_str(&format!(" {line}\n")),
        lines => {
            text.push('\n');
            for line in lines {
                text.push_str(&format!("{:indent$}  {line}\n", ""));
            }
        }
    }
    text
}

/// A value as lines: JSON with a member on each, other long texts broken at spaces.
fn lines(value: &str) -> Vec<String> {
    let json = value
        .starts_with(['{', '['])
        .then(|| serde_json::from_str::<serde_json::Value>(value).ok())
        .flatten();
    let pretty = json.and_then(|json| serde_json::to_string_pretty(&json).ok());
    let value = visible(value);
    let mut lines: Vec<String> = match &pretty {
        Some(pretty) => pretty
            .lines()
            .map(|line| visible(line).into_owned())
            .collect(),
        None => page::lines(&value, LINE, LINE)
            .into_iter()
            .map(|line| value[line].to_owned())
            .collect(),
    };
    if lines.len() > LINES {
        let more = lines.split_off(LINES).len() as u64;
        lines.push(format!(
            "({} of this value not shown)",
            words::count(more, "more line")
        ));
    }
    lines
}

/// The members and keys that lead to the setting.
fn segments(violation: &Violation) -> Vec<&str> {
    match &violation.path {
        Some(path) => path.segments().map(Segment::name).collect(),
        None => vec!["the stage as a whole"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Path;
    use crate::model::finding::Actual;
    use crate::report::sample;

    fn violation(path: &[&str], actual: Actual, expected: &str) -> Violation {
        Violation {
            path: Some(Path::named(path.iter().copied()).into()),
            actual,
            expected: expected.into(),
            ..sample::violation()
        }
    }

    #[test]
    fn settings_of_one_parent_follow_it() {
        let all = [
            violation(
                &["DefaultRouteSettings", "ThrottlingBurstLimit"],
                Actual::Integer(5000),
                "at most 500",
            ),
            violation(&["Tags", "owner"], Actual::Unset, "set"),
            violation(
                &["DefaultRouteSettings", "ThrottlingBurstLimit"],
                Actual::Integer(5000),
                "at most 100",
            ),
            violation(
                &["DefaultRouteSettings", "ThrottlingRateLimit"],
                Actual::Unset,
                "above 0",
            ),
        ];
        let text = diff(&all.iter().collect::<Vec<_>>());
        assert_eq!(
            text,
            " DefaultRouteSettings:\n\
             -  ThrottlingBurstLimit: 5000\n\
             +  ThrottlingBurstLimit: at most 500; at most 100\n\
             -  ThrottlingRateLimit: (not set)\n\
             +  ThrottlingRateLimit: above 0\n \
             Tags:\n\
             -  owner: (not set)\n\
             +  owner: set\n"
        );
    }

    #[test]
    fn a_json_log_format_is_taken_apart() {
        let format =
            Actual::Text(r#"{"ip":"$context.identity.sourceIp","id":"$context.requestId"}"#.into());
        let text = diff(&[&violation(
            &["AccessLogSettings", "Format"],
            format,
            "JSON that names status",
        )]);
        assert_eq!(
            text,
            " AccessLogSettings:\n\
             -  Format:\n\
             -    {\n\
             -      \"id\": \"$context.requestId\",\n\
             -      \"ip\": \"$context.identity.sourceIp\"\n\
             -    }\n\
             +  Format: JSON that names status\n"
        );
    }

    #[test]
    fn long_values_are_broken_and_very_long_ones_counted() {
        let text = diff(&[&violation(
            &["Description"],
            Actual::Text("word ".repeat(60).into()),
            "set",
        )]);
        assert!(
            text.lines().all(|line| line.chars().count() <= LINE + 4),
            "{text}"
        );
        let json = format!("[{}1]", "1,".repeat(200));
        let text = diff(&[&violation(
            &["api", "Warnings"],
            Actual::Json(json.into()),
            "empty",
        )]);
        assert!(
            text.contains("(143 more lines of this value not shown)"),
            "{text}"
        );
    }

    #[test]
    fn two_json_texts_share_lines_and_equal_ones_none() {
        let (is, demand) = (r#"{"id":1,"ip":2}"#, r#"{"id":1,"status":3}"#);
        let text = diff(&[&violation(
            &["Description"],
            Actual::Text(is.into()),
            demand,
        )]);
        assert_eq!(
            text,
            " Description:\n   {\n     \"id\": 1,\n-    \"ip\": 2\n+    \"status\": 3\n   }\n"
        );
        let text = diff(&[&violation(&["Description"], Actual::Text(is.into()), is)]);
        assert!(
            text.lines().all(|line| line.starts_with(['-', '+'])),
            "{text}"
        );
        let text = diff(&[&violation(
            &["Description"],
            Actual::Text("set".into()),
            "set",
        )]);
        assert_eq!(text, "-Description: set\n+Description: set\n");
    }

    #[test]
    fn no_line_is_a_command() {
        let text = diff(&[&violation(
            &["RouteSettings", "::error file=x::y", "LoggingLevel"],
            Actual::Unset,
            "INFO",
        )]);
        assert_eq!(
            text,
            " RouteSettings:\n   \\u{3a}:error file=x::y:\n-    LoggingLevel: (not set)\n+    LoggingLevel: INFO\n"
        );
        let is = format!(
            "{} ::error::##[error]a {}",
            "x".repeat(LINE),
            "y".repeat(LINE)
        );
        let text = diff(&[&violation(
            &["Description"],
            Actual::Text(is.as_str().into()),
            &format!("{is} z"),
        )]);
        assert!(
            text.contains("\n   \\u{3a}:error::\\u{23}#[error]a\n"),
            "{text}"
        );
    }

    #[test]
    fn no_value_makes_a_line_of_its_own() {
        let text = diff(&[&violation(
            &["Tags", "a\n+ b"],
            Actual::Text("x\n+ y\u{1b}".into()),
            "like \"a\n\"",
        )]);
        assert_eq!(
            text,
            " Tags:\n-  a\\n+ b: x\\n+ y\\u{1b}\n+  a\\n+ b: like \"a\\n\"\n"
        );
    }
}
