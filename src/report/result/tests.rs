//! Results that are read back, results that are not, and shards that do not go together.

use super::*;
use crate::model::judgement::Signal;
use crate::model::state::{Gap, Scope};
use crate::report::facts::{Run, ShardInfo, Style};
use crate::report::sample::{self, Sample};

const STYLE: Style = Style {
    colour: false,
    width: 80,
};

fn samples() -> [Sample; 5] {
    [
        sample::rich(),
        sample::rich_reproducible(),
        sample::conforming(),
        sample::nothing_governed(),
        sample::interrupted(),
    ]
}

fn again(sample: &Sample) -> Sample {
    let saved = read("r.json", sample.render("json", STYLE).as_bytes()).unwrap();
    // What the gate concludes from it is tried in tests/shards.rs.
    assert_eq!(
        (saved.tolerance, saved.signal),
        (sample.judgement.tolerance, sample.judgement.signal)
    );
    Sample {
        results: saved.results,
        judgement: sample.judgement.clone(),
        run: saved.run,
    }
}

#[test]
fn what_was_saved_is_rendered_as_it_was() {
    for sample in samples() {
        let again = again(&sample);
        for format in ["json", "text", "markdown"] {
            assert_eq!(
                again.render(format, STYLE),
                sample.render(format, STYLE),
                "{format}"
            );
        }
    }
}

/// A tool may have written the members in another order, and more of them.
#[test]
fn members_may_stand_in_any_order_and_others_are_passed_over() {
    let sample = sample::rich();
    let mut result: serde_json::Value =
        serde_json::from_str(&sample.render("json", STYLE)).unwrap();
    result["later"] = serde_json::json!({"violations": [1]});
    result["violations"][0]["later"] = serde_json::json!(1);
    let members: Vec<String> = result
        .as_object()
        .unwrap()
        .iter()
        .rev()
        .map(|(key, value)| format!("{key:?}: {value}"))
        .collect();
    for members in [members.clone(), members.into_iter().rev().collect()] {
        let saved = read("r.json", format!("{{{}}}", members.join(",\n")).as_bytes()).unwrap();
        let again = Sample {
            results: saved.results,
            judgement: sample.judgement.clone(),
            run: saved.run,
        };
        assert_eq!(again.render("text", STYLE), sample.render("text", STYLE));
    }
}

#[test]
fn the_version_that_audited_stays() {
    let mut sample = sample::rich();
    sample.run.version = Some("9.8.7-rc.1".to_owned());
    let json = again(&sample).render("json", STYLE);
    assert!(json.contains("\"version\":\"9.8.7-rc.1\""), "{json}");
}

fn failure(text: &str) -> String {
    read("r.json", text.as_bytes())
        .map(|_| "fine")
        .unwrap_err()
        .0
}

#[test]
fn what_is_no_result_says_what_it_is() {
    for (text, words) in [
        ("", "r.json is empty"),
        (" \n", "r.json is empty"),
        ("policy: p", "r.json:1:1: this is not JSON"),
        ("{\"format\":}", "r.json:1:11: this is not JSON"),
        ("[]", "not a result of driftgate"),
        ("5", "not a result of driftgate"),
        ("{}", "it has no `format`"),
        ("{\"format\":null}", "it has no `format`"),
        ("{\"format\":7}", "not a result of driftgate"),
        (
            "{\"format\":\"a\\u001b\"}",
            "its format is a\\u{1b}, not driftgate.result",
        ),
        (
            "{\"format\":\"driftgate.snapshot\",\"version\":1}\n{\"account\":null}",
            "is a snapshot, not a result",
        ),
        (
            "{\"format\":\"driftgate.result\",\"version\":2}",
            "in version 2 of the format",
        ),
        (
            "{\"format\":\"driftgate.result\",\"version\":\"\\u001b\"}",
            "in version \"\\u001b\" of the format",
        ),
        (
            "{\"format\":\"driftgate.result\",\"version\":1}",
            "missing field `exit`",
        ),
        (
            "{\"format\":\"driftgate.result\",\"version\":1,\"scopes\":[{\"outcome\":\"\\u001b\"}]}",
            "not what a result holds",
        ),
    ] {
        let message = failure(text);
        assert!(message.contains(words), "{text}: {message}");
        assert!(
            !message.contains('\u{1b}') && message.contains('\n'),
            "{message}"
        );
    }
}

