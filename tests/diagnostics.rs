//! Diagnostics of wrong policies: every file and folder in `tests/diagnostics`, and the output of `policy check`.
//!
//! `INSTA_UPDATE=always cargo test --test diagnostics` writes the answers again; they are read, not counted.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use std::collections::BTreeSet;
use std::ops::Range;
use std::process::Command;
use std::sync::Arc;

use driftgate::policy::load;
use driftgate::policy::read::waiver;
use driftgate::policy::text::diagnostic::{Diagnostic, Problems, SourceText};
use driftgate::policy::text::yaml::{self, Data, Node};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/diagnostics");

/// The file that loads, with warnings.
const WARNINGS: &str = "warnings.yaml";

/// Output of `policy check` on a file or folder there.
fn check(name: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
    let output = command
        .args(["policy", "check", name])
        .current_dir(FOLDER)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let loads = name == WARNINGS;
    assert_eq!(
        output.status.code(),
        Some(if loads { 0 } else { 2 }),
        "{name}"
    );
    assert_eq!(output.stdout.is_empty(), !loads, "{name}");
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
    for name in inputs().iter().filter(|name| *name != WARNINGS) {
        let text = check(name);
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

/// Cures in a help: code behind `write`, and code that is joined to it.
fn cures(help: &str) -> Vec<String> {
    let Some(start) = ["write `", "quote it: `"]
        .iter()
        .filter_map(|word| help.find(word))
        .min()
    else {
        return Vec::new();
    };
    let code = regex::Regex::new("(?:write|quote it:|, or) `([^`]+)`").unwrap();
    let codes = code.captures_iter(&help[start..]);
    codes.map(|code| code[1].to_owned()).collect()
}

/// The mistakes in a policy, or in a file of waivers.
fn mistakes(text: &str) -> Vec<Diagnostic> {
    let file = Arc::new(SourceText {
        name: "p.yaml".into(),
        text: text.to_owned(),
    });
    let found = if text.contains("\nwaivers:\n") {
        let today = "2026-12-01".parse().unwrap();
        waiver::load(&[file], today).err()
    } else {
        load(vec![file]).err()
    };
    found.unwrap_or_default()
}

/// The end of a node and all in it.
fn end(node: &Node) -> usize {
    let below = match &node.data {
        Data::Map(entries) => entries.iter().map(|entry| end(&entry.value)).max(),
        Data::List(nodes) => nodes.iter().map(end).max(),
        _ => None,
    };
    node.span.end.max(below.unwrap_or_default())
}

/// A part of a file that a cure may take the place of, and what goes before the cure.
type Part = (Range<usize>, String);

/// The parts of a file that a mistake is in, from the outermost: entries of mappings, and values.
fn around(text: &str, node: &Node, at: usize, out: &mut Vec<Part>) {
    out.push((node.span.start..end(node), String::new()));
    match &node.data {
        Data::Map(entries) => {
            for entry in entries {
                let colon = text[entry.key_span.end..].find(':').unwrap_or_default() + 1;
                let key = entry.key_span.start..entry.key_span.end + colon;
                let whole = key.start..end(&entry.value).max(key.end);
                if whole.contains(&at) || whole.end == at {
                    out.push((whole.clone(), String::new()));
                    out.push((whole, format!("{} ", &text[key])));
                    around(text, &entry.value, at, out);
                    break;
                }
            }
        }
        Data::List(nodes) => {
            let inside = |node: &&Node| (node.span.start..end(node)).contains(&at);
            if let Some(node) = nodes.iter().find(inside) {
                around(text, node, at, out);
            }
        }
        _ => {}
    }
}

/// The value behind the key that a mistake marks, or all that it marks.
fn there<'t>(text: &'t str, mistake: &Diagnostic) -> &'t str {
    let behind = &text[mistake.span.end..];
    let Some(value) = behind.strip_prefix(": ") else {
        return &text[mistake.span.clone()];
    };
    let (mut depth, mut quoted) = (0_i32, None);
    for (at, c) in value.char_indices() {
        match (c, quoted) {
            (c, Some(quote)) if c == quote => quoted = None,
            (_, Some(_)) => {}
            ('"' | '\'', None) => quoted = Some(c),
            ('{' | '[', None) => depth += 1,
            ('}' | ']', None) if depth > 0 => depth -= 1,
            ('}' | ']' | ',', None) if depth == 0 => return &value[..at],
            ('\n', None) => return &value[..at],
            _ => {}
        }
    }
    value
}

/// True if a cure, written somewhere around its mistake, takes the mistake away and makes no other.
fn loads(text: &str, mistake: &Diagnostic, before: &[Diagnostic], cure: &str) -> bool {
    let cure = cure.replace('…', there(text, mistake));
    let mut problems = Problems::new(Arc::clone(&mistake.file));
    let mut places = vec![(mistake.span.clone(), String::new())];
    if let Some(root) = yaml::read(&mut problems) {
        around(text, &root, mistake.span.start, &mut places);
    }
    // In an expression, any part that has the mark.
    let (start, end) = places
        .last()
        .map_or((0, 0), |(place, _)| (place.start, place.end));
    if text[..start].ends_with("assert: ") {
        for from in start..=mistake.span.start {
            places.extend((mistake.span.end..=end).map(|to| (from..to, String::new())));
        }
    }
    let titles = |found: &[Diagnostic]| {
        let mut titles: Vec<String> = found.iter().map(|one| one.title.clone()).collect();
        titles.sort();
        titles
    };
    let mut expected = titles(before);
    let at = expected
        .iter()
        .position(|title| *title == mistake.title)
        .unwrap();
    expected.remove(at);
    places.iter().rev().any(|(place, key)| {
        [cure.clone(), format!("{{{cure}}}")].iter().any(|cure| {
            let cured = text
                .get(..place.start)
                .zip(text.get(place.end..))
                .map(|(before, after)| format!("{before}{key}{cure}{after}"));
            cured.is_some_and(|cured| {
                let left = titles(&mistakes(&cured));
                // A cure of a whole list may be one of several mistakes in it.
                left.len() <= expected.len() && left.iter().all(|title| expected.contains(title))
            })
        })
    })
}

#[test]
fn every_cure_loads_where_its_mistake_is() {
    let (mut tried, mut wrong) = (0, Vec::new());
    for name in inputs() {
        let Ok(text) = std::fs::read_to_string(format!("{FOLDER}/{name}")) else {
            continue;
        };
        let before = mistakes(&text);
        for mistake in &before {
            for cure in mistake.help.iter().flat_map(|help| cures(help)) {
                tried += 1;
                if !loads(&text, mistake, &before, &cure) {
                    let (line, column) = mistake.file.position(mistake.span.start);
                    wrong.push(format!(
                        "{name}:{line}:{column} {}\n    write `{cure}`",
                        mistake.title
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 100, "only {tried} cures were tried");
}
