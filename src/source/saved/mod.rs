//! Saved sources: snapshots, and what the AWS CLI printed. Files and pipes only; no network.

mod cli_output;
mod compressed;
mod facts;
mod input;
mod lookalike;
mod snapshot;
mod unique;
pub mod write;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::model::catalogue::Protocol;
use crate::model::document::is_region;
use crate::model::state::{Selection, State, Unusable};

/// The kinds of file that are read, and the names that force them.
pub const KINDS: [(&str, &str); 2] = [
    ("snapshot", "what `driftgate snapshot` wrote"),
    ("get-stages", "what `aws apigatewayv2 get-stages` or `get-stage` printed"),
];

/// A file to read.
#[derive(Debug, Clone)]
pub struct Request {
    /// The path, or `-` for stdin.
    pub path: String,
    /// The kind, when the user forced one.
    pub kind: Option<Kind>,
    /// What to narrow to.
    pub selection: Arc<Selection>,
    /// The account that the user named; it states that of CLI output.
    pub account: Option<String>,
    /// The Regions that the user named; they state the Region of CLI output.
    pub regions: Vec<String>,
    /// The protocol that the user named; it states that of CLI output.
    pub protocol: Option<Protocol>,
}

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A snapshot.
    Snapshot,
    /// Output of the AWS CLI.
    GetStages,
}

impl Kind {
    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "snapshot" => Some(Self::Snapshot),
            "get-stages" | "get-stage" => Some(Self::GetStages),
            _ => None,
        }
    }
}

/// Why a file cannot be audited. Nothing was, and the message says where and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(pub String);

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl From<Error> for Unusable {
    fn from(error: Error) -> Self {
        Self(error.0)
    }
}

/// Opens a file and begins to read it. Once `stop` is set the state ends, and says that it was interrupted.
///
/// # Errors
/// When it is missing, empty, damaged at its head, of no known kind, or does not go with the other flags.
pub fn open(request: Request, stop: Arc<AtomicBool>) -> Result<Box<dyn State>, Error> {
    if let Some(region) = request.regions.iter().find(|region| !is_region(region)) {
        return Err(Error(format!(
            "--region {region} is not the name of a Region.\nA Region is named like eu-west-1 or us-gov-west-1."
        )));
    }
    let input = input::open(&request.path)?;
    let kind = request.kind.unwrap_or_else(|| input.detect());
    match kind {
        Kind::Snapshot => {
            let stated = [
                (request.account.is_some(), "--account"),
                (!request.regions.is_empty(), "--region"),
                (request.protocol.is_some(), "--protocol"),
            ];
            if let Some((_, flag)) = stated.into_iter().find(|(given, _)| *given) {
                return Err(Error(format!(
                    "{flag} states what the output of the AWS CLI leaves out; {} is a snapshot and states it itself.\n\
                     Leave {flag} out; --api and --stage narrow a snapshot.",
                    input.name
                )));
            }
            Ok(Box::new(snapshot::read(input, request.selection, stop)?))
        }
        Kind::GetStages => Ok(Box::new(cli_output::read(input, &request)?)),
    }
}
