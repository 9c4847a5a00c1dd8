//! Findings as JSON, put together from parts that are escaped once. It must not know the document around them.

use std::ops::Range;
use std::sync::Arc;

use crate::model::finding::{RuleFacts, StageName, Undecided, Violation, Waived, WaiverFacts, fingerprint};
use crate::model::path::Segment;
use crate::report::escape::json as escape;

/// The parts of an element that are the same for every finding of a rule, as JSON.
pub(super) struct Rules<'a> {
    rules: Vec<Rule<'a>>,
    /// In place of a rule that the outcome does not hold, which no outcome of a check lacks.
    unknown: Rule<'a>,
}

#[derive(Default)]
struct Rule<'a> {
    name: &'a str,
    /// The name alone, in quotes.
    quoted: Vec<u8>,
    /// Up to the stage.
    head: Vec<u8>,
    /// From the policy to the end.
    tail: Vec<u8>,
}

impl<'a> Rules<'a> {
    pub(super) fn new(rules: &'a [RuleFacts]) -> Self {
        let unknown = Rule {
            name: "",
            quoted: b"null".to_vec(),
            head: b",\n{\"rule\":null,\"severity\":null,\"title\":null,\"stage\":".to_vec(),
            tail: b",\"policy\":null,\"fix\":null,\"commands\":[]}".to_vec(),
        };
        Self { rules: rules.iter().map(Rule::of).collect(), unknown }
    }

    fn get(&self, rule: u32) -> &Rule<'a> {
        self.rules.get(rule as usize).unwrap_or(&self.unknown)
    }
}

impl<'a> Rule<'a> {
    fn of(rule: &'a RuleFacts) -> Self {
        let mut quoted = Vec::new();
        escape::text(&mut quoted, &rule.name);

        let mut head = b",\n{\"rule\":".to_vec();
        head.extend(&quoted);
        head.extend(b",\"severity\":");
        escape::text(&mut head, rule.severity.name());
        head.extend(b",\"title\":");
        escape::text(&mut head, &rule.title);
        head.extend(b",\"stage\":");

        let mut tail = b",\"policy\":{\"file\":".to_vec();
        escape::text(&mut tail, &rule.file);
        tail.extend(format!(",\"line\":{}}},\"fix\":", rule.line).as_bytes());
        escape::optional(&mut tail, rule.fix.as_deref());
        tail.extend(b",\"commands\":[]}");
        Self { name: &rule.name, quoted, head, tail }
    }
}

/// The stage that was pushed last: findings on one stage follow each other, and so do the stages of one API.
#[derive(Default)]
struct LastStage<'a>(Option<Pushed<'a>>);

struct Pushed<'a> {
    stage: &'a Arc<StageName>,
    /// Where all of it stands.
    whole: Range<usize>,
    /// Where the end of what every stage of the API has stands.
    shared: usize,
}

impl<'a> LastStage<'a> {
    fn push(&mut self, stage: &'a Arc<StageName>, out: &mut Vec<u8>) {
        let start = out.len();
        let shared = match &self.0 {
            Some(last) if Arc::ptr_eq(last.stage, stage) => return out.extend_from_within(last.whole.clone()),
            Some(last) if Arc::ptr_eq(&last.stage.api, &stage.api) && Arc::ptr_eq(&last.stage.place, &stage.place) => {
                out.extend_from_within(last.whole.start..last.shared);
                out.len()
            }
            _ => {
                push_api(stage, out);
                out.len()
            }
        };
        push_name(stage, out);
        self.0 = Some(Pushed { stage, whole: start..out.len(), shared });
    }
}

/// What every stage of an API has.
fn push_api(stage: &StageName, out: &mut Vec<u8>) {
    out.extend(b"{\"account\":");
    escape::optional(out, stage.place.account.as_deref());
    out.extend(b",\"region\":");
    escape::optional(out, stage.place.region.as_deref());
    out.extend(b",\"api_id\":");
    escape::optional(out, stage.api.id.as_deref());
    out.extend(b",\"api_name\":");
    escape::optional(out, stage.api.name.as_deref());
    out.extend(b",\"protocol\":");
    escape::optional(out, stage.api.protocol.as_deref());
}

fn push_name(stage: &StageName, out: &mut Vec<u8>) {
    out.extend(b",\"name\":");
    escape::optional(out, stage.name.as_deref());
    out.extend(b",\"arn\":");
    escape::optional(out, stage.arn().as_deref());
    out.push(b'}');
}

