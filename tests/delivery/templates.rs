//! The words of messages: every language, the longest names, a folder of the
//! office's own, and everything that a template can do wrong.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

mod notices;

use std::fs;
use std::path::Path;

use countersign::config::settings::MessageSettings;
use countersign::delivery::{Finding, Sample, State, Templates};
use countersign::domain::channel::Channel;
use countersign::domain::code::Code;
use countersign::domain::contact::Contact;
use countersign::domain::message::{ContactNotice, MessageFacts};
use countersign::domain::request::Reference;
use countersign::domain::time::Timestamp;
use proptest::prelude::*;
use tempfile::TempDir;

const SHIPPED: [&str; 7] = ["ar", "de", "en", "es", "fr", "hi", "zh"];

fn facts() -> MessageFacts {
    MessageFacts {
        office: "Riverside Billing".into(),
        counter: "3".into(),
        customer: "Dana Rivera".into(),
        purpose: "pay bill".into(),
        reference: Reference::from_store("K7Q"),
        code: Code::from_number(481_920, 6),
        minutes: 5,
        locale: None,
    }
}

fn spoken(locale: &str) -> MessageFacts {
    MessageFacts { locale: Some(locale.into()), ..facts() }
}

/// As many as the configuration and the store let through.
fn longest(locale: &str) -> MessageFacts {
    MessageFacts {
        office: "Abfallwirtschaftsbetrieb Überlingen Süd¶".into(),
        counter: "Schalter zwölf links".into(),
        customer: "W".repeat(200),
        purpose: "Änderung der Anschrift und des Kontos, §".into(),
        code: Code::from_number(1, 10),
        minutes: 10,
        ..spoken(locale)
    }
}

fn shipped() -> Templates {
    Templates::load(&MessageSettings::default()).expect("the templates of the program")
}

fn sample(templates: &Templates, channel: Channel, facts: &MessageFacts) -> Sample {
    templates.sample(channel, facts).expect("a message")
}

fn sms(facts: &MessageFacts) -> String {
    sample(&shipped(), Channel::Sms, facts).text
}

/// Subject, text and HTML.
fn email(facts: &MessageFacts) -> (String, String, String) {
    let it = sample(&shipped(), Channel::Email, facts);
    (it.subject.expect("a subject"), it.text, it.html.expect("HTML"))
}

/// What a text takes of one message, counted anew: 160 of the GSM alphabet, or
/// 70 units of UTF-16.
fn is_one_message(text: &str) -> bool {
    const GSM: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                       ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
    const EXTENDED: &str = "\u{c}^{}\\[~]|€";
    let places = |char: char| match char {
        char if GSM.contains(char) => Some(1),
        char if EXTENDED.contains(char) => Some(2),
        _ => None,
    };
    match text.chars().map(places).sum::<Option<usize>>() {
        Some(places) => places <= 160,
        None => text.encode_utf16().count() <= 70,
    }
}

/// A folder of the office's own.
struct Own(TempDir);

impl Own {
    fn new(files: &[(&str, &str)]) -> Self {
        let own = Self(tempfile::tempdir().expect("a folder"));
        for (name, text) in files {
            own.write(name, text);
        }
        own
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, text).expect("written");
    }

    fn settings(&self) -> MessageSettings {
        MessageSettings { folder: Some(self.0.path().into()), ..MessageSettings::default() }
    }

    fn failed(&self) -> Vec<String> {
        let failed =
            |finding: Finding| (finding.state == State::Failed).then(|| finding.text.clone());
        let failed: Vec<String> =
            Templates::check(&self.settings(), &[]).into_iter().filter_map(failed).collect();
        assert_eq!(Templates::load(&self.settings()).is_err(), !failed.is_empty());
        failed
    }
}

