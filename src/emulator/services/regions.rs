//! The answers of Account Management and EC2: the Regions of an account. It does not know what is deployed in them.

use serde_json::{Value, json};

use crate::emulator::fleet::{OptIn, of_partition};
use crate::emulator::wire::{Call, Caller, List, Paging, Refusal, Reply};

/// The items on a page of ListRegions, and the most that its `MaxResults` takes.
const PAGE: usize = 20;
const LARGEST_PAGE: usize = 50;

pub fn list(
    caller: &Caller<'_>,
    call: &Call<'_>,
    paging: Paging,
    opt_in: impl Fn(&str) -> OptIn,
) -> Result<Reply, Refusal> {
    let request = call.json();
    let requested = request["RegionOptStatusContains"].as_array();
    let status = |region: &str| match opt_in(region) {
        OptIn::ByDefault => "ENABLED_BY_DEFAULT",
        OptIn::Enabled => "ENABLED",
        OptIn::Disabled => "DISABLED",
    };
    let regions: Vec<(&str, &str)> = of_partition(caller.partition())
        .into_iter()
        .map(|region| (region, status(region)))
        .filter(|(_, status)| {
            requested.is_none_or(|requested| requested.iter().any(|requested| requested == status))
        })
        .collect();
    let list = List {
        caller,
        of: "regions",
        length: regions.len(),
        page_size: PAGE,
        largest: LARGEST_PAGE,
    };
    // Unlike the other services, it returns more than its own page size on request.
    let size = request.get("MaxResults").map(Value::to_string);
    let own = size
        .as_deref()
        .and_then(|size| size.parse().ok())
        .map_or(PAGE, |size: usize| size.min(LARGEST_PAGE));
    let page = List {
        page_size: own,
        ..list
    }
    .page(size.as_deref(), request["NextToken"].as_str(), paging)?;
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
pub fn describe(
    caller: &Caller<'_>,
    call: &Call<'_>,
    request_id: &str,
    opt_in: impl Fn(&str) -> OptIn,
) -> Reply {
    let all = call
        .parameter("AllRegions")
        .is_some_and(|all| all == "true");
    let suffix = if caller.partition() == "aws-cn" {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    };
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
