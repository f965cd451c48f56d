//! Every outcome with its exit code, its word and its shape.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use super::desk::Desk;
use crate::closed_port::ClosedPort;

#[test]
fn wrong_codes_are_counted_and_then_the_request_is_locked() {
    let desk = Desk::open();
    let (request, code) = desk.request("WB-004217", "email");
    let wrong = Desk::wrong(&code);
    for left in (1..5).rev() {
        let json = desk.verify(&request, &wrong).ended(10, "wrong");
        assert_eq!((&json["attempts_left"], &json["max_attempts"]), (&left.into(), &5.into()));
    }
    // The fifth wrong code is a wrong code still; what follows is locked.
    desk.verify(&request, &wrong);
    let locked = desk.verify(&request, &code).ended(13, "locked");
    assert_eq!((&locked["status"], &locked["attempts"]), (&"locked".into(), &5.into()));
    let id = request["request"].as_str().unwrap();
    desk.run(&["resend", id, "--json"]).ended(13, "locked");
    desk.run(&["cancel", id, "--json"]).ended(13, "locked");
}

#[test]
fn an_older_code_is_told_by_its_reference() {
    let mut desk = Desk::open();
    desk.set("otp.resend_cooldown_seconds", "0");
    let (first, old) = desk.request("WB-004217", "email");
    let id = first["request"].as_str().unwrap();
    let second = desk.run(&["resend", id, "--json"]).ended(0, "sent");
    assert_eq!((&second["request"], &second["generation"]), (&first["request"], &2.into()));
    let told = desk.verify(&first, &old).ended(11, "superseded");
    let message = told["message"].as_str().unwrap();
    for part in
        ["older code", first["reference"].as_str().unwrap(), second["reference"].as_str().unwrap()]
    {
        assert!(message.contains(part), "{message}");
    }
    let code = desk.code(second["reference"].as_str().unwrap());
    desk.verify(&second, &code).ended(0, "verified");
    desk.verify(&second, &code).ended(14, "used");
    desk.run(&["resend", id, "--json"]).ended(14, "used");
    desk.run(&["cancel", id, "--json"]).ended(14, "used");
}

#[test]
fn a_cancelled_request_takes_no_code() {
    let desk = Desk::open();
    let (request, code) = desk.request("WB-004217", "email");
    let id = request["request"].as_str().unwrap();
    desk.run(&["cancel", id, "--json"]).ended(0, "cancelled");
    desk.run(&["status", id, "--json"]).ended(0, "cancelled");
    desk.verify(&request, &code).ended(11, "superseded");
}

#[test]
fn an_expired_code_says_so() {
    let mut desk = Desk::open();
    desk.set("otp.expiry_seconds", "5");
    let (request, code) = desk.request("WB-004217", "email");
    let id = request["request"].as_str().unwrap();
    let begun = Instant::now();
    while desk.run(&["status", id, "--json"]).json()["outcome"] != "expired" {
        assert!(begun.elapsed() < Duration::from_secs(30), "it never expires");
        thread::sleep(Duration::from_millis(200));
    }
    desk.verify(&request, &code).ended(12, "expired");
}

#[test]
fn security_08_what_cannot_be_a_code_is_malformed_and_not_counted() {
    let desk = Desk::open();
    let (request, code) = desk.request("WB-004217", "email");
    let seven = format!("{code}0");
    let plus = format!("+{}", &code[1..]);
    for bad in ["", "12345", &seven, &plus, "１２３４５６", "abcdef", "\u{ff}"] {
        desk.verify(&request, bad).ended(15, "malformed");
    }
    assert_eq!(desk.verify(&request, &code).ended(0, "verified")["attempts"], 1);
}

