//! `driftgate policy`: one file a subcommand.

mod check;
mod explain;
mod learn;
mod list;
pub(super) mod schema;
mod test;

use std::borrow::Cow;

use serde::Serialize;

use super::args::{Global, Policy, PolicyCommand};
use super::interrupt::Interrupt;
use super::policy_files::{self, load_policies};
use super::{Stop, output, plural};
use crate::policy::Policies;
use crate::report::inert_json;

/// Runs the command.
pub fn run(command: &Policy, global: &Global, interrupt: &Interrupt) -> Result<u8, Stop> {
    match &command.command {
        PolicyCommand::Check(command) => check::run(command, global),
        PolicyCommand::Test(command) => test::run(command, global),
        PolicyCommand::List(command) => list::run(command, global),
        PolicyCommand::Explain(explain) => explain::run(explain, global),
        PolicyCommand::Learn(command) => learn::run(command, global, interrupt),
        PolicyCommand::Schema(schema) => schema::run(schema),
    }
}

/// The paths of a command that looks at policies in the making: those of the repository, never a pack in their place.
fn paths_to_check(paths: &[String]) -> Cow<'_, [String]> {
    if paths.is_empty() { Cow::Owned(vec!["policies".to_owned()]) } else { Cow::Borrowed(paths) }
}

/// The policies of the paths with their tests, for a command that reads no stages. What was passed over is named.
fn load_for(paths: &[String], global: &Global, consequence: &str) -> Result<Policies, Stop> {
    let run_file = global.run_file.as_deref();
    let loaded = load_policies(&policy_files::Request { paths, tests: true, run_file, waivers: None, consequence })?;
    if !global.quiet {
        loaded.tell();
    }
    Ok(loaded.policies)
}

fn say(text: &str, global: &Global) -> Result<(), Stop> {
    if global.quiet {
        return Ok(());
    }
    output::write(&output::Target::Stdout, |out| writeln!(out, "{text}"))
}

/// Writes what was asked for as JSON; `--quiet` is about words.
fn write_json(document: &impl Serialize) -> Result<(), Stop> {
    let json = inert_json(document).map_err(|error| Stop::failed(format!("no JSON could be made: {error}.")))?;
    output::write(&output::Target::Stdout, |out| out.write_all(&json))
}

/// Whether stdout takes colours.
fn colour() -> bool {
    anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
}
