//! A channel that most offices do not have.

use super::desk::Desk;

#[test]
fn whatsapp_is_offered_only_where_the_office_has_it() {
    let desk = Desk::open();
    let channels = |desk: &Desk, customer: &str| {
        let found = desk.run(&["customers", "find", customer, "--json"]).json();
        let channels = found["channels"].as_array().expect("a list").clone();
        channels.into_iter().filter(|it| it["channel"] == "whatsapp").collect::<Vec<_>>()
    };
    assert!(channels(&desk, "RIVERA").is_empty());
    let ran = desk.run(&["request", "WB-004217", "--channel", "whatsapp", "--json"]);
    let refused = ran.ended(40, "forbidden");
    let message = refused["message"].as_str().expect("a sentence");
    assert!(message.contains("does not send by WhatsApp"), "{message}");
    let doctor = desk.run(&["doctor"]).out;
    assert!(!doctor.contains("whatsapp"), "{doctor}");

    desk.configure("[whatsapp]\nprovider = \"tray\"");
    let dana = channels(&desk, "RIVERA");
    assert_eq!(dana[0]["contact"], "+1********42");
    assert!(desk.run(&["doctor"]).out.contains("whatsapp"));
    // Without a phone there is nothing to send to.
    let bo = desk.run(&["request", "WB-004218", "--channel", "whatsapp", "--json"]);
    let told = bo.ended(22, "no_contact");
    assert!(told["message"].as_str().expect("a sentence").contains("no phone number on file"));
}

#[test]
fn a_code_by_whatsapp_is_recorded_as_a_factor_of_its_own() {
    let desk = Desk::open();
    desk.configure("[whatsapp]\nprovider = \"tray\"");
    let (request, code) = desk.request("WB-004217", "whatsapp");
    assert_eq!(
        (&request["channel"], &request["contact"]),
        (&"whatsapp".into(), &"+1********42".into())
    );
    assert_eq!(request["message"], "WhatsApp to +1********42 is in the tray, and went nowhere.");
    assert!(desk.run(&["tray"]).out.contains("WhatsApp to +14155550142"));
    desk.verify(&request, &code).ended(0, "verified");
    let session = desk.run(&["session", "list", "--json"]).json();
    assert_eq!(session["factor"], "whatsapp");
    let logged = desk.run(&["log", "--channel", "whatsapp", "--json"]).lines();
    assert!(!logged.is_empty() && logged.iter().all(|line| line["channel"] == "whatsapp"));
}

#[test]
fn security_15_whatsapp_is_refused_where_the_office_asks_for_nist() {
    let desk = Desk::open();
    desk.configure("[otp]\nassurance = \"nist\"\n[whatsapp]\nprovider = \"tray\"");
    let ran = desk.run(&["request", "WB-004217", "--channel", "whatsapp", "--json"]);
    ran.ended(40, "forbidden");
    desk.request("WB-004217", "sms");
}

#[test]
fn any_channel_can_be_off() {
    let desk = Desk::open();
    let channels = |desk: &Desk| -> Vec<String> {
        let found = desk.run(&["customers", "find", "RIVERA", "--json"]).json();
        let channels = found["channels"].as_array().expect("a list").clone();
        channels.iter().map(|it| it["channel"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!(channels(&desk), ["email", "sms"]);
    for (off, on, label, to) in
        [("sms", "email", "SMS", "+14155550199"), ("email", "sms", "Email", "admin@example.org")]
    {
        let office = format!("[{off}]\nprovider = \"off\"\n[otp]\ncontact_quarantine_hours = 0\n");
        desk.configure(&office);
        assert_eq!(channels(&desk), [on]);
        let refused = desk.run(&["request", "WB-004217", "--channel", off, "--json"]);
        let refused = refused.ended(40, "forbidden");
        let message = refused["message"].as_str().expect("a sentence");
        assert!(message.contains(&format!("does not send by {label}")), "{message}");
        let doctor = desk.run(&["doctor"]);
        let line = format!("ok      {off:13} off: not offered");
        assert!(doctor.code == 0 && doctor.out.contains(&line), "{}", doctor.out);
        let tested = desk.run(&["doctor", "--send-test", to]).out;
        assert!(tested.contains(&format!("this office does not send by {label}")), "{tested}");
        let (request, code) = desk.request("WB-004217", on);
        desk.verify(&request, &code).ended(0, "verified");
        // Whose contact is changed is told by a channel that is on, or not at all.
        let import =
            "account_no,name,email,phone\nWB-004217,Dana Rivera,new@example.org,+14155550143";
        std::fs::write(desk.path("new.csv"), import).expect("written");
        assert_eq!(desk.run(&["customers", "import", "new.csv"]).code, 0);
        assert_eq!(desk.run(&["deliver"]).code, 0);
        let back =
            "account_no,name,email,phone\nWB-004217,Dana Rivera,dana@example.org,+14155550142";
        std::fs::write(desk.path("new.csv"), back).expect("written");
        assert_eq!(desk.run(&["customers", "import", "new.csv"]).code, 0);
    }
    desk.configure("[email]\nprovider = \"off\"\n[sms]\nprovider = \"off\"");
    let checked = desk.run(&["config", "check"]);
    assert_eq!(checked.code, 78, "{}{}", checked.out, checked.err);
}
