//! The SDK's configuration: credentials, endpoint, time limits, and the one HTTP client that everything shares. It must
//! not know what is fetched.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_types::origin::Origin;
use aws_types::service_config::ServiceConfigKey;
use hyper::Uri;

use super::clock::Clock;
use super::credentials::{self, Names, Provider};
use super::detached::{Abandoned, detached};
use super::error::Error;
use super::http::{Network, read_at_most};
use crate::source::aws::call::RetryPolicy;
use crate::source::aws::request::{Request, StaticCredentials};

/// The longest time for one attempt at STS, which comes before everything else.
const STS_ATTEMPT: Duration = Duration::from_secs(5);
/// The longest time for the credentials of a role, with retries.
const LONGEST_RENEWAL: Duration = Duration::from_mins(1);
const STS_ATTEMPTS: u32 = 2;
fn behavior() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}
/// The services that may be called, by the SDK's names.
const SERVICES: [&str; 5] = ["ApiGatewayV2", "STS", "Account", "EC2", "Organizations"];
/// The variables that name files for the SDK, which reads each of them whole.
const FILES: [&str; 4] = [
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];
/// The most bytes of such a file.
const MOST_BYTES: u64 = 16 << 20;

/// Everything that a client of AWS is made from.
#[derive(Debug)]
pub struct Session {
    config: SdkConfig,
    clock: Clock,
    /// The provider of the credentials, unless they are fixed.
    provider: Option<Arc<Provider>>,
}

impl Session {
    /// Reads the environment and the profile. Credentials are found when they are first used.
    pub async fn open(request: &Request) -> Result<Self, Error> {
        if let Some(url) = &request.endpoint_url {
            check_endpoint(url, || "--endpoint-url".to_owned())?;
        }
        if let Some(keys) = &request.credentials {
            return Self::isolated(request, keys);
        }
        let loaded = load(
            request.profile.clone(),
            request.regions.named.first().cloned(),
            request.endpoint_url.clone(),
            past_the_proxy(request),
            request.retry,
        );
        let limit = request.retry.credentials;
        // The files may be pipes without a writer.
        let loaded = detached(limit, move || loaded).await;
        let (config, network) = match loaded {
            Ok(loaded) => loaded?,
            Err(Abandoned::TooSlow) => return Err(Error::SettingsBlock(limit)),
            Err(Abandoned::Panicked) => return Err(Error::SettingsInvalid),
        };
        for service in SERVICES {
            if let Some(url) = endpoint_of(&config, service) {
                check_endpoint(&url, || endpoint_set_by(request, service, &url))?;
            }
        }
        let provider = Arc::new(provider(request, &config, network));
        let shared: Arc<dyn ProvideCredentials> = Arc::clone(&provider) as _;
        let config = config
            .into_builder()
            .credentials_provider(SharedCredentialsProvider::new(shared))
            .build();
        Ok(Self {
            config,
            clock: Clock::default(),
            provider: Some(provider),
        })
    }

    /// Fixed keys are for control planes of our own: nothing of the environment or of a profile is read.
    fn isolated(request: &Request, keys: &StaticCredentials) -> Result<Self, Error> {
        let StaticCredentials {
            access_key_id,
            secret_access_key,
            session_token,
        } = keys;
        let given = Credentials::new(
            access_key_id,
            secret_access_key,
            session_token.clone(),
            None,
            "fixed keys",
        );
        let given = credentials::checked(&given, "the fixed keys").map_err(|reason| {
            Error::NoCredentials {
                reason,
                profile: None,
            }
        })?;
        let mut config = SdkConfig::builder()
            .behavior_version(behavior())
            .region(request.regions.named.first().cloned().map(Region::new))
            .http_client(Network::isolated().client())
            .timeout_config(limits(&request.retry))
            .identity_cache(identity_cache(&request.retry))
            .credentials_provider(SharedCredentialsProvider::new(given));
        if let Some(url) = &request.endpoint_url {
            config = config.endpoint_url(url);
            config.insert_origin("endpoint_url", Origin::shared_config());
        }
        if let Ok(name) = AppName::new("driftgate") {
            config = config.app_name(name);
        }
        Ok(Self {
            config: config.build(),
            clock: Clock::default(),
            provider: None,
        })
    }

    /// Finds the credentials, before the first request that needs them.
    pub async fn find_credentials(&self) -> Result<(), CredentialsError> {
        match &self.provider {
            Some(provider) => provider.find().await,
            None => Ok(()),
        }
    }

    /// The Region of the SDK's chain, or the first named Region.
    pub fn region(&self) -> Option<&str> {
        // An empty variable is one that is not set.
        self.config
            .region()
            .map(Region::as_ref)
            .filter(|region| !region.is_empty())
    }

    /// The difference between this machine's clock and AWS's, once STS has answered.
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The configuration of clients for the caller's own account.
    pub const fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// The same with other credentials, which all Regions of their account share.
    pub fn config_with(&self, credentials: SharedCredentialsProvider) -> SdkConfig {
        // The SDK's own cache of identities holds 64 and then forgets any one of them; each account has its own here.
        let cache = IdentityCache::lazy().load_timeout(LONGEST_RENEWAL).build();
        self.config
            .to_builder()
            .credentials_provider(credentials)
            .identity_cache(cache)
            .build()
    }

