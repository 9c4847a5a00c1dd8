//! The walk through a pattern's YAML, by the types of the fields.

use std::ops::Range;
use std::sync::OnceLock;

use super::cure::{NO_VALUE, at_a_map, no_value};
use super::literal::is_nothing;
use super::names::unknown_setting;
use crate::model::catalogue::ours::IN_FORCE;
use crate::model::catalogue::{Field, Kind};
use crate::policy::language::glob::Glob;
use crate::policy::language::holdable::{Demand, Holdable};
use crate::policy::language::operators::OPERATORS;
use crate::policy::language::operators::equals::Equals;
use crate::policy::language::operators::present::present;
use crate::policy::language::pattern::{Pattern, SettingTest, SettingTests, Top};
use crate::policy::language::template::Template;
use crate::policy::language::test::Test;
use crate::policy::text::diagnostic::Problems;
use crate::policy::text::foreign;
use crate::policy::text::scalar::text_of;
use crate::policy::text::yaml::{Data, Entry, Node};

/// The words that are allowed at every level and are never a key of AWS's.
pub(super) const EVERYWHERE: [&str; 3] = ["present", "not", "any-of"];

/// Reads patterns and notes what is wrong with them.
pub struct Compiler<'p> {
    pub(super) problems: &'p mut Problems,
    /// True if the pattern is in `match`.
    matching: bool,
    /// The place at which the pattern names `route`.
    route: Option<Range<usize>>,
    /// The key of the map at whose value the compiler is: the name of that value in messages.
    pub(super) key: Option<String>,
}

const NO_STAGE: &str = "to mean every stage, leave `match` out";
/// The form to write in place of the `match` of a waiver that selects nothing.
pub const WAIVED: &str = "say which stages: `match: {StageName: prod}`";
pub(super) const NO_SETTING: &str = "name a setting and what it should be: `AutoDeploy: false`";
const NO_PATTERN: &str = "put a pattern here, or remove the key";

/// The place of a mapping of named members.
#[derive(Clone, Copy)]
pub(super) enum Level {
    /// At the top of the document.
    Top,
    /// At a struct.
    Struct(&'static Field),
}

impl<'p> Compiler<'p> {
    /// A compiler that notes mistakes there.
    pub fn new(problems: &'p mut Problems) -> Self {
        Self {
            problems,
            matching: false,
            route: None,
            key: None,
        }
    }

    /// `match` of a policy or a rule: which stages.
    pub fn selection(&mut self, node: &Node) -> Option<Pattern> {
        self.selection_or(node, NO_STAGE)
    }

    /// `match` of a waiver, which needs one.
    pub fn waived(&mut self, node: &Node) -> Option<Pattern> {
        self.selection_or(node, WAIVED)
    }

    fn selection_or(&mut self, node: &Node, instead: &str) -> Option<Pattern> {
        if is_nothing(node, instead, self.problems) {
            return None;
        }
        self.matching = true;
        let pattern = self.members(node, Level::Top);
        self.matching = false;
        pattern
    }

    /// The place at which the patterns that were read name `route`, if one does.
    pub fn names_route(&self) -> Option<Range<usize>> {
        self.route.clone()
    }

