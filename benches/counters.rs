//! A working day of an office with counters, twenty unless `--counters` says otherwise, compressed
//! to minutes: real interfaces at terminals of their own share one store. Most verify customers one
//! after the other, some with the log open beside, and two only watch the log. Reported are errors
//! on any screen, the latency until the watchers saw an event, and the load of the processes and
//! the server.
//!
//! ```text
//! cargo bench --bench counters -- --minutes 10 --store postgres
//! ```
//! The store is `sqlite`, `postgres` or `mariadb`; the servers are started here and commit durably.
//! With `--service` the counters use one desk service.

#![expect(clippy::expect_used, reason = "a bench that cannot go on ends")]
#![expect(clippy::print_stdout, reason = "a report is printed")]

#[path = "counters/clerk.rs"]
mod clerk;
#[path = "counters/desk_service.rs"]
mod desk_service;
#[path = "counters/gauge.rs"]
mod gauge;
#[expect(dead_code, reason = "the races need more of it")]
#[path = "../tests/processes/ledger.rs"]
mod ledger;
#[expect(dead_code, reason = "the races need more of it")]
#[path = "../tests/processes/office.rs"]
mod office;
#[path = "../tests/processes/seeded.rs"]
mod seeded;
#[path = "../tests/support/servers/mod.rs"]
mod servers;
#[expect(dead_code, reason = "the tests of the terminal need more of it")]
#[path = "../tests/pty/terminal.rs"]
mod terminal;
#[path = "counters/watcher.rs"]
mod watcher;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clerk::{Clerk, Work};
use desk_service::DeskService;
use gauge::Gauge;
use office::{Kind, Office};
use seeded::Chance;
use servers::{Options, Server};
use watcher::Watcher;

/// Counters that only watch the log.
const WATCHERS: usize = 2;
/// More customers than can be served in one run, so that none comes twice.
const CUSTOMERS: usize = 9_000;

/// All counters of a desk service work under the account of the bench: as one clerk.
const LIMITS: &str = "per_customer = 100000\nper_clerk_per_day = 100000\nper_counter_per_day = 100000\n\
    wrong_codes_per_clerk = 100000\nlookups_per_clerk = 100000";

struct Wish {
    minutes: u64,
    store: Kind,
    counters: usize,
    service: bool,
}

/// Parses the command line.
fn wish() -> Wish {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|it| it == name)?;
        arguments.get(at + 1).map(String::as_str)
    };
    let store = match value("--store").unwrap_or("sqlite") {
        "sqlite" => Kind::Sqlite,
        "postgres" => Kind::Postgres,
        "mariadb" => Kind::MariaDb,
        other => panic!("--store {other}: it is sqlite, postgres or mariadb"),
    };
    let minutes = value("--minutes").map_or(10, |it| it.parse().expect("a number of minutes"));
    let counters = value("--counters").map_or(20, |it| it.parse().expect("a number of counters"));
    assert!(counters > WATCHERS, "two of the counters watch");
    let service = arguments.iter().any(|it| it == "--service");
    Wish { minutes, store, counters, service }
}

fn main() {
    let wish = wish();
    let options = Options { durable: true, ..Options::default() };
    let server = match wish.store {
        Kind::Sqlite => None,
        Kind::Postgres => Some(Server::new(servers::Kind::Postgres, options)),
        Kind::MariaDb => Some(Server::new(servers::Kind::MariaDb, options)),
    };
    let office = Office::at(wish.store, server.as_ref(), CUSTOMERS, LIMITS);
    let (mut chance, seed) = Chance::new();
    let Wish { minutes, store, counters, .. } = wish;
    println!("{store:?}, {counters} counters, {minutes} minutes, seed {seed}");
    let service = wish.service.then(|| DeskService::start(&office));

    let watchers: Vec<Watcher> = (0..WATCHERS).map(|at| Watcher::sit(&office, at)).collect();
    let clerks: Vec<Clerk> = (0..counters - WATCHERS)
        .map(|at| Clerk::sit(&office, at, Chance::of(chance.next())))
        .collect();
    let pids = clerks.iter().map(Clerk::pid).chain(watchers.iter().map(Watcher::pid)).collect();
    let gauge = Gauge::new(pids);
    let of_service = service.as_ref().map(|it| Gauge::new(vec![it.pid()]));
    let (next, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let end = Instant::now() + Duration::from_mins(minutes);
    let (works, watched) = thread::scope(|scope| {
        let (office, next, over) = (&office, &next, &over);
        let clerks: Vec<_> =
            clerks.into_iter().map(|it| scope.spawn(move || it.work(office, next, end))).collect();
        let watchers: Vec<_> =
            watchers.into_iter().map(|it| scope.spawn(move || it.watch(over))).collect();
        if let Some(of_service) = &of_service {
            scope.spawn(move || of_service.watch(office, end));
        }
        gauge.watch(office, end);
        let works: Vec<thread::Result<Work>> =
            clerks.into_iter().map(thread::ScopedJoinHandle::join).collect();
        // Time for the watchers to see the last events.
        thread::sleep(Duration::from_secs(2));
        over.store(true, Ordering::Relaxed);
        let watched: Vec<_> = watchers.into_iter().map(thread::ScopedJoinHandle::join).collect();
        (works, watched)
    });

    let errors = works.iter().filter(|it| it.is_err()).count()
        + watched.iter().filter(|it| it.is_err()).count();
    let works: Vec<Work> = works.into_iter().filter_map(Result::ok).collect();
    let watched = watched.into_iter().filter_map(Result::ok);
    let sum = |of: fn(&Work) -> usize| works.iter().map(of).sum::<usize>();
    println!(
        "customers {}  verified {}  wrong codes {}  resent {}  cancelled {}  counters in error {errors}",
        sum(|it| it.customers),
        sum(|it| it.verified),
        sum(|it| it.wrong),
        sum(|it| it.resent),
        sum(|it| it.cancelled),
    );
    watcher::report(&office, &watched.collect::<Vec<_>>());
    gauge.report();
    if let Some(of_service) = of_service {
        println!("the service:");
        of_service.report();
    }
    ledger::sound(&office);
    assert_eq!(errors, 0, "a screen showed what it should not, or not what it should");
}
