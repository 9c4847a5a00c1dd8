//! The policy language a second time: a plain interpreter of patterns, as JSON, over documents, as JSON. It follows the
//! words of the guide and shares no code with driftgate.
//!
//! driftgate carries "not a question here" through four-valued truth; the oracle cuts it out of the pattern before
//! judging it (`expect`), or pushes every `not` down to the tests (`match`).

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use crate::document::not_stated;
use crate::schema::{DOCUMENT, Member, ROUTE, Type};
use crate::values::Answer::{No, Open, Yes};
use crate::values::{
    Answer, SECRET, empty_text, fits, fitting, is_digest, is_not_stated, is_unset, key_fits,
    meaning, presence, short, some_key, value_of,
};

/// A setting that fails: its path, and whether a finding below it is the same finding, as with `not`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub path: String,
    pub or_below: bool,
}

/// Verdict of a rule on a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    NotGoverned,
    Conforms,
    Violates(BTreeSet<Finding>),
    NotApplicable,
    Undecided,
}

struct Asked<'d> {
    document: &'d Json,
    protocol: &'d str,
}

/// A rule under its policy's `match`, and how partial route entries are read. Both `match`es may be null.
#[derive(Debug, Clone)]
pub struct Rule {
    pub policy_match: Json,
    pub rule_match: Json,
    pub expect: Json,
    /// True if an entry's missing settings come from the stage default; both, when a rule must hold either way.
    pub inherits: &'static [bool],
}

/// The verdict of a rule on a document.
pub fn verdict(rule: &Rule, document: &Json) -> Verdict {
    let on = |protocol| assuming(protocol, rule, document);
    if let Some(protocol @ ("HTTP" | "WEBSOCKET")) = document["api"]["ProtocolType"].as_str() {
        return on(protocol);
    }
    match (on("HTTP"), on("WEBSOCKET")) {
        (Verdict::Violates(one), Verdict::Violates(other)) => {
            let fails = |finding: &Finding| other.iter().any(|it| it.path == finding.path);
            let both: BTreeSet<Finding> = one
                .iter()
                .filter(|finding| fails(finding))
                .cloned()
                .collect();
            // It is violated whatever the protocol is, though not at one setting on both.
            Verdict::Violates(if both.is_empty() {
                one.into_iter().chain(other).collect()
            } else {
                both
            })
        }
        (one, other) if one == other => one,
        _ => Verdict::Undecided,
    }
}

fn assuming(protocol: &str, rule: &Rule, document: &Json) -> Verdict {
    let asked = Asked { document, protocol };
    let top = Type::Struct(DOCUMENT);
    // With `route` in `match`, a stage matches when its default or one of its routes does.
    let on_default = asked.matches(rule, &Json::Null);
    let entries = &document["RouteSettings"];
    let on_routes: Vec<(String, Answer)> = entries
        .as_object()
        .filter(|_| !is_not_stated(entries))
        .into_iter()
        .flatten()
        .map(|(key, _)| (key.clone(), asked.matches(rule, &json!(key))))
        .collect();
    let on_others = if is_not_stated(entries) {
        asked.matches(rule, &some_key())
    } else {
        No
    };
    let meant = on_routes
        .iter()
        .map(|(_, answer)| *answer)
        .chain([on_default, on_others])
        .max()
        .unwrap_or(No);
    if meant == No {
        return Verdict::NotGoverned;
    }

    let mut expect = rule.expect.as_object().cloned().unwrap_or_default();
    let each_route = expect.remove("each-route");
    let in_force: Vec<(String, Json)> = expect
        .remove("in-force")
        .and_then(|named| named.as_object().cloned())
        .into_iter()
        .flatten()
        .filter_map(|(key, pattern)| Some((key, asked.left(&pattern, Type::Struct(ROUTE))?)))
        .collect();
    let expect = asked.left(&Json::Object(expect), top);
    let each_route = each_route.and_then(|pattern| asked.left(&pattern, Type::Struct(ROUTE)));
    if expect.is_none() && each_route.is_none() && in_force.is_empty() {
        return Verdict::NotApplicable;
    }
    if meant == Open {
        return Verdict::Undecided;
    }
    let mut answer = Yes;
    let mut findings = Vec::new();
    if let Some(expect) = expect {
        answer = answer.min(asked.holds(&expect, top, document, true));
        asked.findings(&expect, top, document, "", &mut findings);
    }
    if let Some(Json::Object(parts)) = each_route {
        for (key, part) in parts {
            let mut names = BTreeSet::new();
            named(
                &json!({ &key: rule.expect["each-route"][&key] }),
                &mut names,
            );
            let part = json!({ key: part });
            // Entries that are not stated may be anything.
            if on_others != No {
                answer = answer.min(Open);
            }
            answer = answer.min(asked.demanded(
                on_default,
                &part,
                &document["DefaultRouteSettings"],
                "DefaultRouteSettings",
                &mut findings,
            ));
            for (key, chosen) in &on_routes {
                for inherits in rule.inherits {
                    // An inherited value is the default's, and reported there.
                    if let Some(settings) =
                        asked.in_force(key, *inherits, &names, on_default == Yes)
                    {
                        let path = format!("RouteSettings.{key}");
                        answer = answer.min(asked.demanded(
                            *chosen,
                            &part,
                            &settings,
                            &path,
                            &mut findings,
                        ));
                    }
                }
            }
        }
    }
    for (key, pattern) in in_force {
        answer = answer.min(asked.named_route(rule, &key, &pattern, &mut findings));
    }
    match answer {
        Yes => Verdict::Conforms,
        Open => Verdict::Undecided,
        No => Verdict::Violates(findings.into_iter().collect()),
    }
}

