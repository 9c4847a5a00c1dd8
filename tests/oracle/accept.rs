//! Demands of an `accept`: mostly of the settings that a rule expects, in every form.

use serde_json::{Map, Value as Json, json};

use crate::generate::{Random, pattern, struct_pattern};
use crate::schema::{DOCUMENT, ROUTE, Type};

/// An `accept` for the rule of an `expect`.
pub fn accept(random: &mut Random, expect: &Json) -> Option<Json> {
    let near = near(random, expect, Type::Struct(DOCUMENT))?;
    let mut settings = near.clone();
    let each_route = settings.remove("each-route");
    let others = |random: &mut Random| Json::Object(struct_pattern(random, DOCUMENT, 2, true));
    let mut accept = match random.below(6) {
        0..=2 => settings,
        3 if !settings.is_empty() => Map::from_iter([("not".to_owned(), Json::Object(settings))]),
        4 if !settings.is_empty() => {
            let either = json!([settings, others(random)]);
            let word = if random.one_in(2) { "any-of" } else { "not" };
            Map::from_iter([(word.to_owned(), either)])
        }
        _ => struct_pattern(random, DOCUMENT, 2, true),
    };
    accept.extend(each_route.map(|pattern| {
        let pattern = match random.below(4) {
            0 => json!({"not": pattern}),
            1 => json!({"any-of": [pattern, struct_pattern(random, ROUTE, 1, false)]}),
            _ => pattern,
        };
        ("each-route".to_owned(), pattern)
    }));
    (!accept.is_empty()).then_some(Json::Object(accept))
}

/// Demands of its own on the settings that an `expect` names.
fn near(random: &mut Random, expect: &Json, of: Type) -> Option<Map<String, Json>> {
    let Json::Object(entries) = expect else {
        return None;
    };
    let mut accept = Map::new();
    for (key, inner) in entries {
        let below = match (key.as_str(), of) {
            ("present", _) => {
                accept.insert(key.clone(), json!(random.one_in(2)));
                continue;
            }
            ("not" | "any-of", _) => {
                let inner = inner
                    .as_array()
                    .and_then(|patterns| patterns.first())
                    .unwrap_or(inner);
                if let Some(near) = near(random, inner, of) {
                    accept.extend(if random.one_in(2) {
                        near
                    } else {
                        Map::from_iter([("any-of".to_owned(), json!([near]))])
                    });
                }
                continue;
            }
            ("each-route", Type::Struct(_)) => Type::Struct(ROUTE),
            (key, Type::Struct(members)) => members.iter().find(|member| member.0 == key)?.1,
            (_, Type::Map(of)) => *of,
            _ => continue,
        };
        let demand = match below {
            Type::Struct(_) | Type::Map(_) if inner.is_object() => {
                near(random, inner, below).map(Json::Object)
            }
            other => Some(pattern(random, other, 1)),
        };
        // Routes may be named either way.
        let key = match key.as_str() {
            "DefaultRouteSettings" if random.one_in(2) => "each-route",
            "each-route" if random.one_in(3) => "DefaultRouteSettings",
            other => other,
        };
        accept.extend(demand.map(|demand| (key.to_owned(), demand)));
    }
    (!accept.is_empty()).then_some(accept)
}
