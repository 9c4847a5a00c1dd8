//! The text of `driftgate doctor`: the verdict, the environment, what is missing with its remedy, and what works. Text of
//! others goes through `visible`.

use std::io;

use anstyle::{AnsiColor, Style};

use super::groups::{self, FailedCall, Group, is_partial, is_whole};
use super::remedy::Remedy;
use crate::cli::plural::plural;
use crate::report::{Page, visible};
use crate::source::aws::probe::{AccountExamined, Cause, Examination, RegionExamined, Trouble};
use crate::source::aws::{Endpoint, EnvSetting};

const PLAIN: Style = Style::new();
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const ALARM: Style = AnsiColor::Yellow.on_default().bold();

/// The column of the values of the environment.
const VALUES: usize = 13;
/// Number of accounts that are named.
const MOST_ACCOUNTS: usize = 24;
/// Number of Regions that are named.
const MOST_REGIONS: usize = 40;
/// Number of notes of a kind that are listed.
const MOST_NOTES: usize = 3;
/// Seconds by which clocks may differ.
const CLOCKS_AGREE: u64 = 30;

/// Writes the report.
pub fn render(
    found: &Examination,
    external_id: Option<&str>,
    page: &mut Page<'_>,
) -> io::Result<()> {
    page.paragraph(0, 0, &[(BOLD, &verdict(found))])?;
    page.blank()?;
    environment(found, page)?;
    for trouble in &found.troubles {
        page.blank()?;
        let what = format!(
            "{} failed before any account was examined",
            trouble.operation
        );
        page.paragraph(0, 2, &[(ALARM, &what)])?;
        error(trouble, page)?;
        Remedy {
            found,
            external_id,
            group: None,
        }
        .of(trouble, page)?;
    }
    for group in groups::of(&found.accounts) {
        page.blank()?;
        missing(found, external_id, &group, page)?;
    }
    works(found, page)
}

/// The accounts with a Region or a failure.
fn examined(found: &Examination) -> Vec<&AccountExamined> {
    let any =
        |account: &&AccountExamined| !(account.regions.is_empty() && account.troubles.is_empty());
    found.accounts.iter().filter(any).collect()
}

fn verdict(found: &Examination) -> String {
    let accounts = examined(found);
    let whole = accounts.iter().filter(|account| is_whole(account)).count();
    let partial = accounts
        .iter()
        .filter(|account| is_partial(account))
        .count();
    let failed = found.troubles.first();
    let verdict = match accounts.as_slice() {
        _ if found.failed.is_some() || found.unknown_credentials => {
            return "Nothing can be audited: there are no credentials that AWS accepts.".to_owned();
        }
        [] => {
            return match failed {
                Some(trouble) if trouble.cause == Cause::Stopped => {
                    "Nothing is known: the examination was interrupted.".to_owned()
                }
                Some(trouble) => format!("Nothing can be audited: {} failed.", trouble.operation),
                None => "Nothing can be audited: every account or Region is left out.".to_owned(),
            };
        }
        [account] => of_one(account),
        all if whole == all.len() => format!("All {} accounts can be audited.", all.len()),
        all => {
            let none = all.len() - whole - partial;
            let mut rest: Vec<String> = Vec::new();
            rest.extend((none > 0).then(|| format!("{none} cannot")));
            rest.extend((partial > 0).then(|| format!("{partial} only in part")));
            let full = if partial > 0 { " in full" } else { "" };
            let whole = if whole == 0 {
                "None".to_owned()
            } else {
                whole.to_string()
            };
            format!(
                "{whole} of {} accounts can be audited{full}; {}.",
                all.len(),
                rest.join(", ")
            )
        }
    };
    match failed {
        Some(trouble) => format!(
            "{verdict} There may be others: {} failed.",
            trouble.operation
        ),
        None => verdict,
    }
}

fn of_one(account: &AccountExamined) -> String {
    let name = account.id.as_ref().map_or("The account".to_owned(), |id| {
        format!("Account {}", visible(id))
    });
    let good = account
        .regions
        .iter()
        .filter(|region| is_good(region))
        .count();
    match account.regions.as_slice() {
        [region] if is_whole(account) => {
            format!("{name} can be audited in {}.", visible(&region.name))
        }
        all if is_whole(account) => format!("{name} can be audited in all {} Regions.", all.len()),
        all if is_partial(account) && good == all.len() => {
            format!(
                "{name} can be audited in all {good} Regions that driftgate knows; a newer one would be missed."
            )
        }
        all if is_partial(account) => {
            format!(
                "{name} can be audited in {good} of {} Regions; {} cannot.",
                all.len(),
                all.len() - good
            )
        }
        _ => format!("{name} cannot be audited."),
    }
}

