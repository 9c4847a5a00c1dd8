//! The members of a result, read as they come: a finding is taken apart at once, so that a large result is never held
//! twice. They may stand in any order, and others are passed over.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::actual::Found;
use super::saved::Saved;
use super::shared::Shared;
use super::types::{FORMAT, FORMAT_VERSION, NEVER, Stage, Text, WaiverOf, str_of};
use crate::model::Path;
use crate::model::consistency::inconsistency;
use crate::model::finding::{Origin, Reading, RuleFacts, Undecided, Violation, Waived, WaiverFacts};
use crate::model::judgement::{Signal, Tolerance};
use crate::model::outcome::{Coverage, Unneeded};
use crate::model::state::{Gap, Warning};
use crate::model::{Outcome, Severity};
use crate::report::facts::{Part, Run, VERSION};

#[derive(Deserialize)]
#[serde(remote = "Severity", rename_all = "lowercase")]
enum SeverityName {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

#[derive(Deserialize)]
#[serde(remote = "Origin", rename_all = "lowercase")]
enum OriginName {
    Route,
    Stage,
    Api,
    Implied,
    Unset,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum ReadingName {
    Inherit,
    Replace,
}

/// A violation, waived or not.
#[derive(Deserialize)]
struct Finding<'a> {
    #[serde(borrow)]
    rule: Text<'a>,
    #[serde(with = "SeverityName")]
    severity: Severity,
    stage: Stage<'a>,
    route: Option<Text<'a>>,
    path: Option<Text<'a>>,
    /// Missing in the results of earlier versions.
    segments: Option<Vec<Text<'a>>>,
    expected: Text<'a>,
    actual: Found,
    #[serde(with = "OriginName")]
    origin: Origin,
    reading: Option<ReadingName>,
    expired_waiver: Option<WaiverOf>,
}

/// A violation with the waiver that tolerates it.
#[derive(Deserialize)]
struct WaivedFinding<'a> {
    #[serde(borrow, flatten)]
    finding: Finding<'a>,
    waiver: WaiverOf,
}

#[derive(Deserialize)]
struct Open<'a> {
    #[serde(borrow)]
    rule: Text<'a>,
    stage: Stage<'a>,
    route: Option<Text<'a>>,
    path: Option<Text<'a>>,
    reason: Text<'a>,
}

#[derive(Deserialize)]
struct Rule {
    rule: String,
    title: String,
    #[serde(with = "SeverityName")]
    severity: Severity,
    why: Option<String>,
    fix: Option<String>,
    references: Vec<String>,
    policy: At,
}

#[derive(Deserialize)]
struct At {
    file: String,
    line: usize,
}

#[derive(Deserialize)]
struct Waiver {
    rule: String,
    #[serde(flatten)]
    of: WaiverOf,
}

#[derive(Deserialize)]
struct Gate {
    fail_on: String,
    allow_incomplete: bool,
    allow_empty: bool,
    min_coverage: Option<f64>,
}

#[derive(Deserialize)]
struct ShardOf {
    index: u32,
    count: u32,
    of: String,
    #[serde(rename = "where")]
    found: Option<String>,
    unused: Vec<Unused>,
    #[serde(default)]
    unfound: Vec<Gap>,
}

#[derive(Deserialize)]
struct Unused {
    #[serde(flatten)]
    warning: Warning,
    in_scope: bool,
}

#[derive(Deserialize)]
struct Summary {
    stages: u64,
    governed: u64,
    rules: usize,
    checks: u64,
    not_applicable: u64,
    undecided: u64,
    violations: BySeverity,
    waived: usize,
    unchecked: usize,
}

#[derive(Deserialize)]
struct BySeverity {
    critical: usize,
    high: usize,
    medium: usize,
    low: usize,
    info: usize,
}

#[derive(Deserialize)]
struct Uncovered<'a> {
    #[serde(borrow)]
    ungoverned: Vec<Stage<'a>>,
    unused_rules: Vec<String>,
    unread_fields: Vec<String>,
}

#[derive(Deserialize)]
struct Circumstances {
    generated_at: Option<String>,
    duration_seconds: Option<f64>,
    version: String,
    command_line: Option<Vec<String>>,
}

