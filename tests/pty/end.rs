//! The terminal is given back, however the program ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;
use rustix::process::{Pid, Signal, kill_process};

use super::terminal::{PtySession, TEST_TIMEOUT, isolate};

#[test]
fn security_40_the_terminal_is_restored_after_quit() {
    let mut session = PtySession::demo();
    assert!(!session.has_modes_back(), "it is in raw mode");
    {
        let seen = session.seen();
        let screen = seen.emulator.screen();
        assert!(screen.alternate_screen() && screen.bracketed_paste());
    }
    session.leave();
    assert_eq!(session.end(), 0);
    session.is_restored();
}

#[test]
fn security_40_the_terminal_is_restored_after_a_signal() {
    for (signal, code) in
        [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130), (Signal::QUIT, 131)]
    {
        let mut session = PtySession::demo();
        session.signal(signal);
        assert_eq!(session.end(), code, "{signal:?}");
        session.is_restored();
    }
}

#[test]
fn security_40_the_program_ends_when_its_terminal_goes_away() {
    let mut session = PtySession::demo();
    session.hang_up();
    assert_eq!(session.end(), 129);
}

/// Nobody tells a program by SIGHUP that a terminal is gone which never was
/// its controlling one; it must notice, and must not go round and round.
#[test]
fn security_40_the_program_ends_when_its_terminal_goes_away_without_a_signal() {
    for (program, shown) in PROGRAMS {
        let (mut session, process) = without_controlling_terminal(program, shown);
        session.hang_up();
        wait_for_end(&process);
    }
}

/// A terminal that hangs up sends SIGCONT along with SIGHUP. Where the
/// continuation is seen first, the terminal cannot be taken again: that is a
/// hang-up as well, and no fault of the program.
#[test]
fn security_40_a_program_that_goes_on_without_its_terminal_ends_as_hung_up() {
    for (program, shown) in PROGRAMS {
        let (mut session, process) = without_controlling_terminal(program, shown);
        let pid =
            process.file_name().and_then(|it| it.to_str()?.parse().ok()).and_then(Pid::from_raw);
        let pid = pid.expect("its number");
        session.stall();
        kill_process(pid, Signal::STOP).expect("it can be stopped");
        session.hang_up();
        kill_process(pid, Signal::CONT).expect("it can be continued");
        wait_for_end(&process);
        let code = session.folder.path().join("code");
        let end = Instant::now() + TEST_TIMEOUT;
        while fs::read_to_string(&code).unwrap_or_default().is_empty() {
            assert!(Instant::now() < end, "its exit code is not told");
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(fs::read_to_string(code).expect("its exit code").trim(), "129", "{program}");
    }
}

/// The programs that hold a terminal, and what each shows first.
const PROGRAMS: [(&str, &str); 2] = [("demo", "Riverside Billing"), ("pad", "Type the number")];

/// A program at a terminal that is not its controlling one, and its folder in `/proc`.
/// Its exit code is written to the file `code`.
fn without_controlling_terminal(program: &str, shown: &str) -> (PtySession, PathBuf) {
    let folder = Arc::new(tempfile::tempdir().expect("a folder"));
    let pid_file = folder.path().join("pid");
    let mut command = CommandBuilder::new("sh");
    command.arg("-c");
    command.arg(format!(
        "trap '' HUP; exec 3<&0; setsid sh -c 'echo $$ >pid; exec {} {program}' <&3 & wait $!; \
         echo $? >code",
        env!("CARGO_BIN_EXE_countersign")
    ));
    isolate(&mut command, &folder);
    let session = PtySession::run(command, folder);
    session.wait_for_text(shown);
    let pid = fs::read_to_string(pid_file).expect("its number");
    let process = Path::new("/proc").join(pid.trim());
    assert!(process.exists());
    (session, process)
}

fn wait_for_end(process: &Path) {
    let end = Instant::now() + TEST_TIMEOUT;
    while process.exists() && !is_zombie(process) {
        assert!(Instant::now() < end, "it goes on without a terminal");
        thread::sleep(Duration::from_millis(10));
    }
}

fn is_zombie(process: &Path) -> bool {
    state(process) == Some('Z')
}

fn state(process: &Path) -> Option<char> {
    let stat = fs::read_to_string(process.join("stat")).ok()?;
    stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next())
}

#[test]
fn security_40_the_terminal_is_given_back_while_the_program_is_stopped() {
    let mut session = PtySession::demo();
    session.press("river").wait_for_text("Dana Rivera");
    let process = Path::new("/proc").join(session.pid().as_raw_nonzero().to_string());
    session.signal(Signal::TSTP);
    session.wait_for("the shell's screen", |seen| {
        let screen = seen.emulator.screen();
        (!screen.alternate_screen() && !screen.hide_cursor()).then_some(())
    });
    let end = Instant::now() + TEST_TIMEOUT;
    while state(&process) != Some('T') {
        assert!(Instant::now() < end, "it does not stop");
        thread::sleep(Duration::from_millis(10));
    }
    assert!(session.has_modes_back());
    session.signal(Signal::CONT);
    session.wait_for_text("Dana Rivera");
    assert!(!session.has_modes_back());
    session.act("\r").wait_for_text("Purpose");
    session.leave();
    assert_eq!(session.end(), 0);
    session.is_restored();
}

/// More than any terminal takes without being read: the whole screen, again
/// and again.
fn write_much(session: &PtySession) {
    for round in 0..60 {
        let drawn = Instant::now() + Duration::from_millis(15);
        session.resize(120 + round % 2, 40);
        while Instant::now() < drawn {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn security_40_a_terminal_that_stalls_does_not_keep_the_program_from_ending() {
    let mut session = PtySession::demo();
    session.stall();
    write_much(&session);
    session.signal(Signal::TERM);
    assert_eq!(session.end(), 143);
    assert!(session.has_modes_back());
}

#[test]
fn a_terminal_that_stalls_and_goes_on_shows_the_latest() {
    let mut session = PtySession::demo();
    session.stall();
    write_much(&session);
    session.press("\x15river");
    session.go_on();
    session.wait_for_text("Dana Rivera").wait_for_text("Riverside Billing");
    session.leave();
    assert_eq!(session.end(), 0);
    session.is_restored();
}
