//! What providers need beyond a server and a password.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::path::Path;

use countersign::config::settings::{
    EmailSettings, GatewayContent, GatewayMethod, Login, LoginSecret, SmsSettings, TokenSettings,
    WhatsappSettings,
};
use countersign::config::{Config, ConfigError, ProcessEnvironment};
use countersign::domain::message::Fact;
use secrecy::ExposeSecret;

fn load(text: &str) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("config.toml"), text).expect("written");
    let surroundings = ProcessEnvironment::new(folder.path(), [("HOME", "/home/amira")]);
    Config::load_in(Some(Path::new("config.toml")), &surroundings)
}

fn problems(text: &str) -> Vec<String> {
    let error = load(text).expect_err(text);
    error.problems().iter().map(ToString::to_string).collect()
}

fn token(text: &str) -> TokenSettings {
    let EmailSettings::Smtp(smtp) = load(text).expect(text).email else { panic!("{text}") };
    let Some(Login { proof: LoginSecret::Token(token), .. }) = smtp.login else { panic!("{text}") };
    token
}

const MICROSOFT: &str = "\
[email]
provider = \"office365\"
auth = \"xoauth2\"
from = \"codes@example.org\"
username = \"codes@example.org\"
token_url = \"https://login.microsoftonline.com/office/oauth2/v2.0/token\"
client_id = \"client-1\"
client_secret = \"secret-1\"
";

#[test]
fn office_365_asks_for_a_token_in_its_own_name() {
    let token = token(MICROSOFT);
    assert_eq!(token.client_id, "client-1");
    assert_eq!(token.client_secret.expose_secret(), "secret-1");
    assert_eq!(token.scope.as_deref(), Some("https://outlook.office365.com/.default"));
    assert!(token.refresh_token.is_none());
    let missing = problems(
        "[email]\nprovider = \"office365\"\nauth = \"xoauth2\"\nfrom = \"codes@example.org\"",
    );
    for key in ["email.username", "email.token_url", "email.client_id", "email.client_secret"] {
        assert!(
            missing.iter().any(|it| it.starts_with(&format!("{key} is missing"))),
            "{missing:?}"
        );
    }
}

#[test]
fn gmail_asks_with_what_the_mailboxs_owner_agreed_to() {
    let gmail = MICROSOFT.replace("office365", "gmail");
    let gmail: String =
        gmail.split_inclusive('\n').filter(|line| !line.starts_with("token_url")).collect();
    assert_eq!(problems(&gmail).len(), 1, "{:?}", problems(&gmail));
    assert!(problems(&gmail)[0].starts_with("email.refresh_token is missing"));
    let token = token(&format!("{gmail}refresh_token = \"refresh-1\"\n"));
    assert_eq!(token.url, "https://oauth2.googleapis.com/token");
    assert_eq!(token.refresh_token.expect("one").expose_secret(), "refresh-1");
    assert_eq!(token.scope, None);
}

#[test]
fn a_token_is_fetched_over_https_and_never_for_sendgrid() {
    let clear = MICROSOFT.replace("https://login", "http://login");
    assert!(problems(&clear)[0].contains("email.token_url"), "{:?}", problems(&clear));
    let sendgrid = MICROSOFT.replace("office365", "sendgrid");
    assert!(problems(&sendgrid)[0].contains("API key only"), "{:?}", problems(&sendgrid));
}

#[test]
fn sendgrids_web_api_needs_a_sender_and_a_key() {
    let complete = "[email]\nprovider = \"sendgrid-api\"\nfrom = \"codes@example.org\"\n\
                    password = \"SG.1\"";
    let EmailSettings::SendGridApi(settings) = load(complete).expect("complete").email else {
        panic!("it is SendGrid")
    };
    assert_eq!(settings.base_url, "https://api.sendgrid.com");
    assert_eq!(settings.api_key.expose_secret(), "SG.1");
    assert_eq!(problems("email.provider = \"sendgrid-api\"").len(), 2);
}

const GATEWAY: &str = "\
[sms]
provider = \"gateway\"
url = \"https://sms.example.org/send\"
body = '{\"to\": \"{{to}}\", \"text\": \"{{text}}\"}'
";

#[test]
fn a_gateway_is_described_by_its_request() {
    let text = format!(
        "{GATEWAY}headers = [\"Accept: application/json\"]\nsecret_header = \"X-Key: canary-1\"\n\
         method = \"PUT\"\ncontent = \"form\"\nid_pointer = \"/id\""
    );
    let SmsSettings::Gateway(gateway) = load(&text).expect("complete").sms else {
        panic!("it is a gateway")
    };
    assert_eq!((gateway.method, gateway.content), (GatewayMethod::Put, GatewayContent::Form));
    let headers: Vec<_> = gateway
        .headers
        .iter()
        .map(|header| (&*header.name, header.value.expose_secret()))
        .collect();
    assert_eq!(headers, [("Accept", "application/json"), ("X-Key", "canary-1")]);
    let shown = load(&text).expect("complete").show().to_string();
    assert!(!shown.contains("canary"), "{shown}");
    assert_eq!(problems("sms.provider = \"gateway\"").len(), 2);
}

#[test]
fn a_header_that_is_none_is_refused_and_not_repeated() {
    for (line, key) in [
        ("secret_header = \"canary-alone\"", "sms.secret_header"),
        ("secret_header = \"canary ünd: x\"", "sms.secret_header"),
        ("headers = [\"Host: canary.example.org\"]", "sms.headers"),
        ("headers = [\"Content-Type: canary\"]", "sms.headers"),
        ("id_pointer = \"canary\"", "sms.id_pointer"),
    ] {
        let found = problems(&format!("{GATEWAY}{line}"));
        assert!(found.len() == 1 && found[0].contains(key), "{line}: {found:?}");
        assert!(!found[0].contains("canary"), "{found:?}");
    }
}

