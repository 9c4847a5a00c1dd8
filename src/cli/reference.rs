//! The pages of docs/reference, generated from the code. tests/reference.rs compares the files with them.

use clap::{Command, CommandFactory as _};

use super::args::{Cli, SchemaKind};
use super::commands::policy::schema;
use super::run_file::schema::{Flag, flags};
use crate::gate;
use crate::model::state::{GapCode, WarningKind};
use crate::policy::author::reference;
use crate::report::result_schema;

/// Columns of a command's help on its page.
const WIDTH: usize = 100;

/// Every page: the name of its file and its text.
#[must_use]
pub fn pages() -> Vec<(&'static str, String)> {
    let json = |kind| format!("{:#}\n", schema::of(Some(kind)));
    vec![
        ("policy.schema.json", json(SchemaKind::Policy)),
        ("waivers.schema.json", json(SchemaKind::Waivers)),
        ("run.schema.json", json(SchemaKind::Run)),
        ("result.schema.json", format!("{:#}\n", result_schema())),
        ("fields.md", reference::fields()),
        ("tests.md", reference::tests()),
        ("run-file.md", run_file()),
        ("command-line.md", command_line()),
        ("exit-codes.md", exit_codes()),
        ("codes.md", codes()),
    ]
}

fn run_file() -> String {
    let mut page = "# The run file\n\n`driftgate.yaml` in the working directory, or the file that `--config` names, \
                    has defaults for command-line\nflags: its keys are the long flags of the commands. A flag on the command \
                    line wins. Paths are relative to\nthe file. A flag that may be repeated takes one value or a list. \
                    `driftgate policy schema run` prints the JSON\nSchema.\n\n```yaml\npolicy: [policies/]\n\
                    fail-on: high\nreport: [markdown=drift.md, json=drift.json]\n```\n\n\
                    | key | value | description | commands |\n| --- | --- | --- | --- |\n"
        .to_owned();
    page.extend(flags().iter().map(|flag| {
        let commands = if flag.commands.is_empty() {
            "every command".to_owned()
        } else {
            flag.commands.join(", ")
        };
        let about = flag.about.replace('|', "\\|");
        format!(
            "| `{}` | {} | {about} | {commands} |\n",
            flag.name,
            takes(flag)
        )
    }));
    page
}

fn takes(flag: &Flag) -> String {
    let one = match (flag.takes.kind, flag.takes.values.as_slice()) {
        ("boolean", _) => "`true` or `false`".to_owned(),
        ("integer", _) => "a whole number".to_owned(),
        ("number", _) => "a number".to_owned(),
        (_, []) => "a text".to_owned(),
        (_, values) => values
            .iter()
            .map(|value| format!("`{value}`"))
            .collect::<Vec<_>>()
            .join(", "),
    };
    if flag.takes.several {
        format!("{one}, or a list")
    } else {
        one
    }
}

fn command_line() -> String {
    let mut page = "# The command line\n\nThe output of `--help` for each command.\n".to_owned();
    let mut cli = Cli::command().term_width(WIDTH).max_term_width(WIDTH);
    cli.build();
    help(&mut cli, "driftgate", &mut page);
    page
}

fn help(command: &mut Command, path: &str, page: &mut String) {
    let text = command.render_long_help().to_string();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    *page += &format!(
        "\n## `{path}`\n\n```text\n{}\n```\n",
        lines.join("\n").trim_end()
    );
    for command in command
        .get_subcommands_mut()
        .filter(|command| command.get_name() != "help")
    {
        let path = format!("{path} {}", command.get_name());
        help(command, &path, page);
    }
}

fn codes() -> String {
    let table = |rows: Vec<(&str, &str)>| {
        let row = |(name, about)| format!("| `{name}` | {about} |\n");
        format!(
            "| code | meaning |\n| --- | --- |\n{}",
            rows.into_iter().map(row).collect::<String>()
        )
    };
    format!(
        "# Codes\n\nNames that do not change: tools may rely on them.\n\n## Gaps\n\nThe `code` of an element of `unchecked` \
         in a result: AWS's error code, or one of these.\n\n{}\n## Warnings\n\nThe `kind` of an element of `warnings`. \
         A warning never changes the exit code.\n\n{}",
        table(
            GapCode::ALL
                .iter()
                .map(|code| (code.name(), code.about()))
                .collect()
        ),
        table(
            WarningKind::ALL
                .iter()
                .map(|kind| (kind.name(), kind.about()))
                .collect()
        ),
    )
}

/// The page with its table replaced by that of the gate.
fn exit_codes() -> String {
    const HEAD: &str = "| ---: | --- |\n";
    let page = include_str!("../../docs/reference/exit-codes.md");
    let rows: Vec<String> = gate::CODES
        .iter()
        .map(|code| format!("| {} | {} |\n", code.code, code.meaning))
        .collect();
    let (before, rest) = page.split_once(HEAD).unwrap_or((page, ""));
    let after = rest.split_once("\n\n").map_or("", |(_, after)| after);
    format!("{before}{HEAD}{}\n{after}", rows.concat())
}