fn is_good(region: &RegionExamined) -> bool {
    region.troubles.iter().all(|trouble| !trouble.needed)
}

fn environment(found: &Examination, page: &mut Page<'_>) -> io::Result<()> {
    let around = &found.environment;
    let mut line = |label: &str, paint: Style, value: &str, by: Option<&str>| {
        let by = by
            .map(|by| format!(" ({})", visible(by)))
            .unwrap_or_default();
        let label = format!("{label:VALUES$}");
        page.paragraph(
            0,
            VALUES,
            &[(DIM, &label), (paint, &visible(value)), (DIM, &by)],
        )
    };
    let mut setting =
        |label: &str, setting: &EnvSetting| line(label, PLAIN, &setting.value, Some(setting.by));
    if let Some(credentials) = &around.credentials {
        setting("Credentials", credentials)?;
    }
    if let Some(region) = &around.region {
        setting(
            if region.value.contains(", ") {
                "Regions"
            } else {
                "Region"
            },
            region,
        )?;
    }
    if let Some(proxy) = &around.proxy {
        setting("Proxy", proxy)?;
    }
    if let Some(hosts) = &around.no_proxy {
        setting("Without it", hosts)?;
    }
    if let Some(bundle) = &around.ca_bundle {
        setting("Trusts", bundle)?;
    }
    for Endpoint { services, url, by } in &around.endpoints {
        let value = format!("{url} for {}", services.join(", "));
        line(
            "Endpoint",
            PLAIN,
            &value,
            Some(by.as_deref().unwrap_or("AWS's own")),
        )?;
    }
    if let Some(caller) = &found.caller {
        line("Caller", PLAIN, caller, None)?;
    }
    let (paint, clock) = clock(found.clock_ahead);
    line("Clock", paint, &clock, None)?;
    let mut listed: Vec<&str> = Vec::new();
    for warning in &found.warnings {
        let alike = listed
            .iter()
            .filter(|kind| **kind == &*warning.kind)
            .count();
        if alike < MOST_NOTES {
            line("Note", ALARM, &warning.message, None)?;
        } else if alike == MOST_NOTES {
            let more = found
                .warnings
                .iter()
                .filter(|other| other.kind == warning.kind)
                .count()
                - MOST_NOTES;
            line("", ALARM, &format!("and {more} more like these"), None)?;
        }
        listed.push(&warning.kind);
    }
    Ok(())
}

fn clock(ahead: Option<i64>) -> (Style, String) {
    let Some(ahead) = ahead else {
        return (PLAIN, "not compared: no response had AWS's time".to_owned());
    };
    let (by, way) = (
        ahead.unsigned_abs(),
        if ahead > 0 { "ahead of" } else { "behind" },
    );
    if by <= CLOCKS_AGREE {
        return (PLAIN, "agrees with AWS's".to_owned());
    }
    (
        ALARM,
        format!("{by} s {way} AWS's: set it, since AWS refuses requests that are 5 minutes off"),
    )
}

fn missing(
    found: &Examination,
    external_id: Option<&str>,
    group: &Group<'_>,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let count = plural(group.accounts.len(), "account");
    let partial = group.accounts.iter().all(|account| is_partial(account));
    let title = match (group.lacks(), partial) {
        (true, true) => format!("Can be audited only in part: {count}"),
        (true, false) => format!("Cannot be audited: {count}"),
        (false, _) => format!("Can be audited, but something is missing: {count}"),
    };
    page.paragraph(0, 2, &[(if group.lacks() { ALARM } else { BOLD }, &title)])?;
    let ids: Vec<&str> = group
        .accounts
        .iter()
        .filter_map(|account| account.id.as_deref())
        .collect();
    if !ids.is_empty() {
        page.paragraph(2, 4, &[(PLAIN, &visible(&few(&ids, MOST_ACCOUNTS)))])?;
    }
    let mut remedied: Vec<(Cause, bool)> = Vec::new();
    for (kind, trouble) in &group.troubles {
        page.paragraph(
            2,
            4,
            &[(BOLD, kind.operation), (PLAIN, &visible(&place(kind)))],
        )?;
        error(trouble, page)?;
        // One statement allows all that is missing for the same cause.
        let once = (kind.cause, trouble.operation == "AssumeRole");
        if !matches!(kind.cause, Cause::Denied(_)) || !remedied.contains(&once) {
            Remedy {
                found,
                external_id,
                group: Some(group),
            }
            .of(trouble, page)?;
        }
        remedied.push(once);
    }
    Ok(())
}

