//! The limit of a number: the test behind `min`, `max`, `above` and `below`.

/// A limit of a number.
#[derive(Clone, Copy, Debug)]
pub enum Limit {
    /// This or more.
    AtLeast(f64),
    /// More than this.
    Above(f64),
    /// This or less.
    AtMost(f64),
    /// Less than this.
    Below(f64),
}

impl Limit {
    /// True if a number is within the limit.
    #[must_use]
    pub fn allows(self, number: f64) -> bool {
        match self {
            Self::AtLeast(limit) => number >= limit,
            Self::Above(limit) => number > limit,
            Self::AtMost(limit) => number <= limit,
            Self::Below(limit) => number < limit,
        }
    }

    /// The limit of the numbers that this one keeps out.
    #[must_use]
    pub const fn not(self) -> Self {
        match self {
            Self::AtLeast(limit) => Self::Below(limit),
            Self::Above(limit) => Self::AtMost(limit),
            Self::AtMost(limit) => Self::Above(limit),
            Self::Below(limit) => Self::AtLeast(limit),
        }
    }

    /// The outermost number within the limit; the outermost whole number, if `whole`.
    #[must_use]
    pub fn outermost(self, whole: bool) -> f64 {
        match self {
            Self::AtLeast(limit) if whole => limit.ceil(),
            Self::Above(limit) if whole => limit.floor() + 1.0,
            Self::AtMost(limit) if whole => limit.floor(),
            Self::Below(limit) if whole => limit.ceil() - 1.0,
            Self::AtLeast(limit) | Self::AtMost(limit) => limit,
            Self::Above(limit) => limit.next_up(),
            Self::Below(limit) => limit.next_down(),
        }
    }

    /// True if no number is within both limits; no whole number, if `whole`.
    #[must_use]
    pub fn excludes(self, other: Self, whole: bool) -> bool {
        !self.allows(other.outermost(whole)) && !other.allows(self.outermost(whole))
    }
}
