//! The arrows and invariants of the code, held by reading it: who may use whom, which modules are pure, who ends the
//! process. Every failure names the file, the line and the rule.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod code;
mod imports;

use std::collections::BTreeMap;

use regex::Regex;

use code::{Source, sources};

/// Uses of other top modules that each may make. `check → policy` is the only arrow between siblings; `main` uses only
/// `cli`, which it reaches as `driftgate::cli`.
const ARROWS: [(&str, &[&str]); 8] = [
    (
        "cli",
        &[
            "model", "policy", "source", "check", "gate", "report", "emulator",
        ],
    ),
    ("model", &[]),
    ("policy", &["model"]),
    ("source", &["model"]),
    ("check", &["model", "policy"]),
    ("gate", &["model"]),
    ("report", &["model"]),
    ("emulator", &[]),
];

/// Modules without files, network, environment, processes, clock or printing. Reports write to the writer they get.
const PURE: [&str; 5] = ["model", "policy", "check", "gate", "report"];

/// Of a pure module, the file that reads what the others then work on.
const READS: &str = "src/policy/read/files.rs";

/// The files that may name a hash map or a hash set, and why. Everywhere else the order is one that a result may have.
const UNORDERED: [(&str, &str); 14] = [
    (
        "src/cli/terminal/replace.rs",
        "the random keys of a hash map, for a name that cannot be foretold",
    ),
    (
        "src/emulator/faults/fault.rs",
        "looked up, never gone through",
    ),
    (
        "src/emulator/fleet/deployed.rs",
        "looked up, never gone through",
    ),
    (
        "src/emulator/faults/throttle.rs",
        "looked up, never gone through",
    ),
    (
        "src/policy/cel/bind.rs",
        "the maps of CEL are made of them; their keys are sorted before they are seen",
    ),
    (
        "src/report/result/interner.rs",
        "a result has very many findings; what is gone through is sorted by number",
    ),
    (
        "src/source/aws/kind/v2/convert/mod.rs",
        "the SDK's maps, which become sorted ones",
    ),
    (
        "src/source/aws/survey/pages.rs",
        "looked up, never gone through",
    ),
    (
        "src/source/aws/access/organization/mod.rs",
        "looked up, never gone through",
    ),
    (
        "src/source/aws/call/page_tokens.rs",
        "looked up, never gone through",
    ),
    (
        "src/source/aws/call/retry.rs",
        "the random keys of a hash map, for the jitter between attempts",
    ),
    (
        "src/source/aws/spool/file.rs",
        "looked up, never gone through",
    ),
    (
        "src/source/aws/spool/read.rs",
        "looked up, or made into another one",
    ),
    (
        "src/source/aws/survey/fetch.rs",
        "looked up, never gone through",
    ),
];

/// The names that may mean more than two things. `Error` is always that of its module; the others are to go.
const NAMES: [&str; 2] = ["Error", "Name"];

/// Lines of the longest file.
const LONGEST: usize = 600;

/// Lines of the longest function.
const LONGEST_FUNCTION: usize = 60;

#[track_caller]
fn holds(check: impl Fn(&Source) -> Vec<String>) {
    let failures: Vec<String> = sources().iter().flat_map(check).collect();
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

/// The top modules that the code names, each with its place: `crate::a::b`, `crate::{a, b::c}`.
fn uses(code: &str) -> Vec<(usize, String)> {
    let path = Regex::new(r"\bcrate::(?:(\w+)|\{([^;]*?)\}\s*;)").unwrap();
    let first = Regex::new(r"\w+").unwrap();
    let mut found = Vec::new();
    for hit in path.captures_iter(code) {
        let at = hit.get(0).unwrap().start();
        if let Some(name) = hit.get(1) {
            found.push((at, name.as_str().to_owned()));
        } else if let Some(group) = hit.get(2) {
            let mut depth = 0;
            let mut part = String::new();
            for c in group.as_str().chars().chain([',']) {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        found.extend(first.find(&part).map(|name| (at, name.as_str().to_owned())));
                        part.clear();
                        continue;
                    }
                    _ => {}
                }
                part.push(c);
            }
        }
    }
    found
}

