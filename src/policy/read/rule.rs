//! The YAML of a rule to a compiled rule. It must not know the policy around it but for its name and `match`.

use std::ops::Range;

use super::compile::Compiler;
use super::policies::{RouteDemands, Rule};
use crate::model::Severity;
use crate::model::finding::RuleFacts;
use crate::model::protocol::Protocol;
use crate::policy::cel::Assertion;
use crate::policy::language::pattern::{Pattern, Top};
use crate::policy::text::aliases;
use crate::policy::text::diagnostic::{Mistake, Problems, suggestions};
use crate::policy::text::keys::{Keys, name, text};
use crate::policy::text::scalar::text_of;
use crate::policy::text::yaml::{Data, Entry, Node};

pub const ROUTE_MISPLACED: &str =
    "`route` is allowed only in the `match` of a rule that expects nothing but `each-route`";
pub const ROUTE_HELP: &str = "make it a rule of its own, with `each-route` alone under `expect`";

/// A compiled `match`: everything where it is left out.
#[derive(Default)]
pub struct Selection {
    /// The pattern; `None` for every stage.
    pub pattern: Option<Pattern>,
    /// The place at which it names `route`.
    pub route: Option<Range<usize>>,
}

/// Compiles a `match`; `None` when it has mistakes.
pub fn selection(entry: Option<&Entry>, problems: &mut Problems) -> Option<Selection> {
    let Some(entry) = entry else {
        return Some(Selection::default());
    };
    let mut compiler = Compiler::new(problems);
    let pattern = compiler.selection(&entry.value)?;
    Some(Selection {
        pattern: Some(pattern),
        route: compiler.names_route(),
    })
}

/// The keys of a rule.
const KEYS: [&str; 9] = [
    "id",
    "title",
    "severity",
    "why",
    "fix",
    "references",
    "match",
    "expect",
    "assert",
];

/// Compiles a rule on a line of a policy with this name and `match`; `None` when it has mistakes.
pub fn rule(
    node: &Node,
    line: usize,
    policy: &str,
    policy_selection: Option<&Pattern>,
    problems: &mut Problems,
) -> Option<Rule> {
    let before = problems.len();
    let keys = Keys::of(node, "a rule", &KEYS, problems)?;
    advise_to_indent(node, problems);
    let id = keys.text("id", node, "the rule", problems);
    let id_span = id.map(|(_, node)| node.span.clone());
    let id = id.and_then(|text| name(text, "the id of a rule", problems));
    let facts = facts(&keys, node, line, problems);
    let selection = selection(keys.get("match"), problems);
    let (expect, assert) = (keys.get("expect"), keys.get("assert"));
    let Some(demands) = expect.or(assert) else {
        no_demands(&keys, id, node, problems);
        return None;
    };
    // `Some(None)` is left out, `None` is wrong.
    let expectation = expect.map_or(Some(None), |entry| {
        Compiler::new(problems).expectation(&entry.value).map(Some)
    });
    let expects_more = assert.is_some()
        || matches!(&expectation, Some(Some(of)) if of.expects_more_than_each_route());
    if expects_more
        && let Some(Selection {
            route: Some(at), ..
        }) = &selection
    {
        problems.note(
            at,
            ROUTE_MISPLACED,
            "this rule expects more than that",
            [ROUTE_HELP.to_owned()],
        );
    }
    let assertion = assert.map_or(Some(None), |entry| assertion(entry, problems).map(Some));
    let (selection, expectation, assertion) = (selection?, expectation?, assertion?);
    let (expect, routes) = expectation.map_or_else(Default::default, |of| (of.pattern, of.routes));
    let (id, id_span, facts) = (id?, id_span?, facts?);
    let rule = Rule {
        number: 0,
        facts: RuleFacts {
            name: format!("{policy}/{id}"),
            ..facts
        },
        id: id.to_owned(),
        id_span,
        selection: selection.pattern,
        by_route: selection.route.is_some(),
        expect,
        routes: routes
            .into_iter()
            .map(|(route, pattern)| RouteDemands::of(route, pattern))
            .collect(),
        assertion,
    };
    note_never_applies(
        &rule,
        policy_selection,
        (keys.get("match"), demands),
        problems,
    );
    (problems.len() == before).then_some(rule)
}

/// Helps with settings that are beside `expect`, and not under it.
fn advise_to_indent(node: &Node, problems: &mut Problems) {
    let Data::Map(entries) = &node.data else {
        return;
    };
    let settings = || Top::all().map(|(_, field)| field.name);
    let misplaced = |entry: &&Entry| {
        !KEYS.contains(&entry.key.as_str()) && settings().any(|name| name == entry.key)
    };
    for entry in entries.iter().filter(misplaced) {
        let help = format!("`{}` is a setting: indent it under `expect`", entry.key);
        problems.advise_at(&entry.key_span, &help);
    }
}

