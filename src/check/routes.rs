//! The demands of a rule on each route: the routes it applies to, the settings in force there, and the reading of
//! partial entries of `RouteSettings`. It must not know how verdicts are added up.

use std::borrow::Cow;

use super::options::{Inheritance, Options};
use crate::model::Document;
use crate::model::catalogue::ours::EACH_ROUTE;
use crate::model::catalogue::{ROUTE_SETTINGS, position, stage};
use crate::model::finding::{Origin, Reading};
use crate::model::path::Segment;
use crate::model::protocol::Protocol;
use crate::model::value::{SOME_VALUE, UNSET, Value};
use crate::policy::language::context::Context;
use crate::policy::language::explain::{Failure, OpenQuestion};
use crate::policy::language::pattern::Pattern;
use crate::policy::language::trail::Trail;
use crate::policy::language::truth::{Truth, Use};
use crate::policy::read::policies::{RouteDemands, RoutePart};

/// The routes that a rule's `match` chooses.
pub struct Chosen {
    default: Truth,
    /// The entries of `RouteSettings`, in order; `None` if `match` does not name `route`, and takes all.
    entries: Option<Vec<Truth>>,
    /// Entries that the source does not state.
    unstated: Truth,
}

impl Chosen {
    /// All routes of a stage that matches.
    pub const fn all(matches: Truth) -> Self {
        Self {
            default: matches,
            entries: None,
            unstated: matches,
        }
    }

    /// The routes for which `matches` holds.
    pub fn among(document: &Document<'_>, matches: impl Fn(&Value<'_>) -> Truth) -> Self {
        let entries = route_settings(document);
        let unstated = match entries {
            // Whatever their keys are, they have one.
            Value::NotStated => matches(&SOME_VALUE),
            _ => Truth::False,
        };
        let entries = entries
            .entries()
            .iter()
            .map(|(key, _)| matches(&Value::Text(Cow::Borrowed(key))));
        Self {
            default: matches(&UNSET),
            entries: Some(entries.collect()),
            unstated,
        }
    }

    /// No route: those that `in-force` names are looked at for themselves.
    pub const fn none() -> Self {
        Self::all(Truth::False)
    }

    /// True if a route is chosen.
    pub fn any(&self) -> Truth {
        let entries = self.entries.iter().flatten().copied();
        Truth::any([self.default, self.unstated].into_iter().chain(entries))
    }

    fn entry(&self, at: usize) -> Truth {
        self.entries.as_ref().map_or(self.default, |entries| {
            entries.get(at).copied().unwrap_or(Truth::False)
        })
    }
}

/// The answer of a demand on a route that may or may not be chosen: only a failure depends on that.
fn demanded(chosen: Truth, answer: Truth) -> Option<Truth> {
    match (chosen, answer) {
        (Truth::False | Truth::Dropped, _) => None,
        (Truth::Unknown, Truth::False) => Some(Truth::Unknown),
        (_, answer) => Some(answer),
    }
}

/// The entries of a stage's `RouteSettings`.
pub fn route_settings<'d>(document: &Document<'d>) -> &'d Value<'d> {
    document.value(stage::ROUTES)
}

/// The routes of a stage, and what is demanded of each.
pub struct Routes<'d> {
    parts: &'d [RoutePart],
    chosen: Chosen,
    at: Context<'d>,
    default: &'d Value<'d>,
    /// `RouteSettings`.
    entries: &'d Value<'d>,
    /// The route that is named, if it is one alone.
    named: Option<&'d str>,
    options: Options,
}

/// One route, and how its entry is read.
struct Route<'d> {
    key: &'d str,
    entry: &'d Value<'d>,
    reading: Reading,
    /// True if the settings in force depend on the reading: the entry leaves out a setting that a part reads.
    partial: bool,
    /// True if an entry that inherits equals the default, so that its failures are reported there.
    reported_at_default: bool,
    chosen: Truth,
}

impl<'d> Routes<'d> {
    /// The routes of a stage that a rule's `match` chose, or the one that is named.
    pub fn of(
        demands: &'d RouteDemands,
        chosen: Chosen,
        document: &'d Document<'d>,
        protocol: Protocol,
        options: Options,
    ) -> Self {
        Self {
            parts: &demands.parts,
            chosen,
            named: demands.route.as_deref(),
            at: Context {
                field: EACH_ROUTE,
                ..Context::top(document, protocol, Use::Expect).showing(options.show_values)
            },
            default: document.value(stage::DEFAULT_ROUTE),
            entries: route_settings(document),
            options,
        }
    }

