//! Flags of customers. Who sets one takes the customer's guard, as everybody does who proves
//! something for the customer: so what is proven is judged by the flag, or ended by it.

use crate::domain::channel::Factor;
use crate::domain::customer::{Customer, CustomerId};
use crate::domain::event::{Actor, EventKind};
use crate::domain::flag::{CustomerFlag, Flag, FlagRefusal, Flags, Standing};
use crate::domain::session::{Session, SessionEnd};
use crate::domain::text;
use crate::domain::time::Timestamp;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::flags::{FlaggedCustomer, NewFlag};
use crate::store::audit::events;
use crate::store::database::columns::customers::CustomerOnFile;
use crate::store::database::engine::{Database, Row, Tx, args, list};
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;
use crate::store::verification::{contact_changes, customer_guard, session};

row_type! {
    struct FlagColumns from "core_flag f" {
        customer_id: i64 = int "f.customer_id",
        flag: Flag = word "f.flag",
        reason: String = text "f.reason",
        clerk: String = text "f.clerk",
        counter: String = text "f.counter",
        set_at: Timestamp = time "f.set_at",
        until_at: Option<Timestamp> = maybe_time "f.until_at",
    }
}

row_type! {
    struct FlaggedColumns from "core_flag f \
        LEFT JOIN core_customer_view c ON c.id = f.customer_id"
        with (flag: FlagColumns)
    {
        account_no: Option<String> = shown_text "c.account_no",
        customer_name: Option<String> = shown_text "c.name",
    }
}

statements! {
    OF {
        (select FlagColumns) "WHERE f.customer_id = $1 \
         AND (f.until_at IS NULL OR f.until_at > " clock ")"
    }
    OF_MANY {
        (select FlagColumns) "WHERE f.customer_id " (among "$1")
        " AND (f.until_at IS NULL OR f.until_at > " now ")"
    }
    ALL {
        (select FlaggedColumns) "WHERE f.until_at IS NULL OR f.until_at > " now
        " ORDER BY f.customer_id, f.flag LIMIT $1"
    }
    /// Together with those whose time is over.
    CLEAR {
        "DELETE FROM core_flag WHERE customer_id = $1 AND (flag = $2 OR until_at <= " clock ")"
    }
    SET {
        (insert "core_flag" {
            customer_id: "$1",
            flag: "$2",
            reason: "$3",
            clerk: "$4",
            counter: "$5",
            set_at: now,
            until_at: "$6",
        })
    }
    /// A second person's word for the customer that nobody has used yet counts no more.
    FORGET_VOUCHES { "DELETE FROM core_approval WHERE customer_id = $1 AND act = 'vouch'" }
    LIFT {
        "DELETE FROM core_flag WHERE customer_id = $1 AND flag = $2 \
         AND (until_at IS NULL OR until_at > " clock ")"
    }
}

fn flag(it: FlagColumns) -> CustomerFlag {
    CustomerFlag {
        flag: it.flag,
        reason: text::clean(&it.reason),
        set_by: Actor { clerk: it.clerk, counter: it.counter },
        set_at: it.set_at,
        until: it.until_at,
    }
}

fn flags(rows: &[Row]) -> Result<Flags, StoreError> {
    rows.iter().map(|row| FlagColumns::read(row).map(flag)).collect()
}

/// The flags of a customer.
pub(in crate::store) async fn of(db: &Database, customer: CustomerId) -> Result<Flags, StoreError> {
    flags(&db.all(&OF, args![customer.0]).await?)
}

/// The flags of a customer in a transaction. Where the guard is taken, they stay so until it ends.
pub(in crate::store) async fn held(tx: &mut Tx, customer: CustomerId) -> Result<Flags, StoreError> {
    flags(&tx.all(&OF, args![customer.0]).await?)
}

/// The same, where a factor proves something for the customer; else the refusal.
pub(in crate::store) async fn of_proof(
    tx: &mut Tx,
    customer: CustomerId,
    (who, factor): (Standing, Factor),
) -> Result<Flags, StoreError> {
    let flags = held(tx, customer).await?;
    match flags.refusal_of(who, factor).cloned() {
        None => Ok(flags),
        Some(flag) => {
            Err(StoreError::Flagged(Box::new(FlagRefusal { customer, flag, account_no: None })))
        }
    }
}

