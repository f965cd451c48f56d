//! The keys of providers.
//!
//! A fallback provider has the same keys as the main one: they are declared once, for a section of
//! any name.

use std::path::PathBuf;

use crate::config::key::{ConfigKey, KeyPath, Section, section};
use crate::config::keys::number;
use crate::config::kind::KeyKind;
use crate::config::settings::{
    EmailProvider, GatewayContent, GatewayMethod, MailAuth, SmsProvider, SmtpTls, WhatsappProvider,
};
use crate::config::value::{Absent, Secret, UNSET, word, words};
use crate::domain::message::Fact;
use crate::domain::phone::NumberType;

const NO_COUNTRIES: &[&str] = &[];
const NUMBER_TYPES: &[NumberType] = &NumberType::DEFAULT;
const CODE_ALONE: &[Fact] = &[Fact::Code];

section! {
    /// `[email]` and `[email.fallback]`
    EmailKeys(provider: EmailProvider) {
        host: Option<String> = KeyKind::Host, Absent("the provider's; smtp needs one"),
            "the SMTP server's name";
        port: Option<u16> = number(1, 65_535),
            Absent("465 for implicit, 587 for starttls, 25 for none"), "the SMTP server's port";
        tls: Option<SmtpTls> = word::<SmtpTls>(), Absent("implicit; starttls for office365"),
            "how the connection is protected; none only for a server on this machine";
        username: Option<String> = KeyKind::Text { most: 254 }, Absent("apikey for sendgrid"),
            "the account at the SMTP server";
        auth: MailAuth = word::<MailAuth>(), MailAuth::Password,
            "what proves the account: a password, or a token that is fetched when needed";
        password: Option<Secret> = KeyKind::Secret, UNSET,
            "its password, or the provider's API key";
        password_file: Option<PathBuf> = KeyKind::Path, UNSET,
            "a file that holds the password, instead of password";
        token_url: Option<String> = KeyKind::BaseUrl,
            Absent("Google's for gmail; other providers need one for xoauth2"),
            "the address that gives tokens; http only on this machine, for tests";
        client_id: Option<String> = KeyKind::Text { most: 200 }, UNSET,
            "this program's name at the token service; xoauth2 needs it";
        client_secret: Option<Secret> = KeyKind::Secret, UNSET, "its secret there";
        client_secret_file: Option<PathBuf> = KeyKind::Path, UNSET,
            "a file that holds the secret, instead of client_secret";
        refresh_token: Option<Secret> = KeyKind::Secret, UNSET,
            "what the mailbox's owner agreed to; gmail needs it for xoauth2";
        refresh_token_file: Option<PathBuf> = KeyKind::Path, UNSET,
            "a file that holds the refresh token, instead of refresh_token";
        scope: Option<String> = KeyKind::Text { most: 200 },
            Absent("https://outlook.office365.com/.default for office365"),
            "what a token is asked for, where the token service wants to know";
        base_url: String = KeyKind::BaseUrl, "https://api.sendgrid.com",
            "where SendGrid's Web API is reached; https://api.eu.sendgrid.com for one in Europe";
        from: Option<String> = KeyKind::Mailbox, UNSET,
            "the sender: an address, or Name <address>; every provider but the tray needs it";
        ca_file: Option<PathBuf> = KeyKind::Path, UNSET,
            "certificates (PEM) to trust beside the system's own";
        ehlo_name: Option<String> = KeyKind::Host, Absent("the machine's name"),
            "the name in EHLO; some servers want a full one that stands in the DNS";
    }
}

