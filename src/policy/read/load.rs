//! Policy texts to checked and compiled policies: every mistake of every text, or policies that can be trusted.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::policies::{Policies, Policy, Rule};
use super::replaces::{REPLACES, replaced_packs, replaces};
use super::rule::{ROUTE_HELP, ROUTE_MISPLACED, Selection, rule, selection};
use super::tuning::Tuning;
use super::values::{self, Values};
use super::{builtin, example, waiver};
use crate::policy::language::pattern::Pattern;
use crate::policy::text::diagnostic::{Diagnostic, Problems, SourceText, suggestions};
use crate::policy::text::keys::{Keys, name};
use crate::policy::text::lines::Lines;
use crate::policy::text::yaml::{self, Data, Entry, Node};

/// Compiles the texts of policies, and of their tests (`*_test.yaml`).
///
/// # Errors
/// Every mistake in every text, in order.
pub fn load(texts: Vec<Arc<SourceText>>) -> Result<Policies, Vec<Diagnostic>> {
    load_tuned(texts, &Tuning::default())
}

/// The same with the changes of flags and a run file.
///
/// # Errors
/// Every mistake in every text, in order; if there is none, every change of something that does not exist.
pub fn load_tuned(
    texts: Vec<Arc<SourceText>>,
    tuning: &Tuning,
) -> Result<Policies, Vec<Diagnostic>> {
    let mut loading = Loading::new(tuning);
    let order: Vec<Arc<SourceText>> = texts.iter().map(Arc::clone).collect();
    let (tests, policies): (Vec<_>, Vec<_>) =
        texts.into_iter().partition(|text| is_test_file(&text.name));
    let replaced = replaced_packs(&policies);
    for text in policies {
        if !replaced.contains(&text.name) {
            loading.policy(&text);
        }
    }
    for text in tests {
        loading.tests(&text);
    }
    if loading.mistakes.is_empty() {
        let mut policies = Policies {
            policies: loading.policies,
            ..Policies::default()
        };
        tuning.apply(&mut policies)?;
        policies.renumber();
        return Ok(policies);
    }
    let mut mistakes = loading.mistakes;
    mistakes.sort_by_key(|mistake| {
        order
            .iter()
            .position(|text| Arc::ptr_eq(text, &mistake.file))
    });
    Err(mistakes)
}

/// True if a file is one of tests only, by its name.
#[must_use]
pub fn is_test_file(name: &str) -> bool {
    name.ends_with("_test.yaml") || name.ends_with("_test.yml")
}

/// The keys of a policy.
const KEYS: [&str; 7] = [
    "policy",
    REPLACES,
    "description",
    "values",
    "match",
    "rules",
    "tests",
];

struct Loading<'t> {
    tuning: &'t Tuning,
    policies: Vec<Policy>,
    /// The names of all policies, those with mistakes too, and their places.
    names: BTreeMap<String, String>,
    /// The identifiers of each policy's rules.
    rule_ids: BTreeMap<String, Vec<String>>,
    mistakes: Vec<Diagnostic>,
}

impl<'t> Loading<'t> {
    const fn new(tuning: &'t Tuning) -> Self {
        Self {
            tuning,
            policies: Vec::new(),
            names: BTreeMap::new(),
            rule_ids: BTreeMap::new(),
            mistakes: Vec::new(),
        }
    }

    fn policy(&mut self, file: &Arc<SourceText>) {
        let mut problems = Problems::new(Arc::clone(file));
        if let Some(mut root) = yaml::read(&mut problems)
            && let Some(policy) = self.policy_of(&mut root, file, &mut problems)
        {
            self.policies.push(policy);
        }
        self.mistakes.extend(problems.into_sorted());
    }

