//! The `$context` variables of access logs: the names that AWS documents, and where a name in a template ends.
//!
//! A name is words of letters, digits and `_` with dots between. Below `authorizer.` names are free: claims are called
//! `custom:tenant_id` or `https://example.com/role`, and what an authorizer returns may have hyphens. AWS documents no
//! grammar, so a name there goes on over every character that is usual in a claim, and ends before one that separates
//! fields in a log: a space, a quote, a comma, a bracket, the next `$`. Punctuation at its end belongs to the text
//! around it, as in `$context.authorizer.principalId:$context.status`.

use std::borrow::Cow;

const PREFIX: &str = "$context.";

/// The variables of HTTP and WebSocket APIs that AWS documents, without `$context.`. Below `authorizer.` every name
/// is possible; AWS may add others.
pub const VARIABLES: &[&str] = &[
    "accountId",
    "apiId",
    "authenticate.error",
    "authenticate.latency",
    "authenticate.status",
    "authorize.error",
    "authorize.latency",
    "authorize.status",
    "authorizer.error",
    "authorizer.integrationLatency",
    "authorizer.integrationStatus",
    "authorizer.latency",
    "authorizer.principalId",
    "authorizer.requestId",
    "authorizer.status",
    "awsEndpointRequestId",
    "awsEndpointRequestId2",
    "connectedAt",
    "connectionId",
    "customDomain.basePathMatched",
    "dataProcessed",
    "domainName",
    "domainPrefix",
    "error.message",
    "error.messageString",
    "error.responseType",
    "error.validationErrorString",
    "eventType",
    "extendedRequestId",
    "httpMethod",
    "identity.accountId",
    "identity.apiKey",
    "identity.apiKeyId",
    "identity.caller",
    "identity.clientCert.clientCertPem",
    "identity.clientCert.issuerDN",
    "identity.clientCert.serialNumber",
    "identity.clientCert.subjectDN",
    "identity.clientCert.validity.notAfter",
    "identity.clientCert.validity.notBefore",
    "identity.cognitoAuthenticationProvider",
    "identity.cognitoAuthenticationType",
    "identity.cognitoIdentityId",
    "identity.cognitoIdentityPoolId",
    "identity.principalOrgId",
    "identity.sourceIp",
    "identity.user",
    "identity.userAgent",
    "identity.userArn",
    "integration.error",
    "integration.integrationStatus",
    "integration.latency",
    "integration.requestId",
    "integration.status",
    "integrationErrorMessage",
    "integrationLatency",
    "integrationStatus",
    "messageId",
    "path",
    "protocol",
    "requestId",
    "requestTime",
    "requestTimeEpoch",
    "responseLatency",
    "responseLength",
    "routeKey",
    "stage",
    "status",
    "waf.error",
    "waf.latency",
    "waf.status",
];

/// One variable in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable<'t> {
    /// Its name without `$context.`, a claim in brackets written with a dot: `authorizer.claims.custom:id`.
    pub name: Cow<'t, str>,
    /// The bytes that it takes, with `$context.`.
    pub length: usize,
}

/// The name of a variable, written with or without `$context.`; `None` for what cannot be one. `context.` alone is
/// neither: there is no `$context.context`.
#[must_use]
pub fn variable_name(written: &str) -> Option<Cow<'_, str>> {
    let written = written.strip_prefix(PREFIX).unwrap_or(written);
    let (name, length) = name_at(written)?;
    (length == written.len() && !name.starts_with("context.")).then_some(name)
}

/// A name of a variable as a policy can write it: in brackets, where it would end too early with dots.
#[must_use]
pub fn written_name(name: &str) -> Cow<'_, str> {
    match name.strip_prefix("authorizer.") {
        Some(free) if variable_name(name).as_deref() != Some(name) => {
            format!("authorizer['{free}']").into()
        }
        _ => name.into(),
    }
}

/// The documented variable that was probably meant by another name: at most two slips away.
#[must_use]
pub fn misspelt(name: &str) -> Option<&'static str> {
    if name.starts_with("authorizer.") || VARIABLES.contains(&name) {
        return None;
    }
    let lower = name.to_lowercase();
    let slips = |known: &str| strsim::osa_distance(&lower, &known.to_lowercase());
    let nearest = VARIABLES.iter().copied().min_by_key(|known| slips(known));
    // In a short name two slips make another word.
    nearest.filter(|known| slips(known) <= if known.len() > 5 { 2 } else { 1 })
}

