//! The violations that waivers tolerate. It must not know the date: a waiver knows itself if it has expired.

use std::sync::Arc;

use crate::model::catalogue::ours::EACH_ROUTE;
use crate::model::catalogue::stage::{DEFAULT_ROUTE, ROUTES};
use crate::model::finding::{Reading, WaiverFacts};
use crate::model::path::Segment;
use crate::model::protocol::Protocol;
use crate::model::results::Unneeded;
use crate::model::state::{Scope, ScopeOutcome, Warning, WarningKind};
use crate::model::value::{NOT_STATED, UNSET, Value};
use crate::model::{Document, Results};
use crate::policy::Policies;
use crate::policy::language::context::Context;
use crate::policy::language::explain::Failure;
use crate::policy::language::pattern::Pattern;
use crate::policy::language::truth::{Truth, Use};
use crate::policy::read::compile::Expectation;
use crate::policy::read::policies::protocols;
use crate::policy::read::waiver::{SOON, Waiver, Waivers};
use crate::policy::text::diagnostic::nearest;

use super::options::{Inheritance, Options};
use super::routes::{in_force, route_settings};

/// The waivers of a run, by rule.
pub struct Waiving<'w> {
    waivers: &'w [Waiver],
    policies: &'w Policies,
    inheritance: Inheritance,
    /// The names of all rules.
    rules: Vec<&'w str>,
    /// The waivers of each rule, by the rule's number.
    of_rules: Vec<Vec<u32>>,
}

/// The ruling on a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// No waiver covers it.
    Stands,
    /// This waiver covered it until it expired.
    Expired(u32),
    /// This waiver tolerates it.
    Waived(u32),
}

impl<'w> Waiving<'w> {
    /// The waivers of these policies' rules.
    pub fn new(policies: &'w Policies, waivers: &'w Waivers, inheritance: Inheritance) -> Self {
        let mut of_rules = vec![Vec::new(); policies.rules];
        for rule in policies.rules() {
            let fitting = (0..)
                .zip(&waivers.waivers)
                .filter(|(_, waiver)| waiver.rule.fits(&rule.facts.name));
            if let Some(of_rule) = of_rules.get_mut(rule.number as usize) {
                of_rule.extend(fitting.map(|(number, _): (u32, _)| number));
            }
        }
        let rules = policies
            .rules()
            .map(|rule| rule.facts.name.as_str())
            .collect();
        Self {
            waivers: &waivers.waivers,
            policies,
            inheritance,
            rules,
            of_rules,
        }
    }

    /// The waivers as reports show them.
    pub fn facts(&self) -> Vec<WaiverFacts> {
        self.waivers
            .iter()
            .map(|waiver| waiver.facts.clone())
            .collect()
    }

    /// Number of waivers.
    pub const fn len(&self) -> usize {
        self.waivers.len()
    }

    /// Rules on a violation. One waiver in force is enough; each that covers the violation is marked in `used`.
    pub fn ruling(
        &self,
        rule: u32,
        failure: &Failure,
        document: &Document<'_>,
        used: &mut [bool],
    ) -> Ruling {
        let mut ruling = Ruling::Stands;
        // A protocol that is not stated may be either, unless the violation is on one alone.
        let protocols = failure
            .on
            .as_ref()
            .map_or_else(|| protocols(document), std::slice::from_ref);
        for number in self.of_rules.get(rule as usize).into_iter().flatten() {
            let Some(waiver) = self.waivers.get(*number as usize) else {
                continue;
            };
            if !protocols
                .iter()
                .all(|protocol| self.covers(waiver, failure, document, *protocol))
            {
                continue;
            }
            if let Some(used) = used.get_mut(*number as usize) {
                *used = true;
            }
            match (waiver.has_expired(), ruling) {
                (false, Ruling::Stands | Ruling::Expired(_)) => ruling = Ruling::Waived(*number),
                (true, Ruling::Stands) => ruling = Ruling::Expired(*number),
                _ => {}
            }
        }
        ruling
    }

    /// Warnings for every report: waivers that have expired or soon will, that name no rule, that nothing needed.
    /// The last is known only when everything was read; a shard keeps it for the merged result.
    pub fn warnings(
        &self,
        used: &[bool],
        results: &Results,
        options: Options,
    ) -> (Vec<Warning>, Vec<Unneeded>) {
        let complete = results.gaps.is_empty() && results.summary.undecided == 0;
        let again_of = results.expired_again();
        let mut named = vec![false; self.waivers.len()];
        for number in self.of_rules.iter().flatten() {
            if let Some(named) = named.get_mut(*number as usize) {
                *named = true;
            }
        }
        let (mut warnings, mut unneeded) = (Vec::new(), Vec::new());
        for (number, (waiver, used)) in self.waivers.iter().zip(used).enumerate() {
            let facts = &waiver.facts;
            if !named[number] {
                // Nothing of a rule that is off is found, so its waiver is not missed either.
                let mut off = self.policies.off.iter();
                if off.any(|rule| waiver.rule.fits(&rule.name)) {
                    continue;
                }
                let meant = nearest(&facts.rule, self.rules.iter().copied());
                let what = match meant {
                    Some(meant) => format!("names no rule of the policies; did you mean {meant}?"),
                    None => "names no rule of the policies; remove it".to_owned(),
                };
                warnings.push(facts.warning(WarningKind::WaiverWithoutRule, &what));
            } else if waiver.has_expired() {
                warnings.push(facts.expired(again_of.get(number).copied().unwrap_or_default()));
            } else {
                if waiver.days_left <= SOON {
                    let what = format!("expires on {}; owner: {}", facts.expires, facts.owner);
                    warnings.push(facts.warning(WarningKind::WaiverExpiresSoon, &what));
                }
                if waiver.accepts_nothing(self.policies) {
                    let what =
                        "accepts nothing: what its rule finds is at no setting; leave `accept` out";
                    warnings.push(facts.warning(WarningKind::WaiverAcceptsNothing, what));
                    continue;
                }
                if *used || !results.narrowing.is_none() {
                    continue;
                }
                let warning = facts.warning(WarningKind::WaiverUnused, "was not needed; remove it");
                let in_scope = results.scopes.iter().any(|scope| may_be_in(waiver, scope));
                if options.sharded {
                    unneeded.push(Unneeded { warning, in_scope });
                } else if complete && in_scope {
                    warnings.push(warning);
                }
            }
        }
        (warnings, unneeded)
    }
}

