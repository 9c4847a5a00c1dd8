//! The files under the paths of policies, by kind: policies, their tests, waivers and run files. A file that the command
//! does not use is an error or is named. It must not know the contents of policies.

use std::borrow::Cow;
use std::fs;
use std::sync::Arc;

use super::clock::today;
use crate::cli::args::Global;
use crate::cli::run_file;
use crate::cli::stop::Stop;
use crate::cli::terminal::diagnostics;
use crate::cli::terminal::output::is_same_file;
use crate::gate;
use crate::model::state::{Warning, WarningKind};
use crate::policy::read::example;
use crate::policy::read::files::{self, PassedOver, Unreadable};
use crate::policy::read::load::is_test_file;
use crate::policy::read::tuning::Tuning;
use crate::policy::read::waiver::{self, Waivers};
use crate::policy::text::diagnostic::{Diagnostic, SourceText};
use crate::policy::{Policies, load_tuned};

/// A file that was read.
type Text = Arc<SourceText>;

/// The files under the paths of policies, by kind.
#[derive(Default)]
pub struct PolicyFiles {
    /// Policies.
    pub policies: Vec<Text>,
    /// Their tests in files of their own.
    pub tests: Vec<Text>,
    /// Waivers.
    pub waivers: Vec<Text>,
    /// Run files.
    pub run_files: Vec<Text>,
    /// The run file of this run, if it is among them: it was read before.
    pub own: Option<Text>,
    /// Files and folders that cannot be read.
    pub unreadable: Vec<Unreadable>,
    /// Entries of folders that were not read.
    pub passed_over: Vec<PassedOver>,
}

impl PolicyFiles {
    /// Reads the paths, or the default one; `own` is the run file of this run.
    pub fn read(paths: &[String], own: Option<&str>) -> Self {
        let files::Found {
            texts,
            unreadable,
            passed_over,
        } = files::read(&paths_or_default(paths));
        let mut sorted = Self {
            unreadable,
            passed_over,
            ..Self::default()
        };
        for text in texts {
            if own.is_some_and(|own| is_same_file(own, &text.name)) {
                sorted.own = Some(text);
            } else if is_test_file(&text.name) {
                sorted.tests.push(text);
            } else if run_file::is_run_file(&text.name) {
                sorted.run_files.push(text);
            } else if waiver::is_waivers(&text) {
                sorted.waivers.push(text);
            } else {
                sorted.policies.push(text);
            }
        }
        sorted
    }
}

/// The request of a command for policies.
pub struct LoadRequest<'r> {
    /// The paths; the default one when there are none.
    pub paths: &'r [String],
    /// True if tests in files of their own are loaded too.
    pub tests: bool,
    /// The run file of this run.
    pub run_file: Option<&'r str>,
    /// The files of waivers in use; `None` for a command that uses neither waivers nor run files.
    pub waivers: Option<&'r [String]>,
    /// The changes of flags and the run file.
    pub tuning: &'r Tuning,
    /// The words for policies that were named, as a reason to read them.
    pub named: &'r str,
    /// The consequence of a mistake, for its message.
    pub consequence: &'r str,
}

impl LoadRequest<'_> {
    /// The reason for which the policies are read.
    fn why(&self) -> &str {
        match default_path() {
            _ if !self.paths.is_empty() => self.named,
            FOLDER => "policies/ is here",
            _ => "no policies/ here",
        }
    }
}

/// The policies of a command.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The policies.
    pub policies: Policies,
    /// The files that were read, policies or not.
    pub files: Vec<String>,
    /// Files and entries of folders that are not in force.
    pub passed_over: Vec<PassedOver>,
}

impl Loaded {
    /// The entries that were passed over, as warnings of every report.
    pub fn warnings(&self) -> Vec<Warning> {
        let warning =
            |passed: &PassedOver| Warning::new(WarningKind::PolicyFileNotRead, passed.to_string());
        self.passed_over.iter().map(warning).collect()
    }

    /// Names on stderr what was passed over.
    pub fn warn(&self) {
        warn(&self.passed_over);
    }
}

/// Names on stderr what was passed over.
pub fn warn(passed_over: &[PassedOver]) {
    for passed in passed_over {
        diagnostics::warning(&passed.to_string());
    }
}

/// Loads the policies under the paths, or under the default one.
pub fn load_policies(request: &LoadRequest<'_>) -> Result<Loaded, Stop> {
    let mut found = PolicyFiles::read(request.paths, request.run_file);
    let files = found.names();
    found.refuse_as_policies(request.paths)?;
    let mut mistakes = found.sort_tests(request);
    found.leave_out_used(request.waivers.unwrap_or_default());
    mistakes.extend(found.mistakes_not_in_force());
    let mut passed_over = std::mem::take(&mut found.passed_over);
    if request.waivers.is_some() {
        passed_over.extend(found.not_in_use());
    }
    let mut policies = load_tuned(found.policies, request.tuning).unwrap_or_else(|more| {
        mistakes.extend(more);
        Policies::default()
    });
    request.why().clone_into(&mut policies.why);
    if found.unreadable.is_empty() && mistakes.is_empty() {
        return Ok(Loaded {
            policies,
            files,
            passed_over,
        });
    }
    diagnostics::faults(&found.unreadable, &mistakes, request.consequence);
    Err(Stop::silent(gate::USAGE))
}

