//! The signature, the endpoint, and what is read of an answer.

use aws_config::Region;
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::http::StatusCode;
use aws_types::service_config::LoadServiceConfig;
use aws_types::service_config::ServiceConfigKey;

use super::*;

/// As EC2 sends it (API reference, DescribeRegions).
const ANSWER: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
    <requestId>59dbff89-35bd-4eac-99ed-be587EXAMPLE</requestId>
    <regionInfo>
        <item>
            <optInStatus>opt-in-not-required</optInStatus>
            <regionName>us-east-1</regionName>
            <regionEndpoint>ec2.us-east-1.amazonaws.com</regionEndpoint>
        </item>
        <item>
            <regionName>af-south-1</regionName>
            <optInStatus>not-opted-in</optInStatus>
        </item>
        <item>
            <regionName>ap-east-1</regionName>
            <optInStatus>opted-in</optInStatus>
        </item>
        <item>
            <regionName>a-new-1</regionName>
        </item>
    </regionInfo>
</DescribeRegionsResponse>"#;

#[test]
fn the_signature_is_that_of_another_implementation() {
    // The signature of botocore 1.44.5 with the same keys at the same second.
    for (token, headers, expected) in [
        (
            None,
            "content-type;host;x-amz-date",
            "2073cb11d1d06a2c233b96e404d5e62e703ca1139f00e94662f3d4617b042764",
        ),
        (
            Some("the/session+token=="),
            "content-type;host;x-amz-date;x-amz-security-token",
            "39abf550dbfad4419d7af12bbc0752083b9bbcf5d73d30633aba2655cb920815",
        ),
    ] {
        let keys = Credentials::new(
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            token.map(str::to_owned),
            None,
            "a test",
        );
        let mut request = request().unwrap();
        request
            .set_uri("https://ec2.eu-west-1.amazonaws.com/")
            .unwrap();
        // 2026-11-23T14:30:00Z
        let now = SystemTime::UNIX_EPOCH + Duration::from_mins(29_924_070);
        signed(&mut request, &keys.into(), "eu-west-1", now).unwrap();
        let scope = "AKIAIOSFODNN7EXAMPLE/20261123/eu-west-1/ec2/aws4_request";
        assert_eq!(
            request.headers().get("authorization").unwrap(),
            format!(
                "AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={headers}, Signature={expected}"
            )
        );
        assert_eq!(
            request.headers().get("x-amz-date"),
            Some("20261123T143000Z")
        );
        assert_eq!(request.headers().get("x-amz-security-token"), token);
    }
}

#[test]
fn an_answer_is_read_whole_or_not_at_all() {
    let regions = listed(ANSWER).unwrap();
    let found: Vec<_> = regions
        .iter()
        .map(|region| (region.name.as_str(), region.enabled))
        .collect();
    assert_eq!(
        found,
        [
            ("us-east-1", true),
            ("af-south-1", false),
            ("ap-east-1", true),
            ("a-new-1", true)
        ]
    );
    for (from, to) in [
        ("</DescribeRegionsResponse>", ""),
        ("</item>", "</thing>"),
        ("us-east-1<", "evil.example/<"),
        ("<regionName>us-east-1</regionName>", ""),
        (
            "<regionInfo>",
            "<!DOCTYPE x [<!ENTITY y \"z\">]><regionInfo>",
        ),
    ] {
        assert_eq!(listed(&ANSWER.replacen(from, to, 1)), None, "{from}");
    }
    for at in (0..ANSWER.len()).step_by(7) {
        assert_eq!(listed(&ANSWER[..at]), None, "cut at {at}");
    }
    for text in ["", "{}", "us-east-1"] {
        assert_eq!(listed(text), None, "{text}");
    }
    assert_eq!(
        listed("<html/>"),
        Some(vec![]),
        "an empty list is refused later"
    );
}

#[test]
fn a_refusal_has_ec2s_code_and_message() {
    let refused = refusal(
        "<Response><Errors><Error><Code>AuthFailure</Code><Message>a &lt;b&gt; &amp;amp; c</Message></Error></Errors>\
         <RequestID>x</RequestID></Response>",
    );
    assert_eq!(
        (refused.code(), refused.message()),
        (Some("AuthFailure"), Some("a <b> &amp; c"))
    );
    let other = refusal("<html><Code>AuthFailure</Code></html>");
    assert_eq!((other.code(), other.message()), (None, None));
}

#[test]
fn an_answer_in_another_encoding_is_an_error() {
    let response = HttpResponse::new(
        StatusCode::try_from(200).unwrap(),
        SdkBody::from(vec![0xff, 0xfe]),
    );
    assert!(read(&response).is_err());
}

#[test]
fn endpoints_follow_the_partition() {
    for (region, fips, dual, host) in [
        ("eu-west-1", false, false, "ec2.eu-west-1.amazonaws.com"),
        ("us-east-1", true, false, "ec2-fips.us-east-1.amazonaws.com"),
        ("us-east-1", false, true, "ec2.us-east-1.api.aws"),
        ("us-east-1", true, true, "ec2-fips.us-east-1.api.aws"),
        (
            "cn-north-1",
            false,
            false,
            "ec2.cn-north-1.amazonaws.com.cn",
        ),
        (
            "us-gov-west-1",
            false,
            false,
            "ec2.us-gov-west-1.amazonaws.com",
        ),
        (
            "us-gov-west-1",
            true,
            false,
            "ec2.us-gov-west-1.amazonaws.com",
        ),
        (
            "eusc-de-east-1",
            false,
            false,
            "ec2.eusc-de-east-1.amazonaws.eu",
        ),
        (
            "us-iso-east-1",
            false,
            false,
            "ec2.us-iso-east-1.c2s.ic.gov",
        ),
    ] {
        assert_eq!(own_endpoint(region, fips, dual), format!("https://{host}"));
    }
}

#[test]
fn an_endpoint_that_is_set_for_ec2_wins() {
    #[derive(Debug)]
    struct Settings;
    impl LoadServiceConfig for Settings {
        fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
            let requested = (key.service_id(), key.env(), key.profile());
            (requested == ("EC2", "AWS_ENDPOINT_URL", "endpoint_url"))
                .then(|| "https://ec2.example".to_owned())
        }
    }
    let config = || SdkConfig::builder().region(Region::from_static("eu-west-1"));
    assert_eq!(
        endpoint(&config().build(), "eu-west-1"),
        "https://ec2.eu-west-1.amazonaws.com"
    );
    let general = || config().endpoint_url("https://all.example");
    assert_eq!(
        endpoint(&general().build(), "eu-west-1"),
        "https://all.example"
    );
    assert_eq!(
        endpoint(&general().service_config(Settings).build(), "eu-west-1"),
        "https://ec2.example"
    );
}
