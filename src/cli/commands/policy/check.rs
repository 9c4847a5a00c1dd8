//! `driftgate policy check`: reports every mistake in policies, waivers and run files.

use serde::Serialize;

use crate::cli::args::{Global, PolicyCheck, TextOrJson};
use crate::cli::pipeline::policies::{PolicyFiles, paths_to_check, warn};
use crate::cli::pipeline::today;
use crate::cli::plural::plural;
use crate::cli::run_file;
use crate::cli::stop::Stop;
use crate::cli::terminal::diagnostics::{self, Fault};
use crate::cli::terminal::output::{self, is_same_file};
use crate::gate;
use crate::policy::author::lint::{self, Lint};
use crate::policy::read::files::{self, PassedOver, Unreadable};
use crate::policy::read::waiver::{self, Waivers};
use crate::policy::text::diagnostic::{Diagnostic, Excerpt};
use crate::policy::{Policies, load};

/// Runs the command.
pub fn run(command: &PolicyCheck, global: &Global) -> Result<u8, Stop> {
    let files = files(command, global);
    let mut mistakes = global.run_file_mistakes.clone();
    let run_files = files.run_files.iter();
    mistakes.extend(
        run_files
            .filter_map(|text| run_file::flags_of(text).err())
            .flatten(),
    );
    let policies = load(files.policies).unwrap_or_else(|found| {
        mistakes.extend(found);
        Policies::default()
    });
    let waivers = waiver::load(&files.waivers, today()).unwrap_or_else(|found| {
        mistakes.extend(found);
        Waivers::default()
    });
    let (unreadable, passed_over) = (files.unreadable, files.passed_over);
    let right = unreadable.is_empty() && mistakes.is_empty();
    let mut warnings = Vec::new();
    // With mistakes the warnings may be wrong.
    if right {
        warnings = lint::warnings(&policies);
        warnings.extend(lint::waivers::warnings(&policies, &waivers));
    }
    if command.format == TextOrJson::Json {
        let policies = right.then_some(&policies);
        let mut checked = Checked::of(&unreadable, &mistakes, &warnings, policies);
        checked
            .warnings
            .extend(passed_over.iter().map(Message::passed_over));
        output::json(&checked)?;
    } else {
        if !right {
            diagnostics::faults(&unreadable, &mistakes, "");
        }
        if !global.quiet {
            diagnostics::warnings(&warnings);
            warn(&passed_over);
        }
        if right && !global.quiet {
            let own = global.run_file.as_deref().into_iter();
            let run_files = own.chain(files.run_files.iter().map(|file| &*file.name));
            let warned = warnings.len() + passed_over.len();
            let line = closing_line(&policies, &waivers, run_files, warned);
            output::write(&output::Target::Stdout, |out| writeln!(out, "{line}"))?;
        }
    }
    Ok(if right { gate::CONFORMS } else { gate::USAGE })
}

/// The files to check: tests go with the policies, and waivers that a flag names with those that are found.
fn files(command: &PolicyCheck, global: &Global) -> PolicyFiles {
    let paths = paths_to_check(&command.policies.paths);
    let mut files = PolicyFiles::read(&paths, global.run_file.as_deref());
    files.policies.append(&mut files.tests);
    let unreadable = global.run_file_unreadable.clone();
    files.unreadable.splice(..0, unreadable);
    let (named, missing) = files::read_each(&command.waivers);
    files.unreadable.extend(missing);
    files.waivers.retain(|found| {
        !named
            .iter()
            .any(|named| is_same_file(&named.name, &found.name))
    });
    files.waivers.extend(named);
    files
}

fn tests_of(policies: &Policies) -> usize {
    policies
        .policies
        .iter()
        .map(|policy| policy.tests.len())
        .sum()
}

fn closing_line<'f>(
    policies: &Policies,
    waivers: &Waivers,
    run_files: impl Iterator<Item = &'f str>,
    warnings: usize,
) -> String {
    let mut parts = Vec::new();
    if !policies.policies.is_empty() {
        parts.push(plural(policies.policies.len(), "policy"));
        parts.push(plural(policies.rules, "rule"));
        parts.push(plural(tests_of(policies), "test"));
    }
    if !waivers.waivers.is_empty() {
        parts.push(plural(waivers.waivers.len(), "waiver"));
    }
    parts.extend(run_files.map(|name| format!("run file {name}")));
    let warned = if warnings == 0 {
        String::new()
    } else {
        format!(", {}", plural(warnings, "warning"))
    };
    format!("{}: no mistakes{warned}", parts.join(", "))
}

