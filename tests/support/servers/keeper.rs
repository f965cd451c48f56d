//! A server process and its folder, which are cleaned up with the process that started them: a
//! shell supervises the server and kills it when its standard input is closed, however the test
//! ended, by SIGKILL too.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{env, iter, process, thread};

use rustix::fs::statvfs;
use rustix::process::{Pid, Signal, geteuid, kill_process};

/// The supervising script. `$0` is the folder, `$1` the signal that ends the server; commands are
/// read line by line. Processes that were stopped (SIGSTOP) are continued first.
const SCRIPT: &str = r#"
folder=$0 end=$1 server=
trap : HUP INT TERM PIPE
exec 2>>"$folder/log"
while read -r word command; do
    case $word in
    start)
        eval "exec $command" </dev/null >>"$folder/log" &
        server=$!
        echo "$server"
        ;;
    wait)
        wait "$server"
        echo "$?"
        server=
        ;;
    esac
done
if [ -n "$server" ]; then
    kill -CONT "$server" $(cat "/proc/$server/task/$server/children")
    kill "-$end" "$server"
    wait "$server"
fi
# What was installing may still write for a moment.
for _ in 1 2 3 4 5; do
    rm -rf "$folder" && break
    sleep 1
done
"#;

/// The account that the server runs as.
#[derive(Clone, Copy)]
pub(super) struct Owner {
    uid: u32,
    gid: u32,
}

impl Owner {
    /// The account for a server that refuses to run as root: `postgres` or `nobody`, if this
    /// process runs as root.
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

    /// Changes the owner of a file or folder.
    pub(super) fn take(self, path: &Path) {
        std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid)).expect("a new owner");
    }
}

/// Creates a private folder: on disk if durable, else in memory if there is room, since even
/// without `fsync` the many files of a new database take ten times as long on disk.
fn make_folder(durable: bool, owner: Option<Owner>) -> PathBuf {
    const ROOM: u64 = 2 << 30;
    const MEMORY: &str = "/dev/shm";
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let room = statvfs(MEMORY).is_ok_and(|it| it.f_bavail.saturating_mul(it.f_frsize) > ROOM);
    let place = if room && !durable { MEMORY.into() } else { env::temp_dir() };
    let folder = place.join(format!("countersign-{}-{count}", process::id()));
    fs::DirBuilder::new().mode(0o700).create(&folder).expect("a folder");
    if let Some(owner) = owner {
        owner.take(&folder);
    }
    folder
}

/// Quotes a command for the shell.
fn line(command: &Command) -> String {
    iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| format!("'{}'", word.to_str().expect("UTF-8").replace('\'', r"'\''")))
        .collect::<Vec<_>>()
        .join(" ")
}

/// The supervising shell.
pub(super) struct Keeper {
    shell: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    folder: PathBuf,
    server: Option<Pid>,
}

impl Keeper {
    /// Creates a folder and its shell. `end` is the signal that ends the server.
    pub(super) fn new(durable: bool, end: &str, owner: Option<Owner>) -> Self {
        let folder = make_folder(durable, owner);
        let mut shell = Command::new("/bin/sh");
        shell.arg("-c").arg(SCRIPT).arg(&folder).arg(end);
        if let Some(owner) = owner {
            shell.uid(owner.uid).gid(owner.gid);
        }
        let mut shell = shell
            // The current folder may be inaccessible to the owner.
            .current_dir("/")
            // A separate process group, so that Ctrl-C reaches the test only, whose end closes the
            // input.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let input = shell.stdin.take();
        let output = BufReader::new(shell.stdout.take().expect("a pipe"));
        Self { shell, input, output, folder, server: None }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Sends a command to the shell and reads the answer.
    fn ask(&mut self, word: &str) -> String {
        writeln!(self.input.as_mut().expect("a pipe"), "{word}").expect("a shell that listens");
        let mut answer = String::new();
        self.output.read_line(&mut answer).expect("an answer");
        answer.trim().to_owned()
    }

    fn begin(&mut self, command: &Command) -> Pid {
        assert!(self.server.is_none(), "this server runs already");
        let answer = self.ask(&format!("start {}", line(command)));
        let pid = answer.parse().ok().and_then(Pid::from_raw).expect("a process");
        self.server = Some(pid);
        pid
    }

    /// Runs a command that prepares the folder.
    pub(super) fn run(&mut self, command: &Command) {
        self.begin(command);
        let status = self.wait();
        assert_eq!(status, "0", "{command:?} failed: {}", self.log());
    }

    /// Starts the server and polls `ready` until it returns true.
    pub(super) fn start(&mut self, command: &Command, ready: impl Fn() -> bool) {
        let pid = self.begin(command);
        let begun = Instant::now();
        while !ready() {
            assert!(!ended(pid), "the server ended when it was started: {}", self.log());
            let patient = begun.elapsed() < Duration::from_mins(1);
            assert!(patient, "the server does not answer: {}", self.log());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for the server to end; returns its exit status.
    pub(super) fn wait(&mut self) -> String {
        let status = self.ask("wait");
        self.server = None;
        status
    }

    /// The end of the log.
    fn log(&self) -> String {
        let log = fs::read(self.folder.join("log")).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// Sends a signal to the server's main process.
    pub(super) fn signal(&self, signal: Signal) {
        let server = self.server.expect("a server that runs");
        kill_process(server, signal).expect("sent");
    }

    /// Stops the server's main process (SIGSTOP), so that it forks no more, and returns it with its
    /// children.
    fn all(&self) -> Vec<Pid> {
        self.signal(Signal::STOP);
        let server = self.server.expect("a server that runs");
        // A fork in progress still adds a child.
        while !stopped(server) {
            thread::sleep(Duration::from_millis(1));
        }
        let children = format!("/proc/{server}/task/{server}/children");
        let children = fs::read_to_string(children).expect("the list of its processes");
        let children = children.split_whitespace().filter_map(|it| Pid::from_raw(it.parse().ok()?));
        iter::once(server).chain(children).collect()
    }

    /// Stops all the server's processes, including all of their threads.
    pub(super) fn pause(&self) {
        let all = self.all();
        send(&all, Signal::STOP);
        while !all.iter().all(|&process| stopped(process)) {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Continues them.
    pub(super) fn resume(&self) {
        send(&self.all(), Signal::CONT);
    }

    /// Kills all the server's processes at once. None is left for the next start to find.
    pub(super) fn kill(&mut self) {
        let all = self.all();
        send(&all, Signal::KILL);
        self.wait();
        while !all.iter().all(|&process| ended(process)) {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// The server's main process.
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

fn send(processes: &[Pid], signal: Signal) {
    for &process in processes {
        // It may have ended meanwhile.
        let _ = kill_process(process, signal);
    }
}

/// Whether a process has ended, even if it has not been reaped.
fn ended(pid: Pid) -> bool {
    let state = state(&PathBuf::from(format!("/proc/{}", pid.as_raw_pid())));
    state.is_none_or(|state| state == 'Z')
}

/// Whether all threads of a process are stopped.
fn stopped(pid: Pid) -> bool {
    let threads = fs::read_dir(format!("/proc/{}/task", pid.as_raw_pid()));
    let threads = threads.into_iter().flatten().flatten();
    threads.filter_map(|thread| state(&thread.path())).all(|state| matches!(state, 'T' | 'X' | 'Z'))
}

/// The state of a process or thread (proc(5), `stat`).
fn state(folder: &Path) -> Option<char> {
    let stat = fs::read_to_string(folder.join("stat")).ok()?;
    stat.rsplit(") ").next()?.chars().next()
}
