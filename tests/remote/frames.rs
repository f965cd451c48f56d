//! Frames that are none, and clients that want too much (security requirement 60).

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::service::{BOSS, CLERK, Service, is_root};

#[test]
fn security_60_what_is_no_frame_ends_its_connection_and_disturbs_no_other() {
    if !is_root() {
        return;
    }
    let service = Service::start();
    service.counter(BOSS, &["staff", "add", "root", "--json"]).ended(0, "changed");
    let mut good = service.raw();
    good.hello().expect("welcome");
    let before: &[&[u8]] = &[
        b"",
        b"\0\0",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff\xff\xff\xff{}",
        b"\0\0\0\x02{}",
        b"\0\0\0\x05hello",
        b"\0\0\x10\x01",
        b"\0\0\0\x10{\"protocol\":1}",
    ];
    let after: &[&[u8]] = &[
        b"\0\0\0\x02[]",
        b"\x7f\xff\xff\xff",
        b"\0\0\0\x1c{\"id\":1,\"call\":\"NoSuchCall\"}",
        b"\0\0\0\x03\xff\xfe\xfd",
    ];
    let mut id = 0;
    let mut is_served = |good: &mut crate::service::Raw| {
        id += 1;
        let answer = good.call(id, &json!({ "ReadClock": null })).expect("an answer");
        assert!(answer["ReadClock"]["Ok"].is_object(), "{answer}");
    };
    for bytes in before {
        let mut bad = service.raw();
        bad.0.write_all(bytes).expect("written");
        bad.0.shutdown(std::net::Shutdown::Write).expect("closed");
        let greeting = bad.receive();
        assert!(greeting.is_none(), "{bytes:?}: {greeting:?}");
        is_served(&mut good);
    }
    for bytes in after {
        let mut bad = service.raw();
        bad.hello().expect("welcome");
        bad.0.write_all(bytes).expect("written");
        bad.0.shutdown(std::net::Shutdown::Write).expect("closed");
        // Signals may come before the end does.
        while bad.receive().is_some() {}
        is_served(&mut good);
    }
    let mut old = service.raw();
    old.send(&json!({ "protocol": 0, "version": "0.0.1" }));
    let rejected = old.receive().expect("a greeting");
    assert!(rejected["Rejected"]["Version"]["version"].is_string(), "{rejected}");
    is_served(&mut good);
}

/// Connects so many times and holds what it was given.
const FLOOD: &str = "\
import socket, sys
held = []
for _ in range(int(sys.argv[2])):
    one = socket.socket(socket.AF_UNIX)
    try:
        one.connect(sys.argv[1])
        held.append(one)
    except OSError:
        pass
print(len(held), flush=True)
sys.stdin.read()
";

#[test]
fn security_60_one_account_with_ten_thousand_connections_keeps_nobody_out() {
    if !is_root() {
        return;
    }
    let service = Service::start();
    service.counter(BOSS, &["staff", "add", "root", "--json"]).ended(0, "changed");
    let mut good = service.raw();
    good.hello().expect("welcome");
    let mut flood = service
        .program_as_account(CLERK, "/bin/sh")
        .args(["-c", "ulimit -n 20000; exec python3 -c \"$0\" \"$@\"", FLOOD])
        .arg(service.socket())
        .arg("10000")
        .stdin(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut done = BufReader::new(flood.stdout.take().expect("a pipe"));
    let flooding = std::thread::spawn(move || {
        let mut line = String::new();
        done.read_line(&mut line).expect("a line");
        line
    });
    let mut times = Vec::new();
    while !flooding.is_finished() || times.len() < 200 {
        let since = Instant::now();
        let id = u64::try_from(times.len()).expect("few") + 1;
        let answer = good.call(id, &json!({ "ReadClock": null })).expect("an answer");
        assert!(answer["ReadClock"]["Ok"].is_object(), "{answer}");
        times.push(since.elapsed());
        std::thread::sleep(Duration::from_millis(1));
    }
    // A new connection of another account is served while all of them are held.
    let mut late = service.raw();
    late.hello().expect("welcome");
    assert!(late.call(1, &json!({ "ReadClock": null })).is_some());
    let held = flooding.join().expect("joined");
    drop(flood.stdin.take());
    flood.wait().expect("ended");
    times.sort();
    println!(
        "{} connections held; {} calls meanwhile, p50 {:?}, p99 {:?}",
        held.trim(),
        times.len(),
        times[times.len() / 2],
        times[times.len() * 99 / 100]
    );
}
