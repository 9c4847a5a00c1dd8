//! `driftgate audit`: policies and stages in, reports and a verdict out.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::{Builder, Runtime};

use super::args::{Audit, Global, Reports};
use super::interrupt::Interrupt;
use super::output::Target;
use super::policy_files::{self, load_policies};
use super::progress::Audience;
use super::sources::{self, Questions, SourceKind};
use super::{Stop, diagnostics, output, parts, spool};
use crate::model::Document;
use crate::model::feed::{Feed, Warning};
use crate::model::judgement::Judgement;
use crate::policy::Policies;
use crate::policy::diagnostic::SourceText;
use crate::policy::files;
use crate::policy::waiver::{self, Waivers};
use crate::report::{Facts, Run, Style};
use crate::source::aws::Predicate;
use crate::{check, gate};

/// Columns of a report for people: what every terminal and every CI log has.
pub const WIDTH: usize = 80;
/// What a mistake in a policy or a waiver means for an audit.
const NOTHING: &str = ": nothing was audited";

/// Runs the command.
pub fn run(command: &Audit, global: &Global, interrupt: &Interrupt, command_line: Vec<String>) -> Result<u8, Stop> {
    let started = Instant::now();
    let from = SourceKind::of(&command.source)?;
    let reports = output::reports(&command.reports.report, global.quiet)?;
    let outputs: Vec<&Target> = reports.iter().map(|report| &report.to).collect();
    output::keep_apart(&outputs, inputs(command, global, &from))?;
    let loaded = load_policies(&policy_files::Request {
        paths: &command.policy,
        tests: false,
        run_file: global.run_file.as_deref(),
        waivers: (!command.no_waivers).then_some(&command.waivers),
        consequence: NOTHING,
    })?;
    output::keep_apart(&outputs, loaded.files.iter().map(|file| ("a policy", Path::new(file))))?;
    let passed_over = loaded.warnings();
    // The report for people has them; beside another, who looks on sees them here.
    if !global.quiet && !output::is_text_on_stdout(&reports) {
        loaded.tell();
    }
    let policies = Arc::new(loaded.policies);
    let (waivers, waiver_texts) =
        if command.no_waivers { Default::default() } else { waivers(&command.waivers, NOTHING)? };
    let source = &command.source;
    let options = check::Options {
        inheritance: source.route_inheritance,
        sharded: source.pace.shard.is_some(),
        show_values: command.reports.show_values,
    };
    let gate = &command.gate;
    let tolerance = gate::Tolerance {
        fail_on: gate.fail_on.0,
        allow_incomplete: gate.allow_incomplete,
        allow_empty: gate.allow_empty,
        min_coverage: gate.min_coverage,
    };

    let shard = parts::part(command, &policies, &waiver_texts, options, &tolerance);

    let runtime = runtime()?;
    interrupt.heed();
    // Coverage is a share of all stages, so those that no rule can match have to be known as well.
    let worth = if gate.min_coverage.is_some() { Arc::new(|_: &Document<'_>| true) } else { may_match(&policies) };
    let confirm = command.confirm.then(|| violating(&policies, options));
    if confirm.is_some() && from != SourceKind::Aws {
        return Err(sources::only_aws("--confirm", source));
    }
    let spool =
        spool::open(source, &spool::of_audit(command, &policies), command.reports.reproducible(), global.quiet)?;
    let questions = Questions { may_match: worth, confirm, spool: spool.clone() };
    let feed = sources::open(&from, source, questions, runtime, interrupt, Audience::of(global, false))?;
    let run = Run { source: from.name(), command_line: Some(command_line), shard, ..Run::default() };
    let against = Against { policies: &policies, waivers: &waivers, options, tolerance, passed_over };
    let judged = judge(&against, feed, &command.reports, interrupt, (run, started), &reports);
    let ended = |judgement: &Judgement| judgement.signal.is_none() && judgement.exit != gate::FAILED;
    spool::end(spool, judged.as_ref().is_ok_and(ended), source, global.quiet);
    Ok(interrupt.outranks(judged?.exit))
}

/// The inputs that the flags name.
fn inputs<'i>(command: &'i Audit, global: &'i Global, from: &'i SourceKind) -> Vec<output::Input<'i>> {
    let mut inputs = sources::inputs(&command.source, global, from);
    inputs.extend(command.policy.iter().map(|path| ("a policy", Path::new(path))));
    if !command.no_waivers {
        inputs.extend(command.waivers.iter().map(|path| ("a file of waivers", Path::new(path))));
    }
    inputs
}

