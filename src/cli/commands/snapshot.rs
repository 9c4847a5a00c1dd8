//! `driftgate snapshot`: records what is deployed now in a file.

use std::io;

use crate::cli::args::{Global, Snapshot, reproducible};
use crate::cli::pipeline::source::{self, FetchPlan, StageSource};
use crate::cli::pipeline::{now, spool};
use crate::cli::plural::plural;
use crate::cli::stop::Stop;
use crate::cli::terminal::interrupt::Interrupt;
use crate::cli::terminal::output::{self, Target};
use crate::cli::terminal::{Access, diagnostics};
use crate::gate;
use crate::model::state::Close;
use crate::report::visible;
use crate::source::snapshot::write::{self, Compressed, Error, Options};

/// Number of gaps that are listed.
const MOST_GAPS: usize = 10;

/// Runs the command.
pub fn run(command: &Snapshot, global: &Global, interrupt: &Interrupt) -> Result<u8, Stop> {
    let from = StageSource::of(&command.source)?;
    let target = Target::of(&command.output);
    output::check(&target)?;
    output::keep_apart(&[&target], source::inputs(&command.source, global, &from))?;

    interrupt.heed();
    let progress = global.shows_progress(target == Target::Stdout);
    let reproducible = reproducible(command.reproducible);
    let request = spool::of_snapshot(&command.source);
    let spool = spool::open(&command.source, &request, reproducible, global.quiet)?;
    let plan = FetchPlan {
        spool: spool.clone(),
        ..FetchPlan::all()
    };
    let state = source::open(&from, &command.source, plan, interrupt, progress)?;
    let options = Options {
        taken_at: (!reproducible).then(now),
        show_values: command.show_values,
    };

    let mut result = None;
    let mut state = Some(state);
    // A snapshot is confidential.
    let written = output::write_for(Access::Owner, &target, |out| {
        let Some(state) = state.take() else {
            return Ok(());
        };
        let mut compressed = Compressed::of(&command.output, out)?;
        let (stop, why) = match write::write(state, &mut compressed, &options) {
            Ok(close) => {
                result = Some(Ok(close));
                return compressed.finish();
            }
            Err(Error::Write(error)) => return Err(error),
            Err(Error::Source(error)) => (Stop::usage(error), "the source is unusable"),
            Err(Error::Failed(failed)) => (Stop::failed(failed), "the run failed"),
        };
        result = Some(Err(stop));
        Err(io::Error::other(why))
    });
    let reported = written.is_ok() && interrupt.signal().is_none();
    spool::end(spool, reported, &command.source, global.quiet);
    // If the source failed, that is the error, and not that nothing was written.
    let close = match (result, written) {
        (Some(Err(stop)), _) | (_, Err(stop)) => return Err(stop),
        (Some(Ok(close)), Ok(())) => close,
        (None, Ok(())) => return Err(Stop::failed("nothing was written.")),
    };

    if !global.quiet {
        summarize(&close, &command.output);
    }
    if let Some(signal) = interrupt.signal() {
        return Ok(signal.code());
    }
    Ok(if close.gaps.is_empty() || command.allow_incomplete {
        gate::CONFORMS
    } else {
        gate::INCOMPLETE
    })
}

/// Summarizes the snapshot on stderr, with its gaps: stdout may be the snapshot.
fn summarize(close: &Close, name: &str) {
    let stages: u64 = close.scopes.iter().map(|scope| scope.stages).sum();
    let line = format!(
        "{}: {} of {} in {}",
        if name == "-" { "snapshot" } else { name },
        plural(stages, "stage"),
        plural(
            close.scopes.iter().map(|scope| scope.apis).sum::<u64>(),
            "API"
        ),
        plural(close.scopes.len(), "Region"),
    );
    diagnostics::line(&line);
    for gap in close.gaps.iter().take(MOST_GAPS) {
        let place = [&gap.account, &gap.region, &gap.api_id, &gap.stage];
        let place: Vec<String> = place
            .into_iter()
            .flatten()
            .map(|part| visible(part))
            .collect();
        let [operation, code, hint] =
            [&gap.operation, &gap.code, &gap.hint].map(|text| visible(text));
        diagnostics::warning(&format!(
            "not recorded: {} {operation}: {code}: {hint}",
            place.join(" ")
        ));
    }
    if let Some(more) = close
        .gaps
        .len()
        .checked_sub(MOST_GAPS)
        .filter(|more| *more > 0)
    {
        diagnostics::warning(&format!(
            "not recorded: {more} more; the last line of the snapshot lists them all"
        ));
    }
}
