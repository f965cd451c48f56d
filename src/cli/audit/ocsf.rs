//! Maps entries to the Open Cybersecurity Schema Framework (OCSF) 1.3: an entered code and an ended
//! session are Authentication events (class 3002), everything else is a Base Event (class 0).
//! Fields that the schema has no place for go to `unmapped`.

use std::borrow::Cow;

use serde::Serialize;

use crate::domain::audit::leaf::{Personal, SealedEntry};
use crate::domain::event::EventKind;
use crate::domain::outcome::Outcome;

/// OCSF category 3 (Identity & Access Management) and class 3002 (Authentication).
const IDENTITY: (u32, u32) = (3, 3_002);

/// OCSF's number for "Other", used where the schema has no number of its own.
const OTHER: u32 = 99;

/// One OCSF event, serialised as JSON.
/// The product and its vendor; also the service for which customers are verified.
const PRODUCT: &str = "countersign";

#[derive(Debug, Serialize)]
pub(super) struct OcsfEvent<'a> {
    activity_id: u32,
    activity_name: &'a str,
    category_uid: u32,
    class_uid: u32,
    type_uid: u32,
    time: i64,
    severity_id: u32,
    status_id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    actor: OcsfActor<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<OcsfUser<'a>>,
    src_endpoint: OcsfEndpoint<'a>,
    /// The schema wants a service or an endpoint of each authentication.
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<OcsfEndpoint<'static>>,
    metadata: OcsfMetadata<'a>,
    unmapped: OcsfUnmapped<'a>,
}

#[derive(Debug, Serialize)]
struct OcsfActor<'a> {
    user: OcsfUser<'a>,
}

#[derive(Debug, Serialize)]
struct OcsfUser<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<Cow<'a, str>>,
    type_id: u32,
}

#[derive(Debug, Serialize)]
struct OcsfEndpoint<'a> {
    name: &'a str,
}

#[derive(Debug, Serialize)]
struct OcsfMetadata<'a> {
    version: &'static str,
    product: OcsfProduct,
    uid: String,
    sequence: u64,
    event_code: &'a str,
    log_name: &'a str,
}

#[derive(Debug, Serialize)]
struct OcsfProduct {
    name: &'static str,
    vendor_name: &'static str,
    version: &'static str,
}

#[derive(Debug, Serialize)]
struct OcsfUnmapped<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<&'a str>,
    leaf: String,
}

impl<'a> OcsfEvent<'a> {
    /// Maps a sealed entry; `origin` identifies the log.
    pub(super) fn new(entry: &'a SealedEntry, origin: &'a str) -> Self {
        let kind: Option<EventKind> = entry.kind.parse().ok();
        let activity = match kind {
            Some(EventKind::Attempt) => Some((1, "Logon")),
            Some(EventKind::SessionEnded) => Some((2, "Logoff")),
            _ => None,
        };
        let ((category_uid, class_uid), (activity_id, activity_name)) = match activity {
            Some(activity) => (IDENTITY, activity),
            None => ((0, 0), (OTHER, entry.kind.as_str())),
        };
        let value = |it: &'a Option<Personal>| it.as_ref().and_then(Personal::value);
        // The schema wants a name of each user: where the customer is not told, the commitment.
        let uid = match &entry.customer {
            Some(Personal::Shown { value, .. }) => Some(Cow::Borrowed(value.as_str())),
            Some(hidden) => Some(Cow::Owned(hidden.commitment().to_string())),
            None => activity.map(|_| Cow::Borrowed("unknown")),
        };
        let of_customer = OcsfUser { name: None, uid, type_id: OTHER };
        Self {
            activity_id,
            activity_name,
            category_uid,
            class_uid,
            type_uid: class_uid * 100 + activity_id,
            time: entry.at.millis(),
            // 1 is Informational: the reader decides whether something is an incident.
            severity_id: 1,
            status_id: status(entry),
            status_detail: entry.outcome.as_deref(),
            message: value(&entry.detail),
            actor: OcsfActor { user: OcsfUser { name: Some(&entry.clerk), uid: None, type_id: 1 } },
            user: (entry.customer.is_some() || activity.is_some()).then_some(of_customer),
            src_endpoint: OcsfEndpoint { name: &entry.counter },
            service: activity.map(|_| OcsfEndpoint { name: PRODUCT }),
            metadata: OcsfMetadata {
                version: "1.3.0",
                product: OcsfProduct {
                    name: PRODUCT,
                    vendor_name: PRODUCT,
                    version: env!("CARGO_PKG_VERSION"),
                },
                uid: entry.event.to_string(),
                sequence: entry.index,
                event_code: &entry.kind,
                log_name: origin,
            },
            unmapped: OcsfUnmapped {
                request: entry.request.as_deref(),
                channel: entry.channel.as_deref(),
                contact: value(&entry.contact),
                leaf: entry.leaf.to_string(),
            },
        }
    }
}

