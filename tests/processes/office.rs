//! An office: a configuration in a folder, a store on one of the databases, and
//! the binary run in it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tempfile::TempDir;

use crate::servers::{Database, Server};

/// What can be behind a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
    MariaDb,
}

pub(crate) struct Office {
    pub(crate) kind: Kind,
    pub(crate) database: Option<Database>,
    folder: TempDir,
    /// One crowd at a time: fifty counters are to fit the hundred connections
    /// that PostgreSQL allows, a hundred are not.
    _alone: MutexGuard<'static, ()>,
}

/// A message as whoever it was sent to has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Message {
    pub(crate) reference: String,
    pub(crate) code: String,
    pub(crate) to: String,
}

impl Office {
    /// An office with so many customers, and more lines among its limits.
    pub(crate) fn open(kind: Kind, customers: usize, more: &str) -> Self {
        let server = match kind {
            Kind::Sqlite => None,
            Kind::Postgres => Some(Server::postgres()),
            Kind::MariaDb => Some(Server::mariadb()),
        };
        Self::at(kind, server, customers, more)
    }

    /// The same at a server of the caller's own.
    pub(crate) fn at(kind: Kind, server: Option<&Server>, customers: usize, more: &str) -> Self {
        static ALONE: Mutex<()> = Mutex::new(());
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let database = server.map(|it| it.database("crowd"));
        let folder = tempfile::tempdir().expect("a folder");
        let office = Self { kind, database, folder, _alone: alone };
        office.configure(more);
        if office.database.is_some() {
            office.run(&["migrate"]);
        }
        let lines =
            (0..customers).map(|it| format!("{},{},{},,\n", account(it), name(it), email(it)));
        let list = format!("account_no,name,email,phone,address\n{}", lines.collect::<String>());
        fs::write(office.path("customers.csv"), list).expect("written");
        office.run(&["customers", "import", "customers.csv"]);
        office
    }

    /// Nothing stands between the processes but what a test adds.
    fn configure(&self, more: &str) {
        let url = self.database.as_ref().map_or("sqlite:desk.db", |it| it.url.as_str());
        let numbered: Vec<_> = (0..10).map(|it| format!("\"purpose {it}\"")).collect();
        let numbered = numbered.join(", ");
        let text = format!(
            "[office]\nname = \"Riverside Billing\"\ncounter = \"3\"\n[store]\nurl = \"{url}\"\n\
             [keys]\nfile = \"desk.keys\"\n[tray]\nfile = \"tray.jsonl\"\n\
             [log]\nfile = \"desk.log\"\n[otp]\nresend_cooldown_seconds = 0\n\
             purposes = [\"account access\", \"pay a bill\", \"after the killing\", {numbered}]\n\
             [limits]\nper_contact = 100000\nper_clerk = 100000\nper_counter = 100000\n\
             in_all = 100000\n{more}\n"
        );
        let path = self.path("config.toml");
        fs::write(&path, text).expect("written");
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("closed");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command in this office, its program still to be named.
    pub(crate) fn within(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", self.folder.path())
            .env("TZ", "UTC")
            .env("COUNTERSIGN_CONFIG", self.path("config.toml"))
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command that has to end well; gives what it printed.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let mut command = self.within(env!("CARGO_BIN_EXE_countersign"));
        let ran = command.args(arguments).stdin(Stdio::null()).output().expect("it runs");
        let (out, err) = (text(ran.stdout), text(ran.stderr));
        assert!(ran.status.success(), "{:?}: {arguments:?}: {out}{err}", self.kind);
        out
    }

    /// A code asked for: the request and the code in the message.
    pub(crate) fn request(&self, customer: usize, purpose: &str) -> (String, String) {
        let customer = account(customer);
        let arguments = ["request", &customer, "--channel", "email", "--purpose", purpose];
        let out = self.run(&[arguments.as_slice(), &["--json"]].concat());
        let reply: Value = serde_json::from_str(&out).expect("JSON");
        let reference = reply["reference"].as_str().expect("a reference");
        let request = reply["request"].as_str().expect("a request").to_owned();
        let messages = self.messages();
        let message = messages.iter().rev().find(|it| it.reference == reference);
        (request, message.expect("the message").code.clone())
    }

    /// All that was sent, at the receiving end.
    pub(crate) fn messages(&self) -> Vec<Message> {
        self.messages_in("tray.jsonl")
    }

    pub(crate) fn messages_in(&self, tray: &str) -> Vec<Message> {
        let tray = fs::read_to_string(self.path(tray)).unwrap_or_default();
        // Whoever was killed while writing left a torn line.
        let lines = tray.lines().filter_map(|it| serde_json::from_str::<Value>(it).ok());
        lines.map(|line| message(&line)).collect()
    }
}

fn message(line: &Value) -> Message {
    let word = |key: &str| line[key].as_str().expect("a text").to_owned();
    let text = word("text");
    let mut words = text.split(|char: char| !char.is_ascii_digit());
    let code = words.find(|word| word.len() == 6).expect("a code").to_owned();
    Message { reference: word("reference"), code, to: word("to") }
}

/// A customer's account number.
pub(crate) fn account(number: usize) -> String {
    format!("WB-{number:04}")
}

pub(crate) fn name(number: usize) -> String {
    format!("Rivera {number:04}")
}

pub(crate) fn email(number: usize) -> String {
    format!("dana{number}@example.org")
}

/// A code that is not this one.
pub(crate) fn other_than(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

pub(crate) fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("text")
}
