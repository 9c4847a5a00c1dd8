//! What is found out before the first call of API Gateway: credentials, Regions, the account.

use driftgate::emulator::{Fault, Operation, Settings, What};
use driftgate::model::feed::Read;
use driftgate::source::aws::{Error, Request};

use super::harness::*;

fn refused(settings: Settings, change: impl FnOnce(&mut Request)) -> Error {
    match try_open(settings, change) {
        Err(error) => error,
        Ok(_) => panic!("it was opened"),
    }
}

fn sts(what: What) -> Settings {
    Settings { faults: vec![Fault::on(Operation::GetCallerIdentity).always(what)], ..three_apis() }
}

#[test]
fn credentials_that_sts_refuses_end_the_run() {
    let expired = refused(sts(What::ExpiredToken), |_| ());
    assert!(!expired.is_usage());
    let text = expired.to_string();
    assert!(text.contains("ExpiredToken") && text.contains("us-east-1") && text.contains("aws sso login"), "{text}");

    let foreign = refused(three_apis(), |request| {
        if let Some(keys) = &mut request.credentials {
            keys.access_key_id = "AKIAIOSFODNN7EXAMPLE".to_owned();
        }
    });
    assert!(foreign.to_string().contains("InvalidClientTokenId"), "{foreign}");
}

#[test]
fn a_region_that_is_not_enabled_does_not_hide_the_account() {
    let settings = Settings {
        fleet: three_apis().fleet,
        faults: vec![
            Fault::on(Operation::GetCallerIdentity).region("af-south-1").always(What::UnrecognizedClient),
            Fault::on(Operation::GetApis).region("af-south-1").always(What::UnrecognizedClient),
        ],
        ..Settings::default()
    };
    let fetched = fetch(settings, |request| request.regions.named = ["af-south-1", REGION].map(Into::into).into());
    assert_eq!(fetched.stages, ALL);
    let outcomes: Vec<_> = fetched.close.scopes.iter().map(|scope| (scope.region.as_deref(), scope.outcome)).collect();
    assert_eq!(outcomes, [(Some("af-south-1"), Read::Excluded), (Some(REGION), Read::Checked)]);
    let [warning] = fetched.close.warnings.as_slice() else { panic!("{:?}", fetched.close.warnings) };
    assert_eq!((warning.kind.as_str(), fetched.close.gaps.len()), ("region-disabled", 0));
    assert!(fetched.close.scopes.iter().all(|scope| scope.account.as_deref() == Some(ACCOUNT)));
}

#[test]
fn without_an_answer_of_sts_the_account_is_unknown_and_the_rest_is_read() {
    for what in [What::Deny, What::ServerError(500), What::NotFound, What::Reset, What::NotJson] {
        let fetched = fetch(sts(what), |_| ());
        fetched.assert_read(&ALL);
        assert_eq!(fetched.close.scopes[0].account, None);
        let [warning] = fetched.close.warnings.as_slice() else { panic!("{:?}", fetched.close.warnings) };
        assert_eq!(warning.kind, "account-unknown");
    }
}

#[test]
fn what_cannot_be_meant_is_a_usage_error() {
    let region = refused(three_apis(), |request| request.regions.named = vec!["us-east-1/".to_owned()]);
    assert!(region.is_usage() && region.to_string().contains("us-east-1/"), "{region}");
    let endpoint = refused(three_apis(), |request| request.endpoint_url = Some("localhost:4566".to_owned()));
    assert!(endpoint.is_usage() && endpoint.to_string().contains("http://127.0.0.1:4566"), "{endpoint}");
}

#[test]
fn a_profile_that_does_not_exist_is_named() {
    let error = refused(three_apis(), |request| {
        request.credentials = None;
        request.profile = Some("no-such-profile".to_owned());
    });
    assert!(!error.is_usage());
    assert!(error.to_string().contains("\"no-such-profile\""), "{error}");
}
