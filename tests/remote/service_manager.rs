//! The service under a service manager: readiness and watchdog (`sd_notify(3)`), and a socket
//! that the manager opened (`sd_listen_fds(3)`).

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::service::{CLERK, OWNER, Service, give_to, is_root};

const TEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Opens a socket, and becomes the program with it as descriptor 3, as a service manager
/// does.
const MANAGER: &str = "\
import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
listener.listen(64)
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
";

#[test]
fn a_service_tells_its_manager_that_it_is_ready_lives_and_ends() {
    if !is_root() {
        return;
    }
    let mut service = Service::start();
    service.kill();
    let path = service.path("sockets").join("notify");
    let manager = UnixDatagram::bind(&path).expect("a socket");
    manager.set_read_timeout(Some(TEST_TIMEOUT)).expect("set");
    give_to(&path, OWNER);
    service.run_with(|command| {
        command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "400000");
    });
    let next = || {
        let mut bytes = [0; 512];
        let length = manager.recv(&mut bytes).expect("the service tells something");
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    };
    assert!(next().contains("READY=1"));
    for _ in 0..3 {
        assert!(next().contains("WATCHDOG=1"));
    }
    let pid = Pid::from_raw(i32::try_from(service.pid()).expect("a process")).expect("a process");
    kill_process(pid, Signal::TERM).expect("told to end");
    let since = Instant::now();
    while !next().contains("STOPPING=1") {
        assert!(since.elapsed() < TEST_TIMEOUT, "it does not say that it ends");
    }
}

#[test]
fn a_service_listens_at_the_socket_of_its_manager_and_leaves_it_there() {
    if !is_root() {
        return;
    }
    let mut service = Service::start();
    service.kill();
    let socket = service.socket();
    std::fs::remove_file(&socket).expect("removed");
    service.run_as_program("/usr/bin/env", |command, binary| {
        command.args(["python3", "-c", MANAGER]).arg(&socket).arg(binary).arg("serve");
    });
    let mode = std::fs::metadata(&socket).expect("a socket").permissions().mode();
    assert_eq!(mode & 0o777, 0o666, "the service changed the manager's socket");
    let found = service.counter(CLERK, &["customers", "find", "dana", "--json"]);
    assert_eq!(found.code, 0, "{}{}", found.out, found.err);
    service.end();
    assert!(socket.exists(), "the manager's socket is gone");
}

/// The values of a key of a unit, in order.
fn values<'a>(unit: &'a str, key: &str) -> Vec<&'a str> {
    unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect()
}

#[test]
fn the_units_allow_what_the_service_does_and_take_its_end_for_no_failure() {
    let unit = include_str!("../../assets/systemd/countersign.service");
    let filters = values(unit, "SystemCallFilter");
    let at = |name: &str| filters.iter().rposition(|it| it.split(' ').any(|word| word == name));
    // It gives its socket to the group; @privileged would take that away (systemd.exec(5)).
    assert!(at("@chown") > at("~@privileged"), "{filters:?}");
    assert!(at("@memlock").is_some(), "{filters:?}");
    let others = [
        include_str!("../../assets/systemd/countersign-deliver.service"),
        include_str!("../../assets/systemd/countersign-maintain.service"),
    ];
    for unit in others.into_iter().chain([unit]) {
        assert_eq!(values(unit, "SuccessExitStatus"), ["143"], "128 + SIGTERM");
    }
}
