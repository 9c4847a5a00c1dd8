//! Policies, checked and compiled. They know no file but its name.

use std::ops::Range;
use std::sync::Arc;

use crate::model::Document;
use crate::model::catalogue::ROUTE_SETTINGS;
use crate::model::document::api_stated_by;
use crate::model::finding::RuleFacts;
use crate::model::protocol::Protocol;
use crate::model::value::NOT_STATED;
use crate::policy::cel::Assertion;
use crate::policy::language::context::Context;
use crate::policy::language::fields::Fields;
use crate::policy::language::pattern::Pattern;
use crate::policy::language::truth::{Truth, Use};
use crate::policy::read::example::Example;
use crate::policy::text::diagnostic::SourceText;

/// The policies of one run.
#[derive(Debug, Default)]
pub struct Policies {
    /// The policies, in the order of their files.
    pub policies: Vec<Policy>,
    /// Number of their rules.
    pub rules: usize,
    /// The rules that are off, by name.
    pub off: Vec<RuleFacts>,
    /// The reason for which these policies were read, for reports.
    pub why: String,
}

/// One policy.
#[derive(Debug)]
pub struct Policy {
    /// Its place among the policies of the run.
    pub number: usize,
    /// Its name.
    pub name: String,
    /// Its purpose.
    pub description: Option<String>,
    /// The file it came from.
    pub file: Arc<SourceText>,
    /// The pack that it replaces: `builtin:NAME`.
    pub replaces: Option<String>,
    /// Its values, each with its name, as written.
    pub values: Vec<(String, String)>,
    /// The stages that it is about; all when `None`.
    pub selection: Option<Pattern>,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// Its examples.
    pub tests: Vec<Example>,
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Its place among all rules of the run, by name.
    pub number: u32,
    /// Its description in reports.
    pub facts: RuleFacts,
    /// Its identifier within the policy.
    pub id: String,
    /// The bytes of the identifier in the file.
    pub id_span: Range<usize>,
    /// The stages of the policy that it is about; all when `None`.
    pub selection: Option<Pattern>,
    /// True if `match` names `route`, and so selects routes of a stage.
    pub by_route: bool,
    /// The pattern of `expect` for the stage.
    pub expect: Option<Pattern>,
    /// The patterns of `each-route` and `in-force`.
    pub routes: Vec<RouteDemands>,
    /// The expression of `assert`.
    pub assertion: Option<Assertion>,
}

/// The demands on the settings in force for routes.
#[derive(Debug)]
pub struct RouteDemands {
    /// The route that `in-force` names; `None` for each route.
    pub route: Option<Arc<str>>,
    /// The parts that all must hold, each for itself.
    pub parts: Vec<RoutePart>,
}

/// A part of a pattern for a route.
#[derive(Debug)]
pub struct RoutePart {
    /// The pattern.
    pub pattern: Pattern,
    /// The settings that it reads, by place in [`ROUTE_SETTINGS`]. A route that sets none of them is as the default is.
    pub reads: Vec<usize>,
}

impl Rule {
    /// The protocols on which the rule can apply; `policy` is what the policy's own `match` is.
    #[must_use]
    pub fn protocols(&self, policy: Option<&Pattern>) -> Vec<Protocol> {
        let applies = |on: &Protocol| self.may_select(policy, *on) && self.asks_something_on(*on);
        Protocol::ALL.into_iter().filter(applies).collect()
    }

    /// True if a stage with nothing but its protocol stated may be in the `match` of policy and rule.
    pub(crate) fn may_select(&self, policy: Option<&Pattern>, on: Protocol) -> bool {
        let api = api_stated_by(None, Some(on));
        let document = Document::before_its_stages(None, None, &api);
        [policy, self.selection.as_ref()]
            .into_iter()
            .flatten()
            .all(|selection| may_hold(selection, &document, on))
    }

    /// True if a demand is left when those on settings that the protocol lacks drop out.
    #[must_use]
    pub fn asks_something_on(&self, on: Protocol) -> bool {
        match &self.assertion {
            Some(assertion) => assertion.applies(on),
            None => self.expects_something_on(on),
        }
    }

    /// True if something is left of `expect` when what the protocol lacks drops out.
    pub(crate) fn expects_something_on(&self, on: Protocol) -> bool {
        let api = api_stated_by(None, Some(on));
        let document = Document::before_its_stages(None, None, &api);
        let at = Context::top(&document, on, Use::Expect);
        let routes = self.route_parts().map(|part| &part.pattern);
        self.expect
            .iter()
            .chain(routes)
            .any(|pattern| pattern.truth(&NOT_STATED, &at) != Truth::Dropped)
    }

    /// True if APIs of this protocol have every setting that `assert` reads. Where they lack one, the rule does not apply,
    /// whatever else it expects.
    #[must_use]
    pub fn assert_applies(&self, on: Protocol) -> bool {
        self.assertion
            .as_ref()
            .is_none_or(|assertion| assertion.applies(on))
    }
}

