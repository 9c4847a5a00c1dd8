//! The run file `driftgate.yaml`: defaults for command-line flags, in YAML. Here they become a part of the command line.

mod flags;
mod invocation;
mod reading;
pub mod schema;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::error::ErrorKind;
use clap::{FromArgMatches as _, Parser as _};

use self::flags::{Flags, command};
use self::invocation::{Invocation, complete, with};
use self::reading::Reader;
use super::args::{Cli, Color};
use super::stop::Stop;
use super::terminal::diagnostics;
use crate::gate;
use crate::policy::read::files::{self, Unreadable};
use crate::policy::text::diagnostic::{Diagnostic, Problems, SourceText};

/// The run file that is read unless another is named.
const NAME: &str = "driftgate.yaml";

/// Names that are probably meant to be that.
const MISSPELT: [&str; 4] = [
    "driftgate.yml",
    "driftgate.YAML",
    ".driftgate.yaml",
    ".driftgate.yml",
];

/// The command that reports the mistakes of the run file together with all others.
const CHECK: [&str; 3] = ["driftgate", "policy", "check"];

/// The reason why there is no command to run.
pub enum Ended {
    /// An error in the command line, or the help that was requested.
    Clap(clap::Error),
    /// An error in the run file.
    Stop(Stop),
}

impl From<clap::Error> for Ended {
    fn from(error: clap::Error) -> Self {
        Self::Clap(error)
    }
}

/// Reads the command line, and what the run file adds to it.
pub fn parse(args: &[OsString]) -> Result<Cli, Ended> {
    let command = command();
    let strict = command.clone().try_get_matches_from(args);
    let typed = match &strict {
        Ok(matches) => matches.clone(),
        // The run file may have the missing argument.
        Err(error) if error.kind() == ErrorKind::MissingRequiredArgument => command
            .clone()
            .ignore_errors(true)
            .try_get_matches_from(args)?,
        Err(_) => return Ok(Cli::from_arg_matches(&strict?)?),
    };
    if let Some(color) = typed.get_one::<Color>("color") {
        color.apply();
    }
    let invocation = Invocation::of(&command, &typed);
    let checks = invocation.words == CHECK;
    let text = match text(typed.get_one::<PathBuf>("config")) {
        Ok(Some(text)) => text,
        Ok(None) => return Ok(Cli::from_arg_matches(&strict?)?),
        Err(problem) if checks => {
            let mut cli = Cli::from_arg_matches(&strict?)?;
            cli.global.run_file_unreadable = Some(problem);
            return Ok(cli);
        }
        Err(problem) => {
            diagnostics::unreadable(&[problem]);
            return Err(Ended::Stop(Stop::silent(gate::USAGE)));
        }
    };
    let flags = Flags::of(&command);
    let mut problems = Problems::new(Arc::clone(&text));
    let (settings, tuning) = Reader::new(&flags, Some(&invocation.words), &mut problems).read();
    let settings = invocation.applied(&settings, &mut problems);
    let names_policies = settings.iter().any(|setting| setting.key == "policy");
    let mistakes = problems.into_sorted();
    if !mistakes.is_empty() && !checks {
        diagnostics::mistakes(&mistakes, ": nothing was done");
        return Err(Ended::Stop(Stop::silent(gate::USAGE)));
    }
    let mut cli = match Cli::try_parse_from(with(args, &settings)) {
        // A flag without the one that it requires, such as a port without `serve`, has no effect.
        Err(error) if error.kind() == ErrorKind::MissingRequiredArgument => {
            Cli::try_parse_from(with(args, &complete(args, settings)))?
        }
        other => other?,
    };
    cli.global.run_file = Some(text.name.clone());
    cli.global.run_file_mistakes = mistakes;
    cli.global.run_file_policies = names_policies;
    cli.global.run_file_tuning = tuning;
    Ok(cli)
}

/// Keys of a run file, each with its values: nothing for `false`, one without a text for `true`.
pub type Values = Vec<(String, Vec<Option<String>>)>;

/// Reads a run file for all commands.
///
/// # Errors
/// Every mistake in it, in order.
pub fn flags_of(text: &Arc<SourceText>) -> Result<Values, Vec<Diagnostic>> {
    let command = command();
    let flags = Flags::of(&command);
    let mut problems = Problems::new(Arc::clone(text));
    let (settings, _) = Reader::new(&flags, None, &mut problems).read();
    let mistakes = problems.into_sorted();
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    Ok(settings
        .into_iter()
        .map(|setting| (setting.key, setting.values))
        .collect())
}

/// True if a path has the name of a run file: nothing else makes a file one, unless `--config` names it.
pub fn is_run_file(path: &str) -> bool {
    Path::new(path).file_name().is_some_and(|name| name == NAME)
}

/// The text of the run file: the named one, or the one in the working directory if there is one.
fn text(named: Option<&PathBuf>) -> Result<Option<Arc<SourceText>>, Unreadable> {
    let path = match named {
        Some(path) => path.as_path(),
        None if fs::symlink_metadata(NAME).is_ok() => Path::new(NAME),
        None => return misspelt().map_or(Ok(None), Err),
    };
    files::read_text(path).map(Some)
}

/// A run file that would be ignored because its name is misspelt.
fn misspelt() -> Option<Unreadable> {
    let path = MISSPELT
        .into_iter()
        .map(Path::new)
        .find(|path| path.is_file())?;
    let text = files::read_text(path).ok()?;
    let command = command();
    let flags = Flags::of(&command);
    let mut problems = Problems::new(Arc::clone(&text));
    let (settings, _) = Reader::new(&flags, None, &mut problems).read();
    // A policy, or a file of another tool, may have the name as well; `policy` is a key of both.
    let whole = problems.into_sorted().is_empty();
    settings
        .iter()
        .any(|setting| whole || setting.key != "policy")
        .then(|| Unreadable {
            path: text.name.clone(),
            problem: format!("a run file must be named {NAME}"),
            help: format!("rename it: `mv {} {NAME}`", text.name),
            place: None,
        })
}
