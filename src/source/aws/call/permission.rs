//! The permission that each call needs, and the policy that a denial blames. Hints, `driftgate doctor` and the documents
//! of `access/iam` take both from here. It must not know what is done about them.

use std::fmt;

use super::operation::{Operation, Subject};
use crate::model::document::partition_of;

/// An action and its resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// The action, such as `apigateway:GET`.
    pub action: &'static str,
    /// The ARN, or `*`.
    pub resource: String,
}

impl Permission {
    /// The permission that a call needs.
    pub(crate) fn of(operation: Operation, at: Subject<'_>, role: Option<&str>) -> Self {
        let partition = at.region.map_or("aws", partition_of);
        let (region, api_id) = (at.region.unwrap_or("*"), at.api_id.unwrap_or("*"));
        let api = |path: &str| format!("arn:{partition}:apigateway:{region}::/apis{path}");
        let resource = match operation {
            Operation::GetApis => api(""),
            Operation::GetApi => api(&format!("/{api_id}")),
            Operation::GetStages => api(&format!("/{api_id}/stages")),
            Operation::GetStage => api(&format!("/{api_id}/stages/*")),
            Operation::AssumeRole => role.map_or_else(
                || role_arn(partition, at.account.unwrap_or("*"), "*"),
                str::to_owned,
            ),
            Operation::GetCallerIdentity
            | Operation::ListRegions
            | Operation::DescribeRegions
            | Operation::ListAccounts
            | Operation::ListOrganizationalUnitsForParent
            | Operation::ListAccountsForParent => "*".to_owned(),
        };
        Self {
            action: operation.action(),
            resource,
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} on {}", self.action, self.resource)
    }
}

/// The ARN of a role.
pub fn role_arn(partition: &str, account: &str, name: &str) -> String {
    format!("arn:{partition}:iam::{account}:role/{name}")
}

/// The policy that a denial comes from, as far as AWS names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blame {
    /// No policy of the caller allows it.
    NotAllowed,
    /// A policy of the caller forbids it, which no other policy can undo.
    Forbidden,
    /// The trust policy of a role does not name the caller.
    Trust,
    /// A service control policy (SCP) of the organization.
    ServiceControl,
    /// A resource control policy (RCP) of the organization.
    ResourceControl,
    /// The permissions boundary of the caller.
    Boundary,
    /// The policy that the session was made with.
    Session,
    /// The policy of the VPC endpoint.
    Endpoint,
    /// AWS does not name it.
    Unsaid,
}

impl Blame {
    /// The policy that a message of AWS names (IAM user guide, access denied error messages).
    pub(crate) fn of(message: &str) -> Self {
        const POLICIES: [(&str, Blame); 7] = [
            ("service control policy", Blame::ServiceControl),
            ("resource control policy", Blame::ResourceControl),
            ("permissions boundary", Blame::Boundary),
            ("session policy", Blame::Session),
            ("VPC endpoint policy", Blame::Endpoint),
            ("resource-based policy", Blame::Trust),
            ("identity-based policy", Blame::NotAllowed),
        ];
        // The name of a role is before these words, and must not be taken for them.
        let reason = message
            .find("explicit deny")
            .map(|at| (true, &message[at..]))
            .or_else(|| {
                message
                    .find("because no ")
                    .map(|at| (false, &message[at..]))
            });
        let Some((explicit, reason)) = reason else {
            return Self::Unsaid;
        };
        match POLICIES.iter().find(|(words, _)| reason.contains(words)) {
            Some((_, Self::NotAllowed)) if explicit => Self::Forbidden,
            Some((_, blame)) => *blame,
            None => Self::Unsaid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_the_policy_that_denies() {
        let user = "User: arn:aws:iam::1:user/because-no-session-policy is not authorized to perform: x on resource: y";
        for (reason, blame) in [
            ("", Blame::Unsaid),
            (
                " because no identity-based policy allows the x action",
                Blame::NotAllowed,
            ),
            (
                " with an explicit deny in an identity-based policy",
                Blame::Forbidden,
            ),
            (
                " because no resource-based policy allows the x action",
                Blame::Trust,
            ),
            (
                " with an explicit deny in a service control policy",
                Blame::ServiceControl,
            ),
            (
                " with an explicit deny in a resource control policy",
                Blame::ResourceControl,
            ),
            (
                " because no permissions boundary allows the x action",
                Blame::Boundary,
            ),
            (
                " because no session policy allows the x action",
                Blame::Session,
            ),
            (
                " because no VPC endpoint policy allows the x action",
                Blame::Endpoint,
            ),
            (" because no such thing", Blame::Unsaid),
        ] {
            assert_eq!(Blame::of(&format!("{user}{reason}")), blame, "{reason}");
        }
    }
}
