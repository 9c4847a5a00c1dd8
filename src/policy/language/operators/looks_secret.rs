//! `looks-secret`: Whether a text looks like a password, a key or a token: `true` or `false`.

use crate::model::secret::looks_secret;
use crate::model::value::Value;
use crate::policy::language::context::Context;
use crate::policy::language::operator::{Example, Operator, boolean_schema, is_text};
use crate::policy::language::test::{Answers, Test};
use crate::policy::language::truth::Truth;
use crate::policy::text::yaml::Data;

/// The test as the loader knows it.
pub static OPERATOR: Operator = Operator {
    name: "looks-secret",
    about: "Whether a text looks like a password, a key or a token: `true` or `false`.",
    takes: "true or false",
    on: is_text,
    schema: boolean_schema,
    example: Example {
        rule: "expect: {StageVariables: {'*': {looks-secret: false}}}",
        passes: "{StageVariables: {table: sessions}}",
        fails: "{StageVariables: {dbPassword: hunter2hunter2}}",
    },
    read: |context, node| {
        if let Data::Boolean(expected) = node.data {
            return Some(Box::new(LooksSecret(expected)));
        }
        let title = format!("`looks-secret` needs true or false, not {}", node.kind());
        context
            .problems
            .note(&node.span, title, "neither true nor false", []);
        None
    },
};

#[derive(Debug)]
struct LooksSecret(bool);

impl Test for LooksSecret {
    fn holds(&self, value: &Value<'_>, at: &Context<'_>) -> Truth {
        let found = match value {
            Value::Text(text) => !text.is_empty() && looks_secret(at.key.unwrap_or_default(), text),
            // Whoever made the digest saw the value.
            Value::Digest(digest) => digest.looks_secret,
            _ => return Truth::False,
        };
        (found == self.0).into()
    }

    fn words(&self) -> Option<String> {
        Some(format!(
            "{} that looks like a secret",
            if self.0 { "something" } else { "nothing" }
        ))
    }

    fn answers(&self) -> Answers {
        Answers::Digests
    }
}
