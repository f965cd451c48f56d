//! Composes the email: addresses, headers and both bodies.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};

use crate::config::keys::EmailKeys;
use crate::delivery::error::{DeliveryError, FailureKind};
use crate::delivery::message::MessageKind;
use crate::delivery::templates::Templates;
use crate::domain::contact::EmailAddress;
use crate::domain::contact_state::ContactFailure;
use crate::domain::text;

/// An email ready to be sent.
pub(super) struct Letter {
    /// The envelope sender.
    pub(super) from: Address,
    /// The only envelope recipient.
    pub(super) to: Address,
    /// The Message-ID, without angle brackets.
    pub(super) id: String,
    /// Headers and bodies.
    pub(super) bytes: Vec<u8>,
}

impl Letter {
    /// Composes the email of a message.
    pub(super) fn write(
        from: &Mailbox,
        piece: MessageKind<'_>,
        templates: &Templates,
    ) -> Result<Self, DeliveryError> {
        let address = piece.email_address()?;
        let to: Address = address.on_envelope().parse().map_err(|_| {
            DeliveryError::new(
                FailureKind::Recipient(ContactFailure::UnknownMailbox),
                "The email address on file is not valid. Correct it, or use another channel.",
            )
        })?;
        let texts = piece.email(templates)?;
        let id = format!("{}@{}", plain(piece.message_id()), from.email.domain());
        let seconds = Duration::from_millis(piece.at().millis().try_into().unwrap_or(0));
        let recipient = Mailbox::new(display_name(piece.customer()), to.clone());
        let letter = Message::builder()
            .from(from.clone())
            .to(recipient)
            .subject(texts.subject)
            // The store's clock, not this machine's.
            .date(UNIX_EPOCH + seconds)
            // Retries of the same message have the same Message-ID.
            .message_id(Some(format!("<{id}>")))
            // RFC 3834: suppresses vacation replies and bounce loops; the second header does the
            // same for Exchange.
            .raw_header(header("Auto-Submitted", "auto-generated")?)
            .raw_header(header("X-Auto-Response-Suppress", "All")?)
            .multipart(MultiPart::alternative_plain_html(texts.plain, texts.html))
            .map_err(|error| {
                DeliveryError::new(
                    FailureKind::Message,
                    format!("The email cannot be written: {error}. Use another channel."),
                )
            })?;
        Ok(Self { from: from.email.clone(), to, id, bytes: letter.formatted() })
    }

    /// Whether the server must support SMTPUTF8 (RFC 6531).
    pub(super) fn needs_smtputf8(&self) -> bool {
        !AsRef::<str>::as_ref(&self.to).is_ascii()
    }
}

/// Parses the configured sender: an address, or `Name <address>`.
pub(in crate::delivery) fn sender_address(
    keys: &'static EmailKeys,
    from: &str,
) -> Result<Mailbox, DeliveryError> {
    let from = text::clean(from);
    let (name, address) = match from.trim().strip_suffix('>').and_then(|it| it.rsplit_once('<')) {
        Some((name, address)) => (display_name(name.trim().trim_matches('"')), address),
        None => (None, from.trim()),
    };
    // The domain is converted to ASCII and the local part must be ASCII, so that every server
    // accepts mail from this office.
    let address = EmailAddress::parse(address.trim()).ok().filter(|it| !it.needs_smtputf8());
    let address = address.and_then(|it| it.on_envelope().parse().ok()).ok_or_else(|| {
        let key = keys.from.path();
        let how = format!(
            "{key} is \"{from}\", which is no sender. Write an address with plain letters before \
             the @, or Name <address>."
        );
        DeliveryError::misconfigured(key, how)
    })?;
    Ok(Mailbox::new(name, address))
}

/// Cleans the display name; lettre panics on a line break in it.
fn display_name(raw: &str) -> Option<String> {
    text::clean_optional(raw)
}

fn header(name: &'static str, value: &str) -> Result<HeaderValue, DeliveryError> {
    HeaderName::new_from_ascii(name.to_owned())
        .map(|name| HeaderValue::new(name, value.to_owned()))
        .map_err(|error| DeliveryError::unusable(format!("The header {name}: {error}.")))
}

/// Reduces a name to ASCII letters, digits and dashes.
fn plain(name: &str) -> String {
    name.chars().filter(|char| char.is_ascii_alphanumeric() || *char == '-').collect()
}

#[cfg(test)]
mod tests {
    use lettre::transport::smtp::commands::Rcpt;
    use proptest::prelude::*;

    use super::*;
    use crate::config::keys::EMAIL;
    use crate::config::settings::MessageSettings;
    use crate::domain::code::Code;
    use crate::domain::contact::Contact;
    use crate::domain::message::{MessageFacts, Outgoing};
    use crate::domain::request::Reference;
    use crate::domain::time::Timestamp;

