//! An organization: the verdicts on each of its accounts equal those of the oracle, which enters them by itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::server::Server;
use super::{Oracle, Report, assert_same, audit, python};

/// Regions with stages; the others are empty.
const FLEETS: [(&str, &[&str]); 5] = [
    ("management", &["eu-central-1"]),
    ("orders", &["us-east-1", "ap-southeast-2"]),
    ("orders-test", &["us-east-1"]),
    ("play", &["sa-east-1"]),
    ("old", &["us-east-1"]),
];

struct World {
    server: Server,
    ids: BTreeMap<String, String>,
    sandbox: String,
    oracles: BTreeMap<String, Oracle>,
}

#[test]
fn an_organization_is_judged_account_by_account() {
    let Some(python) = python() else { return };
    let world = World::new(Server::start(&python));
    let organization = [
        "--organization",
        "--all-regions",
        "--role-name",
        "DriftgateAudit",
    ];

    let all = world.audit(&organization);
    world.assert_judged(&all, &["management", "orders", "orders-test", "play"]);
    let old = &world.ids["old"];
    let row = |report: &Report| -> Vec<Value> {
        report
            .list("scopes")
            .iter()
            .filter(|scope| scope["account"] == **old)
            .cloned()
            .collect()
    };
    let [scope] = &row(&all)[..] else {
        panic!("{:#?}", row(&all))
    };
    assert_eq!(
        (&scope["region"], &scope["outcome"]),
        (&Value::Null, &json!("excluded"))
    );
    let warned: Vec<_> = all
        .list("warnings")
        .iter()
        .map(|it| (&it["kind"], &it["account"]))
        .collect();
    assert_eq!(warned, [(&json!("account-suspended"), &json!(old))]);

    let (orders, play, sandbox) = (&world.ids["orders"], &world.ids["play"], &world.sandbox);
    let by_flags = |flags: &[&str]| world.audit(&[&organization[..], flags].concat());
    world.assert_judged(
        &by_flags(&["--exclude-account", orders]),
        &["management", "orders-test", "play"],
    );
    world.assert_judged(
        &by_flags(&["--exclude-account", "orders*"]),
        &["management", "play"],
    );
    world.assert_judged(
        &by_flags(&["--exclude-account", sandbox]),
        &["management", "orders"],
    );
    world.assert_judged(
        &by_flags(&["--accounts", sandbox]),
        &["orders-test", "play"],
    );

    let ids = format!("{orders},{play}");
    let named = world.audit(&[
        "--accounts",
        &ids,
        "--region",
        "us-east-1",
        "--region",
        "sa-east-1",
    ]);
    world.assert_judged_in(&named, &["orders", "play"], &["us-east-1", "sa-east-1"]);
    assert_eq!(named.list("scopes").len(), 4);
}

impl World {
    fn new(server: Server) -> Self {
        let answer: Value = serde_json::from_slice(&server.script("organization.py", &[])).unwrap();
        let (mut ids, mut oracles) = (BTreeMap::new(), BTreeMap::new());
        for (number, (name, regions)) in FLEETS.iter().enumerate() {
            let account = &answer["accounts"][name];
            let variables = account["environment"].as_object().unwrap();
            let environment: Vec<_> = variables
                .iter()
                .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                .collect();
            let seed = number.to_string();
            server.script_as(
                &environment,
                "fleet.py",
                &[&[seed.as_str()], *regions].concat(),
            );
            ids.insert(
                (*name).to_owned(),
                account["id"].as_str().unwrap().to_owned(),
            );
            oracles.insert(
                (*name).to_owned(),
                Oracle::ask_as(&server, &environment, regions),
            );
        }
        let sandbox = answer["units"]["Sandbox"].as_str().unwrap().to_owned();
        Self {
            server,
            ids,
            sandbox,
            oracles,
        }
    }

    fn audit(&self, flags: &[&str]) -> Report {
        let usual = [
            "--endpoint-url",
            &self.server.endpoint_url,
            "--rate",
            "0",
            "--show-values",
        ];
        audit(&self.server, &[&usual[..], flags].concat())
    }

    #[track_caller]
    fn assert_judged(&self, report: &Report, names: &[&str]) {
        let regions: Vec<_> = FLEETS
            .iter()
            .flat_map(|(_, regions)| regions.iter().copied())
            .collect();
        self.assert_judged_in(report, names, &regions);
        for name in names {
            let read = |scope: &&Value| {
                scope["account"] == *self.ids[*name] && scope["outcome"] == "checked"
            };
            assert!(
                report.list("scopes").iter().filter(read).count() >= 17,
                "{name}: Regions are missing"
            );
        }
    }

    /// Asserts that these accounts and no others were judged, each as its oracle does.
    #[track_caller]
    fn assert_judged_in(&self, report: &Report, names: &[&str], regions: &[&str]) {
        for key in ["unchecked", "undecided"] {
            assert_eq!(report.list(key), &[] as &[Value], "{key}");
        }
        let expected: BTreeSet<&str> = names.iter().map(|name| self.ids[*name].as_str()).collect();
        let read: BTreeSet<&str> = report
            .list("scopes")
            .iter()
            .filter(|scope| scope["outcome"] == "checked")
            .map(|scope| scope["account"].as_str().unwrap())
            .collect();
        assert_eq!(read, expected);
        let mut stages = 0;
        for name in names {
            let (id, oracle) = (&self.ids[*name], &self.oracles[*name]);
            let here = |stage: &Value| regions.iter().any(|region| stage["region"] == *region);
            let expected = oracle
                .violations
                .only(|found| regions.contains(&found.region.as_str()));
            assert!(
                expected.iter().count() > 50,
                "a comparison of little proves little"
            );
            assert_same(name, &report.of_account(id).violations(), &expected);
            stages += oracle.stages_where(here);
        }
        assert_eq!(report.0["summary"]["stages"], stages);
    }
}

impl Report {
    /// The violations of one account alone.
    fn of_account(&self, id: &str) -> Self {
        let found: Vec<_> = self
            .list("violations")
            .iter()
            .filter(|it| it["stage"]["account"] == *id)
            .cloned()
            .collect();
        Self(json!({"violations": found}))
    }
}
