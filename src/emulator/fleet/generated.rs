//! Fleets of any size, made from a seed on demand: the raw material of load tests and benchmarks. They break usual
//! rules at fixed rates, and no rule is known here.

use std::fmt::Write as _;

use super::organization::{Organization, ROOT, State};
use super::regions::BY_DEFAULT;
use crate::emulator::random::Sequence;

/// The first account of a generated fleet; the others count up from it.
const FIRST_ACCOUNT: u64 = 111_122_223_333;

/// The first of its suspended accounts, which hold nothing.
const FIRST_SUSPENDED: u64 = 999_900_000_000;

const STAGES: [&str; 6] = ["prod", "staging", "dev", "canary", "live-blue", "load-test"];
const TEAMS: [&str; 6] = [
    "checkout",
    "catalogue",
    "identity",
    "payments",
    "search",
    "fulfilment",
];
const TIERS: [&str; 3] = ["gold", "silver", "bronze"];
const SUBJECTS: [&str; 8] = [
    "orders",
    "carts",
    "prices",
    "users",
    "sessions",
    "invoices",
    "shipments",
    "reviews",
];

/// Organizational units: id, name, parent, and the ending of its accounts' names.
const UNITS: [(&str, &str, &str, &str); 4] = [
    ("ou-demo-workload", "Workloads", ROOT, ""),
    ("ou-demo-producti", "Production", "ou-demo-workload", "prod"),
    ("ou-demo-staging0", "Staging", "ou-demo-workload", "staging"),
    ("ou-demo-sandbox0", "Sandbox", ROOT, "sandbox"),
];

#[derive(Clone, Debug)]
pub struct Generated {
    accounts: Vec<String>,
    regions: &'static [&'static str],
    apis: usize,
    stages: usize,
    seed: u64,
}

/// One account and Region of it.
#[derive(Clone, Copy, Debug)]
pub struct MadeScope<'a> {
    pub account: &'a str,
    pub region: &'static str,
    fleet: &'a Generated,
    /// Number of APIs of the fleet before its own.
    first: u64,
}

/// One API of it.
#[derive(Clone, Copy, Debug)]
pub struct MadeApi<'a> {
    scope: MadeScope<'a>,
    number: usize,
}

impl Generated {
    /// Accounts counting up from [`FIRST_ACCOUNT`], and the first so many Regions.
    pub fn new(
        accounts: usize,
        regions: usize,
        apis: usize,
        stages: usize,
        seed: u64,
    ) -> Generated {
        let accounts = (FIRST_ACCOUNT..)
            .map(|number| number.to_string())
            .take(accounts)
            .collect();
        Generated {
            accounts,
            regions: &BY_DEFAULT[..regions.min(BY_DEFAULT.len())],
            apis,
            stages,
            seed,
        }
    }

    pub fn organization(&self) -> Organization {
        let accounts = &self.accounts;
        let organization = Organization::new(accounts.first().map_or("", String::as_str));
        let organization = UNITS
            .iter()
            .fold(organization, |organization, (id, name, parent, _)| {
                organization.unit(id, name, parent)
            });
        let organization = accounts.iter().enumerate().skip(1).fold(
            organization,
            |organization, (number, account)| {
                let (unit, _, _, ending) = UNITS[1 + number % 3];
                organization.member(
                    account,
                    &format!("{}-{ending}-{number:03}", TEAMS[number % TEAMS.len()]),
                    unit,
                )
            },
        );
        (0..accounts.len() / 50).fold(organization, |organization, number| {
            let account = (FIRST_SUSPENDED..)
                .nth(number)
                .unwrap_or_default()
                .to_string();
            organization
                .member(
                    &account,
                    &format!("retired-{number:03}"),
                    "ou-demo-sandbox0",
                )
                .state(&account, State::Suspended)
        })
    }

    pub fn has_account(&self, account: &str) -> bool {
        self.position(account).is_some()
    }

