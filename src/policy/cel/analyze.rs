//! An expression as it is loaded: what it reads, how much work it is, and what is wrong with it, found in one walk,
//! which also makes of it the expression that is evaluated. It must not know a stage.
//!
//! In that expression each place of the document is an index into the stage ([`SettingPath::read`]), so that what is not
//! stated is an error wherever it is read, and no value that CEL works with is anything but known.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, SelectExpr, SourceInfo, operators};
use regex::Regex;

use super::mistakes;
use super::place::{Access, AccessKind, ROOTS, SettingPath, Step, call};
use super::shape::{self, Shape, Shapes};
use super::size::{ENTRIES, Size};
use crate::model::catalogue::{Field, Kind, Unset};
use crate::model::protocol::Protocols;
use crate::policy::language::operators::matches::regex_of;
use crate::policy::text::diagnostic::{Mistake, suggestions};

/// The steps that an expression may take on a stage with [`ENTRIES`] routes: less than a tenth of a second.
const MOST_STEPS: u64 = 2_000_000;
/// The function that brings the keys of a map into byte order. No expression can contain it.
pub const ORDERED: &str = "@ordered";

/// The list or map that a macro goes through.
#[derive(Debug)]
pub struct Iterated {
    /// Its name in reports.
    pub name: Box<str>,
    /// True if reports may show its elements.
    pub shown: bool,
}

/// A part of an expression.
enum Spot {
    /// A value of the document, not yet noted as read.
    SettingPath(SettingPath),
    /// A value that is worked out.
    Computed(Computed),
}

/// A value that is worked out, or read.
struct Computed {
    expr: IdedExpr,
    shapes: Shapes,
    size: Size,
}

/// A variable of a macro.
struct Variable<'e> {
    name: &'e str,
    shapes: Shapes,
    size: Size,
    /// The map of which it is a key.
    map: Option<String>,
}

/// A walk over an expression.
pub struct Analysis<'e> {
    text: &'e str,
    source: &'e SourceInfo,
    /// The variables of the macros around.
    variables: Vec<Variable<'e>>,
    /// Number of times that the macros around repeat the current part.
    times: u64,
    steps: u64,
    /// The places that are read.
    pub reads: Vec<Access>,
    /// The settings among it that not every protocol has.
    pub limits: Vec<&'static Field>,
    /// The lists and maps that macros go through, by the node of the macro.
    pub ranges: BTreeMap<u64, Iterated>,
    /// The regular expressions, by their text.
    pub regexes: BTreeMap<String, Regex>,
    /// The names that are read of structs that are worked out.
    pub members: BTreeSet<String>,
    /// The mistakes.
    pub mistakes: Vec<Mistake>,
}

impl<'e> Analysis<'e> {
    /// Walks over an expression of this text, and gives the one that is evaluated.
    pub fn of(text: &'e str, source: &'e SourceInfo, expr: &'e IdedExpr) -> (Self, IdedExpr) {
        let mut analysis = Self {
            text,
            source,
            variables: Vec::new(),
            times: 1,
            steps: 0,
            reads: Vec::new(),
            limits: Vec::new(),
            ranges: BTreeMap::new(),
            regexes: BTreeMap::new(),
            members: BTreeSet::new(),
            mistakes: Vec::new(),
        };
        let evaluated = analysis.value(expr).expr;
        if analysis.mistakes.is_empty() && analysis.reads.is_empty() {
            let help = "name a setting, as in `stage.AutoDeploy == false`".to_owned();
            analysis.note(0..text.len(), "this tests nothing", "it reads no setting of the stage", [help]);
        }
        if analysis.steps > MOST_STEPS {
            let help = "nest fewer macros, or write several rules".to_owned();
            let label = format!("more than {MOST_STEPS} steps on a stage with {ENTRIES} routes");
            analysis.note(0..text.len(), "this is too much work", &label, [help]);
        }
        (analysis, evaluated)
    }

    fn note(&mut self, at: Range<usize>, title: &str, label: &str, help: impl IntoIterator<Item = String>) {
        let help = help.into_iter().collect();
        self.mistakes.push(Mistake { at, title: title.to_owned(), label: label.to_owned(), help });
    }

