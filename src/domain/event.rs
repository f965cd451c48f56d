//! Log entries: one event for each act at the desk. An event never contains a code, a token or an
//! unmasked contact.

use crate::domain::channel::Channel;
use crate::domain::customer::CustomerId;
use crate::domain::outcome::Outcome;
use crate::domain::request::RequestId;
use crate::domain::session::SessionId;
use crate::domain::time::Timestamp;
use crate::domain::word::words;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum EventKind {
    /// A code was asked for.
    Requested,
    /// Another code was asked for.
    Resent,
    /// What somebody wanted was turned down: a code, a proof, or what their role may not do.
    Refused,
    /// A provider took the message.
    Sent,
    /// A message has to wait for another try.
    Delayed,
    /// A provider passed the message on to the customer's network.
    Forwarded,
    /// A provider says the message arrived.
    Delivered,
    /// A provider says the customer opened it.
    Read,
    /// The message did not go out.
    NotSent,
    /// Nobody knows whether the message went out.
    Unsure,
    /// A code was entered.
    Attempt,
    /// A later request took this one's place.
    Superseded,
    /// The clerk withdrew the request.
    Cancelled,
    /// The time of a request was over before its code was entered.
    Expired,
    /// A session ended.
    SessionEnded,
    /// A locked customer was unlocked.
    Unlocked,
    /// Customers were imported.
    Imported,
    /// What is past was tidied up.
    Maintained,
    /// A provider fails, so that nothing is sent by it for a while.
    ProviderDown,
    /// A provider works again.
    ProviderUp,
    /// An admin sent a message without a code, to see whether it comes.
    Tested,
    /// A customer's email address or phone number is another one.
    ContactChanged,
    /// An admin says that a changed contact is the customer's.
    ContactConfirmed,
    /// A contact was told of a change.
    NoticeSent,
    /// It could not be told.
    NoticeNotSent,
    /// What somebody of the staff may do was changed.
    StaffChanged,
    /// A clerk opened a customer's account.
    AccountOpened,
    /// A clerk saw a contact in full.
    ContactRevealed,
    /// An act of an admin waits for a second one.
    ApprovalAsked,
    /// A second admin approved an act.
    Approved,
    /// An act that waited for a second admin will not be done.
    ApprovalRefused,
    /// The office's policy is another one than before.
    PolicyChanged,
    /// Somebody of the staff signed in.
    SignedIn,
    /// Somebody tried to sign in, and it was not right.
    SignInFailed,
    /// Somebody of the staff signed out.
    SignedOut,
    /// A terminal was locked, or left alone for so long that it was.
    TerminalLocked,
    /// A sitting ended in another way.
    SittingEnded,
    /// Somebody set their password or enrolled an authenticator.
    SignInSetUp,
    /// How somebody signs in was reset, or a block was lifted.
    SignInReset,
    /// A desk service was started.
    ServiceStarted,
    /// A new key signs codes.
    KeysRotated,
    /// The owner marked the store as one of real customers.
    StoreMarked,
    /// The store's tables were brought to a newer version.
    Migrated,
    /// Old events were purged from the log.
    EventsPurged,
    /// What is personal of a customer was erased.
    Erased,
    /// The log was exported, or an entry of it proven.
    Exported,
    /// All that is held of a customer was told.
    Reported,
    /// A customer was put under a legal hold.
    Held,
    /// A legal hold ended.
    Released,
    /// Somebody looked at the stats.
    StatsRead,
    /// The stats were made anew from the log.
    StatsRebuilt,
    /// The stats say that something should be looked at.
    AlarmRaised,
    /// An admin has seen to an alarm.
    AlarmAcknowledged,
    /// One of the staff was told of alarms by email.
    AlarmMailed,
    /// An email about alarms did not go out; it is tried again.
    AlarmNotMailed,
    /// A customer enrolled an authenticator, or got backup codes.
    FactorEnrolled,
    /// The same in the place of older ones.
    FactorReplaced,
    /// An authenticator was removed.
    FactorRemoved,
    /// A session serves for another purpose.
    SessionRaised,
    /// A clerk saw a document of a customer.
    DocumentSeen,
    /// A second person approved that a customer is who they say.
    Vouched,
    /// A clerk was shown a number by which a pad is paired.
    PadOffered,
    /// A pad asked by it to be paired.
    PadAsked,
    /// A pad typed a number that none is.
    PadRefused,
    /// The clerk confirmed a pad.
    PadPaired,
    /// A pad is paired no more.
    PadEnded,
    /// A flag of a customer was set.
    FlagSet,
    /// It was lifted.
    FlagLifted,
    /// Somebody of the staff saw something suspicious.
    IncidentFiled,
    /// Somebody may act for a customer from now on.
    RepresentativeAdded,
    /// They may not any more.
    RepresentativeEnded,
}

