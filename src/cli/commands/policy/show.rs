//! `driftgate policy show`: prints a pack as it is, to be copied.

use crate::cli::args::Show;
use crate::cli::stop::Stop;
use crate::cli::terminal::{diagnostics, output};
use crate::gate;
use crate::policy::read::builtin;
use crate::policy::read::files;

/// Runs the command.
pub fn run(command: &Show) -> Result<u8, Stop> {
    let path = command.pack.as_str();
    if !path.starts_with("builtin:") {
        let pack = if builtin::pack(path).is_some() {
            path
        } else {
            "foundation"
        };
        return Err(Stop::usage(format!(
            "{path} is not a pack.\nA pack is named builtin:NAME, for example: driftgate policy show builtin:{pack}"
        )));
    }
    let text = files::pack(path).map_err(|missing| {
        diagnostics::unreadable(&[missing]);
        Stop::silent(gate::USAGE)
    })?;
    output::write(&output::Target::Stdout, |out| {
        out.write_all(text.text.as_bytes())
    })?;
    Ok(gate::CONFORMS)
}
