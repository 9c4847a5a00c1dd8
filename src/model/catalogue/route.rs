//! The settings of routes, and those that code reads by itself.

use super::field::{Field, Kind, Unset, boolean, integer, number, rows};
use crate::model::protocol::Protocols;

/// The members of `DefaultRouteSettings` and of each entry of `RouteSettings`.
pub static ROUTE_SETTINGS: &[Field] = &[
    boolean(
        "DataTraceEnabled",
        "Writes whole requests and responses to the execution log.",
    )
    .only(Protocols::WEBSOCKET),
    boolean(
        "DetailedMetricsEnabled",
        "Sends metrics for each route to CloudWatch.",
    ),
    // REF and CFN name the three levels; an unset one is OFF, as a WebSocket stage always reads back.
    Field::new(
        "LoggingLevel",
        Kind::OneOf(&["ERROR", "INFO", "OFF"]),
        Unset::Text("OFF"),
        "The level of the execution log.",
    )
    .only(Protocols::WEBSOCKET),
    integer(
        "ThrottlingBurstLimit",
        "Requests that may arrive at once. Unset, the account's limit applies; 0 blocks.",
    )
    .zero_blocks(),
    number(
        "ThrottlingRateLimit",
        "Requests a second. Unset, the account's limit applies; 0 blocks all traffic.",
    )
    .zero_blocks(),
];

rows! { ROUTE_SETTINGS:
    DATA_TRACE = "DataTraceEnabled",
    METRICS = "DetailedMetricsEnabled",
    LOGGING_LEVEL = "LoggingLevel",
}