/// A violation as a waiver sees it.
pub struct Violated<'v> {
    /// The members and keys that lead to the setting; none where it is at no setting.
    pub place: Vec<&'v str>,
    pub route: Option<&'v str>,
    /// True if the failing value is in force on the route, so that the entry may have inherited it.
    pub in_force: bool,
}

/// True if an `accept` names the setting of a violation and holds as a whole where the violation is.
pub fn accepts(accept: &Json, protocol: &str, violated: &Violated<'_>, document: &Json) -> bool {
    let mut document = document.clone();
    if let Some(route) = violated.route.filter(|_| violated.in_force) {
        let inherited = Asked {
            document: &document,
            protocol,
        }
        .in_force(route, true, &BTreeSet::new(), false);
        document["RouteSettings"][route] = inherited.unwrap_or_default();
    }
    let asked = Asked {
        document: &document,
        protocol,
    };
    let mut accept = accept.clone();
    let each_route = accept
        .as_object_mut()
        .and_then(|entries| entries.remove("each-route"))
        .unwrap_or_default();
    let settings = match violated.route {
        Some(route) => value_of(value_of(&document, "RouteSettings"), route),
        None => value_of(&document, "DefaultRouteSettings"),
    };
    let missing = violated.route.is_none()
        && violated
            .place
            .last()
            .is_some_and(|key| key.contains(['*', '?']));
    let (top, of_route) = (Type::Struct(DOCUMENT), Type::Struct(ROUTE));
    let named = match violated.place.as_slice() {
        [] => false,
        place => {
            names(&accept, top, &document, place, missing)
                || match place {
                    ["DefaultRouteSettings", below @ ..] => {
                        names(&each_route, of_route, settings, below, false)
                    }
                    ["RouteSettings", _, below @ ..] if violated.route.is_some() => {
                        names(&each_route, of_route, settings, below, false)
                    }
                    _ => false,
                }
        }
    };
    let parts = [(accept, top, &document), (each_route, of_route, settings)];
    let answers: Vec<Answer> = parts
        .iter()
        .filter(|(pattern, ..)| pattern.is_object())
        .filter_map(|(pattern, of, value)| {
            Some(asked.holds(&asked.left(pattern, *of)?, *of, value, true))
        })
        .collect();
    named && answers.iter().min() == Some(&Yes)
}

