//! Names, members, keys and indices, to the settings that they lead to.

use std::ops::Range;

use cel::IdedExpr;
use cel::common::ast::{Expr, SelectExpr, operators};

use super::{Analysis, Computed, Visited, literal_text};
use crate::model::catalogue::{Field, Kind, Unset};
use crate::model::protocol::Protocols;
use crate::policy::cel::mistakes;
use crate::policy::cel::place::{AccessKind, ROOTS, SettingPath, Step, call};
use crate::policy::cel::shape::{self, Shape, Shapes};
use crate::policy::cel::size::Size;
use crate::policy::text::diagnostic::suggestions;

impl<'e> Analysis<'e> {
    pub(super) fn ident(&mut self, expr: &IdedExpr, name: &str) -> Visited {
        if let Some(bound) = self.variables.iter().rev().find(|bound| bound.name == name) {
            return Visited::Computed(Computed {
                expr: expr.clone(),
                shapes: bound.shapes.clone(),
                size: bound.size,
            });
        }
        if let Some(root) = ROOTS.iter().position(|root| root.name == name) {
            return Visited::Setting(SettingPath {
                root,
                steps: Vec::new(),
                keys: Vec::new(),
                field: ROOTS[root],
            });
        }
        let at = self.at(expr.id, name);
        let names = self.variables.iter().map(|bound| bound.name);
        let allowed: Vec<&str> = ROOTS.iter().map(|root| root.name).chain(names).collect();
        self.mistakes
            .extend(mistakes::unknown_name(self.text, name, at, allowed));
        Visited::Computed(Computed::unknown(expr))
    }