    pub fn scope(&self, account: &str, region: &str) -> Option<MadeScope<'_>> {
        let region = self.regions.iter().position(|own| *own == region)?;
        Some(self.scope_at(self.position(account)?, region))
    }

    pub fn scopes(&self) -> impl Iterator<Item = MadeScope<'_>> {
        // A Region without an API holds none.
        let accounts = if self.apis == 0 {
            0
        } else {
            self.accounts.len()
        };
        (0..accounts).flat_map(move |account| {
            (0..self.regions.len()).map(move |region| self.scope_at(account, region))
        })
    }

    fn scope_at(&self, account: usize, region: usize) -> MadeScope<'_> {
        let first = (account * self.regions.len() + region) as u64 * self.apis as u64;
        MadeScope {
            account: &self.accounts[account],
            region: self.regions[region],
            fleet: self,
            first,
        }
    }

    /// The accounts count up, so no search is needed.
    fn position(&self, account: &str) -> Option<usize> {
        let number = account.parse::<u64>().ok()?.checked_sub(FIRST_ACCOUNT)?;
        usize::try_from(number)
            .ok()
            .filter(|number| *number < self.accounts.len())
    }
}

impl<'a> MadeScope<'a> {
    pub fn len(&self) -> usize {
        self.fleet.apis
    }

    pub fn stages_per_api(&self) -> usize {
        self.fleet.stages
    }

    pub fn at(&self, number: usize) -> MadeApi<'a> {
        MadeApi {
            scope: *self,
            number,
        }
    }

    pub fn find(&self, api_id: &str) -> Option<MadeApi<'a>> {
        let number = api_id::number(api_id, self.fleet.seed)?.checked_sub(self.first)?;
        let number = usize::try_from(number)
            .ok()
            .filter(|number| *number < self.fleet.apis)?;
        Some(self.at(number))
    }
}

