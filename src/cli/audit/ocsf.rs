//! Maps entries to the Open Cybersecurity Schema Framework (OCSF) 1.3: an entered code and an ended
//! session are Authentication events (class 3002), everything else is a Base Event (class 0).
//! Fields that the schema has no place for go to `unmapped`.

use serde::Serialize;

use crate::domain::audit::leaf::{Personal, SealedEntry};
use crate::domain::event::EventKind;
use crate::domain::outcome::Outcome;

/// OCSF category 3 (Identity & Access Management) and class 3002 (Authentication).
const IDENTITY: (u32, u32) = (3, 3_002);

/// OCSF's number for "Other", used where the schema has no number of its own.
const OTHER: u32 = 99;

/// One OCSF event, serialised as JSON.
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
    uid: Option<&'a str>,
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
        let of_customer = OcsfUser { name: None, uid: value(&entry.customer), type_id: OTHER };
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
            metadata: OcsfMetadata {
                version: "1.3.0",
                product: OcsfProduct {
                    name: "countersign",
                    vendor_name: "countersign",
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
