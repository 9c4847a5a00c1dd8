//! A moto server for one test, and commands that know only it. It must not know the audit.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Time for a start; a busy machine needs a few seconds.
const START: Duration = Duration::from_mins(1);

/// A running moto server; it ends with the value.
pub struct Server {
    process: Child,
    python: PathBuf,
    folder: tempfile::TempDir,
    pub endpoint_url: String,
}

impl Server {
    /// Starts moto on a port that the system chooses.
    pub fn start(python: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = File::create(folder.path().join("moto.log")).unwrap();
        let mut command = isolated(python);
        command
            .args(["-I", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"])
            .current_dir(&folder);
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        let process = command
            .spawn()
            .unwrap_or_else(|error| panic!("{} could not be run: {error}", python.display()));
        let mut server = Self {
            process,
            python: python.to_owned(),
            folder,
            endpoint_url: String::new(),
        };

        let started = Instant::now();
        while server.endpoint_url.is_empty() {
            if let Some(status) = server.process.try_wait().unwrap() {
                panic!("moto ended ({status}):\n{}", server.log());
            }
            assert!(
                started.elapsed() < START,
                "moto does not start:\n{}",
                server.log()
            );
            // It prints a line when it listens; the line is complete at its end.
            let log = server.log();
            if let Some((_, rest)) = log.split_once("Running on ")
                && let Some((url, _)) = rest.split_once('\n')
            {
                url.trim().clone_into(&mut server.endpoint_url);
            } else {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        server
    }

    /// The log of moto: a line for each request.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("moto.log")).unwrap()
    }

    /// The calls of API Gateway since the log was `from` bytes long, without their queries.
    pub fn calls_since(&self, from: usize) -> Vec<String> {
        let call = |line: &str| {
            // Lines of errors are coloured.
            let (_, call) = line.split_once("GET /v2/")?;
            Some(format!("GET /v2/{}", call.split(['?', ' ']).next()?))
        };
        self.log()[from..].lines().filter_map(call).collect()
    }

    /// A file that goes with the server.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a script beside this file, and returns its output.
    pub fn script(&self, name: &str, arguments: &[&str]) -> Vec<u8> {
        self.script_as(&[], name, arguments)
    }

    /// The same with these environment variables.
    pub fn script_as(
        &self,
        environment: &[(String, String)],
        name: &str,
        arguments: &[&str],
    ) -> Vec<u8> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/moto")
            .join(name);
        let output = isolated(&self.python)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .arg("-I")
            .args([path.as_os_str(), self.endpoint_url.as_ref()])
            .args(arguments)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{name} failed:\n{}\nmoto:\n{}",
            stderr(&output),
            tail(&self.log())
        );
        output.stdout
    }

    /// Runs driftgate.
    pub fn driftgate(&self, arguments: &[&str]) -> Output {
        let mut command = isolated(Path::new(env!("CARGO_BIN_EXE_driftgate")));
        command
            .args(arguments)
            .current_dir(&self.folder)
            .output()
            .unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn tail(log: &str) -> String {
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

/// A command that sees no AWS but moto: no profile, no role, no proxy of the environment.
fn isolated(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let upper = name.to_string_lossy().to_ascii_uppercase();
        if upper.starts_with("AWS_") || upper.starts_with("MOTO_") || upper.ends_with("_PROXY") {
            command.env_remove(name);
        }
    }
    command.envs([
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
    ]);
    command
}