/// What stages are held against.
pub struct Against<'a> {
    /// The policies.
    pub policies: &'a Policies,
    /// The waivers.
    pub waivers: &'a Waivers,
    /// How stages are read and shown.
    pub options: check::Options,
    /// What the gate tolerates.
    pub tolerance: gate::Tolerance,
    /// Entries of policy folders that were not read.
    pub passed_over: Vec<Warning>,
}

/// Checks what the feed yields, judges it, and writes the reports.
pub fn judge(
    against: &Against<'_>,
    feed: Box<dyn Feed>,
    asked: &Reports,
    interrupt: &Interrupt,
    (run, started): (Run, Instant),
    reports: &[output::Report],
) -> Result<Judgement, Stop> {
    let mut outcome = check::run(against.policies, against.waivers, feed, against.options).map_err(Stop::usage)?;
    outcome.warnings.extend(against.passed_over.iter().cloned());
    outcome.warnings.sort();
    let judgement = gate::judge(&outcome, against.tolerance, interrupt.signal());

    let reproducible = asked.reproducible();
    let run = Run { shard: run.shard.as_ref().map(|part| parts::found(part, outcome.asked.as_deref())), ..run };
    let run = if reproducible {
        Run { reproducible, source: run.source, shard: run.shard, ..Run::default() }
    } else {
        Run { generated_at: Some(now()), duration: Some(started.elapsed()), ..run }
    };
    let facts = Facts { outcome: &outcome, judgement: &judgement, run: &run };
    let written = write(&facts, reports);
    // The findings of a fleet take long to take apart, and the process ends anyway.
    std::mem::forget(outcome);
    written.map(|()| judgement)
}

/// Writes the reports.
pub fn write(facts: &Facts<'_>, reports: &[output::Report]) -> Result<(), Stop> {
    let mut failed = None;
    for report in reports {
        let colour = report.to == Target::Stdout
            && anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never;
        let style = Style { colour, width: WIDTH };
        // A report that cannot be written is no reason to lose the others.
        if let Err(stop) = output::write(&report.to, |out| (report.format.render)(facts, style, out)) {
            diagnostics::error(&stop.message);
            failed = Some(gate::FAILED);
        }
    }
    if let Some(why) = &facts.outcome.failed {
        diagnostics::error(why);
    }
    // A signal outranks everything, and is the code already; a failed report outranks the verdict.
    match failed {
        Some(code) if facts.judgement.signal.is_none() => Err(Stop::silent(code)),
        _ => Ok(()),
    }
}

/// The waivers of the files, as they stand today, and the texts of the files.
fn waivers(paths: &[String], consequence: &str) -> Result<(Waivers, Vec<Arc<SourceText>>), Stop> {
    let (texts, unreadable) = files::read_each(paths);
    let (waivers, mistakes) = match waiver::load(&texts, today()) {
        Ok(waivers) => (waivers, Vec::new()),
        Err(found) => (Waivers::default(), found),
    };
    if unreadable.is_empty() && mistakes.is_empty() {
        return Ok((waivers, texts));
    }
    diagnostics::faults(&unreadable, &mistakes, consequence);
    Err(Stop::silent(gate::USAGE))
}

/// The day in UTC, by the real clock: a build that wants to be reproducible does not get its waivers back.
pub fn today() -> jiff::civil::Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// Which APIs are worth fetching: those with a stage that a rule can match.
pub fn may_match(policies: &Arc<Policies>) -> Predicate {
    let policies = Arc::clone(policies);
    Arc::new(move |document| policies.may_match(document))
}

/// Which stages are worth a second look: those that violate a rule.
fn violating(policies: &Arc<Policies>, options: check::Options) -> Predicate {
    let policies = Arc::clone(policies);
    Arc::new(move |document| check::violates(&policies, options, document))
}

/// The runtime that fetches; two threads keep 64 requests in flight. It lives as long as the process: neither requests
/// that were cut short nor a file that blocks its reader are waited for at the end.
pub fn runtime() -> Result<&'static Runtime, Stop> {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map(|runtime| &*Box::leak(Box::new(runtime)))
        .map_err(|error| Stop::failed(format!("the runtime could not be started: {error}")))
}

/// The time, as RFC 3339 in UTC with seconds.
pub fn now() -> String {
    jiff::Timestamp::now().round(jiff::Unit::Second).map_or_else(|_| String::new(), |now| now.to_string())
}
