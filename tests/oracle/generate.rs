//! Random rules and random stages that have something to do with each other: few names, few values.

use std::collections::VecDeque;

use serde_json::{Map, Value as Json, json};

use crate::document::{digest_of, not_stated};
use crate::judge::Rule;
use crate::schema::{ACCOUNT, API, DOCUMENT, Member, ROUTE, STAGE, Type};
use crate::values::SECRET;

/// Choices that depend on a seed alone, or on bytes while they last.
pub struct Random {
    state: u64,
    bytes: VecDeque<u8>,
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Self {
            state: seed,
            bytes: VecDeque::new(),
        }
    }

    /// The choices of a fuzzer: a byte each, then those of a seed.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self {
            state: 0,
            bytes: bytes.iter().copied().collect(),
        }
    }

    /// The next byte, else splitmix64.
    fn next(&mut self) -> u64 {
        if let Some(byte) = self.bytes.pop_front() {
            return byte.into();
        }
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, but not including, `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    /// True in one case of so many.
    pub fn one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    fn pick<'t, T: ?Sized>(&mut self, of: &[&'t T]) -> &'t T {
        of[self.below(of.len())]
    }
}

const TEXTS: [&str; 5] = ["a", "ab", "b", "prod", "a:b"];
const ARNS: [&str; 6] = ["arn:g", "arn:g:*", "arn:h", "arn:*", "arn:?:?", "arn:*:*"];
const KEYS: [&str; 5] = ["a", "ab", "aws:k", "x.y", "present-day"];
const ROUTES: [&str; 4] = ["GET /a", "GET /a.b", "POST /", "$connect"];
const GLOBS: [&str; 7] = ["a*", "*b", "?", "*:*", "p*d", "a", "**a?"];
const KEY_GLOBS: [&str; 6] = ["*", "a*", "?", "GET *", "aws:*", "*b"];
const REGEXES: [&str; 4] = ["a", "^a$", "b$", "[xp]"];
const TEMPLATES: [&str; 7] = [
    "${Tags.a}",
    "${account}",
    "${StageName}",
    "${api.Tags.ab}",
    "${api.Name}",
    "$${a}",
    "${region}",
];
const ORIGINS: [&str; 3] = ["*", "https://a", "https://b"];

// ---- Patterns.

/// A rule under its policy's `match`.
pub fn rule(random: &mut Random) -> Rule {
    let mut rule_match = if random.one_in(2) {
        Json::Null
    } else {
        selection(random)
    };
    let policy_match = if random.one_in(4) {
        selection(random)
    } else {
        Json::Null
    };
    let mut expect = Map::new();
    if !random.one_in(3) {
        expect = struct_pattern(random, DOCUMENT, 3, true);
    }
    if expect.is_empty() || random.one_in(3) {
        expect.insert(
            "each-route".into(),
            Json::Object(struct_pattern(random, ROUTE, 3, false)),
        );
    }
    if random.one_in(5) {
        let mut named = Map::new();
        while named.is_empty() || random.one_in(3) {
            let settings = Json::Object(struct_pattern(random, ROUTE, 2, false));
            named.insert(random.pick(&ROUTES).into(), settings);
        }
        expect.insert("in-force".into(), Json::Object(named));
        // Beside `each-route` or alone.
        if random.one_in(2) {
            expect.remove("each-route");
        }
    }
    let only_routes = expect.len() == 1 && expect.contains_key("each-route");
    if only_routes && random.one_in(2) {
        let mut chosen = rule_match.as_object().cloned().unwrap_or_default();
        let (key, value) = route(random);
        chosen.insert(key.into(), value);
        rule_match = Json::Object(chosen);
    }
    let inherits: [&'static [bool]; 4] = [&[true], &[true], &[false], &[true, false]];
    Rule {
        policy_match,
        rule_match,
        expect: Json::Object(expect),
        inherits: inherits[random.below(4)],
    }
}

/// Conditions of a `match` on routes.
pub fn route(random: &mut Random) -> (&'static str, Json) {
    let key = random.pick(&ROUTES);
    match random.below(6) {
        0 => ("route", json!(key)),
        1 => ("route", json!({"not": key})),
        2 => ("route", json!({"like": ["GET *", key]})),
        3 => ("route", json!({"not": {"like": "GET *"}})),
        4 => ("route", json!({"present": random.one_in(2)})),
        _ => (
            "any-of",
            json!([{"route": key}, {"StageName": "prod"}, {"api": {"Name": "a"}}]),
        ),
    }
}

/// A `match`.
pub fn selection(random: &mut Random) -> Json {
    Json::Object(struct_pattern(random, DOCUMENT, 2, true))
}

pub fn struct_pattern(
    random: &mut Random,
    members: &[Member],
    depth: usize,
    top: bool,
) -> Map<String, Json> {
    let mut pattern = Map::new();
    while pattern.is_empty() || random.one_in(2) {
        match random.below(10) {
            0 if !top => {
                pattern.insert("present".into(), json!(random.one_in(2)));
            }
            1 if depth > 0 => {
                let inner = |random: &mut Random| {
                    Json::Object(struct_pattern(random, members, depth - 1, top))
                };
                let value = if random.one_in(2) {
                    inner(random)
                } else {
                    several(random, inner)
                };
                pattern.insert("not".into(), value);
            }
            2 if depth > 0 => {
                let inner = |random: &mut Random| {
                    Json::Object(struct_pattern(random, members, depth - 1, top))
                };
                let value = several(random, inner);
                pattern.insert("any-of".into(), value);
            }
            _ => {
                let (name, of, _) = members[random.below(members.len())];
                // Only some `match`es have it.
                if name == "route" {
                    continue;
                }
                pattern.insert(
                    name.into(),
                    self::pattern(random, of, depth.saturating_sub(1)),
                );
            }
        }
    }
    pattern
}

fn several(random: &mut Random, mut one: impl FnMut(&mut Random) -> Json) -> Json {
    let count = 1 + random.below(3);
    Json::Array((0..count).map(|_| one(random)).collect())
}

fn one_or_several(random: &mut Random, mut one: impl FnMut(&mut Random) -> Json) -> Json {
    if random.one_in(2) {
        one(random)
    } else {
        several(random, one)
    }
}

/// A pattern at a place of this type.
pub fn pattern(random: &mut Random, of: Type, depth: usize) -> Json {
    match of {
        Type::Struct(members) => Json::Object(struct_pattern(random, members, depth, false)),
        Type::Map(of) => map_pattern(random, *of, depth),
        Type::List => tests(random, of, depth),
        _ => match random.below(4) {
            0 => literal(random, of),
            1 => several(random, |random| literal(random, of)),
            _ => tests(random, of, depth),
        },
    }
}

fn key(random: &mut Random, of: Type) -> String {
    let keys: &[&str] = if matches!(of, Type::Struct(_)) {
        &ROUTES
    } else {
        &KEYS
    };
    let key = if random.one_in(3) {
        random.pick(&KEY_GLOBS)
    } else {
        random.pick(keys)
    };
    key.to_owned()
}

fn map_pattern(random: &mut Random, of: Type, depth: usize) -> Json {
    if random.one_in(3) {
        return several(random, |random| json!(key(random, of)));
    }
    let mut pattern = Map::new();
    for _ in 0..=random.below(2) {
        let inner = |random: &mut Random| {
            if random.one_in(2) {
                json!(key(random, of))
            } else {
                map_pattern(random, of, depth.saturating_sub(1))
            }
        };
        match random.below(8) {
            0 => {
                pattern.insert("present".into(), json!(random.one_in(2)));
            }
            1 if depth > 0 => {
                let value = if random.one_in(2) {
                    map_pattern(random, of, depth - 1)
                } else {
                    several(random, inner)
                };
                pattern.insert("not".into(), value);
            }
            2 if depth > 0 => {
                let value = several(random, inner);
                pattern.insert("any-of".into(), value);
            }
            _ => {
                let key = key(random, of);
                pattern.insert(key, self::pattern(random, of, depth.saturating_sub(1)));
            }
        }
    }
    Json::Object(pattern)
}

fn tests(random: &mut Random, of: Type, depth: usize) -> Json {
    let mut tests = Map::new();
    for _ in 0..=random.below(2) {
        let (name, value) = match (random.below(6), of) {
            // Unset, these have a meaning, so `present` cannot test them.
            (0, Type::Boolean | Type::Level(_)) => ("not", literal(random, of)),
            (0, _) => ("present", json!(random.one_in(2))),
            (1, _) if depth > 0 => {
                let value = if random.one_in(2) || matches!(of, Type::List) {
                    pattern(random, of, depth - 1)
                } else {
                    several(random, |random| literal(random, of))
                };
                ("not", value)
            }
            (2, _) if depth > 0 => (
                "any-of",
                several(random, |random| pattern(random, of, depth - 1)),
            ),
            (_, Type::List) if random.one_in(2) => {
                ("each", pattern(random, Type::Text { arn: false }, 1))
            }
            (_, Type::List) => {
                let origin = |random: &mut Random| json!(random.pick(&ORIGINS));
                ("contains", one_or_several(random, origin))
            }
            (_, Type::Code(codes)) => code_test(random, codes),
            (_, Type::Text { .. } | Type::Level(_)) => text_test(random, of),
            (_, Type::Whole | Type::Number) => {
                let name = random.pick(&["min", "max", "above", "below"]);
                (name, number(random))
            }
            (_, Type::Boolean) => ("not", literal(random, of)),
            _ => ("present", json!(random.one_in(2))),
        };
        tests.insert(name.into(), value);
    }
    Json::Object(tests)
}

fn text_test(random: &mut Random, of: Type) -> (&'static str, Json) {
    let globs: &[&str] = if matches!(of, Type::Text { arn: true }) {
        &ARNS
    } else {
        &GLOBS
    };
    let glob = |random: &mut Random| {
        if random.one_in(4) {
            json!(format!("{}*", random.pick(&TEMPLATES)))
        } else {
            json!(random.pick(globs))
        }
    };
    match random.below(8) {
        6 => ("older-than", json!(random.pick(&["90d", "12h"]))),
        7 => ("newer-than", json!(random.pick(&["90d", "12h"]))),
        4 => ("looks-secret", json!(random.one_in(2))),
        5 => ("log-format", json!({"context": ["status"]})),
        0 => ("matches", json!(random.pick(&REGEXES))),
        1 => {
            let part = |random: &mut Random| json!(random.pick(&["a", "b", ":*", "ro"]));
            ("contains", one_or_several(random, part))
        }
        2 => ("like", glob(random)),
        _ => ("like", several(random, glob)),
    }
}

/// A test of a text that is only ever of one form.
fn code_test(random: &mut Random, codes: &[&str]) -> (&'static str, Json) {
    let glob = |random: &mut Random| {
        let code = random.pick(codes);
        match random.below(4) {
            0 => json!(code),
            1 => json!(format!("{}*", &code[..1])),
            2 => json!(format!("?{}", &code[1..])),
            _ => json!(format!("{}*", random.pick(&TEMPLATES[..5]))),
        }
    };
    match random.below(6) {
        0 => ("matches", json!(format!("^{}", random.pick(codes)))),
        1 => ("contains", json!(&random.pick(codes)[..1])),
        2 => ("looks-secret", json!(random.one_in(2))),
        3 => ("like", glob(random)),
        _ => ("like", several(random, glob)),
    }
}

fn number(random: &mut Random) -> Json {
    [
        json!(0),
        json!(1),
        json!(5),
        json!(5.5),
        json!(10),
        json!(-1),
    ][random.below(6)]
    .clone()
}

fn literal(random: &mut Random, of: Type) -> Json {
    match of {
        Type::Boolean => json!(random.one_in(2)),
        Type::Whole => [json!(0), json!(1), json!(5), json!(10)][random.below(4)].clone(),
        Type::Number => [json!(0), json!(1), json!(5.5), json!(10.0)][random.below(4)].clone(),
        Type::Level(_) if random.one_in(6) => json!(false),
        Type::Level(levels) => json!(random.pick(levels)),
        Type::Protocol => json!(random.pick(&["HTTP", "WEBSOCKET"])),
        Type::Text { arn: true } => json!(random.pick(&ARNS[..3])),
        Type::Code(codes) if !random.one_in(4) => json!(random.pick(codes)),
        Type::Code(_) => json!(random.pick(&TEMPLATES[..5])),
        _ if random.one_in(4) => json!(random.pick(&TEMPLATES)),
        _ => json!(random.pick(&TEXTS)),
    }
}

// ---- Stages.

/// A stage with its API: of either protocol, of one that is not known, or of none that is stated.
pub fn document(random: &mut Random) -> Json {
    // As from the AWS CLI, which names neither API, account nor Region.
    let bare = random.one_in(6);
    // Here and there a value that an expression in a template yields.
    let gaps = if random.one_in(3) { 8 } else { 0 };
    let mut document = members(random, STAGE, gaps);
    let mut api = if bare {
        API.iter()
            .map(|(name, ..)| ((*name).to_owned(), not_stated()))
            .collect()
    } else {
        members(random, API, gaps)
    };
    let protocol = match random.below(if bare { 3 } else { 9 }) {
        0 if bare => not_stated(),
        8 => json!("GRAPHQL"),
        odd if odd % 2 == 1 => json!("HTTP"),
        _ => json!("WEBSOCKET"),
    };
    api.insert("ProtocolType".into(), protocol);
    document.insert("api".into(), Json::Object(api));
    let stated = |text: &str| if bare { not_stated() } else { json!(text) };
    document.insert("account".into(), stated(ACCOUNT));
    document.insert("region".into(), stated("us-east-1"));
    document.insert("partition".into(), stated("aws"));
    // Digests, as from a snapshot, which names the account that they are taken over.
    if !bare
        && random.one_in(4)
        && let Some(Json::Object(variables)) = document.get_mut("StageVariables")
    {
        for value in variables.values_mut() {
            if let Some(text) = value.as_str().filter(|text| !text.is_empty()) {
                *value = digest_of(text);
            }
        }
    }
    Json::Object(document)
}

/// Members of a struct; with `gaps`, one in so many is not stated.
pub fn members(random: &mut Random, of: &[Member], gaps: usize) -> Map<String, Json> {
    let mut members = Map::new();
    for (name, of, _) in of {
        if gaps > 0 && random.one_in(gaps) {
            members.insert((*name).into(), not_stated());
        } else if !random.one_in(3) {
            members.insert((*name).into(), value(random, *of, gaps));
        }
    }
    members
}

fn value(random: &mut Random, of: Type, gaps: usize) -> Json {
    match of {
        Type::Boolean => json!(random.one_in(2)),
        Type::Whole => [json!(0), json!(1), json!(5), json!(10)][random.below(4)].clone(),
        Type::Number => [json!(0.0), json!(1.0), json!(5.5), json!(10.0)][random.below(4)].clone(),
        Type::Level(levels) => json!(random.pick(levels)),
        // Each document has its own.
        Type::Protocol => Json::Null,
        Type::Text { arn: true } => json!(random.pick(&ARNS[..3])),
        Type::Code(codes) => json!(random.pick(codes)),
        Type::Text { .. } => json!(random.pick(&[
            "a",
            "ab",
            "b",
            "prod",
            "x*",
            "a:*",
            "",
            SECRET,
            "2000-01-31",
            "2999-12-31T12:00:00+01:00",
            "a $context.status b",
            "$context.path"
        ])),
        Type::List => {
            let count = random.below(3);
            Json::Array((0..count).map(|_| json!(random.pick(&ORIGINS))).collect())
        }
        Type::Struct(of) => Json::Object(members(random, of, gaps)),
        Type::Map(of) => {
            let keys: &[&str] = if matches!(of, Type::Struct(_)) {
                &ROUTES
            } else {
                &KEYS
            };
            let count = random.below(4);
            let mut entries = Map::new();
            for _ in 0..count {
                let key = random.pick(keys);
                let gap = gaps > 0 && random.one_in(gaps);
                entries.insert(
                    key.to_owned(),
                    if gap {
                        not_stated()
                    } else {
                        value(random, *of, gaps)
                    },
                );
            }
            Json::Object(entries)
        }
    }
}
