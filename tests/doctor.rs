//! `driftgate doctor` on the binary, against control planes that let it do less and less.
//!
//! After an intended change, `INSTA_UPDATE=always cargo test --test doctor` rewrites the snapshots; read them.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use driftgate::emulator::Operation::{
    AssumeRole, DescribeRegions, GetApis, GetCallerIdentity, GetStage, GetStages, ListAccounts,
    ListRegions,
};
use driftgate::emulator::{
    Effect, Emulator, Fault, Fleet, Organization, ROOT, Roles, Settings, State, document,
};
use tokio::runtime::Runtime;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "us-east-1";

/// Two APIs, the first without a stage, in each of the accounts and Regions.
fn fleet(accounts: &[&str], regions: &[&str]) -> Fleet {
    let mut fleet = Fleet::new().account(ACCOUNT);
    for account in accounts {
        for region in regions {
            fleet = fleet.api(account, region, document::http_api("a1", "empty"), vec![]);
            let stages = vec![document::http_stage("prod"), document::http_stage("dev")];
            fleet = fleet.api(account, region, document::http_api("b2", "orders"), stages);
        }
    }
    fleet
}

fn own() -> Fleet {
    fleet(&[ACCOUNT], &[REGION, "eu-west-1"])
}

/// The management account and eleven others.
fn organization() -> Fleet {
    let ids: Vec<String> = (0..11).map(|at| format!("4444555566{at:02}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let all = ids.iter().fold(Organization::new(ACCOUNT), |all, id| {
        all.member(id, "member", ROOT)
    });
    fleet(&[&[ACCOUNT], ids.as_slice()].concat(), &[REGION]).organization(all)
}

fn start(settings: Settings) -> (Runtime, Emulator) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let emulator = runtime.block_on(Emulator::start(settings)).unwrap();
    (runtime, emulator)
}

/// The binary without the environment of the tests.
fn driftgate(flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
    command
        .env_clear()
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ACCESS_KEY_ID", format!("AKIA{ACCOUNT}DEMO"))
        .env("AWS_SECRET_ACCESS_KEY", "demo")
        .env("AWS_REGION", REGION)
        .arg("doctor")
        .args(flags);
    command
}

/// Exit code, stdout and stderr.
fn told(command: &mut Command) -> (i32, String) {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr]
        .map(|bytes| String::from_utf8(bytes).unwrap())
        .concat();
    for line in text.lines().filter(|line| !line.contains("arn:")) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    (output.status.code().unwrap(), text)
}

/// The output about an emulator, without its port, which varies.
fn examined(settings: Settings, flags: &[&str]) -> (i32, String) {
    let (_runtime, emulator) = start(settings);
    let (code, text) = told(driftgate(flags).env("AWS_ENDPOINT_URL", emulator.endpoint_url()));
    (
        code,
        text.replace(&emulator.endpoint_url(), "http://127.0.0.1:PORT"),
    )
}

fn with(fleet: Fleet, faults: Vec<Fault>) -> Settings {
    Settings {
        fleet,
        faults,
        ..Settings::default()
    }
}

/// A row: its name, the settings, the flags, the exit code, and texts that the output has and lacks.
type Row = (
    &'static str,
    Settings,
    &'static [&'static str],
    i32,
    &'static [&'static str],
    &'static [&'static str],
);

