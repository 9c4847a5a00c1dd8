//! The HTTP client that all services share: the proxy, the trusted roots, and the minimum that an answer must be. It
//! must not know the requests.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use futures_util::stream;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::Uri;
use hyper::body::{Bytes, Frame};
use serde::de::DeserializeSeed as _;
use tokio::sync::Semaphore;

use crate::model::EachOnce;
use crate::source::aws::access::error::Error;
use crate::source::aws::call::{LARGEST_ANSWER, TooLarge};

/// An answer with more bytes than this waits for one of [`LARGE_AT_ONCE`] slots, so that memory is bounded even if
/// every server sends without end.
const LARGE: usize = 1 << 20;
const LARGE_AT_ONCE: usize = 4;
/// The most bytes of `AWS_CA_BUNDLE`; all the roots of the world are a few hundred KiB.
const MOST_ROOTS: u64 = 16 << 20;

const PROXIES: [&str; 6] = [
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
];

#[derive(Clone, Debug)]
pub struct Network {
    proxy: ProxyConfig,
    tls: TlsContext,
}

impl Network {
    /// Reads the environment: the proxy, unless it is bypassed, and the roots of `AWS_CA_BUNDLE`.
    pub fn of_environment(past_the_proxy: bool) -> Result<Self, Error> {
        let proxy = if past_the_proxy {
            ProxyConfig::disabled()
        } else {
            proxy()?
        };
        Ok(Self { proxy, tls: tls()? })
    }

    /// A network that nothing in the environment changes.
    pub fn isolated() -> Self {
        Self {
            proxy: ProxyConfig::disabled(),
            tls: TlsContext::default(),
        }
    }

    /// One HTTP client for every service and Region: each of its own would build its own pool and trust store.
    pub fn client(&self) -> SharedHttpClient {
        let Self { proxy, tls } = self.clone();
        // `build_https` of the crate ignores HTTPS_PROXY and NO_PROXY, so the connector is built here.
        let client = Builder::new().build_with_connector_fn(move |settings, components| {
            let mut connector = Connector::builder().proxy_config(proxy.clone());
            connector.set_connector_settings(settings.cloned());
            connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
            connector
                .tls_provider(Provider::rustls(CryptoMode::Ring))
                .tls_context(tls.clone())
                .build()
        });
        SharedHttpClient::new(SharedClient {
            client,
            large: Arc::new(Semaphore::new(LARGE_AT_ONCE)),
        })
    }
}

/// The HTTP client behind all clients of AWS.
///
/// The crate's own builds a connector, and with it the whole trust store, each time that a client is made from it, and
/// throws it away: in an audit of 8,500 Regions that was a quarter of the work. This client reuses one connector.
#[derive(Debug)]
struct SharedClient {
    client: SharedHttpClient,
    large: Arc<Semaphore>,
}

impl HttpClient for SharedClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = self.client.http_connector(settings, components);
        SharedHttpConnector::new(Bounded {
            connector,
            large: Arc::clone(&self.large),
        })
    }
}

/// A connector whose answers are read whole, up to the limit.
#[derive(Debug)]
struct Bounded {
    connector: SharedHttpConnector,
    large: Arc<Semaphore>,
}

impl HttpConnector for Bounded {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (answer, large) = (self.connector.call(request), Arc::clone(&self.large));
        HttpConnectorFuture::new(async move {
            let mut answer = answer.await?;
            let body = std::mem::replace(answer.body_mut(), SdkBody::taken());
            let read = match whole(body, &large).await {
                Ok(bytes) => checked(answer.status().as_u16(), bytes),
                Err(error) => Err(error),
            };
            // An error of the body and not of the connection: an answer has begun.
            *answer.body_mut() = read.map_or_else(failing, SdkBody::from);
            Ok(answer)
        })
    }
}

/// Reads a body to its end, or to the most that it may have.
async fn whole(mut body: SdkBody, large: &Semaphore) -> Result<Bytes, BoxError> {
    let (mut bytes, mut slot) = (Vec::new(), None);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        if bytes.len() + data.len() > LARGEST_ANSWER {
            return Err(TooLarge.into());
        }
        if bytes.len() + data.len() > LARGE && slot.is_none() {
            slot = Some(large.acquire().await?);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.into())
}

/// The body of an answer, if it can be one of AWS's.
fn checked(status: u16, bytes: Bytes) -> Result<Bytes, BoxError> {
    // The other 2xx are for uploads, parts of a document, and empty answers.
    if (201..300).contains(&status) {
        return Err(format!("HTTP status {status}, where AWS answers with 200").into());
    }
    if status == 200 && bytes.trim_ascii_start().starts_with(b"{") {
        // Of two members of one name the SDK would take the last. A body that is not JSON is left to its reader.
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        if let Err(error) = EachOnce::named_by_aws(has_keys_of_users).deserialize(&mut json)
            && error.is_data()
        {
            // The name of a member may be that of a tag or a variable.
            return Err("two answers: a member of the answer is there twice".into());
        }
    }
    Ok(bytes)
}

