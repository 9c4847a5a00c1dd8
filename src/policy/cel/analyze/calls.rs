//! Calls of operators and functions.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr, operators};

use super::{Analysis, Computed, Visited, literal_text, ordered};
use crate::model::catalogue::Kind;
use crate::policy::cel::mistakes;
use crate::policy::cel::place::{AccessKind, SettingPath, call};
use crate::policy::cel::shape::{self, Shape, Shapes};
use crate::policy::language::operators::matches::regex_of;

impl<'e> Analysis<'e> {
    pub(super) fn call(&mut self, expr: &'e IdedExpr, call: &'e CallExpr) -> Visited {
        let id = expr.id;
        Visited::Computed(
            match (
                call.func_name.as_str(),
                call.target.as_deref(),
                call.args.as_slice(),
            ) {
                (operators::INDEX, None, [of, key]) => return self.index(expr, of, key),
                (operators::EQUALS, None, [one, other]) => self.equality(id, one, other, true),
                (operators::NOT_EQUALS, None, [one, other]) => self.equality(id, one, other, false),
                (operators::IN, None, [one, of]) => self.contained(id, one, of),
                ("size", Some(of), []) | ("size", None, [of]) => {
                    let of = match self.visit(of) {
                        Visited::Setting(place) if matches!(place.field.kind, Kind::Map(_)) => {
                            self.read(of.id, place, AccessKind::Keys)
                        }
                        visited => self.whole(of.id, visited).expr,
                    };
                    changed(
                        id,
                        CallExpr {
                            target: None,
                            args: vec![of],
                            ..call.clone()
                        },
                    )
                }
                (operators::ADD, None, [one, other]) => self.sum(id, one, other),
                (operators::CONDITIONAL, None, [condition, one, other]) => {
                    let (condition, one, other) =
                        (self.value(condition), self.value(one), self.value(other));
                    let shapes = shape::join([one.shapes, other.shapes]);
                    let args = vec![condition.expr, one.expr, other.expr];
                    Computed {
                        shapes,
                        size: one.size.or(other.size),
                        ..changed(
                            id,
                            CallExpr {
                                args,
                                ..call.clone()
                            },
                        )
                    }
                }
                // Operators, and what macros become, have names that cannot be written.
                (name, ..) if name.starts_with(char::is_alphabetic) && !self.function(id, call) => {
                    Computed::unknown(expr)
                }
                _ => {
                    let target = call
                        .target
                        .as_deref()
                        .map(|target| Box::new(self.value(target).expr));
                    let args = call.args.iter().map(|arg| self.value(arg).expr).collect();
                    changed(
                        id,
                        CallExpr {
                            target,
                            args,
                            ..call.clone()
                        },
                    )
                }
            },
        )
    }

    /// A list behind another; a map counts as the list of its keys.
    fn sum(&mut self, id: u64, one: &'e IdedExpr, other: &'e IdedExpr) -> Computed {
        let (one, other) = (self.value(one), self.value(other));
        let size = one.size.and(other.size);
        self.work(size.all());
        let lists = |of: &Shapes| of.iter().any(|shape| !shape.is_scalar());
        let shapes = if lists(&one.shapes) || lists(&other.shapes) {
            vec![Shape::List(shape::join([
                shape::elements(&one.shapes),
                shape::elements(&other.shapes),
            ]))]
        } else {
            vec![Shape::Hidden]
        };
        Computed {
            expr: call(id, operators::ADD, vec![one.expr, ordered(other)]),
            shapes,
            size,
        }
    }

    fn equality(
        &mut self,
        id: u64,
        one: &'e IdedExpr,
        other: &'e IdedExpr,
        equal: bool,
    ) -> Computed {
        let (left, right) = (self.visit(one), self.visit(other));
        for (setting, literal) in [(&left, other), (&right, one)] {
            if let (Visited::Setting(place), Expr::Literal(value)) = (setting, &literal.expr) {
                self.mistakes.extend(mistakes::never_equal(
                    place.field,
                    value,
                    self.at_literal(literal.id),
                ));
            }
        }
        // A digest of a stage variable tells whether it is equal to a text.
        let expr = match (left, right) {
            (Visited::Setting(place), text) if is_variable(&place) => {
                self.is_text(id, place, other.id, text)
            }
            (text, Visited::Setting(place)) if is_variable(&place) => {
                self.is_text(id, place, one.id, text)
            }
            (left, right) => {
                let (left, right) = (self.whole(one.id, left), self.whole(other.id, right));
                self.work(left.size.all().min(right.size.all()));
                call(id, operators::EQUALS, vec![left.expr, right.expr])
            }
        };
        Computed::plain(if equal {
            expr
        } else {
            call(id, operators::LOGICAL_NOT, vec![expr])
        })
    }

    fn is_text(&mut self, id: u64, mut place: SettingPath, of: u64, text: Visited) -> IdedExpr {
        place.keys.push(self.whole(of, text).expr);
        self.read(id, place, AccessKind::Equality)
    }

    /// True if there is such a function.
    fn function(&mut self, id: u64, of: &CallExpr) -> bool {
        let name = of.func_name.as_str();
        if let Some(mistake) =
            mistakes::function(name, of.target.is_some(), of.args.len(), self.at(id, name))
        {
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
            Err((_, problem)) => self.note(at, "this is not a regular expression", &problem, []),
        }
    }
}

/// True if the place is a stage variable, which may be known only as a digest.
fn is_variable(place: &SettingPath) -> bool {
    place.field.sensitive && matches!(place.field.kind, Kind::Text)
}

/// A call that gives a text, a number or a boolean.
fn changed(id: u64, call: CallExpr) -> Computed {
    Computed::plain(IdedExpr {
        id,
        expr: Expr::Call(call),
    })
}
