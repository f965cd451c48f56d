//! A desk service in a folder that only its account can read, and counters of other
//! accounts.

use countersign::remote::protocol::PROTOCOL;
use std::ffi::OsStr;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The account of the service.
pub(crate) const OWNER: &str = "daemon";
/// An admin.
pub(crate) const BOSS: &str = "bin";
/// A clerk.
pub(crate) const CLERK: &str = "games";
/// The account of a billing program.
pub(crate) const GATE: &str = "man";
/// The account of a pad.
pub(crate) const PAD: &str = "lp";
/// An account that is not of the staff.
pub(crate) const STRANGER: &str = "nobody";
/// The group of the socket: that of all counters here.
const GROUP: &str = "nogroup";

const CUSTOMERS: &str = "\
account_no,name,email,phone,address
WB-004217,Dana Rivera,dana@example.org,+14155550142,1 Main St
WB-004218,Bo Lindqvist,bo@example.org,,2 Main St
";

/// How long anything here may take.
const TEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Whether other accounts can be tried.
#[expect(clippy::print_stderr, reason = "whoever runs the tests reads what was left out")]
pub(crate) fn is_root() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        eprintln!("NOT TRIED: other accounts, since this test does not run as root");
    }
    is_root
}

/// The binary where every account can run it.
pub(crate) fn binary() -> &'static Path {
    static COPY: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = COPY.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        open_to_all(folder.path());
        let path = folder.path().join("countersign");
        fs::copy(env!("CARGO_BIN_EXE_countersign"), &path).expect("copied");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("set");
        (folder, path)
    });
    path
}

fn open_to_all(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("set");
}

/// What a command did.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    pub(crate) fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    }

    #[track_caller]
    pub(crate) fn ended(self, code: i32, outcome: &str) -> Value {
        let json = self.lines().pop().unwrap_or_default();
        let told = (self.code, json["outcome"].as_str());
        assert_eq!(told, (code, Some(outcome)), "{}{}", self.out, self.err);
        json
    }
}

/// A running service, and where its counters work.
pub(crate) struct Service {
    folder: TempDir,
    child: Option<Child>,
}

impl Service {
    /// A service with customers, an admin and a clerk.
    pub(crate) fn start() -> Self {
        Self::start_with("")
    }

    pub(crate) fn start_with(more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        open_to_all(folder.path());
        let mut service = Self { folder, child: None };
        let own = service.path("own");
        fs::create_dir(&own).expect("a folder");
        fs::write(service.path("customers.csv"), CUSTOMERS).expect("written");
        let socket = service.socket();
        let config = format!(
            "[office]\nname = \"Riverside Billing\"\ncounter = \"front desk\"\n\
             [store]\nurl = \"sqlite:desk.db\"\n[keys]\nfile = \"desk.keys\"\n\
             [tray]\nfile = \"tray.jsonl\"\n[log]\nfile = \"desk.log\"\n\
             [serve]\nsocket = \"{}\"\ngroup = \"{GROUP}\"\n{more}\n",
            socket.display()
        );
        fs::write(own.join("service.toml"), config).expect("written");
        let counter = format!("[desk]\nsocket = \"{}\"\n", socket.display());
        fs::write(service.path("counter.toml"), counter).expect("written");
        let sockets = socket.parent().expect("a folder").to_owned();
        fs::create_dir(&sockets).expect("a folder");
        let (uid, gid) = ids(OWNER);
        for path in [&own, &own.join("service.toml"), &sockets] {
            chown(path, Some(uid), Some(gid)).expect("given");
        }
        fs::set_permissions(&own, fs::Permissions::from_mode(0o700)).expect("closed");
        fs::set_permissions(own.join("service.toml"), fs::Permissions::from_mode(0o600))
            .expect("closed");
        service.owner(&["customers", "import", "../customers.csv"]);
        service.owner(&["staff", "add", BOSS, "--role", "admin"]);
        service.owner(&["staff", "add", CLERK]);
        service.run();
        service
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.path("sockets").join("desk.sock")
    }

