//! The tree over the log: sealing, and reading leaves and nodes.
//!
//! One row of `core_lock` makes sealers take turns; who does not get it leaves the work to
//! the other. Leaves, nodes, the checkpoint, the right edge and what the events add to the
//! stats are written in one transaction, so that a sealer may be killed at any moment.

use crate::domain::audit::hash::TreeHash;
use crate::domain::audit::leaf::{Commitments, EventSalt, Proving, StoredEvent};
use crate::domain::audit::order::{self, Numbered};
use crate::domain::audit::tree::{Subtree, TreeEdge};
use crate::domain::event::EventId;
use crate::domain::stats::roll_up::RollUp;
use crate::service::ports::error::StoreError;
use crate::service::ports::trail::{
    NewLeaf, SealOutcome, SealedBatch, Sealer, StoredLeaf, TrailHead,
};
use crate::store::audit::prefixes::PrefixCounts;
use crate::store::audit::roll_up::RolledUp;
use crate::store::database::batch::Write;
use crate::store::database::columns::events;
use crate::store::database::engine::{Database, Row, Tx, args, list};
use crate::store::database::locks::SEAL_LOCK;
use crate::store::database::statement::statements;

/// How many events after the settled ones are looked at for late ones.
const LOOK_BACK: u32 = 5_000;

/// Of so many leaves in a row, one checkpoint is kept beside the newest.
const KEPT_EVERY: u64 = 64;

statements! {
    HEAD {
        "SELECT size, edge, last_event, settled, note, purged_up_to, \
         (SELECT run FROM core_stats_state WHERE id = 1) AS stats_run \
         FROM core_audit_tree WHERE id = 1"
    }
    /// Whether there is anything to seal, and anything to look back for.
    PENDING {
        "SELECT t.last_event, t.settled, (SELECT COALESCE(MAX(id), 0) FROM core_event) AS newest \
         FROM core_audit_tree t WHERE t.id = 1"
    }
    UNSEALED {
        "SELECT COUNT(*) AS unsealed FROM (SELECT id FROM core_event WHERE id > \
         (SELECT last_event FROM core_audit_tree WHERE id = 1) ORDER BY id LIMIT $1) few"
    }
    /// The events after the settled ones, and whether each is sealed.
    SINCE_SETTLED {
        "SELECT few.id, few.at, \
         (SELECT l.leaf_index FROM core_audit_leaf l WHERE l.event_id = few.id) AS leaf_index \
         FROM (SELECT id, at FROM core_event \
         WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3) few ORDER BY few.id"
    }
    NEW {
        "SELECT " stored_event_columns " FROM core_event e \
         WHERE e.id > $1 ORDER BY e.id LIMIT $2"
    }
    NOW { "SELECT " now " AS read_at FROM core_lock WHERE name = 'audit'" }
    BETWEEN {
        "SELECT " stored_event_columns " FROM core_event e \
         WHERE e.id > $1 AND e.id <= $2 ORDER BY e.id LIMIT $3"
    }
    OF_NUMBERS {
        "SELECT " stored_event_columns " FROM core_event e WHERE e.id " (among "$1") " \
         ORDER BY e.id"
    }
    LEAVES {
        "SELECT leaf_index, event_id, hash, salt, commitments FROM core_audit_leaf \
         WHERE leaf_index >= $1 AND leaf_index < $2 ORDER BY leaf_index"
    }
    NODES {
        "SELECT hash FROM core_audit_node \
         WHERE level = $1 AND node_index >= $2 AND node_index < $3 ORDER BY node_index"
    }
    LEAF_FROM {
        "SELECT leaf_index FROM core_audit_leaf WHERE event_id >= $1 ORDER BY event_id LIMIT 1"
    }
    CHECKPOINTS {
        "SELECT note FROM core_audit_checkpoint WHERE size > $1 ORDER BY size LIMIT $2"
    }
    INSERT_LEAVES {
        "INSERT INTO core_audit_leaf (leaf_index, event_id, hash, salt) "
        (each
            ("SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each($1)")
            ("SELECT CAST(value ->> 0 AS BIGINT), CAST(value ->> 1 AS BIGINT), value ->> 2, \
              value ->> 3 FROM jsonb_array_elements(CAST($1 AS JSONB)) AS list (value)")
            ("SELECT a, b, c, d FROM JSON_TABLE($1, '$[*]' COLUMNS (a BIGINT PATH '$[0]', \
              b BIGINT PATH '$[1]', " (cell "c" "2") ", " (cell "d" "3") ")) list"))
    }
    INSERT_NODES {
        "INSERT INTO core_audit_node (level, node_index, hash) "
        (each
            ("SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each($1)")
            ("SELECT CAST(value ->> 0 AS BIGINT), CAST(value ->> 1 AS BIGINT), value ->> 2 \
              FROM jsonb_array_elements(CAST($1 AS JSONB)) AS list (value)")
            ("SELECT a, b, c FROM JSON_TABLE($1, '$[*]' COLUMNS (a BIGINT PATH '$[0]', \
              b BIGINT PATH '$[1]', " (cell "c" "2") ")) list"))
    }
    KEEP_CHECKPOINT {
        "INSERT INTO core_audit_checkpoint (size, note, sealed_at) VALUES ($1, $2, " now ")"
    }
    EXTEND {
        "UPDATE core_audit_tree SET size = $1, edge = $2, last_event = $3, settled = $4, \
         note = $5, sealed_at = " now " WHERE id = 1"
    }
    SETTLE { "UPDATE core_audit_tree SET settled = $1 WHERE id = 1" }
}

