//! Expressions: mistakes in them, the work they are, and the protocols that they apply to.

use super::Assertion;
use super::parse::{DEEPEST, SYNTAX};
use crate::model::protocol::Protocol;

/// The mistakes in an expression: each title, and the text that is marked.
fn wrong(text: &str) -> Vec<(String, String)> {
    let found = Assertion::of(text).err().unwrap_or_default();
    found
        .into_iter()
        .map(|one| (one.title, text.get(one.at).unwrap_or("(behind)").to_owned()))
        .collect()
}

#[test]
fn every_mistake_is_named_and_marked() {
    const NOWHERE: &str = "this can be evaluated on no stage";
    for (text, title, marked) in [
        ("stage.AutoDeploy ==", SYNTAX, "(behind)"),
        ("stage.AutoDeploy = true", SYNTAX, "="),
        ("stage.AutoDeploy and true", SYNTAX, "and"),
        ("'é' == api.Name &&\n  api.Name is 'x'", SYNTAX, "is"),
        ("(stage.AutoDeploy", SYNTAX, "(behind)"),
        ("stage.?AutoDeploy.orValue(true)", SYNTAX, "."),
        ("has(stage)", SYNTAX, "stage"),
        (
            "has(stage.AutoDeploy)",
            "`AutoDeploy` is always there",
            "AutoDeploy",
        ),
        ("has(stage.Tags)", "`Tags` is always there", "Tags"),
        (
            "!has(stage.AccessLogSettings)",
            "`AccessLogSettings` is always there",
            "AccessLogSettings",
        ),
        (
            "has(api.CorsConfiguration.AllowOrigins)",
            "`AllowOrigins` is always there",
            "AllowOrigins",
        ),
        (
            "has(each_route[''].LoggingLevel)",
            "`LoggingLevel` is always there",
            "LoggingLevel",
        ),
        (
            "'LoggingLevel' in each_route['']",
            "`LoggingLevel` is always there",
            "LoggingLevel",
        ),
        (
            "each_route.map(r, each_route[r]).all(s, has(s.DataTraceEnabled))",
            "`DataTraceEnabled` is always there",
            "DataTraceEnabled",
        ),
        (
            "stage['Auto' + 'Deploy']",
            "the settings of `stage` are named",
            "s",
        ),
        (
            "['AutoDeploy'].all(k, k in stage)",
            "the settings of `stage` are named",
            "s",
        ),
        (
            "stage.DefaultRouteSettings.all(k, k != '')",
            "the settings of `DefaultRouteSettings` are named",
            ".",
        ),
        (
            "[stage.DefaultRouteSettings].all(s, s[api.Name] == 1)",
            "the settings of `DefaultRouteSettings` are named",
            "s",
        ),
        (
            "each_route.all(r, r.LoggingLevel == 'OFF')",
            "a text has no members",
            "LoggingLevel",
        ),
        (
            "each_route.map(r, each_route[r]).all(s, s.Burst > 1)",
            "`route` has no setting `Burst`",
            "Burst",
        ),
        (
            "stage.Tags.cost-center == 'x'",
            "there is no `center` here",
            "center",
        ),
        (
            "stage.AutoDeploi",
            "`stage` has no setting `AutoDeploi`",
            "AutoDeploi",
        ),
        (
            "stage['AutoDeploi']",
            "`stage` has no setting `AutoDeploi`",
            "AutoDeploi",
        ),
        (
            "stage.autoDeploy",
            "`stage` has no setting `autoDeploy`",
            "autoDeploy",
        ),
        ("has(api.Names)", "`api` has no setting `Names`", "Names"),
        (
            "each_route[''].Burst > 1",
            "`route` has no setting `Burst`",
            "Burst",
        ),
        (
            "each_route.all(r, each_route[r].Burst > 1)",
            "`route` has no setting `Burst`",
            "Burst",
        ),
        (
            "stage.Tags.owner.x == 'x'",
            "`value` is a text, which has no members",
            "x",
        ),
        ("stages.AutoDeploy", "there is no `stages` here", "stages"),
        (
            "each-route.all(r, r == '')",
            "there is no `each-route` here",
            "each-route",
        ),
        (
            "stage.Tags.all(k, key == 'x')",
            "there is no `key` here",
            "key",
        ),
        (
            "stage.Tags.all(k, k == '') && k == ''",
            "there is no `k` here",
            "k",
        ),
        (
            "stage.Tags.all(k)",
            "`all` is written `LIST.all(x, TEST)`",
            "all",
        ),
        (
            "stage.StageName.size(1)",
            "`size` is written `size(VALUE)` or `VALUE.size()`",
            "size",
        ),
        (
            "startsWith(stage.StageName, 'x')",
            "`startsWith` is written `TEXT.startsWith(TEXT)`",
            "startsWith",
        ),
        (
            "stage.StageName.lower() == 'x'",
            "there is no function `lower`",
            "lower",
        ),
        (
            "optional.of(stage.StageName) == 'x'",
            "there is no function `of`",
            "of",
        ),
        (
            "re(stage.StageName, '(')",
            "this is not a regular expression",
            "'('",
        ),
        (
            "re(stage.StageName, api.Name)",
            "the regular expression of `re` is written out",
            ".",
        ),
        (
            "stage.StageName.matches('(')",
            "this is not a regular expression",
            "'('",
        ),
        (
            "matches(stage.StageName, api.Name)",
            "the regular expression of `matches` is written out",
            ".",
        ),
        (
            "stage.StageName.re('x')",
            "`re` is written `re(TEXT, \"REGEX\")`",
            "re",
        ),
        (
            "Foo{a: stage.AutoDeploy}.a",
            "there are no messages here",
            "Foo",
        ),
        (
            "stage.Description != null",
            "nothing is ever null here",
            "null",
        ),
        (
            "stage.AutoDeploy == 'true'",
            "`AutoDeploy` is a boolean, and this is a text",
            "'true'",
        ),
        (
            "1 == stage.StageName",
            "`StageName` is a text, and this is a number",
            "1",
        ),
        (
            "stage.DefaultRouteSettings.LoggingLevel == 'WARN'",
            "`LoggingLevel` is never `WARN`",
            "'WARN'",
        ),
        (
            "stage.Tags == 1",
            "`Tags` is a map, and this is a number",
            "1",
        ),
    ] {
        assert_eq!(
            wrong(text),
            [(title.to_owned(), marked.to_owned())],
            "{text}"
        );
    }
    let whole =
        |text: &str, title: &str| assert_eq!(wrong(text), [(title.to_owned(), text.to_owned())]);
    whole("true", "this tests nothing");
    whole("[1, 2].all(x, x > 0)", "this tests nothing");
    whole("stage.StageName", NOWHERE);
    whole("stage.AutoDeploy || stage.StageName", NOWHERE);
    whole(
        "api.ProtocolType == 'HTTP' || stage.Tags.owner > 1",
        NOWHERE,
    );
    whole("size(stage.Tags)", NOWHERE);
    whole("stage.AutoDeploy > 'x'", NOWHERE);
    whole("stage.StageName.startsWith(1)", NOWHERE);
    whole(
        "stage.DefaultRouteSettings.ThrottlingRateLimit * 2 > 5.0",
        NOWHERE,
    );
    whole(
        &format!("stage.AutoDeploy{}", " || stage.AutoDeploy".repeat(110)),
        "the expression is too long",
    );
    whole(
        &format!("stage.StageName == 'x'{}", " + 'x'".repeat(DEEPEST + 2)),
        "nested too deeply",
    );
}

