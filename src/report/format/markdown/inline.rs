//! Stages, settings and long texts as inline Markdown.

use crate::model::finding::StageName;
use crate::report::escape::markdown::code;
use crate::report::words;

/// Characters of a value in a table; the details and the JSON report have more.
pub(super) const VALUE: usize = 120;

/// A stage with its place, as inline Markdown.
pub(super) fn stage(stage: &StageName) -> String {
    let place = words::place(
        stage.place.account.as_deref(),
        stage.place.region.as_deref(),
    );
    format!(
        "{} {} in {}",
        code(&words::api(stage)),
        code(words::stage(stage)),
        code(&place)
    )
}

/// A text that may be long, as inline Markdown.
pub(super) fn short(text: &str, most: usize) -> String {
    match words::shortened(text, most) {
        (text, 0) => code(text),
        (start, more) => format!(
            "{} and {}",
            code(start),
            words::count(more as u64, "more character")
        ),
    }
}

/// A path as inline Markdown.
pub(super) fn setting(path: Option<&str>) -> String {
    path.map_or_else(
        || "the stage as a whole".to_owned(),
        |path| short(path, VALUE * 2),
    )
}
