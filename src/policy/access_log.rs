//! The template of an access log: the `$context` variables in it, and which of four formats it has.
//!
//! The formats are those whose samples the API Gateway console offers. What is judged is the template, before any
//! request fills it in.

use xmlparser::{ElementEnd, Token, Tokenizer};

/// A format of access logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A JSON object.
    Json,
    /// The Common Log Format.
    Clf,
    /// One XML element.
    Xml,
    /// Comma-separated values.
    Csv,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 4] = [Self::Json, Self::Clf, Self::Xml, Self::Csv];

    /// The name in a policy.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Clf => "clf",
            Self::Xml => "xml",
            Self::Csv => "csv",
        }
    }

    /// The name in a sentence, with its article.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Json => "a JSON",
            Self::Clf => "a CLF",
            Self::Xml => "an XML",
            Self::Csv => "a CSV",
        }
    }

    /// Whether a template has the format.
    #[must_use]
    pub fn fits(self, template: &str) -> bool {
        match self {
            Self::Json => is_json(template),
            Self::Clf => is_clf(template),
            Self::Xml => is_xml(template),
            Self::Csv => is_csv(template),
        }
    }
}

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

/// The name of a variable, with or without `$context.` before it; `None` for what cannot be one.
#[must_use]
pub fn variable_name(written: &str) -> Option<&str> {
    let name = written.strip_prefix(PREFIX).unwrap_or(written);
    (!name.is_empty() && name_length(name) == name.len()).then_some(name)
}

/// The documented variable that was probably meant by a name that is none: at most two slips away.
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

/// The variables of a template, in its order, without `$context.`.
pub fn variables(template: &str) -> impl Iterator<Item = &str> {
    template.split(PREFIX).skip(1).map(|rest| &rest[..name_length(rest)]).filter(|name| !name.is_empty())
}

/// How long the name is that a text begins with: words of letters, digits and `_`, with dots between them. A hyphen
/// is part of a name only below `authorizer.`, where names are free; elsewhere it ends one: `$context.status-x`.
fn name_length(text: &str) -> usize {
    let free = text.starts_with("authorizer.");
    let mut length = 0;
    for word in text.split('.') {
        let end = word.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || (free && c == '-')));
        let word_length = word[..end.unwrap_or(word.len())].trim_end_matches('-').len();
        if word_length == 0 {
            break;
        }
        // The dot before this word.
        length += usize::from(length > 0) + word_length;
        if word_length < word.len() {
            break;
        }
    }
    length
}

/// A JSON object, once each variable outside of quotes is taken for a number: `{"status": $context.status}` is one,
/// though not by its letters.
fn is_json(template: &str) -> bool {
    let mut json = String::with_capacity(template.len());
    let mut rest = template;
    let mut quoted = false;
    while let Some(next) = rest.chars().next() {
        let variable = rest.strip_prefix(PREFIX).map_or(0, name_length);
        let taken = match next {
            '$' if variable > 0 && !quoted => {
                json.push('0');
                rest = &rest[PREFIX.len() + variable..];
                continue;
            }
            // What is escaped cannot end a quotation.
            '\\' if quoted => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            '"' => {
                quoted = !quoted;
                1
            }
            other => other.len_utf8(),
        };
        json.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&json).is_ok()
}

/// The Common Log Format, as AWS writes it: host, identity and user, each one variable or `-`, and the host no `-`;
/// `[$context.requestTime]`; the request in quotes, with a variable; the status, a variable; then, if anything, more
/// variables, `-`, or texts in quotes. Spaces stand between them; before the request the space may be missing. One
/// line.
fn is_clf(template: &str) -> bool {
    let Some((before, rest)) = template.split_once("[$context.requestTime]") else { return false };
    let Some((gap, rest)) = rest.split_once('"') else { return false };
    let Some((request, after)) = rest.split_once('"') else { return false };
    let before: Vec<&str> = before.split_whitespace().collect();
    let Some(after) = unquoted(after) else { return false };
    let mut after = after.split_whitespace();
    is_one_line(template)
        && before.len() == 3
        && is_variable(before[0])
        && before.iter().all(|field| is_variable(field) || *field == "-")
        && gap.trim().is_empty()
        && variables(request).next().is_some()
        && after.next().is_some_and(is_variable)
        && after.all(|field| is_variable(field) || field == "-")
}

/// A text with `-` in place of each quotation, which spaces must set apart; `None` when one is not closed.
fn unquoted(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split('"').collect();
    let outside = parts.iter().step_by(2);
    (parts.len() % 2 == 1).then(|| outside.copied().collect::<Vec<_>>().join("-"))
}

