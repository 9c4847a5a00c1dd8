//! Sets of texts, described by regular expressions, and the question if two of them have a text in common. It must not
//! know which field holds the texts.
//!
//! Each set is a machine that reads a text character by character; two have a text in common if both can read it to the
//! end. What is too large to be decided, or not understood, is taken to have one: no answer here refuses wrongly.

use std::collections::BTreeSet;

use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// The largest machine, in states, and the most pairs of states that are tried: a few milliseconds of work.
const MOST_STATES: usize = 3_000;
const MOST_PAIRS: usize = 100_000;
/// The longest description that is read, in bytes.
const LONGEST: usize = 2_000;

/// A set of texts.
#[derive(Debug)]
pub struct Texts {
    states: Vec<TextState>,
    start: usize,
}

#[derive(Debug, Clone)]
enum TextState {
    /// The text is in the set, if it ends here.
    End,
    /// Goes on in each of these states.
    Fork(Vec<usize>),
    /// Goes on after one character in one of these ranges.
    Read(Vec<(char, char)>, usize),
    /// Goes on at the start of the text, or at its end.
    At(Look, usize),
}

impl Texts {
    /// The texts that a regular expression fits as a whole; `None` when it is not understood.
    #[must_use]
    pub fn whole(regex: &str) -> Option<Self> {
        Self::of(regex, false)
    }

    /// The texts in which a regular expression is found; `None` when it is not understood.
    #[must_use]
    pub fn containing(regex: &str) -> Option<Self> {
        Self::of(regex, true)
    }

    fn of(regex: &str, anywhere: bool) -> Option<Self> {
        if regex.len() > LONGEST {
            return None;
        }
        let hir = regex_syntax::parse(regex).ok()?;
        let mut texts = Self {
            states: vec![TextState::End],
            start: 0,
        };
        let end = if anywhere { texts.anything(0)? } else { 0 };
        let found = texts.add(&hir, end)?;
        texts.start = if anywhere {
            texts.anything(found)?
        } else {
            found
        };
        Some(texts)
    }

    /// True if a text may be in both sets.
    #[must_use]
    pub fn may_share(&self, other: &Self) -> bool {
        let mut seen = BTreeSet::new();
        let mut left = vec![(self.start, other.start, false, false)];
        while let Some(pair) = left.pop() {
            if !seen.insert(pair) {
                continue;
            }
            if seen.len() > MOST_PAIRS {
                return true;
            }
            // `read`: something was read. `ended`: nothing more may be.
            let (one, another, read, ended) = pair;
            match (&self.states[one], &other.states[another]) {
                (TextState::End, TextState::End) => return true,
                (TextState::Fork(next), _) => {
                    left.extend(next.iter().map(|one| (*one, another, read, ended)));
                }
                (_, TextState::Fork(next)) => {
                    left.extend(next.iter().map(|another| (one, *another, read, ended)));
                }
                (TextState::At(look, next), _) => {
                    left.extend(
                        passed(*look, read, ended).map(|ended| (*next, another, read, ended)),
                    );
                }
                (_, TextState::At(look, next)) => {
                    left.extend(passed(*look, read, ended).map(|ended| (one, *next, read, ended)));
                }
                (TextState::Read(ones, next), TextState::Read(others, after)) if !ended => {
                    let both = ones.iter().any(|(from, to)| {
                        others
                            .iter()
                            .any(|(start, end)| from.max(start) <= to.min(end))
                    });
                    left.extend(both.then_some((*next, *after, true, false)));
                }
                _ => {}
            }
        }
        false
    }

    fn push(&mut self, state: TextState) -> Option<usize> {
        (self.states.len() < MOST_STATES).then(|| {
            self.states.push(state);
            self.states.len() - 1
        })
    }

    /// Any text, then what follows.
    fn anything(&mut self, then: usize) -> Option<usize> {
        let fork = self.push(TextState::Fork(vec![then]))?;
        let read = self.push(TextState::Read(vec![('\0', char::MAX)], fork))?;
        self.states[fork] = TextState::Fork(vec![read, then]);
        Some(fork)
    }

