//! What is shown in place of a stage variable's value: a digest, and whether it looked like a secret.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A stage variable's value as a snapshot keeps it.
///
/// It hides from a glance, not from guessing: short values can be tried one by one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// SHA-256 over account, name and value, 64 hex digits.
    pub sha256: String,
    /// Whether the value looked like a secret.
    #[serde(rename = "looks-secret", default)]
    pub looks_secret: bool,
}

impl Digest {
    /// The digest of a variable. The account and the name are part of it, so that equal values of two accounts or
    /// two variables do not show that they are equal.
    #[must_use]
    pub fn of(account: Option<&str>, name: &str, value: &str) -> Self {
        // None of the three can contain a NUL, so the parts cannot run into each other.
        let sha256 = hex(&[account.unwrap_or_default(), "\0", name, "\0", value]);
        Self { sha256, looks_secret: looks_secret(name, value) }
    }

    /// How reports show it: `sha256:` and 12 hex digits.
    #[must_use]
    pub fn short(&self) -> String {
        format!("sha256:{}", self.sha256.get(..12).unwrap_or(&self.sha256))
    }
}

/// SHA-256 over the parts, as 64 lower-case hex digits.
#[must_use]
pub fn hex(parts: &[&str]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
    }
    let mut text = String::with_capacity(64);
    for byte in hash.finalize() {
        text.push(DIGITS[usize::from(byte >> 4)]);
        text.push(DIGITS[usize::from(byte & 15)]);
    }
    text
}

/// Whether a variable looks like a secret: its name says so, or its value has the shape of a well-known credential.
///
/// Addresses, ARNs and plain words do not; a Lambda's name in a stage variable is what they are for.
#[must_use]
pub fn looks_secret(name: &str, value: &str) -> bool {
    const NAMES: [&str; 10] = [
        "password",
        "passwd",
        "secret",
        "token",
        "apikey",
        "privatekey",
        "credential",
        "accesskey",
        "passphrase",
        "pwd",
    ];
    // Published shapes: AWS access keys, GitHub, GitLab, Slack, Stripe, Google, and a JSON Web Token's first bytes.
    const SHAPES: [&str; 14] = [
        "AKIA",
        "ASIA",
        "ghp_",
        "gho_",
        "ghs_",
        "github_pat_",
        "glpat-",
        "xoxb-",
        "xoxp-",
        "sk_live_",
        "rk_live_",
        "AIza",
        "eyJ",
        "-----BEGIN",
    ];
    if value.len() < 6 || value.starts_with("arn:") {
        return false;
    }
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    // A name such as TOKEN_URL or SECRET_ARN says where the secret is, which is the right way.
    let points = ["url", "uri", "arn", "name", "path", "id", "endpoint", "host", "enabled"];
    let named = NAMES.iter().any(|word| plain.contains(word)) && !points.iter().any(|end| plain.ends_with(end));
    named
        || SHAPES.iter().any(|start| value.starts_with(start) && value.len() >= 16)
        || value.split_once("://").is_some_and(|(_, rest)| {
            // user:password@host
            rest.split_once('@').is_some_and(|(user, _)| user.contains(':') && !user.contains('/'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_depends_on_account_name_and_value() {
        let one = Digest::of(Some("111122223333"), "a", "value");
        assert_eq!(one, Digest::of(Some("111122223333"), "a", "value"));
        for other in [
            Digest::of(Some("444455556666"), "a", "value"),
            Digest::of(Some("111122223333"), "b", "value"),
            Digest::of(Some("111122223333"), "a", "other"),
            Digest::of(Some("111122223333"), "av", "alue"),
        ] {
            assert_ne!(one.sha256, other.sha256);
        }
        assert_eq!(one.short().len(), "sha256:".len() + 12);
    }

    #[test]
    fn secrets_look_so_and_references_do_not() {
        for (name, value) in [
            ("DB_PASSWORD", "hunter2hunter2"),
            ("apiKey", "a1b2c3d4e5"),
            ("x", "AKIAIOSFODNN7EXAMPLE"),
            ("dsn", "postgres://app:s3cret@db.internal/app"),
        ] {
            assert!(looks_secret(name, value), "{name}={value}");
        }
        for (name, value) in [
            ("lambda", "checkout-prod"),
            ("SECRET_ARN", "arn:aws:secretsmanager:us-east-1:111122223333:secret:db"),
            ("tokenUrl", "https://login.example.com/oauth2/token"),
            ("url", "https://example.com/a:b@c"),
            ("password", "no"),
        ] {
            assert!(!looks_secret(name, value), "{name}={value}");
        }
    }
}
