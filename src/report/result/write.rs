//! Writes the result, one element of a list on a line.

use std::borrow::Cow;
use std::io::{self, Write as _};
use std::sync::Arc;

use super::actual::ActualValue;
use super::blocks;
use super::document::{FORMAT, FORMAT_VERSION};
use super::json::{Hex, Json, Maybe, Name, Null, Shareable, Text};
use super::records::{
    BySeverity, Circumstances, Finding, Gate, Location, NEVER, Rule, Scope, Shard, Stage, Summary,
    Unchecked, Undecided, UnusedWaiver, Waiver, WaiverOf, Warning,
};
use crate::model::finding::{
    self, RuleFacts, StageName, Violation, Waived, WaiverFacts, fingerprint,
};
use crate::model::judgement::Tolerance;
use crate::model::path::Segment;
use crate::model::results::Unneeded;
use crate::model::{Results, Severity, results, state};
use crate::report::escape::json as escape;
use crate::report::facts::{Facts, Run, ShardInfo};

/// Writes the result.
///
/// # Errors
/// If the writer fails.
pub(in crate::report) fn write(facts: &Facts<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let (results, judgement, run) = (facts.results, facts.judgement, facts.run);
    // For the many small parts; long arrays come in blocks that pass through.
    let mut out = io::BufWriter::new(out);
    let out = &mut out;

    writeln!(
        out,
        "{{\"format\":\"{FORMAT}\",\"version\":{FORMAT_VERSION},"
    )?;
    write!(
        out,
        "\"verdict\":\"{}\",\"exit\":{}",
        judgement.verdict.name(),
        judgement.exit
    )?;
    member(
        out,
        "failed",
        &Maybe(results.failed.as_deref().map(Text::from)),
    )?;
    member(out, "gate", &Gate::of(&judgement.tolerance))?;
    member(
        out,
        "shard",
        &Maybe(run.shard.as_ref().map(|shard| Shard::of(shard, results))),
    )?;
    member(out, "source", &Text::from(&run.source))?;
    if !results.narrowing.is_none() {
        let mut narrowing = b",\n\"narrowing\":".to_vec();
        escape::push(&mut narrowing, &results.narrowing)?;
        out.write_all(&narrowing)?;
    }
    member(out, "summary", &Summary::of(results))?;
    lines(out, "rules", &results.rules, Rule::of)?;
    lines(out, "waivers", &results.waivers, Waiver::of)?;
    lines(out, "scopes", &results.scopes, |scope| {
        Scope::of(scope, run)
    })?;
    let severities: Vec<&[Violation]> = results.violations.iter().map(Vec::as_slice).collect();
    let shared = &SharedJson::of(results);
    let violation = |one: &Violation, stage: &[u8], out: &mut Vec<u8>| {
        Finding::of(one, None, stage, shared).push(out)
    };
    blocks(
        out,
        ",\n\"violations\":",
        &severities,
        |one| &one.stage,
        violation,
    )?;
    let waived = |one: &Waived, stage: &[u8], out: &mut Vec<u8>| {
        Finding::waived(one, stage, shared).push(out)
    };
    blocks(
        out,
        ",\n\"waived\":",
        &[&results.waived],
        |one| &one.violation.stage,
        waived,
    )?;
    let undecided = |one: &finding::Undecided, stage: &[u8], out: &mut Vec<u8>| {
        Undecided::of(one, stage, results).push(out)
    };
    blocks(
        out,
        ",\n\"undecided\":",
        &[&results.undecided],
        |one| &one.stage,
        undecided,
    )?;
    lines(out, "unchecked", &results.gaps, Unchecked::of)?;
    out.write_all(b",\n\"fixed\":[]")?;
    lines(out, "warnings", &results.warnings, Warning::of)?;
    let coverage = &results.coverage;
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
    out.write_all(b"},\n\"history\":[]")?;
    member(
        out,
        "run",
        &Maybe((!run.reproducible).then(|| Circumstances::of(run))),
    )?;
    out.write_all(b"}\n")?;
    out.flush()
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

fn optional(text: Option<&(impl AsRef<str> + ?Sized)>) -> Option<Text<'_>> {
    text.map(Text::from)
}

fn texts(all: &[String]) -> Vec<Text<'_>> {
    all.iter().map(Text::from).collect()
}

impl Summary {
    fn of(results: &Results) -> Self {
        let results::Summary {
            stages,
            governed,
            checks,
            not_applicable,
            undecided,
        } = results.summary;
        Self {
            stages,
            governed,
            ungoverned: stages.saturating_sub(governed),
            rules: results.rules.len(),
            checks,
            not_applicable,
            undecided,
            violations: BySeverity::of(results),
            waived: results.waived.len(),
            unchecked: results.gaps.len(),
        }
    }
}

