//! Merges the results of all shards of a run into the result that the run would have had in one piece. It must not know
//! how a run is split, only that each shard is there once, and all of one run.

use std::collections::{BTreeMap, BTreeSet};

use super::saved::{Error, Saved};
use crate::model::results::{Results, Unneeded};
use crate::model::state::{Gap, GapCode, Scope, Warning, WarningKind};
use crate::report::escape::visible;
use crate::report::facts::{Run, ShardInfo};

/// Merges the results of shards, given in any order.
///
/// # Errors
/// If one is missing, given twice, of another run, or not a shard. Nothing is merged then.
pub fn merge(results: Vec<Saved>) -> Result<Saved, Error> {
    let mut shards = in_order(results)?;
    alike(&shards)?;
    apart(&shards)?;
    let interrupted = shards.iter().find_map(|(_, saved)| saved.signal);
    let run = run(&shards);
    // All shards list the same waivers, so they repeat the same expiry warning.
    let expired = expired(&mut shards);

    let warned = common(&mut shards, |results| {
        let shared = |it: &mut Warning| it.region.is_none();
        results.warnings.extract_if(.., shared).collect()
    });
    let missed = common(&mut shards, |results| {
        let shared = |gap: &mut Gap| gap.region.is_none();
        results.gaps.extract_if(.., shared).collect()
    });
    let unneeded: Vec<Vec<Unneeded>> = shards
        .iter_mut()
        .map(|(_, saved)| std::mem::take(&mut saved.results.unneeded))
        .collect();
    let unfound = found_by_none(
        shards
            .iter_mut()
            .map(|(_, saved)| std::mem::take(&mut saved.results.unfound)),
    );
    let unknown: Vec<Gap> = shards
        .iter()
        .filter_map(|(shard, saved)| nowhere(shard, saved))
        .collect();
    let stopped: Vec<Warning> = shards
        .iter()
        .filter_map(|(shard, saved)| stopped(shard, saved))
        .collect();

    let mut shards = shards.into_iter();
    let Some((_, mut whole)) = shards.next() else {
        return Err(Error("there is nothing to merge.".to_owned()));
    };
    for (_, saved) in shards {
        whole.results.add(saved.results);
    }
    let results = &mut whole.results;
    results.scopes = once(std::mem::take(&mut results.scopes));
    results
        .gaps
        .extend(missed.into_iter().chain(unknown).chain(unfound));
    results.warnings.extend(warned.into_iter().chain(stopped));
    let again = results.waivers.iter().zip(results.expired_again());
    let expired = again.zip(expired).filter(|(_, expired)| *expired);
    results
        .warnings
        .extend(expired.map(|((waiver, again), _)| waiver.expired(again)));
    if results.gaps.is_empty() && results.summary.undecided == 0 && interrupted.is_none() {
        results.warnings.extend(needed_by_none(unneeded));
    }
    results.warnings.extend(results.unused_policies());
    results.sort_violations();
    results.sort_others();
    (whole.signal, whole.run) = (interrupted, run);
    whole.name = String::from("the merged result");
    Ok(whole)
}

/// Every shard once, from the first to the last.
fn in_order(results: Vec<Saved>) -> Result<Vec<(ShardInfo, Saved)>, Error> {
    let mut shards: BTreeMap<u32, (ShardInfo, Saved)> = BTreeMap::new();
    let mut first: Option<(String, ShardInfo)> = None;
    let mut found: Option<(String, String)> = None;
    for saved in results {
        let name = saved.name.clone();
        let Some(shard) = saved.run.shard.clone() else {
            return Err(Error(format!(
                "{name} is the result of a whole run, not of a shard.\n\
                 Merge what `driftgate audit --shard I/N` wrote; `driftgate report {name}` renders a whole result."
            )));
        };
        let (other, of) = first.get_or_insert_with(|| (name.clone(), shard.clone()));
        if shard.count != of.count {
            return Err(Error(format!(
                "{name} is a shard of {}, and {other} is one of {}.\nMerge the shards of one run.",
                shard.count, of.count
            )));
        }
        if shard.of != of.of {
            return Err(Error(format!(
                "{name} and {other} are not shards of one run: their policies, waivers or flags differ.\n\
                 Audit every shard with the same ones."
            )));
        }
        if let Some(here) = &shard.found {
            let (other, there) = found.get_or_insert_with(|| (name.clone(), here.clone()));
            if here != there {
                return Err(Error(format!(
                    "{name} and {other} are not shards of one run: the credentials or the Regions that they found \
                     differ.\nGive every machine the same ones, or name the accounts (--accounts) and the Regions \
                     (--region)."
                )));
            }
        }
        let (index, count) = (shard.index, shard.count);
        if let Some((_, other)) = shards.insert(index, (shard, saved)) {
            return Err(Error(format!(
                "shard {index} of {count} is there twice: {} and {name}.\nGive each shard once.",
                other.name
            )));
        }
    }
    if let Some((_, ShardInfo { count, .. })) = first
        && shards.len() < count as usize
    {
        return Err(missing(&shards.keys().copied().collect(), count));
    }
    Ok(shards.into_values().collect())
}

