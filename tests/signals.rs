//! SIGINT and SIGTERM on the binary: it ends soon, with the contract's exit code, and what is known so far is written
//! and marked incomplete.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use driftgate::emulator::{Emulator, Fault, Fleet, Operation, Settings, What, document};
use serde_json::Value as Json;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "us-east-1";
/// What "promptly" is on a busy machine.
const PROMPT: Duration = Duration::from_secs(5);

const POLICY: &str = "policy: p\nrules:\n  - {id: r, title: t, severity: low, expect: {Tags: [owner]}}\n";

/// Ten APIs with a stage each; reading the stages of the last one never ends.
fn hanging(what: Fault) -> (Runtime, Emulator) {
    let fleet = (0..10).fold(Fleet::new(), |fleet, at| {
        let id = format!("api{at}");
        fleet.api(ACCOUNT, REGION, document::http_api(&id, &id), vec![document::http_stage("prod")])
    });
    let settings = Settings { fleet, faults: vec![what], ..Settings::default() };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
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

    /// Sends a signal and waits for the end: the exit code and what was said.
    #[track_caller]
    fn signalled(mut self, signal: &str) -> (Option<i32>, String) {
        assert_eq!(self.0.try_wait().unwrap(), None, "it ended before the signal");
        let sent = Instant::now();
        let kill = Command::new("kill").args([signal, &self.0.id().to_string()]).status().unwrap();
        assert!(kill.success());
        let code = loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                break status.code();
            }
            assert!(sent.elapsed() < PROMPT, "still there {PROMPT:?} after {signal}");
            std::thread::sleep(Duration::from_millis(5));
        };
        let mut said = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        self.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (code, said)
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

/// Waits until everything that answers was asked for.
fn asked_for_all(emulator: &Emulator) {
    until("all APIs are asked for", || {
        emulator.arrivals().iter().filter(|arrival| arrival.operation == Operation::GetStages).count() >= 10
    });
    // The last answers are on their way.
    std::thread::sleep(Duration::from_millis(200));
}

#[track_caller]
fn interrupted_audit(signal: &str, exit: i32) {
    let (_runtime, emulator) = hanging(Fault::on(Operation::GetStages).api("api9").always(What::Hang));
    let folder = folder();
    let running = Running::start(against(
        &emulator,
        folder.path(),
        &["audit", "--policy", "p.yaml", "--rate", "0", "--report", "json=r.json"],
    ));
    asked_for_all(&emulator);
    let (code, said) = running.signalled(signal);
    assert_eq!(code, Some(exit), "{said}");

    let result: Json = serde_json::from_slice(&fs::read(folder.path().join("r.json")).unwrap()).unwrap();
    assert_eq!((&result["verdict"], &result["exit"]), (&"incomplete".into(), &exit.into()));
    assert_eq!(result["summary"]["stages"], 9, "what is known is written");
    assert_eq!(result["summary"]["violations"]["low"], 9);
    let gaps = result["unchecked"].as_array().unwrap();
    assert!(gaps.iter().any(|gap| gap["api_id"] == "api9"), "{gaps:?}");
    assert!(
        gaps.iter().all(|gap| gap["code"] == "Interrupted" && !gap["hint"].as_str().unwrap().is_empty()),
        "{gaps:?}"
    );
    assert_eq!(result["scopes"][0]["outcome"], "partial");
    assert!(said.lines().any(|line| line.starts_with(&format!("Exit {exit}"))), "{said}");
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
    let (_runtime, emulator) = hanging(Fault::on(Operation::GetApis).always(What::Hang));
    let folder = folder();
    let running =
        Running::start(against(&emulator, folder.path(), &["audit", "--policy", "p.yaml", "--report", "json=r.json"]));
    until("APIs are asked for", || emulator.arrivals().iter().any(|arrival| arrival.operation == Operation::GetApis));
    let (code, said) = running.signalled("-INT");
    assert_eq!(code, Some(130), "{said}");
    let result: Json = serde_json::from_slice(&fs::read(folder.path().join("r.json")).unwrap()).unwrap();
    assert_eq!((&result["verdict"], &result["summary"]["stages"]), (&"incomplete".into(), &0.into()));
    assert_eq!(result["unchecked"][0]["code"], "Interrupted");
    assert_eq!(result["scopes"][0]["outcome"], "unchecked");
}

