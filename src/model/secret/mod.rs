//! Recognition of secrets by the shape of a value and the words of its name. It must not know whose value it is.

mod addresses;
mod names;
mod shapes;
mod values;

use self::names::{Meaning, meaning, words};
use self::values::{
    is_number, is_placeholder, is_random, is_readable, is_reference, is_repetitive, is_uuid, refers,
};

/// The shortest password and the shortest key, in bytes.
const SHORTEST: (usize, usize) = (4, 6);

/// True if a value looks like a secret: it has the shape of a well-known credential, is or holds an address with a
/// password or a token in it, or its name means a secret and its value may be one. Names, addresses, paths, ARNs,
/// numbers and placeholders are not secrets.
#[must_use]
pub fn looks_secret(name: &str, value: &str) -> bool {
    let value = unquoted(value.trim());
    value.len() >= SHORTEST.0
        && (shapes::holds_credential(value)
            || addresses::has_password(value, |password| {
                is_reference(password) || is_placeholder(&words(password))
            })
            || holds_pair(value)
            || is_secret_by_name(name, value))
}

fn unquoted(value: &str) -> &str {
    let inside = |quote: char| {
        value
            .strip_prefix(quote)
            .and_then(|value| value.strip_suffix(quote))
    };
    inside('"').or_else(|| inside('\'')).unwrap_or(value)
}

/// True if a value holds a name with its own value, and that pair looks like a secret: a query (`?token=…`), a
/// connection string (`Password=…;`), a header (`X-Api-Key: …`) or JSON (`"password": "…"`).
fn holds_pair(value: &str) -> bool {
    if value.starts_with(['{', '['])
        && let Ok(json) = serde_json::from_str(value)
    {
        return json_holds_secret(&json);
    }
    if let Some((name, value)) = value.split_once(": ")
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        && !value.contains(char::is_whitespace)
        && is_secret_by_name(name, value)
    {
        return true;
    }
    if !value.contains('=') {
        return false;
    }
    let mut pairs = value
        .split(|c: char| c.is_whitespace() || matches!(c, '?' | '&' | ';' | '#' | ',' | '{' | '}'))
        .filter_map(|pair| pair.split_once('='));
    pairs.any(|(name, own)| {
        let own = unquoted(own);
        // Azure's name for the key of a function.
        is_secret_by_name(if name == "code" { "key" } else { name }, own)
            && (!is_readable(own) || is_connection(value))
    })
}

/// True if a value names a host or a user, so that its `password` is a password: `password=required` alone is a setting.
fn is_connection(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    ["user", "uid", "host", "server"]
        .iter()
        .any(|word| lower.contains(word))
}

fn json_holds_secret(json: &serde_json::Value) -> bool {
    match json {
        serde_json::Value::Object(members) => members.iter().any(|(name, value)| match value {
            serde_json::Value::String(text) => is_secret_by_name(name, text),
            other => json_holds_secret(other),
        }),
        serde_json::Value::Array(elements) => elements.iter().any(json_holds_secret),
        _ => false,
    }
}

/// True if a name means a secret and its value may be one.
fn is_secret_by_name(name: &str, value: &str) -> bool {
    if value.len() < SHORTEST.0 || !names::has_hint(name) {
        return false;
    }
    let name = words(name);
    let meaning = meaning(&name);
    if meaning == Meaning::Nothing || refers(value) || is_filler(value) {
        return false;
    }
    match meaning {
        Meaning::Password => is_password(&name, value),
        Meaning::Key => is_key(&name, value),
        Meaning::EncryptionKey => is_key(&name, value) && !is_uuid(value),
        Meaning::Perhaps => !is_readable(value) && is_random(value),
        Meaning::Nothing => false,
    }
}

/// True if a value may be a password that a person chose: words too, but not those of its name.
fn is_password(name: &[String], value: &str) -> bool {
    if is_number(value) {
        return value.len() >= SHORTEST.1 && value.bytes().all(|byte| byte.is_ascii_digit());
    }
    if !is_readable(value) {
        return true;
    }
    let own = words(value);
    // `password: db-password-prod` names a password.
    let echoes = own.len() > 1 && own.iter().any(|word| word.len() > 2 && name.contains(word));
    value.len() >= SHORTEST.1 && !echoes && !is_placeholder(&own)
}

/// True if a value may be a generated secret, or a user with a password.
fn is_key(name: &[String], value: &str) -> bool {
    let login = || {
        let of_login = name.iter().any(|word| {
            matches!(
                word.as_str(),
                "basic" | "credential" | "credentials" | "creds"
            )
        });
        let login = value
            .split_once(':')
            .filter(|(user, password)| !user.is_empty() && !is_number(password));
        of_login
            && login.is_some_and(|(_, password)| {
                !password.contains([':', '/']) && !is_reference(password)
            })
    };
    value.len() >= SHORTEST.1 && !is_number(value) && (!is_readable(value) || login())
}

