//! `driftgate policy`: one file a subcommand.

mod check;
mod explain;
mod learn;
pub(super) mod schema;
mod test;

use super::args::{Global, Policy, PolicyCommand};
use super::{Stop, output};

/// Runs the command.
pub fn run(command: &Policy, global: &Global) -> Result<u8, Stop> {
    match &command.command {
        PolicyCommand::Check(paths) => check::run(paths, global),
        PolicyCommand::Test(paths) => test::run(paths, global),
        PolicyCommand::Explain(explain) => explain::run(explain),
        PolicyCommand::Learn(command) => learn::run(command, global),
        PolicyCommand::Schema(schema) => schema::run(schema),
    }
}

fn plural(count: usize, word: &str) -> String {
    match (count, word.strip_suffix('y')) {
        (1, _) => format!("1 {word}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        _ => format!("{count} {word}s"),
    }
}

fn say(text: &str, global: &Global) -> Result<(), Stop> {
    if global.quiet {
        return Ok(());
    }
    output::write(&output::Target::Stdout, |out| writeln!(out, "{text}"))
}