    /// A command of an account, with no more of its surroundings than the counter's
    /// configuration.
    pub(crate) fn as_account(&self, account: &str, arguments: &[&str]) -> Command {
        let mut command = self.program_as_account(account, binary());
        command.args(arguments);
        command
    }

    /// Another program of an account, in the same surroundings.
    pub(crate) fn program_as_account(&self, account: &str, program: impl AsRef<OsStr>) -> Command {
        let home = self.path(&format!("home-{account}"));
        if !home.exists() {
            // Another thread may make it as well.
            fs::create_dir_all(&home).expect("a home");
            let (uid, gid) = ids(account);
            chown(&home, Some(uid), Some(gid)).expect("given");
        }
        let mut command = Command::new("setpriv");
        let group = if account == OWNER { format!("--groups={GROUP}") } else { String::new() };
        command.arg(format!("--reuid={account}"));
        if account == OWNER {
            command.args(["--regid", OWNER, &group]);
        } else {
            command.args(["--regid", GROUP, "--clear-groups"]);
        }
        command
            .arg(program)
            .env_clear()
            .env("HOME", &home)
            .env("TZ", "UTC")
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("COUNTERSIGN_CONFIG", self.path("counter.toml"))
            .current_dir(&home)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command at a counter.
    pub(crate) fn counter(&self, account: &str, arguments: &[&str]) -> Ran {
        Ran::of(&self.as_account(account, arguments).output().expect("it runs"))
    }

    /// Runs a command at a counter, with text on its input.
    pub(crate) fn told(&self, account: &str, arguments: &[&str], input: &str) -> Ran {
        let mut command = self.as_account(account, arguments);
        let mut child = command.stdin(Stdio::piped()).spawn().expect("it starts");
        let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
        Ran::of(&child.wait_with_output().expect("it ends"))
    }

    /// A command of the service's account, with the service's configuration.
    fn owner_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.as_account(OWNER, arguments);
        self.configure_owner(&mut command);
        command
    }

    fn configure_owner(&self, command: &mut Command) {
        command
            .env("COUNTERSIGN_CONFIG", self.path("own").join("service.toml"))
            .current_dir(self.path("own"));
    }

    #[track_caller]
    pub(crate) fn owner(&self, arguments: &[&str]) -> Ran {
        let ran = Ran::of(&self.owner_command(arguments).output().expect("it runs"));
        assert_eq!(ran.code, 0, "{arguments:?}: {}{}", ran.out, ran.err);
        ran
    }

    /// Starts the service, and waits until it listens.
    pub(crate) fn run(&mut self) {
        self.run_with(|_| {});
    }

    /// The same, with other surroundings.
    pub(crate) fn run_with(&mut self, change: impl FnOnce(&mut Command)) {
        let mut command = self.owner_command(&["serve"]);
        change(&mut command);
        self.started(command);
    }

    /// The same through another program of the service's account, which is given the path of
    /// the binary.
    pub(crate) fn run_as_program(
        &mut self,
        program: &str,
        change: impl FnOnce(&mut Command, &Path),
    ) {
        let mut command = self.program_as_account(OWNER, program);
        self.configure_owner(&mut command);
        change(&mut command, binary());
        self.started(command);
    }

