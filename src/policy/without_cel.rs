//! `assert` in a program that was built without CEL: every expression is a mistake.

use std::sync::Arc;

use crate::model::protocol::Protocol;
use crate::model::{Document, Value};
use crate::policy::language::explain::Asserted;
use crate::policy::text::diagnostic::Mistake;

/// A compiled expression: there is none.
#[derive(Debug)]
pub enum Assertion {}

impl Assertion {
    /// Refuses an expression.
    ///
    /// # Errors
    /// Always.
    pub fn of(text: &str) -> Result<Self, Vec<Mistake>> {
        Err(vec![Mistake {
            at: 0..text.len(),
            title: "this driftgate was built without `assert`".to_owned(),
            label: "cannot be evaluated".to_owned(),
            help: vec![
                "use one that was built with the feature `cel`, or write it in `expect`".to_owned(),
            ],
        }])
    }

    /// The expression as violations show it.
    #[must_use]
    pub fn words(&self) -> &Arc<str> {
        match *self {}
    }

    /// True if APIs of this protocol have every setting that the expression reads.
    #[must_use]
    pub fn applies(&self, _: Protocol) -> bool {
        match *self {}
    }

    /// The names of the settings that the expression reads and APIs of this protocol lack.
    #[must_use]
    pub fn lacks(&self, _: Protocol) -> Vec<&'static str> {
        match *self {}
    }

    /// The paths of the document that the expression reads.
    #[must_use]
    pub fn reads(&self) -> Vec<String> {
        match *self {}
    }

    /// True if it reads the settings in force of routes.
    #[must_use]
    pub fn reads_routes(&self) -> bool {
        match *self {}
    }

    /// The answer on a stage.
    pub fn answer(
        &self,
        _: &Document<'_>,
        _: Protocol,
        _: impl for<'v> Fn(&'v Value<'v>, &'v Value<'v>) -> Value<'v>,
    ) -> Asserted {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_expression_is_refused_with_the_reason() {
        let found = Assertion::of("stage.AutoDeploy").unwrap_err();
        assert_eq!(found[0].title, "this driftgate was built without `assert`");
    }
}
