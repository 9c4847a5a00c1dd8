//! EC2's DescribeRegions, the one call that is made by hand: docs/decisions/0010-regions.md. It must not know the use
//! of the Regions.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime::client::orchestrator::operation::Operation as SdkOperation;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::{
    AuthScheme, AuthSchemeEndpointConfig, AuthSchemeId, AuthSchemeOptionResolverParams, Sign,
};
use aws_smithy_runtime_api::client::identity::{Identity, SharedIdentityResolver};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::{
    GetIdentityResolver, RuntimeComponents, RuntimeComponentsBuilder,
};
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, Layer};
use aws_smithy_types::error::metadata::ErrorMetadata;
use xmlparser::{ElementEnd, Token, Tokenizer};

use super::found::{ListedRegion, checked, in_partition};
use crate::model::document::partition_of;
use crate::source::aws::access::session::endpoint_of;
use crate::source::aws::call::{Failure, RetryPolicy};

/// The whole of the request: every Region, whether or not the account has it.
const FORM: &str = "Action=DescribeRegions&Version=2016-11-15&AllRegions=true";
/// The longest time for one attempt: the request is small, and there is a list to fall back on.
const ATTEMPT: Duration = Duration::from_secs(5);
const RETRIES: RetryPolicy = RetryPolicy {
    attempts: 4,
    unreachable: 2,
    ..RetryPolicy::STANDARD
};
const SCHEME: AuthSchemeId = AuthSchemeId::new("sigv4");

pub async fn regions(config: &SdkConfig, region: &str) -> Result<Vec<ListedRegion>, Failure> {
    let operation = operation(config, region)
        .ok_or_else(|| Failure::internal("there is no HTTP client or no credentials for EC2"))?;
    let attempt = || async {
        let answer = operation
            .invoke(())
            .await
            .map_err(|error| Failure::of(&error))?;
        in_partition(answer, region)
    };
    RETRIES.over(attempt).await
}

/// The call, by the machinery of the SDK's own clients: its HTTP client, its cache of credentials, its time limits.
/// `None` without an HTTP client or credentials, which a session always has.
fn operation(
    config: &SdkConfig,
    region: &str,
) -> Option<SdkOperation<(), Vec<ListedRegion>, ErrorMetadata>> {
    let limits = config
        .timeout_config()
        .map_or_else(TimeoutConfig::builder, TimeoutConfig::to_builder);
    let mut signing = RuntimeComponentsBuilder::new("DescribeRegions")
        .with_auth_scheme(Scheme {
            region: region.to_owned(),
        })
        .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![SCHEME])))
        .with_time_source(config.time_source());
    signing.set_identity_resolver(
        SCHEME,
        SharedIdentityResolver::new(config.credentials_provider()?),
    );
    if let Some(cache) = config.identity_cache() {
        signing.set_identity_cache(Some(cache));
    }
    let mut params = Layer::new("DescribeRegions");
    params.store_put(AuthSchemeOptionResolverParams::new(()));
    let mut operation = SdkOperation::builder()
        .service_name("EC2")
        .operation_name("DescribeRegions")
        .http_client(config.http_client()?)
        .endpoint_url(&endpoint(config, region))
        .timeout_config(limits.operation_attempt_timeout(ATTEMPT).build())
        .no_retry()
        .runtime_plugin(
            StaticRuntimePlugin::new()
                .with_config(params.freeze())
                .with_runtime_components(signing),
        );
    if let Some(version) = config.behavior_version() {
        operation = operation.behavior_version(version);
    }
    if let Some(sleep) = config.sleep_impl() {
        operation = operation.sleep_impl(sleep);
    }
    Some(
        operation
            .serializer(|()| request())
            .deserializer(read)
            .build(),
    )
}

fn request() -> Result<HttpRequest, BoxError> {
    let mut request = HttpRequest::new(SdkBody::from(FORM));
    request.set_method("POST")?;
    request.set_uri("/")?;
    let headers = request.headers_mut();
    headers.insert("content-type", "application/x-www-form-urlencoded");
    headers.insert("content-length", FORM.len().to_string());
    headers.insert(
        "user-agent",
        concat!("driftgate/", env!("CARGO_PKG_VERSION")),
    );
    Ok(request)
}

/// The endpoint that a client of the SDK would take: the flag, the setting for EC2, the setting for all services, EC2's
/// own.
fn endpoint(config: &SdkConfig, region: &str) -> String {
    let (fips, dual) = (
        config.use_fips().unwrap_or_default(),
        config.use_dual_stack().unwrap_or_default(),
    );
    endpoint_of(config, "EC2").unwrap_or_else(|| own_endpoint(region, fips, dual))
}