/// The variables of a template, in its order.
pub fn variables(template: &str) -> impl Iterator<Item = Variable<'_>> {
    template
        .match_indices(PREFIX)
        .filter_map(|(at, _)| at_variable(&template[at..]))
}

/// The variable that a text begins with.
pub fn at_variable(text: &str) -> Option<Variable<'_>> {
    let (name, length) = name_at(text.strip_prefix(PREFIX)?)?;
    Some(Variable {
        name,
        length: PREFIX.len() + length,
    })
}

/// The name that a text begins with, and the bytes that it takes there.
fn name_at(text: &str) -> Option<(Cow<'_, str>, usize)> {
    let mut end = word_length(text, false);
    if end == 0 {
        return None;
    }
    let is_free = &text[..end] == "authorizer";
    let mut name = Cow::Borrowed(&text[..end]);
    loop {
        let rest = &text[end..];
        if let Some((key, length)) = bracketed(rest).filter(|_| is_free) {
            name = format!("{name}.{key}").into();
            end += length;
            continue;
        }
        let length = rest
            .strip_prefix('.')
            .map_or(0, |word| word_length(word, is_free));
        if length == 0 {
            return Some((name, end));
        }
        end += 1 + length;
        name = match name {
            Cow::Borrowed(_) => Cow::Borrowed(&text[..end]),
            Cow::Owned(name) => (name + &rest[..=length]).into(),
        };
    }
}

/// The bytes of the word that a text begins with.
fn word_length(text: &str, is_free: bool) -> usize {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !is_free {
        return text.find(|c| !plain(c)).unwrap_or(text.len());
    }
    let usual = |c: char| {
        c.is_alphanumeric() || matches!(c, '_' | '-' | ':' | '/' | '@' | '+' | '#' | '~' | '%')
    };
    let end = text.find(|c| !usual(c)).unwrap_or(text.len());
    text[..end]
        .trim_end_matches(|c: char| !c.is_alphanumeric() && c != '_')
        .len()
}

