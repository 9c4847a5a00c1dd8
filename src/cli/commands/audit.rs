//! `driftgate audit`: policies and stages in, reports and a verdict out.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use crate::cli::args::{Audit, Global};
use crate::cli::pipeline::judge::{Criteria, judge};
use crate::cli::pipeline::policies::{self, load_policies, load_waivers};
use crate::cli::pipeline::source::{self, FetchPlan, StageSource};
use crate::cli::pipeline::{shard, spool};
use crate::cli::stop::Stop;
use crate::cli::terminal::interrupt::Interrupt;
use crate::cli::terminal::output::{self, Target};
use crate::model::Document;
use crate::model::judgement::Judgement;
use crate::policy::Policies;
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
    let from = StageSource::of(&command.source)?;
    let reports = output::reports(&command.reports.report, global.quiet)?;
    let outputs: Vec<&Target> = reports.iter().map(|report| &report.to).collect();
    output::keep_apart(&outputs, inputs(command, global, &from))?;
    let loaded = load_policies(&policies::LoadRequest {
        paths: &command.policy,
        tests: false,
        run_file: global.run_file.as_deref(),
        waivers: (!command.no_waivers).then_some(&command.waivers),
        consequence: NOTHING,
    })?;
    output::keep_apart(
        &outputs,
        loaded
            .files
            .iter()
            .map(|file| ("a policy", Path::new(file))),
    )?;
    let passed_over = loaded.warnings();
    // The report for people has the warnings; with another report they go to stderr.
    if !global.quiet && !output::is_text_on_stdout(&reports) {
        loaded.warn();
    }
    let policies = Arc::new(loaded.policies);
    let (waivers, waiver_texts) = if command.no_waivers {
        Default::default()
    } else {
        load_waivers(&command.waivers, NOTHING)?
    };
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

    let shard = shard::of_audit(command, &policies, &waiver_texts, options, &tolerance);

    interrupt.heed();
    // Coverage is a share of all stages, so stages that no rule can match are read as well.
    let may_match = if gate.min_coverage.is_some() {
        Arc::new(|_: &Document<'_>| true)
    } else {
        source::may_match(&policies)
    };
    let confirm = command.confirm.then(|| violating(&policies, options));
    if confirm.is_some() && from != StageSource::Aws {
        return Err(source::only_aws("confirm", source));
    }
    let spool = spool::open(
        source,
        &spool::of_audit(command, &policies),
        command.reports.reproducible(),
        global.quiet,
    )?;
    let plan = FetchPlan {
        may_match,
        confirm,
        spool: spool.clone(),
    };
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
    let judged = judge(
        &criteria,
        feed,
        &command.reports,
        interrupt,
        (run, started),
        &reports,
    );
    let ended =
        |judgement: &Judgement| judgement.signal.is_none() && judgement.exit != gate::FAILED;
    spool::end(
        spool,
        judged.as_ref().is_ok_and(ended),
        source,
        global.quiet,
    );
    Ok(interrupt.outranks(judged?.exit))
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

/// True for a stage that violates a rule.
fn violating(policies: &Arc<Policies>, options: check::Options) -> Predicate {
    let policies = Arc::clone(policies);
    Arc::new(move |document| check::violates(&policies, options, document))
}
