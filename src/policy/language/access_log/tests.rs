//! Log formats: what leaves them and where, and what each kind of format shows.

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
    let clf = |from: &str, to: &str, words| (Format::Clf, HTTP_CLF.replacen(from, to, 1), words);
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
