//! Masks quotations of providers' replies for screens and logs.
//!
//! Providers repeat what they were sent: the address in a refusal, a number in an error, in the
//! worst case a whole line with the password. A quotation is short, on one line, and contains none
//! of that.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::domain::contact::Contact;
use crate::domain::text;

/// Length limit of a quotation, in characters.
const QUOTE_MAX: usize = 160;
/// A longer word is dropped: it is a token or otherwise unreadable.
const WORD_MAX: usize = 100;
/// A run of this many digits may be a code, an account or a phone number and is masked.
const DIGIT_RUN: usize = 5;

/// The secrets to mask in a quotation.
#[derive(Default)]
pub(super) struct Secrets {
    hidden: Vec<(String, String)>,
}

impl Secrets {
    /// Masks long runs of digits only.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Masks a secret completely.
    #[must_use]
    pub(super) fn with(mut self, secret: &str) -> Self {
        if !secret.is_empty() {
            self.hidden.push((secret.to_lowercase(), "…".into()));
        }
        self
    }

    /// Masks a password, including the encodings in which a login transmits it (RFC 4616, and
    /// LOGIN).
    #[must_use]
    pub(super) fn with_login(self, username: &str, password: &str) -> Self {
        self.with(password)
            .with(&BASE64.encode(password))
            .with(&BASE64.encode(format!("\0{username}\0{password}")))
    }

    /// Masks the middle of a contact.
    #[must_use]
    pub(super) fn with_contact(mut self, contact: &Contact) -> Self {
        self.hidden.push((contact.as_str().to_lowercase(), contact.masked()));
        self
    }

    /// `raw` as it may be shown.
    pub(super) fn quote(&self, raw: &str) -> String {
        // Bound the length before searching.
        let bounded: String = raw.chars().take(QUOTE_MAX * 8).collect();
        let mut quoted = text::clean(&bounded);
        for (secret, shown) in &self.hidden {
            quoted = replace(&quoted, secret, shown);
        }
        let quoted = hide_digits(&quoted);
        let word = |word| if str::chars(word).count() > WORD_MAX { "…" } else { word };
        let words: Vec<&str> = quoted.split_whitespace().map(word).collect();
        shorten(&words.join(" "))
    }
}

/// Replaces each occurrence of `secret` (given in lower case), ignoring case.
fn replace(text: &str, secret: &str, shown: &str) -> String {
    let lower = text.to_lowercase();
    if lower.len() != text.len() {
        // Lower-casing changed the length, so byte positions differ: match exactly.
        return text.replace(secret, shown);
    }
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (at, found) in lower.match_indices(secret) {
        let (Some(before), true) = (text.get(from..at), at >= from) else { continue };
        out.push_str(before);
        out.push_str(shown);
        from = at + found.len();
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}

/// Replaces long runs of digits with `…`. A single space or dash does not end a run, a dot does:
/// `5.7.139` is a status, not a number.
fn hide_digits(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    for char in text.chars().chain(['\0']) {
        let joins = matches!(char, ' ' | '-') && run.ends_with(|last: char| last.is_ascii_digit());
        if char.is_ascii_digit() || joins {
            run.push(char);
            continue;
        }
        let digits = run.chars().filter(char::is_ascii_digit).count();
        if digits >= DIGIT_RUN {
            out.push('…');
            if run.ends_with(' ') {
                out.push(' ');
            }
        } else {
            out.push_str(&run);
        }
        run.clear();
        if char != '\0' {
            out.push(char);
        }
    }
    out
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= QUOTE_MAX {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(QUOTE_MAX - 1).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contact::EmailAddress;

    #[test]
    fn security_33_a_quoted_reply_repeats_no_secret_and_no_contact() {
        let Ok(address) = EmailAddress::parse("Dana.Rivera@example.org") else { panic!("address") };
        let secrets =
            Secrets::new().with("hunter2").with_contact(&Contact::Email(address)).with("äÖ");
        let raw = "5.1.1 <DANA.rivera@example.org>: no\r\nsuch\x1b[2J user; HUNTER2 \
                   code 481920 481 920 +49 151-1234567 is 5.7.139";
        let quoted = secrets.quote(raw);
        assert_eq!(quoted, "5.1.1 <D***@example.org>: no such[2J user; … code … +… is 5.7.139");
        assert_eq!(Secrets::new().quote(&"x ".repeat(9_999)).chars().count(), QUOTE_MAX);
        assert_eq!(Secrets::new().quote(&format!("no {} here", "x".repeat(101))), "no … here");
    }
}