/// One element that is well-formed and has a variable in it: its tags fit, no attribute stands twice, and `&` begins
/// a reference. Declarations, processing instructions and document types are not for a line of a log.
fn is_xml(template: &str) -> bool {
    let mut open: Vec<&str> = Vec::new();
    let mut attributes: Vec<&str> = Vec::new();
    let mut roots = 0;
    for token in Tokenizer::from_fragment(template, 0..template.len()) {
        let fits = match token {
            Ok(Token::ElementStart { span, .. }) => {
                roots += usize::from(open.is_empty());
                attributes.clear();
                open.push(&span.as_str()[1..]);
                true
            }
            Ok(Token::Attribute { span, value, .. }) => {
                let name = span.as_str().split('=').next().unwrap_or_default().trim_end();
                let once = !attributes.contains(&name);
                attributes.push(name);
                once && references_are_whole(value.as_str())
            }
            Ok(Token::ElementEnd { end: ElementEnd::Open, .. }) => true,
            Ok(Token::ElementEnd { end: ElementEnd::Empty, .. }) => open.pop().is_some(),
            Ok(Token::ElementEnd { end: ElementEnd::Close(..), span }) => {
                let name = span.as_str().trim_start_matches("</").trim_end_matches('>').trim_end();
                open.pop() == Some(name)
            }
            Ok(Token::Text { text }) => {
                let text = text.as_str();
                references_are_whole(text) && (!open.is_empty() || text.trim().is_empty())
            }
            Ok(Token::Cdata { .. }) => !open.is_empty(),
            Ok(Token::Comment { .. }) => true,
            _ => false,
        };
        if !fits {
            return false;
        }
    }
    roots == 1 && open.is_empty() && variables(template).next().is_some()
}

/// Whether each `&` begins a reference such as `&lt;` or `&#38;`.
fn references_are_whole(text: &str) -> bool {
    text.split('&').skip(1).all(|rest| {
        rest.split_once(';')
            .is_some_and(|(name, _)| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '#'))
    })
}

/// Values with commas between them, at least two of which have a variable. A value in double quotes may hold anything
/// (`""` is a quote); one without them has no `"`, `<`, `>`, `{` or `}`, which belong to the other formats. One line.
fn is_csv(template: &str) -> bool {
    let mut values = vec![String::new()];
    let mut quoted = false;
    for c in template.trim_end().chars() {
        match c {
            ',' if !quoted => values.push(String::new()),
            _ => {
                quoted ^= c == '"';
                if let Some(value) = values.last_mut() {
                    value.push(c);
                }
            }
        }
    }
    let is_value = |value: &String| {
        let value = value.trim();
        match value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(inner) => !inner.replace("\"\"", "").contains('"'),
            None => !value.contains(['"', '<', '>', '{', '}']),
        }
    };
    !quoted
        && is_one_line(template)
        && values.iter().all(is_value)
        && values.iter().filter(|value| variables(value).next().is_some()).count() >= 2
}

/// Whether a text is one variable and nothing else.
fn is_variable(text: &str) -> bool {
    text.starts_with(PREFIX) && variable_name(text).is_some()
}

