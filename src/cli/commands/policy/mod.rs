//! `driftgate policy`: one file a subcommand.

mod check;
mod explain;
mod learn;
mod list;
pub mod schema;
mod show;
mod test;

use crate::cli::args::{Global, PolicyArgs, PolicyCommand};
use crate::cli::stop::Stop;
use crate::cli::terminal::interrupt::Interrupt;

/// Runs the command.
pub fn run(command: &PolicyArgs, global: &Global, interrupt: &Interrupt) -> Result<u8, Stop> {
    match &command.command {
        PolicyCommand::Check(command) => check::run(command, global),
        PolicyCommand::Test(command) => test::run(command, global),
        PolicyCommand::Show(command) => show::run(command),
        PolicyCommand::List(command) => list::run(command, global),
        PolicyCommand::Explain(explain) => explain::run(explain, global),
        PolicyCommand::Learn(command) => learn::run(command, global, interrupt),
        PolicyCommand::Schema(schema) => schema::run(schema),
    }
}
