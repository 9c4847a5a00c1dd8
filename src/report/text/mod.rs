//! The report for people at a terminal. The end is what is seen there, so it goes from the detail to the whole: what
//! was read, what is wrong on each stage, what to do, what is not known, the totals, and why the run ends as it does.

mod unknown;
mod waived;

use std::io::{self, Write as _};

use anstyle::{AnsiColor, Style as Paint};

use super::inert::visible;
use super::wrap::Page;
use super::{Facts, Style, words};
use crate::model::Severity;
use crate::model::feed::{Read, Scope};
use crate::model::finding::{StageName, Violation};
use crate::model::judgement::Verdict;

const PLAIN: Paint = Paint::new();
const BOLD: Paint = Paint::new().bold();
const DIM: Paint = Paint::new().dimmed();
const ALARM: Paint = AnsiColor::Yellow.on_default().bold();
/// Where the text beside a severity starts.
const BESIDE: usize = 12;

/// Writes the report.
pub(super) fn render(facts: &Facts<'_>, style: Style, out: &mut dyn io::Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    let mut page = Page::new(&mut out, style.width, style.colour);
    scopes(facts, &mut page)?;
    violations(facts, &mut page)?;
    waived::waived(facts, &mut page)?;
    what_to_do(facts, &mut page)?;
    unknown::coverage(facts, &mut page)?;
    unknown::warnings(facts, &mut page)?;
    unknown::undecided(facts, &mut page)?;
    unknown::unchecked(facts, &mut page)?;
    totals(facts, &mut page)?;
    out.flush()
}

fn paint(severity: Severity) -> Paint {
    match severity {
        Severity::Critical => AnsiColor::Red.on_default().bold(),
        Severity::High => AnsiColor::Red.on_default(),
        Severity::Medium => AnsiColor::Yellow.on_default(),
        Severity::Low => AnsiColor::Cyan.on_default(),
        Severity::Info => DIM,
    }
}

/// How many scopes of a kind are named one by one. The books above them count all.
const MOST_SCOPES: usize = 20;

fn scopes(facts: &Facts<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let source = words::source(facts, |text| visible(text).into_owned());
    page.paragraph(0, 2, &[(BOLD, "Read from "), (BOLD, &source)])?;
    let scopes = &facts.outcome.scopes;
    if scopes.is_empty() {
        return page.paragraph(2, 6, &[(PLAIN, "no account or Region")]);
    }
    if let Some(books) = words::books(facts) {
        page.paragraph(2, 4, &[(PLAIN, &books)])?;
    }
    // Most pairs of an organization's accounts and Regions hold nothing; one line says so for all of them.
    let empty = |scope: &&Scope| {
        let nothing = scope.apis == 0 && scope.skipped_apis == 0 && scope.stages == 0;
        scope.outcome == Read::Checked && nothing && scope.region.is_some()
    };
    let mut left_out = Vec::new();
    for outcome in [Read::Unchecked, Read::Partial, Read::Checked] {
        let of_it: Vec<_> = scopes.iter().filter(|scope| scope.outcome == outcome && !empty(scope)).collect();
        let (named, more) = of_it.split_at(of_it.len().min(MOST_SCOPES));
        for scope in named {
            one_scope(scope, page)?;
        }
        left_out.extend(more);
    }
    let more = if scopes.iter().all(|scope| empty(&scope)) { "" } else { "more " };
    if let Some(regions) = words::regions(scopes.iter().filter(empty), more) {
        page.paragraph(2, 6, &[(DIM, &format!("{regions} {}: no API", words::read_whole(facts)))])?;
    }
    if let Some(regions) = words::regions(left_out, "more ") {
        page.paragraph(2, 6, &[(DIM, &format!("{regions} not named here; --report json has them all"))])?;
    }
    let excluded: Vec<String> = scopes
        .iter()
        .filter(|scope| scope.outcome == Read::Excluded)
        .take(MOST_SCOPES)
        .map(|scope| visible(&words::place(scope.account.as_deref(), scope.region.as_deref())).into_owned())
        .collect();
    let all = scopes.iter().filter(|scope| scope.outcome == Read::Excluded).count();
    if excluded.is_empty() {
        return Ok(());
    }
    let rest = (all - excluded.len()) as u64;
    let rest = if rest == 0 { String::new() } else { format!(", and {} more", words::number(rest)) };
    page.paragraph(2, 6, &[(DIM, &format!("Excluded: {}{rest}", excluded.join(", ")))])
}