#[test]
fn limits_unknown_customers_and_missing_contacts_have_their_codes() {
    let desk = Desk::open();
    desk.request("WB-004217", "email");
    let again = ["request", "WB-004217", "--channel", "email", "--json"];
    let limited = desk.run(&again).ended(20, "limited");
    assert!(limited["retry_at"].is_string());
    assert!(limited["message"].as_str().unwrap().contains("Try again in"), "{limited}");

    let to = |customer: &str, channel: &str| {
        desk.run(&["request", customer, "--channel", channel, "--json"])
    };
    to("nobody", "email").ended(21, "unknown_customer");
    let several = to("shared@example.org", "email").ended(21, "unknown_customer");
    assert!(several["message"].as_str().unwrap().contains("WB-004220"));
    let none = to("WB-004218", "sms").ended(22, "no_contact");
    assert_eq!((&none["customer"], &none["channel"]), (&"WB-004218".into(), &"sms".into()));
    desk.run(&["customers", "find", "zzz", "--json"]).ended(21, "unknown_customer");
    let long = "x".repeat(41);
    desk.run(&["request", "WB-004219", "--channel=sms", "--purpose", &long, "--json"])
        .ended(2, "usage");
}

#[test]
fn what_is_not_there_is_told_in_one_sentence_and_exits_with_2() {
    let desk = Desk::open();
    for name in ["0123456789", "no request", "\x1b[2J"] {
        for command in ["verify", "resend", "status", "cancel"] {
            desk.run(&[command, name, "--json"]).ended(2, "not_found");
        }
        for command in ["show", "end"] {
            desk.run(&["session", command, name, "--json"]).ended(2, "not_found");
        }
    }
    let told = desk.run(&["status", "0123456789"]);
    assert_eq!((told.code, told.out.as_str(), told.err.lines().count()), (2, "", 1));
    let token = "ab".repeat(32);
    desk.told(&["session", "check", "--json"], &token).ended(2, "not_found");
    desk.told(&["session", "check", "--json"], "no token").ended(15, "malformed");
}

#[test]
fn what_cannot_be_understood_is_usage() {
    let desk = Desk::empty();
    desk.run(&["request", "WB-1", "--channel", "pigeon", "--json"]).ended(2, "usage");
    desk.run(&["frobnicate", "--json"]).ended(2, "usage");
    let told = desk.run(&["request", "WB-1", "--channel", "pigeon"]);
    assert_eq!((told.code, told.out.as_str()), (2, ""));
    assert!(told.err.contains("email, sms"), "{}", told.err);
}

#[test]
fn security_41_a_code_on_the_command_line_is_refused() {
    let desk = Desk::open();
    let (request, code) = desk.request("WB-004217", "email");
    let id = request["request"].as_str().unwrap();
    for arguments in [vec!["verify", id, &code], vec!["verify", id, "--code", &code]] {
        assert_eq!(desk.run(&arguments).code, 2);
    }
}

/// A mail server that answers one line to every recipient.
fn mail_server(answer: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut lines = BufReader::new(stream.try_clone().expect("a handle"));
            let _ = stream.write_all(b"220 here\r\n");
            let mut line = String::new();
            while lines.read_line(&mut line).is_ok_and(|read| read > 0) {
                let said = if line.starts_with("RCPT") { answer } else { "250 fine" };
                let _ = stream.write_all(format!("{said}\r\n").as_bytes());
                line.clear();
            }
        }
    });
    port
}

fn by_mail(desk: &mut Desk, port: u16) {
    desk.set("email.provider", "smtp").set("email.host", "127.0.0.1").set("email.tls", "none");
    desk.set("email.port", &port.to_string()).set("email.from", "desk@example.org");
}

#[test]
fn a_message_that_is_refused_for_good_is_undeliverable() {
    let mut desk = Desk::open();
    by_mail(&mut desk, mail_server("550 5.1.1 no such user"));
    let ran = desk.run(&["request", "WB-004217", "--channel", "email", "--json"]);
    let json = ran.ended(30, "undeliverable");
    assert_eq!(json["delivery"], "undeliverable");
    assert!(json["request"].is_string() && json["detail"].is_string(), "{json}");
}

#[test]
fn a_provider_that_is_not_there_is_unavailable() {
    let mut desk = Desk::open();
    let nobody = ClosedPort::take();
    by_mail(&mut desk, nobody.number());
    let ran = desk.run(&["request", "WB-004217", "--channel", "email", "--json"]);
    let json = ran.ended(31, "unavailable");
    assert_eq!(json["delivery"], "queued", "others try again");
    let doctor = desk.run(&["doctor", "--json"]).ended(31, "unavailable");
    let failed: Vec<_> =
        doctor["checks"].as_array().unwrap().iter().filter(|it| it["ok"] == false).collect();
    assert_eq!(failed.len(), 1, "{doctor}");
    assert_eq!(failed[0]["part"], "email");
}

