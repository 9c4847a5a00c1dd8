//! `driftgate policy test`: run the tests that policies carry, and say how much they prove.

mod coverage;
mod json;
mod junit;
mod mutants;
mod results;
mod run;
mod text;

use self::results::{NO_TESTS, Results};
use self::run::{Run, Tested};
use crate::cli::args::{Global, PolicyTest, TestFormat};
use crate::cli::pipeline::policies::{load_for, paths_to_check};
use crate::cli::stop::Stop;
use crate::cli::terminal::{diagnostics, output};
use crate::gate;
use crate::policy::Policy;
use crate::policy::read::example::Example;

/// Runs the command.
pub fn run(command: &PolicyTest, global: &Global) -> Result<u8, Stop> {
    let policies = load_for(&paths_to_check(&command.policies.paths), global, ": nothing was tested")?;
    let tested: Vec<Tested<'_>> = policies.policies.iter().map(Tested::of).collect();
    let results = Results { tested, coverage: command.coverage, mutate: command.mutate };
    match command.format {
        TestFormat::Text if global.quiet => {}
        TestFormat::Text => output::page(|page| text::write(&results, page))?,
        TestFormat::Json => output::json(&json::Report::of(&results))?,
        TestFormat::Junit => output::write(&output::Target::Stdout, |out| junit::write(&results, out))?,
    }
    if command.format != TestFormat::Text && results.runs().next().is_none() {
        diagnostics::error(&format!("no tests: {NO_TESTS}"));
    }
    let proved = results.runs().next().is_some() && results.runs().all(Run::passed);
    Ok(if proved { gate::CONFORMS } else { gate::VIOLATIONS })
}

/// Why an example does not come out as it says; `None` when it does.
pub fn failure(policy: &Policy, example: &Example) -> Option<String> {
    let run = Run::of(policy, example);
    (!run.passed()).then(|| text::plain(|page| text::details(&run, page)))
}