const WHATSAPP: &str = "\
[sms]
account_sid = \"AC00000000000000000000000000000000\"
auth_token = \"t\"
[whatsapp]
provider = \"twilio\"
from = \"+15005550006\"
content_sid = \"HX00000000000000000000000000000000\"
";

#[test]
fn whatsapp_takes_the_account_of_the_text_messages_and_a_template() {
    let whatsapp = |text: &str| match load(text).expect(text).whatsapp {
        WhatsappSettings::Twilio(_, template) => template,
        other => panic!("{other:?}"),
    };
    assert_eq!(whatsapp(WHATSAPP).variables, [Fact::Code]);
    let more = format!("{WHATSAPP}variables = [\"office\", \"code\", \"minutes\"]");
    assert_eq!(whatsapp(&more).variables, [Fact::Office, Fact::Code, Fact::Minutes]);
    assert!(matches!(load("").expect("nothing").whatsapp, WhatsappSettings::Off));
    for (line, words) in [
        ("variables = [\"office\"]", "code must be one of them"),
        ("variables = [\"code\", \"balance\"]", "a list of \"code\", \"reference\""),
    ] {
        let found = problems(&format!("{WHATSAPP}{line}"));
        assert!(found.len() == 1 && found[0].contains(words), "{found:?}");
    }
    let named = problems(&WHATSAPP.replace("+15005550006", "Riverside"));
    assert!(named.len() == 1 && named[0].contains("a number with its country"), "{named:?}");
    let alone = problems("whatsapp.provider = \"twilio\"");
    for words in ["sms.account_sid", "sms.api_key", "whatsapp.from", "whatsapp.content_sid"] {
        assert!(alone.iter().any(|it| it.contains(words)), "{words}: {alone:?}");
    }
    let real = problems("environment = \"production\"\nwhatsapp.provider = \"tray\"");
    assert!(real.iter().any(|it| it.contains("whatsapp.provider")), "{real:?}");
}

#[test]
fn a_channel_can_be_off_and_one_of_them_is_on() {
    const PRODUCTION: &str = "environment = \"production\"\n[office]\nname = \"Riverside\"\n";
    const SMTP: &str = "[email]\nprovider = \"smtp\"\nhost = \"mail.example.org\"\nfrom = \
                        \"codes@example.org\"\n";
    const OFF: &str = "[sms]\nprovider = \"off\"\n";
    const GATEWAY: &str = "[sms]\nprovider = \"gateway\"\nurl = \"https://sms.example.org\"\nbody \
                           = '{\"to\": \"{{to}}\", \"text\": \"{{text}}\"}'\n";
    let without_sms = load(&format!("{PRODUCTION}{SMTP}{OFF}")).expect("an office by email");
    assert!(matches!(without_sms.sms, SmsSettings::Off) && !without_sms.uses_tray());
    let no_email = "[email]\nprovider = \"off\"\n";
    let without_email =
        load(&format!("{PRODUCTION}{no_email}{GATEWAY}")).expect("an office by text message");
    assert!(matches!(without_email.email, EmailSettings::Off) && !without_email.uses_tray());
    for (text, words) in [
        (format!("{no_email}{OFF}"), "no code could go out"),
        (format!("[otp]\nassurance = \"nist\"\n{SMTP}{OFF}"), "takes SMS alone"),
        (format!("{SMTP}{OFF}[sms.fallback]\nprovider = \"tray\"\n"), "nothing stands in for it"),
    ] {
        let problems = problems(&text);
        assert!(problems.iter().any(|it| it.contains(words)), "{text}: {problems:?}");
        assert_eq!(problems.len(), 1, "{problems:?}");
    }
    let told = problems(&format!("{PRODUCTION}{SMTP}[sms]\nprovider = \"tray\"\n"));
    assert!(told[0].contains("or off"), "{told:?}");
}

#[test]
fn a_byte_order_mark_or_a_lines_end_is_no_part_of_a_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    for content in ["s3cret", "s3cret\n", "s3cret\r\n", "\u{feff}s3cret\n", "\u{feff}s3cret\r\n"] {
        let file = folder.path().join("password");
        std::fs::write(&file, content).expect("written");
        let text = format!(
            "[email]\nprovider = \"smtp\"\nhost = \"mail.example.org\"\nfrom = \
             \"codes@example.org\"\nusername = \"codes\"\npassword_file = '{}'\n",
            file.display()
        );
        let EmailSettings::Smtp(smtp) = load(&text).expect("a configuration").email else {
            panic!("{text}")
        };
        let Some(Login { proof: LoginSecret::Password(password), .. }) = smtp.login else {
            panic!("{text}")
        };
        assert_eq!(password.expose_secret(), "s3cret", "{content:?}");
    }
}

#[test]
fn the_name_in_ehlo_is_a_setting() {
    let smtp = |more: &str| {
        let text = format!(
            "[email]\nprovider = \"smtp\"\nhost = \"mail.example.org\"\nfrom = \
             \"codes@example.org\"\n{more}"
        );
        let EmailSettings::Smtp(smtp) = load(&text).expect("a configuration").email else {
            panic!("{text}")
        };
        smtp.ehlo_name
    };
    assert_eq!(smtp(""), None);
    assert_eq!(smtp("ehlo_name = \"desk.example.org\"").as_deref(), Some("desk.example.org"));
}
