//! An expression as it is loaded: what it reads, how much work it is, and what is wrong with it, found in one walk,
//! which also makes of it the expression that is evaluated. It must not know a stage.
//!
//! In that expression each place of the document is an index into the stage ([`SettingPath::read`]), so that what is not
//! stated is an error wherever it is read, and no value that CEL works with is anything but known.

mod calls;
mod macros;
mod names;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use cel::IdedExpr;
use cel::common::ast::{EntryExpr, Expr, LiteralValue, SourceInfo};
use regex::Regex;

use super::place::{Access, AccessKind, SettingPath, call};
use super::shape::{self, Shape, Shapes};
use super::size::{ENTRIES, Size};
use crate::model::catalogue::Field;
use crate::policy::text::diagnostic::Mistake;

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

/// A part of an expression that was visited.
enum Visited {
    /// A value of the document, not yet noted as read.
    Setting(SettingPath),
    /// A value that is worked out.
    Computed(Computed),
}

/// A value that is worked out, or read.
struct Computed {
    expr: IdedExpr,
    shapes: Shapes,
    size: Size,
}

impl Computed {
    /// A text, a number or a boolean.
    fn plain(expr: IdedExpr) -> Self {
        Self {
            expr,
            shapes: vec![Shape::Hidden],
            size: Size::ONE,
        }
    }

    /// A part with a mistake: it is not evaluated.
    fn unknown(expr: &IdedExpr) -> Self {
        Self {
            expr: expr.clone(),
            shapes: Vec::new(),
            size: Size::ONE,
        }
    }
}

/// A variable of a macro.
struct Variable<'e> {
    name: &'e str,
    shapes: Shapes,
    size: Size,
    /// The map with this key.
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
            analysis.note(
                0..text.len(),
                "this tests nothing",
                "it reads no setting of the stage",
                [help],
            );
        }
        if analysis.steps > MOST_STEPS {
            let help = "nest fewer macros, or write several rules".to_owned();
            let label = format!("more than {MOST_STEPS} steps on a stage with {ENTRIES} routes");
            analysis.note(0..text.len(), "this is too much work", &label, [help]);
        }
        (analysis, evaluated)
    }

    fn note(
        &mut self,
        at: Range<usize>,
        title: &str,
        label: &str,
        help: impl IntoIterator<Item = String>,
    ) {
        let help = help.into_iter().collect();
        self.mistakes.push(Mistake {
            at,
            title: title.to_owned(),
            label: label.to_owned(),
            help,
        });
    }

    /// The place of a name that belongs to a node: the parser keeps that of the name, of the dot before it or of the
    /// parenthesis behind it.
    fn at(&self, id: u64, name: &str) -> Range<usize> {
        let start = self
            .source
            .offset_for(id)
            .map_or(0, |(start, _)| start as usize);
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

    fn whole(&mut self, id: u64, spot: Visited) -> Computed {
        match spot {
            Visited::Setting(place) => {
                let (shapes, size) = (vec![Shape::Field(place.field)], Size::of(place.field));
                Computed {
                    expr: self.read(id, place, AccessKind::Value),
                    shapes,
                    size,
                }
            }
            Visited::Computed(made) => made,
        }
    }

    fn read(&mut self, id: u64, place: SettingPath, kind: AccessKind) -> IdedExpr {
        let number = self.reads.len();
        self.reads.push(Access {
            root: place.root,
            steps: place.steps.clone(),
            kind,
        });
        place.read(id, number)
    }

    fn visit(&mut self, expr: &'e IdedExpr) -> Visited {
        self.work(1);
        let made = |inside, shapes, size| {
            Visited::Computed(Computed {
                expr: IdedExpr {
                    id: expr.id,
                    expr: inside,
                },
                shapes,
                size,
            })
        };
        match &expr.expr {
            Expr::Ident(name) => self.ident(expr, name),
            Expr::Select(select) => self.select(expr, select),
            Expr::Call(call) => self.call(expr, call),
            Expr::Comprehension(of) => Visited::Computed(self.comprehension(expr.id, of)),
            Expr::List(list) => {
                let elements: Vec<Computed> = list
                    .elements
                    .iter()
                    .map(|element| self.value(element))
                    .collect();
                let each = elements
                    .iter()
                    .map(|element| element.size.all())
                    .max()
                    .unwrap_or(1);
                let size = Size {
                    elements: elements.len() as u64,
                    each,
                };
                let shapes = shape::join(elements.iter().map(|element| element.shapes.clone()));
                let mut list = list.clone();
                list.elements = elements.into_iter().map(|element| element.expr).collect();
                made(Expr::List(list), vec![Shape::List(shapes)], size)
            }
            Expr::Map(read) => {
                let (mut map, mut each, mut entries) = (read.clone(), 1, Vec::new());
                for (entry, read) in map.entries.iter_mut().zip(&read.entries) {
                    let (EntryExpr::MapEntry(entry), EntryExpr::MapEntry(read)) =
                        (&mut entry.expr, &read.expr)
                    else {
                        continue;
                    };
                    let (key, value) = (self.value(&read.key), self.value(&read.value));
                    each = each.max(key.size.all()).max(value.size.all());
                    entries.push((literal_text(&read.key).map(Box::from), value.shapes));
                    (entry.key, entry.value) = (key.expr, value.expr);
                }
                let size = Size {
                    elements: read.entries.len() as u64,
                    each,
                };
                made(Expr::Map(map), vec![Shape::Map(entries)], size)
            }
            Expr::Struct(of) => {
                let at = self.at(expr.id, &of.type_name);
                self.note(
                    at,
                    "there are no messages here",
                    "not part of this language",
                    [],
                );
                Visited::Computed(Computed::unknown(expr))
            }
            Expr::Literal(_) => made(expr.expr.clone(), vec![Shape::Shown], Size::ONE),
            Expr::Unspecified => made(Expr::Unspecified, Vec::new(), Size::ONE),
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

/// The elements of a list in their order, or the keys of a map in byte order.
fn ordered(of: Computed) -> IdedExpr {
    if of.shapes.iter().any(Shape::is_map) {
        call(of.expr.id, ORDERED, vec![of.expr])
    } else {
        of.expr
    }
}