#[test]
fn the_messages_read_as_they_should() {
    assert_eq!(
        sms(&facts()),
        "481920 is your code at Riverside Billing, counter 3 (pay bill). Ref K7Q. Valid 5 min. \
         Say it only at the counter, never by phone."
    );
    let (subject, plain, html) = email(&facts());
    assert_eq!(subject, "Riverside Billing: your code for the counter, reference K7Q");
    assert!(
        plain.starts_with("Hello Dana Rivera,\n\nhere is your code for our counter:\n\n481920\n")
    );
    assert!(plain.trim_end().ends_with("\n\nRiverside Billing"), "{plain}");
    assert!(plain.lines().any(|line| line == "481920"), "{plain}");
    assert!(plain.contains("\nValid for: 5 minutes\n"), "{plain}");
    for part in [&plain, &html] {
        assert!(part.contains("at the counter, never by phone"), "{part}");
        assert!(part.contains("We will never ask you for it by phone or email."), "{part}");
    }
    assert!(html.starts_with("<!DOCTYPE html>"), "{html}");
    let once = MessageFacts { minutes: 1, ..facts() };
    assert!(email(&once).1.contains("Valid for: 1 minute\n"));
}

#[test]
fn every_language_says_everything_in_both_parts() {
    for locale in SHIPPED {
        let (subject, plain, html) = email(&spoken(locale));
        assert!(subject.contains("Riverside Billing") && subject.contains("K7Q"), "{subject}");
        assert!(!subject.contains("481920"), "a locked telephone shows the subject");
        let page = html.split_once("</head>").expect("a head").1;
        for value in ["Dana Rivera", "Riverside Billing", ">3<", "pay bill", "K7Q", "481920"] {
            assert!(page.contains(value), "{locale}: {value} in {page}");
            assert!(plain.contains(value.trim_matches(['<', '>'])), "{locale}: {value} in {plain}");
        }
        assert!(plain.contains('5') && page.contains("5 "), "{locale}");
        assert_eq!(plain.matches("481920").count(), 1, "{locale}");
        assert_eq!(page.matches("481920").count(), 1, "{locale}");
    }
}

#[test]
fn the_mail_calls_nobody_and_knows_light_and_dark() {
    for locale in SHIPPED {
        let html = email(&spoken(locale)).2;
        for foreign in ["http:", "https:", "src=", "url(", "<img", "<link", "<script", "@import"] {
            assert!(!html.contains(foreign), "{locale}: {foreign}");
        }
        assert!(html.contains("name=\"color-scheme\" content=\"light dark\""), "{locale}");
        assert!(html.contains("prefers-color-scheme: dark"), "{locale}");
        let direction = if locale == "ar" { "rtl" } else { "ltr" };
        assert!(html.contains(&format!("dir=\"{direction}\">\n<head>")), "{locale}");
        assert!(html.contains("<span dir=\"ltr\">481920</span>"), "{locale}");
        assert!(html.contains("<span dir=\"ltr\">K7Q</span>"), "{locale}");
    }
    let arabic = email(&spoken("ar")).1;
    assert!(arabic.contains("\u{2068}K7Q\u{2069}"), "names keep their own direction: {arabic}");
    assert!(arabic.lines().any(|line| line == "481920"));
}

#[test]
fn the_customers_language_is_spoken_or_the_offices() {
    let own = Own::new(&[("pt/sms.txt", "{{ office }}: codigo {{ code }}, {{ reference }}")]);
    let settings = MessageSettings { default_locale: "de-AT".into(), ..own.settings() };
    let templates = Templates::load(&settings).expect("templates");
    for (locale, mail, text) in [
        ("es-MX", "es", "es"),
        ("es_419.UTF-8", "es", "es"),
        ("ZH-Hans-CN", "zh", "zh"),
        ("pt-BR", "de", "pt"),
        ("tlh", "de", "de"),
        ("", "de", "de"),
        ("../en", "de", "de"),
        ("en-GB", "en", "en"),
    ] {
        let facts = spoken(locale);
        assert_eq!(sample(&templates, Channel::Email, &facts).locale, mail, "{locale}");
        assert_eq!(sample(&templates, Channel::Sms, &facts).locale, text, "{locale}");
    }
    assert_eq!(sample(&templates, Channel::Sms, &facts()).locale, "de");
}

#[test]
fn security_25_values_are_data_and_never_templates() {
    let hostile = MessageFacts {
        customer: "{{code}}<b>&\"'{% raw %}x\r\nBcc: v@evil.test\u{202e}".into(),
        purpose: "{{ code }}".into(),
        office: "A & B".into(),
        ..facts()
    };
    let (subject, plain, html) = email(&hostile);
    assert!(plain.contains("Hello {{code}}<b>&\"'{% raw %}x  Bcc: v@evil.test,"), "{plain}");
    assert!(html.contains("{{code}}&lt;b&gt;&amp;"), "{html}");
    assert!(!html.contains("<b>"), "{html}");
    assert!(html.contains("A &amp; B"));
    assert!(subject.starts_with("A & B:"));
    assert_eq!(plain.matches("481920").count(), 1);
    assert_eq!(html.matches("481920").count(), 1);
    assert!(sms(&hostile).contains("({{ code }})"));
}

