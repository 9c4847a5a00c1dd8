//! The emulator as the real SDK sees it: pages, names, codes, quota and each fault.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that panics has failed, as it should"
)]

/// A client of any service, without retries.
macro_rules! client_of {
    ($service:ident, $emulator:expr, $credentials:expr, $region:expr) => {{
        let config = $service::Config::builder()
            .behavior_version($service::config::BehaviorVersion::latest())
            .http_client(HTTP.clone())
            .credentials_provider($credentials)
            .region($service::config::Region::new($region.to_owned()))
            .endpoint_url($emulator.endpoint_url())
            .retry_config($service::config::retry::RetryConfig::disabled())
            .build();
        $service::Client::from_conf(config)
    }};
}

mod faults;
mod services;

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_sdk_apigatewayv2::Client;
use aws_sdk_apigatewayv2::config::http::HttpResponse;
use aws_sdk_apigatewayv2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_apigatewayv2::types::Api;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use driftgate::emulator::*;

const ACCOUNT: &str = HOME_ACCOUNT;
const REGION: &str = HOME_REGION;
const API: &str = "a1b2c3d4e5";

/// One client for all tests: loading the system's certificates takes longer than any of them.
static HTTP: LazyLock<SharedHttpClient> =
    LazyLock::new(|| aws_smithy_http_client::Builder::new().build_http());

fn credentials(key: &str) -> Credentials {
    Credentials::new(key, "demo", None, None, "static")
}

/// The access key id of the user `demo` of an account.
fn access_key_id(account: &str) -> String {
    format!("AKIA{account}DEMO")
}

fn address(emulator: &Emulator) -> String {
    emulator.endpoint_url().replace("http://", "")
}

fn user() -> Credentials {
    credentials(&access_key_id(ACCOUNT))
}

fn client(emulator: &Emulator, region: &str) -> Client {
    client_of!(aws_sdk_apigatewayv2, emulator, user(), region)
}

