//! The caller's credentials: their providers, the time limit, and the form of keys. It must not know what they are used
//! for.
//!
//! The SDK's own chain does not name the provider that failed, has no limit for a file that blocks, passes keys with a
//! newline, which its signer cannot sign, and panics on some settings. So its providers are called here, one by one.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use tokio::time::timeout;

use super::detached::{Abandoned, detached};
use crate::source::aws::call::causes;

/// The time for which a failure is repeated without a new attempt: all requests in flight need credentials at once.
const REPEATED: Duration = Duration::from_secs(10);

/// A provider, and its name in messages.
pub struct Link {
    name: String,
    provider: SharedCredentialsProvider,
}

/// The names of the providers that have more than one way to get credentials.
#[derive(Clone, Debug)]
pub struct Names {
    /// The profile, and the setting that gives it credentials.
    pub profile: String,
    /// The endpoint of the container, by the variable that names it.
    pub container: String,
}

/// Makes the providers, in the order of the SDK's chain; with a named profile, that provider alone.
pub fn links(context: &ProviderConfig, profile: Option<&str>, names: &Names) -> Vec<Link> {
    let link = |name: &str, provider| Link {
        name: name.to_owned(),
        provider,
    };
    let mut of_profile = ProfileFileCredentialsProvider::builder().configure(context);
    if let Some(profile) = profile {
        // The SDK's chain prefers keys in the environment to a named profile; the AWS CLI does not.
        of_profile = of_profile.profile_name(profile);
        return vec![link(
            &names.profile,
            SharedCredentialsProvider::new(of_profile.build()),
        )];
    }
    let web_identity = WebIdentityTokenCredentialsProvider::builder()
        .configure(context)
        .build();
    let container = EcsCredentialsProvider::builder().configure(context).build();
    let instance = ImdsCredentialsProvider::builder()
        .configure(context)
        .build();
    vec![
        link(
            "the environment",
            SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()),
        ),
        link(
            &names.profile,
            SharedCredentialsProvider::new(of_profile.build()),
        ),
        link(
            "AssumeRoleWithWebIdentity (AWS_WEB_IDENTITY_TOKEN_FILE)",
            SharedCredentialsProvider::new(web_identity),
        ),
        link(&names.container, SharedCredentialsProvider::new(container)),
        link(
            "the instance metadata service (IMDS)",
            SharedCredentialsProvider::new(instance),
        ),
    ]
}

/// Makes new providers: their connections end with the thread that uses them.
type Make = dyn Fn() -> Vec<Link> + Send + Sync;

pub struct Provider {
    make: Arc<Make>,
    names: Vec<String>,
    limit: Duration,
    /// The first credentials, until the SDK takes them.
    first: Mutex<Option<Credentials>>,
    failed: Mutex<Option<(Instant, String)>>,
}

// Credentials must never be shown.
impl fmt::Debug for Provider {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Provider({})", self.names.join(", "))
    }
}

impl Provider {
    pub fn new(make: Arc<Make>, limit: Duration) -> Self {
        let names = make().into_iter().map(|link| link.name).collect();
        Self {
            make,
            names,
            limit,
            first: Mutex::default(),
            failed: Mutex::default(),
        }
    }

    /// Finds credentials, and keeps them for the first request.
    pub async fn find(&self) -> Result<(), CredentialsError> {
        let found = self.ask().await?;
        *lock(&self.first) = Some(found);
        Ok(())
    }

    async fn ask(&self) -> Result<Credentials, CredentialsError> {
        let (make, limit) = (Arc::clone(&self.make), self.limit);
        let current = Arc::new(AtomicUsize::new(0));
        let at = Arc::clone(&current);
        // The thread gets a moment more, so that it ends by itself unless it blocks.
        let found = detached(limit.saturating_add(limit / 10), move || async move {
            timeout(limit, first(make(), &at))
                .await
                .unwrap_or(Err(CredentialsError::provider_timed_out(limit)))
        });
        let found = found.await;
        let name = self
            .names
            .get(current.load(Ordering::Relaxed))
            .map_or("the provider", String::as_str);
        match found {
            Ok(Err(CredentialsError::ProviderTimedOut(_))) | Err(Abandoned::TooSlow) => {
                Err(CredentialsError::provider_error(format!(
                    "{name} returned none within {} s",
                    limit.as_secs_f64().round()
                )))
            }
            Err(Abandoned::Panicked) => Err(CredentialsError::provider_error(format!(
                "{name} cannot be used: its settings are not valid"
            ))),
            Ok(found) => checked(&found?, name).map_err(CredentialsError::invalid_configuration),
        }
    }
}

