//! The document a policy sees: one stage, its API, and where they are. It borrows everything and reads nothing.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::catalogue::{API, Row, api, stage};
use super::moment::Moment;
use super::protocol::Protocol;
use super::value::Value;

/// One stage as policies see it.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    /// The account; `None` when the source does not state it.
    pub account: Option<&'a str>,
    /// The Region; `None` when the source does not state it.
    pub region: Option<&'a str>,
    /// The API, a struct of [`API`], or not stated.
    pub api: &'a Value<'a>,
    /// The stage, a struct of [`STAGE`](super::catalogue::STAGE), or not stated.
    pub stage: &'a Value<'a>,
    /// The time at which AWS answered, which ages are counted to; `None` when the source does not state it.
    pub read_at: Option<Moment>,
}

impl<'a> Document<'a> {
    /// An API before its stages are fetched.
    #[must_use]
    pub fn before_its_stages(
        account: Option<&'a str>,
        region: Option<&'a str>,
        api: &'a Value<'a>,
    ) -> Self {
        Self {
            account,
            region,
            api,
            stage: &super::value::NOT_STATED,
            read_at: None,
        }
    }

    /// The value of a member of the stage or the API.
    #[must_use]
    pub fn value(&self, row: Row) -> &'a Value<'a> {
        if row.path == row.name {
            self.stage
        } else {
            self.api
        }
        .member(row.at)
    }

    /// The name of the stage.
    #[must_use]
    pub fn stage_name(&self) -> Option<&'a str> {
        self.value(stage::NAME).as_text()
    }

    /// The identifier of the API.
    #[must_use]
    pub fn api_id(&self) -> Option<&'a str> {
        self.value(api::ID).as_text()
    }

    /// The name of the API.
    #[must_use]
    pub fn api_name(&self) -> Option<&'a str> {
        self.value(api::NAME).as_text()
    }

    /// The protocol as the source writes it.
    #[must_use]
    pub fn protocol_name(&self) -> Option<&'a str> {
        self.value(api::PROTOCOL).as_text()
    }

    /// The protocol; `None` when it is not stated, or one that this version does not know.
    #[must_use]
    pub fn protocol(&self) -> Option<Protocol> {
        self.protocol_name().and_then(Protocol::from_name)
    }

    /// The partition of the Region.
    #[must_use]
    pub fn partition(&self) -> Option<&'static str> {
        self.region.map(partition_of)
    }

    /// The ARN of the stage; `None` when the Region or the API is not stated.
    #[must_use]
    pub fn arn(&self) -> Option<String> {
        arn(self.region, self.api_id(), self.stage_name())
    }
}

/// The ARN of a stage: no account, and a slash after the colons (developer guide, arn-format-reference).
#[must_use]
pub fn arn(region: Option<&str>, api_id: Option<&str>, stage: Option<&str>) -> Option<String> {
    let (region, api_id, stage) = (region?, api_id?, stage?);
    Some(format!(
        "arn:{}:apigateway:{region}::/apis/{api_id}/stages/{stage}",
        partition_of(region)
    ))
}

/// The partition of a Region, by the prefix of its name (botocore's partitions).
#[must_use]
pub fn partition_of(region: &str) -> &'static str {
    const PREFIXES: [(&str, &str); 7] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("eusc-", "aws-eusc"),
        ("us-isob-", "aws-iso-b"),
        ("us-isof-", "aws-iso-f"),
        ("us-iso-", "aws-iso"),
        ("eu-isoe-", "aws-iso-e"),
    ];
    PREFIXES
        .iter()
        .find(|(prefix, _)| region.starts_with(prefix))
        .map_or("aws", |(_, partition)| partition)
}

/// True if a text has the shape of a Region's name: `eu-west-1`, `us-gov-west-1`. AWS adds Regions, so none is listed.
#[must_use]
pub fn is_region(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    let [area, places @ .., number] = parts.as_slice() else {
        return false;
    };
    let lower = |part: &str| part.chars().all(|c| c.is_ascii_lowercase());
    (2..=4).contains(&area.len())
        && lower(area)
        && (1..=2).contains(&places.len())
        && places.iter().all(|place| place.len() >= 2 && lower(place))
        && (1..=2).contains(&number.len())
        && number.chars().all(|c| c.is_ascii_digit())
}

/// An API with nothing stated but, perhaps, its identifier and protocol.
#[must_use]
pub fn api_stated_by(api_id: Option<&str>, protocol: Option<Protocol>) -> Value<'static> {
    static NOTHING: LazyLock<Vec<Value<'static>>> =
        LazyLock::new(|| vec![Value::NotStated; API.len()]);
    let mut members = NOTHING.clone();
    if let Some(id) = api_id {
        members[api::ID.at] = Value::Text(Cow::Owned(id.to_owned()));
    }
    if let Some(protocol) = protocol {
        members[api::PROTOCOL.at] = Value::Text(Cow::Borrowed(protocol.name()));
    }
    Value::Struct(members.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_follow_the_region() {
        for (region, partition) in [
            ("us-east-1", "aws"),
            ("cn-north-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("eusc-de-east-1", "aws-eusc"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("mx-central-1", "aws"),
        ] {
            assert_eq!(partition_of(region), partition);
        }
    }

    #[test]
    fn a_region_has_the_shape_of_one() {
        for name in [
            "us-east-1",
            "eu-central-2",
            "us-gov-west-1",
            "us-isob-east-1",
            "eusc-de-east-1",
            "mx-central-1",
        ] {
            assert!(is_region(name), "{name}");
        }
        for name in [
            "",
            "typo",
            "us-east",
            "us-east-",
            "US-EAST-1",
            "us east 1",
            "us-east-1a",
            "us_east_1",
            "-1",
            "eu-1",
        ] {
            assert!(!is_region(name), "{name}");
        }
    }

    #[test]
    fn an_arn_has_no_account_and_keeps_default_literally() {
        assert_eq!(
            arn(Some("cn-north-1"), Some("a1b2c3d4e5"), Some("$default")).as_deref(),
            Some("arn:aws-cn:apigateway:cn-north-1::/apis/a1b2c3d4e5/stages/$default")
        );
        assert_eq!(arn(None, Some("a1"), Some("prod")), None);
    }
}
