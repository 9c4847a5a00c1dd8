//! Files that no one should write: each is answered soon, with a reason, and without much memory.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use driftgate::policy::author::lint::warnings;
use driftgate::policy::load;
use driftgate::policy::read::builtin::PACKS;
use driftgate::policy::read::files::LARGEST;
use driftgate::policy::text::diagnostic::{Diagnostic, SourceText};
use proptest::prelude::*;

const GOOD: &str =
    "policy: p\nrules:\n  - {id: r, title: t, severity: low, expect: {AutoDeploy: true}}\n";

/// Far more than any of it takes, on a machine that does other things as well.
const SOON: Duration = Duration::from_secs(20);

/// The mistakes of a text; each points into it.
fn mistakes(text: &str) -> Vec<Diagnostic> {
    let found = load(vec![Arc::new(SourceText {
        name: "p.yaml".into(),
        text: text.into(),
    })])
    .err()
    .unwrap_or_default();
    for mistake in &found {
        assert!(
            text.get(mistake.span.clone()).is_some(),
            "{mistake:?} is not a place of the text"
        );
        assert!(!mistake.title.is_empty());
    }
    found
}

/// First line of the answer on a text, which must come soon.
fn first(text: &str) -> String {
    let start = Instant::now();
    let title = mistakes(text)
        .first()
        .map(|mistake| mistake.title.clone())
        .unwrap_or_default();
    assert!(
        start.elapsed() < SOON,
        "{title} after {:?}",
        start.elapsed()
    );
    title
}

/// A policy of one rule with this `expect`.
fn expecting(expect: &str) -> String {
    format!("policy: p\nrules:\n  - {{id: r, title: t, severity: low, expect: {expect}}}\n")
}

fn filled(with: &str) -> String {
    with.repeat(usize::try_from(LARGEST).unwrap() / with.len())
}

#[test]
fn what_nests_without_end_is_refused() {
    let indented = (0..1_400)
        .map(|depth| " ".repeat(depth) + "a:\n")
        .collect::<Vec<_>>()
        .concat();
    for text in [
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
        "? ".repeat(100_000),
        indented,
    ] {
        assert_eq!(first(&text), "nested too deeply");
    }
}

#[test]
fn aliases_do_not_make_much_of_little() {
    let bomb = |first: &str| {
        let levels = (1..30).map(|level| {
            format!(
                "a{level}: &a{level} [{}]\n",
                vec![format!("*a{}", level - 1); 9].join(", ")
            )
        });
        format!("a0: &a0 [{first}]\n{}", levels.collect::<Vec<_>>().concat())
    };
    let long = "x".repeat(100_000);
    for text in [
        bomb("x, x, x, x, x, x, x, x, x"),
        // Few values, and long ones.
        bomb(&long),
        format!("a: &a {long}\nb: [{}]\n", vec!["*a"; 150_000].join(", ")),
        format!(
            "policy: p\nrules:\n  - {{id: a, title: t, severity: low, expect: &e {{Description: {{like: \"{long}*\"}}}}}}\n{}",
            (0..5_000)
                .map(|rule| format!("  - {{id: r{rule}, title: t, severity: low, expect: *e}}\n"))
                .collect::<Vec<_>>()
                .concat()
        ),
    ] {
        assert_eq!(first(&text), "too much in one file");
    }
    assert_eq!(first("a: &a {b: *a}\n"), "an alias inside its own anchor");
}

#[test]
fn a_mebibyte_of_anything_is_answered() {
    for (with, message) in [
        (" ", "the file is empty"),
        ("\n", "the file is empty"),
        ("# c\n", "the file is empty"),
        ("x", "a policy is a mapping, and this is a text"),
        ("-\n", "too much in one file"),
        ("? x\n", "too much in one file"),
        ("a: 1\n", "too much in one file"),
        ("[{", "nested too deeply"),
        ("---\n", "a second document in one file"),
        ("*a ", "no anchor `&a` before this alias"),
        (":", "this is not YAML"),
        ("%\n", "this is not YAML"),
        ("\"", "this is not YAML"),
        ("!", "this is not YAML"),
        ("\0", "this is not YAML"),
        ("é: ", "this is not YAML"),
    ] {
        assert_eq!(first(&filled(with)), message, "{with:?}");
    }
    for (open, with, close) in [
        ("a: \"", "\\x41", "\""),
        ("a: '", "''", "'"),
        ("a: |\n", " x\n", ""),
        ("a: &a ", "&a ", "x"),
    ] {
        let many = (usize::try_from(LARGEST).unwrap() - 16) / with.len();
        assert!(
            !first(&format!("{open}{}{close}", with.repeat(many))).is_empty(),
            "{with:?}"
        );
    }
}

