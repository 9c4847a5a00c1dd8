//! The verdict of one rule on one stage, and what it rests on.

use std::borrow::Cow;

use crate::model::Document;
use crate::model::catalogue::{Field, Protocol, ROUTE_SETTINGS, STAGE, position};
use crate::model::finding::Origin;
use crate::model::value::Value;
use crate::policy::Rule;
use crate::policy::compile::each_route_field;
use crate::policy::load::protocols;
use crate::policy::pattern::{At, Failure, Open, Pattern};
use crate::policy::truth::{Truth, Use};

/// What a rule says of a stage.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Its `match` does not hold.
    NotGoverned,
    /// What it expects holds.
    Conforms,
    /// These settings fail.
    Violates(Vec<Finding>),
    /// The protocol lacks everything that it asks about.
    NotApplicable,
    /// It hangs on these.
    Undecided(Vec<Question>),
}

/// A setting that fails, and the route it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The route; `None` for the stage and its default.
    pub route: Option<String>,
    /// The setting.
    pub failure: Failure,
}

/// What a verdict hangs on, and the route it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The route; `None` for the stage and its default.
    pub route: Option<String>,
    /// The setting and the reason.
    pub open: Open,
}

/// The verdict of a rule on a stage; `selects` is what the policy's own `match` is.
///
/// A protocol that is not stated is tried both ways: where both agree, it does not matter.
#[must_use]
pub fn verdict(selects: Option<&Pattern>, rule: &Rule, document: &Document<'_>, hide: bool) -> Verdict {
    match protocols(document) {
        [protocol] => assuming(*protocol, selects, rule, document, hide),
        several => {
            let mut verdicts = several.iter().map(|protocol| assuming(*protocol, selects, rule, document, hide));
            let (Some(first), Some(second)) = (verdicts.next(), verdicts.next()) else { return Verdict::NotGoverned };
            agree(first, second)
        }
    }
}

/// What is left when two readings of a stage must both be right.
fn agree(first: Verdict, second: Verdict) -> Verdict {
    match (first, second) {
        (one, other) if one == other => one,
        (Verdict::Violates(one), Verdict::Violates(other)) => {
            let both: Vec<Finding> = one.into_iter().filter(|finding| other.contains(finding)).collect();
            if both.is_empty() { unstated_protocol(Vec::new()) } else { Verdict::Violates(both) }
        }
        (Verdict::Undecided(one), Verdict::Undecided(other)) => {
            let mut all = one;
            all.extend(other.into_iter().filter(|question| !all.contains(question)).collect::<Vec<_>>());
            Verdict::Undecided(all)
        }
        (Verdict::Undecided(questions), _) | (_, Verdict::Undecided(questions)) => unstated_protocol(questions),
        _ => unstated_protocol(Vec::new()),
    }
}

fn unstated_protocol(mut questions: Vec<Question>) -> Verdict {
    let protocol = Open {
        path: "api.ProtocolType".to_owned(),
        reason: "the outcome depends on the protocol, which the source does not state".to_owned(),
    };
    if questions.iter().all(|question| question.open.path != protocol.path) {
        questions.insert(0, Question { route: None, open: protocol });
    }
    Verdict::Undecided(questions)
}

fn assuming(
    protocol: Protocol,
    selects: Option<&Pattern>,
    rule: &Rule,
    document: &Document<'_>,
    hide: bool,
) -> Verdict {
    let matching = At::top(document, protocol, Use::Match);
    let selections = || [selects, rule.selection.as_ref()].into_iter().flatten();
    match Use::Match.all(selections().map(|pattern| pattern.truth(document.stage, &matching))) {
        Truth::False | Truth::Dropped => return Verdict::NotGoverned,
        Truth::Unknown => {
            let mut open = Vec::new();
            for pattern in selections() {
                pattern.open_questions(document.stage, &matching, &mut String::new(), &mut open);
            }
            return Verdict::Undecided(open.into_iter().map(|open| Question { route: None, open }).collect());
        }
        Truth::True => {}
    }

    let at = At::top(document, protocol, Use::Expect);
    let picture = rule.picture.as_ref().map(|pattern| (pattern, pattern.truth(document.stage, &at)));
    let routes = rule.each_route.as_ref().map(|pattern| Routes::of(pattern, document, protocol));
    let truths = [picture.as_ref().map(|(_, truth)| *truth), routes.as_ref().map(|routes| routes.truth)];
    match Use::Expect.all(truths.into_iter().flatten()) {
        Truth::True => Verdict::Conforms,
        Truth::Dropped => Verdict::NotApplicable,
        Truth::False => {
            let mut findings = Vec::new();
            if let Some((pattern, Truth::False)) = picture {
                let mut failures = Vec::new();
                pattern.failures(document.stage, &at, &mut String::new(), hide, &mut failures);
                findings.extend(
                    failures.into_iter().map(|failure| Finding { route: route_of(&failure, document), failure }),
                );
            }
            if let Some(routes) = routes {
                routes.findings(hide, &mut findings);
            }
            Verdict::Violates(joined(findings))
        }
        Truth::Unknown => {
            let mut questions = Vec::new();
            if let Some((pattern, Truth::Unknown)) = picture {
                let mut open = Vec::new();
                pattern.open_questions(document.stage, &at, &mut String::new(), &mut open);
                questions.extend(open.into_iter().map(|open| Question { route: None, open }));
            }
            if let Some(routes) = routes {
                routes.questions(&mut questions);
            }
            Verdict::Undecided(questions)
        }
    }
}

