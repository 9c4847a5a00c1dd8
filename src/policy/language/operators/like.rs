//! `like`: A text that fits a glob, or one of a list of globs.

use serde_json::json;

use super::equals::{doubt, text_or_missing};
use crate::model::catalogue::Field;
use crate::model::value::Value;
use crate::policy::language::context::Context;
use crate::policy::language::glob::Glob;
use crate::policy::language::holdable::Demand;
use crate::policy::language::operator::{Example, Operator, OperatorContext, is_text};
use crate::policy::language::template::Template;
use crate::policy::language::test::{
    DIGEST_REASON, Doubt, NOT_STATED_REASON, Passing, Test, in_any_order,
};
use crate::policy::language::truth::Truth;
use crate::policy::language::value::compared;
use crate::policy::text::scalar::text_of;
use crate::policy::text::yaml::{Data, Node};

/// The test as the loader knows it.
pub static OPERATOR: Operator = Operator {
    name: "like",
    about: "A text that fits a glob, or one of a list of globs.",
    takes: "a glob, or a list of globs",
    on: is_text,
    schema: |_| {
        let glob = json!({"type": "string", "minLength": 1});
        json!({"anyOf": [glob, {"type": "array", "minItems": 1, "items": glob}]})
    },
    example: Example {
        rule: "expect: {StageName: {like: [prod, live-*]}}",
        passes: "{StageName: live-eu}",
        fails: "{StageName: dev}",
    },
    read,
};

#[derive(Debug)]
struct Like(Vec<LikeGlob>);

/// A glob, and at the ARN of an access log the same without the `:*` behind it.
#[derive(Debug)]
struct LikeGlob {
    written: Template,
    bare: Option<Template>,
}

fn read(context: &mut OperatorContext<'_>, node: &Node) -> Option<Box<dyn Test>> {
    let nodes = match &node.data {
        Data::List(nodes) if nodes.is_empty() => {
            context.problems.note(
                &node.span,
                "an empty list fits nothing",
                "nothing in it",
                [],
            );
            return None;
        }
        Data::List(nodes) => nodes.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let globs: Vec<Option<LikeGlob>> = nodes
        .iter()
        .map(|node| {
            let text = text_of(node, context.problems)?;
            if Glob::fits_all(text) {
                context.problems.note(
                    &node.span,
                    format!("`like: \"{text}\"` fits every text"),
                    "this tests nothing",
                    ["to demand that there is a value, write `present: true`".to_owned()],
                );
                return None;
            }
            let written = Template::read(text, node, context.problems)?;
            if !context.may_meet(Demand::Like(&written), node) {
                return None;
            }
            let bare = compared(context.field, text);
            Some(LikeGlob {
                written,
                bare: Template::of(bare).ok().filter(|_| bare != text),
            })
        })
        .collect();
    Some(Box::new(Like(globs.into_iter().collect::<Option<_>>()?)))
}

/// The answer of a glob. A `:*` behind the ARN of an access log counts on neither side; in a glob it may be meant as one
/// as well.
fn fits(glob: &LikeGlob, text: &str, at: &Context<'_>) -> Truth {
    let text = compared(at.field, text);
    let one = |template: &Template| match template.fits(text, at.document) {
        Ok(fits) => fits.into(),
        Err(missing) if missing.unset => Truth::False,
        Err(_) => Truth::Unknown,
    };
    Truth::any([&glob.written].into_iter().chain(&glob.bare).map(one))
}

impl Like {
    fn in_words(&self, words: impl Fn(&Template) -> Option<String>) -> Option<String> {
        let words: Vec<String> = self
            .0
            .iter()
            .map(|glob| words(&glob.written))
            .collect::<Option<_>>()?;
        Some(if words.len() == 1 {
            format!("like {}", words.concat())
        } else {
            format!("like one of {}", words.join(", "))
        })
    }
}

impl Test for Like {
    fn holds(&self, value: &Value<'_>, at: &Context<'_>) -> Truth {
        match value.as_text() {
            Some(text) => Truth::any(self.0.iter().map(|glob| fits(glob, text, at))),
            None => Truth::False,
        }
    }

    fn words(&self) -> Option<String> {
        self.in_words(|template| template.literal().map(str::to_owned))
    }

    fn demand(&self) -> String {
        self.in_words(|template| Some(template.written().to_owned()))
            .unwrap_or_default()
    }

    fn expected(&self, at: &Context<'_>) -> String {
        self.in_words(|template| Some(text_or_missing(template, at)))
            .unwrap_or_default()
    }

    fn reads(&self) -> Vec<String> {
        self.0
            .iter()
            .flat_map(|glob| glob.written.reads())
            .collect()
    }

    fn passing(&self, _: &Field) -> Passing<'_> {
        // A glob fits the text that leaves its stars out.
        let text = |glob: &LikeGlob| {
            Some(Value::text(
                glob.written.literal()?.replace('*', "").replace('?', "x"),
            ))
        };
        Passing::Perhaps(self.0.iter().filter_map(text).collect())
    }

    fn doubts(&self, field: &Field) -> Vec<Doubt> {
        let globs = self.0.iter().map(|glob| &glob.written);
        globs
            .filter_map(|glob| doubt(glob, field, str::to_owned))
            .collect()
    }

    fn form(&self) -> String {
        format!(
            "like {}",
            in_any_order(
                self.0
                    .iter()
                    .map(|glob| format!("{:?}", glob.written.written()))
            )
        )
    }

    fn unknown(&self, value: &Value<'_>, at: &Context<'_>) -> Option<String> {
        if self.answer(value, at) != Truth::Unknown {
            return None;
        }
        let missing = self
            .0
            .iter()
            .find_map(|glob| glob.written.text(at.document).err());
        Some(match (value, missing) {
            (Value::Digest(_), _) => DIGEST_REASON.to_owned(),
            (Value::Text(_), Some(missing)) => {
                format!("{} is not stated by the source", missing.path)
            }
            _ => NOT_STATED_REASON.to_owned(),
        })
    }
}
