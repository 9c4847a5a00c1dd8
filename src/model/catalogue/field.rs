//! One row of the catalogue: the properties of a field, and the place of a row in its list.

use super::form::Form;
use crate::model::protocol::Protocols;

/// One field as AWS names it.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "columns of a table, each with readers of its own"
)]
pub struct Field {
    /// The name in PascalCase, as the AWS CLI prints it. Ours (`account`, `each-route`) are in lower case.
    pub name: &'static str,
    /// Type of its values.
    pub kind: Kind,
    /// The protocols whose APIs have the field at all.
    pub on: Protocols,
    /// Meaning of an absent value.
    pub unset: Unset,
    /// True if its value may be a secret, and is shown as a digest.
    pub sensitive: bool,
    /// True if a trailing `:*` is dropped before the text is compared: API Gateway stores log group ARNs without
    /// it, while CloudWatch Logs, CloudFormation and the console write them with it.
    pub log_group_arn: bool,
    /// The texts that it can hold, where AWS documents them; of a map, those that its keys can be.
    pub form: Option<&'static Form>,
    /// True if it tells which stage or API this is.
    pub identity: bool,
    /// True if every answer of AWS has it, so that a text without it is not the whole answer.
    pub always: bool,
    /// True for a limit that blocks all traffic when it is 0.
    pub zero_blocks: bool,
    /// Description of the field, in one sentence.
    pub about: &'static str,
}

/// The type of a field's value.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A number that may have a fraction.
    Number,
    /// Any text.
    Text,
    /// A text that is one of these; AWS may add to them, so others are data, not an error.
    OneOf(&'static [&'static str]),
    /// Named members.
    Struct(&'static [Field]),
    /// Free keys, with values as in the row.
    Map(&'static Field),
    /// Values in order, each as in the row.
    List(&'static Field),
}

/// Meaning of an absent value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unset {
    /// Nothing else: it is not set.
    Nothing,
    /// `false`.
    False,
    /// This text.
    Text(&'static str),
    /// A struct, list or map without content.
    Empty,
}

impl Kind {
    /// The kind in words, with its article.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Boolean => "a boolean".to_owned(),
            Self::Integer => "a whole number".to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Text => "a text".to_owned(),
            Self::OneOf(names) => format!("one of {}", names.join(", ")),
            Self::Struct(_) => "a struct".to_owned(),
            Self::Map(_) => "a map".to_owned(),
            Self::List(_) => "a list".to_owned(),
        }
    }
}

impl Field {
    pub(super) const fn new(
        name: &'static str,
        kind: Kind,
        unset: Unset,
        about: &'static str,
    ) -> Self {
        let on = Protocols::ALL;
        let (sensitive, log_group_arn, identity, always, zero_blocks) =
            (false, false, false, false, false);
        Self {
            name,
            kind,
            on,
            unset,
            sensitive,
            log_group_arn,
            form: None,
            identity,
            always,
            zero_blocks,
            about,
        }
    }

    pub(super) const fn only(self, on: Protocols) -> Self {
        Self { on, ..self }
    }

    pub(super) const fn sensitive(self) -> Self {
        Self {
            sensitive: true,
            ..self
        }
    }

    pub(super) const fn log_group_arn(self) -> Self {
        Self {
            log_group_arn: true,
            ..self
        }
    }

    pub(super) const fn form(self, form: &'static Form) -> Self {
        Self {
            form: Some(form),
            ..self
        }
    }

    pub(super) const fn identity(self) -> Self {
        Self {
            identity: true,
            ..self
        }
    }

    pub(super) const fn always(self) -> Self {
        Self {
            always: true,
            ..self
        }
    }

    pub(super) const fn zero_blocks(self) -> Self {
        Self {
            zero_blocks: true,
            ..self
        }
    }