/// True if a waiver can be about something in an account and Region that was read.
fn may_be_in(waiver: &Waiver, scope: &Scope) -> bool {
    if scope.outcome == ScopeOutcome::Excluded {
        return false;
    }
    let document = Document {
        read_at: None,
        account: scope.account.as_deref(),
        region: scope.region.as_deref(),
        api: &NOT_STATED,
        stage: &NOT_STATED,
    };
    Protocol::ALL.iter().any(|protocol| {
        let at = Context::top(&document, *protocol, Use::Match).any_route();
        !matches!(
            waiver.selection.truth(document.stage, &at),
            Truth::False | Truth::Dropped
        )
    })
}

impl Waiving<'_> {
    /// True if a waiver covers a violation: its `match` holds there, and so does its `accept`, under every reading of a
    /// partial route entry under which the setting fails.
    fn covers(
        &self,
        waiver: &Waiver,
        failure: &Failure,
        document: &Document<'_>,
        protocol: Protocol,
    ) -> bool {
        let key = failure.route().map(Value::text);
        let route = key.as_ref().unwrap_or(&UNSET);
        let at = Context {
            route,
            ..Context::top(document, protocol, Use::Match)
        };
        if waiver.selection.truth(document.stage, &at) != Truth::True {
            return false;
        }
        let Some(accept) = &waiver.accept else {
            return true;
        };
        let readings = match (failure.in_force, &failure.reading) {
            // `RouteSettings` itself fails, so that only the entry counts.
            (false, _) => &[Reading::Replace],
            (true, Some(reading)) => std::slice::from_ref(reading),
            (true, None) => self.inheritance.readings(),
        };
        readings
            .iter()
            .all(|reading| accepts(accept, failure, *reading, document, protocol))
    }
}

/// True if `accept` names the setting that fails and holds as a whole where it fails: on the stage, with `each-route` at
/// the route of the violation, or at the stage default where it has none. A failure at no setting is never accepted.
fn accepts(
    accept: &Expectation,
    failure: &Failure,
    reading: Reading,
    document: &Document<'_>,
    protocol: Protocol,
) -> bool {
    // The value found may be one that the entry of a route inherits.
    let in_force = failure
        .route()
        .map(|key| with_what_is_in_force(key, reading, document));
    let document = &Document {
        stage: in_force.as_ref().unwrap_or(document.stage),
        ..*document
    };
    let at = Context::top(document, protocol, Use::Expect);
    let at_route = Context {
        field: EACH_ROUTE,
        ..at
    };
    let own = failure.route().map(|key| {
        if failure.in_force {
            in_force_on(key, reading, document)
        } else {
            // `RouteSettings` itself fails, so that without an entry there is nothing.
            route_settings(document).entry(key).clone()
        }
    });
    let settings = own.as_ref().unwrap_or(document.value(DEFAULT_ROUTE));
    let setting: Vec<Segment<'_>> = failure.path.segments().collect();
    let of_route = match setting.as_slice() {
        [Segment::Member(name), below @ ..] if *name == DEFAULT_ROUTE.name => Some(below),
        [Segment::Member(name), Segment::Key(_), below @ ..] if *name == ROUTES.name => Some(below),
        _ => None,
    };
    let names_route = |(route, pattern): &(Option<Arc<str>>, Pattern)| {
        let is_of_it = route.is_none() || route.as_deref() == failure.route();
        is_of_it && of_route.is_some_and(|setting| pattern.names(setting, settings, &at_route))
    };
    let pattern = accept.pattern.as_ref();
    let named = !setting.is_empty()
        && (pattern.is_some_and(|pattern| pattern.names(&setting, document.stage, &at))
            || accept.routes.iter().any(names_route));
    let pattern = || pattern.map(|pattern| pattern.truth(document.stage, &at));
    let routes = accept.routes.iter().map(|(route, pattern)| match route {
        Some(key) => pattern.truth(&in_force_on(key, reading, document), &at_route),
        None => pattern.truth(settings, &at_route),
    });
    named && Truth::all(pattern().into_iter().chain(routes)) == Truth::True
}

/// The settings in force for a route, with an entry or without.
fn in_force_on<'d>(key: &str, reading: Reading, document: &Document<'d>) -> Value<'d> {
    let default = document.value(DEFAULT_ROUTE);
    match route_settings(document).entry(key) {
        Value::Unset => in_force(default, default, reading),
        entry => in_force(entry, default, reading),
    }
}

/// The stage with the settings in force of a route in place of its entry.
fn with_what_is_in_force<'d>(key: &str, reading: Reading, document: &Document<'d>) -> Value<'d> {
    let default = document.value(DEFAULT_ROUTE);
    let mut stage = document.stage.clone();
    if let Value::Struct(members) = &mut stage
        && let Some(Value::Map(entries)) = members.get_mut(ROUTES.at)
        && let Some((_, entry)) = entries.iter_mut().find(|(name, _)| name == key)
    {
        let own = document.value(ROUTES).entry(key);
        *entry = in_force(own, default, reading);
    }
    stage
}
