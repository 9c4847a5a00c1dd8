//! Credentials that show what they are, whatever they are called: published prefixes, keys in PEM, tokens, webhooks,
//! and addresses with a password in them.

use std::sync::LazyLock;

use super::values::{is_mixed, is_readable, is_repetitive};

/// The characters behind a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
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

impl Of {
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

/// A prefix, what follows it, and the least and the most characters of that.
type Shape = (&'static str, Of, usize, usize);

const ANY: usize = usize::MAX;

/// The published shapes of credentials, in byte order of the prefixes.
static SHAPES: &[Shape] = &[
    ("$2a$", Of::Dotted, 2, ANY),
    ("$2b$", Of::Dotted, 2, ANY),
    ("$2y$", Of::Dotted, 2, ANY),
    ("$argon2", Of::Alnum, 1, ANY),
    ("A3-", Of::Url, 34, ANY),
    ("ABIA", Of::Base32, 16, 16),
    ("ABSK", Of::Base64, 100, ANY),
    ("ACCA", Of::Base32, 16, 16),
    ("AGE-SECRET-KEY-1", Of::Alnum, 40, ANY),
    ("AKCp", Of::Alnum, 60, ANY),
    ("AKIA", Of::Base32, 16, 16),
    ("ASIA", Of::Base32, 16, 16),
    ("ATATT3", Of::Url, 40, ANY),
    ("ATBB", Of::Alnum, 24, ANY),
    ("ATCTT3", Of::Url, 40, ANY),
    ("AIza", Of::Url, 35, 35),
    ("CCIPAT_", Of::Url, 30, ANY),
    ("CCIPRJ_", Of::Url, 30, ANY),
    ("CFPAT-", Of::Url, 40, ANY),
    ("CLOJARS_", Of::Alnum, 40, ANY),
    ("EAA", Of::Url, 60, ANY),
    ("EZAK", Of::Hex, 40, ANY),
    ("EZTK", Of::Hex, 40, ANY),
    ("FLWSECK-", Of::Url, 24, ANY),
    ("FLWSECK_TEST-", Of::Url, 24, ANY),
    ("GOCSPX-", Of::Url, 24, ANY),
    ("HRKU-", Of::Url, 30, ANY),
    ("LTAI", Of::Alnum, 16, 20),
    ("NRAK-", Of::Alnum, 20, ANY),
    ("NRII-", Of::Url, 24, ANY),
    ("NRRA-", Of::Hex, 40, ANY),
    ("PMAK-", Of::Url, 40, ANY),
    ("SG.", Of::Dotted, 40, ANY),
    ("SK", Of::Hex, 32, 32),
    ("access-development-", Of::Url, 30, ANY),
    ("access-production-", Of::Url, 30, ANY),
    ("access-sandbox-", Of::Url, 30, ANY),
    ("access_token$production$", Of::Alnum, 8, ANY),
    ("bedrock-api-key-", Of::Base64, 40, ANY),
    ("bkct_", Of::Alnum, 30, ANY),
    ("bkua_", Of::Alnum, 30, ANY),
    ("cio", Of::Alnum, 32, 32),
    ("configcat-sdk-", Of::Url, 20, ANY),
    ("csk-", Of::Alnum, 30, ANY),
    ("da2-", Of::Alnum, 26, 26),
    ("dapi", Of::Hex, 32, 32),
    ("dckr_oat_", Of::Url, 20, ANY),
    ("dckr_pat_", Of::Url, 20, ANY),
    ("dd_api_", Of::Alnum, 32, ANY),
    ("doo_v1_", Of::Hex, 64, 64),
    ("dop_v1_", Of::Hex, 64, 64),
    ("dor_v1_", Of::Hex, 64, 64),
    ("dp.audit.", Of::Alnum, 40, ANY),
    ("dp.ct.", Of::Alnum, 40, ANY),
    ("dp.pt.", Of::Alnum, 40, ANY),
    ("dp.sa.", Of::Alnum, 40, ANY),
    ("dp.scim.", Of::Alnum, 40, ANY),
    ("dp.st.", Of::Dotted, 40, ANY),
    ("dt0c01.", Of::Dotted, 80, ANY),
    ("duffel_live_", Of::Url, 40, ANY),
    ("duffel_test_", Of::Url, 40, ANY),
    ("figd_", Of::Url, 40, ANY),
    ("fio-u-", Of::Url, 40, ANY),
    ("fm1_", Of::Base64, 40, ANY),
    ("fm2_", Of::Base64, 40, ANY),
    ("fo1_", Of::Url, 40, ANY),
    ("gho_", Of::Alnum, 36, ANY),
    ("ghp_", Of::Alnum, 36, ANY),
    ("ghr_", Of::Alnum, 36, ANY),
    ("ghs_", Of::Alnum, 36, ANY),
    ("ghu_", Of::Alnum, 36, ANY),
    ("github_pat_", Of::Url, 22, ANY),
    ("glagent-", Of::Url, 20, ANY),
    ("glcbt-", Of::Url, 20, ANY),
    ("glc_", Of::Base64, 32, ANY),
    ("gldt-", Of::Url, 20, ANY),
    ("glffct-", Of::Url, 20, ANY),
    ("glft-", Of::Url, 20, ANY),
    ("glimt-", Of::Url, 20, ANY),
    ("gloas-", Of::Url, 20, ANY),
    ("glpat-", Of::Url, 20, ANY),
    ("glptt-", Of::Url, 20, ANY),
    ("glrt-", Of::Url, 20, ANY),
    ("glsa_", Of::Url, 32, ANY),
    ("glsoat-", Of::Url, 20, ANY),
    ("gsk_", Of::Alnum, 40, ANY),
    ("hcaik_", Of::Alnum, 40, ANY),
    ("hf_", Of::Alnum, 30, ANY),
    ("hvb.", Of::Url, 24, ANY),
    ("hvr.", Of::Url, 24, ANY),
    ("hvs.", Of::Url, 24, ANY),
    ("jina_", Of::Url, 40, ANY),
    ("key-", Of::Alnum, 32, 32),
    ("lin_api_", Of::Alnum, 32, ANY),
    ("lin_oauth_", Of::Alnum, 32, ANY),
    ("lsv2_pt_", Of::Url, 32, ANY),
    ("lsv2_sk_", Of::Url, 32, ANY),
    ("mlsn.", Of::Hex, 40, ANY),
    ("napi_", Of::Alnum, 40, ANY),
    ("nfp_", Of::Alnum, 36, ANY),
    ("npm_", Of::Alnum, 36, ANY),
    ("ntn_", Of::Alnum, 40, ANY),
    ("nvapi-", Of::Url, 40, ANY),
    ("ops_eyJ", Of::Url, 40, ANY),
    ("oy2", Of::Alnum, 43, 43),
    ("packagist_", Of::Url, 40, ANY),
    ("pat-eu1-", Of::Url, 30, ANY),
    ("pat-na1-", Of::Url, 30, ANY),
    ("pcsk_", Of::Url, 40, ANY),
    ("phx_", Of::Alnum, 32, ANY),
    ("pnu_", Of::Alnum, 36, ANY),
    ("pplx-", Of::Alnum, 32, ANY),
    ("pscale_oauth_", Of::Dotted, 32, ANY),
    ("pscale_pw_", Of::Dotted, 32, ANY),
    ("pscale_tkn_", Of::Dotted, 32, ANY),
    ("pul-", Of::Hex, 40, 40),
    ("pypi-AgE", Of::Url, 40, ANY),
    ("r8_", Of::Alnum, 37, 37),
    ("rdme_", Of::Alnum, 60, ANY),
    ("rk_live_", Of::Alnum, 16, ANY),
    ("rk_test_", Of::Alnum, 16, ANY),
    ("rubygems_", Of::Hex, 48, 48),
    ("sb_secret_", Of::Url, 20, ANY),
    ("sbp_", Of::Hex, 40, 40),
    ("secret_", Of::Alnum, 43, 43),
    ("sgp_", Of::Url, 40, ANY),
    ("shippo_live_", Of::Hex, 40, 40),
    ("shippo_test_", Of::Hex, 40, 40),
    ("shpat_", Of::Hex, 32, 32),
    ("shpca_", Of::Hex, 32, 32),
    ("shppa_", Of::Hex, 32, 32),
    ("shpss_", Of::Hex, 32, 32),
    ("sk-", Of::Alnum, 32, ANY),
    ("sk-admin-", Of::Url, 20, ANY),
    ("sk-ant-", Of::Url, 20, ANY),
    ("sk-lf-", Of::Url, 32, ANY),
    ("sk-or-", Of::Url, 32, ANY),
    ("sk-proj-", Of::Url, 20, ANY),
    ("sk-svcacct-", Of::Url, 20, ANY),
    ("sk.eyJ", Of::Dotted, 40, ANY),
    ("sk_", Of::Hex, 48, 48),
    ("sk_live_", Of::Alnum, 16, ANY),
    ("sk_org_", Of::Url, 16, ANY),
    ("sk_prod_", Of::Alnum, 16, ANY),
    ("sk_test_", Of::Alnum, 16, ANY),
    ("sl.", Of::Url, 120, ANY),
    ("sntrys_", Of::Base64, 40, ANY),
    ("sntryu_", Of::Hex, 64, 64),
    ("sq0atp-", Of::Url, 22, ANY),
    ("sq0csp-", Of::Url, 40, ANY),
    ("sqa_", Of::Hex, 40, 40),
    ("sqp_", Of::Hex, 40, 40),
    ("squ_", Of::Hex, 40, 40),
    ("tfp_", Of::Url, 40, ANY),
    ("tgp_v1_", Of::Url, 32, ANY),
    ("tk-us-", Of::Url, 48, ANY),
    ("tk.eyJ", Of::Dotted, 40, ANY),
    ("tskey-", Of::Url, 20, ANY),
    ("tvly-", Of::Url, 24, ANY),
    ("vcp_", Of::Alnum, 40, ANY),
    ("vercel_blob_rw_", Of::Url, 30, ANY),
    ("whsec_", Of::Base64, 16, ANY),
    ("xai-", Of::Alnum, 60, ANY),
    ("xapp-", Of::Url, 30, ANY),
    ("xkeysib-", Of::Url, 64, ANY),
    ("xoxa-", Of::Url, 10, ANY),
    ("xoxb-", Of::Url, 10, ANY),
    ("xoxe-", Of::Url, 10, ANY),
    ("xoxe.xox", Of::Url, 20, ANY),
    ("xoxo-", Of::Url, 10, ANY),
    ("xoxp-", Of::Url, 10, ANY),
    ("xoxr-", Of::Url, 10, ANY),
    ("xoxs-", Of::Url, 10, ANY),
    ("xsmtpsib-", Of::Url, 64, ANY),
    ("ya29.", Of::Url, 20, ANY),
];

/// Ranges of [`SHAPES`] by first byte.
static BY_FIRST_BYTE: LazyLock<[(usize, usize); 128]> = LazyLock::new(|| {
    let mut places = [(0, 0); 128];
    for (at, (prefix, ..)) in SHAPES.iter().enumerate() {
        if let Some(place) = prefix.bytes().next().and_then(|first| places.get_mut(usize::from(first))) {
            if place.1 == 0 {
                place.0 = at;
            }
            place.1 = at + 1;
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

/// True if a credential begins at this byte, which is the first of a word.
fn begins_credential(value: &str, at: usize) -> bool {
    let Some(rest) = value.get(at..) else { return false };
    let first = usize::from(rest.as_bytes().first().copied().unwrap_or_default());
    let (start, end) = BY_FIRST_BYTE.get(first).copied().unwrap_or_default();
    let known = SHAPES.get(start..end).unwrap_or_default().iter().any(|(prefix, of, least, most)| {
        rest.strip_prefix(prefix).is_some_and(|behind| {
            let body = run(behind, *of);
            // `access-production-logs-of-the-shop` begins like a key of Plaid.
            let words = matches!(of, Of::Url | Of::Dotted) && is_readable(body);
            (*least..=*most).contains(&body.len()) && !words && !is_repetitive(body)
        })
    });
    known || is_token(rest) || is_dotted_token(rest) || is_key_by_length(rest)
}

fn run(text: &str, of: Of) -> &str {
    let end = text.bytes().position(|byte| !of.has(byte)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// A JSON Web Token: a header and a body that are JSON objects in base64url, and a signature; or an encrypted one, which
/// has five parts. Grafana's old keys are a lone object.
fn is_token(rest: &str) -> bool {
    if !rest.starts_with("eyJ") {
        return false;
    }
    let parts: Vec<&str> = run(rest, Of::Dotted).split('.').collect();
    match parts.as_slice() {
        [head, body, _] => head.len() >= 11 && body.len() >= 11 && body.starts_with("eyJ"),
        [head, _, _, body, _] => head.len() >= 11 && is_mixed(body),
        [lone] => lone.starts_with("eyJrIjoi") && lone.len() >= 60,
        _ => false,
    }
}

/// Tokens of several parts, told by their lengths: of Discord, Airtable, HashiCorp Terraform, Azure, Telegram, Resend,
/// Mailchimp and Mailgun.
fn is_dotted_token(rest: &str) -> bool {
    is_three_part_token(rest) || is_telegram_token(rest) || is_azure_secret(rest) || is_hex_token(rest) || {
        let key = rest.strip_prefix("re_").and_then(|key| key.split_once('_'));
        key.is_some_and(|(id, key)| run(id, Of::Alnum).len() == 8 && id.len() == 8 && run(key, Of::Alnum).len() >= 24)
    }
}

/// Tokens of Discord, Airtable and HashiCorp Terraform.
fn is_three_part_token(rest: &str) -> bool {
    let whole = run(rest, Of::Dotted);
    if whole.len() < 55 {
        return false;
    }
    let parts: Vec<&str> = whole.splitn(4, '.').collect();
    let several = match parts.as_slice() {
        [head, mark, tail] if mark.len() == 6 => {
            (23..=28).contains(&head.len()) && head.starts_with(['M', 'N', 'O']) && (27..=40).contains(&tail.len())
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
    let key = rest.get(id..).and_then(|rest| rest.strip_prefix(':')).map(|key| run(key, Of::Url));
    (8..=10).contains(&id) && key.is_some_and(|key| key.len() == 35 && is_mixed(key))
}

/// Three characters, a digit, `Q~` and 34 more, `~` among them.
fn is_azure_secret(rest: &str) -> bool {
    let mark = rest.get(3..6).filter(|mark| mark.ends_with("Q~") && mark.starts_with(|c: char| c.is_ascii_digit()));
    let key = || rest.bytes().skip(6).take_while(|byte| Of::Dotted.has(*byte) || *byte == b'~').count();
    mark.is_some() && key() >= 31
}

/// 32 hex digits, and the data centre of Mailchimp or two blocks of eight more of Mailgun.
fn is_hex_token(rest: &str) -> bool {
    let key = run(rest, Of::Hex);
    let Some(behind) = rest.get(key.len()..).and_then(|rest| rest.strip_prefix('-')).filter(|_| key.len() == 32) else {
        return false;
    };
    let centre = behind.strip_prefix("us").is_some_and(|centre| centre.starts_with(|c: char| c.is_ascii_digit()));
    let blocks = || run(behind, Of::Url).split('-').map(|block| run(block, Of::Hex).len()).eq([8, 8]);
    centre || blocks()
}

/// Keys without a prefix whose length and alphabet are peculiar: a secret access key of AWS, and keys of Azure and
/// New Relic.
fn is_key_by_length(rest: &str) -> bool {
    let key = run(rest, Of::Base64);
    match key.len() {
        40 if key.ends_with("NRAL") => true,
        // Keys for reCAPTCHA are as long; that of a site is public, and nothing tells the two apart.
        40 => {
            is_mixed(key) && !key.starts_with("6L") && !key.bytes().all(|byte| Of::Hex.has(byte)) && has_all_cases(key)
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
        let head = value.split("-----BEGIN ").nth(1).and_then(|head| head.split("-----").next());
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
                let secret = path.split(['?', '#', ' ', '"', '\'']).next().unwrap_or_default();
                secret.len() >= 12 && is_filled(secret)
            })
        })
}

/// True if a path has no part that is put in elsewhere.
fn is_filled(path: &str) -> bool {
    !path.contains(['$', '<', '{', '*', '%']) && path.split('/').any(|part| part.len() >= 6 && !is_repetitive(part))
}

/// The value of an `Authorization` header.
fn is_authorization(value: &str) -> bool {
    let mut words = value.split_ascii_whitespace();
    if !value.contains(' ') {
        return false;
    }
    while let Some(scheme) = words.next() {
        let scheme = scheme.trim_start_matches(['"', '\'']);
        let of = |of: Of| words.clone().next().map(|key| run(key, of)).unwrap_or_default();
        let found = match scheme.to_ascii_lowercase().as_str() {
            "bearer" | "token" | "apikey" | "ssws" => {
                let key = of(Of::Dotted);
                key.len() >= 16 && is_mixed(key) && !is_repetitive(key)
            }
            "basic" => {
                let key = of(Of::Base64);
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

/// The schemes of addresses are short.
const LONGEST_SCHEME: usize = 24;

/// True if a value holds an address with a password that is not put in elsewhere: `scheme://user:password@host`, and
/// the same without a scheme as drivers for Go and Oracle have it.
pub(super) fn has_password(value: &str, is_reference: impl Fn(&str) -> bool) -> bool {
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("://") {
        let scheme = before.bytes().rev().take_while(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(byte));
        if (1..=LONGEST_SCHEME).contains(&scheme.count()) && password(after).is_some_and(|it| !is_reference(it)) {
            return true;
        }
        rest = after;
    }
    let driver = |mark: &str, separator: char| {
        let login = value.split_once(mark).map(|(login, _)| login);
        let password = login.and_then(|login| login.rsplit(' ').next()?.rsplit_once(separator)).map(|(_, it)| it);
        password.is_some_and(|it| !it.is_empty() && !it.contains(['/', '@']) && !is_reference(it))
    };
    value.contains('@')
        && (driver("@tcp(", ':') || driver("@unix(", ':') || (value.contains("jdbc:oracle:") && driver("@", '/')))
}

/// The password of what is behind `://`.
fn password(after: &str) -> Option<&str> {
    let end = after.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')).unwrap_or(after.len());
    let (user, behind) = after.get(..end)?.split_once(':')?;
    let (password, host) = behind.split_once('@')?;
    if user.contains(['/', '@', '?', '#', '[']) || password.is_empty() || host.is_empty() {
        return None;
    }
    // `host:8443/path/@scope` and `host:8443?from=a@b`: a port.
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) || port.starts_with(['$', '{', '<']);
    match password.split_once(['/', '?', '#']) {
        Some((port, _)) if is_port(port) => None,
        _ => Some(password),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_of_one_first_byte_are_together() {
        let first = |shape: &Shape| shape.0.as_bytes()[0];
        assert!(SHAPES.is_sorted_by_key(first), "each first byte has one range");
        for (at, shape) in SHAPES.iter().enumerate() {
            assert!(shape.0.is_ascii() && !SHAPES[at + 1..].iter().any(|other| other.0 == shape.0), "{}", shape.0);
        }
    }
}
