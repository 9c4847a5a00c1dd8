//! Diagnostics of wrong policies: every file and folder in `tests/diagnostics`, and the output of `policy check`.
//!
//! `INSTA_UPDATE=always cargo test --test diagnostics` writes the answers again; they are read, not counted.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use std::collections::BTreeSet;
use std::process::Command;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/diagnostics");

/// Output of `policy check` on a file or folder there.
fn check(name: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
    let output = command
        .args(["policy", "check", name])
        .current_dir(FOLDER)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{name}");
    assert!(output.stdout.is_empty(), "{name}");
    String::from_utf8(output.stderr).unwrap()
}

/// Every input there, in the order of names.
fn inputs() -> BTreeSet<String> {
    let entries = std::fs::read_dir(FOLDER).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter(|name| !name.ends_with(".snap") && !name.ends_with(".snap.new"))
        .collect()
}

#[test]
fn what_is_said_of_every_mistake() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(FOLDER);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for name in inputs() {
            insta::assert_snapshot!(name.trim_end_matches(".yaml"), check(&name));
        }
    });
}

#[test]
fn a_file_that_cannot_be_read_is_a_mistake_in_a_file_like_others() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().display().to_string();
    std::fs::write(folder.path().join("a.yaml"), "policy: A\n").unwrap();
    std::fs::write(folder.path().join("b.yaml"), " ".repeat((1 << 20) + 1)).unwrap();
    std::fs::write(
        folder.path().join("c.yaml"),
        b"policy: c\ndescription: F\xfcr\n",
    )
    .unwrap();
    let text = check(&root);
    let places: Vec<usize> = ["a.yaml:1:9", "b.yaml: larger", "c.yaml:2:15"]
        .iter()
        .map(|place| {
            text.find(place)
                .unwrap_or_else(|| panic!("{place}: {text}"))
        })
        .collect();
    assert!(places.is_sorted(), "{text}");
    assert!(
        !text.contains("\n\n\n") && text.contains("split it into several files\n\nerror: "),
        "{text}"
    );
    assert!(text.ends_with("mistakes in 3 files\n"), "{text}");
    let none = check(&format!("{root}/none.yaml"));
    assert!(
        none.contains("none.yaml: no such file or folder")
            && none.ends_with("\n\nerror: 1 mistake\n"),
        "{none}"
    );
}

#[test]
fn many_kinds_of_mistakes_are_tried_and_each_says_where_it_is() {
    let code = regex::Regex::new("`[^`]*`|[0-9]+").unwrap();
    let mut kinds = BTreeSet::new();
    for name in inputs() {
        let text = check(&name);
        let drawn: Vec<&str> = text
            .split("\n\n")
            .filter(|part| part.starts_with("error: "))
            .collect();
        let (sum, mistakes) = drawn.split_last().unwrap();
        assert!(sum.contains(" mistake"), "{sum}");
        for mistake in mistakes {
            let mut lines = mistake.lines();
            // The same title about another word is the same kind.
            kinds.insert(code.replace_all(lines.next().unwrap(), "…").into_owned());
            assert!(
                lines
                    .next()
                    .is_some_and(|place| place.contains("--> ") && place.contains(".yaml:")),
                "{mistake}"
            );
            assert!(mistake.contains('^'), "{mistake}");
        }
    }
    assert!(
        kinds.len() >= 60,
        "{} kinds of mistakes: {kinds:#?}",
        kinds.len()
    );
}
