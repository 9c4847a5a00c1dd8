//! `driftgate policy`: one file a subcommand.

mod check;
mod explain;
mod learn;
mod list;
pub(super) mod schema;
mod test;

use serde::Serialize;

use super::args::{Global, Policy, PolicyCommand};
use super::{Stop, output, plural};
use crate::report::inert_json;

/// Runs the command.
pub fn run(command: &Policy, global: &Global) -> Result<u8, Stop> {
    match &command.command {
        PolicyCommand::Check(command) => check::run(command, global),
        PolicyCommand::Test(command) => test::run(command, global),
        PolicyCommand::List(command) => list::run(command, global),
        PolicyCommand::Explain(explain) => explain::run(explain, global),
        PolicyCommand::Learn(command) => learn::run(command, global),
        PolicyCommand::Schema(schema) => schema::run(schema),
    }
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