/// The document that is written as JSON.
#[derive(Serialize)]
struct Checked<'c> {
    format: &'static str,
    version: u32,
    errors: Vec<Message<'c>>,
    warnings: Vec<Message<'c>>,
    /// The files with more than a hundred errors or warnings.
    not_shown: Vec<NotShown<'c>>,
    /// The number of policies; null if there are errors.
    policies: Option<usize>,
    rules: Option<usize>,
    tests: Option<usize>,
}

#[derive(Serialize)]
struct Message<'c> {
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    file: &'c str,
    line: Option<usize>,
    column: Option<usize>,
    end_column: Option<usize>,
    title: &'c str,
    label: Option<&'c str>,
    help: Vec<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    beside: Option<Related<'c>>,
}

/// Another place that a warning is about.
#[derive(Serialize)]
struct Related<'c> {
    file: &'c str,
    line: usize,
    column: usize,
    end_column: usize,
    label: &'c str,
}

#[derive(Serialize)]
struct NotShown<'c> {
    file: &'c str,
    errors: usize,
    warnings: usize,
}

impl<'c> Checked<'c> {
    /// Collects everything; `policies` is `None` if there are errors.
    fn of(
        unreadable: &'c [Unreadable],
        mistakes: &'c [Diagnostic],
        warnings: &'c [Lint],
        policies: Option<&Policies>,
    ) -> Self {
        const MOST: usize = diagnostics::MOST_A_FILE;
        let mut checked = Self {
            format: "driftgate.policy-check",
            version: 1,
            errors: Vec::new(),
            warnings: Vec::new(),
            not_shown: Vec::new(),
            policies: policies.map(|policies| policies.policies.len()),
            rules: policies.map(|policies| policies.rules),
            tests: policies.map(tests_of),
        };
        for of_one_file in
            Fault::in_order(unreadable, mistakes).chunk_by(|a, b| a.file() == b.file())
        {
            checked
                .errors
                .extend(of_one_file.iter().take(MOST).map(|fault| match fault {
                    Fault::Mistake(mistake) => Message::at(mistake),
                    Fault::Unreadable(unreadable) => Message::unreadable(unreadable),
                }));
            let errors = of_one_file.len().saturating_sub(MOST);
            checked.not_shown.push(NotShown {
                file: of_one_file[0].file(),
                errors,
                warnings: 0,
            });
        }
        for of_one_file in warnings.chunk_by(|a, b| a.diagnostic.file == b.diagnostic.file) {
            checked
                .warnings
                .extend(of_one_file.iter().take(MOST).map(Message::warning));
            let warnings = of_one_file.len().saturating_sub(MOST);
            checked.not_shown.push(NotShown {
                file: &of_one_file[0].diagnostic.file.name,
                errors: 0,
                warnings,
            });
        }
        checked
            .not_shown
            .retain(|file| file.errors + file.warnings > 0);
        checked
    }
}

impl<'c> Message<'c> {
    fn unreadable(of: &'c Unreadable) -> Self {
        let place = of.place.as_ref();
        let start = place.map(|place| place.file.position(place.span.start));
        Self {
            kind: None,
            file: &of.path,
            line: start.map(|(line, _)| line),
            column: start.map(|(_, column)| column),
            end_column: place.map(|place| place.file.position(place.span.end).1),
            title: &of.problem,
            label: place.map(|place| place.label.as_str()),
            help: vec![&of.help],
            beside: None,
        }
    }

    fn at(of: &'c Diagnostic) -> Self {
        let (line, column) = of.file.position(of.span.start);
        let (_, end_column) = of.file.position(of.span.end);
        Self {
            kind: None,
            file: &of.file.name,
            line: Some(line),
            column: Some(column),
            end_column: Some(end_column),
            title: &of.title,
            label: Some(&of.label),
            help: of.help.iter().map(String::as_str).collect(),
            beside: None,
        }
    }

    fn passed_over(of: &'c PassedOver) -> Self {
        Self {
            kind: Some("not-read"),
            file: &of.path,
            line: None,
            column: None,
            end_column: None,
            title: &of.reason,
            label: None,
            help: Vec::new(),
            beside: None,
        }
    }

    fn warning(of: &'c Lint) -> Self {
        let beside = |place: &'c Excerpt| {
            let (line, column) = place.file.position(place.span.start);
            let (_, end_column) = place.file.position(place.span.end);
            Related {
                file: &place.file.name,
                line,
                column,
                end_column,
                label: &place.label,
            }
        };
        Self {
            kind: Some(of.kind.name()),
            beside: of.beside.as_ref().map(beside),
            ..Self::at(&of.diagnostic)
        }
    }
}
