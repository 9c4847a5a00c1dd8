//! The part of a fleet that a source was narrowed to, and the names that were asked for and not found. It must not know
//! where stages come from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::feed::Selection;
use super::shard::Shard;

/// The part of a fleet that was looked at. Nothing is known of the rest.
///
/// A snapshot keeps it in its header, under the names of the flags.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Narrowing {
    /// Identifiers of APIs (`--api`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub api: Vec<String>,
    /// Names of stages (`--stage`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stage: Vec<String>,
    /// Protocols (`--protocol`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub protocol: Vec<String>,
    /// The part of the accounts and Regions (`--shard`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// The kind of file that holds one API or one stage (`--from`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Narrowings that this version does not know. They count all the same.
    #[serde(flatten)]
    pub other: BTreeMap<String, serde_json::Value>,
}

impl Narrowing {
    /// The narrowing that flags ask for.
    #[must_use]
    pub fn of(selection: &Selection, shard: Option<Shard>) -> Self {
        Self { api: selection.apis.clone(), stage: selection.stages.clone(), shard, ..Self::default() }
    }

    /// True if nothing is left out.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The same, narrowed further. Names outside it are the business of the caller: they were not looked for.
    #[must_use]
    pub fn further(self, selection: &Selection) -> Self {
        let Self { mut api, mut stage, .. } = self;
        for (mine, named) in [(&mut api, &selection.apis), (&mut stage, &selection.stages)] {
            if !named.is_empty() {
                mine.clone_from(named);
            }
        }
        Self { api, stage, ..self }
    }

    /// The flags that narrow so, each with its value.
    #[must_use]
    pub fn flags(&self) -> Vec<(&str, String)> {
        let lists = [("api", &self.api), ("stage", &self.stage), ("protocol", &self.protocol)];
        let mut flags: Vec<(&str, String)> =
            lists.into_iter().flat_map(|(flag, names)| names.iter().map(move |name| (flag, name.clone()))).collect();
        flags.extend(self.shard.map(|shard| ("shard", shard.to_string())));
        let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        flags.extend(self.other.iter().map(|(flag, value)| (flag.as_str(), text(value))));
        flags
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Narrowing {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_is_written_is_read_back() {
        for json in [
            "{}",
            r#"{"api":["a1","b2"],"stage":["prod"],"protocol":["HTTP"],"shard":"2/3","from":"get-stages"}"#,
            r#"{"stage":["prod"],"tag":{"team":"a"}}"#,
        ] {
            assert_eq!(serde_json::to_string(&read(json)).unwrap(), json);
        }
        assert!(read("{}").is_none() && read(r#"{"api":[]}"#).is_none());
        assert!(serde_json::from_str::<Narrowing>(r#"{"shard":"3/2"}"#).is_err());
        assert!(serde_json::from_str::<Narrowing>(r#"{"api":["a"],"api":["b"]}"#).is_err());
    }

    #[test]
    fn a_narrowing_that_is_not_known_is_one() {
        let narrowing = read(r#"{"tag":"team=a","shard":"2/3"}"#);
        assert!(!narrowing.is_none());
        assert_eq!(narrowing.flags(), [("shard", "2/3".to_owned()), ("tag", "team=a".to_owned())]);
    }

    #[test]
    fn flags_narrow_further_and_leave_the_rest() {
        let selection = Selection { apis: vec!["b".into()], stages: Vec::new() };
        let narrowed = read(r#"{"api":["a","b"],"stage":["prod"],"shard":"1/2"}"#).further(&selection);
        assert_eq!(narrowed, read(r#"{"api":["b"],"stage":["prod"],"shard":"1/2"}"#));
    }
}