    /// A client of STS for GetCallerIdentity.
    pub fn sts(&self, region: &str) -> aws_sdk_sts::Client {
        let retries = RetryConfig::standard().with_max_attempts(STS_ATTEMPTS);
        aws_sdk_sts::Client::from_conf(self.sts_config(region).retry_config(retries).build())
    }

    /// A client of STS that assumes the role of one account, without retries.
    pub fn sts_for_roles(&self, region: &str) -> aws_sdk_sts::Client {
        aws_sdk_sts::Client::from_conf(
            self.sts_config(region)
                .retry_config(RetryConfig::disabled())
                .build(),
        )
    }

    fn sts_config(&self, region: &str) -> aws_sdk_sts::config::Builder {
        let limits = self.config.timeout_config();
        let attempt = limits
            .and_then(TimeoutConfig::operation_attempt_timeout)
            .unwrap_or(STS_ATTEMPT)
            .min(STS_ATTEMPT);
        let limits = limits.map_or_else(TimeoutConfig::builder, TimeoutConfig::to_builder);
        aws_sdk_sts::config::Builder::from(&self.config)
            .region(Region::new(region.to_owned()))
            .timeout_config(limits.operation_attempt_timeout(attempt).build())
            .interceptor(self.clock.clone())
    }

    /// The custom endpoints to which signed requests would go unencrypted over the network.
    pub fn plain_http_endpoints(&self, services: &[&str]) -> Vec<String> {
        let mut plain: Vec<String> = services
            .iter()
            .filter_map(|service| endpoint_of(&self.config, service))
            .filter(|url| {
                url.parse::<Uri>()
                    .is_ok_and(|url| url.scheme_str() == Some("http") && !is_loopback(&url))
            })
            .collect();
        plain.dedup();
        plain
    }
}

/// The endpoint that a client takes: the flag, the service's own setting, the general one.
pub fn endpoint_of(config: &SdkConfig, service: &str) -> Option<String> {
    let of_service = || {
        let key = ServiceConfigKey::builder()
            .service_id(service)
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url");
        config.service_config()?.load_config(key.build().ok()?)
    };
    let general = || config.endpoint_url().map(str::to_owned);
    if config.get_origin("endpoint_url").is_client_config() {
        general()
    } else {
        of_service().or_else(general)
    }
}

/// Reads the SDK's settings. The SDK's retries are set, so the settings of the environment and the profile for them are
/// ignored.
async fn load(
    profile: Option<String>,
    region: Option<String>,
    endpoint_url: Option<String>,
    past_the_proxy: bool,
    retry: RetryPolicy,
) -> Result<(SdkConfig, Network), Error> {
    check_files()?;
    let network = Network::of_environment(past_the_proxy)?;
    let mut loader = aws_config::defaults(behavior())
        .http_client(network.client())
        .timeout_config(limits(&retry))
        .retry_config(RetryConfig::standard())
        .identity_cache(identity_cache(&retry))
        .no_credentials();
    if let Ok(name) = AppName::new("driftgate") {
        loader = loader.app_name(name);
    }
    if let Some(profile) = profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = region {
        loader = loader.region(Region::new(region));
    }
    if let Some(url) = endpoint_url {
        loader = loader.endpoint_url(url);
    }
    let mut config = loader.load().await.into_builder();
    // From here on, another thread uses the client.
    config.set_http_client(Some(network.client()));
    Ok((config.build(), network))
}

fn limits(retry: &RetryPolicy) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(retry.connect)
        .read_timeout(retry.read)
        .operation_attempt_timeout(retry.attempt)
        .build()
}

fn identity_cache(
    retry: &RetryPolicy,
) -> aws_smithy_runtime_api::client::identity::SharedIdentityCache {
    // The provider has a limit of its own, and names the one that was too slow.
    IdentityCache::lazy()
        .load_timeout(retry.credentials.saturating_mul(2))
        .build()
}

/// Refuses files of the environment that never end. A pipe may end, and is read once.
fn check_files() -> Result<(), Error> {
    for variable in FILES {
        let Some(path) = std::env::var_os(variable)
            .filter(|path| !path.is_empty())
            .map(PathBuf::from)
        else {
            continue;
        };
        if is_pipe(&path) {
            continue;
        }
        match read_at_most(&path, MOST_BYTES) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::SettingsFile {
                    variable,
                    path,
                    reason: error.to_string(),
                });
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(unix)]
fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    std::fs::metadata(path).is_ok_and(|file| file.file_type().is_fifo())
}

#[cfg(not(unix))]
fn is_pipe(_: &Path) -> bool {
    false
}

