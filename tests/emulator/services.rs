//! The services around API Gateway as their real SDKs see them: roles, accounts, Regions.

use aws_sdk_organizations::types::AccountState;

use super::*;

const OTHER: &str = "444455556666";
const ROLE: &str = "arn:aws:iam::444455556666:role/Audit";

fn session(taken: &aws_sdk_sts::types::Credentials) -> Credentials {
    let token = Some(taken.session_token().to_owned());
    Credentials::new(
        taken.access_key_id(),
        taken.secret_access_key(),
        token,
        None,
        "role",
    )
}

/// One API in one account, of an organization that has `more` other accounts.
fn fleet(more: u64) -> Fleet {
    let organization = Organization::new(ACCOUNT)
        .unit("ou-demo-work", "Workloads", ROOT)
        .unit("ou-demo-prod", "Production", "ou-demo-work")
        .member(OTHER, "orders-prod", "ou-demo-prod");
    let organization = (0..more).fold(organization, |organization, number| {
        let account = (777_700_000_000 + number).to_string();
        organization
            .member(&account, &format!("old-{number}"), ROOT)
            .state(&account, State::Suspended)
    });
    one_api()
        .api(
            OTHER,
            "eu-south-1",
            document::http_api("z9y8x7w6v5", "far"),
            vec![document::http_stage("prod")],
        )
        .organization(organization)
}