fn one_scope(scope: &Scope, page: &mut Page<'_>) -> io::Result<()> {
    let place = words::place(scope.account.as_deref(), scope.region.as_deref());
    let mut said = format!(": {} of {}", words::count(scope.stages, "stage"), words::count(scope.apis, "API"));
    if scope.skipped_apis > 0 {
        said.push_str(&format!(", {} that no rule can match skipped", words::count(scope.skipped_apis, "API")));
    }
    let (paint, outcome) = match scope.outcome {
        Read::Checked | Read::Excluded => (PLAIN, ""),
        Read::Partial => (ALARM, ", read in part"),
        Read::Unchecked => (ALARM, ": not read"),
    };
    if scope.outcome == Read::Unchecked {
        said.clear();
    }
    page.paragraph(2, 6, &[(PLAIN, &visible(&place)), (PLAIN, &said), (paint, outcome)])
}

/// A stage's name as the heading of what was found on it.
fn heading(stage: &StageName, page: &mut Page<'_>) -> io::Result<()> {
    let (name, besides) = (words::called(stage), words::besides(stage, stage.api.protocol.as_deref()));
    page.paragraph(0, 2, &[(BOLD, &visible(&name)), (DIM, &visible(&besides))])
}

fn violations(facts: &Facts<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let mut all: Vec<(Severity, &Violation)> = facts.outcome.violations().collect();
    // Stable, so that on each stage the worst stay first.
    all.sort_by(|(_, a), (_, b)| a.stage.order(&b.stage));
    for stage in all.chunk_by(|(_, a), (_, b)| a.stage.order(&b.stage).is_eq()) {
        page.blank()?;
        if let [(_, first), ..] = stage {
            heading(&first.stage, page)?;
        }
        // Within a severity the order is by route, so a rule may come up again: it stands once, with all its settings.
        let mut rules: Vec<(Severity, u32)> = Vec::new();
        for (severity, violation) in stage {
            if !rules.contains(&(*severity, violation.rule)) {
                rules.push((*severity, violation.rule));
            }
        }
        for (severity, rule) in rules {
            rule_line(facts, severity, rule, page)?;
            for (_, violation) in stage.iter().filter(|(_, violation)| violation.rule == rule) {
                setting(facts, violation, page)?;
            }
        }
    }
    Ok(())
}

fn rule_line(facts: &Facts<'_>, severity: Severity, rule: u32, page: &mut Page<'_>) -> io::Result<()> {
    let (name, title) = facts.outcome.rule(rule).map_or(("unknown rule", ""), |rule| (&*rule.name, &*rule.title));
    let (label, name) = (format!("{severity:8}"), visible(name));
    page.paragraph(
        2,
        BESIDE,
        &[(paint(severity), &label), (PLAIN, "  "), (BOLD, &name), (PLAIN, ": "), (PLAIN, &visible(title))],
    )
}

fn setting(facts: &Facts<'_>, violation: &Violation, page: &mut Page<'_>) -> io::Result<()> {
    let path = violation.path_text().unwrap_or("the stage as a whole");
    let found = match words::value(&violation.actual) {
        None => words::no_value(violation).to_owned(),
        Some(value) => visible(&value).into_owned(),
    };
    let origin = words::origin(violation).map(|origin| format!(" ({origin})")).unwrap_or_default();
    page.paragraph(
        BESIDE,
        BESIDE + 2,
        &[
            (PLAIN, &visible(path)),
            (PLAIN, ": found "),
            (AnsiColor::Red.on_default(), &found),
            (DIM, &origin),
            (PLAIN, ", expected "),
            (AnsiColor::Green.on_default(), &visible(&violation.expected)),
            (ALARM, &words::expired(facts, violation).map(|said| format!(" ({said})")).unwrap_or_default()),
        ],
    )
}

