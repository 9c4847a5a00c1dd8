//! The caller, the service and the Region, from the SigV4 `Authorization` header and the session token. Nothing is
//! verified here, so any secret key will do.

use std::time::{SystemTime, UNIX_EPOCH};

/// The caller that signed a request, and the scope of the signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caller<'a> {
    pub account: &'a str,
    pub region: &'a str,
    pub service: &'a str,
    /// The role session; none for the user.
    pub session: Option<Session<'a>>,
}

/// A role session. Its token holds all of it, so that a server of 500 accounts keeps no state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session<'a> {
    pub role: &'a str,
    pub name: &'a str,
    /// In milliseconds since 1970.
    pub expires: u64,
}

impl Caller<'_> {
    pub fn arn(&self) -> String {
        let (partition, account) = (self.partition(), self.account);
        match self.session {
            Some(Session { role, name, .. }) => {
                format!("arn:{partition}:sts::{account}:assumed-role/{role}/{name}")
            }
            None => format!("arn:{partition}:iam::{account}:user/demo"),
        }
    }

    pub fn partition(&self) -> &'static str {
        if self.region.starts_with("cn-") {
            "aws-cn"
        } else if self.region.starts_with("us-gov-") {
            "aws-us-gov"
        } else {
            "aws"
        }
    }

    pub fn has_expired(&self) -> bool {
        self.session.is_some_and(|session| session.expires <= now())
    }
}

impl<'a> Session<'a> {
    pub fn token(&self) -> String {
        // The escapes of real tokens, and nothing that XML would need to escape.
        format!("demo/{}/{}/{}==", self.role, self.name, self.expires)
    }

    fn of(token: &'a str) -> Option<Session<'a>> {
        let mut parts = token.strip_prefix("demo/")?.strip_suffix("==")?.split('/');
        let (role, name) = (parts.next()?, parts.next()?);
        let expires = parts.next()?.parse().ok()?;
        Some(Session {
            role,
            name,
            expires,
        })
    }
}

pub fn now() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    since.as_millis().try_into().unwrap_or(u64::MAX)
}

/// The reason why a request has no caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsigned {
    /// No `Authorization` header, or none of SigV4.
    Missing,
    /// An access key id that names no account, or a session without its token.
    ForeignKey,
}

/// The access key id of the user `demo` of `account`.
pub fn access_key_id(account: &str) -> String {
    format!("AKIA{account}DEMO")
}

pub fn session_key_id(account: &str) -> String {
    format!("ASIA{account}DEMO")
}

/// Reads `AWS4-HMAC-SHA256 Credential=AKIA111122223333DEMO/20261123/us-east-1/apigateway/aws4_request, …`, and
/// `X-Amz-Security-Token`.
pub fn caller<'a>(
    authorization: Option<&'a str>,
    token: Option<&'a str>,
) -> Result<Caller<'a>, Unsigned> {
    let fields = authorization
        .and_then(|header| header.strip_prefix("AWS4-HMAC-SHA256 "))
        .ok_or(Unsigned::Missing)?;
    let scope = fields
        .split(',')
        .find_map(|field| field.trim().strip_prefix("Credential="))
        .ok_or(Unsigned::Missing)?;
    let mut parts = scope.split('/');
    let (key, _date, region) = (
        parts.next(),
        parts.next(),
        parts.next().ok_or(Unsigned::Missing)?,
    );
    let service = parts.next().unwrap_or_default();
    let key = key.unwrap_or_default();
    let (account, session) = match (account_of(key, "AKIA"), account_of(key, "ASIA")) {
        (Some(account), _) => (account, None),
        (None, Some(account)) => (
            account,
            Some(token.and_then(Session::of).ok_or(Unsigned::ForeignKey)?),
        ),
        (None, None) => return Err(Unsigned::ForeignKey),
    };
    Ok(Caller {
        account,
        region,
        service,
        session,
    })
}

fn account_of<'a>(access_key_id: &'a str, kind: &str) -> Option<&'a str> {
    access_key_id
        .strip_prefix(kind)?
        .strip_suffix("DEMO")
        .filter(|account| is_account(account))
}

pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'a>(header: &'a str, token: Option<&'a str>) -> Result<Caller<'a>, Unsigned> {
        caller(Some(header), token)
    }

    fn header(credential: &str) -> String {
        format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0a")
    }

    #[test]
    fn account_region_and_service_come_from_the_credential() {
        let header = header(&format!(
            "{}/20261123/eu-west-1/apigateway/aws4_request",
            access_key_id("111122223333")
        ));
        let caller = of(&header, None).unwrap();
        assert_eq!(
            (caller.account, caller.region, caller.service),
            ("111122223333", "eu-west-1", "apigateway")
        );
        assert_eq!(caller.arn(), "arn:aws:iam::111122223333:user/demo");
    }

    #[test]
    fn a_session_is_in_its_token_and_ends() {
        let header = header(&format!(
            "{}/20261123/us-gov-west-1/sts/aws4_request",
            session_key_id("111122223333")
        ));
        let session = |expires| {
            Session {
                role: "Audit",
                name: "night",
                expires,
            }
            .token()
        };
        let (over, open) = (session(now() - 1), session(now() + 60_000));
        let caller = of(&header, Some(&open)).unwrap();
        assert_eq!(
            caller.arn(),
            "arn:aws-us-gov:sts::111122223333:assumed-role/Audit/night"
        );
        assert!(!caller.has_expired());
        assert!(of(&header, Some(&over)).unwrap().has_expired());
        assert_eq!(of(&header, None), Err(Unsigned::ForeignKey));
        assert_eq!(
            of(&header, Some("of another world")),
            Err(Unsigned::ForeignKey)
        );
    }

    #[test]
    fn other_keys_and_other_schemes_have_no_caller() {
        for key in ["AKIAIOSFODNN7EXAMPLE", "AKIA11112222333xDEMO"] {
            let header = header(&format!("{key}/20261123/us-east-1/apigateway/aws4_request"));
            assert_eq!(of(&header, None), Err(Unsigned::ForeignKey));
        }
        assert_eq!(caller(Some("Basic YTpi"), None), Err(Unsigned::Missing));
        assert_eq!(caller(None, None), Err(Unsigned::Missing));
    }
}
