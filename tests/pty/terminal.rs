//! A session at a terminal: keys go in, the screen can be looked at.

use std::io::{Read as _, Write};
use std::num::NonZero;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Longer than anything takes on a busy machine.
pub(crate) const TEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a clerk looks at a screen before acting upon it, at least.
const MIN_READING_TIME: Duration = Duration::from_millis(200);

pub(crate) const RESTORED_MODES: [&str; 3] = ["\x1b[?1049l", "\x1b[?25h", "\x1b[?2004l"];

pub(crate) struct PtySession {
    master: Option<Box<dyn MasterPty + Send>>,
    keys: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    reader: Option<JoinHandle<()>>,
    modes_before: String,
    pub(crate) folder: Arc<TempDir>,
}

/// What came out of the program so far.
pub(crate) struct Seen {
    pub(crate) emulator: vt100::Parser,
    pub(crate) bytes: Vec<u8>,
    ended: bool,
    closing: bool,
}

impl Seen {
    pub(crate) fn text(&self) -> String {
        self.emulator.screen().contents()
    }

    pub(crate) fn output(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).expect("a size over zero")
}

/// The program with arguments, isolated from this machine.
pub(crate) fn countersign(folder: &TempDir, arguments: &[&str]) -> CommandBuilder {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_countersign"));
    command.args(arguments);
    isolate(&mut command, folder);
    command
}

/// Nothing of this machine's own settings reaches the program.
pub(crate) fn isolate(command: &mut CommandBuilder, folder: &TempDir) {
    command.env_clear();
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", folder.path());
    command.env("TMPDIR", folder.path());
    command.cwd(folder.path());
}

impl PtySession {
    /// The demo at 80×24.
    pub(crate) fn demo() -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder"));
        let command = countersign(&folder, &["demo"]);
        let session = Self::run(command, folder);
        session.wait_for_text("Riverside Billing");
        session
    }

    /// A program at 80×24.
    pub(crate) fn run(command: CommandBuilder, folder: Arc<TempDir>) -> Self {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let modes_before = modes(&*pair.master);
        let child = pair.slave.spawn_command(command).expect("it starts");
        drop(pair.slave);
        let emulator = vt100::Parser::new(cells(24), cells(80), 0);
        let seen = Seen { emulator, bytes: Vec::new(), ended: false, closing: false };
        let seen = Arc::new((Mutex::new(seen), Condvar::new()));
        let reader = read(&*pair.master, Arc::clone(&seen));
        let keys = Some(pair.master.take_writer().expect("a writer"));
        Self {
            master: Some(pair.master),
            keys,
            child,
            seen,
            reader: Some(reader),
            modes_before,
            folder,
        }
    }

    pub(crate) fn press(&mut self, keys: &str) -> &mut Self {
        let writer = self.keys.as_mut().expect("a terminal");
        writer.write_all(keys.as_bytes()).expect("typed");
        self
    }

    /// Presses a key that does something, once the screen has been there long
    /// enough to be read.
    pub(crate) fn act(&mut self, keys: &str) -> &mut Self {
        thread::sleep(MIN_READING_TIME);
        self.press(keys)
    }

    /// Leaves the program, as it is left.
    pub(crate) fn leave(&mut self) {
        self.act("\x11").wait_for_text("Leave countersign?");
        self.act("y");
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.0.lock().expect("unpoisoned")
    }

    /// Waits until something is to be seen.
    pub(crate) fn wait_for<T>(&self, what: &str, look: impl Fn(&Seen) -> Option<T>) -> T {
        let end = Instant::now() + TEST_TIMEOUT;
        let mut seen = self.seen();
        loop {
            if let Some(found) = look(&seen) {
                return found;
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no {what} on the screen:\n{}", seen.text());
            seen = self.seen.1.wait_timeout(seen, left).expect("unpoisoned").0;
        }
    }

    pub(crate) fn wait_for_text(&self, text: &str) -> &Self {
        self.wait_for(&format!("{text:?}"), |seen| seen.text().contains(text).then_some(()));
        self
    }

    pub(crate) fn pid(&self) -> Pid {
        let pid = self.child.process_id().and_then(|pid| i32::try_from(pid).ok());
        pid.and_then(Pid::from_raw).expect("a process")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("signalled");
    }

    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        self.seen().emulator.screen_mut().set_size(cells(rows), cells(columns));
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.as_ref().expect("a terminal").resize(size).expect("resized");
    }

    pub(crate) fn modes(&self) -> String {
        modes(&**self.master.as_ref().expect("a terminal"))
    }

    pub(crate) fn has_modes_back(&self) -> bool {
        self.modes() == self.modes_before
    }

    /// Nobody reads any more what the program writes, as on a line that stalls.
    pub(crate) fn stall(&mut self) {
        self.seen().closing = true;
        // The reader lets go when it next hears something.
        self.press("1");
        self.reader.take().expect("a reader").join().expect("it ends");
    }

    /// Reads on.
    pub(crate) fn go_on(&mut self) {
        self.seen().closing = false;
        let master = self.master.as_ref().expect("a terminal");
        self.reader = Some(read(&**master, Arc::clone(&self.seen)));
    }

    /// Takes the terminal away while the program runs: the last one who holds
    /// its other end lets go.
    pub(crate) fn hang_up(&mut self) {
        if self.reader.is_some() {
            self.stall();
        }
        self.keys = None;
        self.master = None;
    }

    /// Waits for the end; gives the exit code.
    pub(crate) fn end(&mut self) -> u32 {
        let end = Instant::now() + TEST_TIMEOUT;
        loop {
            if let Some(status) = self.child.try_wait().expect("its state") {
                return status.exit_code();
            }
            let seen = self.seen().text();
            assert!(Instant::now() < end, "it does not end:\n{seen}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Everything it wrote, once it has ended.
    pub(crate) fn all_output(&self) -> String {
        self.wait_for("end", |seen| seen.ended.then(|| seen.output()))
    }

    /// The terminal is as it was before: the same modes, and all that was
    /// turned on is turned off, last of all.
    pub(crate) fn is_restored(&self) {
        let output = self.all_output();
        for sequence in RESTORED_MODES {
            let on = sequence.replace('l', "h");
            let off = output.rfind(sequence);
            assert!(off.is_some(), "no {sequence:?} in the output");
            if on != sequence {
                assert!(off > output.rfind(&on), "{on:?} after {sequence:?}");
            }
        }
        assert!(self.has_modes_back(), "{} was {}", self.modes(), self.modes_before);
        let seen = self.seen();
        let screen = seen.emulator.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
    }
}

impl Drop for PtySession {
    fn drop(&mut self) {
        // Most have ended by then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn modes(master: &(dyn MasterPty + Send)) -> String {
    format!("{:?}", master.get_termios().expect("a terminal's modes"))
}

fn read(master: &(dyn MasterPty + Send), seen: Arc<(Mutex<Seen>, Condvar)>) -> JoinHandle<()> {
    let mut output = master.try_clone_reader().expect("a reader");
    thread::spawn(move || {
        let mut bytes = [0; 4_096];
        loop {
            // A terminal without a program behind it is an error on Linux.
            let length = output.read(&mut bytes).unwrap_or(0);
            // A test that has failed still wants its program to end.
            let mut now = seen.0.lock().unwrap_or_else(PoisonError::into_inner);
            let bytes = &bytes[..length];
            now.bytes.extend_from_slice(bytes);
            now.emulator.process(bytes);
            now.ended = length == 0;
            let over = now.ended || now.closing;
            drop(now);
            seen.1.notify_all();
            if over {
                return;
            }
        }
    })
}
