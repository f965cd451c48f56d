//! A second provider that stands in for the first one.

use crate::support::Desk;
use countersign::config::Config;
use countersign::config::keys::{KeyPath, TABLE};
use countersign::config::settings::{
    EmailSettings, LoginSecret, SmsSettings, SmtpTls, TwilioCredentials, TwilioSender,
};
use secrecy::ExposeSecret;

const MAIN: &str = "\
[email]
provider = \"smtp\"
host = \"mail.example.org\"
username = \"codes\"
password = \"canary-one\"
from = \"codes@example.org\"
";

const TWO: &str = "\
[email]
provider = \"smtp\"
host = \"mail.example.org\"
username = \"codes\"
password = \"canary-one\"
from = \"codes@example.org\"

[email.fallback]
provider = \"sendgrid-api\"
password = \"canary-two\"
from = \"codes@example.com\"

[sms]
provider = \"gateway\"
url = \"https://sms.example.org/send\"
body = '{\"to\": \"{{to}}\", \"text\": \"{{text}}\"}'

[sms.fallback]
provider = \"twilio\"
account_sid = \"AC00000000000000000000000000000000\"
api_key = \"SK00000000000000000000000000000000\"
api_secret = \"canary-three\"
messaging_service_sid = \"MG00000000000000000000000000000000\"
";

#[test]
fn without_a_provider_nobody_stands_in() {
    let desk = Desk::new();
    for file in ["", MAIN, "[email.fallback]\n[sms.fallback]", "email.fallback.provider = \"off\""]
    {
        let config = desk.load(file, &[]).expect(file);
        assert!(config.email_fallback.is_none() && config.sms_fallback.is_none(), "{file}");
    }
    let kept = format!("{MAIN}[email.fallback]\nprovider = \"off\"\nhost = \"b.example.org\"");
    assert!(desk.load(&kept, &[]).expect("switched off").email_fallback.is_none());
    let forgotten = format!("{MAIN}[email.fallback]\nhost = \"b.example.org\"");
    let problems = desk.problems(&forgotten, &[]);
    assert_eq!(
        problems,
        [
            "config.toml line 8: email.fallback.host is set, and email.fallback.provider is not: say \
          which it is"
        ]
    );
}

