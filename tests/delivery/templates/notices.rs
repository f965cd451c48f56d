//! The notice to a contact that was changed.

use std::sync::LazyLock;

use countersign::domain::contact_notice::NoticeAbout;

use super::*;

fn notice(channel: Channel, locale: &str) -> ContactNotice {
    let to = if channel == Channel::Email { "dana@example.org" } else { "+15550100142" };
    ContactNotice {
        about: NoticeAbout::Contact,
        to: Contact::parse(channel, to).expect("a contact"),
        name: "notice-1".into(),
        at: Timestamp::default(),
        office: "Riverside Billing".into(),
        customer: "Dana Rivera".into(),
        purpose: Some("change of address".into()),
        reference: Some(Reference::from_store("K7Q")),
        locale: Some(locale.into()),
    }
}

/// Whether a text has digits beside the moment and the reference, which are no part of a code.
fn has_digits(text: &str) -> bool {
    let moment = Timestamp::default().to_utc().with_timezone(&chrono::Local);
    let moment = moment.format("%Y-%m-%d %H:%M").to_string();
    let rest = text.replace(&moment, "").replace("K7Q", "");
    rest.contains(|it: char| it.is_numeric())
}

#[test]
fn security_17_a_changed_contact_is_told_in_every_language_and_by_one_text_message() {
    let templates = shipped();
    let told = |notice: &ContactNotice| templates.notice_sample(notice).expect("a notice");
    for (locale, about) in SHIPPED.iter().flat_map(|it| NoticeAbout::ALL.map(|about| (*it, about)))
    {
        let notice = |channel, locale| ContactNotice { about, ..notice(channel, locale) };
        let mail = told(&notice(Channel::Email, locale));
        assert_eq!(mail.locale, locale);
        let (subject, html) = (mail.subject.expect("a subject"), mail.html.expect("HTML"));
        for part in [&subject, &mail.text, &html] {
            assert!(part.contains("Riverside Billing"), "{locale}: {part}");
        }
        assert!(mail.text.contains("Dana Rivera") && html.contains("Dana Rivera"), "{locale}");
        let text = format!("{subject}{}", mail.text);
        assert!(!has_digits(&text), "no code: {text}");
        for long in ["Riverside Billing", "Abfallwirtschaftsbetrieb Überlingen Süd¶ {{ office }}"]
        {
            let notice = ContactNotice { office: long.into(), ..notice(Channel::Sms, locale) };
            let text = told(&notice);
            assert_eq!(text.locale, locale);
            assert!(is_one_message(&text.text), "{locale}: {}", text.text);
            assert!(text.text.contains(&long[..3]), "{locale}: {}", text.text);
            assert!(!has_digits(&text.text), "no code: {}", text.text);
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
fn security_68_what_was_done_is_told_in_words_that_do_not_alarm() {
    let templates = shipped();
    for (locale, about) in SHIPPED.iter().flat_map(|it| NoticeAbout::ALL.map(|about| (*it, about)))
    {
        let notice = ContactNotice { about, ..notice(Channel::Email, locale) };
        let mail = templates.notice_sample(&notice).expect("a notice");
        let is_visit = matches!(about, NoticeAbout::Verified | NoticeAbout::Represented);
        let has_reference = is_visit || about == NoticeAbout::Lockout;
        assert_eq!(mail.text.contains("change of address"), is_visit, "{locale}: {}", mail.text);
        assert_eq!(mail.text.contains("K7Q"), has_reference, "{locale}: {}", mail.text);
        let without = ContactNotice { reference: None, ..notice };
        let mail = templates.notice_sample(&without).expect("a notice");
        assert!(!mail.text.contains("{{") && !mail.text.contains("K7Q"), "{locale}");
    }
    let told = |about| {
        let notice = ContactNotice { about, ..notice(Channel::Email, "en") };
        templates.notice_sample(&notice).expect("a notice").text.replace('\n', " ")
    };
    for about in NoticeAbout::ALL {
        let text = told(about).to_lowercase();
        let alarms =
            ["at once", "urgent", "immediately", "http", "warning", "fraud", "attack", "alert"];
        assert!(!alarms.iter().any(|it| text.contains(it)), "{about:?}: {text}");
        assert!(text.contains("please let us know"), "{about:?}: {text}");
    }
    let verified = told(NoticeAbout::Verified);
    assert!(verified.contains("you were verified at a counter of Riverside Billing"), "{verified}");
    assert!(verified.contains("for this purpose: change of address."), "{verified}");
}

static TEMPLATES: LazyLock<Templates> = LazyLock::new(shipped);

proptest! {
    /// Nothing that is put into a notice is a code: what looks like one is what somebody is called.
    #[test]
    fn security_33_no_notice_has_the_digits_of_a_code(
        code in "[0-9]{6,10}", locale in prop::sample::select(&SHIPPED[..]),
        about in prop::sample::select(NoticeAbout::ALL.to_vec()), by_email in any::<bool>(),
    ) {
        let channel = if by_email { Channel::Email } else { Channel::Sms };
        let notice = ContactNotice { about, ..notice(channel, locale) };
        let told = TEMPLATES.notice_sample(&notice).expect("a notice");
        let all = [told.subject.unwrap_or_default(), told.text].concat();
        prop_assert!(!all.contains(&code) && !has_digits(&all), "{}", all);
    }
}

#[test]
fn security_25_a_name_in_a_notice_stays_a_name() {
    let hostile = ContactNotice {
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
