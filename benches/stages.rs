//! The stages of the benchmarks, made from a seed: lines of a snapshot, sorted. It knows no rule; the rates at which
//! settings are wrong are chosen so that `six.yaml` finds some 113 violations in 100 stages.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// Stages of a snapshot in one account and Region.
const STAGES_A_SCOPE: usize = 1_000;
const FIRST_ACCOUNT: u64 = 111_122_223_333;
const REGIONS: [&str; 4] = ["ap-southeast-2", "eu-central-1", "eu-west-1", "us-east-1"];
/// In byte order, as in a snapshot.
const NAMES: [&str; 3] = ["$default", "prod", "staging"];
const TEAMS: [&str; 6] = [
    "checkout",
    "catalogue",
    "identity",
    "payments",
    "search",
    "fulfilment",
];
const SUBJECTS: [&str; 6] = [
    "orders",
    "carts",
    "prices",
    "sessions",
    "invoices",
    "shipments",
];
const JSON_FORMAT: &str = r#"{"requestId":"$context.requestId","status":"$context.status","routeKey":"$context.routeKey"}"#;
const CLF_FORMAT: &str = r#"$context.identity.sourceIp [$context.requestTime] "$context.routeKey" $context.status $context.requestId"#;

/// A snapshot in parts, as its lines are in the file, each with its newline.
pub struct Snapshot {
    /// The first line.
    pub header: String,
    /// The lines of each account and Region.
    pub scopes: Vec<Scope>,
    /// The last line.
    pub trailer: String,
}

/// The stages of one account and Region.
pub struct Scope {
    /// One line a stage.
    pub lines: String,
    /// The number of lines.
    pub stages: usize,
    /// The bytes of the stage documents alone.
    pub stage_bytes: usize,
    apis: usize,
    account: String,
    region: &'static str,
}

/// A snapshot of so many stages, the same for the same number.
pub fn snapshot(stages: usize) -> Snapshot {
    let mut random = Random(7);
    let scopes: Vec<Scope> = (0..stages.div_ceil(STAGES_A_SCOPE))
        .map(|number| {
            scope(
                number,
                STAGES_A_SCOPE.min(stages - number * STAGES_A_SCOPE),
                &mut random,
            )
        })
        .collect();
    let asked: Vec<Value> = scopes
        .iter()
        .map(|at| json!({"account": at.account, "region": at.region}))
        .collect();
    let read: Vec<Value> = (scopes.iter())
        .map(|at| {
            json!({"account": at.account, "region": at.region, "apis": at.apis, "stages": at.stages, "outcome": "checked"})
        })
        .collect();
    let header = json!({"format": "driftgate.snapshot", "version": 1, "taken_at": "2026-11-01T00:00:00Z", "scopes": asked});
    let trailer = json!({"stages": stages, "scopes": read, "unchecked": [], "complete": true});
    Snapshot {
        header: format!("{header}\n"),
        scopes,
        trailer: format!("{trailer}\n"),
    }
}

fn scope(number: usize, stages: usize, random: &mut Random) -> Scope {
    let account = (FIRST_ACCOUNT + (number / REGIONS.len()) as u64).to_string();
    let region = REGIONS[number % REGIONS.len()];
    let apis = stages.div_ceil(NAMES.len());
    let mut ids: Vec<String> = (0..apis).map(|_| random.identifier(10)).collect();
    ids.sort_unstable();
    let mut scope = Scope {
        lines: String::new(),
        stages,
        stage_bytes: 0,
        apis,
        account,
        region,
    };
    for (number, id) in ids.iter().enumerate() {
        let websocket = number % 3 == 2;
        let api = api(id, region, websocket, random);
        for name in &NAMES[..NAMES.len().min(stages - number * NAMES.len())] {
            // A WebSocket API has no $default stage.
            let name = if websocket {
                name.replace("$default", "dev")
            } else {
                (*name).to_owned()
            };
            let stage = stage(&name, &scope.account, region, websocket, random).to_string();
            scope.stage_bytes += stage.len();
            let account = &scope.account;
            writeln!(
                scope.lines,
                r#"{{"account":"{account}","region":"{region}","api":{api},"stage":{stage}}}"#
            )
            .expect("writing to a String cannot fail");
        }
    }
    scope
}