#[test]
fn a_result_that_is_cut_off_is_none_wherever_it_ends() {
    for sample in [sample::rich(), sample::conforming()] {
        let text = sample.render("json", STYLE);
        let whole = text.trim_end().len();
        for end in (1..whole)
            .filter(|end| text.is_char_boundary(*end))
            .step_by(7)
            .chain([whole - 1])
        {
            let message = failure(&text[..end]);
            assert!(message.contains("is cut off"), "{end}: {message}");
        }
    }
}

#[test]
fn a_result_that_was_edited_is_none() {
    let good = sample::rich().render("json", STYLE);
    for (from, to, words) in [
        (
            "\"critical\":5",
            "\"critical\":4",
            "counts 4 critical violations, and 5 are listed",
        ),
        (
            "\"waived\":2,",
            "\"waived\":1,",
            "counts 1 waived violations, and 2",
        ),
        (
            "\"unchecked\":2}",
            "\"unchecked\":0}",
            "counts 0 unchecked things, and 2",
        ),
        (
            "\"governed\":1197",
            "\"governed\":9999",
            "of 1204 stages 9999 are governed and 7 are not",
        ),
        (
            "\"stages\":1204,\"governed\":1197",
            "\"stages\":99999999,\"governed\":99999992",
            "1204 in all scopes",
        ),
        (
            "\"undecided\":2,",
            "\"undecided\":0,",
            "0 checks are undecided, and 2 questions are listed",
        ),
        (
            "us-west-2\",\"apis\":0,\"skipped_apis\":0,\"stages\":0,\"requests\":312,\"outcome\":\"checked\"",
            "us-west-2\",\"apis\":0,\"skipped_apis\":0,\"stages\":0,\"requests\":312,\"outcome\":\"unchecked\"",
            "111122223333 us-west-2 is unchecked and nothing says why",
        ),
        (
            "\"apis\":15,",
            "\"apis\":14,",
            "444455556666 eu-central-1 lists 14 APIs and accounts for 15",
        ),
        (
            "\"account\":\"111122223333\",\"region\":\"us-west-2\",\"apis\"",
            "\"account\":\"111122223333\",\"region\":\"us-east-1\",\"apis\"",
            "111122223333 us-east-1 is there twice",
        ),
        ("\"rules\":5", "\"rules\":6", "counts 6 rules, and 5"),
        (
            "{\"rule\":\"production/endpoint\",\"title\"",
            "{\"rule\":\"other\",\"title\"",
            "`rules` lacks production/endpoint",
        ),
        (
            "\"owner\":\"team-checkout\",\"expires\"",
            "\"owner\":\"\",\"expires\"",
            "`waivers` lacks the one of waivers.yaml:2",
        ),
        (
            "\"fail_on\":\"low\"",
            "\"fail_on\":\"lower\"",
            "lower, which is not a severity",
        ),
        ("2027-03-01", "2027-03-01 ", "which is not a date"),
        (
            "\"expires\":\"2027-01-31\"",
            "\"expires\":\"::error::x\"",
            "which is not a date",
        ),
        (
            "\"duration_seconds\":4.23",
            "\"duration_seconds\":-1",
            "is not a duration",
        ),
        (
            "\"version\":\"0",
            "\"version\":\"<b>0",
            "which is not a version",
        ),
        (
            "\"origin\":\"api\"",
            "\"origin\":\"API\"",
            "expected one of `route`",
        ),
        (
            "\"path\":\"DefaultRouteSettings.ThrottlingBurstLimit\"",
            "\"path\":\"AutoDeploy\"",
            "`path` and `segments` of a violation differ",
        ),
        (
            "\"actual\":5000",
            "\"actual\":18446744073709551615",
            "not what a result holds",
        ),
        (
            ",\n\"history\":[]",
            ",\n\"warnings\":[]",
            "duplicate field `warnings`",
        ),
        (
            "\n\"history\":[]",
            "\n\"history\":[]}{",
            "trailing characters",
        ),
    ] {
        assert!(good.contains(from), "{from}");
        // A waiver is in the list and beside what it tolerates.
        let message = failure(&good.replacen(from, to, if from.contains("2027") { 9 } else { 1 }));
        assert!(
            message.contains(words) && message.starts_with("r.json"),
            "{from}: {message}"
        );
        assert!(message.contains("edited or is damaged"), "{message}");
    }
}

