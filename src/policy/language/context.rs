//! The context of a pattern: the stage, and what the answer may depend on beside it.

use std::borrow::Cow;

use super::truth::Use;
use crate::model::Document;
use crate::model::catalogue::{Field, Kind, STAGE_FIELD};
use crate::model::digest;
use crate::model::protocol::Protocol;
use crate::model::value::{NOT_STATED, UNSET, Value};

/// The row of the document as a whole.
pub static DOCUMENT: Field = STAGE_FIELD;

/// The account of an example that names none: AWS's own example account.
pub const EXAMPLE_ACCOUNT: &str = "111122223333";
/// The Region of an example that names none.
pub const EXAMPLE_REGION: &str = "us-east-1";

/// The stage that a pattern is tried on, and everything else its answer depends on.
#[derive(Clone, Copy)]
pub struct Context<'d> {
    /// The stage.
    pub document: &'d Document<'d>,
    /// The protocol that the stage is taken to have.
    pub protocol: Protocol,
    /// The part of a rule that the pattern is in.
    pub used: Use,
    /// The row of the value.
    pub field: &'static Field,
    /// The key, for a value of a map.
    pub key: Option<&'d str>,
    /// The key of the route looked at; unset for the stage default.
    pub route: &'d Value<'d>,
    /// True if values that should not be read by everyone are shown as digests.
    pub hide: bool,
    /// True for the text at a key that fits a glob: an empty one is a text there, and not an unset value.
    pub empty_is_text: bool,
}

impl<'d> Context<'d> {
    /// The top of a document.
    #[must_use]
    pub fn top(document: &'d Document<'d>, protocol: Protocol, used: Use) -> Self {
        Context {
            document,
            protocol,
            used,
            field: &DOCUMENT,
            key: None,
            route: &UNSET,
            hide: true,
            empty_is_text: false,
        }
    }

    /// The same, with every value shown as it is if `show_values`.
    #[must_use]
    pub fn showing(self, show_values: bool) -> Self {
        Context {
            hide: !show_values,
            ..self
        }
    }

    /// A text of the document as a report may show it, given the key that it has in a map.
    #[must_use]
    pub fn shown<'t>(&self, key: Option<&str>, text: &'t str) -> Cow<'t, str> {
        if self.hide {
            digest::shown(self.document.account, key, text)
        } else {
            Cow::Borrowed(text)
        }
    }

    /// The value of a key that fits a glob.
    pub(crate) fn at_key<'k>(&self, key: &'k str, field: &'static Field) -> Context<'k>
    where
        'd: 'k,
    {
        Context {
            field,
            key: Some(key),
            empty_is_text: matches!(field.kind, Kind::Text),
            ..*self
        }
    }

    /// The same under a `not`.
    #[must_use]
    pub fn under_not(self) -> Self {
        Context {
            used: self.used.turned(),
            ..self
        }
    }

    /// The same while nothing is known of the routes.
    #[must_use]
    pub fn any_route(self) -> Self {
        Context {
            route: &NOT_STATED,
            ..self
        }
    }
}
