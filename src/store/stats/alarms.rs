//! Alarms: what their rules are given beside the figures, and those that were raised.
//!
//! Prefixes of phone numbers are kept for a fortnight, by the hour, without their last three
//! digits; an alarm about a contact names a request, not the contact.

use std::collections::BTreeMap;

use crate::domain::event::{EventId, EventKind};
use crate::domain::request::RequestId;
use crate::domain::stats::alarms::{
    Alarm, AlarmKind, Finding, PREFIX_DAYS, PrefixStats, SHARED_BY, Share,
};
use crate::domain::stats::query::StatsSpan;
use crate::domain::time::Timestamp;
use crate::service::ports::alarms::{Acknowledgement, AlarmMaterial, NewAlarms};
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::store::audit::events;
use crate::store::database::engine::{Database, Row, Tx, args, list};
use crate::store::database::locks::SEAL_LOCK;
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;

/// How many entries are looked back at, where nobody looked for long.
const LOOK_BACK: i64 = 50_000;

/// How many findings of one rule are raised at once.
const MOST: u32 = 50;

/// Deliveries are searched from so many milliseconds before the last look: one may be committed
/// late.
const OVERLAP: i64 = 60_000;

/// A day in milliseconds.
const DAY: i64 = 86_400_000;

/// An hour in milliseconds.
const HOUR: i64 = 3_600_000;

row_type! {
    pub(in crate::store) struct AlarmColumns from "core_alarm a" {
        id: i64 = int "a.id",
        kind: AlarmKind = word "a.kind",
        subject: String = text "a.subject",
        request: Option<RequestId> = maybe_word "a.request",
        detail: String = text "a.detail",
        raised_at: Timestamp = time "a.raised_at",
        acknowledged_at: Option<Timestamp> = maybe_time "a.acknowledged_at",
    }
}

