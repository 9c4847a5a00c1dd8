//! The settings of a run file, from its YAML. clap knows the keys and their values. This file must not know more of the
//! command than the flags that it has.

use std::ops::Range;
use std::path::Path;

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, ValueHint};

use super::flags::{Flags, is_text};
use crate::policy::read::tuning::{self, Tuning};
use crate::policy::text::diagnostic::{Problems, suggestions};
use crate::policy::text::yaml::{self, Data, Entry, Node};

/// A flag in a run file.
#[derive(Clone)]
pub struct FileFlag<'c> {
    /// The name of the flag.
    pub key: String,
    /// The place of the key.
    pub key_span: Range<usize>,
    /// The flag of the command; `None` when only other commands have it, or take its values.
    pub arg: Option<&'c Arg>,
    /// The values: nothing for `false`, one without a text for `true`.
    pub values: Vec<Option<String>>,
    /// The place of each value; nothing for a boolean.
    pub spans: Vec<Range<usize>>,
}

/// A reader of one run file.
pub struct Reader<'r, 'c> {
    /// The flags of all commands.
    flags: &'r Flags<'c>,
    /// The words of the command that runs; `None` when the file is only checked.
    command: Option<&'r [&'c str]>,
    /// The mistakes found so far.
    problems: &'r mut Problems,
    /// The changes of policies found so far.
    tuning: Tuning,
}

impl<'r, 'c> Reader<'r, 'c> {
    /// A reader that has read nothing yet.
    pub fn new(
        flags: &'r Flags<'c>,
        command: Option<&'r [&'c str]>,
        problems: &'r mut Problems,
    ) -> Self {
        Self {
            flags,
            command,
            problems,
            tuning: Tuning::default(),
        }
    }

    /// Reads all flags and changes of policies, and notes every mistake.
    pub fn read(mut self) -> (Vec<FileFlag<'c>>, Tuning) {
        (self.settings(), self.tuning)
    }

    fn settings(&mut self) -> Vec<FileFlag<'c>> {
        // A file in which everything is commented out holds no flags, and is valid.
        let blank = |line: &str| line.trim_start().is_empty() || line.trim_start().starts_with('#');
        if self.problems.file.text.lines().all(blank) {
            return Vec::new();
        }
        let Some(root) = yaml::read(self.problems) else {
            return Vec::new();
        };
        let Data::Map(entries) = &root.data else {
            let title = format!(
                "a run file is a mapping of flags, and this is {}",
                root.kind()
            );
            let help = "write each flag without its dashes, for example `fail-on: high`".to_owned();
            self.problems
                .note(&root.span, title, "not a mapping", [help]);
            return Vec::new();
        };
        entries
            .iter()
            .filter_map(|entry| self.setting(entry))
            .collect()
    }

    fn setting(&mut self, entry: &Entry) -> Option<FileFlag<'c>> {
        let key = entry.key.as_str();
        let mut commands = self.flags.named(key);
        let several = |arg: &Arg| matches!(arg.get_action(), ArgAction::Append);
        if matches!(entry.value.data, Data::List(_)) && commands.iter().any(|(_, arg)| several(arg))
        {
            // A list is not meant for a flag of this name that takes one value.
            commands.retain(|(_, arg)| several(arg));
        }
        let runs = |words: &[&str]| self.command == Some(words);
        commands.sort_by_key(|(words, _)| !runs(words));
        let own = commands.first().copied().filter(|(words, _)| runs(words));
        let Some((_, known)) = commands.first().copied() else {
            // Merge keys are reported already.
            if key != "<<" {
                let (label, help) = suggestions(key, self.flags.keys());
                self.problems.note(
                    &entry.key_span,
                    format!("a run file has no key `{key}`"),
                    label,
                    help,
                );
            }
            return None;
        };
        let (values, spans) = if tuning::KEYS.contains(&key) {
            self.tuning.read(entry, self.problems);
            (Vec::new(), Vec::new())
        } else if matches!(known.get_action(), ArgAction::SetTrue) {
            let Data::Boolean(set) = entry.value.data else {
                let title = format!(
                    "`{key}` is true or false, and this is {}",
                    entry.value.kind()
                );
                let help = format!("write `{key}: true`, or leave the key out");
                self.problems
                    .note(&entry.value.span, title, "neither true nor false", [help]);
                return None;
            };
            (if set { vec![None] } else { Vec::new() }, Vec::new())
        } else {
            let nodes = self.nodes(entry, known)?;
            let values: Vec<_> = nodes
                .iter()
                .map(|node| self.value(node, key, known, &commands))
                .collect();
            let values = values
                .into_iter()
                .map(|value| value.map(Some))
                .collect::<Option<Vec<_>>>()?;
            (values, nodes.iter().map(|node| node.span.clone()).collect())
        };
        let taken = |value: &String| {
            own.is_none_or(|(words, _)| self.flags.refusal(words, key, value).is_none())
        };
        let arg = own
            .map(|(_, arg)| arg)
            .filter(|_| values.iter().flatten().all(taken));
        Some(FileFlag {
            key: key.to_owned(),
            key_span: entry.key_span.clone(),
            arg,
            values,
            spans,
        })
    }

    /// The values of a key: one, or those of a list where the flag may be repeated.
    fn nodes<'n>(&mut self, entry: &'n Entry, arg: &Arg) -> Option<&'n [Node]> {
        let key = &entry.key;
        match &entry.value.data {
            Data::List(nodes) if nodes.is_empty() => {
                self.problems.note(
                    &entry.value.span,
                    format!("`{key}` is an empty list"),
                    "a value is needed",
                    [],
                );
                None
            }
            Data::List(_) if !matches!(arg.get_action(), ArgAction::Append) => {
                let title = format!("`{key}` holds one value, and this is a list");
                self.problems
                    .note(&entry.value.span, title, "a single value is needed", []);
                None
            }
            Data::List(nodes) => Some(nodes),
            _ => Some(std::slice::from_ref(&entry.value)),
        }
    }

    fn value(
        &mut self,
        node: &Node,
        key: &str,
        arg: &Arg,
        commands: &[(&[&str], &Arg)],
    ) -> Option<String> {
        let written = self
            .problems
            .file
            .text
            .get(node.span.clone())
            .unwrap_or_default()
            .trim()
            .to_owned();
        let text = match &node.data {
            Data::Text(text) if !text.is_empty() => text.clone(),
            Data::Boolean(_) | Data::Integer(_) | Data::Number(_) if !is_text(arg) => {
                written.clone()
            }
            Data::Boolean(_) | Data::Integer(_) | Data::Number(_) => {
                let title = format!("`{key}` is a text, and this is {}", node.kind());
                self.problems.note(
                    &node.span,
                    title,
                    "not a text",
                    [format!("quote it: \"{written}\"")],
                );
                return None;
            }
            Data::Text(_) | Data::Null => {
                self.problems.note(
                    &node.span,
                    format!("`{key}` is empty"),
                    "a value is needed",
                    [],
                );
                return None;
            }
            Data::List(_) | Data::Map(_) => {
                let title = format!(
                    "`{key}` holds texts or numbers, and this is {}",
                    node.kind()
                );
                self.problems
                    .note(&node.span, title, "not a value of a flag", []);
                return None;
            }
        };
        let folder = Path::new(&self.problems.file.name)
            .parent()
            .unwrap_or(Path::new(""));
        let value = relocated(&text, arg, folder);
        // One file serves every command, and one that takes the value is enough.
        let mut refused = None;
        for (words, _) in commands {
            match self.flags.refusal(words, key, &value) {
                None => return Some(value),
                Some(error) => refused = refused.or(Some(error)),
            }
        }
        if let Some(error) = refused {
            let (label, help) = label_and_help(&text, &error);
            self.problems.note(
                &node.span,
                format!("`{key}` cannot be `{text}`"),
                label,
                help,
            );
        }
        None
    }
}

