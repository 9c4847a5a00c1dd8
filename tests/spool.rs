//! `--spool` and `--resume` on the binary: killed at any moment, as often as one likes, the run comes to the same
//! result, and finished Regions are not read again.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use driftgate::emulator::{Effect, Emulator, Fault, Fleet, Operation, Settings, document};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const ACCOUNTS: [&str; 4] = [
    "111122223333",
    "111122223334",
    "111122223335",
    "111122223336",
];
const REGIONS: [&str; 3] = ["us-east-1", "us-east-2", "us-west-1"];

/// Rules about most of a stage; one is about HTTP APIs alone, and variables are shown.
const POLICY: &str = r"policy: p
rules:
  - {id: tags, title: t, severity: low, expect: {Tags: [owner]}}
  - {id: variables, title: t, severity: high, expect: {StageVariables: {upstream: {like: prod.*}}}}
  - {id: routes, title: t, severity: medium, expect: {each-route: {ThrottlingRateLimit: {max: 50}}}}
  - {id: logs, title: t, severity: low, match: {api: {ProtocolType: HTTP}}, expect: {AccessLogSettings: {present: true}}}
";

/// Number of APIs, with two stages each, in the Regions of each account. A smaller Region is finished earlier.
const SIZES: [[u32; 3]; 4] = [[1, 1, 1], [2, 3, 4], [4, 5, 6], [5, 6, 7]];
/// The requests of the whole: STS, a role for each account, and for each API a page of them and two of its stages.
const ALL: usize = 1 + 4 + 45 * 3;

fn fleet() -> Fleet {
    let mut fleet = Fleet::new();
    for (account, sizes) in ACCOUNTS.into_iter().zip(SIZES) {
        for (region, size) in REGIONS.into_iter().zip(sizes) {
            for number in 0..size {
                let id = format!("{}{}{number}", &account[11..], &region[3..5]);
                let stage = |name: &str, rate: u32| {
                    let odd = json!({
                        "stageVariables": {"upstream": format!("{name}.{id}"), "empty": ""},
                        "defaultRouteSettings": {"throttlingRateLimit": 0.1 + 10.0 * f64::from(rate)},
                        "description": "\"quoted\"\n\u{e9}",
                    });
                    document::with(document::http_stage(name), odd)
                };
                let api = if number % 3 == 2 {
                    document::websocket_api(&id, &id)
                } else {
                    document::http_api(&id, &id)
                };
                fleet = fleet.api(
                    account,
                    region,
                    api,
                    vec![stage("prod", number), stage("dev", size)],
                );
            }
        }
    }
    fleet
}

/// Number of APIs in a Region of an account.
fn size((account, region): &Place) -> usize {
    let at = |names: &[&str], name: &String| names.iter().position(|own| own == name).unwrap();
    SIZES[at(&ACCOUNTS, account)][at(&REGIONS, region)] as usize
}

/// Twelve accounts' Regions, and a folder with a policy.
struct Fixture {
    _runtime: Runtime,
    emulator: Emulator,
    folder: TempDir,
}

type Place = (String, String);

