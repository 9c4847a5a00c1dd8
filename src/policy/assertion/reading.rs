//! What an expression reads and how much work it is, found by walking it once, and what is wrong with it. It must not
//! know a stage.

use std::collections::BTreeMap;
use std::ops::Range;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, SourceInfo, operators};
use regex::Regex;

use super::lacking::Limited;
use crate::model::catalogue::{API_FIELD, Field, Kind, OURS, Protocols, ROUTE_SETTINGS, Unset, position};
use crate::policy::compile::kind_words;
use crate::policy::diagnostic::{Mistake, suggestions};
use crate::policy::operator::matches::regex_of;
use crate::policy::pattern::DOCUMENT;

/// The routes, tags or elements that a stage is taken to have when work is estimated: AWS's quota for routes.
const ENTRIES: u64 = 300;
/// The steps that an expression may take on such a stage: less than a tenth of a second.
const MOST_STEPS: u64 = 2_000_000;

static ROUTE: Field = Field { name: "route", kind: Kind::Struct(ROUTE_SETTINGS), ..EACH_ROUTE };
static EACH_ROUTE: Field = Field {
    name: "each_route",
    kind: Kind::Map(&ROUTE),
    on: Protocols::Both,
    unset: Unset::Empty,
    sensitive: false,
    log_group_arn: false,
    about: "The settings in force for each route, by route key; the stage default under the empty key.",
};

/// The names that an expression may begin with.
pub static ROOTS: [&Field; 7] = [
    &DOCUMENT,
    &API_FIELD,
    &EACH_ROUTE,
    &OURS[position(OURS, "account")],
    &OURS[position(OURS, "region")],
    &OURS[position(OURS, "partition")],
    &OURS[position(OURS, "arn")],
];

/// A step from a value to one inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A member, or a key that is written out.
    Name(Box<str>),
    /// Some key that is worked out on the stage.
    Any,
}

/// One place that an expression reads.
#[derive(Debug)]
pub struct Read {
    /// The steps to it; the first is a name of [`ROOTS`].
    pub path: Vec<Step>,
    /// Whether only the keys of a map matter, or whether there is a value: what `has`, `in` and the macros ask.
    pub keys_only: bool,
}

/// A function: its name, how it is written, whether it stands behind a dot, and its arguments.
type Function = (&'static str, &'static str, bool, usize);

const FUNCTIONS: [Function; 12] = [
    ("contains", "TEXT.contains(TEXT)", true, 1),
    ("double", "double(VALUE)", false, 1),
    ("endsWith", "TEXT.endsWith(TEXT)", true, 1),
    ("glob", "glob(TEXT, \"GLOB\")", false, 2),
    ("int", "int(VALUE)", false, 1),
    ("matches", "TEXT.matches(\"REGEX\")", true, 1),
    ("matches", "matches(TEXT, \"REGEX\")", false, 2),
    ("re", "re(TEXT, \"REGEX\")", false, 2),
    ("size", "size(VALUE)", false, 1),
    ("size", "VALUE.size()", true, 0),
    ("startsWith", "TEXT.startsWith(TEXT)", true, 1),
    ("string", "string(VALUE)", false, 1),
];

/// What the parser makes loops of; one that is left as a call was written in another way.
const MACROS: [(&str, &str); 6] = [
    ("all", "LIST.all(x, TEST)"),
    ("exists", "LIST.exists(x, TEST)"),
    ("exists_one", "LIST.exists_one(x, TEST)"),
    ("filter", "LIST.filter(x, TEST)"),
    ("has", "has(stage.Tags.owner)"),
    ("map", "LIST.map(x, VALUE)"),
];

/// What stands at a place of an expression.
enum Spot {
    /// A value of the document, not yet noted as read.
    Setting(Vec<Step>, &'static Field),
    /// A value that is worked out.
    Other(Size),
}

/// How large a value may be, at most. It keeps sums of lists from growing unseen.
#[derive(Clone, Copy)]
struct Size {
    elements: u64,
    /// The values in each element.
    each: u64,
}

impl Size {
    const ONE: Self = Self { elements: 1, each: 1 };

    fn of(field: &Field) -> Self {
        match field.kind {
            Kind::Struct(members) => {
                Self { elements: 1, each: members.iter().map(|member| Self::of(member).all()).sum() }
            }
            Kind::Map(of) => Self { elements: ENTRIES, each: Self::of(of).all() },
            Kind::List(_) => Self { elements: ENTRIES, each: 1 },
            Kind::Boolean | Kind::Integer | Kind::Number | Kind::Text | Kind::OneOf(_) => Self::ONE,
        }
    }

    /// All values in it.
    fn all(self) -> u64 {
        self.elements.saturating_mul(self.each)
    }

