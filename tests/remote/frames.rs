//! Frames that are none, and clients that want too much (security requirement 60).

use std::io::Write as _;
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

#[test]
fn security_60_one_account_with_thousands_of_connections_keeps_nobody_out() {
    if !is_root() {
        return;
    }
    let service = Service::start();
    let mut held = Vec::new();
    for _ in 0..2_000 {
        // Those over the share are closed by the service; the others say nothing for long.
        match std::os::unix::net::UnixStream::connect(service.socket()) {
            Ok(stream) => held.push(stream),
            Err(_) => std::thread::sleep(Duration::from_millis(1)),
        }
    }
    let since = Instant::now();
    let found = service.counter(CLERK, &["customers", "find", "dana", "--json"]);
    assert_eq!(found.code, 0, "{}{}", found.out, found.err);
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    drop(held);
}
