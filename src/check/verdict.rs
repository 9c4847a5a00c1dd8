//! The verdict of one rule on one stage, and what it rests on.

use std::borrow::Cow;

use crate::model::Document;
use crate::model::catalogue::{Protocol, ROUTE_SETTINGS, STAGE, position};
use crate::model::finding::Origin;
use crate::model::value::Value;
use crate::policy::Rule;
use crate::policy::compile::each_route_field;
use crate::policy::load::{EachRoute, RoutePart, protocols};
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
    let routes = rule.each_route.as_ref().map(|each| Routes::of(each, document, protocol));
    let truths = [picture.as_ref().map(|(_, truth)| *truth), routes.as_ref().map(Routes::truth)];
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
fn joined(mut findings: Vec<Finding>) -> Vec<Finding> {
    let mut all: Vec<Finding> = Vec::with_capacity(findings.len());
    // The stage and its default first, then each route.
    findings.sort_by(|a, b| a.route.cmp(&b.route));
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

/// The routes of a stage, and what is demanded of each.
struct Routes<'d> {
    parts: &'d [RoutePart],
    at: At<'d>,
    default: &'d Value<'d>,
    /// `RouteSettings`.
    entries: &'d Value<'d>,
}

impl<'d> Routes<'d> {
    fn of(each: &'d EachRoute, document: &'d Document<'d>, protocol: Protocol) -> Self {
        Self {
            parts: &each.parts,
            at: At { field: each_route_field(), ..At::top(document, protocol, Use::Expect) },
            default: document.stage.member(const { position(STAGE, "DefaultRouteSettings") }),
            entries: document.stage.member(const { position(STAGE, "RouteSettings") }),
        }
    }

    fn truth(&self) -> Truth {
        Use::Expect.all(self.parts.iter().map(|part| {
            let own = part.pattern.truth(self.default, &self.at);
            if own == Truth::Dropped {
                return own;
            }
            let others = self.setting(part).map(|(_, settings)| part.pattern.truth(&settings, &self.at));
            // Entries that are not stated may be anything.
            let unknown = matches!(self.entries, Value::NotStated).then_some(Truth::Unknown);
            Use::Expect.all([own].into_iter().chain(others).chain(unknown))
        }))
    }

    /// The routes that set something that a part reads, with their settings in force. All others are as the default
    /// is, and what they inherit is told once, there.
    fn setting(&self, part: &'d RoutePart) -> impl Iterator<Item = (&'d str, Value<'d>)> {
        let entries: &'d [(Cow<'d, str>, Value<'d>)] = self.entries.entries();
        let default = self.default;
        entries
            .iter()
            .filter(|(_, entry)| part.reads.iter().any(|at| !entry.member(*at).is_unset()))
            .map(move |(key, entry)| (key.as_ref(), in_force(entry, default)))
    }

    fn findings(&self, hide: bool, out: &mut Vec<Finding>) {
        for part in self.parts {
            let mut fail = |route: Option<&str>, prefix: &str, settings: &Value<'_>| {
                if part.pattern.truth(settings, &self.at) != Truth::False {
                    return;
                }
                let mut failures = Vec::new();
                part.pattern.failures(settings, &self.at, &mut String::new(), hide, &mut failures);
                let of_route = |origin| if route.is_some() && origin == Origin::Stage { Origin::Route } else { origin };
                out.extend(failures.into_iter().map(|failure| Finding {
                    route: route.map(str::to_owned),
                    failure: Failure {
                        path: below(prefix, &failure.path),
                        origin: of_route(failure.origin),
                        ..failure
                    },
                }));
            };
            fail(None, "DefaultRouteSettings", self.default);
            for (key, settings) in self.setting(part) {
                fail(Some(key), &format!("RouteSettings.{key}"), &settings);
            }
        }
    }

    fn questions(&self, out: &mut Vec<Question>) {
        for part in self.parts {
            let mut ask = |route: Option<&str>, prefix: &str, settings: &Value<'_>| {
                let mut open = Vec::new();
                part.pattern.open_questions(settings, &self.at, &mut String::new(), &mut open);
                out.extend(open.into_iter().map(|open| Question {
                    route: route.map(str::to_owned),
                    open: Open { path: below(prefix, &open.path), ..open },
                }));
            };
            ask(None, "DefaultRouteSettings", self.default);
            for (key, settings) in self.setting(part) {
                ask(Some(key), &format!("RouteSettings.{key}"), &settings);
            }
        }
        if matches!(self.entries, Value::NotStated) {
            let reason = "the source does not state it".to_owned();
            out.push(Question { route: None, open: Open { path: "RouteSettings".to_owned(), reason } });
        }
    }
}

/// The settings in force of a route: what its entry leaves out comes from the stage default.
fn in_force<'d>(entry: &'d Value<'d>, default: &'d Value<'d>) -> Value<'d> {
    let members = (0..ROUTE_SETTINGS.len()).map(|at| {
        let own = entry.member(at);
        match if own.is_unset() { default.member(at) } else { own } {
            Value::Text(text) => Value::Text(Cow::Borrowed(text.as_ref())),
            other => other.clone(),
        }
    });
    Value::Struct(members.collect())
}

fn below(prefix: &str, path: &str) -> String {
    if path.is_empty() { prefix.to_owned() } else { format!("{prefix}.{path}") }
}
