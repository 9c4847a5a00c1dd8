//! The files of `src` as the rules read them: their code without comments, texts and tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use regex::Regex;

/// One file: its path from the root, and its code without comments, texts and tests.
pub struct Source {
    pub path: String,
    pub text: String,
    pub code: String,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            code: without_tests(&blanked(text)),
        }
    }

    /// The module below `src` that the file is part of.
    pub fn top(&self) -> &str {
        let below = self.path.trim_start_matches("src/");
        below
            .split('/')
            .next()
            .unwrap_or(below)
            .trim_end_matches(".rs")
    }

    /// Number of modules above the items of the file.
    pub fn depth(&self) -> usize {
        let folders = self.path.matches('/').count();
        if self.path.ends_with("/mod.rs") {
            folders - 1
        } else {
            folders
        }
    }

    pub fn line_of(&self, at: usize) -> usize {
        self.code[..at].matches('\n').count() + 1
    }

    /// Matches in the code, as failures.
    pub fn found(&self, pattern: &str, rule: &str) -> Vec<String> {
        let pattern = Regex::new(pattern).unwrap();
        let found = pattern.find_iter(&self.code);
        found
            .map(|hit| self.failure(hit.start(), &format!("`{}`: {rule}", hit.as_str().trim())))
            .collect()
    }

    pub fn failure(&self, at: usize, rule: &str) -> String {
        format!("{}:{}: {rule}", self.path, self.line_of(at))
    }
}

/// The text with comments, strings and character literals made blank; every newline stays.
fn blanked(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    let blank = |out: &mut String, c: char| out.push(if c == '\n' { '\n' } else { ' ' });
    while let Some(&c) = chars.get(at) {
        let next = chars.get(at + 1).copied().unwrap_or('\0');
        let after_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
        let end = if c == '/' && next == '/' {
            (at..chars.len())
                .find(|at| chars[*at] == '\n')
                .unwrap_or(chars.len())
        } else if c == '/' && next == '*' {
            let mut depth = 0;
            let mut at = at;
            loop {
                match chars.get(at..at + 2) {
                    Some(['/', '*']) => (depth, at) = (depth + 1, at + 2),
                    Some(['*', '/']) if depth == 1 => break at + 2,
                    Some(['*', '/']) => (depth, at) = (depth - 1, at + 2),
                    Some(_) => at += 1,
                    None => break chars.len(),
                }
            }
        } else if (c == 'r' || (c == 'b' && next == 'r'))
            && !after_word
            && raw_string(&chars[at..]).is_some()
        {
            at + raw_string(&chars[at..]).unwrap()
        } else if c == '"' {
            let mut at = at + 1;
            loop {
                match chars.get(at) {
                    Some('\\') => at += 2,
                    Some('"') | None => break at + 1,
                    Some(_) => at += 1,
                }
            }
        } else if c == '\'' && (next == '\\' || chars.get(at + 2) == Some(&'\'')) {
            let from = if next == '\\' { at + 3 } else { at + 2 };
            (from..chars.len())
                .find(|at| chars[*at] == '\'')
                .map_or(chars.len(), |at| at + 1)
        } else {
            out.push(c);
            at += 1;
            continue;
        };
        let end = end.min(chars.len());
        chars[at..end].iter().for_each(|c| blank(&mut out, *c));
        at = end;
    }
    out
}

/// The length of the raw string that the text begins with.
fn raw_string(chars: &[char]) -> Option<usize> {
    let prefix = chars.iter().position(|c| *c == 'r')? + 1;
    let hashes = chars[prefix..].iter().take_while(|c| **c == '#').count();
    let start = prefix + hashes;
    if chars.get(start) != Some(&'"') {
        return None;
    }
    let closes =
        |at: &usize| chars[*at] == '"' && chars[at + 1..].iter().take(hashes).all(|c| *c == '#');
    (start + 1..chars.len())
        .find(closes)
        .map(|at| (at + 1 + hashes).min(chars.len()))
}

/// The code with every item under `#[cfg(test)]` made blank.
fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut code = code.to_owned();
    while let Some(start) = code.find(MARK) {
        let end = start + MARK.len() + item(&code[start + MARK.len()..]).len();
        let blank: String = code[start..end]
            .chars()
            .map(|c| if c == '\n' { '\n' } else { ' ' })
            .collect();
        code.replace_range(start..end, &blank);
    }
    code
}

/// The item that the code begins with, up to its semicolon or closing brace.
pub fn item(code: &str) -> &str {
    let mut depth = 0;
    for (at, c) in code.char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 && matches!(c, ';' | '}') {
            return &code[..=at];
        }
    }
    code
}

/// Every file of `src` but those that only tests have: those have a `#[cfg(test)] mod name;` in the file above.
pub fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    walk(&root.join("src"), &mut paths);
    paths.sort();
    let read = |path: &String| fs::read_to_string(root.join(path)).unwrap();
    let only_tests = Regex::new(
        r#"#\[cfg\(test\)\]\s*(?:#\[path = "(\w+)\.rs"\]\s*)?(?:pub(?:\(\w+\))? )?mod (\w+);"#,
    )
    .unwrap();
    let mut skipped = BTreeSet::new();
    for path in &paths {
        let (above, own) = path.rsplit_once('/').unwrap_or(("", path));
        let modules = if matches!(own, "mod.rs" | "lib.rs") {
            above
        } else {
            path.trim_end_matches(".rs")
        };
        skipped.extend(
            only_tests
                .captures_iter(&read(path))
                .map(|name| match name.get(1) {
                    Some(file) => format!("{above}/{}.rs", file.as_str()),
                    None => format!("{modules}/{}.rs", &name[2]),
                }),
        );
    }
    // Files in the folder of such a file are of tests as well.
    let of_tests = |path: &&String| {
        let beneath =
            |file: &String| path.starts_with(&format!("{}/", file.trim_end_matches(".rs")));
        skipped.contains(*path) || skipped.iter().any(beneath)
    };
    let all: Vec<Source> = paths
        .iter()
        .filter(|path| !of_tests(path))
        .map(|path| Source::new(path, &read(path)))
        .collect();
    assert!(all.len() > 60, "only {} files were found", all.len());
    all
}

fn walk(folder: &Path, into: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let below = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
            into.push(below.to_str().unwrap().replace('\\', "/"));
        }
    }
}
