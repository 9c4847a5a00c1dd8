//! The JSON result, the one format that other tools parse: its keys and their order are a promise (version 1), so its
//! types are its own and must not follow the model's names. One element of a list is one line.

use std::io::{self, Write as _};

use serde::Serialize;

use super::findings::Rules;
use super::types::{FORMAT, FORMAT_VERSION, NEVER};
use super::{blocks, findings};
use crate::model::finding::{RuleFacts, Violation, WaiverFacts};
use crate::model::judgement::Tolerance;
use crate::model::{Outcome, Severity, outcome, state};
use crate::report::escape::json::push;
use crate::report::facts::{Facts, Part, Run};

/// The counts.
#[derive(Serialize)]
struct Summary {
    stages: u64,
    governed: u64,
    ungoverned: u64,
    rules: usize,
    checks: u64,
    not_applicable: u64,
    undecided: u64,
    violations: BySeverity,
    waived: usize,
    unchecked: usize,
}

#[derive(Serialize)]
struct BySeverity {
    critical: usize,
    high: usize,
    medium: usize,
    low: usize,
    info: usize,
}

/// What the gate tolerated.
#[derive(Serialize)]
struct Gate {
    fail_on: &'static str,
    allow_incomplete: bool,
    allow_empty: bool,
    min_coverage: Option<f64>,
}

/// The part of a run that the result is.
#[derive(Serialize)]
struct Shard<'a> {
    index: u32,
    count: u32,
    of: &'a str,
    #[serde(rename = "where")]
    found: Option<&'a str>,
    unused: Vec<Unneeded<'a>>,
    unfound: Vec<Unchecked<'a>>,
}

/// The warning of a waiver that the part did not need.
#[derive(Serialize)]
struct Unneeded<'a> {
    #[serde(flatten)]
    warning: Warning<'a>,
    in_scope: bool,
}

/// A rule of the audit.
#[derive(Serialize)]
struct Rule<'a> {
    rule: &'a str,
    title: &'a str,
    severity: &'static str,
    why: Option<&'a str>,
    fix: Option<&'a str>,
    references: &'a [String],
    policy: At<'a>,
}

/// A place in a file.
#[derive(Serialize)]
struct At<'a> {
    file: &'a str,
    line: usize,
}

/// A waiver of the audit.
#[derive(Serialize)]
struct Waiver<'a> {
    rule: &'a str,
    reason: &'a str,
    owner: &'a str,
    expires: &'a str,
    file: &'a str,
    line: usize,
}

/// One account and Region.
#[derive(Serialize)]
struct Scope<'a> {
    account: Option<&'a str>,
    region: Option<&'a str>,
    apis: u64,
    skipped_apis: u64,
    stages: u64,
    requests: Option<u64>,
    outcome: &'static str,
    checked_apis: u64,
    deleted_apis: u64,
    unchecked_apis: u64,
}

/// Something that could not be read.
#[derive(Serialize)]
struct Unchecked<'a> {
    account: Option<&'a str>,
    region: Option<&'a str>,
    api_id: Option<&'a str>,
    stage: Option<&'a str>,
    operation: &'a str,
    code: &'a str,
    message: &'a str,
    hint: &'a str,
}

/// Something worth knowing.
#[derive(Serialize)]
struct Warning<'a> {
    kind: &'a str,
    message: &'a str,
    account: Option<&'a str>,
    region: Option<&'a str>,
    api_id: Option<&'a str>,
    stage: Option<&'a str>,
}

/// The circumstances, which no two runs share.
#[derive(Serialize)]
struct Circumstances<'a> {
    generated_at: Option<&'a str>,
    duration_seconds: Option<f64>,
    version: &'a str,
    command_line: Option<&'a [String]>,
    source: &'a str,
}

