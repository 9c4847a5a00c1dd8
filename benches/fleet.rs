//! `fleet OUT [STAGES]` writes the snapshot of the benchmarks (100,000 stages, `.zst` by its name);
//! `fleet --count SNAPSHOT POLICY` tells what the library finds in one, by rule.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program for the benchmarks, which says what it made"
)]

mod stages;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Read as _, Write};
use std::path::Path;

use driftgate::check;
use driftgate::model::state::{Close, VecState};
use driftgate::policy::load;
use driftgate::policy::read::files;
use driftgate::policy::read::waiver::Waivers;
use driftgate::source::snapshot::LineBatch;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["--count", snapshot, policy] => count(snapshot, policy),
        [out] if !out.starts_with('-') => write(out, 100_000),
        [out, stages] if !out.starts_with('-') => write(out, stages.parse()?),
        _ => Err("usage: fleet OUT [STAGES], or fleet --count SNAPSHOT POLICY".into()),
    }
}

fn write(path: &str, stages: usize) -> Result<(), Box<dyn Error>> {
    let snapshot = stages::snapshot(stages);
    let file = BufWriter::with_capacity(
        1 << 20,
        File::create(path).map_err(|error| format!("{path}: {error}"))?,
    );
    let compressed = Path::new(path)
        .extension()
        .is_some_and(|extension| extension == "zst");
    let mut out: Box<dyn Write> = if compressed {
        Box::new(zstd::Encoder::new(file, 3)?.auto_finish())
    } else {
        Box::new(file)
    };
    out.write_all(snapshot.header.as_bytes())?;
    for scope in &snapshot.scopes {
        out.write_all(scope.lines.as_bytes())?;
    }
    out.write_all(snapshot.trailer.as_bytes())?;
    out.flush()?;
    let bytes: usize = snapshot.scopes.iter().map(|scope| scope.stage_bytes).sum();
    println!(
        "{stages} stages of {} bytes on average",
        bytes / stages.max(1)
    );
    Ok(())
}

fn count(snapshot: &str, policy: &str) -> Result<(), Box<dyn Error>> {
    let found = files::read(&[policy.to_owned()]);
    if !found.unreadable.is_empty() {
        return Err(format!("{:?}", found.unreadable).into());
    }
    let policies = load(found.texts).map_err(|mistakes| format!("{mistakes:?}"))?;
    let mut text = String::new();
    File::open(snapshot)
        .and_then(|mut file| file.read_to_string(&mut text))
        .map_err(|e| format!("{snapshot}: {e}"))?;
    let results = check::run(
        &policies,
        &Waivers::default(),
        Box::new(in_memory(snapshot, &text)),
        check::Options::default(),
    )?;
    let mut counts: BTreeMap<&str, usize> = results
        .rules
        .iter()
        .map(|rule| (rule.name.as_str(), 0))
        .collect();
    for (_, violation) in results.violations() {
        *counts
            .entry(&results.rules[violation.rule as usize].name)
            .or_default() += 1;
    }
    println!(
        "{} violations on {} stages: {counts:?}",
        results.total(),
        results.summary.stages
    );
    Ok(())
}

/// A snapshot in memory, without its header and trailer.
fn in_memory(name: &str, text: &str) -> VecState {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let stages = lines
        .get(1..lines.len().saturating_sub(1))
        .unwrap_or_default();
    let batch = |part: &[&str]| LineBatch::new(name, part.concat().into_bytes(), 1);
    VecState::new(stages.chunks(256).map(batch).collect(), Close::default())
}