#[test]
fn a_second_provider_is_read_by_the_same_keys() {
    let config = Desk::new().load(TWO, &[]).expect("complete");
    let EmailSettings::Smtp(first) = &config.email else { panic!("{:?}", config.email) };
    let Some(EmailSettings::SendGridApi(second)) = &config.email_fallback else {
        panic!("{:?}", config.email_fallback)
    };
    assert_eq!((first.host.as_str(), first.port), ("mail.example.org", 465));
    assert_eq!(second.api_key.expose_secret(), "canary-two");
    assert_eq!(second.base_url, "https://api.sendgrid.com");
    assert!(matches!(config.sms, SmsSettings::Gateway(_)));
    let Some(SmsSettings::Twilio(twilio)) = &config.sms_fallback else {
        panic!("{:?}", config.sms_fallback)
    };
    assert!(matches!(&twilio.sender, TwilioSender::MessagingService(_)));
    assert!(matches!(&twilio.credentials, TwilioCredentials::ApiKey { .. }));
    assert_eq!(twilio.base_url, "https://api.twilio.com");
    let shown = config.show().to_string();
    assert!(!shown.contains("canary"), "{shown}");
    for line in [
        "[email.fallback]\nprovider = \"sendgrid-api\"",
        "[sms.fallback]\nprovider = \"twilio\"",
        "# password = \"(set)\"",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    let read_back: toml::Table = shown.parse().expect("TOML");
    assert_eq!(read_back["email"]["fallback"]["from"].as_str(), Some("codes@example.com"));
}

#[test]
fn the_environment_sets_a_second_provider_too() {
    let desk = Desk::new();
    let secret = desk.write("second", "canary-four\n", 0o600);
    let variables = [
        ("COUNTERSIGN__EMAIL__FALLBACK__PROVIDER", "office365"),
        ("COUNTERSIGN__EMAIL__FALLBACK__USERNAME", "desk@example.com"),
        ("COUNTERSIGN__EMAIL__FALLBACK__PASSWORD_FILE", secret.to_str().expect("UTF-8")),
        ("COUNTERSIGN__EMAIL__FALLBACK__FROM", "desk@example.com"),
    ];
    let file = format!("{MAIN}[email.fallback]\nprovider = \"smtp\"\npassword = \"canary-five\"");
    let config = desk.load(&file, &variables).expect("complete");
    let Some(EmailSettings::Smtp(second)) = config.email_fallback else { panic!("no SMTP") };
    assert_eq!((second.provider, second.tls, second.port), ("office365", SmtpTls::StartTls, 587));
    assert_eq!(second.host, "smtp.office365.com");
    let LoginSecret::Password(password) = second.login.expect("a login").proof else {
        panic!("a token")
    };
    assert_eq!(password.expose_secret(), "canary-four", "what the file said gives way");
    let found = desk.problems("", &[("COUNTERSIGN__EMAIL__FALLBAK__HOST", "x")]);
    assert!(found[0].contains("COUNTERSIGN__EMAIL__FALLBACK__HOST"), "{found:?}");
}

#[test]
fn what_is_wrong_with_a_second_provider_names_its_own_keys() {
    let desk = Desk::new();
    let file = "\
[email.fallback]
provider = \"smtp\"
host = \"mail.example.org\"
tls = \"none\"
pasword = \"canary\"

[email.falback]
host = \"b.example.org\"

[sms]
fallback = \"twilio\"

[sms.fallback.more]
x = 1
";
    let found = desk.problems(file, &[]);
    assert!(found.iter().any(|it| it.contains("duplicate") || it.contains("cannot extend")));
    let file = file.replace("\n[sms.fallback.more]\nx = 1\n", "");
    let found = desk.problems(&file, &[]);
    let expected = [
        "config.toml line 5: there is no key email.fallback.pasword; did you mean \
         email.fallback.password?",
        "config.toml line 7: there is no section [email.falback]; did you mean [email.fallback]?",
        "config.toml line 11: sms.fallback is a section: write [sms.fallback] and its keys below it",
        "config.toml line 4: email.fallback.tls = \"none\" is for a server on this machine only, and \
         email.fallback.host is mail.example.org; allowed: \"implicit\" or \"starttls\"",
        "email.fallback.from is missing: the address that messages come from",
        "config.toml line 2: email.fallback.provider stands in for the tray, which never fails: name \
         the real provider in [email], or set this one to \"off\"",
    ];
    assert_eq!(found, expected);
    let twilio = desk.problems("sms.fallback.provider = \"twilio\"", &[]);
    for words in [
        "sms.fallback.provider = \"twilio\" needs sms.fallback.from or \
         sms.fallback.messaging_service_sid",
        "sms.fallback.account_sid is missing",
        "sms.fallback.api_key",
    ] {
        assert!(twilio.iter().any(|it| it.contains(words)), "{words}: {twilio:?}");
    }
    let gateway = desk.problems("sms.fallback.provider = \"gateway\"", &[]);
    assert!(gateway.iter().all(|it| it.contains("sms.fallback.")), "{gateway:?}");
}

#[test]
fn a_provider_does_not_stand_in_for_itself() {
    let desk = Desk::new();
    let again = MAIN.replace("[email]", "[email.fallback]");
    let found = desk.problems(&format!("{MAIN}{again}"), &[]);
    assert!(found.len() == 1 && found[0].contains("stand in for itself"), "{found:?}");
    for (one, other) in
        [("canary-one", "canary-two"), ("mail.example", "mail2.example"), ("codes@", "desk@")]
    {
        let second = again.replace(one, other);
        let config = desk.load(&format!("{MAIN}{second}"), &[]).expect("another");
        assert!(config.email_fallback.is_some(), "{other}");
    }
    // What nobody set is the same, too.
    let tray = desk.problems("sms.fallback.provider = \"tray\"", &[]);
    assert!(
        tray.len() == 1 && tray[0].contains("[sms.fallback] says the same as [sms]"),
        "{tray:?}"
    );
}

#[test]
fn nothing_stands_in_for_the_tray() {
    let desk = Desk::new();
    let real = TWO.replacen("provider = \"smtp\"", "provider = \"tray\"", 1);
    let found = desk.problems(&real, &[]);
    assert!(
        found.iter().any(|it| it.contains("stands in for the tray, which never fails")),
        "{found:?}"
    );
}

#[test]
fn the_tray_stands_in_for_nobody_in_production() {
    let desk = Desk::new();
    let real = TWO.replace("provider = \"sendgrid-api\"", "provider = \"tray\"");
    assert!(desk.load(&real, &[]).expect("development").uses_tray());
    assert!(!desk.load(TWO, &[]).expect("development").uses_tray());
    let found = desk.problems(&format!("environment = \"production\"\n{real}"), &[]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("email.fallback.provider = \"tray\" is not allowed"), "{found:?}");
}

#[test]
fn a_secret_of_a_second_provider_that_everybody_can_read_is_refused() {
    let desk = Desk::new();
    let open = desk.write("open", "canary-six", 0o644);
    let file = TWO.replace("password = \"canary-two\"", "password_file = \"open\"");
    let file = file.replace("api_secret = \"canary-three\"", "api_secret_file = \"open\"");
    let file = format!("environment = \"production\"\n{file}");
    let found = desk.problems(&file, &[]);
    assert!(found.iter().any(|it| it.contains(open.to_str().expect("UTF-8"))), "{found:?}");
    assert!(found.iter().all(|it| !it.contains("canary")), "{found:?}");
}

#[test]
fn the_demo_sends_by_nobody_who_stands_in() {
    let desk = Desk::new();
    let variables = [
        ("HOME", "/home/amira"),
        ("COUNTERSIGN__EMAIL__FALLBACK__PROVIDER", "sendgrid-api"),
        ("COUNTERSIGN__SMS__FALLBACK__PROVIDER", "twilio"),
        ("COUNTERSIGN__SMS__FALLBACK__ACCOUNT_SID", "AC00000000000000000000000000000000"),
        ("COUNTERSIGN__SMS__FALLBACK__AUTH_TOKEN", "canary"),
        ("COUNTERSIGN__SMS__FALLBACK__FROM", "+15005550006"),
    ];
    let surroundings = countersign::config::ProcessEnvironment::new(desk.path(), variables);
    let config = Config::demo_in(desk.path(), &surroundings).expect("a demo");
    assert!(config.email_fallback.is_none() && config.sms_fallback.is_none());
}

#[test]
fn both_providers_of_a_channel_have_the_same_keys() {
    let names = |section: &str| -> Vec<&str> {
        let keys = TABLE.iter().map(|key| key.path);
        keys.filter(|key| key.section().name() == section).map(KeyPath::name).collect()
    };
    assert_eq!(names("email.fallback"), names("email"));
    let countries = ["default_country", "allowed_countries", "number_types"];
    let sms = names("sms").into_iter().filter(|name| !countries.contains(name));
    assert_eq!(names("sms.fallback"), sms.collect::<Vec<_>>());
}