#[test]
fn a_result_that_lost_a_scope_is_none() {
    let mut result: serde_json::Value =
        serde_json::from_str(&sample::rich().render("json", STYLE)).unwrap();
    result["scopes"].as_array_mut().unwrap().remove(0);
    assert!(failure(&result.to_string()).contains("there are 1204 stages, and 2 in all scopes"));
    // A run can fail over counts that do not agree.
    result["failed"] = "the counts do not agree".into();
    assert!(read("r.json", result.to_string().as_bytes()).is_ok());
}

/// A violation that is milder than its rule would pass a gate that the rule does not.
#[test]
fn a_violation_has_the_severity_of_its_rule() {
    let good = sample::rich().render("json", STYLE);
    let edited = good
        .replacen(
            "{\"rule\":\"production/endpoint\",\"severity\":\"info\"",
            "{\"rule\":\"production/endpoint\",\"severity\":\"low\"",
            1,
        )
        .replacen("\"low\":1,\"info\":1", "\"low\":2,\"info\":0", 1);
    assert!(
        failure(&edited)
            .contains("a violation of production/endpoint is low, and the rule is info")
    );
}

fn shard(index: u32, count: u32) -> Saved {
    let sample = sample::conforming();
    let mut results = sample.results;
    results.scopes[0].region = Some(format!("region-{index}"));
    let shard = Some(ShardInfo {
        index,
        count,
        of: "sha256:0".to_owned(),
        found: Some("sha256:1".to_owned()),
    });
    let run = Run {
        shard,
        ..sample.run
    };
    Saved {
        name: format!("{index}.json"),
        results,
        tolerance: sample.judgement.tolerance,
        signal: None,
        run,
    }
}

#[test]
fn shards_that_do_not_make_a_whole_are_not_merged() {
    let alter = |alter: fn(&mut Saved)| {
        let mut two = shard(2, 2);
        alter(&mut two);
        vec![shard(1, 2), two]
    };
    for (shards, words) in [
        (vec![], "there is nothing to merge"),
        (vec![shard(1, 2)], "shard 2 of 2 is missing"),
        (
            vec![shard(2, 4), shard(4, 4)],
            "shards 1, 3 of 4 are missing",
        ),
        (
            vec![shard(7, 4_000_000_000)],
            "10, 11 and 3999999989 more of 4000000000 are missing",
        ),
        (
            vec![shard(1, 2), shard(2, 2), shard(1, 2)],
            "shard 1 of 2 is there twice: 1.json and 1.json",
        ),
        (
            vec![shard(1, 2), shard(2, 3)],
            "2.json is a shard of 3, and 1.json is one of 2",
        ),
        (
            alter(|two| two.run.shard = None),
            "2.json is the result of a whole run",
        ),
        (
            alter(|two| two.run.shard.as_mut().unwrap().of.push('1')),
            "their policies, waivers or flags differ",
        ),
        (
            alter(|two| two.run.shard.as_mut().unwrap().found = Some("sha256:2".to_owned())),
            "2.json and 1.json are not shards of one run: the credentials or the Regions that they found differ",
        ),
        (
            alter(|two| drop(two.results.rules.pop())),
            "their rules differ",
        ),
        (
            alter(|two| two.results.waivers = sample::rich().results.waivers),
            "their waivers differ",
        ),
        (
            alter(|two| two.tolerance.allow_empty = true),
            "their gates differ",
        ),
        (
            alter(|two| two.run.version = Some("9.8.7".to_owned())),
            "2.json of driftgate 9.8.7",
        ),
        (
            alter(|two| two.results.scopes[0].region = Some("region-1".to_owned())),
            "1.json and 2.json both cover 111122223333 region-1",
        ),
        (
            alter(|it| it.results.scopes[0].region = None),
            "2.json has stages of 111122223333 in no Region",
        ),
    ] {
        let message = merge(shards).unwrap_err().0;
        assert!(message.contains(words), "{words}: {message}");
    }
}

