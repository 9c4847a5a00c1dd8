//! The tests of one setting.

use std::sync::OnceLock;

use super::compiler::{Compiler, all, element, read_all};
use super::cure::{instead, not_of_a_list};
use super::literal::literal;
use super::range::check_range;
use crate::model::catalogue::{Field, Kind};
use crate::policy::language::operator::OperatorContext;
use crate::policy::language::operators::OPERATORS;
use crate::policy::language::operators::equals::Literal;
use crate::policy::language::pattern::{Pattern, SettingTest, SettingTests};
use crate::policy::language::test::Test;
use crate::policy::text::diagnostic::suggestions;
use crate::policy::text::foreign;
use crate::policy::text::yaml::{Data, Entry, Node};

impl Compiler<'_> {
    /// The tests of one setting; all must hold.
    pub(super) fn tests(&mut self, entries: &[Entry], field: &'static Field) -> Option<Pattern> {
        let again = |compiler: &mut Self, node: &Node| compiler.field(node, field);
        let mut tests: Vec<Option<(&Entry, Box<dyn Test>)>> = Vec::new();
        let mut parts: Vec<Option<Pattern>> = Vec::new();
        for entry in entries {
            match (entry.key.as_str(), &entry.value.data) {
                // "None of these values" reads best as one test.
                ("not", Data::List(elements))
                    if !matches!(field.kind, Kind::List(_))
                        && !elements.is_empty()
                        && !elements
                            .iter()
                            .any(|element| matches!(element.data, Data::Map(_))) =>
                {
                    let inner = self.field(&entry.value, field);
                    parts.push(inner.map(|inner| Pattern::Not(Box::new(inner), entry.span())));
                }
                ("not", _) if self.is_value_of_a_list(entry, field) => parts.push(None),
                ("not", _) => parts.push(self.not(entry, again)),
                ("any-of", _) => parts.push(self.any_of(entry, again)),
                _ => tests.push(self.test(entry, field).map(|test| (entry, test))),
            }
        }
        check_range(tests.iter().flatten(), field, self.problems);
        if !tests.is_empty() {
            let test =
                |(entry, test): (&Entry, Box<dyn Test>)| SettingTest::new(test, entry.span());
            let tests = tests
                .into_iter()
                .map(|one| one.map(test))
                .collect::<Option<_>>();
            parts.insert(
                0,
                tests.map(|tests| {
                    Pattern::Tests(SettingTests {
                        tests,
                        path: OnceLock::new(),
                    })
                }),
            );
        }
        all(parts)
    }

    /// True if a `not` at a list has values under it, where only tests are, which is noted.
    fn is_value_of_a_list(&mut self, entry: &Entry, field: &Field) -> bool {
        let help = match field.kind {
            Kind::List(_) => not_of_a_list(&entry.value),
            _ => None,
        };
        let Some(help) = help else {
            return false;
        };
        let title = format!("`{}` is a list: say what it should not contain", field.name);
        let label = "values, and not tests";
        self.problems.note(&entry.value.span, title, label, [help]);
        true
    }

    pub(super) fn test(&mut self, entry: &Entry, field: &'static Field) -> Option<Box<dyn Test>> {
        let names = || {
            let fitting = OPERATORS
                .iter()
                .filter(|operator| operator.fits(field))
                .map(|operator| operator.name);
            fitting.chain(["not", "any-of"])
        };
        let Some(operator) = OPERATORS.iter().find(|operator| operator.name == entry.key) else {
            let (label, mut help) = suggestions(&entry.key, names());
            let label = match foreign::test(&entry.key) {
                Some(meaning) => {
                    let called = self.called(field);
                    let instead = instead(meaning, field, &called, &entry.value, self.problems);
                    help.splice(0..0, instead);
                    "a word of other tools".to_owned()
                }
                None => label,
            };
            self.problems.note(
                &entry.key_span,
                format!("there is no test `{}`", entry.key),
                label,
                help,
            );
            return None;
        };
        if !(operator.on)(&field.kind) {
            let title = format!(
                "`{}` cannot test `{}`, which is {}",
                operator.name,
                self.called(field),
                field.kind.words()
            );
            let help = format!("tests that can: {}", names().collect::<Vec<_>>().join(", "));
            let takes = format!("`{}` takes {}", operator.name, operator.takes);
            self.problems.note(&entry.key_span, title, takes, [help]);
            return None;
        }
        if matches!(&entry.value.data, Data::Null) {
            let title = format!("`{}` takes {}", operator.name, operator.takes);
            self.problems.note(&entry.key_span, title, "no value", []);
            return None;
        }
        let before = self.problems.len();
        let called = self.called(field);
        let test = (operator.read)(
            &mut OperatorContext {
                field,
                called: &called,
                problems: self.problems,
                pattern: element,
            },
            &entry.value,
        );
        self.problems.advise(
            before,
            &format!("`{}` takes {}", operator.name, operator.takes),
        );
        test
    }

    pub(super) fn literals(
        &mut self,
        nodes: &[Node],
        field: &'static Field,
    ) -> Option<Vec<Literal>> {
        read_all(nodes.iter().map(|node| self.literal(node, field, nodes)))
    }

    /// A value that a setting is compared with, alone or among others.
    pub(super) fn literal(
        &mut self,
        node: &Node,
        field: &'static Field,
        among: &[Node],
    ) -> Option<Literal> {
        literal(node, field, &self.called(field), among, self.problems)
    }

    /// The name of a value in messages: that of its field, or the key of a map.
    pub(super) fn called(&self, field: &Field) -> String {
        self.key.clone().unwrap_or_else(|| field.name.to_owned())
    }
}
