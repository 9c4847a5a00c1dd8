//! Turns the SDK's types into values of the catalogue. It must not judge, default or redact anything.
//!
//! A member that AWS leaves out, and a text that is `""`, is unset. A value of an enum that this version of the SDK does
//! not know is kept as AWS wrote it.

use std::borrow::Cow;
use std::collections::HashMap;

use aws_sdk_apigatewayv2::operation::get_api::GetApiOutput;
use aws_sdk_apigatewayv2::operation::get_stage::GetStageOutput;
use aws_sdk_apigatewayv2::types::{AccessLogSettings, Api, Cors, RouteSettings, Stage};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use crate::model::Value;
use crate::model::catalogue::{ACCESS_LOG_SETTINGS, API, CORS, ROUTE_SETTINGS, Row, STAGE};

/// A struct of these rows with these members.
macro_rules! structure {
    ($rows:ident { $($name:literal: $value:expr,)* }) => {{
        let mut members: Box<[Value<'static>]> = $rows.iter().map(|_| Value::Unset).collect();
        $(members[const { Row::of($rows, $name).at }] = $value;)*
        Value::Struct(members)
    }};
}

/// The SDK's filler for a required enum that an answer lacks. A required text is filled with an empty one, and a
/// required time with the year 1970.
const FILLER: &str = "no value was set";

/// A text that every API has: if an answer lacks it, it is unknown, and no rule may take it for unset.
fn stated(value: Option<String>) -> Value<'static> {
    match text(value.filter(|value| value != FILLER)) {
        Value::Unset => Value::NotStated,
        stated => stated,
    }
}

/// GetApis and GetApi describe an API in two types with the same members.
macro_rules! api {
    ($api:ident) => {
        structure!(API {
            "ApiEndpoint": text($api.api_endpoint),
            "ApiGatewayManaged": boolean($api.api_gateway_managed),
            "ApiId": text($api.api_id),
            "ApiKeySelectionExpression": text($api.api_key_selection_expression),
            "CorsConfiguration": $api.cors_configuration.map_or(Value::Unset, cors),
            "CreatedDate": date($api.created_date),
            "Description": text($api.description),
            "DisableExecuteApiEndpoint": boolean($api.disable_execute_api_endpoint),
            "DisableSchemaValidation": boolean($api.disable_schema_validation),
            "ImportInfo": list($api.import_info),
            "IpAddressType": text($api.ip_address_type.map(|kind| kind.as_str().to_owned())),
            "Name": stated($api.name),
            "ProtocolType": stated($api.protocol_type.map(|protocol| protocol.as_str().to_owned())),
            "RouteSelectionExpression": stated($api.route_selection_expression),
            "Tags": texts($api.tags),
            "Version": text($api.version),
            "Warnings": list($api.warnings),
        })
    };
}

/// GetStages and GetStage describe a stage in two types with the same members.
macro_rules! stage {
    ($stage:ident) => {
        structure!(STAGE {
            "AccessLogSettings": $stage.access_log_settings.map_or(Value::Unset, access_log_settings),
            "ApiGatewayManaged": boolean($stage.api_gateway_managed),
            "AutoDeploy": boolean($stage.auto_deploy),
            "ClientCertificateId": text($stage.client_certificate_id),
            "CreatedDate": date($stage.created_date),
            "DefaultRouteSettings": $stage.default_route_settings.map_or(Value::Unset, route_settings),
            "DeploymentId": text($stage.deployment_id),
            "Description": text($stage.description),
            "LastDeploymentStatusMessage": text($stage.last_deployment_status_message),
            "LastUpdatedDate": date($stage.last_updated_date),
            "RouteSettings": map($stage.route_settings, route_settings),
            "StageName": text($stage.stage_name),
            "StageVariables": texts($stage.stage_variables),
            "Tags": texts($stage.tags),
        })
    };
}

pub fn api(api: Api) -> Value<'static> {
    api!(api)
}

pub fn api_output(api: GetApiOutput) -> Value<'static> {
    api!(api)
}

pub fn stage(stage: Stage) -> Value<'static> {
    stage!(stage)
}

pub fn stage_output(stage: GetStageOutput) -> Value<'static> {
    stage!(stage)
}

fn access_log_settings(settings: AccessLogSettings) -> Value<'static> {
    structure!(ACCESS_LOG_SETTINGS {
        "DestinationArn": text(settings.destination_arn),
        "Format": text(settings.format),
    })
}

fn route_settings(settings: RouteSettings) -> Value<'static> {
    structure!(ROUTE_SETTINGS {
        "DataTraceEnabled": boolean(settings.data_trace_enabled),
        "DetailedMetricsEnabled": boolean(settings.detailed_metrics_enabled),
        "LoggingLevel": text(settings.logging_level.map(|level| level.as_str().to_owned())),
        "ThrottlingBurstLimit": integer(settings.throttling_burst_limit),
        "ThrottlingRateLimit": number(settings.throttling_rate_limit),
    })
}

fn cors(cors: Cors) -> Value<'static> {
    structure!(CORS {
        "AllowCredentials": boolean(cors.allow_credentials),
        "AllowHeaders": list(cors.allow_headers),
        "AllowMethods": list(cors.allow_methods),
        "AllowOrigins": list(cors.allow_origins),
        "ExposeHeaders": list(cors.expose_headers),
        "MaxAge": integer(cors.max_age),
    })
}

fn text(text: Option<String>) -> Value<'static> {
    text.map_or(Value::Unset, Value::text)
}

fn boolean(value: Option<bool>) -> Value<'static> {
    value.map_or(Value::Unset, Value::Boolean)
}

fn integer(value: Option<i32>) -> Value<'static> {
    value.map_or(Value::Unset, |value| Value::Integer(value.into()))
}

/// A number; infinity and "not a number", which JSON can hold as text, are no rates that anything could be held against.
fn number(value: Option<f64>) -> Value<'static> {
    match value {
        None => Value::Unset,
        Some(value) if value.is_finite() => Value::Number(value),
        Some(_) => Value::NotStated,
    }
}

/// ISO 8601 in UTC, `2026-02-03T09:15:27Z`, as the wire has it.
fn date(date: Option<DateTime>) -> Value<'static> {
    date.map_or(Value::Unset, |date| {
        date.fmt(Format::DateTime)
            .map_or(Value::NotStated, Value::text)
    })
}

fn list(elements: Option<Vec<String>>) -> Value<'static> {
    elements.map_or(Value::Unset, |elements| {
        Value::List(elements.into_iter().map(Value::text).collect())
    })
}

fn texts(entries: Option<HashMap<String, String>>) -> Value<'static> {
    map(entries, Value::text)
}

fn map<T>(
    entries: Option<HashMap<String, T>>,
    value: impl Fn(T) -> Value<'static>,
) -> Value<'static> {
    entries.map_or(Value::Unset, |entries| {
        Value::map(
            entries
                .into_iter()
                .map(|(key, entry)| (Cow::Owned(key), value(entry)))
                .collect(),
        )
    })
}

#[cfg(test)]
mod tests;
