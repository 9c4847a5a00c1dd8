//! The run file: what flags hold, in YAML. Here it becomes a part of the command line; `reading` says what
//! it holds, and `kinds` tells it from other files.

mod flags;
pub mod kinds;
mod reading;
pub mod schema;

use std::ffi::OsString;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, FromArgMatches as _, Parser as _};

use self::flags::{Flags, OF_RESULTS, OF_THE_AUDIT, command, flag};
use self::kinds::{DEFAULT, Kind};
use self::reading::{Reading, Setting};
use super::args::{Cli, Color};
use super::stop::Stop;
use super::terminal::diagnostics;
use crate::gate;
use crate::policy::diagnostic::{Diagnostic, Problems, SourceText};
use crate::policy::files::{self, Unreadable};

/// Names that are nearly that.
const NEARLY: [&str; 4] = ["driftgate.yml", "driftgate.YAML", ".driftgate.yaml", ".driftgate.yml"];

/// What says how AWS is read.
const OF_AWS: [&str; 16] = [
    "profile",
    "endpoint-url",
    "all-regions",
    "exclude-region",
    "accounts",
    "organization",
    "exclude-account",
    "role-name",
    "external-id",
    "rate",
    "burst",
    "concurrency",
    "timeout",
    "spool",
    "resume",
    "shard",
];

/// What a file leaves out.
const OF_A_FILE: [&str; 2] = ["region", "protocol"];

/// A key that would take back what a flag on the command line says, without clap knowing.
const CONTRADICTS: [(&str, &str); 1] = [("no-waivers", "waivers")];

/// The command that tells the mistakes of the run file together with all others.
const TELLS_ITSELF: [&str; 3] = ["driftgate", "policy", "check"];

/// Keys that AWS's own environment variables outrank.
const ENVIRONMENT: [(&str, &[&str]); 3] = [
    ("region", &["AWS_REGION", "AWS_DEFAULT_REGION"]),
    ("profile", &["AWS_PROFILE"]),
    ("endpoint-url", &["AWS_ENDPOINT_URL_APIGATEWAYV2", "AWS_ENDPOINT_URL"]),
];

/// Why there is no command to run.
pub enum Ended {
    /// What clap says of the command line: an error, or the help that was asked for.
    Clap(clap::Error),
    /// The run file is wrong.
    Stop(Stop),
}

impl From<clap::Error> for Ended {
    fn from(error: clap::Error) -> Self {
        Self::Clap(error)
    }
}

/// The command line, and what the run file adds to it.
pub fn parse(args: &[OsString]) -> Result<Cli, Ended> {
    let command = command();
    let strict = command.clone().try_get_matches_from(args);
    let typed = match &strict {
        Ok(matches) => matches.clone(),
        // What is missing may be in the run file.
        Err(error) if error.kind() == ErrorKind::MissingRequiredArgument => {
            command.clone().ignore_errors(true).try_get_matches_from(args)?
        }
        Err(_) => return Ok(Cli::from_arg_matches(&strict?)?),
    };
    if let Some(color) = typed.get_one::<Color>("color") {
        color.apply();
    }
    let flags = Flags::of(&command);
    let asked = Asked::of(&command, &typed);
    let text = match text(typed.get_one::<PathBuf>("config")) {
        Ok(Some(text)) => text,
        Ok(None) => return Ok(Cli::from_arg_matches(&strict?)?),
        Err(problem) if asked.words == TELLS_ITSELF => {
            let mut cli = Cli::from_arg_matches(&strict?)?;
            cli.global.run_file_unreadable = Some(problem);
            return Ok(cli);
        }
        Err(problem) => {
            diagnostics::unreadable(&[problem]);
            return Err(Ended::Stop(Stop::silent(gate::USAGE)));
        }
    };
    let mut problems = Problems::new(Arc::clone(&text));
    let settings = Reading { flags: &flags, asked: Some(&asked.words), problems: &mut problems }.settings();
    let settings = asked.applied(&settings, &mut problems);
    let found = problems.into_sorted();
    if !found.is_empty() && asked.words != TELLS_ITSELF {
        diagnostics::mistakes(&found, ": nothing was done");
        return Err(Ended::Stop(Stop::silent(gate::USAGE)));
    }
    let mut cli = match Cli::try_parse_from(with(args, &settings)) {
        // A flag that needs another one, such as the port of a server that was not asked for, has nothing to say.
        Err(error) if error.kind() == ErrorKind::MissingRequiredArgument => {
            Cli::try_parse_from(with(args, &complete(args, settings)))?
        }
        other => other?,
    };
    cli.global.run_file = Some(text.name.clone());
    cli.global.run_file_mistakes = found;
    Ok(cli)
}

/// Keys of a run file, each with its values: nothing for a boolean that is true, no value for one that is false.
pub type Values = Vec<(String, Vec<Option<String>>)>;

