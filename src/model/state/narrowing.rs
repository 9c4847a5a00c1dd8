//! The part of a fleet that a source was narrowed to, and the names that were asked for and not found. It must not know
//! where stages come from.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::gap::{Gap, GapCode};
use super::shard::Shard;
use crate::model::protocol::Protocol;

/// The APIs and stages that an audit is narrowed to; empty lists mean all.
#[derive(Debug, Default, Clone)]
pub struct Selection {
    /// Identifiers of APIs.
    pub apis: Vec<String>,
    /// Names of stages.
    pub stages: Vec<String>,
    /// Protocols of APIs.
    pub protocols: Vec<Protocol>,
}

impl Selection {
    /// True if an API is selected by its id. An API whose id is not stated may be the selected one.
    #[must_use]
    pub fn has_api(&self, api_id: Option<&str>) -> bool {
        self.apis.is_empty()
            || api_id.is_none_or(|id| self.apis.iter().any(|selected| selected == id))
    }

    /// True if APIs of a protocol are selected. One whose protocol is not stated may be of a selected one.
    #[must_use]
    pub fn has_protocol(&self, name: Option<&str>) -> bool {
        self.protocols.is_empty()
            || name.is_none_or(|name| {
                self.protocols
                    .iter()
                    .any(|selected| selected.name() == name)
            })
    }

    /// True if the stages of every API are looked at.
    #[must_use]
    pub fn has_all_apis(&self) -> bool {
        self.apis.is_empty() && self.protocols.is_empty()
    }

    /// True if a stage of that name is selected.
    #[must_use]
    pub fn has_stage(&self, name: Option<&str>) -> bool {
        self.stages.is_empty()
            || name.is_some_and(|name| self.stages.iter().any(|selected| selected == name))
    }
}

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
        Self {
            api: selection.apis.clone(),
            stage: selection.stages.clone(),
            protocol: protocol_names(selection),
            shard,
            ..Self::default()
        }
    }

    /// True if nothing is left out.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The same, narrowed further. Names outside it are the business of the caller: they were not looked for.
    #[must_use]
    pub fn further(self, selection: &Selection) -> Self {
        let Self {
            mut api,
            mut stage,
            mut protocol,
            ..
        } = self;
        for (mine, named) in [
            (&mut api, &selection.apis),
            (&mut stage, &selection.stages),
            (&mut protocol, &protocol_names(selection)),
        ] {
            if !named.is_empty() {
                mine.clone_from(named);
            }
        }
        Self {
            api,
            stage,
            protocol,
            ..self
        }
    }

    /// The flags that narrow so, each with its value.
    #[must_use]
    pub fn flags(&self) -> Vec<(&str, String)> {
        let lists = [
            ("api", &self.api),
            ("stage", &self.stage),
            ("protocol", &self.protocol),
        ];
        let mut flags: Vec<(&str, String)> = lists
            .into_iter()
            .flat_map(|(flag, names)| names.iter().map(move |name| (flag, name.clone())))
            .collect();
        flags.extend(self.shard.map(|shard| ("shard", shard.to_string())));
        let text = |value: &serde_json::Value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        };
        flags.extend(
            self.other
                .iter()
                .map(|(flag, value)| (flag.as_str(), text(value))),
        );
        flags
    }
}

fn protocol_names(selection: &Selection) -> Vec<String> {
    let names = selection.protocols.iter().map(|one| one.name().to_owned());
    names.collect()
}

/// The names given by flags that a source came upon.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundNames {
    /// Identifiers of APIs.
    pub apis: BTreeSet<String>,
    /// Names of stages.
    pub stages: BTreeSet<String>,
}

impl FoundNames {
    /// Notes an API if a flag names it.
    pub fn api(&mut self, selection: &Selection, id: &str) {
        note(&mut self.apis, &selection.apis, id);
    }

