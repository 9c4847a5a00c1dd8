//! The SDK's configuration: credentials, endpoint, time limits, and the one HTTP client that everything shares. It must
//! not know what is fetched.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_types::service_config::ServiceConfigKey;
use hyper::Uri;

use super::clock::Clock;
use super::{Error, Request};

/// The longest time for one attempt at STS, which is asked one small question before everything else.
const STS_ATTEMPT: Duration = Duration::from_secs(5);
/// How often STS is asked.
const STS_ATTEMPTS: u32 = 2;

/// The variables that name a proxy.
const PROXIES: [&str; 6] = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// Everything that a client of AWS is made from.
#[derive(Debug)]
pub(super) struct Session {
    config: SdkConfig,
    clock: Clock,
}

impl Session {
    /// Reads the environment and the profile. Credentials are found when they are first used.
    pub(super) async fn open(request: &Request) -> Result<Self, Error> {
        if let Some(url) = &request.endpoint_url {
            check_endpoint(url)?;
        }
        let http_client = http_client(proxy(request)?, tls()?);
        let patience = &request.patience;
        let limits = TimeoutConfig::builder()
            .connect_timeout(patience.connect)
            .read_timeout(patience.read)
            .operation_attempt_timeout(patience.attempt);
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(http_client.clone())
            .timeout_config(limits.build());
        if let Ok(name) = AppName::new("driftgate") {
            loader = loader.app_name(name);
        }
        if let Some(profile) = &request.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = request.regions.named.first() {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(url) = &request.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        if let Some(keys) = &request.credentials {
            loader = loader.credentials_provider(Credentials::new(
                &keys.access_key_id,
                &keys.secret_access_key,
                keys.session_token.clone(),
                None,
                "fixed keys",
            ));
        }
        let mut config = loader.load().await;
        if let (Some(profile), None) = (&request.profile, &request.credentials) {
            // The SDK's chain prefers keys in the environment to a profile that was asked for; the AWS CLI does not.
            let context =
                ProviderConfig::without_region().with_region(config.region().cloned()).with_http_client(http_client);
            let provider = ProfileFileCredentialsProvider::builder().configure(&context).profile_name(profile).build();
            config = config.into_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build();
        }
        Ok(Self { config, clock: Clock::default() })
    }

    /// The Region of the SDK's chain, or the first that was asked for.
    pub(super) fn region(&self) -> Option<&str> {
        self.config.region().map(Region::as_ref)
    }

    /// How this machine's clock compares with AWS's, once STS has answered.
    pub(super) const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What clients of the caller's own account are made from.
    pub(super) const fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// The same with other credentials, which all Regions of their account share.
    pub(super) fn config_with(&self, credentials: SharedCredentialsProvider) -> SdkConfig {
        // The SDK's own cache of identities holds 64 and then forgets any one of them; each account has its own here.
        let cache = IdentityCache::lazy().build();
        self.config.to_builder().credentials_provider(credentials).identity_cache(cache).build()
    }

    /// A client of STS that asks who the caller is.
    pub(super) fn sts(&self, region: &str) -> aws_sdk_sts::Client {
        let retries = RetryConfig::standard().with_max_attempts(STS_ATTEMPTS);
        aws_sdk_sts::Client::from_conf(self.sts_config(region).retry_config(retries).build())
    }

    /// A client of STS that assumes the role of one account, without retries.
    pub(super) fn sts_for_roles(&self, region: &str) -> aws_sdk_sts::Client {
        aws_sdk_sts::Client::from_conf(self.sts_config(region).retry_config(RetryConfig::disabled()).build())
    }

    fn sts_config(&self, region: &str) -> aws_sdk_sts::config::Builder {
        let limits = self.config.timeout_config();
        let attempt = limits.and_then(TimeoutConfig::operation_attempt_timeout).unwrap_or(STS_ATTEMPT).min(STS_ATTEMPT);
        let limits = limits.map_or_else(TimeoutConfig::builder, TimeoutConfig::to_builder);
        aws_sdk_sts::config::Builder::from(&self.config)
            .region(Region::new(region.to_owned()))
            .timeout_config(limits.operation_attempt_timeout(attempt).build())
            .interceptor(self.clock.clone())
    }

    /// The endpoints that stand in for AWS's own and that send signed requests over the network in the clear.
    pub(super) fn plain_http_endpoints(&self, services: &[&str]) -> Vec<String> {
        let mut plain: Vec<String> = services
            .iter()
            .filter_map(|service| endpoint_of(&self.config, service))
            .filter(|url| url.parse::<Uri>().is_ok_and(|url| url.scheme_str() == Some("http") && !is_loopback(&url)))
            .collect();
        plain.dedup();
        plain
    }
}

/// The endpoint that a client takes: the flag, the service's own setting, the general one.
pub(super) fn endpoint_of(config: &SdkConfig, service: &str) -> Option<String> {
    let of_service = || {
        let key = ServiceConfigKey::builder().service_id(service).env("AWS_ENDPOINT_URL").profile("endpoint_url");
        config.service_config()?.load_config(key.build().ok()?)
    };
    let general = || config.endpoint_url().map(str::to_owned);
    if config.get_origin("endpoint_url").is_client_config() { general() } else { of_service().or_else(general) }
}

/// A client of API Gateway, without retries: every attempt takes a token of the pacer.
pub(super) fn api_gateway(config: &SdkConfig, region: &str) -> aws_sdk_apigatewayv2::Client {
    let config = aws_sdk_apigatewayv2::config::Builder::from(config)
        .region(Region::new(region.to_owned()))
        .retry_config(RetryConfig::disabled());
    aws_sdk_apigatewayv2::Client::from_conf(config.build())
}

/// Whether an endpoint is a URL of http or https with a host.
fn check_endpoint(text: &str) -> Result<(), Error> {
    let usable = |url: Uri| {
        matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some_and(|host| !host.is_empty())
    };
    if text.parse().is_ok_and(usable) { Ok(()) } else { Err(Error::InvalidEndpoint { url: text.to_owned() }) }
}

fn is_loopback(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    address.map_or_else(|_| host == "localhost" || host.ends_with(".localhost"), |address| address.is_loopback())
}

/// The proxy that the environment names, if it names one.
fn proxy(request: &Request) -> Result<ProxyConfig, Error> {
    if past_the_proxy(request) {
        return Ok(ProxyConfig::disabled());
    }
    // The SDK passes over what it cannot read, and would connect past the proxy.
    let unusable = |name: &&&str| std::env::var(name).is_ok_and(|url| !url.is_empty() && url.parse::<Uri>().is_err());
    match PROXIES.iter().find(unusable) {
        Some(variable) => Err(Error::Proxy { variable }),
        None => Ok(ProxyConfig::from_env()),
    }
}

/// Whether no proxy is asked: none can reach this machine's loopback interface.
pub(super) fn past_the_proxy(request: &Request) -> bool {
    let variable = |name: &str| std::env::var(name).ok().filter(|url| !url.is_empty());
    let endpoint = request
        .endpoint_url
        .clone()
        .or_else(|| variable("AWS_ENDPOINT_URL_APIGATEWAYV2"))
        .or_else(|| variable("AWS_ENDPOINT_URL"));
    endpoint.and_then(|url| url.parse().ok()).is_some_and(|url| is_loopback(&url))
}

/// One HTTP client for every service and Region: each of its own would build its own pool and trust store.
fn http_client(proxy: ProxyConfig, tls: TlsContext) -> SharedHttpClient {
    // `build_https` of the crate ignores HTTPS_PROXY and NO_PROXY, so the connector is built here.
    let client = Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder().proxy_config(proxy.clone());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.tls_provider(Provider::rustls(CryptoMode::Ring)).tls_context(tls.clone()).build()
    });
    SharedHttpClient::new(Shared(client))
}

