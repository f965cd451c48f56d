//! The keys of providers.
//!
//! A provider that stands in is set up by the same keys as the one it stands in
//! for: they are written once, for a section of any name.

use crate::config::table::{Fallback, Key, Kind, of};

macro_rules! email {
    ($at:literal, $provider:expr) => {
        &[
            $provider,
            of(
                concat!($at, ".host"),
                Kind::Host,
                Fallback::Derived("the provider's; smtp needs one"),
                "the SMTP server's name",
            ),
            of(
                concat!($at, ".port"),
                Kind::Number { least: 1, most: 65_535 },
                Fallback::Derived("465 for implicit, 587 for starttls, 25 for none"),
                "the SMTP server's port",
            ),
            of(
                concat!($at, ".tls"),
                Kind::Word(&["implicit", "starttls", "none"]),
                Fallback::Derived("implicit; starttls for office365"),
                "how the connection is protected; none only for a server on this machine",
            ),
            of(
                concat!($at, ".username"),
                Kind::Text { most: 254 },
                Fallback::Derived("apikey for sendgrid"),
                "the account at the SMTP server",
            ),
            of(
                concat!($at, ".auth"),
                Kind::Word(&["password", "xoauth2"]),
                Fallback::Text("password"),
                "what proves the account: a password, or a token that is fetched when needed",
            ),
            of(concat!($at, ".password"), Kind::Secret, Fallback::Unset, "its password, or the provider's API key"),
            of(
                concat!($at, ".password_file"),
                Kind::Path,
                Fallback::Unset,
                concat!("a file that holds the password, instead of ", $at, ".password"),
            ),
            of(
                concat!($at, ".token_url"),
                Kind::BaseUrl,
                Fallback::Derived("Google's for gmail; other providers need one for xoauth2"),
                "the address that gives tokens; http only on this machine, for tests",
            ),
            of(
                concat!($at, ".client_id"),
                Kind::Text { most: 200 },
                Fallback::Unset,
                "this program's name at the token service; xoauth2 needs it",
            ),
            of(concat!($at, ".client_secret"), Kind::Secret, Fallback::Unset, "its secret there"),
            of(
                concat!($at, ".client_secret_file"),
                Kind::Path,
                Fallback::Unset,
                concat!("a file that holds the secret, instead of ", $at, ".client_secret"),
            ),
            of(
                concat!($at, ".refresh_token"),
                Kind::Secret,
                Fallback::Unset,
                "what the mailbox's owner agreed to; gmail needs it for xoauth2",
            ),
            of(
                concat!($at, ".refresh_token_file"),
                Kind::Path,
                Fallback::Unset,
                concat!("a file that holds the refresh token, instead of ", $at, ".refresh_token"),
            ),
            of(
                concat!($at, ".scope"),
                Kind::Text { most: 200 },
                Fallback::Derived("https://outlook.office365.com/.default for office365"),
                "what a token is asked for, where the token service wants to know",
            ),
            of(
                concat!($at, ".base_url"),
                Kind::BaseUrl,
                Fallback::Text("https://api.sendgrid.com"),
                "where SendGrid's Web API is reached; https://api.eu.sendgrid.com for one in Europe",
            ),
            of(
                concat!($at, ".from"),
                Kind::Mailbox,
                Fallback::Unset,
                "the sender: an address, or Name <address>; every provider but the tray needs it",
            ),
            of(
                concat!($at, ".ca_file"),
                Kind::Path,
                Fallback::Unset,
                "certificates (PEM) to trust beside the system's own",
            ),
            of(
                concat!($at, ".ehlo_name"),
                Kind::Host,
                Fallback::Derived("the machine's name"),
                "the name in EHLO; some servers want a full one that stands in the DNS",
            ),
        ]
    };
}

