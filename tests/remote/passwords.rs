//! A service whose clerks share one account of the host.

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::remote::protocol::PROTOCOL;
use countersign::service::api::Call;
use portable_pty::CommandBuilder;
use serde_json::{Value, json};

use crate::service::{CLERK, Raw, Service, is_root};
use crate::terminal::PtySession;

const PASSWORD: &str = "violet otter skates";

/// The account of the host at which everybody works.
const SHARED: &str = CLERK;

fn service() -> Service {
    Service::start_with(
        "[staff]\nsign_in = \"password\"\ntotp = [\"auditor\"]\nidle_lock_minutes = 1\n",
    )
}

impl Service {
    /// Adds somebody by the service's owner, and sets their password.
    fn hire(&self, name: &str, role: &str) {
        let added = self.owner(&["staff", "add", name, "--role", role, "--json"]);
        let added = added.ended(0, "changed");
        let code = added["setup_code"].as_str().expect("a set-up code");
        let input = format!("{code}\n{PASSWORD}\n");
        let first = self.told(SHARED, &["--as", name, "log", "--limit", "1"], &input);
        assert_eq!(first.code, 0, "{}{}", first.out, first.err);
    }

    fn by(&self, name: &str, arguments: &[&str]) -> crate::service::Ran {
        let arguments = [&["--as", name], arguments].concat();
        self.told(SHARED, &arguments, &format!("{PASSWORD}\n"))
    }

    /// The interface at a terminal of the shared account.
    fn terminal(&self) -> PtySession {
        self.terminal_of(SHARED, &[])
    }

    /// A command at a terminal of an account.
    pub(crate) fn terminal_of(&self, account: &str, arguments: &[&str]) -> PtySession {
        let account = self.as_account(account, arguments);
        let mut command = CommandBuilder::new(account.get_program());
        command.args(account.get_args());
        command.env_clear();
        for (name, value) in account.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.cwd(account.get_current_dir().expect("a home"));
        PtySession::run(command, Arc::new(tempfile::tempdir().expect("a folder")))
    }

    fn sittings(&self) -> Vec<Value> {
        // The command itself sits there too, for a moment.
        let listed = self.by("boss", &["staff", "sittings", "--json"]).lines();
        listed.into_iter().filter(|it| it["account"] != "boss").collect()
    }
}

