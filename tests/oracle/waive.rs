//! What `accept` of a waiver tolerates, judged twice: through a whole audit, and by the oracle's own words.

use std::sync::Arc;

use driftgate::check::{self, Options};
use driftgate::model::Outcome;
use driftgate::model::feed::{Chunk, Close, Given};
use driftgate::policy::diagnostic::SourceText;
use driftgate::policy::waiver::{self, Waivers};
use jiff::civil::date;
use serde_json::{Map, Value as Json, json};

use crate::document;
use crate::generate::{Random, pattern};
use crate::judge::accepts;
use crate::schema::{DOCUMENT, ROUTE, Type};
use crate::{Case, STAGES};

/// An `accept` for the settings that an `expect` names, with demands of its own.
fn accept(random: &mut Random, expect: &Json, of: Type) -> Option<Json> {
    let Json::Object(entries) = expect else { return None };
    let mut accept = Map::new();
    for (key, inner) in entries.iter().filter(|(key, _)| !["present", "not", "any-of"].contains(&key.as_str())) {
        let below = match of {
            Type::Struct(_) if key == "each-route" => Type::Struct(ROUTE),
            Type::Struct(members) => members.iter().find(|member| member.0 == key)?.1,
            Type::Map(of) if !key.contains(['*', '?']) => *of,
            _ => continue,
        };
        let demand = match below {
            Type::Struct(_) | Type::Map(_) => self::accept(random, inner, below),
            scalar => Some(pattern(random, scalar, 1)),
        };
        // Routes may be named either way.
        let key = match key.as_str() {
            "DefaultRouteSettings" if random.one_in(2) => "each-route",
            "each-route" if random.one_in(3) => "DefaultRouteSettings",
            other => other,
        };
        accept.extend(demand.map(|demand| (key.to_owned(), demand)));
    }
    (!accept.is_empty()).then_some(Json::Object(accept))
}

fn waivers(accept: &Json) -> Option<Waivers> {
    let waiver = json!({
        "rule": "p/r", "match": {"account": "a"}, "accept": accept, "reason": "x", "owner": "y", "expires": "2027-01-31",
    });
    let text = json!({"waivers": [waiver]}).to_string();
    waiver::load(&[Arc::new(SourceText { name: "w.yaml".into(), text })], date(2027, 1, 1)).ok()
}

fn audited(case: &Case, waivers: &Waivers) -> Option<Outcome> {
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
    for seed in (0..25_000).step_by(5) {
        let mut case = Case::of(seed);
        case.rule.inherits = &[true];
        let protocol = case.document["api"]["ProtocolType"].as_str().unwrap_or_default().to_owned();
        let Some(accept) = accept(&mut Random::new(seed ^ STAGES), &case.rule.expect, Type::Struct(DOCUMENT)) else {
            continue;
        };
        if !["HTTP", "WEBSOCKET"].contains(&protocol.as_str()) || case.document["account"] != "a" {
            continue;
        }
        let Some(waivers) = waivers(&accept) else { continue };
        let Some(outcome) = audited(&case, &waivers) else { continue };
        let stands = outcome.violations.iter().flatten().map(|violation| (violation, false));
        for (violation, is_waived) in outcome.waived.iter().map(|waived| (&waived.violation, true)).chain(stands) {
            let path = violation.path.as_deref().unwrap_or_default();
            let tolerated = accepts(&accept, &protocol, path, &case.document);
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
