//! Writes the result, one element of a list on a line.

use std::io::{self, Write as _};
use std::sync::Arc;

use super::blocks;
use super::build::{SharedJson, texts};
use super::document::{FORMAT, FORMAT_VERSION};
use super::json::{Json, Maybe, Text};
use super::records::{
    Circumstances, Finding, Gate, Policy, Rule, Scope, Shard, Stage, Summary, Unchecked, Undecided,
    Waiver, Warning,
};
use crate::model::finding::{self, StageName, Violation, Waived};
use crate::model::results::{Coverage, Results};
use crate::report::escape::json as escape;
use crate::report::facts::Facts;

/// Writes the result.
///
/// # Errors
/// If the writer fails.
pub(in crate::report) fn write(facts: &Facts<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let (results, run) = (facts.results, facts.run);
    // For the many small parts; long arrays come in blocks that pass through.
    let mut out = io::BufWriter::new(out);
    let out = &mut out;

    head(facts, out)?;
    member(out, "summary", &Summary::of(results))?;
    lines(out, "policies", &results.policies, Policy::of)?;
    lines(out, "rules", &results.rules, Rule::of)?;
    lines(out, "waivers", &results.waivers, Waiver::of)?;
    lines(out, "scopes", &results.scopes, |scope| {
        Scope::of(scope, run)
    })?;
    findings(results, out)?;
    lines(out, "unchecked", &results.gaps, Unchecked::of)?;
    out.write_all(b",\n\"fixed\":[]")?;
    lines(out, "warnings", &results.warnings, Warning::of)?;
    coverage(&results.coverage, out)?;
    out.write_all(b",\n\"history\":[]")?;
    let circumstances = (!run.reproducible).then(|| Circumstances::of(run));
    member(out, "run", &Maybe(circumstances))?;
    out.write_all(b"}\n")?;
    out.flush()
}

/// Writes the verdict, and what the run was to read.
fn head(facts: &Facts<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let (results, judgement, run) = (facts.results, facts.judgement, facts.run);
    writeln!(
        out,
        "{{\"format\":\"{FORMAT}\",\"version\":{FORMAT_VERSION},"
    )?;
    let (verdict, exit) = (judgement.verdict.name(), judgement.exit);
    write!(out, "\"verdict\":\"{verdict}\",\"exit\":{exit}")?;
    let failed = results.failed.as_deref().map(Text::from);
    member(out, "failed", &Maybe(failed))?;
    member(out, "gate", &Gate::of(&judgement.tolerance))?;
    let shard = run.shard.as_ref().map(|shard| Shard::of(shard, results));
    member(out, "shard", &Maybe(shard))?;
    member(out, "source", &Text::from(&run.source))?;
    if !results.narrowing.is_none() {
        let mut narrowing = b",\n\"narrowing\":".to_vec();
        escape::push(&mut narrowing, &results.narrowing)?;
        out.write_all(&narrowing)?;
    }
    Ok(())
}

/// Writes the violations, waived or not, and what could not be decided.
fn findings(results: &Results, out: &mut dyn io::Write) -> io::Result<()> {
    let severities: Vec<&[Violation]> = results.violations.iter().map(Vec::as_slice).collect();
    let shared = &SharedJson::of(results);
    let violation = |one: &Violation, stage: &[u8], out: &mut Vec<u8>| {
        Finding::of(one, None, stage, shared).push(out);
    };
    blocks(
        out,
        ",\n\"violations\":",
        &severities,
        |one| &one.stage,
        violation,
    )?;
    let waived = |one: &Waived, stage: &[u8], out: &mut Vec<u8>| {
        Finding::waived(one, stage, shared).push(out);
    };
    blocks(
        out,
        ",\n\"waived\":",
        &[&results.waived],
        |one| &one.violation.stage,
        waived,
    )?;
    let undecided = |one: &finding::Undecided, stage: &[u8], out: &mut Vec<u8>| {
        Undecided::of(one, stage, results).push(out);
    };
    blocks(
        out,
        ",\n\"undecided\":",
        &[&results.undecided],
        |one| &one.stage,
        undecided,
    )
}

fn coverage(coverage: &Coverage, out: &mut dyn io::Write) -> io::Result<()> {
    let ungoverned =
        |_: &Arc<StageName>, stage: &[u8], out: &mut Vec<u8>| out.extend_from_slice(stage);
    blocks(
        out,
        ",\n\"coverage\":{\"ungoverned\":",
        &[&coverage.ungoverned],
        |stage| stage,
        ungoverned,
    )?;
    member(out, "unused_rules", &texts(&coverage.unused_rules))?;
    member(out, "unread_fields", &texts(&coverage.unread_fields))?;
    out.write_all(b"}")
}

