//! The caller: the account that the credentials belong to, and the Regions to find it in. It must not know APIs or
//! stages.

use std::error::Error as _;
use std::sync::Arc;

use aws_credential_types::provider::error::CredentialsError;

use super::error::Error;
use super::regions::{home_of, is_opt_in, is_plausible};
use super::session::Session;
use crate::model::document::partition_of;
use crate::model::state::{Warning, WarningKind};
use crate::source::aws::call::{Failure, FailureKind, causes, credentials_error};
use crate::source::aws::request::Regions;
use crate::source::aws::selector::is_account_id;

/// The Region of STS and Organizations where all Regions are read and no Region is named.
pub const HOME: &str = "us-east-1";

/// The named Regions, each once and in order; without any, the Region of the SDK's chain.
fn regions(named: &[String], of_chain: Option<&str>) -> Result<Vec<Arc<str>>, Error> {
    let mut regions: Vec<Arc<str>> = Vec::new();
    let of_chain = of_chain.filter(|_| named.is_empty());
    for name in named.iter().map(String::as_str).chain(of_chain) {
        check(name)?;
        if !regions.iter().any(|known| **known == *name) {
            regions.push(name.into());
        }
    }
    let Some(first) = regions.first() else {
        return Err(Error::NoRegion);
    };
    // Credentials are of one partition.
    match regions
        .iter()
        .find(|region| partition_of(region) != partition_of(first))
    {
        Some(other) => Err(Error::MixedPartitions {
            one: first.to_string(),
            other: other.to_string(),
        }),
        None => Ok(regions),
    }
}

/// Regions to try for STS: the audited Regions; with `--all-regions` the default Region, then the partition's first, in
/// case the default is disabled.
pub fn homes(requested: &Regions, of_chain: Option<&str>) -> Result<Vec<Arc<str>>, Error> {
    requested.excluded.iter().try_for_each(|name| check(name))?;
    let mut homes = regions(&requested.named, of_chain.or(requested.all.then_some(HOME)))?;
    if requested.all {
        let first = homes.first().map(|home| Arc::from(home_of(home)));
        homes.extend(first.filter(|first| !homes.contains(first)));
    }
    Ok(homes)
}

fn check(name: &str) -> Result<(), Error> {
    if is_plausible(name) {
        Ok(())
    } else {
        Err(Error::InvalidRegion(name.to_owned()))
    }
}

/// The caller, as far as STS knows it.
#[derive(Debug)]
pub struct Caller {
    pub account: Account,
    /// ARN of the caller.
    pub arn: Option<String>,
    /// The Region of the last call to STS, which knows the credentials if any does.
    pub home: Arc<str>,
}

impl Caller {
    /// An unknown caller: the time was over before STS answered.
    pub fn too_late(regions: &[Arc<str>]) -> Self {
        let account = Account::Unknown(unknown("Timeout", "the time for the whole fetch was over"));
        Self {
            account,
            arn: None,
            home: regions.first().cloned().unwrap_or_default(),
        }
    }
}

/// The account, as far as STS knows it.
#[derive(Debug)]
pub enum Account {
    /// The account of the credentials.
    Known(Arc<str>),
    /// STS did not answer, or did not return it. The stages can be read all the same.
    Unknown(Warning),
}

/// Calls STS in the first Region, and in the next one if the credentials are unknown there, as they are in a disabled
/// Region. If any of them may be disabled, the partition's home is the last. An error if there are no credentials, or if
/// STS refuses them.
pub async fn caller(
    session: &Session,
    regions: &[Arc<str>],
    profile: Option<&str>,
) -> Result<Caller, Error> {
    let none = |error: &CredentialsError| {
        let profile = profile.map(str::to_owned);
        Error::NoCredentials {
            reason: why_none(error, profile.is_some()),
            profile,
        }
    };
    session
        .find_credentials()
        .await
        .map_err(|error| none(&error))?;
    let mut refused = Error::NoRegion;
    let home = regions.first().map(|first| Arc::from(home_of(first)));
    let spare = home
        .filter(|home| !regions.contains(home) && regions.iter().all(|region| is_opt_in(region)));
    for region in regions.iter().chain(&spare) {
        let identity = session.sts(region).get_caller_identity().send().await;
        let failure = match &identity {
            Ok(identity) => match identity.account().filter(|account| is_account_id(account)) {
                Some(account) => {
                    let arn = identity.arn().map(str::to_owned);
                    return Ok(Caller {
                        account: Account::Known(account.into()),
                        arn,
                        home: Arc::clone(region),
                    });
                }
                None => Failure::broken("the answer names no account of twelve digits"),
            },
            Err(error) => match credentials_error(error) {
                Some(error) => return Err(none(error)),
                None => Failure::of(error),
            },
        };
        let Failure {
            kind,
            code,
            message,
            ..
        } = failure;
        match kind {
            FailureKind::UnknownCredentials | FailureKind::Expired | FailureKind::Signature => {
                refused = Error::CredentialsRefused {
                    code,
                    message,
                    region: region.to_string(),
                };
                if kind != FailureKind::UnknownCredentials {
                    break;
                }
            }
            // The home did not answer, and the Regions have refused.
            _ if spare.as_ref() == Some(region) => break,
            // A private endpoint need not have STS, and a policy may deny it.
            _ => {
                let account = Account::Unknown(unknown(&code, &message));
                return Ok(Caller {
                    account,
                    arn: None,
                    home: Arc::clone(region),
                });
            }
        }
    }
    Err(refused)
}

/// The reason why there are no credentials. It replaces six lines of the SDK for the default chain.
fn why_none(error: &CredentialsError, of_profile: bool) -> String {
    match error {
        CredentialsError::CredentialsNotLoaded(_) if !of_profile => {
            "none in the environment, the shared files, or from a container or instance role"
                .to_owned()
        }
        CredentialsError::CredentialsNotLoaded(_) if error.source().is_none() => {
            "the shared files have none for it".to_owned()
        }
        // The stderr of a process has several lines.
        _ => causes(error)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .trim_end_matches('.')
            .to_owned(),
    }
}

fn unknown(code: &str, message: &str) -> Warning {
    let message = format!(
        "STS did not return the account ({code}: {message}); the account is null in the result"
    );
    Warning::new(WarningKind::AccountUnknown, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(named: &[&str], of_chain: Option<&str>) -> Result<Vec<String>, Error> {
        let named: Vec<String> = named.iter().map(ToString::to_string).collect();
        Ok(regions(&named, of_chain)?
            .iter()
            .map(ToString::to_string)
            .collect())
    }

    #[test]
    fn flags_win_over_the_chain_and_each_region_is_read_once() {
        assert_eq!(
            found(&["b-1", "a-1", "b-1"], Some("c-1")).unwrap(),
            ["b-1", "a-1"]
        );
        assert_eq!(
            found(&[], Some("us-gov-west-1")).unwrap(),
            ["us-gov-west-1"]
        );
        assert!(matches!(found(&[], None), Err(Error::NoRegion)));
    }

    #[test]
    fn regions_of_two_partitions_are_a_usage_error() {
        let error = found(&["us-east-1", "cn-north-1"], None).unwrap_err();
        assert!(
            error.is_usage() && error.to_string().contains("cn-north-1"),
            "{error}"
        );
    }

    #[test]
    fn an_invalid_region_name_is_a_usage_error() {
        for name in ["", "us_east_1", "US-EAST-1", "evil.example/", "us-east-1 "] {
            let error = found(&["us-east-1", name], None).unwrap_err();
            assert!(error.is_usage(), "{name}");
        }
    }
}
