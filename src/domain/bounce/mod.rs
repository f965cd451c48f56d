//! Mail that came back: what a delivery status notification (RFC 3464) says of a message of ours.
//!
//! Anybody can write one, so that nothing is taken from it but a Message-ID, which must be one that
//! we gave ([`crate::domain::message_id`]), and the status code.

mod headers;
mod parse;

use serde::{Deserialize, Serialize};

use crate::domain::contact_state::ContactFailure;

pub use crate::domain::bounce::parse::{BOUNCE_MAX, Bounce, IDS_MAX, NoBounce};

/// An enhanced status code of a failure for good (RFC 3463): 5, the subject and the detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BounceStatus {
    pub subject: u16,
    pub detail: u16,
}

impl BounceStatus {
    /// What it means for the contact. What may be the office's own fault, such as its reputation
    /// or the message, does not make the contact a bad one.
    pub const fn failure(self) -> ContactFailure {
        match (self.subject, self.detail) {
            (2, 2) => ContactFailure::MailboxFull,
            (3 | 5..=7, _) => ContactFailure::Unexplained,
            _ => ContactFailure::Bounced,
        }
    }

    /// Reads `5.1.1` at the beginning of a text; none where it is no failure for good.
    fn read(text: &str) -> Option<Self> {
        let code = text.split(|char: char| !char.is_ascii_digit() && char != '.').next()?;
        let mut parts = code.trim_end_matches('.').split('.');
        let (class, subject, detail) = (parts.next()?, parts.next()?, parts.next()?);
        let short = |part: &str| part.parse().ok().filter(|_| part.len() <= 3);
        if class != "5" || parts.next().is_some() {
            return None;
        }
        Some(Self { subject: short(subject)?, detail: short(detail)? })
    }
}

impl std::fmt::Display for BounceStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "5.{}.{}", self.subject, self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_where_it_is_a_failure_for_good() {
        for (text, expected) in [
            ("5.1.1", Some((1, 1))),
            ("5.1.10 (no such recipient)", Some((1, 10))),
            ("5.0.0.", Some((0, 0))),
            ("4.4.7", None),
            ("2.1.5", None),
            ("5.1", None),
            ("5.1.1.1", None),
            ("5.1111.1", None),
            ("5..1", None),
            ("", None),
            ("five", None),
        ] {
            let read = BounceStatus::read(text).map(|it| (it.subject, it.detail));
            assert_eq!(read, expected, "{text:?}");
        }
    }

    #[test]
    fn only_what_is_about_the_mailbox_makes_it_a_bad_one() {
        for (subject, detail, expected) in [
            (1, 1, ContactFailure::Bounced),
            (2, 1, ContactFailure::Bounced),
            (4, 4, ContactFailure::Bounced),
            (0, 0, ContactFailure::Bounced),
            (2, 2, ContactFailure::MailboxFull),
            (7, 1, ContactFailure::Unexplained),
            (3, 4, ContactFailure::Unexplained),
            (6, 0, ContactFailure::Unexplained),
        ] {
            assert_eq!(BounceStatus { subject, detail }.failure(), expected, "{subject}.{detail}");
        }
    }
}