#[test]
fn large_patterns_are_read_or_refused() {
    for (expect, message) in [
        (
            format!("{{Description: {{like: \"{}\"}}}}", "*a".repeat(200_000)),
            "",
        ),
        (
            format!("{{Description: \"{}\"}}", "${account}".repeat(50_000)),
            "",
        ),
        (
            format!(
                "{{Description: {{matches: \"{}\"}}}}",
                "(a*)*".repeat(20_000)
            ),
            "",
        ),
        (
            format!("{{Description: {{matches: \"{}\"}}}}", "(".repeat(100_000)),
            "this is not a regular expression",
        ),
        (
            "{Description: {matches: \"((a{100}){100}){100}\"}}".to_owned(),
            "this is not a regular expression",
        ),
    ] {
        assert_eq!(
            first(&expecting(&expect)),
            message,
            "{}",
            &expect[..60.min(expect.len())]
        );
    }
    let many = |severity: &str| {
        let rules = (0..10_000)
            .map(|rule| format!("  - {{id: r{rule}, title: t, severity: {severity}, expect: {{AutoDeploy: true}}}}\n"));
        format!("policy: p\nrules:\n{}", rules.collect::<Vec<_>>().concat())
    };
    assert_eq!(first(&many("low")), "");
    assert_eq!(mistakes(&many("lo")).len(), 10_000);
}

#[test]
fn thousands_of_rules_are_compared_soon() {
    for expect in [
        "{each-route: {ThrottlingBurstLimit: {max: N}}}",
        "{RouteSettings: {GET /N: {ThrottlingRateLimit: {max: 5}}}}",
        "{Tags: {owner: tN}}",
    ] {
        let rule = |at: usize| {
            format!(
                "  - {{id: r{at}, title: t, severity: low, expect: {}}}\n",
                expect.replace('N', &at.to_string())
            )
        };
        let text = format!(
            "policy: p\nrules:\n{}",
            (1..8_000).map(rule).collect::<Vec<_>>().concat()
        );
        let policies = load(vec![Arc::new(SourceText {
            name: "p.yaml".into(),
            text,
        })])
        .unwrap();
        let start = Instant::now();
        let told = warnings(&policies).len();
        assert!(
            start.elapsed() < SOON,
            "{told} warnings about {expect} after {:?}",
            start.elapsed()
        );
    }
}

