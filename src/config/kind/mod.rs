//! The kinds of values: validation of a single value by itself. Constraints between keys are
//! checked by `build`.

mod check;

use std::fmt::Display;
use std::time::Duration;

use config::ValueKind;
use secrecy::SecretString;

pub(super) use crate::config::kind::check::{
    Base, is_host, is_loopback, is_secret, path, short_text,
};

use crate::config::identifier::TableName;
use crate::config::kind::check::{
    addresses, base_url, country, identifier, is_domain, is_sid, is_sms_sender, mailbox, texts,
};
use crate::config::purposes;
use crate::config::raw::Raw;
use crate::config::store_url::{self, StoreUrl};
use crate::domain::locale::is_tag;

/// The kind of a key's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// One of these words.
    Word(&'static [&'static str]),
    /// A non-empty list of these words, each once.
    Words(&'static [&'static str]),
    /// An integer within bounds.
    Number {
        least: i64,
        most: i64,
    },
    /// A duration, written as a whole number of a unit.
    Time {
        /// The unit, which is part of the key's name.
        unit: Unit,
        least: i64,
        most: i64,
    },
    Flag,
    /// A text.
    Text {
        /// Length limit in characters.
        most: usize,
    },
    /// A non-empty list of texts.
    Texts {
        /// Length limit of each, in characters.
        most: usize,
    },
    /// A file or folder.
    Path,
    /// The URL of a store; a password in it is a secret.
    StoreUrl,
    /// The name of a schema.
    Identifier,
    /// The name of a table, optionally qualified by its schema or database.
    Table,
    /// The name of a column.
    Column {
        /// Whether the table must have it; if not, the name may be empty.
        needed: bool,
    },
    /// A secret: never repeated in a message.
    Secret,
    /// A host name or IP address.
    Host,
    /// An email address, or `Name <address>`.
    Mailbox,
    /// A Twilio SID: this two-letter prefix and 32 hexadecimal digits.
    Sid(&'static str),
    /// The sender of a text message.
    SmsSender,
    /// The base URL of a provider's API.
    BaseUrl,
    /// An ISO 3166 country code, two letters.
    Country,
    /// A list of country codes.
    Countries,
    /// A list of email addresses, or none.
    Addresses {
        /// How many there may be.
        most: usize,
    },
    /// A language tag, with country or script where it matters (BCP 47).
    Locale,
    /// A domain name.
    Domain,
    /// Purposes, each a table.
    Purposes,
}

/// The unit of a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Seconds,
    Minutes,
    Hours,
    Days,
}

impl Unit {
    /// This many units.
    pub(super) const fn times(self, number: u64) -> Duration {
        match self {
            Self::Seconds => Duration::from_secs(number),
            Self::Minutes => Duration::from_mins(number),
            Self::Hours => Duration::from_hours(number),
            Self::Days => Duration::from_hours(number * 24),
        }
    }
}

/// What an identifier may be, in words.
const IDENTIFIER: &str =
    "a name of letters (a to z), digits and _, not beginning with a digit, 63 at most";

/// Shown in place of a secret.
pub(super) const SET: &str = "(set)";

/// An accepted value: the part that may be shown, and the secret part.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) value: ValueKind,
    pub(super) secret: Option<SecretString>,
}

impl KeyKind {
    /// The allowed values, in words.
    pub fn allowed(self) -> String {
        match self {
            Self::Word(words) => format!("one of {}", quoted(words)),
            Self::Words(words) => {
                format!("a list of {}, each once, at least one", quoted(words))
            }
            Self::Number { least, most } | Self::Time { least, most, .. } => {
                format!("a whole number from {least} to {most}")
            }
            Self::Flag => "true or false".into(),
            Self::Text { most } => format!("a text of 1 to {most} characters"),
            Self::Texts { most } => {
                format!("a list of texts of 1 to {most} characters, each once, at least one")
            }
            Self::Path => "the path of a file".into(),
            Self::StoreUrl => format!("{}, as a text", store_url::ALLOWED),
            Self::Identifier | Self::Column { needed: true } => IDENTIFIER.into(),
            Self::Column { needed: false } => {
                format!("{IDENTIFIER}; or \"\" where the table has no such column")
            }
            Self::Table => format!(
                "the table's name, or its schema's or database's, a point and the table's; \
                 each is {IDENTIFIER}"
            ),
            Self::Secret => "a text on one line, not empty".into(),
            Self::Host => "a server's name or address alone, such as smtp.example.org".into(),
            Self::Mailbox => "an address such as codes@example.org, \
                              or a name before it: Riverside Billing <codes@example.org>"
                .into(),
            Self::Sid(prefix) => format!("{prefix} and 32 hexadecimal digits"),
            Self::SmsSender => "a number such as +15005550006, a short code, \
                                or a name of up to 11 letters and digits"
                .into(),
            Self::BaseUrl => "https:// and a server's name; http:// only for this machine".into(),
            Self::Country => "a country's two letters (ISO 3166), such as US".into(),
            Self::Countries => "a list of countries' two letters (ISO 3166), such as US".into(),
            Self::Addresses { most } => {
                format!("a list of up to {most} addresses such as admin@office.example, each once")
            }
            Self::Locale => "a language such as en or de-AT".into(),
            Self::Purposes => "tables [[purpose]], each with a name".into(),
            Self::Domain => "a domain's name alone in small letters, such as example.org \
                             (a name with other letters as xn--…)"
                .into(),
        }
    }

