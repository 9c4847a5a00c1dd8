//! Shapes of credentials, whatever their names: published prefixes, keys in PEM, tokens, webhooks,
//! and addresses with a password in them.

use std::sync::LazyLock;

use super::values::{is_mixed, is_readable, is_repetitive};

/// The characters behind a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alphabet {
    /// `0` to `9` and `a` to `f`, in either case.
    Hex,
    /// `A` to `Z` and `2` to `7`.
    Base32,
    /// Letters and digits.
    Alnum,
    /// Letters, digits, `_` and `-`.
    Url,
    /// The same, and dots.
    Dotted,
    /// Letters, digits, `+`, `/` and `=`.
    Base64,
}

impl Alphabet {
    const fn has(self, byte: u8) -> bool {
        match self {
            Self::Hex => byte.is_ascii_hexdigit(),
            Self::Base32 => matches!(byte, b'A'..=b'Z' | b'2'..=b'7'),
            Self::Alnum => byte.is_ascii_alphanumeric(),
            Self::Url => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
            Self::Dotted => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'),
            Self::Base64 => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='),
        }
    }
}

/// The characters behind a prefix, the least and the most of them, and the prefixes.
type Shape = (Alphabet, usize, usize, &'static [&'static str]);

const ANY: usize = usize::MAX;

/// The published shapes of credentials.
static SHAPES: &[Shape] = &[
    (
        Alphabet::Hex,
        32,
        32,
        &["SK", "dapi", "shpat_", "shpca_", "shppa_", "shpss_"],
    ),
    (
        Alphabet::Hex,
        40,
        40,
        &[
            "pul-",
            "sbp_",
            "shippo_live_",
            "shippo_test_",
            "sqa_",
            "sqp_",
            "squ_",
        ],
    ),
    (Alphabet::Hex, 40, ANY, &["EZAK", "EZTK", "NRRA-", "mlsn."]),
    (Alphabet::Hex, 48, 48, &["rubygems_", "sk_"]),
    (
        Alphabet::Hex,
        64,
        64,
        &["doo_v1_", "dop_v1_", "dor_v1_", "sntryu_"],
    ),
    (Alphabet::Base32, 16, 16, &["ABIA", "ACCA", "AKIA", "ASIA"]),
    (Alphabet::Alnum, 1, ANY, &["$argon2"]),
    (Alphabet::Alnum, 8, ANY, &["access_token$production$"]),
    (Alphabet::Alnum, 16, 20, &["LTAI"]),
    (
        Alphabet::Alnum,
        16,
        ANY,
        &["rk_live_", "rk_test_", "sk_live_", "sk_prod_", "sk_test_"],
    ),
    (Alphabet::Alnum, 20, ANY, &["NRAK-"]),
    (Alphabet::Alnum, 24, ANY, &["ATBB"]),
    (Alphabet::Alnum, 26, 26, &["da2-"]),
    (Alphabet::Alnum, 30, ANY, &["bkct_", "bkua_", "csk-", "hf_"]),
    (Alphabet::Alnum, 32, 32, &["cio", "key-"]),
    (
        Alphabet::Alnum,
        32,
        ANY,
        &["dd_api_", "lin_api_", "lin_oauth_", "phx_", "pplx-", "sk-"],
    ),
    (
        Alphabet::Alnum,
        36,
        ANY,
        &[
            "gho_", "ghp_", "ghr_", "ghs_", "ghu_", "nfp_", "npm_", "pnu_",
        ],
    ),
    (Alphabet::Alnum, 37, 37, &["r8_"]),
    (
        Alphabet::Alnum,
        40,
        ANY,
        &[
            "AGE-SECRET-KEY-1",
            "CLOJARS_",
            "dp.audit.",
            "dp.ct.",
            "dp.pt.",
            "dp.sa.",
            "dp.scim.",
            "gsk_",
            "hcaik_",
            "napi_",
            "ntn_",
            "vcp_",
        ],
    ),
    (Alphabet::Alnum, 43, 43, &["oy2", "secret_"]),
    (Alphabet::Alnum, 60, ANY, &["AKCp", "rdme_", "xai-"]),
    (
        Alphabet::Url,
        10,
        ANY,
        &[
            "xoxa-", "xoxb-", "xoxe-", "xoxo-", "xoxp-", "xoxr-", "xoxs-",
        ],
    ),
    (Alphabet::Url, 16, ANY, &["sk_org_"]),
    (
        Alphabet::Url,
        20,
        ANY,
        &[
            "configcat-sdk-",
            "dckr_oat_",
            "dckr_pat_",
            "glagent-",
            "glcbt-",
            "gldt-",
            "glffct-",
            "glft-",
            "glimt-",
            "gloas-",
            "glpat-",
            "glptt-",
            "glrt-",
            "glsoat-",
            "sb_secret_",
            "sk-admin-",
            "sk-ant-",
            "sk-proj-",
            "sk-svcacct-",
            "tskey-",
            "xoxe.xox",
            "ya29.",
        ],
    ),
    (Alphabet::Url, 22, ANY, &["github_pat_", "sq0atp-"]),
    (
        Alphabet::Url,
        24,
        ANY,
        &[
            "FLWSECK-",
            "FLWSECK_TEST-",
            "GOCSPX-",
            "NRII-",
            "hvb.",
            "hvr.",
            "hvs.",
            "tvly-",
        ],
    ),
    (
        Alphabet::Url,
        30,
        ANY,
        &[
            "CCIPAT_",
            "CCIPRJ_",
            "HRKU-",
            "access-development-",
            "access-production-",
            "access-sandbox-",
            "pat-eu1-",
            "pat-na1-",
            "vercel_blob_rw_",
            "xapp-",
        ],
    ),
    (
        Alphabet::Url,
        32,
        ANY,
        &[
            "glsa_", "lsv2_pt_", "lsv2_sk_", "sk-lf-", "sk-or-", "tgp_v1_",
        ],
    ),
    (Alphabet::Url, 34, ANY, &["A3-"]),
    (Alphabet::Url, 35, 35, &["AIza"]),
    (
        Alphabet::Url,
        40,
        ANY,
        &[
            "ATATT3",
            "ATCTT3",
            "CFPAT-",
            "PMAK-",
            "duffel_live_",
            "duffel_test_",
            "figd_",
            "fio-u-",
            "fo1_",
            "jina_",
            "nvapi-",
            "ops_eyJ",
            "packagist_",
            "pcsk_",
            "pypi-AgE",
            "sgp_",
            "sq0csp-",
            "tfp_",
        ],
    ),
    (Alphabet::Url, 48, ANY, &["tk-us-"]),
    (Alphabet::Url, 60, ANY, &["EAA"]),
    (Alphabet::Url, 64, ANY, &["xkeysib-", "xsmtpsib-"]),
    (Alphabet::Url, 120, ANY, &["sl."]),
    (Alphabet::Dotted, 2, ANY, &["$2a$", "$2b$", "$2y$"]),
    (
        Alphabet::Dotted,
        32,
        ANY,
        &["pscale_oauth_", "pscale_pw_", "pscale_tkn_"],
    ),
    (
        Alphabet::Dotted,
        40,
        ANY,
        &["SG.", "dp.st.", "sk.eyJ", "tk.eyJ"],
    ),
    (Alphabet::Dotted, 80, ANY, &["dt0c01."]),
    (Alphabet::Base64, 16, ANY, &["whsec_"]),
    (Alphabet::Base64, 32, ANY, &["glc_"]),
    (
        Alphabet::Base64,
        40,
        ANY,
        &["bedrock-api-key-", "fm1_", "fm2_", "sntrys_"],
    ),
    (Alphabet::Base64, 100, ANY, &["ABSK"]),
];

