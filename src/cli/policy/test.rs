//! `driftgate policy test`: run the tests that policies carry.

use super::{plural, say};
use crate::check::{Options, Verdict, verdict};
use crate::cli::args::{Global, Paths};
use crate::cli::{Stop, audit};
use crate::gate;
use crate::model::Document;
use crate::policy::Policy;
use crate::policy::example::{Example, Expected};

/// Runs the command.
pub fn run(paths: &Paths, global: &Global) -> Result<u8, Stop> {
    let policies = audit::policies(&paths.paths, true, ": nothing was tested")?;
    let mut failures = Vec::new();
    let mut count = 0;
    for policy in &policies.policies {
        for example in &policy.tests {
            count += 1;
            if let Some(why) = failure(policy, example) {
                let (line, _) = policy.file.position(example.span.start);
                failures.push(format!("FAIL {}: {}\n  {}:{line}\n{why}", policy.name, example.name, policy.file.name));
            }
        }
    }
    for failure in &failures {
        say(failure, global)?;
    }
    let of = plural(policies.policies.len(), "policy");
    if count == 0 {
        // Nothing was proved, which must not look like a proof.
        say(&format!("0 tests in {of}: nothing was proved; add `tests:` to the policy"), global)?;
        return Ok(gate::VIOLATIONS);
    }
    let line = if failures.is_empty() {
        format!("{} in {of}: all passed", plural(count, "test"))
    } else {
        format!("{} in {of}: {} failed", plural(count, "test"), failures.len())
    };
    say(&line, global)?;
    Ok(if failures.is_empty() { gate::CONFORMS } else { gate::VIOLATIONS })
}

/// Why an example does not come out as it says.
pub(super) fn failure(policy: &Policy, example: &Example) -> Option<String> {
    let document = Document {
        account: Some(&example.account),
        region: Some(&example.region),
        api: &example.api,
        stage: &example.stage,
    };
    let verdicts: Vec<(&str, Verdict)> = policy
        .rules
        .iter()
        .map(|rule| (rule.id.as_str(), verdict(policy.selection.as_ref(), rule, &document, Options::default())))
        .collect();
    let mut why = Vec::new();
    let line = |id: &str, verdict: &Verdict| format!("  {id}\n{}", words(verdict));
    match &example.expected {
        Expected::Ungoverned => {
            let governing = verdicts
                .iter()
                .filter(|(_, verdict)| !matches!(verdict, Verdict::NotGoverned | Verdict::NotApplicable));
            let lines: Vec<String> = governing.map(|(id, verdict)| line(id, verdict)).collect();
            if !lines.is_empty() {
                why.push("  no rule should govern the stage, but there are".to_owned());
                why.extend(lines);
            }
        }
        Expected::Violates(expected) => {
            for (id, verdict) in &verdicts {
                let violated = matches!(verdict, Verdict::Violates(_));
                let wanted = expected.iter().any(|rule| rule == id);
                if violated && !wanted {
                    why.push(format!("  {id} should not be violated\n{}", words(verdict)));
                } else if wanted && !violated {
                    why.push(format!("  {id} should be violated\n{}", words(verdict)));
                }
            }
            let conforms = verdicts.iter().any(|(_, verdict)| matches!(verdict, Verdict::Conforms));
            if expected.is_empty() && why.is_empty() && !conforms {
                why.push("  no rule conforms on this stage, so the test shows nothing".to_owned());
                why.extend(verdicts.iter().map(|(id, verdict)| line(id, verdict)));
            }
        }
    }
    (!why.is_empty()).then(|| why.join("\n"))
}

/// A verdict in lines of their own, one for each setting.
fn words(verdict: &Verdict) -> String {
    let lines: Vec<String> = match verdict {
        Verdict::NotGoverned => vec!["not governed: its `match` does not hold".to_owned()],
        Verdict::Conforms => vec!["conforms".to_owned()],
        Verdict::NotApplicable => vec!["not applicable: the protocol lacks the settings".to_owned()],
        Verdict::Violates(failures) => failures
            .iter()
            .map(|failure| {
                let path = if failure.path.is_empty() { "the stage" } else { &failure.path };
                format!("violated: {path}: expected {}", failure.expected)
            })
            .collect(),
        Verdict::Undecided(questions) => {
            questions.iter().map(|question| format!("undecided: {}: {}", question.path, question.reason)).collect()
        }
    };
    lines.into_iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}
