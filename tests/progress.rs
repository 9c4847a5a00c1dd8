//! The progress of a fetch, as the binary shows it: a line that comes and goes on a terminal, nothing elsewhere.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use driftgate::emulator::{Effect, Emulator, Fault, Fleet, Operation, Settings};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "us-east-1";

fn serve(settings: Settings) -> (Runtime, Emulator, TempDir) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let emulator = runtime.block_on(Emulator::start(settings)).unwrap();
    (runtime, emulator, tempfile::tempdir().unwrap())
}

fn run(mut command: Command, emulator: &Emulator, folder: &Path) -> Output {
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    command
        .current_dir(folder)
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("TERM", "xterm")
        .envs(emulator.environment(ACCOUNT, REGION))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn driftgate(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
    command.args(args);
    command
}

#[test]
fn without_a_terminal_there_is_none() {
    let latency = Duration::from_millis(300);
    let (_runtime, emulator, folder) = serve(Settings {
        fleet: Fleet::generated(1, 1, 2, 1, 1),
        latency,
        ..Settings::default()
    });
    let message = run(
        driftgate(&["snapshot", "-o", "s.jsonl"]),
        &emulator,
        folder.path(),
    )
    .stderr;
    assert_eq!(
        String::from_utf8(message).unwrap(),
        "s.jsonl: 2 stages of 2 APIs in 1 Region\n"
    );
}

#[cfg(target_os = "linux")]
mod on_a_terminal {
    use std::time::Instant;

    use super::*;

    /// Runs driftgate on a terminal of its own. Returns the output in order.
    fn shown(emulator: &Emulator, folder: &Path, args: &str) -> String {
        let mut script = Command::new("script");
        let command = format!("{} {args}", env!("CARGO_BIN_EXE_driftgate"));
        script.args(["--quiet", "--return", "--command", &command, "/dev/null"]);
        String::from_utf8(run(script, emulator, folder).stdout).unwrap()
    }

    /// The final screen: each line as it was drawn last.
    fn stays(shown: &str) -> Vec<&str> {
        let last = |line| {
            str::rsplit(line, ['\r', '\u{1b}'])
                .find(|part| !part.is_empty())
                .unwrap_or_default()
        };
        shown
            .lines()
            .map(last)
            .map(|line| line.trim_start_matches("[2K").trim_end())
            .collect()
    }

    #[test]
    fn the_line_is_drawn_over_and_gone_at_the_end() {
        let latency = Duration::from_millis(400);
        let (_runtime, emulator, folder) = serve(Settings {
            fleet: Fleet::generated(1, 1, 6, 1, 1),
            latency,
            ..Settings::default()
        });
        let shown = shown(
            &emulator,
            folder.path(),
            "snapshot -o s.jsonl --concurrency 1",
        );
        for part in [
            "looking up the account",
            "0 of 1 Region · 1 of at least 1 call",
            "of about 7 calls",
        ] {
            assert!(shown.contains(part), "{part}: {shown:?}");
        }
        assert_eq!(
            stays(&shown),
            ["s.jsonl: 6 stages of 6 APIs in 1 Region"],
            "{shown:?}"
        );
    }

    #[test]
    fn an_error_stands_alone() {
        let faults = vec![Fault::on(Operation::GetCallerIdentity).always(Effect::ExpiredToken)];
        let (_runtime, emulator, folder) = serve(Settings {
            latency: Duration::from_millis(300),
            faults,
            ..Settings::default()
        });
        let shown = shown(
            &emulator,
            folder.path(),
            "snapshot -o s.jsonl --color never",
        );
        assert!(shown.contains("looking up the account"), "{shown:?}");
        let stays = stays(&shown);
        assert!(stays[0].starts_with("error: "), "{shown:?}");
        assert!(
            !stays.iter().any(|line| line.contains("looking up")),
            "{shown:?}"
        );
    }

    #[test]
    fn a_signal_clears_it() {
        let faults = vec![Fault::on(Operation::GetStages).always(Effect::Hang)];
        let (_runtime, emulator, folder) = serve(Settings {
            fleet: Fleet::generated(1, 1, 2, 1, 1),
            faults,
            ..Settings::default()
        });
        let start = Instant::now();
        let shown = shown(
            &emulator,
            folder.path(),
            "snapshot -o s.jsonl & sleep 2; kill -INT $!; wait",
        );
        assert!(start.elapsed() < Duration::from_secs(10), "{shown:?}");
        assert!(shown.contains("of about 3 calls"), "{shown:?}");
        let stays = stays(&shown);
        assert!(!stays.iter().any(|line| line.contains(" · ")), "{shown:?}");
        assert!(
            stays.contains(&"s.jsonl: 0 stages of 2 APIs in 1 Region"),
            "{shown:?}"
        );
    }

    #[test]
    fn quiet_is_quiet() {
        let settings = Settings {
            latency: Duration::from_millis(300),
            ..Settings::default()
        };
        let (_runtime, emulator, folder) = serve(Settings {
            fleet: Fleet::generated(1, 1, 2, 1, 1),
            ..settings
        });
        assert_eq!(
            shown(&emulator, folder.path(), "snapshot -o s.jsonl --quiet"),
            ""
        );
    }
}