/// Writes a member on a line of its own.
fn member(out: &mut dyn io::Write, key: &str, value: &impl Json) -> io::Result<()> {
    if value.is_absent() {
        return Ok(());
    }
    let mut bytes = format!(",\n\"{key}\":").into_bytes();
    value.push(&mut bytes);
    out.write_all(&bytes)
}

/// Writes a list with each element on a line.
fn lines<'m, T, R: Json>(
    out: &mut dyn io::Write,
    key: &str,
    items: &'m [T],
    record: impl Fn(&'m T) -> R,
) -> io::Result<()> {
    let mut bytes = format!(",\n\"{key}\":[").into_bytes();
    for (at, item) in items.iter().enumerate() {
        bytes.extend_from_slice(if at == 0 { b"\n" } else { b",\n" });
        record(item).push(&mut bytes);
    }
    bytes.extend_from_slice(if items.is_empty() { b"]" } else { b"\n]" });
    out.write_all(&bytes)
}

/// Writes a long list in the same way. Elements on one stage follow each other, so its JSON is made once for all.
fn blocks<'m, T: Sync>(
    out: &mut dyn io::Write,
    key: &str,
    lists: &[&'m [T]],
    stage: impl Fn(&'m T) -> &'m Arc<StageName> + Sync,
    push: impl Fn(&'m T, &[u8], &mut Vec<u8>) + Sync,
) -> io::Result<()> {
    out.write_all(key.as_bytes())?;
    blocks::array(out, lists, |block, bytes| {
        let (mut last, mut json) = (None, Vec::new());
        for item in block {
            let stage = stage(item);
            if !last.is_some_and(|last| Arc::ptr_eq(last, stage)) {
                json.clear();
                Stage::of(stage).push(&mut json);
                last = Some(stage);
            }
            bytes.extend_from_slice(b",\n");
            push(item, &json, bytes);
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::model::path::Segment;
    use crate::report::facts::Style;
    use crate::report::sample::{self, Sample};

    const STYLE: Style = Style {
        colour: false,
        width: 80,
    };

    fn parsed(sample: &Sample) -> Value {
        serde_json::from_str(&sample.render("json", STYLE)).unwrap()
    }

    fn keys(of: &Value) -> Vec<&str> {
        of.as_object().unwrap().keys().map(String::as_str).collect()
    }

    /// The keys of an object as the contract lists them, in the order of `serde_json`'s map.
    fn listed(keys: &'static str) -> Vec<&'static str> {
        let mut keys: Vec<&str> = keys.split_whitespace().collect();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn a_rich_result() {
        insta::assert_snapshot!(sample::rich().render("json", STYLE));
    }

    #[test]
    fn every_key_of_the_contract_is_there_and_no_other() {
        let result = parsed(&sample::rich_reproducible());
        assert_eq!(
            keys(&result),
            listed(
                "format version verdict exit gate source summary policies rules waivers scopes violations waived undecided \
                 unchecked fixed warnings coverage history"
            )
        );
        assert_eq!(
            keys(&result["summary"]),
            listed(
                "stages governed ungoverned rules checks not_applicable undecided violations waived unchecked"
            )
        );
        assert_eq!(
            keys(&result["summary"]["violations"]),
            listed("critical high medium low info")
        );
        assert_eq!(
            keys(&result["coverage"]),
            listed("ungoverned unused_rules unread_fields")
        );
        let stage = listed("account region api_id api_name protocol name arn");
        assert_eq!(keys(&result["coverage"]["ungoverned"][0]), stage);
        for (list, expected) in [
            (
                "rules",
                "rule title severity why fix references policy tuned",
            ),
            ("policies", "policy file why replaces rules stages"),
            ("waivers", "rule reason owner expires file line"),
            (
                "scopes",
                "account region apis skipped_apis stages requests outcome checked_apis deleted_apis unchecked_apis",
            ),
            (
                "violations",
                "rule severity title stage route path segments expected actual origin status first_seen fingerprint policy fix \
                 commands",
            ),
            (
                "waived",
                "rule severity title stage route path segments expected actual origin status first_seen fingerprint policy fix \
                 commands waiver",
            ),
            ("undecided", "rule stage route path reason"),
            (
                "unchecked",
                "account region api_id stage operation code message hint",
            ),
            ("warnings", "kind message account region api_id stage"),
        ] {
            let elements = result[list].as_array().unwrap();
            assert!(!elements.is_empty(), "{list}");
            for element in elements {
                let mut found = keys(element);
                // Written where there is something to say.
                found.retain(|key| !["reading", "waiver_expired", "expired_waiver"].contains(key));
                assert_eq!(found, listed(expected), "{list}");
            }
        }
        assert_eq!(
            keys(&result["waived"][0]["waiver"]),
            listed("reason owner expires file line")
        );
        assert_eq!(result["waived"][0]["reading"], "inherit");
        for violation in result["violations"].as_array().unwrap() {
            assert_eq!(keys(&violation["stage"]), stage);
            assert_eq!(keys(&violation["policy"]), listed("file line"));
        }
    }

    #[test]
    fn only_a_run_that_need_not_be_reproduced_tells_its_circumstances() {
        let run = &parsed(&sample::rich())["run"];
        assert_eq!(
            keys(run),
            listed("generated_at duration_seconds version command_line source")
        );
        let reproducible = parsed(&sample::rich_reproducible());
        assert_eq!(reproducible["run"], Value::Null);
        assert!(
            reproducible["scopes"]
                .as_array()
                .unwrap()
                .iter()
                .all(|scope| scope["requests"].is_null())
        );
        assert_eq!(parsed(&sample::rich())["scopes"][0]["requests"], 312);
    }

    #[test]
    fn what_is_written_is_what_was_found() {
        let sample = sample::rich();
        let result = parsed(&sample);
        let written = result["violations"].as_array().unwrap();
        assert_eq!(written.len(), sample.results.total());
        for (violation, (severity, found)) in written.iter().zip(sample.results.violations()) {
            let rule = sample.results.rule(found.rule).unwrap();
            assert_eq!(violation["rule"], rule.name);
            assert_eq!(violation["severity"], severity.name());
            assert_eq!(violation["fix"].as_str(), rule.fix.as_deref());
            assert_eq!(violation["policy"]["file"], rule.file);
            assert_eq!(violation["policy"]["line"], rule.line);
            assert_eq!(
                violation["stage"]["api_name"].as_str(),
                found.stage.api.name.as_deref()
            );
            assert_eq!(
                violation["stage"]["arn"].as_str(),
                found.stage.arn().as_deref()
            );
            assert_eq!(violation["route"].as_str(), found.route.as_deref());
            assert_eq!(violation["path"].as_str(), found.path_text());
            let segments: Vec<&str> = violation["segments"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one.as_str().unwrap())
                .collect();
            let path = found
                .path
                .iter()
                .flat_map(|path| path.segments())
                .map(Segment::name);
            assert_eq!(segments, path.collect::<Vec<_>>());
            assert_eq!(violation["expected"].as_str(), Some(&*found.expected));
            assert_eq!(violation["origin"], found.origin.name());
        }
        let mut prints: Vec<&str> = written
            .iter()
            .filter_map(|one| one["fingerprint"].as_str())
            .collect();
        prints.sort_unstable();
        prints.dedup();
        assert_eq!(prints.len(), written.len());
    }

    #[test]
    fn one_element_is_one_line_without_hostile_characters() {
        for sample in [
            sample::rich(),
            sample::conforming(),
            sample::nothing_governed(),
            sample::interrupted(),
        ] {
            let text = sample.render("json", STYLE);
            assert!(text.ends_with("}\n") && !text.contains(" \n"));
            assert!(
                !text
                    .replace('\n', "")
                    .contains(crate::report::escape::terminal::is_hostile)
            );
            let lines = text
                .lines()
                .filter(|line| line.starts_with("{\"rule\""))
                .count();
            let results = &sample.results;
            let findings = results.total() + results.waived.len() + results.undecided.len();
            assert_eq!(
                lines,
                findings + results.rules.len() + results.waivers.len()
            );
        }
    }

    #[test]
    fn empty_lists_are_there() {
        let sample = Sample {
            results: Results::default(),
            ..sample::conforming()
        };
        let result = parsed(&sample);
        for list in [
            "scopes",
            "violations",
            "waived",
            "undecided",
            "unchecked",
            "fixed",
            "warnings",
            "history",
        ] {
            assert_eq!(result[list], Value::Array(Vec::new()), "{list}");
        }
    }

    #[test]
    fn a_finding_without_its_rule_is_still_written() {
        let mut sample = sample::rich();
        sample.results.rules.clear();
        let result = parsed(&sample);
        assert_eq!(
            result["violations"].as_array().unwrap().len(),
            sample.results.total()
        );
        assert_eq!(result["violations"][0]["rule"], "unknown");
    }
}
