//! The digest that ends a file of lines: what was changed, moved or lost before it is noticed. Pure.

use sha2::{Digest as _, Sha256};

use super::digest::hex;

/// SHA-256 over lines, each with `\n` at its end. A copy with Windows line ends has the same.
#[derive(Clone, Debug, Default)]
pub struct Seal(Sha256);

/// The result of comparing the digest at the end of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is that of what comes before.
    Right,
    /// It is of something else.
    Wrong,
    /// There is none.
    Missing,
}

/// Hex digits of a digest.
const DIGITS: usize = 64;

impl Seal {
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
    pub fn verdict(&self, line: &[u8], name: &str) -> Verdict {
        let member = format!(",\"{name}\":\"");
        let end = member.len() + DIGITS + "\"}".len();
        let Some((start, end)) = line.len().checked_sub(end).map(|at| line.split_at(at)) else {
            return Verdict::Missing;
        };
        let digits = end.strip_prefix(member.as_bytes()).and_then(|end| end.strip_suffix(b"\"}"));
        match (digits, std::str::from_utf8(start)) {
            (Some(digits), Ok(start)) if digits == self.with(start).as_bytes() => Verdict::Right,
            (Some(_), _) => Verdict::Wrong,
            (None, _) => Verdict::Missing,
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
    fn what_was_changed_is_noticed() {
        let mut seal = Seal::default();
        seal.lines(b"one\ntwo\n");
        let line = seal.close(r#"{"run":2}"#, "sha256");
        let line = line.trim_end();
        assert_eq!(seal.verdict(line.as_bytes(), "sha256"), Verdict::Right);
        assert_eq!(seal.verdict(line.as_bytes(), "other"), Verdict::Missing);
        assert_eq!(seal.verdict(br#"{"run":2}"#, "sha256"), Verdict::Missing);
        assert_eq!(seal.verdict(line.replace(":2", ":3").as_bytes(), "sha256"), Verdict::Wrong);
        assert_eq!(Seal::default().verdict(line.as_bytes(), "sha256"), Verdict::Wrong);
        let mut windows = Seal::default();
        windows.lines(b"one\r\ntwo\r\n");
        assert_eq!(windows.digest(), seal.digest());
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok());
    }
}
