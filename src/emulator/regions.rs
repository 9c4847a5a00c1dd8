//! The Regions of each partition, and how Account Management and EC2 list those of an account. It does not know what
//! is deployed in them.

use serde_json::{Value, json};

use super::paging::{BadRequest, List, Paging};
use super::refusal::Refusal;
use super::reply::Reply;
use super::request::Call;
use super::signature::Caller;

/// The Regions that every account of the partition `aws` has; a generated fleet takes as many of them as it is told.
pub const BY_DEFAULT: [&str; 17] = [
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-central-1",
    "eu-north-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ca-central-1",
    "sa-east-1",
];

/// The Regions that an account of the partition `aws` has only when it opts in.
pub(super) const OPT_IN: [&str; 17] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
];

/// What ListRegions puts on a page, and the most that its `MaxResults` takes.
const PAGE: usize = 20;
const LARGEST_PAGE: usize = 50;

/// How an account has a Region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OptIn {
    ByDefault,
    Enabled,
    Disabled,
}

/// Whether an account of the partition has to opt in.
pub(super) fn is_opt_in(region: &str) -> bool {
    OPT_IN.contains(&region)
}

fn of_partition(partition: &str) -> Vec<&'static str> {
    let mut regions = match partition {
        "aws-cn" => vec!["cn-north-1", "cn-northwest-1"],
        "aws-us-gov" => vec!["us-gov-east-1", "us-gov-west-1"],
        _ => [BY_DEFAULT, OPT_IN].concat(),
    };
    regions.sort_unstable();
    regions
}

/// The answer to ListRegions, page by page.
pub(super) fn list(
    caller: &Caller<'_>,
    call: &Call<'_>,
    paging: Paging,
    opt_in: impl Fn(&str) -> OptIn,
) -> Result<Reply, Refusal> {
    let asked = call.json();
    let wanted = asked["RegionOptStatusContains"].as_array();
    let status = |region: &str| match opt_in(region) {
        OptIn::ByDefault => "ENABLED_BY_DEFAULT",
        OptIn::Enabled => "ENABLED",
        OptIn::Disabled => "DISABLED",
    };
    let regions: Vec<(&str, &str)> = of_partition(caller.partition())
        .into_iter()
        .map(|region| (region, status(region)))
        .filter(|(_, status)| wanted.is_none_or(|wanted| wanted.iter().any(|wanted| wanted == status)))
        .collect();
    let list = List { caller, of: "regions", length: regions.len(), page_size: PAGE, largest: LARGEST_PAGE };
    // Unlike the other services, it gives more than a page of its own when more is asked for.
    let size = asked.get("MaxResults").map(Value::to_string);
    let own = size.as_deref().and_then(|size| size.parse().ok()).map_or(PAGE, |size: usize| size.min(LARGEST_PAGE));
    let page = List { page_size: own, ..list }
        .page(size.as_deref(), asked["NextToken"].as_str(), paging)
        .map_err(BadRequest::refusal)?;
    let shown: Vec<Value> = regions[page.items]
        .iter()
        .map(|(region, status)| json!({"RegionName": region, "RegionOptStatus": status}))
        .collect();
    let mut body = json!({"Regions": shown});
    if let Some(token) = page.next {
        body["NextToken"] = token.into();
    }
    Ok(Reply::json(body.to_string()))
}

/// The answer to DescribeRegions, which has no pages.
pub(super) fn describe(
    caller: &Caller<'_>,
    call: &Call<'_>,
    request_id: &str,
    opt_in: impl Fn(&str) -> OptIn,
) -> Reply {
    let all = call.parameter("AllRegions").is_some_and(|all| all == "true");
    let suffix = if caller.partition() == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    let mut items = String::new();
    for region in of_partition(caller.partition()) {
        let status = match opt_in(region) {
            OptIn::ByDefault => "opt-in-not-required",
            OptIn::Enabled => "opted-in",
            OptIn::Disabled if all => "not-opted-in",
            OptIn::Disabled => continue,
        };
        items.push_str(&format!(
            "        <item>\n            <regionName>{region}</regionName>\n            \
             <regionEndpoint>ec2.{region}.{suffix}</regionEndpoint>\n            \
             <optInStatus>{status}</optInStatus>\n        </item>\n"
        ));
    }
    Reply::xml(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DescribeRegionsResponse \
         xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\n    <requestId>{request_id}</requestId>\n    \
         <regionInfo>\n{items}    </regionInfo>\n</DescribeRegionsResponse>"
    ))
}
