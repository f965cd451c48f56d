//! The owner's mark that the customers of a store are real. It is made once and not taken back:
//! a tray then never serves the store.

use crate::domain::event::{Actor, EventKind};
use crate::domain::time::Timestamp;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::health::ProductionMark;
use crate::store::audit::events;
use crate::store::database::engine::{Database, args};
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;
use crate::store::upkeep::rehearsal;

row_type! {
    struct MarkColumns from "core_production" {
        marked_at: Timestamp = time "marked_at",
        marked_by: String = text "marked_by",
    }
}

statements! {
    READ { (select MarkColumns) "WHERE id = 1" }
    MARK {
        "INSERT INTO core_production (id, marked_at, marked_by) VALUES (1, " now ", $1)"
        (or_leave "id")
    }
}

/// The mark, if there is one.
pub(in crate::store) async fn read(db: &Database) -> Result<Option<ProductionMark>, StoreError> {
    let Some(row) = db.maybe(&READ, args![]).await? else { return Ok(None) };
    let it = MarkColumns::read(&row)?;
    Ok(Some(ProductionMark { since: it.marked_at, by: it.marked_by }))
}

/// Marks the store; whether it was not marked yet.
pub(in crate::store) async fn mark(db: &Database, actor: &Actor) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    if tx.maybe(&READ, args![]).await?.is_some() {
        return Ok(false);
    }
    rehearsal::refuse_marked(&mut tx).await?;
    tx.write(&MARK, args![&actor.clerk]).await?;
    let detail = "real customers from now on: no message goes to a tray".to_owned();
    let event = NewEvent::of_office(EventKind::StoreMarked, detail, actor);
    // Of two that mark it at once one is told that it was marked already.
    match events::write_once(&mut tx, &event, Some("store marked")).await {
        Err(StoreError::Taken(_)) => return Ok(false),
        written => written?,
    }
    tx.commit().await?;
    Ok(true)
}
