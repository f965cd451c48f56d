//! Notifications as mail servers write them, and what no server wrote.

use proptest::prelude::*;

use super::*;

const ID: &str = "4F7K2M9QXA-1-0123456789abcdef0123@office.example";

/// As Postfix writes one.
fn postfix() -> String {
    format!(
        "Return-Path: <>\r\n\
         Received: by mx.office.example (Postfix)\r\n\tid 4XyZ120001; Tue, 24 Nov 2026 10:02:11 +0000 (UTC)\r\n\
         From: MAILER-DAEMON@mx.office.example (Mail Delivery System)\r\n\
         To: desk@office.example\r\n\
         Subject: Undelivered Mail Returned to Sender\r\n\
         Auto-Submitted: auto-replied\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"4XyZ110003.1764000131/mx.office.example\"\r\n\
         Message-Id: <20261124100211.4XyZ120001@mx.office.example>\r\n\
         \r\n\
         This is a MIME-encapsulated message.\r\n\
         \r\n\
         --4XyZ110003.1764000131/mx.office.example\r\n\
         Content-Description: Notification\r\n\
         Content-Type: text/plain; charset=us-ascii\r\n\
         \r\n\
         Your message could not be delivered: <dana@customer.example>.\r\n\
         Message-ID: <somebody-else@office.example>\r\n\
         \r\n\
         --4XyZ110003.1764000131/mx.office.example\r\n\
         Content-Description: Delivery report\r\n\
         Content-Type: message/delivery-status\r\n\
         \r\n\
         Reporting-MTA: dns; mx.office.example\r\n\
         X-Postfix-Queue-ID: 4XyZ110003\r\n\
         Arrival-Date: Tue, 24 Nov 2026 10:02:09 +0000 (UTC)\r\n\
         \r\n\
         Final-Recipient: rfc822; dana@customer.example\r\n\
         Original-Recipient: rfc822;dana@customer.example\r\n\
         Action: failed\r\n\
         Status: 5.1.1\r\n\
         Remote-MTA: dns; mail.customer.example\r\n\
         Diagnostic-Code: smtp; 550 5.1.1 <dana@customer.example>: no such user\r\n\
         \r\n\
         --4XyZ110003.1764000131/mx.office.example\r\n\
         Content-Description: Undelivered Message Headers\r\n\
         Content-Type: text/rfc822-headers\r\n\
         \r\n\
         Return-Path: <desk@office.example>\r\n\
         From: Riverside Billing <desk@office.example>\r\n\
         Message-ID: <{ID}>\r\n\
         Subject: Riverside Billing: your code for the counter\r\n\
         \r\n\
         --4XyZ110003.1764000131/mx.office.example--\r\n"
    )
}

/// As Exim writes one: the status says nothing, the reply of the other server does.
fn exim() -> String {
    format!(
        "Return-path: <>\n\
         References: <{ID}>\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=1764000131-eximdsn-77812\n\
         MIME-Version: 1.0\n\
         From: Mail Delivery System <Mailer-Daemon@mx.office.example>\n\
         \n\
         --1764000131-eximdsn-77812\n\
         Content-type: text/plain; charset=us-ascii\n\
         \n\
         A message that you sent could not be delivered.\n\
         \n\
         --1764000131-eximdsn-77812\n\
         Content-type: message/delivery-status\n\
         \n\
         Reporting-MTA: dns; mx.office.example\n\
         \n\
         Action: failed\n\
         Final-Recipient: rfc822;dana@customer.example\n\
         Status: 5.0.0\n\
         Remote-MTA: dns; mail.customer.example\n\
         Diagnostic-Code: smtp; 552-5.2.2 The mailbox is over its quota\n 552 5.2.2 try later\n\
         \n\
         --1764000131-eximdsn-77812\n\
         Content-type: message/rfc822\n\
         \n\
         Return-path: <desk@office.example>\n\
         Message-ID:\n <{ID}>\n\
         Content-Type: multipart/alternative; boundary=\"inner\"\n\
         \n\
         --inner\n\
         Message-ID: <not-a-header@office.example>\n\
         \n\
         the code\n\
         --inner--\n\
         \n\
         --1764000131-eximdsn-77812--\n"
    )
}

