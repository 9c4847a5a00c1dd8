//! `driftgate audit`: policies and stages in, reports and a verdict out.

use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::{Builder, Runtime};

use super::args::{Audit, Gate, Global, Reports};
use super::interrupt::Interrupt;
use super::sources::{self, MayMatch, SourceKind};
use super::{Stop, diagnostics, output};
use crate::model::feed::Feed;
use crate::model::judgement::Judgement;
use crate::policy::files;
use crate::policy::{Policies, load};
use crate::report::{Facts, Run, Style};
use crate::{check, gate};

/// Columns of a report for people: what every terminal and every CI log has.
const WIDTH: usize = 80;

/// Runs the command.
pub fn run(command: &Audit, global: &Global, command_line: Vec<String>) -> Result<u8, Stop> {
    let started = Instant::now();
    let from = SourceKind::of(&command.source)?;
    let reports = output::reports(&command.reports.report, global.quiet)?;
    let policies = Arc::new(policies(&command.policy, false, ": nothing was audited")?);

    let runtime = runtime()?;
    let interrupt = Interrupt::listen(&runtime)?;
    let feed = sources::open(&from, &command.source, may_match(&policies), &runtime, &interrupt)?;
    let run = Run { source: from.name(), command_line: Some(command_line), ..Run::default() };
    let judgement = judge(&policies, feed, &command.gate, &command.reports, &interrupt, (run, started), &reports)?;
    // Requests that were cut short are not waited for.
    runtime.shutdown_background();
    Ok(judgement.exit)
}

/// Checks what the feed yields, judges it, and writes the reports.
pub fn judge(
    policies: &Policies,
    feed: Box<dyn Feed>,
    tolerance: &Gate,
    asked: &Reports,
    interrupt: &Interrupt,
    (run, started): (Run, Instant),
    reports: &[output::Report],
) -> Result<Judgement, Stop> {
    let options = check::Options { show_values: asked.show_values };
    let outcome = check::run(policies, feed, options).map_err(Stop::usage)?;
    let tolerance = gate::Tolerance {
        fail_on: tolerance.fail_on.0,
        allow_incomplete: tolerance.allow_incomplete,
        allow_empty: tolerance.allow_empty,
    };
    let judgement = gate::judge(&outcome, tolerance, interrupt.signal());

    let reproducible = asked.reproducible();
    let run = if reproducible {
        Run { reproducible, source: run.source, ..Run::default() }
    } else {
        Run { generated_at: Some(now()), duration: Some(started.elapsed()), ..run }
    };
    let facts = Facts { outcome: &outcome, judgement: &judgement, run: &run };
    let mut failed = None;
    for report in reports {
        let colour = report.to == output::Target::Stdout
            && anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never;
        let style = Style { colour, width: WIDTH };
        // A report that cannot be written is no reason to lose the others.
        if let Err(stop) = output::write(&report.to, |out| (report.format.render)(&facts, style, out)) {
            diagnostics::error(&stop.message);
            failed = Some(gate::FAILED);
        }
    }
    // The findings of a fleet take long to take apart, and the process ends anyway.
    std::mem::forget(outcome);
    // A signal outranks everything, and is the code already; a failed report outranks the verdict.
    match failed {
        Some(code) if judgement.signal.is_none() => Err(Stop::silent(code)),
        _ => Ok(judgement),
    }
}

/// The policies of the paths, or of the default ones.
pub fn policies(paths: &[String], tests: bool, consequence: &str) -> Result<Policies, Stop> {
    let default = || {
        let path = if std::path::Path::new("policies").is_dir() { "policies" } else { "builtin:foundation" };
        vec![path.to_owned()]
    };
    let paths = if paths.is_empty() { default() } else { paths.to_vec() };
    let texts = files::read(&paths, tests).map_err(|problems| {
        diagnostics::unreadable(&problems);
        Stop::silent(gate::USAGE)
    })?;
    load(texts).map_err(|found| {
        diagnostics::mistakes(&found, consequence);
        Stop::silent(gate::USAGE)
    })
}

/// Which APIs are worth fetching: those with a stage that a rule can match.
pub fn may_match(policies: &Arc<Policies>) -> MayMatch {
    let policies = Arc::clone(policies);
    Arc::new(move |document| policies.may_match(document))
}

/// The runtime that fetches; two threads keep 64 requests in flight.
pub fn runtime() -> Result<Runtime, Stop> {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Stop::failed(format!("the runtime could not be started: {error}")))
}

/// The time, as RFC 3339 in UTC with seconds.
pub fn now() -> String {
    jiff::Timestamp::now().round(jiff::Unit::Second).map_or_else(|_| String::new(), |now| now.to_string())
}