    /// True if all demands hold.
    pub fn truth(&self) -> Truth {
        let unstated = self.may_be_entries().then_some(Truth::Unknown);
        Truth::all(self.parts.iter().map(|part| {
            let own = part.pattern.truth(self.default, &self.at);
            if own == Truth::Dropped {
                return own;
            }
            let others = self.besides_default(part);
            let others =
                others.filter_map(|route| demanded(route.chosen, self.answer(part, &route)));
            Truth::all(
                demanded(self.chosen.default, own)
                    .into_iter()
                    .chain(others)
                    .chain(unstated),
            )
        }))
    }

    /// True if entries that the source does not state may be chosen: they may hold anything.
    fn may_be_entries(&self) -> bool {
        matches!(self.entries, Value::NotStated)
            && !matches!(self.chosen.unstated, Truth::False | Truth::Dropped)
    }

    /// The chosen routes that may differ from the default in a setting that a part reads. All others equal the default,
    /// and their failures are reported once, there; unless `match` leaves the default out.
    fn besides_default(&self, part: &'d RoutePart) -> impl Iterator<Item = Route<'d>> {
        let entries: &'d [(Cow<'d, str>, Value<'d>)] = match self.named {
            Some(_) => &[],
            None => self.entries.entries(),
        };
        let routes = entries
            .iter()
            .enumerate()
            .map(|(at, (key, entry))| (key.as_ref(), entry, self.chosen.entry(at)));
        let named = self
            .named
            .map(|key| (key, self.entries.entry(key), Truth::True));
        routes
            .chain(named)
            .filter(|(_, _, chosen)| !matches!(chosen, Truth::False | Truth::Dropped))
            .flat_map(move |(key, entry, chosen)| {
                let sets = |at: &usize| !entry.member(*at).is_unset();
                let (whole, empty) = (part.reads.iter().all(sets), !part.reads.iter().any(sets));
                let covered = self.named.is_some() && matches!(entry, Value::Unset);
                let readings = match self.options.inheritance.readings() {
                    // Without an entry the stage default covers the route.
                    _ if covered => &[Reading::Inherit],
                    // If the entry has every setting that is read, all readings give the same answer.
                    readings if whole => &readings[..1],
                    readings => readings,
                };
                let partial = !whole && !covered;
                let reported_at_default = empty && self.chosen.default == Truth::True;
                let readings = readings
                    .iter()
                    .filter(move |reading| **reading != Reading::Inherit || !reported_at_default);
                readings.map(move |reading| Route {
                    key,
                    entry,
                    reading: *reading,
                    partial,
                    reported_at_default,
                    chosen,
                })
            })
    }

    /// The settings that fail.
    pub fn failures(&self, out: &mut Vec<Failure>) {
        for part in self.parts {
            if self.chosen.default == Truth::True {
                self.failing(
                    part,
                    self.default,
                    &mut Trail::member(stage::DEFAULT_ROUTE.name),
                    out,
                );
            }
            for route in self
                .besides_default(part)
                .filter(|route| route.chosen == Truth::True)
            {
                self.failures_of(part, &route, out);
            }
        }
    }

    /// The answer of a part on a route. Most parts test one member, for which no settings need be put together.
    fn answer(&self, part: &RoutePart, route: &Route<'_>) -> Truth {
        match &part.pattern {
            Pattern::Member { field, at, inner } if field.on.include(self.at.protocol) => {
                let own = route.entry.member(*at);
                let inherits = own.is_unset() && route.reading == Reading::Inherit;
                inner.truth(
                    if inherits {
                        self.default.member(*at)
                    } else {
                        own
                    },
                    &Context { field, ..self.at },
                )
            }
            pattern => pattern.truth(
                &in_force(route.entry, self.default, route.reading),
                &self.at,
            ),
        }
    }

    fn failing(
        &self,
        part: &RoutePart,
        settings: &Value<'_>,
        trail: &mut Trail,
        out: &mut Vec<Failure>,
    ) {
        if part.pattern.truth(settings, &self.at) == Truth::False {
            part.pattern.failures(settings, &self.at, trail, out);
        }
    }

