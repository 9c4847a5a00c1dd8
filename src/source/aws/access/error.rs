//! The errors that keep a fetch from starting. It must not know exit codes; it tells a wrong setting from a failed run.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::url::masked_url;

/// An error that keeps a fetch from starting. Its text names the problem, the place and the remedy.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// An invalid name of a Region.
    InvalidRegion(String),
    /// Regions of two partitions, for which no credentials are valid.
    MixedPartitions {
        /// A Region.
        one: String,
        /// One of another partition.
        other: String,
    },
    /// A variable whose proxy is not a URL.
    Proxy(&'static str),
    /// An endpoint that is not a URL.
    InvalidEndpoint {
        /// The text.
        url: String,
        /// The flag, the variable or the profile.
        by: String,
    },
    /// A file that the environment names, and that cannot be used.
    SettingsFile {
        /// The variable.
        variable: &'static str,
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// The files of the AWS configuration could not be read within this time.
    SettingsBlock(Duration),
    /// The time for the whole fetch was over before the first call.
    TooLate,
    /// The SDK cannot use its settings.
    SettingsInvalid,
    /// There is no Region, neither named nor in the SDK's chain.
    NoRegion,
    /// No credentials were found.
    NoCredentials {
        /// The SDK's reason.
        reason: String,
        /// The profile, if one is named.
        profile: Option<String>,
    },
    /// STS refused the credentials.
    CredentialsRefused {
        /// AWS's code.
        code: String,
        /// AWS's message.
        message: String,
        /// The Region of STS.
        region: String,
    },
    /// A shard of the caller's own account is requested, and STS did not return the account, for this reason.
    AccountUnknown(String),
}

impl Error {
    /// True for an invalid value of a flag, false for a run that failed.
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::InvalidRegion(_) | Self::MixedPartitions { .. } | Self::InvalidEndpoint { .. }
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidRegion(name) => {
                write!(out, "{name:?} is not a Region.\nA name is made of a-z, 0-9 and -, as in us-east-1.")
            }
            Self::MixedPartitions { one, other } => write!(
                out,
                "{one} and {other} are in two partitions of AWS, and no credentials are valid in both.\n\
                 Audit each partition in a run of its own."
            ),
            // The value may hold a password.
            Self::Proxy(variable) => {
                write!(out, "{variable} is not the URL of a proxy.\nIt has to look like http://proxy.example:3128.")
            }
            Self::InvalidEndpoint { url, by } => write!(
                out,
                "{:?}, set by {by}, is not an endpoint URL.\n\
                 It has to look like https://host or http://127.0.0.1:4566.",
                masked_url(url)
            ),
            Self::SettingsFile { variable, path, reason } => {
                write!(out, "{variable} names {}, which cannot be used: {reason}", path.display())
            }
            Self::SettingsBlock(limit) => write!(
                out,
                "the AWS configuration could not be read within {} s.\n\
                 Check the files that it names (AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE, AWS_CA_BUNDLE): one of \
                 them blocks.",
                limit.as_secs()
            ),
            Self::TooLate => out.write_str(
                "the time of --timeout was over before the AWS configuration was read.\nRaise --timeout, or check the \
                 files that the configuration names.",
            ),
            Self::SettingsInvalid => {
                out.write_str("the AWS SDK cannot use its settings.\nCheck the AWS_… variables and the profile.")
            }
            Self::NoRegion => {
                out.write_str("no Region.\nName one with --region, in AWS_REGION, or in the profile (`aws configure`).")
            }
            Self::NoCredentials { reason, profile } => {
                write!(out, "no AWS credentials: {reason}.\n{}", where_to_name(profile.as_deref()))
            }
            Self::CredentialsRefused { code, message, region } => {
                write!(out, "AWS refused the credentials (STS in {region}, {code}: {message}).\n{}", remedy(code))
            }
            Self::AccountUnknown(why) => {
                // The rest is about a run that goes on.
                let why = why.rsplit_once(';').map_or(why.as_str(), |(why, _)| why);
                write!(
                    out,
                    "{why}, and shards are cut by account.\n\
                     Run it again, see that STS can be reached, or name the account with --accounts."
                )
            }
        }
    }
}

fn where_to_name(profile: Option<&str>) -> String {
    match profile {
        Some(profile) => format!(
            "Check that the profile {profile:?} exists and has credentials (for SSO: `aws sso login --profile {profile}`)."
        ),
        None => "Name a profile with --profile or AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            .to_owned(),
    }
}

fn remedy(code: &str) -> &'static str {
    match code {
        "ExpiredToken" | "ExpiredTokenException" => "Renew them, for SSO with `aws sso login`.",
        "InvalidClientTokenId" | "UnrecognizedClientException" => {
            "Check the access key, and whether the Region is enabled for the account."
        }
        _ => "Check this machine's clock, then the secret access key.",
    }
}

impl std::error::Error for Error {}
