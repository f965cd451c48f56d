//! Reading the configuration: what holds, what is refused, and in which words.

mod protection;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use crate::support::Desk;
use countersign::config::settings::{
    EmailSettings, Environment, LoginSecret, SmsSettings, SmtpTls, TwilioCredentials, TwilioSender,
    WhatsappSettings,
};
use countersign::config::{Config, ConfigError, ProcessEnvironment};
use countersign::domain::contact::EmailAddress;
use countersign::domain::purpose::Purpose;
use secrecy::ExposeSecret;

#[test]
fn without_a_file_it_is_a_development_desk_with_a_tray() {
    let desk = Desk::new();
    let config = desk.load_named(None, &[]).expect("the defaults hold");
    assert_eq!(config.environment, Environment::Development);
    assert_eq!(config.source, None);
    assert_eq!(config.otp, countersign::domain::policy::OtpPolicy::default());
    assert_eq!(config.limits, countersign::domain::policy::RateLimits::default());
    assert_eq!(config.office.counter, "1");
    assert_eq!(config.purposes[0].name, "account access");
    assert!(matches!(config.email, EmailSettings::Tray { .. }));
    assert!(matches!(config.sms, SmsSettings::Tray));
    let data = desk.path().join(".local/share/countersign");
    assert_eq!(config.store.sqlite_file(), Some(data.join("countersign.db")));
    assert_eq!(config.keys.file, data.join("countersign.db.keys"));
    assert_eq!(config.tray.file, data.join("countersign.db.tray.jsonl"));
    assert_eq!(config.log.file, desk.path().join(".local/state/countersign/countersign.log"));
}

#[test]
fn the_file_is_looked_for_in_three_places() {
    let desk = Desk::new();
    let name = |config: Result<Config, ConfigError>| config.map(|it| it.office.name);
    let xdg = desk.path().join(".config/countersign");
    fs::create_dir_all(&xdg).expect("made");
    fs::write(xdg.join("config.toml"), "office.name = \"by XDG\"").expect("written");
    let named = desk.write("named.toml", "office.name = \"by name\"", 0o600);
    let other = desk.write("other.toml", "office.name = \"by variable\"", 0o600);
    let variable = [("COUNTERSIGN_CONFIG", other.to_str().expect("UTF-8"))];
    assert_eq!(name(desk.load_named(None, &[])), Ok("by XDG".into()));
    assert_eq!(name(desk.load_named(None, &variable)), Ok("by variable".into()));
    assert_eq!(name(desk.load_named(Some(&named), &variable)), Ok("by name".into()));
    let missing = desk.load_named(Some(Path::new("missing.toml")), &[]).expect_err("refused");
    assert!(missing.to_string().contains("missing.toml cannot be read"), "{missing}");
    let variable = [("COUNTERSIGN_CONFIG", "nowhere.toml")];
    assert!(desk.load_named(None, &variable).is_err());
}

#[test]
fn the_machines_file_is_the_last_that_is_looked_for() {
    let desk = Desk::new();
    let system = desk.path().join("etc");
    let home = desk.path().to_str().expect("UTF-8");
    let load = |variables: &[(&str, &str)]| {
        let variables = [("HOME", home)].into_iter().chain(variables.iter().copied());
        let surroundings = ProcessEnvironment::new(desk.path(), variables).with_system(&system);
        Config::load_in(None, &surroundings).expect("it is fine")
    };
    let told = load(&[]).no_file.expect("a sentence");
    let places = [".config/countersign/config.toml", "etc/countersign/config.toml"];
    for place in places.map(|it| desk.path().join(it)) {
        assert!(told.contains(place.to_str().expect("UTF-8")), "{told}");
    }
    assert_eq!(load(&[("COUNTERSIGN__ENVIRONMENT", "development")]).no_file, None);

    fs::create_dir_all(system.join("countersign")).expect("made");
    let file = system.join("countersign/config.toml");
    fs::write(&file, "office.name = \"the machine's\"").expect("written");
    let config = load(&[]);
    assert_eq!((config.office.name.as_str(), config.source), ("the machine's", Some(file)));
    assert_eq!(config.no_file, None);
    let own = desk.path().join(".config/countersign");
    fs::create_dir_all(&own).expect("made");
    fs::write(own.join("config.toml"), "office.name = \"the account's\"").expect("written");
    assert_eq!(load(&[]).office.name, "the account's");
}

