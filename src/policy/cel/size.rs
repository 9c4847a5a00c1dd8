//! Largest sizes of the values of an expression, for the estimate of its work.

use crate::model::catalogue::{Field, Kind};

/// The routes, tags or elements that a stage is taken to have when work is estimated: AWS's quota for routes.
pub const ENTRIES: u64 = 300;

/// The largest size that a value may have. It keeps sums of lists from growing unseen.
#[derive(Clone, Copy)]
pub struct Size {
    /// Its elements.
    pub elements: u64,
    /// The values in each element.
    pub each: u64,
}

impl Size {
    /// One value.
    pub const ONE: Self = Self {
        elements: 1,
        each: 1,
    };

    pub fn of(field: &Field) -> Self {
        match field.kind {
            Kind::Struct(members) => Self {
                elements: 1,
                each: members.iter().map(|member| Self::of(member).all()).sum(),
            },
            Kind::Map(of) => Self {
                elements: ENTRIES,
                each: Self::of(of).all(),
            },
            Kind::List(_) => Self {
                elements: ENTRIES,
                each: 1,
            },
            Kind::Boolean | Kind::Integer | Kind::Number | Kind::Text | Kind::OneOf(_) => Self::ONE,
        }
    }

    /// All values in it.
    pub fn all(self) -> u64 {
        self.elements.saturating_mul(self.each)
    }

    /// One element, about which nothing more is known.
    pub fn element(self) -> Self {
        Self {
            elements: self.each,
            ..self
        }
    }

    pub fn and(self, other: Self) -> Self {
        Self {
            elements: self.elements.saturating_add(other.elements),
            each: self.each.max(other.each),
        }
    }

    pub fn or(self, other: Self) -> Self {
        Self {
            elements: self.elements.max(other.elements),
            each: self.each.max(other.each),
        }
    }
}
