//! The rules and waivers that the stages of a run are checked against.

use super::options::Options;
use super::waive::Waiving;
use crate::policy::read::waiver::Waivers;
use crate::policy::{Policies, Policy, Rule};

/// The rules and waivers of a run.
pub struct Rules<'r> {
    pub policies: &'r Policies,
    /// Every rule with its policy, in the order of reports, so that findings are mostly sorted.
    pub in_order: Vec<(&'r Policy, &'r Rule)>,
    pub waiving: Waiving<'r>,
    pub options: Options,
}

impl<'r> Rules<'r> {
    /// The rules and waivers of a run.
    pub fn new(policies: &'r Policies, waivers: &'r Waivers, options: Options) -> Self {
        let waiving = Waiving::new(policies, waivers, options.inheritance);
        Self {
            policies,
            in_order: in_order(policies),
            waiving,
            options,
        }
    }
}

fn in_order<'p>(policies: &'p Policies) -> Vec<(&'p Policy, &'p Rule)> {
    let of_one = |policy: &'p Policy| policy.rules.iter().map(move |rule| (policy, rule));
    let mut rules: Vec<_> = policies.policies.iter().flat_map(of_one).collect();
    rules.sort_by_key(|(_, rule)| rule.number);
    rules
}
