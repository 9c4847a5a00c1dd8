//! The report for GitHub: a job summary, an issue, a file. The verdict and the gaps come first, details are folded. It
//! stays below the size at which GitHub drops a summary, and names what it left out.

mod budget;
mod details;
mod diff;
mod findings;
mod inline;
mod limits;
#[cfg(test)]
mod tests;

use std::io;

use crate::model::judgement::Verdict;
use crate::report::escape::markdown::{code, prose};
use crate::report::facts::{Facts, Style};
use crate::report::words;

/// Writes the report.
pub fn render(facts: &Facts<'_>, _: Style, out: &mut dyn io::Write) -> io::Result<()> {
    let mut page = String::from("# API Gateway stage audit\n");
    verdict(facts, &mut page);
    limits::alert(facts, &mut page);
    findings::severities(facts, &mut page);
    findings::violations(facts, &mut page);
    findings::waived(facts, &mut page);
    findings::rules(facts, &mut page);
    details::by_api(facts, &mut page);
    limits::undecided(facts, &mut page);
    limits::warnings(facts, &mut page);
    limits::scopes(facts, &mut page);
    limits::coverage(facts, &mut page);
    footer(facts, &mut page);
    out.write_all(page.as_bytes())
}

fn verdict(facts: &Facts<'_>, page: &mut String) {
    let judged = facts.judgement;
    let verdict = match judged.verdict {
        Verdict::Conforms => "Conforms",
        Verdict::Violations => "Violations",
        Verdict::Incomplete => "Incomplete",
    };
    page.push_str(&format!(
        "\n**{verdict} (exit {}):** {}\n",
        judged.exit,
        words::conclusion(facts)
    ));
    page.push_str(&format!(
        "\nRead from {}: {}. Checked: {}. Found: {}.\n",
        words::source(facts, code),
        words::looked_at(facts),
        words::checked(facts),
        words::violations(facts),
    ));
    if let Some(accounting) = words::accounting(facts) {
        page.push_str(&format!("\n{accounting}.\n"));
    }
    for (head, lines) in [
        ("Policies", words::policies(facts, code, prose)),
        ("Tuned", words::tuned(facts, code)),
    ] {
        if !lines.is_empty() {
            page.push_str(&format!("\n{head}:\n\n"));
        }
        page.extend(lines.iter().map(|line| format!("- {line}\n")));
    }
}

fn footer(facts: &Facts<'_>, page: &mut String) {
    let run = facts.run;
    if run.reproducible {
        return;
    }
    page.push_str(&format!("\n---\n\ndriftgate {}", run.version()));
    if let Some(at) = &run.generated_at {
        page.push_str(&format!(", {}", code(at)));
    }
    if let Some(took) = words::took(facts) {
        page.push_str(&format!(", {took}"));
    }
    page.push('\n');
}