fn expect(rows: Vec<Row>) {
    let runs: Vec<_> = rows
        .into_iter()
        .map(|(name, settings, flags, code, says, silent)| {
            (
                name,
                code,
                says,
                silent,
                thread::spawn(move || examined(settings, flags)),
            )
        })
        .collect();
    let mut wrong = Vec::new();
    for (name, expected, says, silent, run) in runs {
        let (code, text) = run.join().unwrap();
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let lost: Vec<_> = says
            .iter()
            .filter(|words| !line.contains(**words))
            .collect();
        let present: Vec<_> = silent
            .iter()
            .filter(|words| line.contains(**words))
            .collect();
        if code != expected || !lost.is_empty() || !present.is_empty() {
            wrong.push(format!(
                "{name}: exit {code}, without {lost:?}, with {present:?}:\n{text}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_missing_in_the_own_account() {
    let denied = |call| Fault::on(call).always(Effect::Deny);
    let two: &[&str] = &["--region", "us-east-1", "--region", "eu-west-1"];
    expect(vec![
        (
            "nothing",
            with(own(), vec![]),
            two,
            0,
            &[
                "Account 111122223333 can be audited in all 2 Regions.",
                "GetStage work",
                "agrees with AWS's",
            ],
            &["Effect", "cannot"],
        ),
        (
            "a Region",
            with(
                own(),
                vec![
                    Fault::on_every_call()
                        .region("eu-west-1")
                        .always(Effect::Deny),
                ],
            ),
            two,
            3,
            &[
                "can be audited in 1 of 2 Regions; 1 cannot.",
                "GetApis in eu-west-1 AccessDenied",
                r#""Resource": "arn:aws:apigateway:eu-west-1::/apis" }"#,
                "a policy of the caller arn:aws:iam::111122223333:user/demo",
            ],
            &["us-east-1::/apis"],
        ),
        (
            "the stages of an API",
            with(
                own(),
                vec![Fault::on(GetStages).api("a1").always(Effect::Deny)],
            ),
            &[],
            3,
            &[
                "cannot be audited.",
                r#""Resource": "arn:aws:apigateway:us-east-1::/apis/*/stages" }"#,
            ],
            &["--iam-policy=policy"],
        ),
        (
            "GetStage",
            with(own(), vec![denied(GetStage)]),
            &[],
            0,
            &[
                "can be audited in us-east-1.",
                "only --confirm and --stage need it",
                "us-east-1::/apis/*/stages/*",
            ],
            &["cannot"],
        ),
        (
            "GetStage where it is needed",
            with(own(), vec![denied(GetStage)]),
            &["--stage", "prod"],
            3,
            &["cannot be audited.", "us-east-1::/apis/*/stages/*"],
            &["--confirm"],
        ),
        (
            "GetStages where it is not needed",
            with(own(), vec![denied(GetStages)]),
            &["--stage", "prod", "--api", "b2"],
            0,
            &["not needed with --stage"],
            &["cannot"],
        ),
        (
            "everything in China",
            with(own(), vec![denied(GetApis)]),
            &["--region", "cn-north-1"],
            3,
            &[r#""Resource": "arn:aws-cn:apigateway:cn-north-1::/apis" }"#],
            &["arn:aws:apigateway"],
        ),
        (
            "nothing that IAM could add",
            with(
                own(),
                vec![Fault::on(GetApis).always(Effect::DenyByOrganization)],
            ),
            &[],
            3,
            &[
                "A service control policy (SCP) of the organization denies it, and no IAM policy can undo that.",
            ],
            &["Effect"],
        ),
        (
            "an opt-in Region",
            with(own().disable(ACCOUNT, "me-south-1"), vec![]),
            &["--region", "us-east-1", "--region", "me-south-1"],
            0,
            &[
                "can be audited in us-east-1.",
                "1 Region (me-south-1): not enabled for the account",
            ],
            &["cannot"],
        ),
        (
            "the list of the Regions",
            with(own(), vec![denied(ListRegions), denied(DescribeRegions)]),
            &["--all-regions"],
            3,
            &[
                "can be audited in 17 of 34 Regions; 17 cannot.",
                r#""Action": [ "account:ListRegions", "ec2:DescribeRegions" ], "Resource": "*""#,
                "GetApis in af-south-1",
            ],
            &["not enabled for the account, and left out"],
        ),
        (
            "one of two lists of the Regions",
            with(own(), vec![denied(ListRegions)]),
            &["--all-regions"],
            0,
            &["in all 17 Regions"],
            &["Effect"],
        ),
    ]);
}

#[test]
fn what_is_missing_in_other_accounts() {
    let closed = [
        "888800000001",
        "888800000002",
        "888800000003",
        "888800000004",
        "888800000005",
    ];
    let closed = closed.iter().fold(Organization::new(ACCOUNT), |all, id| {
        all.member(id, "old", ROOT).state(id, State::Suspended)
    });
    let closed = fleet(&[ACCOUNT], &[REGION]).organization(closed);
    let roles = |roles| Settings {
        fleet: organization(),
        roles,
        ..Settings::default()
    };
    let lacking = Roles {
        lacking: ["444455556603".to_owned(), "444455556607".to_owned()].into(),
        ..Roles::default()
    };
    let secret = || Roles {
        external_id: Some("right".to_owned()),
        ..Roles::default()
    };
    let denied = |call, account| Fault::on(call).account(account).always(Effect::Deny);
    expect(vec![
        (
            "nothing",
            roles(secret()),
            &["--organization", "--external-id", "right"],
            0,
            &[
                "All 12 accounts can be audited.",
                "12 Regions: GetApis, GetStages",
            ],
            &["Effect"],
        ),
        (
            "the role in two of them",
            roles(lacking),
            &["--organization"],
            3,
            &[
                "10 of 12 accounts can be audited; 2 cannot.",
                "Cannot be audited: 2 accounts 444455556603, 444455556607 AssumeRole",
                "the role such as arn:aws:iam::444455556603:role/DriftgateAudit does not exist",
                r#""Principal": { "AWS": "arn:aws:iam::111122223333:root" }"#,
                r#""arn:aws:iam::444455556603:role/DriftgateAudit", "arn:aws:iam::444455556607:role/DriftgateAudit" ]"#,
            ],
            &["ExternalId"],
        ),
        (
            "the right external id",
            roles(secret()),
            &[
                "--organization",
                "--external-id",
                "wrong",
                "--role-name",
                "audit/Reader",
            ],
            3,
            &[
                "None of 12 accounts can be audited; 12 cannot.",
                r#""sts:ExternalId": "wrong""#,
                r#""Resource": "arn:aws:iam::*:role/audit/Reader" }"#,
            ],
            &[],
        ),
        (
            "a permission of one role",
            with(organization(), vec![denied(GetApis, "444455556600")]),
            &["--accounts", "444455556600,444455556601"],
            3,
            &[
                "1 of 2 accounts",
                "a policy of the role arn:aws:iam::444455556600:role/DriftgateAudit:",
            ],
            &["of the caller"],
        ),
        (
            "an organization that lets the role be assumed",
            with(
                organization(),
                vec![Fault::on(AssumeRole).always(Effect::DenyByOrganization)],
            ),
            &["--accounts", "444455556600"],
            3,
            &[
                "Account 444455556600 cannot be audited.",
                "A service control policy (SCP)",
            ],
            &["Effect"],
        ),
        (
            "the list of the accounts",
            with(
                organization(),
                vec![Fault::on(ListAccounts).always(Effect::Deny)],
            ),
            &["--organization"],
            3,
            &[
                "Nothing can be audited: ListAccounts failed.",
                r#""Action": "organizations:ListAccounts", "Resource": "*""#,
                "a policy of the caller arn:aws:iam::111122223333:user/demo",
            ],
            &[],
        ),
        (
            "accounts that are suspended",
            with(closed, vec![]),
            &["--organization"],
            0,
            &[
                "Account 111122223333 can be audited",
                "888800000003 is suspended",
                "and 2 more like these",
                "5 accounts: left out",
            ],
            &["888800000004"],
        ),
        (
            "everything, as asked",
            with(organization(), vec![]),
            &[
                "--accounts",
                "444455556600",
                "--exclude-account",
                "444455556600",
            ],
            3,
            &["every account or Region is left out", "1 account: left out"],
            &[],
        ),
    ]);
}

#[test]
fn what_is_not_about_permissions() {
    expect(vec![
        (
            "credentials that nobody knows",
            with(Fleet::new(), vec![]),
            &[],
            4,
            &[
                "Nothing can be audited: there are no credentials that AWS accepts.",
                "AWS refused the credentials",
            ],
            &["Effect"],
        ),
        (
            "credentials that API Gateway does not know",
            with(
                own(),
                vec![Fault::on(GetApis).always(Effect::UnrecognizedClient)],
            ),
            &[],
            4,
            &["there are no credentials that AWS accepts"],
            &["Effect"],
        ),
        (
            "a signature",
            with(
                own(),
                vec![Fault::on(GetCallerIdentity).always(Effect::ClockSkew)],
            ),
            &[],
            4,
            &["this machine's clock"],
            &["Effect"],
        ),
        (
            "throttling without end",
            with(own(), vec![Fault::on(GetApis).always(Effect::Throttle)]),
            &[],
            3,
            &[
                "TooManyRequestsException",
                "Others use the account's quota too",
            ],
            &["Effect"],
        ),
        (
            "silence",
            with(own(), vec![Fault::on(GetApis).always(Effect::Hang)]),
            &["--timeout", "1"],
            3,
            &["cannot be audited", "Timeout", "Raise --timeout"],
            &["Effect"],
        ),
        (
            "an endpoint where nobody listens",
            with(own(), vec![]),
            &["--endpoint-url", "http://127.0.0.1:1"],
            3,
            &[
                "The connection was refused",
                "http://127.0.0.1:1 for API Gateway, STS (--endpoint-url)",
            ],
            &["Effect"],
        ),
        (
            "a name that does not exist",
            with(own(), vec![]),
            &["--endpoint-url", "https://nowhere.invalid"],
            3,
            &["The name is unknown"],
            &["Effect"],
        ),
        (
            "a file",
            with(own(), vec![]),
            &["--from", "x.json"],
            2,
            &["doctor examines AWS"],
            &[],
        ),
        (
            "a document of a file",
            with(own(), vec![]),
            &["--iam-policy", "--from", "x.json"],
            2,
            &["names a file"],
            &[],
        ),
    ]);
}

#[test]
fn all_regions_are_looked_at_from_one_that_is_not_enabled() {
    let (_runtime, emulator) = start(with(own(), Vec::new()));
    let mut command = driftgate(&[
        "--all-regions",
        "--rate",
        "0",
        "--endpoint-url",
        &emulator.endpoint_url(),
    ]);
    let (code, text) = told(command.env("AWS_REGION", "af-south-1"));
    assert!(
        code == 0 && text.contains("can be audited"),
        "{code}: {text}"
    );
}

#[test]
fn a_proxy_is_named_without_its_password() {
    let (code, text) = told(driftgate(&[]).env("HTTPS_PROXY", "http://me:s3cret@127.0.0.1:1"));
    assert_eq!(code, 3, "{text}");
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        line.contains("http://me:***@127.0.0.1:1 (HTTPS_PROXY)"),
        "{text}"
    );
    assert!(
        line.contains("The proxy refused the request. Requests go through"),
        "{text}"
    );
    assert!(
        line.contains("https://apigateway.us-east-1.amazonaws.com for API Gateway (AWS's own)"),
        "{text}"
    );
    assert!(!text.contains("s3cret"), "{text}");
}

#[test]
fn without_credentials_or_a_region_the_run_fails() {
    for (variable, words) in [
        ("AWS_ACCESS_KEY_ID", "no AWS credentials"),
        ("AWS_REGION", "no Region"),
    ] {
        let (code, text) = told(driftgate(&[]).env_remove(variable));
        assert_eq!(code, 4, "{text}");
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn a_region_costs_four_small_calls_at_most() {
    let (_runtime, emulator) = start(Settings {
        page_size: 1,
        ..with(own(), vec![])
    });
    let flags = [
        "--region",
        "us-east-1",
        "--region",
        "eu-west-1",
        "--region",
        "ap-south-1",
    ];
    let (code, text) = told(driftgate(&flags).env("AWS_ENDPOINT_URL", emulator.endpoint_url()));
    assert_eq!(code, 0, "{text}");
    let arrivals = emulator.arrivals();
    let count = |call| {
        arrivals
            .iter()
            .filter(|arrival| arrival.operation == call)
            .count()
    };
    // With pages of one API, the one that has a stage is not seen.
    assert_eq!(
        [GetCallerIdentity, GetApis, GetStages, GetStage].map(count),
        [1, 3, 2, 0]
    );
    assert_eq!(arrivals.len(), 6);

    let (_runtime, emulator) = start(with(own(), vec![]));
    let (code, text) = told(driftgate(&[]).env("AWS_ENDPOINT_URL", emulator.endpoint_url()));
    assert_eq!(code, 0, "{text}");
    assert_eq!(emulator.arrivals().len(), 1 + 4);
}

/// Answers whatever comes with the same, for ever; where it listens.
fn answering(answer: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = Vec::new();
            let mut part = [0; 4096];
            // Each request is smaller than what one read takes, or its end is in the next.
            while !asked.windows(4).any(|end| end == b"\r\n\r\n") {
                let read = stream.read(&mut part).unwrap();
                asked.extend_from_slice(&part[..read]);
                if read == 0 {
                    break;
                }
            }
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    url
}

#[test]
fn a_clock_that_is_wrong_is_named_and_text_of_others_is_inert() {
    let body = r#"{"message":"a\u001b[31m ##[error]x \u202eand ::warning::y"}"#;
    let answer = format!(
        "HTTP/1.1 403 Forbidden\r\ndate: Mon, 23 Nov 2020 13:25:00 GMT\r\nx-amzn-errortype: AccessDeniedException\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let (code, text) = told(driftgate(&[]).env("AWS_ENDPOINT_URL", answering(answer)));
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("s ahead of AWS's: set it"), "{text}");
    assert!(text.contains("\\u{1b}[31m"), "{text}");
    for line in text.lines() {
        assert!(
            !line.contains(['\u{1b}', '\u{202e}']) && !line.contains("##["),
            "{line}"
        );
        assert!(!line.trim_start().starts_with("::"), "{line}");
    }
}

#[test]
fn an_interrupted_look_says_what_it_knows() {
    let hang = Fault::on_every_call()
        .region("eu-west-1")
        .always(Effect::Hang);
    let (_runtime, emulator) = start(with(own(), vec![hang]));
    let mut command = driftgate(&["--region", "us-east-1", "--region", "eu-west-1"]);
    command
        .env("AWS_ENDPOINT_URL", emulator.endpoint_url())
        .stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let started = Instant::now();
    while emulator
        .arrivals()
        .iter()
        .filter(|arrival| arrival.operation.to_string().starts_with("Get"))
        .count()
        < 6
    {
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "{:?}",
            emulator.arrivals()
        );
        thread::sleep(Duration::from_millis(10));
    }
    thread::sleep(Duration::from_millis(200));
    assert!(
        Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    let mut text = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{text}");
    assert!(
        text.starts_with("Account 111122223333 can be audited in 1 of 2 Regions; 1 cannot."),
        "{text}"
    );
    assert!(text.contains("Interrupted"), "{text}");
}

#[test]
fn documents_ask_nobody_and_are_clean_for_a_pipe() {
    let (_runtime, emulator) = start(Settings::default());
    for what in ["policy", "trust", "caller"] {
        let mut command = driftgate(&[
            &format!("--iam-policy={what}"),
            "--external-id",
            "x1",
            "--role-name",
            "Reader",
        ]);
        command
            .env_remove("AWS_ACCESS_KEY_ID")
            .env("AWS_ENDPOINT_URL", emulator.endpoint_url());
        let output = command.output().unwrap();
        assert_eq!(
            (output.status.code(), output.stderr.len()),
            (Some(0), 0),
            "{output:?}"
        );
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["Version"], "2012-10-17");
    }
    let (code, text) = told(&mut driftgate(&["--iam-policy=stackset"]));
    assert_eq!(code, 0);
    serde_yaml::from_str::<serde_yaml::Value>(&text).unwrap();
    assert!(emulator.arrivals().is_empty());
    assert_eq!(told(&mut driftgate(&["--iam-policy=nothing"])).0, 2);
}

#[test]
fn the_words() {
    let lacking = Roles {
        lacking: ["444455556603".to_owned()].into(),
        ..Roles::default()
    };
    let faults = vec![
        Fault::on(GetStages)
            .account("444455556600")
            .always(Effect::Deny),
        Fault::on(GetStages)
            .account("444455556601")
            .always(Effect::Deny),
    ];
    let settings = Settings {
        fleet: organization(),
        roles: lacking,
        faults,
        ..Settings::default()
    };
    let (code, text) = examined(settings, &["--organization", "--external-id", "s3:cret"]);
    assert_eq!(code, 3);
    insta::assert_snapshot!("an_organization", text);
    let (code, text) = examined(Settings::demo(), &["--all-regions"]);
    assert_eq!(code, 3);
    insta::assert_snapshot!("the_demo", text);
    let (code, text) = told(&mut driftgate(&["--iam-policy"]));
    assert_eq!(code, 0);
    insta::assert_snapshot!("documents", text);
}