/// The prefixes by first byte, each with its shape.
static BY_FIRST_BYTE: LazyLock<[Vec<(&'static str, &'static Shape)>; 128]> = LazyLock::new(|| {
    let mut places = [const { Vec::new() }; 128];
    for shape in SHAPES {
        for prefix in shape.3 {
            if let Some(place) = prefix
                .bytes()
                .next()
                .and_then(|first| places.get_mut(usize::from(first)))
            {
                place.push((*prefix, shape));
            }
        }
    }
    places
});

/// Texts that only a private key holds: the head of one in PEM, the same in base64, and PKCS #8 of RSA without a head.
const PRIVATE_KEYS: [&str; 12] = [
    "LS0tLS1CRUdJTiBQUklWQVRF",
    "LS0tLS1CRUdJTiBSU0Eg",
    "LS0tLS1CRUdJTiBFQyBQ",
    "LS0tLS1CRUdJTiBEU0Eg",
    "LS0tLS1CRUdJTiBPUEVOU1NI",
    "LS0tLS1CRUdJTiBFTkNSWVBURUQg",
    "LS0tLS1CRUdJTiBQR1AgUFJJVkFURSBLRVkg",
    "b3BlbnNzaC1rZXktdjE",
    "IBADANBgkqhkiG9w0BAQEFAASC",
    "MIIEpAIBAAKCAQEA",
    "MIIEowIBAAKCAQEA",
    "PuTTY-User-Key-File-",
];

