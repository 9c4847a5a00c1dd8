//! An expression that is ready to be evaluated, and its answer on a stage.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use cel::common::ast::{ComprehensionExpr, Expr, operators};
use cel::common::types::{CelBool, CelString, DYN_TYPE, STRING_TYPE};
use cel::common::value::CowVal;
use cel::extractors::This;
use cel::{Context, Env, ExecutionError, IdedExpr, Value as Answer};
use regex::Regex;

use super::analyze::{Iterated, ORDERED};
use super::bind::{self, BoundStage, Refusal};
use super::logic::{Quantifier, joined};
use super::place::{self, Access, EACH_ROUTE};
use crate::policy::language::explain::OpenQuestion;
use crate::policy::language::glob::Glob;

/// An expression with an index into the stage for each place that it reads.
#[derive(Debug)]
pub struct Program {
    /// The expression.
    pub expr: IdedExpr,
    /// The places that it reads.
    pub reads: Vec<Access>,
    /// The lists and maps that its macros go through, by their nodes.
    pub ranges: BTreeMap<u64, Iterated>,
    /// The regular expressions, by their text.
    pub regexes: Arc<BTreeMap<String, Regex>>,
    /// The names that it reads of structs that are worked out.
    pub members: BTreeSet<String>,
}

/// The functions of CEL itself, `glob`, and the order of keys.
static LANGUAGE: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut language = Env::stdlib();
    let added = language.add_overload(
        "glob",
        "glob_text",
        vec![STRING_TYPE, STRING_TYPE],
        |args| {
            let text = |at: usize| {
                args.get(at)
                    .and_then(|arg| arg.downcast_ref::<CelString<'_>>())
                    .map(CelString::inner)
            };
            let fits =
                matches!((text(0), text(1)), (Some(text), Some(glob)) if Glob::of(glob).fits(text));
            Ok(CowVal::owned(CelBool::from(fits)))
        },
    );
    let ordered = language.add_overload(ORDERED, "ordered_any", vec![DYN_TYPE], bind::ordered);
    debug_assert!(
        added.is_ok() && ordered.is_ok(),
        "CEL has no such functions of its own"
    );
    Arc::new(language)
});

impl Program {
    /// The stage that it reads, and its functions.
    pub fn context<'r>(&self, stage: BoundStage<'r>) -> Context<'r, 'r> {
        let mut context = Context::with_env(Arc::clone(&LANGUAGE));
        context.add_variable_as_val(place::STAGE, Box::new(stage));
        if !self.regexes.is_empty() {
            for name in ["re", "matches"] {
                let regexes = Arc::clone(&self.regexes);
                let found = move |This(text): This<Arc<String>>, regex: Arc<String>| {
                    regexes
                        .get(&*regex)
                        .is_some_and(|regex| regex.is_match(&text))
                };
                let added = context.add_function(name, found);
                debug_assert!(added.is_ok(), "CEL has no `{name}` of its own");
            }
        }
        context
    }

    /// The answer of the expression or a part of it. Of routes that the source does not state, the stage default alone
    /// may decide.
    ///
    /// # Errors
    /// The reason why there is no answer.
    pub fn evaluate(
        &self,
        expr: &IdedExpr,
        context: &Context<'_, '_>,
        stage: &BoundStage<'_>,
    ) -> Result<bool, Failed> {
        let answer = self.evaluate_whole(expr, context, stage);
        match answer {
            Err(Failed::Open(_)) if stage.may_have_more_routes() => {
                self.evaluate_parts(expr, context, stage).map_or(answer, Ok)
            }
            _ => answer,
        }
    }

    /// The answer that follows from the parts of an expression that cannot be evaluated as a whole.
    fn evaluate_parts(
        &self,
        expr: &IdedExpr,
        context: &Context<'_, '_>,
        stage: &BoundStage<'_>,
    ) -> Option<bool> {
        let answer = |part| self.evaluate(part, context, stage).ok();
        let Expr::Call(call) = &expr.expr else {
            let Expr::Comprehension(of) = &expr.expr else {
                return None;
            };
            return self.decided_by_default(expr.id, of, context, stage);
        };
        match joined(expr)? {
            [inner] => answer(inner).map(|answer| !answer),
            [condition, one, other] => answer(if answer(condition)? { one } else { other }),
            parts => {
                let enough = call.func_name == operators::LOGICAL_OR;
                let answers: Vec<Option<bool>> = parts.iter().map(answer).collect();
                if answers.contains(&Some(enough)) {
                    Some(enough)
                } else {
                    answers.iter().all(Option::is_some).then_some(!enough)
                }
            }
        }
    }

    /// The answer of a quantifier over the routes, if the stage default, which is one of them, is enough.
    fn decided_by_default(
        &self,
        id: u64,
        of: &ComprehensionExpr,
        context: &Context<'_, '_>,
        stage: &BoundStage<'_>,
    ) -> Option<bool> {
        let quantifier = Quantifier::of(of).filter(|_| self.goes_through_routes(id))?;
        let scope = default_scope(of, context);
        let answer = self.evaluate(quantifier.test, &scope, stage).ok()?;
        (answer == quantifier.enough()?).then_some(answer)
    }

    /// True if a macro goes through the keys of `each_route`.
    pub fn goes_through_routes(&self, id: u64) -> bool {
        let range = self.ranges.get(&id);
        range.is_some_and(|range| &*range.name == EACH_ROUTE.name)
    }

    fn evaluate_whole(
        &self,
        expr: &IdedExpr,
        context: &Context<'_, '_>,
        stage: &BoundStage<'_>,
    ) -> Result<bool, Failed> {
        let error = match Answer::resolve_val(expr, context) {
            Ok(answer) => {
                let boolean = answer
                    .downcast_ref::<CelBool>()
                    .map(|answer| *answer.inner());
                return boolean.ok_or_else(|| Failed::Gives(answer.get_type().name().to_owned()));
            }
            Err(error) => error,
        };
        if let Some(refusal) = stage.refusal(&error) {
            return Err(match refusal {
                Refusal::Open(open) => Failed::Open(open),
                Refusal::Missing(number) => match self.reads.get(number) {
                    Some(read) => Failed::Missing(read.written(), read.question()),
                    None => Failed::MissingKey,
                },
                Refusal::MissingKey => Failed::MissingKey,
            });
        }
        Err(match error {
            ExecutionError::NoSuchKey(name) if self.members.contains(&*name) => {
                Failed::Missing(name.to_string(), "has(…)".to_owned())
            }
            ExecutionError::NoSuchKey(_) => Failed::MissingKey,
            ExecutionError::NoSuchOverload(call) => Failed::Types(
                operator(call.function()).to_owned(),
                call.argument_types().join(" and "),
            ),
            ExecutionError::UnsupportedBinaryOperator(name, one, other) => {
                let types = [one, other]
                    .map(|value| value.type_of().to_string().replace("float", "double"));
                Failed::Types(operator(name).to_owned(), types.join(" and "))
            }
            ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
                Failed::ByZero
            }
            ExecutionError::Overflow(..) => Failed::OutOfRange,
            ExecutionError::UnexpectedType { got, .. } => {
                Failed::Types("a function or macro".to_owned(), got)
            }
            _ => Failed::Other,
        })
    }
}