#[test]
fn the_way_out_is_shown() {
    for (text, help) in [
        (
            "has(stage.Tags[\"a-b\"])",
            "for a key in brackets, write `\"a-b\" in stage.Tags`",
        ),
        (
            "stage.Tags.cost-center == 'x'",
            "write `stage.Tags[\"cost-center\"]`",
        ),
        (
            "each_route.all(r, r.ThrottlingRateLimit > 1)",
            "`r` is a key: write `each_route[r].ThrottlingRateLimit`",
        ),
        ("StageName == 'prod'", "write `stage.StageName`"),
        ("Name == 'shop'", "write `api.Name`"),
        ("account == 111122223333", "write `\"111122223333\"`"),
        ("len(stage.Tags) > 1", "the size is `size(VALUE)`"),
        (
            "stage.StageName.lower() == 'x'",
            "case does not matter in `TEXT.matches(\"(?i)REGEX\")`",
        ),
        (
            "stage.Tags.keys() == []",
            "a map is iterated by its keys: `MAP.all(k, …)`, `MAP.map(k, k)`",
        ),
        (
            "has(stage.AutoDeploy)",
            "write `stage.AutoDeploy`, or `!stage.AutoDeploy`; a boolean that is not set is false",
        ),
        ("has(stage.Tags)", "write `size(stage.Tags) > 0`"),
        (
            "has(stage.DefaultRouteSettings.LoggingLevel)",
            "write `stage.DefaultRouteSettings.LoggingLevel != 'OFF'`; not set, it is OFF",
        ),
        (
            "has(stage.AccessLogSettings)",
            "ask for a setting in it, as in `has(stage.AccessLogSettings.DestinationArn)`",
        ),
    ] {
        assert_eq!(
            Assertion::of(text).unwrap_err().remove(0).help,
            [help],
            "{text}"
        );
    }
    let label = Assertion::of("stage.DefaultRouteSettings.ThrottlingRateLimit * 2 > 5.0")
        .unwrap_err()
        .remove(0)
        .label;
    assert_eq!(
        label,
        "`*` cannot take double and int; a whole number beside a double is written `2.0`"
    );
}

#[test]
fn a_part_that_is_no_test_is_told_from_the_whole() {
    let label = |text| Assertion::of(text).unwrap_err().remove(0).label;
    assert_eq!(
        label("stage.StageName"),
        "it gives string, not true or false"
    );
    assert_eq!(
        label("stage.AutoDeploy || !size(stage.Tags)"),
        "a part of it gives int, not true or false"
    );
    assert_eq!(
        label("stage.AutoDeploy || size(stage.Tags) > 'x'"),
        "`>` cannot take int and string"
    );
}

