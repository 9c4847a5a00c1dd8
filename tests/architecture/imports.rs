//! Imports between the files of the crate, and the circles among them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::code::Source;

/// The names from the root of the crate to a module, or to an item.
type Path = Vec<String>;

/// The files by module, and the names that each hands on from others (`pub use`).
struct Crate<'s> {
    files: BTreeMap<Path, &'s Source>,
    handed_on: BTreeMap<(Path, String), Path>,
}

/// The circles, each as one line: between files, and between the entries of one folder.
pub fn circles(sources: &[Source]) -> Vec<String> {
    let all = Crate::of(sources);
    let mut uses: BTreeMap<Path, BTreeSet<Path>> = BTreeMap::new();
    for (module, source) in &all.files {
        let used = without_handed_on(&source.code);
        let named = paths(&used)
            .into_iter()
            .filter_map(|path| all.file_of(&absolute(module, &path), 0));
        let used = named
            .chain(all.below(module, &used))
            .filter(|used| used != module);
        uses.insert(module.clone(), used.collect());
    }
    let name = |module: &Path| all.files[module].path.clone();
    let mut found: Vec<String> = rings(&uses)
        .into_iter()
        .map(|ring| line(ring.iter().map(name)))
        .collect();
    let folders: BTreeSet<&[String]> = uses
        .keys()
        .flat_map(|path| (1..path.len()).map(|end| &path[..end]))
        .collect();
    for folder in folders {
        // `mod.rs` is an entry of its folder.
        let entry = |path: &Path| {
            path.get(folder.len())
                .cloned()
                .unwrap_or_else(|| "mod".to_owned())
        };
        let mut siblings: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (user, used) in uses.iter().filter(|(user, _)| user.starts_with(folder)) {
            let used = used
                .iter()
                .filter(|used| used.starts_with(folder))
                .map(entry);
            siblings
                .entry(entry(user))
                .or_default()
                .extend(used.filter(|used| *used != entry(user)));
        }
        let place = format!("src/{}", folder.join("/"));
        found.extend(
            rings(&siblings)
                .into_iter()
                .map(|ring| format!("{place}: {}", line(ring.into_iter()))),
        );
    }
    found
}

fn line(ring: impl Iterator<Item = String>) -> String {
    format!(
        "{} use each other in a circle",
        ring.collect::<Vec<_>>().join(", ")
    )
}

impl<'s> Crate<'s> {
    fn of(sources: &'s [Source]) -> Self {
        let files: BTreeMap<Path, &Source> = sources
            .iter()
            .filter(|source| source.top() != "main")
            .map(|source| (module(&source.path), source))
            .collect();
        let hands_on = Regex::new(r"\bpub(?:\([^)]*\))?\s+use\s+(\w[^;]*;)").unwrap();
        let mut handed_on = BTreeMap::new();
        for (module, source) in &files {
            for hit in hands_on.captures_iter(&source.code) {
                let rooted = ["crate", "self", "super"]
                    .iter()
                    .any(|root| hit[1].starts_with(root));
                let text = if rooted {
                    hit[1].to_owned()
                } else {
                    format!("self::{}", &hit[1])
                };
                for path in paths(&text) {
                    if let Some(name) = path.last() {
                        handed_on.insert((module.clone(), name.clone()), absolute(module, &path));
                    }
                }
            }
        }
        Self { files, handed_on }
    }

    /// The modules just below one that its code names without `self`.
    fn below(&self, module: &[String], code: &str) -> Vec<Path> {
        let children = self
            .files
            .keys()
            .filter(|path| path.len() == module.len() + 1 && path.starts_with(module));
        let named = |path: &&Path| {
            Regex::new(&format!(r"(?:^|[^:\w]){}::", path[module.len()]))
                .unwrap()
                .is_match(code)
        };
        children.filter(named).cloned().collect()
    }

    /// The module in whose file the item of a path is defined.
    fn file_of(&self, path: &[String], depth: usize) -> Option<Path> {
        let mut at = 0;
        while at < path.len() && self.files.contains_key(&path[..=at]) {
            at += 1;
        }
        let module = path[..at].to_vec();
        let elsewhere = path
            .get(at)
            .and_then(|name| self.handed_on.get(&(module.clone(), name.clone())));
        match elsewhere {
            Some(target) if depth < 8 && target != path => {
                self.file_of(&[target.as_slice(), &path[at + 1..]].concat(), depth + 1)
            }
            _ => self
                .files
                .contains_key(&module)
                .then_some(module)
                .filter(|module| !module.is_empty()),
        }
    }
}

/// The module that a file is.
fn module(path: &str) -> Path {
    let below = path.trim_start_matches("src/").trim_end_matches(".rs");
    let below = below.strip_suffix("/mod").unwrap_or(below);
    if below == "lib" {
        Path::new()
    } else {
        below.split('/').map(str::to_owned).collect()
    }
}

/// The code without its `pub use`: handing on is no use.
fn without_handed_on(code: &str) -> String {
    Regex::new(r"\bpub(?:\([^)]*\))?\s+use\s[^;]*;")
        .unwrap()
        .replace_all(code, "")
        .into_owned()
}

