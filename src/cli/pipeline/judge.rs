//! State, check, gate, reports: the part of a run that `audit` and `demo` share.

use std::time::Instant;

use super::clock::now;
use super::shard;
use crate::cli::args;
use crate::cli::stop::Stop;
use crate::cli::terminal::diagnostics;
use crate::cli::terminal::interrupt::Interrupt;
use crate::cli::terminal::output::{self, ReportOutput, Target};
use crate::model::judgement::Judgement;
use crate::model::state::{State, Warning};
use crate::policy::Policies;
use crate::policy::read::waiver::Waivers;
use crate::report::{Facts, Run, Style};
use crate::{check, gate};

/// The criteria of an audit.
pub struct Criteria<'a> {
    /// The policies.
    pub policies: &'a Policies,
    /// The waivers.
    pub waivers: &'a Waivers,
    /// The options for reading and showing stages.
    pub options: check::Options,
    /// The tolerance of the gate.
    pub tolerance: gate::Tolerance,
    /// Entries of policy folders that were not read.
    pub passed_over: Vec<Warning>,
}

/// Checks the stages of a state, judges the outcome, and writes the reports.
pub fn judge(
    criteria: &Criteria<'_>,
    state: Box<dyn State>,
    flags: &args::Reports,
    interrupt: &Interrupt,
    (run, started): (Run, Instant),
    reports: &[ReportOutput],
) -> Result<Judgement, Stop> {
    let mut results = check::run(criteria.policies, criteria.waivers, state, criteria.options)
        .map_err(Stop::usage)?;
    results
        .warnings
        .extend(criteria.passed_over.iter().cloned());
    results.warnings.sort();
    let judgement = gate::judge(&results, criteria.tolerance, interrupt.signal());

    let reproducible = flags.reproducible();
    let run = Run {
        shard: run
            .shard
            .as_ref()
            .map(|part| shard::with_scope(part, results.resolved_request.as_deref())),
        ..run
    };
    let run = if reproducible {
        Run {
            reproducible,
            source: run.source,
            shard: run.shard,
            ..Run::default()
        }
    } else {
        Run {
            generated_at: Some(now()),
            duration: Some(started.elapsed()),
            ..run
        }
    };
    let facts = Facts {
        results: &results,
        judgement: &judgement,
        run: &run,
    };
    let written = write(&facts, reports);
    // Dropping the findings of a fleet takes long, and the process ends anyway.
    std::mem::forget(results);
    written.map(|()| judgement)
}

/// Writes the reports.
pub fn write(facts: &Facts<'_>, reports: &[ReportOutput]) -> Result<(), Stop> {
    let mut failed = None;
    for report in reports {
        let colour = report.to == Target::Stdout && output::colour();
        let style = Style {
            colour,
            width: output::WIDTH,
        };
        // The other reports are written even if one fails.
        if let Err(stop) =
            output::write(&report.to, |out| (report.format.render)(facts, style, out))
        {
            diagnostics::error(&stop.message);
            failed = Some(gate::FAILED);
        }
    }
    if let Some(why) = &facts.results.failed {
        diagnostics::error(why);
    }
    // A signal outranks everything, and its code is set already; a failed report outranks the verdict.
    match failed {
        Some(code) if facts.judgement.signal.is_none() => Err(Stop::silent(code)),
        _ => Ok(()),
    }
}
