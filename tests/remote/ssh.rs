//! Counters over SSH, as docs/desk-service.md sets them up: its lines for `sshd_config` are
//! taken from the page and run by a real sshd.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use portable_pty::CommandBuilder;
use tempfile::TempDir;

use crate::service::{BOSS, CLERK, Service, binary, is_root};
use crate::terminal::{PtySession, isolate};

/// An sshd that its client starts for each connection, with accounts of this host.
struct Sshd {
    folder: TempDir,
    service: Service,
}

impl Sshd {
    fn start() -> Self {
        let sshd =
            Self { folder: tempfile::tempdir().expect("a folder"), service: Service::start() };
        fs::set_permissions(sshd.folder.path(), fs::Permissions::from_mode(0o755)).expect("set");
        for key in ["host", CLERK, BOSS] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(sshd.path(key))
                .status();
            assert!(made.expect("ssh-keygen").success());
        }
        // The accounts have no shell on this host: in a mount namespace of the daemon's they do.
        let shell = |line: &str| match line.strip_suffix("/usr/sbin/nologin") {
            Some(before) if line.starts_with(CLERK) || line.starts_with(BOSS) => {
                format!("{before}/bin/sh\n")
            }
            _ => format!("{line}\n"),
        };
        let accounts = fs::read_to_string("/etc/passwd").expect("the accounts");
        fs::write(sshd.path("passwd"), accounts.lines().map(shell).collect::<String>())
            .expect("written");
        let member = |line: &str| {
            let more = if line.starts_with("nogroup:") {
                format!("{CLERK},{BOSS}")
            } else {
                String::new()
            };
            format!("{line}{more}\n")
        };
        let groups = fs::read_to_string("/etc/group").expect("the groups");
        fs::write(sshd.path("group"), groups.lines().map(member).collect::<String>())
            .expect("written");
        fs::write(sshd.path("sshd_config"), sshd.config()).expect("written");
        let proxy = format!(
            "#!/bin/sh\nmkdir -p /run/sshd\nexec unshare --mount sh -c '\
             mount --bind {0}/passwd /etc/passwd && mount --bind {0}/group /etc/group && \
             exec /usr/sbin/sshd -i -e -f {0}/sshd_config' 2>>{0}/sshd.log\n",
            sshd.folder.path().display()
        );
        fs::write(sshd.path("proxy"), proxy).expect("written");
        fs::set_permissions(sshd.path("proxy"), fs::Permissions::from_mode(0o755)).expect("set");
        sshd
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The lines of the page, for this host: where the program is, and the counters' group.
    fn config(&self) -> String {
        let page = include_str!("../../docs/desk-service.md");
        let (_, after) = page.split_once("```sshd_config\n").expect("the recipe");
        let (recipe, _) = after.split_once("```").expect("its end");
        let program = binary().display().to_string();
        assert!(recipe.contains("/usr/local/bin/countersign"), "{recipe}");
        let recipe = recipe
            .replace("/usr/local/bin/countersign", &program)
            .replace("Match Group clerks", "Match Group nogroup");
        format!(
            "HostKey {0}/host\nAuthorizedKeysFile {0}/%u.pub\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nPidFile none\nSubsystem sftp internal-sftp\n\
             SetEnv COUNTERSIGN_CONFIG={1}\n{recipe}",
            self.folder.path().display(),
            self.service.path("counter.toml").display()
        )
    }

    /// The arguments of a client.
    fn arguments(&self, account: &str, more: &[&str]) -> Vec<String> {
        let options = [
            "-F".to_owned(),
            "none".into(),
            "-i".into(),
            self.path(account).display().to_string(),
            "-o".into(),
            format!("ProxyCommand={}", self.path("proxy").display()),
            "-o".into(),
            "StrictHostKeyChecking=no".into(),
            "-o".into(),
            format!("UserKnownHostsFile={}", self.path("known_hosts").display()),
            "-o".into(),
            "LogLevel=ERROR".into(),
        ];
        let more = more.iter().map(|it| (*it).to_owned());
        options.into_iter().chain(more).chain([format!("{account}@desk")]).collect()
    }

    /// A terminal over SSH.
    fn terminal(&self, account: &str) -> PtySession {
        let folder = Arc::new(tempfile::tempdir().expect("a folder"));
        let mut command = CommandBuilder::new("ssh");
        command.args(self.arguments(account, &["-tt"]));
        isolate(&mut command, &folder);
        PtySession::run(command, folder)
    }

    /// What is answered to the first message of a file transfer (`SSH_FXP_INIT`, version 3).
    fn file_transfer(&self, account: &str) -> Vec<u8> {
        let mut client = Command::new("ssh")
            .args(self.arguments(account, &["-s"]))
            .arg("sftp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("ssh");
        let mut input = client.stdin.take().expect("a pipe");
        // Nobody may be there to read it.
        let _ = input.write_all(&[0, 0, 0, 5, 1, 0, 0, 0, 3]);
        drop(input);
        client.wait_with_output().expect("it ends").stdout
    }

    /// What a command over SSH answers, without a terminal.
    fn run(&self, account: &str, more: &[&str], command: &[&str]) -> String {
        let output = Command::new("ssh")
            .args(self.arguments(account, more))
            .args(command)
            .stdin(Stdio::null())
            .output()
            .expect("ssh");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    }
}

#[test]
fn two_people_work_over_ssh_and_get_nothing_but_countersign() {
    if !is_root() {
        return;
    }
    let sshd = Sshd::start();
    let mut clerk = sshd.terminal(CLERK);
    clerk.wait_for_text("Riverside Billing");
    clerk.press("river").wait_for_text("Dana Rivera");
    clerk.act("\r").wait_for_text("Purpose");
    clerk.act("\r").wait_for_text("Time left");
    clerk.wait_for("message", |_| (sshd.service.messages() > 0).then_some(()));
    let code = sshd.service.newest_code();
    clerk.act(&code).wait_for_text("VERIFIED");

    let mut boss = sshd.terminal(BOSS);
    boss.wait_for_text("Riverside Billing");
    boss.press("\x1bOQ").wait_for_text("Code verified");
    boss.press("\x1b[B").wait_for_text(&format!("{CLERK}, counter front desk"));
    clerk.act("\x18").wait_for_text("is logged out");
    boss.wait_for_text("Session ended");

    // Whatever is asked for, it is countersign that answers.
    for command in [&["id"][..], &["sh", "-c", "id"], &["cat", "/etc/passwd"]] {
        let said = sshd.run(CLERK, &[], command);
        assert!(!said.contains("uid=") && !said.contains("root:x:"), "{command:?}: {said}");
        assert!(said.contains("countersign"), "{command:?}: {said}");
    }
    let forwarded =
        sshd.run(CLERK, &["-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:9"], &[]);
    assert!(forwarded.contains("forwarding failed"), "{forwarded}");
    assert_eq!(sshd.file_transfer(CLERK), [0_u8; 0], "nobody answers in SFTP");

    // A connection that is cut leaves no program behind.
    clerk.hang_up();
    boss.leave();
    boss.end();
    let program = binary().display().to_string();
    let is_running = || {
        let found = Command::new("pgrep").args(["-u", CLERK, "-f", &program]).output();
        !found.expect("pgrep").stdout.is_empty()
    };
    let until = std::time::Instant::now() + crate::terminal::TEST_TIMEOUT;
    while is_running() {
        assert!(std::time::Instant::now() < until, "the interface outlived its connection");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
