//! Frames on their way to the terminal: what did not change is not written,
//! and what did goes out in one piece, so that nothing flickers and a slow line
//! carries little.

use std::io;

use ratatui::Terminal;
use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::prelude::Frame;

use crate::tui::terminal::cell_writer::Writer;
use crate::tui::terminal::guard::TerminalGuard;

/// Terminals that know this show a frame when it is complete; others ignore it.
const SYNC_BEGIN: &[u8] = b"\x1b[?2026h";
const SYNC_END: &[u8] = b"\x1b[?2026l";

/// A frame of more bytes than this is bracketed; a smaller one is there at once.
const MAX_UNBRACKETED_BYTES: usize = 200;

/// The screen.
#[derive(Debug)]
pub struct FrameWriter {
    terminal: Terminal<Bytes>,
    /// What of the last frame the terminal had no room for.
    rest: Vec<u8>,
}

impl FrameWriter {
    /// A screen of a size in columns and rows, empty so far.
    pub fn new(size: (u16, u16)) -> io::Result<Self> {
        Ok(Self { terminal: Terminal::new(Bytes::new(size))?, rest: Vec::new() })
    }

    /// The bytes that turn what is on the screen into what `render` draws;
    /// none where that is the same.
    pub fn draw(
        &mut self,
        size: (u16, u16),
        render: impl FnOnce(&mut Frame<'_>),
    ) -> io::Result<Vec<u8>> {
        if self.terminal.backend().size != size.into() {
            self.resize(size)?;
        }
        self.terminal.draw(render)?;
        let changes = std::mem::take(&mut self.terminal.backend_mut().writer.bytes);
        if changes.len() <= MAX_UNBRACKETED_BYTES {
            return Ok(changes);
        }
        Ok([SYNC_BEGIN, &changes, SYNC_END].concat())
    }

    /// Begins anew at another size. The buffers of the old one go: those of a huge
    /// window would stay as long as the program runs.
    fn resize(&mut self, size: (u16, u16)) -> io::Result<()> {
        let mut backend = std::mem::replace(self.terminal.backend_mut(), Bytes::new(size));
        backend.size = size.into();
        backend.writer.columns = size.0;
        self.terminal = Terminal::new(backend)?;
        self.terminal.clear()
    }

    /// Whether the terminal has not taken the whole of the last frame yet.
    pub const fn is_behind(&self) -> bool {
        !self.rest.is_empty()
    }

    /// Forgets what is on the screen: somebody else has written there.
    pub fn forget(&mut self) -> io::Result<()> {
        self.rest.clear();
        let backend = self.terminal.backend_mut();
        backend.is_cursor_shown = false;
        backend.writer.forget();
        self.terminal.clear()
    }

    /// Draws everything anew, after `state`. A sequence that was cut by it ends there.
    pub fn renew(&mut self, state: Vec<u8>) -> io::Result<()> {
        self.forget()?;
        self.rest = state;
        Ok(())
    }
}

impl TerminalGuard {
    /// Shows the next frame. A terminal that has no room for it gets the rest
    /// later, and of what changes meanwhile only the latest: nothing waits here
    /// for a slow line.
    pub fn show(
        &self,
        screen: &mut FrameWriter,
        size: (u16, u16),
        render: impl FnOnce(&mut Frame<'_>),
    ) -> io::Result<()> {
        self.write_rest(screen)?;
        if screen.rest.is_empty() {
            screen.rest = screen.draw(size, render)?;
            self.write_rest(screen)?;
        }
        Ok(())
    }

    fn write_rest(&self, screen: &mut FrameWriter) -> io::Result<()> {
        if !screen.rest.is_empty() {
            let written = self.write(&screen.rest)?;
            screen.rest.drain(..written.min(screen.rest.len()));
        }
        Ok(())
    }
}

/// A backend that collects the bytes of a frame and leaves out what changes
/// nothing.
#[derive(Debug)]
struct Bytes {
    writer: Writer,
    size: Size,
    is_cursor_shown: bool,
}

impl Bytes {
    fn new(size: (u16, u16)) -> Self {
        let mut writer = Writer::default();
        writer.columns = size.0;
        Self { writer, size: size.into(), is_cursor_shown: false }
    }
}

impl Backend for Bytes {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let cells: Vec<_> = content.collect();
        self.writer.cells(&cells);
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.is_cursor_shown) {
            self.writer.bytes.extend_from_slice(b"\x1b[?25l");
        }
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.is_cursor_shown, true) {
            self.writer.bytes.extend_from_slice(b"\x1b[?25h");
        }
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.writer.cursor())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.writer.go(position.into());
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    /// Only the whole screen is ever cleared; what else there is to clear is
    /// drawn over.
    fn clear_region(&mut self, _: ClearType) -> io::Result<()> {
        self.writer.clear();
        Ok(())
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size, pixels: Size::default() })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(
        screen: &mut FrameWriter,
        size: (u16, u16),
        text: &str,
        cursor: Option<u16>,
    ) -> String {
        let render = |frame: &mut Frame<'_>| {
            frame.render_widget(text, frame.area());
            if let Some(column) = cursor {
                frame.set_cursor_position((column, 0));
            }
        };
        String::from_utf8(screen.draw(size, render).expect("a frame")).expect("text")
    }

    #[test]
    fn a_frame_that_changes_nothing_writes_nothing() {
        let mut screen = FrameWriter::new((10, 2)).expect("a screen");
        assert!(frame(&mut screen, (10, 2), "Time left 4:12", Some(3)).contains("Time"));
        assert_eq!(frame(&mut screen, (10, 2), "Time left 4:12", Some(3)), "");
        assert_eq!(frame(&mut screen, (10, 2), "Time left 4:12", None), "\x1b[?25l");
    }

    #[test]
    fn one_digit_costs_little() {
        let mut screen = FrameWriter::new((80, 24)).expect("a screen");
        frame(&mut screen, (80, 24), "Time left 4:12", None);
        let next = frame(&mut screen, (80, 24), "Time left 4:11", None);
        assert_eq!(next, "\x081");
    }

    #[test]
    fn a_large_frame_is_shown_when_it_is_whole() {
        let mut screen = FrameWriter::new((400, 1)).expect("a screen");
        let first = frame(&mut screen, (400, 1), &"words ".repeat(60), None);
        assert!(first.starts_with("\x1b[?2026h") && first.ends_with("\x1b[?2026l"));
    }

    #[test]
    fn a_forgotten_screen_is_drawn_whole() {
        let mut screen = FrameWriter::new((10, 1)).expect("a screen");
        frame(&mut screen, (10, 1), "abc", None);
        screen.forget().expect("cleared");
        let again = frame(&mut screen, (10, 1), "abc", None);
        assert!(again.contains("\x1b[2J") && again.contains("abc"));
    }

    #[test]
    fn any_size_is_drawn() {
        let mut screen = FrameWriter::new((1, 1)).expect("a screen");
        for size in [(1, 1), (80, 24), (0, 0), (3, 200), (400, 1), (1, 1)] {
            frame(&mut screen, size, "some text", Some(0));
        }
    }
}
