//! What a key may hold: the check of one value by itself. What depends on
//! several keys is judged when the configuration is put together.

use std::net::IpAddr;
use std::path::{Component, Path, PathBuf};

use config::ValueKind;
use secrecy::SecretString;

use crate::config::identifier::{Identifier, TableName};
use crate::config::raw::Raw;
use crate::config::store_url::{self, StoreUrl};
use crate::domain::contact::EmailAddress;
use crate::domain::locale::is_tag;
use crate::domain::phone::country::is_known;
use crate::domain::text::{clean, clean_optional};

/// What a key may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of these words, each once, not empty.
    Words(&'static [&'static str]),
    /// A whole number.
    Number {
        /// From here.
        least: i64,
        /// To here.
        most: i64,
    },
    /// `true` or `false`.
    Flag,
    /// A text of so many characters at most.
    Text {
        /// The most characters.
        most: usize,
    },
    /// A list of such texts, not empty.
    Texts {
        /// The most characters of one.
        most: usize,
    },
    /// A file.
    Path,
    /// The URL of a store; the password in it is a secret.
    StoreUrl,
    /// The name of a schema.
    Identifier,
    /// The name of a table, alone or after its schema or database.
    Table,
    /// The name of a column.
    Column {
        /// Whether the table must have it; where not, it may be empty.
        needed: bool,
    },
    /// A secret: never repeated in a message.
    Secret,
    /// A server's name or address.
    Host,
    /// An email address, alone or after a name.
    Mailbox,
    /// A name that Twilio gives: two letters and 32 hexadecimal digits.
    Sid(&'static str),
    /// Whom a text message comes from.
    SmsSender,
    /// The start of a provider's addresses.
    BaseUrl,
    /// A country of ISO 3166, two letters.
    Country,
    /// A list of them.
    Countries,
    /// A language, with a country or a script where it matters (BCP 47).
    Locale,
    /// A domain's name.
    Domain,
}

/// What a name of a table or a column may be.
const IDENTIFIER: &str =
    "a name of letters (a to z), digits and _, not beginning with a digit, 63 at most";

/// What stands where a secret is shown.
pub(super) const SET: &str = "(set)";

/// A value that is allowed: what can be shown of it, and what cannot.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) value: ValueKind,
    pub(super) secret: Option<SecretString>,
}

/// From where a relative path is read, and what `~` is.
pub(super) struct Base<'a> {
    pub(super) folder: &'a Path,
    pub(super) home: Option<&'a Path>,
}

impl Kind {
    /// What is allowed, in words.
    pub fn allowed(self) -> String {
        match self {
            Self::Word(words) => format!("one of {}", quoted(words)),
            Self::Words(words) => {
                format!("a list of {}, each once, at least one", quoted(words))
            }
            Self::Number { least, most } => format!("a whole number from {least} to {most}"),
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
            Self::Locale => "a language such as en or de-AT".into(),
            Self::Domain => "a domain's name alone in small letters, such as example.org \
                             (a name with other letters as xn--…)"
                .into(),
        }
    }

    /// Whether values are kept from every message and screen.
    pub const fn is_secret(self) -> bool {
        matches!(self, Self::Secret)
    }

    /// Whether a refused value can be repeated in a message. A URL may hold a
    /// password, and a free text may be a secret at the wrong place.
    const fn is_repeated(self) -> bool {
        matches!(
            self,
            Self::Word(_)
                | Self::Words(_)
                | Self::Number { .. }
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
                | Self::Locale
                | Self::Domain
        )
    }

    /// The value as the program uses it, or what is wrong with it.
    pub(super) fn check(self, path: &str, raw: &Raw, base: &Base<'_>) -> Result<Checked, String> {
        match (self, raw) {
            (Self::Secret, Raw::Text(text)) if is_secret(text) => {
                return Ok(Checked { value: SET.into(), secret: Some(text.as_str().into()) });
            }
            (Self::StoreUrl, Raw::Text(text)) => {
                return match StoreUrl::parse(text, base) {
                    Ok(url) => Ok(Checked { value: url.to_string().into(), secret: url.password }),
                    // It may hold a password: what is wrong is said without it.
                    Err(why) => Err(format!("{path}: {why}")),
                };
            }
            _ => {}
        }
        match self.read(raw, base) {
            Some(value) => Ok(Checked { value, secret: None }),
            None => Err(self.refused(path, raw)),
        }
    }

    fn refused(self, path: &str, raw: &Raw) -> String {
        let allowed = self.allowed();
        let quoted = match (self, raw) {
            (Self::Number { .. }, Raw::Text(text)) if text.trim().parse::<i64>().is_ok() => {
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
            Self::Number { least, most } => match raw {
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
            // They are read where their secret is kept apart.
            Self::StoreUrl | Self::Secret => None,
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
            Self::Locale => is_tag(text?).then(|| text.into()),
            Self::Domain => is_domain(text?).then(|| text.into()),
        }
    }
}

fn identifier(text: &str) -> Option<String> {
    Identifier::parse(text).map(|name| name.to_string())
}

fn short_text(raw: &str, most: usize) -> Option<String> {
    clean_optional(raw).filter(|text| text.chars().count() <= most)
}

fn texts(raw: &Raw, most: usize) -> Option<ValueKind> {
    let texts = raw.texts()?.into_iter().map(|text| short_text(text, most));
    let texts: Vec<String> = texts.collect::<Option<_>>()?;
    let twice = texts.iter().enumerate().any(|(at, text)| texts[..at].contains(text));
    (!texts.is_empty() && !twice).then(|| texts.into())
}

/// Passwords hold spaces and any letter, but nothing that ends a line.
pub(super) fn is_secret(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control)
}

/// An absolute path: relative ones begin at the place that names them.
pub(super) fn path(text: &str, base: &Base<'_>) -> Option<PathBuf> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return None;
    }
    let whole = match text.strip_prefix("~/") {
        Some(rest) => base.home?.join(rest),
        None => base.folder.join(text),
    };
    Some(whole.components().filter(|part| *part != Component::CurDir).collect())
}

