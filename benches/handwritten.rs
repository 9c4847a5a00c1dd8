//! `handwritten SNAPSHOT OUT`: what one would write in an afternoon instead of driftgate, for the benchmarks. The rules
//! of `six.yaml` are in the code; every violation is written as driftgate's JSON result has it, in the file's order.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program for the benchmarks, which says what it found"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use serde::Deserialize;
use serde_json::value::{RawValue, Value};
use sha2::{Digest as _, Sha256};

/// Bytes of the snapshot that are read, checked and written at a time.
const CHUNK: usize = 256 << 10;

/// The rules: name, severity, title, and the line in `six.yaml`.
const RULES: [(&str, &str, &str, u32); 6] = [
    (
        "six/access-logging",
        "high",
        "Access logs go to the log group of API Gateway",
        5,
    ),
    ("six/throttling", "critical", "Every route is throttled", 13),
    ("six/metrics", "medium", "Detailed metrics are on", 22),
    (
        "six/tags",
        "low",
        "Someone owns the stage and pays for it",
        29,
    ),
    (
        "six/websocket-logging",
        "medium",
        "WebSocket stages write an execution log",
        36,
    ),
    (
        "six/websocket-data-trace",
        "high",
        "No WebSocket message is written to a log",
        44,
    ),
];
const FIXES: [&str; 6] = [
    "Point the stage at a log group below /apigw/ of its own account and Region.",
    "Set ThrottlingBurstLimit and ThrottlingRateLimit of the route, or of the default route settings.",
    "Set DetailedMetricsEnabled of the default route settings; CloudWatch charges for each metric.",
    "Tag the stage with owner (a team, not a person) and cost-center (four digits, as finance has them).",
    "Set LoggingLevel of the default route settings to ERROR, or to INFO while debugging.",
    "Switch DataTraceEnabled off for the route, or in the default route settings.",
];

/// The line of a stage. A borrowed text had no escapes, so it needs none when it is written.
#[derive(Deserialize)]
struct Line<'a> {
    account: &'a str,
    region: &'a str,
    #[serde(borrow)]
    api: Api<'a>,
    #[serde(borrow)]
    stage: Stage<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Api<'a> {
    #[serde(rename = "ApiId")]
    id: &'a str,
    #[serde(borrow)]
    name: &'a RawValue,
    protocol_type: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stage<'a> {
    #[serde(borrow, default)]
    access_log_settings: BTreeMap<&'a str, &'a RawValue>,
    #[serde(borrow, default)]
    default_route_settings: Settings<'a>,
    #[serde(borrow, default)]
    route_settings: BTreeMap<&'a str, Settings<'a>>,
    #[serde(rename = "StageName")]
    name: &'a str,
    #[serde(borrow, default)]
    tags: BTreeMap<&'a str, &'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
struct Settings<'a> {
    data_trace_enabled: Option<bool>,
    detailed_metrics_enabled: Option<bool>,
    logging_level: Option<&'a str>,
    throttling_burst_limit: Option<f64>,
    throttling_rate_limit: Option<f64>,
}

/// Result of a chunk: its violations as JSON, each behind a comma.
#[derive(Default)]
struct Part {
    out: Vec<u8>,
    counts: [u64; 6],
    stages: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [snapshot, path] = arguments.as_slice() else {
        return Err("usage: handwritten SNAPSHOT OUT".into());
    };
    let file = File::open(snapshot).map_err(|error| format!("{snapshot}: {error}"))?;
    let compressed = Path::new(snapshot)
        .extension()
        .is_some_and(|extension| extension == "zst");
    let input: Box<dyn Read + Send> = if compressed {
        Box::new(zstd::Decoder::new(file)?)
    } else {
        Box::new(file)
    };
    let mut out = File::create(path).map_err(|error| format!("{path}: {error}"))?;
    // The parts are in this queue in the order of the file, done or not; it bounds what is in memory.
    let (queue, parts) = sync_channel(4 * rayon::current_num_threads());
    let reader = std::thread::spawn(move || read(input, &queue));
    let mut sum = Part::default();
    out.write_all(b"{\"violations\":[")?;
    for part in parts {
        let part = part.recv()??;
        let comma = usize::from(sum.counts == [0; 6]).min(part.out.len());
        out.write_all(&part.out[comma..])?;
        sum.counts
            .iter_mut()
            .zip(part.counts)
            .for_each(|(sum, count)| *sum += count);
        sum.stages += part.stages;
    }
    let promised = reader.join().map_err(|_| "the reader panicked")??;
    if promised != sum.stages {
        return Err(format!("{snapshot} holds {} stages of {promised}", sum.stages).into());
    }
    writeln!(out, "\n],\"stages\":{}}}", sum.stages)?;
    println!(
        "{} violations on {} stages: {:?}",
        sum.counts.iter().sum::<u64>(),
        sum.stages,
        sum.counts
    );
    Ok(())
}