/// The texts of a rule that reports show; its name is not known here.
fn facts(keys: &Keys<'_>, node: &Node, line: usize, problems: &mut Problems) -> Option<RuleFacts> {
    let title = keys
        .text("title", node, "the rule", problems)
        .map(|(title, _)| title.to_owned());
    let severity = severity(keys, node, problems);
    let why = keys.optional_text("why", problems);
    let fix = keys.optional_text("fix", problems);
    let references = keys
        .get("references")
        .map(|entry| references(entry, problems))
        .unwrap_or_default();
    Some(RuleFacts {
        name: String::new(),
        title: title?,
        severity: severity?,
        why,
        fix,
        references,
        file: problems.file.name.clone(),
        line,
        tuned: None,
    })
}

fn note_never_applies(
    rule: &Rule,
    policy_selection: Option<&Pattern>,
    (selection, demands): (Option<&Entry>, &Entry),
    problems: &mut Problems,
) {
    if let Some((reason, help)) = never_applies(rule, policy_selection) {
        let at = selection
            .filter(|_| help == NO_PROTOCOL)
            .map_or(&demands.key_span, |entry| &entry.key_span);
        problems.note(
            at,
            format!("the rule `{}` can never apply", rule.id),
            reason,
            [help.to_owned()],
        );
    }
}

fn no_demands(keys: &Keys<'_>, id: Option<&str>, node: &Node, problems: &mut Problems) {
    if !keys.is_misspelt("expect") && !keys.is_misspelt("assert") {
        let rule = id.map_or_else(|| "the rule".to_owned(), |id| format!("the rule `{id}`"));
        problems.note(
            &node.span,
            format!("{rule} has neither `expect` nor `assert`"),
            "it demands nothing",
            [],
        );
    }
}

fn severity(keys: &Keys<'_>, node: &Node, problems: &mut Problems) -> Option<Severity> {
    let (text, at) = keys.text("severity", node, "the rule", problems)?;
    severity_of(text, &at.span, &[], problems)
}

/// The severity of a name at a place where the words of `more` are allowed too.
pub fn severity_of(
    text: &str,
    at: &Range<usize>,
    more: &[&'static str],
    problems: &mut Problems,
) -> Option<Severity> {
    let severity = Severity::from_name(text);
    if severity.is_none() {
        let severities = Severity::WORST_FIRST.map(Severity::name).into_iter().rev();
        let allowed = more.iter().copied().chain(severities);
        let (mut label, help) = suggestions(text, allowed);
        if let Some(ours) = aliases::severity(text) {
            label = format!("did you mean `{ours}`?");
        }
        problems.note(at, format!("there is no severity `{text}`"), label, help);
    }
    severity
}

/// A CEL expression; what is wrong with it is noted at its place in the file.
fn assertion(entry: &Entry, problems: &mut Problems) -> Option<Assertion> {
    let text = text(entry, problems)?;
    Assertion::of(text)
        .map_err(|mistakes| {
            for Mistake {
                at,
                title,
                label,
                help,
            } in mistakes
            {
                let at = problems.part_of_lines(&entry.value.span, text, &at);
                problems.note(&at, title, label, help);
            }
        })
        .ok()
}

fn references(entry: &Entry, problems: &mut Problems) -> Vec<String> {
    let Data::List(nodes) = &entry.value.data else {
        let title = format!("`references` is a list, and this is {}", entry.value.kind());
        problems.note(
            &entry.value.span,
            title,
            "not a list",
            ["write `references: [\"…\"]`".to_owned()],
        );
        return Vec::new();
    };
    nodes
        .iter()
        .filter_map(|node| text_of(node, problems))
        .map(str::to_owned)
        .collect()
}

const NO_PROTOCOL: &str =
    "the `match` of the policy and that of the rule must both hold on one stage";
const LACKING: &str = "let `match` select the other protocol too, or leave the setting out";

/// The reason why the rule can govern no stage of any protocol, if so, and what to do.
fn never_applies(rule: &Rule, policy: Option<&Pattern>) -> Option<(String, &'static str)> {
    let lacking: Vec<Protocol> = Protocol::ALL
        .into_iter()
        .filter(|protocol| rule.may_select(policy, *protocol))
        .collect();
    if lacking
        .iter()
        .any(|protocol| rule.asks_something_on(*protocol))
    {
        return None;
    }
    Some(match lacking.as_slice() {
        [] => (
            "no protocol fits the `match` of policy and rule".to_owned(),
            NO_PROTOCOL,
        ),
        [one] => {
            let other = if *one == Protocol::Http {
                Protocol::WebSocket
            } else {
                Protocol::Http
            };
            let words = format!(
                "`match` selects {} APIs; what is expected here exists on {} alone",
                one.name(),
                other.name()
            );
            (words, LACKING)
        }
        _ => ("no protocol has all of these settings".to_owned(), LACKING),
    })
}
