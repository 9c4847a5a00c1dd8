//! The documentation says what is so: pages made from the packs are up to date.
//!
//! After a change that is meant, `DRIFTGATE_UPDATE_DOCS=1 cargo test --test docs` writes the pages anew; read them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed, as it should")]

mod rules;

use std::fs;
use std::sync::Arc;

use driftgate::policy::diagnostic::SourceText;
use driftgate::policy::{Policy, load};

/// A page of `docs/`.
struct Page {
    path: String,
    text: String,
}

impl Page {
    fn read(name: &str) -> Self {
        let path = format!("{}/docs/{name}", env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(&path).unwrap();
        Self { path, text }
    }

    /// The page is as it should be, or is written anew when that is asked for.
    fn must_be(&self, wanted: &str) {
        if std::env::var_os("DRIFTGATE_UPDATE_DOCS").is_some() {
            fs::write(&self.path, wanted).unwrap();
            return;
        }
        let lines = || self.text.lines().chain([""]).zip(wanted.lines().chain([""])).enumerate();
        if let Some((at, (is, should))) = lines().find(|(_, (is, should))| is != should) {
            panic!(
                "{}:{} is out of date\n  it says    {is}\n  it should  {should}\n\
                 write it anew with: DRIFTGATE_UPDATE_DOCS=1 cargo test --test docs",
                self.path,
                at + 1
            );
        }
        assert_eq!(self.text, wanted);
    }
}

/// The only policy of a text.
fn policy(name: &str, text: &str) -> Policy {
    let text = SourceText { name: name.to_owned(), text: text.to_owned() };
    let policies = load(vec![Arc::new(text)]).unwrap_or_else(|found| panic!("{name}: {found:#?}"));
    policies.policies.into_iter().next().unwrap()
}
