//! What looks like a secret, by the shape of a value and by what its name says. It must not know whose value it is.

use std::sync::LazyLock;

use regex::Regex;

/// Credentials that show what they are by their published shape.
static SHAPES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let shapes = [
        // AWS access keys: four letters and sixteen characters of base 32.
        r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b",
        // GitHub's tokens, classic and fine-grained.
        r"\bgh[oprsu]_[A-Za-z0-9]{36,}",
        r"\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}",
        // GitLab: personal, deploy, runner and job tokens.
        r"\bgl(?:pat|dt|rt|cbt)-[A-Za-z0-9_-]{20,}",
        // Slack's tokens and webhooks.
        r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
        r"\bhooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]{20,}",
        // Stripe's secret and restricted keys.
        r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",
        // Google's API keys.
        r"\bAIza[A-Za-z0-9_-]{35}",
        // A JSON Web Token: a header and a body that are JSON objects in base64url, and a signature.
        r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
        r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----",
    ];
    Regex::new(&shapes.join("|")).ok()
});

/// `scheme://user:password@host`; the password is the group.
static ADDRESS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@?#]*:([^\s/@?#]+)@[^\s/@]").ok());

/// What a name ends with that is a password of somebody's choice.
const PASSWORDS: [&str; 4] = ["password", "passwd", "passphrase", "pwd"];
/// What a name ends with that is a secret of some machine's making.
const KEYS: [&str; 16] = [
    "secret",
    "token",
    "credential",
    "credentials",
    "apikey",
    "authkey",
    "accesskey",
    "accountkey",
    "encryptionkey",
    "masterkey",
    "privatekey",
    "secretkey",
    "sharedkey",
    "signingkey",
    "hmackey",
    "jwtkey",
];
/// What is done to a password by the function that a variable then names.
const DEEDS: [&str; 9] = ["change", "check", "confirm", "forgot", "recover", "reset", "update", "validate", "verify"];
/// Words behind the name of a secret, which tell those of one kind apart.
const WHICH: [&str; 12] =
    ["dev", "development", "test", "qa", "stage", "staging", "prod", "production", "old", "new", "current", "value"];
/// What a name ends with that says where a secret is, which is the right way.
const POINTERS: [&str; 12] =
    ["arn", "endpoint", "host", "id", "location", "name", "path", "ref", "table", "uri", "url", "version"];
/// Values that say how a secret is dealt with, and are none.
const ORDINARY: [&str; 18] = [
    "changeme",
    "default",
    "disabled",
    "dynamic",
    "enabled",
    "encrypted",
    "external",
    "false",
    "header",
    "hidden",
    "managed",
    "masked",
    "none",
    "optional",
    "redacted",
    "required",
    "static",
    "vault",
];

/// Whether a variable looks like a secret: its value has the shape of a well-known credential, or is the address of
/// something with the password in it, or its name says that it is a secret and nothing in the value speaks against
/// it. Names, addresses, paths, ARNs, numbers and placeholders are what variables are for.
#[must_use]
pub fn looks_secret(name: &str, value: &str) -> bool {
    let value = value.trim();
    SHAPES.as_ref().is_some_and(|shapes| shapes.is_match(value)) || has_password(value) || is_named_so(name, value)
}

/// Whether the value is an address with a password that is not a placeholder.
fn has_password(value: &str) -> bool {
    let found = ADDRESS.as_ref().and_then(|address| address.captures(value)).and_then(|found| found.get(1));
    found.is_some_and(|password| !is_placeholder(password.as_str()))
}

fn is_named_so(name: &str, value: &str) -> bool {
    if value.len() < 6 || refers(value) {
        return false;
    }
    let name = words(name);
    let value_words = words(value);
    // `resetPassword: password-reset-handler` says what it is for.
    if is_readable(value) && value_words.iter().any(|word| word.len() > 2 && name.contains(word)) {
        return false;
    }
    let which =
        |word: &String| word == "v" || WHICH.contains(&word.as_str()) || word.bytes().all(|byte| byte.is_ascii_digit());
    let end = name.iter().rposition(|word| !which(word)).map_or(0, |last| last + 1);
    let stem = name[..end].concat();
    let says = |secrets: &[&str]| secrets.iter().any(|secret| stem.ends_with(secret));
    let does = name.iter().any(|word| DEEDS.contains(&word.as_str()));
    if says(&PASSWORDS) && !does {
        return !ORDINARY.contains(&value.to_ascii_lowercase().as_str());
    }
    let points = name.last().is_some_and(|last| POINTERS.contains(&last.as_str()));
    let mentions =
        !points && name.iter().any(|word| PASSWORDS.contains(&word.as_str()) || KEYS.contains(&word.as_str()));
    ((says(&KEYS) || says(&PASSWORDS)) && !is_readable(value)) || (mentions && is_random(value))
}

