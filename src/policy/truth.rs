//! The answer of a test: yes, no, not known, or not a question here.

/// What a pattern says of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not.
    False,
    /// It hangs on a value that is not stated.
    Unknown,
    /// The protocol lacks what it asks about: as if it were not written.
    Dropped,
}

impl Truth {
    /// The opposite; what is not known or not asked stays so.
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

/// Where a pattern stands: it decides what a setting that the protocol lacks does to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// In `expect`: such a test drops out, and what is left decides.
    Expect,
    /// In `match`: such a test does not match, and neither does its `not`.
    Match,
}

impl Use {
    /// All must hold.
    pub fn all(self, answers: impl IntoIterator<Item = Truth>) -> Truth {
        let mut sum = None;
        let mut dropped = false;
        for answer in answers {
            match answer {
                Truth::False => return Truth::False,
                Truth::Dropped => dropped = true,
                Truth::Unknown => sum = Some(Truth::Unknown),
                Truth::True => sum = sum.or(Some(Truth::True)),
            }
        }
        match (self, dropped) {
            (Self::Match, true) => Truth::Dropped,
            (_, true) => sum.unwrap_or(Truth::Dropped),
            (_, false) => sum.unwrap_or(Truth::True),
        }
    }

    /// One must hold.
    pub fn any(self, answers: impl IntoIterator<Item = Truth>) -> Truth {
        let mut sum = None;
        for answer in answers {
            match answer {
                Truth::True => return Truth::True,
                Truth::Dropped => {}
                Truth::Unknown => sum = Some(Truth::Unknown),
                Truth::False => sum = sum.or(Some(Truth::False)),
            }
        }
        sum.unwrap_or(Truth::Dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::Truth::{Dropped, False, True, Unknown};
    use super::*;

    #[test]
    fn all_and_any_are_kleenes_with_questions_that_drop_out() {
        for (answers, all, any, in_match) in [
            (vec![True, True], True, True, True),
            (vec![True, False], False, True, False),
            (vec![True, Unknown], Unknown, True, Unknown),
            (vec![False, Unknown], False, Unknown, False),
            (vec![Unknown, Dropped], Unknown, Unknown, Dropped),
            (vec![True, Dropped], True, True, Dropped),
            (vec![False, Dropped], False, False, False),
            (vec![Dropped, Dropped], Dropped, Dropped, Dropped),
        ] {
            assert_eq!(Use::Expect.all(answers.clone()), all, "all of {answers:?}");
            assert_eq!(Use::Expect.any(answers.clone()), any, "any of {answers:?}");
            assert_eq!(Use::Match.all(answers.clone()), in_match, "all of {answers:?} in match");
        }
    }

    #[test]
    fn not_turns_only_what_is_known() {
        assert_eq!([True, False, Unknown, Dropped].map(Truth::not), [False, True, Unknown, Dropped]);
    }
}
