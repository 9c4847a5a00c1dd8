//! Arguments to exit code, and nothing else: the only file that ends the process.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(driftgate::cli::run(std::env::args_os()))
}