/// EC2's endpoint in a Region, by botocore's rules for it.
fn own_endpoint(region: &str, fips: bool, dual: bool) -> String {
    let partition = partition_of(region);
    let (suffix, dual_suffix) = match partition {
        "aws-cn" => ("amazonaws.com.cn", "api.amazonwebservices.com.cn"),
        "aws-eusc" => ("amazonaws.eu", "api.amazonwebservices.eu"),
        "aws-iso" => ("c2s.ic.gov", "api.aws.ic.gov"),
        "aws-iso-b" => ("sc2s.sgov.gov", "api.aws.scloud"),
        "aws-iso-e" => ("cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
        "aws-iso-f" => ("csp.hci.ic.gov", "api.aws.hci.ic.gov"),
        _ => ("amazonaws.com", "api.aws"),
    };
    // In AWS GovCloud the plain endpoint is the FIPS one.
    let service = if fips && (dual || partition != "aws-us-gov") {
        "ec2-fips"
    } else {
        "ec2"
    };
    format!(
        "https://{service}.{region}.{}",
        if dual { dual_suffix } else { suffix }
    )
}

/// Signature Version 4 for EC2 in one Region; every attempt is signed again.
#[derive(Debug)]
struct Scheme {
    region: String,
}

impl AuthScheme for Scheme {
    fn scheme_id(&self) -> AuthSchemeId {
        SCHEME
    }

    fn identity_resolver(
        &self,
        resolvers: &dyn GetIdentityResolver,
    ) -> Option<SharedIdentityResolver> {
        resolvers.identity_resolver(SCHEME)
    }

    fn signer(&self) -> &dyn Sign {
        self
    }
}

impl Sign for Scheme {
    fn sign_http_request(
        &self,
        request: &mut HttpRequest,
        identity: &Identity,
        _: AuthSchemeEndpointConfig<'_>,
        components: &RuntimeComponents,
        _: &ConfigBag,
    ) -> Result<(), BoxError> {
        let now = components
            .time_source()
            .map_or_else(SystemTime::now, |source| source.now());
        signed(request, identity, &self.region, now)
    }
}

fn signed(
    request: &mut HttpRequest,
    identity: &Identity,
    region: &str,
    now: SystemTime,
) -> Result<(), BoxError> {
    let params = v4::SigningParams::builder()
        .identity(identity)
        .region(region)
        .name("ec2")
        .time(now)
        .settings(SigningSettings::default())
        .build()?
        .into();
    // Headers that a proxy may change are not signed.
    let headers = request
        .headers()
        .iter()
        .filter(|(name, _)| *name == "content-type");
    let body = SignableBody::Bytes(request.body().bytes().unwrap_or_default());
    let signable = SignableRequest::new(request.method(), request.uri(), headers, body)?;
    let (instructions, _) = sign(signable, &params)?.into_parts();
    let (headers, _) = instructions.into_parts();
    for header in headers {
        request
            .headers_mut()
            .insert(header.name(), header.value().to_owned());
    }
    Ok(())
}

fn read(response: &HttpResponse) -> Result<Vec<ListedRegion>, OrchestratorError<ErrorMetadata>> {
    let text = std::str::from_utf8(response.body().bytes().unwrap_or_default()).unwrap_or_default();
    if response.status().is_success() {
        let listed = listed(text).ok_or("the answer is not a list of Regions");
        return listed.map_err(|why| OrchestratorError::response(why.into()));
    }
    Err(OrchestratorError::operation(refusal(text)))
}

/// The Regions in an answer; `None` if it is invalid or incomplete.
fn listed(text: &str) -> Option<Vec<ListedRegion>> {
    let (mut regions, mut name, mut status) = (Vec::new(), None, None);
    for (path, text) in elements(text)? {
        match path.strip_prefix("DescribeRegionsResponse/regionInfo/item") {
            Some("/regionName") => name = Some(text),
            Some("/optInStatus") => status = Some(text),
            Some("") => {
                // As with ListRegions: only a Region that is surely disabled is left out.
                let enabled = status.take().as_deref() != Some("not-opted-in");
                regions.push(ListedRegion {
                    name: checked(name.take()).ok()?,
                    enabled,
                });
            }
            _ => {}
        }
    }
    Some(regions)
}

/// EC2's code and message, if the text is EC2's.
fn refusal(text: &str) -> ErrorMetadata {
    let mut meta = ErrorMetadata::builder();
    for (path, text) in elements(text).unwrap_or_default() {
        match path.as_str() {
            "Response/Errors/Error/Code" => meta = meta.code(text),
            "Response/Errors/Error/Message" => meta = meta.message(text),
            _ => {}
        }
    }
    meta.build()
}

/// Every element of a document with its text, in the order of their ends; `None` if it is not well-formed.
fn elements(document: &str) -> Option<Vec<(String, String)>> {
    let (mut open, mut found): (Vec<(String, String)>, Vec<_>) = (Vec::new(), Vec::new());
    let mut name = "";
    for token in Tokenizer::from(document) {
        match token.ok()? {
            Token::ElementStart { local, .. } => name = local.as_str(),
            Token::ElementEnd {
                end: end @ (ElementEnd::Open | ElementEnd::Empty),
                ..
            } => {
                let path = open
                    .last()
                    .map_or_else(|| name.to_owned(), |(above, _)| format!("{above}/{name}"));
                let into = if end == ElementEnd::Open {
                    &mut open
                } else {
                    &mut found
                };
                into.push((path, String::new()));
            }
            Token::ElementEnd {
                end: ElementEnd::Close(_, name),
                ..
            } => {
                let (path, text) = open.pop()?;
                if path.rsplit('/').next() != Some(name.as_str()) {
                    return None;
                }
                found.push((path, text));
            }
            Token::Text { text } => {
                if let Some((_, into)) = open.last_mut() {
                    into.push_str(&unescaped(text.as_str()));
                }
            }
            Token::Cdata { text, .. } => open.last_mut()?.1.push_str(text.as_str()),
            // EC2 sends no document type, and its nesting could be endless.
            Token::DtdStart { .. } | Token::EmptyDtd { .. } => return None,
            _ => {}
        }
    }
    (open.is_empty() && !found.is_empty()).then_some(found)
}

fn unescaped(text: &str) -> String {
    let named = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ];
    named.iter().fold(text.to_owned(), |text, (name, what)| {
        text.replace(name, what)
    })
}

#[cfg(test)]
mod tests;
