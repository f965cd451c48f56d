//! The line to the store is cut, or falls silent, while a command works.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::desk::Desk;
use super::servers::{Database, Server};

/// What happens to the line, once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// After a message with this word, the so-many-th message cuts it.
    Cut(&'static str, usize),
    /// A message with this word, and all after it, do not arrive.
    Silence(&'static str),
}

/// A way to a server on which faults happen.
struct Way {
    port: u16,
    fault: Arc<Mutex<Option<Fault>>>,
}

impl Way {
    fn to(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let (port, behind) = (listener.local_addr().expect("an address").port(), server.port());
        let fault = Arc::new(Mutex::new(None));
        let shared = Arc::clone(&fault);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(("127.0.0.1", behind)).expect("the server");
                carry(client, server, &shared);
            }
        });
        Self { port, fault }
    }

    fn url(&self, database: &Database, server: &Server) -> String {
        database.url.replace(&format!(":{}/", server.port()), &format!(":{}/", self.port))
    }

    fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
    }

    fn has_happened(&self) -> bool {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }
}

fn carry(mut client: TcpStream, mut server: TcpStream, fault: &Arc<Mutex<Option<Fault>>>) {
    let (mut back, mut to) =
        (server.try_clone().expect("a socket"), client.try_clone().expect("a socket"));
    thread::spawn(move || drop(std::io::copy(&mut back, &mut to)));
    let fault = Arc::clone(fault);
    thread::spawn(move || {
        let (mut buffer, mut left) = (vec![0; 64 * 1024], None);
        while let Ok(length @ 1..) = client.read(&mut buffer) {
            let message = &buffer[..length];
            let has = |word: &str| message.windows(word.len()).any(|it| it == word.as_bytes());
            let mut planned = fault.lock().unwrap_or_else(PoisonError::into_inner);
            match *planned {
                Some(Fault::Silence(word)) if has(word) => {
                    *planned = None;
                    drop(planned);
                    // Nobody says that it is gone, neither here nor there.
                    thread::sleep(Duration::from_mins(1));
                    return;
                }
                Some(Fault::Cut(word, after)) if left.is_none() && has(word) => left = Some(after),
                _ => {}
            }
            if let Some(messages) = &mut left {
                if *messages == 0 {
                    *planned = None;
                    break;
                }
                *messages -= 1;
            }
            drop(planned);
            if server.write_all(message).is_err() {
                break;
            }
        }
        let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
    });
}

const FREE: &str = "[otp]\nresend_cooldown_seconds = 0\n[limits]\nper_contact = 1000\n\
    per_customer = 1000\nper_clerk = 1000\nper_counter = 1000\nin_all = 1000";

/// An office on a server, and the same where the line has faults.
fn office(server: &Server, way: &Way) -> (Desk, Database) {
    let database = server.database("line");
    let mut desk = Desk::empty();
    desk.configure(FREE);
    desk.set("store.url", &database.url);
    assert_eq!(desk.run(&["migrate"]).code, 0);
    desk.import();
    desk.set("store.url", &way.url(&database, server));
    (desk, database)
}

/// The requests that the log tells of, the oldest first, by this kind of entry.
fn made(desk: &Desk, kind: &str) -> Vec<String> {
    let entries = desk.run(&["log", "--limit", "500", "--json"]).lines();
    let of_kind = entries.iter().filter(|it| it["kind"] == kind);
    of_kind.map(|it| it["request"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn what_was_done_is_told_with_its_name_wherever_the_line_is_cut_after_it() {
    for server in [Server::postgres(), Server::mariadb()] {
        let way = Way::to(server);
        let (desk, _) = office(server, &way);
        let (first, _) = desk.request("WB-004217", "email");
        let id = first["request"].as_str().expect("a request").to_owned();
        let mut cut = 0;
        for after in 1..8 {
            for (kind, arguments) in [
                ("requested", vec!["request", "WB-004218", "--channel", "email", "--json"]),
                ("resent", vec!["resend", &id, "--json"]),
            ] {
                let before = made(&desk, kind).len();
                way.set(Fault::Cut("COMMIT", after));
                let ran = desk.run(&arguments);
                cut += usize::from(way.has_happened());
                let json: Value = ran.json();
                let made = made(&desk, kind);
                assert_eq!(made.len(), before + 1, "{kind} {after}: once: {json}");
                assert_eq!(json["request"].as_str(), made.last().map(String::as_str), "{json}");
                assert!(matches!(ran.code, 0 | 31), "{kind} {after}: {json}");
            }
        }
        assert!(cut > 7, "{cut} of 14");
    }
}

#[test]
fn a_counter_that_falls_silent_with_the_offices_lock_does_not_stop_the_others() {
    for server in [Server::postgres(), Server::mariadb()] {
        let way = Way::to(server);
        let (mut desk, database) = office(server, &way);
        way.set(Fault::Silence("core_otp (public_id"));
        let mut silent = desk.start(&["request", "WB-004217", "--channel", "email"]);
        let begun = Instant::now();
        while !way.has_happened() {
            assert!(begun.elapsed() < Duration::from_secs(30), "it came to the lock");
            thread::sleep(Duration::from_millis(10));
        }
        let held = Instant::now();
        desk.set("store.url", &database.url);
        desk.request("WB-004218", "email");
        let took = held.elapsed();
        assert!((2..25).contains(&took.as_secs()), "it waited for the lock, not long: {took:?}");
        silent.kill().expect("ended");
        silent.wait().expect("an end");
    }
}
