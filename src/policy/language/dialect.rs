//! Patterns in the dialects of shells, regular expressions and other tools, each with the test of ours that means the
//! same. It must not know where a pattern stands.

use regex_syntax::hir::{Hir, HirKind, Look};

use crate::policy::language::glob::{Glob, push_glob};
use crate::policy::language::test::Doubt;
use crate::policy::text::scalar::{written, written_list};

/// The most texts that braces are written out into.
const MOST_TEXTS: usize = 20;

/// A part that means something in a dialect, and nothing here.
#[derive(Debug, PartialEq, Eq)]
pub struct Dialect {
    /// The part in words, as in "`{a,b}` is a text here".
    pub part: &'static str,
    /// The tests to write instead, as entries of a mapping.
    pub instead: String,
}

impl Dialect {
    /// The reason to doubt a pattern that is written in the dialect.
    #[must_use]
    pub fn title(&self, text: &str) -> String {
        format!(
            "`{text}` is read as it stands: {} has no meaning here",
            self.part
        )
    }

    /// The same for a test of this name.
    #[must_use]
    pub fn doubt(&self, text: &str) -> Doubt {
        Doubt {
            title: self.title(text),
            help: format!("write `{}`", self.instead),
        }
    }
}

/// The dialect of a text that is compared by equality or as a glob; `None` when it is plain.
#[must_use]
pub fn of_text(text: &str) -> Option<Dialect> {
    let dialect = |part, instead| Some(Dialect { part, instead });
    if let Some(rest) = text.strip_prefix('!').filter(|rest| !rest.is_empty()) {
        let inner = written(rest);
        return dialect(
            "`!` in front",
            if Glob::is_glob(rest) {
                format!("not: {{like: {inner}}}")
            } else {
                format!("not: {inner}")
            },
        );
    }
    let anchored = text.starts_with('^') || (text.len() > 1 && text.ends_with('$'));
    if anchored && regex_syntax::parse(text).is_ok() {
        return dialect("`^` or `$`", format!("matches: {}", written(text)));
    }
    if let Some(texts) = braces(text) {
        return dialect("`{a,b}`", any_of(&texts));
    }
    if let Some(texts) = alternatives(text) {
        return dialect("`a|b`", any_of(&texts));
    }
    let regex = character_class(text)?;
    dialect("`[…]`", format!("matches: {}", written(&regex)))
}

/// The dialect of a regular expression; `None` when it is plain.
#[must_use]
pub fn of_regex(text: &str) -> Option<Dialect> {
    // `/^prod$/i`, as JavaScript and Perl write it.
    if let Some((inner, flags)) = text
        .strip_prefix('/')
        .and_then(|rest| rest.rsplit_once('/'))
        && (inner.starts_with('^') || inner.ends_with('$'))
        && flags.chars().all(|flag| "gimsux".contains(flag))
    {
        let inner = if flags.contains('i') {
            format!("(?i){inner}")
        } else {
            inner.to_owned()
        };
        return Some(Dialect {
            part: "`/…/`",
            instead: format!("matches: {}", written(&inner)),
        });
    }
    // `prod*`, which as a regular expression is found in `pro`.
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-/".contains(c);
    let ends = text
        .strip_suffix('*')
        .is_some_and(|rest| rest.ends_with(plain) && rest.chars().all(|c| plain(c) || c == '*'));
    ends.then(|| Dialect {
        part: "`*` behind a character",
        instead: format!("like: {}", written(text)),
    })
}

/// The doubt about a regular expression with a number of repetitions at an end that is open: what repeats there may go on
/// in the text.
#[must_use]
pub fn open_end(text: &str) -> Option<Doubt> {
    let hir = regex_syntax::parse(text).ok()?;
    let parts = match hir.kind() {
        HirKind::Concat(parts) => parts.as_slice(),
        _ => std::slice::from_ref(&hir),
    };
    let starts = hir.properties().look_set_prefix().contains(Look::Start);
    let ends = hir.properties().look_set_suffix().contains(Look::End);
    let open = (!starts && parts.first().is_some_and(is_counted))
        || (!ends && parts.last().is_some_and(is_counted));
    let whole = format!(
        "{}{text}{}",
        if starts { "" } else { "^" },
        if ends { "" } else { "$" }
    );
    open.then(|| Doubt {
        title: format!("`{text}` is found in longer texts too"),
        help: format!("for the whole text write `matches: {}`", written(&whole)),
    })
}

/// True for what repeats a number of times.
fn is_counted(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Repetition(of) => of.max.is_some_and(|max| max > 1),
        HirKind::Capture(capture) => is_counted(&capture.sub),
        _ => false,
    }
}

/// A test for one of several texts.
fn any_of(texts: &[String]) -> String {
    let list = written_list(texts.iter().map(String::as_str));
    format!("like: {list}")
}

