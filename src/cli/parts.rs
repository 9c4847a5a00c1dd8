//! Which part of a run `--shard` asks for, and what all parts must have alike to be merged.

use super::args::Audit;
use crate::check::Options;
use crate::gate::Tolerance;
use crate::model::digest::{hex, sha256};
use crate::policy::{Policies, files};
use crate::report::Part;

/// The part of a run that an audit is; `None` for a whole one.
pub fn part(command: &Audit, policies: &Policies, options: Options, tolerance: &Tolerance) -> Option<Part> {
    let shard = command.source.pace.shard?;
    let of = format!("sha256:{}", hex(&sha256(&[&alike(command, policies, options, tolerance)])));
    Some(Part { index: shard.index(), count: shard.count(), of })
}

/// The part with what only the source could tell: who asked, and in which Regions.
pub fn found(part: &Part, asked: &str) -> Part {
    Part { of: format!("sha256:{}", hex(&sha256(&[&part.of, asked]))), ..*part }
}

/// Everything that decides what a run finds, but for the fleet. The version of driftgate is compared by itself.
fn alike(command: &Audit, policies: &Policies, options: Options, tolerance: &Tolerance) -> String {
    let source = &command.source;
    let mut parts: Vec<String> = policies.policies.iter().map(|policy| policy.file.text.clone()).collect();
    parts.push("waivers".to_owned());
    if !command.no_waivers {
        // They were read a moment ago; one that cannot be read has ended the run.
        let (texts, _) = files::read_each(&command.waivers);
        parts.extend(texts.iter().map(|file| file.text.clone()));
    }
    parts.push(format!("{options:?} {tolerance:?} {}", command.confirm));
    parts.push(format!("{:?} {:?}", source.region, source.all_regions));
    parts.push(format!("{:?} {:?} {:?}", source.exclude_region, source.api, source.stage));
    parts.push(format!("{:?}", source.accounts));
    // A length before each keeps one from running into the next.
    parts.iter().map(|part| format!("{}:{part}", part.len())).collect::<Vec<_>>().concat()
}