/// Sends a request by hand, signed for a service, so that every byte of the answer can be looked at.
async fn sent(emulator: &Emulator, request: &str, service: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address(emulator)).await.unwrap();
    let (key, length) = (access_key_id(ACCOUNT), body.len());
    let text = format!(
        "{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\nAuthorization: \
         AWS4-HMAC-SHA256 Credential={key}/20261123/{REGION}/{service}/aws4_request, SignedHeaders=host, \
         Signature=0\r\n\r\n{body}"
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// One API with six stages, `$default` the first of them.
fn one_api() -> Fleet {
    let stages = ["$default", "dev", "prod", "qa", "test", "v1"]
        .map(document::http_stage)
        .to_vec();
    Fleet::new().api(ACCOUNT, REGION, document::http_api(API, "orders"), stages)
}

async fn with_faults(faults: Vec<Fault>) -> (Emulator, Client) {
    let settings = Settings {
        fleet: one_api(),
        page_size: 4,
        faults,
        ..Settings::default()
    };
    let emulator = Emulator::start(settings).await.unwrap();
    let client = client(&emulator, REGION);
    (emulator, client)
}

async fn struck_by(effect: Effect) -> (Emulator, Client) {
    with_faults(vec![Fault::on_every_call().always(effect)]).await
}

/// Status, code and message, as the SDK has them.
fn seen<T, E: ProvideErrorMetadata>(
    result: Result<T, SdkError<E, HttpResponse>>,
) -> (u16, String, String) {
    let error = result.err().expect("an error");
    let status = error
        .raw_response()
        .map_or(0, |response| response.status().as_u16());
    let meta = error.meta();
    (
        status,
        meta.code().unwrap_or_default().to_owned(),
        meta.message().unwrap_or_default().to_owned(),
    )
}

#[tokio::test]
async fn the_sdk_reads_the_whole_sample_page_by_page() {
    let settings = Settings {
        fleet: Fleet::sample(),
        page_size: 4,
        ..Settings::default()
    };
    let emulator = Emulator::start(settings).await.unwrap();
    let client = client(&emulator, REGION);
    let apis = all_apis(&client).await;
    assert_eq!(apis.len(), 17);
    let mut stages = 0;
    for api in &apis {
        let id = api.api_id().unwrap();
        let first = client.get_stages().api_id(id).send().await.unwrap();
        stages += first.items().len();
        assert_eq!(first.next_token().is_some(), id == API, "{id}");
        if let Some(token) = first.next_token() {
            let second = client
                .get_stages()
                .api_id(id)
                .next_token(token)
                .send()
                .await
                .unwrap();
            stages += second.items().len();
            assert_eq!(second.next_token(), None, "{id}");
        }
    }
    assert_eq!(stages, 24);
    // 17 APIs are 5 pages of 4; one API has 6 stages.
    assert_eq!(emulator.arrivals().len(), 5 + 17 + 1);
}

/// Every page of GetApis; the V2 SDK has no paginators.
async fn all_apis(client: &Client) -> Vec<Api> {
    let (mut apis, mut token) = (Vec::new(), None);
    loop {
        let page = client
            .get_apis()
            .set_next_token(token)
            .send()
            .await
            .unwrap();
        apis.extend(page.items.unwrap_or_default());
        token = page.next_token;
        if token.is_none() {
            return apis;
        }
    }
}

#[tokio::test]
async fn a_stage_is_the_same_document_alone_and_in_the_list() {
    let (emulator, client) = with_faults(Vec::new()).await;
    let list = client.get_stages().api_id(API).send().await.unwrap();
    let alone = client
        .get_stage()
        .api_id(API)
        .stage_name("$default")
        .send()
        .await
        .unwrap();
    let listed = &list.items()[0];
    assert_eq!(alone.stage_name(), Some("$default"));
    assert_eq!(
        alone.default_route_settings(),
        listed.default_route_settings()
    );
    assert_eq!(alone.created_date(), listed.created_date());
    assert_eq!(alone.tags().map(std::collections::HashMap::len), Some(0));
    assert!(alone.access_log_settings().is_none());
    assert_eq!(
        emulator.arrivals()[1].path,
        format!("/v2/apis/{API}/stages/%24default")
    );
    assert_eq!(
        client.get_api().api_id(API).send().await.unwrap().name(),
        Some("orders")
    );
}

#[tokio::test]
async fn an_arrival_has_its_caller_operation_and_status() {
    let (emulator, client) =
        with_faults(vec![Fault::on(Operation::GetStages).always(Effect::Deny)]).await;
    client.get_apis().send().await.unwrap();
    client.get_stages().api_id(API).send().await.unwrap_err();
    let arrivals = emulator.arrivals();
    let facts: Vec<_> = arrivals
        .iter()
        .map(|a| (a.operation, a.api_id.as_deref(), a.status))
        .collect();
    assert_eq!(
        facts,
        [
            (Operation::GetApis, None, 200),
            (Operation::GetStages, Some(API), 403)
        ]
    );
    assert_eq!(
        (arrivals[0].account.as_str(), arrivals[0].region.as_str()),
        (ACCOUNT, REGION)
    );
    assert_eq!(
        (arrivals[0].method.as_str(), arrivals[0].path.as_str()),
        ("GET", "/v2/apis")
    );
    assert!(arrivals[0].at <= arrivals[1].at);
}

#[tokio::test]
async fn an_unknown_region_is_empty_and_an_unknown_account_refused() {
    let (emulator, _) = with_faults(Vec::new()).await;
    let elsewhere = client(&emulator, "sa-east-1")
        .get_apis()
        .send()
        .await
        .unwrap();
    assert!(elsewhere.items().is_empty() && elsewhere.next_token().is_none());
    for key in ["AKIA444455556666DEMO", "AKIAIOSFODNN7EXAMPLE"] {
        let (status, code, _) = seen(
            client_of!(aws_sdk_apigatewayv2, emulator, credentials(key), REGION)
                .get_apis()
                .send()
                .await,
        );
        assert_eq!(
            (status, code.as_str()),
            (403, "UnrecognizedClientException")
        );
    }
}

#[tokio::test]
async fn missing_items_and_bad_requests_have_the_words_of_aws() {
    let (_emulator, client) = with_faults(Vec::new()).await;
    let error = |status, code: &str, message: &str| (status, code.to_owned(), message.to_owned());
    let no_api = error(
        404,
        "NotFoundException",
        "Invalid API identifier specified 111122223333:gone000000",
    );
    assert_eq!(
        seen(client.get_stages().api_id("gone000000").send().await),
        no_api
    );
    assert_eq!(
        seen(client.get_api().api_id("gone000000").send().await),
        no_api
    );
    assert_eq!(
        seen(
            client
                .get_stage()
                .api_id(API)
                .stage_name("gone")
                .send()
                .await
        ),
        error(
            404,
            "NotFoundException",
            "Invalid stage identifier specified"
        )
    );
    assert_eq!(
        seen(client.get_apis().next_token("made-up").send().await),
        error(400, "BadRequestException", "Invalid nextToken")
    );
    assert_eq!(
        seen(client.get_apis().max_results("501").send().await).1,
        "BadRequestException"
    );
    let write = client
        .delete_stage()
        .api_id(API)
        .stage_name("prod")
        .send()
        .await;
    let (status, code, message) = seen(write);
    assert_eq!((status, code.as_str()), (403, "AccessDeniedException"));
    assert!(
        message.contains("apigateway:DELETE on resource"),
        "{message}"
    );
}

#[tokio::test]
async fn the_quota_refuses_what_exceeds_the_burst() {
    let throttle = Some(Throttle {
        rate: 0.001,
        burst: 3,
    });
    let emulator = Emulator::start(Settings {
        fleet: one_api(),
        throttle,
        ..Settings::default()
    })
    .await
    .unwrap();
    let client = client(&emulator, REGION);
    for _ in 0..3 {
        client.get_apis().send().await.unwrap();
    }
    let refused = seen(client.get_apis().send().await);
    assert_eq!(
        refused,
        (
            429,
            "TooManyRequestsException".to_owned(),
            "Too Many Requests".to_owned()
        )
    );
    assert_eq!(
        emulator
            .arrivals()
            .iter()
            .map(|arrival| arrival.status)
            .collect::<Vec<_>>(),
        [200, 200, 200, 429]
    );
}

#[tokio::test]
async fn a_retry_after_is_a_header() {
    let (_emulator, client) = struck_by(Effect::ThrottleRetryAfter(7)).await;
    let error = client.get_apis().send().await.unwrap_err();
    assert_eq!(
        error.raw_response().unwrap().headers().get("retry-after"),
        Some("7")
    );
}

#[tokio::test]
async fn broken_connections_are_dispatch_failures_or_half_bodies() {
    for effect in [Effect::Reset, Effect::Close] {
        let (emulator, client) = struck_by(effect.clone()).await;
        let error = client.get_apis().send().await.unwrap_err();
        assert!(
            matches!(error, SdkError::DispatchFailure(_)),
            "{effect:?}: {error:?}"
        );
        let text = format!("{error:?}");
        assert_eq!(
            text.contains("ConnectionReset"),
            matches!(effect, Effect::Reset),
            "{text}"
        );
        assert_eq!(emulator.arrivals()[0].status, 0);
    }
    let (emulator, client) = struck_by(Effect::Cut).await;
    let error = client.get_apis().send().await.unwrap_err();
    assert_eq!(
        error
            .raw_response()
            .map(|response| response.status().as_u16()),
        Some(200),
        "{error:?}"
    );
    assert_eq!(emulator.arrivals()[0].status, 200);
}

#[tokio::test]
async fn a_200_without_a_valid_answer_is_an_error() {
    for effect in [Effect::NotJson, Effect::Truncated] {
        let (_emulator, client) = struck_by(effect.clone()).await;
        let (status, code, _) = seen(client.get_stages().api_id(API).send().await);
        assert_eq!((status, code.as_str()), (200, ""), "{effect:?}");
    }
    // The SDK takes an empty body for an empty object: its user has to notice that `items` is missing.
    let (_emulator, client) = struck_by(Effect::EmptyBody).await;
    assert!(
        client
            .get_stages()
            .api_id(API)
            .send()
            .await
            .unwrap()
            .items
            .is_none()
    );
}

#[tokio::test]
async fn late_answers_come_and_hung_ones_do_not() {
    let (_emulator, client) = struck_by(Effect::Delay(Duration::from_millis(30))).await;
    let start = Instant::now();
    client.get_apis().send().await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(30));
    let (emulator, client) = struck_by(Effect::Hang).await;
    let call = tokio::time::timeout(Duration::from_millis(100), client.get_apis().send()).await;
    assert!(call.is_err());
    assert_eq!(emulator.arrivals()[0].status, 0);
}

