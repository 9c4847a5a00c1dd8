//! An expression on one protocol as a tree: what `&&`, `||`, `!` and `? :` join, and the tests that CEL evaluates.

use cel::IdedExpr;
use cel::common::ast::{Expr, LiteralValue, SourceInfo, operators};

use super::lacking::{Limited, left};
use super::reading::{Read, Reading};
use crate::model::catalogue::Protocol;
use crate::policy::truth::Truth;

/// An expression, down to its tests.
#[derive(Debug)]
pub enum Tree {
    /// `&&`
    All(Box<[Self; 2]>),
    /// `||`
    Any(Box<[Self; 2]>),
    /// `!`
    Not(Box<Self>),
    /// `? :`
    If(Box<[Self; 3]>),
    /// What CEL evaluates.
    Test(Box<Test>),
    /// A test of what the protocol lacks.
    Lacking,
}

/// A part of an expression that CEL evaluates.
#[derive(Debug)]
pub struct Test {
    /// The part, without what the protocol lacks.
    pub expr: IdedExpr,
    /// What it reads.
    pub reads: Vec<Read>,
    /// What it says of a stage variable, if it compares one with a literal text.
    pub equality: Option<Equality>,
}

/// `stage.StageVariables.KEY == "TEXT"`, or `!=`. A digest of the value is enough to decide it.
#[derive(Debug)]
pub struct Equality {
    /// The variable.
    pub key: Box<str>,
    /// The text.
    pub text: Box<str>,
    /// Whether they are to be equal.
    pub equal: bool,
}

impl Tree {
    /// The tree of an expression that stands in this text.
    pub fn of(text: &str, source: &SourceInfo, expr: &IdedExpr, limited: &Limited, protocol: Protocol) -> Self {
        let of = |expr| Self::of(text, source, expr, limited, protocol);
        let Expr::Call(call) = &expr.expr else { return Self::test(text, source, expr, limited, protocol) };
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_AND, [one, other]) => Self::All(Box::new([of(one), of(other)])),
            (operators::LOGICAL_OR, [one, other]) => Self::Any(Box::new([of(one), of(other)])),
            (operators::LOGICAL_NOT, [inner]) => Self::Not(Box::new(of(inner))),
            (operators::CONDITIONAL, [condition, one, other]) => {
                Self::If(Box::new([of(condition), of(one), of(other)]))
            }
            _ => Self::test(text, source, expr, limited, protocol),
        }
    }

    fn test(text: &str, source: &SourceInfo, expr: &IdedExpr, limited: &Limited, protocol: Protocol) -> Self {
        let test = left(expr, limited, protocol).map(|expr| {
            let reads = Reading::of(text, source, &expr).reads;
            Self::Test(Box::new(Test { reads, equality: Equality::of(&expr), expr }))
        });
        test.unwrap_or(Self::Lacking)
    }

    /// All tests in it.
    pub fn tests(&self) -> Vec<&Test> {
        match self {
            Self::All(of) | Self::Any(of) => of.iter().flat_map(Self::tests).collect(),
            Self::Not(inner) => inner.tests(),
            // Without an answer to its question neither branch counts.
            Self::If(of) if of[0].tests().is_empty() => Vec::new(),
            Self::If(of) => of.iter().flat_map(Self::tests).collect(),
            Self::Test(test) => vec![test],
            Self::Lacking => Vec::new(),
        }
    }

    /// What it says, given what `ask` says of each test. `ask` adds to `open` why a test is not known; what is left there
    /// in the end is what the answer hangs on.
    pub fn truth<O>(&self, open: &mut Vec<O>, ask: &impl Fn(&Test, &mut Vec<O>) -> Truth) -> Truth {
        let before = open.len();
        let truth = match self {
            Self::All(of) => Truth::all(of.iter().map(|one| one.truth(open, ask))),
            Self::Any(of) => Truth::any(of.iter().map(|one| one.truth(open, ask))),
            Self::Not(inner) => inner.truth(open, ask).not(),
            Self::If(of) => match of[0].truth(open, ask) {
                Truth::True => of[1].truth(open, ask),
                Truth::False => of[2].truth(open, ask),
                unsaid => unsaid,
            },
            Self::Test(test) => ask(test, open),
            Self::Lacking => Truth::Dropped,
        };
        if truth != Truth::Unknown {
            open.truncate(before);
        }
        truth
    }
}

impl Equality {
    fn of(expr: &IdedExpr) -> Option<Self> {
        let Expr::Call(call) = &expr.expr else { return None };
        let equal = match call.func_name.as_str() {
            operators::EQUALS => true,
            operators::NOT_EQUALS => false,
            _ => return None,
        };
        let [one, other] = call.args.as_slice() else { return None };
        let (setting, text) = text_of(other).map(|text| (one, text)).or(text_of(one).map(|text| (other, text)))?;
        match path_of(setting)?.as_slice() {
            ["stage", "StageVariables", key] => Some(Self { key: (*key).into(), text: text.into(), equal }),
            _ => None,
        }
    }
}

/// The text of a literal.
fn text_of(expr: &IdedExpr) -> Option<&str> {
    match &expr.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

/// The names of `a.b["c"]`.
fn path_of(expr: &IdedExpr) -> Option<Vec<&str>> {
    let (of, name) = match &expr.expr {
        Expr::Ident(name) => return Some(vec![name]),
        Expr::Select(select) if !select.test => (&*select.operand, select.field.as_str()),
        Expr::Call(call) if call.func_name == operators::INDEX => match call.args.as_slice() {
            [of, key] => (of, text_of(key)?),
            _ => return None,
        },
        _ => return None,
    };
    let mut path = path_of(of)?;
    path.push(name);
    Some(path)
}
