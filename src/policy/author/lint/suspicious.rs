//! A test that can be met, and is probably meant in another way: a pattern in the dialect of another tool, a regular
//! expression that also fits longer texts, a Region with a slip in it.

use std::ops::Range;
use std::sync::Arc;

use super::warning::{Lint, LintKind};
use crate::model::catalogue::Field;
use crate::model::catalogue::ours::EACH_ROUTE;
use crate::policy::language::context::DOCUMENT;
use crate::policy::language::dialect;
use crate::policy::language::pattern::Pattern;
use crate::policy::language::test::Doubt;
use crate::policy::read::policies::{Policies, Policy, Rule};
use crate::policy::text::diagnostic::Diagnostic;

pub fn warnings(policies: &Policies) -> Vec<Lint> {
    let mut found = Vec::new();
    for policy in &policies.policies {
        let mut doubts = Doubts {
            policy,
            found: &mut found,
        };
        let rules = &policy.rules;
        let of_rules = rules
            .iter()
            .flat_map(|rule| rule.selection.iter().chain(&rule.expect));
        for pattern in policy.selection.iter().chain(of_rules) {
            doubts.pattern(pattern, &DOCUMENT);
        }
        for part in rules.iter().flat_map(Rule::route_parts) {
            doubts.pattern(&part.pattern, EACH_ROUTE);
        }
    }
    found
}

struct Doubts<'p, 'f> {
    policy: &'p Policy,
    found: &'f mut Vec<Lint>,
}

impl Doubts<'_, '_> {
    fn pattern(&mut self, pattern: &Pattern, field: &'static Field) {
        match pattern {
            Pattern::All(of) | Pattern::Any(of, _) => {
                for one in of {
                    self.pattern(one, field);
                }
            }
            Pattern::Not(inner, _) => self.pattern(inner, field),
            Pattern::Member { field, inner, .. } | Pattern::Top { field, inner, .. } => {
                self.pattern(inner, field);
            }
            Pattern::Entry { key, field, inner } => {
                self.key(key, first_test(inner));
                self.pattern(inner, field);
            }
            Pattern::Entries {
                written,
                field,
                inner,
                ..
            } => {
                self.key(written, first_test(inner));
                self.pattern(inner, field);
            }
            Pattern::SomeEntry { written, span, .. } => self.key(written, Some(span)),
            Pattern::Tests(setting) => {
                for one in &setting.tests {
                    for doubt in one.test.doubts(field) {
                        self.warn(&one.span, doubt);
                    }
                }
            }
        }
    }

    /// A key that is written as other tools write patterns.
    fn key(&mut self, key: &str, span: Option<&Range<usize>>) {
        if let (Some(dialect), Some(span)) = (dialect::of_text(key), span) {
            let doubt = Doubt {
                title: dialect.title(key),
                help: "in a key only `*` and `?` are special; name each key".to_owned(),
            };
            self.warn(span, doubt);
        }
    }

    fn warn(&mut self, span: &Range<usize>, doubt: Doubt) {
        let file = &self.policy.file;
        let lint = Lint {
            kind: LintKind::Suspicious,
            diagnostic: Diagnostic {
                file: Arc::clone(file),
                span: file.first_line(span),
                title: doubt.title,
                label: "probably not meant so".to_owned(),
                help: vec![doubt.help],
            },
            beside: None,
        };
        if !self.found.contains(&lint) {
            self.found.push(lint);
        }
    }
}

/// The place of the first test in a pattern.
fn first_test(pattern: &Pattern) -> Option<&Range<usize>> {
    match pattern {
        Pattern::All(of) => of.iter().find_map(first_test),
        Pattern::Any(_, span) | Pattern::Not(_, span) | Pattern::SomeEntry { span, .. } => {
            Some(span)
        }
        Pattern::Member { inner, .. }
        | Pattern::Top { inner, .. }
        | Pattern::Entry { inner, .. }
        | Pattern::Entries { inner, .. } => first_test(inner),
        Pattern::Tests(setting) => setting.tests.first().map(|one| &one.span),
    }
}
