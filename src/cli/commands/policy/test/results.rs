//! The results of all tests, with how much they prove as far as the flags ask for it.

use super::coverage::Coverage;
use super::mutants::Mutants;
use super::run::{Run, Tested};

/// Said when there is no test: nothing was proved, which must not look like a proof.
pub const NO_TESTS: &str = "nothing was proved; add `tests:` to the policy";

/// Everything that is told.
pub struct Results<'p> {
    pub tested: Vec<Tested<'p>>,
    /// Whether the rules that the tests leave out are asked for.
    pub coverage: bool,
    /// Whether the changes that no rule notices are asked for.
    pub mutate: bool,
}

impl<'p> Results<'p> {
    pub fn runs(&self) -> impl Iterator<Item = &Run<'p>> {
        self.tested.iter().flat_map(|tested| &tested.runs)
    }

    /// What the tests of these policies show of the rules, if that was asked for.
    pub fn coverage(&self, of: &[Tested<'p>]) -> Option<Coverage<'p>> {
        self.coverage.then(|| Coverage::of(of))
    }

    /// What the rules of these policies notice, if that was asked for.
    pub fn mutants(&self, of: &[Tested<'p>]) -> Option<Mutants<'p>> {
        self.mutate.then(|| Mutants::of(of))
    }
}
