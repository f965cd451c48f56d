//! The owner's mark that a store is one of a rehearsal, and the customers who behave by a script.
//! A store has this mark or the one of real customers, and keeps it.

use crate::domain::customer::Unsaid;
use crate::domain::event::{Actor, EventKind};
use crate::domain::rehearsal::Script;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::store::audit::events;
use crate::store::customers::import::{self, IncomingCustomer};
use crate::store::database::engine::{Database, Tx, args};
use crate::store::database::statement::statements;

/// More wrong codes than any policy allows.
const LOCKED: i64 = 1_000;

/// With whom a store is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StoreUse {
    /// To try things out.
    #[default]
    Development,
    /// With real customers.
    Production,
    /// To train clerks.
    Rehearsal,
}

statements! {
    /// Which mark a store has, and whether a code was ever sent from it.
    MARKS {
        "SELECT (SELECT COUNT(*) FROM core_rehearsal WHERE id = 1) AS of_rehearsal, \
         (SELECT COUNT(*) FROM core_production WHERE id = 1) AS of_production, \
         (SELECT COALESCE(MAX(id), 0) FROM core_otp) AS newest_code FROM core_lock \
         WHERE name = 'issue'"
    }
    MARK {
        "INSERT INTO core_rehearsal (id, marked_at, marked_by) VALUES (1, " now ", $1)"
    }
    OF_ACCOUNT { "SELECT id FROM core_customer WHERE account_no = $1" }
    LOCK_CUSTOMER {
        "INSERT INTO core_guard (customer_id, failures, updated_at) VALUES ($1, $2, " now ") "
        (each
            ("ON CONFLICT (customer_id) DO UPDATE SET failures = excluded.failures")
            ("ON CONFLICT (customer_id) DO UPDATE SET failures = excluded.failures")
            ("ON DUPLICATE KEY UPDATE failures = VALUES(failures)"))
    }
}

/// The marks of a store.
struct Marks {
    of_rehearsal: bool,
    of_production: bool,
    was_used: bool,
}

impl Marks {
    async fn read(tx: &mut Tx) -> Result<Self, StoreError> {
        let row = tx.one(&MARKS, args![]).await?;
        Ok(Self {
            of_rehearsal: row.int("of_rehearsal")? > 0,
            of_production: row.int("of_production")? > 0,
            was_used: row.int("newest_code")? > 0,
        })
    }
}

/// Fails where a store is not for this use.
pub(in crate::store) async fn check(db: &Database, store_use: StoreUse) -> Result<(), StoreError> {
    let Some(row) = db.maybe(&MARKS, args![]).await? else { return Ok(()) };
    let (rehearsal, production) = (row.int("of_rehearsal")? > 0, row.int("of_production")? > 0);
    let why = match store_use {
        StoreUse::Rehearsal if production => {
            "This store is marked as one of real customers, and environment is \"rehearsal\": name \
             a store of the rehearsal's own in store.url."
        }
        StoreUse::Rehearsal if !rehearsal => {
            "environment is \"rehearsal\", and this store is not marked as one of a rehearsal. If \
             it is to be one: countersign migrate --rehearsal"
        }
        StoreUse::Production if rehearsal => {
            "This store is marked as one of a rehearsal, and environment is \"production\": name \
             the store of the real customers in store.url."
        }
        _ => return Ok(()),
    };
    Err(StoreError::misconfigured("environment", why))
}

/// Fails where a store is marked as one of a rehearsal.
pub(in crate::store) async fn refuse_marked(tx: &mut Tx) -> Result<(), StoreError> {
    if Marks::read(tx).await?.of_rehearsal {
        return Err(StoreError::refused("This store is marked as one of a rehearsal."));
    }
    Ok(())
}

/// Marks a store as one of a rehearsal, and sets its customers back to the beginning of their
/// scripts; whether it was not marked yet.
pub(in crate::store) async fn mark(
    db: &Database,
    actor: &Actor,
    has_own_customers: bool,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let marks = Marks::read(&mut tx).await?;
    if marks.of_production {
        return Err(StoreError::refused("This store is marked as one of real customers."));
    }
    if !marks.of_rehearsal {
        if marks.was_used {
            return Err(StoreError::refused(
                "Codes were sent from this store already. A rehearsal begins with a store of its \
                 own.",
            ));
        }
        tx.write(&MARK, args![&actor.clerk]).await?;
        let detail = "a rehearsal from now on: messages go to the tray".to_owned();
        let event = NewEvent::of_office(EventKind::StoreMarked, detail, actor);
        events::write(&mut tx, &event).await?;
    }
    if !has_own_customers {
        set_scripts(&mut tx).await?;
    }
    tx.commit().await?;
    Ok(!marks.of_rehearsal)
}

async fn set_scripts(tx: &mut Tx) -> Result<(), StoreError> {
    let incoming = |script: Script| IncomingCustomer {
        account_no: script.account_no(),
        name: script.name(),
        email: Some(script.email()),
        phone: None,
        address: None,
        locale: None,
        balance_cents: Some(4_250),
        currency: Some("USD"),
        unsaid: Unsaid::default(),
    };
    let customers: Vec<_> = Script::ALL.map(incoming).into();
    import::write(tx, &customers).await?;
    let locked = Script::Locked.account_no();
    let customer = tx.one(&OF_ACCOUNT, args![locked]).await?.int("id")?;
    tx.write(&LOCK_CUSTOMER, args![customer, LOCKED]).await.map(drop)
}