/// Every path of the code that begins in this crate, braces taken apart.
fn paths(code: &str) -> Vec<Path> {
    let root = Regex::new(r"\b(?:crate|self|super)\s*::").unwrap();
    let mut found = Vec::new();
    let mut end = 0;
    for hit in root.find_iter(code) {
        if hit.start() >= end {
            end = hit.start() + take(&code[hit.start()..], &mut Path::new(), &mut found);
        }
    }
    found
}

/// Takes one path, with all that its braces hold, from the beginning of the text; returns its length.
fn take(text: &str, before: &mut Path, found: &mut Vec<Path>) -> usize {
    static STEP: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^\s*(\w+|\*|\{)(\s*::)?").unwrap());
    let (depth, mut at) = (before.len(), 0);
    while let Some(hit) = STEP.captures(&text[at..]) {
        at += hit[0].len();
        if &hit[1] == "{" {
            at -= hit.get(2).map_or(0, |colons| colons.len());
            while let Some(next) = text[at..].find(|c: char| !c.is_whitespace() && c != ',') {
                at += next;
                if text[at..].starts_with('}') {
                    at += 1;
                    break;
                }
                at += take(&text[at..], before, found).max(1);
                // The rest is a name of its own (`as x`).
                at += text[at..].find([',', '}']).unwrap_or(0);
            }
            break;
        }
        before.push(hit[1].to_owned());
        if hit.get(2).is_none() {
            found.push(before.clone());
            break;
        }
    }
    before.truncate(depth);
    at
}

/// A path as seen from a module, from the root of the crate.
fn absolute(module: &Path, path: &[String]) -> Path {
    let supers = path.iter().take_while(|name| *name == "super").count();
    let (base, rest) = match path.first().map(String::as_str) {
        Some("crate") => (&module[..0], &path[1..]),
        Some("self") => (module.as_slice(), &path[1..]),
        _ => (
            &module[..module.len().saturating_sub(supers)],
            &path[supers..],
        ),
    };
    base.iter().chain(rest).cloned().collect()
}

/// Every largest set of nodes that can reach each other.
fn rings<N: Ord + Clone>(uses: &BTreeMap<N, BTreeSet<N>>) -> Vec<Vec<N>> {
    let reached = |from: &N| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(node) = open.pop() {
            for next in uses.get(node).into_iter().flatten() {
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
        seen
    };
    let reach: BTreeMap<&N, BTreeSet<&N>> = uses.keys().map(|node| (node, reached(node))).collect();
    let mut rings: BTreeSet<Vec<N>> = BTreeSet::new();
    for node in uses.keys() {
        let back = |other: &&N| reach.get(*other).is_some_and(|seen| seen.contains(node));
        let ring: Vec<N> = reach[node].iter().copied().filter(back).cloned().collect();
        if ring.len() > 1 {
            rings.insert(ring);
        }
    }
    rings.into_iter().collect()
}

#[test]
fn a_circle_is_found_through_braces_and_names_that_are_handed_on() {
    let of = |files: &[(&str, &str)]| {
        circles(
            &files
                .iter()
                .map(|(path, code)| Source::new(path, code))
                .collect::<Vec<_>>(),
        )
    };
    let lib = ("src/lib.rs", "pub mod a;");
    let circle = [
        lib,
        (
            "src/a/mod.rs",
            "mod b; mod c; pub use b::{B, Other as Own};",
        ),
        ("src/a/b.rs", "use super::{c::{self, C}, d}; pub struct B;"),
        ("src/a/c.rs", "fn f() { crate::a::B::new() }"),
    ];
    let found = of(&circle);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(
        found[0],
        "src/a/b.rs, src/a/c.rs use each other in a circle"
    );
    assert_eq!(found[1], "src/a: b, c use each other in a circle");
    // An item of the folder's own file, used from below while that file uses what is below.
    let above = [
        lib,
        ("src/a/mod.rs", "pub struct A; fn f() { b::g() }"),
        ("src/a/b.rs", "use super::A; pub fn g() {}"),
    ];
    assert_eq!(of(&above).len(), 2, "{:?}", of(&above));
    // Two folders that use each other through different files.
    let folders = [
        lib,
        ("src/a/mod.rs", ""),
        ("src/a/b/mod.rs", ""),
        ("src/a/c/mod.rs", ""),
        ("src/a/b/x.rs", "use crate::a::c::y::Y;"),
        ("src/a/b/z.rs", ""),
        ("src/a/c/y.rs", ""),
        ("src/a/c/w.rs", "use crate::a::b::z::Z;"),
    ];
    assert_eq!(of(&folders), ["src/a: b, c use each other in a circle"]);
    let fine = [
        lib,
        ("src/a/mod.rs", "mod b; pub use b::B;"),
        ("src/a/b.rs", "use super::c::C;"),
        ("src/a/c.rs", ""),
    ];
    assert!(of(&fine).is_empty(), "{:?}", of(&fine));
}
