//! The whole of it: a customer found, a code sent, entered, a session ended.

use super::desk::Desk;

#[test]
fn a_customer_is_verified_from_the_shell() {
    let desk = Desk::open();
    let found = desk.run(&["customers", "find", "RIVERA", "--json"]).json();
    assert_eq!(found["customer"], "WB-004217");
    assert_eq!(found["channels"][0]["contact"], "d***@example.org");

    let (request, code) = desk.request("wb-004217", "sms");
    assert_eq!(request["contact"], "+1********42");
    assert_eq!(request["purpose"], "account access");
    assert_eq!((&request["attempts"], &request["attempts_left"]), (&0.into(), &5.into()));
    assert_eq!((&request["delivery"], &request["provider"]), (&"sent".into(), &"tray".into()));
    for key in ["created_at", "sent_at", "expires_at", "resend_at"] {
        let time = request[key].as_str().unwrap();
        assert!(time.len() == 24 && time.ends_with('Z'), "{key}: {time}");
    }
    let id = request["request"].as_str().unwrap();
    desk.run(&["status", id, "--json"]).ended(0, "open");

    let verified = desk.verify(&request, &format!("{} {}", &code[..3], &code[3..]));
    let verified = verified.ended(0, "verified");
    assert_eq!((&verified["request"], &verified["name"]), (&id.into(), &"Dana Rivera".into()));
    assert_eq!(verified["attempts"], 1);
    let session = verified["session"].as_str().unwrap();
    let token = verified["session_token"].as_str().unwrap();
    desk.run(&["status", id, "--json"]).ended(0, "verified");

    let listed = desk.run(&["session", "list", "--json"]).json();
    assert_eq!((&listed["session"], &listed["factor"]), (&session.into(), &"sms".into()));
    let shown = desk.run(&["session", "show", session, "--json"]).ended(0, "alive");
    assert!(shown.get("session_token").is_none() && shown["session_expires_at"].is_string());
    desk.told(&["session", "check", "--json"], token).ended(0, "alive");

    desk.run(&["session", "end", session, "--json"]).ended(0, "ended");
    let after = desk.told(&["session", "check", "--json"], token).ended(12, "expired");
    assert_eq!(after["ended"], "revoked");
    assert!(desk.run(&["session", "list", "--json"]).out.is_empty());
    assert_eq!(desk.run(&["session", "list", "--all", "--json"]).json()["outcome"], "ended");
}

#[test]
fn people_are_told_what_happened_and_what_to_type_next() {
    let desk = Desk::open();
    let asked = desk.run(&["request", "dana@example.org", "--channel", "email"]);
    assert_eq!(asked.code, 0);
    assert!(
        asked.out.starts_with("Email to d***@example.org is in the tray, and went nowhere.\n"),
        "{}",
        asked.out
    );
    let id = asked.out.trim_end().rsplit(' ').next().unwrap().to_owned();
    assert!(asked.out.contains(&format!("Next: countersign verify {id}")), "{}", asked.out);

    let tray = desk.run(&["tray"]).out;
    assert!(tray.contains("Email to dana@example.org") && tray.contains("Riverside Billing"));
    let reference = desk.run(&["status", &id, "--json"]).json()["reference"].clone();
    let code = desk.code(reference.as_str().unwrap());

    let wrong = desk.told(&["verify", &id], &Desk::wrong(&code));
    assert_eq!((wrong.code, wrong.out.as_str()), (10, ""));
    assert_eq!(wrong.err, "That code is wrong. 4 tries are left.\n");
    let right = desk.told(&["verify", &id], &code);
    assert_eq!(right.code, 0, "{}", right.err);
    assert!(right.out.starts_with("Dana Rivera (WB-004217) is verified."), "{}", right.out);
    assert!(!right.out.contains("token"));
    let listed = desk.run(&["session", "list"]).out;
    assert!(listed.contains("WB-004217 Dana Rivera") && listed.contains("alive"), "{listed}");
}

#[test]
fn security_33_no_code_and_no_token_is_in_the_log_or_on_the_error_stream() {
    let desk = Desk::open();
    let (request, code) = desk.request("WB-004217", "email");
    let wrong = Desk::wrong(&code);
    let refused = desk.verify(&request, &wrong);
    let right = desk.verify(&request, &code);
    let token = right.json()["session_token"].as_str().unwrap().to_owned();
    let mut seen = refused.err + &refused.out + &right.err;
    for arguments in
        [["log", "--json"], ["log", "--csv"], ["session", "list"], ["log", "--limit=9"]]
    {
        let ran = desk.run(&arguments);
        seen += &ran.out;
        seen += &ran.err;
    }
    seen += &std::fs::read_to_string(desk.path("desk.log")).expect("a log file");
    for secret in [&code, &wrong, &token] {
        assert!(!seen.contains(secret.as_str()), "{secret} in {seen}");
    }
    let store = std::fs::read(desk.path("desk.db")).expect("the store");
    for secret in [token.as_bytes(), b"dana@example.org: "] {
        assert!(!store.windows(secret.len()).any(|part| part == secret));
    }
}
