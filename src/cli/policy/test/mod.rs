//! `driftgate policy test`: run the tests that policies carry, and say how much they prove.

mod coverage;
mod json;
mod junit;
mod mutants;
mod text;

use self::coverage::Coverage;
use self::mutants::Mutants;
use super::{colour, load_for, paths_to_check, write_json};
use crate::check::{Options, Verdict, verdict};
use crate::cli::args::{Global, PolicyTest, TestFormat};
use crate::cli::{Stop, audit, diagnostics, output};
use crate::gate;
use crate::policy::example::{Example, Expected};
use crate::policy::{Policy, Rule};
use crate::report::Page;

/// Said when there is no test: nothing was proved, which must not look like a proof.
const NO_TESTS: &str = "nothing was proved; add `tests:` to the policy";

/// Runs the command.
pub fn run(command: &PolicyTest, global: &Global) -> Result<u8, Stop> {
    let policies = load_for(&paths_to_check(&command.policies.paths), global, ": nothing was tested")?;
    let tested: Vec<Tested<'_>> = policies.policies.iter().map(Tested::of).collect();
    let results = Results { tested, coverage: command.coverage, mutate: command.mutate };
    match command.format {
        TestFormat::Text if global.quiet => {}
        TestFormat::Text => to_stdout(|out| text::write(&results, &mut Page::new(out, audit::WIDTH, colour())))?,
        TestFormat::Json => write_json(&json::Report::of(&results))?,
        TestFormat::Junit => to_stdout(|out| junit::write(&results, out))?,
    }
    if command.format != TestFormat::Text && results.runs().next().is_none() {
        diagnostics::error(&format!("no tests: {NO_TESTS}"));
    }
    let proved = results.runs().next().is_some() && results.runs().all(Run::passed);
    Ok(if proved { gate::CONFORMS } else { gate::VIOLATIONS })
}

/// Why an example does not come out as it says; `None` when it does.
pub(super) fn failure(policy: &Policy, example: &Example) -> Option<String> {
    let run = Run::of(policy, example);
    (!run.passed()).then(|| text::plain(|page| text::details(&run, page)))
}

fn to_stdout(write: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>) -> Result<(), Stop> {
    output::write(&output::Target::Stdout, write)
}

/// Everything that is told.
struct Results<'p> {
    tested: Vec<Tested<'p>>,
    /// Whether the rules that the tests leave out are asked for.
    coverage: bool,
    /// Whether the changes that no rule notices are asked for.
    mutate: bool,
}

/// A policy, and what became of its tests.
struct Tested<'p> {
    policy: &'p Policy,
    runs: Vec<Run<'p>>,
}

/// What became of one test.
struct Run<'p> {
    policy: &'p Policy,
    example: &'p Example,
    verdicts: Vec<(&'p Rule, Verdict)>,
}

/// What is wrong with a rule's verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    /// It is violated, and should not be.
    Violated,
    /// It is not violated, and should be.
    NotViolated,
    /// It governs the stage, and no rule should.
    Governs,
    /// No rule conforms, so that the test shows nothing; this is one of them.
    ShowsNothing,
}

impl<'p> Results<'p> {
    fn runs(&self) -> impl Iterator<Item = &Run<'p>> {
        self.tested.iter().flat_map(|tested| &tested.runs)
    }

    /// What the tests of these policies show of the rules, if that was asked for.
    fn coverage(&self, of: &[Tested<'p>]) -> Option<Coverage<'p>> {
        self.coverage.then(|| Coverage::of(of))
    }

    /// What the rules of these policies notice, if that was asked for.
    fn mutants(&self, of: &[Tested<'p>]) -> Option<Mutants<'p>> {
        self.mutate.then(|| Mutants::of(of))
    }
}

impl<'p> Tested<'p> {
    fn of(policy: &'p Policy) -> Self {
        Self { policy, runs: policy.tests.iter().map(|example| Run::of(policy, example)).collect() }
    }
}

impl<'p> Run<'p> {
    fn of(policy: &'p Policy, example: &'p Example) -> Self {
        let document = example.document();
        let said = |rule| (rule, verdict(policy.selection.as_ref(), rule, &document, Options::default()));
        Self { policy, example, verdicts: policy.rules.iter().map(said).collect() }
    }

    fn passed(&self) -> bool {
        self.wrong().is_empty()
    }

    /// The rules that are violated.
    fn violated(&self) -> Vec<&'p str> {
        let violated = self.verdicts.iter().filter(|(_, verdict)| matches!(verdict, Verdict::Violates(_)));
        violated.map(|(rule, _)| rule.id.as_str()).collect()
    }

    /// The rules with another verdict than the test says, in the order of the policy.
    fn wrong(&self) -> Vec<(&'p Rule, &Verdict, Wrong)> {
        let of = |wrong: &dyn Fn(&Rule, &Verdict) -> Option<Wrong>| -> Vec<_> {
            let found =
                self.verdicts.iter().filter_map(|(rule, verdict)| Some((*rule, verdict, wrong(rule, verdict)?)));
            found.collect()
        };
        match &self.example.expected {
            Expected::Ungoverned => of(&|_, verdict| match verdict {
                Verdict::NotGoverned | Verdict::NotApplicable => None,
                _ => Some(Wrong::Governs),
            }),
            Expected::Violates(expected) => {
                let wrong =
                    of(&|rule, verdict| match (matches!(verdict, Verdict::Violates(_)), expected.contains(&rule.id)) {
                        (true, false) => Some(Wrong::Violated),
                        (false, true) => Some(Wrong::NotViolated),
                        _ => None,
                    });
                let conforms = self.verdicts.iter().any(|(_, verdict)| *verdict == Verdict::Conforms);
                if wrong.is_empty() && expected.is_empty() && !conforms {
                    of(&|_, _| Some(Wrong::ShowsNothing))
                } else {
                    wrong
                }
            }
        }
    }
}

/// A verdict's name in results.
fn name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::NotGoverned => "not_governed",
        Verdict::Conforms => "conforms",
        Verdict::Violates(_) => "violates",
        Verdict::NotApplicable => "not_applicable",
        Verdict::Undecided(_) => "undecided",
    }
}