#[test]
fn a_store_that_cannot_be_used_is_unavailable() {
    let desk = Desk::empty();
    std::fs::write(desk.path("desk.db"), "this is no database, but it is long enough to be read")
        .expect("written");
    desk.run(&["session", "list", "--json"]).ended(31, "unavailable");
    desk.run(&["doctor", "--json"]).ended(31, "unavailable");
}

#[test]
fn production_has_no_tray() {
    let desk = Desk::empty();
    let mail = "[email]\nprovider = \"smtp\"\nhost = \"127.0.0.1\"\nport = 25\ntls = \"none\"\n\
        from = \"desk@example.org\"\n[sms]\nprovider = \"twilio\"\naccount_sid = \
        \"AC00000000000000000000000000000000\"\nauth_token = \"canary\"\nfrom = \"+14155550100\"\n";
    desk.configure(mail);
    let text = std::fs::read_to_string(desk.path("config.toml")).unwrap();
    std::fs::write(desk.path("config.toml"), format!("environment = \"production\"\n{text}"))
        .unwrap();
    let told = desk.run(&["tray", "--json"]);
    assert!(!told.err.contains("canary"));
    told.ended(40, "forbidden");
}

#[test]
fn a_bad_configuration_is_told_in_full() {
    let desk = Desk::empty();
    desk.configure("[otp]\nlength = 3\nexpiry_minutes = 60\nlenght = 6\n");
    for arguments in [vec!["config", "check", "--json"], vec!["log", "--json"], vec!["migrate"]] {
        let ran = desk.run(&arguments);
        assert_eq!(ran.code, 78, "{arguments:?}");
        assert!(ran.err.contains("lenght") && ran.err.contains("length"), "{}", ran.err);
    }
    let json = desk.run(&["config", "check", "--json"]).ended(78, "bad_configuration");
    assert_eq!(json["problems"].as_array().map(Vec::len), Some(3), "{json}");
    assert!(!desk.path("desk.db").exists(), "nothing is opened");
    assert_eq!(desk.run(&["completions", "bash"]).code, 0);
    assert_eq!(desk.run(&["doctor", "--json"]).code, 78, "as config check");
    let missing = desk.run(&["--config", "nowhere.toml", "config", "check", "--json"]);
    missing.ended(78, "bad_configuration");
}

#[test]
fn help_teaches_and_completions_and_pages_are_made() {
    let desk = Desk::empty();
    let help = desk.run(&["--help"]);
    assert_eq!(help.code, 0);
    for word in ["10  wrong code", "78  bad configuration", "countersign demo", "130  interrupted"]
    {
        assert!(help.out.contains(word), "{word}: {}", help.out);
    }
    let version = desk.run(&["--version"]).out;
    assert_eq!(version, format!("countersign {}\n", env!("CARGO_PKG_VERSION")));
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(desk.run(&["completions", shell]).out.contains("countersign"), "{shell}");
    }
    assert!(desk.run(&["man"]).out.starts_with(".ie"));
    std::fs::create_dir(desk.path("man1")).unwrap();
    assert_eq!(desk.run(&["man", "man1"]).code, 0);
    assert!(desk.path("man1/countersign-session-end.1").exists());
    assert_eq!(desk.run(&["man", "not/there"]).code, 2);
    assert!(!desk.path("desk.db").exists(), "nothing is opened");
}

#[test]
fn keys_are_listed_by_name_and_a_code_outlives_a_rotation() {
    let desk = Desk::open();
    let (request, code) = desk.request("WB-004217", "email");
    desk.run(&["keys", "rotate", "--json"]).ended(0, "rotated");
    let keys = desk.run(&["keys", "list", "--json"]).lines();
    let current: Vec<_> = keys.iter().map(|key| key["current"].as_bool()).collect();
    assert_eq!(current, [Some(true), Some(false)]);
    desk.verify(&request, &code).ended(0, "verified");
    let fine = desk.run(&["doctor", "--json"]).ended(0, "fine");
    assert_eq!(fine["checks"].as_array().map(Vec::len), Some(9), "{fine}");
    assert_eq!(desk.run(&["migrate"]).code, 0);
    assert_eq!(desk.run(&["config", "show", "--json"]).json()["outcome"], "fine");
}
