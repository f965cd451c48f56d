//! Whether a message may go out now: the customer's lock, the cooldown and the
//! limits, all read in one statement inside the transaction that would send. Where test
//! messages were sent within the hour, what they leave of the limits is read as well.

use std::time::Duration;

use crate::domain::customer::CustomerId;
use crate::domain::policy::RateLimit;
use crate::domain::time::{Timestamp, millis_of};
use crate::service::ports::error::StoreError;
use crate::service::ports::verification::{Dispatch, IssueOutcome};
use crate::store::database::engine::{Tx, args};
use crate::store::database::statement::statements;
use crate::store::delivery::test_message;

/// The span in which the limits count.
pub(in crate::store) const RATE_LIMIT_WINDOW: Duration = Duration::from_hours(1);

/// Who it is cannot be told.
const TWO: &str = "\
    The office's table has several customers under this key, so that it cannot be told whose code \
    this would be. Have it corrected where the office keeps its customers.";

statements! {
    /// For each limit, the message that fills it: of a limit of six an hour,
    /// the sixth newest within the hour. When it leaves the hour there is room.
    GATE {
        "SELECT " now ", \
         (SELECT failures FROM core_guard WHERE customer_id = $1), \
         (SELECT MAX(created_at) FROM core_delivery WHERE contact = $2), "
        (filler "contact = $2 AND " "$5" "$6") ", "
        (filler "customer_id = $1 AND " "$5" "$7") ", "
        (filler "clerk = $3 AND " "$5" "$8") ", "
        (filler "counter = $4 AND " "$5" "$9") ", "
        (filler "" "$5" "$10") ", \
         (SELECT COUNT(*) FROM core_customer_view WHERE id = $1), \
         (SELECT COUNT(*) FROM core_trial WHERE created_at > " now " - $5)"
    }
}

/// Why a customer's code may not go; none where it may.
pub(in crate::store) async fn refusal(
    tx: &mut Tx,
    customer: CustomerId,
    dispatch: &Dispatch<'_>,
) -> Result<Option<IssueOutcome>, StoreError> {
    let Dispatch { delivery, policy, limits: allowed, actor, .. } = dispatch;
    let limits = [
        (RateLimit::Contact, allowed.per_contact),
        (RateLimit::Customer, allowed.per_customer),
        (RateLimit::Clerk, allowed.per_clerk),
        (RateLimit::Counter, allowed.per_counter),
        (RateLimit::Office, allowed.in_all),
    ];
    let place = |at: usize| i64::from(limits[at].1.saturating_sub(1));
    let row = tx
        .one(
            &GATE,
            args![
                customer.0,
                delivery.contact.as_str(),
                &actor.clerk,
                &actor.counter,
                millis_of(RATE_LIMIT_WINDOW),
                place(0),
                place(1),
                place(2),
                place(3),
                place(4),
            ],
        )
        .await?;
    let now = row.time(0)?;
    match row.int(3 + limits.len())? {
        1 => {}
        0 => return Err(StoreError::Failed("the customer is no longer on file".into())),
        _ => return Err(StoreError::Refused(TWO.into())),
    }
    if row.maybe_int(1)?.unwrap_or(0) >= i64::from(policy.failure_cap) {
        return Ok(Some(IssueOutcome::CustomerLocked));
    }
    if let Some(last) = row.maybe_int(2)? {
        let retry_at = Timestamp::from_millis(last).plus(policy.resend_cooldown);
        if retry_at > now {
            return Ok(Some(IssueOutcome::Limited { limit: RateLimit::Cooldown, retry_at }));
        }
    }
    for (at, (limit, allowed)) in limits.into_iter().enumerate() {
        let full = match row.maybe_int(3 + at)? {
            _ if allowed == 0 => Some(now),
            filler => filler.map(Timestamp::from_millis),
        };
        if let Some(since) = full {
            return Ok(Some(IssueOutcome::Limited {
                limit,
                retry_at: since.plus(RATE_LIMIT_WINDOW),
            }));
        }
    }
    if row.int(4 + limits.len())? == 0 {
        return Ok(None);
    }
    // Test messages and codes share one budget; few offices sent one within the hour.
    let refusal = test_message::refusal(tx, &delivery.contact, actor, allowed).await?;
    Ok(refusal.map(|it| IssueOutcome::Limited { limit: it.limit, retry_at: it.retry_at }))
}
