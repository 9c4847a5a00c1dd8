//! The run file under any text: what is refused has a reason and a place, and what is accepted, written again as the
//! plainest YAML there is, holds the same flags.

#![no_main]

use std::sync::Arc;

use driftgate::cli::flags_of_run_file;
use libfuzzer_sys::fuzz_target;
use driftgate::policy::text::diagnostic::SourceText;

fn source(text: String) -> Arc<SourceText> {
    Arc::new(SourceText { name: "driftgate.yaml".to_owned(), text })
}

fuzz_target!(|text: &str| {
    match flags_of_run_file(&source(text.to_owned())) {
        Err(mistakes) => {
            assert!(!mistakes.is_empty());
            for mistake in mistakes {
                assert!(text.get(mistake.span.clone()).is_some(), "{mistake:?}");
            }
        }
        Ok(flags) => {
            let mut again = String::new();
            for (key, values) in &flags {
                // JSON is YAML, and quotes what would otherwise be read as something else.
                let values: Vec<_> = values.iter().map(|value| value.as_ref().map_or("true".into(), quoted)).collect();
                match values.as_slice() {
                    [] => again.push_str(&format!("{key}: false\n")),
                    [one] => again.push_str(&format!("{key}: {one}\n")),
                    several => again.push_str(&format!("{key}: [{}]\n", several.join(", "))),
                }
            }
            let read = flags_of_run_file(&source(again.clone()));
            assert_eq!(read.as_ref().ok(), Some(&flags), "{again}: {read:?}");
        }
    }
});

fn quoted(text: &String) -> String {
    serde_json::to_string(text).unwrap_or_default()
}
