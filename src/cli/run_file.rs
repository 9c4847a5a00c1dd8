//! The run file: what flags hold, in YAML. What a key is and what it may hold, clap tells; a new flag is a new key.

use std::any::TypeId;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory as _, FromArgMatches as _, Parser as _, ValueHint};

use super::args::{Cli, Color};
use super::{Stop, diagnostics};
use crate::gate;
use crate::policy::diagnostic::{Diagnostic, Problems, SourceText, suggestions};
use crate::policy::files;
use crate::policy::yaml::{self, Data, Entry, Node};

/// The run file that is read when none is named.
const DEFAULT: &str = "driftgate.yaml";

/// Flags that are no keys: the run file cannot name itself, and these two are no settings.
const NOT_KEYS: [&str; 3] = ["config", "help", "version"];

/// What says how AWS is read, or what a file leaves out: a `--from` on the command line may be of another kind, and
/// these keys of the file are then not about it.
const OF_A_SOURCE: [&str; 8] =
    ["profile", "region", "endpoint-url", "rate", "burst", "concurrency", "timeout", "protocol"];

/// A key that would take back what a flag on the command line says, without clap knowing.
const CONTRADICTS: [(&str, &str); 1] = [("no-waivers", "waivers")];

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
    let Some(text) = text(typed.get_one::<PathBuf>("config")).map_err(Ended::Stop)? else {
        return Ok(Cli::from_arg_matches(&strict?)?);
    };
    let flags = Flags::of(&command);
    let asked = Asked::of(&command, &typed);
    let mut reading = Reading { flags: &flags, asked: Some(&asked), problems: Problems::new(Arc::clone(&text)) };
    let settings = reading.settings();
    let settings = reading.applied(settings);
    let found = reading.problems.into_sorted();
    if !found.is_empty() {
        diagnostics::mistakes(&found, ": nothing was done");
        return Err(Ended::Stop(Stop::silent(gate::USAGE)));
    }
    let mut cli = Cli::try_parse_from(with(args, &settings, &asked))?;
    cli.global.run_file = Some(text.name.clone());
    Ok(cli)
}

/// What is wrong with a text that is a run file, whatever the command.
pub fn mistakes(text: &Arc<SourceText>) -> Vec<Diagnostic> {
    let command = command();
    let flags = Flags::of(&command);
    let mut reading = Reading { flags: &flags, asked: None, problems: Problems::new(Arc::clone(text)) };
    reading.settings();
    reading.problems.into_sorted()
}

/// Whether a text is a run file rather than a policy or waivers: it holds flags, neither rules nor the name of a
/// policy, which has nothing that a path has.
pub fn is_run_file(text: &Arc<SourceText>) -> bool {
    let root = yaml::read(&mut Problems::new(Arc::clone(text)));
    let Some(Data::Map(entries)) = root.map(|root| root.data) else { return false };
    let other = |entry: &Entry| match (entry.key.as_str(), &entry.value.data) {
        ("rules", _) => true,
        ("policy", Data::Text(name)) => !name.contains(['/', '.', ':']),
        ("waivers", Data::List(waivers)) => waivers.iter().any(|waiver| matches!(waiver.data, Data::Map(_))),
        _ => false,
    };
    if entries.iter().any(other) {
        return false;
    }
    let command = command();
    let flags = Flags::of(&command);
    entries.iter().any(|entry| !flags.named(&entry.key).is_empty())
}

/// The text of the run file: the named one, or the one of the working directory if there is one.
fn text(named: Option<&PathBuf>) -> Result<Option<Arc<SourceText>>, Stop> {
    let path = match named {
        Some(path) => path.as_path(),
        None if fs::symlink_metadata(DEFAULT).is_ok() => Path::new(DEFAULT),
        None => return Ok(None),
    };
    files::read_text(path).map(Some).map_err(|problem| {
        diagnostics::unreadable(&[problem]);
        Stop::silent(gate::USAGE)
    })
}

/// The command line as clap describes it, with global flags at every command.
fn command() -> Command {
    let mut command = Cli::command();
    command.build();
    command
}

/// Every flag of every command.
struct Flags<'c> {
    root: &'c Command,
    /// The commands that do something, each with its words on the command line.
    commands: Vec<(Vec<&'c str>, &'c Command)>,
}

impl<'c> Flags<'c> {
    fn of(root: &'c Command) -> Self {
        fn below<'c>(command: &'c Command, words: &[&'c str], into: &mut Vec<(Vec<&'c str>, &'c Command)>) {
            let words = [words, &[command.get_name()]].concat();
            let mut commands = command.get_subcommands().filter(|command| command.get_name() != "help").peekable();
            if commands.peek().is_none() {
                into.push((words, command));
                return;
            }
            for command in commands {
                below(command, &words, into);
            }
        }
        let mut commands = Vec::new();
        below(root, &[], &mut commands);
        Self { root, commands }
    }

