//! Globs: `*` is any run of characters, `?` is one, all else is literal; the whole text, case-sensitive.

/// A glob, cut into what it matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(Box<str>),
    /// A text that is given when the glob is tried, by its place.
    Placeholder(usize),
    One,
    Run,
}

impl Glob {
    /// A glob that matches nothing but the empty text; more is added to it.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The glob that is written so.
    #[must_use]
    pub fn of(pattern: &str) -> Self {
        let mut glob = Self::new();
        glob.push_pattern(pattern);
        glob
    }

    /// True if a text has characters that are special in a glob.
    #[must_use]
    pub fn is_glob(text: &str) -> bool {
        text.contains(['*', '?'])
    }

    /// True if a glob fits every text.
    #[must_use]
    pub fn fits_all(text: &str) -> bool {
        !text.is_empty() && text.bytes().all(|byte| byte == b'*')
    }

    /// Adds what is written as a glob.
    pub fn push_pattern(&mut self, pattern: &str) {
        let mut rest = pattern;
        while let Some(at) = rest.find(['*', '?']) {
            self.push_literal(&rest[..at]);
            if rest.as_bytes()[at] == b'?' {
                self.0.push(Piece::One);
            } else if self.0.last() != Some(&Piece::Run) {
                self.0.push(Piece::Run);
            }
            rest = &rest[at + 1..];
        }
        self.push_literal(rest);
    }

    /// Adds a text that is matched as it is.
    pub fn push_literal(&mut self, text: &str) {
        if !text.is_empty() {
            self.0.push(Piece::Literal(text.into()));
        }
    }

    /// Adds the text that is given at this place when the glob is tried; it is matched as it is.
    pub fn push_placeholder(&mut self, place: usize) {
        self.0.push(Piece::Placeholder(place));
    }

    /// True if the glob fits the whole text.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        self.fits_with(text, &[])
    }

    /// True if the glob fits the whole text, with these texts in it.
    #[must_use]
    pub fn fits_with(&self, text: &str, given: &[&str]) -> bool {
        let starts =
            |at: usize, literal: &str| text[at..].starts_with(literal).then_some(literal.len());
        let (mut piece, mut at) = (0, 0);
        // The place to go on at when a piece does not fit: the run last seen takes one character more.
        let mut retry: Option<(usize, usize)> = None;
        loop {
            let next = match self.0.get(piece) {
                None if at == text.len() => return true,
                None => None,
                Some(Piece::Literal(literal)) => starts(at, literal),
                Some(Piece::Placeholder(place)) => {
                    given.get(*place).and_then(|literal| starts(at, literal))
                }
                Some(Piece::One) => text[at..].chars().next().map(char::len_utf8),
                Some(Piece::Run) => {
                    if piece + 1 == self.0.len() {
                        return true;
                    }
                    retry = Some((piece + 1, at));
                    Some(0)
                }
            };
            if let Some(taken) = next {
                piece += 1;
                at += taken;
                continue;
            }
            let Some((after_run, from)) = retry else {
                return false;
            };
            let Some(character) = text[from..].chars().next() else {
                return false;
            };
            let from = from + character.len_utf8();
            retry = Some((after_run, from));
            (piece, at) = (after_run, from);
        }
    }
}

/// Adds a glob to a regular expression.
pub fn push_glob(glob: &str, regex: &mut String) {
    for c in glob.chars() {
        match c {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            c => regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
}

impl Default for Glob {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_star_and_question_mark_are_special() {
        for (glob, text, fits) in [
            ("prod", "prod", true),
            ("prod", "Prod", false),
            ("live-*", "live-eu", true),
            ("live-*", "live-", true),
            ("*", "", true),
            ("?", "é", true),
            ("?", "", false),
            ("a?c*", "abc/d:e", true),
            ("ANY /{proxy+}", "ANY /{proxy+}", true),
            ("$default", "$default", true),
            ("[ab]", "a", false),
            ("*ab*ab", "abab", true),
            ("*ab*ab", "ab", false),
            (
                "arn:*:log-group:/apigw/*",
                "arn:aws:logs:eu-west-1:1:log-group:/apigw/x",
                true,
            ),
            ("**a", "ba", true),
        ] {
            assert_eq!(Glob::of(glob).fits(text), fits, "{glob} on {text}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_a_regular_expression(glob in "[ab?*é.]{0,8}", text in "[abé.]{0,8}") {
            let mut pattern = String::from("(?s)^");
            for character in glob.chars() {
                match character {
                    '*' => pattern.push_str(".*"),
                    '?' => pattern.push('.'),
                    other => pattern.push_str(&regex::escape(&other.to_string())),
                }
            }
            pattern.push('$');
            let expected = regex::Regex::new(&pattern).unwrap().is_match(&text);
            prop_assert_eq!(Glob::of(&glob).fits(&text), expected);
        }
    }
}
