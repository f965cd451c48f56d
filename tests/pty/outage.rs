//! A store's server that ends or hangs, at terminals where nobody presses a key.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::many::{office, run, within};
use super::terminal::PtySession;
use crate::servers::{Kind, Options, Server};

/// A server that ended is noticed within this time, also on a busy machine.
const MAX_NOTICE_TIME: Duration = Duration::from_secs(8);

/// One that hangs: a listener looks every 5 s, and waits 3 s for an answer.
const MAX_HUNG_NOTICE_TIME: Duration = Duration::from_secs(12);

fn is_shown(sessions: &[PtySession], text: &str, within: Duration, what: &str) {
    let since = Instant::now();
    for session in sessions {
        session.wait_for_text(text);
    }
    let took = since.elapsed();
    assert!(took < within, "{what}: {text:?} after {took:?}");
}

#[test]
fn an_idle_terminal_notices_by_itself_that_its_store_went_and_came_back() {
    for kind in [Kind::Postgres, Kind::MariaDb] {
        let server = Server::new(kind, Options::default());
        let database = server.database("away");
        let folder = office(&database);
        run(&folder, &["migrate"]);
        run(&folder, &["customers", "import", "customers.csv"]);
        let mut sessions: Vec<PtySession> =
            (0..2).map(|_| PtySession::run(within(&folder, &[]), Arc::clone(&folder))).collect();
        sessions[1].press("dana").wait_for_text("WB-1");
        sessions[1].act("\r").wait_for_text("Purpose");
        for session in &sessions {
            session.wait_for_text("all ok");
        }
        server.stop();
        is_shown(&sessions, "store lost", MAX_NOTICE_TIME, &format!("{kind:?}, ended"));
        server.start();
        is_shown(&sessions, "all ok", MAX_NOTICE_TIME, &format!("{kind:?}, started"));
        is_shown(&sessions, "The store is back", MAX_NOTICE_TIME, &format!("{kind:?}, started"));
        // Whoever listens, listens again by then.
        std::thread::sleep(Duration::from_secs(1));
        server.pause();
        is_shown(&sessions, "store lost", MAX_HUNG_NOTICE_TIME, &format!("{kind:?}, hung"));
        server.resume();
        is_shown(&sessions, "all ok", MAX_NOTICE_TIME, &format!("{kind:?}, goes on"));
        for session in &mut sessions {
            session.leave();
            assert_eq!(session.end(), 0, "{}", session.all_output());
        }
    }
}