/// As Exchange and Office 365 write one: long folded fields, mixed case.
fn exchange() -> String {
    format!(
        "From: <postmaster@tenant.example>\r\n\
         To: <desk@office.example>\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"5b1f0c1e-7e57-4a1c-9d0e-0a4c51a8c7f1\"\r\n\
         X-MS-Exchange-Message-Is-Ndr:\r\n\
         Message-ID: <ndr-1@tenant.example>\r\n\
         In-Reply-To: <{ID}>\r\n\
         References: <{ID}>\r\n\
         Subject: Undeliverable: your code for the counter\r\n\
         \r\n\
         --5b1f0c1e-7e57-4a1c-9d0e-0a4c51a8c7f1\r\n\
         Content-Type: multipart/alternative; differences=Content-Type;\r\n\tboundary=\"9a0c\"\r\n\
         \r\n\
         --9a0c\r\n\
         Content-Type: text/plain; charset=\"us-ascii\"\r\n\
         \r\n\
         The address was not found.\r\n\
         --9a0c--\r\n\
         \r\n\
         --5b1f0c1e-7e57-4a1c-9d0e-0a4c51a8c7f1\r\n\
         Content-Type: message/delivery-status\r\n\
         \r\n\
         Reporting-MTA: dns;MB01.tenant.example\r\n\
         X-Original-Message-ID: <{ID}>\r\n\
         \r\n\
         Final-Recipient: rfc822;dana@customer.example\r\n\
         Action: Failed\r\n\
         Status: 5.1.10\r\n\
         Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound;\r\n Recipient not found\r\n\
         X-Display-Name: dana@customer.example\r\n\
         \r\n\
         --5b1f0c1e-7e57-4a1c-9d0e-0a4c51a8c7f1\r\n\
         Content-Type: message/rfc822\r\n\
         \r\n\
         Authentication-Results: spf=pass\r\n\
         Message-ID: <{ID}>\r\n\
         \r\n\
         --5b1f0c1e-7e57-4a1c-9d0e-0a4c51a8c7f1--\r\n"
    )
}

/// As Gmail writes one: a related part for people, and the whole message.
fn gmail() -> String {
    format!(
        "Return-Path: <>\r\n\
         Content-Type: multipart/report; boundary=\"000000000000a1b2c30642aa\"; report-type=delivery-status\r\n\
         To: desk@office.example\r\n\
         From: Mail Delivery Subsystem <mailer-daemon@relay.example>\r\n\
         Auto-Submitted: auto-replied\r\n\
         References: <{ID}>\r\n\
         In-Reply-To: <{ID}>\r\n\
         X-Failed-Recipients: dana@customer.example\r\n\
         Message-ID: <69242f03.050a0220.1.0001.GMR@mx.relay.example>\r\n\
         \r\n\
         --000000000000a1b2c30642aa\r\n\
         Content-Type: multipart/related; boundary=\"000000000000a1b2c40642ab\"\r\n\
         \r\n\
         --000000000000a1b2c40642ab\r\n\
         Content-Type: text/plain; charset=\"UTF-8\"\r\n\
         \r\n\
         ** Address not found **\r\n\
         --000000000000a1b2c40642ab--\r\n\
         --000000000000a1b2c30642aa\r\n\
         Content-Type: message/delivery-status\r\n\
         \r\n\
         Reporting-MTA: dns; relay.example\r\n\
         Arrival-Date: Tue, 24 Nov 2026 02:02:10 -0800 (PST)\r\n\
         X-Original-Message-ID: <{ID}>\r\n\
         \r\n\
         Final-Recipient: rfc822; dana@customer.example\r\n\
         Action: failed\r\n\
         Status: 5.1.1\r\n\
         Remote-MTA: dns; mail.customer.example. (192.0.2.26)\r\n\
         Diagnostic-Code: smtp; 550-5.1.1 The account that you tried to reach does not exist.\r\n\
         Last-Attempt-Date: Tue, 24 Nov 2026 02:02:11 -0800 (PST)\r\n\
         \r\n\
         --000000000000a1b2c30642aa\r\n\
         Content-Type: message/rfc822\r\n\
         \r\n\
         MIME-Version: 1.0\r\n\
         Message-ID: <{ID}>\r\n\
         \r\n\
         --000000000000a1b2c30642aa--\r\n"
    )
}

