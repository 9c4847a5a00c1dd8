//! State, check, gate, reports: the part of a run that `audit` and `demo` share.

use std::time::Instant;

use super::clock::now;
use super::shard;
use crate::cli::args;
use crate::cli::stop::Stop;
use crate::cli::terminal::diagnostics;
use crate::cli::terminal::interrupt::Interrupt;
use crate::cli::terminal::output::{self, Report, Target};
use crate::model::feed::{Feed, Warning};
use crate::model::judgement::Judgement;
use crate::policy::Policies;
use crate::policy::read::waiver::Waivers;
use crate::report::{Facts, Run, Style};
use crate::{check, gate};

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
    asked: &args::Reports,
    interrupt: &Interrupt,
    (run, started): (Run, Instant),
    reports: &[Report],
) -> Result<Judgement, Stop> {
    let mut outcome = check::run(against.policies, against.waivers, feed, against.options).map_err(Stop::usage)?;
    outcome.warnings.extend(against.passed_over.iter().cloned());
    outcome.warnings.sort();
    let judgement = gate::judge(&outcome, against.tolerance, interrupt.signal());

    let reproducible = asked.reproducible();
    let run = Run { shard: run.shard.as_ref().map(|part| shard::found(part, outcome.asked.as_deref())), ..run };
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
pub fn write(facts: &Facts<'_>, reports: &[Report]) -> Result<(), Stop> {
    let mut failed = None;
    for report in reports {
        let colour = report.to == Target::Stdout && output::colour();
        let style = Style { colour, width: output::WIDTH };
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
