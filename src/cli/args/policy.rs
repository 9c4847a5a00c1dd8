//! The flags of `driftgate policy` and of the commands below it.

use clap::{Args, Subcommand, ValueEnum, ValueHint};

use super::source::Source;

pub const EXAMPLES: &str = "\
Examples:
  driftgate policy check policies/
  driftgate policy test policies/ builtin:foundation
  driftgate policy list
  driftgate policy show builtin:production > policies/production.yaml
  driftgate policy learn --api a1b2c3d4e5 --stage prod
  driftgate policy explain each-route AccessLogSettings.Format";

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

/// `driftgate policy`.
#[derive(Debug, Args)]
pub struct PolicyArgs {
    /// A command about policies.
    #[command(subcommand)]
    pub command: PolicyCommand,
}

/// A command about policies.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Find every mistake in policies, waivers and run files, and warn of probable ones
    #[command(after_help = CHECK_EXAMPLES)]
    Check(PolicyCheck),
    /// Run the tests that policies carry
    #[command(after_help = TEST_EXAMPLES)]
    Test(PolicyTest),
    /// Print a pack as it is, to be copied and changed
    #[command(after_help = SHOW_EXAMPLES)]
    Show(Show),
    /// List the rules of policies
    #[command(after_help = LIST_EXAMPLES)]
    List(PolicyList),
    /// Explain rules, tests or fields in words
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

const SHOW_EXAMPLES: &str = "\
Examples:
  driftgate policy show builtin:foundation
  driftgate policy show builtin:production > policies/production.yaml

A copy that has `replaces: builtin:NAME` below its name is used instead of the pack.";

/// `driftgate policy show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The pack
    #[arg(value_name = "builtin:NAME")]
    pub pack: String,
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
    /// The source of the stage.
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
    /// The kind of file [default: one schema for all three]
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
    /// The policies.
    #[command(flatten)]
    pub policies: OwnPaths,
    /// A file of waivers to check as well; repeat for several
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub waivers: Vec<String>,
    /// The format of mistakes: text on stderr, or JSON on stdout
    #[arg(long, value_enum, default_value_t = TextOrJson::Text, value_name = "FORMAT")]
    pub format: TextOrJson,
}

/// `driftgate policy test`.
#[derive(Debug, Args)]
pub struct PolicyTest {
    /// The policies.
    #[command(flatten)]
    pub policies: OwnPaths,
    /// The format of results on stdout
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
    /// The policies.
    #[command(flatten)]
    pub policies: Paths,
    /// The format of the list on stdout
    #[arg(long, value_enum, default_value_t = TextOrJson::Text, value_name = "FORMAT")]
    pub format: TextOrJson,
}

/// A format for people, or one for other tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TextOrJson {
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

/// Policies by path, without a pack as default.
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
