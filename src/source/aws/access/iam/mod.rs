//! The documents that set up an audit of other accounts: the policies of the role and of the caller, and a
//! CloudFormation template of the role. They allow nothing that is not needed. It must not know who reads them.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::regions::has_account_service;
use crate::model::document::partition_of;
use crate::source::aws::call::{Operation, Permission, Subject, role_arn};
use crate::source::aws::request::Role;

/// A placeholder that is not an account id, so that AWS refuses a document in which it is forgotten.
pub const AUDIT_ACCOUNT: &str = "<AUDIT-ACCOUNT-ID>";
/// A placeholder that is not an external id, so that a role in which it is forgotten cannot be assumed.
const EXTERNAL_ID: &str = "<EXTERNAL-ID>";

/// The setup of an audit.
#[derive(Clone, Debug)]
pub struct Setup {
    /// A Region of the partition.
    pub region: Option<String>,
    /// The role in each account.
    pub role: Role,
    /// The accounts, if they are named one by one; otherwise any.
    pub accounts: Vec<String>,
    /// True if the accounts of the organization are listed.
    pub organization: bool,
    /// True if organizational units are resolved.
    pub units: bool,
    /// True if the Regions of each account are listed.
    pub all_regions: bool,
}

/// A statement of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    actions: Vec<&'static str>,
    resources: Vec<String>,
}

/// The fewest statements that allow all of it.
#[must_use]
pub fn statements(permissions: &[Permission]) -> Vec<Statement> {
    let mut statements: Vec<Statement> = Vec::new();
    for Permission { action, resource } in permissions {
        match statements
            .iter_mut()
            .find(|statement| statement.actions == [*action])
        {
            Some(statement) if statement.resources.contains(resource) => {}
            Some(statement) => statement.resources.push(resource.clone()),
            None => statements.push(Statement {
                actions: vec![*action],
                resources: vec![resource.clone()],
            }),
        }
    }
    let mut joined: Vec<Statement> = Vec::new();
    for statement in statements {
        match joined
            .iter_mut()
            .find(|other| other.resources == statement.resources)
        {
            Some(other) => other.actions.extend(statement.actions),
            None => joined.push(statement),
        }
    }
    joined
}

/// An object with its members in the order that AWS's documents have.
struct Object(Vec<(&'static str, Value)>);

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Serialize for Statement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (action, resource) = (one_or_more(&self.actions), one_or_more(&self.resources));
        Object(vec![
            ("Effect", "Allow".into()),
            ("Action", action),
            ("Resource", resource),
        ])
        .serialize(serializer)
    }
}

