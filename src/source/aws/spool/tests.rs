//! Spools that are cut off anywhere, damaged, of another kind or another user, or not writable any more.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::model::catalogue::{STAGE, stage};
use crate::model::document::api_stated_by;
use crate::model::projection::Projection;
use crate::model::protocol::Protocol;
use crate::model::state::{Batch as _, Close, FoundNames, Gap, Scope, ScopeOutcome, WarningKind};
use crate::model::value::Value;

const ACCOUNT: &str = "111122223333";
/// When everything happens.
const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

fn run_key() -> RunKey {
    [("policies", "sha256:00"), ("--api", "")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fleet.spool");
    (folder, path)
}

fn stage(name: &str) -> Value<'static> {
    let mut stage = Value::empty_struct(STAGE);
    if let Value::Struct(members) = &mut stage {
        members[stage::NAME.at] = Value::text(name.to_owned());
        members[stage::DESCRIPTION.at] = Value::text("line\nof \"scope\": {\"run\":2}");
    }
    stage
}

fn region(number: usize) -> String {
    format!("region-{number}")
}

/// The names of a Region's stages.
fn names(number: usize, stages: usize) -> Vec<String> {
    (0..stages)
        .map(|stage| format!("{number}-{stage}"))
        .collect()
}

fn add(spool: &Spool, number: usize, name: &str) {
    spool.stages(
        Some(ACCOUNT),
        &region(number),
        &api_stated_by(Some("a1"), Some(Protocol::Http)),
        &[stage(name)],
    );
}

fn finish(spool: &Spool, number: usize, stages: usize) {
    let scope = Scope {
        account: Some(ACCOUNT.to_owned()),
        region: Some(region(number)),
        stages: stages as u64,
        outcome: ScopeOutcome::Checked,
        ..Scope::default()
    };
    spool.close(&scope, &[], &FoundNames::default());
}

/// Writes Regions with so many stages in parallel, in this order.
fn write(spool: &Spool, regions: &BTreeMap<usize, usize>, order: &[usize]) {
    let mut left: BTreeMap<usize, Vec<String>> = regions
        .iter()
        .map(|(number, stages)| (*number, names(*number, *stages)))
        .collect();
    let mut order = order.iter().cycle();
    while !left.is_empty() {
        let number = *left.keys().nth(order.next().unwrap() % left.len()).unwrap();
        let waiting = left.get_mut(&number).unwrap();
        if waiting.is_empty() {
            finish(spool, number, regions[&number]);
            left.remove(&number);
        } else {
            add(spool, number, &waiting.remove(0));
        }
    }
}

fn start(path: &Path) -> Spool {
    Spool::start(path, &run_key(), NOW).unwrap()
}

fn resume(path: &Path) -> Spool {
    Spool::resume(path, &run_key(), NOW).unwrap()
}

/// The file of a run that wrote Regions with so many stages in this order.
fn written<const N: usize>(regions: [(usize, usize); N], order: &[usize]) -> (TempDir, PathBuf) {
    let (folder, path) = folder();
    write(&start(&path), &regions.into(), order);
    (folder, path)
}

/// The finished Regions, with the stages of each that are handed on.
fn resumed(spool: &Spool, regions: &BTreeMap<usize, usize>) -> BTreeMap<usize, Vec<String>> {
    let mut seen: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for number in regions.keys() {
        if let Some((scope, ..)) = spool.take(Some(ACCOUNT), &region(*number)) {
            assert_eq!(scope.stages, regions[number] as u64);
            seen.insert(*number, Vec::new());
        }
        assert!(spool.take(Some(ACCOUNT), &region(*number)).is_none());
    }
    let (handed, failed) = spool.replay(|batch| {
        batch
            .decode(&Projection::all(), &mut |document| {
                let number = document
                    .region
                    .unwrap()
                    .strip_prefix("region-")
                    .unwrap()
                    .parse()
                    .unwrap();
                seen.get_mut(&number)
                    .unwrap()
                    .push(document.stage_name().unwrap().to_owned());
            })
            .unwrap();
        true
    });
    assert!(failed.is_none(), "{failed:?}");
    assert!(handed.values().sum::<u64>() == seen.values().map(Vec::len).sum::<usize>() as u64);
    seen
}