/// The Regions in which a call fails, and its purpose if an audit can do without it.
fn place(kind: &FailedCall) -> String {
    let regions: Vec<&str> = kind.regions.iter().map(String::as_str).collect();
    let place = match regions.as_slice() {
        [] => String::new(),
        all => format!(" in {}", few(all, usize::MAX)),
    };
    let spare = match kind.operation {
        "ListRegions" | "DescribeRegions" => {
            "; without either, driftgate reads the Regions that it knows"
        }
        _ if kind.is_needed() => "",
        "GetStage" => "; only --confirm and --stage need it",
        _ => "; not needed with --stage",
    };
    format!("{place}{spare}")
}

/// The error of AWS, or of the network.
fn error(trouble: &Trouble, page: &mut Page<'_>) -> io::Result<()> {
    let (code, message) = (visible(&trouble.code), visible(&trouble.message));
    page.paragraph(4, 4, &[(DIM, &code), (DIM, ": "), (DIM, &message)])
}

fn few(names: &[&str], most: usize) -> String {
    match names.len().checked_sub(most) {
        None | Some(0) => names.join(", "),
        Some(more) => format!("{} and {more} more", names[..most].join(", ")),
    }
}

/// Writes what can be audited, and what is left out.
fn works(found: &Examination, page: &mut Page<'_>) -> io::Result<()> {
    let of_accounts = found.accounts.iter().flat_map(|account| &account.regions);
    let regions: Vec<_> = of_accounts.filter(|region| is_good(region)).collect();
    let disabled: Vec<&str> = found
        .accounts
        .iter()
        .flat_map(|account| account.disabled.iter().map(String::as_str))
        .collect();
    let title = match regions.as_slice() {
        [] if disabled.is_empty() && found.excluded_accounts == 0 => return Ok(()),
        [] => "Left out",
        _ => "Works",
    };
    page.blank()?;
    page.paragraph(0, 2, &[(BOLD, title)])?;
    let one_account = found.accounts.len() == 1;
    answered(&regions, one_account, page)?;
    if !disabled.is_empty() {
        let words = if one_account {
            ": not enabled for the account, and left out"
        } else {
            ": not enabled for their accounts, and left out"
        };
        region_count(&disabled, one_account, words, page)?;
    }
    if found.excluded_accounts > 0 {
        let count = plural(found.excluded_accounts, "account");
        page.paragraph(2, 4, &[(PLAIN, &count), (PLAIN, ": left out")])?;
    }
    Ok(())
}

/// Writes the calls that were answered, with the Regions.
fn answered(regions: &[&RegionExamined], named: bool, page: &mut Page<'_>) -> io::Result<()> {
    let kinds: [(&[&str], &str); 4] = [
        (
            &["GetApis", "GetStages", "GetStage"],
            ": GetApis, GetStages and GetStage work",
        ),
        (
            &["GetApis", "GetStages"],
            ": GetApis and GetStages work; there was no stage to try GetStage on",
        ),
        (
            &["GetApis"],
            ": GetApis works; there was no API to try GetStages and GetStage on",
        ),
        (&["GetApis", "GetStage"], ": GetApis and GetStage work"),
    ];
    for (answered, words) in kinds {
        let alike: Vec<&str> = regions
            .iter()
            .filter(|region| region.answered == answered && region.troubles.is_empty())
            .map(|region| region.name.as_str())
            .collect();
        if !alike.is_empty() {
            region_count(&alike, named, words, page)?;
        }
    }
    if regions
        .iter()
        .any(|region| region.answered.contains(&"GetStages"))
    {
        let one = "One API of each Region is tried; a policy for single APIs may deny others.";
        page.paragraph(2, 4, &[(DIM, one)])?;
    }
    Ok(())
}

/// Writes the number of Regions and something about them, with their names if they are of one account.
fn region_count(regions: &[&str], named: bool, words: &str, page: &mut Page<'_>) -> io::Result<()> {
    let names = if named {
        format!(" ({})", visible(&few(regions, MOST_REGIONS)))
    } else {
        String::new()
    };
    let count = plural(regions.len(), "Region");
    page.paragraph(2, 4, &[(PLAIN, &count), (DIM, &names), (PLAIN, words)])
}
