//! `driftgate policy check`: find every mistake in policies, before any stage is read.

use super::{plural, say};
use crate::cli::args::{Global, Paths};
use crate::cli::{Stop, audit};
use crate::gate;

/// Runs the command.
pub fn run(paths: &Paths, global: &Global) -> Result<u8, Stop> {
    let policies = audit::policies(&paths.paths, true, "")?;
    let tests: usize = policies.policies.iter().map(|policy| policy.tests.len()).sum();
    let line = format!(
        "{}, {}, {}: no mistakes",
        plural(policies.policies.len(), "policy"),
        plural(policies.rules, "rule"),
        plural(tests, "test"),
    );
    say(&line, global)?;
    Ok(gate::CONFORMS)
}
