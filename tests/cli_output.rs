//! Files taken for output of the AWS CLI: stages that can be whole, and nothing that is nearly so.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use std::fs;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use driftgate::model::catalogue::{STAGE, position};
use driftgate::model::projection::Projection;
use driftgate::model::protocol::Protocol;
use driftgate::model::state::Close;
use driftgate::source::file::FileRequest;
use driftgate::source::open_file;

/// Names of the stages that a file yields, each with its members that are not stated; or the reason why it yields none.
fn read(text: &str, change: impl FnOnce(&mut FileRequest)) -> Result<(Vec<String>, Close), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stages");
    fs::write(&path, text).unwrap();
    let mut request = FileRequest {
        path: path.to_str().unwrap().to_owned(),
        kind: None,
        selection: Arc::default(),
        account: None,
        regions: Vec::new(),
    };
    change(&mut request);
    let mut state =
        open_file(&request, Arc::new(AtomicBool::new(false))).map_err(|error| error.to_string())?;
    let mut stages = Vec::new();
    while let Some(batch) = state.next() {
        let each = batch.decode(&Projection::all(), &mut |stage| {
            let unstated = |name: &&str| {
                let value = stage.stage.member(position(STAGE, name).unwrap());
                matches!(value, driftgate::model::Value::NotStated)
            };
            let unstated: Vec<&str> = ["RouteSettings", "StageVariables", "Tags", "AutoDeploy"]
                .into_iter()
                .filter(unstated)
                .collect();
            stages.push(
                [&[stage.stage_name().unwrap()], &unstated[..]]
                    .concat()
                    .join(" "),
            );
        });
        each.map_err(|error| error.to_string())?;
    }
    Ok((stages, state.close().map_err(|error| error.to_string())?))
}

#[track_caller]
fn refused(text: &str, words: &str) {
    match read(text, |_| ()) {
        Ok((stages, _)) => panic!("{stages:?}, instead of: {words}\n{text}"),
        Err(error) => {
            assert!(
                error.contains(words) && error.contains("othing was read"),
                "{words}: {error}"
            );
            assert!(!error.contains("s3cret") && error.contains('\n'), "{error}");
        }
    }
}

/// A whole stage, but for its last bracket.
const WHOLE: &str = r#"{"StageName": "prod", "CreatedDate": "2026-01-02T03:04:05+00:00", "RouteSettings": {}, "StageVariables": {}, "Tags": {}"#;

