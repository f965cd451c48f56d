//! A folder with a configuration of its own, and the binary run in it.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const CUSTOMERS: &str = "\
account_no,name,email,phone,address
WB-004217,Dana Rivera,dana@example.org,+14155550142,1 Main St
WB-004218,Bo Lindqvist,bo@example.org,,2 Main St
WB-004219,Eli One,shared@example.org,+14155550199,
WB-004220,Eli Two,shared@example.org,,
";

/// An office to try commands in.
pub(crate) struct Desk {
    pub(crate) folder: TempDir,
    variables: Vec<(String, String)>,
}

/// What a command did.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().expect("it ended by itself"),
            out: String::from_utf8(output.stdout).expect("text on the output"),
            err: String::from_utf8(output.stderr).expect("text on the error stream"),
        }
    }

    /// Each line of the output as JSON.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    }

    /// The one object of the output.
    pub(crate) fn json(&self) -> Value {
        let mut lines = self.lines();
        assert_eq!(lines.len(), 1, "one object: {}{}", self.out, self.err);
        lines.remove(0)
    }

    /// Asserts the exit code and the JSON's outcome.
    pub(crate) fn ended(self, code: i32, outcome: &str) -> Value {
        let json = self.json();
        assert_eq!((self.code, json["outcome"].as_str()), (code, Some(outcome)), "{json}");
        assert!(json["message"].as_str().is_some_and(|it| !it.is_empty()), "{json}");
        json
    }
}

impl Desk {
    /// An office without customers.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let desk = Self { folder, variables: Vec::new() };
        desk.configure("");
        desk
    }

    /// An office with the customers of [`CUSTOMERS`].
    pub(crate) fn open() -> Self {
        let desk = Self::empty();
        desk.import();
        desk
    }

    pub(crate) fn import(&self) {
        fs::write(self.path("customers.csv"), CUSTOMERS).expect("written");
        let ran = self.run(&["customers", "import", "customers.csv"]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the configuration with more at its end.
    pub(crate) fn configure(&self, more: &str) {
        let text = format!(
            "[office]\nname = \"Riverside Billing\"\ncounter = \"3\"\n\
             [store]\nurl = \"sqlite:desk.db\"\n[keys]\nfile = \"desk.keys\"\n\
             [tray]\nfile = \"tray.jsonl\"\n[log]\nfile = \"desk.log\"\nlevel = \"trace\"\n{more}\n"
        );
        fs::write(self.path("config.toml"), text).expect("written");
        // It may hold secrets, and the program insists on a closed file then.
        let closed = fs::Permissions::from_mode(0o600);
        fs::set_permissions(self.path("config.toml"), closed).expect("closed");
    }

    /// Sets a key of the configuration for all that follows.
    pub(crate) fn set(&mut self, key: &str, value: &str) -> &mut Self {
        let name = format!("COUNTERSIGN__{}", key.replace('.', "__").to_uppercase());
        self.variables.push((name, value.to_owned()));
        self
    }

    /// Sets an environment variable for all that follows.
    pub(crate) fn variable(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command
            .env_clear()
            .env("HOME", self.folder.path())
            .env("TZ", "UTC")
            .env("COUNTERSIGN_CONFIG", self.path("config.toml"))
            .envs(self.variables.iter().cloned())
            .current_dir(self.folder.path())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().expect("it runs"))
    }

    /// Runs with text on standard input.
    pub(crate) fn told(&self, arguments: &[&str], input: &str) -> Ran {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().expect("it starts");
        // A command that ends before it reads is judged by how it ended.
        let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
        Ran::of(child.wait_with_output().expect("it ends"))
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().expect("it starts")
    }

    /// Asks for a code; gives the answer and the code in its message.
    pub(crate) fn request(&self, customer: &str, channel: &str) -> (Value, String) {
        let ran = self.run(&["request", customer, "--channel", channel, "--json"]);
        assert_eq!(ran.err, "");
        let json = ran.ended(0, "sent");
        let code = self.code(json["reference"].as_str().expect("a reference"));
        (json, code)
    }

    /// The code in the tray's message of a reference.
    pub(crate) fn code(&self, reference: &str) -> String {
        let messages = self.run(&["tray", "--json"]).lines();
        let message = messages.iter().rev().find(|it| it["reference"] == reference);
        let text = message.expect("the message")["text"].as_str().expect("a text");
        text.split(|char: char| !char.is_ascii_digit())
            .find(|word| word.len() == 6)
            .expect("a code")
            .to_owned()
    }

    pub(crate) fn verify(&self, request: &Value, code: &str) -> Ran {
        let id = request["request"].as_str().expect("a request");
        self.told(&["verify", id, "--json"], &format!("{code}\n"))
    }

    /// Text to begin a test with that types wrong codes.
    pub(crate) fn wrong(code: &str) -> String {
        let number: u32 = code.parse().expect("digits");
        format!("{:06}", (number + 1) % 1_000_000)
    }
}
