//! Twilio's error codes and their meaning for a counter.
//!
//! They are from Twilio's error dictionary (<https://www.twilio.com/docs/api/errors>, with one page
//! per code: <https://www.twilio.com/docs/api/errors/30003>). Twilio adds codes and splits old
//! ones, so a code that is not listed is classified by its HTTP status and shown with Twilio's own
//! text.

use crate::config::keys::{KeyPath, SmsKeys, WhatsappKeys};
use crate::domain::contact_state::ContactFailure;
use crate::domain::contact_state::ContactFailure::{
    Landline, NoTexts, NoWhatsapp, Stopped, UnknownNumber, Unreachable,
};

use CodeMeaning::{Account, Barred, Busy, Message, Recipient};

/// The meaning of an error code: what becomes of the message, and whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CodeMeaning {
    /// The number gets no messages: never retried.
    Recipient(ContactFailure),
    /// The content is refused.
    Message,
    /// The account may not send to numbers like this one.
    Barred,
    /// The account is suspended or misconfigured.
    Account,
    /// A rate limit of Twilio or the network.
    Busy,
}

/// The key that an advice names.
#[derive(Clone, Copy)]
pub(super) enum AdviceKey {
    /// One of the account, which is set up in `[sms]`, for WhatsApp messages too.
    Account(fn(&SmsKeys) -> KeyPath),
    /// The number or name that messages come from.
    From,
    /// The messaging service that messages come from.
    Service,
    /// One of `[whatsapp]`.
    Whatsapp(fn(&WhatsappKeys) -> KeyPath),
}

