//! The canonical form of an event, whose hash is a leaf of the tree.
//!
//! The form is a JSON array in the canonical serialisation of RFC 8785, with its members in a fixed
//! order. Facts about the request come last, in a second form. For a field that can be about a
//! customer it contains only a commitment: SHA-256 of salt and value. Without the salt the value
//! cannot be found by brute force, so the salt can be erased with the value, and the leaf stays
//! provable.

use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};

use crate::domain::audit::hash::TreeHash;
use crate::domain::event::EventId;
use crate::domain::time::Timestamp;

/// The version of the form, its first member.
const FORM: &str = "countersign.event.v1";

/// The same with what the event knows of its request as three more members. An event that
/// knows nothing has the first form, as all had before there was a second one.
const FORM_WITH_FACTS: &str = "countersign.event.v2";

/// An event exactly as stored: a change made in the store must not be repaired before it is hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns of the log, as an event names them")]
pub struct StoredEvent {
    pub id: EventId,
    pub at: Timestamp,
    pub kind: String,
    pub outcome: Option<String>,
    pub request: Option<String>,
    pub customer: Option<i64>,
    pub channel: Option<String>,
    pub contact: Option<String>,
    pub clerk: String,
    pub counter: String,
    pub detail: Option<String>,
    pub purpose: Option<String>,
    pub provider: Option<String>,
    pub asked_at: Option<Timestamp>,
}

/// The random salt of an event, from which the salts of its personal fields are derived.
#[derive(Clone, PartialEq, Eq)]
pub struct EventSalt([u8; 16]);

impl EventSalt {
    /// A salt of random bytes.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The salt of one field. Disclosing it reveals nothing about the others.
    fn of(&self, field: PersonalField) -> FieldSalt {
        let salt = Sha256::new().chain_update(self.0).chain_update(field.label());
        FieldSalt(salt.finalize().into())
    }

    /// Reads what [`Self::text`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        BASE64_STANDARD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// In base64, for the store.
    pub fn text(&self) -> String {
        BASE64_STANDARD.encode(self.0)
    }
}

impl fmt::Debug for EventSalt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventSalt(…)")
    }
}

/// What can be about a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PersonalField {
    Customer,
    Contact,
    Detail,
}

impl PersonalField {
    const fn label(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Contact => "contact",
            Self::Detail => "detail",
        }
    }
}

/// The salt of one field of one event; in base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldSalt([u8; 32]);

impl FieldSalt {
    fn commit(&self, value: &str) -> TreeHash {
        let commitment = Sha256::new().chain_update(self.0).chain_update(value);
        TreeHash::from_bytes(commitment.finalize().into())
    }
}

impl Serialize for FieldSalt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_STANDARD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for FieldSalt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = BASE64_STANDARD.decode(String::deserialize(deserializer)?);
        let bytes: Option<[u8; 32]> = bytes.ok().and_then(|it| it.try_into().ok());
        bytes.map(Self).ok_or_else(|| de::Error::custom("not a salt: 32 bytes in base64"))
    }
}

/// A personal field of a sealed entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Personal {
    /// The value, with the salt that proves it.
    #[expect(missing_docs, reason = "said above")]
    Shown { value: String, salt: FieldSalt },
    /// The value is withheld; the proof still holds.
    #[expect(missing_docs, reason = "said above")]
    Hidden { commitment: TreeHash },
}

impl Personal {
    fn new(field: PersonalField, value: String, salt: &EventSalt) -> Self {
        Self::Shown { salt: salt.of(field), value }
    }

    /// The commitment that stands in the leaf.
    pub fn commitment(&self) -> TreeHash {
        match self {
            Self::Shown { value, salt } => salt.commit(value),
            Self::Hidden { commitment } => *commitment,
        }
    }

    /// The value, where it is told.
    pub fn value(&self) -> Option<&str> {
        match self {
            Self::Shown { value, .. } => Some(value),
            Self::Hidden { .. } => None,
        }
    }
}

/// The commitments to the personal fields of an event, which stay where the fields were
/// erased: customer, contact, detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commitments(Option<TreeHash>, Option<TreeHash>, Option<TreeHash>);

