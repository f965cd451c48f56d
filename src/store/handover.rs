//! The word to hand a message over.
//!
//! A hand-over begins with one guarded statement, which succeeds once, however many
//! terminals try: a message that two of them sent would be two messages.

use std::collections::BTreeSet;
use std::time::Duration;

use super::db::{Db, Kind, args, list};
use super::sql::statements;
use crate::domain::line::Line;
use crate::domain::time::millis_of;
use crate::service::ports::StoreError;
use crate::service::ports::outbox::Errand;

/// How long a hand-over may take before its terminal counts as dead; longer than
/// any sender's own limits.
const HANDOVER: Duration = Duration::from_mins(1);

statements! {
    BEGIN {
        "UPDATE core_outbox SET begun_at = " now ", due_at = " now " + $3 \
         WHERE delivery_id = $1 AND holder = $2 AND task = 'send' AND begun_at IS NULL \
         AND useful_until > " now " AND tries = $4"
    }
    /// As [`BEGIN`] for several, none of which was tried before: tells which begin,
    /// which MySQL cannot.
    BEGIN_FIRST {
        "UPDATE core_outbox SET begun_at = " now ", due_at = " now " + $3 \
         WHERE delivery_id " (among "$1") " AND holder = $2 AND task = 'send' \
         AND begun_at IS NULL AND useful_until > " now " AND tries = 0"
        (each (" RETURNING delivery_id") (" RETURNING delivery_id") (""))
    }
    /// The same in two steps: those that can begin, then that they do.
    UNBEGUN {
        "SELECT delivery_id, tries FROM "
        (rows_among "core_outbox" "delivery_id" "$1")
        " AND holder = $2 AND task = 'send' AND begun_at IS NULL AND useful_until > " now "
         ORDER BY delivery_id" for_update
    }
    BEGIN_THESE {
        (each
            ("UPDATE core_outbox SET begun_at = " now ", due_at = " now " + $2 \
              WHERE delivery_id " (among "$1"))
            ("UPDATE core_outbox SET begun_at = " now ", due_at = " now " + $2 \
              WHERE delivery_id " (among "$1"))
            ("UPDATE " (numbers "$1") " STRAIGHT_JOIN core_outbox ON delivery_id = value \
              SET begun_at = " now ", due_at = " now " + $2"))
    }
    BY_LINE { "UPDATE core_delivery SET fallback = $2 WHERE id = $1" }
    TAKE_BACK {
        "UPDATE core_outbox SET begun_at = NULL, due_at = " now " WHERE delivery_id = $1 \
         AND holder = $2 AND tries = $3 AND task = 'send' AND begun_at IS NOT NULL"
    }
}

/// Begins hand-overs, each once. Who asks later what became of one has to ask the
/// provider that it went to.
pub(super) async fn begin(
    db: &Db,
    errands: &[(&Errand, Line)],
    holder: &str,
) -> Result<Vec<bool>, StoreError> {
    let is_first = errands.iter().all(|(errand, line)| !is_by_another_line(errand, *line));
    match errands {
        [(errand, _)] if is_first => {
            let arguments = args![errand.delivery.0, holder, millis_of(HANDOVER), errand.tries];
            Ok(vec![db.write_alone(&BEGIN, arguments).await? == 1])
        }
        _ if is_first && db.kind() != Kind::Mysql => begin_first(db, errands, holder).await,
        _ => begin_any(db, errands, holder).await,
    }
}

async fn begin_first(
    db: &Db,
    errands: &[(&Errand, Line)],
    holder: &str,
) -> Result<Vec<bool>, StoreError> {
    let ids = list(errands.iter().map(|(errand, _)| errand.delivery.0));
    let rows = db.write_returning(&BEGIN_FIRST, args![&ids, holder, millis_of(HANDOVER)]).await?;
    let begun = rows.iter().map(|row| Ok((row.int(0)?, 0))).collect::<Result<_, StoreError>>()?;
    Ok(words(errands, begun))
}

async fn begin_any(
    db: &Db,
    errands: &[(&Errand, Line)],
    holder: &str,
) -> Result<Vec<bool>, StoreError> {
    // Each once, since a row is told as often as its number stands in the list.
    let ids = |of: &[(&Errand, Line)]| {
        list(of.iter().map(|(errand, _)| errand.delivery.0).collect::<BTreeSet<_>>())
    };
    let mut tx = db.begin().await?;
    let rows = tx.all(&UNBEGUN, args![&ids(errands), holder]).await?;
    let unbegun = rows
        .iter()
        .map(|row| Ok((row.int(0)?, row.count(1)?)))
        .collect::<Result<_, StoreError>>()?;
    let words = words(errands, unbegun);
    let begun = errands.iter().zip(&words).filter(|(_, word)| **word);
    let begun: Vec<_> = begun.map(|(asked, _)| *asked).collect();
    if !begun.is_empty() {
        tx.write(&BEGIN_THESE, args![&ids(&begun), millis_of(HANDOVER)]).await?;
        for (errand, line) in &begun {
            if is_by_another_line(errand, *line) {
                let id = errand.delivery.0;
                tx.write(&BY_LINE, args![id, i64::from(line.fallback)]).await?;
            }
        }
        tx.commit_quietly().await?;
    }
    Ok(words)
}

/// To which errands the word is given: to those with a number and a count of tries
/// that can begin. A terminal may be at one errand twice; the word is given once.
fn words(errands: &[(&Errand, Line)], mut can: Vec<(i64, u32)>) -> Vec<bool> {
    let mut begins = |errand: &Errand| {
        let found = can.iter().position(|it| *it == (errand.delivery.0, errand.tries));
        found.map(|at| can.swap_remove(at)).is_some()
    };
    errands.iter().map(|(errand, _)| begins(errand)).collect()
}

/// Takes back that a hand-over began, which nobody makes.
pub(super) async fn take_back(db: &Db, errand: &Errand, holder: &str) -> Result<(), StoreError> {
    let arguments = args![errand.delivery.0, holder, errand.tries];
    db.write_alone(&TAKE_BACK, arguments).await.map(drop)
}

/// By another line than last, or than a run of it that was overtaken knew.
fn is_by_another_line(errand: &Errand, line: Line) -> bool {
    line != errand.line || errand.tries > 0
}