/// Whether a value names or locates something, is a number, or stands for a value that is put in elsewhere.
fn refers(value: &str) -> bool {
    value.starts_with("arn:")
        || value.contains("://")
        || value.starts_with(['/', '.'])
        || is_placeholder(value)
        || value.bytes().all(|byte| byte.is_ascii_digit() || b"+-.,:_".contains(&byte))
}

fn is_placeholder(value: &str) -> bool {
    value.starts_with(['$', '<', '{', '[', '*', '%']) || value.contains("${") || value.contains("{{")
}

/// Whether a value is made of words that a person reads, such as `checkout-v2` or `us-east-1`: letters with at most
/// two digits behind, or short numbers, and more than one of them if there is any digit.
fn is_readable(value: &str) -> bool {
    let parts: Vec<&str> =
        value.split(['-', '_', '.', '/', ':', ' ', '=', ',']).filter(|part| !part.is_empty()).collect();
    let readable = |part: &&str| {
        let digits = part.len() - part.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let letters = part.chars().take(part.len() - digits).all(char::is_alphabetic);
        letters && digits <= if digits == part.len() { 4 } else { 2 }
    };
    let digits = value.bytes().any(|byte| byte.is_ascii_digit());
    parts.iter().all(readable) && (!digits || parts.len() > 1)
}

/// Whether somewhere in a value are sixteen letters and digits or more in a row, both of them mixed.
fn is_random(value: &str) -> bool {
    value.split(|c: char| !c.is_ascii_alphanumeric()).any(|run| {
        let changes = run.as_bytes().windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit());
        run.len() >= 16 && changes.count() >= 4
    })
}

/// The words of a name, in lower case: `dbPassword`, `DB_PASSWORD` and `db-password` are two each.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for c in name.chars() {
        let starts = c.is_uppercase() && !before.is_uppercase() || c.is_ascii_digit() != before.is_ascii_digit();
        match words.last_mut() {
            _ if !c.is_alphanumeric() => {}
            Some(word) if before.is_alphanumeric() && !starts => word.extend(c.to_lowercase()),
            _ => words.push(c.to_lowercase().collect()),
        }
        before = c;
    }
    words
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
            format!("https://hooks.slack.com/services/T00000000/B00000000/{}", &RANDOM[..24]),
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
            ("awsSecretAccessKey", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            ("signing_key_v1", "c0ffee00c0ffee00"),
            ("secretForWebhooks", "9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c"),
        ] {
            assert!(looks_secret(name, value), "{name}={value}");
        }
    }

    #[test]
    fn what_variables_are_for_does_not_look_secret() {
        for (name, value) in [
            ("lambda", "checkout-prod"),
            ("lambda", "password-reset-handler"),
            ("resetPassword", "password-reset-handler"),
            ("forgotPassword", "forgot-handler-prod"),
            ("resetPassword", "accounts-handler-prod"),
            ("passwordResetLambda", "reset-handler-v2"),
            ("tokenTableName", "tokens-prod-2024"),
            ("token_table", "Sessions7Table"),
            ("SECRET_ARN", "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1b2c3"),
            ("DB_PASSWORD", "arn:aws:ssm:us-east-1:111122223333:parameter/db/password"),
            ("DB_PASSWORD", "/prod/db/password"),
            ("DB_PASSWORD", "${stageVariables.dbPassword}"),
            ("DB_PASSWORD", "{{resolve:secretsmanager:db:SecretString:password}}"),
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

    #[test]
    fn names_fall_into_words() {
        for name in ["dbPassword", "DB_PASSWORD", "db-password", "db.Password"] {
            assert_eq!(words(name), ["db", "password"]);
        }
        assert_eq!(words("apiKey2"), ["api", "key", "2"]);
    }
}
