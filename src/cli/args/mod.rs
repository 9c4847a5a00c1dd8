//! The command line: what can be asked for, and in which words. No logic beyond reading a value.

mod doctor;
pub mod report;
mod source;
mod values;

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

pub use self::doctor::{Doctor, IamDocument};
pub use self::source::{AccountFlags, BURST, CONCURRENCY, RATE, ROLE_NAME, Source};
use self::values::{percent, whole};
use super::output::{Report, parse_report};
use crate::gate;
use crate::model::Severity;
use crate::policy::diagnostic::Diagnostic;
use crate::policy::files::Unreadable;

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
    let lines: Vec<String> = gate::CODES.iter().map(|code| format!("  {:<4} {}\n", code.code, code.brief)).collect();
    format!("Exit codes:\n{}\nTry it without AWS:  driftgate demo", lines.concat())
}

/// Flags of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// The run file, which holds what flags hold [default: driftgate.yaml if there]
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    /// Say on stderr what is done, request by request
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Only reports named with --report on stdout, only errors on stderr
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// The run file that was read.
    #[arg(skip)]
    pub run_file: Option<String>,
    /// What is wrong with it, for the command that tells mistakes itself.
    #[arg(skip)]
    pub run_file_mistakes: Vec<Diagnostic>,
    /// The run file that could not be read, for the same.
    #[arg(skip)]
    pub run_file_unreadable: Option<Unreadable>,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Makes it the choice of the process.
    pub fn apply(self) {
        let choice = match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Compare stages with policies; the exit code is the gate
    #[command(after_help = AUDIT_EXAMPLES)]
    Audit(Box<Audit>),
    /// Record what is deployed now
    #[command(after_help = SNAPSHOT_EXAMPLES)]
    Snapshot(Box<Snapshot>),
    /// Check, test, list and learn policies
    #[command(after_help = POLICY_EXAMPLES)]
    Policy(Policy),
    /// Render a saved result anew, or merge the results of shards
    #[command(after_help = report::EXAMPLES)]
    Report(report::Report),
    /// Say what can be audited from here, and which permission is missing
    #[command(after_help = DOCTOR_EXAMPLES)]
    Doctor(Box<Doctor>),
    /// Audit a sample fleet: an embedded control plane, read through the real AWS SDK
    #[command(after_help = DEMO_EXAMPLES)]
    Demo(Demo),
}

const AUDIT_EXAMPLES: &str = "\
Examples:
  driftgate audit                                   the Region of your profile
  driftgate audit --region eu-west-1 --region us-east-1 --policy policies/
  driftgate audit --organization --all-regions      every account, in the role DriftgateAudit
  driftgate audit --policy builtin:foundation --fail-on high
  driftgate audit --report markdown=drift.md --report json=drift.json
  driftgate audit --from fleet.jsonl.zst            a snapshot, without AWS
  aws apigatewayv2 get-stages --api-id a1b2c3d4e5 |
    driftgate audit --from - --api a1b2c3d4e5 --protocol HTTP --region eu-west-1";

const SNAPSHOT_EXAMPLES: &str = "\
Examples:
  driftgate snapshot -o fleet.jsonl.zst
  driftgate snapshot --region eu-west-1 -o - | head -1
  driftgate audit --from fleet.jsonl.zst";

const POLICY_EXAMPLES: &str = "\
Examples:
  driftgate policy check policies/
  driftgate policy test policies/ builtin:foundation
  driftgate policy list
  driftgate policy learn --api a1b2c3d4e5 --stage prod
  driftgate policy explain each-route AccessLogSettings.Format";

const DOCTOR_EXAMPLES: &str = "\
Examples:
  driftgate doctor                                  your own account and Region
  driftgate doctor --organization --all-regions
  driftgate doctor --iam-policy                     what to set up, without asking AWS
  driftgate doctor --iam-policy=stackset --external-id ID > driftgate-audit.yaml";

const CHECK_EXAMPLES: &str = "\
Examples:
  driftgate policy check policies/
  driftgate policy check --format json policies/ | jq '.errors[].title'";

