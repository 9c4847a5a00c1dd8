//! The results of tests for people: each failure with what was expected, what came, and why; then the totals.

use std::io;

use anstyle::{AnsiColor, Style};

use super::coverage::Coverage;
use super::mutants::Mutants;
use super::results::{NO_TESTS, Results};
use super::run::{Mismatch, TestRun, Tested};
use crate::check::{Options, Reason, Verdict, reasons, why_ungoverned};
use crate::cli::plural::plural;
use crate::policy::Rule;
use crate::policy::read::example::Expected;
use crate::report::{Page, found, visible};

const PLAIN: Style = Style::new();
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const BAD: Style = AnsiColor::Red.on_default().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();

/// Writes the results.
pub fn write(results: &Results<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let failed: Vec<&TestRun<'_>> = results.runs().filter(|run| !run.passed()).collect();
    for run in &failed {
        page.paragraph(
            0,
            2,
            &[(BAD, "FAIL"), (BOLD, &format!(" {}", headline(run)))],
        )?;
        details(run, page)?;
        page.blank()?;
    }
    if strength(results, &results.tested, page)? {
        page.blank()?;
    }
    let tests = results.runs().count();
    let of = format!(
        "{} in {}: ",
        plural(tests, "test"),
        plural(results.tested.len(), "policy")
    );
    let (style, results) = match (tests, failed.len()) {
        (0, _) => (BAD, NO_TESTS.to_owned()),
        (_, 0) => (GOOD, "all passed".to_owned()),
        (_, failed) => (BAD, format!("{failed} failed")),
    };
    page.paragraph(0, 2, &[(PLAIN, &of), (style, &results)])
}