impl BySeverity {
    /// The number of violations of each severity.
    pub fn of(results: &Results) -> Self {
        Self {
            critical: results.count(Severity::Critical),
            high: results.count(Severity::High),
            medium: results.count(Severity::Medium),
            low: results.count(Severity::Low),
            info: results.count(Severity::Info),
        }
    }
}

impl Gate<'static> {
    fn of(tolerance: &Tolerance) -> Self {
        Self {
            fail_on: Text::from(tolerance.fail_on.map_or(NEVER, Severity::name)),
            allow_incomplete: tolerance.allow_incomplete,
            allow_empty: tolerance.allow_empty,
            min_coverage: tolerance.min_coverage,
        }
    }
}

impl<'m> Shard<'m> {
    fn of(shard: &'m ShardInfo, results: &'m Results) -> Self {
        Self {
            index: shard.index,
            count: shard.count,
            of: Text::from(&shard.of),
            found: optional(shard.found.as_ref()),
            unused: results.unneeded.iter().map(UnusedWaiver::of).collect(),
            unfound: results.unfound.iter().map(Unchecked::of).collect(),
        }
    }
}

impl<'m> UnusedWaiver<'m> {
    fn of(unneeded: &'m Unneeded) -> Self {
        let Warning {
            kind,
            message,
            account,
            region,
            api_id,
            stage,
        } = Warning::of(&unneeded.warning);
        Self {
            kind,
            message,
            account,
            region,
            api_id,
            stage,
            in_scope: unneeded.in_scope,
        }
    }
}

impl<'m> Rule<'m> {
    fn of(rule: &'m RuleFacts) -> Self {
        Self {
            rule: Text::from(&rule.name),
            title: Text::from(&rule.title),
            severity: Name(rule.severity),
            why: optional(rule.why.as_ref()),
            fix: optional(rule.fix.as_ref()),
            references: texts(&rule.references),
            policy: Location {
                file: Text::from(&rule.file),
                line: rule.line,
            },
        }
    }
}

impl<'m> Waiver<'m> {
    fn of(waiver: &'m WaiverFacts) -> Self {
        let WaiverOf {
            reason,
            owner,
            expires,
            file,
            line,
        } = WaiverOf::of(waiver);
        Self {
            rule: Text::from(&waiver.rule),
            reason,
            owner,
            expires,
            file,
            line,
        }
    }
}

impl<'m> WaiverOf<'m> {
    fn of(waiver: &'m WaiverFacts) -> Self {
        Self {
            reason: Text::from(&waiver.reason),
            owner: Text::from(&waiver.owner),
            expires: Text::from(&waiver.expires),
            file: Text::from(&waiver.file),
            line: waiver.line,
        }
    }
}

impl<'m> Scope<'m> {
    fn of(scope: &'m state::Scope, run: &Run) -> Self {
        Self {
            account: optional(scope.account.as_ref()),
            region: optional(scope.region.as_ref()),
            apis: scope.apis,
            skipped_apis: scope.skipped_apis,
            stages: scope.stages,
            requests: scope.requests.filter(|_| !run.reproducible),
            outcome: Name(scope.outcome),
            checked_apis: scope.checked_apis,
            deleted_apis: scope.deleted_apis,
            unchecked_apis: scope.unchecked_apis,
        }
    }
}

impl<'m> Stage<'m> {
    fn of(stage: &'m StageName) -> Self {
        Self {
            account: optional(stage.place.account.as_ref()),
            region: optional(stage.place.region.as_ref()),
            api_id: optional(stage.api.id.as_ref()),
            api_name: optional(stage.api.name.as_ref()),
            protocol: optional(stage.api.protocol.as_ref()),
            name: optional(stage.name.as_ref()),
            arn: stage.arn().map(|arn| Text(Cow::Owned(arn))),
        }
    }
}

/// The JSON of a rule that all of its findings repeat.
struct RuleJson {
    title: Vec<u8>,
    policy: Vec<u8>,
    fix: Vec<u8>,
}

impl RuleJson {
    fn of(rule: Option<&RuleFacts>) -> Self {
        let title = Text::from(rule.map_or("", |rule| &rule.title));
        let (file, line) = rule.map_or(("", 0), |rule| (&*rule.file, rule.line));
        let policy = Location {
            file: Text::from(file),
            line,
        };
        let fix = optional(rule.and_then(|rule| rule.fix.as_ref()));
        Self {
            title: json(&title),
            policy: json(&policy),
            fix: json(&fix),
        }
    }
}

