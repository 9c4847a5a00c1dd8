//! The Markdown report on the samples, as GitHub renders it.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::*;
use crate::model::finding::Actual;
use crate::model::state::WarningName;
use crate::model::{Path, Severity};
use crate::report::escape::terminal::is_hostile;
use crate::report::sample::{self, HOSTILE, Sample};

const STYLE: Style = Style {
    colour: false,
    width: 80,
};

fn parser(text: &str) -> Parser<'_> {
    Parser::new_ext(
        text,
        Options::ENABLE_TABLES | Options::ENABLE_GFM | Options::ENABLE_STRIKETHROUGH,
    )
}

fn html(text: &str) -> String {
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, parser(text));
    html
}

#[test]
fn a_rich_audit() {
    insta::assert_snapshot!(sample::rich().render("markdown", STYLE));
}

#[test]
fn a_rich_audit_as_html() {
    insta::assert_snapshot!(html(&sample::rich_reproducible().render("markdown", STYLE)));
}

#[test]
fn a_conforming_audit() {
    insta::assert_snapshot!(sample::conforming().render("markdown", STYLE));
}

#[test]
fn an_audit_that_governed_nothing() {
    insta::assert_snapshot!(sample::nothing_governed().render("markdown", STYLE));
}

#[test]
fn an_interrupted_audit() {
    insta::assert_snapshot!(sample::interrupted().render("markdown", STYLE));
}

/// What GitHub would act on must be ours: everything else is text or code.
fn assert_inert(text: &str) {
    assert!(
        !text.contains("##[")
            && text
                .lines()
                .all(|line| !line.trim_start().starts_with("::")),
        "{text}"
    );
    assert!(!text.replace('\n', "").contains(is_hostile));
    let (mut code, mut link) = (false, false);
    for event in parser(text) {
        match event {
            Event::Html(html) | Event::InlineHtml(html) => {
                let ours = [
                    "<details>",
                    "</details>",
                    "<summary>",
                    "</summary>",
                    "<code>",
                    "</code>",
                ];
                let rest = ours
                    .iter()
                    .fold(html.to_string(), |html, tag| html.replace(tag, ""));
                assert!(!rest.contains(['<', '>']), "{html}");
            }
            Event::Start(Tag::Link { dest_url, .. }) => {
                link = true;
                assert_eq!(&*dest_url, "https://docs.aws.amazon.com/apigateway/");
            }
            Event::End(TagEnd::Link) => link = false,
            Event::Start(Tag::CodeBlock(kind)) => {
                code = true;
                assert_eq!(kind, CodeBlockKind::Fenced("diff".into()));
            }
            Event::End(TagEnd::CodeBlock) => code = false,
            Event::Start(
                tag @ (Tag::Image { .. }
                | Tag::Emphasis
                | Tag::Strikethrough
                | Tag::FootnoteDefinition(_)),
            ) => panic!("{tag:?}"),
            Event::Text(text) if !code && !link => {
                assert!(
                    !text.contains(['@', '#', '$']) && !text.contains("://"),
                    "{text}"
                );
            }
            _ => {}
        }
    }
}

fn headings(text: &str) -> Vec<String> {
    let mut headings = Vec::new();
    let mut inside = false;
    for event in parser(text) {
        match event {
            Event::Start(Tag::Heading { .. }) => inside = true,
            Event::End(TagEnd::Heading(_)) => inside = false,
            Event::Text(text) if inside => headings.push(text.to_string()),
            _ => {}
        }
    }
    headings
}

/// The cells of each row of each table, as text.
fn rows(text: &str) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut inside = false;
    for event in parser(text) {
        match event {
            Event::Start(Tag::TableRow) => {
                inside = true;
                rows.push(Vec::new());
            }
            Event::End(TagEnd::TableRow) => inside = false,
            Event::Start(Tag::TableCell) if inside => rows.last_mut().unwrap().push(String::new()),
            Event::Text(text) | Event::Code(text) if inside => {
                rows.last_mut()
                    .and_then(|row| row.last_mut())
                    .unwrap()
                    .push_str(&text);
            }
            _ => {}
        }
    }
    rows
}

