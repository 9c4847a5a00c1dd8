//! Pictures of the settings of a stage, as they are and as they were expected, and the difference between them. It must
//! not know Markdown.

use std::collections::BTreeMap;

use similar::{ChangeTag, TextDiff};

use crate::model::catalogue::{API, Field, Kind, STAGE};
use crate::model::finding::Violation;
use crate::report::inert::{self, visible};
use crate::report::{words, wrap};

/// Characters of a value that stays on one line.
const LINE: usize = 96;
/// Lines of one value; the JSON report has all of it.
const LINES: usize = 60;

/// One setting: what it is, and everything that was expected of it.
struct Setting<'v> {
    is: String,
    expected: Vec<&'v str>,
}

/// The difference between what is and what was expected, as lines that start with a minus, a plus or a space.
pub(super) fn diff(violations: &[&Violation]) -> String {
    let mut settings: BTreeMap<Vec<&str>, Setting<'_>> = BTreeMap::new();
    for violation in violations {
        let setting = settings
            .entry(segments(violation.path.as_deref().unwrap_or("the stage as a whole")))
            .or_insert_with(|| Setting { is: found(violation), expected: Vec::new() });
        if !setting.expected.contains(&&*violation.expected) {
            setting.expected.push(&violation.expected);
        }
    }
    let mut text = String::new();
    let mut above: &[&str] = &[];
    for (path, setting) in &settings {
        let Some((key, parents)) = path.split_last() else { continue };
        let shared = parents.iter().zip(above).take_while(|(a, b)| a == b).count();
        for (depth, parent) in parents.iter().enumerate().skip(shared) {
            // A line that begins with a space begins with its text.
            let parent = format!("{}:", visible(parent));
            text.push_str(&format!(" {:indent$}{}\n", "", inert::line(&parent), indent = depth * 2));
        }
        above = parents;
        let is = picture(parents.len() * 2, key, &setting.is);
        let expected = picture(parents.len() * 2, key, &setting.expected.join("; "));
        difference(&is, &expected, &mut text);
    }
    text
}

