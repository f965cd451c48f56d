//! Twilio's error codes, and what they mean at a counter.
//!
//! They are those of Twilio's error dictionary
//! (<https://www.twilio.com/docs/api/errors>, where each has a page of its own:
//! <https://www.twilio.com/docs/api/errors/30003>). Twilio adds codes and splits
//! old ones, so what is not listed here is judged by its HTTP status and shown
//! in Twilio's own words.

/// What becomes of the message.
#[derive(Clone, Copy)]
pub(super) enum Fate {
    /// Not this message, not now and not later: it is never sent again.
    Refused,
    /// Nothing is wrong with the message: the office's account is set up wrong.
    Settings,
    /// There is more than Twilio takes for now.
    Busy,
}

/// What a code means, where it has words of its own.
pub(super) fn known(code: u64) -> Option<(Fate, &'static str)> {
    KNOWN.iter().find(|(known, ..)| *known == code).map(|(_, fate, words)| (*fate, *words))
}

/// The codes that have words of their own.
const KNOWN: [(u64, Fate, &str); 39] = [
    (21211, Fate::Refused, "The phone number on file is not valid. Correct the customer's record."),
    (
        21265,
        Fate::Refused,
        "The number on file is a short code, which gets no messages. Correct the customer's \
         record.",
    ),
    (21635, Fate::Refused, "The number on file is a landline. Use another channel."),
    (21614, Fate::Refused, "The number on file cannot get text messages. Use another channel."),
    (
        21610,
        Fate::Refused,
        "The customer has opted out of messages from this office by answering STOP. They can \
         answer START, or use another channel.",
    ),
    (
        21612,
        Fate::Refused,
        "Twilio has no way from the office's number to this one. Use another channel.",
    ),
    (
        21408,
        Fate::Refused,
        "Twilio may not send to this number's country. Use another channel. An administrator can \
         allow the country in Twilio's console under Messaging, Geo Permissions.",
    ),
    (
        21608,
        Fate::Refused,
        "This Twilio account is on trial and sends only to numbers verified in its console. Use \
         another channel.",
    ),
    (
        30450,
        Fate::Refused,
        "Twilio's protection against SMS fraud blocks this number for now. Use another channel.",
    ),
    (
        30453,
        Fate::Refused,
        "Twilio's protection against SMS fraud blocks this number for now. Use another channel.",
    ),
    // What the network says after the hand-over. Each of these pages says that
    // the cause may pass; the same message is not sent again all the same, since
    // it may have been paid for and the customer can be asked.
    (
        30003,
        Fate::Refused,
        "The customer's phone cannot be reached: it is off, without a signal, or takes no text \
         messages. Ask the customer to look, or use another channel.",
    ),
    (
        30004,
        Fate::Refused,
        "Messages from this office to the number on file are blocked, perhaps since the customer \
         answered STOP. Use another channel.",
    ),
    (
        30005,
        Fate::Refused,
        "The network does not know the number on file, or it is out of service. Correct the \
         customer's record, or use another channel.",
    ),
    (
        30006,
        Fate::Refused,
        "The number on file is a landline, or its network cannot be reached. Use another channel.",
    ),
    (
        30007,
        Fate::Refused,
        "The network or Twilio filtered the message out as unwanted. Use another channel, and \
         tell your administrator.",
    ),
    (
        30008,
        Fate::Refused,
        "The network did not deliver the message and does not say why. Send another code, or use \
         another channel.",
    ),
    (
        30001,
        Fate::Refused,
        "Twilio had more to send from the office's number than it could. Send another code, or use \
         another channel.",
    ),
    (
        30002,
        Fate::Refused,
        "Twilio suspended the office's account before it sent the message. Use another channel, \
         and tell your administrator.",
    ),
    (
        30034,
        Fate::Refused,
        "The office's number is not registered for messages to the United States (A2P 10DLC). Use \
         another channel, and tell your administrator.",
    ),
    (
        30036,
        Fate::Refused,
        "The message waited at Twilio for longer than it was valid. Send another code, or use \
         another channel.",
    ),
    (20003, Fate::Settings, LOGIN),
    (70051, Fate::Settings, "Twilio's key may not do this. Give it the right to send messages."),
    (20404, Fate::Settings, "Twilio does not know this account. Check account_sid in [sms]."),
    (10001, Fate::Settings, "The Twilio account is not active. Look at it in Twilio's console."),
    (20005, Fate::Settings, "The Twilio account is not active. Look at it in Twilio's console."),
    (21212, Fate::Settings, "The sender is not valid. Check from in [sms]."),
    (
        21606,
        Fate::Settings,
        "The sender is no number of this account that can send. Check from in [sms].",
    ),
    (
        21659,
        Fate::Settings,
        "The sender is no number of Twilio's, or of another country. Check from in [sms].",
    ),
    (20429, Fate::Busy, ""),
    (21611, Fate::Busy, ""),
    (
        21655,
        Fate::Settings,
        "Twilio does not know the WhatsApp template. Check content_sid in [whatsapp].",
    ),
    (
        21656,
        Fate::Settings,
        "The WhatsApp template has other variables. Check variables in [whatsapp].",
    ),
    (
        63028,
        Fate::Settings,
        "The WhatsApp template has other variables. Check variables in [whatsapp].",
    ),
    (
        63007,
        Fate::Settings,
        "The sender is not registered for WhatsApp in this Twilio account. Check from in \
         [whatsapp].",
    ),
    (
        63016,
        Fate::Settings,
        "WhatsApp takes only words that it approved. Check in Twilio's console that the template \
         of content_sid in [whatsapp] is approved.",
    ),
    (63003, Fate::Refused, "The number on file has no WhatsApp. Use another channel."),
    (
        63049,
        Fate::Refused,
        "WhatsApp took the message for advertising and did not deliver it. Use another channel, \
         and tell your administrator: the template must be one for authentication.",
    ),
    (
        63024,
        Fate::Refused,
        "The number on file cannot be reached by WhatsApp. Use another channel.",
    ),
    (
        63014,
        Fate::Refused,
        "The customer has blocked messages from this office in WhatsApp. Use another channel.",
    ),
];

/// What a refused login means.
pub(super) const LOGIN: &str = "Twilio refused the login. Check account_sid and auth_token, or api_key and api_secret, in [sms].";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_the_clerk_can_do() {
        for (code, fate, words) in KNOWN {
            let helps = words.contains("another channel") || words.contains("Correct the customer");
            assert!(helps || !matches!(fate, Fate::Refused), "{code}: {words}");
        }
    }
}