    fn policy_of(
        &mut self,
        root: &mut Node,
        file: &Arc<SourceText>,
        problems: &mut Problems,
    ) -> Option<Policy> {
        if is_file_of_waivers(root, file, problems) {
            return None;
        }
        if waiver::is_beside_a_policy(root, problems) {
            return None;
        }
        let values = self.values(root, problems);
        let root = &*root;
        let keys = Keys::of(root, "a policy", &KEYS, problems)?;
        let policy_name = keys
            .text("policy", root, "the policy", problems)
            .and_then(|text| name(text, "the name of a policy", problems))
            .map(str::to_owned);
        if let (Some(policy_name), Some(entry)) = (&policy_name, keys.get("policy")) {
            self.note_name(policy_name, entry, file, problems);
        }
        let description = keys.optional_text("description", problems);
        let replaces = replaces(&keys, policy_name.as_deref(), problems);
        let selection = selection(keys.get("match"), problems);
        if let Some(Selection {
            route: Some(at), ..
        }) = &selection
        {
            problems.note(
                at,
                ROUTE_MISPLACED,
                "not in the `match` of a policy",
                [ROUTE_HELP.to_owned()],
            );
        }
        let shown = policy_name.clone().unwrap_or_default();
        let mut rules = self.rules_of(
            &keys,
            root,
            file,
            &shown,
            selection
                .as_ref()
                .and_then(|selection| selection.pattern.as_ref()),
            problems,
        );
        let ids = self.rule_ids.get(&shown).cloned().unwrap_or_default();
        let tests = keys
            .get("tests")
            .map(|entry| example::read(&entry.value, &ids, problems));
        problems.is_empty().then_some(())?;
        for (at, rule) in rules.iter_mut().enumerate() {
            rule.facts.note_replaced(values.replaced(at));
        }
        Some(Policy {
            number: 0,
            name: policy_name?,
            description,
            file: Arc::clone(file),
            replaces,
            values: values.named,
            selection: selection?.pattern,
            rules,
            tests: tests.unwrap_or_default(),
        })
    }

    /// Puts the values of a policy in their places.
    fn values(&self, root: &mut Node, problems: &mut Problems) -> Values {
        let name = match &root.data {
            Data::Map(entries) => entries.iter().find(|entry| entry.key == "policy"),
            _ => None,
        };
        let replaced = match name.map(|entry| &entry.value.data) {
            Some(Data::Text(name)) => self.tuning.values_of(name),
            _ => Vec::new(),
        };
        values::put_in(root, &replaced, problems)
    }

    /// Notes the name of a policy, and a mistake if another one has it.
    fn note_name(
        &mut self,
        policy_name: &str,
        entry: &Entry,
        file: &Arc<SourceText>,
        problems: &mut Problems,
    ) {
        let (line, _) = file.position(entry.key_span.start);
        let place = format!("{}:{line}", file.name);
        if let Some(first) = self.names.insert(policy_name.to_owned(), place) {
            let title = format!("there is already a policy `{policy_name}`");
            let mut help =
                vec!["policies that are loaded together need different names".to_owned()];
            if builtin::pack(policy_name).is_some() {
                help.push(format!(
                    "a copy replaces its pack with `replaces: builtin:{policy_name}` below its name"
                ));
            }
            problems.note(&entry.value.span, title, format!("first in {first}"), help);
        }
    }

