//! Reasons why an expression is false or undecided: the elements that its quantifiers failed for, and the settings
//! that the source does not state.

use cel::common::ast::{ComprehensionExpr, Expr, operators};
use cel::common::types::{CelBool, CelInt, CelString};
use cel::common::value::Val;
use cel::{Context, IdedExpr, Value as Answer};

use super::bind::BoundStage;
use super::logic::{Quantifier, joined};
use super::program::{Failed, Program, default_scope};
use crate::model::digest::shown as shown_text;
use crate::policy::language::explain::OpenQuestion;

/// The elements that are named; the others are counted.
const NAMED: usize = 5;
/// The longest name, in characters.
const LONGEST: usize = 100;

/// A reason why an expression cannot be decided.
#[derive(Debug, PartialEq)]
pub enum Cause {
    /// The source does not state something.
    Open(OpenQuestion),
    /// An evaluation failed, in words, and what for.
    Failed { words: String, of: Vec<String> },
}

impl Cause {
    /// The question that it leaves open.
    pub fn into_open(self) -> OpenQuestion {
        match self {
            Self::Open(open) => open,
            Self::Failed { words, of } => {
                let of = if of.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", of.join(", "))
                };
                let reason = format!("assert could not be evaluated: {words}{of}").into();
                OpenQuestion {
                    route: None,
                    path: "".into(),
                    reason,
                }
            }
        }
    }
}

/// A walk through an expression on one stage.
pub struct Why<'a, 'r> {
    /// The expression.
    pub program: &'a Program,
    /// The stage.
    pub stage: &'a BoundStage<'r>,
}

impl Why<'_, '_> {
    /// The quantifiers on which a decided part hangs, and what they failed for.
    pub fn decided(&self, expr: &IdedExpr, context: &Context<'_, '_>) -> Vec<String> {
        let answer = |expr| self.program.evaluate(expr, context, self.stage).ok();
        match (&expr.expr, joined(expr)) {
            (Expr::Comprehension(of), _) => self
                .quantifier(expr.id, of, answer(expr), context)
                .into_iter()
                .collect(),
            (Expr::Call(call), Some([condition, one, other]))
                if call.func_name == operators::CONDITIONAL =>
            {
                match answer(condition) {
                    Some(true) => self.decided(one, context),
                    Some(false) => self.decided(other, context),
                    None => Vec::new(),
                }
            }
            (_, Some([inner])) => self.decided(inner, context),
            (_, Some(parts)) => {
                // If one side is enough, only that side is named.
                let whole = answer(expr);
                let decides = parts.iter().filter(|part| answer(part) == whole);
                distinct(decides.flat_map(|part| self.decided(part, context)))
            }
            _ => Vec::new(),
        }
    }

    /// The elements that a quantifier with this answer failed for.
    fn quantifier(
        &self,
        id: u64,
        of: &ComprehensionExpr,
        answer: Option<bool>,
        context: &Context<'_, '_>,
    ) -> Option<String> {
        let (quantifier, answer) = (Quantifier::of(of)?, answer?);
        // `exists_one` is false for those that hold, since there are several or none.
        let deciding = answer || quantifier.name == "exists_one";
        let (mut names, mut count, mut all) = (Vec::new(), 0, 0);
        self.elements(id, of, context, |at, element, scope| {
            all += 1;
            if self
                .program
                .evaluate(quantifier.test, scope, self.stage)
                .ok()
                != Some(deciding)
            {
                return;
            }
            count += 1;
            if names.len() < NAMED {
                let inner = self.decided(quantifier.test, scope);
                let name = self.name(id, at, element);
                names.push(if inner.is_empty() {
                    name
                } else {
                    format!("{name} ({})", inner.join("; "))
                });
            }
        });
        let whole = format!("{}.{}(…) is {answer}", self.range(id), quantifier.name);
        Some(match (all, count) {
            (0, _) => format!("{whole}: there is nothing in it"),
            (_, 0) => format!("{whole}: it holds for none"),
            _ => format!("{whole} for {}", list(&names, count)),
        })
    }

    /// The reasons why a part cannot be decided.
    pub fn open(&self, expr: &IdedExpr, context: &Context<'_, '_>) -> Vec<Cause> {
        let Err(failed) = self.program.evaluate(expr, context, self.stage) else {
            return Vec::new();
        };
        let mut causes = match (&expr.expr, joined(expr)) {
            (Expr::Comprehension(of), _) => self.open_elements(expr.id, of, context),
            (Expr::Call(call), Some([condition, one, other]))
                if call.func_name == operators::CONDITIONAL =>
            {
                match self.program.evaluate(condition, context, self.stage) {
                    Ok(true) => self.open(one, context),
                    Ok(false) => self.open(other, context),
                    Err(_) => self.open(condition, context),
                }
            }
            (_, Some(parts)) => distinct(parts.iter().flat_map(|part| self.open(part, context))),
            _ => Vec::new(),
        };
        if causes.is_empty() {
            causes.push(match failed {
                Failed::Open(open) => Cause::Open(open),
                failed => Cause::Failed {
                    words: failed.words(),
                    of: Vec::new(),
                },
            });
        }
        causes
    }