/// The rules that are violated, with how often and how to put it right: where a rule does not say, what it demands.
fn what_to_do(facts: &Facts<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let rules = words::violated_rules(facts);
    if rules.is_empty() {
        return Ok(());
    }
    page.blank()?;
    page.paragraph(0, 2, &[(BOLD, "What to do")])?;
    for (rule, count) in rules {
        let (label, name) = (format!("{:8}", rule.severity), visible(&rule.name));
        let count = format!(", {}", words::count(count, "violation"));
        page.paragraph(2, BESIDE, &[(paint(rule.severity), &label), (PLAIN, "  "), (BOLD, &name), (PLAIN, &count)])?;
        let fix = rule.fix.as_deref().filter(|fix| !fix.is_empty());
        for line in fix.unwrap_or(&rule.title).lines() {
            page.paragraph(BESIDE, BESIDE, &[(PLAIN, &visible(line))])?;
        }
        let place = format!("{}:{}", visible(&rule.file), rule.line);
        page.paragraph(BESIDE, BESIDE, &[(DIM, &place)])?;
    }
    Ok(())
}

fn totals(facts: &Facts<'_>, page: &mut Page<'_>) -> io::Result<()> {
    page.blank()?;
    let mut lines = vec![
        ("Read      ", words::looked_at(facts)),
        ("Checked   ", words::checked(facts)),
        ("Found     ", words::violations(facts)),
    ];
    if let Some(unknown) = words::unknown(facts.outcome.gaps.len(), facts.outcome.undecided_checks) {
        lines.push(("Unknown   ", unknown));
    }
    if let Some(took) = words::took(facts) {
        lines.push(("Took      ", took));
    }
    for (label, line) in lines {
        page.paragraph(0, 10, &[(BOLD, label), (PLAIN, &line)])?;
    }
    let judged = facts.judgement;
    let paint = match judged.verdict {
        Verdict::Conforms => AnsiColor::Green.on_default().bold(),
        Verdict::Violations => AnsiColor::Red.on_default().bold(),
        Verdict::Incomplete => ALARM,
    };
    let exit = format!("Exit {}: ", judged.exit);
    page.paragraph(0, 2, &[(paint, &exit), (PLAIN, &words::conclusion(facts))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::inert::is_hostile;
    use crate::report::sample::{self, Sample};

    /// True if a line fits, or is one word, which is not broken.
    fn fits(line: &str, width: usize) -> bool {
        line.chars().count() <= width || !line.trim_start_matches(' ').contains(' ')
    }

    fn text(sample: &Sample) -> String {
        sample.render("text", Style { colour: false, width: 80 })
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
        for sample in [sample::rich(), sample::conforming(), sample::nothing_governed(), sample::interrupted()] {
            for width in [40, 80, 132] {
                let text = sample.render("text", Style { colour: false, width });
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
                let hostile = format!("{}{command} {command}", "x ".repeat(pad / 2) + &"x".repeat(pad % 2));
                for rule in &mut sample.outcome.rules {
                    (rule.name, rule.title, rule.fix) = (hostile.clone(), hostile.clone(), Some(hostile.clone()));
                    rule.file.clone_from(&hostile);
                }
                for violation in sample.outcome.violations.iter_mut().flatten() {
                    violation.actual = crate::model::finding::Actual::Text(hostile.as_str().into());
                    violation.path = Some(crate::model::Path::named([hostile.as_str()]).into());
                    violation.expected = hostile.as_str().into();
                }
                for undecided in &mut sample.outcome.undecided {
                    (undecided.path, undecided.reason) = (Some(hostile.as_str().into()), hostile.as_str().into());
                }
                for gap in &mut sample.outcome.gaps {
                    (gap.account, gap.message, gap.hint) = (Some(hostile.clone()), hostile.clone(), hostile.clone());
                }
                for warning in &mut sample.outcome.warnings {
                    (warning.kind, warning.message) = (hostile.clone(), hostile.clone());
                }
                sample.outcome.scopes[0].account = Some(hostile.clone());
                sample.outcome.coverage.unused_rules = vec![hostile.clone()];
                let text = text(&sample);
                assert!(!text.contains("##["), "{text}");
                for line in text.lines() {
                    assert!(!line.trim_start().starts_with("::") && fits(line, 80), "{line}");
                }
            }
        }
    }

    #[test]
    fn an_arn_reads_as_it_is() {
        let mut sample = sample::rich();
        let arn = "arn:aws:apigateway:eu-west-1::/apis/a1";
        sample.outcome.violations[0][0].expected = arn.into();
        assert!(text(&sample).contains(arn));
    }

    #[test]
    fn what_people_copy_is_not_broken() {
        let mut sample = sample::rich();
        let arn = format!("arn:aws:logs:eu-west-1:111122223333:log-group:/apigw/{}", "orders/".repeat(8));
        let format = r#"{"requestId":"$context.requestId","status":"$context.status","ip":"$context.identity.sourceIp","path":"$context.path"}"#;
        let violation = &mut sample.outcome.violations[0][0];
        (violation.expected, violation.actual) =
            (arn.as_str().into(), crate::model::finding::Actual::Text(format.into()));
        let file = format!("policies/{}production.yaml", "team/".repeat(20));
        sample.outcome.rules[0].file.clone_from(&file);
        for width in [40, 80] {
            let text = sample.render("text", Style { colour: false, width });
            assert!(text.contains(&arn) && text.contains(format) && text.contains(&file), "{text}");
        }
    }

    #[test]
    fn a_place_that_is_not_stated_is_not_counted_among_the_regions() {
        let mut sample = sample::conforming();
        let scope = &mut sample.outcome.scopes[0];
        (scope.account, scope.region, scope.apis, scope.stages) = (None, None, 0, 0);
        let text = text(&sample);
        assert!(text.contains("\n  account and Region not stated: 0 stages of 0 APIs\n"), "{text}");
        assert!(text.contains("\nRead      3 stages of 0 APIs, all governed by a rule\n"), "{text}");
    }

    #[test]
    fn every_violation_and_gap_is_shown_at_any_length() {
        let mut sample = sample::rich();
        let one = sample.outcome.violations[0][1].clone();
        sample.outcome.violations[0].extend(std::iter::repeat_n(one, 5_000));
        let text = sample.render("text", Style { colour: false, width: usize::MAX });
        assert_eq!(text.matches(", expected ").count(), sample.outcome.total() + sample.outcome.waived.len());
        assert!(text.contains("5,014 violations: 5,005 critical"));
    }

    #[test]
    fn without_colour_the_words_are_the_same_and_nothing_steers_the_terminal() {
        for sample in [sample::rich(), sample::interrupted()] {
            let wide = |colour| sample.render("text", Style { colour, width: usize::MAX });
            let (plain, coloured) = (wide(false), wide(true));
            assert!(!plain.replace('\n', "").contains(is_hostile));
            assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
            assert!(coloured.contains("\u{1b}[1m\u{1b}[31mcritical"), "{coloured}");
        }
    }

    #[test]
    fn the_last_line_explains_the_exit_code() {
        for sample in [sample::rich(), sample::conforming(), sample::nothing_governed(), sample::interrupted()] {
            let text = text(&sample);
            let (_, last) = text.trim_end().rsplit_once("\nExit ").unwrap();
            assert!(last.starts_with(&format!("{}: ", sample.judgement.exit)), "{last}");
        }
    }
}