#[test]
fn every_problem_is_told_at_once_with_its_line_and_what_is_allowed() {
    let file = "\
environment = \"staging\"

[otp]
lenght = 8
expiry_minutes = 30
max_attempts = \"5\"
purposes = [\"pay\", \"pay\"]

[emial]
provider = \"smtp\"

[email]
provider = \"smtp\"
tls = \"none\"
host = \"mail.example.org\"

[ui]
mouse = 1
theme.dark = true
";
    let problems = Desk::new().problems(
        file,
        &[("COUNTERSIGN__LIMITS__PER_CLERK", "many"), ("COUNTERSIGN__LOG__LEVL", "info")],
    );
    let expected = [
        "config.toml line 1: environment = \"staging\" is not allowed; \
         allowed: one of \"development\", \"production\", \"rehearsal\"",
        "config.toml line 4: there is no key otp.lenght; did you mean otp.length?",
        "config.toml line 5: otp.expiry_minutes = 30 is not allowed; \
         allowed: a whole number from 1 to 10",
        "config.toml line 6: otp.max_attempts is a number: write it without quotes",
        "config.toml line 7: otp.purposes = [\"pay\", \"pay\"] is not allowed; \
         allowed: a list of texts of 1 to 40 characters, each once, at least one",
        "config.toml line 9: there is no section [emial]; did you mean [email]?",
        "config.toml line 18: ui.mouse = 1 is not allowed; allowed: true or false",
        "config.toml line 19: the value of ui.theme is not allowed; \
         allowed: one of \"terminal\", \"light\", \"dark\", \"high-contrast\", \"mono\"",
        "COUNTERSIGN__LIMITS__PER_CLERK: limits.per_clerk = \"many\" is not allowed; \
         allowed: a whole number from 1 to 1000000",
        "COUNTERSIGN__LOG__LEVL: this variable sets no key; did you mean COUNTERSIGN__LOG__LEVEL?",
        "config.toml line 14: email.tls = \"none\" is for a server on this machine only, and \
         email.host is mail.example.org; allowed: \"implicit\" or \"starttls\"",
        "email.from is missing: the address that messages come from",
    ];
    assert_eq!(problems, expected);
}

#[test]
fn security_02_a_code_that_works_longer_than_ten_minutes_is_refused() {
    let desk = Desk::new();
    for file in ["otp.expiry_minutes = 11", "otp.expiry_seconds = 601"] {
        assert_eq!(desk.problems(file, &[]).len(), 1, "{file}");
    }
    let config = desk.load("otp.expiry_minutes = 10", &[]).expect("ten are allowed");
    assert_eq!(config.otp.expiry, Duration::from_mins(10));
    assert!(desk.load("", &[("COUNTERSIGN__OTP__EXPIRY_MINUTES", "11")]).is_err());
}

#[test]
fn security_17_a_changed_contact_waits_a_day_and_a_month_at_most() {
    let desk = Desk::new();
    let hours = |hours: &str| {
        let config = desk.load(&format!("otp.contact_quarantine_hours = {hours}"), &[]);
        config.map(|it| it.otp.contact_quarantine)
    };
    assert_eq!(hours("0").ok(), Some(Duration::ZERO));
    assert_eq!(hours("720").ok(), Some(Duration::from_hours(720)));
    for bad in ["721", "-1", "\"24h\""] {
        let told = hours(bad).expect_err(bad).to_string();
        assert!(told.contains("a whole number from 0 to 720"), "{told}");
    }
}

#[test]
fn the_environment_wins_over_the_file() {
    let desk = Desk::new();
    let file = "otp.length = 7\notp.expiry_minutes = 2\nsms.allowed_countries = [\"us\", \"CA\"]";
    let config = desk
        .load(
            file,
            &[
                ("COUNTERSIGN__OTP__LENGTH", "8"),
                ("COUNTERSIGN__OTP__EXPIRY_SECONDS", "10"),
                ("COUNTERSIGN__OTP__PURPOSES", "pay a bill, complaint"),
                ("COUNTERSIGN__UI__ASCII", "true"),
            ],
        )
        .expect("all allowed");
    assert_eq!(config.otp.length, 8);
    assert_eq!(config.otp.expiry, Duration::from_secs(10));
    assert_eq!(config.purposes, ["pay a bill", "complaint"].map(Purpose::from));
    assert_eq!(config.phones.allowed_countries, ["US", "CA"]);
    assert_eq!(config.ui.ascii, Some(true));
    let cleared = desk.load(file, &[("COUNTERSIGN__SMS__ALLOWED_COUNTRIES", "")]);
    assert!(cleared.expect("an empty list").phones.allowed_countries.is_empty());
}

#[test]
fn the_environment_wins_in_other_words_too() {
    let desk = Desk::new();
    let minutes = [("COUNTERSIGN__OTP__EXPIRY_MINUTES", "2")];
    let config = desk.load("otp.expiry_seconds = 10", &minutes).expect("allowed");
    assert_eq!(config.otp.expiry, Duration::from_mins(2));
    desk.write("password", "from the file", 0o600);
    let file = "[email]\nprovider = \"sendgrid\"\nfrom = \"codes@example.org\"\npassword = \"x\"";
    let variable = [("COUNTERSIGN__EMAIL__PASSWORD_FILE", "password")];
    let EmailSettings::Smtp(smtp) = desk.load(file, &variable).expect("complete").email else {
        panic!("it is SMTP")
    };
    let LoginSecret::Password(password) = smtp.login.expect("a login").proof else {
        panic!("{file}")
    };
    assert_eq!(password.expose_secret(), "from the file");
}

#[test]
fn what_says_the_same_twice_in_one_place_is_refused() {
    let desk = Desk::new();
    let problems = desk.problems("otp.expiry_minutes = 5\notp.expiry_seconds = 10", &[]);
    assert_eq!(
        problems,
        ["config.toml line 2: otp.expiry_seconds and otp.expiry_minutes are both set; \
          set only one of them"]
    );
}

#[test]
fn a_limit_of_an_hour_that_was_raised_is_not_undone_by_a_days() {
    let desk = Desk::new();
    let file = "[limits]\nper_contact = 90\nin_all_per_day = 50\n";
    let limits = desk.load(file, &[]).expect("it is fine").limits;
    assert_eq!((limits.per_hour.per_contact, limits.per_day.per_contact), (90, 90));
    assert_eq!((limits.per_hour.per_prefix, limits.per_day.per_prefix), (90, 200));
    assert_eq!((limits.per_hour.in_all, limits.per_day.in_all), (2_000, 50), "as it was set");
}

#[test]
fn an_idle_time_is_not_longer_than_a_session() {
    let desk = Desk::new();
    let short = desk.load("otp.session_minutes = 2", &[]).expect("the idle time follows");
    assert_eq!(short.otp.session_idle, Duration::from_mins(2));
    let problems = desk.problems("otp.session_minutes = 2\notp.session_idle_minutes = 3", &[]);
    assert!(problems[0].contains("line 2: otp.session_idle_minutes is longer"), "{problems:?}");
}

#[test]
fn presets_know_their_servers() {
    let desk = Desk::new();
    for (provider, host, port, tls) in [
        ("gmail", "smtp.gmail.com", 465, SmtpTls::Implicit),
        ("office365", "smtp.office365.com", 587, SmtpTls::StartTls),
        ("sendgrid", "smtp.sendgrid.net", 465, SmtpTls::Implicit),
    ] {
        let file = format!(
            "[email]\nprovider = \"{provider}\"\nfrom = \"R <codes@example.org>\"\n\
             username = \"amira\"\npassword = \"x\""
        );
        let EmailSettings::Smtp(smtp) = desk.load(&file, &[]).expect("complete").email else {
            panic!("{provider} is SMTP")
        };
        assert_eq!((smtp.provider, &*smtp.host, smtp.port, smtp.tls), (provider, host, port, tls));
    }
    let sendgrid = "[email]\nprovider = \"sendgrid\"\nfrom = \"codes@example.org\"\n\
                    password = \"x\"\nport = 2465";
    let EmailSettings::Smtp(smtp) = desk.load(sendgrid, &[]).expect("complete").email else {
        panic!("it is SMTP")
    };
    assert_eq!((smtp.login.expect("a login").username.as_str(), smtp.port), ("apikey", 2465));
    let problems = desk.problems("email.provider = \"gmail\"", &[]);
    assert_eq!(problems.len(), 2, "{problems:?}");
}

#[test]
fn a_server_on_this_machine_needs_no_tls_and_no_login() {
    let desk = Desk::new();
    let file = "[email]\nprovider = \"smtp\"\nhost = \"127.0.0.1\"\ntls = \"none\"\nport = 2525\n\
                from = \"codes@example.org\"";
    let EmailSettings::Smtp(smtp) = desk.load(file, &[]).expect("allowed").email else {
        panic!("it is SMTP")
    };
    assert_eq!((smtp.tls, smtp.port, smtp.login.is_none()), (SmtpTls::None, 2525, true));
}

const ACCOUNT: &str = "AC00000000000000000000000000000000";

#[test]
fn twilio_is_spoken_for_by_a_token_or_a_key() {
    let desk = Desk::new();
    let twilio =
        |rest: &str| format!("[sms]\nprovider = \"twilio\"\naccount_sid = \"{ACCOUNT}\"\n{rest}");
    let token = twilio("auth_token = \"t\"\nfrom = \"+15005550006\"");
    let SmsSettings::Twilio(settings) = desk.load(&token, &[]).expect("complete").sms else {
        panic!("it is Twilio")
    };
    assert!(matches!(settings.credentials, TwilioCredentials::AuthToken(_)));
    assert!(matches!(settings.sender, TwilioSender::From(number) if number == "+15005550006"));
    let key = format!("api_key = \"SK{}\"", "1".repeat(32));
    let service = format!("messaging_service_sid = \"MG{}\"", "2".repeat(32));
    let by_key = twilio(&format!("{key}\napi_secret = \"s\"\n{service}"));
    let SmsSettings::Twilio(settings) = desk.load(&by_key, &[]).expect("complete").sms else {
        panic!("it is Twilio")
    };
    assert!(matches!(settings.credentials, TwilioCredentials::ApiKey { .. }));
    assert!(matches!(settings.sender, TwilioSender::MessagingService(_)));
    for (rest, problems) in [
        (String::new(), 2),
        (key.clone(), 2),
        (format!("{key}\nfrom = \"Office\"\nauth_token = \"t\""), 1),
        ("from = \"Office\"\napi_secret = \"s\"".into(), 1),
    ] {
        let told = desk.problems(&twilio(&rest), &[]);
        assert_eq!(told.len(), problems, "{rest}: {told:?}");
    }
}

#[test]
fn production_refuses_the_tray() {
    let desk = Desk::new();
    let problems = desk.problems("environment = \"production\"\nsms.provider = \"tray\"", &[]);
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].starts_with("email.provider = \"tray\" is not allowed where"));
    assert!(problems[1].starts_with("config.toml line 2: sms.provider = \"tray\" is not allowed"));
    let by_variable = desk.load("", &[("COUNTERSIGN__ENVIRONMENT", "production")]);
    assert!(by_variable.is_err());
}

