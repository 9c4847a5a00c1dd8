//! Arguments to exit code: parses the command line and runs one command. Every error becomes a message and a code.

mod args;
mod commands;
mod pipeline;
mod plural;
pub mod reference;
mod run_file;
mod stop;
mod terminal;

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};

use self::args::Command;
use self::commands::{audit, demo, doctor, policy, report, snapshot};
use self::run_file::Ended;
use self::terminal::diagnostics;
use self::terminal::interrupt::{self, Interrupt};
use crate::gate;
use crate::source::aws::masked_url;

pub use self::run_file::flags_of as flags_of_run_file;

/// Runs the command that the arguments name, and returns the exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    interrupt::supervised(move |interrupt| {
        // A panic is a defect of driftgate. Its message is on stderr, and its code must not look like a verdict.
        catch_unwind(AssertUnwindSafe(|| dispatch(&args, interrupt))).unwrap_or(gate::FAILED)
    })
}

fn dispatch(args: &[OsString], interrupt: &Interrupt) -> u8 {
    let cli = match run_file::parse(args) {
        Ok(cli) => cli,
        Err(Ended::Clap(error)) => {
            // Help and version go to stdout with 0, usage errors to stderr with 2.
            let code = if error.use_stderr() {
                gate::USAGE
            } else {
                gate::CONFORMS
            };
            return if error.print().is_ok() {
                code
            } else {
                gate::FAILED
            };
        }
        Err(Ended::Stop(stop)) => return diagnostics::stop(&stop),
    };
    cli.global.color.apply();
    start_log(cli.global.verbose);
    let shown = shown(args);
    let result = match cli.command {
        Command::Audit(command) => audit::run(&command, &cli.global, interrupt, shown),
        Command::Snapshot(command) => snapshot::run(&command, &cli.global, interrupt),
        Command::Report(command) => report::run(&command, &cli.global, shown),
        Command::Policy(command) => policy::run(&command, &cli.global, interrupt),
        Command::Doctor(command) => doctor::run(&command, &cli.global, interrupt),
        Command::Demo(command) => demo::run(&command, &cli.global, interrupt),
    };
    match result {
        Ok(code) => code,
        Err(stop) => diagnostics::stop(&stop),
    }
}

/// The command line as results show it, without secrets: many people read results.
fn shown(args: &[OsString]) -> Vec<String> {
    let masked = |flag: &str, value: &str| match flag {
        "--external-id" => "***".to_owned(),
        "--endpoint-url" => masked_url(value),
        _ => value.to_owned(),
    };
    let mut flag = String::new();
    let mut shown = Vec::with_capacity(args.len());
    for arg in args.iter().map(|arg| arg.to_string_lossy()) {
        shown.push(match arg.split_once('=') {
            Some((own, value)) if flag.is_empty() => format!("{own}={}", masked(own, value)),
            _ => masked(&flag, &arg),
        });
        // The value of a flag may look like another flag.
        let takes = flag.is_empty() && ["--external-id", "--endpoint-url"].contains(&&*arg);
        flag = if takes {
            arg.into_owned()
        } else {
            String::new()
        };
    }
    shown
}

/// Writes our own events to stderr with `--verbose`; never those of the SDK, which may hold secrets.
fn start_log(verbose: bool) {
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;

    if !verbose {
        return;
    }
    let ours =
        tracing_subscriber::filter::Targets::new().with_target("driftgate", tracing::Level::DEBUG);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never)
        .with_target(false);
    // A second subscriber can only come from a test that runs two commands in one process.
    let _ = tracing_subscriber::registry()
        .with(ours)
        .with(lines)
        .try_init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_shown_without_what_is_secret_in_it() {
        let args = "driftgate audit --external-id s3cret --external-id=s3=cret --endpoint-url http://me:s3cret@h \
                    --endpoint-url=http://me:s3cret@h?a=b --external-id --region --region a=b";
        let args: Vec<OsString> = args.split_whitespace().map(OsString::from).collect();
        let expected = "driftgate audit --external-id *** --external-id=*** --endpoint-url http://me:***@h \
                        --endpoint-url=http://me:***@h?*** --external-id *** --region a=b";
        assert_eq!(shown(&args).join(" "), expected);
    }
}
