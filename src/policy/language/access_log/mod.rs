//! The template of an access log: the `$context` variables in it, and which of four formats it has.
//!
//! The formats are those whose samples the API Gateway console offers. What is judged is the template, before any
//! request fills it in.

mod variable;

use std::ops::Range;

use xmlparser::{ElementEnd, Error as XmlError, StreamError, Token, Tokenizer};

use self::variable::at_variable;
pub use self::variable::{VARIABLES, Variable, misspelt, variable_name, variables, written_name};

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

    /// True if a template has the format.
    #[must_use]
    pub fn fits(self, template: &str) -> bool {
        self.check(template).is_ok()
    }

    /// Checks a template.
    ///
    /// # Errors
    /// The place at which it leaves the format.
    pub fn check(self, template: &str) -> Result<(), Break> {
        match self {
            Self::Json => json(template),
            Self::Clf => clf(template),
            Self::Xml => xml(template),
            Self::Csv => csv(template),
        }
    }
}

/// The place at which a template leaves its format, and the reason. Neither quotes the template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Break {
    /// The byte; `None` where the template as a whole is not enough.
    at: Option<usize>,
    why: &'static str,
}

impl Break {
    const fn at(at: usize, why: &'static str) -> Self {
        Self { at: Some(at), why }
    }

    /// The column in the template, or the line and the column, and the reason.
    #[must_use]
    pub fn words(&self, template: &str) -> String {
        let why = self.why;
        let Some(before) = self.at.and_then(|at| template.get(..at)) else {
            return why.to_owned();
        };
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        if template.trim_end().contains('\n') {
            format!("at line {line}, column {column}: {why}")
        } else {
            format!("at column {column}: {why}")
        }
    }
}

/// A JSON object, once each variable outside of quotes is taken for a number: `{"status": $context.status}` is one,
/// though not by its letters.
fn json(template: &str) -> Result<(), Break> {
    let start = template.len() - template.trim_start().len();
    match template[start..].chars().next() {
        Some('{') => {}
        Some('"') => return Err(Break::at(start, "a text in quotes, not an object")),
        Some('[') => return Err(Break::at(start, "a list, not an object")),
        _ => return Err(Break::at(start, "an object begins with `{`")),
    }
    let mut json = String::with_capacity(template.len());
    // The places behind variables that were replaced: in the JSON, and in the template.
    let mut places = vec![(0, 0)];
    let (mut at, mut quoted) = (0, false);
    while let Some(next) = template[at..].chars().next() {
        let rest = &template[at..];
        if let Some(variable) = at_variable(rest).filter(|_| !quoted) {
            json.push('0');
            at += variable.length;
            places.push((json.len(), at));
            continue;
        }
        let taken = match next {
            // An escaped quote cannot end a quotation.
            '\\' if quoted => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            '"' => {
                quoted = !quoted;
                1
            }
            other => other.len_utf8(),
        };
        json.push_str(&rest[..taken]);
        at += taken;
    }
    let Err(error) = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&json)
    else {
        return Ok(());
    };
    let found = offset(&json, error.line(), |line| {
        error.column().saturating_sub(1).min(line.len())
    });
    let found = if error.is_eof() { json.len() } else { found };
    let (known, place) = places
        .into_iter()
        .rev()
        .find(|(known, _)| *known <= found)
        .unwrap_or_default();
    let at = place + (found - known);
    let behind = template.get(at..).unwrap_or_default();
    Err(Break::at(at, not_json(&error.to_string(), behind)))
}

/// The reason why a text is not JSON, in the parser's words and ours; `behind` begins at the place.
fn not_json(problem: &str, behind: &str) -> &'static str {
    const REASONS: [(&str, &str); 10] = [
        ("key must be a string", "a key is not in double quotes"),
        ("expected `,` or `}`", "`,` or `}` is missing"),
        ("expected `,` or `]`", "`,` or `]` is missing"),
        ("expected `:`", "the `:` behind a key is missing"),
        ("trailing comma", "nothing follows a comma"),
        ("trailing characters", "something follows the object"),
        ("EOF", "it ends too early"),
        (
            "control character",
            "a line break or another control character in a text",
        ),
        ("invalid escape", "not an escape of JSON after the `\\`"),
        (
            "expected value",
            "a value is missing, or a text is not in double quotes",
        ),
    ];
    if problem.starts_with("trailing characters") && behind.starts_with("\\n") {
        return "a `\\` and an `n` follow the object, where a line break was meant";
    }
    REASONS
        .iter()
        .find(|(start, _)| problem.starts_with(start))
        .map_or("this is not JSON", |(_, reason)| reason)
}

