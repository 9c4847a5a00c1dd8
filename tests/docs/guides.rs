//! The guides to the first audit, the first policy, fleets and permissions, followed as their reader does: each file
//! that they show is written, each command is run. And what the README shows of the demo.
//!
//! A block of YAML begins with a comment that names the file it is, or is the end of. In a block of console, `$ `
//! begins a command of the shell and `…` means any lines; other blocks are only read. The commands read the control
//! plane of the demo.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use driftgate::emulator::{Emulator, HOME_ACCOUNT, HOME_REGION, Settings};
use tokio::runtime::Runtime;

use super::Page;

/// A reader's shell in a folder of its own.
struct Shell {
    folder: tempfile::TempDir,
    environment: Vec<(&'static str, String)>,
    /// The exit code of the last command, which the next one finds in `$?`.
    last: i32,
    _control_plane: (Emulator, Runtime),
}

impl Shell {
    fn open() -> Self {
        let runtime = Runtime::new().unwrap();
        let emulator = runtime.block_on(Emulator::start(Settings::demo())).unwrap();
        Self {
            folder: tempfile::tempdir().unwrap(),
            environment: emulator.environment(HOME_ACCOUNT, HOME_REGION),
            last: 0,
            _control_plane: (emulator, runtime),
        }
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn append(&self, name: &str, text: &str) {
        let before = fs::read_to_string(self.folder.path().join(name)).unwrap();
        self.write(name, &(before + text));
    }

    fn output(&self, script: &str) -> Output {
        let binaries = Path::new(env!("CARGO_BIN_EXE_driftgate")).parent().unwrap();
        Command::new("sh")
            .args(["-c", script])
            .current_dir(self.folder.path())
            // Neither the settings nor the credentials of the user who runs the tests.
            .env_clear()
            .env(
                "PATH",
                format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap()),
            )
            .env("NO_COLOR", "1")
            .env("GITHUB_STEP_SUMMARY", "summary.md")
            .env("HOME", self.folder.path())
            .envs(self.environment.iter().map(|(name, value)| (*name, value)))
            .output()
            .unwrap()
    }