/// Whether there is no line break, but perhaps one at the end.
fn is_one_line(template: &str) -> bool {
    !template.trim_end().contains(['\n', '\r'])
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTTP_CLF: &str = "$context.identity.sourceIp - - [$context.requestTime] \"$context.httpMethod $context.routeKey $context.protocol\" $context.status $context.responseLength $context.requestId";
    const WEBSOCKET_CLF: &str = "$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime] \"$context.eventType $context.routeKey $context.connectionId\" $context.status $context.requestId";
    const REST_CLF: &str = "$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime]\"$context.httpMethod $context.resourcePath $context.protocol\" $context.status $context.responseLength $context.requestId $context.extendedRequestId";
    const JSON: &str =
        r#"{ "requestId":"$context.requestId", "ip": "$context.identity.sourceIp", "status":$context.status }"#;
    const XML: &str = r#"<request id="$context.requestId"> <ip>$context.identity.sourceIp</ip> <status>$context.status</status> </request>"#;
    const CSV: &str = "$context.identity.sourceIp,$context.requestTime,$context.httpMethod,$context.status";

    #[test]
    fn each_sample_has_its_own_format_and_no_other() {
        for (sample, format) in [
            (HTTP_CLF, Format::Clf),
            (WEBSOCKET_CLF, Format::Clf),
            (REST_CLF, Format::Clf),
            (JSON, Format::Json),
            (XML, Format::Xml),
            (CSV, Format::Csv),
        ] {
            for other in Format::ALL {
                assert_eq!(other.fits(sample), other == format, "{other:?}: {sample}");
                assert_eq!(other.fits(&format!("{sample}\n")), other == format, "{other:?}: a line break at the end");
            }
        }
        for nothing in ["", "$context.requestId", "text"] {
            assert!(Format::ALL.iter().all(|format| !format.fits(nothing)), "{nothing:?}");
        }
    }

    #[test]
    fn json_is_judged_with_numbers_for_bare_variables() {
        for (template, fits) in [
            (r#"{"latency": $context.integration.latency}"#, true),
            (r#"{"a": "$context.error.message", "b": {"c": [$context.status, null]}}"#, true),
            (r#"{"a": "say \"$context.path\" {"}"#, true),
            (r#"{"é": "$context.path", "b": $context.authorizer.my-key}"#, true),
            ("{\n  \"a\": \"$context.path\"\n}\n", true),
            (r#"{"a": $context.status,}"#, false),
            (r#"{"a": $context.status"#, false),
            (r#"{"a": $context.status$context.path}"#, false),
            (r#"{$context.status: "a"}"#, false),
            (r#"{"a": $context.}"#, false),
            (r#"{"a": $request.id}"#, false),
            (r#"["$context.path"]"#, false),
            (r#""$context.path""#, false),
            (r#"{"a": "$context.path\"#, false),
            ("{'a': '$context.path'}", false),
        ] {
            assert_eq!(Format::Json.fits(template), fits, "{template}");
        }
    }

    #[test]
    fn clf_has_its_fields_in_order() {
        let with = |from: &str, to: &str| HTTP_CLF.replace(from, to);
        for (template, fits) in [
            (format!("{HTTP_CLF} \"$context.identity.userAgent\" -"), true),
            (with(" $context.responseLength $context.requestId", ""), true),
            (with(" $context.status $context.responseLength $context.requestId", ""), false),
            (with("[$context.requestTime]", "$context.requestTime"), false),
            (with("[$context.requestTime]", "[$context.requestTimeEpoch]"), false),
            (with(" - - ", " - "), false),
            (with("$context.identity.sourceIp", "-"), false),
            (with("\"", ""), false),
            (with("\" ", " "), false),
            (with(" $context.status", "\n$context.status"), false),
            (with("$context.status", "200"), false),
        ] {
            assert_eq!(Format::Clf.fits(&template), fits, "{template}");
        }
    }

    #[test]
    fn xml_is_one_well_formed_element() {
        for (template, fits) in [
            ("<r>$context.requestId</r>", true),
            ("<r id='$context.requestId'/>", true),
            ("<r><a><![CDATA[$context.identity.userAgent]]></a><!-- who --></r>", true),
            ("<l:r>$context.requestId &amp; &#38;</l:r >", true),
            ("<r>\n  <id>$context.requestId</id>\n</r>\n", true),
            ("<r>text</r>", false),
            ("<r>$context.requestId", false),
            ("<r>$context.requestId</s>", false),
            ("<r><a>$context.requestId</r></a>", false),
            ("<r>$context.requestId</r><r/>", false),
            ("<r>$context.requestId</r> $context.status", false),
            ("<r>$context.requestId & $context.status</r>", false),
            ("<r a='1' a='2'>$context.requestId</r>", false),
            ("<$context.requestId/>", false),
            ("<r id=$context.requestId/>", false),
            ("<!DOCTYPE r><r>$context.requestId</r>", false),
        ] {
            assert_eq!(Format::Xml.fits(template), fits, "{template}");
        }
    }

    #[test]
    fn csv_is_values_with_commas_between() {
        for (template, fits) in [
            ("$context.requestId,$context.status", true),
            ("\"$context.requestId\", \"$context.error.message, \"\"so\"\"\"", true),
            ("v1,$context.requestId,,$context.status", true),
            ("$context.httpMethod $context.path,[$context.requestTime]", true),
            ("$context.requestId;$context.status", false),
            ("$context.requestId,status", false),
            ("\"$context.requestId,$context.status\"", false),
            ("\"$context.requestId\" x,$context.status", false),
            ("\"$context.requestId,$context.status", false),
            ("{$context.requestId,$context.status}", false),
            ("$context.requestId,\n$context.status", false),
        ] {
            assert_eq!(Format::Csv.fits(template), fits, "{template}");
        }
    }

    #[test]
    fn a_variable_is_found_by_its_whole_name() {
        let of = |template| variables(template).collect::<Vec<_>>();
        assert_eq!(of("$context.statusCode $context.status."), ["statusCode", "status"]);
        assert_eq!(of("$context.requestId-$context.identity.sourceIp..x"), ["requestId", "identity.sourceIp"]);
        assert_eq!(of("$context.authorizer.my-key- $context. $contextx $context.é"), ["authorizer.my-key"]);
        assert_eq!(variable_name("$context.identity.sourceIp"), Some("identity.sourceIp"));
        assert_eq!(variable_name("status"), Some("status"));
        for wrong in ["", "$context.", "a b", "a.", ".a", "a..b", "$request.id", "context-id"] {
            assert_eq!(variable_name(wrong), None, "{wrong}");
        }
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