fn json(value: &impl Json) -> Vec<u8> {
    let mut json = Vec::new();
    value.push(&mut json);
    json
}

/// The results, and the JSON that many findings share.
struct SharedJson<'m> {
    results: &'m Results,
    rules: Vec<RuleJson>,
    /// That of a rule which the results lack.
    unknown: RuleJson,
}

impl<'m> SharedJson<'m> {
    fn of(results: &'m Results) -> Self {
        let rules = results
            .rules
            .iter()
            .map(|rule| RuleJson::of(Some(rule)))
            .collect();
        Self {
            results,
            rules,
            unknown: RuleJson::of(None),
        }
    }
}

impl<'m> Finding<'m> {
    fn of(
        violation: &'m Violation,
        waiver: Option<&'m WaiverFacts>,
        stage: &'m [u8],
        shared: &'m SharedJson<'_>,
    ) -> Self {
        let results = shared.results;
        let rule = results.rule(violation.rule);
        let json = shared
            .rules
            .get(violation.rule as usize)
            .unwrap_or(&shared.unknown);
        let (route, path) = (violation.route.as_deref(), violation.path_text());
        let name = rule_name(rule);
        let segments = violation
            .path
            .iter()
            .flat_map(|path| path.segments())
            .map(Segment::name);
        let expired = violation
            .expired
            .and_then(|waiver| results.waivers.get(waiver as usize));
        Self {
            rule: Text::from(name),
            severity: Name(rule.map_or(Severity::Info, |rule| rule.severity)),
            title: Shareable::Json(&json.title),
            stage: Shareable::Json(stage),
            route: optional(route),
            path: optional(path),
            segments: Maybe(Some(segments.map(Text::from).collect())),
            expected: Text::from(&violation.expected),
            actual: ActualValue(Cow::Borrowed(&violation.actual)),
            origin: Name(violation.origin),
            reading: Maybe(violation.reading.map(Name)),
            waiver_expired: Maybe(expired.map(|waiver| Text::from(&waiver.expires))),
            expired_waiver: Maybe(expired.map(WaiverOf::of)),
            status: Null,
            first_seen: Null,
            fingerprint: Hex(fingerprint(name, &violation.stage, route, path)),
            policy: Shareable::Json(&json.policy),
            fix: Shareable::Json(&json.fix),
            commands: Vec::new(),
            waiver: Maybe(waiver.map(WaiverOf::of)),
        }
    }

    fn waived(waived: &'m Waived, stage: &'m [u8], shared: &'m SharedJson<'_>) -> Self {
        Self::of(
            &waived.violation,
            shared.results.waivers.get(waived.waiver as usize),
            stage,
            shared,
        )
    }
}

/// The name of a rule. The results hold all rules that its findings name.
fn rule_name(rule: Option<&RuleFacts>) -> &str {
    rule.map_or("unknown", |rule| &rule.name)
}

impl<'m> Undecided<'m> {
    fn of(undecided: &'m finding::Undecided, stage: &'m [u8], results: &'m Results) -> Self {
        Self {
            rule: Text::from(rule_name(results.rule(undecided.rule))),
            stage: Shareable::Json(stage),
            route: optional(undecided.route.as_ref()),
            path: optional(undecided.path.as_ref()),
            reason: Text::from(&undecided.reason),
        }
    }
}

impl<'m> Unchecked<'m> {
    fn of(gap: &'m state::Gap) -> Self {
        Self {
            account: optional(gap.account.as_ref()),
            region: optional(gap.region.as_ref()),
            api_id: optional(gap.api_id.as_ref()),
            stage: optional(gap.stage.as_ref()),
            operation: Text::from(&gap.operation),
            code: Text::from(&gap.code),
            message: Text::from(&gap.message),
            hint: Text::from(&gap.hint),
        }
    }
}

impl<'m> Warning<'m> {
    fn of(warning: &'m state::Warning) -> Self {
        Self {
            kind: Text::from(&*warning.kind),
            message: Text::from(&warning.message),
            account: optional(warning.account.as_ref()),
            region: optional(warning.region.as_ref()),
            api_id: optional(warning.api_id.as_ref()),
            stage: optional(warning.stage.as_ref()),
        }
    }
}

impl<'m> Circumstances<'m> {
    fn of(run: &'m Run) -> Self {
        Self {
            generated_at: optional(run.generated_at.as_ref()),
            duration_seconds: run.duration.map(|duration| duration.as_secs_f64()),
            version: Text::from(run.version()),
            command_line: run.command_line.as_deref().map(texts),
            source: Text::from(&run.source),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
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
                "format version verdict exit gate source summary rules waivers scopes violations waived undecided \
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
            ("rules", "rule title severity why fix references policy"),
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
