//! Email addresses, with one validation for all later uses.
//!
//! An address is used on the envelope, in a header and in a provider's JSON, each by another
//! library. What any of these would reject is rejected here.

use std::fmt;

use crate::domain::channel::Channel;
use crate::domain::contact::{ContactError, mask};

/// An address within the limits of RFC 5321 and RFC 5322.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress {
    written: String,
    on_envelope: String,
}

impl EmailAddress {
    /// Parses an address without trimming or repairing it.
    pub fn parse(raw: &str) -> Result<Self, ContactError> {
        let local = raw.rsplit_once('@').map_or(raw, |(local, _)| local);
        if raw.len() > 254 || local.len() > 64 {
            return Err(ContactError::EmailTooLong);
        }
        let options = email_address::Options::default()
            .without_display_text()
            .without_domain_literal()
            .with_required_tld();
        email_address::EmailAddress::parse_with_options(raw, options)
            .map_err(|_| ContactError::EmailSyntax)?;
        // Some libraries reject a quoted local part (RFC 5321, 4.1.2), and real mailboxes do not
        // have one.
        if raw.chars().any(char::is_control) || raw.starts_with('"') {
            return Err(ContactError::EmailSyntax);
        }
        let on_envelope = on_envelope(raw).ok_or(ContactError::EmailDomain)?;
        if on_envelope.len() > 254 {
            return Err(ContactError::EmailTooLong);
        }
        Ok(Self { written: raw.to_owned(), on_envelope })
    }

    /// The address as written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The address for the SMTP envelope, with the domain in ASCII (`xn--…`, RFC 5891).
    pub fn on_envelope(&self) -> &str {
        &self.on_envelope
    }

    /// Whether a server must support SMTPUTF8 (RFC 6531): the local part is not ASCII.
    pub fn needs_smtputf8(&self) -> bool {
        !self.on_envelope.is_ascii()
    }
}

/// An address with its domain in ASCII; `None` if the domain has no such form (an invalid
/// character, a wrong `xn--` label, a label over 63 octets).
fn on_envelope(raw: &str) -> Option<String> {
    let (local, domain) = raw.rsplit_once('@')?;
    if domain.parse::<std::net::IpAddr>().is_ok() {
        return None;
    }
    let domain = idna::domain_to_ascii_cow(domain.as_bytes(), idna::AsciiDenyList::STD3).ok()?;
    let fits = |label: &str| (1..=63).contains(&label.len());
    domain.split('.').all(fits).then(|| format!("{local}@{domain}"))
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask(Channel::Email, &self.written))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_24_addresses_keep_the_limits_of_rfc_5321() {
        let local = "a".repeat(64);
        assert!(EmailAddress::parse(&format!("{local}@example.org")).is_ok());
        assert_eq!(
            EmailAddress::parse(&format!("{local}b@example.org")),
            Err(ContactError::EmailTooLong)
        );
        let domain = format!("{0}.{0}.{0}.example.org", "d".repeat(60));
        assert_eq!(
            EmailAddress::parse(&format!("{}@{domain}", "a".repeat(62))).map(|_| ()),
            Err(ContactError::EmailTooLong)
        );
        for bad in [
            "",
            "dana",
            "dana@",
            "@example.org",
            "a@b@c",
            "dana@example.org ",
            "d\r\n@x.org",
            "Dana <d@x.org>",
        ] {
            assert!(EmailAddress::parse(bad).is_err(), "{bad:?}");
        }
        assert!(EmailAddress::parse("josé@example.org").is_ok_and(|it| it.needs_smtputf8()));
    }

    #[test]
    fn a_domain_goes_in_ascii_and_only_the_local_part_needs_smtputf8() {
        for (written, on_envelope) in [
            ("info@müller.example", "info@xn--mller-kva.example"),
            ("info@xn--mller-kva.example", "info@xn--mller-kva.example"),
            ("info@Straße.example", "info@xn--strae-oqa.example"),
            ("info@例え.テスト", "info@xn--r8jz45g.xn--zckzah"),
            ("info@post.bücher.example", "info@post.xn--bcher-kva.example"),
            ("Dana.R@Example.ORG", "Dana.R@example.org"),
        ] {
            let address = EmailAddress::parse(written).expect(written);
            assert_eq!((address.as_str(), address.on_envelope()), (written, on_envelope));
            assert!(!address.needs_smtputf8(), "{written}");
        }
        for bad in [
            "info@xn--a.example",
            "info@exa mple.org",
            "info@127.0.0.1",
            "info@a_b.example",
            "info@-a.example",
            "info@\u{200d}.example",
            &*format!("info@{}.example", "ü".repeat(60)),
        ] {
            assert!(EmailAddress::parse(bad).is_err(), "{bad:?}");
        }
    }
}