impl ProvideCredentials for Provider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let first = lock(&self.first).take();
        future::ProvideCredentials::new(async move {
            if let Some(first) = first {
                return Ok(first);
            }
            let recent = lock(&self.failed)
                .clone()
                .filter(|(at, _)| at.elapsed() < REPEATED);
            if let Some((_, why)) = recent {
                return Err(CredentialsError::provider_error(why));
            }
            let found = self.ask().await;
            let why = found
                .as_ref()
                .err()
                .map(|error| (Instant::now(), causes(error)));
            lock(&self.failed).clone_from(&why);
            found
        })
    }
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls one after the other, until one is configured; `at` is the number of the current one.
async fn first(links: Vec<Link>, at: &AtomicUsize) -> Result<Credentials, CredentialsError> {
    let mut none = CredentialsError::not_loaded_no_source();
    for (number, link) in links.into_iter().enumerate() {
        at.store(number, Ordering::Relaxed);
        match link.provider.provide_credentials().await {
            Err(error @ CredentialsError::CredentialsNotLoaded(_)) => none = error,
            answer => return answer,
        }
    }
    Err(none)
}

/// Trims keys, and refuses keys that no header can hold: `echo KEY | base64` leaves a newline at the end.
pub fn checked(found: &Credentials, from: &str) -> Result<Credentials, String> {
    let key = |what: &str, text: &str| {
        let text = text.trim();
        if text.is_empty() {
            return Err(format!("the {what} of {from} is empty"));
        }
        if text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(text.to_owned())
        } else {
            Err(format!(
                "the {what} of {from} has a character that no key has"
            ))
        }
    };
    let mut trimmed = Credentials::builder()
        .access_key_id(key("access key id", found.access_key_id())?)
        .secret_access_key(key("secret access key", found.secret_access_key())?)
        .provider_name("driftgate");
    // An empty token is the same as no token.
    let token = found
        .session_token()
        .filter(|token| !token.trim().is_empty());
    trimmed.set_session_token(token.map(|token| key("session token", token)).transpose()?);
    trimmed.set_expiry(found.expiry());
    trimmed.set_account_id(found.account_id().cloned());
    Ok(trimmed.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(id: &str, secret: &str, token: Option<&str>) -> Credentials {
        Credentials::new(id, secret, token.map(str::to_owned), None, "a test")
    }

    #[test]
    fn keys_are_trimmed_and_invalid_ones_refused() {
        let good = checked(
            &keys("AKIA1\n", " se/cr+et=\r\n", Some("to=ken\n")),
            "the environment",
        )
        .unwrap();
        assert_eq!(
            (
                good.access_key_id(),
                good.secret_access_key(),
                good.session_token()
            ),
            ("AKIA1", "se/cr+et=", Some("to=ken"))
        );
        assert_eq!(
            checked(&keys("a", "b", Some(" ")), "x")
                .unwrap()
                .session_token(),
            None
        );
        for (bad, why) in [
            (
                keys("A\nB", "s", None),
                "the access key id of x has a character that no key has",
            ),
            (
                keys("A", "s\u{7f}t", None),
                "the secret access key of x has a character that no key has",
            ),
            (
                keys("A", "s", Some("ü")),
                "the session token of x has a character that no key has",
            ),
            (keys(" ", "s", None), "the access key id of x is empty"),
        ] {
            assert_eq!(checked(&bad, "x").unwrap_err(), why);
        }
    }

    #[derive(Debug)]
    struct Silent;

    impl ProvideCredentials for Silent {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            future::ProvideCredentials::new(std::future::pending())
        }
    }

    #[tokio::test]
    async fn a_provider_that_hangs_is_named_and_called_once() {
        let make = || {
            let link = |name: &str, provider| Link {
                name: name.to_owned(),
                provider,
            };
            let empty = SharedCredentialsProvider::new(Silent);
            vec![link("the silent one", empty)]
        };
        let provider = Provider::new(Arc::new(make), Duration::from_millis(100));
        let error = causes(&provider.find().await.unwrap_err());
        assert_eq!(error, "the silent one returned none within 0 s");
        assert!(provider.provide_credentials().await.is_err());
        let started = Instant::now();
        assert!(provider.provide_credentials().await.is_err());
        assert!(
            started.elapsed() < Duration::from_millis(90),
            "it is not called again at once"
        );
    }
}