/// The route of a setting that a picture names in `RouteSettings`.
fn route_of(failure: &Failure, document: &Document<'_>) -> Option<String> {
    let below = failure.path.strip_prefix("RouteSettings.")?;
    let routes = document.stage.member(const { position(STAGE, "RouteSettings") }).entries();
    // Route keys may have dots; the entry tells where the key ends.
    let known = routes
        .iter()
        .map(|(key, _)| key.as_ref())
        .find(|key| below.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')));
    known.map(str::to_owned)
}

/// One violation for each setting: what several tests demand of it is joined.
fn joined(findings: Vec<Finding>) -> Vec<Finding> {
    let mut all: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        let same = |other: &&mut Finding| other.route == finding.route && other.failure.path == finding.failure.path;
        match all.iter_mut().find(same) {
            Some(first) if first.failure.expected != finding.failure.expected => {
                first.failure.expected.push_str(", ");
                first.failure.expected.push_str(&finding.failure.expected);
            }
            Some(_) => {}
            None => all.push(finding),
        }
    }
    all
}

/// The settings in force of each route of a stage, and what a pattern says of them.
struct Routes<'d> {
    pattern: &'d Pattern,
    at: At<'d>,
    default: &'d Value<'d>,
    /// Each entry of `RouteSettings`: its key, itself, and what is in force. Entries without content are the default.
    entries: Vec<(&'d str, &'d Value<'d>, Value<'d>)>,
    /// The entries themselves are not stated.
    unstated: bool,
    truth: Truth,
}

impl<'d> Routes<'d> {
    fn of(pattern: &'d Pattern, document: &'d Document<'d>, protocol: Protocol) -> Self {
        let at = At { field: each_route_field(), ..At::top(document, protocol, Use::Expect) };
        let default = document.stage.member(const { position(STAGE, "DefaultRouteSettings") });
        let routes = document.stage.member(const { position(STAGE, "RouteSettings") });
        let entries: Vec<_> = routes
            .entries()
            .iter()
            .filter(|(_, entry)| !entry.is_unset())
            .map(|(key, entry)| (key.as_ref(), entry, in_force(entry, default)))
            .collect();
        let unstated = matches!(routes, Value::NotStated);
        let own = pattern.truth(default, &at);
        let unknown = (unstated && own != Truth::Dropped).then_some(Truth::Unknown);
        let others = entries.iter().map(|(_, _, settings)| pattern.truth(settings, &at));
        let truth = Use::Expect.all([own].into_iter().chain(others).chain(unknown));
        Self { pattern, at, default, entries, unstated, truth }
    }

    /// What routes inherit is told once, at the stage default.
    fn findings(&self, hide: bool, out: &mut Vec<Finding>) {
        if self.pattern.truth(self.default, &self.at) == Truth::False {
            let mut failures = Vec::new();
            self.pattern.failures(self.default, &self.at, &mut String::new(), hide, &mut failures);
            out.extend(failures.into_iter().map(|failure| Finding {
                route: None,
                failure: Failure { path: below("DefaultRouteSettings", &failure.path), ..failure },
            }));
        }
        for (key, entry, settings) in &self.entries {
            for part in parts(self.pattern) {
                if part.truth(settings, &self.at) != Truth::False || !sets_any(entry, part) {
                    continue;
                }
                let mut failures = Vec::new();
                part.failures(settings, &self.at, &mut String::new(), hide, &mut failures);
                out.extend(failures.into_iter().map(|failure| Finding {
                    route: Some((*key).to_owned()),
                    failure: Failure {
                        path: below(&format!("RouteSettings.{key}"), &failure.path),
                        origin: if failure.origin == Origin::Stage { Origin::Route } else { failure.origin },
                        ..failure
                    },
                }));
            }
        }
    }

    fn questions(&self, out: &mut Vec<Question>) {
        let mut ask = |route: Option<&str>, prefix: &str, settings: &Value<'_>| {
            let mut open = Vec::new();
            self.pattern.open_questions(settings, &self.at, &mut String::new(), &mut open);
            out.extend(open.into_iter().map(|open| Question {
                route: route.map(str::to_owned),
                open: Open { path: below(prefix, &open.path), ..open },
            }));
        };
        ask(None, "DefaultRouteSettings", self.default);
        for (key, _, settings) in &self.entries {
            ask(Some(key), &format!("RouteSettings.{key}"), settings);
        }
        if self.unstated {
            let reason = "the source does not state it".to_owned();
            out.push(Question { route: None, open: Open { path: "RouteSettings".to_owned(), reason } });
        }
    }
}

/// The parts of a pattern that all must hold, each for itself.
fn parts(pattern: &Pattern) -> &[Pattern] {
    match pattern {
        Pattern::All(parts) => parts,
        one => std::slice::from_ref(one),
    }
}

/// Whether an entry sets anything that a part reads; otherwise the part says the same of the default.
fn sets_any(entry: &Value<'_>, part: &Pattern) -> bool {
    let mut reads = Vec::new();
    part.reads(&mut String::new(), &mut reads);
    reads.iter().any(|path| path.is_empty() || !entry.member(position(ROUTE_SETTINGS, path)).is_unset())
}

/// The settings in force of a route: what its entry leaves out comes from the stage default.
fn in_force<'d>(entry: &'d Value<'d>, default: &'d Value<'d>) -> Value<'d> {
    let members = ROUTE_SETTINGS.iter().enumerate().map(|(at, _): (usize, &Field)| {
        let own = entry.member(at);
        let value = if own.is_unset() { default.member(at) } else { own };
        match value {
            Value::Text(text) => Value::Text(Cow::Borrowed(text.as_ref())),
            other => other.clone(),
        }
    });
    Value::Struct(members.collect())
}

fn below(prefix: &str, path: &str) -> String {
    if path.is_empty() { prefix.to_owned() } else { format!("{prefix}.{path}") }
}
