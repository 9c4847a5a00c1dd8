//! The fields that no rule reads.

use crate::model::catalogue::{API, API_FIELD, Field, Kind, STAGE};
use crate::policy::Policies;
use crate::policy::language::fields::Fields;

/// The paths of fields that no rule reads, in the order of the catalogue.
pub fn unread_fields(policies: &Policies) -> Vec<String> {
    let reads = policies.fields();
    let mut unread = Vec::new();
    leaves(STAGE, "", &reads, &mut unread);
    leaves(API, &format!("{}.", API_FIELD.name), &reads, &mut unread);
    unread
}

fn leaves(fields: &[Field], prefix: &str, reads: &Fields, unread: &mut Vec<String>) {
    for field in fields {
        let path = format!("{prefix}{}", field.name);
        if reads.is_tested(&path) {
            continue;
        }
        match field.kind {
            Kind::Struct(members) => leaves(members, &format!("{path}."), reads, unread),
            _ if reads.is_looked_into(&path) => {}
            _ => unread.push(path),
        }
    }
}
