//! The fields that patterns look at. One walk over a pattern finds what it tests and what its violations show: what is
//! decoded of a stage follows from it, and so does what people are told of a rule.

use std::collections::BTreeSet;

use crate::model::wanted::Wanted;
use crate::policy::cel::Assertion;
use crate::policy::language::pattern::{Pattern, Top, below};
use crate::policy::read::policies::{EachRoute, Policies, Policy, Rule};
use crate::policy::read::waiver::{Waiver, Waivers};

/// The places of the document at which a pattern of `each-route` is tested.
const OF_ROUTES: [&str; 2] = ["DefaultRouteSettings", "RouteSettings"];

/// Fields by their names in the catalogue, with dots between them. The keys of maps are not fields.
#[derive(Debug, Default)]
pub struct Fields {
    tested: BTreeSet<String>,
    /// Places that a violation shows whole, though only parts of them are tested.
    shown: BTreeSet<String>,
}

impl Fields {
    /// The fields of a whole run: of every `match`, `expect`, `assert` and `accept`.
    #[must_use]
    pub fn of(policies: &Policies, waivers: &Waivers) -> Self {
        let mut fields = Self::of_policies(policies);
        waivers.waivers.iter().for_each(|waiver| fields.waiver(waiver));
        fields
    }

    /// The fields of policies.
    #[must_use]
    pub fn of_policies(policies: &Policies) -> Self {
        let mut fields = Self::default();
        for policy in &policies.policies {
            policy.rules.iter().for_each(|rule| fields.rule(policy, rule));
        }
        fields
    }

    /// The fields of a rule and of its policy's `match`.
    #[must_use]
    pub fn of_rule(policy: &Policy, rule: &Rule) -> Self {
        let mut fields = Self::default();
        fields.rule(policy, rule);
        fields
    }

    /// The fields that a rule makes demands of.
    #[must_use]
    pub fn of_demands(rule: &Rule) -> Self {
        let mut fields = Self::default();
        fields.demands(rule);
        fields
    }

    /// The fields of one pattern at a place.
    #[must_use]
    pub fn of_pattern(pattern: &Pattern, place: &str) -> Self {
        let mut fields = Self::default();
        fields.pattern(pattern, &mut place.to_owned());
        fields
    }

    /// The fields that are tested, in the order of bytes.
    pub fn tested(&self) -> impl Iterator<Item = &str> {
        self.tested.iter().map(String::as_str)
    }

    /// True if a field is tested, by its own name.
    #[must_use]
    pub fn is_tested(&self, field: &str) -> bool {
        self.tested.contains(field)
    }

    /// True if a field is tested, or something in it.
    #[must_use]
    pub fn is_looked_into(&self, field: &str) -> bool {
        self.is_tested(field) || self.tested.iter().any(|tested| below(tested, field).is_some())
    }

    /// The part of a stage that is worth decoding.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        Wanted::of(self.tested.iter().chain(&self.shown).map(String::as_str))
    }

    fn rule(&mut self, policy: &Policy, rule: &Rule) {
        for selection in [&policy.selection, &rule.selection].into_iter().flatten() {
            self.pattern(selection, &mut String::new());
        }
        self.demands(rule);
    }

    fn demands(&mut self, rule: &Rule) {
        if let Some(picture) = &rule.picture {
            self.pattern(picture, &mut String::new());
        }
        for part in rule.each_route.iter().flat_map(|EachRoute { parts }| parts) {
            self.each_route(&part.pattern);
        }
        self.tested.extend(rule.assertion.iter().flat_map(Assertion::reads));
    }

    fn waiver(&mut self, waiver: &Waiver) {
        self.pattern(&waiver.selection, &mut String::new());
        let Some(accept) = &waiver.accept else { return };
        let mut accepted = Self::default();
        if let Some(picture) = &accept.picture {
            accepted.pattern(picture, &mut String::new());
        }
        if let Some(each) = &accept.each_route {
            accepted.each_route(each);
        }
        // The entry of a route is looked at with what it inherits.
        if accepted.tested.iter().any(|field| field.starts_with("RouteSettings")) {
            accepted.tested.insert("DefaultRouteSettings".to_owned());
        }
        self.tested.append(&mut accepted.tested);
    }

    fn each_route(&mut self, pattern: &Pattern) {
        for place in OF_ROUTES {
            self.pattern(pattern, &mut place.to_owned());
        }
    }

    /// The walk: notes what the pattern tests at a place and below, and what would be shown of it.
    fn pattern(&mut self, pattern: &Pattern, place: &mut String) {
        let length = place.len();
        match pattern {
            Pattern::All(of) | Pattern::Any(of) => {
                if matches!(pattern, Pattern::Any(_)) {
                    self.shown.insert(place.clone());
                }
                for pattern in of {
                    self.pattern(pattern, place);
                }
            }
            Pattern::Not(inner) => {
                if !inner.is_one_setting() {
                    self.shown.insert(place.clone());
                }
                self.pattern(inner, place);
            }
            // The keys of the entries are the routes.
            Pattern::Top { top: Top::Route, inner, .. } => {
                place.push_str("RouteSettings");
                self.pattern(inner, place);
            }
            Pattern::Member { field, inner, .. } | Pattern::Top { field, inner, .. } => {
                if !place.is_empty() {
                    place.push('.');
                }
                place.push_str(field.name);
                self.pattern(inner, place);
            }
            // A map is tested whole; a member below it has the map's name before its own.
            Pattern::Entry { inner, .. } | Pattern::Entries { inner, .. } => {
                self.tested.insert(place.clone());
                self.pattern(inner, place);
            }
            Pattern::SomeEntry { .. } => {
                self.tested.insert(place.clone());
            }
            Pattern::Tests(setting) => {
                self.tested.insert(place.clone());
                self.tested.extend(setting.tests.iter().flat_map(|test| test.reads()));
            }
        }
        place.truncate(length);
    }
}