fn arrows(source: &Source) -> Vec<String> {
    let top = source.top();
    if top == "lib" {
        let items = source.found(
            r"(?m)^[ \t]*(?:pub )?(?:use|fn|struct|enum|impl|static|const)\b",
            "lib.rs only lists modules",
        );
        return items;
    }
    if top == "main" {
        let other = "main uses `driftgate::cli` and nothing else of the crate";
        return source.found(r"\bdriftgate::(?:[abd-z_]\w*|c[^l]\w*)", other);
    }
    let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == top) else {
        return vec![format!(
            "{}:1: the module `{top}` has no arrows in tests/architecture.rs",
            source.path
        )];
    };
    let mut failures: Vec<String> = uses(&source.code)
        .into_iter()
        .filter(|(_, used)| used != top && !allowed.contains(&used.as_str()))
        .map(|(at, used)| {
            source.failure(
                at,
                &format!(
                    "`{top}` must not use `{used}` (allowed: {})",
                    allowed.join(", ")
                ),
            )
        })
        .collect();
    let supers = format!(r"\b(?:super::){{{},}}", source.depth());
    failures.extend(source.found(&supers, "leaves its top module sideways; write `crate::…`"));
    failures.extend(source.found(r"\bdriftgate::", "inside the crate it is `crate::`"));
    failures
}

fn purity(source: &Source) -> Vec<String> {
    if !PURE.contains(&source.top()) || source.path == READS {
        return Vec::new();
    }
    let mut failures = Vec::new();
    for (pattern, rule) in [
        (
            r"\bstd::(?:fs|net|env|process)\b|\b(?:fs|env|net|process)::\w+",
            "a pure module has no files, network, environment or processes",
        ),
        (
            r"\bstd::\{[^;]*\b(?:fs|net|env|process)\b",
            "a pure module has no files, network, environment or processes",
        ),
        (
            r"\b(?:SystemTime|Instant|Timestamp|Zoned)\b",
            "a pure module knows no clock; the time comes in as an argument",
        ),
        (
            r"\be?print(?:ln)?!|\bdbg!|\b(?:stdin|stdout|stderr)\(\)",
            "a pure module prints nothing; the writer comes in as an argument",
        ),
        (
            r"\bstd::thread\b|\bthread::(?:spawn|sleep)\b",
            "a pure module starts no threads of its own",
        ),
        (
            r"\b(?:tracing|hyper|clap|anstream)::|\bjiff::(?:Timestamp|Zoned|tz)",
            "a pure module has no log, clock, network, arguments or terminal",
        ),
    ] {
        failures.extend(source.found(pattern, rule));
    }
    if source.top() != "report" {
        failures.extend(source.found(r"\banstyle::", "colour belongs to reports and cli"));
    }
    failures
}

fn places(source: &Source) -> Vec<String> {
    let mut failures = Vec::new();
    if !source.path.starts_with("src/source/aws/") {
        failures.extend(source.found(r"\baws_[a-z_]+::", "AWS's crates stop at src/source/aws"));
    }
    if !["cli", "emulator"].contains(&source.top()) && !source.path.starts_with("src/source/aws/") {
        failures.extend(source.found(r"\btokio::", "tokio lives in source/aws, emulator and cli"));
    }
    if !source.path.starts_with("src/policy/cel") {
        failures.extend(source.found(
            r"(?:^|[^:\w])cel::",
            "CEL stops at src/policy/cel, which can be left out",
        ));
    }
    if source.path != "src/main.rs" {
        failures.extend(source.found(
            r"\bprocess::(?:exit|abort)\b|\bExitCode\b|\bprocess::\{[^}]*\b(?:exit|abort|ExitCode)\b",
            "only main.rs ends the process",
        ));
    }
    failures
}

