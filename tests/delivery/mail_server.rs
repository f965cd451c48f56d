//! A real mail server (aiosmtpd) with certificates of its own.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdin, Command, Stdio};

use countersign::config::settings::{Login, LoginSecret, SmtpSettings, SmtpTls};
use serde_json::Value;
use tempfile::TempDir;

use crate::certificates::certify;

pub(crate) const USER: &str = "desk@example.org";
pub(crate) const PASSWORD: &str = "canary-Passw0rd-9f3b";

/// What proves an account to it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// It asks for no login.
    Nothing,
    Password,
    /// See [`Server::takes`].
    Token,
}

/// What kind of server to start.
pub(crate) struct Kind {
    pub(crate) tls: SmtpTls,
    pub(crate) login: By,
    pub(crate) smtputf8: bool,
    /// The name in its certificate.
    pub(crate) name: &'static str,
    pub(crate) expired: bool,
}

impl Kind {
    pub(crate) fn new(tls: SmtpTls) -> Self {
        let login = if tls == SmtpTls::None { By::Nothing } else { By::Password };
        Self { tls, login, smtputf8: true, name: "localhost", expired: false }
    }
}

/// A running server; it ends with the test.
pub(crate) struct Server {
    pub(crate) port: u16,
    tls: SmtpTls,
    login: By,
    /// Holds its certificates, `ca.pem` first among them, and its log.
    pub(crate) folder: TempDir,
    child: Child,
    stdin: Option<ChildStdin>,
}

impl Server {
    pub(crate) fn start(kind: &Kind) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        certify(folder.path(), &[kind.name], kind.expired);
        let mut command = Command::new("/usr/bin/python3");
        command
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/delivery/mail_server.py"))
            .args(["--tls", word(kind.tls)])
            .arg("--certificate")
            .arg(folder.path().join("server.pem"))
            .arg("--key")
            .arg(folder.path().join("server.key"))
            .arg("--log")
            .arg(folder.path().join("log"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if kind.login != By::Nothing {
            command.args(["--user", USER, "--password", PASSWORD]);
        }
        if kind.login == By::Token {
            fs::write(folder.path().join("tokens"), "").expect("a file");
            command.arg("--tokens").arg(folder.path().join("tokens"));
        }
        if kind.smtputf8 {
            command.arg("--smtputf8");
        }
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{MISSING} ({error})"));
        let stdin = child.stdin.take();
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let port = serde_json::from_str::<Value>(&line).ok().and_then(|said| said["port"].as_u64());
        let Some(port) = port.and_then(|port| u16::try_from(port).ok()) else {
            let mut said = String::new();
            let _ = child.stderr.take().expect("a pipe").read_to_string(&mut said);
            panic!("{MISSING} ({})", said.trim());
        };
        Self { port, tls: kind.tls, login: kind.login, folder, child, stdin }
    }

    /// Settings that reach this server.
    pub(crate) fn settings(&self) -> SmtpSettings {
        SmtpSettings {
            provider: "smtp",
            host: "localhost".into(),
            port: self.port,
            tls: self.tls,
            login: (self.login == By::Password).then(|| Login {
                username: USER.into(),
                proof: LoginSecret::Password(PASSWORD.to_owned().into()),
            }),
            from: "Riverside Billing <desk@example.org>".into(),
            ca_file: Some(self.folder.path().join("ca.pem")),
            ehlo_name: None,
        }
    }

    /// From now on these tokens are good, and no others.
    pub(crate) fn takes(&self, tokens: &[&str]) {
        fs::write(self.folder.path().join("tokens"), tokens.join("\n")).expect("a file");
    }

    /// What the server saw: connections, logins and messages, in order.
    pub(crate) fn log(&self, event: &str) -> Vec<Value> {
        fs::read_to_string(self.folder.path().join("log"))
            .unwrap_or_default()
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"))
            .filter(|line| line["event"] == event)
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const MISSING: &str = "the tests of email need a real SMTP server: install the Debian packages \
                       python3 and python3-aiosmtpd";

const fn word(tls: SmtpTls) -> &'static str {
    match tls {
        SmtpTls::Implicit => "implicit",
        SmtpTls::StartTls => "starttls",
        SmtpTls::None => "none",
    }
}