/// How far the log is sealed.
pub(in crate::store) async fn head(db: &Database) -> Result<TrailHead, StoreError> {
    read_head(db.maybe(&HEAD, args![]).await?.as_ref())
}

fn read_head(row: Option<&Row>) -> Result<TrailHead, StoreError> {
    let unreadable = || StoreError::Failed("the tree of the audit trail cannot be read".into());
    let row = row.ok_or_else(unreadable)?;
    let hashes: Vec<TreeHash> =
        serde_json::from_str(&row.text("edge")?).map_err(|_| unreadable())?;
    let edge = TreeEdge::new(index(row, "size")?, hashes).map_err(|_| unreadable())?;
    Ok(TrailHead {
        edge,
        last: EventId(row.int("last_event")?),
        settled: EventId(row.int("settled")?),
        note: row.maybe_raw("note")?,
        purged_up_to: EventId(row.int("purged_up_to")?),
    })
}

/// What proves the personal fields of a leaf's event.
pub(in crate::store) fn proving(row: &Row) -> Result<Proving, StoreError> {
    if let Some(commitments) = row.maybe_raw("commitments")? {
        let commitments = Commitments::parse(&commitments);
        return Ok(commitments.map_or(Proving::Nothing, Proving::Erased));
    }
    let salt = row.maybe_raw("salt")?.as_deref().and_then(EventSalt::parse);
    Ok(salt.map_or(Proving::Nothing, Proving::Salt))
}

fn index(row: &Row, column: &'static str) -> Result<u64, StoreError> {
    let number = row.int(column)?;
    u64::try_from(number)
        .map_err(|_| StoreError::Failed(format!("{number} is no place in the audit trail")))
}

fn number(index: u64) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}

/// How many events are not sealed yet.
pub(in crate::store) async fn unsealed(db: &Database, most: u32) -> Result<u32, StoreError> {
    db.maybe(&UNSEALED, args![most]).await?.map_or(Ok(0), |row| row.count("unsealed"))
}

