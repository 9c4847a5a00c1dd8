//! Shapes of the parts of an expression, as far as they are known before any stage is seen: enough to tell which
//! settings a member of a value that was worked out is.

use crate::model::catalogue::{Field, Kind};

/// One shape that a value may have.
#[derive(Clone, Debug)]
pub enum Shape {
    /// A value of the document.
    Field(&'static Field),
    /// A text, number or boolean that reports may show: a literal of the expression, or a key of a map.
    Shown,
    /// A text, number or boolean that was worked out, perhaps of a value that reports must not show.
    Hidden,
    /// A list, and what its elements may be.
    List(Shapes),
    /// A map that the expression writes: the keys that are literals, and what their values may be.
    Map(Vec<(Option<Box<str>>, Shapes)>),
}

/// The shapes that a value may have. Empty for a value that cannot exist.
pub type Shapes = Vec<Shape>;

impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Field(one), Self::Field(other)) => std::ptr::eq(*one, *other),
            (Self::Shown, Self::Shown) | (Self::Hidden, Self::Hidden) => true,
            (Self::List(one), Self::List(other)) => one == other,
            (Self::Map(one), Self::Map(other)) => one == other,
            _ => false,
        }
    }
}

impl Shape {
    /// The struct field that it is.
    pub fn as_struct(&self) -> Option<&'static Field> {
        match self {
            Self::Field(field) if matches!(field.kind, Kind::Struct(_)) => Some(field),
            _ => None,
        }
    }

    /// True if the value has keys, and not elements in an order of their own.
    pub fn is_map(&self) -> bool {
        match self {
            Self::Field(field) => matches!(field.kind, Kind::Map(_) | Kind::Struct(_)),
            Self::Map(_) => true,
            Self::Shown | Self::Hidden | Self::List(_) => false,
        }
    }

    /// True if the value is a text, a number or a boolean.
    pub fn is_scalar(&self) -> bool {
        match self {
            Self::Field(field) => {
                !matches!(field.kind, Kind::Struct(_) | Kind::Map(_) | Kind::List(_))
            }
            Self::Shown | Self::Hidden => true,
            Self::List(_) | Self::Map(_) => false,
        }
    }

    /// True if reports may show the value.
    pub fn is_shown(&self) -> bool {
        match self {
            Self::Field(field) => self.is_scalar() && !field.sensitive,
            Self::Shown => true,
            Self::Hidden | Self::List(_) | Self::Map(_) => false,
        }
    }

    /// The elements of a list, or the keys of a map.
    fn elements(&self) -> Shapes {
        match self {
            Self::Field(field) => match field.kind {
                Kind::List(of) => vec![Self::Field(of)],
                Kind::Map(_) | Kind::Struct(_) => vec![Self::Shown],
                _ => Vec::new(),
            },
            Self::List(elements) => elements.clone(),
            Self::Map(entries) => entries
                .iter()
                .map(|(key, _)| {
                    if key.is_some() {
                        Self::Shown
                    } else {
                        Self::Hidden
                    }
                })
                .collect(),
            Self::Shown | Self::Hidden => Vec::new(),
        }
    }

    /// The values under a key or at an index that is worked out.
    fn inside(&self) -> Shapes {
        match self {
            Self::Field(field) => match field.kind {
                Kind::Map(of) | Kind::List(of) => vec![Self::Field(of)],
                _ => Vec::new(),
            },
            Self::Map(entries) => join(entries.iter().map(|(_, value)| value.clone())),
            Self::List(elements) => elements.clone(),
            Self::Shown | Self::Hidden => Vec::new(),
        }
    }

    /// The values under a name.
    fn member(&self, name: &str) -> Shapes {
        match self {
            Self::Field(field) => match field.kind {
                Kind::Struct(members) => members
                    .iter()
                    .filter(|member| member.name == name)
                    .map(Self::Field)
                    .collect(),
                Kind::Map(of) => vec![Self::Field(of)],
                _ => Vec::new(),
            },
            Self::Map(entries) => {
                let may_be = entries
                    .iter()
                    .filter(|(key, _)| key.as_deref().is_none_or(|key| key == name));
                join(may_be.map(|(_, value)| value.clone()))
            }
            Self::Shown | Self::Hidden | Self::List(_) => Vec::new(),
        }
    }
}

/// Either of several shapes. Lists become one, which may hold what any of them does.
pub fn join(of: impl IntoIterator<Item = Shapes>) -> Shapes {
    let mut joined: Shapes = Vec::new();
    for shape in of.into_iter().flatten() {
        let list = joined
            .iter()
            .position(|known| matches!(known, Shape::List(_)));
        match (shape, list.map(|at| &mut joined[at])) {
            (Shape::List(more), Some(Shape::List(elements))) => {
                *elements = join([std::mem::take(elements), more]);
            }
            (shape, _) => {
                if !joined.contains(&shape) {
                    joined.push(shape);
                }
            }
        }
    }
    joined
}

/// The elements of lists, and the keys of maps.
pub fn elements(of: &Shapes) -> Shapes {
    join(of.iter().map(Shape::elements))
}

/// The values under a key or at an index that is worked out.
pub fn inside(of: &Shapes) -> Shapes {
    join(of.iter().map(Shape::inside))
}

/// The values under a name.
pub fn member(of: &Shapes, name: &str) -> Shapes {
    join(of.iter().map(|shape| shape.member(name)))
}