/// Writes the result.
///
/// # Errors
/// When the writer fails.
pub(in crate::report) fn write(facts: &Facts<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let (outcome, judgement, run) = (facts.outcome, facts.judgement, facts.run);
    let (rules, waivers) = (Rules::new(&outcome.rules), &outcome.waivers);
    // For the many small parts; long arrays come in blocks that pass through.
    let mut out = io::BufWriter::new(out);
    let out = &mut out;

    writeln!(out, "{{\"format\":\"{FORMAT}\",\"version\":{FORMAT_VERSION},")?;
    writeln!(out, "\"verdict\":\"{}\",\"exit\":{},", judgement.verdict.name(), judgement.exit)?;
    if let Some(failed) = &outcome.failed {
        member(out, "\"failed\":", failed)?;
        out.write_all(b",\n")?;
    }
    member(out, "\"gate\":", &Gate::of(&judgement.tolerance))?;
    if let Some(shard) = &run.shard {
        member(out, ",\n\"shard\":", &Shard::of(shard, outcome))?;
    }
    member(out, ",\n\"source\":", &run.source)?;
    if !outcome.narrowing.is_none() {
        member(out, ",\n\"narrowing\":", &outcome.narrowing)?;
    }
    member(out, ",\n\"summary\":", &summary(outcome))?;
    out.write_all(b",\n\"rules\":")?;
    elements(out, &outcome.rules, Rule::of)?;
    out.write_all(b",\n\"waivers\":")?;
    elements(out, &outcome.waivers, Waiver::of)?;
    out.write_all(b",\n\"scopes\":")?;
    elements(out, &outcome.scopes, |scope| Scope::of(scope, run))?;
    out.write_all(b",\n\"violations\":")?;
    let lists: Vec<&[Violation]> = outcome.violations.iter().map(Vec::as_slice).collect();
    blocks::array(out, &lists, |block, bytes| findings::violations(block, &rules, waivers, bytes))?;
    out.write_all(b",\n\"waived\":")?;
    blocks::array(out, &[&outcome.waived], |block, bytes| findings::waived(block, &rules, waivers, bytes))?;
    out.write_all(b",\n\"undecided\":")?;
    blocks::array(out, &[&outcome.undecided], |block, bytes| findings::undecided(block, &rules, bytes))?;
    out.write_all(b",\n\"unchecked\":")?;
    elements(out, &outcome.gaps, Unchecked::of)?;
    out.write_all(b",\n\"fixed\":[],\n\"warnings\":")?;
    elements(out, &outcome.warnings, Warning::of)?;
    out.write_all(b",\n\"coverage\":{\"ungoverned\":")?;
    blocks::array(out, &[&outcome.coverage.ungoverned], findings::ungoverned)?;
    member(out, ",\n\"unused_rules\":", &outcome.coverage.unused_rules)?;
    member(out, ",\n\"unread_fields\":", &outcome.coverage.unread_fields)?;
    out.write_all(b"},\n\"history\":[]")?;
    if !run.reproducible {
        member(out, ",\n\"run\":", &Circumstances::of(run))?;
    }
    out.write_all(b"}\n")?;
    out.flush()
}

fn summary(outcome: &Outcome) -> Summary {
    Summary {
        stages: outcome.stages,
        governed: outcome.governed,
        ungoverned: outcome.stages.saturating_sub(outcome.governed),
        rules: outcome.rules.len(),
        checks: outcome.checks,
        not_applicable: outcome.not_applicable,
        undecided: outcome.undecided_checks,
        violations: BySeverity {
            critical: outcome.count(Severity::Critical),
            high: outcome.count(Severity::High),
            medium: outcome.count(Severity::Medium),
            low: outcome.count(Severity::Low),
            info: outcome.count(Severity::Info),
        },
        waived: outcome.waived.len(),
        unchecked: outcome.gaps.len(),
    }
}

impl Gate {
    fn of(tolerance: &Tolerance) -> Self {
        Self {
            fail_on: tolerance.fail_on.map_or(NEVER, Severity::name),
            allow_incomplete: tolerance.allow_incomplete,
            allow_empty: tolerance.allow_empty,
            min_coverage: tolerance.min_coverage,
        }
    }
}

