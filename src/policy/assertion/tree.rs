//! An expression on one protocol as a tree: what `&&`, `||`, `!` and `? :` join, and the tests that CEL evaluates.

use cel::IdedExpr;
use cel::common::ast::{Expr, SourceInfo, operators};

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
            Self::Test(Box::new(Test { reads, expr }))
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