words!(EventKind, "a kind of event");

impl EventKind {
    /// What happened, in a clerk's words.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Requested => "Code asked for",
            Self::Resent => "New code asked for",
            Self::Refused => "Refused",
            Self::Sent => "Message sent",
            Self::Delayed => "Message stays queued",
            Self::Forwarded => "Message with the network",
            Self::Delivered => "Message delivered",
            Self::Read => "Message opened",
            Self::NotSent => "Message not sent",
            Self::Unsure => "Message perhaps sent",
            Self::Attempt => "Code entered",
            Self::Superseded => "Request replaced",
            Self::Cancelled => "Request cancelled",
            Self::Expired => "Request expired",
            Self::SessionEnded => "Session ended",
            Self::Unlocked => "Customer unlocked",
            Self::Imported => "Customers imported",
            Self::Maintained => "Maintenance",
            Self::ProviderDown => "Provider down",
            Self::ProviderUp => "Provider works again",
            Self::Tested => "Test message",
            Self::ContactChanged => "Contact changed",
            Self::ContactConfirmed => "Contact confirmed",
            Self::NoticeSent => "Contact told",
            Self::NoticeNotSent => "Contact not told",
            Self::StaffChanged => "Staff changed",
            Self::AccountOpened => "Account opened",
            Self::ContactRevealed => "Contact revealed",
            Self::ApprovalAsked => "Waits for a second admin",
            Self::Approved => "Approved by a second admin",
            Self::ApprovalRefused => "Approval refused",
            Self::PolicyChanged => "Policy changed",
            Self::SignedIn => "Signed in",
            Self::SignInFailed => "Sign-in failed",
            Self::SignedOut => "Signed out",
            Self::TerminalLocked => "Terminal locked",
            Self::SittingEnded => "Sitting ended",
            Self::SignInSetUp => "Sign-in set up",
            Self::SignInReset => "Sign-in reset",
            Self::ServiceStarted => "Service started",
            Self::KeysRotated => "Keys rotated",
            Self::StoreMarked => "Store marked",
            Self::Migrated => "Store migrated",
            Self::EventsPurged => "Log purged",
            Self::Erased => "Customer erased",
            Self::Exported => "Log exported",
            Self::Reported => "Customer's data told",
            Self::Held => "Legal hold",
            Self::Released => "Legal hold ended",
            Self::StatsRead => "Stats read",
            Self::StatsRebuilt => "Stats rebuilt",
            Self::AlarmRaised => "Alarm",
            Self::AlarmAcknowledged => "Alarm acknowledged",
            Self::AlarmMailed => "Alarm mailed",
            Self::AlarmNotMailed => "Alarm not mailed",
            Self::FactorEnrolled => "Factor enrolled",
            Self::FactorReplaced => "Factor replaced",
            Self::FactorRemoved => "Factor removed",
            Self::SessionRaised => "Session raised",
            Self::DocumentSeen => "Document seen",
            Self::Vouched => "Second person",
            Self::PadOffered => "Pairing number shown",
            Self::PadAsked => "Pad asks to be paired",
            Self::PadRefused => "Wrong pairing number",
            Self::PadPaired => "Pad paired",
            Self::PadEnded => "Pad no longer paired",
            Self::FlagSet => "Flag set",
            Self::FlagLifted => "Flag lifted",
            Self::IncidentFiled => "Incident",
            Self::RepresentativeAdded => "Representative added",
            Self::RepresentativeEnded => "Representative ended",
        }
    }
}

