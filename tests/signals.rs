//! SIGINT and SIGTERM on the binary: it ends soon, with the contract's exit code, and the results so far are written
//! and marked incomplete.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use driftgate::emulator::{Effect, Emulator, Fault, Fleet, Operation, Settings, document};
use serde_json::Value as Json;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "us-east-1";
/// The meaning of "promptly" on a busy machine.
const PROMPT: Duration = Duration::from_secs(5);

const POLICY: &str =
    "policy: p\nrules:\n  - {id: r, title: t, severity: low, expect: {Tags: [owner]}}\n";

/// Ten APIs with a stage each; reading the stages of the last one never ends.
fn hanging(what: Fault) -> (Runtime, Emulator) {
    let fleet = (0..10).fold(Fleet::new(), |fleet, at| {
        let id = format!("api{at}");
        fleet.api(
            ACCOUNT,
            REGION,
            document::http_api(&id, &id),
            vec![document::http_stage("prod")],
        )
    });
    let settings = Settings {
        fleet,
        faults: vec![what],
        ..Settings::default()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let emulator = runtime.block_on(Emulator::start(settings)).unwrap();
    (runtime, emulator)
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("p.yaml"), POLICY).unwrap();
    folder
}

fn driftgate(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    command
        .current_dir(folder)
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn against(emulator: &Emulator, folder: &Path, args: &[&str]) -> Command {
    let mut command = driftgate(folder, args);
    command.envs(emulator.environment(ACCOUNT, REGION));
    command
}

/// A process that does not outlive its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    fn start(mut command: Command) -> Self {
        Self(command.spawn().unwrap())
    }

    /// Sends a signal and waits for the end. Returns the exit code and the output.
    #[track_caller]
    fn signalled(mut self, signal: &str) -> (Option<i32>, String) {
        assert_eq!(
            self.0.try_wait().unwrap(),
            None,
            "it ended before the signal"
        );
        let sent = Instant::now();
        let kill = Command::new("kill")
            .args([signal, &self.0.id().to_string()])
            .status()
            .unwrap();
        assert!(kill.success());
        let code = loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                break status.code();
            }
            assert!(
                sent.elapsed() < PROMPT,
                "still there {PROMPT:?} after {signal}"
            );
            std::thread::sleep(Duration::from_millis(5));
        };
        let mut message = String::new();
        self.0
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut message)
            .unwrap();
        self.0
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut message)
            .unwrap();
        (code, message)
    }
}

#[track_caller]
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(20), "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until all requests that are answered have arrived.
fn asked_for_all(emulator: &Emulator) {
    until("all APIs are asked for", || {
        emulator
            .arrivals()
            .iter()
            .filter(|arrival| arrival.operation == Operation::GetStages)
            .count()
            >= 10
    });
    // The last answers are on their way.
    std::thread::sleep(Duration::from_millis(200));
}

#[track_caller]
fn interrupted_audit(signal: &str, exit: i32) {
    let (_runtime, emulator) = hanging(
        Fault::on(Operation::GetStages)
            .api("api9")
            .always(Effect::Hang),
    );
    let folder = folder();
    let running = Running::start(against(
        &emulator,
        folder.path(),
        &[
            "audit",
            "--policy",
            "p.yaml",
            "--rate",
            "0",
            "--report",
            "json=r.json",
        ],
    ));
    asked_for_all(&emulator);
    let (code, message) = running.signalled(signal);
    assert_eq!(code, Some(exit), "{message}");

    let result: Json =
        serde_json::from_slice(&fs::read(folder.path().join("r.json")).unwrap()).unwrap();
    assert_eq!(
        (&result["verdict"], &result["exit"]),
        (&"incomplete".into(), &exit.into())
    );
    assert_eq!(result["summary"]["stages"], 9, "what is known is written");
    assert_eq!(result["summary"]["violations"]["low"], 9);
    let gaps = result["unchecked"].as_array().unwrap();
    assert!(gaps.iter().any(|gap| gap["api_id"] == "api9"), "{gaps:?}");
    assert!(
        gaps.iter()
            .all(|gap| gap["code"] == "Interrupted" && !gap["hint"].as_str().unwrap().is_empty()),
        "{gaps:?}"
    );
    assert_eq!(result["scopes"][0]["outcome"], "partial");
    assert!(
        message
            .lines()
            .any(|line| line.starts_with(&format!("Exit {exit}"))),
        "{message}"
    );
}

