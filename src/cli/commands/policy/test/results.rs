//! The results of all tests, with their coverage and mutations if the flags request them.

use super::coverage::Coverage;
use super::mutants::Mutants;
use super::run::{TestRun, Tested};

/// The message without any test, which must not look like a success.
pub const NO_TESTS: &str = "nothing was proved; add `tests:` to the policy";

/// The results of all tests.
pub struct Results<'p> {
    pub tested: Vec<Tested<'p>>,
    /// True if coverage is requested.
    pub coverage: bool,
    /// True if mutations are requested.
    pub mutate: bool,
}

impl<'p> Results<'p> {
    pub fn runs(&self) -> impl Iterator<Item = &TestRun<'p>> {
        self.tested.iter().flat_map(|tested| &tested.runs)
    }

    /// The coverage of these policies, if requested.
    pub fn coverage(&self, of: &[Tested<'p>]) -> Option<Coverage<'p>> {
        self.coverage.then(|| Coverage::of(of))
    }

    /// The mutations of these policies, if requested.
    pub fn mutants(&self, of: &[Tested<'p>]) -> Option<Mutants<'p>> {
        self.mutate.then(|| Mutants::of(of))
    }
}