#[test]
fn whole_stages_are_read_from_whatever_printed_them() {
    let stage = format!("{WHOLE}}}");
    for text in [
        stage.clone(),
        format!(r#"{{"Items": [{stage}]}}"#),
        format!(r#"{{"ResponseMetadata": {{"RetryAttempts": 0}}, "Items": [{stage}]}}"#),
        format!(r#"{{"$metadata": {{"attempts": 1}}, "Items": [{stage}]}}"#),
        format!(r#"{{"Items": [{stage}], "NextToken": null, "ResultMetadata": {{}}}}"#),
        stage.replace("{}", "null"),
    ] {
        let (stages, close) = read(&text, |_| ()).unwrap();
        assert_eq!(
            (stages, close.gaps.len()),
            (vec!["prod".to_owned()], 0),
            "{text}"
        );
    }
    let (stages, close) = read(
        &format!(r#"{{"Items": [{stage}], "NextToken": "x"}}"#),
        |_| (),
    )
    .unwrap();
    assert_eq!((stages.len(), close.gaps.len()), (1, 1));
    assert_eq!(read(r#"{"Items": []}"#, |_| ()).unwrap().0.len(), 0);
}

#[test]
fn what_aws_always_prints_is_not_stated_where_it_is_missing() {
    let bare = r#"{"StageName": "prod", "CreatedDate": "2026-01-02T03:04:05+00:00", "tags": {}}"#;
    assert_eq!(
        read(bare, |_| ()).unwrap().0,
        ["prod RouteSettings StageVariables"]
    );
}

#[test]
fn what_is_nearly_right_is_named_with_what_to_do() {
    for (text, words) in [
        (
            r#"{"stageName": "prod", "methodSettings": {}, "variables": {"dbPassword": "s3cret"}, "createdDate": "2026"}"#,
            "a stage of a REST API",
        ),
        (
            r#"{"stageName": "prod", "variables": {"dbPassword": "s3cret"}, "createdDate": "2026"}"#,
            "a stage of a REST API",
        ),
        (
            r#"{"item": [{"stageName": "prod", "methodSettings": {}}]}"#,
            "`aws apigateway` prints of REST APIs",
        ),
        (
            r#"{"Items": [{"ApiId": "a1", "Name": "s3cret", "ProtocolType": "HTTP"}]}"#,
            "as get-apis prints it",
        ),
        (r#"[{"StageName": "prod"}]"#, "Leave out --query"),
        (r#"[["prod", 1]]"#, "Leave out --query"),
        (
            r#"{"DetailedMetricsEnabled": false, "ThrottlingBurstLimit": 4}"#,
            "Leave out --query",
        ),
        ("{}", "an empty object"),
        ("null", "fits nothing"),
        ("None\n", "fits nothing"),
        ("Items:\n- AutoDeploy: true\n", "--output yaml"),
        ("- AutoDeploy: true\n", "--output yaml"),
        ("-----------\n|GetStages|\n", "--output table"),
        ("ITEMS\tTrue\t2026\tprod\n", "--output text"),
        (
            "\nAn error occurred (NotFoundException) when calling the GetStages operation: s3cret\n",
            "an error of the AWS CLI",
        ),
        (
            "{'Items': [{'StageName': 's3cret'}]}",
            "an object of Python",
        ),
        (
            r#"{"TypeName": "AWS::ApiGatewayV2::Stage", "ResourceDescription": {"Properties": "s3cret"}}"#,
            "Cloud Control",
        ),
        (
            r#"{"ApiId": "a1", "StageName": "live", "AutoDeploy": true, "Tags": {}}"#,
            "Cloud Control",
        ),
        (
            r#"{"resourceType": "AWS::ApiGatewayV2::Stage", "configuration": {"stageName": "live"}}"#,
            "AWS Config",
        ),
        (
            r#"{"columns": [], "rows": [{"stage_name": "live"}]}"#,
            "Steampipe",
        ),
        (
            r#"{"format_version": "1.0", "values": {}}"#,
            "terraform show",
        ),
        ("AWSTemplateFormatVersion: '2010-09-09'\n", "CloudFormation"),
        (
            r#"{"apiVersion": "v1", "kind": "Stage", "spec": {}}"#,
            "Kubernetes",
        ),
        (
            r#"{"StageName": "$default", "CreatedDate": "2026", "ContentLength": 420, "HttpStatusCode": 200}"#,
            "SDK for .NET",
        ),
        (
            r#"{"Items": [], "ContentLength": 420, "HttpStatusCode": 200}"#,
            "beside its items",
        ),
        // Another service's stage, and one cut down by --query.
        (
            r#"{"StageName": "prod", "CreatedDate": "2026", "Newer": "s3cret"}"#,
            "GetStage does not return Newer",
        ),
        (r#"{"StageName": "prod", "Tags": {}}"#, "no CreatedDate"),
        (
            r#"{"Items": [null]}"#,
            "item 0 is not a whole stage: it has no StageName",
        ),
        (
            r#"{"StageName": "prod", "CreatedDate": "", "Tags": {}}"#,
            "no CreatedDate",
        ),
        (
            r#"{"Items": [{"StageName": "prod", "CreatedDate": "2026"}]} {"Items": []}"#,
            "goes on after its end",
        ),
        (
            r#"{"StageName": "prod", "CreatedDate": "2026", "RouteSettings": {"LoggingLevel": "s3cret"}}"#,
            "RouteSettings.LoggingLevel: expected an object, found a text",
        ),
        (
            r#"{"StageName": "prod", "CreatedDate": "2026", "StageVariables": [{"a": "s3cret"}]}"#,
            "StageVariables: expected an object, found a list",
        ),
    ] {
        refused(text, words);
    }
}

#[test]
fn a_protocol_that_the_stage_contradicts_is_refused() {
    let with = |more: &str| format!("{WHOLE}{more}}}");
    let as_of = |text: &str, protocol| {
        read(text, |request| {
            Arc::make_mut(&mut request.selection).protocols = vec![protocol];
        })
        .map(|(stages, _)| stages.len())
    };
    for more in [
        r#", "DefaultRouteSettings": {"LoggingLevel": "INFO"}"#,
        r#", "DefaultRouteSettings": {"DataTraceEnabled": true}"#,
        r#", "ClientCertificateId": "abc"#,
    ] {
        let more = if more.ends_with("abc") {
            format!("{more}\"")
        } else {
            more.to_owned()
        };
        let error = as_of(&with(&more), Protocol::Http).unwrap_err();
        assert!(
            error.contains("--protocol HTTP contradicts it") && error.contains("Nothing was read"),
            "{error}"
        );
        assert_eq!(as_of(&with(&more), Protocol::WebSocket), Ok(1));
    }
    let routed = |key: &str| {
        with("").replace(
            r#""RouteSettings": {}"#,
            &format!(r#""RouteSettings": {{"{key}": {{}}}}"#),
        )
    };
    assert!(
        as_of(&routed("$connect"), Protocol::Http)
            .unwrap_err()
            .contains("it has the route $connect")
    );
    assert_eq!(as_of(&routed("$connect"), Protocol::WebSocket), Ok(1));
    assert_eq!(as_of(&routed("GET /{proxy+}"), Protocol::Http), Ok(1));
    // A value that also means unset proves nothing.
    let off = with(
        r#", "DefaultRouteSettings": {"LoggingLevel": "OFF", "DataTraceEnabled": false}, "ClientCertificateId": null"#,
    );
    assert_eq!(as_of(&off, Protocol::Http), Ok(1));
    let default = with("").replace("prod", "$default");
    assert_eq!(as_of(&default, Protocol::Http), Ok(1));
    // AWS documents the name of HTTP APIs, and does not say that others cannot have it.
    assert_eq!(as_of(&default, Protocol::WebSocket), Ok(1));
}

#[test]
fn a_region_that_cannot_be_one_is_refused_beside_a_file() {
    let stage = format!("{WHOLE}}}");
    for region in ["typo", "eu-west", "us_east_1", "", "EU-WEST-1"] {
        let error = read(&stage, |request| request.regions = vec![region.to_owned()]).unwrap_err();
        assert!(error.contains("is not the name of a Region"), "{error}");
    }
    assert!(
        read(&stage, |request| request.regions =
            vec!["mx-central-1".to_owned()])
        .is_ok()
    );
}
