//! Classifies a refusal: first by the enhanced status (RFC 3463, the registry of RFC 5248, and the
//! codes that Google and Microsoft document), then by the stage of the conversation and the reply
//! code (RFC 5321, 4.2.3). What is refused before RCPT concerns the office. A bare reply at RCPT or
//! after the letter can concern either side: then its words are read ([`reply_words`]), and if they
//! are ambiguous it stays unclassified.
//!
//! [`reply_words`]: crate::delivery::email::smtp::reply_words

use crate::delivery::email::smtp::reply::SmtpStage;
use crate::delivery::email::smtp::reply_words::{self, Hint};
use crate::domain::contact_state::ContactFailure;

/// Subject and detail of an enhanced status: 1 and 8 of `5.1.8`.
type Status = (u16, u16);

/// Whose fault a refusal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// The recipient's address or mailbox.
    Recipient,
    /// The content or size of the message.
    Message,
    /// The office's settings, account or reputation.
    Office(Matter),
    /// The server, or a system behind it.
    Provider,
    /// Temporary, for this recipient.
    Passing(Pause),
    /// Ambiguous.
    Unclassified,
}

/// What the office was refused for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Matter {
    /// The host or the account: no relay, a blocklist, a suspension, a policy.
    Policy,
    /// The SMTP dialogue: the name in EHLO, a command, a parameter.
    Protocol,
    /// The sender's address.
    Sender,
    /// A sending limit.
    Limit,
}

/// Why a recipient is refused temporarily.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pause {
    /// The mailbox is full or busy.
    Mailbox,
    /// A policy such as greylisting.
    Policy,
}

/// Statuses whose class differs from that of their subject.
const SPECIAL: [(Status, Class); 24] = [
    ((1, 0), Class::Unclassified),
    ((1, 7), Class::Office(Matter::Sender)),
    ((1, 8), Class::Office(Matter::Sender)),
    ((1, 9), Class::Provider),
    // Microsoft: the account's daily recipient limit.
    ((1, 90), Class::Office(Matter::Limit)),
    ((2, 3), Class::Message),
    // Microsoft: this mailbox may not send as that address.
    ((2, 252), Class::Office(Matter::Sender)),
    ((3, 4), Class::Message),
    // Google: the daily sending limit.
    ((4, 5), Class::Office(Matter::Limit)),
    // RFC 6531: a non-ASCII address.
    ((6, 7), Class::Recipient),
    // RFC 7293: the mailbox or domain has changed hands.
    ((7, 17), Class::Recipient),
    ((7, 18), Class::Recipient),
    ((7, 27), Class::Office(Matter::Sender)),
    ((7, 28), Class::Office(Matter::Limit)),
    // Microsoft: send-as, and the sender's own limits and bans.
    ((7, 60), Class::Office(Matter::Sender)),
    ((7, 232), Class::Office(Matter::Limit)),
    ((7, 233), Class::Office(Matter::Limit)),
    ((7, 236), Class::Office(Matter::Limit)),
    ((7, 705), Class::Office(Matter::Limit)),
    // Microsoft: the recipient does not exist or refuses mail.
    ((7, 504), Class::Recipient),
    ((7, 505), Class::Recipient),
    ((7, 507), Class::Recipient),
    ((7, 506), Class::Office(Matter::Protocol)),
    // Microsoft: the message violates RFC 5322.
    ((7, 512), Class::Message),
];

/// The enhanced status of a reply: its first word, or at the end as `(#5.7.1)` (qmail).
fn enhanced(text: &str) -> Option<Status> {
    let first = text.split_whitespace().next().map(|word| word.trim_end_matches([':', ',']));
    let at_the_end = || {
        let word =
            text.split_whitespace().find_map(|it| it.trim_matches(['(', ')']).strip_prefix('#'));
        word.and_then(read)
    };
    // x.0.0 carries no information.
    first.and_then(read).or_else(at_the_end).filter(|(subject, _)| *subject != 0)
}

fn read(word: &str) -> Option<Status> {
    let number = |part: &str| part.parse().ok().filter(|_| part.len() <= 3);
    let (class, rest) = word.split_once('.')?;
    let (subject, detail) = rest.split_once('.')?;
    matches!(class, "4" | "5").then(|| Some((number(subject)?, number(detail)?)))?
}