/// Seals the next events.
pub(in crate::store) async fn seal(
    db: &Database,
    sealer: &dyn Sealer,
    most: u32,
) -> Result<SealOutcome, StoreError> {
    let Some(pending) = db.maybe(&PENDING, args![]).await? else {
        return Ok(SealOutcome::Nothing { soon: false });
    };
    let (last, settled, newest) =
        (pending.int("last_event")?, pending.int("settled")?, pending.int("newest")?);
    if newest <= last && settled >= last {
        return Ok(SealOutcome::Nothing { soon: false });
    }
    let mut tx = db.begin().await?;
    if !tx.try_lock(SEAL_LOCK).await? {
        return Ok(SealOutcome::Nothing { soon: true });
    }
    let row = tx.maybe(&HEAD, args![]).await?;
    let head = read_head(row.as_ref())?;
    let run = row.map_or(Ok(0), |row| row.int("stats_run"))?;
    let work = Work::read(&mut tx, &head, most).await?;
    if work.events.is_empty() {
        if work.settled > head.settled {
            tx.write(&SETTLE, args![work.settled.0]).await?;
            tx.commit_quietly().await?;
        }
        return Ok(SealOutcome::Nothing { soon: work.is_waiting });
    }
    let count = u32::try_from(work.events.len()).unwrap_or(most);
    let last = work.events.iter().map(|it| it.id).max().unwrap_or(head.last).max(head.last);
    let prefixes = PrefixCounts::of(&mut tx, &work.events).await?;
    let stats = RolledUp::new(run, &RollUp::of(&work.events));
    let batch = match sealer.seal(&head, work.events) {
        Ok(batch) => batch,
        Err(error) => return Ok(SealOutcome::Refused(error)),
    };
    write(&mut tx, &head, &batch, (last, work.settled), (&stats, &prefixes)).await?;
    // No screen shows it, and to tell the others would wake all sealers once more.
    tx.commit_quietly().await?;
    Ok(SealOutcome::Sealed { count, more: work.is_full })
}

/// What there is to seal.
struct Work {
    /// Late ones first.
    events: Vec<StoredEvent>,
    /// What is settled once they are sealed.
    settled: EventId,
    is_full: bool,
    /// Whether something waits for a number that is missing.
    is_waiting: bool,
}

impl Work {
    async fn read(tx: &mut Tx, head: &TrailHead, most: u32) -> Result<Self, StoreError> {
        let now = tx.one(&NOW, args![]).await?.time("read_at")?;
        let past = LookBack::read(tx, head).await?;
        let mut events = match past.late.as_slice() {
            [] => Vec::new(),
            late => {
                let late = list(late.iter().copied());
                stored_events_in(&tx.all(&OF_NUMBERS, args![&late]).await?)?
            }
        };
        let mut new = stored_events_in(&tx.all(&NEW, args![head.last.0, most]).await?)?;
        let read = new.len();
        new.truncate(order::sealable(head.last, &numbered(&new), now));
        let mut known = past.known;
        // Where the look back was cut short, what is new does not follow it.
        if !past.is_cut {
            known.extend(numbered(&new));
        }
        let work = Self {
            settled: order::settled(head.settled, &known, now),
            is_full: u32::try_from(new.len()) == Ok(most),
            is_waiting: new.len() < read,
            events: Vec::new(),
        };
        events.append(&mut new);
        Ok(Self { events, ..work })
    }
}

/// The events between the settled ones and the last one that is sealed.
struct LookBack {
    known: Vec<Numbered>,
    /// Those that were committed late.
    late: Vec<i64>,
    is_cut: bool,
}

impl LookBack {
    async fn read(tx: &mut Tx, head: &TrailHead) -> Result<Self, StoreError> {
        let mut past = Self { known: Vec::new(), late: Vec::new(), is_cut: false };
        if head.settled >= head.last {
            return Ok(past);
        }
        let bounds = args![head.settled.0, head.last.0, LOOK_BACK];
        let rows = tx.all(&SINCE_SETTLED, bounds).await?;
        past.is_cut = u32::try_from(rows.len()) == Ok(LOOK_BACK);
        for row in rows {
            let id = row.int("id")?;
            past.known.push(Numbered { id: EventId(id), at: row.time("at")? });
            if row.maybe_int("leaf_index")?.is_none() {
                past.late.push(id);
            }
        }
        Ok(past)
    }
}

fn numbered(events: &[StoredEvent]) -> Vec<Numbered> {
    events.iter().map(|it| Numbered { id: it.id, at: it.at }).collect()
}

fn stored_events_in(rows: &[Row]) -> Result<Vec<StoredEvent>, StoreError> {
    rows.iter().map(events::read_stored).collect()
}