/// The byte at a place in a line, which begins with 1.
fn offset(text: &str, line: usize, within: impl FnOnce(&str) -> usize) -> usize {
    let start: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    start + within(text.get(start..).unwrap_or_default())
}

/// The Common Log Format, as AWS writes it: host, identity and user, each one variable or `-`, and the host no `-`;
/// `[$context.requestTime]`; the request in quotes, with a variable; the status, a variable; then, if anything, more
/// variables, `-`, or texts in quotes. Spaces are between them; before the request the space may be missing. One
/// line.
fn clf(template: &str) -> Result<(), Break> {
    const TIME: &str = "[$context.requestTime]";
    one_line(template)?;
    let skip = |at: usize| at + (template[at..].len() - template[at..].trim_start().len());
    let ends = |at: usize| match template[at..].chars().next() {
        Some(next) if !next.is_whitespace() => Err(Break::at(at, "a space is missing")),
        _ => Ok(()),
    };
    // A variable, or `-`.
    let field = |at: usize, why: &'static str| {
        let variable = at_variable(&template[at..]).map(|variable| variable.length);
        let length = variable.or(template[at..].starts_with('-').then_some(1));
        length.map(|length| at + length).ok_or(Break::at(at, why))
    };
    let mut at = skip(0);
    if at_variable(&template[at..]).is_none() {
        return Err(Break::at(at, "the host, a variable, is missing"));
    }
    for why in [
        "",
        "the identity, a variable or `-`, is missing",
        "the user, a variable or `-`, is missing",
    ] {
        at = field(skip(at), why)?;
        if !template[at..].starts_with('[') {
            ends(at)?;
        }
    }
    at = skip(at);
    if !template[at..].starts_with(TIME) {
        return Err(Break::at(at, "`[$context.requestTime]` is missing"));
    }
    at = skip(at + TIME.len());
    let Some(request) = template[at..].strip_prefix('"') else {
        return Err(Break::at(at, "the request in double quotes is missing"));
    };
    let Some((request, _)) = request.split_once('"') else {
        return Err(Break::at(at, UNCLOSED));
    };
    if variables(request).next().is_none() {
        return Err(Break::at(at, "the request has no variable"));
    }
    at = skip(at + request.len() + 2);
    if at_variable(&template[at..]).is_none() {
        return Err(Break::at(at, "the status, a variable, is missing"));
    }
    while at < template.len() {
        at = match template[at..].strip_prefix('"') {
            Some(rest) => at + rest.find('"').ok_or(Break::at(at, UNCLOSED))? + 2,
            None => field(at, "neither a variable nor `-` nor a text in double quotes")?,
        };
        ends(at)?;
        at = skip(at);
    }
    Ok(())
}

const UNCLOSED: &str = "a quote is not closed";

/// One element that is well-formed and has a variable in it: its tags fit, no attribute is there twice, and `&` begins
/// a reference. Declarations, processing instructions and document types are not for a line of a log.
fn xml(template: &str) -> Result<(), Break> {
    const REFERENCE: &str = "the `&` begins no reference such as `&amp;`";
    let mut open: Vec<(&str, usize)> = Vec::new();
    let mut attributes: Vec<&str> = Vec::new();
    let mut roots = 0;
    for token in Tokenizer::from_fragment(template, 0..template.len()) {
        let token = token.map_err(|error| not_xml(template, &error))?;
        let Range { start, .. } = token.span().range();
        let why = match token {
            Token::ElementStart { span, .. } => {
                attributes.clear();
                open.push((&span.as_str()[1..], start));
                roots += usize::from(open.len() == 1);
                (roots > 1).then_some("there is more than one element")
            }
            Token::Attribute { span, value, .. } => {
                let name = span
                    .as_str()
                    .split('=')
                    .next()
                    .unwrap_or_default()
                    .trim_end();
                let twice = attributes.contains(&name);
                attributes.push(name);
                match references_are_whole(value.as_str()) {
                    _ if twice => Some("duplicate attribute"),
                    true => None,
                    false => Some(REFERENCE),
                }
            }
            Token::ElementEnd {
                end: ElementEnd::Open,
                ..
            } => None,
            Token::ElementEnd {
                end: ElementEnd::Empty,
                ..
            } => {
                open.pop();
                None
            }
            Token::ElementEnd {
                end: ElementEnd::Close(..),
                span,
            } => {
                let name = span
                    .as_str()
                    .trim_start_matches("</")
                    .trim_end_matches('>')
                    .trim_end();
                (open.pop().map(|(open, _)| open) != Some(name))
                    .then_some("the tag closes another element")
            }
            Token::Text { text } if !references_are_whole(text.as_str()) => Some(REFERENCE),
            Token::Text { text } if open.is_empty() && !text.as_str().trim().is_empty() => {
                Some("text outside of the element")
            }
            Token::Cdata { .. } if open.is_empty() => Some("text outside of the element"),
            Token::Text { .. } | Token::Cdata { .. } | Token::Comment { .. } => None,
            _ => Some("declarations and the like are not for a log entry"),
        };
        if let Some(why) = why {
            return Err(Break::at(start, why));
        }
    }
    match open.pop() {
        Some((_, start)) => Err(Break::at(start, "the element is not closed")),
        None if roots == 0 => Err(Break {
            at: None,
            why: "there is no element in it",
        }),
        None if variables(template).next().is_none() => Err(Break {
            at: None,
            why: "there is no variable in it",
        }),
        None => Ok(()),
    }
}