    /// Notes a stage if a flag names it.
    pub fn stage(&mut self, selection: &Selection, name: &str) {
        note(&mut self.stages, &selection.stages, name);
    }

    /// Adds what was found elsewhere.
    pub fn add(&mut self, other: Self) {
        self.apis.extend(other.apis);
        self.stages.extend(other.stages);
    }
}

fn note(found: &mut BTreeSet<String>, selected: &[String], name: &str) {
    if !found.contains(name) && selected.iter().any(|selected| selected == name) {
        found.insert(name.to_owned());
    }
}

/// A gap for each name given by a flag that is nowhere: most likely mistyped. What could not be read (`gaps`) may hold
/// it, and is a gap already; so a name that may be there has none. `within` is what the source itself was narrowed to.
#[must_use]
pub fn missing_names(
    selection: &Selection,
    within: &Narrowing,
    found: &FoundNames,
    gaps: &[Gap],
) -> Vec<Gap> {
    let may_hold_api = |id: &String| {
        gaps.iter()
            .any(|gap| gap.api_id.as_ref().is_none_or(|of| of == id))
    };
    let may_hold_stage = |name: &String| {
        gaps.iter()
            .any(|gap| gap.stage.as_ref().is_none_or(|of| of == name))
    };
    let outside = |names: &[String], name: &String| !names.is_empty() && !names.contains(name);
    let mut missing = Vec::new();
    for id in &selection.apis {
        if found.apis.contains(id) {
        } else if outside(&within.api, id) {
            missing.push(Gap {
                api_id: Some(id.clone()),
                ..not_looked_for("--api", &within.api, id)
            });
        } else if !may_hold_api(id) {
            missing.push(Gap {
                api_id: Some(id.clone()),
                operation: "GetApis".to_owned(),
                message: format!("no API has the id {id}, in any account and Region that was read"),
                hint: "correct --api, or name the account and the Region that the API is in"
                    .to_owned(),
                ..unfound()
            });
        }
    }
    for name in &selection.stages {
        if found.stages.contains(name) {
        } else if outside(&within.stage, name) {
            missing.push(Gap {
                stage: Some(name.clone()),
                ..not_looked_for("--stage", &within.stage, name)
            });
        } else if !may_hold_stage(name) {
            missing.push(Gap {
                stage: Some(name.clone()),
                operation: "GetStages".to_owned(),
                message: format!("no API that was read has a stage {name}"),
                hint: "correct --stage (case counts), or leave it out".to_owned(),
                ..unfound()
            });
        }
    }
    for name in protocol_names(selection) {
        if outside(&within.protocol, &name) {
            missing.push(not_looked_for("--protocol", &within.protocol, &name));
        }
    }
    missing.sort();
    missing.dedup();
    missing
}

fn unfound() -> Gap {
    Gap {
        code: GapCode::NotFound.into(),
        ..Gap::default()
    }
}

