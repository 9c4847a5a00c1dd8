//! The explanations of rules, tests, words and fields.

use std::io;

use serde_json::Value as Json;

use super::sheet::Sheet;
use crate::check::{Options, Verdict, verdict};
use crate::model::catalogue::ours::{EACH_ROUTE, IN_FORCE};
use crate::model::catalogue::{API_FIELD, Kind, ROUTE_SETTINGS, STAGE_FIELD, Unset};
use crate::model::protocol::Protocols;
use crate::model::value::Written;
use crate::policy::author::describe::{FieldPlace, Word, block, unset};
use crate::policy::author::outline::outline;
use crate::policy::author::reference::fits;
use crate::policy::language::fields::below;
use crate::policy::language::operator::{Example as Shown, Operator};
use crate::policy::language::operators::OPERATORS;
use crate::policy::language::pattern::Pattern;
use crate::policy::read::example::Example;
use crate::policy::{Policies, Policy, Rule};

/// A rule: its stages, its demands, and its own tests as examples.
pub fn rule(sheet: &mut Sheet<'_>, policy: &Policy, rule: &Rule) -> io::Result<()> {
    let facts = &rule.facts;
    sheet.title(&facts.name, &format!("rule, {}", facts.severity.name()))?;
    sheet.text(&facts.title)?;
    sheet.blank()?;
    for (name, text) in [("Why", &facts.why), ("Fix", &facts.fix)] {
        if let Some(text) = text {
            sheet.fact(name, text)?;
        }
    }
    for (at, reference) in facts.references.iter().enumerate() {
        sheet.reference(if at == 0 { "See" } else { "" }, reference)?;
    }
    sheet.fact("File", &format!("{}:{}", facts.file, facts.line))?;

    let selections: Vec<&Pattern> = policy.selection.iter().chain(&rule.selection).collect();
    if selections.is_empty() {
        sheet.heading("Applies to every stage.")?;
    } else {
        sheet.heading("Applies to stages with all of this")?;
        lines(sheet, selections.into_iter(), "")?;
    }
    sheet.heading("Demands")?;
    lines(sheet, rule.expect.iter(), "")?;
    for demands in &rule.routes {
        let place = demands.route.as_ref().map_or_else(
            || EACH_ROUTE.name.to_owned(),
            |route| format!("{IN_FORCE}.{route}"),
        );
        let patterns = demands.parts.iter().map(|part| &part.pattern);
        lines(sheet, patterns, &place)?;
    }
    if let Some(assertion) = &rule.assertion {
        sheet.item(0, assertion.words())?;
    }

    let (conforms, violates) = examples(policy, rule);
    let read = reads(policy, rule);
    if let Some(example) = conforms {
        sheet.heading(&format!("Conforms: {}", example.name))?;
        sheet.yaml(&stage_yaml(example, &read))?;
    }
    if let Some((example, failures)) = violates {
        sheet.heading(&format!("Violates: {}", example.name))?;
        sheet.yaml(&stage_yaml(example, &read))?;
        for failure in failures {
            sheet.item(0, &format!("# {failure}"))?;
        }
    }
    Ok(())
}

fn lines<'p>(
    sheet: &mut Sheet<'_>,
    of: impl Iterator<Item = &'p Pattern>,
    place: &str,
) -> io::Result<()> {
    of.flat_map(|pattern| outline(pattern, place))
        .try_for_each(|line| sheet.item(line.depth, &line.text))
}

/// Of the policy's tests, the first on which the rule conforms, and the first that violates it, with what fails.
fn examples<'p>(
    policy: &'p Policy,
    rule: &Rule,
) -> (Option<&'p Example>, Option<(&'p Example, Vec<String>)>) {
    let (mut conforms, mut violates) = (None, None);
    for example in &policy.tests {
        match verdict(
            policy.selection.as_ref(),
            rule,
            &example.document(),
            Options::default(),
        ) {
            Verdict::Conforms if conforms.is_none() => conforms = Some(example),
            Verdict::Violates(failures) if violates.is_none() => {
                let words = failures.iter().map(|failure| {
                    let path = if failure.path.is_whole() {
                        "the stage"
                    } else {
                        failure.path.text()
                    };
                    format!("{path}: expected {}", failure.expected)
                });
                violates = Some((example, words.collect()));
            }
            _ => {}
        }
    }
    (conforms, violates)
}

/// The settings of a test's stage that a rule reads, as YAML.
fn stage_yaml(example: &Example, read: &[String]) -> String {
    let json = |field, value| serde_json::to_value(Written { field, value }).unwrap_or_default();
    let mut stage = json(&STAGE_FIELD, &example.stage);
    stage["api"] = json(&API_FIELD, &example.api);
    for (key, value) in [("account", &example.account), ("region", &example.region)] {
        stage[key] = Json::from(value.as_str());
    }
    let keep = |within: &str, of: &mut Json| {
        if let Some(members) = of.as_object_mut() {
            members.retain(|key, value| {
                let path = format!("{within}{key}");
                read.iter().any(|read| overlap(read, &path)) && *value != serde_json::json!({})
            });
        }
    };
    keep("api.", &mut stage["api"]);
    keep("", &mut stage);
    if stage == serde_json::json!({}) {
        return "# nothing that the rule reads is set".to_owned();
    }
    serde_yaml::to_string(&stage).unwrap_or_default()
}

