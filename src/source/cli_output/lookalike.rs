//! Files that are nearly what is read, with what each is and what to do instead. Data; it must not
//! know how a stage is read.

use serde_json::{Map, Value as Json};

/// The beginning of a text that is not JSON, or a part of it.
enum Sign {
    Start(&'static str),
    Holds(&'static str),
}

use Sign::{Holds, Start};

const PRINT: &str = "Print it with: aws apigatewayv2 get-stages --api-id ID --output json";
const REST: &str = "REST APIs are not read yet. For an HTTP or WebSocket API: aws apigatewayv2 get-stages --api-id ID";
const NO_QUERY: &str = "Leave out --query: aws apigatewayv2 get-stages --api-id ID --output json";
const INFRASTRUCTURE: &str = "Infrastructure code is not read yet. What is deployed: aws apigatewayv2 get-stages --api-id ID";

/// The members of an object, the kind of file that they show, and the cure. The first row that fits counts.
const OBJECTS: &[(&[&str], &str, &str)] = &[
    (
        &["stageName", "methodSettings"],
        "a stage of a REST API",
        REST,
    ),
    (
        &["stageName", "cacheClusterEnabled"],
        "a stage of a REST API",
        REST,
    ),
    (
        &["StageName", "MethodSettings"],
        "a stage of a REST API",
        REST,
    ),
    (&["stageName", "variables"], "a stage of a REST API", REST),
    (&["item"], "what `aws apigateway` prints of REST APIs", REST),
    (
        &["TypeName", "ResourceDescription"],
        "a resource of Cloud Control",
        PRINT,
    ),
    (
        &["resourceType", "configuration"],
        "a configuration item of AWS Config",
        PRINT,
    ),
    (&["columns", "rows"], "rows of Steampipe", PRINT),
    (&["stage_name"], "a row of another tool", PRINT),
    (
        &["format_version"],
        "output of `terraform show -json`",
        INFRASTRUCTURE,
    ),
    (
        &["terraform_version"],
        "a state of Terraform",
        INFRASTRUCTURE,
    ),
    (
        &["AWSTemplateFormatVersion"],
        "a CloudFormation template",
        INFRASTRUCTURE,
    ),
    (&["apiVersion", "kind"], "a Kubernetes object", PRINT),
    (
        &["StageName", "HttpStatusCode"],
        "an object of the AWS SDK for .NET",
        PRINT,
    ),
    (
        &["StageName", "$metadata"],
        "an object of the AWS SDK for JavaScript",
        PRINT,
    ),
    (
        &["StageName", "ResponseMetadata"],
        "an object of an AWS SDK",
        PRINT,
    ),
    (
        &["StageName", "ResultMetadata"],
        "an object of the AWS SDK for Go",
        PRINT,
    ),
    (
        &["StageName", "ApiId"],
        "the properties of a stage, of Cloud Control or CloudFormation",
        PRINT,
    ),
    (
        &["ProtocolType", "ApiId"],
        "an API, as get-apis prints it",
        PRINT,
    ),
    (
        &["DetailedMetricsEnabled"],
        "the settings of a route without their stage",
        NO_QUERY,
    ),
    (
        &["format", "version", "verdict"],
        "a result of driftgate",
        "Render it with: driftgate report FILE",
    ),
];

/// The same for texts.
const TEXTS: &[(Sign, &str, &str)] = &[
    (
        Holds("An error occurred ("),
        "an error of the AWS CLI",
        "Look at what it says, and print the stages again once that is mended.",
    ),
    (
        Start("AWSTemplateFormatVersion"),
        "a CloudFormation template",
        INFRASTRUCTURE,
    ),
    (
        Holds("Type: AWS::"),
        "a CloudFormation template",
        INFRASTRUCTURE,
    ),
    (Holds("resource \"aws_"), "Terraform code", INFRASTRUCTURE),
    (Start("Items:"), "YAML, as --output yaml prints it", PRINT),
    (Start("- "), "YAML, as --output yaml prints it", PRINT),
    (
        Start("StageName:"),
        "YAML, as --output yaml prints it",
        PRINT,
    ),
    (Start("---"), "a table, as --output table prints it", PRINT),
    (Start("|"), "a table, as --output table prints it", PRINT),
    (Start("ITEMS\t"), "text, as --output text prints it", PRINT),
    (
        Start("{'"),
        "an object of Python, printed",
        "Print it with json.dumps, or with: aws apigatewayv2 get-stages --api-id ID --output json",
    ),
    (Start("[{'"), "a list of Python, printed", PRINT),
    (Start("@{"), "an object of PowerShell, printed", PRINT),
    (Start("<"), "HTML or XML", PRINT),
];

/// The kind a JSON document seems to be, and the cure.
pub(super) fn of_document(json: &Json) -> Option<(&'static str, &'static str)> {
    match json {
        Json::Object(object) => of_object(object),
        Json::Null => Some(("null: the --query fits nothing", NO_QUERY)),
        Json::Array(items) if items.iter().any(|item| item.get("StageName").is_some()) => Some((
            "a list of stages, as --query Items prints it, which does not tell whether it is whole",
            NO_QUERY,
        )),
        Json::Array(items) => {
            let nested = items
                .first()
                .is_some_and(|item| item.is_array() || item.is_string());
            let of = items
                .iter()
                .find_map(|item| item.as_object().and_then(of_object));
            of.or_else(|| {
                nested.then_some(("a list of single values, as --query prints it", NO_QUERY))
            })
        }
        _ => None,
    }
}

/// The kind an object seems to be, and the cure.
pub(super) fn of_object(object: &Map<String, Json>) -> Option<(&'static str, &'static str)> {
    if object.is_empty() {
        return Some((
            "an empty object",
            "If a command wrote it, look at what that command said.",
        ));
    }
    let fits = |names: &[&str]| names.iter().all(|name| object.contains_key(*name));
    OBJECTS
        .iter()
        .find(|(names, ..)| fits(names))
        .map(|(_, is, cure)| (*is, *cure))
}

/// The kind a text that is not JSON seems to be, and the cure.
pub(super) fn of_text(text: &[u8]) -> Option<(&'static str, &'static str)> {
    let text = String::from_utf8_lossy(text);
    let text = text.trim();
    if text == "None" {
        return Some(("None: the --query fits nothing", NO_QUERY));
    }
    let fits = |sign: &Sign| match sign {
        Start(start) => text.starts_with(start),
        Holds(part) => text.contains(part),
    };
    TEXTS
        .iter()
        .find(|(sign, ..)| fits(sign))
        .map(|(_, is, cure)| (*is, *cure))
}
