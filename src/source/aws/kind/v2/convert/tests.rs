//! Every member of the SDK's shapes has its row, and every row its value.

use std::fmt::Debug;

use aws_sdk_apigatewayv2::types::{IpAddressType, LoggingLevel, ProtocolType};

use super::*;
use crate::model::catalogue::{API_FIELD, Field, Kind, STAGE_FIELD};
use crate::model::value::Written;

/// The member names of an SDK struct, in PascalCase. The structs are `#[non_exhaustive]`, so a pattern cannot list
/// their members; the `Debug` of an empty value does.
fn members(empty: &impl Debug) -> Vec<String> {
    let shown = format!("{empty:?}");
    let (_, body) = shown
        .split_once('{')
        .unwrap_or_else(|| panic!("not a struct: {shown}"));
    body.trim_end_matches([' ', '}'])
        .split(',')
        .map(|member| {
            let (name, _) = member.split_once(':').unwrap();
            name.trim()
                .split('_')
                .map(|word| word[..1].to_uppercase() + &word[1..])
                .collect()
        })
        .collect()
}

#[track_caller]
fn assert_complete(rows: &[Field], empty: &impl Debug) {
    let mut names = members(empty);
    names.sort_unstable();
    assert_eq!(names, rows.iter().map(|row| row.name).collect::<Vec<_>>());
}

#[test]
fn the_catalogue_has_every_member_of_the_sdk() {
    assert_complete(STAGE, &Stage::builder().build());
    assert_complete(API, &Api::builder().build());
    assert_complete(ROUTE_SETTINGS, &RouteSettings::builder().build());
    assert_complete(ACCESS_LOG_SETTINGS, &AccessLogSettings::builder().build());
    assert_complete(CORS, &Cors::builder().build());
}

fn moment() -> DateTime {
    DateTime::from_secs(1_770_110_127)
}

fn full_route_settings() -> RouteSettings {
    RouteSettings::builder()
        .data_trace_enabled(true)
        .detailed_metrics_enabled(false)
        .logging_level(LoggingLevel::from("DEBUG"))
        .throttling_burst_limit(0)
        .throttling_rate_limit(2000.5)
        .build()
}

fn full_stage() -> Stage {
    Stage::builder()
        .access_log_settings(
            AccessLogSettings::builder()
                .destination_arn("arn")
                .format("{}")
                .build(),
        )
        .api_gateway_managed(true)
        .auto_deploy(true)
        .client_certificate_id("cert")
        .created_date(moment())
        .default_route_settings(full_route_settings())
        .deployment_id("d1")
        .description("why")
        .last_deployment_status_message("done")
        .last_updated_date(moment())
        .route_settings("GET /", full_route_settings())
        .stage_name("$default")
        .stage_variables("b", "2")
        .stage_variables("a", "")
        .tags("team", "x")
        .build()
}

fn full_api() -> Api {
    Api::builder()
        .api_endpoint("https://a")
        .api_gateway_managed(true)
        .api_id("a1")
        .api_key_selection_expression("$x")
        .cors_configuration(
            Cors::builder()
                .allow_credentials(true)
                .allow_headers("h")
                .allow_methods("m")
                .allow_origins("o")
                .expose_headers("e")
                .max_age(5)
                .build(),
        )
        .created_date(moment())
        .description("what")
        .disable_execute_api_endpoint(true)
        .disable_schema_validation(true)
        .import_info("i")
        .ip_address_type(IpAddressType::Dualstack)
        .name("orders")
        .protocol_type(ProtocolType::from("GRPC"))
        .route_selection_expression("$r")
        .tags("k", "v")
        .version("1")
        .warnings("w")
        .build()
}

/// True if every row below has a value.
fn filled(field: &Field, value: &Value<'_>) -> bool {
    match field.kind {
        Kind::Struct(rows) => rows.iter().enumerate().all(|(at, row)| {
            let filled = filled(row, value.member(at));
            assert!(filled, "{} is empty", row.name);
            filled
        }),
        _ => !value.is_unset(),
    }
}

fn json(field: &'static Field, value: &Value<'_>) -> serde_json::Value {
    serde_json::to_value(Written { field, value }).unwrap()
}

static STAGE_ROW: Field = STAGE_FIELD;

#[test]
fn every_row_is_filled_with_the_member_of_its_name() {
    let (api, stage) = (api(full_api()), stage(full_stage()));
    assert!(filled(&API_FIELD, &api) && filled(&STAGE_ROW, &stage));

    let route = serde_json::json!({"DataTraceEnabled": true, "DetailedMetricsEnabled": false, "LoggingLevel": "DEBUG",
        "ThrottlingBurstLimit": 0, "ThrottlingRateLimit": 2000.5});
    assert_eq!(
        json(&STAGE_ROW, &stage),
        serde_json::json!({
            "AccessLogSettings": {"DestinationArn": "arn", "Format": "{}"}, "ApiGatewayManaged": true,
            "AutoDeploy": true, "ClientCertificateId": "cert", "CreatedDate": "2026-02-03T09:15:27Z",
            "DefaultRouteSettings": route, "DeploymentId": "d1", "Description": "why",
            "LastDeploymentStatusMessage": "done", "LastUpdatedDate": "2026-02-03T09:15:27Z",
            "RouteSettings": {"GET /": route}, "StageName": "$default", "StageVariables": {"a": "", "b": "2"},
            "Tags": {"team": "x"},
        })
    );
    assert_eq!(
        json(&API_FIELD, &api),
        serde_json::json!({
            "ApiEndpoint": "https://a", "ApiGatewayManaged": true, "ApiId": "a1", "ApiKeySelectionExpression": "$x",
            "CorsConfiguration": {"AllowCredentials": true, "AllowHeaders": ["h"], "AllowMethods": ["m"],
                "AllowOrigins": ["o"], "ExposeHeaders": ["e"], "MaxAge": 5},
            "CreatedDate": "2026-02-03T09:15:27Z", "Description": "what", "DisableExecuteApiEndpoint": true,
            "DisableSchemaValidation": true, "ImportInfo": ["i"], "IpAddressType": "dualstack", "Name": "orders",
            "ProtocolType": "GRPC", "RouteSelectionExpression": "$r", "Tags": {"k": "v"}, "Version": "1",
            "Warnings": ["w"],
        })
    );
}

#[test]
fn members_that_aws_leaves_out_are_unset() {
    let empty = stage(Stage::builder().description("").build());
    assert!(
        STAGE
            .iter()
            .enumerate()
            .all(|(at, _)| *empty.member(at) == Value::Unset)
    );
    let empty = api(Api::builder().build());
    // A member that AWS's model requires is not known if it is left out.
    let required = ["Name", "ProtocolType", "RouteSelectionExpression"];
    let expected = |name: &str| {
        if required.contains(&name) {
            Value::NotStated
        } else {
            Value::Unset
        }
    };
    assert!(
        API.iter()
            .enumerate()
            .all(|(at, row)| *empty.member(at) == expected(row.name))
    );
}

#[test]
fn single_items_are_read_like_those_of_a_list() {
    let one = GetStageOutput::builder()
        .stage_name("prod")
        .auto_deploy(true)
        .build();
    let item = Stage::builder()
        .stage_name("prod")
        .auto_deploy(true)
        .build();
    assert_eq!(stage_output(one), stage(item));
    let one = GetApiOutput::builder().api_id("a1").tags("k", "v").build();
    let item = Api::builder().api_id("a1").tags("k", "v").build();
    assert_eq!(api_output(one), api(item));
}