    fn rules_of(
        &mut self,
        keys: &Keys<'_>,
        root: &Node,
        file: &SourceText,
        policy: &str,
        selection: Option<&Pattern>,
        problems: &mut Problems,
    ) -> Vec<Rule> {
        let Some(entry) = keys.get("rules") else {
            if !keys.is_misspelt("rules") {
                problems.note(
                    &root.span,
                    "the policy has no `rules`",
                    "`rules` is needed",
                    [],
                );
            }
            return Vec::new();
        };
        let nodes = match &entry.value.data {
            Data::List(nodes) if !nodes.is_empty() => nodes,
            Data::List(_) | Data::Null => {
                problems.note(
                    &entry.key_span,
                    "the policy has no rules",
                    "a policy without rules checks nothing",
                    [],
                );
                return Vec::new();
            }
            _ => {
                let title = format!("`rules` is a list, and this is {}", entry.value.kind());
                problems.note(
                    &entry.value.span,
                    title,
                    "not a list",
                    ["each rule begins with `- id: …`".to_owned()],
                );
                return Vec::new();
            }
        };
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        let mut rules = Vec::new();
        let mut lines = Lines::of(&file.text);
        for node in nodes {
            if let Data::Map(entries) = &node.data
                && let Some(entry) = entries.iter().find(|entry| entry.key == "id")
                && let Data::Text(id) = &entry.value.data
            {
                self.rule_ids
                    .entry(policy.to_owned())
                    .or_default()
                    .push(id.clone());
                if let Some(first) = seen.insert(id, entry.key_span.start) {
                    let title = format!("the policy already has a rule `{id}`");
                    let (line, _) = file.position(first);
                    problems.note(
                        &entry.value.span,
                        title,
                        format!("first on line {line}"),
                        [],
                    );
                }
            }
            let line = lines.up_to(node.span.start);
            rules.extend(rule(node, line, policy, selection, problems));
        }
        rules
    }

    fn tests(&mut self, file: &Arc<SourceText>) {
        let mut problems = Problems::new(Arc::clone(file));
        let root = yaml::read(&mut problems).map(|root| values::refused(root, &mut problems));
        if let Some(root) = root
            && let Some(keys) = example::keys_of_file(&root, &mut problems)
            && let Some((policy, node)) =
                keys.text("policy", &root, "the file of tests", &mut problems)
        {
            if self.names.contains_key(policy) {
                let ids = self.rule_ids.get(policy).cloned().unwrap_or_default();
                match keys.get("tests") {
                    Some(entry) => {
                        let tests = example::read(&entry.value, &ids, &mut problems);
                        if let Some(policy) =
                            self.policies.iter_mut().find(|known| known.name == policy)
                        {
                            policy.tests.extend(tests);
                        }
                    }
                    None if keys.is_misspelt("tests") => {}
                    None => problems.note(
                        &root.span,
                        "the file has no `tests`",
                        "`tests` is needed",
                        [],
                    ),
                }
            } else {
                let (label, help) = if self.names.is_empty() {
                    (
                        "not loaded",
                        vec![
                            "this is a file of tests; name the file of its policy as well"
                                .to_owned(),
                        ],
                    )
                } else {
                    let (label, help) = suggestions(policy, self.names.keys().map(String::as_str));
                    (
                        if label.starts_with("did") {
                            "perhaps misspelt"
                        } else {
                            "not loaded"
                        },
                        help,
                    )
                };
                problems.note(
                    &node.span,
                    format!("no policy `{policy}` is loaded"),
                    label,
                    help,
                );
            }
        }
        self.mistakes.extend(problems.into_sorted());
    }
}

