//! The lines of a file, with any kind of line end.

use std::io;
use std::io::BufRead;

/// The longest line in bytes, and the longest record that spans lines.
pub(super) const RECORD_MAX: usize = 64 * 1024;

/// A line without its end.
#[derive(Debug)]
pub(super) enum Raw {
    Line(Vec<u8>),
    TooLong,
}

/// The kind of line end, as found on the first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineEnding {
    /// LF, possibly after CR.
    Lf,
    /// CR alone, as old spreadsheets on a Mac write; LF too.
    Cr,
}

/// Reads lines with bounded memory.
pub(super) struct Lines<R> {
    source: R,
    ends: Option<LineEnding>,
}

impl<R: BufRead> Lines<R> {
    pub(super) const fn new(source: R) -> Self {
        Self { source, ends: None }
    }

    pub(super) const fn source(&self) -> &R {
        &self.source
    }

    /// The next line; `None` at the end of the file.
    pub(super) fn next(&mut self) -> io::Result<Option<Raw>> {
        let mut line = Vec::new();
        let mut too_long = false;
        loop {
            let ends = self.ends;
            let buffer = filled(&mut self.source)?;
            if buffer.is_empty() && line.is_empty() && !too_long {
                return Ok(None);
            }
            let is_end =
                |byte: &u8| *byte == b'\n' || (*byte == b'\r' && ends != Some(LineEnding::Lf));
            let end = buffer.iter().position(is_end);
            let part = &buffer[..end.unwrap_or(buffer.len())];
            too_long |= line.len() + part.len() > RECORD_MAX;
            if !too_long {
                line.extend_from_slice(part);
            }
            let is_cr = end.is_some_and(|at| buffer[at] == b'\r');
            let (read, is_last) = (part.len() + usize::from(end.is_some()), buffer.is_empty());
            self.source.consume(read);
            if end.is_some() {
                self.end_line(is_cr)?;
            }
            if end.is_some() || is_last {
                break;
            }
        }
        while line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Some(if too_long { Raw::TooLong } else { Raw::Line(line) }))
    }

    /// Called after a CR or LF ended a line: a LF that follows a CR belongs to it.
    fn end_line(&mut self, is_cr: bool) -> io::Result<()> {
        let is_crlf = is_cr && filled(&mut self.source)?.first() == Some(&b'\n');
        if is_crlf {
            self.source.consume(1);
        }
        let found = if is_cr && !is_crlf { LineEnding::Cr } else { LineEnding::Lf };
        self.ends.get_or_insert(found);
        Ok(())
    }
}

fn filled(source: &mut impl BufRead) -> io::Result<&[u8]> {
    loop {
        match source.fill_buf() {
            Ok(_) => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    source.fill_buf()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(file: &[u8]) -> Vec<String> {
        // A small buffer, so that line ends cross its boundaries.
        let mut lines = Lines::new(io::BufReader::with_capacity(2, file));
        let mut read = Vec::new();
        while let Some(Raw::Line(line)) = lines.next().expect("memory reads") {
            read.push(String::from_utf8(line).expect("text"));
        }
        read
    }

    #[test]
    fn lines_end_as_the_first_one_does() {
        assert_eq!(lines(b"a\r\nb\rc\r\nd"), ["a", "b\rc", "d"]);
        assert_eq!(lines(b"a\nb\r\nc\r\r\n"), ["a", "b", "c"]);
        assert_eq!(lines(b"a\rb\rc\r"), ["a", "b", "c"]);
        assert_eq!(lines(b"a\rb\r\nc\nd"), ["a", "b", "c", "d"]);
        assert_eq!(lines(b"a\r\rb"), ["a", "", "b"]);
        assert_eq!(lines(b"a"), ["a"]);
        assert_eq!(lines(b""), [] as [&str; 0]);
    }
}
