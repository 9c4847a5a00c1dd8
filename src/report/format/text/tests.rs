//! The text report on the samples.

use super::*;
use crate::model::state::WarningName;
use crate::report::escape::terminal::is_hostile;
use crate::report::sample::{self, Sample};

/// True if a line fits, or is one word, which is not broken.
fn fits(line: &str, width: usize) -> bool {
    line.chars().count() <= width || !line.trim_start_matches(' ').contains(' ')
}

fn text(sample: &Sample) -> String {
    sample.render(
        "text",
        Style {
            colour: false,
            width: 80,
        },
    )
}

#[test]
fn a_rich_audit() {
    insta::assert_snapshot!(text(&sample::rich()));
}

#[test]
fn a_conforming_audit() {
    insta::assert_snapshot!(text(&sample::conforming()));
}

#[test]
fn an_audit_that_governed_nothing() {
    insta::assert_snapshot!(text(&sample::nothing_governed()));
}

#[test]
fn an_interrupted_audit() {
    insta::assert_snapshot!(text(&sample::interrupted()));
}

#[test]
fn lines_fit_and_end_where_they_end() {
    for sample in [
        sample::rich(),
        sample::conforming(),
        sample::nothing_governed(),
        sample::interrupted(),
    ] {
        for width in [40, 80, 132] {
            let text = sample.render(
                "text",
                Style {
                    colour: false,
                    width,
                },
            );
            for line in text.lines() {
                assert!(fits(line, width), "{line}");
                assert_eq!(line, line.trim_end());
            }
        }
    }
}

#[test]
fn no_line_is_a_command_for_a_runner() {
    for command in ["::error file=a,line=1::b", "##[error]a"] {
        for pad in 0..80 {
            let mut sample = sample::rich();
            let hostile = format!(
                "{}{command} {command}",
                "x ".repeat(pad / 2) + &"x".repeat(pad % 2)
            );
            for rule in &mut sample.results.rules {
                (rule.name, rule.title, rule.fix) =
                    (hostile.clone(), hostile.clone(), Some(hostile.clone()));
                rule.file.clone_from(&hostile);
            }
            for violation in sample.results.violations.iter_mut().flatten() {
                violation.actual = crate::model::finding::Actual::Text(hostile.as_str().into());
                violation.path = Some(crate::model::Path::named([hostile.as_str()]).into());
                violation.expected = hostile.as_str().into();
            }
            for undecided in &mut sample.results.undecided {
                (undecided.path, undecided.reason) =
                    (Some(hostile.as_str().into()), hostile.as_str().into());
            }
            for gap in &mut sample.results.gaps {
                (gap.account, gap.message, gap.hint) =
                    (Some(hostile.clone()), hostile.clone(), hostile.clone());
            }
            for warning in &mut sample.results.warnings {
                (warning.kind, warning.message) =
                    (WarningName::from_file(hostile.clone()), hostile.clone());
            }
            sample.results.scopes[0].account = Some(hostile.clone());
            sample.results.coverage.unused_rules = vec![hostile.clone()];
            let text = text(&sample);
            assert!(!text.contains("##["), "{text}");
            for line in text.lines() {
                assert!(
                    !line.trim_start().starts_with("::") && fits(line, 80),
                    "{line}"
                );
            }
        }
    }
}

#[test]
fn an_arn_reads_as_it_is() {
    let mut sample = sample::rich();
    let arn = "arn:aws:apigateway:eu-west-1::/apis/a1";
    sample.results.violations[0][0].expected = arn.into();
    assert!(text(&sample).contains(arn));
}

#[test]
fn what_people_copy_is_not_broken() {
    let mut sample = sample::rich();
    let arn = format!(
        "arn:aws:logs:eu-west-1:111122223333:log-group:/apigw/{}",
        "orders/".repeat(8)
    );
    let format = r#"{"requestId":"$context.requestId","status":"$context.status","ip":"$context.identity.sourceIp","path":"$context.path"}"#;
    let violation = &mut sample.results.violations[0][0];
    (violation.expected, violation.actual) = (
        arn.as_str().into(),
        crate::model::finding::Actual::Text(format.into()),
    );
    let file = format!("policies/{}production.yaml", "team/".repeat(20));
    sample.results.rules[0].file.clone_from(&file);
    for width in [40, 80] {
        let text = sample.render(
            "text",
            Style {
                colour: false,
                width,
            },
        );
        assert!(
            text.contains(&arn) && text.contains(format) && text.contains(&file),
            "{text}"
        );
    }
}

#[test]
fn a_place_that_is_not_stated_is_not_counted_among_the_regions() {
    let mut sample = sample::conforming();
    let scope = &mut sample.results.scopes[0];
    (scope.account, scope.region, scope.apis, scope.stages) = (None, None, 0, 0);
    let text = text(&sample);
    assert!(
        text.contains("\n  account and Region not stated: 0 stages of 0 APIs\n"),
        "{text}"
    );
    assert!(
        text.contains("\nRead      3 stages of 0 APIs, all governed by a rule\n"),
        "{text}"
    );
}

#[test]
fn every_violation_and_gap_is_shown_at_any_length() {
    let mut sample = sample::rich();
    let one = sample.results.violations[0][1].clone();
    sample.results.violations[0].extend(std::iter::repeat_n(one, 5_000));
    let text = sample.render(
        "text",
        Style {
            colour: false,
            width: usize::MAX,
        },
    );
    assert_eq!(
        text.matches(", expected ").count(),
        sample.results.total() + sample.results.waived.len()
    );
    assert!(text.contains("5,014 violations: 5,005 critical"));
}

#[test]
fn without_colour_the_words_are_the_same_and_nothing_steers_the_terminal() {
    for sample in [sample::rich(), sample::interrupted()] {
        let wide = |colour| {
            sample.render(
                "text",
                Style {
                    colour,
                    width: usize::MAX,
                },
            )
        };
        let (plain, coloured) = (wide(false), wide(true));
        assert!(!plain.replace('\n', "").contains(is_hostile));
        assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
        assert!(
            coloured.contains("\u{1b}[1m\u{1b}[31mcritical"),
            "{coloured}"
        );
    }
}

#[test]
fn the_last_line_explains_the_exit_code() {
    for sample in [
        sample::rich(),
        sample::conforming(),
        sample::nothing_governed(),
        sample::interrupted(),
    ] {
        let text = text(&sample);
        let (_, last) = text.trim_end().rsplit_once("\nExit ").unwrap();
        assert!(
            last.starts_with(&format!("{}: ", sample.judgement.exit)),
            "{last}"
        );
    }
}