/// Scopes with a closing line, by a search of the text.
fn closed(bytes: &[u8]) -> Vec<usize> {
    let whole = &bytes[..bytes
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1)];
    let lines = std::str::from_utf8(whole)
        .unwrap()
        .lines()
        .filter(|line| line.starts_with("{\"scope\":"));
    let mut numbers: Vec<usize> = lines
        .map(|line| {
            let closing: serde_json::Value = serde_json::from_str(line).unwrap();
            closing["scope"]["region"].as_str().unwrap()["region-".len()..]
                .parse()
                .unwrap()
        })
        .collect();
    numbers.sort_unstable();
    numbers
}

/// Writes a file that only its owner may write, whatever files are by default.
fn put(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
}

/// Resumes what is left of a file, and looks at everything that a cut must not change; the Regions that are finished.
fn survives(path: &Path, bytes: &[u8], regions: &BTreeMap<usize, usize>) -> (Spool, Vec<usize>) {
    fs::write(path, bytes).unwrap();
    let spool = resume(path);
    let seen = resumed(&spool, regions);
    assert_eq!(seen.keys().copied().collect::<Vec<_>>(), closed(bytes));
    for (number, stages) in &seen {
        assert_eq!(*stages, names(*number, regions[number]));
    }
    (spool, seen.into_keys().collect())
}

#[test]
fn a_file_cut_at_any_byte_has_each_closed_region_once() {
    let (_folder, path) = folder();
    let regions = BTreeMap::from([(0, 2), (1, 0), (2, 1)]);
    write(&start(&path), &regions, &[0, 1, 2, 2]);
    let bytes = fs::read(&path).unwrap();
    for cut in 0..=bytes.len() {
        survives(&path, &bytes[..cut], &regions);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn two_killed_runs_lead_to_the_same_end(
        stages in prop::collection::vec(0_usize..6, 1..6),
        order in prop::collection::vec(0_usize..8, 1..12),
        again in prop::collection::vec(0_usize..8, 1..12),
        cuts in (0.0..1.0_f64, 0.0..1.0_f64),
    ) {
        let (_folder, path) = folder();
        let regions: BTreeMap<usize, usize> = stages.into_iter().enumerate().collect();
        write(&start(&path), &regions, &order);
        for (cut, order) in [(cuts.0, &again), (cuts.1, &order)] {
            let bytes = fs::read(&path).unwrap();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place")]
            let cut = (cut * bytes.len() as f64) as usize;
            let (spool, finished) = survives(&path, &bytes[..cut], &regions);
            let left = regions.iter().filter(|(number, _)| !finished.contains(number));
            write(&spool, &left.map(|(number, stages)| (*number, *stages)).collect(), order);
        }
        let bytes = fs::read(&path).unwrap();
        let (_, finished) = survives(&path, &bytes, &regions);
        prop_assert_eq!(finished, regions.keys().copied().collect::<Vec<_>>());
    }
}

#[test]
fn only_taken_regions_are_handed_on() {
    let (_folder, path) = written([(0, 2), (1, 3)], &[0, 1]);
    let spool = resume(&path);
    assert_eq!(
        resumed(&spool, &BTreeMap::from([(1, 3)])),
        BTreeMap::from([(1, names(1, 3))])
    );
    assert!(
        spool.take(None, &region(0)).is_none(),
        "of an account that is not known nothing is"
    );
    assert!(spool.take(Some("444455556666"), &region(0)).is_none());
}

#[test]
fn refused_batches_are_not_counted() {
    let (_folder, path) = written([(0, 2), (1, 3)], &[0]);
    let spool = resume(&path);
    for number in [0, 1] {
        spool.take(Some(ACCOUNT), &region(number)).unwrap();
    }
    let mut batches = 0;
    let (handed, failed) = spool.replay(|_| {
        batches += 1;
        batches == 1
    });
    assert!(failed.is_some());
    assert_eq!(
        [0, 1].map(|number| handed[&(ACCOUNT.to_owned(), region(number))]),
        [2, 0]
    );
}

#[test]
fn a_region_with_gaps_or_without_account_is_not_finished() {
    let (_folder, path) = folder();
    let spool = start(&path);
    let scope = |account: Option<&str>, outcome| Scope {
        account: account.map(str::to_owned),
        region: Some(region(0)),
        outcome,
        ..Scope::default()
    };
    spool.stages(None, "us-east-1", &Value::Unset, &[stage("a")]);
    spool.close(
        &scope(None, ScopeOutcome::Checked),
        &[],
        &FoundNames::default(),
    );
    for outcome in [
        ScopeOutcome::Partial,
        ScopeOutcome::Unchecked,
        ScopeOutcome::Excluded,
    ] {
        spool.close(&scope(Some(ACCOUNT), outcome), &[], &FoundNames::default());
    }
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 1);
}