/// Pushes violations, each after a comma and a newline.
pub(super) fn violations(block: &[Violation], rules: &Rules<'_>, waivers: &[WaiverFacts], out: &mut Vec<u8>) {
    let mut stage = LastStage::default();
    for one in block {
        violation(one, &mut stage, rules, waivers, out);
    }
}

/// Pushes waived violations, each with its waiver, after a comma and a newline.
pub(super) fn waived(block: &[Waived], rules: &Rules<'_>, waivers: &[WaiverFacts], out: &mut Vec<u8>) {
    let mut stage = LastStage::default();
    for one in block {
        violation(&one.violation, &mut stage, rules, waivers, out);
        // The waiver is a member of the violation, which was closed already.
        out.pop();
        out.extend(b",\"waiver\":");
        match waivers.get(one.waiver as usize) {
            None => out.extend(b"null}"),
            Some(waiver) => {
                push_waiver(waiver, out);
                out.push(b'}');
            }
        }
    }
}

fn push_waiver(waiver: &WaiverFacts, out: &mut Vec<u8>) {
    out.extend(b"{\"reason\":");
    escape::text(out, &waiver.reason);
    out.extend(b",\"owner\":");
    escape::text(out, &waiver.owner);
    out.extend(b",\"expires\":");
    escape::text(out, &waiver.expires);
    out.extend(b",\"file\":");
    escape::text(out, &waiver.file);
    out.extend(format!(",\"line\":{}}}", waiver.line).as_bytes());
}

fn violation<'a>(
    violation: &'a Violation,
    stage: &mut LastStage<'a>,
    rules: &Rules<'_>,
    waivers: &[WaiverFacts],
    out: &mut Vec<u8>,
) {
    let rule = rules.get(violation.rule);
    out.extend_from_slice(&rule.head);
    stage.push(&violation.stage, out);
    out.extend(b",\"route\":");
    escape::optional(out, violation.route.as_deref());
    out.extend(b",\"path\":");
    escape::optional(out, violation.path_text());
    out.extend(b",\"segments\":");
    escape::texts(out, violation.path.iter().flat_map(|path| path.segments()).map(Segment::name));
    out.extend(b",\"expected\":");
    escape::text(out, &violation.expected);
    out.extend(b",\"actual\":");
    escape::actual(out, &violation.actual);
    out.extend(b",\"origin\":\"");
    out.extend_from_slice(violation.origin.name().as_bytes());
    out.push(b'"');
    // The keys of few violations are written where there is something to say.
    if let Some(reading) = violation.reading {
        out.extend(b",\"reading\":\"");
        out.extend_from_slice(reading.name().as_bytes());
        out.push(b'"');
    }
    if let Some(waiver) = violation.expired.and_then(|waiver| waivers.get(waiver as usize)) {
        out.extend(b",\"waiver_expired\":");
        escape::text(out, &waiver.expires);
        out.extend(b",\"expired_waiver\":");
        push_waiver(waiver, out);
    }
    out.extend(b",\"status\":null,\"first_seen\":null,\"fingerprint\":\"");
    let (route, path) = (violation.route.as_deref(), violation.path_text());
    out.extend_from_slice(fingerprint(rule.name, &violation.stage, route, path).as_bytes());
    out.push(b'"');
    out.extend_from_slice(&rule.tail);
}

/// Pushes what could not be decided, each after a comma and a newline.
pub(super) fn undecided(block: &[Undecided], rules: &Rules<'_>, out: &mut Vec<u8>) {
    let mut stage = LastStage::default();
    for undecided in block {
        out.extend(b",\n{\"rule\":");
        out.extend_from_slice(&rules.get(undecided.rule).quoted);
        out.extend(b",\"stage\":");
        stage.push(&undecided.stage, out);
        out.extend(b",\"route\":");
        escape::optional(out, undecided.route.as_deref());
        out.extend(b",\"path\":");
        escape::optional(out, undecided.path.as_deref());
        out.extend(b",\"reason\":");
        escape::text(out, &undecided.reason);
        out.push(b'}');
    }
}

/// Pushes stages, each after a comma and a newline.
pub(super) fn ungoverned(block: &[Arc<StageName>], out: &mut Vec<u8>) {
    for stage in block {
        out.extend(b",\n");
        push_api(stage, out);
        push_name(stage, out);
    }
}
