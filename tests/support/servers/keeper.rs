//! One server process and its folder, which end with the process that wanted
//! them: a shell stands between, and the end of its input is the end of both,
//! whichever way the test went, by SIGKILL too.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{env, process, thread};

use rustix::fs::statvfs;
use rustix::process::{Pid, Signal, geteuid, kill_process};

/// What the shell does. `$0` is the folder, `$1` the signal that ends the
/// server for good, the rest is the server's command line. A server that was
/// stopped (SIGSTOP) is let go on first, with the processes it started.
const SCRIPT: &str = r#"
folder=$0 end=$1 server=
shift
trap : HUP INT TERM PIPE
while read -r word; do
    case $word in
    start)
        "$@" </dev/null >>"$folder/log" 2>&1 &
        server=$!
        echo "$server"
        ;;
    wait)
        wait "$server"
        server=
        echo ended
        ;;
    esac
done
if [ -n "$server" ]; then
    kill -CONT "$server" $(cat "/proc/$server/task/$server/children") 2>/dev/null
    kill "-$end" "$server" 2>/dev/null
    wait "$server"
fi
rm -rf "$folder"
"#;

/// Who the server runs as.
#[derive(Clone, Copy)]
pub(super) struct Owner {
    uid: u32,
    gid: u32,
}

impl Owner {
    /// For a server that refuses to run as root: `postgres`, or `nobody`, when
    /// this process is root's.
    pub(super) fn unprivileged() -> Option<Self> {
        if !geteuid().is_root() {
            return None;
        }
        let users = fs::read_to_string("/etc/passwd").expect("the list of users");
        let find = |name: &str| {
            let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
            let mut numbers = line.split(':').skip(2).map_while(|it| it.parse().ok());
            Some(Self { uid: numbers.next()?, gid: numbers.next()? })
        };
        Some(find("postgres").or_else(|| find("nobody")).expect("a user who is not root"))
    }

    /// Gives a file or a folder to this owner.
    pub(super) fn take(self, path: &Path) {
        std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid)).expect("a new owner");
    }
}

/// A folder that nobody else can look into: on a disk for what is durable, else
/// in memory where there is room, since even without `fsync` the many files of
/// a new database take a disk ten times as long.
pub(super) fn folder(durable: bool, owner: Option<Owner>) -> PathBuf {
    const ROOM: u64 = 2 << 30;
    const MEMORY: &str = "/dev/shm";
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let room = statvfs(MEMORY).is_ok_and(|it| it.f_bavail.saturating_mul(it.f_frsize) > ROOM);
    let place = if room && !durable { MEMORY.into() } else { env::temp_dir() };
    let folder = place.join(format!("countersign-{}-{count}", process::id()));
    fs::create_dir(&folder).expect("a folder");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("a closed folder");
    if let Some(owner) = owner {
        owner.take(&folder);
    }
    folder
}

/// Runs a command that prepares a folder and waits for its end.
pub(super) fn prepare(command: &mut Command, folder: &Path, owner: Option<Owner>) {
    let log = File::create(folder.join("log")).expect("a file");
    if let Some(owner) = owner {
        owner.take(&folder.join("log"));
    }
    let errors = log.try_clone().expect("a file");
    let ended = as_owner(command, owner).stdin(Stdio::null()).stdout(log).stderr(errors).status();
    let fine = ended.as_ref().is_ok_and(process::ExitStatus::success);
    assert!(fine, "{command:?} failed ({ended:?}): {}", log_of(folder));
}

/// The end of a server's log.
fn log_of(folder: &Path) -> String {
    let log = fs::read(folder.join("log")).unwrap_or_default();
    let log = String::from_utf8_lossy(&log);
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

fn as_owner(command: &mut Command, owner: Option<Owner>) -> &mut Command {
    if let Some(owner) = owner {
        command.uid(owner.uid).gid(owner.gid);
    }
    // The folder this process is in may be closed to the owner.
    command.current_dir("/")
}

/// The shell beside a server.
pub(super) struct Keeper {
    shell: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    folder: PathBuf,
    server: Option<Pid>,
}

impl Keeper {
    /// Takes charge of a folder and of what `command` will run in it.
    pub(super) fn new(folder: &Path, command: &Command, end: &str, owner: Option<Owner>) -> Self {
        let mut shell = Command::new("/bin/sh");
        shell.arg("-c").arg(SCRIPT).arg(folder).arg(end);
        shell.arg(command.get_program()).args(command.get_args());
        let log = File::options().append(true).open(folder.join("log")).expect("a log");
        // A group of its own: Ctrl-C is for the test, and its end is for this.
        let mut shell = as_owner(&mut shell, owner)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("a shell");
        let input = shell.stdin.take();
        let output = BufReader::new(shell.stdout.take().expect("a pipe"));
        Self { shell, input, output, folder: folder.to_owned(), server: None }
    }

    /// Says a word to the shell and hears its answer.
    fn ask(&mut self, word: &str) -> String {
        writeln!(self.input.as_mut().expect("a pipe"), "{word}").expect("a shell that listens");
        let mut answer = String::new();
        self.output.read_line(&mut answer).expect("an answer");
        answer.trim().to_owned()
    }

    /// Starts the server; `ready` is asked until it says yes.
    ///
    /// `Err` is the end of the log of a server that ended instead.
    pub(super) fn start(&mut self, ready: impl Fn() -> bool) -> Result<(), String> {
        assert!(self.server.is_none(), "this server runs already");
        let pid = self.ask("start").parse().ok().and_then(Pid::from_raw).expect("a process");
        self.server = Some(pid);
        let begun = Instant::now();
        while !ready() {
            if ended(pid) {
                self.wait();
                return Err(log_of(&self.folder));
            }
            assert!(
                begun.elapsed() < Duration::from_mins(1),
                "the server does not answer: {}",
                log_of(&self.folder)
            );
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Waits until the server has ended.
    pub(super) fn wait(&mut self) {
        self.ask("wait");
        self.server = None;
    }

    /// Sends a signal to the server's first process.
    pub(super) fn signal(&self, signal: Signal) {
        let server = self.server.expect("a server that runs");
        kill_process(server, signal).expect("sent");
    }

    /// Sends a signal to the server's first process, then to those it started.
    pub(super) fn signal_all(&self, signal: Signal) {
        let server = self.server.expect("a server that runs").as_raw_pid();
        let children = fs::read_to_string(format!("/proc/{server}/task/{server}/children"));
        self.signal(signal);
        let children = children.expect("the list of its processes");
        for child in children.split_whitespace().filter_map(|it| Pid::from_raw(it.parse().ok()?)) {
            // One may have ended meanwhile.
            let _ = kill_process(child, signal);
        }
    }

    /// The server's first process.
    pub(super) fn server(&self) -> Option<i32> {
        self.server.map(Pid::as_raw_pid)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.shell.wait();
    }
}

/// Whether a process has ended and only waits to be asked for its end.
fn ended(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_pid())).unwrap_or_default();
    stat.rsplit(") ").next().is_none_or(|rest| rest.is_empty() || rest.starts_with('Z'))
}
