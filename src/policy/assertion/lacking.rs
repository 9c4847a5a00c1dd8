//! An expression without the tests of what a protocol lacks. It must not know a stage.

use std::collections::BTreeMap;

use cel::IdedExpr;
use cel::common::ast::{EntryExpr, Expr, operators};

use crate::model::catalogue::{Protocol, Protocols};

/// The name that stands for a value that is not there. Nobody can write it, and evaluating it fails.
pub const LACKING: &str = "@lacking";

/// What an expression names that not every protocol has: the protocols that have it, by the node.
pub type Limited = BTreeMap<u64, Protocols>;

/// What is left of an expression on a protocol: as if the tests of what it lacks were not written. `None` when nothing is.
///
/// Of `&&` and `||` the other side is left, inside macros too. Whether a branch of `? :` is needed is known only on a
/// stage, so [`LACKING`] takes its place. Everything else needs all of its parts.
pub fn left(expr: &IdedExpr, limited: &Limited, protocol: Protocol) -> Option<IdedExpr> {
    if limited.get(&expr.id).is_some_and(|on| !on.include(protocol)) {
        return None;
    }
    let left = |expr: &IdedExpr| left(expr, limited, protocol);
    let all = |of: &[IdedExpr]| of.iter().map(left).collect::<Option<Vec<_>>>();
    let with = |inside| Some(IdedExpr { id: expr.id, expr: inside });
    match &expr.expr {
        Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR, [one, other]) => match (left(one), left(other)) {
                (Some(one), Some(other)) => {
                    let mut call = call.clone();
                    call.args = vec![one, other];
                    with(Expr::Call(call))
                }
                // What a macro has gathered so far is no test.
                (Some(only), None) | (None, Some(only)) => (!is_gathered(&only)).then_some(only),
                (None, None) => None,
            },
            (operators::CONDITIONAL, [condition, one, other]) => {
                let (condition, one, other) = (left(condition)?, left(one), left(other));
                if one.is_none() && other.is_none() {
                    return None;
                }
                let branch = |branch: Option<IdedExpr>, id| {
                    branch.unwrap_or_else(|| IdedExpr { id, expr: Expr::Ident(LACKING.to_owned()) })
                };
                let mut call = call.clone();
                call.args = vec![condition, branch(one, expr.id), branch(other, expr.id)];
                with(Expr::Call(call))
            }
            (_, args) => {
                let mut call = call.clone();
                call.args = all(args)?;
                if let Some(target) = &mut call.target {
                    **target = left(target)?;
                }
                with(Expr::Call(call))
            }
        },
        Expr::Comprehension(of) => {
            let mut of = of.clone();
            for part in [&mut of.iter_range, &mut of.accu_init, &mut of.loop_cond, &mut of.loop_step, &mut of.result] {
                *part = left(part)?;
            }
            with(Expr::Comprehension(of))
        }
        Expr::List(list) => {
            let mut list = list.clone();
            list.elements = all(&list.elements)?;
            with(Expr::List(list))
        }
        Expr::Map(map) => {
            let mut map = map.clone();
            for entry in &mut map.entries {
                if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                    entry.key = left(&entry.key)?;
                    entry.value = left(&entry.value)?;
                }
            }
            with(Expr::Map(map))
        }
        Expr::Select(select) => {
            let mut select = select.clone();
            *select.operand = left(&select.operand)?;
            with(Expr::Select(select))
        }
        Expr::Struct(_) | Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => Some(expr.clone()),
    }
}

/// Whether it is the variable in which a macro gathers its answer.
fn is_gathered(expr: &IdedExpr) -> bool {
    matches!(&expr.expr, Expr::Ident(name) if name.starts_with('@'))
}
