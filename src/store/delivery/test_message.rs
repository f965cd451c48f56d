//! The rate limits of test messages. They count together with the messages that carry a
//! code: `limits.in_all` bounds what they cost, and what the provider sees.

use std::time::Duration;

use crate::domain::contact::Contact;
use crate::domain::event::Actor;
use crate::domain::policy::{RateLimit, RateLimits, RateWindow};
use crate::domain::time::millis_of;
use crate::service::ports::error::StoreError;
use crate::service::ports::test_message::{TestSend, TestSendRefusal};
use crate::store::audit::events;
use crate::store::database::engine::{Database, Tx, args};
use crate::store::database::statement::statements;
use crate::store::delivery::cooldown_and_rate_limits::ISSUE_LOCK;

/// How long test messages count: the longest window of a limit.
pub(in crate::store) const KEPT: Duration = RateWindow::Day.length();

statements! {
    /// The test messages of a window, and the oldest of them. The table is small.
    COUNTED {
        "SELECT " now " AS read_at, \
         (SELECT COUNT(*) FROM core_trial WHERE contact = $1 AND created_at > " now " - $5) \
         AS of_contact, \
         (SELECT COUNT(*) FROM core_trial WHERE number_prefix = $2 AND created_at > " now " - $5) \
         AS of_prefix, \
         (SELECT COUNT(*) FROM core_trial WHERE clerk = $3 AND created_at > " now " - $5) \
         AS of_clerk, \
         (SELECT COUNT(*) FROM core_trial WHERE counter = $4 AND created_at > " now " - $5) \
         AS of_counter, \
         (SELECT COUNT(*) FROM core_trial WHERE created_at > " now " - $5) AS of_office, \
         (SELECT MIN(created_at) FROM core_trial WHERE created_at > " now " - $5) AS oldest"
    }
    /// As for codes: for each limit, the time of the message that fills what the test
    /// messages leave of it.
    LIMITS {
        "SELECT "
        (filler "contact = $1 AND " "$5" "$6") " AS of_contact, "
        (filler "number_prefix = $2 AND " "$5" "$7") " AS of_prefix, "
        (filler "clerk = $3 AND " "$5" "$8") " AS of_clerk, "
        (filler "counter = $4 AND " "$5" "$9") " AS of_counter, "
        (filler "" "$5" "$10") " AS of_office"
    }
    /// Whether it was counted before, in a call whose answer was lost.
    IS_COUNTED { "SELECT id FROM core_event WHERE act = $1" }
    COUNT {
        "INSERT INTO core_trial (contact, number_prefix, clerk, counter, created_at) \
         VALUES ($1, $2, $3, $4, " now ")"
    }
    DELETE_OLD { "DELETE FROM core_trial WHERE created_at <= " now " - $1" }
}

/// Counts a test message and writes its event, before it is sent; returns the limit that
/// refuses it.
pub(in crate::store) async fn record(
    db: &Database,
    test: &TestSend<'_>,
) -> Result<Option<TestSendRefusal>, StoreError> {
    let TestSend { act, contact, event, .. } = test;
    let actor = event.actor;
    let mut tx = db.begin().await?;
    tx.lock(ISSUE_LOCK).await?;
    if tx.maybe(&IS_COUNTED, args![*act]).await?.is_some() {
        return Ok(None);
    }
    if let Some(refusal) = refusal(&mut tx, contact, actor, test.limits).await? {
        return Ok(Some(refusal));
    }
    erase(&mut tx).await?;
    tx.write(&COUNT, args![contact.as_str(), contact.prefix(), &actor.clerk, &actor.counter])
        .await?;
    events::write_once(&mut tx, event, Some(act)).await?;
    tx.commit().await?;
    Ok(None)
}

/// Deletes the test messages that no limit counts any more; returns how many.
pub(in crate::store) async fn erase(tx: &mut Tx) -> Result<u64, StoreError> {
    tx.write(&DELETE_OLD, args![millis_of(KEPT)]).await
}

/// The limit that test messages and codes reach together. The limit of a customer does not
/// apply: a test message has none.
pub(in crate::store) async fn refusal(
    tx: &mut Tx,
    contact: &Contact,
    actor: &Actor,
    limits: &RateLimits,
) -> Result<Option<TestSendRefusal>, StoreError> {
    for window in [RateWindow::Day, RateWindow::Hour] {
        let refusal = refusal_within(tx, contact, actor, limits, window).await?;
        if refusal.is_some() {
            return Ok(refusal);
        }
    }
    Ok(None)
}

async fn refusal_within(
    tx: &mut Tx,
    contact: &Contact,
    actor: &Actor,
    limits: &RateLimits,
    window: RateWindow,
) -> Result<Option<TestSendRefusal>, StoreError> {
    let (clerk, counter, length) = (&actor.clerk, &actor.counter, millis_of(window.length()));
    let (address, prefix) = (contact.as_str(), contact.prefix());
    let so_far = tx.one(&COUNTED, args![address, prefix, clerk, counter, length]).await?;
    let most = limits.of(window);
    let limits = [
        (RateLimit::Contact(window), most.per_contact, "of_contact"),
        (RateLimit::Prefix(window), most.per_prefix, "of_prefix"),
        (RateLimit::Clerk(window), most.per_clerk, "of_clerk"),
        (RateLimit::Counter(window), most.per_counter, "of_counter"),
        (RateLimit::Office(window), most.in_all, "of_office"),
    ];
    let mut left = [0; 5];
    for (at, (limit, most, column)) in limits.into_iter().enumerate() {
        left[at] = i64::from(most) - so_far.int(column)?;
        if left[at] <= 0 {
            let since = so_far.maybe_time("oldest")?.unwrap_or(so_far.time("read_at")?);
            return Ok(Some(TestSendRefusal { limit, retry_at: since.plus(window.length()) }));
        }
    }
    let [of_contact, of_prefix, of_clerk, of_counter, of_all] = left.map(|it| it - 1);
    let arguments = args![
        address, prefix, clerk, counter, length, of_contact, of_prefix, of_clerk, of_counter,
        of_all,
    ];
    let row = tx.one(&LIMITS, arguments).await?;
    for (limit, _, column) in limits {
        if let Some(filler) = row.maybe_time(column)? {
            let retry_at = filler.plus(window.length());
            return Ok(Some(TestSendRefusal { limit, retry_at }));
        }
    }
    Ok(None)
}
