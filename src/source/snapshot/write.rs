//! Writes a snapshot: a state becomes lines in the order of account, Region, API and stage, compressed by the file's
//! name.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, Read as _, Write};

use super::checksum::Checksum;
use super::envelope::{FORMAT, Header, TRAILER_CHECKSUM, Trailer, VERSION};
use super::line::{json_line, stage_line};
use crate::model::Document;
use crate::model::catalogue::stage;
use crate::model::projection::Projection;
use crate::model::state::{Close, Scope, ScopeName, ScopeOutcome, State, TakenAt, Unusable};
use crate::model::value::Value;

/// Zstandard's own default: fast, and already seventy times smaller on the lines of one Region, which are much alike.
const LEVEL: i32 = 3;

/// Contents of a snapshot's header, and the treatment of values.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Time of the reading, RFC 3339; `None` in a reproducible snapshot.
    pub taken_at: Option<String>,
    /// Write the values of stage variables instead of digests.
    pub show_values: bool,
}

/// An error of writing a snapshot.
#[derive(Debug)]
pub enum Error {
    /// The state could not be read.
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

/// The compressed lines of each scope.
///
/// Regions answer in any order; each keeps its own order, and they are joined in theirs. The lines are compressed, so a
/// fleet of 300,000 stages takes some ten megabytes.
struct Scopes(BTreeMap<ScopeName, ScopeLines>);

/// The compressed lines of one scope, with the number of lines and the APIs in them.
struct ScopeLines {
    encoder: zstd::Encoder<'static, Vec<u8>>,
    count: u64,
    apis: BTreeSet<Option<String>>,
}

/// Reads the whole state and writes it; the close names what could not be read.
///
/// # Errors
/// When the state turns out to be unusable, or `out` cannot be written.
pub fn write(
    mut state: Box<dyn State>,
    out: &mut dyn Write,
    options: &Options,
) -> Result<Close, Error> {
    let scopes = Scopes::read(state.as_mut(), options)?;
    let mut close = state.close().map_err(Error::Source)?;
    if let Some(why) = close.failed {
        return Err(Error::Failed(why));
    }
    let stages = scopes.0.values().map(|lines| lines.count).sum();
    if close.handed_on.is_some_and(|handed_on| handed_on != stages) {
        return Err(Error::Failed(
            "stages were lost between reading and writing. This is a bug of driftgate".to_owned(),
        ));
    }
    scopes.complete(&mut close);
    let mut out = Checksummed {
        out,
        checksum: Checksum::default(),
    };
    json_line(&mut out, &header(&close, options))?;
    for ScopeLines { encoder, .. } in scopes.0.into_values() {
        let compressed = encoder.finish()?;
        io::copy(
            &mut zstd::Decoder::new(compressed.as_slice())?.by_ref(),
            &mut out,
        )?;
    }
    let trailer = Trailer {
        stages,
        // The number of requests belongs to the run, not to what is deployed.
        scopes: Some(
            close
                .scopes
                .iter()
                .cloned()
                .map(|scope| Scope {
                    requests: None,
                    ..scope
                })
                .collect(),
        ),
        unchecked: close.gaps.clone(),
        warnings: close.warnings.clone(),
        complete: close.gaps.is_empty(),
        sha256: Some(out.checksum.digest()),
    };
    let trailer = serde_json::to_string(&trailer).map_err(io::Error::from)?;
    out.out
        .write_all(out.checksum.close(&trailer, TRAILER_CHECKSUM).as_bytes())?;
    Ok(close)
}

fn header(close: &Close, options: &Options) -> Header {
    Header {
        format: FORMAT.to_owned(),
        version: VERSION,
        taken_at: options.taken_at.clone().and_then(|now| match &close.taken {
            TakenAt::Now => Some(now),
            TakenAt::At(time) => Some(time.clone()),
            TakenAt::Unknown => None,
        }),
        scopes: Some(close.scopes.iter().map(Scope::name).collect()),
        narrowing: close.narrowing.clone(),
    }
}

/// Writes lines, and remembers what they were.
struct Checksummed<'o> {
    out: &'o mut dyn Write,
    checksum: Checksum,
}

