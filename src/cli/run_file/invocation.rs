//! The command that was typed, and the settings of the run file that apply to it.

use std::ffi::OsString;
use std::ops::Range;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, Parser as _};

use super::flags::{flag, is_in_result};
use super::reading::FileFlag;
use crate::cli::args::{AWS_ONLY, Cli};
use crate::policy::read::files::{self, Unreadable};
use crate::policy::text::diagnostic::Problems;

/// Keys that describe a file of stages.
const FILE_ONLY: [&str; 2] = ["region", "protocol"];

/// Keys that would take back a flag of the command line without a conflict that clap knows.
const CONTRADICTS: [(&str, &str); 1] = [("no-waivers", "waivers")];

/// Keys that AWS's own environment variables outrank.
const ENVIRONMENT: [(&str, &[&str]); 3] = [
    ("region", &["AWS_REGION", "AWS_DEFAULT_REGION"]),
    ("profile", &["AWS_PROFILE"]),
    (
        "endpoint-url",
        &["AWS_ENDPOINT_URL_APIGATEWAYV2", "AWS_ENDPOINT_URL"],
    ),
];

/// The command that was typed, with its arguments.
pub struct Invocation<'c> {
    command: &'c Command,
    matches: ArgMatches,
    /// The words of the command, such as `driftgate policy check`.
    pub words: Vec<&'c str>,
}

impl<'c> Invocation<'c> {
    /// The command that the matches are about.
    pub fn of(root: &'c Command, matches: &ArgMatches) -> Self {
        let (mut command, mut matches) = (root, matches);
        let mut words = vec![root.get_name()];
        while let Some((name, below)) = matches.subcommand()
            && let Some(next) = command.find_subcommand(name)
        {
            words.push(next.get_name());
            (command, matches) = (next, below);
        }
        Self {
            command,
            matches: matches.clone(),
            words,
        }
    }