impl Fixture {
    fn new(faults: Vec<Fault>) -> Self {
        let latency = Duration::from_millis(15);
        let settings = Settings {
            fleet: fleet(),
            faults,
            page_size: 1,
            latency,
            ..Settings::default()
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let emulator = runtime.block_on(Emulator::start(settings)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("p.yaml"), POLICY).unwrap();
        Self {
            _runtime: runtime,
            emulator,
            folder,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command with these arguments, by its name first.
    fn command(&self, program: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
            command.env_remove(name);
        }
        command
            .current_dir(self.folder.path())
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .envs(self.emulator.environment(ACCOUNTS[0], REGIONS[0]))
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Reads everything, with few requests at once so that a kill finds some of it finished.
    fn fleet(&self, command: &[&str], more: &[&str]) -> Command {
        let accounts = ACCOUNTS.join(",");
        let mut args = command.to_vec();
        args.extend(["--accounts", &accounts, "--rate", "0", "--reproducible"]);
        if !more.contains(&"--concurrency") {
            args.extend(["--concurrency", "3"]);
        }
        args.extend(REGIONS.iter().flat_map(|region| ["--region", region]));
        args.extend(more);
        self.command(Path::new(env!("CARGO_BIN_EXE_driftgate")), &args)
    }

    fn audit(&self, more: &[&str]) -> Command {
        self.fleet(
            &["audit", "--policy", "p.yaml", "--report", "json=r.json"],
            more,
        )
    }

    fn result(&self) -> Vec<u8> {
        fs::read(self.path("r.json")).unwrap()
    }

    /// Starts a command and kills it at a moment. Returns the Regions that are finished then.
    fn killed_once(&self, is_time: impl Fn() -> bool, mut command: Command) -> BTreeSet<Place> {
        let mut running: Child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let started = Instant::now();
        while !is_time() {
            assert!(
                running.try_wait().unwrap().is_none(),
                "it ended before it was killed"
            );
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "it is never time"
            );
            std::thread::sleep(Duration::from_millis(1));
        }
        // SIGKILL.
        running.kill().unwrap();
        running.wait().unwrap();
        // Its requests may still be in flight.
        std::thread::sleep(Duration::from_millis(100));
        self.finished()
    }

    /// Kills a command once so many requests have come.
    fn killed_after(&self, requests: usize, command: Command) -> BTreeSet<Place> {
        let before = self.emulator.arrivals().len();
        self.killed_once(
            || self.emulator.arrivals().len() >= before + requests,
            command,
        )
    }

    /// Kills a command once something is finished that was not.
    fn killed_in_between(&self, command: Command) -> BTreeSet<Place> {
        let before = self.finished().len();
        self.killed_once(|| self.finished().len() > before, command)
    }

    /// The accounts' Regions that have their closing line in the file `s`.
    fn finished(&self) -> BTreeSet<Place> {
        let text = fs::read_to_string(self.path("s")).unwrap_or_default();
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let closing = whole.lines().filter(|line| line.starts_with("{\"scope\":"));
        let place = |line: &str| {
            let scope = serde_json::from_str::<Json>(line).unwrap()["scope"].take();
            ["account", "region"]
                .map(|key| scope[key].as_str().unwrap().to_owned())
                .into()
        };
        closing.map(place).collect()
    }

    /// The time at which the file `s` was begun.
    fn begun(&self) -> String {
        let text = fs::read_to_string(self.path("s")).unwrap();
        let header: Json = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        header["begun"].as_str().unwrap().to_owned()
    }

    /// The requests since the first `before` ones: which accounts' Regions were read, and which roles assumed.
    fn asked_since(&self, before: usize) -> (BTreeSet<Place>, BTreeSet<String>) {
        let arrivals = self.emulator.arrivals().split_off(before);
        let of_a_region =
            |operation| matches!(operation, Operation::GetApis | Operation::GetStages);
        let read = arrivals
            .iter()
            .filter(|arrival| of_a_region(arrival.operation));
        let read = read
            .map(|arrival| (arrival.account.clone(), arrival.region.clone()))
            .collect();
        (
            read,
            arrivals
                .iter()
                .filter_map(|arrival| arrival.role_account.clone())
                .collect(),
        )
    }
}

fn diagnostics(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn killed_at_any_moment_and_twice_in_a_row_it_comes_to_the_same_result() {
    let fixture = Fixture::new(Vec::new());
    let whole = fixture.audit(&[]).output().unwrap();
    assert_eq!(whole.status.code(), Some(1), "{}", diagnostics(&whole));
    assert_eq!(
        fixture.emulator.arrivals().len(),
        ALL,
        "{:?}",
        fixture.emulator.arrivals()
    );
    let expected = fixture.result();
    let (mut resumed, mut unentered) = (0, 0);
    for first in [1, 40, 70, 90, 105] {
        let _ = fs::remove_file(fixture.path("s"));
        let earlier = fixture.killed_after(first, fixture.audit(&["--spool", "s"]));
        assert_eq!(
            fs::metadata(fixture.path("s"))
                .unwrap()
                .permissions()
                .mode()
                & 0o777,
            0o600
        );

        let before = fixture.emulator.arrivals().len();
        let done: usize = earlier.iter().map(|place| 3 * size(place)).sum();
        let later = fixture.killed_after((ALL - done) / 2, fixture.audit(&["--resume", "s"]));
        assert!(later.is_superset(&earlier));
        let (read, _) = fixture.asked_since(before);
        assert_eq!(
            read.intersection(&earlier).next(),
            None,
            "killed after {first}"
        );

        let before = fixture.emulator.arrivals().len();
        let output = fixture.audit(&["--resume", "s"]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", diagnostics(&output));
        assert!(
            fixture.result() == expected,
            "killed after {first}: {}",
            String::from_utf8_lossy(&fixture.result())
        );
        assert!(!fixture.path("s").exists());
        let (read, roles) = fixture.asked_since(before);
        let all = ACCOUNTS
            .iter()
            .flat_map(|account| REGIONS.map(|region| ((*account).to_owned(), region.to_owned())));
        assert_eq!(read, all.filter(|place| !later.contains(place)).collect());
        assert_eq!(
            roles,
            read.iter().map(|(account, _)| account.clone()).collect()
        );
        resumed += later.len();
        unentered += ACCOUNTS.len() - roles.len();
    }
    assert!(
        resumed >= 8 && unentered >= 1,
        "the kills came too early to show anything: {resumed}, {unentered}"
    );
}

#[test]
fn what_is_read_twice_is_kept_as_well() {
    let fixture = Fixture::new(Vec::new());
    let audit = |more: &[&str]| fixture.audit(&[&["--confirm"], more].concat());
    assert_eq!(audit(&[]).output().unwrap().status.code(), Some(1));
    let expected = fixture.result();
    let earlier = fixture.killed_in_between(audit(&["--spool", "s"]));
    let before = fixture.emulator.arrivals().len();
    audit(&["--resume", "s"]).output().unwrap();
    assert!(fixture.result() == expected);
    assert_eq!(
        fixture.asked_since(before).0.intersection(&earlier).next(),
        None
    );
}

#[test]
fn one_command_line_begins_and_goes_on() {
    let fixture = Fixture::new(Vec::new());
    let both = ["--spool", "s", "--resume", "s"];
    fixture.audit(&[]).output().unwrap();
    let expected = fixture.result();
    fixture.killed_in_between(fixture.audit(&both));
    fixture.killed_in_between(fixture.audit(&both));
    let output = fixture.audit(&both).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", diagnostics(&output));
    assert!(fixture.result() == expected);
    assert!(!fixture.path("s").exists());
}

#[test]
fn a_snapshot_goes_on_as_well() {
    let fixture = Fixture::new(Vec::new());
    let snapshot = |more: &[&str]| {
        let more = [&["-o", "fleet.jsonl", "--show-values"], more].concat();
        fixture.fleet(&["snapshot"], &more)
    };
    let whole = snapshot(&[]).output().unwrap();
    assert_eq!(whole.status.code(), Some(0), "{}", diagnostics(&whole));
    let expected = fs::read(fixture.path("fleet.jsonl")).unwrap();
    fixture.killed_in_between(snapshot(&["--spool", "s"]));
    let output = snapshot(&["--resume", "s"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", diagnostics(&output));
    assert!(fs::read(fixture.path("fleet.jsonl")).unwrap() == expected);
    assert!(!fixture.path("s").exists());
}

#[test]
fn all_regions_are_asked_for_and_those_that_are_read_are_not_read_again() {
    let fixture = Fixture::new(Vec::new());
    let audit = |more: &[&str]| {
        let more = [
            &[
                "--policy",
                "p.yaml",
                "--all-regions",
                "--report",
                "json=r.json",
            ],
            more,
        ]
        .concat();
        let args = [
            &[
                "audit",
                "--accounts",
                ACCOUNTS[1],
                "--concurrency",
                "3",
                "--reproducible",
            ],
            more.as_slice(),
        ];
        fixture.command(Path::new(env!("CARGO_BIN_EXE_driftgate")), &args.concat())
    };
    audit(&[]).output().unwrap();
    let expected = fixture.result();
    let earlier = fixture.killed_in_between(audit(&["--spool", "s"]));
    let before = fixture.emulator.arrivals().len();
    audit(&["--resume", "s"]).output().unwrap();
    assert!(fixture.result() == expected);
    assert_eq!(
        fixture.asked_since(before).0.intersection(&earlier).next(),
        None
    );
}

#[test]
fn what_could_not_be_read_is_asked_for_again_and_the_file_is_kept_till_then() {
    // Each of the accounts' Regions denies the first two times.
    let deny = Fault::on(Operation::GetApis)
        .region(REGIONS[1])
        .first(2, Effect::Deny);
    let fixture = Fixture::new(vec![deny]);
    let output = fixture
        .audit(&["--spool", "s", "-q", "--fail-on", "never"])
        .output()
        .unwrap();
    assert_eq!(
        (output.status.code(), diagnostics(&output).as_str()),
        (Some(3), ""),
        "not a word with -q"
    );
    let earlier = fixture.finished();
    assert_eq!(earlier.len(), 10);

    let before = fixture.emulator.arrivals().len();
    let told = format!(
        "10 Regions were read in an earlier run, begun at {}\n",
        fixture.begun()
    );
    let output = fixture
        .audit(&["--resume", "s", "--fail-on", "never"])
        .output()
        .unwrap();
    assert_eq!(
        (output.status.code(), diagnostics(&output)),
        (Some(0), told)
    );
    assert_eq!(fixture.asked_since(before).0.len(), 2);
    assert!(!fixture.path("s").exists());
    let resumed = fixture.result();
    let output = fixture.audit(&["--fail-on", "never"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(fixture.result() == resumed);
}

#[test]
fn a_run_that_keeps_its_file_says_how_to_go_on() {
    let fixture = Fixture::new(vec![
        Fault::on(Operation::GetApis)
            .region(REGIONS[1])
            .always(Effect::Deny),
    ]);
    let audit = |more: &[&str]| diagnostics(&fixture.audit(more).output().unwrap());
    assert_eq!(
        audit(&["--spool", "s"]),
        "s is kept: resume it with --resume s in place of --spool s\n"
    );
    let resumed = format!(
        "8 Regions were read in an earlier run, begun at {}\n",
        fixture.begun()
    );
    assert_eq!(
        audit(&["--resume", "s"]),
        resumed.clone() + "s is kept: the same command resumes it\n"
    );
    // Stages of an earlier run are used even if no more can be read.
    let result: Json = serde_json::from_slice(&fixture.result()).unwrap();
    assert_eq!(
        (&result["summary"]["stages"], &result["exit"]),
        (&60.into(), &1.into())
    );
}

#[test]
fn the_next_night_starts_again() {
    let fixture = Fixture::new(vec![
        Fault::on(Operation::GetApis)
            .region(REGIONS[1])
            .always(Effect::Deny),
    ]);
    let night = || {
        let before = fixture.emulator.arrivals().len();
        let output = fixture
            .audit(&["--spool", "s", "--resume", "s", "--allow-incomplete"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", diagnostics(&output));
        (fixture.asked_since(before).0.len(), diagnostics(&output))
    };
    let kept = "s is kept: --resume s without --spool resumes it, the same command starts again\n";
    assert_eq!(night(), (12, kept.to_owned()));
    let ended = format!(
        "s, begun at {}, is of a run that came to its end: it is started again\n",
        fixture.begun()
    );
    assert_eq!(night(), (12, ended + kept));

    // A run that was killed has no end, but was long ago.
    fs::remove_file(fixture.path("s")).unwrap();
    fixture.killed_in_between(fixture.audit(&["--spool", "s", "--resume", "s"]));
    let text = fs::read_to_string(fixture.path("s")).unwrap();
    let text = text.replacen(&fixture.begun(), "2026-01-02T03:04:05Z", 1);
    fs::write(fixture.path("s"), &text).unwrap();
    let output = fixture.audit(&["--resume", "s"]).output().unwrap();
    let old = "s was begun at 2026-01-02T03:04:05Z, which is not within 12 hours";
    assert_eq!(output.status.code(), Some(2));
    assert!(
        diagnostics(&output).contains(old),
        "{}",
        diagnostics(&output)
    );
    assert_eq!(fs::read_to_string(fixture.path("s")).unwrap(), text);
    assert_eq!(night(), (12, format!("{old}: it is started again\n{kept}")));
}

#[test]
fn what_the_time_cut_off_is_gone_on_from() {
    let fixture = Fixture::new(vec![
        Fault::on(Operation::GetApis)
            .region(REGIONS[1])
            .always(Effect::Hang),
    ]);
    for known in [0, 8] {
        let before = fixture.emulator.arrivals().len();
        let args = [
            "--spool",
            "s",
            "--resume",
            "s",
            "--concurrency",
            "16",
            "--timeout",
            "3",
        ];
        let output = fixture.audit(&args).output().unwrap();
        assert!(
            diagnostics(&output).ends_with("s is kept: the same command resumes it\n"),
            "{}",
            diagnostics(&output)
        );
        assert_eq!(
            (
                fixture.finished().len(),
                fixture.asked_since(before).0.len()
            ),
            (8, 12 - known)
        );
    }
}

#[test]
fn the_result_of_a_resumed_run_says_so() {
    let fixture = Fixture::new(Vec::new());
    // Without --reproducible.
    let accounts = ACCOUNTS.join(",");
    let regions = REGIONS.map(|region| ["--region", region]).concat();
    let run = |args: &[&str]| {
        let args = [
            args,
            &["--accounts", &accounts, "--concurrency", "3", "--rate", "0"],
            &regions,
        ]
        .concat();
        fixture.command(Path::new(env!("CARGO_BIN_EXE_driftgate")), &args)
    };
    let resumed = |line: &Json, count: usize| {
        let warnings = line["warnings"].as_array().unwrap();
        let diagnostics: Vec<&Json> = warnings
            .iter()
            .filter(|warning| warning["kind"] == "resumed")
            .collect();
        assert_eq!(diagnostics.len(), 1, "{warnings:?}");
        assert!(
            diagnostics[0]["message"]
                .as_str()
                .unwrap()
                .starts_with(&format!("{count} Region")),
            "{diagnostics:?}"
        );
    };
    let audit = ["audit", "--policy", "p.yaml", "--report", "json=r.json"];
    let finished = fixture.killed_in_between(run(&[&audit[..], &["--spool", "s"]].concat()));
    run(&[&audit[..], &["--resume", "s"]].concat())
        .output()
        .unwrap();
    resumed(
        &serde_json::from_slice(&fixture.result()).unwrap(),
        finished.len(),
    );

    let snapshot = ["snapshot", "-o", "fleet.jsonl"];
    let finished = fixture.killed_in_between(run(&[&snapshot[..], &["--spool", "s"]].concat()));
    run(&[&snapshot[..], &["--resume", "s"]].concat())
        .output()
        .unwrap();
    let text = fs::read_to_string(fixture.path("fleet.jsonl")).unwrap();
    resumed(
        &serde_json::from_str(text.lines().last().unwrap()).unwrap(),
        finished.len(),
    );
}

#[test]
fn a_signal_keeps_it_and_the_result_says_what_is_known() {
    let fixture = Fixture::new(vec![
        Fault::on(Operation::GetApis)
            .region(REGIONS[2])
            .always(Effect::Hang),
    ]);
    let mut running = fixture
        .audit(&["--spool", "s", "--concurrency", "16"])
        .spawn()
        .unwrap();
    let started = Instant::now();
    while fixture.finished().len() < 8 {
        assert!(started.elapsed() < Duration::from_secs(20), "never");
        std::thread::sleep(Duration::from_millis(5));
    }
    let kill = Command::new("kill")
        .args(["-INT", &running.id().to_string()])
        .status()
        .unwrap();
    assert!(kill.success());
    assert_eq!(running.wait().unwrap().code(), Some(130));
    assert_eq!(fixture.finished().len(), 8);
}

#[test]
fn every_misuse_is_told_before_the_first_call() {
    let fixture = Fixture::new(Vec::new());
    let no_call = |args: &[&str], words: &str| {
        let before = fixture.emulator.arrivals().len();
        let output = fixture.audit(args).output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(2),
            "{args:?}: {}",
            diagnostics(&output)
        );
        assert!(
            diagnostics(&output).contains(words),
            "{args:?}: {}",
            diagnostics(&output)
        );
        assert_eq!(fixture.emulator.arrivals().len(), before, "{args:?}");
    };
    fixture.killed_in_between(fixture.audit(&["--spool", "s"]));
    no_call(&["--spool", "s"], "--resume s");
    no_call(&["--spool", "."], ". is not a regular file");
    no_call(&["--spool", "none/s"], "the folder none does not exist");
    no_call(&["--resume", "t"], "t does not exist");
    fs::set_permissions(fixture.path("p.yaml"), fs::Permissions::from_mode(0o600)).unwrap();
    no_call(&["--resume", "p.yaml"], "p.yaml is not a spool");
    no_call(&["--resume", "s", "--spool", "t"], "two files");
    no_call(
        &["--resume", "s", "--stage", "prod"],
        "begun with other --stage.",
    );
    no_call(&["--resume", "s", "--api", "a1"], "begun with other --api.");
    no_call(
        &["--resume", "s", "--endpoint-url", "http://127.0.0.1:9"],
        "begun with other --endpoint-url.",
    );
    no_call(
        &["--resume", "s", "--profile", "other"],
        "begun with other --profile.",
    );
    no_call(
        &["--resume", "s", "--min-coverage", "50"],
        "begun with other --min-coverage.",
    );
    no_call(
        &["--resume", "s", "--confirm"],
        "begun with other --confirm.",
    );
    no_call(
        &["--resume", "s", "--policy", "builtin:foundation"],
        "begun with other policies.",
    );
    no_call(
        &["--spool", "u", "--report", "markdown=u"],
        "u is the spool",
    );
    no_call(
        &["--resume", "s", "--report", "markdown=./s"],
        "./s is the spool",
    );
    assert!(!fixture.path("t").exists() && !fixture.path("u").exists());

    let text = fs::read_to_string(fixture.path("s")).unwrap();
    let damaged: Vec<&str> = text
        .lines()
        .enumerate()
        .map(|(at, line)| if at == 2 { "{" } else { line })
        .collect();
    // The copy has the mode as well.
    fs::copy(fixture.path("s"), fixture.path("damaged")).unwrap();
    fs::write(fixture.path("damaged"), damaged.join("\n") + "\n").unwrap();
    no_call(&["--resume", "damaged"], "damaged:3: not a line of a spool");

    let learn = [
        "policy", "learn", "--api", "a1", "--stage", "prod", "--spool", "t",
    ];
    let output = fixture
        .command(Path::new(env!("CARGO_BIN_EXE_driftgate")), &learn)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        diagnostics(&output).contains("Leave --spool out"),
        "{}",
        diagnostics(&output)
    );
}

#[test]
fn an_api_that_was_found_before_is_still_found() {
    let fixture = Fixture::new(Vec::new());
    // In the smallest Region and in the largest one.
    let apis = ["--api", "3we0", "--api", "6we6"];
    assert_eq!(
        fixture.audit(&apis).output().unwrap().status.code(),
        Some(1)
    );
    let expected = fixture.result();
    let smallest = (ACCOUNTS[0].to_owned(), REGIONS[2].to_owned());
    let command = fixture.audit(&[&apis[..], &["--spool", "s"]].concat());
    fixture.killed_once(|| fixture.finished().contains(&smallest), command);
    fixture
        .audit(&[&apis[..], &["--resume", "s"]].concat())
        .output()
        .unwrap();
    assert!(
        fixture.result() == expected,
        "{}",
        String::from_utf8_lossy(&fixture.result())
    );
}

#[test]
fn pace_and_places_may_change() {
    let fixture = Fixture::new(Vec::new());
    fixture.killed_in_between(fixture.audit(&["--spool", "s"]));
    let output = fixture
        .audit(&[
            "--resume",
            "s",
            "--burst",
            "5",
            "--exclude-region",
            REGIONS[0],
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", diagnostics(&output));
    let result: Json = serde_json::from_slice(&fixture.result()).unwrap();
    assert_eq!(
        result["summary"]["stages"], 66,
        "what is left out now is not taken from the file either"
    );
}

#[test]
fn two_runs_with_one_file_do_not_run_into_each_other() {
    let fixture = Fixture::new(vec![
        Fault::on(Operation::GetApis)
            .region(REGIONS[2])
            .always(Effect::Hang),
    ]);
    let mut first = fixture.audit(&["--spool", "s"]).spawn().unwrap();
    let started = Instant::now();
    while fixture.emulator.arrivals().is_empty() {
        assert!(started.elapsed() < Duration::from_secs(20), "never");
        std::thread::sleep(Duration::from_millis(5));
    }
    let second = fixture.audit(&["--resume", "s"]).output().unwrap();
    first.kill().unwrap();
    first.wait().unwrap();
    // Another attempt may find it free, so it is not a usage error.
    assert_eq!(second.status.code(), Some(4));
    assert!(
        diagnostics(&second).contains("in use by another run"),
        "{}",
        diagnostics(&second)
    );
}

#[test]
fn a_run_that_cannot_begin_leaves_no_file_in_its_own_way() {
    let fixture = Fixture::new(Vec::new());
    let mut command = fixture.audit(&["--spool", "s"]);
    command
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY");
    assert_eq!(command.output().unwrap().status.code(), Some(4));
    assert!(!fixture.path("s").exists());
}

#[test]
fn a_report_that_is_not_written_keeps_the_file() {
    let fixture = Fixture::new(Vec::new());
    let report = ["--spool", "s", "--report", "markdown=/dev/full"];
    if !Path::new("/dev/full").exists() {
        return;
    }
    let output = fixture.audit(&report).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", diagnostics(&output));
    let before = fixture.emulator.arrivals().len();
    let output = fixture.audit(&["--resume", "s"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", diagnostics(&output));
    assert_eq!(
        fixture.emulator.arrivals().len(),
        before + 1,
        "only STS is asked who this is"
    );
    assert!(!fixture.path("s").exists());
}

#[test]
fn a_file_that_cannot_grow_is_a_warning() {
    let fixture = Fixture::new(Vec::new());
    let audit = fixture.audit(&["--spool", "s"]);
    // The report goes through a pipe, so that only the spool meets the limit. A shell counts it in 512 or 1024 bytes.
    let args: Vec<&str> = audit.get_args().map(|arg| arg.to_str().unwrap()).collect();
    let args = args.join(" ").replace("json=r.json", "json");
    let script = format!(
        "trap '' XFSZ; ulimit -f 8; exec '{}' {args}",
        env!("CARGO_BIN_EXE_driftgate")
    );
    let output = fixture
        .command(Path::new("sh"), &["-c", &script])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", diagnostics(&output));
    let result: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (
            &result["summary"]["stages"],
            &result["summary"]["unchecked"]
        ),
        (&90.into(), &0.into())
    );
    let warnings = result["warnings"].as_array().unwrap();
    assert_eq!(
        warnings
            .iter()
            .filter(|warning| warning["kind"] == "spool-failed")
            .count(),
        1,
        "{warnings:?}"
    );
    assert!(!fixture.path("s").exists());
}