    /// The first state of an expression behind which `then` follows.
    fn add(&mut self, hir: &Hir, then: usize) -> Option<usize> {
        match hir.kind() {
            HirKind::Empty => Some(then),
            HirKind::Literal(literal) => {
                let text = std::str::from_utf8(&literal.0).ok()?;
                text.chars().rev().try_fold(then, |then, c| {
                    self.push(TextState::Read(vec![(c, c)], then))
                })
            }
            HirKind::Class(class) => {
                let ranges = match class {
                    Class::Unicode(class) => class
                        .iter()
                        .map(|range| (range.start(), range.end()))
                        .collect(),
                    Class::Bytes(class) if class.is_ascii() => class
                        .iter()
                        .map(|range| (range.start().into(), range.end().into()))
                        .collect(),
                    Class::Bytes(_) => return None,
                };
                self.push(TextState::Read(ranges, then))
            }
            HirKind::Look(look @ (Look::Start | Look::End)) => {
                self.push(TextState::At(*look, then))
            }
            // The ends of lines and words: taken to be there.
            HirKind::Look(_) => Some(then),
            HirKind::Capture(capture) => self.add(&capture.sub, then),
            HirKind::Concat(parts) => parts
                .iter()
                .rev()
                .try_fold(then, |then, part| self.add(part, then)),
            HirKind::Alternation(parts) => {
                let next = parts
                    .iter()
                    .map(|part| self.add(part, then))
                    .collect::<Option<_>>()?;
                self.push(TextState::Fork(next))
            }
            HirKind::Repetition(of) => {
                let mut then = then;
                match of.max {
                    None => {
                        let fork = self.push(TextState::Fork(Vec::new()))?;
                        let again = self.add(&of.sub, fork)?;
                        self.states[fork] = TextState::Fork(vec![again, then]);
                        then = fork;
                    }
                    Some(max) => {
                        let behind = then;
                        for _ in of.min..max {
                            let once = self.add(&of.sub, then)?;
                            then = self.push(TextState::Fork(vec![once, behind]))?;
                        }
                    }
                }
                (0..of.min).try_fold(then, |then, _| self.add(&of.sub, then))
            }
        }
    }
}

/// The state behind the start or the end of a text: `Some(true)` if nothing more may be read there.
fn passed(look: Look, read: bool, ended: bool) -> Option<bool> {
    match look {
        Look::Start => (!read).then_some(ended),
        _ => Some(true),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sets_that_exclude_each_other_are_told_from_those_that_share_a_text() {
        const STAGE: &str = r"[A-Za-z0-9_-]+|\$default";
        for (regex, shared) in [
            ("^prod$", true),
            ("^(dev|stg|prod)(-[a-z]+)?$", true),
            ("prod", true),
            (r"\$", true),
            (r"\$defaults", false),
            ("/^prod$/i", false),
            ("a^", false),
            ("$a", false),
            ("^$", false),
            ("a b", false),
            (r"\bprod\b", true),
            ("(?m)^prod$", true),
            ("prod{2,3}", true),
            ("^.{3}$", true),
            ("(?i)^PROD$", true),
            ("[^A-Za-z0-9_-]", true),
            ("[^A-Za-z0-9_$-]", false),
            ("", true),
        ] {
            let (one, other) = (Texts::containing(regex), Texts::whole(STAGE));
            assert_eq!(one.unwrap().may_share(&other.unwrap()), shared, "{regex}");
        }
    }

    #[test]
    fn what_is_large_is_not_decided() {
        assert!(Texts::containing("(a{1000}){1000}").is_none());
        assert!(Texts::containing(&"a".repeat(LONGEST + 1)).is_none());
        let many = Texts::whole("(a|b|ab|ba){50}").unwrap();
        assert!(many.may_share(&Texts::whole("(a|b|aa|bb){40,}").unwrap()));
    }

    proptest! {
        #[test]
        fn a_text_that_fits_both_is_found(one in "[ab]{0,3}[?*+]?[ab|]{0,3}", text in "[ab]{0,5}") {
            let regex = regex::Regex::new(&one);
            prop_assume!(regex.is_ok());
            let Some(texts) = Texts::containing(&one) else { return Ok(()); };
            let literal = Texts::whole(&regex::escape(&text)).unwrap();
            prop_assert_eq!(texts.may_share(&literal), regex.unwrap().is_match(&text));
        }
    }
}
