//! Making the stats anew from the log.
//!
//! There are two sets of rows. One is read and added to by the sealer; the other one is made
//! here, a step at a time, each a transaction under the sealer's lock. When it has counted
//! every sealed event it takes the other's place, in the transaction of its last step. How
//! far it is stands in the store: whoever is killed, the next one goes on.
//!
//! Events that were purged can be counted by nobody any more. The quarters of an hour in which
//! they may lie are copied as they are; where a purge comes in between, it begins again.

use std::collections::HashMap;

use crate::domain::audit::leaf::StoredEvent;
use crate::domain::event::{Actor, EventKind};
use crate::domain::stats::quarter::Quarter;
use crate::domain::stats::roll_up::RollUp;
use crate::domain::time::Timestamp;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::stats::RebuildStep;
use crate::store::audit::events;
use crate::store::audit::roll_up::RolledUp;
use crate::store::database::columns::events::read_stored;
use crate::store::database::engine::{Database, Tx, args, list};
use crate::store::database::locks::SEAL_LOCK;
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;

/// How many quarters of an hour are cleared or copied in one step: ten days.
const QUARTERS: i64 = 960;

row_type! {
    struct StateColumns from "core_stats_state \
        JOIN core_audit_tree ON core_audit_tree.id = core_stats_state.id" {
        run: i64 = int "core_stats_state.run",
        since: i64 = int "core_stats_state.since",
        stage: i64 = int "core_stats_state.stage",
        position: i64 = int "core_stats_state.position",
        uncounted: i64 = int "core_stats_state.uncounted",
        begun_purged: i64 = int "core_stats_state.begun_purged",
        size: i64 = int "core_audit_tree.size",
        purged: i64 = int "core_audit_tree.purged",
        purged_before: i64 = int "core_audit_tree.purged_before",
    }
}

statements! {
    STATE { (select StateColumns) "WHERE core_stats_state.id = 1" }
    GO_ON {
        "UPDATE core_stats_state SET run = $1, since = $2, stage = $3, position = $4, \
         uncounted = $5, begun_purged = $6 WHERE id = 1"
    }
    FIRST_QUARTER {
        "SELECT quarter FROM core_stats WHERE run = $1 AND quarter >= $2 \
         ORDER BY quarter LIMIT 1"
    }
    CLEAR { "DELETE FROM core_stats WHERE run = $1 AND quarter >= $2 AND quarter < $3" }
    CLEAR_TIMES {
        "DELETE FROM core_stats_time WHERE run = $1 AND quarter >= $2 AND quarter < $3"
    }
    COPY {
        "INSERT INTO core_stats (run, quarter, series, events) \
         SELECT $1, quarter, series, events FROM core_stats \
         WHERE run = $2 AND quarter >= $3 AND quarter < $4"
    }
    COPY_TIMES {
        "INSERT INTO core_stats_time (run, quarter, series, bucket, events) \
         SELECT $1, quarter, series, bucket, events FROM core_stats_time \
         WHERE run = $2 AND quarter >= $3 AND quarter < $4"
    }
    LEAVES {
        "SELECT leaf_index, event_id FROM core_audit_leaf \
         WHERE leaf_index >= $1 AND leaf_index < $2 ORDER BY leaf_index"
    }
    /// The events of these numbers that were not purged.
    EVENTS {
        "SELECT " stored_event_columns " FROM core_event e WHERE e.id " (among "$1")
    }
}

/// What is being done. The words of a stage are numbers in the store.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RebuildStage {
    /// Nothing.
    Idle,
    /// Clearing what an earlier rebuild left.
    Clear,
    /// Copying the quarters whose events were purged.
    Copy,
    /// Counting the sealed events.
    Count,
    /// Clearing the rows that were read before.
    CleanUp,
}

impl RebuildStage {
    const fn of(number: i64) -> Self {
        match number {
            1 => Self::Clear,
            2 => Self::Copy,
            3 => Self::Count,
            4 => Self::CleanUp,
            _ => Self::Idle,
        }
    }

    const fn number(self) -> i64 {
        match self {
            Self::Idle => 0,
            Self::Clear => 1,
            Self::Copy => 2,
            Self::Count => 3,
            Self::CleanUp => 4,
        }
    }
}

/// How far a rebuild is, as the store keeps it.
#[derive(Clone, Copy)]
struct RebuildState {
    /// The set of rows that is read.
    run: i64,
    /// From which place on sealed events are counted in it.
    since: i64,
    stage: RebuildStage,
    /// The quarter or the place from which to go on.
    position: i64,
    /// As `since`, of the set that is being made.
    uncounted: i64,
    /// How many events had been purged when it began.
    begun_purged: i64,
}

impl RebuildState {
    const fn other(&self) -> i64 {
        1 - self.run
    }

    /// The next stage, from its beginning.
    const fn then(self, stage: RebuildStage) -> Self {
        Self { stage, position: i64::MIN, ..self }
    }
}

