//! The catalogue: every field of an API and its stage, one row each. Data only; it must not know who reads it.
//!
//! Type checks, decoding, defaults and redaction all come from these rows. The names are those
//! of the AWS CLI (`aws apigatewayv2 get-stage`); on the wire the first letter is in lower case.

use super::protocol::{Protocol, Protocols};

/// One field as AWS names it.
#[derive(Debug)]
pub struct Field {
    /// The name in PascalCase, as the AWS CLI prints it. Ours (`account`, `each-route`) are in lower case.
    pub name: &'static str,
    /// Type of its values.
    pub kind: Kind,
    /// The protocols whose APIs have the field at all.
    pub on: Protocols,
    /// Meaning of an absent value.
    pub unset: Unset,
    /// True if its value may be a secret, and is shown as a digest.
    pub sensitive: bool,
    /// True if a trailing `:*` is dropped before the text is compared: API Gateway stores log group ARNs without
    /// it, while CloudWatch Logs, CloudFormation and the console write them with it.
    pub log_group_arn: bool,
    /// Description of the field, in one sentence.
    pub about: &'static str,
}

/// The type of a field's value.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A number that may have a fraction.
    Number,
    /// Any text.
    Text,
    /// A text that is one of these; AWS may add to them, so others are data, not an error.
    OneOf(&'static [&'static str]),
    /// Named members.
    Struct(&'static [Field]),
    /// Free keys, every value of which is as the row says.
    Map(&'static Field),
    /// Values in order, each as the row says.
    List(&'static Field),
}

/// Meaning of an absent value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unset {
    /// Nothing else: it is not set.
    Nothing,
    /// `false`.
    False,
    /// This text.
    Text(&'static str),
    /// A struct, list or map without content.
    Empty,
}

impl Kind {
    /// The kind in words, with its article.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Boolean => "a boolean".to_owned(),
            Self::Integer => "a whole number".to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Text => "a text".to_owned(),
            Self::OneOf(names) => format!("one of {}", names.join(", ")),
            Self::Struct(_) => "a struct".to_owned(),
            Self::Map(_) => "a map".to_owned(),
            Self::List(_) => "a list".to_owned(),
        }
    }
}

impl Field {
    const fn new(name: &'static str, kind: Kind, unset: Unset, about: &'static str) -> Self {
        Self { name, kind, on: Protocols::ALL, unset, sensitive: false, log_group_arn: false, about }
    }

    const fn only(mut self, on: Protocols) -> Self {
        self.on = on;
        self
    }

    const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    const fn log_group_arn(mut self) -> Self {
        self.log_group_arn = true;
        self
    }

    /// True if `key` is this field's name, as the CLI writes it or as the wire does.
    #[must_use]
    pub fn is_spelt(&self, key: &str) -> bool {
        let (name, key) = (self.name.as_bytes(), key.as_bytes());
        name.len() == key.len()
            && name[1..] == key[1..]
            && (name[0] == key[0] || name[0].to_ascii_lowercase() == key[0])
    }

    /// True if an unset value means another one, such as `false`: then there always is a value.
    #[must_use]
    pub const fn has_default(&self) -> bool {
        matches!(self.unset, Unset::False | Unset::Text(_))
    }

    /// The members of a struct field; none for every other kind.
    #[must_use]
    pub const fn members(&self) -> &'static [Self] {
        match self.kind {
            Kind::Struct(members) => members,
            _ => &[],
        }
    }
}

const fn boolean(name: &'static str, about: &'static str) -> Field {
    Field::new(name, Kind::Boolean, Unset::False, about)
}

const fn integer(name: &'static str, about: &'static str) -> Field {
    Field::new(name, Kind::Integer, Unset::Nothing, about)
}

const fn number(name: &'static str, about: &'static str) -> Field {
    Field::new(name, Kind::Number, Unset::Nothing, about)
}

const fn text(name: &'static str, about: &'static str) -> Field {
    Field::new(name, Kind::Text, Unset::Nothing, about)
}