#[test]
fn a_store_is_named_by_a_url_or_by_a_file_that_holds_it() {
    let desk = Desk::new();
    let file = desk.load("store.url = \"sqlite:data/desk.db\"", &[]).expect("relative");
    assert_eq!(file.store.sqlite_file(), Some(desk.path().join("data/desk.db")));
    assert_eq!(file.keys.file, desk.path().join("data/desk.db.keys"));
    desk.write("url", "sqlite:other.db\n", 0o600);
    let from_file = desk.load("store.url_file = \"url\"", &[]).expect("from a file");
    assert_eq!(from_file.store.sqlite_file(), Some(desk.path().join("other.db")));
    desk.write("url", "oracle://desk:canary@db/desk\n", 0o600);
    let problems = desk.problems("store.url_file = \"url\"", &[]).join("\n");
    assert!(problems.contains("line 1: store.url_file: "), "{problems}");
    assert!(problems.contains("no known kind of store"), "{problems}");
    assert!(!problems.contains("canary"), "{problems}");
}

const PRODUCTION: &str = "\
environment = \"production\"
[email]
provider = \"sendgrid\"
from = \"codes@example.org\"
password_file = \"email.password\"
[sms]
provider = \"twilio\"
account_sid = \"AC00000000000000000000000000000000\"
auth_token_file = \"sms.token\"
from = \"Riverside\"
";