/// One step of a rebuild.
pub(in crate::store) async fn step(
    db: &Database,
    most: u32,
    actor: &Actor,
) -> Result<RebuildStep, StoreError> {
    let mut tx = db.begin().await?;
    tx.lock(SEAL_LOCK).await?;
    let it = StateColumns::read(&tx.one(&STATE, args![]).await?)?;
    let mut state = RebuildState {
        run: it.run,
        since: it.since,
        stage: RebuildStage::of(it.stage),
        position: it.position,
        uncounted: it.uncounted,
        begun_purged: it.begun_purged,
    };
    let is_under_way = matches!(state.stage, RebuildStage::Copy | RebuildStage::Count);
    if state.stage == RebuildStage::Idle || (is_under_way && state.begun_purged != it.purged) {
        state = RebuildState {
            uncounted: 0,
            begun_purged: it.purged,
            ..state.then(RebuildStage::Clear)
        };
    }
    let kept = kept_before(it.purged_before);
    let next = match state.stage {
        RebuildStage::Clear => clear(&mut tx, state, RebuildStage::Copy).await?,
        RebuildStage::Copy => copy(&mut tx, state, kept).await?,
        RebuildStage::Count => count(&mut tx, state, kept, (it.size, most)).await?,
        RebuildStage::CleanUp | RebuildStage::Idle => {
            clear(&mut tx, state, RebuildStage::Idle).await?
        }
    };
    let RebuildState { run, since, stage, position, uncounted, begun_purged } = next;
    let arguments = args![run, since, stage.number(), position, uncounted, begun_purged];
    tx.write(&GO_ON, arguments).await?;
    let is_over = stage == RebuildStage::Idle;
    if is_over {
        let detail = format!("from {} sealed entries", it.size);
        events::write(&mut tx, &NewEvent::of_office(EventKind::StatsRebuilt, detail, actor))
            .await?;
        tx.commit().await?;
    } else {
        tx.commit_quietly().await?;
    }
    let done = match stage {
        RebuildStage::Clear | RebuildStage::Copy => 0,
        RebuildStage::Count => position.max(0),
        RebuildStage::CleanUp | RebuildStage::Idle => it.size,
    };
    let places = |place: i64| u64::try_from(place).unwrap_or_default();
    Ok(RebuildStep { done: places(done), of: places(it.size), is_over })
}

/// The first quarter of which no event can have been purged.
fn kept_before(purged_before: i64) -> Quarter {
    match purged_before {
        0 => Quarter(i64::MIN),
        moment => Quarter::from(Timestamp::from_millis(moment)),
    }
}

/// Clears some quarters of the set that is not read.
async fn clear(
    tx: &mut Tx,
    state: RebuildState,
    then: RebuildStage,
) -> Result<RebuildState, StoreError> {
    let run = state.other();
    let Some(from) = first_quarter(tx, run, state.position).await? else {
        return Ok(state.then(then));
    };
    let before = from.saturating_add(QUARTERS);
    tx.write(&CLEAR, args![run, from, before]).await?;
    tx.write(&CLEAR_TIMES, args![run, from, before]).await?;
    Ok(RebuildState { position: before, ..state })
}

/// Copies some quarters before the first that is counted.
async fn copy(tx: &mut Tx, state: RebuildState, kept: Quarter) -> Result<RebuildState, StoreError> {
    let first = first_quarter(tx, state.run, state.position).await?;
    let Some(from) = first.filter(|from| *from < kept.0) else {
        return Ok(RebuildState { position: 0, ..state.then(RebuildStage::Count) });
    };
    let before = from.saturating_add(QUARTERS).min(kept.0);
    let arguments = args![state.other(), state.run, from, before];
    tx.write(&COPY, arguments).await?;
    tx.write(&COPY_TIMES, arguments).await?;
    Ok(RebuildState { position: before, ..state })
}

async fn first_quarter(tx: &mut Tx, run: i64, from: i64) -> Result<Option<i64>, StoreError> {
    let row = tx.maybe(&FIRST_QUARTER, args![run, from]).await?;
    row.map(|row| row.int("quarter")).transpose()
}

/// Counts the next sealed events; after the last of them, the set is the one that is read.
async fn count(
    tx: &mut Tx,
    state: RebuildState,
    kept: Quarter,
    (size, most): (i64, u32),
) -> Result<RebuildState, StoreError> {
    let from = state.position.max(0);
    let before = from.saturating_add(most.into()).min(size);
    let leaves = tx.all(&LEAVES, args![from, before]).await?;
    let leaves = leaves.iter().map(|row| Ok((row.int("leaf_index")?, row.int("event_id")?)));
    let leaves = leaves.collect::<Result<Vec<_>, StoreError>>()?;
    let numbers = list(leaves.iter().map(|(_, event)| *event));
    let mut counted: HashMap<i64, StoredEvent> = HashMap::new();
    for row in tx.all(&EVENTS, args![&numbers]).await? {
        let event = read_stored(&row)?;
        if Quarter::of(event.at) >= kept {
            counted.insert(event.id.0, event);
        }
    }
    // What is missing lies in a quarter that was copied. If it was not counted there, it is not.
    let missing = leaves.iter().filter(|(_, event)| !counted.contains_key(event));
    let missing = missing.map(|(place, _)| *place).filter(|place| *place < state.since).max();
    let uncounted = missing.map_or(state.uncounted, |place| state.uncounted.max(place + 1));
    let roll_up = RollUp::of(counted.values());
    if !roll_up.is_empty() {
        let rows = RolledUp::new(state.other(), &roll_up);
        tx.write_all(&rows.writes().collect::<Vec<_>>()).await?;
    }
    if before < size {
        return Ok(RebuildState { position: before, uncounted, ..state });
    }
    let read = RebuildState { run: state.other(), since: uncounted, ..state };
    Ok(read.then(RebuildStage::CleanUp))
}
