//! Purposes from the shell: what each takes, and what is added to a session.

use serde_json::Value;

use super::desk::{Desk, Ran};

const PURPOSES: &str = "\
[[purpose]]
name = \"question\"

[[purpose]]
name = \"change of address\"
level = \"two\"

[[purpose]]
name = \"at the till\"
level = \"none\"

[[purpose]]
name = \"hand over a contract\"
level = \"document\"
";

fn office() -> Desk {
    let desk = Desk::empty();
    desk.configure(PURPOSES);
    desk.import();
    desk
}

/// A request for a purpose, and the code in its message.
fn request(desk: &Desk, channel: &str, purpose: &str) -> (String, String) {
    let arguments = ["request", "WB-004217", "--channel", channel, "--purpose", purpose, "--json"];
    let sent = desk.run(&arguments).ended(0, "sent");
    let code = desk.code(sent["reference"].as_str().expect("a reference"));
    (sent["request"].as_str().expect("a request").to_owned(), code)
}

fn token(answer: &Value) -> String {
    answer["session_token"].as_str().expect("a token").to_owned()
}

fn gate(desk: &Desk, purpose: &str) -> Ran {
    desk.run(&["gate", "WB-004217", "--purpose", purpose, "--json"])
}

#[test]
fn security_67_a_second_proof_is_added_to_the_session_and_nothing_passes_before() {
    let desk = office();
    let (first, code) = request(&desk, "sms", "change of address");
    let half = desk.told(&["verify", &first, "--json"], &code).ended(17, "verified");
    assert_eq!((&half["reached"], &half["level"]), (&false.into(), &"nist".into()));
    assert_eq!(gate(&desk, "change of address").code, 40);

    let (second, code) = request(&desk, "email", "change of address");
    let both = format!("{code}\n{}\n", token(&half));
    let whole = desk.told(&["verify", &second, "--further", "--json"], &both).ended(0, "verified");
    assert_eq!((&whole["reached"], &whole["level"]), (&true.into(), &"two".into()));
    assert_eq!(whole["session"], half["session"], "it is the same session");
    assert_eq!(gate(&desk, "change of address").code, 0);
    assert_eq!(gate(&desk, "question").code, 40, "it was not asked to serve for it");

    let serve = |purpose: &str| {
        desk.told(&["session", "serve", "--purpose", purpose, "--json"], &token(&half)).code
    };
    assert_eq!(serve("question"), 0);
    assert_eq!(gate(&desk, "question").code, 0);
    assert_eq!(gate(&desk, "change of address").code, 0, "never lowered");
    assert_eq!(serve("hand over a contract"), 17);
    assert_eq!(gate(&desk, "hand over a contract").code, 40);
}

#[test]
fn the_amount_due_is_shown_for_an_account_number_where_nothing_has_to_be_proven() {
    let desk = office();
    let due = |account: &str, purpose: &str| {
        desk.run(&["amount-due", account, "--purpose", purpose, "--json"])
    };
    let shown = due("WB-004217", "at the till").ended(0, "due");
    let said = shown.to_string();
    assert!(!said.contains("Rivera") && !said.contains('@'), "{said}");
    due("WB-004217", "question").ended(40, "forbidden");
    due("WB-999999", "at the till").ended(21, "unknown_customer");
}

#[test]
fn security_70_a_document_that_was_seen_opens_what_takes_one() {
    let desk = office();
    let see = |purpose: &str, more: &[&str]| {
        let arguments = ["factor", "document", "WB-004217", "--kind", "passport", "--json"];
        let arguments = [&arguments[..], &["--purpose", purpose], more].concat();
        desk.run(&arguments)
    };
    let matches = ["--name-matches", "--photo-matches", "--until", "2090-01-01"];
    let seen = see("hand over a contract", &matches).ended(0, "verified");
    assert_eq!((&seen["reached"], &seen["level"]), (&true.into(), &"document".into()));
    assert_eq!(gate(&desk, "hand over a contract").code, 0);
    see("question", &matches).ended(40, "forbidden");
    see("hand over a contract", &matches[..1]).ended(15, "malformed");
    let over = ["--name-matches", "--photo-matches", "--until", "2020-01-01"];
    see("hand over a contract", &over).ended(15, "malformed");
}

#[test]
fn a_representative_waits_for_a_second_person_and_is_none_before() {
    let desk = Desk::empty();
    desk.configure("[[purpose]]\nname = \"question\"\nrepresentative = true\n\n[[purpose]]\nname = \"closure\"\n");
    desk.import();
    let add = |purpose: &str| {
        let of = ["customers", "representatives", "WB-004217", "add", "--name", "Anna Rivera"];
        let more = ["--email", "anna@example.net", "--purpose", purpose, "--document", "passport"];
        let rest = ["--until", "2096-06-30", "--reason", "power of attorney", "--json"];
        desk.run(&[&of[..], &more, &rest].concat())
    };
    let alone = add("closure").ended(40, "forbidden");
    assert!(alone["message"].as_str().is_some_and(|it| it.contains("the holder alone")), "{alone}");
    let waits = add("question").ended(17, "awaits_approval");
    let message = waits["message"].as_str().expect("a message");
    assert!(message.contains("Anna Rivera act for Dana Rivera"), "{message}");
    let waiting = desk.run(&["approvals", "--json"]).lines();
    assert_eq!(waiting.len(), 1);
    let id = waiting[0]["approval"].as_str().expect("a name");
    let shown = desk.run(&["approve", id, "--show"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    for part in [
        "What: let Anna Rivera act for Dana Rivera (WB-004217), for: question",
        "Why: power of attorney",
        "Asked by ",
        " at counter ",
        "Can be approved until ",
    ] {
        assert!(shown.out.contains(part), "{part}: {}", shown.out);
    }
    assert_eq!(desk.run(&["approvals", "--json"]).lines().len(), 1, "nothing is decided");
    desk.run(&["approve", id, "--json"]).ended(40, "forbidden");
    let list = ["customers", "representatives", "WB-004217", "list", "--json"];
    assert_eq!(desk.run(&list).lines().len(), 0);
    let end = ["customers", "representatives", "WB-004217", "end", "7K3M9QX2TB", "--reason", "no"];
    assert_eq!(desk.run(&end).code, 2);
    let request = ["request", "WB-004217", "--channel", "email", "--representative", "7K3M9QX2TB"];
    assert_eq!(desk.run(&request).code, 40);
}