fn panics(source: &Source) -> Vec<String> {
    source.found(
        r"\.unwrap\(\)|\.unwrap_err\(\)|\.expect(?:_err)?\(|\b(?:panic|todo|unimplemented|unreachable)!",
        "a panic is an internal error; return an error or make the state impossible",
    )
}

fn form(source: &Source) -> Vec<String> {
    let mut failures = Vec::new();
    if !source.text.starts_with("//! ") {
        failures.push(format!(
            "{}:1: a file begins with `//!`: what it is and what it must not know",
            source.path
        ));
    }
    let lines = source.text.lines().count();
    if lines > LONGEST {
        failures.push(format!(
            "{}:{lines}: more than {LONGEST} lines; it does more than one thing",
            source.path
        ));
    }
    let function =
        Regex::new(r"(?m)^[ \t]*(?:pub(?:\([^)]*\))? )?(?:const |async )*fn \w+").unwrap();
    for hit in function.find_iter(&source.code) {
        let lines = code::item(&source.code[hit.start()..])
            .lines()
            .filter(|line| line.contains(char::is_alphanumeric))
            .count();
        if lines > LONGEST_FUNCTION {
            let rule = format!(
                "`{}` has {lines} lines of code, and {LONGEST_FUNCTION} are enough",
                hit.as_str().trim()
            );
            failures.push(source.failure(hit.end(), &rule));
        }
    }
    if source.text.contains("#[path") {
        failures.push(format!(
            "{}:1: `#[path]`: a module lies where its name says",
            source.path
        ));
    }
    let drawer = Regex::new(r"/(?:utils?|helpers?|common|misc)(?:/|\.rs$)").unwrap();
    if drawer.is_match(&source.path) {
        failures.push(format!("{}:1: a drawer; name what is in it", source.path));
    }
    failures
}

const HASHED: &str = r"\b(?:HashMap|HashSet|hash_map|hash_set|RandomState)\b";

fn order(source: &Source) -> Vec<String> {
    if UNORDERED.iter().any(|(path, _)| *path == source.path) {
        return Vec::new();
    }
    source.found(
        HASHED,
        "no verdict and no text may hang on its order; take a BTreeMap or a BTreeSet",
    )
}

#[test]
fn what_has_no_order_stays_in_its_files() {
    holds(order);
    let hashed = Regex::new(HASHED).unwrap();
    let sources = sources();
    for (path, why) in UNORDERED {
        let uses = sources
            .iter()
            .any(|source| source.path == path && hashed.is_match(&source.code));
        assert!(
            uses && !why.is_empty(),
            "{path} has none any more; take it out of the list"
        );
    }
}

#[test]
fn modules_use_only_what_the_arrows_allow() {
    holds(arrows);
}

