//! What a person is told to type next.

use super::desk::{CUSTOMERS, Desk};

/// The last line of a text.
fn last(text: &str) -> &str {
    text.lines().last().unwrap_or_default()
}

#[test]
fn the_next_step_repeats_the_configuration_file() {
    let desk = Desk::open();
    std::fs::copy(desk.path("config.toml"), desk.path("my office.toml")).unwrap();
    let asked =
        desk.run(&["--config", "my office.toml", "request", "WB-004217", "--channel", "email"]);
    let next = "Next: countersign --config 'my office.toml' verify ";
    assert!(last(&asked.out).starts_with(next), "{}", asked.out);
}

#[test]
fn a_closed_request_says_how_to_begin_anew() {
    let mut desk = Desk::open();
    desk.set("otp.resend_cooldown_seconds", "0");
    let (request, code) = desk.request("WB-004217", "email");
    let id = request["request"].as_str().unwrap();
    assert_eq!(desk.told(&["verify", id], &code).code, 0);
    let next = "Next: countersign request WB-004217 --channel email";
    for command in ["verify", "resend"] {
        let used = desk.told(&[command, id], &code);
        assert_eq!((used.code, used.out.as_str(), last(&used.err)), (14, "", next), "{command}");
    }
    let json = desk.verify(&request, &code);
    assert!(!json.err.contains("Next:") && !json.out.contains("Next:"), "{}", json.err);

    // Another purpose than the office's first is not lost.
    let asked = desk.run(&[
        "request",
        "WB-004218",
        "--channel",
        "email",
        "--purpose",
        "pay a bill",
        "--json",
    ]);
    let request = asked.ended(0, "sent");
    let id = request["request"].as_str().unwrap();
    desk.run(&["cancel", id]);
    let next = "Next: countersign request WB-004218 --channel email --purpose 'pay a bill'";
    let cancelled = desk.told(&["verify", id], "123456");
    assert_eq!((cancelled.code, last(&cancelled.err)), (11, next));
}

#[test]
fn an_older_code_leads_to_the_same_request() {
    let mut desk = Desk::open();
    desk.set("otp.resend_cooldown_seconds", "0");
    let (request, old) = desk.request("WB-004217", "email");
    let id = request["request"].as_str().unwrap();
    desk.run(&["resend", id]);
    let older = desk.told(&["verify", id], &old);
    assert_eq!((older.code, last(&older.err)), (11, &*format!("Next: countersign verify {id}")));
}

#[test]
fn a_locked_request_and_a_locked_customer_say_what_helps() {
    let mut desk = Desk::open();
    desk.set("otp.resend_cooldown_seconds", "0").set("otp.failure_cap", "10");
    let ask = ["request", "WB-004217", "--channel", "email"];
    let unlock = "An admin lifts it: countersign customers unlock WB-004217 --reason \"…\"";
    for (round, told) in [(1, "Next: countersign request WB-004217 --channel email"), (2, unlock)] {
        let (request, code) = desk.request("WB-004217", "email");
        let id = request["request"].as_str().unwrap();
        for _ in 0..5 {
            desk.verify(&request, &Desk::wrong(&code));
        }
        let locked = desk.told(&["verify", id], &code);
        assert_eq!((locked.code, last(&locked.err)), (13, told), "{round}");
    }
    let locked = desk.run(&ask);
    assert_eq!((locked.code, last(&locked.err)), (13, unlock));
    assert!(locked.err.contains("It holds at every counter until an admin lifts it."));
}

