//! The values that several tests leave of one setting, where they are plain: named values, bounds, presence. Tests that
//! it does not know leave everything.

use std::collections::BTreeSet;

use super::conjuncts::Conjunct;
use crate::model::catalogue::{Field, Kind, Unset};
use crate::policy::text::yaml::{Data, Node};

/// A value that a test names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Literal {
    Boolean(bool),
    /// The bits of a number: there may be very many, and equal ones are looked up.
    Number(u64),
    Text(String),
}

impl Literal {
    fn number(number: f64) -> Self {
        // -0 is 0.
        Self::Number((number + 0.0).to_bits())
    }
}

/// The values that are left of a setting.
#[derive(Debug)]
struct Left {
    /// It is one of these; anything when `None`.
    one_of: Option<BTreeSet<Literal>>,
    /// It is none of these.
    none_of: BTreeSet<Literal>,
    /// It is at least, or more than (`true`), this.
    low: Option<(f64, bool)>,
    /// It is at most, or less than (`true`), this.
    high: Option<(f64, bool)>,
    /// It must have a value.
    set: bool,
    /// It must have none.
    unset: bool,
}

/// True if no value of a setting passes all of these tests of it.
pub fn nothing_left<'c>(tests: impl IntoIterator<Item = &'c Conjunct>) -> bool {
    let mut tests = tests.into_iter().peekable();
    let Some(field) = tests.peek().and_then(|test| test.field) else { return false };
    let mut left = Left::of(field);
    tests.for_each(|test| left.narrow(test, field));
    left.is_nothing()
}

/// True if the test fails on every setting without a value.
pub fn needs_a_value(test: &Conjunct) -> bool {
    let Some(field) = test.field else { return false };
    match (test.test.as_str(), field.kind) {
        ("present", _) => test.node.data == Data::Boolean(true),
        ("not" | "any-of", _) | (_, Kind::Struct(_) | Kind::Map(_)) => false,
        ("contains", Kind::List(_)) => true,
        (_, Kind::List(_)) => false,
        ("is", _) => match (default(field), literals(&test.node, field)) {
            (None, _) => true,
            (Some(default), Some(values)) => !values.contains(&default),
            (Some(_), None) => false,
        },
        ("min" | "max" | "above" | "below" | "like" | "matches" | "contains", _) => !field.has_default(),
        _ => false,
    }
}

/// The meaning of an unset value, where it has one.
fn default(field: &Field) -> Option<Literal> {
    match field.unset {
        Unset::False => Some(Literal::Boolean(false)),
        Unset::Text(text) => Some(Literal::Text(text.to_owned())),
        Unset::Nothing | Unset::Empty => None,
    }
}

/// The values that are named, if all of them are known: `${…}` is another one on every stage.
fn literals(node: &Node, field: &Field) -> Option<BTreeSet<Literal>> {
    let nodes = match &node.data {
        Data::List(nodes) => nodes.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let literal = |node: &Node| match &node.data {
        // YAML 1.1 tools write OFF as false.
        Data::Boolean(false) if matches!(field.kind, Kind::OneOf(_)) => Some(Literal::Text("OFF".to_owned())),
        Data::Boolean(value) => Some(Literal::Boolean(*value)),
        #[expect(clippy::cast_precision_loss, reason = "limits are far below 2^53")]
        Data::Integer(number) => Some(Literal::number(*number as f64)),
        Data::Number(number) => Some(Literal::number(*number)),
        Data::Text(text) if text.contains("${") => None,
        Data::Text(text) if field.log_group_arn => {
            Some(Literal::Text(text.strip_suffix(":*").unwrap_or(text).to_owned()))
        }
        Data::Text(text) => Some(Literal::Text(text.clone())),
        Data::Null | Data::List(_) | Data::Map(_) => None,
    };
    nodes.iter().map(literal).collect()
}

impl Left {
    /// Everything that the setting can be.
    fn of(field: &Field) -> Self {
        let booleans = matches!(field.kind, Kind::Boolean).then(|| BTreeSet::from([true, false].map(Literal::Boolean)));
        Self { one_of: booleans, none_of: BTreeSet::new(), low: None, high: None, set: false, unset: false }
    }

    fn narrow(&mut self, test: &Conjunct, field: &Field) {
        self.set |= needs_a_value(test);
        let number = match test.node.data {
            #[expect(clippy::cast_precision_loss, reason = "limits are far below 2^53")]
            Data::Integer(number) => Some(number as f64),
            Data::Number(number) => Some(number),
            _ => None,
        };
        match (test.test.as_str(), number) {
            ("present", _) => self.unset |= test.node.data == Data::Boolean(false),
            ("is", _) => {
                if let Some(values) = literals(&test.node, field) {
                    self.one_of = Some(match self.one_of.take() {
                        Some(left) => left.into_iter().filter(|value| values.contains(value)).collect(),
                        None => values,
                    });
                }
            }
            ("not", _) => self.none_of.extend(literals(&test.node, field).unwrap_or_default()),
            ("min" | "above", Some(bound)) => {
                let bound = (bound, test.test == "above");
                self.low = Some(self.low.map_or(bound, |low| if narrower(bound, low) { bound } else { low }));
            }
            ("max" | "below", Some(bound)) => {
                let bound = (bound, test.test == "below");
                let narrower = |high: (f64, bool)| narrower((-bound.0, bound.1), (-high.0, high.1));
                self.high = Some(self.high.map_or(bound, |high| if narrower(high) { bound } else { high }));
            }
            _ => {}
        }
    }

    fn is_nothing(&self) -> bool {
        let crossing = self
            .low
            .zip(self.high)
            .is_some_and(|((low, more), (high, less))| low > high || (low >= high && (more || less)));
        let passes = |value: &Literal| {
            let within = match value {
                Literal::Number(bits) => {
                    let number = f64::from_bits(*bits);
                    self.low.is_none_or(|(low, more)| number > low || (number >= low && !more))
                        && self.high.is_none_or(|(high, less)| number < high || (number <= high && !less))
                }
                Literal::Boolean(_) | Literal::Text(_) => true,
            };
            within && !self.none_of.contains(value)
        };
        let none_passes = self.one_of.as_ref().is_some_and(|values| !values.iter().any(passes));
        crossing || none_passes || (self.set && self.unset)
    }
}

/// True if the first lower bound leaves less than the second.
fn narrower(one: (f64, bool), other: (f64, bool)) -> bool {
    one.0 > other.0 || (one.0 >= other.0 && one.1 && !other.1)
}