/// The key in `['key']` that a text begins with, and the bytes that it takes. In a JSON text the quotes are escaped.
fn bracketed(text: &str) -> Option<(&str, usize)> {
    let inner = text.strip_prefix('[')?;
    let quote = ["'", "\"", "\\\""]
        .into_iter()
        .find(|quote| inner.starts_with(quote))?;
    let (key, _) = inner[quote.len()..].split_once(quote)?;
    let length = 1 + quote.len() + key.len() + quote.len();
    let is_whole =
        text[length..].starts_with(']') && !key.contains(['\'', '"', '\\', '\n', '\r', '$']);
    (is_whole && !key.is_empty()).then_some((key, length + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_found_by_its_whole_name() {
        let of = |template| {
            variables(template)
                .map(|variable| variable.name.into_owned())
                .collect::<Vec<_>>()
        };
        for (template, names) in [
            (
                "$context.statusCode $context.status.",
                &["statusCode", "status"][..],
            ),
            (
                "$context.requestId-$context.identity.sourceIp..x",
                &["requestId", "identity.sourceIp"],
            ),
            (
                "$context.status-x $context.status:x $context.path/x",
                &["status", "status", "path"],
            ),
            ("$context. $contextx $context.é $context", &[]),
            ("$context.authorizer.my-key- ", &["authorizer.my-key"]),
            (
                r#"{"a":"$context.authorizer.claims.custom:tenant_id","b":1}"#,
                &["authorizer.claims.custom:tenant_id"],
            ),
            (
                "$context.authorizer.claims.cognito:groups,x",
                &["authorizer.claims.cognito:groups"],
            ),
            (
                "'$context.authorizer.claims.https://example.com/role'",
                &["authorizer.claims.https://example.com/role"],
            ),
            (
                "<a>$context.authorizer.claims.urn:x:y</a>",
                &["authorizer.claims.urn:x:y"],
            ),
            (
                "{$context.authorizer.claims.a:b}",
                &["authorizer.claims.a:b"],
            ),
            (
                "$context.authorizer.principalId:$context.status",
                &["authorizer.principalId", "status"],
            ),
            (
                "$context.authorizer.claims.sub/$context.path",
                &["authorizer.claims.sub", "path"],
            ),
            (
                "$context.authorizer.claims.sub: $context.status.",
                &["authorizer.claims.sub", "status"],
            ),
            (
                "$context.authorizer.claims.größe",
                &["authorizer.claims.größe"],
            ),
            ("$context.authorizerx.a:b", &["authorizerx.a"]),
            ("$context.authorizer.", &["authorizer"]),
            // In brackets.
            (
                "$context.authorizer.claims['custom:tenant_id']",
                &["authorizer.claims.custom:tenant_id"],
            ),
            (
                r#""$context.authorizer.claims[\"a b\"]""#,
                &["authorizer.claims.a b"],
            ),
            (
                r#"<a>$context.authorizer["claims"]['https://x.example/'].b</a>"#,
                &["authorizer.claims.https://x.example/.b"],
            ),
            (
                "[$context.authorizer.claims['a'] ]",
                &["authorizer.claims.a"],
            ),
            (
                "$context.authorizer.claims['a $context.authorizer.claims[0]",
                &["authorizer.claims", "authorizer.claims"],
            ),
            (
                "$context.authorizer.claims[''] $context.identity['sourceIp']",
                &["authorizer.claims", "identity"],
            ),
        ] {
            assert_eq!(of(template), names, "{template}");
        }
        for (written, name) in [
            ("$context.identity.sourceIp", "identity.sourceIp"),
            ("status", "status"),
            (
                "authorizer.claims.custom:tenant_id",
                "authorizer.claims.custom:tenant_id",
            ),
            (
                "$context.authorizer.claims['custom:tenant_id']",
                "authorizer.claims.custom:tenant_id",
            ),
            (
                "authorizer.claims.https://example.com/role",
                "authorizer.claims.https://example.com/role",
            ),
        ] {
            assert_eq!(variable_name(written).as_deref(), Some(name));
        }
        for wrong in [
            "",
            "$context.",
            "a b",
            "a.",
            ".a",
            "a..b",
            "$request.id",
            "context.requestId",
            "$context.context.requestId",
            "context-id",
            "status:x",
            "claims.custom:x",
            "authorizer.claims.custom:",
            "authorizer.claims.a b",
            "authorizer.claims['a",
            "authorizer.claims.a,b",
        ] {
            assert_eq!(variable_name(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_written_name_is_read_back() {
        for (name, written) in [
            ("status", "status"),
            ("authorizer.claims.custom:a", "authorizer.claims.custom:a"),
            ("authorizer.claims.a b", "authorizer['claims.a b']"),
            (
                "authorizer.claims.https://x.example/",
                "authorizer['claims.https://x.example/']",
            ),
        ] {
            assert_eq!(written_name(name), written);
            assert_eq!(variable_name(written).as_deref(), Some(name));
        }
    }

    #[test]
    fn what_a_variable_takes_of_a_text_is_known() {
        let length = |text| at_variable(text).map(|variable| variable.length);
        assert_eq!(length("$context.status, x"), Some("$context.status".len()));
        assert_eq!(
            length("$context.authorizer.claims['a b']x"),
            Some("$context.authorizer.claims['a b']".len())
        );
        assert_eq!(length(" $context.status"), None);
    }

    #[test]
    fn only_what_is_near_is_misspelt() {
        assert!(VARIABLES.windows(2).all(|pair| pair[0] < pair[1]));
        for (name, meant) in [
            ("requestid", Some("requestId")),
            ("RequestID", Some("requestId")),
            ("identity.sourceIP", Some("identity.sourceIp")),
            ("stauts", Some("status")),
            ("requestId", None),
            ("authorizer.eror", None),
            ("resourcePath", None),
            ("identity.vpcId", None),
            ("tlsVersion", None),
            ("hash", None),
        ] {
            assert_eq!(misspelt(name), meant, "{name}");
        }
    }
}
