//! `--spool` and `--resume`: which file a fetch is kept in, what it must have in common with the run that began it, and
//! what becomes of it at the end.

use std::sync::Arc;

use crate::cli::args::{Audit, Source};
use crate::cli::stop::Stop;
use crate::cli::terminal::diagnostics;
use crate::cli::terminal::wait::{GRACE, waiting};
use crate::model::digest::{hex, sha256};
use crate::policy::Policies;
use crate::report::visible;
use crate::source::aws::{End, RunKey, Spool};

/// What audits that share a file have in common.
pub fn of_audit(command: &Audit, policies: &Policies) -> RunKey {
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
pub fn of_snapshot(source: &Source) -> RunKey {
    asked(source, "snapshot", [])
}

/// What decides which stages are fetched, from where, and which reading of them is kept. Accounts, Regions, part and
/// pace are not of it, since each account's Region stands for itself.
fn asked(source: &Source, command: &str, more: impl IntoIterator<Item = (&'static str, String)>) -> RunKey {
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
        ("--endpoint-url", endpoint(source)),
        // It may name an endpoint as well.
        ("--profile", source.profile.clone().or_else(|| variable("AWS_PROFILE")).unwrap_or_default()),
        ("--api", list(&source.api)),
        ("--stage", list(&source.stage)),
    ];
    all.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Where APIs are asked for instead of at AWS, as far as flags and the environment say.
fn endpoint(source: &Source) -> String {
    let of_environment = || {
        let ignored = variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_some_and(|is| is.eq_ignore_ascii_case("true"));
        let names = ["AWS_ENDPOINT_URL_APIGATEWAYV2", "AWS_ENDPOINT_URL"];
        names.into_iter().filter(|_| !ignored).find_map(variable)
    };
    source.endpoint_url.clone().or_else(of_environment).unwrap_or_default()
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
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
pub fn open(source: &Source, asked: &RunKey, reproducible: bool, quiet: bool) -> Result<Option<Arc<Spool>>, Stop> {
    let now = jiff::Timestamp::now();
    let _waiting = waiting(GRACE);
    let spool = match (&source.pace.spool, &source.pace.resume) {
        (None, None) => return Ok(None),
        (Some(path), None) => Spool::start(path, asked, now),
        (None, Some(path)) => Spool::resume(path, asked, now),
        // One command line for what is started again until it succeeds, and again the next night.
        (Some(path), Some(other)) if path == other => match path.symlink_metadata() {
            Ok(_) => Spool::resume_or_renew(path, asked, now),
            Err(_) => Spool::start(path, asked, now),
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
        Ok(spool) => {
            if let Some(why) = spool.instead().filter(|_| !quiet) {
                say(&format!("{why}: it is begun anew"));
            }
            Ok(Some(Arc::new(if reproducible { spool.reproducible() } else { spool })))
        }
        Err(error) => Err(if error.is_usage() { Stop::usage(error) } else { Stop::failed(error) }),
    }
}

/// At the end: removes the file where everything was read and `told`, or else says how to go on; and says what was not
/// read now.
pub fn end(spool: Option<Arc<Spool>>, told: bool, source: &Source, quiet: bool) {
    let flags = &source.pace;
    let (Some(spool), Some(path)) = (spool, flags.spool.as_ref().or(flags.resume.as_ref())) else { return };
    let end = spool.end(told);
    if quiet {
        return;
    }
    if let Some(earlier) = spool.earlier() {
        say(&earlier);
    }
    let path = path.display();
    match (end, flags.spool.is_some(), flags.resume.is_some()) {
        (End::Removed, ..) => {}
        (_, _, false) => say(&format!("{path} is kept: go on from it with --resume {path} in place of --spool {path}")),
        (End::Gaps, true, true) => {
            say(&format!(
                "{path} is kept: --resume {path} without --spool goes on from it, the same command begins anew"
            ));
        }
        _ => say(&format!("{path} is kept: the same command goes on from it")),
    }
}

fn say(line: &str) {
    diagnostics::line(&visible(line));
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
