//! The part of a run that `--shard` requests, and a digest of everything that all parts must have in common.

use std::sync::Arc;

use super::spool::tuned;
use crate::check::Options;
use crate::cli::args::{AccountFlags, Audit};
use crate::gate::Tolerance;
use crate::model::digest::{hex, sha256};
use crate::policy::Policies;
use crate::policy::text::diagnostic::SourceText;
use crate::report::ShardInfo;

/// The shard that an audit is; `None` without `--shard`.
pub fn of_audit(
    command: &Audit,
    policies: &Policies,
    waivers: &[Arc<SourceText>],
    options: Options,
    tolerance: &Tolerance,
) -> Option<ShardInfo> {
    let shard = command.source.pace.shard?;
    let of = format!(
        "sha256:{}",
        hex(&sha256(&[&common(
            command, policies, waivers, options, tolerance
        )]))
    );
    Some(ShardInfo {
        index: shard.index(),
        count: shard.count(),
        of,
        found: None,
    })
}

/// The shard with a digest of the requested accounts and Regions, once the source knows them.
pub fn with_scope(part: &ShardInfo, requested: Option<&str>) -> ShardInfo {
    let digest = |scope| format!("sha256:{}", hex(&sha256(&[scope])));
    ShardInfo {
        found: requested.map(digest),
        ..part.clone()
    }
}

/// Everything but the fleet that decides the findings. The version of driftgate is compared elsewhere.
fn common(
    command: &Audit,
    policies: &Policies,
    waivers: &[Arc<SourceText>],
    options: Options,
    tolerance: &Tolerance,
) -> String {
    let source = &command.source;
    let mut parts: Vec<String> = policies
        .policies
        .iter()
        .map(|policy| policy.file.text.clone())
        .collect();
    parts.extend(tuned(policies));
    parts.push("waivers".to_owned());
    parts.extend(waivers.iter().map(|file| file.text.clone()));
    parts.push(format!("{options:?} {tolerance:?} {}", command.confirm));
    parts.push(format!("{:?} {:?}", source.region, source.all_regions));
    parts.push(format!(
        "{:?} {:?} {:?}",
        source.exclude_region, source.api, source.stage
    ));
    // The external id decides who may read, not what is found, and must not be guessed from a digest.
    let AccountFlags {
        accounts,
        organization,
        exclude_account,
        role_name,
        external_id: _,
    } = &source.accounts;
    parts.push(format!(
        "{accounts:?} {organization} {exclude_account:?} {role_name:?}"
    ));
    // A length before each keeps one from running into the next.
    parts
        .iter()
        .map(|part| format!("{}:{part}", part.len()))
        .collect::<Vec<_>>()
        .concat()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::args::{Cli, Command};

    fn of(flags: &[&str]) -> String {
        let args = [
            "driftgate",
            "audit",
            "--shard",
            "1/2",
            "--no-waivers",
            "--accounts",
            "111122223333",
        ];
        let cli = Cli::try_parse_from(args.iter().chain(flags)).unwrap();
        let Command::Audit(command) = cli.command else {
            panic!()
        };
        let tolerance = Tolerance {
            fail_on: None,
            allow_incomplete: false,
            allow_empty: false,
            min_coverage: None,
        };
        of_audit(
            &command,
            &Policies::default(),
            &[],
            Options::default(),
            &tolerance,
        )
        .unwrap()
        .of
    }

    #[test]
    fn the_role_tells_runs_apart_and_its_external_id_is_not_given_away() {
        assert_ne!(of(&[]), of(&["--role-name", "other"]));
        assert_eq!(of(&["--external-id", "one"]), of(&["--external-id", "two"]));
    }
}
