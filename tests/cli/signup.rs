//! Sign-up from the shell.

use super::desk::Desk;

#[test]
fn contacts_are_read_back_verified_and_prove_nothing_before() {
    let mut desk = Desk::open();
    let read = |desk: &Desk| desk.run(&["signup", "WB-004217", "--json"]).json();
    let before = read(&desk);
    assert_eq!((&before["outcome"], &before["customer"]), (&"read".into(), &"WB-004217".into()));
    let email = before["contacts"][0].clone();
    for (key, value) in [("kind", "email"), ("contact", "d***@example.org"), ("channel", "email")] {
        assert_eq!(email[key], value, "{email}");
    }
    assert_eq!(email["verified"], false);

    desk.set("otp.verified_contacts", "required");
    let refused = desk.run(&["request", "WB-004217", "--channel", "email", "--json"]);
    let refused = refused.ended(40, "forbidden");
    assert!(refused["message"].as_str().expect("a sentence").contains("never was verified"));

    let sent = desk.run(&["signup", "WB-004217", "--channel", "email", "--json"]).ended(0, "sent");
    let code = desk.code(sent["reference"].as_str().expect("a reference"));
    desk.verify(&sent, &code).ended(0, "contact_verified");
    assert!(desk.run(&["session", "list"]).out.is_empty());
    let after = read(&desk);
    assert_eq!(after["contacts"][0]["verified"], true, "{after}");
    assert_eq!(after["contacts"][1]["verified"], false, "{after}");
    desk.set("otp.resend_cooldown_seconds", "0");
    let (request, code) = desk.request("WB-004217", "email");
    desk.verify(&request, &code).ended(0, "verified");
}

#[test]
fn a_mistyped_domain_is_suggested() {
    let desk = Desk::empty();
    let file = "account_no,name,email\nA-1,Dana,dana@gmial.com\n";
    assert_eq!(desk.told(&["customers", "import", "-"], file).code, 0);
    let ran = desk.run(&["signup", "A-1"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "email  d***@gmial.com  not verified\n"));
    assert!(ran.err.contains("Did you mean gmail.com?"), "{}", ran.err);
    assert!(ran.err.contains("signup A-1 --channel email"), "{}", ran.err);
}

#[test]
fn an_unknown_purpose_is_wrong_usage_and_names_those_there_are() {
    let desk = Desk::open();
    for arguments in [
        &["request", "WB-004217", "--channel", "email", "--purpose", "no such thing"][..],
        &["gate", "WB-004217", "--purpose", "no such thing"],
        &["factor", "verify", "WB-004217", "--by", "totp", "--purpose", "no such thing"],
        &["factor", "vouch", "WB-004217", "--purpose", "no such thing", "--reason", "x"],
    ] {
        let ran = desk.run(arguments);
        assert_eq!(ran.code, 2, "{arguments:?}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains("The office verifies for: "), "{arguments:?}: {}", ran.err);
    }
    assert_eq!(desk.run(&["tray"]).out, "");
}

#[test]
fn no_purpose_of_the_offices_is_called_as_the_sign_ups() {
    let desk = Desk::empty();
    desk.configure("[otp]\npurposes = [\"check of your contact\"]");
    let ran = desk.run(&["config", "check"]);
    assert_eq!(ran.code, 78, "{}", ran.err);
    assert!(ran.err.contains("the purpose of a sign-up"), "{}", ran.err);
}