    /// The place of a name that belongs to a node: the parser keeps that of the name, of the dot before it or of the
    /// parenthesis behind it.
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

    /// The place of a literal.
    fn at_literal(&self, id: u64) -> Range<usize> {
        let (start, end) = self.source.offset_for(id).unwrap_or_default();
        start as usize..end as usize + 1
    }

    fn work(&mut self, steps: u64) {
        self.steps = self.steps.saturating_add(self.times.saturating_mul(steps));
    }

    /// The value of a part, which is read whole.
    fn value(&mut self, expr: &'e IdedExpr) -> Computed {
        let spot = self.visit(expr);
        self.whole(expr.id, spot)
    }

    fn whole(&mut self, id: u64, spot: Spot) -> Computed {
        match spot {
            Spot::SettingPath(place) => {
                let (shapes, size) = (vec![Shape::Field(place.field)], Size::of(place.field));
                Computed { expr: self.read(id, place, AccessKind::Value), shapes, size }
            }
            Spot::Computed(made) => made,
        }
    }

    fn read(&mut self, id: u64, place: SettingPath, kind: AccessKind) -> IdedExpr {
        let number = self.reads.len();
        self.reads.push(Access { root: place.root, steps: place.steps.clone(), kind });
        place.read(id, number)
    }

    fn visit(&mut self, expr: &'e IdedExpr) -> Spot {
        self.work(1);
        let made = |inside, shapes, size| {
            Spot::Computed(Computed { expr: IdedExpr { id: expr.id, expr: inside }, shapes, size })
        };
        match &expr.expr {
            Expr::Ident(name) => self.ident(expr, name),
            Expr::Select(select) => self.select(expr, select),
            Expr::Call(call) => self.call(expr, call),
            Expr::Comprehension(of) => Spot::Computed(self.comprehension(expr.id, of)),
            Expr::List(list) => {
                let elements: Vec<Computed> = list.elements.iter().map(|element| self.value(element)).collect();
                let each = elements.iter().map(|element| element.size.all()).max().unwrap_or(1);
                let size = Size { elements: elements.len() as u64, each };
                let shapes = shape::join(elements.iter().map(|element| element.shapes.clone()));
                let mut list = list.clone();
                list.elements = elements.into_iter().map(|element| element.expr).collect();
                made(Expr::List(list), vec![Shape::List(shapes)], size)
            }
            Expr::Map(read) => {
                let (mut map, mut each, mut entries) = (read.clone(), 1, Vec::new());
                for (entry, read) in map.entries.iter_mut().zip(&read.entries) {
                    let (EntryExpr::MapEntry(entry), EntryExpr::MapEntry(read)) = (&mut entry.expr, &read.expr) else {
                        continue;
                    };
                    let (key, value) = (self.value(&read.key), self.value(&read.value));
                    each = each.max(key.size.all()).max(value.size.all());
                    entries.push((literal_text(&read.key).map(Box::from), value.shapes));
                    (entry.key, entry.value) = (key.expr, value.expr);
                }
                let size = Size { elements: read.entries.len() as u64, each };
                made(Expr::Map(map), vec![Shape::Map(entries)], size)
            }
            Expr::Struct(of) => {
                let at = self.at(expr.id, &of.type_name);
                self.note(at, "there are no messages here", "not part of this language", []);
                Spot::Computed(unknown(expr))
            }
            Expr::Literal(_) => made(expr.expr.clone(), vec![Shape::Shown], Size::ONE),
            Expr::Unspecified => made(Expr::Unspecified, Vec::new(), Size::ONE),
        }
    }

    fn ident(&mut self, expr: &IdedExpr, name: &str) -> Spot {
        if let Some(bound) = self.variables.iter().rev().find(|bound| bound.name == name) {
            return Spot::Computed(Computed { expr: expr.clone(), shapes: bound.shapes.clone(), size: bound.size });
        }
        if let Some(root) = ROOTS.iter().position(|root| root.name == name) {
            return Spot::SettingPath(SettingPath { root, steps: Vec::new(), keys: Vec::new(), field: ROOTS[root] });
        }
        let at = self.at(expr.id, name);
        let names = self.variables.iter().map(|bound| bound.name);
        let allowed: Vec<&str> = ROOTS.iter().map(|root| root.name).chain(names).collect();
        self.mistakes.extend(mistakes::unknown_name(self.text, name, at, allowed));
        Spot::Computed(unknown(expr))
    }

