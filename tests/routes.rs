//! Rules that choose among the routes of a stage, and the readings of a partial route entry: a rule, a stage, and every
//! setting that fails with the reading that it hangs on.

#![expect(clippy::panic, reason = "a test that panics has failed, as it should")]

use std::sync::Arc;

use driftgate::check::{Inheritance, Options, Verdict, verdict};
use driftgate::model::catalogue::stage;
use driftgate::model::finding::{Actual, Reading};
use driftgate::model::path::Segment;
use driftgate::model::{Document, Value};
use driftgate::policy::load;
use driftgate::policy::text::diagnostic::SourceText;

/// The verdict of an `each-route` under a `match`.
fn judged(matches: &str, expect: &str, given: &str, inheritance: Inheritance) -> String {
    let selects = if matches.is_empty() {
        String::new()
    } else {
        format!("match: {matches}, ")
    };
    let rule = format!("{selects}expect: {{each-route: {expect}}}");
    of_rule(&rule, given, inheritance)
}

/// The verdict on a stage, with a line for each finding: `ROUTE MEMBER=VALUE origin (reading)`.
fn of_rule(rule: &str, given: &str, inheritance: Inheritance) -> String {
    let text = format!(
        "policy: p\nrules:\n  - {{id: r, title: t, severity: low, {rule}}}\n\
         tests:\n  - {{name: n, given: {given}, violates: []}}\n"
    );
    let policies = load(vec![Arc::new(SourceText {
        name: "p.yaml".into(),
        text,
    })])
    .unwrap_or_else(|found| panic!("{rule}: {found:#?}"));
    let (rule, example) = (
        &policies.policies[0].rules[0],
        &policies.policies[0].tests[0],
    );
    let mut stage = example.stage.clone();
    // Like a source that does not state the routes.
    if let (true, Value::Struct(members)) = (given.contains("not-stated"), &mut stage) {
        members[stage::ROUTES.at] = Value::NotStated;
    }
    let document = Document {
        read_at: None,
        account: Some(&example.account),
        region: Some(&example.region),
        api: &example.api,
        stage: &stage,
    };
    let options = Options {
        inheritance,
        ..Options::default()
    };
    match verdict(None, rule, &document, options) {
        Verdict::NotGoverned => "not governed".into(),
        Verdict::Conforms => "conforms".into(),
        Verdict::NotApplicable => "not applicable".into(),
        Verdict::Undecided(open) => {
            let paths: Vec<&str> = open.iter().map(|open| &*open.path).collect();
            format!("undecided: {}", paths.join(", "))
        }
        Verdict::Violates(failures) => {
            let lines = failures.iter().map(|failure| {
                let actual = match &failure.actual {
                    Actual::Integer(value) => value.to_string(),
                    Actual::Number(value) => value.to_string(),
                    Actual::Boolean(value) => value.to_string(),
                    Actual::Unset => "unset".to_owned(),
                    other => format!("{other:?}"),
                };
                let reading = failure
                    .reading
                    .map(|reading| format!(" ({})", reading.name()))
                    .unwrap_or_default();
                let member = failure
                    .path
                    .segments()
                    .next_back()
                    .map(Segment::name)
                    .unwrap_or_default();
                let route = failure.route().unwrap_or("default");
                format!(
                    "{route} {member}={actual} {}{reading}",
                    failure.origin.name()
                )
            });
            lines.collect::<Vec<_>>().join(" | ")
        }
    }
}

const BURST: &str = "{ThrottlingBurstLimit: {min: 1, max: 500}}";

/// The default, and the routes, of a stage.
fn stage(default: &str, routes: &str) -> String {
    format!("{{DefaultRouteSettings: {default}, RouteSettings: {routes}}}")
}