    /// True if `key` is this field's name, as the CLI writes it or as the wire does.
    #[must_use]
    pub fn is_spelt(&self, key: &str) -> bool {
        let (name, key) = (self.name.as_bytes(), key.as_bytes());
        name.len() == key.len()
            && name[1..] == key[1..]
            && (name[0] == key[0] || name[0].to_ascii_lowercase() == key[0])
    }

    /// True if an unset value means another one, such as `false`: then there always is a value.
    #[must_use]
    pub const fn has_default(&self) -> bool {
        matches!(self.unset, Unset::False | Unset::Text(_))
    }

    /// The members of a struct field; none for every other kind.
    #[must_use]
    pub const fn members(&self) -> &'static [Self] {
        match self.kind {
            Kind::Struct(members) => members,
            _ => &[],
        }
    }
}

pub(super) const fn boolean(name: &'static str, about: &'static str) -> Field {
    Field::new(name, Kind::Boolean, Unset::False, about)
}

pub(super) const fn integer(name: &'static str, about: &'static str) -> Field {
    Field::new(name, Kind::Integer, Unset::Nothing, about)
}

pub(super) const fn number(name: &'static str, about: &'static str) -> Field {
    Field::new(name, Kind::Number, Unset::Nothing, about)
}

pub(super) const fn text(name: &'static str, about: &'static str) -> Field {
    Field::new(name, Kind::Text, Unset::Nothing, about)
}

pub(super) const fn one_of(
    name: &'static str,
    of: &'static [&'static str],
    about: &'static str,
) -> Field {
    Field::new(name, Kind::OneOf(of), Unset::Nothing, about)
}

/// A struct of these fields.
#[must_use]
pub const fn structure(name: &'static str, of: &'static [Field], about: &'static str) -> Field {
    Field::new(name, Kind::Struct(of), Unset::Empty, about)
}

/// A map with values as in this row.
#[must_use]
pub const fn map(name: &'static str, of: &'static Field, about: &'static str) -> Field {
    Field::new(name, Kind::Map(of), Unset::Empty, about)
}

/// A list of any texts.
pub(super) const fn list(name: &'static str, about: &'static str) -> Field {
    list_of(name, &ELEMENT, about)
}

/// A list with elements as in this row.
pub(super) const fn list_of(name: &'static str, of: &'static Field, about: &'static str) -> Field {
    Field::new(name, Kind::List(of), Unset::Empty, about)
}

static ELEMENT: Field = element();

/// The row of the elements of a list.
pub(super) const fn element() -> Field {
    text("element", "One element of the list.")
}

/// The place of a field in its list; a `const` context finds a misspelt name when the program is compiled.
#[must_use]
pub const fn position(of: &[Field], name: &str) -> Option<usize> {
    let mut at = 0;
    while at < of.len() {
        if same(of[at].name.as_bytes(), name.as_bytes()) {
            return Some(at);
        }
        at += 1;
    }
    None
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// A field that code reads by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// Its path in the document; of a setting of routes, its name.
    pub path: &'static str,
    /// Its place in its list.
    pub at: usize,
}

impl Row {
    /// The row at a path, which ends with its name. For `const` alone.
    ///
    /// # Panics
    /// When no field has the name: in a `const`, an error of the compiler.
    #[must_use]
    pub const fn of(fields: &[Field], path: &'static str) -> Self {
        let mut start = path.len();
        while start > 0 && path.as_bytes()[start - 1] != b'.' {
            start -= 1;
        }
        let name = path.split_at(start).1;
        let at = if let Some(at) = position(fields, name) {
            at
        } else {
            fields.len()
        };
        assert!(at < fields.len(), "no field has this name");
        Self { name, path, at }
    }
}

/// Constants for rows of a list, each by its path.
macro_rules! rows {
    ($list:ident: $($row:ident = $path:literal,)*) => {
        $(#[doc = concat!("`", $path, "`.")] pub const $row: $crate::model::catalogue::Row =
            $crate::model::catalogue::Row::of($list, $path);)*
    };
}
pub(super) use rows;