pub(super) fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            && !label.starts_with('-')
    };
    text.parse::<IpAddr>().is_ok() || (text.len() <= 253 && text.split('.').all(label))
}

/// Whether a server is on this machine. Only the one name that is always this
/// machine counts: any other could be made to point elsewhere.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// `address` or `Name <address>`, with one blank between them.
fn mailbox(text: &str) -> Option<String> {
    let text = text.trim();
    let Some((name, rest)) = text.split_once('<') else {
        return EmailAddress::parse(text).ok().map(|it| it.as_str().to_owned());
    };
    let address = EmailAddress::parse(rest.strip_suffix('>')?.trim()).ok()?;
    let name = name.trim().trim_matches('"').trim();
    // Within these limits the name needs no quoting that two programs could
    // read differently.
    let plain = !name.is_empty()
        && name.chars().count() <= 64
        && !name.contains(['"', '\\', '<', '>', '@', ',', ';', ':', '(', ')', '[', ']'])
        && clean(name) == name;
    plain.then(|| format!("{name} <{}>", address.as_str()))
}

fn is_sid(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A number in E.164, a short code, or an alphanumeric sender: 1 to 11 letters,
/// digits and blanks with at least one letter.
fn is_sms_sender(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix('+') {
        return (7..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return (4..=8).contains(&text.len());
    }
    text.len() <= 11
        && text.trim() == text
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ')
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn base_url(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            port.parse::<u16>().ok().filter(|port| *port > 0)?;
            host
        }
        _ => authority,
    };
    let bare = host.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(host);
    let plain_path =
        path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte));
    let known = scheme == "https" || (scheme == "http" && is_loopback(host));
    (known && is_host(bare) && plain_path).then(|| text.trim_end_matches('/').to_owned())
}

/// What a telephone compares with the page that asks for the code: at least
/// two labels, and no address.
fn is_domain(text: &str) -> bool {
    let last = text.rsplit('.').next().unwrap_or_default();
    is_host(text)
        && text.contains('.')
        && !text.contains('_')
        && !text.bytes().any(|byte| byte.is_ascii_uppercase())
        && !text.split('.').any(|label| label.ends_with('-'))
        && last.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn country(text: &str) -> Option<String> {
    let letters = text.trim().to_ascii_uppercase();
    is_known(&letters).then_some(letters)
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(kind: Kind, text: &str) -> Option<String> {
        let base = Base { folder: Path::new("/etc/desk"), home: Some(Path::new("/home/amira")) };
        kind.read(&Raw::Text(text.into()), &base).map(|value| value.to_string())
    }

    #[test]
    fn senders_are_addresses_with_or_without_a_name() {
        assert_eq!(
            reads(Kind::Mailbox, "\"Riverside\"  <codes@example.org>").as_deref(),
            Some("Riverside <codes@example.org>")
        );
        assert!(reads(Kind::Mailbox, "codes@example.org").is_some());
        for bad in ["Riverside", "R <codes@example.org", "R\r\nBcc: <v@evil.test>", "a,b <c@d.org>"]
        {
            assert_eq!(reads(Kind::Mailbox, bad), None, "{bad:?}");
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
            assert!(reads(Kind::BaseUrl, good).is_some(), "{good}");
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
            assert_eq!(reads(Kind::BaseUrl, bad), None, "{bad}");
        }
        assert!(is_loopback("127.8.9.1") && is_loopback("::1") && !is_loopback("10.0.0.1"));
    }

    #[test]
    fn small_kinds_hold_their_bounds() {
        for sender in ["+15005550006", "12345", "Riverside B"] {
            assert!(reads(Kind::SmsSender, sender).is_some(), "{sender}");
        }
        for sender in ["", "+0123456789", "123", "twelve chars", "a!b", " a"] {
            assert_eq!(reads(Kind::SmsSender, sender), None, "{sender:?}");
        }
        assert_eq!(reads(Kind::Country, "de").as_deref(), Some("DE"));
        assert_eq!(reads(Kind::Country, "XX"), None);
        assert!(reads(Kind::Host, "mail.example.org").is_some());
        for host in ["", "smtp://x", "x:25", "-x", "a..b"] {
            assert_eq!(reads(Kind::Host, host), None, "{host:?}");
        }
        for domain in ["example.org", "codes.xn--mller-kva.example"] {
            assert!(reads(Kind::Domain, domain).is_some(), "{domain}");
        }
        for domain in ["", "example", "Example.org", "a_b.org", "10.0.0.1", "a-.org", "x.org/"] {
            assert_eq!(reads(Kind::Domain, domain), None, "{domain:?}");
        }
        assert!(reads(Kind::Sid("AC"), &format!("AC{}", "0f".repeat(16))).is_some());
        assert_eq!(reads(Kind::Sid("AC"), "ACx"), None);
    }
}