    pub(super) fn field(&mut self, node: &Node, field: &'static Field) -> Option<Pattern> {
        if is_nothing(node, &no_value(field, &self.called(field)), self.problems) {
            return None;
        }
        match field.kind {
            Kind::Struct(_) => self.members(node, Level::Struct(field)),
            Kind::Map(of) => self.map(node, field, of),
            Kind::List(_) => match &node.data {
                Data::Map(entries) => self.tests(entries, field),
                _ => {
                    let text = self.problems.written(&node.span).to_owned();
                    let name = field.name;
                    let help = match node.data {
                        Data::List(_) => format!(
                            "all of these: write `{name}: {{contains: {text}}}`; no others: write `{name}: {{each: {text}}}`"
                        ),
                        _ => format!(
                            "write `{name}: {{contains: {text}}}`, or `{name}: {{each: {text}}}`"
                        ),
                    };
                    self.problems.note(
                        &node.span,
                        format!("`{}` is a list: say what it should contain", field.name),
                        format!("{} is neither `contains` nor `each`", node.kind()),
                        [help],
                    );
                    None
                }
            },
            _ => match &node.data {
                Data::Map(entries) => self.tests(entries, field),
                Data::List(elements) => self
                    .literals(elements, field)
                    .map(|of| setting(Box::new(Equals(of)), node.span.clone())),
                _ => {
                    let one = self.literal(node, field, &[])?;
                    Some(setting(Box::new(Equals(vec![one])), node.span.clone()))
                }
            },
        }
    }