const TEST_EXAMPLES: &str = "\
Examples:
  driftgate policy test policies/ builtin:foundation
  driftgate policy test --coverage --mutate policies/
  driftgate policy test --format junit policies/ > policies.xml";

const LIST_EXAMPLES: &str = "\
Examples:
  driftgate policy list builtin:foundation
  driftgate policy list --format json | jq -r '.policies[].rules[].rule'";

const DEMO_EXAMPLES: &str = "\
Examples:
  driftgate demo                                    audit the sample fleet
  driftgate demo --report markdown                  the same as Markdown
  driftgate demo --serve                            leave the control plane running
  driftgate demo --serve --throttle --fault deny-region=eu-west-1
  driftgate demo --serve --apis 12 --accounts 500 --regions 17";

/// `driftgate audit`.
#[derive(Debug, Args)]
pub struct Audit {
    /// A policy file, a folder of them, or builtin:NAME [default: policies/ if there, else builtin:foundation]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath, help_heading = "Policies")]
    pub policy: Vec<String>,
    /// A file of waivers; repeat for several
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Policies")]
    pub waivers: Vec<String>,
    /// Waive nothing, even if --waivers or the run file names a file
    #[arg(long, help_heading = "Policies")]
    pub no_waivers: bool,
    /// Where stages come from.
    #[command(flatten)]
    pub source: Source,
    /// Read each violating stage again with GetStage before reporting it
    #[arg(long, help_heading = "Reading")]
    pub confirm: bool,
    /// What the gate tolerates.
    #[command(flatten)]
    pub gate: Gate,
    /// What is written.
    #[command(flatten)]
    pub reports: Reports,
}

/// Flags that say what the gate tolerates.
#[derive(Debug, Args)]
#[command(next_help_heading = "Gate")]
pub struct Gate {
    /// The lowest severity that fails
    #[arg(long, value_name = "SEVERITY", default_value = "low", value_parser = PossibleValuesParser::new(
        ["info", "low", "medium", "high", "critical", "never"]).map(|name| Threshold(Severity::from_name(&name))))]
    pub fail_on: Threshold,
    /// Do not fail because something could not be read or decided
    #[arg(long)]
    pub allow_incomplete: bool,
    /// Do not fail because no stage was governed
    #[arg(long)]
    pub allow_empty: bool,
    /// Fail when fewer of the stages are governed by a rule; fetches every API
    #[arg(long, value_name = "PERCENT", value_parser = percent, allow_negative_numbers = true)]
    pub min_coverage: Option<f64>,
}

/// The lowest severity that fails; `None` for never.
#[derive(Debug, Clone, Copy)]
pub struct Threshold(pub Option<Severity>);

/// Flags that say what is written.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reports")]
pub struct Reports {
    /// text, json or markdown; without a PATH, or with -, to stdout; repeat for several [default: text]
    #[arg(long, value_name = "FORMAT[=PATH]", value_hint = ValueHint::FilePath, value_parser = parse_report)]
    pub report: Vec<Report>,
    /// No times, durations, request counts or command line in any output (also when SOURCE_DATE_EPOCH is set)
    #[arg(long)]
    pub reproducible: bool,
    /// Show the values of stage variables, and what looks like a secret, instead of digests
    #[arg(long)]
    pub show_values: bool,
}

impl Reports {
    /// Whether equal input must give equal bytes.
    pub fn reproducible(&self) -> bool {
        reproducible(self.reproducible)
    }
}

/// Whether equal input must give equal bytes, given whether the flag says so.
pub fn reproducible(flag: bool) -> bool {
    flag || std::env::var_os("SOURCE_DATE_EPOCH").is_some()
}

/// `driftgate snapshot`.
#[derive(Debug, Args)]
pub struct Snapshot {
    /// The file to write; compressed when it ends in .zst or .gz; - is stdout
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub output: String,
    /// Where stages come from.
    #[command(flatten)]
    pub source: Source,
    /// Exit 0 even if something could not be read; the snapshot says what
    #[arg(long, help_heading = "Output")]
    pub allow_incomplete: bool,
    /// Do not write when it was taken (also when SOURCE_DATE_EPOCH is set)
    #[arg(long, help_heading = "Output")]
    pub reproducible: bool,
    /// Write the values of stage variables instead of digests
    #[arg(long, help_heading = "Output")]
    pub show_values: bool,
}

