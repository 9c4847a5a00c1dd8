//! Reads results that were saved as JSON. They were files that others could write: every type is checked, and every
//! text is as untrusted as one from AWS. It must not know policies, nor what the gate makes of what it reads.

use serde::Deserialize;
use serde::de::Error as _;

use super::document::{Document, FORMAT, FORMAT_VERSION};
use super::json::Text;
use super::saved::{Error, Saved};
use crate::model::json;
use crate::report::escape::visible;

/// The advice about a file that holds no result.
const NAME_ONE: &str = "Name a file that `driftgate audit --report json=FILE` wrote.";

/// Reads a result; `name` is what messages call it.
///
/// # Errors
/// If it is empty, cut off, not JSON, of another format or version, or does not add up.
pub fn read(name: &str, text: &[u8]) -> Result<Saved, Error> {
    // Editors on Windows put a mark of the byte order before UTF-8.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    if text.trim_ascii().is_empty() {
        return Err(Error(format!(
            "{name} is empty, so there is no result in it.\nIf a command wrote it, look at the output of that command."
        )));
    }
    let mut from = serde_json::Deserializer::from_slice(text);
    let document = Document::deserialize(&mut from).and_then(|document| {
        from.end()?;
        document
            .other_kind()
            .map_or(Ok(document), |kind| Err(serde_json::Error::custom(kind)))
    });
    match document {
        Ok(document) => document.rebuild(name).map_err(|what| {
            Error(format!(
                "{name}: {}.\nThe file was edited or is damaged; take the original.",
                visible(&what)
            ))
        }),
        Err(error) => Err(explained(name, text, &error)),
    }
}

/// The reason for which a text is not a result: its format and version matter more than the place of the error.
fn explained(name: &str, text: &[u8], error: &serde_json::Error) -> Error {
    #[derive(Deserialize)]
    struct Head<'a> {
        #[serde(borrow)]
        format: Option<Text<'a>>,
        version: Option<serde_json::Value>,
    }
    let reason = visible(&json::describe(error));
    let place = format!("{name}:{}:{}", error.line(), error.column());
    let cut_off = || {
        Error(format!(
            "{name} is cut off: it ends in the middle of a result.\nSave or copy it again."
        ))
    };

    let heads = serde_json::Deserializer::from_slice(text)
        .into_iter::<Head<'_>>()
        .next();
    let head = match heads {
        Some(Ok(head)) => head,
        Some(Err(head)) if head.is_eof() || error.is_eof() => return cut_off(),
        Some(Err(head)) if head.is_syntax() => {
            return Error(format!(
                "{place}: this is not JSON ({reason}), so it is not a result.\n{NAME_ONE}"
            ));
        }
        _ => {
            return Error(format!(
                "{name} is JSON, but not a result of driftgate.\n{NAME_ONE}"
            ));
        }
    };
    match head.format.as_ref().map(|format| &*format.0) {
        Some(FORMAT) => {}
        Some("driftgate.snapshot") => {
            return Error(format!(
                "{name} is a snapshot, not a result.\nAudit it first: driftgate audit --from {name} --report json=FILE"
            ));
        }
        Some(other) => {
            return Error(format!(
                "{name} is not a result of driftgate: its format is {}, not {FORMAT}.\n{NAME_ONE}",
                visible(other)
            ));
        }
        None => {
            return Error(format!(
                "{name} is JSON, but not a result of driftgate: it has no `format`.\n{NAME_ONE}"
            ));
        }
    }
    match head.version.as_ref() {
        Some(version) if version.as_u64() != Some(FORMAT_VERSION) => Error(format!(
            "{name} is a result in version {} of the format, and this driftgate reads version {FORMAT_VERSION}.\n\
             Read it with the driftgate that wrote it, or a later one.",
            visible(&version.to_string())
        )),
        _ if error.is_eof() => cut_off(),
        _ => Error(format!(
            "{place}: not what a result holds: {reason}.\nThe file was edited or is damaged; take the original."
        )),
    }
}
