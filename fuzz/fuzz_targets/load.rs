//! The loader under any text: it never panics, a refusal has a reason and a place, and an accepted policy can run
//! its own examples.

#![no_main]

use std::sync::Arc;

use driftgate::model::Document;
use libfuzzer_sys::fuzz_target;
use driftgate::policy::text::diagnostic::SourceText;
use driftgate::policy::load;
use driftgate::policy::language::context::Context;
use driftgate::policy::read::policies::protocols;
use driftgate::policy::language::truth::Use;

fuzz_target!(|text: &str| {
    let source = Arc::new(SourceText { name: "policy.yaml".to_owned(), text: text.to_owned() });
    match load(vec![source]) {
        Err(mistakes) => {
            assert!(!mistakes.is_empty());
            for mistake in mistakes {
                assert!(text.get(mistake.span.clone()).is_some(), "{mistake:?}");
            }
        }
        Ok(policies) => {
            for policy in &policies.policies {
                for example in &policy.tests {
                    let document = Document { read_at: None,
                        account: Some(&example.account),
                        region: Some(&example.region),
                        api: &example.api,
                        stage: &example.stage,
                    };
                    for protocol in protocols(&document) {
                        let at = Context::top(&document, *protocol, Use::Expect);
                        for pattern in policy.rules.iter().filter_map(|rule| rule.expect.as_ref()) {
                            let _ = pattern.truth(document.stage, &at);
                        }
                    }
                }
            }
        }
    }
});
