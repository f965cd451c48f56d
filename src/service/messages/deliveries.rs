//! Sentences about messages: their state, and how long they take.

use std::time::Duration;

use crate::domain::channel::Channel;
use crate::domain::contact::ContactKind;
use crate::domain::delivery::DeliveryState;
use crate::domain::delivery_stats::Percentiles;
use crate::domain::purpose::{Purpose, SharedContact};
use crate::service::ports::customers::SHARING_MAX;

/// What helps where nobody knows whether a message was sent.
pub const ASK_FIRST: &str = "Ask whether it came before sending another.";

/// The state of a message, from a report or from a stored delivery. `to` is the masked
/// contact. Where a provider refused a message for good, `detail` says what helps.
pub fn delivery(state: DeliveryState, channel: Channel, to: &str, detail: Option<&str>) -> String {
    let label = channel.label();
    let (happened, help) = match state {
        DeliveryState::Queued if detail.is_some() => {
            ("stays queued.", "It is tried again by itself.")
        }
        DeliveryState::Queued => return format!("{label} to {to} is being sent."),
        DeliveryState::Sent => return format!("{label} sent to {to}."),
        DeliveryState::Forwarded => return format!("{label} to {to} is with the network."),
        DeliveryState::Delivered => return format!("{label} to {to} has arrived."),
        DeliveryState::Read => return format!("{label} to {to} was opened."),
        DeliveryState::Undeliverable if detail.is_some() => ("cannot be delivered.", ""),
        DeliveryState::Undeliverable => {
            ("cannot be delivered.", "Choose another channel, or correct the contact first.")
        }
        DeliveryState::Failed => ("was not sent.", "Send it again, or choose another channel."),
        DeliveryState::Unknown if detail.is_some() => ("may have been sent.", ASK_FIRST),
        DeliveryState::Unknown => ("may have been sent; the provider gave no answer.", ASK_FIRST),
    };
    [format!("{label} to {to} {happened}").as_str(), detail.unwrap_or_default(), help]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The state of a message in a word or two.
pub const fn state(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Queued => "queued",
        DeliveryState::Sent => "sent",
        DeliveryState::Forwarded => "with the network",
        DeliveryState::Delivered => "delivered",
        DeliveryState::Read => "opened",
        DeliveryState::Undeliverable => "cannot be delivered",
        DeliveryState::Failed => "not sent",
        DeliveryState::Unknown => "perhaps sent",
    }
}

/// That several customers have a contact, and what that means for a purpose; nothing where one has.
pub fn shared_contact(channel: Channel, customers: u32, purpose: Option<&Purpose>) -> Vec<String> {
    if customers < 2 {
        return Vec::new();
    }
    let what = match channel.contact_kind() {
        ContactKind::Email => "address",
        ContactKind::Phone => "number",
    };
    let or_more = if customers >= SHARING_MAX { " or more" } else { "" };
    let shared = format!("this {what} is on {customers}{or_more} customers");
    match purpose.map(|it| it.shared_contact) {
        None | Some(SharedContact::Allow) => vec![shared],
        Some(SharedContact::Second) => {
            vec![shared + ";", "it takes a second proof here".to_owned()]
        }
        Some(SharedContact::Refuse) => vec![shared + ";", "it proves nothing here".to_owned()],
    }
}

/// Why messages wait that this desk does not send; `None` where there are none.
pub fn elsewhere(count: u64) -> Option<String> {
    let wait = match count {
        0 => return None,
        1 => "1 of them waits".to_owned(),
        count => format!("{count} of them wait"),
    };
    Some(format!(
        "{wait} for a provider, a server or an account that is not in this configuration: \
         another desk sends them, or they are given up when their codes expire"
    ))
}

/// How long messages take.
pub fn spread(spread: Option<Percentiles>) -> String {
    let Some(Percentiles { count, p50, p95 }) = spread else { return "nothing is known".into() };
    format!("half within {}, 95 of 100 within {} (of {count})", span(p50), span(p95))
}

/// `0.4 s`, `31 s`, `4 min`; never zero, since it is read after "within".
pub fn span(span: Duration) -> String {
    match span.as_secs() {
        _ if span < Duration::from_millis(100) => "0.1 s".into(),
        0..10 => format!("{:.1} s", span.as_secs_f64()),
        seconds @ 10..120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::outcome::Outcome;
    use crate::service::delivery::outcome::delivery_outcome;

    #[test]
    fn a_message_that_did_not_go_out_says_what_to_do() {
        let said = delivery(
            DeliveryState::Undeliverable,
            Channel::Sms,
            "+4***12",
            Some("The customer has opted out of text messages. Use another channel."),
        );
        assert_eq!(
            said,
            "SMS to +4***12 cannot be delivered. The customer has opted out of text messages. Use \
             another channel."
        );
        let bare = delivery(DeliveryState::Undeliverable, Channel::Sms, "+4***12", None);
        assert!(bare.ends_with("correct the contact first."), "{bare}");
        let unsure = delivery(DeliveryState::Unknown, Channel::Email, "d***@x.org", None);
        assert!(unsure.contains("may have been sent; the provider gave no answer. Ask whether"));
        let why = Some("The mail server x did not confirm the message: it may arrive or not.");
        let unsure = delivery(DeliveryState::Unknown, Channel::Email, "d***@x.org", why);
        assert_eq!(unsure.matches("Ask").count(), 1, "{unsure}");
    }

    #[test]
    fn every_outcome_of_a_delivery_is_typed() {
        let outcomes: Vec<_> = DeliveryState::ALL.into_iter().map(delivery_outcome).collect();
        assert_eq!(outcomes[..5], [None; 5]);
        assert_eq!(outcomes[5], Some(Outcome::Undeliverable));
        assert_eq!(outcomes[6..], [Some(Outcome::Unavailable); 2]);
    }

    #[test]
    fn times_are_as_exact_as_they_are_of_use() {
        let shown = [40, 400, 9_940, 31_400, 119_900, 260_000].map(Duration::from_millis).map(span);
        assert_eq!(shown, ["0.1 s", "0.4 s", "9.9 s", "31 s", "119 s", "4 min"]);
    }
}
