//! The fields of a stage, and those that code reads by itself.

use super::field::{Field, boolean, map, rows, structure, text};
use super::form::{ROUTE_KEY, STAGE_NAME};
use super::route::ROUTE_SETTINGS;
use crate::model::protocol::Protocols;

pub(super) static TAG: Field = text("value", "The value of one tag.");
static VARIABLE: Field = text("value", "The value of one stage variable.").sensitive();
/// An entry of `RouteSettings`.
pub static ROUTE: Field = structure("route", ROUTE_SETTINGS, "The settings of one route.");

/// The members of `AccessLogSettings`.
pub static ACCESS_LOG_SETTINGS: &[Field] = &[
    text(
        "DestinationArn",
        "The CloudWatch Logs group (or Firehose stream) that access logs go to.",
    )
    .log_group_arn(),
    text(
        "Format",
        "The single-line template of a log entry, made of `$context` variables.",
    ),
];

/// The members of a stage, as GetStage returns them.
pub static STAGE: &[Field] = &[
    structure(
        "AccessLogSettings",
        ACCESS_LOG_SETTINGS,
        "The destination and the format of access logs.",
    ),
    boolean("ApiGatewayManaged", "Marks a stage that quick create made."),
    boolean("AutoDeploy", "Deploys each change of the API at once."),
    text(
        "ClientCertificateId",
        "The certificate that API Gateway shows to the integration.",
    )
    .only(Protocols::WEBSOCKET),
    text("CreatedDate", "The time at which the stage was created.").always(),
    structure(
        "DefaultRouteSettings",
        ROUTE_SETTINGS,
        "The settings of every route without an entry of its own.",
    ),
    text("DeploymentId", "The deployment that the stage serves."),
    text("Description", "The purpose of the stage, a free text."),
    text(
        "LastDeploymentStatusMessage",
        "The outcome of the last automatic deployment.",
    ),
    text(
        "LastUpdatedDate",
        "The time of the last change of the stage.",
    ),
    map(
        "RouteSettings",
        &ROUTE,
        "The settings of single routes, by route key.",
    )
    .form(&ROUTE_KEY)
    .always(),
    text(
        "StageName",
        "The name of the stage; `$default` is served at the root of the API.",
    )
    .form(&STAGE_NAME)
    .identity()
    .always(),
    map(
        "StageVariables",
        &VARIABLE,
        "Variables for integrations; not meant for secrets.",
    )
    .sensitive()
    .always(),
    map(
        "Tags",
        &TAG,
        "The tags of the stage; those of the API are in `api.Tags`.",
    )
    .always(),
];

/// The whole stage, as the document has it.
pub const STAGE_FIELD: Field = structure("stage", STAGE, "The stage, as GetStage returns it.");

rows! { STAGE:
    ACCESS_LOGS = "AccessLogSettings",
    AUTO_DEPLOY = "AutoDeploy",
    CLIENT_CERTIFICATE = "ClientCertificateId",
    DEFAULT_ROUTE = "DefaultRouteSettings",
    DESCRIPTION = "Description",
    ROUTES = "RouteSettings",
    NAME = "StageName",
    VARIABLES = "StageVariables",
    TAGS = "Tags",
}
