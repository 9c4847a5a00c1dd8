//! Endpoints that cannot be reached: the first call is the gap. GetStages and GetStage never are, since GetApis goes to
//! the same host before them. DNS and proxies are in tests/tls.

use std::net::TcpListener;

use driftgate::emulator::Settings;
use driftgate::source::aws::{AccountSource, Accounts, Regions, Role};

use super::audit::{audit, policies, request, start};
use super::world::{HOME, STRUCK};

const POLICY: &str = "policy: p\nrules:\n  - {id: r, title: t, severity: low, expect: {StageName: {present: true}}}\n";

#[track_caller]
fn fails(url: &str, hint: &str) {
    let role = || Role {
        name: "Audit".to_owned(),
        external_id: None,
    };
    for (source, operation) in [
        (AccountSource::Own, "GetApis"),
        (
            AccountSource::Named(vec![STRUCK.to_owned()], role()),
            "AssumeRole",
        ),
        (
            AccountSource::Organization(Vec::new(), role()),
            "ListAccounts",
        ),
    ] {
        let mut request = request(HOME, url.to_owned());
        request.accounts = Accounts {
            source,
            excluded: Vec::new(),
        };
        request.regions = Regions {
            named: vec!["us-east-1".to_owned()],
            ..Regions::default()
        };
        let found = audit(&policies(POLICY), request).unwrap();
        let [gap] = found.results.gaps.as_slice() else {
            panic!("{operation}: {:?}", found.results.gaps)
        };
        assert_eq!(
            (
                found.judgement.exit,
                &found.results.failed,
                found.results.summary.stages
            ),
            (3, &None, 0)
        );
        assert_eq!(
            (gap.operation.as_str(), gap.code.as_str()),
            (operation, "ConnectionFailure")
        );
        assert!(gap.hint.contains(hint), "{operation}: {}", gap.hint);
    }
}

#[test]
fn nobody_listens() {
    // The port was free a moment ago, and no one else knows it.
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    fails(&format!("http://{address}"), "the host does not answer");
}

#[test]
fn tls_where_none_is_spoken() {
    let emulator = start(Settings::default());
    fails(
        &emulator.endpoint_url().replace("http://", "https://"),
        "TLS failed or is not trusted",
    );
}
