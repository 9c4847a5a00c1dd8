//! Writes a snapshot: a state becomes lines in the order of account, Region, API and stage.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, Read as _, Write};

use serde::Serialize;

pub use super::compressed::Compressed;
use super::snapshot::{Asked, FORMAT, Header, TRAILER_SEAL, Trailer, VERSION};
use crate::model::Document;
use crate::model::catalogue::{API_FIELD, Field, STAGE, position};
use crate::model::digest::Digest;
use crate::model::document::STAGE_FIELD;
use crate::model::lines::not_stated;
use crate::model::projection::Projection;
use crate::model::seal::Seal;
use crate::model::state::{Close, Scope, ScopeOutcome, State, TakenAt, Unusable};
use crate::model::value::{Value, Written};

static STAGE_ROW: Field = STAGE_FIELD;

/// Fast, and already seventy times smaller on the lines of one Region, which are much alike.
const LEVEL: i32 = 3;

/// What a snapshot says of itself.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// When it was taken, RFC 3339; `None` in a reproducible one.
    pub taken_at: Option<String>,
    /// Write the values of stage variables instead of digests.
    pub show_values: bool,
}

/// Why a snapshot could not be written.
#[derive(Debug)]
pub enum Error {
    /// What should be written could not be read.
    Source(Unusable),
    /// The run as a whole failed: what was read is not what is deployed.
    Failed(String),
    /// Writing failed.
    Write(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(error) => error.fmt(out),
            Self::Failed(why) => why.fmt(out),
            Self::Write(error) => error.fmt(out),
        }
    }
}

impl std::error::Error for Error {}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

/// The compressed lines of each account and Region.
///
/// Regions answer in whatever order they do; each keeps its own order, and they are joined in theirs. What waits is
/// compressed, so a fleet of 300,000 stages waits in some ten megabytes.
struct Scopes(BTreeMap<(Option<String>, Option<String>), Lines>);

/// The compressed lines of one account and Region, and how many they are.
struct Lines {
    encoder: zstd::Encoder<'static, Vec<u8>>,
    count: u64,
    apis: BTreeSet<Option<String>>,
}

/// Reads the whole state and writes it; the close tells what could not be read.
///
/// # Errors
/// When the state turns out to be unusable, or `out` cannot be written.
pub fn write(mut state: Box<dyn State>, out: &mut dyn Write, options: &Options) -> Result<Close, Error> {
    let mut scopes = Scopes(BTreeMap::new());
    while let Some(batch) = state.next() {
        let mut result = Ok(());
        batch
            .decode(&Projection::all(), |document| {
                if result.is_ok() {
                    result = scopes.add(document, options);
                }
            })
            .map_err(Error::Source)?;
        result?;
    }
    let mut close = state.close().map_err(Error::Source)?;
    if let Some(why) = close.failed {
        return Err(Error::Failed(why));
    }
    let there: u64 = scopes.0.values().map(|lines| lines.count).sum();
    if close.handed_on.is_some_and(|handed_on| handed_on != there) {
        return Err(Error::Failed(
            "stages were lost between reading and writing. This is a bug of driftgate".to_owned(),
        ));
    }
    // A source need not list the places of its stages; a snapshot does.
    let listed: BTreeSet<_> = close.scopes.iter().map(|scope| (scope.account.clone(), scope.region.clone())).collect();
    let unlisted = scopes.0.keys().filter(|place| !listed.contains(*place)).cloned();
    close.scopes.extend(unlisted.map(|(account, region)| Scope {
        account,
        region,
        outcome: ScopeOutcome::Checked,
        ..Scope::default()
    }));
    close.scopes.sort_by(|a, b| (&a.account, &a.region).cmp(&(&b.account, &b.region)));
    close.gaps.sort();
    close.warnings.sort();

    let asked = |scope: &Scope| Asked { account: scope.account.clone(), region: scope.region.clone() };
    let header = Header {
        format: FORMAT.to_owned(),
        version: VERSION,
        taken_at: options.taken_at.clone().and_then(|now| match &close.taken {
            TakenAt::Now => Some(now),
            TakenAt::At(time) => Some(time.clone()),
            TakenAt::Unknown => None,
        }),
        scopes: Some(close.scopes.iter().map(asked).collect()),
        narrowing: close.narrowing.clone(),
    };
    let mut out = Sealed { out, seal: Seal::default() };
    line(&mut out, &header)?;
    // The counts of a narrowed source are those of the whole.
    for scope in &mut close.scopes {
        scope.stages = 0;
    }
    let mut stages = 0;
    for (place, Lines { encoder, count, apis }) in scopes.0 {
        let compressed = encoder.finish()?;
        let mut lines = zstd::Decoder::new(compressed.as_slice())?;
        io::copy(&mut lines.by_ref(), &mut out)?;
        stages += count;
        // They are in the order of their places.
        let first = close.scopes.partition_point(|scope| (&scope.account, &scope.region) < (&place.0, &place.1));
        if let Some(scope) = close.scopes.get_mut(first)
            && (&scope.account, &scope.region) == (&place.0, &place.1)
        {
            scope.stages = count;
            if scope.apis < apis.len() as u64 {
                scope.checked_apis += apis.len() as u64 - scope.apis;
                scope.apis = apis.len() as u64;
            }
        }
    }
    let trailer = Trailer {
        stages,
        // How many requests it took is of the run, not of what is deployed.
        scopes: Some(close.scopes.iter().cloned().map(|scope| Scope { requests: None, ..scope }).collect()),
        unchecked: close.gaps.clone(),
        warnings: close.warnings.clone(),
        complete: close.gaps.is_empty(),
        sha256: Some(out.seal.digest()),
    };
    let trailer = serde_json::to_string(&trailer).map_err(io::Error::from)?;
    out.out.write_all(out.seal.close(&trailer, TRAILER_SEAL).as_bytes())?;
    Ok(close)
}