/// True if a flag's value is a path, or contains one.
fn is_path(arg: &Arg) -> bool {
    matches!(
        arg.get_value_hint(),
        ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath
    )
}

/// A value with its path, which is relative to the folder of the run file, made relative to the working directory.
fn relocated(text: &str, arg: &Arg, folder: &Path) -> String {
    if !is_path(arg) || folder.as_os_str().is_empty() {
        return text.to_owned();
    }
    let below = |path: &str| folder.join(path).display().to_string();
    let after =
        |first: &str, separator: char, path: &str| format!("{first}{separator}{}", below(path));
    match arg.get_long() {
        _ if text == "-" => text.to_owned(),
        Some("policy") if text.starts_with("builtin:") => text.to_owned(),
        Some("from") if text == "aws" => text.to_owned(),
        Some("from") => match text.split_once(':') {
            Some((kind, path))
                if !kind.contains(['/', '.', '\\']) && !folder.join(text).exists() =>
            {
                if path == "-" {
                    text.to_owned()
                } else {
                    after(kind, ':', path)
                }
            }
            _ => below(text),
        },
        Some("report") => match text.split_once('=') {
            Some((_, "-")) | None => text.to_owned(),
            Some((format, path)) => after(format, '=', path),
        },
        _ => below(text),
    }
}

/// The error of clap about a value, as a label and help.
fn label_and_help(text: &str, error: &clap::Error) -> (String, Vec<String>) {
    if let Some(ContextValue::Strings(allowed)) = error.get(ContextKind::ValidValue)
        && !allowed.is_empty()
    {
        return suggestions(text, allowed.iter().map(String::as_str));
    }
    let message =
        std::error::Error::source(error).map_or_else(|| "invalid".to_owned(), ToString::to_string);
    let mut lines = message.lines().map(str::to_owned);
    (lines.next().unwrap_or_default(), lines.collect())
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::*;
    use crate::cli::run_file::flags::command;

    /// Every flag with a value, once.
    fn flags(command: &Command) -> Vec<Arg> {
        let flags = Flags::of(command);
        let all = flags
            .keys()
            .into_iter()
            .map(|key| flags.named(key)[0].1.clone());
        all.filter(|arg| !matches!(arg.get_action(), ArgAction::SetTrue))
            .collect()
    }

    #[test]
    fn a_flag_that_names_a_file_says_so() {
        let command = command();
        for arg in flags(&command) {
            let names = arg.get_value_names().unwrap_or_default().join(" ");
            let file = ["PATH", "FILE", "FOLDER", "DIR", "SOURCE", ".json"]
                .iter()
                .any(|word| names.contains(word));
            assert_eq!(
                file,
                is_path(&arg),
                "--{} {names}: set `value_hint`",
                arg.get_long().unwrap_or_default()
            );
        }
    }

    #[test]
    fn paths_are_found_in_what_flags_hold() {
        let command = command();
        let flags = Flags::of(&command);
        let moved =
            |key: &str, text: &str| relocated(text, flags.named(key)[0].1, Path::new("a/b"));
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
