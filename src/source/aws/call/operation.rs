//! The calls that are made, by AWS's names, and the subject of a call.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    GetCallerIdentity,
    ListAccounts,
    ListOrganizationalUnitsForParent,
    ListAccountsForParent,
    AssumeRole,
    ListRegions,
    DescribeRegions,
    GetApis,
    GetApi,
    GetStages,
    GetStage,
}

impl Operation {
    /// AWS's name of the call, and the IAM action that allows it. API Gateway's actions are HTTP verbs (developer guide,
    /// arn-format-reference).
    const fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::GetCallerIdentity => ("GetCallerIdentity", "sts:GetCallerIdentity"),
            Self::ListAccounts => ("ListAccounts", "organizations:ListAccounts"),
            Self::ListOrganizationalUnitsForParent => (
                "ListOrganizationalUnitsForParent",
                "organizations:ListOrganizationalUnitsForParent",
            ),
            Self::ListAccountsForParent => (
                "ListAccountsForParent",
                "organizations:ListAccountsForParent",
            ),
            Self::AssumeRole => ("AssumeRole", "sts:AssumeRole"),
            Self::ListRegions => ("ListRegions", "account:ListRegions"),
            Self::DescribeRegions => ("DescribeRegions", "ec2:DescribeRegions"),
            Self::GetApis => ("GetApis", "apigateway:GET"),
            Self::GetApi => ("GetApi", "apigateway:GET"),
            Self::GetStages => ("GetStages", "apigateway:GET"),
            Self::GetStage => ("GetStage", "apigateway:GET"),
        }
    }

    pub const fn name(self) -> &'static str {
        self.row().0
    }

    /// The IAM action that allows the call.
    pub const fn action(self) -> &'static str {
        self.row().1
    }
}

/// The subject of a call, as far as it has one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subject<'a> {
    pub account: Option<&'a str>,
    pub region: Option<&'a str>,
    pub api_id: Option<&'a str>,
    pub stage: Option<&'a str>,
}

impl<'a> Subject<'a> {
    /// An account as a whole; `None` where its id is unknown.
    pub fn account(account: Option<&'a str>) -> Self {
        Self {
            account,
            ..Self::default()
        }
    }
}