#[test]
fn security_17_a_changed_contact_says_until_when_and_who_confirms_it() {
    let desk = Desk::open();
    let ask = ["request", "WB-004217", "--channel", "email"];
    assert_eq!(desk.run(&ask).code, 0);
    let changed = CUSTOMERS.replace("dana@example.org", "mallory@example.org");
    assert_ne!(changed, CUSTOMERS);
    assert_eq!(desk.told(&["customers", "import", "-"], &changed).code, 0);
    let held = desk.run(&ask);
    let confirm = ["customers", "confirm", "WB-004217", "--email"];
    let told = format!("An admin confirms it: countersign {} --reason \"…\"", confirm.join(" "));
    assert_eq!((held.code, last(&held.err)), (20, &*told));
    assert!(held.err.contains("in 24 hours: use SMS"), "{}", held.err);
    let json = desk.run(&[&ask[..], &["--json"]].concat()).ended(20, "limited");
    assert!(json["retry_at"].is_string(), "{json}");

    assert_eq!(desk.run(&["deliver"]).code, 0);
    let tray = desk.run(&["tray", "--json"]).lines();
    let notice = tray.last().expect("a message");
    assert_eq!(
        (&notice["to"], &notice["reference"]),
        (&"dana@example.org".into(), &"NOTICE".into())
    );
    let text = notice["text"].as_str().expect("a text");
    assert!(
        text.contains("the email address on your account with Riverside Billing has been changed"),
        "{text}"
    );

    assert_eq!(desk.run(&confirm).code, 2, "without a reason");
    let confirm = [&confirm[..], &["--reason", "showed a passport"]].concat();
    assert_eq!(desk.run(&["customers", "confirm", "WB-004217", "--reason", "x"]).code, 2);
    desk.run(&[&confirm[..], &["--json"]].concat()).ended(0, "confirmed");
    desk.run(&[&confirm[..], &["--json"]].concat()).ended(0, "not_waiting");
    assert_eq!(desk.run(&ask).code, 0);
    let log = desk.run(&["log", "--json"]).out;
    for word in ["contact_changed", "notice_sent", "contact_confirmed"] {
        assert!(log.contains(word), "{word}: {log}");
    }
    assert!(!log.contains("mallory@") && !log.contains("dana@"), "{log}");
}

#[test]
fn the_demo_and_a_file_together_are_refused_with_a_sentence() {
    let desk = Desk::empty();
    for arguments in
        [&["--demo", "--config", "config.toml", "log"][..], &["--config", "config.toml", "demo"]]
    {
        let told = desk.run(arguments);
        assert_eq!((told.code, told.out.as_str()), (2, ""));
        assert!(told.err.starts_with("The demo has a configuration of its own. Leave out"));
    }
    desk.run(&["--demo", "--config=x", "log", "--json"]).ended(2, "usage");
}

#[test]
fn a_session_says_both_its_ends_and_how_it_ended() {
    let desk = Desk::open();
    let (request, code) = desk.request("WB-004217", "email");
    let json = desk.verify(&request, &code).ended(0, "verified");
    let (ends, idle) = (json["session_expires_at"].as_str(), json["session_idle_at"].as_str());
    assert!(idle.unwrap() < ends.unwrap(), "{json}");
    let clock = |moment: Option<&str>| moment.unwrap()[11..16].to_owned();
    let said = format!("lasts until {}; unused, until {}.", clock(ends), clock(idle));
    assert!(json["message"].as_str().unwrap().ends_with(&said), "{json}");
    let session = json["session"].as_str().unwrap();
    let shown = desk.run(&["session", "show", session, "--json"]).ended(0, "alive");
    assert_eq!(shown["session_idle_at"], json["session_idle_at"]);
    assert_eq!(shown["session_expires_at"], json["session_expires_at"]);
    let ended = desk.run(&["session", "end", session]).out;
    assert!(ended.starts_with("The session was ended at "), "{ended}");
}

#[test]
fn a_cancelled_request_is_named() {
    let desk = Desk::open();
    let (request, _) = desk.request("WB-004217", "email");
    let id = request["request"].as_str().unwrap();
    let told = desk.run(&["cancel", id]).out;
    assert_eq!(told, format!("The request {id} was cancelled; its code no longer works.\n"));
}

#[test]
fn doctor_in_a_pipe_notes_that_there_is_no_terminal() {
    let desk = Desk::open();
    let json = desk.run(&["doctor", "--json"]).ended(0, "fine");
    let checks = json["checks"].as_array().unwrap();
    let terminal = checks.iter().find(|it| it["part"] == "terminal").unwrap();
    assert_eq!((&terminal["state"], &terminal["ok"]), (&"note".into(), &true.into()));
    assert_eq!(checks.iter().filter(|it| it["state"] == "ok").count(), checks.len() - 1);
    let lines = desk.run(&["doctor"]);
    assert_eq!(lines.code, 0);
    assert!(lines.out.lines().any(|it| it.starts_with("note    terminal")), "{}", lines.out);
}