#[test]
fn sigint_ends_a_hanging_audit_with_130() {
    interrupted_audit("-INT", 130);
}

#[test]
fn sigterm_ends_a_hanging_audit_with_143() {
    interrupted_audit("-TERM", 143);
}

#[test]
fn nothing_read_is_still_a_report() {
    let (_runtime, emulator) = hanging(Fault::on(Operation::GetApis).always(Effect::Hang));
    let folder = folder();
    let running = Running::start(against(
        &emulator,
        folder.path(),
        &["audit", "--policy", "p.yaml", "--report", "json=r.json"],
    ));
    until("APIs are asked for", || {
        emulator
            .arrivals()
            .iter()
            .any(|arrival| arrival.operation == Operation::GetApis)
    });
    let (code, message) = running.signalled("-INT");
    assert_eq!(code, Some(130), "{message}");
    let result: Json =
        serde_json::from_slice(&fs::read(folder.path().join("r.json")).unwrap()).unwrap();
    assert_eq!(
        (&result["verdict"], &result["summary"]["stages"]),
        (&"incomplete".into(), &0.into())
    );
    assert_eq!(result["unchecked"][0]["code"], "Interrupted");
    assert_eq!(result["scopes"][0]["outcome"], "unchecked");
}

#[test]
fn before_anybody_answers_every_account_and_region_that_is_named_is_accounted_for() {
    let (_runtime, emulator) =
        hanging(Fault::on(Operation::GetCallerIdentity).always(Effect::Hang));
    let folder = folder();
    let flags = [
        "audit",
        "--policy",
        "p.yaml",
        "--report",
        "json=r.json",
        "--accounts",
        "111122223333,444455556666",
    ];
    let flags = [
        &flags[..],
        &[
            "--region",
            "us-east-1",
            "--region",
            "eu-west-1",
            "--exclude-region",
            "eu-west-1",
        ],
    ]
    .concat();
    let run = Running::start(against(&emulator, folder.path(), &flags));
    until("STS is asked", || !emulator.arrivals().is_empty());
    let (code, message) = run.signalled("-INT");
    let result: Json =
        serde_json::from_slice(&fs::read(folder.path().join("r.json")).unwrap()).unwrap();
    let places: Vec<_> = result["scopes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (&it["account"], &it["region"]))
        .collect();
    let region = Json::from("us-east-1");
    assert_eq!(code, Some(130), "{message}");
    assert_eq!(
        places,
        [
            (&"111122223333".into(), &region),
            (&"444455556666".into(), &region)
        ]
    );
    assert_eq!(result["unchecked"].as_array().unwrap().len(), 2);
}

#[test]
fn a_snapshot_that_was_interrupted_says_so() {
    let (_runtime, emulator) = hanging(
        Fault::on(Operation::GetStages)
            .api("api9")
            .always(Effect::Hang),
    );
    let folder = folder();
    let running = Running::start(against(
        &emulator,
        folder.path(),
        &["snapshot", "--rate", "0", "-o", "fleet.jsonl.zst"],
    ));
    asked_for_all(&emulator);
    let (code, message) = running.signalled("-INT");
    assert_eq!(code, Some(130), "{message}");

    let output = driftgate(
        folder.path(),
        &[
            "audit",
            "--policy",
            "p.yaml",
            "--from",
            "fleet.jsonl.zst",
            "--fail-on",
            "never",
            "--report",
            "json",
        ],
    );
    let output = { output }.output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(3),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let result: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["summary"]["stages"], 9);
    assert_eq!(result["unchecked"][0]["code"], "Interrupted");
}

