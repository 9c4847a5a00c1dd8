//! `driftgate report`: renders or merges saved results. The exit code is that of the audit.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use crate::cli::args::{Global, Merge, Rendering, ReportArgs, ReportCommand, reproducible};
use crate::cli::pipeline::judge;
use crate::cli::stop::Stop;
use crate::cli::terminal::output;
use crate::gate;
use crate::report::result::{self, Saved};
use crate::report::{Facts, Run};

/// Runs the command.
pub fn run(command: &ReportArgs, global: &Global, command_line: Vec<String>) -> Result<u8, Stop> {
    match (&command.command, &command.result) {
        (Some(ReportCommand::Merge(merge)), None) if command.rendering.is_default() => {
            merged(merge, global, command_line)
        }
        (Some(ReportCommand::Merge(_)), _) => Err(Stop::usage(
            "write `merge` first, and its arguments behind it.\n\
             driftgate report merge RESULT… [--report FORMAT[=PATH]]…; a file of that name is ./merge",
        )),
        (None, Some(result)) => {
            let reports = outputs(&command.rendering, std::slice::from_ref(result), global)?;
            rendered(read(result)?, &command.rendering, &reports)
        }
        (None, None) => Err(Stop::usage("name a result: driftgate report RESULT")),
    }
}

fn merged(command: &Merge, global: &Global, command_line: Vec<String>) -> Result<u8, Stop> {
    let reports = outputs(&command.rendering, &command.results, global)?;
    if command.results.iter().filter(|path| *path == "-").count() > 1 {
        return Err(Stop::usage(
            "stdin can be read only once.\nGive all results but one as files.",
        ));
    }
    let results = command
        .results
        .iter()
        .map(|path| read(path))
        .collect::<Result<Vec<_>, _>>()?;
    let mut whole = result::merge(results).map_err(Stop::usage)?;
    whole.run.command_line = Some(command_line);
    rendered(whole, &command.rendering, &reports)
}

/// The reports; an output that would replace a result being read is refused.
fn outputs(
    rendering: &Rendering,
    results: &[String],
    global: &Global,
) -> Result<Vec<output::ReportOutput>, Stop> {
    let reports = output::reports(&rendering.report, global.quiet)?;
    let outputs: Vec<_> = reports.iter().map(|report| &report.to).collect();
    let results = results.iter().map(|path| ("the result", Path::new(path)));
    output::keep_apart(
        &outputs,
        results.chain(
            global
                .run_file
                .iter()
                .map(|path| ("the run file", Path::new(path))),
        ),
    )?;
    Ok(reports)
}

/// Judges a result as its audit did, or as the flags require, and writes the reports.
fn rendered(saved: Saved, flags: &Rendering, reports: &[output::ReportOutput]) -> Result<u8, Stop> {
    let Saved {
        results,
        mut tolerance,
        signal,
        mut run,
        ..
    } = saved;
    tolerance.fail_on = flags
        .fail_on
        .map_or(tolerance.fail_on, |threshold| threshold.0);
    tolerance.allow_incomplete |= flags.allow_incomplete;
    tolerance.allow_empty |= flags.allow_empty;
    if reproducible(flags.reproducible) || run.reproducible {
        run = Run {
            reproducible: true,
            source: run.source,
            shard: run.shard,
            ..Run::default()
        };
    }
    let judgement = gate::judge(&results, tolerance, signal);
    let written = judge::write(
        &Facts {
            results: &results,
            judgement: &judgement,
            run: &run,
        },
        reports,
    );
    // Dropping the findings of a fleet takes long, and the process ends anyway.
    std::mem::forget(results);
    written.map(|()| judgement.exit)
}

/// Bytes of the largest result, some five million violations. A pipe may never end.
const LARGEST: u64 = 4 << 30;

/// A saved result, from a path or stdin.
fn read(path: &str) -> Result<Saved, Stop> {
    let failed = |error: &io::Error| match error.kind() {
        io::ErrorKind::NotFound => Stop::usage(format!(
            "{path}: no such file.\nName a file that `driftgate audit --report json=FILE` wrote."
        )),
        io::ErrorKind::PermissionDenied => Stop::usage(format!(
            "{path}: permission denied.\nCheck the file's permissions."
        )),
        io::ErrorKind::IsADirectory => Stop::usage(format!("{path} is a folder.\nName one file.")),
        _ => Stop::usage(format!("{path} cannot be read: {error}.")),
    };
    let mut text = Vec::new();
    let (name, read) = if path == "-" {
        (
            "stdin",
            io::stdin().lock().take(LARGEST + 1).read_to_end(&mut text),
        )
    } else {
        (
            path,
            fs::File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut text)),
        )
    };
    read.map_err(|error| failed(&error))?;
    if text.len() as u64 > LARGEST {
        return Err(Stop::usage(format!(
            "{name} is larger than 4 GiB, the largest result that driftgate reads.\n\
             Audit with fewer rules or in shards, each with a result of its own."
        )));
    }
    result::read(name, &text).map_err(Stop::usage)
}
