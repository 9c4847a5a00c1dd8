//! The flags of all commands, from clap: a new flag is a new key of the run file.

use std::any::TypeId;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Arg, Command, CommandFactory as _};

use crate::cli::args::Cli;

/// Flags that are not keys: the run file cannot name itself, and the others are not settings.
const NOT_KEYS: [&str; 3] = ["config", "help", "version"];

/// The gate of an audit, which is in its result: `report` takes it from there and not from the run file.
const GATE: [&str; 3] = ["fail-on", "allow-incomplete", "allow-empty"];

/// Every flag of every command.
pub struct Flags<'c> {
    root: &'c Command,
    /// The commands that can be run, each with its words on the command line.
    commands: Vec<(Vec<&'c str>, &'c Command)>,
}

impl<'c> Flags<'c> {
    /// The flags of a command and of all below it.
    pub fn of(root: &'c Command) -> Self {
        fn below<'c>(
            command: &'c Command,
            words: &[&'c str],
            into: &mut Vec<(Vec<&'c str>, &'c Command)>,
        ) {
            let words = [words, &[command.get_name()]].concat();
            let mut commands = command
                .get_subcommands()
                .filter(|command| command.get_name() != "help")
                .peekable();
            // `report` can be run, and has a command below it.
            if commands.peek().is_none() || command.get_positionals().next().is_some() {
                into.push((words.clone(), command));
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
    pub fn named(&self, key: &str) -> Vec<(&[&'c str], &'c Arg)> {
        if NOT_KEYS.contains(&key) {
            return Vec::new();
        }
        self.commands
            .iter()
            .filter_map(|(words, command)| Some((words.as_slice(), flag(command, key)?)))
            .collect()
    }

    /// Every key, in the order of the commands.
    pub fn keys(&self) -> Vec<&'c str> {
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

    /// The error of clap about a value of a flag, if it refuses the value.
    pub fn refusal(&self, words: &[&str], key: &str, value: &str) -> Option<clap::Error> {
        let words = words
            .iter()
            .map(|word| (*word).to_owned())
            .chain([format!("--{key}={value}")]);
        let error = self.root.clone().try_get_matches_from(words).err()?;
        matches!(
            error.kind(),
            ErrorKind::InvalidValue | ErrorKind::ValueValidation
        )
        .then_some(error)
    }
}

/// The long flag of a command with this name.
pub fn flag<'c>(command: &'c Command, key: &str) -> Option<&'c Arg> {
    command
        .get_arguments()
        .find(|arg| arg.get_long() == Some(key))
}

/// True if a command takes a flag from a saved result, and not from the run file.
pub fn is_in_result(words: &[&str], key: &str) -> bool {
    words.get(1) == Some(&"report") && GATE.contains(&key)
}

/// True if any text is a value of a flag, so that a bare number may have lost its zeros.
pub fn is_text(arg: &Arg) -> bool {
    let kind = arg.get_value_parser().type_id();
    kind == TypeId::of::<String>() || kind == TypeId::of::<PathBuf>()
}

/// The command line as clap describes it, with global flags at every command.
pub fn command() -> Command {
    let mut command = Cli::command();
    command.build();
    command
}