    pub(super) fn select(&mut self, expr: &'e IdedExpr, select: &'e SelectExpr) -> Visited {
        match self.visit(&select.operand) {
            Visited::Setting(place) => match self.member(expr.id, place, &select.field) {
                Some(place) if select.test => {
                    Visited::Computed(self.presence(expr.id, &select.field, place))
                }
                Some(place) => Visited::Setting(place),
                None => Visited::Computed(Computed::unknown(expr)),
            },
            Visited::Computed(of) => {
                let shapes =
                    self.member_of_made(expr.id, &of, &select.operand, &select.field, select.test);
                let inside = SelectExpr {
                    operand: Box::new(of.expr),
                    ..select.clone()
                };
                let size = if select.test {
                    Size::ONE
                } else {
                    of.size.element()
                };
                let shapes = if select.test {
                    vec![Shape::Hidden]
                } else {
                    shapes
                };
                Visited::Computed(Computed {
                    expr: IdedExpr {
                        id: expr.id,
                        expr: Expr::Select(inside),
                    },
                    shapes,
                    size,
                })
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
                let title = format!(
                    "`{}` is {}, which has no members",
                    place.field.name,
                    place.field.kind.words()
                );
                let at = self.at(id, name);
                self.note(at, &title, "nothing is inside", []);
                return None;
            }
        };
        let Some(at) = at else {
            let (label, help) =
                suggestions(name, place.field.members().iter().map(|member| member.name));
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
        Computed::plain(self.read(id, place, AccessKind::Presence))
    }

    fn always_there(&mut self, at: Range<usize>, written: &str, field: &'static Field) {
        let title = format!("`{}` is always there", field.name);
        self.note(
            at,
            &title,
            "this is true on every stage",
            [mistakes::instead_of_has(written, field)],
        );
    }

    /// The shapes under a name of a value that is worked out; with `test` only its presence is read.
    fn member_of_made(
        &mut self,
        id: u64,
        of: &Computed,
        operand: &IdedExpr,
        name: &str,
        test: bool,
    ) -> Shapes {
        if !of.shapes.is_empty() && of.shapes.iter().all(Shape::is_scalar) {
            let variable = if let Expr::Ident(variable) = &operand.expr {
                variable.as_str()
            } else {
                ""
            };
            let bound = self
                .variables
                .iter()
                .rev()
                .find(|bound| bound.name == variable);
            let key_of = bound.and_then(|bound| bound.map.clone());
            let help = key_of
                .map(|map| format!("`{variable}` is a key: write `{map}[{variable}].{name}`"));
            self.note(
                self.at(id, name),
                "a text has no members",
                "nothing is inside",
                help,
            );
        }
        let found = shape::member(&of.shapes, name);
        let structs: Vec<&Field> = of.shapes.iter().filter_map(Shape::as_struct).collect();
        if structs.is_empty() || structs.len() < of.shapes.len() {
            return found;
        }
        let fields: Vec<&'static Field> = found
            .iter()
            .filter_map(|shape| {
                if let Shape::Field(field) = shape {
                    Some(*field)
                } else {
                    None
                }
            })
            .collect();
        for field in &fields {
            self.limit(field);
            self.members.insert(field.name.to_owned());
        }
        if fields.is_empty() {
            let (label, help) =
                suggestions(name, structs[0].members().iter().map(|member| member.name));
            let title = format!("`{}` has no setting `{name}`", structs[0].name);
            self.note(self.at(id, name), &title, &label, help);
        }
        if test
            && let Some(field) = fields
                .first()
                .filter(|_| fields.iter().all(|field| field.unset != Unset::Nothing))
        {
            let of = if let Expr::Ident(variable) = &operand.expr {
                variable
            } else {
                "…"
            };
            let at = self.at(id, name);
            self.always_there(at, &format!("{of}.{name}"), field);
        }
        found
    }

    /// `one in of`: whether there is such a key, or such an element.
    pub(super) fn contained(&mut self, id: u64, one: &'e IdedExpr, of: &'e IdedExpr) -> Computed {
        let (key, within) = (self.value(one), self.visit(of));
        match (within, literal_text(one)) {
            (Visited::Setting(place), Some(name)) if !matches!(place.field.kind, Kind::List(_)) => {
                match self.member(one.id, place, name) {
                    Some(place) => self.presence(one.id, name, place),
                    None => Computed::unknown(one),
                }
            }
            (
                Visited::Setting(SettingPath {
                    field:
                        Field {
                            kind: Kind::Map(of),
                            ..
                        },
                    mut steps,
                    mut keys,
                    root,
                }),
                None,
            ) => {
                steps.push(Step::Worked);
                keys.push(key.expr);
                self.presence(
                    id,
                    "",
                    SettingPath {
                        root,
                        steps,
                        keys,
                        field: of,
                    },
                )
            }
            (within, name) => {
                let within = self.whole(of.id, within);
                match name {
                    Some(name)
                        if within
                            .shapes
                            .iter()
                            .any(|shape| shape.as_struct().is_some()) =>
                    {
                        self.member_of_made(one.id, &within, of, name, true);
                    }
                    _ => self.named(of.id, &within.shapes),
                }
                self.work(within.size.elements);
                Computed::plain(call(id, operators::IN, vec![key.expr, within.expr]))
            }
        }
    }

    /// The settings of a struct are named, or what is read would not be known before there is a stage.
    pub(super) fn named(&mut self, id: u64, shapes: &Shapes) {
        if let Some(field) = shapes.iter().find_map(Shape::as_struct) {
            let start = self
                .source
                .offset_for(id)
                .map_or(0, |(start, _)| start as usize);
            let title = format!("the settings of `{}` are named", field.name);
            let example = field.members().first().map_or("", |member| member.name);
            let help = format!("write the name, as in `.{example}` or `[\"{example}\"]`");
            self.note(
                start..start + 1,
                &title,
                "here the name would be worked out",
                [help],
            );
        }
    }

    pub(super) fn index(
        &mut self,
        expr: &'e IdedExpr,
        of: &'e IdedExpr,
        key: &'e IdedExpr,
    ) -> Visited {
        match (self.visit(of), literal_text(key)) {
            (Visited::Setting(place), Some(name))
                if matches!(place.field.kind, Kind::Struct(_) | Kind::Map(_)) =>
            {
                self.member(key.id, place, name).map_or_else(
                    || Visited::Computed(Computed::unknown(expr)),
                    Visited::Setting,
                )
            }
            (
                Visited::Setting(SettingPath {
                    field:
                        Field {
                            kind: Kind::Map(of),
                            ..
                        },
                    mut steps,
                    mut keys,
                    root,
                }),
                _,
            ) => {
                keys.push(self.value(key).expr);
                steps.push(Step::Worked);
                Visited::Setting(SettingPath {
                    root,
                    steps,
                    keys,
                    field: of,
                })
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
                Visited::Computed(Computed {
                    expr: call(expr.id, operators::INDEX, args),
                    shapes,
                    size,
                })
            }
        }
    }
}