/// True for the members of answers whose keys AWS did not name.
fn has_keys_of_users(member: &str) -> bool {
    matches!(member, "tags" | "stageVariables" | "routeSettings")
}

fn failing(error: BoxError) -> SdkBody {
    SdkBody::from_body_1_x(StreamBody::new(stream::iter([
        Err::<Frame<Bytes>, BoxError>(error),
    ])))
}

fn proxy() -> Result<ProxyConfig, Error> {
    // The SDK ignores an invalid value, and would bypass the proxy.
    let unusable = |name: &&&str| {
        std::env::var(name).is_ok_and(|url| !url.is_empty() && url.parse::<Uri>().is_err())
    };
    match PROXIES.iter().find(unusable) {
        Some(variable) => Err(Error::Proxy(variable)),
        None => Ok(ProxyConfig::from_env()),
    }
}

/// The trusted roots: the system's, or those of `AWS_CA_BUNDLE`, which the SDK for Rust does not read by itself.
fn tls() -> Result<TlsContext, Error> {
    let mut context = TlsContext::builder();
    if let Some(path) = std::env::var_os("AWS_CA_BUNDLE")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
    {
        let unusable = |reason: String| Error::SettingsFile {
            variable: "AWS_CA_BUNDLE",
            path: path.clone(),
            reason,
        };
        let pem = read_at_most(&path, MOST_ROOTS).map_err(|error| unusable(error.to_string()))?;
        let marker = b"-----BEGIN CERTIFICATE-----";
        if !pem.windows(marker.len()).any(|window| window == marker) {
            return Err(unusable("it holds no certificate in PEM".to_owned()));
        }
        context = context.with_trust_store(TrustStore::empty().with_pem_certificate(pem));
    }
    // It cannot fail in this version of the crate.
    Ok(context.build().unwrap_or_default())
}

/// Reads a file that the environment names; a device that never ends is an error.
pub fn read_at_most(path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?
        .take(most + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(std::io::Error::other(format!(
            "it is larger than {} MiB",
            most >> 20
        )));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_is_there_twice_is_found_wherever_it_is() {
        for twice in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":[{"b":{},"c":[],"b":{}}]}"#,
            r#" {"tags":{"x":"1","\u0078":"2"}}"#,
            r#"{"items":[{"autoDeploy":true,"AutoDeploy":false}]}"#,
            r#"{"routeSettings":{"a":{"x":1,"X":2}}}"#,
        ] {
            assert!(checked(200, twice.into()).is_err(), "{twice}");
        }
        for once in [
            r#"{"a":{"a":{"b":-1,"c":1.5}},"b":[true,null]}"#,
            r#"{"tags":{"a":"1","A":"2"}}"#,
            "{\"a\":",
            "<html>",
            "",
            "[1]",
        ] {
            assert!(checked(200, once.into()).is_ok(), "{once}");
        }
        assert!(
            checked(403, r#"{"message":"a","message":"b"}"#.into()).is_ok(),
            "a refusal stays one"
        );
    }

    #[test]
    fn no_other_success_than_200_has_an_answer() {
        assert!(
            [201, 204, 206]
                .into_iter()
                .all(|status| checked(status, "{}".into()).is_err())
        );
    }

    #[tokio::test]
    async fn a_body_is_read_to_its_limit() {
        let large = Semaphore::new(1);
        let body = |chunks: usize| {
            let chunk = Bytes::from(vec![b' '; 1 << 20]);
            let frames = stream::iter(
                (0..chunks).map(move |_| Ok::<_, BoxError>(Frame::data(chunk.clone()))),
            );
            SdkBody::from_body_1_x(StreamBody::new(frames))
        };
        assert_eq!(whole(body(32), &large).await.unwrap().len(), LARGEST_ANSWER);
        assert!(
            whole(body(usize::MAX), &large)
                .await
                .unwrap_err()
                .is::<TooLarge>()
        );
        assert_eq!(large.available_permits(), 1);
    }

    #[test]
    fn an_endless_device_is_an_error() {
        let error = read_at_most(Path::new("/dev/zero"), 1 << 20).unwrap_err();
        assert_eq!(error.to_string(), "it is larger than 1 MiB");
        assert!(read_at_most(Path::new("/dev/null"), 1).unwrap().is_empty());
    }
}