fn sign_in(raw: &mut Raw, id: u64, name: &str, password: &str) -> Value {
    let call = json!({ "SignIn": {
        "name": name, "secret": password, "new_password": null, "totp": null, "offer": null,
    }});
    raw.call(id, &call).expect("an answer")["SignIn"]["Ok"].clone()
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn security_48_under_a_shared_account_nobody_is_anybody_before_they_sign_in() {
    if !is_root() {
        return;
    }
    let service = service();
    service.hire("boss", "admin");
    service.hire("dana", "clerk");
    let mut raw = service.raw();
    let welcome = raw.hello().expect("welcome");
    assert_eq!(welcome["Welcome"]["profile"]["sign_in"], "needed", "{welcome}");
    // Each call, as far as it can be made without arguments, and some with them.
    let with = |name: &str| match name {
        "FindCustomers" => json!({ "typed": "dana", "limit": 5 }),
        "ReadLog" => json!({ "filter": {}, "page": "Newest", "limit": 5 }),
        "ChangeStaff" => json!({ "account": "mallory", "act": { "add": "admin" } }),
        "ResetSignIn" | "RescueStaff" => json!({ "account": "boss" }),
        _ => Value::Null,
    };
    let mut tried = 0;
    for (at, (name, _)) in Call::TABLE.iter().enumerate() {
        let call = json!({ (*name): with(name) });
        let is_call = serde_json::from_value::<Call>(call.clone()).is_ok();
        if !is_call || ["SignIn", "SignOut", "LockTerminal", "KeepSitting"].contains(name) {
            continue;
        }
        tried += 1;
        let answer = raw.call(at as u64, &call).expect("an answer");
        assert_eq!(answer[name]["Err"], "SignInNeeded", "{name}: {answer}");
    }
    assert!(tried >= 12, "{tried}");
    assert_eq!(sign_in(&mut raw, 900, "dana", "wrong password"), "Refused");
    let answer = sign_in(&mut raw, 901, "dana", PASSWORD);
    assert_eq!(answer["SignedIn"]["profile"]["actor"]["clerk"], "dana", "{answer}");
    let find = json!({ "FindCustomers": with("FindCustomers") });
    assert!(raw.call(902, &find).expect("an answer")["FindCustomers"]["Ok"].is_object());
    // And the role is that of the name, not of the account of the host.
    let list = raw.call(903, &json!({ "ListStaff": null })).expect("an answer");
    assert_eq!(list["ListStaff"]["Err"]["Forbidden"]["role"], "clerk", "{list}");
    let log = service.by("boss", &["log", "--json"]).lines();
    let of =
        |kind: &str| log.iter().filter(|it| it["kind"] == kind && it["clerk"] == "dana").count();
    assert_eq!((of("sign_in_set_up"), of("signed_in"), of("sign_in_failed")), (1, 2, 1));
}

#[test]
fn security_42_two_clerks_share_a_terminal_without_seeing_each_others_password_or_losing_the_place()
{
    if !is_root() {
        return;
    }
    let service = service();
    for name in ["boss", "dana", "eve"] {
        service.hire(name, if name == "boss" { "admin" } else { "clerk" });
    }
    let mut terminal = service.terminal();
    terminal.wait_for_text("Password");
    terminal.press("dana\rviolet otter\r").wait_for_text("did not work");
    // The name stays where it was typed.
    terminal.press(PASSWORD).press("\r").wait_for_text("dana");
    terminal.wait_for_text("Find the customer");
    terminal.press("river").wait_for_text("Dana Rivera");

    terminal.act("\x1b[20~").wait_for_text("Password");
    assert!(!terminal.seen().text().contains("Dana Rivera"), "the screen is covered");
    terminal.press("eve\r").press(PASSWORD).press("\r").wait_for_text("Dana Rivera");
    terminal.act("\r").wait_for_text("Purpose");
    terminal.act("\r").wait_for_text("Time left");
    terminal.wait_for("message", |_| (service.messages() > 0).then_some(()));
    terminal.act(&service.newest_code()).wait_for_text("VERIFIED");
    terminal.leave();
    assert_eq!(terminal.end(), 0);
    terminal.is_restored();
    assert!(!terminal.all_output().contains("violet"), "no password was drawn");
    let log = service.by("boss", &["log", "--json"]).lines();
    let of = |kind: &str, clerk: &str| {
        log.iter().filter(|it| it["kind"] == kind && it["clerk"] == clerk).count()
    };
    assert_eq!((of("sign_in_failed", "dana"), of("signed_in", "dana")), (1, 2));
    assert_eq!((of("attempt", "eve"), of("attempt", "dana")), (1, 0), "whoever sits there acts");
}

#[test]
fn security_18_a_command_ends_alike_for_unknown_names_and_wrong_passwords() {
    if !is_root() {
        return;
    }
    let service = service();
    service.hire("dana", "clerk");
    let mut told = Vec::new();
    for name in ["dana", "nobody"] {
        let since = Instant::now();
        let ran = service.told(SHARED, &["--as", name, "customers", "find", "x"], "wrong one\n");
        told.push((ran.code, ran.out, ran.err, since.elapsed()));
    }
    let [(code, out, err, time), (other_code, other_out, other_err, other_time)] = &told[..] else {
        panic!("two were tried")
    };
    assert_eq!((code, out, err), (other_code, other_out, other_err));
    assert_eq!(*code, 40, "{err}");
    assert!(time.abs_diff(*other_time) < Duration::from_millis(400), "{time:?} {other_time:?}");
    // Without a name there is nothing to ask for.
    let nameless = service.told(SHARED, &["customers", "find", "x"], "wrong one\n");
    assert_eq!(nameless.code, 2, "{}", nameless.err);
}

#[test]
fn security_42_a_sitting_ends_with_its_connection_and_by_an_admin() {
    if !is_root() {
        return;
    }
    let mut service = service();
    service.hire("boss", "admin");
    service.hire("dana", "clerk");
    let mut raw = service.raw();
    raw.hello().expect("welcome");
    let signed_in = sign_in(&mut raw, 1, "dana", PASSWORD);
    let ticket = signed_in["SignedIn"]["ticket"].clone();
    let sittings = service.sittings();
    assert_eq!(sittings.len(), 1, "{sittings:?}");
    assert_eq!(sittings[0]["account"], "dana");
    assert_eq!(sittings[0]["method"], "password");
    // The service is killed and started again: the terminal goes on.
    service.kill();
    service.run();
    let mut raw = service.raw();
    raw.send(&json!({ "protocol": PROTOCOL, "version": "a test", "ticket": ticket }));
    let welcome = raw.receive().expect("welcome");
    assert_eq!(welcome["Welcome"]["profile"]["actor"]["clerk"], "dana", "{welcome}");
    let id = service.sittings()[0]["sitting"].as_str().expect("a name").to_owned();
    service.by("boss", &["staff", "end-sitting", &id, "--json"]).ended(0, "ended");
    until("the connection is still open", || raw.receive().is_none());
    let mut back = service.raw();
    back.send(&json!({ "protocol": PROTOCOL, "version": "a test", "ticket": ticket }));
    let welcome = back.receive().expect("welcome");
    assert_eq!(welcome["Welcome"]["profile"]["sign_in"], "needed", "{welcome}");
    // A dropped connection, as of SSH.
    sign_in(&mut back, 1, "dana", PASSWORD);
    assert_eq!(service.sittings().len(), 1);
    drop(back);
    until("the sitting goes on", || service.sittings().is_empty());
    let mut last = service.raw();
    last.hello().expect("welcome");
    sign_in(&mut last, 1, "dana", PASSWORD);
    // Whoever is disabled is turned away at once, without another call.
    service.by("boss", &["staff", "disable", "dana", "--json"]).ended(0, "changed");
    until("the connection is still open", || last.receive().is_none());
    let log = service.by("boss", &["log", "--json"]).lines();
    let ended = log.iter().filter(|it| it["kind"] == "sitting_ended");
    let details: Vec<_> = ended.map(|it| it["detail"].to_string()).collect();
    for how in ["ended by an admin", "its connection ended"] {
        assert!(details.iter().any(|it| it.contains(how)), "{how}: {details:?}");
    }
}

#[test]
fn security_42_a_terminal_that_is_left_alone_is_locked_by_the_service() {
    if !is_root() {
        return;
    }
    let service = service();
    service.hire("dana", "clerk");
    let mut raw = service.raw();
    raw.hello().expect("welcome");
    sign_in(&mut raw, 1, "dana", PASSWORD);
    let since = Instant::now();
    let clock = json!({ "ReadClock": null });
    let mut id = 1;
    // Reading by itself keeps no sitting: an interface does that on its own.
    loop {
        id += 1;
        let answer = raw.call(id, &clock).expect("an answer");
        if answer["ReadClock"]["Err"] == "SignInNeeded" {
            break;
        }
        assert!(since.elapsed() < Duration::from_secs(90), "it is not locked");
        std::thread::sleep(Duration::from_secs(1));
    }
    let idle = since.elapsed();
    assert!(idle >= Duration::from_secs(58), "{idle:?}");
    let back = sign_in(&mut raw, 9_000, "dana", PASSWORD);
    assert!(back["SignedIn"].is_object(), "{back}");
    // The key that locks.
    let locked = raw.call(9_001, &json!({ "LockTerminal": null })).expect("an answer");
    assert!(locked["LockTerminal"].get("Ok").is_some(), "{locked}");
    let find = json!({ "FindCustomers": { "typed": "dana", "limit": 5 } });
    let answer = raw.call(9_002, &find).expect("an answer");
    assert_eq!(answer["FindCustomers"]["Err"], "SignInNeeded", "{answer}");
    sign_in(&mut raw, 9_003, "dana", PASSWORD);
    raw.call(9_004, &json!({ "SignOut": null })).expect("an answer");
    let answer = raw.call(9_005, &find).expect("an answer");
    assert_eq!(answer["FindCustomers"]["Err"], "SignInNeeded", "{answer}");
}
