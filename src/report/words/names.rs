//! The names of stages, accounts and Regions, as far as they are stated. It must not know any format.

use std::collections::BTreeSet;

use super::count;
use crate::model::finding::StageName;
use crate::model::state::Scope;

/// The API of a stage: `orders (a1b2c3)`.
pub(in crate::report) fn api(stage: &StageName) -> String {
    match (stage.api.name.as_deref(), stage.api.id.as_deref()) {
        (Some(name), Some(id)) => format!("{name} ({id})"),
        (Some(name), None) => name.to_owned(),
        (None, Some(id)) => format!("API {id}"),
        (None, None) => "API not stated".to_owned(),
    }
}

/// The name of a stage: `orders (a1b2c3) prod`, `a1b2c3 prod`, `prod`.
pub(in crate::report) fn stage_name(of: &StageName) -> String {
    match (of.api.name.as_deref(), of.api.id.as_deref()) {
        (None, Some(id)) => format!("{id} {}", stage(of)),
        (None, None) => stage(of).to_owned(),
        _ => format!("{} {}", api(of), stage(of)),
    }
}

/// Everything else that is stated of a stage: `, HTTP, 111122223333 us-east-1`.
pub(in crate::report) fn details(stage: &StageName, protocol: Option<&str>) -> String {
    let api =
        (stage.api.id.is_none() && stage.api.name.is_none()).then(|| "API not stated".to_owned());
    let (account, region) = (
        stage.place.account.as_deref(),
        stage.place.region.as_deref(),
    );
    let place = account.or(region).map(|_| place(account, region));
    [api, protocol.map(str::to_owned), place]
        .into_iter()
        .flatten()
        .fold(String::new(), |text, part| text + ", " + &part)
}

/// The stage within its API.
pub(in crate::report) fn stage(stage: &StageName) -> &str {
    stage.name.as_deref().unwrap_or("stage not stated")
}

/// An account and a Region, as far as they are stated.
pub(in crate::report) fn place(account: Option<&str>, region: Option<&str>) -> String {
    match (account, region) {
        (Some(account), Some(region)) => format!("{account} {region}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "account and Region not stated".to_owned(),
    }
}

/// Number of Regions: `3 Regions`, `12 Regions of 3 accounts`; `None` if none is stated. `more` precedes the word.
pub(in crate::report) fn regions<'a>(
    scopes: impl IntoIterator<Item = &'a Scope>,
    more: &str,
) -> Option<String> {
    let (mut regions, mut accounts) = (0, BTreeSet::new());
    for scope in scopes {
        scope.region.as_ref()?;
        accounts.insert(scope.account.as_deref());
        regions += 1;
    }
    let text = count(regions, &format!("{more}Region"));
    match accounts.len() {
        0 => None,
        several @ 2.. if !accounts.contains(&None) => {
            Some(format!("{text} of {}", count(several as u64, "account")))
        }
        _ => Some(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::{ApiName, RegionName};
    use crate::report::sample;

    #[test]
    fn a_stage_is_called_by_what_is_stated() {
        let text = |place: (Option<&str>, Option<&str>), api: (Option<&str>, Option<&str>)| {
            let of = StageName {
                place: RegionName {
                    account: place.0.map(Into::into),
                    region: place.1.map(Into::into),
                }
                .into(),
                api: ApiName {
                    id: api.0.map(Into::into),
                    name: api.1.map(Into::into),
                    protocol: None,
                }
                .into(),
                name: Some("prod".into()),
            };
            format!("{}{}", stage_name(&of), details(&of, api.0.map(|_| "HTTP")))
        };
        assert_eq!(
            text((Some("1"), Some("r")), (Some("id"), Some("orders"))),
            "orders (id) prod, HTTP, 1 r"
        );
        assert_eq!(
            text((None, Some("r")), (Some("id"), None)),
            "id prod, HTTP, r"
        );
        assert_eq!(
            text((None, Some("r")), (None, None)),
            "prod, API not stated, r"
        );
        assert_eq!(text((None, None), (None, None)), "prod, API not stated");
    }

    #[test]
    fn regions_are_counted_with_their_accounts_where_they_are_stated() {
        let text = |scopes: &[(Option<&str>, Option<&str>)]| {
            let scopes: Vec<Scope> = scopes
                .iter()
                .map(|(account, region)| sample::scope(*account, *region))
                .collect();
            regions(&scopes, "").unwrap_or_default()
        };
        let (a, b, r, s) = (Some("a"), Some("b"), Some("r"), Some("s"));
        assert_eq!(text(&[]), "");
        assert_eq!(text(&[(None, None)]), "");
        assert_eq!(text(&[(a, r), (a, None)]), "");
        assert_eq!(text(&[(None, r)]), "1 Region");
        assert_eq!(text(&[(a, r), (a, s)]), "2 Regions");
        assert_eq!(text(&[(a, r), (a, s), (b, r)]), "3 Regions of 2 accounts");
        assert_eq!(text(&[(None, r), (a, s)]), "2 Regions");
        assert_eq!(
            regions(&[sample::scope(a, r)], "more ").unwrap(),
            "1 more Region"
        );
    }
}
