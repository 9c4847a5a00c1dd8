//! An expression tried on stages that have everything: what fails there fails everywhere.

use std::sync::Mutex;

use cel::IdedExpr;

use super::bind::{BoundStage, Roots};
use super::logic::joined;
use super::place::Step;
use super::program::{Failed, Program};
use crate::model::Document;
use crate::model::catalogue::{API_FIELD, Field, Kind, api};
use crate::model::protocol::Protocol;
use crate::model::value::Value;
use crate::policy::language::context::{DOCUMENT, EXAMPLE_ACCOUNT, EXAMPLE_REGION};

/// Tries every test of an expression on samples of these protocols.
///
/// # Errors
/// The reason why it gives no answer on any stage.
pub fn try_out(program: &Program, protocols: impl Iterator<Item = Protocol>) -> Result<(), String> {
    let keys = keys(program);
    for protocol in protocols {
        // With all booleans true and all false, more of the expression is reached than with either alone.
        for truth in [true, false] {
            let (stage, mut api) = (
                sample(&DOCUMENT, &keys, truth),
                sample(&API_FIELD, &keys, truth),
            );
            if let Value::Struct(members) = &mut api {
                members[api::PROTOCOL.at] = Value::text(protocol.name());
            }
            let document = Document {
                read_at: None,
                account: Some(EXAMPLE_ACCOUNT),
                region: Some(EXAMPLE_REGION),
                api: &api,
                stage: &stage,
            };
            let roots = Roots::of(&document, true, |entry, _| entry.clone());
            let refusals = Mutex::new(Vec::new());
            let stage = BoundStage {
                reads: &program.reads,
                roots: &roots,
                protocol,
                refusals: &refusals,
            };
            let context = program.context(stage);
            let tests = tests(&program.expr);
            for test in &tests {
                match program.evaluate(test, &context, &stage) {
                    Err(why @ Failed::Gives(_)) if tests.len() > 1 => {
                        return Err(format!("a part of {}", why.words()));
                    }
                    Err(why @ (Failed::Types(..) | Failed::Gives(_))) => return Err(why.words()),
                    _ => {}
                }
            }
        }
    }
    Ok(())
}

/// The keys of every map of a sample: what the expression names is there.
fn keys(program: &Program) -> Vec<&str> {
    let steps = program.reads.iter().flat_map(|read| &read.steps);
    let named = steps.filter_map(|step| {
        if let Step::Key(name) = step {
            Some(&**name)
        } else {
            None
        }
    });
    named.chain(["sample"]).collect()
}

/// The tests that logical operators join.
fn tests(expr: &IdedExpr) -> Vec<&IdedExpr> {
    joined(expr).map_or_else(
        || vec![expr],
        |parts| parts.iter().flat_map(tests).collect(),
    )
}

/// A field with everything in it.
fn sample(field: &Field, keys: &[&str], truth: bool) -> Value<'static> {
    match field.kind {
        Kind::Boolean => Value::Boolean(truth),
        Kind::Integer => Value::Integer(1),
        Kind::Number => Value::Number(1.5),
        Kind::Text => Value::text("sample"),
        Kind::OneOf(names) => names
            .first()
            .map_or(Value::Unset, |name| Value::text(*name)),
        Kind::Struct(members) => Value::Struct(
            members
                .iter()
                .map(|member| sample(member, keys, truth))
                .collect(),
        ),
        Kind::Map(of) => Value::map(
            keys.iter()
                .map(|key| ((*key).to_owned().into(), sample(of, keys, truth)))
                .collect(),
        ),
        Kind::List(of) => Value::List([sample(of, keys, truth)].into()),
    }
}
