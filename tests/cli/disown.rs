//! "It was not me" from the shell: the other contact is told of a verification, and by the word of
//! the message it is disowned.

use super::desk::Desk;

const PURPOSES: &str = "[[purpose]]\nname = \"change of address\"\ntell = true\n";

#[test]
fn security_67_a_verification_is_disowned_by_the_word_of_its_message() {
    let desk = Desk::empty();
    desk.configure(PURPOSES);
    desk.import();
    let (request, code) = desk.request("WB-004217", "sms");
    let (id, word) = (request["request"].as_str().unwrap(), request["reference"].as_str().unwrap());
    let verified = desk.verify(&request, &code).ended(0, "verified");
    assert_eq!(desk.run(&["deliver"]).code, 0);
    let messages = desk.run(&["tray", "--json"]).lines();
    let notice = messages.iter().find(|it| it["reference"] == "NOTICE").expect("a notice");
    let text = notice["text"].as_str().unwrap();
    assert_eq!(notice["to"], "dana@example.org");
    assert!(text.contains("change of address") && text.contains(word), "{text}");
    assert!(!text.contains(&code), "{text}");

    let reason = ["--reason", "says she was abroad", "--json"];
    let disown =
        |name: &str| desk.run(&[["customers", "disown", name].as_slice(), &reason].concat());
    let of_customer = |word: &str, account: &str| {
        let named = ["customers", "disown", word, "--customer", account];
        desk.run(&[named.as_slice(), &reason].concat())
    };
    // Words repeat: it takes the customer.
    let nobodys = disown(word);
    assert!(nobodys.code == 2 && nobodys.err.contains("--customer"), "{}", nobodys.err);
    let not_found = desk.run(&["status", "0000000000"]).code;
    assert_eq!(of_customer("Z9Z", "WB-004217").code, not_found);
    let disowned = of_customer(&word.to_lowercase(), "WB-004217").ended(0, "disowned");
    assert_eq!(
        (&disowned["customer"], &disowned["name"]),
        (&"WB-004217".into(), &"Dana Rivera".into())
    );
    let what = &disowned["verification"];
    for (key, value) in [("named", id), ("purpose", "change of address"), ("counter", "3")] {
        assert_eq!(what[key], value, "{disowned}");
    }
    assert_eq!(what["factors"], serde_json::json!(["sms"]), "{disowned}");
    assert_eq!(disowned["sessions"][0]["session"], verified["session"]);
    // The account is on hold, and the log says why.
    assert_eq!(desk.run(&["gate", "WB-004217", "--purpose", "change of address"]).code, 40);
    let refused = desk.run(&["request", "WB-004217", "--channel", "email", "--json"]);
    assert_eq!(refused.code, 40, "{}", refused.out);
    let log = desk.run(&["log", "--customer", "WB-004217", "--json"]).lines();
    let incident = log.iter().find(|it| it["kind"] == "incident_filed").expect("an incident");
    let detail = incident["detail"].as_str().unwrap();
    assert!(
        detail.contains("says she was abroad") && detail.contains("sessions ended: 1"),
        "{detail}"
    );
    // Again, by the other names of it, and by none.
    disown(id).ended(0, "already_disowned");
    let session = verified["session"].as_str().unwrap();
    let by_session = disown(session).ended(0, "already_disowned");
    assert_eq!(by_session["sessions"], serde_json::json!([]));
    assert_eq!(disown("0000000000").code, not_found);
    let silent = desk.run(&["customers", "disown", word, "--reason", " "]);
    assert_eq!(silent.code, 2, "{}", silent.err);
}