#[test]
fn the_demo_that_serves_ends_with_0() {
    let folder = folder();
    let mut running = Running::start(driftgate(folder.path(), &["demo", "--serve"]));
    // The first line comes once signals are listened to.
    let mut byte = [0];
    running
        .0
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut byte)
        .unwrap();
    assert_eq!(running.signalled("-INT").0, Some(0));
}

const HEADER: &str = concat!(
    r#"{"format":"driftgate.snapshot","version":1,"scopes":[{"account":"111122223333","region":"us-east-1"}]}"#,
    "\n"
);
const LINE: &str = concat!(
    r#"{"account":"111122223333","region":"us-east-1","api":{"ApiId":"a","ProtocolType":"HTTP"},"stage":{"StageName":"prod"}}"#,
    "\n"
);

#[test]
fn a_pipe_that_never_ends_is_left_with_what_is_known() {
    let folder = folder();
    let args = [
        "audit",
        "--policy",
        "p.yaml",
        "--from",
        "-",
        "--report",
        "json=r.json",
        "-q",
    ];
    let mut running = Running::start(driftgate(folder.path(), &args));
    let mut pipe = running.0.stdin.take().unwrap();
    // The header in one piece, and some batches of stages. The text report would fill a pipe without a reader.
    let lines: String = (0..6_000)
        .map(|at| LINE.replace("prod", &format!("prod-{at}")))
        .collect();
    pipe.write_all(format!("{HEADER}{lines}").as_bytes())
        .unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let (code, message) = running.signalled("-INT");
    assert_eq!(code, Some(130), "{message}");
    let result: Json =
        serde_json::from_slice(&fs::read(folder.path().join("r.json")).unwrap()).unwrap();
    assert_eq!(
        (&result["verdict"], &result["exit"]),
        (&"incomplete".into(), &130.into())
    );
    assert!(
        result["summary"]["stages"].as_u64().unwrap() > 1_000,
        "{}",
        result["summary"]
    );
    assert_eq!(result["unchecked"][0]["code"], "Interrupted");
    drop(pipe);
}

#[test]
fn a_pipe_that_says_nothing_can_be_left() {
    let folder = folder();
    for signal in [("-INT", 130), ("-TERM", 143)] {
        let args = [
            "audit",
            "--policy",
            "p.yaml",
            "--from",
            "-",
            "--report",
            "json=r.json",
        ];
        let mut running = Running::start(driftgate(folder.path(), &args));
        let pipe = running.0.stdin.take();
        std::thread::sleep(Duration::from_millis(500));
        let (code, message) = running.signalled(signal.0);
        assert_eq!(code, Some(signal.1), "{message}");
        drop(pipe);
    }
}

#[test]
fn a_fifo_that_nobody_writes_can_be_left() {
    let folder = folder();
    assert!(
        Command::new("mkfifo")
            .arg(folder.path().join("fifo"))
            .status()
            .unwrap()
            .success()
    );
    let running = Running::start(driftgate(
        folder.path(),
        &["audit", "--policy", "p.yaml", "--from", "fifo"],
    ));
    std::thread::sleep(Duration::from_millis(500));
    let (code, message) = running.signalled("-INT");
    assert_eq!(code, Some(130), "{message}");
}

#[test]
fn cli_output_that_does_not_end_can_be_left() {
    let folder = folder();
    let mut running = Running::start(driftgate(
        folder.path(),
        &["audit", "--policy", "p.yaml", "--from", "-"],
    ));
    let mut pipe = running.0.stdin.take().unwrap();
    pipe.write_all(b"{\"Items\": [{\"StageName\": \"prod\"}")
        .unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let (code, message) = running.signalled("-INT");
    assert_eq!(code, Some(130), "{message}");
    drop(pipe);
}

// ---- The command waits for another process.

