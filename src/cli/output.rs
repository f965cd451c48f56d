//! The only file that prints.
//!
//! Text that came from outside was cleaned where it entered; it is guarded
//! here once more, so that no byte the program writes to a terminal can steer
//! it (security requirement 38).

use std::fmt::Write as _;
use std::io;
use std::io::{BufWriter, IsTerminal as _, Stderr, Stdout, Write};

use serde::Serialize;

use crate::cli::exit::{Exit, Failure, FailureReport};
use crate::cli::json::Reply;
use crate::cli::next::Next;
use crate::domain::text;

/// Where answers and notes go.
pub struct Output {
    json: bool,
    out: BufWriter<Stdout>,
    notes: Stderr,
    next: Next,
}

impl Output {
    /// An output to this process's own streams.
    pub fn new(json: bool) -> Self {
        Self { json, out: BufWriter::new(io::stdout()), notes: io::stderr(), next: Next::default() }
    }

    /// With what the commands it proposes must repeat.
    #[must_use]
    pub fn going_on(mut self, next: Next) -> Self {
        self.next = next;
        self
    }

    /// A command to be typed next.
    pub fn command(&self, words: &[&str]) -> String {
        self.next.command(words)
    }

    /// Whether programs read the answer.
    pub fn json(&self) -> bool {
        self.json
    }

    /// Whether a person watches the notes.
    pub fn watched(&self) -> bool {
        self.notes.is_terminal()
    }

    /// A line of the answer.
    pub fn line(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "{}", text::clean(line))
    }

    /// Lines of the answer.
    pub fn lines(&mut self, lines: &str) -> io::Result<()> {
        writeln!(self.out, "{}", text::clean_lines(lines))
    }

    /// Bytes this program made itself: completions, a manual page.
    pub fn own(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)
    }

    /// An object of the answer, on a line of its own.
    pub fn object(&mut self, object: &impl Serialize) -> io::Result<()> {
        writeln!(self.out, "{}", json_line(object)?)
    }

    /// The answer: an object for programs, or else lines for people.
    pub fn answer(&mut self, reply: &Reply, lines: &str) -> io::Result<()> {
        if self.json { self.object(reply) } else { self.lines(lines) }
    }

    /// Something beside the answer. Nobody minds if it gets lost.
    pub fn note(&mut self, note: &str) {
        let _ = writeln!(self.notes, "{}", text::clean_lines(note));
    }

    /// A question whose answer is typed behind it.
    pub fn question(&mut self, question: &str) {
        let _ = write!(self.notes, "{} ", text::clean(question));
        let _ = self.notes.flush();
    }

    /// A line that the next one takes the place of, on a terminal only.
    pub fn progress(&mut self, progress: &str) {
        if self.watched() {
            let _ = write!(self.notes, "\r\x1b[K{}", text::clean(progress));
            let _ = self.notes.flush();
        }
    }

    /// What is read so far, before a wait or at the end.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// The end of a run: whatever went wrong is told, to people and to
    /// programs alike.
    pub fn finish(&mut self, result: Result<Exit, Failure>) -> Exit {
        let result = match result {
            Ok(exit) => Ok(exit),
            Err(Failure::Report(report)) => self.fail(*report),
            Err(Failure::Output(error)) => Err(error),
        };
        match result.and_then(|exit| self.flush().map(|()| exit)) {
            Ok(exit) => exit,
            // The reader has seen enough, as `head` has.
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
            let mut reply = Reply::of(report.word, report.message);
            reply.key = report.key;
            reply.problems = report.problems;
            self.object(&reply)?;
        }
        Ok(report.exit)
    }
}

/// An object as one line that steers no terminal.
pub fn json_line(object: &impl Serialize) -> io::Result<String> {
    Ok(escape(&serde_json::to_string(object)?))
}

/// Characters that JSON lets stand in a string and that a terminal would obey,
/// written as `\u….`: they stand in strings only, so the meaning is the same.
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