const fn one_of(name: &'static str, of: &'static [&'static str], about: &'static str) -> Field {
    Field::new(name, Kind::OneOf(of), Unset::Nothing, about)
}

const fn structure(name: &'static str, of: &'static [Field], about: &'static str) -> Field {
    Field::new(name, Kind::Struct(of), Unset::Empty, about)
}

const fn map(name: &'static str, of: &'static Field, about: &'static str) -> Field {
    Field::new(name, Kind::Map(of), Unset::Empty, about)
}

const fn list(name: &'static str, about: &'static str) -> Field {
    static ELEMENT: Field = text("element", "One element of the list.");
    Field::new(name, Kind::List(&ELEMENT), Unset::Empty, about)
}

static TAG: Field = text("value", "The value of one tag.");
static STAGE_VARIABLE: Field = text("value", "The value of one stage variable.").sensitive();
static ROUTE: Field = structure("route", ROUTE_SETTINGS, "The settings of one route.");

/// The members of `AccessLogSettings`.
pub static ACCESS_LOG_SETTINGS: &[Field] = &[
    text("DestinationArn", "The CloudWatch Logs group (or Firehose stream) that access logs go to.").log_group_arn(),
    text("Format", "The single-line template of a log entry, made of `$context` variables."),
];

/// The members of `DefaultRouteSettings` and of each entry of `RouteSettings`.
pub static ROUTE_SETTINGS: &[Field] = &[
    boolean("DataTraceEnabled", "Whether whole requests and responses are written to the execution log.")
        .only(Protocols::WEBSOCKET),
    boolean("DetailedMetricsEnabled", "Whether CloudWatch gets metrics for each route."),
    // REF and CFN name the three levels; an unset one is OFF, as a WebSocket stage always reads back.
    Field::new(
        "LoggingLevel",
        Kind::OneOf(&["ERROR", "INFO", "OFF"]),
        Unset::Text("OFF"),
        "What the execution log gets.",
    )
    .only(Protocols::WEBSOCKET),
    integer("ThrottlingBurstLimit", "Requests that may arrive at once. Unset, the account's limit applies; 0 blocks."),
    number("ThrottlingRateLimit", "Requests a second. Unset, the account's limit applies; 0 blocks all traffic."),
];

/// The members of a stage, as GetStage returns them.
pub static STAGE: &[Field] = &[
    structure("AccessLogSettings", ACCESS_LOG_SETTINGS, "Where access logs go, and what they say."),
    boolean("ApiGatewayManaged", "Whether quick create made the stage."),
    boolean("AutoDeploy", "Whether a change of the API is deployed at once."),
    text("ClientCertificateId", "The certificate that API Gateway shows to the integration.")
        .only(Protocols::WEBSOCKET),
    text("CreatedDate", "When the stage was created."),
    structure("DefaultRouteSettings", ROUTE_SETTINGS, "The settings of every route without an entry of its own."),
    text("DeploymentId", "The deployment that the stage serves."),
    text("Description", "What the stage is for."),
    text("LastDeploymentStatusMessage", "How the last automatic deployment went."),
    text("LastUpdatedDate", "When the stage was last changed."),
    map("RouteSettings", &ROUTE, "The settings of single routes, by route key."),
    text("StageName", "The name of the stage; `$default` is served at the root of the API."),
    map("StageVariables", &STAGE_VARIABLE, "Variables for integrations; not meant for secrets.").sensitive(),
    map("Tags", &TAG, "The tags of the stage; those of the API are in `api.Tags`."),
];

/// The members of `api.CorsConfiguration`.
pub static CORS: &[Field] = &[
    boolean("AllowCredentials", "Whether a browser may send credentials."),
    list("AllowHeaders", "Headers that a request may have."),
    list("AllowMethods", "Methods that a request may have."),
    list("AllowOrigins", "Origins that may call the API."),
    list("ExposeHeaders", "Headers that a script may read."),
    integer("MaxAge", "Seconds for which a browser may keep the answer to a preflight request."),
];

/// The members of an API, as GetApis returns them.
pub static API: &[Field] = &[
    text("ApiEndpoint", "The address of the API, without a stage."),
    boolean("ApiGatewayManaged", "Whether another service or tool owns the API."),
    text("ApiId", "The identifier of the API."),
    text("ApiKeySelectionExpression", "Where the API key of a request is found.").only(Protocols::WEBSOCKET),
    structure("CorsConfiguration", CORS, "What browsers of other origins may do.").only(Protocols::HTTP),
    text("CreatedDate", "When the API was created."),
    text("Description", "What the API is for."),
    boolean("DisableExecuteApiEndpoint", "Whether the default `execute-api` endpoint is closed."),
    boolean("DisableSchemaValidation", "Whether messages are not validated.").only(Protocols::WEBSOCKET),
    list("ImportInfo", "What an import of the API ignored.").only(Protocols::HTTP),
    one_of("IpAddressType", &["dualstack", "ipv4"], "The IP versions that may call the API."),
    text("Name", "The name of the API; it need not be unique."),
    one_of("ProtocolType", Protocol::NAMES, "The protocol of the API."),
    text("RouteSelectionExpression", "How the route of a request is chosen."),
    map("Tags", &TAG, "The tags of the API."),
    text("Version", "The version of the API, a free text."),
    list("Warnings", "What an import of the API warned of.").only(Protocols::HTTP),
];

/// The whole API, as the document has it under `api`.
pub static API_FIELD: Field = structure("api", API, "The API of the stage.");

/// Fields that driftgate adds to AWS's document, in lower case.
pub static OURS: &[Field] = &[
    text("account", "The account of the stage, twelve digits."),
    text("region", "The Region of the stage."),
    text("partition", "The partition of the stage: aws, aws-cn, aws-us-gov, …"),
    text("arn", "The ARN of the stage."),
    structure("api", API, "The API of the stage, as GetApis returns it."),
    structure(
        "each-route",
        ROUTE_SETTINGS,
        "The settings in force for each route: the stage default, and each entry of `RouteSettings` over it.",
    ),
    text("route", "The key of the route looked at; unset for the stage default."),
];

/// The place of a field among its siblings.
///
/// A `const` context finds a misspelt name when the program is compiled.
#[must_use]
pub const fn position(of: &[Field], name: &str) -> usize {
    let mut at = 0;
    while at < of.len() {
        if same(of[at].name.as_bytes(), name.as_bytes()) {
            return at;
        }
        at += 1;
    }
    // Outside a `const`, a wrong name is not a row of the list; `Value::member` answers it with "unset".
    usize::MAX
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<&'static Field> {
        fn below(fields: &'static [Field], into: &mut Vec<&'static Field>) {
            for field in fields {
                into.push(field);
                below(field.members(), into);
            }
        }
        let mut all = Vec::new();
        below(STAGE, &mut all);
        below(API, &mut all);
        all
    }

    #[test]
    fn rows_are_in_byte_order_and_described() {
        for list in [STAGE, API, CORS, ROUTE_SETTINGS, ACCESS_LOG_SETTINGS] {
            assert!(list.windows(2).all(|pair| pair[0].name < pair[1].name));
        }
        for field in rows() {
            assert!(field.name.as_bytes()[0].is_ascii_uppercase(), "{}", field.name);
            assert!(field.about.ends_with('.'), "{}", field.name);
        }
    }

    #[test]
    fn both_spellings_are_known_and_no_other() {
        let field = &STAGE[position(STAGE, "StageName")];
        assert!(field.is_spelt("StageName") && field.is_spelt("stageName"));
        assert!(!field.is_spelt("stagename") && !field.is_spelt("Stage") && !field.is_spelt(""));
    }

    #[test]
    fn what_each_protocol_lacks_is_what_aws_documents() {
        let only = |on| rows().into_iter().filter(|field| field.on == on).map(|field| field.name).collect::<Vec<_>>();
        let mut websocket = only(Protocols::WEBSOCKET);
        websocket.sort_unstable();
        websocket.dedup();
        assert_eq!(
            websocket,
            [
                "ApiKeySelectionExpression",
                "ClientCertificateId",
                "DataTraceEnabled",
                "DisableSchemaValidation",
                "LoggingLevel"
            ]
        );
        assert_eq!(only(Protocols::HTTP), ["CorsConfiguration", "ImportInfo", "Warnings"]);
    }
}