#[test]
fn match_chooses_among_routes() {
    let open = stage(
        "{ThrottlingBurstLimit: 900}",
        "{GET /health: {ThrottlingBurstLimit: 800}, GET /x: {}}",
    );
    let closed = stage(
        "{ThrottlingBurstLimit: 100}",
        "{GET /health: {ThrottlingBurstLimit: 800}, GET /x: {}}",
    );
    for (matches, given, answer) in [
        // The default has no route key, so every `not` takes it in.
        (
            "{route: {not: {like: [GET /health]}}}",
            &open,
            "default ThrottlingBurstLimit=900 stage",
        ),
        ("{route: {not: {like: [GET /health]}}}", &closed, "conforms"),
        ("{route: {not: GET /health}}", &closed, "conforms"),
        ("{}", &closed, "GET /health ThrottlingBurstLimit=800 route"),
        // Without the default, what a route inherits is the route's.
        (
            "{route: {like: \"GET *\"}}",
            &open,
            "GET /health ThrottlingBurstLimit=800 route | GET /x ThrottlingBurstLimit=900 stage",
        ),
        ("{route: GET /x}", &closed, "conforms"),
        (
            "{route: {present: true}}",
            &closed,
            "GET /health ThrottlingBurstLimit=800 route",
        ),
        (
            "{route: {present: false}}",
            &open,
            "default ThrottlingBurstLimit=900 stage",
        ),
        ("{route: {present: false}}", &closed, "conforms"),
        // None of its settings is there.
        ("{route: POST /y}", &open, "not governed"),
        ("{route: GET /x, AutoDeploy: true}", &open, "not governed"),
        (
            "{any-of: [{route: GET /health}, {AutoDeploy: true}]}",
            &closed,
            "GET /health ThrottlingBurstLimit=800 route",
        ),
    ] {
        let matches = if matches == "{}" { "" } else { matches };
        assert_eq!(
            judged(matches, BURST, given, Inheritance::Inherit),
            answer,
            "{matches} on {given}"
        );
    }
}

#[test]
fn routes_that_are_not_stated_may_be_chosen() {
    let given = "{DefaultRouteSettings: {ThrottlingBurstLimit: 100}, Description: not-stated}";
    for (matches, answer) in [
        ("", "undecided: RouteSettings"),
        ("{route: {not: GET /health}}", "undecided: RouteSettings"),
        ("{route: GET /x}", "undecided: RouteSettings"),
        // Whatever the entries are, none of them is the stage default.
        ("{route: {present: false}}", "conforms"),
        ("{route: {present: true}}", "undecided: RouteSettings"),
    ] {
        assert_eq!(
            judged(matches, BURST, given, Inheritance::Inherit),
            answer,
            "{matches}"
        );
    }
}

#[test]
fn what_keeps_a_match_open_is_told_and_nothing_else() {
    // The keys of the routes are known; the account is not.
    let text = "policy: p\nrules:\n  - {id: r, title: t, severity: low, match: {route: GET /x, account: \"111122223333\"}, expect: {each-route: {ThrottlingBurstLimit: {max: 5}}}}\n\
                tests:\n  - {name: n, given: {RouteSettings: {GET /x: {ThrottlingBurstLimit: 9}}}, violates: []}\n";
    let policies = load(vec![Arc::new(SourceText {
        name: "p.yaml".into(),
        text: text.into(),
    })])
    .unwrap_or_else(|found| panic!("{found:#?}"));
    let (rule, example) = (
        &policies.policies[0].rules[0],
        &policies.policies[0].tests[0],
    );
    let document = Document {
        account: None,
        ..example.document()
    };
    let Verdict::Undecided(open) = verdict(None, rule, &document, Options::default()) else {
        panic!("whether the route is meant is not known");
    };
    let told: Vec<_> = open
        .iter()
        .map(|open| (open.route.as_deref(), &*open.path))
        .collect();
    assert_eq!(told, [(Some("GET /x"), "account")]);
}

