//! What a terminal that nobody touches costs.

use std::fs;
use std::thread;
use std::time::Duration;

use super::terminal::PtySession;

/// Bytes written, and hundredths of a second computed, in a while.
fn cost(session: &PtySession, span: Duration) -> (usize, u64) {
    let before = (session.seen().bytes.len(), computed(session));
    thread::sleep(span);
    (session.seen().bytes.len() - before.0, computed(session) - before.1)
}

fn computed(session: &PtySession) -> u64 {
    let path = format!("/proc/{}/stat", session.pid().as_raw_nonzero());
    let line = fs::read_to_string(path).expect("its state");
    let (_, fields) = line.rsplit_once(") ").expect("a name");
    // The 14th and 15th fields of proc(5): time in user and in kernel mode.
    let times = fields.split(' ').skip(11).take(2);
    times.map(|it| it.parse::<u64>().expect("a number")).sum()
}

#[test]
fn nothing_is_written_without_a_countdown() {
    let mut session = PtySession::demo();
    session.press("river").wait_for_text("Dana Rivera");
    // The first frames may still be on their way.
    cost(&session, Duration::from_millis(500));
    let span = Duration::from_secs(4);
    let (mut bytes, mut ticks) = cost(&session, span);
    if bytes > 0 {
        // The clock on the top line moves once a minute; the next time it cannot.
        (bytes, ticks) = cost(&session, span);
    }
    assert_eq!(bytes, 0);
    assert!(ticks <= 8, "{ticks} hundredths of a second in 4 seconds");
}

#[test]
fn a_countdown_writes_at_most_100_bytes_a_second() {
    let mut session = PtySession::demo();
    session.press("river").wait_for_text("Dana Rivera");
    session.act("\r").wait_for_text("Purpose");
    session.act("\r").wait_for_text("Time left");
    session.wait_for_text("in the tray");
    cost(&session, Duration::from_millis(500));
    let (bytes, ticks) = cost(&session, Duration::from_secs(5));
    println!("{bytes} bytes in 5 seconds of a countdown");
    assert!(bytes > 0, "it counts down");
    assert!(bytes <= 500, "{bytes} bytes in 5 seconds");
    assert!(ticks <= 15, "{ticks} hundredths of a second in 5 seconds");
}
