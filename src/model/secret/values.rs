//! Kinds of values, whatever their names: words, references, placeholders and random texts.

/// Words that are settings or defaults, not secrets.
const ORDINARY: [&str; 30] = [
    "changeit",
    "changeme",
    "cookie",
    "default",
    "disabled",
    "dynamic",
    "enabled",
    "encrypted",
    "external",
    "false",
    "hashed",
    "header",
    "hidden",
    "inherit",
    "managed",
    "masked",
    "none",
    "null",
    "optional",
    "plain",
    "prompt",
    "query",
    "redacted",
    "required",
    "rotate",
    "static",
    "true",
    "undefined",
    "unset",
    "vault",
];

/// Words of a readable value that is a placeholder, or names the place of the secret.
const PLACEHOLDERS: [&str; 27] = [
    "change",
    "changeme",
    "dummy",
    "example",
    "fake",
    "fixme",
    "here",
    "insert",
    "keychain",
    "kms",
    "manager",
    "moved",
    "parameter",
    "placeholder",
    "redacted",
    "replace",
    "runbook",
    "sample",
    "secretsmanager",
    "see",
    "ssm",
    "stored",
    "tbd",
    "todo",
    "unused",
    "vault",
    "your",
];

/// Names of algorithms, which end with more digits than other words.
const ALGORITHMS: [&str; 18] = [
    "a", "aes", "base", "ecdsa", "ed", "es", "hmac", "hmacsha", "hs", "iso", "md", "p", "ps", "rc",
    "rs", "rsa", "sha", "utf",
];

/// Schemes and prefixes of services that keep secrets.
const STORES: [&str; 8] = [
    "alias/",
    "aws-ssm:",
    "op://",
    "secretsmanager:",
    "ssm:",
    "ssm-secure:",
    "vault:",
    "@Microsoft.KeyVault(",
];

/// Prefixes of public keys and of ciphertexts of AWS KMS.
const PUBLIC: [&str; 15] = [
    "pk_live_",
    "pk_test_",
    "pk.eyJ",
    "pk-lf-",
    "phc_",
    "sb_publishable_",
    "rzp_live_",
    "rzp_test_",
    "ssh-rsa ",
    "ssh-ed25519 ",
    "-----BEGIN PUBLIC KEY",
    "-----BEGIN CERTIFICATE",
    "AQICAH",
    "AQECAH",
    "ENC[",
];

/// True if a value names or locates something, is public, or is replaced elsewhere.
pub(super) fn refers(value: &str) -> bool {
    let lower = || value.to_ascii_lowercase();
    is_reference(value)
        || is_arn(value)
        || is_path(value)
        || is_address(value)
        || STORES.iter().any(|store| value.starts_with(store))
        || PUBLIC.iter().any(|key| value.starts_with(key))
        || is_resource(value)
        || ORDINARY.contains(&lower().as_str())
}

/// True if a value is a stand-in for another: `${…}`, `{{resolve:…}}`, `$context.…`, `%NAME%`, `<your key>`, `****`.
pub(super) fn is_reference(value: &str) -> bool {
    let inside = |open: &str, close: &str| {
        value
            .strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(close))
    };
    let name = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-. :".contains(&byte))
    };
    let upper = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
            && text
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    };
    if is_masked(value) {
        return true;
    }
    match value.as_bytes().first() {
        Some(b'$') => {
            value.strip_prefix('$').is_some_and(upper)
                || is_runtime_variable(value)
                || is_template(value)
        }
        Some(b'<') => {
            inside("<", ">").is_some_and(|text| name(text) && is_readable(text))
                || inside("<%", "%>").is_some()
        }
        Some(b'#' | b'@') => value.get(1..2) == Some("{") && value.ends_with('}'),
        Some(b'(') => inside("((", "))").is_some_and(name),
        Some(b'{') => {
            inside("{", "}").is_some_and(|text| name(text) && is_readable(text))
                || is_template(value)
        }
        Some(b'[') => inside("[", "]").is_some_and(|text| name(text) && is_readable(text)),
        Some(b'%') => {
            inside("%", "%").is_some_and(upper)
                || matches!(value, "%s" | "%d")
                || inside("%(", ")s").is_some_and(name)
        }
        Some(b':') => value
            .get(1..)
            .is_some_and(|text| name(text) && is_readable(text)),
        _ => value.contains("${") || value.contains("{{") && is_template(value),
    }
}

