//! `expect` and `accept`: a pattern for the stage, and patterns for the settings in force of its routes.

use std::sync::Arc;

use super::compiler::{Compiler, EVERYWHERE, Level, NO_SETTING};
use super::literal::is_nothing;
use crate::model::catalogue::ours::{EACH_ROUTE, IN_FORCE};
use crate::model::catalogue::stage::{ROUTE, ROUTES};
use crate::model::catalogue::{ROUTE_SETTINGS, STAGE, position};
use crate::policy::language::holdable::{Demand, Holdable};
use crate::policy::language::pattern::Pattern;
use crate::policy::language::template::Template;
use crate::policy::text::yaml::{Data, Entry, Node};

const A_ROUTE: &str = "POST /login";
const A_LIMIT: &str = "{ThrottlingRateLimit: {max: 10}}";

/// `expect`, compiled.
#[derive(Debug)]
pub struct Expectation {
    /// The pattern for the document.
    pub pattern: Option<Pattern>,
    /// The patterns for the settings in force: of each route (`None`), or of one that is named.
    pub routes: Vec<(Option<Arc<str>>, Pattern)>,
}

impl Expectation {
    /// True if it is more than a pattern for each route.
    pub fn expects_more_than_each_route(&self) -> bool {
        self.pattern.is_some() || self.routes.iter().any(|(route, _)| route.is_some())
    }
}

impl Compiler<'_> {
    /// `expect`: what must hold.
    pub fn expectation(&mut self, node: &Node) -> Option<Expectation> {
        let entries = self.entries(node, "the settings of a stage", NO_SETTING)?;
        let (routes, rest): (Vec<&Entry>, Vec<&Entry>) = entries
            .iter()
            .partition(|entry| [EACH_ROUTE.name, IN_FORCE].contains(&&*entry.key));
        let pattern = if rest.is_empty() {
            Some(None)
        } else {
            self.all_members(rest.into_iter(), Level::Top).map(Some)
        };
        let mut compiled = Some(Vec::new());
        for entry in routes {
            let more = if entry.key == IN_FORCE {
                self.named_routes(entry)
            } else {
                self.members(&entry.value, Level::Struct(EACH_ROUTE))
                    .map(|pattern| vec![(None, pattern)])
            };
            compiled = compiled
                .zip(more)
                .map(|(all, more)| all.into_iter().chain(more).collect());
        }
        Some(Expectation {
            pattern: pattern?,
            routes: compiled?,
        })
    }

    /// `in-force`: a pattern for each route that is named.
    fn named_routes(&mut self, entry: &Entry) -> Option<Vec<(Option<Arc<str>>, Pattern)>> {
        let help = format!("write `{IN_FORCE}: {{{A_ROUTE}: {A_LIMIT}}}`");
        if is_nothing(&entry.value, &help, self.problems) {
            return None;
        }
        let Data::Map(routes) = &entry.value.data else {
            let title = format!(
                "`{IN_FORCE}` names routes, and this is {}",
                entry.value.kind()
            );
            self.problems.note(
                &entry.value.span,
                title,
                "not a mapping of route keys",
                [help],
            );
            return None;
        };
        let compile = |route: &Entry| {
            let pattern = self.named_route(route)?;
            Some((Some(Arc::from(route.key.as_str())), pattern))
        };
        let compiled: Vec<_> = routes.iter().map(compile).collect();
        compiled.into_iter().collect()
    }

    /// A route that `in-force` names.
    fn named_route(&mut self, route: &Entry) -> Option<Pattern> {
        let key = route.key.as_str();
        let help = if EVERYWHERE.contains(&key) {
            format!(
                "put `{key}` under the key of a route: `{IN_FORCE}: {{{A_ROUTE}: {{{key}: …}}}}`"
            )
        } else if position(ROUTE_SETTINGS, key).is_some() {
            format!(
                "name the route: `{IN_FORCE}: {{{A_ROUTE}: {A_LIMIT}}}`; for all routes, `{}`",
                EACH_ROUTE.name
            )
        } else if key.contains(['*', '?']) {
            let name = EACH_ROUTE.name;
            format!(
                "name each route in full; for routes that fit a glob, `match: {{route: {{like: \"{key}\"}}}}` with `{name}`"
            )
        } else if let Some(words) = no_route(key) {
            words
        } else {
            return self.members(&route.value, Level::Struct(&ROUTE));
        };
        self.problems.note(
            &route.key_span,
            format!("`{key}` is not the key of a route"),
            "keys of routes are literal here",
            [help],
        );
        None
    }
}

/// The keys that routes can have, where this one is not among them.
fn no_route(key: &str) -> Option<String> {
    let keys = Holdable::keys(&STAGE[ROUTES.at])?;
    let template = Template::of(key).ok()?;
    keys.words()
        .filter(|_| !keys.may_meet(Demand::Is(&template)))
}
