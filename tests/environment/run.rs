//! One run of the binary, in an environment of its own.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use driftgate::emulator::{Emulator, Fleet, Settings, document};
use tokio::runtime::Runtime;

pub const ACCOUNT: &str = "111122223333";
pub const REGION: &str = "us-east-1";

/// The control plane of all runs.
pub static PLANE: LazyLock<(Runtime, Emulator)> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let stages = vec![document::http_stage("prod")];
    let fleet = Fleet::new().api(ACCOUNT, REGION, document::http_api("a1", "a1"), stages);
    let emulator = runtime
        .block_on(Emulator::start(Settings {
            fleet,
            ..Settings::default()
        }))
        .unwrap();
    (runtime, emulator)
});

/// The result of a run.
pub struct Ran {
    pub exit: i32,
    pub out: String,
    pub err: String,
    pub took: Duration,
}

impl Ran {
    /// The defect in the output of a run.
    pub fn ugly(&self) -> Option<&'static str> {
        let all = [self.out.as_str(), self.err.as_str()].concat();
        let dumped = [
            "Error {",
            "Error(",
            "Some(",
            "None)",
            "kind: ",
            "source: ",
            "RUST_BACKTRACE",
        ];
        if all.contains("panicked") {
            Some("it panicked")
        } else if dumped.iter().any(|dump| all.contains(dump)) {
            Some("it shows what only programmers read")
        } else if !(0..=4).contains(&self.exit) {
            Some("the exit code is none")
        } else if self.exit == 4 && self.err.trim().is_empty() {
            Some("it says nothing")
        } else {
            None
        }
    }
}

/// Runs the binary in the folder with these variables and no others of AWS.
pub fn run(folder: &Path, variables: &[(&str, &str)], flags: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
    let kept = [
        "PATH",
        "HOME",
        "TMPDIR",
        "LD_LIBRARY_PATH",
        "LLVM_PROFILE_FILE",
    ];
    command
        .env_clear()
        .envs(std::env::vars().filter(|(name, _)| kept.contains(&name.as_str())));
    for (name, value) in variables {
        command.env(name, value);
    }
    let start = Instant::now();
    let output = command
        .current_dir(folder)
        .args(flags)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let Output {
        status,
        stdout,
        stderr,
    } = output;
    Ran {
        exit: status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&stdout).into_owned(),
        // Messages are broken into lines.
        err: String::from_utf8_lossy(&stderr)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" "),
        took: start.elapsed(),
    }
}

/// The variables that lead to the control plane, with some of them changed or added.
pub fn environment<'a>(
    plane: &'a [(String, String)],
    more: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let mut all: Vec<(&str, &str)> = plane
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    all.extend([
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
    ]);
    all.extend([("AWS_EC2_METADATA_DISABLED", "true")]);
    all.extend(more);
    all
}

pub fn plane() -> Vec<(String, String)> {
    let variables = PLANE.1.environment(ACCOUNT, REGION);
    variables
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

pub const AUDIT: [&str; 7] = [
    "audit", "--policy", "p.yaml", "--rate", "0", "--report", "json",
];

/// A folder with a policy.
pub fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let policy =
        "policy: p\nrules:\n  - {id: r, title: t, severity: low, expect: {StageName: prod}}\n";
    std::fs::write(folder.path().join("p.yaml"), policy).unwrap();
    folder
}

/// Audits the control plane.
pub fn audit(more: &[(&str, &str)], flags: &[&str]) -> Ran {
    let (folder, plane) = (folder(), plane());
    run(
        folder.path(),
        &environment(&plane, more),
        &[&AUDIT[..], flags].concat(),
    )
}