    /// One element, of which nothing more is known.
    fn element(self) -> Self {
        Self { elements: self.each, ..self }
    }

    fn and(self, other: Self) -> Self {
        Self { elements: self.elements.saturating_add(other.elements), each: self.each.max(other.each) }
    }

    fn or(self, other: Self) -> Self {
        Self { elements: self.elements.max(other.elements), each: self.each.max(other.each) }
    }
}

/// A walk over an expression.
pub struct Reading<'e> {
    text: &'e str,
    source: &'e SourceInfo,
    /// The variables of the macros around.
    bound: Vec<(&'e str, Size)>,
    /// How often the macros around repeat what is looked at.
    times: u64,
    steps: u64,
    /// What is read.
    pub reads: Vec<Read>,
    /// What not every protocol has.
    pub limited: Limited,
    /// The regular expressions, by their text.
    pub regexes: BTreeMap<String, Regex>,
    /// What is wrong.
    pub mistakes: Vec<Mistake>,
}

impl<'e> Reading<'e> {
    /// Walks over an expression that stands in this text.
    pub fn of(text: &'e str, source: &'e SourceInfo, expr: &'e IdedExpr) -> Self {
        let mut reading = Self {
            text,
            source,
            bound: Vec::new(),
            times: 1,
            steps: 0,
            reads: Vec::new(),
            limited: Limited::new(),
            regexes: BTreeMap::new(),
            mistakes: Vec::new(),
        };
        reading.value(expr);
        if reading.mistakes.is_empty() && reading.reads.is_empty() {
            let help = "name a setting, as in `stage.AutoDeploy == false`".to_owned();
            reading.note(0..text.len(), "this tests nothing", "it reads no setting of the stage", [help]);
        }
        if reading.steps > MOST_STEPS {
            let help = "nest fewer macros, or write several rules".to_owned();
            let label = format!("more than {MOST_STEPS} steps on a stage with {ENTRIES} routes");
            reading.note(0..text.len(), "this is too much work", &label, [help]);
        }
        reading
    }

    fn note(&mut self, at: Range<usize>, title: &str, label: &str, help: impl IntoIterator<Item = String>) {
        let help = help.into_iter().collect();
        self.mistakes.push(Mistake { at, title: title.to_owned(), label: label.to_owned(), help });
    }

    /// Where a name stands that belongs to a node: the parser keeps the place of the name, of the dot before it or of
    /// the parenthesis behind it.
    fn at(&self, id: u64, name: &str) -> Range<usize> {
        let start = self.source.offset_for(id).map_or(0, |(start, _)| start as usize);
        let (before, after) = self.text.split_at_checked(start).unwrap_or((self.text, ""));
        let start = match (before.trim_end().strip_suffix(name), after.find(name)) {
            (Some(before), _) => before.len(),
            (None, Some(at)) => start + at,
            (None, None) => return start..start + 1,
        };
        start..start + name.len()
    }

    fn work(&mut self, steps: u64) {
        self.steps = self.steps.saturating_add(self.times.saturating_mul(steps));
    }

    /// Notes that a value is read whole.
    fn value(&mut self, expr: &'e IdedExpr) -> Size {
        let spot = self.visit(expr);
        self.read_whole(spot)
    }

    fn read_whole(&mut self, spot: Spot) -> Size {
        match spot {
            Spot::Setting(path, field) => {
                self.reads.push(Read { path, keys_only: false });
                Size::of(field)
            }
            Spot::Other(size) => size,
        }
    }

    /// Notes that the elements of a list are read, or the keys of a map.
    fn elements(&mut self, expr: &'e IdedExpr) -> Size {
        match self.visit(expr) {
            Spot::Setting(path, field) => {
                let keys_only = matches!(field.kind, Kind::Map(_));
                self.reads.push(Read { path, keys_only });
                Size { elements: ENTRIES, each: 1 }
            }
            Spot::Other(size) => size,
        }
    }