macro_rules! sms {
    ($at:literal, $provider:expr) => {
        &[
            $provider,
            of(concat!($at, ".account_sid"), Kind::Sid("AC"), Fallback::Unset, "the Twilio account"),
            of(
                concat!($at, ".auth_token"),
                Kind::Secret,
                Fallback::Unset,
                "the account's token: it can do everything",
            ),
            of(
                concat!($at, ".auth_token_file"),
                Kind::Path,
                Fallback::Unset,
                concat!("a file that holds the token, instead of ", $at, ".auth_token"),
            ),
            of(
                concat!($at, ".api_key"),
                Kind::Sid("SK"),
                Fallback::Unset,
                "an API key of the account, instead of its token: it can be revoked alone",
            ),
            of(concat!($at, ".api_secret"), Kind::Secret, Fallback::Unset, "the API key's secret"),
            of(
                concat!($at, ".api_secret_file"),
                Kind::Path,
                Fallback::Unset,
                concat!("a file that holds the secret, instead of ", $at, ".api_secret"),
            ),
            of(
                concat!($at, ".from"),
                Kind::SmsSender,
                Fallback::Unset,
                "the sender: a number of yours at Twilio, or an alphanumeric sender",
            ),
            of(
                concat!($at, ".messaging_service_sid"),
                Kind::Sid("MG"),
                Fallback::Unset,
                concat!("a messaging service of yours at Twilio, instead of ", $at, ".from"),
            ),
            of(
                concat!($at, ".base_url"),
                Kind::BaseUrl,
                Fallback::Text("https://api.twilio.com"),
                "where Twilio is reached; http only on this machine, for tests",
            ),
            of(
                concat!($at, ".url"),
                Kind::BaseUrl,
                Fallback::Unset,
                "the SMS gateway's address; nothing secret in it",
            ),
            of(
                concat!($at, ".method"),
                Kind::Word(&["POST", "PUT"]),
                Fallback::Text("POST"),
                "how the SMS gateway is asked",
            ),
            of(
                concat!($at, ".content"),
                Kind::Word(&["json", "form"]),
                Fallback::Text("json"),
                "the kind of the body that the SMS gateway takes; values are quoted accordingly",
            ),
            of(
                concat!($at, ".body"),
                Kind::Text { most: 2_000 },
                Fallback::Unset,
                "the body, with {{to}} or {{to_digits}}, {{text}} and {{reference}} where they go",
            ),
            of(
                concat!($at, ".headers"),
                Kind::Texts { most: 200 },
                Fallback::Unset,
                "headers beside the kind of content, each as Name: value; nothing secret",
            ),
            of(
                concat!($at, ".secret_header"),
                Kind::Secret,
                Fallback::Unset,
                "one more header, as Name: value, whose value is kept secret",
            ),
            of(
                concat!($at, ".secret_header_file"),
                Kind::Path,
                Fallback::Unset,
                concat!("a file that holds it, instead of ", $at, ".secret_header"),
            ),
            of(
                concat!($at, ".id_pointer"),
                Kind::Text { most: 100 },
                Fallback::Unset,
                "where in the answer the message's name is (RFC 6901); without a name it was not taken",
            ),
            of(
                concat!($at, ".ca_file"),
                Kind::Path,
                Fallback::Unset,
                "certificates (PEM) that the SMS gateway may have, beside the system's own",
            ),
        ]
    };
}

/// `[email]`
pub(super) const EMAIL: &[Key] = email!(
    "email",
    of(
        "email.provider",
        Kind::Word(&["off", "tray", "smtp", "gmail", "office365", "sendgrid", "sendgrid-api"]),
        Fallback::Text("tray"),
        "how email goes out; off does not offer it, tray keeps it on this machine to look at",
    )
);

/// `[email.fallback]`
pub(super) const EMAIL_FALLBACK: &[Key] = email!(
    "email.fallback",
    of(
        "email.fallback.provider",
        Kind::Word(&["off", "tray", "smtp", "gmail", "office365", "sendgrid", "sendgrid-api"]),
        Fallback::Text("off"),
        "how email goes out where it cannot go by [email]; off waits for that one",
    )
);

/// `[sms]`, but for the countries.
pub(super) const SMS: &[Key] = sms!(
    "sms",
    of(
        "sms.provider",
        Kind::Word(&["off", "tray", "twilio", "gateway"]),
        Fallback::Text("tray"),
        "how text messages go out; off does not offer them, tray keeps them here to look at",
    )
);

/// `[sms.fallback]`
pub(super) const SMS_FALLBACK: &[Key] = sms!(
    "sms.fallback",
    of(
        "sms.fallback.provider",
        Kind::Word(&["off", "tray", "twilio", "gateway"]),
        Fallback::Text("off"),
        "how text messages go out where they cannot go by [sms]; off waits for that one",
    )
);

macro_rules! email_alternatives {
    ($at:literal) => {
        &[
            [concat!($at, ".password"), concat!($at, ".password_file")],
            [concat!($at, ".client_secret"), concat!($at, ".client_secret_file")],
            [concat!($at, ".refresh_token"), concat!($at, ".refresh_token_file")],
        ]
    };
}

macro_rules! sms_alternatives {
    ($at:literal) => {
        &[
            [concat!($at, ".auth_token"), concat!($at, ".auth_token_file")],
            [concat!($at, ".api_secret"), concat!($at, ".api_secret_file")],
            [concat!($at, ".from"), concat!($at, ".messaging_service_sid")],
            [concat!($at, ".secret_header"), concat!($at, ".secret_header_file")],
        ]
    };
}

/// Of each pair, a place may set one.
pub(super) const ALTERNATIVES: [&[[&str; 2]]; 4] = [
    email_alternatives!("email"),
    email_alternatives!("email.fallback"),
    sms_alternatives!("sms"),
    sms_alternatives!("sms.fallback"),
];