statements! {
    STATE {
        "SELECT " now " AS read_at, looked_up_to, looked_at, last_event FROM core_stats_state \
         JOIN core_audit_tree ON core_audit_tree.id = core_stats_state.id \
         WHERE core_stats_state.id = 1"
    }
    LOOKED {
        "UPDATE core_stats_state SET looked_up_to = $1, looked_at = " now " WHERE id = 1"
    }
    QUICK {
        "SELECT named.clerk AS name, " (stats_sum "s.events") " AS events FROM core_stats_time s \
         JOIN core_stats_series named ON named.id = s.series \
         WHERE s.run = (SELECT run FROM core_stats_state WHERE id = 1) \
         AND s.quarter >= $1 AND s.quarter < $2 AND named.clerk <> '' GROUP BY named.clerk"
    }
    /// Who verified a customer whom they had unlocked within a day.
    UNLOCKED_AND_VERIFIED {
        "SELECT v.clerk AS clerk, v.request AS request FROM core_event v \
         WHERE v.id > $1 AND v.id <= $2 AND v.kind = 'attempt' AND v.outcome = 'verified' \
         AND (SELECT MAX(u.id) FROM core_event u WHERE u.customer_id = v.customer_id \
         AND u.kind = 'unlocked' AND u.clerk = v.clerk AND u.id < v.id \
         AND u.at > v.at - 86400000) IS NOT NULL ORDER BY v.id LIMIT $3"
    }
    /// Notices that were refused, since the desk did not queue them.
    FORGED_NOTICES {
        "SELECT COUNT(*) AS notices FROM core_event e WHERE e.id > $1 AND e.id <= $2 \
         AND e.kind = 'notice_not_sent' AND e.outcome = 'forbidden'"
    }
    /// Contacts that were used since a moment.
    USED {
        "SELECT DISTINCT few.contact AS contact FROM (SELECT contact FROM core_delivery \
         WHERE created_at > $1 ORDER BY created_at DESC LIMIT 2000) few"
    }
    /// How many customers had each contact within a month, and the first request.
    SHARED {
        "SELECT COUNT(DISTINCT d.customer_id) AS customers, MIN(d.otp_id) AS first_request FROM "
        (each
            ("core_delivery d WHERE d.contact " (among_texts "$1"))
            ("core_delivery d WHERE d.contact " (among_texts "$1"))
            ("JSON_TABLE($1, '$[*]' COLUMNS (value VARCHAR(255) CHARACTER SET utf8mb4 PATH '$')) list \
              STRAIGHT_JOIN core_delivery d ON d.contact = list.value COLLATE utf8mb4_bin \
              WHERE true"))
        " AND d.created_at > $2 - 2592000000 GROUP BY d.contact \
         HAVING COUNT(DISTINCT d.customer_id) >= $3" unsorted " LIMIT $4"
    }
    REQUEST { "SELECT public_id AS request FROM core_otp WHERE id = $1" }
    /// Messages of the last day and of the last hour.
    SENT {
        "SELECT COALESCE(" (stats_sum "few.sent") ", 0) AS of_day, COALESCE("
        (stats_sum "CASE WHEN few.hour >= $2 THEN few.sent ELSE 0 END") ", 0) AS of_hour \
         FROM (SELECT hour, sent FROM core_stats_prefix WHERE hour >= $1 \
         ORDER BY hour DESC LIMIT 1000000) few"
    }
    /// Prefixes of the last day with more than some messages that were not verified.
    BUSY {
        "SELECT few.prefix AS prefix FROM (SELECT hour, prefix, sent, verified \
         FROM core_stats_prefix WHERE hour >= $1 ORDER BY hour DESC LIMIT 1000000) few \
         GROUP BY few.prefix HAVING SUM(few.sent) - SUM(few.verified) > $2 LIMIT $3"
    }
    PREFIX_HOURS {
        "SELECT prefix, hour, sent, verified FROM core_stats_prefix \
         WHERE prefix " (among_texts "$1") " AND hour >= $2"
    }
    FORGET_PREFIXES { "DELETE FROM core_stats_prefix WHERE hour >= $1 AND hour < $2" }
    /// Not once more while it is open, nor within a day of the last time.
    RAISE {
        "INSERT INTO core_alarm (kind, subject, request, detail, raised_at) \
         SELECT $1, $2, $3, $4, " now " FROM core_stats_state WHERE id = 1 \
         AND NOT EXISTS (SELECT 1 FROM core_alarm a WHERE a.kind = $1 AND a.subject = $2 \
         AND (a.acknowledged_at IS NULL OR a.raised_at > " now " - 86400000))"
    }
    OPEN {
        (select AlarmColumns) "WHERE a.acknowledged_at IS NULL ORDER BY a.id DESC LIMIT $1"
    }
    COUNT_OPEN {
        "SELECT COUNT(*) AS open_alarms FROM (SELECT id FROM core_alarm \
         WHERE acknowledged_at IS NULL LIMIT $1) few"
    }
    ONE { (select AlarmColumns) "WHERE a.id = $1" }
    ACKNOWLEDGE {
        "UPDATE core_alarm SET acknowledged_at = " now ", acknowledged_by = $2, reason = $3 \
         WHERE id = $1 AND acknowledged_at IS NULL"
    }
}

