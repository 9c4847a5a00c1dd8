//! `--spool` and `--resume`: the file that keeps a fetch. A run may resume it if both request the same.

use std::sync::Arc;

use crate::cli::args::{Audit, Source};
use crate::cli::stop::Stop;
use crate::cli::terminal::diagnostics;
use crate::cli::terminal::wait::{GRACE, waiting};
use crate::model::digest::{hex, sha256};
use crate::policy::Policies;
use crate::report::visible;
use crate::source::aws::{End, RunKey, Spool};

/// Everything that audits must have in common to share a file.
pub fn of_audit(command: &Audit, policies: &Policies) -> RunKey {
    let yes_or_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    // It decides which stages are read twice; without --confirm only findings depend on it.
    let confirm = match command.source.route_inheritance {
        _ if !command.confirm => "no".to_owned(),
        inheritance => format!("yes, --route-inheritance {inheritance:?}"),
    };
    let more = [
        ("policies", digest(policies)),
        (
            "--min-coverage",
            yes_or_no(command.gate.min_coverage.is_some()),
        ),
        ("--confirm", confirm),
    ];
    request(&command.source, "audit", more)
}

/// Everything that snapshots must have in common to share a file.
pub fn of_snapshot(source: &Source) -> RunKey {
    request(source, "snapshot", [])
}

/// Everything that decides which stages are fetched and kept. Accounts, Regions, shard and pace do not: the file keeps
/// each Region of an account by itself.
fn request(
    source: &Source,
    command: &str,
    more: impl IntoIterator<Item = (&'static str, String)>,
) -> RunKey {
    let list = |names: &[String]| {
        let mut names = names.to_vec();
        names.sort();
        names.dedup();
        names.join(",")
    };
    let protocols: Vec<String> = source
        .protocol
        .iter()
        .map(|protocol| protocol.name().to_owned())
        .collect();
    let all = [
        // Another version may know other settings, or fetch other APIs for the same rules.
        ("driftgate", env!("CARGO_PKG_VERSION").to_owned()),
        ("command", command.to_owned()),
        ("--endpoint-url", endpoint(source)),
        // A profile may name an endpoint as well.
        (
            "--profile",
            source
                .profile
                .clone()
                .or_else(|| variable("AWS_PROFILE"))
                .unwrap_or_default(),
        ),
        ("--api", list(&source.api)),
        ("--stage", list(&source.stage)),
        ("--protocol", list(&protocols)),
    ];
    all.into_iter()
        .chain(more)
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The endpoint that flags or the environment name instead of AWS's.
fn endpoint(source: &Source) -> String {
    let of_environment = || {
        let ignored = variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
            .is_some_and(|is| is.eq_ignore_ascii_case("true"));
        let names = ["AWS_ENDPOINT_URL_APIGATEWAYV2", "AWS_ENDPOINT_URL"];
        names.into_iter().filter(|_| !ignored).find_map(variable)
    };
    source
        .endpoint_url
        .clone()
        .or_else(of_environment)
        .unwrap_or_default()
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The changes of rules, which decide as much as their texts.
pub fn tuned(policies: &Policies) -> Vec<String> {
    let tuned = policies.tuned();
    let mut tuned: Vec<String> = tuned
        .map(|rule| format!("{} {:?}", rule.name, rule.tuned))
        .collect();
    tuned.sort_unstable();
    tuned
}

/// The digest of policies without the names of their files: they decide which APIs are fetched, and which stages twice.
fn digest(policies: &Policies) -> String {
    let mut texts: Vec<&str> = policies
        .policies
        .iter()
        .map(|policy| policy.file.text.as_str())
        .collect();
    texts.sort_unstable();
    texts.dedup();
    let tuned = tuned(policies);
    texts.extend(tuned.iter().map(String::as_str));
    // A length before each keeps one from running into the next.
    let texts: Vec<String> = texts
        .iter()
        .map(|text| format!("{}:{text}", text.len()))
        .collect();
    format!("sha256:{}", hex(&sha256(&[texts.concat().as_str()])))
}

/// Starts or resumes the file, as the flags require.
pub fn open(
    source: &Source,
    key: &RunKey,
    reproducible: bool,
    quiet: bool,
) -> Result<Option<Arc<Spool>>, Stop> {
    let now = jiff::Timestamp::now();
    let _waiting = waiting(GRACE);
    let spool = match (&source.pace.spool, &source.pace.resume) {
        (None, None) => return Ok(None),
        (Some(path), None) => Spool::start(path, key, now),
        (None, Some(path)) => Spool::resume(path, key, now),
        // With both flags, one command line can be repeated until it succeeds, and again the next night.
        (Some(path), Some(other)) if path == other => match path.symlink_metadata() {
            Ok(_) => Spool::resume_or_renew(path, key, now),
            Err(_) => Spool::start(path, key, now),
        },
        (Some(spool), Some(resume)) => {
            return Err(Stop::usage(format!(
                "--spool {} and --resume {} name two files, and a resumed run keeps its file.\n\
                 Leave --spool out, or name the same file twice to start it if it does not exist.",
                spool.display(),
                resume.display()
            )));
        }
    };
    match spool {
        Ok(spool) => {
            if let Some(why) = spool.instead().filter(|_| !quiet) {
                write(&format!("{why}: it is started again"));
            }
            Ok(Some(Arc::new(if reproducible {
                spool.reproducible()
            } else {
                spool
            })))
        }
        Err(error) => Err(if error.is_usage() {
            Stop::usage(error)
        } else {
            Stop::failed(error)
        }),
    }
}

/// Removes the file if everything was read and `reported`; otherwise explains how to resume. Names what was read earlier.
pub fn end(spool: Option<Arc<Spool>>, reported: bool, source: &Source, quiet: bool) {
    let flags = &source.pace;
    let (Some(spool), Some(path)) = (spool, flags.spool.as_ref().or(flags.resume.as_ref())) else {
        return;
    };
    let end = spool.end(reported);
    if quiet {
        return;
    }
    if let Some(earlier) = spool.earlier() {
        write(&earlier);
    }
    let path = path.display();
    match (end, flags.spool.is_some(), flags.resume.is_some()) {
        (End::Removed, ..) => {}
        (_, _, false) => write(&format!(
            "{path} is kept: resume it with --resume {path} in place of --spool {path}"
        )),
        (End::Gaps, true, true) => {
            write(&format!(
                "{path} is kept: --resume {path} without --spool resumes it, the same command starts again"
            ));
        }
        _ => write(&format!("{path} is kept: the same command resumes it")),
    }
}

fn write(line: &str) {
    diagnostics::line(&visible(line));
}

/// Refuses the flags for a command that does not keep what it fetches.
pub fn refuse(source: &Source, command: &str) -> Result<(), Stop> {
    let flags = [
        (source.pace.spool.is_some(), "--spool"),
        (source.pace.resume.is_some(), "--resume"),
    ];
    match flags.into_iter().find(|(given, _)| *given) {
        Some((_, flag)) => Err(Stop::usage(format!(
            "{flag} is for audits and snapshots, and not for `{command}`.\nLeave {flag} out."
        ))),
        None => Ok(()),
    }
}
