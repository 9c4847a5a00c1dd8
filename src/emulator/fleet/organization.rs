//! An organization: its units, and the accounts in them. It does not know what is deployed there, nor the protocol.

/// The root of every organization here.
pub const ROOT: &str = "r-demo";

/// The accounts that belong together, in the order in which they are listed.
///
/// ```
/// use driftgate::emulator::{Organization, ROOT, State};
///
/// let organization = Organization::new("111122223333")
///     .unit("ou-demo-workloads", "Workloads", ROOT)
///     .member("444455556666", "orders-prod", "ou-demo-workloads")
///     .member("777788889999", "orders-old", "ou-demo-workloads")
///     .state("777788889999", State::Suspended);
/// assert_eq!(organization.account_count(), 3);
/// ```
#[derive(Clone, Debug)]
pub struct Organization {
    management: String,
    units: Vec<Unit>,
    members: Vec<Member>,
}

#[derive(Clone, Debug)]
pub struct Unit {
    pub id: String,
    pub name: String,
    pub parent: String,
}

#[derive(Clone, Debug)]
pub struct Member {
    pub account: String,
    pub name: String,
    pub unit: String,
    pub state: State,
}

/// The state of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is in use.
    Active,
    /// AWS has suspended it, or it was closed less than 90 days ago.
    Suspended,
    /// It is being closed.
    PendingClosure,
}

impl State {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            State::Active => "ACTIVE",
            State::Suspended => "SUSPENDED",
            State::PendingClosure => "PENDING_CLOSURE",
        }
    }
}

impl Organization {
    /// An organization of one account, `management`, which is named so and sits in the root.
    pub fn new(management: &str) -> Organization {
        Organization {
            management: management.to_owned(),
            units: Vec::new(),
            members: Vec::new(),
        }
        .member(management, "management", ROOT)
    }

    /// Adds an organizational unit below another, or below [`ROOT`].
    #[must_use]
    pub fn unit(mut self, id: &str, name: &str, parent: &str) -> Organization {
        self.units.push(Unit {
            id: id.to_owned(),
            name: name.to_owned(),
            parent: parent.to_owned(),
        });
        self
    }

    /// Adds an account to a unit, or moves and renames one that is there.
    #[must_use]
    pub fn member(mut self, account: &str, name: &str, unit: &str) -> Organization {
        let member = Member {
            account: account.to_owned(),
            name: name.to_owned(),
            unit: unit.to_owned(),
            state: State::Active,
        };
        match self
            .members
            .iter_mut()
            .find(|earlier| earlier.account == account)
        {
            Some(earlier) => *earlier = member,
            None => self.members.push(member),
        }
        self
    }

    /// Sets the state of an account.
    #[must_use]
    pub fn state(mut self, account: &str, state: State) -> Organization {
        for member in self
            .members
            .iter_mut()
            .filter(|member| member.account == account)
        {
            member.state = state;
        }
        self
    }

    /// The accounts, suspended ones included.
    pub fn account_count(&self) -> usize {
        self.members.len()
    }

    /// The ids of the accounts that are in use, in order.
    pub fn active_accounts(&self) -> impl Iterator<Item = &str> {
        self.members
            .iter()
            .filter(|member| member.state == State::Active)
            .map(|member| member.account.as_str())
    }

    /// True if the account may be used; so may an account outside the organization.
    pub(crate) fn is_open(&self, account: &str) -> bool {
        self.members
            .iter()
            .find(|member| member.account == account)
            .is_none_or(|member| member.state == State::Active)
    }

    pub(crate) fn is_management(&self, account: &str) -> bool {
        self.management == account
    }

    pub(crate) fn management(&self) -> &str {
        &self.management
    }

    pub(crate) fn has(&self, account: &str) -> bool {
        self.members.iter().any(|member| member.account == account)
    }

    pub(crate) fn is_parent(&self, id: &str) -> bool {
        id == ROOT || self.units.iter().any(|unit| unit.id == id)
    }

    pub(crate) fn members(&self) -> &[Member] {
        &self.members
    }

    pub(crate) fn members_of(&self, parent: &str) -> Vec<&Member> {
        self.members
            .iter()
            .filter(|member| member.unit == parent)
            .collect()
    }

    pub(crate) fn units_of(&self, parent: &str) -> Vec<&Unit> {
        self.units
            .iter()
            .filter(|unit| unit.parent == parent)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_hold_accounts_and_units() {
        let organization = Organization::new("111122223333")
            .unit("ou-demo-a", "A", ROOT)
            .unit("ou-demo-b", "B", "ou-demo-a")
            .member("444455556666", "one", "ou-demo-b")
            .member("444455556666", "two", "ou-demo-a")
            .state("444455556666", State::PendingClosure);
        assert_eq!(organization.units_of("ou-demo-a")[0].id, "ou-demo-b");
        assert!(organization.members_of("ou-demo-b").is_empty());
        assert_eq!(organization.members_of("ou-demo-a")[0].name, "two");
        assert_eq!(
            organization.active_accounts().collect::<Vec<_>>(),
            ["111122223333"]
        );
        assert!(!organization.is_open("444455556666") && organization.is_open("000000000000"));
        assert!(organization.is_parent(ROOT) && !organization.is_parent("ou-demo-c"));
    }
}