    fn letter(customer: &str, office: &str) -> Letter {
        let message = Outgoing {
            to: Contact::Email(EmailAddress::parse("dana@example.org").expect("an address")),
            generation: 1,
            idempotency: "4F7K2M9QXA-1".into(),
            message_id: "4F7K2M9QXA-1-0123456789abcdef0123".into(),
            at: Timestamp::from_millis(1_763_820_000_000),
            facts: MessageFacts {
                office: office.into(),
                counter: "3".into(),
                customer: customer.into(),
                purpose: "pay bill".into(),
                reference: Reference::from_store("K7Q"),
                code: Code::from_number(73_914, 6),
                minutes: 5,
                locale: None,
            },
        };
        let from =
            sender_address(&EMAIL, "Riverside Billing <desk@example.org>").expect("a sender");
        let templates = Templates::load(&MessageSettings::default()).expect("templates");
        Letter::write(&from, MessageKind::Code(&message), &templates).expect("a letter")
    }

    /// The header lines, unfolded, without the bodies.
    fn headers(letter: &Letter) -> Vec<String> {
        let text = String::from_utf8(letter.bytes.clone()).expect("text");
        let (head, _) = text.split_once("\r\n\r\n").expect("a head");
        head.replace("\r\n ", " ").split("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn a_letter_says_what_it_is() {
        let headers = headers(&letter("Dana Rivera", "Riverside Billing"));
        for expected in [
            "From: \"Riverside Billing\" <desk@example.org>",
            "To: \"Dana Rivera\" <dana@example.org>",
            "Subject: Riverside Billing: your code for the counter, reference K7Q",
            "Date: Sat, 22 Nov 2025 14:00:00 +0000",
            "Message-ID: <4F7K2M9QXA-1-0123456789abcdef0123@example.org>",
            "Auto-Submitted: auto-generated",
        ] {
            assert!(headers.iter().any(|line| line == expected), "{expected}: {headers:#?}");
        }
        assert!(!headers.iter().any(|line| line.starts_with("Reply-To:")));
    }

    #[test]
    fn senders_are_read_with_and_without_a_name() {
        for (from, name, address) in [
            ("desk@example.org", None, "desk@example.org"),
            ("Desk <desk@example.org>", Some("Desk"), "desk@example.org"),
            ("\"Büro, Süd\" <desk@example.org>", Some("Büro, Süd"), "desk@example.org"),
            ("De\r\nsk\u{202e} <desk@example.org>", Some("De  sk"), "desk@example.org"),
        ] {
            let mailbox = sender_address(&EMAIL, from).expect("a sender");
            assert_eq!((mailbox.name.as_deref(), mailbox.email.as_ref()), (name, address));
        }
        let mailbox = sender_address(&EMAIL, "Desk <desk@müller.example>").expect("a sender");
        assert_eq!(mailbox.email.to_string(), "desk@xn--mller-kva.example");
        for bad in ["", "desk", "Desk <desk>", "<>", "büro@example.org", "a@b.org, c@d.org"] {
            assert!(sender_address(&EMAIL, bad).is_err(), "{bad:?}");
        }
    }

    /// Whether an address that is accepted here is accepted by the libraries below too.
    fn is_one_for_all(raw: &str) -> bool {
        let Ok(address) = EmailAddress::parse(raw) else { return true };
        let Ok(to) = address.on_envelope().parse::<Address>() else { return false };
        let letter = Message::builder()
            .from("desk@example.org".parse().expect("a sender"))
            .to(Mailbox::new(None, to.clone()))
            .body(String::new());
        let command = Rcpt::new(to, vec![]).to_string();
        letter.is_ok() && command == format!("RCPT TO:<{}>\r\n", address.on_envelope())
    }

    #[test]
    fn addresses_at_the_edge_are_read_by_all_or_by_none() {
        for raw in [
            "\"dana r\"@example.org",
            "\"dana@home\"@example.org",
            "\"\"@example.org",
            "dana+x@example.org",
            "dana..r@example.org",
            ".dana@example.org",
            "dana@example.org.",
            "dana@example..org",
            "dana@[127.0.0.1]",
            "dana@example.o",
            "dana@exämple.org",
            "dana@ex'ample.org",
            "o'hara@example.org",
            "dana@1.2.3.4",
            "dana@xn--.org",
            "(x)dana@example.org",
        ] {
            assert!(is_one_for_all(raw), "{raw}");
        }
    }

    proptest! {
        #[test]
        fn any_address_is_read_by_all_or_by_none(
            raw in "[a-z\"!#'*+/=?^_`{|}~. ()<>é-]{1,12}@[a-zA-Z0-9ü_ßＡ\u{200d}-]{1,8}(\\.[a-z0-9ü例-]{0,6}){0,3}",
        ) {
            prop_assert!(is_one_for_all(&raw), "{}", raw);
        }

        #[test]
        fn security_25_no_name_adds_a_header_or_a_recipient(
            customer in any::<String>(),
            office in any::<String>(),
            evil in "[\r\n\t ]{0,3}",
        ) {
            let usual = headers(&letter("Dana", "Desk")).len();
            let name = format!("{customer}{evil}\r\nBcc: v@evil.test{evil}\r\n\r\n.");
            let letter = letter(&name, &format!("{office}{name}"));
            let headers = headers(&letter);
            prop_assert_eq!(headers.len(), usual, "{:#?}", headers);
            prop_assert!(!headers.iter().any(|line| line.to_lowercase().starts_with("bcc")));
            prop_assert_eq!(letter.to.to_string(), "dana@example.org");
        }
    }
}
