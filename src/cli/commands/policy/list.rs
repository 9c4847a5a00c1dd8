//! `driftgate policy list`: lists the rules of policies, in their order.

use std::collections::BTreeMap;
use std::io;

use anstyle::Style;
use serde::Serialize;

use crate::cli::args::{Global, PolicyList, TextOrJson};
use crate::cli::pipeline::policies::load_for;
use crate::cli::plural::plural;
use crate::cli::stop::Stop;
use crate::cli::terminal::output;
use crate::gate;
use crate::model::protocol::Protocol;
use crate::policy::read::builtin;
use crate::policy::{Policies, Policy, Rule};
use crate::report::{Page, visible};

const PLAIN: Style = Style::new();
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Names longer than this push their titles to the right instead of those of all rules.
const LONGEST_NAME: usize = 40;

/// Characters of a value that are shown.
const LONGEST_VALUE: usize = 200;

/// Runs the command.
pub fn run(command: &PolicyList, global: &Global) -> Result<u8, Stop> {
    let policies = load_for(&command.policies.paths, global, "")?;
    match command.format {
        TextOrJson::Json => output::json(&Listed::of(&policies))?,
        TextOrJson::Text if global.quiet => {}
        TextOrJson::Text => output::page(|page| text(&policies, page))?,
    }
    Ok(gate::CONFORMS)
}

fn packs() -> Vec<String> {
    builtin::PACKS
        .iter()
        .map(|(name, _)| format!("builtin:{name}"))
        .collect()
}

fn text(policies: &Policies, page: &mut Page<'_>) -> io::Result<()> {
    let digits = policies
        .rules()
        .map(|rule| rule.facts.line.to_string().len())
        .max()
        .unwrap_or(1);
    let longest = policies
        .rules()
        .map(|rule| rule.facts.name.len())
        .filter(|length| *length <= LONGEST_NAME)
        .max();
    let name = longest.unwrap_or(LONGEST_NAME);
    // The line, the severity, the name, the title, with two spaces between them.
    let title = 2 + digits + 2 + "critical".len() + 2 + name + 2;
    for policy in &policies.policies {
        let description = policy
            .description
            .as_ref()
            .map(|text| format!(": {}", visible(text)))
            .unwrap_or_default();
        page.paragraph(0, 2, &[(BOLD, &policy.name), (PLAIN, &description)])?;
        let replaces = policy.replaces.as_ref();
        let replaces = replaces.map(|pack| format!(", replaces {pack}"));
        let file = visible(&policy.file.name) + &*replaces.unwrap_or_default();
        page.paragraph(0, 2, &[(DIM, &file)])?;
        for (name, value) in &policy.values {
            let value: String = visible(value).chars().take(LONGEST_VALUE).collect();
            let name = format!("{}/{name}", policy.name);
            page.paragraph(
                2,
                4,
                &[
                    (DIM, "value "),
                    (BOLD, &name),
                    (PLAIN, ": "),
                    (PLAIN, &value),
                ],
            )?;
        }
        for Rule { facts, .. } in &policy.rules {
            let line = format!("{:>digits$}  {:8}  ", facts.line, facts.severity.name());
            page.paragraph(
                2,
                title,
                &[
                    (DIM, &line),
                    (BOLD, &format!("{:name$}", facts.name)),
                    (PLAIN, "  "),
                    (PLAIN, &visible(&facts.title)),
                ],
            )?;
        }
        page.blank()?;
    }
    let count = format!(
        "{}, {}",
        plural(policies.policies.len(), "policy"),
        plural(policies.rules, "rule")
    );
    let packs = format!(". Packs inside driftgate: {}", packs().join(", "));
    page.paragraph(0, 2, &[(PLAIN, &count), (PLAIN, &packs)])
}

/// The document that is written as JSON.
#[derive(Serialize)]
struct Listed<'p> {
    format: &'static str,
    version: u32,
    policies: Vec<ListedPolicy<'p>>,
    packs: Vec<String>,
}

#[derive(Serialize)]
struct ListedPolicy<'p> {
    name: &'p str,
    description: Option<&'p str>,
    file: &'p str,
    /// The pack that it replaces.
    replaces: Option<&'p str>,
    /// Its values, each as YAML on one line.
    values: BTreeMap<&'p str, &'p str>,
    /// True if a `match` narrows all its rules.
    r#match: bool,
    rules: Vec<ListedRule<'p>>,
}

#[derive(Serialize)]
struct ListedRule<'p> {
    rule: &'p str,
    severity: &'static str,
    title: &'p str,
    why: Option<&'p str>,
    fix: Option<&'p str>,
    references: &'p [String],
    file: &'p str,
    line: usize,
    /// True if the rule has a `match` of its own.
    r#match: bool,
    /// The protocols on which it can apply.
    protocols: Vec<&'static str>,
}

impl<'p> Listed<'p> {
    fn of(policies: &'p Policies) -> Self {
        let policies = policies.policies.iter().map(ListedPolicy::of).collect();
        Self {
            format: "driftgate.policy-list",
            version: 1,
            policies,
            packs: packs(),
        }
    }
}

impl<'p> ListedPolicy<'p> {
    fn of(policy: &'p Policy) -> Self {
        let rule = |rule: &'p Rule| ListedRule {
            rule: &rule.facts.name,
            severity: rule.facts.severity.name(),
            title: &rule.facts.title,
            why: rule.facts.why.as_deref(),
            fix: rule.facts.fix.as_deref(),
            references: &rule.facts.references,
            file: &rule.facts.file,
            line: rule.facts.line,
            r#match: rule.selection.is_some(),
            protocols: rule
                .protocols(policy.selection.as_ref())
                .into_iter()
                .map(Protocol::name)
                .collect(),
        };
        Self {
            name: &policy.name,
            description: policy.description.as_deref(),
            file: &policy.file.name,
            replaces: policy.replaces.as_deref(),
            values: policy
                .values
                .iter()
                .map(|(name, value)| (&**name, &**value))
                .collect(),
            r#match: policy.selection.is_some(),
            rules: policy.rules.iter().map(rule).collect(),
        }
    }
}