/// Addresses of webhooks, with which anyone may post. Each is the host and the part of the path before the secret.
const WEBHOOKS: [&str; 10] = [
    "hooks.slack.com/services/",
    "hooks.slack.com/workflows/",
    "hooks.slack.com/triggers/",
    "discord.com/api/webhooks/",
    "discordapp.com/api/webhooks/",
    ".webhook.office.com/webhookb2/",
    "outlook.office.com/webhook/",
    "hooks.zapier.com/hooks/catch/",
    "hook.us1.make.com/",
    "api.telegram.org/bot",
];

/// True if a value holds a credential of a known shape.
pub(super) fn holds_credential(value: &str) -> bool {
    let bytes = value.as_bytes();
    if bytes.len() < 16 {
        return false;
    }
    let mut within = false;
    for (at, byte) in bytes.iter().enumerate() {
        let part = byte.is_ascii_alphanumeric();
        if (part || *byte == b'$') && !within && begins_credential(value, at) {
            return true;
        }
        within = part;
    }
    is_private_key(value) || is_webhook(value) || is_authorization(value)
}

/// True if a credential begins at this byte, the first of a word.
fn begins_credential(value: &str, at: usize) -> bool {
    let Some(rest) = value.get(at..) else {
        return false;
    };
    let first = usize::from(rest.as_bytes().first().copied().unwrap_or_default());
    let known = BY_FIRST_BYTE.get(first).into_iter().flatten().any(
        |(prefix, (alphabet, least, most, _))| {
            rest.strip_prefix(prefix).is_some_and(|behind| {
                let body = run(behind, *alphabet);
                // `access-production-logs-of-the-shop` begins like a key of Plaid.
                let words =
                    matches!(alphabet, Alphabet::Url | Alphabet::Dotted) && is_readable(body);
                (*least..=*most).contains(&body.len()) && !words && !is_repetitive(body)
            })
        },
    );
    known || is_token(rest) || is_dotted_token(rest) || is_key_by_length(rest)
}

fn run(text: &str, alphabet: Alphabet) -> &str {
    let end = text
        .bytes()
        .position(|byte| !alphabet.has(byte))
        .unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// A JSON Web Token: a header and a body that are JSON objects in base64url, and a signature; or an encrypted one, which
/// has five parts. Grafana's old keys are a lone object.
fn is_token(rest: &str) -> bool {
    if !rest.starts_with("eyJ") {
        return false;
    }
    let parts: Vec<&str> = run(rest, Alphabet::Dotted).split('.').collect();
    match parts.as_slice() {
        [head, body, _] => head.len() >= 11 && body.len() >= 11 && body.starts_with("eyJ"),
        [head, _, _, body, _] => head.len() >= 11 && is_mixed(body),
        [lone] => lone.starts_with("eyJrIjoi") && lone.len() >= 60,
        _ => false,
    }
}

/// Tokens of several parts, recognized by their lengths: of Discord, Airtable, HashiCorp Terraform, Azure, Telegram, Resend,
/// Mailchimp and Mailgun.
fn is_dotted_token(rest: &str) -> bool {
    is_three_part_token(rest)
        || is_telegram_token(rest)
        || is_azure_secret(rest)
        || is_hex_token(rest)
        || {
            let key = rest.strip_prefix("re_").and_then(|key| key.split_once('_'));
            key.is_some_and(|(id, key)| {
                run(id, Alphabet::Alnum).len() == 8
                    && id.len() == 8
                    && run(key, Alphabet::Alnum).len() >= 24
            })
        }
}

/// Tokens of Discord, Airtable and HashiCorp Terraform.
fn is_three_part_token(rest: &str) -> bool {
    let whole = run(rest, Alphabet::Dotted);
    if whole.len() < 55 {
        return false;
    }
    let parts: Vec<&str> = whole.splitn(4, '.').collect();
    let several = match parts.as_slice() {
        [head, mark, tail] if mark.len() == 6 => {
            (23..=28).contains(&head.len())
                && head.starts_with(['M', 'N', 'O'])
                && (27..=40).contains(&tail.len())
        }
        [head, "atlasv1", tail] => head.len() == 14 && tail.len() >= 60,
        [head, tail] => head.len() == 17 && head.starts_with("pat") && tail.len() == 64,
        _ => false,
    };
    several && is_mixed(whole)
}

/// The identifier of a bot, a colon and 35 characters.
fn is_telegram_token(rest: &str) -> bool {
    let id = rest.bytes().take_while(u8::is_ascii_digit).count();
    let key = rest
        .get(id..)
        .and_then(|rest| rest.strip_prefix(':'))
        .map(|key| run(key, Alphabet::Url));
    (8..=10).contains(&id) && key.is_some_and(|key| key.len() == 35 && is_mixed(key))
}

/// Three characters, a digit, `Q~` and 34 more, `~` among them.
fn is_azure_secret(rest: &str) -> bool {
    let mark = rest
        .get(3..6)
        .filter(|mark| mark.ends_with("Q~") && mark.starts_with(|c: char| c.is_ascii_digit()));
    let key = || {
        rest.bytes()
            .skip(6)
            .take_while(|byte| Alphabet::Dotted.has(*byte) || *byte == b'~')
            .count()
    };
    mark.is_some() && key() >= 31
}

/// 32 hex digits, and the data centre of Mailchimp or two blocks of eight more of Mailgun.
fn is_hex_token(rest: &str) -> bool {
    let key = run(rest, Alphabet::Hex);
    let Some(behind) = rest
        .get(key.len()..)
        .and_then(|rest| rest.strip_prefix('-'))
        .filter(|_| key.len() == 32)
    else {
        return false;
    };
    let centre = behind
        .strip_prefix("us")
        .is_some_and(|centre| centre.starts_with(|c: char| c.is_ascii_digit()));
    let blocks = || {
        run(behind, Alphabet::Url)
            .split('-')
            .map(|block| run(block, Alphabet::Hex).len())
            .eq([8, 8])
    };
    centre || blocks()
}

/// Keys without a prefix whose length and alphabet are peculiar: a secret access key of AWS, and keys of Azure and
/// New Relic.
fn is_key_by_length(rest: &str) -> bool {
    let key = run(rest, Alphabet::Base64);
    match key.len() {
        40 if key.ends_with("NRAL") => true,
        // Keys for reCAPTCHA are as long; that of a site is public, and the two look alike.
        40 => {
            is_mixed(key)
                && !key.starts_with("6L")
                && !key.bytes().all(|byte| Alphabet::Hex.has(byte))
                && has_all_cases(key)
        }
        88 => key.ends_with("==") && is_mixed(key) && has_all_cases(key),
        _ => false,
    }
}

fn has_all_cases(key: &str) -> bool {
    let has = |of: fn(&u8) -> bool| key.as_bytes().iter().any(of);
    has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit)
}

