//! What counters do at a service.

use std::time::{Duration, Instant};
use std::{fs, thread};

use serde_json::Value;

use crate::service::{BOSS, CLERK, GATE, STRANGER, Service, is_root};

#[test]
fn a_clerk_verifies_a_customer_and_the_log_names_their_account() {
    if !is_root() {
        return;
    }
    let service = Service::start();
    let asked = service.counter(CLERK, &["request", "WB-004217", "--channel", "sms", "--json"]);
    let asked = asked.ended(0, "sent");
    let request = asked["request"].as_str().expect("a request").to_owned();
    let code = service.newest_code();
    let wrong = if code == "000000" { "111111" } else { "000000" };
    service.told(CLERK, &["verify", &request, "--json"], wrong).ended(10, "wrong");
    let verified = service.told(CLERK, &["verify", &request, "--json"], &code);
    let verified = verified.ended(0, "verified");
    let token = verified["session_token"].as_str().expect("a token").to_owned();
    service.told(CLERK, &["session", "check", "--json"], &token).ended(0, "alive");
    service.told(CLERK, &["verify", &request, "--json"], &code).ended(14, "used");
    let log = service.counter(CLERK, &["log", "--request", &request, "--json"]);
    let clerks: Vec<_> = log.lines().iter().map(|it| it["clerk"].clone()).collect();
    assert!(clerks.len() >= 4 && clerks.iter().all(|it| it == CLERK), "{}", log.out);
    assert!(log.lines().iter().all(|it| it["counter"] == "front desk"), "{}", log.out);
}

#[test]
fn the_doctor_of_a_counter_tells_of_the_service() {
    if !is_root() {
        return;
    }
    let mut service = Service::start();
    let doctor = service.counter(CLERK, &["doctor"]);
    assert_eq!(doctor.code, 0, "{}{}", doctor.out, doctor.err);
    let known = format!("Riverside Billing knows you as {CLERK} (clerk) at front desk");
    assert!(doctor.out.contains(&known), "{}", doctor.out);
    service.kill();
    let doctor = service.counter(CLERK, &["doctor"]);
    assert_eq!(doctor.code, 31, "{}{}", doctor.out, doctor.err);
    assert!(doctor.out.contains("The desk service does not run"), "{}", doctor.out);
    let asked = service.counter(CLERK, &["customers", "find", "dana", "--json"]);
    asked.ended(31, "unavailable");
}

#[test]
fn security_31_who_is_not_of_the_staff_or_of_another_role_is_refused_and_the_log_says_so() {
    if !is_root() {
        return;
    }
    let service = Service::start();
    let turned_away = service.counter(STRANGER, &["customers", "find", "dana", "--json"]);
    let json = turned_away.ended(40, "forbidden");
    let message = json["message"].as_str().expect("a message");
    assert!(message.contains("not on the list of the staff"), "{message}");

    let refused: &[&[&str]] = &[
        &["customers", "unlock", "WB-004217", "--reason", "she asked", "--json"],
        &["customers", "confirm", "WB-004217", "--phone", "--reason", "no", "--json"],
        &["staff", "add", "mallory", "--role", "admin", "--json"],
        &["staff", "role", CLERK, "admin", "--json"],
        &["staff", "list", "--json"],
        &["staff", "rescue", CLERK, "--json"],
        &["maintain", "--json"],
        &["approvals", "--json"],
        &["approve", "7K3M9QX2TB", "--json"],
        &["refuse", "7K3M9QX2TB", "--json"],
        &["policy", "preview", "--set", "otp.length=8", "--json"],
        &["customers", "import", "../customers.csv", "--json"],
        &["migrate", "--json"],
        &["keys", "rotate", "--json"],
        &["keys", "list", "--json"],
        &["customers", "index", "--json"],
        &["deliver", "--json"],
    ];
    for arguments in refused {
        let ran = service.counter(CLERK, arguments);
        let told = format!("{arguments:?}: {}{}", ran.out, ran.err);
        assert_eq!(ran.code, 40, "{told}");
    }
    // Each of those that reached the service is an entry of the log.
    let log = service.counter(BOSS, &["log", "--outcome", "forbidden", "--json"]);
    let details: Vec<_> = log.lines().iter().map(|it| it["detail"].to_string()).collect();
    for call in [
        "unlock customer",
        "confirm contact",
        "change staff",
        "list staff",
        "rescue staff",
        "run maintenance step",
        "list approvals",
        "approve act",
        "refuse act",
        "read past sends",
        "import customers",
    ] {
        assert!(details.iter().any(|it| it.contains(call)), "{call}: {details:?}");
    }
    assert!(log.lines().iter().all(|it| it["clerk"] == CLERK), "{}", log.out);
    // An admin may, except what is the owner's.
    service.counter(BOSS, &["staff", "add", "mallory", "--json"]).ended(0, "changed");
    service.counter(BOSS, &["staff", "rescue", "mallory", "--json"]).ended(40, "forbidden");
    service.counter(BOSS, &["staff", "disable", BOSS, "--json"]).ended(40, "forbidden");
}