type Queue = SyncSender<Receiver<serde_json::Result<Part>>>;

/// Cuts the lines between header and trailer into chunks; the result is the number of stages in the trailer.
fn read(input: impl Read, queue: &Queue) -> io::Result<u64> {
    let mut input = BufReader::new(input);
    input.skip_until(b'\n')?;
    let mut rest = Vec::new();
    loop {
        let mut chunk = Vec::with_capacity(rest.len() + CHUNK + 64);
        chunk.append(&mut rest);
        if input.by_ref().take(CHUNK as u64).read_to_end(&mut chunk)? == 0 {
            return Ok(serde_json::from_slice::<Value>(&chunk)?["stages"]
                .as_u64()
                .unwrap_or_default());
        }
        // The last line stays behind: it may be incomplete, or the trailer.
        let end = chunk[..chunk.len() - 1]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |newline| newline + 1);
        rest = chunk.split_off(end);
        let (done, part) = sync_channel(1);
        rayon::spawn(move || drop(done.send(check(&chunk))));
        if queue.send(part).is_err() {
            return Ok(0);
        }
    }
}

fn check(chunk: &[u8]) -> serde_json::Result<Part> {
    let mut part = Part::default();
    for line in serde_json::Deserializer::from_slice(chunk).into_iter() {
        part.stages += 1;
        Check {
            line: &line?,
            json: String::new(),
            part: &mut part,
        }
        .rules();
    }
    Ok(part)
}

/// The check of one stage; `json` is the stage as its violations name it.
struct Check<'a> {
    line: &'a Line<'a>,
    json: String,
    part: &'a mut Part,
}

