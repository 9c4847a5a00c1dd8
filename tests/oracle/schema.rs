//! The settings of a stage, written down by hand from AWS's reference: it must not look into driftgate's catalogue.

/// Values that may be at a place.
#[derive(Debug, Clone, Copy)]
pub enum Type {
    Boolean,
    Whole,
    Number,
    /// A text; `arn` for the ARN of a log group, which may have `:*` behind it.
    Text {
        arn: bool,
    },
    /// A text of a form of its own, such as these.
    Code(&'static [&'static str]),
    /// One of these; unset it is the last one.
    Level(&'static [&'static str]),
    /// The protocol of the API.
    Protocol,
    Struct(&'static [Member]),
    Map(&'static Type),
    List,
}

/// A member of a struct: its name, its type, and the one protocol that has it (`""` for both).
pub type Member = (&'static str, Type, &'static str);

const TEXT: Type = Type::Text { arn: false };
const STAGE_NAME: Type = Type::Code(&["a", "ab", "b", "prod"]);
pub const ACCOUNT: &str = "111122223333";

pub const ROUTE: &[Member] = &[
    ("DataTraceEnabled", Type::Boolean, "WEBSOCKET"),
    ("DetailedMetricsEnabled", Type::Boolean, ""),
    (
        "LoggingLevel",
        Type::Level(&["ERROR", "INFO", "OFF"]),
        "WEBSOCKET",
    ),
    ("ThrottlingBurstLimit", Type::Whole, ""),
    ("ThrottlingRateLimit", Type::Number, ""),
];

const LOGS: &[Member] = &[
    ("DestinationArn", Type::Text { arn: true }, ""),
    ("Format", TEXT, ""),
];

const CORS: &[Member] = &[
    ("AllowCredentials", Type::Boolean, ""),
    ("AllowOrigins", Type::List, ""),
    ("MaxAge", Type::Whole, ""),
];

pub const API: &[Member] = &[
    ("ApiId", TEXT, ""),
    ("ApiKeySelectionExpression", TEXT, "WEBSOCKET"),
    ("CorsConfiguration", Type::Struct(CORS), "HTTP"),
    ("DisableExecuteApiEndpoint", Type::Boolean, ""),
    ("DisableSchemaValidation", Type::Boolean, "WEBSOCKET"),
    ("Name", TEXT, ""),
    ("ProtocolType", Type::Protocol, ""),
    ("Tags", Type::Map(&TEXT), ""),
    ("Warnings", Type::List, "HTTP"),
];

/// The members of a stage.
pub const STAGE: &[Member] = &[
    ("AccessLogSettings", Type::Struct(LOGS), ""),
    ("AutoDeploy", Type::Boolean, ""),
    ("ClientCertificateId", TEXT, "WEBSOCKET"),
    ("DefaultRouteSettings", Type::Struct(ROUTE), ""),
    ("Description", TEXT, ""),
    ("RouteSettings", Type::Map(&Type::Struct(ROUTE)), ""),
    ("StageName", STAGE_NAME, ""),
    ("StageVariables", Type::Map(&TEXT), ""),
    ("Tags", Type::Map(&TEXT), ""),
];

/// Everything at the top of the document that a pattern may name, but `each-route`.
pub const DOCUMENT: &[Member] = &[
    ("AccessLogSettings", Type::Struct(LOGS), ""),
    ("AutoDeploy", Type::Boolean, ""),
    ("ClientCertificateId", TEXT, "WEBSOCKET"),
    ("DefaultRouteSettings", Type::Struct(ROUTE), ""),
    ("Description", TEXT, ""),
    ("RouteSettings", Type::Map(&Type::Struct(ROUTE)), ""),
    ("StageName", STAGE_NAME, ""),
    ("StageVariables", Type::Map(&TEXT), ""),
    ("Tags", Type::Map(&TEXT), ""),
    ("account", Type::Code(&[ACCOUNT, "111122224444"]), ""),
    ("region", Type::Code(&["us-east-1", "eu-west-1"]), ""),
    ("partition", Type::Code(&["aws", "aws-cn"]), ""),
    ("route", TEXT, ""),
    ("api", Type::Struct(API), ""),
];