    pub(super) fn entries<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        instead: &str,
    ) -> Option<&'n [Entry]> {
        if is_nothing(node, instead, self.problems) {
            return None;
        }
        match &node.data {
            Data::Map(entries) => Some(entries),
            data => {
                let title = format!("a mapping of {what} is needed, not {}", node.kind());
                let help = match data {
                    Data::List(patterns)
                        if patterns.iter().all(|one| matches!(one.data, Data::Map(_))) =>
                    {
                        let list = self.problems.written(&node.span);
                        if list.starts_with('[') {
                            format!("one of these: write `{{any-of: {list}}}`")
                        } else {
                            "one of these: put the list under `any-of`".to_owned()
                        }
                    }
                    Data::Boolean(present) if instead == NO_VALUE => {
                        format!("to test whether there is a value, write `{{present: {present}}}`")
                    }
                    _ => "each setting is a key, and what it should be its value: `NAME: PATTERN`"
                        .to_owned(),
                };
                self.problems
                    .note(&node.span, title, "not a mapping", [help]);
                None
            }
        }
    }

    pub(super) fn members(&mut self, node: &Node, place: Level) -> Option<Pattern> {
        let (what, instead) = match place {
            Level::Top => ("the settings of a stage".to_owned(), NO_SETTING),
            // The row of a route is called so by us, not by AWS.
            Level::Struct(Field { name: "route", .. }) => {
                ("the settings of a route".to_owned(), NO_VALUE)
            }
            Level::Struct(field) => (format!("the members of `{}`", field.name), NO_VALUE),
        };
        let entries = self.entries(node, &what, instead)?;
        self.all_members(entries.iter(), place)
    }

    pub(super) fn all_members<'n>(
        &mut self,
        entries: impl Iterator<Item = &'n Entry>,
        place: Level,
    ) -> Option<Pattern> {
        all(entries.map(|entry| self.member(entry, place)))
    }

    fn member(&mut self, entry: &Entry, place: Level) -> Option<Pattern> {
        let again = |compiler: &mut Self, node: &Node| compiler.members(node, place);
        match (entry.key.as_str(), place) {
            ("not", _) => return self.not(entry, again),
            ("any-of", _) => return self.any_of(entry, again),
            ("present", Level::Struct(field)) => {
                return self
                    .test(entry, field)
                    .map(|test| setting(test, entry.span()));
            }
            (_, Level::Top) if self.is_misplaced(entry) => return None,
            _ => {}
        }
        match place {
            Level::Top => {
                if let Some((top, field)) = Top::all().find(|(_, field)| field.name == entry.key) {
                    if top == Top::Route {
                        self.route.get_or_insert_with(|| entry.key_span.clone());
                    }
                    let inner = Box::new(self.field(&entry.value, field)?);
                    return Some(Pattern::Top { top, field, inner });
                }
                let only: &[&str] = if self.matching {
                    &["route"]
                } else {
                    &["each-route", IN_FORCE]
                };
                let places = Top::all().filter(|(top, _)| *top != Top::Route);
                let names = places
                    .map(|(_, field)| field.name)
                    .chain(only.iter().copied())
                    .chain(["not", "any-of"]);
                let names: Vec<&str> = names.collect();
                let meant = unknown_setting(entry, &names, "a stage", None, self.problems);
                let meant = Top::all().find(|(_, field)| Some(field.name) == meant.as_deref());
                self.also_below(entry, meant.map(|(_, field)| field));
            }
            Level::Struct(parent) => {
                if let Some((at, field)) = parent
                    .members()
                    .iter()
                    .enumerate()
                    .find(|(_, field)| field.name == entry.key)
                {
                    let inner = Box::new(self.field(&entry.value, field)?);
                    return Some(Pattern::Member { field, at, inner });
                }
                let names = parent
                    .members()
                    .iter()
                    .map(|field| field.name)
                    .chain(EVERYWHERE);
                let of = if parent.name == "route" {
                    "a route".to_owned()
                } else {
                    format!("`{}`", parent.name)
                };
                let meant = unknown_setting(
                    entry,
                    &names.collect::<Vec<_>>(),
                    &of,
                    Some(parent),
                    self.problems,
                );
                let meant = parent
                    .members()
                    .iter()
                    .find(|field| Some(field.name) == meant.as_deref());
                self.also_below(entry, meant);
            }
        }
        None
    }

    /// True if a key at the top is a word of the language that belongs elsewhere, which is noted.
    fn is_misplaced(&mut self, entry: &Entry) -> bool {
        let (title, label, help) = match entry.key.as_str() {
            IN_FORCE if self.matching => (
                "`in-force` is allowed only in `expect` and `accept`",
                "not in `match`",
                "to select by the entry of a route, match `RouteSettings`",
            ),
            IN_FORCE => (
                "`in-force` is allowed only at the top of `expect` or `accept`",
                "not under `not` or `any-of`",
                "put `not` or `any-of` under the route that `in-force` names",
            ),
            "each-route" if self.matching => (
                "`each-route` is allowed only in `expect` and `accept`",
                "not in `match`",
                "to select by the stage's default, match `DefaultRouteSettings`",
            ),
            "each-route" => (
                "`each-route` is allowed only at the top of `expect` or `accept`",
                "not under `not` or `any-of`",
                "put `not` or `any-of` under `each-route`",
            ),
            "route" if !self.matching => (
                "`route` is allowed only in `match`",
                "not in what is expected or accepted",
                "a rule with `each-route` alone leaves routes out by `match: {route: {not: {like: [\"GET /health\"]}}}`",
            ),
            _ => return false,
        };
        self.problems
            .note(&entry.key_span, title, label, [help.to_owned()]);
        true
    }

    /// Notes what is wrong below a misspelt setting as well: all mistakes are reported at once.
    fn also_below(&mut self, entry: &Entry, meant: Option<&'static Field>) {
        if let Some(field) = meant {
            let _: Option<Pattern> = self.field(&entry.value, field);
        }
    }

    fn map(&mut self, node: &Node, field: &'static Field, of: &'static Field) -> Option<Pattern> {
        match &node.data {
            Data::List(keys) => all(keys.iter().map(|key| self.present_key(key, field, of))),
            Data::Map(entries) => all(entries.iter().map(|entry| self.map_entry(entry, field, of))),
            _ => {
                let text = self.problems.written(&node.span).to_owned();
                let help = match node.data {
                    Data::Boolean(present) => {
                        format!("to test whether there is any, write `{{present: {present}}}`")
                    }
                    _ => format!(
                        "write `{}: [{text}]` for keys that must be there",
                        field.name
                    ),
                };
                let title = format!("`{}` is a map: name its keys", field.name);
                self.problems.note(
                    &node.span,
                    title,
                    format!("{} means nothing for a map", node.kind()),
                    [help],
                );
                None
            }
        }
    }

    fn present_key(
        &mut self,
        node: &Node,
        field: &'static Field,
        of: &'static Field,
    ) -> Option<Pattern> {
        let key = match &node.data {
            Data::Map(_) => return self.map(node, field, of),
            _ => text_of(node, self.problems)?,
        };
        if !self.may_be_a_key(key, &node.span, field) {
            return None;
        }
        Some(if Glob::is_glob(key) {
            Pattern::SomeEntry {
                glob: Glob::of(key),
                written: key.into(),
                present: true,
                span: node.span.clone(),
            }
        } else {
            Pattern::Entry {
                key: key.into(),
                field: of,
                inner: Box::new(setting(present(), node.span.clone())),
            }
        })
    }

    fn map_entry(
        &mut self,
        entry: &Entry,
        field: &'static Field,
        of: &'static Field,
    ) -> Option<Pattern> {
        let again = |compiler: &mut Self, node: &Node| match &node.data {
            // An element of a list under `not` or `any-of` may be a bare key.
            Data::Text(text) if !text.is_empty() => compiler.present_key(node, field, of),
            _ if is_nothing(node, NO_VALUE, compiler.problems) => None,
            _ => compiler.map(node, field, of),
        };
        match entry.key.as_str() {
            "not" => return self.not(entry, again),
            "any-of" => return self.any_of(entry, again),
            "present" => {
                return self
                    .test(entry, field)
                    .map(|test| setting(test, entry.span()));
            }
            _ => {}
        }
        if self.is_a_word(entry, field) || !self.may_be_a_key(&entry.key, &entry.key_span, field) {
            return None;
        }
        self.key = (!matches!(of.kind, Kind::Struct(_))).then(|| entry.key.clone());
        let pattern = if Glob::is_glob(&entry.key) {
            self.glob_entry(entry, of)
        } else {
            let inner = self.field(&entry.value, of).map(Box::new);
            inner.map(|inner| Pattern::Entry {
                key: entry.key.as_str().into(),
                field: of,
                inner,
            })
        };
        self.key = None;
        pattern
    }

    /// True for a word of the language, or of another tool, which would silently become a key; it is noted. A key that is
    /// called so has its values under `any-of`.
    fn is_a_word(&mut self, entry: &Entry, field: &'static Field) -> bool {
        let key = &entry.key;
        let is_ours = OPERATORS.iter().any(|operator| operator.name == key);
        let meaning = foreign::test_at_a_map(key);
        let is_key = match &entry.value.data {
            Data::Map(tests) if is_ours => {
                matches!(tests.as_slice(), [Entry { key, .. }] if key == "any-of")
            }
            Data::Map(_) => true,
            _ => false,
        };
        if is_key || !(is_ours || meaning.is_some()) {
            return false;
        }
        let title = if is_ours {
            format!(
                "`{key}` does not test a map: name a key of `{}`",
                field.name
            )
        } else {
            format!("`{key}` is not a word of this language")
        };
        let label = format!("read as a key of `{}`", field.name);
        let help = at_a_map(key, meaning, field, &entry.value, self.problems);
        self.problems.note(&entry.key_span, title, label, help);
        true
    }

    /// Tells if a key, or one that fits a glob, can be in a map; one that cannot is noted.
    fn may_be_a_key(&mut self, key: &str, span: &Range<usize>, map: &'static Field) -> bool {
        let (Some(holdable), Ok(template)) = (Holdable::keys(map), Template::of(key)) else {
            return true;
        };
        let demand = if Glob::is_glob(key) {
            Demand::Like(&template)
        } else {
            Demand::Is(&template)
        };
        holdable.check(demand, span, self.problems)
    }

    /// Under a glob key `present` is about the keys, and everything else about their values.
    fn glob_entry(&mut self, entry: &Entry, of: &'static Field) -> Option<Pattern> {
        let written: Box<str> = entry.key.as_str().into();
        let glob = Glob::of(&written);
        let Data::Map(tests) = &entry.value.data else {
            let inner = Box::new(self.field(&entry.value, of)?);
            return Some(Pattern::Entries {
                glob,
                written,
                field: of,
                inner,
            });
        };
        let (about_keys, about_values): (Vec<&Entry>, Vec<&Entry>) =
            tests.iter().partition(|entry| entry.key == "present");
        let mut parts = Vec::new();
        for test in about_keys {
            let Data::Boolean(present) = test.value.data else {
                let title = format!("`present` needs true or false, not {}", test.value.kind());
                self.problems
                    .note(&test.value.span, title, "neither true nor false", []);
                return None;
            };
            parts.push(Some(Pattern::SomeEntry {
                glob: glob.clone(),
                written: written.clone(),
                present,
                span: test.span(),
            }));
        }
        if !about_values.is_empty() || parts.is_empty() {
            let rest = Node {
                span: entry.value.span.clone(),
                data: Data::Map(about_values.into_iter().cloned().collect()),
            };
            let inner = self.field(&rest, of).map(Box::new);
            parts.push(inner.map(|inner| Pattern::Entries {
                glob,
                written,
                field: of,
                inner,
            }));
        }
        all(parts)
    }

    /// `not: PATTERN`, or `not: [PATTERN, …]`: none of these.
    pub(super) fn not(
        &mut self,
        entry: &Entry,
        read: impl Fn(&mut Self, &Node) -> Option<Pattern>,
    ) -> Option<Pattern> {
        if is_nothing(&entry.value, NO_PATTERN, self.problems) {
            return None;
        }
        let inner = match &entry.value.data {
            Data::List(patterns) => {
                let parts = read_all(patterns.iter().map(|pattern| read(self, pattern)))?;
                Pattern::Any(parts, entry.value.span.clone())
            }
            _ => read(self, &entry.value)?,
        };
        Some(Pattern::Not(Box::new(inner), entry.span()))
    }

    pub(super) fn any_of(
        &mut self,
        entry: &Entry,
        read: impl Fn(&mut Self, &Node) -> Option<Pattern>,
    ) -> Option<Pattern> {
        if is_nothing(&entry.value, NO_PATTERN, self.problems) {
            return None;
        }
        let Data::List(patterns) = &entry.value.data else {
            let title = format!(
                "`any-of` needs a list of patterns, not {}",
                entry.value.kind()
            );
            let pattern = self.problems.written(&entry.value.span);
            let help = match &entry.value.data {
                Data::Map(_) if !pattern.ends_with('}') => {
                    "begin each pattern with `- `, a line of its own for each".to_owned()
                }
                _ => format!("write `any-of: [{pattern}]`"),
            };
            self.problems
                .note(&entry.value.span, title, "not a list", [help]);
            return None;
        };
        Some(Pattern::Any(
            read_all(patterns.iter().map(|pattern| read(self, pattern)))?,
            entry.span(),
        ))
    }
}

/// A pattern for the elements of a list.
pub(super) fn element(
    node: &Node,
    field: &'static Field,
    problems: &mut Problems,
) -> Option<Pattern> {
    Compiler::new(problems).field(node, field)
}

fn setting(test: Box<dyn Test>, span: Range<usize>) -> Pattern {
    Pattern::Tests(SettingTests {
        tests: vec![SettingTest::new(test, span)],
        path: OnceLock::new(),
    })
}

/// All of the parts, if all of them could be read.
pub(super) fn all(parts: impl IntoIterator<Item = Option<Pattern>>) -> Option<Pattern> {
    let mut parts = read_all(parts)?;
    if parts.len() == 1 {
        parts.pop()
    } else {
        Some(Pattern::All(parts))
    }
}

/// Reads every part, even behind one with a mistake: all mistakes are reported at once.
pub(super) fn read_all<T>(parts: impl IntoIterator<Item = Option<T>>) -> Option<Vec<T>> {
    let parts: Vec<Option<T>> = parts.into_iter().collect();
    parts.into_iter().collect()
}
