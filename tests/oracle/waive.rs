//! What `accept` of a waiver tolerates, judged twice: through a whole audit, and by the oracle's own words.

use std::sync::Arc;

use driftgate::check::{self, Options};
use driftgate::model::Outcome;
use driftgate::model::feed::{Chunk, Close, Given};
use driftgate::model::path::Segment;
use driftgate::policy::diagnostic::SourceText;
use driftgate::policy::waiver::{self, Waivers};
use jiff::civil::date;
use serde_json::{Map, Value as Json, json};

use crate::document;
use crate::generate::{Random, pattern, struct_pattern};
use crate::judge::{Violated, accepts};
use crate::schema::{DOCUMENT, ROUTE, Type};
use crate::{Case, STAGES};

/// An `accept` for a rule: mostly of the settings that its `expect` names, in every form.
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
    let Json::Object(entries) = expect else { return None };
    let mut accept = Map::new();
    for (key, inner) in entries {
        let below = match (key.as_str(), of) {
            ("present", _) => {
                accept.insert(key.clone(), json!(random.one_in(2)));
                continue;
            }
            ("not" | "any-of", _) => {
                let inner = inner.as_array().and_then(|patterns| patterns.first()).unwrap_or(inner);
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
            Type::Struct(_) | Type::Map(_) if inner.is_object() => near(random, inner, below).map(Json::Object),
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

pub fn waivers(matches: &Json, accept: &Json) -> Option<Waivers> {
    let waiver = json!({
        "rule": "p/r", "match": matches, "accept": accept, "reason": "x", "owner": "y", "expires": "2027-01-31",
    });
    let text = json!({"waivers": [waiver]}).to_string();
    waiver::load(&[Arc::new(SourceText { name: "w.yaml".into(), text })], date(2027, 1, 1)).ok()
}

pub fn audited(case: &Case, waivers: &Waivers) -> Option<Outcome> {
    let chunk = document::read(&case.document, |document| Chunk::Api {
        account: document.account.map(Arc::from),
        region: document.region.map(Arc::from),
        api: document.api.clone().into_owned(),
        stages: vec![document.stage.clone().into_owned()],
    });
    check::run(&case.loaded()?, waivers, Box::new(Given::new(vec![chunk], Close::default())), Options::default()).ok()
}

#[test]
fn a_waiver_tolerates_what_its_accept_says() {
    let (mut waived, mut standing) = (0, 0);
    for seed in (0..20_000).step_by(4) {
        let mut case = Case::of(seed);
        case.rule.inherits = &[true];
        let protocol = case.document["api"]["ProtocolType"].as_str().unwrap_or_default().to_owned();
        let Some(accept) = accept(&mut Random::new(seed ^ STAGES), &case.rule.expect) else {
            continue;
        };
        if !["HTTP", "WEBSOCKET"].contains(&protocol.as_str()) || case.document["account"] != "a" {
            continue;
        }
        let Some(waivers) = waivers(&json!({"account": "a"}), &accept) else { continue };
        let Some(outcome) = audited(&case, &waivers) else { continue };
        let (of_entries, in_force) =
            (case.rule.expect.get("RouteSettings").is_some(), case.rule.expect.get("each-route").is_some());
        let stands = outcome.violations.iter().flatten().map(|violation| (violation, false));
        for (violation, is_waived) in outcome.waived.iter().map(|waived| (&waived.violation, true)).chain(stands) {
            let place = violation.path.iter().flat_map(|path| path.segments()).map(Segment::name).collect();
            let violated = Violated { place, route: violation.route.as_deref(), in_force };
            // Of two that are joined at a route, the violation does not tell.
            if of_entries && in_force && violated.route.is_some() {
                continue;
            }
            let path = violation.path_text().unwrap_or_default();
            let tolerated = accepts(&accept, &protocol, &violated, &case.document);
            assert_eq!(
                is_waived,
                tolerated,
                "seed {seed}: {path}\n  accept: {accept}\n  policy: {}\ndocument: {}",
                case.policy(),
                case.document
            );
            if is_waived { waived += 1 } else { standing += 1 }
        }
    }
    assert!(waived > 100 && standing > 100, "{waived} waived, {standing} standing");
}
