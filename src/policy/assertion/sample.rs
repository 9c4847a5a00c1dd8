//! An expression tried on stages that have everything: what fails there fails everywhere.

use super::reading::Step;
use super::shown::Roots;
use super::{Assertion, Failed};
use crate::model::Document;
use crate::model::catalogue::{API, API_FIELD, Field, Kind, Protocol, position};
use crate::model::value::Value;
use crate::policy::example::{ACCOUNT, REGION};
use crate::policy::pattern::DOCUMENT;

impl Assertion {
    /// The protocols that have what the expression reads; or why it gives no answer on any stage.
    pub(super) fn try_out(&self) -> Result<Vec<Protocol>, String> {
        let mut on = Vec::new();
        for protocol in Protocol::ALL {
            // With all booleans true and all false, more of the expression is reached than with either alone.
            for truth in [true, false] {
                let keys = self.keys();
                let (stage, mut api) = (sample(&DOCUMENT, &keys, truth), sample(&API_FIELD, &keys, truth));
                if let Value::Struct(members) = &mut api {
                    members[const { position(API, "ProtocolType") }] = Value::text(protocol.name());
                }
                let document = Document { account: Some(ACCOUNT), region: Some(REGION), api: &api, stage: &stage };
                let roots = Roots::of(&document, true, |entry, _| entry.clone());
                let context = self.context(&roots, protocol);
                let tests = self.asked(protocol).tree.tests();
                for test in &tests {
                    match self.evaluate(test, &context, protocol) {
                        Ok(None) => {}
                        Ok(Some(_)) | Err(Failed::Missing(_) | Failed::MissingKey | Failed::Other) => on.push(protocol),
                        Err(why @ Failed::Gives(_)) if tests.len() > 1 => {
                            return Err(format!("a part of {}", why.words()));
                        }
                        Err(why @ (Failed::Types(..) | Failed::Gives(_))) => return Err(why.words()),
                    }
                }
            }
        }
        Ok(on)
    }

    /// The keys of every map of a sample: what the expression names is there.
    fn keys(&self) -> Vec<&str> {
        let steps = self.reads.iter().flat_map(|read| &read.path);
        let named = steps.filter_map(|step| if let Step::Name(name) = step { Some(&**name) } else { None });
        named.chain(["sample"]).collect()
    }
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
