//! `driftgate policy learn`: writes a policy that describes a stage, after trying it on that stage.

use std::sync::Arc;

use super::test::failure;
use crate::check::{self, Options};
use crate::cli::args::{Global, Learn};
use crate::cli::pipeline::source::{self, FetchPlan, StageSource};
use crate::cli::pipeline::spool;
use crate::cli::plural::plural;
use crate::cli::stop::Stop;
use crate::cli::terminal::diagnostics;
use crate::cli::terminal::interrupt::Interrupt;
use crate::cli::terminal::output::{self, Target};
use crate::gate;
use crate::model::Document;
use crate::model::projection::Projection;
use crate::model::state::{ApiBatch, Close, Gap, GapCode, State, Unusable, VecState};
use crate::model::value::Value;
use crate::policy::author::learn::learn;
use crate::policy::read::waiver::Waivers;
use crate::policy::text::diagnostic::{Diagnostic, SourceText, nearest};
use crate::policy::{Policies, load};

/// Number of places that are named if a stage is found more than once.
const MOST_PLACES: usize = 4;

/// Runs the command.
pub fn run(command: &Learn, global: &Global, interrupt: &Interrupt) -> Result<u8, Stop> {
    let from = StageSource::of(&command.source)?;
    spool::refuse(&command.source, "policy learn")?;
    let query = StageQuery::of(command, &from)?;
    let target = Target::of(&command.output);
    output::check(&target)?;
    output::keep_apart(&[&target], source::inputs(&command.source, global, &from))?;

    interrupt.heed();
    let mut source = command.source.clone();
    if from != StageSource::Aws {
        // A file is read whole anyway, and the names of other stages may show which was meant.
        source.stage.clear();
    }
    let state = source::open(
        &from,
        &source,
        FetchPlan::all(),
        interrupt,
        global.shows_progress(false),
    )?;
    let (found, close) = query.read(state).map_err(Stop::usage)?;
    if let Some(signal) = interrupt.signal() {
        return Ok(signal.code());
    }
    let stage = query.only(found, &close)?;

    let inheritance = command.source.route_inheritance;
    let Some(text) = learn(&stage.document(), inheritance.readings()) else {
        return Err(Stop::usage(
            "the stage has no setting that a policy could demand.",
        ));
    };
    let policies = tried(&text, &stage, Options { inheritance, ..Options::default() }).map_err(|reason| {
        Stop::failed(format!(
            "an internal error: the policy that was learned does not hold on its own stage: {reason}.\nNothing was \
             written. This is a defect of driftgate; the stage that shows it would help to repair it."
        ))
    })?;
    output::write(&target, |out| out.write_all(text.as_bytes()))?;
    if target != Target::Stdout && !global.quiet {
        diagnostics::line(&format!(
            "{}: {}",
            command.output,
            plural(policies.rules, "rule")
        ));
    }
    Ok(gate::CONFORMS)
}

/// A stage with its place.
struct FoundStage {
    account: Option<String>,
    region: Option<String>,
    api: Value<'static>,
    stage: Value<'static>,
}

impl FoundStage {
    fn of(document: &Document<'_>) -> Self {
        Self {
            account: document.account.map(str::to_owned),
            region: document.region.map(str::to_owned),
            api: document.api.clone().into_owned(),
            stage: document.stage.clone().into_owned(),
        }
    }