impl Write for Checksummed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.checksum.lines(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Scopes {
    fn read(state: &mut dyn State, options: &Options) -> Result<Self, Error> {
        let mut scopes = Self(BTreeMap::new());
        while let Some(batch) = state.next() {
            let mut result = Ok(());
            let mut add = |document: &Document<'_>| {
                if result.is_ok() {
                    result = scopes.add(document, options);
                }
            };
            batch
                .decode(&Projection::all(), &mut add)
                .map_err(Error::Source)?;
            result?;
        }
        Ok(scopes)
    }

    /// Lists the scopes of all stages, which a source need not do, and counts what is written of each.
    fn complete(&self, close: &mut Close) {
        let listed: BTreeSet<ScopeName> = close.scopes.iter().map(Scope::name).collect();
        for ScopeName { account, region } in self
            .0
            .keys()
            .filter(|name| !listed.contains(*name))
            .cloned()
        {
            close.scopes.push(Scope {
                account,
                region,
                outcome: ScopeOutcome::Checked,
                ..Scope::default()
            });
        }
        close
            .scopes
            .sort_by(|a, b| (&a.account, &a.region).cmp(&(&b.account, &b.region)));
        close.gaps.sort();
        close.warnings.sort();
        let mut last = None;
        for scope in &mut close.scopes {
            // The counts of a narrowed source are those of the whole. Of several rows with one name the first counts.
            let name = Some(scope.name());
            let lines = name
                .as_ref()
                .filter(|_| name != last)
                .and_then(|name| self.0.get(name));
            scope.stages = lines.map_or(0, |lines| lines.count);
            let apis = lines.map_or(0, |lines| lines.apis.len() as u64);
            if scope.apis < apis {
                scope.checked_apis += apis - scope.apis;
                scope.apis = apis;
            }
            last = name;
        }
    }

    fn add(&mut self, document: &Document<'_>, options: &Options) -> io::Result<()> {
        let [account, region] =
            [document.account, document.region].map(|name| name.map(str::to_owned));
        let lines = match self.0.entry(ScopeName { account, region }) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let encoder = zstd::Encoder::new(Vec::new(), LEVEL)?;
                entry.insert(ScopeLines {
                    encoder,
                    count: 0,
                    apis: BTreeSet::new(),
                })
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

/// The stage with a digest in place of the value of each variable.
fn with_digests(document: &Document<'_>) -> Value<'static> {
    let mut stage = document.stage.clone().into_owned();
    if let Value::Struct(members) = &mut stage {
        let variables = &mut members[stage::VARIABLES.at];
        if let Value::Map(entries) = variables {
            for (name, value) in entries.iter_mut() {
                *value = std::mem::take(value).hidden(document.account, name);
            }
        }
    }
    stage
}

/// The output, compressed as its name requests.
pub enum Compressed<'o> {
    /// Not at all.
    Plain(&'o mut dyn Write),
    /// Zstandard (`.zst`).
    Zstd(zstd::Encoder<'static, &'o mut dyn Write>),
    /// Gzip (`.gz`).
    Gzip(flate2::write::GzEncoder<&'o mut dyn Write>),
}

impl<'o> Compressed<'o> {
    /// The output of that name.
    ///
    /// # Errors
    /// When the encoder cannot be made.
    pub fn of(name: &str, out: &'o mut dyn Write) -> io::Result<Self> {
        let lower = name.to_ascii_lowercase();
        Ok(if lower.ends_with(".zst") {
            let mut encoder = zstd::Encoder::new(out, LEVEL)?;
            // Off by default; a flipped bit would pass for other contents.
            encoder.include_checksum(true)?;
            Self::Zstd(encoder)
        } else if lower.ends_with(".gz") {
            Self::Gzip(flate2::write::GzEncoder::new(
                out,
                flate2::Compression::default(),
            ))
        } else {
            Self::Plain(out)
        })
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Zstd(encoder) => encoder.finish().map(|_| ()),
            Self::Gzip(encoder) => encoder.finish().map(|_| ()),
        }
    }
}

impl Write for Compressed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(bytes),
            Self::Zstd(out) => out.write(bytes),
            Self::Gzip(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Zstd(out) => out.flush(),
            Self::Gzip(out) => out.flush(),
        }
    }
}