#[test]
fn a_partial_entry_is_read_as_it_is_asked_to_be() {
    use Inheritance::{Both, Inherit, Replace};
    let rate_only = stage(
        "{ThrottlingBurstLimit: 100}",
        "{GET /x: {ThrottlingRateLimit: 5}}",
    );
    let of_default = stage(
        "{ThrottlingBurstLimit: 900}",
        "{GET /x: {ThrottlingRateLimit: 5}}",
    );
    let own = stage(
        "{ThrottlingBurstLimit: 100}",
        "{GET /x: {ThrottlingBurstLimit: 900}}",
    );
    let metrics = stage(
        "{DetailedMetricsEnabled: true}",
        "{GET /x: {ThrottlingRateLimit: 5}}",
    );
    let replaced = "GET /x ThrottlingBurstLimit=unset unset (replace)";
    for (expect, given, inheritance, answer) in [
        (BURST, &rate_only, Inherit, "conforms"),
        (BURST, &rate_only, Replace, replaced),
        (BURST, &rate_only, Both, replaced),
        (
            BURST,
            &of_default,
            Inherit,
            "default ThrottlingBurstLimit=900 stage",
        ),
        (
            BURST,
            &of_default,
            Replace,
            "default ThrottlingBurstLimit=900 stage | GET /x ThrottlingBurstLimit=unset unset (replace)",
        ),
        (
            BURST,
            &of_default,
            Both,
            "default ThrottlingBurstLimit=900 stage | GET /x ThrottlingBurstLimit=unset unset (replace)",
        ),
        // The entry's own setting fails either way.
        (
            BURST,
            &own,
            Inherit,
            "GET /x ThrottlingBurstLimit=900 route",
        ),
        (
            BURST,
            &own,
            Replace,
            "GET /x ThrottlingBurstLimit=900 route",
        ),
        (BURST, &own, Both, "GET /x ThrottlingBurstLimit=900 route"),
        (
            "{DetailedMetricsEnabled: true}",
            &metrics,
            Inherit,
            "conforms",
        ),
        (
            "{DetailedMetricsEnabled: true}",
            &metrics,
            Replace,
            "GET /x DetailedMetricsEnabled=false implied (replace)",
        ),
        // An entry that replaces the default does not have its forbidden value.
        (
            "{DetailedMetricsEnabled: false}",
            &metrics,
            Replace,
            "default DetailedMetricsEnabled=true stage",
        ),
    ] {
        assert_eq!(
            judged("", expect, given, inheritance),
            answer,
            "{expect} on {given}, {inheritance:?}"
        );
    }
}

#[test]
fn a_finding_says_which_reading_it_hangs_on() {
    let metrics = stage(
        "{DetailedMetricsEnabled: true}",
        "{GET /x: {ThrottlingRateLimit: 5}}",
    );
    let off = "{DetailedMetricsEnabled: false}";
    let only = "{route: GET /x}";
    let inherited = "GET /x DetailedMetricsEnabled=true stage (inherit)";
    assert_eq!(judged(only, off, &metrics, Inheritance::Inherit), inherited);
    assert_eq!(judged(only, off, &metrics, Inheritance::Both), inherited);
    assert_eq!(
        judged(only, off, &metrics, Inheritance::Replace),
        "conforms"
    );
    // 900 if it inherits, not set if it does not: reported once, with the value that is there.
    let burst = stage(
        "{ThrottlingBurstLimit: 900}",
        "{GET /x: {ThrottlingRateLimit: 5}}",
    );
    let either = "GET /x ThrottlingBurstLimit=900 stage";
    assert_eq!(judged(only, BURST, &burst, Inheritance::Both), either);
    assert_eq!(judged(only, BURST, &burst, Inheritance::Inherit), either);
}

#[test]
fn what_is_shown_beside_what_fails_is_what_is_in_force() {
    let traced = "{not: {DetailedMetricsEnabled: true, ThrottlingBurstLimit: 9}}";
    let given = stage(
        "{ThrottlingRateLimit: 5}",
        "{GET /x: {DetailedMetricsEnabled: true, ThrottlingBurstLimit: 9}}",
    );
    for (inheritance, shown) in [
        (Inheritance::Inherit, true),
        (Inheritance::Replace, false),
        (Inheritance::Both, true),
    ] {
        let answer = judged("", traced, &given, inheritance);
        assert_eq!(
            answer.contains("ThrottlingRateLimit"),
            shown,
            "{inheritance:?}: {answer}"
        );
    }
}

