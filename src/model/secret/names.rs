//! Meaning of a value's name: a password, a key, something about either, or nothing.

/// The meaning of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A password of a person's choice, which may be made of words.
    Password,
    /// A secret of a machine's making.
    Key,
    /// A key that may be one of AWS KMS, whose identifier is not a secret.
    EncryptionKey,
    /// Perhaps a secret: it mentions one, or is an unknown kind of key.
    Perhaps,
    /// Nothing.
    Nothing,
}

/// Endings of names of passwords.
const PASSWORDS: [&str; 10] = [
    "contrasena",
    "kennwort",
    "motdepasse",
    "passcode",
    "passphrase",
    "passw",
    "passwd",
    "password",
    "passwort",
    "pwd",
];

/// Whole words for a password, which other words end with.
const SHORT_PASSWORDS: [&str; 3] = ["pass", "psw", "pw"];
/// Words that end with `pass` and mean something else.
const NOT_PASSWORDS: [&str; 8] = [
    "bypass",
    "compass",
    "encompass",
    "multipass",
    "overpass",
    "surpass",
    "trespass",
    "underpass",
];
/// Words before `pass` that make it a ticket or a frequency filter.
const PASS_TICKETS: [&str; 14] = [
    "band", "boarding", "bus", "by", "day", "fast", "first", "guest", "high", "low", "press",
    "season", "second", "ski",
];

/// Endings of names of generated secrets.
const KEYS: [&str; 45] = [
    "accesskey",
    "accountkey",
    "adminkey",
    "aeskey",
    "apikey",
    "apisecret",
    "apitoken",
    "appkey",
    "appsecret",
    "authcode",
    "authkey",
    "authtoken",
    "cipherkey",
    "clientkey",
    "credential",
    "credentials",
    "creds",
    "deploykey",
    "functionkey",
    "gpgkey",
    "hmackey",
    "jwk",
    "jwtkey",
    "licensekey",
    "pgpkey",
    "privatekey",
    "privkey",
    "rootkey",
    "rsakey",
    "secret",
    "secretbase",
    "secretkey",
    "secretkeybase",
    "secrets",
    "serverkey",
    "servicekey",
    "sessionkey",
    "sharedkey",
    "signaturekey",
    "signingkey",
    "signkey",
    "sshkey",
    "storagekey",
    "subscriptionkey",
    "token",
];
/// Endings of names of encryption keys.
const ENCRYPTION_KEYS: [&str; 9] = [
    "cryptkey",
    "cryptokey",
    "datakey",
    "decryptionkey",
    "enckey",
    "encryptionkey",
    "encryptkey",
    "masterkey",
    "cookiekey",
];
/// Whole words for a secret of a machine's making, which other words end with.
const SHORT_KEYS: [&str; 15] = [
    "auth",
    "authorization",
    "bearer",
    "cred",
    "hmac",
    "jwt",
    "oauth",
    "otp",
    "pat",
    "pepper",
    "psk",
    "salt",
    "sas",
    "sig",
    "signature",
];

/// Verbs before `password` in names of functions.
const VERBS: [&str; 9] = [
    "change", "check", "confirm", "forgot", "recover", "reset", "update", "validate", "verify",
];
/// Words after the name of a secret that tell several of a kind apart.
const QUALIFIERS: [&str; 36] = [
    "b",
    "backup",
    "base",
    "current",
    "dev",
    "development",
    "encoded",
    "eu",
    "first",
    "global",
    "hex",
    "live",
    "main",
    "new",
    "next",
    "old",
    "plain",
    "plaintext",
    "previous",
    "primary",
    "prod",
    "production",
    "qa",
    "raw",
    "secondary",
    "stage",
    "staging",
    "str",
    "string",
    "test",
    "text",
    "uat",
    "us",
    "v",
    "val",
    "value",
];
/// Endings of names of references to a secret, or of its properties.
const POINTERS: [&str; 44] = [
    "alg",
    "algorithm",
    "alias",
    "arn",
    "arns",
    "audience",
    "bucket",
    "checksum",
    "digest",
    "endpoint",
    "etag",
    "expiration",
    "expires",
    "expiry",
    "fingerprint",
    "hash",
    "header",
    "host",
    "id",
    "ids",
    "issuer",
    "kid",
    "label",
    "length",
    "location",
    "name",
    "names",
    "path",
    "policy",
    "prefix",
    "ref",
    "revision",
    "sha",
    "source",
    "table",
    "thumbprint",
    "ttl",
    "type",
    "uri",
    "url",
    "urls",
    "user",
    "username",
    "version",
];
/// Words before `key` in names of public keys, keys of tables and maps, and words that end so.
const OTHER_KEYS: [&str; 52] = [
    "cache",
    "cmk",
    "composite",
    "config",
    "consumer",
    "context",
    "dedup",
    "deduplication",
    "document",
    "don",
    "event",
    "feature",
    "field",
    "file",
    "flag",
    "foreign",
    "group",
    "hash",
    "header",
    "hoc",
    "idempotency",
    "image",
    "index",
    "item",
    "joc",
    "json",
    "kms",
    "locale",
    "lookup",
    "map",
    "message",
    "metric",
    "mon",
    "name",
    "object",
    "param",
    "partition",
    "primary",
    "pub",
    "public",
    "publishable",
    "query",
    "range",
    "record",
    "route",
    "routing",
    "s",
    "site",
    "sort",
    "tag",
    "tur",
    "whis",
];

