//! The values of flags: a text becomes a value, or an error that describes the right ones.

use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::model::Severity;
use crate::model::state::Shard;
use crate::report::FORMATS;
use crate::source::aws::is_account_id;

/// The lowest severity that fails; `None` for never.
#[derive(Debug, Clone, Copy)]
pub struct Threshold(pub Option<Severity>);

/// Reads a threshold.
pub fn threshold() -> impl TypedValueParser<Value = Threshold> {
    let names = Severity::WORST_FIRST
        .into_iter()
        .rev()
        .map(Severity::name)
        .chain(["never"]);
    PossibleValuesParser::new(names).map(|name| Threshold(Severity::from_name(&name)))
}

/// The help of `--report`, with all formats.
pub fn report_help() -> String {
    let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
    let names = names.join(", ");
    let names = names
        .rsplit_once(", ")
        .map_or(names.clone(), |(all, last)| format!("{all} or {last}"));
    format!("{names}; without a PATH, or with -, to stdout; repeat for several [default: text]")
}

/// True if equal input must give equal bytes: by the flag, or by SOURCE_DATE_EPOCH.
pub fn reproducible(flag: bool) -> bool {
    flag || std::env::var_os("SOURCE_DATE_EPOCH").is_some()
}

/// A whole number within bounds; `u64::MAX` means no upper bound.
pub fn whole<N>(
    least: u64,
    most: u64,
) -> impl Fn(&str) -> Result<N, String> + Clone + Send + Sync + 'static
where
    N: TryFrom<u64>,
{
    move |text| {
        let number = text
            .parse::<u64>()
            .ok()
            .filter(|number| (least..=most).contains(number));
        number
            .and_then(|number| N::try_from(number).ok())
            .ok_or_else(|| match most {
                u64::MAX => format!("a whole number of at least {least}"),
                _ => format!("a whole number from {least} to {most}"),
            })
    }
}

/// Requests a second; 0 switches the pacer off.
pub fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && (rate == 0.0 || (0.01..=10_000.0).contains(&rate)) => {
            Ok(rate)
        }
        _ => Err("a number of requests a second from 0.01 to 10000, or 0 for no pacer".to_owned()),
    }
}

/// A percentage.
pub fn percent(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent),
        _ => Err("a percentage from 0 to 100".to_owned()),
    }
}

/// A time in seconds.
pub fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= 31_536_000.0 => {
            Ok(Duration::from_secs_f64(seconds))
        }
        _ => Err("a number of seconds greater than 0".to_owned()),
    }
}

/// The id of an account.
pub fn account(text: &str) -> Result<String, String> {
    if is_account_id(text) {
        Ok(text.to_owned())
    } else {
        Err("12 digits, leading zeros too".to_owned())
    }
}

/// The name of an IAM role, which may have a path before it.
pub fn role_name(text: &str) -> Result<String, String> {
    // IAM's own alphabet; the name becomes part of an ARN.
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-/".contains(&byte);
    let name =
        text.strip_prefix("arn:").is_none() && !text.starts_with('/') && !text.ends_with('/');
    // 64 characters are a quota of IAM; the path has one of its own.
    let short = text.rsplit('/').next().is_some_and(|name| name.len() <= 64);
    if name && short && !text.is_empty() && text.bytes().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err("the name of a role without its ARN, as in DriftgateAudit or, with a path, audit/DriftgateAudit".to_owned())
    }
}

/// An external id, in the alphabet of AssumeRole's parameter.
pub fn external_id(text: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&byte);
    if (2..=1224).contains(&text.len()) && text.bytes().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err("2 to 1224 letters, digits and _+=,.@:/-".to_owned())
    }
}

/// A part of the work: `I/N`, `auto`, `auto/N`.
pub fn shard(text: &str) -> Result<Shard, String> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (index, count) = text
        .split_once('/')
        .map_or((text, None), |(index, count)| (index, Some(count)));
    if index != "auto" {
        let numbers = count.and_then(|count| Some((index.parse().ok()?, count.parse().ok()?)));
        return numbers
            .and_then(|(index, count)| Shard::new(index, count))
            .ok_or_else(|| {
                "I/N with I from 1 to N, as in 1/4 and 4/4, or auto in an array job".to_owned()
            });
    }
    // Both count from 0.
    let engines = [
        ("AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE"),
        ("JOB_COMPLETION_INDEX", "JOB_COMPLETIONS"),
    ];
    let Some((name, place, size)) = engines
        .iter()
        .find_map(|(index, size)| Some((index, variable(index)?, size)))
    else {
        return Err(
            "auto needs AWS_BATCH_JOB_ARRAY_INDEX or JOB_COMPLETION_INDEX, and neither is set"
                .to_owned(),
        );
    };
    let Some(count) = count.map(str::to_owned).or_else(|| variable(size)) else {
        return Err(format!(
            "auto reads its place from {name}, but {size} is not set: give the number of shards, as in auto/8"
        ));
    };
    let numbers = place
        .parse::<u32>()
        .ok()
        .and_then(|place| Some((place.checked_add(1)?, count.parse().ok()?)));
    numbers
        .and_then(|(index, count)| Shard::new(index, count))
        .ok_or_else(|| {
            format!("{name} is {place:?} of {count:?}, which is not a place in an array job")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_iam_refuses_are_refused_before_any_call() {
        assert!(role_name("DriftgateAudit").is_ok() && role_name("audit/Driftgate+x").is_ok());
        for wrong in [
            "",
            "arn:aws:iam::111122223333:role/x",
            "/x",
            "x/",
            "a b",
            &"x".repeat(65),
        ] {
            assert!(role_name(wrong).is_err(), "{wrong}");
        }
        assert!(external_id("42").is_ok() && external_id("a:b/c=d").is_ok());
        for wrong in ["", "x", "a b", "a\nb", "\"", &"x".repeat(1225)] {
            assert!(external_id(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_shard_counts_from_1() {
        assert_eq!(shard("2/4").ok(), Shard::new(2, 4));
        for wrong in ["0/4", "5/4", "1", "1/", "/4", "a/b", "1/0", "-1/4", "1/4/2"] {
            assert!(shard(wrong).is_err(), "{wrong}");
        }
    }
}
