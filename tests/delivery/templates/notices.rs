//! The notice to a contact that was changed.

use countersign::domain::contact_notice::NoticeAbout;

use super::*;

fn notice(channel: Channel, locale: &str) -> ChangeNotice {
    let to = if channel == Channel::Email { "dana@example.org" } else { "+15550100142" };
    ChangeNotice {
        about: NoticeAbout::Contact,
        to: Contact::parse(channel, to).expect("a contact"),
        name: "notice-1".into(),
        at: Timestamp::default(),
        office: "Riverside Billing".into(),
        customer: "Dana Rivera".into(),
        locale: Some(locale.into()),
    }
}

#[test]
fn security_17_a_changed_contact_is_told_in_every_language_and_by_one_text_message() {
    let templates = shipped();
    let told = |notice: &ChangeNotice| templates.notice_sample(notice).expect("a notice");
    for (locale, about) in SHIPPED.iter().flat_map(|it| NoticeAbout::ALL.map(|about| (*it, about)))
    {
        let notice = |channel, locale| ChangeNotice { about, ..notice(channel, locale) };
        let mail = told(&notice(Channel::Email, locale));
        assert_eq!(mail.locale, locale);
        let (subject, html) = (mail.subject.expect("a subject"), mail.html.expect("HTML"));
        for part in [&subject, &mail.text, &html] {
            assert!(part.contains("Riverside Billing"), "{locale}: {part}");
        }
        assert!(mail.text.contains("Dana Rivera") && html.contains("Dana Rivera"), "{locale}");
        let text = format!("{subject}{}", mail.text);
        assert!(!text.contains(|it: char| it.is_ascii_digit()), "no code: {text}");
        for long in ["Riverside Billing", "Abfallwirtschaftsbetrieb Überlingen Süd¶ {{ office }}"]
        {
            let notice = ChangeNotice { office: long.into(), ..notice(Channel::Sms, locale) };
            let text = told(&notice);
            assert_eq!(text.locale, locale);
            assert!(is_one_message(&text.text), "{locale}: {}", text.text);
            assert!(text.text.contains(&long[..3]), "{locale}: {}", text.text);
        }
    }
    assert_eq!(
        told(&notice(Channel::Sms, "en")).text.trim_end(),
        "Riverside Billing: the phone number on your account has been changed. If you did not ask \
         for this, please let us know."
    );
    let english = told(&notice(Channel::Email, "en-GB")).text.replace('\n', " ");
    for said in [
        "the email address on your account with Riverside Billing has been changed.",
        "by the phone number on your bill. We will never ask you for a password or a code.",
    ] {
        assert!(english.contains(said), "{english}");
    }
    for alarm in ["at once", "urgent", "immediately", "http"] {
        assert!(!english.contains(alarm), "it reads as a message of a swindler: {english}");
    }
    let unknown = told(&notice(Channel::Email, "tlh"));
    assert_eq!(unknown.locale, "en");
}

#[test]
fn security_25_a_name_in_a_notice_stays_a_name() {
    let hostile = ChangeNotice {
        customer: "{{ office }}<b>\r\nBcc: v@evil.test".into(),
        ..notice(Channel::Email, "en")
    };
    let told = shipped().notice_sample(&hostile).expect("a notice");
    assert!(told.text.contains("Hello {{ office }}<b>  Bcc: v@evil.test,"), "{}", told.text);
    assert!(!told.html.expect("HTML").contains("<b>"));
}

#[test]
fn each_fault_of_a_notice_is_named() {
    let (text, html) = ("{{ office }} changed it", "<p>{{ office }} <b>changed</b> it</p>");
    let whole = [
        ("xx/notice.subject.txt", "changed"),
        ("xx/notice.txt", text),
        ("xx/notice.html", html),
        ("xx/notice.sms.txt", text),
    ];
    assert_eq!(Own::new(&whole).failed(), [""; 0]);
    for (file, text, fault) in [
        ("xx/notice.txt", "{{ office }} {{ code }}", "xx/notice.txt names {{ code }}; there are"),
        ("xx/notice.txt", "{{ office }} is gone", "xx/notice.txt and xx/notice.html do not say"),
        ("xx/notice.subject.txt", " ", "xx/notice.subject.txt is empty."),
        ("xx/notice.sms.txt", "it was changed", "xx/notice.sms.txt does not say {{ office }}."),
        ("xx/notice.sms.txt", "{{ office", "xx/notice.sms.txt line 1"),
        ("notice.layout.html", "{{ code }}", "notice.layout.html names {{ code }}"),
    ] {
        let own = Own::new(&whole);
        own.write(file, text);
        let failed = own.failed();
        assert!(failed.iter().any(|it| it.contains(fault)), "{fault}: {failed:#?}");
    }
    let long = format!("{{{{ office }}}}{}", "a".repeat(143));
    let failed = Own::new(&[("xx/notice.sms.txt", &long)]).failed();
    assert!(failed[0].contains("143 places of 160; 142 at most"), "{failed:?}");
    let failed = Own::new(&whole[..2]).failed();
    assert!(failed[0].starts_with("xx: a notice by email is made of notice.subject"), "{failed:?}");
}
