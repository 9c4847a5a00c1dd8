//! `driftgate audit`: policies and stages in, reports and a verdict out.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use crate::cli::args::{Audit, Global, TuningFlags};
use crate::cli::pipeline::judge::{Criteria, judge};
use crate::cli::pipeline::policies::{self, load_policies, load_waivers};
use crate::cli::pipeline::source::{self, FetchPlan, StageSource};
use crate::cli::pipeline::{shard, spool};
use crate::cli::stop::Stop;
use crate::cli::terminal::diagnostics;
use crate::cli::terminal::interrupt::Interrupt;
use crate::cli::terminal::output::{self, ReportOutput, Target};
use crate::model::Document;
use crate::model::judgement::Judgement;
use crate::model::state::Warning;
use crate::policy::Policies;
use crate::policy::read::tuning::Tuning;
use crate::report::Run;
use crate::source::aws::Predicate;
use crate::{check, gate};

/// The consequence of a mistake in a policy or a waiver.
const NOTHING: &str = ": nothing was audited";

/// Runs the command.
pub fn run(
    command: &Audit,
    global: &Global,
    interrupt: &Interrupt,
    command_line: Vec<String>,
) -> Result<u8, Stop> {
    let started = Instant::now();
    let source = &command.source;
    let from = StageSource::of(source)?;
    let reports = output::reports(&command.reports.report, global.quiet)?;
    let (policies, passed_over) = policies(command, global, &from, &reports)?;
    let (waivers, waiver_texts) = if command.no_waivers {
        Default::default()
    } else {
        load_waivers(&command.waivers, NOTHING)?
    };
    let (options, tolerance) = (options(command), tolerance(command));
    let shard = shard::of_audit(command, &policies, &waiver_texts, options, &tolerance);

    interrupt.heed();
    let plan = plan(command, global, &from, &policies, options)?;
    let spool = plan.spool.clone();
    let feed = source::open(&from, source, plan, interrupt, global.shows_progress(false))?;
    let run = Run {
        source: from.name(),
        command_line: Some(command_line),
        shard,
        ..Run::default()
    };
    let criteria = Criteria {
        policies: &policies,
        waivers: &waivers,
        options,
        tolerance,
        passed_over,
    };
    let flags = &command.reports;
    let judged = judge(&criteria, feed, flags, interrupt, (run, started), &reports);
    let ended =
        |judgement: &Judgement| judgement.signal.is_none() && judgement.exit != gate::FAILED;
    let reported = judged.as_ref().is_ok_and(ended);
    spool::end(spool, reported, source, global.quiet);
    Ok(interrupt.outranks(judged?.exit))
}

/// Loads the policies, with a warning for each file beside them that is not in force. No report may overwrite an input.
fn policies(
    command: &Audit,
    global: &Global,
    from: &StageSource,
    reports: &[ReportOutput],
) -> Result<(Arc<Policies>, Vec<Warning>), Stop> {
    let outputs: Vec<&Target> = reports.iter().map(|report| &report.to).collect();
    output::keep_apart(&outputs, inputs(command, global, from))?;
    let TuningFlags { rule, set } = &command.tuning;
    let tuning = Tuning::of_flags(rule, set).map_err(|mistakes| {
        diagnostics::mistakes(&mistakes, NOTHING);
        Stop::silent(gate::USAGE)
    })?;
    let named = match &global.run_file {
        Some(file) if global.run_file_policies => format!("named in {file}"),
        _ => "named by --policy".to_owned(),
    };
    let loaded = load_policies(&policies::LoadRequest {
        paths: &command.policy,
        tuning: &tuning.over(&global.run_file_tuning),
        named: &named,
        tests: false,
        run_file: global.run_file.as_deref(),
        waivers: (!command.no_waivers).then_some(&command.waivers),
        consequence: NOTHING,
    })?;
    let files = loaded.files.iter();
    output::keep_apart(&outputs, files.map(|file| ("a policy", Path::new(file))))?;
    // The report for people has the warnings; with another report they go to stderr.
    if !global.quiet && !output::is_text_on_stdout(reports) {
        loaded.warn();
    }
    let warnings = loaded.warnings();
    Ok((Arc::new(loaded.policies), warnings))
}

/// The inputs that the flags name.
fn inputs<'i>(
    command: &'i Audit,
    global: &'i Global,
    from: &'i StageSource,
) -> Vec<output::Input<'i>> {
    let mut inputs = source::inputs(&command.source, global, from);
    inputs.extend(
        command
            .policy
            .iter()
            .map(|path| ("a policy", Path::new(path))),
    );
    if !command.no_waivers {
        inputs.extend(
            command
                .waivers
                .iter()
                .map(|path| ("a file of waivers", Path::new(path))),
        );
    }
    inputs
}

fn options(command: &Audit) -> check::Options {
    check::Options {
        inheritance: command.source.route_inheritance,
        sharded: command.source.pace.shard.is_some(),
        show_values: command.reports.show_values,
    }
}

fn tolerance(command: &Audit) -> gate::Tolerance {
    let flags = &command.gate;
    gate::Tolerance {
        fail_on: flags.fail_on.0,
        allow_incomplete: flags.allow_incomplete,
        allow_empty: flags.allow_empty,
        min_coverage: flags.min_coverage,
    }
}

/// The stages to fetch, those to read again, and the file that keeps them.
fn plan(
    command: &Audit,
    global: &Global,
    from: &StageSource,
    policies: &Arc<Policies>,
    options: check::Options,
) -> Result<FetchPlan, Stop> {
    let source = &command.source;
    // Coverage is a share of all stages, so stages that no rule can match are read as well.
    let may_match = if command.gate.min_coverage.is_some() {
        Arc::new(|_: &Document<'_>| true)
    } else {
        source::may_match(policies)
    };
    if command.confirm && *from != StageSource::Aws {
        return Err(source::only_aws("confirm", source));
    }
    let key = spool::of_audit(command, policies);
    let reproducible = command.reports.reproducible();
    Ok(FetchPlan {
        may_match,
        confirm: command.confirm.then(|| violating(policies, options)),
        spool: spool::open(source, &key, reproducible, global.quiet)?,
    })
}

/// True for a stage that violates a rule.
fn violating(policies: &Arc<Policies>, options: check::Options) -> Predicate {
    let policies = Arc::clone(policies);
    Arc::new(move |document| check::violates(&policies, options, document))
}