pub(super) fn classify(stage: SmtpStage, code: u16, text: &str) -> Class {
    let status = enhanced(text);
    if !(500..600).contains(&code) {
        return passing(stage, code, status);
    }
    match stage {
        // The server refused this host or account before it knew of a message.
        SmtpStage::Greeting | SmtpStage::Login => Class::Office(match code {
            500..=505 => Matter::Protocol,
            _ => Matter::Policy,
        }),
        SmtpStage::Sender => match final_status(stage, status) {
            Some(Class::Recipient | Class::Unclassified) => Class::Office(Matter::Sender),
            Some(class) => class,
            None if code == 552 => Class::Message,
            None if is_protocol(code) => Class::Office(Matter::Protocol),
            None => Class::Office(Matter::Sender),
        },
        SmtpStage::Recipient => final_status(stage, status).unwrap_or_else(|| match code {
            552 | 556 => Class::Recipient,
            code if is_protocol(code) => Class::Office(Matter::Protocol),
            // The mailbox does not exist, or the server refuses to relay: the code is the same.
            550 | 551 | 553 => by_words(text).unwrap_or(Class::Unclassified),
            _ => by_words(text).unwrap_or(Class::Office(Matter::Policy)),
        }),
        // By now the mailbox can be the sender's own: after the letter Exchange says `5.2.0
        // SendAsDenied` and `5.2.2 Submission quota exceeded`.
        SmtpStage::Data | SmtpStage::Letter if matches!(status, Some((2, 0..=2))) => {
            by_words(text).unwrap_or(Class::Unclassified)
        }
        SmtpStage::Data | SmtpStage::Letter => {
            final_status(stage, status).unwrap_or_else(|| match code {
                552 => Class::Message,
                code if is_protocol(code) => Class::Office(Matter::Protocol),
                // Spam, or a sender that the provider has not verified; some servers check the mailbox
                // only now.
                _ => by_words(text)
                    .filter(|it| *it == Class::Recipient)
                    .unwrap_or(Class::Unclassified),
            })
        }
    }
}

/// The class of a bare reply by its words; `None` if they are ambiguous.
fn by_words(text: &str) -> Option<Class> {
    reply_words::hint(text).map(|hint| match hint {
        Hint::Mailbox => Class::Recipient,
        Hint::Sender => Class::Office(Matter::Policy),
    })
}

/// What a refusal says of the mailbox, where it is the recipient's.
pub(super) fn failure(code: u16, text: &str) -> ContactFailure {
    match (enhanced(text), code) {
        (Some((2, 2)), _) | (None, 552) => ContactFailure::MailboxFull,
        (Some((2 | 7, _)), _) => ContactFailure::Refused,
        _ => ContactFailure::UnknownMailbox,
    }
}

/// Commands and parameters that were not understood (RFC 5321, 4.2.2).
const fn is_protocol(code: u16) -> bool {
    matches!(code, 500..=504 | 555)
}

/// The class of a permanent refusal by its status.
fn final_status(stage: SmtpStage, status: Option<Status>) -> Option<Class> {
    let status = status?;
    if let Some((_, class)) = SPECIAL.iter().find(|(known, _)| *known == status) {
        return Some(*class);
    }
    let at_recipient = stage == SmtpStage::Recipient;
    Some(match status {
        (1 | 2, _) => Class::Recipient,
        // x.4.z: no route to the recipient's domain, or (Microsoft) no such recipient, or no relay.
        // x.5.0: Outlook.com says `550 5.5.0` for an unknown mailbox.
        (4, _) | (5, 0) if at_recipient => Class::Unclassified,
        // `554 5.5.1 no valid recipients`
        (5, 1) if stage == SmtpStage::Data => Class::Unclassified,
        (3 | 4, _) => Class::Provider,
        (5, _) => Class::Office(Matter::Protocol),
        (6, _) => Class::Message,
        // Before the letter a policy concerns the sender, after it the content.
        (7, 0 | 1) if stage == SmtpStage::Letter => Class::Message,
        (7, _) => Class::Office(Matter::Policy),
        _ => return None,
    })
}