    /// The commands that have a flag, each with the flag.
    fn named(&self, key: &str) -> Vec<(&[&'c str], &'c Arg)> {
        if NOT_KEYS.contains(&key) {
            return Vec::new();
        }
        self.commands.iter().filter_map(|(words, command)| Some((words.as_slice(), flag(command, key)?))).collect()
    }

    /// Every key, in the order of the commands.
    fn keys(&self) -> Vec<&'c str> {
        let mut keys = Vec::new();
        for (_, command) in &self.commands {
            for key in command.get_arguments().filter_map(Arg::get_long) {
                if !NOT_KEYS.contains(&key) && !keys.contains(&key) {
                    keys.push(key);
                }
            }
        }
        keys
    }

    /// What clap says of a value of a flag, when it does not take it.
    fn refusal(&self, words: &[&str], key: &str, value: &str) -> Option<clap::Error> {
        let words = words.iter().map(|word| (*word).to_owned()).chain([format!("--{key}={value}")]);
        let error = self.root.clone().try_get_matches_from(words).err()?;
        matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation).then_some(error)
    }
}

fn flag<'c>(command: &'c Command, key: &str) -> Option<&'c Arg> {
    command.get_arguments().find(|arg| arg.get_long() == Some(key))
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
}

/// A key of the run file, and what it holds: nothing for a boolean.
struct Setting<'c> {
    key: String,
    key_span: std::ops::Range<usize>,
    /// The flag of the command that was asked for; `None` when only others have it.
    arg: Option<&'c Arg>,
    values: Vec<Option<String>>,
}

/// The reading of one run file.
struct Reading<'r, 'c> {
    flags: &'r Flags<'c>,
    /// `None` when it is read only to be checked.
    asked: Option<&'r Asked<'c>>,
    problems: Problems,
}

