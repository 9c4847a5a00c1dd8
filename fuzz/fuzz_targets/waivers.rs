//! Waivers under any text: what is refused has a reason and a place; what is accepted is no policy as well, names what
//! reports need, and is a day nearer to its end on the next day.

#![no_main]

use std::sync::Arc;

use jiff::ToSpan as _;
use jiff::civil::date;
use libfuzzer_sys::fuzz_target;
use driftgate::policy::text::diagnostic::SourceText;
use driftgate::policy::{load, read::waiver};

fuzz_target!(|text: &str| {
    let source = [Arc::new(SourceText { name: "waivers.yaml".to_owned(), text: text.to_owned() })];
    let today = date(2026, 12, 31);
    match waiver::load(&source, today) {
        Err(mistakes) => {
            assert!(!mistakes.is_empty());
            for mistake in mistakes {
                assert!(text.get(mistake.span.clone()).is_some(), "{mistake:?}");
            }
        }
        Ok(found) => {
            assert!(load(source.to_vec()).is_err(), "a policy as well");
            let tomorrow = waiver::load(&source, today.saturating_add(1.day())).expect("the same text");
            assert_eq!(found.waivers.len(), tomorrow.waivers.len());
            for (waiver, later) in found.waivers.iter().zip(&tomorrow.waivers) {
                assert_eq!(waiver.days_left, later.days_left + 1);
                assert_eq!(waiver.has_expired(), waiver.facts.expires.as_str() < "2026-12-31");
                let facts = &waiver.facts;
                assert!([&facts.rule, &facts.reason, &facts.owner].iter().all(|text| !text.trim().is_empty()));
                assert!(text.get(waiver.place.1.clone()).is_some() && facts.line <= text.lines().count() + 1);
            }
        }
    }
});