#[tokio::test]
async fn faulty_paging_repeats_a_token_or_starts_with_an_empty_page() {
    let (_emulator, client) = struck_by(Effect::RepeatToken).await;
    let first = client.get_stages().api_id(API).send().await.unwrap();
    let second = client
        .get_stages()
        .api_id(API)
        .set_next_token(first.next_token.clone())
        .send()
        .await
        .unwrap();
    assert!(first.next_token.is_some());
    assert_eq!(first.next_token, second.next_token);

    let (_emulator, client) = struck_by(Effect::EmptyPage).await;
    let empty = client.get_stages().api_id(API).send().await.unwrap();
    assert!(empty.items().is_empty());
    let next = client
        .get_stages()
        .api_id(API)
        .set_next_token(empty.next_token)
        .send()
        .await
        .unwrap();
    assert_eq!((next.items().len(), next.next_token.is_some()), (4, true));
}

#[tokio::test]
async fn an_api_can_be_lost_between_two_calls() {
    let (_emulator, client) = with_faults(vec![
        Fault::on_every_call().api(API).always(Effect::NotFound),
    ])
    .await;
    let listed = client.get_apis().send().await.unwrap();
    assert_eq!(listed.items()[0].api_id(), Some(API));
    let (status, code, message) = seen(client.get_stages().api_id(API).send().await);
    assert_eq!((status, code.as_str()), (404, "NotFoundException"));
    assert_eq!(
        message,
        format!("Invalid API identifier specified {ACCOUNT}:{API}")
    );
}

