//! The verdict of one rule on one stage, with its failures or open questions.

use std::borrow::Cow;
use std::sync::Arc;

use super::asserted::AssertOutcome;
use super::options::Options;
use super::routes::{Chosen, Routes, route_settings};
use crate::model::Document;
use crate::model::catalogue::{api, stage};
use crate::model::finding::Actual;
use crate::model::protocol::{Protocol, Protocols};
use crate::model::value::{SOME_VALUE, Value};
use crate::policy::language::context::Context;
use crate::policy::language::explain::{Failure, OpenQuestion};
use crate::policy::language::pattern::Pattern;
use crate::policy::language::trail::Trail;
use crate::policy::language::truth::{Truth, Use};
use crate::policy::read::policies::protocols;
use crate::policy::{Policies, Rule};

/// The verdict of a rule on a stage.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Its `match` does not hold.
    NotGoverned,
    /// Everything that it expects holds.
    Conforms,
    /// These settings fail.
    Violates(Vec<Failure>),
    /// The protocol lacks every setting that it tests.
    NotApplicable,
    /// It depends on these.
    Undecided(Vec<OpenQuestion>),
}

/// The answer of a policy's own `match` on a stage, for all of its rules.
#[derive(Clone, Copy)]
pub enum PolicyMatch<'p> {
    /// It does not hold.
    Nothing,
    /// The rules decide, with the `match` itself if it is undecided.
    Rules(Option<&'p Pattern>),
}

impl<'p> PolicyMatch<'p> {
    /// The answer of a policy's `match`.
    pub fn of(selects: Option<&'p Pattern>, document: &Document<'_>) -> Self {
        let Some(pattern) = selects else {
            return Self::Rules(None);
        };
        let [protocol] = protocols(document) else {
            return Self::Rules(selects);
        };
        match pattern.truth(
            document.stage,
            &Context::top(document, *protocol, Use::Match),
        ) {
            Truth::True => Self::Rules(None),
            Truth::False | Truth::Dropped => Self::Nothing,
            Truth::Unknown => Self::Rules(selects),
        }
    }
}

/// The verdict of a rule on a stage; `selects` is the policy's own `match`.
///
/// A protocol that is not stated is tried every way: where all agree, it does not matter.
#[must_use]
pub fn verdict(
    selects: Option<&Pattern>,
    rule: &Rule,
    document: &Document<'_>,
    options: Options,
) -> Verdict {
    let reading = |protocol: &Protocol| assuming(*protocol, selects, rule, document, options);
    match protocols(document) {
        [protocol] => reading(protocol),
        several => agreed(
            several
                .iter()
                .map(|protocol| (*protocol, reading(protocol)))
                .collect(),
        ),
    }
}

/// True if a rule is violated on a stage, waived or not.
#[must_use]
pub fn violates(policies: &Policies, options: Options, document: &Document<'_>) -> bool {
    policies.policies.iter().any(|policy| {
        let PolicyMatch::Rules(selects) = PolicyMatch::of(policy.selection.as_ref(), document)
        else {
            return false;
        };
        let violated = |rule| {
            matches!(
                verdict(selects, rule, document, options),
                Verdict::Violates(_)
            )
        };
        policy.rules.iter().any(violated)
    })
}

/// The verdict that holds whichever of several protocols the stage has.
fn agreed(mut readings: Vec<(Protocol, Verdict)>) -> Verdict {
    if readings
        .iter()
        .all(|(_, verdict)| *verdict == readings[0].1)
    {
        return readings
            .pop()
            .map_or(Verdict::NotGoverned, |(_, verdict)| verdict);
    }
    let mut questions: Vec<OpenQuestion> = Vec::new();
    let (mut failures, mut open) = (Vec::new(), 0);
    let all = readings.len();
    for (protocol, verdict) in readings {
        match verdict {
            Verdict::Violates(list) => failures.push((protocol, list)),
            Verdict::Undecided(list) => {
                open += 1;
                questions.extend(
                    list.into_iter()
                        .filter(|question| !questions.contains(question))
                        .collect::<Vec<_>>(),
                );
            }
            _ => {}
        }
    }
    match (failures.len() == all, open == all) {
        (true, _) => Verdict::Violates(agreed_failures(failures)),
        (_, true) => Verdict::Undecided(questions),
        _ => unstated_protocol(questions),
    }
}

