//! The reasons of one verdict, setting by setting, for commands that explain one stage. Pure.

use std::iter;
use std::sync::Arc;

use super::asserted;
use super::options::Options;
use super::routes::{Chosen, Routes};
use super::verdict::{Verdict, chosen};
use crate::model::Document;
use crate::model::Value;
use crate::model::catalogue::stage;
use crate::model::finding::Actual;
use crate::model::path::Path;
use crate::model::protocol::Protocol;
use crate::policy::author::describe::places;
use crate::policy::language::context::Context;
use crate::policy::language::explain::Failure;
use crate::policy::language::pattern::Pattern;
use crate::policy::language::trail::Trail;
use crate::policy::language::truth::{Truth, Use};
use crate::policy::read::policies::protocols;
use crate::policy::{Policy, Rule};

/// The part of one setting in a verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// The setting; empty for the document as a whole.
    pub path: Arc<str>,
    /// The demand on it.
    pub expected: Option<Arc<str>>,
    /// The value found; `None` where it does not matter.
    pub actual: Option<Actual>,
    /// A remark.
    pub note: Option<Arc<str>>,
}

impl Reason {
    fn of(failure: Failure) -> Self {
        // The document as a whole is not a setting: nothing is "found" there.
        let actual = (!failure.path.is_whole()).then_some(failure.actual);
        Self {
            path: failure.path.text().into(),
            expected: Some(failure.expected),
            actual,
            note: None,
        }
    }

    fn noted(path: impl Into<Arc<str>>, note: impl Into<Arc<str>>) -> Self {
        Self {
            path: path.into(),
            expected: None,
            actual: None,
            note: Some(note.into()),
        }
    }
}

/// The reasons for the verdict of a rule on a stage.
#[must_use]
pub fn reasons(
    policy: &Policy,
    rule: &Rule,
    document: &Document<'_>,
    verdict: &Verdict,
    options: Options,
) -> Vec<Reason> {
    let Some(protocol) = protocols(document).first().copied() else {
        return Vec::new();
    };
    match verdict {
        Verdict::Violates(failures) => failures.iter().cloned().map(Reason::of).collect(),
        Verdict::Undecided(questions) => questions
            .iter()
            .map(|open| Reason::noted(Arc::clone(&open.path), Arc::clone(&open.reason)))
            .collect(),
        Verdict::Conforms => demanded(policy, rule, document, protocol, options)
            .into_iter()
            .map(Reason::of)
            .collect(),
        Verdict::NotGoverned => {
            let own = unmatched(
                rule.selection.as_ref(),
                "the rule's",
                document,
                protocol,
                options,
            );
            why_ungoverned(policy, document, options)
                .into_iter()
                .chain(own)
                .collect()
        }
        Verdict::NotApplicable => {
            let mut lacking = Vec::new();
            if let Some(pattern) = &rule.expect {
                pattern.lacking(protocol, &mut Path::new(), &mut lacking);
            }
            for part in rule.route_parts() {
                let mut path = Path::named([stage::DEFAULT_ROUTE.name]);
                part.pattern.lacking(protocol, &mut path, &mut lacking);
            }
            let mut lacking: Vec<String> = lacking.iter().map(Path::to_string).collect();
            if let Some(assertion) = &rule.assertion {
                let reads = assertion.reads();
                let places = places()
                    .into_iter()
                    .filter(|place| !place.on.include(protocol));
                let named: Vec<String> = places
                    .map(|place| place.path)
                    .filter(|path| reads.contains(path))
                    .collect();
                let all = assertion.lacks(protocol).into_iter();
                // A setting of a struct that was worked out is known by its name alone.
                let by_name = |name: &&str| {
                    named
                        .iter()
                        .all(|path| path.rsplit('.').next() != Some(*name))
                };
                lacking.extend(all.filter(by_name).map(str::to_owned));
                lacking.extend(named);
            }
            let note = lacks(protocol);
            lacking
                .into_iter()
                .map(|path| Reason::noted(path, note.as_str()))
                .collect()
        }
    }
}

/// The reasons for which the `match` of a policy does not hold on a stage; none if it does.
#[must_use]
pub fn why_ungoverned(policy: &Policy, document: &Document<'_>, options: Options) -> Vec<Reason> {
    let Some(protocol) = protocols(document).first().copied() else {
        return Vec::new();
    };
    unmatched(
        policy.selection.as_ref(),
        "the policy's",
        document,
        protocol,
        options,
    )
}