/// What a result holds, not yet put together.
pub(super) struct Parts {
    exit: u64,
    gate: Gate,
    shard: Option<ShardOf>,
    source: String,
    summary: Summary,
    rules: Vec<Rule>,
    waivers: Vec<Waiver>,
    run: Option<Circumstances>,
    /// What is found, with the numbers of `shared` for rules and waivers.
    outcome: Outcome,
    shared: Shared,
}

impl<'de> Deserialize<'de> for Parts {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Members)
    }
}

struct Members;

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    Format,
    Version,
    Exit,
    Failed,
    Gate,
    Shard,
    Source,
    Narrowing,
    Summary,
    Rules,
    Waivers,
    Scopes,
    Violations,
    Waived,
    Undecided,
    Unchecked,
    Warnings,
    Coverage,
    Run,
    #[serde(other)]
    Other,
}

/// The lists, which have no value of their own to tell that they came.
const LISTS: [(Key, &str); 6] = [
    (Key::Scopes, "scopes"),
    (Key::Violations, "violations"),
    (Key::Waived, "waived"),
    (Key::Undecided, "undecided"),
    (Key::Unchecked, "unchecked"),
    (Key::Warnings, "warnings"),
];

impl<'de> Visitor<'de> for Members {
    type Value = Parts;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a result")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Parts, A::Error> {
        let (mut format, mut version, mut exit, mut gate, mut shard) = (None, None, None, None, None);
        let (mut source, mut summary, mut rules, mut waivers, mut run) = (None, None, None, None, None);
        let mut coverage: Option<Uncovered<'de>> = None;
        let (mut outcome, mut shared) = (Outcome::default(), Shared::default());
        let mut seen = Vec::new();
        while let Some(key) = from.next_key::<Key>()? {
            // A list that comes twice would be counted twice.
            if key != Key::Other && seen.contains(&key) {
                return Err(A::Error::custom("a member of it comes twice"));
            }
            seen.push(key);
            match key {
                Key::Format => format = Some(from.next_value::<Text<'de>>()?),
                Key::Version => version = Some(from.next_value::<u64>()?),
                Key::Exit => exit = Some(from.next_value()?),
                Key::Failed => outcome.failed = from.next_value()?,
                Key::Gate => gate = Some(from.next_value()?),
                Key::Shard => shard = from.next_value()?,
                Key::Source => source = Some(from.next_value()?),
                Key::Narrowing => outcome.narrowing = from.next_value()?,
                Key::Summary => summary = Some(from.next_value()?),
                Key::Rules => rules = Some(from.next_value()?),
                Key::Waivers => waivers = Some(from.next_value()?),
                Key::Scopes => outcome.scopes = from.next_value()?,
                Key::Violations => from.next_value_seed(Each::of(|finding: Finding<'de>| {
                    let severity = finding.severity;
                    outcome.violations[severity.rank()].push(finding.violation(&mut shared));
                }))?,
                Key::Waived => {
                    from.next_value_seed(Each::of(|WaivedFinding { finding, waiver }: WaivedFinding<'de>| {
                        let waiver = shared.waivers.number(waiver);
                        outcome.waived.push(Waived { violation: finding.violation(&mut shared), waiver });
                    }))?;
                }
                Key::Undecided => from.next_value_seed(Each::of(|open: Open<'de>| {
                    outcome.undecided.push(open.undecided(&mut shared));
                }))?,
                Key::Unchecked => outcome.gaps = from.next_value()?,
                Key::Warnings => outcome.warnings = from.next_value()?,
                Key::Coverage => coverage = Some(from.next_value()?),
                Key::Run => run = from.next_value()?,
                Key::Other => drop(from.next_value::<IgnoredAny>()?),
            }
        }
        let missing = A::Error::missing_field;
        if format.ok_or_else(|| missing("format"))?.0 != FORMAT {
            return Err(A::Error::custom("another format"));
        }
        if version.ok_or_else(|| missing("version"))? != FORMAT_VERSION {
            return Err(A::Error::custom("another version"));
        }
        if let Some((_, list)) = LISTS.iter().find(|(key, _)| !seen.contains(key)) {
            return Err(missing(list));
        }
        let Uncovered { ungoverned, unused_rules, unread_fields } = coverage.ok_or_else(|| missing("coverage"))?;
        let ungoverned = ungoverned.iter().map(|stage| shared.stage(stage)).collect();
        outcome.coverage = Coverage { ungoverned, unused_rules, unread_fields };
        Ok(Parts {
            exit: exit.ok_or_else(|| missing("exit"))?,
            gate: gate.ok_or_else(|| missing("gate"))?,
            shard,
            source: source.ok_or_else(|| missing("source"))?,
            summary: summary.ok_or_else(|| missing("summary"))?,
            rules: rules.ok_or_else(|| missing("rules"))?,
            waivers: waivers.ok_or_else(|| missing("waivers"))?,
            run,
            outcome,
            shared,
        })
    }
}

