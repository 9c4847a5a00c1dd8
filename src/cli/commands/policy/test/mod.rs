//! `driftgate policy test`: runs the tests of policies, and shows how much they prove.

mod coverage;
mod json;
mod junit;
mod mutants;
mod results;
mod run;
mod text;

use self::results::{NO_TESTS, Results};
use self::run::{TestRun, Tested};
use crate::cli::args::{Global, PolicyTest, TestFormat};
use crate::cli::pipeline::moment_now;
use crate::cli::pipeline::policies::{load_for, paths_to_check};
use crate::cli::stop::Stop;
use crate::cli::terminal::{diagnostics, output};
use crate::gate;
use crate::policy::Policy;
use crate::policy::read::example::Example;

/// Runs the command.
pub fn run(command: &PolicyTest, global: &Global) -> Result<u8, Stop> {
    let mut policies = load_for(
        &paths_to_check(&command.policies.paths),
        global,
        ": nothing was tested",
    )?;
    // Ages are counted to today where a test names no other day.
    let now = moment_now();
    for example in policies
        .policies
        .iter_mut()
        .flat_map(|policy| &mut policy.tests)
    {
        example.read_at.get_or_insert(now);
    }
    let tested: Vec<Tested<'_>> = policies.policies.iter().map(Tested::of).collect();
    let results = Results {
        tested,
        coverage: command.coverage,
        mutate: command.mutate,
    };
    match command.format {
        TestFormat::Text if global.quiet => {}
        TestFormat::Text => output::page(|page| text::write(&results, page))?,
        TestFormat::Json => output::json(&json::TestReport::of(&results))?,
        TestFormat::Junit => {
            output::write(&output::Target::Stdout, |out| junit::write(&results, out))?;
        }
    }
    if command.format != TestFormat::Text && results.runs().next().is_none() {
        diagnostics::error(&format!("no tests: {NO_TESTS}"));
    }
    let proved = results.runs().next().is_some() && results.runs().all(TestRun::passed);
    Ok(if proved {
        gate::CONFORMS
    } else {
        gate::VIOLATIONS
    })
}

/// The reason why an example fails; `None` if it passes.
pub fn failure(policy: &Policy, example: &Example) -> Option<String> {
    let run = TestRun::of(policy, example);
    (!run.passed()).then(|| text::plain(|page| text::details(&run, page)))
}