fn lacks(protocol: Protocol) -> String {
    format!("{} APIs do not have it", protocol.name())
}

fn demanded(
    policy: &Policy,
    rule: &Rule,
    document: &Document<'_>,
    protocol: Protocol,
    options: Options,
) -> Vec<Failure> {
    let mut demanded = Vec::new();
    if let Some(pattern) = &rule.expect {
        let at = Context::top(document, protocol, Use::Expect).showing(options.show_values);
        pattern.demands(document.stage, &at, &mut Trail::top(), &mut demanded);
    }
    demanded.extend(rule.assertion.iter().map(asserted::failure));
    for demands in &rule.routes {
        let chosen = match demands.route {
            Some(_) => Chosen::none(),
            None => chosen(protocol, policy.selection.as_ref(), rule, document),
        };
        Routes::of(demands, chosen, document, protocol, options).demands(&mut demanded);
    }
    demanded
}

/// The reasons for which a `match` does not hold, if it does not.
fn unmatched(
    selection: Option<&Pattern>,
    whose: &str,
    document: &Document<'_>,
    protocol: Protocol,
    options: Options,
) -> Vec<Reason> {
    let Some(selection) = selection else {
        return Vec::new();
    };
    let mut lacking = Vec::new();
    selection.lacking(protocol, &mut Path::new(), &mut lacking);
    let failing = |at: &Context<'_>, note: String| -> Vec<Reason> {
        let mut failures = Vec::new();
        selection.failures(document.stage, at, &mut Trail::top(), &mut failures);
        let note: Arc<str> = note.into();
        let reason = |one: Failure| {
            if lacking.iter().any(|path| one.path.is_within(path)) {
                return Reason::noted(
                    one.path.text(),
                    format!("{whose} match; {}", lacks(protocol)),
                );
            }
            Reason {
                note: Some(Arc::clone(&note)),
                ..Reason::of(one)
            }
        };
        failures.into_iter().map(reason).collect()
    };
    let default = Context::top(document, protocol, Use::Match).showing(options.show_values);
    let any_route = default.any_route();
    match selection.truth(document.stage, &any_route) {
        Truth::False | Truth::Dropped => failing(&any_route, format!("{whose} match")),
        // It depends on the route, and the default or an entry fits.
        Truth::Unknown
            if routes(document).any(|route| {
                selection.truth(
                    document.stage,
                    &Context {
                        route: &route,
                        ..default
                    },
                ) == Truth::True
            }) =>
        {
            Vec::new()
        }
        Truth::Unknown => {
            let reasons = failing(
                &default,
                format!("{whose} match; no route of the stage fits"),
            );
            reasons
                .into_iter()
                .map(|reason| Reason {
                    actual: None,
                    ..reason
                })
                .collect()
        }
        Truth::True => Vec::new(),
    }
}