fn is_private_key(value: &str) -> bool {
    let pem = || {
        let head = value
            .split("-----BEGIN ")
            .nth(1)
            .and_then(|head| head.split("-----").next());
        head.is_some_and(|head| head.contains("PRIVATE KEY"))
    };
    // A name is shorter than a key, and most values are names.
    (value.contains("-----BEGIN ") && pem())
        || (value.len() >= 40 && PRIVATE_KEYS.iter().any(|key| value.contains(key)))
}

fn is_webhook(value: &str) -> bool {
    let may_be = value.contains('/') && (value.contains("hook") || value.contains("telegram"));
    may_be
        && WEBHOOKS.iter().any(|hook| {
            value.split_once(hook).is_some_and(|(_, path)| {
                let secret = path
                    .split(['?', '#', ' ', '"', '\''])
                    .next()
                    .unwrap_or_default();
                secret.len() >= 12 && is_filled(secret)
            })
        })
}

/// True if a path has no part that is put in elsewhere.
fn is_filled(path: &str) -> bool {
    !path.contains(['$', '<', '{', '*', '%'])
        && path
            .split('/')
            .any(|part| part.len() >= 6 && !is_repetitive(part))
}

/// The value of an `Authorization` header.
fn is_authorization(value: &str) -> bool {
    let mut words = value.split_ascii_whitespace();
    if !value.contains(' ') {
        return false;
    }
    while let Some(scheme) = words.next() {
        let scheme = scheme.trim_start_matches(['"', '\'']);
        let of = |of: Alphabet| {
            words
                .clone()
                .next()
                .map(|key| run(key, of))
                .unwrap_or_default()
        };
        let found = match scheme.to_ascii_lowercase().as_str() {
            "bearer" | "token" | "apikey" | "ssws" => {
                let key = of(Alphabet::Dotted);
                key.len() >= 16 && is_mixed(key) && !is_repetitive(key)
            }
            "basic" => {
                let key = of(Alphabet::Base64);
                key.len() >= 12 && (key.ends_with('=') || has_all_cases(key))
            }
            _ => false,
        };
        if found {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_prefix_is_there_once() {
        let mut prefixes: Vec<&str> = SHAPES.iter().flat_map(|shape| shape.3).copied().collect();
        let known: usize = BY_FIRST_BYTE.iter().map(Vec::len).sum();
        assert_eq!(
            prefixes.len(),
            known,
            "a prefix begins with a character of ASCII"
        );
        prefixes.sort_unstable();
        assert_eq!(prefixes.windows(2).find(|pair| pair[0] == pair[1]), None);
    }
}
