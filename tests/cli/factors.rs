//! Authenticators and backup codes from the shell.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use totp_rs::{Algorithm, Builder, Secret, Totp};

use super::desk::Desk;

/// The token of a session over a channel.
fn session(desk: &Desk, channel: &str) -> String {
    let (request, code) = desk.request("WB-004217", channel);
    let verified = desk.verify(&request, &code).ended(0, "verified");
    verified["session_token"].as_str().expect("a token").to_owned()
}

fn telephone(uri: &str) -> Totp {
    let secret = uri.split("secret=").nth(1).and_then(|it| it.split('&').next());
    let secret = Secret::try_from_base32(secret.expect("a secret")).expect("base 32");
    let totp = Builder::new().with_algorithm(Algorithm::SHA1).with_secret(secret);
    totp.build().expect("an authenticator")
}

/// The code so many seconds from now.
#[expect(clippy::disallowed_methods, reason = "the telephone has a clock of its own")]
fn code(telephone: &Totp, later: u64) -> String {
    let now = SystemTime::now() + Duration::from_secs(later);
    let now = now.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
    telephone.generate(now).to_string()
}

/// Enrols an authenticator, as a program does: it reads what is offered, and gives the code.
fn enrol(desk: &Desk, token: &str) -> Totp {
    let mut child = desk
        .command(&["factor", "enrol", "--json"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut input = child.stdin.take().expect("a pipe");
    let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
    writeln!(input, "{token}").expect("written");
    let mut line = String::new();
    output.read_line(&mut line).expect("read");
    let offered: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(offered["outcome"], "offered");
    let telephone = telephone(offered["uri"].as_str().expect("an address"));
    writeln!(input, "{}", code(&telephone, 0)).expect("written");
    line.clear();
    output.read_line(&mut line).expect("read");
    let enrolled: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(enrolled["outcome"], "enrolled");
    assert!(child.wait().expect("it ends").success());
    telephone
}

#[test]
fn an_authenticator_is_enrolled_and_verifies_from_the_shell() {
    let desk = Desk::open();
    let weak = session(&desk, "email");
    desk.told(&["factor", "enrol", "--json"], &weak).ended(40, "forbidden");
    let token = session(&desk, "sms");
    let telephone = enrol(&desk, &token);
    let shown = desk.run(&["factor", "show", "WB-004217", "--json"]).ended(0, "factors");
    assert_eq!(shown["totp"], true);
    let verify = ["factor", "verify", "WB-004217", "--by", "totp", "--json"];
    let next = code(&telephone, 30);
    let verified = desk.told(&verify, &next).ended(0, "verified");
    assert_eq!(verified["factor"], "totp");
    let used = desk.told(&verify, &next).ended(14, "used");
    assert!(used.get("session_token").is_none());
    let early = desk.told(&verify, &code(&telephone, 240)).ended(10, "wrong");
    assert!(early["message"].as_str().expect("text").contains("fast"), "{early}");
    desk.told(&verify, "12345").ended(15, "malformed");
    let token = verified["session_token"].as_str().expect("a token");
    let listed = desk.run(&["session", "list", "--json"]).lines();
    assert!(listed.iter().any(|it| it["factor"] == "totp" && it.get("request").is_none()));
    desk.told(&["factor", "enrol", "--json"], token).ended(40, "forbidden");
    desk.told(&["factor", "remove", "--json"], token).ended(0, "removed");
    desk.told(&["factor", "remove", "--json"], token).ended(22, "no_contact");
    desk.told(&verify, &code(&telephone, 30)).ended(22, "no_contact");
    desk.told(&["factor", "remove", "--json"], &"0".repeat(64)).ended(12, "expired");
}

#[test]
fn backup_codes_are_printed_once_to_a_device_or_by_a_program() {
    let desk = Desk::open();
    let token = session(&desk, "sms");
    let made = desk.told(&["factor", "codes", "--json"], &token).ended(0, "made");
    let codes = made["backup_codes"].as_array().expect("codes");
    assert_eq!(codes.len(), 10);
    let typed = format!("{} {}", codes[2]["number"], codes[2]["code"].as_str().expect("a code"));
    let verify = ["factor", "verify", "WB-004217", "--by", "backup-codes", "--json"];
    let verified = desk.told(&verify, &typed).ended(0, "verified");
    assert_eq!((&verified["factor"], &verified["codes_left"]), (&"backup-code".into(), &9.into()));
    desk.told(&verify, &typed).ended(14, "used");
    let refused = desk.told(&["factor", "codes", "--json"], &token).ended(40, "forbidden");
    assert!(refused["message"].as_str().expect("text").contains("--replace"), "{refused}");

    let device = desk.path("printer");
    let name = device.to_str().expect("a path");
    let replace = ["factor", "codes", "--replace", "--json"];
    let printed = desk.told(&[&replace[..], &["--print", name]].concat(), &token);
    assert!(!printed.out.contains("backup_codes"), "{}", printed.out);
    printed.ended(0, "printed");
    let sheet = fs::read_to_string(&device).expect("a sheet");
    assert!(sheet.starts_with("Riverside Billing\nBackup codes, account WB-004217\n"), "{sheet}");
    assert!(sheet.lines().all(|it| it.chars().count() <= 32), "{sheet}");
    let first = sheet.lines().find(|it| it.starts_with("   1  ")).expect("the first code");
    desk.told(&verify, first).ended(0, "verified");

    let program = desk.path("print.sh");
    fs::write(&program, "#!/bin/sh\ncat > by-program\n").expect("written");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).expect("set");
    let name = program.to_str().expect("a path");
    desk.told(&[&replace[..], &["--print-by", name]].concat(), &token).ended(0, "printed");
    let sheet = fs::read_to_string(desk.path("by-program")).expect("a sheet");
    assert!(sheet.contains("\n  10  "), "{sheet}");
    desk.told(&verify, first).ended(10, "wrong");
    // Where nothing can be printed, no codes are made.
    let nowhere = desk.path("no/such/device");
    let ran = desk.told(
        &["factor", "codes", "--replace", "--print", nowhere.to_str().expect("a path")],
        &token,
    );
    assert_eq!(ran.code, 2, "{}", ran.err);
    let second = sheet.lines().find(|it| it.starts_with("   2  ")).expect("the second code");
    desk.told(&verify, second).ended(0, "verified");
}