/// True if a pattern names a setting: it has a test, a `not` or an `any-of` there, under others too.
fn names(pattern: &Json, of: Type, value: &Json, place: &[&str], missing: bool) -> bool {
    let scalar = !matches!(of, Type::Struct(_) | Type::Map(_));
    let Some((key, below)) = place.split_first() else {
        let words = ["not", "any-of", "present"];
        return scalar
            || pattern
                .as_object()
                .is_some_and(|entries| words.iter().any(|word| entries.contains_key(*word)));
    };
    match (pattern, of) {
        (Json::Array(keys), Type::Map(_)) => keys.iter().any(|key| {
            names(
                &json!({ key.as_str().unwrap(): {"present": true} }),
                of,
                value,
                place,
                missing,
            )
        }),
        (Json::Object(entries), _) => {
            entries
                .iter()
                .any(|(name, inner)| match (name.as_str(), of) {
                    ("present", _) => false,
                    ("not" | "any-of", _) => match inner {
                        // A list of patterns, though a pattern of a map may be a list of keys itself.
                        Json::Array(patterns) => patterns
                            .iter()
                            .any(|pattern| names(&bare(pattern, of), of, value, place, missing)),
                        one => names(&bare(one, of), of, value, place, missing),
                    },
                    (_, Type::Struct(members)) => {
                        let member = members.iter().find(|member| member.0 == name);
                        name == key
                            && member.is_some_and(|member| {
                                names(inner, member.1, value_of(value, name), below, missing)
                            })
                    }
                    (glob, Type::Map(of)) if glob.contains(['*', '?']) => {
                        let mut rest = inner.clone();
                        // `present` is about keys, missing ones too; every other test is about those that are there.
                        let present = rest
                            .as_object_mut()
                            .and_then(|tests| tests.remove("present"))
                            .is_some();
                        let is_asked = rest.as_object().is_none_or(|tests| !tests.is_empty());
                        (present && below.is_empty() && (glob == *key || key_fits(glob, key)))
                            || (is_asked
                                && !missing
                                && fitting(glob, value).iter().any(|(there, value)| {
                                    there == key && names(&rest, *of, value, below, missing)
                                }))
                    }
                    (_, Type::Map(of)) => {
                        name == key && names(inner, *of, value_of(value, name), below, missing)
                    }
                    _ => false,
                })
        }
        _ => false,
    }
}

/// The settings that a pattern over the members of a route names.
fn named(pattern: &Json, out: &mut BTreeSet<String>) {
    match pattern {
        Json::Object(entries) => {
            for (key, value) in entries {
                match key.as_str() {
                    "present" => out.extend(ROUTE.iter().map(|(name, ..)| (*name).to_owned())),
                    "not" | "any-of" => named(value, out),
                    _ => {
                        out.insert(key.clone());
                    }
                }
            }
        }
        Json::Array(patterns) => patterns.iter().for_each(|pattern| named(pattern, out)),
        _ => {}
    }
}

