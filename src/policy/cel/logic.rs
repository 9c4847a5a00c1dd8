//! The logic of an expression: the operators that join its parts, and its quantifiers.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, operators};

/// The parts that a logical operator joins.
pub fn joined(expr: &IdedExpr) -> Option<&[IdedExpr]> {
    match &expr.expr {
        Expr::Call(CallExpr {
            func_name,
            target: None,
            args,
        }) => match func_name.as_str() {
            operators::LOGICAL_AND
            | operators::LOGICAL_OR
            | operators::LOGICAL_NOT
            | operators::CONDITIONAL => Some(args),
            _ => None,
        },
        _ => None,
    }
}

/// A quantifier: `all`, `exists` or `exists_one`.
pub struct Quantifier<'e> {
    /// Its name.
    pub name: &'static str,
    /// The test of each element.
    pub test: &'e IdedExpr,
}

impl<'e> Quantifier<'e> {
    /// The quantifier that a macro is, if it is one.
    pub fn of(of: &'e ComprehensionExpr) -> Option<Self> {
        let Expr::Call(CallExpr {
            func_name, args, ..
        }) = &of.loop_step.expr
        else {
            return None;
        };
        let gathers =
            |expr: &IdedExpr| matches!(&expr.expr, Expr::Ident(name) if *name == of.accu_var);
        match (func_name.as_str(), args.as_slice()) {
            (operators::LOGICAL_AND, [gathered, test]) if gathers(gathered) => {
                Some(Self { name: "all", test })
            }
            (operators::LOGICAL_OR, [gathered, test]) if gathers(gathered) => Some(Self {
                name: "exists",
                test,
            }),
            (operators::CONDITIONAL, [test, _, other])
                if gathers(other) && !gathers(&of.result) =>
            {
                Some(Self {
                    name: "exists_one",
                    test,
                })
            }
            _ => None,
        }
    }

    /// The answer on one element that decides it, if one is enough.
    pub fn enough(&self) -> Option<bool> {
        match self.name {
            "all" => Some(false),
            "exists" => Some(true),
            _ => None,
        }
    }
}