/// Hands each element of a list on as it comes.
struct Each<T, F>(F, PhantomData<T>);

impl<T, F: FnMut(T)> Each<T, F> {
    const fn of(each: F) -> Self {
        Self(each, PhantomData)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> DeserializeSeed<'de> for Each<T, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for Each<T, F> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut from: A) -> Result<(), A::Error> {
        while let Some(element) = from.next_element()? {
            (self.0)(element);
        }
        Ok(())
    }
}

impl Finding<'_> {
    fn violation(self, shared: &mut Shared) -> Violation {
        Violation {
            rule: shared.rule(&self.rule.0),
            origin: self.origin,
            reading: self.reading.map(|reading| match reading {
                ReadingName::Inherit => Reading::Inherit,
                ReadingName::Replace => Reading::Replace,
            }),
            expired: self.expired_waiver.map(|waiver| shared.waivers.number(waiver)),
            stage: shared.stage(&self.stage),
            route: shared.optional(str_of(self.route.as_ref())),
            path: path(self.path, self.segments.as_deref()).map(|path| shared.path(path)),
            expected: shared.text(&self.expected.0),
            actual: self.actual.0,
        }
    }
}

/// The path of a setting, which an earlier version wrote without its segments: it is shown as one name.
fn path(text: Option<Text<'_>>, segments: Option<&[Text<'_>]>) -> Option<Path> {
    let text = text?;
    let path = Path::named(segments.unwrap_or_default().iter().map(|segment| &*segment.0));
    Some(if path.text() == text.0 { path } else { Path::named([&*text.0]) })
}

impl Open<'_> {
    fn undecided(self, shared: &mut Shared) -> Undecided {
        Undecided {
            rule: shared.rule(&self.rule.0),
            stage: shared.stage(&self.stage),
            route: shared.optional(str_of(self.route.as_ref())),
            path: shared.optional(str_of(self.path.as_ref())),
            reason: shared.text(&self.reason.0),
        }
    }
}

impl Parts {
    /// The result of these parts, or what keeps them from being one.
    pub fn together(self, name: &str) -> Result<Saved, String> {
        let Self { exit, gate, shard, source, summary, rules, waivers, run, mut outcome, shared } = self;
        outcome.rules = rules.into_iter().map(Rule::facts).collect();
        outcome.waivers = waivers.into_iter().map(Waiver::facts).collect::<Result<_, _>>()?;
        numbered(&mut outcome, &shared)?;
        outcome.stages = summary.stages;
        outcome.governed = summary.governed;
        outcome.checks = summary.checks;
        outcome.not_applicable = summary.not_applicable;
        outcome.undecided_checks = summary.undecided;
        summary.fits(&outcome)?;
        // A run that failed may have failed over its books, and no gate lets it pass.
        if let (None, Some(wrong)) = (&outcome.failed, inconsistency(&outcome)) {
            return Err(format!("it does not add up: {wrong}"));
        }

        let mut whole = Run { reproducible: run.is_none(), source, ..Run::default() };
        if let Some(Circumstances { generated_at, duration_seconds, version, command_line }) = run {
            let duration = duration_seconds.map(Duration::try_from_secs_f64).transpose();
            whole.duration = duration.map_err(|_| "`duration_seconds` is no duration".to_owned())?;
            // It is shown among words of ours.
            let plain = |c: char| c.is_ascii_alphanumeric() || ".-+".contains(c);
            if version.is_empty() || version.len() > 64 || !version.chars().all(plain) {
                return Err(format!("`version` of `run` is {version}, which is no version"));
            }
            (whole.generated_at, whole.command_line) = (generated_at, command_line);
            whole.version = (version != VERSION).then_some(version);
        }
        if let Some(ShardOf { index, count, of, found, unused, unfound }) = shard {
            if index == 0 || index > count {
                return Err(format!("`shard` says {index} of {count}"));
            }
            let unneeded = |one: Unused| Unneeded { warning: one.warning, in_scope: one.in_scope };
            outcome.unneeded = unused.into_iter().map(unneeded).collect();
            outcome.unfound = unfound;
            whole.shard = Some(Part { index, count, of, found });
        }
        // Files may have been put into another order.
        outcome.sort_violations();
        outcome.sort_others();
        let signal = Signal::ALL.into_iter().find(|signal| u64::from(signal.code()) == exit);
        Ok(Saved { name: name.to_owned(), outcome, tolerance: gate.tolerance()?, signal, run: whole })
    }
}