impl<'a> Shard<'a> {
    fn of(shard: &'a Part, outcome: &'a Outcome) -> Self {
        let unneeded =
            |one: &'a outcome::Unneeded| Unneeded { warning: Warning::of(&one.warning), in_scope: one.in_scope };
        Self {
            index: shard.index,
            count: shard.count,
            of: &shard.of,
            found: shard.found.as_deref(),
            unused: outcome.unneeded.iter().map(unneeded).collect(),
            unfound: outcome.unfound.iter().map(Unchecked::of).collect(),
        }
    }
}

impl<'a> Rule<'a> {
    fn of(rule: &'a RuleFacts) -> Self {
        Self {
            rule: &rule.name,
            title: &rule.title,
            severity: rule.severity.name(),
            why: rule.why.as_deref(),
            fix: rule.fix.as_deref(),
            references: &rule.references,
            policy: At { file: &rule.file, line: rule.line },
        }
    }
}

impl<'a> Waiver<'a> {
    fn of(waiver: &'a WaiverFacts) -> Self {
        Self {
            rule: &waiver.rule,
            reason: &waiver.reason,
            owner: &waiver.owner,
            expires: &waiver.expires,
            file: &waiver.file,
            line: waiver.line,
        }
    }
}

impl<'a> Scope<'a> {
    fn of(scope: &'a state::Scope, run: &Run) -> Self {
        Self {
            account: scope.account.as_deref(),
            region: scope.region.as_deref(),
            apis: scope.apis,
            skipped_apis: scope.skipped_apis,
            stages: scope.stages,
            requests: scope.requests.filter(|_| !run.reproducible),
            outcome: scope.outcome.name(),
            checked_apis: scope.checked_apis,
            deleted_apis: scope.deleted_apis,
            unchecked_apis: scope.unchecked_apis,
        }
    }
}

impl<'a> Unchecked<'a> {
    fn of(gap: &'a state::Gap) -> Self {
        Self {
            account: gap.account.as_deref(),
            region: gap.region.as_deref(),
            api_id: gap.api_id.as_deref(),
            stage: gap.stage.as_deref(),
            operation: &gap.operation,
            code: &gap.code,
            message: &gap.message,
            hint: &gap.hint,
        }
    }
}

impl<'a> Warning<'a> {
    fn of(warning: &'a state::Warning) -> Self {
        Self {
            kind: &warning.kind,
            message: &warning.message,
            account: warning.account.as_deref(),
            region: warning.region.as_deref(),
            api_id: warning.api_id.as_deref(),
            stage: warning.stage.as_deref(),
        }
    }
}

impl<'a> Circumstances<'a> {
    fn of(run: &'a Run) -> Self {
        Self {
            generated_at: run.generated_at.as_deref(),
            duration_seconds: run.duration.map(|duration| duration.as_secs_f64()),
            version: run.version(),
            command_line: run.command_line.as_deref(),
            source: &run.source,
        }
    }
}

/// Writes a key, as it is given, and a value.
fn member(out: &mut dyn io::Write, key: &str, value: &impl Serialize) -> io::Result<()> {
    let mut bytes = key.as_bytes().to_vec();
    push(&mut bytes, value)?;
    out.write_all(&bytes)
}

