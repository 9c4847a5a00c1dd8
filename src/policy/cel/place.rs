//! The places of the document that an expression reads, and how each is written. It must not know a stage.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr, ListExpr, LiteralValue, operators};
use cel::common::types::CelInt;

use crate::model::catalogue::{
    API_FIELD, Field, Kind, OURS, ROUTE_SETTINGS, Unset, map, ours, stage,
};
use crate::policy::language::context::DOCUMENT;

/// The name under which the stage is bound. No expression can contain it.
pub const STAGE: &str = "@stage";

/// The row of the settings in force.
pub static EACH_ROUTE: Field = map(
    "each_route",
    &stage::ROUTE,
    "The settings in force for each route, by route key; the stage default under the empty key.",
);

/// The names that an expression may begin with.
pub static ROOTS: [&Field; 7] = [
    &DOCUMENT,
    &API_FIELD,
    &EACH_ROUTE,
    &OURS[ours::ACCOUNT.at],
    &OURS[ours::REGION.at],
    &OURS[ours::PARTITION.at],
    &OURS[ours::ARN.at],
];

/// A step from a value to one inside it.
#[derive(Clone, Debug)]
pub enum Step {
    /// The member at a place of the catalogue.
    Member(usize),
    /// A key that is written out.
    Key(Box<str>),
    /// A key that is worked out on the stage.
    Worked,
}

/// A question about a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessKind {
    /// Its value, whole.
    Value,
    /// The keys of a map.
    Keys,
    /// True if it is set.
    Presence,
    /// True if it is equal to a text; a digest is enough.
    Equality,
}

/// One place that an expression reads.
#[derive(Debug)]
pub struct Access {
    /// The place in [`ROOTS`] where it begins.
    pub root: usize,
    /// The steps to it.
    pub steps: Vec<Step>,
    /// The question about it.
    pub kind: AccessKind,
}

/// A place on the way to what is read.
#[derive(Clone)]
pub struct SettingPath {
    /// The place in [`ROOTS`] where it begins.
    pub root: usize,
    /// The steps to it.
    pub steps: Vec<Step>,
    /// The keys that are worked out, in the order of their steps.
    pub keys: Vec<IdedExpr>,
    /// The row of the catalogue.
    pub field: &'static Field,
}

impl Access {
    /// The place as written; a key that is worked out is left open, since it may be a value of the stage.
    pub fn written(&self) -> String {
        written(self.root, &self.steps)
    }

    /// The test for its presence. What `has(…)` already asks lacks the key before it.
    pub fn question(&self) -> String {
        let key = self
            .steps
            .iter()
            .rposition(|step| matches!(step, Step::Key(_)));
        if let Some(at) = key.filter(|at| at + 1 < self.steps.len())
            && let Step::Key(key) = &self.steps[at]
            // The stage default is always there.
            && !key.is_empty()
            && !self.steps.iter().any(|step| matches!(step, Step::Worked))
        {
            let there = format!("{key:?} in {}", written(self.root, &self.steps[..at]));
            return if self.kind == AccessKind::Presence {
                there
            } else {
                format!("{there} && has({})", self.written())
            };
        }
        match self.steps.split_last() {
            Some((Step::Key(key), before)) if !is_name(key) => {
                format!("{key:?} in {}", written(self.root, before))
            }
            Some((Step::Worked, before)) => format!("KEY in {}", written(self.root, before)),
            _ if self.steps.iter().any(|step| matches!(step, Step::Worked)) => "has(…)".to_owned(),
            _ => format!("has({})", self.written()),
        }
    }

    /// The names on the way, up to the first key.
    pub fn members(&self) -> Vec<&'static str> {
        let mut field = ROOTS[self.root];
        let mut names = vec![field.name];
        for step in &self.steps {
            let Step::Member(at) = step else { break };
            field = &field.members()[*at];
            names.push(field.name);
        }
        names
    }

    /// The member of a route that is read, if it is one alone.
    pub fn of_route(&self) -> Option<&'static str> {
        match self.steps.as_slice() {
            [_, Step::Member(at), ..] => ROUTE_SETTINGS.get(*at).map(|member| member.name),
            _ => None,
        }
    }
}

impl SettingPath {
    /// The place as written.
    pub fn written(&self) -> String {
        written(self.root, &self.steps)
    }

    /// True if there is always a value, set or implied.
    pub fn is_always_there(&self) -> bool {
        matches!(self.steps.last(), Some(Step::Member(_))) && self.field.unset != Unset::Nothing
    }

    /// The expression that reads it: an index into the stage, by the number of the read and the keys that are worked out.
    pub fn read(self, id: u64, number: usize) -> IdedExpr {
        let with = |expr| IdedExpr { id, expr };
        let number = with(Expr::Literal(LiteralValue::Int(CelInt::from(
            i64::try_from(number).unwrap_or(i64::MAX),
        ))));
        let index = if self.keys.is_empty() {
            number
        } else {
            with(Expr::List(ListExpr::new(
                [number].into_iter().chain(self.keys).collect(),
            )))
        };
        call(
            id,
            operators::INDEX,
            vec![with(Expr::Ident(STAGE.to_owned())), index],
        )
    }
}

/// A call of an operator.
pub fn call(id: u64, name: &str, args: Vec<IdedExpr>) -> IdedExpr {
    IdedExpr {
        id,
        expr: Expr::Call(CallExpr {
            func_name: name.to_owned(),
            target: None,
            args,
        }),
    }
}

fn written(root: usize, steps: &[Step]) -> String {
    let mut field = ROOTS[root];
    let mut text = field.name.to_owned();
    for step in steps {
        match (step, field.kind) {
            (Step::Member(at), Kind::Struct(members)) => {
                field = &members[*at];
                text.push('.');
                text.push_str(field.name);
            }
            (step, Kind::Map(of)) => {
                field = of;
                match step {
                    Step::Key(key) if is_name(key) => text.push_str(&format!(".{key}")),
                    Step::Key(key) => text.push_str(&format!("[{key:?}]")),
                    Step::Worked | Step::Member(_) => text.push_str("[…]"),
                }
            }
            _ => {}
        }
    }
    text
}

/// True if a key can be written behind a dot.
pub fn is_name(key: &str) -> bool {
    let mut chars = key.chars();
    chars
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