#[test]
fn a_region_whose_count_is_wrong_is_read_again() {
    let (_folder, path) = folder();
    let spool = start(&path);
    add(&spool, 0, "a");
    finish(&spool, 0, 2);
    finish(&spool, 1, 0);
    drop(spool);
    let spool = resume(&path);
    assert!(spool.take(Some(ACCOUNT), &region(0)).is_none());
    assert!(spool.take(Some(ACCOUNT), &region(1)).is_some());
}

/// The error of a resumed file.
fn refused(path: &Path, key: &RunKey) -> String {
    let error = Spool::resume(path, key, NOW).unwrap_err();
    assert!(error.is_usage(), "{error}");
    error.to_string()
}

#[test]
fn damage_is_reported_with_its_line() {
    let (_folder, path) = written([(0, 2), (1, 1)], &[0]);
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    for (at, damaged) in [
        (2, "{\"account\":\"1\",\"region\":\"r\",\"api\":{}}"),
        (3, ""),
        (4, "{\"scope\":{}}"),
        (5, "{}"),
    ] {
        let mut lines = lines.clone();
        lines[at - 1] = damaged;
        fs::write(&path, lines.join("\n") + "\n").unwrap();
        let message = refused(&path, &run_key());
        assert!(
            message.starts_with(&format!("{}:{at}: not a line of a spool: ", path.display())),
            "{message}"
        );
        assert!(message.contains("nothing was read"), "{message}");
    }
}

/// Lines that are whole, each by itself, and not those that were written.
#[test]
fn lines_that_were_changed_moved_or_lost_are_noticed() {
    let (_folder, path) = written([(0, 2), (1, 2)], &[0, 1]);
    drop(resume(&path));
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let kinds: Vec<bool> = lines
        .iter()
        .map(|line| line.contains("\"sha256\":"))
        .collect();
    assert_eq!(kinds.iter().filter(|sealed| **sealed).count(), 3, "{text}");
    let stages: Vec<usize> = (1..lines.len())
        .filter(|at| lines[*at].starts_with("{\"account\":"))
        .collect();
    let mut damaged: Vec<Vec<String>> = Vec::new();
    let owned: Vec<String> = lines.iter().map(ToString::to_string).collect();
    for at in 1..lines.len() - 1 {
        let mut lost = owned.clone();
        lost.remove(at);
        let mut twice = owned.clone();
        twice.insert(at, owned[at].clone());
        damaged.extend([lost, twice]);
    }
    for pair in stages.windows(2) {
        let mut moved = owned.clone();
        moved.swap(pair[0], pair[1]);
        damaged.push(moved);
    }
    // In another's place, and with another value.
    let mut copied = owned.clone();
    copied[stages[1]] = owned[stages[0]].clone();
    let mut changed = owned.clone();
    changed[stages[1]] = owned[stages[1]].replacen("line", "lime", 1);
    let mut header = owned.clone();
    header[0] = owned[0].replacen("\"begun\"", "\"more\":1,\"begun\"", 1);
    let mut closing = owned.clone();
    let closed = owned
        .iter()
        .position(|line| line.starts_with("{\"scope\":"))
        .unwrap();
    closing[closed] = owned[closed].replacen("\"apis\":0", "\"apis\":1", 1);
    damaged.extend([copied, changed, header, closing]);
    for lines in damaged {
        assert_ne!(lines, owned);
        fs::write(&path, lines.join("\n") + "\n").unwrap();
        let message = refused(&path, &run_key());
        assert!(
            message.contains("changed, moved or lost") && message.contains("nothing was read"),
            "{message}"
        );
    }
    fs::write(&path, text).unwrap();
    drop(resume(&path));
}

#[test]
fn other_files_are_refused_and_not_changed() {
    let (_folder, path) = folder();
    for text in [
        "x",
        "{\"format\":\"driftgate.snapshot\",\"version\":1}\n",
        "a\nb\n",
        "{\"a\":1}\n",
    ] {
        put(&path, text);
        assert!(
            refused(&path, &run_key()).contains("is not a spool"),
            "{text}"
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o644
        );
    }
    fs::write(
        &path,
        "{\"format\":\"driftgate.spool\",\"version\":1,\"asked\":{}}\n",
    )
    .unwrap();
    assert!(refused(&path, &run_key()).contains("of version 1"));
    assert!(refused(&path.with_extension("not"), &run_key()).contains("does not exist"));
    assert!(refused(path.parent().unwrap(), &run_key()).contains("is not a file"));
    let link = path.with_extension("link");
    symlink(&path, &link).unwrap();
    assert!(refused(&link, &run_key()).contains("is not a file"));
}

