//! STS: the caller's identity, and the roles that may be assumed. It knows only whether an account exists and is open.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::emulator::wire::signature::{self, Session};
use crate::emulator::wire::{Call, Caller, Operation, Refusal, Reply, STS, escaped};

/// The role that can be assumed. Every account has it, but for the lacking ones.
#[derive(Clone, Debug)]
pub struct Roles {
    /// Its name; without one, any role is there.
    pub name: Option<String>,
    /// The external id without which it cannot be assumed.
    pub external_id: Option<String>,
    /// The accounts that have no such role.
    pub lacking: BTreeSet<String>,
    /// The lifetime of a session. AWS gives an hour; a shorter one tests whether credentials are renewed in time.
    pub lifetime: Duration,
}

impl Default for Roles {
    /// Any role, in every account, for an hour.
    fn default() -> Roles {
        Roles {
            name: None,
            external_id: None,
            lacking: BTreeSet::new(),
            lifetime: Duration::from_hours(1),
        }
    }
}

impl Roles {
    /// The answer to AssumeRole; `is_open` is true for an account that exists and is open.
    pub(crate) fn assume(
        &self,
        caller: &Caller<'_>,
        call: &Call<'_>,
        request_id: &str,
        is_open: impl Fn(&str) -> bool,
    ) -> Result<Reply, Refusal> {
        let denied = || Refusal::denied(caller, "GET", Operation::AssumeRole, &call.resource);
        let Some((account, role)) = call.resource.role() else {
            return Err(Refusal::bad_request("The role ARN is invalid"));
        };
        let name = call.parameter("RoleSessionName").unwrap_or_default();
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
        if !(2..=64).contains(&name.len()) || !name.bytes().all(fits) {
            return Err(Refusal::bad_request(
                "1 validation error detected: Value at 'roleSessionName' failed to satisfy constraint: Member must \
                 satisfy regular expression pattern: [\\w+=,.@-]*",
            ));
        }
        // AWS does not name the cause: that would reveal accounts and roles to strangers.
        let is_there = self.name.as_deref().is_none_or(|expected| expected == role)
            && !self.lacking.contains(account);
        let knows_the_id = self.external_id.is_none()
            || self.external_id.as_deref() == call.parameter("ExternalId").as_deref();
        if !is_there || !knows_the_id || !is_open(account) {
            return Err(denied());
        }
        let lifetime = self.lifetime.as_millis().try_into().unwrap_or(u64::MAX);
        let expires = signature::now().saturating_add(lifetime);
        let session = Session {
            role,
            name: &name,
            expires,
        };
        Ok(assumed(caller, account, session, request_id))
    }
}

fn assumed(caller: &Caller<'_>, account: &str, session: Session<'_>, request_id: &str) -> Reply {
    let arn = escaped(
        &Caller {
            account,
            session: Some(session),
            ..*caller
        }
        .arn(),
    );
    let (key, token, expiration) = (
        signature::session_key_id(account),
        escaped(&session.token()),
        timestamp(session.expires / 1000),
    );
    let name = session.name;
    Reply::xml(format!(
        "<AssumeRoleResponse xmlns=\"{STS}\">\n  <AssumeRoleResult>\n    <AssumedRoleUser>\n      \
         <AssumedRoleId>AROA{account}DEMO:{name}</AssumedRoleId>\n      <Arn>{arn}</Arn>\n    </AssumedRoleUser>\n    \
         <Credentials>\n      <AccessKeyId>{key}</AccessKeyId>\n      <SecretAccessKey>demo</SecretAccessKey>\n      \
         <SessionToken>{token}</SessionToken>\n      <Expiration>{expiration}</Expiration>\n    </Credentials>\n  \
         </AssumeRoleResult>\n  <ResponseMetadata>\n    <RequestId>{request_id}</RequestId>\n  </ResponseMetadata>\n\
         </AssumeRoleResponse>\n"
    ))
}

pub fn caller_identity(caller: &Caller<'_>, request_id: &str) -> Reply {
    let account = caller.account;
    let user = match caller.session {
        Some(session) => format!("AROA{account}DEMO:{}", session.name),
        None => format!("AIDA{account}DEMO"),
    };
    let arn = escaped(&caller.arn());
    Reply::xml(format!(
        "<GetCallerIdentityResponse xmlns=\"{STS}\">\n  <GetCallerIdentityResult>\n    <Arn>{arn}</Arn>\n    \
         <UserId>{user}</UserId>\n    <Account>{account}</Account>\n  </GetCallerIdentityResult>\n  \
         <ResponseMetadata>\n    <RequestId>{request_id}</RequestId>\n  </ResponseMetadata>\n\
         </GetCallerIdentityResponse>\n"
    ))
}

/// Seconds since 1970 as `2026-11-23T14:05:00Z`.
fn timestamp(seconds: u64) -> String {
    let at = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    at.map_or_else(|| "9999-12-31T23:59:59Z".to_owned(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::wire::RawRequest;

    const CALLER: Caller<'_> = Caller {
        account: "111122223333",
        region: "us-east-1",
        service: "sts",
        session: None,
    };

    fn assume(roles: &Roles, body: &str) -> Result<Reply, Refusal> {
        let call = Call::read(&RawRequest {
            method: "POST",
            target: "/",
            body,
            ..RawRequest::default()
        });
        roles.assume(&CALLER, &call, "r", |account| account == "444455556666")
    }

    const AUDIT: &str = "Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A444455556666%3Arole%2FAudit&RoleSessionName=night";

    #[test]
    fn a_role_exists_with_its_name_account_and_external_id() {
        let reply = assume(&Roles::default(), AUDIT).unwrap();
        let text = String::from_utf8(reply.body).unwrap();
        assert!(
            text.contains("<AccessKeyId>ASIA444455556666DEMO</AccessKeyId>"),
            "{text}"
        );
        assert!(
            text.contains("<Arn>arn:aws:sts::444455556666:assumed-role/Audit/night</Arn>"),
            "{text}"
        );
        let other = Roles {
            name: Some("Other".to_owned()),
            ..Roles::default()
        };
        let lacking = Roles {
            lacking: BTreeSet::from(["444455556666".to_owned()]),
            ..Roles::default()
        };
        let secret = Roles {
            external_id: Some("s3".to_owned()),
            ..Roles::default()
        };
        for roles in [&other, &lacking, &secret] {
            assume(roles, AUDIT).unwrap_err();
        }
        assume(&secret, &format!("{AUDIT}&ExternalId=s3")).unwrap();
        assume(&secret, &format!("{AUDIT}&ExternalId=s4")).unwrap_err();
        assume(
            &Roles::default(),
            &AUDIT.replace("444455556666", "777788889999"),
        )
        .unwrap_err();
    }

    #[test]
    fn a_session_name_has_the_letters_that_aws_takes() {
        for name in ["", "a", "two+words", "a%2Fb"] {
            assume(&Roles::default(), &AUDIT.replace("night", name)).unwrap_err();
        }
    }

    #[test]
    fn the_end_of_a_session_is_written_as_a_date() {
        assert_eq!(timestamp(1_795_440_300), "2026-11-23T13:25:00Z");
        assert_eq!(timestamp(u64::MAX), "9999-12-31T23:59:59Z");
    }
}