    fn select(&mut self, expr: &'e IdedExpr, select: &'e SelectExpr) -> Spot {
        match self.visit(&select.operand) {
            Spot::SettingPath(place) => match self.member(expr.id, place, &select.field) {
                Some(place) if select.test => Spot::Computed(self.presence(expr.id, &select.field, place)),
                Some(place) => Spot::SettingPath(place),
                None => Spot::Computed(unknown(expr)),
            },
            Spot::Computed(of) => {
                let shapes = self.member_of_made(expr.id, &of, &select.operand, &select.field, select.test);
                let inside = SelectExpr { operand: Box::new(of.expr), ..select.clone() };
                let size = if select.test { Size::ONE } else { of.size.element() };
                let shapes = if select.test { vec![Shape::Hidden] } else { shapes };
                Spot::Computed(Computed { expr: IdedExpr { id: expr.id, expr: Expr::Select(inside) }, shapes, size })
            }
        }
    }

    /// The member or key of that name.
    fn member(&mut self, id: u64, mut place: SettingPath, name: &str) -> Option<SettingPath> {
        let at = match place.field.kind {
            Kind::Struct(members) => members.iter().position(|member| member.name == name),
            Kind::Map(of) => {
                place.steps.push(Step::Key(name.into()));
                return Some(SettingPath { field: of, ..place });
            }
            _ => {
                let title = format!("`{}` is {}, which has no members", place.field.name, place.field.kind.words());
                let at = self.at(id, name);
                self.note(at, &title, "nothing is inside", []);
                return None;
            }
        };
        let Some(at) = at else {
            let (label, help) = suggestions(name, place.field.members().iter().map(|member| member.name));
            let title = format!("`{}` has no setting `{name}`", place.field.name);
            self.note(self.at(id, name), &title, &label, help);
            return None;
        };
        let field = &place.field.members()[at];
        self.limit(field);
        place.steps.push(Step::Member(at));
        Some(SettingPath { field, ..place })
    }

    /// Notes that a setting is read that not every protocol may have.
    fn limit(&mut self, field: &'static Field) {
        if field.on != Protocols::ALL {
            self.limits.push(field);
        }
    }

    /// `has(…)` of a place, or `in` with its last key.
    fn presence(&mut self, id: u64, name: &str, place: SettingPath) -> Computed {
        if place.is_always_there() {
            let at = self.at(id, name);
            self.always_there(at, &place.written(), place.field);
        }
        Computed { expr: self.read(id, place, AccessKind::Presence), shapes: vec![Shape::Hidden], size: Size::ONE }
    }

    fn always_there(&mut self, at: Range<usize>, written: &str, field: &'static Field) {
        let title = format!("`{}` is always there", field.name);
        self.note(at, &title, "this is true on every stage", [mistakes::instead_of_has(written, field)]);
    }

    /// The shapes under a name of a value that is worked out; with `test` only its presence is read.
    fn member_of_made(&mut self, id: u64, of: &Computed, operand: &IdedExpr, name: &str, test: bool) -> Shapes {
        if !of.shapes.is_empty() && of.shapes.iter().all(Shape::is_scalar) {
            let variable = if let Expr::Ident(variable) = &operand.expr { variable.as_str() } else { "" };
            let bound = self.variables.iter().rev().find(|bound| bound.name == variable);
            let key_of = bound.and_then(|bound| bound.map.clone());
            let help = key_of.map(|map| format!("`{variable}` is a key: write `{map}[{variable}].{name}`"));
            self.note(self.at(id, name), "a text has no members", "nothing is inside", help);
        }
        let found = shape::member(&of.shapes, name);
        let structs: Vec<&Field> = of.shapes.iter().filter_map(Shape::as_struct).collect();
        if structs.is_empty() || structs.len() < of.shapes.len() {
            return found;
        }
        let fields: Vec<&'static Field> = found
            .iter()
            .filter_map(|shape| if let Shape::Field(field) = shape { Some(*field) } else { None })
            .collect();
        for field in &fields {
            self.limit(field);
            self.members.insert(field.name.to_owned());
        }
        if fields.is_empty() {
            let (label, help) = suggestions(name, structs[0].members().iter().map(|member| member.name));
            let title = format!("`{}` has no setting `{name}`", structs[0].name);
            self.note(self.at(id, name), &title, &label, help);
        }
        if test && let Some(field) = fields.first().filter(|_| fields.iter().all(|field| field.unset != Unset::Nothing))
        {
            let of = if let Expr::Ident(variable) = &operand.expr { variable } else { "…" };
            let at = self.at(id, name);
            self.always_there(at, &format!("{of}.{name}"), field);
        }
        found
    }