/// What the rules are given. `of_day` are the quarters of the last day.
pub(in crate::store) async fn material(
    db: &Database,
    of_day: StatsSpan,
) -> Result<AlarmMaterial, StoreError> {
    let state = db.maybe(&STATE, args![]).await?;
    let state = state.ok_or_else(|| StoreError::Failed("the stats have no state".into()))?;
    let (now, last) = (state.time("read_at")?, state.int("last_event")?);
    let after = state.int("looked_up_to")?.max(last.saturating_sub(LOOK_BACK));
    let quick = db.all(&QUICK, args![of_day.from.0, of_day.before.0]).await?;
    let quick = quick.iter().map(|row| Ok((row.text("name")?, count(row, "events")?)));
    let rows = db.all(&UNLOCKED_AND_VERIFIED, args![after, last, MOST]).await?;
    let unlocked = rows.iter().map(|row| Ok((row.text("clerk")?, row.maybe_word("request")?)));
    let forged = db.maybe(&FORGED_NOTICES, args![after, last]).await?;
    let forged_notices = forged.map_or(Ok(0), |row| count(&row, "notices"))?;
    let since = state.int("looked_at")?.saturating_sub(OVERLAP).max(now.millis() - DAY);
    let hour = now.millis().div_euclid(HOUR);
    let sent = db.maybe(&SENT, args![hour - 23, hour]).await?;
    let sent = match sent {
        Some(row) => (count(&row, "of_day")?, count(&row, "of_hour")?),
        None => (0, 0),
    };
    Ok(AlarmMaterial {
        quick: quick.collect::<Result<_, StoreError>>()?,
        unlocked: unlocked.collect::<Result<_, StoreError>>()?,
        shared: shared(db, since).await?,
        forged_notices,
        prefixes: prefixes(db, hour).await?,
        sent,
        up_to: EventId(last),
    })
}

/// Requests to contacts that many customers have.
async fn shared(db: &Database, since: i64) -> Result<Vec<(RequestId, u64)>, StoreError> {
    let used = db.all(&USED, args![since]).await?;
    let used = used.iter().map(|row| Ok(row.maybe_raw("contact")?.unwrap_or_default()));
    let used = used.collect::<Result<Vec<String>, StoreError>>()?;
    let mut shared = Vec::new();
    if used.is_empty() {
        return Ok(shared);
    }
    let used = list(used);
    for row in db.all(&SHARED, args![&used, since, SHARED_BY, MOST]).await? {
        // A request that went to the archive names nothing.
        if let Some(named) = db.maybe(&REQUEST, args![row.int("first_request")?]).await? {
            shared.push((named.word("request")?, count(&row, "customers")?));
        }
    }
    Ok(shared)
}

fn count(row: &Row, column: &'static str) -> Result<u64, StoreError> {
    Ok(u64::try_from(row.int(column)?).unwrap_or_default())
}

/// The prefixes that may have had a burst, with their past.
async fn prefixes(db: &Database, hour: i64) -> Result<Vec<PrefixStats>, StoreError> {
    const NONE_BELOW: u32 = 20;
    let busy = db.all(&BUSY, args![hour - 23, NONE_BELOW, MOST]).await?;
    let busy = busy.iter().map(|row| row.text("prefix")).collect::<Result<Vec<_>, _>>()?;
    if busy.is_empty() {
        return Ok(Vec::new());
    }
    let since = hour - PREFIX_DAYS * 24 - 23;
    let names = list(busy.iter().map(String::as_str));
    let mut found: Vec<PrefixPast> = busy.into_iter().map(PrefixPast::new).collect();
    for row in db.all(&PREFIX_HOURS, args![&names, since]).await? {
        let (name, at) = (row.text("prefix")?, row.int("hour")?);
        let share = Share { count: count(&row, "verified")?, of: count(&row, "sent")? };
        if let Some(it) = found.iter_mut().find(|it| it.stats.prefix == name) {
            it.add(hour - at, share);
        }
    }
    Ok(found.into_iter().map(PrefixPast::stats).collect())
}

/// A prefix while its hours are read.
struct PrefixPast {
    stats: PrefixStats,
    /// Verified of each day before the last one, counted back from now.
    days: BTreeMap<i64, u64>,
}

impl PrefixPast {
    fn new(prefix: String) -> Self {
        let stats = PrefixStats { prefix, ..PrefixStats::default() };
        Self { stats, days: BTreeMap::new() }
    }

    fn add(&mut self, hours_ago: i64, share: Share) {
        let PrefixStats { day, hour, most_of_hour, .. } = &mut self.stats;
        if hours_ago < 24 {
            (day.count, day.of) = (day.count + share.count, day.of + share.of);
        } else {
            *self.days.entry(hours_ago / 24).or_default() += share.count;
        }
        if hours_ago == 0 {
            *hour = share;
        } else {
            *most_of_hour = (*most_of_hour).max(share.count);
        }
    }

