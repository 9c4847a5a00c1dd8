//! The verdict of one rule on one stage, and what it rests on.

use std::borrow::Cow;
use std::sync::Arc;

use super::Options;
use super::asserted::Outcome;
use super::routes::{Chosen, Routes, route_settings};
use crate::model::Document;
use crate::model::catalogue::{Protocol, STAGE, position};
use crate::model::finding::Actual;
use crate::model::value::{NOT_STATED, Value};
use crate::policy::Rule;
use crate::policy::explain::{Failure, Open, Path};
use crate::policy::pattern::{At, Pattern};
use crate::policy::policies::protocols;
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

/// What a policy's own `match` says of a stage, for all of its rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// The stage is not meant.
    Nothing,
    /// It holds, and only the rule's own `match` decides.
    Everything,
    /// It is not decided, and each rule has to ask again.
    Open,
}

impl Selection {
    /// What a policy's `match` says.
    pub fn of(selects: Option<&Pattern>, document: &Document<'_>) -> Self {
        let Some(pattern) = selects else { return Self::Everything };
        let [protocol] = protocols(document) else { return Self::Open };
        match pattern.truth(document.stage, &At::top(document, *protocol, Use::Match)) {
            Truth::True => Self::Everything,
            Truth::False | Truth::Dropped => Self::Nothing,
            Truth::Unknown => Self::Open,
        }
    }
}

/// The verdict of a rule on a stage; `selects` is what the policy's own `match` is.
///
/// A protocol that is not stated is tried both ways: where both agree, it does not matter.
#[must_use]
pub fn verdict(selects: Option<&Pattern>, rule: &Rule, document: &Document<'_>, options: Options) -> Verdict {
    match protocols(document) {
        [protocol] => assuming(*protocol, selects, rule, document, options),
        several => {
            let mut verdicts = several.iter().map(|protocol| assuming(*protocol, selects, rule, document, options));
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
            // What is demanded of a setting may differ with the protocol; that it fails does not.
            let fails =
                |finding: &Failure| other.iter().any(|it| (&it.route, &it.path) == (&finding.route, &finding.path));
            let both: Vec<Failure> = one.into_iter().filter(fails).collect();
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
    let own = unstated_protocol_question();
    if questions.iter().all(|question| question.path != own.path) {
        questions.insert(0, own);
    }
    Verdict::Undecided(questions)
}

fn unstated_protocol_question() -> Open {
    let reason = "the outcome depends on the protocol, which the source does not state".into();
    Open { route: None, path: "api.ProtocolType".into(), reason }
}

/// The routes of a stage that a rule is about: all of them or none, unless its `match` names `route`.
pub(super) fn chosen(protocol: Protocol, selects: Option<&Pattern>, rule: &Rule, document: &Document<'_>) -> Chosen {
    let at = At::top(document, protocol, Use::Match);
    let matches = |route: &Value<'_>| {
        let selections = [selects, rule.selection.as_ref()].into_iter().flatten();
        Truth::all(selections.map(|pattern| pattern.truth(document.stage, &At { route, ..at })))
    };
    if rule.by_route { Chosen::among(document, matches) } else { Chosen::all(matches(at.route)) }
}

/// What keeps the `match` of a rule open, on the stage or on single routes.
fn match_questions(protocol: Protocol, selects: Option<&Pattern>, rule: &Rule, document: &Document<'_>) -> Vec<Open> {
    let top = At::top(document, protocol, Use::Match);
    let mut questions: Vec<Open> = Vec::new();
    let mut ask = |route: &Value<'_>| {
        let at = At { route, ..top };
        let selections = || [selects, rule.selection.as_ref()].into_iter().flatten();
        if Truth::all(selections().map(|pattern| pattern.truth(document.stage, &at))) != Truth::Unknown {
            return;
        }
        let mut open = Vec::new();
        for pattern in selections() {
            pattern.open_questions(document.stage, &at, &mut Path::default(), &mut open);
        }
        for mut question in open {
            // Routes are the keys of this map.
            if &*question.path == "route" && matches!(route, Value::NotStated) {
                question = Open::not_stated("RouteSettings".into());
            }
            question.route = route.as_text().map(Arc::from);
            if !questions.iter().any(|known| known.path == question.path && known.reason == question.reason) {
                questions.push(question);
            }
        }
    };
    ask(top.route);
    if rule.by_route {
        let entries = route_settings(document);
        entries.entries().iter().for_each(|(key, _)| ask(&Value::Text(Cow::Borrowed(key))));
        if matches!(entries, Value::NotStated) {
            ask(&NOT_STATED);
        }
    }
    questions
}