section! {
    /// `[sms]` and `[sms.fallback]`
    SmsKeys(provider: SmsProvider) {
        account_sid: Option<String> = KeyKind::Sid("AC"), UNSET, "the Twilio account";
        auth_token: Option<Secret> = KeyKind::Secret, UNSET,
            "the account's token: it can do everything";
        auth_token_file: Option<PathBuf> = KeyKind::Path, UNSET,
            "a file that holds the token, instead of auth_token";
        api_key: Option<String> = KeyKind::Sid("SK"), UNSET,
            "an API key of the account, instead of its token: it can be revoked alone";
        api_secret: Option<Secret> = KeyKind::Secret, UNSET, "the API key's secret";
        api_secret_file: Option<PathBuf> = KeyKind::Path, UNSET,
            "a file that holds the secret, instead of api_secret";
        from: Option<String> = KeyKind::SmsSender, UNSET,
            "the sender: a number of yours at Twilio, or an alphanumeric sender";
        messaging_service_sid: Option<String> = KeyKind::Sid("MG"), UNSET,
            "a messaging service of yours at Twilio, instead of from";
        base_url: String = KeyKind::BaseUrl, "https://api.twilio.com",
            "where Twilio is reached; http only on this machine, for tests";
        url: Option<String> = KeyKind::BaseUrl, UNSET,
            "the SMS gateway's address; nothing secret in it";
        method: GatewayMethod = word::<GatewayMethod>(), GatewayMethod::Post,
            "how the SMS gateway is asked";
        content: GatewayContent = word::<GatewayContent>(), GatewayContent::Json,
            "the kind of the body that the SMS gateway takes; values are quoted accordingly";
        body: Option<String> = KeyKind::Text { most: 2_000 }, UNSET,
            "the body (of a GET, the query), with {{to}}, {{text}} and other facts where they go";
        success: Option<String> = KeyKind::Text { most: 200 }, UNSET,
            "what the gateway answers where it took the message; * stands for anything";
        template_ids: Option<Vec<String>> = KeyKind::Texts { most: 200 }, UNSET,
            "the names of registered texts, each as code.en = ID; such texts are never shortened";
        command: Option<Vec<String>> = KeyKind::Texts { most: 500 }, UNSET,
            "the program that sends, and its arguments; it is told by JSON on standard input";
        headers: Option<Vec<String>> = KeyKind::Texts { most: 200 }, UNSET,
            "headers beside the kind of content, each as Name: value; nothing secret";
        secret_header: Option<Secret> = KeyKind::Secret, UNSET,
            "one more header, as Name: value, whose value is kept secret";
        secret_header_file: Option<PathBuf> = KeyKind::Path, UNSET,
            "a file that holds it, instead of secret_header";
        id_pointer: Option<String> = KeyKind::Text { most: 100 }, UNSET,
            "where in the answer the message's name is (RFC 6901); without a name it was not taken";
        ca_file: Option<PathBuf> = KeyKind::Path, UNSET,
            "certificates (PEM) that the SMS gateway may have, beside the system's own";
    }
}

section! {
    /// `[sms]`: where text messages may go, whoever sends them.
    PhoneKeys {
        default_country: String = KeyKind::Country, "US",
            "the country of phone numbers written without one";
        allowed_countries: Vec<String> = KeyKind::Countries, NO_COUNTRIES,
            "the countries text messages may go to; none named means only the default country";
        number_types: Vec<NumberType> = words::<NumberType>(), NUMBER_TYPES,
            "the types of numbers text messages may go to, as the country's numbering plan has \
             them";
    }
}

section! {
    /// `[whatsapp]`
    WhatsappKeys {
        provider: WhatsappProvider = word::<WhatsappProvider>(), WhatsappProvider::Off,
            "how WhatsApp messages go out; off does not offer them; twilio uses the account of \
             [sms]";
        from: Option<String> = KeyKind::SmsSender, UNSET,
            "the sender: your number that is registered for WhatsApp at Twilio";
        messaging_service_sid: Option<String> = KeyKind::Sid("MG"), UNSET,
            "a messaging service with a WhatsApp sender, instead of whatsapp.from";
        content_sid: Option<String> = KeyKind::Sid("HX"), UNSET,
            "the template at Twilio that WhatsApp approved; other words are not taken";
        variables: Vec<Fact> = words::<Fact>(), CODE_ALONE,
            "what its variables 1, 2, … say: code, reference, office, counter, customer, purpose, \
             minutes";
    }
}