    /// Whether values are masked in every message and on every screen.
    pub const fn is_secret(self) -> bool {
        matches!(self, Self::Secret)
    }

    /// Whether a refused value may be repeated in a message. A URL may contain a password, and a
    /// free text may be a secret in the wrong place.
    const fn is_repeated(self) -> bool {
        matches!(
            self,
            Self::Word(_)
                | Self::Words(_)
                | Self::Number { .. }
                | Self::Time { .. }
                | Self::Flag
                | Self::Text { .. }
                | Self::Texts { .. }
                | Self::Mailbox
                | Self::Host
                | Self::Identifier
                | Self::Table
                | Self::Column { .. }
                | Self::SmsSender
                | Self::Country
                | Self::Countries
                | Self::Addresses { .. }
                | Self::Locale
                | Self::Domain
        )
    }

    /// Validates a value: returns it as the program uses it, or the sentence that says what is
    /// wrong.
    pub(super) fn check(
        self,
        path: &dyn Display,
        raw: &Raw,
        base: &Base<'_>,
    ) -> Result<Checked, String> {
        match (self, raw) {
            (Self::Secret, Raw::Text(text)) if is_secret(text) => {
                return Ok(Checked { value: SET.into(), secret: Some(text.as_str().into()) });
            }
            (Self::StoreUrl, Raw::Text(text)) => {
                return match StoreUrl::parse(text, base) {
                    Ok(url) => Ok(Checked { value: url.to_string().into(), secret: url.password }),
                    // The value may contain a password, so the message does not repeat it.
                    Err(why) => Err(format!("{path}: {why}")),
                };
            }
            (Self::Purposes, raw) => {
                let purposes = purposes::parse(raw).map_err(|why| format!("{path}: {why}"))?;
                return Ok(Checked { value: purposes::value(&purposes), secret: None });
            }
            _ => {}
        }
        match self.read(raw, base) {
            Some(value) => Ok(Checked { value, secret: None }),
            None => Err(self.refused(path, raw)),
        }
    }

    fn refused(self, path: &dyn Display, raw: &Raw) -> String {
        let allowed = self.allowed();
        let quoted = match (self, raw) {
            (Self::Number { .. } | Self::Time { .. }, Raw::Text(text))
                if text.trim().parse::<i64>().is_ok() =>
            {
                return format!("{path} is a number: write it without quotes");
            }
            (Self::Flag, Raw::Text(text)) if matches!(text.as_str(), "true" | "false") => {
                return format!("{path} is true or false: write it without quotes");
            }
            _ => self.is_repeated().then(|| raw.shown()).flatten(),
        };
        match quoted {
            Some(value) => format!("{path} = {value} is not allowed; allowed: {allowed}"),
            None => format!("the value of {path} is not allowed; allowed: {allowed}"),
        }
    }