    /// True if an argument was typed.
    fn has(&self, arg: &Arg) -> bool {
        self.matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine)
    }

    /// True if two flags exclude each other.
    fn conflict(&self, one: &Arg, other: &Arg) -> bool {
        let names = |one: &Arg, other: &Arg| {
            self.command
                .get_arg_conflicts_with(one)
                .iter()
                .any(|arg| arg.get_id() == other.get_id())
        };
        one.get_id() != other.get_id() && (names(one, other) || names(other, one))
    }

    /// The typed text of a flag.
    fn text(&self, key: &str) -> Option<&str> {
        let arg = flag(self.command, key).filter(|arg| self.has(arg))?;
        self.matches
            .get_raw(arg.get_id().as_str())?
            .next()?
            .to_str()
    }

    /// True if the command takes paths without a flag, as `policy check` does, and none was typed.
    fn lacks_paths(&self) -> bool {
        self.command
            .get_positionals()
            .any(|arg| arg.get_id() == "paths" && !self.has(arg))
    }

    /// True if something stronger than the run file decides a flag.
    fn outranks(&self, key: &str, arg: &Arg, of_aws: bool) -> bool {
        // A typed `--from` may be of another kind than that of the file, whose keys are then not about it.
        let of_another = || {
            if of_aws {
                key == "protocol"
            } else {
                AWS_ONLY.contains(&key) || FILE_ONLY.contains(&key)
            }
        };
        self.has(arg)
            || is_in_result(&self.words, key)
            || (of_aws && is_in_environment(key))
            || self
                .command
                .get_arguments()
                .any(|typed| self.has(typed) && self.conflict(arg, typed))
            || CONTRADICTS
                .iter()
                .any(|(one, typed)| *one == key && self.text(typed).is_some())
            || (self.text("from").is_some() && of_another())
    }

    /// The settings that apply to the command, without those that something stronger decides.
    pub fn applied(&self, settings: &[FileFlag<'c>], problems: &mut Problems) -> Vec<FileFlag<'c>> {
        let in_file = settings.iter().find(|setting| setting.key == "from");
        let from = self
            .text("from")
            .or(in_file.and_then(|from| from.values.first()?.as_deref()));
        let of_aws = from.is_none_or(|source| source == "aws");
        let mut kept: Vec<FileFlag<'c>> = Vec::new();
        for setting in settings.iter().filter(|setting| !setting.values.is_empty()) {
            let key = setting.key.as_str();
            if let Some(arg) = setting.arg {
                if self.outranks(key, arg, of_aws) {
                    continue;
                }
                if let Some((title, label)) = of_another_source(key, of_aws) {
                    problems.note(&setting.key_span, title, label, []);
                    continue;
                }
                let excludes =
                    |kept: &&FileFlag<'c>| kept.arg.is_some_and(|other| self.conflict(arg, other));
                if let Some(other) = kept.iter().find(excludes) {
                    let title = format!("`{key}` cannot be used with `{}`", other.key);
                    problems.note(&setting.key_span, title, "remove one of them", []);
                    continue;
                }
            } else if key != "policy" || !self.lacks_paths() {
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

/// The mistake in a key about AWS where stages come from a file, or the reverse.
fn of_another_source(key: &str, of_aws: bool) -> Option<(String, &'static str)> {
    if of_aws {
        let title = "`protocol` is for a file, and stages are read from AWS".to_owned();
        return (key == "protocol").then_some((title, "leave it out: AWS returns the protocol"));
    }
    let title = format!("`{key}` is for AWS, and `from` names a file");
    AWS_ONLY
        .contains(&key)
        .then_some((title, "leave it out, or read from AWS"))
}

/// The policies of a setting that do not exist, and where they are named.
fn missing<'s>(setting: &'s FileFlag<'_>) -> Vec<(&'s Range<usize>, Unreadable)> {
    if setting.key != "policy" {
        return Vec::new();
    }
    let paths = setting.spans.iter().zip(setting.values.iter().flatten());
    paths
        .filter_map(|(span, path)| Some((span, files::missing(path)?)))
        .collect()
}

/// The command line with the settings of the file: flags before a `--`, paths behind it.
pub fn with(args: &[OsString], settings: &[FileFlag<'_>]) -> Vec<OsString> {
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
    let end = args
        .iter()
        .position(|arg| arg == "--")
        .unwrap_or(args.len());
    let mut all = [&args[..end], &flags, &args[end..]].concat();
    if !paths.is_empty() && end == args.len() {
        all.push("--".into());
    }
    all.extend(paths);
    all
}

/// The settings without those that require a flag which is nowhere.
pub fn complete<'c>(args: &[OsString], settings: Vec<FileFlag<'c>>) -> Vec<FileFlag<'c>> {
    let (mut kept, mut left) = (Vec::new(), settings);
    loop {
        let before = left.len();
        let fits = |setting: &FileFlag<'c>, kept: &[FileFlag<'c>]| {
            let tried =
                Cli::try_parse_from(with(args, &[kept, std::slice::from_ref(setting)].concat()));
            !tried.is_err_and(|error| error.kind() == ErrorKind::MissingRequiredArgument)
        };
        for setting in std::mem::take(&mut left) {
            if fits(&setting, &kept) {
                kept.push(setting);
            } else {
                left.push(setting);
            }
        }
        if left.len() == before {
            return kept;
        }
    }
}

/// True if one of AWS's environment variables decides what a key would.
fn is_in_environment(key: &str) -> bool {
    let names = ENVIRONMENT
        .iter()
        .filter(|(of, _)| *of == key)
        .flat_map(|(_, names)| *names);
    names
        .into_iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::super::flags::{Flags, command};
    use super::*;

    #[test]
    fn the_keys_that_are_named_here_are_flags() {
        let command = command();
        let flags = Flags::of(&command);
        let named = AWS_ONLY
            .into_iter()
            .chain(FILE_ONLY)
            .chain(ENVIRONMENT.map(|(key, _)| key));
        for key in named
            .chain(CONTRADICTS.iter().flat_map(|(one, other)| [*one, *other]))
            .chain(["policy", "from"])
        {
            assert!(!flags.named(key).is_empty(), "{key}");
        }
    }
}
