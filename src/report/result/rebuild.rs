//! The members of a result become results again, once they are found to agree with each other. It must not know JSON.

use std::time::Duration;

use super::document::{Document, FORMAT, FORMAT_VERSION};
use super::interner::Interner;
use super::json::{Name, Text};
use super::records::{
    BySeverity, Circumstances, Gate, Location, NEVER, Policy, Rule, Scope, Shard, Summary, Tuned,
    Unchecked, UnusedWaiver, Waiver, Warning,
};
use super::saved::Saved;
use crate::model::consistency::inconsistency;
use crate::model::finding::{self, PolicyFacts, RuleFacts, Violation, WaiverFacts};
use crate::model::judgement::{Signal, Tolerance};
use crate::model::results::{Coverage, Unneeded};
use crate::model::{Results, Severity, results, state};
use crate::report::facts::{Run, ShardInfo, VERSION};

impl Document<'_> {
    /// The result, or what is wrong with it.
    pub fn rebuild(self, name: &str) -> Result<Saved, String> {
        let mut results = Results {
            policies: self.policies.into_iter().map(Policy::facts).collect(),
            rules: self.rules.into_iter().map(Rule::facts).collect(),
            summary: results::Summary {
                stages: self.summary.stages,
                governed: self.summary.governed,
                checks: self.summary.checks,
                not_applicable: self.summary.not_applicable,
                undecided: self.summary.undecided,
            },
            violations: self.violations.list,
            waived: self.waived.list,
            waivers: self
                .waivers
                .into_iter()
                .map(Waiver::facts)
                .collect::<Result<_, _>>()?,
            undecided: self.undecided.list,
            gaps: self.unchecked.into_iter().map(Unchecked::gap).collect(),
            scopes: self.scopes.into_iter().map(Scope::scope).collect(),
            warnings: self.warnings.into_iter().map(Warning::warning).collect(),
            failed: self.failed.0.map(Text::into_owned),
            narrowing: self.narrowing.0.unwrap_or_default(),
            coverage: Coverage {
                ungoverned: self.coverage.ungoverned.list,
                unused_rules: owned(self.coverage.unused_rules),
                unread_fields: owned(self.coverage.unread_fields),
            },
            ..Results::default()
        };
        renumber(
            &mut results,
            &self.violations.names,
            &self.waived.names,
            &self.undecided.names,
        )?;
        check_severities(&results)?;
        self.summary.check(&results)?;
        // A run that failed may have failed over its accounting, and no gate lets it pass.
        if let (None, Some(wrong)) = (&results.failed, inconsistency(&results)) {
            return Err(format!("it does not add up: {wrong}"));
        }

        let source = self.source.into_owned();
        let mut run = match self.run.0 {
            None => Run {
                reproducible: true,
                source,
                ..Run::default()
            },
            Some(circumstances) => circumstances.run(source)?,
        };
        if let Some(shard) = self.shard.0 {
            run.shard = Some(shard.info(&mut results)?);
        }
        // Files may have been put into another order.
        results.sort_violations();
        results.sort_others();
        let signal = Signal::ALL
            .into_iter()
            .find(|signal| u64::from(signal.code()) == self.exit);
        Ok(Saved {
            name: name.to_owned(),
            results,
            tolerance: self.gate.tolerance()?,
            signal,
            run,
        })
    }

    /// The reason for which it is not a result of this version, if it is not.
    pub fn other_kind(&self) -> Option<&'static str> {
        match (&*self.format, self.version) {
            (FORMAT, FORMAT_VERSION) => None,
            (FORMAT, _) => Some("another version"),
            _ => Some("another format"),
        }
    }
}

/// Gives findings the numbers that rules and waivers have in the lists of the result.
fn renumber(
    results: &mut Results,
    failing: &Interner,
    waived: &Interner,
    open: &Interner,
) -> Result<(), String> {
    let (rules, waivers) = places(results, failing)?;
    for violation in results.violations.iter_mut().flatten() {
        place(violation, &rules, &waivers);
    }
    let (rules, waivers) = places(results, waived)?;
    for one in &mut results.waived {
        place(&mut one.violation, &rules, &waivers);
        one.waiver = at(&waivers, one.waiver);
    }
    let (rules, _) = places(results, open)?;
    for undecided in &mut results.undecided {
        undecided.rule = at(&rules, undecided.rule);
    }
    Ok(())
}

