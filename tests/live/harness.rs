//! One audit by the binary, of a control plane of its own.

use std::process::{Command, Output};

use driftgate::emulator::{Emulator, Settings};
use serde_json::Value as Json;

/// The account that is audited.
pub const ACCOUNT: &str = "111122223333";
/// The Region that is audited.
pub const REGION: &str = "us-east-1";

/// Audits a control plane without a pacer; exit code and result.
pub fn audit(settings: Settings, policy: &str, flags: &[&str]) -> (i32, Json) {
    audit_as((ACCOUNT, REGION), settings, policy, flags)
}

/// The same with credentials and a Region in the environment.
pub fn audit_as(
    caller: (&str, &str),
    settings: Settings,
    policy: &str,
    flags: &[&str],
) -> (i32, Json) {
    let output = output_as(caller, settings, policy, flags);
    (
        output.status.code().unwrap(),
        serde_json::from_slice(&output.stdout).unwrap(),
    )
}

/// The same, with any output.
pub fn output_as(caller: (&str, &str), settings: Settings, policy: &str, flags: &[&str]) -> Output {
    in_folder(caller, settings, &[("p.yaml", policy)], |run| {
        run(&[
            &[
                "audit", "--policy", "p.yaml", "--rate", "0", "--report", "json",
            ],
            flags,
        ]
        .concat())
    })
}

/// Runs commands one after the other in a folder with these files, against one control plane.
pub fn in_folder<T>(
    (account, region): (&str, &str),
    settings: Settings,
    files: &[(&str, &str)],
    commands: impl FnOnce(&dyn Fn(&[&str]) -> Output) -> T,
) -> T {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let emulator = runtime.block_on(Emulator::start(settings)).unwrap();
    commands(&|args| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
            command.env_remove(name);
        }
        command
            .current_dir(folder.path())
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .envs(emulator.environment(account, region))
            .args(args)
            .output()
            .unwrap()
    })
}
