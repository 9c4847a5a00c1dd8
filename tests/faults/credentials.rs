//! Credentials that are not known: in a Region, in an account, or anywhere.

use driftgate::emulator::{Effect, Fault, Operation};
use driftgate::model::state::{Scope, ScopeOutcome, WarningKind};
use driftgate::source::aws::{AccountSource, Accounts, Regions, Role};

use super::audit::{Audited, audit, policies, request, start};
use super::world::{ACCOUNTS, HOME, STRUCK, settings};

const POLICY: &str = "policy: p\nrules:\n  - {id: r, title: t, severity: low, expect: {StageName: {present: true}}}\n";

fn unknown() -> driftgate::emulator::Target {
    Fault::on(Operation::GetApis)
}

/// Audits the four accounts in one Region that all have and in one that has to be enabled.
fn audited(faults: Vec<Fault>) -> Audited {
    let emulator = start(settings(faults));
    let mut request = request(HOME, emulator.endpoint_url());
    let role = Role {
        name: "Audit".to_owned(),
        external_id: None,
    };
    let ids = ACCOUNTS.map(str::to_owned).to_vec();
    request.accounts = Accounts {
        source: AccountSource::Named(ids, role),
        excluded: Vec::new(),
    };
    request.regions = Regions {
        named: ["us-east-1", "af-south-1"].map(str::to_owned).to_vec(),
        ..Regions::default()
    };
    audit(&policies(POLICY), request).unwrap()
}

fn scopes<'a>(audited: &'a Audited, region: &'a str) -> impl Iterator<Item = &'a Scope> {
    audited
        .results
        .scopes
        .iter()
        .filter(move |scope| scope.region.as_deref() == Some(region))
}

#[test]
fn only_regions_that_have_to_be_enabled_are_not() {
    // The emulator refuses the token in such a Region where the account has nothing.
    let found = audited(Vec::new());
    assert_eq!(
        (found.judgement.exit, found.results.gaps.len()),
        (0, 0),
        "{:?}",
        found.results.gaps
    );
    assert!(scopes(&found, "af-south-1").all(|scope| scope.outcome == ScopeOutcome::Excluded));
    assert!(
        scopes(&found, "us-east-1")
            .all(|scope| scope.outcome == ScopeOutcome::Checked && scope.stages == 4)
    );
    let warned = found
        .results
        .warnings
        .iter()
        .filter(|it| it.kind == WarningKind::RegionDisabled);
    assert_eq!(warned.count(), ACCOUNTS.len());
}

#[test]
fn an_account_in_which_they_are_known_nowhere_is_a_gap() {
    let found = audited(vec![
        unknown().account(STRUCK).always(Effect::UnrecognizedClient),
    ]);
    assert_eq!((found.judgement.exit, &found.results.failed), (3, &None));
    // The other Region is documented by AWS as not enabled.
    assert_eq!(found.results.gaps.len(), 1);
    for gap in &found.results.gaps {
        assert_eq!(
            (gap.account.as_deref(), gap.operation.as_str()),
            (Some(STRUCK), "GetApis")
        );
        assert!(
            gap.hint.starts_with("the credentials are wrong"),
            "{}",
            gap.hint
        );
    }
    let mut others =
        scopes(&found, "us-east-1").filter(|scope| scope.account.as_deref() != Some(STRUCK));
    assert!(others.all(|scope| scope.outcome == ScopeOutcome::Checked && scope.stages == 4));
    assert_eq!(found.results.summary.stages, 3 * 4);
}

#[test]
fn credentials_that_are_known_nowhere_fail_the_run() {
    let found = audited(vec![unknown().always(Effect::UnrecognizedClient)]);
    assert_eq!((found.judgement.exit, found.results.summary.stages), (4, 0));
    assert!(
        found
            .results
            .failed
            .is_some_and(|why| why.contains("in every Region"))
    );
    assert_eq!(found.results.gaps.len(), ACCOUNTS.len());
}