/// `driftgate policy`.
#[derive(Debug, Args)]
pub struct Policy {
    /// What to do with policies.
    #[command(subcommand)]
    pub command: PolicyCommand,
}

/// What to do with policies.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Find every mistake in policies and run files, and warn of what can hardly be meant
    #[command(after_help = CHECK_EXAMPLES)]
    Check(PolicyCheck),
    /// Run the tests that policies carry
    #[command(after_help = TEST_EXAMPLES)]
    Test(PolicyTest),
    /// List the rules of policies
    #[command(after_help = LIST_EXAMPLES)]
    List(PolicyList),
    /// Say in words what rules, tests or fields are
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(Explain),
    /// Write a policy that describes one stage, named by --api and --stage, as it is
    #[command(
        after_help = LEARN_EXAMPLES,
        override_usage = "driftgate policy learn [OPTIONS] --api <ID> --stage <NAME>",
        mut_arg("api", |api| api.help("The API; a file of one API needs none")),
        mut_arg("stage", |stage| stage.help("The stage")),
    )]
    Learn(Box<Learn>),
    /// Print the JSON Schema of policies, waivers and run files, for editors
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema(Schema),
}

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  driftgate policy explain production/throttling
  driftgate policy explain log-format
  driftgate policy explain DefaultRouteSettings.ThrottlingBurstLimit";

/// `driftgate policy explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// A rule (POLICY/ID, or ID), a word of the language (min, any-of, each-route), or a field (api.Tags)
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
    /// A policy file, a folder of them, or builtin:NAME [default: policies/ if there, else builtin:foundation]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub policy: Vec<String>,
}

const LEARN_EXAMPLES: &str = "\
Examples:
  driftgate policy learn --api a1b2c3d4e5 --stage prod -o policies/learned.yaml
  driftgate policy learn --from fleet.jsonl.zst --api a1b2c3d4e5 --stage prod
  driftgate policy test policies/learned.yaml";

/// `driftgate policy learn`.
#[derive(Debug, Args)]
pub struct Learn {
    /// Where the stage comes from.
    #[command(flatten)]
    pub source: Source,
    /// The file to write; - is stdout
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, default_value = "-", help_heading = "Output")]
    pub output: String,
}

const SCHEMA_EXAMPLES: &str = "\
Examples:
  driftgate policy schema > .vscode/driftgate.schema.json
  driftgate policy schema policy

In the first line of a file, for editors with a YAML language server:
  # yaml-language-server: $schema=driftgate.schema.json";

/// `driftgate policy schema`.
#[derive(Debug, Args)]
pub struct Schema {
    /// The kind of file [default: a schema that tells the three apart]
    #[arg(value_enum)]
    pub kind: Option<SchemaKind>,
}

/// A kind of file that has a schema.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum SchemaKind {
    /// A policy, or tests of one.
    Policy,
    /// Waivers.
    Waivers,
    /// A run file, driftgate.yaml.
    Run,
}

/// `driftgate policy check`.
#[derive(Debug, Args)]
pub struct PolicyCheck {
    /// Which policies.
    #[command(flatten)]
    pub policies: OwnPaths,
    /// A file of waivers to check as well; repeat for several
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub waivers: Vec<String>,
    /// How mistakes are told: drawn on stderr, or as JSON on stdout
    #[arg(long, value_enum, default_value_t = Listing::Text, value_name = "FORMAT")]
    pub format: Listing,
}

/// `driftgate policy test`.
#[derive(Debug, Args)]
pub struct PolicyTest {
    /// Which policies.
    #[command(flatten)]
    pub policies: OwnPaths,
    /// How results are told, on stdout
    #[arg(long, value_enum, default_value_t = TestFormat::Text, value_name = "FORMAT")]
    pub format: TestFormat,
    /// Name the rules that no test violates, and those that none shows conforming
    #[arg(long)]
    pub coverage: bool,
    /// Change each good example one setting at a time, and name the changes that no rule notices
    #[arg(long)]
    pub mutate: bool,
}

