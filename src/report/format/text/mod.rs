//! The report for people at a terminal. The end is what they see, so it goes from the detail to the whole: the sources,
//! the violations of each stage, what to do, everything not known, the totals, and the reason for the exit code.

mod paint;
mod scopes;
#[cfg(test)]
mod tests;
mod unknown;
mod violations;
mod waived;

use std::io::{self, Write as _};

use anstyle::AnsiColor;

use self::paint::{ALARM, BOLD, PLAIN};
use crate::model::judgement::Verdict;
use crate::report::escape::terminal::visible;
use crate::report::facts::{Facts, Style};
use crate::report::page::Page;
use crate::report::words;

/// Writes the report.
pub fn render(facts: &Facts<'_>, style: Style, out: &mut dyn io::Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    let mut page = Page::new(&mut out, style.width, style.colour);
    policies(facts, &mut page)?;
    scopes::scopes(facts, &mut page)?;
    violations::violations(facts, &mut page)?;
    waived::waived(facts, &mut page)?;
    violations::what_to_do(facts, &mut page)?;
    unknown::coverage(facts, &mut page)?;
    unknown::warnings(facts, &mut page)?;
    unknown::undecided(facts, &mut page)?;
    unknown::unchecked(facts, &mut page)?;
    totals(facts, &mut page)?;
    out.flush()
}

/// Writes the policies, and what was changed of them: all else depends on it.
fn policies(facts: &Facts<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let show = |text: &str| visible(text).into_owned();
    for (label, lines) in [
        ("Policies  ", words::policies(facts, show, show)),
        ("Tuned     ", words::tuned(facts, show)),
    ] {
        for (at, line) in lines.iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            let indent = if at == 0 { 0 } else { 10 };
            page.paragraph(indent, 12, &[(BOLD, label), (PLAIN, line)])?;
        }
    }
    if !facts.results.policies.is_empty() {
        page.blank()?;
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
    if let Some(unknown) = words::unknown(facts.results.gaps.len(), facts.results.summary.undecided)
    {
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
