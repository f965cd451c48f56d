//! What was removed from the log so far. The desk proves totals only that go on from those of the
//! last announcement in the log, which has a proof: the row of the tree, which has none, is
//! compared with it.

use crate::domain::audit::removal::{Announcement, RemovalKey, RemovalProof};
use crate::domain::event::EventKind;
use crate::service::ports::error::StoreError;
use crate::store::database::engine::{Tx, args};
use crate::store::database::statement::statements;

/// What the tree says is not what the log says.
const NOT_ANNOUNCED: &str = "\
    What the store counts as removed from the log is not what the last entry about a removal says: \
    nothing is removed. Verify the log (countersign audit verify).";

statements! {
    TOTALS {
        "SELECT purged_up_to, purged, erased, purged_before, size, last_event \
         FROM core_audit_tree WHERE id = 1"
    }
    /// A page of the log, the newest first.
    BACK {
        "SELECT e.id, e.kind, CASE WHEN e.kind IN ('events_purged', 'erased') THEN e.detail END \
         AS detail FROM core_event e WHERE e.id < $1 ORDER BY e.id DESC LIMIT $2"
    }
}

/// How many entries are read at a time.
const PAGE: u32 = 1_000;

/// The totals so far, and how far the log is sealed.
pub(in crate::store) struct Totals {
    pub(in crate::store) purged_up_to: i64,
    pub(in crate::store) purged: u64,
    pub(in crate::store) erased: u64,
    pub(in crate::store) purged_before: i64,
    pub(in crate::store) is_sealed: bool,
    /// The highest event that is sealed.
    pub(in crate::store) last: i64,
}

/// Reads the totals; refuses where the log does not announce them.
pub(in crate::store) async fn totals(
    tx: &mut Tx,
    key: Option<&RemovalKey>,
) -> Result<Totals, StoreError> {
    let row = tx.one(&TOTALS, args![]).await?;
    let count = |column| row.int(column).map(|it| u64::try_from(it).unwrap_or(0));
    let totals = Totals {
        purged_up_to: row.int("purged_up_to")?,
        purged: count("purged")?,
        erased: count("erased")?,
        purged_before: row.int("purged_before")?,
        is_sealed: row.int("size")? > 0,
        last: row.int("last_event")?,
    };
    let (mut told, mut after) = ((0, 0, 0), 0);
    // Where nothing is counted, no entry is looked for.
    if totals.purged > 0 || totals.purged_up_to > 0 {
        let last = last_told(tx, EventKind::EventsPurged, 0, key).await?;
        let (event, it) = last.ok_or_else(not_announced)?;
        (told, after) = ((it.removal.total, it.removal.up_to, it.removal.erased), event);
    }
    if totals.erased > told.2
        && let Some((_, it)) = last_told(tx, EventKind::Erased, after, key).await?
    {
        told.2 = it.removal.erased;
    }
    let is_told = told == (totals.purged, totals.purged_up_to, totals.erased);
    is_told.then_some(totals).ok_or_else(not_announced)
}

/// The newest announcement of a kind after an event. Each night's purge adds one, so that it is
/// near the end of the log.
async fn last_told(
    tx: &mut Tx,
    kind: EventKind,
    after: i64,
    key: Option<&RemovalKey>,
) -> Result<Option<(i64, Announcement)>, StoreError> {
    let keys: Vec<_> = key.cloned().into_iter().collect();
    let mut before = i64::MAX;
    loop {
        let rows = tx.all(&BACK, args![before, PAGE]).await?;
        for row in &rows {
            before = row.int("id")?;
            if before <= after {
                return Ok(None);
            }
            let word = row.maybe_raw("kind")?.unwrap_or_default();
            if word != kind.word() {
                continue;
            }
            let detail = row.maybe_raw("detail")?;
            let told = Announcement::read(&word, detail.as_deref(), &keys);
            // One without a proof is of a version before; a verification says whether it may be
            // there.
            let told = told.filter(|it| it.proof != RemovalProof::Wrong);
            return told.ok_or_else(not_announced).map(|it| Some((before, it)));
        }
        if u32::try_from(rows.len()) != Ok(PAGE) {
            return Ok(None);
        }
    }
}

fn not_announced() -> StoreError {
    StoreError::Refused(NOT_ANNOUNCED.into())
}
