//! Syntax checks for single values.

use std::net::IpAddr;
use std::path::{Component, Path, PathBuf};

use config::ValueKind;

use crate::config::identifier::Identifier;
use crate::config::raw::Raw;
use crate::domain::contact::EmailAddress;
use crate::domain::phone::country::is_known;
use crate::domain::text::{clean, clean_optional};

/// The folder that relative paths are resolved against, and the home folder for `~`.
pub(in crate::config) struct Base<'a> {
    pub(in crate::config) folder: &'a Path,
    pub(in crate::config) home: Option<&'a Path>,
}

pub(super) fn identifier(text: &str) -> Option<String> {
    Identifier::parse(text).map(|name| name.to_string())
}

pub(in crate::config) fn short_text(raw: &str, most: usize) -> Option<String> {
    clean_optional(raw).filter(|text| text.chars().count() <= most)
}

pub(super) fn texts(raw: &Raw, most: usize) -> Option<ValueKind> {
    let texts = raw.texts()?.into_iter().map(|text| short_text(text, most));
    let texts: Vec<String> = texts.collect::<Option<_>>()?;
    let twice = texts.iter().enumerate().any(|(at, text)| texts[..at].contains(text));
    (!texts.is_empty() && !twice).then(|| texts.into())
}

pub(super) fn addresses(raw: &Raw, most: usize) -> Option<ValueKind> {
    let parse = |text: &str| EmailAddress::parse(text).ok();
    let found: Vec<EmailAddress> = raw.texts()?.into_iter().map(parse).collect::<Option<_>>()?;
    let is_same = |one: &EmailAddress, other: &EmailAddress| {
        one.on_envelope().eq_ignore_ascii_case(other.on_envelope())
    };
    let twice = found.iter().enumerate().any(|(at, it)| found[..at].iter().any(|o| is_same(o, it)));
    let texts: Vec<String> = found.iter().map(|it| it.as_str().to_owned()).collect();
    (found.len() <= most && !twice).then(|| texts.into())
}

/// A secret is not empty and has no control characters, which excludes line ends; spaces are
/// allowed.
pub(in crate::config) fn is_secret(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control)
}

/// Resolves to an absolute path; relative paths start at the folder of whatever names them.
pub(in crate::config) fn path(text: &str, base: &Base<'_>) -> Option<PathBuf> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return None;
    }
    let whole = match text.strip_prefix("~/") {
        Some(rest) => base.home?.join(rest),
        None => base.folder.join(text),
    };
    Some(whole.components().filter(|part| *part != Component::CurDir).collect())
}

pub(in crate::config) fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            && !label.starts_with('-')
    };
    text.parse::<IpAddr>().is_ok() || (text.len() <= 253 && text.split('.').all(label))
}

/// Whether a host is this machine. Of the names only `localhost` counts, since any other could
/// resolve to another machine.
pub(in crate::config) fn is_loopback(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// `address` or `Name <address>`, normalised to one space in between.
pub(super) fn mailbox(text: &str) -> Option<String> {
    let text = text.trim();
    let Some((name, rest)) = text.split_once('<') else {
        return EmailAddress::parse(text).ok().map(|it| it.as_str().to_owned());
    };
    let address = EmailAddress::parse(rest.strip_suffix('>')?.trim()).ok()?;
    let name = name.trim().trim_matches('"').trim();
    // Within these limits the name needs no quoting, which two programs could parse differently.
    let plain = !name.is_empty()
        && name.chars().count() <= 64
        && !name.contains(['"', '\\', '<', '>', '@', ',', ';', ':', '(', ')', '[', ']'])
        && clean(name) == name;
    plain.then(|| format!("{name} <{}>", address.as_str()))
}

pub(super) fn is_sid(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// An E.164 number, a short code, or an alphanumeric sender (1 to 11 letters, digits and spaces, at
/// least one letter).
pub(super) fn is_sms_sender(text: &str) -> bool {
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

pub(super) fn base_url(text: &str) -> Option<String> {
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

/// The domain that a phone compares with the page that asks for the code: at least two labels, and
/// not an IP address.
pub(super) fn is_domain(text: &str) -> bool {
    let last = text.rsplit('.').next().unwrap_or_default();
    is_host(text)
        && text.contains('.')
        && !text.contains('_')
        && !text.bytes().any(|byte| byte.is_ascii_uppercase())
        && !text.split('.').any(|label| label.ends_with('-'))
        && last.bytes().any(|byte| byte.is_ascii_alphabetic())
}

pub(super) fn country(text: &str) -> Option<String> {
    let letters = text.trim().to_ascii_uppercase();
    is_known(&letters).then_some(letters)
}