#[test]
fn before_anybody_answers_every_account_and_region_that_is_named_is_accounted_for() {
    let (_runtime, emulator) = hanging(Fault::on(Operation::GetCallerIdentity).always(What::Hang));
    let folder = folder();
    let flags = ["audit", "--policy", "p.yaml", "--report", "json=r.json", "--accounts", "111122223333,444455556666"];
    let flags =
        [&flags[..], &["--region", "us-east-1", "--region", "eu-west-1", "--exclude-region", "eu-west-1"]].concat();
    let run = Running::start(against(&emulator, folder.path(), &flags));
    until("STS is asked", || !emulator.arrivals().is_empty());
    let (code, said) = run.signalled("-INT");
    let result: Json = serde_json::from_slice(&fs::read(folder.path().join("r.json")).unwrap()).unwrap();
    let places: Vec<_> =
        result["scopes"].as_array().unwrap().iter().map(|it| (&it["account"], &it["region"])).collect();
    let region = Json::from("us-east-1");
    assert_eq!(code, Some(130), "{said}");
    assert_eq!(places, [(&"111122223333".into(), &region), (&"444455556666".into(), &region)]);
    assert_eq!(result["unchecked"].as_array().unwrap().len(), 2);
}

#[test]
fn a_snapshot_that_was_interrupted_says_so() {
    let (_runtime, emulator) = hanging(Fault::on(Operation::GetStages).api("api9").always(What::Hang));
    let folder = folder();
    let running =
        Running::start(against(&emulator, folder.path(), &["snapshot", "--rate", "0", "-o", "fleet.jsonl.zst"]));
    asked_for_all(&emulator);
    let (code, said) = running.signalled("-INT");
    assert_eq!(code, Some(130), "{said}");

    let output = driftgate(
        folder.path(),
        &["audit", "--policy", "p.yaml", "--from", "fleet.jsonl.zst", "--fail-on", "never", "--report", "json"],
    );
    let output = { output }.output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
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
    running.0.stdout.as_mut().unwrap().read_exact(&mut byte).unwrap();
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
    let args = ["audit", "--policy", "p.yaml", "--from", "-", "--report", "json=r.json", "-q"];
    let mut running = Running::start(driftgate(folder.path(), &args));
    let mut pipe = running.0.stdin.take().unwrap();
    // The header in one piece, and some chunks of stages. The report for people would fill a pipe that nobody reads.
    pipe.write_all(format!("{HEADER}{}", LINE.repeat(6_000)).as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let (code, said) = running.signalled("-INT");
    assert_eq!(code, Some(130), "{said}");
    let result: Json = serde_json::from_slice(&fs::read(folder.path().join("r.json")).unwrap()).unwrap();
    assert_eq!((&result["verdict"], &result["exit"]), (&"incomplete".into(), &130.into()));
    assert!(result["summary"]["stages"].as_u64().unwrap() > 1_000, "{}", result["summary"]);
    assert_eq!(result["unchecked"][0]["code"], "Interrupted");
    drop(pipe);
}

#[test]
fn a_pipe_that_says_nothing_can_be_left() {
    let folder = folder();
    for signal in [("-INT", 130), ("-TERM", 143)] {
        let args = ["audit", "--policy", "p.yaml", "--from", "-", "--report", "json=r.json"];
        let mut running = Running::start(driftgate(folder.path(), &args));
        let pipe = running.0.stdin.take();
        std::thread::sleep(Duration::from_millis(500));
        let (code, said) = running.signalled(signal.0);
        assert_eq!(code, Some(signal.1), "{said}");
        drop(pipe);
    }
}

#[test]
fn a_fifo_that_nobody_writes_can_be_left() {
    let folder = folder();
    assert!(Command::new("mkfifo").arg(folder.path().join("fifo")).status().unwrap().success());
    let running = Running::start(driftgate(folder.path(), &["audit", "--policy", "p.yaml", "--from", "fifo"]));
    std::thread::sleep(Duration::from_millis(500));
    let (code, said) = running.signalled("-INT");
    assert_eq!(code, Some(130), "{said}");
}

#[test]
fn cli_output_that_does_not_end_can_be_left() {
    let folder = folder();
    let mut running = Running::start(driftgate(folder.path(), &["audit", "--policy", "p.yaml", "--from", "-"]));
    let mut pipe = running.0.stdin.take().unwrap();
    pipe.write_all(b"{\"Items\": [{\"StageName\": \"prod\"}").unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let (code, said) = running.signalled("-INT");
    assert_eq!(code, Some(130), "{said}");
    drop(pipe);
}