impl Asked<'_> {
    fn lacks(&self, member: &Member) -> bool {
        !member.2.is_empty() && member.2 != self.protocol
    }

    /// Pattern without the tests that the protocol has no setting for.
    fn left(&self, pattern: &Json, of: Type) -> Option<Json> {
        let list = |patterns: &[Json]| {
            let left: Vec<Json> = patterns
                .iter()
                .filter_map(|pattern| self.left(pattern, of))
                .collect();
            (!left.is_empty()).then_some(Json::Array(left))
        };
        let Json::Object(entries) = pattern else {
            return Some(pattern.clone());
        };
        let mut left = Map::new();
        for (key, value) in entries {
            let kept = match (key.as_str(), of) {
                ("present", _) => Some(value.clone()),
                ("not", _) => match value {
                    Json::Array(patterns) => list(patterns),
                    one => self.left(one, of),
                },
                ("any-of", _) => list(value.as_array()?),
                (_, Type::Struct(members)) => {
                    let member = members.iter().find(|member| member.0 == key)?;
                    if self.lacks(member) {
                        None
                    } else {
                        self.left(value, member.1)
                    }
                }
                (_, Type::Map(of)) => self.left(value, *of),
                _ => Some(value.clone()),
            };
            left.extend(kept.map(|kept| (key.clone(), kept)));
        }
        (!left.is_empty()).then_some(Json::Object(left))
    }

    /// True if a pattern holds; with `positive` false, if its `not` does.
    fn holds(&self, pattern: &Json, of: Type, value: &Json, positive: bool) -> Answer {
        // All of the parts, or under a `not` one that does not.
        let all = |answers: Vec<Answer>| {
            if positive {
                answers.into_iter().min().unwrap_or(Yes)
            } else {
                answers.into_iter().max().unwrap_or(No)
            }
        };
        let any = |answers: Vec<Answer>| {
            if positive {
                answers.into_iter().max().unwrap_or(No)
            } else {
                answers.into_iter().min().unwrap_or(Yes)
            }
        };
        match (pattern, of) {
            (Json::Object(entries), _) => all(entries
                .iter()
                .map(|(key, inner)| match (key.as_str(), of) {
                    ("not", _) => match inner {
                        // None of these that the protocol has something for; where it has for none, no match.
                        Json::Array(patterns) => {
                            let answers = patterns
                                .iter()
                                .filter(|pattern| self.left(pattern, of).is_some())
                                .map(|pattern| {
                                    self.holds(&bare(pattern, of), of, value, !positive)
                                });
                            if positive {
                                answers.min()
                            } else {
                                answers.max()
                            }
                            .unwrap_or(No)
                        }
                        one => self.holds(&bare(one, of), of, value, !positive),
                    },
                    ("any-of", _) => {
                        let mut patterns = inner.as_array().cloned().unwrap_or_default();
                        patterns.retain(|pattern| self.left(pattern, of).is_some());
                        if patterns.is_empty() {
                            return No;
                        }
                        any(patterns
                            .iter()
                            .map(|pattern| self.holds(&bare(pattern, of), of, value, positive))
                            .collect())
                    }
                    (_, Type::Struct(members)) if key != "present" => {
                        let Some(member) = members.iter().find(|member| member.0 == key) else {
                            return No;
                        };
                        // Only in `match`: what the protocol lacks was cut out of `expect`.
                        if self.lacks(member) {
                            return No;
                        }
                        self.holds(inner, member.1, value_of(value, key), positive)
                    }
                    (_, Type::Map(of)) if key != "present" => {
                        self.key(key, inner, *of, value, positive)
                    }
                    _ => {
                        let answer = self.test(key, inner, of, value);
                        if positive { answer } else { answer.not() }
                    }
                })
                .collect()),
            (Json::Array(keys), Type::Map(of)) => all(keys
                .iter()
                .map(|key| {
                    self.key(
                        key.as_str().unwrap_or_default(),
                        &json!({"present": true}),
                        *of,
                        value,
                        positive,
                    )
                })
                .collect()),
            _ => {
                let answer = self.test("", pattern, of, value);
                if positive { answer } else { answer.not() }
            }
        }
    }

    /// A key of a map, or a glob of keys.
    fn key(&self, key: &str, inner: &Json, of: Type, value: &Json, positive: bool) -> Answer {
        let turned = |answer: Answer| if positive { answer } else { answer.not() };
        if !key.contains(['*', '?']) {
            return self.holds(inner, of, value_of(value, key), positive);
        }
        let unstated = is_not_stated(value);
        let mut answers = Vec::new();
        let mut rest = inner.clone();
        if let Some(present) = rest
            .as_object_mut()
            .and_then(|tests| tests.remove("present"))
        {
            // At least one that is there, or none.
            let there = fitting(key, value)
                .iter()
                .map(|(_, value)| presence(value, of))
                .max()
                .unwrap_or(No);
            let there = if unstated { Open } else { there };
            answers.push(turned(if present == json!(true) {
                there
            } else {
                there.not()
            }));
        }
        if rest.as_object().is_none_or(|tests| !tests.is_empty()) {
            let fit = if unstated {
                Vec::new()
            } else {
                asked_of(key, of, value)
            };
            answers.push(if fit.is_empty() && self.left(&rest, of).is_none() {
                // No key, and no test for one: it matches neither way.
                No
            } else if unstated {
                Open
            } else {
                let each = fit
                    .into_iter()
                    .map(|(_, value)| self.holds(&rest, of, &value, positive));
                if positive {
                    each.min().unwrap_or(Yes)
                } else {
                    each.max().unwrap_or(No)
                }
            });
        }
        if positive {
            answers.into_iter().min().unwrap_or(Yes)
        } else {
            answers.into_iter().max().unwrap_or(No)
        }
    }

    /// One test of one setting; without a name it is a value, or a list of values, to be equal to.
    fn test(&self, name: &str, demanded: &Json, of: Type, value: &Json) -> Answer {
        if name == "present" {
            return if demanded == &json!(true) {
                presence(&meaning(value, of), of)
            } else {
                presence(&meaning(value, of), of).not()
            };
        }
        let empty = *value == empty_text();
        let value = if empty { json!("") } else { meaning(value, of) };
        if is_not_stated(&value) || value == some_key() {
            return Open;
        }
        if is_unset(&value) && !matches!(of, Type::List) && !empty {
            return No;
        }
        let demanded: Vec<&Json> = match demanded {
            Json::Array(several) => several.iter().collect(),
            one => vec![one],
        };
        match name {
            "" => demanded
                .into_iter()
                .map(|demanded| self.equals(demanded, of, &value))
                .max()
                .unwrap_or(No),
            "min" | "max" | "above" | "below" => {
                let (Some(bound), Some(number)) = (demanded[0].as_f64(), value.as_f64()) else {
                    return No;
                };
                Answer::of(match name {
                    "min" => number >= bound,
                    "max" => number <= bound,
                    "above" => number > bound,
                    _ => number < bound,
                })
            }
            "each" => value.as_array().map_or(No, |elements| {
                let (text, of_each) = (Type::Text { arn: false }, demand_of_each(&demanded));
                elements
                    .iter()
                    .map(|element| self.holds(&of_each, text, element, true))
                    .min()
                    .unwrap_or(Yes)
            }),
            // A list is all of them.
            "contains" if matches!(of, Type::List) => Answer::of(
                value
                    .as_array()
                    .is_some_and(|elements| demanded.iter().all(|one| elements.contains(one))),
            ),
            "looks-secret" => {
                let text = if is_digest(&value) {
                    &value["of"]
                } else {
                    &value
                };
                Answer::of((text == SECRET) == (demanded[0] == &json!(true)))
            }
            _ if is_digest(&value) => Open,
            "log-format" => {
                let context = demanded[0]["context"]
                    .as_array()
                    .cloned()
                    .unwrap_or_default();
                let template = value.as_str().unwrap_or_default();
                // A variable ends where its name cannot go on.
                Answer::of(context.iter().all(|name| {
                    let variable = format!("$context.{}", name.as_str().unwrap_or_default());
                    template.split(' ').any(|word| word == variable)
                }))
            }
            "contains" => Answer::of(demanded.iter().all(|one| {
                // Copied from the end of an ARN, unless nothing else is requested.
                let part = Some(short(one, of)).filter(|part| !part.is_empty());
                short(&value, of).contains(&part.unwrap_or_else(|| ":*".to_owned()))
            })),
            "matches" => {
                let regex = regex::Regex::new(demanded[0].as_str().unwrap_or_default()).unwrap();
                Answer::of(regex.is_match(&short(&value, of)))
            }
            // The dates of a generated stage are far back or far ahead.
            "older-than" | "newer-than" => {
                let text = value.as_str().unwrap_or_default();
                let (old, new) = (text.starts_with("2000-"), text.starts_with("2999-"));
                Answer::of(if name == "older-than" { old } else { new })
            }
            "like" => demanded
                .into_iter()
                .map(|glob| self.like(glob.as_str().unwrap_or_default(), of, &value))
                .max()
                .unwrap_or(No),
            other => panic!("the oracle does not know the test {other}"),
        }
    }

    fn equals(&self, demanded: &Json, of: Type, value: &Json) -> Answer {
        match (demanded, of) {
            (Json::String(demanded), _) => {
                let demanded = match self.filled(demanded) {
                    Ok(pieces) => pieces.into_iter().map(|(text, _)| text).collect::<String>(),
                    Err(answer) => return answer,
                };
                if is_digest(value) {
                    return Answer::of(value["of"] == json!(demanded));
                }
                Answer::of(short(value, of) == short(&json!(demanded), of))
            }
            // YAML 1.1 writes OFF so.
            (Json::Bool(false), Type::Level(_)) => Answer::of(value == "OFF"),
            (Json::Number(demanded), _) => Answer::of(value.as_f64() == demanded.as_f64()),
            _ => Answer::of(demanded == value),
        }
    }

    /// A `:*` behind the ARN of an access log does not count on either side; in a glob it may be one as well.
    fn like(&self, glob: &str, of: Type, value: &Json) -> Answer {
        let text: Vec<char> = short(value, of).chars().collect();
        let fits = |glob: &str| match self.filled(glob) {
            // A value that was put in has no special characters.
            Ok(pieces) => {
                let glob: Vec<(char, bool)> = pieces
                    .iter()
                    .flat_map(|(text, literal)| text.chars().map(|c| (c, *literal)))
                    .collect();
                Answer::of(fits(&glob, &text))
            }
            Err(answer) => answer,
        };
        fits(glob).max(fits(&short(&json!(glob), of)))
    }

    /// A text with the values of the stage in it: its pieces, and whether each is to be taken literally.
    fn filled(&self, text: &str) -> Result<Vec<(String, bool)>, Answer> {
        let mut pieces = Vec::new();
        let mut open = false;
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            if rest[..at].ends_with('$') {
                pieces.push((format!("{}{{", &rest[..at]), false));
                rest = &rest[at + 2..];
                continue;
            }
            pieces.push((rest[..at].to_owned(), false));
            let (path, after) = rest[at + 2..].split_once('}').unwrap();
            let segments: Vec<&str> = match path.split_once("Tags.") {
                Some((before, key)) => before
                    .split('.')
                    .filter(|part| !part.is_empty())
                    .chain(["Tags", key])
                    .collect(),
                None => path.split('.').collect(),
            };
            let mut value = self.document;
            for segment in segments {
                value = value_of(value, segment);
            }
            if is_unset(value) {
                return Err(No);
            }
            open |= is_not_stated(value);
            pieces.push((value.as_str().unwrap_or_default().to_owned(), true));
            rest = after;
        }
        pieces.push((rest.to_owned(), false));
        if open { Err(Open) } else { Ok(pieces) }
    }

    /// True if a rule is about a route; null is the stage default.
    fn matches(&self, rule: &Rule, route: &Json) -> Answer {
        let mut document = self.document.clone();
        document["route"] = route.clone();
        let matches = [&rule.policy_match, &rule.rule_match]
            .into_iter()
            .filter(|pattern| !pattern.is_null());
        matches
            .map(|pattern| self.holds(pattern, Type::Struct(DOCUMENT), &document, true))
            .min()
            .unwrap_or(Yes)
    }

    /// Verdict of a part of `each-route` on settings that a rule is about, or may be.
    fn demanded(
        &self,
        chosen: Answer,
        part: &Json,
        settings: &Json,
        path: &str,
        findings: &mut Vec<Finding>,
    ) -> Answer {
        let of = Type::Struct(ROUTE);
        match (chosen, self.holds(part, of, settings, true)) {
            (No, _) => Yes,
            (Open, No) => Open,
            (Yes, No) => {
                self.findings(part, of, settings, path, findings);
                No
            }
            (_, answer) => answer,
        }
    }

    /// Verdict of what `in-force` demands of a route, with an entry or without.
    fn named_route(
        &self,
        rule: &Rule,
        key: &str,
        pattern: &Json,
        findings: &mut Vec<Finding>,
    ) -> Answer {
        let entries = &self.document["RouteSettings"];
        let mut answer = Yes;
        for inherits in rule.inherits {
            // Where there is no entry, the stage default covers the route.
            let inherits = *inherits || is_unset(&entries[key]);
            let settings = if is_not_stated(entries) {
                Some(not_stated())
            } else {
                self.in_force(key, inherits, &BTreeSet::new(), false)
            };
            for (name, part) in pattern.as_object().into_iter().flatten() {
                let part = json!({ name: part });
                let path = format!("RouteSettings.{key}");
                let settings = settings.as_ref().unwrap_or(&Json::Null);
                answer = answer.min(self.demanded(Yes, &part, settings, &path, findings));
            }
        }
        answer
    }

    /// The settings in force of a route; none when it sets no setting of the rule and so is as the default is.
    fn in_force(
        &self,
        key: &str,
        inherits: bool,
        names: &BTreeSet<String>,
        default_is_told: bool,
    ) -> Option<Json> {
        let entry = &self.document["RouteSettings"][key];
        let own = |name: &str| Some(value_of(entry, name)).filter(|value| !is_unset(value));
        if inherits && default_is_told && names.iter().all(|name| own(name).is_none()) {
            return None;
        }
        let default = |name| {
            if inherits {
                value_of(&self.document["DefaultRouteSettings"], name)
            } else {
                &Json::Null
            }
        };
        let members = ROUTE.iter().map(|(name, ..)| {
            (
                (*name).to_owned(),
                own(name).unwrap_or_else(|| default(name)).clone(),
            )
        });
        Some(Json::Object(members.collect()))
    }

    /// The settings for which a pattern fails.
    fn findings(&self, pattern: &Json, of: Type, value: &Json, path: &str, out: &mut Vec<Finding>) {
        if self.holds(pattern, of, value, true) != No {
            return;
        }
        let below = |key: &str| {
            if path.is_empty() {
                key.to_owned()
            } else {
                format!("{path}.{key}")
            }
        };
        let here = |or_below| Finding {
            path: path.to_owned(),
            or_below,
        };
        match (pattern, of) {
            (Json::Object(entries), _) => {
                for (key, inner) in entries {
                    let part = json!({ key: inner });
                    if self.holds(&part, of, value, true) != No {
                        continue;
                    }
                    match (key.as_str(), of) {
                        ("not", _) => out.push(here(true)),
                        ("any-of" | "present", _) => out.push(here(false)),
                        (_, Type::Struct(members)) => {
                            let of = members
                                .iter()
                                .find(|member| member.0 == key)
                                .map(|member| member.1)
                                .unwrap();
                            self.findings(inner, of, value_of(value, key), &below(key), out);
                        }
                        (_, Type::Map(of)) => {
                            self.key_findings(key, inner, *of, value, &below, out);
                        }
                        _ => out.push(here(false)),
                    }
                }
            }
            (Json::Array(keys), Type::Map(_)) => {
                for key in keys.iter().filter_map(Json::as_str) {
                    if self.holds(&json!([key]), of, value, true) == No {
                        out.push(Finding {
                            path: below(key),
                            or_below: false,
                        });
                    }
                }
            }
            _ => out.push(here(false)),
        }
    }

    fn key_findings(
        &self,
        key: &str,
        inner: &Json,
        of: Type,
        value: &Json,
        below: &dyn Fn(&str) -> String,
        out: &mut Vec<Finding>,
    ) {
        if !key.contains(['*', '?']) {
            return self.findings(inner, of, value_of(value, key), &below(key), out);
        }
        let mut rest = inner.clone();
        if let Some(present) = rest
            .as_object_mut()
            .and_then(|tests| tests.remove("present"))
            && self.key(key, &json!({"present": present}), of, value, true) == No
        {
            let there: Vec<String> = fitting(key, value)
                .into_iter()
                .filter(|(_, value)| presence(value, of) == Yes)
                .map(|(key, _)| key)
                .collect();
            // Unexpected keys are reported one by one; a missing one has no key.
            let told = if present == json!(true) {
                vec![key.to_owned()]
            } else {
                there
            };
            out.extend(told.iter().map(|key| Finding {
                path: below(key),
                or_below: false,
            }));
        }
        if rest.as_object().is_none_or(|tests| !tests.is_empty()) {
            for (key, value) in asked_of(key, of, value) {
                self.findings(&rest, of, &value, &below(&key), out);
            }
        }
    }
}

/// Under `not` and `any-of`, a bare text at a map is a key that is there.
fn bare(pattern: &Json, of: Type) -> Json {
    match (pattern, of) {
        (Json::String(_), Type::Map(_)) => json!([pattern]),
        _ => pattern.clone(),
    }
}

fn demand_of_each(demanded: &[&Json]) -> Json {
    match demanded {
        [one] => (*one).clone(),
        several => Json::Array(several.iter().map(|one| (*one).clone()).collect()),
    }
}

/// The keys that fit a glob with the values that tests see: an empty one is the empty text.
fn asked_of(glob: &str, of: Type, value: &Json) -> Vec<(String, Json)> {
    let seen = |value: Json| {
        if matches!(of, Type::Text { .. }) && is_unset(&value) {
            empty_text()
        } else {
            value
        }
    };
    fitting(glob, value)
        .into_iter()
        .map(|(key, value)| (key, seen(value)))
        .collect()
}