/// The flags of a run file, whatever the command.
///
/// # Errors
/// Every mistake in it, in order.
pub fn flags_of(text: &Arc<SourceText>) -> Result<Values, Vec<Diagnostic>> {
    let command = command();
    let flags = Flags::of(&command);
    let mut problems = Problems::new(Arc::clone(text));
    let settings = Reading { flags: &flags, asked: None, problems: &mut problems }.settings();
    let found = problems.into_sorted();
    if !found.is_empty() {
        return Err(found);
    }
    Ok(settings.into_iter().map(|setting| (setting.key, setting.values)).collect())
}

/// Mistakes in a run file, whatever the command.
pub fn mistakes(text: &Arc<SourceText>) -> Vec<Diagnostic> {
    flags_of(text).err().unwrap_or_default()
}

/// The text of the run file: the named one, or the one of the working directory if there is one.
fn text(named: Option<&PathBuf>) -> Result<Option<Arc<SourceText>>, Unreadable> {
    let path = match named {
        Some(path) => path.as_path(),
        None if fs::symlink_metadata(DEFAULT).is_ok() => Path::new(DEFAULT),
        None => return misnamed().map_or(Ok(None), Err),
    };
    files::read_text(path).map(Some)
}

/// A run file that would not be read because its name is nearly the right one.
fn misnamed() -> Option<Unreadable> {
    let path = NEARLY.into_iter().map(Path::new).find(|path| path.is_file())?;
    let text = files::read_text(path).ok()?;
    (Kind::of(&text) == Kind::Run).then(|| Unreadable {
        path: text.name.clone(),
        problem: format!("a run file, which is not read under this name: it is called {DEFAULT}"),
        help: format!("rename it: `mv {} {DEFAULT}`", text.name),
        place: None,
    })
}

/// The command that was asked for, and what the command line says of it.
struct Asked<'c> {
    command: &'c Command,
    matches: ArgMatches,
    words: Vec<&'c str>,
}

impl<'c> Asked<'c> {
    fn of(root: &'c Command, matches: &ArgMatches) -> Self {
        let (mut command, mut matches) = (root, matches);
        let mut words = vec![root.get_name()];
        while let Some((name, below)) = matches.subcommand()
            && let Some(next) = command.find_subcommand(name)
        {
            words.push(next.get_name());
            (command, matches) = (next, below);
        }
        Self { command, matches: matches.clone(), words }
    }

    /// Whether the command line gives an argument.
    fn gives(&self, arg: &Arg) -> bool {
        self.matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine)
    }

    /// Whether two flags exclude each other.
    fn conflict(&self, one: &Arg, other: &Arg) -> bool {
        let names = |one: &Arg, other: &Arg| {
            self.command.get_arg_conflicts_with(one).iter().any(|arg| arg.get_id() == other.get_id())
        };
        one.get_id() != other.get_id() && (names(one, other) || names(other, one))
    }

    /// The text of a flag on the command line.
    fn text(&self, key: &str) -> Option<&str> {
        let arg = flag(self.command, key).filter(|arg| self.gives(arg))?;
        self.matches.get_raw(arg.get_id().as_str())?.next()?.to_str()
    }

    /// The paths that `policy check` and its like take without a flag, where none is given.
    fn paths(&self) -> Option<&'c Arg> {
        self.command.get_positionals().find(|arg| arg.get_id() == "paths" && !self.gives(arg))
    }

    /// The settings that the command takes: those that nothing stronger says, and that can stand beside what does.
    fn applied(&self, settings: &[Setting<'c>], problems: &mut Problems) -> Vec<Setting<'c>> {
        let typed: Vec<&Arg> = self.command.get_arguments().filter(|arg| self.gives(arg)).collect();
        let from = self.text("from");
        let in_file =
            settings.iter().find(|setting| setting.key == "from").and_then(|from| from.values.first()?.as_deref());
        let of_aws = from.or(in_file).is_none_or(|source| source == "aws");
        // A `--from` on the command line may be of another kind, and these keys of the file are then not about it.
        let of_a_source = |key: &str| OF_AWS.contains(&key) || OF_A_FILE.contains(&key);
        let of_results = self.words.get(1) == Some(&OF_RESULTS);
        let outranked = |key: &str, arg: &Arg| {
            self.gives(arg)
                || (of_results && OF_THE_AUDIT.contains(&key))
                || (of_aws && stated_by_the_environment(key))
                || typed.iter().any(|typed| self.conflict(arg, typed))
                || CONTRADICTS.iter().any(|(one, typed)| *one == key && self.text(typed).is_some())
                || (from.is_some() && if of_aws { key == "protocol" } else { of_a_source(key) })
        };
        let mut kept: Vec<Setting<'c>> = Vec::new();
        for setting in settings.iter().filter(|setting| !setting.values.is_empty()) {
            match setting.arg {
                Some(arg) if outranked(&setting.key, arg) => continue,
                None if setting.key != "policy" || self.paths().is_none() => continue,
                _ => {}
            }
            if let Some((title, label)) = of_another_source(&setting.key, of_aws).filter(|_| setting.arg.is_some()) {
                problems.note(&setting.key_span, title, label, []);
                continue;
            }
            let excludes = |kept: &&Setting<'c>| setting.arg.zip(kept.arg).is_some_and(|(a, b)| self.conflict(a, b));
            if let Some(other) = kept.iter().find(excludes) {
                let title = format!("`{}` cannot be used with `{}`", setting.key, other.key);
                problems.note(&setting.key_span, title, "remove one of them", []);
                continue;
            }
            let missing = missing(setting);
            if missing.is_empty() {
                kept.push(setting.clone());
            }
            for (span, path) in missing {
                problems.note(span, path.to_string(), "named here", [path.help]);
            }
        }
        kept
    }
}

/// What is wrong with a key that says something of AWS beside a file, or the reverse.
fn of_another_source(key: &str, of_aws: bool) -> Option<(String, &'static str)> {
    if of_aws && key == "protocol" {
        return Some(("`protocol` is for a file, and AWS is read".to_owned(), "AWS itself tells it: leave it out"));
    }
    let title = format!("`{key}` says how AWS is read, and `from` is a file");
    (!of_aws && OF_AWS.contains(&key)).then_some((title, "leave it out, or read from AWS"))
}

/// The policies of a setting that are not there, and where they are named.
fn missing<'s>(setting: &'s Setting<'_>) -> Vec<(&'s Range<usize>, Unreadable)> {
    if setting.key != "policy" {
        return Vec::new();
    }
    let paths = setting.spans.iter().zip(setting.values.iter().flatten());
    paths.filter_map(|(span, path)| Some((span, files::missing(path)?))).collect()
}