/// The providers of the request's profile, or of the whole chain.
fn provider(request: &Request, config: &SdkConfig, network: Network) -> Provider {
    let (profile, region) = (request.profile.clone(), config.region().cloned());
    let names = Names {
        profile: name_of_profile(request, config),
        container: name_of_container(),
    };
    let make = move || {
        let context = ProviderConfig::without_region()
            .with_region(region.clone())
            .with_behavior_version(Some(behavior()))
            .with_retry_config(RetryConfig::standard())
            .with_http_client(network.client());
        credentials::links(&context, profile.as_deref(), &names)
    };
    Provider::new(Arc::new(make), request.retry.credentials)
}

/// The active profile, and the setting that gives it credentials.
fn name_of_profile(request: &Request, config: &SdkConfig) -> String {
    let of_environment = || {
        std::env::var("AWS_PROFILE")
            .ok()
            .filter(|name| !name.is_empty())
    };
    let name = request
        .profile
        .clone()
        .or_else(of_environment)
        .unwrap_or_else(|| "default".to_owned());
    let has = |key: &&&str| {
        let built = ServiceConfigKey::builder()
            .service_id("none")
            .env("AWS_NONE")
            .profile(key)
            .build();
        built.is_ok_and(|key| {
            config
                .service_config()
                .is_some_and(|settings| settings.load_config(key).is_some())
        })
    };
    match [
        "credential_process",
        "sso_session",
        "sso_start_url",
        "web_identity_token_file",
        "role_arn",
    ]
    .iter()
    .find(has)
    {
        Some(key) => format!("{key} of the profile {name}"),
        None => format!("the profile {name}"),
    }
}

fn name_of_container() -> String {
    let names = [
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ];
    match names.iter().find(|name| std::env::var_os(name).is_some()) {
        Some(name) => format!("the credentials endpoint of the container ({name})"),
        None => "the credentials endpoint of the container".to_owned(),
    }
}

/// Checks that an endpoint is a URL of http or https with a host.
fn check_endpoint(text: &str, set_by: impl FnOnce() -> String) -> Result<(), Error> {
    let usable = |url: Uri| {
        matches!(url.scheme_str(), Some("http" | "https"))
            && url.host().is_some_and(|host| !host.is_empty())
    };
    if text.parse().is_ok_and(usable) {
        return Ok(());
    }
    Err(Error::InvalidEndpoint {
        url: text.to_owned(),
        by: set_by(),
    })
}

/// The settings of an endpoint, in the SDK's order.
pub fn endpoint_set_by(request: &Request, service: &str, url: &str) -> String {
    if request.endpoint_url.is_some() {
        return "--endpoint-url".to_owned();
    }
    let names = [
        format!("AWS_ENDPOINT_URL_{}", service.to_uppercase()),
        "AWS_ENDPOINT_URL".to_owned(),
    ];
    let by = names
        .into_iter()
        .find(|name| std::env::var(name).is_ok_and(|value| value == url));
    by.unwrap_or_else(|| "the profile".to_owned())
}

fn is_loopback(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default();
    let address = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>();
    address.map_or_else(
        |_| host == "localhost" || host.ends_with(".localhost"),
        |address| address.is_loopback(),
    )
}

/// True if the proxy is bypassed: no proxy can reach this machine's loopback interface.
pub fn past_the_proxy(request: &Request) -> bool {
    let variable = |name: &str| std::env::var(name).ok().filter(|url| !url.is_empty());
    let endpoint = request
        .endpoint_url
        .clone()
        .or_else(|| variable("AWS_ENDPOINT_URL_APIGATEWAYV2"))
        .or_else(|| variable("AWS_ENDPOINT_URL"));
    endpoint
        .and_then(|url| url.parse().ok())
        .is_some_and(|url| is_loopback(&url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_recognised_however_it_is_written() {
        for url in [
            "http://127.0.0.1:4566",
            "http://localhost",
            "http://[::1]:80",
            "http://x.localhost:1",
        ] {
            assert!(is_loopback(&url.parse().unwrap()), "{url}");
        }
        for url in [
            "http://10.0.0.1",
            "http://localhost.example",
            "https://apigateway.us-east-1.amazonaws.com",
        ] {
            assert!(!is_loopback(&url.parse().unwrap()), "{url}");
        }
    }

    #[tokio::test]
    async fn only_http_to_other_machines_is_plain() {
        for (url, plain) in [
            ("http://10.0.0.1:4566", true),
            ("http://127.0.0.1:1", false),
            ("https://a.example", false),
        ] {
            let request = Request::isolated(Some(url.to_owned()));
            let found = Session::open(&request)
                .await
                .unwrap()
                .plain_http_endpoints(&["ApiGatewayV2", "STS"]);
            assert_eq!(found, if plain { vec![url.to_owned()] } else { vec![] });
        }
    }

    #[test]
    fn an_endpoint_is_a_url_with_a_host() {
        let check_endpoint = |url: &str| check_endpoint(url, String::new);
        assert!(
            check_endpoint("http://127.0.0.1:1").is_ok()
                && check_endpoint("https://vpce-1.example/").is_ok()
        );
        for wrong in [
            "",
            "localhost:4566",
            "127.0.0.1",
            "ftp://x",
            "http://",
            "http://a b",
        ] {
            assert!(
                matches!(check_endpoint(wrong), Err(Error::InvalidEndpoint { .. })),
                "{wrong}"
            );
        }
    }
}