impl<'c> Reading<'_, 'c> {
    /// What the file holds; what is wrong with it is noted.
    fn settings(&mut self) -> Vec<Setting<'c>> {
        // A file in which everything is commented out holds no flags, which is no mistake.
        let blank = |line: &str| line.trim_start().is_empty() || line.trim_start().starts_with('#');
        if self.problems.file.text.lines().all(blank) {
            return Vec::new();
        }
        let Some(root) = yaml::read(&mut self.problems) else { return Vec::new() };
        let Data::Map(entries) = &root.data else {
            let title = format!("a run file is a mapping of flags, and this is {}", root.kind());
            let help = "write each flag without its dashes, for example `fail-on: high`".to_owned();
            self.problems.note(&root.span, title, "not a mapping", [help]);
            return Vec::new();
        };
        entries.iter().filter_map(|entry| self.setting(entry)).collect()
    }

    fn setting(&mut self, entry: &Entry) -> Option<Setting<'c>> {
        let key = entry.key.as_str();
        let mut commands = self.flags.named(key);
        let arg = self.asked.and_then(|asked| flag(asked.command, key));
        if let (Some(_), Some(asked)) = (arg, self.asked) {
            commands.retain(|(words, _)| *words == asked.words);
        }
        let Some((_, known)) = commands.first().copied() else {
            // Merge keys and the like have been told of.
            if key != "<<" {
                let (label, help) = suggestions(key, self.flags.keys());
                self.problems.note(&entry.key_span, format!("a run file has no key `{key}`"), label, help);
            }
            return None;
        };
        let values = if matches!(known.get_action(), ArgAction::SetTrue) {
            let Data::Boolean(set) = entry.value.data else {
                let title = format!("`{key}` is true or false, and this is {}", entry.value.kind());
                let help = format!("write `{key}: true`, or leave the key out");
                self.problems.note(&entry.value.span, title, "neither true nor false", [help]);
                return None;
            };
            if set { vec![None] } else { Vec::new() }
        } else {
            let nodes = self.nodes(entry, known)?;
            let values: Vec<_> = nodes.iter().map(|node| self.value(node, key, known, &commands)).collect();
            values.into_iter().map(|value| value.map(Some)).collect::<Option<_>>()?
        };
        Some(Setting { key: key.to_owned(), key_span: entry.key_span.clone(), arg, values })
    }

    /// The values of a key: one, or those of a list where the flag may be repeated.
    fn nodes<'n>(&mut self, entry: &'n Entry, arg: &Arg) -> Option<&'n [Node]> {
        let key = &entry.key;
        match &entry.value.data {
            Data::List(nodes) if nodes.is_empty() => {
                self.problems.note(&entry.value.span, format!("`{key}` is an empty list"), "a value is needed", []);
                None
            }
            Data::List(_) if !matches!(arg.get_action(), ArgAction::Append) => {
                let title = format!("`{key}` holds one value, and this is a list");
                self.problems.note(&entry.value.span, title, "a single value is needed", []);
                None
            }
            Data::List(nodes) => Some(nodes),
            _ => Some(std::slice::from_ref(&entry.value)),
        }
    }

    fn value(&mut self, node: &Node, key: &str, arg: &Arg, commands: &[(&[&str], &Arg)]) -> Option<String> {
        let written = self.problems.file.text.get(node.span.clone()).unwrap_or_default().trim().to_owned();
        let text = match &node.data {
            Data::Text(text) if !text.is_empty() => text.clone(),
            Data::Boolean(_) | Data::Integer(_) | Data::Number(_) if !is_text(arg) => written.clone(),
            Data::Boolean(_) | Data::Integer(_) | Data::Number(_) => {
                let title = format!("`{key}` is a text, and this is {}", node.kind());
                self.problems.note(&node.span, title, "not a text", [format!("quote it: \"{written}\"")]);
                return None;
            }
            Data::Text(_) | Data::Null => {
                self.problems.note(&node.span, format!("`{key}` is empty"), "a value is needed", []);
                return None;
            }
            Data::List(_) | Data::Map(_) => {
                let title = format!("`{key}` holds texts or numbers, and this is {}", node.kind());
                self.problems.note(&node.span, title, "not a value of a flag", []);
                return None;
            }
        };
        let folder = Path::new(&self.problems.file.name).parent().unwrap_or(Path::new(""));
        let value = relocated(&text, arg, folder);
        let refusals: Vec<Option<clap::Error>> =
            commands.iter().map(|(words, _)| self.flags.refusal(words, key, &value)).collect();
        // Where only other commands have the flag, one that takes the value is enough.
        if refusals.iter().any(Option::is_none) {
            return Some(value);
        }
        if let Some(error) = refusals.into_iter().flatten().next() {
            let (label, help) = words(&text, &error);
            self.problems.note(&node.span, format!("`{key}` cannot be `{text}`"), label, help);
        }
        None
    }

    /// The settings that the command takes: those that nothing stronger says, and that can stand beside what does.
    fn applied(&mut self, settings: Vec<Setting<'c>>) -> Vec<Setting<'c>> {
        let Some(asked) = self.asked else { return Vec::new() };
        let typed: Vec<&Arg> = asked.command.get_arguments().filter(|arg| asked.gives(arg)).collect();
        let from = asked.text("from").map(str::to_owned);
        let source = from.clone().or_else(|| {
            settings.iter().find(|setting| setting.key == "from").and_then(|setting| setting.values.first()?.clone())
        });
        let of_aws = source.is_none_or(|source| source == "aws");
        let mut kept: Vec<Setting<'c>> = Vec::new();
        for setting in settings.into_iter().filter(|setting| !setting.values.is_empty()) {
            let key = setting.key.as_str();
            let Some(arg) = setting.arg else {
                if key == "policy" && asked.paths().is_some() {
                    kept.push(setting);
                }
                continue;
            };
            let weaker = asked.gives(arg)
                || (of_aws && stated_by_the_environment(key))
                || typed.iter().any(|typed| asked.conflict(arg, typed))
                || CONTRADICTS.iter().any(|(one, typed)| *one == key && asked.text(typed).is_some())
                || (from.is_some() && OF_A_SOURCE.contains(&key) && (!of_aws || key == "protocol"));
            if weaker {
                continue;
            }
            let beside = kept.iter().find(|kept| kept.arg.is_some_and(|kept| asked.conflict(arg, kept)));
            if let Some(beside) = beside {
                let title = format!("`{key}` cannot be used with `{}`", beside.key);
                self.problems.note(&setting.key_span, title, "remove one of them", []);
            }
            kept.push(setting);
        }
        kept
    }
}

/// Whether any text is a value of a flag, so that a bare number may have lost its zeros.
fn is_text(arg: &Arg) -> bool {
    let kind = arg.get_value_parser().type_id();
    kind == TypeId::of::<String>() || kind == TypeId::of::<PathBuf>()
}