/// `$context.…` and its kin of API Gateway.
fn is_runtime_variable(value: &str) -> bool {
    let roots = [
        "$context.",
        "$stageVariables.",
        "$request.",
        "$response.",
        "$input.",
        "$util.",
        "$integration.",
        "$secrets.",
    ];
    roots.iter().any(|root| value.starts_with(root))
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"$._-:/()'\"[]".contains(&byte))
}

/// True if a value is words around `${…}` and `{{…}}`.
fn is_template(value: &str) -> bool {
    let mut left = String::new();
    let mut rest = value;
    let mut found = false;
    while let Some(at) = rest
        .find("${")
        .into_iter()
        .chain(rest.find("{{"))
        .chain(rest.find("$("))
        .min()
    {
        let (before, from) = rest.split_at(at);
        left.push_str(before);
        let close = match from.as_bytes() {
            [b'$', b'{', b'{', ..] | [b'{', ..] => "}}",
            [b'$', b'{', ..] => "}",
            _ => ")",
        };
        let Some((_, after)) = from.split_once(close) else {
            return false;
        };
        left.push('-');
        rest = after;
        found = true;
    }
    left.push_str(rest);
    found && is_readable(&left)
}

/// `****`, `xxxxxxxx`, `xxxx-xxxx`.
fn is_masked(value: &str) -> bool {
    let mut bytes = value.bytes().filter(|byte| *byte != b'-');
    let Some(first) = bytes.next() else {
        return true;
    };
    matches!(first, b'*' | b'x' | b'X' | b'.' | b'_' | b'#' | b'?' | b'0')
        && bytes.all(|byte| byte == first)
}

fn is_arn(value: &str) -> bool {
    value.starts_with("arn:aws") && value.bytes().filter(|byte| *byte == b':').count() >= 5
}

/// A path of words: `/prod/db/password`, `./keys/app.pem`, `.env`.
fn is_path(value: &str) -> bool {
    if !value.starts_with(['/', '.', '~']) || value.contains(char::is_whitespace) {
        return false;
    }
    let variable = |part: &str| part.starts_with(['{', ':', '$', '*']) && part.len() < 40;
    let known =
        |part: &str| part.is_empty() || variable(part) || is_readable(part) || is_version(part);
    value.split('/').all(known) && value.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn is_version(text: &str) -> bool {
    text.strip_prefix('v')
        .unwrap_or(text)
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b".-_:".contains(&byte))
}

/// One address without whitespace, whatever it contains.
fn is_address(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once("://") else {
        return false;
    };
    let scheme_like = |byte: u8| byte.is_ascii_alphanumeric() || b"+.-:".contains(&byte);
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(scheme_like)
        && !rest.is_empty()
        && !rest.contains(char::is_whitespace)
}

/// True for a name that AWS makes: CloudFormation and CDK put a hash and a suffix behind a logical name.
fn is_resource(value: &str) -> bool {
    // A user pool of Amazon Cognito: a Region and nine characters.
    if let Some((region, pool)) = value.split_once('_')
        && pool.len() == 9
        && pool.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && region.split('-').count() == 3
        && is_readable(region)
    {
        return true;
    }
    let parts: Vec<&str> = value.split('-').collect();
    let hashed = |part: &&str| {
        part.len() > 11
            && part.get(part.len() - 8..).is_some_and(|hash| {
                hash.bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'))
            })
            && part.get(..part.len() - 8).is_some_and(|name| {
                name.bytes().all(|byte| byte.is_ascii_alphabetic()) && is_readable(name)
            })
    };
    let readable = |part: &&str| is_readable(part);
    match parts.as_slice() {
        [names @ .., last] if !names.is_empty() && (12..=13).contains(&last.len()) => {
            names.iter().any(hashed) && names.iter().all(|part| hashed(part) || readable(part))
                || names.len() >= 2
                    && names.iter().all(readable)
                    && last
                        .bytes()
                        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        }
        _ => false,
    }
}

/// True if a value is a number, a date, a time or a version.
pub(super) fn is_number(value: &str) -> bool {
    value
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.,:_TZ ".contains(&byte))
}

