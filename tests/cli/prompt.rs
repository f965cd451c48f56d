//! The prompt for a code at a real terminal.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::desk::Desk;

/// The binary at a terminal of its own.
pub(super) struct Terminal {
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    seen: Arc<Mutex<String>>,
}

impl Terminal {
    pub(super) fn run(desk: &Desk, arguments: &[&str]) -> Self {
        let pair = native_pty_system().openpty(PtySize::default()).expect("a terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_countersign"));
        command.args(arguments);
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.env("HOME", desk.folder.path());
        command.env("COUNTERSIGN_CONFIG", desk.path("config.toml"));
        command.env("TMPDIR", desk.folder.path());
        command.cwd(desk.folder.path());
        let child = pair.slave.spawn_command(command).expect("it starts");
        let mut output = pair.master.try_clone_reader().expect("a reader");
        let seen = Arc::new(Mutex::new(String::new()));
        thread::spawn({
            let seen = Arc::clone(&seen);
            move || {
                let mut bytes = [0; 1024];
                while let Ok(read) = output.read(&mut bytes) {
                    if read == 0 {
                        break;
                    }
                    seen.lock()
                        .expect("unpoisoned")
                        .push_str(&String::from_utf8_lossy(&bytes[..read]));
                }
            }
        });
        let keys = pair.master.take_writer().expect("a writer");
        Self { master: pair.master, keys, child, seen }
    }

    pub(super) fn wait_for(&self, what: &str, is_so: impl Fn(&str) -> bool) {
        let begun = Instant::now();
        while !is_so(&self.seen.lock().expect("unpoisoned")) {
            let seen = self.seen.lock().expect("unpoisoned");
            assert!(begun.elapsed() < Duration::from_secs(20), "no {what} in {seen:?}");
            drop(seen);
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn echoes(&self) -> bool {
        let modes = self.master.get_termios().expect("a terminal");
        format!("{:?}", modes.local_flags).contains("ECHO ") || modes.local_flags.bits() & 0o10 != 0
    }

    pub(super) fn seen(&self) -> String {
        self.seen.lock().expect("unpoisoned").clone()
    }

    pub(super) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("typed");
    }

    pub(super) fn end(&mut self) -> u32 {
        self.child.wait().expect("it ends").exit_code()
    }
}

#[test]
fn a_code_at_the_prompt_is_not_echoed() {
    let desk = Desk::open();
    let (request, code) = desk.request("WB-004217", "email");
    let mut terminal = Terminal::run(&desk, &["verify", request["request"].as_str().unwrap()]);
    let reference = request["reference"].as_str().unwrap().to_owned();
    terminal.wait_for("question", |seen| seen.contains(&format!("reference {reference}:")));
    assert!(!terminal.echoes());
    terminal.press(&format!("{code}\n"));
    assert_eq!(terminal.end(), 0);
    terminal.wait_for("answer", |seen| seen.contains("is verified"));
    assert!(!terminal.seen.lock().unwrap().contains(&code));
    assert!(terminal.echoes());
}

#[test]
fn security_40_ctrl_c_at_the_prompt_gives_the_echo_back() {
    let desk = Desk::open();
    let (request, code) = desk.request("WB-004217", "email");
    let id = request["request"].as_str().unwrap();
    let mut terminal = Terminal::run(&desk, &["verify", id]);
    terminal.wait_for("question", |seen| seen.contains("reference"));
    assert!(!terminal.echoes());
    terminal.press(&code[..3]);
    terminal.press("\x03");
    assert_eq!(terminal.end(), 130);
    assert!(terminal.echoes());
    assert_eq!(desk.run(&["status", id, "--json"]).json()["attempts"], 0);
}

/// The tray of a demo is read from another terminal while the demo runs.
#[test]
fn commands_can_join_a_running_demo() {
    let mut desk = Desk::empty();
    let folder = desk.folder.path().to_str().expect("a plain name").to_owned();
    desk.variable("TMPDIR", &folder);
    desk.run(&["--demo", "tray", "--json"]).ended(2, "usage");
    let mut terminal = Terminal::run(&desk, &["demo"]);
    terminal.wait_for("interface", |seen| seen.contains("Riverside Billing"));
    let found = desk.run(&["--demo", "customers", "find", "a", "--limit", "1", "--json"]).json();
    let account = found["customer"].as_str().expect("an account").to_owned();
    desk.run(&["--demo", "request", &account, "--channel", "email", "--json"]).ended(0, "sent");
    assert_eq!(desk.run(&["tray", "--demo", "--json"]).json()["channel"], "email");
    assert!(!desk.path("desk.db").exists(), "the office's own store is left alone");
    terminal.child.kill().expect("it ends");
    terminal.end();
    desk.run(&["--demo", "tray", "--json"]).ended(2, "usage");
}

#[test]
fn the_interface_says_what_terminal_it_needs() {
    let desk = Desk::open();
    for arguments in [&[][..], &["demo"]] {
        let ran = desk.run(arguments);
        assert_eq!(
            (ran.code, ran.out.as_str(), ran.err.lines().count()),
            (2, "", 1),
            "{}",
            ran.err
        );
    }
}