    fn call(&mut self, expr: &'e IdedExpr, call: &'e CallExpr) -> Spot {
        let id = expr.id;
        match (call.func_name.as_str(), call.target.as_deref(), call.args.as_slice()) {
            (operators::INDEX, None, [of, key]) => return self.index(expr, of, key),
            (operators::EQUALS, None, [one, other]) => return Spot::Computed(self.equality(id, one, other, true)),
            (operators::NOT_EQUALS, None, [one, other]) => return Spot::Computed(self.equality(id, one, other, false)),
            (operators::IN, None, [one, of]) => return Spot::Computed(self.contained(id, one, of)),
            ("size", Some(of), []) | ("size", None, [of]) => {
                let made = match self.visit(of) {
                    Spot::SettingPath(place) if matches!(place.field.kind, Kind::Map(_)) => {
                        self.read(of.id, place, AccessKind::Keys)
                    }
                    spot => self.whole(of.id, spot).expr,
                };
                return Spot::Computed(plain(id, CallExpr { target: None, args: vec![made], ..call.clone() }));
            }
            (operators::ADD, None, [one, other]) => return Spot::Computed(self.sum(id, one, other)),
            (operators::CONDITIONAL, None, [condition, one, other]) => {
                let (condition, one, other) = (self.value(condition), self.value(one), self.value(other));
                let shapes = shape::join([one.shapes, other.shapes]);
                let args = vec![condition.expr, one.expr, other.expr];
                let made = plain(id, CallExpr { args, ..call.clone() });
                return Spot::Computed(Computed { shapes, size: one.size.or(other.size), ..made });
            }
            _ => {}
        }
        // Operators, and what macros become, have names that cannot be written.
        let is_function = call.func_name.starts_with(char::is_alphabetic);
        if is_function && !self.function(id, call) {
            return Spot::Computed(unknown(expr));
        }
        let target = call.target.as_deref().map(|target| Box::new(self.value(target).expr));
        let args = call.args.iter().map(|arg| self.value(arg).expr).collect();
        Spot::Computed(plain(id, CallExpr { target, args, ..call.clone() }))
    }

    /// A list behind another; a map counts as the list of its keys.
    fn sum(&mut self, id: u64, one: &'e IdedExpr, other: &'e IdedExpr) -> Computed {
        let (one, other) = (self.value(one), self.value(other));
        let size = one.size.and(other.size);
        self.work(size.all());
        let lists = |of: &Shapes| of.iter().any(|shape| !shape.is_scalar());
        let shapes = if lists(&one.shapes) || lists(&other.shapes) {
            vec![Shape::List(shape::join([shape::elements(&one.shapes), shape::elements(&other.shapes)]))]
        } else {
            vec![Shape::Hidden]
        };
        Computed { expr: call(id, operators::ADD, vec![one.expr, ordered(other)]), shapes, size }
    }

    fn equality(&mut self, id: u64, one: &'e IdedExpr, other: &'e IdedExpr, equal: bool) -> Computed {
        let (left, right) = (self.visit(one), self.visit(other));
        for (setting, literal) in [(&left, other), (&right, one)] {
            if let (Spot::SettingPath(place), Expr::Literal(value)) = (setting, &literal.expr) {
                self.mistakes.extend(mistakes::never_equal(place.field, value, self.at_literal(literal.id)));
            }
        }
        // A digest of a stage variable tells whether it is equal to a text.
        let expr = match (left, right) {
            (Spot::SettingPath(place), text) if is_variable(&place) => self.is_text(id, place, other.id, text),
            (text, Spot::SettingPath(place)) if is_variable(&place) => self.is_text(id, place, one.id, text),
            (left, right) => {
                let (left, right) = (self.whole(one.id, left), self.whole(other.id, right));
                self.work(left.size.all().min(right.size.all()));
                call(id, operators::EQUALS, vec![left.expr, right.expr])
            }
        };
        let expr = if equal { expr } else { call(id, operators::LOGICAL_NOT, vec![expr]) };
        Computed { expr, shapes: vec![Shape::Hidden], size: Size::ONE }
    }

