//! The world that the server shows where it behaves: the APIs a1 and b2 with the stage prod each, and the role Audit in
//! one more account.

use std::sync::Arc;

use driftgate::emulator::document;
use driftgate::model::state::{Gap, Selection};
use driftgate::source::aws::{AccountSource, Accounts, Regions, Request, Role};
use serde_json::{Value, json};

use super::audit::{Audited, audit, policies, request};
use super::server::{Answer, Asked, Server, http, ok};

pub const HOME: &str = "111122223333";
pub const OTHER: &str = "444455556666";
pub const REGION: &str = "us-east-1";

/// Every stage violates it, and it fails nothing: its violations are the checked stages.
pub const SEEN: &str = "policy: p\nrules:\n  - {id: seen, title: t, severity: info, expect: {StageName: a-name-that-none-has}}\n";

pub fn api(id: &str) -> Value {
    document::http_api(id, id)
}

pub fn stage(name: &str) -> Value {
    document::http_stage(name)
}

/// The answer that AWS would give.
pub fn behaved(asked: &Asked) -> Answer {
    let (operation, path) = asked.operation();
    let (id, name) = path.split_once("/stages").unwrap_or((&path, ""));
    match operation {
        "GetApis" => ok(json!({"items": [api("a1"), api("b2")]})),
        "GetApi" => ok(api(id)),
        "GetStages" => ok(json!({"items": [stage("prod")]})),
        "GetStage" => ok(stage(name.trim_start_matches('/'))),
        "GetCallerIdentity" => ok(identity()),
        "AssumeRole" => ok(assumed(OTHER, "")),
        "ListAccounts" => ok(json!({"Accounts": [account(HOME), account(OTHER)]})),
        _ => http("404 Not Found", "", ""),
    }
}

pub fn account(id: &str) -> Value {
    json!({"Id": id, "Name": id, "State": "ACTIVE", "Status": "ACTIVE"})
}

pub fn identity() -> String {
    format!(
        "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::{HOME}:user/u</Arn>\
         <UserId>U</UserId><Account>{HOME}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
    )
}

/// The answer of AssumeRole without one of its elements.
pub fn assumed(account: &str, without: &str) -> String {
    let element = |name: &str, value: &str| {
        if name == without {
            String::new()
        } else {
            format!("<{name}>{value}</{name}>")
        }
    };
    let user = element("AssumedRoleId", "AROA:s")
        + &element(
            "Arn",
            &format!("arn:aws:sts::{account}:assumed-role/Audit/s"),
        );
    let keys = element("AccessKeyId", "ASIA1")
        + &element("SecretAccessKey", "s")
        + &element("SessionToken", "t")
        + &element("Expiration", "2999-01-01T00:00:00Z");
    format!(
        "<AssumeRoleResponse><AssumeRoleResult>{}{}</AssumeRoleResult></AssumeRoleResponse>",
        element("AssumedRoleUser", &user),
        element("Credentials", &keys)
    )
}

/// Audits a server that behaves, except where `strange` has another answer.
pub fn audited(
    policy: &str,
    strange: impl Fn(&str, &str) -> Option<Answer> + Send + Sync + 'static,
    change: impl FnOnce(&mut Request),
) -> (Audited, Server) {
    let server = Server::start(move |asked| {
        let (operation, path) = asked.operation();
        strange(operation, &path).unwrap_or_else(|| behaved(asked))
    });
    let mut request = request(HOME, server.url.clone());
    request.regions = Regions {
        named: vec![REGION.to_owned()],
        ..Regions::default()
    };
    change(&mut request);
    (audit(&policies(policy), request).unwrap(), server)
}

pub fn one_stage(request: &mut Request) {
    request.selection = Arc::new(Selection {
        stages: vec!["prod".to_owned()],
        ..Selection::default()
    });
}

pub fn one_api_and_stage(request: &mut Request) {
    request.selection = Arc::new(Selection {
        apis: vec!["a1".to_owned()],
        stages: vec!["prod".to_owned()],
        ..Selection::default()
    });
}

pub fn role(request: &mut Request) {
    let role = Role {
        name: "Audit".to_owned(),
        external_id: None,
    };
    request.accounts = Accounts {
        source: AccountSource::Named(vec![OTHER.to_owned()], role),
        excluded: Vec::new(),
    };
}

/// Operation, code, API and stage of the one gap.
#[track_caller]
pub fn only_gap(audited: &Audited) -> (&str, &str, Option<&str>, Option<&str>) {
    let [gap] = audited.results.gaps.as_slice() else {
        panic!("not one gap: {:#?}", audited.results.gaps)
    };
    place(gap)
}

pub fn place(gap: &Gap) -> (&str, &str, Option<&str>, Option<&str>) {
    (
        &gap.operation,
        &gap.code,
        gap.api_id.as_deref(),
        gap.stage.as_deref(),
    )
}

/// The stages that were checked, as `API/stage`.
#[track_caller]
pub fn seen(audited: &Audited) -> Vec<String> {
    let names = audited.violating("p/seen");
    names
        .iter()
        .map(|name| name.splitn(3, '/').nth(2).unwrap().to_owned())
        .collect()
}
