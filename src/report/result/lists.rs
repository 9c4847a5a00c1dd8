//! The long lists of a result. They are interned while they are read, so that a large result is never held twice.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde_json::{Value, json};

use super::interner::Interner;
use super::json::{Described, Name, Text};
use super::records::{Finding, Stage, Undecided, WaiverOf};
use crate::model::Path;
use crate::model::finding::{self, StageName, Violation, Waived};

/// A list in the model's types, in which rules and waivers have the numbers of its own interner.
pub struct Interned<T: Listed> {
    /// The elements.
    pub list: T::List,
    /// The names of the numbers.
    pub names: Interner,
}

/// An element of such a list.
pub trait Listed: Sized {
    /// The list in the model's types.
    type List: Default;

    /// Adds the element, or returns what is wrong with it.
    fn add(self, list: &mut Self::List, names: &mut Interner) -> Result<(), &'static str>;
}

impl<'de, T: Listed + Deserialize<'de>> Deserialize<'de> for Interned<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(Elements(PhantomData))
    }
}

struct Elements<T>(PhantomData<T>);

impl<'de, T: Listed + Deserialize<'de>> Visitor<'de> for Elements<T> {
    type Value = Interned<T>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Interned<T>, A::Error> {
        let (mut list, mut names) = (T::List::default(), Interner::default());
        while let Some(element) = from.next_element::<T>()? {
            element
                .add(&mut list, &mut names)
                .map_err(A::Error::custom)?;
        }
        Ok(Interned { list, names })
    }
}

impl<T: Listed + Described> Described for Interned<T> {
    fn schema() -> Value {
        Vec::<T>::schema()
    }
}

/// The violations of each severity, worst first.
impl Listed for Finding<'_> {
    type List = [Vec<Violation>; 5];

    fn add(self, list: &mut Self::List, names: &mut Interner) -> Result<(), &'static str> {
        let Name(severity) = self.severity;
        list[severity.rank()].push(self.violation(names)?);
        Ok(())
    }
}

impl Finding<'_> {
    fn violation(self, names: &mut Interner) -> Result<Violation, &'static str> {
        let path = path(self.path.as_deref(), self.segments.0.as_deref())?;
        Ok(Violation {
            rule: names.rule(&self.rule),
            origin: self.origin.0,
            reading: self.reading.0.map(|reading| reading.0),
            expired: self.expired_waiver.0.map(|waiver| names.waiver(waiver)),
            stage: names.stage(self.stage.value().ok_or("missing field `stage`")?),
            route: names.optional(self.route.as_deref()),
            path: path.map(|path| names.path(path)),
            expected: names.text(&self.expected),
            actual: self.actual.0.into_owned(),
        })
    }
}

/// The path of a setting, which an earlier version wrote without its segments: it is shown as one name.
fn path(path: Option<&str>, segments: Option<&[Text<'_>]>) -> Result<Option<Path>, &'static str> {
    let Some(segments) = segments else {
        return Ok(path.map(|text| Path::named([text])));
    };
    let named = Path::named(segments.iter().map(|segment| &**segment));
    if (!segments.is_empty()).then(|| named.text()) != path {
        return Err("`path` and `segments` of a violation differ");
    }
    Ok(path.map(|_| named))
}

/// A violation with the waiver that tolerates it.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct WaivedFinding<'a>(#[serde(borrow)] Finding<'a>);

impl Described for WaivedFinding<'_> {
    fn schema() -> Value {
        json!({"allOf": [Finding::schema()], "required": ["waiver"]})
    }
}

impl Listed for WaivedFinding<'_> {
    type List = Vec<Waived>;

    fn add(self, list: &mut Self::List, names: &mut Interner) -> Result<(), &'static str> {
        let Self(mut finding) = self;
        let waiver: WaiverOf<'_> = finding.waiver.0.take().ok_or("missing field `waiver`")?;
        let waiver = names.waiver(waiver);
        list.push(Waived {
            violation: finding.violation(names)?,
            waiver,
        });
        Ok(())
    }
}

impl Listed for Undecided<'_> {
    type List = Vec<finding::Undecided>;

    fn add(self, list: &mut Self::List, names: &mut Interner) -> Result<(), &'static str> {
        list.push(finding::Undecided {
            rule: names.rule(&self.rule),
            stage: names.stage(self.stage.value().ok_or("missing field `stage`")?),
            route: names.optional(self.route.as_deref()),
            path: names.optional(self.path.as_deref()),
            reason: names.text(&self.reason),
        });
        Ok(())
    }
}

/// A stage that no rule governs.
impl Listed for Stage<'_> {
    type List = Vec<Arc<StageName>>;

    fn add(self, list: &mut Self::List, names: &mut Interner) -> Result<(), &'static str> {
        list.push(names.stage(&self));
        Ok(())
    }
}