#[test]
fn an_interrupted_shard_interrupts_the_whole() {
    let mut two = shard(2, 2);
    two.signal = Some(Signal::Terminate);
    let whole = merge(vec![two, shard(1, 2)]).unwrap();
    assert_eq!(whole.signal, Some(Signal::Terminate));
    let [warning] = whole.results.warnings.as_slice() else {
        panic!("{:?}", whole.results.warnings)
    };
    assert_eq!(
        warning.message,
        "shard 2 of 2 was ended by SIGTERM; everything it had not read is missing"
    );
}

/// A shard that ended before it knew its credentials reports that.
#[test]
fn a_shard_that_found_nothing_yet_belongs_to_any_others_and_is_no_whole() {
    let without = |alter: fn(&mut Saved)| {
        let mut one = shard(1, 3);
        one.results.scopes.clear();
        one.run.shard.as_mut().unwrap().found = None;
        alter(&mut one);
        one
    };
    let stopped = without(|one| one.signal = Some(Signal::Interrupt));
    let whole = merge(vec![stopped, shard(2, 3), shard(3, 3)]).unwrap();
    assert_eq!(
        (whole.signal, whole.results.gaps.len()),
        (Some(Signal::Interrupt), 0)
    );
    let whole = merge(vec![shard(2, 3), without(|_| ()), shard(3, 3)]).unwrap();
    let [gap] = whole.results.gaps.as_slice() else {
        panic!("{:?}", whole.results.gaps)
    };
    assert_eq!(
        gap.message,
        "shard 1 of 3 does not say whose credentials and which Regions it found"
    );

    let mut other = shard(3, 3);
    other.run.shard.as_mut().unwrap().found = Some("sha256:2".to_owned());
    let message = merge(vec![without(|_| ()), shard(2, 3), other])
        .unwrap_err()
        .0;
    assert!(
        message.starts_with("3.json and 2.json are not shards of one run"),
        "{message}"
    );
}

/// Rows that every shard has are there once, others as often as they occur.
#[test]
fn what_is_about_no_region_is_there_once() {
    let mut shards = vec![shard(1, 2), shard(2, 2)];
    for (at, Saved { results, .. }) in shards.iter_mut().enumerate() {
        let row = sample::scope(Some("444455556666"), None);
        results.scopes.extend([
            Scope {
                requests: Some(2),
                ..row.clone()
            },
            Scope {
                apis: at as u64,
                ..row
            },
        ]);
        let gap = Gap {
            account: Some("444455556666".to_owned()),
            ..Gap::default()
        };
        results.gaps.extend([
            gap.clone(),
            Gap {
                code: at.to_string(),
                ..gap
            },
        ]);
    }
    let whole = merge(shards).unwrap().results;
    assert_eq!(
        whole.gaps.iter().map(|gap| &*gap.code).collect::<Vec<_>>(),
        ["", "0", "1"]
    );
    let rows: Vec<_> = whole
        .scopes
        .iter()
        .filter(|scope| scope.region.is_none())
        .collect();
    assert_eq!(
        rows.iter()
            .map(|scope| (scope.apis, scope.requests))
            .collect::<Vec<_>>(),
        [(0, Some(4)), (1, Some(0))]
    );
}