/// True if a long part of a value repeats a few characters.
fn is_filler(value: &str) -> bool {
    value
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|part| part.len() >= 12 && is_repetitive(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A random text that no real service has given out.
    const RANDOM: &str = "9Zk3Qw7Lx2Vb8Nm4Tc6Rf1Yh5Gj0Pd9Sa3Eu7Io2Wq8Zx4Cv6Bn1Mk5Lh0Jg9Fd";

    #[test]
    fn secrets_look_so() {
        let shaped = |prefix: &str, length: usize| format!("{prefix}{}", &RANDOM[..length]);
        let shapes = [
            "AKIAIOSFODNN7EXAMPLE".to_owned(),
            "ASIAIOSFODNN7EXAMPLE".to_owned(),
            shaped("ghp_", 36),
            shaped("ghs_", 40),
            format!("github_pat_{}_{}", &RANDOM[..22], &RANDOM[..59]),
            shaped("glpat-", 20),
            shaped("xoxb-1234567890-", 24),
            format!(
                "https://hooks.slack.com/services/T00000000/B00000000/{}",
                &RANDOM[..24]
            ),
            shaped("sk_live_", 24),
            shaped("rk_test_", 24),
            shaped("AIza", 35),
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl".to_owned(),
            "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl".to_owned(),
            "-----BEGIN RSA PRIVATE KEY-----".to_owned(),
            "-----BEGIN PRIVATE KEY-----".to_owned(),
            "postgres://app:s3cret@db.internal/app".to_owned(),
            "redis://:hunter2@cache.internal:6379".to_owned(),
            "amqps://svc:p%40ss@mq.internal".to_owned(),
        ];
        for value in shapes {
            assert!(looks_secret("x", &value), "x={value}");
        }
        for (name, value) in [
            ("DB_PASSWORD", "hunter2hunter2"),
            ("DB_PASSWORD", "s3cr3t"),
            ("dbPassword", "supersecret"),
            ("db-password-prod", "correct-horse-battery-staple"),
            ("PASSWORD2", "qwertyuiop"),
            ("adminpwd", "hunter2"),
            ("DB_PASSWORD", "Password123"),
            ("vendorApiKey", "key-9zk3qw7lx2vb8nm4tc6rf1yh5gj0pd9s"),
            ("apiKey", "a1b2c3d4e5"),
            ("API_KEY", "550e8400-e29b-41d4-a716-446655440000"),
            ("clientSecret", "Zm9vYmFyYmF6"),
            ("authToken", "9f8a7b6c5d4e"),
            (
                "awsSecretAccessKey",
                "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            ),
            ("signing_key_v1", "c0ffee00c0ffee00"),
            ("secretForWebhooks", "9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c"),
        ] {
            assert!(looks_secret(name, value), "{name}={value}");
        }
    }

    #[test]
    fn other_values_do_not_look_secret() {
        for (name, value) in [
            ("lambda", "checkout-prod"),
            ("lambda", "password-reset-handler"),
            ("resetPassword", "password-reset-handler"),
            ("forgotPassword", "forgot-handler-prod"),
            ("resetPassword", "accounts-handler-prod"),
            ("passwordResetLambda", "reset-handler-v2"),
            ("tokenTableName", "tokens-prod-2024"),
            ("token_table", "Sessions7Table"),
            (
                "SECRET_ARN",
                "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1b2c3",
            ),
            (
                "DB_PASSWORD",
                "arn:aws:ssm:us-east-1:111122223333:parameter/db/password",
            ),
            ("DB_PASSWORD", "/prod/db/password"),
            ("DB_PASSWORD", "${stageVariables.dbPassword}"),
            (
                "DB_PASSWORD",
                "{{resolve:secretsmanager:db:SecretString:password}}",
            ),
            ("DB_PASSWORD", "<redacted>"),
            ("DB_PASSWORD", "********"),
            ("password", "no"),
            ("password", "required"),
            ("passwordPolicy", "strong-12"),
            ("PASSWORD_MIN_LENGTH", "12"),
            ("tokenUrl", "https://login.example.com/oauth2/token"),
            ("tokenTtl", "3600"),
            ("token", "36000000"),
            ("token", "cognito-user-pool"),
            ("authToken", "method.request.header.Authorization"),
            ("token", "X-Auth-Header"),
            ("apiKey", "true"),
            ("apiKey", "usage-plan-2"),
            ("apiKeySource", "AUTHORIZER"),
            ("secretName", "prod/db/a1b2c3d4e5f6a7b8"),
            ("secret_version", "2024-01-31"),
            ("SECRET_ID", "db-credentials-prod"),
            ("url", "https://example.com/a:b@c"),
            ("url", "postgres://app:${password}@db.internal/app"),
            ("url", "postgres://app@db.internal:5432/app"),
            ("url", "https://api.example.com:8443/v1"),
            ("commit", "9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c"),
            ("tenant", "550e8400-e29b-41d4-a716-446655440000"),
            ("x", "AKIA"),
            ("x", "AKIAIOSFODNN7EXAMPLEX"),
            ("x", "AKIAIOSFODNN7EXAMPL1"),
            ("x", "akiaiosfodnn7example"),
            ("x", "eyJhbGciOiJIUzI1NiJ9"),
            ("x", "sk_live_soon"),
            ("x", "-----BEGIN CERTIFICATE-----"),
            ("x", "-----BEGIN PUBLIC KEY-----"),
            ("", "checkout of the shop; v2"),
        ] {
            assert!(!looks_secret(name, value), "{name}={value}");
        }
    }
}
