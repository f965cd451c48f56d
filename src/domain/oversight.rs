//! What goes on in the office right now, for whoever oversees it: which customers are locked,
//! who works where with which customer, and which messages wait.

use serde::{Deserialize, Serialize};

use crate::domain::channel::Channel;
use crate::domain::delivery_stats::QueueStats;
use crate::domain::event::{Event, EventCustomer};
use crate::domain::request::RequestId;
use crate::domain::sign_in::sitting::Sitting;
use crate::domain::time::Timestamp;

/// What goes on right now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Oversight {
    /// When it was read, by the store's clock.
    pub read_at: Timestamp,
    /// When the log was sealed last; none before the first time.
    pub sealed_at: Option<Timestamp>,
    /// All messages that wait to be sent.
    pub queue: QueueStats,
    /// Those of codes that wait longest, the oldest first.
    pub waiting: Vec<WaitingMessage>,
    /// The customers who are locked.
    pub lockouts: Lockouts,
    /// Who works where, by counter.
    pub counters: Vec<CounterAtWork>,
    /// Whether there are more counters than an answer takes.
    pub more_counters: bool,
}

/// The customers who are locked, as far as the log was looked through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lockouts {
    /// The last entry of each that says that the customer is locked, newest first.
    pub entries: Vec<Event>,
    /// Since when customers may have been locked who are among them; none where all are.
    pub since: Option<Timestamp>,
}

/// A message that waits to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingMessage {
    /// Of which request.
    pub request: RequestId,
    /// Of whom.
    pub customer: EventCustomer,
    /// By which channel.
    pub channel: Channel,
    /// By which provider.
    pub provider: String,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// Why it waits, for an admin, where that is known.
    pub detail: Option<String>,
}

/// A counter where somebody works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterAtWork {
    /// Which one.
    pub counter: String,
    /// Who works there.
    pub clerk: String,
    /// Since when they are signed in; none where nobody signs in (the desk is in their own
    /// process).
    pub since: Option<Timestamp>,
    /// When they did something last, as far as is known.
    pub active_at: Timestamp,
    /// The customer they are with.
    pub with: Option<ServedCustomer>,
}

/// A customer who is at a counter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServedCustomer {
    /// Who.
    pub customer: EventCustomer,
    /// Whether they are verified; else a code is open.
    pub is_verified: bool,
    /// Since when.
    pub since: Timestamp,
    /// By which request; none where it was another factor than a code.
    pub request: Option<RequestId>,
}

/// A customer who is served somewhere, as the store knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedAt {
    /// Where.
    pub counter: String,
    /// By whom.
    pub clerk: String,
    /// Who it is.
    pub served: ServedCustomer,
}

/// Puts together who is signed in and who is served. At each counter the customer counts who
/// came last; a counter where nobody is signed in is there while it serves somebody.
pub fn counters_at_work(sittings: &[Sitting], served: Vec<ServedAt>) -> Vec<CounterAtWork> {
    let mut counters: Vec<CounterAtWork> = sittings
        .iter()
        .map(|it| CounterAtWork {
            counter: it.counter.clone(),
            clerk: it.clerk.clone(),
            since: Some(it.since),
            active_at: it.active_at,
            with: None,
        })
        .collect();
    for ServedAt { counter, clerk, served } in served {
        let since = served.since;
        let place = counters.iter().position(|it| it.counter == counter && it.clerk == clerk);
        let Some(at) = place else {
            let with = Some(served);
            counters.push(CounterAtWork { counter, clerk, since: None, active_at: since, with });
            continue;
        };
        let known = &mut counters[at];
        known.active_at = known.active_at.max(since);
        if known.with.as_ref().is_none_or(|it| it.since < since) {
            known.with = Some(served);
        }
    }
    counters.sort_by(|a, b| (&a.counter, &a.clerk).cmp(&(&b.counter, &b.clerk)));
    counters
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::customer::CustomerId;
    use crate::domain::sign_in::sitting::{SignInMethod, SittingId};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    fn sitting(counter: &str, clerk: &str) -> Sitting {
        Sitting {
            id: SittingId::from_bits(1),
            clerk: clerk.into(),
            counter: counter.into(),
            method: SignInMethod::OsUser,
            since: at(10),
            active_at: at(20),
        }
    }

    fn served(counter: &str, clerk: &str, name: &str, seconds: i64, is_verified: bool) -> ServedAt {
        let customer =
            EventCustomer { id: CustomerId(1), account_no: "WB-1".into(), name: name.into() };
        let since = at(seconds);
        let served = ServedCustomer { customer, is_verified, since, request: None };
        ServedAt { counter: counter.into(), clerk: clerk.into(), served }
    }

    #[test]
    fn a_counter_is_with_the_customer_who_came_last() {
        let served = vec![
            served("3", "amira", "Dana", 30, true),
            served("3", "amira", "Bo", 40, false),
            served("3", "amira", "Li", 35, true),
            served("9", "root", "Zoe", 15, false),
        ];
        let found = counters_at_work(&[sitting("7", "li"), sitting("3", "amira")], served);
        let told = found.iter().map(|it| {
            let with = it.with.as_ref().map(|it| (&*it.customer.name, it.is_verified));
            (&*it.counter, &*it.clerk, it.since.is_some(), it.active_at, with)
        });
        assert_eq!(
            told.collect::<Vec<_>>(),
            [
                ("3", "amira", true, at(40), Some(("Bo", false))),
                ("7", "li", true, at(20), None),
                ("9", "root", false, at(15), Some(("Zoe", false))),
            ]
        );
    }
}