/// Whether one of AWS's environment variables says what the key says.
fn stated_by_the_environment(key: &str) -> bool {
    let names = ENVIRONMENT.iter().filter(|(of, _)| *of == key).flat_map(|(_, names)| *names);
    names.into_iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Whether a flag's value is a path, or has one in it.
fn is_path(arg: &Arg) -> bool {
    matches!(arg.get_value_hint(), ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath)
}

/// A value whose path is meant from the folder of the run file, as a path from the working directory.
fn relocated(text: &str, arg: &Arg, folder: &Path) -> String {
    if !is_path(arg) || folder.as_os_str().is_empty() {
        return text.to_owned();
    }
    let below = |path: &str| folder.join(path).display().to_string();
    let after = |first: &str, separator: char, path: &str| format!("{first}{separator}{}", below(path));
    match arg.get_long() {
        _ if text == "-" => text.to_owned(),
        Some("policy") if text.starts_with("builtin:") => text.to_owned(),
        Some("from") if text == "aws" => text.to_owned(),
        Some("from") => {
            match text.split_once(':') {
                Some((kind, path)) if !kind.contains(['/', '.', '\\']) && !folder.join(text).exists() => {
                    if path == "-" { text.to_owned() } else { after(kind, ':', path) }
                }
                _ => below(text),
            }
        }
        Some("report") => match text.split_once('=') {
            Some((_, "-")) | None => text.to_owned(),
            Some((format, path)) => after(format, '=', path),
        },
        _ => below(text),
    }
}

/// What clap says of a value, as a label and what to do.
fn words(text: &str, error: &clap::Error) -> (String, Vec<String>) {
    if let Some(ContextValue::Strings(allowed)) = error.get(ContextKind::ValidValue)
        && !allowed.is_empty()
    {
        return suggestions(text, allowed.iter().map(String::as_str));
    }
    let said = std::error::Error::source(error).map_or_else(|| "not taken".to_owned(), ToString::to_string);
    let mut lines = said.lines().map(str::to_owned);
    (lines.next().unwrap_or_default(), lines.collect())
}

/// The command line with the settings of the file: flags before a `--`, paths behind it.
fn with(args: &[OsString], settings: &[Setting<'_>], asked: &Asked<'_>) -> Vec<OsString> {
    let mut flags: Vec<OsString> = Vec::new();
    let mut paths: Vec<OsString> = Vec::new();
    for setting in settings {
        for value in &setting.values {
            match value {
                Some(value) if setting.arg.is_none() => paths.push(value.into()),
                Some(value) => flags.push(format!("--{}={value}", setting.key).into()),
                None => flags.push(format!("--{}", setting.key).into()),
            }
        }
    }
    let end = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
    let mut all = [&args[..end], &flags, &args[end..]].concat();
    if !paths.is_empty() && asked.paths().is_some() {
        if end == args.len() {
            all.push("--".into());
        }
        all.extend(paths);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Command as Asks;

    /// Every flag with a value, once.
    fn flags(command: &Command) -> Vec<Arg> {
        let flags = Flags::of(command);
        let all = flags.keys().into_iter().map(|key| flags.named(key)[0].1.clone());
        all.filter(|arg| !matches!(arg.get_action(), ArgAction::SetTrue)).collect()
    }

    #[test]
    fn a_flag_that_names_a_file_says_so() {
        let command = command();
        for arg in flags(&command) {
            let names = arg.get_value_names().unwrap_or_default().join(" ");
            let file = ["PATH", "FILE", "FOLDER", "DIR", "SOURCE", ".json"].iter().any(|word| names.contains(word));
            assert_eq!(file, is_path(&arg), "--{} {names}: set `value_hint`", arg.get_long().unwrap_or_default());
        }
    }

    #[test]
    fn what_only_aws_can_obey_is_of_a_source() {
        let cli = Cli::try_parse_from(["driftgate", "audit"]).unwrap();
        let Asks::Audit(audit) = cli.command else { panic!() };
        for (_, flag) in audit.source.aws_only() {
            assert!(OF_A_SOURCE.contains(&flag.trim_start_matches("--")), "{flag}");
        }
    }

    #[test]
    fn paths_are_found_in_what_flags_hold() {
        let command = command();
        let flags = Flags::of(&command);
        let moved = |key: &str, text: &str| relocated(text, flags.named(key)[0].1, Path::new("a/b"));
        for (key, text, expected) in [
            ("policy", "rules/", "a/b/rules/"),
            ("policy", "/rules", "/rules"),
            ("policy", "builtin:foundation", "builtin:foundation"),
            ("policy", "aws", "a/b/aws"),
            ("from", "aws", "aws"),
            ("from", "-", "-"),
            ("from", "snapshot:-", "snapshot:-"),
            ("from", "fleet.jsonl", "a/b/fleet.jsonl"),
            ("from", "snapshot:fleet.jsonl", "snapshot:a/b/fleet.jsonl"),
            ("from", "./a:b", "a/b/./a:b"),
            ("report", "json", "json"),
            ("report", "json=-", "json=-"),
            ("report", "json=r.json", "json=a/b/r.json"),
            ("output", "-", "-"),
            ("output", "x.jsonl", "a/b/x.jsonl"),
            ("api", "x", "x"),
        ] {
            assert_eq!(moved(key, text), expected, "{key}: {text}");
        }
    }
}