    fn started(&mut self, mut command: Command) {
        self.child = Some(command.spawn().expect("it starts"));
        let since = Instant::now();
        while !self.greets() {
            let ended = self.child.as_mut().expect("a service").try_wait().expect("looked");
            assert!(ended.is_none(), "the service ended: {}", self.last_words());
            assert!(since.elapsed() < TEST_TIMEOUT, "the service does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Tells the service to end, and waits until it has.
    pub(crate) fn end(&mut self) {
        let mut child = self.child.take().expect("a service");
        let pid = Pid::from_raw(i32::try_from(child.id()).expect("a process"));
        kill_process(pid.expect("a process"), Signal::TERM).expect("told");
        child.wait().expect("ended");
    }

    /// The process of the service (setpriv becomes it).
    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().expect("a service").id()
    }

    fn greets(&self) -> bool {
        let Ok(stream) = UnixStream::connect(self.socket()) else { return false };
        stream.set_read_timeout(Some(TEST_TIMEOUT)).expect("set");
        Raw(stream).hello().is_some()
    }

    fn last_words(&mut self) -> String {
        let mut words = String::new();
        if let Some(stderr) = self.child.as_mut().and_then(|it| it.stderr.as_mut()) {
            let _ = stderr.read_to_string(&mut words);
        }
        words
    }

    /// Kills the service.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("killed");
            child.wait().expect("ended");
        }
    }

    /// The code in the newest message of the tray, read by root.
    pub(crate) fn newest_code(&self) -> String {
        let tray = fs::read_to_string(self.path("own").join("tray.jsonl")).expect("a tray");
        let message: Value =
            serde_json::from_str(tray.lines().last().expect("a message")).expect("an object");
        let text = message["text"].as_str().expect("a text");
        let mut words = text.split(|char: char| !char.is_ascii_digit());
        words.find(|word| word.len() == 6).expect("a code").to_owned()
    }

    /// How many messages are in the tray.
    pub(crate) fn messages(&self) -> usize {
        let tray = fs::read_to_string(self.path("own").join("tray.jsonl")).unwrap_or_default();
        tray.lines().count()
    }

    /// A connection of this process, which is root's, before the handshake.
    pub(crate) fn raw(&self) -> Raw {
        let stream = UnixStream::connect(self.socket()).expect("connected");
        stream.set_read_timeout(Some(TEST_TIMEOUT)).expect("set");
        Raw(stream)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A connection that speaks frames.
pub(crate) struct Raw(pub(crate) UnixStream);

impl Raw {
    pub(crate) fn send(&mut self, frame: &Value) {
        self.try_send(frame).expect("written");
    }

    fn try_send(&mut self, frame: &Value) -> std::io::Result<()> {
        let text = frame.to_string();
        let length = u32::try_from(text.len()).expect("short").to_be_bytes();
        self.0.write_all(&[&length, text.as_bytes()].concat())
    }

    /// The next frame; none where the connection is closed.
    pub(crate) fn receive(&mut self) -> Option<Value> {
        let mut length = [0; 4];
        self.0.read_exact(&mut length).ok()?;
        let mut text = vec![0; u32::from_be_bytes(length) as usize];
        self.0.read_exact(&mut text).ok()?;
        Some(serde_json::from_slice(&text).expect("JSON"))
    }

    pub(crate) fn hello(&mut self) -> Option<Value> {
        self.send(&json!({ "protocol": PROTOCOL, "version": "a test" }));
        self.receive()
    }

    /// Makes a call, and waits for its answer; none where the connection is closed.
    pub(crate) fn call(&mut self, id: u64, call: &Value) -> Option<Value> {
        self.try_send(&json!({ "id": id, "call": call })).ok()?;
        loop {
            let frame = self.receive()?;
            if frame["Answer"]["id"] == id {
                return Some(frame["Answer"]["answer"].clone());
            }
        }
    }
}

/// Makes an account the owner of a file.
pub(crate) fn give_to(path: &Path, account: &str) {
    let (uid, gid) = ids(account);
    chown(path, Some(uid), Some(gid)).expect("given");
}

fn ids(account: &str) -> (u32, u32) {
    let passwd = fs::read_to_string("/etc/passwd").expect("accounts");
    let line = passwd.lines().find(|line| line.split(':').next() == Some(account));
    let fields: Vec<_> = line.expect("an account").split(':').collect();
    (fields[2].parse().expect("a number"), fields[3].parse().expect("a number"))
}