/// The text of a page without colours and line breaks.
pub fn plain(write: impl FnOnce(&mut Page<'_>) -> io::Result<()>) -> String {
    let mut bytes = Vec::new();
    // Writing to a Vec cannot fail.
    let _ = write(&mut Page::new(&mut bytes, usize::MAX, false));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Writes how much the tests of these policies prove. Returns true if the flags ask for it.
pub fn strength<'p>(
    results: &Results<'p>,
    of: &[Tested<'p>],
    page: &mut Page<'_>,
) -> io::Result<bool> {
    if let Some(coverage) = results.coverage(of) {
        of_coverage(&coverage, page)?;
    }
    if let Some(mutants) = results.mutants(of) {
        if results.coverage {
            page.blank()?;
        }
        of_mutants(&mutants, page)?;
    }
    Ok(results.coverage || results.mutate)
}

/// The policy and the name of a test.
fn headline(run: &TestRun<'_>) -> String {
    format!("{}: {}", run.policy.name, visible(&run.example.name))
}

/// Writes the details of a failed test.
pub fn details(run: &TestRun<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let file = format!("{}:{}", visible(&run.example.file.name), run.example.line());
    page.paragraph(2, 4, &[(DIM, &file)])?;
    let (expected, got) = match &run.example.expected {
        Expected::Violates(ids) => {
            // In the order of the policy, as the other line is.
            let expected = run
                .policy
                .rules
                .iter()
                .map(|rule| rule.id.as_str())
                .filter(|id| ids.iter().any(|one| one == id));
            let violates = |ids: Vec<&str>| format!("violates: [{}]", ids.join(", "));
            (violates(expected.collect()), violates(run.violated()))
        }
        Expected::Ungoverned => {
            let governing: Vec<&str> = run
                .wrong()
                .iter()
                .map(|(rule, ..)| rule.id.as_str())
                .collect();
            (
                "ungoverned: true".to_owned(),
                format!("governed by {}", governing.join(", ")),
            )
        }
    };
    page.paragraph(2, 12, &[(DIM, "expected  "), (PLAIN, &expected)])?;
    page.paragraph(2, 12, &[(DIM, "got       "), (PLAIN, &got)])?;
    let wrong = run.wrong();
    if wrong
        .iter()
        .all(|(.., wrong)| *wrong == Mismatch::ShowsNothing)
    {
        page.paragraph(
            2,
            4,
            &[(PLAIN, "no rule conforms, so the test shows nothing")],
        )?;
        // A reason that holds for every rule is given once.
        let shared = why_ungoverned(run.policy, &run.example.document(), Options::default());
        if !shared.is_empty() {
            page.paragraph(
                2,
                4,
                &[
                    (BOLD, &run.policy.name),
                    (PLAIN, ": the `match` of the policy does not hold"),
                ],
            )?;
            return shared
                .iter()
                .try_for_each(|reason| self::reason(reason, page));
        }
    }
    for (rule, verdict, wrong) in wrong {
        let summary = match wrong {
            Mismatch::Violated => " is violated, and should not be".to_owned(),
            Mismatch::NotViolated => format!(" is not violated, and should be: {}", words(verdict)),
            Mismatch::Governs => format!(" governs the stage: {}", words(verdict)),
            Mismatch::ShowsNothing => format!(": {}", words(verdict)),
        };
        page.paragraph(2, 4, &[(BOLD, &rule.id), (PLAIN, &summary)])?;
        for reason in reasons(
            run.policy,
            rule,
            &run.example.document(),
            verdict,
            Options::default(),
        ) {
            self::reason(&reason, page)?;
        }
    }
    Ok(())
}

fn words(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::NotGoverned => "its `match` does not hold",
        Verdict::Conforms => "it conforms",
        Verdict::Violates(_) => "it is violated",
        Verdict::NotApplicable => "it does not apply",
        Verdict::Undecided(_) => "it cannot be decided",
    }
}

fn reason(reason: &Reason, page: &mut Page<'_>) -> io::Result<()> {
    let path = if reason.path.is_empty() {
        "the stage as a whole".to_owned()
    } else {
        visible(&reason.path)
    };
    let note = reason
        .note
        .as_ref()
        .map(|note| format!(" ({})", visible(note)))
        .unwrap_or_default();
    page.paragraph(4, 6, &[(PLAIN, &path), (DIM, &note)])?;
    if let Some(expected) = &reason.expected {
        page.paragraph(6, 16, &[(DIM, "expected  "), (PLAIN, &visible(expected))])?;
    }
    if let Some(actual) = &reason.actual {
        let actual = found(actual).unwrap_or_else(|| "not set".to_owned());
        page.paragraph(6, 16, &[(DIM, "actual    "), (PLAIN, &actual)])?;
    }
    Ok(())
}

fn of_coverage(coverage: &Coverage<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let (rules, percent) = (plural(coverage.rules, "rule"), coverage.percent());
    let summary = format!(
        " {percent} %: of {rules}, {} violated by a test, {} shown conforming",
        coverage.violated(),
        coverage.conforming()
    );
    page.paragraph(0, 2, &[(BOLD, "Coverage"), (PLAIN, &summary)])?;
    for (title, rules) in [
        ("no test violates", &coverage.never_violated),
        ("no test shows conforming", &coverage.never_conforming),
    ] {
        if !rules.is_empty() {
            page.paragraph(2, 4, &[(PLAIN, title)])?;
        }
        for Rule { facts, .. } in rules {
            let place = format!("  {}:{}", visible(&facts.file), facts.line);
            page.paragraph(4, 6, &[(PLAIN, &facts.name), (DIM, &place)])?;
        }
    }
    Ok(())
}

fn of_mutants(mutants: &Mutants<'_>, page: &mut Page<'_>) -> io::Result<()> {
    if mutants.examples == 0 {
        let summary = " no test with `violates: []` passes, so there is nothing to change";
        return page.paragraph(0, 2, &[(BOLD, "Mutations:"), (PLAIN, summary)]);
    }
    let examples = plural(mutants.examples, "good example");
    let summary = format!(
        " rules notice {} of {} to {examples}",
        mutants.noticed,
        plural(mutants.changes, "change")
    );
    page.paragraph(0, 2, &[(BOLD, "Mutations:"), (PLAIN, &summary)])?;
    if !mutants.survivors.is_empty() {
        page.paragraph(
            2,
            4,
            &[(PLAIN, "not noticed by the rules that read the setting")],
        )?;
    }
    for survivors in &mutants.survivors {
        let changes: Vec<String> = survivors
            .changes
            .iter()
            .map(|change| visible(change))
            .collect();
        let changes = format!(": {}", changes.join(", "));
        let rules = format!("  {}", survivors.rules.join(", "));
        page.paragraph(
            4,
            6,
            &[
                (BOLD, &visible(&survivors.path)),
                (PLAIN, &changes),
                (DIM, &rules),
            ],
        )?;
    }
    if !mutants.unread.is_empty() {
        let settings = plural(mutants.unread.len(), "setting");
        let summary = format!("{settings} that no rule has demands on; --format json lists them");
        page.paragraph(2, 4, &[(DIM, &summary)])?;
    }
    if mutants.cut {
        page.paragraph(
            2,
            4,
            &[(
                BAD,
                "there are more changes than are tried; test fewer policies at once",
            )],
        )?;
    }
    Ok(())
}
