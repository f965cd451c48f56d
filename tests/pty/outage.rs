//! A store's server that ends or hangs, at terminals where nobody presses a key.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::many::{office, run, within};
use super::terminal::Seat;
use crate::servers::{Kind, Options, Server};

/// A server that ended is noticed within this time, also on a busy machine.
const SOON: Duration = Duration::from_secs(8);

/// One that hangs: a listener looks every 5 s, and waits 3 s for an answer.
const HUNG: Duration = Duration::from_secs(12);

fn is_shown(seats: &[Seat], text: &str, within: Duration, what: &str) {
    let since = Instant::now();
    for seat in seats {
        seat.wait_for_text(text);
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
        let mut seats: Vec<Seat> =
            (0..2).map(|_| Seat::run(within(&folder, &[]), Arc::clone(&folder))).collect();
        seats[1].press("dana").wait_for_text("WB-1");
        seats[1].act("\r").wait_for_text("Purpose");
        for seat in &seats {
            seat.wait_for_text("all ok");
        }
        server.stop();
        is_shown(&seats, "store lost", SOON, &format!("{kind:?}, ended"));
        server.start();
        is_shown(&seats, "all ok", SOON, &format!("{kind:?}, started"));
        is_shown(&seats, "The store is back", SOON, &format!("{kind:?}, started"));
        // Whoever listens, listens again by then.
        std::thread::sleep(Duration::from_secs(1));
        server.pause();
        is_shown(&seats, "store lost", HUNG, &format!("{kind:?}, hung"));
        server.resume();
        is_shown(&seats, "all ok", SOON, &format!("{kind:?}, goes on"));
        for seat in &mut seats {
            seat.leave();
            assert_eq!(seat.end(), 0, "{}", seat.all_output());
        }
    }
}