fn assuming(
    protocol: Protocol,
    selects: Option<&Pattern>,
    rule: &Rule,
    document: &Document<'_>,
    options: Options,
) -> Verdict {
    let chosen = chosen(protocol, selects, rule, document);
    match chosen.any() {
        Truth::False | Truth::Dropped => return Verdict::NotGoverned,
        // Whether it is meant does not matter where it has nothing to ask.
        Truth::Unknown if !rule.asks_something_on(protocol) => return Verdict::NotApplicable,
        Truth::Unknown => return Verdict::Undecided(match_questions(protocol, selects, rule, document)),
        Truth::True if !rule.assert_applies(protocol) => return Verdict::NotApplicable,
        Truth::True => {}
    }

    let at = At::top(document, protocol, Use::Expect).showing(options.show_values);
    let picture = rule.picture.as_ref().map(|pattern| (pattern, pattern.truth(document.stage, &at)));
    let routes = rule.each_route.as_ref().map(|each| Routes::of(each, chosen, document, protocol, options));
    let asserted = rule.assertion.as_ref().map(|assertion| Outcome::of(assertion, document, protocol, options));
    let truths = [
        picture.as_ref().map(|(_, truth)| *truth),
        routes.as_ref().map(Routes::truth),
        asserted.as_ref().map(Outcome::truth),
    ];
    match Truth::all(truths.into_iter().flatten()) {
        Truth::True => Verdict::Conforms,
        Truth::Dropped => Verdict::NotApplicable,
        Truth::False => {
            let mut failures = Vec::with_capacity(1);
            if let Some((pattern, Truth::False)) = picture {
                pattern.failures(document.stage, &at, &mut Path::default(), &mut failures);
                for failure in &mut failures {
                    failure.route = route_of(failure, document);
                }
            }
            if let Some(routes) = routes {
                routes.failures(&mut failures);
            }
            if let Some(Outcome::Fails(failure)) = asserted {
                failures.push(failure);
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
                if routes.hangs_on_match() {
                    questions.extend(match_questions(protocol, selects, rule, document));
                }
            }
            if let Some(Outcome::Open(open)) = asserted {
                questions.extend(open);
            }
            Verdict::Undecided(questions)
        }
    }
}

/// What a rule leaves undecided on a stage beside the settings that violate it.
#[must_use]
pub fn undecided_beside(
    selects: Option<&Pattern>,
    rule: &Rule,
    document: &Document<'_>,
    options: Options,
) -> Vec<Open> {
    let mut questions = Vec::new();
    let mut settings = Vec::new();
    for protocol in protocols(document).iter().filter(|protocol| rule.assert_applies(**protocol)) {
        if let Verdict::Violates(failures) = assuming(*protocol, selects, rule, document, options) {
            settings.push(failures.into_iter().map(|failure| (failure.route, failure.path)).collect::<Vec<_>>());
        }
        let at = At::top(document, *protocol, Use::Expect);
        if let Some(pattern) = &rule.picture {
            pattern.questions_beside(document.stage, &at, &mut Path::default(), &mut questions);
        }
        if let Some(each) = &rule.each_route {
            let chosen = chosen(*protocol, selects, rule, document);
            let routes = Routes::of(each, chosen, document, *protocol, options);
            routes.questions(&mut questions);
            if routes.hangs_on_match() {
                questions.extend(match_questions(*protocol, selects, rule, document));
            }
        }
        if let Some(assertion) = &rule.assertion
            && let Outcome::Open(open) = Outcome::of(assertion, document, *protocol, options)
        {
            questions.extend(open);
        }
    }
    // What fails on one protocol alone was left out of what is told.
    if settings.windows(2).any(|pair| pair[0] != pair[1]) {
        questions.push(unstated_protocol_question());
    }
    questions.sort_by(|a: &Open, b| (&a.route, &a.path).cmp(&(&b.route, &b.path)));
    questions.dedup();
    questions
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
            // An `assert` beside a pattern that fails as a whole: it alone has something to show.
            if first.actual == Actual::Unset {
                first.actual = later.actual.clone();
            }
        }
        same
    });
    failures
}
