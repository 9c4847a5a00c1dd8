//! The fields that driftgate adds to AWS's document.

use super::api::API;
use super::field::{Field, Row, rows, structure, text};
use super::form;
use super::route::ROUTE_SETTINGS;

/// Fields that driftgate adds to AWS's document, in lower case.
pub static OURS: &[Field] = &[
    text("account", "The account of the stage, twelve digits.").form(&form::ACCOUNT),
    text("region", "The Region of the stage.").form(&form::REGION),
    text(
        "partition",
        "The partition of the stage: aws, aws-cn, aws-us-gov, …",
    )
    .form(&form::PARTITION),
    text("arn", "The ARN of the stage.").form(&form::STAGE_ARN),
    structure("api", API, "The API of the stage, as GetApis returns it."),
    structure(
        "each-route",
        ROUTE_SETTINGS,
        "The settings in force for each route: the stage default, and each entry of `RouteSettings` over it.",
    ),
    text(
        "route",
        "The key of the route looked at; unset for the stage default.",
    )
    .form(&form::ROUTE_KEY),
];

/// `each-route`.
pub static EACH_ROUTE: &Field = &OURS[Row::of(OURS, "each-route").at];

/// The settings in force of routes that are named: a word of the language, and no field.
pub const IN_FORCE: &str = "in-force";

rows! { OURS:
    ACCOUNT = "account",
    REGION = "region",
    PARTITION = "partition",
    ARN = "arn",
}