/// The class of a transient refusal.
fn passing(stage: SmtpStage, code: u16, status: Option<Status>) -> Class {
    // 421 ends the conversation, whatever text follows (RFC 5321, 3.8).
    if code == 421 || matches!(stage, SmtpStage::Greeting | SmtpStage::Login) {
        return Class::Provider;
    }
    match status {
        // Postfix defers what it would not relay; 454 means that authentication is missing (RFC
        // 4954, 4), or at Amazon that a quota is used up.
        _ if code == 454 => Class::Office(Matter::Policy),
        Some((1, 7 | 8)) => Class::Office(Matter::Sender),
        Some((1, 90) | (4, 5)) if stage == SmtpStage::Sender => Class::Office(Matter::Limit),
        Some((1 | 2, _)) if stage == SmtpStage::Recipient => Class::Passing(Pause::Mailbox),
        Some((7, _)) => Class::Passing(Pause::Policy),
        None if code == 450 && stage == SmtpStage::Recipient => Class::Passing(Pause::Mailbox),
        _ => Class::Provider,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Class::{Message, Office, Passing, Provider, Recipient, Unclassified};

    #[test]
    fn a_status_is_read_where_servers_put_it() {
        for (text, status) in [
            ("5.7.1 <d@example.org>: Relay access denied", Some((7, 1))),
            ("5.7.54 SMTP; Unable to relay", Some((7, 54))),
            ("5.1.1: unknown", Some((1, 1))),
            ("sorry, that domain isn't in my list (#5.7.1)", Some((7, 1))),
            ("sorry, no mailbox here by that name. (#5.1.1)", Some((1, 1))),
            ("5.0.0 no", None),
            ("relay not permitted", None),
            ("10.0.0.1 is not allowed", None),
            ("version 5.7.1 of it", None),
            ("", None),
        ] {
            assert_eq!(enhanced(text), status, "{text}");
        }
    }

    #[test]
    fn each_refusal_is_somebodys_fault() {
        for (stage, code, text, class) in [
            // Relay denied: Postfix permanently and deferred, Exchange, qmail.
            (SmtpStage::Recipient, 554, "5.7.1 Relay access denied", Office(Matter::Policy)),
            (SmtpStage::Recipient, 454, "4.7.1 Relay access denied", Office(Matter::Policy)),
            (SmtpStage::Recipient, 550, "5.7.54 Unable to relay", Office(Matter::Policy)),
            (SmtpStage::Recipient, 550, "5.7.64 TenantAttribution", Office(Matter::Policy)),
            (SmtpStage::Recipient, 553, "not in my list (#5.7.1)", Office(Matter::Policy)),
            (SmtpStage::Recipient, 554, "Relay access denied", Office(Matter::Policy)),
            // The name in EHLO.
            (SmtpStage::Recipient, 504, "5.5.2 <desk3>: Helo rejected", Office(Matter::Protocol)),
            (SmtpStage::Recipient, 504, "need fully-qualified hostname", Office(Matter::Protocol)),
            (SmtpStage::Greeting, 501, "5.5.4 Invalid domain name", Office(Matter::Protocol)),
            (SmtpStage::Greeting, 550, "5.7.1 Helo rejected", Office(Matter::Policy)),
            // Blocklists.
            (SmtpStage::Greeting, 554, "5.7.1 blocked", Office(Matter::Policy)),
            (SmtpStage::Recipient, 554, "5.7.1 blocked using zen", Office(Matter::Policy)),
            (SmtpStage::Recipient, 550, "5.7.606 banned sending IP", Office(Matter::Policy)),
            (SmtpStage::Sender, 550, "5.7.25 no PTR record", Office(Matter::Policy)),
            // Limits and suspended accounts.
            (SmtpStage::Letter, 550, "5.4.5 Daily user sending limit", Office(Matter::Limit)),
            (SmtpStage::Sender, 550, "5.4.5 Daily sending quota", Office(Matter::Limit)),
            (SmtpStage::Recipient, 550, "5.1.90 daily limit reached", Office(Matter::Limit)),
            (SmtpStage::Letter, 550, "5.7.705 tenant exceeded", Office(Matter::Limit)),
            (SmtpStage::Letter, 454, "Daily message quota exceeded", Office(Matter::Policy)),
            // The sender's address.
            (SmtpStage::Sender, 553, "5.7.1 not owned by user", Office(Matter::Policy)),
            (SmtpStage::Sender, 550, "5.1.8 Domain not found", Office(Matter::Sender)),
            (SmtpStage::Sender, 553, "not allowed", Office(Matter::Sender)),
            (SmtpStage::Recipient, 450, "4.1.8 Domain not found", Office(Matter::Sender)),
            (SmtpStage::Letter, 554, "5.2.252 SendAsDenied", Office(Matter::Sender)),
            (SmtpStage::Letter, 550, "5.2.0 Sender is not allowed", Office(Matter::Policy)),
            // The recipient.
            (SmtpStage::Recipient, 550, "5.1.1 User unknown", Recipient),
            (SmtpStage::Recipient, 550, "5.1.10 Recipient not found", Recipient),
            (SmtpStage::Recipient, 553, "5.1.2 no such domain", Recipient),
            (SmtpStage::Recipient, 552, "5.2.2 mailbox full", Recipient),
            (SmtpStage::Recipient, 552, "over quota", Recipient),
            (SmtpStage::Recipient, 550, "5.2.1 disabled", Recipient),
            (SmtpStage::Recipient, 556, "5.1.10 null MX", Recipient),
            (SmtpStage::Letter, 550, "5.1.1 User unknown", Recipient),
            (SmtpStage::Letter, 552, "5.2.2 mailbox is full", Recipient),
            // A bare reply, classified by its words.
            (SmtpStage::Recipient, 550, "No such user here", Recipient),
            (SmtpStage::Recipient, 550, "mailbox unavailable", Recipient),
            (SmtpStage::Recipient, 554, "no such mailbox", Recipient),
            (SmtpStage::Letter, 550, "user unknown", Recipient),
            (SmtpStage::Recipient, 550, "relay not permitted", Office(Matter::Policy)),
            (SmtpStage::Recipient, 550, "Access denied", Office(Matter::Policy)),
            (SmtpStage::Recipient, 550, "blocked by policy", Office(Matter::Policy)),
            (
                SmtpStage::Recipient,
                553,
                "not in my list of allowed rcpthosts",
                Office(Matter::Policy),
            ),
            // A status takes precedence over the words.
            (SmtpStage::Recipient, 550, "5.1.1 relay denied: blocked", Recipient),
            (SmtpStage::Recipient, 550, "5.7.1 no such user", Office(Matter::Policy)),
            (SmtpStage::Sender, 550, "no such user", Office(Matter::Sender)),
            // The message.
            (SmtpStage::Letter, 554, "5.7.1 looks like spam", Message),
            (SmtpStage::Letter, 550, "5.6.0 malformed", Message),
            (SmtpStage::Letter, 552, "5.3.4 too big", Message),
            (SmtpStage::Sender, 552, "5.3.4 too big", Message),
            (SmtpStage::Letter, 552, "too big", Message),
            // The server.
            (SmtpStage::Recipient, 554, "5.3.0 out of order", Provider),
            (SmtpStage::Letter, 451, "4.3.0 out of order", Provider),
            (SmtpStage::Recipient, 452, "4.3.1 no room on the disk", Provider),
            (SmtpStage::Recipient, 450, "4.3.2 overloaded, 4.2.2.2 is full", Provider),
            (SmtpStage::Recipient, 421, "4.7.0 too many of you", Provider),
            (SmtpStage::Greeting, 450, "4.7.1 too many of you", Provider),
            (SmtpStage::Login, 454, "4.7.0 later", Provider),
            // Temporary.
            (SmtpStage::Recipient, 450, "mailbox busy", Passing(Pause::Mailbox)),
            (SmtpStage::Recipient, 452, "4.2.2 mailbox full", Passing(Pause::Mailbox)),
            (SmtpStage::Recipient, 451, "4.7.1 greylisted", Passing(Pause::Policy)),
            (SmtpStage::Letter, 451, "4.7.1 greylisted", Passing(Pause::Policy)),
            // Ambiguous.
            (SmtpStage::Recipient, 550, "rejected", Unclassified),
            (SmtpStage::Recipient, 550, "sender verify failed: no such user", Unclassified),
            (SmtpStage::Recipient, 550, "5.4.1 Access denied", Unclassified),
            (SmtpStage::Recipient, 550, "5.5.0 mailbox unavailable", Unclassified),
            (SmtpStage::Letter, 554, "Message rejected: not verified", Unclassified),
            (
                SmtpStage::Letter,
                554,
                "5.2.0 STOREDRV.Submission: SendAsDeniedException",
                Unclassified,
            ),
            (SmtpStage::Letter, 550, "5.2.2 Submission quota exceeded", Unclassified),
        ] {
            assert_eq!(classify(stage, code, text), class, "{stage:?} {code} {text}");
        }
    }
}
