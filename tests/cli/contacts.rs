//! What is known of contacts, and the list of those to mend.

use sqlx::{ConnectOptions as _, Connection as _};

use super::desk::Desk;

/// The last message to each email address failed for good, as a provider would have told.
async fn failed_for_good(desk: &Desk) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(desk.path("desk.db"));
    let mut store = options.connect().await.expect("the store");
    let change = "UPDATE core_contact_state SET failure = 'unknown-mailbox', \
                  failed_at = arrived_at + 1, standing = 'bad' WHERE channel = 'email'";
    sqlx::query(change).execute(&mut store).await.expect("changed");
    store.close().await.expect("closed");
}

#[tokio::test]
async fn the_list_to_mend_names_who_and_why_until_the_record_is_mended() {
    let desk = Desk::open();
    let list = |more: &str| {
        let arguments = ["customers", "contacts", "--bad", more];
        desk.run(&arguments[..if more.is_empty() { 3 } else { 4 }])
    };
    let nothing = list("");
    assert_eq!((nothing.code, nothing.out.as_str()), (0, ""), "{}", nothing.err);
    assert!(nothing.err.contains("No contact on file has failed"), "{}", nothing.err);

    desk.request("WB-004217", "email");
    desk.request("WB-004219", "email");
    failed_for_good(&desk).await;
    let lines = list("--json").lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    let dana = lines.iter().find(|it| it["customer"] == "WB-004217").expect("Dana");
    for (key, value) in [
        ("channel", "email"),
        ("contact", "d***@example.org"),
        ("failure", "unknown-mailbox"),
        ("reason", "no such mailbox"),
    ] {
        assert_eq!(dana[key], value, "{dana}");
    }
    assert_eq!(dana["customers"], 1);
    let eli = lines.iter().find(|it| it["customer"] == "WB-004219").expect("Eli");
    assert_eq!(eli["customers"], 2, "two customers share the address");
    let table = list("").out;
    assert!(table.contains("no such mailbox") && table.contains("Dana Rivera"), "{table}");
    let csv = list("--csv").out;
    let head = "customer,name,channel,contact,failure,reason,failed_at,customers\n";
    assert!(csv.starts_with(head) && csv.contains("\nWB-004217,Dana Rivera,email,"), "{csv}");
    for told in [&table, &csv] {
        assert!(!told.contains("dana@example.org"), "{told}");
    }
    let found = desk.run(&["customers", "find", "WB-004217", "--json"]).json();
    let email = found["channels"].as_array().expect("channels").last().expect("email").clone();
    assert_eq!(
        (&email["channel"], &email["last_failure"]),
        (&"email".into(), &"unknown-mailbox".into()),
        "the other channel comes first: {found}"
    );

    let mended = "account_no,name,email\nWB-004217,Dana Rivera,dana.rivera@example.org\n";
    assert_eq!(desk.told(&["customers", "import", "-"], mended).code, 0);
    let left = list("--json").lines();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0]["customer"], "WB-004219");
}

#[test]
fn a_list_of_contacts_is_one_of_bad_ones() {
    let ran = Desk::open().run(&["customers", "contacts"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("--bad"), "{}", ran.err);
}

#[test]
fn a_landline_is_refused_before_it_costs_a_message() {
    let mut desk = Desk::empty();
    desk.set("sms.default_country", "DE");
    let file = "account_no,name,phone\nA-1,Dana,030 123456\nA-2,Bo,0151 23456789\n";
    assert_eq!(desk.told(&["customers", "import", "-"], file).code, 0);
    let ran = desk.run(&["request", "A-1", "--channel", "sms", "--json"]);
    let refused = ran.ended(22, "no_contact");
    let message = refused["message"].as_str().expect("a sentence");
    assert!(message.contains("landline"), "{message}");
    assert_eq!(desk.run(&["tray"]).out, "");
    desk.request("A-2", "sms");
    desk.configure("[whatsapp]\nprovider = \"tray\"");
    desk.request("A-1", "whatsapp");
}
