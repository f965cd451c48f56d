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