    /// The settings of one route that fail under one reading of its entry, marked if they fail under that one alone.
    fn failures_of(&self, part: &RoutePart, route: &Route<'_>, out: &mut Vec<Failure>) {
        let trail = || Trail::route(route.key);
        if self.answer(part, route) != Truth::False {
            return;
        }
        let before = out.len();
        let settings = |reading| in_force(route.entry, self.default, reading);
        self.failing(part, &settings(route.reading), &mut trail(), out);
        let mut otherwise = Vec::new();
        if route.partial {
            self.failing(
                part,
                &settings(route.reading.other()),
                &mut trail(),
                &mut otherwise,
            );
        }
        let mut found = out.split_off(before);
        for failure in &mut found {
            let inherited = match failure.path.segments().next_back() {
                Some(Segment::Member(name)) => position(ROUTE_SETTINGS, name)
                    .is_some_and(|at| route.entry.member(at).is_unset()),
                _ => false,
            };
            if inherited && failure.origin == Origin::Route {
                failure.origin = Origin::Stage;
            }
            failure.in_force = true;
            let either_way = otherwise.iter().any(|other| other.path == failure.path);
            failure.reading = (route.partial && (!either_way || route.reported_at_default))
                .then_some(route.reading);
        }
        // If a rule must hold under both readings, failures under both were reported under the first.
        let second = route.partial
            && self.options.inheritance == Inheritance::Both
            && route.reading == Reading::Replace;
        out.extend(
            found
                .into_iter()
                .filter(|failure| !second || failure.reading.is_some()),
        );
    }

    /// The demands on the default and on each route that may differ, with the values found.
    pub fn demands(&self, out: &mut Vec<Failure>) {
        for part in self.parts {
            if self.chosen.default == Truth::True {
                let mut trail = Trail::member(stage::DEFAULT_ROUTE.name);
                part.pattern
                    .demands(self.default, &self.at, &mut trail, out);
            }
            for route in self
                .besides_default(part)
                .filter(|route| route.chosen == Truth::True)
            {
                let mut trail = Trail::route(route.key);
                let settings = in_force(route.entry, self.default, route.reading);
                part.pattern.demands(&settings, &self.at, &mut trail, out);
            }
        }
    }

    /// True if a demand fails on a route that may or may not match.
    fn depends_on_match(&self) -> bool {
        self.parts.iter().any(|part| {
            let default = || part.pattern.truth(self.default, &self.at);
            let mut others = self.besides_default(part);
            (self.chosen.default == Truth::Unknown && default() == Truth::False)
                || others.any(|route| {
                    route.chosen == Truth::Unknown && self.answer(part, &route) == Truth::False
                })
        })
    }

    /// The questions that keep the demands undecided, with those about the `match` if they depend on it.
    pub fn questions(&self, of_match: impl Fn() -> Vec<OpenQuestion>, out: &mut Vec<OpenQuestion>) {
        for part in self.parts {
            if !matches!(self.chosen.default, Truth::False | Truth::Dropped) {
                let mut trail = Trail::member(stage::DEFAULT_ROUTE.name);
                part.pattern
                    .open_questions(self.default, &self.at, &mut trail, out);
            }
            for route in self.besides_default(part) {
                let before = out.len();
                let mut trail = Trail::route(route.key);
                let settings = in_force(route.entry, self.default, route.reading);
                part.pattern
                    .open_questions(&settings, &self.at, &mut trail, out);
                for question in &mut out[before..] {
                    question.route = Some(route.key.into());
                }
            }
        }
        let applies =
            |part: &RoutePart| part.pattern.truth(self.default, &self.at) != Truth::Dropped;
        if self.may_be_entries() && self.parts.iter().any(applies) {
            out.push(OpenQuestion::not_stated(stage::ROUTES.name.into()));
        }
        if self.depends_on_match() {
            out.extend(of_match());
        }
    }
}

/// The settings in force of a route: its entry over the stage default, or its entry alone.
pub fn in_force<'d>(entry: &'d Value<'d>, default: &'d Value<'d>, reading: Reading) -> Value<'d> {
    let members = (0..ROUTE_SETTINGS.len()).map(|at| {
        let own = entry.member(at);
        match if own.is_unset() && reading == Reading::Inherit {
            default.member(at)
        } else {
            own
        } {
            Value::Text(text) => Value::Text(Cow::Borrowed(text.as_ref())),
            other => other.clone(),
        }
    });
    Value::Struct(members.collect())
}
