//! The pages of docs/reference are made from the code. A page that is out of date fails; this rewrites all of them:
//!
//! ```text
//! DRIFTGATE_UPDATE_DOCS=1 cargo test --test reference
//! ```

use std::collections::BTreeSet;
use std::path::Path;

use driftgate::cli::reference::pages;
use driftgate::model::state::{GapCode, WarningKind};

const COMMAND: &str = "DRIFTGATE_UPDATE_DOCS=1 cargo test --test reference";

#[test]
fn every_page_is_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference");
    let update = std::env::var_os("DRIFTGATE_UPDATE_DOCS").is_some();
    let mut stale = Vec::new();
    for (name, page) in pages() {
        let path = folder.join(name);
        if update {
            std::fs::write(&path, &page).unwrap();
        } else if std::fs::read_to_string(&path).unwrap_or_default() != page {
            stale.push(name);
        }
    }
    assert!(
        stale.is_empty(),
        "out of date: {}\nrewrite them: {COMMAND}",
        stale.join(", ")
    );
}

#[test]
fn every_file_of_the_folder_is_a_page_and_is_linked() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files: BTreeSet<String> = std::fs::read_dir(root.join("docs/reference"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let pages = pages().into_iter().map(|(name, _)| name.to_owned());
    // tests/docs makes the page of the shipped rules.
    let names: BTreeSet<String> = pages.chain(["rules.md".to_owned()]).collect();
    assert_eq!(files, names);
    let list = std::fs::read_to_string(root.join("README.md")).unwrap();
    for name in names {
        assert!(
            list.contains(&format!("docs/reference/{name}")),
            "README.md does not link {name}"
        );
    }
}

#[test]
fn every_code_is_given_somewhere() {
    fn sources(folder: &Path, into: &mut String) {
        for entry in std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
        {
            if entry.is_dir() {
                sources(&entry, into);
            } else if !entry.ends_with("tests.rs") && !entry.ends_with("sample.rs") {
                into.push_str(&std::fs::read_to_string(entry).unwrap_or_default());
            }
        }
    }
    let mut text = String::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut text,
    );
    let kinds = WarningKind::ALL
        .iter()
        .map(|kind| format!("WarningKind::{kind:?}"));
    for code in GapCode::ALL
        .iter()
        .map(|code| format!("GapCode::{code:?}"))
        .chain(kinds)
    {
        assert!(
            text.contains(&code),
            "{code} is listed, and nothing gives it"
        );
    }
}
