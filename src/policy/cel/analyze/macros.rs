//! Macros, which go through a list or a map.

use cel::IdedExpr;
use cel::common::ast::{ComprehensionExpr, Expr};

use super::{Analysis, Computed, Iterated, Variable, Visited, ordered};
use crate::model::catalogue::Kind;
use crate::policy::cel::place::AccessKind;
use crate::policy::cel::shape::{self, Shape};
use crate::policy::cel::size::{ENTRIES, Size};

impl<'e> Analysis<'e> {
    pub(super) fn comprehension(&mut self, id: u64, of: &'e ComprehensionExpr) -> Computed {
        let (name, map, range) = self.range(&of.iter_range);
        let elements = shape::elements(&range.shapes);
        let shown = !elements.is_empty() && elements.iter().all(Shape::is_shown);
        self.ranges.insert(
            id,
            Iterated {
                name: name.into(),
                shown,
            },
        );
        let (size, accu_init) = (range.size, self.value(&of.accu_init));
        // A text that is worked out may grow from step to step; one that is read does not.
        let is_read = |shape: &Shape| shape.is_scalar() && *shape != Shape::Hidden;
        let element = if elements.iter().all(is_read) {
            Size::ONE
        } else {
            size.element()
        };
        let (bound, times) = (self.variables.len(), self.times);
        self.variables.push(Variable {
            name: &of.iter_var,
            shapes: elements,
            size: element,
            map,
        });
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
        let expr = IdedExpr {
            id,
            expr: Expr::Comprehension(Box::new(inside)),
        };
        Computed {
            expr,
            shapes: result.shapes,
            size: Size {
                elements: size.elements,
                each: step.size.each,
            },
        }
    }

    /// The list or map that is iterated: its name, the name of the map whose keys it is, and its value.
    fn range(&mut self, range: &'e IdedExpr) -> (String, Option<String>, Computed) {
        match self.visit(range) {
            Visited::Setting(place) if matches!(place.field.kind, Kind::Map(_)) => {
                let (name, size) = (
                    place.written(),
                    Size {
                        elements: ENTRIES,
                        each: 1,
                    },
                );
                let shapes = vec![Shape::List(vec![Shape::Shown])];
                let expr = self.read(range.id, place, AccessKind::Keys);
                (name.clone(), Some(name), Computed { expr, shapes, size })
            }
            spot => {
                let name = if let Visited::Setting(place) = &spot {
                    place.written()
                } else {
                    "the list".to_owned()
                };
                let whole = self.whole(range.id, spot);
                self.named(range.id, &whole.shapes);
                (name, None, whole)
            }
        }
    }
}