/// `status_id`: 1 success, 2 failure, 0 unknown (entries without an outcome).
fn status(entry: &SealedEntry) -> u32 {
    match entry.outcome.as_deref() {
        None => 0,
        Some(outcome) if outcome == Outcome::Verified.word() => 1,
        Some(_) => 2,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::domain::audit::leaf::{EventSalt, StoredEvent};
    use crate::domain::event::EventId;
    use crate::domain::time::Timestamp;

    /// What the schema requires of each event (OCSF 1.3, base event).
    const REQUIRED: [&str; 7] =
        ["activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"];

    /// Of its metadata, and of the product in it.
    const OF_METADATA: [&str; 2] = ["product", "version"];
    const OF_PRODUCT: [&str; 2] = ["name", "vendor_name"];

    /// What it requires of Authentication (3002) as well; of the latter two at least one.
    const OF_AUTHENTICATION: [&str; 1] = ["user"];
    const SERVICE: [&str; 2] = ["service", "dst_endpoint"];

    /// Of a user at least one of these.
    const OF_USER: [&str; 3] = ["account", "name", "uid"];

    fn written(kind: EventKind, customer: Option<i64>, is_hidden: bool) -> Value {
        let event = StoredEvent {
            id: EventId(42),
            at: Timestamp::from_millis(1_764_000_000_123),
            kind: kind.word().into(),
            outcome: Some("wrong".into()),
            request: Some("7K3M9QX2TB".into()),
            customer,
            channel: Some("sms".into()),
            contact: Some("+4*******12".into()),
            clerk: "dana".into(),
            counter: "3".into(),
            detail: Some("a detail".into()),
            purpose: Some("pay a bill".into()),
            provider: Some("twilio".into()),
            asked_at: Some(Timestamp::from_millis(1_764_000_000_000)),
        };
        let mut entry = SealedEntry::new(7, event, &EventSalt::new([7; 16]));
        if is_hidden {
            entry.hide_personal();
        }
        serde_json::to_value(OcsfEvent::new(&entry, "countersign/riverside")).expect("written")
    }

    fn has(object: &Value, names: &[&str]) -> bool {
        names.iter().any(|name| object.get(name).is_some_and(|it| !it.is_null()))
    }

    #[test]
    fn every_kind_of_event_has_what_the_schema_requires() {
        for kind in EventKind::ALL {
            for (customer, is_hidden) in [(Some(17), false), (Some(17), true), (None, true)] {
                let event = written(kind, customer, is_hidden);
                for name in REQUIRED {
                    assert!(has(&event, &[name]), "{kind:?}: {name} is missing: {event}");
                }
                for name in OF_METADATA {
                    assert!(has(&event["metadata"], &[name]), "{kind:?}: {name}: {event}");
                }
                for name in OF_PRODUCT {
                    assert!(has(&event["metadata"]["product"], &[name]), "{kind:?}: {name}");
                }
                for user in [event.get("user"), event["actor"].get("user")].into_iter().flatten() {
                    assert!(has(user, &OF_USER), "{kind:?}: {user}");
                }
                let class = event["class_uid"].as_u64().expect("a number");
                let activity = event["activity_id"].as_u64().expect("a number");
                assert_eq!(event["type_uid"], class * 100 + activity);
                if class == 3_002 {
                    assert_eq!(event["category_uid"], 3);
                    assert!(has(&event, &OF_AUTHENTICATION) && has(&event, &SERVICE), "{event}");
                } else {
                    assert_eq!((class, &event["category_uid"]), (0, &0.into()));
                }
            }
        }
    }
}