/// The settings that fail on every protocol: what is demanded of a setting may differ with the protocol, that it fails
/// does not. If there are none, each failure with the protocol that it rests on.
fn agreed_failures(mut readings: Vec<(Protocol, Vec<Failure>)>) -> Vec<Failure> {
    let common: Vec<Failure> = readings[0]
        .1
        .iter()
        .filter(|failure| fails_in_all(failure, &readings))
        .cloned()
        .collect();
    if !common.is_empty() {
        return common;
    }
    let resting = |(protocol, failures): (Protocol, Vec<Failure>)| {
        failures.into_iter().map(move |failure| Failure {
            expected: format!(
                "{} (on {})",
                failure.expected,
                Protocols::of(protocol).words()
            )
            .into(),
            on: Some(protocol),
            ..failure
        })
    };
    readings.drain(..).flat_map(resting).collect()
}

fn fails_in_all(failure: &Failure, readings: &[(Protocol, Vec<Failure>)]) -> bool {
    readings
        .iter()
        .all(|(_, failures)| failures.iter().any(|other| other.path == failure.path))
}

fn unstated_protocol(mut questions: Vec<OpenQuestion>) -> Verdict {
    let own = unstated_protocol_question();
    if questions.iter().all(|question| question.path != own.path) {
        questions.insert(0, own);
    }
    Verdict::Undecided(questions)
}

fn unstated_protocol_question() -> OpenQuestion {
    let reason = "the outcome depends on the protocol, which the source does not state".into();
    OpenQuestion {
        route: None,
        path: api::PROTOCOL.path.into(),
        reason,
    }
}

/// The routes of a stage that a rule is about: all of them or none, unless its `match` names `route`.
pub(super) fn chosen(
    protocol: Protocol,
    selects: Option<&Pattern>,
    rule: &Rule,
    document: &Document<'_>,
) -> Chosen {
    let at = Context::top(document, protocol, Use::Match);
    let matches = |route: &Value<'_>| {
        let selections = [selects, rule.selection.as_ref()].into_iter().flatten();
        Use::Match
            .all(selections.map(|pattern| pattern.truth(document.stage, &Context { route, ..at })))
    };
    if rule.by_route {
        Chosen::among(document, matches)
    } else {
        Chosen::all(matches(at.route))
    }
}

/// The questions that keep the `match` of a rule undecided, on the stage or on single routes.
fn match_questions(
    protocol: Protocol,
    selects: Option<&Pattern>,
    rule: &Rule,
    document: &Document<'_>,
) -> Vec<OpenQuestion> {
    let top = Context::top(document, protocol, Use::Match);
    let mut questions: Vec<OpenQuestion> = Vec::new();
    let mut ask = |route: &Value<'_>| {
        let at = Context { route, ..top };
        let selections = || [selects, rule.selection.as_ref()].into_iter().flatten();
        if Use::Match.all(selections().map(|pattern| pattern.truth(document.stage, &at)))
            != Truth::Unknown
        {
            return;
        }
        let mut open = Vec::new();
        for pattern in selections() {
            pattern.open_questions(document.stage, &at, &mut Trail::top(), &mut open);
        }
        for mut question in open {
            // Routes are the keys of this map.
            if &*question.path == "route" && matches!(route, Value::SomeValue) {
                question = OpenQuestion::not_stated(stage::ROUTES.name.into());
            }
            question.route = route.as_text().map(Arc::from);
            if !questions
                .iter()
                .any(|known| known.path == question.path && known.reason == question.reason)
            {
                questions.push(question);
            }
        }
    };
    ask(top.route);
    if rule.by_route {
        let entries = route_settings(document);
        entries
            .entries()
            .iter()
            .for_each(|(key, _)| ask(&Value::Text(Cow::Borrowed(key))));
        if matches!(entries, Value::NotStated) {
            ask(&SOME_VALUE);
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
        // A rule that tests nothing is not applicable, whether or not its `match` holds.
        Truth::Unknown if !rule.asks_something_on(protocol) => return Verdict::NotApplicable,
        Truth::Unknown => {
            return Verdict::Undecided(match_questions(protocol, selects, rule, document));
        }
        Truth::True if !rule.assert_applies(protocol) => return Verdict::NotApplicable,
        Truth::True => {}
    }

    let at = Context::top(document, protocol, Use::Expect).showing(options.show_values);
    let expect = rule
        .expect
        .as_ref()
        .map(|pattern| (pattern, pattern.truth(document.stage, &at)));
    let (each, named) = (rule.each_route(), rule.named_routes());
    let each = each.map(|demands| Routes::of(demands, chosen, document, protocol, options));
    let named: Vec<Routes<'_>> = named
        .map(|demands| Routes::of(demands, Chosen::none(), document, protocol, options))
        .collect();
    let routes = || each.iter().chain(&named);
    let asserted = rule
        .assertion
        .as_ref()
        .map(|assertion| AssertOutcome::of(assertion, document, protocol, options));
    let truths = [
        expect.as_ref().map(|(_, truth)| *truth),
        asserted.as_ref().map(AssertOutcome::truth),
    ];
    let truths = truths.into_iter().flatten();
    match Truth::all(truths.chain(routes().map(Routes::truth))) {
        Truth::True => Verdict::Conforms,
        Truth::Dropped => Verdict::NotApplicable,
        Truth::False => {
            let mut failures = Vec::with_capacity(1);
            if let Some((pattern, Truth::False)) = expect {
                pattern.failures(document.stage, &at, &mut Trail::top(), &mut failures);
            }
            for routes in routes() {
                routes.failures(&mut failures);
            }
            if let Some(AssertOutcome::Fails(failure)) = asserted {
                failures.push(failure);
            }
            Verdict::Violates(joined(failures))
        }
        Truth::Unknown => {
            let mut questions = Vec::new();
            if let Some((pattern, Truth::Unknown)) = expect {
                pattern.open_questions(document.stage, &at, &mut Trail::top(), &mut questions);
            }
            for routes in routes() {
                routes.questions(
                    || match_questions(protocol, selects, rule, document),
                    &mut questions,
                );
            }
            if let Some(AssertOutcome::Open(open)) = asserted {
                questions.extend(open);
            }
            Verdict::Undecided(questions)
        }
    }
}