#[test]
fn long_lists_of_values_are_compared_soon() {
    let list = |from: usize, to: usize| {
        (from..to)
            .map(|at| format!("t{at}"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let rule = |id: &str, expect: String| {
        format!("  - {{id: {id}, title: t, severity: low, expect: {{Description: {expect}}}}}\n")
    };
    let of = |one: String, other: String| {
        let text = format!("policy: p\nrules:\n{}{}", rule("a", one), rule("b", other));
        let policies = load(vec![Arc::new(SourceText {
            name: "p.yaml".into(),
            text,
        })])
        .unwrap();
        let start = Instant::now();
        let told = warnings(&policies).len();
        assert!(
            start.elapsed() < SOON,
            "{told} warnings after {:?}",
            start.elapsed()
        );
        told
    };
    let values = list(0, 60_000);
    assert_eq!(
        of(format!("[{values}]"), format!("[{}]", list(60_000, 90_000))),
        1
    );
    assert_eq!(
        of(format!("[{values}]"), format!("[{}]", list(59_999, 90_000))),
        0
    );
    assert_eq!(of(format!("[{values}]"), format!("{{not: [{values}]}}")), 1);
}

#[test]
fn lines_end_in_one_way_and_documents_are_one() {
    for (text, message) in [
        (GOOD.replace('\n', "\r\n"), ""),
        (format!("{GOOD}...\n"), ""),
        (format!("%YAML 1.2\n---\n{GOOD}"), ""),
        (
            GOOD.replace('\n', "\r"),
            "U+000D ends a line for some YAML readers, and is text for others",
        ),
        (GOOD.replace("  -", "\t-"), "this is not YAML"),
        (format!("%YAML 2.0\n---\n{GOOD}"), "this is not YAML"),
        (
            format!("{GOOD}---\n{GOOD}"),
            "a second document in one file",
        ),
        (
            format!("{GOOD}...\n{GOOD}"),
            "a second document in one file",
        ),
        (
            format!("{GOOD}{}: 1\n", "x".repeat(1_025)),
            "this is not YAML",
        ),
        (format!("? [a]\n: 1\n{GOOD}"), "a key must be a text"),
    ] {
        assert_eq!(first(&text), message, "{:?}", &text[..40]);
    }
}

/// Answer of `policy check` on a path: the exit code, and the first line.
fn check(folder: &Path, path: &str) -> (Option<i32>, String) {
    let start = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
    let output = command
        .args(["policy", "check", path])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(start.elapsed() < SOON, "{path} took {:?}", start.elapsed());
    let message = String::from_utf8(if output.status.success() {
        output.stdout
    } else {
        output.stderr
    })
    .unwrap();
    (
        output.status.code(),
        message.lines().next().unwrap_or_default().to_owned(),
    )
}

#[test]
fn what_is_no_text_is_refused_with_its_encoding() {
    let folder = tempfile::tempdir().unwrap();
    let utf16 = |mark: bool, bytes: fn(u16) -> [u8; 2]| {
        GOOD.encode_utf16().fold(
            if mark {
                bytes(0xfeff).to_vec()
            } else {
                Vec::new()
            },
            |mut out, unit| {
                out.extend(bytes(unit));
                out
            },
        )
    };
    let utf32 = |bytes: fn(u32) -> [u8; 4]| {
        GOOD.chars()
            .flat_map(|c| bytes(c.into()))
            .collect::<Vec<u8>>()
    };
    for (name, bytes, message) in [
        (
            "a",
            utf16(true, u16::to_le_bytes),
            "UTF-16 text, by its first bytes",
        ),
        (
            "b",
            utf16(true, u16::to_be_bytes),
            "UTF-16 text, by its first bytes",
        ),
        (
            "c",
            utf16(false, u16::to_le_bytes),
            "UTF-16 text, by its first bytes",
        ),
        (
            "d",
            utf16(false, u16::to_be_bytes),
            "UTF-16 text, by its first bytes",
        ),
        (
            "e",
            utf32(u32::to_le_bytes),
            "UTF-32 text, by its first bytes",
        ),
        (
            "f",
            utf32(u32::to_be_bytes),
            "UTF-32 text, by its first bytes",
        ),
        (
            "g",
            b"policy: p\ndescription: caf\xe9\n".to_vec(),
            "not UTF-8 text",
        ),
        (
            "h",
            vec![b' '; usize::try_from(LARGEST).unwrap() + 1],
            "h: larger than 1 MiB",
        ),
    ] {
        fs::write(folder.path().join(name), bytes).unwrap();
        assert_eq!(
            check(folder.path(), name),
            (Some(2), format!("error: {message}"))
        );
    }
    fs::write(folder.path().join("mark"), format!("\u{feff}{GOOD}")).unwrap();
    assert_eq!(
        check(folder.path(), "mark"),
        (Some(0), "1 policy, 1 rule, 0 tests: no mistakes".to_owned())
    );
}

#[test]
fn paths_that_lead_nowhere_or_in_circles_come_to_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for name in ["loop", "broken", "pipe", "unreadable", "mixed"] {
        fs::create_dir(root.join(name)).unwrap();
    }
    // Two links to the folder itself: 2^32 paths, were they all followed.
    symlink(".", root.join("loop/a")).unwrap();
    symlink(".", root.join("loop/b")).unwrap();
    fs::write(root.join("loop/p.yaml"), GOOD).unwrap();
    symlink("nowhere", root.join("broken/p.yaml")).unwrap();
    symlink("y.yaml", root.join("x.yaml")).unwrap();
    symlink("x.yaml", root.join("y.yaml")).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(root.join("pipe/p.yaml"))
            .status()
            .unwrap()
            .success()
    );
    // A path that may have been a folder of policies is named.
    symlink("nowhere", root.join("mixed/link")).unwrap();
    fs::write(root.join("mixed/p.yaml"), GOOD).unwrap();
    for (path, code, message) in [
        (
            "loop",
            0,
            "1 policy, 1 rule, 0 tests: no mistakes, 2 warnings",
        ),
        (
            "mixed",
            0,
            "1 policy, 1 rule, 0 tests: no mistakes, 1 warning",
        ),
        (
            "broken",
            2,
            "error: broken/p.yaml: a link that leads nowhere",
        ),
        ("pipe", 2, "error: pipe/p.yaml: not a file"),
        (
            "unreadable",
            2,
            "error: unreadable: no policy in this folder",
        ),
        ("nowhere", 2, "error: nowhere: no such file or folder"),
        ("/dev/null", 2, "error: the file is empty"),
        ("/dev/zero", 2, "error: /dev/zero: larger than 1 MiB"),
    ] {
        assert_eq!(
            check(root, path),
            (Some(code), message.to_owned()),
            "{path}"
        );
    }
    assert!(
        check(root, "x.yaml").1.contains("links"),
        "{:?}",
        check(root, "x.yaml")
    );

    fs::write(root.join("unreadable/p.yaml"), GOOD).unwrap();
    fs::set_permissions(
        root.join("unreadable/p.yaml"),
        fs::Permissions::from_mode(0o000),
    )
    .unwrap();
    // Whoever may read everything may read this.
    let message = if fs::read(root.join("unreadable/p.yaml")).is_ok() {
        (Some(0), "1 policy, 1 rule, 0 tests: no mistakes".to_owned())
    } else {
        (
            Some(2),
            "error: unreadable/p.yaml: permission denied".to_owned(),
        )
    };
    assert_eq!(check(root, "unreadable"), message);
}

#[test]
fn a_line_is_drawn_alike_whichever_way_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let drawn = |end: &str| {
        let text =
            format!("policy: p\nmatch:\n{}", &GOOD[10..].replace("low", "lo")).replace('\n', end);
        fs::write(folder.path().join("p.yaml"), text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
        let output = command
            .args(["policy", "check", "p.yaml"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(drawn("\r\n"), drawn("\n"));
    assert!(
        drawn("\n").contains("2 mistakes in 1 file"),
        "{}",
        drawn("\n")
    );
}

#[test]
fn a_file_that_cannot_be_read_does_not_hide_the_mistakes_of_others() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.yaml"), b"\xff").unwrap();
    fs::write(folder.path().join("b.yaml"), GOOD.replace("low", "lo")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
    let output = command
        .args(["policy", "check", "."])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        message.contains("error: not UTF-8 text\n --> ./a.yaml:1:1")
            && message.contains("there is no severity `lo`"),
        "{message}"
    );
}

// ---- The shipped packs, damaged.

#[derive(Debug, Clone)]
enum Damage {
    /// One byte becomes another.
    Byte(usize, u8),
    /// Bytes are lost.
    Delete(usize, usize),
    /// Bytes copied from one place to another.
    Splice(usize, usize, usize),
    /// A line is indented otherwise.
    Indent(usize, usize),
    /// The rest is lost.
    Truncate(usize),
}

fn any_damage() -> impl Strategy<Value = Damage> {
    let place = 0_usize..8_000;
    prop_oneof![
        4 => (place.clone(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        2 => (place.clone(), 1_usize..60).prop_map(|(at, length)| Damage::Delete(at, length)),
        2 => (place.clone(), place.clone(), 1_usize..400).prop_map(|(from, to, length)| Damage::Splice(from, to, length)),
        2 => (0_usize..200, 0_usize..12).prop_map(|(line, by)| Damage::Indent(line, by)),
        1 => place.prop_map(Damage::Truncate),
    ]
}

fn damaged(pack: &str, damages: &[Damage]) -> String {
    let mut bytes = pack.as_bytes().to_vec();
    for damage in damages {
        let length = bytes.len().max(1);
        match *damage {
            Damage::Byte(at, byte) => bytes
                .get_mut(at % length)
                .into_iter()
                .for_each(|old| *old = byte),
            Damage::Delete(at, count) => {
                let at = at % length;
                bytes.drain(at.min(bytes.len())..(at + count).min(bytes.len()));
            }
            Damage::Splice(from, to, count) => {
                let from = (from % length).min(bytes.len());
                let part = bytes[from..(from + count).min(bytes.len())].to_vec();
                let to = (to % length).min(bytes.len());
                bytes.splice(to..to, part);
            }
            Damage::Indent(line, by) => {
                let starts = bytes
                    .iter()
                    .enumerate()
                    .filter(|(_, byte)| **byte == b'\n')
                    .map(|(at, _)| at + 1);
                if let Some(at) = starts.collect::<Vec<_>>().get(line) {
                    bytes.splice(at..at, vec![b' '; by]);
                }
            }
            Damage::Truncate(at) => bytes.truncate(at % length),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_damage_to_a_pack_makes_the_loader_panic(
        pack in 0..PACKS.len(),
        damages in proptest::collection::vec(any_damage(), 1..5),
    ) {
        let _ = mistakes(&damaged(PACKS[pack].1, &damages));
    }
}
