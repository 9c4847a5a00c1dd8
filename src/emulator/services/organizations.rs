//! The protocol of AWS Organizations: lists of accounts and units, for the management account only. It does not know
//! what the accounts hold.

use serde_json::{Value, json};

use crate::emulator::fleet::{Member, Organization, Unit};
use crate::emulator::wire::{Call, Caller, List, Operation, Paging, Refusal, Reply, Why};

const ORGANIZATION: &str = "o-demodemo01";

/// The items on a page of AWS's, and the most that `MaxResults` takes.
const PAGE: usize = 20;

/// The answer of the service, with its lists cut by `paging`.
pub fn answer(
    organization: Option<&Organization>,
    caller: &Caller<'_>,
    call: &Call<'_>,
    paging: Paging,
) -> Result<Reply, Refusal> {
    let organization = organization
        .filter(|organization| organization.has(caller.account))
        .ok_or_else(|| Refusal::of(Why::NotInUse))?;
    if !organization.is_management(caller.account) {
        return Err(Refusal::of(Why::Denied));
    }
    let arns = Arns {
        partition: caller.partition(),
        management: organization.management(),
    };
    let request = call.json();
    let parent = || {
        let id = request["ParentId"].as_str().unwrap_or_default();
        let unknown = || Refusal::new(Why::NotFound, "You specified a parent that doesn't exist.");
        organization
            .is_parent(id)
            .then(|| id.to_owned())
            .ok_or_else(unknown)
    };
    let page = |of: &str, name: &str, length: usize, item: &dyn Fn(usize) -> Value| {
        let list = List {
            caller,
            of,
            length,
            page_size: PAGE,
            largest: PAGE,
        };
        let size = request.get("MaxResults").map(Value::to_string);
        let page = list.page(size.as_deref(), request["NextToken"].as_str(), paging)?;
        let mut body = json!({name: page.items.map(item).collect::<Vec<_>>()});
        if let Some(token) = page.next {
            body["NextToken"] = token.into();
        }
        Ok(Reply::json_1_1(&body))
    };
    match call.operation {
        Operation::ListOrganizationalUnitsForParent => {
            let parent = parent()?;
            let units = organization.units_of(&parent);
            page(&parent, "OrganizationalUnits", units.len(), &|at| {
                arns.unit(units[at])
            })
        }
        Operation::ListAccountsForParent => {
            let parent = parent()?;
            let members = organization.members_of(&parent);
            page(&parent, "Accounts", members.len(), &|at| {
                arns.account(members[at])
            })
        }
        _ => {
            let members = organization.members();
            page("", "Accounts", members.len(), &|at| {
                arns.account(&members[at])
            })
        }
    }
}

struct Arns<'a> {
    partition: &'a str,
    management: &'a str,
}

impl Arns<'_> {
    fn of(&self, kind: &str, id: &str) -> String {
        format!(
            "arn:{}:organizations::{}:{kind}/{ORGANIZATION}/{id}",
            self.partition, self.management
        )
    }

    fn unit(&self, unit: &Unit) -> Value {
        json!({"Arn": self.of("ou", &unit.id), "Id": unit.id, "Name": unit.name})
    }

    fn account(&self, member: &Member) -> Value {
        json!({
            "Arn": self.of("account", &member.account),
            "Email": format!("aws+{}@example.com", member.name),
            "Id": member.account,
            "JoinedMethod": "CREATED",
            "JoinedTimestamp": 1_706_692_802.5,
            "Name": member.name,
            "State": member.state.name(),
            "Status": member.state.name(),
        })
    }
}