/// Advice for the admin; the key's section is appended.
pub(super) type Advice = (&'static str, AdviceKey);

/// What a code means.
pub(super) struct KnownCode {
    pub(super) meaning: CodeMeaning,
    /// What happened, and what a clerk can do.
    pub(super) what: &'static str,
    pub(super) advice: Option<Advice>,
}

/// Looks up a code that has its own text.
pub(super) fn known(code: u64) -> Option<KnownCode> {
    let by_admin =
        BY_ADMIN.iter().find(|(codes, ..)| codes.contains(&code)).map(|(_, what, advice, key)| {
            KnownCode { meaning: Account, what, advice: Some((advice, *key)) }
        });
    by_admin.or_else(|| {
        let found = KNOWN.iter().find(|(codes, ..)| codes.contains(&code));
        found.map(|(_, meaning, what)| KnownCode { meaning: *meaning, what, advice: None })
    })
}

/// The codes that have words of their own.
const KNOWN: &[(&[u64], CodeMeaning, &str)] = &[
    (
        &[21211, 21217, 21401, 21421],
        Recipient(UnknownNumber),
        "The phone number on file is not valid. Correct the customer's record.",
    ),
    (
        &[21265],
        Recipient(NoTexts),
        "The number on file is a short code, which gets no messages. Correct the customer's \
         record.",
    ),
    (&[21635], Recipient(Landline), "The number on file is a landline. Use another channel."),
    (
        &[21214, 21614],
        Recipient(NoTexts),
        "The number on file cannot get text messages. Use another channel.",
    ),
    (
        &[21610],
        Recipient(Stopped),
        "The customer has opted out of messages from this office by answering STOP. They can \
         answer START, or use another channel.",
    ),
    (
        &[21612],
        Barred,
        "Twilio has no way from the office's number to this one. Use another channel.",
    ),
    (
        &[21408],
        Barred,
        "Twilio may not send to this number's country. Use another channel. An administrator can \
         allow the country in Twilio's console under Messaging, Geo Permissions.",
    ),
    (
        &[21608, 21219, 63015],
        Barred,
        "This Twilio account is on trial and sends only to numbers verified in its console. Use \
         another channel.",
    ),
    (
        &[30450, 30453],
        Barred,
        "Twilio's protection against SMS fraud blocks this number for now. Use another channel.",
    ),
    // Reported by the network after the send. Twilio's page of each code says that the cause may be
    // temporary; the message is still not resent, since it may have been charged and the customer
    // can be asked.
    (
        &[30003],
        Recipient(Unreachable),
        "The customer's phone cannot be reached: it is off, without a signal, or takes no text \
         messages. Ask the customer to look, or use another channel.",
    ),
    (
        &[30004],
        Recipient(Stopped),
        "Messages from this office to the number on file are blocked, perhaps since the customer \
         answered STOP. Use another channel.",
    ),
    (
        &[30005],
        Recipient(UnknownNumber),
        "The network does not know the number on file, or it is out of service. Correct the \
         customer's record, or use another channel.",
    ),
    (
        &[30006],
        Recipient(NoTexts),
        "The number on file is a landline, or its network cannot be reached. Use another channel.",
    ),
    (
        &[30007, 30038, 63013],
        Message,
        "The network or Twilio filtered the message out as unwanted. Use another channel, and \
         tell your administrator.",
    ),
    (
        &[21602, 21605, 21617, 21619, 30019, 63005, 63021],
        Message,
        "Twilio does not take what the message says, or its length. Use another channel, and tell \
         your administrator.",
    ),
    (
        &[30008, 30009, 30017, 30410, 30500, 63009, 63010, 63012],
        Busy,
        "The network did not deliver the message and does not say why. Send a new code, or use \
         another channel.",
    ),
    (
        &[30001],
        Busy,
        "Twilio had more to send from the office's number than it could. Send a new code, or use \
         another channel.",
    ),
    (
        &[30036],
        Busy,
        "The message waited at Twilio for longer than it was valid. Send a new code, or use \
         another channel.",
    ),
    (&[14107, 20429, 21611, 63017, 63018], Busy, "Twilio gets more than it takes for now."),
    // The account, or how it is set up.
    (
        &[30002, 20005, 10001, 90010],
        Account,
        "Twilio has suspended the office's account or closed it, perhaps since it is not paid for. \
         Tell your administrator to look at it in Twilio's console.",
    ),
    (
        &[30022, 30023, 30027, 63038],
        Account,
        "The office has sent as many messages as Twilio and the network allow it for now. Tell \
         your administrator.",
    ),
    (
        &[30010],
        Account,
        "The message costs more than the office's account may pay for one. Tell your administrator.",
    ),
    (
        &[30034, 30024, 30029, 30030, 30031, 30032, 30033, 30035, 30037, 30040, 30041],
        Account,
        "The office's number is not registered or verified for such messages, or is suspended (A2P \
         10DLC, toll-free verification). Tell your administrator to look at it in Twilio's console.",
    ),
    (
        &[30044],
        Account,
        "This Twilio account is on trial and takes no message as long as this one. Tell your \
         administrator.",
    ),
    (
        &[63051, 63112],
        Account,
        "WhatsApp has locked the office's account. Tell your administrator to look at it in Twilio's \
         console.",
    ),
    (&[63003], Recipient(NoWhatsapp), "The number on file has no WhatsApp. Use another channel."),
    (
        &[63024, 63032, 63033, 63036],
        Recipient(Unreachable),
        "The number on file cannot be reached by WhatsApp. Use another channel.",
    ),
    (
        &[63014],
        Recipient(Stopped),
        "The customer has blocked messages from this office in WhatsApp. Use another channel.",
    ),
];

/// The codes about a key of the configuration: what happened, and what to do with which key.
const BY_ADMIN: &[(&[u64], &str, &str, AdviceKey)] = &[
    (&[20003, 20006, 20008], LOGIN.0, LOGIN.1, LOGIN.2),
    (
        &[70051],
        "Twilio's key may not do this.",
        "Give it the right to send messages; it is set",
        AdviceKey::Account(|keys| keys.api_key.path()),
    ),
    (
        &[20404],
        "Twilio does not know this account.",
        "Check account_sid",
        AdviceKey::Account(|keys| keys.account_sid.path()),
    ),
    (&[21212], "The sender is not valid.", "Check from", AdviceKey::From),
    (
        &[21603, 21606, 21661],
        "The sender is no number of this account that can send.",
        "Check from",
        AdviceKey::From,
    ),
    (
        &[21659, 21660, 21266, 21910],
        "The sender is no number of Twilio's, or of another country.",
        "Check from",
        AdviceKey::From,
    ),
    (
        &[21701, 21702, 21705],
        "Twilio knows no such messaging service.",
        "Check messaging_service_sid",
        AdviceKey::Service,
    ),
    (
        &[21703, 21704],
        "The messaging service has no number to send from.",
        "Give it one in Twilio's console; it is messaging_service_sid",
        AdviceKey::Service,
    ),
    (
        &[21654, 21655, 63027],
        "Twilio does not know the WhatsApp template.",
        "Check content_sid",
        AdviceKey::Whatsapp(|keys| keys.content_sid.path()),
    ),
    (
        &[21656, 63028],
        "The WhatsApp template has other variables.",
        "Check variables",
        AdviceKey::Whatsapp(|keys| keys.variables.path()),
    ),
    (
        &[63001, 63002, 63007, 63008, 63020, 63022],
        "The sender is not registered for WhatsApp in this Twilio account.",
        "Check from",
        AdviceKey::Whatsapp(|keys| keys.from.path()),
    ),
    (
        &[63016, 63040, 63041, 63042],
        "WhatsApp takes only words that it approved.",
        "Check in Twilio's console that the template is approved; it is content_sid",
        AdviceKey::Whatsapp(|keys| keys.content_sid.path()),
    ),
    (
        &[63049],
        "WhatsApp took the message for advertising and did not deliver it.",
        "The template must be one for authentication; it is content_sid",
        AdviceKey::Whatsapp(|keys| keys.content_sid.path()),
    ),
];

/// The text for refused credentials.
pub(super) const LOGIN: (&str, &str, AdviceKey) = (
    "Twilio refused the login.",
    "Check account_sid and auth_token, or api_key and api_secret,",
    AdviceKey::Account(|keys| keys.account_sid.path()),
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_the_clerk_can_do_and_whose_fault_it_is() {
        for (codes, fate, words) in KNOWN {
            let is_customers = words.contains("Correct the customer");
            let helps = words.contains("another channel") || is_customers;
            assert!(helps || matches!(fate, Account | Busy), "{codes:?}: {words}");
            assert!(!is_customers || matches!(fate, Recipient(_)), "{codes:?}: {words}");
            let tells = words.contains("administrator");
            assert!(tells || *fate != Account, "{codes:?}: {words}");
        }
    }

    #[test]
    fn each_code_stands_once() {
        let of_admins = BY_ADMIN.iter().flat_map(|(codes, ..)| *codes);
        let mut codes: Vec<u64> =
            KNOWN.iter().flat_map(|(codes, ..)| *codes).chain(of_admins).copied().collect();
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }
}