/// The command line with the settings of the file: flags before a `--`, paths behind it.
fn with(args: &[OsString], settings: &[Setting<'_>]) -> Vec<OsString> {
    let mut flags: Vec<OsString> = Vec::new();
    let mut paths: Vec<OsString> = Vec::new();
    for setting in settings {
        for value in &setting.values {
            match value {
                Some(path) if setting.arg.is_none() => paths.push(path.into()),
                Some(value) => flags.push(format!("--{}={value}", setting.key).into()),
                None => flags.push(format!("--{}", setting.key).into()),
            }
        }
    }
    let end = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
    let mut all = [&args[..end], &flags, &args[end..]].concat();
    if !paths.is_empty() && end == args.len() {
        all.push("--".into());
    }
    all.extend(paths);
    all
}

/// The settings that have beside them what they need: each is tried with those that do.
fn complete<'c>(args: &[OsString], settings: Vec<Setting<'c>>) -> Vec<Setting<'c>> {
    let (mut kept, mut left) = (Vec::new(), settings);
    loop {
        let before = left.len();
        let fits = |setting: &Setting<'c>, kept: &[Setting<'c>]| {
            let tried = Cli::try_parse_from(with(args, &[kept, std::slice::from_ref(setting)].concat()));
            !tried.is_err_and(|error| error.kind() == ErrorKind::MissingRequiredArgument)
        };
        for setting in std::mem::take(&mut left) {
            if fits(&setting, &kept) { kept.push(setting) } else { left.push(setting) }
        }
        if left.len() == before {
            return kept;
        }
    }
}

/// Whether one of AWS's environment variables says what the key says.
fn stated_by_the_environment(key: &str) -> bool {
    let names = ENVIRONMENT.iter().filter(|(of, _)| *of == key).flat_map(|(_, names)| *names);
    names.into_iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Command as Asks;

    #[test]
    fn what_only_aws_can_obey_is_of_aws() {
        let cli = Cli::try_parse_from(["driftgate", "audit"]).unwrap();
        let Asks::Audit(audit) = cli.command else { panic!() };
        let flags = audit.source.aws_only().map(|(_, flag)| flag.trim_start_matches("--"));
        assert_eq!(flags, OF_AWS);
    }

    #[test]
    fn the_keys_that_are_named_here_are_flags() {
        let command = command();
        let flags = Flags::of(&command);
        let named = OF_AWS.into_iter().chain(OF_A_FILE).chain(ENVIRONMENT.map(|(key, _)| key));
        let named = named.chain(OF_THE_AUDIT);
        for key in named.chain(CONTRADICTS.iter().flat_map(|(one, other)| [*one, *other])).chain(["policy", "from"]) {
            assert!(!flags.named(key).is_empty(), "{key}");
        }
    }
}
