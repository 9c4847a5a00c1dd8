//! Escapes text that others wrote, one file a medium, so that it is shown and never acts. It must not know the
//! report.
//!
//! Names, tags, descriptions and error messages come from AWS, and anyone who can create an API chooses them.

pub(super) mod html;
pub(super) mod json;
pub(super) mod markdown;
pub(crate) mod terminal;

/// Text that others wrote on one line of a terminal: controls, newlines and marks of direction are shown instead of
/// obeyed, and GitHub's runner finds no command in it, not even when the text is a line of its own.
#[must_use]
pub fn visible(text: &str) -> String {
    terminal::line(&terminal::visible(text)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_others_is_one_inert_line() {
        assert_eq!(
            visible("GetStages of arn:aws:apigateway:r::/apis"),
            "GetStages of arn:aws:apigateway:r::/apis"
        );
        assert_eq!(visible("  ::error::a\n::b"), "  \\u{3a}:error::a\\n::b");
        assert_eq!(
            visible("a ##[error]\u{1b}[2J\u{202e}"),
            "a \\u{23}#[error]\\u{1b}[2J\\u{202e}"
        );
    }
}
