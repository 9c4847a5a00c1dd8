//! The remedy for a call that fails, with the statement to add if IAM is the cause. It must not make calls.

use std::io;

use anstyle::Style;

use super::groups::Group;
use crate::report::{Page, visible};
use crate::source::aws::iam::{pretty, statements, trust};
use crate::source::aws::probe::{Cause, Examination, Trouble};
use crate::source::aws::{Blame, Permission};

const PLAIN: Style = Style::new();

/// Number of ARNs that a statement lists; more become a wildcard.
const MOST_RESOURCES: usize = 8;

/// The context of a failure.
pub struct Remedy<'a> {
    /// Everything that was found.
    pub found: &'a Examination,
    /// The external id that was passed to the roles.
    pub external_id: Option<&'a str>,
    /// The accounts in which the call fails; none where it is not about an account.
    pub group: Option<&'a Group<'a>>,
}

impl Remedy<'_> {
    /// Writes what to do.
    pub fn of(&self, trouble: &Trouble, page: &mut Page<'_>) -> io::Result<()> {
        match trouble.cause {
            Cause::Denied(blame) if trouble.operation == "AssumeRole" => {
                self.role(trouble, blame, page)
            }
            Cause::Denied(blame) => self.denied(trouble, blame, page),
            Cause::Unreachable => text(&self.unreachable(trouble), page),
            Cause::Signature => match self.found.clock_ahead {
                Some(ahead) if ahead.unsigned_abs() > 300 => {
                    text("Set this machine's clock.", page)
                }
                _ => text(&sentence(&trouble.hint), page),
            },
            Cause::Credentials | Cause::Stopped | Cause::Other => {
                text(&sentence(&trouble.hint), page)
            }
        }
    }

    /// The role, or the caller.
    fn who(&self) -> String {
        let roles: Vec<&str> = self
            .group
            .iter()
            .flat_map(|group| &group.accounts)
            .filter_map(|account| account.role.as_deref())
            .collect();
        match roles.as_slice() {
            [] => self.caller(),
            [role] => format!("the role {}", visible(role)),
            [role, ..] => format!("the role, such as {}", visible(role)),
        }
    }

    fn caller(&self) -> String {
        self.found
            .caller
            .as_ref()
            .map_or("the caller".to_owned(), |caller| {
                format!("the caller {}", visible(caller))
            })
    }

    fn denied(&self, trouble: &Trouble, blame: Blame, page: &mut Page<'_>) -> io::Result<()> {
        let assumes = trouble.operation == "AssumeRole";
        let who = if assumes { self.caller() } else { self.who() };
        let permissions = match self.group {
            Some(group) => group.permissions(trouble.cause, assumes),
            None => trouble.permission.iter().cloned().collect(),
        };
        let words = match blame {
            Blame::NotAllowed | Blame::Unsaid | Blame::Trust => {
                format!("Add to a policy of {who}:")
            }
            Blame::Forbidden => {
                format!(
                    "A policy of {who} denies it, which no statement can undo. Remove the deny, and allow:"
                )
            }
            Blame::ServiceControl => {
                return text(
                    "A service control policy (SCP) of the organization denies it, and no IAM policy can undo that. \
                     Ask its administrators, or leave out what it denies (--exclude-region, \
                     --exclude-account).",
                    page,
                );
            }
            Blame::ResourceControl => {
                return text(
                    "A resource control policy (RCP) of the organization denies it, and no IAM policy can undo that. \
                     Ask its administrators.",
                    page,
                );
            }
            Blame::Boundary => {
                format!("The permissions boundary of {who} does not allow it. It has to allow:")
            }
            Blame::Session => {
                return text(
                    "The session policy does not allow it: create a session without one.",
                    page,
                );
            }
            Blame::Endpoint => {
                "The policy of the VPC endpoint does not allow it. It has to allow:".to_owned()
            }
        };
        text(&words, page)?;
        allow(permissions, page)?;
        if trouble.operation == "GetApis" {
            let rest = "Other missing permissions show once this is allowed; `driftgate doctor --iam-policy=policy` prints \
                        the whole policy.";
            text(rest, page)?;
        }
        Ok(())
    }

    fn role(&self, trouble: &Trouble, blame: Blame, page: &mut Page<'_>) -> io::Result<()> {
        let caller = self.caller();
        let (of_caller, of_role) = match blame {
            Blame::NotAllowed => (true, false),
            Blame::Trust => (false, true),
            Blame::Unsaid => (true, true),
            _ => return self.denied(trouble, blame, page),
        };
        let roles = self
            .group
            .iter()
            .flat_map(|group| &group.accounts)
            .filter_map(|account| account.role.as_deref());
        let role = roles.clone().next().map(visible).unwrap_or_default();
        let such = if roles.count() > 1 { "such as " } else { "" };
        if of_role {
            let id = match self.external_id {
                Some(id) => format!("with the external id {}", visible(id)),
                None => "without an external id (--external-id sets one)".to_owned(),
            };
            text(
                &format!(
                    "Either the role {such}{role} does not exist (`driftgate doctor --iam-policy=stackset` prints a \
                     template of it), or its trust policy does not let the caller in {id}. It has to be:"
                ),
                page,
            )?;
            document(&trust(&self.found.principal, self.external_id), page)?;
        }
        if of_caller {
            let or = if of_role {
                "Or a policy of"
            } else {
                "Add to a policy of"
            };
            text(
                &format!("{or} {caller}{}", if of_role { " lacks:" } else { ":" }),
                page,
            )?;
            allow(
                self.group
                    .map(|group| group.permissions(trouble.cause, true))
                    .unwrap_or_default(),
                page,
            )?;
        }
        Ok(())
    }

    /// The reason for a missing answer, from the words of the network error.
    fn unreachable(&self, trouble: &Trouble) -> String {
        let message = trouble.message.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
        let why = if has(&["dns error", "failed to lookup", "name or service"]) {
            "The name is unknown: check DNS, and the endpoint. API Gateway may not be in this Region."
        } else if has(&["certificate", "unknownissuer", "tls", "ssl"]) {
            "TLS failed: if a proxy or a private endpoint has a certificate of its own, set AWS_CA_BUNDLE to the file \
             of its roots."
        } else if has(&["tunnel", "proxy"]) {
            "The proxy refused the request."
        } else if has(&["refused"]) {
            "The connection was refused: check the endpoint and the port."
        } else {
            "No answer came: check the network and the endpoint."
        };
        match &self.found.environment.proxy {
            Some(proxy) => format!(
                "{why} Requests go through {}, set by {}.",
                visible(&proxy.value),
                proxy.by
            ),
            None => why.to_owned(),
        }
    }
}

