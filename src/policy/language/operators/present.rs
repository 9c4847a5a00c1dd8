//! `present`: the presence of a value, `true` for one that is not empty, `false` for none.

use crate::model::catalogue::{Field, Kind, Unset};
use crate::model::value::Value;
use crate::policy::language::context::Context;
use crate::policy::language::operator::{Example, Operator, OperatorContext, boolean_schema};
use crate::policy::language::test::{Answers, Passing, Test};
use crate::policy::language::truth::Truth;
use crate::policy::language::value::presence;
use crate::policy::text::yaml::{Data, Node};

/// The test as the loader knows it.
pub static OPERATOR: Operator = Operator {
    name: "present",
    about: "Whether there is a value: `true` for one that is not empty, `false` for none. Not at a setting that means \
            something where it is unset, such as a boolean.",
    takes: "true or false",
    on: |_| true,
    schema: boolean_schema,
    example: Example {
        rule: "expect: {AccessLogSettings: {DestinationArn: {present: true}}}",
        passes: "{AccessLogSettings: {DestinationArn: 'arn:aws:logs:us-east-1:111122223333:log-group:shop'}}",
        fails: "{AccessLogSettings: {}}",
    },
    read,
};

fn read(context: &mut OperatorContext<'_>, node: &Node) -> Option<Box<dyn Test>> {
    let Data::Boolean(present) = node.data else {
        let title = format!("`present` needs true or false, not {}", node.kind());
        context
            .problems
            .note(&node.span, title, "neither true nor false", []);
        return None;
    };
    let field = context.field;
    if !field.has_default() {
        return Some(Box::new(Present(present)));
    }
    let (unset, instead) = match (field.kind, field.unset) {
        (Kind::OneOf(names), Unset::Text(unset)) if present => {
            let others: Vec<&str> = names
                .iter()
                .copied()
                .filter(|name| *name != unset)
                .collect();
            (unset, format!("[{}]", others.join(", ")))
        }
        (_, Unset::Text(unset)) => (unset, unset.to_owned()),
        _ => ("false", present.to_string()),
    };
    let name = field.name;
    let title = format!("`present` means nothing at `{name}`: where it is not set, it is {unset}");
    context.problems.note(
        &node.span,
        title,
        "there always is a value",
        [format!("write `{name}: {instead}`")],
    );
    None
}

#[derive(Debug)]
struct Present(bool);

/// Demands a value; the meaning of a list of keys at a map.
#[must_use]
pub fn present() -> Box<dyn Test> {
    Box::new(Present(true))
}

impl Test for Present {
    fn holds(&self, value: &Value<'_>, _: &Context<'_>) -> Truth {
        let present = presence(value);
        if self.0 { present } else { present.not() }
    }

    fn words(&self) -> Option<String> {
        Some(if self.0 { "present" } else { "not present" }.to_owned())
    }

    fn passing(&self, _: &Field) -> Passing<'_> {
        Passing::Every(self.0)
    }

    fn answers(&self) -> Answers {
        Answers::Everything
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::policy::load;
    use crate::policy::text::diagnostic::SourceText;

    #[test]
    fn a_setting_that_always_has_a_value_is_not_asked_for_its_presence() {
        let mistakes = |expect: &str| -> Vec<(String, String)> {
            let text = format!(
                "policy: p\nrules:\n  - {{id: r, title: t, severity: low, expect: {expect}}}\n"
            );
            match load(vec![Arc::new(SourceText {
                name: "p.yaml".into(),
                text,
            })]) {
                Ok(_) => Vec::new(),
                Err(found) => found
                    .into_iter()
                    .map(|one| (one.title, one.help.concat()))
                    .collect(),
            }
        };
        for (expect, unset, instead) in [
            (
                "{AutoDeploy: {present: true}}",
                "false",
                "write `AutoDeploy: true`",
            ),
            (
                "{AutoDeploy: {present: false}}",
                "false",
                "write `AutoDeploy: false`",
            ),
            (
                "{not: {AutoDeploy: {any-of: [{present: true}]}}}",
                "false",
                "write `AutoDeploy: true`",
            ),
            (
                "{each-route: {LoggingLevel: {present: true}}}",
                "OFF",
                "write `LoggingLevel: [ERROR, INFO]`",
            ),
            (
                "{RouteSettings: {\"*\": {LoggingLevel: {present: false}}}}",
                "OFF",
                "write `LoggingLevel: OFF`",
            ),
        ] {
            let found = mistakes(expect);
            assert!(
                matches!(&found[..], [(title, help)] if title.ends_with(unset) && help == instead),
                "{found:?}"
            );
        }
        for expect in [
            "{Description: {present: true}}",
            "{Tags: {present: true}}",
            "{api: {IpAddressType: {present: true}}}",
        ] {
            assert_eq!(mistakes(expect), [], "{expect}");
        }
    }
}
