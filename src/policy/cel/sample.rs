//! An expression tried on stages that have everything: what fails there fails everywhere.

use std::sync::Mutex;

use cel::IdedExpr;

use super::bind::{Bound, Roots};
use super::place::Step;
use super::why::joined;
use super::{Assertion, Failed};
use crate::model::Document;
use crate::model::catalogue::{API, API_FIELD, Field, Kind, Protocol, position};
use crate::model::value::Value;
use crate::policy::language::pattern::DOCUMENT;
use crate::policy::read::example::{ACCOUNT, REGION};

impl Assertion {
    /// Tries every test of the expression: what fails there fails everywhere.
    ///
    /// # Errors
    /// The reason why it gives no answer on any stage.
    pub(super) fn try_out(&self) -> Result<(), String> {
        for protocol in Protocol::ALL.into_iter().filter(|protocol| self.applies(*protocol)) {
            // With all booleans true and all false, more of the expression is reached than with either alone.
            for truth in [true, false] {
                let keys = self.keys();
                let (stage, mut api) = (sample(&DOCUMENT, &keys, truth), sample(&API_FIELD, &keys, truth));
                if let Value::Struct(members) = &mut api {
                    members[const { position(API, "ProtocolType") }] = Value::text(protocol.name());
                }
                let document = Document { account: Some(ACCOUNT), region: Some(REGION), api: &api, stage: &stage };
                let roots = Roots::of(&document, true, |entry, _| entry.clone());
                let refusals = Mutex::new(Vec::new());
                let stage = Bound { reads: &self.reads, roots: &roots, protocol, refusals: &refusals };
                let context = self.context(stage);
                let tests = tests(&self.expr);
                for test in &tests {
                    match self.evaluate(test, &context, &stage) {
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
    fn keys(&self) -> Vec<&str> {
        let steps = self.reads.iter().flat_map(|read| &read.steps);
        let named = steps.filter_map(|step| if let Step::Key(name) = step { Some(&**name) } else { None });
        named.chain(["sample"]).collect()
    }
}

/// The tests that logical operators join.
fn tests(expr: &IdedExpr) -> Vec<&IdedExpr> {
    joined(expr).map_or_else(|| vec![expr], |parts| parts.iter().flat_map(tests).collect())
}

/// A field with everything in it.
fn sample(field: &Field, keys: &[&str], truth: bool) -> Value<'static> {
    match field.kind {
        Kind::Boolean => Value::Boolean(truth),
        Kind::Integer => Value::Integer(1),
        Kind::Number => Value::Number(1.5),
        Kind::Text => Value::text("sample"),
        Kind::OneOf(names) => names.first().map_or(Value::Unset, |name| Value::text(*name)),
        Kind::Struct(members) => Value::Struct(members.iter().map(|member| sample(member, keys, truth)).collect()),
        Kind::Map(of) => {
            Value::map(keys.iter().map(|key| ((*key).to_owned().into(), sample(of, keys, truth))).collect())
        }
        Kind::List(of) => Value::List([sample(of, keys, truth)].into()),
    }
}