/// Writes lines, and remembers what they were.
struct Sealed<'o> {
    out: &'o mut dyn Write,
    seal: Seal,
}

impl Write for Sealed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.seal.lines(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

impl Scopes {
    fn add(&mut self, document: &Document<'_>, options: &Options) -> io::Result<()> {
        let place = (document.account.map(str::to_owned), document.region.map(str::to_owned));
        let lines = match self.0.entry(place) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let encoder = zstd::Encoder::new(Vec::new(), LEVEL)?;
                entry.insert(Lines { encoder, count: 0, apis: BTreeSet::new() })
            }
        };
        let hidden;
        let stage = if options.show_values {
            document.stage
        } else {
            hidden = with_digests(document);
            &hidden
        };
        lines.count += 1;
        let api = document.api_id().map(str::to_owned);
        lines.apis.insert(api);
        stage_line(&mut lines.encoder, document, stage)
    }
}

/// The line of a stage: the document with that `stage` in it, which may hide what the document's own shows.
///
/// # Errors
/// When `out` cannot be written.
pub fn stage_line(out: &mut dyn Write, document: &Document<'_>, stage: &Value<'_>) -> io::Result<()> {
    #[derive(Serialize)]
    struct Line<'l> {
        account: Option<&'l str>,
        region: Option<&'l str>,
        api: Written<'l>,
        stage: Written<'l>,
        #[serde(rename = "not-stated", skip_serializing_if = "Vec::is_empty")]
        not_stated: Vec<String>,
    }
    let mut unstated = not_stated(&API_FIELD, document.api, "api.");
    unstated.extend(not_stated(&STAGE_ROW, document.stage, ""));
    let written = Line {
        account: document.account,
        region: document.region,
        api: Written { field: &API_FIELD, value: document.api },
        stage: Written { field: &STAGE_ROW, value: stage },
        not_stated: unstated,
    };
    line(out, &written)
}

/// The stage with a digest in place of the value of each variable.
fn with_digests(document: &Document<'_>) -> Value<'static> {
    let mut stage = document.stage.clone().into_owned();
    if let Value::Struct(members) = &mut stage {
        let variables = &mut members[const { position(STAGE, "StageVariables") }];
        if let Value::Map(entries) = variables {
            for (name, value) in entries.iter_mut() {
                *value = Digest::hide(document.account, name, std::mem::take(value));
            }
        }
    }
    stage
}
