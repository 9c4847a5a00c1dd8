//! The lines of a text. It must not know what is written on them.

/// The lines of a text, counted once for places that come in order.
pub struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: usize,
}

impl<'t> Lines<'t> {
    /// None counted yet.
    #[must_use]
    pub const fn of(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
        }
    }

    /// The line of a place, counted from 1.
    pub fn up_to(&mut self, at: usize) -> usize {
        // The value of an alias may be further up.
        if at < self.at {
            (self.at, self.line) = (0, 1);
        }
        self.line += memchr::memchr_iter(b'\n', &self.text.as_bytes()[self.at..at]).count();
        self.at = at;
        self.line
    }
}