impl Commitments {
    /// Reads what [`Self::text`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// A JSON list, for the store.
    pub fn text(&self) -> String {
        // Hashes and nulls: there is nothing that cannot be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What is kept beside a leaf, by which its personal fields are proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proving {
    /// The salt, with which the fields are read.
    Salt(EventSalt),
    /// The fields were erased; the commitments to them stayed.
    Erased(Commitments),
    /// Nothing: the event was purged.
    Nothing,
}

/// An event with what its leaf is made of: one line of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedEntry {
    /// The place of its leaf in the tree, from 0.
    pub index: u64,
    /// The number of the event.
    pub event: i64,
    /// When, by the store's clock.
    pub at: Timestamp,
    /// What happened.
    pub kind: String,
    /// How it ended.
    pub outcome: Option<String>,
    /// The request it belongs to.
    pub request: Option<String>,
    /// The number of the customer in the store.
    pub customer: Option<Personal>,
    /// The channel used.
    pub channel: Option<String>,
    /// The contact, masked.
    pub contact: Option<Personal>,
    /// Who did it.
    pub clerk: String,
    /// Where.
    pub counter: String,
    /// One more sentence.
    pub detail: Option<Personal>,
    /// What the verification is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The provider of the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// When what now came to this was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Timestamp>,
    /// The hash of the leaf.
    pub leaf: TreeHash,
}

/// The members of the form, in their order.
#[derive(Serialize)]
struct Form<'a>(
    &'static str,
    i64,
    Timestamp,
    &'a str,
    Option<&'a str>,
    Option<&'a str>,
    Option<TreeHash>,
    Option<&'a str>,
    Option<TreeHash>,
    &'a str,
    &'a str,
    Option<TreeHash>,
);

/// The members of the form of an event that knows something of its request.
#[derive(Serialize)]
struct FormWithFacts<'a>(
    &'static str,
    i64,
    Timestamp,
    &'a str,
    Option<&'a str>,
    Option<&'a str>,
    Option<TreeHash>,
    Option<&'a str>,
    Option<TreeHash>,
    &'a str,
    &'a str,
    Option<TreeHash>,
    Option<&'a str>,
    Option<&'a str>,
    Option<Timestamp>,
);

/// More than most forms have, so that few grow.
const FORM_CAPACITY: usize = 512;

/// A form as JSON. Texts and numbers: there is nothing that cannot be written.
fn written(form: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(FORM_CAPACITY);
    match serde_json::to_writer(&mut bytes, form) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}

impl SealedEntry {
    /// The entry of an event.
    pub fn new(index: u64, event: StoredEvent, salt: &EventSalt) -> Self {
        let personal =
            |field, value: Option<String>| value.map(|value| Personal::new(field, value, salt));
        let mut entry = Self {
            index,
            event: event.id.0,
            at: event.at,
            kind: event.kind,
            outcome: event.outcome,
            request: event.request,
            customer: personal(PersonalField::Customer, event.customer.map(|it| it.to_string())),
            channel: event.channel,
            contact: personal(PersonalField::Contact, event.contact),
            clerk: event.clerk,
            counter: event.counter,
            detail: personal(PersonalField::Detail, event.detail),
            purpose: event.purpose,
            provider: event.provider,
            asked_at: event.asked_at,
            leaf: TreeHash::from_bytes([0; 32]),
        };
        entry.leaf = entry.computed_leaf();
        entry
    }

    /// The entry of an event with what is kept beside its leaf. One that cannot have been
    /// sealed as it is has another leaf than the one that was sealed.
    pub fn proven(index: u64, event: StoredEvent, proving: &Proving) -> Self {
        let nobody = EventSalt::new([0; 16]);
        match proving {
            Proving::Salt(salt) => Self::new(index, event, salt),
            // The desk never removes the proof of an event without the event.
            Proving::Nothing => Self::new(index, event, &nobody),
            Proving::Erased(commitments) => {
                let is_erased =
                    event.customer.is_none() && event.contact.is_none() && event.detail.is_none();
                let entry = Self::new(index, event, &nobody);
                if is_erased { entry.with_commitments(*commitments) } else { entry }
            }
        }
    }

