//! The faults of connections and documents, as the real SDK and a bare socket see them.

use aws_sdk_apigatewayv2::types::{LoggingLevel, ProtocolType};

use super::*;

async fn struck_on(operation: Operation, effect: Effect) -> (Emulator, Client) {
    with_faults(vec![Fault::on(operation).always(effect)]).await
}

async fn get_api(emulator: &Emulator) -> TcpStream {
    sent(emulator, &format!("GET /v2/apis/{API}"), "apigateway", "").await
}

/// Head and body, up to the end of the connection, and true if it ended within a moment.
async fn answered(stream: &mut TcpStream) -> (String, String, bool) {
    let mut bytes = Vec::new();
    let ended =
        tokio::time::timeout(Duration::from_millis(300), stream.read_to_end(&mut bytes)).await;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    (head.to_owned(), body.to_owned(), matches!(ended, Ok(Ok(_))))
}

fn whole() -> String {
    document::http_api(API, "orders").to_string()
}

#[tokio::test]
async fn half_a_body_is_followed_by_the_end_or_by_silence() {
    for (effect, ends) in [(Effect::Cut, true), (Effect::Stall, false)] {
        let (emulator, _client) = struck_by(effect).await;
        let (head, body, ended) = answered(&mut get_api(&emulator).await).await;
        assert!(
            head.contains(&format!("content-length: {}", whole().len())),
            "{head}"
        );
        assert_eq!(
            (body.as_str(), ended),
            (&whole()[..whole().len() / 2], ends)
        );
    }
}