/// The routes of a stage as `match` sees them: the default, which has no key, and each entry.
fn routes<'d>(document: &'d Document<'_>) -> impl Iterator<Item = Value<'d>> {
    let entries = document.value(stage::ROUTES).entries();
    iter::once(Value::Unset).chain(entries.iter().map(|(key, _)| Value::text(key.as_ref())))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::check::verdict;
    use crate::policy::load;
    use crate::policy::text::diagnostic::SourceText;

    /// The reasons of a rule with these keys (`match`, `expect`) on a stage, one a line.
    fn reasons_of(rule: &str, given: &str) -> Vec<String> {
        let text = format!(
            "policy: p\nmatch: {{StageName: prod}}\nrules:\n  - {{id: r, title: t, severity: low, {rule}}}\n\
             tests:\n  - {{name: n, given: {given}, violates: []}}\n"
        );
        let policies = load(vec![Arc::new(SourceText {
            name: "p.yaml".into(),
            text,
        })])
        .unwrap();
        let policy = &policies.policies[0];
        let (rule, document) = (&policy.rules[0], policy.tests[0].document());
        let verdict = verdict(
            policy.selection.as_ref(),
            rule,
            &document,
            Options::default(),
        );
        let shown = |reason: Reason| {
            let part = |name: &str, text: Option<String>| {
                text.map(|text| format!(" {name} {text}"))
                    .unwrap_or_default()
            };
            let actual = reason.actual.map(|actual| format!("{actual:?}"));
            let (expected, note) = (
                reason.expected.map(|text| text.to_string()),
                reason.note.map(|text| text.to_string()),
            );
            format!(
                "{}:{}{}{}",
                reason.path,
                part("expected", expected),
                part("actual", actual),
                part("note", note)
            )
        };
        reasons(policy, rule, &document, &verdict, Options::default())
            .into_iter()
            .map(shown)
            .collect()
    }

    #[test]
    fn each_verdict_has_its_reasons() {
        let prod = "{StageName: prod, AutoDeploy: true, RouteSettings: {GET /: {ThrottlingBurstLimit: 9}}}";
        for (rule, given, expected) in [
            (
                "expect: {AutoDeploy: false}",
                prod,
                &["AutoDeploy: expected false actual Boolean(true)"] as &[&str],
            ),
            (
                "expect: {AutoDeploy: true}",
                prod,
                &["AutoDeploy: expected true actual Boolean(true)"],
            ),
            (
                "expect: {each-route: {ThrottlingBurstLimit: {not: 0}}}",
                prod,
                &[
                    "DefaultRouteSettings.ThrottlingBurstLimit: expected not 0 actual Unset",
                    "RouteSettings.GET /.ThrottlingBurstLimit: expected not 0 actual Integer(9)",
                ],
            ),
            (
                "expect: {each-route: {LoggingLevel: INFO}}",
                prod,
                &["DefaultRouteSettings.LoggingLevel: note HTTP APIs do not have it"],
            ),
            (
                "match: {AutoDeploy: false}, expect: {Tags: [a]}",
                prod,
                &["AutoDeploy: expected false actual Boolean(true) note the rule's match"],
            ),
            (
                "expect: {Tags: [a]}",
                "{StageName: dev}",
                &["StageName: expected prod actual Text(\"dev\") note the policy's match"],
            ),
            // The default and `GET /x` fit the rule's match: only the policy's does not hold.
            (
                "match: {route: {not: {like: [\"GET /health\"]}}}, expect: {each-route: {ThrottlingBurstLimit: 9}}",
                "{StageName: dev}",
                &["StageName: expected prod actual Text(\"dev\") note the policy's match"],
            ),
            (
                "match: {route: GET /x}, expect: {each-route: {ThrottlingBurstLimit: 9}}",
                "{StageName: dev, RouteSettings: {GET /x: {ThrottlingBurstLimit: 9}}}",
                &["StageName: expected prod actual Text(\"dev\") note the policy's match"],
            ),
            (
                "match: {ClientCertificateId: x}, expect: {Tags: [a]}",
                prod,
                &["ClientCertificateId: note the rule's match; HTTP APIs do not have it"],
            ),
            (
                "match: {route: POST /}, expect: {each-route: {ThrottlingBurstLimit: 9}}",
                prod,
                &["route: expected POST / note the rule's match; no route of the stage fits"],
            ),
            (
                "match: {route: GET /, AutoDeploy: false}, expect: {each-route: {ThrottlingBurstLimit: 9}}",
                prod,
                &["AutoDeploy: expected false actual Boolean(true) note the rule's match"],
            ),
            (
                "match: {route: GET /}, expect: {each-route: {ThrottlingBurstLimit: 9}}",
                prod,
                &["RouteSettings.GET /.ThrottlingBurstLimit: expected 9 actual Integer(9)"],
            ),
            #[cfg(feature = "cel")]
            (
                "assert: stage.AutoDeploy",
                prod,
                &[": expected assert: stage.AutoDeploy"],
            ),
            #[cfg(feature = "cel")]
            (
                "assert: \"stage.DefaultRouteSettings.LoggingLevel == 'INFO'\"",
                prod,
                &["DefaultRouteSettings.LoggingLevel: note HTTP APIs do not have it"],
            ),
            (
                "expect: {any-of: [{Tags: [a]}, {AutoDeploy: false}]}",
                prod,
                &[": expected any of: Tags.a: present; or AutoDeploy: false"],
            ),
        ] {
            assert_eq!(reasons_of(rule, given), expected, "{rule}");
        }
    }
}