async fn write(
    tx: &mut Tx,
    head: &TrailHead,
    batch: &SealedBatch,
    (last, settled): (EventId, EventId),
    (stats, prefixes): (&RolledUp, &PrefixCounts),
) -> Result<(), StoreError> {
    let leaf = |it: &NewLeaf| {
        serde_json::json!([it.index, it.event.0, it.hash.to_string(), it.salt.text()])
    };
    let node = |(it, hash): &(Subtree, TreeHash)| {
        serde_json::json!([it.level, it.index, hash.to_string()])
    };
    let leaves = list(batch.leaves.iter().map(leaf));
    let nodes = list(batch.nodes.iter().map(node));
    let edge = list(batch.edge.hashes().iter().map(ToString::to_string));
    let size = batch.edge.size();
    let mut writes = vec![
        Write { sql: &INSERT_LEAVES, args: args![&leaves].to_vec() },
        Write {
            sql: &EXTEND,
            args: args![number(size), &edge, last.0, settled.0, &batch.note].to_vec(),
        },
    ];
    writes.extend(stats.writes().chain(prefixes.writes()));
    if !batch.nodes.is_empty() {
        writes.push(Write { sql: &INSERT_NODES, args: args![&nodes].to_vec() });
    }
    if size / KEPT_EVERY != head.edge.size() / KEPT_EVERY {
        let args = args![number(size), &batch.note].to_vec();
        writes.push(Write { sql: &KEEP_CHECKPOINT, args });
    }
    tx.write_all(&writes).await
}

/// The leaves from an index on.
pub(in crate::store) async fn leaves(
    db: &Database,
    from: u64,
    most: u32,
) -> Result<Vec<StoredLeaf>, StoreError> {
    let bounds = args![number(from), number(from.saturating_add(most.into()))];
    let read = |row: &Row| {
        Ok(StoredLeaf {
            index: index(row, "leaf_index")?,
            event: EventId(row.int("event_id")?),
            hash: row.maybe_raw("hash")?.and_then(|it| it.parse().ok()),
            proving: proving(row)?,
        })
    };
    db.all(&LEAVES, bounds).await?.iter().map(read).collect()
}

/// The events with numbers after one and up to another.
pub(in crate::store) async fn stored_events(
    db: &Database,
    after: EventId,
    up_to: EventId,
    most: u32,
) -> Result<Vec<StoredEvent>, StoreError> {
    stored_events_in(&db.all(&BETWEEN, args![after.0, up_to.0, most]).await?)
}

/// The events of these numbers.
pub(in crate::store) async fn stored_events_of(
    db: &Database,
    events: &[EventId],
) -> Result<Vec<StoredEvent>, StoreError> {
    let numbers = list(events.iter().map(|it| it.0));
    stored_events_in(&db.all(&OF_NUMBERS, args![&numbers]).await?)
}

/// Older checkpoints of trees over this size.
pub(in crate::store) async fn checkpoints(
    db: &Database,
    over: u64,
    most: u32,
) -> Result<Vec<String>, StoreError> {
    let rows = db.all(&CHECKPOINTS, args![number(over), most]).await?;
    rows.iter().map(|row| Ok(row.maybe_raw("note")?.unwrap_or_default())).collect()
}

/// The hashes of subtrees that are kept.
pub(in crate::store) async fn nodes(
    db: &Database,
    from: Subtree,
    most: u32,
) -> Result<Vec<TreeHash>, StoreError> {
    let end = from.index.saturating_add(most.into());
    let bounds = args![from.level, number(from.index), number(end)];
    let unreadable = || StoreError::Failed("a node of the audit trail cannot be read".into());
    let read = |row: &Row| row.text("hash")?.parse().map_err(|_| unreadable());
    db.all(&NODES, bounds).await?.iter().map(read).collect()
}

/// The place of the first leaf of an event from this number on.
pub(in crate::store) async fn leaf_from(
    db: &Database,
    event: EventId,
) -> Result<Option<u64>, StoreError> {
    let row = db.maybe(&LEAF_FROM, args![event.0]).await?;
    row.map(|row| index(&row, "leaf_index")).transpose()
}