#[tokio::test]
async fn sts_knows_the_caller() {
    let (emulator, _) = with_faults(Vec::new()).await;
    let sts = |key| {
        client_of!(aws_sdk_sts, emulator, key, REGION)
            .get_caller_identity()
            .send()
    };
    let identity = sts(user()).await.unwrap();
    assert_eq!(identity.account(), Some(ACCOUNT));
    assert_eq!(identity.arn(), Some("arn:aws:iam::111122223333:user/demo"));
    let (status, code, _) = seen(sts(credentials("AKIAIOSFODNN7EXAMPLE")).await);
    assert_eq!((status, code.as_str()), (403, "InvalidClientTokenId"));
    assert_eq!(
        emulator.arrivals()[0].operation,
        Operation::GetCallerIdentity
    );
}

#[tokio::test]
async fn the_demo_denies_a_region_and_an_api_and_nothing_at_home() {
    let emulator = Emulator::start(Settings::demo()).await.unwrap();
    let [home, second, denied] = DEMO_REGIONS.map(|region| client(&emulator, region));
    assert_eq!(all_apis(&home).await.len(), 17);
    let in_second = all_apis(&second).await;
    assert_eq!(in_second.len(), 3);
    for api in in_second {
        let id = api.api_id().unwrap();
        assert_eq!(
            second.get_stages().api_id(id).send().await.is_err(),
            id == DENIED_API
        );
    }
    let (_, code, message) = seen(denied.get_apis().send().await);
    assert_eq!(code, "AccessDeniedException");
    assert!(
        message.ends_with("on resource: arn:aws:apigateway:ap-south-1::/apis"),
        "{message}"
    );
}

#[tokio::test]
async fn it_stops_when_dropped_and_names_its_environment() {
    let (emulator, _) = with_faults(Vec::new()).await;
    let environment = emulator.environment(ACCOUNT, REGION);
    assert!(environment.contains(&("AWS_ACCESS_KEY_ID", "AKIA111122223333DEMO".to_owned())));
    assert!(environment.contains(&("AWS_ENDPOINT_URL", emulator.endpoint_url())));
    let address = address(&emulator);
    drop(emulator);
    tokio::time::timeout(Duration::from_secs(5), async {
        while TcpStream::connect(&address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn documents_reach_the_client_unchanged() {
    let stage = document::with(
        document::websocket_stage("prod"),
        json!({"defaultRouteSettings": {"loggingLevel": "X"}}),
    );
    let fleet = Fleet::new().api(
        ACCOUNT,
        REGION,
        document::websocket_api(API, "chat"),
        vec![stage],
    );
    let emulator = Emulator::start(Settings {
        fleet,
        ..Settings::default()
    })
    .await
    .unwrap();
    let read = client(&emulator, REGION)
        .get_stage()
        .api_id(API)
        .stage_name("prod")
        .send()
        .await
        .unwrap();
    let level = read
        .default_route_settings()
        .and_then(|settings| settings.logging_level())
        .unwrap();
    assert_eq!(level.as_str(), "X");
}