/// The lines of one setting before and after. Only where both are long do they share lines, so that a value chosen to
/// look like what is expected of it still stands on a line of its own.
fn difference(is: &str, expected: &str, text: &mut String) {
    let long = |picture: &str| picture.lines().nth(1).is_some();
    let mut line = |sign, line: &str| {
        let line = line.trim_end_matches('\n');
        text.push(sign);
        text.push_str(&if sign == ' ' { inert::line(line) } else { line.into() });
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
fn picture(indent: usize, key: &str, value: &str) -> String {
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
    let json = value.starts_with(['{', '[']).then(|| serde_json::from_str::<serde_json::Value>(value).ok()).flatten();
    let pretty = json.and_then(|json| serde_json::to_string_pretty(&json).ok());
    let value = visible(value);
    let mut lines: Vec<String> = match &pretty {
        Some(pretty) => pretty.lines().map(|line| visible(line).into_owned()).collect(),
        None => wrap::lines(&value, LINE, LINE).into_iter().map(|line| value[line].to_owned()).collect(),
    };
    if lines.len() > LINES {
        let more = lines.split_off(LINES).len() as u64;
        lines.push(format!("({} of this value not shown)", words::count(more, "more line")));
    }
    lines
}

/// The parts of a path. Keys of maps may contain dots, so the catalogue says where a part ends.
fn segments(path: &str) -> Vec<&str> {
    let (mut parts, mut fields, mut rest) = match path.strip_prefix("api.") {
        Some(rest) => (vec!["api"], API, rest),
        None => (Vec::new(), STAGE, path),
    };
    loop {
        let (name, below) = rest.split_once('.').unwrap_or((rest, ""));
        match fields.iter().find(|field| field.name == name).map(|field| field.kind) {
            Some(_) if below.is_empty() => {
                parts.push(name);
                return parts;
            }
            Some(Kind::Struct(members)) => {
                parts.push(name);
                (fields, rest) = (members, below);
            }
            Some(Kind::Map(value)) => {
                parts.push(name);
                parts.extend(entry(below, value));
                return parts;
            }
            _ => {
                parts.push(rest);
                return parts;
            }
        }
    }
}

/// The key of a map, and the member of its value if one is named.
fn entry<'p>(path: &'p str, value: &Field) -> Vec<&'p str> {
    match path.rsplit_once('.') {
        Some((key, member)) if value.members().iter().any(|field| field.name == member) => vec![key, member],
        _ => vec![path],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Actual;
    use crate::report::sample;

    fn violation(path: &str, actual: Actual, expected: &str) -> Violation {
        Violation { path: Some(path.into()), actual, expected: expected.into(), ..sample::violation() }
    }

    #[test]
    fn paths_end_where_the_catalogue_says() {
        for (path, parts) in [
            ("StageName", &["StageName"][..]),
            ("AccessLogSettings.Format", &["AccessLogSettings", "Format"]),
            (
                "RouteSettings.GET /v1.2/pets.ThrottlingRateLimit",
                &["RouteSettings", "GET /v1.2/pets", "ThrottlingRateLimit"],
            ),
            ("RouteSettings.GET /v1.2/pets", &["RouteSettings", "GET /v1.2/pets"]),
            ("Tags.kubernetes.io/name", &["Tags", "kubernetes.io/name"]),
            ("api.Tags.a.b", &["api", "Tags", "a.b"]),
            ("api.CorsConfiguration.AllowOrigins", &["api", "CorsConfiguration", "AllowOrigins"]),
            ("account", &["account"]),
            ("not.known", &["not.known"]),
        ] {
            assert_eq!(segments(path), parts);
        }
    }

    #[test]
    fn settings_of_one_parent_stand_below_it() {
        let all = [
            violation("DefaultRouteSettings.ThrottlingBurstLimit", Actual::Integer(5000), "at most 500"),
            violation("Tags.owner", Actual::Unset, "set"),
            violation("DefaultRouteSettings.ThrottlingBurstLimit", Actual::Integer(5000), "at most 100"),
            violation("DefaultRouteSettings.ThrottlingRateLimit", Actual::Unset, "above 0"),
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
        let format = Actual::Text(r#"{"ip":"$context.identity.sourceIp","id":"$context.requestId"}"#.into());
        let text = diff(&[&violation("AccessLogSettings.Format", format, "JSON that names status")]);
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
        let text = diff(&[&violation("Description", Actual::Text("word ".repeat(60).into()), "set")]);
        assert!(text.lines().all(|line| line.chars().count() <= LINE + 4), "{text}");
        let json = format!("[{}1]", "1,".repeat(200));
        let text = diff(&[&violation("api.Warnings", Actual::Json(json.into()), "empty")]);
        assert!(text.contains("(143 more lines of this value not shown)"), "{text}");
    }

    #[test]
    fn two_json_texts_share_lines_and_equal_ones_none() {
        let (is, wanted) = (r#"{"id":1,"ip":2}"#, r#"{"id":1,"status":3}"#);
        let text = diff(&[&violation("Description", Actual::Text(is.into()), wanted)]);
        assert_eq!(text, " Description:\n   {\n     \"id\": 1,\n-    \"ip\": 2\n+    \"status\": 3\n   }\n");
        let text = diff(&[&violation("Description", Actual::Text(is.into()), is)]);
        assert!(text.lines().all(|line| line.starts_with(['-', '+'])), "{text}");
        let text = diff(&[&violation("Description", Actual::Text("set".into()), "set")]);
        assert_eq!(text, "-Description: set\n+Description: set\n");
    }

    #[test]
    fn no_line_is_a_command() {
        let text = diff(&[&violation("RouteSettings.::error file=x::y.LoggingLevel", Actual::Unset, "INFO")]);
        assert_eq!(
            text,
            " RouteSettings:\n   \\u{3a}:error file=x::y:\n-    LoggingLevel: (not set)\n+    LoggingLevel: INFO\n"
        );
        let is = format!("{} ::error::##[error]a {}", "x".repeat(LINE), "y".repeat(LINE));
        let text = diff(&[&violation("Description", Actual::Text(is.as_str().into()), &format!("{is} z"))]);
        assert!(text.contains("\n   \\u{3a}:error::\\u{23}#[error]a\n"), "{text}");
    }

    #[test]
    fn no_value_makes_a_line_of_its_own() {
        let text = diff(&[&violation("Tags.a\n+ b", Actual::Text("x\n+ y\u{1b}".into()), "like \"a\n\"")]);
        assert_eq!(text, " Tags:\n-  a\\n+ b: x\\n+ y\\u{1b}\n+  a\\n+ b: like \"a\\n\"\n");
    }
}