/// The scope in which the variable of a macro over the routes is the stage default.
pub fn default_scope<'c>(of: &ComprehensionExpr, context: &'c Context<'_, '_>) -> Context<'c, 'c> {
    let mut scope = context.new_inner_scope();
    scope.add_variable_as_val(&of.iter_var, Box::new(CelString::from("")));
    scope
}

/// A reason why an expression gives no answer. It holds no value of the stage.
#[derive(Debug)]
pub enum Failed {
    /// The source does not state something.
    Open(OpenQuestion),
    /// A setting or key that is written in the expression is not set, and how to ask for it.
    Missing(String, String),
    /// A key that was worked out is not there.
    MissingKey,
    /// An operation cannot take values of these types.
    Types(String, String),
    /// The result has this type.
    Gives(String),
    /// A division by zero.
    ByZero,
    /// A number that is larger than any number of CEL.
    OutOfRange,
    /// A text that is not a number, or a number too large for a conversion.
    Other,
}

impl Failed {
    /// The reason in words.
    pub fn words(&self) -> String {
        match self {
            Self::Open(open) => open.reason.to_string(),
            Self::Missing(written, question) => {
                format!("`{written}` is not set; ask `{question}` first")
            }
            Self::MissingKey => "there is no such key; ask `KEY in MAP` first".to_owned(),
            Self::Types(operation, types) if types.contains("double") && types.contains("int") => {
                format!(
                    "`{operation}` cannot take {types}; a whole number beside a double is written `2.0`"
                )
            }
            Self::Types(operation, types) => format!("`{operation}` cannot take {types}"),
            Self::Gives(result) => format!("it gives {result}, not true or false"),
            Self::ByZero => "it divides by zero; ask `NUMBER != 0` first".to_owned(),
            Self::OutOfRange => "a number is out of range".to_owned(),
            Self::Other => "a number is out of range, or a text is not a number".to_owned(),
        }
    }
}

/// An operator as it is written.
fn operator(name: &str) -> &str {
    match name {
        "add" => "+",
        "sub" => "-",
        "mul" => "*",
        "div" => "/",
        "rem" => "%",
        name => name.trim_matches(['_', '@']),
    }
}
