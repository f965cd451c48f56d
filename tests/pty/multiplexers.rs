//! The interface inside a real tmux and a real GNU screen, which read the keys first and
//! send them on in their own way, and draw what the program wrote in theirs.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use portable_pty::CommandBuilder;
use tempfile::TempDir;

use super::flow::go_to_the_boxes;
use super::terminal::{PtySession, isolate};

/// A multiplexer with the demo in it.
struct Multiplexer {
    session: PtySession,
    /// What ends it, whatever has become of the session.
    end: Command,
}

impl Drop for Multiplexer {
    fn drop(&mut self) {
        // It may have ended with the program in it.
        let _ = self.end.output();
    }
}

impl Multiplexer {
    fn start(program: &str, arguments: &[&str], end: &[&str], folder: Arc<TempDir>) -> Self {
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.args([env!("CARGO_BIN_EXE_countersign"), "demo"]);
        isolate(&mut command, &folder);
        command.env("SCREENDIR", folder.path().join("screens"));
        let mut ending = Command::new(program);
        ending.args(end).env("SCREENDIR", folder.path().join("screens"));
        let session = PtySession::run(command, folder);
        session.wait_for_text("Riverside Billing");
        Self { session, end: ending }
    }

    fn tmux() -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder"));
        let (socket, settings) = (folder.path().join("tmux"), folder.path().join("tmux.conf"));
        fs::write(&settings, "set -g status off\nset -g escape-time 10\n").expect("written");
        let (socket, settings) = (socket.display().to_string(), settings.display().to_string());
        let arguments = ["-S", &socket, "-f", &settings, "new-session"];
        Self::start("tmux", &arguments, &["-S", &socket, "kill-server"], folder)
    }

    fn screen() -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder"));
        let settings = folder.path().join("screenrc");
        fs::write(&settings, "startup_message off\nmaptimeout 10\n").expect("written");
        let sockets = folder.path().join("screens");
        fs::create_dir(&sockets).expect("a folder");
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(&sockets, private).expect("closed");
        let settings = settings.display().to_string();
        let arguments = ["-U", "-c", &settings, "-S", "counter"];
        Self::start("screen", &arguments, &["-S", "counter", "-X", "quit"], folder)
    }
}

/// Keys and bursts as terminals, keypads and scanners send them.
fn keys_arrive(session: &mut PtySession) {
    // A scan with its CR LF chooses the customer once, and sends nothing.
    session.press("WB-004218\r\n").wait_for_text("SEND");
    std::thread::sleep(std::time::Duration::from_millis(500));
    session.wait_for_text("Enter sends a code of 6 digits");
    session.act("\x1b").wait_for_text("FIND");
    // Another text in its place, and the list walked by an arrow cut in two.
    session.act("\x15").press("river").wait_for_text("Dana Rivera");
    session.press("\x1b").press("[B");
    session.act("\x0c").wait_for_text("Dana Rivera");
    // The keypad types digits.
    session.act("\x15").press("\x1bOt\x1bOr\x1bOq\x1bOw").wait_for_text("4217");
    session.wait_for_text("Dana Rivera");
    // The second way to a function key.
    session.act("\x1b2").wait_for_text("Log");
    session.act("\x1b2").wait_for_text("FIND");
    session.act("\x15").wait_for_text("how it begins");
}

/// A customer is verified, by a paste; a window that is too small lets nothing happen.
fn work_is_done(session: &mut PtySession) {
    let code = go_to_the_boxes(session);
    session.resize(40, 10);
    session.wait_for("a word", |seen| {
        let text: String = seen.text().split_whitespace().collect();
        text.contains("toosmall").then_some(())
    });
    session.press(&code);
    session.resize(80, 24);
    session.wait_for_text("Time left").wait_for_text("5 of 5");
    session.act(&format!("\x1b[200~{code}\r\x1b[201~"));
    session.wait_for_text("Press Enter to check the pasted code");
    session.act("\r").wait_for_text("Balance");
    session.press("\x11").wait_for_text("Leave countersign?");
    session.act("y");
}

#[test]
fn the_work_is_done_inside_tmux() {
    let mut tmux = Multiplexer::tmux();
    keys_arrive(&mut tmux.session);
    work_is_done(&mut tmux.session);
    assert_eq!(tmux.session.end(), 0);
}

#[test]
fn the_work_is_done_inside_gnu_screen() {
    let mut screen = Multiplexer::screen();
    keys_arrive(&mut screen.session);
    work_is_done(&mut screen.session);
    assert_eq!(screen.session.end(), 0);
}
