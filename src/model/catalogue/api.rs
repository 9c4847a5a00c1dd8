//! The fields of an API, and those that code reads by itself.

use super::field::{
    Field, boolean, element, integer, list, list_of, map, one_of, rows, structure, text,
};
use super::form::{ORIGIN, STAR_OR_NAME};
use super::stage::TAG;
use crate::model::protocol::{Protocol, Protocols};

static ORIGINS: Field = element().form(&ORIGIN);
static NAMES: Field = element().form(&STAR_OR_NAME);

/// The members of `api.CorsConfiguration`.
pub static CORS: &[Field] = &[
    boolean("AllowCredentials", "Lets browsers send credentials."),
    list_of("AllowHeaders", &NAMES, "Headers that a request may have."),
    list_of("AllowMethods", &NAMES, "Methods that a request may have."),
    list_of("AllowOrigins", &ORIGINS, "Origins that may call the API."),
    list_of("ExposeHeaders", &NAMES, "Headers that a script may read."),
    integer(
        "MaxAge",
        "Seconds for which a browser may keep the answer to a preflight request.",
    ),
];

/// The members of an API, as GetApis returns them.
pub static API: &[Field] = &[
    text("ApiEndpoint", "The address of the API, without a stage."),
    boolean(
        "ApiGatewayManaged",
        "Marks an API that another service or tool owns.",
    ),
    text("ApiId", "The identifier of the API.").identity(),
    text(
        "ApiKeySelectionExpression",
        "The expression that finds the API key of a request.",
    )
    .only(Protocols::WEBSOCKET),
    structure(
        "CorsConfiguration",
        CORS,
        "The rights of browsers on pages of other origins.",
    )
    .only(Protocols::HTTP),
    text("CreatedDate", "The time at which the API was created."),
    text("Description", "The purpose of the API, a free text."),
    boolean(
        "DisableExecuteApiEndpoint",
        "Closes the default `execute-api` endpoint.",
    ),
    boolean(
        "DisableSchemaValidation",
        "Turns off the validation of messages.",
    )
    .only(Protocols::WEBSOCKET),
    list(
        "ImportInfo",
        "Parts of an imported definition that the API ignores.",
    )
    .only(Protocols::HTTP),
    one_of(
        "IpAddressType",
        &["dualstack", "ipv4"],
        "The IP versions that may call the API.",
    ),
    text("Name", "The name of the API; it need not be unique.").identity(),
    one_of("ProtocolType", Protocol::NAMES, "The protocol of the API.").identity(),
    text(
        "RouteSelectionExpression",
        "The expression that chooses the route of a request.",
    ),
    map("Tags", &TAG, "The tags of the API."),
    text("Version", "The version of the API, a free text."),
    list("Warnings", "Warnings from an import of the API.").only(Protocols::HTTP),
];

/// The whole API, as the document has it under `api`.
pub static API_FIELD: Field = structure("api", API, "The API of the stage.");

rows! { API:
    CORS_CONFIGURATION = "api.CorsConfiguration",
    DISABLE_ENDPOINT = "api.DisableExecuteApiEndpoint",
    ID = "api.ApiId",
    NAME = "api.Name",
    PROTOCOL = "api.ProtocolType",
    TAGS = "api.Tags",
}

rows! { CORS:
    ALLOW_CREDENTIALS = "api.CorsConfiguration.AllowCredentials",
    ALLOW_HEADERS = "api.CorsConfiguration.AllowHeaders",
    ALLOW_METHODS = "api.CorsConfiguration.AllowMethods",
    ALLOW_ORIGINS = "api.CorsConfiguration.AllowOrigins",
}