/// Who acts, and where.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Actor {
    /// The clerk's name.
    pub clerk: String,
    /// The counter's name.
    pub counter: String,
}

/// A counter's name as a customer reads it: without the terminal that the desk adds where several
/// work under one name (`1 pts/3`), which says nothing to them.
pub fn without_terminal(counter: &str) -> &str {
    let is_terminal = |word: &str| {
        let number = word.strip_prefix("pts/").or_else(|| word.strip_prefix("tty"));
        number.is_some_and(|it| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit()))
    };
    match counter.rsplit_once(' ') {
        Some((name, last)) if is_terminal(last) => name.trim_end(),
        _ => counter,
    }
}

/// What an event knows of the request it belongs to, for the stats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventFacts<'a> {
    /// What the verification is for.
    pub purpose: Option<&'a str>,
    /// The provider of the message.
    pub provider: Option<&'a str>,
    /// When what now came to this was asked for: the message, or the first code.
    pub asked_at: Option<Timestamp>,
}

/// An event's number. It is assigned before the commit: of two concurrent transactions, the one
/// with the higher number may become visible first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct EventId(pub i64);

/// The customer an event is about, as the log shows one.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct EventCustomer {
    /// The store's number.
    pub id: CustomerId,
    /// The account number.
    pub account_no: String,
    /// The name.
    pub name: String,
}

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Event {
    /// Its number.
    pub id: EventId,
    /// When, by the store's clock.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
    /// How it ended, where it could end in more than one way.
    pub outcome: Option<Outcome>,
    /// The request it belongs to.
    pub request: Option<RequestId>,
    /// The customer it is about.
    pub customer: Option<EventCustomer>,
    /// The channel used.
    pub channel: Option<Channel>,
    /// The contact, masked.
    pub contact: Option<String>,
    /// Who and where.
    pub actor: Actor,
    /// One more sentence, such as the provider's answer.
    pub detail: Option<String>,
}

impl Event {
    /// The label for clerks. A message that no network accepts or delivers may have been sent all
    /// the same.
    pub const fn label(&self) -> &'static str {
        match (self.kind, self.outcome) {
            (EventKind::NotSent, Some(Outcome::Undeliverable)) => "Message undeliverable",
            (kind, _) => kind.label(),
        }
    }
}

/// What begins the detail of an entry of a session that no request opened.
const OF_SESSION: &str = "session ";

/// The detail of an entry of a session. It begins with the session's name: what somebody typed
/// comes behind, where it cannot be taken for one.
pub fn session_detail(session: &SessionId, said: &str) -> String {
    format!("{OF_SESSION}{session}: {said}")
}

impl Event {
    /// Whether it says that somebody proved who they are.
    pub const fn is_proof(&self) -> bool {
        match self.kind {
            EventKind::Attempt => matches!(self.outcome, Some(Outcome::Verified)),
            EventKind::DocumentSeen | EventKind::Vouched => true,
            _ => false,
        }
    }

    /// The name of the verification to which it belongs: its request, or the session of what was
    /// proven without one.
    pub fn verification(&self) -> Option<String> {
        if let Some(request) = &self.request {
            return Some(request.to_string());
        }
        if !self.is_proof() && self.kind != EventKind::SessionRaised {
            return None;
        }
        let named = self.detail.as_ref()?.strip_prefix(OF_SESSION)?;
        let name = named.split([':', ',']).next()?;
        name.parse::<SessionId>().ok().map(|it| it.to_string())
    }
}

/// What ends the text of an attempt without a channel.
const BY_FACTOR: &str = " factor";

/// A kind of event with one of the ways in which it can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct EventPattern {
    /// What was done.
    pub kind: EventKind,
    /// How it ended; none where it has no outcome.
    pub outcome: Option<Outcome>,
    /// Whether what was tried was no code to a contact: such an attempt has no channel.
    pub by_factor: bool,
}

impl EventPattern {
    /// Every way in which an event of a kind can end.
    pub fn of_kind(kind: EventKind) -> impl Iterator<Item = Self> {
        let outcomes = std::iter::once(None).chain(Outcome::ALL.map(Some));
        let factors: &[bool] =
            if matches!(kind, EventKind::Attempt) { &[false, true] } else { &[false] };
        let of = move |outcome| {
            factors.iter().map(move |by_factor| Self { kind, outcome, by_factor: *by_factor })
        };
        outcomes.flat_map(of)
    }