/// The texts that the first braces stand for. Those of a template or of JSON are text.
fn braces(text: &str) -> Option<Vec<String>> {
    let open = text.find('{')?;
    let close = open + text[open..].find('}')?;
    let inner = &text[open + 1..close];
    let is_list = inner.contains(',') && !inner.contains(['"', '\'', ':', '$', '{']);
    if !is_list || text[..open].ends_with('$') {
        return None;
    }
    let (before, after) = (&text[..open], &text[close + 1..]);
    let texts: Vec<String> = inner
        .split(',')
        .map(|one| format!("{before}{}{after}", one.trim()))
        .collect();
    let all: Vec<String> = texts
        .into_iter()
        .flat_map(|one| braces(&one).unwrap_or_else(|| vec![one]))
        .collect();
    (all.len() <= MOST_TEXTS && all.iter().all(|one| !one.is_empty())).then_some(all)
}

/// The texts with bars between them.
fn alternatives(text: &str) -> Option<Vec<String>> {
    let word = |c: char| c.is_ascii_alphanumeric() || "_-.*?".contains(c);
    let texts: Vec<&str> = text.trim_matches(['(', ')']).split('|').collect();
    let all = texts
        .iter()
        .all(|one| !one.is_empty() && one.chars().all(word) && !Glob::fits_all(one));
    (texts.len() > 1 && texts.len() <= MOST_TEXTS && all)
        .then(|| texts.into_iter().map(str::to_owned).collect())
}

/// The regular expression of a glob with `[…]` in it.
fn character_class(text: &str) -> Option<String> {
    let mut regex = String::from("^");
    let (mut rest, mut found) = (text, false);
    while let Some(open) = rest.find('[') {
        let close = open + rest[open..].find(']')?;
        let inner = &rest[open + 1..close];
        let members = inner.trim_start_matches(['!', '^']);
        let is_class = !members.is_empty()
            && members.len() <= 20
            && members
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        if !is_class {
            return None;
        }
        found = true;
        push_glob(&rest[..open], &mut regex);
        let not = if inner.len() > members.len() { "^" } else { "" };
        regex.push_str(&format!("[{not}{members}]"));
        rest = &rest[close + 1..];
    }
    push_glob(rest, &mut regex);
    regex.push('$');
    (found && regex_syntax::parse(&regex).is_ok()).then_some(regex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_dialect_has_the_test_that_means_the_same() {
        for (text, instead) in [
            ("!dev", Some("not: dev")),
            ("!dev-*", Some(r#"not: {like: "dev-*"}"#)),
            ("^prod.*", Some(r#"matches: "^prod.*""#)),
            ("prod$", Some("matches: prod$")),
            ("{prod,live}-*", Some(r#"like: ["prod-*", "live-*"]"#)),
            ("{a,b}{c,d}", Some("like: [ac, ad, bc, bd]")),
            ("prod|live", Some("like: [prod, live]")),
            ("(prod|live-*)", Some(r#"like: [prod, "live-*"]"#)),
            ("[Cc]ost*", Some(r#"matches: "^[Cc]ost.*$""#)),
            ("[!x]y", Some(r#"matches: "^[^x]y$""#)),
            ("$default", None),
            ("ANY /{proxy+}", None),
            ("${api.Name}-*", None),
            ("live-*", None),
            ("$context.requestId|$context.status", None),
            (r#"{"id":"$context.requestId",*}"#, None),
            ("[$context.requestTime]", None),
            ("a || b", None),
            ("!", None),
        ] {
            let found = of_text(text).map(|dialect| dialect.instead);
            assert_eq!(found.as_deref(), instead, "{text}");
        }
        for (text, open) in [
            ("CC-[0-9]{4}", true),
            ("^CC-[0-9]{4}", true),
            ("[A-Z]{2}-x$", true),
            ("^CC-([0-9]{4})$", false),
            ("a{2}b", true),
            ("a[0-9]{4}b", false),
            ("[0-9]+", false),
            ("(ab)?", false),
        ] {
            assert_eq!(open_end(text).is_some(), open, "{text}");
        }
        for (text, instead) in [
            ("/^prod$/i", Some(r#"matches: "(?i)^prod$""#)),
            ("/^prod$/", Some(r#"matches: "^prod$""#)),
            ("prod*", Some(r#"like: "prod*""#)),
            ("prod-*", Some(r#"like: "prod-*""#)),
            ("^prod*$", None),
            ("prod.*", None),
            ("/aws/.*", None),
            ("[a-z]*", None),
        ] {
            let found = of_regex(text).map(|dialect| dialect.instead);
            assert_eq!(found.as_deref(), instead, "{text}");
        }
    }
}
