//! The members of a result, made from what was found. It must not know how a result is laid out.

use std::borrow::Cow;

use super::actual::ActualValue;
use super::json::{Hex, Json, Maybe, Name, Null, Shareable, Text};
use super::records::{
    BySeverity, Circumstances, Finding, Gate, Location, NEVER, Policy, Rule, Scope, Shard, Stage,
    Summary, Tuned, Unchecked, Undecided, UnusedWaiver, Waiver, WaiverOf, Warning,
};
use crate::model::finding::{
    self, PolicyFacts, RuleFacts, StageName, Violation, Waived, WaiverFacts, fingerprint,
};
use crate::model::judgement::Tolerance;
use crate::model::path::Segment;
use crate::model::results::Unneeded;
use crate::model::{Results, Severity, results, state};
use crate::report::facts::{Run, ShardInfo};

fn optional(text: Option<&(impl AsRef<str> + ?Sized)>) -> Option<Text<'_>> {
    text.map(Text::from)
}

pub fn texts(all: &[String]) -> Vec<Text<'_>> {
    all.iter().map(Text::from).collect()
}

impl Summary {
    pub fn of(results: &Results) -> Self {
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
            rules: results.rules_in_force(),
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
    pub fn of(tolerance: &Tolerance) -> Self {
        Self {
            fail_on: Text::from(tolerance.fail_on.map_or(NEVER, Severity::name)),
            allow_incomplete: tolerance.allow_incomplete,
            allow_empty: tolerance.allow_empty,
            min_coverage: tolerance.min_coverage,
        }
    }
}

impl<'m> Shard<'m> {
    pub fn of(shard: &'m ShardInfo, results: &'m Results) -> Self {
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
    pub fn of(unneeded: &'m Unneeded) -> Self {
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
    pub fn of(rule: &'m RuleFacts) -> Self {
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
            tuned: rule.tuned.as_ref().map(Tuned::of),
        }
    }
}

impl<'m> Tuned<'m> {
    pub fn of(tuned: &'m finding::Tuned) -> Self {
        Self {
            setting: tuned.setting.map(Name),
            written: Name(tuned.written),
            values: texts(&tuned.values),
        }
    }
}

impl<'m> Policy<'m> {
    pub fn of(policy: &'m PolicyFacts) -> Self {
        Self {
            policy: Text::from(&policy.name),
            file: Text::from(&policy.file),
            why: Text::from(&policy.why),
            replaces: optional(policy.replaces.as_ref()),
            rules: policy.rules,
            stages: policy.stages,
        }
    }
}

impl<'m> Waiver<'m> {
    pub fn of(waiver: &'m WaiverFacts) -> Self {
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
    pub fn of(waiver: &'m WaiverFacts) -> Self {
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
    pub fn of(scope: &'m state::Scope, run: &Run) -> Self {
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
    pub fn of(stage: &'m StageName) -> Self {
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
    pub fn of(rule: Option<&RuleFacts>) -> Self {
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
pub struct SharedJson<'m> {
    results: &'m Results,
    rules: Vec<RuleJson>,
    /// That of a rule which the results lack.
    unknown: RuleJson,
}

impl<'m> SharedJson<'m> {
    pub fn of(results: &'m Results) -> Self {
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
    pub fn of(
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

    pub fn waived(waived: &'m Waived, stage: &'m [u8], shared: &'m SharedJson<'_>) -> Self {
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
    pub fn of(undecided: &'m finding::Undecided, stage: &'m [u8], results: &'m Results) -> Self {
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
    pub fn of(gap: &'m state::Gap) -> Self {
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
    pub fn of(warning: &'m state::Warning) -> Self {
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
    pub fn of(run: &'m Run) -> Self {
        Self {
            generated_at: optional(run.generated_at.as_ref()),
            duration_seconds: run.duration.map(|duration| duration.as_secs_f64()),
            version: Text::from(run.version()),
            command_line: run.command_line.as_deref().map(texts),
            source: Text::from(&run.source),
        }
    }
}