#[test]
fn what_is_shown_says_where_it_is_from_and_reads_back() {
    let desk = Desk::new();
    let file = "[office]\nname = \"Riverside \\\"B\\\"\"\n[otp]\nexpiry_minutes = 2";
    let config = desk.load(file, &[("COUNTERSIGN__OTP__LENGTH", "8")]).expect("allowed");
    let origin = |key: &str| {
        let setting = config.show().settings().iter().find(|setting| setting.key.is_written(key));
        setting.map(|setting| setting.origin.clone())
    };
    assert_eq!(origin("otp.expiry_minutes").as_deref(), Some("config.toml line 4"));
    assert_eq!(origin("otp.length").as_deref(), Some("COUNTERSIGN__OTP__LENGTH"));
    assert_eq!(origin("otp.max_attempts").as_deref(), Some("default"));
    let again = desk.load(&config.show().to_string(), &[]).expect("what is shown reads back");
    let values = |config: &Config| -> Vec<_> {
        config.show().settings().iter().map(|it| (it.key, it.value.clone())).collect()
    };
    assert_eq!(values(&again), values(&config));
}

#[test]
fn a_demo_sends_nothing_whatever_the_environment_says() {
    let desk = Desk::new();
    let variables = [
        ("COUNTERSIGN__ENVIRONMENT", "production"),
        ("COUNTERSIGN__EMAIL__PROVIDER", "gmail"),
        ("COUNTERSIGN__SMS__PROVIDER", "twilio"),
        ("COUNTERSIGN__STORE__URL", "sqlite:/srv/desk.db"),
        ("COUNTERSIGN__OTP__EXPIRY_SECONDS", "10"),
        ("COUNTERSIGN__UI__THEME", "mono"),
    ];
    let surroundings = ProcessEnvironment::new(desk.path(), variables);
    let config = Config::demo_in(&desk.path().join("demo"), &surroundings).expect("it holds");
    assert_eq!(config.environment, Environment::Development);
    assert_eq!((&*config.office.name, &*config.office.counter), ("Riverside Billing", "3"));
    assert!(matches!(config.email, EmailSettings::Tray { .. }));
    assert!(matches!(config.sms, SmsSettings::Tray));
    assert_eq!(config.otp.expiry, Duration::from_secs(10));
    let folder = desk.path().join("demo");
    assert_eq!(config.store.sqlite_file(), Some(folder.join("countersign.db")));
    for file in [&config.keys.file, &config.tray.file, &config.log.file] {
        assert!(file.starts_with(&folder), "{}", file.display());
    }
}