/// A test of one setting.
pub fn test(sheet: &mut Sheet<'_>, operator: &Operator) -> io::Result<()> {
    sheet.title(operator.name, "test")?;
    sheet.text(operator.about)?;
    sheet.blank()?;
    sheet.fact("Takes", operator.takes)?;
    sheet.fact("Allowed at", &fits(operator))?;
    example(sheet, &operator.example)
}

/// A word that is not a test.
pub fn word(sheet: &mut Sheet<'_>, word: &Word) -> io::Result<()> {
    sheet.title(word.name, "word of the language")?;
    sheet.text(word.about)?;
    sheet.blank()?;
    sheet.fact("Takes", word.takes)?;
    sheet.fact("Allowed", word.place)?;
    example(sheet, &word.example)
}

fn example(sheet: &mut Sheet<'_>, example: &Shown) -> io::Result<()> {
    shown(
        sheet,
        &format!("{{{}}}", example.rule),
        example.passes,
        example.fails,
    )
}

fn shown(sheet: &mut Sheet<'_>, rule: &str, passes: &str, fails: &str) -> io::Result<()> {
    for (heading, yaml) in [("Rule", rule), ("Conforms", passes), ("Violates", fails)] {
        sheet.heading(heading)?;
        sheet.yaml(&block(yaml))?;
    }
    Ok(())
}

/// A field of the document.
pub fn field(sheet: &mut Sheet<'_>, place: &FieldPlace, policies: &Policies) -> io::Result<()> {
    let field = place.field;
    sheet.title(&place.path, "field")?;
    sheet.text(field.about)?;
    sheet.blank()?;
    sheet.fact("Type", &field.kind.words())?;
    sheet.fact("Comes from", &place.source())?;
    let only = if place.on == Protocols::ALL {
        ""
    } else {
        "only "
    };
    sheet.fact("Exists on", &format!("{only}{}", place.on.words()))?;
    let meaning = match field.unset {
        Unset::Nothing => "not set: every test fails but `present: false`".to_owned(),
        _ => unset(field),
    };
    sheet.fact("Unset means", &meaning)?;
    if field.sensitive {
        sheet.fact(
            "Sensitive",
            "reports and snapshots hold a digest, unless --show-values is given",
        )?;
    }
    if field.log_group_arn {
        sheet.fact(
            "Compared",
            "without a trailing `:*`, which API Gateway does not store",
        )?;
    }
    let values = match field.kind {
        Kind::Struct(_) => "a mapping of its members",
        Kind::Map(_) => "a list of keys, a mapping of keys",
        Kind::List(_) => "a mapping of tests",
        _ => "a value, a list of values, a mapping of tests",
    };
    sheet.fact("Patterns", values)?;
    let tests = OPERATORS
        .iter()
        .filter(|operator| (operator.on)(&field.kind))
        .map(|operator| operator.name);
    sheet.fact(
        "Tests",
        &tests
            .chain(["not", "any-of"])
            .collect::<Vec<_>>()
            .join(", "),
    )?;
    if let Kind::Struct(members) = field.kind {
        sheet.fact(
            "Members",
            &members
                .iter()
                .map(|member| member.name)
                .collect::<Vec<_>>()
                .join(", "),
        )?;
    }
    let readers = policies
        .policies
        .iter()
        .flat_map(|policy| policy.rules.iter().map(move |rule| (policy, rule)));
    let readers: Vec<&str> = readers
        .filter(|(policy, rule)| {
            reads(policy, rule)
                .iter()
                .any(|read| overlap(read, &place.read_as()))
        })
        .map(|(_, rule)| rule.facts.name.as_str())
        .collect();
    sheet.fact(
        "Read by",
        &if readers.is_empty() {
            "no loaded rule".to_owned()
        } else {
            readers.join(", ")
        },
    )?;
    if let Some([expect, passes, fails]) = place.example() {
        shown(sheet, &format!("{{expect: {expect}}}"), &passes, &fails)?;
    }
    Ok(())
}

/// The fields that a rule reads, those of its policy's `match` too.
fn reads(policy: &Policy, rule: &Rule) -> Vec<String> {
    let mut read: Vec<String> = policy.fields_of(rule).tested().map(str::to_owned).collect();
    let members = rule
        .route_parts()
        .flat_map(|part| &part.reads)
        .map(|at| ROUTE_SETTINGS[*at].name);
    read.extend(members.map(|member| format!("each-route.{member}")));
    read
}

/// True if one path is the other, or a part of it.
fn overlap(one: &str, other: &str) -> bool {
    below(one, other).is_some() || below(other, one).is_some()
}