/// True for a file of waivers, which is noted as a mistake.
fn is_file_of_waivers(root: &Node, file: &Arc<SourceText>, problems: &mut Problems) -> bool {
    if let Data::Map(entries) = &root.data
        && let Some(entry) = entries.iter().find(|entry| entry.key == "waivers")
        && entries.len() == 1
    {
        let help = format!(
            "name the file with `--waivers {}`, and keep it outside the folder of policies",
            file.name
        );
        problems.note(
            &entry.key_span,
            "this is a file of waivers, not a policy",
            "waivers",
            [help],
        );
        return true;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::catalogue::{API, api};
    use crate::model::{Document, Value};

    fn text(name: &str, text: &str) -> Arc<SourceText> {
        Arc::new(SourceText {
            name: name.into(),
            text: text.into(),
        })
    }

    fn titles(yaml: &str) -> Vec<String> {
        match load(vec![text("p.yaml", yaml)]) {
            Ok(_) => Vec::new(),
            Err(found) => found.into_iter().map(|one| one.title).collect(),
        }
    }

    /// A policy of one rule with this `expect`.
    fn expecting(expect: &str) -> Vec<String> {
        titles(&format!(
            "policy: p\nrules:\n  - {{id: r, title: t, severity: low, expect: {expect}}}\n"
        ))
    }

    #[test]
    fn rules_are_numbered_by_name_and_know_their_lines() {
        let rule = |id: &str| {
            format!("  - {{id: {id}, title: t, severity: low, expect: {{AutoDeploy: false}}}}\n")
        };
        let file = |policy: &str| {
            text(
                "p.yaml",
                &format!("policy: {policy}\nrules:\n{}{}", rule("b"), rule("a")),
            )
        };
        let policies = load(vec![file("q"), file("p")]).unwrap();
        let rules: Vec<_> = policies
            .rules()
            .map(|rule| (&*rule.facts.name, rule.number, rule.facts.line))
            .collect();
        assert_eq!(
            (policies.rules, rules),
            (
                4,
                vec![("q/b", 3, 3), ("q/a", 2, 4), ("p/b", 1, 3), ("p/a", 0, 4)]
            )
        );
    }

    #[test]
    fn every_mistake_is_told_at_once_in_order() {
        let found = titles(
            "policy: My Policy\nmatch: {StageName: }\nrules:\n  - id: a\n    severity: severe\n    expect:\n      \
             AccessLogSetings: {present: true}\n      AutoDeploy: maybe\n  - {id: a, title: t, severity: low}\n",
        );
        assert_eq!(
            found,
            [
                "the name of a policy is written in kebab-case",
                "a pattern is missing here",
                "the rule has no `title`",
                "there is no severity `severe`",
                "a stage has no setting `AccessLogSetings`",
                "`AutoDeploy` is a boolean, and this is a text",
                "the rule `a` has neither `expect` nor `assert`",
                "the policy already has a rule `a`",
            ]
        );
    }

    #[test]
    fn patterns_that_cannot_be_meant_are_refused() {
        for (expect, title) in [
            (
                "{AccessLogSettings.Format: x}",
                "`AccessLogSettings.Format` is not a setting: members are nested",
            ),
            (
                "{AccessLogSettings: x}",
                "a mapping of the members of `AccessLogSettings` is needed, not a text",
            ),
            (
                "{each-route: {ThrottlingBurstLimit: {min: 5, max: 1}}}",
                "no number fits `min: 5` and `max: 1`",
            ),
            (
                "{Description: {log-format: json}}",
                "`log-format` is a mapping, and this is a text",
            ),
            (
                "{Description: {log-format: {}}}",
                "`log-format` takes `is: json|clf|xml|csv`, or `context: [requestId, …]`, or both",
            ),
            (
                "{Description: {log-format: {as: json}}}",
                "`log-format` has no key `as`",
            ),
            (
                "{Description: {log-format: {is: jsn}}}",
                "there is no log format `jsn`",
            ),
            (
                "{Description: {log-format: {context: requestId}}}",
                "`context` takes a list of `$context` variables",
            ),
            (
                "{Description: {log-format: {context: []}}}",
                "`context` takes a list of `$context` variables",
            ),
            (
                "{Description: {log-format: {context: [requestid]}}}",
                "there is no variable `$context.requestid`",
            ),
            (
                "{Description: {log-format: {context: [$request.id]}}}",
                "`$request.id` is not the name of a `$context` variable",
            ),
            (
                "{AutoDeploy: {looks-secret: false}}",
                "`looks-secret` cannot test `AutoDeploy`, which is a boolean",
            ),
            (
                "{Description: {looks-secret: maybe}}",
                "`looks-secret` needs true or false, not a text",
            ),
        ] {
            assert_eq!(expecting(expect), [title], "{expect}");
        }
    }

    #[test]
    fn what_is_meant_is_taken() {
        for expect in [
            "{DefaultRouteSettings: {LoggingLevel: false}}",
            "{AccessLogSettings: {DestinationArn: \"arn:aws:logs:us-east-1:111122223333:log-group:x:*\"}}",
            "{api: {CorsConfiguration: {AllowOrigins: {not: {contains: \"*\"}}}}}",
            "{api: {CorsConfiguration: {AllowOrigins: {each: {like: \"https://*\"}}}}}",
            "{Tags: {\"team-*\": {present: true}, not: [tmp, \"old-*\"]}}",
            "{RouteSettings: {present: false}}",
            "{any-of: [{AutoDeploy: true}, {Description: {present: true}}]}",
            "{api: {CorsConfiguration: {AllowOrigins: {each: [\"*\", \"https://*\"], contains: [\"*\"]}}}}",
            "{Tags: {type: [web, api], kind: [a], value: [b], format: {like: \"a*\"}}}",
            "{each-route: {ThrottlingBurstLimit: {any-of: [5, {min: 10, max: 10}]}}}",
        ] {
            assert_eq!(expecting(expect), Vec::<String>::new(), "{expect}");
        }
    }

    #[test]
    fn a_rule_that_can_never_apply_is_refused() {
        let rule = |matches: &str, expect: &str| {
            titles(&format!(
                "policy: p\nmatch: {{api: {{ProtocolType: HTTP}}}}\nrules:\n  - {{id: r, title: t, severity: low, match: {matches}, expect: {expect}}}\n"
            ))
        };
        let never = ["the rule `r` can never apply"];
        assert_eq!(
            rule("{StageName: prod}", "{each-route: {LoggingLevel: INFO}}"),
            never
        );
        assert_eq!(
            rule(
                "{StageName: prod}",
                "{ClientCertificateId: {present: true}}"
            ),
            never
        );
        assert_eq!(
            rule("{api: {ProtocolType: WEBSOCKET}}", "{AutoDeploy: true}"),
            never
        );
        assert_eq!(
            rule(
                "{DefaultRouteSettings: {LoggingLevel: INFO}}",
                "{AutoDeploy: true}"
            ),
            never
        );
        assert!(
            rule(
                "{StageName: prod}",
                "{each-route: {LoggingLevel: INFO, DetailedMetricsEnabled: true}}"
            )
            .is_empty()
        );
    }

    #[test]
    fn only_apis_that_a_rule_may_match_are_worth_fetching() {
        let policies = load(vec![text(
            "p.yaml",
            "policy: p\nmatch: {api: {Tags: {tier: gold}}, region: {like: \"eu-*\"}}\nrules:\n  - {id: r, title: t, severity: low, match: {StageName: prod}, expect: {AutoDeploy: false}}\n",
        )])
        .unwrap();
        let gold = Value::map(vec![("tier".into(), Value::text("gold"))]);
        let mut members = vec![Value::Unset; API.len()];
        members[api::TAGS.at] = gold;
        members[api::PROTOCOL.at] = Value::text("HTTP");
        let (gold, plain) = (Value::Struct(members.into()), Value::empty_struct(API));
        let may = |api: &Value<'_>, region| {
            policies.may_match(&Document::before_its_stages(None, Some(region), api))
        };
        assert!(may(&gold, "eu-west-1") && !may(&gold, "us-east-1") && !may(&plain, "eu-west-1"));
    }

    #[test]
    fn tests_in_a_file_of_their_own_belong_to_a_policy() {
        let policy = text(
            "p.yaml",
            "policy: p\nrules:\n  - {id: r, title: t, severity: low, expect: {AutoDeploy: false}}\n",
        );
        let tests = |yaml: &str| text("p_test.yaml", yaml);
        let good =
            tests("policy: p\ntests:\n  - {name: n, given: {AutoDeploy: true}, violates: [r]}\n");
        let loaded = load(vec![good, Arc::clone(&policy)]).unwrap();
        assert_eq!(loaded.policies[0].tests.len(), 1);
        let bad = tests("policy: q\ntests: []\n");
        assert_eq!(
            load(vec![bad, policy]).unwrap_err()[0].title,
            "no policy `q` is loaded"
        );
    }
}