/// The questions that a rule leaves open on a stage beside the settings that violate it.
#[must_use]
pub fn undecided_beside(
    selects: Option<&Pattern>,
    rule: &Rule,
    document: &Document<'_>,
    options: Options,
) -> Vec<OpenQuestion> {
    let mut questions = Vec::new();
    let mut settings = Vec::new();
    for protocol in protocols(document)
        .iter()
        .filter(|protocol| rule.assert_applies(**protocol))
    {
        if let Verdict::Violates(failures) = assuming(*protocol, selects, rule, document, options) {
            settings.push((*protocol, failures));
        }
        let at = Context::top(document, *protocol, Use::Expect);
        if let Some(pattern) = &rule.expect {
            pattern.questions_beside(document.stage, &at, &mut Trail::top(), &mut questions);
        }
        for demands in &rule.routes {
            let chosen = match demands.route {
                Some(_) => Chosen::none(),
                None => chosen(*protocol, selects, rule, document),
            };
            let routes = Routes::of(demands, chosen, document, *protocol, options);
            routes.questions(
                || match_questions(*protocol, selects, rule, document),
                &mut questions,
            );
        }
        if let Some(assertion) = &rule.assertion
            && let AssertOutcome::Open(open) =
                AssertOutcome::of(assertion, document, *protocol, options)
        {
            questions.extend(open);
        }
    }
    // Beside what fails on every protocol, what fails on some alone was left out.
    let common = |failure: &Failure| fails_in_all(failure, &settings);
    if settings
        .first()
        .is_some_and(|(_, failures)| failures.iter().any(common))
        && settings
            .iter()
            .any(|(_, failures)| !failures.iter().all(common))
    {
        questions.push(unstated_protocol_question());
    }
    questions.sort_by(|a: &OpenQuestion, b| (&a.route, &a.path).cmp(&(&b.route, &b.path)));
    questions.dedup();
    questions
}

/// One violation for each setting: the demands of several tests on it are joined.
fn joined(mut failures: Vec<Failure>) -> Vec<Failure> {
    if failures.len() < 2 {
        return failures;
    }
    // The stage and its default first, then each route.
    failures.sort_by(|a, b| (a.route(), &a.path).cmp(&(b.route(), &b.path)));
    failures.dedup_by(|later, first| {
        let same = later.path == first.path;
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