impl Check<'_> {
    fn rules(&mut self) {
        let Line {
            account,
            region,
            stage,
            ..
        } = self.line;
        let arn = stage
            .access_log_settings
            .get("DestinationArn")
            .map(|arn| arn.get())
            .filter(|arn| set(arn));
        let ours = |arn: &str| -> Option<bool> {
            let group = arn
                .strip_prefix("\"arn:aws:logs:")?
                .strip_prefix(region)?
                .strip_prefix(':')?;
            Some(
                group
                    .strip_prefix(account)?
                    .starts_with(":log-group:/apigw/"),
            )
        };
        if arn.and_then(ours) != Some(true) {
            let expected = format!("like arn:aws:logs:{region}:{account}:log-group:/apigw/*");
            let (actual, origin) = arn.map_or(("null", "unset"), |arn| (arn, "stage"));
            self.found(
                "six/access-logging",
                None,
                &["AccessLogSettings", "DestinationArn"],
                &expected,
                actual,
                origin,
            );
        }
        let default = &stage.default_route_settings;
        self.settings(None, "stage", default);
        for (route, settings) in &stage.route_settings {
            self.settings(Some(route), "route", settings);
        }
        if default.detailed_metrics_enabled != Some(true) {
            let origin = if default.detailed_metrics_enabled.is_some() {
                "stage"
            } else {
                "implied"
            };
            self.found(
                "six/metrics",
                None,
                &["DefaultRouteSettings", "DetailedMetricsEnabled"],
                "true",
                false,
                origin,
            );
        }
        for key in ["owner", "cost-center"] {
            if !stage.tags.get(key).is_some_and(|value| set(value.get())) {
                self.found("six/tags", None, &["Tags", key], "present", "null", "unset");
            }
        }
        let (level, path) = (
            default.logging_level.unwrap_or_default(),
            ["DefaultRouteSettings", "LoggingLevel"],
        );
        if self.line.api.protocol_type == "WEBSOCKET" && !matches!(level, "ERROR" | "INFO") {
            let (level, origin) = if level.is_empty() {
                ("OFF", "implied")
            } else {
                (level, "stage")
            };
            self.found(
                "six/websocket-logging",
                None,
                &path,
                "one of ERROR, INFO",
                format_args!("\"{level}\""),
                origin,
            );
        }
    }

    /// The rules for each route. What an entry leaves out is the default's, which is reported once.
    fn settings(&mut self, route: Option<&str>, origin: &str, settings: &Settings<'_>) {
        let path = |name| match route {
            Some(route) => vec!["RouteSettings", route, name],
            None => vec!["DefaultRouteSettings", name],
        };
        for (name, limit, low, most, high) in [
            (
                "ThrottlingBurstLimit",
                settings.throttling_burst_limit,
                "at least 1",
                500.0,
                "at most 500",
            ),
            (
                "ThrottlingRateLimit",
                settings.throttling_rate_limit,
                "above 0",
                1000.0,
                "at most 1000",
            ),
        ] {
            let (expected, actual, origin) = match limit {
                None if route.is_none() => (format!("{low}, {high}"), "null".to_owned(), "unset"),
                Some(limit) if limit <= 0.0 => (low.to_owned(), limit.to_string(), origin),
                Some(limit) if limit > most => (high.to_owned(), limit.to_string(), origin),
                _ => continue,
            };
            self.found(
                "six/throttling",
                route,
                &path(name),
                &expected,
                actual,
                origin,
            );
        }
        if self.line.api.protocol_type == "WEBSOCKET" && settings.data_trace_enabled == Some(true) {
            self.found(
                "six/websocket-data-trace",
                route,
                &path("DataTraceEnabled"),
                "false",
                true,
                origin,
            );
        }
    }

    fn found(
        &mut self,
        rule: &str,
        route: Option<&str>,
        segments: &[&str],
        expected: &str,
        actual: impl Display,
        from: &str,
    ) {
        let Line {
            account,
            region,
            api,
            stage,
        } = self.line;
        let (id, name) = (api.id, stage.name);
        if self.json.is_empty() {
            self.json = format!(
                r#"{{"account":"{account}","region":"{region}","api_id":"{id}","api_name":{},"protocol":"{}","name":"{name}","arn":"arn:aws:apigateway:{region}::/apis/{id}/stages/{name}"}}"#,
                api.name, api.protocol_type
            );
        }
        let number = RULES
            .iter()
            .position(|(name, ..)| *name == rule)
            .expect("every rule is in the list");
        let ((_, severity, title, line), fix) = (RULES[number], FIXES[number]);
        let (path, segments) = (segments.join("."), segments.join("\",\""));
        let hashed = route.map_or("-".to_owned(), |route| format!("={route}"));
        let hashed = format!("{rule}\0={account}\0={region}\0={id}\0={name}\0{hashed}\0={path}");
        let fingerprint = u128::from_be_bytes(
            *Sha256::digest(hashed)
                .first_chunk()
                .expect("a digest has 32 bytes"),
        );
        let route = route.map_or("null".to_owned(), |route| format!("\"{route}\""));
        // Writing to a Vec cannot fail.
        let _ = write!(
            self.part.out,
            r#",
{{"rule":"{rule}","severity":"{severity}","title":"{title}","stage":{},"route":{route},"path":"{path}","segments":["{segments}"],"expected":"{expected}","actual":{actual},"origin":"{from}","status":null,"first_seen":null,"fingerprint":"{fingerprint:032x}","policy":{{"file":"benches/six.yaml","line":{line}}},"fix":"{fix}","commands":[]}}"#,
            self.json,
        );
        self.part.counts[number] += 1;
    }
}

/// True if a JSON text has content.
fn set(text: &str) -> bool {
    !matches!(text, "\"\"" | "null")
}