async fn start(settings: Settings) -> Emulator {
    Emulator::start(Settings {
        fleet: fleet(43),
        ..settings
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn a_role_is_assumed_and_its_session_reads_the_account() {
    let emulator = start(Settings::default()).await;
    let sts = client_of!(aws_sdk_sts, emulator, user(), REGION);
    let assumed = sts
        .assume_role()
        .role_arn(ROLE)
        .role_session_name("night")
        .send()
        .await
        .unwrap();
    let user = assumed.assumed_role_user().unwrap();
    assert_eq!(
        user.arn(),
        "arn:aws:sts::444455556666:assumed-role/Audit/night"
    );
    let taken = assumed.credentials().unwrap();
    assert_eq!(taken.access_key_id(), "ASIA444455556666DEMO");
    let left = taken.expiration().secs() - jiff::Timestamp::now().as_second();
    assert!((3_590..=3_600).contains(&left), "{left}");

    let there = client_of!(aws_sdk_sts, emulator, session(taken), "eu-south-1");
    let identity = there.get_caller_identity().send().await.unwrap();
    assert_eq!(
        (identity.account(), identity.arn()),
        (Some(OTHER), Some(user.arn()))
    );
    assert_eq!(identity.user_id(), Some(user.assumed_role_id()));
    let apis = client_of!(aws_sdk_apigatewayv2, emulator, session(taken), "eu-south-1")
        .get_apis()
        .send()
        .await
        .unwrap();
    assert_eq!(apis.items()[0].name(), Some("far"));

    let arrivals = emulator.arrivals();
    assert_eq!(arrivals[0].operation, Operation::AssumeRole);
    assert_eq!(
        (
            arrivals[0].account.as_str(),
            arrivals[0].role_account.as_deref()
        ),
        (ACCOUNT, Some(OTHER))
    );
    assert!(
        arrivals
            .iter()
            .all(|arrival| arrival.session_name.as_deref() == Some("night"))
    );
}

#[tokio::test]
async fn a_session_expires() {
    let roles = Roles {
        lifetime: Duration::from_millis(20),
        ..Roles::default()
    };
    let emulator = start(Settings {
        roles,
        ..Settings::default()
    })
    .await;
    let sts = client_of!(aws_sdk_sts, emulator, user(), REGION);
    let assumed = sts
        .assume_role()
        .role_arn(ROLE)
        .role_session_name("night")
        .send()
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(30)).await;
    let taken = assumed.credentials().unwrap();
    let api_gateway = client_of!(aws_sdk_apigatewayv2, emulator, session(taken), REGION);
    assert_eq!(
        seen(api_gateway.get_apis().send().await).1,
        "ExpiredTokenException"
    );
    let sts = client_of!(aws_sdk_sts, emulator, session(taken), REGION);
    assert_eq!(
        seen(sts.get_caller_identity().send().await).1,
        "ExpiredToken"
    );
}

#[tokio::test]
async fn a_missing_role_is_denied_in_the_words_of_sts() {
    let roles = Roles {
        external_id: Some("s3cret".to_owned()),
        ..Roles::default()
    };
    let emulator = start(Settings {
        roles,
        ..Settings::default()
    })
    .await;
    let sts = client_of!(aws_sdk_sts, emulator, user(), REGION);
    let assume = |arn: &str| sts.assume_role().role_arn(arn).role_session_name("night");
    let (status, code, message) = seen(assume(ROLE).send().await);
    assert_eq!((status, code.as_str()), (403, "AccessDenied"));
    let expected = format!(
        "User: arn:aws:iam::{ACCOUNT}:user/demo is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
    );
    assert_eq!(message, expected);
    assume(ROLE).external_id("s3cret").send().await.unwrap();
    let suspended = "arn:aws:iam::777700000000:role/Audit";
    assert_eq!(
        seen(assume(suspended).external_id("s3cret").send().await).1,
        "AccessDenied"
    );
}

#[tokio::test]
async fn the_accounts_of_an_organization_come_twenty_at_a_time() {
    let emulator = start(Settings::default()).await;
    let organizations = client_of!(aws_sdk_organizations, emulator, user(), REGION);
    let (mut accounts, mut token, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = organizations
            .list_accounts()
            .set_next_token(token)
            .send()
            .await
            .unwrap();
        accounts.extend(page.accounts.unwrap_or_default());
        pages += 1;
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!((accounts.len(), pages), (45, 3));
    assert_eq!(
        (accounts[1].id(), accounts[1].name()),
        (Some(OTHER), Some("orders-prod"))
    );
    assert_eq!(
        accounts[1].arn(),
        Some("arn:aws:organizations::111122223333:account/o-demodemo01/444455556666")
    );
    let suspended = accounts
        .iter()
        .filter(|account| account.state() == Some(&AccountState::Suspended))
        .count();
    assert_eq!(suspended, 43);
    assert_eq!(emulator.arrivals()[0].operation, Operation::ListAccounts);
    assert_eq!(
        organizations
            .list_accounts()
            .max_results(7)
            .send()
            .await
            .unwrap()
            .accounts()
            .len(),
        7
    );
}

#[tokio::test]
async fn units_are_walked_from_the_root() {
    let emulator = start(Settings::default()).await;
    let organizations = client_of!(aws_sdk_organizations, emulator, user(), REGION);
    let units = organizations
        .list_organizational_units_for_parent()
        .parent_id(ROOT)
        .send()
        .await
        .unwrap();
    assert_eq!(units.organizational_units()[0].name(), Some("Workloads"));
    let below = units.organizational_units()[0].id().unwrap();
    let units = organizations
        .list_organizational_units_for_parent()
        .parent_id(below)
        .send()
        .await
        .unwrap();
    let unit = units.organizational_units()[0].id().unwrap();
    let accounts = organizations
        .list_accounts_for_parent()
        .parent_id(unit)
        .send()
        .await
        .unwrap();
    assert_eq!(accounts.accounts()[0].id(), Some(OTHER));
    let unknown = organizations
        .list_accounts_for_parent()
        .parent_id("ou-demo-none")
        .send()
        .await;
    assert_eq!(seen(unknown).0, 400);
}

#[tokio::test]
async fn only_the_management_account_sees_its_organization() {
    let emulator = start(Settings::default()).await;
    let other = credentials(&access_key_id(OTHER));
    let refused = client_of!(aws_sdk_organizations, emulator, other, REGION)
        .list_accounts()
        .send()
        .await;
    let (status, code, message) = seen(refused);
    assert_eq!((status, code.as_str()), (400, "AccessDeniedException"));
    assert_eq!(
        message,
        "You don't have permissions to access this resource."
    );
    let (alone, _) = with_faults(Vec::new()).await;
    let refused = client_of!(aws_sdk_organizations, alone, user(), REGION)
        .list_accounts()
        .send()
        .await;
    assert_eq!(seen(refused).1, "AWSOrganizationsNotInUseException");
}

#[tokio::test]
async fn an_account_lists_its_regions_and_is_unknown_in_others() {
    let settings = Settings {
        fleet: fleet(0).disable(ACCOUNT, "eu-west-3"),
        ..Settings::default()
    };
    let emulator = Emulator::start(settings).await.unwrap();
    let account = client_of!(aws_sdk_account, emulator, user(), REGION);
    let regions = |of: Option<&str>| {
        let (account, of) = (account.clone(), of.map(str::to_owned));
        async move {
            let (mut all, mut token) = (Vec::new(), None);
            loop {
                let page = account
                    .list_regions()
                    .set_account_id(of.clone())
                    .set_next_token(token)
                    .send()
                    .await
                    .unwrap();
                all.extend(page.regions.unwrap_or_default());
                token = page.next_token;
                if token.is_none() {
                    return all;
                }
            }
        }
    };
    let own = regions(None).await;
    let status = |all: &[aws_sdk_account::types::Region], name: &str| {
        let found = all
            .iter()
            .find(|region| region.region_name() == Some(name))
            .unwrap();
        found.region_opt_status().unwrap().as_str().to_owned()
    };
    assert_eq!(own.len(), 34);
    assert_eq!(status(&own, "us-east-1"), "ENABLED_BY_DEFAULT");
    assert_eq!(
        (status(&own, "eu-south-1"), status(&own, "eu-west-3")),
        ("DISABLED".into(), "DISABLED".into())
    );
    assert_eq!(status(&regions(Some(OTHER)).await, "eu-south-1"), "ENABLED");
    let enabled = account
        .list_regions()
        .region_opt_status_contains(aws_sdk_account::types::RegionOptStatus::EnabledByDefault)
        .max_results(50)
        .send()
        .await
        .unwrap();
    assert_eq!((enabled.regions().len(), enabled.next_token()), (16, None));
    for region in ["eu-south-1", "eu-west-3"] {
        let refused = client_of!(aws_sdk_apigatewayv2, emulator, user(), region)
            .get_apis()
            .send()
            .await;
        assert_eq!(seen(refused).1, "UnrecognizedClientException", "{region}");
    }
}

async fn answer(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// EC2 has no SDK here; the request looks like a signed one.
async fn describe_regions(emulator: &Emulator, method: &str, parameters: &str) -> String {
    let query = format!("Action=DescribeRegions&Version=2016-11-15{parameters}");
    let (request, body) = if method == "GET" {
        (format!("GET /?{query}"), "")
    } else {
        ("POST /".to_owned(), query.as_str())
    };
    answer(sent(emulator, &request, "ec2", body).await).await
}

#[tokio::test]
async fn ec2_describes_the_regions_of_an_account() {
    let emulator = start(Settings::default()).await;
    for method in ["GET", "POST"] {
        let own = describe_regions(&emulator, method, "").await;
        assert!(own.starts_with("HTTP/1.1 200"), "{own}");
        assert_eq!(
            own.matches("<optInStatus>opt-in-not-required</optInStatus>")
                .count(),
            17
        );
        assert!(
            own.contains("<regionName>us-east-1</regionName>") && !own.contains("not-opted-in"),
            "{own}"
        );
        let all = describe_regions(&emulator, method, "&AllRegions=true").await;
        assert_eq!(
            all.matches("<optInStatus>not-opted-in</optInStatus>")
                .count(),
            17
        );
    }
    let fault = Fault::on(Operation::DescribeRegions).always(Effect::Deny);
    let emulator = start(Settings {
        faults: vec![fault],
        ..Settings::default()
    })
    .await;
    let denied = describe_regions(&emulator, "POST", "").await;
    assert!(
        denied.starts_with("HTTP/1.1 403") && denied.contains("<Code>UnauthorizedOperation</Code>"),
        "{denied}"
    );
}

#[tokio::test]
async fn a_request_signed_for_another_service_is_refused() {
    let emulator = start(Settings::default()).await;
    let answer = answer(sent(&emulator, "GET /v2/apis", "execute-api", "").await).await;
    assert!(
        answer.contains("InvalidSignatureException") && answer.contains("apigateway"),
        "{answer}"
    );
}

/// Each error, as STS, Organizations, and the two services with REST and JSON word it.
#[tokio::test]
async fn each_service_words_an_error_in_its_own_way() {
    let exception = |status: u16, name: &str| (status, format!("{name}Exception"));
    let (denied, invalid) = (
        exception(400, "AccessDenied"),
        exception(400, "InvalidSignature"),
    );
    let row = |effect: Effect, sts: (u16, &str), organizations: (u16, String), rest: u16| {
        let same_code = (rest, organizations.1.clone());
        (effect, (sts.0, sts.1.to_owned()), organizations, same_code)
    };
    let mut rows = vec![
        row(
            Effect::Throttle,
            (400, "Throttling"),
            exception(400, "TooManyRequests"),
            429,
        ),
        row(
            Effect::ServerError(503),
            (503, "ServiceUnavailable"),
            exception(503, "ServiceUnavailable"),
            503,
        ),
        row(
            Effect::ServerError(500),
            (500, "InternalFailure"),
            exception(500, "Service"),
            500,
        ),
        row(Effect::Deny, (403, "AccessDenied"), denied.clone(), 403),
        row(
            Effect::DenyByOrganization,
            (403, "AccessDenied"),
            denied,
            403,
        ),
        row(
            Effect::ExpiredToken,
            (403, "ExpiredToken"),
            exception(400, "ExpiredToken"),
            403,
        ),
        row(
            Effect::UnrecognizedClient,
            (403, "InvalidClientTokenId"),
            exception(400, "UnrecognizedClient"),
            403,
        ),
        row(
            Effect::InvalidSignature,
            (403, "SignatureDoesNotMatch"),
            invalid.clone(),
            403,
        ),
        row(
            Effect::ClockSkew,
            (403, "SignatureDoesNotMatch"),
            invalid,
            403,
        ),
        row(
            Effect::IncompleteSignature,
            (400, "IncompleteSignature"),
            exception(400, "IncompleteSignature"),
            403,
        ),
    ];
    rows[2].3 = exception(500, "InternalServerError");
    for (effect, sts, organizations, rest) in rows {
        let operations = [
            Operation::AssumeRole,
            Operation::ListAccounts,
            Operation::ListRegions,
            Operation::GetApis,
        ];
        let faults = operations
            .map(|operation| Fault::on(operation).always(effect.clone()))
            .to_vec();
        let emulator = start(Settings {
            faults,
            ..Settings::default()
        })
        .await;
        let assumed = client_of!(aws_sdk_sts, emulator, user(), REGION)
            .assume_role()
            .role_arn(ROLE);
        let listed = client_of!(aws_sdk_organizations, emulator, user(), REGION).list_accounts();
        let answers = [
            (sts, seen(assumed.role_session_name("night").send().await)),
            (organizations, seen(listed.send().await)),
            (
                rest.clone(),
                seen(
                    client_of!(aws_sdk_account, emulator, user(), REGION)
                        .list_regions()
                        .send()
                        .await,
                ),
            ),
            (
                rest,
                seen(client(&emulator, REGION).get_apis().send().await),
            ),
        ];
        for ((status, code), (seen_status, seen_code, message)) in answers {
            assert_eq!((seen_status, &seen_code), (status, &code), "{effect:?}");
            assert!(!message.is_empty(), "{effect:?}");
            let by_organization =
                message.ends_with("with an explicit deny in a service control policy");
            assert_eq!(
                by_organization,
                matches!(effect, Effect::DenyByOrganization),
                "{message}"
            );
        }
    }
}

#[tokio::test]
async fn a_fault_on_a_role_is_narrowed_by_the_roles_account() {
    let faults = vec![
        Fault::on(Operation::AssumeRole)
            .account(OTHER)
            .always(Effect::Deny),
    ];
    let emulator = start(Settings {
        faults,
        ..Settings::default()
    })
    .await;
    let sts = client_of!(aws_sdk_sts, emulator, user(), REGION);
    let assume = |account: &str| {
        sts.assume_role()
            .role_arn(format!("arn:aws:iam::{account}:role/Audit"))
            .role_session_name("night")
            .send()
    };
    assert_eq!(seen(assume(OTHER).await).1, "AccessDenied");
    assume(ACCOUNT).await.unwrap();
}
