//! The rate limits: whether a code may be sent now. Lockout, cooldown and the hourly limits
//! are read by one statement, in the transaction that would queue the message. Where test
//! messages were sent within the hour, what they leave of the limits is read as well.

use std::time::Duration;

use crate::domain::customer::CustomerId;
use crate::domain::delivery::TRAY;
use crate::domain::policy::RateLimit;
use crate::domain::time::{Timestamp, millis_of};
use crate::service::ports::error::StoreError;
use crate::service::ports::test_message::TestSendRefusal;
use crate::service::ports::verification::{Dispatch, IssueOutcome};
use crate::store::database::engine::{Tx, args};
use crate::store::database::rows;
use crate::store::database::statement::statements;
use crate::store::delivery::test_message;

/// The lock under which codes and test messages are counted, one after the other over the
/// whole office.
pub(in crate::store) const ISSUE_LOCK: &str = "issue";

/// The time over which the limits count.
pub(in crate::store) const RATE_LIMIT_WINDOW: Duration = Duration::from_hours(1);

/// The owner has said that the customers of the store are real.
pub(in crate::store) const NO_TRAY: &str = "\
    This store is marked as one of real customers, and this desk would put their codes into a \
    tray: set up a provider for the channel.";

/// Several rows of the external table have the same key.
const SHARED_KEY: &str = "\
    The office's table has several customers under this key, so that it cannot be told whose code \
    this would be. Have it corrected where the office keeps its customers.";

statements! {
    /// For each limit the time of the message that fills it: of a limit of six an hour, the
    /// sixth newest within the hour. When that is an hour old, there is room again.
    LIMITS {
        "SELECT " now " AS read_at, \
         (SELECT failures FROM core_guard WHERE customer_id = $1) AS failures, \
         (SELECT MAX(created_at) FROM core_delivery WHERE contact = $2) AS last_sent, "
        (filler "contact = $2 AND " "$5" "$6") " AS filled_contact, "
        (filler "customer_id = $1 AND " "$5" "$7") " AS filled_customer, "
        (filler "clerk = $3 AND " "$5" "$8") " AS filled_clerk, "
        (filler "counter = $4 AND " "$5" "$9") " AS filled_counter, "
        (filler "" "$5" "$10") " AS filled_office, \
         (SELECT COUNT(*) FROM core_customer_view WHERE id = $1) AS customers, \
         (SELECT account_no FROM core_customer_view WHERE id = $1 LIMIT 1) AS account_no, "
        is_production " AS is_production, \
         (SELECT COUNT(*) FROM core_trial WHERE created_at > " now " - $5) AS test_messages"
    }
}

/// Whether a code may be sent now.
pub(in crate::store) enum RateDecision {
    Admitted(Admitted),
    Refused(Box<IssueOutcome>),
}

/// What a code that may be sent is bound to, as the store knows it.
pub(in crate::store) struct Admitted {
    /// The store's clock.
    pub(in crate::store) at: Timestamp,
    /// The customer's account number.
    pub(in crate::store) account_no: String,
}

/// Decides whether a customer gets a code now.
pub(in crate::store) async fn decide(
    tx: &mut Tx,
    customer: CustomerId,
    dispatch: &Dispatch<'_>,
) -> Result<RateDecision, StoreError> {
    let Dispatch { delivery, policy, limits: allowed, actor, .. } = dispatch;
    let limits = [
        (RateLimit::Contact, allowed.per_contact, "filled_contact"),
        (RateLimit::Customer, allowed.per_customer, "filled_customer"),
        (RateLimit::Clerk, allowed.per_clerk, "filled_clerk"),
        (RateLimit::Counter, allowed.per_counter, "filled_counter"),
        (RateLimit::Office, allowed.in_all, "filled_office"),
    ];
    let position = |at: usize| i64::from(limits[at].1.saturating_sub(1));
    let row = tx
        .one(
            &LIMITS,
            args![
                customer.0,
                delivery.contact.as_str(),
                &actor.clerk,
                &actor.counter,
                millis_of(RATE_LIMIT_WINDOW),
                position(0),
                position(1),
                position(2),
                position(3),
                position(4),
            ],
        )
        .await?;
    let now = row.time("read_at")?;
    match row.int("customers")? {
        1 => {}
        0 => return Err(StoreError::Failed("the customer is no longer on file".into())),
        _ => return Err(StoreError::Refused(SHARED_KEY.into())),
    }
    if row.flag("is_production")? && delivery.provider == TRAY {
        return Err(StoreError::Refused(NO_TRAY.into()));
    }
    let account_no = rows::account_no_of_code(row.shown_text("account_no")?.as_deref());
    let refused = |outcome| Ok(RateDecision::Refused(Box::new(outcome)));
    if row.maybe_int("failures")?.unwrap_or(0) >= i64::from(policy.failure_cap) {
        return refused(IssueOutcome::CustomerLocked);
    }
    if let Some(last) = row.maybe_time("last_sent")? {
        let retry_at = last.plus(policy.resend_cooldown);
        if retry_at > now {
            return refused(IssueOutcome::Limited { limit: RateLimit::Cooldown, retry_at });
        }
    }
    for (limit, allowed, column) in limits {
        let full = match row.maybe_time(column)? {
            _ if allowed == 0 => Some(now),
            filler => filler,
        };
        if let Some(since) = full {
            let retry_at = since.plus(RATE_LIMIT_WINDOW);
            return refused(IssueOutcome::Limited { limit, retry_at });
        }
    }
    let admitted = RateDecision::Admitted(Admitted { at: now, account_no });
    if row.int("test_messages")? == 0 {
        return Ok(admitted);
    }
    // Test messages count for the same limits as codes; few offices have sent any within
    // the hour.
    let refusal = test_message::refusal(tx, &delivery.contact, actor, allowed).await?;
    Ok(refusal.map_or(admitted, |TestSendRefusal { limit, retry_at }| {
        RateDecision::Refused(Box::new(IssueOutcome::Limited { limit, retry_at }))
    }))
}
