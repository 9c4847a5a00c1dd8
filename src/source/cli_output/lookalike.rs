//! Files that are nearly what is read, told by what they hold: what each is, and what to do instead. Data; it must not
//! know how a stage is read.

use serde_json::{Map, Value as Json};

/// A kind of file that is taken for the output of get-stages.
struct Lookalike {
    sign: Sign,
    is: &'static str,
    cure: &'static str,
}

/// The mark of a kind.
enum Sign {
    /// An object with all of these members.
    Members(&'static [&'static str]),
    /// A text that begins so.
    Start(&'static str),
    /// A text that holds this.
    Holds(&'static str),
}

use Sign::{Holds, Members, Start};

const PRINT: &str = "Print it with: aws apigatewayv2 get-stages --api-id ID --output json";
const REST: &str = "REST APIs are not read yet. For an HTTP or WebSocket API: aws apigatewayv2 get-stages --api-id ID";
const NO_QUERY: &str = "Leave out --query: aws apigatewayv2 get-stages --api-id ID --output json";
const INFRASTRUCTURE: &str =
    "Infrastructure code is not read yet. What is deployed: aws apigatewayv2 get-stages --api-id ID";

/// The first that fits is meant.
const OBJECTS: &[Lookalike] = &[
    Lookalike { sign: Members(&["stageName", "methodSettings"]), is: "a stage of a REST API", cure: REST },
    Lookalike { sign: Members(&["stageName", "cacheClusterEnabled"]), is: "a stage of a REST API", cure: REST },
    Lookalike { sign: Members(&["StageName", "MethodSettings"]), is: "a stage of a REST API", cure: REST },
    Lookalike { sign: Members(&["stageName", "variables"]), is: "a stage of a REST API", cure: REST },
    Lookalike { sign: Members(&["item"]), is: "what `aws apigateway` prints of REST APIs", cure: REST },
    Lookalike { sign: Members(&["TypeName", "ResourceDescription"]), is: "a resource of Cloud Control", cure: PRINT },
    Lookalike {
        sign: Members(&["resourceType", "configuration"]),
        is: "a configuration item of AWS Config",
        cure: PRINT,
    },
    Lookalike { sign: Members(&["columns", "rows"]), is: "rows of Steampipe", cure: PRINT },
    Lookalike { sign: Members(&["stage_name"]), is: "a row of another tool", cure: PRINT },
    Lookalike { sign: Members(&["format_version"]), is: "output of `terraform show -json`", cure: INFRASTRUCTURE },
    Lookalike { sign: Members(&["terraform_version"]), is: "a state of Terraform", cure: INFRASTRUCTURE },
    Lookalike { sign: Members(&["AWSTemplateFormatVersion"]), is: "a CloudFormation template", cure: INFRASTRUCTURE },
    Lookalike { sign: Members(&["apiVersion", "kind"]), is: "a Kubernetes object", cure: PRINT },
    Lookalike { sign: Members(&["StageName", "HttpStatusCode"]), is: "an object of the AWS SDK for .NET", cure: PRINT },
    Lookalike {
        sign: Members(&["StageName", "$metadata"]),
        is: "an object of the AWS SDK for JavaScript",
        cure: PRINT,
    },
    Lookalike { sign: Members(&["StageName", "ResponseMetadata"]), is: "an object of an AWS SDK", cure: PRINT },
    Lookalike { sign: Members(&["StageName", "ResultMetadata"]), is: "an object of the AWS SDK for Go", cure: PRINT },
    Lookalike {
        sign: Members(&["StageName", "ApiId"]),
        is: "the properties of a stage, of Cloud Control or CloudFormation",
        cure: PRINT,
    },
    Lookalike { sign: Members(&["ProtocolType", "ApiId"]), is: "an API, as get-apis prints it", cure: PRINT },
    Lookalike {
        sign: Members(&["DetailedMetricsEnabled"]),
        is: "the settings of a route without their stage",
        cure: NO_QUERY,
    },
    Lookalike {
        sign: Members(&["format", "version", "verdict"]),
        is: "a result of driftgate",
        cure: "Render it with: driftgate report FILE",
    },
];

const TEXTS: &[Lookalike] = &[
    Lookalike {
        sign: Holds("An error occurred ("),
        is: "an error of the AWS CLI",
        cure: "Look at what it says, and print the stages again once that is mended.",
    },
    Lookalike { sign: Start("AWSTemplateFormatVersion"), is: "a CloudFormation template", cure: INFRASTRUCTURE },
    Lookalike { sign: Holds("Type: AWS::"), is: "a CloudFormation template", cure: INFRASTRUCTURE },
    Lookalike { sign: Holds("resource \"aws_"), is: "Terraform code", cure: INFRASTRUCTURE },
    Lookalike { sign: Start("Items:"), is: "YAML, as --output yaml prints it", cure: PRINT },
    Lookalike { sign: Start("- "), is: "YAML, as --output yaml prints it", cure: PRINT },
    Lookalike { sign: Start("StageName:"), is: "YAML, as --output yaml prints it", cure: PRINT },
    Lookalike { sign: Start("---"), is: "a table, as --output table prints it", cure: PRINT },
    Lookalike { sign: Start("|"), is: "a table, as --output table prints it", cure: PRINT },
    Lookalike { sign: Start("ITEMS\t"), is: "text, as --output text prints it", cure: PRINT },
    Lookalike {
        sign: Start("{'"),
        is: "an object of Python, printed",
        cure: "Print it with json.dumps, or with: aws apigatewayv2 get-stages --api-id ID --output json",
    },
    Lookalike { sign: Start("[{'"), is: "a list of Python, printed", cure: PRINT },
    Lookalike { sign: Start("@{"), is: "an object of PowerShell, printed", cure: PRINT },
    Lookalike { sign: Start("<"), is: "HTML or XML", cure: PRINT },
];

/// The kind a JSON document seems to be, and the cure.
pub(super) fn of_document(json: &Json) -> Option<(&'static str, &'static str)> {
    match json {
        Json::Object(object) => of_object(object),
        Json::Null => Some(("null: the --query fits nothing", NO_QUERY)),
        Json::Array(items) if items.iter().any(|item| item.get("StageName").is_some()) => {
            Some(("a list of stages, as --query Items prints it, which does not tell whether it is whole", NO_QUERY))
        }
        Json::Array(items) => {
            let nested = items.first().is_some_and(|item| item.is_array() || item.is_string());
            let of = items.iter().find_map(|item| item.as_object().and_then(of_object));
            of.or_else(|| nested.then_some(("a list of single values, as --query prints it", NO_QUERY)))
        }
        _ => None,
    }
}

/// The kind an object seems to be, and the cure.
pub(super) fn of_object(object: &Map<String, Json>) -> Option<(&'static str, &'static str)> {
    if object.is_empty() {
        return Some(("an empty object", "If a command wrote it, look at what that command said."));
    }
    let fits = |lookalike: &&Lookalike| match lookalike.sign {
        Members(names) => names.iter().all(|name| object.contains_key(*name)),
        Start(_) | Holds(_) => false,
    };
    OBJECTS.iter().find(fits).map(|lookalike| (lookalike.is, lookalike.cure))
}

/// The kind a text that is not JSON seems to be, and the cure.
pub(super) fn of_text(text: &[u8]) -> Option<(&'static str, &'static str)> {
    let text = String::from_utf8_lossy(text);
    let text = text.trim();
    if text == "None" {
        return Some(("None: the --query fits nothing", NO_QUERY));
    }
    let fits = |lookalike: &&Lookalike| match lookalike.sign {
        Start(start) => text.starts_with(start),
        Holds(part) => text.contains(part),
        Members(_) => false,
    };
    TEXTS.iter().find(fits).map(|lookalike| (lookalike.is, lookalike.cure))
}
