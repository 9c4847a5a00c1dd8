//! `assert`: an expression in CEL over one stage, compiled, and its answer on a stage. It must not know the file.

use std::sync::{Arc, Mutex};

use super::analyze::Analysis;
use super::bind::{BoundStage, Roots};
use super::parse::parse;
use super::program::Program;
use super::sample::try_out;
use super::why::{Cause, Why};
use crate::model::catalogue::{Field, STAGE, stage};
use crate::model::protocol::Protocol;
use crate::model::{Document, Value};
use crate::policy::language::explain::Asserted;
use crate::policy::text::diagnostic::Mistake;

/// A compiled expression.
#[derive(Debug)]
pub struct Assertion {
    /// The expression as violations show it.
    words: Arc<str>,
    program: Program,
    /// The settings that it reads and not every protocol has.
    limits: Vec<&'static Field>,
}

impl Assertion {
    /// Compiles an expression.
    ///
    /// # Errors
    /// Every mistake, each with its bytes in the text.
    pub fn of(text: &str) -> Result<Self, Vec<Mistake>> {
        let (expr, source) = parse(text).map_err(|mistake| vec![mistake])?;
        let (analysis, evaluated) = Analysis::of(text, &source, &expr);
        let Analysis {
            reads,
            limits,
            ranges,
            regexes,
            members,
            mistakes,
            ..
        } = analysis;
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let lines = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with("//"));
        let words = format!("assert: {}", lines.collect::<Vec<_>>().join(" ")).into();
        let program = Program {
            expr: evaluated,
            reads,
            ranges,
            regexes: Arc::new(regexes),
            members,
        };
        let assertion = Self {
            words,
            program,
            limits,
        };
        let protocols = Protocol::ALL
            .into_iter()
            .filter(|protocol| assertion.applies(*protocol));
        match try_out(&assertion.program, protocols) {
            Ok(()) => Ok(assertion),
            Err(label) => {
                let title = "this can be evaluated on no stage".to_owned();
                Err(vec![Mistake {
                    at: 0..text.len(),
                    title,
                    label,
                    help: Vec::new(),
                }])
            }
        }
    }

    /// The expression in one line, as violations show it.
    #[must_use]
    pub fn words(&self) -> &Arc<str> {
        &self.words
    }

    /// True if APIs of this protocol have every setting that the expression reads.
    #[must_use]
    pub fn applies(&self, protocol: Protocol) -> bool {
        self.limits.iter().all(|field| field.on.include(protocol))
    }

    /// The names of the settings that the expression reads and APIs of this protocol lack.
    #[must_use]
    pub fn lacks(&self, protocol: Protocol) -> Vec<&'static str> {
        let mut names: Vec<&str> = self
            .limits
            .iter()
            .filter(|field| !field.on.include(protocol))
            .map(|field| field.name)
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The paths of the document that the expression reads. A map is read whole.
    #[must_use]
    pub fn reads(&self) -> Vec<String> {
        let mut paths = Vec::new();
        for read in &self.program.reads {
            match read.members().as_slice() {
                ["stage"] => paths.extend(STAGE.iter().map(|field| field.name.to_owned())),
                ["stage", path @ ..] => paths.push(path.join(".")),
                ["each_route", ..] => {
                    let member = read
                        .of_route()
                        .map(|member| format!(".{member}"))
                        .unwrap_or_default();
                    paths.extend([
                        format!("{}{member}", stage::DEFAULT_ROUTE.name),
                        stage::ROUTES.name.to_owned(),
                    ]);
                }
                path => paths.push(path.join(".")),
            }
        }
        paths
    }

    /// The answer on a stage of a protocol on which it [applies](Self::applies). `in_force` gives the settings of a route
    /// from its entry and the stage default.
    pub fn answer(
        &self,
        document: &Document<'_>,
        protocol: Protocol,
        in_force: impl for<'v> Fn(&'v Value<'v>, &'v Value<'v>) -> Value<'v>,
    ) -> Asserted {
        let roots = Roots::of(document, self.reads_routes(), in_force);
        let refusals = Mutex::new(Vec::new());
        let program = &self.program;
        let stage = BoundStage {
            reads: &program.reads,
            roots: &roots,
            protocol,
            refusals: &refusals,
        };
        let context = program.context(stage);
        let why = Why {
            program,
            stage: &stage,
        };
        match program.evaluate(&program.expr, &context, &stage) {
            Ok(true) => Asserted::Holds,
            Ok(false) => Asserted::Fails(why.decided(&program.expr, &context).join("; ").into()),
            Err(_) => Asserted::Open(
                why.open(&program.expr, &context)
                    .into_iter()
                    .map(Cause::into_open)
                    .collect(),
            ),
        }
    }

    /// True if it reads the settings in force of routes.
    #[must_use]
    pub fn reads_routes(&self) -> bool {
        self.program
            .reads
            .iter()
            .any(|read| read.members().first() == Some(&"each_route"))
    }
}