#[test]
fn who_is_disabled_is_turned_away_with_the_next_call() {
    if !is_root() {
        return;
    }
    let service = Service::start();
    // This process is root: of the staff for this test.
    service.counter(BOSS, &["staff", "add", "root", "--json"]).ended(0, "changed");
    let mut raw = service.raw();
    raw.hello().expect("welcome");
    let clock = serde_json::json!({ "ReadClock": null });
    assert!(raw.call(1, &clock).is_some());
    service.counter(BOSS, &["staff", "disable", "root", "--json"]).ended(0, "changed");
    let since = Instant::now();
    let mut id = 2;
    // The service hears of the change when its store does.
    while raw.call(id, &clock).is_some() {
        assert!(since.elapsed() < Duration::from_secs(5), "calls are still answered");
        id += 1;
        std::thread::sleep(Duration::from_millis(20));
    }
    let rejected = service.raw().hello().expect("a greeting");
    assert!(rejected["Rejected"]["NotStaff"]["account"] == "root", "{rejected}");
}

#[test]
fn a_service_that_was_killed_is_started_again_over_its_socket() {
    if !is_root() {
        return;
    }
    let mut service = Service::start();
    for _ in 0..3 {
        service.kill();
        service.run();
    }
    let found = service.counter(CLERK, &["customers", "find", "dana", "--json"]);
    assert_eq!(found.code, 0, "{}{}", found.out, found.err);
    let starts = service.counter(BOSS, &["log", "--json", "--limit", "500"]);
    let starts = starts.lines().iter().filter(|it| it["kind"] == "service_started").count();
    assert_eq!(starts, 4, "each start is in the log");
}

#[test]
fn security_72_the_role_gate_asks_who_is_verified_and_nothing_else() {
    if !is_root() {
        return;
    }
    let service = Service::start();
    service.owner(&["staff", "add", GATE, "--role", "gate"]);
    let ask = ["gate", "wb-004217", "--purpose", "pay a bill", "--json"];
    service.counter(GATE, &ask).ended(40, "forbidden");
    let arguments =
        ["request", "WB-004217", "--channel", "sms", "--purpose", "pay a bill", "--json"];
    let request = service.counter(CLERK, &arguments).ended(0, "sent");
    let request = request["request"].as_str().expect("a request").to_owned();
    let code = service.newest_code();
    let verified = service.told(CLERK, &["verify", &request, "--json"], &code);
    let verified = verified.ended(0, "verified");
    let token = verified["session_token"].as_str().expect("a token").to_owned();

    let ran = service.counter(GATE, &ask);
    for hidden in [token.as_str(), "5550142", "@", "Rivera", "token", "contact\""] {
        assert!(!ran.out.contains(hidden), "{hidden}: {}", ran.out);
    }
    let told = ran.ended(0, "verified");
    let said = ["account_no", "purpose", "factor", "clerk", "counter"].map(|it| told[it].clone());
    assert_eq!(said, ["WB-004217", "pay a bill", "sms", CLERK, "front desk"]);
    for (account, purpose) in
        [("WB-004217", "complaint"), ("WB-004218", "pay a bill"), ("WB-9", "pay a bill")]
    {
        let ask = ["gate", account, "--purpose", purpose, "--json"];
        service.counter(GATE, &ask).ended(40, "forbidden");
    }
    let refused: &[&[&str]] = &[
        &["customers", "find", "dana", "--json"],
        &["log", "--json"],
        &["session", "list", "--json"],
        &["request", "WB-004217", "--channel", "sms", "--json"],
        &["staff", "list", "--json"],
    ];
    for arguments in refused {
        service.counter(GATE, arguments).ended(40, "forbidden");
    }
    let session = service.counter(CLERK, &["session", "list", "--json"]).lines().remove(0);
    let session = session["session"].as_str().expect("a name").to_owned();
    let ended = Instant::now();
    service.counter(CLERK, &["session", "end", &session, "--json"]).ended(0, "ended");
    service.counter(GATE, &ask).ended(40, "forbidden");
    assert!(ended.elapsed() < Duration::from_secs(5), "{:?}", ended.elapsed());
}

/// Nobody runs `audit seal` or `audit ship`: the service does both by itself.
#[test]
fn security_66_a_service_seals_the_log_and_ships_it_by_itself() {
    if !is_root() {
        return;
    }
    let service = Service::start_with("[audit.ship]\nto = \"file\"\nfile = \"shipped.jsonl\"\n");
    let asked = service.counter(CLERK, &["request", "WB-004217", "--channel", "sms", "--json"]);
    let request = asked.ended(0, "sent")["request"].as_str().expect("a request").to_owned();
    let shipped = service.path("own/shipped.jsonl");
    let end = Instant::now() + Duration::from_secs(30);
    let record = loop {
        let text = fs::read_to_string(&shipped).unwrap_or_default();
        let of_request = text.lines().find(|it| it.contains(&request)).map(str::to_owned);
        if let Some(record) = of_request {
            break record;
        }
        assert!(Instant::now() < end, "the request is not shipped:\n{text}");
        thread::sleep(Duration::from_millis(50));
    };
    let record: Value = serde_json::from_str(&record).expect("a record");
    assert!(record["checkpoint"].as_str().is_some_and(|it| it.contains("\u{2014} ")), "{record}");
}