    /// Runs a command and returns its stdout and stderr together.
    fn run(&mut self, command: &str) -> String {
        let output = self.output(&format!("exec 2>&1\n(exit {})\n{command}", self.last));
        self.last = output.status.code().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

/// Actual output, with `…` where the shown lines leave lines out; `None` when it cannot be shown so.
fn cut<'s>(
    shown: &[&str],
    actual: &[&'s str],
    same: fn(&str, &str) -> bool,
) -> Option<Vec<&'s str>> {
    let (with, rest) = match shown {
        [] => return actual.is_empty().then(Vec::new),
        ["…", rest @ ..] => (
            "…",
            (0..=actual.len()).find_map(|at| cut(rest, &actual[at..], same))?,
        ),
        [line, rest @ ..] => {
            let first = actual.first().filter(|first| same(line, first))?;
            (*first, cut(rest, &actual[1..], same)?)
        }
    };
    Some([with].into_iter().chain(rest).collect())
}

/// Output to show: all of it, but for what is left out now. Lines that begin with the same word
/// are taken for the same ones, so that a changed number does not bring back what was left out.
fn shortened(shown: &[&str], actual: &[&str]) -> String {
    fn begin_alike(one: &str, other: &str) -> bool {
        one.split_whitespace().next() == other.split_whitespace().next()
    }
    let lines =
        cut(shown, actual, |one, other| one == other).or_else(|| cut(shown, actual, begin_alike));
    lines
        .unwrap_or_else(|| actual.to_vec())
        .iter()
        .flat_map(|line| [line, "\n"])
        .collect()
}

/// Expected content of a block of console.
fn transcript(block: &[&str], shell: &mut Shell) -> String {
    let mut expected = String::new();
    let mut at = 0;
    while at < block.len() {
        let mut command = block[at]
            .strip_prefix("$ ")
            .unwrap_or_else(|| panic!("no command: {}", block[at]))
            .to_owned();
        expected += &format!("{}\n", block[at]);
        at += 1;
        while command.ends_with(['\\', '|']) {
            command += &format!("\n{}", block[at]);
            expected += &format!("{}\n", block[at]);
            at += 1;
        }
        let end = block[at..]
            .iter()
            .position(|line| line.starts_with("$ "))
            .map_or(block.len(), |next| at + next);
        let actual = shell.run(&command);
        let actual: Vec<&str> = actual.trim_end().lines().map(str::trim_end).collect();
        expected += &shortened(&block[at..end], &actual);
        at = end;
    }
    expected
}

/// Expected text of a guide with at least so many blocks of console.
fn followed(page: &Page, shell: &mut Shell, least: usize) -> String {
    let mut expected = String::new();
    let mut lines = page.text.lines();
    let mut commands = 0;
    while let Some(line) = lines.next() {
        expected += &format!("{line}\n");
        let Some(kind) = line.strip_prefix("```") else {
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let text = block.join("\n") + "\n";
        if kind == "console" {
            commands += 1;
            expected += &transcript(&block, shell);
        } else {
            expected += &text;
        }
        if kind == "yaml" {
            let name = block[0]
                .strip_prefix("# ")
                .unwrap_or_else(|| panic!("a file without a name: {text}"));
            match name.strip_prefix("at the end of ") {
                Some(name) => shell.append(name, &text),
                None => shell.write(name, &text),
            }
        }
        expected += "```\n";
    }
    assert!(commands >= least, "{commands}");
    expected
}

/// The steps of the workflow are commands that driftgate understands.
fn the_workflow_runs(workflow: &str, shell: &Shell) {
    let text =
        fs::read_to_string(shell.folder.path().join(".github/workflows").join(workflow)).unwrap();
    let workflow: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
    let jobs = workflow["jobs"].as_mapping().unwrap().values();
    let steps = jobs.flat_map(|job| job["steps"].as_sequence().unwrap());
    let scripts: Vec<&str> = steps.filter_map(|step| step["run"].as_str()).collect();
    assert!(scripts.len() >= 2, "{scripts:?}");
    for script in scripts {
        let output = shell.output(script);
        // 0 and 1 are verdicts; every other code means that the step is wrong.
        assert!(
            matches!(output.status.code(), Some(0 | 1)),
            "{script}: {output:?}"
        );
    }
}

#[test]
fn the_first_policy_can_be_written_word_by_word() {
    let (page, mut shell) = (Page::read("docs/guide/first-policy.md"), Shell::open());
    page.must_be(&followed(&page, &mut shell, 6));
    the_workflow_runs("policies.yaml", &shell);
}

#[test]
fn the_first_audit_can_be_followed_word_by_word() {
    let (page, mut shell) = (Page::read("docs/guide/first-audit.md"), Shell::open());
    page.must_be(&followed(&page, &mut shell, 6));
    the_workflow_runs("drift.yaml", &shell);
}

#[test]
fn the_guide_to_fleets_shows_what_is_printed() {
    let (page, mut shell) = (Page::read("docs/guide/fleet.md"), Shell::open());
    page.must_be(&followed(&page, &mut shell, 3));
}

#[test]
fn the_guide_to_permissions_can_be_followed_word_by_word() {
    let (page, mut shell) = (Page::read("docs/guide/doctor.md"), Shell::open());
    page.must_be(&followed(&page, &mut shell, 4));
}

#[test]
fn the_readme_shows_what_the_demo_prints() {
    let (page, mut shell) = (Page::read("README.md"), Shell::open());
    let (before, rest) = page.text.split_once("\n```text\n").unwrap();
    let (shown, after) = rest.split_once("\n```\n").unwrap();
    let (shown, actual): (Vec<&str>, String) =
        (shown.lines().collect(), shell.run("driftgate demo"));
    let expected = shortened(&shown, &actual.lines().collect::<Vec<_>>());
    page.must_be(&format!("{before}\n```text\n{expected}```\n{after}"));
}
