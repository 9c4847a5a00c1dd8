//! The environment of an audit, and the source of each part: profile, Region, endpoints, proxy, trusted roots. It must
//! not know what AWS answers.

use aws_sdk_apigatewayv2::config::endpoint::{DefaultResolver, Params, ResolveEndpoint as _};

use super::session::{Session, endpoint_of, endpoint_set_by, past_the_proxy};
use super::url::masked_url;
use crate::source::aws::request::AccountSource;
use crate::source::aws::request::Request;

/// A value, and its source: a flag, a variable of the environment, or a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvSetting {
    /// The value.
    pub value: String,
    /// The source.
    pub by: &'static str,
}

/// The endpoint of some services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The services.
    pub services: Vec<&'static str>,
    /// The URL, without a password.
    pub url: String,
    /// The source; `None` for AWS's own endpoint.
    pub by: Option<String>,
}

/// The environment of an audit.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// The source of the credentials.
    pub credentials: Option<EnvSetting>,
    /// The Region, or the Regions.
    pub region: Option<EnvSetting>,
    /// The endpoints.
    pub endpoints: Vec<Endpoint>,
    /// The proxy, without a password.
    pub proxy: Option<EnvSetting>,
    /// The hosts that bypass the proxy.
    pub no_proxy: Option<EnvSetting>,
    /// The trusted roots, where they are not the system's.
    pub ca_bundle: Option<EnvSetting>,
}

impl Environment {
    /// The environment of a session; `home` is a Region that is read.
    pub(crate) async fn of(request: &Request, session: &Session, home: &str) -> Self {
        let endpoints = endpoints(request, session, home).await;
        let plain = endpoints
            .first()
            .is_some_and(|endpoint| endpoint.url.starts_with("http:"));
        let no_proxy = first(&["NO_PROXY", "no_proxy"]);
        let proxy = if past_the_proxy(request) {
            None
        } else {
            proxy(plain)
        };
        Self {
            credentials: credentials(request),
            region: region(request, session),
            no_proxy: no_proxy.filter(|_| proxy.is_some()),
            proxy,
            ca_bundle: first(&["AWS_CA_BUNDLE"]),
            endpoints,
        }
    }
}

/// The first of the variables that holds something.
fn first(names: &[&'static str]) -> Option<EnvSetting> {
    names.iter().find_map(|name| {
        let value = std::env::var(name).ok().filter(|value| !value.is_empty())?;
        Some(EnvSetting { value, by: name })
    })
}

fn credentials(request: &Request) -> Option<EnvSetting> {
    if let Some(profile) = &request.profile {
        return Some(EnvSetting {
            value: format!("profile {profile}"),
            by: "--profile",
        });
    }
    // The access key id is omitted; the caller's ARN is shown anyway.
    if first(&["AWS_ACCESS_KEY_ID"]).is_some() {
        return Some(EnvSetting {
            value: "keys in the environment".to_owned(),
            by: "AWS_ACCESS_KEY_ID",
        });
    }
    let profile = first(&["AWS_PROFILE"])?;
    Some(EnvSetting {
        value: format!("profile {}", profile.value),
        by: profile.by,
    })
}

fn region(request: &Request, session: &Session) -> Option<EnvSetting> {
    if request.regions.all {
        return Some(EnvSetting {
            value: "all that are enabled".to_owned(),
            by: "--all-regions",
        });
    }
    if !request.regions.named.is_empty() {
        return Some(EnvSetting {
            value: request.regions.named.join(", "),
            by: "--region",
        });
    }
    let value = session.region()?.to_owned();
    let by = first(&["AWS_REGION", "AWS_DEFAULT_REGION"]).filter(|region| region.value == value);
    Some(EnvSetting {
        value,
        by: by.map_or("the profile", |region| region.by),
    })
}

async fn endpoints(request: &Request, session: &Session, home: &str) -> Vec<Endpoint> {
    let mut services = vec![("API Gateway", "ApiGatewayV2"), ("STS", "STS")];
    services.extend(request.regions.all.then_some(("Account", "Account")));
    services.extend(request.regions.all.then_some(("EC2", "EC2")));
    let organization = matches!(request.accounts.source, AccountSource::Organization(..));
    services.extend(organization.then_some(("Organizations", "Organizations")));
    let mut endpoints: Vec<Endpoint> = Vec::new();
    for (name, id) in services {
        let set = endpoint_of(session.config(), id);
        let (url, by) = match set {
            Some(url) => {
                let by = endpoint_set_by(request, id, &url);
                (url, Some(by))
            }
            None if id == "ApiGatewayV2" => (own(session, home).await, None),
            None => continue,
        };
        let url = masked_url(&url);
        match endpoints
            .iter_mut()
            .find(|endpoint| endpoint.url == url && endpoint.by == by)
        {
            Some(endpoint) => endpoint.services.push(name),
            None => endpoints.push(Endpoint {
                services: vec![name],
                url,
                by,
            }),
        }
    }
    endpoints
}

/// API Gateway's own endpoint in a Region, as the SDK finds it.
async fn own(session: &Session, region: &str) -> String {
    let config = session.config();
    let params = Params::builder()
        .region(region)
        .use_fips(config.use_fips().unwrap_or_default())
        .use_dual_stack(config.use_dual_stack().unwrap_or_default())
        .build();
    let Ok(params) = params else {
        return String::new();
    };
    let found = DefaultResolver::new().resolve_endpoint(&params).await;
    found
        .map(|endpoint| endpoint.url().to_owned())
        .unwrap_or_default()
}

/// The proxy for plain or for encrypted requests, by the variables in the order of the HTTP client.
fn proxy(plain: bool) -> Option<EnvSetting> {
    let names = if plain {
        ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
    } else {
        ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
    };
    first(&names).map(|setting| EnvSetting {
        value: masked_url(&setting.value),
        ..setting
    })
}

#[cfg(test)]
mod tests {
    use super::super::error::Error;
    use super::super::url::plain_http;
    use super::*;

    #[tokio::test]
    async fn the_password_of_an_endpoint_is_never_shown() {
        let url = "http://me:s3cret@10.0.0.1:1";
        let request = Request::isolated(Some(url.to_owned()));
        let session = Session::open(&request).await.unwrap();
        let [endpoint] = endpoints(&request, &session, "us-east-1")
            .await
            .try_into()
            .unwrap();
        assert_eq!(
            (endpoint.url.as_str(), endpoint.by.as_deref()),
            ("http://me:***@10.0.0.1:1", Some("--endpoint-url"))
        );
        let refused = Error::InvalidEndpoint {
            url: url.replace("http", "ftp"),
            by: "--endpoint-url".to_owned(),
        }
        .to_string();
        for shown in [refused, plain_http(url).message] {
            assert!(
                shown.contains("me:***@10.0.0.1") && !shown.contains("s3cret"),
                "{shown}"
            );
        }
    }
}
