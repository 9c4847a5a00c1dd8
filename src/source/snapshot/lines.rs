//! Whole lines of a text, in blocks. It must not know what the lines hold.

use std::io::{self, Read};

/// The longest line: a stage with the most routes and variables that AWS allows has less than 1 MiB.
const LONGEST_LINE: usize = 8 << 20;

/// The words for a line that is longer.
pub const TOO_LONG: &str = "a line of more than 8 MiB";

/// A text, cut into blocks of whole lines. The last line is in the last block, whatever comes after its end.
pub struct Lines<R> {
    from: R,
    block_bytes: usize,
    held: Vec<u8>,
    next: u64,
    done: bool,
}

/// Consecutive lines, each with its end; the last line of a text may lack it.
pub struct Block {
    pub first: u64,
    pub bytes: Vec<u8>,
    /// True for the last block of a text, which is empty only if the text is.
    pub last: bool,
}

/// An error of cutting a text into lines.
pub enum LineError {
    Read(io::Error),
    /// The line of this number is too long.
    TooLong(u64),
}

impl From<LineError> for io::Error {
    fn from(error: LineError) -> Self {
        match error {
            LineError::Read(error) => error,
            LineError::TooLong(_) => Self::new(io::ErrorKind::InvalidData, TOO_LONG),
        }
    }
}

impl<R: Read> Lines<R> {
    /// Lines that are counted from `first`, in blocks of about so many bytes.
    pub fn new(from: R, first: u64, block_bytes: usize) -> Self {
        Self {
            from,
            block_bytes,
            held: Vec::new(),
            next: first,
            done: false,
        }
    }

    fn read(&mut self) -> Result<Block, LineError> {
        loop {
            let mut bytes = Vec::with_capacity(self.held.len() + self.block_bytes);
            bytes.append(&mut self.held);
            let read = self
                .from
                .by_ref()
                .take(self.block_bytes as u64)
                .read_to_end(&mut bytes);
            let last = read.map_err(LineError::Read)? == 0;
            let first = self.next;
            if !last && let Some(cut) = before_last_line(&bytes) {
                self.held = bytes.split_off(cut);
                self.next += newlines(&bytes);
            } else if !last {
                let start = memchr::memrchr(b'\n', &bytes).map_or(0, |end| end + 1);
                if bytes.len() - start > LONGEST_LINE {
                    return Err(LineError::TooLong(first + newlines(&bytes)));
                }
                self.held = bytes;
                continue;
            }
            return Ok(Block { first, bytes, last });
        }
    }
}

impl<R: Read> Iterator for Lines<R> {
    type Item = Result<Block, LineError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let block = self.read();
        self.done = block.as_ref().map_or(true, |block| block.last);
        Some(block)
    }
}

impl Block {
    /// Each line with its number.
    pub fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        (self.first..).zip(self.bytes.split_inclusive(|byte| *byte == b'\n'))
    }
}

/// The start of the last whole line, if another line is before it.
fn before_last_line(bytes: &[u8]) -> Option<usize> {
    let end = memchr::memrchr(b'\n', bytes)?;
    let start = memchr::memrchr(b'\n', &bytes[..end])?;
    Some(start + 1)
}

pub fn newlines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_numbers_whatever_the_size_of_a_block() {
        for text in [
            "",
            "\n",
            "a",
            "a\n",
            "a\nb",
            "a\nbb\n\nccc\r\nd\n",
            "a\n\n\n",
        ] {
            let expected: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
            for size in 1..8 {
                let mut seen = Vec::new();
                for block in Lines::new(text.as_bytes(), 2, size).flatten() {
                    assert!(block.last || !block.bytes.is_empty());
                    for (number, line) in block.lines() {
                        assert_eq!(number, seen.len() as u64 + 2);
                        seen.push(String::from_utf8(line.to_owned()).unwrap());
                    }
                }
                assert_eq!(seen, expected);
            }
        }
    }

    #[test]
    fn a_line_without_end_is_an_error() {
        let mut lines = Lines::new(b"a\n".chain(io::repeat(b'b')), 1, 1 << 20);
        assert!(matches!(lines.next(), Some(Err(LineError::TooLong(2)))));
        assert!(lines.next().is_none());
    }
}