#[test]
fn both_readings_have_names() {
    for reading in [Reading::Inherit, Reading::Replace] {
        assert_eq!(reading.other().other(), reading);
        assert!(Inheritance::from_name(reading.name()).is_some());
    }
    assert_eq!(Inheritance::from_name("both"), Some(Inheritance::Both));
    assert_eq!(Inheritance::from_name("Inherit"), None);
}

#[test]
fn route_stands_only_where_it_can_choose() {
    let titles = |policy: &str| -> Vec<String> {
        let text = SourceText {
            name: "p.yaml".into(),
            text: policy.into(),
        };
        match load(vec![Arc::new(text)]) {
            Ok(_) => Vec::new(),
            Err(found) => found.into_iter().map(|one| one.title).collect(),
        }
    };
    let rule = |matches: &str, expect: &str| {
        titles(&format!(
            "policy: p\nrules:\n  - {{id: r, title: t, severity: low, match: {matches}, expect: {expect}}}\n"
        ))
    };
    let only =
        "`route` is allowed only in the `match` of a rule that expects nothing but `each-route`";
    assert_eq!(
        rule(
            "{route: GET /x}",
            "{AutoDeploy: true, each-route: {LoggingLevel: INFO}}"
        ),
        [only]
    );
    assert_eq!(
        rule("{any-of: [{not: {route: GET /x}}]}", "{AutoDeploy: true}"),
        [only]
    );
    assert_eq!(
        rule("{StageName: prod}", "{route: GET /x}"),
        ["`route` is allowed only in `match`"]
    );
    assert_eq!(
        rule("{route: GET *}", "{each-route: {LoggingLevel: INFO}}").len(),
        1,
        "a star that is no glob"
    );
    let policy = "policy: p\nmatch: {route: x}\nrules:\n  - {id: r, title: t, severity: low, expect: {each-route: {LoggingLevel: INFO}}}\n";
    assert_eq!(titles(policy), [only]);
}

#[test]
fn in_force_looks_at_routes_with_an_entry_and_without() {
    let expect = "expect: {in-force: {POST /login: {ThrottlingRateLimit: {max: 10}}}}";
    let login = |default: &str, routes: &str| {
        of_rule(expect, &stage(default, routes), Inheritance::Inherit)
    };
    let (low, high) = ("{ThrottlingRateLimit: 5}", "{ThrottlingRateLimit: 100}");
    assert_eq!(login(low, "{}"), "conforms");
    assert_eq!(
        login(high, "{}"),
        "POST /login ThrottlingRateLimit=100 stage"
    );
    assert_eq!(
        login("{}", "{}"),
        "POST /login ThrottlingRateLimit=unset unset"
    );
    assert_eq!(
        login(high, "{POST /login: {ThrottlingRateLimit: 5}}"),
        "conforms"
    );
    assert_eq!(
        login(low, "{POST /login: {ThrottlingRateLimit: 50}}"),
        "POST /login ThrottlingRateLimit=50 route"
    );
    assert_eq!(
        login(low, "{POST /other: {ThrottlingRateLimit: 50}}"),
        "conforms"
    );
    // A partial entry is read as asked; a route without an entry has the stage default whatever was asked.
    let partial = stage(low, "{POST /login: {ThrottlingBurstLimit: 1}}");
    assert_eq!(of_rule(expect, &partial, Inheritance::Inherit), "conforms");
    for inheritance in [Inheritance::Replace, Inheritance::Both] {
        assert_eq!(
            of_rule(expect, &partial, inheritance),
            "POST /login ThrottlingRateLimit=unset unset (replace)"
        );
        assert_eq!(
            of_rule(expect, &stage(high, "{}"), inheritance),
            "POST /login ThrottlingRateLimit=100 stage"
        );
    }
    let unstated = "{DefaultRouteSettings: {ThrottlingRateLimit: 5}, Description: not-stated}";
    assert_eq!(
        of_rule(expect, unstated, Inheritance::Inherit),
        "undecided: RouteSettings.POST /login.ThrottlingRateLimit"
    );
    // What the protocol lacks drops out.
    let level = "expect: {in-force: {POST /login: {LoggingLevel: INFO}}}";
    assert_eq!(
        of_rule(level, &stage(low, "{}"), Inheritance::Inherit),
        "not applicable"
    );
}