#[test]
fn work_is_bounded_before_any_stage_is_seen() {
    const TOO_MUCH: &str = "this is too much work";
    let all = |names: &[&str]| {
        let macros: Vec<_> = names
            .iter()
            .map(|name| format!("each_route.all({name}, "))
            .collect();
        format!("{}a != ''{}", macros.concat(), ")".repeat(names.len()))
    };
    assert_eq!(wrong(&all(&["a", "b"])), []);
    assert_eq!(wrong(&all(&["a", "b", "c"]))[0].0, TOO_MUCH);
    let literals = format!("[{}]", ["1"; 400].join(","));
    assert_eq!(
        wrong(&format!("{literals}.all(a, a > 0 && stage.AutoDeploy)")),
        []
    );
    assert_eq!(
        wrong(&format!(
            "{literals}.all(a, each_route.all(b, each_route.all(c, c == b)))"
        ))[0]
            .0,
        TOO_MUCH
    );
    // Each step doubles the text.
    let doubling = format!("['x']{}[0] == api.Name", ".map(a, a + a)".repeat(12));
    assert_eq!(wrong(&doubling)[0].0, TOO_MUCH);
    let doubling = format!("[each_route]{}.size() > 0", ".map(a, [a, a])".repeat(12));
    assert_eq!(wrong(&doubling)[0].0, TOO_MUCH);
}

#[test]
fn it_applies_to_the_protocols_that_have_what_it_reads() {
    const WEBSOCKET: &[Protocol] = &[Protocol::WebSocket];
    let logs = "stage.DefaultRouteSettings.LoggingLevel == 'INFO'";
    for (text, on) in [
        ("stage.AutoDeploy", &Protocol::ALL[..]),
        (logs, WEBSOCKET),
        ("each_route['GET /'].LoggingLevel == 'INFO'", WEBSOCKET),
        (
            "stage.Tags.all(k, stage.Tags[k] == stage.ClientCertificateId)",
            WEBSOCKET,
        ),
        (&format!("api.ProtocolType == 'HTTP' || {logs}"), WEBSOCKET),
        (
            &format!("stage.AutoDeploy || stage.AutoDeploy && {logs}"),
            WEBSOCKET,
        ),
        ("has(stage.ClientCertificateId)", WEBSOCKET),
        ("'ClientCertificateId' in stage", WEBSOCKET),
        ("stage['ClientCertificateId'].startsWith('x')", WEBSOCKET),
        (
            "has(stage.ClientCertificateId) ? stage.AutoDeploy : !stage.AutoDeploy",
            WEBSOCKET,
        ),
        (
            "size(api.CorsConfiguration.AllowOrigins) > 0",
            &[Protocol::Http],
        ),
        (
            "has(stage.ClientCertificateId) || size(api.CorsConfiguration.AllowOrigins) > 0",
            &[],
        ),
        // However the settings come to a name.
        (
            "each_route.map(r, each_route[r]).all(s, s.LoggingLevel != 'OFF')",
            WEBSOCKET,
        ),
        (
            "each_route.map(r, each_route[r]).filter(s, s.DataTraceEnabled) == []",
            WEBSOCKET,
        ),
        (
            "[stage.DefaultRouteSettings][0].LoggingLevel == 'INFO'",
            WEBSOCKET,
        ),
        (
            "([] + [stage.DefaultRouteSettings])[0].LoggingLevel == 'INFO'",
            WEBSOCKET,
        ),
        (
            "{'a': stage.DefaultRouteSettings}.a.LoggingLevel == 'INFO'",
            WEBSOCKET,
        ),
        (
            "[{'a': stage.DefaultRouteSettings}].all(m, m['a'].LoggingLevel == 'INFO')",
            WEBSOCKET,
        ),
        (
            "(stage.AutoDeploy ? each_route[''] : stage.DefaultRouteSettings).LoggingLevel == 'INFO'",
            WEBSOCKET,
        ),
        ("[stage].all(s, !has(s.ClientCertificateId))", WEBSOCKET),
        // Keys that are called so are no settings, and a struct as a whole is what the protocol has of it.
        (
            "stage.StageVariables.LoggingLevel == 'INFO'",
            &Protocol::ALL,
        ),
        (
            "stage.Tags['ClientCertificateId'] == 'x' && 'LoggingLevel' in stage.Tags",
            &Protocol::ALL,
        ),
        (
            "{'LoggingLevel': stage.DefaultRouteSettings}.LoggingLevel.DetailedMetricsEnabled",
            &Protocol::ALL,
        ),
        (
            "stage.RouteSettings.LoggingLevel.DetailedMetricsEnabled",
            &Protocol::ALL,
        ),
        (
            "stage.DefaultRouteSettings == each_route['']",
            &Protocol::ALL,
        ),
    ] {
        let assertion = Assertion::of(text).unwrap();
        let applies: Vec<_> = Protocol::ALL
            .into_iter()
            .filter(|protocol| assertion.applies(*protocol))
            .collect();
        assert_eq!(applies, on, "{text}");
    }
}
