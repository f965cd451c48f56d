//! The only file that prints.
//!
//! Text from outside was cleaned where it entered; it is cleaned here once more, so that no byte
//! the program writes to a terminal can control it (security requirement 38).

use std::fmt::Write as _;
use std::io;
use std::io::{BufWriter, IsTerminal as _, Stderr, Stdout, Write};
use std::time::Duration;

use serde::Serialize;

use crate::cli::exit::{Exit, Failure, FailureReport};
use crate::cli::json::Reply;
use crate::cli::next::Next;
use crate::domain::text;

/// What takes longer shows its progress.
pub const PROGRESS_DELAY: Duration = Duration::from_secs(1);

/// Answers go to standard output, notes to standard error.
pub struct Output {
    json: bool,
    out: BufWriter<Stdout>,
    notes: Stderr,
    next: Next,
}

impl Output {
    /// Writes to this process's standard streams.
    pub fn new(json: bool) -> Self {
        Self { json, out: BufWriter::new(io::stdout()), notes: io::stderr(), next: Next::default() }
    }

    /// Sets the options that suggested commands repeat.
    #[must_use]
    pub fn going_on(mut self, next: Next) -> Self {
        self.next = next;
        self
    }

    /// A suggested command to type next.
    pub fn command(&self, words: &[&str]) -> String {
        self.next.command(words)
    }

    /// Whether the output is JSON.
    pub fn json(&self) -> bool {
        self.json
    }

    /// Whether notes go to a terminal.
    pub fn watched(&self) -> bool {
        self.notes.is_terminal()
    }

    /// Prints one line of the answer.
    pub fn line(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "{}", text::clean(line))
    }

    /// Prints several lines of the answer.
    pub fn lines(&mut self, lines: &str) -> io::Result<()> {
        writeln!(self.out, "{}", text::clean_lines(lines))
    }

    /// Writes bytes that the program generated itself (completions, manual page), uncleaned.
    pub fn own(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)
    }

    /// Prints a JSON object on one line.
    pub fn object(&mut self, object: &impl Serialize) -> io::Result<()> {
        writeln!(self.out, "{}", json_line(object)?)
    }

    /// Prints the answer: the object with `--json`, or else the lines.
    pub fn answer(&mut self, reply: &Reply, lines: &str) -> io::Result<()> {
        if self.json { self.object(reply) } else { self.lines(lines) }
    }

    /// Prints a note to standard error. Write errors are ignored.
    pub fn note(&mut self, note: &str) {
        let note = self.next.repeated(note);
        let _ = writeln!(self.notes, "{}", text::clean_lines(&note));
    }

    /// Prints a prompt; the answer is typed on the same line.
    pub fn question(&mut self, question: &str) {
        let _ = write!(self.notes, "{} ", text::clean(question));
        let _ = self.notes.flush();
    }

    /// Replaces the progress line, on a terminal only; an empty text clears it.
    pub fn progress(&mut self, progress: &str) {
        if self.watched() {
            let _ = write!(self.notes, "\r\x1b[K{}", text::clean(progress));
            let _ = self.notes.flush();
        }
    }

    /// Flushes standard output, before a wait or at the end.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Ends a run: reports a failure as text or JSON and returns the exit code.
    pub fn finish(&mut self, result: Result<Exit, Failure>) -> Exit {
        let result = match result {
            Ok(exit) => Ok(exit),
            Err(Failure::Report(report)) => self.fail(*report),
            Err(Failure::Output(error)) => Err(error),
        };
        match result.and_then(|exit| self.flush().map(|()| exit)) {
            Ok(exit) => exit,
            // The reader has closed the pipe, as `head` does; that is no error.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::DONE,
            Err(error) => {
                self.note(&format!("The answer cannot be written: {error}."));
                Exit::INTERNAL
            }
        }
    }

    fn fail(&mut self, report: FailureReport) -> io::Result<Exit> {
        self.note(&report.message);
        if self.json {
            let mut reply = Reply::of(report.word, self.next.repeated(&report.message));
            reply.key = report.key;
            reply.problems = report.problems;
            self.object(&reply)?;
        }
        Ok(report.exit)
    }
}

/// Serialises to one line of JSON that contains no terminal control characters.
pub fn json_line(object: &impl Serialize) -> io::Result<String> {
    Ok(escape(&serde_json::to_string(object)?))
}

/// Escapes control characters that JSON allows in a string as `\u….`. They occur in strings only,
/// so the meaning stays the same.
fn escape(json: &str) -> String {
    let steers = |char: char| text::is_unsafe(char) || matches!(char, '\u{2028}' | '\u{2029}');
    if json.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return json.to_owned();
    }
    let mut safe = String::with_capacity(json.len() + 16);
    for char in json.chars() {
        if steers(char) {
            for unit in char.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(char);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn security_38_json_steers_no_terminal_and_means_the_same(raw in any::<String>()) {
            let raw = format!("{raw}\u{9b}2J\u{202e}\u{e0041}\x1b]52;c;x\x07");
            let json = escape(&serde_json::to_string(&raw).unwrap_or_default());
            prop_assert!(!json.chars().any(text::is_unsafe));
            prop_assert_eq!(serde_json::from_str::<String>(&json).ok(), Some(raw));
        }
    }
}
