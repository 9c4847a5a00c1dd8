//! The examples in `deploy/` and the guide to fleets are true: they parse, each command of driftgate in them is one
//! that the binary understands, and each engine takes a shard that ended with 1 or 3 for done.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics has failed, as it should"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::{Captures, Regex};
use serde::Deserialize as _;
use serde_yaml::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Everything that the exit code of a run can be, and whether the shard did its work.
const CODES: [(i32, bool); 7] = [
    (0, true),
    (1, true),
    (2, false),
    (3, true),
    (4, false),
    (130, false),
    (143, false),
];

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The files of the examples, and the guide.
fn files() -> Vec<PathBuf> {
    let (mut found, mut folders) = (
        vec![Path::new(ROOT).join("docs/guide/fleet.md")],
        vec![Path::new(ROOT).join("deploy")],
    );
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The documents of a file of YAML or JSON.
fn documents(path: &str) -> Vec<Value> {
    let text = read(path);
    if path.ends_with(".json") {
        let document: serde_json::Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        return vec![serde_yaml::to_value(document).unwrap()];
    }
    let documents = serde_yaml::Deserializer::from_str(&text).map(Value::deserialize);
    documents
        .map(|document| document.unwrap_or_else(|error| panic!("{path}: {error}")))
        .collect()
}

/// The commands of driftgate in a document: in each text, and in each list that begins with the name of a program.
fn in_document(value: &Value, found: &mut Vec<Vec<String>>) {
    match value {
        Value::String(text) => found.extend(in_shell(text)),
        Value::Sequence(items) => {
            let words: Vec<&str> = items
                .iter()
                .map(|item| item.as_str().unwrap_or("1"))
                .collect();
            match words[..] {
                ["driftgate", ref rest @ ..] => {
                    found.push(rest.iter().map(|word| set(word)).collect());
                }
                // deploy/shard.sh, which takes the flags of an audit.
                ["shard", ref rest @ ..] => {
                    found.push(["audit"].iter().chain(rest).map(|word| set(word)).collect());
                }
                _ => items.iter().for_each(|item| in_document(item, found)),
            }
        }
        Value::Mapping(entries) => entries.values().for_each(|value| in_document(value, found)),
        Value::Tagged(tagged) => in_document(&tagged.value, found),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A word with a value for each variable in it: its default, or 1.
fn set(word: &str) -> String {
    let variable =
        Regex::new(r"\$\{\{[^}]*\}\}|\$\{\w+:-([^}]*)\}|\$\{[^}]*\}|\$\(\w+\)|\$[\w?]+").unwrap();
    variable
        .replace_all(word, |found: &Captures<'_>| {
            found.get(1).map_or("1", |text| text.as_str()).to_owned()
        })
        .into()
}

/// The commands of driftgate in a text of the shell: where a command can begin, and in `docker run IMAGE`.
fn in_shell(text: &str) -> Vec<Vec<String>> {
    let text = text.replace("\\\n", " ");
    let mut found = Vec::new();
    for line in text
        .lines()
        .map(|line| line.trim_start().trim_start_matches("$ "))
    {
        let mut commands = vec![Vec::new()];
        for word in words(line) {
            match word.as_str() {
                "&&" | "||" | "|" | "&" | ";" | "(" | ")" => commands.push(Vec::new()),
                // The rest is not for driftgate.
                word if word.starts_with(['>', '<']) || word.starts_with("2>") => {
                    commands.push(Vec::new());
                }
                "\"$@\"" => {}
                word => commands
                    .last_mut()
                    .unwrap()
                    .push(set(&word.replace(['"', '\''], ""))),
            }
        }
        for command in commands {
            let assigned = |word: &&String| {
                word.split_once('=')
                    .is_some_and(|(name, _)| !name.contains('-'))
            };
            let command: Vec<String> = command.iter().skip_while(assigned).cloned().collect();
            let at = match command.first().map(String::as_str) {
                Some("driftgate") => Some(0),
                Some("exec") => command.iter().position(|word| word == "driftgate"),
                Some("docker") if command.get(1).is_some_and(|verb| verb == "run") => {
                    command.iter().rposition(|word| word == "driftgate")
                }
                _ => None,
            };
            found.extend(at.map(|at| command[at + 1..].to_vec()));
        }
    }
    found
}

/// The words and signs of a line of the shell, quotes still on; a comment ends it.
fn words(line: &str) -> Vec<String> {
    let word =
        Regex::new(r#"(?:^|\s)#.*|&&|\|\||[|&;()]|(?:"[^"]*"|'[^']*'|\$\{\{[^}]*\}\}|\$\([^)]*\)|[^\s|&;()"'])+"#)
            .unwrap();
    let words = word.find_iter(line).map(|found| found.as_str().trim());
    words
        .take_while(|word| !word.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

/// The commands of driftgate in a file.
fn commands(path: &Path) -> Vec<Vec<String>> {
    let name = path.strip_prefix(ROOT).unwrap().to_str().unwrap();
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("yaml" | "json") => {
            let mut found = Vec::new();
            for document in documents(name) {
                in_document(&document, &mut found);
            }
            found
        }
        Some("md") => {
            let text = read(name);
            let blocks = text.split("\n```").skip(1).step_by(2);
            let blocks = blocks
                .filter_map(|block| block.split_once('\n'))
                .flat_map(|(_, block)| in_shell(block));
            let inline = Regex::new("`(driftgate [^`]+)`").unwrap();
            blocks
                .chain(
                    inline
                        .captures_iter(&text)
                        .flat_map(|found| in_shell(&found[1].replace('\n', " "))),
                )
                .collect()
        }
        _ => in_shell(&read(name)),
    }
}

/// Error of driftgate on a command. Clap reads from the left and stops at `--help`, so that all before it
/// is checked and nothing is run.
fn mistake(command: &[String]) -> Option<String> {
    let mut driftgate = Command::new(env!("CARGO_BIN_EXE_driftgate"));
    // For `--shard auto`.
    driftgate
        .env("AWS_BATCH_JOB_ARRAY_INDEX", "0")
        .env("AWS_BATCH_JOB_ARRAY_SIZE", "8");
    let output = driftgate.args(command).arg("--help").output().unwrap();
    (!output.status.success()).then(|| String::from_utf8(output.stderr).unwrap())
}

#[test]
fn every_command_in_the_examples_is_one() {
    let (mut checked, mut mistakes) = (0, Vec::new());
    for file in files() {
        for command in commands(&file) {
            checked += 1;
            let message = mistake(&command);
            mistakes.extend(message.map(|message| {
                format!(
                    "{}: driftgate {}\n{message}",
                    file.display(),
                    command.join(" ")
                )
            }));
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
    assert!(checked > 25, "only {checked} commands found");
}

#[test]
fn a_command_that_is_none_is_noticed() {
    let text = "# driftgate nothing\n\
        code=0; driftgate adit || code=$?\n\
        A=1 driftgate audit --polcy x \\\n  --region \"$REGION\" | cat\n\
        $ docker run --rm driftgate driftgate audit --rate fast\n\
        echo driftgate nothing\n\
        exec driftgate audit --fail-on \"${LEAST:-high}\" > out # --never\n";
    let found = in_shell(text);
    let lines: Vec<String> = found.iter().map(|command| command.join(" ")).collect();
    let expected = [
        "adit",
        "audit --polcy x --region 1",
        "audit --rate fast",
        "audit --fail-on high",
    ];
    assert_eq!(lines, expected);
    assert_eq!(
        found
            .iter()
            .map(|command| mistake(command).is_some())
            .collect::<Vec<_>>(),
        [true, true, true, false]
    );
    let mut listed = Vec::new();
    in_document(
        &serde_yaml::from_str("c: [shard, --polcy, !Ref X]").unwrap(),
        &mut listed,
    );
    assert_eq!(listed, [["audit", "--polcy", "X"]]);
}

#[test]
fn every_example_parses() {
    let parsed = files().into_iter().filter(|file| {
        file.extension()
            .is_some_and(|kind| kind == "yaml" || kind == "json")
    });
    let parsed: Vec<PathBuf> = parsed
        .inspect(|file| {
            let found = documents(file.strip_prefix(ROOT).unwrap().to_str().unwrap());
            assert!(found.iter().all(Value::is_mapping), "{}", file.display());
        })
        .collect();
    assert!(parsed.len() >= 6, "{parsed:?}");
}

/// The only document of its kind in a manifest.
fn job(path: &str) -> Value {
    documents(path)
        .into_iter()
        .find(|document| document["kind"] == "Job")
        .unwrap()
}

fn step<'v>(workflow: &'v Value, job: &str, name: &str) -> &'v Value {
    workflow["jobs"][job]["steps"]
        .as_sequence()
        .unwrap()
        .iter()
        .find(|step| step["name"] == name)
        .unwrap()
}

/// Variables of the environment.
type Variables = Vec<(&'static str, &'static str)>;

/// The script of each engine's shard, and what the engine sets.
fn shards() -> [(&'static str, String, Variables); 4] {
    let kubernetes = job("deploy/kubernetes/shards.yaml");
    let kubernetes = kubernetes["spec"]["template"]["spec"]["containers"][0]["args"][0]
        .as_str()
        .unwrap()
        .to_owned();
    let actions = documents("deploy/github-actions/fleet.yaml").remove(0);
    let actions = step(&actions, "shard", "Audit")["run"]
        .as_str()
        .unwrap()
        .to_owned();
    let s3 = ("RESULTS", "s3://results/runs/1");
    [
        (
            "Kubernetes",
            kubernetes,
            vec![("JOB_COMPLETION_INDEX", "0")],
        ),
        (
            "GitHub Actions",
            actions,
            vec![("SHARD", "1"), ("SHARDS", "4")],
        ),
        (
            "AWS Batch",
            read("deploy/shard.sh"),
            vec![s3, ("AWS_BATCH_JOB_ARRAY_INDEX", "0")],
        ),
        (
            "Step Functions",
            read("deploy/shard.sh"),
            vec![s3, ("SHARD", "1/4")],
        ),
    ]
}

/// A shell where driftgate ends with a code and every other program writes its arguments into `asked`.
struct Stage(tempfile::TempDir);

impl Stage {
    fn new(code: i32, programs: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let driftgate = format!(
            "echo driftgate \"$@\" >> asked\n[ {code} = 2 ] || echo >all.json\nexit {code}\n"
        );
        for (name, script) in programs
            .iter()
            .copied()
            .chain([("driftgate", driftgate.as_str())])
        {
            let path = folder.path().join(name);
            fs::write(&path, format!("#!/bin/sh\n{script}")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self(folder)
    }

    /// The exit code of a script, and the calls it made of the programs.
    fn run(&self, script: &str, environment: &[(&str, &str)]) -> (i32, String) {
        let folder = self.0.path();
        let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
        // As GitHub Actions runs a step: the first command that fails ends it.
        let mut shell = Command::new("sh");
        shell
            .args(["-e", "-c", script])
            .current_dir(folder)
            .env("PATH", path)
            .envs(environment.iter().copied());
        let code = shell.output().unwrap().status.code().unwrap();
        (
            code,
            fs::read_to_string(folder.join("asked")).unwrap_or_default(),
        )
    }
}

const AWS: (&str, &str) = ("aws", "echo aws \"$@\" >> asked\n");

#[test]
fn a_shard_is_done_when_it_has_a_verdict() {
    for (engine, script, environment) in shards() {
        for (code, done) in CODES {
            let (ended, asked) = Stage::new(code, &[AWS]).run(&script, &environment);
            assert_eq!(ended, if done { 0 } else { code }, "{engine}: {asked}");
            assert!(asked.starts_with("driftgate audit "), "{engine}: {asked}");
            // Only the results of finished shards go to S3.
            let stored = asked.contains("aws s3 cp");
            assert_eq!(
                stored,
                done && script.contains("aws s3"),
                "{engine} {code}: {asked}"
            );
        }
    }
}

#[test]
fn a_result_that_cannot_be_stored_is_no_verdict() {
    let broken = [("aws", "exit 1\n")];
    let (_, script, environment) = shards().into_iter().next_back().unwrap();
    assert_eq!(Stage::new(0, &broken).run(&script, &environment).0, 4);
    assert_eq!(
        Stage::new(0, &broken)
            .run(&read("deploy/merge.sh"), &environment)
            .0,
        4
    );
}

#[test]
fn the_merge_is_the_gate() {
    let kubernetes = job("deploy/kubernetes/merge.yaml");
    let kubernetes = kubernetes["spec"]["template"]["spec"]["containers"][0]["args"][0]
        .as_str()
        .unwrap()
        .to_owned();
    let actions = documents("deploy/github-actions/fleet.yaml").remove(0);
    let actions = step(&actions, "merge", "Merge")["run"]
        .as_str()
        .unwrap()
        .to_owned();
    let environment = [
        ("RESULTS", "s3://results/runs/1"),
        ("GITHUB_STEP_SUMMARY", "summary.md"),
    ];
    for (code, _) in CODES {
        for script in [&kubernetes, &actions, &read("deploy/merge.sh")] {
            let (ended, asked) = Stage::new(code, &[AWS]).run(script, &environment);
            assert_eq!(ended, code, "{asked}");
            assert!(asked.contains("driftgate report merge "), "{asked}");
        }
    }
}

#[test]
fn the_scripts_that_run_it_all_end_with_the_code_of_the_merge() {
    let kubectl = |code: &str| {
        format!(
            "case \"$*\" in\n\
             *conditions*) printf 'SuccessCriteriaMet Complete' ;;\n\
             *exitCode*) printf %s '{code}' ;;\n\
             esac\n"
        )
    };
    let aws = |code: &str| {
        format!(
            "case \"$*\" in\n\
             *'jobs[0].status') echo FAILED ;;\n\
             *exitCode) echo '{code}' ;;\n\
             *) echo one ;;\n\
             esac\n"
        )
    };
    for (code, ended) in [("0", 0), ("1", 1), ("2", 2), ("3", 3), ("", 4)] {
        let script = |folder: &str| format!("sh {ROOT}/deploy/{folder}/run.sh");
        assert_eq!(
            Stage::new(0, &[("kubectl", &kubectl(code))])
                .run(&script("kubernetes"), &[])
                .0,
            ended
        );
        let none = if code.is_empty() { "None" } else { code };
        assert_eq!(
            Stage::new(0, &[("aws", &aws(none))])
                .run(&script("aws-batch"), &[])
                .0,
            ended
        );
    }
    // The tool's own failure is never taken for a verdict.
    for (folder, tool) in [("kubernetes", "kubectl"), ("aws-batch", "aws")] {
        let (ended, _) = Stage::new(0, &[(tool, "exit 1\n")])
            .run(&format!("sh {ROOT}/deploy/{folder}/run.sh"), &[]);
        assert_eq!(ended, 4, "{folder}");
    }
}

#[test]
fn what_must_agree_does() {
    let shards = job("deploy/kubernetes/shards.yaml");
    let script = shards["spec"]["template"]["spec"]["containers"][0]["args"][0]
        .as_str()
        .unwrap();
    let completions = shards["spec"]["completions"].as_u64().unwrap();
    assert!(
        script.contains(&format!("--shard auto/{completions} ")),
        "{completions}: {script}"
    );

    let rust = Regex::new("rust-version = \"(.*)\"")
        .unwrap()
        .captures(&read("Cargo.toml"))
        .unwrap()[1]
        .to_owned();
    assert!(
        read("deploy/Dockerfile").contains(&format!("FROM rust:{rust}-")),
        "{rust}"
    );

    // Files that the program includes must be in the image's build.
    let ignored = read("deploy/Dockerfile.dockerignore");
    for needed in [
        "!Cargo.toml",
        "!Cargo.lock",
        "!benches",
        "!docs/reference/exit-codes.md",
        "!policies",
        "!src",
    ] {
        assert!(ignored.lines().any(|line| line == needed), "{needed}");
    }
}
