//! Who asks, and in which Region: both come from the SigV4 `Authorization` header. Nothing is verified here, so any
//! secret key will do.

/// The account and the Region that a request was signed for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Caller {
    pub(super) account: String,
    pub(super) region: String,
}

impl Caller {
    pub(super) fn user_arn(&self) -> String {
        format!("arn:{}:iam::{}:user/demo", self.partition(), self.account)
    }

    pub(super) fn partition(&self) -> &'static str {
        if self.region.starts_with("cn-") {
            "aws-cn"
        } else if self.region.starts_with("us-gov-") {
            "aws-us-gov"
        } else {
            "aws"
        }
    }
}

/// Why a request has no caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsigned {
    /// No `Authorization` header, or none of SigV4.
    Missing,
    /// An access key id that names no account.
    ForeignKey,
}

/// The access key id of the user `demo` of `account`.
pub(super) fn access_key_id(account: &str) -> String {
    format!("AKIA{account}DEMO")
}

/// Reads `AWS4-HMAC-SHA256 Credential=AKIA111122223333DEMO/20261123/us-east-1/apigateway/aws4_request, …`.
pub(super) fn caller(authorization: Option<&str>) -> Result<Caller, Unsigned> {
    let fields = authorization.and_then(|header| header.strip_prefix("AWS4-HMAC-SHA256 ")).ok_or(Unsigned::Missing)?;
    let scope =
        fields.split(',').find_map(|field| field.trim().strip_prefix("Credential=")).ok_or(Unsigned::Missing)?;
    let mut parts = scope.split('/');
    let (key, _date, region) = (parts.next(), parts.next(), parts.next().ok_or(Unsigned::Missing)?);
    let account = key.and_then(account_of).ok_or(Unsigned::ForeignKey)?;
    Ok(Caller { account: account.to_owned(), region: region.to_owned() })
}

fn account_of(access_key_id: &str) -> Option<&str> {
    let account = access_key_id.strip_prefix("AKIA")?.strip_suffix("DEMO")?;
    (account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())).then_some(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(credential: &str) -> Result<Caller, Unsigned> {
        caller(Some(&format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0a")))
    }

    #[test]
    fn account_and_region_come_from_the_credential() {
        let key = access_key_id("111122223333");
        let caller = of(&format!("{key}/20261123/eu-west-1/apigateway/aws4_request")).unwrap();
        assert_eq!((caller.account.as_str(), caller.region.as_str()), ("111122223333", "eu-west-1"));
    }

    #[test]
    fn other_keys_and_other_schemes_have_no_caller() {
        assert_eq!(of("AKIAIOSFODNN7EXAMPLE/20261123/us-east-1/apigateway/aws4_request"), Err(Unsigned::ForeignKey));
        assert_eq!(of("AKIA11112222333xDEMO/20261123/us-east-1/apigateway/aws4_request"), Err(Unsigned::ForeignKey));
        assert_eq!(caller(Some("Basic YTpi")), Err(Unsigned::Missing));
        assert_eq!(caller(None), Err(Unsigned::Missing));
    }
}
