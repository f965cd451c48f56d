//! A mail that came back, as a mail server gives it to the program.

use countersign::config::key_file::KeyFile;
use countersign::domain::bounce::BOUNCE_MAX;
use countersign::domain::message_id;
use serde_json::Value;

use super::desk::Desk;

/// The exit code of mail that is no bounce of ours.
const NO_BOUNCE: i32 = 19;

/// The Message-ID that the desk gives to the first message of a request.
fn id_of(desk: &Desk, request: &Value) -> String {
    let ring = KeyFile::load(&desk.path("desk.keys")).expect("the keys").ring();
    let request = request["request"].as_str().expect("a request").parse().expect("an id");
    let local = message_id::local_part(ring.current().1, &request, 1);
    format!("{local}@office.example")
}

fn notification(id: &str, action: &str, status: &str) -> String {
    format!(
        "Return-Path: <>\r\nTo: desk@office.example\r\n\
         Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"b/1\"\r\n\r\n\
         --b/1\r\nContent-Type: text/plain\r\n\r\nIt came back.\r\n\
         --b/1\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.office.example\r\n\r\n\
         Final-Recipient: rfc822; dana@example.org\r\nAction: {action}\r\nStatus: {status}\r\n\r\n\
         --b/1\r\nContent-Type: text/rfc822-headers\r\n\r\n\
         Message-ID: <{id}>\r\n\r\n--b/1--\r\n"
    )
}

#[test]
fn mail_that_came_back_marks_its_message_once_and_names_no_customer() {
    let desk = Desk::open();
    let (request, _) = desk.request("WB-004217", "email");
    let id = id_of(&desk, &request);
    let bounce = |mail: &str| desk.told(&["bounce", "--json"], mail);
    for (mail, why) in [
        (notification(&id, "delayed", "4.4.1"), "a delay"),
        (notification("4F7K2M9QXA-1-0123456789abcdef0123@office.example", "failed", "5.1.1"), "x"),
        (notification(&id.replacen("-1-", "-2-", 1), "failed", "5.1.1"), "another message"),
        ("From: dana@example.org\n\nThank you!\n".to_owned(), "other mail"),
        (String::new(), "nothing"),
        ("x".repeat(BOUNCE_MAX + 100_000), "a large one"),
    ] {
        let ended = bounce(&mail).ended(NO_BOUNCE, "no_bounce");
        assert!(!ended.to_string().contains("Dana"), "{why}: {ended}");
    }
    let none = desk.run(&["customers", "contacts", "--bad", "--json"]);
    assert_eq!(none.out, "", "nothing was changed");

    let mail = notification(&id, "failed", "5.1.1");
    let ended = bounce(&mail).ended(0, "recorded");
    assert_eq!(ended.as_object().expect("an object").len(), 2, "{ended}");
    bounce(&mail).ended(0, "known");
    let bad = desk.run(&["customers", "contacts", "--bad", "--json"]).lines();
    assert_eq!(bad.len(), 1, "{bad:?}");
    assert_eq!(bad[0]["customer"], "WB-004217");
    assert_eq!(
        (&bad[0]["failure"], &bad[0]["reason"]),
        (&"bounced".into(), &"mail to it came back".into())
    );
    let log = desk.run(&["log", "--outcome", "undeliverable", "--json"]).lines();
    assert_eq!(log.len(), 1, "told twice, it is written once: {log:?}");
    let detail = log[0]["detail"].as_str().expect("a detail");
    assert_eq!(detail, "The email came back (5.1.1): mail to it came back.");
    // The request goes on: the clerk may send another code elsewhere.
    let id = request["request"].as_str().expect("a request");
    assert_eq!(desk.run(&["status", id, "--json"]).json()["status"], "open");
}
