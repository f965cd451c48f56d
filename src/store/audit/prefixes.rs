//! How many messages go to each block of phone numbers, and how many of their codes are
//! entered: counted when the entries are sealed, in the same transaction, and kept for a
//! fortnight. Unlike the stats they cannot be made anew from the log, which does not know
//! numbers.

use std::collections::{BTreeMap, HashMap};

use crate::domain::audit::leaf::StoredEvent;
use crate::domain::channel::Channel;
use crate::domain::event::EventKind;
use crate::domain::outcome::Outcome;
use crate::service::ports::error::StoreError;
use crate::store::database::batch::Write;
use crate::store::database::engine::{Tx, args, list};
use crate::store::database::statement::statements;

/// An hour in milliseconds.
const HOUR: i64 = 3_600_000;

statements! {
    /// The prefixes of requests that went to a phone.
    OF_REQUESTS {
        "SELECT o.public_id AS request, d.number_prefix AS prefix FROM "
        (each
            ("core_otp o JOIN core_delivery d ON d.otp_id = o.id AND d.generation = o.generation \
              WHERE o.public_id " (among_texts "$1"))
            ("core_otp o JOIN core_delivery d ON d.otp_id = o.id AND d.generation = o.generation \
              WHERE o.public_id " (among_texts "$1"))
            ("JSON_TABLE($1, '$[*]' COLUMNS (value VARCHAR(255) CHARACTER SET utf8mb4 PATH '$')) list \
              STRAIGHT_JOIN core_otp o ON o.public_id = list.value COLLATE utf8mb4_bin \
              STRAIGHT_JOIN core_delivery d ON d.otp_id = o.id AND d.generation = o.generation \
              WHERE true"))
        " AND d.number_prefix IS NOT NULL"
    }
    COUNT_PREFIXES {
        (insert_rows "core_stats_prefix" { hour: int, prefix: text, sent: int, verified: int })
        (each
            (" ON CONFLICT (hour, prefix) DO UPDATE SET sent = core_stats_prefix.sent + excluded.sent, \
              verified = core_stats_prefix.verified + excluded.verified")
            (" ON CONFLICT (hour, prefix) DO UPDATE SET sent = core_stats_prefix.sent + excluded.sent, \
              verified = core_stats_prefix.verified + excluded.verified")
            (" ON DUPLICATE KEY UPDATE sent = sent + VALUES(sent), \
              verified = verified + VALUES(verified)"))
    }
}

/// What events add to the prefixes, as rows.
pub(in crate::store) struct PrefixCounts(Option<String>);

impl PrefixCounts {
    /// What these events add.
    pub(in crate::store) async fn of(
        tx: &mut Tx,
        events: &[StoredEvent],
    ) -> Result<Self, StoreError> {
        let counted: Vec<_> = events.iter().filter_map(counted).collect();
        if counted.is_empty() {
            return Ok(Self(None));
        }
        let requests = list(counted.iter().map(|it| it.request));
        let mut prefixes = HashMap::new();
        for row in tx.all(&OF_REQUESTS, args![&requests]).await? {
            prefixes.insert(row.text("request")?, row.text("prefix")?);
        }
        let mut counts: BTreeMap<(i64, &str), (u64, u64)> = BTreeMap::new();
        for it in counted {
            let Some(prefix) = prefixes.get(it.request) else { continue };
            let (sent, verified) = counts.entry((it.hour, prefix)).or_default();
            *(if it.is_verified { verified } else { sent }) += 1;
        }
        let row = |((hour, prefix), (sent, verified)): (&(i64, &str), &(u64, u64))| {
            serde_json::json!([hour, prefix, sent, verified])
        };
        Ok(Self((!counts.is_empty()).then(|| list(counts.iter().map(row)))))
    }

    pub(in crate::store) fn writes(&self) -> impl Iterator<Item = Write<'_>> {
        self.0.iter().map(|rows| Write { sql: &COUNT_PREFIXES, args: args![rows].to_vec() })
    }
}

/// An event that counts for a prefix.
struct CountedEvent<'a> {
    hour: i64,
    request: &'a str,
    is_verified: bool,
}

/// A code that was asked for, or entered rightly, by phone.
fn counted(event: &StoredEvent) -> Option<CountedEvent<'_>> {
    let channel = event.channel.as_deref()?;
    let is_phone = channel != Channel::Email.word();
    let kind: EventKind = event.kind.parse().ok().filter(|_| is_phone)?;
    let is_verified = match kind {
        EventKind::Requested | EventKind::Resent => false,
        EventKind::Attempt if event.outcome.as_deref() == Some(Outcome::Verified.word()) => true,
        _ => return None,
    };
    let hour = event.at.millis().div_euclid(HOUR);
    Some(CountedEvent { hour, request: event.request.as_deref()?, is_verified })
}