/// The HTTP client behind all clients of AWS.
///
/// The crate's own builds a connector, and with it the whole trust store, each time that a client is made from it, and
/// throws it away: of an audit of 8,500 Regions that was a quarter of the work. This one only hands on what is kept.
#[derive(Debug)]
struct Shared(SharedHttpClient);

impl HttpClient for Shared {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        self.0.http_connector(settings, components)
    }
}

/// The trusted roots: the system's, or those of `AWS_CA_BUNDLE`, which the SDK for Rust does not read by itself.
fn tls() -> Result<TlsContext, Error> {
    let mut context = TlsContext::builder();
    if let Some(path) = std::env::var_os("AWS_CA_BUNDLE").filter(|path| !path.is_empty()).map(PathBuf::from) {
        let unusable = |reason: String| Error::CaBundle { path: path.clone(), reason };
        let pem = std::fs::read(&path).map_err(|error| unusable(error.to_string()))?;
        let marker = b"-----BEGIN CERTIFICATE-----";
        if !pem.windows(marker.len()).any(|window| window == marker) {
            return Err(unusable("it holds no certificate in PEM".to_owned()));
        }
        context = context.with_trust_store(TrustStore::empty().with_pem_certificate(pem));
    }
    // It cannot fail in this version of the crate; the default is what it falls back to.
    Ok(context.build().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::Keys;
    use super::*;

    #[test]
    fn loopback_is_recognised_however_it_is_written() {
        for url in ["http://127.0.0.1:4566", "http://localhost", "http://[::1]:80", "http://x.localhost:1"] {
            assert!(is_loopback(&url.parse().unwrap()), "{url}");
        }
        for url in ["http://10.0.0.1", "http://localhost.example", "https://apigateway.us-east-1.amazonaws.com"] {
            assert!(!is_loopback(&url.parse().unwrap()), "{url}");
        }
    }

    #[tokio::test]
    async fn only_what_leaves_this_machine_in_the_clear_is_plain() {
        for (url, plain) in
            [("http://10.0.0.1:4566", true), ("http://127.0.0.1:1", false), ("https://a.example", false)]
        {
            let keys = Keys { access_key_id: "a".into(), secret_access_key: "b".into(), session_token: None };
            let request = Request { endpoint_url: Some(url.to_owned()), credentials: Some(keys), ..Request::default() };
            let found = Session::open(&request).await.unwrap().plain_http_endpoints(&["ApiGatewayV2", "STS"]);
            assert_eq!(found, if plain { vec![url.to_owned()] } else { vec![] });
        }
    }

    #[test]
    fn an_endpoint_is_a_url_with_a_host() {
        assert!(check_endpoint("http://127.0.0.1:1").is_ok() && check_endpoint("https://vpce-1.example/").is_ok());
        for wrong in ["", "localhost:4566", "127.0.0.1", "ftp://x", "http://", "http://a b"] {
            assert!(matches!(check_endpoint(wrong), Err(Error::InvalidEndpoint { .. })), "{wrong}");
        }
    }
}