/// Texts such that each word for a secret above contains one.
const HINTS: [&str; 19] = [
    "auth",
    "bearer",
    "contrasena",
    "cred",
    "hmac",
    "jw",
    "kennwort",
    "key",
    "otp",
    "pass",
    "pat",
    "pepper",
    "psk",
    "psw",
    "pw",
    "sa",
    "secret",
    "sig",
    "token",
];

/// False for a name that certainly means nothing, as most do: cheaper than taking it apart.
pub(super) fn has_hint(name: &str) -> bool {
    // `pass-word` is one word here.
    let letters: String = name
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    HINTS.iter().any(|hint| letters.contains(hint))
}

/// Returns the meaning of the words of a name.
pub(super) fn meaning(name: &[String]) -> Meaning {
    if name
        .last()
        .is_some_and(|last| POINTERS.contains(&last.as_str()))
    {
        return Meaning::Nothing;
    }
    let number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let words: Vec<&str> = name
        .iter()
        .map(String::as_str)
        .filter(|word| !number(word))
        .collect();
    let end = words
        .iter()
        .rposition(|word| !QUALIFIERS.contains(word))
        .map_or(0, |last| last + 1);
    let Some((last, before)) = words.get(..end).and_then(<[&str]>::split_last) else {
        return Meaning::Nothing;
    };
    let before = before.last().copied();
    let stem = words.get(..end).unwrap_or_default().concat();
    let ends = |with: &[&str]| with.iter().any(|end| stem.ends_with(end));
    if is_password(last, before) || ends(&PASSWORDS) {
        return if words.iter().any(|word| VERBS.contains(word)) {
            Meaning::Perhaps
        } else {
            Meaning::Password
        };
    }
    if words
        .iter()
        .any(|word| matches!(*word, "pub" | "public" | "publishable"))
        && !last.ends_with("secret")
    {
        return Meaning::Nothing;
    }
    if ends(&ENCRYPTION_KEYS) {
        return Meaning::EncryptionKey;
    }
    if ends(&KEYS) || SHORT_KEYS.contains(last) {
        return Meaning::Key;
    }
    let kind = if matches!(*last, "key" | "keys") {
        before
    } else {
        last.strip_suffix("key")
    };
    let key = last.ends_with("key") || *last == "keys";
    let other = kind.is_some_and(|kind| OTHER_KEYS.contains(&kind));
    let mentions = words
        .iter()
        .any(|word| PASSWORDS.contains(word) || KEYS.contains(word));
    if (key && !other) || mentions {
        Meaning::Perhaps
    } else {
        Meaning::Nothing
    }
}

fn is_password(last: &str, before: Option<&str>) -> bool {
    let ticket = before.is_some_and(|before| PASS_TICKETS.contains(&before));
    let whole = SHORT_PASSWORDS.contains(&last) && !ticket;
    whole
        || (last.ends_with("pass")
            && last.len() > 4
            && last.len() <= 12
            && !NOT_PASSWORDS.contains(&last))
}

/// The words of a name, in lower case: `dbPassword`, `DBPassword`, `DB_PASSWORD` and `db-password` are two each.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    let mut following = name.chars().skip(1);
    for c in name.chars() {
        let next = following.next();
        let capital =
            c.is_uppercase() && (!before.is_uppercase() || next.is_some_and(char::is_lowercase));
        let starts = capital || c.is_ascii_digit() != before.is_ascii_digit();
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

    #[test]
    fn every_word_has_a_hint() {
        let words = [
            &PASSWORDS[..],
            &SHORT_PASSWORDS,
            &KEYS,
            &ENCRYPTION_KEYS,
            &SHORT_KEYS,
        ]
        .concat();
        assert_eq!(words.into_iter().find(|word| !has_hint(word)), None);
        assert!(has_hint("API_KEY") && has_hint("Pass-Word") && !has_hint("functionName"));
    }

    #[test]
    fn names_fall_into_words() {
        for name in [
            "dbPassword",
            "DBPassword",
            "DB_PASSWORD",
            "db-password",
            "db.Password",
        ] {
            assert_eq!(words(name), ["db", "password"], "{name}");
        }
        assert_eq!(words("apiKey2"), ["api", "key", "2"]);
        assert_eq!(words("JWT"), ["jwt"]);
    }
}