impl Rule {
    /// The parts of all its demands on routes.
    pub fn route_parts(&self) -> impl Iterator<Item = &RoutePart> {
        self.routes.iter().flat_map(|routes| &routes.parts)
    }

    /// The demands on each route.
    #[must_use]
    pub fn each_route(&self) -> Option<&RouteDemands> {
        self.routes.iter().find(|demands| demands.route.is_none())
    }

    /// The demands on routes that are named.
    pub fn named_routes(&self) -> impl Iterator<Item = &RouteDemands> {
        self.routes.iter().filter(|demands| demands.route.is_some())
    }

    /// The fields with demands of the rule.
    #[must_use]
    pub fn demanded_fields(&self) -> Fields {
        let patterns = self.expect.iter().map(|pattern| Fields::of(pattern, ""));
        let routes = self
            .route_parts()
            .map(|part| Fields::of_route(&part.pattern));
        let fields = patterns.chain(routes).fold(Fields::default(), Fields::and);
        fields.and_tested(self.assertion.iter().flat_map(Assertion::reads))
    }
}

impl Policy {
    /// The fields that one of its rules reads, in `match` as well.
    #[must_use]
    pub fn fields_of(&self, rule: &Rule) -> Fields {
        let selections = self.selection.iter().chain(&rule.selection);
        selections.fold(rule.demanded_fields(), |fields, pattern| {
            fields.and(Fields::of(pattern, ""))
        })
    }
}

impl RouteDemands {
    /// The parts of a pattern, and what each reads.
    pub(crate) fn of(route: Option<Arc<str>>, pattern: Pattern) -> Self {
        let parts = match pattern {
            Pattern::All(parts) => parts,
            one => vec![one],
        };
        let part = |pattern: Pattern| {
            let fields = Fields::of(&pattern, "");
            // A test of the settings as a whole reads each of them.
            let whole = fields.is_tested("");
            let places = ROUTE_SETTINGS.iter().enumerate();
            let reads = places
                .filter(|(_, field)| whole || fields.is_tested(field.name))
                .map(|(at, _)| at)
                .collect();
            RoutePart { pattern, reads }
        };
        Self {
            route,
            parts: parts.into_iter().map(part).collect(),
        }
    }
}

impl Policies {
    /// Numbers policies in their order and rules by name: the order of files on the command line must not show in a
    /// report.
    pub(crate) fn renumber(&mut self) {
        for (number, policy) in self.policies.iter_mut().enumerate() {
            policy.number = number;
        }
        let rules = self
            .policies
            .iter_mut()
            .flat_map(|policy| &mut policy.rules);
        let mut rules: Vec<&mut Rule> = rules.collect();
        rules.sort_by(|a, b| a.facts.name.cmp(&b.facts.name));
        self.rules = rules.len();
        for (number, rule) in rules.into_iter().enumerate() {
            rule.number = u32::try_from(number).unwrap_or(u32::MAX);
        }
    }

    /// Every rule, in the order of the files.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.policies.iter().flat_map(|policy| &policy.rules)
    }

    /// Every rule that was tuned, those that are off too, by name.
    pub fn tuned(&self) -> impl Iterator<Item = &RuleFacts> {
        let in_force = self.rules().map(|rule| &rule.facts);
        let all = in_force.chain(&self.off);
        all.filter(|rule| rule.tuned.is_some())
    }

    /// The fields that the rules read.
    #[must_use]
    pub fn fields(&self) -> Fields {
        let rules = self
            .policies
            .iter()
            .flat_map(|policy| policy.rules.iter().map(|rule| policy.fields_of(rule)));
        rules.fold(Fields::default(), Fields::and)
    }

    /// True if a rule may match a stage with only this known.
    #[must_use]
    pub fn may_match(&self, document: &Document<'_>) -> bool {
        let may = |selection: &Option<Pattern>, on| {
            selection
                .as_ref()
                .is_none_or(|one| may_hold(one, document, on))
        };
        protocols(document).iter().any(|protocol| {
            self.policies.iter().any(|policy| {
                may(&policy.selection, *protocol)
                    && policy
                        .rules
                        .iter()
                        .any(|rule| may(&rule.selection, *protocol))
            })
        })
    }
}

/// True if a `match` may hold on a stage with only this known.
fn may_hold(selection: &Pattern, document: &Document<'_>, on: Protocol) -> bool {
    let truth = selection.truth(
        &NOT_STATED,
        &Context::top(document, on, Use::Match).any_route(),
    );
    matches!(truth, Truth::True | Truth::Unknown)
}

/// The protocols that a stage may have: its own, or either when it is not stated or not known.
#[must_use]
pub fn protocols(document: &Document<'_>) -> &'static [Protocol] {
    match document.protocol() {
        Some(Protocol::Http) => &[Protocol::Http],
        Some(Protocol::WebSocket) => &[Protocol::WebSocket],
        None => &Protocol::ALL,
    }
}