fn missing(there: &BTreeSet<u32>, count: u32) -> Error {
    const MOST: usize = 10;
    let all = count as usize - there.len();
    let named: Vec<String> = (1..=count)
        .filter(|index| !there.contains(index))
        .take(MOST)
        .map(|index| index.to_string())
        .collect();
    let more = if all > named.len() {
        format!(" and {} more", all - named.len())
    } else {
        String::new()
    };
    let (noun, verb) = if all == 1 {
        ("shard", "is")
    } else {
        ("shards", "are")
    };
    Error(format!(
        "{noun} {}{more} of {count} {verb} missing, and nothing is known about {} Regions.\n\
         Give the result of every shard; audit a missing one with --shard {}/{count}.",
        named.join(", "),
        if all == 1 { "its" } else { "their" },
        named.first().map_or("I", String::as_str),
    ))
}

/// Findings name rules and waivers by their place, so these have to be the same everywhere.
fn alike(shards: &[(ShardInfo, Saved)]) -> Result<(), Error> {
    for pair in shards.windows(2) {
        let [(_, one), (_, other)] = pair else {
            continue;
        };
        let what = if one.results.rules != other.results.rules {
            "rules"
        } else if one.results.waivers != other.results.waivers {
            "waivers"
        } else if one.tolerance != other.tolerance {
            "gates"
        } else if one.run.version != other.run.version
            && !one.run.reproducible
            && !other.run.reproducible
        {
            return Err(Error(format!(
                "{} is of driftgate {}, and {} of driftgate {}.\nAudit every shard with the same version.",
                one.name,
                one.run.version(),
                other.name,
                other.run.version()
            )));
        } else {
            continue;
        };
        return Err(Error(format!(
            "{} and {} are not shards of one run: their {what} differ.\nAudit every shard with the same ones.",
            one.name, other.name
        )));
    }
    Ok(())
}

/// A Region of an account is in one shard, or something would be counted twice.
fn apart(shards: &[(ShardInfo, Saved)]) -> Result<(), Error> {
    let mut owners: BTreeMap<(Option<&str>, &str), &str> = BTreeMap::new();
    for (_, saved) in shards {
        for scope in &saved.results.scopes {
            let account = scope.account.as_deref();
            let Some(region) = scope.region.as_deref() else {
                // Every shard lists the accounts that it could not look into, and each is kept once.
                if scope.stages == 0 {
                    continue;
                }
                return Err(Error(format!(
                    "{} has stages of {} in no Region, as a shard never does.\nThe file was edited or is damaged; take the original.",
                    saved.name,
                    visible(account.unwrap_or("an account that is not stated")),
                )));
            };
            if let Some(other) = owners.insert((account, region), &saved.name)
                && other != saved.name
            {
                return Err(Error(format!(
                    "{other} and {} both cover {} {region}, so they are not shards of one run.",
                    saved.name,
                    visible(account.unwrap_or("an account that is not stated")),
                    region = visible(region),
                )));
            }
        }
    }
    Ok(())
}

/// The circumstances of the whole: when the last shard was done, and how long the longest took.
fn run(shards: &[(ShardInfo, Saved)]) -> Run {
    let runs = || shards.iter().map(|(_, saved)| &saved.run);
    let sources: BTreeSet<&str> = runs().map(|run| &*run.source).collect();
    let source = sources.into_iter().collect::<Vec<_>>().join(", ");
    if runs().any(|run| run.reproducible) {
        return Run {
            reproducible: true,
            source,
            ..Run::default()
        };
    }
    Run {
        generated_at: runs().filter_map(|run| run.generated_at.clone()).max(),
        duration: runs().filter_map(|run| run.duration).max(),
        version: runs().find_map(|run| run.version.clone()),
        source,
        ..Run::default()
    }
}