    fn stats(self) -> PrefixStats {
        let most_of_day = self.days.into_values().max().unwrap_or_default();
        PrefixStats { most_of_day, ..self.stats }
    }
}

/// Raises what was found and is not open already, each with an entry of the log.
pub(in crate::store) async fn raise(db: &Database, new: &NewAlarms<'_>) -> Result<u32, StoreError> {
    let mut tx = db.begin().await?;
    tx.lock(SEAL_LOCK).await?;
    let mut raised = 0;
    for finding in new.findings {
        raised += raise_one(&mut tx, finding, new).await?;
    }
    let old = tx.one(&STATE, args![]).await?.time("read_at")?.millis();
    let forgotten = old.div_euclid(HOUR) - (PREFIX_DAYS + 1) * 24;
    tx.write(&FORGET_PREFIXES, args![0_i64, forgotten]).await?;
    tx.write(&LOOKED, args![new.up_to.0]).await?;
    if raised > 0 {
        tx.commit().await?;
    } else {
        tx.commit_quietly().await?;
    }
    Ok(raised)
}

async fn raise_one(tx: &mut Tx, finding: &Finding, new: &NewAlarms<'_>) -> Result<u32, StoreError> {
    let Finding { kind, subject, request, detail } = finding;
    let named = request.as_ref().map(RequestId::as_str);
    if tx.write(&RAISE, args![kind.word(), subject, named, detail]).await? == 0 {
        return Ok(0);
    }
    let detail = format!("{}, {subject}: {detail}", kind.label());
    let event = NewEvent::of_office(EventKind::AlarmRaised, detail, new.actor);
    events::write(tx, &NewEvent { request: request.as_ref(), ..event }).await?;
    Ok(1)
}

/// The open alarms, newest first.
pub(in crate::store) async fn open(db: &Database, most: u32) -> Result<Vec<Alarm>, StoreError> {
    db.all(&OPEN, args![most]).await?.iter().map(read).collect()
}

/// How many are open, counted no further than `most`.
pub(in crate::store) async fn count_open(db: &Database, most: u32) -> Result<u32, StoreError> {
    db.maybe(&COUNT_OPEN, args![most]).await?.map_or(Ok(0), |row| row.count("open_alarms"))
}

/// Reads [`AlarmColumns`].
pub(in crate::store) fn read(row: &Row) -> Result<Alarm, StoreError> {
    let it = AlarmColumns::read(row)?;
    let AlarmColumns { id, kind, subject, request, detail, raised_at, acknowledged_at } = it;
    let finding = Finding { kind, subject, request, detail };
    Ok(Alarm { id, finding, raised_at, acknowledged_at })
}

/// Acknowledges an alarm; it as it was before, none where there is none.
pub(in crate::store) async fn acknowledge(
    db: &Database,
    it: &Acknowledgement<'_>,
) -> Result<Option<Alarm>, StoreError> {
    let mut tx = db.begin().await?;
    let Some(row) = tx.maybe(&ONE, args![it.alarm]).await? else { return Ok(None) };
    let alarm = read(&row)?;
    if tx.write(&ACKNOWLEDGE, args![it.alarm, &it.actor.clerk, it.reason]).await? == 0 {
        return Ok(Some(alarm));
    }
    let (kind, subject) = (alarm.finding.kind.label(), &alarm.finding.subject);
    let detail = format!("{kind}, {subject}: {}", it.reason);
    let event = NewEvent::of_office(EventKind::AlarmAcknowledged, detail, it.actor);
    let event = NewEvent { request: alarm.finding.request.as_ref(), ..event };
    match events::write_once(&mut tx, &event, Some(it.act)).await {
        // The same act, repeated.
        Err(StoreError::Taken(_)) => return Ok(Some(alarm)),
        written => written?,
    }
    tx.commit().await?;
    Ok(Some(alarm))
}
