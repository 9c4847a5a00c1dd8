//! `driftgate policy check`: find every mistake in policies and run files, before any stage is read.

use super::{plural, say};
use crate::cli::args::{Global, Paths};
use crate::cli::{Stop, audit, diagnostics, run_file};
use crate::gate;
use crate::policy::load;

/// Runs the command.
pub fn run(paths: &Paths, global: &Global) -> Result<u8, Stop> {
    let (texts, all_read) = audit::texts(&paths.paths, true);
    let (run_files, texts): (Vec<_>, Vec<_>) = texts.into_iter().partition(run_file::is_run_file);
    let mut found: Vec<_> = run_files.iter().flat_map(run_file::mistakes).collect();
    let policies = load(texts).unwrap_or_else(|mistakes| {
        found.extend(mistakes);
        crate::policy::Policies::default()
    });
    if !found.is_empty() {
        diagnostics::mistakes(&found, "");
    }
    if !found.is_empty() || !all_read {
        return Err(Stop::silent(gate::USAGE));
    }
    let tests: usize = policies.policies.iter().map(|policy| policy.tests.len()).sum();
    let mut parts = Vec::new();
    if !policies.policies.is_empty() {
        parts.push(plural(policies.policies.len(), "policy"));
        parts.push(plural(policies.rules, "rule"));
        parts.push(plural(tests, "test"));
    }
    // The run file of this run was read before anything else, and had none.
    let real = |name: &str| std::fs::canonicalize(name).ok();
    let own = global.run_file.as_deref();
    let others = run_files.iter().map(|file| file.name.as_str());
    let others = others.filter(|name| own.is_none_or(|own| real(own) != real(name)));
    parts.extend(own.into_iter().chain(others).map(|name| format!("run file {name}")));
    say(&format!("{}: no mistakes", parts.join(", ")), global)?;
    Ok(gate::CONFORMS)
}
