//! Escapes text for HTML. It must not know the report.

use super::terminal::visible;

/// Text inside an HTML element.
pub(in crate::report) fn html(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_has_no_markup_left() {
        assert_eq!(html("<b>&\"'\u{1b}"), "&lt;b&gt;&amp;&quot;&#39;\\u{1b}");
        assert_eq!(html("##[x]"), "\\u{23}#[x]");
    }
}