#[test]
fn security_21_long_names_are_shortened_and_the_message_stays_one() {
    for locale in SHIPPED {
        let message = sms(&longest(locale));
        assert!(is_one_message(&message), "{locale}: {message}");
        for value in ["0000000001", "K7Q", "10"] {
            assert!(message.contains(value), "{locale}: {value} in {message}");
        }
        for name in ["Abf", "Sch"] {
            assert!(message.contains(name), "{locale}: {name} in {message}");
        }
    }
    assert_eq!(
        sms(&longest("en")),
        "0000000001 is your code at Abfallwirtschafts., counter Schalter zwölf l. (Änderung der \
         Ans.). Ref K7Q. Valid 10 min. Say it only at the counter, never by phone."
    );
}

#[test]
fn the_code_is_the_first_number_of_a_text_message() {
    for locale in SHIPPED {
        let templates = shipped();
        let facts = MessageFacts {
            office: "Amt 24".into(),
            counter: "3".into(),
            purpose: "bill 2026".into(),
            locale: Some(locale.into()),
            ..facts()
        };
        let sample = templates.sample(Channel::Sms, &facts).expect("a message");
        let first = sample.text.split(|it: char| !it.is_numeric()).find(|it| !it.is_empty());
        assert_eq!(first, Some(facts.code.reveal()), "{locale}: {}", sample.text);
        assert!(templates.check_office("Amt 24").is_ok());
    }
    for (text, is_late) in [
        ("{{ office }}: {{ code }} {{ reference }}", false),
        ("{{ office }}, counter {{ counter }}: {{ code }} {{ reference }}", true),
        ("{{ office }} {{ reference }}: {{ code }}", true),
        ("{{ office }}, valid {{ minutes }} min: {{ code }} {{ reference }}", true),
        ("24h {{ office }}: {{ code }} {{ reference }}", true),
    ] {
        let own = Own::new(&[("xx/sms.txt", text)]);
        let late = own.failed().iter().any(|it| it.contains("take the first for the code"));
        assert_eq!(late, is_late, "{text}: {:?}", own.failed());
    }
    let own = Own::new(&[("xx/sms.txt", "{{ office }}: {{ code }} {{ reference }}")]);
    let templates = Templates::load(&own.settings()).expect("templates");
    assert!(templates.check_office("Riverside").is_ok());
    let refused = templates.check_office("Amt 24").expect_err("its digits come first").to_string();
    assert!(refused.contains("office.name") && refused.contains("xx/sms.txt"), "{refused}");
    let found = Templates::check(&own.settings(), &[("office.name", "Amt 24")]);
    assert!(found.iter().any(|it| it.state == State::Failed && it.text == refused), "{found:?}");
}