    fn read(self, raw: &Raw, base: &Base<'_>) -> Option<ValueKind> {
        let text = match raw {
            Raw::Text(text) => Some(text.as_str()),
            _ => None,
        };
        match self {
            Self::Word(words) => words.contains(&text?).then(|| text.into()),
            Self::Words(words) => {
                let chosen = raw.texts()?;
                let known = chosen.iter().all(|word| words.contains(word));
                known.then(|| texts(raw, usize::MAX)).flatten()
            }
            Self::Number { least, most } | Self::Time { least, most, .. } => match raw {
                Raw::Number(number) => (least..=most).contains(number).then(|| (*number).into()),
                _ => None,
            },
            Self::Flag => match raw {
                Raw::Flag(flag) => Some((*flag).into()),
                _ => None,
            },
            Self::Text { most } => short_text(text?, most).map(Into::into),
            Self::Texts { most } => texts(raw, most),
            Self::Path => path(text?, base)?.to_str().map(Into::into),
            // Handled above.
            Self::StoreUrl | Self::Secret | Self::Purposes => None,
            Self::Column { needed: false } if text?.is_empty() => Some("".into()),
            Self::Identifier | Self::Column { .. } => identifier(text?).map(Into::into),
            Self::Table => TableName::parse(text?).map(|table| table.to_string().into()),
            Self::Host => is_host(text?).then(|| text.into()),
            Self::Mailbox => mailbox(text?).map(Into::into),
            Self::Sid(prefix) => is_sid(text?, prefix).then(|| text.into()),
            Self::SmsSender => is_sms_sender(text?).then(|| text.into()),
            Self::BaseUrl => base_url(text?).map(Into::into),
            Self::Country => country(text?).map(Into::into),
            Self::Countries => {
                let countries = raw.texts()?.into_iter().map(country).collect::<Option<Vec<_>>>();
                countries.map(Into::into)
            }
            Self::Addresses { most } => addresses(raw, most),
            Self::Locale => is_tag(text?).then(|| text.into()),
            Self::Domain => is_domain(text?).then(|| text.into()),
        }
    }
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn reads(kind: KeyKind, text: &str) -> Option<String> {
        let base = Base { folder: Path::new("/etc/desk"), home: Some(Path::new("/home/amira")) };
        kind.read(&Raw::Text(text.into()), &base).map(|value| value.to_string())
    }

    #[test]
    fn senders_are_addresses_with_or_without_a_name() {
        assert_eq!(
            reads(KeyKind::Mailbox, "\"Riverside\"  <codes@example.org>").as_deref(),
            Some("Riverside <codes@example.org>")
        );
        assert!(reads(KeyKind::Mailbox, "codes@example.org").is_some());
        for bad in ["Riverside", "R <codes@example.org", "R\r\nBcc: <v@evil.test>", "a,b <c@d.org>"]
        {
            assert_eq!(reads(KeyKind::Mailbox, bad), None, "{bad:?}");
        }
    }

    #[test]
    fn providers_are_reached_over_tls_or_on_this_machine() {
        for good in [
            "https://api.twilio.com",
            "http://127.0.0.1:8080",
            "http://[::1]:80/x",
            "http://localhost",
        ] {
            assert!(reads(KeyKind::BaseUrl, good).is_some(), "{good}");
        }
        for bad in [
            "http://api.twilio.com",
            "http://127.0.0.1.evil.test",
            "https://user:pw@api.twilio.com",
            "https://",
            "https://api.twilio.com?x",
            "http://localhost@evil.test",
            "ftp://localhost",
        ] {
            assert_eq!(reads(KeyKind::BaseUrl, bad), None, "{bad}");
        }
        assert!(is_loopback("127.8.9.1") && is_loopback("::1") && !is_loopback("10.0.0.1"));
    }

    #[test]
    fn small_kinds_hold_their_bounds() {
        for sender in ["+15005550006", "12345", "Riverside B"] {
            assert!(reads(KeyKind::SmsSender, sender).is_some(), "{sender}");
        }
        for sender in ["", "+0123456789", "123", "twelve chars", "a!b", " a"] {
            assert_eq!(reads(KeyKind::SmsSender, sender), None, "{sender:?}");
        }
        assert_eq!(reads(KeyKind::Country, "de").as_deref(), Some("DE"));
        assert_eq!(reads(KeyKind::Country, "XX"), None);
        assert!(reads(KeyKind::Host, "mail.example.org").is_some());
        for host in ["", "smtp://x", "x:25", "-x", "a..b"] {
            assert_eq!(reads(KeyKind::Host, host), None, "{host:?}");
        }
        for domain in ["example.org", "codes.xn--mller-kva.example"] {
            assert!(reads(KeyKind::Domain, domain).is_some(), "{domain}");
        }
        for domain in ["", "example", "Example.org", "a_b.org", "10.0.0.1", "a-.org", "x.org/"] {
            assert_eq!(reads(KeyKind::Domain, domain), None, "{domain:?}");
        }
        assert!(reads(KeyKind::Sid("AC"), &format!("AC{}", "0f".repeat(16))).is_some());
        assert_eq!(reads(KeyKind::Sid("AC"), "ACx"), None);
    }
}
