//! `templates`: looked at and shown, without a store and without a message.

use serde_json::Value;

use super::desk::Desk;

fn states(checks: &Value, locale: &str) -> Vec<(String, String)> {
    let word = |check: &Value, key: &str| check[key].as_str().unwrap_or_default().to_owned();
    let checks = checks["checks"].as_array().expect("a list");
    let of_locale = checks.iter().filter(|check| check["locale"] == locale);
    of_locale.map(|check| (word(check, "part"), word(check, "state"))).collect()
}

#[test]
fn the_templates_are_looked_at_in_every_language() {
    let desk = Desk::empty();
    let fine = desk.run(&["templates", "check", "--json"]).ended(0, "fine");
    for locale in ["ar", "de", "en", "es", "fr", "hi", "zh"] {
        let states = states(&fine, locale);
        assert_eq!(states[0], ("email".into(), "ok".into()), "{locale}");
        assert_eq!(states[1], ("sms".into(), "ok".into()), "{locale}");
        let notices = states.iter().filter(|it| **it == ("notice".into(), "ok".into()));
        assert_eq!(notices.count(), 12, "{locale}: of six things, by email and SMS");
    }
    let lines = desk.run(&["templates", "check"]).out;
    assert!(lines.contains("ok      en       sms     One message in GSM-7: "), "{lines}");
    assert!(lines.ends_with("The templates are fine.\n"), "{lines}");
    assert!(!desk.path("desk.db").exists(), "nothing is opened");
}

#[test]
fn what_a_changed_contact_is_told_is_shown() {
    let desk = Desk::empty();
    let preview = |more: &[&str]| {
        desk.run(&[&["templates", "preview", "--notice", "--channel"][..], more].concat())
    };
    let sms = preview(&["sms", "--locale", "de"]);
    let told = "Riverside Billing: Die Telefonnummer zu Ihrem Konto wurde geändert. Wenn Sie das nicht \
                veranlasst haben, sagen Sie uns bitte Bescheid.";
    assert_eq!((sms.code, sms.out.trim_end()), (0, told));
    let email = preview(&["email", "--html", "notice.html"]);
    let subject = "Subject: Riverside Billing: the email address on your account has changed\n";
    assert!(email.out.starts_with(subject), "{}", email.out);
    let html = std::fs::read_to_string(desk.path("notice.html")).unwrap();
    assert!(html.contains("We will never ask you for a password or a code."), "{html}");
    let whatsapp = preview(&["whatsapp"]);
    assert_eq!(whatsapp.code, 2);
    assert!(whatsapp.err.contains("told by text message"), "{}", whatsapp.err);
}

#[test]
fn a_template_of_the_office_is_used_and_a_broken_one_stops_every_message() {
    let desk = Desk::open();
    desk.configure("[messages]\nfolder = \"own\"\ndefault_locale = \"es\"\n");
    let missing = desk.run(&["config", "check"]);
    assert_eq!(missing.code, 78);
    assert!(missing.err.contains("messages.folder: "), "{}", missing.err);

    std::fs::create_dir_all(desk.path("own/es")).unwrap();
    let own = "{{ office }}: {{ code }}, caja {{ counter }} ({{ reference }})";
    std::fs::write(desk.path("own/es/sms.txt"), own).unwrap();
    let preview = desk.run(&["templates", "preview", "--channel", "sms"]);
    assert_eq!(preview.out, "Riverside Billing: 481920, caja 3 (K7Q)\n");
    assert_eq!(preview.err, "One message: 39 of 160 places.\n");
    let (request, code) = desk.request("WB-004217", "sms");
    let said = desk.run(&["tray", "--json"]).lines();
    assert!(said[0]["text"].as_str().unwrap().starts_with("Riverside Billing: "));
    desk.verify(&request, &code).ended(0, "verified");

    std::fs::write(desk.path("own/es/sms.txt"), "{{ office }}: {{ codes }}").unwrap();
    let failed = desk.run(&["templates", "check", "--json"]).ended(78, "bad_configuration");
    assert_eq!(states(&failed, "es")[1], ("sms".into(), "failed".into()));
    let lines = desk.run(&["templates", "check"]);
    assert!(lines.out.contains("FAILED  es       sms     es/sms.txt names {{ codes }};"));
    for arguments in [
        &["request", "WB-004217", "--channel", "email", "--json"][..],
        &["templates", "preview", "--channel", "email", "--json"],
    ] {
        let stopped = desk.run(arguments).ended(78, "bad_configuration");
        assert!(stopped["message"].as_str().unwrap().contains("{{ codes }}"), "{stopped}");
    }
}

#[test]
fn a_preview_shows_what_a_customer_would_get() {
    let desk = Desk::empty();
    let preview = ["templates", "preview", "--channel", "email", "--locale", "es-MX"];
    let shown = desk.run(&[&preview[..], &["--html", "mail.html"]].concat());
    assert_eq!(shown.code, 0);
    assert!(shown.out.starts_with("Subject: Riverside Billing: su código"), "{}", shown.out);
    assert!(shown.out.contains("\n481920\n"), "{}", shown.out);
    assert_eq!(
        shown.err,
        "Whose language is es-MX is written to in es.\nThe HTML part is in mail.html.\n"
    );
    let html = std::fs::read_to_string(desk.path("mail.html")).unwrap();
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("lang=\"es\""), "{html}");

    let json = desk.run(&[&preview[..], &["--json"]].concat()).ended(0, "fine");
    assert_eq!((&json["locale"], &json["channel"]), (&"es".into(), &"email".into()));
    assert_eq!(json["html"], html);
    let arabic = ["templates", "preview", "--channel", "email", "--locale", "ar"];
    let arabic = desk.run(&arabic).out;
    assert!(!arabic.contains(['\u{2068}', '\u{2069}']), "no mark of direction steers a terminal");
    let sms = ["templates", "preview", "--channel", "sms", "--locale", "hi", "--json"];
    let sms = desk.run(&sms).ended(0, "fine");
    assert!(sms["places"].as_u64() <= Some(70) && sms["most_places"] == 70, "{sms}");

    for wrong in
        [&["--channel", "sms", "--html", "x"][..], &["--channel", "email", "--html", "no/x"]]
    {
        let refused = desk.run(&[&["templates", "preview", "--json"][..], wrong].concat());
        refused.ended(2, "usage");
    }
}