    /// The reasons why a quantifier cannot be decided, and the elements for which it cannot.
    fn open_elements(
        &self,
        id: u64,
        of: &ComprehensionExpr,
        context: &Context<'_, '_>,
    ) -> Vec<Cause> {
        let Some(quantifier) = Quantifier::of(of) else {
            return Vec::new();
        };
        let mut opens: Vec<OpenQuestion> = Vec::new();
        // The failing elements that are named, and the number of all.
        let mut failed: Vec<(Cause, Vec<String>, usize)> = Vec::new();
        elements(of, context, |at, element, scope| {
            for cause in self.open(quantifier.test, scope) {
                let known = failed.iter_mut().find(|(known, ..)| *known == cause);
                match (cause, known) {
                    (Cause::Open(open), _) if opens.contains(&open) => {}
                    (Cause::Open(open), _) => opens.push(open),
                    (_, Some((_, names, count))) => {
                        *count += 1;
                        names.extend((*count <= NAMED).then(|| self.name(id, at, element)));
                    }
                    (cause, None) => failed.push((cause, vec![self.name(id, at, element)], 1)),
                }
            }
        });
        let more = opens.len().saturating_sub(NAMED);
        opens.truncate(NAMED);
        if let Some(last) = opens.last_mut().filter(|_| more > 0) {
            last.reason = format!("{}, nor {more} more in {}", last.reason, self.range(id)).into();
        }
        let mut causes: Vec<Cause> = opens.into_iter().map(Cause::Open).collect();
        for (cause, names, count) in failed {
            if let Cause::Failed { words, mut of } = cause {
                of.insert(
                    0,
                    format!(
                        "{}.{}(…) for {}",
                        self.range(id),
                        quantifier.name,
                        list(&names, count)
                    ),
                );
                causes.push(Cause::Failed { words, of });
            }
        }
        causes
    }

    /// Calls `each` with every element that a macro goes through and the scope in which its variable is bound; of routes
    /// that the source does not state, with the stage default.
    fn elements(
        &self,
        id: u64,
        of: &ComprehensionExpr,
        context: &Context<'_, '_>,
        mut each: impl FnMut(usize, &dyn Val, &Context<'_, '_>),
    ) {
        if self.stage.may_have_more_routes() && self.program.goes_through_routes(id) {
            each(1, &CelString::from(""), &default_scope(of, context));
        } else {
            elements(of, context, each);
        }
    }

    fn range(&self, id: u64) -> &str {
        self.program
            .ranges
            .get(&id)
            .map_or("the list", |range| &range.name)
    }

    /// The name of an element in reports: its text, or its place where the text may be one that is not for reports.
    fn name(&self, id: u64, at: usize, element: &dyn Val) -> String {
        let range = self.program.ranges.get(&id);
        let shown = range.is_some_and(|range| range.shown);
        if let Some(text) = element.downcast_ref::<CelString<'_>>().filter(|_| shown) {
            return match &*shown_text(self.stage.account(), None, text.inner()) {
                "" if range.is_some_and(|range| &*range.name == "each_route") => {
                    "the stage default".to_owned()
                }
                text if text.chars().count() > LONGEST => {
                    format!("{}…", text.chars().take(LONGEST).collect::<String>())
                }
                text => text.to_owned(),
            };
        }
        if let Some(number) = element.downcast_ref::<CelInt>().filter(|_| shown) {
            return number.inner().to_string();
        }
        if let Some(boolean) = element.downcast_ref::<CelBool>().filter(|_| shown) {
            return boolean.inner().to_string();
        }
        format!("element {at}")
    }
}

/// Calls `each` with every element that a macro goes through and the scope in which its variable is bound.
fn elements(
    of: &ComprehensionExpr,
    context: &Context<'_, '_>,
    mut each: impl FnMut(usize, &dyn Val, &Context<'_, '_>),
) {
    let Ok(range) = Answer::resolve_val(&of.iter_range, context) else {
        return;
    };
    let Some(range) = range.as_iterable() else {
        return;
    };
    let (mut elements, mut at) = (range.iter(), 0);
    while let Some(element) = elements.next() {
        at += 1;
        let mut scope = context.new_inner_scope();
        scope.add_variable_as_val(&of.iter_var, element.clone_as_boxed());
        each(at, element, &scope);
    }
}

/// Each value once, in the order of the first.
fn distinct<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    values.fold(Vec::new(), |mut found, value| {
        if !found.contains(&value) {
            found.push(value);
        }
        found
    })
}

/// Names in a sentence, and the number of those that are not named.
fn list(names: &[String], count: usize) -> String {
    match (names, count - names.len()) {
        ([], others) => others.to_string(),
        ([one], 0) => one.clone(),
        ([before @ .., last], 0) => format!("{} and {last}", before.join(", ")),
        (names, others) => format!("{} and {others} more", names.join(", ")),
    }
}