    fn document(&self) -> Document<'_> {
        Document {
            read_at: None,
            account: self.account.as_deref(),
            region: self.region.as_deref(),
            api: &self.api,
            stage: &self.stage,
        }
    }

    fn batch(&self) -> ApiBatch {
        ApiBatch {
            read_at: None,
            account: self.account.as_deref().map(Arc::from),
            region: self.region.as_deref().map(Arc::from),
            api: self.api.clone(),
            stages: vec![self.stage.clone()],
        }
    }

    fn place(&self) -> String {
        let parts = [
            self.account.as_deref(),
            self.region.as_deref(),
            self.document().api_id(),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// The stage that the flags name.
struct StageQuery<'c> {
    api: Option<&'c str>,
    stage: &'c str,
    from: &'c StageSource,
}

/// The stages of a source with that name.
#[derive(Default)]
struct Candidates {
    stages: Vec<FoundStage>,
    /// The names of the API's other stages.
    others: Vec<String>,
}

impl<'c> StageQuery<'c> {
    fn of(command: &'c Learn, from: &'c StageSource) -> Result<Self, Stop> {
        match (
            command.source.api.as_slice(),
            command.source.stage.as_slice(),
        ) {
            ([api], [stage]) => Ok(Self {
                api: Some(api),
                stage,
                from,
            }),
            ([], [stage]) if *from != StageSource::Aws => Ok(Self {
                api: None,
                stage,
                from,
            }),
            _ => Err(Stop::usage(
                "a policy is learned from one stage.\nName it: --api ID --stage NAME",
            )),
        }
    }

    fn read(&self, mut state: Box<dyn State>) -> Result<(Candidates, Close), Unusable> {
        let mut found = Candidates::default();
        while let Some(batch) = state.next() {
            batch.decode(
                &Projection::all(),
                &mut |document| match document.stage_name() {
                    Some(name) if name == self.stage => found.stages.push(FoundStage::of(document)),
                    Some(name) if !found.others.iter().any(|other| other == name) => {
                        found.others.push(name.to_owned());
                    }
                    _ => {}
                },
            )?;
        }
        Ok((found, state.close()?))
    }

    /// The one stage that was found.
    fn only(&self, mut found: Candidates, close: &Close) -> Result<FoundStage, Stop> {
        if found.stages.len() > 1 {
            return Err(self.found_often(&found.stages));
        }
        if let Some(stage) = found.stages.pop() {
            return Ok(stage);
        }
        let mut gaps = close.gaps.iter();
        Err(
            match gaps.find(|gap| gap.code != GapCode::NotFound.name()) {
                Some(gap) => self.not_read(gap),
                None => self.not_found(&found.others, close),
            },
        )
    }

    /// The stage as the messages name it.
    fn name(&self) -> String {
        let of_api = self.api.map(|api| format!(" of API `{api}`"));
        format!("`{}`{}", self.stage, of_api.unwrap_or_default())
    }

    fn found_often(&self, stages: &[FoundStage]) -> Stop {
        let named = stages.iter().take(MOST_PLACES);
        let places: Vec<String> = named.map(FoundStage::place).collect();
        let more = match stages.len() - places.len() {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let help = match (self.api, self.from) {
            (None, _) => "Name its API: --api ID",
            (_, StageSource::Aws) => "Name one Region: --region REGION",
            (_, StageSource::File(..)) => {
                "Learn from a snapshot of one account and Region: driftgate snapshot --region REGION"
            }
        };
        Stop::usage(format!(
            "there are {} stages {}: {}{more}.\n{help}",
            stages.len(),
            self.name(),
            places.join("; ")
        ))
    }

    fn not_read(&self, gap: &Gap) -> Stop {
        let place: Vec<&str> = [&gap.account, &gap.region, &gap.api_id]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        Stop::failed(format!(
            "the stage {} could not be read: {} {}: {}: {}\n{}",
            self.name(),
            place.join(" "),
            gap.operation,
            gap.code,
            gap.message,
            gap.hint
        ))
    }

    fn not_found(&self, others: &[String], close: &Close) -> Stop {
        let meant = nearest(self.stage, others.iter().map(String::as_str));
        let help = match (meant, self.from) {
            (Some(meant), _) => format!("Did you mean --stage {meant}?"),
            (None, _) if !others.is_empty() => {
                format!("Stages that are there: {}", others.join(", "))
            }
            (None, StageSource::Aws) => {
                "Name the API by its id, and its Region with --region.".to_owned()
            }
            (None, StageSource::File(..)) => "Name the API by its id, not by its name.".to_owned(),
        };
        let within = if *self.from == StageSource::Aws {
            let scopes = close.scopes.iter();
            let regions: Vec<&str> = scopes.filter_map(|scope| scope.region.as_deref()).collect();
            regions.join(", ")
        } else {
            self.from.name()
        };
        Stop::usage(format!(
            "no stage {} was found in {within}.\n{help}",
            self.name()
        ))
    }
}

/// Loads the policies of a text, and checks that they hold on the stage and that their tests pass.
fn tried(text: &str, stage: &FoundStage, options: Options) -> Result<Policies, String> {
    let text = Arc::new(SourceText {
        name: "learned.yaml".to_owned(),
        text: text.to_owned(),
    });
    let policies = load(vec![text]).map_err(|mistakes| {
        let one = |mistake: &Diagnostic| {
            format!(
                "line {}: {}",
                mistake.file.position(mistake.span.start).0,
                mistake.title
            )
        };
        mistakes.first().map(one).unwrap_or_default()
    })?;
    let state = Box::new(VecState::new(vec![stage.batch()], Close::default()));
    let results =
        check::run(&policies, &Waivers::default(), state, options).map_err(|error| error.0)?;
    let violated = results.violations.iter().map(Vec::len).sum::<usize>();
    if violated > 0 || results.summary.undecided > 0 || results.summary.governed != 1 {
        return Err(format!(
            "{violated} violations, {} undecided checks",
            results.summary.undecided
        ));
    }
    let tests = policies
        .policies
        .iter()
        .flat_map(|policy| policy.tests.iter().map(move |test| (policy, test)));
    match tests
        .into_iter()
        .find_map(|(policy, test)| failure(policy, test))
    {
        Some(why) => Err(why),
        None => Ok(policies),
    }
}
