//! The command line. No logic beyond reading a value.

mod audit;
mod demo;
mod doctor;
mod global;
mod policy;
mod report;
mod snapshot;
mod source;
mod values;

use clap::{Parser, Subcommand};

pub use self::audit::{Audit, Reports, TuningFlags};
pub use self::demo::Demo;
pub use self::doctor::{Doctor, IamDocument};
pub use self::global::{Color, Global};
pub use self::policy::{
    Explain, Learn, PolicyArgs, PolicyCheck, PolicyCommand, PolicyList, PolicyTest, Schema,
    SchemaKind, Show, TestFormat, TextOrJson,
};
pub use self::report::{Merge, Rendering, ReportArgs, ReportCommand};
pub use self::snapshot::Snapshot;
pub use self::source::{AWS_ONLY, AccountFlags, Source};
pub use self::values::reproducible;
use crate::gate;

/// Audits Amazon API Gateway V2 stages (HTTP and WebSocket APIs) against YAML policies.
///
/// It only reads: nothing but GET requests reach API Gateway.
#[derive(Debug, Parser)]
#[command(name = "driftgate", version, arg_required_else_help = true, after_help = exit_codes())]
pub struct Cli {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
    /// Flags of every command.
    #[command(flatten)]
    pub global: Global,
}

fn exit_codes() -> String {
    let lines: Vec<String> = gate::CODES
        .iter()
        .map(|code| format!("  {:<4} {}\n", code.code, code.brief))
        .collect();
    format!(
        "Exit codes:\n{}\nTry it without AWS:  driftgate demo",
        lines.concat()
    )
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Compare stages with policies; the exit code is the gate
    #[command(after_help = audit::EXAMPLES)]
    Audit(Box<Audit>),
    /// Record what is deployed now
    #[command(after_help = snapshot::EXAMPLES)]
    Snapshot(Box<Snapshot>),
    /// Check, test, list and learn policies
    #[command(after_help = policy::EXAMPLES)]
    Policy(PolicyArgs),
    /// Render a saved result again, or merge the results of shards
    #[command(after_help = report::EXAMPLES)]
    Report(ReportArgs),
    /// Show what can be audited from here, and which permission is missing
    #[command(after_help = doctor::EXAMPLES)]
    Doctor(Box<Doctor>),
    /// Audit a sample fleet: an embedded control plane, read through the real AWS SDK
    #[command(after_help = demo::EXAMPLES)]
    Demo(Demo),
}
