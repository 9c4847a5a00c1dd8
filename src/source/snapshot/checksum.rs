//! The checksum at the end of a file of lines. It shows that a line before it was changed, moved or lost.

use sha2::{Digest as _, Sha256};

use crate::model::digest::hex;

/// SHA-256 over lines, each with `\n` at its end. A copy with Windows line ends has the same.
#[derive(Clone, Debug, Default)]
pub struct Checksum(Sha256);

/// The result of comparing the digest at the end of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// It is the digest of what comes before.
    Equal,
    /// It is the digest of something else.
    Different,
    /// The line has no digest.
    Missing,
}

const DIGITS: usize = 64;

impl Checksum {
    /// Adds whole lines.
    pub fn lines(&mut self, lines: &[u8]) {
        let mut rest = lines;
        while let Some(at) = memchr::memmem::find(rest, b"\r\n") {
            self.0.update(&rest[..at]);
            rest = &rest[at + 1..];
        }
        self.0.update(rest);
    }

    /// The digest so far, in hex digits.
    #[must_use]
    pub fn digest(&self) -> String {
        hex(&self.0.clone().finalize())
    }

    /// The line of a JSON object with the digest over everything before it as a last member of this name.
    #[must_use]
    pub fn close(&self, object: &str, name: &str) -> String {
        let start = object.strip_suffix('}').unwrap_or(object);
        format!("{start},\"{name}\":\"{}\"}}\n", self.with(start))
    }

    /// Compares the last member of a line, if it has this name, with what comes before it. The line has no end.
    #[must_use]
    pub fn compare(&self, line: &[u8], name: &str) -> Comparison {
        let member = format!(",\"{name}\":\"");
        let end = member.len() + DIGITS + "\"}".len();
        let Some((start, end)) = line.len().checked_sub(end).map(|at| line.split_at(at)) else {
            return Comparison::Missing;
        };
        let digits = end
            .strip_prefix(member.as_bytes())
            .and_then(|end| end.strip_suffix(b"\"}"));
        match (digits, std::str::from_utf8(start)) {
            (Some(digits), Ok(start)) if digits == self.with(start).as_bytes() => Comparison::Equal,
            (Some(_), _) => Comparison::Different,
            (None, _) => Comparison::Missing,
        }
    }

    fn with(&self, start: &str) -> String {
        hex(&self.0.clone().chain_update(start).finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_line_is_noticed() {
        let mut checksum = Checksum::default();
        checksum.lines(b"one\ntwo\n");
        let line = checksum.close(r#"{"run":2}"#, "sha256");
        let line = line.trim_end();
        assert_eq!(
            checksum.compare(line.as_bytes(), "sha256"),
            Comparison::Equal
        );
        assert_eq!(
            checksum.compare(line.as_bytes(), "other"),
            Comparison::Missing
        );
        assert_eq!(
            checksum.compare(br#"{"run":2}"#, "sha256"),
            Comparison::Missing
        );
        assert_eq!(
            checksum.compare(line.replace(":2", ":3").as_bytes(), "sha256"),
            Comparison::Different
        );
        assert_eq!(
            Checksum::default().compare(line.as_bytes(), "sha256"),
            Comparison::Different
        );
        let mut windows = Checksum::default();
        windows.lines(b"one\r\ntwo\r\n");
        assert_eq!(windows.digest(), checksum.digest());
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok());
    }
}
