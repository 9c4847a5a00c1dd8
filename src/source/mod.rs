//! Sources of stages. Each of them yields a [`State`].

pub mod aws;
pub mod cli_output;
pub mod file;
pub mod snapshot;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use self::file::{Error, FileRequest, FileSource, OpenError};
use crate::model::document::is_region;
use crate::model::state::State;

/// The kinds of file that are read. The first that an input begins as is taken; the last one takes all others.
pub const SOURCES: [&FileSource; 2] = [&snapshot::SOURCE, &cli_output::SOURCE];

/// The kind of that name.
#[must_use]
pub fn file_source(name: &str) -> Option<&'static FileSource> {
    SOURCES
        .into_iter()
        .find(|source| source.name == name || source.alias == Some(name))
}

/// Opens a file and begins to read it. Once `stop` is set, the state ends and reports that it was interrupted.
///
/// # Errors
/// When it is missing, empty, damaged at its head, of no known kind, or does not go with the other flags.
pub fn open_file(request: &FileRequest, stop: Arc<AtomicBool>) -> Result<Box<dyn State>, Error> {
    if let Some(region) = request.regions.iter().find(|region| !is_region(region)) {
        return Err(Error(format!(
            "--region {region} is not the name of a Region.\nA Region is named like eu-west-1 or us-gov-west-1."
        )));
    }
    let input = file::open(&request.path)?;
    let name = Arc::clone(&input.name);
    let detected = || SOURCES.into_iter().find(|source| (source.detect)(&input));
    let Some(source) = request.kind.or_else(detected) else {
        return Err(unknown_kind(&name));
    };
    (source.open)(input, request, stop).map_err(|refusal| match refusal {
        OpenError::UnknownKind => unknown_kind(&name),
        OpenError::Error(error) => error,
    })
}

fn unknown_kind(name: &str) -> Error {
    let kinds = SOURCES.map(|source| format!("  {}: {}", source.name, source.about));
    Error(format!(
        "{name} is of no known kind. Nothing was read.\nkinds that are read:\n{}",
        kinds.join("\n")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_file_is_listed() {
        let entries =
            std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/source")).unwrap();
        let text = |path: std::path::PathBuf| {
            let path = if path.is_dir() {
                path.join("mod.rs")
            } else {
                path
            };
            std::fs::read_to_string(path).unwrap()
        };
        let kinds = entries.filter(|entry| {
            text(entry.as_ref().unwrap().path()).contains("pub const SOURCE: FileSource")
        });
        // This file holds the words too.
        assert_eq!(kinds.count() - 1, SOURCES.len());
        for source in SOURCES {
            assert_eq!(file_source(source.name), Some(source));
        }
    }
}
