//! Selectors of accounts: one WHO of `--accounts` and `--exclude-account`. It must not call AWS.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// One WHO: the accounts that it selects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Selector {
    /// An account, by its id.
    Account(String),
    /// An organizational unit or a root, by its id: the accounts in it and in all units below it.
    Unit(String),
    /// A glob over the accounts' names.
    Name(String),
}

/// A text that is not a WHO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotASelector {
    text: String,
    why: String,
}

impl Selector {
    /// True if an account is selected; `units` has the accounts of organizational units, by the units' ids.
    pub(crate) fn matches(
        &self,
        id: &str,
        name: &str,
        units: &BTreeMap<String, BTreeSet<String>>,
    ) -> bool {
        match self {
            Self::Account(account) => account == id,
            Self::Unit(unit) => units.get(unit).is_some_and(|ids| ids.contains(id)),
            Self::Name(glob) => fits(glob, name),
        }
    }
}

/// True for the twelve digits of an account.
#[must_use]
pub fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl FromStr for Selector {
    type Err = NotASelector;

    fn from_str(text: &str) -> Result<Self, NotASelector> {
        let not = |why: String| {
            Err(NotASelector {
                text: text.to_owned(),
                why,
            })
        };
        let is_glob = text.contains(['*', '?']);
        if text.is_empty() || text.trim() != text {
            return not(
                "it has to be an account id, the id of an organizational unit, or a name"
                    .to_owned(),
            );
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return match text.len() {
                12 => Ok(Self::Account(text.to_owned())),
                digits => not(format!(
                    "an account id has 12 digits, and this has {digits}"
                )),
            };
        }
        if !is_glob && (text.starts_with("ou-") || text.starts_with("r-")) {
            // A mistyped id must not become a name that no account has.
            return if is_unit(text) {
                Ok(Self::Unit(text.to_owned()))
            } else {
                let glob = format!("?{}", &text[1..]);
                not(format!(
                    "the ids of units look like ou-ab12-1a2b3c4d, those of roots like r-ab12; for a name, write {glob:?}"
                ))
            };
        }
        Ok(Self::Name(text.to_owned()))
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Account(text) | Self::Unit(text) | Self::Name(text)) = self;
        out.write_str(text)
    }
}

impl fmt::Display for NotASelector {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?} names no account: {}", self.text, self.why)
    }
}

impl std::error::Error for NotASelector {}

/// True for the id of a unit or a root, by the patterns of Organizations' API reference.
fn is_unit(text: &str) -> bool {
    let part = |part: &str, least: usize| {
        (least..=32).contains(&part.len())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    match text.split('-').collect::<Vec<_>>().as_slice() {
        ["ou", root, unit] => part(root, 4) && part(unit, 8),
        ["r", root] => part(root, 4),
        _ => false,
    }
}

/// True if a glob matches the whole text: `*` is any run of characters, `?` is one, all else is itself.
fn fits(glob: &str, text: &str) -> bool {
    let (glob, text): (Vec<char>, Vec<char>) = (glob.chars().collect(), text.chars().collect());
    let (mut at_glob, mut at_text) = (0, 0);
    // The positions to continue from after a mismatch: the last `*` takes one more character.
    let mut retry: Option<(usize, usize)> = None;
    while at_text < text.len() {
        match glob.get(at_glob) {
            Some('*') => {
                retry = Some((at_glob + 1, at_text));
                at_glob += 1;
            }
            Some(c) if *c == '?' || *c == text[at_text] => {
                (at_glob, at_text) = (at_glob + 1, at_text + 1);
            }
            _ => match retry {
                Some((after, from)) => {
                    (at_glob, at_text) = (after, from + 1);
                    retry = Some((after, from + 1));
                }
                None => return false,
            },
        }
    }
    glob[at_glob..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Selector {
        text.parse().unwrap()
    }

    #[test]
    fn a_selector_is_an_id_a_unit_or_a_name() {
        assert_eq!(of("111122223333"), Selector::Account("111122223333".into()));
        for unit in ["ou-ab12-1a2b3c4d", "r-ab12"] {
            assert_eq!(of(unit), Selector::Unit(unit.into()));
        }
        for name in [
            "Payments",
            "team-*",
            "r-*",
            "?u-finance",
            "1111*",
            "Prod (EU)",
        ] {
            assert_eq!(of(name), Selector::Name(name.into()));
            assert_eq!(of(name).to_string(), name);
        }
    }

    #[test]
    fn an_invalid_selector_has_its_reason() {
        for (text, words) in [
            ("", "account id"),
            (" prod", "account id"),
            ("11112222333", "has 12 digits, and this has 11"),
            ("1111222233334", "and this has 13"),
            ("ou-ab12", "ou-ab12-1a2b3c4d"),
            ("ou-ab12-1A2B3C4D", "ou-ab12-1a2b3c4d"),
            ("r-and-d", r#"write "?-and-d""#),
        ] {
            let error = text.parse::<Selector>().unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn a_selector_selects_its_accounts_only() {
        let units = BTreeMap::from([(
            "r-ab12".to_owned(),
            BTreeSet::from(["111122223333".to_owned()]),
        )]);
        for (who, meant) in [
            ("111122223333", true),
            ("111122223334", false),
            ("r-ab12", true),
            ("ou-ab12-1a2b3c4d", false),
            ("team-*-prod", true),
            ("team-pay", false),
            ("Team-*", false),
        ] {
            assert_eq!(
                of(who).matches("111122223333", "team-pay-prod", &units),
                meant,
                "{who}"
            );
        }
    }

    #[test]
    fn globs_fit_whole_texts() {
        for (glob, text, fitting) in [
            ("*", "", true),
            ("", "", true),
            ("a*b*c", "a1b2b3c", true),
            ("a*b*c", "a1b2", false),
            ("?", "é", true),
            ("?", "", false),
            ("*prod", "prod-prod", true),
            ("*aab", "aaab", true),
            ("[a]", "a", false),
        ] {
            assert_eq!(fits(glob, text), fitting, "{glob} {text}");
        }
    }
}
