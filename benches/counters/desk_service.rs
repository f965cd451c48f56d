//! Runs a desk service for the counters of the bench (`--service`).

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::office::Office;
use crate::terminal::TEST_TIMEOUT;

/// The configuration file of the counters if a service runs.
pub(crate) fn counter_config(office: &Office) -> PathBuf {
    office.path("counter.toml")
}

/// A running service, killed when dropped.
pub(crate) struct DeskService {
    child: Child,
}

impl DeskService {
    /// Starts a service whose only staff member is the account that runs the bench.
    pub(crate) fn start(office: &Office) -> Self {
        let socket = office.path("desk.sock");
        let mut config = fs::read_to_string(office.path("config.toml")).expect("a configuration");
        writeln!(config, "[serve]\nsocket = \"{}\"", socket.display()).expect("written");
        fs::write(office.path("config.toml"), config).expect("written");
        let counter = format!("[desk]\nsocket = \"{}\"\n", socket.display());
        fs::write(counter_config(office), counter).expect("written");
        fs::set_permissions(counter_config(office), fs::Permissions::from_mode(0o600))
            .expect("closed");
        let account = whoami::username().expect("an account");
        office.run(&["staff", "rescue", &account]);
        let mut command = office.within(env!("CARGO_BIN_EXE_countersign"));
        command.arg("serve").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("it starts");
        let since = Instant::now();
        while UnixStream::connect(&socket).is_err() {
            assert!(since.elapsed() < TEST_TIMEOUT, "the service does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        Self { child }
    }

    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a process")
    }
}

impl Drop for DeskService {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