impl PolicyFiles {
    /// The names of all files but the run file of this run.
    fn names(&self) -> Vec<String> {
        [&self.policies, &self.tests, &self.waivers, &self.run_files]
            .into_iter()
            .flatten()
            .map(|text| text.name.clone())
            .collect()
    }

    /// Refuses run files and waivers that are named as policies, or are the only files: a run file at once, and waivers
    /// as a policy with mistakes.
    fn refuse_as_policies(&mut self, paths: &[String]) -> Result<(), Stop> {
        let is_named = |text: &Text| paths.contains(&text.name);
        let alone = self.policies.is_empty() && self.unreadable.is_empty();
        let mut run_files = self.run_files.iter().chain(&self.own);
        let only_run_files = alone && self.waivers.is_empty();
        if let Some(file) = run_files.find(|file| only_run_files || is_named(file)) {
            return Err(no_policy(&file.name));
        }
        let as_policies = self.waivers.extract_if(.., |text| alone || is_named(text));
        self.policies.extend(as_policies);
        Ok(())
    }

    /// Puts the tests that are wanted with the policies, and returns the mistakes in the others.
    fn sort_tests(&mut self, request: &LoadRequest<'_>) -> Vec<Diagnostic> {
        let mut mistakes = Vec::new();
        for text in self.tests.drain(..) {
            if request.tests || request.paths.contains(&text.name) {
                self.policies.push(text);
            } else {
                mistakes.extend(example::mistaken_file(&text));
            }
        }
        mistakes
    }

    /// Leaves out the waivers in use, which are read by themselves.
    fn leave_out_used(&mut self, used: &[String]) {
        let in_use = |text: &Text| used.iter().any(|used| is_same_file(used, &text.name));
        self.waivers.retain(|text| !in_use(text));
    }

    /// The mistakes in run files and waivers that are not in force. Passed over without a check, a policy with a
    /// misspelt key would not be enforced.
    fn mistakes_not_in_force(&self) -> Vec<Diagnostic> {
        let of_run_files = self
            .run_files
            .iter()
            .filter_map(|text| run_file::flags_of(text).err());
        let of_waivers = waiver::load(&self.waivers, today()).err();
        of_run_files.chain(of_waivers).flatten().collect()
    }

    /// The waivers and run files, as entries that were passed over.
    fn not_in_use(&self) -> impl Iterator<Item = PassedOver> {
        let waivers = self.waivers.iter();
        let run_files = self.run_files.iter();
        waivers
            .map(|text| not_in_use(text, "holds waivers", "--waivers"))
            .chain(run_files.map(|text| not_in_use(text, "is a run file", "--config")))
    }
}

fn no_policy(name: &str) -> Stop {
    Stop::usage(format!(
        "{name} is a run file, not a policy.\nName a policy; a run file is read with --config {name}"
    ))
}

fn not_in_use(text: &Text, what: &str, flag: &str) -> PassedOver {
    let reason = format!(
        "{what} and is not in use: name it with {flag} {}, or keep it elsewhere",
        text.name
    );
    PassedOver {
        path: text.name.clone(),
        reason,
    }
}

/// The paths of policies, or the default one.
fn paths_or_default(paths: &[String]) -> Vec<String> {
    if !paths.is_empty() {
        return paths.to_vec();
    }
    vec![default_path().to_owned()]
}

/// The folder that is read unless others are named.
const FOLDER: &str = "policies";

/// The default path: the folder, or a pack where there is none.
fn default_path() -> &'static str {
    // A broken link is meant as a folder of policies, which a pack must not replace.
    if fs::symlink_metadata(FOLDER).is_ok() {
        FOLDER
    } else {
        "builtin:foundation"
    }
}

/// The paths of a command that checks policies: by default the folder `policies`, never a pack instead.
pub fn paths_to_check(paths: &[String]) -> Cow<'_, [String]> {
    if paths.is_empty() {
        Cow::Owned(vec![FOLDER.to_owned()])
    } else {
        Cow::Borrowed(paths)
    }
}

/// Loads policies with their tests for a command that reads no stages, and names what was passed over.
pub fn load_for(paths: &[String], global: &Global, consequence: &str) -> Result<Policies, Stop> {
    let run_file = global.run_file.as_deref();
    let loaded = load_policies(&LoadRequest {
        paths,
        tests: true,
        run_file,
        waivers: None,
        tuning: &Tuning::default(),
        named: "",
        consequence,
    })?;
    if !global.quiet {
        loaded.warn();
    }
    Ok(loaded.policies)
}

/// Loads the waivers of files as of today, with the texts of the files.
pub fn load_waivers(
    paths: &[String],
    consequence: &str,
) -> Result<(Waivers, Vec<Arc<SourceText>>), Stop> {
    let (texts, unreadable) = files::read_each(paths);
    let (waivers, mistakes) = match waiver::load(&texts, today()) {
        Ok(waivers) => (waivers, Vec::new()),
        Err(found) => (Waivers::default(), found),
    };
    if unreadable.is_empty() && mistakes.is_empty() {
        return Ok((waivers, texts));
    }
    diagnostics::faults(&unreadable, &mistakes, consequence);
    Err(Stop::silent(gate::USAGE))
}