#[test]
fn security_74_a_rehearsal_sends_by_no_provider() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config.toml");
    let providers = "[email]\nprovider = \"smtp\"\nhost = \"mail.example.org\"\n\
         from = \"codes@example.org\"\n[email.fallback]\nprovider = \"smtp\"\n\
         host = \"other.example.org\"\nfrom = \"codes@example.org\"\n[sms]\n\
         provider = \"twilio\"\naccount_sid = \"AC0123456789abcdef0123456789abcdef\"\n\
         auth_token = \"of a test\"\nfrom = \"+15005550006\"\n";
    let load = |environment: &str| {
        let text = format!("environment = \"{environment}\"\n{providers}");
        fs::write(&file, text).expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("closed");
        let surroundings = ProcessEnvironment::new(folder.path(), [("HOME", "/home/amira")]);
        Config::load_in(Some(&file), &surroundings).expect("allowed")
    };
    let production = load("production");
    assert!(!production.uses_tray());
    let rehearsal = load("rehearsal");
    assert!(
        matches!(&rehearsal.email, EmailSettings::Tray { from } if from == "codes@example.org")
    );
    assert!(matches!(rehearsal.sms, SmsSettings::Tray));
    assert!(rehearsal.email_fallback.is_none() && rehearsal.sms_fallback.is_none());
    assert!(matches!(rehearsal.whatsapp, WhatsappSettings::Off));
}

#[test]
fn alarms_are_mailed_to_a_few_addresses_where_the_office_sends_email() {
    let desk = Desk::new();
    assert!(desk.load("", &[]).expect("the defaults hold").alarm_mail.is_empty());
    let file = "alarms.mail = [\"admin@office.example\", \"night@office.example\"]";
    let config = desk.load(file, &[]).expect("allowed");
    let addresses: Vec<&str> = config.alarm_mail.iter().map(EmailAddress::as_str).collect();
    assert_eq!(addresses, ["admin@office.example", "night@office.example"]);
    let variable = [("COUNTERSIGN__ALARMS__MAIL", "boss@office.example, bo@office.example")];
    assert_eq!(desk.load(file, &variable).expect("allowed").alarm_mail.len(), 2);
    let cleared = desk.load(file, &[("COUNTERSIGN__ALARMS__MAIL", "")]);
    assert!(cleared.expect("allowed").alarm_mail.is_empty());
    let six: Vec<String> = (0..6).map(|it| format!("\"a{it}@office.example\"")).collect();
    for (list, said) in [
        ("\"admin\"", "up to 5 addresses"),
        ("\"Dana <dana@office.example>\"", "up to 5 addresses"),
        ("\"a@office.example\", \"A@office.example\"", "each once"),
        (&*six.join(", "), "up to 5 addresses"),
    ] {
        let problems = desk.problems(&format!("alarms.mail = [{list}]"), &[]);
        assert!(problems.iter().any(|it| it.contains(said)), "{list}: {problems:?}");
    }
    let off = format!("{file}\nemail.provider = \"off\"");
    let problems = desk.problems(&off, &[]);
    assert!(problems.iter().any(|it| it.contains("this office sends no email")), "{problems:?}");
}
