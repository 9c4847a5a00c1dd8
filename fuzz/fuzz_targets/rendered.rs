//! The part that the targets of saved results share: a result as JSON, and what must hold of it.

use driftgate::gate;
use driftgate::report::result::{self, Saved};
use driftgate::report::{Facts, Format, Style};

/// A result in a format.
fn render(saved: &Saved, format: &str) -> Vec<u8> {
    let judgement = gate::judge(&saved.results, saved.tolerance, saved.signal);
    let facts = Facts { results: &saved.results, judgement: &judgement, run: &saved.run };
    let mut out = Vec::new();
    let format = Format::named(format).expect("a format of ours");
    (format.render)(&facts, Style { colour: false, width: 80 }, &mut out).expect("a writer that does not fail");
    out
}

/// A result that was accepted is written, read back and written the same; no format acts on a terminal or a runner.
pub fn holds(saved: &Saved) -> Vec<u8> {
    let json = render(saved, "json");
    let again = match result::read("again", &json) {
        Ok(again) => again,
        Err(error) => panic!("{error}\n{}", String::from_utf8_lossy(&json)),
    };
    let twice = render(&again, "json");
    assert_eq!(String::from_utf8_lossy(&json), String::from_utf8_lossy(&twice));
    for format in ["json", "text", "markdown"] {
        let text = String::from_utf8(render(saved, format)).expect("UTF-8");
        assert!(!text.contains('\u{1b}') && !text.contains("##["), "{format}: {text}");
        assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{format}: {text}");
    }
    json
}
