//! The sample fleet: one account with every interesting case, by hand. It does not know the rules that its stages
//! break, and it knows no fault; the faults of the demo are in `settings`.

mod cases;
mod good;
mod hostile;

use serde_json::{Value, json};

pub use self::good::{HOME_ACCOUNT, HOME_REGION};

use self::good::{Deployed, access_logs, http_api, http_stage, websocket_api, websocket_stage};
use super::deployed::Fleet;
use super::document::{self, with};
use super::organization::{Organization, ROOT, State};

/// The Regions that the demo audits: the home Region, one with a denied API, one that is denied.
pub const DEMO_REGIONS: [&str; 3] = [HOME_REGION, SECOND_REGION, DENIED_REGION];

/// The API in eu-west-1 whose stages the demo denies.
pub const DENIED_API: &str = "q8x2n6w1zc";

pub const DENIED_REGION: &str = "ap-south-1";

const SECOND_REGION: &str = "eu-west-1";

const PRODUCTION_ACCOUNT: &str = "444455556666";

const WORKLOADS: &str = "ou-demo-workload";

impl Fleet {
    /// The fleet of `driftgate demo`: 17 APIs in us-east-1 with every case that a policy may look for, and three
    /// good ones in eu-west-1. The account manages an organization of four: one has an API, one has none, and one is
    /// suspended.
    pub fn sample() -> Fleet {
        let home = cases::apis().into_iter().chain(hostile::apis());
        let fleet = home.fold(Fleet::new(), |fleet, (api, stages)| {
            fleet.api(HOME_ACCOUNT, HOME_REGION, api, stages)
        });
        let fleet = second_region()
            .into_iter()
            .fold(fleet, |fleet, (api, stages)| {
                let id = api["apiId"].as_str().unwrap_or_default();
                let scheme = if api["protocolType"] == "WEBSOCKET" {
                    "wss"
                } else {
                    "https"
                };
                let endpoint = format!("{scheme}://{id}.execute-api.{SECOND_REGION}.amazonaws.com");
                let api = with(api, json!({"apiEndpoint": endpoint}));
                fleet.api(HOME_ACCOUNT, SECOND_REGION, api, stages)
            });
        let (api, stages) = in_production();
        fleet
            .api(PRODUCTION_ACCOUNT, HOME_REGION, api, stages)
            .organization(organization())
    }
}

fn second_region() -> Vec<Deployed> {
    let here = |stage: Value, group: &str| {
        with(
            stage,
            json!({"accessLogSettings": access_logs(SECOND_REGION, group)}),
        )
    };
    vec![
        (
            http_api("e7k3v9t2mb", "orders-eu", "orders"),
            vec![here(http_stage("prod", "orders"), "orders-eu")],
        ),
        (
            http_api(DENIED_API, "ledger-eu", "payments"),
            vec![here(http_stage("prod", "payments"), "ledger-eu")],
        ),
        (
            websocket_api("h5d0r4j8ya", "events-eu", "chat"),
            vec![here(websocket_stage("live", "chat"), "events-eu")],
        ),
    ]
}

/// The second account of the organization: one good stage, and one with nothing set.
fn in_production() -> Deployed {
    let destination =
        format!("arn:aws:logs:{HOME_REGION}:{PRODUCTION_ACCOUNT}:log-group:/apigw/tickets-prod");
    let good = with(
        http_stage("prod", "support"),
        json!({"accessLogSettings": {"destinationArn": destination}}),
    );
    (
        http_api("t6f1c8p3nd", "tickets", "support"),
        vec![good, document::http_stage("dev")],
    )
}

fn organization() -> Organization {
    Organization::new(HOME_ACCOUNT)
        .unit(WORKLOADS, "Workloads", ROOT)
        .member(PRODUCTION_ACCOUNT, "support-prod", WORKLOADS)
        .member("777788889999", "support-sandbox", ROOT)
        .member("999900001111", "support-old", WORKLOADS)
        .state("999900001111", State::Suspended)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// The APIs of a Region, and the stages of each.
    fn documents(region: &str) -> (Vec<Value>, Vec<Vec<Value>>) {
        let fleet = Fleet::sample();
        let found = fleet.apis(HOME_ACCOUNT, region);
        let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let apis: Vec<Value> = found
            .documents(0..found.len())
            .map(|api| parse(&api))
            .collect();
        let held = |api: &Value| {
            let api = found.find(api["apiId"].as_str().unwrap()).unwrap();
            api.stages(0..api.stage_count())
                .map(|stage| parse(&stage))
                .collect::<Vec<_>>()
        };
        let stages = apis.iter().map(held).collect();
        (apis, stages)
    }

    #[test]
    fn the_sample_is_small_enough_to_read_and_has_its_sizes() {
        let (apis, stages) = documents(HOME_REGION);
        assert_eq!((apis.len(), stages.concat().len()), (17, 24));
        let (apis, stages) = documents(SECOND_REGION);
        assert_eq!((apis.len(), stages.concat().len()), (3, 3));
        assert!(apis.iter().any(|api| api["apiId"] == DENIED_API));
    }

    #[test]
    fn api_ids_are_well_formed_and_unique() {
        let ids: Vec<String> = [HOME_REGION, SECOND_REGION]
            .iter()
            .flat_map(|region| documents(region).0)
            .map(|api| api["apiId"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
        for id in ids {
            let well_formed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            assert!(id.len() == 10 && id.bytes().all(well_formed), "{id}");
        }
    }

    #[test]
    fn protocols_have_only_their_own_settings() {
        let (apis, stages) = documents(HOME_REGION);
        for (api, stages) in apis.iter().zip(stages) {
            let websocket = api["protocolType"] == "WEBSOCKET";
            for stage in stages {
                let settings = &stage["defaultRouteSettings"];
                assert_eq!(settings.get("loggingLevel").is_some(), websocket, "{stage}");
                assert!(settings.get("detailedMetricsEnabled").is_some(), "{stage}");
                for always in ["routeSettings", "stageVariables", "tags"] {
                    assert!(stage[always].is_object(), "{stage}");
                }
            }
        }
    }
}