#[test]
fn a_run_with_other_settings_is_refused() {
    let (_folder, path) = folder();
    drop(start(&path));
    let other: RunKey = [("policies", "sha256:11"), ("--api", "a1"), ("--new", "")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    assert!(
        refused(&path, &other).contains("begun with other --api, --new, policies."),
        "{}",
        refused(&path, &other)
    );
}

#[test]
fn the_file_is_private_and_no_link_is_followed() {
    let (_folder, path) = folder();
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    drop(start(&path));
    assert_eq!(mode(), 0o600);
    assert!(
        Spool::start(&path, &run_key(), NOW)
            .unwrap_err()
            .to_string()
            .contains("already exists")
    );
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    drop(resume(&path));
    assert_eq!(mode(), 0o600);

    let dangling = path.with_extension("link");
    symlink(path.with_extension("elsewhere"), &dangling).unwrap();
    assert!(
        Spool::start(&dangling, &run_key(), NOW).is_err(),
        "a link is not followed"
    );
    let nowhere = path.parent().unwrap().join("none/fleet.spool");
    assert!(
        Spool::start(&nowhere, &run_key(), NOW)
            .unwrap_err()
            .to_string()
            .contains("does not exist")
    );
}

#[test]
fn a_file_that_others_may_write_is_refused() {
    let (folder, path) = written([(0, 2)], &[0]);
    let chmod = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();

    let text = fs::read_to_string(&path).unwrap();
    for mode in [0o666, 0o620, 0o602] {
        chmod(mode);
        assert!(
            refused(&path, &run_key()).contains("may be written by others. Nothing was read."),
            "{mode:o}"
        );
    }
    chmod(0o600);
    // Only root can give a file away, and only root could read it then.
    if chown(&path, Some(65534), None).is_ok() {
        for mode in [0o600, 0o666] {
            chmod(mode);
            assert!(
                refused(&path, &run_key()).contains("belongs to another user. Nothing was read."),
                "{mode:o}"
            );
        }
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing else is left"
    );
}

#[test]
fn two_runs_cannot_share_a_file() {
    let (_folder, path) = folder();
    let first = start(&path);
    let error = Spool::resume(&path, &run_key(), NOW).unwrap_err();
    assert!(error.to_string().contains("is in use by another run") && !error.is_usage());
    drop(first);
    assert!(Spool::resume(&path, &run_key(), NOW).is_ok());
}

#[test]
fn a_complete_and_reported_run_removes_its_file() {
    let (_folder, path) = folder();
    let spool = start(&path);
    let gaps = |code: Option<&str>| {
        let gap = |code: &str| Gap {
            code: code.to_owned(),
            ..Gap::default()
        };
        Close {
            gaps: code.map(gap).into_iter().collect(),
            ..Close::default()
        }
    };
    assert_eq!((spool.end(false), path.exists()), (End::CutShort, true));
    for (code, end) in [
        ("Timeout", End::CutShort),
        ("Interrupted", End::CutShort),
        ("AccessDenied", End::Gaps),
    ] {
        spool.closed(&gaps(Some(code)));
        assert_eq!((spool.end(true), path.exists()), (end, true), "{code}");
    }
    spool.closed(&Close {
        failed: Some("why".to_owned()),
        ..Close::default()
    });
    assert_eq!((spool.end(true), path.exists()), (End::CutShort, true));
    spool.closed(&gaps(None));
    assert_eq!((spool.end(false), path.exists()), (End::CutShort, true));
    assert_eq!((spool.end(true), path.exists()), (End::Removed, false));

    // A report may have been written to the same path.
    let spool = start(&path);
    spool.closed(&gaps(None));
    fs::remove_file(&path).unwrap();
    fs::write(&path, "a report").unwrap();
    assert_eq!((spool.end(true), path.exists()), (End::Removed, true));
}

/// A spool of an earlier run, so many hours old.
fn later(
    path: &Path,
    hours: i64,
    open: fn(&Path, &RunKey, Timestamp) -> Result<Spool, Error>,
) -> Result<Spool, Error> {
    open(path, &run_key(), NOW + SignedDuration::from_hours(hours))
}

#[test]
fn an_old_file_is_refused_or_started_over() {
    let (_folder, path) = written([(0, 2)], &[0]);
    let bytes = fs::read(&path).unwrap();
    for hours in [-13, 13, 24] {
        let error = later(&path, hours, Spool::resume).unwrap_err();
        assert!(
            error.is_usage()
                && error
                    .to_string()
                    .contains("was begun at 2027-01-15T08:00:00Z"),
            "{error}"
        );
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
    for hours in [-1, 0, 11] {
        let spool = later(&path, hours, Spool::resume_or_renew).unwrap();
        assert!(spool.instead().is_none() && spool.take(Some(ACCOUNT), &region(0)).is_some());
    }
    // Another run's flags and a damage are of no interest then.
    fs::write(&path, [&bytes[..], b"x\n"].concat()).unwrap();
    let tomorrow = NOW + SignedDuration::from_hours(24);
    let spool = Spool::resume_or_renew(&path, &RunKey::new(), tomorrow).unwrap();
    assert!(spool.instead().unwrap().contains("not within 12 hours"));
    assert!(spool.take(Some(ACCOUNT), &region(0)).is_none() && spool.earlier().is_none());
    drop(spool);
    assert!(Spool::resume(&path, &RunKey::new(), tomorrow).is_ok());
}

#[test]
fn a_run_that_ended_is_resumed_only_by_resume_alone() {
    let (_folder, path) = folder();
    let regions = BTreeMap::from([(0, 2)]);
    let spool = start(&path);
    write(&spool, &regions, &[0]);
    assert_eq!(spool.end(true), End::Gaps);
    drop(spool);
    let bytes = fs::read(&path).unwrap();
    let spool = later(&path, 1, Spool::resume).unwrap();
    assert_eq!(resumed(&spool, &regions).len(), 1);
    drop(spool);
    // That one has not come to its end.
    assert!(
        later(&path, 1, Spool::resume_or_renew)
            .unwrap()
            .instead()
            .is_none()
    );
    fs::write(&path, bytes).unwrap();
    let spool = later(&path, 1, Spool::resume_or_renew).unwrap();
    assert!(
        spool
            .instead()
            .unwrap()
            .contains("of a run that came to its end")
    );
    assert!(spool.take(Some(ACCOUNT), &region(0)).is_none());
}

#[test]
fn regions_of_earlier_runs_are_a_warning() {
    let (_folder, path) = folder();
    let regions = BTreeMap::from([(0, 2), (1, 0)]);
    let spool = start(&path);
    write(&spool, &regions, &[0]);
    assert!(spool.warnings().is_empty());
    drop(spool);
    let spool = later(&path, 1, Spool::resume).unwrap();
    assert!(spool.earlier().is_none(), "no Region was taken");
    resumed(&spool, &regions);
    let [warning] = &spool.warnings()[..] else {
        panic!("{:?}", spool.warnings())
    };
    let message = "2 Regions were read in an earlier run, begun at 2027-01-15T08:00:00Z";
    assert_eq!(
        (&*warning.kind, warning.message.as_str()),
        ("resumed", message)
    );
    let spool = spool.reproducible();
    assert!(spool.warnings().is_empty() && spool.earlier().as_deref() == Some(message));
}

#[test]
fn an_empty_file_is_discarded_by_the_run_that_made_it() {
    let (_folder, path) = folder();
    let spool = start(&path);
    drop(spool);
    resume(&path).discard();
    assert!(path.exists());
    fs::remove_file(&path).unwrap();
    start(&path).discard();
    assert!(!path.exists());
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_ends_the_spool_and_not_the_run() {
    let full = || {
        fs::OpenOptions::new()
            .append(true)
            .open("/dev/full")
            .unwrap()
    };
    let spool = Spool::empty(Path::new("/dev/full"), full(), NOW);
    assert!(spool.warnings().is_empty());
    add(&spool, 0, "a");
    finish(&spool, 0, 1);
    add(&spool, 1, "b");
    finish(&spool, 1, 1);
    let [warning] = &spool.warnings()[..] else {
        panic!("{:?}", spool.warnings())
    };
    assert_eq!(warning.kind, WarningKind::SpoolFailed);
    assert!(
        warning
            .message
            .contains("could not be written any more (No space left"),
        "{}",
        warning.message
    );
    assert!(Spool::start(Path::new("/dev/full"), &run_key(), NOW).is_err());
    let (_folder, elsewhere) = folder();
    assert!(
        !Spool::begin(&elsewhere, full(), &run_key(), NOW)
            .unwrap_err()
            .is_usage()
    );
}
