//! Violations that `accept` of a waiver tolerates, judged twice: by a whole audit, and by the oracle.

use std::sync::Arc;

use driftgate::check::{self, Options};
use driftgate::model::Results;
use driftgate::model::path::Segment;
use driftgate::model::state::{ApiBatch, Close, VecState};
use driftgate::policy::read::waiver::{self, Waivers};
use driftgate::policy::text::diagnostic::SourceText;
use jiff::civil::date;
use serde_json::{Value as Json, json};

use crate::accept::accept;
use crate::document;
use crate::generate::Random;
use crate::judge::{Violated, accepts};
use crate::schema::ACCOUNT;
use crate::{Case, STAGES};

pub fn waivers(matches: &Json, accept: &Json) -> Option<Waivers> {
    let waiver = json!({
        "rule": "p/r", "match": matches, "accept": accept, "reason": "x", "owner": "y", "expires": "2027-01-31",
    });
    let text = json!({"waivers": [waiver]}).to_string();
    waiver::load(
        &[Arc::new(SourceText {
            name: "w.yaml".into(),
            text,
        })],
        date(2027, 1, 1),
    )
    .ok()
}

pub fn audited(case: &Case, waivers: &Waivers) -> Option<Results> {
    let batch = document::read(&case.document, |document| ApiBatch {
        read_at: document.read_at,
        account: document.account.map(Arc::from),
        region: document.region.map(Arc::from),
        api: document.api.clone().into_owned(),
        stages: vec![document.stage.clone().into_owned()],
    });
    check::run(
        &case.loaded()?,
        waivers,
        Box::new(VecState::new(vec![batch], Close::default())),
        Options::default(),
    )
    .ok()
}

#[test]
fn a_waiver_tolerates_what_its_accept_says() {
    let (mut waived, mut standing) = (0, 0);
    for seed in (0..20_000).step_by(4) {
        let mut case = Case::of(seed);
        case.rule.inherits = &[true];
        let protocol = case.document["api"]["ProtocolType"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let Some(accept) = accept(&mut Random::new(seed ^ STAGES), &case.rule.expect) else {
            continue;
        };
        if !["HTTP", "WEBSOCKET"].contains(&protocol.as_str())
            || case.document["account"] != ACCOUNT
        {
            continue;
        }
        let Some(waivers) = waivers(&json!({"account": ACCOUNT}), &accept) else {
            continue;
        };
        let Some(results) = audited(&case, &waivers) else {
            continue;
        };
        let (of_entries, in_force) = (
            case.rule.expect.get("RouteSettings").is_some(),
            case.rule.expect.get("each-route").is_some(),
        );
        let stands = results
            .violations
            .iter()
            .flatten()
            .map(|violation| (violation, false));
        for (violation, is_waived) in results
            .waived
            .iter()
            .map(|waived| (&waived.violation, true))
            .chain(stands)
        {
            let place = violation
                .path
                .iter()
                .flat_map(|path| path.segments())
                .map(Segment::name)
                .collect();
            let violated = Violated {
                place,
                route: violation.route.as_deref(),
                in_force,
            };
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
            if is_waived {
                waived += 1;
            } else {
                standing += 1;
            }
        }
    }
    assert!(
        waived > 100 && standing > 100,
        "{waived} waived, {standing} standing"
    );
}