fn not_xml(template: &str, error: &XmlError) -> Break {
    let (cause, place) = match *error {
        XmlError::InvalidComment(cause, place)
        | XmlError::InvalidElement(cause, place)
        | XmlError::InvalidAttribute(cause, place)
        | XmlError::InvalidCdata(cause, place)
        | XmlError::InvalidCharData(cause, place) => (Some(cause), place),
        other => (None, other.pos()),
    };
    // The cause knows the place better: the error has that of the whole token.
    let (why, place) = match cause {
        Some(StreamError::InvalidQuote(_, place)) => {
            ("the value of an attribute is not in quotes", place)
        }
        Some(StreamError::InvalidSpace(_, place)) => ("a space is missing", place),
        Some(
            StreamError::InvalidChar(_, _, place)
            | StreamError::InvalidCharMultiple(_, _, place)
            | StreamError::InvalidString(_, place),
        ) => ("another character belongs here", place),
        Some(StreamError::NonXmlChar(_, place)) => ("a control character is not for XML", place),
        Some(StreamError::InvalidName) => ("not a valid XML name", place),
        Some(StreamError::UnexpectedEndOfStream) => ("what begins here does not end", place),
        _ => ("this is not well-formed XML", place),
    };
    let column = place.col.saturating_sub(1) as usize;
    let within = |line: &str| {
        line.char_indices()
            .nth(column)
            .map_or(line.len(), |(at, _)| at)
    };
    Break::at(offset(template, place.row as usize, within), why)
}

/// True if each `&` begins a reference such as `&lt;` or `&#38;`.
fn references_are_whole(text: &str) -> bool {
    text.split('&').skip(1).all(|rest| {
        rest.split_once(';').is_some_and(|(name, _)| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '#')
        })
    })
}

/// Values with commas between them; at least two have a variable. A value in double quotes may hold anything
/// (`""` is a quote); one without them has no `"`, `<`, `>`, `{` or `}`, which belong to the other formats. One line.
fn csv(template: &str) -> Result<(), Break> {
    one_line(template)?;
    let (mut values, mut start, mut quote) = (Vec::new(), 0, None);
    for (at, c) in template.trim_end().char_indices() {
        match c {
            ',' if quote.is_none() => {
                values.push(start..at);
                start = at + 1;
            }
            '"' => quote = if quote.is_none() { Some(at) } else { None },
            _ => {}
        }
    }
    if let Some(at) = quote {
        return Err(Break::at(at, UNCLOSED));
    }
    values.push(start..template.trim_end().len());
    let mut with_variable = 0;
    for Range { start, end } in values {
        let value = template.get(start..end).unwrap_or_default();
        let start = start + (value.len() - value.trim_start().len());
        let value = value.trim();
        with_variable += usize::from(variables(value).next().is_some());
        let (wrong, why) = match value
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
        {
            Some(inner) => {
                let doubled = inner.replace("\"\"", "__");
                (
                    doubled.find('"').map(|at| at + 1),
                    "a quote inside quotes is written twice",
                )
            }
            None => {
                let why = "a value with `\"`, `<`, `>`, `{` or `}` must be wholly in double quotes";
                (value.find(['"', '<', '>', '{', '}']), why)
            }
        };
        if let Some(at) = wrong {
            return Err(Break::at(start + at, why));
        }
    }
    let few = Break {
        at: None,
        why: "fewer than two of its values have a variable",
    };
    if with_variable < 2 { Err(few) } else { Ok(()) }
}

