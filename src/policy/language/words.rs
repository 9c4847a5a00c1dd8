//! A pattern in words: what it expects of one stage, and what it demands of any.

use super::context::Context;
use super::pattern::Pattern;
use super::truth::Truth;
use crate::model::value::UNSET;

impl Pattern {
    /// The pattern in words, for `expected`.
    #[must_use]
    pub fn words(&self, at: &Context<'_>) -> String {
        let all = |of: &[Self]| {
            let left: Vec<String> = of
                .iter()
                .filter(|pattern| pattern.truth(&UNSET, at) != Truth::Dropped)
                .map(|pattern| pattern.words(at))
                .collect();
            left
        };
        match self {
            Self::All(of) => all(of).join(" and "),
            Self::Any(of, _) => match all(of).as_slice() {
                [one] => one.clone(),
                several => format!("any of: {}", several.join("; or ")),
            },
            Self::Not(inner, _) => format!("not {}", inner.words(at)),
            Self::Member { field, inner, .. } | Self::Top { field, inner, .. } => inner
                .words_under(
                    field.name,
                    &Context {
                        field,
                        key: at.key,
                        ..*at
                    },
                ),
            Self::Entry { key, field, inner } => inner.words_under(
                key,
                &Context {
                    field,
                    key: Some(key),
                    ..*at
                },
            ),
            Self::Entries {
                written,
                field,
                inner,
                ..
            } => inner.words_under(&format!("every {written}"), &Context { field, ..*at }),
            Self::SomeEntry {
                written, present, ..
            } => some_key(written, *present),
            Self::Tests(setting) => setting
                .tests
                .iter()
                .map(|one| one.test.expected(at))
                .collect::<Vec<_>>()
                .join(" and "),
        }
    }

    fn words_under(&self, name: &str, at: &Context<'_>) -> String {
        let words = self.words(at);
        match self {
            Self::Member { .. } | Self::Entry { .. } => format!("{name}.{words}"),
            Self::All(parts)
                if parts
                    .iter()
                    .any(|part| !matches!(part, Self::Tests(_) | Self::Not(..))) =>
            {
                format!("{name} ({words})")
            }
            _ => format!("{name}: {words}"),
        }
    }

    /// The demand on one value, on one line; `None` for a pattern about several settings.
    #[must_use]
    pub fn demand(&self) -> Option<String> {
        let all = |of: &[Self]| of.iter().map(Self::demand).collect::<Option<Vec<_>>>();
        match self {
            Self::Tests(setting) => Some(
                setting
                    .tests
                    .iter()
                    .map(|one| one.test.demand())
                    .collect::<Vec<_>>()
                    .join(", "),
            ),
            Self::All(of) => Some(all(of)?.join(", ")),
            Self::Any(of, _) if of.len() > 1 => Some(format!("either {}", all(of)?.join(" or "))),
            Self::Any(of, _) => Some(all(of)?.concat()),
            Self::Not(inner, _) => Some(match &**inner {
                Self::Any(of, _) if of.len() > 1 => format!("neither {}", all(of)?.join(" nor ")),
                Self::All(of) if of.len() > 1 => format!("not all of {}", inner.demand()?),
                Self::Tests(setting) if setting.tests.len() > 1 => {
                    format!("not all of {}", inner.demand()?)
                }
                one => format!("not {}", one.demand()?),
            }),
            _ => None,
        }
    }
}

/// The demand that a key that fits a glob is there, or none.
#[must_use]
pub fn some_key(glob: &str, present: bool) -> String {
    let many = if present { "at least one" } else { "no" };
    if glob == "*" {
        format!("{many} key")
    } else {
        format!("{many} key like {glob}")
    }
}