/// Says of each customer what flags there are.
pub(in crate::store) async fn attach(
    db: &Database,
    mut customers: Vec<Customer>,
) -> Result<Vec<Customer>, StoreError> {
    if customers.is_empty() {
        return Ok(customers);
    }
    let ids = list(customers.iter().map(|it| it.id.0));
    for row in db.all(&OF_MANY, args![&ids]).await? {
        let it = FlagColumns::read(&row)?;
        let id = CustomerId(it.customer_id);
        let set = flag(it);
        for customer in customers.iter_mut().filter(|it| it.id == id) {
            let all = customer.flags.iter().cloned().chain([set.clone()]);
            customer.flags = all.collect();
        }
    }
    Ok(customers)
}

/// The flags of all customers.
pub(in crate::store) async fn all(
    db: &Database,
    limit: u32,
) -> Result<Vec<FlaggedCustomer>, StoreError> {
    let rows = db.all(&ALL, args![limit]).await?;
    let read = |row: &Row| {
        let it = FlaggedColumns::read(row)?;
        let (account_no, customer_name) = (it.account_no, it.customer_name);
        let (account_no, name) = CustomerOnFile { account_no, customer_name }.shown();
        let customer = CustomerId(it.flag.customer_id);
        Ok(FlaggedCustomer { customer, account_no, name, flag: flag(it.flag) })
    };
    rows.iter().map(read).collect()
}

/// What the log says of a flag.
pub(in crate::store) fn event<'a>(
    kind: EventKind,
    (customer, flag): (CustomerId, Flag),
    reason: &str,
    actor: &'a Actor,
) -> NewEvent<'a> {
    let detail = format!("{}: {reason}", flag.label());
    NewEvent { customer: Some(customer), ..NewEvent::of_office(kind, detail, actor) }
}

/// Sets a flag.
pub(in crate::store) async fn set(
    db: &Database,
    act: &str,
    new: &NewFlag<'_>,
) -> Result<(), StoreError> {
    let NewFlag { customer, flag, reason, until, actor } = *new;
    let mut tx = db.begin().await?;
    customer_guard::take(&mut tx, customer).await?;
    let said = until.map_or_else(|| reason.to_owned(), |it| format!("{reason} (until {it})"));
    let written = event(EventKind::FlagSet, (customer, flag), &said, actor);
    match events::write_once(&mut tx, &written, Some(act)).await {
        Err(StoreError::Taken(_)) => return Ok(()),
        written => written?,
    }
    put(&mut tx, new).await?;
    tx.commit().await
}

/// Puts a flag in the place of an earlier one of its kind, and ends what it makes worthless: returns
/// how many codes, and the sessions. The customer's guard is taken.
pub(in crate::store) async fn put(
    tx: &mut Tx,
    new: &NewFlag<'_>,
) -> Result<(u64, Vec<Session>), StoreError> {
    let NewFlag { customer, flag, reason, until, actor } = *new;
    tx.write(&CLEAR, args![customer.0, flag.word()]).await?;
    let until = until.map(Timestamp::millis);
    let arguments = args![customer.0, flag.word(), reason, &actor.clerk, &actor.counter, until];
    tx.write(&SET, arguments).await?;
    if flag == Flag::Hold {
        tx.write(&FORGET_VOUCHES, args![customer.0]).await?;
    }
    let why = format!("The customer is marked: {}.", flag.label());
    let codes = contact_changes::revoke_all(tx, customer, &why, actor, |it| {
        flag.ends_codes_of(Standing::of(it.representative.as_ref()))
    })
    .await?;
    let sessions = session::end_all(tx, customer, SessionEnd::Revoked, actor, |it| {
        flag.ends_sessions_of(Standing::of(it.representative.as_ref()))
    })
    .await?;
    Ok((codes, sessions))
}

/// Lifts a flag; whether it was set.
pub(in crate::store) async fn lift(
    db: &Database,
    act: &str,
    (customer, flag): (CustomerId, Flag),
    reason: &str,
    actor: &Actor,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    customer_guard::take(&mut tx, customer).await?;
    let written = event(EventKind::FlagLifted, (customer, flag), reason, actor);
    match events::write_once(&mut tx, &written, Some(act)).await {
        Err(StoreError::Taken(_)) => return Ok(true),
        written => written?,
    }
    if tx.write(&LIFT, args![customer.0, flag.word()]).await? == 0 {
        return Ok(false);
    }
    tx.commit().await?;
    Ok(true)
}