/// The place in the result of each rule and each waiver of an interner.
fn places(results: &Results, names: &Interner) -> Result<(Vec<u32>, Vec<u32>), String> {
    let rule = |name: &str| results.rules.iter().position(|rule| rule.name == name);
    let rules = names
        .rules
        .places(|name| rule(name))
        .map_err(|name| format!("`rules` lacks {name}"))?;
    let waivers = names
        .waivers
        .places(|key| results.waivers.iter().position(|waiver| key.is(waiver)));
    let waivers =
        waivers.map_err(|key| format!("`waivers` lacks the one of {}:{}", key.file, key.line))?;
    Ok((rules, waivers))
}

fn place(violation: &mut Violation, rules: &[u32], waivers: &[u32]) {
    violation.rule = at(rules, violation.rule);
    violation.expired = violation.expired.map(|waiver| at(waivers, waiver));
}

fn at(places: &[u32], number: u32) -> u32 {
    places.get(number as usize).copied().unwrap_or(number)
}

/// A violation that is milder than its rule would pass a gate that the rule does not.
fn check_severities(results: &Results) -> Result<(), String> {
    for (severity, violation) in results.violations() {
        let rule = results.rule(violation.rule);
        if let Some(rule) = rule.filter(|rule| rule.severity != severity) {
            return Err(format!(
                "a violation of {} is {severity}, and the rule is {}",
                rule.name, rule.severity
            ));
        }
    }
    Ok(())
}

fn optional(text: Option<Text<'_>>) -> Option<String> {
    text.map(Text::into_owned)
}

fn owned(texts: Vec<Text<'_>>) -> Vec<String> {
    texts.into_iter().map(Text::into_owned).collect()
}

impl Rule<'_> {
    fn facts(self) -> RuleFacts {
        let Location { file, line } = self.policy;
        let Name(severity) = self.severity;
        RuleFacts {
            name: self.rule.into_owned(),
            title: self.title.into_owned(),
            severity,
            why: optional(self.why),
            fix: optional(self.fix),
            references: owned(self.references),
            file: file.into_owned(),
            line,
            tuned: self.tuned.map(Tuned::facts),
        }
    }
}

impl Tuned<'_> {
    fn facts(self) -> finding::Tuned {
        let Name(written) = self.written;
        finding::Tuned {
            written,
            setting: self.setting.map(|Name(setting)| setting),
            values: owned(self.values),
        }
    }
}

impl Policy<'_> {
    fn facts(self) -> PolicyFacts {
        PolicyFacts {
            name: self.policy.into_owned(),
            file: self.file.into_owned(),
            why: self.why.into_owned(),
            replaces: optional(self.replaces),
            rules: self.rules,
            stages: self.stages,
        }
    }
}

impl Waiver<'_> {
    fn facts(self) -> Result<WaiverFacts, String> {
        let Self {
            rule,
            reason,
            owner,
            expires,
            file,
            line,
        } = self;
        let [rule, reason, owner, expires, file] =
            [rule, reason, owner, expires, file].map(Text::into_owned);
        // It is shown among words of ours.
        let is_date = expires.len() == 10
            && expires.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !is_date {
            return Err(format!(
                "the waiver of {rule} expires on {expires}, which is not a date"
            ));
        }
        Ok(WaiverFacts {
            rule,
            reason,
            owner,
            expires,
            file,
            line,
        })
    }
}

impl Scope<'_> {
    fn scope(self) -> state::Scope {
        let Name(outcome) = self.outcome;
        state::Scope {
            account: optional(self.account),
            region: optional(self.region),
            apis: self.apis,
            checked_apis: self.checked_apis,
            skipped_apis: self.skipped_apis,
            deleted_apis: self.deleted_apis,
            unchecked_apis: self.unchecked_apis,
            stages: self.stages,
            requests: self.requests,
            outcome,
        }
    }
}