    fn visit(&mut self, expr: &'e IdedExpr) -> Spot {
        self.work(1);
        match &expr.expr {
            Expr::Ident(name) => self.ident(expr.id, name),
            Expr::Select(select) => {
                let inside = match self.visit(&select.operand) {
                    Spot::Setting(path, field) => self.member(expr.id, path, field, &select.field),
                    Spot::Other(size) => Spot::Other(size.element()),
                };
                match inside {
                    Spot::Setting(path, _) if select.test => {
                        self.reads.push(Read { path, keys_only: true });
                        Spot::Other(Size::ONE)
                    }
                    inside => inside,
                }
            }
            Expr::Call(call) => self.call(expr.id, call),
            Expr::Comprehension(of) => self.comprehension(of),
            Expr::List(list) => {
                let each = list.elements.iter().map(|element| self.value(element).all()).max().unwrap_or(1);
                Spot::Other(Size { elements: list.elements.len() as u64, each })
            }
            Expr::Map(map) => {
                let mut each = 1;
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        each = each.max(self.value(&entry.key).all()).max(self.value(&entry.value).all());
                    }
                }
                Spot::Other(Size { elements: map.entries.len() as u64, each })
            }
            Expr::Struct(of) => {
                let at = self.at(expr.id, &of.type_name);
                self.note(at, "there are no messages here", "not part of this language", []);
                Spot::Other(Size::ONE)
            }
            Expr::Literal(_) | Expr::Unspecified => Spot::Other(Size::ONE),
        }
    }

    fn ident(&mut self, id: u64, name: &'e str) -> Spot {
        if let Some((_, size)) = self.bound.iter().rev().find(|(bound, _)| *bound == name) {
            return Spot::Other(*size);
        }
        if let Some(root) = ROOTS.into_iter().find(|root| root.name == name) {
            return Spot::Setting(vec![Step::Name(name.into())], root);
        }
        let at = self.at(id, name);
        // Policies write it so, and CEL takes the hyphen for a minus.
        let (name, at) = match name {
            "each" if self.text.get(at.end..).is_some_and(|text| text.starts_with("-route")) => {
                ("each-route", at.start..at.end + "-route".len())
            }
            "route" if self.text.get(..at.start).is_some_and(|text| text.ends_with("each-")) => {
                return Spot::Other(Size::ONE);
            }
            name => (name, at),
        };
        let allowed: Vec<&str> = ROOTS.iter().map(|root| root.name).chain(self.bound.iter().map(|of| of.0)).collect();
        let (label, help) = suggestions(name, allowed.into_iter().filter(|name| !name.starts_with('@')));
        self.note(at, &format!("there is no `{name}` here"), &label, help);
        Spot::Other(Size::ONE)
    }

    /// The member of that name.
    fn member(&mut self, id: u64, mut path: Vec<Step>, field: &'static Field, name: &str) -> Spot {
        let inside = match field.kind {
            Kind::Struct(members) => members.iter().find(|member| member.name == name),
            Kind::Map(of) => Some(of),
            _ => {
                let title = format!("`{}` is {}, which has no members", field.name, kind_words(field));
                self.note(self.at(id, name), &title, "nothing is inside", []);
                return Spot::Other(Size::ONE);
            }
        };
        let Some(inside) = inside else {
            let (label, help) = suggestions(name, field.members().iter().map(|member| member.name));
            self.note(self.at(id, name), &format!("`{}` has no setting `{name}`", field.name), &label, help);
            return Spot::Other(Size::ONE);
        };
        if inside.on != Protocols::Both {
            self.limited.insert(id, inside.on);
        }
        path.push(Step::Name(name.into()));
        Spot::Setting(path, inside)
    }

    fn call(&mut self, id: u64, call: &'e CallExpr) -> Spot {
        match (call.func_name.as_str(), call.target.as_deref(), call.args.as_slice()) {
            (operators::INDEX, None, [of, key]) => self.index(of, key),
            (operators::EQUALS | operators::NOT_EQUALS, None, [one, other]) => {
                let (left, right) = (self.visit(one), self.visit(other));
                self.compare(&left, other);
                self.compare(&right, one);
                let (left, right) = (self.read_whole(left).all(), self.read_whole(right).all());
                self.work(left.min(right));
                Spot::Other(Size::ONE)
            }
            (operators::IN, None, [one, of]) => {
                self.value(one);
                let size = self.elements(of);
                self.work(size.elements);
                Spot::Other(Size::ONE)
            }
            ("size", Some(of), []) | ("size", None, [of]) => {
                self.elements(of);
                Spot::Other(Size::ONE)
            }
            (operators::ADD, None, [one, other]) => {
                let size = self.value(one).and(self.value(other));
                self.work(size.all());
                Spot::Other(size)
            }
            (operators::CONDITIONAL, None, [condition, one, other]) => {
                self.value(condition);
                Spot::Other(self.value(one).or(self.value(other)))
            }
            (name, target, args) => {
                // Operators, and what macros become, have names that nobody can write.
                let is_function = name.starts_with(char::is_alphabetic);
                if !is_function || self.function(id, name, target.is_some(), args) {
                    target.into_iter().chain(args).for_each(|arg| _ = self.value(arg));
                }
                Spot::Other(Size::ONE)
            }
        }
    }

    fn index(&mut self, of: &'e IdedExpr, key: &'e IdedExpr) -> Spot {
        match (self.visit(of), &key.expr) {
            (Spot::Setting(path, field), Expr::Literal(LiteralValue::String(name)))
                if matches!(field.kind, Kind::Struct(_) | Kind::Map(_)) =>
            {
                self.member(key.id, path, field, name.inner())
            }
            (Spot::Setting(mut path, Field { kind: Kind::Map(of), .. }), _) => {
                self.value(key);
                path.push(Step::Any);
                Spot::Setting(path, of)
            }
            (spot, _) => {
                self.value(key);
                Spot::Other(self.read_whole(spot).element())
            }
        }
    }

    fn comprehension(&mut self, of: &'e ComprehensionExpr) -> Spot {
        let range = self.elements(&of.iter_range);
        self.value(&of.accu_init);
        let (bound, times) = (self.bound.len(), self.times);
        self.bound.extend([(of.iter_var.as_str(), range.element()), (of.accu_var.as_str(), Size::ONE)]);
        self.times = self.times.saturating_mul(range.elements);
        self.value(&of.loop_cond);
        let step = self.value(&of.loop_step);
        self.times = times;
        self.value(&of.result);
        self.bound.truncate(bound);
        Spot::Other(Size { elements: range.elements, each: step.each })
    }

    /// A literal that the setting on the other side can never be equal to.
    fn compare(&mut self, setting: &Spot, literal: &IdedExpr) {
        let (Spot::Setting(_, field), Expr::Literal(value)) = (setting, &literal.expr) else { return };
        let kind = match value {
            LiteralValue::Boolean(_) => "a boolean",
            LiteralValue::Int(_) | LiteralValue::UInt(_) | LiteralValue::Double(_) => "a number",
            LiteralValue::String(_) => "a text",
            LiteralValue::Bytes(_) => "a row of bytes",
            LiteralValue::Null => "null",
        };
        let at = self.source.offset_for(literal.id).unwrap_or_default();
        let at = at.0 as usize..at.1 as usize + 1;
        match (field.kind, value) {
            (_, LiteralValue::Null) => {
                let help = "a setting that is not set is missing: ask `has(…)`".to_owned();
                self.note(at, "nothing is ever null here", "never equal", [help]);
            }
            (Kind::OneOf(names), LiteralValue::String(text)) if !names.contains(&text.inner()) => {
                let (label, help) = suggestions(text.inner(), names.iter().copied());
                self.note(at, &format!("`{}` is never `{}`", field.name, text.inner()), &label, help);
            }
            (Kind::Text | Kind::OneOf(_), LiteralValue::String(_))
            | (Kind::Boolean, LiteralValue::Boolean(_))
            | (Kind::Integer | Kind::Number, LiteralValue::Int(_) | LiteralValue::UInt(_) | LiteralValue::Double(_)) => {
            }
            _ => {
                let title = format!("`{}` is {}, and this is {kind}", field.name, kind_words(field));
                self.note(at, &title, "never equal", []);
            }
        }
    }

    /// Whether there is such a function.
    fn function(&mut self, id: u64, name: &str, member: bool, args: &[IdedExpr]) -> bool {
        let forms = FUNCTIONS.iter().filter(|of| of.0 == name);
        if forms.clone().any(|of| (of.2, of.3) == (member, args.len())) {
            match (name, args) {
                ("matches" | "re", [.., regex]) => self.regex(name, regex),
                ("glob", _) => self.work(20),
                _ => {}
            }
            return true;
        }
        let at = self.at(id, name);
        let macros = MACROS.iter().filter(|of| of.0 == name);
        let written: Vec<String> =
            forms.map(|of| of.1).chain(macros.map(|of| of.1)).map(|form| format!("`{form}`")).collect();
        if !written.is_empty() {
            let title = format!("`{name}` is written {}", written.join(" or "));
            self.note(at, &title, "written in another way", []);
            return false;
        }
        let mut names: Vec<&str> = FUNCTIONS.iter().map(|of| of.0).chain(MACROS.map(|of| of.0)).collect();
        names.dedup();
        let (label, help) = suggestions(name, names);
        self.note(at, &format!("there is no function `{name}`"), &label, help);
        false
    }

    fn regex(&mut self, function: &str, arg: &IdedExpr) {
        self.work(20);
        let at = self.source.offset_for(arg.id).unwrap_or_default();
        let at = at.0 as usize..at.1 as usize + 1;
        let Expr::Literal(LiteralValue::String(text)) = &arg.expr else {
            let title = format!("the regular expression of `{function}` is written out");
            return self.note(at, &title, "not a text in quotes", []);
        };
        match regex_of(text.inner()) {
            Ok(regex) => _ = self.regexes.insert(text.inner().to_owned(), regex),
            Err((_, said)) => self.note(at, "this is not a regular expression", &said, []),
        }
    }
}