/// Gives findings the numbers that rules and waivers have in the lists of the result.
fn numbered(outcome: &mut Outcome, shared: &Shared) -> Result<(), String> {
    let position = |name: &str| outcome.rules.iter().position(|rule| rule.name == name);
    let rules = shared.rules.places(|name| position(name)).map_err(|name| format!("`rules` lacks {name}"))?;
    let waivers = &outcome.waivers;
    let waivers = shared.waivers.places(|of| waivers.iter().position(|waiver| of.is(waiver)));
    let waivers = waivers.map_err(|of| format!("`waivers` lacks the one of {}:{}", of.file, of.line))?;
    let at = |places: &[u32], number: u32| places.get(number as usize).copied().unwrap_or(number);
    for (severity, list) in Severity::WORST_FIRST.into_iter().zip(&mut outcome.violations) {
        for violation in list {
            violation.rule = at(&rules, violation.rule);
            violation.expired = violation.expired.map(|waiver| at(&waivers, waiver));
            let rule = outcome.rules.get(violation.rule as usize);
            if let Some(rule) = rule.filter(|rule| rule.severity != severity) {
                return Err(format!("a violation of {} is {severity}, and the rule is {}", rule.name, rule.severity));
            }
        }
    }
    for Waived { violation, waiver } in &mut outcome.waived {
        (violation.rule, *waiver) = (at(&rules, violation.rule), at(&waivers, *waiver));
        violation.expired = violation.expired.map(|waiver| at(&waivers, waiver));
    }
    for undecided in &mut outcome.undecided {
        undecided.rule = at(&rules, undecided.rule);
    }
    Ok(())
}

impl Rule {
    fn facts(self) -> RuleFacts {
        let Self { rule, title, severity, why, fix, references, policy: At { file, line } } = self;
        RuleFacts { name: rule, title, severity, why, fix, references, file, line }
    }
}

impl Waiver {
    fn facts(self) -> Result<WaiverFacts, String> {
        let Self { rule, of: WaiverOf { file, line, reason, owner, expires } } = self;
        // It is shown among words of ours.
        let is_day = expires.len() == 10
            && expires.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !is_day {
            return Err(format!("the waiver of {rule} expires on {expires}, which is no day"));
        }
        Ok(WaiverFacts { rule, reason, owner, expires, file, line })
    }
}

impl Gate {
    fn tolerance(self) -> Result<Tolerance, String> {
        let fail_on = Severity::from_name(&self.fail_on);
        if fail_on.is_none() && self.fail_on != NEVER {
            return Err(format!("`fail_on` of `gate` is {}, which is no severity", self.fail_on));
        }
        let Self { allow_incomplete, allow_empty, min_coverage, .. } = self;
        Ok(Tolerance { fail_on, allow_incomplete, allow_empty, min_coverage })
    }
}

impl Summary {
    /// Whether what is listed is what is counted: a result with a list cut short must not pass for a clean one.
    fn fits(&self, outcome: &Outcome) -> Result<(), String> {
        let BySeverity { critical, high, medium, low, info } = self.violations;
        let of = |severity| outcome.count(severity);
        for (what, counted, listed) in [
            ("critical violations", critical, of(Severity::Critical)),
            ("high violations", high, of(Severity::High)),
            ("medium violations", medium, of(Severity::Medium)),
            ("low violations", low, of(Severity::Low)),
            ("info violations", info, of(Severity::Info)),
            ("waived violations", self.waived, outcome.waived.len()),
            ("unchecked things", self.unchecked, outcome.gaps.len()),
            ("rules", self.rules, outcome.rules.len()),
        ] {
            if counted != listed {
                return Err(format!("`summary` counts {counted} {what}, and {listed} are listed"));
            }
        }
        Ok(())
    }
}