/// A folder's own file is above the others in it, and of two files only one uses the other, however far around.
#[test]
fn imports_have_no_circles() {
    let sources = sources();
    let failures = imports::circles(&sources);
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

#[test]
fn pure_modules_have_no_files_no_clock_and_no_terminal() {
    holds(purity);
}

#[test]
fn the_sdk_tokio_and_the_exit_have_their_places() {
    holds(places);
}

#[test]
fn nothing_panics_on_purpose() {
    holds(panics);
}

#[test]
fn files_say_what_they_are_and_stay_small() {
    holds(form);
}

/// The crate's types and traits: a name that a reader learns once means one thing, or at most two.
#[test]
fn a_name_means_at_most_two_things() {
    let named =
        Regex::new(r"(?m)^(?:pub(?:\([^)]*\))? )?(?:struct|enum|trait|type) (\w+)").unwrap();
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in &sources() {
        for hit in named.captures_iter(&source.code) {
            places
                .entry(hit[1].to_owned())
                .or_default()
                .push(source.path.clone());
        }
    }
    let failures: Vec<String> = places
        .into_iter()
        .filter(|(name, files)| files.len() > 2 && !NAMES.contains(&name.as_str()))
        .map(|(name, files)| {
            format!(
                "`{name}` means {} things: {}",
                files.len(),
                files.join(", ")
            )
        })
        .collect();
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

/// Samples that the searches must find.
#[test]
fn the_searches_find_what_they_look_for() {
    let one = |check: fn(&Source) -> Vec<String>, path: &str, code: &str| {
        let found = check(&Source::new(path, &format!("//! x\n{code}\n")));
        assert_eq!(found.len(), 1, "{path}: {code}: {found:?}");
        assert!(found[0].starts_with(&format!("{path}:2: ")), "{found:?}");
    };
    one(arrows, "src/model/a.rs", "use crate::policy::Rule;");
    one(
        arrows,
        "src/source/saved/a.rs",
        "use crate::{model::{Value, Document}, check};",
    );
    one(arrows, "src/gate.rs", "use super::report;");
    one(arrows, "src/check/mod.rs", "use super::report;");
    one(arrows, "src/check/a.rs", "use super::super::report;");
    one(arrows, "src/main.rs", "use driftgate::gate;");
    one(arrows, "src/main.rs", "use driftgate::check;");
    one(arrows, "src/lib.rs", "pub fn f() {}");
    one(purity, "src/policy/a.rs", "use std::fs;");
    one(purity, "src/report/a.rs", "use std::{fmt, fs};");
    one(purity, "src/check/a.rs", "let t = Instant::now();");
    one(purity, "src/report/a.rs", "println!();");
    one(places, "src/cli/a.rs", "use aws_config::Region;");
    one(places, "src/source/saved/a.rs", "tokio::spawn(x);");
    one(places, "src/policy/read/load.rs", "use cel::Program;");
    one(places, "src/cli/a.rs", "std::process::exit(1);");
    one(places, "src/cli/a.rs", "use std::process::ExitCode;");
    one(order, "src/policy/a.rs", "use std::collections::HashSet;");
    one(panics, "src/cli/a.rs", "x.unwrap();");
    one(panics, "src/cli/a.rs", "let c = '\"'; x.expect(\"y\");");
    one(
        panics,
        "src/cli/a.rs",
        "#[cfg(test)] mod t { fn f() { x.unwrap() } } fn g() { todo!() }",
    );

    let none = |check: fn(&Source) -> Vec<String>, path: &str, code: &str| {
        let found = check(&Source::new(path, &format!("//! x\n{code}\n")));
        assert!(found.is_empty(), "{path}: {code}: {found:?}");
    };
    none(
        order,
        "src/policy/a.rs",
        "use std::collections::BTreeMap; // HashMap\nlet s = \"HashMap\";",
    );
    none(
        order,
        "src/policy/a.rs",
        "#[cfg(test)]\nmod tests {\n use std::collections::HashSet;\n}",
    );
    none(
        arrows,
        "src/cli/a.rs",
        "use crate::{check, gate}; use super::output;",
    );
    none(
        arrows,
        "src/check/a.rs",
        "use crate::policy::Rule; use super::x; use crate::check::Verdict;",
    );
    none(
        arrows,
        "src/main.rs",
        "driftgate::cli::run(std::env::args_os())",
    );
    none(
        purity,
        "src/policy/a.rs",
        "include_str!(env!(\"X\")); // std::fs\nlet s = r#\"std::fs \" println!\"#;",
    );
    none(
        panics,
        "src/cli/a.rs",
        "x.unwrap_or(1); x.unwrap_or_default(); #[expect(dead_code, reason = \"x\")] fn f() {}",
    );
    none(
        panics,
        "src/cli/a.rs",
        "#[cfg(test)]\nmod tests {\n fn f() { x.unwrap(); }\n}",
    );
}