/// One text, or a list of them.
fn one_or_more<T: Serialize>(texts: &[T]) -> Value {
    match texts {
        [one] => json!(one),
        all => json!(all),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyDocument<S> {
    version: &'static str,
    statement: Vec<S>,
}

fn policy<S: Serialize>(statement: Vec<S>) -> String {
    pretty(&PolicyDocument {
        version: "2012-10-17",
        statement,
    })
}

/// A document as JSON over several lines, without an end of line at its end.
#[must_use]
pub fn pretty(document: &impl Serialize) -> String {
    // Texts and lists always serialize.
    serde_json::to_string_pretty(document).unwrap_or_default()
}

/// The trust policy with which a principal may assume a role.
#[must_use]
pub fn trust(principal: &str, external_id: Option<&str>) -> String {
    let mut statement = vec![
        ("Effect", "Allow".into()),
        ("Principal", json!({"AWS": principal})),
        ("Action", "sts:AssumeRole".into()),
    ];
    statement.extend(
        external_id.map(|id| ("Condition", json!({"StringEquals": {"sts:ExternalId": id}}))),
    );
    policy(vec![Object(statement)])
}

/// The principal of an account: everyone whom its own policies allow.
#[must_use]
pub fn everybody_in(partition: &str, account: &str) -> String {
    format!("arn:{partition}:iam::{account}:root")
}

impl Setup {
    fn partition(&self) -> &'static str {
        self.region.as_deref().map_or("aws", partition_of)
    }

    /// The permissions to read an account.
    fn reads(&self, partition: &str) -> Vec<Permission> {
        let mut reads: Vec<Permission> = [
            Operation::GetApis,
            Operation::GetStages,
            Operation::GetStage,
        ]
        .map(|operation| Permission::of(operation, Subject::default(), None))
        .into();
        for read in &mut reads {
            read.resource = read
                .resource
                .replacen("arn:aws:", &format!("arn:{partition}:"), 1);
        }
        if self.all_regions {
            let lists = if has_account_service(self.partition()) {
                Operation::ListRegions
            } else {
                Operation::DescribeRegions
            };
            reads.push(Permission::of(lists, Subject::default(), None));
        }
        reads
    }

    /// The policy of the role, or of the caller where only its own account is audited.
    #[must_use]
    pub fn role_policy(&self) -> String {
        policy(statements(&self.reads(self.partition())))
    }

    /// The trust policy of the role.
    #[must_use]
    pub fn trust_policy(&self) -> String {
        let external_id = self.role.external_id.as_deref().unwrap_or(EXTERNAL_ID);
        trust(
            &everybody_in(self.partition(), AUDIT_ACCOUNT),
            Some(external_id),
        )
    }

    /// The policy of the caller who assumes the role.
    #[must_use]
    pub fn caller_policy(&self) -> String {
        let any = ["*".to_owned()];
        let accounts = if self.accounts.is_empty() {
            any.as_slice()
        } else {
            &self.accounts
        };
        let mut needs: Vec<Permission> = accounts
            .iter()
            .map(|account| role_arn(self.partition(), account, &self.role.name))
            .map(|role| Permission::of(Operation::AssumeRole, Subject::default(), Some(&role)))
            .collect();
        if self.organization {
            needs.push(Permission::of(
                Operation::ListAccounts,
                Subject::default(),
                None,
            ));
        }
        if self.units {
            let units = [
                Operation::ListAccountsForParent,
                Operation::ListOrganizationalUnitsForParent,
            ];
            needs
                .extend(units.map(|operation| Permission::of(operation, Subject::default(), None)));
        }
        policy(statements(&needs))
    }

    /// A CloudFormation template of the role, to be rolled out as a StackSet.
    #[must_use]
    pub fn stack_set(&self) -> String {
        let (path, name) = match self.role.name.rsplit_once('/') {
            Some((path, name)) => (
                format!("\n      Path: {}", quoted(&format!("/{path}/"))),
                name,
            ),
            None => (String::new(), self.role.name.as_str()),
        };
        let external_id = self.role.external_id.as_deref();
        let default = external_id
            .map(|id| format!("\n    Default: {}", quoted(id)))
            .unwrap_or_default();
        let id_given = external_id.map_or_else(
            || format!(" \\\n#       ParameterKey=ExternalId,ParameterValue='{EXTERNAL_ID}'"),
            |_| String::new(),
        );
        include_str!("stack_set.yaml")
            .replace("@ACCOUNT@", AUDIT_ACCOUNT)
            .replace("@ID_GIVEN@", &id_given)
            .replace("@DEFAULT@", &default)
            .replace("@NAME@", &quoted(name))
            .replace("@PATH@", &path)
            .replace(
                "@ALLOWED@\n",
                &template_statements(&self.reads("${AWS::Partition}")),
            )
    }
}

/// The statements of a policy in the template.
fn template_statements(permissions: &[Permission]) -> String {
    let mut text = String::new();
    for Statement { actions, resources } in statements(permissions) {
        text += "              - Effect: Allow\n                Action:";
        match actions.as_slice() {
            [one] => text += &format!(" {one}\n"),
            all => {
                text += "\n";
                for action in all {
                    text += &format!("                  - {action}\n");
                }
            }
        }
        text += "                Resource:\n";
        for resource in &resources {
            let sub = if resource.contains("${") { "!Sub " } else { "" };
            text += &format!("                  - {sub}{}\n", quoted(resource));
        }
    }
    text
}

/// A text as YAML takes it literally: JSON is YAML.
fn quoted(text: &str) -> String {
    pretty(&text)
}

#[cfg(test)]
mod tests;
