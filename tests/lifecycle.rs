//! Signals, and memory that stays private.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::process::{Command, Stdio};
use std::time::Duration;

use countersign::lifecycle::{Finish, Lifecycle, Signal, Signals, keep_memory_private, stop_here};
use rustix::process::{
    Pid, Resource, Signal as Raw, WaitOptions, getpid, getrlimit, kill_process, waitpid,
};

/// Long enough for a test never to wait for it.
const AGES: Duration = Duration::from_mins(10);

fn send(signal: Raw) {
    kill_process(getpid(), signal).expect("sent");
}

/// One test for all that is sent to this process: each test hears every signal.
#[tokio::test]
async fn signals_are_heard_and_a_second_one_forces_the_end() {
    let mut signals = Signals::new().expect("listening");
    for (raw, heard) in [
        (Raw::INT, Signal::Interrupt),
        (Raw::TERM, Signal::Terminate),
        (Raw::HUP, Signal::HangUp),
        (Raw::QUIT, Signal::Quit),
        (Raw::TSTP, Signal::Stop),
        (Raw::CONT, Signal::Continue),
    ] {
        send(raw);
        assert_eq!(signals.next().await, heard);
        assert_eq!(heard.ends(), !matches!(raw, Raw::TSTP | Raw::CONT));
        assert_eq!(i32::from(heard.exit_code()), 128 + raw.as_raw());
    }

    let lifecycle = Lifecycle::new();
    let stuck = lifecycle.spawn(std::future::pending::<()>());
    send(Raw::CONT);
    send(Raw::TERM);
    assert_eq!(lifecycle.finish(&mut signals, AGES).await, Finish::LeftBehind(1));
    stuck.abort();
}

/// Set in the process that this test starts of itself.
const STOPS: &str = "COUNTERSIGN_TEST_STOPS";

#[test]
fn a_process_stops_where_it_is_and_goes_on_when_continued() {
    if std::env::var_os(STOPS).is_some() {
        stop_here().expect("stopped and continued");
        return;
    }
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "a_process_stops_where_it_is_and_goes_on_when_continued"])
        .env(STOPS, "1")
        .stdout(Stdio::null())
        .spawn()
        .expect("started");
    let id = Pid::from_child(&child);
    let (_, status) = waitpid(Some(id), WaitOptions::UNTRACED).expect("waited").expect("a change");
    assert!(status.stopped(), "{status:?}");
    kill_process(id, Raw::CONT).expect("continued");
    assert!(child.wait().expect("waited").success());
}

#[test]
fn security_41_secrets_are_in_no_core_dump() {
    keep_memory_private().expect("the system allows it");
    let limit = getrlimit(Resource::Core);
    assert_eq!((limit.current, limit.maximum), (Some(0), Some(0)));
    #[cfg(target_os = "linux")]
    assert_eq!(
        rustix::process::dumpable_behavior().expect("read"),
        rustix::process::DumpableBehavior::NotDumpable
    );
}