impl Unchecked<'_> {
    fn gap(self) -> state::Gap {
        state::Gap {
            account: optional(self.account),
            region: optional(self.region),
            api_id: optional(self.api_id),
            stage: optional(self.stage),
            operation: self.operation.into_owned(),
            code: self.code.into_owned(),
            message: self.message.into_owned(),
            hint: self.hint.into_owned(),
        }
    }
}

impl Warning<'_> {
    fn warning(self) -> state::Warning {
        state::Warning {
            kind: state::WarningName::from_file(self.kind.into_owned()),
            message: self.message.into_owned(),
            account: optional(self.account),
            region: optional(self.region),
            api_id: optional(self.api_id),
            stage: optional(self.stage),
        }
    }
}

impl UnusedWaiver<'_> {
    fn unneeded(self) -> Unneeded {
        let Self {
            kind,
            message,
            account,
            region,
            api_id,
            stage,
            in_scope,
        } = self;
        Unneeded {
            warning: Warning {
                kind,
                message,
                account,
                region,
                api_id,
                stage,
            }
            .warning(),
            in_scope,
        }
    }
}

impl Gate<'_> {
    fn tolerance(self) -> Result<Tolerance, String> {
        let fail_on = Severity::from_name(&self.fail_on);
        if fail_on.is_none() && &*self.fail_on != NEVER {
            return Err(format!(
                "`fail_on` of `gate` is {}, which is not a severity",
                &*self.fail_on
            ));
        }
        let Self {
            allow_incomplete,
            allow_empty,
            min_coverage,
            ..
        } = self;
        Ok(Tolerance {
            fail_on,
            allow_incomplete,
            allow_empty,
            min_coverage,
        })
    }
}

impl Circumstances<'_> {
    fn run(self, source: String) -> Result<Run, String> {
        let duration = self
            .duration_seconds
            .map(Duration::try_from_secs_f64)
            .transpose();
        let version = self.version.into_owned();
        // It is shown among words of ours.
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-+".contains(c);
        if version.is_empty() || version.len() > 64 || !version.chars().all(plain) {
            return Err(format!(
                "`version` of `run` is {version}, which is not a version"
            ));
        }
        Ok(Run {
            reproducible: false,
            generated_at: optional(self.generated_at),
            duration: duration.map_err(|_| "`duration_seconds` is not a duration".to_owned())?,
            command_line: self.command_line.map(owned),
            source,
            shard: None,
            version: (version != VERSION).then_some(version),
        })
    }
}

impl Shard<'_> {
    fn info(self, results: &mut Results) -> Result<ShardInfo, String> {
        let Self {
            index,
            count,
            of,
            found,
            unused,
            unfound,
        } = self;
        if index == 0 || index > count {
            return Err(format!("`shard` is {index} of {count}"));
        }
        results.unneeded = unused.into_iter().map(UnusedWaiver::unneeded).collect();
        results.unfound = unfound.into_iter().map(Unchecked::gap).collect();
        Ok(ShardInfo {
            index,
            count,
            of: of.into_owned(),
            found: optional(found),
        })
    }
}

impl Summary {
    /// Checks that as much is listed as is counted: a result with a list cut short must not pass for a clean one.
    fn check(&self, results: &Results) -> Result<(), String> {
        let (counted, listed) = (&self.violations, BySeverity::of(results));
        for (what, counted, listed) in [
            ("critical violations", counted.critical, listed.critical),
            ("high violations", counted.high, listed.high),
            ("medium violations", counted.medium, listed.medium),
            ("low violations", counted.low, listed.low),
            ("info violations", counted.info, listed.info),
            ("waived violations", self.waived, results.waived.len()),
            ("unchecked things", self.unchecked, results.gaps.len()),
            ("rules", self.rules, results.rules_in_force()),
        ] {
            if counted != listed {
                return Err(format!(
                    "`summary` counts {counted} {what}, and {listed} are listed"
                ));
            }
        }
        Ok(())
    }
}
