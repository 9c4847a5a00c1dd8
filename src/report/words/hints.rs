//! Hints that answer open questions. The output of the AWS CLI names neither API nor Region: flags can state some of
//! that, the rest needs another source. It must not know any format.

use crate::model::catalogue;
use crate::model::finding::Undecided;

/// The end of a reason that names a missing value.
const NOT_STATED: &str = " is not stated by the source";

/// Hints in the order of what can be done soonest, each once, with code between backticks.
const HINTS: [&str; 5] = [
    "state it with `--protocol HTTP` or `--protocol WEBSOCKET`",
    "state the Region with `--region`",
    "state the account with `--account`",
    "state the API with `--api`",
    "the output of the AWS CLI does not have it; audit from AWS or from a snapshot",
];

/// The hints for what could not be decided.
pub(in crate::report) fn hints(undecided: &[Undecided]) -> Vec<&'static str> {
    let mut given = [false; HINTS.len()];
    for one in undecided {
        if let Some(given) = hint(one).and_then(|at| given.get_mut(at)) {
            *given = true;
        }
    }
    HINTS
        .into_iter()
        .zip(given)
        .filter(|(_, given)| *given)
        .map(|(hint, _)| hint)
        .collect()
}

/// The hint for one question, as its place in [`HINTS`]. A value that the stage's own name has was stated, so that
/// something else is wrong with it; and every other source names the API.
fn hint(one: &Undecided) -> Option<usize> {
    let (place, api) = (&one.stage.place, &one.stage.api);
    let missing = one
        .reason
        .strip_suffix(NOT_STATED)
        .or(one.path.as_deref())?;
    match missing {
        path if path == catalogue::api::PROTOCOL.path => api.protocol.is_none().then_some(0),
        "region" | "partition" => place.region.is_none().then_some(1),
        "account" => place.account.is_none().then_some(2),
        path if path == catalogue::api::ID.path => api.id.is_none().then_some(3),
        _ => (api.name.is_none() && missing.starts_with("api.")).then_some(4),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::finding::{ApiName, RegionName, StageName};
    use crate::report::sample;

    fn undecided(stage: &Arc<StageName>, path: &str, reason: &str) -> Undecided {
        Undecided {
            rule: 0,
            stage: Arc::clone(stage),
            route: None,
            path: Some(path.into()),
            reason: reason.into(),
        }
    }

    #[test]
    fn a_hint_settles_what_the_output_of_the_aws_cli_leaves_open() {
        let bare = Arc::new(StageName {
            place: Arc::new(RegionName {
                account: None,
                region: None,
            }),
            api: Arc::new(ApiName {
                id: None,
                name: None,
                protocol: None,
            }),
            name: Some("prod".into()),
        });
        let named = sample::violation().stage;
        let (arn, plain) = (
            "AccessLogSettings.DestinationArn",
            "the source does not state it",
        );
        for (path, reason, expected) in [
            (
                "api.ProtocolType",
                "the outcome depends on the protocol, which the source does not state",
                Some(HINTS[0]),
            ),
            ("region", plain, Some(HINTS[1])),
            (arn, "partition is not stated by the source", Some(HINTS[1])),
            ("api.ApiId", plain, Some(HINTS[3])),
            ("account", plain, Some(HINTS[2])),
            ("api.Name", plain, Some(HINTS[4])),
            (arn, "account is not stated by the source", Some(HINTS[2])),
            (arn, plain, None),
            (
                "StageVariables.a",
                "the snapshot holds only a digest of the value",
                None,
            ),
        ] {
            let one = undecided(&bare, path, reason);
            assert_eq!(
                hints(&[one.clone(), one]),
                Vec::from_iter(expected),
                "{path}: {reason}"
            );
            assert!(
                hints(&[undecided(&named, path, reason)]).is_empty(),
                "{path}: {reason}"
            );
        }
        let all =
            ["account", "api.Tags", "api.ProtocolType"].map(|path| undecided(&bare, path, plain));
        assert_eq!(hints(&all), [HINTS[0], HINTS[2], HINTS[4]]);
    }
}