fn api(id: &str, region: &str, websocket: bool, random: &mut Random) -> Value {
    let (scheme, protocol, selection) = if websocket {
        ("wss", "WEBSOCKET", "$request.body.action")
    } else {
        ("https", "HTTP", "$request.method $request.path")
    };
    let team = random.pick(&TEAMS);
    json!({
        "ApiEndpoint": format!("{scheme}://{id}.execute-api.{region}.amazonaws.com"),
        "ApiId": id,
        "ApiKeySelectionExpression": "$request.header.x-api-key",
        "CreatedDate": random.date(),
        "DisableExecuteApiEndpoint": random.percent(20),
        "IpAddressType": "ipv4",
        "Name": format!("{team}-{}-{}", random.pick(&SUBJECTS), random.pick(&["internal-api", "partner-api", "public-api"])),
        "ProtocolType": protocol,
        "RouteSelectionExpression": selection,
        "Tags": {"owner": team},
    })
}

fn stage(name: &str, account: &str, region: &str, websocket: bool, random: &mut Random) -> Value {
    let deployment = random.identifier(6);
    let mut stage = json!({
        "AutoDeploy": !websocket && random.percent(60),
        "CreatedDate": random.date(),
        "DefaultRouteSettings": route_settings(websocket, true, random),
        "DeploymentId": deployment,
        "Description": format!("Stage {name}, released nightly"),
        "LastUpdatedDate": random.date(),
        "RouteSettings": {},
        "StageName": name,
        "StageVariables": {},
        "Tags": {"tier": random.pick(&["gold", "silver", "bronze"])},
    });
    if stage["AutoDeploy"] == true {
        let message = format!("Successfully deployed stage with deployment ID '{deployment}'");
        stage["LastDeploymentStatusMessage"] = message.into();
    }
    if !random.percent(11) {
        let folder = if random.percent(4) { "legacy" } else { "apigw" };
        let arn = format!(
            "arn:aws:logs:{region}:{account}:log-group:/{folder}/{}",
            name.trim_start_matches('$')
        );
        let format = if random.percent(15) {
            CLF_FORMAT
        } else {
            JSON_FORMAT
        };
        stage["AccessLogSettings"] = json!({"DestinationArn": arn, "Format": format});
    }
    for _ in 0..random.below(3) {
        let subject = random.pick(&SUBJECTS);
        let method = random.pick(&["DELETE", "GET", "PUT"]);
        let route = if websocket {
            subject.to_owned()
        } else {
            format!("{method} /{subject}/{{id}}")
        };
        stage["RouteSettings"][route] = route_settings(websocket, false, random);
    }
    for variable in ["configTable", "upstreamHost"] {
        if random.percent(34) {
            stage["StageVariables"][variable] =
                json!({"sha256": random.hex(64), "looks-secret": false});
        }
    }
    if !random.percent(7) {
        stage["Tags"]["owner"] = random.pick(&TEAMS).into();
    }
    if !random.percent(11) {
        stage["Tags"]["cost-center"] = (1_000 + random.below(9_000)).to_string().into();
    }
    stage
}

/// The settings of the stage's default, with the switches that AWS always returns, or of a route.
fn route_settings(websocket: bool, default: bool, random: &mut Random) -> Value {
    let mut settings = json!({});
    if default {
        settings["DetailedMetricsEnabled"] = (!random.percent(25)).into();
    }
    if !random.percent(if default { 15 } else { 30 }) {
        let too_high = random.percent(5);
        let burst = if too_high {
            5_000
        } else {
            50 * (1 + random.below(10))
        };
        settings["ThrottlingBurstLimit"] = burst.into();
        settings["ThrottlingRateLimit"] = (f64::from(burst) / 2.0).into();
    }
    if websocket && (default || random.percent(30)) {
        settings["DataTraceEnabled"] = random.percent(6).into();
        settings["LoggingLevel"] = if random.percent(25) {
            "OFF"
        } else {
            random.pick(&["ERROR", "INFO"])
        }
        .into();
    }
    settings
}

/// A seeded sequence of numbers (`SplitMix64`).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z >> 32) as u32
    }

    fn below(&mut self, end: u32) -> u32 {
        self.next() % end
    }

    fn percent(&mut self, chance: u32) -> bool {
        self.below(100) < chance
    }

    fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.next() as usize % choices.len()]
    }

    fn letters(&mut self, length: usize, alphabet: &[u8]) -> String {
        (0..length)
            .map(|_| char::from(alphabet[self.next() as usize % alphabet.len()]))
            .collect()
    }

    fn identifier(&mut self, length: usize) -> String {
        self.letters(length, b"0123456789abcdefghijklmnopqrstuvwxyz")
    }

    fn hex(&mut self, length: usize) -> String {
        self.letters(length, b"0123456789abcdef")
    }

    fn date(&mut self) -> String {
        let (month, day, second) = (1 + self.below(9), 1 + self.below(28), self.below(86_400));
        format!(
            "2026-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
            second / 3_600,
            second / 60 % 60,
            second % 60
        )
    }
}
