//! The answer of a test: true, false, unknown, or dropped.

/// The answer of a pattern on a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not.
    False,
    /// It depends on a value that is not stated.
    Unknown,
    /// The protocol lacks the setting: the test counts as if it were not written.
    Dropped,
}

impl Truth {
    /// The opposite; unknown and dropped stay as they are.
    #[must_use]
    pub const fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            other => other,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// The part of a rule in which a pattern is: it decides what becomes of a test of a setting that the protocol lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// In `expect`: such a test drops out, and what is left decides.
    Expect,
    /// In `match`: such a test does not match, nor does anything that needs it.
    Match,
    /// In `match`, under a `not`: such a test drops out of what must not hold. Where nothing is left, the `not` does not
    /// match either.
    MatchNot,
}

impl Use {
    /// The same under a `not`.
    #[must_use]
    pub const fn turned(self) -> Self {
        match self {
            Self::Expect => Self::Expect,
            Self::Match => Self::MatchNot,
            Self::MatchNot => Self::Match,
        }
    }

    /// All must hold.
    pub fn all(self, answers: impl IntoIterator<Item = Truth>) -> Truth {
        Truth::all(answers.into_iter().map(|answer| {
            if self.fails(answer) {
                Truth::False
            } else {
                answer
            }
        }))
    }

    /// True for an answer that keeps what needs it from holding.
    #[must_use]
    pub fn fails(self, answer: Truth) -> bool {
        answer == Truth::False || (self == Self::Match && answer == Truth::Dropped)
    }
}

impl Truth {
    /// All must hold; dropped answers do not count.
    pub fn all(answers: impl IntoIterator<Item = Self>) -> Self {
        let mut sum = None;
        let mut dropped = false;
        for answer in answers {
            match answer {
                Self::False => return Self::False,
                Self::Dropped => dropped = true,
                Self::Unknown => sum = Some(Self::Unknown),
                Self::True => sum = sum.or(Some(Self::True)),
            }
        }
        sum.unwrap_or(if dropped { Self::Dropped } else { Self::True })
    }

    /// One must hold; dropped answers do not count.
    pub fn any(answers: impl IntoIterator<Item = Self>) -> Self {
        let mut sum = None;
        for answer in answers {
            match answer {
                Self::True => return Self::True,
                Self::Dropped => {}
                Self::Unknown => sum = Some(Self::Unknown),
                Self::False => sum = sum.or(Some(Self::False)),
            }
        }
        sum.unwrap_or(Self::Dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::Truth::{Dropped, False, True, Unknown};
    use super::*;

    #[test]
    fn all_and_any_are_kleenes_with_questions_that_drop_out() {
        for (answers, all, any) in [
            (vec![True, True], True, True),
            (vec![True, False], False, True),
            (vec![True, Unknown], Unknown, True),
            (vec![False, Unknown], False, Unknown),
            (vec![Unknown, Dropped], Unknown, Unknown),
            (vec![True, Dropped], True, True),
            (vec![False, Dropped], False, False),
            (vec![Dropped, Dropped], Dropped, Dropped),
        ] {
            assert_eq!(Truth::all(answers.clone()), all, "all of {answers:?}");
            assert_eq!(Truth::any(answers.clone()), any, "any of {answers:?}");
        }
    }

    #[test]
    fn what_a_protocol_lacks_matches_neither_way() {
        assert_eq!(Use::Match.all([True, Dropped]), False);
        assert_eq!(Use::Match.all([Unknown, Dropped]), False);
        assert_eq!(Use::Match.turned().all([True, Dropped]), True);
        assert_eq!(Use::Match.turned().all([Dropped]), Dropped);
        assert_eq!(Use::Match.turned().turned(), Use::Match);
        assert_eq!(Use::Expect.turned().all([True, Dropped]), True);
    }

    #[test]
    fn not_turns_only_what_is_known() {
        assert_eq!(
            [True, False, Unknown, Dropped].map(Truth::not),
            [False, True, Unknown, Dropped]
        );
    }
}
