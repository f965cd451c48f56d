//! The rate limits: whether a code may be sent now. Lockout, cooldown and the limits of an
//! hour and of a day are read by one statement, in the transaction that would queue the
//! message. Where test messages were sent within the day, what they leave of the limits is
//! read as well.

use crate::domain::customer::CustomerId;
use crate::domain::delivery::TRAY;
use crate::domain::policy::{RateLimit, RateWindow, SendLimits};
use crate::domain::time::{Timestamp, millis_of};
use crate::service::ports::error::StoreError;
use crate::service::ports::test_message::TestSendRefusal;
use crate::service::ports::verification::{Dispatch, IssueOutcome};
use crate::store::database::columns::requests::account_no_of_code;
use crate::store::database::engine::{Row, Tx, args};
use crate::store::database::statement::statements;
use crate::store::delivery::test_message;

/// The lock under which codes and test messages are counted, one after the other over the
/// whole office.
pub(in crate::store) const ISSUE_LOCK: &str = "issue";

/// The windows with the columns of [`LIMITS`], in the order of [`SendLimits::each`].
const WINDOWS: [(RateWindow, [&str; 6]); 2] = [
    (
        RateWindow::Hour,
        [
            "contact_hour",
            "prefix_hour",
            "customer_hour",
            "clerk_hour",
            "counter_hour",
            "office_hour",
        ],
    ),
    (
        RateWindow::Day,
        ["contact_day", "prefix_day", "customer_day", "clerk_day", "counter_day", "office_day"],
    ),
];

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
    /// sixth newest within the hour. When that is an hour old, there is room again. Each
    /// walks an index from its newest message and stops at the limit.
    LIMITS {
        "SELECT " now " AS read_at, \
         (SELECT failures FROM core_guard WHERE customer_id = $1) AS failures, \
         (SELECT MAX(created_at) FROM core_delivery WHERE contact = $2) AS last_sent, "
        (filler "contact = $2 AND " "$6" "$8") " AS contact_hour, "
        (filler "number_prefix = $3 AND " "$6" "$9") " AS prefix_hour, "
        (filler "customer_id = $1 AND " "$6" "$10") " AS customer_hour, "
        (filler "clerk = $4 AND " "$6" "$11") " AS clerk_hour, "
        (filler "counter = $5 AND " "$6" "$12") " AS counter_hour, "
        (filler "" "$6" "$13") " AS office_hour, "
        (filler "contact = $2 AND " "$7" "$14") " AS contact_day, "
        (filler "number_prefix = $3 AND " "$7" "$15") " AS prefix_day, "
        (filler "customer_id = $1 AND " "$7" "$16") " AS customer_day, "
        (filler "clerk = $4 AND " "$7" "$17") " AS clerk_day, "
        (filler "counter = $5 AND " "$7" "$18") " AS counter_day, "
        (filler "" "$7" "$19") " AS office_day, \
         (SELECT COUNT(*) FROM core_customer_view WHERE id = $1) AS customers, \
         (SELECT account_no FROM core_customer_view WHERE id = $1 LIMIT 1) AS account_no, "
        is_production " AS is_production, \
         (SELECT COUNT(*) FROM core_trial WHERE created_at > " now " - $7) AS test_messages"
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
    let Dispatch { delivery, policy, limits, actor, .. } = dispatch;
    let row = read(tx, customer, dispatch).await?;
    let now = row.time("read_at")?;
    match row.int("customers")? {
        1 => {}
        0 => return Err(StoreError::Failed("the customer is no longer on file".into())),
        _ => return Err(StoreError::Refused(SHARED_KEY.into())),
    }
    if row.flag("is_production")? && delivery.provider == TRAY {
        return Err(StoreError::Refused(NO_TRAY.into()));
    }
    let account_no = account_no_of_code(row.shown_text("account_no")?.as_deref());
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
    let mut reached: Option<(RateLimit, Timestamp)> = None;
    for (window, columns) in WINDOWS {
        for ((limit, most), column) in limits.of(window).each(window).into_iter().zip(columns) {
            let filled = if most == 0 { Some(now) } else { row.maybe_time(column)? };
            let Some(retry_at) = filled.map(|it| it.plus(window.length())) else { continue };
            // The one that holds longest is the one to be told of.
            if reached.is_none_or(|(_, until)| retry_at > until) {
                reached = Some((limit, retry_at));
            }
        }
    }
    if let Some((limit, retry_at)) = reached {
        return refused(IssueOutcome::Limited { limit, retry_at });
    }
    let admitted = RateDecision::Admitted(Admitted { at: now, account_no });
    if row.int("test_messages")? == 0 {
        return Ok(admitted);
    }
    // Test messages count for the same limits as codes; few offices have sent any within
    // the day.
    let refusal = test_message::refusal(tx, &delivery.contact, actor, limits).await?;
    Ok(refusal.map_or(admitted, |TestSendRefusal { limit, retry_at }| {
        RateDecision::Refused(Box::new(IssueOutcome::Limited { limit, retry_at }))
    }))
}

async fn read(
    tx: &mut Tx,
    customer: CustomerId,
    dispatch: &Dispatch<'_>,
) -> Result<Row, StoreError> {
    let Dispatch { delivery, limits, actor, .. } = dispatch;
    let [hour, day] = [&limits.per_hour, &limits.per_day].map(positions);
    tx.one(
        &LIMITS,
        args![
            customer.0,
            delivery.contact.as_str(),
            delivery.contact.prefix(),
            &actor.clerk,
            &actor.counter,
            millis_of(RateWindow::Hour.length()),
            millis_of(RateWindow::Day.length()),
            hour[0],
            hour[1],
            hour[2],
            hour[3],
            hour[4],
            hour[5],
            day[0],
            day[1],
            day[2],
            day[3],
            day[4],
            day[5],
        ],
    )
    .await
}

/// For each limit the position of the message that fills it, from 0 at the newest.
fn positions(limits: &SendLimits) -> [i64; 6] {
    limits.each(RateWindow::Hour).map(|(_, most)| i64::from(most.saturating_sub(1)))
}