    fn is_text(&mut self, id: u64, mut place: SettingPath, of: u64, text: Spot) -> IdedExpr {
        place.keys.push(self.whole(of, text).expr);
        self.read(id, place, AccessKind::Equality)
    }

    /// `one in of`: whether there is such a key, or such an element.
    fn contained(&mut self, id: u64, one: &'e IdedExpr, of: &'e IdedExpr) -> Computed {
        let (key, within) = (self.value(one), self.visit(of));
        match (within, literal_text(one)) {
            (Spot::SettingPath(place), Some(name)) if !matches!(place.field.kind, Kind::List(_)) => {
                match self.member(one.id, place, name) {
                    Some(place) => self.presence(one.id, name, place),
                    None => unknown(one),
                }
            }
            (
                Spot::SettingPath(SettingPath { field: Field { kind: Kind::Map(of), .. }, mut steps, mut keys, root }),
                None,
            ) => {
                steps.push(Step::Worked);
                keys.push(key.expr);
                self.presence(id, "", SettingPath { root, steps, keys, field: of })
            }
            (within, name) => {
                let within = self.whole(of.id, within);
                match name {
                    Some(name) if within.shapes.iter().any(|shape| shape.as_struct().is_some()) => {
                        self.member_of_made(one.id, &within, of, name, true);
                    }
                    _ => self.named(of.id, &within.shapes),
                }
                self.work(within.size.elements);
                let expr = call(id, operators::IN, vec![key.expr, within.expr]);
                Computed { expr, shapes: vec![Shape::Hidden], size: Size::ONE }
            }
        }
    }

    /// The settings of a struct are named, or what is read would not be known before there is a stage.
    fn named(&mut self, id: u64, shapes: &Shapes) {
        if let Some(field) = shapes.iter().find_map(Shape::as_struct) {
            let start = self.source.offset_for(id).map_or(0, |(start, _)| start as usize);
            let title = format!("the settings of `{}` are named", field.name);
            let example = field.members().first().map_or("", |member| member.name);
            let help = format!("write the name, as in `.{example}` or `[\"{example}\"]`");
            self.note(start..start + 1, &title, "here the name would be worked out", [help]);
        }
    }

    fn index(&mut self, expr: &'e IdedExpr, of: &'e IdedExpr, key: &'e IdedExpr) -> Spot {
        match (self.visit(of), literal_text(key)) {
            (Spot::SettingPath(place), Some(name)) if matches!(place.field.kind, Kind::Struct(_) | Kind::Map(_)) => {
                self.member(key.id, place, name).map_or_else(|| Spot::Computed(unknown(expr)), Spot::SettingPath)
            }
            (
                Spot::SettingPath(SettingPath { field: Field { kind: Kind::Map(of), .. }, mut steps, mut keys, root }),
                _,
            ) => {
                keys.push(self.value(key).expr);
                steps.push(Step::Worked);
                Spot::SettingPath(SettingPath { root, steps, keys, field: of })
            }
            (spot, name) => {
                let within = self.whole(of.id, spot);
                let shapes = match name {
                    Some(name) => self.member_of_made(key.id, &within, of, name, false),
                    None => {
                        self.named(of.id, &within.shapes);
                        shape::inside(&within.shapes)
                    }
                };
                let args = vec![within.expr, self.value(key).expr];
                let size = within.size.element();
                Spot::Computed(Computed { expr: call(expr.id, operators::INDEX, args), shapes, size })
            }
        }
    }