impl MadeApi<'_> {
    pub fn stage_count(&self) -> usize {
        self.scope.fleet.stages
    }

    fn is_websocket(&self) -> bool {
        self.number % 3 == 2
    }

    fn sequence(&self, place: usize) -> Sequence {
        Sequence::within(
            self.scope.fleet.seed,
            self.scope.first + self.number as u64,
            place as u64,
        )
    }

    // Written by hand, not as values: it is made for each request, and a load test shares the processors.

    pub fn document(&self) -> String {
        let mut sequence = self.sequence(0);
        let id = api_id::of(self.scope.first + self.number as u64, self.scope.fleet.seed);
        let team = sequence.pick(&TEAMS);
        let (subject, number, tier) =
            (sequence.pick(&SUBJECTS), self.number, sequence.pick(&TIERS));
        let (scheme, protocol, route) = if self.is_websocket() {
            ("wss", "WEBSOCKET", "$request.body.action")
        } else {
            ("https", "HTTP", "$request.method $request.path")
        };
        let region = self.scope.region;
        format!(
            r#"{{"apiEndpoint":"{scheme}://{id}.execute-api.{region}.amazonaws.com","apiId":"{id}","apiKeySelectionExpression":"$request.header.x-api-key","createdDate":"2026-02-03T09:15:27Z","description":"Owned by team {team}","disableExecuteApiEndpoint":false,"ipAddressType":"ipv4","name":"{team}-{subject}-{number:04}","protocolType":"{protocol}","routeSelectionExpression":"{route}","tags":{{"owner":"{team}","tier":"{tier}"}}}}"#
        )
    }

    pub fn stage_named(&self, name: &str) -> Option<String> {
        (0..self.stage_count())
            .find(|number| stage_name(*number) == name)
            .map(|number| self.stage(number))
    }

    pub fn stage(&self, number: usize) -> String {
        let mut sequence = self.sequence(1 + number);
        let name = stage_name(number);
        let deployment = sequence.identifier(6);
        let auto_deploy = !self.is_websocket() && sequence.percent(60);
        let mut out = String::with_capacity(1024);
        out.push('{');
        if !sequence.percent(12) {
            self.access_log_settings(&mut out, &name, &mut sequence);
        }
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            r#""autoDeploy":{auto_deploy},"createdDate":"2026-02-03T09:16:02Z","#
        );
        self.default_route_settings(&mut out, &mut sequence);
        let _ = write!(
            out,
            r#""deploymentId":"{deployment}","description":"Stage {name}, released nightly","lastDeploymentStatusMessage":"Successfully deployed stage with deployment ID '{deployment}'","lastUpdatedDate":"2026-10-19T14:41:55Z","#
        );
        self.route_settings(&mut out, &mut sequence);
        let _ = write!(
            out,
            r#""stageName":"{name}","stageVariables":{{"upstream":"{name}.internal.example.com"}},"#
        );
        tags(&mut out, &mut sequence);
        out.push('}');
        out
    }

    fn access_log_settings(&self, out: &mut String, stage: &str, sequence: &mut Sequence) {
        let format = if sequence.percent(15) {
            r#"$context.identity.sourceIp - - [$context.requestTime] \"$context.httpMethod $context.routeKey\" $context.status $context.responseLength"#
        } else {
            r#"{\"requestId\":\"$context.requestId\",\"status\":\"$context.status\",\"routeKey\":\"$context.routeKey\",\"ip\":\"$context.identity.sourceIp\"}"#
        };
        let MadeScope {
            account, region, ..
        } = self.scope;
        let _ = write!(
            out,
            r#""accessLogSettings":{{"destinationArn":"arn:aws:logs:{region}:{account}:log-group:/apigw/{stage}","format":"{format}"}},"#
        );
    }

    fn default_route_settings(&self, out: &mut String, sequence: &mut Sequence) {
        let metrics = !sequence.percent(30);
        out.push_str(r#""defaultRouteSettings":{"#);
        if self.is_websocket() {
            let (trace, level) = (
                sequence.percent(10),
                sequence.pick(&["OFF", "ERROR", "INFO"]),
            );
            let _ = write!(
                out,
                r#""dataTraceEnabled":{trace},"loggingLevel":"{level}","#
            );
        }
        let _ = write!(out, r#""detailedMetricsEnabled":{metrics}"#);
        if !sequence.percent(20) {
            let burst = 50 * (1 + sequence.below(20));
            let _ = write!(
                out,
                r#","throttlingBurstLimit":{burst},"throttlingRateLimit":{}.0"#,
                burst / 2
            );
        }
        out.push_str("},");
    }

    fn route_settings(&self, out: &mut String, sequence: &mut Sequence) {
        let subject = sequence.pick(&SUBJECTS);
        let method = if self.is_websocket() { "" } else { "GET /" };
        let settings = match sequence.below(4) {
            0 => r#"{"throttlingBurstLimit":5000,"throttlingRateLimit":2000.0}"#,
            1 => r#"{"detailedMetricsEnabled":true}"#,
            _ => {
                out.push_str(r#""routeSettings":{},"#);
                return;
            }
        };
        let _ = write!(
            out,
            r#""routeSettings":{{"{method}{subject}":{settings}}},"#
        );
    }
}

fn stage_name(number: usize) -> String {
    STAGES.get(number).map_or_else(
        || format!("{}-{number}", STAGES[number % STAGES.len()]),
        |&name| name.to_owned(),
    )
}

fn tags(out: &mut String, sequence: &mut Sequence) {
    if sequence.percent(15) {
        out.push_str(r#""tags":{}"#);
        return;
    }
    let (centre, owner, tier) = (
        1000 + sequence.below(9000),
        sequence.pick(&TEAMS),
        sequence.pick(&TIERS),
    );
    let _ = write!(
        out,
        r#""tags":{{"cost-center":"{centre}","owner":"{owner}","tier":"{tier}"}}"#
    );
}

/// The ids of APIs: a number and a seed, stirred so that it can be undone.
mod api_id {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    const LENGTH: usize = 10;
    /// Number of ids: 36 to the power of their length.
    const ALL: u64 = 36_u64.pow(10);
    /// Neither has a factor in common with the number of ids, so each undoes what the other does.
    const FACTOR: u64 = 2_654_435_761_000_003;
    const INVERSE: u64 = 330_726_136_950_379;

    pub fn of(number: u64, seed: u64) -> String {
        let mut rest = times((number % ALL + seed % ALL) % ALL, FACTOR);
        let mut digits = [0; LENGTH];
        for digit in digits.iter_mut().rev() {
            *digit = DIGITS[(rest % 36) as usize];
            rest /= 36;
        }
        digits.into_iter().map(char::from).collect()
    }

    pub fn number(id: &str, seed: u64) -> Option<u64> {
        if id.len() != LENGTH {
            return None;
        }
        let digit = |byte: u8| DIGITS.iter().position(|digit| *digit == byte);
        let stirred = id
            .bytes()
            .try_fold(0, |all, byte| Some(all * 36 + digit(byte)? as u64))?;
        Some((times(stirred, INVERSE) + ALL - seed % ALL) % ALL)
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the remainder is below a u64"
    )]
    fn times(one: u64, other: u64) -> u64 {
        (u128::from(one) * u128::from(other) % u128::from(ALL)) as u64
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::emulator::fleet::deployed::{Apis, Fleet};

    const FIRST: (&str, &str) = ("111122223333", "us-east-1");

    /// Every document of one scope.
    fn documents(fleet: &Fleet, (account, region): (&str, &str)) -> Vec<(Value, Vec<Value>)> {
        let apis = fleet.apis(account, region);
        let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let with_stages = |api: Value| {
            let found = apis.find(api["apiId"].as_str().unwrap()).unwrap();
            assert_eq!(parse(&found.document()), api);
            let stages: Vec<Value> = found
                .stages(0..found.stage_count())
                .map(|stage| parse(&stage))
                .collect();
            for stage in &stages {
                assert_eq!(
                    parse(
                        &found
                            .stage_named(stage["stageName"].as_str().unwrap())
                            .unwrap()
                    ),
                    *stage
                );
            }
            (api, stages)
        };
        apis.documents(0..apis.len())
            .map(|api| with_stages(parse(&api)))
            .collect()
    }

    #[test]
    fn a_fleet_has_the_requested_size() {
        let fleet = Fleet::generated(2, 3, 6, 8, 1);
        assert_eq!((fleet.api_count(), fleet.stage_count()), (36, 288));
        let scopes: Vec<_> = fleet.scopes().collect();
        assert_eq!(
            (scopes.len(), scopes[0], scopes[5].0),
            (6, FIRST, "111122223334")
        );
        let read: Vec<_> = scopes
            .iter()
            .flat_map(|scope| documents(&fleet, *scope))
            .collect();
        assert_eq!(
            (
                read.len(),
                read.iter().map(|(_, stages)| stages.len()).sum::<usize>()
            ),
            (36, 288)
        );
        let ids: std::collections::HashSet<_> = read
            .iter()
            .map(|(api, _)| api["apiId"].to_string())
            .collect();
        assert_eq!(ids.len(), 36);
    }

    #[test]
    fn the_same_arguments_make_the_same_fleet() {
        let made = |seed| documents(&Fleet::generated(1, 1, 9, 3, seed), FIRST);
        assert_eq!(made(1), made(1));
        assert_ne!(made(1), made(2));
    }

    #[test]
    fn an_api_is_found_only_where_it_is() {
        let fleet = Fleet::generated(2, 2, 4, 1, 7);
        let api = documents(&fleet, FIRST)[3].0["apiId"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(fleet.apis(FIRST.0, FIRST.1).find(&api).is_some());
        for (account, region) in [("111122223333", "us-east-2"), ("111122223334", "us-east-1")] {
            assert!(fleet.apis(account, region).find(&api).is_none());
        }
        for nonsense in ["", "a", "A1B2C3D4E5", "a1b2c3d4e5f6"] {
            assert!(
                fleet.apis(FIRST.0, FIRST.1).find(nonsense).is_none(),
                "{nonsense}"
            );
        }
    }

    #[test]
    fn apis_added_by_hand_replace_generated_ones() {
        let api = super::super::document::http_api("a1b2c3d4e5", "own");
        let fleet = Fleet::generated(2, 2, 4, 3, 7).api(FIRST.0, FIRST.1, api, Vec::new());
        assert_eq!(
            (
                fleet.api_count(),
                fleet.stage_count(),
                fleet.scopes().count()
            ),
            (13, 36, 4)
        );
        assert_eq!(documents(&fleet, FIRST).len(), 1);
    }

    #[test]
    fn stages_are_as_large_as_real_ones() {
        let fleet = Fleet::generated(1, 1, 100, 5, 7);
        let apis = fleet.apis(FIRST.0, FIRST.1);
        let Apis::Made(scope) = apis else {
            panic!("not generated")
        };
        let bytes: usize = (0..100)
            .flat_map(|api| (0..5).map(move |stage| scope.at(api).stage(stage).len()))
            .sum();
        let average = bytes / fleet.stage_count();
        assert!((740..=800).contains(&average), "{average}");
    }

    #[test]
    fn the_accounts_are_an_organization_with_suspended_ones() {
        let fleet = Fleet::generated(500, 17, 12, 3, 1);
        assert_eq!(
            (fleet.stage_count(), fleet.scopes().count()),
            (306_000, 8_500)
        );
        let organization = fleet.members().unwrap();
        assert_eq!(
            (
                organization.account_count(),
                organization.active_accounts().count()
            ),
            (510, 500)
        );
        assert!(!fleet.is_open("999900000000") && fleet.is_open("111122223832"));
        assert!(!fleet.has_account("111122223833"));
    }
}
