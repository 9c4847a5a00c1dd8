//! The role that is assumed in an account, and its credentials, which all Regions of the account share. It must not
//! know what they are used for.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use tokio::sync::Semaphore;

use super::credentials;
use crate::model::document::partition_of;
use crate::source::aws::call::{Failure, FailureKind, RetryPolicy, role_arn};
use crate::source::aws::request::Role;
use crate::source::aws::selector::is_account_id;

/// The default name of a session; CloudTrail shows it.
const SESSION_NAME: &str = "driftgate";

/// Credentials of a role in one account. They are renewed before they expire.
pub struct AssumedRole {
    client: aws_sdk_sts::Client,
    retry: RetryPolicy,
    arn: String,
    external_id: Option<String>,
    session_name: String,
    /// The first credentials, until the SDK takes them.
    first: Mutex<Option<Credentials>>,
}

// Credentials must never be shown.
impl fmt::Debug for AssumedRole {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "AssumedRole({})", self.arn)
    }
}

impl AssumedRole {
    /// Assumes the role, in the Region of the client.
    ///
    /// STS answers there with a token that is good in every Region. One of the global endpoint is not in those that
    /// have to be enabled (IAM API, SetSecurityTokenServicePreferences).
    ///
    /// Each attempt takes a slot among the requests `in_flight`, and the pauses between attempts take none. A later
    /// renewal needs no second slot: the request that needs the credentials holds one already.
    pub async fn assume(
        client: aws_sdk_sts::Client,
        retry: RetryPolicy,
        in_flight: &Semaphore,
        region: &str,
        account: &str,
        role: &Role,
    ) -> Result<Self, Failure> {
        let arn = role_arn(partition_of(region), account, &role.name);
        let named = std::env::var("AWS_ROLE_SESSION_NAME")
            .ok()
            .filter(|name| !name.is_empty());
        let assumed = Self {
            client,
            retry,
            arn,
            external_id: role.external_id.clone(),
            session_name: named.unwrap_or_else(|| SESSION_NAME.to_owned()),
            first: Mutex::new(None),
        };
        // A gap knows the account but not the name of its role.
        let of_role = |failure| Failure {
            role: Some(assumed.arn.clone()),
            ..failure
        };
        let attempt = || async {
            let _slot = in_flight.acquire().await;
            assumed.ask_once().await
        };
        let first = retry.over(attempt).await.map_err(of_role)?;
        *assumed.first.lock().unwrap_or_else(PoisonError::into_inner) = Some(first);
        Ok(assumed)
    }

    /// The SDK takes half an answer for a whole one, so the callers make the retries.
    async fn ask_once(&self) -> Result<Credentials, Failure> {
        let answer = self
            .client
            .assume_role()
            .role_arn(&self.arn)
            .role_session_name(&self.session_name)
            .set_external_id(self.external_id.clone())
            .send()
            .await
            .map_err(|error| Failure::of(&error))?;
        let keys = answer
            .credentials
            .ok_or_else(|| Failure::broken("the answer holds no credentials"))?;
        let expires = SystemTime::try_from(keys.expiration)
            .map_err(|error| Failure::broken(error.to_string()))?;
        // The SDK fills in what the answer lacks: empty texts, and the year 1970.
        let texts = [
            &keys.access_key_id,
            &keys.secret_access_key,
            &keys.session_token,
        ];
        if expires <= SystemTime::UNIX_EPOCH || texts.iter().any(|text| text.is_empty()) {
            return Err(Failure::broken("the answer holds half of the credentials"));
        }
        let arn = answer
            .assumed_role_user
            .map(|user| user.arn)
            .unwrap_or_default();
        match account_of(&arn) {
            Some(account) if Some(account) == account_of(&self.arn) => {}
            Some(other) => {
                let message = format!("STS answered with credentials of account {other}");
                return Err(Failure::new(FailureKind::ForeignCredentials, message));
            }
            None => {
                return Err(Failure::broken(
                    "the answer does not name the account of the credentials",
                ));
            }
        }
        let token = Some(keys.session_token);
        let found = Credentials::new(
            keys.access_key_id,
            keys.secret_access_key,
            token,
            Some(expires),
            "AssumeRole",
        );
        credentials::checked(&found, "STS's answer").map_err(Failure::unsendable)
    }
}

fn account_of(arn: &str) -> Option<&str> {
    arn.split(':')
        .nth(4)
        .filter(|account| is_account_id(account))
}

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let first = self
            .first
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        future::ProvideCredentials::new(async move {
            match first {
                Some(first) => Ok(first),
                None => self
                    .retry
                    .over(|| self.ask_once())
                    .await
                    .map_err(|failure| {
                        CredentialsError::provider_error(format!(
                            "AssumeRole: {}: {}",
                            failure.code, failure.message
                        ))
                    }),
            }
        })
    }
}