    /// Its text, by which the store finds what it lets through.
    pub fn text(&self) -> String {
        let by = if self.by_factor { BY_FACTOR } else { "" };
        format!("{} {}{by}", self.kind.word(), self.outcome.map_or("", Outcome::word))
    }

    /// Every one.
    pub fn all() -> impl Iterator<Item = Self> {
        EventKind::ALL.into_iter().flat_map(Self::of_kind)
    }
}

/// Which events a reader wants.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct EventFilter {
    /// Only of customers this text finds, or of the request it names.
    pub text: Option<String>,
    /// Only with this outcome.
    pub outcome: Option<Outcome>,
    /// Only over this channel.
    pub channel: Option<Channel>,
    /// Only of this customer.
    pub customer: Option<CustomerId>,
    /// Only of this request.
    pub request: Option<RequestId>,
    /// Only of this kind.
    pub kind: Option<EventKind>,
    /// Only those that ended so; empty where of all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patterns: Vec<EventPattern>,
    /// Only by this clerk.
    pub clerk: Option<String>,
    /// Only at this counter.
    pub counter: Option<String>,
    /// Only about messages of this provider.
    pub provider: Option<String>,
    /// Only for this purpose.
    pub purpose: Option<String>,
    /// Only from this moment on.
    pub from: Option<Timestamp>,
    /// Only before this moment.
    pub before: Option<Timestamp>,
}

impl EventFilter {
    /// Whether it asks for something by which the log has no order of its own: without a clerk
    /// and a beginning the newest entries alone are looked at.
    pub const fn is_narrow(&self) -> bool {
        self.kind.is_some()
            || !self.patterns.is_empty()
            || self.clerk.is_some()
            || self.counter.is_some()
            || self.provider.is_some()
            || self.purpose.is_some()
    }
}

/// Which part of the log a reader wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum EventPage {
    /// The newest, newest first.
    Newest,
    /// Those before an event, newest first.
    Before(EventId),
    /// Those after an event, oldest first.
    After(EventId),
}

/// How far before the newest seen event a later one may still appear. Between getting its number
/// and its commit an event waits only for the store, some milliseconds; the busiest office writes
/// ten a second.
pub const LATE_COMMIT_OVERLAP: u32 = 100;

impl EventPage {
    /// For following the log, when `newest` is the newest event that was seen:
    /// what is new, and some that were seen, which the reader must drop.
    pub const fn following(newest: EventId) -> Self {
        Self::After(EventId(newest.0.saturating_sub(LATE_COMMIT_OVERLAP as i64)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn a_customer_reads_the_counter_without_its_terminal() {
        for (counter, shown) in [
            ("1 pts/1", "1"),
            ("front desk tty2", "front desk"),
            ("3", "3"),
            ("pts/1", "pts/1"),
            ("room pts/x", "room pts/x"),
        ] {
            assert_eq!(without_terminal(counter), shown);
        }
    }

    #[test]
    fn no_typed_text_names_a_session() {
        let session = SessionId::from_bits(7);
        let mut event = Event {
            id: EventId(1),
            at: Timestamp::default(),
            kind: EventKind::Vouched,
            outcome: Some(Outcome::Verified),
            request: None,
            customer: None,
            channel: None,
            contact: None,
            actor: Actor { clerk: "amira".into(), counter: "3".into() },
            detail: Some(session_detail(&session, "approved by boss: session 0000000000: no")),
        };
        assert_eq!(event.verification(), Some(session.to_string()));
        event.detail = Some("approved by boss: session 0000000000: no".into());
        assert_eq!(event.verification(), None);
        event.detail = Some(session_detail(&session, "a reason of another kind"));
        event.kind = EventKind::Unlocked;
        assert_eq!(event.verification(), None);
    }

    #[test]
    fn words_read_back() {
        for kind in EventKind::ALL {
            assert_eq!(kind.word().parse(), Ok(kind));
        }
    }
}