#[tokio::test]
async fn a_half_closed_connection_still_takes_what_the_client_sends() {
    let (emulator, client) = struck_by(Effect::HalfClose).await;
    let mut stream = get_api(&emulator).await;
    let (head, body, ended) = answered(&mut stream).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert_eq!((body.as_str(), ended), ("", true));
    for _ in 0..3 {
        stream.write_all(b"still there?").await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    client.get_apis().send().await.unwrap_err();
}

#[tokio::test]
async fn bytes_trickle_to_the_end_or_without_end() {
    let (_emulator, client) = struck_by(Effect::Trickle(Duration::from_millis(1))).await;
    let start = Instant::now();
    let api = client.get_api().api_id(API).send().await.unwrap();
    assert_eq!(api.name(), Some("orders"));
    assert!(
        start.elapsed() >= Duration::from_millis(whole().len() as u64),
        "{:?}",
        start.elapsed()
    );

    let (emulator, _client) = struck_by(Effect::TrickleForEver(Duration::from_millis(20))).await;
    let (head, body, ended) = answered(&mut get_api(&emulator).await).await;
    assert!(
        head.contains("transfer-encoding: chunked") && !ended,
        "{head}"
    );
    assert!(body.matches("1\r\n \r\n").count() > 3, "{body:?}");
}

#[tokio::test]
async fn the_length_can_be_too_short_or_too_long() {
    for (effect, announced) in [
        (Effect::ShortLength, whole().len() - 10),
        (Effect::LongLength, whole().len() + 10),
    ] {
        let (emulator, client) = struck_by(effect.clone()).await;
        let (head, body, ended) = answered(&mut get_api(&emulator).await).await;
        assert!(
            head.contains(&format!("content-length: {announced}")),
            "{effect:?}: {head}"
        );
        assert_eq!((body, ended), (whole(), true), "{effect:?}");
        client.get_api().api_id(API).send().await.unwrap_err();
    }
}

#[tokio::test]
async fn a_redirect_names_its_location() {
    let (emulator, client) = struck_by(Effect::Redirect(
        302,
        "https://sign-in.example.com/".to_owned(),
    ))
    .await;
    let (head, ..) = answered(&mut get_api(&emulator).await).await;
    assert!(
        head.starts_with("HTTP/1.1 302") && head.contains("location: https://sign-in.example.com/"),
        "{head}"
    );
    assert_eq!(seen(client.get_apis().send().await).0, 302);
}

#[tokio::test]
async fn a_success_can_hold_an_error_or_garbage() {
    for effect in [
        Effect::GzipGarbage,
        Effect::Oversized(100_000),
        Effect::NullItems,
    ] {
        let (_emulator, client) = struck_by(effect.clone()).await;
        assert_eq!(
            seen(client.get_stages().api_id(API).send().await).0,
            200,
            "{effect:?}"
        );
    }
    // The SDK takes these for a page without items: its user has to notice.
    for effect in [Effect::ErrorAsSuccess, Effect::NullList] {
        let (_emulator, client) = struck_by(effect.clone()).await;
        assert!(
            client
                .get_stages()
                .api_id(API)
                .send()
                .await
                .unwrap()
                .items
                .is_none(),
            "{effect:?}"
        );
    }
}

#[tokio::test]
async fn enumerations_can_have_values_that_no_client_knows() {
    let (_emulator, client) = struck_by(Effect::UnknownEnum).await;
    let apis = client.get_apis().send().await.unwrap();
    assert_eq!(
        apis.items()[0].protocol_type().map(ProtocolType::as_str),
        Some("GRPC")
    );
    let stage = client
        .get_stage()
        .api_id(API)
        .stage_name("prod")
        .send()
        .await
        .unwrap();
    let level = stage
        .default_route_settings()
        .and_then(|settings| settings.logging_level());
    assert_eq!(level.map(LoggingLevel::as_str), Some("VERBOSE"));
}

#[tokio::test]
async fn pages_can_be_endless_or_have_an_expired_token() {
    let (_emulator, client) = struck_on(Operation::GetStages, Effect::EndlessPages).await;
    let (mut tokens, mut items) = (std::collections::HashSet::new(), 0);
    let mut token = None;
    for _ in 0..12 {
        let page = client
            .get_stages()
            .api_id(API)
            .set_next_token(token)
            .send()
            .await
            .unwrap();
        items += page.items().len();
        token = page.next_token;
        assert!(
            tokens.insert(token.clone().unwrap()),
            "{token:?} came again"
        );
    }
    assert_eq!(items, 6);

    let (_emulator, client) = struck_on(Operation::GetStages, Effect::ExpiredPageToken).await;
    let first = client.get_stages().api_id(API).send().await.unwrap();
    let second = client
        .get_stages()
        .api_id(API)
        .set_next_token(first.next_token)
        .send()
        .await;
    assert_eq!(
        seen(second),
        (
            400,
            "BadRequestException".to_owned(),
            "Invalid nextToken".to_owned()
        )
    );
}

#[tokio::test]
async fn a_stage_can_be_lost_or_changed_between_two_reads() {
    let (_emulator, client) = struck_on(Operation::GetStage, Effect::NotFound).await;
    assert_eq!(
        client
            .get_stages()
            .api_id(API)
            .send()
            .await
            .unwrap()
            .items()
            .len(),
        4
    );
    let lost = client
        .get_stage()
        .api_id(API)
        .stage_name("prod")
        .send()
        .await;
    assert_eq!(seen(lost).2, "Invalid stage identifier specified");

    let changed = Effect::Changed(json!({"description": "deployed again"}));
    let (_emulator, client) =
        with_faults(vec![Fault::on(Operation::GetStage).after(1, changed)]).await;
    let read = || client.get_stage().api_id(API).stage_name("prod").send();
    assert_eq!(read().await.unwrap().description(), None);
    assert_eq!(read().await.unwrap().description(), Some("deployed again"));
}

#[tokio::test]
async fn the_pages_of_accounts_have_the_same_faults() {
    let organization = (0..30).fold(Organization::new(ACCOUNT), |organization, number| {
        organization.member(&(777_700_000_000_u64 + number).to_string(), "a", ROOT)
    });
    for (effect, pages) in [
        (Effect::RepeatToken, 3),
        (Effect::EndlessPages, 3),
        (Effect::ExpiredPageToken, 1),
    ] {
        let faults = vec![Fault::on(Operation::ListAccounts).always(effect.clone())];
        let fleet = one_api().organization(organization.clone());
        let emulator = Emulator::start(Settings {
            fleet,
            faults,
            ..Settings::default()
        })
        .await
        .unwrap();
        let client = client_of!(aws_sdk_organizations, emulator, user(), REGION);
        let (mut token, mut read) = (None, 0);
        for _ in 0..3 {
            let Ok(page) = client.list_accounts().set_next_token(token).send().await else {
                break;
            };
            read += 1;
            token = page.next_token;
            assert!(token.is_some(), "{effect:?}");
        }
        assert_eq!(read, pages, "{effect:?}");
    }
}

#[tokio::test]
async fn deleted_items_are_no_longer_listed() {
    let (_emulator, client) = struck_on(Operation::GetStage, Effect::Delete).await;
    let read = client
        .get_stage()
        .api_id(API)
        .stage_name("prod")
        .send()
        .await;
    assert_eq!(seen(read).2, "Invalid stage identifier specified");
    assert_eq!(
        client
            .get_stages()
            .api_id(API)
            .send()
            .await
            .unwrap()
            .items()
            .len(),
        3
    );

    let (_emulator, client) = struck_on(Operation::GetStages, Effect::Delete).await;
    let before = client.get_apis().send().await.unwrap().items().len();
    assert_eq!(
        seen(client.get_stages().api_id(API).send().await).1,
        "NotFoundException"
    );
    assert_eq!(
        client.get_apis().send().await.unwrap().items().len(),
        before - 1
    );
    assert_eq!(
        seen(
            client
                .get_stage()
                .api_id(API)
                .stage_name("prod")
                .send()
                .await
        )
        .1,
        "NotFoundException"
    );
}
