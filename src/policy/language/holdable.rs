//! The one place that asks a row of the catalogue which texts its field can hold, and holds every demand on a text
//! against them: one that no such text meets is a mistake.

use std::borrow::Cow;
use std::ops::Range;

use crate::model::catalogue::{Field, Form, Kind};
use crate::policy::language::dialect;
use crate::policy::language::glob::Glob;
use crate::policy::language::template::Template;
use crate::policy::language::texts::Texts;
use crate::policy::text::diagnostic::Problems;
use crate::policy::text::scalar::written;

/// A demand on a text.
#[derive(Clone, Copy, Debug)]
pub enum Demand<'t> {
    /// It is this text.
    Is(&'t Template),
    /// It fits this glob.
    Like(&'t Template),
    /// It has this part.
    Contains(&'t str),
    /// A regular expression is found in it.
    Matches(&'t str),
}

/// The texts that a field can hold, or the keys of a map can be.
pub struct Holdable {
    /// The field, or the key, in messages.
    called: String,
    /// True for a key of a map, which no test can stand for.
    is_key: bool,
    regex: Cow<'static, str>,
    /// The texts in words; `None` when it may be any text.
    words: Option<Cow<'static, str>>,
    meant: fn(&str) -> Option<String>,
}

impl Holdable {
    /// The texts of a field, which messages call so.
    #[must_use]
    pub fn of(field: &Field, called: &str) -> Self {
        let any = Self::any(format!("`{called}`"));
        match (field.kind, field.form) {
            (Kind::OneOf(names), _) => Self {
                regex: names.join("|").into(),
                words: Some(format!("one of {}", names.join(", ")).into()),
                ..any
            },
            (_, Some(form)) => any.limited(form),
            (_, None) => any,
        }
    }

    fn any(called: String) -> Self {
        Self {
            called,
            is_key: false,
            regex: "(?s).*".into(),
            words: None,
            meant: |_| None,
        }
    }

    fn limited(self, form: &'static Form) -> Self {
        Self {
            regex: form.regex.into(),
            words: Some(form.words.into()),
            meant: form.meant,
            ..self
        }
    }

    /// The texts of the elements of a list.
    #[must_use]
    pub fn elements(list: &Field, element: &Field) -> Self {
        Self {
            called: format!("an element of `{}`", list.name),
            ..Self::of(element, list.name)
        }
    }

    /// True if not every text can be held.
    #[must_use]
    pub const fn is_limited(&self) -> bool {
        self.words.is_some()
    }

    /// The keys of a map; `None` when they may be any.
    #[must_use]
    pub fn keys(map: &Field) -> Option<Self> {
        let form = map.form?;
        let key = Self {
            is_key: true,
            ..Self::any(format!("a key of `{}`", map.name))
        };
        Some(key.limited(form))
    }

    /// The texts, as help.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        let words = self.words.as_ref()?;
        Some(format!("it is always {words}"))
    }

    /// True if a text that can be held may meet the demand.
    #[must_use]
    pub fn may_meet(&self, demand: Demand<'_>) -> bool {
        let texts = match demand {
            Demand::Is(text) => Texts::whole(&text.regex(false)),
            Demand::Like(glob) => Texts::whole(&glob.regex(true)),
            Demand::Contains(part) => Texts::containing(&regex::escape(part)),
            Demand::Matches(regex) => Texts::containing(regex),
        };
        match (texts, Texts::whole(&self.regex)) {
            (Some(texts), Some(held)) => texts.may_share(&held),
            _ => true,
        }
    }

    /// Notes a demand that no text meets, and tells if one may.
    pub fn check(&self, demand: Demand<'_>, span: &Range<usize>, problems: &mut Problems) -> bool {
        if self.may_meet(demand) {
            return true;
        }
        let called = &self.called;
        let (title, instead) = match demand {
            Demand::Is(text) => {
                let text = text.written();
                let other = dialect::of_text(text).filter(|_| !self.is_key);
                let other = other.map(|of| format!("{{{}}}", of.instead));
                let meant = (self.meant)(text).map(|meant| {
                    if Glob::is_glob(&meant) && !self.is_key {
                        format!("{{like: {}}}", written(&meant))
                    } else {
                        written(&meant)
                    }
                });
                (format!("{called} is never `{text}`"), other.or(meant))
            }
            Demand::Like(glob) => {
                let glob = glob.written();
                let other = dialect::of_text(glob).filter(|_| !self.is_key);
                let other = other.map(|of| of.instead);
                let meant = (self.meant)(glob).map(|meant| written(&meant));
                (format!("{called} is never like `{glob}`"), other.or(meant))
            }
            Demand::Contains(part) => (format!("{called} never contains `{part}`"), None),
            Demand::Matches(regex) => {
                let other = dialect::of_regex(regex).map(|of| of.instead);
                (format!("{called} never matches `{regex}`"), other)
            }
        };
        let help = instead.map(|instead| format!("write `{instead}`"));
        let holds = self.words();
        problems.note(
            span,
            title,
            "no text that it can be fits",
            help.into_iter().chain(holds),
        );
        false
    }
}