    fn with_commitments(mut self, commitments: Commitments) -> Self {
        let hidden = |it: Option<TreeHash>| it.map(|commitment| Personal::Hidden { commitment });
        let Commitments(customer, contact, detail) = commitments;
        self.customer = hidden(customer);
        self.contact = hidden(contact);
        self.detail = hidden(detail);
        self.leaf = self.computed_leaf();
        self
    }

    /// The commitments to its personal fields.
    pub fn commitments(&self) -> Commitments {
        let of = |it: &Option<Personal>| it.as_ref().map(Personal::commitment);
        Commitments(of(&self.customer), of(&self.contact), of(&self.detail))
    }

    /// The canonical form, which is hashed.
    pub fn form(&self) -> Vec<u8> {
        let Commitments(customer, contact, detail) = self.commitments();
        let (kind, outcome) = (&*self.kind, self.outcome.as_deref());
        let (request, channel) = (self.request.as_deref(), self.channel.as_deref());
        let (clerk, counter) = (&*self.clerk, &*self.counter);
        let (purpose, provider) = (self.purpose.as_deref(), self.provider.as_deref());
        if purpose.is_none() && provider.is_none() && self.asked_at.is_none() {
            let form = Form(
                FORM, self.event, self.at, kind, outcome, request, customer, channel, contact,
                clerk, counter, detail,
            );
            return written(&form);
        }
        let form = FormWithFacts(
            FORM_WITH_FACTS,
            self.event,
            self.at,
            kind,
            outcome,
            request,
            customer,
            channel,
            contact,
            clerk,
            counter,
            detail,
            purpose,
            provider,
            self.asked_at,
        );
        written(&form)
    }

    /// Withholds what can be about a customer; the proof still holds. The detail of an entry about
    /// the office stays.
    pub fn hide_personal(&mut self) {
        let is_of_office =
            self.customer.is_none() && self.contact.is_none() && self.request.is_none();
        let hide = |it: &mut Option<Personal>| {
            let commitment = it.as_ref().map(Personal::commitment);
            *it = commitment.map(|commitment| Personal::Hidden { commitment });
        };
        hide(&mut self.customer);
        hide(&mut self.contact);
        if !is_of_office {
            hide(&mut self.detail);
        }
    }

    /// The hash of the leaf, by what is in this entry.
    pub fn computed_leaf(&self) -> TreeHash {
        TreeHash::leaf(&self.form())
    }

    /// Whether the entry hashes to its leaf.
    pub fn is_as_sealed(&self) -> bool {
        self.leaf == self.computed_leaf()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::domain::audit) fn event(id: i64) -> StoredEvent {
        StoredEvent {
            id: EventId(id),
            at: Timestamp::from_millis(1_764_000_000_123),
            kind: "attempt".into(),
            outcome: Some("wrong".into()),
            request: Some("7K3M9QX2TB".into()),
            customer: Some(17),
            channel: Some("sms".into()),
            contact: Some("+4*******12".into()),
            clerk: "dana".into(),
            counter: "front \"desk\"".into(),
            detail: None,
            purpose: None,
            provider: None,
            asked_at: None,
        }
    }

    pub(in crate::domain::audit) fn entry(index: u64, event: StoredEvent) -> SealedEntry {
        SealedEntry::new(index, event, &EventSalt::new([7; 16]))
    }

    #[test]
    fn security_61_the_leaf_is_the_canonical_form_of_its_event() {
        let form = String::from_utf8(entry(0, event(42)).form()).expect("UTF-8");
        assert_eq!(
            form,
            "[\"countersign.event.v1\",42,\"2025-11-24T16:00:00.123Z\",\"attempt\",\"wrong\",\
             \"7K3M9QX2TB\",\"rNyZkoOdpv3A1Fcne3JcqvJGBX/kSwRuDdmleOE4Y5I=\",\"sms\",\
             \"4+SR0/pOrs5gFUiq4EqipxW4AZZI8dbJ4YdaTK8DbkA=\",\"dana\",\"front \\\"desk\\\"\",null]"
        );
    }

