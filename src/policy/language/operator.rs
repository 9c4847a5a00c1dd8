//! A test as the loader knows it: its name, the fields it is for, its schema, and how its YAML is read.

use serde_json::{Value as Json, json};

use super::context::Context;
use super::holdable::{Demand, Holdable};
use super::limit::Limit;
use super::pattern::Pattern;
use super::test::{Passing, Test};
use super::truth::Truth;
use crate::model::catalogue::{Field, Kind};
use crate::model::value::Value;
use crate::policy::text::diagnostic::Problems;
use crate::policy::text::yaml::{Data, Node};

/// A test as the loader knows it.
pub struct Operator {
    /// Its name in a policy.
    pub name: &'static str,
    /// The demand, in one sentence.
    pub about: &'static str,
    /// The values that its key takes.
    pub takes: &'static str,
    /// The kinds of field that it can test.
    pub on: fn(&Kind) -> bool,
    /// The JSON Schema of the values that its key takes, at a field that it can test.
    pub schema: fn(&Field) -> Json,
    /// A rule, with a stage that conforms and one that does not.
    pub example: Example,
    /// Reads the value of its key and notes mistakes in it.
    pub read: fn(&mut OperatorContext<'_>, &Node) -> Option<Box<dyn Test>>,
}

impl Operator {
    /// True if the test can be used at a field. `present` means nothing where there always is a value.
    #[must_use]
    pub fn fits(&self, field: &Field) -> bool {
        (self.on)(&field.kind) && !(self.name == "present" && field.has_default())
    }
}

/// The field and the file for which the YAML of a test is read.
pub struct OperatorContext<'r> {
    /// The field that is tested.
    pub field: &'static Field,
    /// Its name in messages.
    pub called: &'r str,
    /// The mistakes found.
    pub problems: &'r mut Problems,
    /// Compiles a pattern for an element of a list.
    pub pattern: fn(&Node, &'static Field, &mut Problems) -> Option<Pattern>,
}

impl OperatorContext<'_> {
    /// Tells if a text that the field can hold may meet a demand; a demand that none meets is noted.
    pub fn may_meet(&mut self, demand: Demand<'_>, node: &Node) -> bool {
        Holdable::of(self.field, self.called).check(demand, &node.span, self.problems)
    }
}

/// A word of the language in use.
#[derive(Debug)]
pub struct Example {
    /// The rule, as keys of a YAML mapping in one line.
    pub rule: &'static str,
    /// A stage that conforms, as a test gives it.
    pub passes: &'static str,
    /// A stage that violates the rule.
    pub fails: &'static str,
}

/// The reference to the definition of a pattern for a field.
#[must_use]
pub fn reference(field: &Field) -> Json {
    json!({"$ref": format!("#/definitions/{}", definition(field))})
}

/// Fields of one kind share a definition; those with members or keys have one of their own.
pub fn definition(field: &Field) -> &'static str {
    match field.kind {
        Kind::Boolean => "boolean",
        Kind::Integer => "integer",
        Kind::Number => "number",
        Kind::Text => "text",
        Kind::OneOf(_) | Kind::Struct(_) => field.name,
        Kind::Map(of) if matches!(of.kind, Kind::Struct(_)) => "map-of-structs",
        Kind::Map(_) => "map-of-texts",
        Kind::List(_) => "list",
    }
}

/// Reads the number of a limit.
pub fn read_limit(
    context: &mut OperatorContext<'_>,
    node: &Node,
    limit: fn(f64) -> Limit,
) -> Option<Box<dyn Test>> {
    let what = match node.data {
        #[expect(clippy::cast_precision_loss, reason = "limits are far below 2^53")]
        Data::Integer(number) => return Some(Box::new(limit(number as f64))),
        Data::Number(number) if number.is_finite() => return Some(Box::new(limit(number))),
        Data::Number(number) if number.is_nan() => "`.nan`",
        Data::Number(_) => "infinity",
        _ => node.kind(),
    };
    context.problems.note(
        &node.span,
        format!("a number is needed, not {what}"),
        "not a number",
        [],
    );
    None
}

impl Test for Limit {
    fn holds(&self, value: &Value<'_>, _: &Context<'_>) -> Truth {
        value
            .as_number()
            .is_some_and(|number| self.allows(number))
            .into()
    }

    fn words(&self) -> Option<String> {
        Some(match self {
            Self::AtLeast(limit) => format!("at least {limit}"),
            Self::Above(limit) => format!("above {limit}"),
            Self::AtMost(limit) => format!("at most {limit}"),
            Self::Below(limit) => format!("below {limit}"),
        })
    }

    fn passing(&self, _: &Field) -> Passing<'_> {
        Passing::Within(*self)
    }
}

/// The schema of the number of a limit.
pub fn number_schema(_: &Field) -> Json {
    json!({"type": "number"})
}

/// The schema of `true` or `false`.
pub fn boolean_schema(_: &Field) -> Json {
    json!({"type": "boolean"})
}

/// True if a field holds a number.
pub fn is_number(kind: &Kind) -> bool {
    matches!(kind, Kind::Integer | Kind::Number)
}

/// True if a field holds a text.
pub fn is_text(kind: &Kind) -> bool {
    matches!(kind, Kind::Text | Kind::OneOf(_))
}