const fn provider<P: crate::config::value::Word>(
    section: Section,
    default: P,
    help: &'static str,
) -> ConfigKey<P> {
    ConfigKey::new(section.at("provider"), word::<P>(), default, help)
}

const EMAIL_SECTION: Section = Section::named("email");
const EMAIL_FALLBACK_SECTION: Section = Section::named("email.fallback");
const SMS_SECTION: Section = Section::named("sms");
const SMS_FALLBACK_SECTION: Section = Section::named("sms.fallback");

/// `[email]`
pub static EMAIL: EmailKeys = EmailKeys::of(
    EMAIL_SECTION,
    provider(
        EMAIL_SECTION,
        EmailProvider::Tray,
        "how email goes out; off does not offer it, tray keeps it on this machine to look at",
    ),
);

/// `[email.fallback]`
pub static EMAIL_FALLBACK: EmailKeys = EmailKeys::of(
    EMAIL_FALLBACK_SECTION,
    provider(
        EMAIL_FALLBACK_SECTION,
        EmailProvider::Off,
        "how email goes out where it cannot go by [email]; off waits for that one",
    ),
);

/// `[sms]`, but for the countries.
pub static SMS: SmsKeys = SmsKeys::of(
    SMS_SECTION,
    provider(
        SMS_SECTION,
        SmsProvider::Tray,
        "how text messages go out; off does not offer them, tray keeps them here to look at",
    ),
);

/// `[sms]`: the countries.
pub static PHONES: PhoneKeys = PhoneKeys::of(SMS_SECTION);

/// `[sms.fallback]`
pub static SMS_FALLBACK: SmsKeys = SmsKeys::of(
    SMS_FALLBACK_SECTION,
    provider(
        SMS_FALLBACK_SECTION,
        SmsProvider::Off,
        "how text messages go out where they cannot go by [sms]; off waits for that one",
    ),
);

/// `[whatsapp]`
pub static WHATSAPP: WhatsappKeys = WhatsappKeys::of(Section::named("whatsapp"));

impl EmailKeys {
    /// Whether these are the keys of a fallback provider.
    pub fn is_fallback(&self) -> bool {
        self.section() == EMAIL_FALLBACK_SECTION
    }
}

impl SmsKeys {
    /// Whether these are the keys of a fallback provider.
    pub fn is_fallback(&self) -> bool {
        self.section() == SMS_FALLBACK_SECTION
    }
}

/// The files that hold a secret.
pub(super) fn secret_files() -> Vec<&'static ConfigKey<Option<PathBuf>>> {
    let email = [&EMAIL, &EMAIL_FALLBACK]
        .into_iter()
        .flat_map(|keys| [&keys.password_file, &keys.client_secret_file, &keys.refresh_token_file]);
    let sms = [&SMS, &SMS_FALLBACK]
        .into_iter()
        .flat_map(|keys| [&keys.auth_token_file, &keys.api_secret_file, &keys.secret_header_file]);
    email.chain(sms).collect()
}

/// Pairs of keys of which one source may set only one.
pub(super) fn alternatives() -> Vec<[KeyPath; 2]> {
    let email = [&EMAIL, &EMAIL_FALLBACK].into_iter().flat_map(|keys| {
        [
            [keys.password.path(), keys.password_file.path()],
            [keys.client_secret.path(), keys.client_secret_file.path()],
            [keys.refresh_token.path(), keys.refresh_token_file.path()],
        ]
    });
    let sms = [&SMS, &SMS_FALLBACK].into_iter().flat_map(|keys| {
        [
            [keys.auth_token.path(), keys.auth_token_file.path()],
            [keys.api_secret.path(), keys.api_secret_file.path()],
            [keys.from.path(), keys.messaging_service_sid.path()],
            [keys.secret_header.path(), keys.secret_header_file.path()],
        ]
    });
    let whatsapp = [WHATSAPP.from.path(), WHATSAPP.messaging_service_sid.path()];
    email.chain(sms).chain([whatsapp]).collect()
}