    fn comprehension(&mut self, id: u64, of: &'e ComprehensionExpr) -> Computed {
        let (name, map, range) = match self.visit(&of.iter_range) {
            Spot::SettingPath(place) if matches!(place.field.kind, Kind::Map(_)) => {
                let (name, size) = (place.written(), Size { elements: ENTRIES, each: 1 });
                let shapes = vec![Shape::List(vec![Shape::Shown])];
                let expr = self.read(of.iter_range.id, place, AccessKind::Keys);
                (name.clone(), Some(name), Computed { expr, shapes, size })
            }
            spot => {
                let name = if let Spot::SettingPath(place) = &spot { place.written() } else { "the list".to_owned() };
                let range = self.whole(of.iter_range.id, spot);
                self.named(of.iter_range.id, &range.shapes);
                (name, None, range)
            }
        };
        let elements = shape::elements(&range.shapes);
        let shown = !elements.is_empty() && elements.iter().all(Shape::is_shown);
        self.ranges.insert(id, Iterated { name: name.into(), shown });
        let (size, accu_init) = (range.size, self.value(&of.accu_init));
        // A text that is worked out may grow from step to step; one that is read does not.
        let is_read = |shape: &Shape| shape.is_scalar() && *shape != Shape::Hidden;
        let element = if elements.iter().all(is_read) { Size::ONE } else { size.element() };
        let (bound, times) = (self.variables.len(), self.times);
        self.variables.push(Variable { name: &of.iter_var, shapes: elements, size: element, map });
        self.variables.push(Variable {
            name: &of.accu_var,
            shapes: accu_init.shapes.clone(),
            size: Size::ONE,
            map: None,
        });
        self.times = self.times.saturating_mul(size.elements);
        let loop_cond = self.value(&of.loop_cond);
        let step = self.value(&of.loop_step);
        self.times = times;
        if let Some(accu) = self.variables.last_mut() {
            accu.shapes = shape::join([accu_init.shapes, step.shapes]);
        }
        let result = self.value(&of.result);
        self.variables.truncate(bound);
        let inside = ComprehensionExpr {
            iter_range: ordered(range),
            accu_init: accu_init.expr,
            loop_cond: loop_cond.expr,
            loop_step: step.expr,
            result: result.expr,
            ..of.clone()
        };
        let expr = IdedExpr { id, expr: Expr::Comprehension(Box::new(inside)) };
        Computed { expr, shapes: result.shapes, size: Size { elements: size.elements, each: step.size.each } }
    }

    /// True if there is such a function.
    fn function(&mut self, id: u64, of: &CallExpr) -> bool {
        let name = of.func_name.as_str();
        if let Some(mistake) = mistakes::function(name, of.target.is_some(), of.args.len(), self.at(id, name)) {
            self.mistakes.push(mistake);
            return false;
        }
        match (name, of.args.as_slice()) {
            ("matches" | "re", [.., regex]) => self.regex(name, regex),
            ("glob", _) => self.work(20),
            _ => {}
        }
        true
    }

    fn regex(&mut self, function: &str, arg: &IdedExpr) {
        self.work(20);
        let at = self.at_literal(arg.id);
        let Some(text) = literal_text(arg) else {
            let title = format!("the regular expression of `{function}` is written out");
            return self.note(at, &title, "not a text in quotes", []);
        };
        match regex_of(text) {
            Ok(regex) => _ = self.regexes.insert(text.to_owned(), regex),
            Err((_, said)) => self.note(at, "this is not a regular expression", &said, []),
        }
    }
}

/// The text of a literal.
fn literal_text(expr: &IdedExpr) -> Option<&str> {
    match &expr.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

/// True if the place is a stage variable, which may be known only as a digest.
fn is_variable(place: &SettingPath) -> bool {
    place.field.sensitive && matches!(place.field.kind, Kind::Text)
}

/// A part with a mistake: it is not evaluated.
fn unknown(expr: &IdedExpr) -> Computed {
    Computed { expr: expr.clone(), shapes: Vec::new(), size: Size::ONE }
}

/// A call that gives a text, a number or a boolean.
fn plain(id: u64, call: CallExpr) -> Computed {
    Computed { expr: IdedExpr { id, expr: Expr::Call(call) }, shapes: vec![Shape::Hidden], size: Size::ONE }
}

/// The elements of a list in their order, or the keys of a map in byte order.
fn ordered(of: Computed) -> IdedExpr {
    if of.shapes.iter().any(Shape::is_map) { call(of.expr.id, ORDERED, vec![of.expr]) } else { of.expr }
}