#[test]
fn hostile_text_stays_text() {
    for sample in [
        sample::rich(),
        sample::conforming(),
        sample::nothing_governed(),
        sample::interrupted(),
    ] {
        assert_inert(&sample.render("markdown", STYLE));
    }
    let text = sample::rich().render("markdown", STYLE);
    let ours = [
        "API Gateway stage audit",
        "Violations",
        "Waived",
        "What to do",
        "Details by API",
        "Could not be decided",
        "Warnings",
        "Regions",
        "Coverage",
    ];
    assert_eq!(headings(&text), ours);
    let name = crate::report::escape::terminal::visible(HOSTILE).into_owned();
    let hostile: Vec<_> = rows(&text)
        .into_iter()
        .filter(|row| row.get(2).is_some_and(|c| c.contains(&name)))
        .collect();
    assert_eq!(hostile.len(), 3);
    assert_eq!(hostile[1][3..], ["Tags.a|`b\\u{1b}", "not set", "set"]);
    assert_eq!(hostile[2][4], r#"{"team":"<b>`x`</b>|","x":"a\\u{7c}b"}"#);
}

#[test]
fn hostile_text_stays_text_wherever_it_stands() {
    const TEXTS: [&str; 16] = [
        HOSTILE,
        "````\n```\n~~~",
        "\\|`|\\",
        "</code></summary></details>",
        "- a\n  - b",
        "1. a",
        "=== \n---",
        "[x]: http://evil",
        "<!-- x",
        "https://evil.example www.evil.example a@b.c",
        "@octocat @org/team #1 GH-1 org/repo#1",
        "$x$ :boom: ~~x~~ *x* _x_ **x**",
        "`` ` `` `a``b`",
        "&lt;b&gt; &#64;octocat",
        "::error file=a,line=1::b",
        "##[error]a https://a/##[b]",
    ];
    for hostile in TEXTS {
        let mut sample = sample::rich();
        let text = || Some(hostile.to_owned());
        for rule in &mut sample.results.rules {
            (rule.name, rule.title, rule.why, rule.fix) =
                (hostile.to_owned(), hostile.to_owned(), text(), text());
            (rule.references, rule.file) = (vec![hostile.to_owned()], hostile.to_owned());
        }
        for violation in sample.results.violations.iter_mut().flatten() {
            (violation.expected, violation.actual) = (hostile.into(), Actual::Text(hostile.into()));
            violation.path = Some(Path::named(["Tags", hostile]).into());
            violation.route = Some(hostile.into());
        }
        for waived in &mut sample.results.waived {
            waived.violation.path = Some(Path::named([hostile]).into());
            waived.violation.actual = Actual::Text(hostile.into());
        }
        for waiver in &mut sample.results.waivers {
            (waiver.reason, waiver.owner) = (hostile.to_owned(), hostile.to_owned());
        }
        for undecided in &mut sample.results.undecided {
            (undecided.path, undecided.reason) = (Some(hostile.into()), hostile.into());
        }
        for gap in &mut sample.results.gaps {
            (gap.account, gap.region, gap.api_id, gap.stage) = (text(), text(), text(), text());
            (gap.operation, gap.code) = (hostile.to_owned(), hostile.to_owned());
            (gap.message, gap.hint) = (hostile.to_owned(), hostile.to_owned());
        }
        for warning in &mut sample.results.warnings {
            (warning.kind, warning.message, warning.api_id) = (
                WarningName::from_file(hostile.to_owned()),
                hostile.to_owned(),
                text(),
            );
        }
        for scope in &mut sample.results.scopes {
            (scope.account, scope.region) = (text(), text());
        }
        sample.results.coverage.unused_rules = vec![hostile.to_owned()];
        sample.run.source = hostile.to_owned();
        let text = sample.render("markdown", STYLE);
        assert_inert(&text);
        assert_eq!(headings(&text).len(), 9, "{text}");
        let violations = sample.results.total();
        assert_eq!(rows(&text).len(), 5 + violations + 2 + 2 + 5, "{text}");
        let whole = rows(&text)
            .into_iter()
            .filter(|row| row.len() == 6 && !row[5].is_empty())
            .count();
        assert_eq!(whole, violations + 5, "{text}");
    }
}

fn large(violations: usize) -> Sample {
    let mut sample = sample::rich();
    for at in 0..violations {
        let stage = sample::stage(
            "111122223333",
            "us-east-1",
            (&format!("api{at:06}"), "orders", "HTTP"),
            "prod",
        );
        sample.results.violations[Severity::High.rank()].push(crate::model::finding::Violation {
            stage,
            rule: 1,
            ..sample::violation()
        });
    }
    for at in 0..5_000 {
        let mut gap = sample.results.gaps[0].clone();
        gap.region = Some(format!("region-{at}"));
        sample.results.gaps.push(gap);
    }
    sample
}

#[test]
fn a_large_report_fits_and_says_what_it_leaves_out() {
    let sample = large(20_000);
    let text = sample.render("markdown", STYLE);
    assert!(text.len() < 1_000_000, "{}", text.len());
    assert!(text.len() > 600_000, "{}", text.len());
    let rows = rows(&text)
        .iter()
        .filter(|row| row.len() == 6 && row[0] == "high")
        .count();
    let shown = rows + sample.results.count(Severity::Critical);
    let left = words::number((sample.results.total() - shown) as u64);
    assert!(
        text.contains(&format!(
            "**{left} more of 20,014 violations would not fit here;**"
        )),
        "{left}"
    );
    assert!(text.contains("more of 5,002 things would not fit here;**"));
    assert!(text.contains("more of 20,004 APIs would not fit here;**"));
    assert_inert(&text);
}

#[test]
fn what_is_not_known_stands_before_what_was_found() {
    let text = sample::rich().render("markdown", STYLE);
    let alert = text.find("> [!WARNING]").unwrap();
    assert!(text.find("**Violations (exit 1):**").unwrap() < alert);
    assert!(alert < text.find("## Violations").unwrap());
    for gap in sample::rich().results.gaps {
        assert!(text.contains(&format!(
            "> - `{} {}`",
            gap.account.unwrap(),
            gap.region.unwrap()
        )));
    }
    assert!(
        !sample::conforming()
            .render("markdown", STYLE)
            .contains("[!WARNING]")
    );
}
