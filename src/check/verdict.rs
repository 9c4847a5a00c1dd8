//! The verdict of one rule on one stage, and what it rests on.

use std::borrow::Cow;
use std::sync::Arc;

use crate::model::Document;
use crate::model::catalogue::{Protocol, ROUTE_SETTINGS, STAGE, position};
use crate::model::value::Value;
use crate::policy::Rule;
use crate::policy::compile::each_route_field;
use crate::policy::explain::{Failure, Open, Path};
use crate::policy::pattern::{At, Pattern};
use crate::policy::policies::{EachRoute, RoutePart, protocols};
use crate::policy::truth::{Truth, Use};

/// What a rule says of a stage.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Its `match` does not hold.
    NotGoverned,
    /// What it expects holds.
    Conforms,
    /// These settings fail.
    Violates(Vec<Failure>),
    /// The protocol lacks everything that it asks about.
    NotApplicable,
    /// It hangs on these.
    Undecided(Vec<Open>),
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
            let both: Vec<Failure> = one.into_iter().filter(|finding| other.contains(finding)).collect();
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

fn unstated_protocol(mut questions: Vec<Open>) -> Verdict {
    const PATH: &str = "api.ProtocolType";
    if questions.iter().all(|question| &*question.path != PATH) {
        let reason = "the outcome depends on the protocol, which the source does not state".into();
        questions.insert(0, Open { route: None, path: PATH.into(), reason });
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
                pattern.open_questions(document.stage, &matching, &mut Path::default(), &mut open);
            }
            return Verdict::Undecided(open);
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
            let mut failures = Vec::with_capacity(1);
            if let Some((pattern, Truth::False)) = picture {
                pattern.failures(document.stage, &at, &mut Path::default(), hide, &mut failures);
                for failure in &mut failures {
                    failure.route = route_of(failure, document);
                }
            }
            if let Some(routes) = routes {
                routes.failures(hide, &mut failures);
            }
            Verdict::Violates(joined(failures))
        }
        Truth::Unknown => {
            let mut questions = Vec::new();
            if let Some((pattern, Truth::Unknown)) = picture {
                pattern.open_questions(document.stage, &at, &mut Path::default(), &mut questions);
            }
            if let Some(routes) = routes {
                routes.questions(&mut questions);
            }
            Verdict::Undecided(questions)
        }
    }
}

/// The route of a setting that a picture names in `RouteSettings`.
fn route_of(failure: &Failure, document: &Document<'_>) -> Option<Arc<str>> {
    let below = failure.path.strip_prefix("RouteSettings.")?;
    let routes = document.stage.member(const { position(STAGE, "RouteSettings") }).entries();
    // Route keys may have dots; the entry tells where the key ends.
    let ends_there = |key: &&str| below.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    routes.iter().map(|(key, _)| key.as_ref()).find(ends_there).map(Arc::from)
}

/// One violation for each setting: what several tests demand of it is joined.
fn joined(mut failures: Vec<Failure>) -> Vec<Failure> {
    if failures.len() < 2 {
        return failures;
    }
    // The stage and its default first, then each route.
    failures.sort_by(|a, b| (&a.route, &a.path).cmp(&(&b.route, &b.path)));
    failures.dedup_by(|later, first| {
        let same = (&later.route, &later.path) == (&first.route, &first.path);
        if same && later.expected != first.expected {
            first.expected = format!("{}, {}", first.expected, later.expected).into();
        }
        same
    });
    failures
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

    fn failures(&self, hide: bool, out: &mut Vec<Failure>) {
        for part in self.parts {
            if part.pattern.truth(self.default, &self.at) == Truth::False {
                let mut path = Path::fixed("DefaultRouteSettings");
                part.pattern.failures(self.default, &self.at, &mut path, hide, out);
            }
            for (key, settings) in self.setting(part) {
                if part.pattern.truth(&settings, &self.at) == Truth::False {
                    let before = out.len();
                    let mut path = Path::varying(format!("RouteSettings.{key}"));
                    part.pattern.failures(&settings, &self.at, &mut path, hide, out);
                    let route: Arc<str> = key.into();
                    for failure in &mut out[before..] {
                        failure.route = Some(Arc::clone(&route));
                    }
                }
            }
        }
    }

    fn questions(&self, out: &mut Vec<Open>) {
        for part in self.parts {
            part.pattern.open_questions(self.default, &self.at, &mut Path::fixed("DefaultRouteSettings"), out);
            for (key, settings) in self.setting(part) {
                let before = out.len();
                let mut path = Path::varying(format!("RouteSettings.{key}"));
                part.pattern.open_questions(&settings, &self.at, &mut path, out);
                for question in &mut out[before..] {
                    question.route = Some(key.into());
                }
            }
        }
        if matches!(self.entries, Value::NotStated) {
            out.push(Open::not_stated("RouteSettings".into()));
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