#[test]
fn the_code_is_the_first_number_of_an_email() {
    for locale in SHIPPED {
        let facts = MessageFacts {
            office: "Hall 24, 112233 Waste".into(),
            counter: "3".into(),
            purpose: "bill 2026".into(),
            locale: Some(locale.into()),
            ..facts()
        };
        let (_, plain, html) = email(&facts);
        let page = html.split_once("</head>").expect("a head").1;
        let shown: String =
            page.split('<').filter_map(|it| it.split_once('>')).map(|(_, text)| text).collect();
        for text in [plain.as_str(), &shown] {
            let first = text.split(|it: char| !it.is_numeric()).find(|it| !it.is_empty());
            assert_eq!(first, Some(facts.code.reveal()), "{locale}: {text}");
            assert!(text.contains("Hall 24, 112233 Waste"), "{locale}: {text}");
        }
    }
    let found = Templates::check(&MessageSettings::default(), &[("office.name", "Amt 24")]);
    assert!(found.iter().all(|it| !it.text.contains("office.name has")), "{found:?}");
    assert!(found.iter().all(|it| !it.text.contains("digits of office.name")), "{found:?}");
    let text = "{{ office }} {{ code }} {{ counter }} {{ purpose }} {{ reference }} {{ minutes }}";
    let own = Own::new(&[
        ("xx/email.subject.txt", "Code"),
        ("xx/email.txt", text),
        ("xx/email.html", &format!("<p>{text}</p>")),
    ]);
    assert_eq!(own.failed(), [""; 0]);
    let found = Templates::check(&own.settings(), &[("office.name", "Amt 24")]);
    let noted = found.iter().find(|it| it.text.contains("digits of office.name")).expect("a note");
    assert_eq!(noted.locale.as_deref(), Some("xx"), "{noted:?}");
    assert!(noted.text.contains("email.txt and email.html"), "{noted:?}");
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_template() {
    let own = Own::new(&[("xx/sms.txt", "\u{feff}{{ office }}: {{ code }} {{ reference }}")]);
    assert!(own.failed().is_empty(), "{:?}", own.failed());
    let templates = Templates::load(&own.settings()).expect("templates");
    let facts = MessageFacts { locale: Some("xx".into()), ..facts() };
    let sample = templates.sample(Channel::Sms, &facts).expect("a message");
    assert_eq!(sample.places.map(|(_, most)| most), Some(160), "{}", sample.text);
    assert!(!sample.text.contains('\u{feff}'));
}

#[test]
fn security_21_a_template_that_makes_two_messages_is_refused() {
    let check = |text: &str| {
        let own =
            Own::new(&[("xx/sms.txt", &format!("{{{{ office }}}} {text} {{{{ reference }}}}"))]);
        own.failed().join(" ")
    };
    assert_eq!(check("{{ code }}'s"), "");
    // Office and reference take five places with their blanks, the code ten.
    let fits = format!("{}{{{{ code }}}}", "a".repeat(160 - 18 - 10 - 5));
    assert_eq!(check(&fits), "");
    assert!(check(&format!("a{fits}")).contains("143 places of 160; 142 at most"));
    let curly = check(&format!("{}’{{{{ code }}}}", "a".repeat(60)));
    assert!(curly.contains("“’” is not in the alphabet of text messages"), "{curly}");
    assert_eq!(check(&format!("{}’{{{{ code }}}}", "a".repeat(40))), "");
}

#[test]
fn no_template_leads_to_an_address_of_others() {
    let text = "{{ office }} {{ counter }} {{ purpose }} {{ reference }} {{ code }} {{ minutes }}";
    let settings = |own: &Own| MessageSettings {
        bound_domain: Some("billing.example".into()),
        ..own.settings()
    };
    for (address, is_foreign) in [
        ("https://evil.test/login", true),
        ("evil.test", true),
        ("pay@billing.example.evil.test", true),
        ("https://billing.example/help", false),
        ("help@billing.example", false),
    ] {
        let said = format!("{text} {address}");
        let sms = format!("{{{{ code }}}} {{{{ office }}}} {{{{ reference }}}} {address}");
        let notice = format!("{{{{ office }}}} {address}");
        let own = Own::new(&[
            ("xx/sms.txt", &sms),
            ("xx/notice.sms.txt", &notice),
            ("xx/notice.subject.txt", "Changed"),
            ("xx/notice.txt", &notice),
            ("xx/notice.html", &format!("<p>{notice}</p>")),
            ("xx/email.subject.txt", "Code"),
            ("xx/email.txt", &said),
            ("xx/email.html", &format!("<p>{said}</p>")),
        ]);
        let failed = |finding: Finding| {
            (finding.state == State::Failed).then_some((finding.part, finding.text))
        };
        let failed: Vec<_> =
            Templates::check(&settings(&own), &[]).into_iter().filter_map(failed).collect();
        let mut parts: Vec<_> = failed.iter().map(|it| it.0).collect();
        parts.dedup();
        let expected: &[&str] = if is_foreign { &["email", "sms", "notice"] } else { &[] };
        assert_eq!(parts, expected, "{address}: {failed:?}");
        assert!(
            failed.iter().all(|it| it.1.contains(&format!("leads to {address}"))),
            "{failed:?}"
        );
    }
    // A link that only the HTML part has, where nobody reads it.
    let own = Own::new(&[
        ("xx/email.subject.txt", "Code"),
        ("xx/email.txt", text),
        ("xx/email.html", &format!("<a href=\"//evil.test/x\"><p>{text}</p></a>")),
    ]);
    assert_eq!(
        own.failed(),
        ["xx/email.html leads to //evil.test/x; a message may name addresses of \
          messages.bound_domain alone."]
    );
}

#[test]
fn a_template_without_the_warning_is_noted() {
    let notes = |own: &Own| {
        let note = |finding: Finding| {
            (finding.state == State::Note && finding.text.contains("does not warn"))
                .then_some((finding.locale.unwrap_or_default(), finding.part))
        };
        Templates::check(&own.settings(), &[]).into_iter().filter_map(note).collect::<Vec<_>>()
    };
    assert_eq!(notes(&Own::new(&[])), [], "the shipped ones warn in every language");
    let sms = "{{ code }} {{ office }} {{ reference }}";
    let silent = Own::new(&[("xx/sms.txt", sms)]);
    assert_eq!(notes(&silent), [("xx".to_owned(), "sms")]);
    let warned = format!("{sms}. {{% block warning %}}Never by phone.{{% endblock %}}");
    assert_eq!(notes(&Own::new(&[("xx/sms.txt", &warned)])), []);
    let empty = format!("{sms}. {{% block warning %}} {{% endblock %}}");
    assert_eq!(notes(&Own::new(&[("xx/sms.txt", &empty)])), [("xx".to_owned(), "sms")]);
    let html = "{% extends \"layout.html\" %}{% set lang = \"en\" %}{% set dir = \"ltr\" %}";
    let own = Own::new(&[("en/email.html", html)]);
    let differs = Templates::check(&own.settings(), &[]);
    assert!(differs.iter().any(|it| it.state == State::Failed), "it says less than the text");
}

#[test]
fn security_59_a_template_that_goes_on_and_on_is_refused() {
    let endless = "{{ code }} {{ office }} {{ reference }}\
                   {% for a in range(9999) %}{% for b in range(9999) %}{{ a * b }}{% endfor %}\
                   {% endfor %}";
    let failed = Own::new(&[("xx/sms.txt", endless)]).failed();
    assert!(failed[0].contains("fuel"), "{failed:?}");
}

#[test]
fn each_fault_of_a_template_is_named() {
    let text = "{{ office }} {{ counter }} {{ purpose }} {{ reference }} {{ code }} {{ minutes }}";
    let html =
        "<p>{{ office }} {{ counter }} {{ purpose }} {{ reference }}: {{ code }} {{ minutes }}";
    for (files, fault) in [
        (
            vec![("xx/sms.txt", "{{ office }} {{ codes }} {{ reference }}")],
            "names {{ codes }}; there",
        ),
        (vec![("xx/sms.txt", "{% if minutes == 99 %}{{ hours }}{% endif %}")], "names {{ hours }}"),
        (vec![("xx/sms.txt", "{{ office }} {{ code")], "xx/sms.txt line 1"),
        (vec![("xx/sms.txt", "{{ office }}\n{% for %}")], "xx/sms.txt line 2"),
        (vec![("xx/sms.txt", "{{ office | shout }}")], "shout"),
        (vec![("xx/sms.txt", "{{ office }} {{ code }}")], "does not say {{ reference }}"),
        (vec![("xx/sms.txt", "{{ office }} {{ reference }}")], "does not say {{ code }}"),
        (vec![("xx/email.txt", text)], "xx/email.subject.txt and email.html is missing"),
        (vec![("xx/mail.txt", text)], "mail.txt is no template: there are"),
        (vec![("deutsch/sms.txt", text)], "deutsch is no language"),
        (vec![("layout.html", "{{ nothing }}")], "layout.html names {{ nothing }}"),
        (vec![("es/email.txt", text)], "es/email.txt and es/email.html do not say the same"),
    ] {
        let failed = Own::new(&files).failed();
        assert!(failed.iter().any(|text| text.contains(fault)), "{fault}: {failed:#?}");
    }
    let own = Own::new(&[
        ("xx/email.subject.txt", "Code"),
        ("xx/email.txt", text),
        ("xx/email.html", html),
    ]);
    assert_eq!(own.failed(), [""; 0]);
    for value in ["office", "counter", "purpose", "reference", "code", "minutes"] {
        let place = format!("{{{{ {value} }}}}");
        own.write("xx/email.txt", &text.replace(&place, ""));
        assert!(own.failed()[0].contains("do not say the same"), "{value}");
        own.write("xx/email.html", &html.replace(&place, ""));
        assert_eq!(own.failed().len(), 2, "{value}");
        assert_eq!(own.failed()[1], format!("xx/email.html does not say {{{{ {value} }}}}."));
        own.write("xx/email.txt", text);
        own.write("xx/email.html", html);
    }
    own.write("xx/email.subject.txt", "  ");
    assert_eq!(own.failed(), ["xx/email.subject.txt is empty."]);
}

#[test]
fn a_folder_that_cannot_be_read_is_told() {
    let gone = MessageSettings { folder: Some("/nowhere".into()), ..MessageSettings::default() };
    let told = Templates::load(&gone).err().expect("refused").to_string();
    assert!(told.contains("/nowhere cannot be read"), "{told}");
    let unknown = MessageSettings { default_locale: "pt-BR".into(), ..MessageSettings::default() };
    let told = Templates::load(&unknown).err().expect("refused").to_string();
    assert!(told.contains("messages.default_locale is pt-BR, and there are no"), "{told}");
    let own =
        Own::new(&[("README", "to the office"), ("es/.sms.txt.swp", ""), ("es/sms.txt~", "")]);
    assert_eq!(own.failed(), [""; 0]);
    fs::write(own.0.path().join("es/sms.txt"), [0xff]).expect("written");
    assert!(own.failed()[0].contains("es/sms.txt cannot be read"));
}

#[test]
fn letters_that_a_text_message_loses_are_told() {
    let names =
        [("office.name", "Büro Łódź – “Süd”"), ("otp.purposes", "बिल"), ("office.counter", "?")];
    let found = Templates::check(&MessageSettings::default(), &names);
    let notes: Vec<_> = found.iter().filter(|it| it.locale.is_none()).collect();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert_eq!(notes[0].state, State::Note);
    assert!(notes[0].text.starts_with("“ब” of otp.purposes is not in GSM-7"), "{notes:?}");
}

#[test]
fn the_code_is_bound_to_a_website_only_when_asked_for() {
    let bound = |domain: &str| MessageSettings {
        bound_domain: Some(domain.into()),
        ..MessageSettings::default()
    };
    assert!(!sms(&facts()).contains('@'));
    let templates = Templates::load(&bound("riverside.example")).expect("templates");
    let last = |locale: &str, facts: &MessageFacts| {
        let facts = MessageFacts { locale: Some(locale.into()), ..facts.clone() };
        let text = sample(&templates, Channel::Sms, &facts).text;
        assert!(is_one_message(&text), "{text}");
        text.lines().last().expect("a line").to_owned()
    };
    for locale in ["en", "es", "de"] {
        assert_eq!(last(locale, &facts()), "@riverside.example #481920");
        assert_eq!(last(locale, &longest(locale)), "@riverside.example #0000000001");
    }
    assert!(!last("hi", &facts()).contains('@'), "70 places have no room for it");
    let notes: Vec<_> = Templates::check(&bound("riverside.example"), &[])
        .into_iter()
        .filter(|finding| finding.locale.as_deref() == Some("hi") && finding.state == State::Note)
        .collect();
    assert!(notes[0].text.contains("@riverside.example"), "{notes:?}");
}

#[test]
fn the_files_shipped_are_the_files_there_are() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/templates");
    let copy = MessageSettings { folder: Some(folder), ..MessageSettings::default() };
    let own: Vec<String> = Templates::check(&copy, &[]).iter().map(ToString::to_string).collect();
    let shipped = Templates::check(&MessageSettings::default(), &[]);
    assert_eq!(own, shipped.iter().map(ToString::to_string).collect::<Vec<_>>());
    let languages: Vec<_> = shipped.iter().filter(|it| it.part == "email").collect();
    assert_eq!(languages.len(), SHIPPED.len());
}

proptest! {
    #[test]
    fn security_21_every_message_is_one_segment(
        office in any::<String>(),
        counter in any::<String>(),
        purpose in any::<String>(),
        number in 0_u64..10_000_000_000,
        locale in prop::sample::select(&SHIPPED[..]),
    ) {
        let code = Code::from_number(number, 10);
        let message = sms(&MessageFacts { office, counter, purpose, code, ..spoken(locale) });
        prop_assert!(is_one_message(&message), "{}", message);
    }
}
