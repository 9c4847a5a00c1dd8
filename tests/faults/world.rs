//! The organization of the table: which stages there are, which of them an operation's fault keeps from being read, and
//! how its request looks.

use std::collections::BTreeSet;

use driftgate::emulator::{
    Fault, Fleet, Operation, Organization, ROOT, Settings, State, Target, document,
};

/// The caller's account.
pub const HOME: &str = "111122223333";
/// The account in which something goes wrong.
pub const STRUCK: &str = "444455556666";
/// The one account on the second page of the organization's list.
pub const LATE: &str = "121212121212";
/// All that can be looked into.
pub const ACCOUNTS: [&str; 4] = [HOME, STRUCK, "777788889999", LATE];
pub const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];
/// Suspended accounts, which fill the first page.
pub const SUSPENDED: u64 = 17;

pub const OPERATIONS: [Operation; 5] = [
    Operation::GetApis,
    Operation::GetStages,
    Operation::GetStage,
    Operation::AssumeRole,
    Operation::ListAccounts,
];

/// Two APIs with two stages each in every Region of every account.
fn fleet() -> Fleet {
    let mut organization = Organization::new(HOME);
    for account in &ACCOUNTS[1..3] {
        organization = organization.member(account, "workload", ROOT);
    }
    for number in 0..SUSPENDED {
        let account = format!("{}", 900_000_000_000 + number);
        organization = organization
            .member(&account, "old", ROOT)
            .state(&account, State::Suspended);
    }
    let mut fleet = Fleet::new().organization(organization.member(LATE, "late", ROOT));
    for account in ACCOUNTS {
        for region in REGIONS {
            for api in ["a1", "b2"] {
                let stages = ["dev", "prod"].map(document::websocket_stage).to_vec();
                fleet = fleet.api(account, region, document::websocket_api(api, api), stages);
            }
        }
    }
    fleet
}

/// The organization with a page for each API and stage.
pub fn settings(faults: Vec<Fault>) -> Settings {
    Settings {
        fleet: fleet(),
        page_size: 1,
        faults,
        ..Settings::default()
    }
}

/// The requests of an operation that a fault strikes: of one Region, one API, one stage, one account, one list.
pub fn target(operation: Operation) -> Target {
    let on = Fault::on(operation);
    match operation {
        Operation::GetApis => on.account(STRUCK).region("eu-west-1"),
        Operation::GetStages => on.account(STRUCK).region("eu-west-1").api("a1"),
        Operation::GetStage => on
            .account(STRUCK)
            .region("eu-west-1")
            .api("a1")
            .stage("prod"),
        Operation::AssumeRole => on.account(STRUCK),
        _ => on,
    }
}

/// True for a request of the operation, by its text.
pub fn is_target(operation: Operation, text: &str) -> bool {
    let region =
        text.contains(&format!("ASIA{STRUCK}DEMO")) && text.contains("/eu-west-1/apigateway/");
    let path = text
        .split(['?', ' '])
        .nth(1)
        .unwrap_or_default()
        .replace("%2F", "/");
    match operation {
        Operation::GetApis => region && path == "/v2/apis",
        Operation::GetStages => region && path == "/v2/apis/a1/stages",
        Operation::GetStage => region && path == "/v2/apis/a1/stages/prod",
        Operation::AssumeRole => text.contains("Action=AssumeRole") && text.contains(STRUCK),
        _ => text.contains(".ListAccounts\r\n") && text.contains("NextToken"),
    }
}

/// The parts that a fault on the operation may affect, as the beginning of `account/Region/API/stage`.
pub fn struck(operation: Operation) -> String {
    match operation {
        Operation::GetApis => format!("{STRUCK}/eu-west-1/"),
        Operation::GetStages => format!("{STRUCK}/eu-west-1/a1/"),
        Operation::GetStage => format!("{STRUCK}/eu-west-1/a1/prod"),
        Operation::AssumeRole => format!("{STRUCK}/"),
        _ => format!("{LATE}/"),
    }
}

/// All requested stages: for GetStage, those of the requested name.
pub fn stages(operation: Operation) -> BTreeSet<String> {
    let names = if operation == Operation::GetStage {
        &["prod"][..]
    } else {
        &["dev", "prod"]
    };
    let mut stages = BTreeSet::new();
    for account in ACCOUNTS {
        for region in REGIONS {
            for api in ["a1", "b2"] {
                stages.extend(
                    names
                        .iter()
                        .map(|name| format!("{account}/{region}/{api}/{name}")),
                );
            }
        }
    }
    stages
}