fn not_looked_for(flag: &str, within: &[String], name: &str) -> Gap {
    let only: Vec<String> = within.iter().map(|name| format!("{flag} {name}")).collect();
    Gap {
        operation: "snapshot".to_owned(),
        message: format!(
            "the snapshot was taken with {} and did not look for {name}",
            only.join(" ")
        ),
        hint: format!("take the snapshot again with {flag} {name}, or without {flag}"),
        ..unfound()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_without_names_is_everything() {
        let all = Selection::default();
        assert!(
            all.has_api(None)
                && all.has_api(Some("a"))
                && all.has_stage(Some("prod"))
                && all.has_stage(None)
        );
        let some = Selection {
            apis: vec!["a".into()],
            stages: vec!["prod".into()],
            protocols: vec![Protocol::Http],
        };
        assert!(some.has_api(Some("a")) && some.has_api(None) && !some.has_api(Some("b")));
        assert!(
            some.has_stage(Some("prod")) && !some.has_stage(Some("dev")) && !some.has_stage(None)
        );
        assert!(all.has_protocol(Some("REST")) && all.has_protocol(None) && all.has_all_apis());
        assert!(
            some.has_protocol(Some("HTTP"))
                && some.has_protocol(None)
                && !some.has_protocol(Some("WEBSOCKET"))
                && !some.has_all_apis()
        );
    }

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
        assert_eq!(
            narrowing.flags(),
            [("shard", "2/3".to_owned()), ("tag", "team=a".to_owned())]
        );
    }

    #[test]
    fn flags_narrow_further_and_leave_the_rest() {
        let selection = Selection {
            apis: vec!["b".into()],
            ..Selection::default()
        };
        let narrowed =
            read(r#"{"api":["a","b"],"stage":["prod"],"shard":"1/2"}"#).further(&selection);
        assert_eq!(
            narrowed,
            read(r#"{"api":["b"],"stage":["prod"],"shard":"1/2"}"#)
        );
    }

    #[test]
    fn a_name_that_is_nowhere_is_a_gap_unless_what_was_not_read_may_hold_it() {
        let list = |names: &[&str]| {
            names
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<String>>()
        };
        let selection = Selection {
            apis: list(&["a", "zz"]),
            stages: list(&["prod", "typo"]),
            ..Selection::default()
        };
        let mut found = FoundNames::default();
        for id in ["a", "other"] {
            found.api(&selection, id);
        }
        for name in ["prod", "dev"] {
            found.stage(&selection, name);
        }
        assert_eq!((found.apis.len(), found.stages.len()), (1, 1));
        let missing =
            |within: &str, gaps: &[Gap]| {
                let gaps = missing_names(&selection, &read(within), &found, gaps);
                assert!(gaps.iter().all(|gap| gap.account.is_none()
                    && gap.region.is_none()
                    && !gap.hint.is_empty()));
                gaps.into_iter()
                    .map(|gap| (gap.api_id.or(gap.stage).unwrap(), gap.operation))
                    .collect::<Vec<_>>()
            };
        let of = |name: &str, operation: &str| (name.to_owned(), operation.to_owned());
        assert_eq!(
            missing("{}", &[]),
            [of("typo", "GetStages"), of("zz", "GetApis")]
        );
        assert_eq!(
            missing(r#"{"api":["a"]}"#, &[]),
            [of("typo", "GetStages"), of("zz", "snapshot")]
        );
        assert_eq!(
            missing(r#"{"stage":["prod"]}"#, &[]),
            [of("typo", "snapshot"), of("zz", "GetApis")]
        );
        // A Region that could not be read may hold both, an API that could not be read only the stage.
        assert_eq!(missing("{}", &[Gap::default()]), []);
        let api = Gap {
            api_id: Some("b".to_owned()),
            ..Gap::default()
        };
        assert_eq!(
            missing("{}", std::slice::from_ref(&api)),
            [of("zz", "GetApis")]
        );
        let stage = Gap {
            stage: Some("prod".to_owned()),
            ..api
        };
        assert_eq!(
            missing("{}", &[stage]),
            [of("typo", "GetStages"), of("zz", "GetApis")]
        );
        // Nor does one of HTTP APIs know anything of others.
        let of_http = Selection {
            protocols: vec![Protocol::Http, Protocol::WebSocket],
            ..Selection::default()
        };
        let missing_of = |within: &str| {
            let gaps = missing_names(&of_http, &read(within), &FoundNames::default(), &[]);
            gaps.into_iter().map(|gap| gap.message).collect::<Vec<_>>()
        };
        assert_eq!(missing_of("{}"), [""; 0]);
        assert_eq!(
            missing_of(r#"{"protocol":["HTTP"]}"#),
            ["the snapshot was taken with --protocol HTTP and did not look for WEBSOCKET"]
        );
        // A snapshot that did not look for a name cannot have missed it.
        assert_eq!(
            missing(r#"{"api":["a"]}"#, &[Gap::default()]),
            [of("zz", "snapshot")]
        );
    }
}