/// `driftgate policy list`.
#[derive(Debug, Args)]
pub struct PolicyList {
    /// Which policies.
    #[command(flatten)]
    pub policies: Paths,
    /// How rules are listed, on stdout
    #[arg(long, value_enum, default_value_t = Listing::Text, value_name = "FORMAT")]
    pub format: Listing,
}

/// A format for people, or one for other tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Listing {
    /// For people.
    Text,
    /// For other tools, in a versioned format.
    Json,
}

/// The formats of test results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TestFormat {
    /// For people.
    Text,
    /// For other tools, in a versioned format.
    Json,
    /// For CI systems that show tests.
    Junit,
}

/// Policies in the making by path.
#[derive(Debug, Args)]
pub struct OwnPaths {
    /// Policy files, folders of them, or builtin:NAME [default: policies/]
    #[arg(value_name = "PATH")]
    pub paths: Vec<String>,
}

/// Policies by path.
#[derive(Debug, Args)]
pub struct Paths {
    /// Policy files, folders of them, or builtin:NAME [default: policies/ if there, else builtin:foundation]
    #[arg(value_name = "PATH")]
    pub paths: Vec<String>,
}

/// `driftgate demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// What is written.
    #[command(flatten)]
    pub reports: Reports,
    /// Leave the control plane running, and print how to use it
    #[arg(long, help_heading = "Control plane", conflicts_with_all = ["report", "reproducible", "show_values"])]
    pub serve: bool,
    /// The port to serve on [default: a free one]
    #[arg(long, help_heading = "Control plane", value_name = "PORT", requires = "serve", value_parser = whole::<u16>(0, u16::MAX.into()))]
    pub port: Option<u16>,
    /// Serve a generated fleet of so many APIs, in each account and Region, in place of the sample
    #[arg(long, help_heading = "Control plane", value_name = "N", requires = "serve", value_parser = whole::<u32>(0, 100_000))]
    pub apis: Option<u32>,
    /// Accounts of the generated fleet, each with so many APIs in every Region
    #[arg(long, help_heading = "Control plane", value_name = "N", requires = "apis", default_value = "1", value_parser = whole::<u16>(1, 10_000))]
    pub accounts: u16,
    /// Regions of each account of the generated fleet, the first us-east-1
    #[arg(long, help_heading = "Control plane", value_name = "N", requires = "apis", default_value = "1", value_parser = whole::<u16>(1, 17))]
    pub regions: u16,
    /// Stages of each API of the generated fleet
    #[arg(long, help_heading = "Control plane", value_name = "N", requires = "apis", default_value = "3", value_parser = whole::<u32>(0, 300))]
    pub stages: u32,
    /// Items on a page
    #[arg(long, help_heading = "Control plane", value_name = "N", requires = "serve", value_parser = whole::<u16>(1, 500))]
    pub page_size: Option<u16>,
    /// Delay of each answer in milliseconds
    #[arg(long, help_heading = "Control plane", value_name = "MS", requires = "serve", default_value = "0", value_parser = whole::<u64>(0, u64::MAX))]
    pub latency: u64,
    /// Throttle as AWS does: 10 requests a second, burst 40
    #[arg(long, help_heading = "Control plane", requires = "serve")]
    pub throttle: bool,
    /// Something to go wrong; repeat for several. KIND is one of deny-account=ID (its role cannot be assumed),
    /// deny-organization (its accounts cannot be listed), bad-token-region=REGION, deny-region=REGION, deny-api=ID,
    /// lose-api=ID, throttle=EVERY_NTH, error=EVERY_NTH, reset=EVERY_NTH, cut=EVERY_NTH
    #[arg(long, help_heading = "Control plane", value_name = "KIND[=WHAT]", requires = "serve", value_parser = super::demo::parse_fault)]
    pub fault: Vec<crate::emulator::Fault>,
}
