//! Why a rule says what it says of one stage, setting by setting, for whoever asks about one stage. Pure.

use std::sync::Arc;

use super::Options;
use super::routes::Routes;
use super::verdict::{Verdict, chosen};
use crate::model::Document;
use crate::model::catalogue::Protocol;
use crate::model::finding::Actual;
use crate::policy::explain::{Failure, Path};
use crate::policy::pattern::{At, Pattern};
use crate::policy::policies::protocols;
use crate::policy::truth::{Truth, Use};
use crate::policy::{Policy, Rule};

/// What one setting has to do with a verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// The setting; empty for the document as a whole.
    pub path: Arc<str>,
    /// What is demanded of it.
    pub expected: Option<Arc<str>>,
    /// What is there; `None` where that does not matter.
    pub actual: Option<Actual>,
    /// What else there is to say of it.
    pub note: Option<Arc<str>>,
}

impl Reason {
    fn of(failure: Failure) -> Self {
        // The document as a whole is no setting: nothing is "found" there.
        let actual = (!failure.path.is_empty()).then_some(failure.actual);
        Self { path: failure.path, expected: Some(failure.expected), actual, note: None }
    }

    fn noted(path: impl Into<Arc<str>>, note: impl Into<Arc<str>>) -> Self {
        Self { path: path.into(), expected: None, actual: None, note: Some(note.into()) }
    }
}

/// Why a rule of a policy comes to this verdict on a stage.
#[must_use]
pub fn reasons(
    policy: &Policy,
    rule: &Rule,
    document: &Document<'_>,
    verdict: &Verdict,
    options: Options,
) -> Vec<Reason> {
    let hide = !options.show_values;
    let Some(protocol) = protocols(document).first().copied() else { return Vec::new() };
    match verdict {
        Verdict::Violates(failures) => failures.iter().cloned().map(Reason::of).collect(),
        Verdict::Undecided(questions) => {
            questions.iter().map(|open| Reason::noted(Arc::clone(&open.path), Arc::clone(&open.reason))).collect()
        }
        Verdict::Conforms => demanded(policy, rule, document, protocol, options).into_iter().map(Reason::of).collect(),
        Verdict::NotGoverned => {
            let own = unmatched(rule.selection.as_ref(), "the rule's", document, protocol, hide);
            let shared = unmatched(policy.selection.as_ref(), "the policy's", document, protocol, hide);
            shared.into_iter().chain(own).collect()
        }
        Verdict::NotApplicable => {
            let mut lacking = Vec::new();
            if let Some(picture) = &rule.picture {
                picture.lacking(protocol, &mut String::new(), &mut lacking);
            }
            for part in rule.each_route.iter().flat_map(|routes| &routes.parts) {
                part.pattern.lacking(protocol, &mut "DefaultRouteSettings".to_owned(), &mut lacking);
            }
            let note = lacks(protocol);
            lacking.into_iter().map(|path| Reason::noted(path, note.as_str())).collect()
        }
    }
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
    if let Some(picture) = &rule.picture {
        let at = At::top(document, protocol, Use::Expect);
        picture.demands(document.stage, &at, &mut Path::default(), !options.show_values, &mut demanded);
    }
    if let Some(each) = &rule.each_route {
        let chosen = chosen(protocol, policy.selection.as_ref(), rule, document);
        Routes::of(each, chosen, document, protocol, options).demands(&mut demanded);
    }
    demanded
}

/// Why a `match` does not hold, if it does not.
fn unmatched(
    selection: Option<&Pattern>,
    whose: &str,
    document: &Document<'_>,
    protocol: Protocol,
    hide: bool,
) -> Vec<Reason> {
    let Some(selection) = selection else { return Vec::new() };
    let at = At::top(document, protocol, Use::Match);
    match selection.truth(document.stage, &at) {
        Truth::False => {
            let mut failures = Vec::new();
            selection.failures(document.stage, &at, &mut Path::default(), hide, &mut failures);
            let note: Arc<str> = format!("{whose} match").into();
            failures.into_iter().map(|one| Reason { note: Some(Arc::clone(&note)), ..Reason::of(one) }).collect()
        }
        Truth::Dropped => {
            let mut lacking = Vec::new();
            selection.lacking(protocol, &mut String::new(), &mut lacking);
            let note = format!("{whose} match; {}", lacks(protocol));
            lacking.into_iter().map(|path| Reason::noted(path, note.as_str())).collect()
        }
        Truth::True | Truth::Unknown => Vec::new(),
    }
}