/// A fleet whose report does not fit into a pipe.
fn large(folder: &Path) {
    let mut text = HEADER.to_owned();
    for at in 0..3_000 {
        text.push_str(&LINE.replace(r#""ApiId":"a""#, &format!(r#""ApiId":"a{at:04}""#)));
    }
    let place = r#""account":"111122223333","region":"us-east-1""#;
    text.push_str(&format!(
        "{{\"stages\":3000,\"scopes\":[{{{place},\"apis\":3000,\"checked_apis\":3000,\"stages\":3000,\
         \"outcome\":\"checked\"}}],\"unchecked\":[],\"complete\":true}}\n"
    ));
    fs::write(folder.join("fleet.jsonl"), text).unwrap();
}

fn fifo(folder: &Path) {
    assert!(
        Command::new("mkfifo")
            .arg(folder.join("fifo"))
            .status()
            .unwrap()
            .success()
    );
}

/// Long enough for a command to come to where it waits.
fn let_it_wait() {
    std::thread::sleep(Duration::from_millis(1_500));
}

#[test]
fn a_signal_counts_however_late_it_comes() {
    let folder = folder();
    large(folder.path());
    fifo(folder.path());
    let audit = [
        "audit",
        "--policy",
        "p.yaml",
        "--from",
        "fleet.jsonl",
        "--report",
        "json=fifo",
        "-q",
    ];
    let running = Running::start(driftgate(folder.path(), &audit));
    let_it_wait();
    // The report is read once the signal has come, so that the command comes to its end.
    let path = folder.path().join("fifo");
    let reader = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(700));
        fs::read(path).unwrap().len()
    });
    let (ended, message) = running.signalled("-INT");
    assert_eq!(ended, Some(130), "{message}");
    assert!(reader.join().unwrap() > 0);
}

#[test]
fn a_report_that_nobody_reads_is_left() {
    let folder = folder();
    large(folder.path());
    fifo(folder.path());
    let audit = ["audit", "--policy", "p.yaml", "--from", "fleet.jsonl"];
    for (more, signal, code) in [
        (&["--report", "text"][..], "-INT", 130),
        (&["--report", "json"], "-TERM", 143),
        (&["--report", "json=fifo", "-q"], "-INT", 130),
    ] {
        let running = Running::start(driftgate(folder.path(), &[&audit[..], more].concat()));
        let_it_wait();
        let (ended, message) = running.signalled(signal);
        assert_eq!(ended, Some(code), "{more:?}: {message}");
    }
    for args in [
        &["snapshot", "--from", "fleet.jsonl", "-o", "fifo"][..],
        &["snapshot", "--from", "fleet.jsonl", "-o", "-"],
    ] {
        let running = Running::start(driftgate(folder.path(), args));
        let_it_wait();
        assert_eq!(running.signalled("-TERM").0, Some(143), "{args:?}");
    }
}

#[test]
fn what_waits_for_its_input_is_left() {
    let folder = folder();
    fs::write(folder.path().join("fleet.jsonl"), format!("{HEADER}{LINE}")).unwrap();
    for args in [
        &["report", "-"][..],
        &["report", "merge", "-"],
        &["audit", "--from", "fleet.jsonl", "--policy", "/dev/stdin"],
        &[
            "audit",
            "--from",
            "fleet.jsonl",
            "--policy",
            "p.yaml",
            "--waivers",
            "/dev/stdin",
        ],
        &["audit", "--from", "fleet.jsonl", "--config", "/dev/stdin"],
        &["policy", "check", "/dev/stdin"],
        &["policy", "learn", "--from", "-", "--stage", "prod"],
        &["snapshot", "--from", "-", "-o", "s.jsonl"],
    ] {
        let mut running = Running::start(driftgate(folder.path(), args));
        let pipe = running.0.stdin.take();
        std::thread::sleep(Duration::from_millis(500));
        let (code, message) = running.signalled("-INT");
        assert_eq!(code, Some(130), "{args:?}: {message}");
        drop(pipe);
    }
}