#[test]
fn notifications_of_the_usual_servers_name_our_message() {
    for (mail, status) in
        [(postfix(), "5.1.1"), (exim(), "5.2.2"), (exchange(), "5.1.10"), (gmail(), "5.1.1")]
    {
        let bounce = Bounce::parse(mail.as_bytes()).expect("a bounce");
        assert_eq!(bounce.status.to_string(), status, "{mail}");
        assert!(bounce.message_ids.iter().all(|it| it == ID), "{bounce:?}");
        // From a mailbox, and with the other ends of lines.
        let other = format!("From MAILER-DAEMON Tue Nov 24 10:02:11 2026\n{mail}");
        assert_eq!(Bounce::parse(other.as_bytes()), Ok(bounce.clone()));
        let unix = mail.replace("\r\n", "\n");
        assert_eq!(Bounce::parse(unix.as_bytes()), Ok(bounce));
    }
}

#[test]
fn what_did_not_fail_for_good_is_no_bounce() {
    for (from, to) in [
        ("Action: failed", "Action: delayed"),
        ("Action: failed", "Action: relayed"),
        ("Status: 5.1.1", "Status: 4.4.1"),
        ("Status: 5.1.1", "Status: 2.0.0"),
        ("Status: 5.1.1", "X-Status: 5.1.1"),
    ] {
        let mail = postfix().replacen(from, to, 1);
        assert_eq!(Bounce::parse(mail.as_bytes()), Err(NoBounce::NotFailed), "{to}");
    }
}

#[test]
fn other_mail_is_no_bounce() {
    let plain = format!("From: dana@customer.example\nIn-Reply-To: <{ID}>\n\nThank you!\n");
    let read = postfix().replacen("delivery-status", "disposition-notification", 1);
    let mixed = postfix().replacen("multipart/report", "multipart/mixed", 1);
    let bare = postfix().replacen("message/delivery-status", "text/plain", 1);
    for mail in [&*plain, &*read, &*mixed, &*bare, "", "\n\n", "Content-Type: multipart/report"] {
        assert_eq!(Bounce::parse(mail.as_bytes()), Err(NoBounce::OtherMail), "{mail}");
    }
    let nameless = postfix().replace("Message-ID: ", "X-ID: ");
    assert_eq!(Bounce::parse(nameless.as_bytes()), Err(NoBounce::Nameless));
}

/// What is not read costs nothing, and what is missing for it is not guessed.
#[test]
fn a_message_is_read_up_to_its_bound() {
    let mut mail = postfix().into_bytes();
    mail.resize(3 * BOUNCE_MAX, b'x');
    assert!(Bounce::parse(&mail).is_ok());
    let mut late = vec![b'x'; BOUNCE_MAX];
    drop(late.splice(0..0, b"X: ".iter().copied()));
    late.extend(b"\r\n");
    late.extend(postfix().into_bytes());
    assert_eq!(Bounce::parse(&late), Err(NoBounce::OtherMail));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(mail in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = Bounce::parse(&mail);
    }

    /// Bytes of a notification that were cut out, doubled or replaced.
    #[test]
    fn a_mangled_notification_is_read_without_a_panic(
        which in 0_usize..4,
        edits in prop::collection::vec((0_usize..4_000, 0_usize..60, any::<u8>(), any::<bool>()), 0..8),
    ) {
        let mut mail = [postfix(), exim(), exchange(), gmail()][which].clone().into_bytes();
        for (at, length, byte, cut) in edits {
            let at = at.min(mail.len());
            let end = (at + length).min(mail.len());
            let with = if cut { Vec::new() } else { vec![byte; 3] };
            drop(mail.splice(at..end, with));
        }
        if let Ok(bounce) = Bounce::parse(&mail) {
            prop_assert!(bounce.message_ids.len() <= IDS_MAX);
            prop_assert!(bounce.message_ids.iter().all(|it| it.len() <= ID_MAX));
        }
    }
}
