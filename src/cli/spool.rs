//! `--spool` and `--resume`: which file a fetch is kept in, what it must have in common with the run that began it, and
//! what becomes of it at the end.

use std::io::Write as _;
use std::sync::Arc;

use super::Stop;
use super::args::{Audit, Source};
use crate::model::digest::{hex, sha256};
use crate::policy::Policies;
use crate::report::visible;
use crate::source::aws::{Asked, Spool};

/// What audits that share a file have in common.
pub fn of_audit(command: &Audit, policies: &Policies) -> Asked {
    let yes_or_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    // It decides which stages are read twice, and else only what is found on them.
    let inheritance = command.confirm.then(|| format!("{:?}", command.source.route_inheritance));
    let more = [
        ("policies", digest(policies)),
        ("--min-coverage", yes_or_no(command.gate.min_coverage.is_some())),
        ("--confirm", yes_or_no(command.confirm)),
        ("--route-inheritance", inheritance.unwrap_or_default()),
    ];
    asked(&command.source, "audit", more)
}

/// What snapshots that share a file have in common.
pub fn of_snapshot(source: &Source) -> Asked {
    asked(source, "snapshot", [])
}

/// What decides which stages are fetched, and which reading of them is kept. Accounts, Regions, part and pace are not
/// of it, since each account's Region stands for itself.
fn asked(source: &Source, command: &str, more: impl IntoIterator<Item = (&'static str, String)>) -> Asked {
    let list = |names: &[String]| {
        let mut names = names.to_vec();
        names.sort();
        names.dedup();
        names.join(",")
    };
    let all = [
        // Another one may know other settings, or fetch other APIs for the same rules.
        ("driftgate", env!("CARGO_PKG_VERSION").to_owned()),
        ("command", command.to_owned()),
        ("--api", list(&source.api)),
        ("--stage", list(&source.stage)),
    ];
    all.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What policies are, whatever their files are called: they decide which APIs are fetched, and which stages twice.
fn digest(policies: &Policies) -> String {
    let mut texts: Vec<&str> = policies.policies.iter().map(|policy| policy.file.text.as_str()).collect();
    texts.sort_unstable();
    texts.dedup();
    // A length before each keeps one from running into the next.
    let texts: Vec<String> = texts.iter().map(|text| format!("{}:{text}", text.len())).collect();
    format!("sha256:{}", hex(&sha256(&[texts.concat().as_str()])))
}

/// Begins the file, or goes on with it, as the flags say.
pub fn open(source: &Source, asked: &Asked) -> Result<Option<Arc<Spool>>, Stop> {
    let spool = match (&source.pace.spool, &source.pace.resume) {
        (None, None) => return Ok(None),
        (Some(path), None) => Spool::start(path, asked),
        (None, Some(path)) => Spool::resume(path, asked),
        // One command line for what is started again until it succeeds.
        (Some(path), Some(other)) if path == other => match path.symlink_metadata() {
            Ok(_) => Spool::resume(path, asked),
            Err(_) => Spool::start(path, asked),
        },
        (Some(spool), Some(resume)) => {
            return Err(Stop::usage(format!(
                "--spool {} and --resume {} are two files, and a run goes on in the one it goes on from.\n\
                 Leave --spool out, or name the same file twice to begin it where it is not there.",
                spool.display(),
                resume.display()
            )));
        }
    };
    match spool {
        Ok(spool) => Ok(Some(Arc::new(spool))),
        Err(error) => Err(if error.is_usage() { Stop::usage(error) } else { Stop::failed(error) }),
    }
}

/// At the end: removes the file where everything was read and `told`, or else says how to go on.
pub fn end(spool: Option<Arc<Spool>>, told: bool, source: &Source, quiet: bool) {
    let flags = &source.pace;
    let Some(path) = flags.spool.as_ref().or(flags.resume.as_ref()) else { return };
    if !spool.is_some_and(|spool| spool.end(told)) || quiet {
        return;
    }
    let path = visible(&path.display().to_string());
    let how = if flags.resume.is_some() {
        "the same command goes on from it".to_owned()
    } else {
        format!("go on from it with --resume {path} in place of --spool {path}")
    };
    // That stderr is gone cannot be told anywhere.
    let _ = writeln!(anstream::stderr(), "{path} is kept: {how}");
}

/// Refuses the flags for a command that keeps nothing.
pub fn refuse(source: &Source, command: &str) -> Result<(), Stop> {
    let flags = [(source.pace.spool.is_some(), "--spool"), (source.pace.resume.is_some(), "--resume")];
    match flags.into_iter().find(|(given, _)| *given) {
        Some((_, flag)) => Err(Stop::usage(format!(
            "{flag} keeps what an audit or a snapshot fetches, and `{command}` is neither.\nLeave {flag} out."
        ))),
        None => Ok(()),
    }
}