/// Writes the statements that allow it.
fn allow(permissions: Vec<Permission>, page: &mut Page<'_>) -> io::Result<()> {
    for statement in statements(&fewer(permissions)) {
        document(&pretty(&statement), page)?;
    }
    Ok(())
}

/// The permissions with a wildcard instead of a long list: of Regions for API Gateway, of accounts for a role.
fn fewer(mut permissions: Vec<Permission>) -> Vec<Permission> {
    let actions: Vec<&'static str> = permissions
        .iter()
        .map(|permission| permission.action)
        .collect();
    for permission in &mut permissions {
        if actions
            .iter()
            .filter(|action| **action == permission.action)
            .count()
            <= MOST_RESOURCES
        {
            continue;
        }
        let part = match permission.action {
            "apigateway:GET" => 3,
            "sts:AssumeRole" => 4,
            _ => continue,
        };
        // arn:partition:service:region:account:resource
        let mut parts: Vec<&str> = permission.resource.splitn(6, ':').collect();
        if let Some(wide) = parts.get_mut(part) {
            *wide = "*";
        }
        permission.resource = parts.join(":");
    }
    permissions
}

fn document(text: &str, page: &mut Page<'_>) -> io::Result<()> {
    for line in text.lines() {
        // A line of JSON stays whole, to be copied.
        page.unbroken(&[(PLAIN, "      "), (PLAIN, &visible(line))])?;
    }
    Ok(())
}

fn text(words: &str, page: &mut Page<'_>) -> io::Result<()> {
    page.paragraph(4, 4, &[(PLAIN, &visible(words))])
}

/// A hint as a sentence of its own.
fn sentence(hint: &str) -> String {
    let mut letters = hint.chars();
    let first = letters
        .next()
        .map(|first| first.to_uppercase().to_string())
        .unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
