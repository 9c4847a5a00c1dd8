//! A file that is compressed as its name says, with a checksum of its contents.

use std::io::{self, Write};

/// Zstandard's own default: the fastest at the best ratio on stages.
const ZSTD_LEVEL: i32 = 3;

/// The output, compressed as its name says.
pub enum Compressed<'o> {
    /// Not at all.
    Plain(&'o mut dyn Write),
    /// Zstandard (`.zst`).
    Zstd(zstd::Encoder<'static, &'o mut dyn Write>),
    /// Gzip (`.gz`).
    Gzip(flate2::write::GzEncoder<&'o mut dyn Write>),
}

impl<'o> Compressed<'o> {
    /// The output of that name.
    ///
    /// # Errors
    /// When the encoder cannot be made.
    pub fn of(name: &str, out: &'o mut dyn Write) -> io::Result<Self> {
        let lower = name.to_ascii_lowercase();
        Ok(if lower.ends_with(".zst") {
            let mut encoder = zstd::Encoder::new(out, ZSTD_LEVEL)?;
            // Off by default; a flipped bit would pass for other contents.
            encoder.include_checksum(true)?;
            Self::Zstd(encoder)
        } else if lower.ends_with(".gz") {
            Self::Gzip(flate2::write::GzEncoder::new(out, flate2::Compression::default()))
        } else {
            Self::Plain(out)
        })
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Zstd(encoder) => encoder.finish().map(|_| ()),
            Self::Gzip(encoder) => encoder.finish().map(|_| ()),
        }
    }
}

impl Write for Compressed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(bytes),
            Self::Zstd(out) => out.write(bytes),
            Self::Gzip(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Zstd(out) => out.flush(),
            Self::Gzip(out) => out.flush(),
        }
    }
}