/// A line break is allowed only at the end.
fn one_line(template: &str) -> Result<(), Break> {
    match template.trim_end().find(['\n', '\r']) {
        Some(at) => Err(Break::at(at, "a log entry is one line")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTTP_CLF: &str = "$context.identity.sourceIp - - [$context.requestTime] \"$context.httpMethod $context.routeKey $context.protocol\" $context.status $context.responseLength $context.requestId";
    const WEBSOCKET_CLF: &str = "$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime] \"$context.eventType $context.routeKey $context.connectionId\" $context.status $context.requestId";
    const REST_CLF: &str = "$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime]\"$context.httpMethod $context.resourcePath $context.protocol\" $context.status $context.responseLength $context.requestId $context.extendedRequestId";
    const JSON: &str = r#"{ "requestId":"$context.requestId", "ip": "$context.identity.sourceIp", "status":$context.status }"#;
    const XML: &str = r#"<request id="$context.requestId"> <ip>$context.identity.sourceIp</ip> <status>$context.status</status> </request>"#;
    const CSV: &str =
        "$context.identity.sourceIp,$context.requestTime,$context.httpMethod,$context.status";

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
                assert_eq!(
                    other.fits(&format!("{sample}\n")),
                    other == format,
                    "{other:?}: a line break at the end"
                );
            }
        }
        for nothing in ["", "$context.requestId", "text"] {
            assert!(
                Format::ALL.iter().all(|format| !format.fits(nothing)),
                "{nothing:?}"
            );
        }
    }

    #[test]
    fn json_is_judged_with_numbers_for_bare_variables() {
        for (template, fits) in [
            (r#"{"latency": $context.integration.latency}"#, true),
            (
                r#"{"a": "$context.error.message", "b": {"c": [$context.status, null]}}"#,
                true,
            ),
            (r#"{"a": "say \"$context.path\" {"}"#, true),
            (
                r#"{"é": "$context.path", "b": $context.authorizer.my-key}"#,
                true,
            ),
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
            (
                format!("{HTTP_CLF} \"$context.identity.userAgent\" -"),
                true,
            ),
            (
                with(" $context.responseLength $context.requestId", ""),
                true,
            ),
            (
                with(
                    " $context.status $context.responseLength $context.requestId",
                    "",
                ),
                false,
            ),
            (
                with("[$context.requestTime]", "$context.requestTime"),
                false,
            ),
            (
                with("[$context.requestTime]", "[$context.requestTimeEpoch]"),
                false,
            ),
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
            (
                "<r><a><![CDATA[$context.identity.userAgent]]></a><!-- who --></r>",
                true,
            ),
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
            (
                "\"$context.requestId\", \"$context.error.message, \"\"so\"\"\"",
                true,
            ),
            ("v1,$context.requestId,,$context.status", true),
            (
                "$context.httpMethod $context.path,[$context.requestTime]",
                true,
            ),
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
    fn what_leaves_a_format_is_told_with_its_column() {
        let clf =
            |from: &str, to: &str, words| (Format::Clf, HTTP_CLF.replacen(from, to, 1), words);
        let json = |template: &str, words| (Format::Json, template.to_owned(), words);
        let xml = |template: &str, words| (Format::Xml, template.to_owned(), words);
        let csv = |template: &str, words| (Format::Csv, template.to_owned(), words);
        for (format, template, words) in [
            json(
                r#"{"é": "$context.path",b": 1}"#,
                "at column 23: a key is not in double quotes",
            ),
            json(
                r#"{"a": $context.integration.latency, b: 1}"#,
                "at column 37: a key is not in double quotes",
            ),
            json(
                r#"{"a": $context.status "b": 1}"#,
                "at column 23: `,` or `}` is missing",
            ),
            json(
                r#"{"a": [$context.status "b"]}"#,
                "at column 24: `,` or `]` is missing",
            ),
            json(
                r#"{"a" $context.status}"#,
                "at column 6: the `:` behind a key is missing",
            ),
            json(
                r#"{"a": $context.status,}"#,
                "at column 23: nothing follows a comma",
            ),
            json(
                r#"{"a": status}"#,
                "at column 7: a value is missing, or a text is not in double quotes",
            ),
            json(
                r#"{"a": $context.status"#,
                "at column 22: it ends too early",
            ),
            json(
                r#""{\"a\": \"$context.path\"}""#,
                "at column 1: a text in quotes, not an object",
            ),
            json("[1]", "at column 1: a list, not an object"),
            json("$context.status", "at column 1: an object begins with `{`"),
            json(
                r#"{"a": 1}\n"#,
                "at column 9: a `\\` and an `n` follow the object, where a line break was meant",
            ),
            json(
                r#"{"a": 1} x"#,
                "at column 10: something follows the object",
            ),
            json(
                "{\n  \"a\": $context.status,\n  b: 1\n}\n",
                "at line 3, column 3: a key is not in double quotes",
            ),
            json(
                r#"{"a": "\d"}"#,
                "at column 9: not an escape of JSON after the `\\`",
            ),
            json("{'a': 1}", "at column 2: a key is not in double quotes"),
            clf(
                "$context.identity.sourceIp",
                "-",
                "at column 1: the host, a variable, is missing",
            ),
            clf(
                " - - ",
                " - ",
                "at column 30: the user, a variable or `-`, is missing",
            ),
            clf(
                "[$context.requestTime]",
                "$context.requestTime",
                "at column 32: `[$context.requestTime]` is missing",
            ),
            clf(
                "\"",
                "",
                "at column 55: the request in double quotes is missing",
            ),
            clf(
                "$context.status",
                "200",
                "at column 113: the status, a variable, is missing",
            ),
            clf(
                " $context.status",
                "\n$context.status",
                "at line 1, column 112: a log entry is one line",
            ),
            clf(
                "$context.responseLength",
                "x",
                "at column 129: neither a variable nor `-` nor a text in double quotes",
            ),
            xml(
                "<r>$context.requestId",
                "at column 1: the element is not closed",
            ),
            xml(
                "<r><é>$context.requestId</r></é>",
                "at column 25: the tag closes another element",
            ),
            xml(
                "<r>$context.requestId</r> x",
                "at column 26: text outside of the element",
            ),
            xml(
                "<r>$context.requestId</r><r/>",
                "at column 26: there is more than one element",
            ),
            xml(
                "<r id=$context.requestId/>",
                "at column 7: the value of an attribute is not in quotes",
            ),
            xml(
                "<r a='1' a='2'>$context.requestId</r>",
                "at column 10: duplicate attribute",
            ),
            xml(
                "<r>$context.requestId</r",
                "at column 22: what begins here does not end",
            ),
            xml("<$context.requestId/>", "at column 1: not a valid XML name"),
            xml("<r>x</r>", "there is no variable in it"),
            xml("", "there is no element in it"),
            csv(
                "$context.requestId,\"$context.status",
                "at column 20: a quote is not closed",
            ),
            csv(
                "$context.requestId,{$context.status}",
                "at column 20: a value with `\"`, `<`, `>`, `{` or `}` must be wholly in double quotes",
            ),
            csv(
                "\"$context.requestId\"x\"\", $context.status",
                "at column 20: a quote inside quotes is written twice",
            ),
            csv(
                "$context.requestId,status",
                "fewer than two of its values have a variable",
            ),
        ] {
            let found = format
                .check(&template)
                .map_err(|found| found.words(&template));
            assert_eq!(found, Err(words.to_owned()), "{template}");
        }
    }

    #[test]
    fn claims_may_hold_what_separates_elsewhere() {
        let claim = "$context.authorizer.claims.https://example.com/role";
        for (format, template) in [
            (
                Format::Json,
                format!(r#"{{"role": "{claim}", "id": {claim}}}"#),
            ),
            (
                Format::Clf,
                HTTP_CLF.replacen("- -", &format!("- {claim}"), 1),
            ),
            (Format::Xml, format!("<r id='{claim}'>{claim}</r>")),
            (Format::Csv, format!("{claim},\"{claim}\"")),
        ] {
            assert_eq!(format.check(&template), Ok(()), "{template}");
            let found = variables(&template)
                .filter(|variable| variable.name == claim[9..])
                .count();
            assert_eq!(
                found,
                if format == Format::Clf { 1 } else { 2 },
                "{template}"
            );
        }
    }
}