    #[test]
    fn what_an_event_knows_of_its_request_follows_in_a_second_form() {
        let known = StoredEvent { provider: Some("twilio".into()), ..event(42) };
        let form = String::from_utf8(entry(0, known).form()).expect("UTF-8");
        assert!(form.starts_with("[\"countersign.event.v2\",42,"), "{form}");
        assert!(form.ends_with(",null,null,\"twilio\",null]"), "{form}");
    }

    #[test]
    fn each_field_of_an_event_changes_its_leaf() {
        let leaf = |event| entry(0, event).leaf;
        let whole = leaf(event(42));
        let changed = |change: fn(&mut StoredEvent)| {
            let mut event = event(42);
            change(&mut event);
            leaf(event)
        };
        let each: [fn(&mut StoredEvent); 20] = [
            |it| it.id = EventId(43),
            |it| it.at = Timestamp::from_millis(1_764_000_000_124),
            |it| it.kind = "attempts".into(),
            |it| it.outcome = None,
            |it| it.outcome = Some("verified".into()),
            |it| it.request = None,
            |it| it.customer = Some(18),
            |it| it.customer = None,
            |it| it.channel = Some("email".into()),
            |it| it.contact = Some("+4*******13".into()),
            |it| it.contact = None,
            |it| it.clerk = "bob".into(),
            |it| it.counter = "3".into(),
            |it| it.detail = Some(String::new()),
            |it| (it.clerk, it.counter) = (it.counter.clone(), it.clerk.clone()),
            |it| (it.outcome, it.request) = (it.request.clone(), it.outcome.clone()),
            |it| it.purpose = Some("pay a bill".into()),
            |it| it.provider = Some("pay a bill".into()),
            |it| it.asked_at = Some(Timestamp::from_millis(1_764_000_000_123)),
            |it| it.asked_at = Some(Timestamp::from_millis(1_764_000_000_124)),
        ];
        let mut leaves: Vec<_> = each.into_iter().map(changed).collect();
        leaves.push(whole);
        leaves.sort_unstable();
        leaves.dedup();
        assert_eq!(leaves.len(), each.len() + 1);
    }

    #[test]
    fn an_entry_reads_back_and_is_provable_without_what_is_personal() {
        let whole = entry(3, event(42));
        let written = serde_json::to_string(&whole).expect("written");
        let mut read: SealedEntry = serde_json::from_str(&written).expect("read");
        assert_eq!(read, whole);
        assert!(read.is_as_sealed());

        read.hide_personal();
        assert!(read.is_as_sealed());
        let written = serde_json::to_string(&read).expect("written");
        assert!(!written.contains("+4***") && !written.contains("salt"), "{written}");
        let read: SealedEntry = serde_json::from_str(&written).expect("read");
        assert!(read.is_as_sealed());
    }

    #[test]
    fn an_event_whose_personal_fields_were_erased_is_the_same_leaf() {
        let whole = entry(3, event(42));
        let commitments = Commitments::parse(&whole.commitments().text()).expect("read");
        let proven = |event| SealedEntry::proven(3, event, &Proving::Erased(commitments));
        let bare = StoredEvent { customer: None, contact: None, detail: None, ..event(42) };
        assert_eq!(proven(bare.clone()).leaf, whole.leaf);
        assert!(proven(bare.clone()).is_as_sealed());
        let edited = StoredEvent { clerk: "bob".into(), ..bare.clone() };
        assert_ne!(proven(edited).leaf, whole.leaf);
        let again = StoredEvent { contact: Some("+4*******12".into()), ..bare.clone() };
        assert_ne!(proven(again).leaf, whole.leaf);
        assert_ne!(SealedEntry::proven(3, bare, &Proving::Nothing).leaf, whole.leaf);
        assert_ne!(SealedEntry::proven(3, event(42), &Proving::Nothing).leaf, whole.leaf);
    }

    #[test]
    fn no_commitment_is_found_by_trying_values() {
        let of = |salt| {
            let entry = SealedEntry::new(0, event(42), &EventSalt::new(salt));
            entry.customer.expect("a customer").commitment()
        };
        assert_ne!(of([7; 16]), of([8; 16]));
        // The salt of one field tells neither that of the event nor of another field.
        let salt = EventSalt::new([7; 16]);
        assert_ne!(salt.of(PersonalField::Contact), salt.of(PersonalField::Detail));
    }
}
