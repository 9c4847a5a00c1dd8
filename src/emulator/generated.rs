//! Fleets of any size, made from a seed: the raw material of load tests and benchmarks. They break usual rules at
//! fixed rates, and no rule is known here.

use serde_json::{Value, json};

use super::document::{self, with};
use super::fleet::Fleet;
use super::random::Sequence;

/// The first account of a generated fleet; the others count up from it.
const FIRST_ACCOUNT: u64 = 111_122_223_333;

const REGIONS: [&str; 17] = [
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

const STAGES: [&str; 6] = ["prod", "staging", "dev", "canary", "live-blue", "load-test"];
const TEAMS: [&str; 6] = ["checkout", "catalogue", "identity", "payments", "search", "fulfilment"];
const TIERS: [&str; 3] = ["gold", "silver", "bronze"];
const SUBJECTS: [&str; 8] = ["orders", "carts", "prices", "users", "sessions", "invoices", "shipments", "reviews"];

impl Fleet {
    /// A fleet of `accounts` × `regions` (at most 17) × `apis_per_region` × `stages_per_api`, the same for the same
    /// arguments. Two APIs in three are HTTP, the third is WebSocket; a stage is about 770 bytes. Accounts count up
    /// from 111122223333, the first Region is us-east-1; [`Fleet::scopes`] lists them.
    pub fn generated(
        accounts: usize,
        regions: usize,
        apis_per_region: usize,
        stages_per_api: usize,
        seed: u64,
    ) -> Fleet {
        let mut sequence = Sequence::new(seed);
        let mut fleet = Fleet::new();
        for account in (FIRST_ACCOUNT..).map(|number| number.to_string()).take(accounts) {
            fleet = fleet.account(&account);
            for region in REGIONS.into_iter().take(regions) {
                for number in 0..apis_per_region {
                    let maker = Maker { account: &account, region, websocket: number % 3 == 2 };
                    let stages = (0..stages_per_api).map(|stage| maker.stage(stage, &mut sequence)).collect();
                    fleet = fleet.api(&account, region, maker.api(number, &mut sequence), stages);
                }
            }
        }
        fleet
    }
}

struct Maker<'a> {
    account: &'a str,
    region: &'a str,
    websocket: bool,
}

impl Maker<'_> {
    fn api(&self, number: usize, sequence: &mut Sequence) -> Value {
        let id = sequence.identifier(10);
        let team = sequence.pick(&TEAMS);
        let name = format!("{team}-{}-{number:04}", sequence.pick(&SUBJECTS));
        let (scheme, api) = if self.websocket {
            ("wss", document::websocket_api(&id, &name))
        } else {
            ("https", document::http_api(&id, &name))
        };
        let endpoint = format!("{scheme}://{id}.execute-api.{}.amazonaws.com", self.region);
        with(
            api,
            json!({
                "apiEndpoint": endpoint,
                "description": format!("Owned by team {team}"),
                "tags": {"owner": team, "tier": sequence.pick(&TIERS)},
            }),
        )
    }

    fn stage(&self, number: usize, sequence: &mut Sequence) -> Value {
        let name = STAGES
            .get(number)
            .map_or_else(|| format!("{}-{number}", STAGES[number % STAGES.len()]), |&name| name.to_owned());
        let deployment = sequence.identifier(6);
        let base = if self.websocket { document::websocket_stage(&name) } else { document::http_stage(&name) };
        let mut stage = with(
            base,
            json!({
                "autoDeploy": !self.websocket && sequence.percent(60),
                "defaultRouteSettings": self.default_route_settings(sequence),
                "deploymentId": deployment,
                "description": format!("Stage {name}, released nightly"),
                "lastDeploymentStatusMessage":
                    format!("Successfully deployed stage with deployment ID '{deployment}'"),
                "routeSettings": self.route_settings(sequence),
                "stageVariables": {"upstream": format!("{name}.internal.example.com")},
                "tags": tags(sequence),
            }),
        );
        if !sequence.percent(12) {
            stage = with(stage, json!({"accessLogSettings": self.access_log_settings(&name, sequence)}));
        }
        stage
    }

    #[expect(clippy::cast_precision_loss, reason = "a burst limit is small")]
    fn default_route_settings(&self, sequence: &mut Sequence) -> Value {
        let mut settings = json!({"detailedMetricsEnabled": !sequence.percent(30)});
        if !sequence.percent(20) {
            let burst = 50 * (1 + sequence.below(20));
            settings =
                with(settings, json!({"throttlingBurstLimit": burst, "throttlingRateLimit": burst as f64 / 2.0}));
        }
        if self.websocket {
            let level = sequence.pick(&["OFF", "ERROR", "INFO"]);
            settings = with(settings, json!({"dataTraceEnabled": sequence.percent(10), "loggingLevel": level}));
        }
        settings
    }

    fn route_settings(&self, sequence: &mut Sequence) -> Value {
        let subject = sequence.pick(&SUBJECTS);
        let route = if self.websocket { subject.to_owned() } else { format!("GET /{subject}") };
        match sequence.below(4) {
            0 => json!({route: {"throttlingBurstLimit": 5000, "throttlingRateLimit": 2000.0}}),
            1 => json!({route: {"detailedMetricsEnabled": true}}),
            _ => json!({}),
        }
    }

    fn access_log_settings(&self, stage: &str, sequence: &mut Sequence) -> Value {
        let format = if sequence.percent(15) {
            "$context.identity.sourceIp - - [$context.requestTime] \"$context.httpMethod $context.routeKey\" \
             $context.status $context.responseLength"
        } else {
            r#"{"requestId":"$context.requestId","status":"$context.status","routeKey":"$context.routeKey","ip":"$context.identity.sourceIp"}"#
        };
        let group = format!("arn:aws:logs:{}:{}:log-group:/apigw/{stage}", self.region, self.account);
        json!({"destinationArn": group, "format": format})
    }
}

fn tags(sequence: &mut Sequence) -> Value {
    if sequence.percent(15) {
        return json!({});
    }
    json!({
        "cost-center": (1000 + sequence.below(9000)).to_string(),
        "owner": sequence.pick(&TEAMS),
        "tier": sequence.pick(&TIERS),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fleet_has_the_size_that_was_asked_for() {
        let fleet = Fleet::generated(2, 3, 6, 8, 1);
        assert_eq!((fleet.api_count(), fleet.stage_count()), (36, 288));
        let scopes: Vec<_> = fleet.scopes().collect();
        assert_eq!((scopes.len(), scopes[0], scopes[5].0), (6, ("111122223333", "us-east-1"), "111122223334"));
    }

    #[test]
    fn the_same_arguments_make_the_same_fleet() {
        let documents = |seed| format!("{:?}", Fleet::generated(1, 1, 9, 3, seed).region("111122223333", "us-east-1"));
        // The map from id to position has no order of its own, so only the list is compared.
        let listed = |seed| documents(seed).split("position").next().map(str::to_owned);
        assert_eq!(listed(1), listed(1));
        assert_ne!(listed(1), listed(2));
    }

    #[test]
    fn stages_are_as_large_as_real_ones() {
        let fleet = Fleet::generated(1, 1, 100, 5, 7);
        let apis = fleet.region("111122223333", "us-east-1").unwrap().apis();
        let bytes: usize = apis.iter().flat_map(|api| &api.stages).map(|stage| stage.document.len()).sum();
        let average = bytes / fleet.stage_count();
        assert!((740..=800).contains(&average), "{average}");
    }
}
