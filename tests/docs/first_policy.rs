//! docs/guide/first-policy.md, walked through as its reader does: each file it shows is written, each command is run.
//!
//! A block of YAML begins with a comment that says which file it is, or is the end of. In a block of console, `$ ` begins a command
//! of the shell and `…` stands for any lines. The commands read the control plane of the demo.

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
            .env("PATH", format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap()))
            .env("NO_COLOR", "1")
            .env("GITHUB_STEP_SUMMARY", "summary.md")
            .envs(self.environment.iter().map(|(name, value)| (*name, value)))
            .output()
            .unwrap()
    }

    /// Runs a command; what it says on stdout and stderr together.
    fn run(&mut self, command: &str) -> String {
        let output = self.output(&format!("exec 2>&1\n(exit {})\n{command}", self.last));
        self.last = output.status.code().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

/// Whether the lines that a guide shows are those that were said.
fn fits(shown: &[&str], said: &[&str]) -> bool {
    match shown {
        [] => said.is_empty(),
        ["…", rest @ ..] => (0..=said.len()).any(|at| fits(rest, &said[at..])),
        [line, rest @ ..] => said.first() == Some(line) && fits(rest, &said[1..]),
    }
}

/// What a block of console should say. What fits stays as it is, with its `…`.
fn transcript(block: &[&str], shell: &mut Shell) -> String {
    let mut wanted = String::new();
    let mut at = 0;
    while at < block.len() {
        let mut command =
            block[at].strip_prefix("$ ").unwrap_or_else(|| panic!("no command: {}", block[at])).to_owned();
        wanted += &format!("{}\n", block[at]);
        at += 1;
        while command.ends_with(['\\', '|']) {
            command += &format!("\n{}", block[at]);
            wanted += &format!("{}\n", block[at]);
            at += 1;
        }
        let end = block[at..].iter().position(|line| line.starts_with("$ ")).map_or(block.len(), |next| at + next);
        let said = shell.run(&command);
        let said: Vec<&str> = said.trim_end().lines().map(str::trim_end).collect();
        let shown = &block[at..end];
        for line in if fits(shown, &said) { shown } else { &said } {
            wanted += &format!("{line}\n");
        }
        at = end;
    }
    wanted
}

#[test]
fn the_guide_can_be_followed_word_by_word() {
    let page = Page::read("guide/first-policy.md");
    let mut shell = Shell::open();
    let mut wanted = String::new();
    let mut lines = page.text.lines();
    let mut commands = 0;
    while let Some(line) = lines.next() {
        wanted += &format!("{line}\n");
        let Some(kind) = line.strip_prefix("```") else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let text = block.join("\n") + "\n";
        match kind {
            "yaml" => {
                let name = block[0].strip_prefix("# ").unwrap_or_else(|| panic!("a file without a name: {text}"));
                match name.strip_prefix("at the end of ") {
                    Some(name) => shell.append(name, &text),
                    None => shell.write(name, &text),
                }
                wanted += &text;
            }
            "console" => {
                commands += 1;
                wanted += &transcript(&block, &mut shell);
            }
            _ => panic!("a block of `{kind}` that nothing tries"),
        }
        wanted += "```\n";
    }
    assert!(commands > 5, "{commands}");
    page.must_be(&wanted);
    the_pipeline_runs(&shell);
}

/// The steps of the workflow, which is the last file, are commands that driftgate understands.
fn the_pipeline_runs(shell: &Shell) {
    let text = fs::read_to_string(shell.folder.path().join(".github/workflows/policies.yaml")).unwrap();
    let workflow: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
    let steps = workflow["jobs"]["policies"]["steps"].as_sequence().unwrap();
    let scripts: Vec<&str> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
    assert!(scripts.len() >= 2, "{scripts:?}");
    for script in scripts {
        let output = shell.output(script);
        // 0 and 1 are verdicts; every other code means that the step is wrong.
        assert!(matches!(output.status.code(), Some(0 | 1)), "{script}: {output:?}");
    }
}
