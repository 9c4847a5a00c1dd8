//! A fleet, policies and waivers out of bytes: what a fuzzer changes, or a seed.

use std::sync::Arc;

use driftgate::check::{Inheritance, Options};
use driftgate::policy::read::waiver::{self, Waivers};
use driftgate::policy::text::diagnostic::SourceText;
use driftgate::policy::{Policies, load};
use jiff::civil::date;
use serde_json::{Map, Value as Json, json};

use crate::accept::accept;
use crate::generate::{self, Random};
use crate::judge::Rule;
use crate::schema::{API, Member, ROUTE, STAGE, Type};

pub const ACCOUNT: &str = "111122223333";
pub const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];
const NAMES: [&str; 4] = ["$default", "a", "ab", "prod"];

/// An API with its stages, as the AWS CLI spells them.
pub struct Api {
    pub region: &'static str,
    pub document: Json,
    pub stages: Vec<Json>,
}

/// Everything that an audit is about.
pub struct Case {
    pub rules: Vec<Rule>,
    pub policies: Arc<Policies>,
    pub waivers: Waivers,
    pub apis: Vec<Api>,
    pub options: Options,
    /// The texts of the policies and the waivers, for a failure.
    pub texts: Vec<String>,
}

impl Case {
    /// The case of some random choices. Rules and waivers that the loader refuses are left out.
    pub fn of(random: &mut Random) -> Self {
        let inherits: [&'static [bool]; 3] = [&[true], &[false], &[true, false]];
        let at = random.below(3);
        let options = Options {
            inheritance: [
                Inheritance::Inherit,
                Inheritance::Replace,
                Inheritance::Both,
            ][at],
            ..Options::default()
        };
        let (mut rules, mut texts) = (Vec::new(), Vec::new());
        // One rule alone leaves most settings unread.
        let most = [1, 2, 8][random.below(3)];
        for _ in 0..most {
            let rule = Rule {
                inherits: inherits[at],
                ..generate::rule(random)
            };
            let text = policy(&rule, &format!("p{}", rules.len()));
            if load(vec![source("p.yaml", &text)]).is_ok() {
                rules.push(rule);
                texts.push(text);
            }
        }
        let sources = (0..)
            .zip(&texts)
            .map(|(at, text): (usize, _)| source(&format!("{at}.yaml"), text))
            .collect();
        let policies = Arc::new(load(sources).unwrap_or_default());
        let apis = apis(random);
        let waivers = waivers(random, &rules, &apis);
        let loaded =
            waiver::load(&[source("w.yaml", &waivers)], date(2027, 1, 1)).unwrap_or_default();
        texts.push(waivers);
        Self {
            rules,
            policies,
            waivers: loaded,
            apis,
            options,
            texts,
        }
    }

    /// The stages with account, Region and API, as the oracle reads them.
    pub fn documents(&self) -> impl Iterator<Item = Json> {
        self.apis.iter().flat_map(|api| {
            api.stages.iter().map(|stage| {
                let mut document = stage.clone();
                document["api"] = api.document.clone();
                document["account"] = json!(ACCOUNT);
                document["region"] = json!(api.region);
                document["partition"] = json!("aws");
                document
            })
        })
    }
}

fn source(name: &str, text: &str) -> Arc<SourceText> {
    Arc::new(SourceText {
        name: name.into(),
        text: text.into(),
    })
}

/// A policy of one rule; YAML takes JSON as it is.
fn policy(rule: &Rule, name: &str) -> String {
    let mut own = json!({"id": "r", "title": "t", "severity": "low", "expect": rule.expect});
    let mut policy = json!({"policy": name});
    for (of, matches) in [
        (&mut own, &rule.rule_match),
        (&mut policy, &rule.policy_match),
    ] {
        if !matches.is_null() {
            of["match"] = matches.clone();
        }
    }
    policy["rules"] = json!([own]);
    policy.to_string()
}

/// A file of waivers; each that the loader refuses is left out.
fn waivers(random: &mut Random, rules: &[Rule], apis: &[Api]) -> String {
    let mut waivers = Vec::new();
    for _ in 0..random.below(16) {
        let at = random.below(rules.len().max(1));
        let mut waiver = json!({
            "rule": format!("p{at}/*"), "match": {"account": ACCOUNT}, "reason": "x", "owner": "y",
            "expires": if random.one_in(6) { "2026-12-31" } else { "2027-01-31" },
        });
        match random.below(8) {
            0 => waiver["match"] = generate::selection(random),
            1 => waiver["match"]["route"] = json!({"like": ["GET *", "$connect"]}),
            _ => {}
        }
        match (random.below(8), rules.get(at)) {
            (0, _) | (_, None) => {}
            (1, _) => waiver["accept"] = generate::selection(random),
            (_, Some(rule)) => {
                waiver["accept"] =
                    accept(random, &rule.expect).unwrap_or_else(|| generate::selection(random));
                let stages: Vec<&Json> = apis.iter().flat_map(|api| &api.stages).collect();
                if !stages.is_empty() {
                    let stage = stages[random.below(stages.len())];
                    beside(random, &mut waiver["accept"], stage);
                }
            }
        }
        let text = json!({"waivers": [&waiver]}).to_string();
        if waiver::load(&[source("w.yaml", &text)], date(2027, 1, 1)).is_ok() {
            waivers.push(waiver);
        }
    }
    json!({"waivers": waivers}).to_string()
}

/// Puts settings as they are on a stage beside those of an `accept`.
fn beside(random: &mut Random, accept: &mut Json, stage: &Json) {
    let (place, part, of) = if accept.get("each-route").is_some() {
        ("each-route", &stage["DefaultRouteSettings"], ROUTE)
    } else {
        ("any-of", stage, STAGE)
    };
    let mut agreeing = as_it_is(random, part, of);
    match random.below(4) {
        0 if place == "each-route" => accept[place] = json!({"any-of": [agreeing]}),
        1 if place == "each-route" => {
            let own = accept[place].as_object().cloned().unwrap_or_default();
            agreeing.extend(own);
            accept[place] = json!({"any-of": [agreeing]});
        }
        2 if place == "each-route" => accept[place] = json!({"any-of": [&accept[place], agreeing]}),
        1 => {
            agreeing.extend(accept.as_object().cloned().unwrap_or_default());
            *accept = json!({"any-of": [agreeing]});
        }
        _ => *accept = json!({"any-of": [&accept, agreeing]}),
    }
}

/// Demands of some members that hold on a stage.
fn as_it_is(random: &mut Random, part: &Json, of: &[Member]) -> Map<String, Json> {
    let mut pattern = Map::new();
    for (name, of, _) in of {
        match &part[*name] {
            value @ (Json::Bool(_) | Json::Number(_)) if random.one_in(2) => {
                pattern.insert((*name).into(), value.clone());
            }
            Json::String(text) if !text.is_empty() && random.one_in(2) => {
                pattern.insert((*name).into(), json!({"contains": text}));
            }
            Json::Null
                if matches!(of, Type::Text { .. } | Type::Whole | Type::Number)
                    && random.one_in(4) =>
            {
                pattern.insert((*name).into(), json!({"present": false}));
            }
            _ => {}
        }
    }
    pattern
}

fn apis(random: &mut Random) -> Vec<Api> {
    let count = 1 + random.below(4);
    let apis = (0..count).map(|at| {
        let protocol = if random.one_in(2) {
            "HTTP"
        } else {
            "WEBSOCKET"
        };
        let mut document = generate::members(random, API, 0);
        document.insert("ApiId".into(), json!(format!("a{at}")));
        document.insert("ProtocolType".into(), json!(protocol));
        document.insert("Name".into(), json!(["a", "ab", "b"][random.below(3)]));
        let mut stages = Vec::new();
        for name in NAMES {
            if !random.one_in(3) {
                let mut stage = generate::members(random, STAGE, 0);
                stage.insert("StageName".into(), json!(name));
                stage.insert("CreatedDate".into(), json!("2026-02-03T09:16:02Z"));
                // AWS always returns these.
                for map in ["RouteSettings", "StageVariables", "Tags"] {
                    stage.entry(map).or_insert_with(|| json!({}));
                }
                stages.push(existing(
                    &Json::Object(stage),
                    Type::Struct(STAGE),
                    protocol,
                ));
            }
        }
        let document = existing(&Json::Object(document), Type::Struct(API), protocol);
        Api {
            region: REGIONS[random.below(2)],
            document,
            stages,
        }
    });
    apis.collect()
}

/// The same without what the protocol lacks, which AWS never returns.
fn existing(value: &Json, of: Type, protocol: &str) -> Json {
    match (value, of) {
        (Json::Object(entries), Type::Struct(members)) => {
            let member = |key: &str| members.iter().find(|member: &&Member| member.0 == key);
            let has =
                |key: &str| member(key).is_none_or(|(.., on)| on.is_empty() || *on == protocol);
            let entries = entries
                .iter()
                .filter(|(key, _)| has(key))
                .map(|(key, value)| {
                    (
                        key.clone(),
                        member(key).map_or_else(
                            || value.clone(),
                            |(_, of, _)| existing(value, *of, protocol),
                        ),
                    )
                });
            Json::Object(entries.collect())
        }
        (Json::Object(entries), Type::Map(of)) => {
            // A route of WebSocket that no HTTP API can have.
            let has = |key: &str| protocol != "HTTP" || key != "$connect";
            let entries = entries.iter().filter(|(key, _)| has(key));
            let entries = entries.map(|(key, value)| (key.clone(), existing(value, *of, protocol)));
            Json::Object(entries.collect())
        }
        _ => value.clone(),
    }
}

/// The same in the spelling of the wire: names of members begin in lower case, keys of maps are as they are.
pub fn on_the_wire(value: &Json, of: Type) -> Json {
    match (value, of) {
        (Json::Object(entries), Type::Struct(members)) => {
            let entries = entries.iter().map(|(key, value)| {
                let of = members
                    .iter()
                    .find(|member| member.0 == key)
                    .map(|(_, of, _)| *of);
                let value = of.map_or_else(|| value.clone(), |of| on_the_wire(value, of));
                (key[..1].to_lowercase() + &key[1..], value)
            });
            Json::Object(entries.collect())
        }
        (Json::Object(entries), Type::Map(of)) => Json::Object(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), on_the_wire(value, *of)))
                .collect(),
        ),
        _ => value.clone(),
    }
}
