//! What a dishonest clerk tries with their own account (security requirements 47 to 49).

use countersign::remote::protocol::PROTOCOL;
use std::process::Command;

use serde_json::json;

use crate::service::{BOSS, CLERK, Service, is_root};

#[test]
fn security_47_nothing_in_a_clerks_surroundings_changes_what_the_desk_decides() {
    if !is_root() {
        return;
    }
    let service = Service::start_with("[otp]\nmax_attempts = 2\nresend_cooldown_seconds = 60\n");
    let tray = service.path(&format!("home-{CLERK}")).join("tray.jsonl");
    let attack = |arguments: &[&str], input: &str| {
        let mut command = service.as_account(CLERK, arguments);
        command
            .env("COUNTERSIGN__EMAIL__PROVIDER", "tray")
            .env("COUNTERSIGN__SMS__PROVIDER", "tray")
            .env("COUNTERSIGN__TRAY__FILE", &tray)
            .env("COUNTERSIGN__ENVIRONMENT", "development")
            .env("COUNTERSIGN__OTP__MAX_ATTEMPTS", "10")
            .env("COUNTERSIGN__OTP__RESEND_COOLDOWN_SECONDS", "0")
            .env("COUNTERSIGN__LIMITS__PER_CONTACT", "1000000")
            .env("COUNTERSIGN__OFFICE__COUNTER", "another counter")
            .env("COUNTERSIGN__OFFICE__NAME", "Another office")
            .env("COUNTERSIGN__STORE__URL", "sqlite:/dev/null")
            .env("USER", "boss")
            .env("LOGNAME", "boss");
        let mut child = command.stdin(std::process::Stdio::piped()).spawn().expect("it starts");
        let mut pipe = child.stdin.take().expect("a pipe");
        let _ = std::io::Write::write_all(&mut pipe, input.as_bytes());
        drop(pipe);
        let output = child.wait_with_output().expect("it ends");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, out) = attack(&["request", "WB-004217", "--channel", "sms", "--json"], "");
    assert_eq!(code, Some(0), "{out}");
    let request = serde_json::from_str::<serde_json::Value>(out.trim()).expect("an object");
    let request = request["request"].as_str().expect("a request").to_owned();
    assert!(!tray.exists(), "no code went to a tray of the clerk's");
    assert_eq!(service.messages(), 1);
    // The cooldown and the tries are the desk's.
    let (code, out) = attack(&["resend", &request, "--json"], "");
    assert_eq!(code, Some(20), "{out}");
    let right = service.newest_code();
    let wrong = if right == "000000" { "111111" } else { "000000" };
    for expected in [10, 10, 13] {
        let (code, out) = attack(&["verify", &request, "--json"], wrong);
        assert_eq!(code, Some(expected), "{out}");
    }
    let log = service.counter(BOSS, &["log", "--request", &request, "--json"]);
    for entry in log.lines() {
        assert_eq!(entry["clerk"], CLERK, "{entry}");
        assert_eq!(entry["counter"], "front desk", "{entry}");
    }
}

#[test]
fn security_48_a_name_that_a_client_sends_is_not_who_it_is() {
    if !is_root() {
        return;
    }
    let service = Service::start();
    service.counter(BOSS, &["staff", "add", "root", "--json"]).ended(0, "changed");
    let mut raw = service.raw();
    raw.send(&json!({
        "protocol": PROTOCOL, "version": "a test", "clerk": BOSS, "counter": "9", "role": "admin",
        "actor": { "clerk": BOSS, "counter": "9" },
    }));
    let welcome = raw.receive().expect("a greeting");
    let profile = &welcome["Welcome"]["profile"];
    assert_eq!(profile["actor"]["clerk"], "root", "{welcome}");
    assert_eq!(profile["role"], "clerk", "{welcome}");
    let unlock = json!({ "UnlockCustomer": { "customer": 1, "reason": "no", "key": "k" } });
    let answer = raw.call(1, &unlock).expect("an answer");
    assert!(answer["UnlockCustomer"]["Err"]["Forbidden"].is_object(), "{answer}");
    // A user namespace gives no other account either: the kernel maps it back.
    let mut command = Command::new("setpriv");
    command.args(["--reuid", CLERK, "--regid", "nogroup", "--clear-groups", "unshare", "-r", "id"]);
    if command.output().is_ok_and(|it| it.status.success()) {
        let mut inside = service.as_account(CLERK, &["staff", "list", "--json"]);
        let program = inside.get_program().to_owned();
        let arguments: Vec<_> = inside.get_args().map(ToOwned::to_owned).collect();
        // setpriv … countersign …, with `unshare -r` in between.
        let place = arguments.len() - 4;
        let mut wrapped = Command::new(program);
        wrapped.args(&arguments[..place]).args(["unshare", "-r"]).args(&arguments[place..]);
        wrapped.envs(inside.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let output = wrapped.output().expect("it runs");
        assert_eq!(output.status.code(), Some(40), "{output:?}");
        inside.stdin(std::process::Stdio::null());
    }
}

#[test]
fn security_49_a_clerks_account_opens_nothing_of_the_service() {
    if !is_root() {
        return;
    }
    let service = Service::start();
    service
        .counter(CLERK, &["request", "WB-004217", "--channel", "sms", "--json"])
        .ended(0, "sent");
    let as_clerk = |program: &str, arguments: &[&str]| {
        Command::new("setpriv")
            .args(["--reuid", CLERK, "--regid", "nogroup", "--clear-groups", program])
            .args(arguments)
            .output()
            .expect("it runs")
    };
    for file in ["desk.db", "desk.db-wal", "desk.keys", "tray.jsonl", "service.toml", "desk.log"] {
        let path = service.path("own").join(file);
        assert!(path.exists(), "{file} is there");
        let output = as_clerk("cat", &[path.to_str().expect("UTF-8")]);
        assert!(!output.status.success() && output.stdout.is_empty(), "{file} was read");
    }
    let output = as_clerk("ls", &[service.path("own").to_str().expect("UTF-8")]);
    assert!(!output.status.success(), "the folder was listed");
    // Nor its memory, its open files or its environment.
    let pid = service.pid();
    for file in ["mem", "environ", "maps"] {
        let output = as_clerk("cat", &[&format!("/proc/{pid}/{file}")]);
        assert!(!output.status.success() && output.stdout.is_empty(), "{file} was read");
    }
    let output = as_clerk("ls", &[&format!("/proc/{pid}/fd")]);
    assert!(!output.status.success(), "its open files were listed");
    // The socket cannot be taken away or replaced.
    let socket = service.socket();
    let output = as_clerk("rm", &["-f", socket.to_str().expect("UTF-8")]);
    assert!(!output.status.success() && socket.exists());
}