/// The waivers that have expired. A shard's warning counts its own violations, so it is removed, and made again for the
/// merged result.
fn expired(shards: &mut [(ShardInfo, Saved)]) -> Vec<bool> {
    let mut expired = Vec::new();
    for (_, saved) in shards {
        let results = &mut saved.results;
        let again = results.expired_again();
        expired.resize(results.waivers.len(), false);
        for ((waiver, again), expired) in results.waivers.iter().zip(again).zip(&mut expired) {
            let warning = waiver.expired(again);
            if let Some(at) = results.warnings.iter().position(|other| *other == warning) {
                results.warnings.remove(at);
                *expired = true;
            }
        }
    }
    expired
}

/// The warning that a signal ended a shard, so that the merged result lacks everything it had not read.
fn stopped(shard: &ShardInfo, saved: &Saved) -> Option<Warning> {
    let (signal, ShardInfo { index, count, .. }) = (saved.signal?.name(), shard);
    let message = format!(
        "shard {index} of {count} was ended by {signal}; everything it had not read is missing"
    );
    Some(Warning::new(WarningKind::ShardInterrupted, message))
}

/// The gap of a shard that does not name its Regions and its caller, though nothing is known to have ended it.
fn nowhere(shard: &ShardInfo, saved: &Saved) -> Option<Gap> {
    let ShardInfo { index, count, .. } = shard;
    let explained =
        shard.found.is_some() || saved.signal.is_some() || saved.results.failed.is_some();
    (!explained).then(|| Gap {
        operation: "merge".to_owned(),
        code: GapCode::Incomplete.into(),
        message: format!(
            "shard {index} of {count} does not say whose credentials and which Regions it found"
        ),
        hint: format!("audit it again with --shard {index}/{count}"),
        ..Gap::default()
    })
}

/// Elements about no Region, which every shard repeats: each as often as in the shard that has it most often.
fn common<T: Ord + Clone>(
    shards: &mut [(ShardInfo, Saved)],
    take: impl Fn(&mut Results) -> Vec<T>,
) -> Vec<T> {
    let mut most: BTreeMap<T, usize> = BTreeMap::new();
    for (_, saved) in shards {
        let mut here: BTreeMap<T, usize> = BTreeMap::new();
        for one in take(&mut saved.results) {
            *here.entry(one).or_default() += 1;
        }
        for (one, times) in here {
            let known = most.entry(one).or_default();
            *known = times.max(*known);
        }
    }
    most.into_iter()
        .flat_map(|(one, times)| std::iter::repeat_n(one, times))
        .collect()
}

/// The scopes, those without a Region once, since every shard has them.
fn once(scopes: Vec<Scope>) -> Vec<Scope> {
    let mut merged: Vec<Scope> = Vec::with_capacity(scopes.len());
    let mut of_accounts: BTreeMap<Option<String>, Vec<usize>> = BTreeMap::new();
    for mut scope in scopes {
        if scope.region.is_some() {
            merged.push(scope);
            continue;
        }
        let requests = scope.requests.take();
        let known = of_accounts.entry(scope.account.clone()).or_default();
        let same = known.iter().copied().find(|at| {
            merged.get(*at).is_some_and(|other| {
                Scope {
                    requests: None,
                    ..other.clone()
                } == scope
            })
        });
        if let Some(other) = same.and_then(|at| merged.get_mut(at)) {
            other.requests = other
                .requests
                .into_iter()
                .chain(requests)
                .reduce(|a, b| a + b);
        } else {
            known.push(merged.len());
            merged.push(Scope { requests, ..scope });
        }
    }
    merged
}

/// The waivers that no shard needed, though one may have: each shard lists those that it did not need.
fn needed_by_none(unneeded: Vec<Vec<Unneeded>>) -> Vec<Warning> {
    let count = unneeded.len();
    let mut listed: BTreeMap<Warning, (usize, bool)> = BTreeMap::new();
    for list in unneeded {
        let mut here: BTreeMap<Warning, bool> = BTreeMap::new();
        for Unneeded { warning, in_scope } in list {
            *here.entry(warning).or_default() |= in_scope;
        }
        for (warning, in_scope) in here {
            let (shards, anywhere) = listed.entry(warning).or_default();
            *shards += 1;
            *anywhere |= in_scope;
        }
    }
    let by_all = listed
        .into_iter()
        .filter(|(_, (shards, anywhere))| *shards == count && *anywhere);
    by_all.map(|(warning, _)| warning).collect()
}

/// The names given by flags that every shard lists as not found. A shard that could not look everywhere lists none.
fn found_by_none(lists: impl Iterator<Item = Vec<Gap>>) -> Vec<Gap> {
    lists
        .reduce(|all, list| all.into_iter().filter(|gap| list.contains(gap)).collect())
        .unwrap_or_default()
}
