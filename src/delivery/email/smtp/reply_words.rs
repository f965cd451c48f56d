//! Classifies a reply by its words if it has no enhanced status. A bare 550 at RCPT is all that
//! Exim, qmail and older servers send both for an unknown mailbox and for a refused relay.
//!
//! If words of both kinds or of neither occur, the reply stays unclassified. The customer must not
//! be blamed for what may be the office's fault: that is the worse error, since a correct address
//! would get "corrected".

/// What the words are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hint {
    /// The recipient's mailbox.
    Mailbox,
    /// The sender: its host, account, address, or a policy on it.
    Sender,
}

/// Phrases, each matched from the start of a word.
const OF_A_MAILBOX: [&str; 27] = [
    "user unknown",
    "unknown user",
    "unknown recipient",
    "unknown local",
    "unknown mailbox",
    "unknown address",
    "recipient unknown",
    "no such user",
    "no such recipient",
    "no such mailbox",
    "no such address",
    "no such person",
    "no mailbox",
    "not a valid mailbox",
    "user not found",
    "recipient not found",
    "mailbox not found",
    "address not found",
    "mailbox unavailable",
    "mailbox is unavailable",
    "does not exist",
    "doesn't exist",
    "invalid mailbox",
    "invalid recipient",
    "mailbox full",
    "not listed in",
    "mailbox is full",
];

const OF_A_SENDER: [&str; 29] = [
    "relay",
    "rcpthosts",
    "block",
    "blacklist",
    "blocklist",
    "denylist",
    "dnsbl",
    "rbl",
    "listed",
    "banned",
    "spam",
    "reputation",
    "denied",
    "deny",
    "refused to talk",
    "sender",
    "from address",
    "polic",
    "prohibit",
    "not permitted",
    "not allowed",
    "not authori",
    "unauthori",
    "authenticat",
    "verif",
    "spf",
    "reverse dns",
    "ptr",
    "helo",
];

/// What a reply's text suggests; `None` if its words are ambiguous.
pub(super) fn hint(text: &str) -> Option<Hint> {
    let text = words(text);
    let has = |phrases: &[&str]| phrases.iter().any(|it| text.contains(&format!(" {it}")));
    match (has(&OF_A_MAILBOX), has(&OF_A_SENDER)) {
        (true, false) => Some(Hint::Mailbox),
        (false, true) => Some(Hint::Sender),
        (true, true) | (false, false) => None,
    }
}

/// The lower-case words, each after a space. Addresses and links are removed, since what is in them
/// is a name.
fn words(text: &str) -> String {
    let is_name = |word: &&str| {
        word.contains('@') || word.contains("://") || word.to_ascii_lowercase().contains("www.")
    };
    // Postfix says "User unknown in relay recipient table" for an unknown mailbox.
    let lower = text.to_ascii_lowercase().replace("relay recipient table", "");
    let kept = lower.split_whitespace().filter(|word| !is_name(word));
    let letters = |char: char| if char.is_alphanumeric() || char == '\'' { char } else { ' ' };
    let text: String =
        kept.flat_map(|word| [" ", word]).collect::<String>().chars().map(letters).collect();
    let words: Vec<_> = text.split_whitespace().collect();
    format!(" {}", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_say_whom_they_mean() {
        for text in [
            "No such user here",
            "User unknown",
            "<d@example.org>: Recipient address rejected: User unknown in local recipient table",
            "<d@example.org>: Recipient address rejected: User unknown in relay recipient table",
            "Requested action not taken: mailbox unavailable",
            "sorry, no mailbox here by that name.",
            "The email account that you tried to reach does not exist. https://policy.example/denied",
            "Unknown user relay@blocked.example",
            "mailbox is full",
        ] {
            assert_eq!(hint(text), Some(Hint::Mailbox), "{text}");
        }
        for text in [
            "relay not permitted",
            "Relaying denied",
            "we do not relay",
            "sorry, that domain isn't in my list of allowed rcpthosts",
            "Access denied",
            "Your IP address is blocked",
            "203.0.113.7 is BLACKLISTED",
            "rejected: listed at zen.spamhaus.org",
            "Message refused by policy",
            "Administrative prohibition",
            "Sender address rejected",
            "sender verify failed",
            "authentication required",
            "You are not authorized to send to this user",
            "reverse DNS lookup failed",
            "HELO rejected",
        ] {
            assert_eq!(hint(text), Some(Hint::Sender), "{text}");
        }
        for text in [
            "",
            "rejected",
            "5XX",
            "User not listed in the directory",
            "Benutzer unbekannt",
            "sender verify failed: no such user",
            "unlisted",
            "see https://relay.example/blocked for spam@policy.example",
        ] {
            assert_eq!(hint(text), None, "{text}");
        }
    }
}