/// True if a value is a UUID, or a key of AWS KMS that is in several Regions.
pub(super) fn is_uuid(value: &str) -> bool {
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parts: Vec<&str> = value.split('-').collect();
    (parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.iter().all(|part| hex(part)))
        || value
            .strip_prefix("mrk-")
            .is_some_and(|id| id.len() == 32 && hex(id))
}

/// True if a value of these words is a placeholder.
pub(super) fn is_placeholder(words: &[String]) -> bool {
    let negated = |pair: &[String]| {
        pair[0] == "not" && ["real", "set", "used", "needed"].contains(&pair[1].as_str())
    };
    words
        .iter()
        .any(|word| PLACEHOLDERS.contains(&word.as_str()))
        || words.windows(2).any(negated)
}

/// True if a value is made of words that a person reads, such as `checkout-v2` or `us-east-1`: letters with at most
/// two digits behind, or short numbers, and more than one of them if there is any digit.
pub(super) fn is_readable(value: &str) -> bool {
    let mut parts = value
        .split(['-', '_', '.', '/', ':', ' ', '=', ',', '@', '+', '|'])
        .filter(|part| !part.is_empty());
    let mut count = 0;
    let all = parts.by_ref().all(|part| {
        count += 1;
        is_word(part)
    });
    let digits = || value.bytes().any(|byte| byte.is_ascii_digit());
    all && (count > 1 || !digits() || is_algorithm(value))
}

fn is_word(part: &str) -> bool {
    let letters = part.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = part.len() - letters.len();
    let few = if letters.is_empty() {
        digits <= 4
    } else {
        digits <= 2
    };
    (few && letters.chars().all(char::is_alphabetic) && is_pronounceable(letters))
        || is_algorithm(part)
}

fn is_algorithm(part: &str) -> bool {
    let letters = part
        .trim_end_matches(|c: char| c.is_ascii_digit())
        .to_ascii_lowercase();
    letters.len() < part.len()
        && part.len() - letters.len() <= 5
        && ALGORITHMS.contains(&letters.as_str())
}

/// The longest word that is taken for one.
const LONGEST_WORD: usize = 18;
/// The most consonants in a row, as in `lengthsgt`, and of a short abbreviation.
const MOST_CONSONANTS: usize = 5;

/// True if letters are words of a language, or short abbreviations, with or without capitals between them.
fn is_pronounceable(letters: &str) -> bool {
    // Other alphabets have rules of their own.
    if !letters.is_ascii() {
        return true;
    }
    let (mut consonants, mut length, mut humps) = (0, 0, 0);
    let mut before = b' ';
    for byte in letters.bytes() {
        if byte.is_ascii_uppercase() && !before.is_ascii_uppercase() {
            (humps, consonants, length) = (humps + 1, 0, 0);
        }
        let vowel = matches!(
            byte.to_ascii_lowercase(),
            b'a' | b'e' | b'i' | b'o' | b'u' | b'y'
        );
        consonants = if vowel { 0 } else { consonants + 1 };
        length += 1;
        if consonants > MOST_CONSONANTS || length > LONGEST_WORD {
            return false;
        }
        before = byte;
    }
    // Words between capitals have some letters each.
    humps < 3 || letters.len() >= humps * 3
}

/// True if somewhere in a value are sixteen letters and digits or more in a row, both of them mixed.
pub(super) fn is_random(value: &str) -> bool {
    value
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|run| {
            let changes = run
                .as_bytes()
                .windows(2)
                .filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit());
            run.len() >= 16
                && (changes.count() >= 4 || !is_pronounceable(run))
                && !is_repetitive(run)
        })
}

/// True if a value has letters and digits.
pub(super) fn is_mixed(value: &str) -> bool {
    let has = |of: fn(&u8) -> bool| value.as_bytes().iter().any(of);
    has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)
}

/// The longest text that a filler repeats, in bytes.
const LONGEST_FILLER: usize = 4;

/// True if a value repeats a few characters, as `xxxxxxxx`, `00000000` and `fakefakefake12` do.
pub(super) fn is_repetitive(value: &str) -> bool {
    let bytes = value.as_bytes();
    let filled = |unit: usize| {
        let same = bytes
            .iter()
            .zip(bytes.iter().skip(unit))
            .take_while(|(a, b)| a == b)
            .count();
        // The last few may count up.
        same + unit + 4 >= bytes.len() && same >= unit * 2
    };
    bytes.len() >= 6 && (1..=LONGEST_FILLER).any(filled)
}
