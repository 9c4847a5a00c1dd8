//! Failures as gaps of the audit, each with a hint. It must not know what was read.

use super::failure::Failure;
use super::failure_kind::FailureKind;
use super::operation::{Operation, Subject};
use super::permission::{Blame, Permission};
use crate::model::state::Gap;

impl Failure {
    /// The gap that the failure of a call leaves.
    pub fn gap(&self, operation: Operation, at: Subject<'_>) -> Gap {
        Gap {
            account: at.account.map(str::to_owned),
            region: at.region.map(str::to_owned),
            api_id: at.api_id.map(str::to_owned),
            stage: at.stage.map(str::to_owned),
            operation: operation.name().to_owned(),
            code: self.code.clone(),
            message: self.message.clone(),
            hint: self.hint(operation, at),
        }
    }

    pub fn permission(&self, operation: Operation, at: Subject<'_>) -> Permission {
        Permission::of(operation, at, self.role.as_deref())
    }

    fn hint(&self, operation: Operation, at: Subject<'_>) -> String {
        let advice = match (self.kind, at.region) {
            (FailureKind::Denied, _) => self.denial(operation, at),
            (FailureKind::UnknownCredentials, Some(region)) => format!(
                "either the Region {region} is not enabled for the account (leave it out, or enable it), or the \
                 credentials are wrong"
            ),
            (kind, _) => kind.advice().to_owned(),
        };
        match self.attempts {
            0 | 1 => advice,
            attempts => format!("{advice} (given up after {attempts} attempts)"),
        }
    }

    fn denial(&self, operation: Operation, at: Subject<'_>) -> String {
        let statement = format!("allow {}", self.permission(operation, at));
        if Blame::of(&self.message) == Blame::ServiceControl {
            format!(
                "a service control policy (SCP) of the organization denies it, which no IAM policy can undo; it must \
                 {statement}"
            )
        } else if self.message.contains("permissions boundary") {
            format!(
                "the permissions boundary of the user or role denies it; the boundary must {statement} too"
            )
        } else if operation == Operation::AssumeRole {
            // AWS returns the same error for a role that does not exist.
            format!(
                "check that the role exists and that its trust policy names the caller and the external id; the \
                 caller's policy must {statement}"
            )
        } else {
            statement
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Subject<'static> = Subject {
        account: Some("111122223333"),
        region: Some("us-east-1"),
        api_id: Some("a1"),
        stage: None,
    };

    #[test]
    fn a_denial_names_the_statement_to_add() {
        let hint = |operation, region, api_id, message: &str| {
            let failure = Failure::coded(FailureKind::Denied, "AccessDeniedException", message);
            failure
                .gap(
                    operation,
                    Subject {
                        region: Some(region),
                        api_id,
                        ..HERE
                    },
                )
                .hint
        };
        assert_eq!(
            hint(Operation::GetApis, "us-east-1", None, "no"),
            "allow apigateway:GET on arn:aws:apigateway:us-east-1::/apis"
        );
        assert_eq!(
            hint(Operation::GetStages, "cn-north-1", Some("a1"), "no"),
            "allow apigateway:GET on arn:aws-cn:apigateway:cn-north-1::/apis/a1/stages"
        );
        assert_eq!(
            hint(Operation::GetStage, "us-gov-west-1", Some("a1"), "no"),
            "allow apigateway:GET on arn:aws-us-gov:apigateway:us-gov-west-1::/apis/a1/stages/*"
        );
        let scp = hint(
            Operation::GetApis,
            "us-east-1",
            None,
            "with an explicit deny in a service control policy",
        );
        assert!(scp.contains("SCP") && scp.ends_with("::/apis"), "{scp}");
    }

    #[test]
    fn denials_of_other_services_name_their_statement() {
        let hint = |operation, region| {
            let at = Subject {
                account: Some("111122223333"),
                region,
                ..Subject::default()
            };
            Failure::coded(FailureKind::Denied, "UnauthorizedOperation", "no")
                .gap(operation, at)
                .hint
        };
        for (operation, statement) in [
            (Operation::ListAccounts, "organizations:ListAccounts on *"),
            (
                Operation::ListAccountsForParent,
                "organizations:ListAccountsForParent on *",
            ),
            (
                Operation::ListOrganizationalUnitsForParent,
                "organizations:ListOrganizationalUnitsForParent on *",
            ),
            (Operation::ListRegions, "account:ListRegions on *"),
            (Operation::DescribeRegions, "ec2:DescribeRegions on *"),
            (Operation::GetCallerIdentity, "sts:GetCallerIdentity on *"),
        ] {
            assert_eq!(hint(operation, None), format!("allow {statement}"));
        }
        let role = hint(Operation::AssumeRole, Some("us-gov-west-1"));
        assert!(
            role.ends_with("allow sts:AssumeRole on arn:aws-us-gov:iam::111122223333:role/*"),
            "{role}"
        );
        assert!(role.contains("trust policy"), "{role}");
        let at = Subject::account(Some("111122223333"));
        let named = Failure {
            role: Some("arn:aws-cn:iam::111122223333:role/audit/DriftgateAudit".to_owned()),
            ..Failure::coded(FailureKind::Denied, "AccessDenied", "no")
        };
        let hint = named.gap(Operation::AssumeRole, at).hint;
        assert!(
            hint.ends_with(
                "sts:AssumeRole on arn:aws-cn:iam::111122223333:role/audit/DriftgateAudit"
            ),
            "{hint}"
        );
    }

    #[test]
    fn without_a_region_no_region_is_blamed() {
        let at = Subject::default();
        let gap = Failure::coded(FailureKind::UnknownCredentials, "AuthFailure", "no")
            .gap(Operation::ListAccounts, at);
        assert_eq!((gap.account, gap.region), (None, None));
        assert!(
            gap.hint.starts_with("the credentials are wrong"),
            "{}",
            gap.hint
        );
    }

    #[test]
    fn a_gap_has_its_place_and_the_number_of_attempts() {
        let mut failure = Failure::coded(
            FailureKind::Throttled(None),
            "TooManyRequestsException",
            "Rate exceeded",
        );
        failure.attempts = 10;
        let gap = failure.gap(Operation::GetStages, HERE);
        assert_eq!(
            (gap.account.as_deref(), gap.region.as_deref()),
            (Some("111122223333"), Some("us-east-1"))
        );
        assert_eq!(
            (gap.api_id.as_deref(), gap.operation.as_str()),
            (Some("a1"), "GetStages")
        );
        assert_eq!(
            (gap.code.as_str(), gap.message.as_str()),
            ("TooManyRequestsException", "Rate exceeded")
        );
        assert!(
            gap.hint.contains("--rate") && gap.hint.contains("10 attempts"),
            "{}",
            gap.hint
        );
    }

    #[test]
    fn a_permissions_boundary_is_named_as_such() {
        let message = "User: u is not authorized to perform: apigateway:GET because no permissions boundary allows it";
        let hint = Failure::coded(FailureKind::Denied, "AccessDeniedException", message)
            .gap(Operation::GetApis, HERE)
            .hint;
        assert!(
            hint.starts_with("the permissions boundary") && hint.contains("apigateway:GET"),
            "{hint}"
        );
    }
}