/// A file system that does not answer looks like this.
#[test]
fn credentials_and_certificates_that_cannot_be_read_to_the_end_are_left() {
    let folder = folder();
    fifo(folder.path());
    for name in [
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_CONFIG_FILE",
        "AWS_CA_BUNDLE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
    ] {
        for args in [
            &[
                "audit",
                "--policy",
                "p.yaml",
                "--region",
                REGION,
                "--report",
                "json=r.json",
            ][..],
            &["snapshot", "--region", REGION, "-o", "s.jsonl"],
            &["doctor", "--region", REGION],
            &[
                "policy", "learn", "--region", REGION, "--api", "a", "--stage", "prod",
            ],
        ] {
            let mut command = driftgate(folder.path(), args);
            command
                .env("AWS_EC2_METADATA_DISABLED", "true")
                .env(name, "fifo");
            if name == "AWS_WEB_IDENTITY_TOKEN_FILE" {
                command.env("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/x");
            } else if name != "AWS_SHARED_CREDENTIALS_FILE" {
                command
                    .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
                    .env("AWS_SECRET_ACCESS_KEY", "x");
            }
            let running = Running::start(command);
            std::thread::sleep(Duration::from_millis(500));
            let (code, message) = running.signalled("-INT");
            assert_eq!(code, Some(130), "{name} {args:?}: {message}");
        }
    }
}

/// Sends a signal, and another one a moment later: the exit code, and how long the second took.
#[track_caller]
fn twice(mut running: Running, first: &str, second: &str) -> (Option<i32>, Duration) {
    let kill = |signal: &str, id: u32| {
        Command::new("kill")
            .args([signal, &id.to_string()])
            .status()
            .unwrap()
    };
    kill(first, running.0.id());
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(
        running.0.try_wait().unwrap(),
        None,
        "the first signal ended it"
    );
    let sent = Instant::now();
    kill(second, running.0.id());
    while running.0.try_wait().unwrap().is_none() {
        assert!(sent.elapsed() < PROMPT, "still there");
        std::thread::sleep(Duration::from_millis(5));
    }
    (
        running
            .0
            .try_wait()
            .unwrap()
            .and_then(|status| status.code()),
        sent.elapsed(),
    )
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    let folder = folder();
    large(folder.path());
    fifo(folder.path());
    for (args, first, second, code) in [
        (
            &["audit", "--policy", "p.yaml", "--from", "fleet.jsonl"][..],
            "-INT",
            "-INT",
            130,
        ),
        (
            &[
                "audit",
                "--policy",
                "p.yaml",
                "--from",
                "fleet.jsonl",
                "--report",
                "json=fifo",
            ],
            "-TERM",
            "-INT",
            143,
        ),
        (
            &["snapshot", "--from", "fleet.jsonl", "-o", "fifo"],
            "-INT",
            "-TERM",
            130,
        ),
    ] {
        let running = Running::start(driftgate(folder.path(), args));
        let_it_wait();
        let (ended, took) = twice(running, first, second);
        assert_eq!(ended, Some(code), "{args:?}");
        assert!(took < Duration::from_secs(1), "{args:?} took {took:?}");
    }
}

#[test]
fn two_signals_leave_nothing_unfinished() {
    let (_runtime, emulator) = hanging(
        Fault::on(Operation::GetStages)
            .api("api9")
            .always(Effect::Hang),
    );
    let folder = folder();
    for _ in 0..5 {
        let snapshot = ["snapshot", "--rate", "0", "-o", "fleet.jsonl.zst"];
        let mut running = Running::start(against(&emulator, folder.path(), &snapshot));
        let part = || {
            fs::read_dir(folder.path()).unwrap().any(|it| {
                it.unwrap()
                    .path()
                    .extension()
                    .is_some_and(|it| it == "part")
            })
        };
        until("the snapshot is begun", part);
        let id = running.0.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &id])
                .status()
                .unwrap()
                .success()
        );
        let _ = Command::new("kill")
            .args(["-TERM", &id])
            .stderr(Stdio::null())
            .status();
        // Both may be there before either is looked at.
        assert!(matches!(running.0.wait().unwrap().code(), Some(130 | 143)));
        assert!(!part(), "a part is left");
    }
}