/// Writes an array of what is made of each item.
fn elements<'a, T: Sync, W: Serialize>(
    out: &mut dyn io::Write,
    items: &'a [T],
    wire: impl Fn(&'a T) -> W,
) -> io::Result<()> {
    out.write_all(b"[")?;
    for (at, item) in items.iter().enumerate() {
        member(out, if at == 0 { "\n" } else { ",\n" }, &wire(item))?;
    }
    out.write_all(if items.is_empty() { b"]" } else { b"\n]" })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::facts::Style;
    use crate::report::sample::{self, Sample};

    const STYLE: Style = Style { colour: false, width: 80 };

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
            listed("stages governed ungoverned rules checks not_applicable undecided violations waived unchecked")
        );
        assert_eq!(keys(&result["summary"]["violations"]), listed("critical high medium low info"));
        assert_eq!(keys(&result["coverage"]), listed("ungoverned unused_rules unread_fields"));
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
            ("unchecked", "account region api_id stage operation code message hint"),
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
        assert_eq!(keys(&result["waived"][0]["waiver"]), listed("reason owner expires file line"));
        assert_eq!(result["waived"][0]["reading"], "inherit");
        for violation in result["violations"].as_array().unwrap() {
            assert_eq!(keys(&violation["stage"]), stage);
            assert_eq!(keys(&violation["policy"]), listed("file line"));
        }
    }

    #[test]
    fn only_a_run_that_need_not_be_reproduced_tells_its_circumstances() {
        let run = &parsed(&sample::rich())["run"];
        assert_eq!(keys(run), listed("generated_at duration_seconds version command_line source"));
        let reproducible = parsed(&sample::rich_reproducible());
        assert_eq!(reproducible["run"], Value::Null);
        assert!(reproducible["scopes"].as_array().unwrap().iter().all(|scope| scope["requests"].is_null()));
        assert_eq!(parsed(&sample::rich())["scopes"][0]["requests"], 312);
    }

    #[test]
    fn what_is_written_is_what_was_found() {
        let sample = sample::rich();
        let result = parsed(&sample);
        let written = result["violations"].as_array().unwrap();
        assert_eq!(written.len(), sample.outcome.total());
        for (violation, (severity, found)) in written.iter().zip(sample.outcome.violations()) {
            let rule = sample.outcome.rule(found.rule).unwrap();
            assert_eq!(violation["rule"], rule.name);
            assert_eq!(violation["severity"], severity.name());
            assert_eq!(violation["fix"].as_str(), rule.fix.as_deref());
            assert_eq!(violation["policy"]["file"], rule.file);
            assert_eq!(violation["policy"]["line"], rule.line);
            assert_eq!(violation["stage"]["api_name"].as_str(), found.stage.api.name.as_deref());
            assert_eq!(violation["stage"]["arn"].as_str(), found.stage.arn().as_deref());
            assert_eq!(violation["route"].as_str(), found.route.as_deref());
            assert_eq!(violation["path"].as_str(), found.path_text());
            let segments: Vec<&str> =
                violation["segments"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
            let path = found.path.iter().flat_map(|path| path.segments()).map(crate::model::path::Segment::name);
            assert_eq!(segments, path.collect::<Vec<_>>());
            assert_eq!(violation["expected"].as_str(), Some(&*found.expected));
            assert_eq!(violation["origin"], found.origin.name());
        }
        let mut prints: Vec<&str> = written.iter().filter_map(|one| one["fingerprint"].as_str()).collect();
        prints.sort_unstable();
        prints.dedup();
        assert_eq!(prints.len(), written.len());
    }

    #[test]
    fn one_element_is_one_line_without_hostile_characters() {
        for sample in [sample::rich(), sample::conforming(), sample::nothing_governed(), sample::interrupted()] {
            let text = sample.render("json", STYLE);
            assert!(text.ends_with("}\n") && !text.contains(" \n"));
            assert!(!text.replace('\n', "").contains(crate::report::escape::terminal::is_hostile));
            let lines = text.lines().filter(|line| line.starts_with("{\"rule\"")).count();
            let outcome = &sample.outcome;
            let findings = outcome.total() + outcome.waived.len() + outcome.undecided.len();
            assert_eq!(lines, findings + outcome.rules.len() + outcome.waivers.len());
        }
    }

    #[test]
    fn empty_lists_are_there() {
        let sample = Sample { outcome: Outcome::default(), ..sample::conforming() };
        let result = parsed(&sample);
        for list in ["scopes", "violations", "waived", "undecided", "unchecked", "fixed", "warnings", "history"] {
            assert_eq!(result[list], Value::Array(Vec::new()), "{list}");
        }
    }

    #[test]
    fn a_finding_without_its_rule_is_still_written() {
        let mut sample = sample::rich();
        sample.outcome.rules.clear();
        let result = parsed(&sample);
        assert_eq!(result["violations"].as_array().unwrap().len(), sample.outcome.total());
        assert_eq!(result["violations"][0]["rule"], Value::Null);
    }
}
